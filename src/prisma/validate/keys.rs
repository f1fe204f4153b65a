//! Primary keys, unique keys and indexes.

use super::Validator;
use crate::catalog::Dialect;
use crate::prisma::declare::indexes::primary_key_fields;
use crate::prisma::schema::ast::{Arity, Attribute, Expr, Model};
use crate::prisma::schema::resolve::{KeyField, Kind, key_fields, single_key_field};

impl<'a> Validator<'a> {
    pub(super) fn keys(&mut self, model: &'a Model) {
        self.identity(model);
        for field in &model.fields {
            for name in ["id", "unique"] {
                if let Some(attribute) = field.attribute(name) {
                    self.key(model, attribute, &[single_key_field(field, attribute)]);
                }
            }
            if let Some(attribute) = field.attribute("default") {
                let counts = field.default().and_then(Expr::call).is_some_and(|(name, _)| name == "autoincrement");
                let is_id = primary_key_fields(model)
                    .is_some_and(|(_, fields)| matches!(fields.as_slice(), [only] if std::ptr::eq(only.field, field)));
                if counts && self.dialect == Dialect::Sqlite && !is_id {
                    self.refuse_in(
                        model,
                        attribute.span,
                        "SQLite counts only a primary key of one column",
                        "delete the default, or make the field the `@id`",
                    );
                }
            }
        }
        for attribute in &model.attributes {
            if !matches!(attribute.name.as_str(), "id" | "unique" | "index" | "fulltext") {
                continue;
            }
            match key_fields(model, attribute) {
                Some(fields) if fields.is_empty() => {
                    self.refuse_in(model, attribute.span, "the list of fields is empty", "name at least one field");
                }
                Some(fields) => self.key(model, attribute, &fields),
                None => {
                    let message = match unknown_field(model, attribute) {
                        Some(name) => format!("`{name}` is no field of `{}`", model.name.name),
                        None => format!("`@@{}` names no fields", attribute.name),
                    };
                    self.refuse_in(model, attribute.span, message, "correct the list of fields");
                }
            }
        }
    }

    /// A model needs one key whose fields are all required, by which its rows can be told apart.
    fn identity(&mut self, model: &'a Model) {
        let mut ids = model.fields.iter().filter_map(|field| field.attribute("id")).chain(model.attribute("id"));
        ids.next();
        if let Some(second) = ids.next() {
            let message = format!("`{}` has two primary keys", model.name.name);
            self.refuse_in(model, second.span, message, "keep one of them; a key of several fields is `@@id([…])`");
        }
        if model.attribute("ignore").is_some() {
            return;
        }
        let is_strict = |fields: &[KeyField<'_>]| {
            fields.iter().all(|key| {
                key.field.arity != Arity::Optional && !matches!(self.resolved.kind(key.field), Kind::Unsupported(_))
            })
        };
        let on_fields = model.fields.iter().flat_map(|field| {
            ["id", "unique"].iter().filter_map(|name| Some(vec![single_key_field(field, field.attribute(name)?)]))
        });
        let on_model = model
            .attributes
            .iter()
            .filter(|attribute| matches!(attribute.name.as_str(), "id" | "unique"))
            .filter_map(|attribute| key_fields(model, attribute));
        let identified = on_fields.chain(on_model).any(|fields| is_strict(&fields));
        // A key whose fields are misspelt is told by itself.
        let doubtful = model.attributes.iter().any(|attribute| {
            matches!(attribute.name.as_str(), "id" | "unique") && key_fields(model, attribute).is_none()
        });
        if !identified && !doubtful {
            let message = format!("`{}` has no key of required fields", model.name.name);
            self.refuse_in(model, model.header, message, "mark a field with `@id` or `@unique`, or add `@@id([…])`");
        }
    }

