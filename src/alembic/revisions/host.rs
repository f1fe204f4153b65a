//! The database and Alembic's context, as a revision sees them while it runs.
//!
//! Objects of the context are library names of their own: `alembic.bind` (a connection), `alembic.inspector`,
//! `alembic.dialect`, `alembic.migration_context`, `alembic.session`, `alembic.rows`. Whatever way a revision gets hold of
//! one, its methods are then found under one path.

use crate::alembic::items::{Reader, Scheme};
use crate::alembic::python::{Args, CallSite, Eval, Host, Interpreter, Raised, Stop, SymbolKind, Text, Unknown, Value};
use crate::alembic::types::Doubt;
use crate::catalog::apply::ApplyError;
use crate::catalog::operation::{ColumnChange, Guard, Operation, OperationKind};
use crate::catalog::types::TypeKind;
use crate::catalog::{Catalog, ColumnType, Dialect, ObjectName, Reach};
use crate::history::Run;
use crate::source::{Place, RepoPath};
use std::cell::{Cell, RefCell};

use super::batch::Batch;
use super::script::{Settings, opaque};

/// Bytes of SQL that one revision may execute in all, the same text each time it is executed.
const SQL: usize = 8 * 1024 * 1024;

/// The host of a revision's run.
pub(crate) struct Database<'d, 'r> {
    run: RefCell<&'d mut Run<'r>>,
    pub(super) settings: &'d Settings,
    /// Batches that are open, innermost last.
    pub(super) batches: RefCell<Vec<Batch>>,
    /// Every `sa.Table(…)` that was made, for `metadata.create_all()`.
    pub(super) tables: RefCell<Vec<Value>>,
    /// Whether the revision is for several databases, which are one catalog here.
    pub(super) several: Cell<bool>,
    /// Bytes of SQL that the revision has executed.
    sql: Cell<usize>,
    /// Errors that were raised to a block that may catch them.
    errors: RefCell<Vec<ApplyError>>,
}

/// The class of an exception, for a person.
pub(super) fn what_is_raised(raised: &Raised) -> String {
    match raised.value.call_of() {
        Some((path, _)) => path.rsplit('.').next().unwrap_or(path).to_owned(),
        None => "an exception that is known only at run time".to_owned(),
    }
}

/// A library's name.
pub(super) fn external(path: &str) -> Value {
    Value::external(path)
}

impl<'d, 'r> Database<'d, 'r> {
    /// A host that works on `run`.
    pub(crate) fn new(run: &'d mut Run<'r>, settings: &'d Settings) -> Self {
        Self {
            run: RefCell::new(run),
            settings,
            batches: RefCell::default(),
            tables: RefCell::default(),
            several: Cell::new(false),
            sql: Cell::new(0),
            errors: RefCell::default(),
        }
    }

    /// Counts SQL that is executed.
    pub(super) fn count_sql(&self, bytes: usize) -> Eval<()> {
        self.sql.set(self.sql.get().saturating_add(bytes));
        if self.sql.get() > SQL { Err(Stop::Exhausted("more SQL than is read of one revision")) } else { Ok(()) }
    }

    /// Asks the catalog as it is.
    pub(super) fn with_catalog<R>(&self, ask: impl FnOnce(&Catalog) -> R) -> R {
        ask(self.run.borrow().catalog())
    }

