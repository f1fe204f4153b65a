//! ALTER TABLE: each action is an operation of its own.

use super::cursor::{Cursor, Read};
use super::expression::canonical_tokens;
use super::{Actions, table, types};
use crate::catalog::operation::{ColumnChange, Constraint, ConstraintKind, Guard, NewColumn, OperationKind as K};
use crate::catalog::{AutoIncrement, ColumnDefault, Dialect, Generated, ObjectName, Reach};

/// Actions of ALTER TABLE, behind the name of the table.
pub(super) fn actions(cursor: &mut Cursor<'_>, table: &ObjectName) -> Actions {
    let mut kinds = Actions::default();
    while !cursor.at_end() {
        let start = cursor.position();
        match action(cursor, table, &mut kinds) {
            Ok(()) => {}
            Err(unread) => {
                // What this action does is unknown; those that follow it can be read.
                cursor.set_position(start);
                cursor.skip_until(&[","]);
                kinds.push(K::Opaque { reason: unread.0, reach: Reach::Table(table.clone()) });
            }
        }
        if !cursor.eat_symbol(',') && !cursor.at_end() {
            let stuck = cursor.unexpected("a comma").0;
            cursor.skip_until(&[","]);
            kinds.push(K::Opaque { reason: stuck, reach: Reach::Table(table.clone()) });
            cursor.eat_symbol(',');
        }
    }
    if cursor.dialect == Dialect::Sqlite {
        refuse_in_sqlite(&mut kinds);
    }
    kinds.0.sort_by_key(|(kind, _)| pass(cursor.dialect, kind));
    kinds
}

/// In which order a database does the actions of one ALTER TABLE, whatever order they are written in: PostgreSQL in the
/// passes of `ATPrepCmd` (src/backend/commands/tablecmds.c), MySQL on the table as it was.
fn pass(dialect: Dialect, kind: &K) -> u8 {
    match dialect {
        Dialect::PostgreSql => match kind {
            K::DropColumn { .. } | K::DropConstraint { .. } => 0,
            K::AlterColumn { change, .. } => match change {
                ColumnChange::DropDefault
                | ColumnChange::DropNotNull
                | ColumnChange::DropIdentity
                | ColumnChange::Generated(None) => 0,
                ColumnChange::Type { .. } => 1,
                ColumnChange::SetNotNull | ColumnChange::Generated(Some(_)) | ColumnChange::Redefine(_) => 3,
                ColumnChange::SetDefault(_) | ColumnChange::AddIdentity(_) => 5,
            },
            K::AddColumn { .. } => 2,
            K::AddConstraint { constraint: Constraint::ForeignKey(_), .. } => 5,
            K::AddConstraint { .. } => 4,
            _ => 6,
        },
        Dialect::MySql => match kind {
            K::DropConstraint { .. } => 0,
            K::DropIndex { .. } => 1,
            K::DropColumn { .. } => 2,
            K::RenameTable { .. } => 5,
            K::AddConstraint { .. } => 4,
            _ => 3,
        },
        _ => 0,
    }
}

/// What SQLite's ALTER TABLE cannot do: <https://www.sqlite.org/lang_altertable.html>.
fn refuse_in_sqlite(kinds: &mut Actions) {
    for (kind, guard) in &mut kinds.0 {
        let reason = match &*kind {
            K::AlterColumn { .. } => "SQLite cannot alter a column",
            K::AddConstraint { .. } | K::DropConstraint { .. } => "SQLite cannot add or drop a constraint of a table",
            K::AddColumn { column, .. } => {
                let key =
                    |constraint: &Constraint| matches!(constraint, Constraint::PrimaryKey(_) | Constraint::Index(_));
                if !column.constraints.iter().any(key) {
                    continue;
                }
                "SQLite cannot add a column that is unique or the primary key"
            }
            _ => continue,
        };
        *kind = K::Invalid(reason.to_owned());
        *guard = Guard::None;
    }
}

