//! What the models declare: `env.py` and all it imports are read, and the tables of its `target_metadata` become a
//! catalog.

mod annotations;
mod catalog;
mod columns;
mod conventions;
mod copies;
mod filters;
mod guessed;
mod host;
mod lost;
mod mapping;
mod packages;
mod plugins;
mod registry;
mod relations;
mod resolve;
mod running;
mod sqlmodel;
mod table;
mod target;
mod versions;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::discover::{self, ini::Ini};
use super::items::Convention;
use super::python::{Imports, Interpreter, SnapshotModules, Value};
use crate::catalog::{Catalog, Dialect, ObjectName, Opaque, Reach};
use crate::git::{FileList, Snapshot, SnapshotError};
use crate::project::{Declared, Parsed, Project, SourceProblem, UnregisteredModel};
use crate::source::{Place, RepoPath, Source};

pub(crate) use conventions::Conventions;
use filters::{Filters, Named};
use host::Recorder;
use mapping::{Mapper, Outcome};
use packages::WithPackages;
use registry::{Meta, MetaKey, address};
use resolve::References;
use table::TableSpec;
use target::Target;

/// Reads what a project declares.
///
/// # Errors
/// Where the snapshot cannot be read.
pub(crate) fn declared(
    project: &Project,
    snapshot: &dyn Snapshot,
    dialect: Dialect,
) -> Result<Declared, SnapshotError> {
    running::in_order(project, snapshot, |first| declared_after(project, snapshot, dialect, first))
}

/// The same, with some modules run first, and how many imports of names that were not there yet there were.
fn declared_after(
    project: &Project,
    snapshot: &dyn Snapshot,
    dialect: Dialect,
    first: &[RepoPath],
) -> Result<(Declared, usize), SnapshotError> {
    let files = snapshot.files()?;
    let modules = SnapshotModules::new(snapshot, discover::python_roots(project, files))?;
    let versions = versions::of(project, snapshot)?;
    let declared = {
        let with_packages = WithPackages::new(&modules);
        let recorder = Recorder::new(&with_packages, project.dialect, options(project, snapshot)?);
        let mut interpreter = Interpreter::new(&with_packages, &recorder, Imports::Eager);
        interpreter.checks_labels = versions.check_labels();
        let mut reading = Reading::new(project, snapshot, files);
        reading.first = first;
        let target = reading.run(&mut interpreter, &recorder)?;
        reading.parse_problems(&modules);
        if !matches!(target, Target::None) {
            reading.doubt_lost(&interpreter, &with_packages)?;
        }
        let filters = Filters::of(&recorder.configured.borrow());
        let foreign = target.foreign();
        let made = modules.read_files().into_iter().find(|file| makes_classes(file.source().text()));
        let named = match &filters {
            None => Named::default(),
            Some(_) => Named::of(project, snapshot, files)?,
        };
        let filtered = filters.as_ref().map(|filters| (filters, &named));
        let mut catalog = reading.catalog(&mut interpreter, &recorder, &target, versions, dialect, filtered);
        catalog.doubts.append(&mut reading.doubts);
        reading.doubt_plugins(&mut catalog)?;
        catalog.made_at_start =
            modules.read_files().iter().any(|file| file.source().text().contains("metadata.create_all("));
        if let Some(base) = foreign.as_ref().filter(|_| catalog.tables.is_empty() && reading.unnamed.is_none()) {
            let reason = format!("target_metadata is that of {base}, which is not in this repository");
            reading.unnamed = Some(Opaque { place: reading.start_place(), reason, reach: Reach::Nothing });
        }
        let imported = reading.models_of_packages(&mut interpreter)?.map(|(place, package)| {
            (place, format!("env.py imports models of {package}, which is not in the repository: it may declare tables of its own"))
        });
        let elsewhere = [
            imported,
            foreign.map(|base| {
                let reason = format!("target_metadata is that of {base}, whose package may declare tables of its own");
                (reading.start_place(), reason)
            }),
            made.map(|file| (Place::start_of(file.source()), "classes with tables are made at run time".to_owned())),
        ];
        for (place, reason) in elsewhere.into_iter().flatten() {
            catalog.open = true;
            // Where no table is known at all, nothing that models declare is.
            let reach = if catalog.tables.is_empty() { Reach::Everything } else { Reach::Nothing };
            catalog.doubts.push(Opaque { place, reason, reach });
        }
        // None of the tables that are there is of the metadata that is compared: whose it is may not have been understood.
        let is_blind =
            catalog.tables.is_empty() && !catalog.doubts.iter().any(|doubt| doubt.reach == Reach::Everything);
        if let Target::Keys(keys) = &target
            && is_blind
            && target::any_tables(&interpreter, &recorder)
            && !target::has_tables(&interpreter, &recorder, keys)
        {
            let reason =
                "no table is found of the metadata that env.py compares, and there are tables of another".to_owned();
            catalog.doubts.push(Opaque { place: reading.start_place(), reason, reach: Reach::Everything });
        }
        let parsed = modules.read_files().into_iter().map(|file| file as Arc<dyn Any + Send + Sync>).collect();
        let declared = Declared {
            catalog,
            problems: reading.problems,
            outdated: reading.outdated,
            unnamed: reading.unnamed,
            parsed: Parsed(parsed),
        };
        (declared, interpreter.missed)
    };
    match modules.into_error() {
        Some(error) => Err(error),
        None => Ok(declared),
    }
}

