//! Markdown: for the job summary of GitHub Actions and for comments.

use std::fmt::Write as _;

use super::{Report, escape, text};
use crate::finding::Level;

/// The size from which on the rest is only counted. A job summary may have 1 MiB; a comment 65 536 characters.
const MOST_BYTES: usize = 60_000;

/// The most differences that are listed under one finding.
const LISTED: usize = 50;

/// The report.
pub fn markdown(report: &Report) -> String {
    let mut out = format!("### driftgate: {}\n\n", text::counts(&report.summary));
    let _ = writeln!(
        out,
        "{} looked at, {} ({}), {} allowed, {} not judged.\n",
        text::count(report.summary.projects, "project"),
        escape::markdown_code(&report.range.short()),
        escape::markdown(&report.resolved_by),
        report.summary.allowed,
        text::count(report.summary.not_judged, "place"),
    );
    let mut written = 0;
    if !report.findings.is_empty() {
        out.push_str("| | Rule | Where | What | Fix |\n|---|---|---|---|---|\n");
    }
    for finding in &report.findings {
        if out.len() > MOST_BYTES {
            break;
        }
        let level = match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        };
        let help = if finding.help.is_empty() { String::new() } else { escape::markdown_code(&finding.help) };
        let _ = writeln!(
            out,
            "| {level} | [{rule}]({page}) | {at} | {what} | {help} |",
            rule = finding.rule,
            page = finding.rule.url(),
            at = escape::markdown_code(&text::location(finding)),
            what = escape::markdown(&finding.message),
        );
        written += 1;
    }
    let left = report.findings.len() - written;
    if left > 0 {
        let _ = writeln!(out, "\n{} more: see the log.", text::count(left, "finding"));
    }
    for finding in report.findings.iter().take(written).filter(|finding| finding.differences.len() > 1) {
        if out.len() > MOST_BYTES {
            break;
        }
        let _ = writeln!(
            out,
            "\n<details><summary>{} ({})</summary>\n",
            escape::markdown(&finding.message),
            text::count(finding.differences.len(), "difference")
        );
        for (title, differences) in text::by_side(&finding.differences) {
            let _ = writeln!(out, "{title}:\n");
            for difference in differences.iter().take(LISTED) {
                let _ = writeln!(out, "- {}", escape::markdown(&text::difference(difference)));
            }
            let more = differences.len().saturating_sub(LISTED);
            if more > 0 {
                let _ = writeln!(out, "- {more} more");
            }
            out.push('\n');
        }
        out.push_str("</details>\n");
    }
    if !report.not_judged.is_empty() && out.len() <= MOST_BYTES {
        out.push_str("\n<details><summary>Not judged</summary>\n\n");
        for place in report.not_judged.iter().take(LISTED) {
            let _ = writeln!(out, "- {}", escape::markdown(&text::not_judged(place)));
        }
        let more = report.not_judged.len().saturating_sub(LISTED);
        if more > 0 {
            let _ = writeln!(out, "- {more} more");
        }
        out.push_str("\n</details>\n");
    }
    out
}
