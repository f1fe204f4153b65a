//! A table of cases: for every rule and every ecosystem that it is for, a change that fails, one that passes, and where the
//! boundary between them runs: the last that passes and the first that fails.

use std::collections::BTreeSet;

use super::testing::{Repository, World, column};
use super::{Check, RuleId, RuleSettings};
use crate::catalog::difference::{Difference, Side};
use crate::git::LeftoverKind;
use crate::history::HistoryProblemKind as Problem;
use crate::policy::ObjectKind;
use crate::project::EcosystemKind;

/// What a change does to a project.
type Make = fn(World) -> World;

/// The cases of a rule about projects; run in every ecosystem of the rule.
struct Cases {
    rule: RuleId,
    fails: Make,
    passes: Make,
    last_that_passes: Make,
    first_that_fails: Make,
}

/// The cases of a rule about files outside the projects, in one ecosystem: a path and a text each.
struct Files {
    rule: RuleId,
    kind: EcosystemKind,
    fails: (&'static str, &'static str),
    passes: (&'static str, &'static str),
    last_that_passes: (&'static str, &'static str),
    first_that_fails: (&'static str, &'static str),
}

/// A statement that no reading explains.
const OPAQUE: &str = "DO $$ BEGIN EXECUTE 'ALTER TABLE ' || t || ' ADD COLUMN age INT'; END $$;";

/// The first revision of Alembic's world.
const ROOT: &str = "1a2b3c4d5e6f";

/// A new migration that does this.
fn sql(world: World, text: &str) -> World {
    let id = world.new_id();
    world.new_migration(id, text)
}

/// A migration that was there before the change, and one that the change brings.
fn after(world: World, old: &str, new: &str) -> World {
    let id = world.either("20260106090000_old", "a1b2c3d4e5f6_old");
    sql(world.new_migration(id, old).commit(), new)
}

/// A new migration with such a slug.
fn named(world: World, slug: &str) -> World {
    let name = format!("{}{slug}", world.either("20260112090000_", "b2c3d4e5f6a7_"));
    world.new_migration(&name, "")
}

/// A migration with a text of its own, whatever it does, and what becomes of it.
fn edited(world: World, prisma: [&str; 2], alembic: [&str; 2]) -> World {
    let name = world.either("20260112090000_x", "b2c3_x");
    let [old, new] = [0, 1].map(|at| world.either(prisma[at], alembic[at]).to_owned());
    world.migration_text(name, &old).commit().edit_migration(name, &new)
}

/// The same under another name.
fn renamed(world: World, prisma: [&str; 2], alembic: [&str; 2]) -> World {
    let (from, to) = (world.either("20260112090000_x", "b2_x"), world.either("20260113090000_y", "c3_x"));
    let [old, new] = [0, 1].map(|at| world.either(prisma[at], alembic[at]).to_owned());
    world.migration_text(from, &old).commit().delete_migration(from).migration_text(to, &new)
}

/// A new migration with that text.
fn written(world: World, prisma: &str, alembic: &str) -> World {
    let (name, text) = (world.either("20260112090000_x", "b2_x"), world.either(prisma, alembic).to_owned());
    world.migration_text(name, &text)
}

/// A migration of the base since the branch began, and one of the branch.
fn beside(world: World, theirs: &str, ours: &str) -> World {
    let name = world.either("20260110090000_theirs", "b2_theirs");
    let own = world.either("20260112090000_ours", "c3_ours");
    world.new_migration(name, theirs).becomes_base().new_migration(own, ours)
}

fn missing(name: &str) -> Difference {
    column(Side::Missing, "users", name)
}

fn doubtful(name: &str) -> Difference {
    Difference { certain: false, ..missing(name) }
}

/// A column that the new migration makes and nothing declares.
fn undeclared(world: World) -> World {
    let id = world.new_id();
    let world = sql(world, "ALTER TABLE users ADD COLUMN age INTEGER;");
    let place = world.migration_place(id);
    world.gap_after(Difference { migrated_at: Some(place), ..column(Side::Extra, "users", "age") })
}

