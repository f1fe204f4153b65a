//! The names that constraints get by a naming convention.

use super::asking::{PG, after, project};

#[test]
fn constraints_are_named_by_the_metadata_that_is_handed_to_configure() {
    let models = "from sqlalchemy import MetaData\nfrom sqlalchemy.orm import declarative_base\n\n\
        metadata = MetaData(naming_convention={'uq': 'uq__%(table_name)s__%(column_0_name)s'})\n\
        Base = declarative_base(metadata=metadata)\n";
    let online = "from alembic import context\nfrom app import db\n\n\
        def offline():\n    context.configure(url='')\n\n\
        def online():\n    context.configure(connection=connection, target_metadata=db.Base.metadata)\n\n\
        if context.is_offline_mode():\n    offline()\nelse:\n    online()\n";
    let asynchronous = "import asyncio\nfrom alembic import context\nfrom sqlalchemy.ext.asyncio import create_async_engine\nfrom app import db\n\n\
        def run(connection):\n    context.configure(connection=connection, target_metadata=db.Base.metadata)\n\n\
        async def online(engine):\n    async with engine.connect() as connection:\n        await connection.run_sync(run)\n\n\
        asyncio.run(online(create_async_engine('')))\n";
    let bodies = [
        "def upgrade():\n    op.create_table('t', sa.Column('a', sa.Text()), sa.UniqueConstraint('a'))\n",
        "def upgrade():\n    op.drop_constraint('uq__t__a', 't', type_='unique')\n",
    ];
    for env in [online, asynchronous] {
        let files = [("alembic/env.py", env), ("app/__init__.py", ""), ("app/db.py", models)];
        let (_, replay) = project("postgresql://localhost/app", &bodies, &files);
        let failures: Vec<String> =
            replay.migrations.iter().flat_map(|m| &m.failures).map(|failure| failure.error.to_string()).collect();
        assert_eq!(failures, Vec::<String>::new(), "{env}");
    }
}

#[test]
fn a_column_that_a_constraint_of_a_table_names_twice_is_in_it_once() {
    let make = |part: &str| {
        let body = format!(
            "def upgrade():\n    op.create_table('t', sa.Column('a', sa.Text()), sa.Column('b', sa.Text()){part})\n"
        );
        after(PG, &[&body], &[])
    };
    for (twice, once) in [
        (", sa.UniqueConstraint('a', 'b', 'b', name='u')", ", sa.UniqueConstraint('a', 'b', name='u')"),
        (", sa.PrimaryKeyConstraint('a', 'a')", ", sa.PrimaryKeyConstraint('a')"),
    ] {
        assert_eq!(make(twice), make(once));
        assert!(!make(twice).contains('!'), "{}", make(twice));
    }
}

#[test]
fn a_check_has_its_name_in_second_place() {
    let env = "from alembic import context\nfrom sqlalchemy import MetaData\ntarget_metadata = \
               MetaData(naming_convention={'ck': 'ck_%(table_name)s_%(constraint_name)s'})\n\
               context.configure(target_metadata=target_metadata)\n";
    let table = |check: &str| {
        format!(
            "def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer()), sa.CheckConstraint('id > 0'{check})"
        )
    };
    let files = [("alembic/env.py", env)];
    assert_eq!(after(PG, &[&table(", 'positive')")], &files), "t(id)");
    assert!(after(PG, &[&table(")")], &files).contains("! the naming convention needs a CHECK to have a name"));
}

#[test]
fn constraints_go_by_the_convention_of_a_base_that_mixes_into_another_packages() {
    let models = "\
from advanced_alchemy.base import SQLQuery
from sqlalchemy import MetaData
my_metadata = MetaData(naming_convention={'fk': '%(table_name)s_%(column_0_name)s_%(referred_table_name)s_fkey'})
class Model(SQLQuery):
    __abstract__ = True
    metadata = my_metadata
";
    let env = "\
import asyncio
from alembic import context
from models import Model
config = context.config
target_metadata = Model.metadata
def run(connection):
    context.configure(connection=connection, target_metadata=target_metadata)
async def online():
    configuration = config.get_section(config.config_ini_section)
    if not configuration:
        raise ValueError('none')
    async with connectable.connect() as connection:
        await connection.run_sync(run)
asyncio.run(online())
";
    let body = "\
def upgrade():
    op.create_table('u', sa.Column('id', sa.Integer(), primary_key=True))
    op.create_table('t', sa.Column('id', sa.Integer()), sa.Column('u_id', sa.Integer(), sa.ForeignKey('u.id')))
    op.drop_constraint('t_u_id_u_fkey', 't', type_='foreignkey')";
    assert_eq!(after(PG, &[body], &[("alembic/env.py", env), ("models.py", models)]), "t(id, u_id); u(id)");
}

