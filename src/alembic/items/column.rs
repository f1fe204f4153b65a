//! `Column(…)`.

use super::Reader;
use super::naming::{Sort, Subject, Written};
use crate::alembic::python::{Args, Value};
use crate::alembic::types::{self, Doubt, Enumeration, SqlType};
use crate::catalog::operation::{Constraint, NewColumn, NewForeignKey};
use crate::catalog::{AutoIncrement, Check, Column, ColumnDefault, ColumnType, Dialect, Generated};
use crate::source::Place;

/// `autoincrement=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counting {
    /// `"auto"`, the default: a lone integer primary key counts.
    Auto,
    /// `True`.
    Yes,
    /// `False`.
    No,
    /// `"ignore_fk"`: as `"auto"`, although a foreign key stands on it.
    IgnoreForeignKeys,
}

/// A column and all that `Column(…)` says of it.
#[derive(Debug, Clone)]
pub(crate) struct ColumnItem {
    /// The column; `constraints` are its foreign keys and checks.
    pub(crate) new: NewColumn,
    /// `key=`: what constraints of the table call it.
    pub(crate) key: String,
    /// `primary_key=True`.
    pub(crate) primary_key: bool,
    /// Whether `nullable=` is written.
    pub(crate) nullable_written: bool,
    /// `unique=True`.
    pub(crate) unique: bool,
    /// `index=True`.
    pub(crate) index: bool,
    /// Whether its type is an integer, so that it may count.
    pub(crate) integer: bool,
    /// `autoincrement=`.
    pub(crate) counting: Counting,
    /// Whether a default other than an optional sequence stands on it.
    pub(crate) has_default: bool,
    /// A `Sequence(…)` that stands on it.
    pub(crate) sequence: Option<crate::catalog::ObjectName>,
    /// Its native enum.
    pub(crate) enumeration: Option<Enumeration>,
    /// Whether the last constraint is the CHECK of its type.
    pub(crate) type_check: bool,
    /// What could not be evaluated.
    pub(crate) doubts: Vec<Doubt>,
}

