//! `misnamed-migration`.

use super::{finding, named};
use crate::finding::Finding;
use crate::history::Migration;
use crate::policy::Convention;
use crate::project::{EcosystemKind, ProjectChange};
use crate::rules::text::count;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A new migration whose name breaks the policy: it does not follow the convention or pattern, it has no words, too
    /// few of them, or none that says anything (`test`, `wip`, `fix`, a trailing ` copy`), or it is too long. Without a
    /// policy the ecosystem's own habit is enough: for Prisma a number, `_` and words of letters, digits, `_` and `-`;
    /// for Alembic any file name that does not end where its words should begin. Names that exist are never judged.
    ///
    /// ## Why it matters
    ///
    /// Prisma applies its migrations in the order of their names, so a directory without a number sorts behind
    /// all others for ever, and ` copy` behind a name is a duplicated folder that somebody forgot. Prisma refuses names of more
    /// than 200 bytes (P3010). Of 6,008 migrations in 54 public repositories 3.5% had no words at all: nobody knows
    /// what `20240611120000_` did. [Flask-Migrate#104](https://github.com/miguelgrinberg/Flask-Migrate/issues/104) asks
    /// for names that sort.
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
    /// ```sql title="prisma/migrations/20260112090000_wip/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260112090000_wip/migration.sql" deleted
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// Say in `driftgate.toml` how migrations are named, or allow one name:
    ///
    /// ```toml
    /// [naming]
    /// convention = "prisma"
    /// min-words = 2
    ///
    /// [[allow]]
    /// rule = "misnamed-migration"
    /// object = "0_squash"
    /// reason = "the name that prisma's guide to squashing gives"
    /// ```
}

/// The longest name without a policy, in characters: Prisma refuses names of more than 200 bytes (P3010).
const LONGEST: usize = 200;

/// Words that say nothing about what a migration does.
const BANNED: [&str; 14] =
    ["test", "tests", "testing", "wip", "fix", "fixes", "copy", "tmp", "temp", "asdf", "foo", "bar", "untitled", "xxx"];

/// Words that do not help one of [`BANNED`].
const NEUTRAL: [&str; 8] = ["migration", "migrations", "a", "the", "my", "new", "again", "final"];

pub(in crate::rules) fn check(change: &ProjectChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    named(change).into_iter().filter_map(|migration| judge(change, settings, migration)).collect()
}

fn judge(change: &ProjectChange<'_>, settings: &RuleSettings, migration: &Migration) -> Option<Finding> {
    let name = &migration.name;
    let (problem, advice) = problem(change, settings, migration)?;
    let message = format!("the migration name {name} {problem}");
    let help = match change.project.ecosystem {
        EcosystemKind::Prisma => format!("rename the directory ({advice}), before anybody applies it"),
        EcosystemKind::Alembic => format!("rename the file ({advice}); its revision id may stay"),
    };
    Some(finding(RuleId::MisnamedMigration, migration, message, help))
}

/// What is wrong with a name, and what would be right.
fn problem(change: &ProjectChange<'_>, settings: &RuleSettings, migration: &Migration) -> Option<(String, String)> {
    let name = migration.name.as_str();
    let naming = &settings.naming;
    let longest = naming.max_length.map_or(LONGEST, |most| most as usize);
    if name.chars().count() > longest {
        let length = count(name.chars().count(), "character");
        return Some((format!("has {length}, more than {longest}"), "a shorter name".to_owned()));
    }
    let slug = if let Some(pattern) = &naming.migration {
        let Some(slug) = pattern.slug(name) else {
            let wanted = pattern.describe();
            return Some((format!("does not follow {wanted}"), format!("after {wanted}")));
        };
        slug
    } else {
        match usual_slug(change, migration) {
            Ok(slug) => slug,
            Err(problem) => return Some((problem, format!("like {}", example(change)))),
        }
    };
    let words: Vec<String> =
        slug.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let advice = format!("like {}", example(change));
    if words.is_empty() && (naming.migration.is_some() || ends_open(migration, slug)) {
        return Some(("has no words that say what it does".to_owned(), advice));
    }
    if let Some(word) = banned_word(&words, naming.banned_words.as_deref()) {
        return Some((format!("says nothing about what it does: `{word}`"), advice));
    }
    let fewest = naming.min_words.unwrap_or(0) as usize;
    if words.len() < fewest {
        return Some((format!("has {}, fewer than {fewest}", count(words.len(), "word")), advice));
    }
    None
}

