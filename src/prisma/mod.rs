//! Prisma: the schema language, the migrations folder, and the comparison that its engine makes.

pub mod compare;
mod connection;
pub(crate) mod declare;
mod discover;
pub mod history;
pub(crate) mod schema;
pub mod suggest;
mod validate;

use std::sync::Arc;

pub(crate) use discover::settings::config_root;

use crate::catalog::difference::{Aspect, Difference};
use crate::catalog::{Catalog, Dialect, ObjectName, Opaque, Reach};
use crate::git::snapshot::FileText;
use crate::git::{Snapshot, SnapshotError};
use crate::history::History;
use crate::project::{Declared, Ecosystem, EcosystemKind, Parsed, Project, ProjectOverride, SourceProblem, Touch};
use crate::source::{Place, RepoPath, Source};

/// The ecosystem.
#[derive(Debug, Clone, Copy)]
pub struct Prisma;

impl Ecosystem for Prisma {
    fn kind(&self) -> EcosystemKind {
        EcosystemKind::Prisma
    }

    fn looks_for(&self) -> &'static str {
        "Prisma: a `datasource` block in a *.prisma file (schema.prisma, prisma/schema/, or where package.json and \
         prisma.config say), and migration.sql files in folders beside it"
    }

    fn may_matter(&self, path: &RepoPath) -> bool {
        path.extension() == Some("prisma")
            || matches!(path.file_name(), history::SCRIPT | history::LOCK_FILE | "package.json")
            || discover::settings::is_config(path)
            // A link to a folder of migrations.
            || path.file_name() == "migrations"
            || path.parent().is_some_and(|dir| dir.components().any(|component| component.contains("migration")))
    }

    fn discover(&self, snapshot: &dyn Snapshot, overrides: &[ProjectOverride]) -> Result<Vec<Project>, SnapshotError> {
        discover::discover(snapshot, overrides)
    }

    fn touch(&self, project: &Project, path: &RepoPath) -> Option<Touch> {
        if project.schema.contains(path) {
            return Some(Touch::Schema);
        }
        if project.migrations.iter().any(|folder| path != folder && path.is_under(folder)) {
            return Some(Touch::Migration);
        }
        // A file that is no longer there, or not there yet, belongs to the folder of a schema of several files.
        let is_part = path.extension() == Some("prisma")
            && project.schema.len() > 1
            && project.schema.iter().filter_map(RepoPath::parent).any(|folder| path.is_under(&folder));
        if is_part {
            return Some(Touch::Schema);
        }
        project.settings.contains(path).then_some(Touch::Settings)
    }

    fn declared(&self, project: &Project, snapshot: &dyn Snapshot) -> Result<Declared, SnapshotError> {
        let mut problems = Vec::new();
        let mut sources: Vec<Arc<Source>> = Vec::new();
        for path in &project.schema {
            match snapshot.read(path)? {
                FileText::Text(source) if history::is_lfs_pointer(&source) => {
                    problems.push(unreadable(path, "the file is a Git LFS pointer, not the schema itself"));
                }
                FileText::Text(source) => sources.push(source),
                FileText::Unreadable(reason) => problems.push(unreadable(path, &reason)),
                FileText::Absent => {}
            }
        }
        let dialect = project.dialect.unwrap_or(Dialect::PostgreSql);
        let schema = schema::parse(&sources);
        let mut context = declare::Context::new(dialect, version(project));
        let mut assumed = Vec::new();
        // A datasource that lists its schemas says on every model which one it means.
        if schema::resolve::Settings::of(&schema).schemas.is_empty()
            && let Some(connection) = connection::schema(project, snapshot)?
        {
            assumed = assumed_schema(&connection);
            context.default_schema = connection.name;
        }
        let mut catalog = declare::catalog(&schema, &context);
        catalog.doubts.extend(assumed);
        if version(project) < RENAMING_VERSION
            && let Some(first) = sources.first()
        {
            let reason = "Prisma before 3 names keys and indexes in ways of its own and has other referential actions: \
                          they are not compared";
            catalog.doubts.push(Opaque {
                place: Place::start_of(first),
                reason: reason.to_owned(),
                reach: Reach::Nothing,
            });
        }
        if !is_version_known(project)
            && let Some(table) = catalog.tables.values().find(|table| compare::is_relation_table(table))
            && let Some(place) = table.place.clone()
            && dialect == Dialect::PostgreSql
        {
            let reason = "nothing says which version of Prisma it is: before 6 the table of a many-to-many relation has a \
                          unique index, and a primary key since then; either is taken (`prisma-version` in the policy \
                          settles it)";
            let place = Place::start_of(&place.source);
            catalog.doubts.push(Opaque { place, reason: reason.to_owned(), reach: Reach::Nothing });
        }
        if let Some(path) = project.facts.get("external-unread") {
            catalog.doubts.push(Opaque {
                place: Place::start_of(&Source::new(path.as_str().into(), "")),
                reason: "which tables and enums are external is computed".to_owned(),
                reach: Reach::Everything,
            });
        }
        let unread = !problems.is_empty() || !schema.problems.is_empty();
        if !unread {
            let refused = validate::problems(&schema, dialect, version(project));
            if version(project) < VALIDATED_VERSION {
                // What is refused today may have been taken then: no accusation, and no verdict either.
                catalog.doubts.extend(refused.into_iter().map(|problem| Opaque {
                    place: problem.place.unwrap_or_else(|| Place::start_of(&Source::new(problem.path, ""))),
                    reason: format!(
                        "{}: Prisma {VALIDATED_VERSION} refuses it, and what Prisma {} makes of it is not known",
                        problem.message,
                        version(project)
                    ),
                    reach: Reach::Everything,
                }));
            } else {
                problems.extend(refused);
            }
        }
        problems.extend(schema.problems);
        Ok(Declared { catalog, problems, outdated: Vec::new(), unnamed: None, parsed: Parsed::default() })
    }

    fn history(&self, project: &Project, snapshot: &dyn Snapshot) -> Result<History, SnapshotError> {
        history::read(project, snapshot)
    }

    fn compare(&self, project: &Project, declared: &Catalog, replayed: &Catalog) -> Vec<Difference> {
        let options = compare::CompareOptions {
            prisma_major: version(project),
            partial_indexes: listed(project, "preview-features").any(|feature| feature == "partialIndexes"),
            external_tables: listed(project, "external-tables").map(str::to_owned).collect(),
            external_enums: listed(project, "external-enums").map(str::to_owned).collect(),
        };
        let mut found = compare::compare(declared, replayed, &options);
        if !is_version_known(project) {
            compare::take_either_key(&mut found, declared, replayed);
        }
        if version(project) < RENAMING_VERSION {
            let by_name = |difference: &&mut Difference| match difference.kind.aspect {
                Aspect::Index | Aspect::Unique | Aspect::ForeignKey | Aspect::PrimaryKey => true,
                // A schema could not name the default of a column either.
                Aspect::Default => difference.contrast.as_ref().is_some_and(|contrast| contrast.renamed),
                _ => false,
            };
            for difference in found.iter_mut().filter(by_name) {
                difference.certain = false;
            }
        }
        found
    }

    fn command_new_migration(&self, project: &Project, name: &str) -> String {
        let mut command = String::new();
        if !project.root.is_root() {
            command = format!("cd {} && ", shell_word(project.root.as_str()));
        }
        command.push_str(&project.command);
        command.push_str(" migrate dev --name ");
        command.push_str(&shell_word(name));
        if let Some(schema) = project.facts.get("schema-argument") {
            command.push_str(" --schema ");
            command.push_str(&shell_word(schema));
        }
        command
    }
}

