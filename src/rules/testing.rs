//! Small worlds in which rules are tried: a project before and after, without a repository.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Check, RepositoryChange, RepositoryProject, RuleId, RuleSettings, repository::ChangedFile, run_one};
use crate::catalog::difference::{Aspect, Difference, Side};
use crate::catalog::{Catalog, Column, ColumnType, Dialect, Name, ObjectName, Table};
use crate::finding::{Finding, Level};
use crate::git::snapshot::fingerprint;
use crate::git::{ChangedPath, Leftover, LeftoverKind, ObjectId, Snapshot, SnapshotError};
use crate::history::{History, HistoryProblem, HistoryProblemKind, Migration, Operations, foundation, replay};
use crate::project::{
    Declared, Ecosystem, EcosystemKind, Parsed, Project, ProjectChange, ProjectOverride, ProjectState, Shared,
    SourceProblem, Touch, UnregisteredModel,
};
use crate::source::{Place, RepoPath, Source, Span};

/// What every world starts from.
const USERS: &str = "CREATE TABLE users (id SERIAL PRIMARY KEY, email TEXT NOT NULL, name TEXT, role TEXT);";

/// An ecosystem that knows its files by their folders, as the worlds lay them out.
struct Folders(EcosystemKind);

static PRISMA: Folders = Folders(EcosystemKind::Prisma);
static ALEMBIC: Folders = Folders(EcosystemKind::Alembic);

impl Ecosystem for Folders {
    fn kind(&self) -> EcosystemKind {
        self.0
    }

    fn looks_for(&self) -> &'static str {
        "folders"
    }

    fn may_matter(&self, _: &RepoPath) -> bool {
        true
    }

    fn discover(&self, _: &dyn Snapshot, _: &[ProjectOverride]) -> Result<Vec<Project>, SnapshotError> {
        Ok(Vec::new())
    }

    fn touch(&self, project: &Project, path: &RepoPath) -> Option<Touch> {
        // As the real ones: what lies directly in the folder, or in a folder directly in it.
        let in_migrations =
            project.migrations.iter().filter_map(|dir| path.strip_prefix(dir)).any(|rest| {
                !rest.is_empty() && rest.matches('/').count() <= usize::from(self.0 == EcosystemKind::Prisma)
            });
        if in_migrations {
            Some(Touch::Migration)
        } else if project.schema.contains(path) {
            Some(Touch::Schema)
        } else {
            None
        }
    }

    fn declared(&self, project: &Project, _: &dyn Snapshot) -> Result<Declared, SnapshotError> {
        Ok(Declared {
            catalog: Catalog::new(project.dialect()),
            problems: Vec::new(),
            outdated: Vec::new(),
            unnamed: None,
            parsed: Parsed::default(),
        })
    }

    fn history(&self, _: &Project, _: &dyn Snapshot) -> Result<History, SnapshotError> {
        Ok(History::default())
    }

    /// Columns that a world declares and that are missing: enough for what a change declares anew.
    fn compare(&self, _: &Project, declared: &Catalog, replayed: &Catalog) -> Vec<Difference> {
        let all = declared.tables.values().flat_map(|table| table.columns.iter().map(move |column| (table, column)));
        let missing = all.filter(|(table, column)| {
            let is_declared = column.ty == ColumnType::unknown();
            let there = replayed.tables.get(&table.name);
            is_declared && there.is_none_or(|there| there.columns.iter().all(|other| other.name != column.name))
        });
        let difference = |(table, column): (&Table, &Column)| {
            Difference::new(Side::Missing, Aspect::Column, Some(table.name.clone()), &column.name)
        };
        missing.map(difference).collect()
    }

    fn command_new_migration(&self, _: &Project, name: &str) -> String {
        match self.0 {
            EcosystemKind::Prisma => format!("npx prisma migrate dev --name {name}"),
            EcosystemKind::Alembic => format!("alembic revision --autogenerate -m \"{name}\""),
        }
    }
}

/// One side of a world.
#[derive(Clone)]
struct Half {
    problems: Vec<SourceProblem>,
    history: History,
    gap: Vec<Difference>,
    declared: Catalog,
    unregistered: Vec<UnregisteredModel>,
}

