//! What the names in a schema mean: the settings of its blocks, the kinds of its fields, its relations.

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{Arity, Attribute, EnumBlock, Expr, Field, FieldType, Model, ModelKind, Schema};
use crate::catalog::Dialect;
use crate::source::Span;

/// The scalar types of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scalar {
    /// `Int`
    Int,
    /// `BigInt`
    BigInt,
    /// `Float`
    Float,
    /// `Decimal`
    Decimal,
    /// `Boolean`
    Boolean,
    /// `String`
    String,
    /// `DateTime`
    DateTime,
    /// `Json`
    Json,
    /// `Bytes`
    Bytes,
}

impl Scalar {
    /// The type of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "Int" => Self::Int,
            "BigInt" => Self::BigInt,
            "Float" => Self::Float,
            "Decimal" => Self::Decimal,
            "Boolean" => Self::Boolean,
            "String" => Self::String,
            "DateTime" => Self::DateTime,
            "Json" => Self::Json,
            "Bytes" => Self::Bytes,
            _ => return None,
        })
    }
}

/// What the type of a field is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind<'a> {
    /// A scalar type.
    Scalar(Scalar),
    /// An enum.
    Enum(&'a EnumBlock),
    /// Another model: a relation field, without a column of its own.
    Relation(&'a Model),
    /// A composite type.
    Composite(&'a Model),
    /// `Unsupported("…")`.
    Unsupported(&'a str),
    /// A name that means nothing.
    Unknown(&'a str),
}

impl Kind<'_> {
    /// Whether the field has a column.
    pub(crate) fn has_column(&self) -> bool {
        matches!(self, Self::Scalar(_) | Self::Enum(_) | Self::Unsupported(_))
    }
}

/// What the `datasource` and `generator` blocks say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// The provider as written.
    pub(crate) provider: Option<String>,
    /// `relationMode = "prisma"`, or `referentialIntegrity = "prisma"` of old.
    pub(crate) emulates_relations: bool,
    /// `schemas = […]`.
    pub(crate) schemas: Vec<String>,
    /// Preview features of all generators.
    pub(crate) preview_features: BTreeSet<String>,
    /// `extensions = […]`.
    pub(crate) extensions: Vec<ExtensionSetting>,
}

/// One element of `extensions = […]`.
#[derive(Debug, Clone)]
pub(crate) struct ExtensionSetting {
    /// The extension's name in the database.
    pub(crate) name: String,
    /// `schema:`
    pub(crate) schema: Option<String>,
    /// `version:`
    pub(crate) version: Option<String>,
    /// Where.
    pub(crate) span: Span,
}

impl Settings {
    /// Reads the blocks of a schema.
    pub(crate) fn of(schema: &Schema) -> Self {
        let mut settings = Self::default();
        if let Some(datasource) = schema.datasources.first() {
            settings.provider = datasource.texts("provider").first().map(|provider| (*provider).to_owned());
            settings.emulates_relations = ["relationMode", "referentialIntegrity"]
                .iter()
                .any(|name| datasource.property(name).and_then(Expr::text) == Some("prisma"));
            settings.schemas = datasource.texts("schemas").into_iter().map(str::to_owned).collect();
            let extensions = datasource.property("extensions").map(Expr::elements).unwrap_or_default();
            settings.extensions = extensions.iter().filter_map(extension).collect();
        }
        settings.preview_features = schema
            .generators
            .iter()
            .flat_map(|generator| generator.texts("previewFeatures"))
            .map(str::to_owned)
            .collect();
        settings
    }

    /// The dialect of the provider; none for MongoDB and unknown words.
    pub(crate) fn dialect(&self) -> Option<Dialect> {
        provider_dialect(self.provider.as_deref()?)
    }
}

/// The dialect of a provider's name in a `datasource` block or a lock file.
pub(crate) fn provider_dialect(provider: &str) -> Option<Dialect> {
    match provider {
        "postgresql" | "postgres" => Some(Dialect::PostgreSql),
        "cockroachdb" => Some(Dialect::CockroachDb),
        "mysql" => Some(Dialect::MySql),
        "sqlite" => Some(Dialect::Sqlite),
        "sqlserver" | "mssql" => Some(Dialect::SqlServer),
        _ => None,
    }
}

fn extension(element: &Expr) -> Option<ExtensionSetting> {
    let (name, arguments) = match element.call() {
        Some((name, arguments)) => (name, arguments),
        None => (element.constant()?, &[][..]),
    };
    let text = |key| super::ast::argument(arguments, key).and_then(Expr::text).map(str::to_owned);
    Some(ExtensionSetting {
        name: text("map").unwrap_or_else(|| name.to_owned()),
        schema: text("schema"),
        version: text("version"),
        span: element.span,
    })
}

/// A schema whose names have been looked up.
#[derive(Debug)]
pub(crate) struct Resolved<'a> {
    /// The schema.
    pub(crate) schema: &'a Schema,
    models: BTreeMap<&'a str, &'a Model>,
    enums: BTreeMap<&'a str, &'a EnumBlock>,
    composites: BTreeMap<&'a str, &'a Model>,
    /// The relation fields of each model, by the model that they refer to and the name of the relation.
    referring: BTreeMap<Side<'a>, Vec<&'a Field>>,
}

/// The addresses of a model and of the one it refers to (two models may have one name by mistake), and the name of the relation.
type Side<'a> = (usize, usize, Option<&'a str>);

