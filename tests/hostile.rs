//! Repositories that mean harm: whoever opens a pull request writes every byte that is read here.
//!
//! Each row makes a repository in which something is wrong (a column that no migration makes, or a text that cannot be
//! read) and hides it behind something too deep, too large, too long or too clever. The run must end by itself within
//! the bounds, without a panic, and must not call the change clean: it ends in a finding, in exit 2, or says what it
//! did not judge. `cargo test --release --test hostile -- --nocapture` prints what each took.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a test may")]

mod support;

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use support::TestRepo;

/// Seconds of processor time, and bytes of address space, that a run may take: what is promised of a release build,
/// and room for a build that is not optimised.
const BOUNDS: (u32, u64) = if cfg!(debug_assertions) { (40, 1 << 30) } else { (2, 256 << 20) };

/// One repository.
struct Row {
    name: &'static str,
    make: fn(&TestRepo),
    /// How the program is asked; `check` where empty.
    args: &'static [&'static str],
    code: i32,
    /// What must be said.
    says: &'static [&'static str],
}

const fn row(name: &'static str, make: fn(&TestRepo), code: i32, says: &'static [&'static str]) -> Row {
    Row { name, make, args: &[], code, says }
}

impl Row {
    const fn asked(mut self, args: &'static [&'static str]) -> Self {
        self.args = args;
        self
    }
}

