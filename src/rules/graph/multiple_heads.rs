//! `multiple-heads`.

use std::collections::BTreeSet;

use super::heads::{ancestors_of, excess};
use super::multiple_bases::{hang_behind_heads, is_second_base};
use super::{describe, finding, has_order, judged, unmerged_head};
use crate::finding::Finding;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// More heads than the policy allows: one, and one for each branch label. A change is judged together with the tip of
    /// its base branch, so that two branches that hang on one parent are seen before the second is merged. The finding
    /// prints the merge command, and the line to write if the new revision should rather follow the other.
    ///
    /// ## Why it matters
    ///
    /// Git merges two such branches without a conflict, and `alembic upgrade head` refuses to run afterwards.
    /// [bayanat#374](https://github.com/sjacorg/bayanat/pull/374) would have failed in the middle of a deployment;
    /// in [rhesis#2230](https://github.com/rhesis-ai/rhesis/issues/2230) the tests ran `upgrade heads` and stayed green.
    /// 5.2% of the commits that touch revisions leave more than one head.
    ///
    /// ## Example that fails
    ///
    /// ```python title="alembic/versions/b2c3d4e5f6a7_add_age.py"
    /// from alembic import op
    ///
    /// revision = "b2c3d4e5f6a7"
    /// down_revision = "1a2b3c4d5e6f"
    ///
    ///
    /// def upgrade():
    ///     op.execute("UPDATE users SET email = lower(email) WHERE email IS NOT NULL")
    ///
    ///
    /// def downgrade():
    ///     pass
    /// ```
    ///
    /// ```python title="alembic/versions/c3d4e5f6a7b8_trim_email.py"
    /// from alembic import op
    ///
    /// revision = "c3d4e5f6a7b8"
    /// down_revision = "1a2b3c4d5e6f"
    ///
    ///
    /// def upgrade():
    ///     op.execute("UPDATE users SET email = trim(email) WHERE email IS NOT NULL")
    ///
    ///
    /// def downgrade():
    ///     pass
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```python title="alembic/versions/c3d4e5f6a7b8_trim_email.py"
    /// from alembic import op
    ///
    /// revision = "c3d4e5f6a7b8"
    /// down_revision = "b2c3d4e5f6a7"
    ///
    ///
    /// def upgrade():
    ///     op.execute("UPDATE users SET email = trim(email) WHERE email IS NOT NULL")
    ///
    ///
    /// def downgrade():
    ///     pass
    /// ```
    ///
    /// ## How to allow it
    ///
    /// Give each branch a label (`branch_labels = ("plugin",)`), or say how many heads there may be:
    ///
    /// ```toml
    /// [alembic]
    /// max-heads = 2
    /// head-labels = ["expand", "contract"]
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    let history = judged(change);
    if !has_order(&change.after.history) || !unmerged_head::check(change, settings).is_empty() {
        return Vec::new();
    }
    let heads = excess(history, settings);
    if heads.is_empty() {
        return Vec::new();
    }
    let count = |history| excess(history, settings).len();
    let old = change.before.map_or(0, |state| count(&state.history)).max(change.base.map_or(0, count));
    if !change.whole_state && heads.len() <= old {
        return Vec::new();
    }
    let new: BTreeSet<&str> = change.new_migrations().iter().map(|migration| migration.id.as_str()).collect();
    // The finding stands at a revision of this change; the head that is older is the one to follow.
    let Some(ours) = heads.iter().find(|head| new.contains(head.as_str())).or(heads.last()) else { return Vec::new() };
    let theirs = heads.iter().find(|head| *head != ours && !new.contains(head.as_str()));
    let theirs = theirs.or_else(|| heads.iter().find(|head| *head != ours));
    let names: Vec<String> = heads.iter().map(|head| describe(history, head)).collect();
    let after = if change.merged.is_some() { "after a merge with the base branch" } else { "now" };
    let message = format!("the revisions have {} heads {after}: {}", heads.len(), names.join(", "));
    let merge = format!("{} merge -m \"merge heads\" {}", program(change), heads.join(" "));
    // The first of this branch's own revisions is the one that hangs beside the other heads: none of them descends
    // from it.
    let others = ancestors_of(history, heads.iter().filter(|head| *head != ours));
    let own = ancestors_of(history, [ours]);
    let first = history
        .migrations
        .iter()
        .find(|migration| {
            let id = migration.id.as_str();
            new.contains(id) && own.contains(id) && !others.contains(id)
        })
        .or_else(|| history.get(ours));
    let help = match (first, theirs) {
        // What has been merged keeps its parent: databases have it already.
        _ if change.whole_state => format!("join them:\n  {merge}"),
        (Some(first), _) if is_second_base(history, first) => hang_behind_heads(history, first),
        // Behind one of several others it would still be a head too many.
        (Some(first), Some(theirs)) if heads.len() == 2 && new.contains(first.id.as_str()) => {
            let file = first.source.as_ref().map_or(&first.path, |source| source.path());
            format!("hang it behind the other, in {file}:\n  down_revision = \"{theirs}\"\nor join them:\n  {merge}")
        }
        _ => format!("join them:\n  {merge}"),
    };
    let Some(at) = first else { return Vec::new() };
    let mut finding = finding(RuleId::MultipleHeads, at, message, help)
        .about(ours.clone())
        .because("alembic upgrade head fails while there is more than one");
    for head in heads.iter().filter(|head| **head != at.id) {
        if let Some(migration) = history.get(head) {
            let path = migration.source.as_ref().map_or(&migration.path, |source| source.path());
            finding = finding.related_file(path.clone(), format!("{head} is a head, too"));
        }
    }
    vec![finding]
}