/// The naming convention of the metadata that the models use, for an `env.py` that takes it from the running application.
///
/// # Errors
/// Where the snapshot cannot be read.
pub(crate) fn convention(project: &Project, snapshot: &dyn Snapshot) -> Result<Convention, SnapshotError> {
    let files = snapshot.files()?;
    let mut any = false;
    for path in discover::below(project, files, &project.root) {
        any = any || snapshot.read(&path)?.text().is_some_and(|source| source.text().contains("naming_convention"));
    }
    if !any {
        return Ok(Convention::default());
    }
    running::in_order(project, snapshot, |first| convention_after(project, snapshot, first))
}

/// The same, with some modules run first, and how many imports of names that were not there yet there were.
fn convention_after(
    project: &Project,
    snapshot: &dyn Snapshot,
    first: &[RepoPath],
) -> Result<(Convention, usize), SnapshotError> {
    let files = snapshot.files()?;
    let modules = SnapshotModules::new(snapshot, discover::python_roots(project, files))?;
    let versions = versions::of(project, snapshot)?;
    let found = {
        let with_packages = WithPackages::new(&modules);
        let recorder = Recorder::new(&with_packages, project.dialect, None);
        let mut interpreter = Interpreter::new(&with_packages, &recorder, Imports::Eager);
        interpreter.checks_labels = versions.check_labels();
        let mut reading = Reading::new(project, snapshot, files);
        reading.first = first;
        reading.run(&mut interpreter, &recorder)?;
        let (tables, _) = reading.tables(&mut interpreter, &recorder, versions);
        let metas = tables.iter().filter_map(|table| table.meta.as_ref());
        let mut main = metas.filter(|meta| !matches!(meta.key, MetaKey::Bind(..)));
        let found = main.find_map(Meta::naming_convention).as_ref().and_then(Convention::of);
        (found.unwrap_or_default(), interpreter.missed)
    };
    match modules.into_error() {
        Some(error) => Err(error),
        None => Ok(found),
    }
}