fn action(cursor: &mut Cursor<'_>, table: &ObjectName, kinds: &mut Actions) -> Read<()> {
    let dialect = cursor.dialect;
    if dialect == Dialect::SqlServer && (cursor.eat("with check") || cursor.eat("with nocheck")) {
        return action(cursor, table, kinds);
    }
    if cursor.eat("add") {
        return add(cursor, table, kinds);
    }
    if cursor.eat("drop") {
        return drop(cursor, table, kinds);
    }
    if cursor.eat("rename") {
        return rename(cursor, table, kinds);
    }
    if cursor.eat("alter primary key using columns") {
        let columns = super::index::parts(cursor)?;
        kinds.push(K::DropConstraint {
            table: table.clone(),
            name: None,
            kind: Some(ConstraintKind::PrimaryKey),
            cascade: false,
        });
        let key = crate::catalog::Key { name: None, columns, clustered: None, place: Some(cursor.place()) };
        kinds.push(K::AddConstraint { table: table.clone(), constraint: Constraint::PrimaryKey(key) });
        cursor.skip_until(&[","]);
        return Ok(());
    }
    if cursor.eat("alter constraint") || cursor.eat("alter index") || cursor.eat("alter check") {
        cursor.skip_until(&[","]);
        kinds.push(K::Harmless("an option of a constraint"));
        return Ok(());
    }
    if cursor.eat("alter") {
        return alter_column(cursor, table, kinds);
    }
    if cursor.eat("modify") || cursor.eat("change") {
        let change = !cursor.tokens(cursor.position() - 1, cursor.position()).is_empty() && was(cursor, "change");
        cursor.eat("column");
        cursor.eat("if exists");
        let old = if change { Some(cursor.name()?) } else { None };
        let column = table::column(cursor)?;
        let name = old.unwrap_or_else(|| column.column.name.clone());
        kinds.push(K::AlterColumn {
            table: table.clone(),
            column: name,
            change: ColumnChange::Redefine(Box::new(column)),
        });
        return Ok(());
    }
    if cursor.eat("set schema") {
        kinds.push(K::MoveTable { name: table.clone(), schema: cursor.name()? });
        return Ok(());
    }
    if cursor.eat("validate constraint") {
        kinds.push(K::ValidateConstraint { table: table.clone(), name: cursor.name()? });
        return Ok(());
    }
    if cursor.eat("owner to") {
        let role = cursor.name()?;
        kinds.push(K::Environment(format!("OWNER TO {role}")));
        return Ok(());
    }
    if cursor.eat("attach partition") || cursor.eat("detach partition") {
        cursor.skip_all();
        kinds.push(K::Harmless("a partition"));
        return Ok(());
    }
    if cursor.is_word(0, "inherit") || cursor.looking_at("no inherit") {
        cursor.skip_until(&[","]);
        return Err(super::cursor::Unread("the inheritance of a table changes".to_owned()));
    }
    if dialect == Dialect::MySql && cursor.eat("comment") {
        cursor.eat_symbol('=');
        let text = Some(cursor.string()?);
        kinds.push(K::Comment { table: table.clone(), column: None, text });
        return Ok(());
    }
    const OPTIONS: &[&str] = &[
        "enable",
        "disable",
        "force",
        "no",
        "set",
        "reset",
        "replica",
        "cluster",
        "engine",
        "auto_increment",
        "convert",
        "default",
        "character",
        "charset",
        "collate",
        "row_format",
        "order",
        "algorithm",
        "lock",
        "without",
        "split",
        "configure",
        "experimental_relocate",
        "scatter",
        "check",
        "nocheck",
        "key_block_size",
        "partition",
        "not",
    ];
    if OPTIONS.iter().any(|word| cursor.is_word(0, word)) {
        cursor.skip_until(&[","]);
        kinds.push(K::Harmless("an option of a table"));
        return Ok(());
    }
    Err(cursor.unexpected("an action of ALTER TABLE"))
}

/// Whether the word just read is this one.
fn was(cursor: &Cursor<'_>, word: &str) -> bool {
    let at = cursor.position();
    at > 0 && cursor.tokens(at - 1, at).first().is_some_and(|token| cursor.text_of(*token).eq_ignore_ascii_case(word))
}

