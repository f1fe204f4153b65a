//! The statements that would close a gap, in the form in which Prisma's engine writes them
//! (`schema-engine/connectors/sql-schema-connector/src/flavour/*/renderer.rs`).

mod alter;
mod render;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::difference::{Aspect, Difference, Side};
use crate::catalog::{Catalog, Dialect, ForeignKey, Index, Name, Table};

use render::Renderer;

/// A statement under its heading.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    rank: Rank,
    text: String,
}

/// In which order the engine takes its steps (`SqlMigrationStep`), and what it calls them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    CreateExtension,
    AlterExtension,
    CreateSchema,
    CreateEnum,
    AlterEnum,
    DropForeignKey,
    DropIndex,
    AlterTable,
    DropTable,
    DropEnum,
    CreateTable,
    RedefineTables,
    RenameForeignKey,
    CreateIndex,
    RenameIndex,
    AddForeignKey,
    RedefineIndex,
}

impl Rank {
    fn heading(self) -> &'static str {
        match self {
            Self::CreateExtension => "CreateExtension",
            Self::AlterExtension => "AlterExtension",
            Self::CreateSchema => "CreateSchema",
            Self::CreateEnum => "CreateEnum",
            Self::AlterEnum => "AlterEnum",
            Self::DropForeignKey => "DropForeignKey",
            Self::DropIndex => "DropIndex",
            Self::AlterTable => "AlterTable",
            Self::DropTable => "DropTable",
            Self::DropEnum => "DropEnum",
            Self::CreateTable => "CreateTable",
            Self::RedefineTables => "RedefineTables",
            Self::RenameForeignKey => "RenameForeignKey",
            Self::CreateIndex => "CreateIndex",
            Self::RenameIndex => "RenameIndex",
            Self::AddForeignKey => "AddForeignKey",
            Self::RedefineIndex => "RedefineIndex",
        }
    }
}

/// The statements that close all of `differences`, each under the heading that Prisma gives it.
pub fn sql(differences: &[Difference], declared: &Catalog, replayed: &Catalog) -> Vec<String> {
    let all: Vec<&Difference> = differences.iter().collect();
    steps(&all, declared, replayed)
        .into_iter()
        .map(|step| format!("-- {}\n{}", step.rank.heading(), step.text))
        .collect()
}

/// The statements that close one difference by itself.
pub(crate) fn one(difference: &Difference, declared: &Catalog, replayed: &Catalog) -> Vec<String> {
    steps(&[difference], declared, replayed).into_iter().map(|step| step.text).collect()
}

fn steps(differences: &[&Difference], declared: &Catalog, replayed: &Catalog) -> Vec<Step> {
    let mut planner = Planner { renderer: Renderer::new(declared), declared, replayed, steps: Vec::new() };
    let mut altered: BTreeMap<&Name, Vec<&Difference>> = BTreeMap::new();
    let mut enums: BTreeMap<&Name, Vec<&Difference>> = BTreeMap::new();
    for &difference in differences {
        match difference.kind.aspect {
            Aspect::Schema => planner.schema(&difference.name),
            Aspect::Extension => planner.extension(difference),
            Aspect::Enum => planner.enumeration(difference),
            Aspect::EnumValue => {
                if let Some(name) = &difference.enumeration {
                    enums.entry(name).or_default().push(difference);
                }
            }
            // No table can be made where there is a view.
            Aspect::Table if difference.is_view() => {}
            Aspect::Table => planner.table(difference),
            Aspect::Check | Aspect::Comment => {}
            _ => {
                if let Some(table) = &difference.table {
                    altered.entry(table).or_default().push(difference);
                }
            }
        }
    }
    for (name, differences) in enums {
        planner.labels(name, &differences);
    }
    planner.tables(&altered);
    let mut steps = planner.steps;
    steps.sort_by_key(|step| step.rank);
    steps
}

struct Planner<'a> {
    renderer: Renderer<'a>,
    declared: &'a Catalog,
    replayed: &'a Catalog,
    steps: Vec<Step>,
}

impl<'a> Planner<'a> {
    fn push(&mut self, rank: Rank, text: impl Into<String>) {
        self.steps.push(Step { rank, text: text.into() });
    }

