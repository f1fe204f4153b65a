//! The shapes that Alembic environments come in, and how far what is passed over reaches.
//!
//! Each case is a repository in memory: which environments are found in it, which tables they declare and make, and what
//! is said of the difference.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

#[path = "support/environments.rs"]
mod environments;

use environments::{ENV, INI, MODELS, makes, plain, revision, told};

#[test]
fn a_plain_environment() {
    assert_eq!(plain(MODELS, ENV, &makes("a")), [".: a | a"]);
}

#[test]
fn flask_migrate_for_several_databases() {
    let env = "from flask import current_app\nfrom alembic import context\n\nconfig = context.config\n\
        bind_names = []\nif current_app.config.get('SQLALCHEMY_BINDS') is not None:\n    bind_names = list(current_app.config['SQLALCHEMY_BINDS'].keys())\n\
        target_db = current_app.extensions['migrate'].db\n\n\ndef get_metadata(bind):\n    if bind == '':\n        bind = None\n    return target_db.metadatas[bind]\n";
    let models = "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n\n\nclass Main(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n\n\n\
        class Other(db.Model):\n    __bind_key__ = 'other'\n    id = db.Column(db.Integer, primary_key=True)\n";
    let revision = |other: &str| {
        format!(
            "from alembic import op\nimport sqlalchemy as sa\n\nrevision = '1'\ndown_revision = None\n\n\n\
             def upgrade(engine_name):\n    globals()[\"upgrade_%s\" % engine_name]()\n\n\n\
             def upgrade_():\n    {}\n\n\ndef upgrade_other():\n    {other}\n",
            makes("main")
        )
    };
    let run = |other: &str| {
        told(&[
            ("migrations/alembic.ini", "[alembic]\n[flask_migrate]\n"),
            ("migrations/env.py", env),
            ("migrations/script.py.mako", ""),
            ("migrations/versions/1.py", &revision(other)),
            ("app/models.py", models),
            ("requirements.txt", "psycopg2\nflask-migrate\n"),
        ])
    };
    assert_eq!(run(&makes("other")), [".: main other | main other"]);
    assert_eq!(run("pass"), [".: main other | main", "  missing-table the table other"]);
    let same = run(&format!("{}\n    {}", makes("other"), makes("main")));
    assert!(same.iter().any(|line| line.starts_with("  two databases of this revision")), "{same:?}");
    assert!(!same.iter().any(|line| line.starts_with("  !")), "{same:?}");
}

#[test]
fn alembics_own_template_for_several_databases() {
    let env = "from alembic import context\nfrom models import One, Two\nconfig = context.config\n\
        db_names = config.get_main_option('databases', '')\ntarget_metadata = {'one': One.metadata, 'two': Two.metadata}\n";
    let models = "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nOne = declarative_base()\nTwo = declarative_base()\n\n\n\
        class A(One):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n\n\nclass B(Two):\n    __tablename__ = 'b'\n    id = Column(Integer, primary_key=True)\n";
    let revision = format!(
        "from alembic import op\nimport sqlalchemy as sa\n\nrevision = '1'\ndown_revision = None\n\n\n\
         def upgrade(engine_name: str) -> None:\n    globals()[\"upgrade_%s\" % engine_name]()\n\n\n\
         def upgrade_one() -> None:\n    {}\n\n\ndef upgrade_two() -> None:\n    {}\n",
        makes("a"),
        makes("b")
    );
    let ini = "[alembic]\nscript_location = %(here)s/alembic\ndatabases = one, two\nprepend_sys_path = .\n\n[one]\nsqlalchemy.url = postgresql:///one\n\n[two]\nsqlalchemy.url = postgresql:///two\n";
    let lines = told(&[
        ("alembic.ini", ini),
        ("alembic/env.py", env),
        ("alembic/versions/1.py", &revision),
        ("models.py", models),
    ]);
    assert_eq!(lines, [".: a b | a b"]);
}

