//! ALTER TABLE: each action is an operation of its own.

use super::actions::Actions;
use super::cursor::{Cursor, Read, Unread};
use super::expression::{canonical_tokens, default_tokens};
use super::{column, constraint, index, object, types};
use crate::catalog::operation::{
    ColumnChange, Constraint, ConstraintKind, DataKind, Guard, NewColumn, Operation, OperationKind as K,
};
use crate::catalog::{AutoIncrement, ColumnDefault, Dialect, Generated, Index, IndexPart, Key, ObjectName, Reach};

/// The most indexes of one statement that are held against the drops in it, each against each.
const MOST_HELD: usize = 10_000;

/// Actions that change nothing a catalog holds.
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
    "unsplit",
    "configure",
    "experimental_relocate",
    "scatter",
    "check",
    "nocheck",
    "key_block_size",
    "partition",
    "not",
    "of",
    "depends",
    "stats_persistent",
    "stats_auto_recalc",
    "stats_sample_pages",
    "max_rows",
    "min_rows",
    "checksum",
    "discard",
    "import",
    "truncate",
    "rebuild",
    "switch",
    "remove",
    "coalesce",
    "reorganize",
    "exchange",
    "analyze",
    "optimize",
    "repair",
    "tablespace",
    "encryption",
    "compression",
    "insert_method",
    "delay_key_write",
    "pack_keys",
    "connection",
    "avg_row_length",
    "union",
    "upgrade",
    "auto_id_cache",
    "with",
    "without",
    "inject",
    "locality",
];

/// Actions of ALTER TABLE, behind the name of the table. One that cannot be read takes nothing else with it.
pub(super) fn actions(cursor: &mut Cursor<'_>, table: &ObjectName, kinds: &mut Actions) {
    while !cursor.at_end() {
        let start = cursor.position();
        let mut done = kinds.like();
        let unread = match action(cursor, table, &mut done) {
            Ok(()) if cursor.at_end() || cursor.is_symbol(0, ',') => None,
            Ok(()) => Some(cursor.unexpected("a comma")),
            Err(unread) => {
                done = kinds.like();
                cursor.set_position(start);
                Some(unread)
            }
        };
        kinds.extend(done);
        if let Some(unread) = unread {
            cursor.skip_until(&[","]);
            kinds.push(K::Opaque { reason: unread.0, reach: Reach::Table(table.clone()) });
        }
        if !cursor.eat_symbol(',') && !cursor.at_end() {
            // A parenthesis that closes nothing.
            cursor.skip();
        }
    }
    let dialect = cursor.dialect;
    kinds.arrange(|operations| {
        if dialect == Dialect::MySql && operations.len() > 1 {
            say_what_makes_up(operations);
        }
        if dialect == Dialect::Sqlite {
            operations.iter_mut().for_each(refuse_in_sqlite);
        }
        operations.sort_by_key(|operation| pass(dialect, &operation.kind));
    });
}

/// MySQL looks at the keys that a table needs when all actions are done: another one may make up for what one drops. An
/// index that is added does where it begins with the columns of the foreign key, which is seen when it is applied. What only
/// adds a column or drops an index makes up for nothing, and a foreign key that goes is gone before an index does (`pass`),
/// so a drop beside those alone is refused as one that stands by itself.
fn say_what_makes_up(operations: &mut [Operation]) {
    let beside: Vec<Index> = operations.iter().filter_map(|operation| added_index(&operation.kind)).collect();
    let alters = |kind: &K| {
        !matches!(
            kind,
            K::AddColumn { .. }
                | K::AddConstraint { .. }
                | K::CreateIndex { .. }
                | K::DropIndex { .. }
                | K::DropConstraint { .. }
                | K::RenameTable { .. }
        )
    };
    let drops = operations.iter().filter(|operation| matches!(operation.kind, K::DropIndex { .. })).count();
    // What a statement of a stranger adds many times over is not held against each of many drops.
    let is_endless = beside.len().saturating_mul(drops) > MOST_HELD;
    let altered = is_endless || operations.iter().any(|operation| alters(&operation.kind));
    let replaced = altered || !beside.is_empty();
    let constraints = operations.iter().filter(|operation| matches!(operation.kind, K::DropConstraint { .. })).count();
    for operation in operations {
        match &mut operation.kind {
            K::DropIndex { cascade, beside: added, .. } => {
                *cascade |= altered;
                if !is_endless {
                    added.clone_from(&beside);
                }
            }
            // Two constraints go in the order in which they are written: the second may be what needs the first.
            K::DropConstraint { cascade, .. } => *cascade |= replaced || constraints > 1,
            _ => {}
        }
    }
}

