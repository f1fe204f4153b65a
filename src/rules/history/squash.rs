//! Squashes: what the policy says was replaced is looked at, and not only believed.

use super::identity::gone;
use crate::catalog::difference::Difference;
use crate::finding::Finding;
use crate::history::{self, History};
use crate::policy::Squash;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

/// What is wrong with the squashes of a change: those that name migrations which are gone now.
pub(super) fn problems(change: &ProjectChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    let project = &change.project.name;
    let gone = gone(change);
    settings
        .squashes_of(project)
        .filter(|squash| {
            gone.iter().any(|one| squash.replaces(project, &one.id) || squash.replaces(project, &one.name))
        })
        .filter_map(|squash| problem(change, squash))
        .collect()
}

fn problem(change: &ProjectChange<'_>, squash: &Squash) -> Option<Finding> {
    let project = change.project;
    let replaced = |history: &History| {
        let known = history.migrations.iter();
        known.filter(|one| squash.replaces(&project.name, &one.id) || squash.replaces(&project.name, &one.name)).count()
    };
    // What the branch itself had added is replaced as well, though the base never had it.
    let sides = change.before.map(|before| &before.history).into_iter().chain(change.base);
    let old = sides.max_by_key(|history| replaced(history))?;
    let new = &change.after.history;
    let finding = |message: String, help: &str| {
        let found = Finding::new(RuleId::DeletedMigration, squash.place.path().clone(), message, help);
        found.at(&squash.place).about(squash.by.clone())
    };
    let Some(by) = position(new, |id, name| id == squash.by || name == squash.by) else {
        let message =
            format!("the migration {}, which is to stand for those that it replaces, is not there", squash.by);
        let help = "name the migration that stands for them, or put them back";
        return Some(finding(message, help).because("databases that are made anew would lack what they made"));
    };
    let last = position(old, |id, name| squash.replaces(&project.name, id) || squash.replaces(&project.name, name))?;
    let built = |history: &History, end: usize| {
        let part = History { migrations: history.migrations[..=end].to_vec(), ..history.clone() };
        history::replay(&part, project.dialect())
    };
    let (before, after) = (built(old, last), built(new, by));
    let mut differences = change.ecosystem.compare(project, &before.catalog, &after.catalog);
    differences.retain(|difference| difference.certain && !difference.beyond_engine);
    let objects: Vec<String> = differences.iter().map(Difference::object).collect();
    let first = objects.first()?;
    let more = if objects.len() > 1 { format!(" and {} more", objects.len() - 1) } else { String::new() };
    let message = format!("the migration {} does not build what it replaces: {first}{more} would differ", squash.by);
    let help = "write the migration anew from the schema as it was before the squash, and change nothing along with it";
    Some(finding(message, help).because(format!(
        "databases that are made anew would not be like those that applied the old migrations: {}",
        objects.iter().take(10).cloned().collect::<Vec<_>>().join(", ")
    )))
}

/// The position of the last migration that is meant, by id or name.
fn position(history: &History, is: impl Fn(&str, &str) -> bool) -> Option<usize> {
    history.migrations.iter().rposition(|migration| is(&migration.id, &migration.name))
}
