//! One statement to operations.

use super::cursor::{Cursor, Read, Unread};
use super::{Actions, alter, block, index, table, types};
use crate::catalog::operation::{
    DataKind, EnumPosition, Guard, NewTable, OperationKind as K, TableSource, TransactionKind,
};
use crate::catalog::{Dialect, Index, ObjectName, Reach, TableKind};

/// Reads one statement. What cannot be read becomes opaque, as narrowly as its beginning tells.
pub(super) fn read(cursor: &mut Cursor<'_>, depth: usize) -> Actions {
    let mut actions = Actions::default();
    if let Err(unread) = statement(cursor, &mut actions, depth) {
        let reach = reach(cursor);
        actions = Actions::default();
        actions.push(K::Opaque { reason: unread.0, reach });
    }
    actions
}

/// What a statement that cannot be read may touch: the table that it names, or everything.
fn reach(cursor: &Cursor<'_>) -> Reach {
    let mut again = cursor.clone();
    again.set_position(0);
    again.skip();
    for _ in 0..4 {
        for word in ["table", "type", "view", "sequence", "domain"] {
            if again.eat(word) {
                let _ = again.eat("if not exists") || again.eat("if exists");
                again.eat("only");
                if let Ok(name) = again.object_name() {
                    return match word {
                        "table" => Reach::Table(name),
                        "type" | "domain" => Reach::Type(name),
                        _ => Reach::Nothing,
                    };
                }
            }
        }
        if again.eat("index") {
            again.skip_until(&["on"]);
            if again.eat("on")
                && let Ok(name) = again.object_name()
            {
                return Reach::Table(name);
            }
            return Reach::Everything;
        }
        again.skip();
    }
    Reach::Everything
}

fn statement(cursor: &mut Cursor<'_>, actions: &mut Actions, depth: usize) -> Read<()> {
    let dialect = cursor.dialect;
    if depth == 0
        && let Some(word) = super::syntax::unknown_word(cursor)
    {
        actions.push(K::Invalid(format!("{} does not know a statement that begins so: `{word}`", dialect.title())));
        cursor.skip_all();
        return Ok(());
    }
    if dialect == Dialect::SqlServer {
        while cursor.eat("begin try") || cursor.eat("end try") || cursor.eat("begin catch") || cursor.eat("end catch") {
        }
        if cursor.at_end() {
            return Ok(());
        }
        if cursor.is_word(0, "if") {
            return block::tsql_if(cursor, actions, depth);
        }
        if cursor.is_word(0, "exec") || cursor.is_word(0, "execute") {
            return block::tsql_exec(cursor, actions, depth);
        }
    }
    if cursor.eat("create") {
        return create(cursor, actions);
    }
    if cursor.eat("alter") {
        return alter(cursor, actions);
    }
    if cursor.eat("drop") {
        return drop(cursor, actions);
    }
    if dialect == Dialect::MySql && cursor.eat("rename table") {
        loop {
            let from = cursor.object_name()?;
            cursor.expect("to")?;
            actions.push(K::RenameTable { from, to: cursor.object_name()? });
            if !cursor.eat_symbol(',') {
                return Ok(());
            }
        }
    }
    if dialect.is_postgres_like() && cursor.eat("do") {
        return block::do_block(cursor, actions, depth);
    }
    if cursor.eat("comment on") {
        return comment(cursor, actions);
    }
    if cursor.is_word(0, "set") || cursor.is_word(0, "select") && search_path_call(cursor).is_some() {
        return set(cursor, actions);
    }
    if transaction(cursor, actions) || data(cursor, actions) || environment(cursor, actions) {
        return Ok(());
    }
    if depth == 0 && !matches!(dialect, Dialect::MySql | Dialect::Sqlite) && select_into(cursor, actions) {
        return Ok(());
    }
    if let Some(what) = harmless(cursor) {
        actions.push(K::Harmless(what));
        return Ok(());
    }
    Err(Unread("this statement is not known".to_owned()))
}

