//! What a Python annotation says about a column: whether it takes NULL, and which type it has.

use std::rc::Rc;

use crate::alembic::discover::Version;
use crate::alembic::python::{Args, SymbolKind, Unknown, Value};

/// How deep generic types may nest.
const MAX_DEPTH: usize = 20;

/// An annotation taken apart as `MappedColumn._init_column_for_annotation` does.
#[derive(Clone, Default)]
pub(super) struct Annotated {
    /// Whether it allows `None`.
    pub(super) optional: bool,
    /// The alias of a `type` statement that it is, by itself: a key of `type_annotation_map` of its own.
    pub(super) alias: Option<Value>,
    /// The type without `Optional` and alias, `Annotated` still around it.
    pub(super) ty: Option<Value>,
    /// The type without `Annotated`, where there was one.
    pub(super) inner: Option<Value>,
    /// What `Annotated` carries.
    pub(super) metadata: Vec<Value>,
    /// Why it is not known what the alias stands for.
    pub(super) doubt: Option<Rc<Unknown>>,
}

impl Annotated {
    /// Takes an annotation apart: `Optional[Annotated[str, mapped_column(…)]]`.
    pub(super) fn of(annotation: &Value) -> Self {
        let mut found = Self { optional: takes_none(annotation, 0), ..Self::default() };
        let mut ty = without_none(annotation);
        if let Some(value) = aliased(&ty) {
            if let Value::Unknown(unknown) = &value {
                found.doubt = Some(Rc::clone(unknown));
            }
            found.alias = Some(std::mem::replace(&mut ty, without_none(&value)));
        }
        found.ty = Some(ty.clone());
        // `Annotated` in `Annotated` is one (PEP 593), its own arguments first; pydantic looks behind `Optional` as well.
        for _ in 0..MAX_DEPTH {
            let Some((base, items)) = subscript(&ty) else { break };
            let Some((first, rest)) = items.split_first().filter(|_| base == "typing.Annotated") else { break };
            found.metadata.splice(0..0, rest.iter().cloned());
            ty = without_none(first);
            found.inner = Some(ty.clone());
        }
        found
    }

    /// The type itself, without `Annotated`.
    pub(super) fn plain(&self) -> Option<&Value> {
        self.inner.as_ref().or(self.ty.as_ref())
    }
}

/// What the alias of a `type` statement stands for (PEP 695, `typing.TypeAliasType`).
fn aliased(value: &Value) -> Option<Value> {
    if let Value::Symbol(symbol) = value
        && let SymbolKind::Subscript { base, .. } = &symbol.kind
    {
        return match base.call_of()? {
            // What stands for its parameters is not put in.
            ("typing.TypeAliasType", _) => {
                Some(Value::unknown("a type alias with parameters", value.place().or_else(|| base.place())?))
            }
            _ => None,
        };
    }
    match value.call_of()? {
        ("typing.TypeAliasType", args) => args.get(1, "value").cloned(),
        _ => None,
    }
}

/// What a `NewType` is made of.
fn supertype(value: &Value) -> Option<Value> {
    match value.call_of()? {
        ("typing.NewType", args) => args.get(1, "tp").cloned(),
        _ => None,
    }
}

/// Whether a type takes `None` (`sqlalchemy.util.typing.includes_none`): also behind aliases, `NewType`, `Annotated`.
fn takes_none(value: &Value, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    if let Some(parts) = union(value) {
        return parts.iter().any(|part| takes_none(part, depth + 1));
    }
    let behind = aliased(value).or_else(|| supertype(value)).or_else(|| match subscript(value) {
        Some((base, items)) if base == "typing.Annotated" => items.into_iter().next(),
        _ => None,
    });
    value.is_none() || behind.is_some_and(|behind| takes_none(&behind, depth + 1))
}

/// A union without its `None` (`sqlalchemy.util.typing.de_optionalize_union_types`); any other type as it is.
fn without_none(value: &Value) -> Value {
    let Some(mut parts) = union(value) else { return value.clone() };
    parts.retain(|part| !part.is_none());
    match parts.as_slice() {
        [] => value.clone(),
        [one] => one.clone(),
        _ => {
            let base = Value::external("typing.Union");
            Value::symbol(SymbolKind::Subscript { base, index: Value::tuple(parts) }, value.place())
        }
    }
}

/// The parts of a union: `Optional[X]`, `Union[X, None]`, `X | None`; those of a union within it are its own.
fn union(value: &Value) -> Option<Vec<Value>> {
    union_at(value, 0)
}

fn union_at(value: &Value, depth: usize) -> Option<Vec<Value>> {
    if depth > MAX_DEPTH {
        return None;
    }
    let parts = if let Some((base, mut items)) = subscript(value) {
        match base.as_str() {
            "typing.Optional" => {
                items.truncate(1);
                items.push(Value::None);
                items
            }
            "typing.Union" => items,
            _ => return None,
        }
    } else {
        let Value::Symbol(symbol) = value else { return None };
        let SymbolKind::Binary { operator: "|", left, right } = &symbol.kind else { return None };
        vec![left.clone(), right.clone()]
    };
    Some(parts.into_iter().flat_map(|part| union_at(&part, depth + 1).unwrap_or_else(|| vec![part])).collect())
}

