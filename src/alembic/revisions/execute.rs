//! Statements that are executed: text, constructs of SQLAlchemy, schema objects that make themselves.

use crate::alembic::expression::Renderer;
use crate::alembic::python::{Args, Eval, Interpreter, SymbolKind, Unknown, Value};
use crate::alembic::types;
use crate::catalog::operation::{DataKind, Guard, Operation, OperationKind};
use crate::catalog::{Dialect, ObjectName, Reach};
use crate::source::Place;

use super::answers::{Answer, answer_method, rows_value};
use super::host::Database;
use super::ops::{Call, data, reason, table_name};
use super::script::opaque;

impl Database<'_, '_> {
    /// `op.execute(…)`, `bind.execute(…)`.
    pub(super) fn execute(&self, interpreter: &mut Interpreter<'_>, args: &Args, place: &Place) -> Eval<Answer> {
        let Some(statement) = args.get(0, "sqltext").or_else(|| args.keyword("statement")) else {
            return Ok(Answer::Rows);
        };
        if let Some(items) = statement.items().filter(|_| matches!(statement, Value::List(_) | Value::Tuple(_))) {
            for item in items {
                self.execute(interpreter, &Args::positional(vec![item]), place)?;
            }
            return Ok(Answer::Rows);
        }
        let statement = unwrapped(statement);
        if let Some(text) = statement_text(&statement) {
            if let Some(answer) = self.catalog_query(&text, args) {
                return Ok(answer);
            }
            self.count_sql(text.len())?;
            for statement in self.read_statements(&text, place) {
                self.emit(interpreter, statement)?;
            }
            return Ok(Answer::Rows);
        }
        let operations = match &statement {
            Value::Unknown(unknown) => match &unknown.shape {
                Some(shape) => self.read_shape(shape, unknown, place),
                None => vec![opaque(
                    format!("a statement that is known only at run time: {}", unknown.reason),
                    Reach::Everything,
                    place.clone(),
                )],
            },
            other => self.construct(interpreter, other, place),
        };
        self.emit(interpreter, operations)?;
        Ok(Answer::Rows)
    }

    /// The operations of SQL text.
    fn read_sql(&self, text: &str, place: &Place) -> Vec<Operation> {
        // In `text()` a colon is written `\:`.
        let text = text.replace("\\:", ":");
        let script = crate::sql::read_text(&text, place, self.settings.dialect);
        let mut operations = script.operations;
        if let Some((_, reason)) = script.error {
            operations.push(opaque(reason, Reach::Everything, place.clone()));
        }
        operations
    }

    /// The operations of SQL text; where it drops several things, of each statement by itself, since what one statement
    /// drops goes together.
    fn read_statements(&self, text: &str, place: &Place) -> Vec<Vec<Operation>> {
        let mut operations = self.read_sql(text, place);
        let drops = |operation: &Operation| {
            matches!(operation.kind, OperationKind::DropTable { .. } | OperationKind::DropView { .. })
        };
        if operations.iter().filter(|operation| drops(operation)).count() < 2 {
            return vec![operations];
        }
        let mut groups = Vec::new();
        for statement in crate::sql::statements(text, self.settings.dialect) {
            let made = self.read_sql(statement, place);
            // The drops of one statement and what stands before them.
            let mut left = made.iter().filter(|operation| drops(operation)).count();
            if left == 0 {
                continue;
            }
            let mut group = Vec::new();
            while left > 0 && !operations.is_empty() {
                let operation = operations.remove(0);
                let is_drop = drops(&operation);
                if !is_drop && !group.is_empty() {
                    groups.push(std::mem::take(&mut group));
                }
                if is_drop {
                    left -= 1;
                    group.push(operation);
                } else {
                    groups.push(vec![operation]);
                }
            }
            groups.push(group);
        }
        groups.push(operations);
        groups
    }

