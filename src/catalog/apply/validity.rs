//! What PostgreSQL refuses of a column, a key or an index by itself, whatever else the database holds.

use super::involved::{mentions, unknown_column};
use super::{ApplyError, cast, missing, refused};
use crate::catalog::operation::NewColumn;
use crate::catalog::{
    AutoIncrement, Catalog, Column, ColumnDefault, ColumnType, Dialect, Index, IndexPart, Name, Object, Table, TypeKind,
};

/// Columns that every table has: <https://www.postgresql.org/docs/current/ddl-system-columns.html>.
const SYSTEM_COLUMNS: &[&str] = &["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// Access methods that a server has without extensions.
const METHODS: &[&str] = &["btree", "hash", "gist", "spgist", "gin", "brin"];

/// Whether a column counts by GENERATED … AS IDENTITY.
pub(super) fn is_identity(column: &Column) -> bool {
    matches!(column.auto_increment, Some(AutoIncrement::IdentityAlways | AutoIncrement::IdentityByDefault))
}

/// The other generated column of a table whose expression names this one.
pub(super) fn generated_from<'a>(table: &'a Table, column: &str) -> Option<&'a Column> {
    let made = |other: &&Column| other.generated.as_ref().is_some_and(|made| mentions(&made.expression, column));
    table.columns.iter().filter(|other| other.name != column).find(made)
}

impl Catalog {
    /// Refuses a new column whose attributes contradict each other.
    pub(super) fn check_column(&self, table: &Table, new: &NewColumn) -> Result<(), ApplyError> {
        if self.dialect != Dialect::PostgreSql {
            return Ok(());
        }
        let column = &new.column;
        let refuse = |why: &str| Err(refused(format!("the column {}.{}: {why}", table.name, column.name)));
        if SYSTEM_COLUMNS.contains(&column.name.as_str()) {
            return refuse("every table has a system column of that name");
        }
        let serial = column.ty.builtin_name().is_some_and(|name| name.ends_with("serial"));
        let has_default = column.default.as_ref().is_some_and(|default| !matches!(default, ColumnDefault::Null));
        if has_default && (is_identity(column) || serial || column.generated.is_some()) {
            return refuse("it has a default, and a value of its own");
        }
        if is_identity(column) && !may_be_identity(&column.ty) {
            return refuse(&format!("{} is no type of an identity", column.ty));
        }
        if matches!(column.ty.builtin_name(), Some("varchar" | "char" | "bit" | "varbit")) && column.ty.args() == [0] {
            return refuse("its length is 0");
        }
        Ok(())
    }

    /// Refuses a generated column that is made from what is not there; all columns of the table must be. (Models that
    /// say so are no error: SQLAlchemy does not read the expression.)
    pub(super) fn check_generated(&self, table: &Table) -> Result<(), ApplyError> {
        if self.dialect != Dialect::PostgreSql {
            return Ok(());
        }
        let unknown = table.columns.iter().find_map(|column| {
            let made = column.generated.as_ref()?;
            unknown_column(self.dialect, table, &made.expression)
        });
        unknown.map_or(Ok(()), |column| Err(missing("the column", format!("{}.{column}", table.name))))
    }

    /// Refuses a default that is no value of the column's type.
    pub(super) fn check_default(
        &self,
        table: &Name,
        column: &str,
        ty: &ColumnType,
        default: &ColumnDefault,
    ) -> Result<(), ApplyError> {
        if self.dialect != Dialect::PostgreSql || ty.array {
            return Ok(());
        }
        let refuse = |value: &str| Err(refused(format!("{value} is no default for {table}.{column} ({ty})")));
        match (default, &ty.kind) {
            (ColumnDefault::Text(label), TypeKind::Named(name)) => {
                let Some(one) = self.enumeration(name) else { return Ok(()) };
                let known = one.labels.contains(label) || self.doubt_about(&Object::Type(&one.name)).is_some();
                if known { Ok(()) } else { refuse(&format!("'{label}'")) }
            }
            (ColumnDefault::Text(text), TypeKind::Builtin { name, .. })
                if matches!(name.as_str(), "smallint" | "integer" | "bigint") =>
            {
                if text.trim().parse::<i64>().is_ok() {
                    Ok(())
                } else {
                    refuse(&format!("'{text}'"))
                }
            }
            (ColumnDefault::Number(number), TypeKind::Builtin { name, .. }) if name == "boolean" => refuse(number),
            (ColumnDefault::Bool(value), TypeKind::Builtin { name, .. })
                if matches!(name.as_str(), "smallint" | "integer" | "bigint" | "numeric") =>
            {
                refuse(&value.to_string())
            }
            (ColumnDefault::NextVal(sequence), _) => {
                let foreign = sequence.schema.as_ref().is_some_and(|schema| !self.schemas.contains(schema));
                let known = foreign || self.resolve(&self.sequences, sequence).is_some() || !self.doubts.is_empty();
                if known { Ok(()) } else { Err(missing("the sequence", sequence)) }
            }
            _ => Ok(()),
        }
    }

    /// Refuses a key that names a column twice.
    pub(super) fn check_twice(&self, table: &Table, parts: &[IndexPart]) -> Result<(), ApplyError> {
        let twice = parts.iter().enumerate().find_map(|(at, part)| {
            let column = part.column()?;
            parts[..at].iter().any(|other| other.column() == Some(column)).then_some(column)
        });
        match twice {
            Some(column) if self.dialect != Dialect::Sqlite => {
                Err(refused(format!("a key of {} has the column {column} twice", table.name)))
            }
            _ => Ok(()),
        }
    }

    /// Refuses an index that its access method does not support.
    pub(super) fn check_method(&self, table: &Table, index: &Index) -> Result<(), ApplyError> {
        let Some(method) = index.method.as_deref().filter(|_| self.dialect == Dialect::PostgreSql) else {
            return Ok(());
        };
        let refuse = |why: String| Err(refused(format!("an index of {} cannot be: {why}", table.name)));
        if !METHODS.contains(&method) {
            return if self.extensions.is_empty() { Err(missing("the access method", method)) } else { Ok(()) };
        }
        if index.unique && method != "btree" {
            return refuse(format!("the method {method} has no unique indexes"));
        }
        if index.parts.len() > 1 && matches!(method, "hash" | "spgist") {
            return refuse(format!("the method {method} takes one column"));
        }
        let brings = match method {
            "gin" => "btree_gin",
            "gist" => "btree_gist",
            _ => return Ok(()),
        };
        if self.extensions.contains_key(brings) || !self.doubts.is_empty() {
            return Ok(());
        }
        let without_class = index.parts.iter().filter(|part| part.operator_class.is_none()).find_map(|part| {
            let column = table.column(self.dialect, part.column()?)?;
            (!column.ty.array && cast::is_scalar(&column.ty)).then_some(column)
        });
        match without_class {
            Some(column) => {
                refuse(format!("{method} has no operator class for {} ({}) of its own", column.name, column.ty))
            }
            None => Ok(()),
        }
    }
}

/// Whether an identity can be of that type.
pub(super) fn may_be_identity(ty: &ColumnType) -> bool {
    !ty.array && matches!(ty.builtin_name(), Some("smallint" | "integer" | "bigint"))
}
