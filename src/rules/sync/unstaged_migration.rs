//! `unstaged-migration`.

use super::gap::{NewGap, remaining};
use super::words::{Fault, headline};
use crate::catalog::difference::Difference;
use crate::finding::Finding;
use crate::git::{Leftover, LeftoverKind};
use crate::project::{ProjectChange, Touch};
use crate::rules::text::{count, shell_word};
use crate::rules::{RuleId, RuleSettings};
use crate::source::RepoPath;

page! {
    /// ## What it stops
    ///
    /// The schema change is staged, and the migration that goes with it lies in the working directory: not tracked,
    /// ignored by git (the finding names the file and the line of the pattern), known by name only (`git add -N`), or
    /// staged only in part. The finding says which it is, whether the migration would close the gap, and what to
    /// run. A migration that lies there and is not needed by this commit is not reported.
    ///
    /// ## Why it matters
    ///
    /// Everything works on the machine where the migration lies, and nowhere else.
    /// [FarmBot-Web-App#1052](https://github.com/FarmBot/Farmbot-Web-App/pull/1052) had to write a migration anew that
    /// was never added to git; [Rev-Registration#429](https://github.com/aggie-coding-club/Rev-Registration/pull/429)
    /// added one that was left out of the pull request before.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   age   Int?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age_to_user/migration.sql" untracked
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// `git add prisma/migrations/20260112090000_add_age_to_user`, after which the commit holds both:
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// Where the migration is meant for a later commit, allow it for the object that waits:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "unstaged-migration"
    /// path = "prisma/migrations/20260112090000_add_age_to_user"
    /// reason = "the migration follows in a pull request of its own"
    /// until = 2099-02-01
    /// ```
}

/// Migrations in the working directory that the change is waiting for.
pub(super) struct Waiting<'a> {
    /// What `git add` is to be given, with the leftover that stands for it; sorted.
    files: Vec<(RepoPath, &'a Leftover)>,
    /// What the change adds to the gap.
    wanted: Vec<&'a Difference>,
    /// What would be left of it; none where that could not be found out.
    left: Option<Vec<&'a Difference>>,
}

/// The leftovers among the migrations that would close the change's gap, or part of it.
pub(super) fn waiting<'a>(change: &'a ProjectChange<'_>, settings: &RuleSettings) -> Option<Waiting<'a>> {
    let wanted = NewGap::of(change, settings).uncovered;
    if wanted.is_empty() {
        return None;
    }
    let files = files(change);
    if files.is_empty() {
        return None;
    }
    let left = match change.with_leftovers {
        Some(state) if state.is_judged() => {
            let left = remaining(&wanted, state);
            if left.len() == wanted.len() {
                return None;
            }
            Some(left)
        }
        _ => None,
    };
    Some(Waiting { files, wanted, left })
}

