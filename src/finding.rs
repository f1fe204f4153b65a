//! What a rule reports. Plain data: reports are made from it, and nothing else.

use serde::{Deserialize, Serialize};

use crate::catalog::difference::Difference;
use crate::rules::RuleId;
use crate::source::{Place, RepoPath};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Told, and never fails a check by itself.
    Note,
    /// Fails a check only where the policy or `--fail-on` says so.
    Warning,
    /// Fails the check.
    Error,
}

impl Level {
    /// The word in JSON and in the policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place with a sentence of its own.
#[derive(Debug, Clone)]
pub struct Related {
    /// The file.
    pub path: RepoPath,
    /// The piece of it, where one is meant.
    pub place: Option<Place>,
    /// What is to be seen there.
    pub message: String,
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// Its level: the rule's default until the policy is applied.
    pub level: Level,
    /// The project's name; none for findings about the repository or the policy.
    pub project: Option<String>,
    /// The headline: stands alone, no full stop.
    pub message: String,
    /// The file it is about.
    pub path: RepoPath,
    /// The piece of it.
    pub place: Option<Place>,
    /// Further places.
    pub related: Vec<Related>,
    /// Why it matters here, in a sentence or a few lines; may be empty.
    pub reason: String,
    /// What mends it: the exact command or edit.
    pub help: String,
    /// The object it is about (`users.age`), for allowances and fingerprints.
    pub object: Option<String>,
    /// The differences behind it.
    pub differences: Vec<Difference>,
}

impl Finding {
    /// A finding at a file. The help is required: a finding that says nothing to do is not one.
    pub fn new(rule: RuleId, path: RepoPath, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            rule,
            level: rule.default_level().unwrap_or(Level::Note),
            project: None,
            message: message.into(),
            path,
            place: None,
            related: Vec::new(),
            reason: String::new(),
            help: help.into(),
            object: None,
            differences: Vec::new(),
        }
    }

    /// The same at a piece of a file.
    #[must_use]
    pub fn at(mut self, place: &Place) -> Self {
        self.path = place.path().clone();
        self.place = Some(place.clone());
        self
    }

    /// The same with one more place.
    #[must_use]
    pub fn related(mut self, place: &Place, message: impl Into<String>) -> Self {
        self.related.push(Related { path: place.path().clone(), place: Some(place.clone()), message: message.into() });
        self
    }

    /// The same with one more file.
    #[must_use]
    pub fn related_file(mut self, path: RepoPath, message: impl Into<String>) -> Self {
        self.related.push(Related { path, place: None, message: message.into() });
        self
    }

    /// The same with a reason.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// The same about an object.
    #[must_use]
    pub fn about(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// A stable id of the finding: the rule, the project, the file and the object, but no line and no wording, so that
    /// it survives unrelated edits. 16 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let key = [
            self.rule.as_str(),
            self.project.as_deref().unwrap_or_default(),
            self.path.as_str(),
            self.object.as_deref().unwrap_or(&self.message),
        ]
        .join("\u{1f}");
        format!("{:016x}", crate::git::snapshot::fingerprint(key.as_bytes()))
    }
}