/// The base's canonical path and the items of `base[items]`.
pub(super) fn subscript(value: &Value) -> Option<(String, Vec<Value>)> {
    let Value::Symbol(symbol) = value else { return None };
    let SymbolKind::Subscript { base, index } = &symbol.kind else { return None };
    let items = match index {
        Value::Tuple(items) => items.to_vec(),
        one => vec![one.clone()],
    };
    Some((base.path()?.to_string(), items))
}

/// What is mapped: the `X` of `Mapped[X]`. None where the annotation is no `Mapped`, or that of a relationship.
pub(super) fn mapped(annotation: &Value) -> Option<Value> {
    let (base, mut items) = subscript(annotation)?;
    (base == "sqlalchemy.orm.Mapped" && !items.is_empty()).then(|| items.swap_remove(0))
}

/// Whether two annotations are the same type, compared by structure as Python does.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    same_at(a, b, 0)
}

fn same_at(a: &Value, b: &Value, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    if a.same(b) {
        return true;
    }
    if let (Some(a), Some(b)) = (union(a), union(b)) {
        return a.len() == b.len() && a.iter().all(|a| b.iter().any(|b| same_at(a, b, depth + 1)));
    }
    match (a, b) {
        (Value::Tuple(a), Value::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same_at(a, b, depth + 1))
        }
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (Value::Symbol(a), Value::Symbol(b)) => match (&a.kind, &b.kind) {
            (SymbolKind::Subscript { base: a, index: x }, SymbolKind::Subscript { base: b, index: y }) => {
                same_at(a, b, depth + 1) && same_at(x, y, depth + 1)
            }
            (SymbolKind::Attribute { base: a, name: x }, SymbolKind::Attribute { base: b, name: y }) => {
                x == y && same_at(a, b, depth + 1)
            }
            _ => false,
        },
        _ => false,
    }
}

/// Which versions of the libraries a project uses, as its lock files say; the newest known where they do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Versions {
    /// SQLAlchemy, major and minor.
    pub(super) sqlalchemy: (u32, u32),
    /// SQLModel, major, minor and patch.
    pub(super) sqlmodel: (u32, u32, u32),
    /// Pydantic's major version: the first takes `None` as a default for a word that it may be `None`.
    pub(super) pydantic: u32,
    /// Flask-SQLAlchemy, where it is pinned: which metadata a table of a bind is in depends on it.
    pub(super) flask_sqlalchemy: Option<Version>,
    /// Authlib, where it is pinned: its mixins got further columns.
    pub(super) authlib: Option<Version>,
}

impl Versions {
    /// See [`Interpreter::checks_labels`].
    pub(super) fn check_labels(self) -> bool {
        self.sqlalchemy < (1, 4)
    }
}

/// The type that SQLAlchemy gives an annotation: by `type_annotation_map`, then by its own map
/// (`registry._resolve_type`, `sqltypes._type_map`). None where it would refuse it.
///
/// An alias of a `type` statement, a `NewType` and an `Annotated` are each a key by itself, and none of them that of
/// what it is made of; `Name = str` is `str`.
pub(super) fn sql_type(annotated: &Annotated, maps: &[Value], versions: Versions) -> Option<Value> {
    let candidates = [&annotated.alias, &annotated.ty, &annotated.inner];
    let found = candidates.into_iter().flatten().find_map(|candidate| {
        // Before 2.1, only the first of several aliases and what the last one stands for were looked up.
        let passed_by = versions.sqlalchemy < (2, 1) && annotated.alias.is_some() && aliased(candidate).is_some();
        let first = annotated.alias.as_ref().is_some_and(|alias| alias.same(candidate));
        if passed_by && !first { None } else { resolve(candidate, maps, versions) }
    });
    // What is found nowhere is looked up as what it is made of. 2.1 refuses such models instead.
    found.or_else(|| {
        candidates.into_iter().flatten().find_map(|candidate| {
            let behind = behind(candidate, aliased).or_else(|| behind(candidate, supertype))?;
            resolve(&without_none(&behind), maps, versions)
        })
    })
}

/// What stands behind all the aliases, or all the `NewType`s, of a type; none where it is not one of them.
fn behind(value: &Value, step: fn(&Value) -> Option<Value>) -> Option<Value> {
    let mut found = step(value)?;
    for _ in 0..MAX_DEPTH {
        let Some(further) = step(&found) else { break };
        found = further;
    }
    Some(found)
}

fn in_maps(maps: &[Value], ty: &Value) -> Option<Value> {
    maps.iter().find_map(|map| {
        let Value::Dict(entries) = map else { return None };
        let entries = entries.borrow();
        entries
            .get(ty)
            .cloned()
            .or_else(|| entries.iter().find(|(key, _)| same(&without_none(key), ty)).map(|(_, value)| value.clone()))
    })
}

