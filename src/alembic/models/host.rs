//! What libraries answer while models and `env.py` are read: tables and indexes are noted as they are made, `env.py` runs
//! as if online, and the usual ways of importing every module of a package are followed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use super::conventions::Conventions;
use super::copies::Copies;
use super::mapping::{Mapper, snake_case};
use super::registry::{Given, MetaKey, Root, address, bind_meta, class_of, is_flask_db, made_base, metadata, root};
use crate::alembic::discover::ini::{HERE, Ini};
use crate::alembic::discover::names_modules_by_listing;
use crate::alembic::python::{
    Args, CallSite, Class, Eval, Found, Host, Interpreter, MODULE_FINDER, Module, Modules, SymbolKind, Unknown, Value,
    is_library,
};
use crate::alembic::settings::names_database;
use crate::catalog::{Dialect, ObjectName, Opaque, Reach};
use crate::source::{Place, RepoPath};

/// Modules of one package that are imported because a loop does so.
const MAX_PACKAGE: usize = 2000;

/// How the names of tables begin that GeoAlchemy's `include_object` leaves to the spatial extensions.
const SPATIAL_TABLES: &[&str] = &[
    "geometry_columns",
    "spatial_ref_sys",
    "spatialite_history",
    "sqlite_sequence",
    "views_geometry_columns",
    "virts_geometry_columns",
    "idx_",
];

/// What stands in [`Recorder::set`] for a section of which an option was set; an empty one for a section that is not known.
fn section_key(section: &str) -> String {
    format!("[{section}]")
}

/// A `Table(…)` or `Index(…)` that was made.
pub(super) struct Made {
    /// It.
    pub(super) value: Value,
    /// Why it may not have been.
    pub(super) maybe: Option<Rc<Unknown>>,
}

/// What was seen while modules ran.
pub(super) struct Recorder<'m> {
    modules: &'m dyn Modules,
    /// Every `Table(…)`, in order.
    pub(super) tables: RefCell<Vec<Made>>,
    /// Every `Index(…)`, in order.
    pub(super) indexes: RefCell<Vec<Made>>,
    /// Every `UniqueConstraint(…)`, `CheckConstraint(…)` and `PrimaryKeyConstraint(…)`, in order.
    pub(super) constraints: RefCell<Vec<Made>>,
    /// What `metadata.tables` holds once every model is read.
    pub(super) declared: RefCell<Vec<(MetaKey, Value)>>,
    /// Columns and constraints that were appended to a table, with the table.
    pub(super) appended: RefCell<Vec<(Value, Value)>>,
    /// Classes that may not be made, by address.
    pub(super) maybe_classes: RefCell<Vec<(usize, Rc<Unknown>)>>,
    /// Tables of a `db` that is not known (`db.Table("name", …)`): that they may be declared is all there is to say.
    pub(super) lost: RefCell<Vec<Opaque>>,
    /// The arguments of `context.configure(…)`, each time it was called.
    pub(super) configured: RefCell<Vec<Args>>,
    /// Imports of modules whose names are computed, which could not be followed.
    pub(super) unfollowed: RefCell<Vec<Place>>,
    /// Packages of the repository that a library was handed the names of: it may import all that is in them.
    pub(super) named: RefCell<BTreeSet<RepoPath>>,
    /// Whether `sqlalchemy_continuum.make_versioned()` was called: it adds a table of versions for models that ask for it.
    pub(super) versioned: Cell<bool>,
    /// The database, where the project says which.
    dialect: Option<Dialect>,
    /// The main section of the settings; none where they are not in a file, or are a program's.
    options: Option<(Ini, String)>,
    /// Options that `env.py` has set.
    set: RefCell<BTreeSet<String>>,
    mapper: RefCell<Mapper>,
    /// Naming conventions that were assigned to a metadata.
    pub(super) conventions: Conventions,
    /// Tables that are copied into another metadata.
    pub(super) copies: Copies,
    /// Folders whose modules a loop has imported.
    swept: RefCell<BTreeSet<RepoPath>>,
    sweeping: Cell<usize>,
}

