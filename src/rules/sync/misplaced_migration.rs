//! `misplaced-migration`.

use crate::finding::Finding;
use crate::history::{History, HistoryProblemKind};
use crate::project::{EcosystemKind, Touch};
use crate::rules::repository::{ChangedFile, RepositoryChange, RepositoryProject};
use crate::rules::text::shell_word;
use crate::rules::{RuleId, RuleSettings};
use crate::source::{RepoPath, Source};

page! {
    /// ## What it stops
    ///
    /// A migration is added in a folder that no project applies: the folder from before a move, another provider's
    /// folder, a folder inside the migrations folder, a subfolder of `versions/` that Alembic does not read. Folders of
    /// fixtures, tests, examples and templates are left alone, and a `migration.sql` whose folder has no number and lies
    /// below none that is called after migrations.
    ///
    /// A revision of Alembic's that hangs on none of the project's, and none on it, belongs to a history of its own (a
    /// plugin's, another database's), and is left alone.
    ///
    /// ## Why it matters
    ///
    /// The commit has a migration, the reviewer sees it, and the deployment never runs it. About a third of the recent
    /// migrations of [civitai#3397](https://github.com/civitai/civitai/issues/3397) lay in the folder that Prisma had
    /// stopped reading. Of 243 commits that lacked the migration they needed, 30 had put it into another folder.
    ///
    /// ## Example that fails
    ///
    /// ```sql title="prisma/migrations/migrations/20260112090000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   age   Int?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/migrations/20260112090000_add_age_to_user/migration.sql" deleted
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "misplaced-migration"
    /// path = "tools/legacy/migrations"
    /// reason = "applied by the importer, not by prisma"
    /// ```
}

/// Parts of a path under which migrations are material or another tool's, not history: the databases are those that
/// neither ecosystem migrates.
const MATERIAL: [&str; 24] = [
    "fixtures",
    "__fixtures__",
    "fixture",
    "tests",
    "test",
    "__tests__",
    "testdata",
    "e2e",
    "examples",
    "example",
    "templates",
    "template",
    "samples",
    "docs",
    "node_modules",
    "vendor",
    "clickhouse",
    "bigquery",
    "snowflake",
    "duckdb",
    "cassandra",
    "elasticsearch",
    "questdb",
    "timescale",
];

/// Whether the rule wants a file: a script of Prisma's, or a Python file that could be a revision.
pub(in crate::rules) fn reads(path: &RepoPath) -> bool {
    is_script(path) || (path.extension() == Some("py") && could_hold_revisions(path))
}

/// Whether a file is one of Prisma's: its name says so, and its text is not wanted.
pub(in crate::rules) fn is_script(path: &RepoPath) -> bool {
    path.file_name() == "migration.sql"
}

/// Whether a script lies where a history keeps its own: its directory has a number in front, or a folder above is called
/// after migrations. Elsewhere a `migration.sql` is material to write migrations from.
fn is_called_migration(path: &RepoPath) -> bool {
    let mut folders = path.components().rev().skip(1);
    let numbered = folders.next().is_some_and(|name| name.starts_with(|c: char| c.is_ascii_digit()));
    numbered || folders.any(|name| name.to_ascii_lowercase().contains("migration"))
}

/// Whether a folder above a Python file has a name that a folder of revisions has.
fn could_hold_revisions(path: &RepoPath) -> bool {
    path.components().rev().skip(1).any(|part| {
        let part = part.to_ascii_lowercase();
        part == "versions" || part.contains("migration") || part.contains("alembic") || part.contains("revision")
    })
}

pub(in crate::rules) fn check(change: &RepositoryChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let added = change.files.iter().filter(|file| file.before.is_none() && !is_material(&file.path));
    added.filter_map(|file| misplaced(change, file)).collect()
}

fn is_material(path: &RepoPath) -> bool {
    path.components().any(|part| MATERIAL.contains(&part.to_ascii_lowercase().as_str()))
}

