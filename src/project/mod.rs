//! Projects: one ORM set-up each, and the seam that every ecosystem fills.
//!
//! A third ecosystem is one new folder with an [`Ecosystem`] in it, and one line in [`ECOSYSTEMS`].

use std::any::Any;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::Serialize;

use crate::catalog::apply::Effect;
use crate::catalog::difference::{Aspect, Difference};
use crate::catalog::{Catalog, Dialect, Name, Object, ObjectName, Opaque, Reach};
use crate::git::{ChangedPath, FileList, Leftover, Snapshot, SnapshotError};
use crate::history::{History, Replay};
use crate::source::{Place, RepoPath, Source};

/// The ecosystems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EcosystemKind {
    /// Prisma: `schema.prisma` and a migrations folder.
    Prisma,
    /// SQLAlchemy models and Alembic revisions.
    Alembic,
}

impl EcosystemKind {
    /// The word in JSON and in the policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prisma => "prisma",
            Self::Alembic => "alembic",
        }
    }
}

/// [`Project::facts`]: folders of migrations, one a line, of other projects that keep the same schema in the same database:
/// what they make is made.
pub(crate) const BESIDE: &str = "migrations-beside";

/// [`Project::facts`]: the settings file that says where the project's schema or its scripts are.
pub(crate) const NAMED_BY: &str = "named-by";

/// [`Project::facts`]: what holds the metadata that the project's tool compares, one name a line: `Base` of `Base.metadata`.
pub(crate) const COMPARED: &str = "compared-metadata";

/// One ORM set-up in a repository.
#[derive(Debug, Clone)]
pub struct Project {
    /// A short name, unique in the repository: from the policy, or the folder (`backend`), or the repository's root (`.`).
    pub name: String,
    /// Whose.
    pub ecosystem: EcosystemKind,
    /// The database it targets; none where nothing says so.
    pub dialect: Option<Dialect>,
    /// The folder its commands are run from: that of `package.json` or `alembic.ini`.
    pub root: RepoPath,
    /// Where the schema is declared: `.prisma` files, or the Python files of the models.
    pub schema: Vec<RepoPath>,
    /// Folders of the migrations: Prisma's migrations folder, Alembic's version locations.
    pub migrations: Vec<RepoPath>,
    /// Files that decide how the rest is read: `package.json`, `prisma.config.ts`, `alembic.ini`, `env.py`.
    pub settings: Vec<RepoPath>,
    /// How its commands are written (`pnpm prisma`, `alembic -c backend/alembic.ini`, `flask db`).
    pub command: String,
    /// Facts that only the ecosystem itself reads, by key.
    pub facts: BTreeMap<&'static str, String>,
    /// What was parsed to find it, held so that reading it need not parse it again.
    pub parsed: Parsed,
}

impl Project {
    /// The database whose rules apply: the one it targets, or PostgreSQL, which most projects target, where nothing says so.
    pub fn dialect(&self) -> Dialect {
        self.dialect.unwrap_or(Dialect::PostgreSql)
    }
}

/// What a path is to a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// A file that declares the schema.
    Schema,
    /// A file of a migration; which one, by the path that stands for it in [`crate::history::Migration::path`], is the ecosystem's to say.
    Migration,
    /// A file that decides how the rest is read.
    Settings,
}

/// What a project declares, read from one snapshot.
#[derive(Debug, Clone)]
pub struct Declared {
    /// The catalog that it asks for; its doubts are the opaque places of the models.
    pub catalog: Catalog,
    /// Why a file could not be read at all: syntax errors, conflict markers. Where there is one, the catalog is not
    /// compared.
    pub problems: Vec<SourceProblem>,
    /// Files of an older language than the one that runs today, which were read all the same.
    pub outdated: Vec<SourceProblem>,
    /// Why the ecosystem's own tool is told of no schema at all, where it is: then it has nothing to compare.
    pub unnamed: Option<Opaque>,
    /// What was parsed on the way, held so that the other side of the change and the next commit need not parse it again.
    #[expect(dead_code, reason = "it is there to be held")]
    pub(crate) parsed: Parsed,
}

