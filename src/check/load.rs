//! Loading a change: projects found, both sides read, replayed and compared.
//!
//! This is the last place that sees snapshots. What it hands on is plain data.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use super::parts;
use crate::catalog::difference::{Difference, Side};
use crate::catalog::{Opaque, Reach};
use crate::git::{
    Change, ChangedPath, FileList, Leftover, LeftoverKind, ObjectId, Snapshot, SnapshotError, overlay::Overlay,
};
use crate::history::{self, History, Replay, Replayer, foundation};
use crate::policy::Policy;
use crate::project::{BESIDE, Declared, ECOSYSTEMS, Ecosystem, Project, ProjectState, Touch, UnregisteredModel};
use crate::source::{Place, RepoPath, Source};

/// A project and its ecosystem, as found in one snapshot.
#[derive(Clone)]
pub(crate) struct Found {
    /// The project.
    pub(crate) project: Project,
    /// Its ecosystem.
    pub(crate) ecosystem: &'static dyn Ecosystem,
    /// The files of its snapshot.
    files: FileList,
    /// See [`Found::scripts`], which is seldom asked.
    scripts: Arc<OnceLock<Scripts>>,
}

/// What the migrations of a project are known by where its folders have moved.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    /// Their texts.
    pub(crate) texts: BTreeSet<ObjectId>,
    /// Their names, of those that no other project would give: the name of a migration's folder, or of a revision's file.
    names: BTreeSet<String>,
}

impl Scripts {
    /// How many migrations are in both, as they were or under their names.
    fn shared(&self, other: &Self) -> usize {
        let names = self.names.intersection(&other.names).count();
        names.max(self.texts.intersection(&other.texts).count())
    }
}

impl Found {
    /// The migrations that it applies.
    pub(crate) fn scripts(&self) -> &Scripts {
        self.scripts.get_or_init(|| {
            let entries = self.project.migrations.iter().flat_map(|dir| self.files.under(dir));
            let mut scripts = Scripts::default();
            for entry in entries.filter(|entry| is_script(self, &entry.path)) {
                scripts.texts.insert(entry.id);
                scripts.names.extend(name_of_its_own(&entry.path));
            }
            scripts
        })
    }
}

/// The name of a migration that holds a revision's id or the time of its making, and not a number that each project counts.
fn name_of_its_own(script: &RepoPath) -> Option<String> {
    const STAMP: usize = 8;
    let name = match script.file_name() {
        "migration.sql" => script.parent()?.file_name().to_owned(),
        name => name.to_owned(),
    };
    let stamps = |part: &str| part.len() >= STAMP && part.contains(|c: char| c.is_ascii_digit());
    name.split(|c: char| !c.is_ascii_hexdigit()).any(stamps).then_some(name)
}

/// Finds every project of every ecosystem that the policy does not exclude, sorted by name.
pub(crate) fn discover(snapshot: &dyn Snapshot, policy: &Policy) -> Result<Vec<Found>, SnapshotError> {
    let mut found = Vec::new();
    for &ecosystem in ECOSYSTEMS {
        let overrides = policy.overrides(ecosystem.kind());
        for mut project in ecosystem.discover(snapshot, &overrides)? {
            let had_schema = !project.schema.is_empty();
            project.schema.retain(|path| !policy.exclude.matches(path));
            project.migrations.retain(|path| !policy.exclude.matches(path));
            if (had_schema && project.schema.is_empty()) || project.migrations.is_empty() && project.schema.is_empty() {
                continue;
            }
            let own = overrides.iter().find(|declared| declared.name == project.name).map(|declared| &declared.facts);
            for (key, value) in policy.facts(ecosystem.kind()) {
                if own.is_none_or(|facts| !facts.contains_key(key)) {
                    project.facts.insert(key, value);
                }
            }
            found.push(Found { project, ecosystem, files: snapshot.files()?.clone(), scripts: Arc::default() });
        }
    }
    found.sort_by(|a, b| (&a.project.name, a.project.ecosystem).cmp(&(&b.project.name, b.project.ecosystem)));
    Ok(found)
}

