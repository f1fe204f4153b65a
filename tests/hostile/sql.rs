//! SQL.

use crate::harness::*;
use crate::projects::*;

#[test]
fn sql() {
    run_all(&[
        row(
            "parentheses of a check",
            |r| {
                prisma_sql(
                    r,
                    &format!("ALTER TABLE \"User\" ADD CONSTRAINT c CHECK ({});", nested(300_000, "(", "1", ")")),
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "parentheses of a default",
            |r| {
                prisma_sql(
                    r,
                    &format!("ALTER TABLE \"User\" ADD COLUMN x int DEFAULT {};", nested(300_000, "(", "1", ")")),
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "queries in queries",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "CREATE VIEW v AS SELECT * FROM {};",
                        nested(100_000, "(SELECT * FROM ", "\"User\"", ") x")
                    ),
                );
            },
            1,
            &["nick"],
        ),
        row(
            "a query of many names over many relations",
            |r| {
                let names = many(100_000, |n| format!("a{n}, x{}.b, ", n % 20_000));
                let relations = many(20_000, |n| format!(", pg_t{n} AS x{n}"));
                prisma_sql(r, &format!("CREATE VIEW v AS SELECT {names}1 FROM \"User\"{relations};"));
            },
            1,
            &[],
        ),
        row(
            "many queries in one over many relations",
            |r| {
                let queries = many(50_000, |n| format!("(SELECT b FROM \"User\" WHERE c{n} = 1), "));
                let relations = many(20_000, |n| format!(", pg_t{n} AS x{n}"));
                prisma_sql(r, &format!("INSERT INTO \"User\" SELECT {queries}1 FROM \"User\"{relations};"));
            },
            1,
            &[],
        ),
        row(
            "many queries of a WITH, each of which names the others",
            |r| {
                let queries = many(50_000, |n| format!("w{n} AS (SELECT 1 FROM w{}), ", 49_999 - n));
                prisma_sql(
                    r,
                    &format!("WITH RECURSIVE {queries}x AS (SELECT 1) INSERT INTO \"User\" SELECT * FROM x;"),
                );
            },
            1,
            &["nick"],
        ),
        row(
            "parentheses that nothing closes, where a column may stand",
            |r| prisma_sql(r, &format!("SELECT 1 FROM \"User\" WHERE {};", "(".repeat(500_000))),
            1,
            &["nick"],
        ),
        row(
            "parentheses that nothing closes, among what is selected",
            |r| prisma_sql(r, &format!("SELECT 1, {} FROM \"User\";", "(".repeat(500_000))),
            1,
            &["nick"],
        ),
        row(
            "CASE in CASE",
            |r| {
                prisma_sql(
                    r,
                    &format!("CREATE VIEW v AS SELECT {} AS x;", nested(100_000, "CASE WHEN true THEN ", "1", " END")),
                );
            },
            1,
            &["nick"],
        ),
        row(
            "NOT NOT NOT",
            |r| prisma_sql(r, &format!("ALTER TABLE \"User\" ADD CHECK ({} true);", "NOT ".repeat(300_000))),
            1,
            &["nick"],
        ),
        row(
            "minus minus minus",
            |r| prisma_sql(r, &format!("ALTER TABLE \"User\" ADD CHECK ({} 1);", "- ".repeat(300_000))),
            1,
            &["nick"],
        ),
        row(
            "casts of casts",
            |r| prisma_sql(r, &format!("ALTER TABLE \"User\" ADD CHECK (1{} > 0);", "::int".repeat(300_000))),
            0,
            &["not judged"],
        ),
        row(
            "a sum of a million",
            |r| prisma_sql(r, &format!("ALTER TABLE \"User\" ADD CHECK (1{} > 0);", "+1".repeat(1_000_000))),
            1,
            &[],
        ),
        row(
            "arrays of arrays",
            |r| prisma_sql(r, &format!("ALTER TABLE \"User\" ADD COLUMN x int{};", "[]".repeat(300_000))),
            1,
            &["nick"],
        ),
        row(
            "blocks in blocks",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "DO $$ {} $$;",
                        nested(50_000, "BEGIN ", "ALTER TABLE \"User\" ADD COLUMN nick text;", "END; ")
                    ),
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "conditions in conditions",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "DO $$ BEGIN {} END $$;",
                        nested(50_000, "IF true THEN ", "ALTER TABLE \"User\" ADD COLUMN nick text;", " END IF; ")
                    ),
                );
            },
            0,
            &["not judged"],
        ),
        row("comments in comments", |r| prisma_sql(r, &nested(500_000, "/*", "", "*/")), 1, &["nick"]),
        row("a comment without end", |r| prisma_sql(r, &"/*".repeat(500_000)), 1, &[]),
        row("dollar quotes without end", |r| prisma_sql(r, &many(100_000, |n| format!("$a{n}$ "))), 1, &[]),
        row("quotes without end", |r| prisma_sql(r, &"'".repeat(1_000_001)), 1, &[]),
        row(
            "EXECUTE in EXECUTE",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "DO $$ BEGIN {} END $$;",
                        (0..14)
                            .fold("SELECT 1".to_owned(), |text, _| format!("EXECUTE '{}';", text.replace('\'', "''")))
                    ),
                );
            },
            1,
            &["nick"],
        ),
        row(
            "a string that doubles",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "DO $$ DECLARE s text := 'ALTER TABLE \"User\" ADD COLUMN nick text; '; BEGIN {} EXECUTE s; END $$;",
                        "s := s || s; ".repeat(60)
                    ),
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "a string that doubles in a loop",
            |r| {
                prisma_sql(
                    r,
                    "DO $$ DECLARE s text := 'x'; BEGIN FOR i IN 1..1000000000 LOOP s := s || s; EXECUTE 'CREATE TABLE ' || s || '()'; END LOOP; END $$;",
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "repeat and lpad",
            |r| {
                prisma_sql(
                    r,
                    "DO $$ BEGIN EXECUTE 'CREATE TABLE ' || repeat('x', 2000000000) || '()'; EXECUTE lpad('x', 2000000000, 'y'); EXECUTE format('%2000000000s', 'x'); END $$;",
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "loops in loops",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "DO $$ BEGIN {} END $$;",
                        nested(
                            12,
                            "FOR i IN 1..1000000 LOOP ",
                            "EXECUTE 'CREATE TABLE t' || i || '(a int)';",
                            " END LOOP; "
                        )
                    ),
                );
            },
            0,
            &["not judged"],
        ),
        sized(
            "a loop over lists of a loop",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "DO $$ DECLARE t text; BEGIN {} END $$;",
                        nested(
                            8,
                            "FOREACH t IN ARRAY ARRAY['a','b','c','d','e','f','g','h','i','j'] LOOP ",
                            "EXECUTE 'ALTER TABLE ' || t || ' ADD x int';",
                            " END LOOP; "
                        )
                    ),
                );
            },
            0,
            &["not judged"],
        ),
        sized("a million statements", |r| prisma_sql(r, &"SELECT 1;\n".repeat(1_000_000)), 1, &[]),
        sized(
            "half a million changes",
            |r| prisma_sql(r, &"ALTER TABLE \"User\" ALTER COLUMN \"email\" SET NOT NULL;\n".repeat(300_000)),
            0,
            &["not judged"],
        ),
        sized(
            "a table made and dropped again and again",
            |r| prisma_sql(r, &"CREATE TABLE t (a int);DROP TABLE t;\n".repeat(100_000)),
            0,
            &["not judged"],
        ),
        sized(
            "a column renamed again and again",
            |r| {
                prisma_sql(
                    r,
                    &"ALTER TABLE \"User\" RENAME \"email\" TO e;ALTER TABLE \"User\" RENAME e TO \"email\";\n"
                        .repeat(100_000),
                );
            },
            0,
            &["not judged"],
        ),
        sized(
            "fifty thousand tables",
            |r| prisma_sql(r, &many(50_000, |n| format!("CREATE TABLE t{n} (a int, b int);\n"))),
            1,
            &[],
        ),
        row(
            "a table like a table like a table",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "CREATE TABLE t0 ({});\n{}",
                        many(1_600, |n| format!("{}c{n} int", if n == 0 { "" } else { "," })),
                        many(2_000, |n| format!("CREATE TABLE t{} (LIKE t{n} INCLUDING ALL);\n", n + 1))
                    ),
                );
            },
            1,
            &["nick"],
        ),
        row(
            "a table of five thousand columns",
            |r| prisma_sql(r, &format!("CREATE TABLE t (a int{});", many(5_000, |n| format!(",c{n} int")))),
            1,
            &["nick"],
        ),
        row(
            "views of views",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "CREATE VIEW v0 AS SELECT * FROM \"User\";\n{}",
                        many(60, |n| format!(
                            "CREATE VIEW v{} AS SELECT a.*, b.id AS i{n} FROM v{n} a, v{n} b;\n",
                            n + 1
                        ))
                    ),
                );
            },
            1,
            &["nick"],
        ),
        row(
            "inherited again and again",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "CREATE TABLE t0 (a int);\n{}ALTER TABLE t0 ADD COLUMN b int;\n",
                        many(2_000, |n| format!("CREATE TABLE t{} () INHERITS (t{n});\n", n + 1))
                    ),
                );
            },
            1,
            &["nick"],
        ),
        row(
            "keys on keys",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "CREATE TABLE t0 (a int primary key);\n{}DROP TABLE t0 CASCADE;\n",
                        many(5_000, |n| format!("CREATE TABLE t{} (a int primary key references t{n});\n", n + 1))
                    ),
                );
            },
            1,
            &[],
        ),
        sized(
            "a name of 20 MB",
            |r| prisma_sql(r, &format!("CREATE TABLE \"{}\" (a int);", "x".repeat(20 << 20))),
            1,
            &["nick"],
        ),
        row(
            "a value of 20 MB",
            |r| prisma_sql(r, &format!("INSERT INTO \"User\" VALUES (1, '{}');", "x".repeat(20 << 20))),
            1,
            &["nick"],
        ),
        row("a file of 33 MB", |r| prisma_sql(r, &"-- x\n".repeat(7_000_000)), 1, &["migration.sql"]),
        row(
            "bytes that are no text",
            |r| {
                prisma_sql(r, "");
                std::fs::write(
                    r.root().join("prisma/migrations/20240102000000_next/migration.sql"),
                    [0xff, 0xfe, 0x00, 0xc3, 0x28],
                )
                .unwrap();
                r.add();
            },
            1,
            &["migration.sql"],
        ),
        sized(
            "five thousand migrations",
            |r| {
                prisma_base(r);
                for n in 0..5_000 {
                    r.write(
                        &format!("prisma/migrations/2024{:04}{:06}_m/migration.sql", 201 + n / 1000, n),
                        &format!("CREATE TABLE t{n} (a int);"),
                    );
                }
                r.write("prisma/schema.prisma", &format!("{DATASOURCE}{DRIFTED}")).add();
            },
            1,
            &[],
        ),
    ]);
}