#[test]
fn pyproject_and_a_package_path_below_src() {
    let lines = told(&[
        (
            "pyproject.toml",
            "[project]\nname = 'shop'\ndependencies = ['psycopg', 'alembic']\n[tool.alembic]\nscript_location = 'shop:migrations'\nprepend_sys_path = ['src']\n",
        ),
        ("src/shop/__init__.py", ""),
        ("src/shop/models.py", MODELS),
        ("src/shop/migrations/env.py", &ENV.replace("from models", "from shop.models")),
        ("src/shop/migrations/versions/1.py", &revision("1", "None", &makes("a"))),
    ]);
    assert_eq!(lines, [".: a | a"]);
}

#[test]
fn a_namespace_package() {
    let lines = told(&[
        ("alembic.ini", &INI.replace("alembic\n", "corp/db/migrations\n")),
        ("corp/db/migrations/env.py", &ENV.replace("from models", "from corp.db.models")),
        ("corp/db/migrations/versions/1.py", &revision("1", "None", &makes("a"))),
        ("corp/db/models.py", MODELS),
    ]);
    assert_eq!(lines, [".: a | a"]);
}

#[test]
fn several_version_locations() {
    for (separator, value) in [
        ("path_separator = os", "%(here)s/alembic/versions:%(here)s/plugins/one"),
        ("path_separator = newline", "\n    %(here)s/alembic/versions\n    %(here)s/plugins/one"),
        ("version_path_separator = space", "alembic/versions plugins/one"),
        ("", "%(here)s/alembic/versions, %(here)s/plugins/one"),
    ] {
        let lines = told(&[
            ("alembic.ini", &format!("{INI}{separator}\nversion_locations = {value}\n")),
            ("alembic/env.py", ENV),
            ("alembic/versions/1.py", &revision("1", "None", &makes("a"))),
            ("plugins/one/2.py", &revision("2", "'1'", &makes("b"))),
            ("models.py", MODELS),
        ]);
        assert_eq!(lines, [".: a | a b", "  extra-table the table b"], "{separator}");
    }
}

#[test]
fn version_locations_may_be_searched_below() {
    let files = |recursive: &str| {
        told(&[
            ("alembic.ini", &format!("{INI}recursive_version_locations = {recursive}\n")),
            ("alembic/env.py", ENV),
            ("alembic/versions/2024/1.py", &revision("1", "None", &makes("a"))),
            ("models.py", MODELS),
        ])
    };
    assert_eq!(files("true"), [".: a | a"]);
    assert_eq!(files("false"), [".: a | ", "  missing-table the table a"]);
}

#[test]
fn several_environments_each_with_its_own_models() {
    let other = MODELS.replace("'a'", "'b'");
    let lines = told(&[
        ("one/alembic.ini", INI),
        ("one/alembic/env.py", ENV),
        ("one/alembic/versions/1.py", &revision("1", "None", &makes("a"))),
        ("one/models.py", MODELS),
        ("two/alembic.ini", INI),
        ("two/alembic/env.py", ENV),
        ("two/alembic/versions/1.py", &revision("1", "None", &makes("c"))),
        ("two/models.py", &other),
    ]);
    assert_eq!(lines, ["one: a | a", "two: b | c", "  missing-table the table b", "  extra-table the table c"]);
}

#[test]
fn models_that_are_imported_by_name_or_inside_a_function() {
    let base = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n";
    let model = "from sqlalchemy import Column, Integer\nfrom app.base import Base\n\n\nclass A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n";
    let envs = [
        "import importlib\nfor name in ('things',):\n    importlib.import_module(f'app.{name}')\nfrom app.base import Base\ntarget_metadata = Base.metadata\n",
        "import app, importlib, pkgutil\nfor _, name, _ in pkgutil.walk_packages(app.__path__, app.__name__ + '.'):\n    importlib.import_module(name)\nfrom app.base import Base\ntarget_metadata = Base.metadata\n",
        "def metadata():\n    import app.things\n    from app.base import Base\n    return [Base.metadata]\n\n\ntarget_metadata = metadata()\n",
    ];
    for env in envs {
        let lines = told(&[
            ("alembic.ini", INI),
            ("alembic/env.py", &format!("from alembic import context\n{env}")),
            ("alembic/versions/1.py", &revision("1", "None", &makes("a"))),
            ("app/__init__.py", ""),
            ("app/base.py", base),
            ("app/things.py", model),
        ]);
        assert_eq!(lines, [".: a | a"], "{env}");
    }
}

