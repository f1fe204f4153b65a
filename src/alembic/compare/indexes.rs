//! Indexes and unique constraints, by name where the model gives one and by columns where it does not.
//!
//! The order of questions is that of `_compare_indexes_and_uniques`.

use std::collections::{BTreeMap, BTreeSet};

use super::text::same_expression;
use super::{Comparison, describe, paired};
use crate::alembic::types::is_spatial_index;
use crate::catalog::contrast::{self, pair_up};
use crate::catalog::difference::{Aspect, Difference, Side};
use crate::catalog::{Column, Dialect, Index, IndexOn, IndexPart, Table};
use crate::sql::expression::same_predicate;

/// The columns of a unique constraint, sorted: what it is known by without a name.
type Columns<'a> = Vec<&'a str>;

fn columns(index: &Index) -> Columns<'_> {
    let mut columns: Vec<&str> = index.parts.iter().filter_map(|part| part.column()).collect();
    columns.sort_unstable();
    columns
}

/// The name that the model gives; one that the database would give is none.
fn given_name(index: &Index) -> Option<&str> {
    index.name.as_deref().filter(|_| !index.generated_name)
}

/// How two indexes of one name compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sameness {
    Same,
    Seen,
    Unseen,
}

impl<'a> Comparison<'a> {
    pub(super) fn indexes(&mut self, declared: &'a Table, replayed: &'a Table) {
        let dialect = self.dialect();
        let (wanted_uniques, wanted_indexes): (Vec<&Index>, Vec<&Index>) =
            declared.indexes.iter().partition(|index| index.constraint);
        let unnamed: BTreeSet<Columns<'_>> =
            wanted_uniques.iter().filter(|unique| given_name(unique).is_none()).map(|unique| columns(unique)).collect();
        let named: BTreeMap<&str, &Index> = wanted_uniques
            .iter()
            .chain(&wanted_indexes)
            .filter_map(|index| given_name(index).map(|name| (name, *index)))
            .collect();
        // What the database has. MySQL keeps a unique constraint as a unique index: which of the two it is taken for
        // is the model's choice (`_correct_for_uq_duplicates_uix`).
        let unique_names: BTreeSet<&str> = wanted_uniques.iter().filter_map(|unique| given_name(unique)).collect();
        let doubles = matches!(dialect, Dialect::MySql | Dialect::Oracle);
        let is_unique_constraint = |index: &Index| {
            if doubles && index.unique {
                index.name.as_deref().is_some_and(|name| unique_names.contains(name))
                    || unnamed.contains(&columns(index))
            } else {
                index.constraint
            }
        };
        let made: Vec<&Index> =
            replayed.indexes.iter().filter(|index| self.is_listed(declared, replayed, index)).collect();
        let made_by_name: BTreeMap<&str, &Index> =
            made.iter().filter_map(|index| index.name.as_deref().map(|name| (name, *index))).collect();
        let made_uniques: BTreeSet<Columns<'_>> =
            made.iter().filter(|index| is_unique_constraint(index)).map(|index| columns(index)).collect();

        let (mut missing, mut extra): (Vec<&Index>, Vec<&Index>) = (Vec::new(), Vec::new());
        for (name, index) in &made_by_name {
            if named.contains_key(name) || (is_unique_constraint(index) && unnamed.contains(&columns(index))) {
                continue;
            }
            extra.push(index);
        }
        // SQLite: an unnamed unique constraint that no model asks for is not seen.
        for index in made.iter().filter(|index| index.name.is_none()) {
            let columns_of = columns(index);
            if !wanted_uniques.iter().any(|wanted| columns(wanted) == columns_of) {
                let unseen = self.index_difference(Side::Extra, declared, None, Some(index), true);
                self.differences.extend(unseen);
            }
        }
        for (name, wanted) in &named {
            match made_by_name.get(name) {
                Some(made) if is_unique_constraint(made) == wanted.constraint => {
                    let sameness = if wanted.constraint {
                        same_unique(dialect, wanted, made)
                    } else {
                        same_index(dialect, declared, wanted, made)
                    };
                    // SQLite: reflection leaves the index out, so autogenerate asks for the one without an expression.
                    let hidden = dialect == Dialect::Sqlite && made.has_expression() && !wanted.has_expression();
                    let sameness = if hidden { Sameness::Seen } else { sameness };
                    if sameness != Sameness::Same {
                        let unseen = sameness == Sameness::Unseen;
                        let changed = self.index_difference(Side::Changed, declared, Some(wanted), Some(made), unseen);
                        self.differences.extend(changed);
                    }
                }
                Some(made) => {
                    let changed = self.index_difference(Side::Changed, declared, Some(wanted), Some(made), false);
                    self.differences.extend(changed);
                }
                None if is_folded(dialect, replayed, wanted) => {}
                None => missing.push(wanted),
            }
        }
        for wanted in wanted_uniques.iter().filter(|unique| given_name(unique).is_none()) {
            if !made_uniques.contains(&columns(wanted)) && !is_folded(dialect, replayed, wanted) {
                missing.push(wanted);
            }
        }
        // What autogenerate drops and makes anew on the same columns is one thing to a person.
        let on = |index: &Index| {
            let column = |part: &IndexPart| part.column().map(|column| dialect.folded(column));
            index.parts.iter().map(column).collect::<Option<Vec<_>>>()
        };
        for (wanted, made) in pair_up(&mut missing, &mut extra, on) {
            let halves = (self.missing_index(declared, wanted), self.extra_index(declared, made));
            self.differences.extend(paired(halves.0, halves.1, contrast::indexes(wanted, made, !doubles)));
        }
        let missing = missing.into_iter().filter_map(|wanted| self.missing_index(declared, wanted));
        let extra = extra.into_iter().filter_map(|made| self.extra_index(declared, made));
        let found: Vec<Difference> = missing.chain(extra).collect();
        self.differences.extend(found);
    }

