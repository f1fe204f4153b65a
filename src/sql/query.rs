//! What a query reads: the relations behind its FROM and JOIN, and the columns of them that it names.
//!
//! A view cannot outlive what it reads, so this is what holds a table or a column back. A query is not understood
//! beyond that; where a name could mean more than one thing, nothing is claimed.

use std::collections::BTreeSet;

use super::cursor::{Cursor, MAX_DEPTH};
use super::lexer::TokenKind;
use crate::catalog::ObjectName;
use crate::catalog::operation::{Mention, Reads};

/// Words that are no columns and behind which no alias stands.
const WORDS: &[&str] = &[
    "all",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "between",
    "both",
    "by",
    "case",
    "cast",
    "collate",
    "cross",
    "current",
    "default",
    "desc",
    "distinct",
    "else",
    "escape",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "filter",
    "first",
    "following",
    "for",
    "force",
    "from",
    "full",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "index",
    "inner",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "last",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "materialized",
    "natural",
    "not",
    "notnull",
    "null",
    "nulls",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "ordinality",
    "outer",
    "over",
    "partition",
    "preceding",
    "range",
    "recursive",
    "regexp",
    "right",
    "rlike",
    "row",
    "rows",
    "select",
    "set",
    "sets",
    "similar",
    "some",
    "straight_join",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "ties",
    "to",
    "trailing",
    "true",
    "unbounded",
    "union",
    "unique",
    "use",
    "using",
    "values",
    "when",
    "where",
    "window",
    "with",
    "within",
    "without",
    "zone",
];

/// Words that end a FROM clause.
const BEHIND_FROM: &[&str] =
    &["where", "group", "having", "order", "limit", "offset", "fetch", "for", "window", "union", "intersect", "except"];

/// One SELECT with what stands in it.
#[derive(Default)]
struct Scope {
    /// What its FROM names: the alias, and the relation where it is one.
    sources: Vec<(String, Option<ObjectName>)>,
    /// Names of columns, with their qualifier.
    named: Vec<(Option<String>, String)>,
    /// Columns that a JOIN … USING names: they are of both sides.
    shared: Vec<String>,
    /// `*`, and `a.*` by its alias.
    stars: Vec<Option<String>>,
    /// Names that the SELECT gives to its columns.
    given: BTreeSet<String>,
    inner: Vec<Scope>,
}

/// What the query in front of the cursor reads, up to its end.
pub(super) fn reads(cursor: &mut Cursor<'_>) -> Reads {
    let mut reader = Reader { reads: Reads::default(), depth: 0 };
    let mut scope = Scope::default();
    let mut query = cursor.rest();
    cursor.skip_all();
    reader.query(&mut query, &BTreeSet::new(), &mut scope);
    let mut reads = reader.reads;
    settle(&scope, &[], &mut reads);
    reads
}

/// What a condition on the rows of `table` reads, up to the end of the cursor; `columns` are read as well.
pub(super) fn condition_reads(cursor: &mut Cursor<'_>, table: &ObjectName, columns: &[String]) -> Reads {
    let mut reader = Reader { reads: Reads::default(), depth: 0 };
    let names = [table.name.as_str(), "new", "old"];
    let mut scope = Scope {
        sources: names.map(|name| (name.to_owned(), Some(table.clone()))).to_vec(),
        named: columns.iter().map(|column| (None, column.clone())).collect(),
        ..Scope::default()
    };
    let mut condition = cursor.rest();
    cursor.skip_all();
    while !condition.at_end() {
        reader.expression(&mut condition, &BTreeSet::new(), &mut scope, false);
    }
    let mut reads = reader.reads;
    settle(&scope, &[], &mut reads);
    reads
}

struct Reader {
    reads: Reads,
    depth: usize,
}

impl Reader {
    /// `[WITH …] SELECT … [UNION SELECT …]`, each SELECT a scope inside `outer`.
    fn query(&mut self, cursor: &mut Cursor<'_>, known: &BTreeSet<String>, outer: &mut Scope) {
        self.depth += 1;
        let mut known = known.clone();
        if self.depth < MAX_DEPTH {
            if cursor.eat("with") {
                cursor.eat("recursive");
                while let Ok(name) = cursor.name() {
                    if cursor.is_symbol(0, '(') && cursor.parentheses().is_err() {
                        break;
                    }
                    known.insert(name);
                    cursor.eat("as");
                    cursor.eat("not");
                    cursor.eat("materialized");
                    let Ok(mut inside) = cursor.inside() else { break };
                    self.query(&mut inside, &known, outer);
                    if !cursor.eat_symbol(',') {
                        break;
                    }
                }
            }
            while !cursor.at_end() {
                let mut scope = Scope::default();
                self.select(cursor, &known, &mut scope);
                outer.inner.push(scope);
            }
        }
        self.depth -= 1;
    }

