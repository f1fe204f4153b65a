//! Tables: made, dropped, renamed, moved.

use super::validity::is_system_column;
use super::view::Kept;
use super::{Applied, ApplyError, Effect, exists, missing, naming, refused};
use crate::catalog::operation::{DataKind, Guard, NewTable, TableSource};
use crate::catalog::{
    AutoIncrement, Catalog, Column, ColumnDefault, ColumnType, Dialect, Name, Object, ObjectName, Opaque, Reach,
    Sequence, TEMPORARY_SCHEMA, Table, TableKind,
};
use crate::source::Place;

/// The most columns of a catalog in which tables are still copied.
const MAX_COPIED: usize = 100_000;

impl Catalog {
    pub(super) fn create_table(&mut self, new: &NewTable, place: &Place, guard: Guard) -> Applied {
        let mut name = self.new_name(&new.name);
        if new.kind == TableKind::Temporary {
            TEMPORARY_SCHEMA.clone_into(&mut name.schema);
        }
        self.need_schema(&name.schema)?;
        if let Some((what, made_at)) = self.relation(&name) {
            return if guard == Guard::IfAbsent { Ok(Vec::new()) } else { Err(exists(what, &name, made_at)) };
        }
        self.free_type_name(&name)?;
        let mut table = Table::new(name.clone());
        table.kind = new.kind;
        table.comment.clone_from(&new.comment);
        table.place = Some(place.clone());
        let mut doubt = None;
        let mut inherited = Vec::new();
        match &new.source {
            None => {}
            Some(TableSource::Rows(source)) if self.copy_columns(&mut table, source, place)? => {}
            Some(TableSource::Query | TableSource::Rows(_)) => {
                doubt = Some(Opaque {
                    place: place.clone(),
                    reason: format!("the columns of {name} are those of a query"),
                    reach: Reach::Table(ObjectName::from(&name)),
                });
            }
            Some(TableSource::Like { table: source, including }) => {
                self.copy_structure(&mut table, source, including, place)?;
            }
            Some(TableSource::Inherits(parents)) => {
                for parent in parents {
                    inherited.push(self.inherit(&mut table, parent)?);
                }
            }
            Some(TableSource::PartitionOf(parent)) => {
                let parent = self.inherit(&mut table, parent)?;
                self.copy_keys(&mut table, &parent);
                table.kind = TableKind::Partition;
                inherited.push(parent);
            }
        }
        table.parents = inherited;
        let mut sequences = Vec::new();
        for column in &new.columns {
            self.push_column(&mut table, column, place, &mut sequences)?;
        }
        // The database makes keys and indexes first, foreign keys when all columns are there.
        let (keys, others): (Vec<_>, Vec<_>) = new
            .columns
            .iter()
            .flat_map(|column| column.constraints.iter().map(move |one| (one, Some(column.column.name.as_str()))))
            .chain(new.constraints.iter().map(|one| (one, None)))
            .partition(|(one, _)| !matches!(one, crate::catalog::operation::Constraint::ForeignKey(_)));
        let mut effects = Vec::new();
        let mut keys = keys;
        if self.dialect == Dialect::PostgreSql {
            keys.sort_by_key(|(one, _)| !matches!(one, crate::catalog::operation::Constraint::PrimaryKey(_)));
        }
        let mut is_key_unnamed = keys.iter().any(
            |(one, _)| matches!(one, crate::catalog::operation::Constraint::PrimaryKey(key) if key.name.is_none()),
        );
        for (constraint, column) in keys.into_iter().chain(others) {
            if self.dialect == Dialect::PostgreSql && merge_unique(&mut table, constraint, &mut is_key_unnamed) {
                continue;
            }
            self.attach(&mut table, constraint, column, place, &mut effects)?;
        }
        self.check_counters(&table)?;
        table.columns.shrink_to_fit();
        if table.columns.is_empty() && doubt.is_none() && self.dialect != Dialect::PostgreSql {
            let counts = matches!(self.dialect, Dialect::MySql | Dialect::Sqlite) && table.kind != TableKind::Virtual;
            if counts {
                return Err(refused(format!("the table {name} has no columns")));
            }
        }
        for (sequence, column) in sequences {
            let owned_by = Some((name.clone(), column));
            self.sequences.insert(sequence.clone(), Sequence { name: sequence, owned_by, place: Some(place.clone()) });
        }
        self.put_table(table);
        self.doubts.extend(doubt);
        Ok(vec![Effect::TableCreated(name)])
    }

