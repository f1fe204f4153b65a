//! Which project of before is which after the change, where there are several.

use crate::passes::check;
use crate::support::TestRepo;

const NOTHING: [&str; 0] = [];

/// An environment in `folder` over one module of models, with revisions that make `table` and then a column of it.
fn environment(repo: &TestRepo, folder: &str, table: &str) {
    repo.write(&format!("{folder}/env.py"), ENV).write(&format!("{folder}/script.py.mako"), "x");
    for (id, down, what) in [
        (
            "aaaa",
            "None".to_owned(),
            format!("create_table('{table}', sa.Column('id', sa.Integer(), primary_key=True))"),
        ),
        (
            "bbbb",
            format!("'{table}aaaa'"),
            format!("add_column('{table}', sa.Column('n', sa.Integer(), nullable=True))"),
        ),
    ] {
        let text = format!(
            "from alembic import op\nimport sqlalchemy as sa\nrevision = '{table}{id}'\ndown_revision = {down}\n\
             def upgrade():\n    op.{what}\n\ndef downgrade():\n    pass\n"
        );
        repo.write(&format!("{folder}/versions/{table}{id}.py"), &text);
    }
}

fn settings(repo: &TestRepo, folder: &str, location: &str) {
    let text = format!("[alembic]\nscript_location = {location}\nsqlalchemy.url = postgresql://x/y\n");
    repo.write(&format!("{folder}alembic.ini"), &text);
}

const ENV: &str = "from alembic import context\nfrom app.models import Base\ntarget_metadata = Base.metadata\n\
    context.configure(connection=None, target_metadata=target_metadata)\n";

fn models(repo: &TestRepo, tables: &[&str]) {
    let mut text = "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\n\
                    Base = declarative_base()\n"
        .to_owned();
    for table in tables {
        text.push_str(&format!(
            "class C{table}(Base):\n    __tablename__ = '{table}'\n    id = Column(Integer, primary_key=True)\n    n = Column(Integer)\n"
        ));
    }
    repo.write("app/__init__.py", "").write("app/models.py", &text);
}

