//! Projects that keep revisions and have none yet: Alembic is set up beside a database that is there.

use super::load::Found;
use crate::catalog::difference::{Aspect, Difference, Side};
use crate::catalog::{Opaque, Reach};
use crate::git::{Change, Snapshot, SnapshotError};
use crate::project::{EcosystemKind, ProjectState};
use crate::source::{Place, RepoPath};

/// How many files of SQL are looked at for the tables that they make.
const MAX_SCRIPTS: usize = 40;

/// Doubts what a project without any revision lacks, where a database is surely there: the tables were declared before the
/// change, or another tool keeps their migrations. All of it would be told as missing else, when what is missing is the
/// first revision, or nothing at all.
///
/// Tables that come with the change are told: a first revision was forgotten.
pub(super) fn doubt_if_not_begun(
    found: &Found,
    change: &Change,
    before: Option<&ProjectState>,
    after: &mut ProjectState,
) -> Result<(), SnapshotError> {
    let is_empty = after.history.migrations.is_empty() && after.history.problems.is_empty();
    if found.project.ecosystem != EcosystemKind::Alembic || !is_empty || after.gap.is_empty() {
        return Ok(());
    }
    let mut place = None;
    if let Some(dir) = kept_elsewhere(found, &*change.after)? {
        let reason = format!("there are no revisions yet, and {dir} holds the migrations of another tool");
        for difference in &mut after.gap {
            place = place.or_else(|| difference.declared_at.clone());
            difference.certain = false;
        }
        doubt(after, place, reason);
        return Ok(());
    }
    // Where Alembic was there before the change, what the change declares is its own: a column of such a table as well.
    let (Some(snapshot), None) = (&change.before, before) else { return Ok(()) };
    let mut old = Vec::new();
    for (at, difference) in after.gap.iter().enumerate() {
        let is_whole =
            difference.kind.side == Side::Missing && matches!(difference.kind.aspect, Aspect::Table | Aspect::Enum);
        if is_whole && was_declared(difference, after, &**snapshot)? {
            old.push(at);
        }
    }
    for at in old {
        let difference = &mut after.gap[at];
        place = place.or_else(|| difference.declared_at.clone());
        difference.certain = false;
    }
    let reason = "there are no revisions yet, and these tables were declared before Alembic looked at them: what made \
                  them is not known";
    doubt(after, place, reason.to_owned());
    Ok(())
}

fn doubt(state: &mut ProjectState, place: Option<Place>, reason: String) {
    if let Some(place) = place {
        state.history.opaque.push(Opaque { place: Place::start_of(&place.source), reason, reach: Reach::Everything });
    }
}

/// Whether a table or an enum was declared before the change. A table has the places of its columns, and some of them may be
/// of an older class that it inherits: all of these have to be old.
fn was_declared(difference: &Difference, after: &ProjectState, before: &dyn Snapshot) -> Result<bool, SnapshotError> {
    let table = difference.table.as_ref().and_then(|name| after.declared.catalog.tables.get(name));
    let columns = table.into_iter().flat_map(|table| &table.columns).filter_map(|column| column.place.as_ref());
    for place in columns.chain(&difference.declared_at) {
        if !was_there(place, before)? {
            return Ok(false);
        }
    }
    Ok(difference.declared_at.is_some())
}

/// Whether the class or the call around a place stood in its file before the change: by its first line, the one above that
/// is not indented as far.
fn was_there(place: &Place, before: &dyn Snapshot) -> Result<bool, SnapshotError> {
    let Some(old) = before.read(place.path())?.text() else { return Ok(false) };
    let text = place.source.text();
    let end = text.get(place.span.start as usize..).and_then(|rest| rest.find('\n'));
    let end = end.map_or(text.len(), |end| place.span.start as usize + end);
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines = text.get(..end).unwrap_or_default().lines().rev();
    let Some(own) = lines.next() else { return Ok(false) };
    let is_head = |line: &&str| !line.trim().is_empty() && indent(line) < indent(own);
    let head = if indent(own) == 0 { own } else { lines.find(is_head).unwrap_or(own) };
    Ok(old.text().lines().any(|one| one.trim_end() == head.trim_end()))
}

/// The folder in which another tool keeps migrations of the project: `SQLAlchemy` Migrate's, or numbered files of SQL that
/// make tables. <https://sqlalchemy-migrate.readthedocs.io/en/latest/versioning.html>
fn kept_elsewhere(found: &Found, snapshot: &dyn Snapshot) -> Result<Option<RepoPath>, SnapshotError> {
    let files = snapshot.files()?;
    let root = &found.project.root;
    let is_another = |path: &RepoPath| !crate::alembic::discover::is_foreign(path);
    let settings = files.under(root).find(|entry| entry.path.file_name() == "migrate.cfg" && is_another(&entry.path));
    if let Some(dir) = settings.and_then(|entry| entry.path.parent()) {
        let versions = dir.join("versions");
        let numbered =
            |path: &RepoPath| matches!(path.extension(), Some("py" | "sql")) && is_numbered(path.file_name());
        if files.under(&versions).any(|entry| numbered(&entry.path)) {
            return Ok(Some(dir));
        }
    }
    let scripts = files.under(root).filter(|entry| {
        entry.path.extension() == Some("sql") && is_numbered(entry.path.file_name()) && is_another(&entry.path)
    });
    for entry in scripts.take(MAX_SCRIPTS) {
        let Some(source) = snapshot.read(&entry.path)?.text() else { continue };
        if source.text().to_ascii_lowercase().contains("create table") {
            return Ok(entry.path.parent());
        }
    }
    Ok(None)
}

/// `001_users.sql`, `V2__users.sql`
fn is_numbered(name: &str) -> bool {
    name.strip_prefix('V').unwrap_or(name).starts_with(|c: char| c.is_ascii_digit())
}
