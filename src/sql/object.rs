//! What is no table: types, domains, sequences, schemas, extensions.

use super::actions::Actions;
use super::cursor::{Cursor, Read};
use super::session::Session;
use super::{statement, types};
use crate::catalog::operation::{EnumPosition, Guard, OperationKind as K};
use crate::catalog::{Dialect, ObjectName};

/// Objects that a catalog does not hold, whatever is done to them.
const NOT_HELD: &[&str] = &[
    "trigger",
    "policy",
    "rule",
    "aggregate",
    "operator",
    "collation",
    "conversion",
    "language",
    "publication",
    "statistics",
    "text",
    "event",
    "default",
    "constraint",
    "fulltext",
    "group",
    "security",
    "changefeed",
];

/// Whether the next word names an object that a catalog does not hold; `also` lists those of one statement alone.
pub(super) fn is_not_held(cursor: &Cursor<'_>, also: &[&str]) -> bool {
    NOT_HELD.iter().chain(also).any(|word| cursor.is_word(0, word))
}

/// CREATE TYPE, behind the words.
pub(super) fn create_type(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let guarded = cursor.eat("if not exists");
    if guarded && cursor.dialect == Dialect::PostgreSql {
        cursor.skip_all();
        actions.push(K::Invalid("PostgreSQL has no CREATE TYPE IF NOT EXISTS".to_owned()));
        return Ok(());
    }
    let name = cursor.object_name()?;
    if cursor.eat("as enum") {
        let mut inside = cursor.inside()?;
        let mut labels = Vec::new();
        while !inside.at_end() {
            labels.push(inside.string()?);
            if !inside.eat_symbol(',') && !inside.at_end() {
                return Err(inside.unexpected("a comma"));
            }
        }
        actions.guarded(K::CreateEnum { name, labels }, guarded, Guard::IfAbsent);
    } else {
        // SQL Server: CREATE TYPE x FROM nvarchar(20).
        let domain = if cursor.eat("from") { Some(types::read(cursor)?) } else { None };
        cursor.skip_all();
        actions.guarded(K::CreateType { name, domain, required: false }, guarded, Guard::IfAbsent);
    }
    Ok(())
}

/// ALTER TYPE, behind the words.
pub(super) fn alter_type(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let present = cursor.eat("if exists");
    let name = cursor.object_name()?;
    if cursor.eat("add value") {
        let guarded = cursor.eat("if not exists");
        let value = cursor.string()?;
        let position = if cursor.eat("before") {
            Some(EnumPosition::Before(cursor.string()?))
        } else if cursor.eat("after") {
            Some(EnumPosition::After(cursor.string()?))
        } else {
            None
        };
        actions.guarded(K::AddEnumValue { name, value, position }, guarded, Guard::IfAbsent);
    } else if cursor.eat("rename value") {
        let from = cursor.string()?;
        cursor.expect("to")?;
        actions.push(K::RenameEnumValue { name, from, to: cursor.string()? });
    } else if cursor.eat("drop value") {
        let guarded = cursor.eat("if exists");
        let value = cursor.string()?;
        actions.guarded(K::DropEnumValue { name, value }, guarded, Guard::IfPresent);
    } else if cursor.eat("rename to") {
        actions.guarded(K::RenameType { from: name, to: cursor.name()? }, present, Guard::IfPresent);
    } else if cursor.eat("set schema") {
        actions.guarded(K::MoveType { name, schema: cursor.name()? }, present, Guard::IfPresent);
    } else if cursor.eat("owner to") {
        owner(cursor, actions)?;
    } else if ["rename", "add", "drop", "alter", "set"].iter().any(|word| cursor.is_word(0, word)) {
        actions.push(K::Harmless("an attribute of a composite type"));
    } else {
        return Err(cursor.unexpected("an action of ALTER TYPE"));
    }
    Ok(())
}

/// The role behind OWNER TO. Those that stand for whoever runs the script are harmless.
pub(super) fn owner(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    const RUNNING: &[&str] = &["current_user", "current_role", "session_user"];
    let running = RUNNING.iter().any(|role| cursor.is_word(0, role));
    let role = cursor.name()?;
    actions.push(if running { K::Harmless("an owner") } else { K::Environment(format!("OWNER TO {role}")) });
    Ok(())
}

/// CREATE DOMAIN, behind the words.
pub(super) fn create_domain(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let name = cursor.object_name()?;
    cursor.eat("as");
    let domain = Some(types::read(cursor)?);
    cursor.skip_until(&["not"]);
    let required = cursor.looking_at("not null");
    actions.push(K::CreateType { name, domain, required });
    Ok(())
}

