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

/// The same of a project with one module of models and one revision, and of files beside them.
pub(super) fn read_models(
    env: &str,
    models: &str,
    revision: &str,
    more: &[(&str, &str)],
) -> (Project, Declared, Vec<(String, bool)>) {
    let files = [
        ("alembic.ini", INI),
        ("alembic/env.py", env),
        MAKO,
        ("models.py", models),
        ("alembic/versions/a1.py", revision),
    ];
    read(&[&files, more].concat())
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
fn a_foreign_key_to_what_a_mixin_makes_for_a_model_is_that_models() {
    let models = "
from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import declarative_base, declared_attr
Base = declarative_base()
class Address:
    @declared_attr
    def email(cls):
        return Column(String(99), primary_key=True)
class User(Base, Address):
    __tablename__ = 'users'
class Alias(Base, Address):
    __tablename__ = 'aliases'
class Token(Base):
    __tablename__ = 'tokens'
    id = Column(Integer, primary_key=True)
    user = Column(ForeignKey(User.email))
    alias = Column(ForeignKey(Alias.email))
";
    let env = env("from models import Base", "Base.metadata");
    let (_, declared, _) = read(&[("alembic.ini", INI), ("alembic/env.py", &env), ("models.py", models)]);
    assert!(declared.catalog.doubts.iter().all(|doubt| doubt.reach == Reach::Nothing), "{:?}", declared.catalog.doubts);
    let tokens = declared.catalog.tables.values().find(|table| table.name.name == "tokens").expect("tokens");
    let keys: Vec<String> = tokens
        .foreign_keys
        .iter()
        .map(|key| format!("{} -> {}.{}", key.columns.join(","), key.target.name, key.target_columns.join(",")))
        .collect();
    assert_eq!(keys, ["user -> users.email", "alias -> aliases.email"]);
    assert!(tokens.columns.iter().skip(1).all(|column| column.ty.to_string() == "varchar(99)"), "{tokens:?}");
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

#[test]
fn a_foreign_key_to_a_table_means_the_column_of_its_own_name() {
    let models = |target: &str| {
        format!(
            "from sqlalchemy import Column, ForeignKey, Integer, String\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass Kind(Base):\n    __tablename__ = 'kinds'\n    kind_id = Column(String(8), primary_key=True)\nclass Row(Base):\n    __tablename__ = 'rows'\n    id = Column(Integer, primary_key=True)\n    {target}\n"
        )
    };
    let env = env("from models import Base", "Base.metadata");
    let table = |kind: &str| {
        revision(&format!(
            "    op.create_table('kinds', sa.Column('kind_id', sa.String(8), primary_key=True))\n    op.create_table('rows', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('kind_id', {kind}, nullable=True))\n"
        ))
    };
    let gap = |target: &str, kind: &str| {
        let (models, revision) = (models(target), table(kind));
        let (_, declared, gap) = read_models(&env, &models, &revision, &[]);
        let doubts: Vec<String> = declared.catalog.doubts.iter().map(|doubt| doubt.reason.clone()).collect();
        (gap, doubts)
    };
    let given = "sa.String(8), sa.ForeignKey('kinds.kind_id')";
    for target in ["kind_id = Column(String(8), ForeignKey('kinds'))", "kind_id = Column(ForeignKey('kinds'))"] {
        assert_eq!(gap(target, given), (vec![], vec![]), "{target}");
        let (gap, doubts) = gap(target, "sa.String(8)");
        assert!(gap.len() == 1 && gap[0].1 && doubts.is_empty(), "{target}: {gap:?} {doubts:?}");
    }
    // There is no such column.
    let (_, doubts) = gap("kind = Column('kind_id', String(8), ForeignKey('kinds'), key='kind')", given);
    assert_eq!(
        doubts,
        ["SQLAlchemy refuses the models: the foreign key to kinds.kind: the table kinds has no such column"]
    );
}

#[test]
fn a_constraint_of_a_name_that_another_table_has_hides_nothing() {
    let models = "
from sqlalchemy import Column, Integer, UniqueConstraint
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class A(Base):
    __tablename__ = 'a'
    id = Column(Integer, primary_key=True)
    x = Column(Integer)
    __table_args__ = (UniqueConstraint('x', name='uq_pair'),)
class B(Base):
    __tablename__ = 'b'
    id = Column(Integer, primary_key=True)
    y = Column(Integer)
    __table_args__ = (UniqueConstraint('y', name='uq_pair'), UniqueConstraint('id', 'y', name='uq_both'))
";
    let gap = |a: &str, b: &str| {
        let body = revision(&format!(
            "    op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('x', sa.Integer()){a})\n    op.create_table('b', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('y', sa.Integer()){b})\n"
        ));
        let env = env("from models import Base", "Base.metadata");
        let (_, declared, gap) = read_models(&env, models, &body, &[]);
        let doubts: Vec<String> = declared.catalog.doubts.iter().map(|doubt| doubt.reason.clone()).collect();
        assert!(doubts.len() == 1 && doubts[0].starts_with("the database would refuse the constraint"), "{doubts:?}");
        gap
    };
    let both = ", sa.UniqueConstraint('id', 'y', name='uq_both')";
    let pair = ", sa.UniqueConstraint('x', name='uq_pair')";
    let told = |name: &str| (name.to_owned(), true);
    // What PostgreSQL can have of it, and less than that.
    assert_eq!(gap(pair, both), [told("uq_pair")]);
    assert_eq!(gap(pair, ""), [told("uq_both"), told("uq_pair")]);
    assert_eq!(gap(&format!("{pair}, sa.Column('z', sa.Integer())"), both), [told("z"), told("uq_pair")]);
}

#[test]
fn of_two_databases_of_flask_the_one_is_compared_that_migrate_is_given() {
    let db = "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n";
    let model = |name: &str, from: &str| {
        format!("from {from} import db\nclass {name}(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n")
    };
    let (user, post, view) = (model("User", "app.db"), model("Post", "app.db"), model("Recent", "app.views.db"));
    let env = "from flask import current_app\nfrom alembic import context\nget = current_app.extensions['migrate'].db";
    let told = |manage: &str, more: &str| {
        let files = [
            ("migrations/alembic.ini", "[alembic]\n"),
            ("migrations/env.py", env),
            ("app/__init__.py", ""),
            ("app/db.py", db),
            ("app/views/__init__.py", ""),
            ("app/views/db.py", db),
            ("app/models.py", &*format!("{user}{post}")),
            ("app/views/models.py", &*view),
            ("manage.py", manage),
            ("other.py", more),
        ];
        let (_, declared, _) = read(&files);
        let tables: Vec<String> = declared.catalog.tables.keys().map(|name| name.name.clone()).collect();
        (tables.join(" "), declared.catalog.doubts.len())
    };
    let given = |from: &str, call: &str| format!("from flask_migrate import Migrate\nfrom {from} import db\n{call}\n");
    let (all, of_views) = ("post recent user".to_owned(), "recent".to_owned());
    for call in ["MIGRATE = Migrate(create(), db)", "migrate = Migrate()\nmigrate.init_app(app, db=db)"] {
        assert_eq!(told(&given("app.db", call), ""), ("post user".to_owned(), 0), "{call}");
        assert_eq!(told(&given("app.views.db", call), ""), (of_views.clone(), 0), "{call}");
    }
    // Nothing names it, two calls name two, and one that is computed.
    let call = "Migrate(app, db)";
    assert_eq!(told("", ""), (all.clone(), 1));
    assert_eq!(told(&given("app.db", call), &given("app.views.db", call)), (all.clone(), 1));
    assert_eq!(told(&given("app.db", call), "Migrate(app, chosen())"), (all.clone(), 1));
    assert_eq!(told(&given("nowhere", call), ""), (all, 1));
}

#[test]
fn a_foreign_key_that_is_made_beside_the_classes_is_of_the_table_of_its_columns() {
    let models = |beside: &str| {
        format!(
            "
from sqlalchemy import Column, ForeignKeyConstraint, Integer
from sqlalchemy.orm import declarative_base, relationship
Base = declarative_base()
class Room(Base):
    __tablename__ = 'rooms'
    house = Column(Integer, primary_key=True)
    number = Column(Integer, primary_key=True)
    stays = relationship('Stay')
class Stay(Base):
    __tablename__ = 'stays'
    id = Column(Integer, primary_key=True)
    house = Column(Integer)
    number = Column(Integer)
{beside}
"
        )
    };
    let gap = |beside: &str, made: &str| {
        let body = revision(&format!(
            "    op.create_table('rooms', sa.Column('house', sa.Integer(), primary_key=True), sa.Column('number', sa.Integer(), primary_key=True))\n    \
             op.create_table('stays', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('house', sa.Integer()), sa.Column('number', sa.Integer()){made})\n"
        ));
        let env = env("from models import Base", "Base.metadata");
        let models = models(beside);
        let (_, declared, gap) = read_models(&env, &models, &body, &[]);
        let doubts: Vec<String> = declared.catalog.doubts.iter().map(|doubt| doubt.reason.clone()).collect();
        (doubts, gap.len(), gap.iter().all(|(_, certain)| *certain))
    };
    let made = ", sa.ForeignKeyConstraint(['house', 'number'], ['rooms.house', 'rooms.number'])";
    let refused = "no foreign key links the tables of the relationship Room.stays";
    for key in [
        "ForeignKeyConstraint([Stay.house, Stay.number], [Room.house, Room.number])",
        "ForeignKeyConstraint(columns=[Stay.house, Stay.number], refcolumns=(Room.house, Room.number))",
    ] {
        assert_eq!(gap(key, made), (vec![], 0, true), "{key}");
        // It is compared as any other: without one in the database it is missing.
        assert_eq!(gap(key, ""), (vec![], 1, true), "{key}");
    }
    // One that is given to no table, as its columns are but names, links nothing.
    let loose = "ForeignKeyConstraint(['house', 'number'], ['rooms.house', 'rooms.number'])";
    for beside in ["", loose] {
        let (doubts, _, _) = gap(beside, made);
        assert!(doubts.iter().any(|doubt| doubt.starts_with(refused)), "{beside} {doubts:?}");
    }
}