impl Half {
    fn state(&self, before: Option<&ProjectState>, dialect: Dialect) -> ProjectState {
        let mut replay = replay(&self.history, dialect);
        match before {
            Some(before) => {
                let old = (&before.history, &before.replay);
                (replay, _) =
                    foundation::rebuild(old, (&before.declared.catalog, &self.declared), &self.history, replay);
            }
            None => foundation::settle(&self.history, &mut replay, &self.declared),
        }
        ProjectState {
            declared: Declared {
                catalog: self.declared.clone(),
                problems: self.problems.clone(),
                outdated: Vec::new(),
                unnamed: None,
                parsed: Parsed::default(),
            },
            history: self.history.clone(),
            replay,
            gap: self.gap.clone(),
            unregistered: self.unregistered.clone(),
        }
    }
}

/// A project before and after a change.
#[derive(Clone)]
pub(super) struct World {
    project: Project,
    before: Option<Half>,
    after: Half,
    base: Option<History>,
    touched: Vec<(ChangedPath, Touch)>,
    leftovers: Vec<Leftover>,
    with_leftovers: Option<Vec<Difference>>,
    with_leftovers_schema: Option<Vec<Difference>>,
    whole_state: bool,
}

impl World {
    /// A Prisma project on PostgreSQL with one migration.
    pub(super) fn prisma() -> Self {
        Self::new(EcosystemKind::Prisma, "prisma/schema.prisma", "prisma/migrations", "20260105093000_create_users")
    }

    /// An Alembic project on PostgreSQL with one revision.
    pub(super) fn alembic() -> Self {
        Self::new(EcosystemKind::Alembic, "app/models.py", "alembic/versions", "1a2b3c4d5e6f_create_users")
    }

    /// One of each.
    pub(super) fn both() -> [Self; 2] {
        [Self::prisma(), Self::alembic()]
    }

    fn new(ecosystem: EcosystemKind, schema: &str, migrations: &str, first: &str) -> Self {
        let project = Project {
            name: ".".to_owned(),
            ecosystem,
            dialect: Some(Dialect::PostgreSql),
            root: RepoPath::root(),
            schema: vec![RepoPath::new(schema)],
            migrations: vec![RepoPath::new(migrations)],
            settings: Vec::new(),
            command: String::new(),
            facts: BTreeMap::new(),
            parsed: crate::project::Parsed::default(),
        };
        let half = Half {
            problems: Vec::new(),
            history: History { may_have_base: ecosystem == EcosystemKind::Alembic, ..History::default() },
            gap: Vec::new(),
            declared: Catalog::new(Dialect::PostgreSql),
            unregistered: Vec::new(),
        };
        let world = Self {
            project,
            before: None,
            after: half,
            base: None,
            touched: Vec::new(),
            leftovers: Vec::new(),
            with_leftovers: None,
            with_leftovers_schema: None,
            whole_state: false,
        };
        world.new_migration(first, USERS).commit()
    }

    /// The same on another database.
    pub(super) fn on(mut self, dialect: Dialect) -> Self {
        self.project.dialect = Some(dialect);
        self
    }

    /// Everything as it is becomes the state before; the change starts anew.
    pub(super) fn commit(mut self) -> Self {
        self.before = Some(self.after.clone());
        self.touched.clear();
        self
    }

    /// The world as `--all` sees it.
    pub(super) fn whole_state(mut self) -> Self {
        self.before = None;
        self.whole_state = true;
        self
    }

    /// The one or the other, by the world's ecosystem.
    pub(super) fn either<T>(&self, prisma: T, alembic: T) -> T {
        match self.project.ecosystem {
            EcosystemKind::Prisma => prisma,
            EcosystemKind::Alembic => alembic,
        }
    }