    /// The operations of SQL text of which parts are unknown: statements about rows are that whatever the parts are,
    /// others are in doubt about what they name.
    fn read_shape(&self, shape: &str, unknown: &std::rc::Rc<Unknown>, place: &Place) -> Vec<Operation> {
        const PART: &str = "unknown_part";
        let text = shape.replace(Unknown::GAP, PART);
        let head = text.split_whitespace().next().unwrap_or_default().to_uppercase();
        if text.trim() == PART || head.contains(&PART.to_uppercase()) {
            return vec![opaque(
                format!("a statement that is known only at run time: {}", unknown.reason),
                Reach::Everything,
                place.clone(),
            )];
        }
        self.read_sql(&text, place)
            .into_iter()
            .flat_map(|operation| match &operation.kind {
                OperationKind::Data { table, .. } if table.name.contains(PART) => {
                    vec![Operation::new(OperationKind::Harmless("a statement about rows"), operation.place.clone())]
                }
                // What an unknown part says besides may be of any table.
                OperationKind::Query(_) => {
                    vec![Operation::new(OperationKind::Harmless("a query"), operation.place.clone())]
                }
                _ => {
                    let doubts = operation.doubted(&unknown.reason);
                    let is_hidden = |doubt: &Operation| format!("{:?}", doubt.kind).contains(PART);
                    let hides_effect = doubts.iter().any(|doubt| match &doubt.kind {
                        OperationKind::Opaque { reach, .. } => *reach != Reach::Nothing && is_hidden(doubt),
                        _ => false,
                    });
                    if hides_effect {
                        return vec![opaque(unknown.reason.clone(), Reach::Everything, place.clone())];
                    }
                    // A trigger or a comment on a table that is not known is nothing that is compared.
                    let told = doubts.into_iter().map(|doubt| {
                        if is_hidden(&doubt) {
                            Operation::new(OperationKind::Harmless("a statement on what is not known"), doubt.place)
                        } else {
                            doubt
                        }
                    });
                    told.collect()
                }
            })
            .collect()
    }

    /// The operations of a statement that is built of SQLAlchemy's objects.
    fn construct(&self, interpreter: &mut Interpreter<'_>, statement: &Value, place: &Place) -> Vec<Operation> {
        if super::queries::is_orm_query(statement) {
            return vec![Operation::new(OperationKind::Harmless("a query"), place.clone())];
        }
        if let Some(operation) = rows(statement, self.settings.dialect, place) {
            return vec![operation];
        }
        let Some((path, args)) = statement.call_of() else {
            let what = match statement {
                Value::Instance(instance) => format!("a statement made by the class {}", instance.class.name),
                other => format!("a statement that cannot be read: {other:?}"),
            };
            return vec![opaque(what, Reach::Everything, place.clone())];
        };
        let first = args.get(0, "element");
        let name = path.strip_prefix("sqlalchemy.").unwrap_or(path);
        let op = |kind: OperationKind| vec![Operation::new(kind, place.clone())];
        let guard = |operations: Vec<Operation>, flag: &str, guard: Guard| {
            let guarded = args.keyword(flag).and_then(Value::as_bool) == Some(true);
            if guarded { operations.into_iter().map(|one| one.guarded(guard)).collect() } else { operations }
        };
        match (name, first) {
            ("CreateTable", Some(table)) => {
                let guard = if args.keyword("if_not_exists").and_then(Value::as_bool) == Some(true) {
                    Guard::IfAbsent
                } else {
                    Guard::None
                };
                self.table_object(interpreter, table, guard, place)
            }
            ("DropTable", Some(table)) => match table_name(table) {
                Some(name) => {
                    guard(op(OperationKind::DropTable { name, cascade: false }), "if_exists", Guard::IfPresent)
                }
                None => vec![opaque(reason(Some(table), "a table that is dropped"), Reach::Everything, place.clone())],
            },
            ("CreateSequence", Some(sequence)) => match crate::alembic::items::sequence_name(sequence) {
                Some(name) => {
                    guard(op(OperationKind::CreateSequence { name, owned_by: None }), "if_not_exists", Guard::IfAbsent)
                }
                None => vec![opaque("a sequence without a name", Reach::Nothing, place.clone())],
            },
            ("DropSequence", Some(sequence)) => match crate::alembic::items::sequence_name(sequence) {
                Some(name) => {
                    guard(op(OperationKind::DropSequence { name, cascade: false }), "if_exists", Guard::IfPresent)
                }
                None => vec![opaque("a sequence without a name", Reach::Nothing, place.clone())],
            },
            ("CreateSchema", Some(schema)) => match schema.as_str() {
                Some(schema) => {
                    guard(op(OperationKind::CreateSchema(schema.to_string())), "if_not_exists", Guard::IfAbsent)
                }
                None => vec![opaque("a schema whose name is computed", Reach::Nothing, place.clone())],
            },
            ("DropSchema", Some(schema)) => match schema.as_str() {
                Some(name) => {
                    let cascade = args.keyword("cascade").and_then(Value::as_bool) == Some(true);
                    guard(
                        op(OperationKind::DropSchema { name: name.to_string(), cascade }),
                        "if_exists",
                        Guard::IfPresent,
                    )
                }
                None => vec![opaque("a schema whose name is computed", Reach::Everything, place.clone())],
            },
            ("CreateIndex" | "AddConstraint" | "DropIndex" | "DropConstraint", item) => {
                vec![opaque(reason(item, &format!("{name} of an object")), Reach::Everything, place.clone())]
            }
            ("select" | "Select" | "text" | "func" | "literal", _) => Vec::new(),
            _ if name.starts_with("func.") => Vec::new(),
            _ => vec![opaque(
                reason(Some(statement), &format!("a statement made by {path}()")),
                Reach::Everything,
                place.clone(),
            )],
        }
    }