impl<'m> Recorder<'m> {
    /// A recorder that has seen nothing. `options` are the settings with the name of their main section, where they are
    /// known.
    pub(super) fn new(modules: &'m dyn Modules, dialect: Option<Dialect>, options: Option<(Ini, String)>) -> Self {
        Self {
            modules,
            dialect,
            tables: RefCell::default(),
            indexes: RefCell::default(),
            constraints: RefCell::default(),
            declared: RefCell::default(),
            appended: RefCell::default(),
            maybe_classes: RefCell::default(),
            lost: RefCell::default(),
            configured: RefCell::default(),
            unfollowed: RefCell::default(),
            named: RefCell::default(),
            versioned: Cell::new(false),
            options,
            set: RefCell::default(),
            mapper: RefCell::default(),
            conventions: Conventions::default(),
            copies: Copies::default(),
            swept: RefCell::default(),
            sweeping: Cell::new(0),
        }
    }

    fn note(list: &RefCell<Vec<Made>>, interpreter: &Interpreter<'_>, path: &str, args: Args, place: &Place) -> Value {
        let value = Value::symbol(SymbolKind::Call { callee: Value::external(path), args }, Some(place.clone()));
        list.borrow_mut().push(Made { value: value.clone(), maybe: interpreter.maybe().cloned() });
        value
    }

    /// `db.Table("name", …)`: the metadata goes without saying.
    fn flask_table(&self, interpreter: &Interpreter<'_>, db: &Value, call: &CallSite<'_>) -> Value {
        let mut args = call.args.clone();
        let given = args.positional.get(1).is_some_and(|second| metadata(second).is_some());
        if !given {
            let meta = match args.keyword("bind_key").and_then(Value::as_str) {
                // A bind's metadata is known by its key alone.
                Some(bind) => {
                    let _ = bind_meta(db, &bind);
                    let metadatas = attribute(db, "metadatas");
                    Value::symbol(SymbolKind::Subscript { base: metadatas, index: Value::Str(bind) }, None)
                }
                None => attribute(db, "metadata"),
            };
            let at = args.positional.len().min(1);
            args.positional.insert(at, meta);
        }
        Self::note(&self.tables, interpreter, "sqlalchemy.Table", args, call.place)
    }

    /// `importlib.import_module(name)`, `__import__(name)`.
    fn import(&self, interpreter: &mut Interpreter<'_>, call: &CallSite<'_>) -> Value {
        let name = call.args.get(0, "name").cloned().unwrap_or(Value::None);
        if let Some(name) = name.as_str() {
            let dotted = match name.strip_prefix('.') {
                Some(_) => {
                    let package = call.args.get(1, "package").and_then(Value::as_str).unwrap_or_default();
                    relative(&package, &name)
                }
                None => name.to_string(),
            };
            return match interpreter.import(&dotted) {
                Some(module) => Value::Module(module),
                None => Value::external(dotted),
            };
        }
        // A computed name in a loop over a package's own modules.
        if self.sweeping.get() == 0 && !self.sweep_around(interpreter, call.place) {
            self.unfollowed.borrow_mut().push(call.place.clone());
        }
        Value::unknown("a module whose name is computed", call.place.clone())
    }

    /// Notes the packages of the repository, and modules in them, whose dotted names a call of a library has: a loader of
    /// plugins, `include` of a queue of tasks.
    fn note_named(&self, path: &str, args: &Args) {
        if is_library(path.split('.').next().unwrap_or(path)) {
            return;
        }
        let lists = |value: &Value| value.items().unwrap_or_else(|| vec![value.clone()]);
        let all = args.positional.iter().chain(args.keyword.iter().map(|(_, value)| value));
        for name in all.flat_map(lists).filter_map(|value| value.as_str()) {
            let is_dotted = name.contains('.') && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
            let found = if is_dotted { self.modules.find(&name) } else { None };
            let place = match found {
                Some(Found::File(file)) if file.file_name() == "__init__.py" => file.parent(),
                Some(Found::File(path) | Found::Namespace(path)) => Some(path),
                None => None,
            };
            self.named.borrow_mut().extend(place);
        }
    }