    /// A name for a new migration that follows the ecosystem's convention.
    pub(super) fn new_id(&self) -> &'static str {
        match self.project.ecosystem {
            EcosystemKind::Prisma => "20260112090000_add_more",
            EcosystemKind::Alembic => "b2c3d4e5f6a7_add_more",
        }
    }

    /// The schema file.
    pub(super) fn schema_path(&self) -> String {
        self.project.schema[0].to_string()
    }

    /// A place of that text in the schema file.
    pub(super) fn schema_place(&self, text: &str) -> Place {
        let source = Source::new(self.project.schema[0].clone(), text);
        Place::new(&source, Span::new(0, text.len()))
    }

    /// The file of a migration of that name.
    pub(super) fn new_migration_file(&self, name: &str) -> String {
        let dir = &self.project.migrations[0];
        match self.project.ecosystem {
            EcosystemKind::Prisma => format!("{dir}/{name}/migration.sql"),
            EcosystemKind::Alembic => format!("{dir}/{name}.py"),
        }
    }

    /// The start of the file of a migration that is there after the change.
    pub(super) fn migration_place(&self, name: &str) -> Place {
        let migration = self.after.history.migrations.iter().find(|m| m.name == name).expect("there");
        Place::start_of(migration.source.as_ref().expect("text"))
    }

    /// The start of the first migration.
    pub(super) fn old_migration_place(&self) -> Place {
        Place::start_of(self.after.history.migrations[0].source.as_ref().expect("text"))
    }

    fn touch(mut self, path: &str, touch: Touch, before: bool, after: bool) -> Self {
        let id = |there: bool, byte: u8| there.then(|| ObjectId::new(&[byte; 20]));
        let changed = ChangedPath { path: RepoPath::new(path), before: id(before, 1), after: id(after, 2) };
        self.touched.push((changed, touch));
        self
    }

    /// The schema file is edited.
    pub(super) fn touch_schema(self) -> Self {
        let path = self.schema_path();
        self.touch(&path, Touch::Schema, true, true)
    }

    /// A migration of that name is added; what it does is written in SQL, whatever the ecosystem.
    pub(super) fn new_migration(self, name: &str, sql: &str) -> Self {
        let text = match self.project.ecosystem {
            EcosystemKind::Prisma => sql.to_owned(),
            EcosystemKind::Alembic => format!("def upgrade():\n    op.execute(\"\"\"{sql}\"\"\")\n"),
        };
        self.migration(name, &text, sql, Vec::new())
    }

    /// A migration that the database refuses for that reason.
    pub(super) fn refused_migration(self, name: &str, reason: &str) -> Self {
        self.migration(name, "-- refused", "", vec![reason.to_owned()])
    }

    /// A migration is added with a text of its own.
    pub(super) fn migration_text(self, name: &str, text: &str) -> Self {
        self.migration(name, text, "", Vec::new())
    }

    fn migration(mut self, name: &str, text: &str, sql: &str, refusals: Vec<String>) -> Self {
        let parents = self.after.history.migrations.last().map(|last| vec![last.id.clone()]).unwrap_or_default();
        let migration = self.make(name, text, sql, refusals, parents);
        self.after.history.migrations.push(migration);
        if self.project.ecosystem == EcosystemKind::Prisma {
            self.after.history.migrations.sort_by(|a, b| a.id.cmp(&b.id));
        }
        let file = self.new_migration_file(name);
        self.touch(&file, Touch::Migration, false, true)
    }

    fn make(&self, name: &str, text: &str, sql: &str, refusals: Vec<String>, parents: Vec<String>) -> Migration {
        let file = RepoPath::new(self.new_migration_file(name));
        let source = Source::new(file.clone(), text);
        let statements = Source::new(file.clone(), sql);
        let script = crate::sql::read(&statements, self.project.dialect());
        let all_refusals = refusals.into_iter().map(|reason| (Place::start_of(&source), reason));
        let prisma = self.project.ecosystem == EcosystemKind::Prisma;
        let id = if prisma { name } else { revision_id(name) };
        Migration {
            id: id.to_owned(),
            name: name.to_owned(),
            path: if prisma { file.parent().expect("a directory") } else { file },
            script: Arc::new(Operations {
                operations: script.operations,
                refusals: all_refusals.collect(),
                fingerprint: fingerprint(format!("{name}{text}{sql}").as_bytes()),
            }),
            place: Some(Place::start_of(&source)),
            parents_place: Some(Place::start_of(&source)),
            source: Some(source),
            parents,
            depends_on: Vec::new(),
            labels: Vec::new(),
            message: None,
        }
    }

    /// An Alembic revision is added with parents of its own; `name` as in a file name.
    pub(super) fn revision(self, name: &str, parents: &[&str]) -> Self {
        self.revision_with(name, parents, |_| {})
    }

    /// The same, and what else is to be changed of it.
    pub(super) fn revision_with(mut self, name: &str, parents: &[&str], edit: impl FnOnce(&mut Migration)) -> Self {
        let parents = parents.iter().map(|&parent| parent.to_owned()).collect();
        let text = format!("revision = \"{name}\"\n");
        let mut migration = self.make(name, &text, "", Vec::new(), parents);
        edit(&mut migration);
        self.after.history.migrations.push(migration);
        let file = self.new_migration_file(name);
        self.touch(&file, Touch::Migration, false, true)
    }

    /// The migration of that name gets another text, and does what `sql` says.
    pub(super) fn edit_migration(mut self, name: &str, text: &str) -> Self {
        let at = self.after.history.migrations.iter().position(|m| m.name == name).expect("there");
        let parents = self.after.history.migrations[at].parents.clone();
        self.after.history.migrations[at] = self.make(name, text, "", Vec::new(), parents);
        let file = self.new_migration_file(name);
        self.touch(&file, Touch::Migration, true, true)
    }

    /// The migration of that name gets another statement, and does it.
    pub(super) fn rewrite_migration(mut self, name: &str, sql: &str) -> Self {
        let at = self.after.history.migrations.iter().position(|m| m.name == name).expect("there");
        let parents = self.after.history.migrations[at].parents.clone();
        self.after.history.migrations[at] = self.make(name, sql, sql, Vec::new(), parents);
        let file = self.new_migration_file(name);
        self.touch(&file, Touch::Migration, true, true)
    }

    /// The same, and other parents.
    pub(super) fn edit_parents(self, name: &str, text: &str, parents: &[&str]) -> Self {
        let mut world = self.edit_migration(name, text);
        for migration in &mut world.after.history.migrations {
            if migration.name == name {
                migration.parents = parents.iter().map(|&parent| parent.to_owned()).collect();
            }
        }
        world
    }

    /// The migration of that name is gone.
    pub(super) fn delete_migration(mut self, name: &str) -> Self {
        self.after.history.migrations.retain(|migration| migration.name != name);
        let file = self.new_migration_file(name);
        self.touch(&file, Touch::Migration, true, false)
    }

    /// The state after becomes the tip of the base, and the change is what was before.
    pub(super) fn becomes_base(mut self) -> Self {
        self.base = Some(self.after.history.clone());
        self.after = self.before.clone().expect("a state before");
        self.touched.clear();
        self
    }

    /// A difference that is there before.
    pub(super) fn gap_before(mut self, difference: Difference) -> Self {
        if let Some(before) = &mut self.before {
            before.gap.push(difference);
        }
        self
    }

    /// A difference that is there after.
    pub(super) fn gap_after(mut self, difference: Difference) -> Self {
        self.after.gap.push(difference);
        self
    }

    /// A column was declared before the change; a table's first one is its key.
    pub(super) fn declare_before(mut self, table: &str, column: &str) -> Self {
        if let Some(before) = &mut self.before {
            let name = Name::new("public", table);
            let known = before.declared.tables.entry(name.clone()).or_insert_with(|| Table::new(name));
            known.columns.push(Column::new(column, ColumnType::unknown(), true));
            known.primary_key.get_or_insert_with(|| crate::catalog::Key {
                name: None,
                columns: vec![crate::catalog::IndexPart::named(column)],
                clustered: None,
                place: None,
            });
        }
        self
    }

    /// The schema cannot be read, for that reason.
    pub(super) fn schema_problem(mut self, message: &str) -> Self {
        let path = self.project.schema[0].clone();
        self.after.problems.push(SourceProblem {
            path,
            place: None,
            message: message.to_owned(),
            help: "correct it".to_owned(),
        });
        self
    }

    /// A further file of the schema cannot be read.
    pub(super) fn unreadable(mut self, path: &str) -> Self {
        self.after.problems.push(SourceProblem {
            path: RepoPath::new(path),
            place: None,
            message: "this is no Python".to_owned(),
            help: "correct it".to_owned(),
        });
        self
    }

    /// A column is declared after the change, in the schema file.
    pub(super) fn declare(mut self, table: &str, column: &str) -> Self {
        let place = self.schema_place(table);
        let name = Name::new("public", table);
        let known = self.after.declared.tables.entry(name.clone()).or_insert_with(|| Table::new(name));
        known.place = Some(place);
        known.columns.push(Column::new(column, ColumnType::unknown(), true));
        self
    }

    /// Changes what was declared before the change.
    pub(super) fn declared_before(mut self, edit: impl FnOnce(&mut Catalog)) -> Self {
        if let Some(before) = &mut self.before {
            edit(&mut before.declared);
        }
        self
    }

    /// Something is wrong with the history after the change.
    pub(super) fn history_problem(mut self, kind: HistoryProblemKind, path: &str, message: &str) -> Self {
        self.after.history.problems.push(HistoryProblem {
            kind,
            place: None,
            path: RepoPath::new(path),
            message: message.to_owned(),
        });
        self
    }

    /// A revision of that text cannot be read after the change.
    pub(super) fn unreadable_revision(self, path: &str, text: &str) -> Self {
        let mut world = self.history_problem(HistoryProblemKind::Unreadable, path, "it does not parse");
        let place = Place::start_of(&Source::new(RepoPath::new(path), text));
        world.after.history.problems.last_mut().expect("it was pushed").place = Some(place);
        world
    }

    /// A model that nothing reaches is there after the change.
    pub(super) fn unregistered(mut self, path: &str, table: &str, message: &str) -> Self {
        let problem = SourceProblem {
            path: RepoPath::new(path),
            place: None,
            message: message.to_owned(),
            help: "import it".to_owned(),
        };
        self.after.unregistered.push(UnregisteredModel {
            table: ObjectName::bare(table),
            near: true,
            swept: false,
            problem,
        });
        self
    }

    /// Something lies in the working directory.
    pub(super) fn leftover(mut self, path: &str, kind: LeftoverKind) -> Self {
        self.leftovers.push(Leftover { path: RepoPath::new(path), kind });
        self
    }

    /// With the leftovers among the migrations, this gap would be there.
    pub(super) fn with_leftovers(mut self, gap: Vec<Difference>) -> Self {
        self.with_leftovers = Some(gap);
        self
    }

    /// With the leftovers of the schema, this gap would be there.
    pub(super) fn with_leftovers_schema(mut self, gap: Vec<Difference>) -> Self {
        self.with_leftovers_schema = Some(gap);
        self
    }

    /// What a rule says under its default settings; a rule that is off is run as a warning.
    pub(super) fn run(&self, rule: RuleId) -> Vec<Finding> {
        self.run_with(rule, &RuleSettings::default())
    }

    /// Whether a rule says nothing.
    pub(super) fn silent(&self, rule: RuleId) -> bool {
        self.run(rule).is_empty()
    }

    /// What a rule says.
    pub(super) fn run_with(&self, rule: RuleId, settings: &RuleSettings) -> Vec<Finding> {
        let mut settings = settings.clone();
        if settings.level(rule).is_none() {
            settings.levels.insert(rule, Some(Level::Warning));
        }
        assert!(matches!(rule.check(), Check::Project(_)), "{rule} is run on a repository");
        self.with_change(|change| run_one(rule, change, &settings))
    }

    /// The change as rules see it.
    pub(super) fn with_change<T>(&self, look: impl FnOnce(&ProjectChange<'_>) -> T) -> T {
        let dialect = self.project.dialect();
        let before = self.before.as_ref().map(|half| half.state(None, dialect));
        let after = self.after.state(before.as_ref(), dialect);
        let with = |gap: &Option<Vec<Difference>>| {
            gap.as_ref().map(|gap| Half { gap: gap.clone(), ..self.after.clone() }.state(before.as_ref(), dialect))
        };
        let (with_leftovers, with_leftovers_schema) = (with(&self.with_leftovers), with(&self.with_leftovers_schema));
        let base_replay = self.base.as_ref().map(|base| replay(base, dialect));
        let merged = self.base.as_ref().map(|base| {
            let mut merged = self.after.history.clone();
            let known = |id: &str| {
                self.after.history.get(id).is_some()
                    || self.before.as_ref().is_some_and(|before| before.history.get(id).is_some())
            };
            merged.migrations.extend(base.migrations.iter().filter(|m| !known(&m.id)).cloned());
            merged
        });
        let change = ProjectChange {
            project: &self.project,
            ecosystem: match self.project.ecosystem {
                EcosystemKind::Prisma => &PRISMA,
                EcosystemKind::Alembic => &ALEMBIC,
            },
            before: before.as_ref(),
            after: &after,
            base: self.base.as_ref(),
            base_replay: base_replay.as_ref(),
            merged: merged.as_ref(),
            touched: self.touched.iter().map(|(path, touch)| (path, *touch)).collect(),
            leftovers: &self.leftovers,
            with_leftovers: with_leftovers.as_ref(),
            with_leftovers_schema: with_leftovers_schema.as_ref(),
            whole_state: self.whole_state,
            shared: Shared::default(),
        };
        look(&change)
    }
}

