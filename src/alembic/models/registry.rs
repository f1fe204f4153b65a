//! Which `MetaData` a class or table belongs to, and what it prescribes.

use std::rc::Rc;

use super::mapping::HARMLESS;
use crate::alembic::python::{Class, Instance, Symbol, SymbolKind, Value};

/// How deep names may lead to each other.
const MAX_DEPTH: usize = 10;

/// What makes two `MetaData` the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MetaKey {
    /// That of the object at this address: a `MetaData(…)`, a `declarative_base()`, a base class, a `SQLAlchemy()`.
    Object(usize),
    /// Flask-SQLAlchemy's for one bind.
    Bind(usize, String),
    /// `SQLModel.metadata`.
    SqlModel,
    /// One that a library keeps, by its path.
    Library(String),
}

/// A `MetaData`: who it is and what it was made with.
#[derive(Clone)]
pub(super) struct Meta {
    /// Who it is.
    pub(super) key: MetaKey,
    /// The `MetaData(…)` that made it; none for one that a base makes by itself.
    pub(super) made_by: Option<Value>,
    /// Of one bind of a `SQLAlchemy()`: the metadata of all its binds, which they share before Flask-SQLAlchemy 3.0.
    pub(super) shared: Option<Rc<Meta>>,
}

impl Meta {
    fn of(key: MetaKey) -> Self {
        Self { key, made_by: None, shared: None }
    }

    /// `naming_convention`, assigned later or given when it was made.
    pub(super) fn naming_convention(&self) -> Option<Value> {
        self.option("naming_convention", 2)
    }

    /// The schema of tables that name none.
    pub(super) fn schema(&self) -> Option<Value> {
        self.option("schema", 0)
    }

    fn option(&self, name: &str, position: usize) -> Option<Value> {
        let Some(Value::Symbol(symbol)) = &self.made_by else { return None };
        if let Some(value) = symbol.overridden(name) {
            return Some(value);
        }
        let SymbolKind::Call { args, .. } = &symbol.kind else { return None };
        args.get(position, name).filter(|value| !value.is_none()).cloned()
    }
}

impl MetaKey {
    /// The base of another package whose metadata it is: tables that the package itself declares are not known.
    pub(super) fn foreign(&self) -> Option<&str> {
        match self {
            Self::Library(path) if !is_library_base(path) => Some(path),
            _ => None,
        }
    }
}

/// The address by which an object is known.
pub(super) fn address<T: ?Sized>(object: &Rc<T>) -> usize {
    Rc::as_ptr(object).cast::<()>() as usize
}

/// The address of a symbol.
pub(super) fn symbol_address(value: &Value) -> Option<usize> {
    match value {
        Value::Symbol(symbol) => Some(address(symbol)),
        _ => None,
    }
}

/// Where declarative classes come from.
#[derive(Clone)]
pub(super) enum Root {
    /// A base class of the repository: `class Base(DeclarativeBase)`, `@as_declarative() class Base`.
    Class(Rc<Class>),
    /// `declarative_base(…)`, `registry.generate_base()`.
    Call(Rc<Symbol>),
    /// Flask-SQLAlchemy's `db.Model`; the `db`.
    Flask(Value),
    /// `SQLModel`.
    SqlModel,
    /// A class that a registry's decorator maps by itself; the registry.
    Registry(Value),
    /// A declarative base of another package, by its path.
    Library(String),
    /// A base that is not known.
    Unknown,
}

