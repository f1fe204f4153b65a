//! Changes of projects with Alembic, as they are committed: what is said of each, and what is not.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

mod support;
#[path = "support/verdict.rs"]
mod verdict;

use support::TestRepo;

const ENV: &str = "from alembic import context\nfrom app.models import Base\n\ntarget_metadata = Base.metadata\n\n\ndef run_migrations_online():\n    with engine.connect() as connection:\n        context.configure(connection=connection, target_metadata=target_metadata)\n        with context.begin_transaction():\n            context.run_migrations()\n\n\nrun_migrations_online()\n";

/// A module of models with these classes: each its table and its columns beside `id`.
fn models(classes: &[(&str, &str)]) -> String {
    let mut text = "from sqlalchemy import Boolean, Column, ForeignKey, Integer, String\nfrom sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n".to_owned();
    for (table, columns) in classes {
        let class: String = table.split('_').map(|part| part[..1].to_uppercase() + &part[1..]).collect();
        text += &format!(
            "\n\nclass {class}(Base):\n    __tablename__ = \"{table}\"\n    id = Column(Integer, primary_key=True)\n"
        );
        for column in columns.split(';').filter(|column| !column.is_empty()) {
            text += &format!("    {}\n", column.trim());
        }
    }
    text
}

fn revision(id: &str, parent: Option<&str>, body: &str) -> String {
    let parent = parent.map_or_else(|| "None".to_owned(), |parent| format!("\"{parent}\""));
    format!(
        "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"{id}\"\ndown_revision = {parent}\n\n\ndef upgrade():\n    {}\n\n\ndef downgrade():\n    pass\n",
        body.replace('\n', "\n    ")
    )
}

/// A committed project with these models and this first revision.
fn project(classes: &[(&str, &str)], first: &str) -> TestRepo {
    let repo = TestRepo::new();
    repo.write("alembic.ini", "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://localhost/app\n");
    repo.write("migrations/env.py", ENV);
    repo.write("app/__init__.py", "");
    repo.write("app/models.py", &models(classes));
    repo.write("migrations/versions/a1_start.py", &revision("a1", None, first));
    repo.commit("A project");
    repo
}

/// What is said of all that was written since: rules of the gap with their levels and messages.
fn said(repo: &TestRepo) -> Vec<String> {
    let rules = [
        "broken-history",
        "missing-migration",
        "uncovered-change",
        "undeclared-change",
        "unjudged-change",
        "unreadable-source",
    ];
    let findings = verdict::staged(repo).into_iter().filter(|finding| rules.contains(&finding.rule.as_str()));
    findings.map(|finding| finding.to_string()).collect()
}

const USERS: &str = "op.create_table(\"users\", sa.Column(\"id\", sa.Integer(), primary_key=True))";
const NOTHING: [&str; 0] = [];

#[test]
fn a_default_that_an_old_revision_is_given_for_the_rows_that_are_there() {
    let active = "active = Column(Boolean, nullable=False)";
    let first = |default: &str| {
        format!("{USERS}\nop.add_column(\"users\", sa.Column(\"active\", sa.Boolean(), nullable=False{default}))")
    };
    let edit = |classes: &[(&str, &str)], first: &str| {
        let repo = project(&[("users", active)], &first_without());
        repo.write("app/models.py", &models(classes));
        repo.write("migrations/versions/a1_start.py", &revision("a1", None, first));
        said(&repo)
    };
    fn first_without() -> String {
        format!("{USERS}\nop.add_column(\"users\", sa.Column(\"active\", sa.Boolean(), nullable=False))")
    }
    let filled = first(", server_default=sa.false()");
    assert_eq!(edit(&[("users", active)], &filled), NOTHING);
    // Any other edit of an old revision is told; a default that a new one sets stands in it alone.
    let nullable = filled.replace("nullable=False", "nullable=True");
    assert!(!edit(&[("users", active)], &nullable).is_empty());
    let repo = project(&[("users", active)], &first(""));
    let set = "op.alter_column(\"users\", \"active\", server_default=sa.false())";
    repo.write("migrations/versions/b2_more.py", &revision("b2", Some("a1"), set));
    assert_eq!(said(&repo), NOTHING);
    // One that the model gives up is told.
    let repo = project(&[("users", "active = Column(Boolean, nullable=False, server_default=\"f\")")], &filled);
    repo.write("app/models.py", &models(&[("users", active)]));
    assert_eq!(
        said(&repo),
        ["warning missing-migration: the default of users.active is no longer declared but no migration drops it"]
    );
}

