//! `unmerged-head`.

use std::collections::BTreeSet;

use super::heads::{descends, excess};
use super::{describe, finding, has_order, judged};
use crate::finding::Finding;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A merge revision that leaves a head beside it: it joins two of three, or it joins a revision that already has a
    /// successor. A change is judged together with the tip of its base branch.
    ///
    /// ## Why it matters
    ///
    /// The merge revision was written to make `alembic upgrade head` work again, and it does not. It happens when a third
    /// branch lands while the merge is under review. Projects such as
    /// [inspire-next#3346](https://github.com/inspirehep/inspire-next/pull/3346) write merge revisions by hand whenever it
    /// turns out that there are two heads again.
    ///
    /// ## Example that fails
    ///
    /// ```python title="alembic/versions/b2c3d4e5f6a7_left.py"
    /// revision = "b2c3d4e5f6a7"
    /// down_revision = "1a2b3c4d5e6f"
    ///
    ///
    /// def upgrade():
    ///     pass
    /// ```
    ///
    /// ```python title="alembic/versions/c3d4e5f6a7b8_right.py"
    /// revision = "c3d4e5f6a7b8"
    /// down_revision = "1a2b3c4d5e6f"
    ///
    ///
    /// def upgrade():
    ///     pass
    /// ```
    ///
    /// ```python title="alembic/versions/d4e5f6a7b8c9_third.py"
    /// revision = "d4e5f6a7b8c9"
    /// down_revision = "1a2b3c4d5e6f"
    ///
    ///
    /// def upgrade():
    ///     pass
    /// ```
    ///
    /// ```python title="alembic/versions/e5f6a7b8c9d0_merge_heads.py"
    /// revision = "e5f6a7b8c9d0"
    /// down_revision = ("b2c3d4e5f6a7", "c3d4e5f6a7b8")
    ///
    ///
    /// def upgrade():
    ///     pass
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```python title="alembic/versions/e5f6a7b8c9d0_merge_heads.py"
    /// revision = "e5f6a7b8c9d0"
    /// down_revision = ("b2c3d4e5f6a7", "c3d4e5f6a7b8", "d4e5f6a7b8c9")
    ///
    ///
    /// def upgrade():
    ///     pass
    /// ```
    ///
    /// ## How to allow it
    ///
    /// Above `down_revision`:
    ///
    /// ```python
    /// # driftgate: allow unmerged-head: the third branch is merged by the release
    /// down_revision = ("b2c3d4e5f6a7", "c3d4e5f6a7b8")
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    let history = judged(change);
    if !has_order(&change.after.history) {
        return Vec::new();
    }
    let heads = excess(history, settings);
    let new: BTreeSet<&str> = change.new_migrations().iter().map(|migration| migration.id.as_str()).collect();
    history
        .migrations
        .iter()
        .filter(|merge| merge.parents.len() > 1)
        // An old merge that others descend from did what it was for.
        .filter(|merge| if change.whole_state { heads.contains(&merge.id) } else { new.contains(merge.id.as_str()) })
        .filter(|merge| heads.iter().any(|head| descends(history, head, &merge.id)))
        .filter_map(|merge| {
            let left: Vec<&String> = heads.iter().filter(|head| !descends(history, head, &merge.id)).collect();
            let (first, rest) = left.split_first()?;
            let names: Vec<String> = left.iter().map(|head| describe(history, head)).collect();
            let message = format!("the merge revision {} leaves a head: {}", merge.id, names.join(", "));
            // A parent that the left head descends from is behind it by now.
            let kept = merge.parents.iter().filter(|parent| !left.iter().any(|head| descends(history, head, parent)));
            let parents: Vec<String> =
                kept.chain([*first]).chain(rest.iter().copied()).map(|id| format!("\"{id}\"")).collect();
            let file = merge.source.as_ref().map_or(&merge.path, |source| source.path());
            let help = format!("join it as well, in {file}:\n  down_revision = ({})", parents.join(", "));
            let finding = finding(RuleId::UnmergedHead, merge, message, help);
            Some(finding.because("alembic upgrade head still fails after this merge"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    const ROOT: &str = "1a2b3c4d5e6f";

    fn three() -> World {
        World::alembic().revision("b2_a", &[ROOT]).revision("c3_b", &[ROOT]).revision("d4_c", &[ROOT]).commit()
    }

    #[test]
    fn a_merge_that_forgets_one_head_is_reported() {
        let world = three().revision("e5_merge", &["b2", "c3"]);
        let findings = world.run(RuleId::UnmergedHead);
        assert_eq!(findings[0].message, "the merge revision e5 leaves a head: d4 (c)");
        assert!(findings[0].help.ends_with("down_revision = (\"b2\", \"c3\", \"d4\")"), "{}", findings[0].help);
        assert!(world.silent(RuleId::MultipleHeads), "told once");
    }

    #[test]
    fn a_head_that_has_grown_on_the_base_is_seen() {
        let world = World::alembic().revision("b2_a", &[ROOT]).revision("c3_b", &[ROOT]).commit();
        let world = world.revision("d4_c", &["c3"]).becomes_base().revision("e5_merge", &["b2", "c3"]);
        let findings = world.run(RuleId::UnmergedHead);
        assert!(findings[0].help.ends_with("down_revision = (\"b2\", \"d4\")"), "{}", findings[0].help);
    }

    #[test]
    fn a_merge_of_all_heads_is_fine() {
        assert!(three().revision("e5_merge", &["b2", "c3", "d4"]).silent(RuleId::UnmergedHead));
        assert!(three().revision("e5_x", &["b2"]).silent(RuleId::UnmergedHead), "no merge");
    }
}
