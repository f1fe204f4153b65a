//! `import` statements: which modules are the repository's, which are libraries'.

use std::rc::Rc;

use super::interpreter::{Eval, Imports, Interpreter, Raised, Stop};
use super::modules::{Found, find_below};
use super::names::canonical;
use super::parse::ast;
use super::scope::{Module, ModuleState, Scope, ScopeKind};
use super::value::{Args, Deferred, SymbolKind, Text, Value};
use crate::source::{Place, RepoPath};

/// The variable of a module's scope that lists libraries imported with `*`; no name of Python's.
pub(super) const STAR: &str = "*";

/// Libraries whose name a folder of the repository often has too (`alembic/`, `migrations/`), or that have meaning here:
/// a folder never hides them.
const LIBRARIES: &[&str] = &[
    "abc",
    "alembic",
    "asyncio",
    "collections",
    "configparser",
    "contextlib",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "django",
    "enum",
    "flask",
    "flask_migrate",
    "flask_sqlalchemy",
    "functools",
    "hashlib",
    "importlib",
    "inspect",
    "io",
    "itertools",
    "json",
    "logging",
    "math",
    "operator",
    "os",
    "pathlib",
    "psycopg2",
    "pydantic",
    "random",
    "re",
    "secrets",
    "socket",
    "sqlalchemy",
    "sqlalchemy_utils",
    "sqlmodel",
    "string",
    "sys",
    "time",
    "types",
    "typing",
    "typing_extensions",
    "uuid",
    "warnings",
];

/// Whether that is the top of a library that a folder of the repository never hides.
pub(crate) fn is_library(top: &str) -> bool {
    LIBRARIES.contains(&top)
}

