//! Foreign keys, primary keys and CHECK constraints.

use super::text::same_expression;
use super::{Comparison, describe, paired};
use crate::catalog::contrast::{self, pair_up};
use crate::catalog::difference::{Aspect, Difference, Side};
use crate::catalog::{Catalog, Check, Dialect, ForeignKey, Key, Object, ReferentialAction, Table};

impl<'a> Comparison<'a> {
    /// Foreign keys are known by their columns and what they refer to, never by name (`_compare_foreign_keys`).
    pub(super) fn foreign_keys(&mut self, declared: &'a Table, replayed: &'a Table) {
        let dialect = self.dialect();
        // Two keys that say the same are one: a model, or the history, may repeat itself.
        let same = |wanted: &ForeignKey, made: &ForeignKey| {
            self.same_reference(wanted, made) && same_options(dialect, wanted, made)
        };
        let mut missing: Vec<&ForeignKey> = declared.foreign_keys.iter().collect();
        missing.retain(|wanted| !replayed.foreign_keys.iter().any(|made| same(wanted, made)));
        let mut left: Vec<&ForeignKey> = replayed.foreign_keys.iter().collect();
        left.retain(|made| !declared.foreign_keys.iter().any(|wanted| same(wanted, made)));
        // Autogenerate drops and makes anew what a person calls one key with another action or target.
        let contrast = |wanted: &ForeignKey, made: &ForeignKey| {
            let targets = (target_columns(wanted, self.declared), target_columns(made, self.replayed));
            contrast::foreign_keys(dialect, (wanted, &targets.0), (made, &targets.1))
        };
        let mut found = Vec::new();
        missing.retain(|wanted| match left.iter().position(|made| self.same_reference(wanted, made)) {
            Some(at) => {
                let made = left.remove(at);
                let mut difference = foreign_key_difference(Side::Changed, declared, wanted);
                difference.declared = Some(describe::foreign_key(wanted));
                difference.replayed = Some(describe::foreign_key(made));
                difference.contrast = contrast(wanted, made);
                difference.declared_at = wanted.place.clone().or_else(|| declared.place.clone());
                difference.migrated_at.clone_from(&made.place);
                found.extend(self.judged_key(difference, declared, wanted));
                false
            }
            None => true,
        });
        let mut changed = pair_up(&mut missing, &mut left, |key| {
            key.name.as_deref().filter(|_| !key.generated_name).map(|name| dialect.folded(name))
        });
        changed.extend(pair_up(&mut missing, &mut left, |key| {
            Some(key.columns.iter().map(|column| dialect.folded(column)).collect::<Vec<_>>())
        }));
        for (wanted, made) in changed {
            let halves = (self.missing_key(declared, wanted), self.extra_key(declared, made));
            found.extend(paired(halves.0, halves.1, contrast(wanted, made)));
        }
        found.extend(missing.into_iter().filter_map(|wanted| self.missing_key(declared, wanted)));
        found.extend(left.into_iter().filter_map(|made| self.extra_key(declared, made)));
        self.differences.extend(found);
    }