    fn key(&mut self, model: &'a Model, attribute: &'a Attribute, fields: &[KeyField<'a>]) {
        let dialect = self.dialect;
        let title = dialect.title();
        let is_id = attribute.name == "id";
        let resolved = self.resolved;
        let mut refuse = |message: String, help: &str| self.refuse_in(model, attribute.span, message, help);
        if is_id && fields.iter().any(|key| key.field.arity == Arity::Optional) {
            refuse("the fields of a primary key are required".to_owned(), "delete the `?` behind their types");
        }
        if is_id && attribute.named("map").is_some() && matches!(dialect, Dialect::MySql | Dialect::Sqlite) {
            refuse(format!("{title} has no names for primary keys"), "delete `map:` from the attribute");
        }
        if fields.iter().any(|key| key.length.is_some()) && dialect != Dialect::MySql {
            refuse(
                format!("{title} has no indexes on the beginning of a column"),
                "delete `length:` from the attribute",
            );
        }
        if is_id && fields.iter().any(|key| key.descending) && dialect != Dialect::SqlServer {
            refuse(format!("{title} has no order in a primary key"), "delete `sort:` from the attribute");
        }
        if attribute.named("clustered").is_some() && dialect != Dialect::SqlServer {
            refuse(format!("{title} has no clustered keys"), "delete `clustered:` from the attribute");
        }
        if attribute.name == "fulltext" && dialect != Dialect::MySql {
            refuse(format!("Prisma has no full-text indexes for {title}"), "delete the attribute");
        }
        if let Some(algorithm) = attribute.named("type").and_then(Expr::constant) {
            let fits = match dialect {
                Dialect::PostgreSql => {
                    matches!(algorithm, "BTree" | "Hash" | "Gist" | "Gin" | "SpGist" | "Brin")
                }
                Dialect::CockroachDb => matches!(algorithm, "BTree" | "Gin"),
                _ => algorithm == "BTree",
            };
            if !fits {
                refuse(
                    format!("{title} has no index type `{algorithm}` in Prisma"),
                    "delete `type:` from the attribute",
                );
            }
        }
        let is_tree =
            attribute.named("type").and_then(Expr::constant).is_none_or(|name| matches!(name, "BTree" | "Hash"));
        for name in fields.iter().filter_map(|key| key.operator_class?.constant()) {
            if dialect.is_postgres_like() && !is_operator_class(name) {
                refuse(format!("`{name}` is no operator class in Prisma"), "write it as `raw(\"…\")`");
            } else if dialect == Dialect::PostgreSql && is_tree {
                refuse(format!("`{name}` is no operator class of this index type"), "delete `ops:`, or change `type:`");
            }
        }
        if let Some(relation) = fields.iter().find(|key| matches!(resolved.kind(key.field), Kind::Relation(_))) {
            let message = format!("`{}` is a relation and has no column", relation.field.name.name);
            self.refuse_in(model, attribute.span, message, "name the fields that the relation refers by");
        }
    }
}

/// The first field in a list that the model does not have. A path into a composite type is none of its fields either.
fn unknown_field(model: &Model, attribute: &Attribute) -> Option<String> {
    attribute
        .named_or_first("fields")?
        .elements()
        .iter()
        .filter_map(|element| element.call().map(|(name, _)| name).or_else(|| element.constant()))
        .find(|name| model.field(name).is_none())
        .map(str::to_owned)
}

/// Whether Prisma has a word for an operator class (`OperatorClass` in `psl/parser-database/src/types.rs`). All others are
/// written as `raw("…")`.
fn is_operator_class(name: &str) -> bool {
    let Some(stem) = name.strip_suffix("Ops") else { return false };
    if matches!(stem, "Inet" | "Jsonb" | "JsonbPath" | "Array" | "Text" | "InetInclusion") {
        return true;
    }
    let split = |suffix: &str| stem.strip_suffix(suffix);
    let of_several = |ty: &str| {
        let types = [
            "Date",
            "Float4",
            "Float8",
            "Inet",
            "Int2",
            "Int4",
            "Int8",
            "Numeric",
            "Oid",
            "Timestamp",
            "TimestampTz",
            "Time",
            "TimeTz",
            "Uuid",
        ];
        types.contains(&ty)
    };
    match (split("MinMaxMulti"), split("MinMax"), split("Bloom")) {
        (Some(ty), ..) => of_several(ty),
        (_, Some(ty), _) => of_several(ty) || matches!(ty, "Bit" | "VarBit" | "Bpchar" | "Bytea" | "Text"),
        (_, _, Some(ty)) => of_several(ty) || matches!(ty, "Bpchar" | "Bytea" | "Text"),
        _ => false,
    }
}
