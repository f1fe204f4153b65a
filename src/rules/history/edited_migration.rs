//! `edited-migration`.

use super::identity::established;
use super::python::{Likeness, likeness};
use crate::finding::{Finding, Level};
use crate::history::Migration;
use crate::project::{EcosystemKind, ProjectChange};
use crate::rules::text::{count, shell_word, without_line_ends, without_sql_comments};
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A migration that exists on the base branch is changed. Line ends do not count. An edit of comments and layout alone
    /// is told apart and weighs less: for Prisma a warning, because the checksum changes; for Alembic, which keeps none,
    /// a note, as is an edit of `downgrade()` alone. Migrations that only the branch itself has may be edited freely.
    ///
    /// ## Why it matters
    ///
    /// Databases that have applied the migration never see the edit, those that are built later do: from then on they
    /// differ. `prisma migrate dev` answers with "modified after it was applied" and a reset. A review of
    /// [AutoGPT#13796](https://github.com/Significant-Gravitas/AutoGPT/pull/13796) found such an edit of a migration that
    /// had already run everywhere but in one place; [kindly#400](https://github.com/enBloc-org/kindly/issues/400) had its
    /// deployments blocked by one.
    ///
    /// ## Example that fails
    ///
    /// ```sql title="prisma/migrations/20260105093000_create_users/migration.sql"
    /// CREATE TABLE "User" (
    ///     "id" SERIAL NOT NULL,
    ///     "email" TEXT NOT NULL,
    ///     "age" INTEGER,
    ///
    ///     CONSTRAINT "User_pkey" PRIMARY KEY ("id")
    /// );
    ///
    /// CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
    /// ```
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   age   Int?
    /// }
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260105093000_create_users/migration.sql"
    /// CREATE TABLE "User" (
    ///     "id" SERIAL NOT NULL,
    ///     "email" TEXT NOT NULL,
    ///
    ///     CONSTRAINT "User_pkey" PRIMARY KEY ("id")
    /// );
    ///
    /// CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// Where the migration has failed everywhere and must be mended in place:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "edited-migration"
    /// path = "prisma/migrations/20260105093000_create_users"
    /// reason = "it failed on every database; none has it"
    /// ```
}

/// What of a migration was edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    /// What it does.
    Deeds,
    /// Where it hangs in the revision graph.
    Parents,
    /// The way back alone (Alembic).
    Downgrade,
    /// Comments and layout.
    Layout,
}

/// So many edits of layout are told one by one: a formatter edits them all.
const MOST: usize = 5;

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let after = change.after.history.by_id();
    let (layout, edits): (Vec<_>, Vec<_>) = established(change)
        .into_iter()
        .filter_map(|before| {
            let after = *after.get(before.id.as_str())?;
            Some((before, after, edit(change, before, after)?))
        })
        .partition(|(_, _, edit)| *edit == Edit::Layout);
    let mut findings: Vec<Finding> =
        edits.into_iter().map(|(before, after, edit)| finding(change, before, after, edit)).collect();
    if layout.len() <= MOST {
        findings.extend(layout.into_iter().map(|(before, after, edit)| finding(change, before, after, edit)));
    } else if let Some((before, after, edit)) = layout.first() {
        let mut first = finding(change, before, after, *edit);
        first.message = format!("comments or layout of {} that exist were edited", count(layout.len(), "migration"));
        for (_, after, _) in layout.iter().skip(1).take(MOST) {
            let path = after.source.as_ref().map_or(&after.path, |source| source.path());
            first = first.related_file(path.clone(), "edited as well");
        }
        findings.push(first);
    }
    findings
}

/// What was edited; none where nothing was, or where the edit brings the migration to what it is on the base.
fn edit(change: &ProjectChange<'_>, before: &Migration, after: &Migration) -> Option<Edit> {
    let (old, new) = (before.source.as_ref()?.text(), after.source.as_ref()?.text());
    let plain = without_line_ends(new);
    if without_line_ends(old) == plain {
        return None;
    }
    let on_base = change.base.and_then(|base| base.get(&before.id)).and_then(|migration| migration.source.as_ref());
    if on_base.is_some_and(|source| without_line_ends(source.text()) == plain) {
        return None;
    }
    let likeness = match change.project.ecosystem {
        EcosystemKind::Prisma if without_sql_comments(old) == without_sql_comments(new) => Likeness::Same,
        EcosystemKind::Prisma => Likeness::Different,
        EcosystemKind::Alembic => likeness(old, new),
    };
    Some(match likeness {
        Likeness::Same => Edit::Layout,
        Likeness::SameUpgrade => Edit::Downgrade,
        Likeness::Different if before.parents != after.parents || before.depends_on != after.depends_on => {
            Edit::Parents
        }
        Likeness::Different => Edit::Deeds,
    })
}

