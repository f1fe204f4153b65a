//! What the names in models mean: attributes of classes, columns of tables, targets of foreign keys.
//!
//! Every reference is written out, so that what is left can be read like the arguments of `op.create_table`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::registry::{address, class_of, symbol_address};
use super::table::{TableColumn, TableSpec};
use crate::alembic::python::{Args, SymbolKind, Value};
use crate::alembic::types;
use crate::source::Place;

/// How deep expressions and chains of foreign keys may go.
const MAX_DEPTH: usize = 30;

/// Finds tables and columns by what stands for them.
pub(super) struct References {
    /// Tables by the address of their `Table(…)`.
    tables: BTreeMap<usize, usize>,
    /// Tables by the address of the class that is mapped to them.
    classes: BTreeMap<usize, usize>,
    /// Tables by the name of the class, for names that several columns share.
    class_names: BTreeMap<String, usize>,
    /// Columns by the address of the object that was assigned: a mixin's stands for one in each of its classes.
    columns: BTreeMap<usize, Vec<(usize, usize)>>,
    /// Tables by schema and name.
    names: BTreeMap<(Option<String>, String), usize>,
}

/// Why a reference does not resolve.
pub(super) enum Unresolved {
    /// SQLAlchemy would refuse it.
    Refused(String, Place),
    /// It cannot be told.
    Doubt(String, Place),
}