/// What is told of a staged change: the rule, the project and the message, without what is but a doubt.
fn told(repo: &TestRepo) -> Vec<String> {
    repo.add();
    let output = check(repo, &["--staged"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|one| format!("{} {} {}", one["rule"], one["project"], one["message"]).replace('"', "")).collect()
}

#[test]
fn a_new_project_is_not_its_neighbour() {
    let repo = TestRepo::new();
    settings(&repo, "one/", "migrations");
    environment(&repo, "one/migrations", "a");
    models(&repo, &["a"]);
    repo.commit("base");
    settings(&repo, "two/", "migrations");
    environment(&repo, "two/migrations", "b");
    models(&repo, &["a", "b"]);
    let all = told(&repo);
    assert!(!all.iter().any(|one| one.starts_with("deleted-migration")), "{all:#?}");
    // The neighbour itself still is what it was.
    repo.git(&["rm", "-qf", "one/migrations/versions/abbbb.py"]);
    let all = told(&repo);
    let deleted: Vec<&String> = all.iter().filter(|one| one.starts_with("deleted-migration")).collect();
    assert_eq!(deleted.len(), 1, "{all:#?}");
    assert!(deleted[0].starts_with("deleted-migration one "), "{all:#?}");
}

/// Two sections with folders of their own over one module, of which the second is retired and the first moved.
fn moved() -> TestRepo {
    let repo = TestRepo::new();
    let text = "[alembic]\nscript_location = scripts/schema\nsqlalchemy.url = postgresql://x/y\n\
                [data]\nscript_location = scripts/data\nsqlalchemy.url = postgresql://x/z\n";
    repo.write("alembic.ini", text);
    environment(&repo, "scripts/schema", "a");
    environment(&repo, "scripts/data", "b");
    models(&repo, &["a"]);
    repo.commit("base");
    repo.git(&["rm", "-qr", "scripts/data"]);
    repo.git(&["mv", "scripts/schema/versions", "scripts/versions"]);
    repo.git(&["mv", "scripts/schema/env.py", "scripts/env.py"]);
    repo.git(&["mv", "scripts/schema/script.py.mako", "scripts/script.py.mako"]);
    settings(&repo, "", "scripts");
    repo
}

#[test]
fn a_project_that_moved_is_known_by_its_migrations() {
    assert_eq!(told(&moved()), NOTHING);
}

#[test]
fn what_a_moved_project_loses_is_told() {
    let repo = moved();
    repo.git(&["rm", "-qf", "scripts/versions/abbbb.py"]);
    let all = told(&repo);
    assert!(all.iter().any(|one| one.starts_with("deleted-migration") && one.contains("abbbb")), "{all:#?}");
    let repo = moved();
    let models = std::fs::read_to_string(repo.root().join("app/models.py")).unwrap();
    repo.write("app/models.py", &models.replace("n = Column", "m = Column(Integer)\n    n = Column"));
    let all = told(&repo);
    assert_eq!(all.len(), 1, "{all:#?}");
    assert!(all[0].starts_with("missing-migration"), "{all:#?}");
}

/// Two sections over one module: `[alembic]` makes the table, and `[data]`, with the table for its versions and the settings
/// that are given, fills it.
fn sections(version_table: &str, more: &str) -> TestRepo {
    let repo = TestRepo::new();
    let text = format!("[alembic]\nscript_location = scripts/schema\n[data]\nscript_location = scripts/data\n{more}");
    repo.write("alembic.ini", &text).write("requirements.txt", "psycopg2\n");
    environment(&repo, "scripts/schema", "a");
    let env = ENV.replace("connection=None", &format!("connection=None, version_table='{version_table}'"));
    repo.write("scripts/data/env.py", &env).write("scripts/data/script.py.mako", "x");
    let fill = "from alembic import op\nrevision = 'fill'\ndown_revision = None\n\
                def upgrade():\n    op.execute('UPDATE a SET n = 1')\n\ndef downgrade():\n    pass\n";
    repo.write("scripts/data/versions/fill.py", fill);
    models(&repo, &["a"]);
    repo.commit("base");
    repo
}

/// Declares the column `m`, and lets a revision of `[alembic]` make the given one.
fn with_column(repo: &TestRepo, made: &str) {
    let models = std::fs::read_to_string(repo.root().join("app/models.py")).unwrap();
    repo.write("app/models.py", &models.replace("n = Column", "m = Column(Integer)\n    n = Column"));
    let text = format!(
        "from alembic import op\nimport sqlalchemy as sa\nrevision = 'acccc'\ndown_revision = 'abbbb'\n\
         def upgrade():\n    op.add_column('a', sa.Column('{made}', sa.Integer(), nullable=True))\n\ndef downgrade():\n    pass\n"
    );
    repo.write("scripts/schema/versions/acccc.py", &text);
}

#[test]
fn what_one_section_makes_another_over_the_same_database_does_not_miss() {
    let repo = sections("data_version", "");
    with_column(&repo, "m");
    assert_eq!(told(&repo), NOTHING);
    let whole = check(&sections("data_version", ""), &["--all"]);
    assert_eq!(whole.status.code(), Some(0), "{}", String::from_utf8_lossy(&whole.stdout));
    // What neither makes is told, and once.
    let repo = sections("data_version", "");
    with_column(&repo, "k");
    let all = told(&repo);
    let missing: Vec<&String> = all.iter().filter(|one| one.contains("m is declared")).collect();
    assert_eq!(missing.len(), 1, "{all:#?}");
    // So is a table that neither makes.
    let repo = sections("data_version", "");
    models(&repo, &["a", "b"]);
    assert!(told(&repo).iter().any(|one| one.starts_with("missing-migration")), "{:#?}", told(&repo));
}

#[test]
fn sections_over_databases_of_their_own_each_make_all() {
    for (version_table, more) in [("alembic_version", ""), ("data_version", "sqlalchemy.url = postgresql://x/data\n")] {
        let repo = sections(version_table, more);
        with_column(&repo, "m");
        let all = told(&repo);
        assert_eq!(all.len(), 1, "{version_table} {more} {all:#?}");
        assert!(all[0].starts_with("missing-migration data"), "{all:#?}");
    }
}

#[test]
fn a_project_that_is_moved_with_a_line_in_each_migration_is_the_same() {
    let changes = |table: &str| {
        let repo = TestRepo::new();
        settings(&repo, "", "migrations");
        environment(&repo, "migrations", table);
        models(&repo, &[table, "forgotten"]);
        repo.commit("base");
        repo.git(&["rm", "-rq", "migrations", "app", "alembic.ini"]);
        settings(&repo, "core/", "migrations");
        environment(&repo, "core/migrations", table);
        models(&repo, &[table, "forgotten"]);
        std::fs::rename(repo.root().join("app"), repo.root().join("core/app")).unwrap();
        for id in ["aaaa", "bbbb"] {
            let path = format!("core/migrations/versions/{table}{id}.py");
            let text = std::fs::read_to_string(repo.root().join(&path)).unwrap();
            repo.write(&path, &format!("# Copyright\n{text}"));
        }
        repo
    };
    let repo = changes("t20240102");
    let edited = "edited-migration core comments or layout of the migration t20240102aaaa, which exists in the history, were edited";
    assert_eq!(told(&repo), [edited, &edited.replace("aaaa", "bbbb")]);
    // Both sides are compared: what the move brings with it is told.
    let path = repo.root().join("core/app/models.py");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}    late = Column(Integer)\n")).unwrap();
    assert!(told(&repo).iter().any(|one| one.starts_with("missing-migration") && one.contains("late")));
    // A name that each project gives says nothing of which it is.
    let all = told(&changes("t"));
    assert!(all.iter().any(|one| one.contains("forgotten")), "{all:#?}");
}