impl Interpreter<'_> {
    /// The module of a dotted name, not run; none where the repository has none.
    pub(crate) fn module(&mut self, dotted: &str) -> Option<Rc<Module>> {
        let top = dotted.split('.').next().unwrap_or(dotted);
        if is_library(top) {
            return None;
        }
        let found = self.modules.find(dotted)?;
        self.module_of(found, dotted)
    }

    /// The module that a file is, not run.
    pub(crate) fn module_at(&mut self, path: &RepoPath) -> Option<Rc<Module>> {
        if !self.modules.is_file(path) {
            return None;
        }
        let root =
            self.modules.roots().iter().filter(|root| path.is_under(root)).max_by_key(|root| root.as_str().len());
        let below = root.and_then(|root| path.strip_prefix(root)).unwrap_or_else(|| path.file_name());
        let below = below.strip_suffix(".py").unwrap_or(below);
        let dotted = below.strip_suffix("/__init__").unwrap_or(below).replace('/', ".");
        self.module_of(Found::File(path.clone()), &dotted)
    }

    fn module_of(&mut self, found: Found, dotted: &str) -> Option<Rc<Module>> {
        let (path, file, package) = match found {
            Found::File(path) => {
                if let Some(known) = self.loaded.get(&path) {
                    return Some(Rc::clone(known));
                }
                // A file that is there and was not read is a module whose names are not known.
                let file = self.modules.file(&path);
                let package = path.file_name() == "__init__.py";
                (path, file, package)
            }
            Found::Namespace(path) => {
                if let Some(known) = self.loaded.get(&path) {
                    return Some(Rc::clone(known));
                }
                (path, None, true)
            }
        };
        let scope = self.scope(ScopeKind::Module, None);
        scope.set("__name__", Value::str(dotted));
        scope.set("__file__", Value::str(path.as_str()));
        if package {
            let dir = if file.is_some() { path.parent().unwrap_or_default() } else { path.clone() };
            scope.set("__path__", Value::list(vec![Value::str(dir.as_str())]));
        }
        let module = Rc::new(Module {
            name: Rc::from(dotted),
            path: path.clone(),
            file,
            package,
            scope,
            state: std::cell::Cell::new(ModuleState::Fresh),
        });
        self.loaded.insert(path, Rc::clone(&module));
        Some(module)
    }

    /// The folder that a module's relative imports start from.
    fn package_dir(module: &Module) -> RepoPath {
        if module.path.extension() == Some("py") {
            module.path.parent().unwrap_or_default()
        } else {
            module.path.clone()
        }
    }

    /// A module's global, or its submodule of that name.
    pub(crate) fn module_attribute(&mut self, module: &Rc<Module>, name: &str) -> Option<Value> {
        if let Some(value) = module.scope.get(name) {
            return match value {
                Value::Deferred(deferred) => self.resolve(&deferred),
                other => Some(other),
            };
        }
        if name == "__dict__" {
            let vars = module
                .scope
                .vars
                .borrow()
                .iter()
                .map(|(k, v)| (Value::Str(Rc::clone(k)), v.clone()))
                .collect::<Vec<_>>();
            return Some(Value::dict(vars));
        }
        if let Some(submodule) = self.submodule(module, name) {
            return Some(Value::Module(submodule));
        }
        if let Some(library) = Self::starred(&module.scope, name) {
            return Some(library);
        }
        let hook = module.scope.get("__getattr__")?;
        let place = Self::start_of(module);
        self.call_value(&hook, Args::positional(vec![Value::str(name)]), &place).ok()
    }

    fn submodule(&mut self, module: &Rc<Module>, name: &str) -> Option<Rc<Module>> {
        if !module.package || name.is_empty() || name.contains('.') {
            return None;
        }
        let found = find_below(self.modules, &Self::package_dir(module), name)?;
        let dotted = if module.name.is_empty() { name.to_owned() } else { format!("{}.{name}", module.name) };
        let submodule = self.module_of(found, &dotted)?;
        if self.imports == Imports::Eager {
            self.run_module(&submodule);
        }
        Some(submodule)
    }

    /// Looks a deferred name up.
    pub(crate) fn resolve(&mut self, deferred: &Rc<Deferred>) -> Option<Value> {
        self.enter().ok()?;
        self.run_module(&deferred.module);
        // A name that two modules import from each other is nowhere.
        let value = match deferred.module.scope.get(&deferred.name) {
            Some(Value::Deferred(next)) if Rc::ptr_eq(&next, deferred) => None,
            _ => self.module_attribute(&deferred.module, &deferred.name),
        };
        self.leave();
        value
    }

    /// A name that a library imported with `*` may have brought.
    pub(crate) fn starred(scope: &Rc<Scope>, name: &str) -> Option<Value> {
        if name.starts_with('_') {
            return None;
        }
        let libraries = scope.module().get(STAR)?.items()?;
        // The last one wins in Python; which of them has the name is not known, so SQLAlchemy's go first.
        let library = libraries
            .iter()
            .filter_map(Value::path)
            .find(|path| path.starts_with("sqlalchemy") || path.starts_with("sqlmodel"))
            .or_else(|| libraries.last().and_then(Value::path))?;
        Some(Value::external(canonical(&format!("{library}.{name}"))))
    }

    /// The value of a library's name.
    pub(crate) fn library(path: &str, place: &Place) -> Value {
        match path {
            "typing.TYPE_CHECKING" => Value::Bool(false),
            "sys.version_info" => Value::tuple(vec![Value::Int(3), Value::Int(13), Value::Int(0)]),
            // As `alembic upgrade head` is called.
            "sys.argv" => Value::list(vec![Value::str("alembic"), Value::str("upgrade"), Value::str("head")]),
            "sys.maxsize" => Value::Int(i64::MAX),
            "os.sep" => Value::str("/"),
            "string.ascii_letters" => Value::str("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            "string.ascii_lowercase" => Value::str("abcdefghijklmnopqrstuvwxyz"),
            "string.ascii_uppercase" => Value::str("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            "string.digits" => Value::str("0123456789"),
            _ => Value::symbol(SymbolKind::External(Rc::from(canonical(path).as_str())), Some(place.clone())),
        }
    }

    /// A name of a library: what an excerpt of the library has for it, or what goes by its path alone.
    pub(crate) fn library_name(&mut self, path: &str, place: &Place) -> Value {
        match self.patched.get(&canonical(path)).cloned() {
            Some(Value::Deferred(deferred)) => {
                let reason = || Value::unknown(format!("`{path}`, which env.py makes"), place.clone());
                return self.resolve(&deferred).unwrap_or_else(reason);
            }
            Some(value) => return value,
            None => {}
        }
        let excerpt = self.modules.excerpt_of(&canonical(path)).and_then(|(file, name)| {
            let module = self.module_at(&file)?;
            self.run_module(&module);
            self.module_attribute(&module, name)
        });
        excerpt.unwrap_or_else(|| Self::library(path, place))
    }

    /// `import a.b`, `import a.b as c`.
    pub(crate) fn exec_import(&mut self, stmt: &ast::StmtImport, scope: &Rc<Scope>, place: &Place) -> Eval<()> {
        for alias in &stmt.names {
            let dotted = alias.name.as_str();
            let bound: Value = match self.import_absolute(dotted, place)? {
                Some(module) if alias.asname.is_some() => Value::Module(module),
                Some(_) => {
                    let top = dotted.split('.').next().unwrap_or(dotted);
                    match self.module(top) {
                        Some(module) => Value::Module(module),
                        None => Self::library(top, place),
                    }
                }
                None if alias.asname.is_some() => Self::library(dotted, place),
                None => Self::library(dotted.split('.').next().unwrap_or(dotted), place),
            };
            let name = alias.asname.as_ref().map_or_else(|| dotted.split('.').next().unwrap_or(dotted), |n| n.as_str());
            scope.target(name).set(name, bound);
        }
        Ok(())
    }

    /// The module of an absolute import, run where imports are eager; none for a library.
    fn import_absolute(&mut self, dotted: &str, place: &Place) -> Eval<Option<Rc<Module>>> {
        match self.module(dotted) {
            Some(module) => {
                if self.imports == Imports::Eager {
                    let parts: Vec<&str> = dotted.split('.').collect();
                    for end in 1..parts.len().min(20) {
                        if let Some(package) = self.module(&parts[..end].join(".")) {
                            self.run_module(&package);
                        }
                    }
                    self.run_module(&module);
                }
                Ok(Some(module))
            }
            None => {
                let top = dotted.split('.').next().unwrap_or(dotted);
                // Part of a package of the repository that is not there: Python raises.
                if dotted.contains('.')
                    && self.catching > 0
                    && matches!(self.modules.find(top), Some(Found::File(_)))
                    && !LIBRARIES.contains(&top)
                {
                    return Err(Self::import_error(&format!("No module named '{dotted}'"), place));
                }
                Ok(None)
            }
        }
    }

    /// Runs the packages that hold a file, outermost first, as Python does before it runs the file.
    pub(crate) fn run_packages(&mut self, path: &RepoPath) {
        let mut packages: Vec<RepoPath> = Vec::new();
        let mut dir = path.parent();
        while let Some(folder) = dir {
            let package = folder.join("__init__.py");
            if !self.modules.is_file(&package) || packages.len() > 20 {
                break;
            }
            if package != *path {
                packages.push(package);
            }
            dir = folder.parent();
        }
        for package in packages.iter().rev() {
            if let Some(module) = self.module_at(package) {
                self.run_module(&module);
            }
        }
    }

    fn import_error(message: &str, place: &Place) -> Stop {
        let value = Value::symbol(
            SymbolKind::Call {
                callee: Value::external("builtins.ImportError"),
                args: Args::positional(vec![Value::str(message)]),
            },
            Some(place.clone()),
        );
        Stop::Raise(Raised { value, place: place.clone() })
    }

    /// `from a import b, c as d`, `from . import e`, `from f import *`.
    pub(crate) fn exec_import_from(
        &mut self,
        stmt: &ast::StmtImportFrom,
        scope: &Rc<Scope>,
        module: &Rc<Module>,
        place: &Place,
    ) -> Eval<()> {
        let dotted = stmt.module.as_ref().map_or("", |name| name.as_str());
        let source = if stmt.level > 0 {
            let mut dir = Self::package_dir(module);
            for _ in 1..stmt.level.min(50) {
                dir = dir.parent().unwrap_or_default();
            }
            let found = find_below(self.modules, &dir, dotted)
                .or_else(|| dotted.is_empty().then(|| Found::Namespace(dir.clone())));
            match found {
                Some(found) => {
                    let path = match &found {
                        Found::File(path) | Found::Namespace(path) => path.clone(),
                    };
                    let name = self.dotted_of(&path);
                    if self.imports == Imports::Eager {
                        self.run_packages(&path);
                    }
                    let source = self.module_of(found, &name);
                    if let (Some(source), Imports::Eager) = (&source, self.imports) {
                        self.run_module(source);
                    }
                    source
                }
                None if self.catching > 0 => {
                    return Err(Self::import_error(&format!("No module named '{dotted}'"), place));
                }
                None => {
                    for alias in &stmt.names {
                        let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                        let reason = format!(
                            "the module `{}{dotted}` is not in the repository",
                            ".".repeat(stmt.level as usize)
                        );
                        scope.target(name).set(name, Value::unknown(reason, place.clone()));
                    }
                    return Ok(());
                }
            }
        } else {
            match self.sibling(dotted, &stmt.names, place.path()) {
                Some(sibling) => {
                    if self.imports == Imports::Eager {
                        self.run_packages(&sibling.path);
                        self.run_module(&sibling);
                    }
                    Some(sibling)
                }
                None => self.import_absolute(dotted, place)?,
            }
        };
        for alias in &stmt.names {
            let name = alias.name.as_str();
            let target = alias.asname.as_ref().map_or(name, |asname| asname.as_str());
            if name == "*" {
                self.import_star(source.as_ref(), dotted, scope, place);
                continue;
            }
            let value = match &source {
                Some(source) => self.import_name(source, name, place)?,
                None => self.library_name(&format!("{dotted}.{name}"), place),
            };
            scope.target(target).set(target, value);
        }
        Ok(())
    }

    fn import_name(&mut self, source: &Rc<Module>, name: &str, place: &Place) -> Eval<Value> {
        let deferred = || Value::Deferred(Rc::new(Deferred { module: Rc::clone(source), name: Rc::from(name) }));
        if self.imports == Imports::Lazy && source.state.get() == ModuleState::Fresh && self.catching == 0 {
            return Ok(deferred());
        }
        self.run_module(source);
        match self.module_attribute(source, name) {
            Some(value) => Ok(value),
            // The module is being run further out: the name may still come.
            None if source.state.get() == ModuleState::Running => {
                self.missed += usize::from(self.imports == Imports::Eager);
                Ok(deferred())
            }
            None if self.modules.is_excerpt(&source.path) => {
                Ok(Self::library(&format!("{}.{name}", source.name), place))
            }
            None if self.catching > 0 => Err(Self::import_error(&format!("cannot import name '{name}'"), place)),
            None => Ok(Value::unknown(self.not_found(name, source), place.clone())),
        }
    }

    /// Why a module has no such name: where running it ended early, because of that.
    pub(crate) fn not_found(&self, name: &str, module: &Module) -> String {
        let doubt = self.doubts.iter().rev().find(|doubt| *doubt.place.path() == module.path);
        match doubt {
            Some(doubt) => format!("`{name}` is not found in `{}`: {}", module.name, doubt.reason),
            None => format!("`{name}` is not found in `{}`", module.name),
        }
    }

    fn import_star(&mut self, source: Option<&Rc<Module>>, dotted: &str, scope: &Rc<Scope>, place: &Place) {
        let Some(source) = source else {
            let module = scope.module();
            let mut libraries = module.get(STAR).and_then(|value| value.items()).unwrap_or_default();
            libraries.push(Self::library(dotted, place));
            module.set(STAR, Value::list(libraries));
            return;
        };
        self.run_module(source);
        let all = source.scope.get("__all__");
        let items = all.as_ref().and_then(Value::items);
        // A package may name its own modules, as a listing of its folder gives them: a star imports what is named.
        let is_known = items.as_ref().is_some_and(|names| names.iter().all(|name| name.as_str().is_some()));
        if all.is_some() && !is_known && source.package && self.imports == Imports::Eager {
            self.host.starred(self, source);
        }
        let listed: Option<Vec<Text>> = items.map(|names| names.iter().filter_map(Value::as_str).collect());
        let names =
            listed.unwrap_or_else(|| source.names().into_iter().filter(|name| !name.starts_with('_')).collect());
        for name in names {
            if &*name == STAR {
                continue;
            }
            if let Some(value) = self.module_attribute(source, &name) {
                scope.set(&name, value);
            }
        }
        if let Some(libraries) = source.scope.get(STAR).and_then(|value| value.items()) {
            let module = scope.module();
            let mut mine = module.get(STAR).and_then(|value| value.items()).unwrap_or_default();
            mine.extend(libraries);
            module.set(STAR, Value::list(mine));
        }
    }

    /// The dotted name of a path below the nearest root.
    fn dotted_of(&self, path: &RepoPath) -> String {
        let root =
            self.modules.roots().iter().filter(|root| path.is_under(root)).max_by_key(|root| root.as_str().len());
        let below = root.and_then(|root| path.strip_prefix(root)).unwrap_or(path.as_str());
        let below = below.strip_suffix(".py").unwrap_or(below);
        below.strip_suffix("__init__").unwrap_or(below).trim_end_matches('/').replace('/', ".")
    }
}
