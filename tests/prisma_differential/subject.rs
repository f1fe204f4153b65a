//! Projects to plant faults in: generated, labelled, or read from a repository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use driftgate::catalog::Dialect;
use driftgate::git::MemorySnapshot;
use driftgate::history;
use driftgate::prisma::Prisma;
use driftgate::project::{Ecosystem as _, Project};

use crate::generate::Provider;
use crate::oracle::Step;
use crate::planted::Said;

/// A schema with its history, as driftgate finds it and as the engine is asked.
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) provider: Provider,
    /// The declared schema; several files one after the other.
    pub(crate) schema: String,
    pub(crate) steps: Vec<Step>,
    project: Project,
    /// Everything of the project but the migrations themselves.
    files: BTreeMap<String, String>,
}

/// What driftgate says of a history: what it claims, and what it cannot judge.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) certain: BTreeSet<String>,
    doubts: BTreeSet<String>,
}

impl Told {
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

impl Subject {
    /// A schema in one file.
    pub(crate) fn of(name: String, schema: String, steps: Vec<Step>) -> Option<Self> {
        let provider = if schema.contains("\"sqlite\"") { "sqlite" } else { "postgresql" };
        let mut files = BTreeMap::from([
            ("prisma/schema.prisma".to_owned(), schema),
            ("prisma/migrations/migration_lock.toml".to_owned(), format!("provider = \"{provider}\"\n")),
        ]);
        for step in steps {
            files.insert(format!("prisma/migrations/{}/migration.sql", step.name), step.sql);
        }
        Self::found(&name, files).pop()
    }

    /// The projects on PostgreSQL and SQLite of the newest commit of a repository, bare or not.
    pub(crate) fn in_repository(repository: &Path) -> Vec<Self> {
        let git = |args: &[&str]| Command::new("git").arg("-C").arg(repository).args(args).output().unwrap();
        let listed = git(&["ls-tree", "-r", "-z", "--name-only", "HEAD"]);
        assert!(listed.status.success(), "no repository with a commit: {}", repository.display());
        let mut files = BTreeMap::new();
        for path in String::from_utf8_lossy(&listed.stdout).split('\0') {
            if !path.is_empty() && Prisma.may_matter(&path.into()) {
                let shown = git(&["cat-file", "blob", &format!("HEAD:{path}")]);
                if let (true, Ok(text)) = (shown.status.success(), String::from_utf8(shown.stdout)) {
                    files.insert(path.to_owned(), text);
                }
            }
        }
        // The owner and the name, where the folder is called after the sort of clone that it is.
        let label = repository.components().rev().map(|part| part.as_os_str().to_string_lossy().into_owned());
        let label =
            label.filter(|part| !matches!(part.as_str(), "repo" | ".git" | "repo.git")).take(1).collect::<String>();
        Self::found(&label.replace('+', "/"), files)
    }

    fn found(label: &str, files: BTreeMap<String, String>) -> Vec<Self> {
        let projects = Prisma.discover(&MemorySnapshot::new(files.clone()), &[]).unwrap();
        let many = projects.len() > 1;
        let mut subjects = Vec::new();
        for project in projects {
            let provider = match project.dialect {
                Some(Dialect::PostgreSql) => Provider::PostgreSql,
                Some(Dialect::Sqlite) => Provider::Sqlite,
                _ => continue,
            };
            let [folder] = project.migrations.as_slice() else { continue };
            let folder = format!("{}/", folder.as_str());
            let script = |path: &String| {
                path.strip_prefix(&folder)?.strip_suffix("/migration.sql").map(|name| (path.clone(), name.to_owned()))
            };
            let scripts: Vec<(String, String)> = files.keys().filter_map(script).collect();
            let mut rest = files.clone();
            let steps: Vec<Step> = scripts
                .into_iter()
                .map(|(path, name)| Step { name, sql: rest.remove(&path).unwrap_or_default() })
                .collect();
            if steps.is_empty() {
                continue;
            }
            let texts: Vec<&str> =
                project.schema.iter().filter_map(|path| files.get(path.as_str())).map(String::as_str).collect();
            let name = if many { format!("{label} {}", project.name) } else { label.to_owned() };
            subjects.push(Self { name, provider, schema: texts.join("\n"), steps, project, files: rest });
        }
        subjects
    }

    /// What driftgate says of the project with these migrations.
    pub(crate) fn told(&self, steps: &[Step]) -> Told {
        let mut files = self.files.clone();
        let folder = &self.project.migrations[0];
        for step in steps {
            files.insert(format!("{}/{}/migration.sql", folder.as_str(), step.name), step.sql.clone());
        }
        let snapshot = MemorySnapshot::new(files);
        let mut told = Told::default();
        let declared = Prisma.declared(&self.project, &snapshot).unwrap();
        told.certain.extend(declared.problems.iter().map(|problem| problem.message.clone()));
        let read = Prisma.history(&self.project, &snapshot).unwrap();
        told.certain.extend(read.problems.iter().map(|problem| problem.message.clone()));
        let replay = history::replay(&read, self.project.dialect());
        for failure in replay.migrations.iter().flat_map(|migration| &migration.failures) {
            let to = if failure.certain { &mut told.certain } else { &mut told.doubts };
            to.insert(format!("{} fails: {}", failure.place.path(), failure.error));
        }
        for doubt in declared.catalog.doubts.iter().chain(&replay.catalog.doubts).chain(&read.opaque) {
            told.doubts.insert(doubt.reason.clone());
        }
        for one in Prisma.compare(&self.project, &declared.catalog, &replay.catalog) {
            let to = if one.certain { &mut told.certain } else { &mut told.doubts };
            if !one.beyond_engine {
                to.insert(format!("{} {}", one.kind, one.object()));
            }
        }
        told
    }
}