fn add(cursor: &mut Cursor<'_>, table: &ObjectName, kinds: &mut Actions) -> Read<()> {
    let constraint = |constraint| K::AddConstraint { table: table.clone(), constraint };
    if cursor.dialect == Dialect::SqlServer {
        // ADD takes a list of columns and constraints; `CONSTRAINT x DEFAULT v FOR column` is a default.
        loop {
            let start = cursor.position();
            if cursor.eat("constraint") {
                cursor.name()?;
                if cursor.eat("default") {
                    let value = table::default(cursor)?;
                    cursor.expect("for")?;
                    let column = cursor.name()?;
                    kinds.push(K::AlterColumn {
                        table: table.clone(),
                        column,
                        change: ColumnChange::SetDefault(value),
                    });
                    if !next_element(cursor) {
                        return Ok(());
                    }
                    continue;
                }
                cursor.set_position(start);
            } else if cursor.eat("default") {
                let value = table::default(cursor)?;
                cursor.expect("for")?;
                let column = cursor.name()?;
                kinds.push(K::AlterColumn { table: table.clone(), column, change: ColumnChange::SetDefault(value) });
                return Ok(());
            }
            match table::table_constraint(cursor)? {
                Some(found) => kinds.push(constraint(found)),
                None => kinds.push(add_column(table, table::column(cursor)?, false)),
            }
            if !next_element(cursor) {
                return Ok(());
            }
        }
    }
    if !cursor.is_word(0, "column") {
        if cursor.eat("constraint if not exists") {
            return Err(cursor.unexpected("a constraint"));
        }
        if let Some(found) = table::table_constraint(cursor)? {
            kinds.push(constraint(found));
            return Ok(());
        }
        if cursor.dialect == Dialect::MySql && cursor.is_word(0, "partition") {
            cursor.skip_all();
            kinds.push(K::Harmless("a partition"));
            return Ok(());
        }
        if cursor.is_word(0, "value") && cursor.is_string() {
            return Err(cursor.unexpected("a column"));
        }
    }
    cursor.eat("column");
    let if_absent = cursor.eat("if not exists");
    if cursor.is_symbol(0, '(') {
        let mut inside = cursor.inside()?;
        while !inside.at_end() {
            match table::table_constraint(&mut inside)? {
                Some(found) => kinds.push(constraint(found)),
                None => kinds.push(add_column(table, table::column(&mut inside)?, if_absent)),
            }
            if !inside.eat_symbol(',') && !inside.at_end() {
                return Err(inside.unexpected("a comma"));
            }
        }
        return Ok(());
    }
    kinds.push(add_column(table, table::column(cursor)?, if_absent));
    Ok(())
}

/// Whether another element of the same ADD follows the comma (and not another action).
fn next_element(cursor: &mut Cursor<'_>) -> bool {
    cursor.eat_symbol(',')
}

fn add_column(table: &ObjectName, column: NewColumn, if_absent: bool) -> K {
    K::AddColumn { table: table.clone(), column: Box::new(column), if_absent }
}

fn drop(cursor: &mut Cursor<'_>, table: &ObjectName, kinds: &mut Actions) -> Read<()> {
    let dialect = cursor.dialect;
    let constraint =
        |name: Option<String>, kind, cascade| K::DropConstraint { table: table.clone(), name, kind, cascade };
    if cursor.eat("constraint") {
        let if_exists = cursor.eat("if exists");
        loop {
            let name = cursor.name()?;
            let cascade = cursor.eat("cascade");
            cursor.eat("restrict");
            kinds.push(constraint(Some(name), None, cascade));
            if if_exists {
                kinds.guard_last(Guard::IfPresent);
            }
            let more = dialect == Dialect::SqlServer && cursor.is_symbol(0, ',') && !cursor.is_word(1, "column");
            if !more {
                break;
            }
            cursor.skip();
        }
        return Ok(());
    }
    if dialect == Dialect::MySql {
        if cursor.eat("primary key") {
            kinds.push(constraint(None, Some(ConstraintKind::PrimaryKey), false));
            return Ok(());
        }
        if cursor.eat("foreign key") {
            let if_exists = cursor.eat("if exists");
            kinds.push(constraint(Some(cursor.name()?), Some(ConstraintKind::ForeignKey), false));
            if if_exists {
                kinds.guard_last(Guard::IfPresent);
            }
            return Ok(());
        }
        if cursor.eat("check") {
            kinds.push(constraint(Some(cursor.name()?), Some(ConstraintKind::Check), false));
            return Ok(());
        }
        if cursor.eat("index") || cursor.eat("key") {
            let if_exists = cursor.eat("if exists");
            let name = ObjectName::bare(cursor.name()?);
            kinds.push(K::DropIndex { name, table: Some(table.clone()), concurrently: false, cascade: false });
            if if_exists {
                kinds.guard_last(Guard::IfPresent);
            }
            return Ok(());
        }
        if cursor.eat("partition") {
            cursor.skip_all();
            kinds.push(K::Data {
                kind: crate::catalog::operation::DataKind::Delete,
                table: table.clone(),
                bounded: true,
            });
            return Ok(());
        }
    }
    cursor.eat("column");
    let if_present = cursor.eat("if exists");
    loop {
        let column = cursor.name()?;
        let cascade = cursor.eat("cascade");
        cursor.eat("restrict");
        kinds.push(K::DropColumn { table: table.clone(), column, if_present, cascade });
        // SQL Server: `DROP COLUMN a, b`.
        let more = dialect == Dialect::SqlServer && cursor.is_symbol(0, ',') && !cursor.is_word(1, "constraint");
        if !more {
            return Ok(());
        }
        cursor.skip();
        cursor.eat("column");
    }
}

