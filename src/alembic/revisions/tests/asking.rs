//! Revisions that ask: their settings, the database, each other.

use crate::alembic::discover;
use crate::catalog::operation::OperationKind;
use crate::catalog::{ObjectName, Reach};
use crate::git::{FileList, FileText, MemorySnapshot, Snapshot, SnapshotError};
use crate::history::{History, HistoryProblemKind, Replay, replay};
use crate::source::RepoPath;

const HEADER: &str = "\
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

";

/// A project on a database with a revision for each body, in a line, and further files.
pub(super) fn project(url: &str, bodies: &[&str], files: &[(&str, &str)]) -> (History, Replay) {
    let mut all = vec![
        ("alembic.ini".to_owned(), format!("[alembic]\nscript_location = alembic\nsqlalchemy.url = {url}\n")),
        ("alembic/env.py".to_owned(), "from alembic import context\n".to_owned()),
    ];
    for (at, body) in bodies.iter().enumerate() {
        let parent = at.checked_sub(1).map_or_else(|| "None".to_owned(), |parent| format!("'r{parent}'"));
        let text = format!("{HEADER}revision = 'r{at}'\ndown_revision = {parent}\n\n{body}\n");
        all.push((format!("alembic/versions/r{at}.py"), text));
    }
    all.extend(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    let snapshot = MemorySnapshot::new(all);
    let project = discover::discover(&snapshot, &[]).unwrap().remove(0);
    let history = super::super::history(&project, &snapshot).unwrap();
    let replay = replay(&history, project.dialect());
    (history, replay)
}

/// The columns of a table after the revisions, its doubts behind them; what the database would refuse.
pub(super) fn after(url: &str, bodies: &[&str], files: &[(&str, &str)]) -> String {
    let (_, replay) = project(url, bodies, files);
    let mut lines: Vec<String> = replay
        .catalog
        .tables
        .values()
        .map(|table| {
            let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
            format!("{}({})", table.name.name, columns.join(", "))
        })
        .collect();
    lines.extend(replay.catalog.enums.values().map(|one| format!("{}: {}", one.name.name, one.labels.join(" "))));
    lines.extend(replay.catalog.doubts.iter().map(|doubt| format!("? {}", doubt.reason)));
    for failure in replay.migrations.iter().flat_map(|migration| &migration.failures) {
        lines.push(format!("{} {}", if failure.certain { "!" } else { "!?" }, failure.error));
    }
    lines.join("; ")
}

pub(super) const PG: &str = "postgresql://localhost/app";
const SQLITE: &str = "sqlite:///app.db";
pub(super) const TABLE: &str =
    "def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer(), nullable=False))";

#[test]
fn a_second_engine_is_the_same_database() {
    let helper = "\
from sqlalchemy import engine_from_config

def exists(table):
    config = op.get_context().config
    engine = engine_from_config(config.get_section(config.config_ini_section), prefix='sqlalchemy.')
    return sa.inspect(engine).has_table(table)

def upgrade():
    if exists('t'):
        return
    op.create_table('u', sa.Column('id', sa.Integer()))";
    assert_eq!(after(PG, &[helper], &[]), "u(id)");
    assert_eq!(after(PG, &[TABLE, helper], &[]), "t(id)");
    let dialect = "\
def upgrade():
    bind = op.get_bind()
    if bind.engine.name == 'sqlite':
        op.add_column('t', sa.Column('lite', sa.Integer()))
    else:
        op.add_column('t', sa.Column('full', sa.Integer()))";
    assert_eq!(after(PG, &[TABLE, dialect], &[]), "t(id, full)");
    assert_eq!(after(SQLITE, &[TABLE, dialect], &[]), "t(id, lite)");
}

#[test]
fn the_url_tells_the_database() {
    let body = |condition: &str| {
        format!(
            "def upgrade():\n    bind = op.get_bind()\n    if {condition}:\n        op.add_column('t', sa.Column('a', sa.Integer()))"
        )
    };
    let on = |condition: &str| after(PG, &[TABLE, &body(condition)], &[]);
    assert_eq!(on("str(bind.engine.url).startswith('mysql')"), "t(id)");
    assert_eq!(on("str(bind.engine.url).startswith('postgres')"), "t(id, a)");
    assert_eq!(on("bind.engine.url.drivername.startswith('sqlite')"), "t(id)");
    assert_eq!(on("bind.engine.url.get_backend_name() == 'postgresql'"), "t(id, a)");
    assert!(on("str(bind.engine.url).startswith('postgresql+asyncpg')").contains("? it depends on"), "the driver");
}

#[test]
fn a_setting_for_a_database_is_there_where_it_is_used() {
    let settings = "\
import os
import sys
from pydantic import Field
from pydantic_settings import BaseSettings

default_uri = None
if '--file' in sys.argv:
    default_uri = open('uri').read()

class Settings(BaseSettings):
    pg_uri: str | None = default_uri
    pool: int | None = None
    schema_name: str = Field(default='public')

    @property
    def uri_or_none(self):
        return self.pg_uri if self.pg_uri else None

settings = Settings()

def dsn():
    return os.environ.get('DSN')
";
    let body = |condition: &str| {
        format!(
            "from app.settings import settings, dsn\n\ndef upgrade():\n    mysql_dsn = dsn()\n    if {condition}:\n        \
             return\n    op.add_column('t', sa.Column('a', sa.Integer()))"
        )
    };
    let files = [("app/settings.py", settings), ("app/__init__.py", "")];
    let on = |url: &str, condition: &str| after(url, &[TABLE, &body(condition)], &files);
    assert_eq!(on(PG, "not settings.pg_uri"), "t(id, a)");
    assert_eq!(on(SQLITE, "not settings.pg_uri"), "t(id)");
    assert_eq!(on(PG, "mysql_dsn"), "t(id, a)");
    assert_eq!(on(PG, "settings.schema_name != 'public'"), "t(id, a)", "a default that stands there is taken");
    // What the environment gives is not known, and nothing in its name tells.
    assert!(on(PG, "settings.pool").contains("? it depends on"), "{}", on(PG, "settings.pool"));
    assert!(on(PG, "dsn()").contains("? it depends on"), "a setting that may be any database's");
}

#[test]
fn an_enum_is_synced_and_one_that_is_there_needs_no_labels() {
    let made = "\
def upgrade():
    state = postgresql.ENUM('new', 'old', 'gone', name='state')
    state.create(op.get_bind())
    op.create_table('t', sa.Column('state', postgresql.ENUM(name='state', create_type=False)))";
    assert_eq!(after(PG, &[made], &[]), "t(state); state: new old gone");
    let synced = "\
def upgrade():
    op.sync_enum_values('public', 'state', ['first', 'new', 'between', 'past'], [('t', 'state')],
                        enum_values_to_rename=[('old', 'past')])";
    assert_eq!(after(PG, &[made, synced], &[]), "t(state); state: first new between past");
    assert!(after(PG, &[synced], &[]).starts_with("? op.sync_enum_values()"), "an enum that nobody made");
    // It is that enum alone that is not known: a table's difference is told.
    let reach = |call: &str| {
        let text = format!("def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer()))\n    op.{call}");
        let (_, replay) = project(PG, &[&text], &[]);
        replay.catalog.doubts.into_iter().map(|doubt| doubt.reach).collect::<Vec<_>>()
    };
    let state = [Reach::Type(ObjectName::bare("state"))];
    assert_eq!(reach("sync_enum_values('public', 'state', ['a'], [('t', 'state')], enum_values_to_rename=[])"), state);
    assert_eq!(reach("sync_enum_values(enum_schema='public', enum_name='state', new_values=['a'])"), state);
    assert_eq!(reach("sync_enum_values('public', name(), ['a'], [])"), [Reach::Everything]);
    // alembic-autogenerate-enums hands over the labels before and after.
    let synced = |labels: &str| {
        let body =
            format!("def upgrade():\n    op.sync_enum_values('public', 'state', ['new', 'old', 'gone'], {labels})");
        after(PG, &[made, &body], &[])
    };
    assert_eq!(synced("['new', 'old', 'gone', 'late']"), "t(state); state: new old gone late");
    assert_eq!(synced("new_options=['new', 'old', 'gone', 'late']"), "t(state); state: new old gone late");
    assert!(synced("['new', 'old']").contains("? op.sync_enum_values()"), "{}", synced("['new', 'old']"));
}

#[test]
fn an_operation_that_alembic_does_not_have_is_a_doubt() {
    let body = |call: &str| {
        let text = format!("def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer()))\n    op.{call}");
        after(PG, &[&text], &[])
    };
    for call in ["conjure('t')", "create_fn(x)", "create_entity(x)", "sync_enum_values(x)"] {
        let name = call.split('(').next().unwrap();
        assert!(body(call).contains(&format!("? op.{name}()")), "{call}: {}", body(call));
    }
    assert_eq!(body("drop_table('t')"), "");
}

#[test]
fn an_enum_that_is_none_in_the_database_is_checked_up_to_sqlalchemy_1_3() {
    let made = "def upgrade():\n    op.create_table('t', sa.Column('s', sa.Enum('x', name='st', native_enum=False)))";
    let altered = "\
def upgrade():
    op.drop_constraint('st', 't')
    op.alter_column('t', 's', type_=sa.Enum('x', 'y', name='st', native_enum=False))";
    let done = |pin: &str| after(PG, &[made, altered, altered], &[("requirements.txt", pin)]);
    assert_eq!(done("SQLAlchemy==1.3.13\n"), "t(s)");
    for pin in ["SQLAlchemy==1.4.0\n", "SQLAlchemy==2.0.1\n", ""] {
        assert!(done(pin).contains("the constraint st of t does not exist"), "{pin}: {}", done(pin));
    }
    let told = altered.replace("native_enum=False", "native_enum=False, create_constraint=False");
    let done = after(PG, &[made, &told, &told], &[("requirements.txt", "SQLAlchemy==1.3.13\n")]);
    assert!(done.contains("the constraint st of t does not exist"), "{done}");
}

#[test]
fn the_hook_of_a_dataclass_sets_what_it_sets() {
    let body = |class: &str| {
        let text = format!(
            "from dataclasses import dataclass, InitVar\nfrom typing import List, Optional\n\n\
             @dataclass\nclass Made:\n    name: str\n    kind: Optional[str] = None\n    def make(self):\n        if self.kind != 'table':\n            raise TypeError('kind')\n        op.create_table(self.name, sa.Column('id', sa.Integer()))\n\n\
             {class}    def make(self):\n        super().make()\n        for inner in self.inner:\n            inner.make()\n\n\
             def upgrade():\n    Outer('t', inner=[Made('u')]).make()"
        );
        after(PG, &[&text], &[])
    };
    let fields = "class Outer(Made):\n    inner: Optional[List[Made]] = None\n";
    let hook = "        self.kind = 'table'\n        for inner in self.inner:\n            inner.kind = 'table'\n";
    assert_eq!(body(&format!("@dataclass\n{fields}    def __post_init__(self):\n{hook}")), "t(id); u(id)");
    assert_eq!(
        body(&format!("@dataclass(frozen=False)\n{fields}    def __post_init__(self):\n{hook}")),
        "t(id); u(id)"
    );
    // No dataclass, no hook; and one that is handed something may set anything.
    let none = body(&format!("@dataclass\n{fields}"));
    assert!(none.contains("the revision raises TypeError"), "{none}");
    let given = body(&format!(
        "@dataclass\n{fields}    more: InitVar[str] = ''\n    def __post_init__(self, more):\n        self.kind = more\n"
    ));
    assert!(given.contains('?') && !given.contains('!'), "{given}");
}

#[test]
fn a_module_that_only_its_package_is_imported_for() {
    let files = [
        ("app/__init__.py", ""),
        ("app/db/__init__.py", ""),
        ("app/db/types.py", "from sqlalchemy import PickleType, Text\nclass Json(PickleType):\n    impl = Text\n"),
    ];
    let body = |name: &str| {
        let text = format!("import app\n\ndef upgrade():\n    op.create_table('t', sa.Column('j', {name}()))");
        after(PG, &[&text], &files)
    };
    assert_eq!(body("app.db.types.Json"), "t(j)");
    assert!(body("app.db.types.Xml").contains("has no attribute `Xml`"), "{}", body("app.db.types.Xml"));
}

#[test]
fn what_changes_nothing_is_nothing() {
    let nothing = "\
def upgrade():
    op.alter_column('t', sa.Column('id', sa.Integer(), nullable=True))
    op.alter_column('alembic_version', 'version_num', type_=sa.String(64))
    if not sa.inspect(op.get_bind()).get_pk_constraint('alembic_version')['constrained_columns']:
        op.create_primary_key('pk', 'alembic_version', ['version_num'])";
    assert_eq!(after(PG, &[TABLE, nothing], &[]), "t(id)");
}

#[test]
fn a_key_under_use_alter_is_not_made_with_its_table() {
    let body = "\
def upgrade():
    op.create_table('a', sa.Column('b', sa.Integer(), sa.ForeignKey('b.id', use_alter=True)),
                    sa.Column('c', sa.Integer()),
                    sa.ForeignKeyConstraint(['c'], ['c.id'], use_alter=True))";
    assert_eq!(after(PG, &[body], &[]), "a(b, c)", "the tables b and c are not there, and not asked for");
    let (_, replay) = project(SQLITE, &[body], &[]);
    assert_eq!(replay.catalog.tables.values().next().unwrap().foreign_keys.len(), 2, "SQLite writes them out");
}

#[test]
fn histories_that_begin_above_nothing_are_doubt() {
    let index = "def upgrade():\n    op.create_table('p', sa.Column('id', sa.Integer()))\n    op.add_column('b', sa.Column('x', sa.Integer()))";
    let empty = "def upgrade():\n    pass";
    let text = after(PG, &[empty, index], &[]);
    assert!(text.contains("? the history begins with tables that it does not make"), "{text}");
    assert!(text.contains("!? the table b does not exist"), "{text}");
    let text = after(PG, &[index], &[]);
    assert!(text.contains("! the table b does not exist"), "made one, missed another: {text}");
    let schema = "def upgrade():\n    op.create_table('r', sa.Column('id', sa.Integer()), schema='events')";
    let text = after(PG, &[schema], &[]);
    assert!(text.starts_with("r(id); ? the schema events, which no revision creates"), "{text}");
    let other = "def upgrade():\n    op.execute('CREATE SCHEMA other')";
    let text = after(PG, &[other, schema], &[]);
    assert!(text.contains("the schema events does not exist"), "one is made, so this one should be: {text}");
    let vector =
        "from pgvector.sqlalchemy import Vector\n\ndef upgrade():\n    op.create_table('v', sa.Column('e', Vector(3)))";
    let text = after(PG, &[vector], &[]);
    assert!(text.starts_with("v(e); ? the type vector comes with the extension vector"), "{text}");
}

#[test]
fn annotated_ids_and_tuples_of_parents_are_read() {
    // Both break tools that search the text for `revision = "…"`: the first is what today's template writes, the second
    // reads as a revision without a parent.
    let files = [
        ("alembic.ini", "[alembic]\nscript_location = alembic\nsqlalchemy.url = sqlite:///a.db\n"),
        ("alembic/env.py", ""),
        (
            "alembic/versions/a.py",
            "revision: str = \"a\"\ndown_revision: Union[str, Sequence[str], None] = None\ndef upgrade(): pass\n",
        ),
        ("alembic/versions/b.py", "revision: str = 'b'\ndown_revision: str | None = 'a'\ndef upgrade(): pass\n"),
        (
            "alembic/versions/c.py",
            "revision: Final[str] = \"c\"\ndown_revision: str | None = \"a\"\ndef upgrade(): pass\n",
        ),
        (
            "alembic/versions/m.py",
            "revision: str = \"m\"\ndown_revision: Union[str, Sequence[str], None] = (\n    'b',\n    \"c\",\n)\ndef upgrade(): pass\n",
        ),
        ("alembic/versions/n.py", "revision = 'n'\ndown_revision = ['m']\ndef upgrade(): pass\n"),
    ];
    let snapshot = MemorySnapshot::new(files);
    let project = discover::discover(&snapshot, &[]).unwrap().remove(0);
    let history = super::super::history(&project, &snapshot).unwrap();
    assert!(history.problems.is_empty(), "{:?}", history.problems);
    assert_eq!((history.heads(), history.bases()), (vec!["n"], vec!["a"]));
    assert_eq!(history.get("m").unwrap().parents, ["b", "c"]);
}

#[test]
fn a_parent_that_is_not_there_is_named() {
    let snapshot = MemorySnapshot::new([
        ("alembic.ini", "[alembic]\nscript_location = alembic\nsqlalchemy.url = sqlite:///a.db\n"),
        ("alembic/env.py", ""),
        (
            "alembic/versions/a.py",
            "revision: str = \"a\"\ndown_revision: tuple[str, ...] = (\"x\", \"a0\")\ndef upgrade(): pass\n",
        ),
    ]);
    let project = discover::discover(&snapshot, &[]).unwrap().remove(0);
    let history = super::super::history(&project, &snapshot).unwrap();
    let missing: Vec<&HistoryProblemKind> = history.problems.iter().map(|problem| &problem.kind).collect();
    assert_eq!(
        missing,
        [&HistoryProblemKind::MissingParent("x".into()), &HistoryProblemKind::MissingParent("a0".into())]
    );
}

#[test]
fn what_an_update_writes_is_known() {
    let written = |statement: &str| {
        let body = format!(
            "def upgrade():\n    t = sa.table('t', sa.column('a'), sa.column('b'))\n    conn = op.get_bind()\n    {statement}\n"
        );
        let (_, replay) = project("postgresql://localhost/app", &[&body], &[]);
        let steps = &replay.migrations[0].steps;
        steps.iter().find_map(|step| match &step.operation.kind {
            OperationKind::Data { written, .. } => Some(written.clone()),
            _ => None,
        })
    };
    let columns = |names: &[&str]| Some(Some(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()));
    assert_eq!(written("op.execute('UPDATE t SET a = 1, b = f(2, 3)')"), columns(&["a", "b"]));
    assert_eq!(written("s = 'UPDATE t SET a = :a'\n    conn.execute(sa.text(s).bindparams(a=1))"), columns(&["a"]));
    assert_eq!(written("op.execute(t.update().values(a=f(1, 2), b='x, y'))"), columns(&["a", "b"]));
    assert_eq!(written("op.execute(t.update().values({'a': t.c.b}))"), columns(&["a"]));
    assert_eq!(written("op.execute(sa.update(t).values({t.c.a: 1}))"), columns(&["a"]));
    assert_eq!(written("op.execute(t.update(values={'b': 1}))"), columns(&["b"]));
    assert_eq!(written("conn.execute(t.update().values(**row))"), Some(None));
}

#[test]
fn what_a_ddl_statement_leaves_open_is_of_its_context() {
    let run = |statement: &str| after(PG, &[TABLE, &format!("def upgrade():\n    {statement}")], &[]);
    let add = "'ALTER TABLE \"%(table)s\" ADD COLUMN %(column)s text'";
    let each =
        format!("for c in ['a', 'b']:\n        op.execute(sa.DDL({add}, context={{'table': 't', 'column': c}}))");
    assert_eq!(run(&each), "t(id, a, b)");
    assert_eq!(run(&format!("op.execute(sa.DDL({add}, {{'table': 't', 'column': 'a'}}))")), "t(id, a)");
    assert_eq!(run("op.execute(sa.DDL(\"ALTER TABLE t ADD COLUMN a text DEFAULT '5%%'\"))"), "t(id, a)");
    // What is wrong is told, and what is not known is a doubt.
    let missing = run(&format!("op.execute(sa.DDL({add}, context={{'table': 'u', 'column': 'a'}}))"));
    assert!(missing.contains("! the table u does not exist"), "{missing}");
    for context in ["{'table': 't'}", "{'table': 't', 'column': __import__('os').environ['C']}"] {
        let unknown = run(&format!("op.execute(sa.DDL({add}, context={context}))"));
        assert!(unknown.starts_with("t(id); ? "), "{unknown}");
    }
}

#[test]
fn the_text_of_a_statement_about_rows_is_known() {
    let text = |statement: &str| {
        let body = format!(
            "def upgrade():\n    t = sa.table('t', sa.column('a'), sa.column('b'))\n    conn = op.get_bind()\n    {statement}\n"
        );
        let (_, replay) = project("postgresql://localhost/app", &[&body], &[]);
        let steps = &replay.migrations[0].steps;
        steps.iter().find_map(|step| match &step.operation.kind {
            OperationKind::Data { text, .. } => text.as_deref().map(str::to_owned),
            _ => None,
        })
    };
    for (statement, expected) in [
        ("op.execute('DELETE FROM t WHERE a IS NULL')", "DELETE FROM t WHERE a IS NULL"),
        ("s = sa.text('DELETE FROM t WHERE a = :a')\n    conn.execute(s, {'a': 1})", "DELETE FROM t WHERE a = :a"),
        ("op.execute('SELECT 1; UPDATE t SET a = 1 WHERE b = 2;')", "UPDATE t SET a = 1 WHERE b = 2"),
        (
            "conn.exec_driver_sql('WITH d AS (SELECT b FROM t) DELETE FROM t WHERE a IN (SELECT b FROM d)')",
            "WITH d AS (SELECT b FROM t) DELETE FROM t WHERE a IN (SELECT b FROM d)",
        ),
        ("conn.execute(t.delete().where(t.c.a.is_(None)))", "WHERE a IS NULL"),
        ("conn.execute(t.update().where(t.c.a == None).values(a=1))", "WHERE a IS NULL"),
        ("conn.execute(sa.update(t).where(t.c.a == 1, t.c.b > 2).values(a=1))", "WHERE a = 1 AND b > 2"),
        (
            "s = t.update().where(t.c.b == 1).where(t.c.a == 2)\n    conn.execute(s.values(a=1))",
            "WHERE a = 2 AND b = 1",
        ),
        (
            "d = sa.select(sa.func.min(t.c.b)).group_by(t.c.a)\n    conn.execute(t.delete().where(t.c.b.notin_(d)))",
            "WHERE known_at_run_time(notin_, b, group_by, b, a)",
        ),
    ] {
        assert_eq!(text(statement).as_deref(), Some(expected), "{statement}");
    }
}

#[test]
fn what_another_module_raises_is_a_doubt() {
    let own = "def upgrade():\n    raise ValueError('no way')";
    assert!(after(PG, &[own], &[]).contains("! the revision raises"));
    let settings = "def lookup():\n    raise ValueError('no settings here')\n";
    let other = "from helpers import lookup\n\ndef upgrade():\n    lookup()";
    let said = after(PG, &[other], &[("helpers.py", settings)]);
    assert!(said.contains("? the revision raises") && !said.contains("! the revision raises"), "{said}");
}

#[test]
fn the_context_tells_its_table_and_what_the_dialect_can() {
    let body = "\
from alembic import context

def upgrade():
    schema = context.get_context().version_table_schema + '.' if context.get_context().version_table_schema else ''
    op.create_table('t', sa.Column('id', sa.Integer()), schema=schema[:-1])
    op.execute('ALTER TABLE ' + schema + 't ADD COLUMN a integer')
    if op._proxy.migration_context.dialect.name == 'postgresql':
        op.add_column('t', sa.Column('b', sa.Integer()))
    if op.get_bind().dialect.supports_sequences:
        op.add_column('t', sa.Column('c', sa.Integer()))";
    let computed =
        ("alembic/env.py", "from alembic import context\ncontext.configure(version_table_schema=settings.SCHEMA)\n");
    let asked = (
        "alembic/env.py",
        "from alembic import context\ncontext.configure(version_table_schema=context.config.get_main_option('schema'))\n",
    );
    assert_eq!(after(PG, &[body], &[]), "t(id, a, b, c)");
    assert_eq!(after(SQLITE, &[body], &[]), "t(id, a)");
    assert_eq!(after(PG, &[body], &[asked]), "t(id, a, b, c)", "the settings have no such option");
    let text = after(PG, &[body], &[computed]);
    assert!(text.contains("? the schema of Alembic's own table, which env.py computes"), "{text}");
}

#[test]
fn the_class_of_the_dialect_is_known() {
    let body = "\
from sqlalchemy.dialects.mysql.base import MySQLDialect
from sqlalchemy.dialects.postgresql.base import PGDialect, PGInspector

def upgrade():
    dialect = op.get_bind().dialect
    op.create_table('t', sa.Column('id', sa.Integer()))
    if isinstance(dialect, MySQLDialect):
        op.add_column('t', sa.Column('my', sa.Integer()))
    elif isinstance(dialect, (PGDialect,)) and isinstance(sa.inspect(op.get_bind()), PGInspector):
        op.add_column('t', sa.Column('pg', sa.Integer()))";
    assert_eq!(after(PG, &[body], &[]), "t(id, pg)");
    assert_eq!(after("mysql://h/d", &[body], &[]), "t(id, my)");
    assert_eq!(after(SQLITE, &[body], &[]), "t(id)");
}

#[test]
fn what_stands_for_a_factory_is_what_the_factory_makes() {
    let helper = (
        "names.py",
        "import lazy_object_proxy\nfrom enums import Unknown\nKINDS = {Unknown.value('A'): 1}\ndef make():\n    import sqlalchemy as sa\n    def kind(length=250):\n        return sa.String(length)\n    return kind\nName = lazy_object_proxy.Proxy(make)\n",
    );
    let body = "\
from names import KINDS, Name
from other import Unknown

def upgrade():
    op.create_table('t', sa.Column('id', Name(length=3)))
    length = KINDS[Unknown.value('B')]
    op.add_column('t', sa.Column('b', sa.Integer()))";
    assert_eq!(after(PG, &[body], &[helper]), "t(id, b)", "a key that is computed may be any of them");
}

#[test]
fn operations_of_geoalchemy_are_those_of_alembic() {
    let body = "\
from geoalchemy2 import Geometry

def upgrade():
    op.create_table('t', sa.Column('id', sa.Integer()))
    op.add_geospatial_column('t', sa.Column('g', Geometry('POINT', srid=4326, spatial_index=False)))
    with op.batch_alter_table('t') as batch_op:
        batch_op.add_geospatial_column(sa.Column('h', Geometry('POINT', srid=4326, spatial_index=False)))
        batch_op.create_geospatial_index('idx_t_h', ['h'], postgresql_using='gist')";
    let text = after(PG, &[body], &[]);
    assert!(text.starts_with("t(id, g, h); ? the type geometry comes with") && !text.contains('!'), "{text}");
    let batch = "\
from geoalchemy2 import Geometry

def upgrade():
    op.create_table('t', sa.Column('id', sa.Integer()))
    with op.batch_alter_table('t') as batch_op:
        batch_op.add_column(sa.Column('g', Geometry('POINT', srid=4326, spatial_index=False)))";
    let text = after(PG, &[batch], &[]);
    assert!(text.starts_with("t(id, g)") && !text.contains('!'), "the extension is there for a batch too: {text}");
}

#[test]
fn an_index_on_a_constant_is_on_no_column() {
    let body = "def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer()))\n    op.create_index('one', 't', [sa.text('(true)')], unique=True)";
    assert_eq!(after(PG, &[body], &[]), "t(id)");
}

#[test]
fn a_trigger_on_a_table_whose_schema_is_unknown_is_no_failure() {
    let body = "\
import os

def upgrade():
    op.create_table('t', sa.Column('id', sa.Integer()))
    tenant = os.environ['TENANT']
    op.execute(f'DROP TRIGGER IF EXISTS x ON \"{tenant}\".t')
    op.execute(f'CREATE TRIGGER x BEFORE INSERT ON \"{tenant}\".t FOR EACH ROW EXECUTE FUNCTION \"{tenant}\".f()')";
    let text = after(PG, &[body], &[]);
    assert_eq!(text, "t(id)", "triggers are not compared");
}

#[test]
fn a_table_that_is_rebuilt_by_hand_under_the_legacy_pragma_keeps_those_that_refer_to_it() {
    let body = "\
def upgrade():
    op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True))
    op.create_table('b', sa.Column('a_id', sa.Integer(), sa.ForeignKey('a.id')))
    op.get_bind().execute('PRAGMA legacy_alter_table=ON')
    op.rename_table('a', 'a_tmp')
    op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True))
    op.drop_table('a_tmp')";
    let target = |body: &str| {
        let (_, replay) = project(SQLITE, &[body], &[]);
        replay.catalog.tables.values().find_map(|table| table.foreign_keys.first()).unwrap().target.name.clone()
    };
    assert_eq!(target(body), "a");
    assert_eq!(target(&body.replace("=ON", "=OFF")), "a_tmp", "what SQLite does since 3.26");
}

