//! `unused-allowance`.

use super::comment::Comment;
use super::{Entry, is_judged};
use crate::finding::Finding;
use crate::policy::Policy;
use crate::rules::RuleId;

page! {
    /// ## What it stops
    ///
    /// An allowance that matched nothing: the rule has nothing to say there, the comment stands in the wrong place, the id
    /// is no rule's, or the reason is missing. A change hears of the allowances that it wrote itself; `--all` names those
    /// of the rules that judge a state.
    ///
    /// ## Why it matters
    ///
    /// An allowance that nobody needs is an open door: it lets the next mistake of its kind pass. Squawk
    /// (`unused-ignore`) and cargo-deny (`unmatched-*`) tell of theirs for that reason, and
    /// [strong_migrations#165](https://github.com/ankane/strong_migrations/issues/165) shows what a reason is worth to the
    /// next reader.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   age   Int?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age/migration.sql"
    /// -- driftgate: allow dropped-column: not read since 4.2
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// An allowance of an allowance is not possible; the level is the policy's:
    ///
    /// ```toml
    /// [rules]
    /// unused-allowance = "off"
    /// ```
}

/// Allowances that matched nothing, where that is to be told.
pub(super) fn findings(
    comments: &[(Comment<'_>, bool)],
    entries: &[Entry<'_>],
    policy: &Policy,
    whole_state: bool,
) -> Vec<Finding> {
    let Some(level) = policy.level(RuleId::UnusedAllowance, None) else { return Vec::new() };
    let in_files = comments.iter().filter(|(comment, matched)| comment.new && !matched).filter_map(|(comment, _)| {
        let (message, help) = problem(comment, policy, whole_state)?;
        let place = comment.place();
        let finding = Finding::new(RuleId::UnusedAllowance, place.path().clone(), message, help);
        Some(finding.at(&place).about(comment.id.to_owned()))
    });
    let in_policy = entries
        .iter()
        .filter(|entry| !entry.matched && !entry.expired && (whole_state || entry.new))
        .filter(|entry| is_judged(entry.allowance.rule, policy, None, whole_state))
        .map(|entry| {
            let allowance = entry.allowance;
            let message = format!("the allowance of {} matched nothing", allowance.describe());
            let help = "take it out, or correct its path, object or project";
            Finding::new(RuleId::UnusedAllowance, allowance.place.path().clone(), message, help)
                .at(&allowance.place)
                .about(allowance.describe())
        });
    in_files
        .chain(in_policy)
        .map(|mut finding| {
            finding.level = level;
            finding
        })
        .collect()
}

/// What is wrong with a comment that matched nothing, and what mends it; none where its rule was not run.
fn problem(comment: &Comment<'_>, policy: &Policy, whole_state: bool) -> Option<(String, String)> {
    let id = comment.id;
    let Some(rule) = comment.rule else {
        let near = RuleId::ALL
            .iter()
            .map(|rule| (strsim::damerau_levenshtein(rule.as_str(), id), rule.as_str()))
            .filter(|(distance, _)| *distance <= 3)
            .min();
        let help = match near {
            Some((_, near)) => format!("did you mean {near}?"),
            None => "name a rule: driftgate rules lists them".to_owned(),
        };
        return Some((format!("the allowance names {id}, which is no rule"), help));
    };
    if comment.reason.is_empty() {
        let help = format!("write it as driftgate: allow {rule}: <reason>");
        return Some((format!("the allowance of {rule} gives no reason, and allows nothing"), help));
    }
    is_judged(rule, policy, None, whole_state).then(|| {
        let help = "take it out, or put it on the line above what it allows".to_owned();
        (format!("the allowance of {rule} matched nothing"), help)
    })
}