    /// `Table(…).create(bind)`, `CreateTable(Table(…))`.
    pub(super) fn table_object(
        &self,
        interpreter: &mut Interpreter<'_>,
        table: &Value,
        guard: Guard,
        place: &Place,
    ) -> Vec<Operation> {
        let Some(("sqlalchemy.Table", args)) = table.call_of() else {
            let reach = table_name(table).map_or(Reach::Everything, Reach::Table);
            return vec![opaque(
                reason(Some(table), "a table that is made as the models declare it today"),
                reach,
                place.clone(),
            )];
        };
        let Some(name) = table_name(table) else {
            return vec![opaque("a table whose name is computed", Reach::Everything, place.clone())];
        };
        let items: Vec<Value> =
            args.positional.iter().skip(1).filter(|item| !is_metadata(item) && !item.is_none()).cloned().collect();
        self.make_table(interpreter, &name, &items, &args.keyword, guard, place)
    }

    /// A method of a symbol: of a batch's table, an enum, a table, a `MetaData`, rows.
    pub(super) fn call_method(
        &self,
        interpreter: &mut Interpreter<'_>,
        base: &Value,
        name: &str,
        site: &crate::alembic::python::CallSite<'_>,
    ) -> Option<Eval<Value>> {
        let place = site.place;
        let done = |result: Eval<()>| Some(result.map(|()| Value::None));
        if let Some(("alembic.answer", args)) = base.call_of() {
            return Some(Ok(answer_method(args, name, place)));
        }
        let checkfirst = site.args.get(1, "checkfirst").and_then(Value::as_bool);
        match name {
            "create" | "drop" if types::is_type(base) => {
                let operations = self.enum_object(interpreter, base, name == "create", checkfirst, place);
                done(self.emit(interpreter, operations))
            }
            "create" | "drop" if matches!(base.call_of(), Some(("sqlalchemy.Sequence", _))) => {
                let name_of = crate::alembic::items::sequence_name(base)?;
                let (kind, guard) = if name == "create" {
                    (OperationKind::CreateSequence { name: name_of, owned_by: None }, Guard::IfAbsent)
                } else {
                    (OperationKind::DropSequence { name: name_of, cascade: false }, Guard::IfPresent)
                };
                done(self.emit(interpreter, vec![Operation::new(kind, place.clone()).guarded(guard)]))
            }
            "create" | "drop" if is_table(base) => {
                // `Table.create()` looks first only where it is asked to (`checkfirst=False`).
                let looks = checkfirst == Some(true);
                let operations = if name == "create" {
                    self.table_object(interpreter, base, if looks { Guard::IfAbsent } else { Guard::None }, place)
                } else {
                    match table_name(base) {
                        Some(name) => {
                            let guard = if looks { Guard::IfPresent } else { Guard::None };
                            let kind = OperationKind::DropTable { name, cascade: false };
                            vec![Operation::new(kind, place.clone()).guarded(guard)]
                        }
                        None => vec![opaque("a table that is dropped", Reach::Everything, place.clone())],
                    }
                };
                done(self.emit(interpreter, operations))
            }
            "create_all" if is_metadata(base) => {
                let operations = self.create_all(interpreter, base, site.args, place);
                done(self.emit(interpreter, operations))
            }
            "drop_all" if is_metadata(base) => {
                let doubt = opaque("drop_all() of the models", Reach::Everything, place.clone());
                done(self.emit(interpreter, vec![doubt]))
            }
            // An index or constraint of a table that makes itself.
            "create" | "drop" if matches!(base.call_of(), Some(("sqlalchemy.Index", _))) => {
                let operations = self.index_object(interpreter, base, name == "create", place);
                done(self.emit(interpreter, operations))
            }
            // A statement that executes itself, or a connection that was made out of another.
            "execute" | "exec_driver_sql" | "scalar" | "scalars" if starts_at_bind(base) => {
                Some(self.execute(interpreter, site.args, place).map(|_| rows_value(place)))
            }
            _ => None,
        }
    }

