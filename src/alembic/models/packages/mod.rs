//! Mixins of other packages that bring columns: short modules of what they declare, found behind the repository's own.
//!
//! Adding a package is one Python file beside this one and one line in [`FILES`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::alembic::python::{Modules, ParsedFile};
use crate::source::{RepoPath, Source};

/// The folder that the modules pretend to be in; no file of a repository is there.
const ROOT: &str = "<packages>";

/// Modules by their path below [`ROOT`].
const FILES: &[(&str, &str)] = &[
    ("authlib/integrations/sqla_oauth2/__init__.py", include_str!("authlib_sqla_oauth2.py")),
    ("fastapi_users/__init__.py", ""),
    ("fastapi_users/db/__init__.py", include_str!("fastapi_users_db.py")),
    ("fastapi_users_db_sqlalchemy/__init__.py", include_str!("fastapi_users_db_sqlalchemy.py")),
    ("fastapi_users_db_sqlalchemy/access_token.py", include_str!("fastapi_users_db_sqlalchemy_access_token.py")),
    ("fastapi_users_db_sqlalchemy/generics.py", include_str!("fastapi_users_db_sqlalchemy_generics.py")),
    ("flask_dance/consumer/storage/sqla.py", include_str!("flask_dance_sqla.py")),
];

/// Whether a path is one of these modules'.
pub(super) fn holds(path: &RepoPath) -> bool {
    path.as_str().starts_with(ROOT)
}

/// The repository's modules, and behind them these.
pub(super) struct WithPackages<'m> {
    inner: &'m dyn Modules,
    roots: Vec<RepoPath>,
    parsed: RefCell<BTreeMap<RepoPath, Arc<ParsedFile>>>,
}

impl<'m> WithPackages<'m> {
    /// Puts these modules behind others.
    pub(super) fn new(inner: &'m dyn Modules) -> Self {
        let mut roots = inner.roots().to_vec();
        roots.push(RepoPath::new(ROOT));
        Self { inner, roots, parsed: RefCell::default() }
    }
}

/// The text of a module, by its path.
fn text(path: &RepoPath) -> Option<&'static str> {
    let below = path.strip_prefix(&RepoPath::new(ROOT))?;
    FILES.iter().find(|(name, _)| *name == below).map(|(_, text)| *text)
}

impl Modules for WithPackages<'_> {
    fn roots(&self) -> &[RepoPath] {
        &self.roots
    }

    fn file(&self, path: &RepoPath) -> Option<Arc<ParsedFile>> {
        let Some(text) = text(path) else { return self.inner.file(path) };
        let mut parsed = self.parsed.borrow_mut();
        let file = parsed.entry(path.clone()).or_insert_with(|| ParsedFile::parse(&Source::new(path.clone(), text)));
        Some(Arc::clone(file))
    }

    fn is_file(&self, path: &RepoPath) -> bool {
        text(path).is_some() || self.inner.is_file(path)
    }

    fn is_dir(&self, path: &RepoPath) -> bool {
        match path.strip_prefix(&RepoPath::new(ROOT)) {
            Some(below) => FILES.iter().any(|(name, _)| name.starts_with(&format!("{below}/"))),
            None => self.inner.is_dir(path),
        }
    }

    fn files_under(&self, path: &RepoPath) -> Vec<RepoPath> {
        if holds(path) { Vec::new() } else { self.inner.files_under(path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_parses() {
        for (name, text) in FILES {
            let file = ParsedFile::parse(&Source::new(RepoPath::new(name), *text));
            assert!(file.errors().is_empty(), "{name}: {:?}", file.errors());
        }
    }
}
