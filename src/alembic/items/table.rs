//! Tables: columns and constraints put together, the primary key, what counts by itself.

use super::Reader;
use super::column::{ColumnItem, Counting};
use super::constraint::TablePart;
use super::naming::{Sort, Written};
use crate::alembic::python::{Args, Text, Value};
use crate::alembic::types::{Doubt, Enumeration};
use crate::catalog::operation::{Constraint, NewTable};
use crate::catalog::{AutoIncrement, ColumnType, Dialect, Index, IndexPart, Key, ObjectName, TableKind};

/// A table as `CREATE TABLE` makes it, and what is made along with it.
#[derive(Debug, Clone)]
pub(crate) struct TableItem {
    /// The table.
    pub(crate) table: NewTable,
    /// Its indexes, made after it.
    pub(crate) indexes: Vec<Index>,
    /// Native enums of its columns, made before it.
    pub(crate) enumerations: Vec<Enumeration>,
    /// Sequences of its columns, made before it.
    pub(crate) sequences: Vec<ObjectName>,
    /// What could not be evaluated: the column it is about, where it is one, and why.
    pub(crate) doubts: Vec<(Option<String>, Doubt)>,
    /// Foreign keys that could not be evaluated: the columns that each is on, and why.
    pub(crate) unread_keys: Vec<(Vec<String>, Doubt)>,
    /// Columns that an EXCLUDE constraint names and the table does not have.
    pub(crate) missing: Vec<String>,
}