fn misplaced(change: &RepositoryChange<'_>, file: &ChangedFile) -> Option<Finding> {
    let text = file.after.as_ref()?;
    let kind = if is_script(&file.path) && is_called_migration(&file.path) {
        EcosystemKind::Prisma
    } else if is_revision(text) {
        EcosystemKind::Alembic
    } else {
        return None;
    };
    let projects: Vec<&RepositoryProject<'_>> =
        change.projects.iter().filter(|project| project.project.ecosystem == kind).collect();
    // Where git holds no migration of a project, a step of the build may gather them from anywhere.
    let known = projects.iter().all(|project| project.has_migrations);
    if projects.is_empty() || !known || projects.iter().any(|project| applies(project, &file.path, text)) {
        return None;
    }
    if kind == EcosystemKind::Alembic
        && (has_its_own_history(&projects, text) || is_for_another_database(&projects, &file.path))
    {
        return None;
    }
    // The project that shares most of the path is the one that was meant.
    let nearest = projects
        .iter()
        .flat_map(|project| project.project.migrations.iter().map(move |dir| (project, dir)))
        .max_by_key(|(_, dir)| dir.components().zip(file.path.components()).take_while(|(a, b)| a == b).count());
    let moved = match kind {
        EcosystemKind::Prisma => file.path.parent()?,
        EcosystemKind::Alembic => file.path.clone(),
    };
    let folder = moved.parent().unwrap_or_default();
    let shown = if folder.is_root() { "the root of the repository".to_owned() } else { folder.to_string() };
    let message = format!("the migration {} lies in {shown}, which no project applies", moved.file_name());
    let help = match nearest {
        Some((_, dir)) => {
            format!("git mv {} {}", shell_word(&moved), shell_word(&dir.join(moved.file_name())))
        }
        None => "move it into the migrations folder of its project".to_owned(),
    };
    let mut finding =
        Finding::new(RuleId::MisplacedMigration, file.path.clone(), message, help).about(moved.to_string());
    if let Some((project, dir)) = nearest {
        finding.project = Some(project.project.name.clone());
        finding = finding.because(format!("the migrations that are applied lie in {dir}"));
    }
    Some(finding)
}

/// Whether a file that the change adds is a revision of Alembic's.
pub(in crate::rules) fn is_new_revision(file: &ChangedFile) -> bool {
    let is_new = file.before.is_none() && !is_script(&file.path) && !is_material(&file.path);
    is_new && file.after.as_deref().is_some_and(is_revision)
}