/// The revision id in a file name: what stands first, or behind a date or a counter.
fn revision_id(name: &str) -> &str {
    let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = name.split(['_', '-']);
    match parts.next() {
        Some(first) if first.len() == 4 && is_number(&first) => parts.find(|part| !is_number(part)).unwrap_or(first),
        Some(first) => first,
        None => name,
    }
}

/// A certain difference that the engine sees.
pub(super) fn difference(side: Side, aspect: Aspect, table: &str, name: &str) -> Difference {
    Difference::new(side, aspect, Some(Name::new("public", table)), name)
}

/// The same about a column.
pub(super) fn column(side: Side, table: &str, name: &str) -> Difference {
    difference(side, Aspect::Column, table, name)
}

impl Difference {
    /// The same, declared at a place.
    pub(super) fn with_declared_at(mut self, place: &Place) -> Self {
        self.declared_at = Some(place.clone());
        self
    }
}

/// What a change does outside the projects.
pub(super) struct Repository {
    world: World,
    files: Vec<ChangedFile>,
    has_migrations: bool,
    whole_state: bool,
}

impl Repository {
    /// With a Prisma project at its root.
    pub(super) fn prisma() -> Self {
        Self { world: World::prisma(), files: Vec::new(), has_migrations: true, whole_state: false }
    }

