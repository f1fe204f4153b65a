//! The declared schema: what a database must hold for the schema language to be right about it.
//!
//! The rules are those by which the engine computes the schema it wants
//! (`schema-engine/connectors/sql-schema-connector/src/sql_schema_calculator.rs` in prisma/prisma-engines).

pub(crate) mod defaults;
pub(crate) mod indexes;
pub(crate) mod names;
pub(crate) mod native;
mod relations;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;

use crate::catalog::{
    AutoIncrement, Catalog, Column, ColumnType, Dialect, Enum, Extension, Name, ObjectName, Table, TypeKind,
};
use crate::prisma::schema::ast::{Arity, EnumBlock, Field, Model, Schema};
use crate::prisma::schema::resolve::{Kind, Resolved, Settings};

/// What decides how a schema becomes a catalog, besides its own text.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// The database.
    pub(crate) dialect: Dialect,
    /// Where models without `@@schema` live.
    pub(crate) default_schema: String,
    /// The major version of Prisma.
    pub(crate) version: u32,
}

impl Context {
    /// The defaults for a database and a version.
    pub(crate) fn new(dialect: Dialect, version: u32) -> Self {
        Self { dialect, default_schema: dialect.default_schema().to_owned(), version }
    }
}

/// The catalog that a schema asks for.
pub(crate) fn catalog(schema: &Schema, context: &Context) -> Catalog {
    let settings = Settings::of(schema);
    let resolved = Resolved::new(schema);
    let mut builder = Builder { context, resolved: &resolved, catalog: Catalog::new(context.dialect) };
    builder.schemas(&settings);
    builder.extensions(schema, &settings);
    if context.dialect.is_postgres_like() {
        for block in &schema.enums {
            builder.enumeration(block);
        }
    }
    for model in resolved.tables() {
        let mut table = builder.table(model);
        if !settings.emulates_relations {
            table.foreign_keys = builder.foreign_keys(model);
        }
        // Two models on one table are refused by the engine; the first one stands for it.
        builder.catalog.tables.entry(table.name.clone()).or_insert(table);
    }
    for relation in resolved.many_to_many() {
        if let Some(table) = builder.join_table(&relation, settings.emulates_relations) {
            builder.catalog.tables.entry(table.name.clone()).or_insert(table);
        }
    }
    builder.catalog
}

struct Builder<'a> {
    context: &'a Context,
    resolved: &'a Resolved<'a>,
    catalog: Catalog,
}

impl<'a> Builder<'a> {
    fn schemas(&mut self, settings: &Settings) {
        if !self.context.dialect.has_schemas() {
            return;
        }
        self.catalog.search_path = vec![self.context.default_schema.clone()];
        // The engine describes the schemas that the datasource lists, and where it lists none the connection's.
        self.catalog.schemas = if settings.schemas.is_empty() {
            BTreeSet::from([self.context.default_schema.clone()])
        } else {
            settings.schemas.iter().cloned().collect()
        };
    }

    /// Extensions that the datasource names: the engine refuses them without the preview feature `postgresqlExtensions`,
    /// so they are managed wherever they are written.
    fn extensions(&mut self, schema: &Schema, settings: &Settings) {
        if self.context.dialect != Dialect::PostgreSql {
            return;
        }
        let Some(datasource) = schema.datasources.first() else { return };
        for extension in &settings.extensions {
            let place = Some(datasource.place(extension.span));
            let (schema, version) = (extension.schema.clone(), extension.version.clone());
            self.catalog.extensions.insert(extension.name.clone(), Extension { schema, version, place });
        }
    }

    fn name(&self, schema: Option<&str>, name: &str) -> Name {
        if self.context.dialect.has_schemas() {
            Name::new(schema.unwrap_or(&self.context.default_schema), name)
        } else {
            Name::new("", name)
        }
    }

    fn table_name(&self, model: &Model) -> Name {
        self.name(model.schema(), model.database_name())
    }

    fn enumeration(&mut self, block: &EnumBlock) {
        let name = self.name(block.schema(), block.database_name());
        let place = Some(block.place(block.header));
        let labels = block.labels();
        self.catalog.enums.entry(name.clone()).or_insert(Enum { name, labels, place });
    }

    fn table(&self, model: &'a Model) -> Table {
        let mut table = Table::new(self.table_name(model));
        table.place = Some(model.place(model.header));
        table.columns = self.resolved.columns(model).map(|(field, kind)| self.column(model, field, kind)).collect();
        table.primary_key = self.primary_key(model);
        table.indexes = self.indexes(model);
        table
    }

    fn column(&self, model: &'a Model, field: &'a Field, kind: Kind<'a>) -> Column {
        let dialect = self.context.dialect;
        let ty = self.column_type(field, kind);
        let nullable = field.arity != Arity::Required;
        let mut column = Column::new(field.column_name(), ty, nullable);
        if let Some(value) = field.default() {
            let defaulted = defaults::read(dialect, kind, &column.ty, value);
            column.default = defaulted.default;
            column.auto_increment = defaulted.auto_increment;
            if dialect == Dialect::SqlServer && column.default.is_some() {
                let given = field.default_name().map(str::to_owned);
                let name = given.unwrap_or_else(|| names::default(dialect, model.database_name(), &column.name));
                column.default_name = Some(name);
            }
        }
        // SQL Server's DEFAULT and IDENTITY exclude each other; IDENTITY takes any integer type.
        if dialect == Dialect::SqlServer && column.auto_increment.is_some() {
            column.auto_increment = Some(AutoIncrement::IdentityAlways);
        }
        column.place = Some(model.place(field.span));
        column
    }

    fn column_type(&self, field: &'a Field, kind: Kind<'a>) -> ColumnType {
        let dialect = self.context.dialect;
        let mut ty = match kind {
            Kind::Scalar(scalar) => match field.native_type() {
                Some((name, attribute)) => native::native_type(dialect, name, attribute),
                None => native::default_type(dialect, scalar),
            },
            Kind::Enum(block) => self.enum_type(block),
            Kind::Unsupported(text) => defaults::unsupported_type(text, dialect),
            Kind::Relation(_) | Kind::Composite(_) | Kind::Unknown(_) => ColumnType::unknown(),
        };
        ty.array |= field.arity == Arity::List;
        ty
    }

    fn enum_type(&self, block: &EnumBlock) -> ColumnType {
        let kind = match self.context.dialect {
            Dialect::PostgreSql | Dialect::CockroachDb => {
                let name = self.name(block.schema(), block.database_name());
                TypeKind::Named(ObjectName::from(&name))
            }
            Dialect::MySql => TypeKind::Inline { set: false, labels: block.labels() },
            // SQLite has no enums: the engine stores them as text.
            Dialect::Sqlite => return ColumnType::builtin("text"),
            Dialect::SqlServer | Dialect::Oracle => TypeKind::Unknown,
        };
        ColumnType { kind, array: false }
    }
}