#[test]
fn models_of_the_package_that_alembic_lies_in_are_looked_for_beside_it() {
    let repo = TestRepo::new();
    let base = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n";
    repo.write(
        "app/migrations/alembic.ini",
        "[alembic]\nscript_location = alembic\nsqlalchemy.url = postgresql://h/d\n",
    );
    repo.write("app/migrations/alembic/env.py", &ENV.replace("app.models", "app.models.users"));
    repo.write("app/migrations/alembic/versions/a1_start.py", &revision("a1", None, USERS));
    for path in ["app/__init__.py", "app/models/__init__.py", "app/jobs/__init__.py"] {
        repo.write(path, "");
    }
    repo.write("app/models/base.py", base);
    let model = |name: &str, table: &str| {
        format!(
            "from sqlalchemy import Column, Integer\nfrom app.models.base import Base\n\n\nclass {name}(Base):\n    __tablename__ = \"{table}\"\n    id = Column(Integer, primary_key=True)\n"
        )
    };
    repo.write("app/models/users.py", &model("User", "users"));
    repo.commit("A project");
    repo.write("app/jobs/models.py", &model("Job", "jobs"));
    let jobs = USERS.replace("users", "jobs");
    repo.write("app/migrations/alembic/versions/b2_jobs.py", &revision("b2", Some("a1"), &jobs));
    let found = verdict::staged(&repo);
    let told: Vec<(&str, &str)> = found.iter().map(|one| (one.rule.as_str(), one.help.as_str())).collect();
    let import = "import app.jobs.models where env.py takes its models from";
    assert_eq!(told, [("undeclared-change", import), ("unregistered-model", import)]);
    // One whose table these migrations do not make may be that of another database.
    repo.commit("Jobs");
    repo.write("app/jobs/more.py", &model("Log", "logs"));
    let rules: Vec<String> = verdict::staged(&repo).into_iter().map(|one| one.rule).collect();
    assert_eq!(rules, NOTHING);
}

#[test]
fn an_env_py_that_imports_no_model_at_all() {
    let base = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n";
    let model = |name: &str, table: &str, more: &str| {
        format!(
            "from sqlalchemy import Column, Integer\nfrom app.base import Base\n\n\nclass {name}(Base):\n    __tablename__ = \"{table}\"\n    id = Column(Integer, primary_key=True)\n{more}"
        )
    };
    let age = "    age = Column(Integer)\n";
    let start = |imports: &str| {
        let repo = project(&[], USERS);
        repo.write("migrations/env.py", &ENV.replace("app.models import Base", imports));
        repo.write("app/base.py", base);
        repo.write("app/models.py", &model("User", "users", ""));
        repo.commit("Models");
        repo
    };
    let rules = |repo: &TestRepo| -> Vec<String> { verdict::staged(repo).into_iter().map(|one| one.rule).collect() };
    let repo = start("app.base import Base");
    // A table with its revision: what imports the models is not known, and the new one is like the others.
    repo.write("app/jobs.py", &model("Job", "jobs", ""));
    repo.write("migrations/versions/b2_jobs.py", &revision("b2", Some("a1"), &USERS.replace("users", "jobs")));
    assert_eq!(rules(&repo), NOTHING);
    repo.commit("Jobs");
    // A column without its revision is what breaks, and so is a table.
    repo.write("app/models.py", &model("User", "users", age));
    assert_eq!(said(&repo), ["error missing-migration: the column users.age is declared but no migration adds it"]);
    repo.git(&["reset", "--hard", "--quiet"]);
    repo.write("app/logs.py", &model("Log", "logs", ""));
    assert_eq!(rules(&repo), ["missing-migration"]);
    // Where it imports one model it is what Alembic compares with.
    let repo = start("app.models import Base");
    repo.write("app/jobs.py", &model("Job", "jobs", ""));
    repo.write("migrations/versions/b2_jobs.py", &revision("b2", Some("a1"), &USERS.replace("users", "jobs")));
    assert_eq!(rules(&repo), ["undeclared-change", "unregistered-model"]);
    // An edit of env.py that loses every model is told of each.
    repo.git(&["reset", "--hard", "--quiet"]);
    repo.git(&["clean", "-fdq"]);
    repo.write("migrations/env.py", &ENV.replace("app.models import Base", "app.base import Base"));
    assert!(rules(&repo).contains(&"unregistered-model".to_owned()), "{:?}", rules(&repo));
}

