//! Much of one thing: whatever is looked up for each of many must not be looked for among them all.

use crate::harness::*;
use crate::projects::*;
use crate::support::TestRepo;

/// The tables `t0`, `t1`, … of so many columns each.
fn tables(count: usize, columns: usize) -> String {
    let columns = many(columns, |n| format!(", c{n} int"));
    many(count, |n| format!("CREATE TABLE t{n} (id int{columns});\n"))
}

/// A change of a history that had these tables: they are gone from the schema, or never were in it.
fn after_tables(repo: &TestRepo, before: &str, sql: &str) {
    prisma_base(repo);
    repo.write("prisma/migrations/20240101000001_more/migration.sql", before);
    repo.commit("more");
    repo.write("prisma/schema.prisma", &format!("{DATASOURCE}{DRIFTED}"));
    repo.write("prisma/migrations/20240102000000_next/migration.sql", sql).add();
}

/// The same for another database than PostgreSQL.
fn sql_of(repo: &TestRepo, provider: &str, sql: &str) {
    let datasource = DATASOURCE.replace("\"postgresql\"", &format!("\"{provider}\""));
    let user = "CREATE TABLE User (id INT NOT NULL, email VARCHAR(191) NOT NULL, PRIMARY KEY (id));\n";
    repo.write("prisma/schema.prisma", &format!("{datasource}{USER}"));
    repo.write("prisma/migrations/migration_lock.toml", &format!("provider = \"{provider}\"\n"));
    repo.write("prisma/migrations/20240101000000_init/migration.sql", user);
    repo.commit("base");
    repo.write("prisma/schema.prisma", &format!("{datasource}{DRIFTED}"));
    repo.write("prisma/migrations/20240102000000_next/migration.sql", sql).add();
}

#[test]
fn tables_and_columns() {
    run_all(&[
        sized(
            "a table of a hundred thousand columns",
            |r| prisma_sql(r, &format!("CREATE TABLE t (a int{});", many(100_000, |n| format!(",c{n} int")))),
            1,
            &[],
        ),
        sized(
            "columns added one by one, twenty thousand times",
            |r| prisma_sql(r, &many(20_000, |n| format!("ALTER TABLE \"User\" ADD COLUMN c{n} int;\n"))),
            1,
            &[],
        ),
        sized(
            "columns added one by one: mysql",
            |r| sql_of(r, "mysql", &many(20_000, |n| format!("ALTER TABLE User ADD COLUMN c{n} int;\n"))),
            1,
            &[],
        ),
        sized(
            "columns added one by one: sqlite",
            |r| sql_of(r, "sqlite", &many(20_000, |n| format!("ALTER TABLE User ADD COLUMN c{n} int;\n"))),
            1,
            &[],
        ),
        sized(
            "columns added one by one: sqlserver",
            |r| sql_of(r, "sqlserver", &many(20_000, |n| format!("ALTER TABLE [User] ADD c{n} int;\n"))),
            1,
            &[],
        ),
        sized("twenty thousand tables: mysql", |r| sql_of(r, "mysql", &tables(20_000, 1)), 1, &[]),
        sized("twenty thousand tables: sqlite", |r| sql_of(r, "sqlite", &tables(20_000, 1)), 1, &[]),
        sized("twenty thousand tables: sqlserver", |r| sql_of(r, "sqlserver", &tables(20_000, 1)), 1, &[]),
        sized("twenty thousand tables: cockroachdb", |r| sql_of(r, "cockroachdb", &tables(20_000, 1)), 1, &[]),
        sized(
            "columns altered one by one",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "CREATE TABLE t (a int{});\n{}",
                        many(1_500, |n| format!(",c{n} int")),
                        many(20_000, |n| format!("ALTER TABLE t ALTER COLUMN c{} SET NOT NULL;\n", n % 1_500))
                    ),
                );
            },
            1,
            &[],
        ),
        sized(
            "fifteen hundred columns dropped, fifteen hundred added",
            |r| {
                after_tables(
                    r,
                    &tables(1, 1_500),
                    &format!(
                        "{}{}",
                        many(1_500, |n| format!("ALTER TABLE t0 DROP COLUMN c{n};\n")),
                        many(1_500, |n| format!("ALTER TABLE t0 ADD COLUMN d{n} int;\n"))
                    ),
                );
            },
            1,
            &[],
        ),
        sized(
            "two thousand tables dropped, two thousand made",
            |r| {
                after_tables(
                    r,
                    &tables(2_000, 20),
                    &format!(
                        "{}{}",
                        many(2_000, |n| format!("DROP TABLE t{n};\n")),
                        tables(2_000, 20).replace('t', "T")
                    ),
                );
            },
            1,
            &[],
        ),
        sized(
            "twenty thousand tables renamed",
            |r| after_tables(r, &tables(20_000, 1), &many(20_000, |n| format!("ALTER TABLE t{n} RENAME TO u{n};\n"))),
            1,
            &[],
        ),
        sized(
            "twenty thousand tables in one DROP",
            |r| {
                after_tables(
                    r,
                    &tables(20_000, 1),
                    &format!("DROP TABLE t0{};", many(19_999, |n| format!(", t{}", n + 1))),
                );
            },
            1,
            &[],
        ),
        sized(
            "a hundred thousand absent tables in one DROP",
            |r| prisma_sql(r, &format!("DROP TABLE IF EXISTS t0{};", many(99_999, |n| format!(", t{}", n + 1)))),
            1,
            &[],
        ),
        sized(
            "fifty thousand statements that fail",
            |r| prisma_sql(r, &many(50_000, |n| format!("ALTER TABLE t{n} ADD COLUMN a int;\n"))),
            1,
            &[],
        ),
        sized(
            "a hundred thousand rows of data",
            |r| prisma_sql(r, &many(100_000, |n| format!("UPDATE \"User\" SET email = 'a{n}';\n"))),
            1,
            &[],
        ),
    ]);
}

