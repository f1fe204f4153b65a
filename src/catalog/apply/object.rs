//! What is no table: schemas, enums and other types, sequences, views, extensions.

use super::validity::is_identity;
use super::view::Kept;
use super::{Applied, ApplyError, Effect, exists, missing, refused};
use crate::catalog::operation::{EnumPosition, Guard};
use crate::catalog::{
    Catalog, Column, ColumnDefault, ColumnType, Dialect, Enum, Extension, Name, ObjectName, Sequence, Table, TypeKind,
    UserType, UserTypeKind,
};
use crate::source::Place;

/// Types that extensions bring, with the extension. A type that is in neither of these lists and that nothing created
/// is missing, unless an extension that is not listed could have brought it.
const EXTENSION_TYPES: &[(&str, &str)] = &[
    ("citext", "citext"),
    ("hstore", "hstore"),
    ("ltree", "ltree"),
    ("lquery", "ltree"),
    ("ltxtquery", "ltree"),
    ("cube", "cube"),
    ("seg", "seg"),
    ("geometry", "postgis"),
    ("geography", "postgis"),
    ("box2d", "postgis"),
    ("box3d", "postgis"),
    ("raster", "postgis_raster"),
    ("vector", "vector"),
    ("halfvec", "vector"),
    ("sparsevec", "vector"),
    ("semver", "semver"),
    ("ulid", "ulid"),
    ("hll", "hll"),
    ("ip4", "ip4r"),
    ("ip4r", "ip4r"),
    ("iprange", "ip4r"),
    ("debversion", "debversion"),
    ("prefix_range", "prefix"),
    ("query_int", "intarray"),
    ("topogeometry", "postgis_topology"),
    ("mol", "rdkit"),
    ("qmol", "rdkit"),
    ("bfp", "rdkit"),
    ("sfp", "rdkit"),
];

/// Built-in types of PostgreSQL that hardly a table has, beside those of [`crate::catalog::types::canonical`].
const RARE_TYPES: &[&str] = &[
    "aclitem",
    "anyarray",
    "cstring",
    "gtsvector",
    "int2vector",
    "oidvector",
    "pg_brin_bloom_summary",
    "pg_dependencies",
    "pg_mcv_list",
    "pg_ndistinct",
    "pg_node_tree",
    "record",
    "refcursor",
    "regcollation",
    "unknown",
    "void",
    "xid8",
];

impl Catalog {
    pub(super) fn create_schema(&mut self, name: &str, guard: Guard) -> Applied {
        if self.schemas.contains(name) {
            return if guard == Guard::IfAbsent { Ok(Vec::new()) } else { Err(exists("the schema", name, None)) };
        }
        self.schemas.insert(name.to_owned());
        Ok(vec![Effect::Other(format!("the schema {name}"))])
    }

    pub(super) fn drop_schema(&mut self, name: &str, cascade: bool, guard: Guard) -> Applied {
        if !self.schemas.contains(name) {
            return if guard == Guard::IfPresent { Ok(Vec::new()) } else { Err(missing("the schema", name)) };
        }
        let tables: Vec<Name> = self.tables.keys().filter(|key| key.schema == name).cloned().collect();
        let holds = !tables.is_empty()
            || self.enums.keys().any(|key| key.schema == name)
            || self.types.keys().any(|key| key.schema == name)
            || self.sequences.keys().any(|key| key.schema == name)
            || self.views.keys().any(|key| key.schema == name);
        if holds && !cascade {
            return Err(refused(format!("the schema {name} cannot be dropped: it is not empty")));
        }
        let mut effects = Vec::new();
        let views: Vec<Name> = self.views.keys().filter(|key| key.schema == name).cloned().collect();
        for view in views {
            effects.extend(self.release_views(&Kept { relation: &view, column: None }, true)?);
            self.views.remove(&view);
        }
        for table in tables {
            effects.extend(self.drop_table(&ObjectName::from(&table), true, Guard::IfPresent)?);
        }
        let enums: Vec<Name> = self.enums.keys().filter(|key| key.schema == name).cloned().collect();
        for one in enums {
            effects.extend(self.drop_type(&ObjectName::from(&one), true, Guard::IfPresent)?);
        }
        self.types.retain(|key, _| key.schema != name);
        let sequences: Vec<Name> = self.sequences.keys().filter(|key| key.schema == name).cloned().collect();
        for sequence in sequences {
            effects.extend(self.drop_sequence(&ObjectName::from(&sequence), true, Guard::IfPresent)?);
        }
        self.schemas.remove(name);
        effects.push(Effect::Other(format!("the schema {name}")));
        Ok(effects)
    }

