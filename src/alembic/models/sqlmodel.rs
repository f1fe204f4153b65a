//! SQLModel's fields as `sqlalchemy.Column(…)` calls (`sqlmodel.main.get_column_from_field`).

use std::rc::Rc;

use super::annotations::{Annotated, Versions, call, subscript, symbol_call};
use super::columns::{Attribute, COLUMN};
use crate::alembic::python::{Args, Class, SymbolKind, Text, Value};
use crate::alembic::types;
use crate::source::Place;

/// The version in which datetimes became aware (`UTCDateTime`).
const AWARE: (u32, u32, u32) = (0, 0, 45);

/// What `Field(…)` says in vain beside `sa_column`: SQLModel raises.
const BESIDE_COLUMN: [&str; 9] = [
    "primary_key",
    "nullable",
    "foreign_key",
    "ondelete",
    "unique",
    "index",
    "sa_type",
    "sa_column_args",
    "sa_column_kwargs",
];

/// The version since which `sa_column` excludes them.
const EXCLUSIVE: (u32, u32, u32) = (0, 0, 11);

/// Whether an attribute of a SQLModel class is a field at all.
pub(super) fn is_field(name: &str, annotation: &Value, value: Option<&Value>) -> bool {
    if name.starts_with('_') || name == "model_config" || name == "metadata" {
        return false;
    }
    if matches!(subscript(annotation), Some((base, _)) if base == "typing.ClassVar")
        || annotation.path().as_deref() == Some("typing.ClassVar")
    {
        return false;
    }
    !matches!(
        value.and_then(Value::call_of),
        Some(("sqlmodel.Relationship" | "sqlalchemy.orm.relationship" | "pydantic.PrivateAttr", _))
    )
}