#[test]
fn tables_of_a_history_that_stands_on_others_are_those_that_it_makes() {
    let first = "def upgrade():\n    op.add_column('old', sa.Column('x', sa.Integer()))";
    let second = "\
def upgrade():
    op.create_table('made', sa.Column('id', sa.Integer()), sa.Column('old_id', sa.Integer(), sa.ForeignKey('old.id')))
    if sa.inspect(op.get_bind()).has_table('made'):
        op.add_column('made', sa.Column('more', sa.Integer()))
    if not sa.inspect(op.get_bind()).has_table('further'):
        op.create_table('further', sa.Column('id', sa.Integer()))";
    let text = after(PG, &[first, second], &[]);
    assert!(text.starts_with("further(id); made(id, old_id, more); ? the history begins"), "{text}");
    let asked = "def upgrade():\n    [c for c in sa.inspect(op.get_bind()).get_columns('old')]";
    let text = after(PG, &[asked], &[]);
    assert!(text.contains("? the history begins") && text.contains("!? the table old does not exist"), "{text}");
}

#[test]
fn a_labelled_branch_that_makes_the_same_tables_is_another_way_to_them() {
    let branch =
        |id: &str, labels: &str| format!("{HEADER}revision = '{id}'\ndown_revision = None\n{labels}\n\n{TABLE}\n");
    let of = |first: &str, second: &str| {
        after(PG, &[], &[("alembic/versions/y.py", first), ("alembic/versions/z.py", second)])
    };
    let text = of(&branch("y", "branch_labels = ('one',)"), &branch("z", "branch_labels = ('other',)"));
    assert!(text.contains("? a branch that begins anew") && text.contains("!? the table t exists already"), "{text}");
    let text = of(&branch("y", ""), &branch("z", ""));
    assert!(text.contains("! the table t exists already"), "without labels both are run: {text}");
}

