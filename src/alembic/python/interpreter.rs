//! The interpreter: its state, its bounds, and what its users may ask of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::host::Host;
use super::modules::Modules;
use super::passed::Passed;
use super::recursion::Running;
use super::scope::{Module, ModuleState, Scope, ScopeKind};
use super::skipped::Skipped;
use super::value::{Annotation, Args, Class, Unknown, Value};
use crate::source::{Place, RepoPath, Source};

/// Expressions and statements that one interpreter evaluates before it gives up. The most that any of 5,638 public
/// revisions needs is under 100,000.
const STEPS: usize = 1_000_000;
/// Nested calls, statements and expressions. Python's own limit is 1,000 calls; code that is read here is shallow.
const DEPTH: usize = 220;
/// Items of one list, dictionary or set.
pub(crate) const ITEMS: usize = 100_000;
/// Items of all the containers that are made.
const ALL_ITEMS: usize = 2_000_000;
/// Bytes of one string.
pub(crate) const STRING: usize = 4 * 1024 * 1024;
/// Bytes of all the strings that are made.
const STRINGS: usize = 16 * 1024 * 1024;
/// Containers and symbols that are made.
const OBJECTS: usize = 400_000;

/// Modules that may each use up what is left, and have it given back for those that are run after them: a script that no one
/// imports, with an endless loop.
const REFUNDS: usize = 3;

/// What was used so far of what is bounded.
#[derive(Clone, Copy)]
struct Used {
    steps: usize,
    bytes: usize,
    items: usize,
    objects: usize,
}

/// When the modules that a module imports are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imports {
    /// At the import, as Python does: for models, whose classes register themselves.
    Eager,
    /// When a name of theirs is first used: for revisions, which seldom need what they import.
    Lazy,
}

/// Why evaluation does not go on.
#[derive(Clone)]
pub enum Stop {
    /// A Python exception.
    Raise(Raised),
    /// A bound was reached: nothing further is evaluated.
    Exhausted(&'static str),
}

/// An exception on its way to a handler.
#[derive(Clone)]
pub struct Raised {
    /// The exception.
    pub value: Value,
    /// Where it was raised.
    pub place: Place,
}

/// What evaluating gives.
pub type Eval<T> = Result<T, Stop>;

/// A small, bounded, symbolic Python.
///
/// Values do not outlive it: it empties its lists, dictionaries, classes and modules when it goes.
pub struct Interpreter<'h> {
    pub(crate) modules: &'h dyn Modules,
    pub(crate) host: &'h dyn Host,
    pub(crate) imports: Imports,
    /// By file (or folder, for a namespace package): one file is one module, whatever roots it can be reached from.
    pub(crate) loaded: BTreeMap<RepoPath, Rc<Module>>,
    pub(crate) classes: Vec<Rc<Class>>,
    /// What the functions under `@declared_attr` made, by the class they were asked of and their own address: each class has
    /// one column of each, however often code names it.
    pub(crate) declared: BTreeMap<(usize, usize), Declared>,
    /// Unknown conditions under which the current statement stands.
    pub(crate) maybe: Vec<Rc<Unknown>>,
    /// `try` blocks with handlers that the current statement stands in.
    pub(crate) catching: usize,
    /// How many calls of `sorted(…)` are being evaluated: the order of what they are given is none that counts.
    pub(crate) sorting: usize,
    pub(crate) doubts: Vec<Rc<Unknown>>,
    /// Statements that were left out, see [`Skipped`].
    pub(crate) skipped: Vec<Skipped>,
    /// The file at whose top statements that raise are passed over.
    pub(super) through: Option<RepoPath>,
    /// Statements that were passed over, in order.
    pub(crate) passed: Vec<Passed>,
    /// Names that code has put into SQLAlchemy's modules (`sa.GUID = GUID`), by their path.
    pub(crate) patched: BTreeMap<String, Value>,
    /// Names that were imported from a module that was still being run and did not have them yet: Python raises there, so
    /// this is not the order in which it runs the modules.
    pub(crate) missed: usize,
    /// Whether the SQLAlchemy that is taken to be installed checks the labels of an enum that is none in the database, unless it
    /// is told not to: `create_constraint` was true up to 1.3 (<https://docs.sqlalchemy.org/en/14/changelog/migration_14.html>).
    pub(crate) checks_labels: bool,
    /// Names that nothing defines, which a statement that surely runs has used: Python's `NameError`.
    pub(crate) undefined: Vec<(String, Place)>,
    /// Yields of the generators that are running.
    pub(crate) yields: Vec<Vec<Value>>,
    /// Exceptions whose handlers are running, innermost last.
    pub(crate) handling: Vec<Raised>,
    /// Functions that are running, innermost last.
    pub(crate) running: Vec<Running>,
    /// Calls that the host has answered: what may have had an effect.
    pub(crate) answered: usize,
    steps: usize,
    depth: usize,
    bytes: usize,
    items: usize,
    /// Objects of modules that were given back what they had used: the others may make as many.
    forgiven: usize,
    refunds: usize,
    /// Every container and symbol, so that deep structures are taken down one object at a time.
    objects: Vec<Value>,
    scopes: Vec<Rc<Scope>>,
}

