//! Functions that call themselves.
//!
//! A recursion ends because a condition says so. Where that condition is unknown, both of its branches are run, and the
//! one that goes on would go on for ever: it is cut after a few rounds, and what it would have given is unknown.

use std::rc::Rc;
use std::sync::Arc;

use super::interpreter::{Interpreter, Stop};
use super::value::{Args, Code, Function, Unknown, Value};
use crate::source::Place;

/// How often a function is entered again under conditions that are unknown.
const ROUNDS: usize = 3;

/// A function that is running.
pub(crate) struct Running {
    function: Rc<Function>,
    /// How many unknown conditions it was called under.
    conditions: usize,
    /// What had been done when it was called; see [`Interpreter::effects`].
    effects: usize,
}

impl Running {
    fn runs(&self, function: &Function) -> bool {
        match (&self.function.code, &function.code) {
            (Code::Lambda(_, one), Code::Lambda(_, other)) => Rc::ptr_eq(one, other),
            (Code::Def(one, here), Code::Def(other, there)) => here == there && Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Interpreter<'_> {
    /// Notes that a function begins to run; [`Self::end`] must follow.
    pub(crate) fn begin(&mut self, function: &Rc<Function>) {
        let (conditions, effects) = (self.maybe.len(), self.effects());
        self.running.push(Running { function: Rc::clone(function), conditions, effects });
    }

    /// Notes that the function that began last has ended.
    pub(crate) fn end(&mut self) {
        self.running.pop();
    }

    /// Whether code of that function is running.
    pub(crate) fn is_running(&self, function: &Function) -> bool {
        self.running.iter().any(|running| running.runs(function))
    }

    /// Classes that were made and calls that the host has answered: what a function has done beside giving a value.
    fn effects(&self) -> usize {
        self.classes.len() + self.answered
    }

    /// What a call gives that is not followed, because the function calls itself under conditions that are unknown; none
    /// where it is to be followed.
    ///
    /// # Errors
    /// [`Stop::Exhausted`] where the rounds so far have had effects: further ones would have more.
    pub(crate) fn cut(&self, function: &Function, args: &Args, place: &Place) -> Result<Option<Value>, Stop> {
        let rounds = || {
            let conditions = self.maybe.len();
            self.running.iter().filter(move |running| running.runs(function) && running.conditions < conditions)
        };
        if rounds().count() < ROUNDS {
            return Ok(None);
        }
        if rounds().next().is_some_and(|first| first.effects != self.effects()) {
            return Err(Stop::Exhausted("a function that calls itself under a condition that is unknown"));
        }
        let reason = format!("what {}() gives, which calls itself", function.name);
        let unknown = Rc::new(Unknown { reason, place: place.clone(), shape: None });
        // What it was handed it may have filled.
        for value in args.positional.iter().chain(args.keyword.iter().map(|(_, value)| value)) {
            match value {
                Value::Dict(items) => items.borrow_mut().more = Some(Rc::clone(&unknown)),
                Value::List(items) => items.borrow_mut().push(Value::Unknown(Rc::clone(&unknown))),
                _ => {}
            }
        }
        Ok(Some(Value::Unknown(unknown)))
    }
}
