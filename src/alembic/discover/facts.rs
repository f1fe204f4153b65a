//! What a repository says about an environment beside its settings: the database, the way commands are run.

use std::sync::Arc;

use crate::catalog::Dialect;
use crate::git::{FileList, Snapshot, SnapshotError};
use crate::source::{RepoPath, Source};

use super::defaults;
use super::locations::bases;
use crate::alembic::python::ParsedFile;

/// How many revisions are looked at for imports of a dialect.
const MAX_REVISIONS_READ: usize = 200;

/// How many revisions must do what SQLite refuses before its URL is not believed: one may be a mistake.
const MIN_REFUSED: usize = 2;

/// The dialect of a database URL (`postgresql+asyncpg://…`), where the text is one that could be meant.
pub(crate) fn dialect_of_url(url: &str) -> Option<Dialect> {
    let (scheme, rest) = url.trim().trim_matches(['"', '\'']).split_once("://")?;
    // The placeholder of Alembic's own template is `driver://user:pass@localhost/dbname`.
    if scheme == "driver" || (scheme.is_empty() && rest.is_empty()) {
        return None;
    }
    scheme.split('+').next()?.parse().ok()
}

/// The dialect of the first database URL in a text.
pub(super) fn dialect_in_text(text: &str) -> Option<Dialect> {
    text.match_indices("://").find_map(|(at, _)| {
        let head = &text[..at];
        let start = head
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '+' || c == '_'))
            .map_or(0, |found| found + head[found..].chars().next().map_or(1, char::len_utf8));
        dialect_of_url(text.get(start..at + 3)?)
    })
}

/// Whether what is taken or set at the start of a text is a connection, an engine or a URL.
fn is_about_connection(text: &str) -> bool {
    let name = text.split(['"', '\'']).nth(1).unwrap_or_default();
    let of_section = text.starts_with("sqlalchemy.url");
    of_section || ["conn", "engine", "url", "connectable"].iter().any(|word| name.contains(word))
}

/// The database that a folder of revisions is named for, where its name says one.
fn named_for(folder: &str) -> Option<Dialect> {
    let mut found = folder.split(['_', '-', '.']).filter_map(|word| word.parse().ok());
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Modules of an application that are looked at for its database, and how deep below the project's root.
const MAX_SETTINGS_READ: usize = 60;
const MAX_DEPTH: usize = 3;

/// What decides the database when the settings do not.
pub(crate) struct Evidence<'a> {
    /// The snapshot.
    pub(crate) snapshot: &'a dyn Snapshot,
    /// The URL of the settings.
    pub(crate) url: Option<&'a str>,
    /// `env.py`.
    pub(crate) env: &'a RepoPath,
    /// The folder of the commands.
    pub(crate) root: &'a RepoPath,
    /// Folders from which `env.py` imports.
    pub(crate) python: &'a [RepoPath],
    /// Folders of the revisions.
    pub(crate) versions: &'a [RepoPath],
}

