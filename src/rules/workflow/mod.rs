//! The back doors around migrations: commands that change a database without them, and files that hide them.

mod command;
mod documents;
mod heredoc;
mod yaml;

pub(super) mod create_all;
pub(super) mod ignored_migrations;
pub(super) mod reset_in_deploy;
pub(super) mod schema_push;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::rules::repository::{ChangedFile, RepositoryChange};
use crate::source::{RepoPath, Source};

/// Whether the rules of this group want a file's texts.
pub(super) fn reads(path: &RepoPath) -> bool {
    documents::Kind::of(path).is_some() || create_all::reads(path) || ignored_migrations::reads(path)
}

/// What a change adds to a file: tells lines that were there, as often as they were, from new ones.
pub(super) struct NewLines<'a> {
    old: BTreeMap<&'a str, usize>,
}

impl<'a> NewLines<'a> {
    /// Under `--all` every line counts as new.
    fn of(change: &RepositoryChange<'_>, file: &'a ChangedFile) -> Self {
        Self::against(if change.whole_state { None } else { file.before.as_ref() })
    }

    /// What is not in the text before; where there is none, every line.
    pub(super) fn against(before: Option<&'a Arc<Source>>) -> Self {
        let mut old = BTreeMap::new();
        for line in before.iter().flat_map(|source| source.text().lines()) {
            *old.entry(line.trim()).or_insert(0) += 1;
        }
        Self { old }
    }

    /// Whether a line is new; asked once for each line that matters, in order.
    pub(super) fn take(&mut self, line: &str) -> bool {
        match self.old.get_mut(line.trim()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        }
    }
}

/// The line of a text that holds an offset.
pub(super) fn line_at(text: &str, offset: usize) -> &str {
    let offset = offset.min(text.len());
    let start = text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let end = text.get(offset..).and_then(|after| after.find('\n')).map_or(text.len(), |at| offset + at);
    text.get(start..end).unwrap_or_default()
}

/// The words of a name: `start:prod` is `start`, `prod`; `docker-compose.dev.yml` has `dev`; `buildProd` is `build`, `prod`.
pub(super) fn words(name: &str) -> impl Iterator<Item = String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous_lower = false;
    let mut open = false;
    for c in name.chars() {
        let breaks = !c.is_alphanumeric() || (c.is_uppercase() && previous_lower);
        if breaks {
            open = false;
        }
        previous_lower = c.is_lowercase();
        if c.is_alphanumeric() {
            if !open {
                words.push(String::new());
                open = true;
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
        }
    }
    words.into_iter()
}

/// Words that say that a database is one for tests or for a developer.
const PLAYGROUND: [&str; 27] = [
    "test",
    "tests",
    "testing",
    "spec",
    "e2e",
    "dev",
    "develop",
    "development",
    "local",
    "seed",
    "seeds",
    "cypress",
    "playwright",
    "jest",
    "vitest",
    "pytest",
    "integration",
    "unit",
    "mock",
    "sandbox",
    "example",
    "examples",
    "fixture",
    "fixtures",
    "coverage",
    "lint",
    "devcontainer",
];

/// Whether a name speaks of tests or development.
pub(super) fn is_playground(name: &str) -> bool {
    words(name).any(|word| PLAYGROUND.contains(&word.as_str()))
}