    /// `LIKE other`: columns, types and NOT NULL always, the rest as the options say
    /// (<https://www.postgresql.org/docs/current/sql-createtable.html>). MySQL's `LIKE` takes everything but foreign
    /// keys; its reader passes `all`.
    fn copy_structure(
        &self,
        table: &mut Table,
        source: &ObjectName,
        including: &[String],
        place: &Place,
    ) -> Result<(), ApplyError> {
        let Some(source) = self.table(source) else {
            // A view can be copied as well; what its columns are is not known.
            return match self.resolve(&self.views, source) {
                Some(_) => Ok(()),
                None => Err(missing("the table", source)),
            };
        };
        self.bound_copies(source)?;
        let all = self.dialect == Dialect::MySql || including.iter().any(|word| word == "all");
        let has = |word: &str| all || including.iter().any(|one| one == word);
        for column in &source.columns {
            let mut column = column.clone();
            if !has("defaults") {
                column.default = None;
                if column.auto_increment == Some(AutoIncrement::Serial) {
                    column.auto_increment = None;
                }
            }
            let identity =
                matches!(column.auto_increment, Some(AutoIncrement::IdentityAlways | AutoIncrement::IdentityByDefault));
            if identity && !has("identity") {
                column.auto_increment = None;
            }
            if !has("generated") {
                column.generated = None;
            }
            if !has("comments") {
                column.comment = None;
            }
            column.place = Some(place.clone());
            table.columns.push(column);
        }
        if has("constraints") {
            table.checks.clone_from(&source.checks);
        }
        if has("indexes") {
            self.copy_keys(table, &source.name.clone());
        }
        if self.dialect == Dialect::MySql && table.comment.is_none() {
            table.comment.clone_from(&source.comment);
        }
        Ok(())
    }

    /// A table like a table like a table: a short script that makes a catalog of any size.
    fn bound_copies(&self, source: &Table) -> Result<(), ApplyError> {
        let columns: usize = self.tables.values().map(|table| table.columns.len()).sum();
        if columns + source.columns.len() > MAX_COPIED {
            return Err(ApplyError::Refused(format!(
                "it would be one of more than {MAX_COPIED} columns, which are not followed"
            )));
        }
        Ok(())
    }

    /// `AS TABLE other`, `AS SELECT * FROM other`: the columns with their types; all of them take NULL, have no default and
    /// count nothing (<https://www.postgresql.org/docs/current/sql-createtableas.html>). Whether they are known: those of a
    /// view are not, nor those of a table that something in doubt may have altered.
    fn copy_columns(&self, table: &mut Table, source: &ObjectName, place: &Place) -> Result<bool, ApplyError> {
        let Some(source) = self.table(source) else { return Ok(false) };
        let in_doubt = self.doubt_about(&Object::Table(&source.name)).is_some()
            || source.columns.iter().any(|column| {
                self.doubt_about(&Object::Column(&source.name, &column.name)).is_some()
                    || column.ty == ColumnType::unknown()
            });
        if in_doubt || source.columns.is_empty() {
            return Ok(false);
        }
        self.bound_copies(source)?;
        table.columns = source
            .columns
            .iter()
            .map(|column| Column {
                nullable: true,
                default: None,
                auto_increment: None,
                generated: None,
                comment: None,
                place: Some(place.clone()),
                ..column.clone()
            })
            .collect();
        Ok(true)
    }

    /// Copies the primary key and the indexes of `from`, under the names the database gives them.
    fn copy_keys(&self, table: &mut Table, from: &Name) {
        let Some(source) = self.tables.get(from) else { return };
        if let Some(key) = &source.primary_key {
            let mut key = key.clone();
            key.name = self.key_name(table);
            table.primary_key = Some(key);
        }
        for index in &source.indexes {
            let mut index = index.clone();
            if self.dialect != Dialect::MySql {
                index.name = self.index_name(table, &index);
                index.generated_name = true;
            }
            table.indexes.push(index);
        }
    }

