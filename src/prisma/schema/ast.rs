//! What the schema language says, as written: every node knows where it stands.

use std::sync::Arc;

use crate::project::SourceProblem;
use crate::source::{Place, Source, Span};

/// A whole schema: the blocks of all its files.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    /// Models and views, in the order of files and lines.
    pub(crate) models: Vec<Model>,
    /// Composite types (`type`).
    pub(crate) composites: Vec<Model>,
    /// Enums.
    pub(crate) enums: Vec<EnumBlock>,
    /// `datasource` blocks.
    pub(crate) datasources: Vec<ConfigBlock>,
    /// `generator` blocks.
    pub(crate) generators: Vec<ConfigBlock>,
    /// What could not be read.
    pub(crate) problems: Vec<SourceProblem>,
}

/// A name and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Ident {
    /// The name.
    pub(crate) name: String,
    /// Where.
    pub(crate) span: Span,
}

/// `model`, `view` or `type`.
#[derive(Debug)]
pub(crate) struct Model {
    /// The file.
    pub(crate) source: Arc<Source>,
    /// Which of the three.
    pub(crate) kind: ModelKind,
    /// Its name.
    pub(crate) name: Ident,
    /// Its fields, in order.
    pub(crate) fields: Vec<Field>,
    /// Its `@@` attributes, in order.
    pub(crate) attributes: Vec<Attribute>,
    /// From the keyword to the name.
    pub(crate) header: Span,
}

/// Which of the three blocks with fields it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModelKind {
    /// `model`: a table.
    Model,
    /// `view`: the engine makes nothing for it.
    View,
    /// `type`: a composite type (MongoDB).
    Composite,
}

/// A field.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: Ident,
    /// Its type.
    pub(crate) ty: FieldType,
    /// Whether it is a list or optional.
    pub(crate) arity: Arity,
    /// Its attributes, in order.
    pub(crate) attributes: Vec<Attribute>,
    /// The whole declaration.
    pub(crate) span: Span,
}

/// The type of a field.
#[derive(Debug)]
pub(crate) enum FieldType {
    /// A scalar type, an enum, a model or a composite type.
    Named(Ident),
    /// `Unsupported("…")` with its text.
    Unsupported(String),
}

/// Whether a field is a list or optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arity {
    /// `T`
    Required,
    /// `T?`
    Optional,
    /// `T[]`
    List,
}

/// An enum.
#[derive(Debug)]
pub(crate) struct EnumBlock {
    /// The file.
    pub(crate) source: Arc<Source>,
    /// Its name.
    pub(crate) name: Ident,
    /// Its values, in order.
    pub(crate) values: Vec<EnumValue>,
    /// Its `@@` attributes.
    pub(crate) attributes: Vec<Attribute>,
    /// From the keyword to the name.
    pub(crate) header: Span,
}

/// A value of an enum.
#[derive(Debug)]
pub(crate) struct EnumValue {
    /// Its name.
    pub(crate) name: Ident,
    /// Its attributes.
    pub(crate) attributes: Vec<Attribute>,
}

/// `datasource` or `generator`.
#[derive(Debug)]
pub(crate) struct ConfigBlock {
    /// The file.
    pub(crate) source: Arc<Source>,
    /// From the keyword to the name.
    pub(crate) header: Span,
    /// Its properties, in order.
    pub(crate) properties: Vec<Property>,
}

/// `name = value`.
#[derive(Debug)]
pub(crate) struct Property {
    /// Its name.
    pub(crate) name: Ident,
    /// Its value.
    pub(crate) value: Expr,
}

/// `@name(…)` or `@@name(…)`.
#[derive(Debug)]
pub(crate) struct Attribute {
    /// The name without the signs; parts joined by dots (`db.VarChar`).
    pub(crate) name: String,
    /// Its arguments, in order.
    pub(crate) arguments: Vec<Argument>,
    /// The whole attribute, signs included.
    pub(crate) span: Span,
}

/// An argument of an attribute or a function.
#[derive(Debug)]
pub(crate) struct Argument {
    /// Its name, where one is written.
    pub(crate) name: Option<Ident>,
    /// Its value.
    pub(crate) value: Expr,
}

/// An expression.
#[derive(Debug)]
pub(crate) struct Expr {
    /// What it is.
    pub(crate) kind: ExprKind,
    /// Where.
    pub(crate) span: Span,
}

/// Sorts of expressions.
#[derive(Debug)]
pub(crate) enum ExprKind {
    /// A string, unescaped.
    Text(String),
    /// A number as written.
    Number(String),
    /// A name or a path (`true`, `USER`, `address.street`).
    Constant(String),
    /// `name(arguments)`.
    Call(String, Vec<Argument>),
    /// `[…]`.
    Array(Vec<Expr>),
    /// `{ key: value }` (the `where` of a partial index).
    Object(Vec<(Ident, Expr)>),
}