impl Evidence<'_> {
    /// The database that a project targets, none where nothing says which, and whether that is inferred from signs only.
    ///
    /// The settings' URL counts first, unless `env.py` sets another, or it names SQLite and the revisions are a server's: then
    /// it is often a leftover. After it come the name of the folder (`migrations_sqlite`), the dialects that revisions import,
    /// the drivers that the project depends on, URLs in `env.py` and `.env` files, and last the default of the setting that
    /// `env.py` takes: it is for development.
    pub(crate) fn dialect(&self) -> Result<(Option<Dialect>, bool), SnapshotError> {
        let files = self.snapshot.files()?;
        let env = self.snapshot.read(self.env)?.text();
        let env = env.as_ref().map_or("", |source| source.text());
        let overridden = ["set_main_option", "set_section_option", "create_engine(", "create_async_engine("]
            .iter()
            .any(|call| env.contains(call));
        let url = self.url.and_then(dialect_of_url);
        // A file for development is believed least: a program hands over its own connection, as Alembic's cookbook has it
        // (<https://alembic.sqlalchemy.org/en/latest/cookbook.html#connection-sharing>), or the section gets another URL.
        let handed = || {
            [
                "attributes.get(\"",
                "attributes.get('",
                "attributes[\"",
                "attributes['",
                "sqlalchemy.url\"] =",
                "sqlalchemy.url'] =",
            ]
            .iter()
            .any(|taken| env.match_indices(taken).any(|(at, _)| is_about_connection(&env[at..])))
        };
        let overridden = overridden || (url == Some(Dialect::Sqlite) && handed());
        if let Some(dialect) = url
            && !overridden
        {
            // A file beside the sources is for development, where the revisions do what SQLite refuses.
            let server = match dialect {
                Dialect::Sqlite if self.refused_by_sqlite(files)? >= MIN_REFUSED => self.server(files)?,
                _ => None,
            };
            return Ok(server.unwrap_or((Some(dialect), false)));
        }
        if let Some(dialect) = self.env.parent().and_then(|dir| named_for(dir.file_name())) {
            return Ok((Some(dialect), false));
        }
        if let Some(dialect) = self.imported(files)? {
            return Ok((Some(dialect), true));
        }
        if let Some(dialect) = dialect_in_text(env) {
            return Ok((Some(dialect), false));
        }
        if let Some(dialect) = self.driver(files)? {
            return Ok((Some(dialect), true));
        }
        if let Some(dialect) = self.environment_files(files)? {
            return Ok((Some(dialect), true));
        }
        if let Some(dialect) = self.application(files)? {
            return Ok((Some(dialect), true));
        }
        let by_default = match self.snapshot.read(self.env)?.text() {
            Some(source) => defaults::dialect(self.snapshot, self.python, &ParsedFile::parse(&source))?,
            None => None,
        };
        // What is overridden by something that nobody knows may be any server; revisions in batches are written for SQLite.
        let url = match url {
            Some(Dialect::Sqlite) if !self.in_batches(files, env)? => None,
            other => other,
        };
        Ok((by_default.or(url), true))
    }

    /// Whether revisions are written, or are to be written, in batches: only SQLite needs them.
    /// <https://alembic.sqlalchemy.org/en/latest/batch.html>
    fn in_batches(&self, files: &FileList, env: &str) -> Result<bool, SnapshotError> {
        let is_set = env.lines().any(|line| {
            line.contains("render_as_batch") && !line.contains("False") && !line.trim_start().starts_with('#')
        });
        Ok(is_set || self.revisions(files)?.iter().any(|source| source.text().contains("batch_alter_table(")))
    }

    /// The texts of the revisions.
    fn revisions(&self, files: &FileList) -> Result<Vec<Arc<Source>>, SnapshotError> {
        let revisions = self
            .versions
            .iter()
            .flat_map(|dir| files.under(dir))
            .filter(|entry| entry.path.extension() == Some("py"))
            .take(MAX_REVISIONS_READ);
        let mut found = Vec::new();
        for entry in revisions {
            found.extend(self.snapshot.read(&entry.path)?.text());
        }
        Ok(found)
    }

    /// How many revisions alter a constraint or a column outside of a batch, which no SQLite takes, and do not look which
    /// database it is.
    fn refused_by_sqlite(&self, files: &FileList) -> Result<usize, SnapshotError> {
        const REFUSED: [&str; 4] =
            ["op.create_foreign_key(", "op.create_unique_constraint(", "op.drop_constraint(", "op.alter_column("];
        let refused = |source: &Arc<Source>| {
            let text = source.text();
            let upgrade = text.split("def downgrade(").next().unwrap_or(text);
            // `batch_op.drop_constraint(…)` ends like it.
            let calls = |line: &str| REFUSED.iter().any(|call| line.trim_start().starts_with(call));
            !["sqlite", "dialect.", "get_bind", "get_context"].iter().any(|word| upgrade.contains(word))
                && upgrade.lines().any(calls)
        };
        Ok(self.revisions(files)?.iter().filter(|source| refused(source)).count())
    }

    /// The server that a project with such revisions is for, where they import its dialect or the project depends on its
    /// driver.
    fn server(&self, files: &FileList) -> Result<Option<(Option<Dialect>, bool)>, SnapshotError> {
        if let Some(dialect) = self.imported(files)? {
            return Ok(Some((Some(dialect), true)));
        }
        let driver = self.driver(files)?.filter(|dialect| *dialect != Dialect::Sqlite);
        Ok(driver.map(|dialect| (Some(dialect), true)))
    }

    /// The dialect that most revisions import, `sqlite` apart: it is imported beside the real one.
    fn imported(&self, files: &FileList) -> Result<Option<Dialect>, SnapshotError> {
        let mut counts =
            [(Dialect::PostgreSql, 0_usize), (Dialect::MySql, 0), (Dialect::SqlServer, 0), (Dialect::Oracle, 0)];
        for source in self.revisions(files)? {
            for line in source.text().lines().filter(|line| line.contains("sqlalchemy.dialects")) {
                for (dialect, count) in &mut counts {
                    let word = match dialect {
                        Dialect::SqlServer => "mssql",
                        other => other.as_str(),
                    };
                    *count += usize::from(line.contains(word));
                }
            }
        }
        Ok(counts
            .iter()
            .rev()
            .max_by_key(|(_, count)| *count)
            .filter(|(_, count)| *count > 0)
            .map(|(dialect, _)| *dialect))
    }

    /// The dialect of a driver that the project depends on. Where there are several, the first of the table.
    fn driver(&self, files: &FileList) -> Result<Option<Dialect>, SnapshotError> {
        const DRIVERS: [(Dialect, &[&str]); 6] = [
            (Dialect::CockroachDb, &["sqlalchemy-cockroachdb"]),
            (Dialect::PostgreSql, &["psycopg", "asyncpg", "pg8000", "[postgresql]"]),
            (Dialect::MySql, &["pymysql", "mysqlclient", "aiomysql", "asyncmy", "mysql-connector", "[mysql]"]),
            (Dialect::SqlServer, &["pymssql", "pyodbc", "aioodbc"]),
            (Dialect::Oracle, &["oracledb", "cx_oracle", "cx-oracle"]),
            (Dialect::Sqlite, &["aiosqlite", "pysqlite"]),
        ];
        for base in bases(self.root) {
            let mut texts = String::new();
            for entry in files.under(&base) {
                let Some(rest) = entry.path.strip_prefix(&base) else { continue };
                let (dir, name) = rest.rsplit_once('/').unwrap_or(("", rest));
                let is_list = (dir.is_empty()
                    && matches!(name, "pyproject.toml" | "setup.py" | "setup.cfg" | "Pipfile"))
                    || ((dir.is_empty() || dir.ends_with("requirements"))
                        && name.ends_with(".txt")
                        && (name.contains("require") || dir.ends_with("requirements")));
                if is_list && let Some(source) = self.snapshot.read(&entry.path)?.text() {
                    texts.push_str(&source.text().to_lowercase());
                    texts.push('\n');
                }
            }
            let found = DRIVERS.iter().find(|(_, names)| names.iter().any(|name| texts.contains(name)));
            if let Some((dialect, _)) = found {
                return Ok(Some(*dialect));
            }
        }
        Ok(None)
    }

    /// The dialect that a Flask application sets in its own modules, where all that do agree. A file that no server stands
    /// behind is believed only where the revisions do nothing that SQLite refuses.
    /// <https://flask-sqlalchemy.readthedocs.io/en/stable/config/#flask_sqlalchemy.config.SQLALCHEMY_DATABASE_URI>
    fn application(&self, files: &FileList) -> Result<Option<Dialect>, SnapshotError> {
        const SETTING: &str = "SQLALCHEMY_DATABASE_URI";
        const MODULES: [&str; 6] = ["__init__.py", "app.py", "application.py", "main.py", "run.py", "wsgi.py"];
        let sets = |path: &RepoPath| {
            let (name, depth) = (path.file_name(), path.components().count() - self.root.components().count());
            let is_setting = name.contains("config") || name.contains("settings") || MODULES.contains(&name);
            path.extension() == Some("py") && is_setting && depth <= MAX_DEPTH && !path.as_str().contains("test")
        };
        let mut found: Vec<Dialect> = Vec::new();
        for entry in files.under(self.root).filter(|entry| sets(&entry.path)).take(MAX_SETTINGS_READ) {
            let Some(source) = self.snapshot.read(&entry.path)?.text() else { continue };
            found.extend(source.text().lines().filter(|line| line.contains(SETTING)).filter_map(dialect_in_text));
        }
        let Some(first) = found.first().copied().filter(|first| found.iter().all(|one| one == first)) else {
            return Ok(None);
        };
        let is_refused = first == Dialect::Sqlite && self.refused_by_sqlite(files)? >= MIN_REFUSED;
        Ok(Some(first).filter(|_| !is_refused))
    }

    /// The dialect of a database URL in an `.env` file or a compose file, or of a compose service's image.
    fn environment_files(&self, files: &FileList) -> Result<Option<Dialect>, SnapshotError> {
        for base in bases(self.root) {
            for entry in files.under(&base) {
                let Some(name) = entry.path.strip_prefix(&base).filter(|rest| !rest.contains('/')) else { continue };
                let compose = name.contains("compose") && (name.ends_with(".yml") || name.ends_with(".yaml"));
                if !(compose || name.starts_with(".env") || name.ends_with(".env")) {
                    continue;
                }
                let Some(source) = self.snapshot.read(&entry.path)?.text() else { continue };
                if let Some(dialect) = dialect_in_text(source.text()) {
                    return Ok(Some(dialect));
                }
                let image = |word: &str| {
                    compose
                        && source.text().lines().any(|line| {
                            line.trim_start().strip_prefix("image:").is_some_and(|image| image.contains(word))
                        })
                };
                let by_image = [("postg", Dialect::PostgreSql), ("mysql", Dialect::MySql), ("mariadb", Dialect::MySql)];
                if let Some((_, dialect)) = by_image.iter().find(|(word, _)| image(word)) {
                    return Ok(Some(*dialect));
                }
            }
        }
        Ok(None)
    }
}

