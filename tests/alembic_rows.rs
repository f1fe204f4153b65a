//! What revisions ask of rows that are there, as they are written in Python: what is said of each, and what is not.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

mod support;
#[path = "support/verdict.rs"]
mod verdict;

use support::TestRepo;

const ENV: &str = "from alembic import context\nfrom models import Base\n\ncontext.configure(connection=None, target_metadata=Base.metadata)\n";

const MODELS: &str = "from sqlalchemy import Column, Integer, String\nfrom sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n\n\nclass User(Base):\n    __tablename__ = 'users'\n    id = Column(Integer, primary_key=True)\n    name = Column(String(20))\n";

fn revision(id: &str, parent: &str, body: &str) -> String {
    format!(
        "from alembic import op\nimport sqlalchemy as sa\nfrom sqlalchemy import orm\n\nrevision = '{id}'\ndown_revision = {parent}\n\n\ndef upgrade():\n    {}\n",
        body.replace('\n', "\n    ")
    )
}

/// What is said of a revision beside a table `users` with `id` and `name`, as far as its rows go.
fn told(database: &str, body: &str) -> Vec<String> {
    let repo = TestRepo::new();
    repo.write(
        "alembic.ini",
        &format!("[alembic]\nscript_location = migrations\nsqlalchemy.url = {database}://localhost/app\n"),
    );
    repo.write("migrations/env.py", ENV);
    repo.write("models.py", MODELS);
    let first = "op.create_table('users', sa.Column('id', sa.Integer(), nullable=False), sa.Column('name', sa.String(20)), sa.PrimaryKeyConstraint('id'))";
    repo.write("migrations/versions/a1_start.py", &revision("a1", "None", first));
    repo.commit("A project");
    repo.write("migrations/versions/b2_more.py", &revision("b2", "'a1'", body));
    let rules = ["required-column", "tightened-column", "unbounded-write"];
    let findings = verdict::staged(&repo).into_iter().filter(|finding| rules.contains(&finding.rule.as_str()));
    findings.map(|finding| format!("{} {}", finding.level, finding.rule)).collect()
}

const ADD: &str = "op.add_column('users', sa.Column('age', sa.Integer()";

/// `SET NOT NULL` of the column that [`ADD`] adds.
const REQUIRE: &str = "op.alter_column('users', 'age', nullable=False, existing_type=sa.Integer())";

const USERS: &str = "users = sa.table('users', sa.column('id', sa.Integer), sa.column('age', sa.Integer))";

#[test]
fn a_column_that_is_filled_before_it_becomes_required_is_fine() {
    for fill in [
        "op.execute('UPDATE users SET age = 1')".to_owned(),
        format!("{USERS}\nop.execute(users.update().values(age=1))"),
        format!("{USERS}\nop.execute(users.update().values({{'age': 1}}))"),
        format!("{USERS}\nop.get_bind().execute(users.update().where(users.c.age == None).values(age=1))"),
        "session = orm.Session(bind=op.get_bind())\nsession.query(User).update({'age': 1})\nsession.commit()".to_owned(),
        "for id in op.get_bind().execute(sa.text('SELECT id FROM users')):\n    op.get_bind().execute(sa.text('UPDATE users SET age = :a WHERE id = :id'), {'a': 1, 'id': id})".to_owned(),
    ] {
        let none: [&str; 0] = [];
        assert_eq!(told("postgresql", &format!("{ADD}, nullable=True))\n{fill}\n{REQUIRE}")), none, "{fill}");
        let batch = "with op.batch_alter_table('users') as batch:\n    batch.alter_column('age', nullable=False)";
        assert_eq!(told("postgresql", &format!("{ADD}, nullable=True))\n{fill}\n{batch}")), none, "{fill}");
    }
    for without in [
        "pass".to_owned(),
        "op.execute('UPDATE users SET age = NULL')".to_owned(),
        format!("{USERS}\nop.execute(users.update().values(age=None))"),
    ] {
        let body = format!("{ADD}, nullable=True))\n{without}\n{REQUIRE}");
        assert_eq!(told("postgresql", &body), ["error required-column"], "{without}");
    }
    let dropped =
        format!("{ADD}, nullable=False, server_default='0'))\nop.alter_column('users', 'age', server_default=None)");
    assert!(told("postgresql", &dropped).is_empty());
    assert_eq!(told("postgresql", &format!("{ADD}, nullable=False))")), ["error required-column"]);
}

#[test]
fn a_table_that_the_revision_makes_holds_its_own_rows() {
    let rows = "op.create_table('t', sa.Column('id', sa.Integer()))\nop.bulk_insert(sa.table('t', sa.column('id')), [{'id': 1}])";
    assert!(told("postgresql", &format!("{rows}\nop.execute('UPDATE t SET id = 2')")).is_empty());
    let of_users = format!("{rows}\nop.execute('DELETE FROM users')");
    assert_eq!(told("postgresql", &of_users), ["error unbounded-write"]);
}

#[test]
fn an_enum_of_mysql_takes_its_first_value() {
    for ty in ["sa.Enum('a', 'b')", "sa.Enum('a', 'b', name='kind')"] {
        let body = format!("op.add_column('users', sa.Column('kind', {ty}, nullable=False))");
        assert_eq!(told("mysql", &body), ["warning required-column"], "{ty}");
    }
    let day = "op.add_column('users', sa.Column('day', sa.Date(), nullable=False))";
    assert_eq!(told("mysql", day), ["error required-column"], "which has no value of its own");
}

#[test]
fn tables_are_made_by_hand_until_there_is_a_revision() {
    let told = |revision: &str, text: &str| {
        let repo = TestRepo::new();
        repo.write(
            "alembic.ini",
            "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://localhost/app\n",
        );
        repo.write("migrations/env.py", ENV);
        repo.write("models.py", MODELS);
        repo.write(revision, text);
        repo.commit("A project");
        repo.write("main.py", "from models import Base\n\nBase.metadata.create_all(engine)\n");
        verdict::staged(&repo).into_iter().filter(|finding| finding.rule == "create-all").count()
    };
    assert_eq!(told("migrations/versions/README", ""), 0);
    assert_eq!(told("migrations/versions/__init__.py", ""), 0);
    assert_eq!(told("migrations/versions/a1_start.py", &revision("a1", "None", "pass")), 1);
}
