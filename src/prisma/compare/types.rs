//! Types as the engine compares them, provider by provider.

use crate::catalog::types::canonical;
use crate::catalog::{Catalog, Column, ColumnType, Dialect, Enum, TypeKind, UserTypeKind};

/// What the engine takes a column's type for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// One of its native types: name, modifiers, MySQL's UNSIGNED.
    Native(String, Vec<i64>, bool),
    /// An enum, by schema and name; MySQL's by its labels.
    Enum(Vec<String>),
    /// Any other type: the engine has no name for it.
    Other(String),
    /// It could not be evaluated.
    Unknown,
}

/// Whether the engine takes the types of two columns for the same.
pub(super) fn same(declared: (&Catalog, &Column), replayed: (&Catalog, &Column)) -> bool {
    let dialect = declared.0.dialect;
    let (next, prev) = (seen(declared.0, &declared.1.ty), seen(replayed.0, &replayed.1.ty));
    if next == Seen::Unknown || prev == Seen::Unknown {
        return true;
    }
    let list = |column: &Column| {
        column.ty.array || matches!(&column.ty.kind, TypeKind::Other(text) if text.trim_end().ends_with("[]"))
    };
    let (next_list, prev_list) = (list(declared.1), list(replayed.1));
    match dialect {
        Dialect::PostgreSql | Dialect::CockroachDb => {
            same_postgres(dialect, &next, &prev, next_list || prev_list) && next_list == prev_list
        }
        Dialect::Sqlite => sqlite_family(&next) == sqlite_family(&prev),
        // A type that the engine has no name for differs from nothing (`native_type_change` is not asked).
        Dialect::MySql => match (&next, &prev) {
            (Seen::Enum(a), Seen::Enum(b)) => a == b,
            (Seen::Enum(_), _) | (_, Seen::Enum(_)) => false,
            (Seen::Other(_), _) | (_, Seen::Other(_)) => true,
            (a, b) => a == b,
        },
        Dialect::SqlServer | Dialect::Oracle => match (&next, &prev) {
            (Seen::Other(_), Seen::Other(_)) => true,
            (Seen::Other(text), other) | (other, Seen::Other(text)) => is_text_of(text, other),
            (a, b) => a == b,
        },
    }
}

fn same_postgres(dialect: Dialect, next: &Seen, prev: &Seen, list: bool) -> bool {
    match (next, prev) {
        (Seen::Enum(next), Seen::Enum(prev)) => next == prev,
        // Two types that the engine has no name for are not compared (`postgres_column_type_change`).
        (Seen::Other(_), Seen::Other(_)) => true,
        // A known type written as `Unsupported("…")` differs for ever, as does an enum: only another type counts.
        (Seen::Other(text), Seen::Enum(name)) => name.last().is_some_and(|name| bare(text).eq_ignore_ascii_case(name)),
        (Seen::Other(text), native) | (native, Seen::Other(text)) => is_text_of(text, native),
        (Seen::Enum(_), _) | (_, Seen::Enum(_)) => false,
        (Seen::Native(next, next_args, _), Seen::Native(prev, prev_args, _)) => {
            if next != prev {
                return false;
            }
            let timed = matches!(next.as_str(), "timestamp" | "timestamptz" | "time" | "timetz");
            if !timed {
                return next_args == prev_args;
            }
            if dialect == Dialect::CockroachDb {
                return next_args.first().unwrap_or(&6) == prev_args.first().unwrap_or(&6);
            }
            // A declared type without precision matches any. The database stores 6 where none is written, but says
            // nothing of it for the elements of an array.
            next_args.is_empty()
                || (prev_args.is_empty() && list)
                || next_args.first() == Some(prev_args.first().unwrap_or(&6))
        }
        (Seen::Unknown, _) | (_, Seen::Unknown) => true,
    }
}

/// The words of a type without brackets and quotes.
fn bare(text: &str) -> &str {
    text.trim().trim_end_matches("[]").trim().trim_matches('"')
}

/// Whether a type that is declared by its text (`Unsupported("…")`) is that native type.
fn is_text_of(text: &str, native: &Seen) -> bool {
    let Seen::Native(name, args, _) = native else { return false };
    let text = bare(text).to_lowercase();
    let (words, written) = match text.split_once('(') {
        Some((words, rest)) => (words.trim().to_owned(), rest.trim_end_matches(')').to_owned()),
        None => (text.clone(), String::new()),
    };
    let written: Vec<i64> = written.split(',').filter_map(|arg| arg.trim().parse().ok()).collect();
    let same_args = written.is_empty() || written == *args;
    let canonical = canonical(Dialect::PostgreSql, &words, &written);
    let same_name = canonical.as_ref().and_then(ColumnType::builtin_name).unwrap_or(&words) == name;
    same_name && same_args
}

