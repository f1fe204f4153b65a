//! Doubts: what they follow, when they end, and which failures they could explain.

use super::ApplyError;
use crate::catalog::operation::{Constraint, NewColumn, Operation, OperationKind as K};
use crate::catalog::{Catalog, Column, Name, Object, ObjectName, Opaque, Reach, TypeKind};

impl Catalog {
    /// A table is certainly gone: what was unknown about it no longer matters.
    pub(super) fn settle_table(&mut self, name: &Name) {
        let dialect = self.dialect;
        for doubt in &mut self.doubts {
            if matches!(doubt.reach, Reach::Table(_) | Reach::Column(..))
                && doubt.reach.covers(&Object::Table(name), dialect)
                || matches!(&doubt.reach, Reach::Column(table, _) if table.name == name.name)
            {
                doubt.reach = Reach::Nothing;
            }
        }
    }

    /// A column is certainly gone.
    pub(super) fn settle_column(&mut self, table: &Name, column: &str) {
        let dialect = self.dialect;
        for doubt in &mut self.doubts {
            if matches!(doubt.reach, Reach::Column(..)) && doubt.reach.covers(&Object::Column(table, column), dialect) {
                doubt.reach = Reach::Nothing;
            }
        }
    }

    /// A table was renamed: what is unknown about it follows.
    pub(super) fn follow_table(&mut self, from: &Name, to: &Name) {
        let dialect = self.dialect;
        for doubt in &mut self.doubts {
            let column = match &doubt.reach {
                Reach::Table(_) if doubt.reach.covers(&Object::Table(from), dialect) => None,
                Reach::Column(_, column) if doubt.reach.covers(&Object::Column(from, column), dialect) => {
                    Some(column.clone())
                }
                _ => continue,
            };
            let to = ObjectName::from(to);
            doubt.reach = match column {
                None => Reach::Table(to),
                Some(column) => Reach::Column(to, column),
            };
        }
    }

    /// A column was renamed: what is unknown about it follows.
    pub(super) fn follow_column(&mut self, table: &Name, from: &str, to: &str) {
        let dialect = self.dialect;
        for doubt in &mut self.doubts {
            if matches!(doubt.reach, Reach::Column(..)) && doubt.reach.covers(&Object::Column(table, from), dialect) {
                doubt.reach = Reach::Column(ObjectName::from(table), to.to_owned());
            }
        }
    }

    /// Whether an earlier doubt could explain why an operation fails: one whose reach covers what it works on.
    pub(crate) fn could_explain(&self, operation: &Operation, error: &ApplyError) -> bool {
        let is_open = |doubt: &&Opaque| doubt.reach != Reach::Nothing;
        let open: Vec<&Reach> = self.doubts.iter().filter(is_open).map(|doubt| &doubt.reach).collect();
        if open.is_empty() {
            return false;
        }
        let (tables, types) = self.named_by(operation);
        if open.iter().any(|reach| **reach == Reach::Everything) {
            // What is not where it should be is missing for certain only where all that is named came later than the doubt:
            // what stands in the way may have been moved away, whatever it is in.
            let about_named = match error {
                ApplyError::Missing { what, .. } => {
                    ["the table", "the column", "the constraint", "the index"].contains(what)
                }
                ApplyError::Exists { what, .. } => *what == "the column",
                ApplyError::Refused(_) => false,
            };
            if !about_named || tables.is_empty() {
                return true;
            }
        }
        // An index that is named without its table may be on any table of which not all is known.
        if let K::DropIndex { table: None, .. } | K::RenameIndex { table: None, .. } = operation.kind
            && open.iter().any(|reach| matches!(reach, Reach::Table(_)))
        {
            return true;
        }
        // What holds a type back may be of another type by now; one column of which all is known holds it surely.
        if let (K::DropType { .. }, ApplyError::Refused(_)) = (&operation.kind, error) {
            let of_it: Vec<_> = types.iter().flat_map(|name| self.columns_of_type(name)).collect();
            let may_be_another =
                |(table, column): &(Name, String)| self.doubt_about(&Object::Column(table, column)).is_some();
            if !of_it.is_empty() && of_it.iter().all(may_be_another) {
                return true;
            }
        }
        let columns = Named::of(operation).columns;
        tables.iter().any(|table| {
            // A column that came after a doubt about its table is known, and the table's other columns are not.
            let in_table = || self.doubt_about(&Object::Table(table)).is_some();
            let in_column = |column: &&str| self.doubt_about(&Object::Column(table, column)).is_some();
            in_table() || columns.iter().any(in_column)
        }) || types.iter().any(|name| self.doubt_about(&Object::Type(name)).is_some())
    }

