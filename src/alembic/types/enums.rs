//! `Enum`, `ENUM` and `SET`: the labels, the name, and what each database makes of them.

use super::{Enumeration, Reader, SqlType, TypeCheck, flag_arg, int_arg, text_arg};
use crate::alembic::python::{Args, Value};
use crate::catalog::types::TypeKind;
use crate::catalog::{ColumnType, Dialect, ObjectName};
use crate::source::Place;

/// What an `Enum` is made of.
struct Labels {
    labels: Vec<String>,
    /// The enum class's name in lower case: the type's name where none is given.
    default_name: Option<String>,
    place: Option<Place>,
}

impl Reader<'_, '_> {
    /// `Enum(…)` of SQLAlchemy and `ENUM(…)` of a dialect.
    pub(super) fn enumeration(&mut self, args: &Args, place: Option<&Place>) -> SqlType {
        match self.try_enumeration(args, place) {
            Ok(ty) => ty,
            Err((reason, at)) => SqlType::doubt(reason, at.or_else(|| place.cloned())),
        }
    }

    fn try_enumeration(&mut self, args: &Args, place: Option<&Place>) -> Result<SqlType, (String, Option<Place>)> {
        let doubt = |doubt: super::Doubt| (doubt.reason, doubt.place);
        if let Some(existing) = self.existing_type(args) {
            return Ok(existing);
        }
        let Labels { labels, default_name, place: labels_place } = self.labels(args)?;
        let native = flag_arg(args, None, "native_enum", true).map_err(doubt)?;
        let constrained =
            flag_arg(args, None, "create_constraint", !native && self.interpreter.checks_labels).map_err(doubt)?;
        let name = match args.keyword("name") {
            Some(Value::None) | None => default_name,
            Some(value) => Some(
                value
                    .as_str()
                    .map(|name| name.to_string())
                    .ok_or(("an enum whose name is computed".to_owned(), value.place()))?,
            ),
        };
        let place = labels_place.or_else(|| place.cloned());
        match self.dialect {
            Dialect::PostgreSql | Dialect::CockroachDb if native => {
                let Some(name) = name else {
                    return Err(("an enum without a name, which PostgreSQL needs".to_owned(), place));
                };
                let create = flag_arg(args, None, "create_type", true).map_err(doubt)?;
                let name = ObjectName { schema: text_arg(args, "schema"), name };
                let ty = ColumnType { kind: TypeKind::Named(name.clone()), array: false };
                Ok(SqlType { enumeration: Some(Enumeration { name, labels, create, place }), ..SqlType::plain(ty) })
            }
            Dialect::MySql if native => {
                let kind = TypeKind::Inline { set: false, labels };
                Ok(SqlType::plain(ColumnType { kind, array: false }))
            }
            _ => {
                let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
                let given = int_arg(args, usize::MAX, "length").map_err(doubt)?;
                // `length=None` asks for the longest label, as does leaving it out.
                let longest = i64::try_from(longest).unwrap_or(i64::MAX);
                let length = given.unwrap_or(longest);
                if length < longest {
                    let reason = format!("an enum of length {length} with a label of {longest} characters");
                    return Err((format!("{reason}, which SQLAlchemy refuses"), place));
                }
                let words = if self.dialect == Dialect::Oracle { "varchar2" } else { "varchar" };
                let mut ty = self.words(words, &[length]);
                ty.length_of_labels = given.is_none();
                if constrained {
                    ty.check = Some(TypeCheck { name, labels: Some(labels) });
                }
                Ok(ty)
            }
        }
    }

    /// `ENUM(name="state", create_type=False)` on PostgreSQL: a type that is there already, whose labels need not be said.
    fn existing_type(&self, args: &Args) -> Option<SqlType> {
        let created = args.keyword("create_type").and_then(Value::as_bool) != Some(false);
        if created || !self.dialect.is_postgres_like() || !args.positional.is_empty() || args.keyword("enums").is_some()
        {
            return None;
        }
        let name = args.keyword("name")?.as_str()?.to_string();
        let name = ObjectName { schema: text_arg(args, "schema"), name };
        Some(SqlType::plain(ColumnType { kind: TypeKind::Named(name), array: false }))
    }

