//! When autogenerate sees two types as different.
//!
//! `DefaultImpl.compare_type` compares the words that SQLAlchemy's compiler writes: the first word or a synonym of it
//! must be the same, the others only where both have as many; so must the arguments. Hence `VARCHAR` and `VARCHAR(20)`
//! are the same to it, as are `INTEGER` and `INTEGER[]`.

use crate::catalog::types::{TypeKind, sqlite_affinity};
use crate::catalog::{Catalog, ColumnType, Dialect};

/// What comes of comparing two types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The same, or not to be told.
    Equal,
    /// Different, and autogenerate sees it.
    Seen,
    /// Different, and autogenerate does not see it.
    Unseen,
}

/// Compares the declared type with that of the migrations.
pub(super) fn compare(dialect: Dialect, declared: &ColumnType, replayed: &ColumnType, database: &Catalog) -> Verdict {
    if declared == replayed || is_unknown(declared) || is_unknown(replayed) {
        return Verdict::Equal;
    }
    let kinds = (&declared.kind, &replayed.kind);
    let verdict = match kinds {
        (TypeKind::Builtin { .. }, TypeKind::Builtin { .. }) => builtins(dialect, declared, replayed),
        (TypeKind::Inline { set: a, labels: declared }, TypeKind::Inline { set: b, labels: replayed }) => {
            // MySQL: the labels are compared as a set; a set's labels are its type's arguments.
            let (mut x, mut y) = (declared.clone(), replayed.clone());
            x.sort();
            y.sort();
            match (a == b, x == y) {
                (true, true) if declared == replayed => Verdict::Equal,
                (true, true) => Verdict::Unseen,
                _ => Verdict::Seen,
            }
        }
        (TypeKind::Named(a), TypeKind::Named(b)) => {
            let same_schema = a.schema.is_none() || b.schema.is_none() || a.schema == b.schema;
            match (a.name.eq_ignore_ascii_case(&b.name), same_schema) {
                (true, true) => Verdict::Equal,
                (true, false) if is_reflected(database, replayed) => Verdict::Seen,
                (true, false) => Verdict::Unseen,
                (false, _) if is_reflected(database, replayed) => Verdict::Seen,
                (false, _) => Verdict::Unseen,
            }
        }
        (TypeKind::Other(a), TypeKind::Other(b)) => {
            let squeeze = |text: &str| -> String {
                text.chars().filter(|c| !c.is_whitespace() && *c != '"').flat_map(char::to_lowercase).collect()
            };
            if squeeze(a) == squeeze(b) { Verdict::Equal } else { Verdict::Unseen }
        }
        _ => {
            if is_reflected(database, replayed) {
                Verdict::Seen
            } else {
                Verdict::Unseen
            }
        }
    };
    if verdict == Verdict::Equal && declared.array != replayed.array {
        return Verdict::Unseen;
    }
    verdict
}

fn is_unknown(ty: &ColumnType) -> bool {
    matches!(ty.kind, TypeKind::Unknown)
}

/// Whether reflection makes a type of it: a built-in one, an enum or a domain. Other user-defined types become
/// `NullType`, which is not compared.
fn is_reflected(database: &Catalog, ty: &ColumnType) -> bool {
    match &ty.kind {
        TypeKind::Builtin { .. } | TypeKind::Inline { .. } => true,
        TypeKind::Named(name) => {
            database.resolve(&database.enums, name).is_some()
                || database.resolve(&database.types, name).is_some()
                || matches!(name.name.to_lowercase().as_str(), "citext" | "hstore")
        }
        TypeKind::Other(_) | TypeKind::Unknown => false,
    }
}

/// Synonyms of first words: `type_synonyms` of each implementation.
const SYNONYMS: [(Option<Dialect>, &[&str]); 10] = [
    (None, &["numeric", "decimal"]),
    (Some(Dialect::PostgreSql), &["float", "double precision"]),
    (Some(Dialect::CockroachDb), &["float", "double precision"]),
    // Reflection reads TINYINT(1) of BOOL as TINYINT.
    (Some(Dialect::MySql), &["bool", "boolean", "tinyint"]),
    // MariaDB's JSON is LONGTEXT with a check.
    (Some(Dialect::MySql), &["json", "longtext"]),
    (Some(Dialect::SqlServer), &["varchar", "nvarchar"]),
    (Some(Dialect::Oracle), &["varchar", "varchar2"]),
    (Some(Dialect::Oracle), &["bigint", "integer", "smallint", "decimal", "numeric", "number"]),
    (Some(Dialect::Oracle), &["double", "float", "double precision"]),
    // A serial type is an integer with a default.
    (Some(Dialect::PostgreSql), &["integer", "serial"]),
];

fn builtins(dialect: Dialect, declared: &ColumnType, replayed: &ColumnType) -> Verdict {
    let (Some(a), Some(b)) = (reflected_name(dialect, declared), reflected_name(dialect, replayed)) else {
        // SQLite: a column without a type is not compared.
        return Verdict::Equal;
    };
    let synonyms = SYNONYMS
        .iter()
        .filter(|(of, _)| of.is_none_or(|of| of == dialect))
        .any(|(_, words)| words.contains(&a.as_str()) && words.contains(&b.as_str()));
    if a != b && !synonyms {
        return Verdict::Seen;
    }
    let unsigned = |ty: &ColumnType| matches!(&ty.kind, TypeKind::Builtin { unsigned: true, .. });
    let (x, y) = (declared.args(), replayed.args());
    if x.len() == y.len() && x != y && !is_display_width(dialect, &a) {
        return Verdict::Seen;
    }
    if unsigned(declared) != unsigned(replayed)
        || (x != y && !is_display_width(dialect, &a) && !default_args(dialect, &a, x, y))
    {
        return Verdict::Unseen;
    }
    Verdict::Equal
}