    /// Moves everything in a schema along; it is rare enough to build the maps anew.
    pub(super) fn rename_schema(&mut self, from: &str, to: &str) -> Applied {
        if !self.schemas.contains(from) {
            return Err(missing("the schema", from));
        }
        if self.schemas.contains(to) {
            return Err(exists("the schema", to, None));
        }
        let moved = |name: &mut Name| {
            if name.schema == from {
                to.clone_into(&mut name.schema);
            }
        };
        let written = |name: &mut ObjectName| {
            if name.schema.as_deref() == Some(from) {
                name.schema = Some(to.to_owned());
            }
        };
        self.schemas.remove(from);
        self.schemas.insert(to.to_owned());
        for mut table in std::mem::take(&mut self.tables).into_values() {
            moved(&mut table.name);
            table.parents.iter_mut().for_each(moved);
            table.foreign_keys.iter_mut().for_each(|key| moved(&mut key.target));
            for column in &mut table.columns {
                if let TypeKind::Named(name) = &mut column.ty.kind {
                    written(name);
                }
                if let Some(ColumnDefault::NextVal(name)) = &mut column.default {
                    written(name);
                }
            }
            self.tables.insert(table.name.clone(), table);
        }
        for mut one in std::mem::take(&mut self.enums).into_values() {
            moved(&mut one.name);
            self.enums.insert(one.name.clone(), one);
        }
        for mut one in std::mem::take(&mut self.types).into_values() {
            moved(&mut one.name);
            self.types.insert(one.name.clone(), one);
        }
        for mut one in std::mem::take(&mut self.sequences).into_values() {
            moved(&mut one.name);
            if let Some((table, _)) = &mut one.owned_by {
                moved(table);
            }
            self.sequences.insert(one.name.clone(), one);
        }
        for mut one in std::mem::take(&mut self.views).into_values() {
            moved(&mut one.name);
            let read = std::mem::take(&mut one.reads).into_iter();
            one.reads = read.map(|(mut name, columns)| (moved(&mut name), (name, columns)).1).collect();
            let types = std::mem::take(&mut one.types).into_iter();
            one.types = types.map(|mut name| (moved(&mut name), name).1).collect();
            self.views.insert(one.name.clone(), one);
        }
        self.reindex();
        Ok(vec![Effect::Other(format!("the schema {to}"))])
    }

    /// The enum or other type that a name means.
    pub(super) fn type_named(&self, name: &ObjectName) -> Option<Name> {
        self.resolve(&self.enums, name).or_else(|| self.resolve(&self.types, name))
    }

    /// Whether a type that nothing created may be there all the same: a rare built-in, a table's row type, or one that
    /// an extension brings.
    pub(super) fn may_have_type(&self, name: &ObjectName) -> bool {
        if matches!(name.schema.as_deref(), Some("pg_catalog" | "information_schema")) {
            return true;
        }
        let word = name.name.to_ascii_lowercase();
        if RARE_TYPES.contains(&word.as_str()) {
            return true;
        }
        if let Some((_, extension)) = EXTENSION_TYPES.iter().find(|(ty, _)| *ty == word) {
            self.extensions.keys().any(|name| name.starts_with(extension))
        } else {
            self.has_unknown_extension()
                || self.resolve(&self.tables, name).is_some()
                || self.resolve(&self.views, name).is_some()
        }
    }

    /// Whether there is an extension of which it is not known what it brings.
    pub(super) fn has_unknown_extension(&self) -> bool {
        const NO_OBJECTS: &[&str] =
            &["uuid-ossp", "pgcrypto", "pg_trgm", "unaccent", "plpgsql", "btree_gin", "btree_gist", "moddatetime"];
        self.extensions.keys().any(|name| {
            !NO_OBJECTS.contains(&name.as_str()) && !EXTENSION_TYPES.iter().any(|(_, extension)| name == extension)
        })
    }

