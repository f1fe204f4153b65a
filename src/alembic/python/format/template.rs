//! Strings with values put into them: f-strings, `%` and `str.format`.

use std::rc::Rc;

use ruff_python_ast::{FStringPart, InterpolatedStringElement};

use super::{quote, repr, unknown_text};
use crate::alembic::python::access::Index;
use crate::alembic::python::exec::Frame;
use crate::alembic::python::interpreter::{Eval, Interpreter};
use crate::alembic::python::operators::reshaped;
use crate::alembic::python::parse::ast;
use crate::alembic::python::value::{Args, Unknown, Value};
use crate::source::Place;

/// A string in the making, and the first value in it that cannot be known.
#[derive(Default)]
struct Made {
    text: String,
    unknown: Option<Rc<Unknown>>,
}

impl Made {
    /// Puts a part behind the others, or the shape of an unknown one. How long the text is now.
    fn push(&mut self, part: Result<String, Rc<Unknown>>) -> usize {
        match part {
            Ok(part) => self.text.push_str(&part),
            Err(cause) => match cause.shape.clone() {
                Some(shape) => {
                    self.text.push_str(&shape);
                    self.unknown.get_or_insert(cause);
                }
                None => self.gap(cause),
            },
        }
        self.text.len()
    }

    /// A part of which nothing is known.
    fn gap(&mut self, cause: Rc<Unknown>) {
        self.text.push(Unknown::GAP);
        self.unknown.get_or_insert(cause);
    }

    fn value(self, interpreter: &mut Interpreter<'_>) -> Eval<Value> {
        match self.unknown {
            Some(cause) => Ok(Value::Unknown(reshaped(&cause, self.text))),
            None => interpreter.text(self.text),
        }
    }
}

impl Interpreter<'_> {
    /// `f"…{value!r:>10}…"`.
    pub(crate) fn eval_fstring(&mut self, frame: &Frame, expr: &ast::ExprFString) -> Eval<Value> {
        let mut made = Made::default();
        for part in expr.value.as_slice() {
            match part {
                FStringPart::Literal(literal) => made.text.push_str(&literal.value),
                FStringPart::FString(part) => {
                    for element in &part.elements {
                        match element {
                            InterpolatedStringElement::Literal(literal) => made.text.push_str(&literal.value),
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
                                    made.text.push_str(place.text().trim_matches(['{', '}']));
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
                                let part = self.formatted(&value, conversion, spec.as_deref(), &place)?;
                                self.grow(made.push(part) / 16)?;
                            }
                        }
                    }
                }
            }
        }
        made.value(self)
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
        let mut made = Made::default();
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                made.text.push(c);
                continue;
            }
            if chars.peek() == Some(&'%') {
                chars.next();
                made.text.push('%');
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
                    made.gap(more);
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
            let part = self.formatted(&value, conversion, Some(&spec), place)?;
            self.grow(made.push(part) / 16)?;
        }
        made.value(self)
    }

    /// `format.format(…)`.
    pub(crate) fn format_method(&mut self, format: &str, args: &Args, place: &Place) -> Eval<Value> {
        let mut made = Made::default();
        let mut next = 0usize;
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '{' if chars.peek() == Some(&'{') => {
                    chars.next();
                    made.text.push('{');
                }
                '}' => {
                    if chars.peek() == Some(&'}') {
                        chars.next();
                    }
                    made.text.push('}');
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
                    let part = self.formatted(&value, conversion, spec, place)?;
                    self.grow(made.push(part) / 16)?;
                }
                c => made.text.push(c),
            }
        }
        made.value(self)
    }

    /// The value that a replacement field names: `0`, `name`, `a.b`, `a[0]`.
    fn format_field(&mut self, field: &str, next: &mut usize, args: &Args, place: &Place) -> Eval<Value> {
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
                value = self.get_item(&value, Index::Value(index), place)?;
                rest = tail;
            } else {
                break;
            }
        }
        Ok(value)
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
