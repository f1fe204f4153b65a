//! The report for a person: headline, the lines it is about, what is missing, why it matters, the command that mends it.

use std::fmt::{self, Write as _};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, Severity, SourceCode, ThemeCharacters, ThemeStyles,
};

use super::snippet::{self, Excerpts, Marks};
use super::text::{self, Look};
use super::{Report, escape};
use crate::catalog::difference::Side;
use crate::finding::{Finding, Level};
use crate::policy::{PolicyError, PolicyErrors};

/// The most differences that are listed under one finding; `-v` lists all.
const LISTED: usize = 12;

/// The most findings that are drawn with the lines they are about; of the others there is one line each.
const DRAWN: usize = 200;

/// The most places that are listed as not judged; `-v` lists all.
const NOT_JUDGED: usize = 5;

/// What miette draws: a headline, and marks in excerpts.
#[derive(Debug)]
struct Headline {
    code: String,
    message: String,
    severity: Severity,
    excerpts: Excerpts,
    labels: Vec<LabeledSpan>,
}

impl fmt::Display for Headline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Headline {}

impl Diagnostic for Headline {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.labels.is_empty()).then_some(&self.excerpts as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as Box<_>)
    }
}

impl Headline {
    fn new(level: Level, code: String, message: &str, marks: Marks, look: &Look) -> Self {
        let severity = match level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Note => Severity::Advice,
        };
        let (excerpts, labels) = marks.build(look);
        Self { code, message: escape::line(message).into_owned(), severity, excerpts, labels }
    }

    fn draw(&self, out: &mut String, look: &Look) {
        // Writing to a string does not fail, and every mark was made in these excerpts.
        if look.graphics {
            let theme = GraphicalTheme {
                characters: if look.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
                styles: if look.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
            };
            let handler = GraphicalReportHandler::new_themed(theme)
                .with_links(false)
                .with_width(look.width)
                // Paths and names are copied: they are not taken apart.
                .with_break_words(false)
                .with_word_separator(textwrap::WordSeparator::AsciiSpace)
                .with_word_splitter(textwrap::WordSplitter::NoHyphenation)
                .with_context_lines(snippet::CONTEXT);
            let mut drawn = String::new();
            let _ = handler.render_report(&mut drawn, self);
            for line in drawn.lines() {
                out.push_str(line.trim_end());
                out.push('\n');
            }
        } else {
            self.narrate(out, look);
        }
    }

    /// The same in sentences, for those who hear it.
    fn narrate(&self, out: &mut String, look: &Look) {
        text::wrap(out, look, "", "  ", &format!("{}: {}", self.code, self.message));
        for label in &self.labels {
            let Ok(marked) = self.excerpts.read_span(label.inner(), 0, 0) else { continue };
            let said = label.label().map(|label| format!(": {label}")).unwrap_or_default();
            let (name, line, column) = (marked.name().unwrap_or_default(), marked.line() + 1, marked.column() + 1);
            text::wrap(out, look, "  ", "    ", &format!("in {name}, line {line}, column {column}{said}"));
            let _ = writeln!(out, "    {}", String::from_utf8_lossy(marked.data()).trim_end());
        }
    }
}

/// The report.
pub(super) fn full(report: &Report, look: &Look) -> String {
    let mut out = String::new();
    if text::is_silent(report, look) {
        return out;
    }
    let drawn = &report.findings[..report.findings.len().min(DRAWN)];
    for together in drawn.chunk_by(has_the_same_mend) {
        for finding in together {
            self::finding(&mut out, finding, look);
            if together.len() > 1 {
                out.push('\n');
            }
        }
        mend(&mut out, together, look);
        out.push('\n');
    }
    for finding in report.findings.iter().skip(DRAWN) {
        super::concise::line(&mut out, finding, look);
    }
    let places = report.not_judged_besides();
    let shown = if look.verbose { places.len() } else { NOT_JUDGED };
    if !places.is_empty() {
        out.push_str("not judged, because it cannot be read without running it:\n");
        for place in places.iter().take(shown) {
            text::wrap(&mut out, look, &format!("  {} ", look.bullet()), "    ", &text::not_judged(place));
        }
        more(&mut out, "  ", places.len().saturating_sub(shown), look);
        out.push('\n');
    }
    out.push_str(&text::summary(report, look));
    out
}

fn more(out: &mut String, indent: &str, count: usize, look: &Look) {
    if count > 0 {
        let _ = writeln!(out, "{indent}{} and {count} more (-v lists all)", look.ellipsis());
    }
}

fn finding(out: &mut String, finding: &Finding, look: &Look) {
    let mut code = format!("{}[{}]", finding.level.as_str(), look.rule(finding.rule));
    if let Some(project) = finding.project.as_deref().filter(|name| *name != ".") {
        let _ = write!(code, " in {}", escape::line(project));
    }
    let marks = marks(finding);
    if marks.is_empty() {
        let _ = write!(code, " at {}", text::location(finding));
    }
    Headline::new(finding.level, code, &finding.message, marks, look).draw(out, look);
    // A related file without a place has no excerpt: it is named.
    for related in finding.related.iter().filter(|related| related.place.is_none()) {
        let line = format!("{}: {}", related.path, related.message);
        text::wrap(out, look, &format!("  {} ", look.bullet()), "    ", &line);
    }
    differences(out, finding, look);
    let why = look.paint(anstyle::Style::new().bold(), "why:");
    section(out, look, "   why: ", &why, &finding.reason, true);
}

