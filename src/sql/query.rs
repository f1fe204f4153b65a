//! What a query reads: the relations behind its FROM and JOIN, and the columns of them that it names.
//!
//! A view cannot outlive what it reads, so this is what holds a table or a column back; and a statement fails where what it
//! reads is not there. A query is not understood beyond that; where a name could mean more than one thing, nothing is
//! claimed.

mod scope;
mod words;

use std::collections::BTreeSet;

pub(super) use self::scope::Known;
use self::scope::{Named, Scope};
use self::words::{BEHIND_FROM, COMPARISONS, FUNCTIONS, NO_COLUMNS, WORDS};
use super::cursor::{Cursor, MAX_DEPTH};
use super::lexer::TokenKind;
use crate::catalog::operation::Reads;
use crate::catalog::{Dialect, ObjectName};

/// What the query in front of the cursor reads, up to its end.
pub(super) fn reads(cursor: &mut Cursor<'_>) -> Reads {
    let mut reader = Reader::default();
    let mut scope = Scope::default();
    let mut query = cursor.rest();
    cursor.skip_all();
    reader.query(&mut query, &Known::default(), &mut scope);
    reader.settled(&scope)
}

/// What a condition on the rows of `table` reads, up to the end of the cursor; `columns` are read as well.
pub(super) fn condition_reads(cursor: &mut Cursor<'_>, table: &ObjectName, columns: &[String]) -> Reads {
    let mut reader = Reader::default();
    let names = [table.name.as_str(), "new", "old"];
    let mut scope = Scope {
        sources: names.map(|name| (name.to_owned(), Some(table.clone()))).to_vec(),
        named: columns.iter().map(|column| Named::column(column.clone())).collect(),
        ..Scope::default()
    };
    let mut condition = cursor.rest();
    cursor.skip_all();
    while !condition.at_end() {
        reader.expression(&mut condition, &Known::default(), &mut scope, false);
    }
    reader.settled(&scope)
}

/// Where in a statement about rows the cursor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// In front of a query, of VALUES, or of a DELETE's FROM.
    Rows,
    /// Behind UPDATE: the tables follow.
    Tables,
}

/// What a statement about rows surely reads, from the cursor to its end: a database refuses it where that is not there.
/// `known` are the names that a WITH in front gives.
pub(super) fn needs(cursor: &Cursor<'_>, known: &Known<'_>, part: Part) -> Reads {
    needs_of(cursor, known, part, Vec::new())
}

/// The same of a query whose columns are written to those of another table.
pub(super) fn copies(cursor: &Cursor<'_>, known: &Known<'_>, columns: &[String]) -> Reads {
    needs_of(cursor, known, Part::Rows, columns.to_vec())
}

fn needs_of(cursor: &Cursor<'_>, known: &Known<'_>, part: Part, copied: Vec<String>) -> Reads {
    /// Relations and columns of one statement that are kept.
    const MOST: usize = 1_000;
    if !matches!(cursor.dialect, Dialect::PostgreSql | Dialect::MySql | Dialect::Sqlite) {
        return Reads::default();
    }
    let mut rest = cursor.rest();
    let mut reader = Reader { copied, ..Reader::default() };
    let mut scope = Scope::default();
    if part == Part::Rows && (rest.is_word(0, "with") || is_query(&rest, 0)) {
        reader.query(&mut rest, known, &mut scope);
    } else {
        let clause = if part == Part::Tables { Clause::From { wants: true } } else { Clause::Other };
        reader.select(&mut rest, known, &mut scope, clause);
    }
    let mut reads = reader.settled(&scope);
    reads.types.clear();
    reads.mentions.retain(|mention| mention.sure);
    reads.mentions.truncate(MOST);
    let mut seen = BTreeSet::new();
    reads.relations.retain(|relation| seen.len() < MOST && seen.insert(relation.clone()));
    reads
}

/// What a SELECT is in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clause {
    /// What is selected.
    Items,
    /// FROM, and whether a relation must follow.
    From {
        wants: bool,
    },
    Where,
    Order,
    Other,
}