/// A problem of the history.
fn problem(world: World, kind: Problem, name: &str) -> World {
    let path = world.new_migration_file(name);
    world.history_problem(kind, &path, &format!("{name} is wrong"))
}

fn three_heads(world: World) -> World {
    world.revision("b2_a", &[ROOT]).revision("c3_b", &[ROOT]).revision("d4_c", &[ROOT]).commit()
}

fn downgrade(world: World, text: &str) -> World {
    world.migration_text("b2_x", &format!("def upgrade():\n    op.drop_table('x')\n\n\ndef downgrade():\n    {text}\n"))
}

/// An enum of three values that is swapped for one of these.
fn swapped(world: World, values: &str) -> World {
    let swap = format!(
        "CREATE TYPE kind_new AS ENUM ({values}); ALTER TYPE kind RENAME TO kind_old; ALTER TYPE kind_new RENAME TO kind; \
         DROP TYPE kind_old;"
    );
    after(world, "CREATE TYPE kind AS ENUM ('A', 'B', 'C');", &swap)
}

/// Patterns for names, so that there is something to break.
fn settings() -> RuleSettings {
    let mut settings = RuleSettings { now: Some(1_768_208_400), ..RuleSettings::default() };
    let snake = regex::Regex::new("^[a-z][a-z0-9_]*$").expect("compiles");
    settings.naming.objects = [(ObjectKind::Column, snake)].into_iter().collect();
    settings
}

/// `rule: fails, passes, last that passes, first that fails`.
macro_rules! cases {
    ($($rule:ident: $fails:expr, $passes:expr, $last:expr, $first:expr;)+) => {
        &[$(Cases {
            rule: RuleId::$rule,
            fails: $fails,
            passes: $passes,
            last_that_passes: $last,
            first_that_fails: $first,
        },)+]
    };
}

