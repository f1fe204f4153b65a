//! `tightened-column`.

mod compliance;
mod defaults;
mod keys;
mod preparation;

use super::deeds::{Deed, Deeds};
use super::required_column::must_be_empty;
use super::{allow, finding};
use crate::catalog::apply::Effect;
use crate::catalog::{IndexOn, IndexPart, Name};
use crate::finding::{Finding, Level};
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A new migration demands more of rows that are there: NOT NULL on a column that took NULL, a unique constraint or
    /// index, a primary key, a check or an exclusion over columns that existed. A constraint that is NOT VALID looks at no
    /// row; what rows comply with by what they are asks nothing of them: a unique index or a primary key over columns of
    /// which some are unique already, or NULL in every row as they are new, or for a value of an enum that the change adds; a
    /// partial index whose condition no row fulfils by what the change gives it in new columns; a check over columns that are
    /// all new, unless the default of one breaks it, or one that such a default fulfils; what a check or an exclusion of
    /// before asked already, also under another name of its columns, as a list of allowed values that becomes longer; NOT
    /// NULL behind a statement that gives each row a value. Of
    /// a table that must be empty, since a required column is added to it, `required-column` tells. Where the change itself
    /// writes or deletes such rows first, by one statement or over a table that it gathers them in, this is a note: whether
    /// one is left cannot be told.
    ///
    /// ## Why it matters
    ///
    /// One row that does not comply fails the migration, and the deployment with it: Prisma's own guide to failed
    /// migrations opens with a `@unique` over duplicates
    /// ([prisma/web#2788](https://github.com/prisma/web/pull/2788)), and
    /// [cartodb#6876](https://github.com/CartoDB/cartodb/pull/6876) set NOT NULL before the default that would have filled
    /// the rows.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/user.prisma" before
    /// model User {
    ///   id    Int     @id @default(autoincrement())
    ///   email String  @unique
    ///   name  String?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260106090000_add_name/migration.sql" before
    /// ALTER TABLE "User" ADD COLUMN "name" TEXT;
    /// ```
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   name  String
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_require_name/migration.sql"
    /// ALTER TABLE "User" ALTER COLUMN "name" SET NOT NULL;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260112090000_require_name/migration.sql"
    /// UPDATE "User" SET "name" = '' WHERE "name" IS NULL;
    /// ALTER TABLE "User" ALTER COLUMN "name" SET NOT NULL;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// Above the statement, or in `driftgate.toml`:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "tightened-column"
    /// object = "User.name"
    /// reason = "no row has been without a name since 2024"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let all = Deeds::of(change);
    let deeds = &all.done;
    let mut findings = Vec::new();
    for deed in deeds {
        let Some((table, object, message)) = tightened(deed) else { continue };
        // Another rule tells of what fails on every row.
        if must_be_empty(change, &all, table) {
            continue;
        }
        let broken = defaults::broken(change, &all, deed);
        if broken.is_none() && (deed.on_new_columns || compliance::is_certain(change, &all, deed)) {
            continue;
        }
        let help = format!(
            "look for rows that do not comply and mend them first; then say so above the statement:\n  {}",
            allow(change, RuleId::TightenedColumn)
        );
        let mut found = finding(RuleId::TightenedColumn, &deed.place, object, message, help)
            .because("the migration fails on every database with a row that does not comply");
        if let Some(column) = broken {
            found.reason = format!(
                "every row gets the default of the new column {column}, which does not comply: the migration fails on each \
                 database whose table holds a row"
            );
        } else if preparation::is_prepared(change, &all, deed) {
            found.level = Level::Note;
            "the change writes or deletes rows first: whether one is left that does not comply cannot be told"
                .clone_into(&mut found.reason);
        }
        findings.push(found);
    }
    findings
}

/// What a deed tightens, and how: the table, the object, and what is demanded.
fn tightened(deed: &Deed) -> Option<(&Name, String, String)> {
    match &deed.effect {
        Effect::ColumnChanged { table, before, after } if before.nullable && !after.nullable => {
            let object = format!("{table}.{}", after.name);
            let message = format!("the column {object} becomes NOT NULL");
            Some((table, object, message))
        }
        Effect::IndexAdded { table, index, .. } if index.unique => {
            let object = match (index.parts.as_slice(), &index.name) {
                ([IndexPart { on: IndexOn::Column(column), .. }], _) => format!("{table}.{column}"),
                (_, Some(name)) => format!("{table}.{name}"),
                _ => table.to_string(),
            };
            let over: Vec<&str> = index
                .parts
                .iter()
                .map(|part| match &part.on {
                    IndexOn::Column(name) | IndexOn::Expression(name) => name.as_str(),
                })
                .collect();
            // Of a partial index: among those rows alone.
            let among = index.predicate.as_ref().map(|predicate| format!(" where {predicate}")).unwrap_or_default();
            Some((table, object, format!("rows of {table}{among} must become unique in {}", over.join(", "))))
        }
        Effect::ConstraintAdded {
            table,
            what: what @ ("check" | "exclusion" | "primary key"),
            name,
            not_valid: false,
        } => {
            let object = name.as_ref().map_or_else(|| table.to_string(), |name| format!("{table}.{name}"));
            Some((table, object, format!("rows of {table} must comply with a new {what}")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
