//! `driftgate rules`

use std::fmt::Write as _;

use serde::Serialize;

use super::args::{ListFormat, RulesArgs};
use super::failure::Failure;
use super::output::Output;
use crate::report::{self, Status};
use crate::rules::RuleId;

#[derive(Serialize)]
struct Rules {
    version: u32,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Rule {
    id: &'static str,
    level: &'static str,
    summary: &'static str,
}

pub(super) fn run(args: &RulesArgs, output: &mut Output) -> Result<Status, Failure> {
    let rules: Vec<Rule> = RuleId::ALL
        .iter()
        .map(|rule| Rule {
            id: rule.as_str(),
            level: rule.default_level().map_or("off", |level| level.as_str()),
            summary: rule.summary(),
        })
        .collect();
    let text = match args.format {
        ListFormat::Table => table(&rules),
        ListFormat::Json => report::json_text(&Rules { version: 1, rules }),
    };
    output.write(&text)?;
    Ok(Status::Clean)
}

fn table(rules: &[Rule]) -> String {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    let mut out = String::new();
    for rule in rules {
        let _ = writeln!(out, "{:width$}  {:7}  {}", rule.id, rule.level, rule.summary);
    }
    let _ = writeln!(out, "\n`driftgate explain RULE` says more; a level is set under [rules] in driftgate.toml");
    out
}
