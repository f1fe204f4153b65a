//! What environments say of themselves and of what they bring: settings, modules that are listed or that import each other,
//! operations of plugins, and what stands behind a revision that is missing.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

#[path = "support/environments.rs"]
mod environments;

use environments::{ENV, INI, MODELS, makes, plain, revision, told};

#[test]
fn names_that_env_py_takes_from_the_settings_are_left_out() {
    let models = "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\n\n\
        class A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n";
    let body = format!(
        "{}\n{}\n{}\nop.create_index('ix_a', 'a', ['id'])\nop.create_index('ix_b', 'a', ['id'])",
        makes("a"),
        makes("b"),
        makes("c")
    );
    let ini = "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://localhost/app\nexclude_tables = b , d\n\n[alembic:exclude]\ntables = b,d\nindexes = ix_b\n";
    let env = |given: &str, body: &str| {
        format!(
            "from alembic import context\nfrom models import Base\n\nconfig = context.config\ntarget_metadata = Base.metadata\n\n\n{given}\n\n\n\
             def include_object(object, name, type_, reflected, compare_to):\n    {body}\n    return True\n\n\n\
             context.configure(connection=None, target_metadata=target_metadata, include_object=include_object)\n"
        )
    };
    let configured = |ini: &str, models: &str, env: &str, body: &str| {
        let revision = revision("1", "None", body);
        told(&[
            ("alembic.ini", ini),
            ("migrations/env.py", env),
            ("migrations/versions/1.py", &revision),
            ("models.py", models),
        ])
    };
    let by_table = "if type_ == 'table' and name in EXCLUDED:\n        return False";
    for given in [
        "EXCLUDED = config.get_main_option('exclude_tables', '').split(',')\nEXCLUDED = [one.strip() for one in EXCLUDED if one.strip()]",
        "EXCLUDED = {one.strip() for one in config.get_section_option('alembic:exclude', 'tables').split(',')}",
        "EXCLUDED = config.get_section('alembic:exclude').get('tables', '').split(',')",
        "EXCLUDED = config.get_section('alembic:exclude', {})['tables'].split(',')",
        "def names(section):\n    tables = section.get('tables', None)\n    if tables is not None:\n        tables = tables.split(',')\n    return tables\n\n\nEXCLUDED = names(config.get_section('alembic:exclude'))",
        "EXCLUDED = [one.strip() for one in config.get_section(config.config_ini_section).get('exclude_tables', '').split(',')]",
    ] {
        let lines = configured(ini, models, &env(given, by_table), &body);
        assert!(!lines.iter().any(|line| line.contains("table b")), "{given}: {lines:?}");
        assert!(lines.contains(&"  extra-table the table c".to_owned()), "{given}: {lines:?}");
    }
    // Names of indexes, in a constant of the module.
    for (given, by) in [
        ("LEFT = {'ix_b', 'ix_z'}", "if type_ == 'index' and name in LEFT:\n        return False"),
        ("LEFT = frozenset(['ix_b'])", "if type_ == 'index':\n        return name not in LEFT"),
        (
            "LEFT = ('ix_b',)",
            "if type_ == 'index' and name is not None and name.startswith(LEFT):\n        return False",
        ),
        (
            "LEFT = config.get_section('alembic:exclude').get('indexes', '').split(',')",
            "if type_ == 'index' and name in LEFT:\n        return False",
        ),
    ] {
        let lines = configured(ini, models, &env(given, by), &body);
        assert!(!lines.iter().any(|line| line.contains("ix_b")), "{given}: {lines:?}");
        assert!(lines.contains(&"  extra-index the index ix_a of a".to_owned()), "{given}: {lines:?}");
    }
}

/// Flask with models in two packages of which each asks the other, through the module that makes the application.
fn circular(views: &str) -> Vec<String> {
    let body = format!("{}\n{}", makes("room"), makes("counter"));
    told(&[
        ("migrations/alembic.ini", "[alembic]\n[flask_migrate]\n"),
        (
            "migrations/env.py",
            "from flask import current_app\nfrom alembic import context\ntarget_metadata = current_app.extensions['migrate'].db.metadata\n",
        ),
        ("migrations/versions/1.py", &revision("1", "None", &body)),
        (
            "manage.py",
            "from core import db, application\nfrom flask_migrate import Migrate\nfrom app.models import a, b\nmigrate = Migrate(application, db)\n",
        ),
        (
            "core.py",
            "from flask import Flask\nfrom flask_sqlalchemy import SQLAlchemy\napplication = Flask(__name__)\ndb = SQLAlchemy(application)\nimport app.views\n",
        ),
        ("app/__init__.py", ""),
        ("app/models/__init__.py", ""),
        ("app/views.py", views),
        ("app/models/a/__init__.py", "from app.models.a.base import Base\nfrom app.models.a.room import Room\n"),
        (
            "app/models/a/base.py",
            "from core import db\nfrom sqlalchemy.ext.declarative import declared_attr\n\n\nclass Base(db.Model):\n    __abstract__ = True\n\n    @declared_attr\n    def __tablename__(cls):\n        return cls.__name__.lower()\n",
        ),
        (
            "app/models/a/room.py",
            "from core import db\nfrom app.models.a import Base\n\n\nclass Room(Base):\n    id = db.Column(db.Integer, primary_key=True)\n",
        ),
        ("app/models/b/__init__.py", "from app.models.b.counter import Counter\n"),
        (
            "app/models/b/counter.py",
            "from app.models.a import Base\nfrom core import db\n\n\nclass Counter(Base):\n    id = db.Column(db.Integer, primary_key=True)\n",
        ),
        ("requirements.txt", "psycopg2\nflask-migrate\n"),
    ])
}

