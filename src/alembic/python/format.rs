//! Text from values: `str`, `repr`, f-strings, `%` and `str.format`.

use std::fmt::Write as _;
use std::rc::Rc;

use ruff_python_ast::{FStringPart, InterpolatedStringElement};

use super::exec::Frame;
use super::interpreter::{Eval, Interpreter};
use super::operators::reshaped;
use super::parse::ast;
use super::value::{Symbol, SymbolKind, Unknown, Value};
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
                    _ => return Ok(Err(unknown_text(value, place))),
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

    pub(crate) fn eval_fstring(&mut self, frame: &Frame, expr: &ast::ExprFString) -> Eval<Value> {
        let mut text = String::new();
        let mut unknown: Option<Rc<Unknown>> = None;
        for part in expr.value.as_slice() {
            match part {
                FStringPart::Literal(literal) => text.push_str(&literal.value),
                FStringPart::FString(part) => {
                    for element in &part.elements {
                        match element {
                            InterpolatedStringElement::Literal(literal) => text.push_str(&literal.value),
                            InterpolatedStringElement::Interpolation(part) => {
                                let value = self.eval(frame, &part.expression)?;
                                let place = frame.file.place(part);
                                let spec = part.format_spec.as_ref().and_then(|spec| {
                                    let mut text = String::new();
                                    for element in &spec.elements {
                                        match element {
                                            InterpolatedStringElement::Literal(literal) => {
                                                text.push_str(&literal.value);
                                            }
                                            InterpolatedStringElement::Interpolation(_) => return None,
                                        }
                                    }
                                    Some(text)
                                });
                                if part.debug_text.is_some() {
                                    text.push_str(place.text().trim_matches(['{', '}']));
                                }
                                let conversion = match part.conversion {
                                    ast::ConversionFlag::Repr | ast::ConversionFlag::Ascii => Some('r'),
                                    ast::ConversionFlag::Str => Some('s'),
                                    ast::ConversionFlag::None => None,
                                };
                                let spec = match (&part.format_spec, spec) {
                                    (Some(_), None) => None,
                                    (_, spec) => Some(spec.unwrap_or_default()),
                                };
                                match self.formatted(&value, conversion, spec.as_deref(), &place)? {
                                    Ok(part) => text.push_str(&part),
                                    Err(cause) => {
                                        match &cause.shape {
                                            Some(shape) => text.push_str(shape),
                                            None => text.push(Unknown::GAP),
                                        }
                                        unknown = unknown.or(Some(cause));
                                    }
                                }
                                self.grow(text.len() / 16)?;
                            }
                        }
                    }
                }
            }
        }
        match unknown {
            Some(cause) => Ok(Value::Unknown(reshaped(&cause, text))),
            None => self.text(text),
        }
    }

    /// One value in a format; an error holds why it cannot be known.
    fn formatted(
        &mut self,
        value: &Value,
        conversion: Option<char>,
        spec: Option<&str>,
        place: &Place,
    ) -> Eval<Result<String, Rc<Unknown>>> {
        let Some(spec) = spec else { return Ok(Err(unknown_text(value, place))) };
        let text = if conversion == Some('r') {
            match value {
                Value::Unknown(unknown) => return Ok(Err(Rc::clone(unknown))),
                Value::Symbol(_) | Value::Instance(_) => match value.as_str() {
                    Some(text) => quote(&text),
                    None => return Ok(Err(unknown_text(value, place))),
                },
                other => repr(other),
            }
        } else {
            // In a format, a member of an enum that is a string is its value (Python before 3.12) or its name: neither
            // is relied on, but migrations mean the value.
            match (value, value.as_str()) {
                (Value::Instance(_), Some(text)) if conversion.is_none() => text.to_string(),
                _ => match self.to_text(value, place)? {
                    Ok(text) => text,
                    Err(unknown) => return Ok(Err(unknown)),
                },
            }
        };
        Ok(match apply_spec(value, &text, spec) {
            Some(text) => Ok(text),
            None => Err(unknown_text(value, place)),
        })
    }

    /// `format % values`.
    pub(crate) fn percent(&mut self, format: &str, values: &Value, place: &Place) -> Eval<Value> {
        let mut positional = match values {
            Value::Tuple(items) => items.to_vec(),
            other => vec![other.clone()],
        }
        .into_iter();
        let mut text = String::new();
        let mut unknown: Option<Rc<Unknown>> = None;
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                text.push(c);
                continue;
            }
            if chars.peek() == Some(&'%') {
                chars.next();
                text.push('%');
                continue;
            }
            let mut key = None;
            if chars.peek() == Some(&'(') {
                chars.next();
                key = Some(chars.by_ref().take_while(|&c| c != ')').collect::<String>());
            }
            let mut flags = String::new();
            while let Some(&c) = chars.peek() {
                if c.is_ascii_digit() || matches!(c, '-' | '+' | ' ' | '#' | '.') {
                    flags.push(c);
                    chars.next();
                } else {
                    break;
                }
            }
            let Some(kind) = chars.next() else {
                return Err(self.exception("ValueError", "incomplete format", place.clone()));
            };
            let value = match &key {
                Some(key) => match values {
                    Value::Dict(items) => items.borrow().get_str(key).cloned(),
                    Value::Unknown(unknown) => Some(Value::Unknown(Rc::clone(unknown))),
                    _ => None,
                },
                None => positional.next(),
            };
            let Some(value) = value else {
                if let Value::Dict(items) = values
                    && let Some(more) = items.borrow().more.clone()
                {
                    text.push(Unknown::GAP);
                    unknown = unknown.or(Some(more));
                    continue;
                }
                return Err(self.exception("TypeError", "not enough arguments for format string", place.clone()));
            };
            let spec = if flags.is_empty() { String::new() } else { percent_spec(&flags, kind) };
            let conversion = match kind {
                'r' | 'a' => Some('r'),
                's' => Some('s'),
                _ => None,
            };
            match self.formatted(&value, conversion, Some(&spec), place)? {
                Ok(part) => text.push_str(&part),
                Err(cause) => {
                    match &cause.shape {
                        Some(shape) => text.push_str(shape),
                        None => text.push(Unknown::GAP),
                    }
                    unknown = unknown.or(Some(cause));
                }
            }
            self.grow(text.len() / 16)?;
        }
        match unknown {
            Some(cause) => Ok(Value::Unknown(reshaped(&cause, text))),
            None => self.text(text),
        }
    }

    /// `format.format(…)`.
    pub(crate) fn format_method(&mut self, format: &str, args: &super::value::Args, place: &Place) -> Eval<Value> {
        let mut text = String::new();
        let mut unknown: Option<Rc<Unknown>> = None;
        let mut next = 0usize;
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '{' if chars.peek() == Some(&'{') => {
                    chars.next();
                    text.push('{');
                }
                '}' => {
                    if chars.peek() == Some(&'}') {
                        chars.next();
                    }
                    text.push('}');
                }
                '{' => {
                    let mut field = String::new();
                    let mut depth = 0;
                    let mut closed = false;
                    for c in chars.by_ref() {
                        match c {
                            '}' if depth == 0 => {
                                closed = true;
                                break;
                            }
                            '}' => depth -= 1,
                            '{' => depth += 1,
                            _ => {}
                        }
                        field.push(c);
                    }
                    if !closed {
                        return Err(self.exception("ValueError", "expected '}' before end of string", place.clone()));
                    }
                    let (field, spec) = field.split_once(':').map_or((field.as_str(), ""), |(a, b)| (a, b));
                    let (field, conversion) =
                        field.split_once('!').map_or((field, None), |(a, b)| (a, b.chars().next()));
                    let value = self.format_field(field, &mut next, args, place)?;
                    let spec = (!spec.contains('{')).then_some(spec);
                    match self.formatted(&value, conversion, spec, place)? {
                        Ok(part) => text.push_str(&part),
                        Err(cause) => {
                            match &cause.shape {
                                Some(shape) => text.push_str(shape),
                                None => text.push(Unknown::GAP),
                            }
                            unknown = unknown.or(Some(cause));
                        }
                    }
                    self.grow(text.len() / 16)?;
                }
                c => text.push(c),
            }
        }
        match unknown {
            Some(cause) => Ok(Value::Unknown(reshaped(&cause, text))),
            None => self.text(text),
        }
    }

    /// The value that a replacement field names: `0`, `name`, `a.b`, `a[0]`.
    fn format_field(&mut self, field: &str, next: &mut usize, args: &super::value::Args, place: &Place) -> Eval<Value> {
        let end = field.find(['.', '[']).unwrap_or(field.len());
        let (head, mut rest) = field.split_at(end);
        let found = if head.is_empty() {
            *next += 1;
            args.positional.get(*next - 1).cloned()
        } else if let Ok(position) = head.parse::<usize>() {
            args.positional.get(position).cloned()
        } else {
            args.keyword(head).cloned()
        };
        let Some(mut value) = found else {
            if let Some(more) = &args.more {
                return Ok(Value::Unknown(Rc::clone(more)));
            }
            return Err(self.exception("KeyError", head, place.clone()));
        };
        for _ in 0..20 {
            if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                let (name, tail) = after.split_at(end);
                value = self.get_attribute(&value, name, place)?;
                rest = tail;
            } else if let Some(after) = rest.strip_prefix('[') {
                let Some((key, tail)) = after.split_once(']') else { break };
                let index = key.parse::<i64>().map_or_else(|_| Value::str(key), Value::Int);
                value = self.get_item(&value, super::access::Index::Value(index), place)?;
                rest = tail;
            } else {
                break;
            }
        }
        Ok(value)
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

