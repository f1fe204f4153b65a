//! What a Python expression can be, as far as it is known without running Python.
//!
//! Values of the repository's own code are concrete. What comes from a library is *symbolic*: `sa.Column("id",
//! sa.Integer())` is a [`Symbol`] that remembers its callee, arguments and place, and the readers of models and
//! revisions turn it into columns. What cannot be known is [`Value::Unknown`], with the reason and the place.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use ruff_text_size::TextRange;

use super::dict::Dict;
use super::parse::{ParsedFile, ast};
use super::scope::{Module, Scope};
use crate::source::Place;

/// A name, a string.
pub type Text = Rc<str>;

/// A Python value. Cloning is cheap; containers are shared, as in Python.
#[derive(Clone)]
pub enum Value {
    /// `None`.
    None,
    /// `...`.
    Ellipsis,
    /// `True`, `False`.
    Bool(bool),
    /// An integer of at most 64 bits; larger ones are unknown.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string.
    Str(Text),
    /// Bytes.
    Bytes(Rc<[u8]>),
    /// A list.
    List(Rc<RefCell<Vec<Value>>>),
    /// A tuple.
    Tuple(Rc<[Value]>),
    /// A dictionary, in the order of insertion.
    Dict(Rc<RefCell<Dict>>),
    /// A set, in the order of insertion (so that reading stays deterministic).
    Set(Rc<RefCell<Dict>>),
    /// A function or lambda of the repository.
    Function(Rc<Function>),
    /// A function bound to its first argument.
    Bound(Rc<Bound>),
    /// A class of the repository.
    Class(Rc<Class>),
    /// An instance of a class of the repository, members of its enums among them.
    Instance(Rc<Instance>),
    /// A module of the repository.
    Module(Rc<Module>),
    /// Something made of a library's objects.
    Symbol(Rc<Symbol>),
    /// What cannot be known.
    Unknown(Rc<Unknown>),
    /// A name that was imported and not looked up yet. Reading a variable looks it up, so no expression gives it.
    Deferred(Rc<Deferred>),
}

/// A name of a module that has not been run yet.
pub struct Deferred {
    pub(crate) module: Rc<Module>,
    pub(crate) name: Text,
}

/// Why a value cannot be known.
#[derive(Debug, Clone)]
pub struct Unknown {
    /// Why, as a phrase (`the environment variable FOO`).
    pub reason: String,
    /// Where.
    pub place: Place,
    /// Where it is a string of which parts are known: the string with [`Unknown::GAP`] for the others.
    pub shape: Option<Text>,
}

impl Unknown {
    /// Stands for an unknown part in [`Self::shape`].
    pub const GAP: char = '\u{fffc}';
}

/// Something made of a library's objects: never evaluated further than its shape.
pub struct Symbol {
    /// Its shape.
    pub kind: SymbolKind,
    /// The expression that made it; none for a name that was only imported.
    pub place: Option<Place>,
    /// Attributes that were assigned to it (`enum.create_type = False`).
    pub overrides: RefCell<Vec<(Text, Value)>>,
}

/// Shapes of symbols.
pub enum SymbolKind {
    /// A name of a library by its canonical dotted path: `sqlalchemy.Column`, `alembic.op`, `builtins.int`.
    External(Text),
    /// A call.
    Call {
        /// What is called.
        callee: Value,
        /// With what.
        args: Args,
    },
    /// `base.name`.
    Attribute {
        /// The object.
        base: Value,
        /// The attribute.
        name: Text,
    },
    /// `base[index]`.
    Subscript {
        /// The object.
        base: Value,
        /// The index; several are a tuple.
        index: Value,
    },
    /// `left op right` for arithmetic, comparison and boolean operators, in Python's spelling.
    Binary {
        /// The operator (`|`, `==`, `is not`, …).
        operator: &'static str,
        /// Left operand.
        left: Value,
        /// Right operand.
        right: Value,
    },
    /// `-x`, `~x`, `not x`.
    Unary {
        /// The operator.
        operator: &'static str,
        /// The operand.
        operand: Value,
    },
    /// A function or class under a decorator that is not the repository's own.
    Decorated {
        /// The decorator.
        decorator: Value,
        /// What it decorates.
        inner: Value,
    },
}