    /// A reader of schema items for a table.
    pub(super) fn reader<'i, 'h>(
        &self,
        interpreter: &'i mut Interpreter<'h>,
        table: ObjectName,
        place: &Place,
    ) -> Reader<'i, 'h, 'd> {
        Reader {
            interpreter,
            scheme: Scheme {
                dialect: self.settings.dialect,
                convention: &self.settings.convention,
                schema: None,
                columns: None,
            },
            table,
            place: place.clone(),
        }
    }

    /// Records that the database or Alembic refuses.
    pub(super) fn refuse(&self, place: Place, reason: impl Into<String>) {
        self.run.borrow_mut().refuse(place, reason);
    }

    /// Records that something is asked for which is not there.
    pub(super) fn miss(&self, place: Place, what: &'static str, name: &str) {
        self.run.borrow_mut().miss(place, what, name);
    }

    /// A doubt about running the module itself.
    pub(super) fn refuse_or_doubt(&self, doubt: &Unknown) {
        self.emit_certain(opaque(doubt.reason.clone(), Reach::Nothing, doubt.place.clone()));
    }

    /// An exception that nothing catches.
    pub(super) fn raised(&self, raised: &Raised, own: &RepoPath) {
        let path = raised.value.call_of().map(|(path, args)| (path.to_owned(), args.clone()));
        if let Some((path, args)) = path
            && path.starts_with("sqlalchemy.exc.")
        {
            let message = args.positional.first().and_then(Value::as_str).unwrap_or_default();
            // Of a statement in a block that catches something else, or of an inspection: the same as any other statement's.
            let error = self.errors.borrow().iter().rev().find(|error| error.to_string() == *message).cloned();
            match error {
                Some(ApplyError::Missing { what, name }) => self.miss(raised.place.clone(), what, &name),
                _ => self.refuse(raised.place.clone(), message.to_string()),
            }
            return;
        }
        let what = what_is_raised(raised);
        // What the revision itself raises ends the upgrade; what evaluating it came to, or what a module raises that is no
        // part of it (settings that are not there), may be owed to the evaluation.
        if raised.place.path() == own && raised.place.text().trim_start().starts_with("raise") {
            self.refuse(raised.place.clone(), format!("the revision raises {what}"));
            return;
        }
        self.emit_certain(opaque(format!("the revision raises {what}"), Reach::Everything, raised.place.clone()));
    }

    /// Does an operation, whatever conditions the call stands under.
    pub(super) fn emit_certain(&self, operation: Operation) {
        self.run.borrow_mut().apply(operation);
    }

    /// Does an operation of a table that is being rebuilt: nothing in the table holds a column back.
    pub(super) fn rebuild_with(&self, operation: Operation) {
        self.run.borrow_mut().apply_in_rebuild(operation);
    }

    /// Changes what a rebuild changes silently.
    pub(super) fn reshape(&self, name: &ObjectName, change: impl FnOnce(&mut crate::catalog::Table)) {
        self.run.borrow_mut().reshape(name, change);
    }

    /// Pays for work beside the operations themselves; see [`Run::pay`].
    pub(super) fn pay(&self, units: u64, place: &Place) -> Eval<()> {
        let paid = self.run.borrow_mut().pay(units, place);
        if paid { Ok(()) } else { Err(Stop::Exhausted("the revisions change more than is followed")) }
    }

    /// Does operations as the calling statement would: as doubts where it is not known whether it runs, as an exception
    /// where one would be caught.
    pub(super) fn emit(&self, interpreter: &Interpreter<'_>, operations: Vec<Operation>) -> Eval<()> {
        let dropped: Vec<ObjectName> = crate::history::dropped(&operations).into_iter().cloned().collect();
        if dropped.is_empty() {
            return self.emit_each(interpreter, operations);
        }
        self.run.borrow_mut().drop_together(&dropped.iter().collect::<Vec<_>>());
        let done = self.emit_each(interpreter, operations);
        self.run.borrow_mut().drop_together(&[]);
        done
    }

    fn emit_each(&self, interpreter: &Interpreter<'_>, operations: Vec<Operation>) -> Eval<()> {
        for operation in operations {
            self.pay(0, &operation.place)?;
            let operation = self.apart(self.about_own_table(operation));
            if let Some(unknown) = interpreter.maybe() {
                let operation = self.with_catalog(|catalog| of_known_index(catalog, operation));
                for doubt in operation.doubted(&unknown.reason) {
                    self.emit_certain(doubt);
                }
                continue;
            }
            let (catching, handling) = (interpreter.is_catching(), interpreter.is_handling());
            if (catching || handling)
                && let Err((error, is_explained)) = self.tried(&operation)?
            {
                if catching && is_explained {
                    self.emit_certain(Operation { guard: Guard::Tolerant, ..operation });
                    continue;
                }
                if catching {
                    return Err(self.database_error(error, operation.place));
                }
                // Who writes two names knows databases with the one and databases with the other, and of neither how they
                // came to it.
                if let ApplyError::Missing { .. } = error {
                    let reach = operation.table().map_or(Reach::Everything, |table| Reach::Table(table.clone()));
                    let reason = "neither the name that is tried nor the one that its handler tries is there";
                    self.emit_certain(opaque(reason, reach, operation.place));
                    continue;
                }
            }
            self.expect_extensions(&operation);
            self.expect_schemas(&operation);
            if catching {
                self.run.borrow_mut().apply_caught(operation);
            } else {
                self.run.borrow_mut().apply(operation);
            }
        }
        Ok(())
    }

    /// What the database would say to an operation, tried on a copy that is paid for: an error, and whether a doubt could
    /// explain it.
    fn tried(&self, operation: &Operation) -> Eval<Result<(), (ApplyError, bool)>> {
        self.pay(self.with_catalog(Catalog::cost_of_copy), &operation.place)?;
        let mut trial = self.with_catalog(Clone::clone);
        Ok(trial.apply(operation).map(drop).map_err(|error| {
            let is_explained = trial.could_explain(operation, &error);
            (error, is_explained)
        }))
    }

    /// An operation on the table in which Alembic keeps its own state changes nothing that is compared.
    fn about_own_table(&self, mut operation: Operation) -> Operation {
        if let OperationKind::Query(reads) = &mut operation.kind {
            reads.relations.retain(|relation| relation.name != self.settings.version_table);
            return operation;
        }
        let default = self.settings.dialect.default_schema();
        let schema = self.settings.version_table_schema.as_deref().unwrap_or(default);
        let own = operation.table().is_some_and(|table| {
            table.name == self.settings.version_table && table.schema.as_deref().unwrap_or(default) == schema
        });
        let kind =
            if own { OperationKind::Harmless("a statement about Alembic's own table") } else { return operation };
        Operation { kind, ..operation }
    }

    /// A table that two databases of one revision have in common cannot be told apart in one catalog.
    fn apart(&self, operation: Operation) -> Operation {
        let OperationKind::CreateTable(table) = &operation.kind else { return operation };
        if !self.several.get() || self.with_catalog(|catalog| catalog.table(&table.name).is_none()) {
            return operation;
        }
        let reach = Reach::Table(table.name.clone());
        opaque("two databases of this revision have a table of that name", reach, operation.place)
    }

    /// Makes the schema that an operation works in where something other than a revision makes it: `env.py`, or, where no
    /// revision makes any, whoever sets the database up. Then it is said.
    pub(super) fn expect_schemas(&self, operation: &Operation) {
        if !self.settings.dialect.is_postgres_like() {
            return;
        }
        let named = match &operation.kind {
            OperationKind::CreateEnum { name, .. } | OperationKind::CreateType { name, .. } => Some(name),
            OperationKind::CreateSequence { name, .. } | OperationKind::CreateView { name, .. } => Some(name),
            _ => operation.table(),
        };
        let Some(schema) = named.and_then(|name| name.schema.as_deref()) else { return };
        if self.with_catalog(|catalog| catalog.schemas.contains(schema)) {
            return;
        }
        let by_env = self.settings.schemas.iter().any(|made| made == schema);
        if !by_env && !self.settings.expects_schemas {
            return;
        }
        if !by_env {
            let reason = format!("the schema {schema}, which no revision creates: it must be there already");
            self.emit_certain(opaque(reason, Reach::Nothing, operation.place.clone()));
        }
        let kind = OperationKind::CreateSchema(schema.to_owned());
        self.emit_certain(Operation::new(kind, operation.place.clone()).guarded(Guard::IfAbsent));
    }

    /// Takes the extension of a column's type for installed, and says so, where no revision creates it: that takes the
    /// rights of a superuser, so it is often done where the database is set up.
    pub(super) fn expect_extensions(&self, operation: &Operation) {
        let columns: Vec<&ColumnType> = match &operation.kind {
            OperationKind::CreateTable(table) => table.columns.iter().map(|column| &column.column.ty).collect(),
            OperationKind::AddColumn { column, .. } => vec![&column.column.ty],
            OperationKind::AlterColumn { change: ColumnChange::Type { ty, .. }, .. } => vec![ty],
            _ => return,
        };
        if self.settings.dialect != Dialect::PostgreSql {
            return;
        }
        for ty in columns {
            let name = match &ty.kind {
                TypeKind::Named(name) => name.name.clone(),
                TypeKind::Other(text) => text.split('(').next().unwrap_or_default().trim().trim_matches('"').to_owned(),
                _ => continue,
            };
            let Some(extension) = self.with_catalog(|catalog| catalog.missing_extension(&name)) else { continue };
            let reason = format!(
                "the type {name} comes with the extension {extension}, which no revision creates: it must be there \
                 already"
            );
            self.emit_certain(opaque(reason, Reach::Nothing, operation.place.clone()));
            let kind = OperationKind::CreateExtension { name: extension.to_owned(), schema: None, version: None };
            self.emit_certain(Operation::new(kind, operation.place.clone()).guarded(Guard::IfAbsent));
        }
    }

    /// Whether the URL of the database starts with a text: what stands before the driver's name and the colon is known.
    fn url_starts_with(&self, args: &Args) -> Option<Eval<Value>> {
        let wanted = args.positional.first()?.as_str()?.to_lowercase();
        let names: &[&str] = match self.settings.dialect {
            Dialect::PostgreSql => &["postgresql"],
            Dialect::CockroachDb => &["cockroachdb"],
            Dialect::MySql => &["mysql", "mariadb"],
            Dialect::Sqlite => &["sqlite"],
            Dialect::SqlServer => &["mssql"],
            Dialect::Oracle => &["oracle"],
        };
        let word = wanted.split(['+', ':']).next().unwrap_or_default();
        let possible = names.iter().any(|name| name.starts_with(word));
        // MySQL's URL may name MariaDB; which driver it names is not known.
        (!possible || word.len() == wanted.len()).then_some(Ok(Value::Bool(possible)))
    }

    /// What the driver raises: PEP 249 leaves to each which class an error is of.
    fn database_error(&self, error: ApplyError, place: Place) -> Stop {
        let is_missing_table = matches!(&error, ApplyError::Missing { what, .. } if *what == "the table");
        let class = match self.settings.dialect {
            Dialect::Sqlite => "OperationalError",
            // `ER_NO_SUCH_TABLE` (`pymysql/err.py`); most others are operational.
            Dialect::MySql if !is_missing_table => "OperationalError",
            Dialect::Oracle => "DatabaseError",
            _ => "ProgrammingError",
        };
        self.raise(class, error, place)
    }

    /// An exception of SQLAlchemy that stands for an error.
    pub(super) fn raise(&self, class: &str, error: ApplyError, place: Place) -> Stop {
        let args = Args::positional(vec![Value::str(error.to_string())]);
        self.errors.borrow_mut().push(error);
        let callee = Value::external(format!("sqlalchemy.exc.{class}"));
        let value = Value::symbol(SymbolKind::Call { callee, args }, Some(place.clone()));
        Stop::Raise(Raised { value, place })
    }

    /// Opaque operations for what could not be evaluated of a table; a column each where it is about one.
    pub(super) fn doubts(table: &ObjectName, doubts: Vec<(Option<String>, Doubt)>, place: &Place) -> Vec<Operation> {
        doubts
            .into_iter()
            .map(|(column, doubt)| {
                let reach = match column {
                    Some(column) => Reach::Column(table.clone(), column),
                    None => Reach::Table(table.clone()),
                };
                opaque(doubt.reason, reach, doubt.place.unwrap_or_else(|| place.clone()))
            })
            .collect()
    }
}

