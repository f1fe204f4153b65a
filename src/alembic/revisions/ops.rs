//! `op.*`: which call is which, and what its arguments are.

use crate::alembic::python::{Args, CallSite, Eval, Interpreter, SymbolKind, Unknown, Value};
use crate::catalog::operation::{DataKind, EnumPosition, Guard, Operation, OperationKind};
use crate::catalog::{ObjectName, Reach};
use crate::source::Place;

use super::execute::is_metadata;
use super::host::{Database, external};
use super::script::opaque;

/// What a call of `op.*` is handed to a reader with.
pub(super) struct Call<'c> {
    /// The arguments.
    pub(super) args: &'c Args,
    /// The call.
    pub(super) place: &'c Place,
    /// Whether it is a batch's, and SQLite rebuilds the table.
    pub(super) batch: bool,
}

/// What could not be known, as an opaque operation.
pub(super) type Unread = Operation;

impl Call<'_> {
    /// An opaque operation for the call.
    pub(super) fn unread(&self, value: Option<&Value>, otherwise: &str, reach: Reach) -> Unread {
        match value.and_then(Value::as_unknown) {
            Some(unknown) => opaque(unknown.reason.clone(), reach, self.place.clone()),
            None => opaque(otherwise, reach, self.place.clone()),
        }
    }

    /// A string argument that must be there, by position or any of its names.
    ///
    /// # Errors
    /// What the call may then do.
    pub(super) fn text(&self, position: usize, names: &[&str], reach: &Reach) -> Result<String, Unread> {
        let value = self.value(position, names);
        match value.and_then(Value::as_str) {
            Some(text) => Ok(text.to_string()),
            None => Err(self.unread(value, &format!("the `{}` of an operation", names[0]), reach.clone())),
        }
    }

    /// An argument by position or any of its names.
    pub(super) fn value(&self, position: usize, names: &[&str]) -> Option<&Value> {
        self.args.positional.get(position).or_else(|| names.iter().find_map(|name| self.args.keyword(name)))
    }

    /// A keyword argument that is neither absent nor `None`.
    pub(super) fn option(&self, name: &str) -> Option<&Value> {
        self.args.keyword(name).filter(|value| !value.is_none())
    }

    /// A keyword argument that is a flag; absent counts as false.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.option(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The table that an argument names, in the schema of `schema=`.
    ///
    /// # Errors
    /// What the call may then do.
    pub(super) fn table(&self, position: usize, names: &[&str], schema: &str) -> Result<ObjectName, Unread> {
        let name = self.text(position, names, &Reach::Everything)?;
        let schema = match self.option(schema) {
            None => None,
            Some(value) => match value.as_str() {
                // An empty one is none (`format_table`).
                Some(schema) => Some(schema.to_string()).filter(|schema| !schema.is_empty()),
                None => {
                    let reach = Reach::Table(ObjectName::bare(name));
                    return Err(self.unread(Some(value), "the schema of a table", reach));
                }
            },
        };
        Ok(ObjectName { schema, name })
    }
}

/// What reading a call gives: what it does, in order.
pub(super) type Read = Result<Vec<Operation>, Unread>;