/// How this project calls Alembic.
fn program<'a>(change: &'a ProjectChange<'_>) -> &'a str {
    if change.project.command.is_empty() { "alembic" } else { &change.project.command }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    const ROOT: &str = "1a2b3c4d5e6f";

    #[test]
    fn two_revisions_on_one_parent_are_reported_with_both_ways_out() {
        let world = World::alembic().revision("b2_add_a", &[ROOT]).commit().revision("c3_add_b", &[ROOT]);
        let findings = world.run(RuleId::MultipleHeads);
        assert_eq!(findings[0].message, "the revisions have 2 heads now: b2 (add a), c3 (add b)");
        assert_eq!(
            findings[0].help,
            "hang it behind the other, in alembic/versions/c3_add_b.py:\n  down_revision = \"b2\"\nor join them:\n  \
             alembic merge -m \"merge heads\" b2 c3"
        );
    }

    #[test]
    fn the_tip_of_the_base_is_taken_in() {
        let world = World::alembic().revision("b2_theirs", &[ROOT]).becomes_base();
        let world = world.revision("c3_ours", &[ROOT]).revision("d4_ours", &["c3"]);
        let findings = world.run(RuleId::MultipleHeads);
        assert!(findings[0].message.starts_with("the revisions have 2 heads after a merge"));
        assert!(findings[0].path.as_str().ends_with("c3_ours.py"), "{}", findings[0].path);
        assert!(findings[0].help.contains("down_revision = \"b2\""));
    }

    #[test]
    fn labelled_branches_and_a_generous_policy_are_fine() {
        let world = World::alembic()
            .revision_with("b2_a", &[], |migration| migration.labels = vec!["plugin".to_owned()])
            .revision("c3_b", &["b2"]);
        assert!(world.silent(RuleId::MultipleHeads));
        let world = World::alembic().revision("b2_a", &[ROOT]).revision("c3_b", &[ROOT]);
        let settings = RuleSettings { max_heads: 2, ..RuleSettings::default() };
        assert!(world.run_with(RuleId::MultipleHeads, &settings).is_empty());
        assert_eq!(world.run(RuleId::MultipleHeads).len(), 1);
    }

    #[test]
    fn a_label_of_the_policy_allows_a_head_only_where_no_revision_carries_it() {
        let settings = RuleSettings { head_labels: vec!["plugin".to_owned()], ..RuleSettings::default() };
        let two = World::alembic().revision("b2_a", &[ROOT]).revision("c3_b", &[ROOT]);
        assert!(two.run_with(RuleId::MultipleHeads, &settings).is_empty(), "one may be the branch of another package");
        let three = two.revision_with("d4_c", &[], |migration| migration.labels = vec!["plugin".to_owned()]);
        assert_eq!(three.run_with(RuleId::MultipleHeads, &settings).len(), 1);
    }

    #[test]
    fn two_heads_of_one_label_are_one_too_many() {
        let world = World::alembic()
            .revision_with("b2_a", &[], |migration| migration.labels = vec!["plugin".to_owned()])
            .revision("c3_b", &["b2"])
            .revision("d4_c", &["b2"])
            .revision("e5_d", &["b2"]);
        assert_eq!(world.run(RuleId::MultipleHeads).len(), 1);
    }

    #[test]
    fn heads_that_were_there_are_reported_for_the_whole_state_only() {
        let world = World::alembic().revision("b2_a", &[ROOT]).revision("c3_b", &[ROOT]).commit();
        let world = world.revision("d4_c", &["c3"]);
        assert!(world.clone().silent(RuleId::MultipleHeads));
        let findings = world.whole_state().run(RuleId::MultipleHeads);
        assert_eq!(
            findings[0].help, "join them:\n  alembic merge -m \"merge heads\" b2 d4",
            "old ones keep their parents"
        );
        assert!(findings[0].path.as_str().ends_with("b2_a.py"), "{}", findings[0].path);
    }

    #[test]
    fn of_three_heads_none_is_hung_behind_another() {
        let world = World::alembic().revision("b2_a", &[ROOT]).revision("c3_b", &[ROOT]).commit();
        let findings = world.revision("d4_c", &[ROOT]).run(RuleId::MultipleHeads);
        assert_eq!(findings[0].help, "join them:\n  alembic merge -m \"merge heads\" b2 c3 d4");
    }

    #[test]
    fn a_merge_that_comes_after_nothing_is_told_what_it_merges() {
        let world = World::alembic().revision("b2_a", &[ROOT]).revision("c3_b", &[ROOT]).commit();
        let world = world.revision("e5_merge", &[]);
        let line = "hang it behind the heads, in alembic/versions/e5_merge.py:\n  down_revision = (\"b2\", \"c3\")";
        assert_eq!(world.run(RuleId::MultipleHeads)[0].help, line);
        assert_eq!(world.run(RuleId::MultipleBases)[0].help, line);
    }

    #[test]
    fn one_line_of_revisions_is_fine() {
        assert!(World::alembic().revision("b2_a", &[ROOT]).revision("c3_b", &["b2"]).silent(RuleId::MultipleHeads));
    }
}