    /// Imports every module beside a package's `__init__.py` that holds `place`. Whether there was such a package.
    fn sweep_around(&self, interpreter: &mut Interpreter<'_>, place: &Place) -> bool {
        // A loop has imported a package already, and this is its body.
        if !self.swept.borrow().is_empty() {
            return true;
        }
        if place.path().file_name() != "__init__.py" {
            return false;
        }
        let dir = place.path().parent().unwrap_or_default();
        self.sweep(interpreter, &dir, true);
        true
    }

    /// Imports the modules of a package whose `__all__` is a listing of its folder. Other imports that could not be
    /// followed stay told: this follows none of them.
    fn import_listed(&self, interpreter: &mut Interpreter<'_>, package: &Module) {
        if !package.file.as_ref().is_some_and(|file| names_modules_by_listing(file.source().text())) {
            return;
        }
        let dir = package.path.parent().unwrap_or_default();
        for path in self.modules.files_under(&dir).into_iter().take(MAX_PACKAGE) {
            if path.parent().as_ref() == Some(&dir) {
                interpreter.load(&path);
            }
        }
    }

    /// Imports every module below a folder.
    fn sweep(&self, interpreter: &mut Interpreter<'_>, dir: &RepoPath, deep: bool) {
        if !self.swept.borrow_mut().insert(dir.clone()) {
            return;
        }
        self.sweeping.set(self.sweeping.get() + 1);
        for path in self.modules.files_under(dir).into_iter().take(MAX_PACKAGE) {
            let below = path.strip_prefix(dir).unwrap_or_default();
            if deep || !below.trim_end_matches("/__init__.py").contains('/') {
                interpreter.load(&path);
            }
        }
        self.sweeping.set(self.sweeping.get() - 1);
    }

    /// What imports the modules of a package that it is given by name, `straight.plugin.load(namespace, …)` and
    /// `werkzeug.utils.find_modules(import_path, include_packages, recursive)`: what comes back is not told.
    fn import_package(&self, interpreter: &mut Interpreter<'_>, call: &CallSite<'_>, name: &str, deep: bool) -> Value {
        let dotted = call.args.get(0, name).and_then(Value::as_str);
        let found = dotted.and_then(|dotted| self.modules.find(&dotted));
        match found.and_then(Found::package) {
            Some(dir) => self.sweep(interpreter, &dir, deep),
            None => self.unfollowed.borrow_mut().push(call.place.clone()),
        }
        Value::unknown("the modules of a package", call.place.clone())
    }

    /// `pkgutil.iter_modules(path, prefix)` and `walk_packages`.
    fn iter_modules(&self, interpreter: &mut Interpreter<'_>, call: &CallSite<'_>, deep: bool) -> Value {
        let folders: Vec<RepoPath> = match call.args.get(0, "path").and_then(Value::items) {
            Some(items) => items.iter().filter_map(Value::as_str).map(|path| RepoPath::new(&*path)).collect(),
            None => Vec::new(),
        };
        let folders: Vec<RepoPath> = folders.into_iter().filter(|dir| self.modules.is_dir(dir)).collect();
        if folders.is_empty() {
            if !self.sweep_around(interpreter, call.place) {
                self.unfollowed.borrow_mut().push(call.place.clone());
            }
            return Value::list(Vec::new());
        }
        let prefix = call.args.get(1, "prefix").and_then(Value::as_str).unwrap_or_default();
        let mut found = Vec::new();
        for dir in &folders {
            self.sweep(interpreter, dir, deep);
            for path in self.modules.files_under(dir).into_iter().take(MAX_PACKAGE) {
                let below = path.strip_prefix(dir).unwrap_or_default();
                let module = below.trim_end_matches(".py").trim_end_matches("/__init__");
                if module == "__init__" || (!deep && module.contains('/')) {
                    continue;
                }
                let is_package = below.ends_with("/__init__.py");
                let name = format!("{prefix}{}", module.replace('/', "."));
                let finder = Value::external(MODULE_FINDER);
                found.push(Value::tuple(vec![finder, Value::str(name), Value::Bool(is_package)]));
            }
        }
        Value::list(found)
    }
}

