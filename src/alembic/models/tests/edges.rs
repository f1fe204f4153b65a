//! What lies at the edge of a repository: bases and metadata of packages, programs that run Alembic, cut names.

use super::super::*;
use crate::alembic::Alembic;
use crate::git::MemorySnapshot;
use crate::history::replay;
use crate::project::Ecosystem;

pub(super) const INI: &str = "[alembic]\nscript_location = alembic\nsqlalchemy.url = postgresql://h/d\n";
pub(super) const MAKO: (&str, &str) = ("alembic/script.py.mako", "");

pub(super) fn env(imports: &str, target: &str) -> String {
    format!("from alembic import context\n{imports}\ncontext.configure(target_metadata={target})\n")
}

pub(super) fn revision(body: &str) -> String {
    format!(
        "import sqlalchemy as sa\nfrom alembic import op\nrevision = 'a1'\ndown_revision = None\ndef upgrade():\n{body}"
    )
}

pub(super) fn read(files: &[(&str, &str)]) -> (Project, Declared, Vec<(String, bool)>) {
    let snapshot = MemorySnapshot::new(files.iter().copied());
    let project = Alembic.discover(&snapshot, &[]).unwrap().remove(0);
    let declared = declared(&project, &snapshot, project.dialect()).unwrap();
    let history = Alembic.history(&project, &snapshot).unwrap();
    let replayed = replay(&history, project.dialect());
    let failures: Vec<String> =
        replayed.migrations.iter().flat_map(|m| &m.failures).map(|failure| failure.error.to_string()).collect();
    assert_eq!(failures, [""; 0]);
    let gap = Alembic.compare(&project, &declared.catalog, &replayed.catalog);
    (project, declared, gap.into_iter().map(|one| (one.name, one.certain)).collect())
}

#[test]
fn a_column_of_a_mixin_is_that_of_the_model_it_is_asked_of() {
    let models = "
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
class Base(DeclarativeBase):
    pass
class Row(Base):
    __abstract__ = True
    id: Mapped[int] = mapped_column(primary_key=True)
class A(Row):
    __tablename__ = 'a'
class B(Row):
    __tablename__ = 'b'
class C(Row):
    __tablename__ = 'c'
    b_id: Mapped[int] = mapped_column(ForeignKey(B.id))
    b: Mapped[B] = relationship()
";
    let env = env("from models import Base", "Base.metadata");
    let (_, declared, _) = read(&[("alembic.ini", INI), ("alembic/env.py", &env), ("models.py", models)]);
    let targets: Vec<String> = declared
        .catalog
        .tables
        .values()
        .flat_map(|table| &table.foreign_keys)
        .map(|key| format!("{:?} -> {}", key.columns, key.target.name))
        .collect();
    assert_eq!(targets, ["[\"b_id\"] -> b"]);
    assert_eq!(declared.catalog.doubts.len(), 0);
}

#[test]
fn a_package_that_brings_the_base_may_bring_tables() {
    let models = "
from sqlalchemy import Column, Integer
from shared_models import Base
class A(Base):
    __tablename__ = 'a'
    id = Column(Integer, primary_key=True)
";
    let env = env("from shared_models import Base\nimport models", "Base.metadata");
    let body = revision("    op.create_table('b', sa.Column('id', sa.Integer(), primary_key=True))\n");
    let (_, declared, gap) = read(&[
        ("alembic.ini", INI),
        ("alembic/env.py", &env),
        ("models.py", models),
        ("alembic/versions/a1.py", &body),
    ]);
    assert_eq!(declared.catalog.tables.len(), 1);
    assert_eq!(gap, [("a".to_owned(), false), ("b".to_owned(), false)]);
}

#[test]
fn a_program_that_runs_alembic_imports_the_models_itself() {
    let db = "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n";
    let models = "
from sqlalchemy import Column, Integer
from db import Base
class A(Base):
    __tablename__ = 'a'
    id = Column(Integer, primary_key=True)
";
    let body = revision("    op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True))\n");
    let env = env("import db", "db.Base.metadata");
    let files = [
        ("db.py", db),
        ("shop/models.py", models),
        ("alembic/env.py", env.as_str()),
        MAKO,
        ("alembic/versions/a1.py", body.as_str()),
    ];
    let (project, _, gap) = read(&files);
    assert_eq!(gap, []);
    assert!(project.schema.contains(&RepoPath::new("shop/models.py")), "{:?}", project.schema);
}

