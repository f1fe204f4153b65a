//! What can be wrong with a policy. Every error that has a place carries it, and says what to write instead.

use std::fmt;

use crate::git::SnapshotError;
use crate::source::{Place, RepoPath};

/// One thing wrong with a policy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Both file names are there.
    #[error("there are two policies, {first} and {second}")]
    Ambiguous {
        /// One.
        first: RepoPath,
        /// The other.
        second: RepoPath,
    },
    /// The file is not there or is not a text.
    #[error("the policy {path} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// Git or the disk could not say.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Not TOML.
    #[error("the policy is not valid TOML: {message}")]
    Syntax {
        /// Where.
        at: Place,
        /// The parser's words.
        message: String,
    },
    /// A key that no policy has.
    #[error("there is no key `{key}` here")]
    UnknownKey {
        /// Where.
        at: Place,
        /// The key.
        key: String,
        /// Keys that could be meant, or all there are.
        help: String,
    },
    /// A word where only certain words may stand.
    #[error("`{word}` is none of the words that may stand here")]
    UnknownWord {
        /// Where.
        at: Place,
        /// The word.
        word: String,
        /// Words that could be meant, or all there are.
        help: String,
    },
    /// A key that the table needs.
    #[error("this table needs the key `{key}`")]
    MissingKey {
        /// Where.
        at: Place,
        /// The key.
        key: String,
    },
    /// A value of another type.
    #[error("this value has the wrong type: {message}")]
    WrongType {
        /// Where.
        at: Place,
        /// What was found and what was expected.
        message: String,
    },
    /// A rule id that is none.
    #[error("there is no rule `{rule}`")]
    UnknownRule {
        /// Where.
        at: Place,
        /// The id.
        rule: String,
        /// Rules that could be meant.
        help: String,
    },
    /// A project that the policy does not name.
    #[error("there is no project `{project}`")]
    UnknownProject {
        /// Where.
        at: Place,
        /// The name.
        project: String,
        /// Projects that could be meant.
        help: String,
    },
    /// A pattern that is no regular expression, or too large a one.
    #[error("this is not a regular expression that can be used: {message}")]
    InvalidRegex {
        /// Where.
        at: Place,
        /// The engine's words, on one line.
        message: String,
    },
    /// A pattern that is no glob.
    #[error("this is not a glob: {message}")]
    InvalidGlob {
        /// Where.
        at: Place,
        /// The engine's words.
        message: String,
    },
    /// A glob or path that matches nothing in what is judged.
    #[error("`{pattern}` matches no file of {snapshot}")]
    UnmatchedGlob {
        /// Where.
        at: Place,
        /// The pattern.
        pattern: String,
        /// What was searched.
        snapshot: String,
        /// A path that could be meant, or that the line can go.
        help: String,
    },
    /// A path that is none of the repository.
    #[error("`{path}` is not a path inside the repository")]
    InvalidPath {
        /// Where.
        at: Place,
        /// The path.
        path: String,
    },
    /// A date that is none.
    #[error("`{text}` is not a date")]
    InvalidDate {
        /// Where.
        at: Place,
        /// The text.
        text: String,
    },
    /// A duration that is none.
    #[error("`{text}` is not a duration")]
    InvalidDuration {
        /// Where.
        at: Place,
        /// The text.
        text: String,
    },
    /// A version or requirement that is none.
    #[error("`{text}` is not a version")]
    InvalidVersion {
        /// Where.
        at: Place,
        /// The text.
        text: String,
    },
    /// Two projects with one name.
    #[error("there are two projects named `{name}`")]
    DuplicateProject {
        /// The second.
        at: Place,
        /// The first.
        first: Place,
        /// The name.
        name: String,
    },
    /// A value that may not be empty or zero.
    #[error("`{key}` must not be {what}")]
    Empty {
        /// Where.
        at: Place,
        /// The key.
        key: &'static str,
        /// `empty` or `0`.
        what: &'static str,
        /// What to write.
        help: String,
    },
    /// An allowance that would allow a rule everywhere.
    #[error("this allowance names no path, object or project: it would silence the rule everywhere")]
    Blanket {
        /// Where.
        at: Place,
    },
    /// Two keys of which only one may be given.
    #[error("`{one}` and `{other}` cannot both be given")]
    Exclusive {
        /// Where.
        at: Place,
        /// One.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A key that is meant for the other ecosystem.
    #[error("`{key}` means nothing to {ecosystem}")]
    WrongEcosystem {
        /// Where.
        at: Place,
        /// The key.
        key: &'static str,
        /// The project's ecosystem.
        ecosystem: &'static str,
    },
    /// More entries than are taken.
    #[error("{count} entries are more than the {most} that are taken")]
    TooMany {
        /// Where.
        at: Place,
        /// How many there are.
        count: usize,
        /// How many are taken.
        most: usize,
    },
    /// The policy asks for another version of driftgate.
    #[error("this policy needs driftgate {required}, and this is {actual}")]
    RequiredVersion {
        /// Where.
        at: Place,
        /// What is asked for.
        required: String,
        /// What runs.
        actual: &'static str,
    },
}

