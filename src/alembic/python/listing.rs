//! Listings of folders: `Path(__file__).parent.glob("*.sql")`, `os.listdir(folder)`.
//!
//! The order of a listing is that of the file system, which no one knows: only one that is sorted, or of one file, is read.

use std::rc::Rc;

use super::files::{normalized, path_of};
use super::interpreter::Interpreter;
use super::value::{SymbolKind, Unknown, Value};
use crate::source::{Place, RepoPath};

/// The most names that a listing is read of.
const MAX_NAMES: usize = 2000;

/// How a listing gives its files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gives {
    /// `pathlib.Path`s.
    Paths,
    /// Paths as strings.
    Texts,
    /// Names.
    Names,
}

impl Interpreter<'_> {
    /// The items of a listing of a folder; none where the value is none, or where the folder is not known. `Err` where
    /// their order is not known and matters.
    pub(crate) fn listed(&self, value: &Value, place: &Place) -> Option<Result<Vec<Value>, Rc<Unknown>>> {
        let (folder, pattern, gives) = listing(value)?;
        let folder = normalized(&folder)?;
        let at_roots = self.modules.roots().iter().map(|root| root.join(&folder));
        let (at, names) = std::iter::once(RepoPath::new(&folder))
            .chain(at_roots)
            .find_map(|path| self.modules.names_in(&path).map(|names| (path, names)))?;
        let mut found: Vec<String> = Vec::new();
        for name in names {
            // `glob` leaves names with a dot before them out, `pathlib` does not.
            let hidden = gives == Gives::Texts && name.starts_with('.');
            if !hidden && pattern.as_ref().is_none_or(|pattern| matches(pattern.as_bytes(), name.as_bytes())) {
                found.push(name);
            }
        }
        if found.len() > MAX_NAMES {
            return None;
        }
        if found.len() > 1 && self.sorting == 0 {
            let reason = "the order in which a folder lists its files".to_owned();
            return Some(Err(Rc::new(Unknown { reason, place: place.clone(), shape: None })));
        }
        found.sort();
        let item = |name: String| match gives {
            Gives::Names => Value::str(name),
            Gives::Texts => Value::str(at.join(&name).as_str()),
            Gives::Paths => {
                let args = super::value::Args::positional(vec![Value::str(at.join(&name).as_str())]);
                let callee = Value::external("pathlib.Path");
                Value::symbol(SymbolKind::Call { callee, args }, Some(place.clone()))
            }
        };
        Some(Ok(found.into_iter().map(item).collect()))
    }
}

/// The folder that a value lists, the pattern of its names, and what it gives.
fn listing(value: &Value) -> Option<(String, Option<String>, Gives)> {
    if let Some((path, args)) = value.call_of() {
        if args.positional.len() != 1 || !args.keyword.is_empty() || args.more.is_some() {
            return None;
        }
        let given = path_of(args.positional.first()?, 0)?;
        return match path {
            "os.listdir" => Some((given, None, Gives::Names)),
            "glob.glob" | "glob.iglob" => {
                let (folder, pattern) = given.rsplit_once('/')?;
                (plain(pattern) && !folder.contains(['*', '?', '[']))
                    .then(|| (folder.to_owned(), Some(pattern.to_owned()), Gives::Texts))
            }
            _ => None,
        };
    }
    let (base, name, args) = value.method_call()?;
    let pattern = match name {
        "iterdir" if args.positional.is_empty() => None,
        "glob" => Some(args.get(0, "pattern")?.as_str()?.to_string()),
        _ => return None,
    };
    if pattern.as_ref().is_some_and(|pattern| !plain(pattern)) {
        return None;
    }
    Some((path_of(base, 0)?, pattern, Gives::Paths))
}

/// Whether a pattern is one of names in one folder, with no other signs than stars and question marks.
fn plain(pattern: &str) -> bool {
    !pattern.contains(['/', '[']) && !pattern.contains("**")
}

/// `fnmatch` with `*` and `?`, whole names.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while from < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(sign) if *sign == b'?' || *sign == name[from] => {
                at += 1;
                from += 1;
            }
            _ => match star {
                Some((back, taken)) => {
                    star = Some((back, taken + 1));
                    at = back + 1;
                    from = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).is_none_or(|rest| rest.iter().all(|sign| *sign == b'*'))
}

/// `path.name`, `path.stem`, `path.suffix` of a `pathlib.Path` whose path is known.
pub(crate) fn part_of_path(value: &Value, name: &str) -> Option<Value> {
    if !matches!(name, "name" | "stem" | "suffix") || value.call_of().is_none_or(|(path, _)| path != "pathlib.Path") {
        return None;
    }
    let path = path_of(value, 0)?;
    let file = path.rsplit('/').next()?;
    let (stem, suffix) = match file.rfind('.') {
        Some(dot) if dot > 0 && dot + 1 < file.len() => file.split_at(dot),
        _ => (file, ""),
    };
    Some(Value::str(match name {
        "name" => file,
        "stem" => stem,
        _ => suffix,
    }))
}

/// What a `pathlib.Path` is sorted by: its parts.
pub(crate) fn order_of_path(value: &Value) -> Option<Value> {
    value.call_of().filter(|(path, _)| *path == "pathlib.Path")?;
    Some(Value::tuple(path_of(value, 0)?.split('/').map(Value::str).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_whole() {
        let of = |pattern: &str, name: &str| matches(pattern.as_bytes(), name.as_bytes());
        assert!(of("*.sql", "a.sql") && of("*", "") && of("a?c*", "abcd") && of("*a*b", "xaab"));
        assert!(!of("*.sql", "a.sqlx") && !of("?", "") && !of("a", "ab") && !of("*a*b", "xab.c"));
    }
}