#[derive(Default)]
struct Reader {
    reads: Reads,
    depth: usize,
    /// The columns that the query's own are written to, in their order.
    copied: Vec<String>,
    /// That of what is being selected.
    target: Option<String>,
    /// The clause that is being read.
    clause: Option<Clause>,
}

impl Reader {
    /// Everything that was read, with the relations that each name may be of.
    fn settled(self, scope: &Scope) -> Reads {
        let mut reads = self.reads;
        scope.settle(None, &mut reads);
        reads
    }

    /// `[WITH …] SELECT … [UNION SELECT …]`, each SELECT a scope inside `outer`.
    fn query(&mut self, cursor: &mut Cursor<'_>, known: &Known<'_>, outer: &mut Scope) {
        // A query inside another one writes to nothing.
        let around = (self.depth > 0).then(|| (std::mem::take(&mut self.copied), self.target.take(), self.clause));
        self.depth += 1;
        let mut known = Known { names: BTreeSet::new(), outer: Some(known) };
        if self.depth < MAX_DEPTH {
            if cursor.eat("with") {
                known.names.extend(recursive(cursor));
                while let Some((name, mut inside)) = common(cursor) {
                    self.query(&mut inside, &known, outer);
                    known.names.insert(name);
                }
            }
            while !cursor.at_end() {
                let mut scope = Scope::default();
                self.select(cursor, &known, &mut scope, Clause::Other);
                outer.inner.push(scope);
            }
        }
        self.depth -= 1;
        if let Some(around) = around {
            (self.copied, self.target, self.clause) = around;
        }
    }

    /// One SELECT, up to a UNION or the end.
    fn select(&mut self, cursor: &mut Cursor<'_>, known: &Known<'_>, scope: &mut Scope, mut clause: Clause) {
        // Whether something begins here that may be a column and nothing else.
        let mut fresh = false;
        // Whether what follows is INSERT's, whose rows are those of another table.
        let mut of_insert = false;
        let mut item = 0;
        while let Some(token) = cursor.token(0) {
            let word =
                if token.kind == TokenKind::Word { cursor.text_of(token).to_ascii_lowercase() } else { String::new() };
            let in_from = matches!(clause, Clause::From { .. });
            let next = match word.as_str() {
                "union" | "intersect" | "except" => {
                    cursor.skip();
                    return;
                }
                "select" => Some(Clause::Items),
                // `a IS DISTINCT FROM b` is a comparison.
                "from" if !behind(cursor, "distinct") => Some(Clause::From { wants: true }),
                "join" | "straight_join" if in_from => Some(Clause::From { wants: true }),
                // DELETE's; that of a JOIN has parentheses.
                "using" if (in_from || cursor.position() == 0) && !cursor.is_symbol(1, '(') => {
                    Some(Clause::From { wants: true })
                }
                "where" if !of_insert => Some(Clause::Where),
                "order" => Some(Clause::Order),
                "set" if in_from => Some(Clause::Other),
                // INSERT's, behind the query.
                "on" if ["conflict", "duplicate"].iter().any(|word| cursor.is_word(1, word)) => {
                    of_insert = true;
                    Some(Clause::Other)
                }
                word if BEHIND_FROM.contains(&word) => Some(Clause::Other),
                _ => None,
            };
            if let Some(next) = next {
                clause = next;
                fresh = matches!(clause, Clause::Items | Clause::Where);
                item = 0;
                self.target = self.copied.first().filter(|_| clause == Clause::Items).cloned();
                cursor.skip();
                continue;
            }
            match clause {
                Clause::From { .. } if cursor.is_symbol(0, ',') => {
                    clause = Clause::From { wants: true };
                    cursor.skip();
                }
                Clause::From { wants: true } => clause = Clause::From { wants: self.source(cursor, known, scope) },
                Clause::From { wants: false } if cursor.is_word(0, "using") => {
                    cursor.skip();
                    scope.shared.extend(cursor.names().unwrap_or_default());
                }
                Clause::Items if cursor.is_symbol(0, ',') => {
                    fresh = true;
                    item += 1;
                    self.target = self.copied.get(item).cloned();
                    cursor.skip();
                }
                Clause::Items if matches!(word.as_str(), "distinct" | "all") => cursor.skip(),
                Clause::Where if matches!(word.as_str(), "and" | "or" | "not") => {
                    fresh = true;
                    cursor.skip();
                }
                Clause::Where if fresh && cursor.is_symbol(0, '(') && !is_query(cursor, 1) => cursor.skip(),
                _ => {
                    let sure = fresh && surely_column(cursor, clause, self.target.as_deref());
                    let known_names = scope.named.len();
                    self.clause = Some(clause);
                    self.expression(cursor, known, scope, clause == Clause::Order);
                    if let Some(named) = scope.named.get_mut(known_names).filter(|_| sure) {
                        named.alone = true;
                        named.is_item = clause == Clause::Items;
                    }
                    fresh = false;
                }
            }
        }
    }