/// A foreign key as a relation field declares it.
#[derive(Debug)]
pub(crate) struct Inline<'a> {
    /// The model that refers.
    pub(crate) model: &'a Model,
    /// Its relation field.
    pub(crate) field: &'a Field,
    /// `@relation`.
    pub(crate) attribute: &'a Attribute,
    /// The model referred to.
    pub(crate) target: &'a Model,
    /// `fields: […]`.
    pub(crate) fields: Vec<&'a Field>,
    /// `references: […]`.
    pub(crate) references: Vec<&'a Field>,
}

/// A many-to-many relation without a model of its own.
#[derive(Debug)]
pub(crate) struct ManyToMany<'a> {
    /// The name of the relation: given, or made of the models' names.
    pub(crate) name: String,
    /// The side that comes first in order: the model and its field.
    pub(crate) a: (&'a Model, &'a Field),
    /// The other side.
    pub(crate) b: (&'a Model, &'a Field),
}

impl<'a> Resolved<'a> {
    /// Looks names up. Where a name is given twice the first one counts (the second is reported elsewhere).
    pub(crate) fn new(schema: &'a Schema) -> Self {
        let mut resolved = Self {
            schema,
            models: BTreeMap::new(),
            enums: BTreeMap::new(),
            composites: BTreeMap::new(),
            referring: BTreeMap::new(),
        };
        for model in &schema.models {
            resolved.models.entry(&model.name.name).or_insert(model);
        }
        for block in &schema.enums {
            resolved.enums.entry(&block.name.name).or_insert(block);
        }
        for composite in &schema.composites {
            resolved.composites.entry(&composite.name.name).or_insert(composite);
        }
        for model in &schema.models {
            for field in &model.fields {
                if let Kind::Relation(target) = resolved.kind(field) {
                    let side = (address(model), address(target), relation_name(field));
                    resolved.referring.entry(side).or_default().push(field);
                }
            }
        }
        resolved
    }

    /// The fields of `from` that refer to `to` under a name, in their order.
    pub(crate) fn referring(&self, from: &Model, to: &Model, name: Option<&'a str>) -> &[&'a Field] {
        self.referring.get(&(address(from), address(to), name)).map(Vec::as_slice).unwrap_or_default()
    }

    /// What the type of a field is.
    pub(crate) fn kind<'f>(&self, field: &'f Field) -> Kind<'f>
    where
        'a: 'f,
    {
        let name = match &field.ty {
            FieldType::Unsupported(text) => return Kind::Unsupported(text),
            FieldType::Named(name) => name.name.as_str(),
        };
        if let Some(scalar) = Scalar::from_name(name) {
            return Kind::Scalar(scalar);
        }
        if let Some(block) = self.enums.get(name) {
            return Kind::Enum(block);
        }
        match (self.models.get(name), self.composites.get(name)) {
            (Some(model), _) => Kind::Relation(model),
            (None, Some(composite)) => Kind::Composite(composite),
            (None, None) => Kind::Unknown(name),
        }
    }

    /// The models that are tables.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &'a Model> + use<'a> {
        self.schema.models.iter().filter(|model| model.kind == ModelKind::Model)
    }

    /// The fields of a model that have a column.
    pub(crate) fn columns(&self, model: &'a Model) -> impl Iterator<Item = (&'a Field, Kind<'a>)> {
        model.fields.iter().map(|field| (field, self.kind(field))).filter(|(_, kind)| kind.has_column())
    }

    /// The foreign keys that a table's relation fields declare. Relations with a view have none.
    pub(crate) fn inline_relations(&self, model: &'a Model) -> Vec<Inline<'a>> {
        let mut relations = Vec::new();
        for field in &model.fields {
            let Kind::Relation(target) = self.kind(field) else { continue };
            let Some(attribute) = field.attribute("relation") else { continue };
            if field.arity == Arity::List || target.kind == ModelKind::View {
                continue;
            }
            let (Some(fields), Some(references)) =
                (fields_of(model, attribute.named("fields")), fields_of(target, attribute.named("references")))
            else {
                continue;
            };
            if fields.is_empty() || fields.len() != references.len() {
                continue;
            }
            relations.push(Inline { model, field, attribute, target, fields, references });
        }
        relations
    }

    /// The relations that have a join table, in the order of their first sides.
    ///
    /// Sides are ordered by the models' names, and by the fields' names where a model refers to itself
    /// (`psl/parser-database/src/relations.rs`).
    pub(crate) fn many_to_many(&self) -> Vec<ManyToMany<'a>> {
        let mut relations = Vec::new();
        for model in self.tables() {
            for field in &model.fields {
                let Kind::Relation(other) = self.kind(field) else { continue };
                if field.arity != Arity::List || other.kind == ModelKind::View {
                    continue;
                }
                let name = relation_name(field);
                let to_self = std::ptr::eq(model, other);
                let back = self.referring(other, model, name);
                let opposite = back.iter().copied().find(|candidate| !(to_self && std::ptr::eq(*candidate, field)));
                let Some(opposite) = opposite.filter(|opposite| opposite.arity == Arity::List) else { continue };
                let first =
                    if to_self { field.name.name <= opposite.name.name } else { model.name.name <= other.name.name };
                if first {
                    let (a, b) = (&model.name.name, &other.name.name);
                    let name = name.map_or_else(|| format!("{a}To{b}"), str::to_owned);
                    relations.push(ManyToMany { name, a: (model, field), b: (other, opposite) });
                }
            }
        }
        relations
    }
}