    /// `Enum(…).create(bind)` and `.drop(bind)`. PostgreSQL's `ENUM` looks whether the type is there unless it is told
    /// not to; the generic `Enum` looks only where it is told to (`SchemaType.create`, `NamedType.create`).
    fn enum_object(
        &self,
        interpreter: &mut Interpreter<'_>,
        base: &Value,
        create: bool,
        checkfirst: Option<bool>,
        place: &Place,
    ) -> Vec<Operation> {
        if !self.settings.dialect.is_postgres_like() {
            return Vec::new();
        }
        if let Some(name) = types::enum_name(base).filter(|_| !create) {
            let looks = checkfirst.unwrap_or_else(|| is_of_dialect(base));
            let operation = Operation::new(OperationKind::DropType { name, cascade: false }, place.clone());
            return vec![if looks { operation.guarded(Guard::IfPresent) } else { operation }];
        }
        let ty = types::column_type(interpreter, base, self.settings.dialect);
        let Some(enumeration) = ty.enumeration else {
            let doubt = ty.unknown.map_or_else(|| "a type that makes itself".to_owned(), |doubt| doubt.reason);
            let name = base.call_of().and_then(|(_, args)| args.keyword("name")).and_then(Value::as_str);
            let reach = name.map_or(Reach::Everything, |name| Reach::Type(ObjectName::bare(&*name)));
            return vec![opaque(doubt, reach, place.clone())];
        };
        let looks = checkfirst.unwrap_or_else(|| is_of_dialect(base));
        let (kind, guard) = if create {
            (OperationKind::CreateEnum { name: enumeration.name, labels: enumeration.labels }, Guard::IfAbsent)
        } else {
            (OperationKind::DropType { name: enumeration.name, cascade: false }, Guard::IfPresent)
        };
        let operation = Operation::new(kind, place.clone());
        vec![if looks { operation.guarded(guard) } else { operation }]
    }

    /// `Index("x", table.c.a).create(bind)`.
    fn index_object(
        &self,
        interpreter: &mut Interpreter<'_>,
        base: &Value,
        create: bool,
        place: &Place,
    ) -> Vec<Operation> {
        let Some((_, args)) = base.call_of() else { return Vec::new() };
        let name = args.positional.first().and_then(Value::as_str);
        let table = args.positional.iter().skip(1).find_map(|part| {
            let Value::Symbol(symbol) = part else { return None };
            let SymbolKind::Attribute { base: Value::Symbol(collection), .. } = &symbol.kind else { return None };
            let SymbolKind::Attribute { base: table, .. } = &collection.kind else { return None };
            table_name(table)
        });
        let (Some(name), Some(table)) = (name, table) else {
            return vec![opaque("an index that makes itself", Reach::Everything, place.clone())];
        };
        if !create {
            let kind = OperationKind::DropIndex {
                name: ObjectName { schema: table.schema.clone(), name: name.to_string() },
                table: None,
                concurrently: false,
                cascade: false,
                beside: Vec::new(),
            };
            return vec![Operation::new(kind, place.clone())];
        }
        let mut list = args.clone();
        let columns: Vec<Value> = list.positional.split_off(1.min(list.positional.len()));
        list.positional.push(Value::str(&table.name));
        list.positional.push(Value::list(columns));
        if let Some(schema) = &table.schema {
            list.keyword.push(("schema".into(), Value::str(schema)));
        }
        let call = Call { args: &list, place, batch: false };
        self.create_index(interpreter, &call).unwrap_or_else(|unread| vec![unread])
    }

