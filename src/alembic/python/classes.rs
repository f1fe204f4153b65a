//! Classes, their instances, enums.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::exec::Frame;
use super::interpreter::{Eval, Imports, Interpreter, Stop};
use super::made::NewClass;
use super::operators::equal;
use super::parse::ast;
use super::scope::ScopeKind;
use super::value::{Args, Attribute, Class, Instance, SymbolKind, Text, Value};
use crate::source::Place;

/// Whether objects of a class take their fields from the environment.
fn is_settings(class: &Rc<Class>) -> bool {
    ["pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic.v1.BaseSettings"]
        .iter()
        .any(|base| class.inherits(base))
}

/// The bases that `six.with_metaclass(Meta, A, B)` stands for.
fn without_metaclass(base: Value) -> Vec<Value> {
    match base.call_of() {
        Some((path, args)) if path.ends_with(".with_metaclass") && args.more.is_none() => {
            args.positional.iter().skip(1).cloned().collect()
        }
        _ => vec![base],
    }
}

impl Interpreter<'_> {
    pub(crate) fn define_class(&mut self, frame: &Frame, stmt: &ast::StmtClassDef) -> Eval<Value> {
        let mut decorators = Vec::new();
        for decorator in &stmt.decorator_list {
            decorators.push((self.eval(frame, &decorator.expression)?, frame.file.place(decorator)));
        }
        let args = match &stmt.arguments {
            Some(arguments) => self.eval_args(frame, arguments)?,
            None => Args::default(),
        };
        let scope = self.scope(ScopeKind::Class, Some(Rc::clone(&frame.scope)));
        let slots = Rc::new(RefCell::new(Vec::new()));
        let inner = Frame { scope: Rc::clone(&scope), body: Some(Rc::clone(&slots)), method: None, ..frame.clone() };
        let (bases, keywords) = (args.positional, args.keyword);
        let name: Text = Rc::from(stmt.name.as_str());
        scope.set("__qualname__", Value::Str(Rc::clone(&name)));
        scope.set("__module__", Value::Str(Rc::clone(&frame.module.name)));
        let doubts = match self.exec_block(&inner, &stmt.body) {
            Ok(_) => Vec::new(),
            Err(Stop::Raise(raised)) => vec![Rc::new(super::value::Unknown {
                reason: format!("the body of the class raises {}", super::format::repr(&raised.value)),
                place: self.take_skipped(frame.file.source(), &stmt.body).unwrap_or(raised.place),
                shape: None,
            })],
            Err(stop) => return Err(stop),
        };
        // `Generic[T]` and the like stand for the class they are made of.
        let bases: Vec<Value> = bases
            .into_iter()
            .flat_map(without_metaclass)
            .map(|base| match &base {
                Value::Symbol(symbol) => match &symbol.kind {
                    SymbolKind::Subscript { base: generic @ Value::Class(_), .. } => generic.clone(),
                    SymbolKind::Decorated { inner: inner @ Value::Class(_), .. } => inner.clone(),
                    _ => base,
                },
                _ => base,
            })
            .collect();
        let attributes: Vec<Attribute> = slots
            .borrow_mut()
            .drain(..)
            .map(|slot| Attribute {
                value: scope.get(&slot.name).and_then(|value| match value {
                    Value::Deferred(deferred) => self.resolve(&deferred),
                    other => Some(other),
                }),
                name: slot.name,
                annotation: slot.annotation,
                place: slot.place,
            })
            .collect();
        let class = self.new_class(NewClass {
            name,
            place: frame.file.place(&stmt.name),
            bases,
            keywords,
            decorators: decorators.iter().map(|(value, _)| value.clone()).collect(),
            attributes,
            doubts,
            scope,
            home: Rc::clone(&frame.module),
        })?;
        let mut value = Value::Class(class);
        for (decorator, place) in decorators.into_iter().rev() {
            // The repository's own decorators of classes are followed for what they set; the class stays a class.
            value = match &decorator {
                Value::Function(_) | Value::Bound(_) => {
                    match self.call_value(&decorator, Args::positional(vec![value.clone()]), &place)? {
                        other @ (Value::Class(_) | Value::Symbol(_)) => other,
                        _ => value,
                    }
                }
                _ => value,
            };
        }
        Ok(value)
    }

    /// `Enum("Color", "RED GREEN")`, `Enum("Color", ["RED", "GREEN"])`, `Enum("Color", {"RED": 1})`: the functional form.
    /// None where it cannot be read.
    pub(crate) fn functional_enum(&mut self, path: &str, args: &Args, place: &Place) -> Eval<Option<Value>> {
        let (Some(name), Some(names)) = (args.get(0, "value").and_then(Value::as_str), args.get(1, "names")) else {
            return Ok(None);
        };
        let split: Vec<Value>;
        let items = match names {
            Value::Str(text) => {
                let words = text.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty());
                split = words.map(Value::str).collect();
                split
            }
            Value::Dict(entries) if entries.borrow().more.is_none() => {
                entries.borrow().iter().map(|(key, value)| Value::tuple(vec![key.clone(), value.clone()])).collect()
            }
            other => match other.items() {
                Some(items) => items,
                None => return Ok(None),
            },
        };
        let mut members: Vec<(Text, Value)> = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let number = Value::Int(i64::try_from(at).unwrap_or(i64::MAX).saturating_add(1));
            let pair = match item {
                Value::Tuple(pair) => pair.first().and_then(Value::as_str).zip(pair.get(1).cloned()),
                item if path == "enum.StrEnum" => {
                    item.as_str().map(|name| (Rc::clone(&name), Value::str(name.to_lowercase())))
                }
                item => item.as_str().map(|name| (name, number)),
            };
            let Some(pair) = pair else { return Ok(None) };
            members.push(pair);
        }
        let Some(home) = self.loaded.get(place.path()).cloned() else { return Ok(None) };
        let mut bases: Vec<Value> =
            args.keyword("type").filter(|value| !value.is_none()).cloned().into_iter().collect();
        bases.push(Value::external(path));
        let slot = |(name, value): (Text, Value)| Attribute {
            name,
            value: Some(value),
            annotation: None,
            place: place.clone(),
        };
        let scope = self.scope(ScopeKind::Class, Some(Rc::clone(&home.scope)));
        let class = self.new_class(NewClass {
            name,
            place: place.clone(),
            bases,
            keywords: Vec::new(),
            decorators: Vec::new(),
            attributes: members.into_iter().map(slot).collect(),
            doubts: Vec::new(),
            scope,
            home,
        })?;
        Ok(Some(Value::Class(class)))
    }

    /// Makes the members of an enum from its body.
    pub(super) fn make_members(&mut self, class: &Rc<Class>) -> Eval<()> {
        let attributes = class.attributes.borrow().clone();
        let mut count = 0i64;
        for attribute in attributes {
            let Some(value) = attribute.value else { continue };
            let name = &attribute.name;
            if name.starts_with('_') || matches!(value, Value::Function(_) | Value::Class(_) | Value::Bound(_)) {
                continue;
            }
            if let Value::Symbol(symbol) = &value
                && matches!(symbol.kind, SymbolKind::Decorated { .. })
            {
                continue;
            }
            let mut value = value;
            if let Some(("enum.auto", _)) = value.call_of() {
                value = self.automatic(class, name, count, &attribute.place)?;
            } else if value.path().as_deref() == Some("enum.auto") {
                continue;
            }
            count = match value.as_int() {
                Some(number) => number.max(count),
                None => count + 1,
            };
            // A value that another member has makes an alias.
            let alias = class
                .members
                .borrow()
                .iter()
                .find(|member| member.get("value").is_some_and(|other| equal(&other, &value) == Some(true)))
                .cloned();
            let member = match alias {
                Some(member) => member,
                None => {
                    let member = Rc::new(Instance {
                        class: Rc::clone(class),
                        args: Args::default(),
                        attributes: RefCell::default(),
                        place: Some(attribute.place.clone()),
                        busy: Cell::new(false),
                    });
                    member.set("name", Value::Str(Rc::clone(name)));
                    member.set("value", value.clone());
                    class.members.borrow_mut().push(Rc::clone(&member));
                    self.keep(&Value::Instance(Rc::clone(&member)))?;
                    self.initialize_member(class, &member, &value, &attribute.place)?;
                    member
                }
            };
            if let Some(own) = class.attributes.borrow_mut().iter_mut().find(|own| own.name == *name) {
                own.value = Some(Value::Instance(member));
            }
        }
        Ok(())
    }

    /// What `enum.auto()` gives: `_generate_next_value_` of the repository, or Python's own.
    fn automatic(&mut self, class: &Rc<Class>, name: &Text, count: i64, place: &Place) -> Eval<Value> {
        let generator = class.lookup("_generate_next_value_").map(|found| match &found {
            Value::Symbol(symbol) => match &symbol.kind {
                SymbolKind::Decorated { inner, .. } => inner.clone(),
                _ => found,
            },
            _ => found,
        });
        if let Some(generator @ Value::Function(_)) = generator {
            let args = vec![Value::Str(Rc::clone(name)), Value::Int(1), Value::Int(count), Value::list(Vec::new())];
            return self.call_value(&generator, Args::positional(args), place);
        }
        if class.inherits("enum.StrEnum") || class.inherits("strenum.StrEnum") {
            return Ok(Value::str(name.to_lowercase()));
        }
        if class.inherits("enum.Flag") || class.inherits("enum.IntFlag") {
            return Ok(Value::Int(if count == 0 { 1 } else { count.saturating_mul(2) }));
        }
        Ok(Value::Int(count.saturating_add(1)))
    }

    /// Members whose value is a tuple are made by the class's own `__init__` or `__new__`.
    fn initialize_member(
        &mut self,
        class: &Rc<Class>,
        member: &Rc<Instance>,
        value: &Value,
        place: &Place,
    ) -> Eval<()> {
        let arguments = match value {
            Value::Tuple(items) => items.to_vec(),
            other => vec![other.clone()],
        };
        if class.lookup("__new__").is_some() {
            let reason = "a member made by the enum's own __new__";
            member.set("value", Value::unknown(reason, place.clone()));
            return Ok(());
        }
        if let Some(init @ Value::Function(_)) = class.lookup("__init__") {
            let mut args = vec![Value::Instance(Rc::clone(member))];
            args.extend(arguments);
            self.call_value(&init, Args::positional(args), place)?;
        }
        if let Some(Value::Unknown(unknown)) = member.get("_value_") {
            member.set("value", Value::Unknown(unknown));
        } else if let Some(value) = member.get("_value_") {
            member.set("value", value);
        }
        Ok(())
    }

    /// Calls a class.
    pub(crate) fn instantiate(&mut self, class: &Rc<Class>, args: Args, place: &Place) -> Eval<Value> {
        if class.is_enum() {
            return self.member_of(class, &args, place);
        }
        let instance = Rc::new(Instance {
            class: Rc::clone(class),
            args: args.clone(),
            attributes: RefCell::default(),
            place: Some(place.clone()),
            busy: Cell::new(false),
        });
        let value = Value::Instance(Rc::clone(&instance));
        self.keep(&value)?;
        match class.lookup("__init__") {
            Some(Value::Function(init)) => {
                instance.busy.set(true);
                let mut args = args.clone();
                args.positional.insert(0, value.clone());
                let result = self.call_value(&Value::Function(init), args, place);
                instance.busy.set(false);
                result?;
            }
            _ => {
                self.fill_fields(class, &instance, &args, place)?;
                self.after_fields(class, &instance, &value, place)?;
            }
        }
        Ok(Self::extended_column(class, &instance, &args, place).unwrap_or(value))
    }

    /// Calls the `__post_init__` of a dataclass
    /// (<https://docs.python.org/3/library/dataclasses.html#post-init-processing>). One that is handed values which are no
    /// fields may set anything: then the fields are not known.
    fn after_fields(&mut self, class: &Rc<Class>, instance: &Rc<Instance>, value: &Value, place: &Place) -> Eval<()> {
        let is_dataclass = |decorator: &Value| {
            let path = decorator.call_of().map(|(path, _)| Text::from(path)).or_else(|| decorator.path());
            path.is_some_and(|path| matches!(&*path, "dataclasses.dataclass" | "pydantic.dataclasses.dataclass"))
        };
        let Some(hook @ Value::Function(_)) = class.lookup("__post_init__") else { return Ok(()) };
        if !class.mro().iter().any(|owner| owner.decorators.iter().any(is_dataclass)) {
            return Ok(());
        }
        let Value::Function(function) = &hook else { return Ok(()) };
        if function.required() > 1 {
            let reason = "a field that a __post_init__ with values of its own may set";
            for (_, field) in instance.attributes.borrow_mut().iter_mut() {
                *field = Value::unknown(reason, place.clone());
            }
            return Ok(());
        }
        instance.busy.set(true);
        let result = self.call_value(&hook, Args::positional(vec![value.clone()]), place);
        instance.busy.set(false);
        result.map(|_| ())
    }

    /// Sets the fields of a dataclass, a named tuple, a pydantic model.
    fn fill_fields(&mut self, class: &Rc<Class>, instance: &Rc<Instance>, args: &Args, place: &Place) -> Eval<()> {
        let settings = is_settings(class);
        let mut fields: Vec<(Text, Option<Value>)> = Vec::new();
        for class in class.mro().iter().rev() {
            for attribute in class.attributes.borrow().iter().filter(|a| a.annotation.is_some()) {
                match fields.iter_mut().find(|(name, _)| *name == attribute.name) {
                    Some((_, value)) => value.clone_from(&attribute.value),
                    None => fields.push((Rc::clone(&attribute.name), attribute.value.clone())),
                }
            }
        }
        for (position, (name, default)) in fields.iter().enumerate() {
            let given = args.get(position, name).cloned();
            // What a revision does is decided by it; what a model declares is read as the defaults have it.
            let from_environment = settings && given.is_none() && self.imports == Imports::Lazy;
            let value = match (given, default, &args.more) {
                (Some(value), _, _) => Some(value),
                (None, _, Some(more)) => Some(Value::Unknown(Rc::clone(more))),
                (None, Some(default), None) => match default.call_of() {
                    Some(("dataclasses.field" | "pydantic.Field" | "attr.ib" | "attrs.field", inner)) => {
                        let default = inner.get(0, "default").cloned();
                        let factory = inner.keyword("default_factory").cloned();
                        match (default, factory) {
                            (Some(default), _) => Some(default),
                            (None, Some(factory)) => Some(self.call_value(&factory, Args::default(), place)?),
                            (None, None) => None,
                        }
                    }
                    _ => Some(default.clone()),
                },
                (None, None, None) => None,
            };
            // A setting without a default worth the name: the environment must give it.
            let value = match value {
                None | Some(Value::None | Value::Ellipsis) if from_environment => {
                    let reason = format!("the setting `{name}`, which the environment gives");
                    Some(Value::unknown(reason, place.clone()))
                }
                value => value,
            };
            if let Some(value) = value {
                instance.set(name, value);
            }
        }
        for (name, value) in &args.keyword {
            instance.set(name, value.clone());
        }
        Ok(())
    }

    /// `Color("red")`.
    fn member_of(&mut self, class: &Rc<Class>, args: &Args, place: &Place) -> Eval<Value> {
        let Some(wanted) = args.positional.first() else {
            return Ok(Value::unknown("a member of an enum", place.clone()));
        };
        let mut unknown = matches!(wanted, Value::Unknown(_));
        for member in class.members.borrow().iter() {
            let value = member.get("value").unwrap_or(Value::None);
            if wanted.same(&Value::Instance(Rc::clone(member))) {
                return Ok(wanted.clone());
            }
            match equal(&value, wanted) {
                Some(true) => return Ok(Value::Instance(Rc::clone(member))),
                Some(false) => {}
                None => unknown = true,
            }
        }
        if unknown || args.positional.len() > 1 {
            return Ok(Self::unknown_like(wanted, "a member of an enum", place));
        }
        Err(self.exception("ValueError", "not a value of the enum", place.clone()))
    }

    pub(crate) fn class_attribute(
        &mut self,
        class: &Rc<Class>,
        value: &Value,
        name: &str,
        place: &Place,
    ) -> Eval<Value> {
        for owner in class.mro() {
            if let Some(Attribute { value: Some(found), .. }) = owner.own(name) {
                if Rc::ptr_eq(&owner, class) {
                    return self.bind(found, value, class, place);
                }
                return self.inherited_attribute(found, value, class, name, place);
            }
        }
        match name {
            "__name__" | "__qualname__" => return Ok(Value::Str(Rc::clone(&class.name))),
            "__module__" => return Ok(Value::Str(Rc::clone(&class.module))),
            "__bases__" | "__base__" | "__mro__" | "__class__" => return Ok(nature(class, name, place)),
            "__doc__" => return Ok(Value::None),
            "__members__" if class.is_enum() => {
                let members: Vec<(Value, Value)> = class
                    .members
                    .borrow()
                    .iter()
                    .map(|member| (member.get("name").unwrap_or(Value::None), Value::Instance(Rc::clone(member))))
                    .collect();
                return Ok(Value::dict(members));
            }
            "__dict__" => {
                let items: Vec<(Value, Value)> = class
                    .attributes
                    .borrow()
                    .iter()
                    .filter_map(|a| Some((Value::Str(Rc::clone(&a.name)), a.value.clone()?)))
                    .collect();
                return Ok(Value::dict(items));
            }
            "__annotations__" => {
                let names: Vec<(Value, Value)> = class
                    .attributes
                    .borrow()
                    .iter()
                    .filter_map(|a| {
                        a.annotation.as_ref().map(|t| (Value::Str(Rc::clone(&a.name)), Value::str(t.text())))
                    })
                    .collect();
                return Ok(Value::dict(names));
            }
            _ => {}
        }
        // A metaclass of the repository has attributes too.
        for owner in class.mro() {
            let meta = owner.keywords.iter().find(|(key, _)| &**key == "metaclass").map(|(_, value)| value.clone());
            if let Some(Value::Class(meta)) = meta
                && let Some(found) = meta.lookup(name)
            {
                return match found {
                    Value::Function(function) => {
                        Ok(Value::Bound(Rc::new(super::value::Bound { receiver: value.clone(), function })))
                    }
                    other => self.bind(other, value, class, place),
                };
            }
        }
        if class.has_library_base() {
            return Ok(self.library_attribute(value, name, place));
        }
        self.no_attribute(&format!("class `{}`", class.name), name, place)
    }

    /// Whether a class that has a base in a library has an attribute; none where that cannot be told, or it has no such base.
    pub(crate) fn class_has(&self, class: &Rc<Class>, name: &str) -> Option<bool> {
        let lineage = class.mro();
        // What stands under an unknown condition, what a metaclass does and what a decorator adds is not known.
        let plain = |one: &Rc<Class>| {
            one.doubts.borrow().is_empty()
                && one.decorators.is_empty()
                && one.keywords.iter().all(|(key, _)| &**key != "metaclass")
        };
        if !class.has_library_base() || !lineage.iter().all(plain) {
            return None;
        }
        match class.lookup(name) {
            Some(Value::Unknown(_)) => None,
            Some(_) => Some(true),
            None => self.host.bases_have(class, name),
        }
    }

    /// An attribute that a class has of another one: a mixin, or what its declarative base was made with. A column there is
    /// another one in each class that takes it: `Model.id` is the model's.
    pub(crate) fn inherited_attribute(
        &mut self,
        found: Value,
        value: &Value,
        class: &Rc<Class>,
        name: &str,
        place: &Place,
    ) -> Eval<Value> {
        if matches!(found.call_of(), Some(("sqlalchemy.Column" | "sqlalchemy.orm.mapped_column", _))) {
            let kind = SymbolKind::Attribute { base: value.clone(), name: Rc::from(name) };
            return Ok(Value::symbol(kind, Some(place.clone())));
        }
        self.bind(found, value, class, place)
    }

    /// What a class that has a base in a library answers for a name that nothing of the repository defines: the host's
    /// answer, or else a symbol.
    fn library_attribute(&mut self, value: &Value, name: &str, place: &Place) -> Value {
        let host = self.host;
        host.attribute(self, value, name, place).unwrap_or_else(|| {
            Value::symbol(SymbolKind::Attribute { base: value.clone(), name: Rc::from(name) }, Some(place.clone()))
        })
    }

    pub(crate) fn instance_attribute(&mut self, value: &Value, name: &str, place: &Place) -> Eval<Value> {
        let Value::Instance(instance) = value else { return Ok(value.clone()) };
        if let Some(found) = instance.get(name) {
            return Ok(found);
        }
        let class = &instance.class;
        for owner in class.mro() {
            if let Some(Attribute { value: Some(found), .. }) = owner.own(name) {
                return self.bind(found, value, class, place);
            }
        }
        match name {
            "__class__" => return Ok(Value::Class(Rc::clone(class))),
            "_name_" => return Ok(instance.get("name").unwrap_or(Value::None)),
            "_value_" => return Ok(instance.get("value").unwrap_or(Value::None)),
            "__dict__" => {
                let items: Vec<(Value, Value)> = instance
                    .attributes
                    .borrow()
                    .iter()
                    .map(|(key, value)| (Value::Str(Rc::clone(key)), value.clone()))
                    .collect();
                return Ok(Value::dict(items));
            }
            _ => {}
        }
        // A hook that asks for an attribute on its way: its base from a library has that one, or Python would recurse.
        if let Some(hook @ Value::Function(function)) = &class.lookup("__getattr__")
            && !self.is_running(function)
        {
            return self.call_value(hook, Args::positional(vec![value.clone(), Value::str(name)]), place);
        }
        if class.inherits("flask_sqlalchemy.SQLAlchemy")
            && let Some(path) = super::names::of_flask_sqlalchemy(name)
        {
            return Ok(Self::library(&path, place));
        }
        if value.as_str().is_some() || class.has_library_base() {
            return Ok(self.library_attribute(value, name, place));
        }
        self.no_attribute(&format!("an object of class `{}`", class.name), name, place)
    }

    /// `super().name`.
    pub(crate) fn super_attribute(&mut self, args: &Args, value: &Value, name: &str, place: &Place) -> Eval<Value> {
        let (Some(Value::Class(class)), Some(receiver)) = (args.positional.first(), args.positional.get(1)) else {
            return Ok(Value::unknown("super() of something else", place.clone()));
        };
        let own = match receiver {
            Value::Instance(instance) => Rc::clone(&instance.class),
            Value::Class(class) => Rc::clone(class),
            _ => Rc::clone(class),
        };
        let mro = own.mro();
        let after = mro.iter().position(|candidate| Rc::ptr_eq(candidate, class)).map_or(0, |at| at + 1);
        for owner in mro.iter().skip(after) {
            if let Some(Attribute { value: Some(found), .. }) = owner.own(name) {
                return match (&found, receiver) {
                    (Value::Function(function), _) => Ok(Value::Bound(Rc::new(super::value::Bound {
                        receiver: receiver.clone(),
                        function: Rc::clone(function),
                    }))),
                    _ => self.bind(found, receiver, &own, place),
                };
            }
        }
        Ok(Value::symbol(SymbolKind::Attribute { base: value.clone(), name: Rc::from(name) }, Some(place.clone())))
    }
}

