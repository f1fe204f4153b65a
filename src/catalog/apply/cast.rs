//! Which types go with which: casts that a database makes by itself, and types that a foreign key can join.

use crate::catalog::{ColumnType, Dialect, TypeKind};

/// Kinds of built-in types, as far as casts go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Text,
    Number,
    Boolean,
    Moment,
    Json,
    Uuid,
    Bytes,
}

fn class(ty: &ColumnType) -> Option<Class> {
    Some(match ty.builtin_name()? {
        "text" | "varchar" | "char" | "nvarchar" | "nchar" | "tinytext" | "mediumtext" | "longtext" | "ntext" => {
            Class::Text
        }
        "smallint" | "integer" | "int" | "bigint" | "tinyint" | "mediumint" | "numeric" | "decimal" | "real"
        | "float" | "double" | "double precision" => Class::Number,
        "boolean" => Class::Boolean,
        "date" | "timestamp" | "timestamptz" | "datetime" | "datetime2" | "datetimeoffset" | "smalldatetime" => {
            Class::Moment
        }
        "json" | "jsonb" => Class::Json,
        "uuid" | "uniqueidentifier" => Class::Uuid,
        "bytea" | "blob" | "tinyblob" | "mediumblob" | "longblob" => Class::Bytes,
        _ => return None,
    })
}

/// Whether a type is a plain one, for which only a B-tree or a hash has an operator class of its own.
pub(super) fn is_scalar(ty: &ColumnType) -> bool {
    matches!(class(ty), Some(class) if class != Class::Json) || ty.builtin_name() == Some("json")
}

/// Whether a type is a text.
pub(super) fn is_text(ty: &ColumnType) -> bool {
    class(ty) == Some(Class::Text)
}

/// Whether PostgreSQL casts from one type to another in an assignment (`pg_cast.castcontext` is `a` or `i`, and every
/// type to text): <https://www.postgresql.org/docs/current/catalog-pg-cast.html>. Types that are not known do.
pub(super) fn by_assignment(from: &ColumnType, to: &ColumnType) -> bool {
    if from.array != to.array {
        // An array becomes a text; nothing becomes an array.
        return from.array && class(to) == Some(Class::Text) || class(from).is_none() || class(to).is_none();
    }
    // No range is cast to another; a range becomes a multirange of its own sort.
    if let (Some(from), Some(to)) = (from.builtin_name(), to.builtin_name())
        && from.ends_with("range")
        && to.ends_with("range")
    {
        return from == to || from.replace("range", "multirange") == to;
    }
    match (class(from), class(to)) {
        (_, Some(Class::Text) | None) | (None, _) => true,
        (Some(from), Some(to)) => from == to,
    }
}

/// The families of PostgreSQL's numbers, in the order in which each is cast to the next by itself.
fn width(ty: &ColumnType) -> Option<u8> {
    Some(match ty.builtin_name()? {
        "smallint" | "integer" | "bigint" => 0,
        "numeric" => 1,
        "real" | "double precision" => 2,
        _ => return None,
    })
}

/// Whether a foreign key can join columns of these types. PostgreSQL needs an equality operator for the two, MySQL the
/// same integer type: <https://dev.mysql.com/doc/refman/8.0/en/create-table-foreign-keys.html>. Types that are not
/// known can.
pub(super) fn may_refer(dialect: Dialect, from: &ColumnType, to: &ColumnType) -> bool {
    if let (TypeKind::Builtin { name: one, unsigned: a, .. }, TypeKind::Builtin { name: two, unsigned: b, .. }) =
        (&from.kind, &to.kind)
    {
        let integer = |name: &str| matches!(name, "tinyint" | "smallint" | "mediumint" | "int" | "bigint");
        if dialect == Dialect::MySql && integer(one) && integer(two) {
            return one == two && a == b;
        }
    }
    if dialect.is_postgres_like()
        && let (Some(narrow), Some(wide)) = (width(from), width(to))
    {
        return narrow <= wide;
    }
    match (class(from), class(to)) {
        (Some(from), Some(to)) => from == to && !(dialect.is_postgres_like() && from == Class::Json),
        _ => true,
    }
}
