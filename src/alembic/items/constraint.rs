//! Constraints and indexes of a table.

use super::Reader;
use super::naming::{Sort, Subject, Written};
use crate::alembic::python::{Args, Value};
use crate::alembic::types::Doubt;
use crate::catalog::operation::{Constraint, NewForeignKey};
use crate::catalog::{Check, Dialect, ForeignKey, Index, IndexOn, IndexPart, Key, Name, ObjectName, ReferentialAction};
use crate::source::Place;

/// A constraint or an index of a table.
#[derive(Debug, Clone)]
pub(crate) enum TablePart {
    /// A constraint.
    Constraint(Constraint),
    /// An index, which is a statement of its own.
    Index(Box<Index>),
}

/// A column that a key or a unique constraint names twice is in it once (`DedupeColumnCollection` in sqlalchemy/sql/base.py).
fn once(columns: Vec<String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for column in columns {
        if !found.contains(&column) {
            found.push(column);
        }
    }
    found
}

impl Reader<'_, '_, '_> {
    /// The columns that a `ForeignKeyConstraint` is on.
    pub(super) fn referring_columns(&self, value: &Value, column_name: &dyn Fn(&str) -> String) -> Option<Vec<String>> {
        let ("sqlalchemy.ForeignKeyConstraint", args) = value.call_of()? else { return None };
        self.column_names(&self.items(args.get(0, "columns")?).ok()?, column_name).ok()
    }

    /// Reads `Index`, `UniqueConstraint`, `PrimaryKeyConstraint`, `ForeignKeyConstraint`, `CheckConstraint`,
    /// `ExcludeConstraint`. `column_name` turns what constraints call a column (its key) into its name.
    ///
    /// # Errors
    /// Where it is none of them, or what it is on cannot be known.
    pub(crate) fn table_part(
        &mut self,
        value: &Value,
        column_name: &dyn Fn(&str) -> String,
        doubts: &mut Vec<Doubt>,
    ) -> Result<TablePart, Doubt> {
        let Some((path, args)) = value.call_of() else {
            return Err(self.doubt(value, "an item of a table that cannot be evaluated"));
        };
        let place = value.place().unwrap_or_else(|| self.place.clone());
        if let Some(more) = &args.more {
            return Err(Doubt { reason: more.reason.clone(), place: Some(more.place.clone()) });
        }
        match path {
            "sqlalchemy.UniqueConstraint" => {
                let columns = once(self.column_names(&args.positional, column_name)?);
                Ok(TablePart::Constraint(Constraint::Index(Box::new(self.unique(columns, args, &place, doubts)))))
            }
            "sqlalchemy.PrimaryKeyConstraint" => {
                let columns = once(self.column_names(&args.positional, column_name)?);
                let name = self.name(Written::of(args.keyword("name")), Sort::PrimaryKey, &columns, doubts);
                Ok(TablePart::Constraint(Constraint::PrimaryKey(Key {
                    name,
                    columns: columns.into_iter().map(IndexPart::named).collect(),
                    clustered: args.keyword("mssql_clustered").and_then(Value::as_bool),
                    place: Some(place),
                })))
            }
            "sqlalchemy.ForeignKeyConstraint" => {
                let (Some(columns), Some(targets)) = (args.get(0, "columns"), args.get(1, "refcolumns")) else {
                    return Err(self.doubt(value, "a foreign key without columns"));
                };
                let columns = self.column_names(&self.items(columns)?, column_name)?;
                let targets = self.items(targets)?;
                let mut table = None;
                let mut target_columns = Vec::new();
                for (at, target) in targets.iter().enumerate() {
                    let (name, column) = self.target(target, columns.get(at).map_or("", String::as_str))?;
                    table = Some(name);
                    target_columns.push(column);
                }
                let Some(target) = table else { return Err(self.doubt(value, "a foreign key without columns")) };
                let mut args = args.clone();
                if let (Some(name), None) = (args.positional.get(2).cloned(), args.keyword("name")) {
                    args.keyword.push(("name".into(), name));
                }
                let key = self.foreign_key(&args, columns, &target, target_columns, &place, doubts);
                Ok(TablePart::Constraint(Constraint::ForeignKey(Box::new(NewForeignKey { key, target }))))
            }
            "sqlalchemy.CheckConstraint" => {
                Ok(TablePart::Constraint(Constraint::Check(self.check(args, &place, doubts))))
            }
            "sqlalchemy.dialects.postgresql.ExcludeConstraint" => {
                let name = match Written::of(args.keyword("name")) {
                    Written::Plain(name) | Written::Final(name) => Some(name),
                    _ => None,
                };
                Ok(TablePart::Constraint(Constraint::Exclude(name)))
            }
            "sqlalchemy.Index" => {
                let (first, expressions) = match args.positional.split_first() {
                    Some((first, rest)) => (Some(first), rest),
                    None => (args.keyword("name"), &[][..]),
                };
                let written = Written::of(first);
                Ok(TablePart::Index(Box::new(self.index(written, expressions, args, &place, column_name, doubts)?)))
            }
            _ => Err(self.doubt(value, "an item of a table that cannot be evaluated")),
        }
    }

    fn items(&self, value: &Value) -> Result<Vec<Value>, Doubt> {
        match value {
            Value::Str(_) => Ok(vec![value.clone()]),
            _ => value.items().ok_or_else(|| self.doubt(value, "a list of columns")),
        }
    }

    /// The columns that values name.
    ///
    /// # Errors
    /// Where one of them cannot be known.
    pub(crate) fn column_names(
        &self,
        values: &[Value],
        column_name: &dyn Fn(&str) -> String,
    ) -> Result<Vec<String>, Doubt> {
        values
            .iter()
            .map(|value| match value.as_str() {
                Some(name) => Ok(column_name(&name)),
                None => self.renderer().column(value).ok_or_else(|| self.doubt(value, "a column of a constraint")),
            })
            .collect()
    }

    /// A unique constraint on columns.
    pub(crate) fn unique(&self, columns: Vec<String>, args: &Args, place: &Place, doubts: &mut Vec<Doubt>) -> Index {
        let name = self.name(Written::of(args.keyword("name")), Sort::Unique, &columns, doubts);
        let mut index = Index::new(name, columns.into_iter().map(IndexPart::named).collect(), true);
        index.constraint = true;
        index.nulls_not_distinct =
            args.keyword("postgresql_nulls_not_distinct").and_then(Value::as_bool).unwrap_or(false);
        index.include = self.names(args.keyword("postgresql_include"));
        index.place = Some(place.clone());
        index
    }

    fn names(&self, value: Option<&Value>) -> Vec<String> {
        let items = value.and_then(Value::items).unwrap_or_default();
        items
            .iter()
            .filter_map(|item| item.as_str().map(|name| name.to_string()).or_else(|| self.renderer().column(item)))
            .collect()
    }

    /// A check.
    pub(crate) fn check(&self, args: &Args, place: &Place, doubts: &mut Vec<Doubt>) -> Check {
        let name = self.name(Written::of(args.get(1, "name")), Sort::Check, &[], doubts);
        let expression = args.get(0, "sqltext").and_then(|value| self.condition(value));
        if expression.is_none() {
            let doubt = match args.get(0, "sqltext") {
                Some(value) => self.doubt(value, "the condition of a check"),
                None => Doubt { reason: "the condition of a check".to_owned(), place: Some(place.clone()) },
            };
            doubts.push(doubt);
        }
        Check {
            name,
            expression,
            not_valid: args.keyword("postgresql_not_valid").and_then(Value::as_bool).unwrap_or(false),
            place: Some(place.clone()),
        }
    }

    /// The table and column that `ForeignKey(…)` refers to.
    ///
    /// # Errors
    /// Where it cannot be known.
    pub(crate) fn foreign_key_target(&self, args: &Args, column: &str) -> Result<(ObjectName, Vec<String>), Doubt> {
        let Some(target) = args.get(0, "column") else {
            return Err(Doubt { reason: "a foreign key without a target".to_owned(), place: Some(self.place.clone()) });
        };
        let (table, column) = self.target(target, column)?;
        Ok((table, vec![column]))
    }

    /// `"table.column"`, `"schema.table.column"`, `"table"` (the column of the same name), or a column itself.
    fn target(&self, value: &Value, own: &str) -> Result<(ObjectName, String), Doubt> {
        if let Some(text) = value.as_str() {
            let (table, column) = match text.rsplit_once('.') {
                Some((table, column)) => (table, column),
                None => (&*text, own),
            };
            let name = match table.rsplit_once('.') {
                Some((schema, table)) => ObjectName::qualified(schema, table),
                None => ObjectName { schema: self.scheme.schema.map(str::to_owned), name: table.to_owned() },
            };
            return Ok((name, column.to_owned()));
        }
        if let Some(found) = self.scheme.columns.and_then(|find| find(value)) {
            return Ok(found);
        }
        self.column_of_table(value).ok_or_else(|| self.doubt(value, "the target of a foreign key"))
    }

    /// `table.c.x`, where the table is `sa.table("t", …)` or `sa.Table("t", …)`.
    fn column_of_table(&self, value: &Value) -> Option<(ObjectName, String)> {
        use crate::alembic::python::SymbolKind;
        let column = self.renderer().column(value)?;
        let Value::Symbol(symbol) = value else { return None };
        let (SymbolKind::Attribute { base: Value::Symbol(collection), .. }
        | SymbolKind::Subscript { base: Value::Symbol(collection), .. }) = &symbol.kind
        else {
            return None;
        };
        let SymbolKind::Attribute { base: table, .. } = &collection.kind else { return None };
        let ("sqlalchemy.table" | "sqlalchemy.Table", args) = table.call_of()? else { return None };
        let name = args.positional.first()?.as_str()?.to_string();
        let schema = args.keyword("schema").and_then(Value::as_str).map(|schema| schema.to_string());
        Some((ObjectName { schema, name }, column))
    }

    /// A foreign key; `args` hold its options.
    pub(crate) fn foreign_key(
        &self,
        args: &Args,
        columns: Vec<String>,
        target: &ObjectName,
        target_columns: Vec<String>,
        place: &Place,
        doubts: &mut Vec<Doubt>,
    ) -> ForeignKey {
        let subject = Subject {
            sort: Sort::ForeignKey,
            table: &self.table.name,
            schema: self.table.schema.as_deref(),
            columns: &columns,
            referred_table: &target.name,
            referred_columns: &target_columns,
        };
        let name = match self.scheme.convention.name(Written::of(args.keyword("name")), &subject, self.scheme.dialect) {
            Ok(name) => name,
            Err(reason) => {
                doubts.push(Doubt { reason, place: Some(place.clone()) });
                None
            }
        };
        let mut action = |name: &str| match args.keyword(name) {
            None | Some(Value::None) => ReferentialAction::NoAction,
            Some(value) => match value.as_str().as_deref().and_then(referential_action) {
                Some(action) => action,
                None => {
                    doubts.push(self.doubt(value, &format!("the `{name}` of a foreign key")));
                    ReferentialAction::NoAction
                }
            },
        };
        let (on_delete, on_update) = (action("ondelete"), action("onupdate"));
        let initially_deferred =
            args.keyword("initially").and_then(Value::as_str).is_some_and(|word| word.eq_ignore_ascii_case("deferred"));
        // `INITIALLY DEFERRED` alone makes the constraint deferrable (PostgreSQL, "CREATE TABLE").
        let deferrable = args.keyword("deferrable").and_then(Value::as_bool).unwrap_or(initially_deferred);
        ForeignKey {
            name,
            generated_name: false,
            columns,
            target: Name::new(target.schema.clone().unwrap_or_default(), target.name.clone()),
            target_columns,
            on_delete,
            on_update,
            deferrable,
            initially_deferred,
            not_valid: args.keyword("postgresql_not_valid").and_then(Value::as_bool).unwrap_or(false),
            place: Some(place.clone()),
        }
    }

    /// An index on columns and expressions; `args` hold its options.
    ///
    /// # Errors
    /// Where what it is on cannot be known.
    pub(crate) fn index(
        &self,
        written: Written,
        expressions: &[Value],
        args: &Args,
        place: &Place,
        column_name: &dyn Fn(&str) -> String,
        doubts: &mut Vec<Doubt>,
    ) -> Result<Index, Doubt> {
        let dialect = self.scheme.dialect;
        let mut parts = Vec::with_capacity(expressions.len());
        for expression in expressions {
            parts.push(self.index_part(expression, column_name)?);
        }
        let columns: Vec<String> = parts.iter().filter_map(IndexPart::column).map(str::to_owned).collect();
        let name = self.name(written, Sort::Index, &columns, doubts);
        let option = |name: &str| {
            let prefix = match dialect {
                Dialect::PostgreSql | Dialect::CockroachDb => "postgresql",
                Dialect::MySql => "mysql",
                Dialect::Sqlite => "sqlite",
                Dialect::SqlServer => "mssql",
                Dialect::Oracle => "oracle",
            };
            args.keyword(&format!("{prefix}_{name}")).filter(|value| !value.is_none())
        };
        let unique = match args.keyword("unique") {
            None | Some(Value::None) => false,
            Some(value) => match value.as_bool().or_else(|| value.as_int().map(|n| n != 0)) {
                Some(unique) => unique,
                None => return Err(self.doubt(value, "whether an index is unique")),
            },
        };
        let by_column = |value: Option<&Value>, part: &IndexPart| {
            let Some(Value::Dict(entries)) = value else { return None };
            let key = part.column()?;
            entries.borrow().get_str(key).cloned()
        };
        for part in &mut parts {
            if let Some(class) = by_column(option("ops"), part) {
                part.operator_class = class.as_str().map(|class| class.to_string());
            }
            if let Some(length) = by_column(option("length"), part) {
                part.length = length.as_int().and_then(|length| u32::try_from(length).ok());
            }
        }
        if dialect == Dialect::MySql
            && let Some(length) = option("length").and_then(Value::as_int)
        {
            for part in &mut parts {
                part.length = u32::try_from(length).ok();
            }
        }
        let mut index = Index::new(name, parts, unique);
        index.place = Some(place.clone());
        if let Some(predicate) = option("where") {
            index.predicate = self.condition(predicate);
            if index.predicate.is_none() {
                doubts.push(self.doubt(predicate, "the condition of an index"));
            }
        }
        index.method = option("using")
            .or_else(|| option("prefix"))
            .and_then(Value::as_str)
            .map(|method| method.to_lowercase())
            .filter(|method| method != "btree");
        index.include = self.names(option("include"));
        index.nulls_not_distinct = option("nulls_not_distinct").and_then(Value::as_bool).unwrap_or(false);
        index.clustered = option("clustered").and_then(Value::as_bool);
        Ok(index)
    }

    /// One part of an index: a column's name, a column, `column.desc()`, `text("lower(x)")`, `func.lower(…)`.
    fn index_part(&self, value: &Value, column_name: &dyn Fn(&str) -> String) -> Result<IndexPart, Doubt> {
        if let Some(name) = value.as_str() {
            return Ok(IndexPart::named(column_name(&name)));
        }
        if let Some(column) = self.renderer().column(value) {
            return Ok(IndexPart::named(column));
        }
        let Some(text) = self.renderer().render(value) else {
            return Err(self.doubt(value, "a part of an index that cannot be evaluated"));
        };
        Ok(part_of_text(&text, self.scheme.dialect))
    }
}

