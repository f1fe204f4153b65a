//! Types as SQL writes them.

use super::cursor::{Cursor, Origin, Read};
use super::lexer::{TokenKind, tokenize};
use crate::catalog::types::canonical;
use crate::catalog::{ColumnType, Dialect, TypeKind};

/// The type that a text writes (`varchar(255)[]`); unknown where it is none.
pub fn parse(text: &str, dialect: Dialect) -> ColumnType {
    let (tokens, error) = tokenize(text, dialect);
    let origin = Origin::nowhere();
    let mut cursor = Cursor::new(text, &tokens, dialect, &origin);
    match read(&mut cursor) {
        Ok(ty) if cursor.at_end() && error.is_none() => ty,
        _ => ColumnType::unknown(),
    }
}

/// Types of two words and more, by their first.
const LONGER: &[(&str, &[&str])] = &[
    ("double", &["precision"]),
    ("character", &["varying", "large object"]),
    ("char", &["varying"]),
    ("nchar", &["varying"]),
    ("national", &["character varying", "char varying", "character", "char", "varchar"]),
    ("bit", &["varying"]),
    ("binary", &["varying"]),
    ("long", &["varchar", "varbinary"]),
];

/// Reads a type.
pub(crate) fn read(cursor: &mut Cursor<'_>) -> Read<ColumnType> {
    let dialect = cursor.dialect;
    if dialect == Dialect::Sqlite {
        return sqlite(cursor);
    }
    let Some(token) = cursor.token(0) else { return Err(cursor.unexpected("a type")) };
    let quoted = token.kind == TokenKind::Quoted;
    if dialect == Dialect::MySql && !quoted {
        for set in [false, true] {
            if cursor.is_word(0, if set { "set" } else { "enum" }) && cursor.is_symbol(1, '(') {
                cursor.skip();
                let mut inside = cursor.inside()?;
                let mut labels = Vec::new();
                loop {
                    labels.push(inside.string()?);
                    if !inside.eat_symbol(',') {
                        break;
                    }
                }
                mysql_options(cursor);
                return Ok(ColumnType { kind: TypeKind::Inline { set, labels }, array: false });
            }
        }
    }
    cursor.eat("setof");
    let name = cursor.object_name()?;
    let system = name.schema.as_deref().is_none_or(|schema| matches!(schema, "pg_catalog" | "sys"));
    let mut words = if quoted && dialect.is_postgres_like() { name.name.clone() } else { name.name.to_lowercase() };
    if !quoted
        && let Some((_, longer)) = LONGER.iter().find(|(first, _)| *first == words)
        && let Some(more) = longer.iter().find(|more| cursor.looking_at(more))
    {
        cursor.eat(more);
        words = format!("{words} {more}");
    }
    let (args, other) = modifiers(cursor)?;
    if matches!(words.as_str(), "timestamp" | "time") && dialect.is_postgres_like() {
        for zone in ["with time zone", "without time zone"] {
            if cursor.eat(zone) {
                words = format!("{words} {zone}");
            }
        }
    }
    if words == "interval" {
        interval_fields(cursor);
    }
    let (more, _) = if args.is_empty() && other.is_empty() { modifiers(cursor)? } else { (Vec::new(), String::new()) };
    let args = if args.is_empty() { more } else { args };
    let builtin = if system && (!quoted || !dialect.is_postgres_like() || name.name == name.name.to_lowercase()) {
        canonical(dialect, &words, &args)
    } else {
        None
    };
    let mut ty = match builtin {
        Some(ty) if other.is_empty() => ty,
        _ if !args.is_empty() || !other.is_empty() => {
            let args: Vec<String> = args.iter().map(ToString::to_string).collect();
            let written = if other.is_empty() { args.join(",") } else { other };
            ColumnType { kind: TypeKind::Other(format!("{}({written})", name.name)), array: false }
        }
        _ => ColumnType { kind: TypeKind::Named(name), array: false },
    };
    if dialect == Dialect::MySql {
        if mysql_options(cursor)
            && let TypeKind::Builtin { unsigned, .. } = &mut ty.kind
        {
            *unsigned = true;
        }
    } else {
        ty.array = array_marks(cursor);
    }
    Ok(ty)
}

/// `(…)` behind a type: whole numbers, or the text where it holds something else.
fn modifiers(cursor: &mut Cursor<'_>) -> Read<(Vec<i64>, String)> {
    if !cursor.is_symbol(0, '(') {
        return Ok((Vec::new(), String::new()));
    }
    let start = cursor.position() + 1;
    let mut inside = cursor.inside()?;
    let mut args = Vec::new();
    loop {
        if inside.eat("max") {
            args.push(-1);
        } else {
            match inside.number() {
                Ok(number) => args.push(number),
                Err(_) => {
                    let text = cursor.slice(start, cursor.position() - 1);
                    return Ok((Vec::new(), super::expression::canonical(text, cursor.dialect)));
                }
            }
            let _ = inside.eat("char") || inside.eat("byte");
        }
        if !inside.eat_symbol(',') {
            return Ok((args, String::new()));
        }
    }
}

/// `[]`, `[3]`, `ARRAY`, `ARRAY[3]`, any number of them.
fn array_marks(cursor: &mut Cursor<'_>) -> bool {
    let mut array = cursor.eat("array");
    while cursor.is_symbol(0, '[') {
        let close = if cursor.is_symbol(1, ']') {
            2
        } else if cursor.is_symbol(2, ']') {
            3
        } else {
            return array;
        };
        (0..close).for_each(|_| cursor.skip());
        array = true;
    }
    array
}

fn interval_fields(cursor: &mut Cursor<'_>) {
    const FIELDS: &[&str] = &["year", "month", "day", "hour", "minute", "second", "to"];
    while FIELDS.iter().any(|field| cursor.eat(field)) {}
}

/// UNSIGNED, ZEROFILL, CHARACTER SET: says whether it is unsigned.
fn mysql_options(cursor: &mut Cursor<'_>) -> bool {
    let mut unsigned = false;
    loop {
        if cursor.eat("unsigned") || cursor.eat("zerofill") {
            unsigned = true;
        } else if cursor.eat("signed")
            || cursor.eat("ascii")
            || cursor.eat("unicode")
            || cursor.looking_at("binary") && cursor.eat("binary")
        {
        } else if cursor.eat("character set") || cursor.eat("charset") {
            cursor.skip();
        } else {
            return unsigned;
        }
    }
}

/// SQLite takes any words for a type, up to a constraint; no word at all is a type as well.
fn sqlite(cursor: &mut Cursor<'_>) -> Read<ColumnType> {
    const STOPS: &[&str] = &[
        "constraint",
        "primary",
        "not",
        "null",
        "unique",
        "check",
        "default",
        "collate",
        "references",
        "generated",
        "as",
        "on",
        "autoincrement",
        "deferrable",
    ];
    let mut words: Vec<String> = Vec::new();
    while cursor.is_name(0) && !STOPS.iter().any(|stop| cursor.is_word(0, stop)) {
        words.push(cursor.name()?.to_lowercase());
    }
    let (args, other) = modifiers(cursor)?;
    let name = if other.is_empty() { words.join(" ") } else { format!("{}({other})", words.join(" ")) };
    Ok(ColumnType::builtin_with(name, args))
}
