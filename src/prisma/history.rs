//! The migrations folder to a history: one directory each, in byte order, with its `migration.sql`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::connection::{self, ConnectionSchema};
use crate::catalog::operation::{Guard, Operation, OperationKind};
use crate::catalog::{Catalog, Dialect, ObjectName, Opaque, Reach, TypeKind};
use crate::git::snapshot::{FileText, fingerprint};
use crate::git::{Snapshot, SnapshotError};
use crate::history::{History, HistoryProblem, HistoryProblemKind, Migration, Operations, Run, Script};
use crate::project::Project;
use crate::source::{Place, RepoPath, Source};
use crate::sql::{self, LabelUse};

/// The file of a migration directory that the engine runs.
pub(crate) const SCRIPT: &str = "migration.sql";

/// The file of a migrations folder that names its provider.
pub(crate) const LOCK_FILE: &str = "migration_lock.toml";

/// Reads the migrations of a project.
pub(crate) fn read(project: &Project, snapshot: &dyn Snapshot) -> Result<History, SnapshotError> {
    let mut history = History::default();
    let dialect = project.dialect.unwrap_or(Dialect::PostgreSql);
    let mut room = Room::default();
    for folder in &project.migrations {
        let known = history.migrations.len();
        read_folder(folder, dialect, snapshot, &mut room, &mut history)?;
        if history.migrations.len() > known {
            history.problems.extend(lock_problem(folder, project.dialect, snapshot)?);
        }
    }
    if let Some(schema) = connection::schema(project, snapshot)?
        && let Some(first) = history.migrations.first_mut()
        && let Some(place) = first.place.clone()
    {
        first.script = Arc::new(Connected { schema, place, script: Arc::clone(&first.script) });
    }
    let mut parent: Option<String> = None;
    for migration in &mut history.migrations {
        migration.parents = parent.replace(migration.id.clone()).into_iter().collect();
    }
    Ok(history)
}

/// The first script of a history, on a connection that names a schema.
struct Connected {
    schema: ConnectionSchema,
    place: Place,
    script: Arc<dyn Script>,
}

impl Script for Connected {
    fn run(&self, run: &mut Run<'_>) {
        let name = self.schema.name.clone();
        if !self.schema.created {
            let create = Operation::new(OperationKind::CreateSchema(name.clone()), self.place.clone());
            run.apply(create.guarded(Guard::IfAbsent));
        }
        run.apply(Operation::new(OperationKind::SetSearchPath(vec![name]), self.place.clone()));
        self.script.run(run);
    }

    fn fingerprint(&self) -> u64 {
        let name = fingerprint(self.schema.name.as_bytes());
        fingerprint(&[name.to_be_bytes(), self.script.fingerprint().to_be_bytes()].concat())
    }
}

/// What is read of all migrations together, since all of it is held at once. Public repositories come to a hundredth of it.
pub(super) const MAX_TEXT: usize = 24 << 20;

/// The most operations of all migrations together.
const MAX_OPERATIONS: usize = 45_000;

/// What was read so far.
#[derive(Default)]
struct Room {
    text: usize,
    operations: usize,
}

impl Room {
    /// Why no more is read, if that is so.
    fn is_full(&self) -> Option<&'static str> {
        if self.text > MAX_TEXT {
            return Some("the migrations have more text than the 24 MB that are read");
        }
        (self.operations > MAX_OPERATIONS).then_some("the migrations have more statements than are read")
    }
}