/// What Python itself says of a class: its bases, its order of ancestors, its metaclass. `object` is the base of a class that
/// names none (<https://docs.python.org/3/reference/compound_stmts.html#class-definitions>).
fn nature(class: &Rc<Class>, name: &str, place: &Place) -> Value {
    let object = || Value::external("builtins.object");
    let bases = || if class.bases.is_empty() { vec![object()] } else { class.bases.clone() };
    let unknown = || Value::unknown(format!("`{name}` of a class with a base in a library"), place.clone());
    match name {
        "__bases__" => Value::tuple(bases()),
        // The one whose layout it has, where there are several.
        "__base__" if class.bases.len() > 1 => {
            Value::unknown("`__base__` of a class with several bases", place.clone())
        }
        "__base__" => bases().swap_remove(0),
        "__mro__" if class.has_library_base() => unknown(),
        "__mro__" => Value::tuple(class.mro().into_iter().map(Value::Class).chain([object()]).collect()),
        _ => {
            let given = class.mro().into_iter().find_map(|owner| {
                owner.keywords.iter().find(|(key, _)| &**key == "metaclass").map(|(_, value)| value.clone())
            });
            match given {
                Some(metaclass) => metaclass,
                None if class.has_library_base() => unknown(),
                None => Value::external("builtins.type"),
            }
        }
    }
}

/// Tells the functions of a class body which class they belong to, for `super()`.
pub(super) fn adopt(value: Option<&Value>, class: &Rc<Class>) {
    match value {
        Some(Value::Function(function)) => {
            let mut owner = function.class.borrow_mut();
            if owner.is_none() {
                *owner = Some(Rc::clone(class));
            }
        }
        Some(Value::Symbol(symbol)) => match &symbol.kind {
            SymbolKind::Decorated { inner, .. } => adopt(Some(inner), class),
            SymbolKind::Call { args, .. } if args.positional.len() == 1 => {
                if let inner @ Value::Function(_) = &args.positional[0] {
                    adopt(Some(inner), class);
                }
            }
            _ => {}
        },
        _ => {}
    }
}