fn rename(cursor: &mut Cursor<'_>, table: &ObjectName, kinds: &mut Actions) -> Read<()> {
    if cursor.eat("constraint") {
        let from = cursor.name()?;
        cursor.expect("to")?;
        kinds.push(K::RenameConstraint { table: table.clone(), from, to: cursor.name()? });
    } else if cursor.dialect == Dialect::MySql && (cursor.eat("index") || cursor.eat("key")) {
        let from = ObjectName::bare(cursor.name()?);
        cursor.expect("to")?;
        kinds.push(K::RenameIndex { table: Some(table.clone()), from, to: cursor.name()? });
    } else if cursor.eat("to") || cursor.dialect == Dialect::MySql && cursor.eat("as") {
        kinds.push(K::RenameTable { from: table.clone(), to: cursor.object_name()? });
    } else {
        cursor.eat("column");
        cursor.eat("if exists");
        let from = cursor.name()?;
        cursor.expect("to")?;
        kinds.push(K::RenameColumn { table: table.clone(), from, to: cursor.name()? });
    }
    Ok(())
}

fn alter_column(cursor: &mut Cursor<'_>, table: &ObjectName, kinds: &mut Actions) -> Read<()> {
    cursor.eat("column");
    cursor.eat("if exists");
    if cursor.dialect == Dialect::SqlServer {
        let column = table::column(cursor)?;
        let name = column.column.name.clone();
        kinds.push(K::AlterColumn {
            table: table.clone(),
            column: name,
            change: ColumnChange::Redefine(Box::new(column)),
        });
        return Ok(());
    }
    let column = cursor.name()?;
    let change = if cursor.eat("set data type") || cursor.eat("type") {
        let ty = types::read(cursor)?;
        let collation = if cursor.eat("collate") { Some(cursor.object_name()?.name) } else { None };
        let using = cursor.eat("using");
        if using {
            cursor.skip_until(&[","]);
        }
        ColumnChange::Type { ty, using, collation }
    } else if cursor.eat("set default") {
        ColumnChange::SetDefault(set_default(cursor))
    } else if cursor.eat("drop default") {
        ColumnChange::DropDefault
    } else if cursor.eat("set not null") {
        ColumnChange::SetNotNull
    } else if cursor.eat("drop not null") {
        ColumnChange::DropNotNull
    } else if cursor.eat("add generated") {
        let by_default = cursor.eat("by default");
        cursor.eat("always");
        cursor.skip_until(&[","]);
        ColumnChange::AddIdentity(if by_default {
            AutoIncrement::IdentityByDefault
        } else {
            AutoIncrement::IdentityAlways
        })
    } else if cursor.eat("set generated") {
        let by_default = cursor.eat("by default");
        cursor.skip_until(&[","]);
        ColumnChange::AddIdentity(if by_default {
            AutoIncrement::IdentityByDefault
        } else {
            AutoIncrement::IdentityAlways
        })
    } else if cursor.eat("drop identity") {
        cursor.eat("if exists");
        ColumnChange::DropIdentity
    } else if cursor.eat("drop expression") || cursor.eat("drop stored") {
        cursor.eat("if exists");
        ColumnChange::Generated(None)
    } else if cursor.eat("set expression as") {
        let (from, to) = cursor.parentheses()?;
        let expression = canonical_tokens(cursor.source_text(), cursor.tokens(from, to), cursor.dialect);
        ColumnChange::Generated(Some(Generated { expression, stored: true }))
    } else {
        const OPTIONS: &[&str] = &["set", "reset", "restart"];
        if OPTIONS.iter().any(|word| cursor.is_word(0, word)) {
            cursor.skip_until(&[","]);
            kinds.push(K::Harmless("an option of a column"));
            return Ok(());
        }
        return Err(cursor.unexpected("a change of the column"));
    };
    kinds.push(K::AlterColumn { table: table.clone(), column, change });
    Ok(())
}

/// SET DEFAULT takes all up to the next action.
fn set_default(cursor: &mut Cursor<'_>) -> ColumnDefault {
    let from = cursor.position();
    cursor.skip_until(&[","]);
    super::expression::default_tokens(cursor.source_text(), cursor.tokens(from, cursor.position()), cursor.dialect)
}
