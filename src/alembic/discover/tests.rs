use super::*;
use crate::alembic::Alembic;
use crate::catalog::Dialect;
use crate::git::MemorySnapshot;
use crate::project::Ecosystem;

fn projects(files: &[(&str, &str)]) -> Vec<Project> {
    discover(&MemorySnapshot::new(files.iter().copied()), &[]).unwrap_or_default()
}

#[test]
fn an_ini_beside_its_folder() {
    let found = projects(&[
        (
            "backend/alembic.ini",
            "[alembic]\nscript_location = db\nsqlalchemy.url = sqlite:///x\nfile_template = %%(rev)s\nprepend_sys_path = . src\n",
        ),
        ("backend/db/env.py", "from alembic import context"),
        ("backend/db/versions/a.py", ""),
        ("uv.lock", ""),
    ]);
    assert_eq!(found.len(), 1);
    let project = &found[0];
    assert_eq!(project.name, "backend");
    assert_eq!(project.root.as_str(), "backend");
    assert_eq!(project.dialect, Some(Dialect::Sqlite));
    assert_eq!(project.migrations, [RepoPath::new("backend/db/versions")]);
    assert_eq!(project.command, "uv run alembic");
    assert_eq!(project.facts.get(FILE_TEMPLATE).map(String::as_str), Some("%(rev)s"));
    assert_eq!(project.facts.get(PYTHON_PATH).map(String::as_str), Some("backend\nbackend/src"));
}

#[test]
fn flask_migrate() {
    let found = projects(&[
        ("migrations/alembic.ini", "[alembic]\n# template\n"),
        ("migrations/env.py", "from flask import current_app\nfrom alembic import context"),
        ("migrations/script.py.mako", ""),
        ("poetry.lock", ""),
    ]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].name, ".");
    assert_eq!(found[0].command, "poetry run flask db");
    assert_eq!(found[0].migrations, [RepoPath::new("migrations/versions")]);
    // Its settings may say nothing of Alembic; they are its settings all the same.
    let bare = projects(&[
        ("migrations/alembic.ini", "[loggers]\nkeys = root\n"),
        ("migrations/env.py", "from flask import current_app\nfrom alembic import context"),
        ("migrations/script.py.mako", ""),
    ]);
    assert_eq!(bare.len(), 1);
    assert_eq!(bare[0].facts.get(NAMED_BY).map(String::as_str), Some("migrations/alembic.ini"));
    assert_eq!(bare[0].migrations, found[0].migrations);
}

#[test]
fn a_folder_that_holds_migrations_alone_is_no_application() {
    let root = |files: &[(&str, &str)]| {
        let env = "from flask import current_app\nfrom alembic import context";
        let migrations = [
            ("svc/db/migrations/alembic.ini", "[alembic]\n"),
            ("svc/db/migrations/env.py", env),
            ("svc/db/migrations/versions/a.py", ""),
            ("other/models.py", "import sqlalchemy"),
        ];
        let found = projects(&[&migrations, files].concat());
        assert_eq!(found.len(), 1);
        let schema: Vec<&str> = found[0].schema.iter().map(RepoPath::as_str).collect();
        (found[0].root.to_string(), found[0].command.clone(), schema.join(" "))
    };
    let tuple = |root: &str, command: &str, schema: &str| (root.to_owned(), command.to_owned(), schema.to_owned());
    let models = "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\nclass A(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n";
    let above = tuple("svc", "flask db --directory db/migrations", "svc/shop/models.py");
    assert_eq!(root(&[("svc/shop/models.py", models)]), above);
    assert_eq!(root(&[("svc/shop/models.py", models), ("svc/db/__init__.py", "\n")]), above);
    // With a program beside the migrations it stays their application's folder, and no other models are taken.
    let beside = tuple("svc/db", "flask db", "svc/db/models.py");
    assert_eq!(root(&[("svc/shop/models.py", models), ("svc/db/models.py", models)]), beside);
    let package = tuple("svc/db", "flask db", "svc/db/__init__.py");
    assert_eq!(root(&[("svc/shop/models.py", models), ("svc/db/__init__.py", models)]), package);
}

#[test]
fn settings_elsewhere_sections_and_pyproject() {
    let found = projects(&[
        (
            "conf/alembic.ini",
            "[alembic]\nscript_location = app/one\n[second]\nscript_location = app/two\n[logger_root]\nlevel=WARN\n",
        ),
        ("app/one/env.py", "import alembic"),
        ("app/two/env.py", "import alembic"),
        (
            "svc/pyproject.toml",
            "[tool.alembic]\nscript_location = \"%(here)s/m\"\nversion_locations = [\"%(here)s/m/v\"]\nrecursive_version_locations = true\n",
        ),
        ("svc/m/env.py", "import alembic"),
    ]);
    let told: Vec<(&str, &str)> = found.iter().map(|p| (p.name.as_str(), p.command.as_str())).collect();
    assert_eq!(
        told,
        [
            ("app/one", "alembic -c conf/alembic.ini"),
            ("second", "alembic -c conf/alembic.ini -n second"),
            ("svc", "alembic")
        ]
    );
    assert_eq!(found[2].migrations, [RepoPath::new("svc/m/v")]);
    assert_eq!(found[2].facts.get(RECURSIVE).map(String::as_str), Some("true"));
}