/// Mapped classes of the compared metadata in modules that nothing `env.py` imports reaches: Alembic never sees them.
///
/// # Errors
/// Where the snapshot cannot be read.
pub(crate) fn unregistered(
    project: &Project,
    snapshot: &dyn Snapshot,
) -> Result<Vec<UnregisteredModel>, SnapshotError> {
    let files = snapshot.files()?;
    let modules = SnapshotModules::new(snapshot, discover::python_roots(project, files))?;
    let versions = versions::of(project, snapshot)?;
    let mut found = Vec::new();
    {
        let with_packages = WithPackages::new(&modules);
        let recorder = Recorder::new(&with_packages, project.dialect, None);
        let mut interpreter = Interpreter::new(&with_packages, &recorder, Imports::Eager);
        interpreter.checks_labels = versions.check_labels();
        let mut reading = Reading::new(project, snapshot, files);
        let Target::Keys(keys) = reading.run(&mut interpreter, &recorder)? else { return Ok(found) };
        // What is imported under a computed name may be any of them.
        if !recorder.unfollowed.borrow().is_empty() {
            return Ok(found);
        }
        let named = recorder.named.borrow().clone();
        let swept = reading.seen.is_some();
        let seen = reading.seen.unwrap_or(interpreter.classes().len());
        let known: BTreeSet<RepoPath> = interpreter.modules().map(|module| module.path.clone()).collect();
        for path in running::all_model_files(project, snapshot, files)? {
            if !known.contains(&path) {
                interpreter.load(&path);
            }
        }
        let mut mapper = Mapper::default();
        let late: Vec<_> = interpreter.classes().iter().skip(seen).cloned().collect();
        for class in late {
            let Outcome::Table(table) = mapper.map(&mut interpreter, &class, versions) else { continue };
            let is_named = || named.iter().any(|dir| class.place.path().is_under(dir));
            if table.meta.as_ref().is_some_and(|meta| keys.contains(&meta.key)) && !is_named() {
                let module = running::imported_as(class.place.path(), files);
                let module = module.unwrap_or_else(|| class.module.to_string());
                let problem = SourceProblem {
                    path: class.place.path().clone(),
                    place: Some(class.place.clone()),
                    message: format!(
                        "the model {} (table {}) is in a module that nothing imported by env.py imports",
                        class.name, table.name
                    ),
                    help: format!("import {module} where env.py takes its models from"),
                };
                let schema = table.schema().and_then(|schema| schema.as_str()).map(|schema| schema.to_string());
                let table = ObjectName { schema, name: table.name.clone() };
                let near = problem.path.is_under(&project.root);
                found.push(UnregisteredModel { table, near, swept, problem });
            }
        }
    }
    found.sort_by(|a, b| (&a.problem.path, &a.problem.message).cmp(&(&b.problem.path, &b.problem.message)));
    match modules.into_error() {
        Some(error) => Err(error),
        None => Ok(found),
    }
}

struct Reading<'a> {
    project: &'a Project,
    snapshot: &'a dyn Snapshot,
    files: &'a FileList,
    /// Modules to run before those that declare tables, where no `env.py` says by which the application begins.
    first: &'a [RepoPath],
    doubts: Vec<Opaque>,
    problems: Vec<SourceProblem>,
    /// See [`Declared::outdated`].
    outdated: Vec<SourceProblem>,
    /// See [`Declared::unnamed`].
    unnamed: Option<Opaque>,
    /// Whether every model that was looked for was read to its end: only then do models contradict each other.
    clean: bool,
    /// The modules that `env.py` itself runs.
    imported: BTreeSet<RepoPath>,
    /// How many classes `env.py` itself brought, where it brought no table and every module was read for want of them.
    seen: Option<usize>,
}

impl<'a> Reading<'a> {
    fn new(project: &'a Project, snapshot: &'a dyn Snapshot, files: &'a FileList) -> Self {
        Self {
            project,
            snapshot,
            files,
            first: &[],
            doubts: Vec::new(),
            problems: Vec::new(),
            outdated: Vec::new(),
            unnamed: None,
            clean: true,
            imported: BTreeSet::new(),
            seen: None,
        }
    }

    /// Alembic is not told what to compare with.
    fn nothing_named(&mut self, reason: &str) {
        let doubt = Opaque { place: self.start_place(), reason: reason.to_owned(), reach: Reach::Everything };
        self.unnamed = Some(doubt.clone());
        self.doubts.push(doubt);
    }

