//! Fields: their types, native types, attributes and defaults.

use std::collections::BTreeMap;

use super::Validator;
use crate::catalog::Dialect;
use crate::prisma::declare::native::{Arguments, native};
use crate::prisma::schema::ast::{Arity, Attribute, Expr, ExprKind, Field, Model};
use crate::prisma::schema::resolve::{Kind, Scalar};

const FIELD_ATTRIBUTES: [&str; 8] = ["id", "unique", "default", "relation", "map", "updatedAt", "ignore", "shardKey"];
const MODEL_ATTRIBUTES: [&str; 8] = ["id", "unique", "index", "fulltext", "map", "schema", "ignore", "shardKey"];

impl<'a> Validator<'a> {
    pub(super) fn fields(&mut self, model: &'a Model) {
        self.model_attributes(model);
        for field in &model.fields {
            self.field_attributes(model, field);
            let kind = self.resolved.kind(field);
            self.field_type(model, field, kind);
            self.fitting_attributes(model, field, kind);
            self.native_type(model, field, kind);
            if let Some(attribute) = field.attribute("default") {
                self.default(model, field, kind, attribute);
            }
            if let Some(attribute) = field.attribute("updatedAt") {
                let fits = matches!(kind, Kind::Scalar(Scalar::DateTime)) && field.arity != Arity::List;
                if !fits {
                    self.refuse_in(
                        model,
                        attribute.span,
                        "`@updatedAt` stands on single DateTime fields",
                        "make the field a DateTime, or delete the attribute",
                    );
                }
            }
        }
    }

    fn model_attributes(&mut self, model: &'a Model) {
        let mut single: BTreeMap<&str, usize> = BTreeMap::new();
        for attribute in &model.attributes {
            let name = attribute.name.as_str();
            if !MODEL_ATTRIBUTES.contains(&name) {
                let message = format!("`@@{name}` is no attribute of a model");
                self.refuse_in(model, attribute.span, message, "delete the attribute, or correct its name");
            }
            let count = single.entry(name).or_default();
            *count += 1;
            if *count == 2 && matches!(name, "id" | "map" | "schema" | "ignore") {
                let message = format!("`@@{name}` stands on `{}` twice", model.name.name);
                self.refuse_in(model, attribute.span, message, "delete one of the two");
            }
        }
        let Some(attribute) = model.attribute("schema") else {
            if self.dialect.has_schemas() && !self.settings.schemas.is_empty() {
                let message = format!("the datasource lists schemas, and `{}` is in none of them", model.name.name);
                self.refuse_in(model, model.header, message, "add `@@schema(\"…\")` to the model");
            }
            return;
        };
        if !self.dialect.has_schemas() {
            let message = format!("{} has no schemas inside one database", self.dialect.title());
            self.refuse_in(model, attribute.span, message, "delete the attribute");
        } else if model.schema().is_some_and(|schema| !self.settings.schemas.iter().any(|known| known == schema)) {
            self.refuse_in(
                model,
                attribute.span,
                "the datasource does not list this schema",
                "add it to `schemas` in the datasource block",
            );
        }
    }

    fn field_attributes(&mut self, model: &'a Model, field: &'a Field) {
        let mut seen: Vec<&str> = Vec::new();
        for attribute in &field.attributes {
            // All native types count as one attribute, named after the datasource.
            let name = attribute.name.split_once('.').map_or(attribute.name.as_str(), |(prefix, _)| prefix);
            let is_native = name.len() < attribute.name.len();
            if !is_native && !FIELD_ATTRIBUTES.contains(&name) {
                let message = format!("`@{name}` is no attribute of a field");
                self.refuse_in(model, attribute.span, message, "delete the attribute, or correct its name");
            }
            if seen.contains(&name) {
                let message = format!("`@{name}` stands on `{}` twice", field.name.name);
                self.refuse_in(model, attribute.span, message, "delete one of the two");
            }
            seen.push(name);
        }
    }

