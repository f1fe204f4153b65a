//! `expired-allowance`.

use super::{Entry, is_judged};
use crate::finding::Finding;
use crate::policy::Policy;
use crate::rules::RuleId;

page! {
    /// ## What it stops
    ///
    /// An allowance of the policy whose last day is over. It allows nothing any more. A change hears of it where the
    /// allowance is missed, or where the change itself wrote it; `--all` names every one.
    ///
    /// ## Why it matters
    ///
    /// "We clean this up after the release" is forgotten by everybody who said it. An exception with an owner and a date
    /// comes back by itself: the wish behind
    /// [scale-agentex#225](https://github.com/scaleapi/scale-agentex/issues/225) and
    /// [strong_migrations#165](https://github.com/ankane/strong_migrations/issues/165).
    ///
    /// ## Example that fails
    ///
    /// ```toml title="driftgate.toml"
    /// [[allow]]
    /// rule = "drift"
    /// object = "User.age"
    /// reason = "the importer goes in spring"
    /// until = 2020-03-31
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```toml title="driftgate.toml"
    /// fail-on = "error"
    /// ```
    ///
    /// ## How to allow it
    ///
    /// Give it a later day, with a reason that still holds:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "drift"
    /// object = "User.age"
    /// reason = "the importer goes in autumn; agreed with the data team"
    /// until = 2099-10-31
    /// ```
}

/// Allowances past their date that are to be told of.
pub(super) fn findings(entries: &[Entry<'_>], policy: &Policy, whole_state: bool) -> Vec<Finding> {
    let Some(level) = policy.level(RuleId::ExpiredAllowance, None) else { return Vec::new() };
    entries
        .iter()
        .filter(|entry| entry.expired && (whole_state || entry.new || entry.matched))
        .map(|entry| {
            let allowance = entry.allowance;
            let until = allowance.until.map(|until| until.to_string()).unwrap_or_default();
            let message = format!("the allowance of {} ended on {until}", allowance.describe());
            let whose = allowance.owner.as_ref().map_or_else(String::new, |owner| format!(", or ask {owner}"));
            let needed = entry.matched || !is_judged(allowance.rule, policy, None, whole_state);
            let help = if needed {
                format!("mend what it allowed, or give it a later day with a reason that still holds{whose}")
            } else {
                "take it out: it allows nothing that is there".to_owned()
            };
            let mut finding = Finding::new(RuleId::ExpiredAllowance, allowance.place.path().clone(), message, help)
                .at(&allowance.place)
                .about(allowance.describe())
                .because(format!("it was given for this reason: {}", allowance.reason));
            finding.level = level;
            finding
        })
        .collect()
}
