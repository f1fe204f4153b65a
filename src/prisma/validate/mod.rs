//! What the engine refuses: only what every supported version of it certainly refuses, told at the place it is written.
//!
//! The rules follow `psl/parser-database` and `psl/psl-core/src/validate` in prisma/prisma-engines. What depends on a
//! minor version or on the connection string is left to the engine: a schema that is refused here is never compared.

mod fields;
mod keys;
mod names;
mod relations;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::schema::ast::{Model, ModelKind, Schema};
use super::schema::resolve::{Resolved, Settings};
use crate::catalog::Dialect;
use crate::project::SourceProblem;
use crate::source::{Place, Source, Span};

/// What the engine of a major version refuses in a schema that parses.
pub(crate) fn problems(schema: &Schema, dialect: Dialect, version: u32) -> Vec<SourceProblem> {
    let resolved = Resolved::new(schema);
    let settings = Settings::of(schema);
    let mut validator =
        Validator { schema, resolved: &resolved, settings: &settings, dialect, version, problems: Vec::new() };
    validator.datasource();
    validator.names();
    for model in schema.models.iter().filter(|model| model.kind == ModelKind::Model) {
        validator.fields(model);
        validator.keys(model);
    }
    // The engine looks at relations only once the names in them are sound.
    if validator.problems.is_empty() {
        for model in schema.models.iter().filter(|model| model.kind == ModelKind::Model) {
            validator.relations(model);
        }
        validator.constraint_names();
    }
    validator.problems
}

struct Validator<'a> {
    schema: &'a Schema,
    resolved: &'a Resolved<'a>,
    settings: &'a Settings,
    dialect: Dialect,
    version: u32,
    problems: Vec<SourceProblem>,
}

impl<'a> Validator<'a> {
    fn refuse(&mut self, source: &Arc<Source>, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(SourceProblem {
            path: source.path().clone(),
            place: Some(Place::new(source, span)),
            message: message.into(),
            help: help.into(),
        });
    }

    fn refuse_in(&mut self, model: &Model, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.refuse(&model.source, span, message, help);
    }

    fn datasource(&mut self) {
        let schema: &'a Schema = self.schema;
        if let Some(second) = schema.datasources.get(1) {
            self.refuse(
                &second.source,
                second.header,
                "a schema has one datasource block, and this is the second",
                "keep one of the datasource blocks",
            );
        }
        let Some(datasource) = schema.datasources.first() else { return };
        if let Some(provider) = datasource.property("provider").filter(|_| self.settings.dialect().is_none())
            && let Some(name) = provider.text().filter(|name| *name != "mongodb")
        {
            let message = format!("`{name}` is no provider");
            self.refuse(
                &datasource.source,
                provider.span,
                message,
                "write postgresql, mysql, sqlite, sqlserver or cockroachdb",
            );
        }
        let has_schemas = self.dialect.has_schemas();
        if let Some(schemas) = datasource.property("schemas").filter(|_| !has_schemas) {
            let message = format!("{} has no schemas inside one database", self.dialect.title());
            self.refuse(&datasource.source, schemas.span, message, "delete the property `schemas`");
        }
        if let Some(extensions) = datasource.property("extensions").filter(|_| self.dialect != Dialect::PostgreSql) {
            let message = format!("`extensions` is no property of a {} datasource", self.dialect.title());
            self.refuse(&datasource.source, extensions.span, message, "delete the property `extensions`");
        }
    }
}