    /// Attributes of columns on relations, and the other way round.
    fn fitting_attributes(&mut self, model: &'a Model, field: &'a Field, kind: Kind<'a>) {
        for attribute in &field.attributes {
            let name = attribute.name.as_str();
            let fits = match kind {
                Kind::Relation(_) => matches!(name, "relation" | "ignore"),
                Kind::Scalar(_) | Kind::Enum(_) => name != "relation",
                Kind::Unsupported(_) => !matches!(name, "relation" | "ignore" | "updatedAt"),
                Kind::Composite(_) | Kind::Unknown(_) => true,
            };
            // Defaults and `@updatedAt` are told by their own rules.
            if !fits && !matches!(name, "default" | "updatedAt") {
                let message = format!("`@{name}` cannot stand on a field of this type");
                self.refuse_in(model, attribute.span, message, "delete the attribute");
            }
        }
    }

    fn field_type(&mut self, model: &'a Model, field: &'a Field, kind: Kind<'a>) {
        match kind {
            Kind::Unknown(name) => {
                let message = format!("`{name}` is neither a scalar type nor the name of a model or an enum");
                self.refuse_in(model, field.span, message, "correct the type, or declare it");
            }
            Kind::Composite(composite) => {
                let message = format!("`{}` is a composite type, which only MongoDB has", composite.name.name);
                self.refuse_in(model, field.span, message, "use Json, or a model of its own");
            }
            Kind::Relation(_) => {}
            Kind::Enum(block) if self.dialect == Dialect::SqlServer => {
                let message = format!("SQL Server has no enums: `{}` cannot be stored", block.name.name);
                self.refuse_in(model, field.span, message, "make the field a String");
            }
            Kind::Scalar(Scalar::Json) if self.dialect == Dialect::SqlServer => {
                self.refuse_in(model, field.span, "SQL Server has no Json in Prisma", "make the field a String");
            }
            Kind::Scalar(Scalar::Json) if self.dialect == Dialect::CockroachDb && field.arity == Arity::List => {
                self.refuse_in(model, field.span, "CockroachDB has no lists of Json", "make the field a single Json");
            }
            Kind::Scalar(_) | Kind::Enum(_) | Kind::Unsupported(_) => {
                if field.arity == Arity::List && !self.dialect.is_postgres_like() {
                    let message = format!("{} has no lists: `{}` cannot be one", self.dialect.title(), field.name.name);
                    self.refuse_in(model, field.span, message, "use Json, or a model of its own");
                }
            }
        }
    }

    fn native_type(&mut self, model: &'a Model, field: &'a Field, kind: Kind<'a>) {
        let (Some((name, attribute)), Kind::Scalar(scalar)) = (field.native_type(), kind) else { return };
        let Some(native) = native(self.dialect, name) else {
            let message = format!("{} has no native type `{name}` in Prisma", self.dialect.title());
            self.refuse_in(model, attribute.span, message, "delete the attribute, or name a type of this provider");
            return;
        };
        let given = attribute.arguments.len();
        let allowed = match native.arguments {
            Arguments::None => 0..=0,
            Arguments::Optional | Arguments::Max => 0..=1,
            Arguments::One => 1..=1,
            Arguments::Pair => 0..=2,
        };
        if !allowed.contains(&given) || native.arguments == Arguments::Pair && given == 1 {
            let message = format!("the native type `{name}` does not take {given} arguments");
            self.refuse_in(model, attribute.span, message, "see the provider's native types in Prisma's reference");
        } else if let Some(argument) = attribute.arguments.iter().find(|argument| !is_size(&argument.value)) {
            let message = format!("the native type `{name}` takes numbers");
            self.refuse_in(model, argument.value.span, message, "write how long or how precise the type is");
        } else if !native.carries.contains(&scalar) {
            let message = format!("the native type `{name}` cannot store a field of type {scalar:?}");
            self.refuse_in(model, attribute.span, message, "change the field's type or its native type");
        }
    }

