//! Which migrations are the same before and after, and which exist on the base.

use crate::history::{History, Migration};
use crate::project::{EcosystemKind, ProjectChange};
use crate::rules::text::without_line_ends;

/// A migration under another name or id.
pub(in crate::rules) struct Rename<'a> {
    /// As it was.
    pub(in crate::rules) before: &'a Migration,
    /// As it is.
    pub(in crate::rules) after: &'a Migration,
}

/// Migrations that others may have applied: those of before that the tip of the base has too, all of before where there
/// is no base to ask.
pub(in crate::rules) fn established<'a>(change: &'a ProjectChange<'_>) -> Vec<&'a Migration> {
    let before = change.before.iter().flat_map(|state| &state.history.migrations);
    let base = change.base.map(History::by_id);
    before.filter(|migration| base.as_ref().is_none_or(|base| base.contains_key(migration.id.as_str()))).collect()
}

/// Established migrations that go on under another name or id: the same text elsewhere, or another id in the same file.
pub(in crate::rules) fn renames<'a>(change: &'a ProjectChange<'_>) -> Vec<Rename<'a>> {
    let new = change.new_migrations();
    let after = change.after.history.by_id();
    established(change)
        .into_iter()
        .filter_map(|before| {
            let after = match after.get(before.id.as_str()) {
                // Alembic: the revision id is what counts; the file may have another name.
                Some(same) if same.name != before.name => *same,
                Some(_) => return None,
                None => new.iter().copied().find(|after| is_same(change.project.ecosystem, before, after))?,
            };
            Some(Rename { before, after })
        })
        .collect()
}

/// Whether a migration that is gone and a new one are the same.
fn is_same(ecosystem: EcosystemKind, before: &Migration, after: &Migration) -> bool {
    if ecosystem == EcosystemKind::Alembic && before.path == after.path {
        return true;
    }
    let (Some(old), Some(new)) = (&before.source, &after.source) else { return false };
    let (old, new) = match ecosystem {
        EcosystemKind::Prisma => (without_line_ends(old.text()), without_line_ends(new.text())),
        EcosystemKind::Alembic => {
            // The id stands in the text, in a line and often in the docstring.
            (
                without_line_ends(old.text()).replace(&before.id, ""),
                without_line_ends(new.text()).replace(&after.id, ""),
            )
        }
    };
    // An empty script is like any other empty one.
    !old.trim().is_empty() && old == new
}

/// Migrations that are new in every respect: not there before under any name. What they do is new, too.
pub(in crate::rules) fn truly_new<'a>(change: &'a ProjectChange<'_>) -> Vec<&'a Migration> {
    let renames = renames(change);
    let mut new = change.new_migrations();
    new.retain(|migration| !renames.iter().any(|rename| rename.after.id == migration.id));
    new
}

/// Established migrations that are gone: neither is there one of the id, nor a file that cannot be read.
pub(in crate::rules) fn gone<'a>(change: &'a ProjectChange<'_>) -> Vec<&'a Migration> {
    let history = &change.after.history;
    let known = history.by_id();
    let is_unread =
        |migration: &Migration| history.problems.iter().any(|problem| problem.path.is_under(&migration.path));
    let mut gone = established(change);
    gone.retain(|migration| !known.contains_key(migration.id.as_str()) && !is_unread(migration));
    gone
}
