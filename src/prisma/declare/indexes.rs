//! Primary keys and indexes.

use super::{Builder, defaults, names};
use crate::catalog::{Dialect, Index, IndexPart, Key};
use crate::prisma::schema::ast::{Arity, Attribute, Expr, ExprKind, Model};
use crate::prisma::schema::resolve::{KeyField, is_unique, key_fields, relation_name, single_key_field};

/// The first major version that wants the unique key of a one-to-one relation declared; earlier ones make it by themselves
/// (<https://www.prisma.io/docs/orm/more/upgrade-guides/upgrading-versions/upgrading-to-prisma-4>).
pub(crate) const EXPLICIT_UNIQUE: u32 = 4;

impl<'a> Builder<'a> {
    pub(super) fn primary_key(&self, model: &'a Model) -> Option<Key> {
        let dialect = self.context.dialect;
        let (attribute, fields) = primary_key_fields(model)?;
        // MySQL calls every primary key PRIMARY, SQLite's have no name that the engine would look at.
        let name = match dialect {
            Dialect::PostgreSql | Dialect::CockroachDb | Dialect::SqlServer => {
                Some(attribute.map().map_or_else(|| names::primary_key(dialect, model.database_name()), str::to_owned))
            }
            Dialect::MySql | Dialect::Sqlite | Dialect::Oracle => None,
        };
        let columns = fields.iter().map(|field| part(field, None)).collect();
        let clustered = (dialect == Dialect::SqlServer).then(|| clustered(attribute).unwrap_or(true));
        Some(Key { name, columns, clustered, place: Some(model.place(attribute.span)) })
    }

    pub(super) fn indexes(&self, model: &'a Model) -> Vec<Index> {
        let mut indexes = Vec::new();
        for field in &model.fields {
            if let Some(attribute) = field.attribute("unique") {
                indexes.push(self.index(model, attribute, &[single_key_field(field, attribute)], true));
            }
        }
        // In the order in which the engine visits the attributes: of several that match, the first one counts.
        for kind in ["index", "unique", "fulltext"] {
            for attribute in model.attributes.iter().filter(|attribute| attribute.name == kind) {
                if let Some(fields) = key_fields(model, attribute) {
                    indexes.push(self.index(model, attribute, &fields, kind == "unique"));
                }
            }
        }
        if self.context.version < EXPLICIT_UNIQUE {
            indexes.extend(self.implied_uniques(model));
        }
        indexes
    }

    /// The unique keys of one-to-one relations that nothing declares.
    fn implied_uniques(&self, model: &'a Model) -> Vec<Index> {
        let relations = self.resolved.inline_relations(model);
        let implied = relations.iter().filter(|relation| {
            let back = self.resolved.referring(relation.target, model, relation_name(relation.field));
            let opposite = back.iter().find(|other| !std::ptr::eq(**other, relation.field));
            opposite.is_some_and(|opposite| opposite.arity != Arity::List) && !is_unique(model, &relation.fields)
        });
        implied
            .map(|relation| {
                let columns: Vec<&str> = relation.fields.iter().map(|field| field.column_name()).collect();
                let name = names::unique(self.context.dialect, model.database_name(), &columns);
                let parts = columns.into_iter().map(IndexPart::named).collect();
                let mut index = Index::new(Some(name), parts, true);
                index.place = Some(model.place(relation.attribute.span));
                index
            })
            .collect()
    }