    fn dialect(&self) -> Dialect {
        self.declared.dialect
    }

    fn schema(&mut self, name: &str) {
        let quoted = self.renderer.quote(name);
        let text = match self.dialect() {
            Dialect::SqlServer => format!("EXEC sp_executesql N'CREATE SCHEMA {quoted};';;"),
            _ => format!("CREATE SCHEMA IF NOT EXISTS {quoted};"),
        };
        self.push(Rank::CreateSchema, text.replace(";;", ";"));
    }

    fn extension(&mut self, difference: &Difference) {
        let Some(extension) = self.declared.extensions.get(&difference.name) else { return };
        let name = self.renderer.quote(&difference.name);
        if difference.kind.side == Side::Missing {
            let mut text = format!("CREATE EXTENSION IF NOT EXISTS {name}");
            if extension.schema.is_some() || extension.version.is_some() {
                text.push_str(" WITH");
            }
            if let Some(schema) = &extension.schema {
                text.push_str(" SCHEMA ");
                text.push_str(&self.renderer.quote(schema));
            }
            if let Some(version) = &extension.version {
                text.push_str(" VERSION ");
                text.push_str(&self.renderer.quote(version));
            }
            return self.push(Rank::CreateExtension, format!("{text};"));
        }
        if let Some(version) = &extension.version {
            let text = format!("ALTER EXTENSION {name} UPDATE TO {};", self.renderer.quote(version));
            self.push(Rank::AlterExtension, text);
        }
        if let Some(schema) = &extension.schema {
            let text = format!("ALTER EXTENSION {name} SET SCHEMA {};", self.renderer.quote(schema));
            self.push(Rank::AlterExtension, text);
        }
    }

    fn enumeration(&mut self, difference: &Difference) {
        let Some(name) = &difference.enumeration else { return };
        let quoted = self.renderer.name(name);
        if difference.kind.side == Side::Extra {
            self.push(Rank::DropEnum, format!("DROP TYPE {quoted};"));
        } else {
            let Some(one) = self.declared.enums.get(name) else { return };
            let text = format!("CREATE TYPE {quoted} AS ENUM ({});", render::labels(&one.labels));
            self.push(Rank::CreateEnum, text);
        }
    }

    /// New labels are added; where one goes, the type is made anew and its columns are moved over.
    fn labels(&mut self, name: &Name, differences: &[&Difference]) {
        let quoted = self.renderer.name(name);
        let gone = differences.iter().any(|one| one.kind.side == Side::Extra);
        if !gone || self.dialect() == Dialect::CockroachDb {
            for difference in differences {
                let label = render::literal(&difference.name);
                let what = if difference.kind.side == Side::Extra { "DROP" } else { "ADD" };
                self.push(Rank::AlterEnum, format!("ALTER TYPE {quoted} {what} VALUE {label};"));
            }
            return;
        }
        let Some(one) = self.declared.enums.get(name) else { return };
        let sibling =
            |suffix: &str| self.renderer.name(&Name::new(name.schema.clone(), format!("{}{suffix}", name.name)));
        let bare = |suffix: &str| self.renderer.quote(&format!("{}{suffix}", name.name));
        let new = sibling("_new");
        let old = self.renderer.qualified(&Name::new(name.schema.clone(), format!("{}_old", name.name)));
        let mut lines =
            vec!["BEGIN;".to_owned(), format!("CREATE TYPE {new} AS ENUM ({});", render::labels(&one.labels))];
        let mut moved = Vec::new();
        let mut restored = Vec::new();
        let is_of = |column: &crate::catalog::Column| match &column.ty.kind {
            crate::catalog::TypeKind::Named(written) => {
                written.name == name.name && written.schema.as_ref().is_none_or(|schema| *schema == name.schema)
            }
            _ => false,
        };
        for table in self.declared.tables.values() {
            let Some(there) = self.replayed.tables.get(&table.name) else { continue };
            let quoted = self.renderer.name(&table.name);
            for column in table.columns.iter().filter(|column| is_of(column)) {
                let Some(was) = there.columns.iter().find(|other| other.name == column.name && is_of(other)) else {
                    continue;
                };
                let field = self.renderer.quote(&column.name);
                if was.default.is_some() {
                    let qualified = self.renderer.qualified(&table.name);
                    lines.push(format!("ALTER TABLE {qualified} ALTER COLUMN {field} DROP DEFAULT;"));
                }
                let array = if column.ty.array { "[]" } else { "" };
                moved.push(format!(
                    "ALTER TABLE {quoted} ALTER COLUMN {field} TYPE {new}{array} USING ({field}::text::{new}{array});"
                ));
                if let Some(default) = &column.default {
                    let default = self.renderer.default(column, default);
                    restored.push(format!("ALTER TABLE {quoted} ALTER COLUMN {field} SET DEFAULT {default};"));
                }
            }
        }
        lines.extend(moved);
        lines.push(format!("ALTER TYPE {quoted} RENAME TO {};", bare("_old")));
        lines.push(format!("ALTER TYPE {new} RENAME TO {};", bare("")));
        lines.push(format!("DROP TYPE {old};"));
        lines.extend(restored);
        lines.push("COMMIT;".to_owned());
        self.push(Rank::AlterEnum, lines.join("\n"));
    }