/// The index that an action adds: one of its own, that of a key, or the one that MySQL makes for a foreign key.
fn added_index(kind: &K) -> Option<Index> {
    match kind {
        K::CreateIndex { index, .. } => Some((**index).clone()),
        K::AddConstraint { constraint, .. } => match constraint {
            Constraint::Index(index) => Some((**index).clone()),
            Constraint::PrimaryKey(key) => Some(Index::new(None, key.columns.clone(), true)),
            Constraint::ForeignKey(new) => {
                Some(Index::new(None, new.key.columns.iter().map(IndexPart::named).collect(), false))
            }
            Constraint::UsingIndex { .. } | Constraint::Check(_) | Constraint::Exclude(_) => None,
        },
        _ => None,
    }
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
                ColumnChange::SetDefault(_)
                | ColumnChange::AddDefault { .. }
                | ColumnChange::AddIdentity(_)
                | ColumnChange::SetIdentity(_) => 5,
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
fn refuse_in_sqlite(operation: &mut Operation) {
    let reason = match &operation.kind {
        K::AlterColumn { .. } => "SQLite cannot alter a column",
        K::AddConstraint { .. } | K::DropConstraint { .. } => "SQLite cannot add or drop a constraint of a table",
        K::AddColumn { column, .. } => {
            let key = |constraint: &Constraint| matches!(constraint, Constraint::PrimaryKey(_) | Constraint::Index(_));
            if !column.constraints.iter().any(key) {
                return;
            }
            "SQLite cannot add a column that is unique or the primary key"
        }
        _ => return,
    };
    operation.kind = K::Invalid(reason.to_owned());
    operation.guard = Guard::None;
}

fn action(cursor: &mut Cursor<'_>, table: &ObjectName, kinds: &mut Actions) -> Read<()> {
    let dialect = cursor.dialect;
    if dialect == Dialect::SqlServer {
        let _ = cursor.eat("with check") || cursor.eat("with nocheck");
    }
    if cursor.eat("add") {
        return if dialect == Dialect::SqlServer { add_list(cursor, table, kinds) } else { add(cursor, table, kinds) };
    }
    if cursor.eat("drop") {
        return match dialect {
            Dialect::SqlServer => drop_list(cursor, table, kinds),
            Dialect::MySql if drop_key(cursor, table, kinds)? => Ok(()),
            _ => drop(cursor, table, kinds),
        };
    }
    if cursor.eat("rename") {
        return rename(cursor, table, kinds);
    }
    if cursor.eat("alter primary key using columns") {
        // CockroachDB.
        let start = cursor.position();
        let columns = index::parts(cursor)?;
        let kind = Some(ConstraintKind::PrimaryKey);
        kinds.push(K::DropConstraint { table: table.clone(), name: None, kind, cascade: false });
        let key = Key { name: None, columns, clustered: None, place: Some(cursor.place_from(start)) };
        kinds.push(K::AddConstraint { table: table.clone(), constraint: Constraint::PrimaryKey(key) });
        cursor.skip_until(&[","]);
        return Ok(());
    }
    if dialect == Dialect::PostgreSql && cursor.eat("alter constraint") {
        let name = cursor.name()?;
        let not = cursor.eat("not");
        let deferrable = cursor.eat("deferrable") && !not;
        let initially_deferred = cursor.eat("initially deferred");
        cursor.skip_until(&[","]);
        let table = table.clone();
        kinds.push(K::DeferConstraint {
            table,
            name,
            deferrable: deferrable || initially_deferred,
            initially_deferred,
        });
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
    let change = cursor.is_word(0, "change");
    if cursor.eat("modify") || cursor.eat("change") {
        cursor.eat("column");
        cursor.eat("if exists");
        let old = if change { Some(cursor.name()?) } else { None };
        let new = column::column(cursor)?;
        let name = old.unwrap_or_else(|| new.column.name.clone());
        kinds.push(altered(table, name, ColumnChange::Redefine(Box::new(new))));
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
        return object::owner(cursor, kinds);
    }
    if cursor.is_word(1, "partition") && (cursor.is_word(0, "attach") || cursor.is_word(0, "detach")) {
        let attaches = cursor.is_word(0, "attach");
        (0..2).for_each(|_| cursor.skip());
        let partition = cursor.object_name()?;
        cursor.skip_all();
        kinds.push(K::AttachPartition { table: table.clone(), partition, attaches });
        return Ok(());
    }
    if cursor.is_word(0, "inherit") || cursor.looking_at("no inherit") {
        return Err(Unread("the inheritance of a table changes".to_owned()));
    }
    if dialect == Dialect::MySql && cursor.eat("comment") {
        cursor.eat_symbol('=');
        let text = Some(cursor.string()?).filter(|text| !text.is_empty());
        kinds.push(K::Comment { table: table.clone(), column: None, text });
        return Ok(());
    }
    if OPTIONS.iter().any(|word| cursor.is_word(0, word)) {
        cursor.skip_until(&[","]);
        kinds.push(K::Touch { relation: table.clone(), what: "an option of a table" });
        return Ok(());
    }
    Err(cursor.unexpected("an action of ALTER TABLE"))
}

fn altered(table: &ObjectName, column: String, change: ColumnChange) -> K {
    K::AlterColumn { table: table.clone(), column, change }
}

fn added(table: &ObjectName, column: NewColumn, if_absent: bool) -> K {
    K::AddColumn { table: table.clone(), column: Box::new(column), if_absent }
}

/// A constraint or a column of ADD, behind everything that introduces it.
fn element(cursor: &mut Cursor<'_>, table: &ObjectName, if_absent: bool, kinds: &mut Actions) -> Read<()> {
    match constraint::table_constraint(cursor)? {
        Some(constraint) => kinds.push(K::AddConstraint { table: table.clone(), constraint }),
        None => kinds.push(added(table, column::column(cursor)?, if_absent)),
    }
    Ok(())
}

/// ADD of all dialects but SQL Server.
fn add(cursor: &mut Cursor<'_>, table: &ObjectName, kinds: &mut Actions) -> Read<()> {
    // CockroachDB and MariaDB: ADD CONSTRAINT IF NOT EXISTS name.
    if cursor.looking_at("constraint if not exists") {
        (0..4).for_each(|_| cursor.skip());
        let name = cursor.name()?;
        let Some(mut constraint) = constraint::table_constraint(cursor)? else {
            return Err(cursor.unexpected("a constraint"));
        };
        constraint::set_name(&mut constraint, name);
        kinds.guarded(K::AddConstraint { table: table.clone(), constraint }, true, Guard::IfAbsent);
        return Ok(());
    }
    if cursor.dialect == Dialect::MySql && cursor.is_word(0, "partition") {
        cursor.skip_all();
        kinds.push(K::Harmless("a partition"));
        return Ok(());
    }
    let column = cursor.eat("column");
    let if_absent = cursor.eat("if not exists");
    if cursor.is_symbol(0, '(') {
        // MySQL: ADD COLUMN (a int, b int).
        let mut inside = cursor.inside()?;
        while !inside.at_end() {
            element(&mut inside, table, if_absent, kinds)?;
            if !inside.eat_symbol(',') && !inside.at_end() {
                return Err(inside.unexpected("a comma"));
            }
        }
        return Ok(());
    }
    if column {
        kinds.push(added(table, column::column(cursor)?, if_absent));
        return Ok(());
    }
    element(cursor, table, if_absent, kinds)
}

/// SQL Server's ADD takes a list of columns and constraints; `CONSTRAINT x DEFAULT v FOR column` is a default.
fn add_list(cursor: &mut Cursor<'_>, table: &ObjectName, kinds: &mut Actions) -> Read<()> {
    loop {
        let start = cursor.position();
        let name = if cursor.eat("constraint") { Some(cursor.name()?) } else { None };
        if cursor.eat("default") {
            let default = column::default(cursor)?;
            cursor.expect("for")?;
            let column = cursor.name()?;
            cursor.eat("with values");
            kinds.push(altered(table, column, ColumnChange::AddDefault { name, default }));
        } else {
            cursor.set_position(start);
            element(cursor, table, false, kinds)?;
        }
        if !cursor.eat_symbol(',') {
            return Ok(());
        }
    }
}

/// DROP of all dialects but SQL Server.
fn drop(cursor: &mut Cursor<'_>, table: &ObjectName, kinds: &mut Actions) -> Read<()> {
    if cursor.eat("constraint") {
        let if_exists = cursor.eat("if exists");
        let name = Some(cursor.name()?);
        let cascade = cursor.eat("cascade");
        cursor.eat("restrict");
        if if_exists && cursor.dialect == Dialect::PostgreSql {
            // It speaks of the constraint; the table must be there.
            kinds.push(K::Touch { relation: table.clone(), what: "the table of a constraint" });
        }
        let kind = K::DropConstraint { table: table.clone(), name, kind: None, cascade };
        kinds.guarded(kind, if_exists, Guard::IfPresent);
        return Ok(());
    }
    cursor.eat("column");
    let if_present = cursor.eat("if exists");
    let column = cursor.name()?;
    let cascade = cursor.eat("cascade");
    cursor.eat("restrict");
    kinds.push(K::DropColumn { table: table.clone(), column, if_present, cascade });
    Ok(())
}

/// SQL Server: `DROP [CONSTRAINT] [IF EXISTS] a, b, COLUMN [IF EXISTS] c, d`.
fn drop_list(cursor: &mut Cursor<'_>, table: &ObjectName, kinds: &mut Actions) -> Read<()> {
    let (mut column, mut if_exists) = (false, false);
    loop {
        if cursor.eat("constraint") {
            (column, if_exists) = (false, cursor.eat("if exists"));
        } else if cursor.eat("column") {
            (column, if_exists) = (true, cursor.eat("if exists"));
        } else if cursor.eat("period for system_time") {
            kinds.push(K::Harmless("a period of a table"));
            return Ok(());
        }
        let name = cursor.name()?;
        let table = table.clone();
        if column {
            kinds.push(K::DropColumn { table, column: name, if_present: if_exists, cascade: false });
        } else {
            let kind = K::DropConstraint { table, name: Some(name), kind: None, cascade: false };
            kinds.guarded(kind, if_exists, Guard::IfPresent);
        }
        if cursor.eat("with") {
            cursor.parentheses()?;
        }
        if !cursor.eat_symbol(',') {
            return Ok(());
        }
    }
}

/// MySQL's DROP of keys, checks and partitions; says whether it is one of them.
fn drop_key(cursor: &mut Cursor<'_>, table: &ObjectName, kinds: &mut Actions) -> Read<bool> {
    let kind = if cursor.eat("primary key") {
        let kind = Some(ConstraintKind::PrimaryKey);
        kinds.push(K::DropConstraint { table: table.clone(), name: None, kind, cascade: false });
        return Ok(true);
    } else if cursor.eat("foreign key") {
        Some(ConstraintKind::ForeignKey)
    } else if cursor.eat("check") {
        Some(ConstraintKind::Check)
    } else if cursor.eat("index") || cursor.eat("key") {
        None
    } else if cursor.eat("partition") {
        cursor.skip_all();
        kinds.push(K::Data {
            kind: DataKind::Delete,
            table: table.clone(),
            bounded: true,
            written: None,
            needs: Vec::new(),
            text: None,
        });
        return Ok(true);
    } else {
        return Ok(false);
    };
    let if_exists = cursor.eat("if exists");
    let name = cursor.name()?;
    let table = table.clone();
    let operation = match kind {
        Some(kind) => K::DropConstraint { table, name: Some(name), kind: Some(kind), cascade: false },
        None => K::DropIndex {
            name: ObjectName::bare(name),
            table: Some(table),
            concurrently: false,
            cascade: false,
            beside: Vec::new(),
        },
    };
    kinds.guarded(operation, if_exists, Guard::IfPresent);
    Ok(true)
}

fn rename(cursor: &mut Cursor<'_>, table: &ObjectName, kinds: &mut Actions) -> Read<()> {
    let mysql = cursor.dialect == Dialect::MySql;
    if cursor.eat("constraint") {
        let from = cursor.name()?;
        cursor.expect("to")?;
        kinds.push(K::RenameConstraint { table: table.clone(), from, to: cursor.name()? });
    } else if mysql && (cursor.eat("index") || cursor.eat("key")) {
        cursor.eat("if exists");
        let from = ObjectName::bare(cursor.name()?);
        cursor.expect("to")?;
        kinds.push(K::RenameIndex { table: Some(table.clone()), from, to: cursor.name()? });
    } else if cursor.eat("to") || mysql && (cursor.eat("as") || !cursor.is_word(0, "column")) {
        let to = cursor.object_name()?;
        kinds.push(if cursor.dialect == Dialect::PostgreSql && to.schema.is_some() {
            K::Invalid("RENAME TO takes a name without a schema".to_owned())
        } else {
            K::RenameTable { from: table.clone(), to }
        });
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
        if cursor.is_word(1, "add") || cursor.is_word(1, "drop") {
            cursor.skip_until(&[","]);
            kinds.push(K::Harmless("an option of a column"));
            return Ok(());
        }
        let new = column::column(cursor)?;
        kinds.push(altered(table, new.column.name.clone(), ColumnChange::Redefine(Box::new(new))));
        return Ok(());
    }
    let name = cursor.name()?;
    let change = if cursor.eat("set data type") || cursor.eat("type") {
        let ty = types::read(cursor)?;
        let collation = if cursor.eat("collate") { Some(cursor.object_name()?.name) } else { None };
        let using = cursor.eat("using").then(|| {
            let from = cursor.position();
            cursor.skip_until(&[","]);
            canonical_tokens(cursor.source_text(), cursor.tokens(from, cursor.position()), cursor.dialect)
        });
        // ALTER COLUMN makes no sequence: PostgreSQL refuses the serial types here.
        ColumnChange::Type { ty, using, collation }
    } else if cursor.eat("set default") {
        ColumnChange::SetDefault(set_default(cursor))
    } else if cursor.eat("drop default") {
        ColumnChange::DropDefault
    } else if cursor.eat("set not null") {
        ColumnChange::SetNotNull
    } else if cursor.eat("drop not null") {
        ColumnChange::DropNotNull
    } else if cursor.looking_at("add generated") || cursor.looking_at("set generated") {
        let add = cursor.eat("add generated");
        cursor.eat("set generated");
        let by_default = cursor.eat("by default");
        cursor.skip_until(&[","]);
        let kind = if by_default { AutoIncrement::IdentityByDefault } else { AutoIncrement::IdentityAlways };
        if add { ColumnChange::AddIdentity(kind) } else { ColumnChange::SetIdentity(kind) }
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
    } else if ["set", "reset", "restart"].iter().any(|word| cursor.is_word(0, word)) {
        cursor.skip_until(&[","]);
        kinds.push(K::Harmless("an option of a column"));
        return Ok(());
    } else {
        return Err(cursor.unexpected("a change of the column"));
    };
    kinds.push(altered(table, name, change));
    Ok(())
}

/// SET DEFAULT takes all up to the next action.
fn set_default(cursor: &mut Cursor<'_>) -> ColumnDefault {
    let from = cursor.position();
    cursor.skip_until(&[","]);
    default_tokens(cursor.source_text(), cursor.tokens(from, cursor.position()), cursor.dialect)
}
