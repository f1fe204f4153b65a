//! The columns that statements about rows surely write, and what queries surely read.

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
        ("UPDATE t SET (a, b.c) = (1, 2), d = 3", PostgreSql, "a d"),
        ("UPDATE t SET f(x) = 1, b = 2", PostgreSql, "b"),
        (
            "UPDATE ONLY t AS x SET a = 1 WHERE x.b IS NULL AND (c > 1 OR NOT d IN (1)) AND x IS NOT NULL",
            PostgreSql,
            "a b c d",
        ),
        ("UPDATE t SET a = 1 FROM u WHERE b = 1", PostgreSql, "a"),
        ("UPDATE t, u SET a = 1 WHERE b = 1", MySql, ""),
        ("UPDATE t JOIN u ON t.x = u.x SET a = 1 WHERE b = 1", MySql, "x"),
        ("UPDATE t SET a = @n := @n + 1 WHERE @n = 1 AND `b` <> 2 ORDER BY c LIMIT 1", MySql, "a b"),
        (
            "DELETE FROM t WHERE lower(a) = 'x' AND coalesce(b = 1, c = 2) AND extract(year FROM d) = 2000",
            PostgreSql,
            "a",
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

fn read(sql: &str, dialect: Dialect) -> String {
    let of = |operation: Operation| match operation.kind {
        K::Query(found) => Some(reads(&found)),
        _ => None,
    };
    ops(sql, dialect).into_iter().filter_map(of).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_a_statement_surely_reads() {
    use Dialect::{CockroachDb, MySql, PostgreSql, Sqlite};
    let mut wrong = Vec::new();
    for (sql, dialect, expected) in [
        ("SELECT a, b AS c, d e, f(g), 'x', t, count(*) FROM t", PostgreSql, "t t.a t.b"),
        ("SELECT DISTINCT a FROM t WHERE b = 1 AND (c IS NULL OR d > e) ORDER BY f", PostgreSql, "t t.a t.b t.c t.d"),
        ("SELECT a FROM t JOIN u ON t.x = u.y AND z = 1", PostgreSql, "t u t|u.a t.x u.y"),
        ("SELECT a FROM t, LATERAL (SELECT b FROM u WHERE u.c = t.d) AS l", PostgreSql, "t u u.c t.d"),
        ("SELECT user, current_date, true, \"user\" FROM t", PostgreSql, "t t.user"),
        ("SELECT a FROM t AS x(a, b) WHERE x.b = 1", PostgreSql, "t"),
        ("SELECT (SELECT max(v.a) FROM v WHERE w = 1) FROM t", PostgreSql, "v t v.a v|t.w"),
        ("SELECT setval('s', (SELECT max(id) FROM t))", PostgreSql, "t t.id"),
        (
            "SELECT max(a), coalesce(b, 0), lower(c::text), sum(DISTINCT d), f(e), count(*), min(g + 1) FROM t",
            PostgreSql,
            "t t.a t.b t.d",
        ),
        ("SELECT coalesce(current_date, a), trim(both FROM b), round(t.c, 2), max(t) FROM t", PostgreSql, "t t.a t.c"),
        (
            "SELECT a FROM t JOIN u ON lower(b) = lower(u.c) WHERE upper(lower(d)) = 'x'",
            PostgreSql,
            "t u t|u.a t|u.b u.c t|u.d",
        ),
        (
            "SELECT a AS b FROM t WHERE length(b) > 1 GROUP BY lower(c) HAVING max(d) > 1 ORDER BY lower(e)",
            MySql,
            "t t.a",
        ),
        ("SELECT max(a) OVER (PARTITION BY lower(b)) FROM generate_series(1, 2) AS a, t", PostgreSql, "t"),
        ("SELECT lower((SELECT max(b) FROM u WHERE u.c = a)) FROM t", PostgreSql, "u t u|t.b u.c"),
        ("SELECT \"max\"(a), s.max(b), max(x => c) FROM t", PostgreSql, "t"),
        ("INSERT INTO t (a) SELECT b FROM u ON DUPLICATE KEY UPDATE a = lower(c), d = max(e)", MySql, "u u.b"),
        ("INSERT INTO t (a) VALUES (lower(b))", MySql, ""),
        ("SELECT max(\"a\") FROM t", Sqlite, "t"),
        (
            "INSERT INTO t (a, \"b\", c) SELECT \"A\", \"x\", coalesce(\"c\", 1) AS \"c\" FROM u WHERE \"d\" = 1",
            Sqlite,
            "u u.A u.c",
        ),
        ("INSERT INTO t (a, b) SELECT \"b\", \"a\" FROM u", Sqlite, "u"),
        ("INSERT INTO t (a) SELECT (SELECT \"a\" FROM v) FROM u", Sqlite, "v u"),
        ("INSERT INTO t SELECT \"a\" FROM u", Sqlite, "u"),
        ("SELECT a FROM generate_series(1, 2) AS g(a), unnest(ARRAY[1])", PostgreSql, ""),
        ("SELECT extract(year FROM a), trim(both FROM b) FROM t FOR UPDATE OF t, u", PostgreSql, "t"),
        ("SELECT a IS DISTINCT FROM b FROM t", PostgreSql, "t"),
        ("SELECT a FROM t UNION SELECT b FROM u", PostgreSql, "t u t.a u.b"),
        ("INSERT INTO t (a) VALUES (1), (DEFAULT)", PostgreSql, ""),
        ("INSERT INTO t (a) VALUES ((SELECT id FROM u WHERE u.b = 1))", PostgreSql, "u u.id u.b"),
        ("INSERT INTO t (a, b) SELECT c, now() FROM u WHERE d IS NULL", PostgreSql, "u u.c u.d"),
        ("INSERT INTO t (SELECT c FROM u)", PostgreSql, "u u.c"),
        ("INSERT INTO t SELECT c FROM t", PostgreSql, ""),
        (
            "INSERT INTO t (a) SELECT b FROM u ON CONFLICT (a) DO UPDATE SET a = excluded.a, c = t.d RETURNING e, f",
            PostgreSql,
            "u u.b",
        ),
        (
            "INSERT INTO t (a) SELECT b FROM u WHERE x = 1 ON CONFLICT (a) WHERE c IS NULL DO UPDATE SET a = 1 WHERE d IS NULL",
            PostgreSql,
            "u u.b u.x",
        ),
        ("INSERT INTO t (a) SELECT b FROM u ON DUPLICATE KEY UPDATE a = 1, b = 2", MySql, "u u.b"),
        ("INSERT INTO t (a) VALUES ('x') ON CONFLICT DO NOTHING", PostgreSql, ""),
        ("WITH x AS (SELECT a FROM u), y(b) AS (SELECT * FROM x) INSERT INTO t SELECT b FROM y", PostgreSql, "u u.a"),
        ("WITH u AS (SELECT a FROM u) SELECT b FROM u", PostgreSql, "u u.a"),
        (
            "WITH RECURSIVE x AS (SELECT a FROM u UNION SELECT b FROM x, y), y AS (SELECT 1) SELECT * FROM y",
            PostgreSql,
            "u u.a",
        ),
        ("WITH x AS (SELECT 1 UNION SELECT b FROM x) SELECT * FROM x", Sqlite, ""),
        ("WITH x AS (DELETE FROM t RETURNING a), z AS (INSERT INTO t SELECT * FROM x) SELECT a FROM x", PostgreSql, ""),
        (
            "UPDATE t AS x SET a = u.b, c = d FROM u JOIN v ON u.e = v.f WHERE x.g = u.h",
            PostgreSql,
            "u v u.b u.e v.f u.h",
        ),
        ("UPDATE t SET a = (SELECT b FROM u WHERE u.c = t.d LIMIT 1)", Sqlite, "u u|t.b u.c"),
        ("UPDATE t JOIN u ON t.x = u.y SET t.a = u.b WHERE c = 1", MySql, "u u.y u.b t|u.c"),
        ("DELETE FROM t USING u WHERE t.a = u.b AND c = 1", PostgreSql, "u u.b t|u.c"),
        ("DELETE a FROM t a JOIN u ON a.x = u.y", MySql, "u u.y"),
        ("DELETE FROM t WHERE a IN (SELECT b FROM u WHERE c = 1)", PostgreSql, "u u|t.b u|t.c"),
        ("SELECT \"a\", b FROM t WHERE \"c\" = 1", Sqlite, "t t.b"),
        ("SELECT a FROM other.t", MySql, ""),
        ("SELECT a FROM s.t", PostgreSql, "s.t s.t.a"),
        ("SELECT a INTO u FROM t", PostgreSql, "t t.a"),
        ("CREATE TABLE u AS SELECT a FROM t", PostgreSql, "t t.a"),
        ("CREATE TEMP VIEW v AS SELECT a FROM t", PostgreSql, "t t.a"),
        ("SELECT a FROM t", CockroachDb, ""),
        ("DO $$ BEGIN INSERT INTO t SELECT a FROM u; END $$", PostgreSql, ""),
    ] {
        if read(sql, dialect) != expected {
            wrong.push(format!("{sql}\n  {}", read(sql, dialect)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_an_update_writes_is_all_known_or_not_at_all() {
    use Dialect::{MySql, Oracle, PostgreSql, SqlServer};
    let written = |sql: &str, dialect: Dialect| {
        ops(sql, dialect).into_iter().find_map(|operation| match operation.kind {
            K::Data { written, .. } => Some(written.map_or_else(|| "?".to_owned(), |all| all.join(" "))),
            _ => None,
        })
    };
    for (sql, dialect, expected) in [
        ("UPDATE t SET a = 1, (b, c) = (2, 3), d[1] = 4 WHERE e = 5", PostgreSql, "a b c d"),
        ("UPDATE t SET a.field = 1", PostgreSql, "a"),
        ("UPDATE t x SET x.a = 1, b = b", MySql, "a"),
        ("UPDATE t, u SET t.a = 1, u.b = 2", MySql, "a b"),
        ("UPDATE t JOIN u ON t.x = u.y SET t.a = 1", MySql, "a"),
        ("UPDATE x SET a = 1, b += 2 FROM t x", SqlServer, "?"),
        ("UPDATE t SET a = 1", Oracle, "a"),
        ("UPDATE t SET a = b, b = b + 1, c = c", PostgreSql, "a b"),
        ("UPDATE t SET f(x) = 1, b = 2", PostgreSql, "?"),
        ("UPDATE t SET a = 1, $1 = 2", PostgreSql, "?"),
    ] {
        assert_eq!(written(sql, dialect).as_deref(), Some(expected), "{sql}");
    }
}