/// The column of a field. `Err` says why SQLModel would refuse the model.
pub(super) fn field(
    name: &str,
    annotation: &Value,
    value: Option<&Value>,
    versions: Versions,
    place: &Place,
) -> Result<Attribute, String> {
    let annotated = Annotated::of(annotation);
    let empty = Args::default();
    // `Annotated[str, Field(max_length=…)]` as well as `= Field(…)`.
    let is_field_call = |value: &&Value| matches!(value.call_of(), Some(("sqlmodel.Field" | "pydantic.Field", _)));
    let own = value.filter(is_field_call);
    let shared = annotated.metadata.iter().find(is_field_call);
    let args = own.or(shared).and_then(Value::call_of).map_or(&empty, |(_, args)| args);
    if let Some(unknown) = &args.more {
        return Ok(Attribute::Doubt(unknown.reason.clone(), Some(unknown.place.clone())));
    }
    if let Some(Value::Unknown(unknown)) = value {
        // A default that is computed is a default all the same.
        let _ = unknown;
    }
    let set = |key: &str| args.keyword(key).filter(|value| !is_undefined(value));
    if let Some(column) = set("sa_column") {
        // Before, all but two of them were taken and had no effect.
        let refuses =
            |key: &&&str| versions.sqlmodel >= EXCLUSIVE || matches!(**key, "sa_column_args" | "sa_column_kwargs");
        if let Some(key) = BESIDE_COLUMN.iter().filter(refuses).find(|key| set(key).is_some()) {
            return Err(format!("the field {name} passes `{key}` beside `sa_column`, which SQLModel refuses"));
        }
        match column {
            Value::Unknown(unknown) => {
                return Ok(Attribute::Doubt(unknown.reason.clone(), Some(unknown.place.clone())));
            }
            // What is no `Column` has no effect: `isinstance(sa_column, Column)` of `get_column_from_field`, in every version.
            column if types::is_type(column) => {}
            column => {
                return Ok(match column.call_of() {
                    Some((COLUMN, inner)) => {
                        Attribute::Column(named(name, inner, column.place().or_else(|| Some(place.clone()))))
                    }
                    _ => Attribute::Doubt(format!("the column of the field {name}"), column.place()),
                });
            }
        }
    }
    let primary_key = set("primary_key").is_some_and(|value| value.as_bool() == Some(true));
    let mut positional = vec![Value::str(name)];
    let ty = match set("sa_type") {
        Some(ty) => ty.clone(),
        None => match annotated.plain() {
            Some(plain) => python_type(plain, &annotated, args, versions).unwrap_or_else(|| {
                Value::unknown(format!("the annotation {plain:?}, for which no type is known"), place.clone())
            }),
            None => Value::unknown("an annotation that cannot be evaluated", place.clone()),
        },
    };
    positional.push(ty);
    if let Some(target) = set("foreign_key").filter(|value| !value.is_none()) {
        let mut foreign = Args::positional(vec![target.clone()]);
        if let Some(action) = set("ondelete").filter(|value| !value.is_none()) {
            foreign.keyword.push(("ondelete".into(), action.clone()));
        }
        positional.push(symbol_call("sqlalchemy.ForeignKey", foreign));
    }
    if let Some(extra) = set("sa_column_args").and_then(Value::items) {
        positional.extend(extra);
    }
    let mut keyword: Vec<(Text, Value)> = Vec::new();
    keyword.push(("primary_key".into(), Value::Bool(primary_key)));
    let nullable = match set("nullable") {
        Some(value) => value.clone(),
        None => {
            let defaults_to_none = value.is_some_and(Value::is_none)
                || args.positional.first().or(args.keyword("default")).is_some_and(Value::is_none);
            Value::Bool(!primary_key && (annotated.optional || (versions.pydantic < 2 && defaults_to_none)))
        }
    };
    if set("ondelete").and_then(Value::as_str).as_deref() == Some("SET NULL") && nullable.as_bool() == Some(false) {
        return Err(format!("the field {name} has ondelete=\"SET NULL\" and takes no NULL, which SQLModel refuses"));
    }
    keyword.push(("nullable".into(), nullable));
    for key in ["index", "unique"] {
        if let Some(value) = set(key) {
            keyword.push((key.into(), value.clone()));
        }
    }
    if let Some(Value::Dict(entries)) = set("sa_column_kwargs") {
        for (key, value) in entries.borrow().iter() {
            let Some(key) = key.as_str() else { continue };
            // The column's own name, which the field's does not replace.
            if &*key == "name" && !value.is_none() {
                if let Some(first) = positional.first_mut() {
                    *first = value.clone();
                }
                continue;
            }
            keyword.retain(|(known, _)| *known != key);
            keyword.push((key, value.clone()));
        }
    } else if let Some(Value::Unknown(unknown)) = set("sa_column_kwargs") {
        return Ok(Attribute::Doubt(unknown.reason.clone(), Some(unknown.place.clone())));
    }
    let at = value.and_then(Value::place).unwrap_or_else(|| place.clone());
    Ok(Attribute::Column(Value::symbol(
        SymbolKind::Call { callee: Value::external(COLUMN), args: Args { positional, keyword, more: None } },
        Some(at),
    )))
}

/// `Column(…)` under the field's name, unless it has one of its own.
fn named(name: &str, args: &Args, place: Option<Place>) -> Value {
    let mut args = args.clone();
    let has_name =
        args.positional.first().is_some_and(|first| first.as_str().is_some()) || args.keyword("name").is_some();
    if !has_name {
        args.positional.insert(0, Value::str(name));
    }
    Value::symbol(SymbolKind::Call { callee: Value::external(COLUMN), args }, place)
}

fn is_undefined(value: &Value) -> bool {
    value.path().is_some_and(|path| path.ends_with("Undefined"))
}

