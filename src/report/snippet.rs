//! Excerpts of sources for the full report, and the places marked in them.
//!
//! miette draws one source per diagnostic. A finding points into several (the schema, a migration), so [`Excerpts`]
//! strings them together under one numbering of bytes and answers for the file that a span lies in. Only the lines
//! around marks are kept; they are made safe for a terminal, and lines without end (minified SQL) are cut.

use std::collections::BTreeMap;
use std::sync::Arc;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::escape;
use super::text::{Look, cut};
use crate::source::{Place, Source};

/// The most marks in one file, and the most files.
const MARKS: usize = 8;
const FILES: usize = 4;

/// Lines shown around a marked line.
pub(super) const CONTEXT: usize = 1;

/// The most lines between two marks that are shown rather than left out.
const GAP: usize = 5;

/// The longest line that is shown whole, in characters, and what is shown before a mark in a longer one.
const LONGEST_LINE: usize = 160;
const LEAD: usize = 40;

/// A mark to be made.
struct Mark {
    start: usize,
    end: usize,
    label: Option<String>,
    primary: bool,
}

/// Collects marks, file by file, in the order in which they are asked for.
#[derive(Default)]
pub(super) struct Marks {
    files: Vec<(Arc<Source>, Vec<Mark>)>,
}

impl Marks {
    /// Marks a place, unless it is a whole file or there are enough marks. Says whether it is marked now. Of places that
    /// overlap, the first is marked and says what the others would: overlapping lines under a line cannot be read.
    pub(super) fn add(&mut self, place: &Place, label: Option<&str>, primary: bool) -> bool {
        let range = first_line(place);
        if range.is_empty() {
            return false;
        }
        let known = self.files.iter().position(|(source, _)| Arc::ptr_eq(source, &place.source));
        let index = match known {
            Some(index) => index,
            None if self.files.len() < FILES => {
                self.files.push((Arc::clone(&place.source), Vec::new()));
                self.files.len() - 1
            }
            None => return false,
        };
        let Some((_, marks)) = self.files.get_mut(index) else { return false };
        let label = label.filter(|text| !text.is_empty()).map(|text| escape::line(text).into_owned());
        if let Some(same) = marks.iter_mut().find(|mark| mark.start < range.end && range.start < mark.end) {
            same.primary |= primary;
            same.label = match (same.label.take(), label) {
                // One that says more about the same thing says it alone.
                (Some(first), Some(second)) if second.starts_with(&first) => Some(second),
                // Of `the index i is made here` and `made here` the short one is enough.
                (Some(first), Some(second)) if first.ends_with(&second) => Some(second),
                (Some(first), Some(second)) if second.ends_with(&first) => Some(first),
                (Some(first), Some(second)) if !first.contains(&second) => Some(format!("{first}, {second}")),
                (first, second) => first.or(second),
            };
            return true;
        }
        if marks.len() >= MARKS {
            return false;
        }
        marks.push(Mark { start: range.start, end: range.end, label, primary });
        true
    }

    /// Whether something is marked where a place begins.
    pub(super) fn covers(&self, place: &Place) -> bool {
        let range = first_line(place);
        self.files
            .iter()
            .filter(|(source, _)| Arc::ptr_eq(source, &place.source))
            .flat_map(|(_, marks)| marks)
            .any(|mark| mark.start < range.end && range.start < mark.end && mark.label.is_some())
    }

