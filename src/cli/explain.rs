//! `driftgate explain`

use super::args::ExplainArgs;
use super::failure::Failure;
use super::output::Output;
use crate::policy::did_you_mean;
use crate::report::Status;
use crate::rules::RuleId;

pub(super) fn run(args: &ExplainArgs, output: &mut Output) -> Result<Status, Failure> {
    let wanted = args.rule.trim();
    let Some(rule) = RuleId::ALL.iter().copied().find(|rule| rule.as_str() == wanted) else {
        let near = did_you_mean(wanted, RuleId::ALL.iter().map(|rule| rule.as_str()));
        let help = near.unwrap_or_else(|| "`driftgate rules` lists them".to_owned());
        return Err(Failure::usage(format!("there is no rule `{wanted}`"), help));
    };
    let level = rule.default_level().map_or("off", |level| level.as_str());
    let mut text = format!("# {rule}\n\nDefault level: {level}. {}.\n\n", rule.summary());
    for line in rule.page().lines() {
        // Doc comments begin with a blank.
        text.push_str(line.strip_prefix(' ').unwrap_or(line).trim_end());
        text.push('\n');
    }
    output.write(&text)?;
    Ok(Status::Clean)
}
