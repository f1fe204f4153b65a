//! One line a finding, with the command that mends it: for editors, agents and people who know the rules.

use std::fmt::Write as _;

use super::text::{self, Look};
use super::{Report, escape};
use crate::finding::Finding;

/// The most objects that a line names.
const NAMED: usize = 5;

/// The report.
pub(super) fn concise(report: &Report, look: &Look) -> String {
    let mut out = String::new();
    if text::is_silent(report, look) {
        return out;
    }
    for finding in &report.findings {
        line(&mut out, finding, look);
    }
    if look.verbose {
        for place in report.not_judged_besides() {
            let _ = writeln!(out, "not judged: {}", text::not_judged(place));
        }
    }
    out.push_str(&text::summary(report, look));
    out
}

/// One finding in one line.
pub(super) fn line(out: &mut String, finding: &Finding, look: &Look) {
    let level = look.paint(Look::level(finding.level), finding.level.as_str());
    let _ = write!(
        out,
        "{}: {level}[{}] {}",
        text::location(finding),
        look.rule(finding.rule),
        escape::line(&finding.message)
    );
    // Most headlines name them already.
    let unnamed = || finding.differences.iter().filter(|d| !finding.message.contains(d.label()));
    if finding.differences.len() > 1 && unnamed().next().is_some() {
        let named: Vec<String> = unnamed().take(NAMED).map(|d| escape::line(&d.object()).into_owned()).collect();
        let more = unnamed().count().saturating_sub(NAMED);
        let more = if more > 0 { format!(", {more} more") } else { String::new() };
        let _ = write!(out, " ({}{more})", named.join(", "));
    }
    if !finding.help.is_empty() {
        let help = escape::lines(&finding.help).collect::<Vec<_>>().join("\n");
        let _ = write!(out, " | {} {}", look.paint(Look::help(), "fix:"), text::one_line(&help));
    }
    out.push('\n');
}
