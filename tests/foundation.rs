//! Histories whose first tables were made by other means than migrations: nothing of that is held against a whole state, and
//! a change on top of it is held to what was declared before.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

mod support;
#[path = "support/verdict.rs"]
mod verdict;

use support::TestRepo;
use verdict::run;

const MODELS: &str = "from sqlalchemy import Column, ForeignKey, Integer, String\nfrom sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n\n\nclass User(Base):\n    __tablename__ = \"users\"\n    id = Column(Integer, primary_key=True)\n    email = Column(String(80), unique=True)\n    phone = Column(String(20))\n\n\nclass Post(Base):\n    __tablename__ = \"posts\"\n    id = Column(Integer, primary_key=True)\n    user_id = Column(Integer, ForeignKey(\"users.id\"))\n";

const ENV: &str = "from alembic import context\nfrom app.models import Base\n\ntarget_metadata = Base.metadata\n\n\ndef run_migrations_online():\n    with engine.connect() as connection:\n        context.configure(connection=connection, target_metadata=target_metadata)\n        with context.begin_transaction():\n            context.run_migrations()\n\n\nrun_migrations_online()\n";

fn revision(id: &str, parent: Option<&str>, body: &str) -> String {
    let parent = parent.map_or_else(|| "None".to_owned(), |parent| format!("\"{parent}\""));
    format!(
        "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"{id}\"\ndown_revision = {parent}\n\n\ndef upgrade():\n    {}\n\n\ndef downgrade():\n    pass\n",
        body.replace('\n', "\n    ")
    )
}

/// A project whose tables `create_all` has made; its first revision alters one of them.
fn project(first: &str) -> TestRepo {
    let repo = TestRepo::new();
    repo.write("alembic.ini", "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://localhost/app\n");
    repo.write("migrations/env.py", ENV);
    repo.write("app/__init__.py", "");
    repo.write("app/models.py", MODELS);
    repo.write("migrations/versions/a1_start.py", &revision("a1", None, first));
    repo.commit("A project");
    repo
}

/// Which gaps and which failures a change is blamed for: rules with their messages.
fn blamed(models: &str, body: Option<&str>, first: &str) -> Vec<(String, String)> {
    let repo = project(first);
    repo.write("app/models.py", models);
    blamed_in(&repo, body)
}

/// The same of what is written in a repository, and a revision beside it.
fn blamed_in(repo: &TestRepo, body: Option<&str>) -> Vec<(String, String)> {
    if let Some(body) = body {
        repo.write("migrations/versions/b2_more.py", &revision("b2", Some("a1"), body));
    }
    // That a column is dropped is said as well; it is not what this is about.
    let rules = ["broken-history", "missing-migration", "uncovered-change", "undeclared-change"];
    let findings = verdict::staged(repo).into_iter().filter(|finding| rules.contains(&finding.rule.as_str()));
    findings.map(|finding| (finding.rule, finding.message)).collect()
}

/// First revisions: one that stands on the base at once, one that makes a table of its own before, one
/// that is prepared for something else to fail.
const FIRSTS: [&str; 3] = [
    "try:\n    op.rename_table(\"accounts\", \"old_accounts\")\nexcept KeyError:\n    pass",
    "op.alter_column(\"users\", \"phone\", type_=sa.String(20))\nop.create_index(\"ix_posts\", \"posts\", [\"id\"])\nop.drop_index(\"ix_posts\", \"posts\")",
    "op.create_table(\"notes\", sa.Column(\"id\", sa.Integer(), primary_key=True))\nop.drop_table(\"notes\")\nop.alter_column(\"users\", \"phone\", type_=sa.String(20))\nop.alter_column(\"posts\", \"user_id\", nullable=True)",
];

#[test]
fn a_whole_state_on_a_base_is_not_judged() {
    for first in FIRSTS {
        let repo = project(first);
        let (code, json) = run(&repo, &["diff", "--at", "HEAD"]);
        assert_eq!(json["projects"][0]["verdict"], "not-judged", "{first}: {json:#}");
        assert_eq!(code, 0);
        assert_eq!(run(&repo, &["check", "--all", "--at", "HEAD"]).1["summary"]["errors"], 0, "{first}");
    }
}