fn attribute(base: &Value, name: &str) -> Value {
    Value::symbol(SymbolKind::Attribute { base: base.clone(), name: name.into() }, None)
}

/// `.name` relative to a package.
fn relative(package: &str, name: &str) -> String {
    let dots = name.chars().take_while(|&c| c == '.').count();
    let mut parts: Vec<&str> = package.split('.').collect();
    for _ in 1..dots {
        parts.pop();
    }
    let rest = &name[dots..];
    if rest.is_empty() { parts.join(".") } else { format!("{}.{rest}", parts.join(".")) }
}

impl Recorder<'_> {
    /// An option of a section as the settings have it: one that nobody has set is the default, whose place in the arguments is
    /// behind the name's. The URL is often set by `env.py`, and is never what decides.
    fn option(&self, section: &str, args: &Args, at: usize) -> Option<Eval<Value>> {
        let (ini, main) = self.options.as_ref()?;
        let name = args.get(at, "name")?.as_str()?;
        let set = self.set.borrow();
        let is_set = (section == main && set.contains(&*name))
            || set.contains(&section_key(section))
            || set.contains(&section_key(""));
        if is_set || name.starts_with("sqlalchemy.") {
            return None;
        }
        match ini.get(section, &name) {
            Some(value) => (!value.contains(HERE)).then(|| Ok(Value::str(value))),
            None => Some(Ok(args.get(at + 1, "default").cloned().unwrap_or(Value::None))),
        }
    }
}