    /// What stands where FROM wants a relation; says whether one is still wanted.
    fn source(&mut self, cursor: &mut Cursor<'_>, known: &Known<'_>, scope: &mut Scope) -> bool {
        if cursor.eat("only") || cursor.eat("lateral") {
            return true;
        }
        let mut relation = None;
        // Where a database is the only schema, this is another one.
        let elsewhere = cursor.is_symbol(1, '.') && !cursor.dialect.has_schemas();
        if cursor.is_symbol(0, '(') {
            if !is_query(cursor, 1) {
                // Joins in parentheses: their sources are those of this SELECT.
                cursor.skip();
                return true;
            }
            if let Ok(mut inside) = cursor.inside() {
                self.query(&mut inside, known, scope);
            }
        } else if let Ok(name) = cursor.object_name() {
            if cursor.is_symbol(0, '(') {
                self.group(cursor, known, scope);
            } else if cursor.dialect == Dialect::MySql && name.name.eq_ignore_ascii_case("dual") {
                // What stands where nothing is selected from.
                return false;
            } else if name.schema.is_some() || !elsewhere && !known.contains(&name.name) {
                self.reads.relations.push(name.clone());
                relation = Some(name);
            } else {
                cursor.eat("as");
                let alias = alias(cursor).unwrap_or_else(|| name.name.clone());
                scope.sources.push((alias, None));
                return false;
            }
        } else {
            cursor.skip();
            return false;
        }
        cursor.eat("with ordinality");
        cursor.eat("as");
        let written = alias(cursor);
        let name = relation.as_ref().map(|name| name.name.clone()).unwrap_or_default();
        if written.is_some() && cursor.is_symbol(0, '(') {
            // The columns have other names here.
            let _ = cursor.parentheses();
            relation = None;
        }
        scope.sources.push((written.unwrap_or(name), relation));
        false
    }

    /// One token of an expression, or a group in parentheses.
    fn expression(&mut self, cursor: &mut Cursor<'_>, known: &Known<'_>, scope: &mut Scope, in_order: bool) {
        let Some(token) = cursor.token(0) else { return };
        if cursor.is_symbol(0, '(') {
            self.group(cursor, known, scope);
            return;
        }
        if token.kind == TokenKind::Cast {
            cursor.skip();
            if let Ok(name) = cursor.object_name() {
                self.reads.types.push(name);
            }
            return;
        }
        if cursor.is_symbol(0, '*') {
            let selects = ["select", "distinct", "all"].iter().any(|word| behind(cursor, word)) || behind_comma(cursor);
            if selects {
                scope.stars.push(None);
            }
            cursor.skip();
            return;
        }
        let keyword =
            token.kind == TokenKind::Word && WORDS.iter().any(|word| cursor.text_of(token).eq_ignore_ascii_case(word));
        if keyword || !cursor.is_name(0) {
            if cursor.eat("as") {
                scope.given.extend(alias(cursor));
            } else {
                cursor.skip();
            }
            return;
        }
        if is_alias(cursor) {
            scope.given.extend(cursor.name());
            return;
        }
        let mut parts = Vec::new();
        while let Ok(name) = cursor.name() {
            parts.push(name);
            if !cursor.eat_symbol('.') {
                break;
            }
            if cursor.is_symbol(0, '*') {
                cursor.skip();
                scope.stars.push(parts.pop());
                return;
            }
        }
        if cursor.is_symbol(0, '(') {
            let is_builtin = |name: &String| FUNCTIONS.iter().any(|known| name.eq_ignore_ascii_case(known));
            // Elsewhere names of the SELECT's own columns may stand, or those of a table that is written to.
            let asks = matches!(self.clause, Some(Clause::Items | Clause::Where | Clause::From { .. }));
            if asks && parts.len() == 1 && token.kind == TokenKind::Word && parts.iter().all(is_builtin) {
                self.arguments(cursor, known, scope);
            }
            return;
        }
        // A string of a named type: `date '2020-01-01'`.
        if cursor.is_string() {
            return;
        }
        let Some(name) = parts.pop() else {
            cursor.skip();
            return;
        };
        let qualifier = parts.pop();
        if !(in_order && qualifier.is_none() && scope.given.contains(&name)) {
            scope.named.push(Named { qualifier, column: name, alone: false, is_item: false });
        }
    }

