//! What hangs on a table: policies, triggers, rules and privileges. Of the first two the columns are kept that they
//! name, of the others only that their table must be there.

use super::actions::Actions;
use super::cursor::{Cursor, Read};
use super::query;
use crate::catalog::operation::{AttachmentKind, Guard, OperationKind as K};
use crate::catalog::{Dialect, ObjectName};

/// CREATE TRIGGER, POLICY and RULE, behind CREATE; says whether it is one of them.
pub(super) fn create(cursor: &mut Cursor<'_>, replace: bool, actions: &mut Actions) -> Read<bool> {
    let start = cursor.position();
    match cursor.dialect {
        Dialect::PostgreSql => {
            if cursor.eat("policy") {
                let name = cursor.name()?;
                cursor.expect("on")?;
                let table = cursor.object_name()?;
                let reads = Box::new(query::condition_reads(cursor, &table, &[]));
                let kind = AttachmentKind::Policy;
                actions.push(K::CreateAttachment { kind, name, replace, table, reads });
                return Ok(true);
            }
            if cursor.eat("trigger") || cursor.eat("constraint trigger") {
                let name = cursor.name()?;
                let events = cursor.position();
                cursor.skip_until(&["on"]);
                let columns = updated_columns(&cursor.part(events, cursor.position()));
                cursor.expect("on")?;
                let table = cursor.object_name()?;
                cursor.skip_until(&["when", "execute"]);
                let from = cursor.position();
                cursor.skip_until(&["execute"]);
                let mut when = cursor.part(from, cursor.position());
                let reads = Box::new(query::condition_reads(&mut when, &table, &columns));
                cursor.skip_all();
                let kind = AttachmentKind::Trigger;
                actions.push(K::CreateAttachment { kind, name, replace, table, reads });
                return Ok(true);
            }
            if cursor.eat("rule") {
                cursor.name()?;
                cursor.expect("as on")?;
                cursor.skip();
                cursor.expect("to")?;
                actions.push(K::Touch { relation: cursor.object_name()?, what: "a rule" });
                return Ok(true);
            }
        }
        Dialect::MySql if cursor.is_word(0, "trigger") => {
            cursor.skip();
            cursor.eat("if not exists");
            cursor.object_name()?;
            cursor.skip_until(&["on"]);
            cursor.expect("on")?;
            actions.push(K::Touch { relation: cursor.object_name()?, what: "a trigger" });
            return Ok(true);
        }
        _ => {}
    }
    cursor.set_position(start);
    Ok(false)
}

/// The columns behind UPDATE OF.
fn updated_columns(events: &Cursor<'_>) -> Vec<String> {
    let mut events = events.clone();
    let mut columns = Vec::new();
    while !events.at_end() {
        if events.eat("update of") {
            while let Ok(column) = events.name() {
                columns.push(column);
                if !events.eat_symbol(',') {
                    break;
                }
            }
        } else {
            events.skip();
        }
    }
    columns
}

/// POLICY or TRIGGER, the first word of an object that hangs on a table.
fn kind(cursor: &mut Cursor<'_>) -> Option<AttachmentKind> {
    if cursor.dialect != Dialect::PostgreSql {
        None
    } else if cursor.eat("policy") {
        Some(AttachmentKind::Policy)
    } else if cursor.eat("trigger") {
        Some(AttachmentKind::Trigger)
    } else {
        None
    }
}

/// DROP TRIGGER and POLICY, behind DROP; says whether it is one of them.
pub(super) fn drop(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<bool> {
    let Some(kind) = kind(cursor) else { return Ok(false) };
    let guarded = cursor.eat("if exists");
    let name = cursor.name()?;
    cursor.expect("on")?;
    let table = cursor.object_name()?;
    actions.guarded(K::DropAttachment { kind, name, table }, guarded, Guard::IfPresent);
    Ok(true)
}

/// ALTER TRIGGER and POLICY, behind ALTER; says whether it is one of them.
pub(super) fn alter(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<bool> {
    let Some(kind) = kind(cursor) else { return Ok(false) };
    let from = cursor.name()?;
    cursor.expect("on")?;
    let table = cursor.object_name()?;
    if cursor.eat("rename to") {
        actions.push(K::RenameAttachment { kind, table, from, to: cursor.name()? });
    } else if kind == AttachmentKind::Policy {
        // Its conditions are others from now on.
        let reads = Box::new(query::condition_reads(cursor, &table, &[]));
        actions.push(K::CreateAttachment { kind, name: from, replace: true, table, reads });
    } else {
        actions.push(K::Touch { relation: table, what: "an option of a trigger" });
    }
    Ok(true)
}

/// The relations that `GRANT … ON` names, behind GRANT or REVOKE.
pub(super) fn privileged(cursor: &Cursor<'_>, actions: &mut Actions) {
    const OTHERS: &[&str] = &[
        "all",
        "sequence",
        "database",
        "domain",
        "foreign",
        "function",
        "language",
        "large",
        "parameter",
        "procedure",
        "routine",
        "schema",
        "tablespace",
        "type",
    ];
    let mut cursor = cursor.clone();
    cursor.skip_until(&["on"]);
    if cursor.dialect != Dialect::PostgreSql || !cursor.eat("on") || OTHERS.iter().any(|word| cursor.is_word(0, word)) {
        return;
    }
    cursor.eat("table");
    while let Ok(relation) = cursor.object_name() {
        actions.push(K::Touch { relation, what: "a privilege" });
        if !cursor.eat_symbol(',') {
            return;
        }
    }
}

/// A statement of maintenance that names one relation: LOCK, REFRESH; says whether it is one of them.
pub(super) fn maintained(cursor: &mut Cursor<'_>, actions: &mut Actions) -> bool {
    let start = cursor.position();
    let what = if cursor.eat("refresh materialized view") {
        cursor.eat("concurrently");
        "a materialized view's rows"
    } else if cursor.eat("lock") {
        cursor.eat("table");
        cursor.eat("only");
        "a lock"
    } else {
        return false;
    };
    let relation: Read<ObjectName> = cursor.object_name();
    match relation {
        Ok(relation) if cursor.dialect == Dialect::PostgreSql => actions.push(K::Touch { relation, what }),
        _ => {
            cursor.set_position(start);
            return false;
        }
    }
    true
}