/// What a function under `@declared_attr` made for a class. It holds both, whose addresses are its key.
pub(crate) struct Declared {
    pub(crate) _class: Rc<Class>,
    pub(crate) _function: Value,
    pub(crate) made: Value,
}

impl<'h> Interpreter<'h> {
    /// An interpreter that has run nothing yet.
    pub fn new(modules: &'h dyn Modules, host: &'h dyn Host, imports: Imports) -> Self {
        Self {
            modules,
            host,
            imports,
            loaded: BTreeMap::new(),
            classes: Vec::new(),
            declared: BTreeMap::new(),
            maybe: Vec::new(),
            catching: 0,
            sorting: 0,
            doubts: Vec::new(),
            skipped: Vec::new(),
            through: None,
            passed: Vec::new(),
            patched: BTreeMap::new(),
            missed: 0,
            checks_labels: false,
            undefined: Vec::new(),
            yields: Vec::new(),
            handling: Vec::new(),
            running: Vec::new(),
            answered: 0,
            steps: 0,
            depth: 0,
            bytes: 0,
            items: 0,
            forgiven: 0,
            refunds: 0,
            objects: Vec::new(),
            scopes: Vec::new(),
        }
    }

    /// Runs the module of that dotted name, and the packages that hold it; none where the repository has no such
    /// module.
    pub fn import(&mut self, dotted: &str) -> Option<Rc<Module>> {
        let module = self.module(dotted)?;
        self.run_module(&module);
        Some(module)
    }

    /// Runs the file at that path as the module that it is from the nearest root; none where there is no such file.
    pub fn load(&mut self, path: &RepoPath) -> Option<Rc<Module>> {
        if self.imports == Imports::Eager {
            self.run_packages(path);
        }
        let module = self.module_at(path)?;
        self.run_module(&module);
        Some(module)
    }

    /// The value of a module's global; submodules count. None where there is none.
    pub fn global(&mut self, module: &Rc<Module>, name: &str) -> Option<Value> {
        self.run_module(module);
        self.module_attribute(module, name)
    }

    /// The value of `value.name`. Python's `AttributeError` is unknown here, unless a `try` would catch it.
    ///
    /// # Errors
    /// [`Stop`] where code that runs for it (a property) stops.
    pub fn attribute(&mut self, value: &Value, name: &str, place: &Place) -> Eval<Value> {
        self.get_attribute(value, name, place)
    }

    /// Calls a value.
    ///
    /// # Errors
    /// [`Stop`] where the code called stops.
    pub fn call(&mut self, callee: &Value, args: Args, place: &Place) -> Eval<Value> {
        self.call_value(callee, args, place)
    }

    /// Evaluates an annotation of a class, quotes and forward references included.
    pub fn annotation(&mut self, class: &Rc<Class>, annotation: &Annotation) -> Value {
        let place = annotation.place();
        self.evaluate_annotation(&class.scope, &class.home, annotation)
            .unwrap_or_else(|_| Value::unknown("an annotation that cannot be evaluated", place))
    }