#[test]
fn a_first_revision_that_only_drops_has_lost_what_it_made() {
    let alters =
        "with op.batch_alter_table(\"users\") as batch:\n    batch.alter_column(\"phone\", type_=sa.String(20))";
    for (back, verdict) in [("pass", "not-judged"), ("op.drop_table(\"posts\")\n    op.drop_table(\"users\")", "drift")]
    {
        let repo = project("pass");
        let first = revision("a1", None, "pass");
        let (rest, _) = first.rsplit_once("pass").unwrap();
        repo.write("migrations/versions/a1_start.py", &format!("{rest}{back}\n"));
        repo.write("migrations/versions/b2_more.py", &revision("b2", Some("a1"), alters));
        repo.commit("Another revision");
        let (_, json) = run(&repo, &["diff", "--at", "HEAD"]);
        assert_eq!(json["projects"][0]["verdict"], verdict, "{back}: {json:#}");
    }
}

#[test]
fn a_change_on_a_base_is_held_to_what_was_declared_before() {
    let column = MODELS.replace("    phone =", "    age = Column(Integer)\n    phone =");
    let table = format!(
        "{MODELS}\n\nclass Tag(Base):\n    __tablename__ = \"tags\"\n    id = Column(Integer, primary_key=True)\n"
    );
    let without_phone = MODELS.replace("    phone = Column(String(20))\n", "");
    let plain_email = MODELS.replace(", unique=True", "");
    let without_posts = MODELS.split("\n\nclass Post").next().unwrap();
    let add = "op.add_column(\"users\", sa.Column(\"age\", sa.Integer()))";
    let uncovered = |message: &str| vec![("uncovered-change".to_owned(), message.to_owned())];
    let missing = |message: &str| vec![("missing-migration".to_owned(), message.to_owned())];
    let broken = |message: &str| vec![("broken-history".to_owned(), message.to_owned())];
    let b2 = |what: &str| broken(&format!("the migration b2_more cannot be applied: {what}"));
    let none = Vec::new;
    for first in FIRSTS {
        let table_of = [
            // Models and migrations that agree.
            (&column, Some(add), none()),
            (&without_phone, Some("op.drop_column(\"users\", \"phone\")"), none()),
            (&plain_email, Some("op.drop_constraint(\"users_email_key\", \"users\", type_=\"unique\")"), none()),
            (&without_posts.to_owned(), Some("op.drop_table(\"posts\")"), none()),
            // What was there, and is declared no more: its model went earlier, or its name is an old one.
            (&MODELS.to_owned(), Some("op.drop_column(\"users\", \"fax\")"), none()),
            (&MODELS.to_owned(), Some("op.drop_constraint(\"of_old\", \"posts\", type_=\"foreignkey\")"), none()),
            (
                &MODELS.to_owned(),
                Some("op.drop_constraint(\"x\", \"legacy\", type_=\"unique\")\nop.drop_table(\"legacy\")"),
                none(),
            ),
            // A view of a view that was there.
            (&MODELS.to_owned(), Some("op.execute(\"CREATE VIEW few AS SELECT id FROM current_users\")"), none()),
            // The migration is missing, or says something else.
            (&column, None, missing("the column users.age is declared but no migration adds it")),
            (&table, None, missing("the table tags is declared but no migration creates it")),
            (&without_phone, None, missing("the column users.phone is no longer declared but no migration drops it")),
            (
                &column,
                Some("op.add_column(\"users\", sa.Column(\"ages\", sa.Integer()))"),
                uncovered("the column users.age is declared but no migration adds it"),
            ),
            // A slip of the pen.
            (&column, Some(&add.replace("users", "user")), b2("the table user does not exist")),
            (
                &MODELS.to_owned(),
                Some("op.create_index(\"ix\", \"users\", [\"emial\"])"),
                b2("the column users.emial does not exist"),
            ),
            (
                &MODELS.to_owned(),
                Some("op.alter_column(\"posts\", \"usr_id\", nullable=False)"),
                b2("the column posts.usr_id does not exist"),
            ),
            (&table, Some("op.alter_column(\"tags\", \"id\", nullable=False)"), b2("the table tags does not exist")),
        ];
        for (models, body, wanted) in table_of {
            let found = blamed(models, body, first);
            // A slip of the pen leaves the model without its column as well.
            let told = wanted.iter().all(|one| found.contains(one));
            assert!(told && found.is_empty() == wanted.is_empty(), "{found:?} for {body:?} after {first}");
        }
    }
}

/// A history that makes `users` itself, and has never heard of `posts`.
const PARTLY: &str = "op.create_table(\"users\", sa.Column(\"id\", sa.Integer(), primary_key=True), sa.Column(\"email\", sa.String(80), unique=True), sa.Column(\"phone\", sa.String(20)))";