/// Whether two findings are mended at once, by the same command.
fn has_the_same_mend(a: &Finding, b: &Finding) -> bool {
    a.project == b.project && a.rule == b.rule && !a.help.is_empty() && a.help == b.help
}

/// What mends one finding, or several at once.
fn mend(out: &mut String, together: &[Finding], look: &Look) {
    let Some(finding) = together.first() else { return };
    if together.len() == 1 {
        section(out, look, "  help: ", &look.paint(Look::help(), "help:"), &finding.help, false);
        return;
    }
    let title = look.paint(Look::help(), &format!("help for these {}:", together.len()));
    let _ = writeln!(out, "  {title}");
    text::advice(out, look, "    ", &finding.help);
}

/// Text behind a title, which is painted after it was measured; wrapped, or as advice.
fn section(out: &mut String, look: &Look, indent: &str, title: &str, text: &str, wrap: bool) {
    if text.trim().is_empty() {
        return;
    }
    let rest = " ".repeat(indent.len());
    let mut body = String::new();
    if wrap {
        text::wrap(&mut body, look, &rest, &rest, text);
    } else {
        text::advice(&mut body, look, &rest, text);
    }
    let lead = indent.len() - indent.trim_start().len();
    out.push_str(&" ".repeat(lead));
    out.push_str(title);
    out.push(' ');
    out.push_str(body.get(indent.len()..).unwrap_or("\n"));
}

/// The marks of a finding: the declared things that are not made, the finding's own place, what is related to it.
fn marks(finding: &Finding) -> Marks {
    let mut marks = Marks::default();
    let several = finding.differences.len() > 1;
    let own = finding.place.as_ref();
    let with_places = finding.differences.iter().filter_map(|d| d.declared_at.as_ref().map(|place| (d, place)));
    for (difference, place) in with_places {
        let named = several || difference.kind.side == Side::Extra;
        let label = if named { difference.object() } else { "declared here".to_owned() };
        marks.add(place, Some(&label), own == Some(place));
    }
    if let Some(place) = own {
        marks.add(place, None, true);
    }
    for related in &finding.related {
        if let Some(place) = &related.place {
            marks.add(place, Some(&related.message), false);
        }
    }
    for difference in &finding.differences {
        // What is declared nowhere can only be shown where it is made; of several, that is enough.
        if let Some(place) = difference.migrated_at.as_ref().filter(|_| !several || difference.declared_at.is_none()) {
            let label = match difference.kind.side {
                _ if several => difference.object(),
                // Nothing makes it: what is shown is the table that it would belong to.
                Side::Missing => "the table as it is migrated".to_owned(),
                Side::Extra | Side::Changed => "made here".to_owned(),
            };
            // A related place has said more about it already.
            if several || difference.kind.side != Side::Missing || !marks.covers(place) {
                marks.add(place, Some(&label), false);
            }
        }
    }
    marks
}

/// What is missing, too much or different, by name. One alone is in the headline already.
fn differences(out: &mut String, finding: &Finding, look: &Look) {
    if let [only] = finding.differences.as_slice() {
        if let (Some(declared), Some(replayed)) = (&only.declared, &only.replayed) {
            text::wrap(out, look, "  declared: ", "            ", declared);
            text::wrap(out, look, "  migrated: ", "            ", replayed);
        }
        return;
    }
    let mut left = if look.verbose { usize::MAX } else { LISTED };
    for (title, differences) in text::by_side(&finding.differences) {
        let shown = left.min(differences.len());
        if shown > 0 {
            let _ = writeln!(out, "  {title}:");
        }
        for difference in differences.iter().take(shown) {
            text::wrap(out, look, &format!("    {} ", look.bullet()), "      ", &text::difference(difference));
        }
        left -= shown;
    }
    let shown = if look.verbose { finding.differences.len() } else { LISTED };
    more(out, "    ", finding.differences.len().saturating_sub(shown), look);
}

/// Everything wrong with a policy, drawn where it stands.
pub fn policy_errors(errors: &PolicyErrors, look: &Look) -> String {
    let mut out = String::new();
    for error in &errors.0 {
        policy_error(&mut out, error, look);
        out.push('\n');
    }
    out.push_str("nothing was checked\n");
    out
}

/// Why nothing was checked, and what mends it.
pub fn failure(message: &str, help: Option<&str>, look: &Look) -> String {
    format!("{}nothing was checked\n", told(Level::Error, message, help, look))
}

/// What a person should know about the run itself, and what to do about it.
pub fn note(message: &str, help: &str, look: &Look) -> String {
    told(Level::Note, message, Some(help), look)
}

fn told(level: Level, message: &str, help: Option<&str>, look: &Look) -> String {
    let mut out = String::new();
    let title = format!("{}:", level.as_str());
    section(&mut out, look, &format!("{title} "), &look.paint(Look::level(level), &title), message, true);
    if let Some(help) = help {
        section(&mut out, look, "  help: ", &look.paint(Look::help(), "help:"), help, false);
    }
    out
}

fn policy_error(out: &mut String, error: &PolicyError, look: &Look) {
    let mut marks = Marks::default();
    let mut code = "error[policy]".to_owned();
    if let Some(place) = error.place() {
        if !marks.add(place, Some(error.label()), true) {
            let (line, column) = place.start();
            let path = place.path().to_string();
            let _ = write!(code, " at {}:{line}:{column}", escape::line(&path));
        }
        if let Some((place, label)) = error.related() {
            marks.add(place, Some(label), false);
        }
    }
    Headline::new(Level::Error, code, &error.to_string(), marks, look).draw(out, look);
    section(out, look, "  help: ", &look.paint(Look::help(), "help:"), &error.help(), false);
}