fn read_folder(
    folder: &RepoPath,
    dialect: Dialect,
    snapshot: &dyn Snapshot,
    room: &mut Room,
    history: &mut History,
) -> Result<(), SnapshotError> {
    let mut directories: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in snapshot.files()?.under(folder) {
        let Some(rest) = entry.path.strip_prefix(folder) else { continue };
        if let Some((directory, file)) = rest.split_once('/') {
            directories.entry(directory).or_default().push(file);
        }
    }
    for (name, files) in directories {
        let path = folder.join(name);
        if !files.contains(&SCRIPT) {
            match files.iter().find(|file| is_program(file)) {
                Some(program) => history.opaque.extend(read_program(&path.join(program), snapshot)?),
                None => {
                    let problem = without_script(&path, &files);
                    history.problems.extend(problem.filter(|problem| !history.problems.contains(problem)));
                }
            }
            continue;
        }
        let script = path.join(SCRIPT);
        if let Some(reason) = room.is_full() {
            let (source, operations) = unreadable(history, dialect, Source::new(script, ""), reason);
            history.migrations.push(migration(name, path, source, operations));
            continue;
        }
        let (source, operations) = match snapshot.read(&script)? {
            FileText::Text(source) if is_lfs_pointer(&source) => {
                unreadable(history, dialect, source, "the file is a Git LFS pointer, not the script itself")
            }
            FileText::Text(source) => read_script(history, source, dialect),
            FileText::Unreadable(reason) => unreadable(history, dialect, Source::new(script, ""), &reason),
            FileText::Absent => continue,
        };
        room.text += source.text().len();
        room.operations += operations.operations.operations.len();
        history.migrations.push(migration(name, path, source, operations));
    }
    Ok(())
}

/// A migration of one script. What it comes after is settled when all are known.
fn migration(name: &str, path: RepoPath, source: Arc<Source>, script: Arc<Migrate>) -> Migration {
    Migration {
        id: name.to_owned(),
        name: name.to_owned(),
        path,
        place: Some(Place::start_of(&source)),
        source: Some(source),
        script,
        parents: Vec::new(),
        depends_on: Vec::new(),
        labels: Vec::new(),
        message: slug(name),
        parents_place: None,
    }
}

/// Whether a file of a directory without a script is a migration for another runner than Prisma's.
fn is_program(file: &str) -> bool {
    file.strip_prefix("migration.")
        .is_some_and(|extension| matches!(extension, "ts" | "mts" | "js" | "mjs" | "cjs" | "py"))
}

/// A migration that is a program: it moves data, unless it speaks of statements that change tables.
fn read_program(path: &RepoPath, snapshot: &dyn Snapshot) -> Result<Option<Opaque>, SnapshotError> {
    let Some(source) = snapshot.read(path)?.text() else { return Ok(None) };
    let text = source.text().to_ascii_uppercase();
    let changes_tables = [
        "ALTER TABLE",
        "CREATE TABLE",
        "DROP TABLE",
        "ALTER TYPE",
        "CREATE TYPE",
        "CREATE UNIQUE INDEX",
        "CREATE INDEX",
    ]
    .iter()
    .any(|words| text.contains(words));
    let reach = if changes_tables { Reach::Everything } else { Reach::Nothing };
    let reason = "a migration that is a program, for another runner than Prisma's".to_owned();
    Ok(Some(Opaque { place: Place::start_of(&source), reason, reach }))
}

/// What a directory without a script is: nothing, a layout of Prisma 8, or a migration that lost its file.
fn without_script(path: &RepoPath, files: &[&str]) -> Option<HistoryProblem> {
    let problem = |kind, message: String| Some(HistoryProblem { kind, place: None, path: path.clone(), message });
    if files.iter().any(|file| matches!(*file, "migration.json" | "ops.json")) {
        let message = "migrations of Prisma 8 (migration.json, ops.json) are not supported".to_owned();
        return problem(HistoryProblemKind::Unsupported, message);
    }
    if files.contains(&"steps.json") {
        // One problem for the whole folder, which has one such directory for every migration.
        let message =
            "migrations of the experimental Migrate before Prisma 2.13 (steps.json) are not supported".to_owned();
        let path = path.parent().unwrap_or_default();
        return Some(HistoryProblem { kind: HistoryProblemKind::Unsupported, place: None, path, message });
    }
    let speaks_of_itself = |file: &&str| {
        let name = file.rsplit('/').next().unwrap_or(file).to_ascii_lowercase();
        name.starts_with('.') || name.starts_with("readme")
    };
    if files.iter().all(speaks_of_itself) {
        return None;
    }
    problem(HistoryProblemKind::MissingFile, format!("{path} holds no {SCRIPT}: Prisma refuses the whole folder"))
}