impl Expr {
    /// The text of a string.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The name of a constant.
    pub(crate) fn constant(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Constant(name) => Some(name),
            _ => None,
        }
    }

    /// The elements of an array; a single value counts as an array of one, as it does in the engine.
    pub(crate) fn elements(&self) -> &[Expr] {
        match &self.kind {
            ExprKind::Array(elements) => elements,
            _ => std::slice::from_ref(self),
        }
    }

    /// The name and arguments of a call.
    pub(crate) fn call(&self) -> Option<(&str, &[Argument])> {
        match &self.kind {
            ExprKind::Call(name, arguments) => Some((name, arguments)),
            _ => None,
        }
    }
}

impl Attribute {
    /// The argument of that name.
    pub(crate) fn named(&self, name: &str) -> Option<&Expr> {
        argument(&self.arguments, name)
    }

    /// The argument of that name, or the first one without a name.
    pub(crate) fn named_or_first(&self, name: &str) -> Option<&Expr> {
        self.named(name)
            .or_else(|| self.arguments.iter().find(|argument| argument.name.is_none()).map(|argument| &argument.value))
    }

    /// The text of the argument `map`.
    pub(crate) fn map(&self) -> Option<&str> {
        self.named("map").and_then(Expr::text)
    }
}

/// The argument of that name.
pub(crate) fn argument<'a>(arguments: &'a [Argument], name: &str) -> Option<&'a Expr> {
    arguments.iter().find(|argument| argument.name.as_ref().is_some_and(|n| n.name == name)).map(|a| &a.value)
}

/// The attribute of that name.
fn find<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|attribute| attribute.name == name)
}

/// The name that `@map` or `@@map` gives.
fn mapped(attributes: &[Attribute]) -> Option<&str> {
    find(attributes, "map").and_then(|attribute| attribute.named_or_first("name")).and_then(Expr::text)
}

impl Model {
    /// The attribute `@@name`.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        find(&self.attributes, name)
    }

    /// The table's name.
    pub(crate) fn database_name(&self) -> &str {
        mapped(&self.attributes).unwrap_or(&self.name.name)
    }

    /// The schema that `@@schema` names.
    pub(crate) fn schema(&self) -> Option<&str> {
        self.attribute("schema").and_then(|attribute| attribute.named_or_first("map")).and_then(Expr::text)
    }

    /// The field of that name.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.name == name)
    }

    /// A piece of the file it stands in.
    pub(crate) fn place(&self, span: Span) -> Place {
        Place::new(&self.source, span)
    }
}

impl Field {
    /// The attribute `@name`.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        find(&self.attributes, name)
    }

    /// The column's name.
    pub(crate) fn column_name(&self) -> &str {
        mapped(&self.attributes).unwrap_or(&self.name.name)
    }

    /// The expression of `@default`.
    pub(crate) fn default(&self) -> Option<&Expr> {
        self.attribute("default").and_then(|attribute| attribute.named_or_first("value"))
    }

    /// The name that `@default(…, map: "name")` gives to the constraint (SQL Server).
    pub(crate) fn default_name(&self) -> Option<&str> {
        self.attribute("default").and_then(|attribute| attribute.named("map")).and_then(Expr::text)
    }

    /// The native type attribute: any with a dot in its name (`@db.VarChar(10)`), with the name behind the dot.
    pub(crate) fn native_type(&self) -> Option<(&str, &Attribute)> {
        self.attributes.iter().find_map(|attribute| Some((attribute.name.split_once('.')?.1, attribute)))
    }
}

impl EnumBlock {
    /// The attribute `@@name`.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        find(&self.attributes, name)
    }

    /// The type's name.
    pub(crate) fn database_name(&self) -> &str {
        mapped(&self.attributes).unwrap_or(&self.name.name)
    }

    /// The schema that `@@schema` names.
    pub(crate) fn schema(&self) -> Option<&str> {
        self.attribute("schema").and_then(|attribute| attribute.named_or_first("map")).and_then(Expr::text)
    }

    /// Its labels in the database, in order.
    pub(crate) fn labels(&self) -> Vec<String> {
        self.values.iter().map(|value| value.database_name().to_owned()).collect()
    }

    /// A piece of the file it stands in.
    pub(crate) fn place(&self, span: Span) -> Place {
        Place::new(&self.source, span)
    }
}

impl EnumValue {
    /// The label in the database.
    pub(crate) fn database_name(&self) -> &str {
        mapped(&self.attributes).unwrap_or(&self.name.name)
    }
}

impl ConfigBlock {
    /// The property of that name.
    pub(crate) fn property(&self, name: &str) -> Option<&Expr> {
        self.properties.iter().find(|property| property.name.name == name).map(|property| &property.value)
    }

    /// The strings of a property: of an array, or the single one.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        self.property(name).map(|value| value.elements().iter().filter_map(Expr::text).collect()).unwrap_or_default()
    }

    /// A piece of the file it stands in.
    pub(crate) fn place(&self, span: Span) -> Place {
        Place::new(&self.source, span)
    }
}