    /// `metadata.create_all(bind)`: the tables of that metadata that the revision made; those of the models are not
    /// known here as they were when the revision was written.
    fn create_all(
        &self,
        interpreter: &mut Interpreter<'_>,
        metadata: &Value,
        args: &Args,
        place: &Place,
    ) -> Vec<Operation> {
        let listed = args.get(1, "tables").and_then(Value::items);
        let own: Vec<Value> = match listed {
            Some(tables) => tables,
            None => self
                .tables
                .borrow()
                .iter()
                .filter(|table| {
                    table.call_of().and_then(|(_, args)| args.positional.get(1)).is_some_and(|own| own.same(metadata))
                })
                .cloned()
                .collect(),
        };
        let made_here = matches!(metadata.call_of(), Some(("sqlalchemy.MetaData", _)));
        if own.is_empty() && !made_here {
            return vec![opaque(
                "create_all() makes the tables as the models declare them today",
                Reach::Everything,
                place.clone(),
            )];
        }
        own.iter().flat_map(|table| self.table_object(interpreter, table, Guard::IfAbsent, place)).collect()
    }
}

/// A statement under the methods that leave it what it is: `text("…").bindparams(…)`.
fn unwrapped(statement: &Value) -> Value {
    let mut statement = statement.clone();
    for _ in 0..20 {
        let inner = match statement.method_call() {
            Some((base, "bindparams" | "execution_options" | "columns" | "params", _)) => base.clone(),
            _ => return statement,
        };
        statement = inner;
    }
    statement
}

/// The text of a statement that is one.
fn statement_text(statement: &Value) -> Option<String> {
    if let Some(text) = statement.as_str() {
        return Some(text.to_string());
    }
    match statement.call_of() {
        Some(("sqlalchemy.DDL", args)) => super::ddl::text(args),
        Some(("sqlalchemy.text" | "sqlalchemy.TextClause" | "sqlmodel.text", args)) => {
            args.get(0, "text").and_then(Value::as_str).map(|text| text.to_string())
        }
        _ => None,
    }
}

