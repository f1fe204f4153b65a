//! Statements that a database cannot read, whatever follows their first words.

use super::cursor::Cursor;
use super::lexer::TokenKind;
use crate::catalog::Dialect;

/// Words that begin a statement of PostgreSQL, up to version 18: <https://www.postgresql.org/docs/current/sql-commands.html>.
const POSTGRES: &str = "abort alter analyse analyze begin call checkpoint close cluster comment commit copy create \
    deallocate declare delete discard do drop end execute explain fetch grant import insert listen load lock merge move \
    notify prepare reassign refresh reindex release reset revoke rollback savepoint security select set show start table \
    truncate unlisten update vacuum values with";

/// Words that stand behind its CREATE, ALTER and DROP.
const POSTGRES_OBJECTS: &str = "access aggregate cast collation constraint conversion database default domain event \
    extension foreign function global group index language large local materialized operator or owned policy procedural \
    procedure publication recursive role routine rule schema sequence server statistics subscription system table \
    tablespace temp temporary text transform trigger trusted type unique unlogged user view";

/// Words that begin a statement of SQLite: <https://www.sqlite.org/lang.html>.
const SQLITE: &str = "alter analyze attach begin commit create delete detach drop end explain insert pragma reindex release \
    replace rollback savepoint select update vacuum values with";

/// Words that stand behind its CREATE, ALTER and DROP.
const SQLITE_OBJECTS: &str = "index table temp temporary trigger unique view virtual";

/// The word at which PostgreSQL or SQLite stop reading a statement: one that begins none, or that nothing made, altered
/// or dropped is called by. Of other databases the words are not known well enough.
pub(super) fn unknown_word(cursor: &Cursor<'_>) -> Option<String> {
    let (statements, objects) = match cursor.dialect {
        Dialect::PostgreSql => (POSTGRES, POSTGRES_OBJECTS),
        Dialect::Sqlite => (SQLITE, SQLITE_OBJECTS),
        _ => return None,
    };
    let word = |at: usize| {
        let token = cursor.token(at).filter(|token| token.kind == TokenKind::Word)?;
        Some(cursor.text_of(token).to_ascii_lowercase())
    };
    let is_one_of = |words: &str, word: &str| words.split_whitespace().any(|known| known == word);
    let first = word(0)?;
    if !is_one_of(statements, &first) {
        return Some(first);
    }
    if !matches!(first.as_str(), "alter" | "create" | "drop") {
        return None;
    }
    // Neither has a token `{`: a JSON default that was not quoted.
    let brace = |at: usize| matches!(cursor.token(at).map(|token| token.kind), Some(TokenKind::Symbol('{' | '}')));
    if (0..usize::MAX).take_while(|&at| cursor.token(at).is_some()).any(brace) {
        return Some("{".to_owned());
    }
    word(1).filter(|second| !is_one_of(objects, second))
}
