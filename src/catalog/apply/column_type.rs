//! The type of a column: what a written one stands for, and whether the database changes one into another.

use super::validity::{generated_from, is_identity, may_be_identity};
use super::view::Kept;
use super::{ApplyError, cast, missing, refused};
use crate::catalog::{
    AutoIncrement, Catalog, Column, ColumnDefault, ColumnType, Dialect, Name, ObjectName, Table, TypeKind, UserTypeKind,
};

impl Catalog {
    /// Resolves the type of a new or changed column: serial types become what they stand for, names of types the types
    /// they mean.
    pub(super) fn settle_type(
        &self,
        table: &Table,
        column: &mut Column,
        sequences: &mut Vec<(Name, String)>,
    ) -> Result<(), ApplyError> {
        column.ty = self.settled(&column.ty)?;
        if !self.dialect.is_postgres_like() {
            return Ok(());
        }
        let plain = match column.ty.builtin_name() {
            Some("smallserial") => Some("smallint"),
            Some("serial") => Some("integer"),
            Some("bigserial") => Some("bigint"),
            _ => None,
        };
        if let Some(plain) = plain {
            column.ty = ColumnType::builtin(plain);
            column.nullable = false;
            if self.dialect == Dialect::CockroachDb {
                // `serial_normalization = rowid`, the default.
                column.ty = ColumnType::builtin("bigint");
                column.auto_increment = Some(AutoIncrement::RowId);
                return Ok(());
            }
            column.auto_increment = Some(AutoIncrement::Serial);
        }
        match column.auto_increment {
            Some(AutoIncrement::Serial) if self.dialect == Dialect::PostgreSql => {
                let sequence = self.sequence_name(&table.name, &column.name, sequences);
                column.default = Some(ColumnDefault::NextVal(ObjectName::from(&sequence)));
                sequences.push((sequence, column.name.clone()));
            }
            Some(AutoIncrement::IdentityAlways | AutoIncrement::IdentityByDefault) => {
                column.nullable = false;
                let sequence = self.sequence_name(&table.name, &column.name, sequences);
                sequences.push((sequence, column.name.clone()));
            }
            _ => {}
        }
        Ok(())
    }

    /// A type with the names in it resolved.
    pub(super) fn settled(&self, ty: &ColumnType) -> Result<ColumnType, ApplyError> {
        let name = match &ty.kind {
            TypeKind::Named(name) => name,
            TypeKind::Other(_) if self.dialect == Dialect::PostgreSql => {
                let word = ty.kind.user_name();
                return match word.filter(|word| self.type_named(word).is_none() && !self.may_have_type(word)) {
                    Some(word) => Err(missing("the type", word)),
                    None => Ok(ty.clone()),
                };
            }
            _ => return Ok(ty.clone()),
        };
        if let Some(found) = self.type_named(name) {
            return Ok(ColumnType { kind: TypeKind::Named(ObjectName::from(&found)), array: ty.array });
        }
        if self.dialect == Dialect::PostgreSql && !self.may_have_type(name) {
            return Err(missing("the type", name));
        }
        Ok(ty.clone())
    }

    /// Refuses a change of type where something that PostgreSQL does not change along depends on the column, or where it
    /// cannot cast the rows by itself.
    pub(super) fn free_to_retype(
        &self,
        name: &Name,
        table: &Table,
        before: &Column,
        ty: &ColumnType,
        using: bool,
    ) -> Result<(), ApplyError> {
        if self.dialect != Dialect::PostgreSql {
            return Ok(());
        }
        let column = &before.name;
        let refuse = |why: String| Err(refused(format!("the type of {name}.{column} cannot change: {why}")));
        if let Some(reader) = self.reader_of(&Kept { relation: name, column: Some(column) }) {
            return refuse(format!("{reader} reads it"));
        }
        let generated = generated_from(table, column);
        if let Some(other) = generated {
            return refuse(format!("the generated column {} needs it", other.name));
        }
        if using && before.generated.is_some() {
            return refuse("USING is not for a generated column".to_owned());
        }
        if let Some(other) = self.unlike_partner(table, before, ty) {
            return refuse(format!("a foreign key joins it with {other}"));
        }
        if is_identity(before) && !may_be_identity(ty) {
            return refuse(format!("{ty} is no type of an identity"));
        }
        if !using && !self.casts(&before.ty, ty) {
            return refuse(format!("rows are not cast from {} to {ty} without USING", before.ty));
        }
        Ok(())
    }

