//! `driftgate.toml`: what a repository asks of its migrations.
//!
//! The file is read from the snapshot that is judged, so that an edit of the policy is judged together with the change
//! it belongs to. It goes through two stages: [`file`] mirrors it with every place kept, [`validate`] checks it against
//! the rules and the snapshot and makes a [`Policy`]. Nothing else sees the raw file.

mod allow;
mod date;
mod error;
mod file;
mod naming;
mod paths;
pub mod reference;
mod validate;
mod version;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

pub use allow::{Allowance, Squash};
pub use date::Date;
pub use error::{PolicyError, PolicyErrors};
pub use naming::{Convention, MigrationPattern, Naming, ObjectKind};
pub use paths::PathSet;
pub(crate) use validate::did_you_mean;

use crate::finding::{Finding, Level};
use crate::git::Snapshot;
use crate::git::snapshot::FileText;
use crate::project::{EcosystemKind, ProjectOverride};
use crate::rules::RuleId;
use crate::source::{RepoPath, Source};

/// The names under which a policy is looked for at the root of the repository.
pub const FILE_NAMES: [&str; 2] = ["driftgate.toml", ".driftgate.toml"];

/// A rule's level as a policy gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleLevel {
    /// The rule is not run.
    Off,
    /// Told only.
    Note,
    /// Told, and fails where warnings do.
    Warning,
    /// Fails.
    Error,
}

impl RuleLevel {
    /// Every word, the strictest first.
    pub const WORDS: [&str; 4] = ["error", "warning", "note", "off"];

    /// The level of the findings; none where there are none.
    pub fn level(self) -> Option<Level> {
        match self {
            Self::Off => None,
            Self::Note => Some(Level::Note),
            Self::Warning => Some(Level::Warning),
            Self::Error => Some(Level::Error),
        }
    }
}

/// The level from which on findings fail a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Errors fail.
    #[default]
    Error,
    /// Warnings fail too.
    Warning,
    /// Everything fails.
    Note,
    /// Nothing fails.
    Never,
}

impl FailOn {
    /// Every word, in the order of the documentation.
    pub const WORDS: [&str; 4] = ["error", "warning", "note", "never"];

    /// The word in the policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
            Self::Never => "never",
        }
    }

    /// Whether a finding of that level fails the check.
    pub fn fails(self, level: Level) -> bool {
        match self {
            Self::Error => level >= Level::Error,
            Self::Warning => level >= Level::Warning,
            Self::Note => true,
            Self::Never => false,
        }
    }
}

/// What is asked of Alembic projects.
#[derive(Debug, Clone)]
pub struct AlembicPolicy {
    /// How many heads a revision graph may have; one without a policy.
    pub max_heads: u32,
    /// Branch labels that may have a head of their own beside the others.
    pub head_labels: Vec<String>,
    /// Whether column types are compared; what `env.py` says where none.
    pub compare_type: Option<bool>,
    /// Whether server defaults are compared; what `env.py` says where none.
    pub compare_server_default: Option<bool>,
    /// The level of differences that autogenerate would not see; none for off.
    pub beyond_engine: Option<Level>,
}

impl Default for AlembicPolicy {
    fn default() -> Self {
        Self {
            max_heads: 1,
            head_labels: Vec::new(),
            compare_type: None,
            compare_server_default: None,
            beyond_engine: Some(Level::Warning),
        }
    }
}

/// A project as the policy names it.
#[derive(Debug, Clone)]
pub struct ProjectPolicy {
    /// How it is found.
    pub declared: ProjectOverride,
    /// How many heads its revision graph may have, where it differs from the others'.
    pub max_heads: Option<u32>,
    /// Levels that differ from the others'.
    pub rules: BTreeMap<RuleId, RuleLevel>,
}

/// A validated policy. [`Policy::default`] is what holds without a file.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The file it comes from, as it is known in messages; none without one.
    pub path: Option<RepoPath>,
    /// From which level on findings fail.
    pub fail_on: FailOn,
    /// Files that are not looked at.
    pub exclude: PathSet,
    /// Files that describe deployment, beside those that the workflow rules know.
    pub documents: PathSet,
    /// Levels of rules.
    pub rules: BTreeMap<RuleId, RuleLevel>,
    /// Names.
    pub naming: Naming,
    /// Prisma's version, where it is pinned.
    pub prisma_version: Option<String>,
    /// Alembic.
    pub alembic: AlembicPolicy,
    /// Projects.
    pub projects: Vec<ProjectPolicy>,
    /// Allowances.
    pub allowances: Vec<Allowance>,
    /// Squashes.
    pub squashes: Vec<Squash>,
}

