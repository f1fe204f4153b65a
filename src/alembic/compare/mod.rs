//! What differs between the models and the migrations, as Alembic's autogenerate looks at it.
//!
//! The rules are those of `alembic.autogenerate.compare` and `alembic.ddl` (1.20), measured against real databases. What
//! the database would notice and autogenerate does not look at is told too, marked [`Difference::beyond_engine`].

mod counters;
mod defaults;
mod describe;
mod indexes;
mod keys;
mod text;
mod types;

use crate::catalog::contrast::{self, Contrast};
use crate::catalog::difference::{Aspect, Difference, Kind, Side};
use crate::catalog::{
    AutoIncrement, Catalog, Column, Dialect, Name, Object, ObjectName, Part, Reach, Settled, Table, Unmanaged,
};

pub(crate) use text::same_expression;

/// How a project's `env.py` asks for the comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// `compare_type`: on by default since Alembic 1.12.
    pub compare_type: bool,
    /// `compare_server_default`: off by default.
    pub compare_server_default: bool,
    /// `include_schemas`: whether tables outside the default schema are looked at in the database.
    pub include_schemas: bool,
    /// The table that holds the current revision: never compared.
    pub version_table: String,
    /// The schema that it lies in; the default one where none is given.
    pub version_table_schema: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            compare_type: true,
            compare_server_default: false,
            include_schemas: false,
            version_table: "alembic_version".to_owned(),
            version_table_schema: None,
        }
    }
}

/// Compares the two catalogs. Sorted by table, kind and name.
pub(crate) fn compare(declared: &Catalog, replayed: &Catalog, options: &Options) -> Vec<Difference> {
    let mut comparison = Comparison { declared, replayed, options, differences: Vec::new() };
    comparison.tables();
    comparison.enums();
    let mut differences = comparison.differences;
    differences.sort_by(|a, b| {
        (&a.table, a.kind, &a.name, &a.declared, &a.replayed).cmp(&(
            &b.table,
            b.kind,
            &b.name,
            &b.declared,
            &b.replayed,
        ))
    });
    differences
}

/// What is missing, and what is there in its place, as one difference. Where only one of the two is compared, or
/// autogenerate does not look at one, they stay apart.
fn paired(missing: Option<Difference>, extra: Option<Difference>, contrast: Option<Contrast>) -> Vec<Difference> {
    match (missing, extra) {
        (Some(missing), Some(extra)) if !missing.beyond_engine && !extra.beyond_engine => vec![Difference {
            kind: Kind { side: Side::Changed, ..missing.kind },
            name: if missing.name.is_empty() { extra.name } else { missing.name },
            replayed: extra.replayed,
            migrated_at: extra.migrated_at,
            // Either would be certain by itself.
            certain: missing.certain || extra.certain,
            contrast,
            ..missing
        }],
        (missing, extra) => missing.into_iter().chain(extra).collect(),
    }
}

/// Tables of extensions, which migrations do not make and models do not declare: PostGIS and SpatiaLite.
const SPATIAL_TABLES: [&str; 8] = [
    "spatial_ref_sys",
    "geometry_columns",
    "geography_columns",
    "raster_columns",
    "raster_overviews",
    "spatialite_history",
    "sql_statements_log",
    "spatial_ref_sys_aux",
];

struct Comparison<'a> {
    declared: &'a Catalog,
    replayed: &'a Catalog,
    options: &'a Options,
    differences: Vec<Difference>,
}

impl<'a> Comparison<'a> {
    fn dialect(&self) -> Dialect {
        self.replayed.dialect
    }

    /// Whether no doubt of either side could explain a difference about `object`.
    fn certain(&self, object: &Object<'_>) -> bool {
        self.declared.doubt_about(object).is_none() && self.replayed.doubt_about(object).is_none()
    }

    fn push(&mut self, difference: Difference, object: &Object<'_>) {
        self.differences.extend(self.judged(difference, object));
    }

    /// A difference with its certainty; none where the project keeps it out.
    fn judged(&self, mut difference: Difference, object: &Object<'_>) -> Option<Difference> {
        if self.is_kept_out(&difference) {
            return None;
        }
        difference.certain = difference.certain && self.certain(object);
        Some(difference)
    }

