//! Statements at the top of a file that raise, and are passed over.
//!
//! What a call into other modules raises while a file is read may be owed to the reading: settings that are not there, files
//! that are not asked. What Python runs goes on behind it, so this does too; what the statement would have bound is not known.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprContext, Stmt};

use super::exec::Frame;
use super::interpreter::{Eval, Interpreter, Raised, Stop};
use super::parse::ParsedFile;
use super::scope::Module;
use super::value::Value;
use crate::source::{Place, RepoPath};

/// A statement that raised and was passed over.
pub(crate) struct Passed {
    /// What it raised.
    pub(crate) raised: Raised,
    /// The statement.
    pub(crate) place: Place,
    /// Whether nothing that the file imports, and nothing that is not known, has a part in it: Python raises too.
    pub(crate) is_sure: bool,
}

impl Interpreter<'_> {
    /// The same as [`Self::load`], and statements at the top of that file that raise are passed over; see
    /// [`Self::passed`].
    pub(crate) fn load_through(&mut self, path: &RepoPath) -> Option<Rc<Module>> {
        self.through = Some(path.clone());
        self.load(path)
    }

    /// Runs the statements of a file one by one, behind those that raise too.
    pub(super) fn run_through(&mut self, frame: &Frame, file: &Arc<ParsedFile>) -> Eval<()> {
        // Names that are imported, or made of such. Which files there are when it runs is not known either.
        let mut foreign: BTreeSet<String> = BTreeSet::from(["open".to_owned()]);
        for stmt in file.body() {
            let result = self.exec_block(frame, std::slice::from_ref(stmt));
            let names = Names::of(stmt);
            let is_own = !names.imports && names.used.is_disjoint(&foreign);
            match result {
                Ok(_) => {}
                Err(Stop::Raise(raised)) => {
                    let is_sure = matches!(stmt, Stmt::Raise(_)) || is_own;
                    let place = frame.file.place(stmt);
                    for name in &names.bound {
                        let reason = format!("`{name}` is made by a statement that raises as far as it is read");
                        frame.scope.set(name, Value::unknown(reason, place.clone()));
                    }
                    self.passed.push(Passed { raised, place, is_sure });
                    foreign.extend(names.bound);
                    // Python gets no further.
                    if is_sure {
                        return Ok(());
                    }
                    continue;
                }
                Err(stop) => return Err(stop),
            }
            if is_own {
                for name in &names.bound {
                    foreign.remove(name);
                }
            } else {
                foreign.extend(names.bound);
            }
        }
        Ok(())
    }
}

/// The names that a statement uses, those in the bodies of functions too, and those that it binds in the file.
#[derive(Default)]
struct Names {
    used: BTreeSet<String>,
    bound: BTreeSet<String>,
    imports: bool,
    /// Bodies of functions and classes around what is looked at: they bind names of their own.
    depth: usize,
}

impl Names {
    fn of(stmt: &Stmt) -> Self {
        let mut names = Self::default();
        names.visit_stmt(stmt);
        names
    }

    fn bind(&mut self, name: &str) {
        if self.depth == 0 {
            self.bound.insert(name.to_owned());
        }
    }
}

impl<'a> Visitor<'a> for Names {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => self.bind(&function.name),
            Stmt::ClassDef(class) => self.bind(&class.name),
            Stmt::Import(import) => {
                self.imports = true;
                for alias in &import.names {
                    let top = alias.name.split('.').next().unwrap_or_default();
                    self.bind(alias.asname.as_ref().map_or(top, |name| name.as_str()));
                }
            }
            Stmt::ImportFrom(import) => {
                self.imports = true;
                for alias in &import.names {
                    self.bind(alias.asname.as_ref().unwrap_or(&alias.name));
                }
            }
            _ => {}
        }
        let inner = matches!(stmt, Stmt::FunctionDef(_) | Stmt::ClassDef(_));
        self.depth += usize::from(inner);
        walk_stmt(self, stmt);
        self.depth -= usize::from(inner);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr {
            if name.ctx == ExprContext::Store {
                self.bind(&name.id);
            } else {
                self.used.insert(name.id.to_string());
            }
        }
        walk_expr(self, expr);
    }
}