impl Database<'_, '_> {
    /// Calls `op.name(…)`.
    pub(super) fn op(&self, interpreter: &mut Interpreter<'_>, name: &str, site: &CallSite<'_>) -> Option<Eval<Value>> {
        let call = Call { args: site.args, place: site.place, batch: false };
        let name = without_geometry(name);
        match name {
            "f" | "batch_alter_table" => return None,
            "get_bind" => return Some(Ok(external("alembic.bind"))),
            "get_context" => return Some(Ok(external("alembic.migration_context"))),
            "inline_literal" => return Some(Ok(site.args.positional.first().cloned().unwrap_or(Value::None))),
            "execute" => return Some(self.execute(interpreter, site.args, site.place).map(|_| Value::None)),
            "run_async" => {
                let mut args = site.args.clone();
                if args.positional.is_empty() {
                    return None;
                }
                let function = std::mem::replace(&mut args.positional[0], external("alembic.bind"));
                return Some(interpreter.call(&function, args, site.place));
            }
            "invoke" => {
                let operations = self.invoked(interpreter, site);
                return Some(self.emit(interpreter, operations).map(|()| Value::None));
            }
            "implementation_for" | "register_operation" => return None,
            "create_table" => {
                let operations = self.create_table(interpreter, &call);
                let made = self.emit(interpreter, operations.unwrap_or_else(|unread| vec![unread]));
                return Some(made.map(|()| {
                    // The table that it gives back: for `bulk_insert`, `table.c.x`.
                    let mut args = site.args.clone();
                    args.positional.insert(1.min(args.positional.len()), Value::None);
                    Value::symbol(
                        SymbolKind::Call { callee: external("sqlalchemy.Table"), args },
                        Some(site.place.clone()),
                    )
                }));
            }
            _ => {}
        }
        let read = match self.read_op(interpreter, name, &call) {
            Some(read) => read,
            None => Ok(vec![self.custom(name, &call)]),
        };
        Some(self.emit(interpreter, read.unwrap_or_else(|unread| vec![unread])).map(|()| Value::None))
    }

    /// `op.invoke(ops.AddColumnOp("t", column))`: the operation that the object stands for, where its arguments are those
    /// of the function (`alembic/operations/ops.py`).
    fn invoked(&self, interpreter: &mut Interpreter<'_>, site: &CallSite<'_>) -> Vec<Operation> {
        let doubt = |reach| vec![opaque("an operation object", reach, site.place.clone())];
        let Some((path, args)) = site.args.positional.first().and_then(Value::call_of) else {
            return doubt(Reach::Everything);
        };
        let mut args = args.clone();
        let name =
            match path.rsplit('.').next().unwrap_or(path) {
                "AddColumnOp" => "add_column",
                "DropColumnOp" => "drop_column",
                "CreateIndexOp" => "create_index",
                "DropIndexOp" => "drop_index",
                "DropTableOp" => "drop_table",
                "RenameTableOp" => "rename_table",
                "CreateTableOp" => {
                    let Some(items) = args.positional.get(1).and_then(Value::items) else {
                        return doubt(Reach::Everything);
                    };
                    args.positional.truncate(1);
                    args.positional.extend(items);
                    "create_table"
                }
                "ExecuteSQLOp" => {
                    return match self.execute(interpreter, &args, site.place) {
                        Ok(_) => Vec::new(),
                        Err(_) => doubt(Reach::Everything),
                    };
                }
                _ => {
                    let table =
                        args.positional.iter().take(2).filter_map(Value::as_str).find(|text| {
                            self.with_catalog(|catalog| catalog.table(&ObjectName::bare(&**text)).is_some())
                        });
                    return doubt(table.map_or(Reach::Everything, |table| Reach::Table(ObjectName::bare(&*table))));
                }
            };
        let call = Call { args: &args, place: site.place, batch: false };
        match self.read_op(interpreter, name, &call) {
            Some(read) => read.unwrap_or_else(|unread| vec![unread]),
            None => doubt(Reach::Everything),
        }
    }