/// The arguments of a call.
#[derive(Clone, Default)]
pub struct Args {
    /// Positional ones, `*` expanded.
    pub positional: Vec<Value>,
    /// Keyword ones in the order written, `**` expanded.
    pub keyword: Vec<(Text, Value)>,
    /// Why there may be more of them than are listed: an unpacked `*` or `**` that is unknown.
    pub more: Option<Rc<Unknown>>,
}

impl Args {
    /// Positional arguments only.
    pub fn positional(values: Vec<Value>) -> Self {
        Self { positional: values, ..Self::default() }
    }

    /// The keyword argument of that name.
    pub fn keyword(&self, name: &str) -> Option<&Value> {
        self.keyword.iter().rev().find(|(key, _)| &**key == name).map(|(_, value)| value)
    }

    /// The argument that is at that position or has that name.
    pub fn get(&self, position: usize, name: &str) -> Option<&Value> {
        self.positional.get(position).or_else(|| self.keyword(name))
    }
}

/// A function or lambda of the repository.
pub struct Function {
    /// Its name; `<lambda>` for a lambda.
    pub name: Text,
    /// Where it is defined.
    pub place: Place,
    /// What it does.
    pub(crate) code: Code,
    /// Values of the parameters' defaults, by name.
    pub(crate) defaults: Vec<(Text, Value)>,
    /// Where its free names are looked up.
    pub(crate) scope: Rc<Scope>,
    /// The module it is defined in.
    pub(crate) module: Rc<Module>,
    /// The class whose body defines it, for `super()`.
    pub(crate) class: RefCell<Option<Rc<Class>>>,
    /// Whether it holds a `yield`.
    pub(crate) generator: bool,
}

impl Function {
    /// The annotation behind `->`, not evaluated yet.
    pub fn returned_annotation(&self) -> Option<Annotation> {
        let Code::Def(file, range) = &self.code else { return None };
        let expression = file.function(*range)?.returns.as_deref()?.clone();
        Some(Annotation { expression: Rc::new(expression), file: Arc::clone(file) })
    }
}

/// The attribute of an instance that keeps the call `super().__init__(…)` which reached a library's class.
pub(crate) const SUPER_INIT: &str = "<super().__init__>";

impl Function {
    /// What it takes; none for a lambda without parameters.
    pub(crate) fn parameters(&self) -> Option<&ast::Parameters> {
        match &self.code {
            Code::Def(file, range) => file.function(*range).map(|def| &*def.parameters),
            Code::Lambda(_, lambda) => lambda.parameters.as_deref(),
        }
    }

    /// How many positional parameters have no default.
    pub(crate) fn required(&self) -> usize {
        let Some(parameters) = self.parameters() else { return 0 };
        let named = parameters.posonlyargs.iter().chain(&parameters.args);
        named.filter(|parameter| parameter.default.is_none()).count()
    }
}

/// The body of a function.
pub(crate) enum Code {
    /// `def`, found again in its file by its range.
    Def(Arc<ParsedFile>, TextRange),
    /// `lambda`.
    Lambda(Arc<ParsedFile>, Rc<ast::ExprLambda>),
}

/// A function bound to its first argument.
pub struct Bound {
    /// The instance or class.
    pub receiver: Value,
    /// The function.
    pub function: Rc<Function>,
}

/// A class of the repository.
pub struct Class {
    /// Its name.
    pub name: Text,
    /// The dotted name of the module that defines it.
    pub module: Text,
    /// Where its name stands.
    pub place: Place,
    /// Its bases, in order.
    pub bases: Vec<Value>,
    /// The classes of the repository that it inherits from, nearest first ([`linearize`]): worked out once, as each
    /// class that inherits from it asks again.
    pub(crate) ancestors: Vec<Rc<Class>>,
    /// Keywords of the class statement (`metaclass=…`, `table=True`).
    pub keywords: Vec<(Text, Value)>,
    /// Decorators, outermost first.
    pub decorators: Vec<Value>,
    /// Attributes in the order of their first assignment.
    pub attributes: RefCell<Vec<Attribute>>,
    /// Members, where it is an `enum.Enum`.
    pub members: RefCell<Vec<Rc<Instance>>>,
    /// What the body could not decide: statements under unknown conditions.
    pub doubts: RefCell<Vec<Rc<Unknown>>>,
    /// Where its body's names are looked up, for annotations.
    pub(crate) scope: Rc<Scope>,
    /// The module object, for annotations.
    pub(crate) home: Rc<Module>,
}