    fn index(&self, model: &Model, attribute: &Attribute, fields: &[KeyField<'_>], unique: bool) -> Index {
        let dialect = self.context.dialect;
        let columns: Vec<&str> = fields.iter().map(|field| field.field.column_name()).collect();
        let name = index_name(dialect, model, attribute, &columns, unique);
        let algorithm = attribute.named("type").and_then(Expr::constant);
        let parts = fields.iter().map(|field| part(field, algorithm)).collect();
        let mut index = Index::new(Some(name), parts, unique);
        index.method = match (attribute.name.as_str(), algorithm) {
            ("fulltext", _) => Some("fulltext".to_owned()),
            (_, None | Some("BTree")) => None,
            (_, Some(algorithm)) => Some(algorithm.to_ascii_lowercase()),
        };
        index.predicate = attribute.named("where").and_then(|value| self.predicate(model, value));
        if dialect == Dialect::SqlServer {
            // The engine writes a unique index as a constraint there (`render_create_index`).
            index.constraint = unique;
            index.clustered = Some(clustered(attribute).unwrap_or(false));
        }
        index.place = Some(model.place(attribute.span));
        index
    }

    /// The WHERE of a partial index: SQL in `raw("…")`, or an object of conditions joined by AND.
    fn predicate(&self, model: &Model, value: &Expr) -> Option<String> {
        let text = match &value.kind {
            ExprKind::Call(name, arguments) if name == "raw" => arguments.first()?.value.text()?.to_owned(),
            ExprKind::Object(entries) => {
                let conditions: Option<Vec<String>> = entries
                    .iter()
                    .map(|(field, value)| {
                        let column = model.field(&field.name)?.column_name();
                        condition(&self.quoted(column), value)
                    })
                    .collect();
                conditions?.join(" AND ")
            }
            _ => return None,
        };
        Some(defaults::condition(&text, self.context.dialect))
    }

    fn quoted(&self, name: &str) -> String {
        match self.context.dialect {
            Dialect::MySql => format!("`{}`", name.replace('`', "``")),
            Dialect::SqlServer => format!("[{}]", name.replace(']', "]]")),
            _ => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }
}

/// The attribute that makes the primary key, and its fields.
pub(crate) fn primary_key_fields(model: &Model) -> Option<(&Attribute, Vec<KeyField<'_>>)> {
    for field in &model.fields {
        if let Some(attribute) = field.attribute("id") {
            return Some((attribute, vec![single_key_field(field, attribute)]));
        }
    }
    let attribute = model.attribute("id")?;
    Some((attribute, key_fields(model, attribute)?))
}

/// The name of an index or a unique key.
pub(crate) fn index_name(
    dialect: Dialect,
    model: &Model,
    attribute: &Attribute,
    columns: &[&str],
    unique: bool,
) -> String {
    index_map(attribute).map_or_else(
        || {
            let make = if unique { names::unique } else { names::index };
            make(dialect, model.database_name(), columns)
        },
        str::to_owned,
    )
}

/// The name that is written. `name:` on `@@index` and `@@fulltext` is `map:` of old; on `@@unique` it is the client's.
fn index_map(attribute: &Attribute) -> Option<&str> {
    let old = || attribute.named("name").and_then(Expr::text).filter(|_| attribute.name != "unique");
    attribute.map().or_else(old)
}

fn clustered(attribute: &Attribute) -> Option<bool> {
    attribute.named("clustered").and_then(Expr::constant).map(|word| word == "true")
}

fn part(field: &KeyField<'_>, algorithm: Option<&str>) -> IndexPart {
    let mut part = IndexPart::named(field.field.column_name());
    part.descending = field.descending;
    part.length = field.length;
    part.operator_class = field.operator_class.and_then(|ops| operator_class(ops, algorithm));
    part
}

/// The operator class of `ops:`; none for one that is the default of its index type, as the engine takes both for the
/// same (`convert_opclass` in `flavour/postgres/schema_calculator.rs`).
fn operator_class(ops: &Expr, algorithm: Option<&str>) -> Option<String> {
    if let Some((_, arguments)) = ops.call() {
        return arguments.first()?.value.text().map(str::to_owned);
    }
    let name = ops.constant()?.to_ascii_lowercase();
    let mut snake = name.strip_suffix("ops")?.to_owned();
    for word in ["minmax", "bloom", "inclusion", "multi", "path"] {
        snake = snake.replace(word, &format!("_{word}"));
    }
    let is_default = match snake.as_str() {
        "inet" => algorithm == Some("SpGist"),
        _ => !["_bloom", "_multi", "_path"].iter().any(|word| snake.ends_with(word)),
    };
    (!is_default).then(|| format!("{snake}_ops"))
}

/// One condition of an object: `{ deletedAt: null }`, `{ active: true }`, `{ kind: { not: "x" } }`.
fn condition(column: &str, value: &Expr) -> Option<String> {
    let literal = |value: &Expr| match &value.kind {
        ExprKind::Text(text) => Some(format!("'{}'", text.replace('\'', "''"))),
        ExprKind::Number(number) => Some(number.clone()),
        ExprKind::Constant(word) if matches!(word.as_str(), "true" | "false") => Some(word.clone()),
        _ => None,
    };
    match &value.kind {
        ExprKind::Constant(word) if word == "null" => Some(format!("{column} IS NULL")),
        ExprKind::Object(entries) => match entries.as_slice() {
            [(word, value)] if word.name == "not" => match value.constant() {
                Some("null") => Some(format!("{column} IS NOT NULL")),
                _ => Some(format!("{column} != {}", literal(value)?)),
            },
            _ => None,
        },
        _ => Some(format!("{column} = {}", literal(value)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn operator_classes_are_spelled_as_postgresql_does() {
        let class = |name: &str, algorithm| {
            let expr = Expr { kind: ExprKind::Constant(name.to_owned()), span: Span::default() };
            operator_class(&expr, algorithm)
        };
        assert_eq!(class("JsonbPathOps", Some("Gin")).as_deref(), Some("jsonb_path_ops"));
        assert_eq!(class("JsonbOps", Some("Gin")), None);
        assert_eq!(class("InetOps", Some("Gist")).as_deref(), Some("inet_ops"));
        assert_eq!(class("InetOps", Some("SpGist")), None);
        assert_eq!(class("Int4MinMaxMultiOps", Some("Brin")).as_deref(), Some("int4_minmax_multi_ops"));
        assert_eq!(class("TimestampTzBloomOps", Some("Brin")).as_deref(), Some("timestamptz_bloom_ops"));
        assert_eq!(class("Int4MinMaxOps", Some("Brin")), None);
    }
}