#[test]
fn objects() {
    run_all(&[
        sized(
            "ten thousand indexes of one table",
            |r| prisma_sql(r, &many(10_000, |n| format!("CREATE INDEX i{n} ON \"User\" (email);\n"))),
            1,
            &[],
        ),
        sized(
            "ten thousand checks of one table",
            |r| {
                prisma_sql(
                    r,
                    &many(10_000, |n| format!("ALTER TABLE \"User\" ADD CONSTRAINT k{n} CHECK (id > {n});\n")),
                );
            },
            1,
            &[],
        ),
        sized(
            "ten thousand checks without names",
            |r| prisma_sql(r, &many(10_000, |n| format!("ALTER TABLE \"User\" ADD CHECK (id > {n});\n"))),
            1,
            &[],
        ),
        sized(
            "ten thousand foreign keys of one table",
            |r| {
                prisma_sql(
                    r,
                    &many(10_000, |n| {
                        format!("ALTER TABLE \"User\" ADD CONSTRAINT f{n} FOREIGN KEY (id) REFERENCES \"User\" (id);\n")
                    }),
                );
            },
            1,
            &[],
        ),
        sized(
            "ten thousand foreign keys to one table, which goes",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "CREATE TABLE a (id int primary key);\n{}DROP TABLE a CASCADE;\n",
                        many(10_000, |n| format!("CREATE TABLE b{n} (a int references a);\n"))
                    ),
                );
            },
            1,
            &[],
        ),
        sized(
            "twenty thousand views",
            |r| prisma_sql(r, &many(20_000, |n| format!("CREATE VIEW v{n} AS SELECT id FROM \"User\";\n"))),
            1,
            &[],
        ),
        sized(
            "five thousand views, and a column that they read changes again and again",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "{}{}",
                        many(5_000, |n| format!("CREATE VIEW v{n} AS SELECT id FROM \"User\";\n")),
                        many(5_000, |n| format!(
                            "ALTER TABLE \"User\" ADD COLUMN c{n} int; ALTER TABLE \"User\" DROP COLUMN c{n};\n"
                        ))
                    ),
                );
            },
            1,
            &[],
        ),
        sized(
            "twenty thousand types",
            |r| prisma_sql(r, &many(20_000, |n| format!("CREATE TYPE e{n} AS ENUM ('a');\n"))),
            1,
            &[],
        ),
        sized(
            "a type of twenty thousand values, added one by one",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "CREATE TYPE e AS ENUM ();\n{}",
                        many(20_000, |n| format!("ALTER TYPE e ADD VALUE 'v{n}';\n"))
                    ),
                );
            },
            1,
            &[],
        ),
        sized(
            "a type used by a thousand tables, dropped and made",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "CREATE TYPE e AS ENUM ('a');\n{}{}",
                        many(1_000, |n| format!("CREATE TABLE t{n} (a e, b e, c e);\n")),
                        many(5_000, |n| format!(
                            "ALTER TYPE e RENAME TO f; ALTER TYPE f RENAME TO e; ALTER TYPE e ADD VALUE 'b{n}';\n"
                        ))
                    ),
                );
            },
            1,
            &[],
        ),
        sized(
            "twenty thousand sequences",
            |r| prisma_sql(r, &many(20_000, |n| format!("CREATE SEQUENCE s{n} OWNED BY \"User\".id;\n"))),
            1,
            &[],
        ),
        sized(
            "twenty thousand serial columns of as many tables",
            |r| prisma_sql(r, &many(20_000, |n| format!("CREATE TABLE t{n} (id serial primary key);\n"))),
            1,
            &[],
        ),
        sized(
            "ten thousand functions and triggers",
            |r| {
                prisma_sql(
                    r,
                    &many(10_000, |n| {
                        format!(
                            "CREATE FUNCTION f{n}() RETURNS trigger AS $$ BEGIN RETURN NEW; END $$ LANGUAGE plpgsql;\nCREATE TRIGGER g{n} BEFORE INSERT ON \"User\" FOR EACH ROW EXECUTE FUNCTION f{n}();\n"
                        )
                    }),
                );
            },
            1,
            &[],
        ),
        sized(
            "twenty thousand schemas",
            |r| prisma_sql(r, &many(20_000, |n| format!("CREATE SCHEMA s{n}; CREATE TABLE s{n}.t (a int);\n"))),
            1,
            &[],
        ),
        sized(
            "a search path of ten thousand schemas",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "SET search_path TO a{};\n{}",
                        many(10_000, |n| format!(",s{n}")),
                        many(10_000, |n| format!("ALTER TABLE t{n} ADD COLUMN b int;\n"))
                    ),
                );
            },
            1,
            &[],
        ),
        sized(
            "twenty thousand statements that cannot be read",
            |r| prisma_sql(r, &many(20_000, |n| format!("ALTER TABLE t{n} FROBNICATE;\n"))),
            1,
            &[],
        ),
        sized(
            "twenty thousand statements that cannot be read, of what there is",
            |r| {
                prisma_sql(
                    r,
                    &format!("{}{}", tables(20_000, 1), many(20_000, |n| format!("ALTER TABLE t{n} FROBNICATE;\n"))),
                );
            },
            1,
            &[],
        ),
    ]);
}

