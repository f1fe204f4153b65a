//! `driftgate explain`

use super::args::ExplainArgs;
use super::failure::Failure;
use super::output::Output;
use crate::policy::did_you_mean;
use crate::report::Status;
use crate::rules::RuleId;

pub(super) fn run(args: &ExplainArgs, output: &mut Output) -> Result<Status, Failure> {
    let wanted = args.rule.trim();
    let Some(rule) = RuleId::from_id(wanted) else {
        let near = did_you_mean(wanted, RuleId::ALL.iter().map(|rule| rule.as_str()));
        let help = near.unwrap_or_else(|| "`driftgate rules` lists them".to_owned());
        return Err(Failure::usage(format!("there is no rule `{wanted}`"), help));
    };
    output.write(&rule.page())?;
    Ok(Status::Clean)
}