fn transaction(cursor: &mut Cursor<'_>, actions: &mut Actions) -> bool {
    let kind = if cursor.is_word(0, "begin") || cursor.looking_at("start transaction") {
        TransactionKind::Begin
    } else if cursor.is_word(0, "commit") || cursor.is_word(0, "end") {
        TransactionKind::Commit
    } else if cursor.is_word(0, "rollback") {
        TransactionKind::Rollback
    } else {
        return false;
    };
    actions.push(K::Transaction(kind));
    true
}

/// `SELECT … INTO table`, which makes a table where it is no statement of a procedure.
fn select_into(cursor: &mut Cursor<'_>, actions: &mut Actions) -> bool {
    let mut again = cursor.clone();
    if again.is_word(0, "with") {
        again.skip_until(&["insert", "update", "delete", "select", "merge"]);
    }
    if !again.eat("select") {
        return false;
    }
    again.skip_until(&["into", "from"]);
    if !again.eat("into") {
        return false;
    }
    let mut kind = TableKind::Plain;
    if again.eat("temporary") || again.eat("temp") {
        kind = TableKind::Temporary;
    }
    again.eat("unlogged");
    again.eat("table");
    let Ok(name) = again.object_name() else { return false };
    if name.name.starts_with('#') {
        kind = TableKind::Temporary;
    }
    let source = Some(TableSource::Query);
    let (columns, constraints) = (Vec::new(), Vec::new());
    actions.push(K::CreateTable(Box::new(NewTable { name, kind, columns, constraints, source, comment: None })));
    cursor.skip_all();
    true
}

