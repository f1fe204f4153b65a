//! Tables that stay and change: ALTER TABLE, and SQLite's redefinition.

use super::render::Renderer;
use super::types::castable;
use crate::catalog::difference::{Aspect, Difference, Side};
use crate::catalog::{AutoIncrement, Catalog, Column, ColumnDefault, Dialect, IndexPart, Table};
use crate::prisma::compare::changes_family;

/// Whether SQLite must make a table anew to close a difference: it can add an optional column, and indexes
/// (`set_tables_to_redefine`).
pub(super) fn needs_redefinition(difference: &Difference, declared: &Table) -> bool {
    match (difference.kind.aspect, difference.kind.side) {
        (Aspect::Index | Aspect::Unique, _) => false,
        (Aspect::Column, Side::Missing) => {
            declared.columns.iter().any(|column| column.name == difference.name && !column.nullable)
        }
        _ => true,
    }
}

/// ALTER TABLE for all differences of columns and the primary key; none where there are none.
pub(super) fn table(
    renderer: &Renderer<'_>,
    history: &Catalog,
    differences: &[&Difference],
    declared: &Table,
    replayed: &Table,
) -> Option<String> {
    let dialect = renderer.dialect();
    let mut clauses: Vec<String> = Vec::new();
    let mut after: Vec<String> = Vec::new();
    let mut before: Vec<String> = Vec::new();
    let key = differences.iter().find(|one| one.kind.aspect == Aspect::PrimaryKey);
    let changed: Vec<&Column> = declared
        .columns
        .iter()
        .filter(|column| {
            let about = |one: &&&Difference| {
                matches!(one.kind.aspect, Aspect::Type | Aspect::Nullability | Aspect::Default)
                    && one.name == column.name
            };
            differences.iter().any(|one| about(&one))
        })
        .collect();
    // A column of the primary key that changes its type takes the key with it (`primary_key_column_changed`).
    let retyped =
        |column: &Column| differences.iter().any(|one| one.kind.aspect == Aspect::Type && one.name == column.name);
    let key_moves = replayed.primary_key.as_ref().is_some_and(|key| {
        dialect != Dialect::CockroachDb
            && changed
                .iter()
                .any(|column| retyped(column) && key.columns.iter().any(|part| part.column() == Some(&column.name)))
    });
    let same_columns = match (&declared.primary_key, &replayed.primary_key) {
        (Some(a), Some(b)) => a.columns == b.columns,
        _ => false,
    };
    let renames_key = key.is_some() && same_columns && !key_moves;
    if (key.is_some() || key_moves)
        && !renames_key
        && let Some(key) = &replayed.primary_key
    {
        clauses.push(match &key.name {
            Some(name) if dialect != Dialect::MySql => format!("DROP CONSTRAINT {}", renderer.quote(name)),
            _ => "DROP PRIMARY KEY".to_owned(),
        });
    }
    if renames_key
        && let (Some(from), Some(to)) = (
            replayed.primary_key.as_ref().and_then(|key| key.name.as_deref()),
            declared.primary_key.as_ref().and_then(|key| key.name.as_deref()),
        )
    {
        if dialect == Dialect::SqlServer {
            before.push(format!("EXEC SP_RENAME N'{}.{from}', N'{to}';", declared.name.schema));
        } else {
            let (from, to) = (renderer.quote(from), renderer.quote(to));
            before.push(format!("ALTER TABLE {} RENAME CONSTRAINT {from} TO {to};", renderer.name(&declared.name)));
        }
    }
    let mut dropped: Vec<&str> = names(differences, Side::Extra);
    let mut added: Vec<&str> = names(differences, Side::Missing);
    dropped.sort_unstable();
    added.sort_unstable();
    clauses.extend(dropped.iter().map(|name| format!("DROP COLUMN {}", renderer.quote(name))));
    for name in added {
        let Some(column) = declared.columns.iter().find(|column| column.name == name) else { continue };
        clauses.push(add_column(renderer, declared, column));
    }
    for column in changed {
        let Some(was) = replayed.columns.iter().find(|other| other.name == column.name) else { continue };
        let about = |aspect: Aspect| differences.iter().any(|one| one.kind.aspect == aspect && one.name == column.name);
        let pair = ((renderer.catalog, column), (history, was));
        if about(Aspect::Type) && !castable(dialect, pair.1, pair.0) {
            clauses.push(format!("DROP COLUMN {}", renderer.quote(&column.name)));
            clauses.push(add_column(renderer, declared, column));
            continue;
        }
        let change = Change {
            nullability: about(Aspect::Nullability) || was.ty.array != column.ty.array,
            default: about(Aspect::Default)
                || (about(Aspect::Type) && changes_family(pair.0, pair.1) && is_renewed(column, was)),
            ty: about(Aspect::Type),
        };
        alter_column(renderer, (declared, column), was, &change, &mut clauses, &mut after);
    }
    if (key.is_some() || key_moves) && !renames_key {
        clauses.extend(declared.primary_key.as_ref().map(|key| format!("ADD {}", renderer.primary_key(key))));
    }
    let name = renderer.name(&declared.name);
    let mut statements = before;
    if !clauses.is_empty() {
        match dialect {
            // One action a statement.
            Dialect::SqlServer | Dialect::Sqlite | Dialect::CockroachDb => {
                statements.extend(clauses.iter().map(|clause| format!("ALTER TABLE {name} {clause};")));
            }
            _ => {
                let separator = if dialect == Dialect::MySql { ",\n    " } else { ",\n" };
                statements.push(format!("ALTER TABLE {name} {};", clauses.join(separator)));
            }
        }
    }
    statements.extend(after);
    (!statements.is_empty()).then(|| statements.join("\n"))
}