/// PostgreSQL types that the engine has a name for (`KnownPostgresType`).
pub(crate) const POSTGRES: &[&str] = &[
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "money",
    "inet",
    "oid",
    "citext",
    "real",
    "double precision",
    "varchar",
    "char",
    "text",
    "bytea",
    "timestamp",
    "timestamptz",
    "date",
    "time",
    "timetz",
    "boolean",
    "bit",
    "varbit",
    "uuid",
    "xml",
    "json",
    "jsonb",
];

/// What the engine takes a type for.
fn seen(catalog: &Catalog, ty: &ColumnType) -> Seen {
    let dialect = catalog.dialect;
    match &ty.kind {
        TypeKind::Unknown => Seen::Unknown,
        TypeKind::Other(text) => Seen::Other(text.clone()),
        TypeKind::Inline { set: false, labels } => Seen::Enum(labels.clone()),
        TypeKind::Inline { set: true, .. } => Seen::Other("set".to_owned()),
        TypeKind::Named(name) => {
            if let Some(Enum { name, .. }) = catalog.enumeration(name) {
                return Seen::Enum(vec![name.schema.clone(), name.name.clone()]);
            }
            // A domain is seen as its base type (`information_schema.columns`).
            let domain = catalog.resolve(&catalog.types, name).and_then(|name| catalog.types.get(&name));
            if let Some(UserTypeKind::Domain(base)) = domain.map(|one| &one.kind)
                && !ty.array
            {
                return seen(catalog, base);
            }
            let word = name.name.to_ascii_lowercase();
            if word == "citext" {
                return Seen::Native(word, Vec::new(), false);
            }
            Seen::Other(name.to_string())
        }
        TypeKind::Builtin { name, args, unsigned } => match dialect {
            Dialect::PostgreSql if POSTGRES.contains(&name.as_str()) => Seen::Native(name.clone(), args.clone(), false),
            Dialect::PostgreSql => Seen::Other(name.clone()),
            Dialect::CockroachDb => cockroach(name, args),
            Dialect::MySql => mysql(name, args, *unsigned),
            Dialect::SqlServer => sqlserver(name, args),
            Dialect::Sqlite | Dialect::Oracle => Seen::Native(name.clone(), args.clone(), false),
        },
    }
}

/// CockroachDB: STRING, TEXT and VARCHAR are one type.
fn cockroach(name: &str, args: &[i64]) -> Seen {
    let name = match name {
        "varchar" | "string" => "text",
        "json" => "jsonb",
        other => other,
    };
    if POSTGRES.contains(&name) {
        Seen::Native(name.to_owned(), args.to_vec(), false)
    } else {
        Seen::Other(name.to_owned())
    }
}

/// MySQL: what the server stores for what is left out.
fn mysql(name: &str, args: &[i64], unsigned: bool) -> Seen {
    let native = |name: &str, args: &[i64]| Seen::Native(name.to_owned(), args.to_vec(), unsigned);
    match name {
        // A boolean is a TINYINT(1), and display widths mean nothing to a type.
        "boolean" => native("tinyint", &[]),
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year" | "float" | "double" | "tinytext" | "text"
        | "mediumtext" | "longtext" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "json" | "date" => {
            native(name, &[])
        }
        "decimal" => match args {
            [] => native(name, &[10, 0]),
            [precision] => native(name, &[*precision, 0]),
            _ => native(name, args),
        },
        "char" | "binary" | "bit" if args.is_empty() => native(name, &[1]),
        "datetime" | "timestamp" | "time" if args.is_empty() => native(name, &[0]),
        "char" | "binary" | "bit" | "datetime" | "timestamp" | "time" | "varchar" | "varbinary" => native(name, args),
        other => Seen::Other(other.to_owned()),
    }
}

/// SQL Server: what the server stores for what is left out.
fn sqlserver(name: &str, args: &[i64]) -> Seen {
    let native = |name: &str, args: &[i64]| Seen::Native(name.to_owned(), args.to_vec(), false);
    match name {
        "numeric" | "decimal" => match args {
            [] => native("decimal", &[18, 0]),
            [precision] => native("decimal", &[*precision, 0]),
            _ => native("decimal", args),
        },
        "float" => match args {
            [bits] if *bits <= 24 => native("real", &[]),
            _ => native("float", &[53]),
        },
        "char" | "nchar" | "varchar" | "nvarchar" | "binary" | "varbinary" if args.is_empty() => native(name, &[1]),
        // The engine keeps no precision of these.
        "datetime2" | "datetimeoffset" | "time" => native(name, &[]),
        _ => native(name, args),
    }
}