    /// `(a, b)` behind the name of a function that takes values: a name that is all of an argument is a column.
    fn arguments(&mut self, cursor: &mut Cursor<'_>, known: &Known<'_>, scope: &mut Scope) {
        if is_query(cursor, 1) {
            self.group(cursor, known, scope);
            return;
        }
        let Ok(mut inside) = cursor.inside() else {
            cursor.skip();
            return;
        };
        self.depth += 1;
        let mut fresh = true;
        while self.depth < MAX_DEPTH && !inside.at_end() {
            if inside.eat_symbol(',') {
                fresh = true;
            } else if !(fresh && (inside.eat("distinct") || inside.eat("all"))) {
                let mut behind = inside.clone();
                behind.skip();
                let sure = fresh
                    && (behind.at_end() || behind.is_symbol(0, ','))
                    && may_be_column(&inside, self.target.as_deref());
                let known_names = scope.named.len();
                self.expression(&mut inside, known, scope, false);
                if let Some(named) = scope.named.get_mut(known_names).filter(|_| sure) {
                    named.alone = true;
                    named.is_item = self.clause == Some(Clause::Items);
                }
                fresh = false;
            }
        }
        self.depth -= 1;
    }

    /// `( … )`: a query of its own, or a part of the expression.
    fn group(&mut self, cursor: &mut Cursor<'_>, known: &Known<'_>, scope: &mut Scope) {
        let query = is_query(cursor, 1);
        let Ok(mut inside) = cursor.inside() else {
            cursor.skip();
            return;
        };
        if query {
            self.query(&mut inside, known, scope);
            return;
        }
        self.depth += 1;
        while self.depth < MAX_DEPTH && !inside.at_end() {
            self.expression(&mut inside, known, scope, false);
        }
        self.depth -= 1;
    }
}

/// The names that a WITH gives to all of its queries at once, behind the word: those of a recursive one. One that is not may be
/// called like the table that it reads; SQLite wants no word for it.
pub(super) fn recursive(cursor: &mut Cursor<'_>) -> BTreeSet<String> {
    if !cursor.eat("recursive") && matches!(cursor.dialect, Dialect::PostgreSql | Dialect::MySql) {
        return BTreeSet::new();
    }
    let mut ahead = cursor.clone();
    std::iter::from_fn(|| common(&mut ahead)).map(|(name, _)| name).collect()
}

/// One query of a WITH and the comma behind it: `name [(columns)] AS [[NOT] MATERIALIZED] ( query )`.
pub(super) fn common<'a>(cursor: &mut Cursor<'a>) -> Option<(String, Cursor<'a>)> {
    let mut own = cursor.clone();
    let name = own.name().ok()?;
    if own.is_symbol(0, '(') {
        own.parentheses().ok()?;
    }
    if !own.eat("as") {
        return None;
    }
    own.eat("not");
    own.eat("materialized");
    let inside = own.inside().ok()?;
    own.eat_symbol(',');
    *cursor = own;
    Some((name, inside))
}