/// A statement about rows that is built of SQLAlchemy's objects: `table.update().where(…).values(…)`.
fn rows(statement: &Value, dialect: Dialect, place: &Place) -> Option<Operation> {
    let mut current = statement.clone();
    let mut bounded = false;
    let mut conditions: Vec<Value> = Vec::new();
    let mut written: Option<Vec<String>> = None;
    let mut emptied: Vec<String> = Vec::new();
    for _ in 0..50 {
        if let Some((path, args)) = current.call_of() {
            let kind = match path {
                "sqlalchemy.insert"
                | "sqlalchemy.dialects.postgresql.insert"
                | "sqlalchemy.dialects.sqlite.insert"
                | "sqlalchemy.dialects.mysql.insert" => DataKind::Insert,
                "sqlalchemy.update" => DataKind::Update,
                "sqlalchemy.delete" => DataKind::Delete,
                "sqlalchemy.select" | "sqlalchemy.union" | "sqlalchemy.union_all" => {
                    return Some(Operation::new(OperationKind::Harmless("a query"), place.clone()));
                }
                _ if path.starts_with("sqlalchemy.func.") => {
                    return Some(Operation::new(OperationKind::Harmless("a query"), place.clone()));
                }
                // Of a table that `env.py` hands over.
                _ if super::handed::is_about_rows(path) => {
                    return Some(Operation::new(OperationKind::Harmless("a statement about rows"), place.clone()));
                }
                _ => return None,
            };
            let bounded = bounded || kind == DataKind::Insert || args.positional.len() > 1;
            conditions.extend(args.positional.iter().skip(1).cloned());
            let text = row_text(&emptied, &conditions, dialect);
            return Some(data(kind, args.positional.first(), bounded, written, &text, place));
        }
        let (base, name, args) = current.method_call()?;
        let kind = match name {
            "insert" => Some(DataKind::Insert),
            "update" => Some(DataKind::Update),
            "delete" => Some(DataKind::Delete),
            "select" => return Some(Operation::new(OperationKind::Harmless("a query"), place.clone())),
            _ => None,
        };
        if let Some(kind) =
            kind.filter(|_| is_table(base) || table_name(base).is_some() || matches!(base, Value::Unknown(_)))
        {
            let bounded = bounded
                || kind == DataKind::Insert
                || !args.positional.is_empty()
                || args.keyword("whereclause").is_some();
            let written = match args.keyword("values") {
                Some(values) => {
                    emptied = nulls(values);
                    keys(values)
                }
                None => written,
            };
            conditions.extend(args.positional.iter().chain(args.keyword("whereclause")).cloned());
            let text = row_text(&emptied, &conditions, dialect);
            return Some(data(kind, Some(base), bounded, written, &text, place));
        }
        if matches!(name, "where" | "filter" | "filter_by") {
            bounded = true;
            conditions.extend(args.positional.iter().chain(args.keyword.iter().map(|(_, value)| value)).cloned());
        }
        if name == "values" {
            written = values(args);
            emptied = args.positional.iter().flat_map(nulls).collect();
            emptied.extend(args.keyword.iter().filter(|(_, value)| is_null(value)).map(|(name, _)| name.to_string()));
        }
        let base = base.clone();
        if matches!(base, Value::Unknown(_)) {
            return None;
        }
        current = base;
    }
    None
}

/// What is told of a statement as SQL: the columns that it sets to NULL, and its conditions.
fn row_text(emptied: &[String], conditions: &[Value], dialect: Dialect) -> String {
    let condition = condition_text(conditions, dialect);
    if emptied.is_empty() {
        return condition;
    }
    let sets: Vec<String> = emptied.iter().map(|column| format!("{column} = NULL")).collect();
    format!("SET {} {condition}", sets.join(", "))
}

/// `None`, `null()`
fn is_null(value: &Value) -> bool {
    matches!(value, Value::None) || matches!(value.call_of(), Some(("sqlalchemy.null", _)))
}

/// The columns that a dictionary of values sets to NULL.
fn nulls(values: &Value) -> Vec<String> {
    let Value::Dict(values) = values else { return Vec::new() };
    values.borrow().iter().filter(|(_, value)| is_null(value)).filter_map(|(key, _)| column_name(key)).collect()
}

/// The conditions of a statement as SQL; where one cannot be told, the columns that they name.
fn condition_text(conditions: &[Value], dialect: Dialect) -> String {
    let renderer = Renderer { dialect, columns: None };
    let told: Option<Vec<String>> = conditions.iter().map(|condition| renderer.render(condition)).collect();
    told.map_or_else(
        || {
            let mut names = Vec::new();
            let mut left = MOST_VALUES;
            for condition in conditions {
                attributes(condition, &mut names, &mut left);
            }
            format!("WHERE known_at_run_time({})", names.join(", "))
        },
        |told| format!("WHERE {}", told.join(" AND ")),
    )
}

/// How many values are looked through for the columns that they name.
const MOST_VALUES: usize = 200;