/// A migration of Prisma: one transaction where the database is PostgreSQL.
struct Migrate {
    /// The database it is read for.
    dialect: Dialect,
    /// Why it does not parse.
    error: Option<(Place, String)>,
    operations: Operations,
    /// Labels of enums that may be used in the transaction that adds them.
    label_uses: Vec<LabelUse>,
}

impl Script for Migrate {
    fn run(&self, run: &mut Run<'_>) {
        self.operations.run(run);
        for one in &self.label_uses {
            if one.table.as_ref().is_none_or(|table| has_column_of(run.catalog(), table, &one.enumeration)) {
                let (value, name) = (&one.value, &one.enumeration);
                let reason =
                    format!("the value {value} of the enum {name} cannot be used in the transaction that adds it");
                run.refuse(one.place.clone(), reason);
            }
        }
    }

    fn fingerprint(&self) -> u64 {
        self.operations.fingerprint
    }
}

/// Whether a table has a column of an enum.
fn has_column_of(catalog: &Catalog, table: &ObjectName, enumeration: &ObjectName) -> bool {
    let of_enum = |ty: &TypeKind| match ty {
        TypeKind::Named(name) => name.name == enumeration.name,
        _ => false,
    };
    catalog.table(table).is_some_and(|table| table.columns.iter().any(|column| of_enum(&column.ty.kind)))
}

fn read_script(history: &mut History, source: Arc<Source>, dialect: Dialect) -> (Arc<Source>, Arc<Migrate>) {
    let script =
        source.reading(|known: &Migrate| known.dialect == dialect, || Arc::new(Migrate::read(&source, dialect)));
    if let Some((place, reason)) = &script.error {
        history.problems.push(HistoryProblem {
            kind: HistoryProblemKind::Unreadable,
            place: Some(place.clone()),
            path: source.path().clone(),
            message: reason.clone(),
        });
    }
    (source, script)
}

impl Migrate {
    /// Reads a script.
    fn read(source: &Arc<Source>, dialect: Dialect) -> Self {
        let script = sql::read(source, dialect);
        let mut operations = script.operations;
        if let Some((place, reason)) = script.error.clone() {
            operations.push(everything(place, reason));
        }
        let is_postgres = dialect == Dialect::PostgreSql;
        if is_postgres {
            let reason = "a word above it takes the statement out of the transaction for a runner of the project's own";
            let doubt = OperationKind::Opaque { reason: reason.to_owned(), reach: Reach::Nothing };
            let outside = sql::postgres_statements_outside(&operations);
            operations.extend(outside.into_iter().map(|place| Operation::new(doubt.clone(), place)));
        }
        let refusals = if is_postgres { sql::postgres_transaction_refusals(&operations) } else { Vec::new() };
        let label_uses = if is_postgres { sql::postgres_label_uses(&operations) } else { Vec::new() };
        let fingerprint = fingerprint_of(source);
        let operations = Operations { operations, refusals, fingerprint };
        Self { dialect, error: script.error, operations, label_uses }
    }
}

fn unreadable(
    history: &mut History,
    dialect: Dialect,
    source: Arc<Source>,
    reason: &str,
) -> (Arc<Source>, Arc<Migrate>) {
    let place = Place::start_of(&source);
    history.problems.push(HistoryProblem {
        kind: HistoryProblemKind::Unreadable,
        place: Some(place.clone()),
        path: source.path().clone(),
        message: reason.to_owned(),
    });
    let operations = vec![everything(place, reason.to_owned())];
    let fingerprint = fingerprint_of(&source);
    let operations = Operations { operations, refusals: Vec::new(), fingerprint };
    (source, Arc::new(Migrate { dialect, error: None, operations, label_uses: Vec::new() }))
}

