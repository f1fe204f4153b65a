//! `driftgate history`

use std::time::{Duration, Instant};

use super::args::{Global, HistoryArgs};
use super::failure::Failure;
use super::output::Output;
use super::session;
use crate::check::walk::{self, Bounds};
use crate::git::GitError;
use crate::git::env::Env;
use crate::report::Status;
use crate::report::history::{render, status};

/// How often a person is told how far it is.
const EVERY: Duration = Duration::from_millis(100);

pub(super) fn run(args: &HistoryArgs, global: &Global, env: &Env, output: &mut Output) -> Result<Status, Failure> {
    let repository = session::repository(env)?;
    let (after, tip) = ends(&args.range)?;
    let after = after.map(|name| repository.resolve(name)).transpose()?;
    // The newest policy judges the whole history: old commits knew none.
    let policy = session::policy(global, &*repository.commit(tip)?)?;
    let since = args.since.map(|day| i64::try_from(day.to_unix()).unwrap_or(i64::MAX));
    let bounds = Bounds { after, limit: args.limit, since };
    let mut told: Option<Instant> = None;
    let mut progress = |done: usize, all: usize| {
        let due = told.is_none_or(|last| last.elapsed() >= EVERY);
        if due && done < all {
            output.progress(&format!("commit {} of {all}", done + 1));
            told = Some(Instant::now());
        }
    };
    let record = walk::walk(&repository, tip, &bounds, &policy, global.project.as_deref(), &mut progress);
    output.progress("");
    let record = record?;
    if record.ends.is_none() && record.cut {
        // A clone of one commit holds no change at all: that is not a history without drift.
        return Err(Failure::Git(GitError::MissingBase {
            wanted: format!("what {tip} came from"),
            shallow: true,
            help: "get the history with `git fetch --unshallow`".to_owned(),
        }));
    }
    let status = status(&record);
    if !(output.look().quiet && status == Status::Clean && record.episodes.is_empty()) {
        output.write(&render(&record, args.format, &output.look()))?;
    }
    Ok(status)
}

/// A name, or `HEAD` where none is given.
fn or_head(name: &str) -> &str {
    if name.is_empty() { "HEAD" } else { name }
}

/// `A..B`, `A..`, `..B`, or a single commit, as git reads them.
fn ends(range: &str) -> Result<(Option<&str>, &str), Failure> {
    if range.contains("...") {
        return Err(Failure::usage(
            format!("`{range}` names what either side has that the other lacks, which is no line of history"),
            "write A..B for the commits of B that A lacks",
        ));
    }
    Ok(match range.split_once("..") {
        Some((after, tip)) => (Some(or_head(after)), or_head(tip)),
        None => (None, or_head(range)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_git_reads_them() {
        assert_eq!(ends("main").ok(), Some((None, "main")));
        assert_eq!(ends("v1..v2").ok(), Some((Some("v1"), "v2")));
        assert_eq!(ends("v1..").ok(), Some((Some("v1"), "HEAD")));
        assert_eq!(ends("..v2").ok(), Some((Some("HEAD"), "v2")));
        assert!(ends("a...b").is_err());
    }
}