#[test]
fn one_table_from_elsewhere_is_nobodys_omission() {
    let (code, json) = run(&project(PARTLY), &["diff", "--at", "HEAD"]);
    assert_eq!(
        (code, &json["projects"][0]["differences"][0]["kind"]),
        (1, &"missing-table".into()),
        "nothing tells why"
    );
    let title =
        |column: &str| MODELS.replace("    user_id =", &format!("    {column} = Column(Integer)\n    user_id ="));
    let notes = format!(
        "{MODELS}\n\nclass Note(Base):\n    __tablename__ = \"notes\"\n    id = Column(Integer, primary_key=True)\n    of = Column(Integer, ForeignKey(\"posts.id\"))\n"
    );
    let make = "op.create_table(\"notes\", sa.Column(\"id\", sa.Integer(), primary_key=True), sa.Column(\"of\", sa.Integer(), sa.ForeignKey(\"posts.id\")))";
    let add = "op.add_column(\"posts\", sa.Column(\"title\", sa.Integer()))";
    let table = [
        (title("title"), Some(add), 0),
        (title("titel"), Some(add), 1),
        (MODELS.to_owned(), Some("op.add_column(\"post\", sa.Column(\"title\", sa.Integer()))"), 1),
        (notes.clone(), Some(make), 0),
        (notes, Some("op.execute(\"SELECT 1\")"), 1),
        (MODELS.replace("String(20)", "String(30)"), None, 1),
    ];
    for (models, body, wanted) in table {
        let found = blamed(&models, body, PARTLY);
        assert_eq!(usize::from(!found.is_empty()), wanted, "{found:?} for {body:?}");
    }
}

#[test]
fn what_was_declared_already_is_made_late() {
    let models = format!(
        "{}\n\nclass Tag(Base):\n    __tablename__ = \"tags\"\n    id = Column(Integer, primary_key=True)\n",
        MODELS.replace("    phone =", "    age = Column(Integer, index=True)\n    phone =")
    );
    let make = "op.add_column(\"users\", sa.Column(\"age\", sa.Integer()))\nop.create_index(\"ix_users_age\", \"users\", [\"age\"])\nop.create_table(\"tags\", sa.Column(\"id\", sa.Integer(), primary_key=True))";
    for first in FIRSTS {
        let repo = project(first);
        repo.write("app/models.py", &models);
        repo.commit("Models without their migration");
        assert_eq!(blamed_in(&repo, Some(make)), [], "{first}");
        let (_, json) = run(&repo, &["check", "--staged"]);
        let rules: Vec<_> = json["findings"].as_array().unwrap().iter().map(|finding| &finding["rule"]).collect();
        assert!(!rules.contains(&&serde_json::json!("unjudged-change")), "all of it is known: {json:#}");
        assert_eq!(
            blamed_in(&repo, Some(&format!("{make}\nop.add_column(\"users\", sa.Column(\"age\", sa.Integer()))")))
                .len(),
            1
        );
        let twice = format!("{make}\nop.create_table(\"tags\", sa.Column(\"id\", sa.Integer(), primary_key=True))");
        assert_eq!(blamed_in(&repo, Some(&twice)).len(), 1, "{first}");
    }
}

#[test]
fn a_table_that_a_migration_makes_is_older_than_its_model() {
    // `posts` is made with a column that it has lost since, and without one that it has: neither is anybody's doing here.
    let first = "op.alter_column(\"users\", \"phone\", type_=sa.String(20))\nop.create_table(\"posts\", sa.Column(\"id\", sa.Integer(), primary_key=True), sa.Column(\"old\", sa.Integer()))";
    assert_eq!(blamed(MODELS, Some("op.create_index(\"ix_posts\", \"posts\", [\"user_id\"])"), first).len(), 1);
    let indexed =
        MODELS.replace("    user_id =", "    __table_args__ = (Index(\"ix_posts\", \"user_id\"),)\n    user_id =");
    let indexed = indexed.replace("import Column,", "import Column, Index,");
    assert_eq!(blamed(&indexed, Some("op.create_index(\"ix_posts\", \"posts\", [\"user_id\"])"), first), []);
}

