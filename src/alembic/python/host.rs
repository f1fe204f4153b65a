//! The seam between the interpreter and whoever uses it: who answers what libraries would.

use std::rc::Rc;

use super::interpreter::{Eval, Interpreter};
use super::scope::Module;
use super::value::{Args, Class, Text, Value};
use crate::source::Place;

/// A call of something that is not the repository's own.
pub struct CallSite<'v> {
    /// What is called.
    pub callee: &'v Value,
    /// Its canonical path, where it is a library's name (`alembic.op.add_column`).
    pub path: Option<Text>,
    /// The arguments.
    pub args: &'v Args,
    /// The call.
    pub place: &'v Place,
}

impl CallSite<'_> {
    /// The receiver and the name, where a method of a symbol is called.
    pub fn method(&self) -> Option<(&Value, &str)> {
        let Value::Symbol(symbol) = self.callee else { return None };
        match &symbol.kind {
            super::value::SymbolKind::Attribute { base, name } => Some((base, name)),
            _ => None,
        }
    }
}

/// Answers what libraries would. Every method has a default that leaves the value symbolic.
///
/// Methods take `&self`: the interpreter may come back to the host while one of them runs.
pub trait Host {
    /// A call of a library's name or of a method of a symbol. None leaves it a symbolic call.
    fn call(&self, interpreter: &mut Interpreter<'_>, call: &CallSite<'_>) -> Option<Eval<Value>> {
        let _ = (interpreter, call);
        None
    }

    /// A method of something that is not known was called: what it makes is lost, and `reason` says why.
    fn lost_call(&self, method: &str, args: &Args, reason: &str, place: &Place) {
        let _ = (method, args, reason, place);
    }

    /// An attribute of a symbol. None leaves it symbolic.
    fn attribute(&self, interpreter: &mut Interpreter<'_>, base: &Value, name: &str, place: &Place) -> Option<Value> {
        let _ = (interpreter, base, name, place);
        None
    }

    /// Whether the bases of a class that are a library's have an attribute, which its own classes have not. None leaves it
    /// unknown.
    fn bases_have(&self, class: &Rc<Class>, name: &str) -> Option<bool> {
        let _ = (class, name);
        None
    }

    /// An attribute of a symbol is assigned.
    fn assigned(&self, interpreter: &Interpreter<'_>, base: &Value, name: &str, value: &Value) {
        let _ = (interpreter, base, name, value);
    }

    /// The truth of a symbol. None leaves it unknown.
    fn truth(&self, value: &Value) -> Option<bool> {
        let _ = value;
        None
    }

    /// The truth of a condition that is known only at run time, by the name it goes by (`settings.pg_uri`, `is_sqlite()`).
    /// None leaves it unknown.
    fn truth_of_name(&self, name: &str) -> Option<bool> {
        let _ = name;
        None
    }

    /// A class of the repository was made.
    fn class_created(&self, interpreter: &mut Interpreter<'_>, class: &Rc<Class>) {
        let _ = (interpreter, class);
    }

    /// A package whose `__all__` is computed was imported with a star.
    fn starred(&self, interpreter: &mut Interpreter<'_>, package: &Module) {
        let _ = (interpreter, package);
    }

    /// A `with` block over a symbol begins; the result is bound to the `as` name. None binds the symbol itself.
    fn enter(&self, interpreter: &mut Interpreter<'_>, manager: &Value, place: &Place) -> Option<Value> {
        let _ = (interpreter, manager, place);
        None
    }

    /// A `with` block over a symbol ends.
    fn exit(&self, interpreter: &mut Interpreter<'_>, manager: &Value, place: &Place) {
        let _ = (interpreter, manager, place);
    }
}

/// A host that answers nothing: for models.
pub struct Silent;

impl Host for Silent {}