#[test]
fn schemas_that_are_made_outside_the_revisions() {
    let models = MODELS.replace("    id =", "    __table_args__ = {'schema': 'app'}\n    id =");
    let body = "op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True), schema='app')";
    let by_env =
        ENV.replace("def run():\n", "def run():\n    connection.execute(text('CREATE SCHEMA IF NOT EXISTS app'))\n");
    assert_eq!(plain(&models, &by_env, body), [".: a | a"]);
    let lines = plain(&models, ENV, body);
    assert_eq!(lines[0], ".: a | a");
    assert_eq!(
        lines[1..],
        ["  the schema app, which no revision creates: it must be there already (Nothing)".to_owned()],
        "said, and nothing else is in doubt"
    );
    let lines = plain(&models, ENV, &format!("op.execute('CREATE SCHEMA other')\n{body}"));
    assert!(
        lines.contains(&"  !? the schema app does not exist".to_owned()),
        "a history that makes its schemas: {lines:?}"
    );
}

#[test]
fn schemas_that_a_helper_of_env_makes() {
    let models = MODELS.replace("    id =", "    __table_args__ = {'schema': 'app'}\n    id =");
    let body = "op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True), schema='app')";
    let env = "from models import Base\nfrom util import run_migrations\nrun_migrations(Base.metadata)\n";
    let run = |util: &str, body: &str, down: &str| {
        let revision = format!("{}\n\ndef downgrade():\n    {down}\n", revision("1", "None", body));
        told(&[
            ("alembic.ini", INI),
            ("alembic/env.py", env),
            ("alembic/versions/1.py", &revision),
            ("models.py", &models),
            ("util.py", util),
        ])
    };
    let util = |make: &str| {
        format!(
            "from alembic import context\n\ndef run_migrations(metadata):\n    context.configure(target_metadata=metadata, include_schemas=True)\n    {make}\n    context.run_migrations()\n"
        )
    };
    let fails = |lines: &[String]| lines.iter().any(|line| line.contains("the schema app does not exist"));
    let made = run(&util("connection.execute(CreateSchema('app', if_not_exists=True))"), body, "pass");
    assert_eq!(made, [".: a | a"]);
    let other = format!("op.execute('CREATE SCHEMA other')\n{body}");
    let computed = run(&util("connection.execute(CreateSchema(metadata.schema))"), &other, "pass");
    assert!(!fails(&computed), "{computed:?}");
    // A way back makes nothing.
    let back = run(&util("pass"), body, "op.execute('CREATE SCHEMA other')");
    assert!(!fails(&back), "{back:?}");
    assert!(back.iter().any(|line| line.contains("the schema app, which no revision creates")), "{back:?}");
    // A history that makes its schemas makes all of them.
    assert!(fails(&run(&util("pass"), &other, "pass")));
}