    /// Whether a value counts as true; none where that cannot be known.
    pub fn truth(&mut self, value: &Value) -> Option<bool> {
        self.truth_of(value).ok().flatten()
    }

    /// Every class that was made, in order.
    pub fn classes(&self) -> &[Rc<Class>] {
        &self.classes
    }

    /// Every module that was run or is known, by path.
    pub fn modules(&self) -> impl Iterator<Item = &Rc<Module>> {
        self.loaded.values()
    }

    /// Whether a file was run, as far as it goes.
    pub(crate) fn has_run(&self, path: &RepoPath) -> bool {
        self.loaded.get(path).is_some_and(|module| module.state.get() != ModuleState::Fresh)
    }

    /// The innermost unknown condition under which the current statement stands: what it does may or may not happen.
    pub fn maybe(&self) -> Option<&Rc<Unknown>> {
        self.maybe.last()
    }

    /// Every unknown condition under which the current statement stands, the outermost first.
    pub fn maybes(&self) -> &[Rc<Unknown>] {
        &self.maybe
    }

    /// Whether an exception that is raised now would meet a handler.
    pub fn is_catching(&self) -> bool {
        self.catching > 0
    }

    /// Whether the statement stands in a handler of an exception that was raised.
    pub fn is_handling(&self) -> bool {
        !self.handling.is_empty()
    }

    /// What could not be decided while modules were run: unknown conditions at their top level, exhausted bounds,
    /// files that do not parse.
    pub fn doubts(&self) -> &[Rc<Unknown>] {
        &self.doubts
    }

    /// Notes a doubt.
    pub(crate) fn doubt(&mut self, reason: impl Into<String>, place: Place) {
        if self.doubts.len() < 1000 {
            self.doubts.push(Rc::new(Unknown { reason: reason.into(), place, shape: None }));
        }
    }

    /// Counts one step.
    pub(crate) fn step(&mut self) -> Eval<()> {
        self.steps += 1;
        if self.steps > STEPS { Err(Stop::Exhausted("more steps than are evaluated")) } else { Ok(()) }
    }

    /// Counts the steps of what takes long for one; the next one that is counted ends the program where they are used up.
    pub(crate) fn take_steps(&mut self, steps: usize) {
        self.steps = self.steps.saturating_add(steps);
    }

    /// Enters one level of nesting; [`Self::leave`] must follow.
    pub(crate) fn enter(&mut self) -> Eval<()> {
        self.depth += 1;
        if self.depth > DEPTH {
            self.depth -= 1;
            return Err(Stop::Exhausted("nested deeper than is evaluated"));
        }
        Ok(())
    }

    /// Leaves one level of nesting.
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Counts the bytes of a new string.
    pub(crate) fn text(&mut self, text: impl AsRef<str>) -> Eval<Value> {
        let text = text.as_ref();
        self.grow(text.len())?;
        Ok(Value::str(text))
    }