#[test]
fn what_a_table_lacked_before_it_was_renamed() {
    let lacks = "name = Column(String(20)); size = Column(Integer)";
    let first = USERS.replace("primary_key=True)", "primary_key=True), sa.Column(\"size\", sa.String(9))");
    let rename = |columns: &str, body: &str| {
        let repo = project(&[("users", lacks)], &first);
        repo.write("app/models.py", &models(&[("people", columns)]));
        repo.write("migrations/versions/b2_more.py", &revision("b2", Some("a1"), body));
        said(&repo)
    };
    let renamed = "op.rename_table(\"users\", \"people\")";
    assert_eq!(rename(lacks, renamed), NOTHING);
    let twice = "op.rename_table(\"users\", \"persons\")\nop.rename_table(\"persons\", \"people\")";
    assert_eq!(rename(lacks, twice), NOTHING);
    let more = format!("{lacks}; age = Column(Integer)");
    assert_eq!(
        rename(&more, renamed),
        ["error uncovered-change: the column people.age is declared but no migration adds it"]
    );
    let other = lacks.replace("Integer", "Boolean");
    assert_eq!(rename(&other, renamed).len(), 1, "it lacks something else now");
    // A table that is made anew lacks it anew.
    let anew = "op.drop_table(\"users\")\nop.create_table(\"people\", sa.Column(\"id\", sa.Integer(), primary_key=True), sa.Column(\"size\", sa.String(9)))";
    assert_eq!(rename(lacks, anew).len(), 1, "{:?}", rename(lacks, anew));
}

#[test]
fn one_place_that_reaches_several_tables_is_one_finding() {
    let tables = [("users", ""), ("posts", ""), ("tags", "")];
    let body = "import os\nfor table in (\"users\", \"posts\", \"tags\"):\n    if os.environ.get(\"AGE\"):\n        op.add_column(table, sa.Column(\"age\", sa.Integer()))";
    let made = |tables: &[(&str, &str)]| -> String {
        tables.iter().map(|(table, _)| USERS.replace("users", table)).collect::<Vec<_>>().join("\n")
    };
    let repo = project(&tables, &made(&tables));
    repo.write("app/models.py", &models(&tables.map(|(table, _)| (table, "age = Column(Integer)"))));
    repo.write("migrations/versions/b2_more.py", &revision("b2", Some("a1"), body));
    let found = said(&repo);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(["users.age", "posts.age", "tags.age"].iter().all(|column| found[0].contains(column)), "{found:?}");
    // Two places are two matters.
    let twice = body.replace("\"tags\"):", "):")
        + "\nif os.environ.get(\"TAGS\"):\n    op.add_column(\"tags\", sa.Column(\"age\", sa.Integer()))";
    repo.write("migrations/versions/b2_more.py", &revision("b2", Some("a1"), &twice));
    assert_eq!(said(&repo).len(), 2, "{:?}", said(&repo));
}

