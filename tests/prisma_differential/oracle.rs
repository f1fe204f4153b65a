//! Prisma's own schema engine, driven through the script beside this test.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// A running engine that answers one request a line.
pub(crate) struct Oracle {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    dir: tempfile::TempDir,
}

/// What the engine says of a schema and its migrations.
pub(crate) enum Answer {
    InSync,
    /// The SQL that it would still write.
    Drift(String),
    /// The schema is refused or the history fails.
    Error(String),
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InSync => f.write_str("in sync"),
            Self::Drift(sql) => write!(f, "drift:\n{sql}"),
            Self::Error(error) => write!(f, "error: {error}"),
        }
    }
}

/// One migration: its folder and its script.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) sql: String,
}

impl Step {
    /// Scripts under names in their order.
    pub(crate) fn list(scripts: &[&str]) -> Vec<Self> {
        let step = |(at, script): (usize, &&str)| Self {
            name: format!("202601010000{at:02}_step"),
            sql: (*script).to_owned(),
        };
        scripts.iter().enumerate().map(step).collect()
    }
}

impl Oracle {
    /// Starts it where Node and the engine's package are present; otherwise says what is missing.
    pub(crate) fn start() -> Result<Self, String> {
        let script = installed()?;
        let mut child = Command::new("node")
            .arg(&script)
            .arg("--jsonl")
            .env("ORACLE_PG_URL", postgres_url()?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("node cannot be started: {error}"))?;
        let input = child.stdin.take().ok_or("no standard input")?;
        let output = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        Ok(Self { child, input, output, dir: tempfile::tempdir().map_err(|error| error.to_string())? })
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.input, "{request}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("the engine's answer {line:?}: {error}"))
    }

    fn write_schema(&self, text: &str) -> PathBuf {
        let path = self.dir.path().join("schema.prisma");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The SQL that makes the schema from nothing; an error where the engine refuses it.
    pub(crate) fn from_empty(&mut self, schema: &str) -> Result<String, String> {
        let path = self.write_schema(schema);
        let answer = self.ask(&json!({ "fromEmpty": true, "toSchema": path }));
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["script"].as_str().unwrap_or_default().to_owned()),
        }
    }

    /// Whether the schema and the migrations agree.
    pub(crate) fn judge(&mut self, schema: &str, steps: &[Step]) -> Answer {
        let path = self.write_schema(schema);
        let migrations = self.dir.path().join("migrations");
        if migrations.exists() {
            std::fs::remove_dir_all(&migrations).unwrap();
        }
        // A history without any migration is one, too.
        std::fs::create_dir_all(&migrations).unwrap();
        for step in steps {
            let one = migrations.join(&step.name);
            std::fs::create_dir_all(&one).unwrap();
            std::fs::write(one.join("migration.sql"), &step.sql).unwrap();
        }
        let answer = self.ask(&json!({ "schema": path, "migrations": migrations, "ignoreLock": true }));
        if let Some(error) = answer["error"].as_str() {
            return Answer::Error(error.to_owned());
        }
        if answer["in_sync"] == json!(true) {
            Answer::InSync
        } else {
            Answer::Drift(answer["script"].as_str().unwrap_or_default().to_owned())
        }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The script in the folder where `.ci/oracles` installs the engine's package.
fn installed() -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let script = target.join("oracles/prisma/oracle.mjs");
    if !script.exists() || !target.join("oracles/prisma/node_modules").is_dir() {
        return Err("Prisma's engine is not installed (.ci/oracles installs it where npm can)".to_owned());
    }
    Ok(script)
}

/// A PostgreSQL server for the engine's shadow databases.
fn postgres_url() -> Result<String, String> {
    let url = std::env::var("DRIFTGATE_TEST_PG_URL")
        .unwrap_or_else(|_| "postgresql://postgres@127.0.0.1:5432/postgres".to_owned());
    let up = Command::new("psql").args([url.as_str(), "-Atc", "select 1"]).output().map_err(|_| "psql is not there")?;
    if up.status.success() { Ok(url) } else { Err("no PostgreSQL server answers (DRIFTGATE_TEST_PG_URL)".to_owned()) }
}
