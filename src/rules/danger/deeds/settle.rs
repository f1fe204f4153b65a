//! What came of it all: detours followed to their end.

use std::collections::BTreeSet;

use super::entity::Entity;
use super::{Deed, Deeds, Fold, NewTable};
use crate::catalog::apply::Effect;
use crate::catalog::{Column, Dialect, Name, Table};
use crate::sql::copied_value;
use crate::sql::expression::{Held, is_never_null};

impl Fold {
    pub(super) fn finish(mut self) -> Deeds {
        let mut gone: BTreeSet<usize> = BTreeSet::new();
        let mut replaced: BTreeSet<usize> = BTreeSet::new();
        let mut found: Vec<(usize, Deed)> = Vec::new();
        for (old, table, deed) in std::mem::take(&mut self.dropped) {
            let Some(origin) = self.tables[old].origin.clone() else { continue };
            // The new table holds rows, and has the old one's name in the end.
            let successor = self.tables.iter().position(|entity| {
                entity.origin.is_none() && entity.filled && entity.current.as_ref() == Some(&origin)
            });
            let Some(new) = successor else { continue };
            gone.insert(deed);
            gone.extend(self.deeds.iter().enumerate().filter(|(_, (at, _))| *at == Some(old)).map(|(at, _)| at));
            replaced.extend([old, new]);
            let dropped = self.deeds[deed].1.at;
            let made = rebuilt(&self.tables[new], &origin, (&table, dropped), self.dialect);
            found.extend(made.into_iter().map(|made| (deed, made)));
        }
        self.swapped_columns(&mut gone, &mut found);
        self.renamed_tables(&replaced, &mut found);
        self.swapped_enums(&mut gone, &mut found);

        let mut deeds: Vec<(usize, Deed)> = std::mem::take(&mut self.deeds)
            .into_iter()
            .enumerate()
            .filter(|(at, _)| !gone.contains(at))
            .map(|(at, (_, deed))| (at, deed))
            .collect();
        deeds.extend(found);
        deeds.sort_by_key(|(at, _)| *at);
        let made =
            self.tables.iter().enumerate().filter(|(at, entity)| entity.origin.is_none() && !replaced.contains(at));
        let made = made.filter_map(|(_, entity)| {
            Some(NewTable {
                migration: entity.migration.clone(),
                name: entity.current.clone()?,
                columns: entity.columns.clone(),
                filled: entity.filled,
                place: entity.place.clone(),
            })
        });
        let helpers = self.tables.iter().filter_map(|entity| {
            let texts = std::iter::once(entity.place.text().to_owned()).chain(entity.inserts.iter().cloned());
            Some((entity.made_as.clone()?, texts.collect()))
        });
        let grown = self.enums.iter().filter(|one| one.origin.is_some() && one.origin == one.current);
        Deeds {
            helpers: helpers.collect(),
            grown: grown.filter(|one| one.grown && !one.shrunk).filter_map(|one| one.current.clone()).collect(),
            made: made.collect(),
            done: deeds.into_iter().map(|(_, deed)| deed).collect(),
            rows: self.rows,
            demanded: self.demanded,
        }
    }

    /// A column that was dropped and has a successor of its name, filled by an UPDATE: it changed.
    fn swapped_columns(&self, gone: &mut BTreeSet<usize>, found: &mut Vec<(usize, Deed)>) {
        for (at, entity) in self.tables.iter().enumerate().filter(|(_, entity)| entity.updated) {
            for (name, &deed) in &entity.lost {
                let Some(after) = entity.new_columns.get(name) else { continue };
                let Effect::ColumnDropped { table, column } = &self.deeds[deed].1.effect else { continue };
                let mut before = column.clone();
                name.clone_into(&mut before.name);
                // Every row got a value when the column was made: nothing is asked of those that are there.
                before.nullable &= !after.born_required;
                let after = Box::new(after.column.clone());
                let effect = Effect::ColumnChanged { table: table.clone(), before, after };
                gone.insert(deed);
                gone.extend(self.deeds.iter().enumerate().filter_map(|(other, (of, made))| {
                    let renamed = matches!(&made.effect, Effect::ColumnRenamed { from, .. } if from == name);
                    (*of == Some(at) && renamed).then_some(other)
                }));
                let made = Deed { effect, operation: None, ..self.deeds[deed].1.clone() };
                found.push((deed, made));
            }
        }
    }

    /// Tables of before that have another name in the end.
    fn renamed_tables(&self, replaced: &BTreeSet<usize>, found: &mut Vec<(usize, Deed)>) {
        for (at, entity) in self.tables.iter().enumerate() {
            let (Some(from), Some(to)) = (&entity.origin, &entity.current) else { continue };
            if from == to || replaced.contains(&at) {
                continue;
            }
            let deed = Deed {
                migration: entity.migration.clone(),
                place: entity.place.clone(),
                effect: Effect::TableRenamed { from: from.clone(), to: to.clone() },
                operation: None,
                on_new_columns: false,
                at: entity.at,
            };
            let position = self.deeds.iter().position(|(_, other)| other.place.span.start >= deed.place.span.start);
            found.push((position.unwrap_or(self.deeds.len()), deed));
        }
    }