/// The project of `before` that is the same as `found`, one of those `after`.
pub(crate) fn same_project<'a>(found: &Found, after: &[Found], before: &'a [Found]) -> Option<&'a Found> {
    same_project_at(found, after, before.iter()).map(|at| &before[at])
}

/// The position of that project: the one in its place, else the one whose migrations it has now, else the one of its name
/// or of its schema.
///
/// A project that another one after the change surely is, in its place or by its migrations, is not a second one: who
/// takes a neighbour for what a new project was misses all the neighbour's migrations in it.
pub(crate) fn same_project_at<'a>(
    found: &Found,
    after: &[Found],
    before: impl Iterator<Item = &'a Found> + Clone,
) -> Option<usize> {
    let is_taken = |old: &Found| {
        let others = || after.iter().filter(|other| !std::ptr::eq(*other, found) && !is_place_of(other, found));
        !is_surely(found, old) && others().any(|other| is_surely(other, old))
    };
    let of_kind = before.enumerate().filter(|(_, old)| old.project.ecosystem == found.project.ecosystem);
    let free = of_kind.filter(|(_, old)| !is_taken(old));
    let find = |is: &dyn Fn(&Found) -> bool| free.clone().find(|(_, old)| is(old)).map(|(at, _)| at);
    let schema = |old: &Found| shares(&old.project.schema, &found.project.schema);
    let kept = || free.clone().filter(|(_, old)| keeps_scripts(found, old));
    find(&|old| is_place_of(found, old) && schema(old))
        .or_else(|| kept().min_by_key(|(_, old)| Reverse(shared_scripts(found, old))).map(|(at, _)| at))
        .or_else(|| find(&|old| old.project.name == found.project.name))
        .or_else(|| find(&schema))
        .or_else(|| find(&|old| is_place_of(found, old)))
}

fn shares(a: &[RepoPath], b: &[RepoPath]) -> bool {
    a.iter().any(|path| b.contains(path))
}

/// Whether two projects have a folder of migrations in common.
fn is_place_of(found: &Found, old: &Found) -> bool {
    found.project.ecosystem == old.project.ecosystem && shares(&found.project.migrations, &old.project.migrations)
}

/// Whether at least half of a project's migrations are another one's now.
fn keeps_scripts(found: &Found, old: &Found) -> bool {
    if found.project.ecosystem != old.project.ecosystem {
        return false;
    }
    let shared = shared_scripts(found, old);
    shared > 0 && shared * 2 >= old.scripts().texts.len()
}

/// How many migrations two projects have in common.
fn shared_scripts(found: &Found, old: &Found) -> usize {
    old.scripts().shared(found.scripts())
}

/// Whether a project is one of before whatever else there is.
fn is_surely(found: &Found, old: &Found) -> bool {
    is_place_of(found, old) || keeps_scripts(found, old)
}

/// Whether a file is a migration of a project's.
pub(crate) fn is_script(found: &Found, path: &RepoPath) -> bool {
    found.ecosystem.touch(&found.project, path) == Some(Touch::Migration)
        && matches!(path.extension(), Some("sql" | "py"))
        && path.file_name() != "__init__.py"
}

/// Keeps a project that was there before and is not found any more, though its schema and its migrations are still in the
/// snapshot: what made it a project was edited away (a `datasource` block, a file that is a Git LFS pointer now). It is read
/// as it was, so that nobody loses a check without being told.
pub(crate) fn keep_lost<'a>(
    found: &mut Vec<Found>,
    before: impl Iterator<Item = &'a Found> + Clone,
    snapshot: &dyn Snapshot,
) -> Result<(), SnapshotError> {
    let matched: Vec<usize> = found.iter().filter_map(|one| same_project_at(one, found, before.clone())).collect();
    let files = snapshot.files()?;
    for (at, old) in before.enumerate() {
        let project = &old.project;
        let is_there = project.schema.iter().any(|path| files.get(path).is_some())
            && project.migrations.iter().any(|dir| files.has_dir(dir))
            && old.ecosystem.can_keep(project, files);
        let is_another = found.iter().any(|other| {
            other.project.ecosystem == project.ecosystem
                && (other.project.name == project.name
                    || other.project.migrations.iter().any(|dir| project.migrations.contains(dir))
                    || other.project.schema.iter().any(|path| project.schema.contains(path)))
        });
        if is_there && !is_another && !matched.contains(&at) {
            found.push(old.clone());
        }
    }
    found.sort_by(|a, b| (&a.project.name, a.project.ecosystem).cmp(&(&b.project.name, b.project.ecosystem)));
    Ok(())
}