    /// The labels of an enum: strings, the names of an enum class's members, or what `values_callable` makes of them.
    fn labels(&mut self, args: &Args) -> Result<Labels, (String, Option<Place>)> {
        let positional: Vec<Value> = match args.positional.as_slice() {
            // A list or tuple of labels in one argument.
            [one @ (Value::List(_) | Value::Tuple(_))] => one.items().unwrap_or_default(),
            [] => args.keyword("enums").and_then(Value::items).unwrap_or_default(),
            several => several.to_vec(),
        };
        if let [Value::Class(class)] = positional.as_slice() {
            if !class.is_enum() {
                return Err((format!("the class {}, which is no enum", class.name), Some(class.place.clone())));
            }
            if let Some(unknown) = class.doubts.borrow().first() {
                return Err((unknown.reason.clone(), Some(unknown.place.clone())));
            }
            let default_name = Some(class.name.to_lowercase());
            let place = Some(class.place.clone());
            if let Some(callable) = args.keyword("values_callable").filter(|value| !value.is_none()) {
                let at = callable.place().unwrap_or_else(|| class.place.clone());
                let made = self
                    .interpreter
                    .call(callable, Args::positional(vec![positional[0].clone()]), &at)
                    .ok()
                    .and_then(|values| values.items());
                let labels: Option<Vec<String>> =
                    made.and_then(|values| values.iter().map(label).collect::<Option<Vec<_>>>());
                return match labels {
                    Some(labels) => Ok(Labels { labels, default_name, place }),
                    None => Err(("an enum whose values_callable could not be evaluated".to_owned(), Some(at))),
                };
            }
            let members = class.members.borrow();
            // Aliases repeat the value of an earlier member and are no labels.
            let labels = members
                .iter()
                .filter_map(|member| member.get("name").and_then(|name| name.as_str()))
                .map(|name| name.to_string())
                .collect();
            return Ok(Labels { labels, default_name, place });
        }
        if positional.is_empty() {
            return Err(("an enum without labels".to_owned(), None));
        }
        // `Enum(Literal["a", "b"])`.
        if let [one] = positional.as_slice()
            && let Some(labels) = literal(one)
        {
            return Ok(Labels { labels, default_name: None, place: one.place() });
        }
        let labels: Option<Vec<String>> = positional.iter().map(label).collect();
        match labels {
            Some(labels) => Ok(Labels { labels, default_name: None, place: None }),
            None => Err(("an enum whose labels could not be evaluated".to_owned(), None)),
        }
    }

    /// MySQL's `SET("a", "b")`.
    pub(super) fn set(&mut self, args: &Args, place: Option<&Place>) -> SqlType {
        let labels: Option<Vec<String>> = args.positional.iter().map(label).collect();
        match labels {
            Some(labels) => SqlType::plain(ColumnType { kind: TypeKind::Inline { set: true, labels }, array: false }),
            None => SqlType::doubt("a set whose labels could not be evaluated", place.cloned()),
        }
    }
}

/// The name of the type that `Enum(…, name="state")` stands for on PostgreSQL. What drops it needs no labels to be known, and
/// is often written without any.
pub(crate) fn enum_name(value: &Value) -> Option<ObjectName> {
    let ("sqlalchemy.Enum" | "sqlalchemy.dialects.postgresql.ENUM", args) = value.call_of()? else { return None };
    // `native_enum=False` is no type of the database, and a metadata may have a schema.
    let is_plain = args.more.is_none() && ["native_enum", "metadata"].iter().all(|key| args.keyword(key).is_none());
    let schema = match args.keyword("schema") {
        None | Some(Value::None) => None,
        Some(schema) => Some(schema.as_str()?.to_string()),
    };
    let name = args.keyword("name").filter(|_| is_plain)?.as_str()?.to_string();
    Some(ObjectName { schema, name })
}

/// A label: a string, or an enum's member where strings are asked for.
fn label(value: &Value) -> Option<String> {
    value.as_str().map(|text| text.to_string())
}

/// The strings of `Literal["a", "b"]`.
pub(crate) fn literal(value: &Value) -> Option<Vec<String>> {
    use crate::alembic::python::SymbolKind;
    let Value::Symbol(symbol) = value else { return None };
    let SymbolKind::Subscript { base, index } = &symbol.kind else { return None };
    if base.path().as_deref() != Some("typing.Literal") {
        return None;
    }
    let items = match index {
        Value::Tuple(items) => items.to_vec(),
        one => vec![one.clone()],
    };
    items.iter().filter(|item| !item.is_none()).map(label).collect()
}