const PROJECTS: &[Cases] = cases! {
    MissingMigration:
        |w| w.touch_schema().gap_after(missing("age")),
        |w| w.touch_schema(),
        |w| w.gap_before(missing("age")).touch_schema().gap_after(missing("age")),
        |w| w.gap_before(missing("age")).touch_schema().gap_after(missing("age")).gap_after(missing("size"));
    UncoveredChange:
        |w| sql(w.touch_schema(), "").gap_after(missing("age")),
        |w| sql(w.touch_schema(), ""),
        |w| sql(w.touch_schema(), "").gap_after(doubtful("age")),
        |w| sql(w.touch_schema(), "").gap_after(doubtful("age")).gap_after(missing("size"));
    UndeclaredChange:
        undeclared,
        |w| sql(w, "ALTER TABLE users ADD COLUMN age INTEGER;"),
        |w| undeclared(w).gap_before(column(Side::Extra, "users", "age")),
        |w| undeclared(w).gap_before(column(Side::Extra, "users", "size"));
    UnstagedMigration:
        |w| {
            let path = w.new_migration_file(w.new_id());
            let w = w.touch_schema().gap_after(missing("age"));
            w.leftover(&path, LeftoverKind::Untracked).with_leftovers(Vec::new())
        },
        |w| w.touch_schema(),
        |w| {
            let path = w.new_migration_file(w.new_id());
            w.touch_schema().leftover(&path, LeftoverKind::Untracked).with_leftovers(Vec::new())
        },
        |w| {
            let path = w.new_migration_file(w.new_id());
            let w = w.touch_schema().gap_after(missing("age")).gap_after(missing("size"));
            w.leftover(&path, LeftoverKind::Untracked).with_leftovers(vec![missing("size")])
        };
    UnstagedSchema:
        |w| {
            let path = w.schema_path();
            undeclared(w).leftover(&path, LeftoverKind::Unstaged).with_leftovers_schema(Vec::new())
        },
        |w| sql(w, "ALTER TABLE users ADD COLUMN age INTEGER;"),
        |w| {
            let path = w.schema_path();
            let still = column(Side::Extra, "users", "age");
            undeclared(w).leftover(&path, LeftoverKind::Unstaged).with_leftovers_schema(vec![still])
        },
        |w| {
            let path = w.schema_path();
            let other = column(Side::Extra, "users", "size");
            undeclared(w).leftover(&path, LeftoverKind::Unstaged).with_leftovers_schema(vec![other])
        };
    BrokenHistory:
        |w| sql(w, "ALTER TABLE users DROP COLUMN age;"),
        |w| sql(w, "ALTER TABLE users DROP COLUMN name;"),
        |w| sql(w, "CREATE TABLE IF NOT EXISTS users (id INT);"),
        |w| sql(w, "CREATE TABLE users (id INT);");
    UnreadableSource:
        |w| w.touch_schema().schema_problem("a conflict marker"),
        |w| w.touch_schema(),
        |w| w.schema_problem("a conflict marker").commit(),
        |w| w.schema_problem("a conflict marker").commit().touch_schema();
    UnjudgedChange:
        |w| sql(w, OPAQUE),
        |w| sql(w, "ALTER TABLE users ADD COLUMN age INT;"),
        |w| sql(w, OPAQUE).gap_after(doubtful("age")).commit().touch_schema(),
        |w| sql(w, OPAQUE).gap_after(doubtful("age")).commit().touch_schema().gap_after(doubtful("size"));
    UnregisteredModel:
        |w| w.unregistered("app/billing.py", "invoices", "nothing reaches Invoice"),
        |w| w.touch_schema(),
        |w| w.unregistered("app/billing.py", "invoices", "nothing reaches Invoice").commit(),
        |w| w.unregistered("app/a.py", "a", "nothing reaches A").commit().unregistered("app/b.py", "b", "nothing reaches B");
    Drift:
        |w| w.gap_after(missing("age")).whole_state(),
        |w| w.whole_state(),
        |w| w.gap_after(doubtful("age")).whole_state(),
        |w| w.gap_after(doubtful("age")).gap_after(missing("size")).whole_state();
    MisnamedMigration:
        |w| named(w, "wip"),
        |w| named(w, "add_users"),
        |w| named(w, "fix_user_index"),
        |w| named(w, "fix_2");
    ImpossibleTimestamp:
        |w| { let name = w.either("20261301090000_x", "2026_13_01_b2c3_x"); w.new_migration(name, "") },
        |w| { let name = w.either("20260106090000_x", "2026_01_06_b2c3_x"); w.new_migration(name, "") },
        |w| { let name = w.either("20240229090000_x", "2024_02_29_b2c3_x"); w.new_migration(name, "") },
        |w| { let name = w.either("20250229090000_x", "2025_02_29_b2c3_x"); w.new_migration(name, "") };
    DuplicateTimestamp:
        |w| {
            let [old, new] = [w.either("20260111090000_a", "0007_a1_x"), w.either("20260111090000_b", "0007_b2_y")];
            w.new_migration(old, "").commit().new_migration(new, "")
        },
        |w| { let name = w.new_id(); w.new_migration(name, "") },
        |w| {
            let [old, new] = [w.either("20260111090000_a", "0007_a1_x"), w.either("20260111090001_b", "0008_b2_y")];
            w.new_migration(old, "").commit().new_migration(new, "")
        },
        |w| {
            let [old, new] = [w.either("20260111090000_a", "0007_a1_x"), w.either("20260111090000_b", "0007_b2_y")];
            w.new_migration(old, "").new_migration(new, "")
        };
    MisnamedObject:
        |w| sql(w, "ALTER TABLE users ADD COLUMN \"firstName\" TEXT;"),
        |w| sql(w, "ALTER TABLE users ADD COLUMN first_name TEXT;"),
        |w| after(w, "ALTER TABLE users ADD COLUMN \"firstName\" TEXT;", "ALTER TABLE users ADD COLUMN a2 TEXT;"),
        |w| after(w, "ALTER TABLE users ADD COLUMN \"firstName\" TEXT;", "ALTER TABLE users ADD COLUMN \"A2\" TEXT;");
    EditedMigration:
        |w| edited(
            w,
            ["DROP TABLE a;", "DROP TABLE b;"],
            ["def upgrade():\n    op.drop_table('a')\n", "def upgrade():\n    op.drop_table('b')\n"],
        ),
        |w| sql(w, ""),
        |w| edited(
            w,
            ["DROP TABLE a;\nSELECT 1;\n", "DROP TABLE a;\r\nSELECT 1;"],
            ["def upgrade():\n    op.drop_table('a')\n", "def upgrade():\r\n    op.drop_table('a')\r\n"],
        ),
        |w| edited(
            w,
            ["DROP TABLE a;", "DROP TABLE a; -- why"],
            ["def upgrade():\n    op.drop_table('a')\n", "def upgrade():\n    op.drop_table('a')  # why\n"],
        );
    DeletedMigration:
        |w| { let first = w.either("20260105093000_create_users", "1a2b3c4d5e6f_create_users"); w.delete_migration(first) },
        |w| sql(w, ""),
        |w| { let id = w.new_id(); sql(w.becomes_base(), "").commit().delete_migration(id) },
        |w| { let id = w.new_id(); sql(w, "").commit().delete_migration(id) };
    RenamedMigration:
        |w| renamed(w, ["SELECT 1;", "SELECT 1;"], ["revision = 'b2'", "revision = 'c3'"]),
        |w| sql(w, ""),
        |w| renamed(
            w,
            ["SELECT 1;", "SELECT 2;"],
            ["def upgrade():\n    op.drop_table('a')\n", "def upgrade():\n    op.drop_table('b')\n"],
        ),
        |w| renamed(w, ["SELECT 1;\n", "SELECT 1;\r\n"], ["revision = 'b2'\n", "revision = 'c3'\n"]);
    OutOfOrderMigration:
        |w| w.new_migration("20260101090000_x", ""),
        |w| w.new_migration("20260112090000_x", ""),
        |w| w.new_migration("20260105093000_d", ""),
        |w| w.new_migration("20260105093000_b", "");
    MissingMigrationFile:
        |w| problem(w, Problem::MissingFile, "20260112090000_x"),
        |w| sql(w, ""),
        |w| problem(w, Problem::MissingFile, "20260112090000_x").commit(),
        |w| problem(problem(w, Problem::MissingFile, "20260112090000_x").commit(), Problem::MissingFile, "20260113090000_y");
    EmptyMigration:
        |w| written(w, "", "def upgrade():\n    pass\n"),
        |w| written(w, "DROP TABLE users;", "def upgrade():\n    op.drop_table('users')\n"),
        |w| written(w, "-- x\nDROP TABLE users;", "def upgrade():\n    pass\n    op.drop_table('users')\n"),
        |w| written(w, "-- DROP TABLE users;", "def upgrade():\n    # op.drop_table('users')\n    pass\n");
    LockMismatch:
        |w| problem(w, Problem::LockMismatch, "20260112090000_x"),
        |w| sql(w, ""),
        |w| problem(w, Problem::LockMismatch, "20260112090000_x").commit(),
        |w| problem(problem(w, Problem::LockMismatch, "20260112090000_x").commit(), Problem::LockMismatch, "20260113090000_y");
    ConflictingChange:
        |w| beside(w, "ALTER TABLE users DROP COLUMN name;", "ALTER TABLE users RENAME COLUMN name TO title;"),
        |w| sql(w, "ALTER TABLE users DROP COLUMN name;"),
        |w| beside(w, "ALTER TABLE users ADD COLUMN a INT;", "ALTER TABLE users ADD COLUMN b INT;"),
        |w| beside(w, "ALTER TABLE users ADD COLUMN a INT;", "ALTER TABLE users ADD COLUMN a INT;");
    MultipleHeads:
        |w| w.revision("b2_a", &[ROOT]).commit().revision("c3_b", &[ROOT]),
        |w| w.revision("b2_a", &[ROOT]),
        |w| w.revision("b2_a", &[ROOT]).revision("c3_b", &["b2"]),
        |w| w.revision("b2_a", &[ROOT]).revision("c3_b", &["b2"]).revision("d4_c", &["b2"]);
    MultipleBases:
        |w| w.revision("b2_a", &[]),
        |w| w.revision("b2_a", &[ROOT]),
        |w| w.revision_with("b2_a", &[], |migration| migration.labels = vec!["plugin".to_owned()]),
        |w| w.revision("b2_a", &[]).commit().revision("c3_a", &[]);
    MissingParent:
        |w| problem(w.revision("c3_a", &["zz"]), Problem::MissingParent("zz".to_owned()), "c3_a"),
        |w| w.revision("c3_a", &[ROOT]),
        |w| problem(w.revision("c3_a", &["zz"]), Problem::MissingParent("zz".to_owned()), "c3_a").commit(),
        |w| {
            let old = problem(w.revision("c3_a", &["zz"]), Problem::MissingParent("zz".to_owned()), "c3_a").commit();
            problem(old.revision("d4_a", &["yy"]), Problem::MissingParent("yy".to_owned()), "d4_a")
        };
    DuplicateRevision:
        |w| problem(w, Problem::DuplicateId("b2".to_owned()), "b2_b"),
        |w| w.revision("b2_a", &[ROOT]),
        |w| w.revision("b2_a", &[ROOT]).becomes_base().revision("b2_a", &[ROOT]),
        |w| w.revision("b2_a", &[ROOT]).becomes_base().revision_with("x_b", &[ROOT], |m| m.id = "b2".to_owned());
    RevisionCycle:
        |w| problem(w, Problem::Cycle(vec!["b2".to_owned(), "c3".to_owned()]), "b2_a"),
        |w| w.revision("b2_a", &[ROOT]),
        |w| problem(w, Problem::Cycle(vec!["b2".to_owned()]), "b2_a").commit(),
        |w| problem(w, Problem::Cycle(vec!["b2".to_owned()]), "b2_a");
    UnmergedHead:
        |w| three_heads(w).revision("e5_merge", &["b2", "c3"]),
        |w| three_heads(w).revision("e5_merge", &["b2", "c3", "d4"]),
        |w| three_heads(w).revision("e5_x", &["b2"]),
        |w| three_heads(w).revision("e5_merge", &["c3", "d4"]);
    OverlongRevision:
        |w| w.revision(&format!("{}_x", "a".repeat(60)), &[ROOT]),
        |w| w.revision("b2_a", &[ROOT]),
        |w| w.revision(&format!("{}_x", "a".repeat(32)), &[ROOT]),
        |w| w.revision(&format!("{}_x", "a".repeat(33)), &[ROOT]);
    ComputedParent:
        |w| problem(w, Problem::ComputedParent, "b2_a"),
        |w| w.revision("b2_a", &[ROOT]),
        |w| problem(w, Problem::ComputedParent, "b2_a").commit(),
        |w| problem(problem(w, Problem::ComputedParent, "b2_a").commit(), Problem::ComputedParent, "c3_a");
    MissingDowngrade:
        |w| downgrade(w, "pass"),
        |w| downgrade(w, "op.create_table('x')"),
        |w| downgrade(w, "pass\n    op.create_table('x')"),
        |w| downgrade(w, "# op.create_table('x')\n    pass");
    DroppedTable:
        |w| sql(w, "DROP TABLE users;"),
        |w| sql(w, "CREATE TABLE a (id INT);"),
        |w| sql(w, "CREATE TABLE a (id INT); DROP TABLE a;"),
        |w| after(w, "CREATE TABLE a (id INT);", "DROP TABLE a;");
    DroppedColumn:
        |w| sql(w, "ALTER TABLE users DROP COLUMN name;"),
        |w| sql(w, "ALTER TABLE users ADD COLUMN a INT;"),
        |w| sql(w, "ALTER TABLE users ADD COLUMN a INT; ALTER TABLE users DROP COLUMN a;"),
        |w| after(w, "ALTER TABLE users ADD COLUMN a INT;", "ALTER TABLE users DROP COLUMN a;");
    DroppedEnumValue:
        |w| swapped(w, "'A'"),
        |w| after(w, "CREATE TYPE kind AS ENUM ('A');", "ALTER TYPE kind ADD VALUE 'B';"),
        |w| swapped(w, "'C', 'B', 'A'"),
        |w| swapped(w, "'A', 'B'");
    SuspectedRename:
        |w| sql(w, "ALTER TABLE users DROP COLUMN name, ADD COLUMN full_name TEXT;"),
        |w| sql(w, "ALTER TABLE users DROP COLUMN name;"),
        |w| sql(w, "ALTER TABLE users DROP COLUMN name, ADD COLUMN names INT;"),
        |w| sql(w, "ALTER TABLE users DROP COLUMN name, ADD COLUMN names VARCHAR(9);");
    RenamedTable:
        |w| sql(w, "ALTER TABLE users RENAME TO people;"),
        |w| sql(w, "CREATE TABLE people (id INT);"),
        |w| sql(w, "CREATE TABLE a (id INT); ALTER TABLE a RENAME TO b;"),
        |w| after(w, "CREATE TABLE a (id INT);", "ALTER TABLE a RENAME TO b;");
    RenamedColumn:
        |w| sql(w, "ALTER TABLE users RENAME COLUMN name TO title;"),
        |w| sql(w, "ALTER TABLE users ADD COLUMN title TEXT;"),
        |w| sql(w, "ALTER TABLE users ADD COLUMN a INT; ALTER TABLE users RENAME COLUMN a TO b;"),
        |w| after(w, "ALTER TABLE users ADD COLUMN a INT;", "ALTER TABLE users RENAME COLUMN a TO b;");
    RequiredColumn:
        |w| sql(w, "ALTER TABLE users ADD COLUMN a INT NOT NULL;"),
        |w| sql(w, "ALTER TABLE users ADD COLUMN a INT;"),
        |w| sql(w, "ALTER TABLE users ADD COLUMN a INT NOT NULL DEFAULT 0;"),
        |w| sql(w, "ALTER TABLE users ADD COLUMN a INT NOT NULL DEFAULT NULL;");
    TightenedColumn:
        |w| sql(w, "ALTER TABLE users ALTER COLUMN name SET NOT NULL;"),
        |w| sql(w, "ALTER TABLE users ALTER COLUMN email DROP NOT NULL;"),
        |w| sql(w, "ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0) NOT VALID;"),
        |w| sql(w, "ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0);");
    ChangedType:
        |w| sql(w, "ALTER TABLE users ALTER COLUMN name TYPE VARCHAR(40);"),
        |w| sql(w, "ALTER TABLE users ALTER COLUMN name TYPE TEXT;"),
        |w| after(w, "ALTER TABLE users ADD COLUMN v VARCHAR(10);", "ALTER TABLE users ALTER COLUMN v TYPE VARCHAR(10);"),
        |w| after(w, "ALTER TABLE users ADD COLUMN v VARCHAR(10);", "ALTER TABLE users ALTER COLUMN v TYPE VARCHAR(9);");
    UnboundedWrite:
        |w| sql(w, "DELETE FROM users;"),
        |w| sql(w, "DELETE FROM users WHERE id = 1;"),
        |w| sql(w, "ALTER TABLE users ADD COLUMN a INT; UPDATE users SET a = 1;"),
        |w| sql(w, "ALTER TABLE users ADD COLUMN a INT; UPDATE users SET a = 1, name = 'x';");
    BlockingIndex:
        |w| sql(w, "CREATE INDEX i ON users (name);"),
        |w| sql(w, "CREATE INDEX CONCURRENTLY i ON users (name);"),
        |w| sql(w, "CREATE TABLE a (id INT); CREATE INDEX i ON a (id);"),
        |w| after(w, "CREATE TABLE a (id INT);", "CREATE INDEX i ON a (id);");
    BlockingConstraint:
        |w| sql(w, "ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0);"),
        |w| sql(w, "ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0) NOT VALID;"),
        |w| sql(
            w,
            "ALTER TABLE users ADD COLUMN boss INT; ALTER TABLE users ADD CONSTRAINT f FOREIGN KEY (boss) REFERENCES users (id);",
        ),
        |w| after(
            w,
            "ALTER TABLE users ADD COLUMN boss INT;",
            "ALTER TABLE users ADD CONSTRAINT f FOREIGN KEY (boss) REFERENCES users (id);",
        );
    EnvironmentSpecific:
        |w| sql(w, "ALTER TABLE users OWNER TO app;"),
        |w| sql(w, "ALTER TABLE users ADD COLUMN a INT;"),
        |w| sql(w, "-- ALTER TABLE users OWNER TO app;\nALTER TABLE users ADD COLUMN owner TEXT;"),
        |w| sql(w, "GRANT SELECT ON users TO app;");
};