    /// Gives a new table the columns of a parent.
    fn inherit(&self, table: &mut Table, parent: &ObjectName) -> Result<Name, ApplyError> {
        let Some(parent) = self.resolve(&self.tables, parent) else { return Err(missing("the table", parent)) };
        if let Some(source) = self.tables.get(&parent) {
            for column in &source.columns {
                if table.column(self.dialect, &column.name).is_none() {
                    let mut column = column.clone();
                    // Identity is not inherited; the sequence of a serial column is shared.
                    if column.auto_increment != Some(AutoIncrement::Serial) {
                        column.auto_increment = None;
                    }
                    table.columns.push(column);
                }
            }
            table.checks.extend(source.checks.iter().cloned());
        }
        Ok(parent)
    }

    pub(super) fn drop_table(&mut self, name: &ObjectName, cascade: bool, guard: Guard) -> Applied {
        let Some(found) = self.resolve(&self.tables, name) else {
            let lenient = guard == Guard::IfPresent && !self.dialect.is_postgres_like();
            if self.resolve(&self.views, name).is_some() && !lenient {
                return Err(refused(format!("{name} is a view")));
            }
            if guard == Guard::IfPresent {
                self.settle_table(&self.new_name(name));
                return Ok(Vec::new());
            }
            return Err(missing("the table", name));
        };
        let mut effects = Vec::new();
        // MySQL parses CASCADE here and ignores it.
        let cascade = cascade && self.dialect != Dialect::MySql;
        let held = self.dialect != Dialect::Sqlite && self.lookup.foreign_key_checks;
        let others: Vec<Name> = self
            .referrers(&found)
            .into_iter()
            .filter(|other| *other != found && !self.lookup.dropped_together.contains(other))
            .collect();
        if held
            && !cascade
            && let Some(other) = others.first()
        {
            return Err(refused(format!("the table {found} cannot be dropped: a foreign key of {other} refers to it")));
        }
        effects.extend(self.release_views(&Kept { relation: &found, column: None }, cascade)?);
        let children = self.children(&found);
        let plain = |child: &Name| self.tables.get(child).is_some_and(|table| table.kind != TableKind::Partition);
        if !cascade && children.iter().any(|child| plain(child) && !self.lookup.dropped_together.contains(child)) {
            return Err(refused(format!("the table {found} cannot be dropped: other tables inherit from it")));
        }
        if held {
            for other in others {
                effects.extend(self.drop_keys_to(&other, &found));
            }
        }
        for child in children {
            effects.extend(self.drop_table(&ObjectName::from(&child), true, Guard::IfPresent)?);
        }
        self.sequences.retain(|_, sequence| sequence.owned_by.as_ref().is_none_or(|(table, _)| *table != found));
        if let Some(table) = self.take_table(&found) {
            effects.push(Effect::TableDropped(Box::new(table)));
        }
        self.settle_table(&found);
        Ok(effects)
    }

    /// Drops the foreign keys of `table` that refer to `target`.
    fn drop_keys_to(&mut self, table: &Name, target: &Name) -> Vec<Effect> {
        let gone = self.change_table(table, |table| {
            let (gone, kept) =
                std::mem::take(&mut table.foreign_keys).into_iter().partition(|key| key.target == *target);
            table.foreign_keys = kept;
            gone
        });
        let gone: Vec<crate::catalog::ForeignKey> = gone.unwrap_or_default();
        gone.into_iter()
            .map(|key| Effect::ConstraintDropped { table: table.clone(), what: "foreign key", name: key.name })
            .collect()
    }

