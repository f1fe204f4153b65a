//! One revision as a script: its `upgrade()`, run against a catalog.

use std::rc::Rc;
use std::sync::Arc;

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, Stmt};

use crate::alembic::items::Convention;
use crate::alembic::python::{Args, Deferred, Imports, Interpreter, ParsedFile, Stop, Value};
use crate::catalog::operation::{Operation, OperationKind};
use crate::catalog::{Dialect, Reach};
use crate::git::snapshot::fingerprint;
use crate::history::{Run, Script};
use crate::source::Place;

use super::handed::{self, Handed};
use super::host::{Database, what_is_raised};
use super::imports::Store;
use super::{Missing, Patch};

/// What all revisions of a history share.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The database that they run on.
    pub(crate) dialect: Dialect,
    /// Whether that is only supposed: nothing says which it is.
    pub(crate) supposed: bool,
    /// The naming convention of the metadata that `env.py` targets.
    pub(crate) convention: Convention,
    /// The table in which Alembic keeps the revision that a database is at: it is there while a revision runs.
    pub(crate) version_table: String,
    /// The schema of that table, where it is not the default one.
    pub(crate) version_table_schema: Option<String>,
    /// Whether `env.py` computes that schema.
    pub(crate) version_table_computed: bool,
    /// Schemas that `env.py` makes before it runs the revisions.
    pub(crate) schemas: Vec<String>,
    /// Whether a schema that is named and was never made is taken to be there: no revision makes one, or `env.py` makes
    /// some under computed names.
    pub(crate) expects_schemas: bool,
    /// What `env.py` hands to every `upgrade()`.
    pub(crate) handed: Handed,
    /// What `env.py` puts into SQLAlchemy's modules, each with the fingerprint of the file that defines it.
    pub(crate) patched: Vec<(u64, Patch)>,
    /// See [`Interpreter::checks_labels`].
    pub(crate) checks_labels: bool,
}

/// One revision.
pub(crate) struct Revision {
    file: Arc<ParsedFile>,
    store: Arc<Store>,
    settings: Arc<Settings>,
    /// The revision that is missing behind which this one stands, if one is.
    behind: Option<Missing>,
    fingerprint: u64,
}

impl Revision {
    /// The script of a revision's file.
    pub(crate) fn new(
        file: Arc<ParsedFile>,
        store: Arc<Store>,
        settings: Arc<Settings>,
        behind: Option<Missing>,
    ) -> Self {
        let print = store.fingerprint(file.source().path());
        let missing = behind.as_ref().map(|missing| &missing.id);
        let kind = format!("{print:016x} {missing:?} {settings:?}");
        Self { file, store, settings, behind, fingerprint: fingerprint(kind.as_bytes()) }
    }
}

