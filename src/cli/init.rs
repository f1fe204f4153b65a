//! `driftgate init`

use std::fmt::Write as _;

use super::args::{Global, InitArgs};
use super::failure::Failure;
use super::output::{self, Output};
use super::session;
use crate::git::env::Env;
use crate::policy::{FILE_NAMES, Policy};
use crate::project::Project;
use crate::report::{self, Status};
use crate::source::RepoPath;

pub(super) fn run(args: &InitArgs, global: &Global, env: &Env, output: &mut Output) -> Result<Status, Failure> {
    let repository = session::repository(env)?;
    let Some(root) = repository.root() else {
        let message = "a bare repository has no working directory to write a policy into";
        return Err(Failure::usage(message, "run it in a clone, and commit the policy there"));
    };
    if !args.print {
        for name in FILE_NAMES {
            let path = root.join(name);
            if path.symlink_metadata().is_ok() {
                return Err(Failure::usage(
                    format!("{name} is there already"),
                    "edit it, or see what would be written: driftgate init --print",
                ));
            }
        }
    }
    // What is there is found without a policy: it is the policy that is written.
    let state = session::State::load("worktree", &repository)?;
    let found = session::projects(global, &Policy::default(), state.snapshot())?;
    let projects: Vec<&Project> = found.iter().map(|found| &found.project).collect();
    let text = template(&projects);
    if args.print {
        output.write(&text)?;
        return Ok(Status::Clean);
    }
    let [name, _] = FILE_NAMES;
    output::write_file(&root.join(name), &text)?;
    output.write(&format!(
        "wrote {name} ({}); next: git add {name} && driftgate install\n",
        match projects.len() {
            0 => "no project found".to_owned(),
            1 => "1 project found".to_owned(),
            more => format!("{more} projects found"),
        }
    ))?;
    if projects.is_empty() {
        output.write(&report::no_project(&output.look()))?;
    }
    Ok(Status::Clean)
}

/// A text in quotes of TOML.
fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn paths(paths: &[RepoPath]) -> String {
    let quoted: Vec<String> = paths.iter().map(|path| quote(path.as_str())).collect();
    format!("[{}]", quoted.join(", "))
}

/// The most files of a schema that are written out: models can be hundreds.
const SHOWN: usize = 8;

/// The file. Everything that is found is written out as a comment: it holds without being said, and can be corrected
/// by removing the `#`.
fn template(projects: &[&Project]) -> String {
    let mut out = String::from(TOP);
    if projects.is_empty() {
        out.push_str(NO_PROJECT);
    }
    for project in projects {
        let _ = write!(
            out,
            "\n# [[project]]\n# name = {}\n# ecosystem = {}\n# root = {}\n",
            quote(&project.name),
            quote(project.ecosystem.as_str()),
            quote(if project.root.is_root() { "." } else { project.root.as_str() }),
        );
        // Whoever removes the `#` must not end up with less than was found, nor with a guess.
        if project.schema.len() > SHOWN {
            let count = project.schema.len();
            let _ = writeln!(
                out,
                "# (schema: {count} files, found by themselves; a list of files or folders replaces them)"
            );
        } else {
            let _ = writeln!(out, "# schema = {}", paths(&project.schema));
        }
        let _ = writeln!(out, "# migrations = {}", paths(&project.migrations));
        match project.dialect {
            Some(dialect) => {
                let _ = writeln!(out, "# provider = {}", quote(dialect.as_str()));
            }
            None => out.push_str("# (provider: nothing says which database it is; please do: \"postgresql\", \"mysql\", \"sqlite\", …)\n"),
        }
    }
    out.push_str(BOTTOM);
    out
}

const TOP: &str = r#"#:schema https://github.com/driftgate/driftgate/raw/main/driftgate.schema.json
# The policy of driftgate. Every key is optional. All of them:
# https://github.com/driftgate/driftgate/blob/main/docs/policy.md
# It is read from what is judged (the index in a hook), so it takes effect once it is staged.

# fail-on = "error"                 # or "warning", "note", "never"
# exclude = ["third_party/**"]      # not looked at; each must match a file

# Levels: "error", "warning", "note", "off". `driftgate rules` lists the rules.
[rules]
# misnamed-object = "warning"

[naming]
# min-words = 2
# banned-words = ["test", "wip", "fix"]

# Projects are found by themselves. What was found here:
"#;

const NO_PROJECT: &str = r#"# nothing: no schema.prisma with a migrations folder, no alembic.ini with a script location.

# [[project]]
# name = "backend"
# ecosystem = "prisma"              # or "alembic"
# root = "backend"
# schema = ["backend/prisma/schema.prisma"]
# migrations = ["backend/prisma/migrations"]
# provider = "postgresql"
"#;

const BOTTOM: &str = r#"
# What is allowed in spite of a rule: one rule, one place, a reason.
# [[allow]]
# rule = "dropped-column"
# object = "users.legacy_token"
# reason = "no longer read since release 41"
# owner = "platform"
# until = 2099-01-31
"#;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::catalog::Dialect;
    use crate::git::MemorySnapshot;
    use crate::project::EcosystemKind;
    use crate::source::Source;

    fn project() -> Project {
        Project {
            name: "back\"end".to_owned(),
            ecosystem: EcosystemKind::Prisma,
            dialect: Some(Dialect::MySql),
            root: "backend".into(),
            schema: vec!["backend/prisma/schema.prisma".into()],
            migrations: vec!["backend/prisma/migrations".into()],
            settings: Vec::new(),
            command: "npx prisma".to_owned(),
            facts: BTreeMap::new(),
            parsed: crate::project::Parsed::default(),
        }
    }

    #[test]
    fn what_was_found_is_not_cut_short_nor_guessed() {
        let schema = (0..20).map(|number| format!("app/{number}.py").as_str().into()).collect();
        let text = template(&[&Project { schema, dialect: None, ..project() }]);
        assert!(!text.contains("# schema = ") && text.contains("# (schema: 20 files"), "{text}");
        assert!(!text.contains("# provider = ") && text.contains("# (provider: nothing says"), "{text}");
    }

    /// The template, and the template with every comment that holds a key taken as written, are policies.
    #[test]
    fn what_is_written_can_be_read() {
        let snapshot = MemorySnapshot::new([
            ("backend/prisma/schema.prisma", ""),
            ("backend/prisma/migrations/1_a/migration.sql", ""),
            ("third_party/a", ""),
        ]);
        for projects in [vec![], vec![&project()]] {
            let text = template(&projects);
            let plain = Policy::read(&Source::new("driftgate.toml".into(), &*text), &snapshot).expect("a policy");
            assert!(plain.projects.is_empty());
            let is_key = |line: &&str| {
                line.starts_with("# [[") || line.split_once(" = ").is_some_and(|(key, _)| !key[2..].contains(' '))
            };
            let live: Vec<&str> = text
                .lines()
                .map(|line| if line.starts_with("# ") && is_key(&line) { &line[2..] } else { line })
                .collect();
            let live = Policy::read(&Source::new("driftgate.toml".into(), live.join("\n")), &snapshot);
            let live = live.unwrap_or_else(|errors| panic!("{errors}"));
            assert_eq!((live.projects.len(), live.allowances.len()), (1, 1));
        }
    }
}