/// A `%` format's flags as a format specification.
fn percent_spec(flags: &str, kind: char) -> String {
    let left = flags.contains('-');
    let body = flags.trim_start_matches(['-', '+', ' ', '#']);
    let align = if left { "<" } else { ">" };
    let kind = if matches!(kind, 'i' | 'u') { 'd' } else { kind };
    if body.starts_with('0') && kind == 'd' {
        format!("{body}{kind}")
    } else {
        format!("{align}{body}{}", if kind == 's' || kind == 'r' { String::new() } else { kind.to_string() })
    }
}

/// `[[fill]align][sign][#][0][width][,][.precision][type]` on a value; none where it is not understood.
fn apply_spec(value: &Value, text: &str, spec: &str) -> Option<String> {
    if spec.is_empty() {
        return Some(text.to_owned());
    }
    let chars: Vec<char> = spec.chars().collect();
    let mut at = 0;
    let mut fill = ' ';
    let mut align = None;
    if chars.len() > 1 && matches!(chars[1], '<' | '>' | '^') {
        fill = chars[0];
        align = Some(chars[1]);
        at = 2;
    } else if matches!(chars[0], '<' | '>' | '^') {
        align = Some(chars[0]);
        at = 1;
    }
    if chars.get(at) == Some(&'0') {
        fill = '0';
        align = align.or(Some('>'));
        at += 1;
    }
    let number = |at: &mut usize| {
        let start = *at;
        while chars.get(*at).is_some_and(char::is_ascii_digit) {
            *at += 1;
        }
        chars[start..*at].iter().collect::<String>().parse::<usize>().ok()
    };
    let width = number(&mut at).unwrap_or(0);
    let mut precision = None;
    if chars.get(at) == Some(&'.') {
        at += 1;
        precision = Some(number(&mut at)?);
    }
    let kind = chars.get(at).copied();
    if at + usize::from(kind.is_some()) != chars.len() || width > 10_000 || precision.is_some_and(|p| p > 1000) {
        return None;
    }
    let body = match (kind, value) {
        (None | Some('s'), _) => match precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text.to_owned(),
        },
        (Some('d'), _) => value.as_int()?.to_string(),
        (Some('x'), _) => format!("{:x}", value.as_int()?),
        (Some('X'), _) => format!("{:X}", value.as_int()?),
        (Some('f'), Value::Float(number)) => format!("{number:.*}", precision.unwrap_or(6)),
        (Some('f'), _) => format!("{}.{}", value.as_int()?, "0".repeat(precision.unwrap_or(6))),
        _ => return None,
    };
    let missing = width.saturating_sub(body.chars().count());
    let numeric = matches!(value, Value::Int(_) | Value::Float(_));
    let pad = |count: usize| fill.to_string().repeat(count);
    Some(match align.unwrap_or(if numeric { '>' } else { '<' }) {
        '<' => format!("{body}{}", pad(missing)),
        '^' => format!("{}{body}{}", pad(missing / 2), pad(missing - missing / 2)),
        _ => format!("{}{body}", pad(missing)),
    })
}