const REVISION: &str = "revision = 'b2'\ndown_revision = 'a1'\n";

const FILES: &[Files] = &[
    Files {
        rule: RuleId::MisplacedMigration,
        kind: EcosystemKind::Prisma,
        fails: ("prisma/migrations/migrations/20260112090000_x/migration.sql", "-- x"),
        passes: ("prisma/migrations/20260112090000_x/migration.sql", "-- x"),
        last_that_passes: ("tests/fixtures/migrations/20260112090000_x/migration.sql", "-- x"),
        first_that_fails: ("old/prisma/migrations/20260112090000_x/migration.sql", "-- x"),
    },
    Files {
        rule: RuleId::MisplacedMigration,
        kind: EcosystemKind::Alembic,
        fails: ("backend/old/versions/b2_x.py", REVISION),
        passes: ("alembic/versions/b2_x.py", REVISION),
        last_that_passes: ("backend/migrations/helpers.py", "def f():\n    revision = 1\n"),
        first_that_fails: ("backend/migrations/versions/helpers.py", REVISION),
    },
    Files {
        rule: RuleId::SchemaPush,
        kind: EcosystemKind::Prisma,
        fails: ("package.json", "{ \"scripts\": { \"deploy\": \"prisma db push\" } }"),
        passes: ("package.json", "{ \"scripts\": { \"deploy\": \"prisma migrate deploy\" } }"),
        last_that_passes: ("Dockerfile", "FROM node\n# RUN npx prisma db push\n"),
        first_that_fails: ("Dockerfile", "FROM node\nRUN npx prisma db push\n"),
    },
    Files {
        rule: RuleId::ResetInDeploy,
        kind: EcosystemKind::Prisma,
        fails: ("Procfile", "release: npx prisma migrate reset --force\n"),
        passes: ("Procfile", "release: npx prisma migrate deploy\n"),
        last_that_passes: ("package.json", "{ \"scripts\": { \"dev\": \"prisma migrate dev\" } }"),
        first_that_fails: ("package.json", "{ \"scripts\": { \"start\": \"prisma migrate dev && node .\" } }"),
    },
    Files {
        rule: RuleId::ResetInDeploy,
        kind: EcosystemKind::Alembic,
        fails: ("entrypoint.sh", "alembic downgrade base\n"),
        passes: ("entrypoint.sh", "alembic upgrade head\n"),
        last_that_passes: ("entrypoint.sh", "alembic downgrade -1\n"),
        first_that_fails: ("entrypoint.sh", "alembic -c a.ini downgrade base\n"),
    },
    Files {
        rule: RuleId::CreateAll,
        kind: EcosystemKind::Alembic,
        fails: ("app/main.py", "Base.metadata.create_all(bind=engine)\n"),
        passes: ("app/main.py", "print('hello')\n"),
        last_that_passes: ("tests/conftest.py", "Base.metadata.create_all(bind=engine)\n"),
        first_that_fails: ("app/conf.py", "Base.metadata.create_all(bind=engine)\n"),
    },
    Files {
        rule: RuleId::IgnoredMigrations,
        kind: EcosystemKind::Prisma,
        fails: (".gitignore", "migrations/\n"),
        passes: (".gitignore", "node_modules\n"),
        last_that_passes: (".gitignore", "*.sql\n!prisma/migrations/**/*.sql\n"),
        first_that_fails: (".gitignore", "*.sql\n"),
    },
    Files {
        rule: RuleId::IgnoredMigrations,
        kind: EcosystemKind::Alembic,
        fails: ("alembic/.gitignore", "versions\n"),
        passes: ("alembic/.gitignore", "__pycache__\n"),
        last_that_passes: ("alembic/.gitignore", "/versions/*.pyc\n"),
        first_that_fails: ("alembic/.gitignore", "/versions/*.py\n"),
    },
];

