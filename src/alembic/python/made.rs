//! How a class is made, and the classes that a call makes and no statement.

use std::cell::RefCell;
use std::rc::Rc;

use super::classes::adopt;
use super::interpreter::{Eval, Interpreter};
use super::scope::{Module, Scope, ScopeKind};
use super::value::{Args, Attribute, Class, SymbolKind, Text, Unknown, Value, linearize};
use crate::source::Place;

/// How a doubt ends that is about something which only running the module would make.
pub(crate) const AT_RUN_TIME: &str = "makes at run time";

/// What a new class is made of.
pub(super) struct NewClass {
    pub(super) name: Text,
    pub(super) place: Place,
    pub(super) bases: Vec<Value>,
    pub(super) keywords: Vec<(Text, Value)>,
    pub(super) decorators: Vec<Value>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) doubts: Vec<Rc<Unknown>>,
    pub(super) scope: Rc<Scope>,
    pub(super) home: Rc<Module>,
}

impl Interpreter<'_> {
    /// Makes a class, whichever way it is written: finds its ancestors (more of them than are followed are a doubt about it),
    /// gives its functions to it, makes the members of an enum, and tells the host.
    pub(super) fn new_class(&mut self, new: NewClass) -> Eval<Rc<Class>> {
        let NewClass { name, place, bases, keywords, decorators, attributes, mut doubts, scope, home } = new;
        let (ancestors, cut) = linearize(&bases);
        if cut {
            let reason = format!("the class {name} has more ancestors than are followed");
            doubts.push(Rc::new(Unknown { reason, place: place.clone(), shape: None }));
        }
        let class = Rc::new(Class {
            name,
            module: Rc::clone(&home.name),
            place,
            ancestors,
            bases,
            keywords,
            decorators,
            attributes: RefCell::default(),
            members: RefCell::default(),
            doubts: RefCell::new(doubts),
            scope,
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
        Ok(class)
    }

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
        let scope = self.scope(ScopeKind::Class, Some(Rc::clone(&home.scope)));
        let class = self.new_class(NewClass {
            name,
            place: place.clone(),
            bases,
            keywords: args.keyword.clone(),
            decorators: Vec::new(),
            attributes,
            doubts: Vec::new(),
            scope,
            home,
        })?;
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
