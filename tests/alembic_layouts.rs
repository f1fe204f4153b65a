//! The shapes that Alembic environments come in, and how far what is passed over reaches.
//!
//! Each case is a repository in memory: which environments are found in it, which tables they declare and make, and what
//! is said of the difference.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

use driftgate::alembic::Alembic;
use driftgate::git::MemorySnapshot;
use driftgate::history::replay;
use driftgate::project::Ecosystem as _;

/// What is found: for each environment its name, the tables of its models, those of its revisions, then differences
/// (`*` what Alembic does not see, `?` what is not certain), failures (`!`) and doubts.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let snapshot = MemorySnapshot::new(files.iter().map(|(path, text)| (*path, (*text).to_owned())));
    let mut lines = Vec::new();
    for project in Alembic.discover(&snapshot, &[]).unwrap() {
        let history = Alembic.history(&project, &snapshot).unwrap();
        let replayed = replay(&history, project.dialect());
        let declared = Alembic.declared(&project, &snapshot).unwrap();
        let names = |catalog: &driftgate::catalog::Catalog| {
            let mut names: Vec<String> = catalog.tables.keys().map(|name| name.name.clone()).collect();
            names.sort();
            names.join(" ")
        };
        lines.push(format!("{}: {} | {}", project.name, names(&declared.catalog), names(&replayed.catalog)));
        for difference in Alembic.compare(&project, &declared.catalog, &replayed.catalog) {
            let sure = if difference.certain { "" } else { "? " };
            let seen = if difference.beyond_engine { "* " } else { "" };
            lines.push(format!("  {sure}{seen}{} {}", difference.kind, difference.object()));
        }
        for failure in replayed.migrations.iter().flat_map(|migration| &migration.failures) {
            lines.push(format!("  !{} {}", if failure.certain { "" } else { "?" }, failure.error));
        }
        for doubt in declared.catalog.doubts.iter().chain(&replayed.catalog.doubts) {
            lines.push(format!("  {} ({:?})", doubt.reason, doubt.reach));
        }
        lines.extend(history.problems.iter().map(|problem| format!("  problem: {}", problem.message)));
    }
    lines
}

const MODELS: &str = "from sqlalchemy import Column, Index, Integer, String\nfrom sqlalchemy.orm import declarative_base\n\
    Base = declarative_base()\n\n\nclass A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n";
const ENV: &str = "from alembic import context\nfrom models import Base\n\ntarget_metadata = Base.metadata\n\n\n\
    def run():\n    context.configure(connection=None, target_metadata=target_metadata)\n\n\nrun()\n";
const INI: &str = "[alembic]\nscript_location = alembic\nprepend_sys_path = .\nsqlalchemy.url = postgresql:///x\n";

/// A revision: its header and the statements of its `upgrade()`.
fn revision(id: &str, down: &str, body: &str) -> String {
    let body: String = body.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "from alembic import op\nimport sqlalchemy as sa\n\nrevision = '{id}'\ndown_revision = {down}\n\n\ndef upgrade():\n{body}"
    )
}

fn makes(table: &str) -> String {
    format!("op.create_table('{table}', sa.Column('id', sa.Integer(), primary_key=True))")
}

/// The plain layout with other models, another `env.py` or another body of the only revision.
fn plain(models: &str, env: &str, body: &str) -> Vec<String> {
    let revision = revision("1", "None", body);
    told(&[("alembic.ini", INI), ("alembic/env.py", env), ("alembic/versions/1.py", &revision), ("models.py", models)])
}

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