    /// The tables and types that an operation names, as they are known now or would be.
    pub(in crate::catalog) fn named_by(&self, operation: &Operation) -> (Vec<Name>, Vec<Name>) {
        let named = Named::of(operation);
        let table = |name: &&ObjectName| self.resolve(&self.tables, name).unwrap_or_else(|| self.new_name(name));
        let type_ = |name: &&ObjectName| self.type_named(name).unwrap_or_else(|| self.new_name(name));
        (named.tables.iter().map(table).collect(), named.types.iter().map(type_).collect())
    }
}

/// What an operation names.
#[derive(Default)]
struct Named<'a> {
    tables: Vec<&'a ObjectName>,
    columns: Vec<&'a str>,
    types: Vec<&'a ObjectName>,
}

impl<'a> Named<'a> {
    fn of(operation: &'a Operation) -> Self {
        let mut named = Self::default();
        named.tables.extend(operation.table());
        match &operation.kind {
            K::CreateTable(table) => {
                for column in &table.columns {
                    named.new_column(column);
                }
                for constraint in &table.constraints {
                    named.constraint(constraint);
                }
                match &table.source {
                    Some(crate::catalog::operation::TableSource::Like { table, .. }) => named.tables.push(table),
                    Some(crate::catalog::operation::TableSource::Inherits(parents)) => named.tables.extend(parents),
                    Some(
                        crate::catalog::operation::TableSource::PartitionOf(other)
                        | crate::catalog::operation::TableSource::Rows(other),
                    ) => named.tables.push(other),
                    Some(crate::catalog::operation::TableSource::Query) | None => {}
                }
            }
            K::RenameTable { to, .. } => named.tables.push(to),
            K::AddColumn { column, .. } => named.new_column(column),
            K::DropColumn { column, .. } => named.columns.push(column),
            K::RenameColumn { from, to, .. } => named.columns.extend([from.as_str(), to.as_str()]),
            K::AlterColumn { column, change, .. } => {
                named.columns.push(column);
                match change {
                    crate::catalog::operation::ColumnChange::Type { ty, .. } => {
                        if let TypeKind::Named(name) = &ty.kind {
                            named.types.push(name);
                        }
                    }
                    crate::catalog::operation::ColumnChange::Redefine(column) => named.new_column(column),
                    _ => {}
                }
            }
            K::AddConstraint { constraint, .. } => named.constraint(constraint),
            K::CreateIndex { index, .. } => {
                named.columns.extend(index.parts.iter().filter_map(crate::catalog::IndexPart::column));
            }
            K::CreateEnum { name, .. }
            | K::AddEnumValue { name, .. }
            | K::RenameEnumValue { name, .. }
            | K::DropEnumValue { name, .. }
            | K::CreateType { name, .. }
            | K::DropType { name, .. }
            | K::MoveType { name, .. } => named.types.push(name),
            K::RenameType { from, .. } => named.types.push(from),
            K::CreateView { name, reads, .. } => {
                named.tables.push(name);
                named.tables.extend(&reads.relations);
            }
            K::DropView { name, .. } => named.tables.push(name),
            K::RenameView { from, .. } => named.tables.push(from),
            K::Query(reads) => {
                named.tables.extend(&reads.relations);
                named.columns.extend(reads.mentions.iter().filter_map(|mention| mention.column.as_deref()));
            }
            K::Data { needs, .. } => named.columns.extend(needs.iter().map(String::as_str)),
            _ => {}
        }
        named
    }

    fn new_column(&mut self, new: &'a NewColumn) {
        let Column { name, ty, .. } = &new.column;
        self.columns.push(name);
        if let TypeKind::Named(name) = &ty.kind {
            self.types.push(name);
        }
        for constraint in &new.constraints {
            self.constraint(constraint);
        }
    }

    fn constraint(&mut self, constraint: &'a Constraint) {
        match constraint {
            Constraint::PrimaryKey(key) => {
                self.columns.extend(key.columns.iter().filter_map(crate::catalog::IndexPart::column));
            }
            Constraint::Index(index) => {
                self.columns.extend(index.parts.iter().filter_map(crate::catalog::IndexPart::column));
            }
            Constraint::ForeignKey(key) => {
                self.tables.push(&key.target);
                self.columns.extend(key.key.columns.iter().chain(&key.key.target_columns).map(String::as_str));
            }
            Constraint::UsingIndex { .. } | Constraint::Check(_) | Constraint::Exclude(_) => {}
        }
    }
}