    fn table(&mut self, difference: &Difference) {
        let Some(name) = &difference.table else { return };
        if difference.kind.side == Side::Extra {
            let Some(table) = self.replayed.tables.get(name) else { return };
            return self.drop_table(table);
        }
        let Some(table) = self.declared.tables.get(name) else { return };
        let text = self.renderer.create_table(table, &table.name.name);
        self.push(Rank::CreateTable, text);
        for index in &table.indexes {
            if !self.renderer.is_inline(index) {
                self.create_index(table, index);
            }
        }
        if self.dialect() != Dialect::Sqlite {
            for key in &table.foreign_keys {
                self.add_foreign_key(table, key);
            }
        }
    }

    fn drop_table(&mut self, table: &Table) {
        let name = self.renderer.name(&table.name);
        if self.dialect() == Dialect::Sqlite {
            let text = format!("PRAGMA foreign_keys=off;\nDROP TABLE {name};\nPRAGMA foreign_keys=on;");
            return self.push(Rank::DropTable, text);
        }
        for key in &table.foreign_keys {
            self.drop_foreign_key(table, key);
        }
        self.push(Rank::DropTable, format!("DROP TABLE {name};"));
    }

    fn create_index(&mut self, table: &Table, index: &Index) {
        let text = self.renderer.create_index(table, index);
        self.push(Rank::CreateIndex, text);
    }

    fn drop_index(&mut self, table: &Table, index: &Index) {
        let text = self.renderer.drop_index(table, index);
        self.push(Rank::DropIndex, text);
    }

    fn add_foreign_key(&mut self, table: &Table, key: &ForeignKey) {
        let text = format!("ALTER TABLE {} ADD {};", self.renderer.name(&table.name), self.renderer.foreign_key(key));
        self.push(Rank::AddForeignKey, text);
    }

    fn drop_foreign_key(&mut self, table: &Table, key: &ForeignKey) {
        let Some(name) = &key.name else { return };
        let what = if self.dialect() == Dialect::MySql { "FOREIGN KEY" } else { "CONSTRAINT" };
        let text =
            format!("ALTER TABLE {} DROP {what} {};", self.renderer.name(&table.name), self.renderer.quote(name));
        self.push(Rank::DropForeignKey, text);
    }

    /// Tables that stay and change.
    fn tables(&mut self, altered: &BTreeMap<&Name, Vec<&Difference>>) {
        let mut redefined: BTreeSet<&Name> = BTreeSet::new();
        for (&name, differences) in altered {
            let (Some(declared), Some(replayed)) = (self.declared.tables.get(name), self.replayed_table(name)) else {
                continue;
            };
            if self.dialect() == Dialect::Sqlite
                && differences.iter().any(|one| alter::needs_redefinition(one, declared))
            {
                redefined.insert(name);
                continue;
            }
            for difference in differences {
                match difference.kind.aspect {
                    Aspect::Index | Aspect::Unique => self.index(difference, declared, replayed),
                    Aspect::ForeignKey => self.foreign_key(difference, declared, replayed),
                    _ => {}
                }
            }
            if let Some(text) = alter::table(&self.renderer, self.replayed, differences, declared, replayed) {
                self.push(Rank::AlterTable, text);
            }
            self.renew(differences, declared, replayed);
        }
        let tables: Vec<(&Table, &Table)> = redefined
            .into_iter()
            .filter_map(|name| Some((self.declared.tables.get(name)?, self.replayed_table(name)?)))
            .collect();
        if !tables.is_empty() {
            let text = alter::redefine(&self.renderer, &tables);
            self.push(Rank::RedefineTables, text);
        }
    }