/// What is said of a model `a` with a column that no revision makes, an index that no revision makes, and none of what the
/// revisions add beside: of revisions with these bodies, one after the other.
fn after_doubt(bodies: &[&str]) -> Vec<String> {
    let revisions: Vec<(String, String)> = bodies
        .iter()
        .enumerate()
        .map(|(at, body)| {
            let down = if at == 0 { "None".to_owned() } else { format!("'{at}'") };
            (format!("alembic/versions/{}.py", at + 1), revision(&(at + 1).to_string(), &down, body))
        })
        .collect();
    let models = format!("{MODELS}    lacking = Column(Integer, index=True)\n");
    let mut files = vec![("alembic.ini", INI), ("alembic/env.py", ENV), ("models.py", models.as_str())];
    files.extend(revisions.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let mut told = told(&files);
    told.remove(0);
    told.retain(|line| !line.contains("(Everything)"));
    told
}

#[test]
fn a_doubt_is_about_nothing_that_was_made_later() {
    const UNREAD: &str = "import os\nop.execute(os.environ['MORE'])";
    let make = makes("a");
    let make = make.as_str();
    let if_absent = make.replace("primary_key=True)", "primary_key=True), if_not_exists=True");
    let lacks = ["  missing-column the column a.lacking", "  missing-index the index ix_a_lacking of a"];
    let may_lack = ["  ? missing-column the column a.lacking", "  ? missing-index the index ix_a_lacking of a"];
    assert_eq!(after_doubt(&[make]), lacks);
    assert_eq!(after_doubt(&[UNREAD, make]), lacks, "it was not there yet");
    assert_eq!(after_doubt(&[make, UNREAD]), may_lack, "it was");
    assert_eq!(after_doubt(&[UNREAD, &if_absent]), may_lack, "it may have made it");
    assert_eq!(after_doubt(&[UNREAD, make, UNREAD]), may_lack, "and one of two was later");
    let caught = format!("try:\n    {make}\nexcept Exception:\n    pass");
    assert_eq!(after_doubt(&[UNREAD, &caught]), may_lack, "it may have made it, and nobody would know");
    let maybe = format!("if os.environ.get('X'):\n    {make}");
    assert!(after_doubt(&[UNREAD, &format!("import os\n{maybe}")]).iter().all(|line| !line.starts_with("  missing")));
    // Under another name it is what it was.
    let (other, rename) = (makes("old"), "op.rename_table('old', 'a')");
    assert_eq!(after_doubt(&[UNREAD, &other, rename]), lacks);
    assert_eq!(after_doubt(&[&other, UNREAD, rename]), may_lack);
    // What is put into a table later is known, and the rest of it is not.
    let parts = "op.add_column('a', sa.Column('more', sa.Integer()))\nop.create_index('ix_more', 'a', ['more'])";
    let more = ["  extra-column the column a.more", "  extra-index the index ix_more of a"];
    assert_eq!(after_doubt(&[make, UNREAD, parts])[..1], may_lack[..1]);
    for line in more {
        assert!(after_doubt(&[make, UNREAD, parts]).iter().any(|told| told == line), "{line}");
        assert!(after_doubt(&[make, parts, UNREAD]).iter().all(|told| told != line), "{line}");
    }
    let asks = "op.add_column('a', sa.Column('more', sa.Integer()), if_not_exists=True)";
    assert!(after_doubt(&[make, UNREAD, asks]).contains(&"  ? extra-column the column a.more".to_owned()));
}

#[test]
fn what_fails_on_a_table_that_was_made_after_a_doubt_fails_for_certain() {
    const UNREAD: &str = "import os\nop.execute(os.environ['MORE'])";
    let make = makes("a");
    let fails = |bodies: &[&str]| after_doubt(bodies).into_iter().find(|line| line.starts_with("  !"));
    let drop = "op.drop_column('a', 'gone')";
    assert_eq!(fails(&[UNREAD, &make, drop]).as_deref(), Some("  ! the column a.gone does not exist"));
    assert_eq!(fails(&[&make, UNREAD, drop]).as_deref(), Some("  !? the column a.gone does not exist"));
    // What stands in the way in another table may have been moved away.
    let index = "op.create_index('ix', 'b', ['id'])";
    let b = makes("b");
    let other = "op.create_index('ix', 'a', ['id'])";
    assert_eq!(
        fails(&[&make, index.replace("'b'", "'a'").as_str(), UNREAD, &b, index]).as_deref(),
        Some("  !? the index ix exists already")
    );
    assert_eq!(fails(&[UNREAD, other]).as_deref(), Some("  !? the table a does not exist"));
}

#[test]
fn an_index_that_is_dropped_under_a_condition_is_that_of_its_table() {
    let bind = "bind = op.get_bind()\nschema = bind.execute(sa.text('SELECT current_schema()')).scalar_one()\n";
    let valid = "bind.execute(sa.text(\"SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix')\")).scalar_one_or_none()";
    let drop = format!("{bind}if {valid} is False:\n    op.execute(f'DROP INDEX CONCURRENTLY {{schema}}.ix')");
    let lacks = ["  missing-column the column a.lacking", "  missing-index the index ix_a_lacking of a"];
    let make = makes("a");
    let reason = "an index that no revision makes is dropped (Nothing)";
    assert_eq!(after_doubt(&[&make, &drop]), [lacks[0], lacks[1], &format!("  {reason}")]);
    let index = |table: &str| format!("op.create_index('ix', '{table}', ['id'])");
    let told = after_doubt(&[&make, &makes("b"), &index("b"), &drop]);
    assert!(told.iter().any(|line| line == lacks[0]) && told.iter().any(|line| line.contains("Table")), "{told:?}");
    let told = after_doubt(&[&make, &index("a"), &drop]);
    assert!(told.iter().any(|line| line.starts_with("  ? extra-index")), "{told:?}");
}

#[test]
fn a_plugin_whose_revisions_a_runner_of_its_own_applies() {
    let told_with = |plugin: &str, migrations: &str, text: &str| {
        let model = format!(
            "from models import Base\nfrom sqlalchemy import Column, Integer\n{plugin}\n\nclass P(Base):\n    __tablename__ = 'p'\n    id = Column(Integer, primary_key=True)\n"
        );
        told(&[
            ("alembic.ini", INI),
            ("alembic/env.py", &ENV.replace("from models import Base", "from models import Base\nimport plugins.p")),
            ("alembic/versions/1.py", &revision("1", "None", &makes("a"))),
            ("models.py", MODELS),
            ("plugins/__init__.py", ""),
            ("plugins/p/__init__.py", &model),
            (migrations, text),
        ])
    };
    let own = revision("x1", "None", &makes("p"));
    let run = "from runner import upgrade\nupgrade(plugin_name='p')\n";
    let told_p = told_with(run, "plugins/p/migrations/x1.py", &own);
    assert_eq!(told_p[1], "  ? missing-table the table p", "{told_p:?}");
    assert!(told_p[2].contains("its revisions lie in plugins/p/migrations"), "{told_p:?}");
    // Nothing runs them, they are no revisions, or they are those of another plugin.
    assert_eq!(told_with("", "plugins/p/migrations/x1.py", &own)[1], "  missing-table the table p");
    assert_eq!(told_with(run, "plugins/p/migrations/x1.py", "X = 1\n")[1], "  missing-table the table p");
    assert_eq!(told_with(run, "plugins/q/migrations/x1.py", &own)[1], "  missing-table the table p");
}

#[test]
fn a_template_for_plugins_in_the_folder_of_an_application() {
    let env =
        "from flask import current_app\nfrom alembic import context\nget = current_app.extensions['migrate'].db\n";
    let app = "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n\n\nclass A(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n\n\n\
        class B(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n";
    let model = "from sqlalchemy import Column, Integer, MetaData\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base(metadata=MetaData())\n\n\n\
        class Hello(Base):\n    __tablename__ = 'hello'\n    id = Column(Integer, primary_key=True)\n";
    let files = |template: &str, model: &str, versions: &str| {
        let (env_of, ini_of) = (format!("{template}/env.py"), format!("{template}/alembic.ini"));
        told(&[
            ("migrations/alembic.ini", "[alembic]\n"),
            ("migrations/env.py", env),
            ("migrations/versions/1.py", &revision("1", "None", &makes("a"))),
            ("app/models.py", app),
            (&ini_of, "[alembic]\n"),
            (&env_of, "from alembic import context\n"),
            (versions, &revision("x", "None", "pass")),
            ("app/plugin_template/models.py", model),
        ])
    };
    let other = files("app/plugin_template", model, "docs/x.py");
    assert_eq!(other[..3], [".: a b hello | a", "  missing-table the table b", "  ? missing-table the table hello"]);
    let own = model
        .replace("declarative_base(metadata=MetaData())", "db.Model")
        .replace("from sqlalchemy.orm", "from app.models import db\nfrom sqlalchemy.orm");
    let same = files("app/plugin_template", &own, "docs/x.py");
    assert_eq!(same[..3], [".: a b hello | a", "  missing-table the table b", "  missing-table the table hello"]);
    // With a place for revisions, or under another name, it is an environment.
    let is_found = |template: &str, versions: &str| {
        files(template, model, versions).iter().filter(|line| line.contains(" | ")).count()
    };
    assert_eq!(is_found("app/plugin_template", "docs/x.py"), 1);
    assert_eq!(is_found("app/plugin_template", "app/plugin_template/versions/x.py"), 2);
    assert_eq!(is_found("app/plugin", "docs/x.py"), 2);
}

#[test]
fn a_library_for_tests_declares_nothing_of_the_application() {
    let env =
        "from flask import current_app\nfrom alembic import context\nget = current_app.extensions['migrate'].db\n";
    let app = "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n\n\nclass A(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n";
    let model =
        "from app.models import db\n\n\nclass Fake(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n";
    let tables = |library: &str, importer: &str| {
        let module = library.trim_end_matches(".py").replace('/', ".");
        told(&[
            ("migrations/env.py", env),
            ("migrations/script.py.mako", ""),
            ("migrations/versions/1.py", &revision("1", "None", &makes("a"))),
            ("app/__init__.py", ""),
            ("app/models.py", app),
            (library, model),
            (importer, &format!("from {module} import Fake\n")),
        ])
        .remove(0)
    };
    assert_eq!(tables("app/test_support/models.py", "tests/test_a.py"), ".: a | a");
    assert_eq!(tables("app/test_support/models.py", "app/views.py"), ".: a fake | a", "the application imports it");
    assert_eq!(tables("app/lab_tests/models.py", "app/lab_tests/views.py"), ".: a fake | a", "so it may as well");
    assert_eq!(tables("app/support/models.py", "tests/test_a.py"), ".: a fake | a", "it is not called so");
}

#[test]
fn models_that_are_declared_once_for_each_database() {
    let module = |column: &str| {
        format!(
            "from sqlalchemy import Column, Integer, String\nfrom base import Base\n\n\nclass A(Base):\n    __tablename__ = 'a'\n    {column} = Column(Integer, primary_key=True)\n"
        )
    };
    let told_by = |condition: &str| {
        let models = format!(
            "import os\nfrom base import Base\n{condition}\nif mysql_dsn:\n    from mysql import *\nelse:\n    from other import *\n"
        );
        let models = models.replace("mysql_dsn:", if condition.contains("fast") { "fast:" } else { "mysql_dsn:" });
        let revision = revision("1", "None", &makes("a"));
        told(&[
            ("alembic.ini", INI),
            ("alembic/env.py", ENV),
            ("alembic/versions/1.py", &revision),
            ("base.py", "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"),
            ("models.py", &models),
            ("mysql.py", &module("key")),
            ("other.py", &module("id")),
        ])
    };
    assert_eq!(told_by("mysql_dsn = os.environ.get('DSN')"), [".: a | a"]);
    assert!(told_by("fast = os.environ.get('FAST')").len() > 1, "which of the two it is cannot be told");
}

#[test]
fn an_enum_that_is_kept_as_text_needs_no_length() {
    let told_of = |ty: &str, made: &str| {
        let models = format!("from sqlalchemy import Enum\n{MODELS}    kind = Column({ty})\n");
        let body =
            format!("op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('kind', {made}))");
        plain(&models, ENV, &body).split_off(1)
    };
    let plain = "Enum('one', 'three', native_enum=False)";
    assert!(told_of(plain, "sa.String()").is_empty());
    assert!(told_of(plain, "sa.String(5)").is_empty());
    assert_eq!(told_of(plain, "sa.String(3)"), ["  changed-type the type of a.kind"]);
    assert_eq!(told_of(plain, "sa.Integer()"), ["  changed-type the type of a.kind"]);
    for written in ["Enum('one', 'three', native_enum=False, length=20)", "String(5)"] {
        assert_eq!(told_of(written, "sa.String()"), ["  * changed-type the type of a.kind"]);
    }
}
