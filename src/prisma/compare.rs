//! What Prisma's engine counts as a difference between a declared schema and the database that the migrations build.
//!
//! The rules are those of `schema-engine/connectors/sql-schema-connector/src/sql_schema_differ` and
//! `flavour/*/schema_differ.rs` in prisma/prisma-engines, together with what its describers
//! (`schema-engine/sql-schema-describer`) do and do not read from a database. Where the engine would report the same
//! difference for ever, because it compares the text of the schema with what the database makes of it, nothing is said.

mod column;
mod defaults;
mod index;
mod key;
mod text;
mod types;

use std::collections::BTreeMap;

use crate::catalog::contrast;
use crate::catalog::difference::{Aspect, Difference, Side};
use crate::catalog::{Catalog, Column, Dialect, Enum, Name, Object, ObjectName, Table, TableKind, TypeKind};
use crate::source::Place;

pub(crate) use key::{is_relation_table, take_either_key};
pub(crate) use text::{foreign_key as foreign_key_text, index as index_text};
pub(crate) use types::POSTGRES as POSTGRES_TYPES;
pub(crate) use types::changes_family;

/// What decides how the engine compares, beside the two catalogs.
#[derive(Debug, Clone)]
pub struct CompareOptions {
    /// Prisma's major version.
    pub prisma_major: u32,
    /// Whether the preview feature `partialIndexes` is on: conditions of indexes are compared then.
    pub partial_indexes: bool,
    /// Tables that `prisma.config` declares external (`name` or `schema.name`): the engine leaves them alone.
    pub external_tables: Vec<String>,
    /// Enums that `prisma.config` declares external.
    pub external_enums: Vec<String>,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self { prisma_major: 7, partial_indexes: false, external_tables: Vec::new(), external_enums: Vec::new() }
    }
}

/// The differences between what a schema declares and what the migrations build, sorted by table, kind and name.
pub fn compare(declared: &Catalog, replayed: &Catalog, options: &CompareOptions) -> Vec<Difference> {
    // A condition in the schema is refused without the preview feature.
    let conditions = declared.tables.values().flat_map(|table| &table.indexes).any(|index| index.predicate.is_some());
    let options = &CompareOptions { partial_indexes: options.partial_indexes || conditions, ..options.clone() };
    let mut comparison = Comparison { declared, replayed, options, found: Vec::new() };
    comparison.schemas();
    comparison.extensions();
    comparison.enums();
    comparison.tables();
    let mut found = comparison.found;
    for difference in &mut found {
        difference.sql = super::suggest::one(difference, declared, replayed);
    }
    found.sort_by(|a, b| {
        let key = |one: &Difference| (one.table.clone(), one.enumeration.clone(), one.kind, one.name.clone());
        key(a).cmp(&key(b))
    });
    found
}

/// A comparison under way.
struct Comparison<'a> {
    declared: &'a Catalog,
    replayed: &'a Catalog,
    options: &'a CompareOptions,
    found: Vec<Difference>,
}

/// A table that both sides have.
#[derive(Clone, Copy)]
struct Pair<'a> {
    declared: &'a Table,
    replayed: &'a Table,
}

impl<'a> Comparison<'a> {
    fn dialect(&self) -> Dialect {
        self.declared.dialect
    }