/// An operation that may have done anything.
fn everything(place: Place, reason: String) -> Operation {
    Operation::new(OperationKind::Opaque { reason, reach: Reach::Everything }, place)
}

/// A hash of all that decides what a script does: where it stands and its text.
fn fingerprint_of(source: &Source) -> u64 {
    let (path, text) = (fingerprint(source.path().as_str().as_bytes()), fingerprint(source.text().as_bytes()));
    fingerprint(&[path.to_be_bytes(), text.to_be_bytes()].concat())
}

/// Whether a text is what Git LFS stores in place of a file.
pub(crate) fn is_lfs_pointer(source: &Source) -> bool {
    source.text().starts_with("version https://git-lfs.github.com/spec/")
}

/// What stands behind the digits of a directory's name.
fn slug(name: &str) -> Option<String> {
    let rest = name.trim_start_matches(|c: char| c.is_ascii_digit());
    let slug = if rest.len() < name.len() { rest.trim_start_matches(['_', '-']) } else { name };
    (!slug.is_empty()).then(|| slug.to_owned())
}

/// What the lock file of a migrations folder says.
#[derive(Debug, Clone)]
pub enum LockFile {
    /// There is none.
    Absent,
    /// It names a provider.
    Provider {
        /// The provider as written (`postgresql`, `mssql`).
        name: String,
        /// Its database; none for a word that names none driftgate knows.
        dialect: Option<Dialect>,
        /// The line.
        place: Place,
    },
    /// It is there and names none.
    Unreadable(Place),
}

/// Reads the lock file of a project's migrations folder.
///
/// # Errors
/// Where the snapshot cannot be read.
pub fn lock_file(project: &Project, snapshot: &dyn Snapshot) -> Result<LockFile, SnapshotError> {
    match project.migrations.first() {
        Some(folder) => lock_file_in(folder, snapshot),
        None => Ok(LockFile::Absent),
    }
}

/// What is wrong with the lock file of a folder that holds migrations for `dialect`; nothing where that is not known.
fn lock_problem(
    folder: &RepoPath,
    dialect: Option<Dialect>,
    snapshot: &dyn Snapshot,
) -> Result<Option<HistoryProblem>, SnapshotError> {
    let problem = |place: Option<Place>, message: String| {
        let path = folder.join(LOCK_FILE);
        Some(HistoryProblem { kind: HistoryProblemKind::LockMismatch, place, path, message })
    };
    Ok(match (lock_file_in(folder, snapshot)?, dialect) {
        (LockFile::Absent, _) => problem(None, format!("{folder} has no {LOCK_FILE}")),
        (LockFile::Unreadable(place), _) => {
            problem(Some(place), format!("the {LOCK_FILE} in {folder} names no provider"))
        }
        (LockFile::Provider { name, dialect: locked, place }, Some(wanted)) if locked != Some(wanted) => {
            problem(Some(place), format!("the {LOCK_FILE} in {folder} says {name}, and the schema says {wanted}"))
        }
        (LockFile::Provider { .. }, _) => None,
    })
}

