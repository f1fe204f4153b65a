//! What driftgate says of a project, and the projects of repositories.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use driftgate::git::MemorySnapshot;
use driftgate::history;
use driftgate::project::{Declared, Ecosystem, Project};

use crate::planted::Said;

/// What driftgate says of a history: what it claims, and what it cannot judge.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) certain: BTreeSet<String>,
    doubts: BTreeSet<String>,
}

impl Told {
    /// What it says of a project whose schema was read already, with the migrations of a snapshot.
    pub(crate) fn of(
        ecosystem: &dyn Ecosystem,
        project: &Project,
        declared: &Declared,
        snapshot: &MemorySnapshot,
    ) -> Self {
        let mut told = Told::default();
        told.certain.extend(declared.problems.iter().map(|problem| problem.message.clone()));
        let read = ecosystem.history(project, snapshot).unwrap();
        told.certain.extend(read.problems.iter().map(|problem| problem.message.clone()));
        let replay = history::replay(&read, project.dialect());
        for failure in replay.migrations.iter().flat_map(|migration| &migration.failures) {
            let to = if failure.certain { &mut told.certain } else { &mut told.doubts };
            to.insert(format!("{} fails: {}", failure.place.path(), failure.error));
        }
        for doubt in declared.catalog.doubts.iter().chain(&replay.catalog.doubts).chain(&read.opaque) {
            told.doubts.insert(doubt.reason.clone());
        }
        for one in ecosystem.compare(project, &declared.catalog, &replay.catalog) {
            let to = if one.certain { &mut told.certain } else { &mut told.doubts };
            if !one.beyond_engine {
                to.insert(format!("{} {}", one.kind, one.object()));
            }
        }
        told
    }

    /// What it says of the history as it is.
    pub(crate) fn said(&self) -> Said {
        self.beyond(&Told::default())
    }

    /// What it says beyond what it said without the fault.
    pub(crate) fn beyond(&self, whole: &Told) -> Said {
        if self.certain.difference(&whole.certain).next().is_some() {
            Said::Noticed
        } else if self.doubts.difference(&whole.doubts).next().is_some() {
            Said::NotJudged
        } else {
            Said::Nothing
        }
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let certain = self.certain.iter().cloned();
        let all: Vec<String> = certain.chain(self.doubts.iter().map(|doubt| format!("({doubt})"))).collect();
        f.write_str(if all.is_empty() { "in sync" } else { "" })?;
        f.write_str(&all.join("; "))
    }
}

/// What the newest commit of a repository, bare or not, is called, and its files that matter to an ecosystem.
pub(crate) fn read(repository: &Path, ecosystem: &dyn Ecosystem) -> (String, BTreeMap<String, String>) {
    let git = |args: &[&str]| Command::new("git").arg("-C").arg(repository).args(args).output().unwrap();
    let listed = git(&["ls-tree", "-r", "-z", "--name-only", "HEAD"]);
    assert!(listed.status.success(), "no repository with a commit: {}", repository.display());
    let mut files = BTreeMap::new();
    for path in String::from_utf8_lossy(&listed.stdout).split('\0') {
        if !path.is_empty() && ecosystem.may_matter(&path.into()) {
            let shown = git(&["cat-file", "blob", &format!("HEAD:{path}")]);
            if let (true, Ok(text)) = (shown.status.success(), String::from_utf8(shown.stdout)) {
                files.insert(path.to_owned(), text);
            }
        }
    }
    // The owner and the name, where the folder is called after the sort of clone that it is.
    let label = repository.components().rev().map(|part| part.as_os_str().to_string_lossy().into_owned());
    let label = label.filter(|part| !matches!(part.as_str(), "repo" | ".git" | "repo.git")).take(1).collect::<String>();
    (label.replace('+', "/"), files)
}