/// Leftovers that are migrations, by what stands for each.
fn files<'a>(change: &'a ProjectChange<'_>) -> Vec<(RepoPath, &'a Leftover)> {
    let mut files: Vec<(RepoPath, &Leftover)> = Vec::new();
    for leftover in change.leftovers {
        let is_migration = change.ecosystem.touch(change.project, &leftover.path) == Some(Touch::Migration);
        if !is_migration || leftover.kind == LeftoverKind::UnstagedDeletion {
            continue;
        }
        let known = change
            .with_leftovers
            .and_then(|state| state.history.migrations.iter().find(|m| leftover.path.is_under(&m.path)));
        let path = match known {
            Some(migration) => migration.path.clone(),
            None if leftover.path.file_name() == "migration.sql" => {
                leftover.path.parent().unwrap_or_else(|| leftover.path.clone())
            }
            None if leftover.path.extension() == Some("py") && !leftover.path.file_name().starts_with("__") => {
                leftover.path.clone()
            }
            // The lock file, a note beside the migrations.
            None => continue,
        };
        if !files.iter().any(|(known, _)| *known == path) {
            files.push((path, leftover));
        }
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    let Some(waiting) = waiting(change, settings) else { return Vec::new() };
    let Some((first, leftover)) = waiting.files.first() else { return Vec::new() };
    let state = match &leftover.kind {
        LeftoverKind::Ignored { file, line, .. } => format!("is ignored by {file}:{line}"),
        LeftoverKind::IntentToAdd => "is added by name only".to_owned(),
        LeftoverKind::Unstaged | LeftoverKind::UnstagedDeletion => "is staged only in part".to_owned(),
        LeftoverKind::Untracked => "is not added to git".to_owned(),
    };
    let message = match waiting.files.len() {
        1 => format!("the migration {first} {state}"),
        2 => format!("the migration {first} {state}, and another is not in the commit either"),
        several => format!("the migration {first} {state}, and {} others are not in the commit either", several - 1),
    };
    // Several are listed by name as it is.
    let wanted = match waiting.wanted.as_slice() {
        [_] => headline(&waiting.wanted, Fault::Schema),
        _ => "the commit has the schema and not its migration".to_owned(),
    };
    let reason = match &waiting.left {
        Some(left) if left.is_empty() => format!("{wanted}; with it, nothing would be missing"),
        Some(left) => format!("{wanted}; with it, there would still be this: {}", headline(left, Fault::Schema)),
        None => wanted,
    };
    let mut finding = Finding::new(RuleId::UnstagedMigration, leftover.path.clone(), message, help(&waiting.files))
        .because(reason)
        .about(first.to_string());
    for difference in waiting.wanted.iter().take(12) {
        if let Some(place) = &difference.declared_at {
            finding = finding.related(place, format!("{} waits for it", difference.object()));
        }
    }
    for (path, _) in waiting.files.iter().skip(1) {
        finding = finding.related_file(path.clone(), "is not in the commit either");
    }
    finding.differences = waiting.wanted.iter().map(|&difference| difference.clone()).collect();
    vec![finding]
}

/// What to run.
fn help(files: &[(RepoPath, &Leftover)]) -> String {
    let ignored: Vec<&(RepoPath, &Leftover)> =
        files.iter().filter(|(_, leftover)| matches!(leftover.kind, LeftoverKind::Ignored { .. })).collect();
    let words =
        |files: &[&(RepoPath, &Leftover)]| files.iter().map(|(path, _)| shell_word(path)).collect::<Vec<_>>().join(" ");
    let all: Vec<&(RepoPath, &Leftover)> = files.iter().collect();
    match ignored.first() {
        Some((_, Leftover { kind: LeftoverKind::Ignored { file, line, pattern }, .. })) => format!(
            "take line {line} (`{pattern}`) out of {file}, then git add {}; or, for {} alone:\n  git add -f {}",
            words(&all),
            count(ignored.len(), "migration"),
            words(&ignored)
        ),
        _ => format!("git add {}", words(&all)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::difference::Side;
    use crate::rules::testing::{World, column};

    fn ignored() -> LeftoverKind {
        LeftoverKind::Ignored { file: ".gitignore".to_owned(), line: 3, pattern: "migrations/".to_owned() }
    }

    #[test]
    fn an_untracked_migration_that_closes_the_gap_is_named_and_replaces_the_other_rules() {
        for world in World::both() {
            let path = world.new_migration_file(world.new_id());
            let world = world
                .touch_schema()
                .gap_after(column(Side::Missing, "users", "age"))
                .leftover(&path, LeftoverKind::Untracked)
                .with_leftovers(Vec::new());
            let findings = world.run(RuleId::UnstagedMigration);
            assert_eq!(findings.len(), 1);
            assert!(findings[0].message.ends_with("is not added to git"), "{}", findings[0].message);
            assert!(findings[0].help.starts_with("git add "), "{}", findings[0].help);
            assert!(findings[0].reason.ends_with("nothing would be missing"), "{}", findings[0].reason);
            assert!(world.silent(RuleId::MissingMigration));
        }
    }

    #[test]
    fn prismas_directory_is_added_as_a_whole() {
        let findings = World::prisma()
            .touch_schema()
            .gap_after(column(Side::Missing, "users", "age"))
            .leftover("prisma/migrations/20260112090000_add_age/migration.sql", LeftoverKind::Untracked)
            .run(RuleId::UnstagedMigration);
        assert_eq!(findings[0].help, "git add prisma/migrations/20260112090000_add_age");
        assert_eq!(findings[0].message, "the migration prisma/migrations/20260112090000_add_age is not added to git");
    }

    #[test]
    fn ignored_named_and_half_staged_migrations_are_told_apart() {
        let world = |kind| {
            World::alembic()
                .touch_schema()
                .gap_after(column(Side::Missing, "users", "age"))
                .leftover("alembic/versions/b2c3_add_age.py", kind)
                .run(RuleId::UnstagedMigration)
                .remove(0)
        };
        let finding = world(ignored());
        assert!(finding.message.ends_with("is ignored by .gitignore:3"), "{}", finding.message);
        assert!(finding.help.contains("line 3 (`migrations/`) out of .gitignore"), "{}", finding.help);
        assert!(finding.help.contains("git add -f alembic/versions/b2c3_add_age.py"), "{}", finding.help);
        assert!(world(LeftoverKind::IntentToAdd).message.ends_with("is added by name only"));
        assert!(world(LeftoverKind::Unstaged).message.ends_with("is staged only in part"));
    }

    #[test]
    fn every_file_that_is_left_behind_is_named() {
        let finding = World::alembic()
            .touch_schema()
            .gap_after(column(Side::Missing, "users", "age"))
            .leftover("alembic/versions/b2c3_add_age.py", LeftoverKind::Untracked)
            .leftover("alembic/versions/c3d4_fill_age.py", LeftoverKind::Untracked)
            .run(RuleId::UnstagedMigration)
            .remove(0);
        assert!(finding.message.ends_with("and another is not in the commit either"), "{}", finding.message);
        assert!(finding.related.iter().any(|related| related.path.as_str() == "alembic/versions/c3d4_fill_age.py"));
    }

    #[test]
    fn what_would_still_be_missing_is_said() {
        let findings = World::prisma()
            .touch_schema()
            .gap_after(column(Side::Missing, "users", "age"))
            .gap_after(column(Side::Missing, "users", "name"))
            .leftover("prisma/migrations/20260112090000_add_age/migration.sql", LeftoverKind::Untracked)
            .with_leftovers(vec![column(Side::Missing, "users", "name")])
            .run(RuleId::UnstagedMigration);
        assert!(
            findings[0]
                .reason
                .ends_with("there would still be this: the column users.name is declared but no migration adds it"),
            "{}",
            findings[0].reason
        );
    }

    #[test]
    fn a_leftover_that_closes_nothing_leaves_the_word_to_missing_migration() {
        let world = World::prisma()
            .touch_schema()
            .gap_after(column(Side::Missing, "users", "age"))
            .leftover("prisma/migrations/20260112090000_other/migration.sql", LeftoverKind::Untracked)
            .with_leftovers(vec![column(Side::Missing, "users", "age")]);
        assert!(world.silent(RuleId::UnstagedMigration));
        assert_eq!(world.run(RuleId::MissingMigration).len(), 1);
    }

    #[test]
    fn a_commit_that_does_not_need_it_is_not_blocked() {
        let world = World::prisma()
            .leftover("prisma/migrations/20260112090000_add_age/migration.sql", LeftoverKind::Untracked)
            .with_leftovers(Vec::new());
        assert!(world.silent(RuleId::UnstagedMigration));
    }

    #[test]
    fn the_lock_file_alone_is_no_migration() {
        let world = World::prisma()
            .touch_schema()
            .gap_after(column(Side::Missing, "users", "age"))
            .leftover("prisma/migrations/migration_lock.toml", LeftoverKind::Untracked);
        assert!(world.silent(RuleId::UnstagedMigration));
    }
}
