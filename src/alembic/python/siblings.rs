//! Modules that stand beside the one that imports them, under a name that is not absolute.
//!
//! In Python 2 a module of a package is looked for in the package first (PEP 328), and so it is in the folder of a program that
//! is started there. A Python 3 that is read here is not known to be started so: a sibling is taken where no root has a module
//! of that name and the sibling has what is imported, so that `from celery import Celery` in an own `celery.py` is the library.

use std::rc::Rc;

use super::import::is_library;
use super::interpreter::Interpreter;
use super::modules::{Found, find_in};
use super::parse::ast;
use super::scope::Module;
use crate::source::RepoPath;

impl Interpreter<'_> {
    /// The module beside the importing one that an absolute name means; none where it means another, or no one knows.
    pub(super) fn sibling(&mut self, dotted: &str, names: &[ast::Alias], from: &RepoPath) -> Option<Rc<Module>> {
        let top = dotted.split('.').next().unwrap_or(dotted);
        if is_library(top) {
            return None;
        }
        let dir = from.parent()?;
        let Some(Found::File(path)) = find_in(self.modules, &dir, dotted) else { return None };
        if path == *from {
            return None;
        }
        let importing = self.modules.file(from)?;
        let is_package = self.modules.is_file(&dir.join("__init__.py"));
        let text = importing.source().text();
        let python_2 = importing.is_old() && is_package && !text.contains("absolute_import");
        if !python_2 && (self.modules.find(top).is_some() || !self.has_names(&path, names)) {
            return None;
        }
        self.module_at(&path)
    }

    /// Whether the text of a module has each of some names at the start of a statement: `class A`, `def a`, `a =`.
    fn has_names(&self, path: &RepoPath, names: &[ast::Alias]) -> bool {
        let Some(file) = self.modules.file(path) else { return false };
        let text = file.source().text();
        let has = |name: &str| {
            text.lines().any(|line| {
                let rest =
                    ["class ", "def ", "async def "].iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line);
                let after = rest.strip_prefix(name).map(str::trim_start);
                after.is_some_and(|after| after.starts_with(['(', ':', '=']))
            })
        };
        !names.is_empty() && names.iter().all(|alias| has(alias.name.as_str()))
    }
}