/// What is said where Alembic is set up without a revision, in a repository with these models.
fn set_up(old: &[(&str, &str)], new: &[(&str, &str)], more: &[(&str, &str)]) -> Vec<String> {
    let repo = TestRepo::new();
    repo.write("README.md", "An application\n");
    repo.write("app/__init__.py", "");
    if !old.is_empty() {
        repo.write("app/models.py", &models(old));
    }
    for (path, text) in more {
        repo.write(path, text);
    }
    repo.commit("An application");
    repo.write("alembic.ini", "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://localhost/app\n");
    repo.write("migrations/env.py", ENV);
    repo.write("migrations/script.py.mako", "");
    repo.write("app/models.py", &models(new));
    said(&repo)
}

#[test]
fn alembic_that_is_set_up_beside_a_database_that_is_there() {
    let (one, two): (&[_], &[_]) = (&[("users", ""), ("posts", "")], &[("users", ""), ("posts", ""), ("tags", "")]);
    let told = set_up(one, one, &[]);
    assert!(told.len() == 1 && told[0].contains("unjudged-change"), "{told:?}");
    let told = set_up(&[], one, &[]);
    assert!(told.len() == 2 && told.iter().all(|one| one.contains("missing-migration")), "forgotten: {told:?}");
    // One table is new with the change.
    let told = set_up(one, two, &[]);
    assert!(told.iter().any(|one| one.contains("missing-migration: the table tags")), "{told:?}");
    assert!(told.iter().any(|one| one.contains("unjudged-change")) && told.len() == 2, "{told:?}");
    // So is one whose first column is of an older class.
    let repo = TestRepo::new();
    repo.write("app/__init__.py", "");
    let old = models(&[]) + "\n\nclass Keyed:\n    id = Column(Integer, primary_key=True)\n";
    repo.write("app/models.py", &old);
    repo.commit("A mixin");
    repo.write("alembic.ini", "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://localhost/app\n");
    repo.write("migrations/env.py", ENV);
    repo.write(
        "app/models.py",
        &format!("{old}\n\nclass Tag(Keyed, Base):\n    __tablename__ = \"tags\"\n    name = Column(String(9))\n"),
    );
    let told = said(&repo);
    assert!(told.len() == 1 && told[0].contains("missing-migration: the table tags"), "{told:?}");
    // Another tool keeps the migrations, or files of SQL that are none.
    for (path, text) in
        [("sql/001_users.sql", "CREATE TABLE users (id INT);"), ("sql/V1__users.sql", "create table users (id int);")]
    {
        let told = set_up(&[], one, &[(path, text)]);
        assert!(told.len() == 1 && told[0].contains("unjudged-change"), "{path}: {told:?}");
    }
    let migrate = [
        ("app/repo/migrate.cfg", "[db_settings]\n"),
        ("app/repo/versions/001_users.py", "def upgrade(e):\n    pass\n"),
    ];
    let told = set_up(&[], one, &migrate);
    assert!(told.len() == 1 && told[0].contains("unjudged-change"), "{told:?}");
    for more in [
        ("sql/001_rows.sql", "INSERT INTO users VALUES (1);"),
        ("sql/schema.sql", "CREATE TABLE users (id INT);"),
        migrate[0],
    ] {
        assert_eq!(set_up(&[], one, &[more]).len(), 2, "{more:?}");
    }
}

#[test]
fn a_table_behind_a_folder_without_revisions_is_told() {
    let repo = TestRepo::new();
    repo.write("alembic.ini", "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://localhost/app\n");
    repo.write("migrations/env.py", ENV);
    repo.write("migrations/versions/.gitkeep", "");
    repo.write("app/__init__.py", "");
    repo.write("app/models.py", &models(&[("users", "")]));
    repo.commit("No revision");
    repo.write("app/models.py", &models(&[("users", ""), ("tags", "")]));
    let told = said(&repo);
    assert!(told.len() == 1 && told[0].contains("missing-migration: the table tags"), "{told:?}");
    // So is what is declared of a table that was there.
    repo.write("app/models.py", &models(&[("users", "name = Column(String(9))")]));
    let told = said(&repo);
    assert!(told.len() == 1 && told[0].starts_with("error missing-migration: the column users.name"), "{told:?}");
}