    pub(super) fn rename_table(&mut self, from: &ObjectName, to: &ObjectName, guard: Guard) -> Applied {
        let Some(old) = self.resolve(&self.tables, from) else {
            let renames_views = self.dialect.is_postgres_like() || self.dialect == Dialect::MySql;
            if renames_views && self.resolve(&self.views, from).is_some() {
                return self.rename_view(from, &to.name, guard);
            }
            // ALTER TABLE renames every relation in PostgreSQL.
            if self.dialect.is_postgres_like() {
                if self.resolve(&self.sequences, from).is_some() {
                    return self.rename_sequence(from, &to.name, guard);
                }
                if self.index_holder(from).is_some() {
                    return self.rename_index(None, from, &to.name, guard);
                }
            }
            // `sp_rename` of an OBJECT renames constraints as well as tables.
            if self.dialect == Dialect::SqlServer
                && let Some(holder) = self.constraint_holder(from)
            {
                return self.rename_constraint(&ObjectName::from(&holder), &from.name, &to.name, guard);
            }
            return if guard == Guard::IfPresent { Ok(Vec::new()) } else { Err(missing("the table", from)) };
        };
        let schema = to.schema.clone().filter(|_| self.dialect.has_schemas()).unwrap_or_else(|| old.schema.clone());
        self.move_to(&old, Name::new(schema, to.name.clone()))
    }

    /// ATTACH and DETACH PARTITION.
    pub(super) fn attach_partition(
        &mut self,
        table: &ObjectName,
        partition: &ObjectName,
        attaches: bool,
        guard: Guard,
    ) -> Applied {
        let Some(parent) = self.need_table(table, guard)? else { return Ok(Vec::new()) };
        let Some(child) = self.need_table(partition, Guard::None)? else { return Ok(Vec::new()) };
        self.change_table(&child, |child| {
            child.parents.retain(|one| *one != parent);
            child.kind = if attaches { TableKind::Partition } else { TableKind::Plain };
            if attaches {
                child.parents.push(parent.clone());
            }
        });
        Ok(vec![Effect::Other(format!("the partition {child}"))])
    }

    /// The table that has a constraint of that name.
    fn constraint_holder(&self, name: &ObjectName) -> Option<Name> {
        let same = |own: Option<&str>| own.is_some_and(|own| self.dialect.same_name(own, &name.name));
        let holds = |table: &&Table| {
            same(table.primary_key.as_ref().and_then(|key| key.name.as_deref()))
                || table.indexes.iter().any(|index| index.constraint && same(index.name.as_deref()))
                || table.foreign_keys.iter().any(|key| same(key.name.as_deref()))
                || table.checks.iter().any(|check| same(check.name.as_deref()))
                || table.columns.iter().any(|column| same(column.default_name.as_deref()))
        };
        self.tables.values().find(holds).map(|table| table.name.clone())
    }

    pub(super) fn move_table(&mut self, name: &ObjectName, schema: &str, guard: Guard) -> Applied {
        let Some(old) = self.resolve(&self.tables, name) else {
            if let Some(view) = self.resolve(&self.views, name) {
                self.need_schema(schema)?;
                return self.rename_view_to(&view, &Name::new(schema, view.name.clone()));
            }
            if let Some(sequence) = self.resolve(&self.sequences, name) {
                self.need_schema(schema)?;
                return self.move_sequence(&sequence, schema);
            }
            return if guard == Guard::IfPresent { Ok(Vec::new()) } else { Err(missing("the table", name)) };
        };
        self.need_schema(schema)?;
        if old.schema == schema {
            return Ok(Vec::new());
        }
        self.move_to(&old, Name::new(schema, old.name.clone()))
    }

    /// Gives a table another name or schema, and everything that points at it with it.
    fn move_to(&mut self, old: &Name, new: Name) -> Applied {
        if *old == new {
            let same = exists("the table", &new, self.tables.get(old).and_then(|table| table.place.as_ref()));
            return if self.dialect.is_postgres_like() { Err(same) } else { Ok(Vec::new()) };
        }
        // SQLite refuses a change of case alone, as it compares names without it.
        let cased = self.dialect != Dialect::Sqlite && self.dialect.same_name(&old.name, &new.name);
        if (!cased || old.schema != new.schema)
            && let Some((what, made_at)) = self.relation(&new)
        {
            return Err(exists(what, &new, made_at));
        }
        self.free_type_name(&new)?;
        let referrers = if self.keeps_references { Vec::new() } else { self.referrers(old) };
        for other in referrers {
            self.change_table(&other, |table| {
                for key in &mut table.foreign_keys {
                    if key.target == *old {
                        key.target = new.clone();
                    }
                }
            });
        }
        for child in self.children(old) {
            self.change_table(&child, |table| {
                for parent in &mut table.parents {
                    if parent == old {
                        *parent = new.clone();
                    }
                }
            });
        }
        if let Some(mut table) = self.take_table(old) {
            table.name = new.clone();
            if self.dialect == Dialect::MySql {
                rename_generated_keys(&mut table, &old.name, &new.name);
            }
            self.put_table(table);
        }
        self.follow_sequences(old, &new);
        self.readers_follow_relation(old, &new);
        self.follow_table(old, &new);
        Ok(vec![Effect::TableRenamed { from: old.clone(), to: new }])
    }

