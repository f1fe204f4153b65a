//! What a Python annotation says about a column: whether it takes NULL, and which type it has.

use std::rc::Rc;

use crate::alembic::discover::Version;
use crate::alembic::python::{Args, Class, Interpreter, SymbolKind, Value};

/// How deep generic types may nest.
const MAX_DEPTH: usize = 20;

/// An annotation taken apart.
#[derive(Clone, Default)]
pub(super) struct Annotated {
    /// Whether it allows `None`.
    pub(super) optional: bool,
    /// The type without `Optional`, `Annotated` still around it.
    pub(super) ty: Option<Value>,
    /// The type without `Annotated`, where there was one.
    pub(super) inner: Option<Value>,
    /// What `Annotated` carries.
    pub(super) metadata: Vec<Value>,
}

impl Annotated {
    /// Takes an annotation apart: `Optional[Annotated[str, mapped_column(…)]]`.
    pub(super) fn of(annotation: &Value) -> Self {
        let mut found = Self::default();
        found.walk(annotation, 0);
        found
    }

    fn walk(&mut self, value: &Value, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        if let Some(parts) = union(value) {
            let mut types = Vec::new();
            for part in parts {
                if part.is_none() { self.optional = true } else { types.push(part) }
            }
            if let [one] = types.as_slice() {
                self.walk(one, depth + 1);
            } else {
                self.ty = Some(value.clone());
            }
            return;
        }
        if self.ty.is_none() {
            self.ty = Some(value.clone());
        }
        if let Some((base, items)) = subscript(value)
            && base == "typing.Annotated"
            && let Some((first, rest)) = items.split_first()
        {
            self.metadata.extend(rest.iter().cloned());
            let outer = self.ty.take();
            self.walk(first, depth + 1);
            let inner = self.inner.take().or_else(|| self.ty.take());
            self.ty = outer;
            self.inner = inner;
        }
    }

    /// The type itself, without `Annotated`.
    pub(super) fn plain(&self) -> Option<&Value> {
        self.inner.as_ref().or(self.ty.as_ref())
    }
}

/// The parts of a union: `Optional[X]`, `Union[X, None]`, `X | None`.
fn union(value: &Value) -> Option<Vec<Value>> {
    if let Some((base, items)) = subscript(value) {
        return match base.as_str() {
            "typing.Optional" => Some(vec![items.first()?.clone(), Value::None]),
            "typing.Union" => Some(items),
            _ => None,
        };
    }
    let Value::Symbol(symbol) = value else { return None };
    match &symbol.kind {
        SymbolKind::Binary { operator: "|", left, right } => {
            let mut parts = union(left).unwrap_or_else(|| vec![left.clone()]);
            parts.extend(union(right).unwrap_or_else(|| vec![right.clone()]));
            Some(parts)
        }
        _ => None,
    }
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
            _ => match (union(&Value::Symbol(Rc::clone(a))), union(&Value::Symbol(Rc::clone(b)))) {
                (Some(a), Some(b)) => {
                    a.len() == b.len() && a.iter().all(|a| b.iter().any(|b| same_at(a, b, depth + 1)))
                }
                _ => false,
            },
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
pub(super) fn sql_type(
    interpreter: &mut Interpreter<'_>,
    annotated: &Annotated,
    maps: &[Value],
    versions: Versions,
) -> Option<Value> {
    for candidate in [&annotated.ty, &annotated.inner].into_iter().flatten() {
        if let Some(found) = resolve(interpreter, candidate, maps, versions) {
            return Some(found);
        }
    }
    None
}

fn in_maps(maps: &[Value], ty: &Value) -> Option<Value> {
    maps.iter().find_map(|map| {
        let Value::Dict(entries) = map else { return None };
        let entries = entries.borrow();
        entries
            .get(ty)
            .cloned()
            .or_else(|| entries.iter().find(|(key, _)| same(key, ty)).map(|(_, value)| value.clone()))
    })
}

fn resolve(interpreter: &mut Interpreter<'_>, ty: &Value, maps: &[Value], versions: Versions) -> Option<Value> {
    if let Some(found) = in_maps(maps, ty) {
        return match ty {
            Value::Class(class) if class.is_enum() => Some(with_enum(&found, ty)),
            _ => Some(found),
        };
    }
    match ty {
        Value::Class(class) if class.is_enum() => {
            let generic = in_maps(maps, &Value::external("enum.Enum"));
            Some(match generic {
                Some(found) => with_enum(&found, ty),
                None => call("sqlalchemy.Enum", vec![ty.clone()]),
            })
        }
        Value::Class(class) => {
            // Other classes match no supertype's entry.
            let _: &Rc<Class> = class;
            None
        }
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::External(path) => default_type(path, versions),
            SymbolKind::Call { .. } => {
                // `NewType("UserId", int)` is looked up by itself, and taken for what it names otherwise.
                let (path, args) = ty.call_of()?;
                (path == "typing.NewType")
                    .then(|| args.positional.get(1).cloned())
                    .flatten()
                    .and_then(|base| resolve(interpreter, &base, maps, versions))
            }
            SymbolKind::Subscript { .. } => {
                let labels = crate::alembic::types::literal(ty)?;
                let values: Vec<Value> = labels.iter().map(Value::str).collect();
                let generic = in_maps(maps, &Value::external("typing.Literal"))
                    .or_else(|| in_maps(maps, &Value::external("enum.Enum")));
                Some(match generic.as_ref().and_then(Value::call_of) {
                    Some((path, args)) => {
                        let mut args = args.clone();
                        args.positional = values;
                        symbol_call(path, args)
                    }
                    None => {
                        let keyword = vec![("native_enum".into(), Value::Bool(false))];
                        symbol_call("sqlalchemy.Enum", Args { positional: values, keyword, more: None })
                    }
                })
            }
            _ => None,
        },
        _ => None,
    }
}

/// An entry for `enum.Enum` in the map, made for one enum class.
fn with_enum(entry: &Value, class: &Value) -> Value {
    match entry.call_of() {
        Some((path, args)) if path.ends_with(".Enum") || path.ends_with(".ENUM") => {
            let general = args.positional.first().is_none_or(|first| first.path().as_deref() == Some("enum.Enum"));
            let mut args = args.clone();
            if general {
                args.positional = vec![class.clone()];
            }
            symbol_call(path, args)
        }
        _ if entry.path().is_some_and(|path| path.ends_with(".Enum")) => call("sqlalchemy.Enum", vec![class.clone()]),
        _ => entry.clone(),
    }
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
