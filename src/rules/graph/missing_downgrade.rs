//! `missing-downgrade`.

use super::finding;
use crate::finding::Finding;
use crate::history::Migration;
use crate::project::ProjectChange;
use crate::rules::history::identity::truly_new;
use crate::rules::history::{Nothing, does_nothing};
use crate::rules::{RuleId, RuleSettings};
use crate::source::{Place, Span};

page! {
    /// ## What it stops
    ///
    /// A new revision whose `downgrade()` is empty, raises, or is not there, while its `upgrade()` does something. The rule
    /// is off until the policy turns it on: many teams only ever move forward.
    ///
    /// ## Why it matters
    ///
    /// Where a deployment is rolled back by a downgrade, an empty one reports success and leaves the schema of the newer
    /// release behind. [mcp-context-forge#4429](https://github.com/IBM/mcp-context-forge/issues/4429) asks for downgrades
    /// that are proven to work.
    ///
    /// ## Example that fails
    ///
    /// ```toml title="driftgate.toml" before
    /// [rules]
    /// missing-downgrade = "error"
    /// ```
    ///
    /// ```python title="alembic/versions/b2c3d4e5f6a7_view_of_emails.py"
    /// from alembic import op
    ///
    /// revision = "b2c3d4e5f6a7"
    /// down_revision = "1a2b3c4d5e6f"
    ///
    ///
    /// def upgrade():
    ///     op.execute("CREATE VIEW emails AS SELECT email FROM users")
    ///
    ///
    /// def downgrade():
    ///     pass
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```python title="alembic/versions/b2c3d4e5f6a7_view_of_emails.py"
    /// from alembic import op
    ///
    /// revision = "b2c3d4e5f6a7"
    /// down_revision = "1a2b3c4d5e6f"
    ///
    ///
    /// def upgrade():
    ///     op.execute("CREATE VIEW emails AS SELECT email FROM users")
    ///
    ///
    /// def downgrade():
    ///     op.execute("DROP VIEW emails")
    /// ```
    ///
    /// ## How to allow it
    ///
    /// In the revision:
    ///
    /// ```python
    /// # driftgate: allow missing-downgrade: the rows that were deleted cannot come back
    /// def downgrade():
    ///     pass
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    truly_new(change)
        .into_iter()
        .filter_map(|migration| {
            let text = migration.source.as_ref()?.text();
            if migration.parents.len() > 1 || does_nothing(text, "upgrade").is_some() {
                return None;
            }
            let problem = match does_nothing(text, "downgrade")? {
                Nothing::Absent => "has no downgrade()",
                Nothing::Empty => "has an empty downgrade()",
                Nothing::Raises => "has a downgrade() that raises",
            };
            let message = format!("the revision {} {problem}", migration.id);
            let help = "write what undoes upgrade(), in the reverse order".to_owned();
            let finding = finding(RuleId::MissingDowngrade, migration, message, help);
            Some(match definition(migration) {
                Some(place) => finding.at(&place),
                None => finding,
            })
        })
        .collect()
}

/// The line `def downgrade…`.
fn definition(migration: &Migration) -> Option<Place> {
    let source = migration.source.as_ref()?;
    let start = match source.text().find("\ndef downgrade") {
        Some(at) => at + 1,
        None => source.text().starts_with("def downgrade").then_some(0)?,
    };
    let end = source.text()[start..].find('\n').map_or(source.text().len(), |at| start + at);
    Some(Place::new(source, Span::new(start, end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    fn message(downgrade: &str) -> Option<String> {
        let text = format!("def upgrade():\n    op.drop_table('x')\n\n\n{downgrade}");
        let findings = World::alembic().migration_text("b2_x", &text).run(RuleId::MissingDowngrade);
        findings.first().map(|finding| finding.message.clone())
    }

    #[test]
    fn a_downgrade_that_does_nothing_is_reported() {
        assert_eq!(
            message("def downgrade():\n    pass\n").as_deref(),
            Some("the revision b2 has an empty downgrade()")
        );
        assert!(message("def downgrade():\n    raise NotImplementedError()\n").is_some_and(|m| m.ends_with("raises")));
        assert!(message("").is_some_and(|m| m.ends_with("has no downgrade()")));
    }

    #[test]
    fn a_downgrade_that_does_something_is_fine() {
        assert_eq!(message("def downgrade():\n    op.create_table('x')\n"), None);
    }

    #[test]
    fn what_does_nothing_needs_no_way_back_and_the_rule_is_off() {
        let text = "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n";
        assert!(World::alembic().migration_text("b2_x", text).silent(RuleId::MissingDowngrade));
        assert_eq!(RuleId::MissingDowngrade.default_level(), None);
    }
}