/// The names of all attributes that a value is made of, `users.c.name` and `User.name` among them, and its texts.
fn attributes(value: &Value, names: &mut Vec<String>, left: &mut usize) {
    if *left == 0 {
        return;
    }
    *left -= 1;
    if let Some(text) = value.as_str() {
        names.push(text.to_string());
        return;
    }
    let Value::Symbol(symbol) = value else {
        for item in value.items().iter().flatten() {
            attributes(item, names, left);
        }
        return;
    };
    match &symbol.kind {
        SymbolKind::Attribute { base, name } => {
            // Behind `t.c` stands the table with all its columns.
            if !matches!(&**name, "c" | "columns") {
                names.push(name.to_string());
                attributes(base, names, left);
            }
        }
        SymbolKind::Call { callee, args } => {
            attributes(callee, names, left);
            for argument in args.positional.iter().chain(args.keyword.iter().map(|(_, value)| value)) {
                attributes(argument, names, left);
            }
        }
        SymbolKind::Binary { left: one, right: other, .. } | SymbolKind::Subscript { base: one, index: other } => {
            attributes(one, names, left);
            attributes(other, names, left);
        }
        SymbolKind::Unary { operand, .. } => attributes(operand, names, left),
        SymbolKind::External(_) | SymbolKind::Decorated { .. } => {}
    }
}

/// The columns that `values(…)` writes; none where they are not all known.
fn values(args: &Args) -> Option<Vec<String>> {
    if args.more.is_some() {
        return None;
    }
    let mut columns: Vec<String> = args.keyword.iter().map(|(name, _)| name.to_string()).collect();
    for given in &args.positional {
        columns.extend(keys(given)?);
    }
    Some(columns)
}

/// The columns that are the keys of a dictionary: names, or `table.c.name` and `Model.name`. What is set to itself, so that
/// triggers run, is not written.
fn keys(values: &Value) -> Option<Vec<String>> {
    let Value::Dict(values) = values else { return None };
    let itself = |key: &Value, value: &Value| {
        let text = match value.call_of() {
            Some(("sqlalchemy.text" | "sqlalchemy.literal_column", args)) => {
                args.positional.first().and_then(Value::as_str)
            }
            _ => None,
        };
        text.is_some_and(|text| column_name(key).is_some_and(|name| name == *text))
    };
    values.borrow().iter().filter(|(key, value)| !itself(key, value)).map(|(key, _)| column_name(key)).collect()
}

/// The column that a key of a dictionary names.
fn column_name(key: &Value) -> Option<String> {
    match (key.as_str(), key) {
        (Some(name), _) => Some(name.to_string()),
        (None, Value::Symbol(symbol)) => match &symbol.kind {
            SymbolKind::Attribute { name, .. } => Some(name.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a type is one of a dialect's own.
fn is_of_dialect(value: &Value) -> bool {
    value.call_of().is_some_and(|(path, _)| path.starts_with("sqlalchemy.dialects."))
}

/// Whether a value is a table object.
fn is_table(value: &Value) -> bool {
    match value.call_of() {
        Some(("sqlalchemy.Table" | "sqlalchemy.table", _)) => true,
        Some(_) => false,
        None => match value {
            Value::Symbol(symbol) => {
                matches!(&symbol.kind, SymbolKind::Attribute { name, .. } if &**name == "__table__")
            }
            _ => false,
        },
    }
}

/// Whether a value is a `MetaData`.
pub(super) fn is_metadata(value: &Value) -> bool {
    match value.call_of() {
        Some(("sqlalchemy.MetaData", _)) => true,
        Some(_) => false,
        None => match value {
            Value::Symbol(symbol) => match &symbol.kind {
                SymbolKind::Attribute { name, .. } => matches!(&**name, "metadata"),
                SymbolKind::External(path) => path.ends_with(".metadata"),
                _ => false,
            },
            _ => false,
        },
    }
}

/// Whether a chain of calls starts at the connection.
fn starts_at_bind(value: &Value) -> bool {
    let mut current = value.clone();
    for _ in 0..10 {
        if let Some(path) = current.path() {
            return path.starts_with("alembic.bind") || path.starts_with("alembic.session");
        }
        let base = match &current {
            Value::Symbol(symbol) => match &symbol.kind {
                SymbolKind::Call { callee, .. } => callee.clone(),
                SymbolKind::Attribute { base, .. } => base.clone(),
                _ => return false,
            },
            _ => return false,
        };
        current = base;
    }
    false
}