/// The first major version that names keys and indexes as all later ones do
/// (<https://www.prisma.io/docs/orm/more/upgrade-guides/upgrading-versions/upgrading-to-prisma-3/named-constraints>).
const RENAMING_VERSION: u32 = 3;

/// The first major version whose refusals are known: earlier ones took schemas that it refuses
/// (<https://www.prisma.io/docs/orm/more/upgrade-guides/upgrading-versions/upgrading-to-prisma-4>).
const VALIDATED_VERSION: u32 = 4;

/// The major version of Prisma that a project is read for.
fn version(project: &Project) -> u32 {
    let written = project.facts.get("prisma-version");
    written.and_then(|version| version.split('.').next()?.parse().ok()).unwrap_or(discover::NEWEST_VERSION)
}

/// Whether anything says which major version that is.
fn is_version_known(project: &Project) -> bool {
    project.facts.contains_key("prisma-version")
}

/// The words of a fact that is a list.
fn listed<'a>(project: &'a Project, fact: &str) -> impl Iterator<Item = &'a str> {
    project.facts.get(fact).into_iter().flat_map(|words| words.split(','))
}

/// The doubts about tables that the newest migration alone puts into a schema: the connection string may name that one, or
/// the migration is wrong.
fn assumed_schema(connection: &connection::ConnectionSchema) -> Vec<Opaque> {
    let Some((path, tables)) = &connection.assumed else { return Vec::new() };
    let source = Source::new(path.clone(), "");
    let doubt = |table: &String| Opaque {
        place: Place::start_of(&source),
        reason: format!(
            "the schema `{}` of `{table}` is taken for the one that the connection string names; nothing else says so",
            connection.name
        ),
        reach: Reach::Table(ObjectName { schema: Some(connection.name.clone()), name: table.clone() }),
    };
    tables.iter().map(doubt).collect()
}

fn unreadable(path: &RepoPath, reason: &str) -> SourceProblem {
    SourceProblem {
        path: path.clone(),
        place: Some(Place::start_of(&Source::new(path.clone(), ""))),
        message: reason.to_owned(),
        help: "commit the schema as a text file".to_owned(),
    }
}

/// A word as a shell takes it: quoted where it holds more than letters, digits and the marks of paths.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '<' | '>' | '@');
    if !word.is_empty() && word.chars().all(plain) && !word.contains(['<', '>']) || is_placeholder(word) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// `<name>`: a word that a person is to replace.
fn is_placeholder(word: &str) -> bool {
    word.len() > 2 && word.starts_with('<') && word.ends_with('>') && !word[1..word.len() - 1].contains(['<', '>'])
}