/// Statements that cannot touch what a catalog holds.
fn harmless(cursor: &Cursor<'_>) -> Option<&'static str> {
    const WORDS: &[(&str, &str)] = &[
        ("select", "a query"),
        ("values", "a query"),
        ("with", "a query"),
        ("call", "a procedure call"),
        ("pragma", "a PRAGMA"),
        ("analyze", "statistics"),
        ("vacuum", "maintenance"),
        ("reindex", "maintenance"),
        ("optimize", "maintenance"),
        ("cluster", "maintenance"),
        ("refresh", "a materialized view's rows"),
        ("lock", "a lock"),
        ("unlock", "a lock"),
        ("notify", "a notification"),
        ("listen", "a notification"),
        ("explain", "a plan"),
        ("show", "a question"),
        ("print", "a message"),
        ("declare", "a variable"),
        ("use", "the database in use"),
        ("reset", "a setting"),
        ("discard", "a setting"),
        ("savepoint", "a savepoint"),
        ("release", "a savepoint"),
        ("revoke", "a privilege"),
        ("security", "a label"),
        ("throw", "an error"),
        ("raiserror", "an error"),
        ("checkpoint", "maintenance"),
        ("deallocate", "a prepared statement"),
        ("flush", "maintenance"),
        ("import", "a foreign schema"),
    ];
    WORDS.iter().find(|(word, _)| cursor.is_word(0, word)).map(|(_, what)| *what)
}

/// Statements about this very server.
fn environment(cursor: &mut Cursor<'_>, actions: &mut Actions) -> bool {
    if cursor.is_word(0, "grant") || cursor.is_word(0, "revoke") {
        let grant = cursor.is_word(0, "grant");
        cursor.skip_until(&["to"]);
        let public = cursor.is_word(1, "public") || cursor.is_word(1, "current_user") || cursor.at_end();
        actions.push(if grant && !public {
            K::Environment("GRANT to a named role".to_owned())
        } else {
            K::Harmless("a privilege")
        });
        return true;
    }
    if cursor.looking_at("reassign owned") {
        actions.push(K::Environment("REASSIGN OWNED".to_owned()));
        return true;
    }
    false
}

/// INSERT, UPDATE, DELETE, TRUNCATE and their kin, behind a WITH or not.
fn data(cursor: &mut Cursor<'_>, actions: &mut Actions) -> bool {
    let start = cursor.position();
    if cursor.is_word(0, "with") {
        cursor.skip_until(&["insert", "update", "delete", "select", "merge"]);
        if cursor.is_word(0, "select") || cursor.at_end() {
            cursor.set_position(start);
            return false;
        }
    }
    let kind = if cursor.eat("insert") || cursor.eat("replace") || cursor.eat("merge") || cursor.eat("copy") {
        cursor.skip_until(&["into", "from"]);
        if !cursor.eat("into") {
            cursor.set_position(start);
            cursor.skip();
        }
        DataKind::Insert
    } else if cursor.eat("update") {
        DataKind::Update
    } else if cursor.eat("delete") {
        cursor.skip_until(&["from"]);
        cursor.eat("from");
        DataKind::Delete
    } else if cursor.eat("truncate") {
        cursor.eat("table");
        DataKind::Truncate
    } else {
        return false;
    };
    let _ = cursor.eat("only") || cursor.eat("ignore") || cursor.eat("low_priority");
    let table = cursor.object_name().unwrap_or_else(|_| ObjectName::bare(""));
    cursor.skip_until(&["where", "join", "using", "limit", "from"]);
    let bounded = !cursor.at_end();
    cursor.skip_all();
    actions.push(K::Data { kind, table, bounded });
    true
}

/// `set_config('search_path', 'a, b', …)`: the path, where that is what a SELECT calls.
fn search_path_call(cursor: &Cursor<'_>) -> Option<Vec<String>> {
    let mut again = cursor.clone();
    again.skip();
    if again.eat("pg_catalog") {
        again.eat_symbol('.');
    }
    if !again.eat("set_config") {
        return None;
    }
    let mut inside = again.inside().ok()?;
    if inside.string().ok()? != "search_path" || !inside.eat_symbol(',') {
        return None;
    }
    Some(
        inside
            .string()
            .ok()?
            .split(',')
            .map(|name| name.trim().trim_matches('"').to_owned())
            .filter(|name| !name.is_empty())
            .collect(),
    )
}

fn set(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    if let Some(path) = search_path_call(cursor) {
        actions.push(K::SetSearchPath(path));
        return Ok(());
    }
    cursor.skip();
    let _ = cursor.eat("local") || cursor.eat("session");
    if cursor.dialect.is_postgres_like() && (cursor.eat("search_path") || cursor.eat("schema")) {
        let _ = cursor.eat("to") || cursor.eat_symbol('=');
        let mut path = Vec::new();
        loop {
            let name = if cursor.is_string() { cursor.string()? } else { cursor.name()? };
            if name != "default" && name != "$user" && !name.is_empty() {
                path.push(name);
            } else if name == "default" {
                path.push("public".to_owned());
            }
            if !cursor.eat_symbol(',') {
                break;
            }
        }
        actions.push(K::SetSearchPath(path));
        return Ok(());
    }
    actions.push(K::Harmless("a setting"));
    Ok(())
}

fn create(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let replace = cursor.eat("or replace") || cursor.eat("or alter");
    let mut kind = TableKind::Plain;
    loop {
        if cursor.eat("temporary")
            || cursor.eat("temp")
            || cursor.eat("local temporary")
            || cursor.eat("global temporary")
        {
            kind = TableKind::Temporary;
        } else if cursor.eat("foreign") && cursor.is_word(0, "table") {
            kind = TableKind::Foreign;
        } else if !(cursor.eat("unlogged") || cursor.looking_at("recursive view") && cursor.eat("recursive")) {
            break;
        }
    }
    if cursor.eat("virtual table") {
        let guarded = cursor.eat("if not exists");
        let name = cursor.object_name()?;
        let table = crate::catalog::operation::NewTable {
            name,
            kind: TableKind::Virtual,
            columns: Vec::new(),
            constraints: Vec::new(),
            source: None,
            comment: None,
        };
        cursor.skip_all();
        actions.guarded(K::CreateTable(Box::new(table)), guarded, Guard::IfAbsent);
        return Ok(());
    }
    if cursor.eat("table") {
        let (operation, guarded) = table::create(cursor, kind)?;
        actions.guarded(operation, guarded, Guard::IfAbsent);
        return Ok(());
    }
    let mut new_index = Index::new(None, Vec::new(), false);
    let start = cursor.position();
    loop {
        if cursor.eat("unique") {
            new_index.unique = true;
        } else if cursor.eat("fulltext") {
            new_index.method = Some("fulltext".to_owned());
        } else if cursor.eat("spatial") {
            new_index.method = Some("spatial".to_owned());
        } else if cursor.eat("inverted") {
            new_index.method = Some("gin".to_owned());
        } else if let Some(clustered) = table::clustered(cursor) {
            new_index.clustered = Some(clustered);
        } else {
            break;
        }
    }
    if cursor.eat("index") {
        let (operation, guarded) = index::create(cursor, new_index)?;
        actions.guarded(operation, guarded, Guard::IfAbsent);
        return Ok(());
    }
    cursor.set_position(start);
    if cursor.eat("type") {
        return create_type(cursor, actions);
    }
    if cursor.eat("domain") {
        let name = cursor.object_name()?;
        cursor.eat("as");
        let domain = Some(types::read(cursor)?);
        actions.push(K::CreateType { name, domain });
        return Ok(());
    }
    if cursor.eat("sequence") {
        let guarded = cursor.eat("if not exists");
        let name = cursor.object_name()?;
        let owned_by = owned_by(cursor)?;
        actions.guarded(K::CreateSequence { name, owned_by: owned_by.flatten() }, guarded, Guard::IfAbsent);
        return Ok(());
    }
    if cursor.eat("schema") || cursor.dialect == Dialect::CockroachDb && cursor.eat("schema") {
        let guarded = cursor.eat("if not exists");
        let name = if cursor.eat("authorization") { cursor.name()? } else { cursor.name()? };
        actions.guarded(K::CreateSchema(name), guarded, Guard::IfAbsent);
        return Ok(());
    }
    if cursor.eat("extension") {
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
        return Ok(());
    }
    // CREATE [ALGORITHM = …] [DEFINER = …] [SQL SECURITY …] VIEW
    if !matches!(cursor.dialect, Dialect::PostgreSql | Dialect::CockroachDb | Dialect::Sqlite)
        && cursor.is_word(0, "algorithm") | cursor.is_word(0, "definer") | cursor.is_word(0, "sql")
    {
        cursor.skip_until(&["view", "trigger", "procedure", "function", "event"]);
    }
    let materialized = cursor.eat("materialized");
    if cursor.eat("view") {
        let guarded = cursor.eat("if not exists");
        let name = cursor.object_name()?;
        actions.guarded(K::CreateView { name, materialized, replace }, guarded, Guard::IfAbsent);
        return Ok(());
    }
    for (word, what) in [
        ("database", "CREATE DATABASE"),
        ("role", "CREATE ROLE"),
        ("user", "CREATE USER"),
        ("login", "CREATE LOGIN"),
        ("server", "CREATE SERVER"),
        ("subscription", "CREATE SUBSCRIPTION"),
        ("tablespace", "CREATE TABLESPACE"),
    ] {
        if cursor.is_word(0, word) && !(word == "user" && cursor.looking_at("user mapping")) {
            actions.push(K::Environment(what.to_owned()));
            return Ok(());
        }
    }
    const HARMLESS: &[&str] = &[
        "function",
        "procedure",
        "trigger",
        "policy",
        "rule",
        "aggregate",
        "operator",
        "cast",
        "collation",
        "conversion",
        "language",
        "publication",
        "statistics",
        "text",
        "event",
        "constraint",
        "access",
        "transform",
        "user",
        "definer",
        "fulltext",
        "synonym",
        "changefeed",
        "trusted",
        "default",
        "security",
        "row",
        "partition",
        "group",
    ];
    if HARMLESS.iter().any(|word| cursor.is_word(0, word)) {
        actions.push(K::Harmless("an object that a catalog does not hold"));
        return Ok(());
    }
    Err(cursor.unexpected("something that can be created"))
}

fn create_type(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let guarded = cursor.eat("if not exists");
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
        actions.guarded(K::CreateType { name, domain }, guarded, Guard::IfAbsent);
    }
    Ok(())
}