/// The type of a field's annotation (`get_sqlalchemy_type`).
fn python_type(plain: &Value, annotated: &Annotated, args: &Args, versions: Versions) -> Option<Value> {
    let string = || {
        let length = args.keyword("max_length").filter(|value| !value.is_none()).cloned().or_else(|| constr(annotated));
        match length {
            Some(length) => {
                symbol_call("sqlmodel.AutoString", Args { keyword: vec![("length".into(), length)], ..Args::default() })
            }
            None => call("sqlmodel.AutoString", Vec::new()),
        }
    };
    if let Value::Class(class) = plain {
        if class.is_enum() {
            return Some(call("sqlalchemy.Enum", vec![plain.clone()]));
        }
        return subclass_of(class).and_then(|base| python_type(&Value::external(base), annotated, args, versions));
    }
    if let Some((base, items)) = subscript(plain) {
        return match base.as_str() {
            // Pydantic takes a Literal as its values' type; SQLModel maps only types.
            "typing.Literal" => {
                let _ = items;
                None
            }
            _ => None,
        };
    }
    if let Some((path, constrained)) = plain.call_of() {
        // `constr(max_length=…)`, `condecimal(…)`, `NewType("Id", int)`.
        return match path {
            "pydantic.constr" => Some(symbol_call(
                "sqlmodel.AutoString",
                Args {
                    keyword: constrained
                        .keyword
                        .iter()
                        .filter(|(key, _)| &**key == "max_length")
                        .map(|(_, value)| ("length".into(), value.clone()))
                        .collect(),
                    ..Args::default()
                },
            )),
            "pydantic.condecimal" => Some(decimal(constrained)),
            "pydantic.conint" => Some(call("sqlalchemy.Integer", Vec::new())),
            "pydantic.confloat" => Some(call("sqlalchemy.Float", Vec::new())),
            "typing.NewType" | "typing.TypeAliasType" => {
                constrained.positional.get(1).and_then(|base| python_type(base, annotated, args, versions))
            }
            _ => None,
        };
    }
    let path = plain.path()?;
    let generic = |name: &str| Some(call(&format!("sqlalchemy.{name}"), Vec::new()));
    match &*path {
        "builtins.str"
        | "pathlib.Path"
        | "pydantic.EmailStr"
        | "pydantic.networks.EmailStr"
        | "ipaddress.IPv4Address"
        | "ipaddress.IPv4Network"
        | "ipaddress.IPv6Address"
        | "ipaddress.IPv6Network" => Some(string()),
        "builtins.float" => generic("Float"),
        "builtins.bool" => generic("Boolean"),
        "builtins.int" | "pydantic.PositiveInt" | "pydantic.NonNegativeInt" => generic("Integer"),
        "datetime.datetime" | "pydantic.AwareDatetime" | "pydantic.PastDatetime" | "pydantic.FutureDatetime" => {
            let zoned = versions.sqlmodel >= AWARE && !names_naive(annotated);
            Some(symbol_call(
                "sqlalchemy.DateTime",
                Args { keyword: vec![("timezone".into(), Value::Bool(zoned))], ..Args::default() },
            ))
        }
        "pydantic.NaiveDatetime" => generic("DateTime"),
        "datetime.date" => generic("Date"),
        "datetime.timedelta" => generic("Interval"),
        "datetime.time" => generic("Time"),
        "builtins.bytes" => generic("LargeBinary"),
        "decimal.Decimal" => Some(decimal(args)),
        "uuid.UUID" | "pydantic.UUID1" | "pydantic.UUID3" | "pydantic.UUID4" | "pydantic.UUID5" => generic("Uuid"),
        _ => types::is_type(plain).then(|| plain.clone()),
    }
}

fn decimal(args: &Args) -> Value {
    let mut keyword: Vec<(Text, Value)> = Vec::new();
    for (from, to) in [("max_digits", "precision"), ("decimal_places", "scale")] {
        if let Some(value) = args.keyword(from).filter(|value| !value.is_none()) {
            keyword.push((to.into(), value.clone()));
        }
    }
    symbol_call("sqlalchemy.Numeric", Args { keyword, ..Args::default() })
}

/// `Annotated[str, StringConstraints(max_length=…)]`.
fn constr(annotated: &Annotated) -> Option<Value> {
    annotated.metadata.iter().find_map(|item| {
        let (path, args) = item.call_of()?;
        match path {
            "pydantic.StringConstraints" | "sqlmodel.Field" | "pydantic.Field" => args.keyword("max_length").cloned(),
            "annotated_types.MaxLen" => args.get(0, "max_length").cloned(),
            _ => None,
        }
    })
}

fn names_naive(annotated: &Annotated) -> bool {
    annotated.metadata.iter().any(|item| item.path().as_deref() == Some("pydantic.NaiveDatetime"))
}

/// The built-in type that a class of the repository extends.
fn subclass_of(class: &Rc<Class>) -> Option<String> {
    class.external_bases().iter().find_map(|base| {
        let path = base.path()?;
        matches!(&*path, "builtins.str" | "builtins.int" | "builtins.float" | "builtins.bytes")
            .then(|| path.to_string())
    })
}
