//! What declarative classes, tables and environments declare, one feature at a time.

use super::super::*;
use crate::alembic::compare;
use crate::catalog::{ColumnDefault, Unmanaged};
use crate::git::MemorySnapshot;

const INI: &str = "[alembic]\nscript_location = alembic\nprepend_sys_path = .\nsqlalchemy.url = postgresql://h/d\n";

/// A project whose models are these files; `env.py` compares `target`.
pub(super) fn project(files: &[(&str, &str)], imports: &str, target: &str) -> MemorySnapshot {
    let env = format!(
        "from alembic import context\n{imports}\ntarget_metadata = {target}\ndef online():\n    with engine.connect() as connection:\n        context.configure(connection=connection, target_metadata=target_metadata)\nif context.is_offline_mode():\n    pass\nelse:\n    online()\n"
    );
    let mut all = vec![("alembic.ini".to_owned(), INI.to_owned()), ("alembic/env.py".to_owned(), env)];
    all.extend(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    MemorySnapshot::new(all)
}

pub(super) fn read(snapshot: &MemorySnapshot) -> Declared {
    let projects = discover::discover(snapshot, &[]).unwrap();
    declared(&projects[0], snapshot, projects[0].dialect()).unwrap()
}

/// The tables that one module of models declares, each as `name(column type null?, …)`.
pub(super) fn tables(models: &str) -> Vec<String> {
    let snapshot = project(&[("models.py", models)], "from models import *\nimport models", "models.Base.metadata");
    told(&read(&snapshot).catalog)
}

pub(super) fn told(catalog: &Catalog) -> Vec<String> {
    catalog
        .tables
        .values()
        .map(|table| {
            let columns: Vec<String> = table
                .columns
                .iter()
                .map(|column| format!("{} {}{}", column.name, column.ty, if column.nullable { "?" } else { "" }))
                .collect();
            format!("{}({})", table.name, columns.join(", "))
        })
        .collect()
}

fn reasons(declared: &Declared) -> Vec<String> {
    declared.catalog.doubts.iter().map(|doubt| doubt.reason.clone()).collect()
}

#[test]
fn inheritance_joined_single_and_concrete() {
    let found = tables(
        "
from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import declarative_base, declared_attr
Base = declarative_base()
class Named:
    name = Column(String(10))
class Animal(Named, Base):
    __tablename__ = 'animal'
    id = Column(Integer, primary_key=True)
    __mapper_args__ = {'polymorphic_on': 'name'}
class Cat(Animal):
    lives = Column(Integer)
class Dog(Animal):
    __tablename__ = 'dog'
    id = Column(ForeignKey('animal.id'), primary_key=True)
    breed = Column(String(5), nullable=False)
class Stone(Base):
    __abstract__ = True
    weight = Column(Integer)
class Pebble(Stone):
    __tablename__ = 'pebble'
    id = Column(Integer, primary_key=True)
",
    );
    assert_eq!(
        found,
        [
            "animal(id integer, name varchar(10)?, lives integer?)",
            "dog(id integer, breed varchar(5))",
            "pebble(id integer, weight integer?)"
        ]
    );
}

#[test]
fn annotations_decide_types_and_nullability() {
    let found = tables(
        "
from __future__ import annotations
import enum
from typing import Annotated, Any, Literal, Optional
from sqlalchemy import BigInteger, ForeignKey, JSON, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
pk = Annotated[int, mapped_column(BigInteger, primary_key=True)]
short = Annotated[str, 5]
class Color(enum.Enum):
    red = 1
class Base(DeclarativeBase):
    type_annotation_map = {short: String(5), dict[str, Any]: JSON}
class T(Base):
    __tablename__ = 't'
    id: Mapped[pk]
    a: Mapped[Optional[short]]
    b: Mapped['str | None'] = mapped_column(String(9))
    c: Mapped[dict[str, Any]]
    d: Mapped[Literal['x', 'yyy']]
    e: Mapped[Color]
    f: Mapped[int] = mapped_column('effe', nullable=True)
    up: Mapped[Optional[int]] = mapped_column(ForeignKey('t.id'))
    parent: Mapped[T] = relationship(remote_side=[id])
    plain: int = 3
",
    );
    assert_eq!(
        found,
        ["t(id bigint, a varchar(5)?, b varchar(9)?, c json, d varchar(3), e public.color, effe integer?, up bigint?)"]
    );
}

#[test]
fn sqlmodel_and_flask_name_their_tables() {
    let snapshot = project(
        &[(
            "models.py",
            "
from typing import Optional
from sqlmodel import Field, SQLModel, Relationship
class Base(SQLModel):
    name: str = Field(max_length=7, index=True)
class TeamMember(Base, table=True):
    id: Optional[int] = Field(default=None, primary_key=True)
    boss_id: Optional[int] = Field(default=None, foreign_key='teammember.id')
    boss: Optional['TeamMember'] = Relationship(sa_relationship_kwargs={'remote_side': 'TeamMember.id'})
class Public(Base):
    extra: int
",
        )],
        "import models\nfrom sqlmodel import SQLModel",
        "SQLModel.metadata",
    );
    assert_eq!(told(&read(&snapshot).catalog), ["teammember(id integer, boss_id integer?, name varchar(7))"]);

    let flask = |models: &str| {
        MemorySnapshot::new([
            ("migrations/alembic.ini", "[alembic]\n"),
            (
                "migrations/env.py",
                "from flask import current_app\nfrom alembic import context\nget = current_app.extensions['migrate'].db",
            ),
            (
                "app/__init__.py",
                "from flask_sqlalchemy import SQLAlchemy\nfrom flask_migrate import Migrate\ndb = SQLAlchemy()\nmigrate = Migrate()\n",
            ),
            ("app/models.py", models),
            (
                "tests/test_models.py",
                "from app import db\nclass Fake(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n",
            ),
            // Asks a model for its table, and declares none.
            (
                "app/views.py",
                "from app.models import BlogPost\ndef show(model):\n    print model.__tablename__, BlogPost.__tablename__\n",
            ),
            // Nothing can import a program of that name, whatever it is written in.
            (
                "tools/migrate-users.py",
                "print 'Python 2'\nfrom app import db\nclass Stray(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n",
            ),
        ])
    };
    let models = "from app import db\nclass BlogPost(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\nclass Other(db.Model):\n    __bind_key__ = 'logs'\n    id = db.Column(db.Integer, primary_key=True)\n";
    let declared = read(&flask(models));
    assert_eq!(told(&declared.catalog), ["blog_post(id integer)"]);
    assert!(declared.problems.is_empty(), "{:?}", declared.problems);
    let old = read(&flask(&format!("print 'x'\n{models}")));
    assert_eq!((old.problems.len(), old.outdated.len()), (0, 1), "Python 2 is read, and said to be what it is");
    assert_eq!(told(&old.catalog), ["blog_post(id integer)"]);
    let broken = format!("x = = 1\n{models}");
    assert_eq!(read(&flask(&broken)).problems.len(), 1, "a model that cannot be read stops the comparison");
}

#[test]
fn metadata_that_env_does_not_compare_is_left_out() {
    let models = "
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.orm import declarative_base
Base = declarative_base()
Other = declarative_base()
class A(Base):
    __tablename__ = 'a'
    id = Column(Integer, primary_key=True)
class B(Other):
    __tablename__ = 'b'
    id = Column(Integer, primary_key=True)
Table('c', Base.metadata, Column('x', Integer), schema='s')
";
    assert_eq!(tables(models), ["a(id integer)", "s.c(x integer?)"]);
    let both = project(&[("models.py", models)], "import models", "[models.Base.metadata, models.Other.metadata]");
    assert_eq!(told(&read(&both).catalog), ["a(id integer)", "b(id integer)", "s.c(x integer?)"]);
    let none = project(&[("models.py", models)], "", "None");
    let nothing = ["env.py names no target_metadata, so there is nothing to compare"];
    assert_eq!(reasons(&read(&none)), nothing);
    let env = "from alembic import context\ncontext.configure(connection=engine.connect())\ncontext.run_migrations()\n";
    let silent = MemorySnapshot::new([("alembic.ini", INI), ("alembic/env.py", env), ("models.py", models)]);
    assert_eq!(reasons(&read(&silent)), nothing);
}

#[test]
fn an_option_that_the_settings_do_not_have_is_its_default() {
    let models = "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n";
    let env = |set: &str| {
        format!(
            "from alembic import context\nfrom models import Base\nconfig = context.config\n{set}\nplugin = config.get_main_option('plugin')\ndef include_object(obj, name, type_, reflected, compare_to):\n    return not plugin or name.startswith(plugin)\ncontext.configure(connection=engine.connect(), target_metadata=Base.metadata, include_object=include_object)\n"
        )
    };
    let read_with = |env: &str, ini: &str| {
        read(&MemorySnapshot::new([("alembic.ini", ini), ("alembic/env.py", env), ("models.py", models)]))
    };
    assert_eq!(reasons(&read_with(&env(""), INI)), [""; 0]);
    assert!(!reasons(&read_with(&env("config.set_main_option('plugin', find())"), INI)).is_empty());
    // One that they have is what they say: the table a is not the plugin's.
    let plugin = format!("{INI}\nplugin = b\n");
    let read = read_with(&env(""), &plugin);
    assert_eq!(reasons(&read), [""; 0]);
    assert!(read.catalog.unmanaged.contains(&Unmanaged::Table(ObjectName::bare("a"))));
    assert!(!reasons(&read_with(&env("config.set_main_option('plugin', find())"), &plugin)).is_empty());
}

#[test]
fn a_section_of_the_settings_says_what_is_left_out() {
    let models = "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\nclass B(Base):\n    __tablename__ = 'b'\n    id = Column(Integer, primary_key=True)\n";
    let env = |set: &str, section: &str| {
        format!(
            "from alembic import context\nfrom models import Base\nconfig = context.config\n{set}\nout = config.get_section('{section}').get('tables', '').split(',')\ndef include_object(obj, name, type_, reflected, compare_to):\n    return not (type_ == 'table' and name in out)\ncontext.configure(connection=engine.connect(), target_metadata=Base.metadata, include_object=include_object)\n"
        )
    };
    let told = |env: &str| {
        let ini = format!("{INI}tables = a\n[alembic:exclude]\ntables = spatial_ref_sys,b\n");
        let read = read(&MemorySnapshot::new([("alembic.ini", &*ini), ("alembic/env.py", env), ("models.py", models)]));
        (reasons(&read).len(), read.catalog.unmanaged)
    };
    let left_out = vec![Unmanaged::Table(ObjectName::bare("b"))];
    assert_eq!(told(&env("", "alembic:exclude")), (0, left_out), "the table a is compared");
    // So does the main one, where env.py sets nothing of it.
    assert_eq!(told(&env("", "alembic")), (0, vec![Unmanaged::Table(ObjectName::bare("a"))]));
    assert_eq!(told(&env("config.set_main_option('tables', find())", "alembic")).0, 2);
    // What the file does not tell is not known.
    assert_eq!(told(&env("", "other")).0, 2);
    assert_eq!(told(&env("config.set_section_option('alembic:exclude', 'tables', find())", "alembic:exclude")).0, 2);
    assert_eq!(told(&env("config.set_section_option(section(), 'tables', find())", "alembic:exclude")).0, 2);
}

#[test]
fn what_geoalchemy_leaves_out_is_known() {
    let models = "from sqlalchemy import Column, Index, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n    n = Column(Integer)\n    __table_args__ = (Index('idx_a_n', n),)\nclass S(Base):\n    __tablename__ = 'spatial_ref_sys'\n    id = Column(Integer, primary_key=True)\n";
    let told = |given: &str| {
        let env = format!(
            "from alembic import context\nfrom geoalchemy2 import alembic_helpers\nfrom models import Base\ncontext.configure(connection=engine.connect(), target_metadata=Base.metadata, include_object={given})\n"
        );
        let read = read(&MemorySnapshot::new([("alembic.ini", INI), ("alembic/env.py", &env), ("models.py", models)]));
        (reasons(&read).len(), read.catalog.unmanaged)
    };
    let left_out = vec![Unmanaged::Table(ObjectName::bare("spatial_ref_sys"))];
    assert_eq!(told("alembic_helpers.include_object"), (0, left_out), "the table a and its index are compared");
    assert_ne!(told("alembic_helpers.other").0, 0);
}

#[test]
fn a_base_of_another_package_tells_by_the_metadata_that_it_is_given() {
    let models = "from sqlalchemy import Column, Integer, MetaData\nfrom advanced.parts import SQLQuery\nclass Base(SQLQuery):\n    __abstract__ = True\n    metadata = MetaData()\nclass A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n";
    assert_eq!(tables(models), ["a(id integer)"]);
}

#[test]
fn autoincrement_outdoes_a_default_of_the_server() {
    let models = |more: &str| {
        format!(
            "from sqlalchemy import Column, Integer, text\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True, server_default=text('7'){more})\n"
        )
    };
    let default = |models: &str| {
        let snapshot = project(&[("models.py", models)], "from models import *\nimport models", "models.Base.metadata");
        let found = read(&snapshot).catalog;
        found.tables.values().next().and_then(|table| table.columns[0].default.clone())
    };
    // As PGDDLCompiler.get_column_specification writes them.
    let counting = models(", autoincrement=True");
    assert_eq!(default(&counting), default(&counting.replace(", server_default=text('7')", "")));
    assert!(matches!(default(&counting), Some(ColumnDefault::NextVal(_))));
    assert!(!matches!(default(&models("")), None | Some(ColumnDefault::NextVal(_))));
}

#[test]
fn modules_that_a_loop_imports_are_read() {
    let files = [
        (
            "db/__init__.py",
            "import importlib, pkgutil\nfor _, name, _ in pkgutil.iter_modules(__path__):\n    importlib.import_module(f'db.{name}')\n",
        ),
        ("db/base.py", "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"),
        (
            "db/one.py",
            "from sqlalchemy import Column, Integer\nfrom .base import Base\nclass One(Base):\n    __tablename__ = 'one'\n    id = Column(Integer, primary_key=True)\n",
        ),
    ];
    let snapshot = project(&files, "import db\nfrom db.base import Base", "Base.metadata");
    assert_eq!(told(&read(&snapshot).catalog), ["one(id integer)"]);
}

#[test]
fn what_sqlalchemy_refuses_is_not_judged() {
    let head = "from sqlalchemy import Column, ForeignKey, Index, Integer, Table\nfrom sqlalchemy.orm import declarative_base, relationship\nBase = declarative_base()\n";
    for (body, wanted) in [
        ("class A(Base):\n    __tablename__ = 'a'\n    x = Column(Integer)\n", "no primary key"),
        ("class A(Base):\n    id = Column(Integer, primary_key=True)\n", "neither a __table__ nor a __tablename__"),
        (
            "class A(Base):\n    __tablename__ = 'a'\n    id = Column(ForeignKey('b.id'), primary_key=True)\n",
            "no model declares the table b",
        ),
        (
            "class A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n    __table_args__ = (Index('i', 'gone'),)\n",
            "names the column gone",
        ),
        (
            "class A(Base):\n    __table__ = Table('a', Base.metadata, Column('id', Integer, primary_key=True))\n    more = Column(Integer)\n",
            "beside its __table__",
        ),
    ] {
        let models = format!("{head}{body}");
        let snapshot = project(&[("models.py", &models)], "import models", "models.Base.metadata");
        let declared = read(&snapshot);
        let everything = declared.catalog.doubts.iter().find(|doubt| doubt.reach == Reach::Everything);
        let reason = everything.map(|doubt| doubt.reason.clone()).unwrap_or_default();
        assert!(reason.contains(wanted), "{wanted}: {reason}");
    }
}

#[test]
fn a_relationship_that_nothing_carries_hides_no_table() {
    let models = "
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base, relationship
Base = declarative_base()
class A(Base):
    __tablename__ = 'a'
    id = Column(Integer, primary_key=True)
    bs = relationship('B')
class B(Base):
    __tablename__ = 'b'
    id = Column(Integer, primary_key=True)
";
    let snapshot = project(&[("models.py", models)], "import models", "models.Base.metadata");
    let declared = read(&snapshot);
    assert_eq!(told(&declared.catalog), ["a(id integer)", "b(id integer)"]);
    assert_eq!(
        reasons(&declared),
        ["no foreign key links the tables of the relationship A.bs, so the first query fails"]
    );
    assert!(declared.catalog.doubts.iter().all(|doubt| doubt.reach == Reach::Nothing));
    // A class with a table of its own is mapped when it is made: that fails at once.
    let joined = models.replace("class B(Base)", "class B(A)").replace("    bs = relationship('B')\n", "");
    let snapshot = project(&[("models.py", &joined)], "import models", "models.Base.metadata");
    assert!(read(&snapshot).catalog.doubts.iter().any(|doubt| doubt.reach == Reach::Everything));
}

#[test]
fn an_enum_of_the_standard_library_is_read_or_doubted_for_its_column() {
    let models = "
import http
from http import HTTPMethod, HTTPStatus
from sqlalchemy import Column, Enum, Integer
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class A(Base):
    __tablename__ = 'a'
    id = Column(Integer, primary_key=True)
    one = Column(Enum(HTTPMethod))
    two = Column(Enum(http.HTTPMethod, name='way', values_callable=lambda e: [m.value.lower() for m in e]))
    three = Column(Enum(HTTPStatus))
";
    let snapshot = project(&[("models.py", models)], "import models", "models.Base.metadata");
    let declared = read(&snapshot);
    let enums: Vec<String> =
        declared.catalog.enums.values().map(|one| format!("{} {}", one.name.name, one.labels.join(" "))).collect();
    assert_eq!(
        enums,
        [
            "httpmethod CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE",
            "way connect delete get head options patch post put trace"
        ]
    );
    let reaches: Vec<&Reach> = declared.catalog.doubts.iter().map(|doubt| &doubt.reach).collect();
    assert_eq!(reaches, [&Reach::Column(ObjectName::bare("a"), "three".to_owned())]);
}

#[test]
fn what_cannot_be_evaluated_is_a_doubt_about_as_little_as_possible() {
    let snapshot = project(
        &[(
            "models.py",
            "
import os
from somewhere import SpecialType, Mixin
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class A(Base):
    __tablename__ = 'a'
    id = Column(Integer, primary_key=True)
    odd = Column(SpecialType(3))
class B(Mixin, Base):
    __tablename__ = 'b'
    id = Column(Integer, primary_key=True)
",
        )],
        "import models",
        "models.Base.metadata",
    );
    let declared = read(&snapshot);
    let reaches: Vec<String> = declared.catalog.doubts.iter().map(|doubt| format!("{:?}", doubt.reach)).collect();
    assert_eq!(reaches.len(), 2, "{:?}", declared.catalog.doubts);
    assert!(reaches.iter().any(|reach| reach.starts_with("Column") && reach.contains("odd")));
    assert!(reaches.iter().any(|reach| reach.starts_with("Table") && reach.contains("\"b\"")));
}

#[test]
fn env_py_keeps_tables_and_indexes_out() {
    let env = "
from alembic import context
import models
IGNORED = {'legacy'}
def include_object(object, name, type_, reflected, compare_to):
    if type_ == 'table':
        if object.info.get('skip'):
            return False
        return name not in IGNORED and not (reflected and compare_to is None and name.startswith('tmp_'))
    return not (type_ == 'index' and name.endswith('_gist'))
def online():
    context.configure(connection=None, target_metadata=models.Base.metadata, include_object=include_object)
online()
";
    let models = "
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class A(Base):
    __tablename__ = 'a'
    id = Column(Integer, primary_key=True)
class V(Base):
    __tablename__ = 'a_view'
    __table_args__ = {'info': {'skip': True}}
    id = Column(Integer, primary_key=True)
";
    let revision =
        "op.create_table('legacy')\nop.create_table('tmp_x')\nop.create_table('kept')\nop.create_index('a_gist', 'a')";
    let snapshot = MemorySnapshot::new([
        ("alembic.ini", INI),
        ("alembic/env.py", env),
        ("alembic/versions/x.py", revision),
        ("models.py", models),
    ]);
    let declared = read(&snapshot);
    let mut kept_out: Vec<String> = declared
        .catalog
        .unmanaged
        .iter()
        .map(|unmanaged| match unmanaged {
            Unmanaged::Table(name) => name.to_string(),
            Unmanaged::Decided { part, table, column, settled } => format!("{part:?} of {table}.{column}: {settled:?}"),
            Unmanaged::Part { part, name, side, .. } => {
                format!("{part:?} {} {side:?}", name.as_deref().unwrap_or("*"))
            }
        })
        .collect();
    kept_out.sort();
    assert_eq!(kept_out, ["Index a_gist Extra", "a_view", "legacy", "tmp_x"]);
    let replayed = Catalog::new(Dialect::PostgreSql);
    let gap = compare::compare(&declared.catalog, &replayed, &compare::Options::default());
    assert_eq!(gap.iter().map(|difference| difference.name.as_str()).collect::<Vec<_>>(), ["a"]);
}

#[test]
fn env_py_keeps_columns_and_constraints_out() {
    let env = "
from alembic import context
import sqlalchemy as sa
import models
def include_object(object, name, type_, reflected, compare_to):
    if type_ == 'unique_constraint' and name == 'a_by_hand_key' and compare_to is None:
        return False
    if type_ == 'foreign_key_constraint':
        return False
    if type_ == 'column' and object.table.name == 'a' and object.info.get('skip'):
        return False
    if type_ == 'column' and reflected and object.table.name == 'a' and name == 'old':
        return False
    return not (type_ == 'column' and name == 'odd' and hasattr(compare_to, 'type') and isinstance(compare_to.type, sa.Integer))
context.configure(connection=None, target_metadata=models.Base.metadata, include_object=include_object)
";
    let models = "
from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class A(Base):
    __tablename__ = 'a'
    id = Column(Integer, primary_key=True)
    parent = Column(Integer, ForeignKey('a.id'))
    hidden = Column(Integer, info={'skip': True})
    seen = Column(Integer)
    odd = Column(String)
class B(Base):
    __tablename__ = 'b'
    id = Column(Integer, primary_key=True)
";
    let revision = "op.add_column('a', sa.Column('old', sa.Integer()))\nop.create_unique_constraint('a_by_hand_key', 'a', ['id'])\nop.create_unique_constraint('a_other_key', 'a', ['id'])";
    let snapshot = MemorySnapshot::new([
        ("alembic.ini", INI),
        ("alembic/env.py", env),
        ("alembic/versions/x.py", revision),
        ("models.py", models),
    ]);
    let declared = read(&snapshot);
    let reaches: Vec<String> = declared.catalog.doubts.iter().map(|doubt| doubt.reason.clone()).collect();
    assert_eq!(reaches, ["whether env.py leaves the column a.odd out of the comparison"]);
    let mut replayed = Catalog::new(Dialect::PostgreSql);
    let sql = "CREATE TABLE a (id serial PRIMARY KEY, parent integer, old integer, odd integer, extra integer);
        ALTER TABLE a ADD CONSTRAINT a_by_hand_key UNIQUE (id);
        ALTER TABLE a ADD CONSTRAINT a_other_key UNIQUE (id);
        CREATE TABLE b (id serial PRIMARY KEY, old integer);";
    let source = Source::new(RepoPath::new("x.sql"), sql);
    for operation in crate::sql::read(&source, Dialect::PostgreSql).operations {
        replayed.apply(&operation).unwrap();
    }
    let gap = compare::compare(&declared.catalog, &replayed, &compare::Options::default());
    let told: Vec<String> = gap
        .iter()
        .map(|one| format!("{:?} {}.{} {}", one.kind.side, one.table.as_ref().unwrap().name, one.name, one.certain))
        .collect();
    assert_eq!(
        told,
        [
            "Missing a.seen true",
            "Extra a.extra true",
            "Extra a.a_other_key true",
            "Changed a.odd false",
            "Extra b.old true"
        ]
    );
}

#[test]
fn models_that_nothing_imports_are_named() {
    let base = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n";
    let model = |name: &str, table: &str| {
        format!(
            "from base import Base\nfrom sqlalchemy import Column, Integer\nclass {name}(Base):\n    __tablename__ = '{table}'\n    id = Column(Integer, primary_key=True)\n"
        )
    };
    let (a, b) = (model("A", "a"), model("B", "b"));
    let snapshot = project(
        &[("base.py", base), ("a.py", &a), ("lost.py", &b)],
        "from base import Base\nimport a",
        "Base.metadata",
    );
    let projects = discover::discover(&snapshot, &[]).unwrap();
    assert_eq!(projects[0].schema, [RepoPath::new("a.py"), RepoPath::new("base.py")]);
    let found = unregistered(&projects[0], &snapshot).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].problem.path.as_str(), found[0].table.name.as_str()), ("lost.py", "b"));
    assert!(found[0].problem.message.contains("the model B (table b)"), "{}", found[0].problem.message);
}