    /// Notes a difference; it is uncertain where a doubt on either side could explain it.
    fn note(&mut self, mut difference: Difference, objects: &[Object<'_>]) {
        difference.certain = self.is_certain(objects);
        self.found.push(difference);
    }

    /// Notes that two forms of one thing differ: that is certain where either could not be explained by itself.
    fn note_pair(&mut self, mut difference: Difference, objects: [&[Object<'_>]; 2]) {
        difference.certain = objects.iter().any(|objects| self.is_certain(objects));
        self.found.push(difference);
    }

    fn is_certain(&self, objects: &[Object<'_>]) -> bool {
        !objects
            .iter()
            .any(|object| self.declared.doubt_about(object).is_some() || self.replayed.doubt_about(object).is_some())
    }

    /// Schemas that the schema names and nothing makes. The engine never drops one.
    fn schemas(&mut self) {
        if !self.dialect().has_schemas() {
            return;
        }
        for schema in &self.declared.schemas {
            let there = self.replayed.schemas.contains(schema) || schema == self.dialect().default_schema();
            if !there {
                let mut difference = Difference::new(Side::Missing, Aspect::Schema, None, schema.clone());
                difference.declared = Some(schema.clone());
                self.note(difference, &[Object::Database]);
            }
        }
    }

    /// Extensions of the preview feature `postgresqlExtensions`: they are made and changed, never dropped
    /// (`push_extension_steps`).
    fn extensions(&mut self) {
        for (name, declared) in &self.declared.extensions {
            let replayed = self.replayed.extensions.get(name);
            let differ = |a: &Option<String>, b: &Option<String>| matches!((a, b), (Some(a), Some(b)) if a != b);
            let side = match replayed {
                None => Side::Missing,
                Some(there) if differ(&there.version, &declared.version) || differ(&there.schema, &declared.schema) => {
                    Side::Changed
                }
                Some(_) => continue,
            };
            let mut difference = Difference::new(side, Aspect::Extension, None, name.clone());
            difference.declared = Some(text::extension(declared));
            difference.replayed = replayed.map(text::extension);
            difference.declared_at.clone_from(&declared.place);
            difference.migrated_at = replayed.and_then(|there| there.place.clone());
            self.note(difference, &[Object::Database]);
        }
    }

    /// Whether the engine looks into a schema: those that the schema declares, or the default one.
    fn manages(&self, schema: &str) -> bool {
        !self.dialect().has_schemas() || self.declared.schemas.contains(schema)
    }

    fn enums(&mut self) {
        let (declared, replayed) = (self.declared, self.replayed);
        for one in declared.enums.values() {
            match replayed.enums.get(&one.name) {
                None => {
                    let mut difference = enum_difference(Side::Missing, one);
                    difference.declared = Some(text::labels(one));
                    difference.declared_at.clone_from(&one.place);
                    self.note(difference, &[Object::Type(&one.name)]);
                }
                Some(there) => self.labels(one, there),
            }
        }
        for one in replayed.enums.values() {
            let known = declared.enums.contains_key(&one.name) || !self.manages(&one.name.schema);
            if known || is_external(&self.options.external_enums, &one.name) || self.is_unsupported(&one.name) {
                continue;
            }
            let mut difference = enum_difference(Side::Extra, one);
            difference.replayed = Some(text::labels(one));
            difference.migrated_at.clone_from(&one.place);
            self.note(difference, &[Object::Type(&one.name)]);
        }
    }

    /// Labels are compared as sets (`EnumDiffer`).
    fn labels(&mut self, declared: &Enum, replayed: &Enum) {
        let sides = [(Side::Missing, declared, replayed), (Side::Extra, replayed, declared)];
        for (side, here, there) in sides {
            for label in here.labels.iter().filter(|label| !there.labels.contains(label)) {
                let mut difference = Difference::new(side, Aspect::EnumValue, None, label.clone());
                difference.enumeration = Some(declared.name.clone());
                let text = Some(text::quoted(label));
                match side {
                    Side::Missing => difference.declared = text,
                    _ => difference.replayed = text,
                }
                difference.declared_at.clone_from(&declared.place);
                difference.migrated_at.clone_from(&replayed.place);
                self.note(difference, &[Object::Type(&declared.name)]);
            }
        }
    }

    /// Whether a field declares that type as `Unsupported("…")`: the engine would drop the enum behind it each time,
    /// and the database would refuse that.
    fn is_unsupported(&self, name: &Name) -> bool {
        let declares = |column: &Column| match &column.ty.kind {
            TypeKind::Other(text) => {
                let bare = text.trim_end_matches("[]").trim_matches('"');
                bare.eq_ignore_ascii_case(&name.name)
            }
            TypeKind::Named(other) => other.name.eq_ignore_ascii_case(&name.name),
            _ => false,
        };
        self.declared.tables.values().any(|table| table.columns.iter().any(declares))
    }

    /// Whether the engine compares a table at all.
    fn is_compared(&self, table: &Table) -> bool {
        let name = table.name.name.as_str();
        let kind = match table.kind {
            TableKind::Plain | TableKind::Partitioned | TableKind::Virtual => true,
            TableKind::Partition => self.dialect() != Dialect::PostgreSql,
            TableKind::Foreign | TableKind::Temporary => false,
        };
        kind && name != "_prisma_migrations"
            && !is_system_table(self.dialect(), name)
            && self.manages(&table.name.schema)
            && !is_external(&self.options.external_tables, &table.name)
    }

    /// The key under which two tables are the same one. MySQL's names follow the file system of the server.
    fn table_key(&self, name: &Name) -> Name {
        let folds = self.dialect() == Dialect::MySql;
        Name::new(name.schema.clone(), if folds { name.name.to_lowercase() } else { name.name.clone() })
    }

    fn tables(&mut self) {
        let (declared, replayed) = (self.declared, self.replayed);
        let mut sides: BTreeMap<Name, (Option<&'a Table>, Option<&'a Table>)> = BTreeMap::new();
        for table in declared.tables.values().filter(|table| self.is_compared(table)) {
            sides.entry(self.table_key(&table.name)).or_default().0 = Some(table);
        }
        for table in replayed.tables.values().filter(|table| self.is_compared(table)) {
            sides.entry(self.table_key(&table.name)).or_default().1 = Some(table);
        }
        for side in sides.into_values() {
            match side {
                (Some(declared), Some(replayed)) => self.table(Pair { declared, replayed }),
                (Some(table), None) => {
                    let view = self.replayed.view_for(&table.name);
                    let mut difference = match view {
                        // The engine looks at tables alone and wants to make one, which the database refuses.
                        Some(view) => contrast::view(table, view, "model"),
                        None => table_difference(Side::Missing, table),
                    };
                    difference.declared = Some(text::table(table));
                    difference.declared_at.clone_from(&table.place);
                    self.note(difference, &[Object::Table(&table.name)]);
                }
                (None, Some(table)) => {
                    let mut difference = table_difference(Side::Extra, table);
                    difference.replayed = Some(text::table(table));
                    difference.migrated_at.clone_from(&table.place);
                    self.note(difference, &[Object::Table(&table.name)]);
                    // A table made by a query is there for certain, whatever its columns are.
                    let doubts = self.declared.doubts.iter().chain(&self.replayed.doubts);
                    let mut others = doubts.filter(|doubt| Some(&doubt.place) != table.place.as_ref());
                    let certain = !others.any(|doubt| doubt.reach.covers(&Object::Table(&table.name), self.dialect()));
                    if let Some(difference) = self.found.last_mut() {
                        difference.certain = certain;
                    }
                }
                (None, None) => {}
            }
        }
    }

    fn table(&mut self, pair: Pair<'a>) {
        self.columns(pair);
        self.primary_key(pair);
        self.indexes(pair);
        self.foreign_keys(pair);
    }

    fn columns(&mut self, pair: Pair<'a>) {
        for column in &pair.declared.columns {
            let there =
                pair.replayed.columns.iter().find(|other| other.name == column.name && self.is_described(other));
            if let Some(other) = there {
                self.column(pair, column, other);
            } else {
                let mut difference = in_table(Side::Missing, Aspect::Column, pair, &column.name);
                difference.declared = Some(text::column(column));
                difference.declared_at = or_table(column.place.as_ref(), pair.declared);
                self.note(difference, &[Object::Column(&pair.declared.name, &column.name)]);
            }
        }
        for column in &pair.replayed.columns {
            if pair.declared.columns.iter().any(|other| other.name == column.name) || !self.is_described(column) {
                continue;
            }
            let mut difference = in_table(Side::Extra, Aspect::Column, pair, &column.name);
            difference.replayed = Some(text::column(column));
            difference.migrated_at = or_table(column.place.as_ref(), pair.replayed);
            self.note(difference, &[Object::Column(&pair.declared.name, &column.name)]);
        }
    }
}

impl Comparison<'_> {
    /// Whether the describer reports a column: `PRAGMA table_info` hides SQLite's generated ones.
    fn is_described(&self, column: &Column) -> bool {
        self.dialect() != Dialect::Sqlite || column.generated.is_none()
    }
}

fn table_difference(side: Side, table: &Table) -> Difference {
    Difference::new(side, Aspect::Table, Some(table.name.clone()), table.name.name.clone())
}

fn enum_difference(side: Side, one: &Enum) -> Difference {
    let mut difference = Difference::new(side, Aspect::Enum, None, one.name.name.clone());
    difference.enumeration = Some(one.name.clone());
    difference
}

/// Whether `prisma.config` declares that object external, with or without its schema.
fn is_external(external: &[String], name: &Name) -> bool {
    external.iter().any(|one| *one == name.name || *one == format!("{}.{}", name.schema, name.name))
}

/// A difference inside a table, with the tables' places.
fn in_table(side: Side, aspect: Aspect, pair: Pair<'_>, name: &str) -> Difference {
    let mut difference = Difference::new(side, aspect, Some(pair.declared.name.clone()), name);
    difference.declared_at.clone_from(&pair.declared.place);
    difference.migrated_at.clone_from(&pair.replayed.place);
    difference
}

/// The place of something in a table, or else the table's.
fn or_table(place: Option<&Place>, table: &Table) -> Option<Place> {
    place.or(table.place.as_ref()).cloned()
}

/// Tables that databases and their extensions keep for themselves: PostGIS's (`POSTGIS_TABLES_OR_VIEWS`), SQLite's and
/// those of Cloudflare D1 (`is_table_ignored`).
fn is_system_table(dialect: Dialect, name: &str) -> bool {
    match dialect {
        Dialect::PostgreSql | Dialect::CockroachDb => {
            let known =
                ["spatial_ref_sys", "geometry_columns", "geography_columns", "raster_columns", "raster_overviews"];
            known.iter().any(|one| name.eq_ignore_ascii_case(one))
        }
        Dialect::Sqlite => {
            let known =
                ["sqlite_sequence", "sqlite_stat1", "sqlite_stat2", "sqlite_stat3", "sqlite_stat4", "d1_migrations"];
            let cloudflare =
                name.strip_prefix("_cf_").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
            known.contains(&name) || cloudflare
        }
        Dialect::MySql | Dialect::SqlServer | Dialect::Oracle => false,
    }
}

/// The enum that a column is of, where it is of one.
fn enum_of<'a>(catalog: &'a Catalog, column: &Column) -> Option<&'a Enum> {
    match &column.ty.kind {
        TypeKind::Named(name) => catalog.enums.get(&resolved(catalog, name)).or_else(|| catalog.enumeration(name)),
        _ => None,
    }
}

/// A name with its schema.
fn resolved(catalog: &Catalog, name: &ObjectName) -> Name {
    catalog.new_name(name)
}

#[cfg(test)]
mod tests;
