//! Annotations of GitHub Actions: `::error file=…::message`, escaped as `@actions/toolkit` does it
//! (`packages/core/src/command.ts`).
//!
//! A step shows ten annotations a level and drops the rest, so nine are written and the tenth says how many are left.

use std::fmt::Write as _;

use super::text;
use super::{Report, escape};
use crate::finding::{Finding, Level};

/// Annotations a level that are shown, beside the one that counts the rest.
const SHOWN: usize = 9;

/// The most differences that an annotation names.
const NAMED: usize = 10;

/// The annotations of a report.
pub fn annotations(report: &Report) -> String {
    let mut out = String::new();
    for (level, command) in [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Note, "notice")] {
        let findings: Vec<&Finding> = report.findings.iter().filter(|finding| finding.level == level).collect();
        // Ten can be shown: only from the eleventh on does one have to make room.
        let shown = if findings.len() > SHOWN + 1 { SHOWN } else { findings.len() };
        for finding in findings.iter().take(shown) {
            annotation(&mut out, finding, command);
        }
        let left = findings.len() - shown;
        if left > 0 {
            let _ = writeln!(
                out,
                "::{command} title=driftgate::{} more: see the log or the job summary",
                text::count(left, command)
            );
        }
    }
    out
}

fn annotation(out: &mut String, finding: &Finding, command: &str) {
    let _ = write!(out, "::{command} file={}", escape::github_property(&finding.path.to_string()));
    if let Some(place) = &finding.place {
        let (start, end) = (place.start(), place.end());
        let _ = write!(out, ",line={},endLine={}", start.0, end.0);
        // Columns mean something only on one line; GitHub misplaces the annotation otherwise.
        if start.0 == end.0 {
            let _ = write!(out, ",col={},endColumn={}", start.1, end.1.max(start.1));
        }
    }
    let _ = write!(out, ",title={}", escape::github_property(finding.rule.as_str()));
    // The log shows the message alone, so it says again where.
    let mut message = format!("{}: {}", text::location(finding), escape::line(&finding.message));
    if finding.differences.len() > 1 {
        for difference in finding.differences.iter().take(NAMED) {
            let _ = write!(message, "\n- {}", text::difference(difference));
        }
        let left = finding.differences.len().saturating_sub(NAMED);
        if left > 0 {
            let _ = write!(message, "\n- {left} more");
        }
    }
    if !finding.help.is_empty() {
        let _ = write!(message, "\nhelp: {}", finding.help);
    }
    let _ = writeln!(out, "::{}", escape::github_data(&message));
}