#[test]
fn an_environment_without_its_own_env_is_not_judged() {
    let models = "
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class A(Base):
    __tablename__ = 'a'
    id = Column(Integer, primary_key=True)
";
    let body = revision("    op.create_table('b', sa.Column('id', sa.Integer(), primary_key=True))\n");
    let files =
        [("shop/models.py", models), ("shop/migrations/script.py.mako", ""), ("shop/migrations/a1.py", body.as_str())];
    let (project, _, gap) = read(&files);
    assert_eq!(project.migrations, [RepoPath::new("shop/migrations")]);
    assert_eq!(gap, [("a".to_owned(), false), ("b".to_owned(), false)]);
}

#[test]
fn classes_that_are_made_at_run_time_are_doubted() {
    let models = "
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base
Base = declarative_base()
def events_of(name):
    return type(name, (Base,), {'__tablename__': name, 'id': Column(Integer, primary_key=True)})
";
    let env = env("from models import Base", "Base.metadata");
    let body = revision("    op.create_table('b', sa.Column('id', sa.Integer(), primary_key=True))\n");
    let (_, _, gap) = read(&[
        ("alembic.ini", INI),
        ("alembic/env.py", &env),
        ("models.py", models),
        ("alembic/versions/a1.py", &body),
    ]);
    assert_eq!(gap, [("b".to_owned(), false)]);
}

#[test]
fn names_that_are_too_long_are_cut_on_both_sides() {
    let models = "
from sqlalchemy import Column, Integer, Index
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class A(Base):
    __tablename__ = 'a_table_whose_name_is_not_short_at_all'
    id = Column(Integer, primary_key=True)
    a_column_whose_name_is_long = Column(Integer, index=True)
    again = Column(Integer, index=True)
    __table_args__ = (Index('ix_a_table_whose_name_is_not_short_at_all_again', 'again'),)
";
    let long = "ix_a_table_whose_name_is_not_short_at_all_a_column_whose_name_is_long";
    let body = revision(&format!(
        "    op.create_table('a_table_whose_name_is_not_short_at_all', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('a_column_whose_name_is_long', sa.Integer()), sa.Column('again', sa.Integer()))
    op.create_index(op.f('{long}'), 'a_table_whose_name_is_not_short_at_all', ['a_column_whose_name_is_long'])
    op.drop_index('ix_a_table_whose_name_is_not_short_at_all_a_column_whos_3012')
    op.create_index(op.f('{long}'), 'a_table_whose_name_is_not_short_at_all', ['a_column_whose_name_is_long'])
    op.create_index('ix_a_table_whose_name_is_not_short_at_all_again', 'a_table_whose_name_is_not_short_at_all', ['again'])
"
    ));
    let env = env("from models import Base", "Base.metadata");
    let files =
        [("alembic.ini", INI), ("alembic/env.py", &env), ("models.py", models), ("alembic/versions/a1.py", &body)];
    let (_, declared, gap) = read(&files);
    assert_eq!(gap, []);
    assert_eq!(declared.catalog.doubts.len(), 0);
}

#[test]
fn what_create_table_leaves_to_alter_is_not_made() {
    let models = "
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class A(Base):
    __tablename__ = 'a'
    id = Column(Integer, primary_key=True)
    b = Column(Integer, ForeignKey('b.id', name='fk_b', use_alter=True))
class B(Base):
    __tablename__ = 'b'
    id = Column(Integer, primary_key=True)
";
    let body = revision(
        "    op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('b', sa.Integer()), sa.ForeignKeyConstraint(['b'], ['b.id'], name='fk_b', use_alter=True))
    op.create_table('b', sa.Column('id', sa.Integer(), primary_key=True))
",
    );
    let env = env("from models import Base", "Base.metadata");
    let files =
        [("alembic.ini", INI), ("alembic/env.py", &env), ("models.py", models), ("alembic/versions/a1.py", &body)];
    let (_, _, gap) = read(&files);
    assert_eq!(gap, [("fk_b".to_owned(), true)]);
}

#[test]
fn revisions_in_a_folder_for_each_database_are_those_of_the_projects_own() {
    let models = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n";
    let env = env("from models import Base", "Base.metadata");
    let (pg, lite) = (revision("    pass\n"), revision("    op.drop_table('nothing')\n"));
    let files = [
        ("alembic.ini", INI),
        ("alembic/env.py", env.as_str()),
        ("models.py", models),
        ("alembic/versions/postgresql/a1.py", pg.as_str()),
        ("alembic/versions/sqlite/a1.py", lite.as_str()),
    ];
    let (project, _, gap) = read(&files);
    assert_eq!(project.migrations, [RepoPath::new("alembic/versions/postgresql")]);
    assert_eq!(gap, []);
}