#[test]
fn a_base_that_nobody_declares_is_not_known() {
    let repo = project(FIRSTS[1]);
    repo.write(
        "migrations/env.py",
        "from alembic import context\nfrom app import models\n\ncontext.configure(target_metadata=None)\n",
    );
    repo.commit("No metadata");
    let body = "op.add_column(\"users\", sa.Column(\"kind\", sa.Integer(), sa.ForeignKey(\"kinds.id\")))";
    assert_eq!(blamed_in(&repo, Some(body)), []);
    // Nor can anything be said of the models: that was told when it began, and is listed in between.
    repo.commit("A column");
    repo.write("app/models.py", &MODELS.replace("String(20)", "String(30)"));
    let told =
        |repo: &TestRepo| -> Vec<String> { verdict::staged(repo).into_iter().map(|finding| finding.message).collect() };
    assert_eq!(told(&repo), Vec::<String>::new());
    let unnamed = |arguments: &[&str], key: &str| -> Vec<String> {
        let (_, json) = run(&repo, arguments);
        let all = json[key].as_array().unwrap().iter().map(ToString::to_string);
        all.filter(|one| one.contains("env.py names no target_metadata")).collect()
    };
    let (_, json) = run(&repo, &["check", "--staged"]);
    assert_eq!(unnamed(&["check", "--staged"], "not_judged").len(), 1, "{json:#}");
    assert_eq!(unnamed(&["check", "--all"], "findings").len(), 1);
    // Who touches the file that says it is told.
    repo.write("migrations/env.py", "from alembic import context\n\ncontext.configure(target_metadata=None)\n");
    let told = told(&repo);
    assert!(told.len() == 1 && told[0].contains("env.py names no target_metadata"), "{told:?}");
    // What the change itself brings that cannot be read is told as ever.
    repo.commit("An env.py");
    let revision = revision("c3", Some("b2"), "import os\nop.execute(os.environ[\"SQL\"])");
    repo.write("migrations/versions/c3_any.py", &revision);
    let told: Vec<String> = verdict::staged(&repo).into_iter().map(|finding| finding.rule).collect();
    assert!(told.contains(&"unjudged-change".to_owned()), "{told:?}");
}

#[test]
fn what_create_all_makes_before_the_migrations_run() {
    let start = "\n\ndef init(engine):\n    Base.metadata.create_all(engine)\n";
    let tag = "\n\nclass Tag(Base):\n    __tablename__ = \"tags\"\n    id = Column(Integer, primary_key=True)\n    name = Column(Integer)\n";
    let index = "op.create_index(\"ix_tags\", \"tags\", [\"name\"])";
    let rules = |before: &str, first: &str, body: &str| -> Vec<String> {
        let repo = project(first);
        repo.write("app/models.py", &format!("{MODELS}{before}"));
        repo.commit("Start");
        repo.write("app/models.py", &format!("{MODELS}{tag}{before}"));
        blamed_in(&repo, Some(body)).into_iter().map(|(rule, _)| rule).collect()
    };
    for first in FIRSTS {
        assert!(!rules(start, first, index).contains(&"broken-history".to_owned()), "{first}");
        assert!(rules("", first, index).contains(&"broken-history".to_owned()), "nothing makes the table: {first}");
        let other = index.replace("\"tags\"", "\"labels\"");
        assert!(rules(start, first, &other).contains(&"broken-history".to_owned()), "nothing declares it: {first}");
    }
    // A history that makes all of its tables makes this one too.
    let whole = "op.create_table(\"users\", sa.Column(\"id\", sa.Integer(), primary_key=True))";
    assert!(rules(start, whole, index).contains(&"broken-history".to_owned()));
}

