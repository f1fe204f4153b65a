//! Projects to plant faults in: generated, labelled, or read from a repository.

use std::collections::BTreeMap;
use std::path::Path;

use driftgate::catalog::Dialect;
use driftgate::git::MemorySnapshot;
use driftgate::prisma::Prisma;
use driftgate::project::{Ecosystem as _, Project};

use crate::generate::Provider;
use crate::oracle::Step;
use crate::told::{Told, read};

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
        let (label, files) = read(repository, &Prisma);
        Self::found(&label, files)
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
        Told::of(&Prisma, &self.project, &Prisma.declared(&self.project, &snapshot).unwrap(), &snapshot)
    }
}
