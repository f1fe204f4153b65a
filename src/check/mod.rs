//! From a change to a report: every touched project loaded on both sides, the rules run, allowances applied.

mod begun;
pub(crate) mod load;
mod narrowing;
#[cfg(test)]
mod once;
mod parts;
pub mod walk;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::alembic::discover;
use crate::catalog::difference::Difference;
use crate::finding::Finding;
use crate::git::{Change, ChangedPath, FileText, Leftover, Scope, Snapshot, SnapshotError};
use crate::history::{self, History, Replay};
use crate::policy::{Date, FILE_NAMES, Policy};
use crate::project::{ECOSYSTEMS, EcosystemKind, ProjectChange, ProjectState, Shared, Touch};
use crate::report::{NotJudged, ProjectSummary, Report};
use crate::rules::allowance::Outcome;
use crate::rules::{self, ChangedFile, RepositoryChange, RepositoryProject, RuleSettings};
use crate::source::{RepoPath, Source};
use load::Found;

/// What decides a check beside the change and the policy.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Judge this project only.
    pub project: Option<&'a str>,
    /// The moment of the check in seconds since 1970-01-01T00:00:00Z; none leaves dates unjudged.
    pub now: Option<u64>,
}

/// Why a change could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Git or the disk failed.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// `--project` names none.
    #[error("there is no project `{name}`")]
    NoSuchProject {
        /// As given.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
}

/// A project with everything that rules are told of it.
struct Loaded<'a> {
    found: &'a Found,
    before: Option<ProjectState>,
    after: ProjectState,
    base: Option<History>,
    base_replay: Option<Replay>,
    merged: Option<History>,
    touched: Vec<(&'a ChangedPath, Touch)>,
    leftovers: Vec<Leftover>,
    with_migrations: Option<ProjectState>,
    with_schema: Option<ProjectState>,
}

/// Checks a change under a policy.
///
/// # Errors
/// Where a snapshot cannot be read; "could not look" is never an empty report.
pub fn check(change: &Change, policy: &Policy, options: Options<'_>) -> Result<Report, CheckError> {
    let whole_state = matches!(change.scope, Scope::All { .. });
    // Who names a project wants to hear where there is none of that name, whatever the change touches.
    if !whole_state && options.project.is_none() && !may_matter(change, policy) {
        return Ok(Report::idle(change));
    }
    let mut judged = judge(change, policy, options)?;
    let hidden = narrowing::of_edited_policy(change, policy, options, &judged)?;
    judged.outcome.kept.extend(hidden);
    let Judged { summaries, outcome, not_judged, .. } = judged;
    Ok(Report::new(change, summaries, outcome.kept, not_judged, outcome.allowed.len()))
}

/// What a policy makes of a change.
struct Judged {
    /// The projects after the change.
    projects: Vec<Found>,
    summaries: Vec<ProjectSummary>,
    outcome: Outcome,
    not_judged: Vec<NotJudged>,
}

/// Judges a change under a policy.
fn judge(change: &Change, policy: &Policy, options: Options<'_>) -> Result<Judged, CheckError> {
    let whole_state = matches!(change.scope, Scope::All { .. });
    let (before, after) = discover(change, policy, options)?;

    let mut loaded = Vec::new();
    let mut summaries = Vec::new();
    for found in &after {
        if options.project.is_some_and(|name| name != found.project.name) {
            continue;
        }
        let old = load::same_project(found, &after, &before);
        let touched = load::touched(found, old, &change.changed);
        let judged = whole_state || !touched.is_empty() || concerns(change, found, old)?;
        summaries.push(ProjectSummary::new(&found.project, judged));
        if judged {
            loaded.push(load_project(change, policy, (found, &after), (old, &before), touched)?);
        }
    }

    let mut findings = Vec::new();
    let mut not_judged = Vec::new();
    for project in &loaded {
        let settings = RuleSettings::of(policy, Some(&project.found.project.name), options.now);
        let view = project.view(whole_state);
        findings.extend(rules::run(&view, &settings));
        not_judged.extend(view.unjudged().iter().map(|one| NotJudged::new(&view.project.name, one.opaque)));
    }
    findings.extend(repository_findings(change, policy, options, &after, &loaded, whole_state)?);
    if options.project.is_none() && change.before.is_some() {
        let narrowings = narrowing::of(change, &before, &after, &loaded)?;
        findings.extend(rules::run_narrowing(&narrowings, &RuleSettings::of(policy, None, options.now)));
    }
    findings.retain(|finding| !policy.exclude.matches(&finding.path));

    let files = allowance_files(change, policy, &findings, &loaded)?;
    let today = options.now.map(Date::of_unix);
    let outcome = rules::allowance::apply_allowances(findings, &files, policy, today, whole_state);
    Ok(Judged { projects: after, summaries, outcome, not_judged })
}

