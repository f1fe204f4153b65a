//! Objects of a class that extends `Column`: what its `__init__` hands to `Column`'s own is what the column is.

use std::rc::Rc;

use super::interpreter::Interpreter;
use super::value::{Args, Class, Instance, SUPER_INIT, SymbolKind, Value};
use crate::source::Place;

/// The canonical path of `Column`.
const COLUMN: &str = "sqlalchemy.Column";

/// Methods by which a class of columns makes others than it was told to (`sql/schema.py`).
const MAKERS: [&str; 6] = ["__new__", "_set_parent", "_set_type", "_init_items", "copy", "_copy"];

impl Interpreter<'_> {
    /// `Column(…)` for an object of a class that extends it; none for any other, and where it cannot be told which it is.
    pub(super) fn extended_column(class: &Rc<Class>, instance: &Instance, args: &Args, place: &Place) -> Option<Value> {
        if !class.inherits(COLUMN) || MAKERS.iter().any(|name| class.lookup(name).is_some()) {
            return None;
        }
        let args = match class.lookup("__init__") {
            None => args.clone(),
            Some(Value::Function(_)) => {
                let Some(Value::Symbol(made)) = instance.get(SUPER_INIT) else { return None };
                let SymbolKind::Call { args, .. } = &made.kind else { return None };
                args.clone()
            }
            Some(_) => return None,
        };
        Some(Value::symbol(SymbolKind::Call { callee: Value::external(COLUMN), args }, Some(place.clone())))
    }

    /// Notes what an object's `__init__` hands to that of its library's base: which decides what the object is. Where it does
    /// so twice, as under a condition that is not known, neither is what it did.
    pub(super) fn note_init(instance: &Instance, callee: &Value, args: Args, place: &Place) {
        let made = match instance.get(SUPER_INIT) {
            Some(_) if instance.class.inherits(COLUMN) => {
                Value::unknown("an __init__ of its base that is called twice", place.clone())
            }
            _ => Value::symbol(SymbolKind::Call { callee: callee.clone(), args }, Some(place.clone())),
        };
        instance.set(SUPER_INIT, made);
    }
}