#[test]
fn what_one_database_refuses_is_a_doubt_where_none_is_named() {
    let models = format!("{MODELS}    s = Column(String)\n");
    let on = |url: &str, body: &str| {
        let revision = revision("1", "None", &format!("{}\n{body}", makes("a")));
        told(&[
            ("alembic.ini", &INI.replace("postgresql:///x", url)),
            ("alembic/env.py", ENV),
            ("alembic/versions/1.py", &revision),
            ("models.py", &models),
        ])
    };
    let column = "op.add_column('a', sa.Column('s', sa.Enum('x', 'y', name='st')))";
    let key = "op.create_table('u', sa.Column('key', sa.String(34), primary_key=True))\n\
               op.create_foreign_key('fk', 'a', 'u', ['id'], ['key'])";
    let certain = |lines: &[String]| lines.iter().filter(|line| line.starts_with("  ! ")).cloned().collect::<Vec<_>>();
    for body in [column, key] {
        assert_eq!(certain(&on("postgresql:///x", body)).len(), 1);
        let unknown = on("", body);
        assert_eq!(certain(&unknown), [""; 0]);
        assert!(unknown.iter().any(|line| line.starts_with("  which database this is, is not known")), "{unknown:?}");
        assert!(unknown.iter().any(|line| line.starts_with("  !? ")), "{unknown:?}");
    }
    assert!(on("", column).contains(&"  ? missing-column the column a.s".to_owned()), "{:?}", on("", column));
    // What every database refuses is certain, beside such a doubt too, and so are the other columns.
    let gone = format!("{column}\nop.drop_column('a', 'gone')\nop.drop_table('nobody')");
    assert_eq!(
        certain(&on("", &gone)),
        ["  ! the column a.gone does not exist", "  ! the table nobody does not exist"]
    );
    let other = on("", &column.replace("'s'", "'other'"));
    assert!(other.contains(&"  missing-column the column a.s".to_owned()), "{other:?}");
}

#[test]
fn a_package_in_a_folder_of_its_name() {
    let env = "from flask import current_app\nfrom alembic import context\ntarget_metadata = current_app.extensions['migrate'].db.metadata\n";
    let init = "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\nfrom .users import views\n";
    let models = "from shop import db\n\n\nclass A(db.Model):\n    __tablename__ = 'a'\n    id = db.Column(db.Integer, primary_key=True)\n";
    let run = |body: &str, more: &[(&str, &str)]| {
        let revision = revision("1", "None", body);
        let files = [
            ("migrations/alembic.ini", "[alembic]\n"),
            ("migrations/env.py", env),
            ("migrations/script.py.mako", ""),
            ("migrations/versions/1.py", &revision),
            ("shop/server.py", "from shop import db\nfrom shop.users.models import A\n"),
            ("shop/shop/__init__.py", init),
            ("shop/shop/users/__init__.py", ""),
            ("shop/shop/users/views.py", "from .models import A\n"),
            ("shop/shop/users/models.py", models),
            ("shop/requirements.txt", "psycopg2"),
        ];
        told(&[&files, more].concat())
    };
    assert_eq!(run(&makes("a"), &[]), [".: a | a"]);
    assert_eq!(run("pass", &[]), [".: a | ", "  missing-table the table a"]);
    // A folder of several packages is one itself.
    let other = "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\n\nclass B(Base):\n    __tablename__ = 'b'\n    id = Column(Integer, primary_key=True)\n";
    let namespace = |shop: &str| {
        told(&[
            ("alembic.ini", INI),
            (
                "alembic/env.py",
                "from alembic import context\nfrom shop import auth\ntarget_metadata = auth.Base.metadata\n",
            ),
            ("alembic/versions/1.py", &revision("1", "None", &makes("b"))),
            (shop, ""),
            ("shop/auth/__init__.py", other),
        ])
    };
    assert_eq!(namespace("shop/shop/__init__.py"), [".: b | b"]);
}

#[test]
fn only_the_environments_own_version_table_is_passed_over() {
    let body = format!(
        "{}\nop.create_table('alembic_version', sa.Column('x', sa.Integer()), schema='audit')\nop.execute('ALTER TABLE alembic_version ALTER COLUMN version_num TYPE varchar(64)')",
        makes("a")
    );
    let lines = plain(MODELS, &ENV.replace("connection=None", "connection=None, include_schemas=True"), &body);
    assert_eq!(lines[0], ".: a | a alembic_version");
    assert_eq!(lines[1], "  extra-table the table audit.alembic_version");
    let other = ENV.replace("connection=None", "connection=None, version_table='versions'");
    let lines = plain(MODELS, &other, &format!("{}\n{}", makes("a"), makes("alembic_version")));
    assert_eq!(lines, [".: a | a alembic_version", "  extra-table the table alembic_version"]);
    let elsewhere = ENV.replace("connection=None", "connection=None, version_table_schema='meta'");
    let lines = plain(MODELS, &elsewhere, &format!("{}\n{}", makes("a"), makes("alembic_version")));
    assert_eq!(lines, [".: a | a alembic_version", "  extra-table the table alembic_version"]);
}