    /// One SELECT, up to a UNION or the end.
    fn select(&mut self, cursor: &mut Cursor<'_>, known: &BTreeSet<String>, scope: &mut Scope) {
        let (mut in_from, mut wants_source, mut in_order) = (false, false, false);
        while let Some(token) = cursor.token(0) {
            let word =
                if token.kind == TokenKind::Word { cursor.text_of(token).to_ascii_lowercase() } else { String::new() };
            match word.as_str() {
                "union" | "intersect" | "except" => {
                    cursor.skip();
                    return;
                }
                // `a IS DISTINCT FROM b` is a comparison.
                "from" if !behind(cursor, "distinct") => {
                    (in_from, wants_source) = (true, true);
                    cursor.skip();
                    continue;
                }
                "join" | "straight_join" if in_from => {
                    wants_source = true;
                    cursor.skip();
                    continue;
                }
                word if BEHIND_FROM.contains(&word) => {
                    (in_from, wants_source, in_order) = (false, false, word == "order");
                    cursor.skip();
                    continue;
                }
                _ => {}
            }
            if in_from && cursor.is_symbol(0, ',') {
                wants_source = true;
                cursor.skip();
            } else if wants_source {
                wants_source = self.source(cursor, known, scope);
            } else if cursor.eat("using") && cursor.is_symbol(0, '(') {
                scope.shared.extend(cursor.names().unwrap_or_default());
            } else {
                self.expression(cursor, known, scope, in_order);
            }
        }
    }

    /// What stands where FROM wants a relation; says whether one is still wanted.
    fn source(&mut self, cursor: &mut Cursor<'_>, known: &BTreeSet<String>, scope: &mut Scope) -> bool {
        if cursor.eat("only") || cursor.eat("lateral") {
            return true;
        }
        let mut relation = None;
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
            } else if name.schema.is_some() || !known.contains(&name.name) {
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
        if written.is_some() && cursor.is_symbol(0, '(') {
            // The columns have other names here.
            let _ = cursor.parentheses();
        }
        let name = relation.as_ref().map(|name| name.name.clone()).unwrap_or_default();
        scope.sources.push((written.unwrap_or(name), relation));
        false
    }

    /// One token of an expression, or a group in parentheses.
    fn expression(&mut self, cursor: &mut Cursor<'_>, known: &BTreeSet<String>, scope: &mut Scope, in_order: bool) {
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
        // A function, or a string of a named type: `date '2020-01-01'`.
        if cursor.is_symbol(0, '(') || cursor.is_string() {
            return;
        }
        let Some(name) = parts.pop() else {
            cursor.skip();
            return;
        };
        let qualifier = parts.pop();
        if !(in_order && qualifier.is_none() && scope.given.contains(&name)) {
            scope.named.push((qualifier, name));
        }
    }

    /// `( … )`: a query of its own, or a part of the expression.
    fn group(&mut self, cursor: &mut Cursor<'_>, known: &BTreeSet<String>, scope: &mut Scope) {
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

/// Whether a query begins so many tokens ahead, behind further parentheses or not.
pub(super) fn is_query(cursor: &Cursor<'_>, mut ahead: usize) -> bool {
    while cursor.is_symbol(ahead, '(') {
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

/// Finds out which relations each name may be of.
fn settle(scope: &Scope, outer: &[&Scope], reads: &mut Reads) {
    let chain: Vec<&Scope> = std::iter::once(scope).chain(outer.iter().copied()).collect();
    let relations = |scope: &Scope| -> Vec<ObjectName> {
        scope.sources.iter().filter_map(|(_, relation)| relation.clone()).collect()
    };
    let aliased = |qualifier: &str| {
        let sources = chain.iter().flat_map(|scope| &scope.sources);
        sources.into_iter().find(|(alias, _)| alias == qualifier).and_then(|(_, relation)| relation.clone())
    };
    for (qualifier, column) in &scope.named {
        let of = match qualifier {
            Some(qualifier) => aliased(qualifier).map(|relation| vec![vec![relation]]).unwrap_or_default(),
            None => chain.iter().map(|scope| relations(scope)).collect(),
        };
        if !of.is_empty() {
            let qualified = qualifier.is_some();
            reads.mentions.push(Mention { column: Some(column.clone()), of, qualified });
        }
    }
    for column in &scope.shared {
        let each = relations(scope).into_iter().map(|relation| vec![vec![relation]]);
        reads.mentions.extend(each.map(|of| Mention { column: Some(column.clone()), of, qualified: false }));
    }
    for star in &scope.stars {
        let all = match star {
            Some(qualifier) => aliased(qualifier).into_iter().collect(),
            None => relations(scope),
        };
        reads.mentions.extend(all.into_iter().map(|relation| Mention {
            column: None,
            of: vec![vec![relation]],
            qualified: false,
        }));
    }
    for inner in &scope.inner {
        settle(inner, &chain, reads);
    }
}