#[test]
fn which_of_several_metadata_is_compared_is_not_guessed() {
    let two = "
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
class GlobalBase(DeclarativeBase):
    pass
class AccountBase(DeclarativeBase):
    pass
class User(GlobalBase):
    __tablename__ = 'users'
    id: Mapped[int] = mapped_column(primary_key=True)
class Grant(AccountBase):
    __tablename__ = 'grants'
    id: Mapped[int] = mapped_column(primary_key=True)
";
    let one = two.replace("class Grant(AccountBase)", "class Grant(GlobalBase)");
    let env = env("import models", "getattr(models, context.config.get_main_option('target_base')).metadata");
    let body = revision("    op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))\n");
    let certain = |models: &str| {
        let files = [
            ("alembic.ini", INI),
            MAKO,
            ("alembic/env.py", &*env),
            ("models.py", models),
            ("alembic/versions/a1.py", &*body),
        ];
        read(&files).2
    };
    assert_eq!(certain(two), [("grants".to_owned(), false)]);
    assert_eq!(certain(&one), [("grants".to_owned(), true)], "there is one to compare");
}

#[test]
fn models_of_a_package_that_is_not_here_may_declare_further_tables() {
    let models =
        "from sqlmodel import SQLModel, Field\nclass A(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n";
    let body = "    op.create_table('a', sa.Column('id', sa.Integer(), nullable=False), sa.PrimaryKeyConstraint('id'))\n    op.create_table('b', sa.Column('id', sa.Integer()))";
    let revision = revision(body);
    let gap = |imports: &str| {
        let env = env(imports, "SQLModel.metadata");
        let files = [
            ("alembic.ini", INI),
            MAKO,
            ("alembic/env.py", &env),
            ("models.py", models),
            ("alembic/versions/a1.py", &revision),
        ];
        read(&files).2
    };
    assert_eq!(gap("from models import SQLModel"), [("b".to_owned(), true)]);
    assert_eq!(
        gap("from acme_pro.prompts.models.prompt import SQLModel\nfrom models import SQLModel"),
        [("b".to_owned(), false)],
        "a package that is nowhere may declare b"
    );
    assert_eq!(gap("from models import SQLModel\nfrom dotenv import load_dotenv"), [("b".to_owned(), true)]);
}

#[test]
fn flask_alembic_takes_the_models_of_the_application() {
    let models = "
from flask_sqlalchemy import SQLAlchemy
db = SQLAlchemy()
class A(db.Model):
    __tablename__ = 'a'
    id = db.Column(db.Integer, primary_key=True)
";
    let body = "    op.create_table('a', sa.Column('id', sa.Integer(), nullable=False), sa.PrimaryKeyConstraint('id'))\n    op.create_table('b', sa.Column('id', sa.Integer()))";
    let revision = revision(body);
    let files = [
        ("app/migrations/script.py.mako", ""),
        ("app/migrations/a1.py", revision.as_str()),
        ("app/models.py", models),
        ("app/extensions.py", "from flask_alembic import Alembic\nalembic = Alembic()\n"),
    ];
    assert_eq!(read(&files).2, [("b".to_owned(), true)]);
    assert_eq!(read(&files[..3]).2, [("b".to_owned(), false)], "whose models nobody knows");
}

#[test]
fn metadata_that_only_modules_under_computed_names_bring_are_several_as_well() {
    let model = |table: &str| {
        format!(
            "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass Model(Base):\n    __tablename__ = '{table}'\n    id = Column(Integer, primary_key=True)\n"
        )
    };
    let imports = "import importlib\nmodule = importlib.import_module(open('plugin').read())";
    let env = env(imports, "module.metadata");
    let (app, plugin) = (model("app"), model("plugin"));
    let revision = revision("    op.create_table('plugin', sa.Column('id', sa.Integer(), primary_key=True))\n");
    let mut files = vec![("alembic.ini", INI), ("alembic/env.py", &env), MAKO, ("alembic/versions/a1.py", &revision)];
    files.push(("plugin.py", &plugin));
    files.push(("app.py", &app));
    let (_, _, gap) = read(&files);
    assert_eq!(gap, [("app".to_owned(), false)], "which of the two is meant is not known");
}

#[test]
fn a_mixin_makes_a_table_for_each_model_that_has_it() {
    let models = "
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, declared_attr, mapped_column, relationship, Mapped
class Base(DeclarativeBase):
    pass
class Event(Base):
    __abstract__ = True
    id: Mapped[int] = mapped_column(primary_key=True)
class HasEvents:
    @declared_attr
    def events(cls):
        cls.Event = type(
            f'{cls.__name__}Event',
            (Event,),
            dict(
                __tablename__=f'{cls.__name__.lower()}_events',
                source_id=mapped_column(ForeignKey(f'{cls.__tablename__}.id')),
                source=relationship(cls, back_populates='events'),
            ),
        )
        return relationship(cls.Event, back_populates='source')
class User(HasEvents, Base):
    __tablename__ = 'users'
    id: Mapped[int] = mapped_column(primary_key=True)
class Team(HasEvents, Base):
    __tablename__ = 'teams'
    id: Mapped[int] = mapped_column(primary_key=True)
";
    let env = env("from models import Base", "Base.metadata");
    let (_, declared, _) = read(&[("alembic.ini", INI), ("alembic/env.py", &env), ("models.py", models)]);
    let tables: Vec<String> =
        declared.catalog.tables.values().map(|table| format!("{} {}", table.name.name, table.columns.len())).collect();
    assert_eq!(tables, ["team_events 2", "teams 1", "user_events 2", "users 1"]);
    assert!(declared.catalog.doubts.iter().all(|doubt| doubt.reach == Reach::Nothing), "{:?}", declared.catalog.doubts);
}