    /// Whether nothing is marked.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The excerpts and the marks in them.
    pub(super) fn build(self, look: &Look) -> (Excerpts, Vec<LabeledSpan>) {
        let most = look.width.saturating_sub(24).max(24);
        let mut files: Vec<Excerpt> = Vec::new();
        let mut labels = Vec::new();
        let mut base = 0;
        for (source, marks) in self.files {
            let (text, left_out, spans) = excerpt(source.text(), &marks, look);
            let mut columns = BTreeMap::new();
            for (mark, (start, end)) in marks.into_iter().zip(spans) {
                columns.insert(start, source.position(mark.start).1 - 1);
                let span = (base + start, end.saturating_sub(start));
                let label = mark.label.map(|label| cut(&label, most, look.ellipsis()));
                labels.push(if mark.primary {
                    LabeledSpan::new_primary_with_span(label, span)
                } else {
                    LabeledSpan::new_with_span(label, span)
                });
            }
            let name = escape::line(&source.path().to_string()).into_owned();
            let length = text.len();
            files.push(Excerpt { name, base, text, left_out, columns });
            // One byte between files, so that the end of one is not the start of the next.
            base += length + 1;
        }
        (Excerpts { files }, labels)
    }
}

/// A place cut to its first line with something on it, without the blanks around it.
fn first_line(place: &Place) -> std::ops::Range<usize> {
    let text = place.text();
    let leading = text.len() - text.trim_start().len();
    let line = text.trim_start().lines().next().unwrap_or_default().trim_end();
    let start = place.span.start as usize + leading;
    start..start + line.len()
}

/// The text with only the lines around marks, made safe; where lines were left out; where each mark lies in it.
fn excerpt(text: &str, marks: &[Mark], look: &Look) -> (String, Vec<usize>, Vec<(usize, usize)>) {
    let mut out = String::new();
    let mut left_out = Vec::new();
    let mut spans = vec![(0, 0); marks.len()];
    let mut line_starts: Vec<usize> = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        line_starts.push(offset);
        offset += line.len();
    }
    let line_of = |at: usize| line_starts.partition_point(|&start| start <= at).saturating_sub(1);
    let mut marked: Vec<usize> = marks.iter().map(|mark| line_of(mark.start)).collect();
    marked.sort_unstable();
    let last = marked.last().map_or(0, |line| line + CONTEXT);
    for (number, line) in text.split_inclusive('\n').enumerate().take(last + 1) {
        let next = marked.partition_point(|&m| m < number);
        let above = next.checked_sub(1).and_then(|at| marked.get(at)).map(|&m| number - m);
        let below = marked.get(next).map(|&m| m - number);
        let shown = above.is_some_and(|lines| lines <= CONTEXT)
            || below.is_some_and(|lines| lines <= CONTEXT)
            || matches!((above, below), (Some(above), Some(below)) if above + below <= GAP + 1);
        if shown {
            let start = line_starts.get(number).copied().unwrap_or_default();
            let body = line.trim_end_matches(['\n', '\r']);
            let here: Vec<usize> = (0..marks.len())
                .filter(|&index| marks.get(index).is_some_and(|m| line_of(m.start) == number))
                .collect();
            let first = here.iter().filter_map(|&i| marks.get(i)).map(|m| m.start - start).min().unwrap_or(0);
            let map = push_line(&mut out, body, first, look);
            for index in here {
                if let (Some(mark), Some(span)) = (marks.get(index), spans.get_mut(index)) {
                    *span = (at(&map, mark.start - start), at(&map, mark.end - start));
                }
            }
        } else {
            left_out.push(out.len());
        }
        out.push('\n');
    }
    (out, left_out, spans)
}

/// Where byte `offset` of a line went.
fn at(map: &[(usize, usize)], offset: usize) -> usize {
    let next = map.partition_point(|&(from, _)| from < offset);
    map.get(next).or(map.last()).map_or(0, |&(_, to)| to)
}

/// Appends one line, made safe and cut around byte `first`. Returns where each of its characters went, and its end.
fn push_line(out: &mut String, line: &str, first: usize, look: &Look) -> Vec<(usize, usize)> {
    let long = line.chars().count() > LONGEST_LINE;
    let lead = line.get(..first).map_or(0, |before| before.chars().count());
    let skip = if long { lead.saturating_sub(LEAD) } else { 0 };
    let mut map = Vec::new();
    if skip > 0 {
        out.push_str(look.ellipsis());
    }
    let mut kept = 0;
    for (index, (from, c)) in line.char_indices().enumerate() {
        if index < skip {
            map.push((from, out.len()));
            continue;
        }
        if long && kept >= LONGEST_LINE {
            break;
        }
        map.push((from, out.len()));
        let mut buffer = [0; 4];
        match c {
            '\t' => out.push_str("    "),
            c => out.push_str(&escape::line(c.encode_utf8(&mut buffer))),
        }
        kept += 1;
    }
    map.push((line.len(), out.len()));
    if long && skip + kept < line.chars().count() {
        out.push_str(look.ellipsis());
    }
    map
}