#[test]
fn what_is_taken_back() {
    run_all(&[
        sized(
            "twenty thousand blocks that catch, over two thousand tables",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "{}{}",
                        tables(2_000, 5),
                        many(20_000, |n| format!(
                            "DO $$ BEGIN ALTER TABLE t{} ADD COLUMN x int; ALTER TABLE t{} ADD COLUMN y{n} int; EXCEPTION WHEN duplicate_column THEN NULL; END $$;\n",
                            n % 2_000,
                            n % 2_000
                        ))
                    ),
                );
            },
            1,
            &[],
        ),
        row(
            "a block that catches behind two thousand failures",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "{}DO $$ BEGIN ALTER TABLE \"User\" ADD COLUMN nick text; ALTER TABLE nothing ADD COLUMN a int; EXCEPTION WHEN others THEN NULL; END $$;\n",
                        many(2_000, |n| format!("ALTER TABLE t{n} ADD COLUMN a int;\n"))
                    ),
                );
            },
            1,
            &["cannot be applied"],
        ),
        sized(
            "twenty thousand savepoints, over two thousand tables",
            |r| {
                prisma_sql(
                    r,
                    &format!(
                        "BEGIN;\n{}{}{}COMMIT;\n",
                        tables(2_000, 5),
                        many(20_000, |n| format!("SAVEPOINT s{n};\n")),
                        many(20_000, |n| format!("ROLLBACK TO SAVEPOINT s{};\n", 19_999 - n))
                    ),
                );
            },
            1,
            &[],
        ),
        sized("fifty thousand transactions that never end", |r| prisma_sql(r, &"BEGIN;\n".repeat(50_000)), 1, &[]),
        sized(
            "twenty thousand transactions rolled back",
            |r| prisma_sql(r, &many(20_000, |n| format!("BEGIN; CREATE TABLE t{n} (a int); ROLLBACK;\n"))),
            1,
            &[],
        ),
    ]);
}