fn finding(change: &ProjectChange<'_>, before: &Migration, after: &Migration, edit: Edit) -> Finding {
    let base = if change.base.is_some() { "on the base branch" } else { "in the history" };
    let name = &before.name;
    let (message, reason) = match edit {
        Edit::Deeds => (
            format!("the migration {name} exists {base} and was edited"),
            "databases that have applied it never see the edit",
        ),
        Edit::Parents => (
            format!("the migration {name} exists {base} and was given other parents"),
            "databases that have applied it keep the old order",
        ),
        Edit::Downgrade => (
            format!("the downgrade() of the migration {name}, which exists {base}, was edited"),
            "what it does on the way up is the same",
        ),
        Edit::Layout => (
            format!("comments or layout of the migration {name}, which exists {base}, were edited"),
            match change.project.ecosystem {
                EcosystemKind::Prisma => {
                    "its checksum changes: prisma migrate dev will ask to reset databases that have applied it"
                }
                EcosystemKind::Alembic => "what it does is the same",
            },
        ),
    };
    let path = after.source.as_ref().map_or(&after.path, |source| source.path());
    let restore = match change.base {
        Some(_) => format!("put it back as it is on the base branch, e.g. git checkout BASE -- {}", shell_word(path)),
        None => format!("put it back: git checkout HEAD -- {}", shell_word(path)),
    };
    let new = change.ecosystem.command_new_migration(change.project, "describe_the_change");
    let help = match edit {
        Edit::Layout | Edit::Downgrade => restore,
        Edit::Deeds | Edit::Parents => format!("{restore}\nand write what is new as a migration of its own:\n  {new}"),
    };
    let mut finding =
        Finding::new(RuleId::EditedMigration, path.clone(), message, help).because(reason).about(name.clone());
    if matches!(edit, Edit::Layout | Edit::Downgrade) {
        finding.level = match change.project.ecosystem {
            EcosystemKind::Prisma => Level::Warning,
            EcosystemKind::Alembic => Level::Note,
        };
    }
    let place = if edit == Edit::Parents { after.parents_place.as_ref() } else { None };
    match place {
        Some(place) => finding.at(place),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    const SQL: &str = "20260112090000_x";
    const PY: &str = "b2c3_x";

    fn prisma(old: &str, new: &str) -> Vec<Finding> {
        World::prisma().migration_text(SQL, old).commit().edit_migration(SQL, new).run(RuleId::EditedMigration)
    }

    fn alembic(old: &str, new: &str) -> Vec<Finding> {
        World::alembic().migration_text(PY, old).commit().edit_migration(PY, new).run(RuleId::EditedMigration)
    }

    #[test]
    fn an_edit_of_what_it_does_is_an_error() {
        let findings = prisma("DROP TABLE a;", "DROP TABLE b;");
        assert_eq!(findings[0].message, "the migration 20260112090000_x exists in the history and was edited");
        assert_eq!(findings[0].level, Level::Error);
        let findings = alembic("def upgrade():\n    op.drop_table('a')\n", "def upgrade():\n    op.drop_table('b')\n");
        assert_eq!(findings[0].level, Level::Error);
    }

    #[test]
    fn line_ends_do_not_count_and_comments_count_less() {
        assert!(prisma("DROP TABLE a;\nSELECT 1;\n", "DROP TABLE a;\r\nSELECT 1;").is_empty());
        let findings = prisma("DROP TABLE a;", "-- Why.\nDROP TABLE a;");
        assert_eq!(findings[0].level, Level::Warning);
        assert!(findings[0].message.starts_with("comments or layout"), "{}", findings[0].message);
        let findings = alembic("def upgrade():\n    pass\n", "def upgrade() -> None:\n    pass  # nothing\n");
        assert_eq!(findings[0].level, Level::Note);
    }

    #[test]
    fn the_way_back_may_be_mended_and_a_formatter_is_one_finding() {
        let up = "def upgrade():\n    op.drop_table('a')\n\n\ndef downgrade():\n    ";
        let findings = alembic(&format!("{up}pass\n"), &format!("{up}op.create_table('a')\n"));
        assert_eq!(findings[0].level, Level::Note);
        assert!(findings[0].message.starts_with("the downgrade()"), "{}", findings[0].message);
        let names: Vec<String> = (1..9).map(|n| format!("2026011209000{n}_x")).collect();
        let mut world = World::prisma();
        for name in &names {
            world = world.migration_text(name, "SELECT 1;");
        }
        world = world.commit();
        for name in &names {
            world = world.edit_migration(name, "-- One.\nSELECT 1;");
        }
        let findings = world.run(RuleId::EditedMigration);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "comments or layout of 8 migrations that exist were edited");
    }

    #[test]
    fn other_parents_are_said_to_be_other_parents() {
        let world = World::alembic().migration_text(PY, "down_revision = 'a'").commit();
        let world = world.edit_parents(PY, "down_revision = 'b'", &["b"]);
        let findings = world.run(RuleId::EditedMigration);
        assert_eq!(findings[0].message, "the migration b2c3_x exists in the history and was given other parents");
    }

    #[test]
    fn a_migration_of_the_branch_itself_may_be_edited() {
        let world = World::prisma().becomes_base().migration_text(SQL, "DROP TABLE a;").commit();
        assert!(world.edit_migration(SQL, "DROP TABLE b;").silent(RuleId::EditedMigration));
    }

    #[test]
    fn taking_over_the_bases_own_edit_is_fine() {
        let world = World::prisma().migration_text(SQL, "DROP TABLE a;").commit();
        let world = world.edit_migration(SQL, "DROP TABLE b;").becomes_base().edit_migration(SQL, "DROP TABLE b;");
        assert!(world.clone().silent(RuleId::EditedMigration));
        let findings = world.edit_migration(SQL, "DROP TABLE c;").run(RuleId::EditedMigration);
        assert_eq!(findings[0].message, "the migration 20260112090000_x exists on the base branch and was edited");
    }
}