impl Reader<'_, '_, '_> {
    /// Reads `Column(…)`.
    ///
    /// # Errors
    /// Where it is no column, or its name cannot be known.
    pub(crate) fn column(&mut self, value: &Value) -> Result<ColumnItem, Doubt> {
        let Some(("sqlalchemy.Column" | "sqlalchemy.orm.mapped_column" | "sqlalchemy.column", args)) = value.call_of()
        else {
            return Err(self.doubt(value, "a column that cannot be evaluated"));
        };
        let place = value.place().unwrap_or_else(|| self.place.clone());
        let mut positional = args.positional.iter().peekable();
        let mut name = args.keyword("name").and_then(Value::as_str);
        match positional.peek() {
            Some(first) if first.as_str().is_some() => name = positional.next().and_then(Value::as_str),
            Some(Value::None) => {
                positional.next();
            }
            Some(unknown @ Value::Unknown(_)) if name.is_none() => {
                return Err(self.doubt(unknown, "the name of a column"));
            }
            _ => {}
        }
        if let Value::Symbol(symbol) = value
            && let Some(assigned) = symbol.overridden("name")
        {
            name = assigned.as_str();
        }
        let Some(name) = name else { return Err(self.doubt(value, "a column without a name")) };
        let mut doubts: Vec<Doubt> = Vec::new();
        if let Some(more) = &args.more {
            doubts.push(Doubt { reason: more.reason.clone(), place: Some(more.place.clone()) });
        }
        let mut rest: Vec<&Value> = Vec::new();
        let mut ty: Option<&Value> = args.keyword("type_");
        for item in positional {
            if ty.is_none() && rest.is_empty() && !is_item(item) {
                ty = Some(item);
            } else {
                rest.push(item);
            }
        }
        // `Column("x", None, ForeignKey(…))` leaves the type to the target as well.
        let untyped = ty.is_none_or(Value::is_none);
        let mut sql_type = match ty {
            Some(ty) if !untyped => types::column_type(self.interpreter, ty, self.scheme.dialect),
            _ => SqlType::null(),
        };
        // `Enum(…, inherit_schema=True)` lies in the schema of the table.
        let inherits = ty.and_then(Value::call_of).is_some_and(|(_, args)| {
            args.keyword("inherit_schema").and_then(Value::as_bool) == Some(true) && args.keyword("schema").is_none()
        });
        if let (true, Some(schema), Some(made)) = (inherits, &self.table.schema, &mut sql_type.enumeration) {
            made.name.schema = Some(schema.clone());
            sql_type.ty.kind = crate::catalog::TypeKind::Named(made.name.clone());
        }
        doubts.extend(sql_type.unknown.take());
        let mut column = Column::new(&*name, std::mem::replace(&mut sql_type.ty, ColumnType::unknown()), true);
        column.collation.clone_from(&sql_type.collation);
        column.length_of_labels = sql_type.length_of_labels;
        column.place = Some(place.clone());
        let mut item = ColumnItem {
            key: args.keyword("key").and_then(Value::as_str).map_or_else(|| name.to_string(), |key| key.to_string()),
            new: NewColumn::plain(column),
            primary_key: false,
            nullable_written: false,
            unique: false,
            index: false,
            integer: sql_type.integer,
            counting: Counting::Auto,
            has_default: false,
            sequence: None,
            enumeration: sql_type.enumeration.take(),
            type_check: false,
            doubts,
        };
        self.keywords(&mut item, args);
        for value in rest {
            self.column_item(&mut item, value, &place);
        }
        if let Some(check) = sql_type.check {
            let expression = check.expression(&name);
            let written = check.name.clone().map_or(Written::No, Written::Plain);
            let name = self.name(written, Sort::Check, std::slice::from_ref(&item.new.column.name), &mut item.doubts);
            item.type_check = true;
            item.new.constraints.push(Constraint::Check(Check {
                name,
                expression: Some(crate::sql::expression::canonical(&expression, self.scheme.dialect)),
                not_valid: false,
                place: Some(place),
            }));
        }
        Ok(item)
    }

    /// A flag of `Column(…)`.
    fn flag(&self, item: &mut ColumnItem, args: &Args, name: &str) -> Option<bool> {
        let value = args.keyword(name)?;
        match value {
            Value::None => None,
            Value::Bool(truth) => Some(*truth),
            other => {
                if let Some(number) = other.as_int() {
                    return Some(number != 0);
                }
                let doubt = self.doubt(other, &format!("the value of `{name}` of a column"));
                item.doubts.push(doubt);
                None
            }
        }
    }

    fn keywords(&mut self, item: &mut ColumnItem, args: &Args) {
        item.primary_key = self.flag(item, args, "primary_key").unwrap_or(false);
        item.unique = self.flag(item, args, "unique").unwrap_or(false);
        item.index = self.flag(item, args, "index").unwrap_or(false);
        let nullable = self.flag(item, args, "nullable");
        item.nullable_written = nullable.is_some();
        item.new.column.nullable = nullable.unwrap_or(!item.primary_key);
        item.counting = match args.keyword("autoincrement") {
            Some(Value::Bool(true)) => Counting::Yes,
            Some(Value::Bool(false)) => Counting::No,
            Some(value) if value.as_str().as_deref() == Some("ignore_fk") => Counting::IgnoreForeignKeys,
            _ => Counting::Auto,
        };
        match args.keyword("comment") {
            None | Some(Value::None) => {}
            Some(value) => match value.as_str() {
                Some(text) => item.new.column.comment = Some(text.to_string()),
                None => item.doubts.push(self.doubt(value, "the comment of a column")),
            },
        }
        if let Some(default) = args.keyword("default") {
            match default.call_of() {
                Some(("sqlalchemy.Sequence", _)) => item.sequence = sequence_name(default),
                _ => item.has_default = !default.is_none(),
            }
        }
        if let Some(value) = args.keyword("server_default") {
            self.server_default(item, value);
        }
        // MySQL's `server_onupdate` is not DDL; `text("… ON UPDATE …")` in the default is.
        if self.scheme.dialect == Dialect::MySql
            && let Some(ColumnDefault::Expression(text)) = &item.new.column.default
            && let Some((default, update)) = text.split_once(" on update ")
        {
            let (default, update) = (default.to_owned(), update.to_owned());
            item.new.column.default = Some(crate::sql::expression::default(&default, self.scheme.dialect));
            item.new.column.on_update = Some(update);
        }
    }

    /// `server_default=`, and `Computed` and `Identity` wherever they stand.
    fn server_default(&mut self, item: &mut ColumnItem, value: &Value) {
        match value.call_of() {
            Some(("sqlalchemy.Computed", args)) => {
                let persisted = args.get(1, "persisted").and_then(Value::as_bool);
                match args.positional.first().and_then(|text| self.condition(text)) {
                    Some(expression) => {
                        // PostgreSQL writes STORED whatever is asked for.
                        let stored = self.scheme.dialect.is_postgres_like() || persisted == Some(true);
                        item.new.column.generated = Some(Generated { expression, stored });
                    }
                    None => item.doubts.push(self.doubt(value, "the expression of a computed column")),
                }
            }
            Some(("sqlalchemy.Identity", args)) => {
                let always = args.get(0, "always").and_then(Value::as_bool) == Some(true);
                // Databases without identity columns make them as any other counting column.
                if matches!(
                    self.scheme.dialect,
                    Dialect::PostgreSql | Dialect::CockroachDb | Dialect::SqlServer | Dialect::Oracle
                ) {
                    item.new.column.auto_increment =
                        Some(if always { AutoIncrement::IdentityAlways } else { AutoIncrement::IdentityByDefault });
                    if !item.nullable_written {
                        item.new.column.nullable = false;
                    }
                } else {
                    item.counting = Counting::Yes;
                }
            }
            Some(("sqlalchemy.FetchedValue", _)) => {}
            _ => match self.default_of(value) {
                Ok(default) => item.new.column.default = default,
                Err(doubt) => {
                    item.new.column.default = Some(ColumnDefault::Unknown);
                    item.doubts.push(doubt);
                }
            },
        }
    }

    /// The default that a value of `server_default=` gives.
    ///
    /// # Errors
    /// Where it cannot be known.
    pub(crate) fn default_of(&self, value: &Value) -> Result<Option<ColumnDefault>, Doubt> {
        let dialect = self.scheme.dialect;
        let value = default_clause(value);
        match value {
            Value::None => Ok(None),
            Value::Symbol(_) if matches!(value.call_of(), Some(("sqlalchemy.FetchedValue", _))) => Ok(None),
            Value::Symbol(_) if value.as_str().is_none() => match self.renderer().render(value) {
                Some(text) => Ok(Some(crate::sql::expression::default(&text, dialect))),
                None => Err(self.doubt(value, "a default that cannot be evaluated")),
            },
            _ => match value.as_str() {
                Some(text) => Ok(Some(ColumnDefault::Text(text.to_string()))),
                None => Err(self.doubt(value, "a default that cannot be evaluated")),
            },
        }
    }

    /// An item that stands on a column.
    fn column_item(&mut self, item: &mut ColumnItem, value: &Value, place: &Place) {
        let place = value.place().unwrap_or_else(|| place.clone());
        let column = item.new.column.name.clone();
        match value.call_of() {
            Some(("sqlalchemy.ForeignKey", args)) => match self.foreign_key_target(args, &column) {
                Ok((target, target_column)) => {
                    let mut doubts = Vec::new();
                    let key = self.foreign_key(args, vec![column], &target, target_column, &place, &mut doubts);
                    item.doubts.append(&mut doubts);
                    item.new.constraints.push(Constraint::ForeignKey(Box::new(NewForeignKey { key, target })));
                }
                Err(doubt) => item.doubts.push(doubt),
            },
            Some(("sqlalchemy.CheckConstraint", args)) => {
                let mut doubts = Vec::new();
                let check = self.check(args, &place, &mut doubts);
                item.doubts.append(&mut doubts);
                item.new.constraints.push(Constraint::Check(check));
            }
            Some(("sqlalchemy.Computed" | "sqlalchemy.Identity", _)) => self.server_default(item, value),
            Some(("sqlalchemy.Sequence", _)) => item.sequence = sequence_name(value),
            Some(("sqlalchemy.FetchedValue" | "sqlalchemy.ColumnDefault", _)) => {}
            Some(("sqlalchemy.DefaultClause" | "sqlalchemy.PassiveDefault", _)) => self.server_default(item, value),
            _ => item.doubts.push(self.doubt(value, &format!("a part of the column {column}"))),
        }
    }

    /// The name of a constraint, under the naming convention.
    pub(crate) fn name(
        &self,
        written: Written,
        sort: Sort,
        columns: &[String],
        doubts: &mut Vec<Doubt>,
    ) -> Option<String> {
        let subject = Subject {
            sort,
            table: &self.table.name,
            schema: self.table.schema.as_deref(),
            columns,
            referred_table: "",
            referred_columns: &[],
        };
        match self.scheme.convention.name(written, &subject, self.scheme.dialect) {
            Ok(name) => name,
            Err(reason) => {
                doubts.push(Doubt { reason, place: Some(self.place.clone()) });
                None
            }
        }
    }
}