/// An attribute of a class body.
#[derive(Clone)]
pub struct Attribute {
    /// Its name.
    pub name: Text,
    /// Its value; none where it is only annotated.
    pub value: Option<Value>,
    /// Its annotation, not evaluated yet ([`super::Interpreter::annotation`]).
    pub annotation: Option<Annotation>,
    /// The statement that sets it.
    pub place: Place,
}

/// An annotation that is evaluated when it is asked for.
#[derive(Clone)]
pub struct Annotation {
    pub(crate) expression: Rc<ast::Expr>,
    pub(crate) file: Arc<ParsedFile>,
}

impl Annotation {
    /// Its text.
    pub fn text(&self) -> String {
        self.place().text().to_owned()
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        self.file.place(&*self.expression)
    }
}

/// An instance of a class of the repository.
pub struct Instance {
    /// Its class.
    pub class: Rc<Class>,
    /// The arguments it was made with.
    pub args: Args,
    /// Its attributes, in the order of their first assignment.
    pub attributes: RefCell<Vec<(Text, Value)>>,
    /// The call that made it.
    pub place: Option<Place>,
    /// Whether `__init__` is running, so that it is not entered again.
    pub(crate) busy: Cell<bool>,
}

impl Instance {
    /// The attribute that was set on the instance itself.
    pub fn get(&self, name: &str) -> Option<Value> {
        self.attributes.borrow().iter().find(|(key, _)| &**key == name).map(|(_, value)| value.clone())
    }

    /// Sets an attribute.
    pub fn set(&self, name: &str, value: Value) {
        set_in(&mut self.attributes.borrow_mut(), name, value);
    }

    /// The `value` of an enum's member.
    pub fn member_value(&self) -> Option<Value> {
        self.class.is_enum().then(|| self.get("value")).flatten()
    }
}

impl Class {
    /// The attribute of that name in the class's own body.
    pub fn own(&self, name: &str) -> Option<Attribute> {
        self.attributes.borrow().iter().find(|attribute| &*attribute.name == name).cloned()
    }

    /// The class and all classes of the repository it inherits from, nearest first (C3, or depth first where there is
    /// no such order).
    pub fn mro(self: &Rc<Self>) -> Vec<Rc<Class>> {
        let mut order = vec![Rc::clone(self)];
        order.extend(self.ancestors.iter().cloned());
        order
    }

    /// The value of an attribute, inherited ones included.
    pub fn lookup(self: &Rc<Self>, name: &str) -> Option<Value> {
        self.mro().iter().find_map(|class| class.own(name).and_then(|attribute| attribute.value))
    }

    /// Canonical paths of the bases, however far up, that are not the repository's own.
    pub fn external_bases(self: &Rc<Self>) -> Vec<Value> {
        self.mro()
            .iter()
            .flat_map(|class| class.bases.iter().filter(|base| !matches!(base, Value::Class(_))).cloned())
            .collect()
    }

    /// Whether one of its bases, however far up, is a library's class other than `object`.
    pub fn has_library_base(self: &Rc<Self>) -> bool {
        self.external_bases().iter().any(|base| base.path().as_deref() != Some("builtins.object"))
    }

    /// Whether one of its bases, however far up, is the library's class of that canonical path.
    pub fn inherits(self: &Rc<Self>, path: &str) -> bool {
        self.external_bases().iter().any(|base| base.path().as_deref() == Some(path))
    }

    /// Whether it is an `enum.Enum`.
    pub fn is_enum(&self) -> bool {
        let is_enum = |base: &Value| {
            matches!(
                base.path().as_deref(),
                Some(
                    "enum.Enum"
                        | "enum.ReprEnum"
                        | "enum.IntEnum"
                        | "enum.StrEnum"
                        | "enum.Flag"
                        | "enum.IntFlag"
                        | "strenum.StrEnum"
                )
            )
        };
        self.bases.iter().any(is_enum) || self.ancestors.iter().any(|class| class.bases.iter().any(is_enum))
    }
}

/// The most ancestors of a class that are followed.
const MAX_ANCESTORS: usize = 200;

