//! `driftgate diff`

use std::collections::BTreeMap;

use super::args::{DiffArgs, Global};
use super::failure::Failure;
use super::output::Output;
use super::session;
use crate::check::load::{self, Found};
use crate::git::env::Env;
use crate::git::{DiskSnapshot, Snapshot};
use crate::policy::{Policy, ProjectPolicy};
use crate::project::{EcosystemKind, ProjectOverride};
use crate::report::Status;
use crate::report::diff::{self, DiffReport, ProjectDiff};
use crate::source::RepoPath;

/// What the one project of `--schema` is called.
const NAME: &str = ".";

pub(super) fn run(args: &DiffArgs, global: &Global, env: &Env, output: &mut Output) -> Result<Status, Failure> {
    let report = if args.migrations.is_some() {
        of_paths(args)?
    } else {
        let repository = session::repository(env)?;
        let state = session::State::load(&args.at, &repository)?;
        let policy = session::policy(global, state.snapshot())?;
        session::tell_policy_beside(&args.at, global, &repository, output)?;
        compare(&session::projects(global, &policy, state.snapshot())?, state.snapshot())?
    };
    output.write(&diff::render(&report, args.format, &output.look()))?;
    Ok(report.status())
}

fn compare(all: &[Found], snapshot: &dyn Snapshot) -> Result<DiffReport, Failure> {
    let mut report = DiffReport::default();
    for found in all {
        let mut state = load::load_one((found, all), snapshot)?;
        load::doubt_if_unmigrated(found, &mut state);
        report.projects.push(ProjectDiff::of(&found.project, &state));
    }
    Ok(report)
}

/// Files and folders without a repository around them.
fn of_paths(args: &DiffArgs) -> Result<DiffReport, Failure> {
    let mut paths = args.schema.clone();
    paths.extend(args.migrations.clone());
    let (snapshot, mut places) = DiskSnapshot::of_paths(&session::cwd()?, &paths)?;
    let migrations = places.split_off(args.schema.len());
    if let Some(file) = args.migrations.as_deref().filter(|path| path.is_file()) {
        return Err(Failure::usage(
            format!("--migrations names the file {}, and migrations are looked for in a folder", file.display()),
            "name the folder that holds all migrations, or the script location",
        ));
    }
    let ecosystem = match args.ecosystem {
        Some(ecosystem) => ecosystem,
        None => ecosystem(&snapshot, &places)?,
    };
    let declared = ProjectOverride {
        name: NAME.to_owned(),
        ecosystem: Some(ecosystem),
        root: Some(RepoPath::root()),
        schema: places,
        migrations,
        dialect: args.provider,
        ..ProjectOverride::default()
    };
    let project = ProjectPolicy { declared, max_heads: None, rules: BTreeMap::new() };
    let policy = Policy { projects: vec![project], ..Policy::default() };
    let mut found = load::discover(&snapshot, &policy)?;
    found.retain(|found| found.project.name == NAME && found.project.ecosystem == ecosystem);
    if found.is_empty() {
        return Err(Failure::usage(
            format!("no {} project can be made of these files", ecosystem.as_str()),
            "name the schema's files or folder with --schema and the migrations' folder with --migrations",
        ));
    }
    compare(&found, &snapshot)
}

/// Whose schema it is, by what the files are called.
fn ecosystem(snapshot: &dyn Snapshot, schema: &[RepoPath]) -> Result<EcosystemKind, Failure> {
    let has = |extension: &str| -> Result<bool, Failure> {
        let files = snapshot.files()?;
        Ok(schema.iter().any(|path| {
            path.extension() == Some(extension)
                || files.under(path).any(|file| file.path.extension() == Some(extension))
        }))
    };
    match (has("prisma")?, has("py")?) {
        (true, false) => Ok(EcosystemKind::Prisma),
        (false, true) => Ok(EcosystemKind::Alembic),
        (prisma, _) => Err(Failure::usage(
            format!(
                "--schema names {}",
                if prisma { "both .prisma and .py files" } else { "neither .prisma nor .py files" }
            ),
            "say which is meant: --ecosystem prisma or --ecosystem alembic",
        )),
    }
}