#[test]
fn a_condition_named_for_a_database_is_about_it_only_where_nothing_else_is_named() {
    let body = |condition: &str| {
        format!(
            "from app_settings import settings\n{}\nif {condition}:\n    op.add_column('a', sa.Column('x', sa.Integer()))",
            makes("a")
        )
    };
    let lines = |condition: &str| plain(MODELS, ENV, &body(condition));
    assert_eq!(lines("settings.use_postgres"), [".: a | a", "  extra-column the column a.x"]);
    assert_eq!(lines("settings.is_sqlite"), [".: a | a"]);
    for condition in ["settings.use_pg_trgm", "settings.use_pg_x", "settings.pg_partitions", "settings.is_not_postgres"]
    {
        let lines = lines(condition);
        assert!(lines[1..].iter().any(|line| line.contains("Column(ObjectName")), "{condition}: {lines:?}");
    }
}

#[test]
fn more_ancestors_than_are_followed_are_doubted() {
    let mut models = String::from(
        "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\n\nclass M0:\n    lost = Column(Integer)\n",
    );
    for at in 1..230 {
        models.push_str(&format!("\n\nclass M{at}(M{}):\n    pass\n", at - 1));
    }
    let made = [
        "class A(M229, Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n",
        "A = type('A', (M229, Base), {'__tablename__': 'a', 'id': Column(Integer, primary_key=True)})\n",
    ];
    for class in made {
        let models = format!("{models}\n\n{class}");
        let lines =
            plain(&models, ENV, &format!("{}\nop.add_column('a', sa.Column('lost', sa.Integer()))", makes("a")));
        assert!(lines.iter().any(|line| line.contains("has more ancestors than are followed")), "{lines:?}");
        assert!(lines.iter().all(|line| !line.starts_with("  extra-column")), "not certain: {lines:?}");
    }
}

#[test]
fn what_include_object_refuses_reaches_no_further_than_it_says() {
    let models = "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\n\n\
        class A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n\n\nclass B(Base):\n    __tablename__ = 'b'\n    id = Column(Integer, primary_key=True)\n";
    let env = |body: &str| {
        format!(
            "from alembic import context\nfrom models import Base\n\ntarget_metadata = Base.metadata\n\n\n\
             def include_object(object, name, type_, reflected, compare_to):\n    {body}\n    return True\n\n\n\
             context.configure(connection=None, target_metadata=target_metadata, include_object=include_object)\n"
        )
    };
    let body = format!(
        "{}\n{}\nop.create_index('ix_a', 'a', ['id'])\nop.create_index('ix_b', 'b', ['id'])\nop.create_unique_constraint('ix_c', 'b', ['id'])\nop.add_column('b', sa.Column('ix_a', sa.Integer()))",
        makes("a"),
        makes("b")
    );
    // By its name alone: that name, in whichever table, of that sort only.
    let lines = plain(models, &env("if type_ == 'index' and name == 'ix_a':\n        return False"), &body);
    assert_eq!(
        lines[1..],
        [
            "  extra-column the column b.ix_a",
            "  extra-unique the unique constraint ix_c of b",
            "  extra-index the index ix_b of b"
        ]
        .map(str::to_owned)
    );
    // By its table: the same name elsewhere is compared.
    let lines = plain(models, &env("if type_ == 'index' and object.table.name == 'b':\n        return False"), &body);
    assert!(lines.contains(&"  extra-index the index ix_a of a".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("index ix_b")), "{lines:?}");
    let by_name = |body: &str| {
        env("pass")
            .replace(
                "def include_object(object, name, type_, reflected, compare_to)",
                "def include_name(name, type_, parent_names)",
            )
            .replace("include_object=include_object", "include_name=include_name")
            .replace("    pass\n", &format!("    {body}\n"))
    };
    let lines = plain(
        models,
        &by_name("if type_ == 'index' and parent_names['table_name'] != 'a':\n        return False"),
        &body,
    );
    assert!(lines.contains(&"  extra-index the index ix_a of a".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("index ix_b")), "{lines:?}");
}