impl References {
    /// Indexes the tables of one reading. `classes` maps addresses and names of classes to tables.
    pub(super) fn new(tables: &[TableSpec], classes: &[(usize, String, usize)]) -> Self {
        let mut found = Self {
            tables: BTreeMap::new(),
            classes: BTreeMap::new(),
            class_names: BTreeMap::new(),
            columns: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        for (at, table) in tables.iter().enumerate() {
            if let Some(origin) = table.origin {
                found.tables.insert(origin, at);
            }
            let schema = table.schema().and_then(|schema| schema.as_str()).map(|schema| schema.to_string());
            found.names.insert((schema, table.name.clone()), at);
            for (position, column) in table.columns.iter().enumerate() {
                for origin in [column.origin, column.made, symbol_address(&column.value)].into_iter().flatten() {
                    let known = found.columns.entry(origin).or_default();
                    if !known.contains(&(at, position)) {
                        known.push((at, position));
                    }
                }
            }
        }
        for (class, name, table) in classes {
            found.classes.insert(*class, *table);
            found.class_names.insert(name.clone(), *table);
        }
        found
    }

    /// The table that a value stands for: `Table(…)`, `Model.__table__`, a model.
    pub(super) fn table(&self, value: &Value) -> Option<usize> {
        if let Some(class) = class_of(value) {
            return self.classes.get(&address(&class)).copied();
        }
        let Value::Symbol(symbol) = value else { return None };
        if let Some(table) = self.tables.get(&address(symbol)) {
            return Some(*table);
        }
        match &symbol.kind {
            SymbolKind::Attribute { base, name } if &**name == "__table__" => self.table(base),
            _ => None,
        }
    }

    /// The column that a value stands for: `Model.attribute`, `table.c.key`, the `Column(…)` itself.
    pub(super) fn column(&self, tables: &[TableSpec], value: &Value) -> Option<(usize, usize)> {
        let Value::Symbol(symbol) = value else { return None };
        if let Some(known) = self.columns.get(&address(symbol)) {
            if let [one] = known.as_slice() {
                return Some(*one);
            }
            // A mixin's column: the text says whose it is.
            let text = value.place().map(|place| place.text().to_owned());
            let class = text.as_deref().and_then(|text| text.split('.').next());
            let table = class.and_then(|class| self.class_names.get(class));
            return known.iter().find(|(at, _)| Some(at) == table).or_else(|| known.first()).copied();
        }
        let (table, key) = match &symbol.kind {
            SymbolKind::Attribute { base, name } => match base {
                Value::Symbol(inner) => match &inner.kind {
                    SymbolKind::Attribute { base: table, name: collection } if is_collection(collection) => {
                        (self.table(table)?, name.to_string())
                    }
                    _ => return None,
                },
                Value::Class(class) => {
                    let own = self.classes.get(&address(class)).and_then(|table| {
                        let columns = &tables.get(*table)?.columns;
                        Some((*table, columns.iter().position(|column| column.attribute == **name)?))
                    });
                    // A column of the parent's table, or of a class that no table is made for.
                    let inherited = || {
                        let origin = class.lookup(name).as_ref().and_then(symbol_address)?;
                        self.columns.get(&origin)?.first().copied()
                    };
                    return own.or_else(inherited);
                }
                _ => return None,
            },
            SymbolKind::Subscript { base: Value::Symbol(inner), index } => match &inner.kind {
                SymbolKind::Attribute { base: table, name } if is_collection(name) => {
                    (self.table(table)?, index.as_str()?.to_string())
                }
                _ => return None,
            },
            _ => return None,
        };
        let position = tables.get(table)?.columns.iter().position(|column| column.key == key || column.name == key)?;
        Some((table, position))
    }

    /// Whether a value is a column that stands for one in each of several tables.
    pub(super) fn is_shared(&self, value: &Value) -> bool {
        symbol_address(value).and_then(|origin| self.columns.get(&origin)).is_some_and(|known| known.len() > 1)
    }

    /// The first table whose column stands anywhere in an expression.
    pub(super) fn table_in(&self, tables: &[TableSpec], value: &Value, depth: usize) -> Option<usize> {
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some((table, _)) = self.column(tables, value) {
            return Some(table);
        }
        let Value::Symbol(symbol) = value else { return None };
        match &symbol.kind {
            SymbolKind::Call { callee, args } => {
                let in_args = args
                    .positional
                    .iter()
                    .chain(args.keyword.iter().map(|(_, value)| value))
                    .find_map(|value| self.table_in(tables, value, depth + 1));
                in_args.or_else(|| self.table_in(tables, callee, depth + 1))
            }
            SymbolKind::Attribute { base, .. } => self.table_in(tables, base, depth + 1),
            SymbolKind::Subscript { base, .. } => self.table_in(tables, base, depth + 1),
            SymbolKind::Binary { left, right, .. } => {
                self.table_in(tables, left, depth + 1).or_else(|| self.table_in(tables, right, depth + 1))
            }
            SymbolKind::Unary { operand, .. } => self.table_in(tables, operand, depth + 1),
            _ => None,
        }
    }

    /// An expression with every column written as `sqlalchemy.column("name")`.
    pub(super) fn written(&self, tables: &[TableSpec], value: &Value, depth: usize) -> Value {
        if depth > MAX_DEPTH {
            return value.clone();
        }
        if let Some((table, position)) = self.column(tables, value)
            && let Some(column) = tables.get(table).and_then(|table| table.columns.get(position))
        {
            let kind = SymbolKind::Call {
                callee: Value::external("sqlalchemy.column"),
                args: Args::positional(vec![Value::str(&column.name)]),
            };
            return Value::symbol(kind, value.place());
        }
        let Value::Symbol(symbol) = value else {
            return match value {
                Value::List(items) => {
                    Value::list(items.borrow().iter().map(|item| self.written(tables, item, depth + 1)).collect())
                }
                Value::Tuple(items) => {
                    Value::tuple(items.iter().map(|item| self.written(tables, item, depth + 1)).collect())
                }
                other => other.clone(),
            };
        };
        let kind = match &symbol.kind {
            SymbolKind::Call { callee, args } => SymbolKind::Call {
                callee: self.written(tables, callee, depth + 1),
                args: Args {
                    positional: args.positional.iter().map(|item| self.written(tables, item, depth + 1)).collect(),
                    keyword: args
                        .keyword
                        .iter()
                        .map(|(key, item)| (Rc::clone(key), self.written(tables, item, depth + 1)))
                        .collect(),
                    more: args.more.clone(),
                },
            },
            SymbolKind::Attribute { base, name } => {
                SymbolKind::Attribute { base: self.written(tables, base, depth + 1), name: Rc::clone(name) }
            }
            SymbolKind::Subscript { base, index } => {
                SymbolKind::Subscript { base: self.written(tables, base, depth + 1), index: index.clone() }
            }
            SymbolKind::Binary { operator, left, right } => SymbolKind::Binary {
                operator,
                left: self.written(tables, left, depth + 1),
                right: self.written(tables, right, depth + 1),
            },
            SymbolKind::Unary { operator, operand } => {
                SymbolKind::Unary { operator, operand: self.written(tables, operand, depth + 1) }
            }
            SymbolKind::External(_) | SymbolKind::Decorated { .. } => return value.clone(),
        };
        Value::symbol(kind, symbol.place.clone())
    }

    /// The target of a foreign key as `schema.table.column`.
    fn target(
        &self,
        tables: &[TableSpec],
        owner: &TableSpec,
        value: &Value,
        place: &Place,
    ) -> Result<Target, Unresolved> {
        if let Some((table, column)) = self.column(tables, value) {
            return Ok(Target::Known(table, column));
        }
        let Some(text) = value.as_str() else {
            let reason = match value.as_unknown() {
                Some(unknown) => unknown.reason.clone(),
                None => format!("the foreign key to {value:?}"),
            };
            return Err(Unresolved::Doubt(reason, place.clone()));
        };
        let parts: Vec<&str> = text.split('.').collect();
        let (schema, name, column) = match parts.as_slice() {
            [name, column] => (None, *name, Some(*column)),
            [name] => (None, *name, None),
            [schema @ .., name, column] => (Some(schema.join(".")), *name, Some(*column)),
            [] => (None, "", None),
        };
        let default = owner.meta.as_ref().and_then(super::registry::Meta::schema);
        let default = default.and_then(|schema| schema.as_str()).map(|schema| schema.to_string());
        let schema = schema.or(default);
        let at = self.names.get(&(schema.clone(), name.to_owned()));
        let Some(&at) = at else {
            let reason = format!("the foreign key to {text}: no model declares the table {name}");
            return Err(Unresolved::Refused(reason, place.clone()));
        };
        let Some(table) = tables.get(at) else {
            return Err(Unresolved::Doubt(format!("the foreign key to {text}"), place.clone()));
        };
        let position = match column {
            Some(key) => table.columns.iter().position(|column| column.key == key || column.name == key),
            // In a `ForeignKeyConstraint`, which does not tell whose.
            None => None,
        };
        match position {
            Some(position) => Ok(Target::Known(at, position)),
            None if table.doubt.is_some() || !table.column_doubts.is_empty() || column.is_none() => {
                Ok(Target::Named(schema, name.to_owned(), column.unwrap_or_default().to_owned()))
            }
            None => {
                let reason = format!("the foreign key to {text}: the table {name} has no such column");
                Err(Unresolved::Refused(reason, place.clone()))
            }
        }
    }

    /// `ForeignKey(target, …)` and `ForeignKeyConstraint(columns, targets, …)` with their targets written out.
    pub(super) fn foreign_key(
        &self,
        tables: &[TableSpec],
        owner: &TableSpec,
        value: &Value,
        column: Option<&TableColumn>,
        problems: &mut Vec<Unresolved>,
    ) -> Value {
        let Some((path, args)) = value.call_of() else { return value.clone() };
        let place = value.place().unwrap_or_else(|| owner.place.clone());
        let mut args = args.clone();
        let mut write = |target: &Value| match self.target(tables, owner, &with_column(target, column), &place) {
            Ok(found) => Value::str(found.text(tables)),
            Err(problem) => {
                problems.push(problem);
                target.clone()
            }
        };
        match path {
            "sqlalchemy.ForeignKey" => {
                if let Some(first) = args.positional.first_mut() {
                    *first = write(&first.clone());
                } else if let Some((_, target)) = args.keyword.iter_mut().find(|(key, _)| &**key == "column") {
                    let written = write(&target.clone());
                    args.keyword.retain(|(key, _)| &**key != "column");
                    args.positional.push(written);
                }
            }
            "sqlalchemy.ForeignKeyConstraint" => {
                let list = args.get(1, "refcolumns").and_then(Value::items);
                if let Some(targets) = list {
                    let written = Value::list(targets.iter().map(&mut write).collect());
                    match args.positional.get_mut(1) {
                        Some(slot) => *slot = written,
                        None => {
                            args.keyword.retain(|(key, _)| &**key != "refcolumns");
                            args.keyword.push(("refcolumns".into(), written));
                        }
                    }
                }
            }
            _ => return value.clone(),
        }
        let callee = Value::external(path);
        Value::symbol(SymbolKind::Call { callee, args }, Some(place))
    }

    /// The tables that a table's foreign keys refer to; none where one of them is not known.
    pub(super) fn foreign_tables(&self, tables: &[TableSpec], owner: &TableSpec) -> Option<Vec<usize>> {
        let mut found = Vec::new();
        let columns = owner.columns.iter().filter_map(|column| Some((column, column.value.call_of()?.1)));
        let on_columns =
            columns.flat_map(|(column, args)| args.positional.iter().map(move |item| (Some(column), item)));
        for (column, item) in on_columns.chain(owner.constraints.iter().map(|item| (None, item))) {
            let Some((path, args)) = item.call_of() else { continue };
            let targets = match path {
                "sqlalchemy.ForeignKey" => vec![args.get(0, "column")?.clone()],
                "sqlalchemy.ForeignKeyConstraint" => args.get(1, "refcolumns").and_then(Value::items)?,
                _ => continue,
            };
            for target in targets {
                match self.target(tables, owner, &with_column(&target, column), &owner.place) {
                    Ok(Target::Known(table, _)) => found.push(table),
                    _ => return None,
                }
            }
        }
        Some(found)
    }

    /// The type of a column that leaves it to the target of its foreign key.
    pub(super) fn inherited_type(
        &self,
        tables: &[TableSpec],
        owner: &TableSpec,
        column: &TableColumn,
        depth: usize,
    ) -> Option<Value> {
        let (_, args) = column.value.call_of()?;
        if let Some(ty) = own_type(args) {
            return Some(ty);
        }
        if depth > MAX_DEPTH {
            return None;
        }
        let by_constraint = || {
            owner.constraints.iter().find_map(|constraint| {
                let (path, args) = constraint.call_of()?;
                if path != "sqlalchemy.ForeignKeyConstraint" {
                    return None;
                }
                let columns = args.get(0, "columns").and_then(Value::items)?;
                let at = columns.iter().position(|name| name.as_str().is_some_and(|name| *name == *column.key))?;
                args.get(1, "refcolumns").and_then(Value::items)?.get(at).cloned()
            })
        };
        let target = args
            .positional
            .iter()
            .find_map(|item| match item.call_of() {
                Some(("sqlalchemy.ForeignKey", args)) => args.get(0, "column").cloned(),
                _ => None,
            })
            .or_else(by_constraint)?;
        match self.target(tables, owner, &with_column(&target, Some(column)), &column.place) {
            Ok(Target::Known(table, position)) => {
                let table = tables.get(table)?;
                self.inherited_type(tables, table, table.columns.get(position)?, depth + 1)
            }
            _ => None,
        }
    }
}

/// The target of a column's `ForeignKey("table")`: the column of the same key there (`ForeignKey._resolve_col_tokens`).
fn with_column(target: &Value, column: Option<&TableColumn>) -> Value {
    match (target.as_str(), column) {
        (Some(text), Some(column)) if !text.contains('.') => Value::str(format!("{text}.{}", column.key)),
        _ => target.clone(),
    }
}

/// The type among the arguments of `Column("name", …)`.
pub(super) fn own_type(args: &Args) -> Option<Value> {
    let given = args.keyword("type_").cloned();
    given.or_else(|| {
        args.positional
            .iter()
            .enumerate()
            .find(|(at, value)| types::is_type(value) || (*at == 1 && matches!(value, Value::Unknown(_))))
            .map(|(_, value)| value.clone())
    })
}

/// What a foreign key refers to.
enum Target {
    Known(usize, usize),
    Named(Option<String>, String, String),
}

impl Target {
    fn text(&self, tables: &[TableSpec]) -> String {
        let (schema, table, column) = match self {
            Self::Known(table, column) => {
                let Some(table) = tables.get(*table) else { return String::new() };
                let schema = table.schema().and_then(|schema| schema.as_str()).map(|schema| schema.to_string());
                let column = table.columns.get(*column).map(|column| column.name.clone()).unwrap_or_default();
                (schema, table.name.clone(), column)
            }
            Self::Named(schema, table, column) => (schema.clone(), table.clone(), column.clone()),
        };
        match schema {
            Some(schema) => format!("{schema}.{table}.{column}"),
            None => format!("{table}.{column}"),
        }
    }
}

fn is_collection(name: &str) -> bool {
    matches!(name, "c" | "columns")
}

/// Whether an item of a column is a constraint that resolves elsewhere.
pub(super) fn is_foreign_key(value: &Value) -> bool {
    matches!(value.call_of(), Some(("sqlalchemy.ForeignKey" | "sqlalchemy.ForeignKeyConstraint", _)))
}