#[test]
fn what_stands_beside_a_column_in_vain_is_refused_by_newer_versions() {
    let models = "
from sqlmodel import Column, Field, SQLModel, TEXT
class Incident(SQLModel, table=True):
    id: int = Field(primary_key=True)
    summary: str = Field(sa_column=Column(TEXT), nullable=False)
";
    let env = env("import models\nfrom sqlmodel import SQLModel", "SQLModel.metadata");
    let read = |version: &str| {
        let lock = format!("[[package]]\nname = \"sqlmodel\"\nversion = \"{version}\"\n");
        let files = [("alembic.ini", INI), ("alembic/env.py", &env), ("models.py", models), ("poetry.lock", &lock)];
        let (_, declared, _) = read(&files);
        let nullable = declared.catalog.tables.values().flat_map(|table| &table.columns).map(|column| column.nullable);
        (nullable.collect::<Vec<_>>(), declared.catalog.doubts.is_empty())
    };
    assert_eq!(read("0.0.10"), (vec![false, true], true));
    assert!(!read("0.0.11").1, "the model is refused");
}

#[test]
fn a_file_beside_the_models_that_does_not_parse_hides_nothing() {
    let models = "import helper\nfrom sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n";
    let env = env("from models import Base", "Base.metadata");
    let read = |helper: &str| {
        let files = [("alembic.ini", INI), ("alembic/env.py", &env), ("models.py", models), ("helper.py", helper)];
        let snapshot = MemorySnapshot::new(files);
        let project = Alembic.discover(&snapshot, &[]).unwrap().remove(0);
        let declared = declared(&project, &snapshot, project.dialect()).unwrap();
        (declared.catalog.tables.len(), declared.problems.len())
    };
    assert_eq!(read("def f():\n    print 'x'\n"), (1, 0));
    assert_eq!(read("from sqlalchemy import TypeDecorator\nprint 'x'\n"), (1, 0));
    assert_eq!(read("from sqlalchemy import TypeDecorator\nx = = 1\n").1, 1);
    assert_eq!(read("<<<<<<< ours\nx = 1\n=======\nx = 2\n>>>>>>> theirs\n").1, 1);
}

#[test]
fn a_default_of_none_is_a_word_of_the_first_pydantic() {
    let models = "
from sqlmodel import Field, SQLModel
class Rule(SQLModel, table=True):
    id: int = Field(primary_key=True)
    a: str = None
    b: str = Field(default=None)
    c: str = 'x'
";
    let env = env("import models\nfrom sqlmodel import SQLModel", "SQLModel.metadata");
    let nullable = |version: &str| {
        let lock = format!("[[package]]\nname = \"pydantic\"\nversion = \"{version}\"\n");
        let files = [("alembic.ini", INI), ("alembic/env.py", &env), ("models.py", models), ("poetry.lock", &lock)];
        let (_, declared, _) = read(&files);
        let columns = declared.catalog.tables.values().flat_map(|table| &table.columns);
        columns.map(|column| column.nullable).collect::<Vec<_>>()
    };
    assert_eq!(nullable("1.10.4"), [false, true, true, false]);
    assert_eq!(nullable("2.5.0"), [false, false, false, false]);
}

#[test]
fn an_aggregated_function_is_a_column() {
    let models = "
from sqlalchemy import Column, Float, Integer, func
from sqlalchemy.orm import declarative_base
from sqlalchemy_utils import aggregated
Base = declarative_base()
class Session(Base):
    __tablename__ = 'sessions'
    id = Column(Integer, primary_key=True)
    @aggregated('feedbacks', Column(Float, nullable=False))
    def average(self):
        return func.avg(1)
";
    let env = env("from models import Base", "Base.metadata");
    let (_, declared, _) = read(&[("alembic.ini", INI), ("alembic/env.py", &env), ("models.py", models)]);
    let columns = declared.catalog.tables.values().flat_map(|table| &table.columns);
    let columns: Vec<(&str, bool)> = columns.map(|column| (column.name.as_str(), column.nullable)).collect();
    assert_eq!(columns, [("id", false), ("average", false)]);
}