    /// Sequences that a table owns follow it: by their owner, and into its schema.
    fn follow_sequences(&mut self, old: &Name, new: &Name) {
        let owned: Vec<Name> = self
            .sequences
            .iter()
            .filter(|(_, sequence)| sequence.owned_by.as_ref().is_some_and(|(table, _)| table == old))
            .map(|(name, _)| name.clone())
            .collect();
        for name in owned {
            let Some(mut sequence) = self.sequences.remove(&name) else { continue };
            let column = sequence.owned_by.take().map(|(_, column)| column).unwrap_or_default();
            if old.schema != new.schema {
                sequence.name.schema.clone_from(&new.schema);
                if let Some(table) = self.tables.get_mut(new) {
                    for one in table.columns.iter_mut().filter(|one| one.name == column) {
                        if let Some(ColumnDefault::NextVal(sequence_name)) = &mut one.default {
                            *sequence_name = ObjectName::from(&sequence.name);
                        }
                    }
                }
            }
            sequence.owned_by = Some((new.clone(), column));
            self.sequences.insert(sequence.name.clone(), sequence);
        }
    }

    pub(super) fn comment(
        &mut self,
        table: &ObjectName,
        column: Option<&str>,
        text: Option<&str>,
        guard: Guard,
    ) -> Applied {
        if self.resolve(&self.tables, table).is_none() && self.resolve(&self.views, table).is_some() {
            if column.is_none() && self.dialect == Dialect::PostgreSql {
                return Err(refused(format!("{table} is a view")));
            }
            return Ok(vec![Effect::Other(format!("the comment of {table}"))]);
        }
        let Some(name) = self.need_table(table, guard)? else { return Ok(Vec::new()) };
        let dialect = self.dialect;
        let Some(found) = self.tables.get_mut(&name) else { return Ok(Vec::new()) };
        let text = text.filter(|text| !text.is_empty()).map(str::to_owned);
        let column = match column {
            None => {
                found.comment = text;
                None
            }
            Some(column) => {
                let Some(at) = found.column_index(dialect, column) else {
                    return Err(missing("the column", format!("{name}.{column}")));
                };
                found.columns[at].comment = text;
                Some(found.columns[at].name.clone())
            }
        };
        Ok(vec![Effect::CommentSet { table: name, column }])
    }

    /// Rows can only be written where a table is.
    pub(super) fn touch_rows(&self, kind: DataKind, table: &ObjectName, needs: &[String]) -> Applied {
        // Transact-SQL names the alias of a joined table behind UPDATE and DELETE.
        let alias = self.dialect == Dialect::SqlServer && matches!(kind, DataKind::Update | DataKind::Delete);
        if !alias && !self.has_relation(table) {
            return Err(missing("the table", table));
        }
        match self.column_lacking(table, needs) {
            Some(column) => Err(missing("the column", column)),
            None => Ok(Vec::new()),
        }
    }

    /// The first of the columns that a table surely lacks: one that a migration made, and all of whose columns are known.
    pub(super) fn column_lacking(&self, table: &ObjectName, needs: &[String]) -> Option<String> {
        let table = self.tables.get(&self.resolve(&self.tables, table)?)?;
        let is_plain = matches!(table.kind, TableKind::Plain | TableKind::Partitioned) && table.parents.is_empty();
        if !is_plain || table.place.is_none() || table.columns.is_empty() {
            return None;
        }
        // Of SQLite, and of PostgreSQL before 12.
        let row_id = |column: &str| ["rowid", "_rowid_", "oid"].iter().any(|id| column.eq_ignore_ascii_case(id));
        let is_known =
            |column: &str| table.column(self.dialect, column).is_some() || is_system_column(column) || row_id(column);
        let column = needs.iter().find(|column| !is_known(column))?;
        Some(format!("{}.{column}", table.name))
    }

