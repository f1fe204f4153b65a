//! What of a table involves a column: keys, indexes, foreign keys, and the expressions that mention it.

use super::Effect;
use crate::catalog::{Dialect, IndexOn, IndexPart, Table};

/// Whether one of the parts is that column.
pub(super) fn has_column(parts: &[IndexPart], column: &str) -> bool {
    parts.iter().any(|part| part.column() == Some(column))
}

/// Why a dialect refuses to drop a column that something in its own table needs; PostgreSQL drops that with it.
pub(super) fn column_held(dialect: Dialect, table: &Table, column: &str) -> Option<String> {
    let in_key = table.primary_key.as_ref().is_some_and(|key| has_column(&key.columns, column));
    let index = table.indexes.iter().find(|index| {
        let expressions = index.parts.iter().filter_map(|part| match &part.on {
            IndexOn::Expression(text) => Some(text),
            IndexOn::Column(_) => None,
        });
        has_column(&index.parts, column)
            || expressions.clone().any(|text| mentions(text, column))
            || index.include.iter().any(|one| one == column)
            || index.predicate.as_deref().is_some_and(|text| mentions(text, column))
    });
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "without a name".to_owned());
    let foreign = table.foreign_keys.iter().find(|key| key.columns.iter().any(|one| one == column));
    match dialect {
        Dialect::Sqlite | Dialect::SqlServer => {
            if in_key {
                return Some("it is in the primary key".to_owned());
            }
            if let Some(index) = index {
                return Some(format!("the index {} is on it", name(&index.name)));
            }
            // A name that the server made up is found by a query in the migration, which is not evaluated.
            let default = table.column(dialect, column).and_then(|column| column.default_name.as_ref());
            let default = default.map(|default| format!("its default is the constraint {default}"));
            foreign.map(|key| format!("the foreign key {} is on it", name(&key.name))).or(default)
        }
        Dialect::MySql => foreign.map(|key| format!("the foreign key {} is on it", name(&key.name))),
        Dialect::PostgreSql | Dialect::CockroachDb | Dialect::Oracle => None,
    }
    .or_else(|| {
        let last = table.columns.len() == 1 && matches!(dialect, Dialect::MySql | Dialect::Sqlite | Dialect::SqlServer);
        last.then(|| "it is the only one".to_owned())
    })
}

/// Takes a dropped column out of keys and indexes: PostgreSQL drops every index, key and check that involves it, MySQL
/// takes it out of indexes and drops those that it leaves empty.
pub(super) fn detach_column(dialect: Dialect, table: &mut Table, column: &str, effects: &mut Vec<Effect>) {
    let name = table.name.clone();
    let dropped = |what: &'static str, constraint: Option<String>| Effect::ConstraintDropped {
        table: name.clone(),
        what,
        name: constraint,
    };
    if let Some(key) = table.primary_key.as_mut().filter(|key| has_column(&key.columns, column)) {
        if dialect == Dialect::MySql && key.columns.len() > 1 {
            key.columns.retain(|part| part.column() != Some(column));
        } else {
            effects.push(dropped("primary key", key.name.clone()));
            table.primary_key = None;
        }
    }
    let mut kept = Vec::with_capacity(table.indexes.len());
    for mut index in std::mem::take(&mut table.indexes) {
        let involved = has_column(&index.parts, column)
            || index.include.iter().any(|one| one == column)
            || index.predicate.as_deref().is_some_and(|text| mentions(text, column))
            || index.parts.iter().any(|part| match &part.on {
                IndexOn::Expression(text) => mentions(text, column),
                IndexOn::Column(_) => false,
            });
        if involved && dialect == Dialect::MySql {
            index.parts.retain(|part| part.column() != Some(column));
        }
        if !involved || (dialect == Dialect::MySql && !index.parts.is_empty()) {
            kept.push(index);
        } else {
            effects.push(Effect::IndexDropped { table: name.clone(), index: Box::new(index) });
        }
    }
    table.indexes = kept;
    table.foreign_keys.retain(|key| {
        let own = key.columns.iter().any(|one| one == column);
        let to_itself = key.target == name && key.target_columns.iter().any(|one| one == column);
        if own || to_itself {
            effects.push(dropped("foreign key", key.name.clone()));
        }
        !(own || to_itself)
    });
    if dialect.is_postgres_like() {
        table.checks.retain(|check| {
            let involved = check.expression.as_deref().is_some_and(|text| mentions(text, column));
            if involved {
                effects.push(dropped("check", check.name.clone()));
            }
            !involved
        });
    }
}