#[test]
fn declared() {
    run_all(&[
        sized(
            "a model of twenty thousand columns",
            |r| {
                prisma_schema(
                    r,
                    &DRIFTED.replace("  nick", &format!("{}  nick", many(20_000, |n| format!("  c{n} Int?\n")))),
                );
            },
            1,
            &[],
        ),
        sized(
            "a model of ten thousand indexes",
            |r| {
                prisma_schema(
                    r,
                    &DRIFTED.replace(
                        "}\n",
                        &format!("{}}}\n", many(10_000, |n| format!("  @@index([email], map: \"i{n}\")\n"))),
                    ),
                );
            },
            1,
            &[],
        ),
        sized(
            "ten thousand enums of two values",
            |r| prisma_schema(r, &format!("{DRIFTED}{}", many(10_000, |n| format!("enum E{n} {{\n  A\n  B\n}}\n")))),
            1,
            &["nick"],
        ),
        sized(
            "five thousand models in a chain of relations",
            |r| {
                prisma_schema(
                    r,
                    &format!(
                        "{DRIFTED}{}",
                        many(5_000, |n| format!(
                            "model M{n} {{\n  id Int @id\n  nextId Int?\n  next M{}? @relation(\"r{n}\", fields: [nextId], references: [id])\n  prev M{}[] @relation(\"r{}\")\n}}\n",
                            (n + 1) % 5_000,
                            (n + 4_999) % 5_000,
                            (n + 4_999) % 5_000
                        ))
                    ),
                );
            },
            1,
            &["nick"],
        ),
        sized(
            "a schema of five thousand files",
            |r| {
                prisma_base(r);
                r.write("package.json", "{\"prisma\": {\"schema\": \"prisma\"}}");
                for n in 0..5_000 {
                    r.write(&format!("prisma/models/m{n}.prisma"), &format!("model M{n} {{\n  id Int @id\n}}\n"));
                }
                r.write("prisma/schema.prisma", &format!("{DATASOURCE}{DRIFTED}")).add();
            },
            1,
            &[],
        ),
        sized(
            "five hundred projects",
            |r| {
                for n in 0..500 {
                    let dir = format!("apps/a{n}/prisma");
                    r.write(&format!("{dir}/schema.prisma"), &format!("{DATASOURCE}{USER}"));
                    r.write(&format!("{dir}/migrations/migration_lock.toml"), "provider = \"postgresql\"\n");
                    r.write(&format!("{dir}/migrations/20240101000000_init/migration.sql"), USER_SQL);
                }
                r.commit("base");
                for n in 0..500 {
                    r.write(&format!("apps/a{n}/prisma/schema.prisma"), &format!("{DATASOURCE}{DRIFTED}"));
                }
                r.add();
            },
            1,
            &["nick"],
        ),
        sized(
            "forty migrations of fifty thousand statements",
            |r| {
                prisma_base(r);
                for n in 0..40 {
                    let sql = many(50_000, |m| format!("ALTER TABLE \"User\" ALTER \"email\" SET DEFAULT '{m}';\n"));
                    r.write(&format!("prisma/migrations/202402010000{n:02}_m/migration.sql"), &sql);
                }
                r.write("prisma/schema.prisma", &format!("{DATASOURCE}{DRIFTED}")).add();
            },
            1,
            &[],
        ),
        sized(
            "twelve migrations of thirty megabytes",
            |r| {
                prisma_base(r);
                for n in 0..12 {
                    let sql = format!("-- {n}\n{}", "-- x\n".repeat(6_200_000));
                    r.write(&format!("prisma/migrations/202402010000{n:02}_m/migration.sql"), &sql);
                }
                r.write("prisma/schema.prisma", &format!("{DATASOURCE}{DRIFTED}")).add();
            },
            1,
            &[],
        ),
        sized(
            "fifty thousand allowances in comments",
            |r| {
                prisma_sql(
                    r,
                    &many(50_000, |n| format!("-- driftgate: allow dropped-column: reason {n}\nSELECT {n};\n")),
                );
            },
            1,
            &[],
        ),
    ]);
}