/// Settles what of each project is but inferred on one side by what is known of it on the other.
pub(crate) fn settle(before: &mut [Found], after: &mut [Found]) {
    let same: Vec<Option<usize>> = after.iter().map(|found| same_project_at(found, after, before.iter())).collect();
    for (found, same) in after.iter_mut().zip(same) {
        if let Some(at) = same {
            found.ecosystem.settle(&mut before[at].project, &mut found.project);
        }
    }
}

/// The paths of the change that are something to the project, on either side.
pub(crate) fn touched<'a>(
    found: &Found,
    before: Option<&Found>,
    changed: &'a [ChangedPath],
) -> Vec<(&'a ChangedPath, Touch)> {
    changed
        .iter()
        .filter_map(|path| {
            let touch = found
                .ecosystem
                .touch(&found.project, &path.path)
                .or_else(|| before.and_then(|old| old.ecosystem.touch(&old.project, &path.path)))?;
            Some((path, touch))
        })
        .collect()
}

/// What one snapshot holds of one project, before replay.
struct Read {
    declared: Declared,
    history: History,
    unregistered: Vec<UnregisteredModel>,
}

fn side(found: &Found, snapshot: &dyn Snapshot) -> Result<Read, SnapshotError> {
    Ok(Read {
        declared: found.ecosystem.declared(&found.project, snapshot)?,
        history: found.ecosystem.history(&found.project, snapshot)?,
        unregistered: found.ecosystem.unregistered(&found.project, snapshot)?,
    })
}

/// The state of that side: `replay` is settled.
fn state(found: &Found, side: Read, replay: Replay) -> ProjectState {
    let gap = found.ecosystem.compare(&found.project, &side.declared.catalog, &replay.catalog);
    ProjectState { declared: side.declared, history: side.history, replay, gap, unregistered: side.unregistered }
}

/// A project whose migrations are not in the repository is kept in step by other means: without any folder for them
/// (`prisma db push`, a runner of its own), or with one that is a submodule. Everything that it declares would be missing:
/// none of that is certain, and that it could not be judged is said.
pub(crate) fn doubt_if_unmigrated(found: &Found, state: &mut ProjectState) {
    let Some((place, reason)) = migrated_elsewhere(found).or_else(|| without_folder(found, state)) else { return };
    state.history.opaque.push(Opaque { place, reason, reach: Reach::Everything });
    for difference in &mut state.gap {
        difference.certain = false;
    }
}

/// Why the migrations cannot be read where they, or a part of them, are in another repository.
fn migrated_elsewhere(found: &Found) -> Option<(Place, String)> {
    let submodule = found.project.migrations.iter().find_map(|dir| found.files.submodule_of(dir))?;
    let reason = format!("{} is a submodule: the migrations in it are another repository's", submodule.path);
    Some((Place::start_of(&Source::new(submodule.path.clone(), "")), reason))
}

/// Where a project is declared that has no folder for migrations.
fn without_folder(found: &Found, state: &mut ProjectState) -> Option<(Place, String)> {
    let history = &state.history;
    let unmigrated = found.project.facts.contains_key("no-migrations")
        && history.migrations.is_empty()
        && history.problems.is_empty();
    if !unmigrated {
        return None;
    }
    // A schema that does not parse is one more thing that cannot be compared: documentation and templates hold such.
    let problems = std::mem::take(&mut state.declared.problems);
    let unread = problems.iter().find_map(|problem| problem.place.clone());
    let table = state.declared.catalog.tables.values().find_map(|table| table.place.clone());
    // A schema for a client alone has no models, but extensions and enums that others create.
    let other = || state.gap.iter().find_map(|difference| difference.declared_at.clone());
    let place = unread.or(table).or_else(other)?;
    let folder = found.project.migrations.first().map(ToString::to_string).unwrap_or_default();
    let reason = format!("there is no folder with migrations of Prisma to compare with ({folder})");
    Some((Place::start_of(&place.source), reason))
}