    /// Files that do not parse are problems of their own: then nothing is compared. A file that declares nothing of which
    /// tables are made, and is only imported beside the models, is read as far as it goes.
    fn parse_problems(&mut self, modules: &SnapshotModules<'_>) {
        for (path, reason) in modules.unreadable() {
            self.problems.push(SourceProblem {
                path,
                place: None,
                message: reason,
                help: "make it a UTF-8 text that Python can read".to_owned(),
            });
        }
        for file in modules.read_files() {
            let Some(error) = file.errors().first() else { continue };
            let text = file.source().text();
            let conflict = text.lines().any(|line| line.starts_with("<<<<<<< "))
                && text.lines().any(|line| line.starts_with(">>>>>>> "));
            let is_env = self.project.facts.get(discover::ENV).is_some_and(|env| file.source().path().as_str() == env);
            if !conflict && !is_env && !discover::declares(text) {
                continue;
            }
            let (message, help) = if conflict {
                ("this file has conflict markers".to_owned(), "resolve the conflict".to_owned())
            } else {
                (file.complaint().unwrap_or_default(), "correct the syntax".to_owned())
            };
            let told = if file.is_old() && !conflict { &mut self.outdated } else { &mut self.problems };
            told.push(SourceProblem {
                path: file.source().path().clone(),
                place: Some(Place::new(file.source(), error.span)),
                message,
                help,
            });
        }
    }

    /// Makes the catalog of the target's tables.
    fn catalog(
        &mut self,
        interpreter: &mut Interpreter<'_>,
        recorder: &Recorder<'_>,
        target: &Target,
        versions: annotations::Versions,
        dialect: Dialect,
        filtered: Option<(&Filters, &Named)>,
    ) -> Catalog {
        let start = self.start_place();
        if matches!(target, Target::None) {
            self.nothing_named("env.py names no target_metadata, so there is nothing to compare");
            return Catalog::new(dialect);
        }
        let (mut tables, classes) = self.tables(interpreter, recorder, versions);
        // What another package declares beside the models is not known.
        let clean = self.clean && recorder.unfollowed.borrow().is_empty() && target.foreign().is_none();
        self.doubts.extend(recorder.copies.settle(interpreter, recorder, target, &mut tables, &classes));
        if recorder.versioned.get() {
            self.version_tables(interpreter, &tables, &classes);
        }
        let migrated = self.migrated(interpreter, target, &tables);
        let mut kept: Vec<TableSpec> = Vec::new();
        let mut moved: BTreeMap<usize, usize> = BTreeMap::new();
        for (at, table) in tables.into_iter().enumerate() {
            let wanted = match (&target, &table.meta) {
                (_, Some(meta)) => target.compares(meta) && migrated.as_ref().is_none_or(|key| *key == meta.key),
                // Of a base that is not known.
                (Target::Keys(_), None) => table.doubt.is_some(),
                _ => true,
            };
            let shared = table.meta.as_ref().and_then(|meta| meta.shared.as_deref());
            if !wanted && versions.flask_sqlalchemy.is_none() && shared.is_some_and(|meta| target.compares(meta)) {
                self.doubts.push(Opaque {
                    place: table.place.clone(),
                    reason: "a table with a __bind_key__: Flask-SQLAlchemy keeps it in the metadata of the others before 3.0, \
                             and which version is used is not pinned"
                        .to_owned(),
                    reach: Reach::Table(ObjectName::bare(&table.name)),
                });
            }
            if wanted {
                moved.insert(at, kept.len());
                kept.push(table);
            }
        }
        if self.project.facts.contains_key(discover::FLASK) && matches!(target, Target::All) {
            for table in target::beside_most(&kept) {
                self.doubts.push(Opaque {
                    place: table.place.clone(),
                    reason: "its metadata is another than that of most tables, and Flask-Migrate compares one"
                        .to_owned(),
                    reach: Reach::Table(ObjectName::bare(&table.name)),
                });
            }
        }
        let classes: Vec<(usize, String, usize)> =
            classes.into_iter().filter_map(|(class, name, at)| moved.get(&at).map(|at| (class, name, *at))).collect();
        let references = References::new(&kept, &classes);
        attach(&mut kept, &references, recorder);
        let references = References::new(&kept, &classes);
        if clean {
            let mapped: Vec<_> = interpreter
                .classes()
                .iter()
                .filter_map(|class| {
                    let table = classes.iter().find(|(known, _, _)| *known == address(class)).map(|(_, _, at)| *at)?;
                    Some((std::rc::Rc::clone(class), table))
                })
                .collect();
            // Mappers are configured when the first query is made: Alembic sees the tables all the same.
            for (reason, place) in relations::unlinked(interpreter, &mapped, &kept, &references) {
                self.doubts.push(Opaque { place, reason, reach: Reach::Nothing });
            }
            for (reason, place) in relations::unjoined(&mapped, &kept, &references) {
                self.doubts.push(Opaque {
                    place,
                    reason: format!("SQLAlchemy refuses the models: {reason}"),
                    reach: Reach::Everything,
                });
            }
        }
        let mut catalog = catalog::make(interpreter, &kept, &references, dialect, clean);
        if let Some((filters, named)) = filtered {
            *recorder.declared.borrow_mut() = tables_of(&kept);
            filters.apply(interpreter, &mut catalog, &kept, named, &start);
        }
        catalog
    }

