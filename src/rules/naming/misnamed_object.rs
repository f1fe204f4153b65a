//! `misnamed-object`.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, Name};
use crate::finding::Finding;
use crate::policy::ObjectKind;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};
use crate::source::Place;

page! {
    /// ## What it stops
    ///
    /// A new table, column, index, key, check, enum or enum value whose name in the database does not match the pattern
    /// that `[naming.objects]` gives for its kind. Names that are there are never judged, and names that the database
    /// gives by itself are not judged either. The rule is off until the policy turns it on.
    ///
    /// ## Why it matters
    ///
    /// A name is cheap to choose and dear to change: afterwards it is a rename under running code. Prisma derives names
    /// from fields, so a forgotten `@map` puts `camelCase` into a database of `snake_case`;
    /// [prisma-lint#498](https://github.com/loop-payments/prisma-lint/issues/498) asks for rules on index names,
    /// [prisma/orm#4717](https://github.com/prisma/orm/issues/4717) on all of them.
    ///
    /// ## Example that fails
    ///
    /// ```toml title="driftgate.toml" before
    /// [rules]
    /// misnamed-object = "error"
    ///
    /// [naming.objects]
    /// column = "^[a-z][a-z0-9_]*$"
    /// ```
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id        Int     @id @default(autoincrement())
    ///   email     String  @unique
    ///   firstName String?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_first_name/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "firstName" TEXT;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id        Int     @id @default(autoincrement())
    ///   email     String  @unique
    ///   firstName String? @map("first_name")
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_first_name/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "first_name" TEXT;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// On the line of the field or the statement:
    ///
    /// ```prisma
    /// firstName String? // driftgate: allow misnamed-object: the name in the vendor's feed
    /// ```
}

/// An object that has a name.
struct Named<'a> {
    kind: ObjectKind,
    /// The table or enum that it is in; the object's own name where it is in none.
    owner: &'a Name,
    name: &'a str,
    place: Option<&'a Place>,
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    let patterns = &settings.naming.objects;
    if patterns.is_empty() {
        return Vec::new();
    }
    let key = |named: &Named<'_>| (named.kind, named.owner.to_string(), named.name.to_owned());
    let mut known: BTreeSet<_> = change
        .before
        .iter()
        .flat_map(|state| names(&state.declared.catalog).into_iter().chain(names(&state.replay.catalog)))
        .map(|named| key(&named))
        .collect();
    let after = names(&change.after.declared.catalog).into_iter().chain(names(&change.after.replay.catalog));
    let mut findings = Vec::new();
    for named in after {
        let Some(pattern) = patterns.get(&named.kind) else { continue };
        if !known.insert(key(&named)) || pattern.is_match(named.name) {
            continue;
        }
        let whole = named.owner.name == named.name && matches!(named.kind, ObjectKind::Table | ObjectKind::Enum);
        let object = if whole { named.owner.to_string() } else { format!("{}.{}", named.owner, named.name) };
        let what = match named.kind {
            ObjectKind::Unique => "unique constraint".to_owned(),
            kind => kind.as_str().replace('-', " "),
        };
        let message = format!("the {what} name {object} does not match {}", pattern.as_str());
        let help = format!("name it after `{}` in the schema and in the migration", pattern.as_str());
        let path = named.place.map_or_else(|| change.project.root.clone(), |place| place.path().clone());
        let finding = Finding::new(RuleId::MisnamedObject, path, message, help).about(object);
        findings.push(match named.place {
            Some(place) => finding.at(place),
            None => finding,
        });
    }
    findings
}

/// Everything in a catalog whose name somebody chose.
fn names(catalog: &Catalog) -> Vec<Named<'_>> {
    let mut all = Vec::new();
    for table in catalog.tables.values() {
        let mut add = |kind, name, place| all.push(Named { kind, owner: &table.name, name, place });
        add(ObjectKind::Table, table.name.name.as_str(), table.place.as_ref());
        for column in &table.columns {
            add(ObjectKind::Column, column.name.as_str(), column.place.as_ref());
        }
        if let Some(key) = &table.primary_key
            && let Some(name) = &key.name
        {
            add(ObjectKind::PrimaryKey, name, key.place.as_ref());
        }
        for index in table.indexes.iter().filter(|index| !index.generated_name) {
            let kind = if index.unique { ObjectKind::Unique } else { ObjectKind::Index };
            if let Some(name) = &index.name {
                add(kind, name, index.place.as_ref());
            }
        }
        for key in table.foreign_keys.iter().filter(|key| !key.generated_name) {
            if let Some(name) = &key.name {
                add(ObjectKind::ForeignKey, name, key.place.as_ref());
            }
        }
        for check in &table.checks {
            if let Some(name) = &check.name {
                add(ObjectKind::Check, name, check.place.as_ref());
            }
        }
    }
    enum_names(&catalog.enums, &mut all);
    all
}

fn enum_names<'a>(enums: &'a BTreeMap<Name, crate::catalog::Enum>, all: &mut Vec<Named<'a>>) {
    for definition in enums.values() {
        let place = definition.place.as_ref();
        all.push(Named { kind: ObjectKind::Enum, owner: &definition.name, name: &definition.name.name, place });
        for label in &definition.labels {
            all.push(Named { kind: ObjectKind::EnumValue, owner: &definition.name, name: label, place });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    fn settings() -> RuleSettings {
        let mut settings = RuleSettings::default();
        let snake = || regex::Regex::new("^[a-z][a-z0-9_]*$").expect("compiles");
        settings.naming.objects = [ObjectKind::Table, ObjectKind::Column, ObjectKind::Index, ObjectKind::Enum]
            .into_iter()
            .map(|kind| (kind, snake()))
            .collect();
        settings
    }

    #[test]
    fn new_names_are_held_against_the_patterns() {
        for world in World::both() {
            let id = world.new_id();
            let findings = world
                .new_migration(
                    id,
                    "ALTER TABLE users ADD COLUMN \"firstName\" TEXT; CREATE TABLE \"Posts\" (id INT PRIMARY KEY); \
                     CREATE INDEX \"Idx\" ON users (email); CREATE TYPE \"Role\" AS ENUM ('A');",
                )
                .run_with(RuleId::MisnamedObject, &settings());
            let objects: Vec<&str> = findings.iter().filter_map(|finding| finding.object.as_deref()).collect();
            assert_eq!(objects, ["Posts", "users.firstName", "users.Idx", "Role"]);
        }
    }

    #[test]
    fn good_names_and_old_names_are_fine() {
        let sql = "ALTER TABLE users ADD COLUMN first_name TEXT;";
        let world = World::prisma().new_migration("20260112090000_x", sql);
        assert!(world.run_with(RuleId::MisnamedObject, &settings()).is_empty());
        let world = World::prisma().new_migration("20260112090000_x", "CREATE TABLE \"Posts\" (id INT);").commit();
        assert!(world.touch_schema().run_with(RuleId::MisnamedObject, &settings()).is_empty());
    }

    #[test]
    fn without_patterns_nothing_is_judged() {
        let world = World::prisma().new_migration("20260112090000_x", "CREATE TABLE \"Posts\" (id INT);");
        assert!(world.silent(RuleId::MisnamedObject));
    }
}