/// An index that is dropped under a condition by its name alone is that of the table which has it. Where none has, it is one
/// that an earlier run may have left behind, or is in a table of which not all is known already.
fn of_known_index(catalog: &Catalog, mut operation: Operation) -> Operation {
    let OperationKind::DropIndex { name, table: table @ None, .. } = &mut operation.kind else { return operation };
    let has_it = |known: &&crate::catalog::Table| {
        known.indexes.iter().any(|index| index.name.as_deref() == Some(name.name.as_str()))
    };
    *table = catalog.tables.values().find(has_it).map(|known| ObjectName::from(&known.name));
    if table.is_some() {
        return operation;
    }
    opaque("an index that no revision makes is dropped", Reach::Nothing, operation.place)
}

impl Host for Database<'_, '_> {
    fn call(&self, interpreter: &mut Interpreter<'_>, call: &CallSite<'_>) -> Option<Eval<Value>> {
        if let Some(path) = &call.path {
            return self.call_path(interpreter, path, call);
        }
        let (base, name) = call.method()?;
        // `str(bind.engine.url).startswith("mysql")`.
        if name == "startswith"
            && let Some(("builtins.str", args)) = base.call_of()
            && args.positional.first().and_then(Value::path).as_deref() == Some("alembic.url")
        {
            return self.url_starts_with(call.args);
        }
        if let Some(batch) = self.batch_of(base) {
            return Some(self.batch_call(interpreter, batch, name, call.args, call.place));
        }
        self.call_method(interpreter, base, name, call)
    }