/// Reads the lock file of a folder. Quoted or not, the provider stands behind `provider =`; the file of an unfinished
/// merge holds several such lines and is unreadable.
pub(crate) fn lock_file_in(folder: &RepoPath, snapshot: &dyn Snapshot) -> Result<LockFile, SnapshotError> {
    let path = folder.join(LOCK_FILE);
    let source = match snapshot.read(&path)? {
        FileText::Absent => return Ok(LockFile::Absent),
        FileText::Unreadable(_) => return Ok(LockFile::Unreadable(Place::start_of(&Source::new(path, "")))),
        FileText::Text(source) => source,
    };
    let mut found = None;
    let mut offset = 0;
    for line in source.text().split_inclusive('\n') {
        let content = line.trim_end();
        if content.starts_with("<<<<<<<") {
            return Ok(LockFile::Unreadable(Place::start_of(&source)));
        }
        let value =
            content.trim_start().strip_prefix("provider").map(str::trim_start).and_then(|rest| rest.strip_prefix('='));
        if let Some(value) = value {
            let value = value.split('#').next().unwrap_or_default();
            let name = value.trim().trim_matches(['"', '\'']).to_owned();
            let span = crate::source::Span::new(offset, offset + content.len());
            found.get_or_insert((name, span));
        }
        offset += line.len();
    }
    Ok(match found {
        Some((name, span)) => {
            let dialect = super::schema::resolve::provider_dialect(&name);
            LockFile::Provider { name, dialect, place: Place::new(&source, span) }
        }
        None => LockFile::Unreadable(Place::start_of(&source)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::MemorySnapshot;
    use crate::project::EcosystemKind;

    fn project() -> Project {
        Project {
            name: ".".to_owned(),
            ecosystem: EcosystemKind::Prisma,
            dialect: Some(Dialect::PostgreSql),
            root: RepoPath::root(),
            schema: Vec::new(),
            migrations: vec!["prisma/migrations".into()],
            settings: Vec::new(),
            command: "npx prisma".to_owned(),
            facts: BTreeMap::new(),
            parsed: crate::project::Parsed::default(),
        }
    }

    fn history(files: &[(&str, &str)]) -> History {
        read(&project(), &MemorySnapshot::new(files.iter().copied())).expect("memory can be read")
    }

    #[test]
    fn directories_are_migrations_in_byte_order() {
        let history = history(&[
            ("prisma/migrations/migration_lock.toml", "provider = \"postgresql\""),
            ("prisma/migrations/20250102000000_b/migration.sql", ""),
            ("prisma/migrations/20250101000000_a/migration.sql", ""),
            ("prisma/migrations/20250101000000_a/old/migration.sql", ""),
            ("prisma/migrations/20250103_c/migration.sql", ""),
            ("prisma/migrations/notes.md", ""),
            ("prisma/migrations/.keep/.gitkeep", ""),
            ("prisma/other/20250101000000_a/migration.sql", ""),
        ]);
        let ids: Vec<&str> = history.migrations.iter().map(|m| m.id.as_str()).collect();
        assert_eq!(ids, ["20250101000000_a", "20250102000000_b", "20250103_c"]);
        assert_eq!(history.migrations[0].parents, Vec::<String>::new());
        assert_eq!(history.migrations[2].parents, ["20250102000000_b"]);
        assert_eq!(history.migrations[1].path.as_str(), "prisma/migrations/20250102000000_b");
        assert_eq!(history.migrations[1].message.as_deref(), Some("b"));
        assert!(history.problems.is_empty(), "{:?}", history.problems);
    }

    #[test]
    fn directories_without_a_script_are_told() {
        let history = history(&[
            ("prisma/migrations/20250101000000_a/steps.sql", ""),
            ("prisma/migrations/app/migration.json", "{}"),
        ]);
        let kinds: Vec<_> = history.problems.iter().map(|problem| (&problem.kind, problem.path.as_str())).collect();
        assert_eq!(
            kinds,
            [
                (&HistoryProblemKind::MissingFile, "prisma/migrations/20250101000000_a"),
                (&HistoryProblemKind::Unsupported, "prisma/migrations/app"),
            ]
        );
    }

    #[test]
    fn migrations_of_the_experimental_migrate_are_told_once() {
        let history = history(&[
            ("prisma/migrations/20200226120255-a/steps.json", "{}"),
            ("prisma/migrations/20200226120255-a/schema.prisma", ""),
            ("prisma/migrations/20200227035908-b/steps.json", "{}"),
        ]);
        let problems: Vec<_> = history.problems.iter().map(|problem| (&problem.kind, problem.path.as_str())).collect();
        assert_eq!(problems, [(&HistoryProblemKind::Unsupported, "prisma/migrations")]);
    }

    #[test]
    fn programs_for_another_runner_are_opaque() {
        let history = history(&[
            ("prisma/migrations/1_data/migration.ts", "export default () => prisma.user.updateMany({})"),
            ("prisma/migrations/2_ddl/migration.ts", "await client.$executeRaw`ALTER TABLE x ADD y int`"),
        ]);
        assert!(history.problems.is_empty(), "{:?}", history.problems);
        let reach: Vec<&Reach> = history.opaque.iter().map(|opaque| &opaque.reach).collect();
        assert_eq!(reach, [&Reach::Nothing, &Reach::Everything]);
    }

    #[test]
    fn the_lock_must_name_the_provider_of_the_schema() {
        let problems = |lock: Option<&str>| {
            let mut files = vec![("prisma/migrations/1_a/migration.sql", "SELECT 1;")];
            files.extend(lock.map(|lock| ("prisma/migrations/migration_lock.toml", lock)));
            history(&files).problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>()
        };
        assert_eq!(problems(Some("provider = \"postgresql\"\n")), Vec::<String>::new());
        assert_eq!(problems(Some("provider = postgres\n")), Vec::<String>::new());
        assert_eq!(
            problems(Some("provider = \"sqlite\"\n")),
            ["the migration_lock.toml in prisma/migrations says sqlite, and the schema says postgresql"]
        );
        assert_eq!(problems(None), ["prisma/migrations has no migration_lock.toml"]);
        assert_eq!(problems(Some("# empty\n")), ["the migration_lock.toml in prisma/migrations names no provider"]);
    }

    #[test]
    fn a_pointer_of_git_lfs_is_no_script() {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
        let lock = "provider = \"postgresql\"\n";
        let history = history(&[
            ("prisma/migrations/1_a/migration.sql", pointer),
            ("prisma/migrations/migration_lock.toml", lock),
        ]);
        assert_eq!(history.problems.len(), 1);
        assert_eq!(history.problems[0].kind, HistoryProblemKind::Unreadable);
        assert_eq!(history.migrations.len(), 1);
    }

    #[test]
    fn a_connection_with_a_schema_of_its_own_is_replayed_in_it() {
        let history = history(&[
            ("prisma/migrations/1_a/migration.sql", "CREATE TABLE \"A\" (\"id\" int);"),
            ("prisma/migrations/2_b/migration.sql", "ALTER TABLE \"own\".\"A\" ADD COLUMN \"x\" int;"),
        ]);
        let replay = crate::history::replay(&history, Dialect::PostgreSql);
        assert!(replay.migrations.iter().all(|migration| migration.failures.is_empty()), "{:?}", replay.migrations);
        let names: Vec<String> = replay.catalog.tables.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["own.A"]);
    }

    #[test]
    fn fingerprints_tell_place_and_text() {
        let of = |path: &str, text: &str| fingerprint_of(&Source::new(path.into(), text));
        assert_eq!(of("a", "x"), of("a", "x"));
        assert_ne!(of("a", "x"), of("b", "x"));
        assert_ne!(of("a", "x"), of("a", "y"));
    }

    #[test]
    fn slugs_stand_behind_the_stamp() {
        for (name, expected) in [
            ("20250101000000_add_users", Some("add_users")),
            ("20250101000000_", None),
            ("0_init", Some("init")),
            ("init", Some("init")),
        ] {
            assert_eq!(slug(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn lock_files_name_a_provider() {
        let read = |text: &str| {
            let snapshot = MemorySnapshot::new([("prisma/migrations/migration_lock.toml", text)]);
            lock_file(&project(), &snapshot).expect("memory can be read")
        };
        let LockFile::Provider { name, dialect, place } = read("# Do not edit\nprovider = \"mssql\" # x\n") else {
            panic!("a provider")
        };
        assert_eq!((name.as_str(), dialect, place.start().0), ("mssql", Some(Dialect::SqlServer), 2));
        assert!(matches!(read("# nothing"), LockFile::Unreadable(_)));
        assert!(matches!(read("<<<<<<< a\nprovider = \"mysql\"\n"), LockFile::Unreadable(_)));
        let none = MemorySnapshot::new::<&str, &str>([]);
        assert!(matches!(lock_file(&project(), &none), Ok(LockFile::Absent)));
    }
}