    /// SQLite cannot reflect indexes on expressions, so missing ones are passed over, and so are those too many.
    fn is_hidden(&self, index: &Index) -> bool {
        self.dialect() == Dialect::Sqlite && index.has_expression()
    }

    fn missing_index(&self, table: &Table, index: &Index) -> Option<Difference> {
        self.index_difference(Side::Missing, table, Some(index), None, self.is_hidden(index))
    }

    fn extra_index(&self, table: &Table, index: &Index) -> Option<Difference> {
        self.index_difference(Side::Extra, table, None, Some(index), self.is_hidden(index))
    }

    /// Whether autogenerate gets to see an index of the database at all.
    fn is_listed(&self, declared: &Table, replayed: &Table, index: &Index) -> bool {
        if is_of_searchable(declared, index) {
            return false;
        }
        if self.dialect() != Dialect::MySql || index.unique {
            return true;
        }
        // MySQL puts an index on the columns of a foreign key, under the name of the key or of the column.
        let Some(name) = index.name.as_deref() else { return true };
        let implicit = index.parts.iter().filter_map(|part| part.column()).any(|column| column == name)
            || replayed.foreign_keys.iter().any(|key| key.name.as_deref() == Some(name));
        !implicit || declared.indexes.iter().any(|wanted| given_name(wanted) == Some(name))
    }

    fn index_difference(
        &self,
        side: Side,
        table: &Table,
        declared: Option<&Index>,
        replayed: Option<&Index>,
        beyond_engine: bool,
    ) -> Option<Difference> {
        let subject = declared.or(replayed)?;
        let aspect = if subject.constraint { Aspect::Unique } else { Aspect::Index };
        let name = subject.name.clone().unwrap_or_default();
        let mut difference = Difference::new(side, aspect, Some(table.name.clone()), name);
        difference.declared = declared.map(describe::index);
        difference.replayed = replayed.map(describe::index);
        // MySQL keeps a unique constraint as an index.
        let tells_constraints = !matches!(self.dialect(), Dialect::MySql | Dialect::Oracle);
        difference.contrast =
            declared.zip(replayed).and_then(|(wanted, made)| contrast::indexes(wanted, made, tells_constraints));
        difference.declared_at = declared.and_then(|index| index.place.clone()).or_else(|| table.place.clone());
        difference.migrated_at = replayed.and_then(|index| index.place.clone());
        difference.beyond_engine = beyond_engine;
        // A column that cannot be read may bring an index or take it along.
        let columns = subject.parts.iter().filter_map(|part| part.column());
        let mut judged = self.judged_part(difference, &table.name, subject.name.as_deref(), columns)?;
        // Which versions of GeoAlchemy2 put the index that they make into the metadata is not told here.
        let by_itself = side == Side::Extra && is_spatial_index(table, subject.name.as_deref().unwrap_or_default());
        judged.certain &= !by_itself;
        Some(judged)
    }
}

/// Whether the key of a table is what PostgreSQL makes of a unique constraint in a CREATE TABLE: one on the columns of the key is none
/// of its own there, and leaves at most its name. Autogenerate asks for it all the same, right behind the revision that it wrote to
/// make it too: that tells nobody anything, and where the key has its name it cannot be made.
fn is_folded(dialect: Dialect, replayed: &Table, unique: &Index) -> bool {
    let Some(key) = replayed.primary_key.as_ref().filter(|_| dialect == Dialect::PostgreSql && unique.constraint)
    else {
        return false;
    };
    let mut of_key: Columns<'_> = key.columns.iter().filter_map(|part| part.column()).collect();
    of_key.sort_unstable();
    of_key == columns(unique) && given_name(unique).is_none_or(|name| key.name.as_deref() == Some(name))
}

