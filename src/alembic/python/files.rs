//! Files of the repository that code reads: `open(path).read()`, `Path(__file__).parent / "x.sql"`.
//!
//! Paths are those in the repository: `__file__` is one. Whoever runs the interpreter says which files can be read
//! ([`super::Modules::text`]).

use super::interpreter::Interpreter;
use super::value::{Args, SymbolKind, Value};
use crate::source::RepoPath;

/// How deep the expression of a path may be.
const MAX_DEPTH: usize = 30;

impl Interpreter<'_> {
    /// The text that `base.name(…)` reads, where `base` is a path of the repository or a file that was opened; none
    /// where it reads none that is known.
    pub(crate) fn read_file(&mut self, base: &Value, name: &str, args: &Args) -> Option<Value> {
        let text = match name {
            "read_text" => self.file_text(&path_of(base, 0)?)?,
            // A part of a file is not what is in it.
            "read" if args.positional.is_empty() => self.opened(base)?,
            "readlines" if args.positional.is_empty() => {
                let text = self.opened(base)?;
                let lines = text.split_inclusive('\n').map(Value::str).collect();
                return Some(Value::list(lines));
            }
            _ => return None,
        };
        self.text(text).ok()
    }

    /// The text of `open(path)`, `path.open()`.
    fn opened(&self, file: &Value) -> Option<String> {
        if let Some(("builtins.open" | "io.open" | "codecs.open", args)) = file.call_of() {
            let path = args.get(0, "file").or_else(|| args.keyword("filename"))?;
            let mode = args.get(1, "mode").map_or(Some("r".into()), Value::as_str)?;
            return if mode.contains(['b', 'w', 'a', '+']) { None } else { self.file_text(&path_of(path, 0)?) };
        }
        let (path, "open", _) = file.method_call()? else { return None };
        self.file_text(&path_of(path, 0)?)
    }

    /// Whether a value is the path of a file that can be read.
    pub(crate) fn is_readable(&self, path: &Value) -> bool {
        path_of(path, 0).is_some_and(|path| self.file_text(&path).is_some())
    }

    /// The text of a file: a path as it is in the repository, or relative to where commands run.
    fn file_text(&self, path: &str) -> Option<String> {
        let direct = normalized(path)?;
        let at_roots = self.modules.roots().iter().map(|root| root.join(&direct));
        std::iter::once(RepoPath::new(&direct)).chain(at_roots).find_map(|path| self.modules.text(&path))
    }
}

/// The path that a value is: a string, `pathlib.Path(…)` and what is derived of it, `os.path.join(…)`.
pub(super) fn path_of(value: &Value, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    if let Some(text) = value.as_str() {
        return Some(text.to_string());
    }
    let inner = |value: &Value| path_of(value, depth + 1);
    let joined = |parts: &[Value]| -> Option<String> {
        let parts: Option<Vec<String>> = parts.iter().map(inner).collect();
        Some(parts?.join("/"))
    };
    if let Some((path, args)) = value.call_of() {
        let first = args.positional.first()?;
        return match path {
            "pathlib.Path" | "pathlib.PurePath" | "pathlib.PosixPath" | "pathlib.PurePosixPath" | "os.path.join" => {
                joined(&args.positional)
            }
            "builtins.str" | "os.fspath" | "os.path.abspath" | "os.path.realpath" | "os.path.normpath"
            | "os.path.expanduser" => inner(first),
            "os.path.dirname" => Some(parent(&inner(first)?)),
            _ => None,
        };
    }
    if let Some((base, name, args)) = value.method_call() {
        return match name {
            "resolve" | "absolute" | "expanduser" | "as_posix" => inner(base),
            "joinpath" => Some(format!("{}/{}", inner(base)?, joined(&args.positional)?)),
            "with_name" => Some(format!("{}/{}", parent(&inner(base)?), args.positional.first()?.as_str()?)),
            "with_suffix" => {
                let path = inner(base)?;
                let stem = path.rsplit_once('.').map_or(path.as_str(), |(stem, _)| stem);
                Some(format!("{stem}{}", args.positional.first()?.as_str()?))
            }
            _ => None,
        };
    }
    let Value::Symbol(symbol) = value else { return None };
    match &symbol.kind {
        SymbolKind::Attribute { base, name } if &**name == "parent" => Some(parent(&inner(base)?)),
        SymbolKind::Subscript { base: Value::Symbol(parents), index } => {
            let SymbolKind::Attribute { base, name } = &parents.kind else { return None };
            let levels = usize::try_from(index.as_int()?).ok().filter(|levels| *levels < 100)?;
            let mut path = (&**name == "parents").then(|| inner(base)).flatten()?;
            for _ in 0..=levels {
                path = parent(&path);
            }
            Some(path)
        }
        SymbolKind::Binary { operator: "/", left, right } => Some(format!("{}/{}", inner(left)?, inner(right)?)),
        _ => None,
    }
}

fn parent(path: &str) -> String {
    normalized(path)
        .as_deref()
        .and_then(|path| path.rsplit_once('/'))
        .map_or_else(String::new, |(dir, _)| dir.to_owned())
}

/// A path without `.` and `..`; none where it leaves the repository.
pub(super) fn normalized(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
