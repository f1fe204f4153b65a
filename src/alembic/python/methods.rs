//! Methods of strings, lists, dictionaries, sets and tuples.

use std::cell::RefCell;
use std::rc::Rc;

use super::access::position;
use super::dict::Dict;
use super::eval::set_of;
use super::format::join_shapes;
use super::interpreter::{Eval, ITEMS, Interpreter, Stop};
use super::operators::equal;
use super::value::{Args, Text, Value};
use crate::source::Place;

impl Interpreter<'_> {
    /// `base.name(args)` for a value of a built-in type.
    pub(crate) fn call_method(&mut self, base: &Value, name: &str, args: Args, place: &Place) -> Eval<Value> {
        let value = match base {
            Value::Str(text) => self.string_method(text, name, &args, place)?,
            Value::List(items) => self.list_method(items, name, &args, place)?,
            Value::Dict(items) => self.dict_method(items, name, &args, place)?,
            Value::Set(items) => self.set_method(items, name, &args, place)?,
            Value::Tuple(items) => match name {
                "index" => self.index_of(items, &args, place)?,
                "count" => count_of(items, &args),
                _ => None,
            },
            Value::Bytes(bytes) if name == "decode" => Some(match std::str::from_utf8(bytes) {
                Ok(text) => self.text(text)?,
                Err(_) => return Err(self.exception("UnicodeDecodeError", "invalid bytes", place.clone())),
            }),
            _ => None,
        };
        match value {
            Some(value) => Ok(value),
            None => Ok(match args.positional.iter().find_map(Value::as_unknown) {
                Some(unknown) => Value::Unknown(Rc::clone(unknown)),
                None => Value::unknown(format!("the method `{name}` of a {}", base.type_name()), place.clone()),
            }),
        }
    }

    fn string_method(&mut self, text: &Text, name: &str, args: &Args, place: &Place) -> Eval<Option<Value>> {
        let first = args.positional.first();
        let argument = first.and_then(Value::as_str);
        let changed = |text: String| Some(text);
        let result = match name {
            "lower" | "casefold" => changed(text.to_lowercase()),
            "upper" => changed(text.to_uppercase()),
            "title" => {
                let mut out = String::with_capacity(text.len());
                let mut start = true;
                for c in text.chars() {
                    if start {
                        out.extend(c.to_uppercase());
                    } else {
                        out.extend(c.to_lowercase());
                    }
                    start = !c.is_alphabetic();
                }
                changed(out)
            }
            "capitalize" => {
                let mut chars = text.chars();
                changed(chars.next().map_or_else(String::new, |c| {
                    c.to_uppercase().collect::<String>() + &chars.as_str().to_lowercase()
                }))
            }
            "strip" | "lstrip" | "rstrip" => {
                if first.is_some_and(|value| !value.is_none()) && argument.is_none() {
                    return Ok(None);
                }
                let set: Option<Vec<char>> = argument.map(|set| set.chars().collect());
                let strips = |c: char| set.as_ref().map_or_else(|| c.is_whitespace(), |set| set.contains(&c));
                let mut rest: &str = text;
                if name != "rstrip" {
                    rest = rest.trim_start_matches(strips);
                }
                if name != "lstrip" {
                    rest = rest.trim_end_matches(strips);
                }
                changed(rest.to_owned())
            }
            "removeprefix" => argument.map(|part| text.strip_prefix(&*part).unwrap_or(text).to_owned()),
            "removesuffix" => argument.map(|part| text.strip_suffix(&*part).unwrap_or(text).to_owned()),
            "replace" => {
                let (Some(from), Some(to)) = (argument, args.positional.get(1).and_then(Value::as_str)) else {
                    return Ok(None);
                };
                if from.is_empty() || text.len().saturating_mul(to.len().max(1)) > super::interpreter::STRING {
                    return Ok(Some(Value::unknown("a replacement", place.clone())));
                }
                match args.positional.get(2).and_then(Value::as_int) {
                    Some(count) => changed(text.replacen(&*from, &to, usize::try_from(count).unwrap_or(usize::MAX))),
                    None => changed(text.replace(&*from, &to)),
                }
            }
            "zfill" => {
                let Some(width) = first.and_then(Value::as_int).and_then(|n| usize::try_from(n).ok()) else {
                    return Ok(None);
                };
                let missing = width.min(10_000).saturating_sub(text.chars().count());
                changed(format!("{}{text}", "0".repeat(missing)))
            }
            "ljust" | "rjust" | "center" => {
                let Some(width) = first.and_then(Value::as_int).and_then(|n| usize::try_from(n).ok()) else {
                    return Ok(None);
                };
                let missing = " ".repeat(width.min(10_000).saturating_sub(text.chars().count()));
                changed(if name == "rjust" { format!("{missing}{text}") } else { format!("{text}{missing}") })
            }
            "join" => {
                let Some(value) = first else { return Ok(None) };
                let items = match self.iterate(value, place)? {
                    Ok(items) => items,
                    Err(unknown) => return Ok(Some(Value::Unknown(unknown))),
                };
                let mut parts: Vec<Value> = Vec::with_capacity(items.len() * 2);
                for (at, item) in items.into_iter().enumerate() {
                    if at > 0 {
                        parts.push(Value::Str(Rc::clone(text)));
                    }
                    parts.push(item);
                }
                let texts: Option<Vec<Text>> = parts.iter().map(Value::as_str).collect();
                match texts {
                    Some(texts) => changed(texts.concat()),
                    None => {
                        let parts: Vec<&Value> = parts.iter().collect();
                        return match join_shapes(&parts) {
                            Some(unknown) => Ok(Some(Value::Unknown(unknown))),
                            None => Ok(Some(Value::unknown("a joined text", place.clone()))),
                        };
                    }
                }
            }
            "format" => return self.format_method(text, args, place).map(Some),
            "format_map" => {
                let Some(Value::Dict(items)) = first else { return Ok(None) };
                let mut args = Args::default();
                for (key, value) in items.borrow().iter() {
                    if let Some(key) = key.as_str() {
                        args.keyword.push((key, value.clone()));
                    }
                }
                args.more.clone_from(&items.borrow().more);
                return self.format_method(text, &args, place).map(Some);
            }
            "encode" => return Ok(Some(Value::Bytes(Rc::from(text.as_bytes())))),
            "swapcase" | "expandtabs" | "translate" => None,
            _ => return Ok(self.string_question(text, name, args)),
        };
        result.map(|text| self.text(text)).transpose()
    }

    fn string_question(&mut self, text: &Text, name: &str, args: &Args) -> Option<Value> {
        let first = args.positional.first();
        let argument = first.and_then(Value::as_str);
        let all = |test: fn(char) -> bool| Value::Bool(!text.is_empty() && text.chars().all(test));
        let limit = args.get(1, "maxsplit").and_then(Value::as_int).and_then(|n| usize::try_from(n).ok());
        let list = |parts: Vec<&str>| Value::list(parts.into_iter().map(Value::str).collect());
        Some(match name {
            "startswith" | "endswith" => {
                let test =
                    |part: &str| if name == "startswith" { text.starts_with(part) } else { text.ends_with(part) };
                match first? {
                    Value::Tuple(parts) => {
                        let parts: Option<Vec<Text>> = parts.iter().map(Value::as_str).collect();
                        Value::Bool(parts?.iter().any(|part| test(part)))
                    }
                    _ => Value::Bool(test(&argument?)),
                }
            }
            "isdigit" | "isnumeric" | "isdecimal" => all(|c| c.is_ascii_digit()),
            "isalpha" => all(char::is_alphabetic),
            "isalnum" => all(char::is_alphanumeric),
            "isspace" => all(char::is_whitespace),
            "isupper" => Value::Bool(text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)),
            "islower" => Value::Bool(text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase)),
            "isidentifier" => Value::Bool(!text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')),
            "split" => match (first, argument, limit) {
                (None | Some(Value::None), _, None) => list(text.split_whitespace().collect()),
                (Some(_), Some(separator), _) if separator.is_empty() => return None,
                (Some(_), Some(separator), None) => list(text.split(&*separator).collect()),
                (Some(_), Some(separator), Some(limit)) => {
                    list(text.splitn(limit.saturating_add(1), &*separator).collect())
                }
                _ => return None,
            },
            "rsplit" => {
                let separator = argument.filter(|separator| !separator.is_empty())?;
                match limit {
                    None => list(text.split(&*separator).collect()),
                    Some(limit) => {
                        let mut parts: Vec<&str> = text.rsplitn(limit.saturating_add(1), &*separator).collect();
                        parts.reverse();
                        list(parts)
                    }
                }
            }
            "splitlines" => list(text.lines().collect()),
            "partition" | "rpartition" => {
                let separator = argument.filter(|separator| !separator.is_empty())?;
                let found =
                    if name == "partition" { text.split_once(&*separator) } else { text.rsplit_once(&*separator) };
                let parts = match found {
                    Some((before, after)) => [before, &separator, after],
                    None if name == "partition" => [text, "", ""],
                    None => ["", "", text],
                };
                Value::tuple(parts.into_iter().map(Value::str).collect())
            }
            "find" | "index" | "rfind" => {
                let part = argument?;
                let at = if name == "rfind" { text.rfind(&*part) } else { text.find(&*part) };
                match at {
                    Some(at) => Value::Int(i64::try_from(text[..at].chars().count()).unwrap_or(i64::MAX)),
                    None if name == "index" => return None,
                    None => Value::Int(-1),
                }
            }
            "count" => {
                let part = argument.filter(|part| !part.is_empty())?;
                Value::Int(i64::try_from(text.matches(&*part).count()).unwrap_or(i64::MAX))
            }
            _ => return None,
        })
    }

    fn list_method(
        &mut self,
        list: &Rc<RefCell<Vec<Value>>>,
        name: &str,
        args: &Args,
        place: &Place,
    ) -> Eval<Option<Value>> {
        let first = args.positional.first();
        Ok(Some(match name {
            "append" => {
                let Some(item) = first else { return Ok(None) };
                self.extend_list(list, Ok(vec![item.clone()]), place)?;
                Value::None
            }
            "extend" => {
                let Some(items) = first else { return Ok(None) };
                let items = self.iterate(items, place)?;
                self.extend_list(list, items, place)?;
                Value::None
            }
            "insert" => {
                let (Some(at), Some(item)) = (first.and_then(Value::as_int), args.positional.get(1)) else {
                    return Ok(None);
                };
                let item = self.tainted(item.clone());
                self.grow(1)?;
                let mut items = list.borrow_mut();
                if items.len() >= ITEMS {
                    return Err(Stop::Exhausted("longer lists than are evaluated"));
                }
                let len = items.len();
                let at =
                    if at < 0 { position(at, len).unwrap_or(0) } else { usize::try_from(at).unwrap_or(len).min(len) };
                items.insert(at, item);
                Value::None
            }
            "pop" => {
                let len = list.borrow().len();
                match position(first.and_then(Value::as_int).unwrap_or(-1), len) {
                    Some(at) => list.borrow_mut().remove(at),
                    None => return Err(self.exception("IndexError", "pop from empty list", place.clone())),
                }
            }
            "remove" => {
                let Some(wanted) = first else { return Ok(None) };
                let at = list.borrow().iter().position(|item| equal(item, wanted) == Some(true));
                match at {
                    Some(at) => {
                        list.borrow_mut().remove(at);
                        Value::None
                    }
                    None => return Err(self.exception("ValueError", "list.remove(x): x not in list", place.clone())),
                }
            }
            "clear" => {
                list.borrow_mut().clear();
                Value::None
            }
            "copy" => Value::list(list.borrow().clone()),
            "reverse" => {
                list.borrow_mut().reverse();
                Value::None
            }
            "sort" => {
                let items = list.borrow().clone();
                if let Some(sorted) = self.sort(items, args, place)? {
                    *list.borrow_mut() = sorted;
                }
                Value::None
            }
            "index" => {
                let items = list.borrow().clone();
                return self.index_of(&items, args, place);
            }
            "count" => return Ok(count_of(&list.borrow(), args)),
            _ => return Ok(None),
        }))
    }

    fn index_of(&mut self, items: &[Value], args: &Args, place: &Place) -> Eval<Option<Value>> {
        let Some(wanted) = args.positional.first() else { return Ok(None) };
        match items.iter().position(|item| equal(item, wanted) == Some(true)) {
            Some(at) => Ok(Some(Value::Int(i64::try_from(at).unwrap_or(i64::MAX)))),
            None => Err(self.exception("ValueError", "value is not in the list", place.clone())),
        }
    }

    fn dict_method(&mut self, dict: &Rc<RefCell<Dict>>, name: &str, args: &Args, place: &Place) -> Eval<Option<Value>> {
        let first = args.positional.first();
        let default = args.positional.get(1).cloned();
        let with_more = |mut items: Vec<Value>| {
            items.extend(dict.borrow().more.clone().map(Value::Unknown));
            Value::list(items)
        };
        Ok(Some(match name {
            "get" | "setdefault" | "pop" => {
                let Some(key) = first else { return Ok(None) };
                if let Value::Unknown(unknown) = key {
                    return Ok(Some(Value::Unknown(Rc::clone(unknown))));
                }
                let found = dict.borrow().get(key).cloned();
                let more = dict.borrow().more.clone();
                match (found, more) {
                    (Some(value), _) => {
                        if name == "pop" {
                            dict.borrow_mut().remove(key);
                        }
                        value
                    }
                    (None, Some(more)) => Value::Unknown(more),
                    (None, None) => {
                        if name == "pop" && default.is_none() {
                            return Err(self.exception("KeyError", &super::format::repr(key), place.clone()));
                        }
                        let value = default.unwrap_or(Value::None);
                        if name == "setdefault" {
                            let value = self.tainted(value.clone());
                            dict.borrow_mut().insert(key.clone(), value);
                        }
                        value
                    }
                }
            }
            "keys" => with_more(dict.borrow().keys().cloned().collect()),
            "values" => with_more(dict.borrow().values().cloned().collect()),
            "items" => {
                let items = dict.borrow().iter().map(|(k, v)| Value::tuple(vec![k.clone(), v.clone()])).collect();
                with_more(items)
            }
            "copy" => Value::Dict(Rc::new(RefCell::new(dict.borrow().clone()))),
            "clear" => {
                dict.borrow_mut().clear();
                Value::None
            }
            "update" => {
                let entries: Vec<(Value, Value)> = match first {
                    Some(Value::Dict(other)) => {
                        let more = other.borrow().more.clone();
                        if more.is_some() {
                            dict.borrow_mut().more = more;
                        }
                        other.borrow().iter().cloned().collect()
                    }
                    Some(value) => match self.iterate(value, place)? {
                        Ok(items) => items
                            .iter()
                            .filter_map(|item| match item.items().as_deref() {
                                Some([key, value]) => Some((key.clone(), value.clone())),
                                _ => None,
                            })
                            .collect(),
                        Err(unknown) => {
                            dict.borrow_mut().more = Some(unknown);
                            Vec::new()
                        }
                    },
                    None => Vec::new(),
                };
                let keywords = args.keyword.iter().map(|(name, value)| (Value::Str(Rc::clone(name)), value.clone()));
                for (key, value) in entries.into_iter().chain(keywords) {
                    let value = self.tainted(value);
                    self.grow(1)?;
                    if dict.borrow().len() >= ITEMS {
                        return Err(Stop::Exhausted("longer lists than are evaluated"));
                    }
                    dict.borrow_mut().insert(key, value);
                }
                Value::None
            }
            _ => return Ok(None),
        }))
    }

    fn set_method(&mut self, set: &Rc<RefCell<Dict>>, name: &str, args: &Args, place: &Place) -> Eval<Option<Value>> {
        let first = args.positional.first();
        Ok(Some(match name {
            "add" => {
                let Some(item) = first else { return Ok(None) };
                let item = self.tainted(item.clone());
                if set.borrow().len() >= ITEMS {
                    return Err(Stop::Exhausted("longer lists than are evaluated"));
                }
                set.borrow_mut().insert(item, Value::None);
                Value::None
            }
            "discard" | "remove" => {
                let Some(item) = first else { return Ok(None) };
                let removed = set.borrow_mut().remove(item);
                if removed.is_none() && name == "remove" {
                    return Err(self.exception("KeyError", &super::format::repr(item), place.clone()));
                }
                Value::None
            }
            "copy" => Value::Set(Rc::new(RefCell::new(set.borrow().clone()))),
            "clear" => {
                set.borrow_mut().clear();
                Value::None
            }
            "update" | "union" | "intersection" | "difference" | "issubset" | "issuperset" | "isdisjoint" => {
                let mut others = Vec::new();
                for value in &args.positional {
                    match self.iterate(value, place)? {
                        Ok(items) => others.extend(items),
                        Err(unknown) => return Ok(Some(Value::Unknown(unknown))),
                    }
                }
                let mine: Vec<Value> = set.borrow().keys().cloned().collect();
                let other = set_of(others.iter().cloned());
                let Value::Set(theirs) = &other else { return Ok(None) };
                match name {
                    "update" => {
                        for item in others {
                            let item = self.tainted(item);
                            set.borrow_mut().insert(item, Value::None);
                        }
                        Value::None
                    }
                    "union" => set_of(mine.into_iter().chain(others)),
                    "intersection" => set_of(mine.into_iter().filter(|item| theirs.borrow().contains(item))),
                    "difference" => set_of(mine.into_iter().filter(|item| !theirs.borrow().contains(item))),
                    "issubset" => Value::Bool(mine.iter().all(|item| theirs.borrow().contains(item))),
                    "issuperset" => Value::Bool(others.iter().all(|item| set.borrow().contains(item))),
                    _ => Value::Bool(!mine.iter().any(|item| theirs.borrow().contains(item))),
                }
            }
            _ => return Ok(None),
        }))
    }
}

fn count_of(items: &[Value], args: &Args) -> Option<Value> {
    let wanted = args.positional.first()?;
    let count = items.iter().filter(|item| equal(item, wanted) == Some(true)).count();
    Some(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
}
