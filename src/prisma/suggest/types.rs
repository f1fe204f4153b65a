//! Types as the engine writes them, and which of them a column can be cast between.

use crate::catalog::{Catalog, Column, ColumnType, Dialect, TypeKind};

/// A type in the engine's spelling.
pub(super) fn spelled(catalog: &Catalog, ty: &ColumnType) -> String {
    let mut text = match &ty.kind {
        TypeKind::Builtin { name, args, unsigned } => builtin(catalog.dialect, name, args, *unsigned),
        TypeKind::Named(name) => match &name.schema {
            Some(schema) if schema != catalog.current_schema() => {
                format!("{}.{}", double_quoted(schema), double_quoted(&name.name))
            }
            // A type of an extension is written without quotes.
            _ if catalog.enumeration(name).is_none() => name.name.to_uppercase(),
            _ => double_quoted(&name.name),
        },
        TypeKind::Inline { set, labels } => {
            let labels: Vec<String> = labels.iter().map(|label| super::render::literal(label)).collect();
            format!("{}({})", if *set { "SET" } else { "ENUM" }, labels.join(", "))
        }
        TypeKind::Other(text) => text.clone(),
        TypeKind::Unknown => "UNKNOWN".to_owned(),
    };
    if ty.array && !text.ends_with("[]") {
        text.push_str("[]");
    }
    text
}

/// SQLite types that the engine writes by itself.
const SQLITE: &[&str] =
    &["integer", "bigint", "text", "real", "decimal", "numeric", "boolean", "datetime", "blob", "jsonb"];

fn double_quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn builtin(dialect: Dialect, name: &str, args: &[i64], unsigned: bool) -> String {
    let word = match (dialect, name) {
        // Types that the engine has no name for are written as the schema has them.
        (Dialect::PostgreSql, _) if !crate::prisma::compare::POSTGRES_TYPES.contains(&name) => name.to_owned(),
        (Dialect::Sqlite, _) if !SQLITE.contains(&name) => name.to_owned(),
        (Dialect::PostgreSql | Dialect::Sqlite, "numeric") => "DECIMAL".to_owned(),
        (Dialect::CockroachDb, _) => match name {
            "integer" => "INT4".to_owned(),
            "bigint" => "INT8".to_owned(),
            "smallint" => "INT2".to_owned(),
            "text" => "STRING".to_owned(),
            "bytea" => "BYTES".to_owned(),
            "double precision" => "FLOAT8".to_owned(),
            "real" => "FLOAT4".to_owned(),
            "boolean" => "BOOL".to_owned(),
            "numeric" => "DECIMAL".to_owned(),
            other => other.to_uppercase(),
        },
        (Dialect::MySql, "int") => "INTEGER".to_owned(),
        (Dialect::MySql, "tinyint") if args == [1] && !unsigned => return "BOOLEAN".to_owned(),
        (_, other) => other.to_uppercase(),
    };
    // CHAR and BIT stand for CHAR(1) and BIT(1).
    let args = if dialect == Dialect::PostgreSql && name == "bit" && args == [1] { &[] } else { args };
    let mut text = word;
    if !args.is_empty() {
        let separator = if dialect == Dialect::MySql { ", " } else { "," };
        let args: Vec<String> =
            args.iter().map(|&arg| if arg < 0 { "max".to_owned() } else { arg.to_string() }).collect();
        text = format!("{text}({})", args.join(separator));
    }
    if unsigned {
        text.push_str(" UNSIGNED");
    }
    text
}