impl PolicyError {
    /// Where it is, where it is somewhere.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Ambiguous { .. } | Self::Unreadable { .. } | Self::Snapshot(_) => None,
            Self::Syntax { at, .. }
            | Self::UnknownKey { at, .. }
            | Self::UnknownWord { at, .. }
            | Self::MissingKey { at, .. }
            | Self::WrongType { at, .. }
            | Self::UnknownRule { at, .. }
            | Self::UnknownProject { at, .. }
            | Self::InvalidRegex { at, .. }
            | Self::InvalidGlob { at, .. }
            | Self::UnmatchedGlob { at, .. }
            | Self::InvalidPath { at, .. }
            | Self::InvalidDate { at, .. }
            | Self::InvalidDuration { at, .. }
            | Self::InvalidVersion { at, .. }
            | Self::DuplicateProject { at, .. }
            | Self::Empty { at, .. }
            | Self::Blanket { at }
            | Self::Exclusive { at, .. }
            | Self::WrongEcosystem { at, .. }
            | Self::TooMany { at, .. }
            | Self::RequiredVersion { at, .. } => Some(at),
        }
    }

    /// A second place, with what is to be seen there.
    pub fn related(&self) -> Option<(&Place, &'static str)> {
        match self {
            Self::DuplicateProject { first, .. } => Some((first, "the first one")),
            _ => None,
        }
    }

    /// A word or two for the place itself.
    pub fn label(&self) -> &'static str {
        match self {
            Self::UnknownKey { .. } => "unknown key",
            Self::UnknownWord { .. } => "unknown word",
            Self::UnknownRule { .. } => "unknown rule",
            Self::UnknownProject { .. } => "unknown project",
            Self::UnmatchedGlob { .. } => "matches nothing",
            Self::DuplicateProject { .. } => "named a second time",
            Self::RequiredVersion { .. } => "required here",
            _ => "here",
        }
    }

    /// What mends it.
    pub fn help(&self) -> String {
        match self {
            Self::Ambiguous { second, .. } => format!("keep one of them: git rm --cached -- {second}"),
            Self::Unreadable { path, reason } if reason.contains("UTF-8") => format!("save {path} as UTF-8 text"),
            Self::Unreadable { path, reason } if reason.contains("symbolic link") => {
                format!("put the file itself at {path}: a link is not followed")
            }
            Self::Unreadable { path, reason } if reason.contains("folder") => {
                format!("rename the folder {path}: the policy has to be a file of that name")
            }
            Self::Unreadable { .. } => "name a UTF-8 TOML file, or write one: driftgate init".to_owned(),
            Self::Snapshot(SnapshotError::Unavailable { help, .. }) => help.clone().unwrap_or_default(),
            Self::Syntax { .. } => "see https://toml.io for the notation".to_owned(),
            Self::UnknownKey { help, .. }
            | Self::UnknownWord { help, .. }
            | Self::UnknownRule { help, .. }
            | Self::UnknownProject { help, .. }
            | Self::UnmatchedGlob { help, .. }
            | Self::Empty { help, .. } => help.clone(),
            Self::MissingKey { key, .. } => format!("add `{key} = …`"),
            Self::WrongType { .. } => {
                concat!("every key with its type: ", env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/policy.md")
                    .to_owned()
            }
            Self::InvalidRegex { message, .. } if message.contains("size limit") => {
                "write a shorter pattern, with smaller repetitions".to_owned()
            }
            Self::InvalidRegex { .. } => {
                "write it in single quotes, so that backslashes stand for themselves: '^[a-z_]+$'".to_owned()
            }
            Self::InvalidGlob { .. } => "`*` stops at `/`, `**` does not: 'vendor/**', '**/*.generated.sql'".to_owned(),
            Self::InvalidPath { .. } => {
                "write it relative to the repository's root, with `/`: \"backend/prisma\"".to_owned()
            }
            Self::InvalidDate { .. } => "write it as year-month-day: 2026-12-31".to_owned(),
            Self::InvalidDuration { .. } => "write a number and a unit: \"90m\", \"24h\", \"2d\"".to_owned(),
            Self::InvalidVersion { .. } => "write \"1.2\", \">=1.2\" or \">=1.2, <2\"".to_owned(),
            Self::DuplicateProject { .. } => "give each project a name of its own".to_owned(),
            Self::Blanket { .. } => {
                "name what is meant: `path = \"…\"`, `object = \"table.column\"` or `project = \"…\"`; \
                 to turn a rule off altogether use [rules]"
                    .to_owned()
            }
            Self::Exclusive { one, other, .. } => format!("remove `{one}` or `{other}`"),
            Self::WrongEcosystem { key, .. } => format!("remove `{key}`"),
            Self::TooMany { .. } => "one glob or pattern can stand for many".to_owned(),
            Self::RequiredVersion { required, .. } => {
                format!("install that version, or change `required-version = \"{required}\"`")
            }
        }
    }
}

/// Everything wrong with a policy, in the order of the file.
#[derive(Debug)]
pub struct PolicyErrors(pub Vec<PolicyError>);

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            match error.place() {
                Some(place) => write!(f, "{place:?}: {error}")?,
                None => write!(f, "{error}")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for PolicyErrors {}

impl From<PolicyError> for PolicyErrors {
    fn from(error: PolicyError) -> Self {
        Self(vec![error])
    }
}

impl From<SnapshotError> for PolicyErrors {
    fn from(error: SnapshotError) -> Self {
        Self(vec![PolicyError::Snapshot(error)])
    }
}
