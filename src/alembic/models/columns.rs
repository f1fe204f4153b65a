//! Attributes of mapped classes as `sqlalchemy.Column(…)` calls, whichever way they are written.

use super::annotations::{self, Annotated, Versions};
use crate::alembic::items::is_item;
use crate::alembic::python::{Args, Class, Interpreter, SymbolKind, Text, Value};
use crate::alembic::types;
use crate::source::Place;

/// The canonical path of `Column`.
pub(super) const COLUMN: &str = "sqlalchemy.Column";
/// The canonical path of `mapped_column`.
pub(super) const MAPPED_COLUMN: &str = "sqlalchemy.orm.mapped_column";

/// Keywords of `mapped_column` that say nothing about the table.
const ORM_KEYWORDS: &[&str] = &[
    "init",
    "repr",
    "default_factory",
    "compare",
    "kw_only",
    "hash",
    "dataclass_metadata",
    "use_existing_column",
    "deferred",
    "deferred_group",
    "deferred_raiseload",
    "active_history",
    "sort_order",
    "insert_default",
];

/// Whether a value is `Column(…)` or `mapped_column(…)`.
pub(super) fn is_column(value: &Value) -> bool {
    matches!(value.call_of(), Some((COLUMN | MAPPED_COLUMN, _)))
}

/// What an attribute of a mapped class turns out to be.
pub(super) enum Attribute {
    /// A column, as a call of `Column` whose first argument is its name.
    Column(Value),
    /// Several: those of a composite.
    Columns(Vec<Value>),
    /// Nothing that the table has.
    None,
    /// What could not be evaluated, and why.
    Doubt(String, Option<Place>),
}

/// Arguments of `Column` sorted out.
#[derive(Default)]
struct Parts {
    name: Option<Text>,
    ty: Option<Value>,
    rest: Vec<Value>,
    keyword: Vec<(Text, Value)>,
    more: Option<std::rc::Rc<crate::alembic::python::Unknown>>,
}

impl Parts {
    /// `Column("name", Type, *constraints, **keywords)`: name and type may each be left out or given by keyword.
    fn of(args: &Args) -> Self {
        let mut parts = Self { more: args.more.clone(), ..Self::default() };
        let mut positional = args.positional.iter().peekable();
        match positional.peek() {
            Some(value) if value.as_str().is_some() => parts.name = positional.next().and_then(Value::as_str),
            Some(Value::None) => {
                positional.next();
            }
            _ => {}
        }
        // The type comes first of what is left, or it is not given in this way: whatever is no item that stands on the
        // column (`Column.__init__`), a type of another package as well.
        if let Some(value) = positional.peek() {
            let taken = match value {
                Value::Symbol(_) => !is_item(value),
                Value::Unknown(_) => !has_type(args),
                Value::None => true,
                value => types::is_type(value),
            };
            if taken {
                parts.ty = positional.next().filter(|value| !value.is_none()).cloned();
            }
        }
        parts.rest = positional.cloned().collect();
        for (key, value) in &args.keyword {
            match &**key {
                "name" | "__name_pos" => parts.name = parts.name.or_else(|| value.as_str()),
                "type_" | "__type_pos" => parts.ty = parts.ty.or_else(|| Some(value.clone())),
                _ => parts.keyword.push((std::rc::Rc::clone(key), value.clone())),
            }
        }
        parts
    }

    fn has(&self, key: &str) -> bool {
        self.keyword.iter().any(|(name, _)| &**name == key)
    }

    fn set(&mut self, key: &str, value: Value) {
        if !self.has(key) {
            self.keyword.push((key.into(), value));
        }
    }

    /// Whether a foreign key stands on it: then the type may be left to the target.
    fn has_foreign_key(&self) -> bool {
        self.rest.iter().any(|value| matches!(value.call_of(), Some(("sqlalchemy.ForeignKey", _))))
    }

    fn into_column(self, name: &str, place: Option<Place>) -> Value {
        let mut positional = vec![Value::Str(self.name.unwrap_or_else(|| name.into()))];
        positional.extend(self.ty);
        positional.extend(self.rest);
        let keyword = self.keyword.into_iter().filter(|(key, _)| !ORM_KEYWORDS.contains(&&**key)).collect();
        Value::symbol(
            SymbolKind::Call { callee: Value::external(COLUMN), args: Args { positional, keyword, more: self.more } },
            place,
        )
    }
}

