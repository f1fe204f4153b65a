//! Python's built-in functions.

use std::rc::Rc;

use super::eval::set_of;
use super::interpreter::{Eval, ITEMS, Interpreter, Stop};
use super::kinds::is_instance;
use super::made::AT_RUN_TIME;
use super::operators::order;
use super::value::{Args, SymbolKind, Value};
use crate::source::Place;

/// Names that are there without an import.
const NAMES: &[&str] = &[
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BaseException",
    "DeprecationWarning",
    "EnvironmentError",
    "Exception",
    "FileNotFoundError",
    "FutureWarning",
    "IOError",
    "ImportError",
    "IndexError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "ModuleNotFoundError",
    "NameError",
    "NotImplemented",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PermissionError",
    "RecursionError",
    "RuntimeError",
    "RuntimeWarning",
    "StopIteration",
    "SyntaxError",
    "SystemExit",
    "TimeoutError",
    "TypeError",
    "UnicodeDecodeError",
    "UnicodeError",
    "UserWarning",
    "ValueError",
    "Warning",
    "ZeroDivisionError",
    "__build_class__",
    "__debug__",
    "__import__",
    "abs",
    "all",
    "any",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "exit",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "quit",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
];

/// Whether a name is there without an import.
pub(crate) fn is_builtin(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

/// Built-in names that Python 3 has no more (<https://docs.python.org/3/whatsnew/3.0.html>).
const NAMES_OF_PYTHON_2: &[&str] = &[
    "StandardError",
    "apply",
    "basestring",
    "buffer",
    "cmp",
    "coerce",
    "execfile",
    "file",
    "intern",
    "long",
    "raw_input",
    "reduce",
    "reload",
    "unichr",
    "unicode",
    "xrange",
];

/// Whether a name is there without an import in Python 2 alone.
pub(super) fn is_of_python_2(name: &str) -> bool {
    NAMES_OF_PYTHON_2.binary_search(&name).is_ok()
}

impl Interpreter<'_> {
    pub(super) fn call_builtin(&mut self, name: &str, args: &Args, place: &Place) -> Eval<Option<Value>> {
        let first = args.positional.first();
        let second = args.positional.get(1);
        if name == "exec" {
            self.doubt(format!("what exec() {AT_RUN_TIME}"), place.clone());
        }
        // What is unknown stays so, with its reason.
        if !matches!(
            name,
            "isinstance"
                | "getattr"
                | "hasattr"
                | "setattr"
                | "print"
                | "type"
                | "sorted"
                | "list"
                | "tuple"
                | "set"
                | "zip"
                | "map"
                | "filter"
                | "any"
                | "all"
                | "dict"
                | "enumerate"
                | "reversed"
        ) && let Some(unknown @ Value::Unknown(_)) =
            args.positional.iter().find(|value| matches!(value, Value::Unknown(_)))
        {
            return Ok(Some(unknown.clone()));
        }
        let value = match name {
            "print" | "input" | "breakpoint" | "help" => Value::None,
            "len" => match first {
                Some(Value::Str(text)) => int(text.chars().count()),
                Some(Value::Dict(items) | Value::Set(items)) if items.borrow().more.is_none() => {
                    int(items.borrow().len())
                }
                Some(value) => match value.items() {
                    Some(items) if !items.iter().any(|item| matches!(item, Value::Unknown(_))) => int(items.len()),
                    Some(_) => Value::unknown("the length of a list that is not fully known", place.clone()),
                    None => return Ok(None),
                },
                None => return Ok(None),
            },
            "str" => match first {
                None => Value::str(""),
                Some(value) => match self.to_text(value, place)? {
                    Ok(text) => self.text(text)?,
                    Err(unknown) if matches!(value, Value::Symbol(_)) => {
                        let _ = unknown;
                        return Ok(None);
                    }
                    Err(unknown) => Value::Unknown(unknown),
                },
            },
            "repr" | "ascii" => match first {
                Some(value @ (Value::Symbol(_) | Value::Instance(_))) if value.as_str().is_none() => return Ok(None),
                Some(value) => self.text(super::format::repr(value))?,
                None => return Ok(None),
            },
            "format" => match (first, second) {
                (Some(value), None) => match self.to_text(value, place)? {
                    Ok(text) => self.text(text)?,
                    Err(unknown) => Value::Unknown(unknown),
                },
                _ => return Ok(None),
            },
            "int" => match first {
                None => Value::Int(0),
                Some(Value::Float(number)) =>
                {
                    #[expect(clippy::cast_possible_truncation, reason = "Python truncates too")]
                    Value::Int(*number as i64)
                }
                Some(Value::Str(text)) if second.is_none() => match text.trim().replace('_', "").parse() {
                    Ok(number) => Value::Int(number),
                    Err(_) => return Err(self.exception("ValueError", "invalid literal for int()", place.clone())),
                },
                Some(value) => match value.as_int() {
                    Some(number) => Value::Int(number),
                    None => return Ok(None),
                },
            },
            "float" => match first {
                Some(Value::Float(number)) => Value::Float(*number),
                Some(Value::Str(text)) => match text.trim().parse() {
                    Ok(number) => Value::Float(number),
                    Err(_) => {
                        return Err(self.exception("ValueError", "could not convert string to float", place.clone()));
                    }
                },
                #[expect(clippy::cast_precision_loss, reason = "Python's own conversion loses it too")]
                Some(value) => match value.as_int() {
                    Some(number) => Value::Float(number as f64),
                    None => return Ok(None),
                },
                None => Value::Float(0.0),
            },
            "bool" => match first {
                None => Value::Bool(false),
                Some(value) => match self.truth_of(value)? {
                    Some(truth) => Value::Bool(truth),
                    None => return Ok(None),
                },
            },
            "list" | "tuple" | "set" | "frozenset" | "iter" => {
                let items = match first {
                    None => Vec::new(),
                    Some(value) => match self.iterate(value, place)? {
                        Ok(items) => items,
                        Err(_) if matches!(value, Value::Symbol(_)) => return Ok(None),
                        Err(unknown) => return Ok(Some(Value::Unknown(unknown))),
                    },
                };
                match name {
                    "tuple" => Value::tuple(items),
                    "list" | "iter" => Value::list(items),
                    _ => set_of(items),
                }
            }
            "dict" => return self.make_dict(args, place).map(Some),
            "range" => {
                let bounds: Option<Vec<i64>> = args.positional.iter().map(Value::as_int).collect();
                let (start, end, step) = match bounds.as_deref() {
                    Some([end]) => (0, *end, 1),
                    Some([start, end]) => (*start, *end, 1),
                    Some([start, end, step]) if *step != 0 => (*start, *end, *step),
                    _ => return Ok(Some(Value::unknown("a range", place.clone()))),
                };
                let mut items = Vec::new();
                let mut at = start;
                while if step > 0 { at < end } else { at > end } {
                    if items.len() >= ITEMS {
                        return Err(Stop::Exhausted("longer lists than are evaluated"));
                    }
                    items.push(Value::Int(at));
                    match at.checked_add(step) {
                        Some(next) => at = next,
                        None => break,
                    }
                }
                self.grow(items.len())?;
                Value::list(items)
            }
            "enumerate" => {
                let start = args.get(1, "start").and_then(Value::as_int).unwrap_or(0);
                let items = self.items_or_unknown(first.unwrap_or(&Value::None), place)?;
                let numbered = items
                    .into_iter()
                    .enumerate()
                    .map(|(at, item)| {
                        let at = i64::try_from(at).unwrap_or(i64::MAX);
                        Value::tuple(vec![Value::Int(start.saturating_add(at)), item])
                    })
                    .collect();
                Value::list(numbered)
            }
            "zip" => {
                let mut columns = Vec::new();
                for iterable in &args.positional {
                    match self.iterate(iterable, place)? {
                        Ok(items) => columns.push(items),
                        Err(unknown) => return Ok(Some(Value::Unknown(unknown))),
                    }
                }
                let rows = columns.iter().map(Vec::len).min().unwrap_or(0);
                let zipped: Vec<Value> = (0..rows)
                    .map(|at| Value::tuple(columns.iter().map(|column| column[at].clone()).collect()))
                    .collect();
                Value::list(zipped)
            }
            "map" | "filter" => {
                let Some(function) = first else { return Ok(None) };
                let mut columns = Vec::new();
                for iterable in &args.positional[1..] {
                    match self.iterate(iterable, place)? {
                        Ok(items) => columns.push(items),
                        Err(unknown) => return Ok(Some(Value::Unknown(unknown))),
                    }
                }
                let rows = columns.iter().map(Vec::len).min().unwrap_or(0);
                let mut out = Vec::new();
                for at in 0..rows {
                    self.step()?;
                    let row: Vec<Value> = columns.iter().map(|column| column[at].clone()).collect();
                    if name == "map" {
                        out.push(self.call_value(function, Args::positional(row), place)?);
                        continue;
                    }
                    let item = row.into_iter().next().unwrap_or(Value::None);
                    let test = if function.is_none() {
                        item.clone()
                    } else {
                        self.call_value(function, Args::positional(vec![item.clone()]), place)?
                    };
                    match self.truth_of(&test)? {
                        Some(true) => out.push(item),
                        Some(false) => {}
                        None => out.push(Self::unknown_like(&test, "a filter that is known only at run time", place)),
                    }
                }
                Value::list(out)
            }
            "sorted" | "reversed" => {
                let Some(value) = first else { return Ok(None) };
                self.sorting += usize::from(name == "sorted");
                let items = self.iterate(value, place);
                self.sorting -= usize::from(name == "sorted");
                let mut items = match items? {
                    Ok(items) => items,
                    Err(unknown) => return Ok(Some(Value::Unknown(unknown))),
                };
                if name == "reversed" {
                    items.reverse();
                    return Ok(Some(Value::list(items)));
                }
                match self.sort(items, args, place)? {
                    Some(items) => Value::list(items),
                    None => Value::unknown("the order of values that cannot be compared", place.clone()),
                }
            }
            "min" | "max" => {
                let items = if args.positional.len() == 1 {
                    match self.iterate(&args.positional[0], place)? {
                        Ok(items) => items,
                        Err(unknown) => return Ok(Some(Value::Unknown(unknown))),
                    }
                } else {
                    args.positional.clone()
                };
                match self.sort(items, args, place)? {
                    Some(items) => match if name == "min" { items.first() } else { items.last() } {
                        Some(value) => value.clone(),
                        None => match args.keyword("default") {
                            Some(default) => default.clone(),
                            None => return Err(self.exception("ValueError", "empty sequence", place.clone())),
                        },
                    },
                    None => Value::unknown("the order of values that cannot be compared", place.clone()),
                }
            }
            "sum" => {
                let mut total = second.cloned().unwrap_or(Value::Int(0));
                for item in self.items_or_unknown(first.unwrap_or(&Value::None), place)? {
                    total = self.binary(ruff_python_ast::Operator::Add, &total, &item, place)?;
                }
                total
            }
            "any" | "all" => {
                let Some(value) = first else { return Ok(None) };
                let items = match self.iterate(value, place)? {
                    Ok(items) => items,
                    Err(unknown) => return Ok(Some(Value::Unknown(unknown))),
                };
                let decisive = name == "any";
                let mut unknown = None;
                for item in items {
                    match self.truth_of(&item)? {
                        Some(truth) if truth == decisive => return Ok(Some(Value::Bool(decisive))),
                        Some(_) => {}
                        None => unknown = unknown.or(Some(item)),
                    }
                }
                match unknown {
                    Some(cause) => Self::unknown_like(&cause, "a condition that is known only at run time", place),
                    None => Value::Bool(!decisive),
                }
            }
            "abs" | "round" => match first {
                Some(Value::Float(number)) => Value::Float(if name == "abs" { number.abs() } else { number.round() }),
                Some(value) => match value.as_int() {
                    Some(number) if name == "abs" => Value::Int(number.saturating_abs()),
                    Some(number) => Value::Int(number),
                    None => return Ok(None),
                },
                None => return Ok(None),
            },
            "chr" => {
                match first.and_then(Value::as_int).and_then(|code| u32::try_from(code).ok()).and_then(char::from_u32) {
                    Some(c) => Value::str(c.encode_utf8(&mut [0; 4])),
                    None => return Ok(None),
                }
            }
            "ord" => match first.and_then(Value::as_str).and_then(|text| text.chars().next()) {
                Some(c) => Value::Int(i64::from(u32::from(c))),
                None => return Ok(None),
            },
            "next" => match first {
                Some(Value::List(items)) => {
                    let mut items = items.borrow_mut();
                    if items.is_empty() {
                        match second {
                            Some(default) => default.clone(),
                            None => return Err(self.exception("StopIteration", "", place.clone())),
                        }
                    } else {
                        items.remove(0)
                    }
                }
                _ => return Ok(None),
            },
            "getattr" => {
                let (Some(object), Some(attribute)) = (first, second.and_then(Value::as_str)) else {
                    return Ok(Some(Value::unknown("an attribute whose name is computed", place.clone())));
                };
                let Some(default) = args.positional.get(2) else {
                    return self.get_attribute(object, &attribute, place).map(Some);
                };
                self.catching += 1;
                let found = self.get_attribute(object, &attribute, place);
                self.catching -= 1;
                match found {
                    Ok(value) => value,
                    Err(Stop::Raise(_)) => default.clone(),
                    Err(stop) => return Err(stop),
                }
            }
            "hasattr" => {
                let (Some(object), Some(attribute)) = (first, second.and_then(Value::as_str)) else {
                    return Ok(Some(Value::unknown("an attribute whose name is computed", place.clone())));
                };
                if let Value::Unknown(_) = object {
                    return Ok(Some(object.clone()));
                }
                if let Value::Class(class) = object
                    && let Some(known) = self.class_has(class, &attribute)
                {
                    return Ok(Some(Value::Bool(known)));
                }
                self.catching += 1;
                let found = self.get_attribute(object, &attribute, place);
                self.catching -= 1;
                match found {
                    Ok(Value::Symbol(_))
                        if matches!(object, Value::Symbol(_) | Value::Class(_) | Value::Instance(_)) =>
                    {
                        let copies = matches!(&*attribute, "copy" | "_copy")
                            && object.call_of().is_some_and(|(path, _)| path.starts_with("sqlalchemy."));
                        if copies || object.path().is_some_and(|path| path.starts_with("sqlalchemy")) {
                            Value::Bool(true)
                        } else {
                            Value::unknown(format!("whether an object has `{attribute}`"), place.clone())
                        }
                    }
                    Ok(Value::Unknown(unknown)) => Value::Unknown(unknown),
                    Ok(_) => Value::Bool(true),
                    Err(Stop::Raise(_)) => Value::Bool(false),
                    Err(stop) => return Err(stop),
                }
            }
            "setattr" | "object.__setattr__" => {
                if let (Some(object), Some(attribute), Some(value)) =
                    (first, second.and_then(Value::as_str), args.positional.get(2))
                {
                    self.set_attribute(object, &attribute, value.clone(), place);
                }
                Value::None
            }
            "callable" => match first {
                Some(Value::Function(_) | Value::Bound(_) | Value::Class(_)) => Value::Bool(true),
                Some(Value::Symbol(_) | Value::Instance(_)) | None => return Ok(None),
                Some(_) => Value::Bool(false),
            },
            "isinstance" | "issubclass" => {
                let (Some(object), Some(class)) = (first, second) else { return Ok(None) };
                match is_instance(object, class, name == "issubclass") {
                    Some(truth) => Value::Bool(truth),
                    None => Self::unknown_like(object, "the class of an object", place),
                }
            }
            "type" => {
                if args.positional.len() == 3 {
                    let made = self.made_class(args, place)?;
                    if made.is_none() {
                        self.doubt_class(name, second, place);
                    }
                    return Ok(made);
                }
                match first {
                    Some(Value::Instance(instance)) => Value::Class(Rc::clone(&instance.class)),
                    Some(object @ Value::Class(_)) => return self.get_attribute(object, "__class__", place).map(Some),
                    Some(Value::Symbol(symbol)) => match &symbol.kind {
                        SymbolKind::Call { callee, .. } => callee.clone(),
                        _ => return Ok(None),
                    },
                    Some(Value::Unknown(unknown)) => Value::Unknown(Rc::clone(unknown)),
                    Some(
                        value @ (Value::Bool(_)
                        | Value::Int(_)
                        | Value::Float(_)
                        | Value::Str(_)
                        | Value::List(_)
                        | Value::Tuple(_)
                        | Value::Dict(_)
                        | Value::Set(_)),
                    ) => Value::external(format!("builtins.{}", value.type_name())),
                    _ => return Ok(None),
                }
            }
            "__import__" => match first.and_then(Value::as_str) {
                Some(dotted) => match self.import(&dotted) {
                    Some(module) => Value::Module(module),
                    None => Self::library(&dotted, place),
                },
                None => return Ok(None),
            },
            "open" if args.get(0, "file").is_some_and(|path| self.is_readable(path)) => return Ok(None),
            "open" | "eval" | "exec" | "compile" => {
                Value::unknown(format!("what {name}() gives at run time"), place.clone())
            }
            "exit" | "quit" => return Err(self.exception("SystemExit", "", place.clone())),
            _ => return Ok(None),
        };
        Ok(Some(value))
    }

    fn make_dict(&mut self, args: &Args, place: &Place) -> Eval<Value> {
        let mut dict = super::dict::Dict::default();
        match args.positional.first() {
            Some(Value::Dict(items)) => dict = items.borrow().clone(),
            Some(value) => match self.iterate(value, place)? {
                Ok(items) => {
                    for item in items {
                        match item.items().as_deref() {
                            Some([key, value]) => dict.insert(key.clone(), value.clone()),
                            _ => {
                                if let Value::Unknown(unknown) =
                                    Self::unknown_like(&item, "an entry of a mapping", place)
                                {
                                    dict.more = Some(unknown);
                                }
                            }
                        }
                    }
                }
                Err(unknown) => dict.more = Some(unknown),
            },
            None => {}
        }
        for (name, value) in &args.keyword {
            dict.insert(Value::Str(Rc::clone(name)), value.clone());
        }
        if let Some(more) = &args.more {
            dict.more = Some(Rc::clone(more));
        }
        Ok(Value::Dict(Rc::new(std::cell::RefCell::new(dict))))
    }

    /// Sorts by `key=` and `reverse=`; none where values cannot be compared.
    pub(crate) fn sort(&mut self, items: Vec<Value>, args: &Args, place: &Place) -> Eval<Option<Vec<Value>>> {
        let mut keyed = Vec::with_capacity(items.len());
        let key = args.keyword("key").filter(|key| !key.is_none()).cloned();
        for item in items {
            let by = match &key {
                Some(key) => self.call_value(key, Args::positional(vec![item.clone()]), place)?,
                None => super::listing::order_of_path(&item).unwrap_or_else(|| item.clone()),
            };
            keyed.push((by, item));
        }
        let mut comparable = true;
        if keyed.len() == 1 {
            return Ok(Some(keyed.into_iter().map(|(_, item)| item).collect()));
        }
        // The comparison must stay a total order: values that cannot be compared are found first.
        for pair in keyed.windows(2) {
            comparable &= order(&pair[0].0, &pair[1].0).is_some();
        }
        if !comparable {
            return Ok(None);
        }
        let reverse = args.keyword("reverse").and_then(Value::as_bool) == Some(true);
        // An insertion by binary search cannot meet an inconsistent order with a panic, as `sort_by` may.
        let mut sorted: Vec<(Value, Value)> = Vec::with_capacity(keyed.len());
        for (by, item) in keyed {
            let at = sorted.partition_point(|(other, _)| {
                let ordering = order(other, &by).unwrap_or(std::cmp::Ordering::Equal);
                if reverse { ordering.is_ge() } else { ordering.is_le() }
            });
            sorted.insert(at, (by, item));
        }
        self.grow(sorted.len())?;
        Ok(Some(sorted.into_iter().map(|(_, item)| item).collect()))
    }
}

fn int(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_for_the_search() {
        assert!(NAMES.is_sorted());
        assert!(is_builtin("len") && is_builtin("zip") && !is_builtin("op"));
    }
}