    /// The metadata that Flask-Migrate compares, where tables are of several.
    fn migrated(&self, interpreter: &mut Interpreter<'_>, target: &Target, tables: &[TableSpec]) -> Option<MetaKey> {
        let is_flask = self.project.facts.contains_key(discover::FLASK) && matches!(target, Target::All);
        if !is_flask || target::beside_most(tables).is_empty() {
            return None;
        }
        let paths = discover::below(self.project, self.files, &self.project.root);
        let text = |path| self.snapshot.read(path).ok().and_then(crate::git::snapshot::FileText::text);
        let sources: Vec<Arc<Source>> = paths.iter().filter_map(text).collect();
        target::migrated(interpreter, &sources, tables)
    }

    /// Every table that was declared, and which class is mapped to which.
    fn tables(
        &mut self,
        interpreter: &mut Interpreter<'_>,
        recorder: &Recorder<'_>,
        versions: annotations::Versions,
    ) -> (Vec<TableSpec>, Vec<(usize, String, usize)>) {
        let start = self.start_place();
        let mut tables: Vec<TableSpec> = Vec::new();
        let mut origins: BTreeMap<usize, usize> = BTreeMap::new();
        for (at, made) in recorder.tables.borrow().iter().enumerate() {
            let Some((_, args)) = made.value.call_of() else { continue };
            match TableSpec::of_call(&made.value, args, &start) {
                Ok(mut spec) => {
                    recorder.conventions.settle(spec.meta.as_mut(), None, Some(at));
                    if let Some(unknown) = &made.maybe {
                        spec.doubt = Some((unknown.reason.clone(), unknown.place.clone()));
                    }
                    if let Some(origin) = spec.origin {
                        origins.insert(origin, tables.len());
                    }
                    push_table(&mut tables, spec);
                }
                Err((reason, place)) => self.doubts.push(Opaque { place, reason, reach: Reach::Everything }),
            }
        }
        self.doubts.append(&mut recorder.lost.borrow_mut());
        let mut mapper = Mapper::default();
        let mut classes: Vec<(usize, String, usize)> = Vec::new();
        // Mapping a class may make another: a `declared_attr` of a mixin makes a table for each model that has it.
        let mut position = 0;
        while let Some(class) = interpreter.classes().get(position).cloned() {
            let class = &class;
            position += 1;
            let outcome = mapper.map(interpreter, class, versions);
            let maybe =
                recorder.maybe_classes.borrow().iter().find(|(at, _)| *at == address(class)).map(|(_, u)| u.clone());
            match outcome {
                Outcome::None => {
                    let guessed = guessed::tables(class);
                    // What refers to them is not refused on that account.
                    self.clean = self.clean && guessed.is_empty();
                    self.doubts.extend(guessed);
                }
                Outcome::Table(spec) => {
                    let mut spec = *spec;
                    target::share(&mut spec, versions);
                    recorder.conventions.settle(spec.meta.as_mut(), Some(position - 1), None);
                    if let Some(unknown) = maybe {
                        spec.doubt = Some((unknown.reason.clone(), unknown.place.clone()));
                    }
                    let at = push_table(&mut tables, spec);
                    classes.push((address(class), class.name.to_string(), at));
                }
                Outcome::Given(table) => {
                    let at = registry::symbol_address(&table).and_then(|origin| origins.get(&origin)).copied();
                    if let Some(at) = at {
                        classes.push((address(class), class.name.to_string(), at));
                    }
                }
                Outcome::Joined { ancestor, columns, doubts } => {
                    let Some(at) = classes.iter().find(|(known, _, _)| *known == ancestor).map(|(_, _, at)| *at) else {
                        continue;
                    };
                    classes.push((address(class), class.name.to_string(), at));
                    if let Some(table) = tables.get_mut(at) {
                        for column in columns {
                            if !table.columns.iter().any(|known| known.name == column.name) {
                                table.columns.push(column);
                            }
                        }
                        table.column_doubts.extend(doubts);
                    }
                }
                Outcome::Refused(reason, place) => {
                    // What nothing imports refuses nothing.
                    let apart = class
                        .lookup("__tablename__")
                        .and_then(|name| name.as_str())
                        .filter(|_| !self.may_be_imported(interpreter.modules, class.place.path()));
                    let (reason, reach) = match apart {
                        Some(table) => (
                            format!("SQLAlchemy refuses a model that nothing imports: {reason}"),
                            Reach::Table(ObjectName::bare(&*table)),
                        ),
                        None => (format!("SQLAlchemy refuses the models: {reason}"), Reach::Everything),
                    };
                    self.doubts.push(Opaque { place, reason, reach });
                }
                Outcome::Unnamed(reason) => {
                    // What refers to it is not refused on that account.
                    self.clean = false;
                    self.doubts.extend(guessed::doubts(class, &reason));
                }
                Outcome::Doubt(reason, place) => {
                    self.doubts.push(Opaque { place, reason, reach: Reach::Everything });
                }
            }
        }
        (tables, classes)
    }

