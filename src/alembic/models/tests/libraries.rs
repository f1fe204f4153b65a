//! What libraries bring to the models: columns of bases and mixins, types of extensions, binds.

use super::edges::{INI, MAKO, env, read, read_models, revision};
use super::features;
use crate::catalog::{ObjectName, Reach};

#[test]
fn a_column_of_the_class_that_a_base_is_made_with_is_that_of_the_model_it_is_asked_of() {
    let models = |base: &str| {
        format!(
            "
from sqlalchemy import Column, ForeignKey, Integer, Table
from sqlalchemy.orm import declarative_base, relationship
class B:
    id = Column(Integer, primary_key=True)
{base}
class Other(Base):
    __tablename__ = 'other'
class User(Base):
    __tablename__ = 'user'
    permissions = relationship('Perm')
class Perm(Base):
    __tablename__ = 'perm'
    user_id = Column(Integer, ForeignKey(User.id))
    other_id = Column(Integer, ForeignKey(Other.id))
    own = Column(Integer, unique=True)
class Note(Base):
    __tablename__ = 'note'
    own = Column(Integer, ForeignKey(Perm.own))
"
        )
    };
    for base in ["Base = declarative_base(cls=B)", "class Base(declarative_base(cls=B)):\n    __abstract__ = True"] {
        let (env, models) = (env("from models import Base", "Base.metadata"), models(base));
        let (_, declared, _) = read(&[("alembic.ini", INI), ("alembic/env.py", &env), ("models.py", &models)]);
        let tables = declared.catalog.tables.values();
        let keys = tables.flat_map(|table| &table.foreign_keys);
        let targets: Vec<String> =
            keys.map(|key| format!("{:?} -> {}.{:?}", key.columns, key.target.name, key.target_columns)).collect();
        assert_eq!(
            targets,
            [r#"["own"] -> perm.["own"]"#, r#"["user_id"] -> user.["id"]"#, r#"["other_id"] -> other.["id"]"#],
            "{base}"
        );
        assert_eq!(declared.catalog.doubts.len(), 0, "{base}");
    }
}

#[test]
fn a_foreign_key_to_another_table_than_the_migrations_is_seen_on_a_base_with_columns() {
    let models = "
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.orm import declarative_base
class B:
    id = Column(Integer, primary_key=True)
Base = declarative_base(cls=B)
class A(Base):
    __tablename__ = 'a'
class C(Base):
    __tablename__ = 'c'
class D(Base):
    __tablename__ = 'd'
    at = Column(Integer, ForeignKey(C.id))
";
    let table = |name: &str, more: &str| {
        format!("    op.create_table('{name}', sa.Column('id', sa.Integer(), primary_key=True){more})\n")
    };
    let key = ", sa.Column('at', sa.Integer(), sa.ForeignKey('a.id'))";
    let body = revision(&[table("a", ""), table("c", ""), table("d", key)].concat());
    let env = env("from models import Base", "Base.metadata");
    let (_, _, gap) = read_models(&env, models, &body, &[]);
    assert!(!gap.is_empty() && gap.iter().all(|(_, certain)| *certain), "{gap:?}");
}

#[test]
fn a_type_of_an_extension_is_known_to_the_models() {
    let models = "
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base
from geoalchemy2 import Geometry
from pgvector.sqlalchemy import Vector
Base = declarative_base()
class Area(Base):
    __tablename__ = 'areas'
    id = Column(Integer, primary_key=True)
    at = Column(Geometry('POLYGON', srid=4326))
    near = Column(Vector(3))
class User(Base):
    __tablename__ = 'users'
    id = Column(Integer, primary_key=True)
    name = Column(String)
";
    let env = env("from models import Base", "Base.metadata");
    let body = revision("    op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))\n");
    let (_, declared, mut gap) = read_models(&env, models, &body, &[]);
    gap.sort();
    assert_eq!(declared.catalog.doubts.len(), 0, "{:?}", declared.catalog.doubts);
    assert_eq!(gap, [("areas".to_owned(), true), ("name".to_owned(), true)]);
}

#[test]
fn a_spatial_index_that_no_model_says_may_be_one_that_geoalchemy_makes() {
    let models = |more: &str| {
        format!(
            "
from sqlalchemy import Column, Index, Integer
from sqlalchemy.orm import declarative_base
from geoalchemy2 import Geometry
Base = declarative_base()
class Area(Base):
    __tablename__ = 'areas'
    id = Column(Integer, primary_key=True)
    at = Column(Geometry('POLYGON', srid=4326))
{more}"
        )
    };
    let made = |index: &str, more: &str| {
        let body = revision(&format!(
            "    from geoalchemy2 import Geometry\n    op.execute('CREATE EXTENSION postgis')\n    op.create_table('areas', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('at', Geometry('POLYGON', srid=4326)))\n{index}"
        ));
        let (env, models) = (env("from models import Base", "Base.metadata"), models(more));
        read_models(&env, &models, &body, &[]).2
    };
    let create = |name: &str, column: &str| format!("    op.create_index('{name}', 'areas', ['{column}'])\n");
    let found = |name: &str, certain: bool| vec![(name.to_owned(), certain)];
    assert_eq!(made(&create("idx_areas_at", "at"), ""), found("idx_areas_at", false));
    assert_eq!(made(&create("idx_areas_id", "id"), ""), found("idx_areas_id", true), "of no spatial column");
    assert_eq!(made("", "    __table_args__ = (Index('idx_areas_at', 'at'),)\n"), found("idx_areas_at", true));
}

#[test]
fn binds_share_their_metadata_before_flask_sqlalchemy_3() {
    let app = "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n";
    let models = "
from app import db
class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
class Entry(db.Model):
    __bind_key__ = 'logs'
    __tablename__ = 'entries'
    id = db.Column(db.Integer, primary_key=True)
";
    let env = env("from app import db\nimport models", "db.metadata");
    let made = |pinned: &str, names: &[&str]| {
        let table =
            |name: &&str| format!("    op.create_table('{name}', sa.Column('id', sa.Integer(), primary_key=True))\n");
        let body = revision(&names.iter().map(table).collect::<String>());
        let files = [
            ("alembic.ini", INI),
            ("alembic/env.py", &*env),
            MAKO,
            ("app.py", app),
            ("models.py", models),
            ("requirements.txt", pinned),
            ("alembic/versions/a1.py", &body),
        ];
        let (_, declared, gap) = read(&files);
        (gap, declared.catalog.doubts.len())
    };
    let entries = |certain: bool| vec![("entries".to_owned(), certain)];
    let (old, new) = ("Flask-SQLAlchemy==2.5.1\n", "Flask-SQLAlchemy==3.0.2\n");
    assert_eq!(made(old, &["user", "entries"]), (vec![], 0));
    assert_eq!(made(old, &["user"]), (entries(true), 0), "it is declared and no migration makes it");
    assert_eq!(made(new, &["user", "entries"]), (entries(true), 0), "another metadata");
    assert_eq!(made(new, &["user"]), (vec![], 0));
    assert_eq!(made("", &["user", "entries"]), (entries(false), 1), "which of both is not known");
}

#[test]
fn columns_that_mixins_got_later_are_not_certain_where_an_older_version_is_pinned() {
    let models = "
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base
from authlib.integrations.sqla_oauth2 import OAuth2AuthorizationCodeMixin
Base = declarative_base()
class Code(Base, OAuth2AuthorizationCodeMixin):
    __tablename__ = 'codes'
    id = Column(Integer, primary_key=True)
";
    let columns = |pinned: &str| {
        let env = env("from models import Base", "Base.metadata");
        let body = revision("    op.create_table('codes', sa.Column('id', sa.Integer(), primary_key=True))\n");
        let (_, declared, gap) = read_models(&env, models, &body, &[("requirements.txt", pinned)]);
        let is_certain = |name: &str| gap.iter().any(|(found, certain)| found == name && *certain);
        (is_certain("nonce"), is_certain("acr"), declared.catalog.doubts.len())
    };
    assert_eq!(columns("Authlib==1.1.0\n"), (true, false, 2));
    assert_eq!(columns(""), (true, false, 2));
    assert_eq!(columns("Authlib==1.6.0\n"), (true, true, 0));
}

#[test]
fn what_only_a_database_refuses_is_declared_as_it_is_written() {
    let declared = |body: &str| {
        let models = format!(
            "
from sqlalchemy import Column, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class A(Base):
    __tablename__ = 'a'
    id = Column(Integer, primary_key=True)
    n = Column(Integer, index=True)
class B(Base):
    __tablename__ = 'b'
    id = Column(Integer, primary_key=True)
{body}
"
        );
        let env = env("from models import Base", "Base.metadata");
        let (_, declared, _) = read(&[("alembic.ini", INI), ("alembic/env.py", &env), ("models.py", &models)]);
        declared.catalog
    };
    for (body, reason) in [
        ("    a = Column(String, ForeignKey('a.id'))", "a foreign key cannot refer"),
        ("    a = Column(Integer, ForeignKey('a.n'))", "there is no unique constraint"),
        ("    a = Column(Integer)\n    __table_args__ = (Index('ix_a_n', 'a'),)", "exists already"),
    ] {
        let catalog = declared(body);
        let doubts: Vec<_> = catalog.doubts.iter().map(|doubt| (doubt.reason.as_str(), &doubt.reach)).collect();
        assert!(matches!(&doubts[..], [(told, Reach::Nothing)] if told.contains(reason)), "{body}: {doubts:?}");
        let made = catalog.table(&ObjectName::bare("b")).unwrap();
        assert_eq!((made.columns.len(), made.foreign_keys.len() + made.indexes.len()), (2, 1), "{body}");
    }
    // SQLAlchemy itself refuses a key to a column that its table does not have.
    let refused = declared("    a = Column(Integer, ForeignKey('a.gone'))");
    assert!(refused.doubts.iter().any(|doubt| doubt.reach != Reach::Nothing), "{:?}", refused.doubts);
}

#[test]
fn a_column_that_a_base_of_another_package_may_bring_is_not_missing() {
    let declared = |bases: &str| {
        let models = format!(
            "
from coaster.sqlalchemy import BaseScopedNameMixin
from sqlalchemy import Column, Index, Integer, UniqueConstraint
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class Label({bases}):
    __tablename__ = 'label'
    id = Column(Integer, primary_key=True)
    n = Column(Integer)
    __table_args__ = (UniqueConstraint('n', 'name'), Index('by_name', 'name'), Index('by_n', 'n'))
class Other(Base):
    __tablename__ = 'other'
    id = Column(Integer, primary_key=True)
"
        );
        let env = env("from models import Base", "Base.metadata");
        let (_, declared, _) = read(&[("alembic.ini", INI), ("alembic/env.py", &env), ("models.py", &models)]);
        declared.catalog
    };
    let catalog = declared("BaseScopedNameMixin, Base");
    let label = ObjectName::bare("label");
    let reaches: Vec<_> = catalog.doubts.iter().map(|doubt| doubt.reach.clone()).collect();
    assert_eq!(reaches, [Reach::Table(label.clone())], "{:?}", catalog.doubts);
    let made = catalog.table(&label).unwrap();
    assert_eq!((made.columns.len(), made.indexes.len()), (2, 1), "what is known of it is declared");
    // Without such a base SQLAlchemy refuses it.
    assert!(declared("Base").doubts.iter().any(|doubt| doubt.reach == Reach::Everything));
}

#[test]
fn the_mixins_of_oslo_bring_their_columns() {
    let models = "
from oslo_db.sqlalchemy import models, types
from oslo_db.sqlalchemy.types import JsonEncodedDict, String
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base
class Own(models.TimestampMixin, models.ModelBase):
    metadata = None
Base = declarative_base(cls=Own)
class Node(models.SoftDeleteMixin, Base):
    __tablename__ = 'nodes'
    id = Column(Integer, primary_key=True)
    name = Column(String(80, mysql_ndb_type=None))
    state = Column(JsonEncodedDict)
    kind = Column(types.SoftDeleteInteger)
";
    let made = "sa.Column('id', sa.Integer(), primary_key=True), sa.Column('name', sa.String(80)), sa.Column('state', sa.Text()), \
                sa.Column('kind', sa.Integer()), sa.Column('created_at', sa.DateTime()), sa.Column('updated_at', sa.DateTime()), \
                sa.Column('deleted_at', sa.DateTime()), sa.Column('deleted', sa.Integer())";
    let gap = |made: &str| {
        let body = revision(&format!("    op.create_table('nodes', {made})\n"));
        let env = env("from models import Base", "Base.metadata");
        let (_, declared, gap) = read_models(&env, models, &body, &[]);
        assert!(declared.catalog.doubts.is_empty(), "{:?}", declared.catalog.doubts);
        gap
    };
    assert_eq!(gap(made), []);
    assert_eq!(gap(&made.replace(", sa.Column('updated_at', sa.DateTime())", "")), [("updated_at".to_owned(), true)]);
    assert_eq!(gap(&made.replace("'deleted', sa.Integer()", "'deleted', sa.Boolean()")).len(), 1);
    assert_eq!(gap(&made.replace("sa.String(80)", "sa.String(90)")).len(), 1);
}

#[test]
fn the_timestamps_of_sqlalchemy_utils_are_columns_that_are_never_null() {
    let gap = |import: &str, base: &str, made: &str| {
        let models = format!(
            "
from sqlalchemy import Column, Index, Integer
from sqlalchemy.orm import declarative_base
from sqlalchemy_utils import UUIDType
{import}
Base = {base}
    __tablename__ = 'jobs'
    __table_args__ = (Index('ix_jobs_created', 'created'),)
    id = Column(Integer, primary_key=True)
    key = Column(UUIDType)
"
        );
        let body = revision(&format!(
            "    op.create_table('jobs', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('key', sa.Uuid()){made})\n    op.create_index('ix_jobs_created', 'jobs', ['id'])\n"
        ));
        let env = env("from models import Base", "Base.metadata");
        let (_, declared, gap) = read_models(&env, &models, &body, &[]);
        assert!(declared.catalog.doubts.is_empty(), "{:?}", declared.catalog.doubts);
        gap
    };
    let both =
        ", sa.Column('created', sa.DateTime(), nullable=False), sa.Column('updated', sa.DateTime(), nullable=False)";
    let index = ("ix_jobs_created".to_owned(), true);
    for (import, mixin) in [
        ("from sqlalchemy_utils import Timestamp", "Timestamp"),
        ("from sqlalchemy_utils.models import Timestamp as Times", "Times"),
        ("import sqlalchemy_utils as su", "su.Timestamp"),
        ("import sqlalchemy_utils.models", "sqlalchemy_utils.models.Timestamp"),
    ] {
        let named = format!("declarative_base()\nclass Job(Base, {mixin}):");
        let of_all = format!("declarative_base(cls={mixin})\nclass Job(Base):");
        for base in [&named, &of_all] {
            assert_eq!(gap(import, base, both), std::slice::from_ref(&index), "{import}: {base}");
            let one = both.replace(", sa.Column('updated', sa.DateTime(), nullable=False)", "");
            assert_eq!(gap(import, base, &one), [("updated".to_owned(), true), index.clone()], "{import}: {base}");
            let loose = both.replace("nullable=False", "nullable=True");
            assert_eq!(gap(import, base, &loose).len(), 3, "{import}: {base}");
        }
    }
    // One's own of that name is what it says.
    let own = "class Timestamp:\n    created = Column(Integer)";
    let base = "declarative_base()\nclass Job(Base, Timestamp):";
    let found = gap(own, base, both);
    assert!(
        found.contains(&("created".to_owned(), true)) && found.contains(&("updated".to_owned(), true)),
        "{found:?}"
    );
}

/// A counter that a revision puts together of its parts is that of the model; another sequence, or none, is told.
#[test]
fn a_sequence_behind_a_default_counts_as_a_serial_does() {
    let gap = |column: &str, made: &str, default: bool| {
        let models = format!(
            "import sqlalchemy as sa\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\
             class T(Base):\n    __tablename__ = 't'\n    id = sa.Column(sa.Integer, {column})\n    \
             n = sa.Column(sa.Integer{})\n",
            if default { ", server_default=sa.text(\"nextval('n_seq')\")" } else { "" }
        );
        let revision = revision(&format!("    op.execute(\"\"\"{made}\"\"\")\n"));
        let mut env = env("import models", "models.Base.metadata");
        env = env
            .replace("target_metadata=target_metadata", "target_metadata=target_metadata, compare_server_default=True");
        read_models(&env, &models, &revision, &[]).2
    };
    const KEY: &str = "primary_key=True";
    const WRITTEN: &str = "primary_key=True, server_default=sa.text(\"nextval('t_id_seq')\")";
    let free = "CREATE SEQUENCE s; CREATE TABLE t (id integer PRIMARY KEY DEFAULT nextval('s'), n integer)";
    let owned = "CREATE TABLE t (id integer PRIMARY KEY, n integer); CREATE SEQUENCE t_id_seq; \
                 ALTER SEQUENCE t_id_seq OWNED BY t.id; \
                 ALTER TABLE ONLY t ALTER COLUMN id SET DEFAULT nextval('t_id_seq'::regclass)";
    let serial = "CREATE TABLE t (id serial PRIMARY KEY, n integer)";
    for (column, made) in [(KEY, free), (KEY, owned), (KEY, serial), (WRITTEN, owned), (WRITTEN, serial)] {
        assert_eq!(gap(column, made, false), [], "{column} {made}");
    }
    let told = [("id".to_owned(), true)];
    assert_eq!(gap(WRITTEN, free, false), told, "of another sequence");
    for column in [KEY, WRITTEN] {
        assert_eq!(gap(column, "CREATE TABLE t (id integer PRIMARY KEY, n integer)", false), told, "nothing counts");
    }
    let other = "CREATE SEQUENCE n_seq; CREATE SEQUENCE m_seq; \
                 CREATE TABLE t (id serial PRIMARY KEY, n integer DEFAULT nextval('m_seq'))";
    assert_eq!(gap(KEY, other, true), [("n".to_owned(), true)], "a default that is no counter of a key");
}

/// What a key that cannot be read is on is in doubt, and nothing else of its table.
#[test]
fn a_foreign_key_to_an_unknown_target_doubts_its_columns_alone() {
    let models = "
import sqlalchemy as sa
from lib import target
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class T(Base):
    __tablename__ = 't'
    id = sa.Column(sa.Integer, primary_key=True)
    a = sa.Column(sa.Integer)
    b = sa.Column(sa.String(5))
    __table_args__ = (sa.ForeignKeyConstraint(['a'], [target()]),)
";
    let gap = |columns: &str, more: &str| {
        let made = format!(
            "    op.create_table('o', sa.Column('id', sa.Integer(), primary_key=True))\n    op.create_table('t', \
             sa.Column('id', sa.Integer(), primary_key=True), {columns}{more})\n    op.drop_table('o')\n"
        );
        let made = if more.is_empty() { made } else { made.replace("    op.drop_table('o')\n", "") };
        let (_, _, gap) = read_models(&env("import models", "models.Base.metadata"), models, &revision(&made), &[]);
        gap.into_iter().filter(|(name, _)| name != "o").collect::<Vec<_>>()
    };
    let told = |name: &str, certain| vec![(name.to_owned(), certain)];
    let whole = "sa.Column('a', sa.Integer()), sa.Column('b', sa.String(5))";
    assert_eq!(gap(whole, ""), []);
    assert_eq!(gap(whole, ", sa.ForeignKeyConstraint(['a'], ['o.id'], name='fk')"), told("fk", false));
    assert_eq!(gap("sa.Column('a', sa.Integer())", ""), told("b", true), "a missing column beside it is told");
    assert_eq!(gap("sa.Column('a', sa.Integer()), sa.Column('b', sa.String(9))", ""), told("b", true));
}

/// A class is refused for what it lacks only where all its bases are known.
#[test]
fn a_base_of_another_package_may_name_the_table() {
    let reason = |bases: &str| {
        let models = format!(
            "import sqlalchemy as sa\nfrom lib import Named\nfrom sqlalchemy.orm import declarative_base\n\
             Base = declarative_base()\nclass Own:\n    pass\nclass T({bases}):\n    \
             id = sa.Column(sa.Integer, primary_key=True)\n"
        );
        let read =
            features::read(&features::project(&[("models.py", &models)], "import models", "models.Base.metadata"));
        read.catalog.doubts.iter().map(|doubt| doubt.reason.clone()).collect::<Vec<_>>().join("; ")
    };
    let named = reason("Named, Base");
    assert!(named.starts_with("the table of the class T: the base class `lib.Named` of another package"), "{named}");
    let refused = "SQLAlchemy refuses the models: the class T has neither a __table__ nor a __tablename__";
    assert_eq!(reason("Own, Base"), refused);
}