/// Parsed files that are held for nothing but being there.
#[derive(Clone, Default)]
pub struct Parsed(pub(crate) Vec<std::sync::Arc<dyn std::any::Any + Send + Sync>>);

impl std::fmt::Debug for Parsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} files", self.0.len())
    }
}

/// A file that could not be read.
#[derive(Debug, Clone)]
pub struct SourceProblem {
    /// The file.
    pub path: RepoPath,
    /// Where in it.
    pub place: Option<Place>,
    /// Why, in a person's words (`this line is a conflict marker`).
    pub message: String,
    /// What mends it.
    pub help: String,
}

/// One side of a change, as far as one project goes.
#[derive(Debug)]
pub struct ProjectState {
    /// What is declared.
    pub declared: Declared,
    /// The migrations.
    pub history: History,
    /// Their replay.
    pub replay: Replay,
    /// What differs.
    pub gap: Vec<Difference>,
    /// Models that the ecosystem's own tool would never see (see [`Ecosystem::unregistered`]).
    pub unregistered: Vec<UnregisteredModel>,
}

/// A mapped class that the ecosystem's own tool would never see.
#[derive(Debug, Clone)]
pub struct UnregisteredModel {
    /// The table that it declares.
    pub table: ObjectName,
    /// Whether it lies below the project's own folder. One that lies beside it may be another project's, which keeps its
    /// tables in another database: it is this one's where these migrations make its table.
    pub near: bool,
    /// Whether no model at all is imported, so that every module with models is taken: what imports them is not known, and
    /// one more of them is like the others.
    pub swept: bool,
    /// What is said of it where it stands.
    pub problem: SourceProblem,
}

impl ProjectState {
    /// Whether the schema could be read, so that the gap means something.
    pub fn is_judged(&self) -> bool {
        self.unread().next().is_none()
    }

    /// The files that could not be read, and on whose account nothing is compared.
    pub fn unread(&self) -> impl Iterator<Item = &RepoPath> {
        let history = self.history.problems.iter().filter(|problem| {
            matches!(
                problem.kind,
                crate::history::HistoryProblemKind::Unreadable | crate::history::HistoryProblemKind::Unsupported
            )
        });
        self.declared.problems.iter().map(|problem| &problem.path).chain(history.map(|problem| &problem.path))
    }

    /// Every opaque place of both sides. What is unknown of a temporary table is no one's concern.
    pub fn opaque(&self) -> impl Iterator<Item = &Opaque> {
        self.opaque_at().map(|(_, opaque)| opaque)
    }

    /// The same, with the position of those of the replay among its doubts.
    fn opaque_at(&self) -> impl Iterator<Item = (Option<usize>, &Opaque)> {
        let replayed = self.replay.catalog.doubts.iter().enumerate().map(|(at, opaque)| (Some(at), opaque));
        let declared = self.declared.catalog.doubts.iter().map(|opaque| (None, opaque));
        let doubts = declared.chain(replayed).chain(self.history.opaque.iter().map(|opaque| (None, opaque)));
        doubts.filter(|(_, opaque)| !opaque.reach.is_temporary())
    }
}

/// What a project looks like to whoever must run its commands.
pub trait Ecosystem: Sync {
    /// Which.
    fn kind(&self) -> EcosystemKind;

    /// What a project of this ecosystem is recognised by, for whoever has none found.
    fn looks_for(&self) -> &'static str;

    /// Whether a changed path could matter to any project of this ecosystem: decided by its name alone, and generously.
    fn may_matter(&self, path: &RepoPath) -> bool;

    /// Finds the projects in a snapshot, sorted by name. `overrides` are the policy's projects of this ecosystem.
    ///
    /// # Errors
    /// Where the snapshot cannot be read.
    fn discover(&self, snapshot: &dyn Snapshot, overrides: &[ProjectOverride]) -> Result<Vec<Project>, SnapshotError>;

    /// What a path is to a project; none where it is nothing to it.
    fn touch(&self, project: &Project, path: &RepoPath) -> Option<Touch>;

