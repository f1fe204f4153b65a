//! Verdicts over whole runs: what a change of a real repository is told.

use crate::{DATASOURCE, Place, Ran, prisma};

/// What the rules of a check's JSON are.
fn rules(ran: &Ran) -> Vec<String> {
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

/// A schema that stops being recognised as one is told, and not a project less.
#[test]
fn a_project_that_is_edited_beyond_recognition_is_still_judged() {
    let changed = "model User {\n  id Int @id @default(autoincrement())\n  name String?\n}\n";
    let cases = [
        (format!("{DATASOURCE}\n<<<<<<< HEAD\n{changed}=======\n>>>>>>> topic\n"), "unreadable-source"),
        (changed.to_owned(), "missing-migration"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n".to_owned(), "unreadable-source"),
    ];
    for (schema, rule) in cases {
        let place = prisma();
        place.write("prisma/schema.prisma", &schema);
        place.git(&["add", "."]);
        let ran = place.run(&["check", "--format", "json"]);
        assert!(ran.code == 1 && rules(&ran).iter().any(|found| found == rule), "{schema}: {:?}", rules(&ran));
    }
    // Taking the project out altogether is nobody's drift.
    let place = prisma();
    place.git(&["rm", "--quiet", "-r", "prisma"]);
    let ran = place.run(&["check", "--format", "json"]);
    assert_eq!((ran.code, rules(&ran)), (0, Vec::new()));
}

/// The very first migration left behind: the schema is staged, nothing of the migrations folder is in git.
#[test]
fn the_very_first_migration_left_untracked_is_told() {
    let place = Place::repository();
    place.write("package.json", "{\"dependencies\": {\"prisma\": \"6.0.0\"}}\n");
    place.write("prisma/schema.prisma", &format!("{DATASOURCE}\nmodel User {{\n  id Int @id\n}}\n"));
    place.git(&["add", "."]);
    place.write("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
    let sql = "CREATE TABLE \"User\" (\"id\" INTEGER NOT NULL, CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\"));\n";
    place.write("prisma/migrations/20260105093000_init/migration.sql", sql);
    let ran = place.run(&["check", "--format", "json"]);
    assert_eq!((ran.code, rules(&ran)), (1, vec!["unstaged-migration".to_owned()]), "{}", ran.stdout);

    let place = Place::repository();
    place.write("alembic.ini", "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://localhost/a\n");
    place.write(
        "migrations/env.py",
        "from alembic import context\nfrom app import Base\ntarget_metadata = Base.metadata\n",
    );
    place.write("migrations/script.py.mako", "");
    place.write(
        "app.py",
        "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\n\nclass User(Base):\n    __tablename__ = \"users\"\n    id = Column(Integer, primary_key=True)\n",
    );
    place.git(&["add", "."]);
    place.write(
        "migrations/versions/a1_users.py",
        "from alembic import op\nimport sqlalchemy as sa\nrevision = \"a1\"\ndown_revision = None\n\n\ndef upgrade():\n    op.create_table(\"users\", sa.Column(\"id\", sa.Integer(), primary_key=True))\n\n\ndef downgrade():\n    op.drop_table(\"users\")\n",
    );
    let ran = place.run(&["check", "--format", "json"]);
    assert_eq!((ran.code, rules(&ran)), (1, vec!["unstaged-migration".to_owned()]), "{}", ran.stdout);
}

/// What is said of a schema and other files that are all new.
fn judged_in_full(schema: &str, files: &[(&str, &str)]) -> Ran {
    let place = Place::repository();
    place.write("prisma/schema.prisma", schema);
    for (path, text) in files {
        place.write(path, text);
    }
    place.git(&["add", "."]);
    place.run(&["check", "--format", "json"])
}

/// A project that says it has migrations is judged before the folder is there.
#[test]
fn a_project_that_clearly_uses_migrations_is_judged_without_the_folder() {
    let schema = format!("{DATASOURCE}\nmodel User {{\n  id Int @id\n}}\n");
    let policy =
        "[[project]]\nname = \"web\"\nschema = [\"prisma/schema.prisma\"]\nmigrations = [\"prisma/migrations\"]\n";
    let script = |command: &str| format!("{{\"scripts\": {{\"deploy\": \"{command}\"}}}}\n");
    let judged = |files: &[(&str, &str)]| {
        let ran = judged_in_full(&schema, files);
        rules(&ran)
    };
    let missing = vec!["missing-migration".to_owned()];
    assert_eq!(judged(&[("driftgate.toml", policy)]), missing, "the policy names the folder");
    assert_eq!(judged(&[("package.json", &script("prisma migrate deploy"))]), missing, "a script applies migrations");
    assert_eq!(
        judged(&[("package.json", &script("next build"))]),
        Vec::<String>::new(),
        "nothing speaks of migrations"
    );
}

/// A schema without models that is there for a client's sake is compared with nothing, as one with models is not; where
/// there are migrations, an extension has to be among them.
#[test]
fn an_extension_is_asked_for_only_where_there_are_migrations() {
    let schema = DATASOURCE.replace('}', "  extensions = [pgcrypto]\n}");
    let judged = |files: &[(&str, &str)]| {
        let ran = judged_in_full(&schema, files);
        (ran.code, rules(&ran), ran.stdout.contains("there is no folder with migrations of Prisma to compare with"))
    };
    assert_eq!(judged(&[]), (0, Vec::new(), true));
    let lock = ("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
    assert_eq!(judged(&[lock]), (1, vec!["missing-migration".to_owned()], false));
}

/// Who edits a model that nobody has ever migrated is told what the edit adds; what is new, and what changes, as it was.
#[test]
fn an_edit_of_a_table_that_no_migration_made_is_told_by_what_it_adds() {
    let schema = |fields: &str, role: &str, more: &str| {
        let user = "model User {\n  id Int @id @default(autoincrement())\n}\n";
        format!("{DATASOURCE}\n{user}model Member {{\n  id Int @id\n{fields}}}\nenum Role {{\n  {role}\n}}\n{more}")
    };
    let told = |edited: &str, migration: Option<&str>| {
        let place = prisma();
        place.write("prisma/schema.prisma", &schema("  role Role\n", "admin", ""));
        place.git(&["add", "."]);
        place.git(&["commit", "--quiet", "--message", "members"]);
        place.write("prisma/schema.prisma", edited);
        if let Some(sql) = migration {
            place.write("prisma/migrations/20260106093000_more/migration.sql", sql);
        }
        place.git(&["add", "."]);
        let report: serde_json::Value =
            serde_json::from_str(&place.run(&["check", "--format", "json"]).stdout).expect("JSON");
        let findings = report["findings"].as_array().expect("a list").iter();
        findings.map(|one| format!("{}: {}", one["rule"], one["message"]).replace('"', "")).collect::<Vec<String>>()
    };
    let column = "the column Member.name is declared but no migration adds it";
    let wider = schema("  role Role\n  name String?\n", "admin", "");
    assert_eq!(told(&wider, None), [format!("missing-migration: {column}")]);
    assert_eq!(told(&wider, Some("SELECT 1;")), [format!("uncovered-change: {column}")]);
    assert_eq!(
        told(&schema("  role Role\n", "admin\n  owner", ""), None),
        ["missing-migration: the value owner of the enum Role is declared but no migration adds it"]
    );
    let table = |name: &str| format!("missing-migration: the table {name} is declared but no migration creates it");
    assert_eq!(told(&schema("  role Role?\n", "admin", ""), None), [table("Member")]);
    assert_eq!(told(&schema("  role Role\n", "admin", "model Team {\n  id Int @id\n}\n"), None), [table("Team")]);
    // A migration that makes the table without the column leaves the column out.
    let whole = "CREATE TYPE \"Role\" AS ENUM ('admin');\nCREATE TABLE \"Member\" (\"id\" INTEGER NOT NULL, \"role\" \"Role\" NOT NULL, CONSTRAINT \"Member_pkey\" PRIMARY KEY (\"id\"));\n";
    assert_eq!(told(&wider, Some(whole)), [format!("uncovered-change: {column}")]);
    assert_eq!(told(&wider, Some(&whole.replace("\"id\" INTEGER", "\"name\" TEXT, \"id\" INTEGER"))), [""; 0]);
}

/// A squash is believed only where the one migration builds what the many built.
#[test]
fn a_squash_is_verified() {
    let policy = "[[squash]]\nreplaced = [\"20260105093000_init\", \"20260106093000_name\"]\nby = \"20260110093000_start\"\nreason = \"before the first release\"\n";
    let squashed = |sql: &str, by: &str| {
        let place = prisma();
        place.write(
            "prisma/schema.prisma",
            &format!("{DATASOURCE}\nmodel User {{\n  id Int @id @default(autoincrement())\n  name String?\n}}\n"),
        );
        place.write(
            "prisma/migrations/20260106093000_name/migration.sql",
            "ALTER TABLE \"User\" ADD COLUMN \"name\" TEXT;\n",
        );
        place.git(&["add", "."]);
        place.git(&["commit", "--quiet", "--message", "name"]);
        place.git(&[
            "rm",
            "--quiet",
            "-r",
            "prisma/migrations/20260105093000_init",
            "prisma/migrations/20260106093000_name",
        ]);
        place.write(&format!("prisma/migrations/{by}/migration.sql"), sql);
        place.write("driftgate.toml", policy);
        place.git(&["add", "."]);
        let ran = place.run(&["check", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let of_rule = |finding: &&serde_json::Value| finding["rule"] == "deleted-migration";
        let found: Vec<String> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(of_rule)
            .map(|one| one["message"].as_str().unwrap().to_owned())
            .collect();
        found
    };
    let whole = "CREATE TABLE \"User\" (\"id\" SERIAL NOT NULL, \"name\" TEXT, CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\"));\n";
    let by = "20260110093000_start";
    assert_eq!(squashed(whole, by), Vec::<String>::new());
    assert_eq!(
        squashed(&whole.replace(" \"name\" TEXT,", ""), by),
        ["the migration 20260110093000_start does not build what it replaces: the column User.name would differ"]
    );
    assert_eq!(
        squashed(whole, "20260110093000_other"),
        ["the migration 20260110093000_start, which is to stand for those that it replaces, is not there"]
    );
}

/// A squash takes in what the branch itself has added, though the base never had it.
#[test]
fn a_squash_of_a_branch_is_held_against_the_branch() {
    let place = prisma();
    place.git(&["branch", "--quiet", "base"]);
    place.git(&["checkout", "--quiet", "-b", "work"]);
    place.write(
        "prisma/schema.prisma",
        &format!("{DATASOURCE}\nmodel User {{\n  id Int @id @default(autoincrement())\n  name String?\n}}\n"),
    );
    let added = "prisma/migrations/20260106093000_name/migration.sql";
    place.write(added, "ALTER TABLE \"User\" ADD COLUMN \"name\" TEXT;\n");
    place.git(&["add", "."]);
    place.git(&["commit", "--quiet", "--message", "name"]);
    place.git(&[
        "rm",
        "--quiet",
        "-r",
        "prisma/migrations/20260105093000_init",
        "prisma/migrations/20260106093000_name",
    ]);
    let whole = "CREATE TABLE \"User\" (\"id\" SERIAL NOT NULL, \"name\" TEXT, CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\"));\n";
    let policy = "[[squash]]\nreplaced = [\"20260105093000_init\", \"20260106093000_name\"]\nby = \"20260110093000_start\"\nreason = \"before the first release\"\n";
    let one = "prisma/migrations/20260110093000_start/migration.sql";
    place.write("driftgate.toml", policy);
    place.write(one, whole);
    place.git(&["add", "."]);
    let ran = place.run(&["check", "--format", "concise"]);
    assert!(!ran.stdout.contains("deleted-migration"), "{}{}", ran.stdout, ran.stderr);
    place.write(one, &whole.replace(" \"name\" TEXT,", ""));
    place.git(&["add", "."]);
    let ran = place.run(&["check", "--format", "concise"]);
    assert!(
        ran.stdout.contains("does not build what it replaces: the column User.name would differ"),
        "{}",
        ran.stdout
    );
}

/// What no commit has yet is marked as such in a picture.
#[test]
fn a_graph_marks_what_is_new_and_what_is_untracked() {
    let place = prisma();
    place.write("prisma/migrations/20260106093000_name/migration.sql", "SELECT 1;\n");
    place.git(&["add", "."]);
    place.write("prisma/migrations/20260107093000_age/migration.sql", "SELECT 1;\n");
    let lines = |arguments: &[&str]| -> Vec<String> {
        place
            .run(arguments)
            .stdout
            .lines()
            .skip(1)
            .map(|line| line.trim_start_matches(['●', '*', ' ']).to_owned())
            .collect()
    };
    assert_eq!(lines(&["graph"]), ["20260106093000_name  (head, new)", "20260105093000_init"]);
    assert_eq!(
        lines(&["graph", "--at", "worktree"]),
        ["20260107093000_age  (head, untracked)", "20260106093000_name  (new)", "20260105093000_init"]
    );
    assert_eq!(lines(&["graph", "--at", "HEAD"]), ["20260105093000_init  (head)"]);
    let json: serde_json::Value =
        serde_json::from_str(&place.run(&["graph", "--format", "json"]).stdout).expect("JSON");
    assert_eq!(json["projects"][0]["migrations"][1]["mark"], "new");
    assert!(json["projects"][0]["migrations"][0]["mark"].is_null());
}

/// A name that is misspelt must not pass for a project that is in order.
#[test]
fn a_project_that_is_not_there_is_said_whatever_the_change_touches() {
    let place = prisma();
    place.write("notes.txt", "nothing of a schema\n");
    place.git(&["add", "."]);
    for more in [&[][..], &["--print-migrations"][..]] {
        let ran = place.run(&[&["check", "--project", "typo"], more].concat());
        assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("there is no project `typo`"), "{}", ran.stderr);
    }
    assert_eq!(place.run(&["check"]).code, 0);
}

/// A model that stands for a view stops nobody; a table that nothing makes does, also where a view of its name is gone.
#[test]
fn a_model_for_a_view_is_a_warning() {
    let place = prisma();
    let user = "model User {\n  id Int @id @default(autoincrement())\n}\n";
    let report = "model Report {\n  id Int @id\n}\n";
    place.write("prisma/schema.prisma", &format!("{DATASOURCE}\n{user}{report}"));
    let migration = "prisma/migrations/20260201093000_report/migration.sql";
    let view = "CREATE VIEW \"Report\" AS SELECT id FROM \"User\";\n";
    for (sql, code, level, words) in [
        (view.to_owned(), 0, "warning", "is declared as a model but the migrations make it a view"),
        (format!("{view}DROP VIEW \"Report\";\n"), 1, "error", "is declared but no migration creates it"),
        ("CREATE VIEW \"Reports\" AS SELECT id FROM \"User\";\n".to_owned(), 1, "error", "no migration creates it"),
    ] {
        place.write(migration, &sql);
        place.git(&["add", "."]);
        let ran = place.run(&["check", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let finding = &report["findings"][0];
        assert_eq!((ran.code, finding["level"].as_str()), (code, Some(level)), "{sql}");
        assert_eq!(finding["rule"], "uncovered-change");
        assert!(finding["message"].as_str().unwrap().ends_with(words), "{finding}");
    }
}