impl Host for Recorder<'_> {
    fn starred(&self, interpreter: &mut Interpreter<'_>, package: &Module) {
        self.import_listed(interpreter, package);
    }

    fn truth_of_name(&self, name: &str) -> Option<bool> {
        names_database(name, self.dialect?)
    }

    fn call(&self, interpreter: &mut Interpreter<'_>, call: &CallSite<'_>) -> Option<Eval<Value>> {
        if let Some((receiver, name)) = call.method() {
            return match name {
                "Table" if is_flask_db(receiver) => Some(Ok(self.flask_table(interpreter, receiver, call))),
                "append_column" | "append_constraint" => {
                    for item in &call.args.positional {
                        self.appended.borrow_mut().push((receiver.clone(), item.clone()));
                    }
                    Some(Ok(Value::None))
                }
                "to_metadata" | "tometadata" => {
                    let tables = self.tables.borrow().len();
                    self.copies.hear(interpreter, tables, receiver, call.args, call.place);
                    None
                }
                // `connection.run_sync(do_run_migrations)`.
                "run_sync" => {
                    let mut args = call.args.clone();
                    if args.positional.is_empty() {
                        return None;
                    }
                    let function = args.positional.remove(0);
                    args.positional.insert(0, Value::external("sqlalchemy.engine.Connection"));
                    Some(interpreter.call(&function, args, call.place))
                }
                _ => None,
            };
        }
        let path = call.path.as_deref()?;
        self.note_named(path, call.args);
        if path.ends_with(".db.Table") {
            let db = path.trim_end_matches(".Table");
            self.lost_call("Table", call.args, &format!("`{db}` of another package makes it"), call.place);
        }
        match path {
            "sqlalchemy.Table" => Some(Ok(Self::note(&self.tables, interpreter, path, call.args.clone(), call.place))),
            "sqlalchemy.Index" => Some(Ok(Self::note(&self.indexes, interpreter, path, call.args.clone(), call.place))),
            "sqlalchemy.UniqueConstraint"
            | "sqlalchemy.CheckConstraint"
            | "sqlalchemy.PrimaryKeyConstraint"
            | "sqlalchemy.ForeignKeyConstraint" => {
                Some(Ok(Self::note(&self.constraints, interpreter, path, call.args.clone(), call.place)))
            }
            "alembic.context.is_offline_mode" => Some(Ok(Value::Bool(false))),
            // Flask-Migrate hands its keywords on to `configure`.
            "alembic.context.configure" | "flask_migrate.Migrate" => {
                self.configured.borrow_mut().push(call.args.clone());
                Some(Ok(Value::None))
            }
            "sqlalchemy_continuum.make_versioned" => {
                self.versioned.set(true);
                Some(Ok(Value::None))
            }
            "alembic.context.get_x_argument" => {
                let as_dictionary =
                    call.args.get(0, "as_dictionary").is_some_and(|value| value.as_bool() == Some(true));
                Some(Ok(if as_dictionary { Value::dict([]) } else { Value::list(Vec::new()) }))
            }
            "alembic.context.config.set_main_option" => {
                let name = call.args.get(0, "name").and_then(Value::as_str);
                self.set.borrow_mut().extend(name.map(|name| name.to_string()));
                None
            }
            "alembic.context.config.get_main_option" => {
                let (_, section) = self.options.as_ref()?;
                self.option(section, call.args, 0)
            }
            "alembic.context.config.get_section_option" => {
                let section = call.args.get(0, "section")?.as_str()?;
                self.option(&section, call.args, 1)
            }
            "alembic.context.config.set_section_option" => {
                let section = call.args.get(0, "section").and_then(Value::as_str);
                // One that is not known may be any.
                self.set.borrow_mut().insert(section_key(section.as_deref().unwrap_or_default()));
                None
            }
            // A section as a dictionary. What names the database in it is not known, nor what env.py has set.
            "alembic.context.config.get_section" => {
                let (ini, main) = self.options.as_ref()?;
                let section = call.args.get(0, "name")?.as_str()?;
                let set = self.set.borrow();
                let is_set = set.contains(&section_key(&section)) || set.contains(&section_key(""));
                let values = ini.values(&section).filter(|_| !is_set)?;
                let value = |key: &str, value: &str| {
                    if key.starts_with("sqlalchemy.") || (*section == **main && set.contains(key)) {
                        Value::unknown("an option of the settings that env.py may set", call.place.clone())
                    } else {
                        Value::str(value)
                    }
                };
                Some(Ok(Value::dict(values.into_iter().map(|(key, text)| (Value::str(&key), value(&key, &text))))))
            }
            // It looks at nothing but a table's name (`geoalchemy2/alembic_helpers.py`, from 0.12 on).
            "geoalchemy2.alembic_helpers.include_object" => {
                let text = |at: usize, name: &str| call.args.get(at, name).and_then(Value::as_str);
                if &*text(2, "obj_type")? != "table" {
                    return Some(Ok(Value::Bool(true)));
                }
                let name = text(1, "name")?;
                Some(Ok(Value::Bool(!SPATIAL_TABLES.iter().any(|start| name.starts_with(start)))))
            }
            "sqlalchemy.orm.has_inherited_table" => {
                let class = call.args.positional.first().and_then(class_of)?;
                Some(Ok(Value::Bool(self.mapper.borrow_mut().has_inherited_table(&class))))
            }
            "importlib.import_module"
            | "builtins.__import__"
            | "werkzeug.utils.import_string"
            | "oslo_utils.importutils.import_module"
            | "oslo_utils.importutils.try_import" => Some(Ok(self.import(interpreter, call))),
            "straight.plugin.load" => Some(Ok(self.import_package(interpreter, call, "namespace", false))),
            "werkzeug.utils.find_modules" => {
                let is_deep = call.args.get(2, "recursive").is_some_and(|value| matches!(value, Value::Bool(true)));
                Some(Ok(self.import_package(interpreter, call, "import_path", is_deep)))
            }
            "pkgutil.iter_modules" => Some(Ok(self.iter_modules(interpreter, call, false))),
            "pkgutil.walk_packages" => Some(Ok(self.iter_modules(interpreter, call, true))),
            _ => None,
        }
    }

    fn lost_call(&self, method: &str, args: &Args, reason: &str, place: &Place) {
        if matches!(method, "to_metadata" | "tometadata") {
            self.copies.hear_lost(args, place);
        }
        let name = args.get(0, "name").and_then(Value::as_str);
        if let Some(name) = name.filter(|_| method == "Table") {
            self.lost.borrow_mut().push(Opaque {
                place: place.clone(),
                reason: format!("a table that may be declared: {reason}"),
                reach: Reach::Table(ObjectName::bare(&*name)),
            });
        }
    }

    /// Attributes that a class has from its root: those of `declarative_base(cls=…)`, a table name that is made for it.
    fn attribute(&self, interpreter: &mut Interpreter<'_>, base: &Value, name: &str, place: &Place) -> Option<Value> {
        if name == "config_ini_section" && base.path().as_deref() == Some("alembic.context.config") {
            return self.options.as_ref().map(|(_, section)| Value::str(section));
        }
        if name == "tables"
            && let Some(meta) = metadata(base)
        {
            let declared = self.declared.borrow();
            return declared.iter().find(|(key, _)| *key == meta.key).map(|(_, tables)| tables.clone());
        }
        let Value::Class(class) = base else {
            // `Base.__table_args__`, of the class that the base was made with. Which metadata it has is told elsewhere.
            let mixin = made_base(base).filter(|_| !matches!(name, "metadata" | "registry"))?.mixin()?;
            return interpreter.inherited_attribute(mixin.lookup(name)?, base, &mixin, name, place).ok();
        };
        let (root, _) = root(class)?;
        if let Some(found) = root.mixin().and_then(|mixin| mixin.lookup(name)) {
            return interpreter.inherited_attribute(found, base, class, name, place).ok();
        }
        match (&root, name) {
            (Root::SqlModel, "__tablename__") => Some(Value::str(class.name.to_lowercase())),
            (Root::Flask(_), "__tablename__") => Some(Value::str(snake_case(&class.name))),
            _ => None,
        }
    }

    fn bases_have(&self, class: &Rc<Class>, name: &str) -> Option<bool> {
        const PLAIN: [&str; 3] =
            ["builtins.object", "sqlalchemy.orm.DeclarativeBase", "sqlalchemy.orm.MappedAsDataclass"];
        // What SQLAlchemy and Flask-SQLAlchemy give each of their classes.
        const GIVEN: [&str; 5] = ["metadata", "registry", "query", "query_class", "type_annotation_map"];
        if name.starts_with('_') || GIVEN.contains(&name) {
            return None;
        }
        for base in class.external_bases() {
            if base.path().is_some_and(|path| PLAIN.contains(&&*path)) {
                continue;
            }
            match made_base(&base)?.given_class() {
                Given::Nothing => {}
                Given::Unknown => return None,
                Given::Class(mixin) if mixin.lookup(name).is_some() => return Some(true),
                Given::Class(mixin) if !mixin.doubts.borrow().is_empty() => return None,
                Given::Class(mixin) => match self.bases_have(&mixin, name) {
                    Some(false) => {}
                    other => return other,
                },
            }
        }
        Some(false)
    }

    fn assigned(&self, interpreter: &Interpreter<'_>, base: &Value, name: &str, value: &Value) {
        self.conventions.hear(interpreter, self.tables.borrow().len(), (base, name, value));
    }

    fn class_created(&self, interpreter: &mut Interpreter<'_>, class: &Rc<Class>) {
        if let Some(unknown) = interpreter.maybe() {
            self.maybe_classes.borrow_mut().push((address(class), Rc::clone(unknown)));
        }
    }
}
