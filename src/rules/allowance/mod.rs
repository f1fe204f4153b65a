//! Allowances: one rule at one place, with a reason, in the file or in the policy.

mod comment;

pub(super) mod expired_allowance;
pub(super) mod unused_allowance;

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::policy::{Allowance, Date, Policy};
use crate::rules::repository::ChangedFile;
use crate::source::Place;

pub(crate) use comment::may_allow;
use comment::{Comment, comments};

/// What is left of the findings, and what was allowed.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The findings that stand, those about allowances themselves behind all others.
    pub kept: Vec<Finding>,
    /// The findings that an allowance covers: they are counted and not told.
    pub allowed: Vec<Allowed>,
}

/// A finding that is allowed.
#[derive(Debug)]
pub struct Allowed {
    /// The finding.
    pub finding: Finding,
    /// Why it is allowed.
    pub reason: String,
    /// The comment or the policy's entry.
    pub by: Place,
}

/// A policy's allowance and what became of it.
struct Entry<'a> {
    allowance: &'a Allowance,
    /// It covered a finding, or would have before its date passed.
    matched: bool,
    expired: bool,
    /// It was written or altered by the change.
    new: bool,
}

/// Takes out what is allowed, and adds what is wrong with the allowances.
///
/// `files` are the files that changed and those with findings, the policy's own among them. `today` is the day on which
/// the check is made; without it no allowance is past its date. An allowance that matched nothing is told where the
/// change wrote it, and under `--all` wherever the rule it names judges a state; one past its date where it is
/// missed, where the change wrote it, and under `--all` everywhere.
pub fn apply_allowances(
    findings: Vec<Finding>,
    files: &[ChangedFile],
    policy: &Policy,
    today: Option<Date>,
    whole_state: bool,
) -> Outcome {
    let mut comments: Vec<(Comment<'_>, bool)> =
        files.iter().flat_map(|file| comments(file, whole_state)).map(|comment| (comment, false)).collect();
    let policy_before = files.iter().find(|file| policy.path.as_ref() == Some(&file.path));
    let mut entries: Vec<Entry<'_>> = policy
        .allowances
        .iter()
        .map(|allowance| Entry {
            allowance,
            matched: false,
            expired: today.is_some_and(|today| allowance.is_expired(today)),
            new: policy_before.is_some_and(|file| is_new(allowance, file)),
        })
        .collect();

    let mut outcome = Outcome::default();
    for finding in findings {
        let comment = comments.iter_mut().find(|(comment, _)| comment.covers(&finding));
        if let Some((comment, matched)) = comment {
            *matched = true;
            let (reason, by) = (comment.reason.to_owned(), comment.place());
            outcome.allowed.push(Allowed { finding, reason, by });
            continue;
        }
        let mut by: Option<&Allowance> = None;
        for entry in entries.iter_mut().filter(|entry| entry.allowance.covers(&finding)) {
            entry.matched = true;
            if !entry.expired {
                by = Some(entry.allowance);
                break;
            }
        }
        match by {
            Some(allowance) => {
                outcome.allowed.push(Allowed {
                    finding,
                    reason: allowance.reason.clone(),
                    by: allowance.place.clone(),
                });
            }
            None => outcome.kept.push(finding),
        }
    }
    outcome.kept.extend(expired_allowance::findings(&entries, policy, whole_state));
    outcome.kept.extend(unused_allowance::findings(&comments, &entries, policy, whole_state));
    outcome
}

/// Whether the change wrote or altered an entry: its text is not in the policy as it was.
fn is_new(allowance: &Allowance, file: &ChangedFile) -> bool {
    let Some(before) = &file.before else { return true };
    let text = allowance.place.source.text();
    let start = allowance.place.span.start as usize;
    // The entry reaches to the next table.
    let start = text.get(..start).and_then(|head| head.rfind("[[")).unwrap_or(start);
    let Some(entry) = text.get(start..) else { return true };
    let end = entry.match_indices("\n[").map(|(at, _)| at).next().unwrap_or(entry.len());
    !before.text().contains(entry[..end].trim())
}

/// The rules that judge a state: allowances of others cannot be missed under `--all`.
fn is_judged(rule: super::RuleId, policy: &Policy, project: Option<&str>, whole_state: bool) -> bool {
    rule.scope().covers(whole_state) && policy.level(rule, project).is_some()
}

/// The lines of a file in which something must stand to be spoken of, from 1.
type Lines = BTreeSet<usize>;

#[cfg(test)]
mod tests;
