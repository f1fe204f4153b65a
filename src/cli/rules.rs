//! `driftgate rules`

use std::fmt::Write as _;

use serde::Serialize;

use super::args::{ListFormat, RulesArgs};
use super::failure::Failure;
use super::output::Output;
use crate::project::EcosystemKind;
use crate::report::{self, Status};
use crate::rules::{Group, RuleId};

#[derive(Serialize)]
struct Rules {
    version: u32,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Rule {
    id: &'static str,
    level: &'static str,
    group: &'static str,
    ecosystems: &'static [EcosystemKind],
    summary: &'static str,
}

pub(super) fn run(args: &RulesArgs, output: &mut Output) -> Result<Status, Failure> {
    let text = match args.format {
        ListFormat::Table => table(),
        ListFormat::Json => {
            report::json_text(&Rules { version: 1, rules: RuleId::ALL.iter().copied().map(json).collect() })
        }
    };
    output.write(&text)?;
    Ok(Status::Clean)
}

fn level(rule: RuleId) -> &'static str {
    rule.default_level().map_or("off", |level| level.as_str())
}

fn json(rule: RuleId) -> Rule {
    Rule {
        id: rule.as_str(),
        level: level(rule),
        group: rule.group().as_str(),
        ecosystems: rule.ecosystems(),
        summary: rule.summary(),
    }
}

fn table() -> String {
    let width = RuleId::ALL.iter().map(|rule| rule.as_str().len()).max().unwrap_or_default();
    let mut out = String::new();
    let mut group: Option<Group> = None;
    for &rule in RuleId::ALL {
        if group != Some(rule.group()) {
            let gap = if group.is_some() { "\n" } else { "" };
            let _ = writeln!(out, "{gap}{}", rule.group().title());
            group = Some(rule.group());
        }
        let only = match rule.ecosystems() {
            [kind] => format!(" ({} only)", kind.as_str()),
            _ => String::new(),
        };
        let _ = writeln!(out, "  {:width$}  {:7}  {}{only}", rule.as_str(), level(rule), rule.summary());
    }
    let _ = writeln!(out, "\n`driftgate explain RULE` says more; a level is set under [rules] in driftgate.toml");
    out
}