#[test]
fn environments_without_settings_and_foreign_ones() {
    let found = projects(&[
        ("pkg/db/migrate/env.py", "from alembic import context"),
        ("pkg/db/migrate/script.py.mako", ""),
        ("tests/alembic/env.py", "from alembic import context"),
        ("tests/alembic/script.py.mako", ""),
        (".venv/lib/site-packages/x/env.py", "from alembic import context"),
        ("other/env.py", "print('not alembic')"),
    ]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].root.as_str(), "pkg/db");
    assert_eq!(found[0].facts.get(ENV).map(String::as_str), Some("pkg/db/migrate/env.py"));
}

#[test]
fn a_policy_names_what_it_means() {
    let files = [
        ("a/alembic.ini", "[alembic]\nscript_location = m\n"),
        ("a/m/env.py", "import alembic"),
        ("b/alembic.ini", "[alembic]\nscript_location = m\n"),
        ("b/m/env.py", "import alembic"),
        ("tests/m/versions/x.py", ""),
    ];
    let snapshot = MemorySnapshot::new(files);
    let wanted = [
        ProjectOverride {
            name: "shop".into(),
            migrations: vec!["b/m/versions".into()],
            schema: vec!["b/models".into()],
            dialect: Some(Dialect::MySql),
            ..ProjectOverride::default()
        },
        ProjectOverride { name: "bare".into(), migrations: vec!["tests/m".into()], ..ProjectOverride::default() },
        ProjectOverride { name: "gone".into(), root: Some("c".into()), ..ProjectOverride::default() },
    ];
    let found = discover(&snapshot, &wanted).unwrap_or_default();
    let told: Vec<(&str, &str)> = found.iter().map(|p| (p.name.as_str(), p.migrations[0].as_str())).collect();
    assert_eq!(told, [("bare", "tests/m/versions"), ("shop", "b/m/versions")]);
    assert_eq!(found[1].dialect, Some(Dialect::MySql));
    assert_eq!(found[1].facts.get(MODELS).map(String::as_str), Some("b/models"));
}

#[test]
fn one_more_revision_that_imports_a_dialect_is_no_other_database() {
    let found = |url: &str, versions: &[(&str, &str)]| {
        let ini = format!("[alembic]\nscript_location = m\n{url}");
        let files = [("alembic.ini", ini.as_str()), ("m/env.py", "import alembic")];
        projects(&[&files, versions].concat()).remove(0)
    };
    let old = ("m/versions/a.py", "from sqlalchemy.dialects import postgresql");
    let new = ("m/versions/b.py", "from sqlalchemy.dialects import mysql\nfrom sqlalchemy.dialects.mysql import JSON");
    let settled = |mut before: Project, mut after: Project| {
        Alembic.settle(&mut before, &mut after);
        (before.dialect, after.dialect)
    };
    let (postgresql, mysql) = (Some(Dialect::PostgreSql), Some(Dialect::MySql));
    let before = found("", &[old]);
    let after = found("", &[old, new]);
    assert_eq!((before.dialect, after.dialect), (postgresql, mysql));
    assert_eq!(settled(before.clone(), after.clone()), (postgresql, postgresql));
    // What the settings say is another thing: of what was but inferred it says that it was wrong.
    let named = |kind: &str| found(&format!("sqlalchemy.url = {kind}://h/d\n"), &[old]);
    assert_eq!(settled(before.clone(), named("mysql")), (mysql, mysql));
    assert_eq!(settled(named("postgresql"), named("mysql")), (postgresql, mysql), "it was moved");
    assert_eq!(settled(named("postgresql"), after.clone()), (postgresql, postgresql), "the URL is somewhere else now");
    let silent = found("", &[("m/versions/b.py", "import sqlalchemy")]);
    assert_eq!(silent.dialect, None);
    assert_eq!(settled(silent.clone(), after), (mysql, mysql), "seen as PostgreSQL before, all would seem to change");
    assert_eq!(settled(before, silent), (postgresql, postgresql));
    // A driver that is added counts no more than an import does.
    let with_driver = |more: &str| {
        let needs = format!("alembic\nsqlalchemy\n{more}");
        let files = [("alembic.ini", "[alembic]\nscript_location = m\n"), ("m/env.py", "import alembic")];
        projects(&[&files[..], &[("requirements.txt", needs.as_str())]].concat()).remove(0)
    };
    let (before, after) = (with_driver("aiosqlite"), with_driver("psycopg2"));
    assert_eq!((before.dialect, after.dialect), (Some(Dialect::Sqlite), postgresql));
    assert_eq!(settled(before, after), (Some(Dialect::Sqlite), Some(Dialect::Sqlite)));
}