    /// Whether a project that is found no more can still be read as it was: what its reading starts from is there.
    fn can_keep(&self, project: &Project, files: &FileList) -> bool {
        let _ = (project, files);
        true
    }

    /// Settles what of a project is but inferred on one side of a change by what is known of it on the other: a change that
    /// says nothing of it does not turn it over.
    fn settle(&self, before: &mut Project, after: &mut Project) {
        let _ = (before, after);
    }

    /// Whether a file that is nothing to the project by its path is about it by its text: a model that nothing imports yet.
    fn concerns(&self, project: &Project, source: &Source) -> bool {
        let _ = (project, source);
        false
    }

    /// Reads what the project declares.
    ///
    /// # Errors
    /// Where the snapshot cannot be read (a file that does not parse is in [`Declared::problems`]).
    fn declared(&self, project: &Project, snapshot: &dyn Snapshot) -> Result<Declared, SnapshotError>;

    /// Mapped classes in modules that nothing reachable from the environment imports: the ecosystem's own tool never sees
    /// them. None where everything that is found is seen.
    ///
    /// # Errors
    /// Where the snapshot cannot be read.
    fn unregistered(
        &self,
        project: &Project,
        snapshot: &dyn Snapshot,
    ) -> Result<Vec<UnregisteredModel>, SnapshotError> {
        let _ = (project, snapshot);
        Ok(Vec::new())
    }

    /// Reads the project's migrations.
    ///
    /// # Errors
    /// Where the snapshot cannot be read.
    fn history(&self, project: &Project, snapshot: &dyn Snapshot) -> Result<History, SnapshotError>;

    /// What differs under the ecosystem's own comparison, sorted by table, kind and name.
    fn compare(&self, project: &Project, declared: &Catalog, replayed: &Catalog) -> Vec<Difference>;

    /// The command that writes a migration for the current schema, under a name where one is asked for.
    fn command_new_migration(&self, project: &Project, name: &str) -> String;
}

/// Every ecosystem there is.
pub const ECOSYSTEMS: &[&dyn Ecosystem] = &[&crate::prisma::Prisma, &crate::alembic::Alembic];

/// A project as the policy names it. What is none is found as without a policy.
#[derive(Debug, Clone, Default)]
pub struct ProjectOverride {
    /// Its name.
    pub name: String,
    /// Its ecosystem, where the policy says it.
    pub ecosystem: Option<EcosystemKind>,
    /// The folder it lives in.
    pub root: Option<RepoPath>,
    /// Schema files or folders, or the models' files and folders.
    pub schema: Vec<RepoPath>,
    /// Migrations folders: Prisma's, or Alembic's script location or version locations.
    pub migrations: Vec<RepoPath>,
    /// The database.
    pub dialect: Option<Dialect>,
    /// Further facts for the ecosystem, by key (`prisma-version`, `compare-server-default`, …).
    pub facts: BTreeMap<&'static str, String>,
}

/// An opaque place that a report speaks of.
#[derive(Debug)]
pub struct Unjudged<'a> {
    /// The place.
    pub opaque: &'a Opaque,
    /// The differences that it could explain, and that are therefore no finding: of a change, those that it brings.
    pub hides: Vec<&'a Difference>,
}

/// A text without what a formatter changes: blanks, the sort of quotes, a comma at the end of a list.
fn without_layout(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if matches!(c, ')' | ']' | '}') && plain.ends_with(',') {
            plain.pop();
        }
        plain.push(if c == '\'' { '"' } else { c });
    }
    plain
}

/// What a doubt has to be about to explain a difference.
fn object_of(difference: &Difference) -> Object<'_> {
    match (&difference.table, &difference.enumeration) {
        (Some(table), _)
            if matches!(
                difference.kind.aspect,
                Aspect::Column | Aspect::Type | Aspect::Nullability | Aspect::Default
            ) =>
        {
            Object::Column(table, &difference.name)
        }
        (Some(table), _)
            if matches!(
                difference.kind.aspect,
                Aspect::Index | Aspect::Unique | Aspect::ForeignKey | Aspect::Check
            ) && !difference.name.is_empty() =>
        {
            Object::Part(table, &difference.name)
        }
        (Some(table), _) => Object::Table(table),
        (None, Some(name)) => Object::Type(name),
        (None, None) => Object::Database,
    }
}