    /// The extension that a type comes with, where neither is there.
    pub(crate) fn missing_extension(&self, ty: &str) -> Option<&'static str> {
        let word = ty.to_ascii_lowercase();
        let (_, extension) = EXTENSION_TYPES.iter().find(|(known, _)| *known == word)?;
        let name = ObjectName::bare(ty);
        (self.type_named(&name).is_none() && !self.may_have_type(&name)).then_some(*extension)
    }

    /// Refuses a name that a type of the schema has: PostgreSQL gives every table a type of its name.
    pub(super) fn free_type_name(&self, name: &Name) -> Result<(), ApplyError> {
        if !self.dialect.is_postgres_like() {
            return Ok(());
        }
        if let Some(one) = self.enums.get(name) {
            return Err(exists("the type", name, one.place.as_ref()));
        }
        match self.types.get(name) {
            Some(one) => Err(exists("the type", name, one.place.as_ref())),
            None => Ok(()),
        }
    }

    /// Refuses the name of a new type that is taken by a type or a table.
    fn free_for_type(&self, name: &Name) -> Result<(), ApplyError> {
        self.need_schema(&name.schema)?;
        self.free_type_name(name)?;
        match self.tables.get(name) {
            Some(table) => Err(exists("the type", name, table.place.as_ref())),
            None => Ok(()),
        }
    }

    pub(super) fn create_enum(&mut self, name: &ObjectName, labels: &[String], place: &Place, guard: Guard) -> Applied {
        let name = self.new_name(name);
        match self.free_for_type(&name) {
            Err(ApplyError::Exists { .. }) if guard == Guard::IfAbsent => return Ok(Vec::new()),
            other => other?,
        }
        let mut seen = std::collections::BTreeSet::new();
        if let Some(twice) = labels.iter().find(|label| !seen.insert(*label)) {
            return Err(refused(format!("the enum {name} has the label {twice} twice")));
        }
        let place = Some(place.clone());
        self.enums.insert(name.clone(), Enum { name: name.clone(), labels: labels.to_vec(), place });
        Ok(vec![Effect::EnumCreated(name)])
    }

    fn enum_mut(&mut self, name: &ObjectName) -> Result<&mut Enum, ApplyError> {
        let found = self.resolve(&self.enums, name);
        found.and_then(|found| self.enums.get_mut(&found)).ok_or_else(|| missing("the enum", name))
    }

    pub(super) fn add_enum_value(
        &mut self,
        name: &ObjectName,
        value: &str,
        position: Option<&EnumPosition>,
        guard: Guard,
    ) -> Applied {
        let one = self.enum_mut(name)?;
        if one.labels.iter().any(|label| label == value) {
            return if guard == Guard::IfAbsent {
                Ok(Vec::new())
            } else {
                Err(exists("the label", format!("{}.{value}", one.name), one.place.as_ref()))
            };
        }
        let find = |one: &Enum, label: &str| {
            let at = one.labels.iter().position(|other| other == label);
            at.ok_or_else(|| missing("the label", format!("{}.{label}", one.name)))
        };
        let at = match position {
            None => one.labels.len(),
            Some(EnumPosition::Before(label)) => find(one, label)?,
            Some(EnumPosition::After(label)) => find(one, label)? + 1,
        };
        one.labels.insert(at, value.to_owned());
        Ok(vec![Effect::EnumValueAdded { name: one.name.clone(), value: value.to_owned() }])
    }

    pub(super) fn rename_enum_value(&mut self, name: &ObjectName, from: &str, to: &str) -> Applied {
        let one = self.enum_mut(name)?;
        let Some(at) = one.labels.iter().position(|label| label == from) else {
            return Err(missing("the label", format!("{}.{from}", one.name)));
        };
        if one.labels.iter().any(|label| label == to) {
            return Err(exists("the label", format!("{}.{to}", one.name), one.place.as_ref()));
        }
        to.clone_into(&mut one.labels[at]);
        let name = one.name.clone();
        // Stored defaults point at the label, not at its text.
        let column_type = TypeKind::Named(ObjectName::from(&name));
        for table in self.tables.values_mut() {
            for column in table.columns.iter_mut().filter(|column| column.ty.kind == column_type) {
                if let Some(default) = &mut column.default {
                    rename_label(default, from, to);
                }
            }
        }
        Ok(vec![Effect::EnumValueGone { name, value: from.to_owned(), renamed_to: Some(to.to_owned()) }])
    }

    pub(super) fn drop_enum_value(&mut self, name: &ObjectName, value: &str) -> Applied {
        let one = self.enum_mut(name)?;
        let Some(at) = one.labels.iter().position(|label| label == value) else {
            return Err(missing("the label", format!("{}.{value}", one.name)));
        };
        one.labels.remove(at);
        Ok(vec![Effect::EnumValueGone { name: one.name.clone(), value: value.to_owned(), renamed_to: None }])
    }

    pub(super) fn create_type(
        &mut self,
        name: &ObjectName,
        domain: Option<&ColumnType>,
        required: bool,
        place: &Place,
        guard: Guard,
    ) -> Applied {
        let name = self.new_name(name);
        match self.free_for_type(&name) {
            Err(ApplyError::Exists { .. }) if guard == Guard::IfAbsent => return Ok(Vec::new()),
            other => other?,
        }
        let domain = domain.map(|base| self.settled(base)).transpose()?;
        let kind = domain.as_ref().map_or(UserTypeKind::Other, |base| UserTypeKind::Domain(base.clone()));
        self.types.insert(name.clone(), UserType { name: name.clone(), kind, required, place: Some(place.clone()) });
        Ok(vec![Effect::Other(format!("the type {name}"))])
    }

    pub(super) fn drop_type(&mut self, name: &ObjectName, cascade: bool, guard: Guard) -> Applied {
        let Some(found) = self.type_named(name) else {
            return if guard == Guard::IfPresent { Ok(Vec::new()) } else { Err(missing("the type", name)) };
        };
        let users = self.columns_of_type(&found);
        let stored = Some(ObjectName::from(&found));
        let in_defaults = self.tables.values().find_map(|table| {
            let column = table.columns.iter().find(|column| column.default_type == stored)?;
            Some(format!("{}.{}", table.name, column.name))
        });
        let mut effects = Vec::new();
        if let Some((table, column)) = users.first().filter(|_| !cascade) {
            return Err(refused(format!("the type {found} cannot be dropped: {table}.{column} is of it")));
        }
        if let Some(column) = in_defaults.filter(|_| !cascade) {
            return Err(refused(format!(
                "the type {found} cannot be dropped: the default of {column} is stored in it"
            )));
        }
        effects.extend(self.release_views_of_type(&found, cascade)?);
        for table in self.tables.values_mut() {
            for column in table.columns.iter_mut().filter(|column| column.default_type == stored) {
                let before = Box::new(column.clone());
                column.default = None;
                column.default_type = None;
                let after = Box::new(column.clone());
                effects.push(Effect::ColumnChanged { table: table.name.clone(), before, after });
            }
        }
        for (table, column) in users {
            effects.extend(self.drop_column(&ObjectName::from(&table), &column, true, true, Guard::IfPresent)?);
        }
        if let Some(one) = self.enums.remove(&found) {
            effects.push(Effect::EnumDropped { name: found, labels: one.labels });
        } else {
            self.types.remove(&found);
            effects.push(Effect::Other(format!("the type {found}")));
        }
        Ok(effects)
    }

    /// The columns that are of a type, with their tables.
    pub(super) fn columns_of_type(&self, found: &Name) -> Vec<(Name, String)> {
        let kind = TypeKind::Named(ObjectName::from(found));
        let of_table = |table: &Table| {
            let columns = table.columns.iter().filter(|column| column.ty.kind == kind);
            columns.map(|column| (table.name.clone(), column.name.clone())).collect::<Vec<_>>()
        };
        self.tables.values().flat_map(of_table).collect()
    }

    /// Renames or moves a type; columns of it follow.
    pub(super) fn rename_type(&mut self, from: &ObjectName, to: &ObjectName, guard: Guard) -> Applied {
        let Some(old) = self.type_named(from) else {
            return if guard == Guard::IfPresent { Ok(Vec::new()) } else { Err(missing("the type", from)) };
        };
        let new = Name::new(to.schema.clone().unwrap_or_else(|| old.schema.clone()), to.name.clone());
        if new == old {
            return Ok(Vec::new());
        }
        self.free_for_type(&new)?;
        let (kind, new_kind) = (TypeKind::Named(ObjectName::from(&old)), TypeKind::Named(ObjectName::from(&new)));
        let (stored, new_stored) = (Some(ObjectName::from(&old)), Some(ObjectName::from(&new)));
        for table in self.tables.values_mut() {
            for column in &mut table.columns {
                if column.ty.kind == kind {
                    column.ty.kind = new_kind.clone();
                }
                if column.default_type == stored {
                    column.default_type.clone_from(&new_stored);
                }
            }
        }
        for view in self.views.values_mut().filter(|view| view.types.contains(&old)) {
            view.types.remove(&old);
            view.types.insert(new.clone());
        }
        if let Some(mut one) = self.enums.remove(&old) {
            one.name = new.clone();
            self.enums.insert(new.clone(), one);
            return Ok(vec![Effect::EnumRenamed { from: old, to: new }]);
        }
        if let Some(mut one) = self.types.remove(&old) {
            one.name = new.clone();
            self.types.insert(new.clone(), one);
        }
        Ok(vec![Effect::Other(format!("the type {new}"))])
    }

    /// The owner of a sequence, which must be there.
    fn sequence_owner(&self, owner: Option<&(ObjectName, String)>) -> Result<Option<(Name, String)>, ApplyError> {
        let Some((table, column)) = owner else { return Ok(None) };
        let Some(found) = self.resolve(&self.tables, table) else { return Err(missing("the table", table)) };
        let known = self.tables.get(&found).and_then(|table| table.column(self.dialect, column));
        match known {
            Some(column) => Ok(Some((found.clone(), column.name.clone()))),
            None => Err(missing("the column", format!("{found}.{column}"))),
        }
    }

    /// The column whose identity a sequence is.
    fn identity_of(&self, sequence: &Name) -> Option<(Name, String)> {
        let (table, column) = self.sequences.get(sequence)?.owned_by.clone()?;
        let found = self.tables.get(&table)?.column(self.dialect, &column)?;
        is_identity(found).then_some((table, column))
    }

    /// Refuses an owner in another schema.
    fn same_schema(&self, sequence: &Name, owner: Option<&(Name, String)>) -> Result<(), ApplyError> {
        match owner {
            Some((table, _)) if self.dialect == Dialect::PostgreSql && table.schema != sequence.schema => {
                Err(refused(format!("the sequence {sequence} is not in the schema of {table}")))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn create_sequence(
        &mut self,
        name: &ObjectName,
        owned_by: Option<&(ObjectName, String)>,
        place: &Place,
        guard: Guard,
    ) -> Applied {
        let name = self.new_name(name);
        self.need_schema(&name.schema)?;
        if let Some((what, made_at)) = self.relation(&name) {
            return if guard == Guard::IfAbsent { Ok(Vec::new()) } else { Err(exists(what, &name, made_at)) };
        }
        let owned_by = self.sequence_owner(owned_by)?;
        self.same_schema(&name, owned_by.as_ref())?;
        self.sequences.insert(name.clone(), Sequence { name: name.clone(), owned_by, place: Some(place.clone()) });
        Ok(vec![Effect::Other(format!("the sequence {name}"))])
    }

    pub(super) fn own_sequence(
        &mut self,
        name: &ObjectName,
        owned_by: Option<&(ObjectName, String)>,
        guard: Guard,
    ) -> Applied {
        let Some(found) = self.resolve(&self.sequences, name) else {
            return if guard == Guard::IfPresent { Ok(Vec::new()) } else { Err(missing("the sequence", name)) };
        };
        if let Some((table, column)) = self.identity_of(&found) {
            return Err(refused(format!("the sequence {found} is the identity of {table}.{column}")));
        }
        let owner = self.sequence_owner(owned_by)?;
        self.same_schema(&found, owner.as_ref())?;
        if let Some(sequence) = self.sequences.get_mut(&found) {
            sequence.owned_by = owner;
        }
        Ok(Vec::new())
    }

    pub(super) fn rename_sequence(&mut self, from: &ObjectName, to: &str, guard: Guard) -> Applied {
        let Some(old) = self.resolve(&self.sequences, from) else {
            return if guard == Guard::IfPresent { Ok(Vec::new()) } else { Err(missing("the sequence", from)) };
        };
        let new = Name::new(old.schema.clone(), to);
        self.rename_sequence_to(&old, &new)
    }

    /// SET SCHEMA of a sequence: one that a column owns stays with it.
    pub(super) fn move_sequence(&mut self, old: &Name, schema: &str) -> Applied {
        let owner = self.sequences.get(old).and_then(|sequence| sequence.owned_by.as_ref());
        if let Some((table, column)) = owner {
            return Err(refused(format!("the sequence {old} cannot be moved: {table}.{column} owns it")));
        }
        if old.schema == schema {
            Ok(Vec::new())
        } else {
            self.rename_sequence_to(old, &Name::new(schema, old.name.clone()))
        }
    }

    fn rename_sequence_to(&mut self, old: &Name, new: &Name) -> Applied {
        if let Some((what, made_at)) = self.relation(new) {
            return Err(exists(what, new, made_at));
        }
        if let Some(mut sequence) = self.sequences.remove(old) {
            sequence.name = new.clone();
            self.sequences.insert(new.clone(), sequence);
        }
        let (old_default, new_default) =
            (ColumnDefault::NextVal(ObjectName::from(old)), ColumnDefault::NextVal(ObjectName::from(new)));
        for table in self.tables.values_mut() {
            for column in table.columns.iter_mut().filter(|column| column.default.as_ref() == Some(&old_default)) {
                column.default = Some(new_default.clone());
            }
        }
        Ok(vec![Effect::Other(format!("the sequence {new}"))])
    }

    pub(super) fn drop_sequence(&mut self, name: &ObjectName, cascade: bool, guard: Guard) -> Applied {
        let Some(found) = self.resolve(&self.sequences, name) else {
            return if guard == Guard::IfPresent { Ok(Vec::new()) } else { Err(missing("the sequence", name)) };
        };
        if let Some((table, column)) = self.identity_of(&found) {
            return Err(refused(format!("the sequence {found} cannot be dropped: {table}.{column} is its identity")));
        }
        let default = ColumnDefault::NextVal(ObjectName::from(&found));
        let user = self.tables.values().find_map(|table| {
            let column = table.columns.iter().find(|column| column.default.as_ref() == Some(&default))?;
            Some(format!("{}.{}", table.name, column.name))
        });
        if let Some(user) = user.filter(|_| !cascade) {
            return Err(refused(format!("the sequence {found} cannot be dropped: the default of {user} needs it")));
        }
        let mut effects = Vec::new();
        for table in self.tables.values_mut() {
            for column in table.columns.iter_mut().filter(|column| column.default.as_ref() == Some(&default)) {
                let before = Box::new(column.clone());
                column.default = None;
                column.auto_increment = None;
                let after = Box::new(column.clone());
                effects.push(Effect::ColumnChanged { table: table.name.clone(), before, after });
            }
        }
        self.sequences.remove(&found);
        effects.push(Effect::Other(format!("the sequence {found}")));
        Ok(effects)
    }

    pub(super) fn create_extension(
        &mut self,
        name: &str,
        schema: Option<&str>,
        version: Option<&str>,
        place: &Place,
        guard: Guard,
    ) -> Applied {
        if let Some(one) = self.extensions.get(name) {
            return if guard == Guard::IfAbsent {
                Ok(Vec::new())
            } else {
                Err(exists("the extension", name, one.place.as_ref()))
            };
        }
        let place = Some(place.clone());
        let extension = Extension { schema: schema.map(str::to_owned), version: version.map(str::to_owned), place };
        self.extensions.insert(name.to_owned(), extension);
        Ok(vec![Effect::Other(format!("the extension {name}"))])
    }

    pub(super) fn drop_extension(&mut self, name: &str, cascade: bool, guard: Guard) -> Applied {
        let mut effects = Vec::new();
        if self.extensions.contains_key(name) {
            for (table, column) in self.columns_of_extension(name) {
                if !cascade {
                    return Err(refused(format!("the extension {name} cannot be dropped: {table}.{column} needs it")));
                }
                effects.extend(self.drop_column(&ObjectName::from(&table), &column, true, true, Guard::IfPresent)?);
            }
        }
        match self.extensions.remove(name) {
            Some(_) => {
                effects.push(Effect::Other(format!("the extension {name}")));
                Ok(effects)
            }
            // PL/pgSQL is there from the start.
            None if guard == Guard::IfPresent || (name == "plpgsql" && self.dialect == Dialect::PostgreSql) => {
                Ok(Vec::new())
            }
            None => Err(missing("the extension", name)),
        }
    }

    /// The columns whose type an extension brought.
    fn columns_of_extension(&self, extension: &str) -> Vec<(Name, String)> {
        let brought = |column: &&Column| match &column.ty.kind {
            TypeKind::Named(name) => {
                let listed = EXTENSION_TYPES.iter().any(|(ty, from)| *ty == name.name && *from == extension);
                listed && self.type_named(name).is_none()
            }
            _ => false,
        };
        let of_table = |table: &Table| -> Vec<(Name, String)> {
            let columns = table.columns.iter().filter(brought);
            columns.map(|column| (table.name.clone(), column.name.clone())).collect()
        };
        self.tables.values().flat_map(of_table).collect()
    }
}

/// Renames a label in a default.
fn rename_label(default: &mut ColumnDefault, from: &str, to: &str) {
    match default {
        ColumnDefault::Text(text) if text == from => to.clone_into(text),
        ColumnDefault::List(items) => items.iter_mut().for_each(|item| rename_label(item, from, to)),
        _ => {}
    }
}