    fn attribute(&self, interpreter: &mut Interpreter<'_>, base: &Value, name: &str, place: &Place) -> Option<Value> {
        let path = base.path()?;
        self.context_attribute(interpreter, &path, name, place)
    }

    fn truth(&self, value: &Value) -> Option<bool> {
        match value.call_of() {
            Some(("alembic.answer", args)) => args.positional.first().and_then(Value::as_bool),
            _ => None,
        }
    }

    fn truth_of_name(&self, name: &str) -> Option<bool> {
        crate::alembic::settings::names_database(name, self.settings.dialect)
    }

    fn enter(&self, interpreter: &mut Interpreter<'_>, manager: &Value, place: &Place) -> Option<Value> {
        match manager.call_of() {
            Some(("alembic.op.batch_alter_table", args)) => {
                let batch = Batch::new(manager, args, place);
                self.batches.borrow_mut().push(batch);
                None
            }
            // A transaction or a connection that is opened from a connection is one itself.
            _ => {
                let _ = interpreter;
                matches!(manager.path().as_deref(), Some("alembic.transaction")).then(|| external("alembic.bind"))
            }
        }
    }

    fn exit(&self, interpreter: &mut Interpreter<'_>, manager: &Value, place: &Place) {
        if self.batch_of(manager).is_some() {
            let batch = self.batches.borrow_mut().pop();
            if let Some(batch) = batch {
                self.flush(interpreter, batch, place);
            }
        }
    }
}

