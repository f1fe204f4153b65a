//! Attributes and items: `value.name`, `value[index]`, and setting them.

use std::rc::Rc;

use super::eval::Items;
use super::interpreter::{Declared, Eval, ITEMS, Interpreter, Stop};
use super::names;
use super::value::{Args, Attribute, Bound, Class, Symbol, SymbolKind, Value};
use crate::source::Place;

/// Bytes of a dotted name of a library; none that a person writes is near it.
const LONGEST_PATH: usize = 1000;
/// How many attributes are looked through for the price of one step.
const LOOKED_THROUGH: usize = 4;

/// The class of SQLAlchemy's that an object is of, where it has no such attribute; `env.py` asks for these before it goes by a
/// table's schema. A class as such is not asked: it is an object where it was called, or was given attributes of its own.
fn lacks(symbol: &Symbol, name: &str) -> Option<&'static str> {
    const LACKS: &[(&str, &[&str])] = &[
        (
            "schema",
            &[
                "sqlalchemy.Column",
                "sqlalchemy.Index",
                "sqlalchemy.UniqueConstraint",
                "sqlalchemy.ForeignKeyConstraint",
                "sqlalchemy.PrimaryKeyConstraint",
                "sqlalchemy.CheckConstraint",
            ],
        ),
        ("table", &["sqlalchemy.Table"]),
    ];
    let (_, classes) = LACKS.iter().find(|(lacked, _)| *lacked == name)?;
    let of = |path: &str| classes.iter().copied().find(|class| *class == path);
    match &symbol.kind {
        SymbolKind::External(path) if !symbol.overrides.borrow().is_empty() => of(path),
        SymbolKind::Call { callee, .. } => of(&callee.path()?),
        _ => None,
    }
}

/// What finds the modules of a package, in what `pkgutil` lists.
pub(crate) const MODULE_FINDER: &str = "importlib.machinery.FileFinder";

/// A field of a `pkgutil.ModuleInfo`, which is a named tuple
/// (<https://docs.python.org/3/library/pkgutil.html#pkgutil.ModuleInfo>).
fn module_info<'v>(items: &'v [Value], name: &str) -> Option<&'v Value> {
    let at = ["module_finder", "name", "ispkg"].iter().position(|field| *field == name)?;
    let is_info = items.len() == 3 && items[0].path().is_some_and(|path| &*path == MODULE_FINDER);
    items.get(at).filter(|_| is_info)
}

/// Whether a path is that of a module of SQLAlchemy: its classes are written with a capital.
fn is_module_of_sqlalchemy(path: &str) -> bool {
    path.split('.').next() == Some("sqlalchemy") && !path.chars().any(char::is_uppercase)
}

