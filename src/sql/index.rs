//! Indexes: their parts and what stands behind them.

use super::constraint::clustered;
use super::cursor::{Cursor, Read};
use super::expression::canonical_tokens;
use super::lexer::TokenKind;
use crate::catalog::operation::OperationKind;
use crate::catalog::{Dialect, Index, IndexOn, IndexPart};

/// CREATE INDEX, behind the word INDEX. Gives the operation and whether IF NOT EXISTS stands there.
pub(super) fn create(cursor: &mut Cursor<'_>, mut index: Index) -> Read<(OperationKind, bool)> {
    let concurrently = cursor.eat("concurrently");
    let guarded = cursor.eat("if not exists");
    if !cursor.is_word(0, "on") {
        index.name = Some(cursor.object_name()?.name);
    }
    index.method = method(cursor)?.or(index.method);
    cursor.expect("on")?;
    cursor.eat("only");
    let table = cursor.object_name()?;
    if let Some(method) = method(cursor)? {
        index.method = Some(method);
    }
    index.method = index.method.filter(|method| method != "btree");
    index.parts = parts(cursor)?;
    tail(cursor, &mut index)?;
    index.place = Some(cursor.place());
    Ok((OperationKind::CreateIndex { table, index: Box::new(index), concurrently }, guarded))
}

/// USING method.
pub(super) fn method(cursor: &mut Cursor<'_>) -> Read<Option<String>> {
    if cursor.is_word(0, "using")
        && !cursor.is_word(1, "index")
        && !cursor.is_word(1, "hash") | !cursor.is_word(2, "with")
        && cursor.is_name(1)
    {
        cursor.skip();
        return Ok(Some(cursor.name()?.to_lowercase()));
    }
    Ok(None)
}

/// `( part, … )`.
pub(super) fn parts(cursor: &mut Cursor<'_>) -> Read<Vec<IndexPart>> {
    let mut inside = cursor.inside()?;
    let mut parts = Vec::new();
    while !inside.at_end() {
        parts.push(part(&mut inside)?);
        if !inside.eat_symbol(',') && !inside.at_end() {
            return Err(inside.unexpected("a comma"));
        }
    }
    Ok(parts)
}

fn part(cursor: &mut Cursor<'_>) -> Read<IndexPart> {
    let from = cursor.position();
    let call = cursor.is_name(0) && cursor.is_symbol(1, '(');
    let prefix = call
        && cursor.dialect == Dialect::MySql
        && cursor.token(2).is_some_and(|token| token.kind == TokenKind::Number)
        && cursor.is_symbol(3, ')');
    let mut part = if prefix {
        let mut part = IndexPart::named(cursor.name()?);
        cursor.skip();
        part.length = u32::try_from(cursor.number()?).ok();
        cursor.skip();
        part
    } else if cursor.is_name(0) && !call && !continues(cursor) {
        IndexPart::named(cursor.name()?)
    } else {
        if cursor.is_symbol(0, '(') {
            cursor.parentheses()?;
        } else {
            cursor.skip_until(&[",", "collate", "asc", "desc", "nulls"]);
            // `lower(x) text_pattern_ops`: the last word behind a call is an operator class.
            let last = cursor.tokens(from, cursor.position()).len();
            let ends = cursor.tokens(from, cursor.position());
            if last >= 2
                && matches!(ends[last - 1].kind, TokenKind::Word | TokenKind::Quoted)
                && ends[last - 2].kind == TokenKind::Symbol(')')
            {
                cursor.set_position(from + last - 1);
            }
        }
        let text = canonical_tokens(cursor.source_text(), cursor.tokens(from, cursor.position()), cursor.dialect);
        IndexPart::on(as_column(&text, cursor.dialect).map_or(IndexOn::Expression(text), IndexOn::Column))
    };
    loop {
        if cursor.at_end() || cursor.is_symbol(0, ',') {
            return Ok(part);
        } else if cursor.eat("collate") {
            part.collation = Some(cursor.object_name()?.name);
        } else if cursor.eat("asc") {
            part.descending = false;
        } else if cursor.eat("desc") {
            part.descending = true;
        } else if cursor.eat("nulls first") {
            part.nulls_first = Some(true);
        } else if cursor.eat("nulls last") {
            part.nulls_first = Some(false);
        } else if cursor.is_name(0) && part.operator_class.is_none() {
            part.operator_class = Some(cursor.object_name()?.name);
            if cursor.is_symbol(0, '(') {
                cursor.parentheses()?;
            }
        } else {
            return Err(cursor.unexpected("the end of an index part"));
        }
    }
}

/// Whether the name in front is the beginning of an expression (`a || b`, `x::text`, `data ->> 'k'`).
fn continues(cursor: &Cursor<'_>) -> bool {
    cursor.token(1).is_some_and(|token| match token.kind {
        TokenKind::Cast | TokenKind::Operator => true,
        TokenKind::Symbol(symbol) => !matches!(symbol, ',' | ')'),
        _ => false,
    })
}

/// A column that was written in parentheses of its own is a column; in MySQL such a part is an expression. `((true))` is the
/// index of a table that may have one row.
fn as_column(text: &str, dialect: Dialect) -> Option<String> {
    if ["true", "false", "null", "current_date", "current_timestamp", "current_user", "localtime", "localtimestamp"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
    {
        return None;
    }
    let plain = |c: char| c.is_alphanumeric() || c == '_';
    let name = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    (dialect.is_postgres_like()
        && !name.is_empty()
        && name.chars().all(plain)
        && !name.starts_with(|c: char| c.is_ascii_digit()))
    .then(|| name.to_owned())
}

/// INCLUDE, NULLS NOT DISTINCT, WITH, TABLESPACE, WHERE and the options of the other dialects.
pub(super) fn tail(cursor: &mut Cursor<'_>, index: &mut Index) -> Read<()> {
    loop {
        if cursor.eat("include") || cursor.eat("storing") || cursor.eat("covering") {
            index.include = cursor.names()?;
        } else if cursor.eat("nulls not distinct") {
            index.nulls_not_distinct = true;
        } else if cursor.eat("where") {
            let from = cursor.position();
            cursor.skip_until(&["with"]);
            index.predicate =
                Some(canonical_tokens(cursor.source_text(), cursor.tokens(from, cursor.position()), cursor.dialect));
        } else if cursor.eat("using hash")
            || cursor.eat("nulls distinct")
            || cursor.eat("visible")
            || cursor.eat("invisible")
            || cursor.eat("not visible")
        {
        } else if cursor.eat("using") {
            index.method = Some(cursor.name()?.to_lowercase()).filter(|method| method != "btree");
        } else if cursor.eat("with") && cursor.is_symbol(0, '(') {
            cursor.parentheses()?;
        } else if cursor.eat("tablespace")
            || cursor.eat("key_block_size")
            || cursor.eat("algorithm")
            || cursor.eat("lock")
            || cursor.eat("with parser")
        {
            cursor.eat_symbol('=');
            cursor.skip();
        } else if cursor.dialect == Dialect::MySql && cursor.eat("comment") {
            cursor.eat_symbol('=');
            cursor.skip();
        } else if cursor.dialect == Dialect::SqlServer && cursor.eat("on") {
            cursor.skip();
        } else {
            if index.clustered.is_none() {
                index.clustered = clustered(cursor);
            }
            return Ok(());
        }
    }
}