    /// A difference about an index or a constraint: one that came after a doubt is not touched by it, nor are the columns that
    /// it is on, which had to be there.
    fn judged_part<'c>(
        &self,
        mut difference: Difference,
        table: &Name,
        name: Option<&str>,
        columns: impl IntoIterator<Item = &'c str>,
    ) -> Option<Difference> {
        let object = name.map_or(Object::Table(table), |name| Object::Part(table, name));
        let dialect = self.dialect();
        let from = self.replayed.known_since(&object);
        difference.certain = columns.into_iter().all(|column| {
            let column = Object::Column(table, column);
            let from = from.max(self.replayed.known_since(&column));
            let in_doubt = self.replayed.doubts.iter().skip(from).any(|doubt| doubt.reach.covers(&column, dialect));
            !in_doubt && self.declared.doubt_about(&column).is_none()
        });
        self.judged(difference, &object)
    }

    /// Whether `env.py` keeps what a difference is about out of the comparison: what differs in a column goes with it.
    fn is_kept_out(&self, difference: &Difference) -> bool {
        let (kind, side) = match difference.kind.aspect {
            Aspect::Column => (Part::Column, difference.kind.side),
            Aspect::Type | Aspect::Nullability | Aspect::Default => (Part::Column, Side::Changed),
            Aspect::Comment if !difference.name.is_empty() => (Part::Column, Side::Changed),
            Aspect::Index => (Part::Index, difference.kind.side),
            Aspect::Unique => (Part::Unique, difference.kind.side),
            Aspect::ForeignKey => (Part::ForeignKey, difference.kind.side),
            _ => return false,
        };
        let dialect = self.dialect();
        self.declared.unmanaged.iter().any(|unmanaged| match unmanaged {
            Unmanaged::Table(_) | Unmanaged::Decided { .. } => false,
            Unmanaged::Part { part, table, name, side: on } => {
                let within = |table: &ObjectName| {
                    let covered = |name: &Name| Reach::Table(table.clone()).covers(&Object::Table(name), dialect);
                    difference.table.as_ref().is_some_and(covered)
                };
                *part == kind
                    && *on == side
                    && name.as_ref().is_none_or(|name| *name == difference.name)
                    && table.as_ref().is_none_or(within)
            }
        })
    }

    /// What a function of `env.py` says of the type or default of a column.
    fn settled(&self, wanted: Part, table: &Table, column: &Column) -> Option<Settled> {
        let dialect = self.dialect();
        self.declared.unmanaged.iter().find_map(|unmanaged| match unmanaged {
            Unmanaged::Decided { part, table: of, column: name, settled } if *part == wanted => {
                let here = Reach::Table(of.clone()).covers(&Object::Table(&table.name), dialect);
                (here && *name == column.name).then_some(*settled)
            }
            _ => None,
        })
    }

    /// The name in `catalog` of a table of the other side.
    fn counterpart(&self, catalog: &'a Catalog, name: &Name) -> Option<&'a Table> {
        catalog.tables.get(name).or_else(|| {
            let dialect = self.dialect();
            if !dialect.folds_names() {
                return None;
            }
            catalog
                .tables
                .values()
                .find(|table| table.name.schema == name.schema && dialect.same_name(&table.name.name, &name.name))
        })
    }

    fn tables(&mut self) {
        let (declared, replayed) = (self.declared, self.replayed);
        let options = self.options;
        for table in declared.tables.values().filter(|table| is_compared(options, declared, &table.name)) {
            match self.counterpart(replayed, &table.name) {
                Some(other) => self.table(table, other),
                None => {
                    let mut difference = match replayed.view_for(&table.name) {
                        // Autogenerate looks at tables alone and wants to make one, which the database refuses.
                        Some(view) => contrast::view(table, view, "table"),
                        None => {
                            Difference::new(Side::Missing, Aspect::Table, Some(table.name.clone()), &table.name.name)
                        }
                    };
                    difference.declared = Some(describe::table(table));
                    difference.declared_at.clone_from(&table.place);
                    self.push(difference, &Object::Table(&table.name));
                }
            }
        }
        for table in replayed.tables.values().filter(|table| is_compared(options, declared, &table.name)) {
            if self.counterpart(declared, &table.name).is_some() || !is_reflected(table) {
                continue;
            }
            let mut difference =
                Difference::new(Side::Extra, Aspect::Table, Some(table.name.clone()), &table.name.name);
            difference.replayed = Some(describe::table(table));
            difference.migrated_at.clone_from(&table.place);
            difference.beyond_engine = !self.options.include_schemas && self.is_in_other_schema(&table.name);
            difference.certain = !declared.open;
            self.push(difference, &Object::Table(&table.name));
        }
    }

    /// Whether a table lies where autogenerate looks only with `include_schemas`, and no model lies there.
    fn is_in_other_schema(&self, name: &Name) -> bool {
        name.schema != self.dialect().default_schema()
            && !self.declared.tables.keys().any(|other| other.schema == name.schema)
    }

    fn table(&mut self, declared: &'a Table, replayed: &'a Table) {
        let dialect = self.dialect();
        for column in &declared.columns {
            if let Some(other) = replayed.column(dialect, &column.name) {
                self.column(declared, column, other);
            } else {
                let mut difference = self.column_difference(Side::Missing, Aspect::Column, declared, column);
                difference.declared = Some(describe::column(column));
                difference.declared_at = column.place.clone().or_else(|| declared.place.clone());
                difference.migrated_at.clone_from(&replayed.place);
                self.push(difference, &Object::Column(&declared.name, &column.name));
            }
        }
        for column in &replayed.columns {
            if declared.column(dialect, &column.name).is_none() {
                let mut difference = self.column_difference(Side::Extra, Aspect::Column, declared, column);
                difference.replayed = Some(describe::column(column));
                difference.declared_at.clone_from(&declared.place);
                difference.migrated_at.clone_from(&column.place);
                self.push(difference, &Object::Column(&declared.name, &column.name));
            }
        }
        self.indexes(declared, replayed);
        self.foreign_keys(declared, replayed);
        self.primary_key(declared, replayed);
        self.checks(declared, replayed);
        if self.dialect().has_comments() && meant(declared.comment.as_deref()) != meant(replayed.comment.as_deref()) {
            self.comment(declared, None, declared.comment.as_deref(), replayed.comment.as_deref());
        }
    }

    fn column_difference(&self, side: Side, aspect: Aspect, table: &Table, column: &Column) -> Difference {
        Difference::new(side, aspect, Some(table.name.clone()), &column.name)
    }

    fn column(&mut self, table: &'a Table, declared: &'a Column, replayed: &'a Column) {
        let object = Object::Column(&table.name, &declared.name);
        let places = |difference: &mut Difference| {
            difference.declared_at = declared.place.clone().or_else(|| table.place.clone());
            difference.migrated_at.clone_from(&replayed.place);
        };
        if declared.nullable != replayed.nullable {
            let mut difference = self.column_difference(Side::Changed, Aspect::Nullability, table, declared);
            let word = |nullable: bool| Some(if nullable { "null" } else { "not null" }.to_owned());
            difference.declared = word(declared.nullable);
            difference.replayed = word(replayed.nullable);
            // Autogenerate leaves the nullability of computed columns alone where the model does not state it, and that
            // of identity columns in any case (`_compare_nullable`).
            difference.beyond_engine = (declared.nullable
                && (declared.generated.is_some() || replayed.generated.is_some()))
                || is_identity(declared)
                || is_identity(replayed);
            places(&mut difference);
            self.push(difference, &object);
        }
        let verdict = types::compare(self.dialect(), &declared.ty, &replayed.ty, self.replayed);
        // A length that nobody wrote is none that a column without one lacks.
        let lacks_nothing =
            verdict == types::Verdict::Unseen && declared.length_of_labels && replayed.ty.args().is_empty();
        if verdict != types::Verdict::Equal && !lacks_nothing {
            let mut difference = self.column_difference(Side::Changed, Aspect::Type, table, declared);
            difference.declared = Some(declared.ty.to_string());
            difference.replayed = Some(replayed.ty.to_string());
            let asked = self.settled(Part::Type, table, declared);
            difference.beyond_engine =
                verdict == types::Verdict::Unseen || !self.options.compare_type || asked == Some(Settled::Same);
            difference.certain = asked != Some(Settled::Unknown);
            places(&mut difference);
            self.push(difference, &object);
        }
        if self.dialect().has_comments() && meant(declared.comment.as_deref()) != meant(replayed.comment.as_deref()) {
            self.comment(table, Some((declared, replayed)), declared.comment.as_deref(), replayed.comment.as_deref());
        }
        self.default(table, declared, replayed);
    }

    fn comment(
        &mut self,
        table: &Table,
        columns: Option<(&Column, &Column)>,
        declared: Option<&str>,
        replayed: Option<&str>,
    ) {
        let side = match (meant(declared), meant(replayed)) {
            (Some(_), None) => Side::Missing,
            (None, Some(_)) => Side::Extra,
            _ => Side::Changed,
        };
        let name = columns.map_or("", |(column, _)| column.name.as_str());
        let mut difference = Difference::new(side, Aspect::Comment, Some(table.name.clone()), name);
        difference.declared = meant(declared).map(str::to_owned);
        difference.replayed = meant(replayed).map(str::to_owned);
        difference.declared_at = columns.and_then(|(column, _)| column.place.clone()).or_else(|| table.place.clone());
        difference.migrated_at = columns.and_then(|(_, column)| column.place.clone());
        match columns {
            Some((column, _)) => self.push(difference, &Object::Column(&table.name, &column.name)),
            None => self.push(difference, &Object::Table(&table.name)),
        }
    }

    /// Server defaults, identities, counters and computed columns.
    fn default(&mut self, table: &Table, declared: &Column, replayed: &Column) {
        let dialect = self.dialect();
        let declared_text = describe::default(declared);
        let replayed_text = describe::default(replayed);
        let counts = declared.auto_increment.is_some() && declared.auto_increment == replayed.auto_increment;
        let same = same_generated(declared, replayed)
            // The sequence of a counter keeps its name when the table is renamed.
            && (counts || defaults::same(dialect, declared, replayed))
            // An INTEGER PRIMARY KEY of SQLite counts in any case; AUTOINCREMENT only forbids reuse.
            && (dialect == Dialect::Sqlite || declared.auto_increment == replayed.auto_increment)
            || counters::same(dialect, declared, replayed);
        if same {
            return;
        }
        let side = match (&declared_text, &replayed_text) {
            (Some(_), None) => Side::Missing,
            (None, Some(_)) => Side::Extra,
            _ => Side::Changed,
        };
        let mut difference = self.column_difference(side, Aspect::Default, table, declared);
        let plain = declared.generated.is_none()
            && replayed.generated.is_none()
            && declared.auto_increment.is_none()
            && replayed.auto_increment.is_none()
            && !counters::is_omitted(self.replayed, table, replayed);
        let asked = self.settled(Part::Default, table, declared);
        difference.beyond_engine = !(self.options.compare_server_default && plain) || asked == Some(Settled::Same);
        difference.certain = difference.beyond_engine || asked != Some(Settled::Unknown);
        difference.declared = declared_text;
        difference.replayed = replayed_text;
        difference.declared_at = declared.place.clone().or_else(|| table.place.clone());
        difference.migrated_at.clone_from(&replayed.place);
        self.push(difference, &Object::Column(&table.name, &declared.name));
    }

    /// Labels of native enums, which autogenerate never compares. An enum that only one side has is told where the other
    /// side has no column for it to show in.
    fn enums(&mut self) {
        let (declared, replayed) = (self.declared, self.replayed);
        for wanted in declared.enums.values() {
            let Some(made) = replayed.enums.get(&wanted.name) else { continue };
            for label in wanted.labels.iter().filter(|label| !made.labels.contains(label)) {
                let mut difference = Difference::new(Side::Missing, Aspect::EnumValue, None, label);
                difference.enumeration = Some(wanted.name.clone());
                difference.declared = Some(label.clone());
                difference.beyond_engine = true;
                difference.declared_at.clone_from(&wanted.place);
                difference.migrated_at.clone_from(&made.place);
                self.push(difference, &Object::Type(&wanted.name));
            }
            for label in made.labels.iter().filter(|label| !wanted.labels.contains(label)) {
                let mut difference = Difference::new(Side::Extra, Aspect::EnumValue, None, label);
                difference.enumeration = Some(wanted.name.clone());
                difference.replayed = Some(label.clone());
                difference.beyond_engine = true;
                difference.declared_at.clone_from(&wanted.place);
                difference.migrated_at.clone_from(&made.place);
                self.push(difference, &Object::Type(&wanted.name));
            }
        }
    }
}

