//! `driftgate check`

use super::args::{CheckArgs, Global};
use super::failure::Failure;
use super::output::{self, Output, names};
use super::session;
use crate::check;
use crate::git::Scope;
use crate::git::env::Env;
use crate::report::{self, Format, Look, Report, Status, escape};

pub(super) fn run(args: &CheckArgs, global: &Global, env: &Env, output: &mut Output) -> Result<Status, Failure> {
    let plan = Plan::new(args, env)?;
    let change = session::change(args.scope.scope(), env)?;
    // What the index is judged by is in the index as well.
    let worktree = change.worktree.as_deref().filter(|_| !matches!(change.scope, Scope::Worktree));
    let policy = match (session::policy(global, &*change.after), worktree) {
        // Whoever has mended it already is told why that changes nothing.
        (Err(failure), Some(worktree)) => {
            session::tell_policy_left_behind(global, worktree, output)?;
            return Err(failure);
        }
        (policy, _) => policy?,
    };
    let options = check::Options { project: global.project.as_deref(), now: session::now() };
    if args.print_migrations {
        for path in check::changed_migrations(&change, &policy, options)? {
            output.write(&format!("{}\n", escape::line(path.as_str())))?;
        }
        return Ok(Status::Clean);
    }
    let mut report = check::check(&change, &policy, options)?;
    // Nobody waits for a commit here: a person is told which it is, no change or no project.
    if report.idle.is_some() && !output.look().hook && session::projects(global, &policy, &*change.after)?.is_empty() {
        report.idle = None;
    }
    let fail_on = args.fail_on.unwrap_or(policy.fail_on);
    let status = if report.fails(fail_on) && !args.exit_zero { Status::Findings } else { Status::Clean };
    plan.write(args, &report, status, env, output)?;
    // A commit that is nobody's business pays for no look at the disk.
    if let Some(worktree) = worktree.filter(|_| !output.look().hook || report.is_relevant()) {
        session::tell_policy_left_behind(global, worktree, output)?;
    }
    Ok(status)
}

/// Which format goes where.
struct Plan {
    stdout: Vec<Format>,
    file: Option<Format>,
}

impl Plan {
    /// With `--output-file`, the last machine-readable format (else the last one) goes into the file, the others to
    /// standard output. Standard output takes one machine-readable format and nothing beside it, or formats for people,
    /// to which GitHub's annotations may be added: they are made to stand in a log.
    fn new(args: &CheckArgs, env: &Env) -> Result<Self, Failure> {
        let mut stdout: Vec<Format> = Vec::new();
        for &format in &args.formats {
            if !stdout.contains(&format) {
                stdout.push(format);
            }
        }
        if stdout.is_empty() {
            let is_agent = env.get(names::AI_AGENT).is_some();
            stdout.push(if is_agent { Format::Concise } else { Format::Full });
        }
        let mut file = None;
        if let Some(path) = &args.output_file {
            if path.as_os_str() == "-" {
                return Err(Failure::usage(
                    "--output-file wants the name of a file",
                    "leave it out: a format for programs that stands alone goes to standard output",
                ));
            }
            let last = stdout.iter().rposition(|format| !format.is_human()).unwrap_or(stdout.len() - 1);
            file = Some(stdout.remove(last));
        }
        let alone = stdout.iter().find(|format| !format.is_human() && **format != Format::Github);
        if let (Some(_), true) = (alone, stdout.len() > 1) {
            return Err(Failure::usage(
                "several formats would be mixed on standard output",
                "give one machine-readable format, and where it goes: --format sarif --output-file FILE --format full",
            ));
        }
        let for_people = !stdout.is_empty() && stdout.iter().all(|format| format.is_human());
        if for_people && output::in_actions(env) && file != Some(Format::Github) {
            stdout.push(Format::Github);
        }
        Ok(Self { stdout, file })
    }

    fn write(
        &self,
        args: &CheckArgs,
        report: &Report,
        status: Status,
        env: &Env,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let look = output.look();
        if let (Some(path), Some(format)) = (&args.output_file, self.file) {
            let plain = Look { color: false, links: false, unicode: true, quiet: false, hook: false, ..look };
            output::write_file(path, &report::render(report, format, &plain))?;
        }
        for &format in &self.stdout {
            output.write(&report::render(report, format, &look))?;
            if format.is_human() && status == Status::Findings {
                output.write(&report::way_past(report, &look))?;
            }
        }
        // A log that says nothing about a failed step helps nobody.
        if self.stdout.is_empty() && !report.findings.is_empty() {
            output.tell(&report::summary_line(report, &look));
        }
        if let (true, Some(path), true) =
            (output::in_actions(env), env.get_os(names::GITHUB_STEP_SUMMARY), report.is_relevant())
        {
            output::append_file(path.as_ref(), &report::markdown(report))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(formats: &[Format], file: bool, variables: &[(&str, &str)]) -> Option<(Vec<Format>, Option<Format>)> {
        let args =
            CheckArgs { formats: formats.to_vec(), output_file: file.then(|| "report".into()), ..CheckArgs::default() };
        Plan::new(&args, &Env::new(variables.iter().copied())).ok().map(|plan| (plan.stdout, plan.file))
    }

    #[test]
    fn a_dash_is_no_file() {
        let args = CheckArgs { output_file: Some("-".into()), ..CheckArgs::default() };
        let failure = Plan::new(&args, &Env::default()).err().expect("a file is wanted");
        assert_eq!(failure.to_string(), "--output-file wants the name of a file");
    }

    #[test]
    fn formats_find_their_place() {
        use Format::{Concise, Full, Github, Json, Sarif};
        let actions = [("GITHUB_ACTIONS", "true")];
        assert_eq!(plan(&[], false, &[]), Some((vec![Full], None)));
        assert_eq!(plan(&[], false, &[("AI_AGENT", "1")]), Some((vec![Concise], None)));
        assert_eq!(plan(&[], false, &actions), Some((vec![Full, Github], None)));
        assert_eq!(plan(&[Json], false, &actions), Some((vec![Json], None)));
        assert_eq!(plan(&[Full, Github], false, &actions), Some((vec![Full, Github], None)));
        assert_eq!(plan(&[Sarif, Full], true, &[]), Some((vec![Full], Some(Sarif))));
        assert_eq!(plan(&[Json, Sarif], true, &[]), Some((vec![Json], Some(Sarif))));
        assert_eq!(plan(&[Full], true, &[]), Some((vec![], Some(Full))));
        assert_eq!(plan(&[Json, Json], false, &[]), Some((vec![Json], None)));
        assert_eq!(plan(&[Json, Full], false, &[]), None);
        assert_eq!(plan(&[Json, Sarif], false, &[]), None);
    }
}
