//! Differences between two catalogs: what the gap is made of.

use std::fmt;

use serde::{Serialize, Serializer};

use super::Name;
use super::contrast::Contrast;
use crate::source::Place;

/// Which side has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Declared, but no migration makes it.
    Missing,
    /// The migrations make it, nothing declares it.
    Extra,
    /// Both have it, and it differs.
    Changed,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// A schema.
    Schema,
    /// A table.
    Table,
    /// A column.
    Column,
    /// A column's type.
    Type,
    /// Whether a column takes NULL.
    Nullability,
    /// A column's default, identity or generation.
    Default,
    /// A primary key.
    PrimaryKey,
    /// A unique constraint.
    Unique,
    /// An index, unique ones among them.
    Index,
    /// A foreign key.
    ForeignKey,
    /// A CHECK.
    Check,
    /// An enum.
    Enum,
    /// A label of an enum.
    EnumValue,
    /// A comment.
    Comment,
    /// An extension of the database.
    Extension,
}

impl Aspect {
    /// The word in `kind`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Table => "table",
            Self::Column => "column",
            Self::Type => "type",
            Self::Nullability => "nullability",
            Self::Default => "default",
            Self::PrimaryKey => "primary-key",
            Self::Unique => "unique",
            Self::Index => "index",
            Self::ForeignKey => "foreign-key",
            Self::Check => "check",
            Self::Enum => "enum",
            Self::EnumValue => "enum-value",
            Self::Comment => "comment",
            Self::Extension => "extension",
        }
    }
}

/// The kind of a difference: `missing-column`, `changed-type`, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// Which side has it.
    pub side: Side,
    /// What differs.
    pub aspect: Aspect,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Missing => "missing",
            Side::Extra => "extra",
            Side::Changed => "changed",
        };
        write!(f, "{side}-{}", self.aspect.as_str())
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What makes a difference the same one before and after a change: kind, table, enum, name, and how either side has it.
pub type Identity<'a> = (Kind, Option<&'a Name>, Option<&'a Name>, &'a str, Option<&'a str>, Option<&'a str>);

/// One difference between the declared and the replayed catalog.
#[derive(Debug, Clone)]
pub struct Difference {
    /// Its kind.
    pub kind: Kind,
    /// The table it is in (for a column, key, index, check, comment) or is (for a table).
    pub table: Option<Name>,
    /// The object's own name: the column, index, constraint, enum or schema; the label for an enum value; the table's
    /// name for a table. Empty where it has none.
    pub name: String,
    /// The enum, for the kinds `enum` and `enum-value`.
    pub enumeration: Option<Name>,
    /// How it is declared, in the words of SQL (`varchar(255) not null`); none where it is not.
    pub declared: Option<String>,
    /// How the migrations make it; none where they do not.
    pub replayed: Option<String>,
    /// Of a changed key, index or constraint what alone differs of the two.
    pub contrast: Option<Contrast>,
    /// Whether no doubt could explain it.
    pub certain: bool,
    /// Whether the ecosystem's own engine would not see it.
    pub beyond_engine: bool,
    /// Where it is declared: for an extra or changed object the nearest declaration (its table), where there is one.
    pub declared_at: Option<Place>,
    /// Where the migrations make it.
    pub migrated_at: Option<Place>,
    /// The statements that would close it, as the ecosystem's engine would write them; empty where none can be given.
    pub sql: Vec<String>,
}

impl Difference {
    /// A certain difference that the engine sees, without texts and places.
    pub fn new(side: Side, aspect: Aspect, table: Option<Name>, name: impl Into<String>) -> Self {
        Self {
            kind: Kind { side, aspect },
            table,
            name: name.into(),
            enumeration: None,
            declared: None,
            replayed: None,
            contrast: None,
            certain: true,
            beyond_engine: false,
            declared_at: None,
            migrated_at: None,
            sql: Vec::new(),
        }
    }