    /// Counts bytes that are made.
    pub(crate) fn grow(&mut self, bytes: usize) -> Eval<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        if bytes > STRING || self.bytes > STRINGS {
            return Err(Stop::Exhausted("longer strings than are evaluated"));
        }
        Ok(())
    }

    /// Counts items of containers that are made.
    pub(crate) fn hold(&mut self, items: usize) -> Eval<()> {
        self.items = self.items.saturating_add(items);
        if self.items > ALL_ITEMS {
            return Err(Stop::Exhausted("longer lists than are evaluated"));
        }
        Ok(())
    }

    /// Keeps a new object alive until the end, so that taking down a deep structure never recurses.
    pub(crate) fn keep(&mut self, value: &Value) -> Eval<()> {
        match value {
            Value::None
            | Value::Ellipsis
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Str(_)
            | Value::Bytes(_)
            | Value::Module(_)
            | Value::Class(_)
            | Value::Unknown(_) => Ok(()),
            _ => {
                if self.made() >= OBJECTS {
                    return Err(Stop::Exhausted("more objects than are evaluated"));
                }
                self.objects.push(value.clone());
                let items = match value {
                    Value::List(items) => items.borrow().len(),
                    Value::Tuple(items) => items.len(),
                    // An entry stands in a list and in an index.
                    Value::Dict(items) | Value::Set(items) => items.borrow().len() * 4,
                    _ => 0,
                };
                self.hold(items)
            }
        }
    }

    /// Objects that count.
    fn made(&self) -> usize {
        self.objects.len().saturating_sub(self.forgiven)
    }

    fn used(&self) -> Used {
        Used { steps: self.steps, bytes: self.bytes, items: self.items, objects: self.made() }
    }

    /// Gives back what a module has used that has used up what was left.
    fn refund(&mut self, before: Used) {
        let is_used_up = self.steps > STEPS || self.bytes > STRINGS || self.items > ALL_ITEMS || self.made() >= OBJECTS;
        if is_used_up && self.refunds < REFUNDS {
            self.refunds += 1;
            (self.steps, self.bytes, self.items) = (before.steps, before.bytes, before.items);
            self.forgiven = self.objects.len().saturating_sub(before.objects);
        }
    }

    /// A new scope, taken down with the interpreter.
    pub(crate) fn scope(&mut self, kind: ScopeKind, parent: Option<Rc<Scope>>) -> Rc<Scope> {
        let scope = Scope::new(kind, parent);
        self.scopes.push(Rc::clone(&scope));
        scope
    }

    /// Runs a module's statements, once.
    pub(crate) fn run_module(&mut self, module: &Rc<Module>) {
        if module.state.get() != ModuleState::Fresh {
            return;
        }
        module.state.set(ModuleState::Running);
        if let Some(file) = module.file.clone() {
            if let Some(error) = file.errors().first().filter(|_| !file.is_old()) {
                self.doubt(
                    format!("the file does not parse: {}", error.message),
                    Place::new(file.source(), error.span),
                );
            }
            // A module runs on its own account, whatever statement imports it.
            let maybe = std::mem::take(&mut self.maybe);
            let catching = std::mem::take(&mut self.catching);
            // Imports nest as deep as packages do; each gets half of the levels that are left to its importer.
            let depth = self.depth;
            self.depth = depth / 2;
            let used = self.used();
            let result = self.run_body(module, &file);
            self.depth = depth;
            self.catching = catching;
            self.maybe = maybe;
            // The doubt is about all that the module did not get to: an edit of it is another doubt.
            let behind = if result.is_ok() { None } else { self.take_skipped(file.source(), file.body()) };
            match result {
                Ok(()) => {}
                Err(Stop::Raise(raised)) => {
                    let what = super::format::repr(&raised.value);
                    self.doubt(format!("the module raises {what}"), behind.unwrap_or(raised.place));
                }
                Err(Stop::Exhausted(what)) => {
                    self.doubt(what, behind.unwrap_or_else(|| Place::start_of(file.source())));
                    self.refund(used);
                }
            }
        }
        module.state.set(ModuleState::Done);
    }

    /// The place of a module's start, or of an empty text where it has none.
    pub(crate) fn start_of(module: &Module) -> Place {
        match &module.file {
            Some(file) => Place::start_of(file.source()),
            None => Place::start_of(&Source::new(module.path.clone(), "")),
        }
    }
}

impl Drop for Interpreter<'_> {
    /// Takes down reference cycles (functions know their module) and deep structures, one object at a time.
    fn drop(&mut self) {
        self.declared.clear();
        for scope in self.scopes.drain(..) {
            let vars = std::mem::take(&mut *scope.vars.borrow_mut());
            self.objects.extend(vars.into_values());
        }
        for class in self.classes.drain(..) {
            class.attributes.borrow_mut().clear();
            class.members.borrow_mut().clear();
        }
        // Every object is still held by `objects` while the containers are emptied, and objects that cannot change hold
        // only older ones: taken down from the newest, none takes another with it.
        for value in &self.objects {
            match value {
                Value::List(items) => drop(std::mem::take(&mut *items.borrow_mut())),
                Value::Dict(items) | Value::Set(items) => items.borrow_mut().clear(),
                Value::Instance(instance) => instance.attributes.borrow_mut().clear(),
                Value::Symbol(symbol) => symbol.overrides.borrow_mut().clear(),
                _ => {}
            }
        }
        while let Some(value) = self.objects.pop() {
            drop(value);
        }
    }
}