/// Whether a default that stays the same is another value to the engine once the type has another family.
fn is_renewed(column: &Column, was: &Column) -> bool {
    let number = |column: &Column| matches!(column.default, Some(ColumnDefault::Number(_) | ColumnDefault::Bool(_)));
    let text = |column: &Column| matches!(column.default, Some(ColumnDefault::Text(_)));
    (number(column) && (number(was) || text(was))) || (text(column) && number(was))
}

/// Columns that are dropped and added again, as their type cannot be cast: indexes on them go with them
/// (`indexes_should_be_recreated_after_column_drop`).
pub(super) fn recreated<'t>(
    renderer: &Renderer<'_>,
    history: &Catalog,
    differences: &[&Difference],
    declared: &'t Table,
    replayed: &Table,
) -> Vec<&'t str> {
    let dialect = renderer.dialect();
    if !dialect.is_postgres_like() {
        return Vec::new();
    }
    let recreated = |column: &&Column| {
        let changes = differences.iter().any(|one| one.kind.aspect == Aspect::Type && one.name == column.name);
        let was = replayed.columns.iter().find(|other| other.name == column.name);
        changes && was.is_some_and(|was| !castable(dialect, (history, was), (renderer.catalog, column)))
    };
    declared.columns.iter().filter(recreated).map(|column| column.name.as_str()).collect()
}

/// Whether one of the parts is one of these columns.
pub(super) fn involves(parts: &[IndexPart], columns: &[&str]) -> bool {
    parts.iter().filter_map(IndexPart::column).any(|column| columns.contains(&column))
}

fn names<'d>(differences: &[&'d Difference], side: Side) -> Vec<&'d str> {
    let columns = differences.iter().filter(|one| one.kind.aspect == Aspect::Column && one.kind.side == side);
    columns.map(|one| one.name.as_str()).collect()
}

fn add_column(renderer: &Renderer<'_>, table: &Table, column: &Column) -> String {
    let text = renderer.column(table, column);
    match renderer.dialect() {
        Dialect::PostgreSql | Dialect::CockroachDb => format!("ADD COLUMN     {text}"),
        Dialect::SqlServer => format!("ADD {text}"),
        _ => format!("ADD COLUMN {text}"),
    }
}

/// What changes in a column.
struct Change {
    nullability: bool,
    default: bool,
    ty: bool,
}