    /// With an Alembic project at its root.
    pub(super) fn alembic() -> Self {
        Self { world: World::alembic(), files: Vec::new(), has_migrations: true, whole_state: false }
    }

    /// With a migrations folder of which git holds nothing.
    pub(super) fn without_migrations(mut self) -> Self {
        self.has_migrations = false;
        self
    }

    /// A fact of the project.
    pub(super) fn with_fact(mut self, key: &'static str, value: &str) -> Self {
        self.world.project.facts.insert(key, value.to_owned());
        self
    }

    /// As `--all` sees it.
    pub(super) fn whole_state(mut self) -> Self {
        self.whole_state = true;
        self
    }

    /// A file is added.
    pub(super) fn added(self, path: &str, after: &str) -> Self {
        self.file(path, None, Some(after))
    }

    /// A file is removed.
    pub(super) fn removed(self, path: &str, before: &str) -> Self {
        self.file(path, Some(before), None)
    }

    /// A file is changed.
    pub(super) fn changed(self, path: &str, before: &str, after: &str) -> Self {
        self.file(path, Some(before), Some(after))
    }

    fn file(mut self, path: &str, before: Option<&str>, after: Option<&str>) -> Self {
        let path = RepoPath::new(path);
        let text = |text: Option<&str>| text.map(|text| Source::new(path.clone(), text));
        self.files.push(ChangedFile { before: text(before), after: text(after), path: path.clone() });
        self
    }