    /// An enum that was dropped and has a successor of its name: what counts is the values that the new one lacks.
    fn swapped_enums(&self, gone: &mut BTreeSet<usize>, found: &mut Vec<(usize, Deed)>) {
        let end = self.deeds.len();
        for (old, labels) in &self.dropped_enums {
            let Some(origin) = &self.enums[*old].origin else { continue };
            let successor =
                self.enums.iter().position(|one| one.origin.is_none() && one.current.as_ref() == Some(origin));
            let Some(new) = successor else { continue };
            let one = &self.enums[new];
            gone.extend(self.swapped.iter().filter(|(_, swapped)| *swapped == new).map(|(deed, _)| *deed));
            for value in labels.iter().filter(|label| !one.labels.contains(label)) {
                let deed = Deed {
                    migration: one.migration.clone(),
                    place: one.place.clone(),
                    effect: Effect::EnumValueGone { name: origin.clone(), value: value.clone(), renamed_to: None },
                    operation: None,
                    on_new_columns: false,
                    at: one.at,
                };
                found.push((end, deed));
            }
        }
    }
}

/// Whether statements that copy rows name a column among those that they write: `INSERT INTO t (a, b) SELECT …`.
fn is_written(inserts: &[String], column: &str) -> bool {
    inserts.iter().any(|insert| {
        let list = insert.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(list, _)| list);
        list.is_some_and(|list| {
            list.split(',').any(|name| name.trim().trim_matches(['"', '`', '[', ']']).eq_ignore_ascii_case(column))
        })
    })
}

/// Whether each statement that copies rows gives a column a value in every one: Prisma's engine writes
/// `coalesce("m", CURRENT_TIMESTAMP) AS "m"` for a column that becomes required and has a default.
fn is_filled(inserts: &[String], column: &str, dialect: Dialect) -> bool {
    let fills = |insert: &String| {
        let value = copied_value(insert, column, dialect);
        value.is_some_and(|value| is_never_null(&value, dialect, &|_| Held::Anything))
    };
    !inserts.is_empty() && inserts.iter().all(fills)
}

/// Whether what wrote rows is SQL, and no call of a program's.
fn is_sql(insert: &str) -> bool {
    insert.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).is_some_and(|word| {
        ["insert", "with", "replace", "merge", "copy"].iter().any(|verb| word.eq_ignore_ascii_case(verb))
    })
}

/// Whether a program's call that writes rows names a column: `op.bulk_insert(table, [{"column": 1}])`.
fn is_key(call: &str, column: &str) -> bool {
    ['"', '\''].iter().any(|quote| call.contains(&format!("{quote}{column}{quote}")))
}

/// What became of a table that was built anew: columns that the new one lacks, has more, or has otherwise. `dropped` is the
/// step by which the old one went.
fn rebuilt(new: &Entity, name: &Name, (old, dropped): (&Table, usize), dialect: Dialect) -> Vec<Deed> {
    let Some(columns) = &new.columns else { return Vec::new() };
    let deed = |effect, on_new_columns| Deed {
        migration: new.migration.clone(),
        place: new.place.clone(),
        effect,
        operation: None,
        on_new_columns,
        at: new.at,
    };
    let mut deeds = Vec::new();
    for before in &old.columns {
        let (table, before) = (name.clone(), Box::new(before.clone()));
        match columns.iter().find(|column| column.name == before.name) {
            None => deeds.push(deed(Effect::ColumnDropped { table, column: before }, false)),
            Some(after) if after.ty != before.ty || after.nullable != before.nullable => {
                let key = old
                    .primary_key
                    .as_ref()
                    .is_some_and(|key| key.columns.iter().any(|part| part.column() == Some(after.name.as_str())));
                // What is written on a column of the key does not say that it is NOT NULL.
                let mut after = Box::new(after.clone());
                after.nullable &= !key;
                // Nothing is asked of rows that all get a value.
                let mut before = before;
                before.nullable &= after.nullable || !is_filled(&new.inserts, &after.name, dialect);
                if after.ty != before.ty || after.nullable != before.nullable {
                    deeds.push(deed(Effect::ColumnChanged { table, before, after }, false));
                }
            }
            Some(_) => {}
        }
    }
    let is_new = |column: &&Column| !old.columns.iter().any(|before| before.name == column.name);
    let counts = |column: &Column| {
        new.rowid.as_ref() == Some(&column.name)
            || column.ty.builtin_name().is_some_and(|name| name.ends_with("serial"))
    };
    // A new column that the copy gives values is empty for no row. A table that is made when the old one has gone holds no
    // rows but those that are written into it afterwards: by SQL, or by the program, which may say what it writes.
    let is_asked = |column: &&Column| {
        let writes_others = |insert: &String| is_sql(insert) || insert.contains('{') && !is_key(insert, &column.name);
        let asked = new.born < dropped || new.inserts.iter().any(writes_others);
        asked && !counts(column) && !is_written(&new.inserts, &column.name)
    };
    for after in columns.iter().filter(is_new).filter(is_asked) {
        deeds.push(deed(Effect::ColumnAdded { table: name.clone(), column: Box::new(after.clone()) }, true));
    }
    deeds
}