fn has_type(args: &Args) -> bool {
    args.keyword("type_").is_some() || args.positional.iter().any(types::is_type)
}

/// The declarative settings that columns depend on.
pub(super) struct Settings<'a> {
    /// `type_annotation_map`s, the nearest first.
    pub(super) maps: &'a [Value],
    /// Versions of the libraries.
    pub(super) versions: Versions,
}

/// Reads one attribute. `annotation` is the `X` of `Mapped[X]`, where there is one.
pub(super) fn attribute(
    interpreter: &mut Interpreter<'_>,
    settings: &Settings<'_>,
    name: &str,
    value: Option<&Value>,
    annotation: Option<&Value>,
    place: &Place,
) -> Attribute {
    let Some(value) = value else {
        return match annotation {
            Some(annotation) => mapped(settings, name, &Args::default(), Some(annotation), place, None),
            None => Attribute::None,
        };
    };
    if let Value::Unknown(unknown) = value {
        return Attribute::Doubt(unknown.reason.clone(), Some(unknown.place.clone()));
    }
    // `cls.__table__.c.get("x", mapped_column(…))`: the column of the shared table, or one more in it.
    if let Some(own) = unless_there(value) {
        return attribute(interpreter, settings, name, Some(&own), annotation, place);
    }
    let Some((path, args)) = value.call_of() else { return Attribute::None };
    let at = value.place();
    match path {
        // A plain Column under a `Mapped` annotation keeps its own nullability.
        COLUMN => Attribute::Column(Parts::of(args).into_column(name, at.or_else(|| Some(place.clone())))),
        MAPPED_COLUMN => mapped(settings, name, args, annotation, place, at),
        "sqlalchemy.orm.deferred" | "sqlalchemy.orm.column_property" => match args.positional.first() {
            Some(inner) if is_column(inner) => {
                attribute(interpreter, settings, name, Some(&inner.clone()), annotation, place)
            }
            _ => Attribute::None,
        },
        "sqlalchemy.orm.composite" => composite(interpreter, settings, name, args, annotation, place),
        _ => Attribute::None,
    }
}

/// The column that a mixin of a single-table hierarchy adds only where the table has none of that name yet
/// (SQLAlchemy, "Using declared_attr() to inherit columns from mixins"): the second argument of `.c.get(name, column)`.
fn unless_there(value: &Value) -> Option<Value> {
    let (collection, "get", args) = value.method_call()? else { return None };
    let Value::Symbol(symbol) = collection else { return None };
    let SymbolKind::Attribute { name, .. } = &symbol.kind else { return None };
    let column = args.positional.get(1).filter(|column| is_column(column))?;
    matches!(&**name, "c" | "columns").then(|| column.clone())
}

/// `composite(Point, mapped_column("x"), …)`: its columns. What a column does not say itself comes from the parameters
/// of the class, in their order (`CompositeProperty._setup_for_dataclass`).
fn composite(
    interpreter: &mut Interpreter<'_>,
    settings: &Settings<'_>,
    name: &str,
    args: &Args,
    annotation: Option<&Value>,
    place: &Place,
) -> Attribute {
    let (class, given) = match args.positional.split_first() {
        Some((first, rest)) if !is_column(first) && first.as_str().is_none() => (Some(first.clone()), rest),
        _ => (annotation.and_then(|annotation| Annotated::of(annotation).plain().cloned()), &args.positional[..]),
    };
    let fields = match &class {
        Some(Value::Class(class)) => composite_fields(interpreter, class),
        _ => Vec::new(),
    };
    let mut columns = Vec::new();
    for at in 0..given.len().max(fields.len()) {
        let field = fields.get(at);
        let made;
        let inner = match given.get(at) {
            Some(inner) if is_column(inner) => inner,
            // The name of a column that another attribute declares.
            Some(_) => continue,
            None if annotation.is_none() => continue,
            None => {
                made = annotations::call(MAPPED_COLUMN, Vec::new());
                &made
            }
        };
        let Some((path, inner_args)) = inner.call_of() else { continue };
        let parts = Parts::of(inner_args);
        let field_name = field.map(|(field, _)| field.clone());
        let needs_type = path == MAPPED_COLUMN && parts.ty.is_none() && !parts.has_foreign_key();
        let unsure = (parts.name.is_none() && field_name.is_none()) || (needs_type && field.is_none());
        if unsure {
            let what = "a composite whose columns come from a class that could not be read";
            return Attribute::Doubt(what.to_owned(), Some(place.clone()));
        }
        let own = field_name.unwrap_or_else(|| name.to_owned());
        let inner = inner.clone();
        columns.extend(column_of(attribute(
            interpreter,
            settings,
            &own,
            Some(&inner),
            field.map(|(_, annotation)| annotation),
            place,
        )));
    }
    Attribute::Columns(columns)
}