    /// The tables that SQLAlchemy-Continuum adds: `x_version` for a model with `__versioned__`, and its transactions.
    fn version_tables(
        &mut self,
        interpreter: &Interpreter<'_>,
        tables: &[TableSpec],
        classes: &[(usize, String, usize)],
    ) {
        let place = self.start_place();
        let mut names: Vec<String> = vec!["transaction".to_owned(), "transaction_changes".to_owned()];
        for class in interpreter.classes() {
            let table = classes.iter().find(|(known, _, _)| *known == address(class)).map(|(_, _, at)| *at);
            if class.lookup("__versioned__").is_some()
                && let Some(table) = table.and_then(|at| tables.get(at))
            {
                names.push(format!("{}_version", table.name));
            }
        }
        // Association tables between versioned models have one each too.
        names.extend(
            tables.iter().filter(|table| table.origin.is_some()).map(|table| format!("{}_version", table.name)),
        );
        for name in names {
            self.doubts.push(Opaque {
                place: place.clone(),
                reason: "a table that SQLAlchemy-Continuum adds".to_owned(),
                reach: Reach::Table(crate::catalog::ObjectName::bare(name)),
            });
        }
    }

    /// The start of `env.py`, for what has no place of its own.
    fn start_place(&self) -> Place {
        let path = self.project.facts.get(discover::ENV).map(RepoPath::new).unwrap_or_default();
        let source = self.snapshot.read(&path).ok().and_then(crate::git::snapshot::FileText::text);
        Place::start_of(&source.unwrap_or_else(|| Source::new(path, "")))
    }
}

/// Adds a table; one of the same name in the same metadata is extended. Its position.
fn push_table(tables: &mut Vec<TableSpec>, spec: TableSpec) -> usize {
    let key = |table: &TableSpec| {
        let schema = table.schema().and_then(|schema| schema.as_str()).map(|schema| schema.to_string());
        (table.meta.as_ref().map(|meta| meta.key.clone()), schema, table.name.clone())
    };
    let wanted = key(&spec);
    match tables.iter().position(|table| key(table) == wanted) {
        Some(at) => {
            if let Some(table) = tables.get_mut(at) {
                for column in spec.columns {
                    table.columns.retain(|known| known.name != column.name);
                    table.columns.push(column);
                }
                table.constraints.extend(spec.constraints);
                table.indexes.extend(spec.indexes);
                table.keyword.extend(spec.keyword);
                table.doubt = table.doubt.take().or(spec.doubt);
            }
            at
        }
        None => {
            tables.push(spec);
            tables.len() - 1
        }
    }
}