/// The scripts of the migrations that a change adds or edits, sorted: what another linter of migrations is to read.
///
/// # Errors
/// As [`check`].
pub fn changed_migrations(change: &Change, policy: &Policy, options: Options<'_>) -> Result<Vec<RepoPath>, CheckError> {
    let changed: BTreeSet<&RepoPath> =
        change.changed.iter().filter(|changed| changed.after.is_some()).map(|changed| &changed.path).collect();
    let whole_state = matches!(change.scope, Scope::All { .. });
    let mut paths = BTreeSet::new();
    if !whole_state && options.project.is_none() && !may_matter(change, policy) {
        return Ok(Vec::new());
    }
    let (_, after) = discover(change, policy, options)?;
    for found in after {
        if options.project.is_some_and(|name| name != found.project.name) {
            continue;
        }
        let history = found.ecosystem.history(&found.project, &*change.after)?;
        let scripts = history.migrations.iter().filter_map(|migration| migration.source.as_ref());
        paths.extend(scripts.map(|source| source.path()).filter(|path| whole_state || changed.contains(path)).cloned());
    }
    Ok(paths.into_iter().collect())
}

/// Whether the project that was asked for, if one was, is among those found.
///
/// # Errors
/// [`CheckError::NoSuchProject`] where it is not: a name that is misspelt must not pass for a project that is in order.
pub(crate) fn named(wanted: Option<&str>, found: &[Found]) -> Result<(), CheckError> {
    match wanted {
        Some(name) if !found.iter().any(|found| found.project.name == name) => {
            let known = found.iter().map(|found| found.project.name.clone()).collect();
            Err(CheckError::NoSuchProject { name: name.to_owned(), known })
        }
        _ => Ok(()),
    }
}

/// The projects of both sides, before and after.
fn discover(change: &Change, policy: &Policy, options: Options<'_>) -> Result<(Vec<Found>, Vec<Found>), CheckError> {
    let mut after = load::discover(&*change.after, policy)?;
    let mut before = match &change.before {
        Some(before) => load::discover(&**before, policy)?,
        None => Vec::new(),
    };
    load::keep_lost(&mut after, before.iter(), &*change.after)?;
    load::settle(&mut before, &mut after);
    named(options.project, &after)?;
    Ok((before, after))
}