/// Rules that are told of a change on a base whose first revision imports the models.
fn told_beside_an_import(first: &str, models: &str, body: Option<&str>) -> Vec<String> {
    let repo = project(first);
    let start = revision("a1", None, first)
        .replace("import sqlalchemy as sa", "import sqlalchemy as sa\nfrom app.models import LENGTH, User");
    repo.write("migrations/versions/a1_start.py", &start);
    repo.write("app/models.py", &format!("LENGTH = 20\n{MODELS}"));
    repo.commit("A revision that imports the models");
    repo.write("app/models.py", models);
    if let Some(body) = body {
        repo.write("migrations/versions/b2_more.py", &revision("b2", Some("a1"), body));
    }
    verdict::staged(&repo).into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn a_revision_that_imports_the_models_is_the_same_one_while_it_does_the_same() {
    let first = "op.alter_column(\"users\", \"phone\", type_=sa.String(LENGTH))\nop.alter_column(\"posts\", \"user_id\", nullable=True)";
    let column = format!("LENGTH = 20\n{}", MODELS.replace("    phone =", "    age = Column(Integer)\n    phone ="));
    let add = "op.add_column(\"users\", sa.Column(\"age\", sa.Integer()))";
    let asked = "if \"age\" not in [one[\"name\"] for one in sa.inspect(op.get_bind()).get_columns(\"users\")]:\n    op.add_column(\"users\", sa.Column(\"age\", sa.Integer()))";
    for body in [add, asked] {
        assert!(told_beside_an_import(first, &column, Some(body)).is_empty(), "{body}");
    }
    assert_eq!(told_beside_an_import(first, &column, None), ["missing-migration"]);
    assert_eq!(
        told_beside_an_import(first, &column, Some(&add.replace("age", "ages"))),
        ["uncovered-change", "undeclared-change"]
    );
    // What the import gives it is another: then it is another revision, and what was run is not known.
    let wider = column.replace("LENGTH = 20", "LENGTH = 30");
    for body in [Some(add), None] {
        let told = told_beside_an_import(first, &wider, body);
        assert!(told.contains(&"unjudged-change".to_owned()), "{told:?}");
    }
}

#[test]
fn an_enum_that_is_altered_first_was_there() {
    let alter = "op.execute(\"ALTER TYPE state ADD VALUE 'c'\")";
    // It comes with the revisions themselves, on a database that `create_all` has made.
    let repo = TestRepo::new();
    repo.write("app/__init__.py", "");
    repo.write("app/models.py", MODELS);
    repo.commit("Models");
    let begin = |first: &str| {
        repo.write(
            "alembic.ini",
            "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://localhost/app\n",
        );
        repo.write("migrations/env.py", ENV);
        repo.write("migrations/versions/a1_start.py", &revision("a1", None, first));
        verdict::staged(&repo).into_iter().map(|finding| finding.rule).collect::<Vec<String>>()
    };
    assert_eq!(begin(alter), ["unjudged-change"]);
    // An enum that a table is made with, or that is altered behind one, was forgotten.
    let made = "op.create_table(\"notes\", sa.Column(\"state\", sa.Enum(name=\"state\", create_type=False)))";
    for first in [made.to_owned(), format!("op.create_table(\"notes\", sa.Column(\"id\", sa.Integer()))\n{alter}")] {
        let told = begin(&first);
        assert!(told.contains(&"uncovered-change".to_owned()), "{first}: {told:?}");
    }
    // What is declared from then on is held to it.
    let repo = project(alter);
    let column = MODELS.replace("    phone =", "    age = Column(Integer)\n    phone =");
    repo.write("app/models.py", &column);
    let message = "the column users.age is declared but no migration adds it".to_owned();
    assert_eq!(blamed_in(&repo, None), [("missing-migration".to_owned(), message)]);
    assert_eq!(blamed_in(&repo, Some("op.add_column(\"users\", sa.Column(\"age\", sa.Integer()))")), []);
}

#[test]
fn a_label_that_an_enum_of_before_lacked_is_made_late() {
    let models = MODELS
        .replace("ForeignKey, Integer", "Enum, ForeignKey, Integer")
        .replace("    phone =", "    state = Column(Enum(\"a\", \"b\", name=\"state\"))\n    phone =");
    let add = |label: &str| format!("op.execute(\"ALTER TYPE state ADD VALUE '{label}'\")");
    for first in FIRSTS {
        let repo = project(first);
        repo.write("app/models.py", &models);
        repo.commit("Models without their migration");
        assert_eq!(blamed_in(&repo, Some(&add("b"))), [], "{first}");
        // A label that nobody declares is none that was forgotten.
        assert_eq!(blamed_in(&repo, Some(&add("c"))).len(), 1, "{first}");
    }
    // An enum that a migration has made has the labels that it was made with.
    let tables = "op.create_table(\"users\", sa.Column(\"id\", sa.Integer(), primary_key=True))\nop.execute(\"CREATE TYPE state AS ENUM ('a', 'b')\")";
    let repo = project(tables);
    repo.write("app/models.py", &models);
    repo.commit("Models");
    let told = blamed_in(&repo, Some(&add("b")));
    assert!(told.iter().any(|(rule, _)| rule == "broken-history"), "{told:?}");
}

/// What is told of a change on a project whose second revision does more to its tables than its models say.
fn told_behind(done: &str, models: &str, body: Option<&str>) -> Vec<(String, String)> {
    let repo = project(FIRSTS[1]);
    repo.write("migrations/versions/b2_more.py", &revision("b2", Some("a1"), done));
    repo.commit("A revision that the models do not follow");
    repo.write("app/models.py", models);
    if let Some(body) = body {
        repo.write("migrations/versions/c3_next.py", &revision("c3", Some("b2"), body));
    }
    blamed_in(&repo, None)
}

#[test]
fn what_a_revision_of_old_did_to_a_table_is_there_though_no_model_says_so() {
    let phone = "    phone = Column(String(20))\n";
    let plus = |line: &str| MODELS.replace(phone, &format!("{phone}    {line}\n"));
    let instead = |line: &str| MODELS.replace(phone, &format!("    {line}\n"));
    let without = MODELS.replace(phone, "");
    let add = "op.add_column(\"users\", sa.Column(\"fax\", sa.Integer()))";
    let drop = "op.drop_column(\"users\", \"phone\")";
    let rename = "op.alter_column(\"users\", \"phone\", new_column_name=\"mobile\")";
    let widen = "op.alter_column(\"users\", \"phone\", type_=sa.String(40))";
    let index = "op.create_index(\"ix_users_phone\", \"users\", [\"phone\"])";
    let back = "op.add_column(\"users\", sa.Column(\"phone\", sa.String(20)))";
    let around = format!("{add}\nop.alter_column(\"users\", \"fax\", new_column_name=\"telefax\")\n{add}");
    let comment = format!("{MODELS}\nNOTHING = 1\n");
    let table = [
        // The model follows.
        (add, plus("fax = Column(Integer)"), None, 0),
        (drop, without.clone(), None, 0),
        (rename, instead("mobile = Column(String(20))"), None, 0),
        (widen, instead("phone = Column(String(40))"), None, 0),
        (index, instead("phone = Column(String(20), index=True)"), None, 0),
        (around.as_str(), plus("fax = Column(Integer)\n    telefax = Column(Integer)"), None, 0),
        // It says something else.
        (add, plus("age = Column(Integer)"), None, 1),
        (add, plus("fax = Column(String(20))"), None, 1),
        (drop, MODELS.replace("    email = Column(String(80), unique=True)\n", ""), None, 1),
        (rename, instead("cell = Column(String(20))"), None, 1),
        (widen, instead("phone = Column(String(60))"), None, 1),
        (
            index,
            MODELS.replace("    user_id = Column(Integer,", "    user_id = Column(Integer, index=True,").clone(),
            None,
            1,
        ),
        // It stays behind, as it did before.
        (add, comment.clone(), None, 0),
        (drop, comment.clone(), None, 0),
        (rename, comment.clone(), None, 0),
        (widen, comment.clone(), None, 0),
        // The next revision goes on with it.
        (
            add,
            MODELS.to_owned(),
            Some("op.create_index(\"ix\", \"users\", [\"fax\"])\nop.drop_index(\"ix\", \"users\")"),
            0,
        ),
        (add, MODELS.to_owned(), Some("op.create_index(\"ix\", \"users\", [\"fox\"])"), 1),
        (add, MODELS.to_owned(), Some("op.drop_column(\"users\", \"fax\")"), 0),
        (drop, MODELS.to_owned(), Some(back), 0),
        (add, MODELS.to_owned(), Some(add), 1),
    ];
    for (done, models, body, wanted) in table {
        let told = told_behind(done, &models, body);
        assert_eq!(usize::from(!told.is_empty()), wanted, "{told:?} of {models} for {body:?} behind {done}");
    }
}

#[test]
fn what_a_base_class_of_another_package_brings_is_not_missing() {
    let foreign = MODELS
        .replace("Base = declarative_base()", "from mixins import Stamped\n\nBase = declarative_base()")
        .replace("class Post(Base)", "class Post(Stamped, Base)");
    let told = |column: &str, of: &str| {
        let repo = project(FIRSTS[1]);
        repo.write("app/models.py", &foreign);
        repo.commit("A base class of another package");
        let body = format!("op.create_index(\"ix\", \"{of}\", [\"{column}\"])");
        blamed_in(&repo, Some(&body)).into_iter().filter(|(rule, _)| rule == "broken-history").count()
    };
    assert_eq!(told("created_at", "posts"), 0);
    assert_eq!(told("created_at", "users"), 1, "all of it could be read");
}
