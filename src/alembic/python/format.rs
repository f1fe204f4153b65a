//! Text from values: `str`, `repr`, f-strings, `%` and `str.format`.

mod template;

use std::fmt::Write as _;
use std::rc::Rc;

use super::interpreter::{Eval, Interpreter};
use super::operators::reshaped;
use super::value::{Symbol, SymbolKind, Text, Unknown, Value};
use crate::source::Place;

/// How deep and how long a `repr` goes.
const DEPTH: usize = 8;
const LENGTH: usize = 4096;

/// As Python's `repr` would show it, bounded.
pub(crate) fn repr(value: &Value) -> String {
    let mut out = String::new();
    write_repr(&mut out, value, 0);
    out
}

fn write_list<'v>(out: &mut String, items: impl Iterator<Item = &'v Value>, depth: usize) {
    for (position, item) in items.enumerate() {
        if position > 0 {
            out.push_str(", ");
        }
        write_repr(out, item, depth + 1);
        if out.len() > LENGTH {
            out.push_str(", …");
            return;
        }
    }
}

fn write_repr(out: &mut String, value: &Value, depth: usize) {
    if depth > DEPTH || out.len() > LENGTH {
        out.push('…');
        return;
    }
    match value {
        Value::None => out.push_str("None"),
        Value::Ellipsis => out.push_str("..."),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Float(number) => out.push_str(&float(*number)),
        Value::Str(text) => out.push_str(&quote(text)),
        Value::Bytes(bytes) => {
            let _ = write!(out, "b{}", quote(&String::from_utf8_lossy(bytes)));
        }
        Value::List(items) => {
            out.push('[');
            write_list(out, items.borrow().iter(), depth);
            out.push(']');
        }
        Value::Tuple(items) => {
            out.push('(');
            write_list(out, items.iter(), depth);
            out.push_str(if items.len() == 1 { ",)" } else { ")" });
        }
        Value::Set(items) => {
            out.push('{');
            write_list(out, items.borrow().keys(), depth);
            out.push('}');
        }
        Value::Dict(items) => {
            out.push('{');
            for (position, (key, value)) in items.borrow().iter().enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                write_repr(out, key, depth + 1);
                out.push_str(": ");
                write_repr(out, value, depth + 1);
                if out.len() > LENGTH {
                    out.push('…');
                    break;
                }
            }
            out.push('}');
        }
        Value::Function(function) => {
            let _ = write!(out, "<function {}>", function.name);
        }
        Value::Bound(bound) => {
            let _ = write!(out, "<method {}>", bound.function.name);
        }
        Value::Class(class) => {
            let _ = write!(out, "<class {}.{}>", class.module, class.name);
        }
        Value::Instance(instance) => {
            let _ = match instance.get("name") {
                Some(Value::Str(name)) if instance.class.is_enum() => write!(out, "{}.{name}", instance.class.name),
                _ => write!(out, "<{} object>", instance.class.name),
            };
        }
        Value::Module(module) => {
            let _ = write!(out, "<module {}>", module.name);
        }
        Value::Symbol(symbol) => write_symbol(out, symbol, depth),
        Value::Unknown(unknown) => {
            let _ = write!(out, "<unknown: {}>", unknown.reason);
        }
        Value::Deferred(deferred) => {
            let _ = write!(out, "<{} of {}>", deferred.name, deferred.module.name);
        }
    }
}

fn write_symbol(out: &mut String, symbol: &Symbol, depth: usize) {
    match &symbol.kind {
        SymbolKind::External(path) => out.push_str(path),
        SymbolKind::Call { callee, args } => {
            write_repr(out, callee, depth + 1);
            out.push('(');
            write_list(out, args.positional.iter(), depth);
            for (position, (name, value)) in args.keyword.iter().enumerate() {
                if position > 0 || !args.positional.is_empty() {
                    out.push_str(", ");
                }
                let _ = write!(out, "{name}=");
                write_repr(out, value, depth + 1);
            }
            out.push(')');
        }
        SymbolKind::Attribute { base, name } => {
            write_repr(out, base, depth + 1);
            let _ = write!(out, ".{name}");
        }
        SymbolKind::Subscript { base, index } => {
            write_repr(out, base, depth + 1);
            out.push('[');
            write_repr(out, index, depth + 1);
            out.push(']');
        }
        SymbolKind::Binary { operator, left, right } => {
            write_repr(out, left, depth + 1);
            let _ = write!(out, " {operator} ");
            write_repr(out, right, depth + 1);
        }
        SymbolKind::Unary { operator, operand } => {
            let _ = write!(out, "{operator} ");
            write_repr(out, operand, depth + 1);
        }
        SymbolKind::Decorated { inner, .. } => write_repr(out, inner, depth + 1),
    }
}

/// A float as Python writes it.
pub(crate) fn float(number: f64) -> String {
    let text = format!("{number:?}");
    match text.as_str() {
        "NaN" => "nan".to_owned(),
        _ => text,
    }
}

