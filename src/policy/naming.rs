//! How migrations and objects are to be called.

use std::collections::BTreeMap;
use std::time::Duration;

use regex::{Regex, RegexBuilder};

/// The largest compiled pattern, in bytes: a policy is untrusted input like the rest of a pull request.
const REGEX_SIZE: usize = 1 << 20;

/// Compiles a pattern of a policy within bounds. The error is one line.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(REGEX_SIZE).dfa_size_limit(REGEX_SIZE).nest_limit(50).build().map_err(
        |error| {
            let text = error.to_string();
            let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
            last.trim_start_matches("error: ").trim().to_owned()
        },
    )
}

/// Well-known ways to name migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Convention {
    /// `20260105093000_add_users`: what `prisma migrate dev` writes.
    Prisma,
    /// `2026_01_05_0930-1a2b3c4d5e6f_add_users`: the dated `file_template` that Alembic's `alembic.ini` proposes; any
    /// other year-month-day in front is taken as well.
    Date,
    /// `1a2b3c4d5e6f_add_users`: Alembic's own default.
    Alembic,
    /// `0001_add_users`.
    Sequence,
}

impl Convention {
    /// Every convention.
    pub const ALL: [Self; 4] = [Self::Prisma, Self::Date, Self::Alembic, Self::Sequence];

    /// The word in the policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prisma => "prisma",
            Self::Date => "date",
            Self::Alembic => "alembic",
            Self::Sequence => "sequence",
        }
    }

    /// A name that follows it, for messages.
    pub fn example(self) -> &'static str {
        match self {
            Self::Prisma => "20260105093000_add_users",
            Self::Date => "2026_01_05_0930-1a2b3c4d5e6f_add_users",
            Self::Alembic => "1a2b3c4d5e6f_add_users",
            Self::Sequence => "0001_add_users",
        }
    }

    /// The pattern: groups `stamp`, `revision` and `slug` where it has them. The slug may be empty, so that a rule can
    /// say so.
    pub fn pattern(self) -> &'static str {
        match self {
            Self::Prisma => r"^(?<stamp>[0-9]{14})_(?<slug>[A-Za-z0-9_-]*)$",
            Self::Date => {
                r"^(?<stamp>[0-9]{4}[-_]?[0-9]{2}[-_]?[0-9]{2}(?:[-_T]?[0-9]{2}[-_]?[0-9]{2}(?:[-_]?[0-9]{2})?)?)[-_](?:(?<revision>[0-9a-f]{8,32})[-_])?(?<slug>[A-Za-z0-9_-]*)$"
            }
            Self::Alembic => r"^(?<revision>[A-Za-z0-9]+)_(?<slug>[A-Za-z0-9_-]*)$",
            Self::Sequence => r"^(?<stamp>[0-9]{1,10})[-_]+(?<slug>[A-Za-z0-9_-]*)$",
        }
    }
}

/// How a migration is to be named: a convention, or a pattern of one's own.
#[derive(Debug, Clone)]
pub struct MigrationPattern {
    /// The convention, where it is one.
    pub convention: Option<Convention>,
    regex: Regex,
}

impl MigrationPattern {
    /// The pattern of a convention.
    ///
    /// # Errors
    /// Never for the conventions as they stand; the message is the engine's.
    pub fn of(convention: Convention) -> Result<Self, String> {
        Ok(Self { convention: Some(convention), regex: compile(convention.pattern())? })
    }

    /// A pattern of one's own, with a group `slug` around the words where they are to be judged.
    ///
    /// # Errors
    /// Where it does not compile within bounds.
    pub(super) fn custom(pattern: &str) -> Result<Self, String> {
        Ok(Self { convention: None, regex: compile(pattern)? })
    }

    /// Whether a migration's name (Prisma's directory, Alembic's file without `.py`) follows it.
    pub fn matches(&self, name: &str) -> bool {
        self.regex.is_match(name)
    }

    /// The words of a name that follows the pattern: its group `slug`, else all of it.
    pub fn slug<'n>(&self, name: &'n str) -> Option<&'n str> {
        let captures = self.regex.captures(name)?;
        Some(captures.name("slug").map_or(name, |group| group.as_str()))
    }

    /// What to follow, for messages: the convention's example or the pattern itself.
    pub fn describe(&self) -> String {
        match self.convention {
            Some(convention) => format!("the {} convention: {}", convention.as_str(), convention.example()),
            None => format!("the pattern {}", self.regex.as_str()),
        }
    }
}

/// Kinds of objects with a pattern of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// A table.
    Table,
    /// A column.
    Column,
    /// An index that is not unique.
    Index,
    /// A unique constraint or index.
    Unique,
    /// A foreign key.
    ForeignKey,
    /// A primary key.
    PrimaryKey,
    /// A CHECK.
    Check,
    /// An enum.
    Enum,
    /// A label of an enum.
    EnumValue,
}

impl ObjectKind {
    /// The key under `[naming.objects]`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Column => "column",
            Self::Index => "index",
            Self::Unique => "unique",
            Self::ForeignKey => "foreign-key",
            Self::PrimaryKey => "primary-key",
            Self::Check => "check",
            Self::Enum => "enum",
            Self::EnumValue => "enum-value",
        }
    }
}

/// `[naming]`, validated.
#[derive(Debug, Clone, Default)]
pub struct Naming {
    /// How migrations are named; none where the ecosystem's own convention is enough.
    pub migration: Option<MigrationPattern>,
    /// The fewest words of a slug; none for the rule's own default.
    pub min_words: Option<u32>,
    /// The longest name of a migration, in characters; none for the rule's own default.
    pub max_length: Option<u32>,
    /// Words that say nothing, in lower case; none for the rule's own list.
    pub banned_words: Option<Vec<String>>,
    /// How far ahead of the clock a stamp may be; none for the rule's own default.
    pub future_tolerance: Option<Duration>,
    /// Patterns of objects.
    pub objects: BTreeMap<ObjectKind, Regex>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conventions_match_their_examples() {
        for convention in Convention::ALL {
            let pattern = MigrationPattern::of(convention).expect("compiles");
            assert_eq!(pattern.slug(convention.example()), Some("add_users"), "{}", convention.as_str());
        }
        let date = MigrationPattern::of(Convention::Date).expect("compiles");
        assert_eq!(date.slug("20240102_add_users"), Some("add_users"));
        assert_eq!(date.slug("2024-01-02_add_users"), Some("add_users"));
        assert!(!date.matches("add_users"));
    }

    #[test]
    fn patterns_are_bounded() {
        assert!(compile("(a{1000}){1000}").is_err());
        assert!(compile(&format!("{}a{}", "(".repeat(500), ")".repeat(500))).is_err());
        let message = compile("^[a-z").expect_err("unclosed");
        assert!(!message.contains('\n') && message.contains("unclosed"), "{message}");
    }
}