/// Whether the engine changes a column's type in place; else it drops the column and adds it again
/// (`postgres_native_type_change_riskyness`, `cockroach_native_type_change_riskyness`, `native_type_change` and its kin).
pub(super) fn castable(
    dialect: Dialect,
    (from_in, from): (&Catalog, &Column),
    (to_in, to): (&Catalog, &Column),
) -> bool {
    let (prev, next) = (kind(from), kind(to));
    let is_enum = |catalog: &Catalog, column: &Column| matches!(&column.ty.kind, TypeKind::Named(name) if catalog.enumeration(name).is_some());
    if dialect.is_postgres_like() && (is_enum(from_in, from) || is_enum(to_in, to)) {
        return false;
    }
    let textual = matches!(next.0, "text" | "varchar" | "char");
    if from.ty.array != to.ty.array {
        return from.ty.array && textual;
    }
    match dialect {
        Dialect::PostgreSql => postgres(prev, next),
        Dialect::CockroachDb => matches!((prev.0, next.0), ("integer", "text") | ("bigint", "integer")),
        Dialect::MySql => {
            let moment = |name: &str| matches!(name, "date" | "datetime" | "timestamp");
            !(moment(prev.0) ^ moment(next.0)) || textual || next.0.ends_with("text")
        }
        Dialect::SqlServer => {
            let moment = |name: &str| name.starts_with("date") || name == "time";
            let string = |name: &str| name.ends_with("char");
            let number =
                |name: &str| matches!(name, "int" | "bigint" | "smallint" | "tinyint" | "decimal" | "float" | "real");
            !((moment(prev.0) || string(prev.0)) && number(next.0)) && !(moment(next.0) && number(prev.0))
        }
        Dialect::Sqlite | Dialect::Oracle => true,
    }
}

fn kind(column: &Column) -> (&str, &[i64]) {
    match &column.ty.kind {
        TypeKind::Builtin { name, args, .. } if crate::prisma::compare::POSTGRES_TYPES.contains(&name.as_str()) => {
            (name, args)
        }
        TypeKind::Builtin { name, args, .. } if matches!(name.as_str(), "int" | "tinyint" | "decimal" | "float") => {
            (name, args)
        }
        TypeKind::Builtin { name, args, .. }
            if name.starts_with("date") || name.ends_with("char") || name.ends_with("text") =>
        {
            (name, args)
        }
        TypeKind::Named(name) if name.name.eq_ignore_ascii_case("citext") => ("citext", &[]),
        _ => ("", &[]),
    }
}

fn postgres((prev, _): (&str, &[i64]), (next, next_args): (&str, &[i64])) -> bool {
    let length = next_args.first().copied();
    let text = next == "text" || (next == "varchar" && length.is_none());
    let sized = matches!(next, "varchar" | "char") && length.is_some();
    let at_least = |least: i64| sized && length.is_some_and(|length| length > least);
    // Where one is no native type the engine changes it in place.
    if next.is_empty() {
        return true;
    }
    match prev {
        "" => true,
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" => {
            matches!(next, "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision") || text || sized
        }
        "money" | "citext" => !next.is_empty(),
        "inet" => next == "citext" || next == "text" || next == "varchar",
        "oid" => matches!(next, "text" | "varchar" | "bigint" | "integer"),
        "varchar" | "char" => text || sized,
        "text" => text || sized || next == "citext",
        "bytea" => text || at_least(2),
        "timestamp" => text || at_least(22) || matches!(next, "timestamp" | "timestamptz" | "date" | "time" | "timetz"),
        "timestamptz" => {
            text || at_least(27) || matches!(next, "timestamp" | "timestamptz" | "date" | "time" | "timetz")
        }
        "date" => text || at_least(27) || matches!(next, "timestamp" | "timestamptz"),
        "time" => text || at_least(13) || matches!(next, "timetz" | "time"),
        "timetz" => text || at_least(18) || matches!(next, "timetz" | "time"),
        "boolean" => text || next == "varchar" || at_least(3),
        "bit" | "varbit" => text || sized || next == "varbit" || (prev == "varbit" && next == "bit"),
        "uuid" => text || at_least(31),
        "xml" => text || sized,
        "json" | "jsonb" => text || sized || matches!(next, "json" | "jsonb"),
        _ => false,
    }
}