/// The ancestors of a class with those bases: C3 linearization, or depth first without repeats where there is none.
/// And whether there are more of them than are followed.
pub(crate) fn linearize(bases: &[Value]) -> (Vec<Rc<Class>>, bool) {
    let parents: Vec<&Rc<Class>> =
        bases.iter().filter_map(|base| if let Value::Class(base) = base { Some(base) } else { None }).collect();
    let mut lists: Vec<Vec<Rc<Class>>> = parents.iter().map(|parent| parent.mro()).collect();
    lists.push(parents.iter().map(|parent| Rc::clone(parent)).collect());
    let mut order: Vec<Rc<Class>> = Vec::new();
    loop {
        lists.retain(|list| !list.is_empty());
        if lists.is_empty() || order.len() >= MAX_ANCESTORS {
            return (order, !lists.is_empty());
        }
        let in_tail =
            |candidate: &Rc<Class>| lists.iter().any(|list| list.iter().skip(1).any(|c| Rc::ptr_eq(c, candidate)));
        let next = lists.iter().map(|list| &list[0]).find(|candidate| !in_tail(candidate)).unwrap_or(&lists[0][0]);
        let next = Rc::clone(next);
        for list in &mut lists {
            list.retain(|c| !Rc::ptr_eq(c, &next));
        }
        if !order.iter().any(|c| Rc::ptr_eq(c, &next)) {
            order.push(next);
        }
    }
}

/// Sets a name in an ordered list of names.
pub(crate) fn set_in(list: &mut Vec<(Text, Value)>, name: &str, value: Value) {
    match list.iter_mut().find(|(key, _)| &**key == name) {
        Some((_, slot)) => *slot = value,
        None => list.push((Rc::from(name), value)),
    }
}

impl Symbol {
    /// The attribute that was assigned to it.
    pub fn overridden(&self, name: &str) -> Option<Value> {
        self.overrides.borrow().iter().find(|(key, _)| &**key == name).map(|(_, value)| value.clone())
    }
}

impl Value {
    /// A string.
    pub fn str(text: impl AsRef<str>) -> Self {
        Self::Str(Rc::from(text.as_ref()))
    }

    /// A list.
    pub fn list(items: Vec<Value>) -> Self {
        Self::List(Rc::new(RefCell::new(items)))
    }

    /// A tuple.
    pub fn tuple(items: Vec<Value>) -> Self {
        Self::Tuple(Rc::from(items))
    }

    /// A dictionary.
    pub fn dict(items: impl IntoIterator<Item = (Value, Value)>) -> Self {
        let mut dict = Dict::default();
        for (key, value) in items {
            dict.insert(key, value);
        }
        Self::Dict(Rc::new(RefCell::new(dict)))
    }

    /// A name of a library, by its canonical path.
    pub fn external(path: impl AsRef<str>) -> Self {
        Self::symbol(SymbolKind::External(Rc::from(path.as_ref())), None)
    }

    /// A symbol.
    pub fn symbol(kind: SymbolKind, place: Option<Place>) -> Self {
        Self::Symbol(Rc::new(Symbol { kind, place, overrides: RefCell::default() }))
    }

    /// A value that cannot be known.
    pub fn unknown(reason: impl Into<String>, place: Place) -> Self {
        Self::Unknown(Rc::new(Unknown { reason: reason.into(), place, shape: None }))
    }

