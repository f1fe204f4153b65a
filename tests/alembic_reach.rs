//! How far a doubt reaches in a project with Alembic, and which tables are the application's own.
//!
//! Each case is a repository in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

#[path = "support/environments.rs"]
mod environments;

use environments::{ENV, INI, MODELS, makes, plain, revision, told};

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

#[test]
fn two_foreign_keys_of_one_name_put_nothing_else_of_their_table_in_doubt() {
    let models = "from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Integer, MetaData\n\
        from sqlalchemy.orm import declarative_base\n\
        Base = declarative_base(metadata=MetaData(naming_convention={'fk': '%(table_name)s_%(column_0_name)s_fkey'}))\n\n\n\
        class P(Base):\n    __tablename__ = 'p'\n    a = Column(Integer, primary_key=True)\n\n\n\
        class Q(Base):\n    __tablename__ = 'q'\n    a = Column(Integer, primary_key=True)\n    b = Column(Integer, primary_key=True)\n\n\n\
        class T(Base):\n    __tablename__ = 't'\n    id = Column(Integer, primary_key=True)\n    a = Column(Integer, ForeignKey('p.a'))\n    b = Column(Integer)\n    \
        __table_args__ = (ForeignKeyConstraint(['a', 'b'], ['q.a', 'q.b']),)\n";
    let run = |more: &str| {
        let body = format!(
            "op.create_table('p', sa.Column('a', sa.Integer(), primary_key=True))\n\
             op.create_table('q', sa.Column('a', sa.Integer(), primary_key=True), sa.Column('b', sa.Integer(), primary_key=True))\n\
             op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('a', sa.Integer()), sa.Column('b', sa.Integer()){more})"
        );
        let mut lines = plain(models, ENV, &body);
        lines.retain(|line| line.starts_with("  ") && !line.contains("exists already"));
        lines
    };
    let one = ", sa.ForeignKeyConstraint(['a'], ['p.a'], name='one')";
    let both = format!("{one}, sa.ForeignKeyConstraint(['a', 'b'], ['q.a', 'q.b'], name='two')");
    assert_eq!(run(&both), Vec::<String>::new());
    assert_eq!(run(&format!("{both}, sa.Column('c', sa.Integer())")), ["  extra-column the column t.c"]);
    // Each of the two is looked for by its columns.
    assert_eq!(run(one), ["  missing-foreign-key the foreign key t_a_fkey of t"]);
    assert_eq!(run("").len(), 2, "{:?}", run(""));
    assert!(plain(models, ENV, "pass").iter().any(|line| line.contains("exists already")), "the clash itself is told");
}