#[test]
fn revisions_in_a_folder_that_is_not_found_are_overtaken_too() {
    for (path, wanted) in [("app/db/revisions/a1_start.py", 1), ("app/db/start.txt", 0)] {
        let repo = TestRepo::new();
        repo.write(
            "alembic.ini",
            "[alembic]\nscript_location = scripts\nsqlalchemy.url = postgresql://localhost/app\n",
        );
        let set = "import os\ncontext.config.set_main_option(\"version_locations\", os.environ[\"VERSIONS\"])\n";
        repo.write("scripts/env.py", &format!("{set}{ENV}"));
        repo.write("app/__init__.py", "");
        repo.write("app/models.py", &models(&[("users", "")]));
        repo.write(path, &revision("a1", None, USERS));
        repo.commit("Revisions elsewhere");
        repo.write(
            "app/main.py",
            "from app.models import Base\n\n\ndef start(engine):\n    Base.metadata.create_all(engine)\n",
        );
        let told = verdict::staged(&repo).into_iter().filter(|finding| finding.rule == "create-all").count();
        assert_eq!(told, wanted, "{path}");
    }
}

#[test]
fn a_condition_or_a_default_that_the_models_lose_is_told_and_one_they_never_had_is_not() {
    let adult = "__table_args__ = (CheckConstraint(\"id > 17\", name=\"adult\"),)";
    let (with, without) = ("name = Column(String(9), server_default=\"x\")", "name = Column(String(9))");
    let checks = |columns: &[&str]| {
        models(&[("users", &columns.join(";"))]).replace("import Boolean", "import Boolean, CheckConstraint")
    };
    let made = format!(
        "{USERS}\nop.add_column(\"users\", sa.Column(\"name\", sa.String(9), server_default=\"x\"))\nop.create_check_constraint(\"adult\", \"users\", \"id > 17\")"
    );
    // They stand in a new migration alone.
    let repo =
        project(&[("others", "")], "op.create_table(\"others\", sa.Column(\"id\", sa.Integer(), primary_key=True))");
    repo.write(
        "app/models.py",
        &(checks(&[without])
            + "\n\nclass Others(Base):\n    __tablename__ = \"others\"\n    id = Column(Integer, primary_key=True)\n"),
    );
    repo.write("migrations/versions/b2_users.py", &revision("b2", Some("a1"), &made));
    assert_eq!(said(&repo), NOTHING);
    // They were declared, and what the models allow is refused since they are not.
    let repo = project(&[], &made);
    repo.write("app/models.py", &checks(&[with, adult])).add();
    repo.commit("declared");
    repo.write("app/models.py", &checks(&[without]));
    let gone = "warning missing-migration: users is declared with 2 differences from what the migrations make; not declared: default name, check adult";
    assert_eq!(said(&repo), [gone]);
}

#[test]
fn a_comment_in_the_models_beside_a_migration_that_is_not_read_owes_none() {
    let repo = project(&[("users", "")], &format!("{USERS}\nprint \"made\""));
    let text = models(&[("users", "")]);
    let noted = text.replace("class Users", "# People.\nclass Users");
    repo.write("app/models.py", &noted);
    repo.write("migrations/versions/a1_start.py", &revision("a1", None, &format!("{USERS}\nprint \"made it\" % (")));
    let all = said(&repo);
    assert!(!all.iter().any(|one| one.contains("missing-migration")), "{all:#?}");
    repo.write("app/models.py", &models(&[("users", "name = Column(String(9))")]));
    let all = said(&repo);
    assert!(all.iter().any(|one| one.contains("error missing-migration")), "{all:#?}");
}
