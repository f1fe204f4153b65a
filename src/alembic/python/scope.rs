//! Where names live: modules, functions, class bodies.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::parse::ParsedFile;
use super::value::{Text, Value};
use crate::source::RepoPath;

/// A module of the repository.
pub struct Module {
    /// Its dotted name from its source root.
    pub name: Text,
    /// Its file; the folder of a namespace package.
    pub path: RepoPath,
    /// Its text; none for a namespace package.
    pub file: Option<Arc<ParsedFile>>,
    /// Whether it is a package (`__init__.py` or a namespace package).
    pub package: bool,
    pub(crate) scope: Rc<Scope>,
    pub(crate) state: Cell<ModuleState>,
}

/// How far a module has been run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModuleState {
    Fresh,
    Running,
    Done,
}

impl Module {
    /// The names of its globals, sorted.
    pub fn names(&self) -> Vec<Text> {
        self.scope.vars.borrow().keys().cloned().collect()
    }
}

/// One scope.
pub(crate) struct Scope {
    pub(crate) vars: RefCell<BTreeMap<Text, Value>>,
    /// The scope that free names are looked up in next; none for a module.
    pub(crate) parent: Option<Rc<Scope>>,
    pub(crate) kind: ScopeKind,
    /// Names declared `global`.
    pub(crate) globals: RefCell<BTreeSet<Text>>,
    /// Names declared `nonlocal`.
    pub(crate) nonlocals: RefCell<BTreeSet<Text>>,
}

/// Kinds of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    Module,
    /// A function, lambda or comprehension.
    Function,
    /// A class body: invisible to the functions in it.
    Class,
}

impl Scope {
    pub(crate) fn new(kind: ScopeKind, parent: Option<Rc<Scope>>) -> Rc<Self> {
        Rc::new(Self {
            vars: RefCell::default(),
            parent,
            kind,
            globals: RefCell::default(),
            nonlocals: RefCell::default(),
        })
    }

    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        self.vars.borrow().get(name).cloned()
    }

    pub(crate) fn set(&self, name: &str, value: Value) {
        let mut vars = self.vars.borrow_mut();
        match vars.get_mut(name) {
            Some(slot) => *slot = value,
            None => {
                vars.insert(Rc::from(name), value);
            }
        }
    }

    /// The outermost scope of the chain.
    pub(crate) fn module(self: &Rc<Self>) -> Rc<Scope> {
        let mut scope = Rc::clone(self);
        while let Some(parent) = scope.parent.clone() {
            scope = parent;
        }
        scope
    }

    /// Looks a name up as a use in this scope does: here, then outwards, class bodies of outer scopes left out.
    pub(crate) fn lookup(self: &Rc<Self>, name: &str) -> Option<(Rc<Scope>, Value)> {
        if self.globals.borrow().contains(name) {
            let module = self.module();
            let value = module.get(name)?;
            return Some((module, value));
        }
        let mut scope = Rc::clone(self);
        let mut first = true;
        loop {
            if (first || scope.kind != ScopeKind::Class)
                && let Some(value) = scope.get(name)
            {
                return Some((scope, value));
            }
            first = false;
            let parent = scope.parent.clone()?;
            scope = parent;
        }
    }

    /// The scope that an assignment to `name` writes to.
    pub(crate) fn target(self: &Rc<Self>, name: &str) -> Rc<Scope> {
        if self.globals.borrow().contains(name) {
            return self.module();
        }
        if self.nonlocals.borrow().contains(name) {
            let mut scope = self.parent.clone();
            while let Some(candidate) = scope {
                if candidate.kind == ScopeKind::Function && candidate.vars.borrow().contains_key(name) {
                    return candidate;
                }
                scope = candidate.parent.clone();
            }
        }
        Rc::clone(self)
    }
}