/// Whether a table is looked at: neither the version table, nor an extension's, nor kept out by `env.py`.
fn is_compared(options: &Options, declared: &Catalog, name: &Name) -> bool {
    let dialect = declared.dialect;
    let schema = options.version_table_schema.as_deref().unwrap_or(dialect.default_schema());
    let own = name.name == options.version_table && name.schema == schema;
    !own && !SPATIAL_TABLES.contains(&name.name.as_str())
        && !declared.unmanaged.iter().any(|unmanaged| match unmanaged {
            Unmanaged::Table(table) => Reach::Table(table.clone()).covers(&Object::Table(name), dialect),
            Unmanaged::Part { .. } | Unmanaged::Decided { .. } => false,
        })
}

/// Whether a column is `GENERATED … AS IDENTITY`.
fn is_identity(column: &Column) -> bool {
    matches!(column.auto_increment, Some(AutoIncrement::IdentityAlways | AutoIncrement::IdentityByDefault))
}

/// Whether reflection lists the table among tables: views, temporary and virtual ones are not.
fn is_reflected(table: &Table) -> bool {
    use crate::catalog::TableKind;
    !matches!(table.kind, TableKind::Temporary | TableKind::Virtual | TableKind::Foreign)
}

/// An empty comment is none.
fn meant(comment: Option<&str>) -> Option<&str> {
    comment.filter(|text| !text.is_empty())
}

fn same_generated(declared: &Column, replayed: &Column) -> bool {
    match (&declared.generated, &replayed.generated) {
        (None, None) => true,
        (Some(a), Some(b)) => same_expression(&a.expression, &b.expression),
        _ => false,
    }
}

/// What only comparison asks of a dialect.
trait Reflection {
    /// Whether comments are stored (`supports_comments`).
    fn has_comments(self) -> bool;
}

impl Reflection for Dialect {
    fn has_comments(self) -> bool {
        self != Dialect::Sqlite
    }
}

#[cfg(test)]
mod tests;