#[test]
fn a_file_that_does_not_parse_is_a_problem() {
    let snapshot = project(
        &[("models.py", "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> b\n")],
        "import models",
        "models.Base.metadata",
    );
    let declared = read(&snapshot);
    assert_eq!(declared.problems.len(), 1);
    assert_eq!(declared.problems[0].message, "this file has conflict markers");
}

#[test]
fn a_convention_that_is_assigned_names_what_is_declared_later() {
    let models = |assigned: &str, late: &str| {
        let text = format!(
            "from sqlalchemy import CheckConstraint, Column, Integer\nfrom sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n\
             {assigned}class A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n    __table_args__ = (CheckConstraint('id > 0', name='positive'),)\n{late}"
        );
        let snapshot = MemorySnapshot::new([
            ("alembic.ini", "[alembic]\nscript_location = alembic\nsqlalchemy.url = postgresql://h/d\n"),
            (
                "alembic/env.py",
                "from alembic import context\nfrom models import Base\ncontext.configure(target_metadata=Base.metadata)\n",
            ),
            ("models.py", &text),
        ]);
        let catalog = read(&snapshot).catalog;
        let checks = catalog.tables.values().flat_map(|table| &table.checks);
        checks.filter_map(|check| check.name.clone()).collect::<Vec<_>>()
    };
    let assigned = "Base.metadata.naming_convention = {'ck': 'ck_%(table_name)s_%(constraint_name)s'}\n";
    assert_eq!(models(assigned, ""), ["ck_a_positive"]);
    assert_eq!(models("", assigned), ["positive"]);
    assert_eq!(models("", ""), ["positive"]);
}

