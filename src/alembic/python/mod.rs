//! Python, read without running it: a small, bounded, symbolic interpreter for models and revisions.
//!
//! - [`parse`]: the one door to the parser.
//! - [`Value`]: what an expression can be; a library's objects stay [`Symbol`]s.
//! - [`Interpreter`]: runs the repository's modules, found by [`Modules`]; a [`Host`] answers what libraries would.

mod access;
mod assign;
mod builtins;
mod calls;
mod classes;
mod dict;
mod eval;
mod exec;
mod extended;
mod files;
mod format;
mod host;
mod import;
mod interpreter;
mod kinds;
mod library;
mod listing;
mod made;
mod methods;
mod modules;
mod names;
mod operators;
pub(crate) mod parse;
mod passed;
mod patterns;
mod python2;
mod recursion;
mod regex;
mod scope;
mod siblings;
mod skipped;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use access::MODULE_FINDER;
pub use dict::Dict;
pub use host::{CallSite, Host, Silent};
pub(crate) use import::is_library;
pub use interpreter::{Eval, Imports, Interpreter, Raised, Stop};
pub(crate) use made::AT_RUN_TIME;
pub(crate) use modules::{Found, find_below, find_in};
pub use modules::{Modules, SnapshotModules};
pub(crate) use parse::MAX_ALL_TOKENS;
#[cfg(test)]
pub(crate) use parse::PARSED;
pub use parse::{ParsedFile, SyntaxError};
pub use scope::Module;
pub use skipped::Skipped;
pub(crate) use value::SUPER_INIT;
pub use value::{
    Annotation, Args, Attribute, Bound, Class, Deferred, Function, Instance, Symbol, SymbolKind, Text, Unknown, Value,
};
