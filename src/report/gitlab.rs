//! GitLab's code quality report (<https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>).

use std::collections::BTreeMap;

use serde::Serialize;

use super::Report;
use super::json::to_text;
use crate::finding::Level;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a crate::source::RepoPath,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

/// The report.
pub(super) fn gitlab(report: &Report) -> String {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let issues: Vec<Issue<'_>> = report
        .findings
        .iter()
        .map(|finding| {
            let description = if finding.help.is_empty() {
                finding.message.clone()
            } else {
                format!("{} (fix: {})", finding.message, super::text::one_line(&finding.help))
            };
            Issue {
                description,
                check_name: finding.rule.as_str(),
                fingerprint: unique(&mut seen, finding.fingerprint()),
                severity: match finding.level {
                    Level::Error => "major",
                    Level::Warning => "minor",
                    Level::Note => "info",
                },
                location: Location {
                    path: &finding.path,
                    lines: Lines { begin: super::start(finding.place.as_ref()).map_or(1, |at| at.0) },
                },
            }
        })
        .collect();
    to_text(&issues)
}

/// GitLab drops the second of two issues with one fingerprint: the second gets a number.
fn unique(seen: &mut BTreeMap<String, usize>, fingerprint: String) -> String {
    let times = seen.entry(fingerprint.clone()).or_default();
    *times += 1;
    if *times == 1 { fingerprint } else { format!("{fingerprint}-{times}") }
}