#[test]
fn python() {
    run_all(&[
        sized(
            "a model of ten thousand columns",
            |r| {
                models(
                    r,
                    &format!(
                        "class M(Base):\n    __tablename__ = 'm'\n    id = sa.Column(sa.Integer, primary_key=True)\n{}",
                        many(10_000, |n| format!("    c{n} = sa.Column(sa.Integer)\n"))
                    ),
                );
            },
            1,
            &[],
        ),
        sized(
            "five thousand models",
            |r| {
                models(
                    r,
                    &many(5_000, |n| {
                        format!(
                            "class M{n}(Base):\n    __tablename__ = 'm{n}'\n    id = sa.Column(sa.Integer, primary_key=True)\n"
                        )
                    }),
                );
            },
            1,
            &[],
        ),
        sized(
            "three thousand models in a chain of foreign keys",
            |r| {
                models(
                    r,
                    &many(3_000, |n| {
                        format!(
                            "class M{n}(Base):\n    __tablename__ = 'm{n}'\n    id = sa.Column(sa.Integer, sa.ForeignKey('m{}.id'), primary_key=True)\n",
                            n + 1
                        )
                    }),
                );
            },
            1,
            &[],
        ),
        sized(
            "a revision of five thousand columns",
            |r| revision(r, &many(5_000, |n| format!("op.add_column('users', sa.Column('c{n}', sa.Integer()))\n"))),
            1,
            &[],
        ),
        sized(
            "a revision of five thousand tables",
            |r| {
                revision(
                    r,
                    &many(5_000, |n| {
                        format!("op.create_table('t{n}', sa.Column('id', sa.Integer(), primary_key=True))\n")
                    }),
                );
            },
            1,
            &[],
        ),
        sized(
            "a revision of five thousand batches",
            |r| {
                revision(
                    r,
                    &many(5_000, |n| {
                        format!(
                            "with op.batch_alter_table('users') as b:\n    b.add_column(sa.Column('c{n}', sa.Integer()))\n    b.drop_column('c{n}')\n"
                        )
                    }),
                );
            },
            1,
            &[],
        ),
        sized(
            "three thousand revisions, each a head",
            |r| {
                alembic_base(r);
                for n in 0..3_000 {
                    r.write(
                        &format!("migrations/versions/h{n}.py"),
                        &format!(
                            "revision = 'h{n}'\ndown_revision = '0001'\ndef upgrade(): pass\ndef downgrade(): pass\n"
                        ),
                    );
                }
                r.write("app/models.py", &format!("{MODELS}{NICK}")).add();
            },
            1,
            &[],
        ),
        sized(
            "three thousand revisions in a row",
            |r| {
                alembic_base(r);
                for n in 0..3_000 {
                    let parent = if n == 0 { "0001".to_owned() } else { format!("h{}", n - 1) };
                    r.write(
                        &format!("migrations/versions/h{n}.py"),
                        &format!("revision = 'h{n}'\ndown_revision = '{parent}'\ndef upgrade(): pass\ndef downgrade(): pass\n"),
                    );
                }
                r.write("app/models.py", &format!("{MODELS}{NICK}")).add();
            },
            1,
            &["nick"],
        ),
        sized(
            "a revision with five thousand parents",
            |r| {
                alembic_base(r);
                let parents = many(5_000, |n| format!("'p{n}', "));
                r.write(
                    "migrations/versions/h.py",
                    &format!("revision = 'h'\ndown_revision = ('0001', {parents})\ndef upgrade(): pass\ndef downgrade(): pass\n"),
                );
                r.write("app/models.py", &format!("{MODELS}{NICK}")).add();
            },
            1,
            &[],
        ),
    ]);
}
