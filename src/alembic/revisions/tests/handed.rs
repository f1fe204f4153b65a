//! What `env.py` hands to `upgrade()`.

use super::asking::{PG, after};

const MAKES: &str = "def upgrade(op, tables, tester):\n    op.create_table('t', sa.Column('id', sa.Integer()))\n    op.create_table('u', sa.Column('id', sa.Integer()))\n    tester.populate_table('t', [('id', tester.TestDataType.Integer)])";
const DROPS: &str = "def upgrade(op, tables, tester):\n    op.drop_table('u')";
/// As it is where an earlier line cannot be evaluated and the run stands in a branch.
const ENV: &str = "\
from alembic import context
from alembic import op as alembic_op
from elsewhere import app

assert app.configured

def online():
    try:
        with context.begin_transaction():
            context.run_migrations(op=alembic_op, tables=app.tables(), tester=app.tester())
    finally:
        app.close()

if context.is_offline_mode():
    context.run_migrations(op=alembic_op, tables=app.tables(), tester=None)
else:
    online()
";

fn with(env: &str, bodies: &[&str]) -> String {
    after(PG, bodies, &[("alembic/env.py", env)])
}

#[test]
fn operations_that_env_py_hands_over_are_done() {
    assert_eq!(with(ENV, &[MAKES]), "t(id); u(id)");
    assert_eq!(with(ENV, &[MAKES, DROPS]), "t(id)");
    assert_eq!(
        with(ENV, &[MAKES, "def upgrade(op, **others):\n    op.add_column('u', sa.Column('a', sa.Text()))"]),
        "t(id); u(id, a)"
    );
    let again = with(ENV, &[MAKES, DROPS, DROPS]);
    assert!(again.contains("! the table u does not exist"), "{again}");
    // Under another name, made anew, with a default, in a dictionary, by keyword alone.
    let env = "from alembic import context\nfrom alembic.operations import Operations\n\
               context.run_migrations(migrator=Operations(context.get_context()))\n";
    for head in ["migrator", "migrator=None", "*, migrator"] {
        let body = format!("def upgrade({head}):\n    migrator.create_table('t', sa.Column('id', sa.Integer()))");
        assert_eq!(with(env, &[&body]), "t(id)", "{head}");
    }
    let body = "def upgrade(**given):\n    given['migrator'].create_table('t', sa.Column('id', sa.Integer()))";
    assert_eq!(with(env, &[body]), "t(id)");
}

#[test]
fn what_stands_in_for_the_operations_is_a_doubt() {
    let wrapped = "from alembic import context, op as original\nfrom elsewhere import Reporting\n\
                   context.run_migrations(op=Reporting(original), tables={}, tester=None)\n";
    let computed = "from alembic import context\nfrom elsewhere import given\ncontext.run_migrations(**given())\n";
    for env in [wrapped, computed] {
        let text = with(env, &[MAKES, DROPS, DROPS]);
        assert!(text.contains("? what env.py hands to upgrade() as `op` is not known"), "{text}");
        assert!(text.contains("t(id)") && !text.contains("! "), "{text}");
    }
    let all = with(computed, &["def upgrade(**given):\n    given['op'].drop_table('t')"]);
    assert!(all.contains("? upgrade() takes what env.py hands over under computed names"), "{all}");
}

#[test]
fn what_nothing_hands_over_is_a_doubt() {
    let env = "from alembic import context\ncontext.run_migrations()\n";
    for name in ["op", "connection", "engine_name"] {
        let body = format!("def upgrade({name}):\n    {name}.execute('DROP TABLE t')");
        let text = with(env, &[&body]);
        assert!(
            text.contains(&format!("? upgrade() takes `{name}`, and env.py is not seen to hand it over")),
            "{text}"
        );
    }
    let text = with(env, &["def upgrade(*, connection):\n    connection.execute('DROP TABLE t')"]);
    assert!(text.contains("? upgrade() takes `connection`"), "{text}");
}

#[test]
fn another_value_may_change_the_schema_as_well() {
    let env = "from alembic import context\nfrom elsewhere import engine, name, migrate\n\
               context.run_migrations(connection=engine.connect(), name=name, migrate=migrate)\n";
    for (body, what) in [
        ("def upgrade(connection):\n    connection.execute('DROP TABLE t')", "connection.execute"),
        ("def upgrade(connection):\n    connection.schema.drop_table('t')", "connection.schema.drop_table"),
        ("def upgrade(migrate):\n    migrate('t')", "migrate"),
    ] {
        let text = with(env, &[body]);
        assert!(text.contains(&format!("{what}()` of what env.py hands to upgrade()")), "{text}");
    }
    let asked = "def upgrade(name):\n    if name == 'main':\n        op.add_column('t', sa.Column('a', sa.Text()))";
    let text = with(env, &[super::asking::TABLE, asked]);
    assert!(text.starts_with("t(id); ?"), "{text}");
}

#[test]
fn rows_of_a_table_that_is_handed_over_are_no_change_of_the_schema() {
    let body = |statement: &str| format!("def upgrade(op, tables, tester):\n    op.execute({statement})");
    for statement in [
        "tables.kind.insert().values(name='a')",
        "tables.kind.delete().where(tables.kind.c.name == op.inline_literal('a'))",
    ] {
        assert_eq!(with(ENV, &[MAKES, &body(statement)]), "t(id); u(id)");
    }
    let text = with(ENV, &[MAKES, &body("tables.kind.drop_statement()")]);
    assert!(text.contains("drop_statement()` of what env.py hands"), "{text}");
    let text = with(ENV, &[MAKES, &body("tables.statement")]);
    assert!(text.contains("? a statement that cannot be read"), "{text}");
}

#[test]
fn a_dispatcher_that_does_more_is_read_itself() {
    let body = "def upgrade(engine_name):\n    op.create_table('t', sa.Column('id', sa.Integer()))\n    \
                globals()['upgrade_%s' % engine_name]()\n\ndef upgrade_main():\n    op.create_table('u', sa.Column('id', sa.Integer()))";
    let text = with("from alembic import context\ncontext.run_migrations(engine_name='main')\n", &[body]);
    assert!(text.starts_with("t(id); u(id)"), "{text}");
}