/// Reads, replays and compares one project in one snapshot.
pub(crate) fn load_one(
    (found, all): (&Found, &[Found]),
    snapshot: &dyn Snapshot,
) -> Result<ProjectState, SnapshotError> {
    load_after(None, (found, all), snapshot)
}

/// Takes out of what a project lacks the tables and types that another one makes in the same database. What those lack in
/// turn is told of the project that makes them, where it declares them too.
fn without_made_beside(
    (found, all): (&Found, &[Found]),
    snapshot: &dyn Snapshot,
    state: &mut ProjectState,
) -> Result<(), SnapshotError> {
    let Some(beside) = found.project.facts.get(BESIDE).filter(|_| !state.gap.is_empty()) else { return Ok(()) };
    let is_beside = |other: &&Found| {
        other.project.ecosystem == found.project.ecosystem
            && other.project.migrations.iter().any(|dir| beside.lines().any(|line| line == dir.as_str()))
    };
    // What it makes itself, and not what it stands on.
    let own = history::replay(&state.history, found.project.dialect()).catalog;
    for other in all.iter().filter(is_beside) {
        let history = other.ecosystem.history(&other.project, snapshot)?;
        let made = history::replay(&history, other.project.dialect()).catalog;
        let declared = other.ecosystem.declared(&other.project, snapshot)?.catalog;
        state.gap.retain(|difference| match (&difference.table, &difference.enumeration) {
            _ if difference.kind.side != Side::Missing => true,
            (Some(table), _) => {
                own.tables.contains_key(table)
                    || !made.tables.contains_key(table)
                    || !declared.tables.contains_key(table)
            }
            (None, Some(name)) => {
                own.enums.contains_key(name) || !made.enums.contains_key(name) || !declared.enums.contains_key(name)
            }
            (None, None) => true,
        });
    }
    Ok(())
}

/// The same for whoever reads one state after the other: what the history shares with the last one is not run again.
/// Models that the ecosystem's tool would not see are not looked for.
pub(crate) fn load_next(
    (found, all): (&Found, &[Found]),
    snapshot: &dyn Snapshot,
    replayer: &mut Replayer,
) -> Result<ProjectState, SnapshotError> {
    let declared = found.ecosystem.declared(&found.project, snapshot)?;
    let history = found.ecosystem.history(&found.project, snapshot)?;
    if replayer.dialect() != found.project.dialect() {
        *replayer = Replayer::new(found.project.dialect());
    }
    let mut replay = replayer.replay(&history);
    foundation::settle(&history, &mut replay, &declared.catalog);
    let mut state = state(found, Read { declared, history, unregistered: Vec::new() }, replay);
    without_made_beside((found, all), snapshot, &mut state)?;
    doubt_if_unmigrated(found, &mut state);
    Ok(state)
}

/// The same of what comes after a state: what it adds is judged on what was there.
fn load_after(
    before: Option<&ProjectState>,
    (found, all): (&Found, &[Found]),
    snapshot: &dyn Snapshot,
) -> Result<ProjectState, SnapshotError> {
    let side = side(found, snapshot)?;
    let mut replay = history::replay(&side.history, found.project.dialect());
    match before.filter(|before| before.replay.catalog.dialect == found.project.dialect()) {
        Some(before) => {
            let old = (&before.history, &before.replay);
            let declared = (&before.declared.catalog, &side.declared.catalog);
            (replay, _) = foundation::rebuild(old, declared, &side.history, replay);
        }
        None => foundation::settle(&side.history, &mut replay, &side.declared.catalog),
    }
    let mut state = state(found, side, replay);
    without_made_beside((found, all), snapshot, &mut state)?;
    if let Some(before) = before {
        parts::split(found, before, &mut state);
    }
    Ok(state)
}

