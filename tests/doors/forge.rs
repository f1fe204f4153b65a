//! A forge with a pull request, and checkouts of it as a CI job gets them.

use std::path::{Path, PathBuf};

use crate::support::TestRepo;

/// The root of this repository.
pub(crate) fn source() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of this repository.
pub(crate) fn ours(path: &str) -> String {
    std::fs::read_to_string(source().join(path)).unwrap()
}

/// Where the program lies that is tested.
pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_driftgate"))
}

/// Writes the sample project whose schema and migrations agree.
pub(crate) fn write_sample(repo: &TestRepo) {
    for path in ["schema.prisma", "migrations/migration_lock.toml", "migrations/20260105093000_init/migration.sql"] {
        repo.write(&format!("prisma/{path}"), &ours(&format!("examples/prisma-postgres/prisma/{path}")));
    }
}

/// Declares two things that no migration of the sample makes.
pub(crate) fn write_schema_change(repo: &TestRepo) {
    let path = "prisma/schema.prisma";
    repo.write(path, &ours(&format!("examples/untracked-migration/change/{path}")));
}

/// Writes the migration that belongs to [`write_schema_change`].
pub(crate) fn write_migration(repo: &TestRepo) {
    let path = "prisma/migrations/20260212101500_add_token_hash/migration.sql";
    repo.write(path, &ours(&format!("examples/untracked-migration/change/{path}")));
}

/// What a pull request brings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brings {
    SchemaAlone,
    SchemaAndMigration,
    Deletion,
}

/// A remote whose `main` went on after `topic` left it, and the test merge of both.
pub(crate) struct Forge {
    remote: TestRepo,
    /// The tip of `main`.
    pub(crate) main: String,
    /// The tip of `topic`.
    pub(crate) head: String,
    /// The merge of `topic` into `main`.
    pub(crate) merge: String,
    /// What `topic` was before it was rewritten; no branch holds it any more.
    pub(crate) rewritten: String,
}

impl Forge {
    pub(crate) fn with(brings: Brings) -> Self {
        let remote = TestRepo::new();
        write_sample(&remote);
        remote.commit("Start from the sample");
        for number in 1..4 {
            remote.write("CHANGELOG.md", &format!("{number}\n"));
            remote.commit("Go on");
        }
        remote.git(&["checkout", "--quiet", "-b", "topic"]);
        remote.write("NOTES.md", "first attempt\n");
        let rewritten = remote.commit("First attempt");
        remote.git(&["reset", "--quiet", "--hard", "HEAD^"]);
        match brings {
            Brings::SchemaAlone => write_schema_change(&remote),
            Brings::SchemaAndMigration => {
                write_schema_change(&remote);
                write_migration(&remote);
            }
            Brings::Deletion => {
                remote.remove("prisma/migrations/20260105093000_init/migration.sql");
            }
        }
        let head = remote.commit("Store a hash of refresh tokens");
        remote.git(&["checkout", "--quiet", "main"]);
        remote.write("README.md", "shop\n");
        let main = remote.commit("Describe it");
        remote.git(&["checkout", "--quiet", "--detach"]);
        remote.git(&["merge", "--quiet", "--no-ff", "-m", "Merge topic into main", "topic"]);
        let merge = remote.rev("HEAD");
        remote.git(&["update-ref", "refs/pull/7/merge", &merge]);
        remote.git(&["checkout", "--quiet", "main"]);
        Self { remote, main, head, merge, rewritten }
    }

    /// A checkout as actions/checkout makes it: one commit to a depth, detached; all branches where the depth is 0.
    pub(crate) fn checkout(&self, commit: &str, depth: usize) -> TestRepo {
        let clone = TestRepo::new();
        clone.git(&["remote", "add", "origin", &format!("file://{}", self.remote.root().display())]);
        if depth == 0 {
            clone.git(&["fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*", commit]);
        } else {
            clone.git(&["fetch", "--quiet", &format!("--depth={depth}"), "origin", commit]);
        }
        clone.git(&["checkout", "--quiet", "--detach", commit]);
        clone
    }

    /// One of the events of `tests/doors/events`, about this forge.
    pub(crate) fn event(&self, name: &str) -> String {
        ours(&format!("tests/doors/events/{name}.json"))
            .replace("@BASE@", &self.main)
            .replace("@HEAD@", &self.head)
            .replace("@MERGE@", &self.merge)
            .replace("@BEFORE@", &self.rewritten)
    }
}

/// A step of a job that ran.
#[must_use]
pub(crate) struct Step {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) summary: String,
    pub(crate) outputs: String,
}

impl Step {
    /// The annotations of a level.
    pub(crate) fn annotations(&self, level: &str) -> Vec<&str> {
        let start = format!("::{level} ");
        self.stdout.lines().filter(|line| line.starts_with(&start)).collect()
    }

    /// An output of the step.
    pub(crate) fn output(&self, name: &str) -> Option<&str> {
        self.outputs.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    }
}

/// A job on GitHub's runner: the variables it sets, and the files that a step may write.
pub(crate) struct Job<'a> {
    repo: &'a TestRepo,
    variables: Vec<(String, String)>,
}

impl<'a> Job<'a> {
    /// A job for an event, in a checkout.
    pub(crate) fn new(repo: &'a TestRepo, event: &str, payload: &str) -> Self {
        let mut job = Self { repo, variables: Vec::new() };
        std::fs::create_dir_all(job.file("temp")).unwrap();
        std::fs::write(job.file("event.json"), payload).unwrap();
        for name in ["output", "summary.md"] {
            std::fs::write(job.file(name), "").unwrap();
        }
        let path = |name: &str| job.file(name).display().to_string();
        let variables = [
            ("CI", "true".to_owned()),
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_EVENT_NAME", event.to_owned()),
            ("GITHUB_EVENT_PATH", path("event.json")),
            ("GITHUB_OUTPUT", path("output")),
            ("GITHUB_STEP_SUMMARY", path("summary.md")),
            ("GITHUB_ACTION_PATH", source().display().to_string()),
            ("RUNNER_TEMP", path("temp")),
            ("RUNNER_OS", "Linux".to_owned()),
            ("RUNNER_ARCH", "X64".to_owned()),
            ("NO_COLOR", "1".to_owned()),
        ];
        job.variables = variables.map(|(name, value)| (name.to_owned(), value)).to_vec();
        job
    }

    /// Sets a variable.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// A file of the runner, outside the checkout.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.repo.beside(name)
    }

    /// Runs a program as a step.
    pub(crate) fn run(&self, program: &Path, args: &[&str]) -> Step {
        let mut env = self.repo.env();
        for (name, value) in &self.variables {
            env = env.with(name, value);
        }
        let mut command = std::process::Command::new(program);
        command.args(args).current_dir(self.repo.root()).env_clear().envs(env.iter());
        let output = command.output().unwrap();
        Step {
            code: output.status.code().expect("it ends by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            summary: std::fs::read_to_string(self.file("summary.md")).unwrap(),
            outputs: std::fs::read_to_string(self.file("output")).unwrap(),
        }
    }

    /// Runs `driftgate check`, as a workflow does that installs it itself.
    pub(crate) fn check(&self) -> Step {
        self.run(binary(), &["check"])
    }
}