/// A part of an index from its SQL text: `lower(email) DESC NULLS LAST`, `data jsonb_path_ops`.
pub(crate) fn part_of_text(text: &str, dialect: Dialect) -> IndexPart {
    // The reader of SQL knows all of it.
    let source = crate::source::Source::new(crate::source::RepoPath::root(), "");
    let place = Place::start_of(&source);
    let script = crate::sql::read_text(&format!("CREATE INDEX x ON x ({text})"), &place, dialect);
    let mut parts = match script.operations.first().map(|operation| &operation.kind) {
        Some(crate::catalog::operation::OperationKind::CreateIndex { index, .. }) => index.parts.clone(),
        _ => Vec::new(),
    };
    if parts.len() == 1
        && let Some(part) = parts.pop()
    {
        return part;
    }
    IndexPart::on(IndexOn::Expression(crate::sql::expression::canonical(text, dialect)))
}

/// `ondelete="CASCADE"`.
fn referential_action(word: &str) -> Option<ReferentialAction> {
    Some(match word.trim().to_uppercase().split_whitespace().collect::<Vec<_>>().join(" ").as_str() {
        "NO ACTION" | "" => ReferentialAction::NoAction,
        "RESTRICT" => ReferentialAction::Restrict,
        "CASCADE" => ReferentialAction::Cascade,
        "SET NULL" => ReferentialAction::SetNull,
        "SET DEFAULT" => ReferentialAction::SetDefault,
        _ => return None,
    })
}