/// Whether a query begins so many tokens ahead, behind further parentheses or not; those that are nested too deeply to be
/// followed hold none.
pub(super) fn is_query(cursor: &Cursor<'_>, mut ahead: usize) -> bool {
    let deepest = ahead + MAX_DEPTH;
    while ahead < deepest && cursor.is_symbol(ahead, '(') {
        ahead += 1;
    }
    ["select", "with", "values", "table"].iter().any(|word| cursor.is_word(ahead, word))
}

fn before<'a>(cursor: &Cursor<'a>) -> Option<(TokenKind, &'a str)> {
    let at = cursor.position().checked_sub(1)?;
    cursor.tokens(at, at + 1).first().map(|token| (token.kind, cursor.text_of(*token)))
}

fn behind(cursor: &Cursor<'_>, word: &str) -> bool {
    before(cursor).is_some_and(|(kind, text)| kind == TokenKind::Word && text.eq_ignore_ascii_case(word))
}

fn behind_comma(cursor: &Cursor<'_>) -> bool {
    before(cursor).is_some_and(|(kind, _)| kind == TokenKind::Symbol(','))
}

/// Whether the name in front is one that is given without AS: it follows a value.
fn is_alias(cursor: &Cursor<'_>) -> bool {
    before(cursor).is_some_and(|(kind, text)| match kind {
        TokenKind::Quoted | TokenKind::Number | TokenKind::Text | TokenKind::Symbol(')' | ']') => true,
        TokenKind::Word => !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)),
        _ => false,
    })
}

/// The name that is given to a source or a column, where one is.
fn alias(cursor: &mut Cursor<'_>) -> Option<String> {
    let token = cursor.token(0)?;
    let keyword =
        token.kind == TokenKind::Word && WORDS.iter().any(|word| cursor.text_of(token).eq_ignore_ascii_case(word));
    if keyword || !cursor.is_name(0) { None } else { cursor.name().ok() }
}

/// Whether the name in front stands where nothing but a column can: as a thing that is selected, or on the left of a
/// comparison.
fn surely_column(cursor: &Cursor<'_>, clause: Clause, target: Option<&str>) -> bool {
    if !may_be_column(cursor, target) {
        return false;
    }
    let mut behind = cursor.clone();
    behind.skip();
    if clause == Clause::Where {
        return is_comparison(&behind);
    }
    behind.at_end() || behind.is_symbol(0, ',') || ["from", "as", "into"].iter().any(|word| behind.is_word(0, word))
}

/// Whether a name stands in front that may be a column and nothing else; `target` is the column that it is written to.
fn may_be_column(cursor: &Cursor<'_>, target: Option<&str>) -> bool {
    let Some(token) = cursor.token(0).filter(|_| cursor.is_name(0)) else { return false };
    let text = cursor.text_of(token);
    if token.kind == TokenKind::Word {
        return ![WORDS, NO_COLUMNS].iter().any(|words| words.iter().any(|word| text.eq_ignore_ascii_case(word)));
    }
    // Most builds of SQLite take a name in double quotes that is no column for a text. Nobody means one that says what the
    // column is called into which it is written, as where a table is copied into its successor.
    let is_text = cursor.dialect == Dialect::Sqlite && text.starts_with('"');
    !is_text || cursor.clone().name().is_ok_and(|name| target.is_some_and(|target| name.eq_ignore_ascii_case(target)))
}

/// Whether an operator follows on whose left a value stands.
fn is_comparison(cursor: &Cursor<'_>) -> bool {
    let Some(token) = cursor.token(0) else { return false };
    let text = cursor.text_of(token);
    match token.kind {
        // `name => value` is an argument.
        TokenKind::Symbol('=') => !cursor.is_symbol(1, '>'),
        TokenKind::Symbol('<' | '>') | TokenKind::Cast => true,
        TokenKind::Operator => matches!(text, "<>" | "!=" | "<=" | ">=" | "~~" | "!~" | "~*"),
        TokenKind::Word => COMPARISONS.iter().any(|word| text.eq_ignore_ascii_case(word)),
        _ => false,
    }
}