#[test]
fn functions_that_compare_types_and_defaults() {
    let models = "from sqlalchemy import Column, Integer, String, Text\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\n\n\
        class A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n    s = Column(Text, server_default='x')\n    n = Column(String(9))\n";
    let body = "op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('s', sa.String(9), server_default='y'), sa.Column('n', sa.String(8)))";
    let env = |function: &str, given: &str| {
        ENV.replace("def run():", &format!("{function}\n\n\ndef run():"))
            .replace("connection=None", &format!("connection=None, {given}"))
    };
    let types = "from sqlalchemy import Text\ndef compare(context, inspected, column, inspected_type, metadata_type):\n    if isinstance(metadata_type, Text):\n        return False\n    return None";
    assert_eq!(
        plain(models, &env(types, "compare_type=compare"), body),
        [
            ".: a | a",
            "  changed-type the type of a.n",
            "  * changed-type the type of a.s",
            "  * changed-default the default of a.s"
        ]
    );
    let defaults = "def compare(context, inspected, column, inspected_default, metadata_default, rendered):\n    return False if column.name == 's' else None";
    let lines = plain(models, &env(defaults, "compare_server_default=compare"), body);
    assert!(lines.contains(&"  * changed-default the default of a.s".to_owned()), "{lines:?}");
    let decided = "def compare(context, inspected, column, inspected_type, metadata_type):\n    return inspected_type.length != metadata_type.length";
    let lines = plain(models, &env(decided, "compare_type=compare"), body);
    assert!(lines.contains(&"  ? changed-type the type of a.n".to_owned()), "{lines:?}");
}

#[test]
fn sql_that_revisions_read_from_files() {
    let sql = "CREATE TABLE a (id serial PRIMARY KEY);\nCREATE TABLE x (id int PRIMARY KEY);\nCREATE TABLE y (x_id int REFERENCES x);\n";
    let ways = [
        "import pathlib\nop.execute((pathlib.Path(__file__).parent / 'sql' / 'init.sql').read_text())",
        "from pathlib import Path\nop.execute(Path(__file__).resolve().parents[1].joinpath('versions', 'sql/init.sql').read_text(encoding='utf-8'))",
        "import os\nwith open(os.path.join(os.path.dirname(__file__), 'sql', 'init.sql')) as file:\n    op.execute(sa.text(file.read()))",
        "op.execute(open('alembic/versions/sql/init.sql', 'r').read())",
    ];
    let run = |body: &str, sql: &str| {
        let revision = revision("1", "None", body);
        told(&[
            ("alembic.ini", INI),
            ("alembic/env.py", ENV),
            ("alembic/versions/1.py", &revision),
            ("alembic/versions/sql/init.sql", sql),
            ("models.py", MODELS),
        ])
    };
    for way in ways {
        // What one statement drops goes together, and what two drop does not.
        assert_eq!(run(&format!("{way}\nop.execute('DROP TABLE x, y')"), sql), [".: a | a"], "{way}");
    }
    let apart = run(&format!("{}\nop.execute('DROP TABLE x; DROP TABLE y;')", ways[0]), sql);
    assert!(apart.iter().any(|line| line.starts_with("  ! ")), "{apart:?}");
    let other = run(ways[0], "CREATE TABLE b (id int PRIMARY KEY);");
    assert_eq!(other, [".: a | b", "  missing-table the table a", "  extra-table the table b"]);
    let unknown = run("op.execute(open('/srv/init.sql').read())", sql);
    assert!(unknown.iter().any(|line| line.contains("known only at run time")), "{unknown:?}");
}

