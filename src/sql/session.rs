//! What a script said earlier that later statements mean: variables, prepared statements, routines.

use std::collections::BTreeMap;

use crate::catalog::condition::Condition;
use crate::catalog::operation::Operation;

/// The deepest nesting of blocks, and of SQL in strings, that is followed.
const MAX_DEPTH: usize = 24;

/// The most operations that repetitions (loops over constants, calls of routines) may make of a script.
const MAX_REPEATED: usize = 10_000;

/// The state of a script as far as it is read.
#[derive(Default)]
pub(super) struct Session {
    depth: usize,
    repeated: usize,
    /// Variables by their name in lower case, with MySQL's and SQL Server's `@`.
    variables: BTreeMap<String, Value>,
    /// Names of the variables that were set, in order.
    set: Vec<String>,
    /// MySQL's prepared statements by name in lower case.
    prepared: BTreeMap<String, Value>,
    /// Functions and procedures by name in lower case.
    routines: BTreeMap<String, Routine>,
}

/// What a variable holds, as far as it is known.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// A string.
    Text(String),
    /// A whole number.
    Number(i64),
    /// How many objects there are (or whether, or the object itself): zero, FALSE and NULL where the answer is no.
    Holds(Condition),
    /// One or the other.
    Choice(Condition, Box<Value>, Box<Value>),
    /// A text of which only the beginning is known.
    Beginning(String),
    /// NULL.
    Null,
    /// Anything.
    Unknown,
}

/// A function or procedure.
#[derive(Debug, Clone)]
pub(super) struct Routine {
    /// What its body does.
    pub(super) operations: Vec<Operation>,
    /// Whether it has parameters, on which what it does may depend.
    pub(super) parameters: bool,
}

impl Session {
    /// Goes one level deeper; false where that is too deep. [`Session::leave`] goes back.
    pub(super) fn enter(&mut self) -> bool {
        self.depth += 1;
        self.depth <= MAX_DEPTH
    }

    /// Whether the statements of the script itself are read, and not those of a block or a text in it.
    pub(super) fn is_outermost(&self) -> bool {
        self.depth == 0
    }

    /// Goes back one level.
    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Counts operations that a repetition makes; false where there are too many of them.
    pub(super) fn repeat(&mut self, operations: usize) -> bool {
        self.repeated = self.repeated.saturating_add(operations.max(1));
        self.repeated <= MAX_REPEATED
    }

    /// What a variable holds.
    pub(super) fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.get(&name.to_lowercase())
    }

    /// Sets a variable.
    pub(super) fn set_variable(&mut self, name: &str, value: Value) {
        let name = name.to_lowercase();
        self.set.push(name.clone());
        self.variables.insert(name, value);
    }

    /// How many times a variable was set: a mark for [`Session::forget_since`].
    pub(super) fn mark(&self) -> usize {
        self.set.len()
    }

    /// Forgets the variables that were set since: it is not known whether they were.
    pub(super) fn forget_since(&mut self, mark: usize) {
        for name in self.set.get(mark..).unwrap_or_default().to_vec() {
            self.variables.insert(name, Value::Unknown);
        }
    }

    /// The text of a prepared statement.
    pub(super) fn prepared(&self, name: &str) -> Option<&Value> {
        self.prepared.get(&name.to_lowercase())
    }

    /// Prepares a statement.
    pub(super) fn prepare(&mut self, name: &str, text: Value) {
        self.prepared.insert(name.to_lowercase(), text);
    }

    /// A routine that the script defined.
    pub(super) fn routine(&self, name: &str) -> Option<&Routine> {
        self.routines.get(&name.to_lowercase())
    }

    /// Defines a routine.
    pub(super) fn define(&mut self, name: &str, routine: Routine) {
        self.routines.insert(name.to_lowercase(), routine);
    }
}
