//! The names that the engine gives to keys, indexes and foreign keys
//! (`psl/psl-core/src/datamodel_connector/constraint_names.rs`).
//!
//! They are made of the names of the database, never of those of the schema language, and cut so that the suffix still
//! fits into the longest identifier of the provider, in bytes.

use crate::catalog::Dialect;

/// `table_pkey`
pub(crate) fn primary_key(dialect: Dialect, table: &str) -> String {
    with_suffix(dialect, table.to_owned(), "_pkey")
}

/// `table_a_b_key`
pub(crate) fn unique(dialect: Dialect, table: &str, columns: &[&str]) -> String {
    with_suffix(dialect, format!("{table}_{}", columns.join("_")), "_key")
}

/// `table_a_b_idx`
pub(crate) fn index(dialect: Dialect, table: &str, columns: &[&str]) -> String {
    with_suffix(dialect, format!("{table}_{}", columns.join("_")), "_idx")
}

/// `table_a_b_fkey`, of the table and the columns that refer
pub(crate) fn foreign_key(dialect: Dialect, table: &str, columns: &[&str]) -> String {
    with_suffix(dialect, format!("{table}_{}", columns.join("_")), "_fkey")
}

/// `table_column_df`, of SQL Server's defaults
pub(crate) fn default(dialect: Dialect, table: &str, column: &str) -> String {
    with_suffix(dialect, format!("{table}_{column}"), "_df")
}

fn with_suffix(dialect: Dialect, mut stem: String, suffix: &str) -> String {
    let limit = dialect.identifier_limit() - suffix.len();
    cut(&mut stem, limit);
    stem.push_str(suffix);
    stem
}

/// Cuts a text to at most `limit` bytes, at the boundary of a character.
pub(crate) fn cut(text: &mut String, limit: usize) {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}

/// The names of an implicit many-to-many relation's join table and what it holds
/// (`push_relation_tables` in `sql_schema_calculator.rs`): these are cut by characters, and the two foreign keys by
/// bytes with two different comparisons, as the engine has them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JoinTableNames {
    /// The table: `_` and the relation's name.
    pub(crate) table: String,
    /// The foreign key of column A.
    pub(crate) foreign_key_a: String,
    /// The foreign key of column B.
    pub(crate) foreign_key_b: String,
    /// The primary key, where the table has one.
    pub(crate) primary_key: String,
    /// The unique index, where the table has no primary key.
    pub(crate) unique: String,
    /// The index on B.
    pub(crate) index: String,
}

/// The names for a relation of that name.
pub(crate) fn join_table(dialect: Dialect, relation: &str) -> JoinTableNames {
    let limit = dialect.identifier_limit();
    let first = |text: &str, count: usize| text.chars().take(count).collect::<String>();
    let table = first(&format!("_{relation}"), limit);
    let foreign_key = |side: char| {
        let mut stem = table.clone();
        cut(&mut stem, limit - "_fkey".len() - 2);
        format!("{stem}_{side}_fkey")
    };
    let suffixed = |suffix: &str, taken: usize| format!("{}{suffix}", first(&table, limit - taken));
    JoinTableNames {
        foreign_key_a: foreign_key('A'),
        foreign_key_b: foreign_key('B'),
        primary_key: suffixed("_AB_pkey", 8),
        unique: suffixed("_AB_unique", 10),
        index: suffixed("_B_index", 8),
        table,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_engine() {
        let pg = Dialect::PostgreSql;
        assert_eq!(primary_key(pg, "User"), "User_pkey");
        assert_eq!(unique(pg, "User", &["a", "b"]), "User_a_b_key");
        assert_eq!(index(pg, "User", &["a"]), "User_a_idx");
        assert_eq!(foreign_key(pg, "User", &["team_id"]), "User_team_id_fkey");
    }

    #[test]
    fn long_names_are_cut_before_the_suffix() {
        let long = "x".repeat(80);
        for (dialect, limit) in [(Dialect::PostgreSql, 63), (Dialect::MySql, 64)] {
            for name in [
                primary_key(dialect, &long),
                unique(dialect, &long, &["a"]),
                index(dialect, &long, &["a"]),
                foreign_key(dialect, &long, &["a"]),
            ] {
                assert_eq!(name.len(), limit, "{name}");
            }
        }
        assert!(foreign_key(Dialect::SqlServer, &long, &["a"]).ends_with("_a_fkey"));
        // 29 two-byte characters and one byte more: a cut inside a character steps back.
        let name = index(Dialect::PostgreSql, &format!("x{}", "é".repeat(40)), &["a"]);
        assert!(name.len() <= 63 && name.ends_with("é_idx"), "{name}");
    }

    #[test]
    fn join_tables_are_named_after_the_relation() {
        let names = join_table(Dialect::PostgreSql, "PostToTag");
        assert_eq!(names.table, "_PostToTag");
        assert_eq!(names.foreign_key_a, "_PostToTag_A_fkey");
        assert_eq!(names.foreign_key_b, "_PostToTag_B_fkey");
        assert_eq!(names.primary_key, "_PostToTag_AB_pkey");
        assert_eq!(names.unique, "_PostToTag_AB_unique");
        assert_eq!(names.index, "_PostToTag_B_index");
        let long = join_table(Dialect::PostgreSql, &"r".repeat(80));
        assert_eq!(long.table.len(), 63);
        assert_eq!(long.foreign_key_b.len(), 63);
        assert_eq!(long.primary_key.len(), 63);
    }
}