    fn same_reference(&self, declared: &ForeignKey, replayed: &ForeignKey) -> bool {
        let dialect = self.dialect();
        let same_columns =
            |a: &[String], b: &[String]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| dialect.same_column(a, b));
        same_columns(&declared.columns, &replayed.columns)
            && declared.target.schema == replayed.target.schema
            && dialect.same_name(&declared.target.name, &replayed.target.name)
            && same_columns(&target_columns(declared, self.declared), &target_columns(replayed, self.replayed))
    }

    fn missing_key(&self, table: &Table, key: &ForeignKey) -> Option<Difference> {
        let mut difference = foreign_key_difference(Side::Missing, table, key);
        difference.declared = Some(describe::foreign_key(key));
        difference.declared_at = key.place.clone().or_else(|| table.place.clone());
        self.judged_key(difference, table, key)
    }

    fn extra_key(&self, table: &Table, key: &ForeignKey) -> Option<Difference> {
        let mut difference = foreign_key_difference(Side::Extra, table, key);
        difference.replayed = Some(describe::foreign_key(key));
        difference.declared_at.clone_from(&table.place);
        difference.migrated_at.clone_from(&key.place);
        self.judged_key(difference, table, key)
    }

    fn judged_key(&self, difference: Difference, table: &Table, key: &ForeignKey) -> Option<Difference> {
        self.judged_part(difference, &table.name, key.name.as_deref(), key.columns.iter().map(String::as_str))
    }

    /// Autogenerate never compares primary keys.
    pub(super) fn primary_key(&mut self, declared: &'a Table, replayed: &'a Table) {
        let dialect = self.dialect();
        let columns = |key: &'a Option<Key>| -> Vec<&'a str> {
            key.iter().flat_map(|key| &key.columns).filter_map(|part| part.column()).collect()
        };
        let (wanted, made) = (columns(&declared.primary_key), columns(&replayed.primary_key));
        let same = wanted.len() == made.len() && wanted.iter().zip(&made).all(|(a, b)| dialect.same_column(a, b));
        if same {
            self.primary_key_name(declared, replayed);
            return;
        }
        let side = match (wanted.is_empty(), made.is_empty()) {
            (false, true) => Side::Missing,
            (true, false) => Side::Extra,
            _ => Side::Changed,
        };
        let mut difference = Difference::new(side, Aspect::PrimaryKey, Some(declared.name.clone()), "");
        let text = |columns: &[&str]| (!columns.is_empty()).then(|| format!("primary key ({})", columns.join(", ")));
        difference.declared = text(&wanted);
        difference.replayed = text(&made);
        difference.beyond_engine = true;
        let place = |key: &Option<Key>| key.as_ref().and_then(|key| key.place.clone());
        difference.declared_at = place(&declared.primary_key).or_else(|| declared.place.clone());
        difference.migrated_at = place(&replayed.primary_key).or_else(|| replayed.place.clone());
        difference.certain =
            wanted.iter().chain(&made).all(|column| self.certain(&Object::Column(&declared.name, column)));
        self.push(difference, &Object::Table(&declared.name));
    }

    /// A key of the same columns under another name: a later revision that drops it names the wrong one.
    fn primary_key_name(&mut self, declared: &'a Table, replayed: &'a Table) {
        let dialect = self.dialect();
        // MySQL calls every primary key PRIMARY.
        if dialect == Dialect::MySql {
            return;
        }
        let name = |table: &Table| -> Option<String> {
            let key = table.primary_key.as_ref()?;
            let default = dialect.is_postgres_like().then(|| format!("{}_pkey", table.name.name));
            key.name.clone().or(default)
        };
        // A name that no model gives is the database's to choose: it stays what it was when a table is renamed.
        let default = format!("{}_pkey", declared.name.name);
        let given = declared.primary_key.as_ref().and_then(|key| key.name.clone());
        let given = given.filter(|name| !(dialect.is_postgres_like() && *name == default));
        let (wanted, made) = (given, name(replayed));
        let same = match (&wanted, &made) {
            (Some(wanted), Some(made)) => dialect.same_name(wanted, made),
            (None, _) => true,
            (Some(_), None) => dialect != Dialect::Sqlite,
        };
        // A long name is cut by the database in its own way.
        if same || wanted.iter().chain(&made).any(|name| name.len() >= 60) {
            return;
        }
        let mut difference = Difference::new(Side::Changed, Aspect::PrimaryKey, Some(declared.name.clone()), "");
        let text = |name: Option<String>| Some(format!("primary key {}", name.as_deref().unwrap_or("without a name")));
        difference.declared = text(wanted);
        difference.replayed = text(made);
        difference.beyond_engine = true;
        let place = |key: &Option<Key>| key.as_ref().and_then(|key| key.place.clone());
        difference.declared_at = place(&declared.primary_key).or_else(|| declared.place.clone());
        difference.migrated_at = place(&replayed.primary_key).or_else(|| replayed.place.clone());
        self.push(difference, &Object::Table(&declared.name));
    }

    /// Autogenerate never compares CHECKs: by name where both have one, by their text otherwise.
    pub(super) fn checks(&mut self, declared: &'a Table, replayed: &'a Table) {
        let same_text = |a: &Check, b: &Check| match (&a.expression, &b.expression) {
            (Some(a), Some(b)) => same_expression(a, b),
            _ => true,
        };
        let mut left: Vec<&Check> = replayed.checks.iter().collect();
        let mut unmatched: Vec<&Check> = Vec::new();
        for wanted in &declared.checks {
            let by_both = left
                .iter()
                .position(|made| wanted.name.is_some() && wanted.name == made.name && same_text(wanted, made));
            match by_both {
                Some(at) => {
                    left.remove(at);
                }
                None => unmatched.push(wanted),
            }
        }
        // The name that the database gives is nobody's: a revision may name the check of a column by hand.
        let of_database = |check: &Check| {
            check.name.as_deref().is_none_or(|name| {
                let rest = name.strip_prefix(declared.name.name.as_str()).and_then(|rest| rest.strip_prefix('_'));
                let kind = rest.map(|rest| rest.trim_end_matches(|c: char| c.is_ascii_digit()));
                kind.is_some_and(|kind| kind == "check" || kind.ends_with("_check") || kind == "chk_")
            })
        };
        unmatched.retain(|wanted| {
            let by_text = left.iter().position(|made| {
                wanted.expression.is_some()
                    && made.expression.is_some()
                    && same_text(wanted, made)
                    && (of_database(wanted) || made.name.is_none())
            });
            by_text.is_none_or(|at| {
                left.remove(at);
                false
            })
        });
        for wanted in unmatched {
            let named = left.iter().position(|made| wanted.name.is_some() && wanted.name == made.name);
            // A condition that could not be read stands for any of those that are left over.
            let unread = || {
                left.iter().position(|made| {
                    (wanted.expression.is_none() || made.expression.is_none())
                        && (wanted.name.is_none() || made.name.is_none())
                })
            };
            match named {
                Some(at) => {
                    let made = left.remove(at);
                    self.check_difference(Side::Changed, declared, Some(wanted), Some(made));
                }
                None => match unread() {
                    Some(at) => {
                        left.remove(at);
                    }
                    None => self.check_difference(Side::Missing, declared, Some(wanted), None),
                },
            }
        }
        for made in left {
            self.check_difference(Side::Extra, declared, None, Some(made));
        }
    }

    fn check_difference(&mut self, side: Side, table: &'a Table, declared: Option<&Check>, replayed: Option<&Check>) {
        let Some(subject) = declared.or(replayed) else { return };
        let name = subject.name.clone().unwrap_or_default();
        let mut difference = Difference::new(side, Aspect::Check, Some(table.name.clone()), name);
        let text = |check: &Check| format!("check ({})", check.expression.as_deref().unwrap_or("not evaluated"));
        difference.declared = declared.map(text);
        difference.replayed = replayed.map(text);
        difference.beyond_engine = true;
        difference.declared_at = declared.and_then(|check| check.place.clone()).or_else(|| table.place.clone());
        difference.migrated_at = replayed.and_then(|check| check.place.clone());
        let found = self.judged_part(difference, &table.name, subject.name.as_deref(), []);
        self.differences.extend(found);
    }
}