    /// Reads a call that `op` and `batch_op` share; none where Alembic has no such operation.
    pub(super) fn read_op(&self, interpreter: &mut Interpreter<'_>, name: &str, call: &Call<'_>) -> Option<Read> {
        if let Some(more) = &call.args.more {
            let table = call.value(0, &["table_name"]).and_then(Value::as_str);
            let reach = match (name, table) {
                ("add_column" | "drop_column" | "alter_column" | "create_table" | "drop_table", Some(table)) => {
                    Reach::Table(ObjectName::bare(&*table))
                }
                _ => Reach::Everything,
            };
            if name != "create_table" {
                return Some(Ok(vec![opaque(more.reason.clone(), reach, call.place.clone())]));
            }
        }
        Some(match name {
            "create_table" => self.create_table(interpreter, call),
            "drop_table" => self.drop_table(call),
            "rename_table" => self.rename_table(call),
            "create_table_comment" => self.table_comment(call, true),
            "drop_table_comment" => self.table_comment(call, false),
            "add_column" => self.add_column(interpreter, call),
            "drop_column" => self.drop_column(call),
            "alter_column" => self.alter_column(interpreter, call),
            "create_index" => self.create_index(interpreter, call),
            "drop_index" => self.drop_index(call),
            "create_unique_constraint" => self.create_unique(interpreter, call),
            "create_primary_key" => self.create_primary_key(interpreter, call),
            "create_foreign_key" => self.create_foreign_key(interpreter, call),
            "create_check_constraint" => self.create_check(interpreter, call),
            "create_exclude_constraint" => self.create_exclude(call),
            "drop_constraint" => self.drop_constraint(interpreter, call),
            "create_entity" | "replace_entity" | "drop_entity" => return entity(name, call).map(Ok),
            "sync_enum_values" => return self.sync_enum_values(call).map(Ok),
            "bulk_insert" => Ok(vec![data(DataKind::Insert, call.args.positional.first(), true, None, "", call.place)]),
            _ => return None,
        })
    }

    /// alembic-postgresql-enum's `op.sync_enum_values(schema, name, new_values, affected_columns, enum_values_to_rename)`:
    /// afterwards the enum has those labels. None where the call or the enum cannot be told.
    fn sync_enum_values(&self, call: &Call<'_>) -> Option<Vec<Operation>> {
        let texts = |value: &Value| -> Option<Vec<String>> {
            value.items()?.iter().map(|item| item.as_str().map(|text| text.to_string())).collect()
        };
        let schema = call.value(0, &["enum_schema", "schema"])?.as_str()?.to_string();
        let name = ObjectName { schema: Some(schema), name: call.value(1, &["enum_name"])?.as_str()?.to_string() };
        // alembic-autogenerate-enums has the labels before and those after: `(schema, name, old_options, new_options)`.
        let others = call.value(3, &["new_options"]).and_then(texts).filter(|labels| !labels.is_empty());
        let labels = match &others {
            Some(labels) => labels.clone(),
            None => texts(call.value(2, &["new_values"])?)?,
        };
        let mut old = self.with_catalog(|catalog| catalog.enumeration(&name).map(|found| found.labels.clone()))?;
        let mut kinds = Vec::new();
        let renames = call.value(4, &["enum_values_to_rename"]).filter(|value| !value.is_none());
        if let Some(renames) = renames.filter(|_| others.is_none()) {
            for pair in renames.items()? {
                let [from, to] = <[String; 2]>::try_from(texts(&pair)?).ok()?;
                if let Some(label) = old.iter_mut().find(|label| **label == from) {
                    label.clone_from(&to);
                    kinds.push(OperationKind::RenameEnumValue { name: name.clone(), from, to });
                }
            }
        }
        for value in old.iter().filter(|value| !labels.contains(value)) {
            if others.is_some() {
                // What becomes of labels that are gone is that plugin's own affair.
                return None;
            }
            kinds.push(OperationKind::DropEnumValue { name: name.clone(), value: value.clone() });
        }
        let mut before: Option<&String> = None;
        for value in &labels {
            if !old.contains(value) {
                let position = match before {
                    Some(before) => Some(EnumPosition::After(before.clone())),
                    None => old.iter().find(|label| labels.contains(label)).cloned().map(EnumPosition::Before),
                };
                kinds.push(OperationKind::AddEnumValue { name: name.clone(), value: value.clone(), position });
            }
            before = Some(value);
        }
        Some(kinds.into_iter().map(|kind| Operation::new(kind, call.place.clone())).collect())
    }

