//! Classes that a call makes and no statement.

use std::cell::RefCell;
use std::rc::Rc;

use super::classes::adopt;
use super::interpreter::{Eval, Interpreter};
use super::scope::ScopeKind;
use super::value::{Args, Attribute, Class, SymbolKind, Text, Value, linearize};
use crate::source::Place;

/// How a doubt ends that is about something which only running the module would make.
pub(crate) const AT_RUN_TIME: &str = "makes at run time";

impl Interpreter<'_> {
    /// `type("B", (Base,), {"__tablename__": "b", …})`: a class as its statement would make it. None where its name, its bases or
    /// its body cannot be told.
    pub(super) fn made_class(&mut self, args: &Args, place: &Place) -> Eval<Option<Value>> {
        let [name, bases, Value::Dict(body)] = args.positional.as_slice() else { return Ok(None) };
        let (Some(name), Some(bases)) = (name.as_str(), bases.items()) else { return Ok(None) };
        let Some(home) = self.loaded.get(place.path()).cloned() else { return Ok(None) };
        if body.borrow().more.is_some() || bases.iter().any(|base| matches!(base, Value::Unknown(_))) {
            return Ok(None);
        }
        let entries: Vec<(Option<Text>, Value)> =
            body.borrow().iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        let mut attributes = Vec::new();
        for (name, value) in entries {
            let Some(name) = name else { return Ok(None) };
            attributes.push(Attribute { name, value: Some(value), annotation: None, place: place.clone() });
        }
        let (ancestors, _) = linearize(&bases);
        let class = Rc::new(Class {
            name,
            module: Rc::clone(&home.name),
            place: place.clone(),
            ancestors,
            bases,
            keywords: args.keyword.clone(),
            decorators: Vec::new(),
            attributes: RefCell::default(),
            members: RefCell::default(),
            doubts: RefCell::default(),
            scope: self.scope(ScopeKind::Class, Some(Rc::clone(&home.scope))),
            home,
        });
        for attribute in &attributes {
            adopt(attribute.value.as_ref(), &class);
        }
        *class.attributes.borrow_mut() = attributes;
        if class.is_enum() {
            self.make_members(&class)?;
        }
        self.classes.push(Rc::clone(&class));
        let host = self.host;
        host.class_created(self, &class);
        Ok(Some(Value::Class(class)))
    }

    /// Notes that a class is made of others in a way that is not followed.
    pub(super) fn doubt_class(&mut self, maker: &str, bases: Option<&Value>, place: &Place) {
        // A base that a call makes may be a declarative one.
        let of_own = |base: &Value| match base {
            Value::Class(_) | Value::Unknown(_) => true,
            Value::Symbol(symbol) => matches!(symbol.kind, SymbolKind::Call { .. }),
            _ => false,
        };
        let is_own = match bases.map(|bases| (bases, bases.items())) {
            Some((_, Some(items))) => items.iter().any(of_own),
            Some((Value::Unknown(_), None)) => true,
            _ => false,
        };
        if is_own {
            self.doubt(format!("a class that {maker}() {AT_RUN_TIME}"), place.clone());
        }
    }
}