impl Policy {
    /// The policy of a snapshot: `driftgate.toml` or `.driftgate.toml` at its root, the default without one.
    ///
    /// # Errors
    /// Everything wrong with the file, and where the snapshot cannot be read.
    pub fn load(snapshot: &dyn Snapshot) -> Result<Self, PolicyErrors> {
        // By name, and not from the list of files: a commit that is nobody's business is not to pay for a list.
        let mut found: Option<(RepoPath, FileText)> = None;
        for name in FILE_NAMES {
            let path = RepoPath::new(name);
            let text = snapshot.read(&path)?;
            let text = match text {
                FileText::Absent if snapshot.is_folder(&path)? => FileText::Unreadable("it is a folder".to_owned()),
                FileText::Absent => continue,
                text => text,
            };
            if let Some((first, _)) = found {
                return Err(PolicyError::Ambiguous { first, second: path }.into());
            }
            found = Some((path, text));
        }
        match found {
            None | Some((_, FileText::Absent)) => Ok(Self::default()),
            Some((_, FileText::Text(source))) => Self::read(&source, snapshot),
            Some((path, FileText::Unreadable(reason))) => {
                Err(PolicyError::Unreadable { path: path.to_string(), reason }.into())
            }
        }
    }

    /// The policy of a file on the disk (`--config`), checked against the snapshot that it will judge.
    ///
    /// # Errors
    /// As [`Policy::load`], and where the file cannot be read.
    pub fn load_file(file: &Path, snapshot: &dyn Snapshot) -> Result<Self, PolicyErrors> {
        let shown = file.to_string_lossy().replace('\\', "/");
        let unreadable = |reason: String| PolicyError::Unreadable { path: shown.clone(), reason };
        let bytes = std::fs::read(file).map_err(|error| unreadable(error.to_string()))?;
        let source = Source::from_bytes(RepoPath::new(&shown), bytes).map_err(|error| unreadable(error.to_string()))?;
        Self::read(&source, snapshot)
    }

    /// The policy of a text.
    ///
    /// # Errors
    /// Everything wrong with it.
    pub fn read(source: &std::sync::Arc<Source>, snapshot: &dyn Snapshot) -> Result<Self, PolicyErrors> {
        validate::validate(source, snapshot)
    }

    /// A rule's level in a project: the project's own, else the policy's, else the rule's default. None for off.
    pub fn level(&self, rule: RuleId, project: Option<&str>) -> Option<Level> {
        let own = project.and_then(|name| self.project(name)).and_then(|project| project.rules.get(&rule));
        match own.or_else(|| self.rules.get(&rule)) {
            Some(level) => level.level(),
            None => rule.default_level(),
        }
    }

    /// What the policy says of the project of that name.
    pub fn project(&self, name: &str) -> Option<&ProjectPolicy> {
        self.projects.iter().find(|project| project.declared.name == name)
    }

    /// The projects that are of one ecosystem, or could be, for discovery.
    pub fn overrides(&self, ecosystem: EcosystemKind) -> Vec<ProjectOverride> {
        let declared = self.projects.iter().map(|project| &project.declared);
        declared.filter(|project| project.ecosystem.is_none_or(|own| own == ecosystem)).cloned().collect()
    }

    /// Facts that hold for every project of an ecosystem; a project's own come first.
    pub fn facts(&self, ecosystem: EcosystemKind) -> BTreeMap<&'static str, String> {
        let mut facts = BTreeMap::new();
        match ecosystem {
            EcosystemKind::Prisma => {
                if let Some(version) = &self.prisma_version {
                    facts.insert("prisma-version", version.clone());
                }
            }
            EcosystemKind::Alembic => {
                if let Some(compare) = self.alembic.compare_type {
                    facts.insert("compare-type", compare.to_string());
                }
                if let Some(compare) = self.alembic.compare_server_default {
                    facts.insert("compare-server-default", compare.to_string());
                }
            }
        }
        facts
    }

    /// How many heads the revision graph of a project may have, beside one for each of [`AlembicPolicy::head_labels`].
    pub fn max_heads(&self, project: &str) -> u32 {
        self.project(project).and_then(|project| project.max_heads).unwrap_or(self.alembic.max_heads)
    }

    /// The allowance that covers a finding, by its position in [`Policy::allowances`]; expired ones cover nothing.
    pub fn allowance(&self, finding: &Finding, today: Date) -> Option<usize> {
        self.allowances.iter().position(|allowance| !allowance.is_expired(today) && allowance.covers(finding))
    }

    /// The squash that lets a migration, by name or id, go from a project.
    pub fn squash(&self, project: &str, migration: &str) -> Option<&Squash> {
        self.squashes.iter().find(|squash| squash.replaces(project, migration))
    }
}

#[cfg(test)]
mod tests;