/// The two sections, with lines of their own in each `env.py`.
fn sections_saying(one: &str, other: &str) -> TestRepo {
    let repo = sections("data_version", "");
    for (folder, line) in [("schema", one), ("data", other)] {
        let path = format!("scripts/{folder}/env.py");
        let text = std::fs::read_to_string(repo.root().join(&path)).unwrap();
        repo.write(&path, &format!("import os\n{line}\n{text}"));
    }
    repo.git(&["add", "--all"]);
    repo.commit("which database");
    repo
}

#[test]
fn databases_that_env_py_names_are_two_where_their_names_differ() {
    let set = |name: &str| format!("config.set_main_option('sqlalchemy.url', os.environ['{name}'])");
    for (one, other, wanted) in [
        (set("URL"), set("URL"), 0),
        (set("URL"), set("DATA_URL"), 1),
        (set("URL"), String::new(), 1),
        ("from app.settings import URL".to_owned(), "from data.settings import URL".to_owned(), 1),
        (
            "url = os.environ[config.config_ini_section]".to_owned(),
            "url = os.environ[config.config_ini_section]".to_owned(),
            1,
        ),
    ] {
        let repo = sections_saying(&one, &other);
        with_column(&repo, "m");
        let all = told(&repo);
        assert_eq!(all.len(), wanted, "{one} {other} {all:#?}");
    }
}

/// Two environments that lie apart, each with settings of its own: the second has its own table for its versions.
fn apart(urls: [&str; 2], version_table: &str) -> TestRepo {
    let repo = sections(version_table, "");
    repo.git(&["rm", "-qf", "alembic.ini"]);
    for (folder, url) in [("schema", urls[0]), ("data", urls[1])] {
        repo.write(
            &format!("{folder}.ini"),
            &format!("[alembic]\nscript_location = scripts/{folder}\nsqlalchemy.url = {url}\n"),
        );
    }
    repo.git(&["add", "--all"]);
    repo.commit("apart");
    repo
}

#[test]
fn environments_apart_over_one_database_do_not_miss_what_the_other_makes() {
    let url = "postgresql://x/app";
    for (urls, version_table, wanted) in [
        ([url, url], "data_version", 0),
        ([url, "postgresql://x/data"], "data_version", 1),
        ([url, url], "alembic_version", 1),
        (["driver://u:p@h/d", "driver://u:p@h/d"], "data_version", 1),
    ] {
        let repo = apart(urls, version_table);
        with_column(&repo, "m");
        let all = told(&repo);
        assert_eq!(all.len(), wanted, "{urls:?} {version_table} {all:#?}");
        // What neither makes is told in any case.
        let repo = apart(urls, version_table);
        with_column(&repo, "k");
        assert!(told(&repo).iter().any(|one| one.contains("m is declared")), "{urls:?} {version_table}");
    }
}