fn same_unique(dialect: Dialect, declared: &Index, replayed: &Index) -> Sameness {
    if columns(declared) != columns(replayed) {
        return Sameness::Seen;
    }
    if dialect.is_postgres_like() && declared.nulls_not_distinct != replayed.nulls_not_distinct {
        return Sameness::Seen;
    }
    // Autogenerate sorts the columns.
    let in_order = |index: &Index| -> Vec<String> {
        index.parts.iter().filter_map(|part| part.column()).map(str::to_owned).collect()
    };
    if in_order(declared) == in_order(replayed) { Sameness::Same } else { Sameness::Unseen }
}

/// An expression whose columns are written without the table's name, as a database gives them back.
fn unqualified(expression: &str, table: &str) -> String {
    [format!("\"{table}\"."), format!("{table}.")].iter().fold(expression.to_owned(), |text, prefix| {
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find(prefix.as_str()) {
            let inside = rest[..at].chars().next_back().or_else(|| out.chars().next_back());
            out.push_str(&rest[..at]);
            // The end of a longer name is none.
            if inside.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '"')) {
                out.push_str(prefix);
            }
            rest = &rest[at + prefix.len()..];
        }
        out.push_str(rest);
        out
    })
}

fn same_index(dialect: Dialect, table: &Table, declared: &Index, replayed: &Index) -> Sameness {
    let name = table.name.name.as_str();
    if declared.unique != replayed.unique {
        return Sameness::Seen;
    }
    let pg = dialect.is_postgres_like();
    if declared.parts.len() != replayed.parts.len() {
        // Elsewhere only the columns are compared, and an expression hides them.
        let hidden = !pg && (declared.has_expression() || replayed.has_expression());
        return if hidden { Sameness::Unseen } else { Sameness::Seen };
    }
    let mut unseen = false;
    for (a, b) in declared.parts.iter().zip(&replayed.parts) {
        let same_on = match (&a.on, &b.on) {
            (IndexOn::Column(a), IndexOn::Column(b)) => dialect.same_column(a, b),
            (IndexOn::Column(a) | IndexOn::Expression(a), IndexOn::Column(b) | IndexOn::Expression(b)) => {
                same_expression(&unqualified(a, name), &unqualified(b, name))
            }
        };
        // PostgreSQL sorts NULL as the largest value: first when descending.
        let nulls_first = |part: &crate::catalog::IndexPart| part.nulls_first.unwrap_or(part.descending);
        let same_order = a.descending == b.descending && (!pg || nulls_first(a) == nulls_first(b));
        if !same_on {
            let plain = matches!((&a.on, &b.on), (IndexOn::Column(_), IndexOn::Column(_)));
            if pg || plain {
                return Sameness::Seen;
            }
            unseen = true;
        }
        if !same_order {
            if pg {
                return Sameness::Seen;
            }
            unseen = true;
        }
        if a.operator_class.is_some() && b.operator_class.is_some() && a.operator_class != b.operator_class {
            unseen = true;
        }
        if a.length.is_some() && b.length.is_some() && a.length != b.length {
            unseen = true;
        }
    }
    if pg && declared.nulls_not_distinct != replayed.nulls_not_distinct {
        return Sameness::Seen;
    }
    let method = |index: &Index| index.method.clone().filter(|method| method != "btree");
    let same_predicate = match (&declared.predicate, &replayed.predicate) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            let is_boolean = |name: &str| {
                table.columns.iter().any(|column| column.name == name && column.ty.to_string() == "boolean")
            };
            same_expression(a, b) || same_predicate(a, b, name, dialect, &is_boolean)
        }
        _ => false,
    };
    if unseen || method(declared) != method(replayed) || !same_predicate {
        return Sameness::Unseen;
    }
    Sameness::Same
}

/// Whether an index is the one that SQLAlchemy-Searchable adds to a model for its vector: it has the name of a column's own
/// index, and the model does not say it.
fn is_of_searchable(declared: &Table, index: &Index) -> bool {
    let [part] = index.parts.as_slice() else { return false };
    let Some(column) = part.column() else { return false };
    let is_vector = |known: &Column| known.name == column && known.ty.to_string() == "tsvector";
    index.method.as_deref() == Some("gin")
        && !index.unique
        && index.name.as_deref() == Some(format!("ix_{}_{column}", declared.name.name).as_str())
        && declared.columns.iter().any(is_vector)
        && declared.indexes.iter().all(|own| own.name != index.name)
}