    /// An operation that a plugin or the project itself adds to `op`.
    fn custom(&self, name: &str, call: &Call<'_>) -> Operation {
        // What is called after something that no comparison looks at: `op.create_view()`, `op.replace_trigger()`.
        let last = name.rsplit('_').next().unwrap_or(name);
        let apart = [
            "entity",
            "view",
            "function",
            "trigger",
            "procedure",
            "policy",
            "extension",
            "grant",
            "aggregate",
            "rule",
            "role",
            "sp",
            "publication",
        ];
        if apart.contains(&last.strip_suffix('s').unwrap_or(last)) || apart.contains(&last) || last == "policies" {
            let reason = format!("op.{name}(), an operation of a plugin or of the project");
            return opaque(reason, Reach::Nothing, call.place.clone());
        }
        let reason = format!("op.{name}(), an operation that Alembic does not have");
        let schema = call.args.keyword("schema").and_then(Value::as_str).map(|schema| schema.to_string());
        let within = |table: &str| ObjectName { schema: schema.clone(), name: table.to_owned() };
        // sqlalchemy-enum-tables (`enumtables/alembic_ops.py`, `EnumInsertOp` and `EnumDeleteOp`): rows of the table that stands for the enum.
        if let ("enum_insert" | "enum_delete", Some(table)) =
            (name, call.value(0, &["tablename", "table_name"]).and_then(Value::as_str))
        {
            return opaque(reason, Reach::Table(within(&table)), call.place.clone());
        }
        let first = call.value(0, &["table_name", "tablename", "table"]).and_then(Value::as_str);
        let texts: Vec<String> = call
            .args
            .positional
            .iter()
            .chain(call.args.keyword.iter().map(|(_, value)| value))
            .filter_map(Value::as_str)
            .map(|text| text.to_string())
            .collect();
        if name == "sync_enum_values" || name.contains("enum") {
            // Both plugins' `sync_enum_values` has the enum's name behind its schema; what they change is that enum, made by a
            // revision or not.
            let given = match name {
                "sync_enum_values" => call.value(1, &["enum_name", "name"]),
                _ => call.args.keyword("enum_name"),
            };
            let found = given.and_then(Value::as_str).map(|name| name.to_string()).or_else(|| {
                texts
                    .iter()
                    .find(|text| {
                        self.with_catalog(|catalog| catalog.enumeration(&ObjectName::bare(text.as_str())).is_some())
                    })
                    .cloned()
            });
            if let Some(name) = found {
                return opaque(reason, Reach::Type(ObjectName::bare(name)), call.place.clone());
            }
        }
        let table = texts
            .iter()
            .find(|text| self.with_catalog(|catalog| catalog.table(&within(text)).is_some()))
            .cloned()
            .or_else(|| first.filter(|_| name.contains("table")).map(|name| name.to_string()));
        let reach = table.map_or(Reach::Everything, |table| Reach::Table(within(&table)));
        opaque(reason, reach, call.place.clone())
    }
}

/// GeoAlchemy's operations, by those of Alembic that they do (`geoalchemy2/alembic_helpers.py`); SpatiaLite apart, they do no
/// more.
pub(super) fn without_geometry(name: &str) -> &str {
    match name {
        "add_geospatial_column" => "add_column",
        "drop_geospatial_column" => "drop_column",
        "create_geospatial_table" => "create_table",
        "drop_geospatial_table" => "drop_table",
        "create_geospatial_index" => "create_index",
        "drop_geospatial_index" => "drop_index",
        _ => name,
    }
}

/// A statement about rows of the table that a value stands for; `text` says which rows.
pub(super) fn data(
    kind: DataKind,
    table: Option<&Value>,
    bounded: bool,
    written: Option<Vec<String>>,
    text: &str,
    place: &Place,
) -> Operation {
    match table.and_then(table_name) {
        Some(table) => {
            let text = Some(text.into());
            let kind = OperationKind::Data { kind, table, bounded, written, needs: Vec::new(), text };
            Operation::new(kind, place.clone())
        }
        // Rows of a table that is not known change no schema.
        None => Operation::new(OperationKind::Harmless("a statement about rows"), place.clone()),
    }
}

