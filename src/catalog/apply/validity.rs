//! What PostgreSQL refuses of a column, a key or an index by itself, whatever else the database holds.

use super::involved::{mentions, unknown_column};
use super::{ApplyError, NO_DEFAULT, cast, missing, refused};
use crate::catalog::operation::NewColumn;
use crate::catalog::{
    AutoIncrement, Catalog, Column, ColumnDefault, ColumnType, Dialect, Index, IndexPart, Name, Object, Table, TypeKind,
};

/// Columns that every table has: <https://www.postgresql.org/docs/current/ddl-system-columns.html>.
const SYSTEM_COLUMNS: &[&str] = &["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// Access methods that a server has without extensions.
const METHODS: &[&str] = &["btree", "hash", "gist", "spgist", "gin", "brin"];

/// Whether every table of PostgreSQL has a column of that name.
pub(super) fn is_system_column(name: &str) -> bool {
    SYSTEM_COLUMNS.contains(&name)
}

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
        let column = &new.column;
        let refuse = |why: &str| Err(refused(format!("the column {}.{}: {why}", table.name, column.name)));
        if self.dialect == Dialect::MySql {
            return match why_not_in_mysql(column) {
                Some(why) => refuse(why),
                None => Ok(()),
            };
        }
        if self.dialect != Dialect::PostgreSql {
            return Ok(());
        }
        if SYSTEM_COLUMNS.contains(&column.name.as_str()) {
            return refuse("every table has a system column of that name");
        }
        let serial = column.auto_increment == Some(AutoIncrement::Serial)
            && !matches!(column.default, Some(ColumnDefault::NextVal(_)));
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
        if let Some(column) = unknown {
            return Err(missing("the column", format!("{}.{column}", table.name)));
        }
        let generated = |expression: &str| {
            let made = table.columns.iter().filter(|column| column.generated.is_some());
            made.into_iter().any(|column| mentions(expression, &column.name))
        };
        let from_generated = table
            .columns
            .iter()
            .find(|column| column.generated.as_ref().is_some_and(|made| generated(&made.expression)));
        match from_generated {
            Some(column) => {
                Err(refused(format!("{}.{} is generated from a generated column", table.name, column.name)))
            }
            None => Ok(()),
        }
    }

    /// Refuses a default that is no value of the column's type.
    pub(super) fn check_default(
        &self,
        table: &Name,
        column: &str,
        ty: &ColumnType,
        default: &ColumnDefault,
    ) -> Result<(), ApplyError> {
        let judged = matches!(self.dialect, Dialect::PostgreSql | Dialect::MySql);
        if !judged || ty.array {
            return Ok(());
        }
        let refuse = |value: &str| Err(refused(format!("{value} {NO_DEFAULT} {table}.{column} ({ty})")));
        match (default, &ty.kind) {
            (ColumnDefault::Text(label), TypeKind::Inline { set: false, labels }) => {
                let known = labels.iter().any(|known| known.eq_ignore_ascii_case(label));
                if known { Ok(()) } else { refuse(&format!("'{label}'")) }
            }
            (ColumnDefault::Text(text), TypeKind::Builtin { name, .. })
                if matches!(name.as_str(), "int" | "bigint" | "smallint" | "mediumint" | "tinyint") =>
            {
                if text.trim().parse::<f64>().is_ok() { Ok(()) } else { refuse(&format!("'{text}'")) }
            }
            _ if self.dialect == Dialect::MySql => Ok(()),
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

    /// Refuses more than one counter, and one that is in no key (MySQL).
    pub(super) fn check_counters(&self, table: &Table) -> Result<(), ApplyError> {
        if self.dialect != Dialect::MySql {
            return Ok(());
        }
        let counters: Vec<&Column> = table.columns.iter().filter(|column| column.auto_increment.is_some()).collect();
        let begins = |parts: &[IndexPart], column: &Column| {
            parts.first().and_then(IndexPart::column).is_some_and(|first| first.eq_ignore_ascii_case(&column.name))
        };
        let in_key = |column: &Column| {
            table.primary_key.as_ref().is_some_and(|key| begins(&key.columns, column))
                || table.indexes.iter().any(|index| begins(&index.parts, column))
        };
        match counters.as_slice() {
            [] => Ok(()),
            [one] if in_key(one) => Ok(()),
            [one, ..] => Err(refused(format!("{}.{} counts: it must be alone, and in a key", table.name, one.name))),
        }
    }

    /// Refuses lengths of parts that are none, and a key on a text without one (MySQL).
    pub(super) fn check_lengths(&self, table: &Table, parts: &[IndexPart], primary: bool) -> Result<(), ApplyError> {
        if self.dialect != Dialect::MySql {
            return Ok(());
        }
        for part in parts {
            let Some(column) = part.column().and_then(|name| table.column(self.dialect, name)) else { continue };
            let Some(name) = column.ty.builtin_name() else { continue };
            let long = name.ends_with("text") || name.ends_with("blob");
            let text = long || name.ends_with("char") || name.ends_with("binary");
            let longest = column.ty.args().first().copied().unwrap_or(i64::MAX);
            let fits = part.length.is_none_or(|length| text && i64::from(length) <= longest);
            if !fits || primary && long && part.length.is_none() {
                return Err(refused(format!(
                    "a key of {} on {} has a length that does not fit",
                    table.name, column.name
                )));
            }
        }
        Ok(())
    }

    /// Refuses an index that its access method does not support.
    pub(super) fn check_method(&self, table: &Table, index: &Index) -> Result<(), ApplyError> {
        if self.dialect == Dialect::MySql {
            let columns = index.parts.iter().filter_map(|part| table.column(self.dialect, part.column()?));
            let wrong = columns.into_iter().find(|column| match index.method.as_deref() {
                Some("fulltext") => column.ty.builtin_name().is_some() && !cast::is_text(&column.ty),
                Some("spatial") => column.nullable,
                _ => false,
            });
            return match wrong {
                Some(column) => Err(refused(format!(
                    "{}.{} cannot be in a {} index",
                    table.name,
                    column.name,
                    index.method.as_deref().unwrap_or_default()
                ))),
                None => Ok(()),
            };
        }
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

/// Why MySQL refuses a column by itself.
fn why_not_in_mysql(column: &Column) -> Option<&'static str> {
    let (name, args) = (column.ty.builtin_name(), column.ty.args());
    if column.auto_increment.is_some() && name.is_some_and(|name| !name.contains("int") && !is_float(name)) {
        return Some("it is no number, and cannot count");
    }
    if let TypeKind::Inline { labels, .. } = &column.ty.kind
        && labels.iter().enumerate().any(|(at, label)| labels[..at].contains(label))
    {
        return Some("it has a label twice");
    }
    if !column.nullable && column.default == Some(ColumnDefault::Null) {
        return Some("its default is NULL, which it cannot be");
    }
    match (name, args) {
        (Some("varchar" | "varbinary"), []) => Some("it has no length"),
        (Some("varchar"), [length]) if *length > 65_535 => Some("it is too long"),
        (Some("decimal"), [digits, ..]) if *digits > 65 => Some("it has too many digits"),
        (Some("decimal"), [digits, scale]) if scale > digits => Some("it has more decimals than digits"),
        _ => None,
    }
}

fn is_float(name: &str) -> bool {
    matches!(name, "float" | "double" | "serial")
}

/// Whether an identity can be of that type.
pub(super) fn may_be_identity(ty: &ColumnType) -> bool {
    !ty.array && matches!(ty.builtin_name(), Some("smallint" | "integer" | "bigint"))
}