/// What stands before a command so that it runs in the project's own environment, by the nearest lock file: `uv run `.
pub(crate) fn runner(files: &FileList, root: &RepoPath) -> &'static str {
    const LOCKS: [(&str, &str); 4] = [
        ("uv.lock", "uv run "),
        ("poetry.lock", "poetry run "),
        ("pdm.lock", "pdm run "),
        ("Pipfile.lock", "pipenv run "),
    ];
    bases(root)
        .find_map(|base| LOCKS.iter().find(|(name, _)| files.get(&base.join(name)).is_some()))
        .map_or("", |(_, prefix)| prefix)
}

/// Whether an `env.py` is one of Flask-Migrate: it takes the metadata from the running application.
pub(crate) fn is_flask_env(text: &str) -> bool {
    text.contains("current_app") || text.contains("flask_migrate")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::MemorySnapshot;

    #[test]
    fn urls_name_their_dialect() {
        assert_eq!(dialect_of_url("postgresql+asyncpg://u:p@h/d"), Some(Dialect::PostgreSql));
        assert_eq!(dialect_of_url("postgres://h/d"), Some(Dialect::PostgreSql));
        assert_eq!(dialect_of_url("sqlite:///x.db"), Some(Dialect::Sqlite));
        assert_eq!(dialect_of_url("driver://user:pass@localhost/dbname"), None);
        assert_eq!(dialect_of_url("%(DB_URL)s"), None);
        assert_eq!(dialect_in_text("see https://x.y\nURL = f\"mysql+pymysql://{u}\""), Some(Dialect::MySql));
    }

    fn dialect(files: &[(&str, &str)], url: Option<&str>) -> Option<Dialect> {
        let snapshot = MemorySnapshot::new(files.iter().copied());
        Evidence {
            snapshot: &snapshot,
            url,
            env: &"m/env.py".into(),
            root: &RepoPath::root(),
            python: &[RepoPath::root()],
            versions: &["m/versions".into()],
        }
        .dialect()
        .ok()?
        .0
    }

    #[test]
    fn one_of_several_folders_is_named_for_its_database() {
        for (folder, wanted) in [
            ("migrations_sqlite", Some(Dialect::Sqlite)),
            ("pg-migrations", Some(Dialect::PostgreSql)),
            ("migrations", None),
            ("sqlite_to_mysql", None),
            ("mysqlite", None),
        ] {
            assert_eq!(named_for(folder), wanted, "{folder}");
        }
        let files =
            [("requirements.txt", "PyMySQL==1"), ("migrations_sqlite/env.py", "config.set_main_option('x', y)")];
        let snapshot = MemorySnapshot::new(files);
        let (env, root) = ("migrations_sqlite/env.py".into(), RepoPath::root());
        let evidence = |url| Evidence { snapshot: &snapshot, url, env: &env, root: &root, python: &[], versions: &[] };
        assert_eq!(evidence(None).dialect().ok(), Some((Some(Dialect::Sqlite), false)));
    }

    #[test]
    fn the_database_is_found_by_what_speaks_loudest() {
        assert_eq!(dialect(&[("m/env.py", "")], Some("sqlite:///x")), Some(Dialect::Sqlite));
        let set = "config.set_main_option('sqlalchemy.url', settings.url)";
        let revision = "from sqlalchemy.dialects import postgresql";
        assert_eq!(
            dialect(&[("m/env.py", set), ("m/versions/a.py", revision)], Some("sqlite:///x")),
            Some(Dialect::PostgreSql)
        );
        assert_eq!(
            dialect(&[("m/env.py", set), ("requirements.txt", "PyMySQL==1\naiosqlite")], None),
            Some(Dialect::MySql)
        );
        assert_eq!(dialect(&[("m/env.py", set), (".env.example", "DB=postgres://x")], None), Some(Dialect::PostgreSql));
        assert_eq!(
            dialect(&[("m/env.py", set), ("requirements.txt", "oslo.db[mysql]>=8.4")], None),
            Some(Dialect::MySql)
        );
        assert_eq!(dialect(&[("m/env.py", set)], None), None);
    }

    #[test]
    fn a_file_for_development_is_not_the_database_of_revisions_that_it_refuses() {
        let sqlite = Some("sqlite:////tmp/dev.db");
        let key = "def upgrade():\n    op.create_foreign_key('k', 'a', 'b', ['x'], ['y'])\n";
        let null = "from sqlalchemy.dialects import postgresql\ndef upgrade():\n    op.alter_column('a', 'x', nullable=True)\n";
        let of = |one: &str, other: &str, more: &[(&str, &str)]| {
            let files = [("m/env.py", ""), ("m/versions/a.py", one), ("m/versions/b.py", other)];
            dialect(&[&files[..], more].concat(), sqlite)
        };
        assert_eq!(of(key, null, &[]), Some(Dialect::PostgreSql));
        assert_eq!(of(key, key, &[("requirements.txt", "PyMySQL==1")]), Some(Dialect::MySql));
        // Nothing says which server; one revision alone; in a batch; where the revision asks; on the way back.
        assert_eq!(of(key, key, &[]), Some(Dialect::Sqlite));
        assert_eq!(of(key, key, &[("requirements.txt", "aiosqlite")]), Some(Dialect::Sqlite));
        assert_eq!(of("", null, &[]), Some(Dialect::Sqlite));
        for other in [
            key.replace("    op.", "    with op.batch_alter_table('a') as op:\n        batch_op."),
            key.replace("    op.", "    if op.get_bind().dialect.name != 'sqlite':\n        op."),
            key.replace("upgrade", "downgrade"),
        ] {
            assert_eq!(of(&other, null, &[]), Some(Dialect::Sqlite), "{other}");
        }
    }

    #[test]
    fn a_file_that_env_py_overrides_is_no_database() {
        let sqlite = Some("sqlite:///app.db");
        let handed = "connectable = config.attributes.get('connection', None)";
        let section = "configuration[\"sqlalchemy.url\"] = get_url()";
        let set = "config.set_main_option('sqlalchemy.url', settings.url)";
        for env in [handed, section, set] {
            assert_eq!(dialect(&[("m/env.py", env)], sqlite), None, "{env}");
            assert_eq!(dialect(&[("m/env.py", env), ("setup.cfg", "PyMySQL")], sqlite), Some(Dialect::MySql), "{env}");
            // It is written for SQLite all the same.
            let batch = ("m/versions/a.py", "with op.batch_alter_table('a') as batch:\n    batch.drop_column('b')\n");
            assert_eq!(dialect(&[("m/env.py", env), batch], sqlite), Some(Dialect::Sqlite), "{env}");
            let rendered = format!("{env}\ncontext.configure(render_as_batch=True)\n");
            assert_eq!(dialect(&[("m/env.py", &rendered)], sqlite), Some(Dialect::Sqlite), "{env}");
        }
        for env in ["config.attributes.get('configure_logger', True)", "url = section[\"sqlalchemy.url\"]", ""] {
            assert_eq!(dialect(&[("m/env.py", env)], sqlite), Some(Dialect::Sqlite), "{env}");
        }
        // A server's URL stays what it is, whoever hands over a connection.
        assert_eq!(
            dialect(&[("m/env.py", handed), ("setup.cfg", "PyMySQL")], Some("postgresql://h/d")),
            Some(Dialect::PostgreSql)
        );
    }

    #[test]
    fn the_default_of_a_setting_is_the_last_to_be_asked() {
        let names = |import: &str, value: &str| {
            format!("from alembic import context\n{import}\nconfig.set_main_option('sqlalchemy.url', {value})\n")
        };
        let of = |env: &str, settings: &str, more: &[(&str, &str)]| {
            dialect(&[&[("m/env.py", env), ("app/config.py", settings)], more].concat(), None)
        };
        let plain = names("from app.config import URL", "URL");
        let nested = names("from app.config import settings", "str(settings.db_url).replace('%', '%%')");
        let module = names("from app import config as conf", "conf.URL");
        let field = "class Settings(BaseSettings):\n    db_url: str = Field(default='mysql+pymysql://h/d')\nsettings = Settings()";
        for (env, settings, wanted) in [
            (&plain, "URL = config('URL', default='sqlite:///db.sqlite3')", Some(Dialect::Sqlite)),
            (&plain, "URL = os.getenv('URL', \"sqlite:///db\")", Some(Dialect::Sqlite)),
            (&plain, "URL = os.environ.get('URL', 'postgresql://h/d')", Some(Dialect::PostgreSql)),
            (&module, "URL = os.environ.get('URL', 'postgresql://h/d')", Some(Dialect::PostgreSql)),
            (&nested, field, Some(Dialect::MySql)),
            // Another setting's, none, and one of two.
            (&plain, "REDIS_URL = OTHER = os.getenv('X', 'sqlite:///db')\nURL = os.environ['URL']", None),
            (&nested, "class Test:\n    db_url = 'sqlite://'\nclass Live:\n    db_url = 'mysql://h/d'", None),
        ] {
            assert_eq!(of(env, settings, &[]), wanted, "{env}\n{settings}");
        }
        // A driver that the project depends on is for more than development.
        let sqlite = "URL = os.getenv('URL', 'sqlite:///db')";
        assert_eq!(of(&plain, sqlite, &[("requirements.txt", "psycopg2")]), Some(Dialect::PostgreSql));
        assert_eq!(of("from app.config import URL", sqlite, &[]), None, "nothing that is handed to Alembic");
    }
}