#[test]
fn modules_that_import_each_other_are_run_from_the_one_that_makes_the_application() {
    assert_eq!(circular("from app.models.b import Counter\n"), [".: counter room | counter room"]);
    assert_eq!(circular(""), [".: counter room | counter room"], "no circle");
    // A circle that no order of the modules resolves stays in doubt.
    let never = circular("from app.models.b import Counter\nfrom core import later\n");
    assert!(never.iter().any(|line| line.contains("counter")), "{never:?}");
}

#[test]
fn modules_of_packages_that_are_listed() {
    let env = |body: &str| {
        format!(
            "import importlib\nimport pkgutil\nfrom alembic import context\nimport app.models\n\nfor info in pkgutil.iter_modules(app.models.__path__):\n{body}\nfrom app.models.base import Base\n\n\
             target_metadata = Base.metadata\ncontext.configure(connection=None, target_metadata=target_metadata)\n"
        )
    };
    let run = |body: &str| {
        told(&[
            ("alembic.ini", INI),
            ("alembic/env.py", &env(body)),
            ("alembic/versions/1.py", &revision("1", "None", &makes("group"))),
            ("app/__init__.py", ""),
            ("app/models/__init__.py", ""),
            ("app/models/base.py", "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"),
            ("app/models/group/__init__.py", ""),
            (
                "app/models/group/row.py",
                "from sqlalchemy import Column, Integer\nfrom app.models.base import Base\n\n\nclass Group(Base):\n    __tablename__ = 'group'\n    id = Column(Integer, primary_key=True)\n",
            ),
        ])
    };
    for body in [
        "    importlib.import_module(f'app.models.{info.name}.row')",
        "    if info.ispkg:\n        importlib.import_module(f'app.models.{info.name}.row')",
        "    importlib.import_module(f'app.models.{info.name}')\n    if info[2]:\n        importlib.import_module('app.models.' + info.name + '.row')",
        "    try:\n        importlib.import_module(f'app.models.{info.name}.row')\n    except ModuleNotFoundError:\n        pass",
    ] {
        assert_eq!(run(body), [".: group | group"], "{body}");
    }
    // Modules of another name are not those.
    let other = run("    if info.ispkg:\n        importlib.import_module(f'app.models.{info.name}.rows')");
    assert!(other[0].starts_with(".:  | group") || other.iter().any(|line| line.contains("group")), "{other:?}");
}

#[test]
fn a_type_that_env_py_puts_into_sqlalchemy() {
    let models = "import sqlalchemy as sa\nfrom sqlalchemy.orm import declarative_base\nfrom sqlalchemy.types import TypeDecorator, CHAR\nBase = declarative_base()\n\n\n\
        class GUID(TypeDecorator):\n    impl = CHAR(32)\n\n\nclass A(Base):\n    __tablename__ = 'a'\n    id = sa.Column(GUID, primary_key=True)\n";
    let env = |patch: &str| {
        format!(
            "import sqlalchemy as sa\nfrom alembic import context\nfrom models import Base, GUID\n{patch}target_metadata = Base.metadata\ncontext.configure(connection=None, target_metadata=target_metadata)\n"
        )
    };
    let body = |ty: &str| format!("op.create_table('a', sa.Column('id', sa.{ty}, primary_key=True))");
    let patched = env("sa.GUID = GUID\n");
    assert_eq!(plain(models, &patched, &body("GUID()")), [".: a | a"]);
    // It is what the class says, and no other name is found so.
    let other = plain(models, &patched, &body("CHAR(10)"));
    assert_eq!(other, [".: a | a", "  changed-type the type of a.id"]);
    let unpatched = plain(models, &env(""), &body("GUID()"));
    assert!(unpatched.iter().any(|line| line.contains("sqlalchemy.GUID")), "{unpatched:?}");
}