/// A string in quotes as Python writes it.
pub(crate) fn quote(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// The shape of a string: its text, with a gap for what is unknown. None for what is no string.
fn shape(value: &Value) -> Option<String> {
    match value {
        Value::Str(text) => Some(text.to_string()),
        Value::Unknown(unknown) => {
            Some(unknown.shape.as_ref().map_or_else(|| Unknown::GAP.to_string(), ToString::to_string))
        }
        Value::Symbol(_) | Value::Instance(_) => {
            Some(value.as_str().map_or_else(|| Unknown::GAP.to_string(), |text| text.to_string()))
        }
        _ => None,
    }
}

/// What alternative statements about rows have in common: they begin alike, and each that changes or removes rows says which.
/// None where one of them is anything else, writes every row, or may hold a second statement.
pub(crate) fn rows_in_common(texts: &[&&Value], unknown: &Rc<Unknown>) -> Option<Rc<Unknown>> {
    let text = |value: &&&Value| match value {
        Value::Str(text) => Some(text.clone()),
        Value::Unknown(unknown) => unknown.shape.clone(),
        _ => None,
    };
    let texts: Vec<Text> = texts.iter().map(text).collect::<Option<_>>()?;
    let is_of_rows = |text: &Text| {
        let text = text.trim().to_lowercase();
        let chooses = ["update ", "delete from "].iter().any(|verb| text.starts_with(verb))
            && text.split_whitespace().any(|word| word == "where");
        (chooses || text.starts_with("insert into ")) && !text.trim_end_matches(';').contains(';')
    };
    if !texts.iter().all(is_of_rows) {
        return None;
    }
    let (first, rest) = texts.split_first()?;
    let mut common: String = rest.iter().fold(first.trim_start().to_owned(), |common, other| {
        let pairs = common.chars().zip(other.trim_start().chars());
        pairs.take_while(|(one, other)| one == other).map(|(one, _)| one).collect()
    });
    // The word at which they part is none of theirs.
    common.truncate(common.rfind(char::is_whitespace).map_or(0, |at| at + 1));
    if common.split_whitespace().count() < 2 {
        return None;
    }
    let inserts = common.get(..7).is_some_and(|verb| verb.eq_ignore_ascii_case("insert "));
    common.push(Unknown::GAP);
    if !inserts && !common.split_whitespace().any(|word| word.eq_ignore_ascii_case("where")) {
        common.push_str(" where ");
        common.push(Unknown::GAP);
    }
    Some(reshaped(unknown, common))
}

/// The unknown string made of parts that are put side by side; none where no part is an unknown of which a shape is
/// worth keeping.
pub(crate) fn join_shapes(parts: &[&Value]) -> Option<Rc<Unknown>> {
    let cause = parts.iter().find_map(|part| part.as_unknown())?;
    let mut text = String::new();
    for part in parts {
        text.push_str(&shape(part)?);
        if text.len() > 100_000 {
            return None;
        }
    }
    Some(reshaped(cause, text))
}

impl Interpreter<'_> {
    /// `str(value)`; an error holds why it cannot be known.
    pub(crate) fn to_text(&mut self, value: &Value, place: &Place) -> Eval<Result<String, Rc<Unknown>>> {
        Ok(Ok(match value {
            Value::Str(text) => text.to_string(),
            Value::Unknown(unknown) => return Ok(Err(Rc::clone(unknown))),
            Value::Instance(instance) => {
                if instance.class.lookup("__str__").is_some() {
                    let method = self.get_attribute(value, "__str__", place)?;
                    let result = self.call_value(&method, super::value::Args::default(), place)?;
                    return match &result {
                        Value::Str(text) => Ok(Ok(text.to_string())),
                        other => Ok(Err(unknown_text(other, place))),
                    };
                }
                match value.as_str() {
                    // `str()` of a member is `Color.red`, but for StrEnum.
                    Some(text) if !instance.class.is_enum() || instance.class.inherits("enum.StrEnum") => {
                        text.to_string()
                    }
                    _ if instance.class.is_enum() => repr(value),
                    _ => return Ok(Err(unknown_text(value, place))),
                }
            }
            Value::Symbol(_) => match value.as_str() {
                Some(text) => text.to_string(),
                None => match value.call_of() {
                    Some(("sqlalchemy.text", args)) => match args.positional.first() {
                        Some(Value::Str(text)) => text.to_string(),
                        _ => return Ok(Err(unknown_text(value, place))),
                    },
                    _ => match super::files::path_of(value, 0) {
                        Some(path) => path,
                        None => return Ok(Err(unknown_text(value, place))),
                    },
                },
            },
            Value::Function(_) | Value::Bound(_) | Value::Module(_) | Value::Deferred(_) => {
                return Ok(Err(unknown_text(value, place)));
            }
            Value::List(_) | Value::Tuple(_) | Value::Dict(_) | Value::Set(_) => {
                let text = repr(value);
                if text.len() > LENGTH || text.contains("<unknown: ") {
                    return Ok(Err(unknown_text(value, place)));
                }
                text
            }
            other => repr(other),
        }))
    }
}

/// Why the text of a value cannot be known.
fn unknown_text(value: &Value, place: &Place) -> Rc<Unknown> {
    match value {
        Value::Unknown(unknown) => Rc::clone(unknown),
        other => {
            let mut what = repr(other);
            if let Some((cut, _)) = what.char_indices().nth(60) {
                what.truncate(cut);
                what.push('…');
            }
            Rc::new(Unknown { reason: format!("the text of `{what}`"), place: place.clone(), shape: None })
        }
    }
}