/// Reads both sides, each a project, those beside it and their snapshot; what their histories share is replayed once.
/// Returns before and after.
pub(crate) fn load_both(
    before: (&Found, &[Found], &dyn Snapshot),
    after: (&Found, &[Found], &dyn Snapshot),
) -> Result<(ProjectState, ProjectState), SnapshotError> {
    if before.0.project.dialect() != after.0.project.dialect() {
        return Ok((load_one((before.0, before.1), before.2)?, load_one((after.0, after.1), after.2)?));
    }
    let old = side(before.0, before.2)?;
    let new = side(after.0, after.2)?;
    let (mut old_replay, new_replay) = history::replay_both(&old.history, &new.history, after.0.project.dialect());
    foundation::settle(&old.history, &mut old_replay, &old.declared.catalog);
    let declared = (&old.declared.catalog, &new.declared.catalog);
    let (new_replay, base) = foundation::rebuild((&old.history, &old_replay), declared, &new.history, new_replay);
    let mut old = state(before.0, old, old_replay);
    // What differs there from the models was so before the change.
    if let Some(base) = base {
        let found = before.0;
        let stood = found.ecosystem.compare(&found.project, &old.declared.catalog, &base);
        let known: BTreeSet<_> = old.gap.iter().map(Difference::identity).collect();
        let added: Vec<Difference> = stood.into_iter().filter(|one| !known.contains(&one.identity())).collect();
        drop(known);
        old.gap.extend(added);
    }
    let mut new = state(after.0, new, new_replay);
    without_made_beside((before.0, before.1), before.2, &mut old)?;
    without_made_beside((after.0, after.1), after.2, &mut new)?;
    parts::split(after.0, &old, &mut new);
    Ok((old, new))
}

/// What lies in the working directory at the project's schema and migrations.
pub(crate) fn leftovers(change: &Change, project: &Project) -> Result<Vec<Leftover>, SnapshotError> {
    let Some(worktree) = &change.worktree else { return Ok(Vec::new()) };
    let dirs: Vec<RepoPath> =
        project.schema.iter().chain(&project.migrations).chain(&project.settings).cloned().collect();
    worktree.leftovers(&dirs)
}

/// The project as it would be with the leftovers of one kind staged; none where there is none of that kind.
pub(crate) fn with_leftovers(
    change: &Change,
    (found, after): (&Found, &[Found]),
    policy: &Policy,
    leftovers: &[Leftover],
    wanted: Touch,
    before: Option<&ProjectState>,
) -> Result<Option<ProjectState>, SnapshotError> {
    let Some(worktree) = &change.worktree else { return Ok(None) };
    let paths: Vec<RepoPath> = leftovers
        .iter()
        .filter(|leftover| leftover.kind != LeftoverKind::UnstagedDeletion)
        .filter(|leftover| found.ecosystem.touch(&found.project, &leftover.path) == Some(wanted))
        .map(|leftover| leftover.path.clone())
        .collect();
    if paths.is_empty() {
        return Ok(None);
    }
    let overlay = Overlay::new(&*change.after, worktree.snapshot(), paths)?;
    // A new file of a multi-file schema or of the models belongs to the project only once it is there.
    let mut anew = discover(&overlay, policy)?;
    settle(&mut [found.clone()], &mut anew);
    let found = same_project(found, after, &anew).unwrap_or(found);
    load_after(before, (found, &anew), &overlay).map(Some)
}

/// The migrations on the tip of the base; none where the project is not there.
pub(crate) fn base(
    tip: &dyn Snapshot,
    (found, after): (&Found, &[Found]),
    policy: &Policy,
) -> Result<Option<History>, SnapshotError> {
    let there = discover(tip, policy)?;
    let Some(same) = same_project(found, after, &there) else { return Ok(None) };
    same.ecosystem.history(&same.project, tip).map(Some)
}

/// The migrations as they would be after a merge: those of `after` with those that `base` has gained since `before`.
pub(crate) fn merged(before: Option<&History>, after: &History, base: &History) -> History {
    let mut known = after.by_id();
    known.extend(before.into_iter().flat_map(History::by_id));
    let gained = base.migrations.iter().filter(|migration| !known.contains_key(migration.id.as_str()));
    let mut merged = after.clone();
    merged.migrations.extend(gained.cloned());
    merged
}