#[test]
fn an_operation_on_the_rows_of_a_table_hides_nothing_of_another() {
    let run = |op: &str| {
        let body = format!("{}\n{}\n{op}", makes("kind"), makes("a"));
        plain(&format!("{MODELS}    name = Column(String(9))\n"), ENV, &body)
    };
    for op in ["op.enum_insert('kind', ['A'])", "op.enum_delete('kind', ['A'])", "op.fill_rows('kind', ['A'])"] {
        let lines = run(op);
        assert!(lines.contains(&"  missing-column the column a.name".to_owned()), "{op} {lines:?}");
        assert!(lines.contains(&"  ? extra-table the table kind".to_owned()), "{op} {lines:?}");
    }
    let lines = run("op.fill_everything(['A'])");
    assert!(lines.contains(&"  ? missing-column the column a.name".to_owned()), "{lines:?}");
    let within = "op.execute('CREATE SCHEMA s')\nop.create_table('kind', sa.Column('id', sa.Integer()), schema='s')\nop.create_table('a', sa.Column('id', sa.Integer(), primary_key=True))\nop.fill_rows('kind', ['A'], schema='s')";
    let lines = plain(&format!("{MODELS}    name = Column(String(9))\n"), ENV, within);
    assert!(lines.contains(&"  missing-column the column a.name".to_owned()), "{lines:?}");
}

#[test]
fn a_unique_constraint_on_the_columns_of_the_key() {
    let models = |column: &str, more: &str| {
        format!(
            "from sqlalchemy import Column, Integer, UniqueConstraint\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\n\nclass A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True{column})\n    b = Column(Integer)\n{more}"
        )
    };
    let (by_column, named) =
        (models(", unique=True", ""), models("", "    __table_args__ = (UniqueConstraint('id', name='uq_a'),)\n"));
    let made = |more: &str, then: &str| {
        format!(
            "op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('b', sa.Integer()){more})\n{then}"
        )
    };
    let whole = [".: a | a".to_owned()];
    let add = |name: &str, column: &str| format!("op.create_unique_constraint({name}, 'a', ['{column}'])");
    for body in [
        made("", ""),
        made(", sa.UniqueConstraint('id')", ""),
        made("", &add("None", "id")),
        made("", &add("'uq_x'", "id")),
    ] {
        assert_eq!(plain(&by_column, ENV, &body), whole, "{body}");
    }
    assert_eq!(plain(&named, ENV, &made("", &add("'uq_a'", "id"))), whole);
    // The key has its name: it is made as far as PostgreSQL makes it.
    assert_eq!(plain(&named, ENV, &made(", sa.UniqueConstraint('id', name='uq_a')", "")), whole);
    // As autogenerate tells them (Alembic 1.20 on PostgreSQL).
    let told = |models: &str, body: &str| plain(models, ENV, body)[1..].to_vec();
    assert_eq!(told(&named, &made("", "")), ["  missing-unique the unique constraint uq_a of a"]);
    assert_eq!(
        told(&models("", ""), &made("", &add("'uq_x'", "id"))),
        ["  extra-unique the unique constraint uq_x of a"]
    );
    assert_eq!(told(&by_column, &made("", &add("'uq_x'", "b"))), ["  extra-unique the unique constraint uq_x of a"]);
    assert_eq!(
        told(&models("", "    __table_args__ = (UniqueConstraint('b'),)\n"), &made("", "")),
        ["  missing-unique the unique constraint a_b_key of a"]
    );
}

#[test]
fn what_stands_behind_a_missing_revision_is_in_doubt_with_its_tables_alone() {
    let models = format!(
        "{MODELS}\n\nclass B(Base):\n    __tablename__ = 'b'\n    id = Column(Integer, primary_key=True)\n    kind = Column(Integer)\n"
    );
    let first = revision("1", "None", &format!("{}\n{}", makes("a"), makes("b")));
    let third = revision("3", "'2'", "op.add_column('a', sa.Column('x', sa.Integer()))");
    let fourth = revision("4", "'3'", "op.add_column('a', sa.Column('y', sa.Integer()))");
    let run = |more: &[(&str, &str)]| {
        let mut files = vec![
            ("alembic.ini", INI),
            ("alembic/env.py", ENV),
            ("alembic/versions/1.py", first.as_str()),
            ("alembic/versions/3.py", third.as_str()),
            ("alembic/versions/4.py", fourth.as_str()),
            ("models.py", models.as_str()),
        ];
        files.extend(more);
        told(&files)
    };
    let lines = run(&[]);
    for line in
        ["  ? extra-column the column a.x", "  ? extra-column the column a.y", "  missing-column the column b.kind"]
    {
        assert!(lines.contains(&line.to_owned()), "{line}: {lines:?}");
    }
    let whole = run(&[("alembic/versions/2.py", &revision("2", "'1'", "pass"))]);
    assert!(whole.contains(&"  extra-column the column a.x".to_owned()), "{whole:?}");
}