impl Database<'_, '_> {
    /// Whether the dialect or the inspector is of a class of SQLAlchemy's: `isinstance(bind.dialect, MySQLDialect)`. Those of
    /// a driver (`PGDialect_asyncpg`) are told where they are of another database.
    fn is_of_class(&self, object: &Value, class: &Value) -> Option<bool> {
        if let Value::Tuple(classes) = class {
            let answers: Vec<Option<bool>> = classes.iter().map(|class| self.is_of_class(object, class)).collect();
            if answers.contains(&Some(true)) {
                return Some(true);
            }
            return answers.iter().all(|answer| *answer == Some(false)).then_some(false);
        }
        let object = object.path()?;
        let class = class.path()?;
        let class = class.rsplit('.').next()?;
        if &*object == "alembic.inspector" {
            return match class {
                "PGInspector" => Some(self.settings.dialect.is_postgres_like()),
                "Inspector" => Some(true),
                _ => None,
            };
        }
        let (base, driver) = class.split_once('_').map_or((class, false), |(base, _)| (base, true));
        let same = match base {
            "PGDialect" => self.settings.dialect.is_postgres_like(),
            "MySQLDialect" | "MariaDBDialect" => self.settings.dialect == Dialect::MySql,
            "SQLiteDialect" => self.settings.dialect == Dialect::Sqlite,
            "MSDialect" => self.settings.dialect == Dialect::SqlServer,
            "OracleDialect" => self.settings.dialect == Dialect::Oracle,
            _ => return None,
        };
        (&*object == "alembic.dialect" && !(same && (driver || base == "MariaDBDialect"))).then_some(same)
    }