    /// What makes it the same difference before and after a change: everything but places and suggestions. Two sides
    /// that both lack a table still differ if the change altered how the table is declared; a table that nothing declares
    /// stays undeclared, whatever further migrations do to it.
    pub fn identity(&self) -> Identity<'_> {
        let undeclared_table = self.kind.side == Side::Extra && self.kind.aspect == Aspect::Table;
        (
            self.kind,
            self.table.as_ref(),
            self.enumeration.as_ref(),
            &self.name,
            self.declared.as_deref(),
            self.replayed.as_deref().filter(|_| !undeclared_table),
        )
    }

    /// How it is declared and how the migrations make it, in as few words as tell the two apart.
    pub fn sides(&self) -> (Option<&str>, Option<&str>) {
        match &self.contrast {
            Some(contrast) => (Some(&contrast.declared), Some(&contrast.replayed)),
            None => (self.declared.as_deref(), self.replayed.as_deref()),
        }
    }

    /// Whether it is a declared table that the migrations make as a view: the database has what is asked for by its name.
    pub fn is_view(&self) -> bool {
        (self.kind.side, self.kind.aspect) == (Side::Changed, Aspect::Table)
    }

    /// The object in a person's words: `the column users.age`, `the index users_email_key`, `the table users`.
    pub fn object(&self) -> String {
        let table = self.table.as_ref().map(ToString::to_string).unwrap_or_default();
        match self.kind.aspect {
            Aspect::Table => format!("the table {table}"),
            Aspect::Column => format!("the column {table}.{}", self.name),
            Aspect::Type => format!("the type of {table}.{}", self.name),
            Aspect::Nullability => format!("the nullability of {table}.{}", self.name),
            Aspect::Default => format!("the default of {table}.{}", self.name),
            Aspect::PrimaryKey => format!("the primary key of {table}"),
            Aspect::Comment if self.name.is_empty() => format!("the comment of {table}"),
            Aspect::Comment => format!("the comment of {table}.{}", self.name),
            Aspect::Enum => format!("the enum {}", self.name),
            Aspect::EnumValue => {
                let of = self.enumeration.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("the value {} of the enum {of}", self.name)
            }
            Aspect::Schema => format!("the schema {}", self.name),
            Aspect::Extension => format!("the extension {}", self.name),
            Aspect::Unique | Aspect::Index | Aspect::ForeignKey | Aspect::Check => {
                let what = match self.kind.aspect {
                    Aspect::Unique => "unique constraint",
                    Aspect::Index => "index",
                    Aspect::ForeignKey => "foreign key",
                    _ => "check",
                };
                if self.name.is_empty() {
                    let shape = self.declared.as_deref().or(self.replayed.as_deref()).unwrap_or_default();
                    // The text of an index begins with what it is.
                    let (what, shape) = match (what, shape.strip_prefix("unique index ")) {
                        ("index", Some(rest)) => ("unique index", rest),
                        _ => (
                            what,
                            ["unique ", "index ", "check ", "foreign key "]
                                .iter()
                                .fold(shape, |text, word| text.strip_prefix(word).unwrap_or(text)),
                        ),
                    };
                    format!("the {what} {shape} of {table}")
                } else {
                    format!("the {what} {} of {table}", self.name)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_table_that_nothing_declares_stays_the_same_whatever_it_becomes() {
        let with = |side, aspect, replayed: &str| {
            let mut one = Difference::new(side, aspect, Some(Name::new("public", "t")), "c");
            one.replayed = Some(replayed.to_owned());
            one
        };
        for (side, aspect, same) in [
            (Side::Extra, Aspect::Table, true),
            (Side::Extra, Aspect::Column, false),
            (Side::Changed, Aspect::Table, false),
        ] {
            let (one, other) = (with(side, aspect, "text"), with(side, aspect, "integer"));
            assert_eq!(one.identity() == other.identity(), same, "{side:?} {aspect:?}");
        }
    }
}