/// What alembic_utils' `op.create_entity(…)` and its kin do: an extension or a view is made or dropped; functions,
/// triggers, policies and grants are nothing that a catalog holds. None where the entity cannot be told.
fn entity(name: &str, call: &Call<'_>) -> Option<Vec<Operation>> {
    let Value::Symbol(symbol) = call.value(0, &["entity", "target"])? else { return None };
    let SymbolKind::Call { callee, args } = &symbol.kind else { return None };
    let class = callee.path()?;
    let text = |position: usize, keyword: &str| {
        let value = args.positional.get(position).or_else(|| args.keyword(keyword))?;
        value.as_str().map(|text| text.to_string())
    };
    let drops = name == "drop_entity";
    let kind = match class.rsplit('.').next()? {
        "PGExtension" if drops => OperationKind::DropExtension { name: text(1, "signature")?, cascade: false },
        "PGExtension" => OperationKind::CreateExtension {
            name: text(1, "signature")?,
            schema: text(0, "schema").filter(|schema| schema != "public"),
            version: None,
        },
        class @ ("PGView" | "PGMaterializedView") => {
            let view = ObjectName { schema: text(0, "schema"), name: text(1, "signature")? };
            let materialized = class == "PGMaterializedView";
            if drops {
                OperationKind::DropView { name: view, materialized, cascade: false }
            } else {
                OperationKind::CreateView {
                    name: view,
                    materialized,
                    replace: name == "replace_entity",
                    reads: Box::default(),
                }
            }
        }
        "PGFunction" | "PGTrigger" | "PGPolicy" | "PGGrantTable" => {
            OperationKind::Harmless("an entity of alembic_utils")
        }
        _ => return None,
    };
    Some(vec![Operation::new(kind, call.place.clone()).guarded(if drops { Guard::IfPresent } else { Guard::IfAbsent })])
}

/// The table that a value stands for: `sa.table("t")`, `sa.Table("t", …)`, a mapped class.
pub(super) fn table_name(value: &Value) -> Option<ObjectName> {
    match value {
        Value::Class(class) => {
            let name = class.lookup("__tablename__")?.as_str()?;
            Some(ObjectName::bare(&*name))
        }
        Value::Symbol(symbol) => {
            if let SymbolKind::Attribute { base, name } = &symbol.kind
                && matches!(&**name, "__table__" | "table")
            {
                return table_name(base);
            }
            if let SymbolKind::Subscript { base: collection, index } = &symbol.kind {
                return reflected(collection, &index.as_str()?);
            }
            let (path, args) = value.call_of()?;
            match path {
                "sqlalchemy.table" | "sqlalchemy.Table" | "sqlalchemy.TableClause" => {
                    let name = args.get(0, "name")?.as_str()?;
                    let schema = args.keyword("schema").and_then(Value::as_str).map(|schema| schema.to_string());
                    Some(ObjectName { schema: schema.filter(|schema| !schema.is_empty()), name: name.to_string() })
                }
                "sqlalchemy.orm.aliased" => table_name(args.positional.first()?),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The table under a key of `metadata.tables`: its name, behind its schema where it has one.
fn reflected(collection: &Value, key: &str) -> Option<ObjectName> {
    let Value::Symbol(symbol) = collection else { return None };
    let SymbolKind::Attribute { base, name } = &symbol.kind else { return None };
    if &**name != "tables" || !is_metadata(base) {
        return None;
    }
    Some(match key.rsplit_once('.') {
        Some((schema, table)) => ObjectName::qualified(schema, table),
        None => ObjectName::bare(key),
    })
}

/// Why a value cannot be known, where it cannot.
pub(super) fn reason(value: Option<&Value>, otherwise: &str) -> String {
    value
        .and_then(Value::as_unknown)
        .map_or_else(|| otherwise.to_owned(), |unknown: &std::rc::Rc<Unknown>| unknown.reason.clone())
}