    /// The text of a string; also of a member of an enum that is a string.
    pub fn as_str(&self) -> Option<Text> {
        match self {
            Self::Str(text) => Some(Rc::clone(text)),
            Self::Instance(instance)
                if instance.class.inherits("builtins.str") || instance.class.inherits("enum.StrEnum") =>
            {
                match instance.member_value()? {
                    Self::Str(text) => Some(text),
                    _ => None,
                }
            }
            // `sa.text("…")` is not a string, but `quoted_name`, `conv` and `op.f` are.
            Self::Symbol(_) => match self.call_of()? {
                (
                    "alembic.op.f"
                    | "sqlalchemy.sql.elements.quoted_name"
                    | "sqlalchemy.quoted_name"
                    | "sqlalchemy.sql.elements.conv"
                    | "sqlalchemy.sql.naming.conv"
                    | "sqlalchemy.conv"
                    | "sqlmodel.quoted_name",
                    args,
                ) => args.positional.first()?.as_str(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The number of an integer (`True` is 1).
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bool(truth) => Some(i64::from(*truth)),
            Self::Instance(instance)
                if instance.class.inherits("enum.IntEnum") || instance.class.inherits("builtins.int") =>
            {
                match instance.member_value()? {
                    Self::Int(number) => Some(number),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// A truth value that is written as one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// Whether it is `None`.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Why it cannot be known.
    pub fn as_unknown(&self) -> Option<&Rc<Unknown>> {
        match self {
            Self::Unknown(unknown) => Some(unknown),
            _ => None,
        }
    }

    /// The items of a list, tuple, set, or the keys of a dictionary; the members of an enum.
    pub fn items(&self) -> Option<Vec<Value>> {
        Some(match self {
            Self::List(items) => items.borrow().clone(),
            Self::Tuple(items) => items.to_vec(),
            Self::Set(items) | Self::Dict(items) => items.borrow().keys().cloned().collect(),
            Self::Class(class) if class.is_enum() => {
                class.members.borrow().iter().map(|member| Self::Instance(Rc::clone(member))).collect()
            }
            _ => return None,
        })
    }

    /// The canonical path of a library's name: `sqlalchemy.Column` for `sa.Column`; attributes of a name extend it.
    pub fn path(&self) -> Option<Text> {
        match self {
            Self::Symbol(symbol) => match &symbol.kind {
                SymbolKind::External(path) => Some(Rc::clone(path)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The canonical path of the callee and the arguments, where it is a call of a library's name.
    pub fn call_of(&self) -> Option<(&str, &Args)> {
        let Self::Symbol(symbol) = self else { return None };
        let SymbolKind::Call { callee, args } = &symbol.kind else { return None };
        let Self::Symbol(callee) = callee else { return None };
        match &callee.kind {
            SymbolKind::External(path) => Some((path, args)),
            _ => None,
        }
    }

    /// The receiver, name and arguments, where it is a call of a method of a symbol: `sa.text("x").bindparams(…)`.
    pub fn method_call(&self) -> Option<(&Value, &str, &Args)> {
        let Self::Symbol(symbol) = self else { return None };
        let SymbolKind::Call { callee, args } = &symbol.kind else { return None };
        let Self::Symbol(callee) = callee else { return None };
        match &callee.kind {
            SymbolKind::Attribute { base, name } => Some((base, name, args)),
            _ => None,
        }
    }

    /// Where it was made, where that is known.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Symbol(symbol) => symbol.place.clone(),
            Self::Unknown(unknown) => Some(unknown.place.clone()),
            Self::Function(function) => Some(function.place.clone()),
            Self::Bound(bound) => Some(bound.function.place.clone()),
            Self::Class(class) => Some(class.place.clone()),
            Self::Instance(instance) => instance.place.clone(),
            _ => None,
        }
    }

    /// The name of its type in Python, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::None => "NoneType",
            Self::Ellipsis => "ellipsis",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Dict(_) => "dict",
            Self::Set(_) => "set",
            Self::Function(_) => "function",
            Self::Bound(_) => "method",
            Self::Class(_) => "type",
            Self::Instance(_) => "object",
            Self::Module(_) => "module",
            Self::Symbol(_) => "symbol",
            Self::Unknown(_) | Self::Deferred(_) => "unknown",
        }
    }

    /// Whether two values are the same object (`is`).
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Self::None, Self::None) | (Self::Ellipsis, Self::Ellipsis) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::List(a), Self::List(b)) => Rc::ptr_eq(a, b),
            (Self::Tuple(a), Self::Tuple(b)) => Rc::ptr_eq(a, b),
            (Self::Dict(a), Self::Dict(b)) | (Self::Set(a), Self::Set(b)) => Rc::ptr_eq(a, b),
            (Self::Function(a), Self::Function(b)) => Rc::ptr_eq(a, b),
            (Self::Class(a), Self::Class(b)) => Rc::ptr_eq(a, b),
            (Self::Instance(a), Self::Instance(b)) => Rc::ptr_eq(a, b),
            (Self::Module(a), Self::Module(b)) => Rc::ptr_eq(a, b),
            (Self::Deferred(a), Self::Deferred(b)) => Rc::ptr_eq(a, b),
            (Self::Symbol(a), Self::Symbol(b)) => {
                Rc::ptr_eq(a, b)
                    || matches!((&a.kind, &b.kind), (SymbolKind::External(a), SymbolKind::External(b)) if a == b)
            }
            _ => false,
        }
    }
}

impl fmt::Debug for Value {
    /// As Python's `repr` would show it, near enough for messages and tests; bounded in depth and length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::format::repr(self))
    }
}
