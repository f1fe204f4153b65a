//! What the policy and the caller decide for the rules.

use std::collections::BTreeMap;

use crate::finding::{Finding, Level};
use crate::policy::{Naming, PathSet, Policy, Squash};
use crate::rules::RuleId;

/// What the rules of one project, or those about the repository, are told from outside.
#[derive(Debug, Clone)]
pub struct RuleSettings {
    /// Levels that differ from the rules' defaults; none for off.
    pub levels: BTreeMap<RuleId, Option<Level>>,
    /// The level of differences that the ecosystem's own engine would not see; none for off.
    pub beyond_engine: Option<Level>,
    /// Names.
    pub naming: Naming,
    /// How many heads a revision graph may have, beside one for each of `head_labels`.
    pub max_heads: u32,
    /// Branch labels that may have a head of their own.
    pub head_labels: Vec<String>,
    /// Files that describe deployment, beside those that the workflow rules know.
    pub documents: PathSet,
    /// Migrations that were replaced on purpose.
    pub squashes: Vec<Squash>,
    /// Seconds since 1970-01-01T00:00:00Z at which the check is made; none where stamps are not held against a clock.
    pub now: Option<u64>,
}

impl Default for RuleSettings {
    /// What holds without a policy and without a clock.
    fn default() -> Self {
        Self::of(&Policy::default(), None, None)
    }
}

impl RuleSettings {
    /// What a policy says for a project, or for the repository where none is named.
    pub fn of(policy: &Policy, project: Option<&str>, now: Option<u64>) -> Self {
        let levels = RuleId::ALL
            .iter()
            .map(|&rule| (rule, policy.level(rule, project)))
            .filter(|(rule, level)| *level != rule.default_level())
            .collect();
        Self {
            levels,
            beyond_engine: policy.alembic.beyond_engine,
            naming: policy.naming.clone(),
            max_heads: project.map_or(policy.alembic.max_heads, |name| policy.max_heads(name)),
            head_labels: policy.alembic.head_labels.clone(),
            documents: policy.documents.clone(),
            squashes: policy.squashes.clone(),
            now,
        }
    }

    /// The level of a rule; none where it is off.
    pub fn level(&self, rule: RuleId) -> Option<Level> {
        self.levels.get(&rule).copied().unwrap_or_else(|| rule.default_level())
    }

    /// Gives a finding its level; whether it is to be told at all. What the ecosystem's own engine would not see weighs no
    /// more than the policy says, and a finding that its rule made weaker than usual stays weaker.
    pub(crate) fn put_level(&self, finding: &mut Finding) -> bool {
        let Some(mut level) = self.level(finding.rule) else { return false };
        if finding.rule.default_level().is_some_and(|usual| finding.level < usual) {
            level = level.min(finding.level);
        }
        if !finding.differences.is_empty() && finding.differences.iter().all(|d| d.beyond_engine) {
            let Some(most) = self.beyond_engine else { return false };
            level = level.min(most);
        }
        finding.level = level;
        true
    }

    /// The squashes of a project.
    pub(super) fn squashes_of(&self, project: &str) -> impl Iterator<Item = &crate::policy::Squash> {
        self.squashes.iter().filter(move |squash| squash.project.as_deref().is_none_or(|name| name == project))
    }

    /// Whether a squash lets a migration, by id or name, go from a project.
    pub(super) fn squashed(&self, project: &str, id: &str, name: &str) -> bool {
        self.squashes.iter().any(|squash| squash.replaces(project, id) || squash.replaces(project, name))
    }
}
