//! `unstaged-schema`.

use super::gap::{NewGap, new_files, remaining};
use super::words::{Fault, headline};
use crate::catalog::difference::Difference;
use crate::finding::Finding;
use crate::git::{Leftover, LeftoverKind};
use crate::project::{ProjectChange, Touch};
use crate::rules::text::shell_word;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A migration is staged, and the schema or model change that it belongs to was left in the working directory. The
    /// finding names the files to add. It takes the place of `undeclared-change` where the working directory's schema
    /// declares what the migration makes.
    ///
    /// ## Why it matters
    ///
    /// The commit has a migration for columns that no code of it knows. If it is deployed, the next generated migration
    /// drops them; if it is bisected or reverted, half of the change stays. It is the twin of the forgotten
    /// migration, which [mozilla/bedrock#14865](https://github.com/mozilla/bedrock/pull/14865) guards with hooks.
    ///
    /// ## Example that fails
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ```prisma title="prisma/user.prisma" untracked
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   age   Int?
    /// }
    /// ```
    ///
    /// ## The same repaired
    ///
    /// `git add prisma/user.prisma`, after which the commit holds both:
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   age   Int?
    /// }
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "unstaged-schema"
    /// path = "prisma/user.prisma"
    /// reason = "the column is made one release before the code that reads it"
    /// until = 2099-02-01
    /// ```
}

/// Schema changes in the working directory that a staged migration is waiting for.
pub(super) struct Waiting<'a> {
    files: Vec<&'a Leftover>,
    wanted: Vec<&'a Difference>,
    left: Option<Vec<&'a Difference>>,
}

/// The leftovers of the schema that would declare what the new migrations make, or part of it.
pub(super) fn waiting<'a>(change: &'a ProjectChange<'_>, settings: &RuleSettings) -> Option<Waiting<'a>> {
    if new_files(change).is_empty() {
        return None;
    }
    let wanted = NewGap::of(change, settings).undeclared;
    let files: Vec<&Leftover> = change
        .leftovers
        .iter()
        .filter(|leftover| change.ecosystem.touch(change.project, &leftover.path) == Some(Touch::Schema))
        .collect();
    if wanted.is_empty() || files.is_empty() {
        return None;
    }
    let left = match change.with_leftovers_schema {
        Some(state) if state.is_judged() => {
            let left = remaining(&wanted, state);
            if left.len() == wanted.len() {
                return None;
            }
            Some(left)
        }
        // An untracked file among the models need not belong to them; an edit of a tracked one is most likely it.
        _ if files.iter().any(|file| file.kind == LeftoverKind::Unstaged) => None,
        _ => return None,
    };
    Some(Waiting { files, wanted, left })
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    let Some(waiting) = waiting(change, settings) else { return Vec::new() };
    let Some(first) = waiting.files.first() else { return Vec::new() };
    let message = match waiting.files.len() {
        1 => format!("the schema change in {} is not staged with its migration", first.path),
        several => {
            format!("the schema changes in {} and {} more are not staged with their migration", first.path, several - 1)
        }
    };
    let words: Vec<String> = waiting.files.iter().map(|file| shell_word(&file.path)).collect();
    let help = match &first.kind {
        LeftoverKind::Ignored { file, line, pattern } => {
            format!("take line {line} (`{pattern}`) out of {file}, then:\n  git add {}", words.join(" "))
        }
        _ => format!("git add {}", words.join(" ")),
    };
    // Several are listed by name as it is.
    let wanted = match waiting.wanted.as_slice() {
        [_] => headline(&waiting.wanted, Fault::Migration),
        _ => "the commit has the migration and not its schema".to_owned(),
    };
    let reason = match &waiting.left {
        Some(left) if left.is_empty() => format!("{wanted}; with it, nothing would be left over"),
        Some(left) => format!("{wanted}; with it, there would still be this: {}", headline(left, Fault::Migration)),
        None => wanted,
    };
    let mut finding = Finding::new(RuleId::UnstagedSchema, first.path.clone(), message, help)
        .because(reason)
        .about(first.path.to_string());
    for difference in waiting.wanted.iter().take(12) {
        if let Some(place) = &difference.migrated_at {
            finding = finding.related(place, format!("{} is made here", difference.object()));
        }
    }
    finding.differences = waiting.wanted.iter().map(|&difference| difference.clone()).collect();
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::difference::Side;
    use crate::rules::testing::{World, column};

    fn world(world: World) -> World {
        let id = world.new_id();
        let world = world.new_migration(id, "ALTER TABLE users ADD COLUMN age INTEGER;");
        let mut extra = column(Side::Extra, "users", "age");
        extra.migrated_at = Some(world.migration_place(id));
        let path = world.schema_path();
        world.gap_after(extra).leftover(&path, LeftoverKind::Unstaged)
    }

    #[test]
    fn a_schema_edit_left_in_the_working_directory_is_named() {
        for side in World::both() {
            let world = world(side).with_leftovers_schema(Vec::new());
            let findings = world.run(RuleId::UnstagedSchema);
            assert_eq!(findings.len(), 1);
            assert_eq!(findings[0].help, format!("git add {}", world.schema_path()));
            assert!(findings[0].reason.ends_with("nothing would be left over"), "{}", findings[0].reason);
            assert!(world.silent(RuleId::UndeclaredChange));
        }
    }

    #[test]
    fn an_untracked_file_among_the_models_need_not_belong_to_them() {
        let path = |world: &World| world.schema_path();
        let edited = world(World::prisma());
        assert_eq!(edited.run(RuleId::UnstagedSchema).len(), 1, "what it declares could not be read");
        let id = "20260112090000_add_age";
        let world = World::prisma().new_migration(id, "ALTER TABLE users ADD COLUMN age INTEGER;");
        let mut extra = column(Side::Extra, "users", "age");
        extra.migrated_at = Some(world.migration_place(id));
        let schema = path(&world);
        assert!(world.gap_after(extra).leftover(&schema, LeftoverKind::Untracked).silent(RuleId::UnstagedSchema));
    }

    #[test]
    fn an_edit_that_declares_something_else_is_not_it() {
        let side = world(World::prisma()).with_leftovers_schema(vec![column(Side::Extra, "users", "age")]);
        assert!(side.silent(RuleId::UnstagedSchema));
        assert_eq!(side.run(RuleId::UndeclaredChange).len(), 1);
    }

    #[test]
    fn a_clean_working_directory_has_nothing_to_say() {
        assert!(World::prisma().new_migration("20260112090000_add_b", "").silent(RuleId::UnstagedSchema));
    }
}
