//! The columns that statements about rows surely name.

use super::*;

fn needs(sql: &str, dialect: Dialect) -> Vec<String> {
    let of = |operation: Operation| match operation.kind {
        K::Data { needs, .. } => needs,
        _ => Vec::new(),
    };
    ops(sql, dialect).into_iter().flat_map(of).collect()
}

#[test]
fn the_columns_that_are_named_where_nothing_else_can_stand() {
    use Dialect::{MySql, PostgreSql, Sqlite};
    for (sql, dialect, expected) in [
        ("INSERT INTO t (A, \"B\") VALUES (1, 2)", PostgreSql, "a B"),
        ("INSERT INTO t AS x (a) SELECT b FROM u", PostgreSql, "a"),
        ("INSERT INTO t (a.field, b[1]) VALUES (1, 2)", PostgreSql, "b"),
        ("INSERT INTO t SELECT a FROM u", PostgreSql, ""),
        ("INSERT INTO t (SELECT a FROM u)", PostgreSql, ""),
        ("INSERT INTO t (a) VALUES (1) ON CONFLICT (b) DO UPDATE SET c = excluded.c", PostgreSql, "a"),
        ("INSERT IGNORE INTO t (`a`, t.b) VALUES (1, 2)", MySql, "a"),
        ("INSERT OR REPLACE INTO t (a) VALUES (1)", Sqlite, "a"),
        ("WITH x AS (SELECT 1) INSERT INTO t (a) SELECT * FROM x", PostgreSql, "a"),
        ("UPDATE t SET a = b, (c, d) = (1, 2), e[1] = 2 WHERE f = 1", PostgreSql, "a c d e f"),
        ("UPDATE t SET a.field = 1", PostgreSql, ""),
        (
            "UPDATE ONLY t AS x SET a = 1 WHERE x.b IS NULL AND (t.c > 1 OR NOT d IN (1)) AND x IS NOT NULL",
            PostgreSql,
            "a b c d",
        ),
        ("UPDATE t SET a = 1 FROM u WHERE b = 1", PostgreSql, "a"),
        ("UPDATE t, u SET a = 1 WHERE b = 1", MySql, ""),
        ("UPDATE t JOIN u ON t.x = u.x SET a = 1 WHERE b = 1", MySql, ""),
        ("UPDATE t SET a = @n := @n + 1 WHERE @n = 1 AND `b` <> 2 ORDER BY c LIMIT 1", MySql, "a b"),
        (
            "DELETE FROM t WHERE lower(a) = 'x' AND coalesce(b = 1, c = 2) AND extract(year FROM d) = 2000",
            PostgreSql,
            "",
        ),
        (
            "DELETE FROM t WHERE current_date > a AND b < current_date AND EXISTS (SELECT 1 FROM u WHERE c = 1)",
            PostgreSql,
            "b",
        ),
        ("DELETE FROM t USING u WHERE a = 1", PostgreSql, ""),
        ("DELETE FROM t WHERE a::text LIKE 'x%' AND b BETWEEN c AND d RETURNING e", PostgreSql, "a b"),
        ("DELETE FROM t WHERE data ->> 'a' = 'b' AND user = 'x' AND f(n => 1)", PostgreSql, ""),
        ("DELETE FROM t WHERE \"a\" = 'x' AND b = 1 AND `c` = 2", Sqlite, "b c"),
        ("DO $$ DECLARE v int; BEGIN UPDATE t SET a = 1 WHERE v = 1; END $$", PostgreSql, "a"),
    ] {
        assert_eq!(needs(sql, dialect).join(" "), expected, "{sql}");
    }
}