/// Renames a column in everything of its table that names it.
pub(super) fn rename_in_table(table: &mut Table, from: &str, to: &str) {
    let parts = |parts: &mut Vec<IndexPart>| {
        for part in parts {
            match &mut part.on {
                IndexOn::Column(name) if name == from => to.clone_into(name),
                IndexOn::Column(_) => {}
                IndexOn::Expression(text) => *text = replace_word(text, from, to),
            }
        }
    };
    if let Some(key) = &mut table.primary_key {
        parts(&mut key.columns);
    }
    for index in &mut table.indexes {
        parts(&mut index.parts);
        for include in index.include.iter_mut().filter(|include| *include == from) {
            to.clone_into(include);
        }
        if let Some(predicate) = &mut index.predicate {
            *predicate = replace_word(predicate, from, to);
        }
    }
    for key in &mut table.foreign_keys {
        for column in key.columns.iter_mut().filter(|column| *column == from) {
            to.clone_into(column);
        }
    }
    for check in &mut table.checks {
        if let Some(expression) = &mut check.expression {
            *expression = replace_word(expression, from, to);
        }
    }
    for column in &mut table.columns {
        if let Some(generated) = &mut column.generated {
            generated.expression = replace_word(&generated.expression, from, to);
        }
    }
}

/// The identifiers of an expression: their range, and whether they are quoted. Text in single quotes is passed over.
fn words(expression: &str) -> Vec<(std::ops::Range<usize>, bool)> {
    let mut words = Vec::new();
    let mut rest = expression.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        if c == '\'' {
            for (_, c) in rest.by_ref() {
                if c == '\'' {
                    break;
                }
            }
        } else if c == '"' || c == '`' {
            let mut end = start + 1;
            for (at, other) in rest.by_ref() {
                end = at;
                if other == c {
                    break;
                }
            }
            words.push((start + 1..end, true));
        } else if c.is_alphabetic() || c == '_' {
            let mut end = start + c.len_utf8();
            while let Some(&(at, other)) = rest.peek() {
                if !(other.is_alphanumeric() || other == '_' || other == '$') {
                    break;
                }
                end = at + other.len_utf8();
                rest.next();
            }
            words.push((start..end, false));
        }
    }
    words
}

/// Whether an expression mentions a column.
pub(crate) fn mentions(expression: &str, column: &str) -> bool {
    words(expression).into_iter().any(|(range, quoted)| {
        let word = expression.get(range).unwrap_or_default();
        word == column || (!quoted && word.eq_ignore_ascii_case(column))
    })
}

/// An expression with one column called otherwise.
fn replace_word(expression: &str, from: &str, to: &str) -> String {
    let mut text = String::with_capacity(expression.len());
    let mut at = 0;
    for (range, _) in words(expression) {
        if expression.get(range.clone()) == Some(from) {
            text.push_str(expression.get(at..range.start).unwrap_or_default());
            text.push_str(to);
            at = range.end;
        }
    }
    text.push_str(expression.get(at..).unwrap_or_default());
    text
}

/// The first name in an expression that must be a column and is none of the table's. Only expressions that are made of
/// names, constants and comparisons alone are looked at: in others a word can be much else.
pub(super) fn unknown_column(dialect: Dialect, table: &Table, expression: &str) -> Option<String> {
    const WORDS: &[&str] = &["and", "or", "not", "is", "null", "true", "false", "in", "like", "between"];
    /// Words of the language that other syntax comes with.
    const OTHERS: &[&str] = &[
        "all",
        "any",
        "array",
        "binary",
        "case",
        "collate",
        "current_date",
        "current_time",
        "current_timestamp",
        "current_user",
        "date",
        "distinct",
        "div",
        "escape",
        "exists",
        "glob",
        "ilike",
        "interval",
        "isnull",
        "localtime",
        "localtimestamp",
        "match",
        "mod",
        "notnull",
        "regexp",
        "rlike",
        "row",
        "session_user",
        "similar",
        "some",
        "symmetric",
        "time",
        "timestamp",
        "unknown",
        "user",
        "value",
        "xor",
    ];
    let simple =
        expression.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_'\"().,<>=!-+*/%".contains(c));
    if !simple || table.kind != crate::catalog::TableKind::Plain || !table.parents.is_empty() {
        return None;
    }
    let mut unknown = None;
    for (range, quoted) in words(expression) {
        let word = expression.get(range.clone())?;
        let lower = word.to_lowercase();
        let next = expression.get(range.end..)?.trim_start_matches('"').trim_start();
        let before = expression.get(..range.start)?.trim_end_matches('"');
        if !quoted && WORDS.contains(&lower.as_str()) {
            continue;
        }
        let is_column = table.column(dialect, word).is_some() || table.column(dialect, &lower).is_some();
        if !quoted && !is_column && OTHERS.contains(&lower.as_str()) {
            return None;
        }
        // A function, a qualified name, a number with an exponent, a prefix of a string.
        if next.starts_with(['(', '.', '\'']) || before.ends_with(|c: char| c == '.' || c.is_ascii_digit()) {
            return None;
        }
        // A text that was read may have lost the quotes, and what a column is compared with may be a string then
        // (<https://www.sqlite.org/quirks.html#double_quoted_string_literals_are_accepted>).
        let is_compared = dialect == Dialect::Sqlite && before.trim_end().ends_with(['=', '<', '>']);
        if !is_column && !is_compared {
            unknown = unknown.or_else(|| Some(word.to_owned()));
        }
    }
    // In SQLite a word in double quotes that is no column is a string.
    unknown.filter(|_| !(dialect == Dialect::Sqlite && expression.contains('"')))
}