    /// A default with the sequence in it resolved.
    pub(super) fn settled_default(&self, default: &ColumnDefault) -> ColumnDefault {
        match default {
            ColumnDefault::NextVal(sequence) => {
                let found = self.resolve(&self.sequences, sequence);
                ColumnDefault::NextVal(found.map_or_else(|| sequence.clone(), |name| ObjectName::from(&name)))
            }
            other => other.clone(),
        }
    }

    /// PostgreSQL refuses a change of type while a default stands that it cannot cast by itself: USING speaks of rows
    /// alone (<https://www.postgresql.org/docs/current/sql-altertable.html>).
    pub(super) fn holds_default(&self, before: &Column, ty: &ColumnType) -> bool {
        let scalar = !ty.array && !before.ty.array;
        self.dialect == Dialect::PostgreSql && before.default.is_some() && scalar && !self.casts(&before.ty, ty)
    }

    /// The column that a foreign key joins with this one, and could not any more if this one were of type `ty`.
    fn unlike_partner(&self, table: &Table, column: &Column, ty: &ColumnType) -> Option<String> {
        let is_enum = |ty: &ColumnType| matches!(&ty.kind, TypeKind::Named(name) if self.enumeration(name).is_some());
        let unlike = |other: &Column, refers: bool| {
            let (from, to) = if refers { (ty, &other.ty) } else { (&other.ty, ty) };
            from.kind != to.kind && (is_enum(from) || is_enum(to)) || !cast::may_refer(self.dialect, from, to)
        };
        let across = |from: &[String], to: &[String], target: &Name, refers: bool| {
            let at = from.iter().position(|one| *one == column.name)?;
            let itself = *target == table.name && to.get(at) == Some(&column.name);
            let other = self.tables.get(target)?.column(self.dialect, to.get(at)?)?;
            (!itself && unlike(other, refers)).then(|| format!("{target}.{} ({})", other.name, other.ty))
        };
        let own =
            table.foreign_keys.iter().find_map(|key| across(&key.columns, &key.target_columns, &key.target, true));
        own.or_else(|| {
            self.referrers(&table.name).iter().find_map(|other| {
                let keys = self.tables.get(other)?.foreign_keys.iter().filter(|key| key.target == table.name);
                keys.into_iter().find_map(|key| across(&key.target_columns, &key.columns, other, false))
            })
        })
    }

    /// Whether PostgreSQL casts from one type to another in an assignment. An enum becomes a text, and nothing an enum.
    fn casts(&self, from: &ColumnType, to: &ColumnType) -> bool {
        let is_enum = |ty: &ColumnType| matches!(&ty.kind, TypeKind::Named(name) if self.enumeration(name).is_some());
        if from.kind == to.kind && from.array == to.array {
            return true;
        }
        // A domain is cast as its base type is.
        if let Some(base) = self.base_of_domain(from) {
            return self.casts(&base, to);
        }
        if let Some(base) = self.base_of_domain(to) {
            return self.casts(from, &base);
        }
        if is_enum(to) || is_enum(from) && !cast::is_text(to) {
            return false;
        }
        cast::by_assignment(from, to)
    }

    /// The type that a domain is over; a domain over a domain takes one step.
    fn base_of_domain(&self, ty: &ColumnType) -> Option<ColumnType> {
        let TypeKind::Named(name) = &ty.kind else { return None };
        match &self.resolve(&self.types, name).and_then(|name| self.types.get(&name))?.kind {
            UserTypeKind::Domain(base) if !ty.array => Some(base.clone()),
            _ => None,
        }
    }
}