/// The default in a `DefaultClause(…)`, which is what SQLAlchemy makes of every `server_default=`: a text is rendered as a
/// literal in the one as in the other (`get_column_default_string` of `sql/compiler.py`). Up to 1.3 it was also called
/// `PassiveDefault`.
fn default_clause(value: &Value) -> &Value {
    match value.call_of() {
        Some(("sqlalchemy.DefaultClause" | "sqlalchemy.PassiveDefault", args)) if args.more.is_none() => {
            args.get(0, "arg").unwrap_or(value)
        }
        _ => value,
    }
}

/// Whether a positional argument of `Column` is an item that stands on it, and not its type.
pub(crate) fn is_item(value: &Value) -> bool {
    matches!(
        value.call_of(),
        Some((
            "sqlalchemy.ForeignKey"
                | "sqlalchemy.CheckConstraint"
                | "sqlalchemy.Computed"
                | "sqlalchemy.Identity"
                | "sqlalchemy.Sequence"
                | "sqlalchemy.FetchedValue"
                | "sqlalchemy.DefaultClause"
                | "sqlalchemy.PassiveDefault"
                | "sqlalchemy.ColumnDefault",
            _
        ))
    )
}

/// The name that `Sequence(…)` gives.
pub(crate) fn sequence_name(value: &Value) -> Option<crate::catalog::ObjectName> {
    let (_, args) = value.call_of()?;
    let name = args.get(0, "name")?.as_str()?;
    let schema = args.keyword("schema").and_then(Value::as_str).map(|schema| schema.to_string());
    Some(crate::catalog::ObjectName { schema, name: name.to_string() })
}
