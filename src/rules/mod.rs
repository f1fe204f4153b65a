//! The rules: one file each, and one table that lists them.
//!
//! A rule is a pure function from a [`ProjectChange`] to findings. It never sees git2 and never the disk. The doc
//! comment of its entry in the table below *is* its page: `driftgate explain`, `docs/rules/` and the README's list come
//! from it. Adding a rule means one new file and one new entry.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::finding::Level;

/// Declares every rule once: `Variant "id" Level Group, [ecosystems] => function;` under a doc comment that is the page.
macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $variant:ident = $id:literal, $level:expr, $group:ident, $summary:literal;)+) => {
        /// A rule, by the bad state it names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum RuleId {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl RuleId {
            /// Every rule, in the order of the documentation.
            pub const ALL: &'static [RuleId] = &[$(RuleId::$variant,)+];

            /// The id that policies, allowances and reports use.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            /// The level without a policy; none for a rule that is off.
            pub fn default_level(self) -> Option<Level> {
                match self { $(Self::$variant => $level,)+ }
            }

            /// One line: what it stops.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary,)+ }
            }

            /// The page, in Markdown.
            pub fn page(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc, "\n",)+),)+ }
            }
        }
    };
}

rules! {
    /// placeholder
    UncoveredChange = "uncovered-change", Some(Level::Error), Sync, "the migrations of a change do not produce all of what it declares";
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RuleId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