    /// A call of a library's name.
    fn call_path(&self, interpreter: &mut Interpreter<'_>, path: &Text, call: &CallSite<'_>) -> Option<Eval<Value>> {
        if let Some(name) = path.strip_prefix("alembic.op.") {
            return self.op(interpreter, name, call);
        }
        if let Some(doubt) = super::handed::called(path, call.place) {
            return Some(
                self.emit(interpreter, vec![doubt])
                    .map(|()| Value::unknown("what env.py hands over", call.place.clone())),
            );
        }
        let first = call.args.positional.first();
        let is_bind = |value: Option<&Value>| value.and_then(Value::path).as_deref() == Some("alembic.bind");
        Some(Ok(match &**path {
            "alembic.context.is_offline_mode" => Value::Bool(false),
            "builtins.isinstance" => Value::Bool(self.is_of_class(first?, call.args.positional.get(1)?)?),
            "alembic.context.get_bind" => external("alembic.bind"),
            "alembic.context.get_context"
            | "alembic.migration.MigrationContext.configure"
            | "alembic.runtime.migration.MigrationContext.configure" => external("alembic.migration_context"),
            // What `-x name=value` gives: nothing, unless somebody types it.
            "alembic.context.get_x_argument" => match call.args.get(0, "as_dictionary").and_then(Value::as_bool) {
                Some(true) => Value::dict([]),
                _ => Value::list(Vec::new()),
            },
            "alembic.operations.Operations" => external("alembic.op"),
            // An engine that a revision makes of the same settings is another way to the same database.
            "sqlalchemy.engine_from_config"
            | "sqlalchemy.engine.engine_from_config"
            | "sqlalchemy.ext.asyncio.async_engine_from_config" => external("alembic.bind"),
            "sqlalchemy.inspect" if is_bind(first) => external("alembic.inspector"),
            "sqlalchemy.engine.Inspector.from_engine" | "sqlalchemy.engine.Inspector" if is_bind(first) => {
                external("alembic.inspector")
            }
            "sqlalchemy.orm.Session"
            | "sqlalchemy.orm.session.Session"
            | "sqlmodel.Session"
            | "sqlalchemy.orm.scoped_session" => external("alembic.session"),
            "sqlalchemy.orm.sessionmaker" => external("alembic.session_factory"),
            "alembic.session_factory" => external("alembic.session"),
            "sqlalchemy.Table" => {
                let table = Value::symbol(
                    SymbolKind::Call { callee: call.callee.clone(), args: call.args.clone() },
                    Some(call.place.clone()),
                );
                self.tables.borrow_mut().push(table.clone());
                table
            }
            "alembic.answer.scalar" | "alembic.rows.scalar" => return None,
            "alembic.url.get_backend_name" => Value::str(self.settings.dialect.as_str()),
            "alembic.url.drivername.startswith" => return self.url_starts_with(call.args),
            path if path.starts_with("alembic.bind.")
                || path.starts_with("alembic.session.")
                || path.starts_with("alembic.inspector.")
                || path.starts_with("alembic.dialect.")
                || path.starts_with("alembic.migration_context.")
                || path.starts_with("alembic.transaction.") =>
            {
                return self.context_call(interpreter, path, call);
            }
            _ => return None,
        }))
    }
}
