//! Foreign keys and the join tables of implicit many-to-many relations.

use super::indexes::primary_key_fields;
use super::{Builder, names};
use crate::catalog::{Column, Dialect, ForeignKey, Index, IndexPart, Key, Name, ReferentialAction, Table};
use crate::prisma::schema::ast::{Arity, Expr, Model};
use crate::prisma::schema::resolve::{Inline, ManyToMany};
use crate::source::Place;

impl<'a> Builder<'a> {
    pub(super) fn foreign_keys(&self, model: &'a Model) -> Vec<ForeignKey> {
        self.resolved.inline_relations(model).iter().map(|relation| self.foreign_key(relation)).collect()
    }

    fn foreign_key(&self, relation: &Inline<'a>) -> ForeignKey {
        let dialect = self.context.dialect;
        let columns: Vec<&str> = relation.fields.iter().map(|field| field.column_name()).collect();
        let name = relation
            .attribute
            .map()
            .map_or_else(|| names::foreign_key(dialect, relation.model.database_name(), &columns), str::to_owned);
        let explicit = |name| relation.attribute.named(name).and_then(Expr::constant).and_then(action);
        ForeignKey {
            name: Some(name),
            generated_name: false,
            columns: columns.into_iter().map(str::to_owned).collect(),
            target: self.table_name(relation.target),
            target_columns: relation.references.iter().map(|field| field.column_name().to_owned()).collect(),
            on_delete: explicit("onDelete").unwrap_or_else(|| default_on_delete(dialect, relation)),
            on_update: explicit("onUpdate").unwrap_or(ReferentialAction::Cascade),
            deferrable: false,
            initially_deferred: false,
            not_valid: false,
            place: Some(relation.model.place(relation.attribute.span)),
        }
    }

    /// The join table; none where a side has no primary key of one column (the engine refuses that).
    pub(super) fn join_table(&self, relation: &ManyToMany<'a>, emulates_relations: bool) -> Option<Table> {
        let dialect = self.context.dialect;
        let names = names::join_table(dialect, &relation.name);
        let place = Some(relation.a.0.place(relation.a.1.span));
        let table_name = self.name(relation.a.0.schema(), &names.table);
        let mut table = Table::new(table_name);
        table.place.clone_from(&place);
        let sides = [("A", relation.a, names.foreign_key_a), ("B", relation.b, names.foreign_key_b)];
        for (column, (model, field), foreign_key) in sides {
            let (_, key) = primary_key_fields(model)?;
            let id = key.first()?.field;
            let side = Some(model.place(field.span));
            let mut column = Column::new(column, self.column_type(id, self.resolved.kind(id)), false);
            column.place.clone_from(&side);
            if !emulates_relations {
                table.foreign_keys.push(self.join_key(
                    &column,
                    foreign_key,
                    self.table_name(model),
                    id.column_name(),
                    relation,
                    side,
                ));
            }
            table.columns.push(column);
        }
        let both = vec![IndexPart::named("A"), IndexPart::named("B")];
        // Since 6.0 the engine gives PostgreSQL's join tables a primary key; the others keep the unique index.
        if dialect == Dialect::PostgreSql && self.context.version >= 6 {
            let name = Some(names.primary_key);
            table.primary_key = Some(Key { name, columns: both, clustered: None, place: place.clone() });
        } else {
            table.indexes.push(self.join_index(names.unique, both, true, place.as_ref()));
        }
        table.indexes.push(self.join_index(names.index, vec![IndexPart::named("B")], false, place.as_ref()));
        Some(table)
    }

    fn join_index(&self, name: String, parts: Vec<IndexPart>, unique: bool, place: Option<&Place>) -> Index {
        let mut index = Index::new(Some(name), parts, unique);
        if self.context.dialect == Dialect::SqlServer {
            index.constraint = unique;
            index.clustered = Some(false);
        }
        index.place = place.cloned();
        index
    }

    fn join_key(
        &self,
        column: &Column,
        name: String,
        target: Name,
        target_column: &str,
        relation: &ManyToMany<'_>,
        place: Option<Place>,
    ) -> ForeignKey {
        // SQL Server refuses two cascading paths to one table (`m2m_foreign_key_action` in `flavour/mssql`).
        let to_self = std::ptr::eq(relation.a.0, relation.b.0);
        let action = if self.context.dialect == Dialect::SqlServer && to_self {
            ReferentialAction::NoAction
        } else {
            ReferentialAction::Cascade
        };
        ForeignKey {
            name: Some(name),
            generated_name: false,
            columns: vec![column.name.clone()],
            target,
            target_columns: vec![target_column.to_owned()],
            on_delete: action,
            on_update: action,
            deferrable: false,
            initially_deferred: false,
            not_valid: false,
            place,
        }
    }
}

/// RESTRICT where the relation is required (NO ACTION on SQL Server, which has no RESTRICT), SET NULL where it is
/// optional. It counts as required if any of the fields that refer is (`referential_arity` in
/// `psl/parser-database/src/walkers/relation_field.rs`).
fn default_on_delete(dialect: Dialect, relation: &Inline<'_>) -> ReferentialAction {
    let required =
        relation.field.arity == Arity::Required || relation.fields.iter().any(|field| field.arity == Arity::Required);
    match (required, dialect) {
        (false, _) => ReferentialAction::SetNull,
        (true, Dialect::SqlServer) => ReferentialAction::NoAction,
        (true, _) => ReferentialAction::Restrict,
    }
}

/// The action of that name.
pub(crate) fn action(name: &str) -> Option<ReferentialAction> {
    Some(match name {
        "Cascade" => ReferentialAction::Cascade,
        "Restrict" => ReferentialAction::Restrict,
        "NoAction" => ReferentialAction::NoAction,
        "SetNull" => ReferentialAction::SetNull,
        "SetDefault" => ReferentialAction::SetDefault,
        _ => return None,
    })
}