/// A change as one project sees it: what rules are handed.
pub struct ProjectChange<'a> {
    /// The project, as it is after the change.
    pub project: &'a Project,
    /// Its ecosystem.
    pub ecosystem: &'static dyn Ecosystem,
    /// Before; none where the project was not there, or where the whole state is judged.
    pub before: Option<&'a ProjectState>,
    /// After.
    pub after: &'a ProjectState,
    /// The migrations on the tip of the base branch, where the scope has one that differs from before.
    pub base: Option<&'a History>,
    /// The replay of [`Self::base`].
    pub base_replay: Option<&'a Replay>,
    /// The migrations as they would be after a merge: those after the change together with those that [`Self::base`] has
    /// gained since before. None where there is no base.
    pub merged: Option<&'a History>,
    /// Paths of this project that changed, and what they are to it.
    pub touched: Vec<(&'a ChangedPath, Touch)>,
    /// What lies in the working directory at the project's schema and migrations; empty for ranges.
    pub leftovers: &'a [Leftover],
    /// After, with the leftovers among the migrations laid over it. None where there are none.
    pub with_leftovers: Option<&'a ProjectState>,
    /// After, with the leftovers of the schema laid over it. None where there are none.
    pub with_leftovers_schema: Option<&'a ProjectState>,
    /// Whether the whole state is judged (`--all`).
    pub whole_state: bool,
    /// What several rules work out of it.
    pub shared: Shared,
}

/// What is worked out of a change once, and shared by all that ask for it.
#[derive(Default)]
pub struct Shared(RefCell<Vec<Rc<dyn Any>>>);

impl Shared {
    /// The one thing of a type, worked out where nobody has asked before.
    pub(crate) fn get<T: 'static>(&self, make: impl Fn() -> T) -> Rc<T> {
        let known = self.0.borrow().iter().find_map(|one| Rc::clone(one).downcast().ok());
        known.unwrap_or_else(|| {
            let made = Rc::new(make());
            self.0.borrow_mut().push(Rc::clone(&made) as Rc<dyn Any>);
            made
        })
    }
}