fn world(kind: EcosystemKind) -> World {
    match kind {
        EcosystemKind::Prisma => World::prisma(),
        EcosystemKind::Alembic => World::alembic(),
    }
}

fn repository(kind: EcosystemKind) -> Repository {
    match kind {
        EcosystemKind::Prisma => Repository::prisma(),
        EcosystemKind::Alembic => Repository::alembic(),
    }
}

#[test]
fn every_rule_fails_passes_and_has_its_boundary_where_it_should() {
    let mut wrong = Vec::new();
    let settings = settings();
    for Cases { rule, fails, passes, last_that_passes, first_that_fails } in PROJECTS {
        for &kind in rule.ecosystems() {
            let found = |make: Make| make(world(kind)).run_with(*rule, &settings);
            for (name, make, wanted) in [
                ("fails", fails, true),
                ("passes", passes, false),
                ("last that passes", last_that_passes, false),
                ("first that fails", first_that_fails, true),
            ] {
                let findings = found(*make);
                if findings.is_empty() == wanted {
                    let told: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
                    wrong.push(format!("{rule} for {}: `{name}` gives {told:?}", kind.as_str()));
                }
            }
        }
    }
    for Files { rule, kind, fails, passes, last_that_passes, first_that_fails } in FILES {
        for (name, (path, text), wanted) in [
            ("fails", fails, true),
            ("passes", passes, false),
            ("last that passes", last_that_passes, false),
            ("first that fails", first_that_fails, true),
        ] {
            let findings = repository(*kind).added(path, text).run(*rule);
            if findings.is_empty() == wanted {
                wrong.push(format!("{rule} for {}: `{name}` gives {} findings", kind.as_str(), findings.len()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What allowances do is no matter of one project: their table is in `allowance/tests.rs`. What a change takes out of sight is
/// none either: `tests/git/narrowing.rs` has the table.
#[test]
fn the_table_is_complete() {
    let projects = PROJECTS.iter().flat_map(|cases| cases.rule.ecosystems().iter().map(|&kind| (cases.rule, kind)));
    let have: BTreeSet<(RuleId, EcosystemKind)> =
        projects.chain(FILES.iter().map(|files| (files.rule, files.kind))).collect();
    let wanted = RuleId::ALL.iter().filter(|rule| !matches!(rule.check(), Check::Allowances | Check::Narrowing));
    let wanted: BTreeSet<(RuleId, EcosystemKind)> =
        wanted.flat_map(|rule| rule.ecosystems().iter().map(|&kind| (*rule, kind))).collect();
    assert_eq!(have, wanted);
}