/// One file's excerpt.
#[derive(Debug)]
struct Excerpt {
    name: String,
    base: usize,
    text: String,
    /// Offsets of the lines that were left out, ascending.
    left_out: Vec<usize>,
    /// Columns of the marks in the source, counted from 0, by their offset: escapes and tabs move them in the excerpt.
    columns: BTreeMap<usize, usize>,
}

/// Excerpts of several files under one numbering of bytes.
#[derive(Debug)]
pub(super) struct Excerpts {
    files: Vec<Excerpt>,
}

impl SourceCode for Excerpts {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        let file = self
            .files
            .iter()
            .find(|file| file.base <= span.offset() && end <= file.base + file.text.len())
            .ok_or(MietteError::OutOfBounds)?;
        let start = span.offset() - file.base;
        // What spans left-out lines is drawn as two pieces.
        let next = file.left_out.partition_point(|&line| line < start);
        if file.left_out.get(next).is_some_and(|&line| line < start + span.len()) {
            return Err(MietteError::OutOfBounds);
        }
        let local = SourceSpan::new(start.into(), span.len());
        let contents = file.text.read_span(&local, context_lines_before, context_lines_after)?;
        let read = *contents.span();
        Ok(Box::new(MietteSpanContents::new_named(
            file.name.clone(),
            contents.data(),
            SourceSpan::new((read.offset() + file.base).into(), read.len()),
            contents.line(),
            if context_lines_before == 0 { file.columns.get(&start).copied() } else { None }
                .unwrap_or_else(|| contents.column()),
            contents.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::Span;

    proptest! {
        /// Whatever the text and the places, every mark can be read, lies on one line, and nothing panics.
        #[test]
        fn marks_can_be_read(text in "[ab\u{1b}\té日\n\r ]{0,300}", spans in prop::collection::vec((0usize..320, 0usize..80), 0..12)) {
            let source = Source::new("a.sql".into(), text.clone());
            let look = Look::plain();
            let mut marks = Marks::default();
            for (start, length) in spans {
                let place = Place::new(&source, Span::new(start, start + length));
                marks.add(&place, Some("here"), false);
            }
            let (excerpts, labels) = marks.build(&look);
            for label in labels {
                let read = excerpts.read_span(label.inner(), 0, 0);
                prop_assert!(read.is_ok());
                if let Ok(read) = read {
                    let text = std::str::from_utf8(read.data()).map_err(|error| TestCaseError::fail(error.to_string()))?;
                    let clean = !text.trim_end_matches('\n').contains(['\n', '\r', '\u{1b}']);
                    prop_assert!(clean, "{:?}", text);
                    prop_assert!(!label.is_empty());
                }
            }
        }
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let text = format!("{}HERE{}\n", "a".repeat(5_000), "b".repeat(5_000));
        let source = Source::new("a.sql".into(), text);
        let mut marks = Marks::default();
        assert!(marks.add(&Place::new(&source, Span::new(5_000, 5_004)), None, true));
        let (excerpts, labels) = marks.build(&Look::plain());
        let [label] = labels.as_slice() else { panic!("one mark") };
        let line = excerpts.read_span(label.inner(), 1, 1).expect("reads");
        let line = std::str::from_utf8(line.data()).expect("text");
        assert!(line.chars().count() < 170, "{line}");
        assert_eq!(line.get(label.offset()..label.offset() + label.len()), Some("HERE"));
        assert_eq!(excerpts.read_span(label.inner(), 0, 0).expect("reads").column(), 5_000);
    }
}
