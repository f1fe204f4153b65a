//! Allowances in files: `-- driftgate: allow rule-id: reason`, with `#` and `//` likewise.

use super::Lines;
use crate::finding::Finding;
use crate::rules::RuleId;
use crate::rules::repository::ChangedFile;
use crate::rules::workflow::NewLines;
use crate::source::{Place, Source, Span};
use std::sync::Arc;

/// What opens a comment that holds an allowance.
const MARKERS: [&str; 3] = ["--", "#", "//"];

/// The words behind it.
const WORDS: &str = "driftgate: allow ";

/// The most comments of one file that are read.
const MOST: usize = 10_000;

/// An allowance in a comment.
#[derive(Debug)]
pub(super) struct Comment<'a> {
    source: &'a Arc<Source>,
    /// From the marker to the end of the line.
    span: Span,
    /// Its line, from 1.
    line: usize,
    /// Whether nothing else stands on the line.
    alone: bool,
    /// The rule's id as it is written.
    pub(super) id: &'a str,
    /// The rule, where there is one of that id.
    pub(super) rule: Option<RuleId>,
    /// Why; empty where none is given.
    pub(super) reason: &'a str,
    /// Whether the change wrote the line, or the whole state is judged.
    pub(super) new: bool,
}

/// Whether a text may hold an allowance.
pub(crate) fn may_allow(source: &Source) -> bool {
    source.text().contains(WORDS)
}

/// The allowances in a file after the change.
pub(super) fn comments(file: &ChangedFile, whole_state: bool) -> Vec<Comment<'_>> {
    let Some(source) = file.after.as_ref().filter(|source| may_allow(source)) else { return Vec::new() };
    let before = if whole_state { None } else { file.before.as_ref() };
    let mut new_lines = NewLines::against(before);
    let mut found = Vec::new();
    let mut start = 0;
    for (at, line) in source.text().split_inclusive('\n').enumerate() {
        if let Some(mut comment) = read(source, line, start, at + 1) {
            comment.new = new_lines.take(line);
            found.push(comment);
            if found.len() == MOST {
                break;
            }
        }
        start += line.len();
    }
    found
}

fn read<'a>(source: &'a Arc<Source>, line: &'a str, start: usize, number: usize) -> Option<Comment<'a>> {
    let words = line.find(WORDS)?;
    let head = line.get(..words)?.trim_end();
    let marker = MARKERS.iter().find(|marker| head.ends_with(**marker))?;
    let opens = head.trim_end_matches(marker.chars().next().unwrap_or(' '));
    let text = line.get(words + WORDS.len()..)?.trim_end();
    // A comment of another language's block may close behind it (`*/`, `-->`).
    let (id, reason) = match text.split_once(':') {
        Some((id, reason)) => (id.trim(), reason.trim()),
        None => (text.trim(), ""),
    };
    Some(Comment {
        source,
        span: Span::new(start + opens.len(), start + line.trim_end().len()),
        line: number,
        alone: opens.trim().is_empty(),
        id,
        rule: RuleId::from_id(id),
        reason,
        new: true,
    })
}

impl Comment<'_> {
    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        Place::new(self.source, self.span)
    }

    /// Whether it allows a finding: it names its rule, gives a reason, and stands on a line of what the finding points at,
    /// above it, or above the block that holds it. A finding about a whole file is allowed anywhere in it.
    pub(super) fn covers(&self, finding: &Finding) -> bool {
        if self.rule != Some(finding.rule) || self.reason.is_empty() || finding.path != *self.source.path() {
            return false;
        }
        match &finding.place {
            Some(place) if place.span != Span::default() => self.is_at(place),
            _ => true,
        }
    }

    fn is_at(&self, place: &Place) -> bool {
        let lines: Vec<&str> = self.source.text().lines().collect();
        let first = place.start().0;
        let last = place.end().0.max(first);
        let mut allowed: Lines = (first..=last).collect();
        let mut at = first;
        above(&lines, at, &mut allowed);
        // The block that holds the line, and the one that holds that: a model, a class, a statement, a function.
        for _ in 0..3 {
            let Some(head) = enclosing(&lines, at) else { break };
            above(&lines, head, &mut allowed);
            at = head;
        }
        allowed.contains(&self.line) && (self.alone || (first..=last).contains(&self.line))
    }
}

/// Adds the lines of comments, decorators and nothing else directly above a line.
fn above(lines: &[&str], line: usize, allowed: &mut Lines) {
    let mut at = line;
    while at > 1 {
        let text = lines.get(at - 2).map_or("", |text| text.trim());
        let comment = MARKERS.iter().any(|marker| text.starts_with(marker)) || text.starts_with('@');
        if !comment {
            break;
        }
        at -= 1;
        allowed.insert(at);
    }
}

/// The nearest line above that is indented less, from 1.
fn enclosing(lines: &[&str], line: usize) -> Option<usize> {
    let indent = |text: &str| text.len() - text.trim_start().len();
    let own = lines.get(line.checked_sub(1)?).map(|text| indent(text))?;
    if own == 0 {
        return None;
    }
    (1..line).rev().find(|&at| {
        let text = lines[at - 1];
        let closes = text.trim_start().starts_with([')', '}', ']']);
        !text.trim().is_empty() && indent(text) < own && !closes
    })
}
