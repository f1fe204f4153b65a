//! Statements that findings propose.

use crate::catalog::{Dialect, Name};
use crate::project::{EcosystemKind, ProjectChange};

/// A name as the dialect quotes it.
pub(super) fn quote(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::MySql => format!("`{}`", name.replace('`', "``")),
        Dialect::SqlServer => format!("[{}]", name.replace(']', "]]")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// A table's name, with its schema where that is not the default one.
pub(super) fn table(dialect: Dialect, name: &Name) -> String {
    if name.schema.is_empty() || name.schema == dialect.default_schema() {
        quote(dialect, &name.name)
    } else {
        format!("{}.{}", quote(dialect, &name.schema), quote(dialect, &name.name))
    }
}

/// A string of Python.
fn text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The statement or call that renames a column.
pub(super) fn rename_column(change: &ProjectChange<'_>, of: &Name, from: &str, to: &str) -> String {
    let dialect = change.project.dialect();
    match (change.project.ecosystem, dialect) {
        (EcosystemKind::Alembic, Dialect::Sqlite) => format!(
            "with op.batch_alter_table({}) as batch_op:\n    batch_op.alter_column({}, new_column_name={})",
            text(&of.name),
            text(from),
            text(to)
        ),
        (EcosystemKind::Alembic, _) => {
            format!("op.alter_column({}, {}, new_column_name={})", text(&of.name), text(from), text(to))
        }
        (EcosystemKind::Prisma, Dialect::SqlServer) => {
            format!("EXEC sp_rename '{}.{}', '{}', 'COLUMN';", of.name, from, to)
        }
        (EcosystemKind::Prisma, _) => format!(
            "ALTER TABLE {} RENAME COLUMN {} TO {};",
            table(dialect, of),
            quote(dialect, from),
            quote(dialect, to)
        ),
    }
}

/// The statement or call that renames a table.
pub(super) fn rename_table(change: &ProjectChange<'_>, from: &Name, to: &Name) -> String {
    let dialect = change.project.dialect();
    match (change.project.ecosystem, dialect) {
        (EcosystemKind::Alembic, _) => format!("op.rename_table({}, {})", text(&from.name), text(&to.name)),
        (EcosystemKind::Prisma, Dialect::SqlServer) => format!("EXEC sp_rename '{}', '{}';", from.name, to.name),
        (EcosystemKind::Prisma, _) => {
            format!("ALTER TABLE {} RENAME TO {};", table(dialect, from), quote(dialect, &to.name))
        }
    }
}