/// A clone from which large files were left out.
struct Partial(MemorySnapshot);

impl Snapshot for Partial {
    fn describe(&self) -> String {
        self.0.describe()
    }

    fn id(&self) -> String {
        self.0.id()
    }

    fn files(&self) -> Result<&FileList, SnapshotError> {
        self.0.files()
    }

    fn read(&self, path: &RepoPath) -> Result<FileText, SnapshotError> {
        if path.extension() == Some("json") {
            return Err(SnapshotError::Unavailable { message: "not in this clone".to_owned(), help: None });
        }
        self.0.read(path)
    }
}

#[test]
fn a_text_that_the_clone_lacks_is_missed_only_where_it_is_read() {
    let after = |body: &str| {
        let revision = format!("{HEADER}from pathlib import Path\nrevision = 'r0'\ndown_revision = None\n\n{body}\n");
        let snapshot = Partial(MemorySnapshot::new([
            ("alembic.ini", format!("[alembic]\nscript_location = alembic\nsqlalchemy.url = {PG}\n")),
            ("alembic/env.py", "from alembic import context\n".to_owned()),
            ("alembic/versions/large.json", "{}".to_owned()),
            ("alembic/versions/r0.py", revision),
        ]));
        let project = discover::discover(&snapshot, &[]).unwrap().remove(0);
        let history = super::super::history(&project, &snapshot).unwrap();
        let catalog = replay(&history, project.dialect()).catalog;
        (catalog.tables.len(), catalog.doubts.is_empty())
    };
    let table = "    op.create_table('t', sa.Column('id', sa.Integer()))";
    assert_eq!(after(&format!("def rows():\n    return open('large.json')\n\ndef upgrade():\n{table}")), (1, true));
    let reads = "    op.execute((Path(__file__).parent / 'large.json').read_text())";
    assert_eq!(after(&format!("def upgrade():\n{table}\n{reads}")), (1, false));
}