/// The words of a name under the ecosystem's own habit; else what is wrong with it.
fn usual_slug<'a>(change: &ProjectChange<'_>, migration: &'a Migration) -> Result<&'a str, String> {
    let name = migration.name.as_str();
    match change.project.ecosystem {
        EcosystemKind::Prisma => {
            let digits = name.chars().take_while(char::is_ascii_digit).count();
            let rest = &name[digits..];
            if digits == 0 {
                // Where nobody numbers migrations, a name without a number is the habit of the house.
                let habit = |other: &Migration| {
                    other.id != migration.id && !other.name.starts_with(|c: char| c.is_ascii_digit())
                };
                if change.before.is_some_and(|before| before.history.migrations.iter().any(habit)) {
                    return Ok(name);
                }
                return Err("does not begin with a number, so it sorts behind every other migration".to_owned());
            }
            if name.ends_with(" copy") || name.contains(" copy ") {
                return Err("is that of a copied directory".to_owned());
            }
            if let Some(odd) = rest.chars().find(|c| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))) {
                return Err(format!("holds the character `{odd}`"));
            }
            Ok(rest.trim_start_matches(['_', '-', '.']))
        }
        EcosystemKind::Alembic => {
            let rest = match name.split_once(migration.id.as_str()) {
                Some((before, "")) => before,
                Some((_, after)) => after,
                None => name,
            };
            Ok(rest.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '_' | '-')))
        }
    }
}

/// Whether a name without words is one whose words were left out: an Alembic file may be called by its id alone.
fn ends_open(migration: &Migration, slug: &str) -> bool {
    slug.is_empty() && migration.name.ends_with(['_', '-'])
}

/// The word that makes a name say nothing: with a list of the policy's any word on it, else one of ours that no other
/// word helps.
fn banned_word(words: &[String], list: Option<&[String]>) -> Option<String> {
    if let Some(list) = list {
        return words.iter().find(|word| list.iter().any(|banned| banned.eq_ignore_ascii_case(word))).cloned();
    }
    let numeric = |word: &str| word.chars().all(|c| c.is_ascii_digit());
    let says_nothing =
        |word: &String| BANNED.contains(&word.as_str()) || NEUTRAL.contains(&word.as_str()) || numeric(word);
    words.iter().find(|word| BANNED.contains(&word.as_str())).filter(|_| words.iter().all(says_nothing)).cloned()
}

/// A good name in the ecosystem's own convention.
fn example(change: &ProjectChange<'_>) -> &'static str {
    match change.project.ecosystem {
        EcosystemKind::Prisma => Convention::Prisma.example(),
        EcosystemKind::Alembic => Convention::Alembic.example(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::MigrationPattern;
    use crate::rules::testing::World;

    fn message(world: World, name: &str) -> Option<String> {
        let findings = world.new_migration(name, "").run(RuleId::MisnamedMigration);
        findings.first().map(|finding| finding.message.clone())
    }

    #[test]
    fn names_that_say_nothing_are_reported() {
        for (name, why) in [
            ("20260112090000_", "has no words that say what it does"),
            ("20260112090000_wip", "says nothing about what it does: `wip`"),
            ("20260112090000_fix_2", "says nothing about what it does: `fix`"),
            ("20260112090000_test_migration", "says nothing about what it does: `test`"),
            ("20260112090000_add_users copy", "is that of a copied directory"),
            ("20260112090000_add users", "holds the character ` `"),
            ("add_users", "does not begin with a number, so it sorts behind every other migration"),
        ] {
            assert_eq!(message(World::prisma(), name), Some(format!("the migration name {name} {why}")));
        }
        assert_eq!(
            message(World::alembic(), "b2c3d4e5f6a7_"),
            Some("the migration name b2c3d4e5f6a7_ has no words that say what it does".to_owned())
        );
        assert!(message(World::alembic(), "b2c3d4e5f6a7_wip").is_some());
    }

    #[test]
    fn names_in_use_everywhere_are_fine() {
        for name in [
            "20260112090000_add_test_results",
            "20260112090000_fix_user_index",
            "0_init",
            "01_add_users",
            "20260112_add-users",
            "20260112090000_benutzer_hinzufügen",
        ] {
            assert_eq!(message(World::prisma(), name), None, "{name}");
        }
        for name in ["b2c3d4e5f6a7_add_users", "b2c3d4e5f6a7", "0002_add_users", "2026_01_12_0900-b2c3_add_users"] {
            assert_eq!(message(World::alembic(), name), None, "{name}");
        }
    }

    #[test]
    fn the_policy_decides() {
        let mut settings = RuleSettings::default();
        settings.naming.migration = MigrationPattern::of(Convention::Prisma).ok();
        settings.naming.min_words = Some(2);
        settings.naming.max_length = Some(40);
        settings.naming.banned_words = Some(vec!["stuff".to_owned()]);
        let message = |name: &str| {
            let world = World::prisma().new_migration(name, "");
            world.run_with(RuleId::MisnamedMigration, &settings).first().map(|finding| finding.message.clone())
        };
        assert!(message("0_init").is_some_and(|m| m.contains("does not follow the prisma convention")));
        assert!(message("20260112090000_init").is_some_and(|m| m.contains("has 1 word, fewer than 2")));
        assert!(message("20260112090000_add_stuff").is_some_and(|m| m.contains("`stuff`")));
        assert!(message(&format!("20260112090000_add_{}", "a".repeat(40))).is_some_and(|m| m.contains("more than 40")));
        assert_eq!(message("20260112090000_add_users"), None);
    }

    #[test]
    fn names_that_were_there_are_never_judged() {
        assert!(World::prisma().new_migration("wip", "").commit().touch_schema().silent(RuleId::MisnamedMigration));
    }
}