    fn default(&mut self, model: &'a Model, field: &'a Field, kind: Kind<'a>, attribute: &'a Attribute) {
        if matches!(kind, Kind::Unknown(_) | Kind::Composite(_)) {
            return;
        }
        if matches!(kind, Kind::Relation(_)) {
            self.refuse_in(
                model,
                attribute.span,
                "a relation has no default",
                "put the default on the field that refers",
            );
            return;
        }
        if attribute.named("map").is_some() && self.dialect != Dialect::SqlServer {
            let message = format!("{} has no names for defaults", self.dialect.title());
            self.refuse_in(model, attribute.span, message, "delete `map:` from the default");
        }
        let Some(value) = field.default() else { return };
        let wrong = match value.call() {
            Some((name, arguments)) => self.wrong_function(name, arguments.len(), kind),
            None if field.arity == Arity::List => match &value.kind {
                ExprKind::Array(elements) => elements.iter().find_map(|element| wrong_literal(element, kind)),
                _ => Some("the default of a list is a list".to_owned()),
            },
            None => wrong_literal(value, kind),
        };
        if let Some(message) = wrong {
            self.refuse_in(model, attribute.span, message, "write a default that fits the type of the field");
        }
    }

    /// Why a function cannot be the default of a field of that kind.
    fn wrong_function(&self, name: &str, arguments: usize, kind: Kind<'_>) -> Option<String> {
        if matches!(kind, Kind::Unsupported(_)) && name != "dbgenerated" {
            return Some("a field of an unsupported type has no default but `dbgenerated(\"…\")`".to_owned());
        }
        let fits = match name {
            "dbgenerated" | "auto" => true,
            // CockroachDB's `unique_rowid()` has 64 bits.
            "autoincrement" if self.dialect == Dialect::CockroachDb => matches!(kind, Kind::Scalar(Scalar::BigInt)),
            "autoincrement" => matches!(kind, Kind::Scalar(Scalar::Int | Scalar::BigInt)) && arguments == 0,
            "now" => matches!(kind, Kind::Scalar(Scalar::DateTime)) && arguments == 0,
            "cuid" | "uuid" | "nanoid" | "ulid" => matches!(kind, Kind::Scalar(Scalar::String)),
            "sequence" => self.dialect == Dialect::CockroachDb,
            _ => return Some(format!("`{name}()` is no function for defaults")),
        };
        (!fits).then(|| format!("`{name}()` cannot be the default of this field"))
    }
}

/// Why a literal cannot be the default of a field of that kind.
fn wrong_literal(value: &Expr, kind: Kind<'_>) -> Option<String> {
    let wrong = |expected: &str| Some(format!("the default is not {expected}"));
    match (&value.kind, kind) {
        (ExprKind::Array(_), _) => wrong("a single value"),
        (_, Kind::Unsupported(_)) => {
            Some("a field of an unsupported type has no default but `dbgenerated(\"…\")`".to_owned())
        }
        (ExprKind::Constant(name), Kind::Enum(block)) => {
            let known = block.values.iter().any(|value| value.name.name == *name);
            (!known).then(|| format!("`{name}` is no value of the enum `{}`", block.name.name))
        }
        (_, Kind::Enum(_)) => wrong("a value of the enum"),
        (ExprKind::Number(number), Kind::Scalar(Scalar::Int | Scalar::BigInt)) => {
            if number.parse::<i64>().is_ok() {
                None
            } else {
                wrong("a whole number of 64 bits")
            }
        }
        (ExprKind::Constant(word), Kind::Scalar(Scalar::Boolean)) => {
            if matches!(word.as_str(), "true" | "false") {
                None
            } else {
                wrong("`true` or `false`")
            }
        }
        (ExprKind::Text(text), Kind::Scalar(Scalar::Json)) => {
            if serde_json::from_str::<serde_json::Value>(text).is_ok() { None } else { wrong("valid JSON") }
        }
        (ExprKind::Number(_), Kind::Scalar(Scalar::Float | Scalar::Decimal))
        | (ExprKind::Text(_), Kind::Scalar(Scalar::String | Scalar::DateTime | Scalar::Bytes | Scalar::Decimal)) => {
            None
        }
        (_, Kind::Scalar(scalar)) => Some(format!("the default is not a value of type {scalar:?}")),
        _ => None,
    }
}

/// Whether an argument of a native type is a number, or SQL Server's `Max`.
fn is_size(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Number(digits) => digits.bytes().all(|byte| byte.is_ascii_digit()),
        ExprKind::Constant(word) => word.eq_ignore_ascii_case("max"),
        ExprKind::Text(_) => true,
        _ => false,
    }
}