/// OWNED BY table.column among the options of a sequence; `Some(None)` for OWNED BY NONE.
#[allow(clippy::option_option)]
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

fn alter(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    cursor.eat("foreign");
    if cursor.eat("table") {
        let guarded = cursor.eat("if exists");
        cursor.eat("only");
        if cursor.looking_at("all in tablespace") {
            actions.push(K::Harmless("an option of a table"));
            return Ok(());
        }
        let name = cursor.object_name()?;
        cursor.eat_symbol('*');
        let mut done = alter::actions(cursor, &name);
        if guarded {
            done.guard_all(Guard::IfPresent);
        }
        actions.extend(done);
        return Ok(());
    }
    if cursor.eat("type") {
        return alter_type(cursor, actions);
    }
    if cursor.eat("index") {
        let guarded = cursor.eat("if exists");
        let from = cursor.object_name()?;
        if cursor.dialect == Dialect::CockroachDb && cursor.eat_symbol('@') {
            cursor.name()?;
        }
        if cursor.eat("rename to") {
            let to = cursor.name()?;
            actions.guarded(K::RenameIndex { table: None, from, to }, guarded, Guard::IfPresent);
        } else {
            actions.push(K::Harmless("an option of an index"));
        }
        return Ok(());
    }
    if cursor.eat("sequence") {
        let guarded = cursor.eat("if exists");
        let name = cursor.object_name()?;
        if cursor.eat("rename to") {
            let to = cursor.name()?;
            actions.guarded(K::RenameSequence { from: name, to }, guarded, Guard::IfPresent);
        } else if cursor.looking_at("owner to") {
            actions.push(K::Environment("OWNER TO".to_owned()));
        } else if let Some(owned_by) = owned_by(cursor)? {
            actions.guarded(K::OwnSequence { name, owned_by }, guarded, Guard::IfPresent);
        } else {
            actions.push(K::Harmless("an option of a sequence"));
        }
        return Ok(());
    }
    cursor.eat("materialized");
    if cursor.eat("view") {
        let guarded = cursor.eat("if exists");
        let from = cursor.object_name()?;
        if cursor.eat("rename to") {
            let to = cursor.name()?;
            actions.guarded(K::RenameView { from, to }, guarded, Guard::IfPresent);
        } else if cursor.looking_at("owner to") {
            actions.push(K::Environment("OWNER TO".to_owned()));
        } else {
            actions.push(K::Harmless("an option of a view"));
        }
        return Ok(());
    }
    if cursor.eat("schema") {
        let from = cursor.name()?;
        if cursor.eat("rename to") {
            actions.push(K::RenameSchema { from, to: cursor.name()? });
        } else if cursor.eat("transfer") {
            let name = cursor.object_name()?;
            actions.push(K::MoveTable { name, schema: from });
        } else {
            actions.push(K::Environment("OWNER TO".to_owned()));
        }
        return Ok(());
    }
    for (word, what) in [
        ("database", "ALTER DATABASE"),
        ("role", "ALTER ROLE"),
        ("user", "ALTER USER"),
        ("server", "ALTER SERVER"),
        ("login", "ALTER LOGIN"),
        ("system", "ALTER SYSTEM"),
    ] {
        if cursor.is_word(0, word) {
            actions.push(K::Environment(what.to_owned()));
            return Ok(());
        }
    }
    const HARMLESS: &[&str] = &[
        "function",
        "procedure",
        "trigger",
        "policy",
        "rule",
        "aggregate",
        "operator",
        "collation",
        "conversion",
        "language",
        "publication",
        "subscription",
        "statistics",
        "text",
        "event",
        "default",
        "extension",
        "domain",
        "constraint",
        "routine",
        "tablespace",
        "large",
        "fulltext",
        "authorization",
        "group",
        "range",
        "partition",
    ];
    if HARMLESS.iter().any(|word| cursor.is_word(0, word)) {
        cursor.skip_until(&["owner"]);
        actions.push(if cursor.looking_at("owner to") {
            K::Environment("OWNER TO".to_owned())
        } else {
            K::Harmless("an object that a catalog does not hold")
        });
        return Ok(());
    }
    Err(cursor.unexpected("something that can be altered"))
}