impl ProjectChange<'_> {
    /// Differences that the change brought: the gap after without the gap before. What a table lacked before it was renamed
    /// is what it lacks under its new name.
    pub fn new_differences(&self) -> Vec<&Difference> {
        let renamed = self.renamed_differences();
        let old = self.before.iter().flat_map(|state| &state.gap).chain(&renamed);
        let before: BTreeSet<_> = old.map(Difference::identity).collect();
        self.after.gap.iter().filter(|difference| !before.contains(&difference.identity())).collect()
    }

    /// The gap before in the tables that a migration of the change renames, under their new names.
    fn renamed_differences(&self) -> Vec<Difference> {
        let Some(before) = self.before else { return Vec::new() };
        let old: BTreeSet<&str> = before.history.migrations.iter().map(|migration| migration.id.as_str()).collect();
        let new = self.after.replay.migrations.iter().filter(|done| !old.contains(done.id.as_str()));
        let mut names: BTreeMap<&Name, &Name> = BTreeMap::new();
        for effect in new.flat_map(|done| &done.steps).flat_map(|step| &step.effects) {
            if let Effect::TableRenamed { from, to } = effect {
                let first = names.iter().find(|(_, last)| **last == from).map_or(from, |(first, _)| first);
                names.insert(first, to);
            }
        }
        if names.is_empty() {
            return Vec::new();
        }
        let under_new_name = |difference: &Difference| {
            let to = names.get(difference.table.as_ref()?)?;
            (difference.kind.aspect != Aspect::Table)
                .then(|| Difference { table: Some((*to).clone()), ..difference.clone() })
        };
        before.gap.iter().filter_map(under_new_name).collect()
    }

    /// Migrations that the change adds: those whose id was not there before.
    pub fn new_migrations(&self) -> Vec<&crate::history::Migration> {
        let old: BTreeSet<&str> =
            self.before.iter().flat_map(|state| &state.history.migrations).map(|m| m.id.as_str()).collect();
        self.after.history.migrations.iter().filter(|m| !old.contains(m.id.as_str())).collect()
    }

    /// What could not be judged: every opaque place of a whole state; of a change those that it brings, and those that
    /// stand between it and a verdict. A place that was there before is the same place where the lines above it moved.
    pub fn unjudged(&self) -> Vec<Unjudged<'_>> {
        // Files that were renamed: a place in one that is gone is the same place where another file has it.
        let gone: BTreeSet<&RepoPath> = self
            .touched
            .iter()
            .filter(|(path, _)| path.before.is_some() && path.after.is_none())
            .map(|(path, _)| &path.path)
            .collect();
        let added: BTreeSet<&RepoPath> =
            self.touched.iter().filter(|(path, _)| path.before.is_none()).map(|(path, _)| &path.path).collect();
        let key = |opaque: &Opaque| {
            let path = opaque.place.path();
            let is_moved = !gone.is_empty() && (gone.contains(path) || added.contains(path));
            let path = if is_moved { None } else { Some(path.clone()) };
            (path, without_layout(opaque.place.text()), opaque.reason.clone(), opaque.reach.clone())
        };
        let mut known: BTreeMap<_, usize> = BTreeMap::new();
        for opaque in self.before.iter().flat_map(|state| state.opaque()) {
            *known.entry(key(opaque)).or_default() += 1;
        }
        let uncertain: Vec<&Difference> = self.new_differences().into_iter().filter(|d| !d.certain).collect();
        // Twenty thousand places in as many tables: each is held against the differences of its own table.
        let dialect = self.project.dialect();
        let mut of_table: BTreeMap<String, Vec<&Difference>> = BTreeMap::new();
        for difference in &uncertain {
            if let Some(table) = &difference.table {
                of_table.entry(dialect.folded(&table.name)).or_default().push(difference);
            }
        }
        let within = |reach: &Reach| match reach {
            Reach::Nothing => <&[&Difference]>::default(),
            Reach::Table(table) | Reach::Column(table, _) => {
                of_table.get(&dialect.folded(&table.name)).map(Vec::as_slice).unwrap_or_default()
            }
            _ => uncertain.as_slice(),
        };
        // Where nothing is declared, nothing can differ: whatever the schema's files say goes by unseen.
        let blind = self.after.declared.catalog.tables.is_empty() && self.schema_touched();
        let doubts = &self.after.declared.catalog.doubts;
        let cause = doubts.iter().find(|doubt| blind && doubt.reach == Reach::Everything).map(&key);
        let hides_all = |opaque: &Opaque| cause.as_ref().is_some_and(|cause| *cause == key(opaque));
        self.after
            .opaque_at()
            .map(|(at, opaque)| {
                let replayed = &self.after.replay.catalog;
                let explains = |difference: &&Difference| {
                    let object = object_of(difference);
                    // What ran before an object was made says nothing of it.
                    at.is_none_or(|at| replayed.known_since(&object) <= at) && opaque.reach.covers(&object, dialect)
                };
                let hides = within(&opaque.reach).iter().copied().filter(explains);
                Unjudged { opaque, hides: hides.collect() }
            })
            .filter(|one| {
                let was_there = known.get_mut(&key(one.opaque)).is_some_and(|left| {
                    let is_left = *left > 0;
                    *left = left.saturating_sub(1);
                    is_left
                });
                let brought = one.opaque.reach != Reach::Nothing && !was_there;
                self.whole_state || brought || !one.hides.is_empty() || hides_all(one.opaque)
            })
            .collect()
    }

    /// Whether a path that declares the schema changed.
    pub fn schema_touched(&self) -> bool {
        self.touched.iter().any(|(_, touch)| *touch == Touch::Schema)
    }
}