/// A class under the decorators that leave it what it is.
pub(super) fn class_of(value: &Value) -> Option<Rc<Class>> {
    match value {
        Value::Class(class) => Some(Rc::clone(class)),
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::Decorated { inner, .. } => class_of(inner),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a value is Flask-SQLAlchemy's `SQLAlchemy()`, or a subclass of it.
pub(super) fn is_flask_db(value: &Value) -> bool {
    match value {
        Value::Symbol(_) => matches!(value.call_of(), Some(("flask_sqlalchemy.SQLAlchemy", _))),
        Value::Instance(instance) => instance.class.inherits("flask_sqlalchemy.SQLAlchemy"),
        _ => false,
    }
}

fn flask_address(db: &Value) -> usize {
    match db {
        Value::Symbol(symbol) => address(symbol),
        Value::Instance(instance) => address::<Instance>(instance),
        _ => 0,
    }
}

/// The root that a base of a class is, where it is one.
fn root_of_base(class: &Rc<Class>, base: &Value) -> Option<Root> {
    let Value::Symbol(symbol) = base else { return None };
    match &symbol.kind {
        SymbolKind::External(path) => match &**path {
            "sqlalchemy.orm.DeclarativeBase" | "sqlalchemy.orm.DeclarativeBaseNoMeta" => {
                Some(Root::Class(Rc::clone(class)))
            }
            "sqlmodel.SQLModel" => Some(Root::SqlModel),
            path if is_library_base(path) => Some(Root::Library(path.to_owned())),
            _ => None,
        },
        SymbolKind::Call { .. } => made_base(base),
        SymbolKind::Attribute { base: db, name } if &**name == "Model" => Some(Root::Flask(db.clone())),
        SymbolKind::Subscript { base, .. } => root_of_base(class, base),
        SymbolKind::Decorated { .. }
        | SymbolKind::Binary { .. }
        | SymbolKind::Unary { .. }
        | SymbolKind::Attribute { .. } => None,
    }
}

/// The root that a base is which a call makes: `declarative_base(…)`, `registry.generate_base()`, the `Model` of Flask-SQLAlchemy.
pub(super) fn made_base(base: &Value) -> Option<Root> {
    let Value::Symbol(symbol) = base else { return None };
    match &symbol.kind {
        SymbolKind::Call { callee, .. } => {
            let path = callee.path();
            let generates = matches!(
                path.as_deref(),
                Some("sqlalchemy.orm.declarative_base" | "sqlalchemy.ext.automap.automap_base")
            ) || matches!(base.method_call(), Some((_, "generate_base", _)));
            generates.then(|| Root::Call(Rc::clone(symbol)))
        }
        SymbolKind::Attribute { base: db, name } if &**name == "Model" && is_flask_db(db) => {
            Some(Root::Flask(db.clone()))
        }
        _ => None,
    }
}

/// Declarative bases that packages bring along.
fn is_library_base(path: &str) -> bool {
    (path.starts_with("advanced_alchemy.base.") && path.ends_with("Base"))
        || path.starts_with("litestar.contrib.sqlalchemy.base.")
        || matches!(path, "ormar.Model" | "flask_appbuilder.Model" | "flask_appbuilder.models.sqla.Model")
}

/// A base of another package, not known to be one, that a class with a table name inherits from: nothing but a
/// declarative base makes use of `__tablename__`. It tells by its name, or by a class on the way that hands it metadata.
fn foreign_base(class: &Rc<Class>) -> Option<Root> {
    let lineage = class.mro();
    // `table=True` is SQLModel's word.
    let is_foreign = |base: &Value| match base {
        Value::Unknown(_) => true,
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::External(path) => !HARMLESS.contains(&path.split('.').next().unwrap_or(path)),
            SymbolKind::Call { .. } => is_made_elsewhere(base),
            _ => false,
        },
        _ => false,
    };
    if class.keywords.iter().any(|(key, value)| &**key == "table" && value.as_bool() == Some(true))
        && lineage.iter().any(|ancestor| ancestor.bases.iter().any(is_foreign))
    {
        return Some(Root::SqlModel);
    }
    lineage.iter().find(|ancestor| ancestor.own("__tablename__").is_some())?;
    let given = lineage.iter().any(|ancestor| {
        let own = ancestor.own("metadata").and_then(|attribute| attribute.value);
        own.is_some_and(|value| matches!(value.call_of(), Some(("sqlalchemy.MetaData", _))))
    });
    let bases: Vec<Value> = lineage.iter().flat_map(|ancestor| ancestor.bases.clone()).collect();
    let named = bases.iter().find_map(|base| {
        let Value::Symbol(symbol) = base else { return None };
        let SymbolKind::External(path) = &symbol.kind else { return None };
        let package = path.split('.').next().unwrap_or(path);
        let name = path.rsplit('.').next().unwrap_or(path);
        let is_base = given || name.ends_with("Base") || name.ends_with("Model");
        (is_base && !HARMLESS.contains(&package)).then(|| Root::Library(path.to_string()))
    });
    // What a call makes that is not followed, and what is not known at all: the class is nothing without a declarative base.
    let made = || bases.iter().find(|base| is_made_elsewhere(base));
    let unknown = || bases.iter().any(|base| matches!(base, Value::Unknown(_)));
    named.or_else(|| match made() {
        Some(Value::Symbol(symbol)) => Some(Root::Call(Rc::clone(symbol))),
        _ if unknown() => Some(Root::Unknown),
        // What a decorator makes a base of has no table itself, and has the metadata that is handed over.
        _ => lineage.iter().skip(1).find_map(|ancestor| match remade_elsewhere(ancestor)? {
            Value::Symbol(symbol) => match &symbol.kind {
                SymbolKind::Call { args, .. } if args.keyword("metadata").is_some() => {
                    Some(Root::Call(Rc::clone(symbol)))
                }
                _ => None,
            },
            _ => None,
        }),
    })
}

/// Whether a base of a class is what a function of another package makes.
pub(super) fn is_made_elsewhere(base: &Value) -> bool {
    let Value::Symbol(symbol) = base else { return false };
    let SymbolKind::Call { callee, .. } = &symbol.kind else { return false };
    callee.path().is_some_and(|path| !HARMLESS.contains(&path.split('.').next().unwrap_or(&path)))
}

/// The decorator of another package that makes a base of a class, as `as_declarative` of SQLAlchemy does.
pub(super) fn remade_elsewhere(class: &Class) -> Option<&Value> {
    class.decorators.iter().find(|decorator| {
        let called = || decorator.call_of().map(|(path, _)| path.to_owned());
        let path = decorator.path().map(|path| path.to_string()).or_else(called);
        path.is_some_and(|path| !HARMLESS.contains(&path.split('.').next().unwrap_or(&path)))
    })
}

/// The root of a class, found along its bases; and whether the class itself is that root and not mapped.
pub(super) fn root(class: &Rc<Class>) -> Option<(Root, bool)> {
    for ancestor in class.mro() {
        if let Some((found, unmapped)) = root_of_decorators(&ancestor) {
            return Some((found, unmapped && Rc::ptr_eq(&ancestor, class)));
        }
        for base in &ancestor.bases {
            if let Some(found) = root_of_base(&ancestor, base) {
                let itself = matches!(&found, Root::Class(root) if Rc::ptr_eq(root, class));
                return Some((found, itself));
            }
        }
    }
    foreign_base(class).map(|root| (root, false))
}

/// `@as_declarative()`, `@registry.as_declarative_base()` make a base; `@registry.mapped` maps one class.
fn root_of_decorators(class: &Rc<Class>) -> Option<(Root, bool)> {
    class.decorators.iter().find_map(|decorator| {
        if matches!(decorator.call_of(), Some(("sqlalchemy.orm.as_declarative", _)))
            || decorator.path().as_deref() == Some("sqlalchemy.orm.as_declarative")
            || matches!(decorator.method_call(), Some((_, "as_declarative_base", _)))
        {
            return Some((Root::Class(Rc::clone(class)), true));
        }
        let maps = |name: &str| matches!(name, "mapped" | "mapped_as_dataclass");
        if let Some((registry, name, _)) = decorator.method_call()
            && maps(name)
        {
            return Some((Root::Registry(registry.clone()), false));
        }
        let Value::Symbol(symbol) = decorator else { return None };
        match &symbol.kind {
            SymbolKind::Attribute { base, name } if maps(name) => Some((Root::Registry(base.clone()), false)),
            _ => None,
        }
    })
}

/// The class that a base is made with.
pub(super) enum Given {
    Nothing,
    Class(Rc<Class>),
    Unknown,
}

impl Root {
    /// The class that a base which a call makes is made with ([`Root::mixin`]), or that there is none.
    pub(super) fn given_class(&self) -> Given {
        let (args, name) = match self {
            Self::Call(symbol) => match &symbol.kind {
                SymbolKind::Call { args, .. } => (args.clone(), "cls"),
                _ => return Given::Unknown,
            },
            Self::Flask(Value::Symbol(db)) => match &db.kind {
                SymbolKind::Call { args, .. } => (args.clone(), "model_class"),
                _ => return Given::Unknown,
            },
            Self::Flask(Value::Instance(db)) => (db.args.clone(), "model_class"),
            _ => return Given::Unknown,
        };
        // A metaclass may give its classes more.
        if args.more.is_some() || args.keyword("metaclass").is_some() {
            return Given::Unknown;
        }
        match args.keyword(name) {
            None | Some(Value::None) => Given::Nothing,
            Some(value) => class_of(value).map_or(Given::Unknown, Given::Class),
        }
    }

    /// Classes of the repository whose attributes every class of the root inherits beside its own bases:
    /// `declarative_base(cls=…)`, `SQLAlchemy(model_class=…)`.
    pub(super) fn mixin(&self) -> Option<Rc<Class>> {
        match self {
            Self::Call(symbol) => {
                let SymbolKind::Call { args, .. } = &symbol.kind else { return None };
                args.keyword("cls").and_then(class_of)
            }
            Self::Flask(db) => flask_argument(db, "model_class").as_ref().and_then(class_of),
            _ => None,
        }
    }

    /// `type_annotation_map`s, the nearest first.
    pub(super) fn type_maps(&self, class: &Rc<Class>) -> Vec<Value> {
        let mut maps = Vec::new();
        let mut of_class = |class: &Rc<Class>| {
            for ancestor in class.mro() {
                if let Some(map) = ancestor.own("type_annotation_map").and_then(|attribute| attribute.value) {
                    maps.push(map);
                }
                if let Some(registry) = ancestor.own("registry").and_then(|attribute| attribute.value)
                    && let Some((_, args)) = registry.call_of()
                    && let Some(map) = args.keyword("type_annotation_map")
                {
                    maps.push(map.clone());
                }
            }
        };
        of_class(class);
        if let Some(mixin) = self.mixin() {
            of_class(&mixin);
        }
        match self {
            Self::Call(symbol) => {
                let value = Value::Symbol(Rc::clone(symbol));
                let registry = value.method_call().map(|(registry, _, _)| registry.clone());
                if let SymbolKind::Call { args, .. } = &symbol.kind {
                    maps.extend(args.keyword("type_annotation_map").cloned());
                }
                maps.extend(
                    registry
                        .as_ref()
                        .and_then(Value::call_of)
                        .and_then(|(_, args)| args.keyword("type_annotation_map").cloned()),
                );
            }
            Self::Registry(registry) => {
                maps.extend(registry.call_of().and_then(|(_, args)| args.keyword("type_annotation_map").cloned()));
            }
            _ => {}
        }
        maps
    }

    /// The root's own `MetaData`, where no class says otherwise.
    fn meta(&self, depth: usize) -> Option<Meta> {
        match self {
            Self::Class(class) => {
                if let Some(registry) = class.lookup("registry")
                    && let Some(meta) = registry_meta(&registry, depth)
                {
                    return Some(meta);
                }
                let given = class.decorators.iter().find_map(|decorator| {
                    let (_, args) = decorator.call_of()?;
                    args.keyword("metadata").cloned()
                });
                if let Some(given) = given.filter(|value| !value.is_none()) {
                    return metadata_at(&given, depth + 1);
                }
                let registry = class
                    .decorators
                    .iter()
                    .find_map(|decorator| decorator.method_call().map(|(registry, _, _)| registry.clone()));
                match registry {
                    Some(registry) => registry_meta(&registry, depth),
                    None => Some(Meta::of(MetaKey::Object(address(class)))),
                }
            }
            Self::Call(symbol) => {
                let value = Value::Symbol(Rc::clone(symbol));
                if let Some((registry, _, _)) = value.method_call() {
                    return registry_meta(&registry.clone(), depth);
                }
                let SymbolKind::Call { args, .. } = &symbol.kind else { return None };
                match args.keyword("metadata").filter(|value| !value.is_none()) {
                    Some(given) => metadata_at(given, depth + 1),
                    None => Some(Meta::of(MetaKey::Object(address(symbol)))),
                }
            }
            Self::Flask(db) => flask_meta(db, depth),
            Self::SqlModel => Some(Meta::of(MetaKey::SqlModel)),
            Self::Registry(registry) => registry_meta(registry, depth),
            Self::Library(path) => Some(Meta::of(MetaKey::Library(path.clone()))),
            Self::Unknown => None,
        }
    }
}

fn flask_argument(db: &Value, name: &str) -> Option<Value> {
    let args = match db {
        Value::Symbol(_) => db.call_of().map(|(_, args)| args.clone())?,
        Value::Instance(instance) => instance.args.clone(),
        _ => return None,
    };
    args.keyword(name).filter(|value| !value.is_none()).cloned()
}

fn flask_meta(db: &Value, depth: usize) -> Option<Meta> {
    if let Some(given) = flask_argument(db, "metadata") {
        return metadata_at(&given, depth + 1);
    }
    // A declarative base that is handed over brings its own.
    if let Some(class) = flask_argument(db, "model_class").as_ref().and_then(class_of)
        && let Some(meta) = class_meta(&class, depth + 1)
    {
        return Some(meta);
    }
    Some(Meta::of(MetaKey::Object(flask_address(db))))
}

/// The `MetaData` of `registry(…)`.
fn registry_meta(registry: &Value, depth: usize) -> Option<Meta> {
    let (_, args) = registry.call_of()?;
    match args.get(0, "metadata").filter(|value| !value.is_none()) {
        Some(given) => metadata_at(given, depth + 1),
        None => Some(Meta::of(MetaKey::Object(symbol_address(registry)?))),
    }
}

/// The `MetaData` of a declarative class.
pub(super) fn class_meta(class: &Rc<Class>, depth: usize) -> Option<Meta> {
    if depth > MAX_DEPTH {
        return None;
    }
    let (root, _) = root(class)?;
    let mut given = class.lookup("metadata");
    if given.is_none() {
        given = root.mixin().and_then(|mixin| mixin.lookup("metadata"));
    }
    if let Some(given) = given.filter(|value| !value.is_none()) {
        return metadata_at(&given, depth + 1);
    }
    if let (Root::Flask(db), Some(bind)) = (&root, class.lookup("__bind_key__").and_then(|key| key.as_str())) {
        let shared = flask_meta(db, depth + 1).map(Rc::new);
        return Some(Meta { shared, ..bind_meta(db, &bind) });
    }
    // `class Base(SQLModel, registry=registry())`.
    let registry = class.mro().iter().find_map(|ancestor| {
        ancestor.keywords.iter().find(|(key, _)| &**key == "registry").map(|(_, value)| value.clone())
    });
    if let Some(registry) = registry {
        return registry_meta(&registry, depth);
    }
    root.meta(depth)
}

/// The `MetaData` that a value is.
pub(super) fn metadata(value: &Value) -> Option<Meta> {
    metadata_at(value, 0)
}

fn metadata_at(value: &Value, depth: usize) -> Option<Meta> {
    if depth > MAX_DEPTH {
        return None;
    }
    let Value::Symbol(symbol) = value else { return None };
    match &symbol.kind {
        SymbolKind::Call { callee, .. } if callee.path().as_deref() == Some("sqlalchemy.MetaData") => {
            Some(Meta { made_by: Some(value.clone()), ..Meta::of(MetaKey::Object(address(symbol))) })
        }
        SymbolKind::External(path) => match &**path {
            "sqlmodel.SQLModel.metadata" => Some(Meta::of(MetaKey::SqlModel)),
            path => {
                let owner = path.strip_suffix(".metadata")?;
                let package = owner.split('.').next().unwrap_or(owner);
                let foreign = owner.contains('.') && !HARMLESS.contains(&package);
                (foreign || is_library_base(owner)).then(|| Meta::of(MetaKey::Library(owner.to_owned())))
            }
        },
        SymbolKind::Attribute { base, name } if &**name == "metadata" => {
            if let Some(class) = class_of(base) {
                return class_meta(&class, depth + 1);
            }
            if is_flask_db(base) {
                return flask_meta(base, depth);
            }
            if let Value::Symbol(owner) = base {
                // `db.Model.metadata`, `registry.metadata`, `declarative_base().metadata`.
                if let SymbolKind::Attribute { base: db, name } = &owner.kind
                    && &**name == "Model"
                    && is_flask_db(db)
                {
                    return flask_meta(db, depth);
                }
                if matches!(base.call_of(), Some(("sqlalchemy.orm.registry", _))) {
                    return registry_meta(base, depth);
                }
                if matches!(owner.kind, SymbolKind::Call { .. }) {
                    return Root::Call(Rc::clone(owner)).meta(depth);
                }
            }
            None
        }
        // `db.metadatas[None]`, `db.metadatas["bind"]`.
        SymbolKind::Subscript { base, index } => {
            let Value::Symbol(owner) = base else { return None };
            let SymbolKind::Attribute { base: db, name } = &owner.kind else { return None };
            if &**name != "metadatas" || !is_flask_db(db) {
                return None;
            }
            match index.as_str() {
                Some(bind) => Some(Meta::of(MetaKey::Bind(flask_address(db), bind.to_string()))),
                None => flask_meta(db, depth),
            }
        }
        _ => None,
    }
}

/// Flask-SQLAlchemy's `MetaData` of one bind.
pub(super) fn bind_meta(db: &Value, bind: &str) -> Meta {
    Meta::of(MetaKey::Bind(flask_address(db), bind.to_owned()))
}