#[test]
fn operations_of_the_project_and_of_plugins_are_said() {
    let lines = plain(MODELS, ENV, &format!("{}\nop.create_view('v')\nop.do_everything()", makes("a")));
    assert!(lines.iter().any(|line| line.contains("op.create_view()") && line.ends_with("(Nothing)")), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.contains("op.do_everything()") && line.ends_with("(Everything)")),
        "{lines:?}"
    );
    let lines = plain(MODELS, ENV, &format!("{}\nop.create_view_table('v')", makes("a")));
    assert!(lines.iter().any(|line| line.contains("(Everything)") || line.contains("(Table(")), "{lines:?}");
    let entity = "from alembic_utils.pg_function import PGFunction\nop.create_entity(PGFunction('public', 'f()', 'returns int as $$ select 1 $$'))";
    assert_eq!(plain(MODELS, ENV, &format!("{}\n{entity}", makes("a"))), [".: a | a"]);
}

#[test]
fn what_create_all_makes_is_what_the_models_were() {
    let body = "from models import Base\nBase.metadata.create_all(op.get_bind())";
    let lines = plain(MODELS, ENV, body);
    assert_eq!(lines[0], ".: a | ");
    assert!(lines.iter().any(|line| line.contains("create_all()") && line.ends_with("(Everything)")), "{lines:?}");
    assert!(lines.iter().all(|line| !line.starts_with("  missing")), "nothing certain: {lines:?}");
}

#[test]
fn modules_under_computed_names_that_import_others_under_computed_names() {
    let lines = told(&[
        ("alembic.ini", INI),
        ("alembic/env.py", &format!("import importlib\nimportlib.import_module(unknown_name())\n{ENV}")),
        (
            "models.py",
            "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n",
        ),
        (
            "more.py",
            "import importlib\nfrom sqlalchemy import Column, Integer\nfrom models import Base\nimportlib.import_module(another_name())\n\n\n\
             class A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n",
        ),
        ("alembic/versions/1.py", &revision("1", "None", &makes("b"))),
    ]);
    assert!(lines.iter().any(|line| line.contains("missing-table the table a")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("imported under computed names")), "{lines:?}");
}

#[test]
fn what_a_base_has_of_the_class_that_it_is_made_with() {
    let models = |own: &str| {
        format!(
            "from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer\nfrom sqlalchemy.orm import declarative_base\n\n\n\
             class Mixin:\n    __table_args__ = {{'schema': 'inner'}}\n\n    @classmethod\n    def name_of(cls):\n        return 'a'\n\n\n\
             Base = declarative_base(cls=Mixin)\n\n\n\
             class A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n    __table_args__ = {own}\n\n\n\
             class B(Base):\n    __tablename__ = 'b'\n    id = Column(Integer, ForeignKey('inner.a.id'), primary_key=True)\n"
        )
    };
    let make = |schema: &str| {
        format!(
            "op.execute('CREATE SCHEMA inner')\n\
             op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True){schema})\n\
             op.create_table('b', sa.Column('id', sa.Integer(), primary_key=True), sa.ForeignKeyConstraint(['id'], ['inner.a.id']), schema='inner')"
        )
    };
    let env = ENV.replace("target_metadata=target", "include_schemas=True, target_metadata=target");
    for own in ["Base.__table_args__", "(CheckConstraint('id > 0'), Base.__table_args__)"] {
        let told: Vec<String> = plain(&models(own), &env, &make(", schema='inner'"));
        assert!(!told.iter().any(|line| line.contains("a table argument") || line.contains("refuses")), "{told:?}");
        assert!(!told.iter().any(|line| line.contains("-table")), "{told:?}");
        // A table in another schema is another table.
        let other = plain(&models(own), &env, &make("").replace("'id'], ['inner.", "'id'], ['"));
        assert!(other.iter().any(|line| line.starts_with("  missing-table")), "{other:?}");
    }
    let told = plain(&models("Base.other"), &env, &make(", schema='inner'"));
    assert!(told.iter().any(|line| line.contains("the table arguments")), "{told:?}");
}