/// The family of a SQLite type (`get_column_type` of the describer).
fn sqlite_family(seen: &Seen) -> String {
    let (name, args) = match seen {
        Seen::Native(name, args, _) => (name.to_lowercase(), args.as_slice()),
        Seen::Other(text) => (text.to_lowercase(), [].as_slice()),
        Seen::Enum(_) => ("text".to_owned(), [].as_slice()),
        Seen::Unknown => (String::new(), [].as_slice()),
    };
    let list = name.trim_end_matches("[]");
    let family = match list {
        "int" | "integer" | "serial" => "int",
        "bigint" => "bigint",
        "real" | "float" | "double" => "float",
        "boolean" => "boolean",
        "text" => "string",
        other if other.contains("char") => "string",
        other if other.contains("numeric") || other.contains("decimal") => "decimal",
        "date" | "datetime" | "timestamp" => "datetime",
        "binary" | "blob" => "binary",
        "jsonb" => "jsonb",
        other => {
            // Any other type is the same only as itself, modifiers included.
            let args: Vec<String> = args.iter().map(ToString::to_string).collect();
            return if args.is_empty() { other.to_owned() } else { format!("{other}({})", args.join(",")) };
        }
    };
    // Modifiers hide the plain words from the describer: `integer(11)` is a type of its own to it.
    let plain = matches!(family, "string" | "decimal") && list != "text";
    if args.is_empty() || plain { family.to_owned() } else { format!("{list}{args:?}") }
}

/// The family by which the engine reads a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Int,
    Decimal,
    Boolean,
    String,
    Json,
    DateTime,
    Enum,
    Binary,
    Uuid,
    Other,
}

/// Whether a column's type moves to another family, so that the engine writes its default anew.
pub(crate) fn changes_family(declared: (&Catalog, &Column), replayed: (&Catalog, &Column)) -> bool {
    family(declared.0, declared.1) != family(replayed.0, replayed.1)
}

/// Whether a MySQL type is the one that stands for booleans: TINYINT(1).
fn is_boolean(ty: &ColumnType) -> bool {
    match &ty.kind {
        TypeKind::Builtin { name, args, unsigned } => {
            name == "boolean" || (name == "tinyint" && *args == [1] && !unsigned)
        }
        _ => false,
    }
}

/// The family of a column's type.
pub(super) fn family(catalog: &Catalog, column: &Column) -> Family {
    match seen(catalog, &column.ty) {
        Seen::Enum(_) => Family::Enum,
        Seen::Other(_) | Seen::Unknown => Family::Other,
        Seen::Native(name, args, _) => match (catalog.dialect, name.as_str()) {
            (Dialect::Sqlite, _) => match sqlite_family(&Seen::Native(name, args, false)).as_str() {
                "int" | "bigint" => Family::Int,
                "float" | "decimal" => Family::Decimal,
                "boolean" => Family::Boolean,
                "string" => Family::String,
                "jsonb" => Family::Json,
                "datetime" => Family::DateTime,
                "binary" => Family::Binary,
                _ => Family::Other,
            },
            (Dialect::MySql, "tinyint") if is_boolean(&column.ty) => Family::Boolean,
            (Dialect::MySql | Dialect::SqlServer, "bit") if args.is_empty() || args == [1] => Family::Boolean,
            (_, "smallint" | "integer" | "int" | "bigint" | "tinyint" | "mediumint" | "oid" | "year") => Family::Int,
            (_, "numeric" | "decimal" | "money" | "smallmoney" | "real" | "double precision" | "double" | "float") => {
                Family::Decimal
            }
            (_, "boolean") => Family::Boolean,
            (_, "json" | "jsonb") => Family::Json,
            (_, "uuid" | "uniqueidentifier") => Family::Uuid,
            (
                _,
                "date" | "datetime" | "datetime2" | "smalldatetime" | "datetimeoffset" | "timestamp" | "timestamptz"
                | "time" | "timetz",
            ) => Family::DateTime,
            (_, "bytea" | "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "image") => {
                Family::Binary
            }
            _ => Family::String,
        },
    }
}
