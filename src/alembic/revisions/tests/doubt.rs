//! What is not certain since something before it is not.

use super::asking::{PG, after};

#[test]
fn a_type_is_held_back_for_certain_only_by_columns_that_are_surely_of_it() {
    let body = |more: &str| {
        format!(
            "\
def upgrade():
    op.execute(\"CREATE TYPE ct AS ENUM ('a')\")
    for name in ['t', 'u']:
        op.create_table(name, sa.Column('id', sa.Integer()), sa.Column('c', postgresql.ENUM(name='ct', create_type=False)))
    values = [f\"'{{value}}'\" for value in [row[0] for row in op.get_bind().execute('SELECT unnest(enum_range(NULL::ct))').fetchall()] + ['b']]
    values.sort()
    op.execute('ALTER TYPE ct RENAME TO ct_old')
    op.execute(f\"CREATE TYPE ct AS ENUM ({{', '.join(set(values))}})\")
{more}    op.execute('DROP TYPE ct_old')"
        )
    };
    let alter =
        |table: &str| format!("    op.execute('ALTER TABLE {table} ALTER COLUMN c TYPE ct USING c::text::ct')\n");
    let both = after(PG, &[&body(&[alter("t"), alter("u")].concat())], &[]);
    assert!(both.contains("!? the type ct_old cannot be dropped"), "{both}");
    let one = after(PG, &[&body(&alter("t"))], &[]);
    assert!(one.contains("! the type ct_old cannot be dropped"), "u.c is of it still: {one}");
}

#[test]
fn an_index_that_geoalchemy_makes_may_be_there() {
    let body = |index: &str| {
        format!(
            "\
from geoalchemy2 import Geometry

def upgrade():
    op.execute('CREATE EXTENSION postgis')
    op.create_table('a', sa.Column('id', sa.Integer()), sa.Column('g', Geometry('POLYGON', srid=4326)))
    op.drop_index('{index}', table_name='a')"
        )
    };
    let own = after(PG, &[&body("idx_a_g")], &[]);
    assert_eq!(
        own,
        "a(id, g); ? the index idx_a_g, which GeoAlchemy2 makes by itself: whether it is there is not known"
    );
    for other in ["idx_a_id", "ix_a_g", "idx_b_g"] {
        let text = after(PG, &[&body(other)], &[]);
        assert_eq!(text, format!("a(id, g); ! the index {other} does not exist"));
    }
}

#[test]
fn a_name_of_python_2_is_a_doubt_and_another_that_nothing_defines_a_failure() {
    let body = |name: &str| {
        format!("KNOWN = [int, {name}]\n\ndef upgrade():\n    op.execute('DROP TABLE a')\n    {name}('x')")
    };
    let made = "def upgrade():\n    op.create_table('a', sa.Column('id', sa.Integer()))";
    assert_eq!(after(PG, &[made, &body("unicode")], &[]), "");
    let other = after(PG, &[made, &body("unicodes")], &[]);
    assert!(other.starts_with("! the name unicodes is not defined"), "{other}");
}

#[test]
fn what_sqlite_compares_a_column_with_may_be_a_text_in_double_quotes() {
    let body = |predicate: &str| {
        format!(
            "def upgrade():\n    op.create_table('a', sa.Column('kind', sa.String()))\n    op.create_index('i', 'a', ['kind'], sqlite_where=sa.text('{predicate}'))"
        )
    };
    let url = "sqlite:///app.db";
    assert!(!after(url, &[&body("kind = \"oneOf\"")], &[]).contains('!'));
    assert!(after(url, &[&body("sort = 1")], &[]).contains("! the column a.sort does not exist"));
}

#[test]
fn two_names_that_a_handler_tries_are_those_of_two_databases() {
    const MYSQL: &str = "mysql+pymysql://localhost/app";
    let made = "def upgrade():\n    op.create_table('a', sa.Column('id', sa.Integer()))";
    let body = |first: &str, second: &str| {
        format!(
            "from sqlalchemy import exc\n\ndef upgrade():\n    try:\n        op.{first}\n    except exc.InternalError:\n        op.{second}"
        )
    };
    let drop = |name: &str| format!("drop_constraint('{name}', 'a')");
    let both = after(MYSQL, &[made, &body(&drop("x"), &drop("y"))], &[]);
    assert!(both.contains("? neither the name") && !both.contains('!'), "{both}");
    // What is there already is refused in a handler as well, and a name is where nothing else was tried.
    let again = "create_table('a', sa.Column('id', sa.Integer()))";
    assert!(after(MYSQL, &[made, &body(&drop("x"), again)], &[]).contains("! the table a exists already"));
    assert!(
        after(MYSQL, &[made, &format!("def upgrade():\n    op.{}", drop("y"))], &[]).contains("! the constraint y")
    );
}

/// What a module and a revision that asks it at its top come to.
fn raising(log: &str, top: &str) -> String {
    let made = "\ndef upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer()))";
    after(PG, &[&format!("from pkg import log\n{top}{made}")], &[("pkg/__init__.py", ""), ("pkg/log.py", log)])
}

#[test]
fn what_another_module_raises_at_the_top_of_a_revision_is_a_doubt_and_upgrade_is_read() {
    let log = "def get(name):\n    return {}['x']\n";
    let told = raising(log, "logger = log.get(__name__)");
    assert_eq!(told, "t(id); ? the revision raises KeyError here, as far as it can be read; what follows is read on");
    // What it gives is not known: what is done with it is in doubt.
    let text = "names = log.get('a')\ndef upgrade():\n    op.drop_table(names)\n    op.create_table('t', sa.Column('id', sa.Integer()))";
    let told = after(PG, &[&format!("from pkg import log\n{text}")], &[("pkg/__init__.py", ""), ("pkg/log.py", log)]);
    assert!(told.matches('?').count() == 2 && !told.contains('!'), "{told}");
}

#[test]
fn what_a_revision_raises_by_itself_is_a_failure() {
    for (top, what) in [
        ("x = {}['y']", "KeyError"),
        ("assert 1 == 2", "AssertionError"),
        ("raise RuntimeError('use the new branch')", "RuntimeError"),
        ("KNOWN = {}\ndef find(name):\n    return KNOWN[name]\nx = find('y')", "KeyError"),
    ] {
        assert_eq!(raising("", top), format!("! the revision raises {what}"), "{top}");
    }
    let none = after(PG, &["def upgrades():\n    pass"], &[]);
    assert_eq!(none, "! the revision has no upgrade()");
}

#[test]
fn an_upgrade_that_is_made_by_what_raises_is_a_doubt_about_everything() {
    let text = "from pkg import log\n@log.get('x')\ndef upgrade():\n    pass";
    let log = "def get(name):\n    return {}['x']\n";
    let (_, replay) = super::asking::project(PG, &[text], &[("pkg/__init__.py", ""), ("pkg/log.py", log)]);
    assert!(replay.catalog.doubts.iter().any(|doubt| doubt.reach == crate::catalog::Reach::Everything));
}

#[test]
fn a_type_that_a_known_extension_brings_is_expected_there() {
    let body = |spec: &str| {
        format!(
            "class Own(sa.types.UserDefinedType):\n    def get_col_spec(self):\n        return '{spec}'\n\ndef upgrade():\n    op.create_table('a', sa.Column('v', Own()))"
        )
    };
    let told = after(PG, &[&body("SEMVER")], &[]);
    assert!(told.contains("comes with the extension semver") && !told.contains('!'), "{told}");
    let other = after(PG, &[&body("SEMVERS")], &[]);
    assert!(other.contains("! the type semvers does not exist"), "{other}");
}