impl Reader<'_, '_, '_> {
    /// Reads the items and options of `Table(…)` or `op.create_table(…)`.
    pub(crate) fn table(&mut self, items: &[Value], options: &[(Text, Value)]) -> TableItem {
        let mut columns: Vec<ColumnItem> = Vec::new();
        let mut doubts: Vec<(Option<String>, Doubt)> = Vec::new();
        let mut parts: Vec<&Value> = Vec::new();
        for item in items {
            match item.call_of() {
                Some(("sqlalchemy.Column" | "sqlalchemy.orm.mapped_column", _)) => match self.column(item) {
                    Ok(mut column) => {
                        let name = column.new.column.name.clone();
                        doubts.extend(column.doubts.drain(..).map(|doubt| (Some(name.clone()), doubt)));
                        // A column that is given twice replaces the first.
                        match columns.iter_mut().find(|other| other.new.column.name == name) {
                            Some(other) => *other = column,
                            None => columns.push(column),
                        }
                    }
                    Err(doubt) => doubts.push((None, doubt)),
                },
                // Options of the ORM and of dialects that are no part of a table.
                _ if item.is_none() => {}
                _ => parts.push(item),
            }
        }
        let keys: Vec<(String, String)> =
            columns.iter().map(|column| (column.key.clone(), column.new.column.name.clone())).collect();
        let column_name = |key: &str| {
            keys.iter().find(|(own, _)| own == key).map_or_else(|| key.to_owned(), |(_, name)| name.clone())
        };
        let missing = parts
            .iter()
            .filter_map(|part| part.call_of())
            .filter(|(path, _)| *path == "sqlalchemy.dialects.postgresql.ExcludeConstraint")
            .flat_map(|(_, args)| &args.positional)
            .filter_map(|element| {
                let column = element.items()?.first().cloned()?;
                column.as_str().map(|name| name.to_string()).or_else(|| self.renderer().column(&column))
            })
            .filter(|name| !columns.iter().any(|column| column.new.column.name == *name))
            .collect();
        let mut constraints = Vec::new();
        let mut indexes = Vec::new();
        let mut primary_key: Option<Key> = None;
        let mut found = Vec::new();
        let mut unread_keys = Vec::new();
        for part in parts {
            match self.table_part(part, &column_name, &mut found) {
                Ok(TablePart::Constraint(Constraint::PrimaryKey(key))) => {
                    // `PrimaryKeyConstraint(name="x")` only names the key that columns make.
                    primary_key = Some(key);
                }
                Ok(TablePart::Constraint(constraint)) => constraints.push(constraint),
                Ok(TablePart::Index(index)) => indexes.push(*index),
                Err(doubt) => match self.referring_columns(part, &column_name) {
                    Some(columns) => unread_keys.push((columns, doubt)),
                    None => doubts.push((None, doubt)),
                },
            }
        }
        let primary_key = self.primary_key(&mut columns, primary_key, &mut found);
        if let Some(key) = &primary_key {
            let referring: Vec<String> = constraints
                .iter()
                .filter_map(|constraint| match constraint {
                    Constraint::ForeignKey(foreign) => Some(foreign.key.columns.clone()),
                    _ => None,
                })
                .flatten()
                .collect();
            self.count(&mut columns, key, &referring, options);
            constraints.insert(0, Constraint::PrimaryKey(key.clone()));
        }
        for column in &columns {
            let name = &column.new.column.name;
            let on = [name.clone()];
            if column.index {
                let written = self.name(Written::No, Sort::Index, &on, &mut found);
                let mut index = Index::new(written, vec![IndexPart::named(name)], column.unique);
                index.place.clone_from(&column.new.column.place);
                indexes.push(index);
            } else if column.unique {
                let place = column.new.column.place.clone().unwrap_or_else(|| self.place.clone());
                let unique = self.unique(on.to_vec(), &Args::default(), &place, &mut found);
                constraints.push(Constraint::Index(Box::new(unique)));
            }
        }
        doubts.extend(found.into_iter().map(|doubt| (None, doubt)));
        let mut enumerations: Vec<Enumeration> = Vec::new();
        for column in &columns {
            if let Some(enumeration) = &column.enumeration
                && !enumerations.iter().any(|other| other.name == enumeration.name)
            {
                enumerations.push(enumeration.clone());
            }
        }
        let comment = options
            .iter()
            .find(|(key, _)| &**key == "comment")
            .and_then(|(_, value)| value.as_str())
            .map(|text| text.to_string());
        let sequences = columns.iter().filter_map(|column| column.sequence.clone()).collect();
        let temporary = options.iter().any(|(key, value)| {
            &**key == "prefixes"
                && value
                    .items()
                    .unwrap_or_default()
                    .iter()
                    .any(|word| word.as_str().is_some_and(|word| word.to_uppercase().contains("TEMP")))
        });
        let partitioned = options.iter().any(|(key, value)| &**key == "postgresql_partition_by" && !value.is_none());
        let kind = if temporary {
            TableKind::Temporary
        } else if partitioned && self.scheme.dialect.is_postgres_like() {
            TableKind::Partitioned
        } else {
            TableKind::Plain
        };
        let table = NewTable {
            name: self.table.clone(),
            kind,
            columns: columns.into_iter().map(|column| column.new).collect(),
            constraints,
            source: None,
            comment,
        };
        TableItem { table, indexes, enumerations, sequences, doubts, unread_keys, missing }
    }

    /// The primary key: `PrimaryKeyConstraint(…)`, and columns that are marked as part of it.
    fn primary_key(&self, columns: &mut [ColumnItem], written: Option<Key>, doubts: &mut Vec<Doubt>) -> Option<Key> {
        let marked: Vec<String> =
            columns.iter().filter(|column| column.primary_key).map(|column| column.new.column.name.clone()).collect();
        let key = match written {
            Some(mut key) => {
                if key.columns.is_empty() {
                    key.columns = marked.into_iter().map(IndexPart::named).collect();
                }
                if key.columns.is_empty() {
                    return None;
                }
                key
            }
            None if marked.is_empty() => return None,
            None => {
                let name = self.name(Written::No, Sort::PrimaryKey, &marked, doubts);
                Key {
                    name,
                    columns: marked.into_iter().map(IndexPart::named).collect(),
                    clustered: None,
                    place: Some(self.place.clone()),
                }
            }
        };
        for column in columns.iter_mut() {
            if key.columns.iter().any(|part| part.column() == Some(&column.new.column.name)) {
                column.primary_key = true;
                if !column.nullable_written {
                    column.new.column.nullable = false;
                }
            }
        }
        Some(key)
    }

    /// Makes the column count that SQLAlchemy makes count (`PrimaryKeyConstraint._autoincrement_column`).
    /// `referring` are the columns of the table's own foreign keys.
    fn count(&self, columns: &mut [ColumnItem], key: &Key, referring: &[String], options: &[(Text, Value)]) {
        let in_key =
            |column: &ColumnItem| key.columns.iter().any(|part| part.column() == Some(column.new.column.name.as_str()));
        let lone = key.columns.len() == 1;
        let mut counted = false;
        for column in columns.iter_mut().filter(|column| in_key(column)) {
            let counts = match column.counting {
                Counting::Yes => true,
                Counting::No => false,
                Counting::Auto | Counting::IgnoreForeignKeys if !lone => false,
                counting => {
                    let refers = column.new.constraints.iter().any(|one| matches!(one, Constraint::ForeignKey(_)))
                        || referring.contains(&column.new.column.name);
                    column.integer
                        && !column.has_default
                        && column.new.column.default.is_none()
                        && column.new.column.generated.is_none()
                        && (!refers || counting == Counting::IgnoreForeignKeys)
                }
            };
            if counts && !counted {
                counted = true;
                self.make_count(column, options);
            }
        }
    }

    /// What counting is in each dialect (`get_column_specification` of each).
    pub(crate) fn make_count(&self, column: &mut ColumnItem, options: &[(Text, Value)]) {
        let own = &mut column.new.column;
        if own.auto_increment.is_some() {
            return;
        }
        match self.scheme.dialect {
            Dialect::PostgreSql | Dialect::CockroachDb => {
                // `autoincrement=True` outdoes a default of the server's: SERIAL is written, and no default.
                let outdone = column.counting == Counting::Yes && !column.has_default;
                if column.sequence.is_some() || (own.default.is_some() && !outdone) {
                    return;
                }
                let serial = match own.ty.builtin_name() {
                    Some("integer") => "serial",
                    Some("bigint") => "bigserial",
                    Some("smallint") => "smallserial",
                    _ => return,
                };
                own.ty = ColumnType::builtin(serial);
                own.default = None;
            }
            Dialect::MySql => {
                if own.default.is_none() {
                    own.auto_increment = Some(AutoIncrement::Counter);
                }
            }
            Dialect::Sqlite => {
                let asked = options
                    .iter()
                    .any(|(key, value)| &**key == "sqlite_autoincrement" && value.as_bool() == Some(true));
                if asked {
                    own.auto_increment = Some(AutoIncrement::Counter);
                }
            }
            Dialect::SqlServer => own.auto_increment = Some(AutoIncrement::IdentityAlways),
            Dialect::Oracle => {}
        }
    }
}