/// Looks one type up as it stands.
fn resolve(ty: &Value, maps: &[Value], versions: Versions) -> Option<Value> {
    if let Some(found) = in_maps(maps, ty) {
        return Some(match ty {
            // Labels that the entry of this very class has itself are kept.
            Value::Class(class) if class.is_enum() && (holds_any_enum(&found) || labels_are_left(&found)) => {
                with_enum(&found, ty)
            }
            _ => match labels(ty) {
                Some(labels) if holds_any_enum(&found) => with_labels(&found, labels),
                _ => found,
            },
        });
    }
    match ty {
        Value::Class(class) if class.is_enum() => {
            // Of the entries for its bases, only an Enum is taken (`TypeEngine._resolve_for_python_type`).
            let mut bases: Vec<Value> = class.mro().into_iter().skip(1).map(Value::Class).collect();
            bases.extend(class.external_bases());
            bases.push(Value::external("enum.Enum"));
            let entry = bases.iter().find_map(|base| in_maps(maps, base).filter(is_enum_type));
            Some(match entry {
                Some(entry) => with_enum(&entry, ty),
                None => call("sqlalchemy.Enum", vec![ty.clone()]),
            })
        }
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::External(path) => default_type(path, versions),
            SymbolKind::Subscript { .. } => {
                let labels = crate::alembic::types::literal(ty)?;
                Some(match in_maps(maps, &Value::external("typing.Literal")) {
                    Some(entry) if is_enum_type(&entry) => with_labels(&entry, labels),
                    Some(entry) => entry,
                    None => with_labels(&call("sqlalchemy.Enum", Vec::new()), labels),
                })
            }
            _ => None,
        },
        _ => None,
    }
}

/// The labels of a `Literal`, or of an alias for one.
fn labels(ty: &Value) -> Option<Vec<String>> {
    crate::alembic::types::literal(&aliased(ty).unwrap_or_else(|| ty.clone()))
}

/// Whether an entry of the map is SQLAlchemy's `Enum`, or that of a dialect.
fn is_enum_type(entry: &Value) -> bool {
    let path = entry.path();
    let path = path.as_deref().or_else(|| entry.call_of().map(|(path, _)| path));
    path.is_some_and(|path| path.starts_with("sqlalchemy.") && (path.ends_with(".Enum") || path.ends_with(".ENUM")))
}

/// Whether it is written as an `Enum` of whichever values its key has: `Enum(enum.Enum)`.
fn holds_any_enum(entry: &Value) -> bool {
    is_enum_type(entry)
        && entry.call_of().is_some_and(|(_, args)| {
            args.positional.first().is_some_and(|first| first.path().as_deref() == Some("enum.Enum"))
        })
}

/// An entry for enums in the map, made for a `Literal`: never a type of the database (`Enum._resolve_for_python_type`).
fn with_labels(entry: &Value, labels: Vec<String>) -> Value {
    let (path, mut args) =
        entry.call_of().map_or(("sqlalchemy.Enum", Args::default()), |(path, args)| (path, args.clone()));
    args.positional = labels.iter().map(Value::str).collect();
    args.keyword.retain(|(key, _)| &**key != "native_enum");
    args.keyword.push(("native_enum".into(), Value::Bool(false)));
    symbol_call(path, args)
}

/// Whether it is an `Enum` that says no labels.
fn labels_are_left(entry: &Value) -> bool {
    is_enum_type(entry) && entry.call_of().is_none_or(|(_, args)| args.positional.is_empty())
}

/// An entry for enums in the map, made for one enum class.
fn with_enum(entry: &Value, class: &Value) -> Value {
    let (path, mut args) =
        entry.call_of().map_or(("sqlalchemy.Enum", Args::default()), |(path, args)| (path, args.clone()));
    args.positional = vec![class.clone()];
    symbol_call(path, args)
}

/// A symbolic call of a library's name.
pub(super) fn call(path: &str, positional: Vec<Value>) -> Value {
    symbol_call(path, Args::positional(positional))
}

pub(super) fn symbol_call(path: &str, args: Args) -> Value {
    Value::symbol(SymbolKind::Call { callee: Value::external(path), args }, None)
}

fn default_type(path: &str, versions: Versions) -> Option<Value> {
    let name = match path {
        "builtins.int" => "Integer",
        // 2.1 made it `Double`.
        "builtins.float" if versions.sqlalchemy >= (2, 1) => "Double",
        "builtins.float" => "Float",
        "builtins.bool" => "Boolean",
        "builtins.str" => "String",
        "builtins.bytes" => "LargeBinary",
        "uuid.UUID" => "Uuid",
        "decimal.Decimal" => "Numeric",
        "datetime.date" => "Date",
        "datetime.datetime" => "DateTime",
        "datetime.time" => "Time",
        "datetime.timedelta" => "Interval",
        _ => return None,
    };
    Some(call(&format!("sqlalchemy.{name}"), Vec::new()))
}