/// Puts indexes, columns and constraints that were made beside their table where they belong.
fn attach(tables: &mut [TableSpec], references: &References, recorder: &Recorder<'_>) {
    for (table, item) in recorder.appended.borrow().iter() {
        if let Some(table) = references.table(table).and_then(|at| tables.get_mut(at)) {
            table.add(item);
        }
    }
    // A constraint on columns themselves attaches to their table (`ColumnCollectionConstraint._set_parent`), wherever it is
    // made: in a class body, beside the class.
    for made in recorder.constraints.borrow().iter() {
        let origin = registry::symbol_address(&made.value);
        let held = |value: &Value| registry::symbol_address(value) == origin;
        let known = tables.iter().any(|table| {
            let in_column = |column: &table::TableColumn| {
                column.value.call_of().is_some_and(|(_, args)| args.positional.iter().any(held))
            };
            table.constraints.iter().any(held) || table.columns.iter().any(in_column)
        });
        let Some((path, args)) = made.value.call_of().filter(|_| !known) else { continue };
        // The columns of a foreign key are in a list, and what it refers to is of another table.
        let parts = match path {
            "sqlalchemy.ForeignKeyConstraint" => args.get(0, "columns").and_then(Value::items).unwrap_or_default(),
            _ => args.positional.clone(),
        };
        let mut on: Vec<usize> = parts.iter().filter_map(|part| references.table_in(tables, part, 0)).collect();
        on.dedup();
        // A mixin's columns are copied for each of its classes, and none of the copies has the constraint.
        let [at] = on.as_slice() else { continue };
        if parts.iter().any(|part| references.is_shared(part)) {
            continue;
        }
        if let Some(table) = tables.get_mut(*at) {
            table.constraints.push(made.value.clone());
            if let Some(unknown) = &made.maybe {
                table.doubt.get_or_insert_with(|| (unknown.reason.clone(), unknown.place.clone()));
            }
        }
    }
    for made in recorder.indexes.borrow().iter() {
        let origin = registry::symbol_address(&made.value);
        let known =
            tables.iter().any(|table| table.indexes.iter().any(|index| registry::symbol_address(index) == origin));
        if known {
            continue;
        }
        let Some((_, args)) = made.value.call_of() else { continue };
        let at = match args.keyword("_table") {
            Some(table) => references.table(table),
            None => args.positional.iter().skip(1).find_map(|part| references.table_in(tables, part, 0)),
        };
        if let Some(table) = at.and_then(|at| tables.get_mut(at)) {
            table.indexes.push(made.value.clone());
            if let Some(unknown) = &made.maybe {
                table.doubt.get_or_insert_with(|| (unknown.reason.clone(), unknown.place.clone()));
            }
        }
    }
}

/// The settings with the name of their main section; none where a program makes them, or where `env.py` sets some itself.
fn options(project: &Project, snapshot: &dyn Snapshot) -> Result<Option<(Ini, String)>, SnapshotError> {
    let ini = project.settings.iter().find(|path| path.extension() == Some("ini"));
    let Some(ini) = ini.filter(|_| !discover::is_programmatic(project)) else { return Ok(None) };
    let Some(source) = snapshot.read(ini)?.text() else { return Ok(None) };
    let section = project.facts.get(discover::SECTION).map_or("alembic", String::as_str);
    Ok(Some((Ini::parse(source.text()), section.to_owned())))
}

/// What `metadata.tables` holds, for each metadata.
fn tables_of(tables: &[TableSpec]) -> Vec<(MetaKey, Value)> {
    let mut found: Vec<(MetaKey, Vec<(Value, Value)>)> = Vec::new();
    for table in tables {
        let Some(meta) = &table.meta else { continue };
        let object = filters::table_object(&table.name, table.schema(), table.keyword("info").cloned());
        let entry = (Value::str(table.full_name()), object);
        match found.iter_mut().find(|(key, _)| *key == meta.key) {
            Some((_, entries)) => entries.push(entry),
            None => found.push((meta.key.clone(), vec![entry])),
        }
    }
    found.into_iter().map(|(key, entries)| (key, Value::dict(entries))).collect()
}

/// Whether classes with a table of their own are made by `type(name, bases, {"__tablename__": …})`.
fn makes_classes(text: &str) -> bool {
    ["\"__tablename__\":", "'__tablename__':"].iter().any(|key| text.contains(key))
}

#[cfg(test)]
mod tests;
