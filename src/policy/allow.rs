//! What a policy allows: one rule at one place, with a reason.

use super::date::Date;
use super::paths::{PathSet, name_matches};
use crate::finding::Finding;
use crate::rules::RuleId;
use crate::source::{Place, RepoPath};

/// `[[allow]]`, validated: never blank, always with a reason.
#[derive(Debug, Clone)]
pub struct Allowance {
    /// The rule.
    pub rule: RuleId,
    pub(super) path: Option<PathSet>,
    pub(super) object: Option<String>,
    pub(super) project: Option<String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// The entry, for the findings about allowances themselves.
    pub place: Place,
}

impl Allowance {
    /// Whether it speaks of this finding. Every key that is given must match; the path may be that of a related place.
    pub fn covers(&self, finding: &Finding) -> bool {
        self.rule == finding.rule
            && self.project.as_ref().is_none_or(|name| finding.project.as_ref() == Some(name))
            && self
                .object
                .as_ref()
                .is_none_or(|pattern| finding.object.as_deref().is_some_and(|object| name_matches(pattern, object)))
            && self.path.as_ref().is_none_or(|set| {
                set.matches(&finding.path) || finding.related.iter().any(|related| set.matches(&related.path))
            })
    }

    /// Whether its last day is over.
    pub fn is_expired(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    /// What it is about, for messages: `dropped-column of users.age`.
    pub fn describe(&self) -> String {
        match (&self.object, &self.project) {
            (Some(object), _) => format!("{} of {object}", self.rule),
            (None, Some(project)) => format!("{} in {project}", self.rule),
            (None, None) => self.rule.to_string(),
        }
    }
}

/// `[[squash]]`, validated: migrations that were replaced by one.
#[derive(Debug, Clone)]
pub struct Squash {
    /// The project; every project where none is named.
    pub project: Option<String>,
    /// Names or ids of the migrations that are gone.
    pub replaced: Vec<String>,
    /// Name or id of the one that stands for them.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The entry's list.
    pub place: Place,
}

impl Squash {
    /// Whether it lets `migration`, by name or id, go from `project`.
    pub fn replaces(&self, project: &str, migration: &str) -> bool {
        self.project.as_deref().is_none_or(|name| name == project) && self.replaced.iter().any(|name| name == migration)
    }
}

/// A path as a person wrote it, cleaned: `./a//b/` is `a/b`. None where it leaves the repository.
pub(super) fn clean_path(text: &str) -> Option<RepoPath> {
    let escapes = {
        let mut depth = 0_i64;
        text.split('/').any(|part| {
            depth += match part {
                "" | "." => 0,
                ".." => -1,
                _ => 1,
            };
            depth < 0
        })
    };
    let absolute = text.starts_with('/') || text.contains('\\') || text.contains('\0');
    (!escapes && !absolute).then(|| RepoPath::root().join(text))
}
