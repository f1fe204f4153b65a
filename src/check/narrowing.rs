//! What a change takes out of what is checked: projects that are found no more, settings that name another one, and edits of
//! the policy that hide what they come with.

use std::collections::BTreeSet;

use super::load::{self, Found};
use super::{CheckError, Judged, Loaded, Options, judge};
use crate::alembic::discover::{ENV, SECTION};
use crate::catalog::difference::Difference;
use crate::finding::{Finding, Level};
use crate::git::overlay::Overlay;
use crate::git::{Change, FileKind, Scope, SnapshotError, links};
use crate::policy::{Date, FILE_NAMES, Policy};
use crate::project::{EcosystemKind, NAMED_BY, Project, ProjectState, Touch};
use crate::rules::{Group, Narrowing, PolicyNarrowing, RuleSettings, of_policy};
use crate::source::RepoPath;

/// Everything that the change takes out of sight, but for what the policy does.
pub(super) fn of(
    change: &Change,
    before: &[Found],
    after: &[Found],
    loaded: &[Loaded<'_>],
) -> Result<Vec<Narrowing>, SnapshotError> {
    let mut found = lost(change, before, after)?;
    found.extend(loaded.iter().filter_map(unnamed));
    found.extend(switched(change, before, after, loaded)?);
    found.extend(loaded.iter().filter_map(|loaded| external(loaded, before, after)));
    found.extend(loaded.iter().filter_map(unlisted));
    for loaded in loaded {
        found.extend(filtered(change, loaded, before, after)?);
    }
    found.extend(behind_links(change, after, loaded)?);
    Ok(found)
}

/// Projects that were there, are no more, and have left their migrations: in their place, or in one where none is looked for.
fn lost(change: &Change, before: &[Found], after: &[Found]) -> Result<Vec<Narrowing>, SnapshotError> {
    let matched: BTreeSet<usize> =
        after.iter().filter_map(|found| load::same_project_at(found, after, before.iter())).collect();
    let files = change.after.files()?;
    let mut narrowings = Vec::new();
    for (_, old) in before.iter().enumerate().filter(|(at, _)| !matched.contains(at)) {
        let project = &old.project;
        let applied = |path: &RepoPath| {
            let mut others = after.iter().filter(|found| found.project.ecosystem == project.ecosystem);
            others.any(|found| found.project.migrations.iter().any(|dir| path.is_under(dir)))
        };
        let is_left =
            |dir: &&RepoPath| files.under(dir).any(|entry| load::is_script(old, &entry.path)) && !applied(dir);
        let left = project.migrations.iter().find(is_left);
        // What is a submodule now, or a link that leads out of the tree, is in another repository.
        let given_away = project.schema.iter().chain(&project.migrations).find_map(|path| {
            let mut above = std::iter::successors(Some(path.clone()), RepoPath::parent);
            above.find(|path| files.get(path).is_some_and(|entry| entry.kind != FileKind::Regular))
        });
        let narrowing = match left.map(|dir| (dir.clone(), false)).or(given_away.map(|path| (path, true))) {
            Some(found) => Some(found),
            None => moved_to(change, old, &applied).map(|dir| (dir, true)),
        };
        narrowings.extend(narrowing.map(|(migrations, moved)| Narrowing::Lost {
            project: Box::new(project.clone()),
            migrations,
            moved,
        }));
    }
    Ok(narrowings)
}

/// The folder in which a script of a project lies after the change, if it is one that no project applies.
fn moved_to(change: &Change, project: &Found, applied: &dyn Fn(&RepoPath) -> bool) -> Option<RepoPath> {
    let added = change.changed.iter().filter(|changed| changed.before.is_none());
    let mut found = added.filter(|changed| {
        changed.after.is_some_and(|id| project.scripts().texts.contains(&id)) && !applied(&changed.path)
    });
    found.next().and_then(|changed| {
        let folder = changed.path.parent()?;
        // Prisma keeps each script in a folder of its own.
        if changed.path.file_name() == "migration.sql" { folder.parent() } else { Some(folder) }
    })
}

/// A project whose tool was told what to compare, and is told no more.
fn unnamed(loaded: &Loaded<'_>) -> Option<Narrowing> {
    let before = loaded.before.as_ref()?;
    let missing = loaded.after.declared.unnamed.as_ref().filter(|_| before.declared.unnamed.is_none())?;
    let tables = before.declared.catalog.tables.len();
    let is_there = !missing.place.source.text().is_empty();
    (tables > 0 && !loaded.after.history.migrations.is_empty()).then(|| Narrowing::Unnamed {
        project: loaded.found.project.name.clone(),
        path: missing.place.path().clone(),
        place: is_there.then(|| missing.place.clone()),
        reason: missing.reason.clone(),
        tables,
    })
}

/// Whether settings that name the one name the other: Prisma's name a schema, Alembic's a folder of revisions.
fn is_same(one: &Project, other: &Project) -> bool {
    let schema = one.ecosystem == EcosystemKind::Prisma && one.schema.iter().any(|path| other.schema.contains(path));
    schema || one.migrations.iter().any(|dir| other.migrations.contains(dir))
}

/// Settings that name another project than before, though the one they named is still there.
fn switched(
    change: &Change,
    before: &[Found],
    after: &[Found],
    loaded: &[Loaded<'_>],
) -> Result<Vec<Narrowing>, SnapshotError> {
    let files = change.after.files()?;
    let changed = |path: &RepoPath| change.changed.binary_search_by(|changed| changed.path.cmp(path)).is_ok();
    let by = |found: &Found| found.project.facts.get(NAMED_BY).map(RepoPath::new);
    let folder = |settings: &RepoPath| crate::prisma::config_root(settings);
    let mut narrowings = Vec::new();
    for old in before {
        let Some(settings) = by(old) else { continue };
        let from = &old.project;
        let is_left = from.schema.iter().any(|path| files.get(path).is_some())
            && from.migrations.iter().any(|dir| files.has_dir(dir));
        if !is_left {
            continue;
        }
        // Another file of settings in the same folder may say it now.
        let named_here = |found: &&Found| {
            found.project.ecosystem == from.ecosystem
                && by(found).is_some_and(|other| folder(&other) == folder(&settings))
                && found.project.facts.get(SECTION) == from.facts.get(SECTION)
        };
        let mut here: Vec<&Found> = after.iter().filter(named_here).collect();
        // These settings still name it, or another file does now.
        if after.iter().any(|found| by(found).is_some() && is_same(&found.project, from)) {
            continue;
        }
        // What was named beside it before is named in place of nothing.
        here.retain(|found| {
            let mut known = before.iter().filter(named_here);
            !known.any(|other| is_same(&other.project, &found.project))
        });
        let new_settings = here.iter().find_map(|found| by(found)).unwrap_or_else(|| settings.clone());
        if files.get(&new_settings).is_none() || !changed(&new_settings) && !changed(&settings) {
            continue;
        }
        let Some(to) = here.first() else {
            narrowings.push(Narrowing::Switched {
                settings,
                from: Box::new(from.clone()),
                to: None,
                differences: Vec::new(),
                unmigrated: false,
            });
            continue;
        };
        let state = loaded.iter().find(|loaded| std::ptr::eq(loaded.found, *to)).map(|loaded| &loaded.after);
        let gap = state.into_iter().flat_map(|state| &state.gap).filter(|difference| difference.certain);
        let differences: BTreeSet<String> = gap.map(Difference::object).collect();
        narrowings.push(Narrowing::Switched {
            settings: new_settings,
            from: Box::new(from.clone()),
            to: Some(Box::new(to.project.clone())),
            differences: differences.into_iter().collect(),
            unmigrated: state.is_some_and(|state| state.history.migrations.is_empty()),
        });
    }
    Ok(narrowings)
}

/// Tables that migrations make and that the settings call external since the change: Prisma leaves those alone.
fn external(loaded: &Loaded<'_>, before: &[Found], after: &[Found]) -> Option<Narrowing> {
    let state = loaded.before.as_ref()?;
    let project = &loaded.found.project;
    let old = &load::same_project(loaded.found, after, before)?.project;
    let listed = |project: &Project| -> BTreeSet<String> {
        let names = project.facts.get("external-tables").map(|names| names.split(',').map(str::to_owned).collect());
        names.unwrap_or_default()
    };
    let made = |name: &String| {
        let (schema, name) = name.split_once('.').map_or((None, name.as_str()), |(schema, name)| (Some(schema), name));
        let mut tables = state.replay.catalog.tables.keys();
        tables.any(|table| table.name == name && schema.is_none_or(|schema| table.schema == schema))
    };
    let known = listed(old);
    let tables: Vec<String> = listed(project).into_iter().filter(|name| !known.contains(name) && made(name)).collect();
    let settings = project.facts.get(NAMED_BY).map(RepoPath::new)?;
    (!tables.is_empty()).then(|| Narrowing::External { project: project.name.clone(), settings, tables })
}

/// Tables that migrations make in schemas of the database that Prisma's `datasource` listed before, and lists no more.
fn unlisted(loaded: &Loaded<'_>) -> Option<Narrowing> {
    let before = loaded.before.as_ref()?;
    let (project, after) = (&loaded.found.project, &loaded.after);
    let is_unread = |state: &ProjectState| !state.declared.problems.is_empty();
    if project.ecosystem != EcosystemKind::Prisma || is_unread(before) || is_unread(after) {
        return None;
    }
    let gone = |schema: &String| {
        before.declared.catalog.schemas.contains(schema) && !after.declared.catalog.schemas.contains(schema)
    };
    let made = after.replay.catalog.tables.values().filter(|table| gone(&table.name.schema));
    let tables: Vec<String> = made.map(|table| table.name.to_string()).collect();
    let touched = loaded.touched.iter().find(|(_, touch)| *touch == Touch::Schema).map(|(changed, _)| &changed.path);
    let path = touched.or(project.schema.first())?.clone();
    (!tables.is_empty()).then(|| Narrowing::Unlisted { project: project.name.clone(), path, tables })
}

/// Differences that an edited `env.py` keeps out of the comparison, told by comparing as it was before.
fn filtered(
    change: &Change,
    loaded: &Loaded<'_>,
    before: &[Found],
    after: &[Found],
) -> Result<Option<Narrowing>, SnapshotError> {
    let project = &loaded.found.project;
    let Some(env) = project.facts.get(ENV).map(RepoPath::new) else { return Ok(None) };
    let is_edited = change.changed.binary_search_by(|changed| changed.path.cmp(&env)).is_ok();
    let old = load::same_project(loaded.found, after, before).filter(|_| is_edited);
    let (Some(old), Some(snapshot), true) = (old, &change.before, loaded.before.is_some()) else { return Ok(None) };
    let as_it_was = Overlay::new(&*change.after, &**snapshot, [env.clone()])?;
    let declared = old.ecosystem.declared(project, &as_it_was)?;
    if !declared.problems.is_empty() || declared.unnamed.is_some() {
        return Ok(None);
    }
    let as_before = old.ecosystem.compare(&old.project, &declared.catalog, &loaded.after.replay.catalog);
    let known: BTreeSet<String> = loaded.after.gap.iter().map(Difference::object).collect();
    // A table that is declared since the edit was not seen before: to import its model is the contrary of hiding it.
    let is_seen_now = |difference: &Difference| {
        let table = difference.table.as_ref();
        let (then, now) = (&declared.catalog.tables, &loaded.after.declared.catalog.tables);
        table.is_some_and(|table| !then.contains_key(table) && now.contains_key(table))
    };
    let hidden = as_before
        .iter()
        .filter(|difference| difference.certain && !difference.beyond_engine && !is_seen_now(difference));
    let differences: BTreeSet<String> = hidden.map(Difference::object).filter(|name| !known.contains(name)).collect();
    let differences: Vec<String> = differences.into_iter().collect();
    let is_any = !differences.is_empty();
    Ok(is_any.then(|| Narrowing::Filtered { project: project.name.clone(), env, differences }))
}

/// Files that the change edits, and that a project reads through a symbolic link which is not followed.
fn behind_links(change: &Change, after: &[Found], loaded: &[Loaded<'_>]) -> Result<Vec<Narrowing>, SnapshotError> {
    /// Links that are followed.
    const MOST: usize = 5_000;
    let files = change.after.files()?;
    let mut narrowings = Vec::new();
    for link in files.iter().filter(|entry| entry.kind == FileKind::Symlink).map(|entry| &entry.path).take(MOST) {
        let Some(target) = links::follow(&*change.after, link)? else { continue };
        for changed in change.changed.iter().filter(|changed| changed.path.is_under(&target)) {
            let rest = changed.path.strip_prefix(&target).unwrap_or_default();
            let seen_as = link.join(rest);
            for found in after.iter().filter(|found| found.ecosystem.touch(&found.project, &changed.path).is_none()) {
                let state = loaded.iter().find(|loaded| std::ptr::eq(loaded.found, found)).map(|loaded| &loaded.after);
                // Models that cannot be found may be the ones behind the link.
                let is_missed = state.is_some_and(|state| state.declared.unnamed.is_some())
                    && change
                        .after
                        .read(&changed.path)?
                        .text()
                        .is_some_and(|source| found.ecosystem.concerns(&found.project, &source));
                if is_missed || found.ecosystem.touch(&found.project, &seen_as).is_some() {
                    narrowings.push(Narrowing::BehindLink {
                        project: found.project.name.clone(),
                        link: link.clone(),
                        path: changed.path.clone(),
                    });
                }
            }
        }
    }
    Ok(narrowings)
}

/// What an edit of the policy hides of the change that it comes with, told as the policy before the edit has it.
pub(super) fn of_edited_policy(
    change: &Change,
    policy: &Policy,
    options: Options<'_>,
    judged: &Judged,
) -> Result<Vec<Finding>, CheckError> {
    let Some(before) = &change.before else { return Ok(Vec::new()) };
    let is_own = |path: &RepoPath| FILE_NAMES.contains(&path.as_str());
    let edited = change.changed.iter().find(|changed| is_own(&changed.path));
    // A policy from elsewhere (`--config`) is no part of the change.
    let Some(edited) = edited.filter(|_| policy.path.as_ref().is_none_or(is_own)) else { return Ok(Vec::new()) };
    if matches!(change.scope, Scope::All { .. }) {
        return Ok(Vec::new());
    }
    // One that could not be read stopped every change: there is nothing to hold this one against.
    let Ok(old) = Policy::load(&**before) else { return Ok(Vec::new()) };
    let then = match judge(change, &old, options) {
        Ok(then) => then,
        Err(CheckError::NoSuchProject { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut narrowing = PolicyNarrowing {
        path: policy.path.clone().unwrap_or_else(|| edited.path.clone()),
        ..PolicyNarrowing::default()
    };
    let same = |one: &Finding, other: &Finding| {
        one.rule == other.rule
            && one.path == other.path
            && (one.message == other.message || one.object == other.object && one.object.is_some())
    };
    for found in then.outcome.kept {
        let stands = judged.outcome.kept.iter().any(|now| same(now, &found) && now.level == Level::Error);
        if found.level != Level::Error || stands || found.rule.group() == Group::Allowance {
            continue;
        }
        // A squash says which migrations it replaces, with a reason, and is held against what they made.
        let is_squashed =
            policy.squashes.iter().flat_map(|squash| &squash.replaced).any(|name| found.message.contains(name));
        if is_squashed && found.rule.group() == Group::History {
            continue;
        }
        let allowed = judged.outcome.allowed.iter().find(|allowed| same(&allowed.finding, &found));
        narrowing.hidden.push((found, allowed.map(|allowed| allowed.reason.clone())));
    }
    let left_out = then.projects.iter().filter(|found| {
        load::same_project_at(found, &then.projects, judged.projects.iter()).is_none()
            && !judged.projects.iter().any(|now| now.project.migrations == found.project.migrations)
    });
    narrowing.left_out = left_out.map(|found| found.project.clone()).collect();
    let spared =
        judged.outcome.kept.iter().any(|found| old.fail_on.fails(found.level) && !policy.fail_on.fails(found.level));
    narrowing.fail_on = spared.then_some((old.fail_on, policy.fail_on));
    let settings = RuleSettings::of(&old, None, options.now);
    let today = options.now.map(Date::of_unix);
    let mut findings = of_policy(&narrowing);
    findings.retain_mut(|finding| {
        settings.put_level(finding) && today.is_none_or(|today| old.allowance(finding, today).is_none())
    });
    Ok(findings)
}