#[test]
fn constraints_go_by_the_convention_that_is_assigned_to_the_metadata() {
    let models = "\
from sqlmodel import SQLModel
from sqlalchemy.orm import DeclarativeBase
class Base(DeclarativeBase):
    pass
";
    let env = |target: &str| {
        format!(
            "from alembic import context\nfrom conventions import NAMES\nfrom models import Base, SQLModel\nconfig = context.config\n\
             if config.config_file_name is not None:\n    fileConfig(config.config_file_name)\n{target}\n\
             context.configure(target_metadata=target_metadata)\n"
        )
    };
    let names = "NAMES = {'fk': 'fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s'}\n";
    let body = "\
def upgrade():
    op.create_table('u', sa.Column('id', sa.Integer(), primary_key=True))
    op.create_table('t', sa.Column('id', sa.Integer()), sa.Column('u_id', sa.Integer(), sa.ForeignKey('u.id')))
    op.drop_constraint('fk_t_u_id_u', 't', type_='foreignkey')";
    let done = |target: &str| {
        after(
            PG,
            &[body],
            &[("alembic/env.py", env(target).as_str()), ("models.py", models), ("conventions.py", names)],
        )
    };
    for target in [
        "target_metadata = SQLModel.metadata\ntarget_metadata.naming_convention = NAMES",
        "target_metadata = Base.metadata\ntarget_metadata.naming_convention = NAMES",
        "Base.metadata.naming_convention = NAMES\ntarget_metadata = Base.metadata",
        "SQLModel.metadata.naming_convention = NAMES\ntarget_metadata = [SQLModel.metadata]",
    ] {
        assert_eq!(done(target), "t(id, u_id); u(id)", "{target}");
    }
    for target in [
        "target_metadata = SQLModel.metadata",
        "target_metadata = SQLModel.metadata\nBase.metadata.naming_convention = NAMES",
        "target_metadata = SQLModel.metadata\ntarget_metadata.info = NAMES",
    ] {
        assert!(done(target).contains("the constraint fk_t_u_id_u of t does not exist"), "{target}: {}", done(target));
    }
}

#[test]
fn a_flask_application_names_constraints_by_the_convention_of_its_models() {
    let env = "\
from alembic import context
from flask import current_app
target_db = current_app.extensions['migrate'].db
def get_metadata():
    if hasattr(target_db, 'metadatas'):
        return target_db.metadatas[None]
    return target_db.metadata
context.configure(target_metadata=get_metadata())
";
    let models = "\
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData
db = SQLAlchemy(metadata=MetaData(naming_convention={'uq': 'uq_%(table_name)s_%(column_0_name)s'}))
class T(db.Model):
    id = db.Column(db.Integer, primary_key=True)
";
    let body = "\
def upgrade():
    op.create_table('t', sa.Column('id', sa.Integer()), sa.UniqueConstraint('id'))
    op.drop_constraint('uq_t_id', 't', type_='unique')";
    assert_eq!(after(PG, &[body], &[("alembic/env.py", env), ("models.py", models)]), "t(id)");
}

#[test]
fn a_name_that_is_too_long_is_cut_by_whoever_made_it() {
    let (long, kept) = ("x".repeat(67), "x".repeat(63));
    let cut = format!("{}_1d58", "x".repeat(55));
    let makes = |name: &str| {
        format!(
            "def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer()))\n    \
             op.create_unique_constraint({name}, 't', ['id'])"
        )
    };
    let index = |name: &str| {
        format!(
            "def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer()))\n    \
             op.create_index({name}, 't', ['id'])"
        )
    };
    let drops = |name: &str| format!("def upgrade():\n    op.drop_constraint('{name}', 't', type_='unique')");
    let drops_index = |name: &str| format!("def upgrade():\n    op.drop_index('{name}', table_name='t')");
    // PostgreSQL keeps the beginning of a plain one, SQLAlchemy puts a digest behind one that is made.
    for (written, there, other) in [(format!("'{long}'"), &kept, &cut), (format!("op.f('{long}')"), &cut, &kept)] {
        assert_eq!(after(PG, &[&makes(&written), &drops(there)], &[]), "t(id)", "{written}");
        assert!(after(PG, &[&makes(&written), &drops(other)], &[]).contains("! "), "{written}");
        assert_eq!(after(PG, &[&index(&written), &drops_index(there)], &[]), "t(id)", "{written}");
        assert!(after(PG, &[&index(&written), &drops_index(other)], &[]).contains("! "), "{written}");
    }
    assert_eq!(after(PG, &[&makes(&format!("'{long}'")), &drops(&long)], &[]), "t(id)");
}