    /// What goes with a column that is dropped and added again, or changes its type, and is wanted still.
    fn renew(&mut self, differences: &[&Difference], declared: &Table, replayed: &Table) {
        let recreated = alter::recreated(&self.renderer, self.replayed, differences, declared, replayed);
        let told = |name: Option<&String>| differences.iter().any(|one| Some(&one.name) == name);
        for index in &declared.indexes {
            let kept = replayed.indexes.iter().any(|other| other.name == index.name);
            if kept && !told(index.name.as_ref()) && alter::involves(&index.parts, &recreated) {
                self.create_index(declared, index);
            }
        }
    }

    fn replayed_table(&self, name: &Name) -> Option<&'a Table> {
        let replayed = self.replayed;
        let folded = || replayed.table(&crate::catalog::ObjectName::from(name));
        replayed.tables.get(name).or_else(folded)
    }

    fn index(&mut self, difference: &Difference, declared: &Table, replayed: &Table) {
        let named = |table: &Table| {
            let name = Some(difference.name.as_str()).filter(|name| !name.is_empty());
            table.indexes.iter().find(|index| index.name.as_deref() == name).cloned()
        };
        match difference.kind.side {
            Side::Missing => {
                if let Some(index) = named(declared) {
                    self.create_index(declared, &index);
                }
            }
            Side::Extra => {
                if let Some(index) = named(replayed) {
                    self.drop_index(replayed, &index);
                }
            }
            Side::Changed => {
                let Some(index) = named(declared) else { return };
                let text = difference.replayed.as_deref();
                let was =
                    replayed.indexes.iter().find(|other| Some(super::compare::index_text(other).as_str()) == text);
                let Some(was) = was else { return };
                match (self.dialect(), &was.name) {
                    // What differs in more than its name goes, and comes anew.
                    _ if !is_renamed(difference) => {
                        self.drop_index(replayed, was);
                        self.create_index(declared, &index);
                    }
                    (Dialect::Sqlite, _) => {
                        let text =
                            [self.renderer.drop_index(replayed, was), self.renderer.create_index(declared, &index)];
                        self.push(Rank::RedefineIndex, text.join("\n"));
                    }
                    (_, Some(from)) => {
                        let text = self.renderer.rename_index(declared, from, difference.name.as_str());
                        self.push(Rank::RenameIndex, text);
                    }
                    _ => {}
                }
            }
        }
    }

    fn foreign_key(&mut self, difference: &Difference, declared: &Table, replayed: &Table) {
        let text = |key: &ForeignKey| super::compare::foreign_key_text(key);
        let find = |table: &Table, words: Option<&str>| {
            table.foreign_keys.iter().find(|key| Some(text(key).as_str()) == words).cloned()
        };
        let next = find(declared, difference.declared.as_deref());
        let prev = find(replayed, difference.replayed.as_deref());
        match (prev, next) {
            (None, Some(key)) => self.add_foreign_key(declared, &key),
            (Some(key), None) => self.drop_foreign_key(replayed, &key),
            (Some(was), Some(key)) => {
                let rename = match (&was.name, &key.name) {
                    (Some(from), Some(to)) if is_renamed(difference) => {
                        self.renderer.rename_foreign_key(declared, from, to)
                    }
                    _ => None,
                };
                if let Some(text) = rename {
                    self.push(Rank::RenameForeignKey, text);
                } else {
                    self.drop_foreign_key(replayed, &was);
                    self.add_foreign_key(declared, &key);
                }
            }
            (None, None) => {}
        }
    }
}

/// Whether the name alone differs.
fn is_renamed(difference: &Difference) -> bool {
    difference.contrast.as_ref().is_some_and(|contrast| contrast.renamed)
}