    /// A statement that needs a relation, and changes nothing of it.
    pub(super) fn touch(&self, relation: &ObjectName, guard: Guard) -> Applied {
        let known = self.dialect == Dialect::Sqlite || guard == Guard::IfPresent || self.has_relation(relation);
        if known { Ok(Vec::new()) } else { Err(missing("the table", relation)) }
    }

    /// Whether there is a table, a view or a sequence of that name.
    pub(super) fn is_relation(&self, name: &ObjectName) -> bool {
        self.resolve(&self.tables, name).is_some()
            || self.resolve(&self.views, name).is_some()
            || self.resolve(&self.sequences, name).is_some()
    }

    /// Whether a relation is there, or is none that a history makes.
    pub(super) fn has_relation(&self, table: &ObjectName) -> bool {
        let foreign = table.schema.as_deref().is_some_and(|schema| !self.schemas.contains(schema));
        let systems: &[&str] = match self.dialect {
            // PostGIS is where an administrator has put it.
            Dialect::PostgreSql => &["pg_", "spatial_ref_sys", "geometry_columns", "geography_columns"],
            Dialect::CockroachDb => &["pg_", "crdb_"],
            Dialect::MySql => &["dual"],
            Dialect::Sqlite => &["sqlite_", "pragma_"],
            Dialect::SqlServer => &["sys"],
            Dialect::Oracle => &[],
        };
        let tools = ["_prisma_migrations", "alembic_version"];
        let system = systems.iter().chain(&tools).any(|prefix| table.name.starts_with(prefix));
        table.name.is_empty() || foreign || system || self.is_relation(table)
    }

    /// The name PostgreSQL gives to the sequence of a serial or identity column.
    pub(super) fn sequence_name(&self, table: &Name, column: &str, taken: &[(Name, String)]) -> Name {
        let name = naming::choose(&table.name, Some(column), "seq", |candidate| {
            self.relation_taken(&table.schema, candidate) || taken.iter().any(|(name, _)| name.name == candidate)
        });
        Name::new(table.schema.clone(), name)
    }
}

/// MySQL renames the foreign keys that it named after the table.
fn rename_generated_keys(table: &mut Table, old: &str, new: &str) {
    let prefix = format!("{old}_ibfk_");
    for key in table.foreign_keys.iter_mut().filter(|key| key.generated_name) {
        let number = key.name.as_deref().and_then(|name| name.strip_prefix(&prefix));
        if let Some(number) = number {
            key.name = Some(format!("{new}_ibfk_{number}"));
        }
    }
}

/// PostgreSQL makes one of two unique constraints of a new table that say the same (`transformIndexConstraints`): the
/// first, under the name of the second where it has none of its own. Whether `constraint` was such a second one.
fn merge_unique(
    table: &mut Table,
    constraint: &crate::catalog::operation::Constraint,
    is_key_unnamed: &mut bool,
) -> bool {
    let crate::catalog::operation::Constraint::Index(index) = constraint else { return false };
    let plain = index.constraint && index.include.is_empty() && !index.nulls_not_distinct;
    if let Some(key) = table.primary_key.as_mut().filter(|key| plain && key.columns == index.parts) {
        if index.name.is_some() && std::mem::take(is_key_unnamed) {
            key.name.clone_from(&index.name);
        }
        return true;
    }
    let same = table.indexes.iter_mut().find(|known| {
        known.constraint
            && index.constraint
            && known.parts == index.parts
            && known.include == index.include
            && known.nulls_not_distinct == index.nulls_not_distinct
    });
    let Some(known) = same else { return false };
    if known.generated_name && index.name.is_some() {
        known.name.clone_from(&index.name);
        known.generated_name = false;
    }
    true
}