fn alter_column(
    renderer: &Renderer<'_>,
    (table, column): (&Table, &Column),
    was: &Column,
    change: &Change,
    clauses: &mut Vec<String>,
    after: &mut Vec<String>,
) {
    let name = renderer.quote(&column.name);
    let required = !column.nullable && !column.ty.array;
    match renderer.dialect() {
        Dialect::MySql => clauses.push(format!("MODIFY {}", renderer.column(table, column))),
        Dialect::SqlServer => {
            if change.ty || change.nullability {
                let null = if required { "NOT NULL" } else { "NULL" };
                clauses.push(format!("ALTER COLUMN {name} {} {null}", renderer.plain_type(column)));
            }
            if change.default {
                if was.default.is_some() {
                    let constraint = renderer.default_name(table, was);
                    clauses.insert(0, format!("DROP CONSTRAINT {constraint}"));
                }
                if let Some(default) = column.default.as_ref().filter(|value| **value != ColumnDefault::Unknown) {
                    let constraint = renderer.default_name(table, column);
                    let default = renderer.default(column, default);
                    clauses.push(format!("ADD CONSTRAINT {constraint} DEFAULT {default} FOR {name}"));
                }
            }
        }
        _ => {
            if change.nullability {
                let what = if required { "SET" } else { "DROP" };
                clauses.push(format!("ALTER COLUMN {name} {what} NOT NULL"));
            }
            let counts = column.auto_increment == Some(AutoIncrement::Serial);
            if change.default && !counts {
                clauses.push(match column.default.as_ref().filter(|value| **value != ColumnDefault::Unknown) {
                    Some(default) => format!("ALTER COLUMN {name} SET DEFAULT {}", renderer.default(column, default)),
                    None => format!("ALTER COLUMN {name} DROP DEFAULT"),
                });
            }
            if change.ty {
                clauses.push(format!("ALTER COLUMN {name} SET DATA TYPE {}", renderer.plain_type(column)));
            }
            match &was.default {
                Some(ColumnDefault::NextVal(sequence)) if change.default && !counts => {
                    after.push(format!("DROP SEQUENCE {};", renderer.quote(&sequence.name)));
                }
                _ if change.default && counts => {
                    let sequence = format!("{}_{}_seq", table.name.name, column.name).to_lowercase();
                    let on = renderer.name(&table.name);
                    after.push(format!("CREATE SEQUENCE {sequence};"));
                    after.push(format!("ALTER TABLE {on} ALTER COLUMN {name} SET DEFAULT nextval('{sequence}');"));
                    after.push(format!("ALTER SEQUENCE {sequence} OWNED BY {on}.{name};"));
                }
                _ => {}
            }
        }
    }
}

/// SQLite: tables are made anew under another name, filled, dropped and renamed.
pub(super) fn redefine(renderer: &Renderer<'_>, tables: &[(&Table, &Table)]) -> String {
    let mut lines = vec!["PRAGMA defer_foreign_keys=ON;".to_owned(), "PRAGMA foreign_keys=OFF;".to_owned()];
    for (declared, replayed) in tables {
        let name = &declared.name.name;
        let temporary = format!("new_{name}");
        lines.push(renderer.create_table(declared, &temporary));
        let mut copied: Vec<&str> = declared
            .columns
            .iter()
            .filter(|column| replayed.columns.iter().any(|other| other.name == column.name))
            .map(|column| column.name.as_str())
            .collect();
        copied.sort_unstable();
        if !copied.is_empty() {
            let columns: Vec<String> = copied.iter().map(|name| renderer.quote(name)).collect();
            let selected: Vec<String> =
                copied.iter().map(|name| selected(renderer, declared, replayed, name)).collect();
            lines.push(format!(
                "INSERT INTO {} ({}) SELECT {} FROM {};",
                renderer.quote(&temporary),
                columns.join(", "),
                selected.join(", "),
                renderer.quote(name)
            ));
        }
        lines.push(format!("DROP TABLE {};", renderer.quote(name)));
        lines.push(format!("ALTER TABLE {} RENAME TO {};", renderer.quote(&temporary), renderer.quote(name)));
        lines.extend(declared.indexes.iter().map(|index| renderer.create_index(declared, index)));
    }
    lines.push("PRAGMA foreign_keys=ON;".to_owned());
    lines.push("PRAGMA defer_foreign_keys=OFF;".to_owned());
    lines.join("\n")
}

/// A column that becomes NOT NULL and has a default is filled with it.
fn selected(renderer: &Renderer<'_>, declared: &Table, replayed: &Table, name: &str) -> String {
    let quoted = renderer.quote(name);
    let find = |table: &Table| table.columns.iter().find(|column| column.name == name).cloned();
    match (find(declared), find(replayed)) {
        (Some(column), Some(was)) if !column.nullable && was.nullable => match &column.default {
            Some(default) if *default != ColumnDefault::Unknown => {
                format!("coalesce({quoted}, {}) AS {quoted}", renderer.default(&column, default))
            }
            _ => quoted,
        },
        _ => quoted,
    }
}