    /// What a rule says under its default settings.
    pub(super) fn run(&self, rule: RuleId) -> Vec<Finding> {
        self.run_with(rule, &RuleSettings::default())
    }

    /// Whether a rule says nothing.
    pub(super) fn silent(&self, rule: RuleId) -> bool {
        self.run(rule).is_empty()
    }

    /// What a rule says; of files that the rules would not be given, nothing.
    pub(super) fn run_with(&self, rule: RuleId, settings: &RuleSettings) -> Vec<Finding> {
        let wanted =
            |file: &&ChangedFile| RepositoryChange::reads(&file.path) || settings.documents.matches(&file.path);
        let files: Vec<ChangedFile> = self.files.iter().filter(wanted).cloned().collect();
        let projects = [RepositoryProject {
            project: &self.world.project,
            ecosystem: match self.world.project.ecosystem {
                EcosystemKind::Prisma => &PRISMA,
                EcosystemKind::Alembic => &ALEMBIC,
            },
            history: None,
            has_migrations: self.has_migrations,
            keeps_migrations: self.has_migrations,
        }];
        let change = RepositoryChange { files: &files, projects: &projects, whole_state: self.whole_state };
        let all = super::run_repository(&change, settings);
        all.into_iter().filter(|finding| finding.rule == rule).collect()
    }
}