/// The files in which allowances are looked for: those with findings, those of the projects that changed, those that the
/// repository's rules read, and the policy. Of all but the policy only those that hold any are kept.
fn allowance_files(
    change: &Change,
    policy: &Policy,
    findings: &[Finding],
    loaded: &[Loaded<'_>],
) -> Result<Vec<ChangedFile>, SnapshotError> {
    let mut paths: BTreeSet<&RepoPath> = findings.iter().map(|finding| &finding.path).collect();
    paths.extend(loaded.iter().flat_map(|project| &project.touched).map(|(changed, _)| &changed.path));
    paths.extend(change.changed.iter().map(|changed| &changed.path).filter(|path| RepositoryChange::reads(path)));
    paths.extend(&policy.path);
    // Of a history that is too large, what was not read is not read here either.
    let scripts = loaded.iter().flat_map(|project| &project.after.history.migrations);
    let scripts: BTreeMap<&RepoPath, &Arc<Source>> =
        scripts.filter_map(|migration| migration.source.as_ref()).map(|source| (source.path(), source)).collect();
    let mut files = Vec::new();
    for path in paths.into_iter().filter(|path| !policy.exclude.matches(path)) {
        let changed =
            change.changed.binary_search_by(|changed| changed.path.cmp(path)).ok().map(|at| &change.changed[at]);
        let after = match scripts.get(path) {
            Some(source) => Some(Arc::clone(source)),
            None => change.after.read(path)?.text(),
        };
        if policy.path.as_ref() != Some(path) && !after.as_deref().is_some_and(rules::allowance::may_allow) {
            continue;
        }
        let before = match (&change.before, changed) {
            (Some(before), Some(changed)) if changed.before.is_some() => before.read(path)?.text(),
            (Some(_), None) => after.clone(),
            _ => None,
        };
        files.push(ChangedFile { path: path.clone(), before, after });
    }
    Ok(files)
}

/// Whether a change is about a project though none of its paths is something to it: another set of files declares the schema
/// (an import was added or taken away), or a file that changed does so and belongs to it.
fn concerns(change: &Change, found: &Found, old: Option<&Found>) -> Result<bool, SnapshotError> {
    if old.is_some_and(|old| old.project.schema != found.project.schema) {
        return Ok(true);
    }
    for changed in change.changed.iter().filter(|changed| found.ecosystem.may_matter(&changed.path)) {
        if changed.after.is_some()
            && let Some(source) = change.after.read(&changed.path)?.text()
            && found.ecosystem.concerns(&found.project, &source)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether any changed path could matter at all, by its name alone: what decides that a commit costs nothing.
fn may_matter(change: &Change, policy: &Policy) -> bool {
    change.changed.iter().any(|changed| {
        let path = &changed.path;
        policy.path.as_ref() == Some(path)
            || FILE_NAMES.contains(&path.as_str())
            || policy.documents.matches(path)
            || RepositoryChange::reads(path)
            || ECOSYSTEMS.iter().any(|ecosystem| ecosystem.may_matter(path))
    })
}

fn load_project<'a>(
    change: &'a Change,
    policy: &Policy,
    (found, all): (&'a Found, &[Found]),
    (old, all_before): (Option<&Found>, &[Found]),
    touched: Vec<(&'a ChangedPath, Touch)>,
) -> Result<Loaded<'a>, SnapshotError> {
    let leftovers = load::leftovers(change, &found.project)?;
    let (before, mut after) = match (&change.before, old) {
        (Some(snapshot), Some(old)) => {
            let (before, after) = load::load_both((old, all_before, &**snapshot), (found, all, &*change.after))?;
            (Some(before), after)
        }
        _ => (None, load::load_one((found, all), &*change.after)?),
    };
    let base = match &change.base_tip {
        Some(tip) => load::base(&**tip, (found, all), policy)?,
        None => None,
    };
    // A commit is held against the base for what is merged already; what would come of a merge is a range's question.
    let proposed = matches!(change.scope, Scope::Base { .. } | Scope::Range { .. });
    let old_history = before.as_ref().map(|state| &state.history);
    let merged = base.as_ref().filter(|_| proposed).map(|base| load::merged(old_history, &after.history, base));
    let base_replay = base.as_ref().filter(|_| proposed).map(|base| history::replay(base, found.project.dialect()));
    // The very first migration, left behind: the folder is there, and nothing of it is in git.
    let left_behind =
        |leftover: &Leftover| found.ecosystem.touch(&found.project, &leftover.path) == Some(Touch::Migration);
    if !leftovers.iter().any(left_behind) {
        load::doubt_if_unmigrated(found, &mut after);
        begun::doubt_if_not_begun(found, change, before.as_ref(), &mut after)?;
    }
    let gap_grew = {
        let known: BTreeSet<_> = before.iter().flat_map(|state| &state.gap).map(Difference::identity).collect();
        after.gap.iter().any(|difference| !known.contains(&difference.identity()))
    };
    // Only a change that lacks something is compared with what was left behind.
    let (with_migrations, with_schema) = if leftovers.is_empty() || (!gap_grew && after.is_judged()) {
        (None, None)
    } else {
        (
            load::with_leftovers(change, (found, all), policy, &leftovers, Touch::Migration, before.as_ref())?,
            load::with_leftovers(change, (found, all), policy, &leftovers, Touch::Schema, before.as_ref())?,
        )
    };
    Ok(Loaded { found, before, after, base, base_replay, merged, touched, leftovers, with_migrations, with_schema })
}

impl Loaded<'_> {
    /// The project as rules see it.
    fn view(&self, whole_state: bool) -> ProjectChange<'_> {
        ProjectChange {
            project: &self.found.project,
            ecosystem: self.found.ecosystem,
            before: self.before.as_ref(),
            after: &self.after,
            base: self.base.as_ref(),
            base_replay: self.base_replay.as_ref(),
            merged: self.merged.as_ref(),
            touched: self.touched.clone(),
            leftovers: &self.leftovers,
            with_leftovers: self.with_migrations.as_ref(),
            with_leftovers_schema: self.with_schema.as_ref(),
            whole_state,
            shared: Shared::default(),
        }
    }
}

/// The findings that belong to no single project: files in places that no project reads, scripts, ignore files.
fn repository_findings(
    change: &Change,
    policy: &Policy,
    options: Options<'_>,
    found: &[Found],
    loaded: &[Loaded<'_>],
    whole_state: bool,
) -> Result<Vec<Finding>, SnapshotError> {
    if options.project.is_some() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for changed in &change.changed {
        let wanted = RepositoryChange::reads(&changed.path) || policy.documents.matches(&changed.path);
        if !wanted || policy.exclude.matches(&changed.path) {
            continue;
        }
        let by_name = RepositoryChange::knows_by_name(&changed.path) && !policy.documents.matches(&changed.path);
        let read = |snapshot: &dyn Snapshot| {
            let path = &changed.path;
            if by_name { Ok(Some(Source::new(path.clone(), ""))) } else { snapshot.read(path).map(FileText::text) }
        };
        let before = match (&change.before, changed.before) {
            (Some(before), Some(_)) => read(&**before)?,
            _ => None,
        };
        let after = match changed.after {
            Some(_) => read(&*change.after)?,
            None => None,
        };
        files.push(ChangedFile { path: changed.path.clone(), before, after });
    }
    let after = change.after.files()?;
    // Where a migration may be misplaced, what the untouched projects apply has to be known as well.
    let wanted = RepositoryChange::wants_histories(&files);
    let histories = found
        .iter()
        .map(|found| match loaded.iter().find(|loaded| std::ptr::eq(loaded.found, found)) {
            Some(loaded) => Ok(Some(Cow::Borrowed(&loaded.after.history))),
            None if wanted => Ok(Some(Cow::Owned(found.ecosystem.history(&found.project, &*change.after)?))),
            None => Ok(None),
        })
        .collect::<Result<Vec<Option<Cow<'_, History>>>, SnapshotError>>()?;
    let has_migrations = |found: &Found| found.project.migrations.iter().any(|dir| after.has_dir(dir));
    // Asked once, and only where a folder is not found.
    let is_lost = |found: &&Found| found.project.ecosystem == EcosystemKind::Alembic && !has_migrations(found);
    let elsewhere = found.iter().any(|one| is_lost(&one)) && discover::keeps_revisions(&*change.after)?;
    let holds_any = |found: &Found| {
        found.project.migrations.iter().flat_map(|dir| after.under(dir)).any(|entry| {
            let name = entry.path.file_name();
            matches!(entry.path.extension(), Some("py" | "sql")) && !matches!(name, "__init__.py" | "env.py")
        })
    };
    let projects: Vec<RepositoryProject<'_>> = found
        .iter()
        .zip(&histories)
        .map(|(found, history)| RepositoryProject {
            project: &found.project,
            ecosystem: found.ecosystem,
            history: history.as_deref(),
            has_migrations: has_migrations(found),
            keeps_migrations: holds_any(found) || (elsewhere && is_lost(&found)),
        })
        .collect();
    let view = RepositoryChange { files: &files, projects: &projects, whole_state };
    Ok(rules::run_repository(&view, &RuleSettings::of(policy, None, options.now)))
}
