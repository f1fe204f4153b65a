//! Functions of Python's standard library.

use std::rc::Rc;

use super::interpreter::{Eval, ITEMS, Interpreter, Stop};
use super::value::{Args, Value};
use crate::source::Place;

impl Interpreter<'_> {
    /// Calls a function of Python itself or its standard library; none leaves the call symbolic.
    pub(crate) fn call_library(&mut self, path: &str, args: &Args, place: &Place) -> Eval<Option<Value>> {
        if let Some(name) = path.strip_prefix("builtins.") {
            return self.call_builtin(name, args, place);
        }
        let first = args.positional.first();
        Ok(Some(match path {
            "os.getenv" | "os.environ.get" | "os.environ.setdefault" | "os.environ.pop" => {
                let name = first.and_then(Value::as_str).unwrap_or_default();
                Value::unknown(format!("the environment variable {name}"), place.clone())
            }
            "enum.Enum" | "enum.IntEnum" | "enum.StrEnum" if args.positional.len() + args.keyword.len() > 1 => {
                return self.functional_enum(path, args, place);
            }
            "types.new_class" => {
                self.doubt_class(path, args.get(1, "bases"), place);
                return Ok(None);
            }
            "collections.OrderedDict" => return self.call_builtin("dict", args, place),
            "collections.defaultdict" => {
                let mut args = args.clone();
                if !args.positional.is_empty() {
                    args.positional.remove(0);
                }
                return self.call_builtin("dict", &args, place);
            }
            "collections.deque" => return self.call_builtin("list", args, place),
            "copy.copy" | "copy.deepcopy" => match first {
                Some(Value::List(items)) => Value::list(items.borrow().clone()),
                Some(Value::Dict(items)) => Value::Dict(Rc::new(std::cell::RefCell::new(items.borrow().clone()))),
                Some(Value::Set(items)) => Value::Set(Rc::new(std::cell::RefCell::new(items.borrow().clone()))),
                Some(other) => other.clone(),
                None => return Ok(None),
            },
            "textwrap.dedent" | "inspect.cleandoc" => match first {
                Some(Value::Str(text)) => {
                    let text = dedent(text);
                    self.text(text)?
                }
                Some(Value::Unknown(unknown)) => Value::Unknown(Rc::clone(unknown)),
                _ => return Ok(None),
            },
            "itertools.chain" => {
                let mut items = Vec::new();
                for iterable in &args.positional {
                    items.extend(self.items_or_unknown(iterable, place)?);
                }
                Value::list(items)
            }
            "itertools.chain.from_iterable" => {
                let mut items = Vec::new();
                for iterable in self.items_or_unknown(first.unwrap_or(&Value::None), place)? {
                    items.extend(self.items_or_unknown(&iterable, place)?);
                }
                Value::list(items)
            }
            "itertools.product" => {
                let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
                for iterable in &args.positional {
                    let items = self.items_or_unknown(iterable, place)?;
                    if rows.len().saturating_mul(items.len()) > ITEMS / 10 {
                        return Err(Stop::Exhausted("longer lists than are evaluated"));
                    }
                    rows = rows
                        .iter()
                        .flat_map(|row| {
                            items.iter().map(|item| {
                                let mut row = row.clone();
                                row.push(item.clone());
                                row
                            })
                        })
                        .collect();
                }
                Value::list(rows.into_iter().map(Value::tuple).collect())
            }
            "os.path.basename" | "os.path.dirname" => {
                // Paths are those in the repository: `__file__` is.
                let Some(text) = args.positional.first().and_then(Value::as_str) else { return Ok(None) };
                let (dir, name) = text.rsplit_once('/').unwrap_or(("", &text));
                Value::str(if path.ends_with("basename") { name } else { dir })
            }
            // What it stands for is made when it is first used.
            "lazy_object_proxy.Proxy" | "lazy_object_proxy.slots.Proxy" | "wrapt.LazyObjectProxy" => match first {
                Some(factory @ (Value::Function(_) | Value::Bound(_))) => {
                    return self.call(&factory.clone(), Args::default(), place).map(Some);
                }
                _ => return Ok(None),
            },
            "typing.cast" => match args.positional.get(1) {
                Some(value) => value.clone(),
                None => return Ok(None),
            },
            "re.sub" | "re.findall" | "re.split" | "re.match" | "re.search" | "re.fullmatch"
                if args.keyword.is_empty() && args.more.is_none() =>
            {
                let Some((pattern, rest)) = args.positional.split_first() else { return Ok(None) };
                return self.call_regex(&path["re.".len()..], pattern, rest, place);
            }
            "re.sub" => Value::unknown("the result of a regular expression", place.clone()),
            _ if [
                "datetime.",
                "uuid.",
                "random.",
                "secrets.",
                "time.",
                "socket.",
                "os.",
                "platform.",
                "getpass.",
                "subprocess.",
            ]
            .iter()
            .any(|module| path.starts_with(module)) =>
            {
                if path.starts_with("os.path.")
                    || matches!(
                        path,
                        "os.listdir" | "datetime.timedelta" | "datetime.datetime" | "datetime.date" | "uuid.UUID"
                    )
                {
                    return Ok(None);
                }
                Value::unknown(format!("what {path}() gives at run time"), place.clone())
            }
            _ => return Ok(None),
        }))
    }

    /// The items of an iterable, or one unknown item.
    pub(super) fn items_or_unknown(&mut self, value: &Value, place: &Place) -> Eval<Vec<Value>> {
        Ok(match self.iterate(value, place)? {
            Ok(items) => items,
            Err(unknown) => vec![Value::Unknown(unknown)],
        })
    }
}

/// `textwrap.dedent`.
fn dedent(text: &str) -> String {
    let indent = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches([' ', '\t']).len())
        .min()
        .unwrap_or(0);
    let mut lines: Vec<&str> = Vec::new();
    for line in text.split('\n') {
        lines.push(if line.trim().is_empty() { "" } else { line.get(indent..).unwrap_or(line) });
    }
    lines.join("\n")
}