#[test]
fn a_list_of_items_that_may_be_there_may_be_empty() {
    let guarded = "\
def upgrade():
    found = []
    for table in ('t', 't'):
        count = op.get_bind().execute(sa.text(f'SELECT count(*) FROM {table}')).scalar_one()
        if count:
            found.append((table, count))
    if found:
        details = ', '.join(found)
        raise RuntimeError(f'rows: {details}')
    op.add_column('t', sa.Column('a', sa.Integer()))";
    assert_eq!(after(PG, &[TABLE, guarded], &[]), "t(id, a)");
}

#[test]
fn the_primary_key_of_mysql_goes_without_its_name() {
    let make = "def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True, autoincrement=False))";
    let drop = "def upgrade():\n    with op.batch_alter_table('t') as batch:\n        batch.drop_constraint(None, type_='primary')\n        batch.create_primary_key('t_pkey', ['id'])";
    assert_eq!(after("mysql://localhost/app", &[make, drop], &[]), "t(id)");
    assert!(after(PG, &[make, drop], &[]).contains("must have a name"));
}

#[test]
fn an_enum_is_dropped_by_its_name() {
    let make = "def upgrade():\n    op.execute(\"CREATE TYPE state AS ENUM ('a', 'b')\")\n    op.create_table('t', sa.Column('id', sa.Integer(), nullable=False))";
    let drop = |call: &str| after(PG, &[make, &format!("def upgrade():\n    bind = op.get_bind()\n    {call}")], &[]);
    for call in [
        "postgresql.ENUM(name='state').drop(bind, checkfirst=True)",
        "postgresql.ENUM(name='state', create_type=False).drop(bind)",
        "sa.Enum(name='state').drop(bind)",
        "sa.Enum(bind.execute('SELECT 1').scalar(), name='state', schema='public').drop(bind, checkfirst=False)",
    ] {
        let found = drop(call);
        assert!(!found.contains("state") && !found.contains('?'), "{call}: {found}");
    }
    // What is not there is refused where nothing looks for it.
    assert!(drop("sa.Enum(name='sate').drop(bind, checkfirst=False)").contains("! the type sate does not exist"));
    assert_eq!(drop("postgresql.ENUM(name='sate').drop(bind)"), "t(id); state: a b");
    // No type of the database, a name that is computed, and what is made without labels.
    for call in [
        "sa.Enum(name='state', native_enum=False).drop(bind)",
        "sa.Enum(name=bind.execute('SELECT 1').scalar()).drop(bind)",
        "postgresql.ENUM(name='sate').create(bind)",
    ] {
        let found = drop(call);
        assert!(found.contains("state: a b") && found.contains('?'), "{call}: {found}");
    }
}