#[test]
fn the_database_of_a_flask_application_is_the_one_that_it_sets() {
    let dialect = |more: &[(&str, &str)]| {
        let env = "from flask import current_app\nconfig.set_main_option('sqlalchemy.url', get_engine_url())\n";
        let files = [("migrations/alembic.ini", "[alembic]\n"), ("migrations/env.py", env)];
        projects(&[&files[..], more].concat()).remove(0).dialect
    };
    let sets = |url: &str| format!("app.config[\"SQLALCHEMY_DATABASE_URI\"] = f\"{url}\"\n");
    let (file, server) = (sets("sqlite:///{path}"), sets("mysql+pymysql://{user}@db/app"));
    assert_eq!(dialect(&[("app/__init__.py", &file)]), Some(Dialect::Sqlite));
    assert_eq!(dialect(&[("config.py", &server)]), Some(Dialect::MySql));
    assert_eq!(dialect(&[("config.py", &server), ("app/__init__.py", &file)]), None, "which of the two is not known");
    assert_eq!(dialect(&[("tests/config.py", &file)]), None);
    assert_eq!(dialect(&[("app/__init__.py", &file), ("requirements.txt", "psycopg2\n")]), Some(Dialect::PostgreSql));
    // Revisions that no SQLite takes are for a server, whatever the application falls back to.
    let altered = "def upgrade():\n    op.alter_column('a', 'b', nullable=False)\n";
    let refused: Vec<String> = (0..9).map(|at| format!("migrations/versions/{at}.py")).collect();
    let mut files: Vec<(&str, &str)> = refused.iter().map(|path| (path.as_str(), altered)).collect();
    files.push(("app/__init__.py", &file));
    assert_eq!(dialect(&files), None);
}

/// The script locations with the folders of their revisions.
fn told(found: &[Project]) -> Vec<(String, Vec<&str>)> {
    let mut told = Vec::new();
    for project in found {
        let script = project.facts.get(SCRIPT_LOCATION).cloned().unwrap_or_default();
        told.push((script, project.migrations.iter().map(RepoPath::as_str).collect()));
    }
    told
}

#[test]
fn a_section_that_holds_the_folders_of_another_is_the_project() {
    let found = |ini: &str| {
        projects(&[
            ("pkg/m/alembic.ini", ini),
            ("pkg/m/env.py", "from alembic import context"),
            ("pkg/m/versions/b1.py", "down_revision = 'a1'"),
            ("pkg/a/script.py.mako", ""),
            ("pkg/a/versions/a1.py", "down_revision = None"),
            // Named by nobody: Flask-Alembic's.
            ("pkg/c/script.py.mako", ""),
            ("pkg/c/versions/c1.py", "down_revision = None"),
        ])
    };
    let whole = "version_locations = %(here)s/versions:%(here)s/../a/versions\nversion_path_separator = os\n";
    let both = ("pkg/m".to_owned(), vec!["pkg/m/versions", "pkg/a/versions"]);
    let other = ("pkg/c".to_owned(), vec!["pkg/c/versions"]);
    let joined = found(&format!("[alembic]\nscript_location = pkg:m\n[all]\nscript_location = pkg:m\n{whole}"));
    assert_eq!(told(&joined), [both.clone(), other.clone()]);
    assert_eq!(joined[0].facts.get(SECTION).map(String::as_str), Some("all"));
    // Sections that name their folders, or another database, are projects each.
    for own in ["version_locations = %(here)s/versions\n", "sqlalchemy.url = sqlite:///x\n"] {
        let ini = format!(
            "[alembic]\nscript_location = pkg:m\n{own}[all]\nscript_location = pkg:m\nsqlalchemy.url = mysql://x\n{whole}"
        );
        let mut found = told(&found(&ini)).into_iter().map(|(dir, folders)| (dir, folders.len())).collect::<Vec<_>>();
        found.sort();
        assert_eq!(found, [("pkg/c".to_owned(), 1), ("pkg/m".to_owned(), 1), ("pkg/m".to_owned(), 2)]);
    }
    // Without the section that names them, the folder stands for itself.
    let alone = found("[alembic]\nscript_location = pkg:m\n");
    assert!(told(&alone).contains(&("pkg/a".to_owned(), vec!["pkg/a/versions"])));
}