/// MySQL's integers carry a display width that means nothing.
fn is_display_width(dialect: Dialect, name: &str) -> bool {
    dialect == Dialect::MySql
        && matches!(name, "int" | "tinyint" | "smallint" | "mediumint" | "bigint" | "bool" | "boolean" | "year")
}

/// Whether arguments that only one side writes are those that the database takes anyway.
fn default_args(dialect: Dialect, name: &str, a: &[i64], b: &[i64]) -> bool {
    let written = match (a, b) {
        ([], written) | (written, []) => written,
        _ => return false,
    };
    match (dialect, name) {
        (Dialect::MySql, "decimal" | "numeric") => written == [10, 0],
        (Dialect::MySql | Dialect::SqlServer, "char" | "bit") => written == [1],
        (Dialect::SqlServer, "datetime2" | "datetimeoffset" | "time") => written == [7],
        (Dialect::SqlServer, "decimal" | "numeric") => written == [18, 0],
        (Dialect::PostgreSql, "timestamp" | "timestamptz" | "time" | "timetz") => written == [6],
        _ => false,
    }
}

/// The first words of a built-in type as reflection brings it back; none where it brings back no type.
fn reflected_name(dialect: Dialect, ty: &ColumnType) -> Option<String> {
    let name = ty.builtin_name()?.to_lowercase();
    if dialect != Dialect::Sqlite {
        return Some(match name.as_str() {
            "smallserial" => "smallint".to_owned(),
            "serial" if dialect.is_postgres_like() => "integer".to_owned(),
            "bigserial" => "bigint".to_owned(),
            _ => name,
        });
    }
    // `_resolve_type_affinity` of SQLAlchemy's SQLite dialect.
    Some(match name.as_str() {
        "bool" => "boolean".to_owned(),
        "int" => "integer".to_owned(),
        "date_char" => "date".to_owned(),
        "datetime_char" => "datetime".to_owned(),
        "time_char" => "time".to_owned(),
        "bigint" | "blob" | "boolean" | "char" | "date" | "datetime" | "double" | "decimal" | "float" | "integer"
        | "json" | "jsonb" | "numeric" | "real" | "smallint" | "text" | "time" | "timestamp" | "varchar"
        | "nvarchar" | "nchar" => name,
        other => match sqlite_affinity(other) {
            "blob" => return None,
            affinity => affinity.to_owned(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::types::canonical;

    fn verdict(dialect: Dialect, declared: (&str, &[i64]), replayed: (&str, &[i64])) -> Option<Verdict> {
        let declared = canonical(dialect, declared.0, declared.1)?;
        let replayed = canonical(dialect, replayed.0, replayed.1)?;
        Some(compare(dialect, &declared, &replayed, &Catalog::new(dialect)))
    }

    #[test]
    fn families_lengths_and_what_is_left_out() {
        let pg = Dialect::PostgreSql;
        assert_eq!(verdict(pg, ("varchar", &[20]), ("varchar", &[30])), Some(Verdict::Seen));
        assert_eq!(verdict(pg, ("varchar", &[]), ("varchar", &[30])), Some(Verdict::Unseen));
        assert_eq!(verdict(pg, ("text", &[]), ("varchar", &[30])), Some(Verdict::Seen));
        assert_eq!(verdict(pg, ("timestamptz", &[]), ("timestamp", &[])), Some(Verdict::Seen));
        assert_eq!(verdict(pg, ("numeric", &[]), ("numeric", &[10, 2])), Some(Verdict::Unseen));
        assert_eq!(verdict(pg, ("numeric", &[10, 2]), ("numeric", &[12, 2])), Some(Verdict::Seen));
        assert_eq!(verdict(pg, ("bigint", &[]), ("integer", &[])), Some(Verdict::Seen));
    }

    #[test]
    fn each_database_has_its_synonyms() {
        let lite = Dialect::Sqlite;
        assert_eq!(verdict(lite, ("decimal", &[8, 2]), ("numeric", &[8, 2])), Some(Verdict::Equal));
        assert_eq!(verdict(lite, ("float", &[]), ("double", &[])), Some(Verdict::Seen));
        assert_eq!(verdict(lite, ("integer", &[]), ("int", &[])), Some(Verdict::Equal));
        assert_eq!(verdict(lite, ("integer", &[]), ("mediumint", &[])), Some(Verdict::Equal));
        let my = Dialect::MySql;
        assert_eq!(verdict(my, ("bool", &[]), ("tinyint", &[1])), Some(Verdict::Equal));
        assert_eq!(verdict(my, ("json", &[]), ("longtext", &[])), Some(Verdict::Equal));
        assert_eq!(verdict(my, ("int", &[]), ("int", &[11])), Some(Verdict::Equal));
        assert_eq!(verdict(my, ("text", &[]), ("mediumtext", &[])), Some(Verdict::Seen));
    }

    #[test]
    fn arrays_are_not_told_apart_from_their_elements() {
        let array = ColumnType { array: true, ..ColumnType::builtin("integer") };
        let plain = ColumnType::builtin("integer");
        let database = Catalog::new(Dialect::PostgreSql);
        assert_eq!(compare(Dialect::PostgreSql, &array, &plain, &database), Verdict::Unseen);
        assert_eq!(compare(Dialect::PostgreSql, &array, &ColumnType::unknown(), &database), Verdict::Equal);
    }
}
