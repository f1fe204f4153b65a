//! Columns of PostgreSQL that count by a sequence: `SERIAL`, and one that is put together of its parts.

use crate::catalog::{AutoIncrement, Catalog, Column, ColumnDefault, Dialect, Table};

/// Whether two columns count alike although only one of them is a `SERIAL`.
///
/// Which sequence the default of a counting primary key asks is not compared ("don't do defaults for SERIAL columns",
/// `PostgresqlImpl.compare_server_default`). And a `SERIAL` is no type, but a sequence and a default of `nextval`
/// (PostgreSQL, "Serial Types"): where the models write that default out, it is the same.
pub(super) fn same(dialect: Dialect, declared: &Column, replayed: &Column) -> bool {
    let (Some(ColumnDefault::NextVal(wanted)), Some(ColumnDefault::NextVal(made))) =
        (&declared.default, &replayed.default)
    else {
        return false;
    };
    let plain = |column: &Column| matches!(column.auto_increment, None | Some(AutoIncrement::Serial));
    let schema = |name: &Option<String>| name.as_deref().unwrap_or(dialect.default_schema()).to_owned();
    dialect == Dialect::PostgreSql
        && plain(declared)
        && plain(replayed)
        && (declared.auto_increment == Some(AutoIncrement::Serial)
            || (wanted.name == made.name && schema(&wanted.schema) == schema(&made.schema)))
}

/// Whether autogenerate takes the default of a column for that of a `SERIAL` and leaves it out: a `nextval` of a sequence
/// that the column owns (`PostgresqlImpl.autogen_column_reflect`).
pub(super) fn is_omitted(replayed: &Catalog, table: &Table, column: &Column) -> bool {
    let Some(ColumnDefault::NextVal(sequence)) = &column.default else { return false };
    let schema = sequence.schema.as_deref().unwrap_or(replayed.dialect.default_schema());
    replayed.dialect == Dialect::PostgreSql
        && matches!(column.ty.builtin_name(), Some("integer" | "bigint"))
        && replayed.sequences.values().any(|known| {
            let owned = known.owned_by.as_ref();
            (&*known.name.name, &*known.name.schema) == (&*sequence.name, schema)
                && owned.is_some_and(|(of, name)| *of == table.name && *name == column.name)
        })
}