/// Runs a row; what is wrong with it, if anything.
fn run(row: &Row) -> Result<(), String> {
    let repo = TestRepo::new();
    (row.make)(&repo);
    let (seconds, bytes) = BOUNDS;
    let program = env!("CARGO_BIN_EXE_driftgate");
    let limits = [format!("--cpu={seconds}"), format!("--as={bytes}"), "--core=0".to_owned()];
    let out = repo.beside("out");
    let err = repo.beside("err");
    let started = Instant::now();
    let status = Command::new("timeout")
        .args(["--signal=KILL", "300", "prlimit"])
        .args(limits)
        .arg(program)
        .args(if row.args.is_empty() { &["check"] } else { row.args })
        .current_dir(repo.root())
        .env_clear()
        .envs(repo.env().iter())
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&out).unwrap())
        .stderr(std::fs::File::create(&err).unwrap())
        .status()
        .expect("timeout and prlimit are there");
    let took = started.elapsed().as_millis();
    let read = |place: &Path| String::from_utf8_lossy(&std::fs::read(place).unwrap()).into_owned();
    let (stdout, stderr) = (read(&out), read(&err));
    println!("{:<44} exit {:?} {took} ms", row.name, status.code());
    let said = format!("{stdout}{stderr}");
    let mut wrong = String::new();
    // Where no column must be named, every way of not calling the change clean will do.
    let stated = status.code() == Some(0) && said.contains("not judged");
    let is_open = row.says.is_empty() || row.says == ["not judged"];
    let ended = status.code() == Some(row.code) || is_open && (matches!(status.code(), Some(1 | 2)) || stated);
    if !ended {
        let _ = writeln!(wrong, "exit {:?} ({status}), expected {}", status.code(), row.code);
    }
    for words in row.says.iter().filter(|words| !is_open && !said.contains(**words)) {
        let _ = writeln!(wrong, "does not say {words:?}");
    }
    if said.contains("panicked") || said.contains("this is a bug") {
        let _ = writeln!(wrong, "panicked");
    }
    let unsafe_for_terminals = |c: char| {
        c.is_control() && c != '\n' && c != '\t' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if let Some(found) = said.chars().find(|c| unsafe_for_terminals(*c)) {
        let _ = writeln!(wrong, "prints {found:?} as it is");
    }
    if stdout.lines().any(|line| line.starts_with("::add-mask") || line.starts_with("::stop-commands")) {
        let _ = writeln!(wrong, "prints a workflow command of the repository's");
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let head: String = said.chars().take(1500).collect();
    Err(format!("{}: {wrong}{took} ms\n{head}\n", row.name))
}

/// Rows that are about sheer size: a build that is not optimised takes most of a minute for each of them, so they are
/// left to `cargo test --release --test hostile`.
const OF_SIZE: &[&str] = &[
    "policy: a hundred thousand allowances",
    "classes of classes",
    "a revision that makes tables without end",
    "three million lines",
    "a loop over lists of a loop",
    "a revision that executes the same again and again",
    "one name of 20 MB",
    "half a million changes",
    "a million statements",
    "twenty thousand relations of two models",
    "a table made and dropped again and again",
    "a column renamed again and again",
    "fifty thousand tables",
    "a name of 20 MB",
    "five thousand migrations",
    "thirty thousand files in one folder",
];

fn run_all(rows: &[Row]) {
    let only = std::env::var("HOSTILE_ONLY").unwrap_or_default();
    let rows = rows.iter().filter(|row| {
        let left_out = cfg!(debug_assertions) && only.is_empty() && OF_SIZE.contains(&row.name);
        if left_out {
            println!("{:<44} skipped: a matter of size, for a release build", row.name);
        }
        !left_out && row.name.contains(&only)
    });
    let wrong: Vec<String> = rows.filter_map(|row| run(row).err()).collect();
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

const DATASOURCE: &str = "datasource db {\n  provider = \"postgresql\"\n  url      = env(\"DATABASE_URL\")\n}\n";
const USER: &str = "model User {\n  id    Int    @id\n  email String\n}\n";
/// The same with what no migration makes.
const DRIFTED: &str = "model User {\n  id    Int    @id\n  email String\n  nick  String?\n}\n";
const USER_SQL: &str = "CREATE TABLE \"User\" (\n  \"id\" INTEGER NOT NULL,\n  \"email\" TEXT NOT NULL,\n  CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\")\n);\n";

/// A Prisma project whose migrations make what its schema declares.
fn prisma_base(repo: &TestRepo) {
    repo.write("prisma/schema.prisma", &format!("{DATASOURCE}{USER}"));
    repo.write("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
    repo.write("prisma/migrations/20240101000000_init/migration.sql", USER_SQL);
    repo.commit("base");
}

/// A change of the schema: its models.
fn prisma_schema(repo: &TestRepo, models: &str) {
    prisma_base(repo);
    repo.write("prisma/schema.prisma", &format!("{DATASOURCE}{models}")).add();
}

/// A change whose migration does not make what the schema declares, whatever else it says.
fn prisma_sql(repo: &TestRepo, sql: &str) {
    prisma_base(repo);
    repo.write("prisma/schema.prisma", &format!("{DATASOURCE}{DRIFTED}"));
    repo.write("prisma/migrations/20240102000000_next/migration.sql", sql).add();
}

const REVISION: &str = "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"0001\"\ndown_revision = None\n\n\ndef upgrade():\n    op.create_table(\"users\", sa.Column(\"id\", sa.Integer(), primary_key=True))\n\n\ndef downgrade():\n    op.drop_table(\"users\")\n";
const MODELS: &str = "import sqlalchemy as sa\nfrom sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n\n\nclass User(Base):\n    __tablename__ = \"users\"\n    id = sa.Column(sa.Integer, primary_key=True)\n";
/// A column that no revision makes.
const NICK: &str = "    nick = sa.Column(sa.String)\n";

/// An Alembic project whose revisions make what its models declare.
fn alembic_base(repo: &TestRepo) {
    repo.write(
        "alembic.ini",
        "[alembic]\nscript_location = migrations\nprepend_sys_path = .\nsqlalchemy.url = postgresql://localhost/x\n",
    );
    repo.write(
        "migrations/env.py",
        "from alembic import context\nfrom app.models import Base\n\ntarget_metadata = Base.metadata\n\n\ndef run_migrations_online():\n    context.configure(target_metadata=target_metadata)\n\n\nrun_migrations_online()\n",
    );
    repo.write("migrations/script.py.mako", "");
    repo.write("migrations/versions/0001_init.py", REVISION);
    repo.write("app/__init__.py", "");
    repo.write("app/models.py", MODELS);
    repo.commit("base");
}

/// A change of the models: what stands before the class with the column that no revision makes.
fn models(repo: &TestRepo, before: &str) {
    alembic_base(repo);
    let (head, class) = MODELS.split_once("class User").unwrap();
    repo.write("app/models.py", &format!("{head}{before}\n\nclass User{class}{NICK}")).add();
}

/// A change whose revision does not make what the models declare, whatever else its `upgrade` does.
fn revision(repo: &TestRepo, body: &str) {
    alembic_base(repo);
    repo.write("app/models.py", &format!("{MODELS}{NICK}"));
    let body = body.replace('\n', "\n    ");
    repo.write(
        "migrations/versions/0002_next.py",
        &format!("import re\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"0002\"\ndown_revision = \"0001\"\n\n\ndef upgrade():\n    {body}\n\n\ndef downgrade():\n    pass\n"),
    )
    .add();
}

/// Text around text, many times.
fn nested(depth: usize, open: &str, middle: &str, close: &str) -> String {
    format!("{}{middle}{}", open.repeat(depth), close.repeat(depth))
}

/// Many numbered pieces.
fn many(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect()
}

#[test]
fn schema_language() {
    run_all(&[
        row(
            "lists in lists",
            |r| {
                prisma_schema(
                    r,
                    &DRIFTED.replace("String?", &format!("String? @default({})", nested(200_000, "[", "1", "]"))),
                );
            },
            1,
            &[],
        ),
        row(
            "calls in calls",
            |r| {
                prisma_schema(
                    r,
                    &DRIFTED.replace("String?", &format!("String? @default({})", nested(200_000, "f(", "1", ")"))),
                );
            },
            1,
            &[],
        ),
        row(
            "blocks in blocks",
            |r| prisma_schema(r, &format!("{DRIFTED}{}", nested(200_000, "model A {\n", "", "}\n"))),
            1,
            &[],
        ),
        row(
            "one line of 20 MB",
            |r| prisma_schema(r, &format!("// {}\n{DRIFTED}", "x".repeat(20 << 20))),
            1,
            &["nick"],
        ),
        row("one name of 20 MB", |r| prisma_schema(r, &DRIFTED.replace("nick ", &"n".repeat(20 << 20))), 1, &[]),
        row(
            "a file of 33 MB",
            |r| prisma_schema(r, &format!("{}{DRIFTED}", "// x\n".repeat(7_000_000))),
            1,
            &["schema.prisma"],
        ),
        row(
            "attributes without end",
            |r| prisma_schema(r, &DRIFTED.replace("String?", &format!("String? {}", "@x".repeat(500_000)))),
            1,
            &[],
        ),
        row(
            "twenty thousand models",
            |r| {
                prisma_schema(
                    r,
                    &format!("{DRIFTED}{}", many(20_000, |n| format!("model M{n} {{\n  id Int @id\n}}\n"))),
                );
            },
            1,
            &["nick"],
        ),
        row(
            "one model twenty thousand times",
            |r| prisma_schema(r, &format!("{DRIFTED}{}", "model M {\n  id Int @id\n}\n".repeat(20_000))),
            1,
            &[],
        ),
        row(
            "twenty thousand relations of two models",
            |r| {
                prisma_schema(
                    r,
                    &format!(
                        "{DRIFTED}model A {{\n  id Int @id\n{}}}\nmodel B {{\n  id Int @id\n{}}}\n",
                        many(5_000, |n| format!("  b{n} B @relation(\"r{n}\", fields: [id], references: [id])\n")),
                        many(5_000, |n| format!("  a{n} A[] @relation(\"r{n}\")\n"))
                    ),
                );
            },
            1,
            &[],
        ),
        row(
            "an enum of a hundred thousand values",
            |r| prisma_schema(r, &format!("{DRIFTED}enum E {{\n{}}}\n", many(100_000, |n| format!("  V{n}\n")))),
            1,
            &["nick"],
        ),
        row("zero bytes", |r| prisma_schema(r, &format!("\0\0{DRIFTED}")), 1, &[]),
        row(
            "names that command terminals",
            |r| prisma_schema(r, &DRIFTED.replace("nick ", "nick\u{1b}]0;x\u{7}\u{202e}\r ")),
            1,
            &[],
        ),
        row(
            "mapped names that command workflows",
            |r| {
                prisma_schema(
                    r,
                    &DRIFTED.replace("String?", "String? @map(\"x\\n::add-mask::y\\u001b[2J%0A::error::\\u202e\")"),
                );
            },
            1,
            &[],
        )
        .asked(&["check", "--format", "github"]),
    ]);
}

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
            &["nick"],
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
        row(
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
        row("a million statements", |r| prisma_sql(r, &"SELECT 1;\n".repeat(1_000_000)), 1, &["nick"]),
        row(
            "half a million changes",
            |r| prisma_sql(r, &"ALTER TABLE \"User\" ALTER COLUMN \"email\" SET NOT NULL;\n".repeat(300_000)),
            0,
            &["not judged"],
        ),
        row(
            "a table made and dropped again and again",
            |r| prisma_sql(r, &"CREATE TABLE t (a int);DROP TABLE t;\n".repeat(100_000)),
            0,
            &["not judged"],
        ),
        row(
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
        row(
            "fifty thousand tables",
            |r| prisma_sql(r, &many(50_000, |n| format!("CREATE TABLE t{n} (a int, b int);\n"))),
            1,
            &["nick"],
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
            &["nick"],
        ),
        row(
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
        row(
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
            &["nick"],
        ),
    ]);
}

#[test]
fn python_that_runs_without_end() {
    run_all(&[
        row("while True", |r| models(r, "while True:\n    pass"), 0, &["not judged"]),
        row("while True with work", |r| models(r, "x = []\nwhile True:\n    x.append(x)"), 0, &["not judged"]),
        row("range(10**9)", |r| models(r, "for i in range(10**9):\n    pass"), 0, &["not judged"]),
        row("list(range(10**9))", |r| models(r, "x = list(range(10**9))"), 0, &["not judged"]),
        row(
            "comprehensions in comprehensions",
            |r| models(r, "x = [a for a in range(9999) for b in range(9999) for c in range(9999)]"),
            0,
            &["not judged"],
        ),
        row(
            "loops in loops",
            |r| {
                models(
                    r,
                    &format!("{}pass", many(9, |n| format!("{}for i{n} in range(1000):\n", "    ".repeat(n))))
                        .replace("pass", &format!("{}pass", "    ".repeat(9))),
                );
            },
            0,
            &["not judged"],
        ),
        row("a function that calls itself", |r| models(r, "def f(n):\n    return f(n + 1)\nf(0)"), 0, &["not judged"]),
        row(
            "a function that calls itself twice",
            |r| models(r, "def f(n):\n    return f(n - 1) + f(n - 1) if n else 1\nf(60)"),
            0,
            &["not judged"],
        ),
        row(
            "functions that call each other",
            |r| models(r, "f = lambda n: g(n)\ng = lambda n: f(n)\nf(0)"),
            0,
            &["not judged"],
        ),
        row(
            "a property that asks itself",
            |r| models(r, "class A:\n    @property\n    def a(self):\n        return self.a\nA().a"),
            0,
            &["not judged"],
        ),
        row(
            "__getattr__ that asks itself",
            |r| models(r, "class A:\n    def __getattr__(self, n):\n        return getattr(self, n + 'x')\nA().a"),
            0,
            &["not judged"],
        ),
        row(
            "__init_subclass__ that makes subclasses",
            |r| {
                models(
                    r,
                    "class A:\n    def __init_subclass__(cls):\n        class B(A):\n            pass\nclass C(A):\n    pass",
                );
            },
            1,
            &[],
        ),
        row(
            "a generator without end",
            |r| models(r, "def g():\n    while True:\n        yield 1\nx = list(g())"),
            0,
            &["not judged"],
        ),
        row("a string times 10**9", |r| models(r, "x = 'a' * 10**9"), 0, &["not judged"]),
        row("a list times 10**9", |r| models(r, "x = [0] * 10**9"), 0, &["not judged"]),
        row(
            "lists times 10**5 in lists times 10**5",
            |r| models(r, "x = [[0] * 99999 for i in range(99999)]"),
            0,
            &["not judged"],
        ),
        row("a string that doubles", |r| models(r, "x = 'a'\nfor i in range(90):\n    x = x + x"), 0, &["not judged"]),
        row(
            "a string that doubles, kept",
            |r| models(r, "x = 'a' * 4000000\ny = []\nfor i in range(9000):\n    y.append(x + str(i))"),
            0,
            &["not judged"],
        ),
        row("a list that doubles", |r| models(r, "x = [1]\nfor i in range(90):\n    x += x"), 0, &["not judged"]),
        row(
            "a list within itself",
            |r| models(r, "x = []\nx.append(x)\ny = str(x)\nz = x == [x]\nw = sorted([x, x])"),
            1,
            &[],
        ),
        row(
            "a tuple of a tuple of a tuple",
            |r| {
                models(
                    r,
                    "x = ()\nfor i in range(99999):\n    x = (x,)\ny = str(x)\nz = x == x\nw = hash(x)\nd = {x: 1}",
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "a format width of 10**9",
            |r| {
                models(
                    r,
                    "x = f'{1:>1000000000}'\ny = '{:1000000000}'.format(1)\nz = '%1000000000d' % 1\nw = '%.*f' % (1000000000, 1.5)",
                );
            },
            1,
            &["nick"],
        ),
        row(
            "padding of 10**9",
            |r| {
                models(
                    r,
                    "x = 'a'.zfill(10**9)\ny = 'a'.ljust(10**9)\nz = 'a'.center(10**9)\nw = 'a\\t'.expandtabs(10**9)",
                );
            },
            1,
            &["nick"],
        ),
        row(
            "replacing that squares",
            |r| models(r, "x = 'a' * 100000\ny = x.replace('a', x)\nz = x.join([x] * 1000)\nw = x.translate({97: x})"),
            0,
            &["not judged"],
        ),
        row(
            "10**10**10",
            |r| models(r, "x = 10**10**10\ny = 1 << 10**10\nz = 2**-10**10\nw = (-1)**10**18"),
            1,
            &["nick"],
        ),
        row(
            "numbers of a million digits",
            |r| {
                models(
                    r,
                    &format!(
                        "x = {}\ny = int('{}')\nz = float('1e999999999')",
                        "9".repeat(1_000_000),
                        "9".repeat(1_000_000)
                    ),
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "ranges past every end",
            |r| {
                models(
                    r,
                    "x = range(-2**63, 2**63 - 1)\ny = len(x)\nz = x[-1]\nw = list(range(0, 2**63 - 1, 2**62))\nv = [1,2,3][::-2**63]\nu = 'abc'[2**63 - 1:-2**63:-1]\nt = -2**63 // -1\ns = -2**63 % -1\nq = abs(-2**63)",
                );
            },
            1,
            &["nick"],
        ),
        row(
            "regular expressions that explode",
            |r| {
                models(
                    r,
                    "import re\nx = re.match('(a+)+$', 'a' * 5000 + 'b')\ny = re.sub('(x*)*y', '', 'x' * 5000)\nz = re.match('(a?){500}a{500}', 'a' * 500)",
                );
            },
            1,
            &[],
        ),
        row(
            "a regular expression of great size",
            |r| {
                models(
                    r,
                    "import re\nx = re.compile('((((a{1000}){1000}){1000}){1000})')\ny = x.match('a' * 4000000)\nz = re.compile('(' * 100000)",
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "sorting by a function that never ends",
            |r| models(r, "def k(x):\n    while True:\n        pass\nx = sorted([1, 2], key=k)"),
            0,
            &["not judged"],
        ),
        row(
            "while True in a revision",
            |r| revision(r, "while True:\n    op.add_column('users', sa.Column('nick', sa.String()))"),
            1,
            &[],
        ),
        row(
            "a revision that adds columns without end",
            |r| revision(r, "for i in range(10**9):\n    op.add_column('users', sa.Column(f'c{i}', sa.String()))"),
            0,
            &["not judged"],
        ),
        row(
            "a revision that makes tables without end",
            |r| {
                revision(
                    r,
                    "n = 0\nwhile True:\n    n += 1\n    op.create_table('t' * n, sa.Column('id', sa.Integer()))",
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "a revision that executes a bomb",
            |r| revision(r, "x = 'SELECT 1;'\nfor i in range(40):\n    x += x\nop.execute(x)"),
            0,
            &["not judged"],
        ),
        row(
            "a revision that executes the same again and again",
            |r| revision(r, "x = 'SELECT 1;' * 100000\nfor i in range(100000):\n    op.execute(x)"),
            0,
            &["not judged"],
        ),
        row(
            "names that double",
            |r| revision(r, "n = 'x'\nfor i in range(100):\n    op.rename_table(n, n + n)\n    n = n + n"),
            1,
            &[],
        ),
        row(
            "tables of columns without end",
            |r| {
                models(
                    r,
                    "for i in range(10**6):\n    sa.Table(f't{i}', Base.metadata, *[sa.Column(f'c{j}', sa.Integer) for j in range(1000)])",
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "classes without end",
            |r| {
                models(
                    r,
                    "for i in range(10**6):\n    type(f'C{i}', (Base,), {'__tablename__': f't{i}', 'id': sa.Column(sa.Integer, primary_key=True)})",
                );
            },
            0,
            &["not judged"],
        ),
    ]);
}

#[test]
fn python_that_nests() {
    run_all(&[
        row("parentheses", |r| models(r, &format!("x = {}", nested(100_000, "(", "1", ")"))), 1, &[]),
        row("lists", |r| models(r, &format!("x = {}", nested(100_000, "[", "1", "]"))), 0, &["not judged"]),
        row("dictionaries", |r| models(r, &format!("x = {}", nested(100_000, "{1: ", "1", "}"))), 0, &["not judged"]),
        row("calls", |r| models(r, &format!("x = {}", nested(100_000, "f(", "1", ")"))), 0, &["not judged"]),
        row("lambdas", |r| models(r, &format!("x = {}1", "lambda: ".repeat(100_000))), 0, &["not judged"]),
        row("not", |r| models(r, &format!("x = {}1", "not ".repeat(100_000))), 0, &["not judged"]),
        row("minus", |r| models(r, &format!("x = {}1", "-".repeat(100_000))), 0, &["not judged"]),
        row("a sum", |r| models(r, &format!("x = 1{}", "+1".repeat(100_000))), 1, &[]),
        row("powers", |r| models(r, &format!("x = 1{}", "**1".repeat(100_000))), 0, &["not judged"]),
        row("conditions", |r| models(r, &format!("x = {}1", "1 if 0 else ".repeat(100_000))), 0, &["not judged"]),
        row("attributes", |r| models(r, &format!("x = sa{}", ".a".repeat(100_000))), 0, &["not judged"]),
        row("subscripts", |r| models(r, &format!("x = sa{}", "[0]".repeat(100_000))), 0, &["not judged"]),
        row("calls of calls", |r| models(r, &format!("x = sa{}", "()".repeat(100_000))), 0, &["not judged"]),
        row("f-strings", |r| models(r, &format!("x = {}", nested(200, "f'{", "1", "}'"))), 1, &[]),
        row("walruses", |r| models(r, &format!("x = {}", nested(50_000, "(y := ", "1", ")"))), 0, &["not judged"]),
        row(
            "blocks",
            |r| {
                models(
                    r,
                    &format!("{}{}pass", many(2_000, |n| format!("{}if 1:\n", " ".repeat(n))), " ".repeat(2_000)),
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "functions",
            |r| {
                models(
                    r,
                    &format!("{}{}pass", many(2_000, |n| format!("{}def f():\n", " ".repeat(n))), " ".repeat(2_000)),
                );
            },
            1,
            &[],
        ),
        row("elif", |r| models(r, &format!("if 0:\n    pass\n{}", "elif 0:\n    pass\n".repeat(50_000))), 1, &[]),
        row("decorators", |r| models(r, &format!("{}def f():\n    pass", "@a\n".repeat(50_000))), 1, &[]),
        row(
            "patterns",
            |r| models(r, &format!("match 1:\n    case {}:\n        pass", nested(50_000, "[", "1", "]"))),
            1,
            &[],
        ),
        row(
            "classes of classes",
            |r| {
                models(
                    r,
                    &format!(
                        "class C0:\n    pass\n{}",
                        many(3_000, |n| format!("class C{}(C{n}):\n    pass\n", n + 1))
                    ),
                );
            },
            1,
            &["nick"],
        ),
        row(
            "diamonds of classes",
            |r| {
                models(
                    r,
                    &format!(
                        "class A0: pass\n{}",
                        many(60, |n| format!(
                            "class B{n}(A{n}): pass\nclass C{n}(A{n}): pass\nclass A{}(B{n}, C{n}): pass\n",
                            n + 1
                        ))
                    ),
                );
            },
            1,
            &["nick"],
        ),
        row(
            "annotations",
            |r| {
                models(
                    r,
                    &format!(
                        "class M(Base):\n    __tablename__ = 'm'\n    id: {} = 1",
                        nested(50_000, "Mapped[", "int", "]")
                    ),
                );
            },
            1,
            &[],
        ),
        row(
            "a quoted annotation of quotes",
            |r| {
                models(
                    r,
                    &format!(
                        "class M(Base):\n    __tablename__ = 'm'\n    id: '{}' = 1",
                        nested(50_000, "Mapped[", "int", "]")
                    ),
                );
            },
            1,
            &[],
        ),
        row(
            "types of types",
            |r| {
                models(
                    r,
                    &format!(
                        "class M(Base):\n    __tablename__ = 'm'\n    id = sa.Column({}, primary_key=True)",
                        nested(5_000, "sa.ARRAY(", "sa.Integer", ")")
                    ),
                );
            },
            1,
            &[],
        ),
        row(
            "modules that import each other",
            |r| {
                models(r, "from app.a import *");
                r.write("app/a.py", "from app.b import *\nfrom app.models import Base")
                    .write("app/b.py", "from app.a import *\nimport app.models")
                    .add();
            },
            1,
            &["nick"],
        ),
        row(
            "a chain of three thousand modules",
            |r| {
                models(r, "from app import m0");
                for n in 0..3_000 {
                    r.write(
                        &format!("app/m{n}.py"),
                        &format!("from app import m{}\nfrom app.models import Base\n", n + 1),
                    );
                }
                r.add();
            },
            1,
            &[],
        ),
        row("one line of 20 MB", |r| models(r, &format!("x = '{}'", "x".repeat(20 << 20))), 1, &["models.py"]),
        row("three million lines", |r| models(r, &"x=1\n".repeat(900_000)), 1, &[]),
        row("a file of 33 MB", |r| models(r, &"#  x\n".repeat(7_000_000)), 1, &["models.py"]),
        row("zero bytes", |r| models(r, "x = '\0'\n\0"), 1, &[]),
        row(
            "a revision that comes after itself",
            |r| {
                revision(r, "pass");
                r.write(
                    "migrations/versions/0003.py",
                    "revision = '0003'\ndown_revision = ('0003', '0002', '0004')\ndef upgrade(): pass\n",
                );
                r.write(
                    "migrations/versions/0004.py",
                    "revision = '0004'\ndown_revision = '0003'\ndef upgrade(): pass\n",
                )
                .add();
            },
            1,
            &["cycle"],
        ),
        row(
            "revisions that branch and merge sixty times",
            |r| {
                alembic_base(r);
                let mut last = "0001".to_owned();
                for n in 0..60 {
                    for side in ["a", "b"] {
                        r.write(
                            &format!("migrations/versions/{side}{n}.py"),
                            &format!("revision = '{side}{n}'\ndown_revision = '{last}'\ndef upgrade(): pass\n"),
                        );
                    }
                    r.write(
                        &format!("migrations/versions/m{n}.py"),
                        &format!("revision = 'm{n}'\ndown_revision = ('a{n}', 'b{n}')\ndef upgrade(): pass\n"),
                    );
                    last = format!("m{n}");
                }
                r.write("app/models.py", &format!("{MODELS}{NICK}")).add();
            },
            1,
            &["nick"],
        ),
        row(
            "an ini file that grows",
            |r| {
                models(r, "");
                let lines = many(60, |n| format!("a{} = %(a{n})s%(a{n})s\n", n + 1));
                r.write("alembic.ini", &format!("[alembic]\na0 = x\n{lines}script_location = migrations\nversion_locations = %(a60)s\nprepend_sys_path = .\nsqlalchemy.url = postgresql://x/x\n")).add();
            },
            1,
            &[],
        ),
    ]);
}

/// A change that drifts, under a policy.
fn policy(repo: &TestRepo, text: &str) {
    prisma_schema(repo, DRIFTED);
    repo.write("driftgate.toml", text).add();
}

#[test]
fn policies_and_documents() {
    run_all(&[
        row("policy: a regex that explodes", |r| policy(r, "[naming]\npattern = '^((a+)+)+$'\n"), 1, &["nick"]),
        row(
            "policy: a regex of great size",
            |r| policy(r, "[naming]\npattern = '((((a{1000}){1000}){1000}){1000})'\n"),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: a regex that nests",
            |r| policy(r, &format!("[naming]\npattern = '{}'\n", nested(100_000, "(", "a", ")"))),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: a glob that explodes",
            |r| policy(r, &format!("exclude = ['{}x']\n", "**/*a*".repeat(100))),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: a glob of alternatives",
            |r| policy(r, &format!("exclude = ['{}']\n", "{a,b,c}".repeat(100))),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: a glob that nests",
            |r| policy(r, &format!("exclude = ['{}']\n", nested(100_000, "{a,", "b", "}"))),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: ten thousand globs",
            |r| policy(r, &format!("exclude = [{}]\n", many(10_000, |n| format!("'**/a{n}/**/*b*',")))),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: arrays in arrays",
            |r| policy(r, &format!("exclude = {}\n", nested(100_000, "[", "1", "]"))),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: tables in tables",
            |r| policy(r, &format!("rules = {}\n", nested(100_000, "{a = ", "1", "}"))),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: a key of a hundred thousand parts",
            |r| policy(r, &format!("a{} = 1\n", ".a".repeat(100_000))),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: a hundred thousand allowances",
            |r| {
                policy(
                    r,
                    &"[[allow]]\nrule = 'uncovered-change'\nreason = 'a reason that is long'\nuntil = 2020-01-01\n"
                        .repeat(100_000),
                );
            },
            2,
            &["driftgate.toml"],
        ),
        row("policy: of 33 MB", |r| policy(r, &"#   x\n".repeat(7_000_000)), 2, &["driftgate.toml"]),
        row(
            "policy: a link out of the tree",
            |r| {
                prisma_schema(r, DRIFTED);
                std::os::unix::fs::symlink("/etc/passwd", r.root().join("driftgate.toml")).unwrap();
                r.add();
            },
            2,
            &["driftgate.toml"],
        ),
        row(
            "workflows: lists in lists",
            |r| {
                prisma_schema(r, DRIFTED);
                r.write(".github/workflows/a.yml", &format!("jobs:\n  a: {}\n", nested(200_000, "[", "x", "]")));
                r.write(".github/workflows/b.yml", &many(3_000, |n| format!("{}a:\n", " ".repeat(n)))).add();
            },
            1,
            &["nick"],
        ),
        row(
            "workflows: aliases of aliases",
            |r| {
                prisma_schema(r, DRIFTED);
                r.write(
                    ".github/workflows/a.yml",
                    &format!(
                        "a0: &a0 prisma db push\n{}",
                        many(60, |n| format!("a{}: &a{} [*a{n}, *a{n}]\n", n + 1, n + 1))
                    ),
                )
                .add();
            },
            1,
            &["nick"],
        ),
        row(
            "package.json: objects in objects",
            |r| {
                prisma_schema(r, DRIFTED);
                r.write("package.json", &format!("{{\"prisma\": {}}}", nested(200_000, "{\"a\": ", "1", "}"))).add();
            },
            1,
            &["nick"],
        ),
        row(
            "package.json: a schema out of the tree",
            |r| {
                prisma_schema(r, DRIFTED);
                r.write("package.json", "{\"prisma\": {\"schema\": \"../../../../etc/passwd\"}}").add();
            },
            1,
            &[],
        ),
        row(
            ".gitignore: patterns that explode",
            |r| {
                prisma_schema(r, DRIFTED);
                r.write(".gitignore", &format!("{}b\n", "**/*a*".repeat(200)));
                r.write(
                    "prisma/migrations/20240103000000_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/x",
                    "",
                );
                r.git(&["add", "prisma/schema.prisma"]);
            },
            1,
            &["nick"],
        ),
        row(
            ".gitattributes and .gitmodules that are folders",
            |r| {
                prisma_schema(r, DRIFTED);
                r.write(".gitattributes/x", "").write(".gitmodules2/x", "").add();
            },
            1,
            &["nick"],
        ),
    ]);
}

/// Names that no one should print as they are; git takes them all.
const NAMES: [&[u8]; 8] = [
    b"20240102000000_a\nb",
    b"20240102000001_\x1b]0;title\x07\x1b[2J",
    b"20240102000002_%0A::add-mask::secret",
    b"20240102000003_\n::add-mask::secret",
    "20240102000004_\u{202e}gpj\u{2066}".as_bytes(),
    b"20240102000005_\xff\xfe\xc3",
    b"20240102000006_<script>|`**[x](y)",
    b"20240102000007_\r\t\x7f",
];

fn wild_names(repo: &TestRepo) {
    prisma_base(repo);
    repo.write("prisma/schema.prisma", &format!("{DATASOURCE}{DRIFTED}"));
    for name in NAMES {
        let dir = repo.root().join("prisma/migrations").join(std::ffi::OsStr::from_bytes(name));
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("migration.sql"), "DROP TABLE nothing;\nSELEC 1;\n").unwrap();
    }
    repo.add();
    // One more that is not staged.
    let dir = repo
        .root()
        .join("prisma/migrations")
        .join(std::ffi::OsStr::from_bytes(b"20240103000000_\n::stop-commands::x\x1b[31m"));
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("migration.sql"), "").unwrap();
}

#[test]
fn names() {
    run_all(&[
        row("names: full", wild_names, 1, &["20240102000000_a"]),
        row("names: concise", wild_names, 1, &["20240102000000_a"]).asked(&["check", "--format", "concise"]),
        row("names: github", wild_names, 1, &["::error"]).asked(&["check", "--format", "github"]),
        row("names: gitlab", wild_names, 1, &["fingerprint"]).asked(&["check", "--format", "gitlab"]),
        row("names: json", wild_names, 1, &["20240102000000_a"]).asked(&["check", "--format", "json"]),
        row("names: sarif", wild_names, 1, &["20240102000000_a"]).asked(&["check", "--format", "sarif"]),
        row("names: markdown", wild_names, 1, &["nick"]).asked(&["check", "--format", "markdown"]),
        row("names: graph", wild_names, 0, &["20240102000000_a"]).asked(&["graph"]),
        row("names: diff", wild_names, 2, &["does not exist"]).asked(&["diff"]),
    ]);
}

fn link(repo: &TestRepo, target: &str, path: &str) {
    let place = repo.root().join(path);
    if place.symlink_metadata().is_ok_and(|found| found.is_file()) {
        std::fs::remove_file(&place).unwrap();
    }
    std::os::unix::fs::symlink(target, place).unwrap();
}

#[test]
fn links_and_odd_files() {
    run_all(&[
        row(
            "links: a schema that is a link to itself",
            |r| {
                prisma_base(r);
                link(r, "schema.prisma", "prisma/schema.prisma");
                r.add();
            },
            1,
            &["schema.prisma"],
        ),
        row(
            "links: a schema out of the tree",
            |r| {
                prisma_base(r);
                link(r, "/etc/passwd", "prisma/schema.prisma");
                r.add();
            },
            1,
            &["schema.prisma"],
        ),
        row(
            "links: migrations that lead back",
            |r| {
                prisma_schema(r, DRIFTED);
                link(r, "..", "prisma/migrations/20240102000000_up");
                link(r, "20240103000000_round", "prisma/migrations/20240103000000_round");
                r.add();
            },
            1,
            &["nick"],
        ),
        row(
            "links: a migration out of the tree",
            |r| {
                prisma_sql(r, "");
                link(r, "/dev/zero", "prisma/migrations/20240102000000_next/migration.sql");
                r.add();
            },
            1,
            &[],
        ),
        row(
            "links: models that are a link",
            |r| {
                alembic_base(r);
                link(r, "/dev/zero", "app/models.py");
                r.add();
            },
            1,
            &[],
        ),
        row(
            "a pipe among the migrations",
            |r| {
                prisma_schema(r, DRIFTED);
                r.git(&["status", "--short"]);
                let made = r.run_in(r.root(), "mkfifo", &["prisma/migrations/pipe", ".gitignore"]);
                assert!(made.status.success());
            },
            1,
            &["nick"],
        ),
        row(
            "a pipe in place of a tracked file",
            |r| {
                prisma_schema(r, DRIFTED);
                let sql = "prisma/migrations/20240101000000_init/migration.sql";
                r.remove(sql);
                assert!(r.run_in(r.root(), "mkfifo", &[sql]).status.success());
            },
            1,
            &["nick"],
        ),
        row(
            "folders two thousand deep",
            |r| {
                prisma_schema(r, DRIFTED);
                // The index alone: the file system has no path as long as this.
                let blob = r.git(&["hash-object", "-w", "prisma/schema.prisma"]);
                let path = format!("{}schema.prisma", "a/".repeat(1_500));
                r.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")]);
            },
            2,
            &["1024"],
        ),
        row(
            "thirty thousand files in one folder",
            |r| {
                prisma_schema(r, DRIFTED);
                let blob = r.git(&["hash-object", "-w", "prisma/schema.prisma"]);
                let lines = many(30_000, |n| format!("100644 {blob}\tprisma/migrations/x{n}\n"));
                std::fs::write(r.beside("lines"), lines).unwrap();
                let made = r.run_in(r.root(), "sh", &["-c", "git update-index --index-info < ../lines"]);
                assert!(made.status.success());
            },
            1,
            &["nick"],
        ),
    ]);
}