/// Whether a revision hangs on none of the projects' revisions, and none on it: those of a plugin, or of another database
/// that a program of its own migrates. A project without any revision may be meant by every one.
fn has_its_own_history(projects: &[&RepositoryProject<'_>], source: &Source) -> bool {
    let (own, parents) = (assigned(source, "revision"), assigned(source, "down_revision"));
    projects.iter().all(|project| {
        project.history.is_some_and(|history| {
            let follows = parents.iter().any(|parent| history.get(parent).is_some());
            let mut wanted = history.migrations.iter().flat_map(|migration| &migration.parents);
            !history.migrations.is_empty() && !follows && !wanted.any(|parent| own.contains(parent))
        })
    })
}

/// Whether a revision lies beside those of a project in the folder of another database: `env.py` chooses among them.
fn is_for_another_database(projects: &[&RepositoryProject<'_>], path: &RepoPath) -> bool {
    const DATABASES: [&str; 9] =
        ["postgresql", "postgres", "pg", "mysql", "mariadb", "sqlite", "mssql", "cockroachdb", "oracle"];
    let is_database = |name: &str| DATABASES.contains(&name.to_ascii_lowercase().as_str());
    projects.iter().flat_map(|project| &project.project.migrations).any(|dir| {
        let Some(above) = dir.parent().filter(|_| is_database(dir.file_name())) else { return false };
        path.strip_prefix(&above).and_then(|rest| rest.split('/').next()).is_some_and(is_database)
    })
}

/// The texts that are assigned to a name at the left margin: of a tuple all of them, of `None` none.
fn assigned(source: &Source, name: &str) -> Vec<String> {
    let text = source.text();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some((_, _)) =
            line.strip_prefix(name).filter(|rest| !rest.starts_with('_')).and_then(|rest| rest.split_once('='))
        else {
            continue;
        };
        let value = text.get(start..).and_then(|rest| rest.split_once('=')).map_or("", |(_, value)| value.trim_start());
        let end = if value.starts_with(['(', '[']) { value.find([')', ']']) } else { value.find('\n') };
        let value = value.get(..end.unwrap_or(value.len())).unwrap_or_default();
        let mut texts = Vec::new();
        let mut rest = value;
        while let Some(open) = rest.find(['"', '\'']) {
            let quote = rest.get(open..=open).unwrap_or("\"");
            let inner = rest.get(open + 1..).unwrap_or_default();
            let Some((text, behind)) = inner.split_once(quote) else { break };
            texts.push(text.to_owned());
            rest = behind;
        }
        return texts;
    }
    Vec::new()
}

/// Whether a revision lies among those of a project under an id that another one has: of the two the history holds one, and
/// `duplicate-revision` tells of it.
fn is_second(project: &RepositoryProject<'_>, history: &History, path: &RepoPath, text: &Source) -> bool {
    path.parent().is_some_and(|dir| project.project.migrations.contains(&dir))
        && is_revision(text)
        && assigned(text, "revision").iter().any(|id| history.get(id).is_some())
}

/// Whether a project applies the migration of that file.
fn applies(project: &RepositoryProject<'_>, path: &RepoPath, text: &Source) -> bool {
    match project.history {
        Some(history) => {
            is_second(project, history, path, text)
                || history.migrations.iter().any(|migration| path.is_under(&migration.path))
                || history.problems.iter().any(|problem| {
                    // A folder without a script of its own applies none below it.
                    problem.kind != HistoryProblemKind::MissingFile && path.is_under(&problem.path)
                })
        }
        None => project.ecosystem.touch(project.project, path) == Some(Touch::Migration),
    }
}

/// Whether a Python file is an Alembic revision: it sets `revision` and `down_revision` at the left margin.
fn is_revision(source: &Source) -> bool {
    let sets = |name: &str| {
        source.text().lines().any(|line| {
            line.strip_prefix(name).is_some_and(|rest| {
                let rest = rest.trim_start();
                (rest.starts_with('=') && !rest.starts_with("==")) || rest.starts_with(':')
            })
        })
    };
    sets("revision") && sets("down_revision")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::ProjectChange;
    use crate::rules::testing::{Repository, World};

    const REVISION: &str = "revision: str = 'b2'\ndown_revision = 'a1'\n";

    #[test]
    fn a_migration_beside_the_migrations_folder_is_reported_with_the_move() {
        let repository =
            Repository::prisma().added("prisma/migrations/migrations/20260112090000_x/migration.sql", "-- x");
        let findings = repository.run(RuleId::MisplacedMigration);
        assert_eq!(
            findings[0].message,
            "the migration 20260112090000_x lies in prisma/migrations/migrations, which no project applies"
        );
        assert_eq!(
            findings[0].help,
            "git mv prisma/migrations/migrations/20260112090000_x prisma/migrations/20260112090000_x"
        );
        let findings =
            Repository::alembic().added("backend/old/versions/b2_x.py", REVISION).run(RuleId::MisplacedMigration);
        assert_eq!(findings[0].help, "git mv backend/old/versions/b2_x.py alembic/versions/b2_x.py");
    }

    /// The project of a change, as the rules of the repository are given it.
    fn as_found<'a>(change: &'a ProjectChange<'_>) -> RepositoryProject<'a> {
        RepositoryProject {
            project: change.project,
            ecosystem: change.ecosystem,
            history: Some(&change.after.history),
            has_migrations: true,
            has_revisions: true,
        }
    }

    #[test]
    fn a_second_revision_of_one_id_is_in_its_place() {
        World::alembic().with_change(|change| {
            let project = as_found(change);
            let is = |path: &str, id: &str| {
                let text = format!("revision = '{id}'\ndown_revision = None\n");
                applies(&project, &RepoPath::new(path), &Source::new(path.into(), text))
            };
            assert!(is("alembic/versions/other.py", "1a2b3c4d5e6f"));
            assert!(!is("alembic/versions/other.py", "b2"), "an id that no other has");
            assert!(!is("alembic/versions/old/other.py", "1a2b3c4d5e6f"), "a folder that is not read");
            assert!(!is("backend/versions/other.py", "1a2b3c4d5e6f"));
        });
    }

    #[test]
    fn a_revision_of_another_history_is_nobodys_mistake() {
        World::alembic().with_change(|change| {
            let project = as_found(change);
            let own = |text: &str| has_its_own_history(&[&project], &Source::new("x.py".into(), text));
            assert!(own("revision = 'p2'\ndown_revision = 'p1'\n"));
            assert!(own("revision = 'p1'\ndown_revision = None\n"));
            assert!(!own("revision: str = 'b2'\ndown_revision: Union[str, None] = \"1a2b3c4d5e6f\"  # 'p1'\n"));
            assert!(!own("revision = 'b2'\ndown_revision = (\n    'p1',\n    '1a2b3c4d5e6f',\n)\n"));
            for odd in ["", "down_revision = 'é", "down_revision = (", "revision =", "down_revision = '"] {
                own(odd);
            }
        });
    }

    #[test]
    fn a_script_that_migrations_are_written_from_is_fine() {
        let found = |path: &str| Repository::prisma().added(path, "-- x").run(RuleId::MisplacedMigration).len();
        assert_eq!(found("prisma/custom/migration.sql"), 0);
        assert_eq!(found("prisma/20260112090000_x/migration.sql"), 1);
        assert_eq!(found("prisma/old-migrations/custom/migration.sql"), 1);
    }

    #[test]
    fn a_revision_for_another_database_is_in_its_place() {
        World::alembic().with_change(|change| {
            let mut moved = change.project.clone();
            moved.migrations = vec![RepoPath::new("m/versions/postgresql")];
            let project = RepositoryProject { project: &moved, ..as_found(change) };
            let is = |path: &str| is_for_another_database(&[&project], &RepoPath::new(path));
            assert!(is("m/versions/sqlite/b2_x.py"));
            assert!(!is("m/versions/old/b2_x.py") && !is("m/old/sqlite/b2_x.py") && !is("m/versions/b2_x.py"));
        });
    }

    #[test]
    fn only_an_added_file_of_python_is_a_new_revision() {
        let text = || Some(Source::new("versions/b2_x.py".into(), REVISION));
        let is_new = |path: &str, before| is_new_revision(&ChangedFile { path: path.into(), before, after: text() });
        assert!(is_new("versions/b2_x.py", None));
        assert!(!is_new("versions/b2_x.py", text()), "it was there");
        assert!(!is_new("versions/b2_x/migration.sql", None), "a script of Prisma's");
        assert!(!is_new("tests/versions/b2_x.py", None), "material of tests");
    }

    #[test]
    fn a_migration_in_its_folder_is_fine() {
        let repository = Repository::prisma().added("prisma/migrations/20260112090000_x/migration.sql", "-- x");
        assert!(repository.run(RuleId::MisplacedMigration).is_empty());
        let repository = Repository::alembic().added("alembic/versions/b2_x.py", REVISION);
        assert!(repository.run(RuleId::MisplacedMigration).is_empty());
    }

    #[test]
    fn fixtures_other_tools_and_plain_modules_are_left_alone() {
        let empty = |repository: Repository| repository.run(RuleId::MisplacedMigration).is_empty();
        assert!(empty(Repository::prisma().added("tests/fixtures/migrations/1_x/migration.sql", "-- x")));
        assert!(empty(Repository::prisma().added("clickhouse/migrations/1_x.sql", "-- x")));
        assert!(empty(Repository::prisma().added("db/clickhouse/migrations/01_init/migration.sql", "-- x")));
        let custom = Repository::prisma().without_migrations();
        assert!(empty(custom.added("packages/db/migration/20260112090000_x/migration.sql", "-- x")));
        assert!(empty(Repository::alembic().added("other/migrations/1_x/migration.sql", "-- x")));
        assert!(empty(Repository::alembic().added("backend/migrations/helpers.py", "def f():\n    revision = 1\n")));
        assert!(empty(Repository::prisma().changed("old/migrations/1_x/migration.sql", "-- x", "-- y")));
    }
}