#[test]
fn env_py_goes_by_the_schema_of_an_object_or_of_its_table() {
    let read = |schema_of: &str| {
        let env = format!(
            "
from alembic import context
import models
def include_object(object_, name, *args):
    schema = {schema_of}
    return name != 'alembic_version' and schema == 'own'
context.configure(connection=None, target_metadata=models.Base.metadata, include_schemas=True, include_object=include_object)
"
        );
        let models = "
from sqlalchemy import Column, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class A(Base):
    __tablename__ = 'a'
    __table_args__ = (UniqueConstraint('at', name='uq_a_at'), Index('ix_a_at', 'at'), {'schema': 'own'})
    id = Column(Integer, primary_key=True)
    at = Column(Integer, ForeignKey('own.a.id'))
class B(Base):
    __tablename__ = 'b'
    id = Column(Integer, primary_key=True)
";
        let snapshot =
            MemorySnapshot::new([("alembic.ini", INI), ("alembic/env.py", env.as_str()), ("models.py", models)]);
        let declared = read(&snapshot);
        let doubts: Vec<String> = declared.catalog.doubts.iter().map(|doubt| doubt.reason.clone()).collect();
        assert_eq!(doubts, [""; 0], "{schema_of}");
        let replayed = Catalog::new(Dialect::PostgreSql);
        let gap = compare::compare(&declared.catalog, &replayed, &compare::Options::default());
        let missing: Vec<String> = gap.iter().map(|one| one.name.clone()).collect();
        let mut replayed = Catalog::new(Dialect::PostgreSql);
        let sql = "CREATE SCHEMA own; CREATE TABLE own.a (id serial PRIMARY KEY); CREATE TABLE b (id serial PRIMARY KEY, extra integer);";
        let source = Source::new(RepoPath::new("x.sql"), sql);
        for operation in crate::sql::read(&source, Dialect::PostgreSql).operations {
            replayed.apply(&operation).unwrap();
        }
        let gap = compare::compare(&declared.catalog, &replayed, &compare::Options::default());
        let mut parts: Vec<String> = gap.iter().filter(|one| one.certain).map(|one| one.name.clone()).collect();
        parts.sort();
        (missing, parts)
    };
    for schema_of in [
        "object_.schema if hasattr(object_, 'schema') else object_.table.schema",
        "object_.table.schema if hasattr(object_, 'table') else object_.schema",
        "getattr(object_, 'schema', getattr(object_, 'table', object_).schema)",
    ] {
        let (missing, parts) = read(schema_of);
        assert_eq!(missing, ["a"], "{schema_of}: what is of no schema is left out, what is of its own is told");
        assert!(["at", "ix_a_at", "uq_a_at"].iter().all(|part| parts.iter().any(|found| found == part)), "{parts:?}");
        assert!(!parts.iter().any(|found| found == "extra"), "{parts:?}");
    }
}