#[test]
fn a_mixin_that_asks_whether_its_class_has_a_column() {
    let run = |base: &str, bases: &str, own: &str, body: &str| {
        let models = format!(
            "from sqlalchemy import Boolean, Column, Index, Integer\nfrom sqlalchemy.orm import DeclarativeBase, declarative_base, declared_attr\n\
             from elsewhere import Other\n{base}\n\n\n\
             class Mixin:\n    id = Column(Integer, primary_key=True)\n\n    @declared_attr\n    def __table_args__(cls):\n        \
             return () if not hasattr(cls, 'only') else (Index('only_one', cls.id, postgresql_where=cls.only, unique=True),)\n\n\n\
             class A(Base, Mixin{bases}):\n    __tablename__ = 'a'\n    plain = Column(Integer)\n\n\n\
             class B(Base, Mixin):\n    __tablename__ = 'b'\n    {own}\n"
        );
        let mut lines = plain(&models, ENV, body);
        lines.remove(0);
        lines
    };
    let makes = |only: &str| {
        format!(
            "op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('plain', sa.Integer()))\n\
             op.create_table('b', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('only', sa.Boolean())){only}"
        )
    };
    let index = "\nop.create_index('only_one', 'b', ['id'], unique=True, postgresql_where=sa.text('only'))";
    let has = "only = Column(Boolean)";
    for base in [
        "Base = declarative_base()",
        "class Base(DeclarativeBase):\n    pass",
        "class Own:\n    pass\n\n\nBase = declarative_base(cls=Own)",
    ] {
        assert_eq!(run(base, "", has, &makes(index)), Vec::<String>::new(), "{base}");
        assert_eq!(run(base, "", has, &makes("")), ["  missing-index the index only_one of b"], "{base}");
        // A class without the column has no such index.
        assert_eq!(
            run(base, "", "plain = Column(Integer)", &makes("")),
            ["  missing-column the column b.plain", "  extra-column the column b.only"],
            "{base}"
        );
        // Another package's class may have it.
        let told = run(base, ", Other", has, &makes(index));
        assert!(told.iter().any(|line| line.contains("the base class `elsewhere.Other`")), "{base}: {told:?}");
        assert!(told.iter().all(|line| line.starts_with("  ? ") || line.ends_with(')')), "{base}: {told:?}");
    }
    for base in ["Base = declarative_base(cls=Other)", "Base = declarative_base(metaclass=Other)"] {
        let told = run(base, "", has, &makes(index));
        assert!(told.iter().any(|line| line.contains("whether an object has `only`")), "{base}: {told:?}");
    }
}

#[test]
fn a_change_of_a_column_that_mysql_refuses_is_told_once() {
    let ini = INI.replace("postgresql://", "mysql+pymysql://");
    let run = |bodies: &[&str]| {
        let models = format!("{MODELS}    new = Column(Integer, nullable=False)\n");
        let first =
            "op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('old', sa.Integer()))";
        let revisions: Vec<(String, String)> = std::iter::once(&first)
            .chain(bodies)
            .enumerate()
            .map(|(at, body)| {
                let down = if at == 0 { "None".to_owned() } else { format!("'{at}'") };
                (format!("alembic/versions/{}.py", at + 1), revision(&(at + 1).to_string(), &down, body))
            })
            .collect();
        let mut files = vec![("alembic.ini", ini.as_str()), ("alembic/env.py", ENV), ("models.py", models.as_str())];
        files.extend(revisions.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let mut lines = told(&files);
        lines.remove(0);
        lines
    };
    let refused = "  ! MySQL needs the existing type to change a column (existing_type)";
    assert_eq!(run(&["op.alter_column('a', 'old', new_column_name='new', nullable=False)"]), [refused]);
    // What the statement was not meant to do is told as before, and so is what it would have done to another column.
    assert_eq!(
        run(&["op.alter_column('a', 'old', new_column_name='new')"]),
        ["  changed-nullability the nullability of a.new", refused]
    );
    assert_eq!(
        run(&["op.alter_column('a', 'old', new_column_name='other', nullable=False)"]),
        ["  missing-column the column a.new", "  extra-column the column a.other", refused]
    );
    let twice =
        run(&["op.alter_column('a', 'old', new_column_name='new', nullable=False)", "op.drop_column('a', 'old')"]);
    assert_eq!(twice.len(), 2, "{twice:?}");
}