fn address(model: &Model) -> usize {
    std::ptr::from_ref(model).addr()
}

/// The name that `@relation` gives: `name:` or the first argument without a name.
pub(crate) fn relation_name(field: &Field) -> Option<&str> {
    field.attribute("relation")?.named_or_first("name")?.text()
}

/// The fields that an argument such as `fields: [a, b]` names; none where one of them is not there.
pub(crate) fn fields_of<'a>(model: &'a Model, argument: Option<&'a Expr>) -> Option<Vec<&'a Field>> {
    argument?.elements().iter().map(|element| model.field(element.constant()?)).collect()
}

/// One field in the list of an index or key, with the arguments written on it.
#[derive(Debug)]
pub(crate) struct KeyField<'a> {
    /// The field.
    pub(crate) field: &'a Field,
    /// `sort: Desc`.
    pub(crate) descending: bool,
    /// `length: n`.
    pub(crate) length: Option<u32>,
    /// `ops: …`.
    pub(crate) operator_class: Option<&'a Expr>,
}

/// The fields of `@@index`, `@@unique`, `@@id` or `@@fulltext`; none where one of them is not there.
pub(crate) fn key_fields<'a>(model: &'a Model, attribute: &'a Attribute) -> Option<Vec<KeyField<'a>>> {
    attribute
        .named_or_first("fields")?
        .elements()
        .iter()
        .map(|element| {
            let (name, arguments) = match element.call() {
                Some((name, arguments)) => (name, arguments),
                None => (element.constant()?, &[][..]),
            };
            let argument = |key| super::ast::argument(arguments, key);
            Some(KeyField {
                field: model.field(name)?,
                descending: argument("sort").and_then(Expr::constant) == Some("Desc"),
                length: argument("length").and_then(number),
                operator_class: argument("ops"),
            })
        })
        .collect()
}

/// The field of `@unique` or `@id` with the arguments of the attribute.
pub(crate) fn single_key_field<'a>(field: &'a Field, attribute: &'a Attribute) -> KeyField<'a> {
    KeyField {
        field,
        descending: attribute.named("sort").and_then(Expr::constant) == Some("Desc"),
        length: attribute.named("length").and_then(number),
        operator_class: attribute.named("ops"),
    }
}

/// A small whole number.
pub(crate) fn number(expr: &Expr) -> Option<u32> {
    match &expr.kind {
        super::ast::ExprKind::Number(text) => text.parse().ok(),
        _ => None,
    }
}

/// Whether those fields are a key of the model, in whatever order.
pub(crate) fn is_unique(model: &Model, fields: &[&Field]) -> bool {
    let same = |key: &[&Field]| {
        key.len() == fields.len() && fields.iter().all(|field| key.iter().any(|other| std::ptr::eq(*other, *field)))
    };
    let on_fields = model
        .fields
        .iter()
        .any(|field| (field.attribute("id").is_some() || field.attribute("unique").is_some()) && same(&[field]));
    on_fields
        || model
            .attributes
            .iter()
            .filter(|attribute| matches!(attribute.name.as_str(), "id" | "unique"))
            .filter_map(|attribute| key_fields(model, attribute))
            .any(|fields| same(&fields.iter().map(|key| key.field).collect::<Vec<_>>()))
}
