//! Names: of blocks, fields and values, of tables and columns, and of constraints in the databases' namespaces.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Validator;
use crate::catalog::Dialect;
use crate::prisma::declare::{indexes, names};
use crate::prisma::schema::ast::{Ident, Model, ModelKind};
use crate::prisma::schema::resolve::{Kind, Scalar, key_fields};
use crate::source::{Source, Span};

/// A constraint with a name of its own, for one of the databases' namespaces.
struct Named<'a> {
    kind: Constraint,
    name: String,
    model: &'a Model,
    span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Constraint {
    PrimaryKey,
    Index,
    ForeignKey,
}

impl<'a> Validator<'a> {
    pub(super) fn names(&mut self) {
        let schema = self.schema;
        let mut blocks: BTreeSet<&str> = BTreeSet::new();
        let tops = schema
            .models
            .iter()
            .chain(&schema.composites)
            .map(|model| (&model.source, &model.name))
            .chain(schema.enums.iter().map(|block| (&block.source, &block.name)));
        for (source, name) in tops {
            self.identifier(source, name, "a block");
            if Scalar::from_name(&name.name).is_some() {
                let message = format!("`{}` is the name of a scalar type", name.name);
                self.refuse(source, name.span, message, "give the block another name");
            }
            if !blocks.insert(&name.name) {
                let message = format!("the name `{}` is given to two blocks", name.name);
                self.refuse(source, name.span, message, "rename or delete one of them");
            }
        }
        let mut tables: BTreeSet<(Option<&str>, &str)> = BTreeSet::new();
        for model in &schema.models {
            if !tables.insert((model.schema(), model.database_name())) {
                let message = format!("two models are stored in the table `{}`", model.database_name());
                self.refuse_in(model, model.header, message, "give one of them another `@@map`");
            }
            self.field_names(model);
        }
        for block in &schema.enums {
            if block.values.is_empty() {
                let message = format!("the enum `{}` has no value", block.name.name);
                self.refuse(&block.source, block.header, message, "add a value, or delete the enum");
            }
            let mut values: BTreeSet<&str> = BTreeSet::new();
            for value in &block.values {
                self.identifier(&block.source, &value.name, "a value of an enum");
                if !values.insert(&value.name.name) {
                    let message = format!("the value `{}` is given twice", value.name.name);
                    self.refuse(&block.source, value.name.span, message, "delete one of the two");
                }
            }
        }
    }

    fn field_names(&mut self, model: &Model) {
        let mut fields: BTreeSet<&str> = BTreeSet::new();
        let mut columns: BTreeSet<&str> = BTreeSet::new();
        for field in &model.fields {
            self.identifier(&model.source, &field.name, "a field");
            let is_column = !matches!(self.resolved.kind(field), Kind::Relation(_));
            if !fields.insert(&field.name.name) || is_column && !columns.insert(field.column_name()) {
                let message = format!("`{}` is already a field of `{}`", field.column_name(), model.name.name);
                self.refuse_in(model, field.span, message, "rename or delete one of the two");
            }
        }
    }

    /// Names begin with a letter and hold letters, digits and `_`.
    fn identifier(&mut self, source: &Arc<Source>, name: &Ident, of: &str) {
        let starts_wrong = name.name.starts_with(|c: char| c.is_ascii_digit() || c == '_' || c == '-');
        if starts_wrong || name.name.contains('-') {
            let message =
                format!("`{}` cannot be the name of {of}: names begin with a letter and hold no `-`", name.name);
            self.refuse(source, name.span, message, "rename it, and keep the name in the database with `@map`");
        }
    }

    /// Names of constraints must be unique in namespaces that differ by provider
    /// (`CONSTRAINT_SCOPES` in `psl/psl-core/src/builtin_connectors`).
    pub(super) fn constraint_names(&mut self) {
        use Constraint::{ForeignKey, Index, PrimaryKey};
        let (global, local): (&[Constraint], &[Constraint]) = match self.dialect {
            Dialect::PostgreSql => (&[PrimaryKey, Index], &[PrimaryKey, Index, ForeignKey]),
            Dialect::CockroachDb => (&[], &[PrimaryKey, Index, ForeignKey]),
            Dialect::MySql => (&[ForeignKey], &[Index]),
            Dialect::Sqlite => (&[Index], &[]),
            Dialect::SqlServer => (&[PrimaryKey, ForeignKey], &[PrimaryKey, Index]),
            Dialect::Oracle => (&[], &[]),
        };
        let named = self.named_constraints();
        let mut seen: BTreeMap<(Option<&str>, Option<&str>, &str), Constraint> = BTreeMap::new();
        let mut clashes = Vec::new();
        for constraint in &named {
            let scopes = [
                global.contains(&constraint.kind).then(|| (constraint.model.schema(), None)),
                local
                    .contains(&constraint.kind)
                    .then(|| (constraint.model.schema(), Some(constraint.model.name.name.as_str()))),
            ];
            for (schema, model) in scopes.into_iter().flatten() {
                if seen.insert((schema, model, &constraint.name), constraint.kind).is_some() {
                    clashes.push(constraint);
                    break;
                }
            }
        }
        for clash in clashes {
            let message = format!("the name `{}` is given to two keys or indexes", clash.name);
            self.refuse_in(clash.model, clash.span, message, "give one of them another name with `map:`");
        }
    }

    fn named_constraints(&self) -> Vec<Named<'a>> {
        let (schema, dialect) = (self.schema, self.dialect);
        let mut named = Vec::new();
        for model in schema.models.iter().filter(|model| model.kind == ModelKind::Model) {
            let mut push = |kind, name, span| named.push(Named { kind, name, model, span });
            if let Some((attribute, _)) = indexes::primary_key_fields(model) {
                let name =
                    attribute.map().map_or_else(|| names::primary_key(dialect, model.database_name()), str::to_owned);
                push(Constraint::PrimaryKey, name, attribute.span);
            }
            for field in &model.fields {
                if let Some(attribute) = field.attribute("unique") {
                    push(
                        Constraint::Index,
                        indexes::index_name(dialect, model, attribute, &[field.column_name()], true),
                        attribute.span,
                    );
                }
            }
            for attribute in &model.attributes {
                if !matches!(attribute.name.as_str(), "unique" | "index" | "fulltext") {
                    continue;
                }
                if let Some(fields) = key_fields(model, attribute) {
                    let columns: Vec<&str> = fields.iter().map(|field| field.field.column_name()).collect();
                    let unique = attribute.name == "unique";
                    push(
                        Constraint::Index,
                        indexes::index_name(dialect, model, attribute, &columns, unique),
                        attribute.span,
                    );
                }
            }
            if self.settings.emulates_relations {
                continue;
            }
            for relation in self.resolved.inline_relations(model) {
                let columns: Vec<&str> = relation.fields.iter().map(|field| field.column_name()).collect();
                let name = relation
                    .attribute
                    .map()
                    .map_or_else(|| names::foreign_key(dialect, model.database_name(), &columns), str::to_owned);
                push(Constraint::ForeignKey, name, relation.attribute.span);
            }
        }
        named
    }
}