fn alter_type(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
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
        actions.push(K::RenameType { from: name, to: cursor.name()? });
    } else if cursor.eat("set schema") {
        actions.push(K::MoveType { name, schema: cursor.name()? });
    } else if cursor.eat("owner to") {
        actions.push(K::Environment("OWNER TO".to_owned()));
    } else {
        actions.push(K::Harmless("an attribute of a composite type"));
    }
    Ok(())
}

fn drop(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    cursor.eat("temporary");
    cursor.eat("foreign");
    let materialized = cursor.eat("materialized");
    let Some(what) = ["table", "index", "type", "domain", "sequence", "view", "schema", "extension"]
        .into_iter()
        .find(|what| cursor.eat(what))
    else {
        for (word, what) in [
            ("database", "DROP DATABASE"),
            ("role", "DROP ROLE"),
            ("user", "DROP USER"),
            ("owned", "DROP OWNED"),
            ("server", "DROP SERVER"),
            ("login", "DROP LOGIN"),
        ] {
            if cursor.is_word(0, word) {
                actions.push(K::Environment(what.to_owned()));
                return Ok(());
            }
        }
        const HARMLESS: &[&str] = &[
            "function",
            "procedure",
            "trigger",
            "policy",
            "rule",
            "aggregate",
            "operator",
            "cast",
            "collation",
            "conversion",
            "language",
            "publication",
            "subscription",
            "statistics",
            "text",
            "event",
            "routine",
            "access",
            "transform",
            "user",
            "group",
            "tablespace",
            "fulltext",
            "synonym",
            "default",
            "prepare",
            "constraint",
        ];
        if HARMLESS.iter().any(|word| cursor.is_word(0, word)) {
            actions.push(K::Harmless("an object that a catalog does not hold"));
            return Ok(());
        }
        return Err(cursor.unexpected("something that can be dropped"));
    };
    let _ = materialized;
    let concurrently = cursor.eat("concurrently");
    let guarded = cursor.eat("if exists");
    let mut names = Vec::new();
    loop {
        let mut name = cursor.object_name()?;
        let mut table = None;
        if what == "index" {
            if cursor.eat_symbol('@') {
                // CockroachDB: table@index.
                table = Some(name);
                name = ObjectName::bare(cursor.name()?);
            } else if cursor.eat("on") {
                table = Some(cursor.object_name()?);
            } else if cursor.dialect == Dialect::SqlServer && name.schema.is_some() {
                // SQL Server's old form: DROP INDEX table.index.
                table = name.schema.take().map(ObjectName::bare);
            }
        }
        names.push((name, table));
        if !cursor.eat_symbol(',') {
            break;
        }
    }
    cursor.skip_until(&["cascade"]);
    let cascade = cursor.eat("cascade");
    for (name, table) in names {
        let kind = match what {
            "table" => K::DropTable { name, cascade },
            "index" => K::DropIndex { name, table, concurrently, cascade },
            "type" | "domain" => K::DropType { name, cascade },
            "sequence" => K::DropSequence { name, cascade },
            "view" => K::DropView { name, cascade },
            "schema" => K::DropSchema { name: name.name, cascade },
            _ => K::DropExtension(name.name),
        };
        actions.guarded(kind, guarded, Guard::IfPresent);
    }
    Ok(())
}

fn comment(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let (table, column) = if cursor.eat("table") {
        (cursor.object_name()?, None)
    } else if cursor.eat("column") {
        let mut parts = vec![cursor.name()?];
        while cursor.eat_symbol('.') {
            parts.push(cursor.name()?);
        }
        let column = parts.pop().unwrap_or_default();
        let table = parts.pop().unwrap_or_default();
        (ObjectName { schema: parts.pop(), name: table }, Some(column))
    } else {
        actions.push(K::Harmless("a comment"));
        return Ok(());
    };
    cursor.expect("is")?;
    let text = if cursor.eat("null") { None } else { Some(cursor.string()?) };
    actions.push(K::Comment { table, column, text });
    Ok(())
}