impl Revision {
    /// Runs `upgrade()`.
    fn upgrade(&self, run: &mut Run<'_>) {
        let start = Place::start_of(self.file.source());
        if let Some(error) = self.file.errors().first().filter(|_| !self.file.is_old()) {
            let place = Place::new(self.file.source(), error.span);
            run.apply(opaque("the revision does not parse", Reach::Everything, place));
            return;
        }
        if self.settings.supposed {
            run.suppose_database();
        }
        let database = Database::new(run, &self.settings);
        let mut interpreter = Interpreter::new(&*self.store, &database, Imports::Lazy);
        interpreter.checks_labels = self.settings.checks_labels;
        for (_, patch) in &self.settings.patched {
            if let Some(module) = interpreter.module_at(&patch.file) {
                let name = patch.name.as_str().into();
                interpreter.patched.insert(patch.path.clone(), Value::Deferred(Rc::new(Deferred { module, name })));
            }
        }
        let Some(module) = interpreter.load_through(self.file.source().path()) else { return };
        for doubt in interpreter.doubts().to_vec() {
            database.refuse_or_doubt(&doubt);
        }
        for passed in std::mem::take(&mut interpreter.passed) {
            let what = what_is_raised(&passed.raised);
            // An assertion at the top level ends the revision before it starts.
            if passed.is_sure {
                database.refuse(passed.place, format!("the revision raises {what}"));
                return;
            }
            let reason = format!("the revision raises {what} here, as far as it can be read; what follows is read on");
            database.emit_certain(opaque(reason, Reach::Nothing, passed.place));
        }
        let upgrade = match interpreter.global(&module, "upgrade") {
            Some(Value::Unknown(unknown)) => {
                database.emit_certain(opaque(unknown.reason.clone(), Reach::Everything, unknown.place.clone()));
                return;
            }
            Some(upgrade) => upgrade,
            None => {
                // What stands behind a bound that was reached is not read.
                let defined = self.file.body().iter().find_map(|stmt| match stmt {
                    Stmt::FunctionDef(function) if function.name.as_str() == "upgrade" => Some(&function.name),
                    _ => None,
                });
                match defined {
                    Some(name) => {
                        let place = self.file.place(name);
                        database.emit_certain(opaque("an upgrade() that is not reached", Reach::Everything, place));
                    }
                    None => database.refuse(start, "the revision has no upgrade()"),
                }
                return;
            }
        };
        let place = upgrade.place().unwrap_or(start);
        let mut calls = vec![(upgrade.clone(), Args::default())];
        let mut doubts = Vec::new();
        if let Value::Function(function) = &upgrade {
            let handed = &self.settings.handed;
            // The template for several databases: `upgrade(engine_name)` hands on to `upgrade_<name>()`.
            let mut each = Vec::new();
            if function.required() > 0 && !handed::takes_operations(handed, function) {
                let names = module.names();
                let names = names.iter().filter(|name| name.starts_with("upgrade_"));
                each.extend(names.filter_map(|name| interpreter.global(&module, name)));
            }
            if each.is_empty() || handed::does_operations(&self.file) {
                let (args, unknown) = handed.arguments(function, &place);
                calls = vec![(upgrade.clone(), args)];
                // A dispatcher may be called by a function of `env.py` that is not read.
                doubts = if each.is_empty() { unknown } else { Vec::new() };
            } else {
                calls.clear();
            }
            database.several.set(each.len() > 1);
            calls.extend(each.into_iter().map(|function| (function, Args::default())));
        }
        for doubt in doubts {
            database.emit_certain(doubt);
        }
        for (function, args) in calls {
            match interpreter.call(&function, args, &place) {
                Ok(_) => {}
                Err(Stop::Raise(raised)) => database.raised(&raised, self.file.source().path()),
                Err(Stop::Exhausted(what)) => {
                    database.emit_certain(opaque(what, Reach::Everything, place.clone()));
                }
            }
        }
        for (name, place) in std::mem::take(&mut interpreter.undefined) {
            if place.path() == self.file.source().path() {
                database.refuse(place, format!("the name {name} is not defined"));
            }
        }
    }
}

impl Script for Revision {
    fn run(&self, run: &mut Run<'_>) {
        self.upgrade(run);
        let Some(missing) = &self.behind else { return };
        // What the missing one did to them, and whether this runs before or behind the rest, is not known.
        for table in run.tables() {
            let reason = format!("the table is altered behind the revision {}, which is missing", missing.id);
            run.apply(opaque(reason, Reach::Table(table), missing.place.clone()));
        }
    }

    fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    fn takes_back(&self) -> Vec<String> {
        let mut drops = Drops::default();
        for stmt in self.file.body() {
            if let Stmt::FunctionDef(function) = stmt
                && function.name.as_str() == "downgrade"
            {
                drops.visit_body(&function.body);
            }
        }
        drops.tables
    }
}

/// The tables of `op.drop_table("…")`, by their literal names.
#[derive(Default)]
struct Drops {
    tables: Vec<String>,
}

impl<'a> Visitor<'a> for Drops {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression
            && let Expr::Attribute(attribute) = &*call.func
            && attribute.attr.as_str() == "drop_table"
            && let Some(Expr::StringLiteral(name)) = call.arguments.args.first()
        {
            self.tables.push(name.value.to_str().to_owned());
        }
        walk_expr(self, expression);
    }
}

/// An operation that could not be read.
pub(crate) fn opaque(reason: impl Into<String>, reach: Reach, place: Place) -> Operation {
    Operation::new(OperationKind::Opaque { reason: reason.into(), reach }, place)
}