/// ALTER DOMAIN, behind the words.
pub(super) fn alter_domain(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let name = cursor.object_name()?;
    if cursor.eat("rename to") {
        actions.push(K::RenameType { from: name, to: cursor.name()? });
    } else if cursor.eat("set schema") {
        actions.push(K::MoveType { name, schema: cursor.name()? });
    } else if cursor.eat("owner to") {
        owner(cursor, actions)?;
    } else {
        actions.push(K::Harmless("an option of a domain"));
    }
    Ok(())
}

/// CREATE SEQUENCE, behind the words.
pub(super) fn create_sequence(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let guarded = cursor.eat("if not exists");
    let name = cursor.object_name()?;
    let owned_by = owned_by(cursor)?.and_then(|owner| owner);
    actions.guarded(K::CreateSequence { name, owned_by }, guarded, Guard::IfAbsent);
    Ok(())
}

/// ALTER SEQUENCE, behind the words.
pub(super) fn alter_sequence(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let guarded = cursor.eat("if exists");
    let name = cursor.object_name()?;
    if cursor.eat("rename to") {
        let to = cursor.name()?;
        actions.guarded(K::RenameSequence { from: name, to }, guarded, Guard::IfPresent);
    } else if cursor.eat("owner to") {
        owner(cursor, actions)?;
    } else if cursor.eat("set schema") {
        actions.guarded(K::MoveTable { name, schema: cursor.name()? }, guarded, Guard::IfPresent);
    } else if let Some(owned_by) = owned_by(cursor)? {
        actions.guarded(K::OwnSequence { name, owned_by }, guarded, Guard::IfPresent);
    } else {
        actions.guarded(K::Touch { relation: name, what: "an option of a sequence" }, guarded, Guard::IfPresent);
    }
    Ok(())
}

/// OWNED BY table.column among the options of a sequence; `Some(None)` for OWNED BY NONE.
#[allow(clippy::option_option, reason = "not written, NONE, and an owner are three things")]
fn owned_by(cursor: &mut Cursor<'_>) -> Read<Option<Option<(ObjectName, String)>>> {
    cursor.skip_until(&["owned"]);
    if !cursor.eat("owned by") {
        return Ok(None);
    }
    if cursor.eat("none") {
        return Ok(Some(None));
    }
    let mut parts = vec![cursor.name()?];
    while cursor.eat_symbol('.') {
        parts.push(cursor.name()?);
    }
    let column = parts.pop().unwrap_or_default();
    let table = parts.pop().unwrap_or_default();
    Ok(Some(Some((ObjectName { schema: parts.pop(), name: table }, column))))
}

/// CREATE SCHEMA, behind the words. In MySQL a schema is a database.
pub(super) fn create_schema(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<()> {
    let guarded = cursor.eat("if not exists");
    if !cursor.dialect.has_schemas() {
        actions.push(K::Environment("CREATE SCHEMA".to_owned()));
        return Ok(());
    }
    cursor.eat("authorization");
    let name = cursor.name()?;
    actions.guarded(K::CreateSchema(name), guarded, Guard::IfAbsent);
    if cursor.eat("authorization") {
        cursor.skip();
    }
    // Statements may follow without a semicolon; they make their objects in the new schema by name.
    if cursor.is_word(0, "create") || cursor.is_word(0, "grant") {
        let done = statement::read(&mut cursor.rest(), session);
        actions.extend(done);
    }
    Ok(())
}

/// ALTER SCHEMA, behind the words.
pub(super) fn alter_schema(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let from = cursor.name()?;
    if cursor.eat("rename to") {
        actions.push(K::RenameSchema { from, to: cursor.name()? });
    } else if cursor.dialect == Dialect::SqlServer && cursor.eat("transfer") {
        // `OBJECT::`, `TYPE::`, `XML SCHEMA COLLECTION::` may stand before the name.
        if cursor.is_word(0, "type") {
            actions.push(K::Harmless("the schema of a type"));
            return Ok(());
        }
        cursor.eat("object");
        if cursor.token(0).is_some_and(|token| token.kind == super::lexer::TokenKind::Cast) {
            cursor.skip();
        }
        let name = cursor.object_name()?;
        actions.push(K::MoveTable { name, schema: from });
    } else if cursor.eat("owner to") {
        owner(cursor, actions)?;
    } else {
        actions.push(K::Harmless("an option of a schema"));
    }
    Ok(())
}

/// CREATE EXTENSION, behind the words.
pub(super) fn create_extension(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let guarded = cursor.eat("if not exists");
    let name = cursor.name()?;
    let (mut schema, mut version) = (None, None);
    cursor.eat("with");
    loop {
        if cursor.eat("schema") {
            schema = Some(cursor.name()?);
        } else if cursor.eat("version") {
            version = Some(if cursor.is_string() { cursor.string()? } else { cursor.name()? });
        } else if !cursor.eat("cascade") {
            break;
        }
    }
    actions.guarded(K::CreateExtension { name, schema, version }, guarded, Guard::IfAbsent);
    Ok(())
}