/// The parameters that make a composite's class: those of its `__init__`, or the fields of a dataclass.
fn composite_fields(interpreter: &mut Interpreter<'_>, class: &std::rc::Rc<Class>) -> Vec<(String, Value)> {
    let mut fields: Vec<(String, Value)> = Vec::new();
    for owner in class.mro().into_iter().rev() {
        let attributes = owner.attributes.borrow().clone();
        for attribute in attributes {
            let Some(annotation) = &attribute.annotation else { continue };
            let value = interpreter.annotation(&owner, annotation);
            let is_class_variable = value.path().as_deref() == Some("typing.ClassVar")
                || matches!(annotations::subscript(&value), Some((base, _)) if base == "typing.ClassVar");
            if !is_class_variable && !fields.iter().any(|(known, _)| **known == *attribute.name) {
                fields.push((attribute.name.to_string(), value));
            }
        }
    }
    fields
}

fn column_of(attribute: Attribute) -> Option<Value> {
    match attribute {
        Attribute::Column(column) => Some(column),
        _ => None,
    }
}

/// `mapped_column(…)` under an annotation (`MappedColumn._init_column_for_annotation`).
fn mapped(
    settings: &Settings<'_>,
    name: &str,
    args: &Args,
    annotation: Option<&Value>,
    place: &Place,
    at: Option<Place>,
) -> Attribute {
    let mut parts = Parts::of(args);
    if let Some(annotation) = annotation {
        // A type that is given outranks the annotation, which then says no more than whether there is `None` in it.
        if let Value::Unknown(unknown) = annotation
            && parts.ty.is_none()
            && !parts.has_foreign_key()
        {
            return Attribute::Doubt(unknown.reason.clone(), Some(unknown.place.clone()));
        }
        let annotated = Annotated::of(annotation);
        let shared = annotated
            .metadata
            .iter()
            .find_map(|item| item.call_of().filter(|(path, _)| *path == MAPPED_COLUMN))
            .map(|(_, args)| Parts::of(args));
        if let Some(shared) = shared {
            parts.ty = parts.ty.take().or(shared.ty);
            parts.rest.extend(shared.rest);
            parts.more = parts.more.take().or(shared.more);
            for (key, value) in shared.keyword {
                if &*key != "key" {
                    parts.set(&key, value);
                }
            }
        }
        // Behind an alias that cannot be evaluated, `None` may stand; the alias itself may be a key of the map.
        let hidden = annotated.doubt.clone().map(Value::Unknown);
        parts.set("nullable", hidden.unwrap_or(Value::Bool(annotated.optional)));
        if parts.ty.is_none() && !parts.has_foreign_key() {
            match annotations::sql_type(&annotated, settings.maps, settings.versions) {
                Some(ty) => parts.ty = Some(ty),
                None if let Some(unknown) = &annotated.doubt => {
                    return Attribute::Doubt(unknown.reason.clone(), Some(unknown.place.clone()));
                }
                None => {
                    let text = annotated.plain().map(|ty| format!("{ty:?}")).unwrap_or_default();
                    parts.ty = Some(Value::unknown(
                        format!("the annotation {text}, for which no type is known"),
                        place.clone(),
                    ));
                }
            }
        }
    }
    Attribute::Column(parts.into_column(name, at.or_else(|| Some(place.clone()))))
}