fn foreign_key_difference(side: Side, table: &Table, key: &ForeignKey) -> Difference {
    let name = key.name.clone().filter(|_| !key.generated_name).unwrap_or_default();
    Difference::new(side, Aspect::ForeignKey, Some(table.name.clone()), name)
}

/// The columns that a key refers to; the primary key's where none are written.
fn target_columns(key: &ForeignKey, catalog: &Catalog) -> Vec<String> {
    if !key.target_columns.is_empty() {
        return key.target_columns.clone();
    }
    let primary = catalog.tables.get(&key.target).and_then(|table| table.primary_key.as_ref());
    let columns = primary.into_iter().flat_map(|key| key.columns.iter().filter_map(|part| part.column()));
    columns.map(str::to_owned).collect()
}

fn same_options(dialect: Dialect, declared: &ForeignKey, replayed: &ForeignKey) -> bool {
    // MySQL: RESTRICT is the default, and is not told apart from it.
    let action = |action: ReferentialAction| match action {
        ReferentialAction::Restrict if dialect == Dialect::MySql => ReferentialAction::NoAction,
        other => other,
    };
    action(declared.on_delete) == action(replayed.on_delete)
        && action(declared.on_update) == action(replayed.on_update)
        && (dialect == Dialect::MySql
            || (declared.deferrable || declared.initially_deferred, declared.initially_deferred)
                == (replayed.deferrable || replayed.initially_deferred, replayed.initially_deferred))
}