impl Interpreter<'_> {
    /// `value.name`.
    pub(crate) fn get_attribute(&mut self, value: &Value, name: &str, place: &Place) -> Eval<Value> {
        match value {
            Value::Unknown(unknown) => Ok(Value::Unknown(Rc::clone(unknown))),
            Value::Module(module) => {
                let module = Rc::clone(module);
                self.run_module(&module);
                match self.module_attribute(&module, name) {
                    Some(value) => Ok(value),
                    None => self.no_attribute(&format!("module `{}`", module.name), name, place),
                }
            }
            Value::Class(class) => {
                let class = Rc::clone(class);
                self.class_attribute(&class, value, name, place)
            }
            Value::Instance(_) => self.instance_attribute(value, name, place),
            Value::Symbol(_) => self.symbol_attribute(value, name, place),
            Value::Function(function) => Ok(match name {
                "__name__" | "__qualname__" => Value::Str(Rc::clone(&function.name)),
                "__module__" => Value::Str(Rc::clone(&function.module.name)),
                "__doc__" => Value::None,
                "__func__" | "__wrapped__" => value.clone(),
                _ => Value::unknown(format!("the attribute `{name}` of a function"), place.clone()),
            }),
            Value::Bound(bound) => Ok(match name {
                "__self__" => bound.receiver.clone(),
                "__func__" => Value::Function(Rc::clone(&bound.function)),
                "__name__" => Value::Str(Rc::clone(&bound.function.name)),
                _ => Value::unknown(format!("the attribute `{name}` of a method"), place.clone()),
            }),
            Value::None => self.no_attribute("None", name, place),
            // A row with one column, which goes by a name that the query gives it: a tuple has none.
            Value::Tuple(items) if items.len() == 1 && !matches!(name, "count" | "index") && !name.starts_with('_') => {
                Ok(items[0].clone())
            }
            Value::Tuple(items) if items.len() == 1 && name == "_mapping" => Ok(value.clone()),
            Value::Tuple(items) if module_info(items, name).is_some() => {
                Ok(module_info(items, name).cloned().unwrap_or(Value::None))
            }
            // A method of a built-in type, until it is called.
            _ => Ok(Value::symbol(
                SymbolKind::Attribute { base: value.clone(), name: Rc::from(name) },
                Some(place.clone()),
            )),
        }
    }

    pub(crate) fn no_attribute(&mut self, what: &str, name: &str, place: &Place) -> Eval<Value> {
        if self.catching > 0 {
            return Err(self.exception("AttributeError", &format!("{what} has no attribute '{name}'"), place.clone()));
        }
        Ok(Value::unknown(format!("{what} has no attribute `{name}`"), place.clone()))
    }

    fn symbol_attribute(&mut self, value: &Value, name: &str, place: &Place) -> Eval<Value> {
        let Value::Symbol(symbol) = value else { return Ok(value.clone()) };
        if let Some(value) = symbol.overridden(name) {
            return Ok(value);
        }
        if let Some(class) = lacks(symbol, name) {
            return self.no_attribute(&format!("`{class}`"), name, place);
        }
        let host = self.host;
        if let Some(answer) = host.attribute(self, value, name, place) {
            return Ok(answer);
        }
        if let Some(part) = super::listing::part_of_path(value, name) {
            return Ok(part);
        }
        match &symbol.kind {
            SymbolKind::External(path) => {
                // Each attribute of a library's name is a longer one: a loop could make them without end.
                if path.len() > LONGEST_PATH {
                    return Ok(Value::unknown("a longer name than is followed", place.clone()));
                }
                let last = path.rsplit('.').next().unwrap_or(path);
                Ok(match name {
                    "__name__" | "__qualname__" if last.starts_with(|c: char| c.is_ascii_uppercase()) => {
                        Value::str(last)
                    }
                    _ => self.library_name(&format!("{path}.{name}"), place),
                })
            }
            SymbolKind::Decorated { inner, .. } => {
                let inner = inner.clone();
                self.get_attribute(&inner, name, place)
            }
            SymbolKind::Call { callee, args } => {
                let path = callee.path();
                match path.as_deref() {
                    Some("flask_sqlalchemy.SQLAlchemy") => {
                        if let Some(path) = names::of_flask_sqlalchemy(name) {
                            return Ok(Self::library(&path, place));
                        }
                    }
                    Some("builtins.super") => return self.super_attribute(args, value, name, place),
                    // What a constructor was given is an attribute of what it made.
                    Some(path) if path.starts_with("sqlalchemy.") => {
                        if let Some(value) = args.keyword(name) {
                            return Ok(value.clone());
                        }
                        if (name == "name" || (name == "key" && path != "sqlalchemy.ForeignKey"))
                            && let Some(Value::Str(text)) = args.positional.first()
                            && matches!(
                                path,
                                "sqlalchemy.Column"
                                    | "sqlalchemy.Table"
                                    | "sqlalchemy.table"
                                    | "sqlalchemy.column"
                                    | "sqlalchemy.Index"
                                    | "sqlalchemy.Sequence"
                                    | "sqlalchemy.orm.mapped_column"
                            )
                        {
                            return Ok(Value::Str(Rc::clone(text)));
                        }
                        if name == "enums" && path.rsplit('.').next().is_some_and(|n| n.eq_ignore_ascii_case("enum")) {
                            return Ok(Value::list(args.positional.clone()));
                        }
                    }
                    _ => {}
                }
                Ok(Value::symbol(
                    SymbolKind::Attribute { base: value.clone(), name: Rc::from(name) },
                    Some(place.clone()),
                ))
            }
            SymbolKind::Attribute { .. }
            | SymbolKind::Subscript { .. }
            | SymbolKind::Binary { .. }
            | SymbolKind::Unary { .. } => Ok(Value::symbol(
                SymbolKind::Attribute { base: value.clone(), name: Rc::from(name) },
                Some(place.clone()),
            )),
        }
    }

    /// Sets `base.name`. In maybe mode the value is in doubt.
    pub(crate) fn set_attribute(&mut self, base: &Value, name: &str, value: Value, place: &Place) {
        let value = self.tainted(value);
        // What is there already is looked through: an object that is given attributes in a loop costs as many steps.
        let held = match base {
            Value::Instance(instance) => instance.attributes.borrow().len(),
            Value::Class(class) => class.attributes.borrow().len(),
            Value::Symbol(symbol) => symbol.overrides.borrow().len(),
            _ => 0,
        };
        self.take_steps(held / LOOKED_THROUGH);
        match base {
            Value::Instance(instance) => instance.set(name, value),
            Value::Class(class) => {
                let mut attributes = class.attributes.borrow_mut();
                match attributes.iter_mut().find(|attribute| &*attribute.name == name) {
                    Some(attribute) => attribute.value = Some(value),
                    None => attributes.push(Attribute {
                        name: Rc::from(name),
                        value: Some(value),
                        annotation: None,
                        place: place.clone(),
                    }),
                }
            }
            Value::Module(module) => module.scope.set(name, value),
            Value::Symbol(symbol) => {
                self.host.assigned(self, base, name, &value);
                if let SymbolKind::External(path) = &symbol.kind
                    && is_module_of_sqlalchemy(path)
                {
                    self.patched.insert(format!("{path}.{name}"), value.clone());
                }
                super::value::set_in(&mut symbol.overrides.borrow_mut(), name, value);
            }
            _ => {}
        }
    }

    /// The value, or in maybe mode the doubt about it.
    pub(crate) fn tainted(&self, value: Value) -> Value {
        match self.maybe.last() {
            Some(unknown) => Value::Unknown(Rc::clone(unknown)),
            None => value,
        }
    }

    /// A function found on a class or instance, bound as Python's descriptors would.
    pub(crate) fn bind(&mut self, found: Value, receiver: &Value, class: &Rc<Class>, place: &Place) -> Eval<Value> {
        let on_class = matches!(receiver, Value::Class(_));
        match &found {
            Value::Function(_) if on_class => Ok(found),
            Value::Function(function) => {
                Ok(Value::Bound(Rc::new(Bound { receiver: receiver.clone(), function: Rc::clone(function) })))
            }
            Value::Symbol(symbol) => {
                let (decorator, inner) = match &symbol.kind {
                    SymbolKind::Decorated { decorator, inner } => (decorator.path(), inner.clone()),
                    SymbolKind::Call { callee, args } if args.positional.len() == 1 => {
                        (callee.path(), args.positional[0].clone())
                    }
                    _ => return Ok(found),
                };
                match decorator.as_deref() {
                    Some("builtins.staticmethod") => Ok(inner),
                    Some("builtins.classmethod") => match inner {
                        Value::Function(function) => {
                            Ok(Value::Bound(Rc::new(Bound { receiver: Value::Class(Rc::clone(class)), function })))
                        }
                        other => Ok(other),
                    },
                    Some("builtins.property" | "functools.cached_property" | "sqlalchemy.util.memoized_property")
                        if !on_class =>
                    {
                        self.call_value(&inner, Args::positional(vec![receiver.clone()]), place)
                    }
                    Some(
                        "sqlalchemy.orm.declared_attr"
                        | "sqlalchemy.util.classproperty"
                        | "sqlalchemy.orm.declared_attr.directive"
                        | "sqlalchemy.orm.declared_attr.cascading",
                    ) => self.declared_attribute(&inner, class, place),
                    _ => match (&symbol.kind, on_class) {
                        (SymbolKind::Decorated { inner: Value::Function(function), .. }, false) => {
                            Ok(Value::Bound(Rc::new(Bound {
                                receiver: receiver.clone(),
                                function: Rc::clone(function),
                            })))
                        }
                        _ => Ok(found),
                    },
                }
            }
            _ => Ok(found),
        }
    }

    /// What a function under `@declared_attr` makes for a class. The mapper replaces it by the column that it made, so that
    /// `ForeignKey(Model.column)` and the table mean the same one.
    fn declared_attribute(&mut self, function: &Value, class: &Rc<Class>, place: &Place) -> Eval<Value> {
        let key = match function {
            Value::Function(function) => (Rc::as_ptr(class).addr(), Rc::as_ptr(function).addr()),
            _ => return self.call_value(function, Args::positional(vec![Value::Class(Rc::clone(class))]), place),
        };
        if let Some(known) = self.declared.get(&key) {
            return Ok(known.made.clone());
        }
        let made = self.call_value(function, Args::positional(vec![Value::Class(Rc::clone(class))]), place)?;
        // What is made where it may not be is in doubt there alone.
        if matches!(made, Value::Symbol(_)) && self.maybe.is_empty() {
            let known = Declared { _class: Rc::clone(class), _function: function.clone(), made: made.clone() };
            self.declared.insert(key, known);
        }
        Ok(made)
    }

    /// What the function under `@declared_attr` that an attribute is has made for a class; none where it has not been asked,
    /// or is no such function.
    pub(crate) fn declared_for(&self, class: &Rc<Class>, attribute: &Value) -> Option<&Value> {
        let Value::Symbol(symbol) = attribute else { return None };
        let function = match &symbol.kind {
            SymbolKind::Decorated { inner: Value::Function(function), .. } => function,
            SymbolKind::Call { args, .. } => match args.positional.first()? {
                Value::Function(function) => function,
                _ => return None,
            },
            _ => return None,
        };
        self.declared.get(&(Rc::as_ptr(class).addr(), Rc::as_ptr(function).addr())).map(|known| &known.made)
    }

    /// `base[index]`.
    pub(crate) fn get_item(&mut self, base: &Value, index: Index, place: &Place) -> Eval<Value> {
        if let Value::Instance(instance) = base {
            if instance.class.lookup("__getitem__").is_some()
                && let Index::Value(index) = index
            {
                let method = self.get_attribute(base, "__getitem__", place)?;
                return self.call_value(&method, Args::positional(vec![index]), place);
            }
            if let Some(text) = base.as_str() {
                return self.get_item(&Value::Str(text), index, place);
            }
            return Ok(Value::unknown("an item of an object", place.clone()));
        }
        let index = match index {
            Index::Value(index) => index,
            Index::Slice(lower, upper, step) => return self.get_slice(base, &[lower, upper, step], place),
        };
        if let Value::Unknown(_) = index
            && !matches!(base, Value::Symbol(_) | Value::Class(_))
        {
            return Ok(index);
        }
        match base {
            Value::List(items) => {
                let items = items.borrow();
                Ok(match index.as_int().and_then(|at| position(at, items.len())) {
                    Some(at) => items[at].clone(),
                    None => match any_number(&items) {
                        Some(unknown) => unknown,
                        None => return Err(self.exception("IndexError", "list index out of range", place.clone())),
                    },
                })
            }
            Value::Tuple(items) if items.len() == 1 && index.as_str().is_some() => Ok(items[0].clone()),
            Value::Tuple(items) => Ok(match index.as_int().and_then(|at| position(at, items.len())) {
                Some(at) => items[at].clone(),
                None => match any_number(items) {
                    Some(unknown) => unknown,
                    None => return Err(self.exception("IndexError", "tuple index out of range", place.clone())),
                },
            }),
            Value::Str(text) => {
                let chars: Vec<char> = text.chars().collect();
                Ok(match index.as_int().and_then(|at| position(at, chars.len())) {
                    Some(at) => Value::str(chars[at].encode_utf8(&mut [0; 4])),
                    None => return Err(self.exception("IndexError", "string index out of range", place.clone())),
                })
            }
            Value::Dict(items) => {
                let items = items.borrow();
                match (items.get(&index), &items.more) {
                    (Some(value), _) => Ok(value.clone()),
                    (None, Some(more)) => Ok(Value::Unknown(Rc::clone(more))),
                    (None, None) if is_computed(&index) || items.keys().any(is_computed) => {
                        Ok(Value::unknown("an item under a key that is known only at run time", place.clone()))
                    }
                    (None, None) => Err(self.exception("KeyError", &super::format::repr(&index), place.clone())),
                }
            }
            Value::Class(class) if class.is_enum() => {
                let name = index.as_str();
                let members = class.members.borrow();
                let member = name.and_then(|name| {
                    members.iter().find(|m| matches!(m.get("name"), Some(Value::Str(other)) if other == name)).cloned()
                });
                match member {
                    Some(member) => Ok(Value::Instance(member)),
                    None => Err(self.exception("KeyError", &super::format::repr(&index), place.clone())),
                }
            }
            Value::Symbol(_) | Value::Class(_) => {
                if base.path().as_deref() == Some("os.environ") {
                    return Ok(Value::unknown("an environment variable", place.clone()));
                }
                Ok(Value::symbol(SymbolKind::Subscript { base: base.clone(), index }, Some(place.clone())))
            }
            Value::Unknown(unknown) => Ok(Value::Unknown(Rc::clone(unknown))),
            other => Ok(Value::unknown(format!("an item of a {}", other.type_name()), place.clone())),
        }
    }

    fn get_slice(&mut self, base: &Value, bounds: &[Value; 3], place: &Place) -> Eval<Value> {
        if let Some(unknown) = bounds.iter().find(|bound| matches!(bound, Value::Unknown(_))) {
            return Ok(unknown.clone());
        }
        let bounds = [bounds[0].as_int(), bounds[1].as_int(), bounds[2].as_int()];
        Ok(match base {
            Value::Str(text) => {
                let chars: Vec<char> = text.chars().collect();
                let text: String = slice(&chars, bounds).into_iter().collect();
                self.text(text)?
            }
            Value::List(items) => Value::list(slice(&items.borrow(), bounds)),
            Value::Tuple(items) => Value::tuple(slice(items, bounds)),
            Value::Unknown(unknown) => Value::Unknown(Rc::clone(unknown)),
            other => Value::unknown(format!("a slice of a {}", other.type_name()), place.clone()),
        })
    }

    /// `base[index] = value`.
    pub(crate) fn set_item(&mut self, base: &Value, index: Value, value: Value, place: &Place) -> Eval<()> {
        let value = self.tainted(value);
        match base {
            Value::Dict(items) => {
                if items.borrow().len() >= ITEMS {
                    return Err(Stop::Exhausted("longer lists than are evaluated"));
                }
                items.borrow_mut().insert(index, value);
            }
            Value::List(items) => {
                let len = items.borrow().len();
                match index.as_int().and_then(|at| position(at, len)) {
                    Some(at) => items.borrow_mut()[at] = value,
                    None => {
                        return Err(self.exception("IndexError", "list assignment index out of range", place.clone()));
                    }
                }
            }
            Value::Instance(instance) if instance.class.lookup("__setitem__").is_some() => {
                let method = self.get_attribute(base, "__setitem__", place)?;
                self.call_value(&method, Args::positional(vec![index, value]), place)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Appends to a list. What is appended in maybe mode is in doubt.
    pub(crate) fn extend_list(
        &mut self,
        list: &Rc<std::cell::RefCell<Vec<Value>>>,
        items: Items,
        place: &Place,
    ) -> Eval<()> {
        let _ = place;
        let items = match items {
            Ok(items) => items.into_iter().map(|item| self.tainted(item)).collect(),
            Err(unknown) => vec![Value::Unknown(unknown)],
        };
        self.hold(items.len())?;
        if list.borrow().len() + items.len() > ITEMS {
            return Err(Stop::Exhausted("longer lists than are evaluated"));
        }
        list.borrow_mut().extend(items);
        Ok(())
    }
}

/// What stands in brackets.
pub(crate) enum Index {
    Value(Value),
    /// Lower, upper, step.
    Slice(Value, Value, Value),
}

/// A Python index as a position; none where it is out of range.
pub(crate) fn position(index: i64, len: usize) -> Option<usize> {
    let len = i64::try_from(len).ok()?;
    let at = if index < 0 { index.checked_add(len)? } else { index };
    if (0..len).contains(&at) { usize::try_from(at).ok() } else { None }
}

/// Python's slicing.
fn slice<T: Clone>(items: &[T], [lower, upper, step]: [Option<i64>; 3]) -> Vec<T> {
    let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let step = step.unwrap_or(1);
    if step == 0 {
        return Vec::new();
    }
    let clamp = |bound: i64, low: i64, high: i64| {
        let bound = if bound < 0 { bound.saturating_add(len) } else { bound };
        bound.clamp(low, high)
    };
    let mut out = Vec::new();
    if step > 0 {
        let (mut at, end) = (clamp(lower.unwrap_or(0), 0, len), upper.map_or(len, |bound| clamp(bound, 0, len)));
        while at < end {
            out.extend(usize::try_from(at).ok().and_then(|at| items.get(at)).cloned());
            at = at.saturating_add(step);
        }
    } else {
        let mut at = lower.map_or(len - 1, |bound| clamp(bound, -1, len - 1));
        let end = upper.map_or(-1, |bound| clamp(bound, -1, len - 1));
        while at > end {
            out.extend(usize::try_from(at).ok().and_then(|at| items.get(at)).cloned());
            at = at.saturating_add(step);
        }
    }
    out
}

/// Whether a key is what a library makes or holds: two of them may be equal.
fn is_computed(key: &Value) -> bool {
    match key {
        Value::Symbol(symbol) => !matches!(symbol.kind, SymbolKind::External(_)),
        Value::Tuple(parts) => parts.iter().any(is_computed),
        other => other.as_unknown().is_some(),
    }
}

/// An unknown value in a list stands for any number of items: one beyond the end may be there.
fn any_number(items: &[Value]) -> Option<Value> {
    items.iter().find(|item| matches!(item, Value::Unknown(_))).cloned()
}
