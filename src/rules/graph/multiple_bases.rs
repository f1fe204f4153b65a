//! `multiple-bases`.

use std::collections::BTreeSet;

use super::heads::descends;
use super::{finding, judged};
use crate::finding::Finding;
use crate::history::{History, HistoryProblemKind, Migration};
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A revision beyond the first with `down_revision = None`: a second beginning. A base with a branch label is a branch
    /// that begins there on purpose.
    ///
    /// ## Why it matters
    ///
    /// A revision that was written by hand, or generated while the versions folder was not found, starts a history of its
    /// own: it knows nothing of the tables that are there, and adds a head. In
    /// [socorro#2589](https://github.com/mozilla-services/socorro/pull/2589) a blank parent stood for years before
    /// Alembic warned of it.
    ///
    /// ## Example that fails
    ///
    /// ```python title="alembic/versions/b2c3d4e5f6a7_add_age.py"
    /// revision = "b2c3d4e5f6a7"
    /// down_revision = None
    ///
    ///
    /// def upgrade():
    ///     pass
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```python title="alembic/versions/b2c3d4e5f6a7_add_age.py"
    /// revision = "b2c3d4e5f6a7"
    /// down_revision = "1a2b3c4d5e6f"
    ///
    ///
    /// def upgrade():
    ///     pass
    /// ```
    ///
    /// ## How to allow it
    ///
    /// Give the branch a label, or above `down_revision`:
    ///
    /// ```python
    /// # driftgate: allow multiple-bases: the history of the plugin, kept apart
    /// down_revision = None
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let history = judged(change);
    // A parent that is computed may be any.
    let computed: Vec<_> = history
        .problems
        .iter()
        .filter(|problem| problem.kind == HistoryProblemKind::ComputedParent)
        .map(|problem| &problem.path)
        .collect();
    let bases: Vec<&Migration> = history
        .migrations
        .iter()
        .filter(|migration| migration.parents.is_empty() && !computed.contains(&&migration.path))
        .collect();
    let old: BTreeSet<&str> = change
        .before
        .iter()
        .flat_map(|state| state.history.bases())
        .chain(change.base.iter().flat_map(|base| base.bases()))
        .collect();
    // The first is the one that was there; where all are new, the one that stands first.
    let Some(first) = bases
        .iter()
        .find(|base| old.contains(base.id.as_str()))
        .or_else(|| bases.iter().find(|base| history.migrations.iter().any(|other| other.parents.contains(&base.id))))
        .or(bases.first())
    else {
        return Vec::new();
    };
    bases
        .iter()
        .filter(|base| base.id != first.id && base.labels.is_empty())
        .filter(|base| change.whole_state || !old.contains(base.id.as_str()))
        .map(|base| {
            let message = format!("the revision {} begins a second history: its down_revision is None", base.id);
            let help = hang_behind_heads(history, base);
            let finding = finding(RuleId::MultipleBases, base, message, help);
            finding.related_file(first.path.clone(), format!("{} begins the first", first.id))
        })
        .collect()
}

/// Whether a revision begins a history while another does too.
pub(super) fn is_second_base(history: &History, migration: &Migration) -> bool {
    migration.parents.is_empty()
        && migration.labels.is_empty()
        && history.migrations.iter().any(|other| other.parents.is_empty() && other.id != migration.id)
}

/// The line that lets a revision without parents come after what is there: after every other head.
pub(super) fn hang_behind_heads(history: &History, base: &Migration) -> String {
    let own = |head: &str| descends(history, head, &base.id);
    let heads: Vec<String> =
        history.heads().into_iter().filter(|head| !own(head)).map(|head| format!("\"{head}\"")).collect();
    let file = base.source.as_ref().map_or(&base.path, |source| source.path());
    match &heads[..] {
        [] => format!("hang it behind the head, in {file}"),
        [head] => format!("hang it behind the head, in {file}:\n  down_revision = {head}"),
        heads => format!("hang it behind the heads, in {file}:\n  down_revision = ({})", heads.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    #[test]
    fn a_second_beginning_is_reported() {
        let findings = World::alembic().revision("b2_a", &[]).run(RuleId::MultipleBases);
        assert_eq!(findings[0].message, "the revision b2 begins a second history: its down_revision is None");
        assert_eq!(
            findings[0].help,
            "hang it behind the head, in alembic/versions/b2_a.py:\n  down_revision = \"1a2b3c4d5e6f\""
        );
    }

    #[test]
    fn a_labelled_base_is_there_on_purpose() {
        let world = World::alembic().revision_with("b2_a", &[], |m| m.labels = vec!["plugin".to_owned()]);
        assert!(world.silent(RuleId::MultipleBases));
    }

    #[test]
    fn an_old_one_is_reported_for_the_whole_state_only() {
        let world = World::alembic().revision("b2_a", &[]).commit();
        assert!(world.clone().silent(RuleId::MultipleBases));
        assert_eq!(world.whole_state().run(RuleId::MultipleBases).len(), 1);
        assert!(World::alembic().revision("b2_a", &["1a2b3c4d5e6f"]).silent(RuleId::MultipleBases));
    }
}
