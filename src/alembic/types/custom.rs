//! Types that the repository writes itself: `TypeDecorator`, `UserDefinedType`, subclasses of SQLAlchemy's types.

use std::rc::Rc;

use super::{Reader, SqlType, dialect_name, generic, libraries};
use crate::alembic::python::{Args, Class, Instance, SUPER_INIT, SymbolKind, Value};
use crate::source::Place;

/// Whether a class of the repository is a type.
pub(super) fn is_type_class(class: &Rc<Class>) -> bool {
    class.external_bases().iter().any(|base| {
        let path = base_path(base);
        path.as_deref().is_some_and(|path| generic::is_known(path) || libraries::is_known(path))
    })
}

/// The path of a base, `TypeDecorator[str]` included.
fn base_path(base: &Value) -> Option<String> {
    if let Some(path) = base.path() {
        return Some(path.to_string());
    }
    let Value::Symbol(symbol) = base else { return None };
    match &symbol.kind {
        SymbolKind::Subscript { base, .. } => base.path().map(|path| path.to_string()),
        _ => None,
    }
}

impl Reader<'_, '_> {
    /// The type of a class of the repository, made with `args`.
    pub(super) fn custom(
        &mut self,
        class: &Rc<Class>,
        args: &Args,
        instance: Option<&Rc<Instance>>,
        place: Option<Place>,
    ) -> SqlType {
        if class.is_enum() {
            return self.enumeration(&Args::positional(vec![Value::Class(Rc::clone(class))]), place.as_ref());
        }
        let bases: Vec<String> = class.external_bases().iter().filter_map(base_path).collect();
        let Some(base) = bases.iter().find(|path| generic::is_known(path) || libraries::is_known(path)) else {
            return SqlType::doubt(format!("the class {}, which is no type", class.name), place);
        };
        if let Some(unknown) = class.doubts.borrow().first() {
            return SqlType::doubt(unknown.reason.clone(), Some(unknown.place.clone()));
        }
        let receiver = match instance {
            Some(instance) => Value::Instance(Rc::clone(instance)),
            None => self.instance(class, place.as_ref()),
        };
        match base.rsplit('.').next().unwrap_or(base) {
            "TypeDecorator" => self.decorator(class, args, &receiver, place),
            "UserDefinedType" | "TypeEngine" => self.user_defined(class, &receiver, place),
            _ if class.lookup("get_col_spec").is_some() => self.user_defined(class, &receiver, place),
            _ if class.lookup("impl").is_some() || class.lookup("load_dialect_impl").is_some() => {
                self.decorator(class, args, &receiver, place)
            }
            _ => {
                // A subclass of a type: its own arguments, or those it hands to the type's constructor.
                let args = match self.constructor_args(class, &receiver) {
                    Some(args) => args,
                    None if class.lookup("__init__").is_some() => {
                        return SqlType::doubt(format!("the arguments of the type {}", class.name), place);
                    }
                    None => args.clone(),
                };
                let value = Value::symbol(SymbolKind::Call { callee: Value::external(base), args }, place);
                self.read(&value)
            }
        }
    }

    /// An instance of a class that was given as a type without being called.
    fn instance(&mut self, class: &Rc<Class>, place: Option<&Place>) -> Value {
        let value = Value::Class(Rc::clone(class));
        let at = place.cloned().unwrap_or_else(|| class.place.clone());
        self.interpreter.call(&value, Args::default(), &at).unwrap_or(value)
    }

    /// `impl`, or what `load_dialect_impl` gives for the dialect.
    fn decorator(&mut self, class: &Rc<Class>, args: &Args, receiver: &Value, place: Option<Place>) -> SqlType {
        if class.lookup("load_dialect_impl").is_some() {
            let at = place.clone().unwrap_or_else(|| class.place.clone());
            let dialect = self.dialect_value();
            let method = self.interpreter.attribute(receiver, "load_dialect_impl", &at);
            let made = method.and_then(|method| self.interpreter.call(&method, Args::positional(vec![dialect]), &at));
            match made {
                Ok(value) => {
                    let is_own = value.method_call().is_some_and(|(_, name, _)| name == "load_dialect_impl");
                    if !is_own {
                        let mut ty = self.read(&value);
                        // The affinity is that of `impl`.
                        ty.integer = self.own_impl(class, args, receiver, place).integer;
                        return ty;
                    }
                }
                Err(_) => {
                    return SqlType::doubt(format!("the type {}, whose load_dialect_impl stops", class.name), place);
                }
            }
        }
        self.own_impl(class, args, receiver, place)
    }

    /// The type that `impl` names, made with the decorator's own arguments.
    fn own_impl(&mut self, class: &Rc<Class>, args: &Args, receiver: &Value, place: Option<Place>) -> SqlType {
        let on_instance = match receiver {
            Value::Instance(instance) => instance.get("impl"),
            _ => None,
        };
        let Some(value) = on_instance.or_else(|| class.lookup("impl")) else {
            return SqlType::doubt(format!("the type {} without an impl", class.name), place);
        };
        let own_init = class.lookup("__init__").is_some();
        let args = match self.constructor_args(class, receiver) {
            Some(args) => args,
            // What a constructor of its own hands on is not known; most hand on nothing.
            None if own_init => Args::default(),
            None => args.clone(),
        };
        // `impl = String` is made with the arguments; `impl = String(20)` is what it is.
        match (&value.path(), &value) {
            (Some(_), _) if !(args.positional.is_empty() && args.keyword.is_empty()) => {
                let value = Value::symbol(SymbolKind::Call { callee: value.clone(), args }, place);
                self.read(&value)
            }
            (None, Value::Class(inner)) => {
                let inner = Rc::clone(inner);
                self.custom(&inner, &args, None, place)
            }
            _ => self.read(&value),
        }
    }

    /// The arguments that a constructor of the repository hands to that of the library.
    fn constructor_args(&self, class: &Rc<Class>, receiver: &Value) -> Option<Args> {
        let Value::Instance(instance) = receiver else { return None };
        class.lookup("__init__")?;
        let Some(Value::Symbol(made)) = instance.get(SUPER_INIT) else { return None };
        match &made.kind {
            SymbolKind::Call { args, .. } => Some(args.clone()),
            _ => None,
        }
    }

    /// The text of `get_col_spec`.
    fn user_defined(&mut self, class: &Rc<Class>, receiver: &Value, place: Option<Place>) -> SqlType {
        let at = place.clone().unwrap_or_else(|| class.place.clone());
        let method = self.interpreter.attribute(receiver, "get_col_spec", &at);
        let text = method.and_then(|method| self.interpreter.call(&method, Args::default(), &at));
        match text.ok().and_then(|text| text.as_str()) {
            Some(text) => self.spec(&text),
            None => {
                SqlType::doubt(format!("the type {}, whose get_col_spec could not be evaluated", class.name), place)
            }
        }
    }

    /// What a type is handed as `dialect`.
    fn dialect_value(&self) -> Value {
        let value = Value::symbol(SymbolKind::External("sqlalchemy.engine.Dialect".into()), None);
        if let Value::Symbol(symbol) = &value {
            symbol.overrides.borrow_mut().push(("name".into(), Value::str(dialect_name(self.dialect))));
        }
        value
    }
}
