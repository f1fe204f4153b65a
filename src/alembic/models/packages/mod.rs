//! Mixins of other packages that bring columns: short modules of what they declare, found behind the repository's own.
//!
//! Adding a package is one Python file beside this one and one line in [`FILES`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::annotations::Versions;
use crate::alembic::discover::Version;
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
    ("oslo_db/sqlalchemy/models.py", include_str!("oslo_db_models.py")),
    ("flask_dance/consumer/storage/sqla.py", include_str!("flask_dance_sqla.py")),
    ("sqlalchemy_utils/models.py", include_str!("sqlalchemy_utils_models.py")),
    ("standard_library/http.py", include_str!("standard_library_http.py")),
];

/// Names of libraries that go by their path alone, for a few of which a module above says what they declare: the path that
/// every spelling of the name has, the module, the name in it.
const NAMES: &[(&str, &str, &str)] = &[
    ("sqlalchemy_utils.Timestamp", "sqlalchemy_utils/models.py", "Timestamp"),
    ("http.HTTPMethod", "standard_library/http.py", "HTTPMethod"),
];

/// Columns that a mixin got with a later version of its package: the module, the attribute, the package, the version.
/// Authlib 1.6.0: "support for 'acr' and 'amr' claims in id_token". 1.0.0: two dates in the place of `revoked`.
const LATER: &[(&str, &str, &str, Version)] = &[
    ("authlib/integrations/sqla_oauth2/__init__.py", "acr", "Authlib", (1, 6, 0)),
    ("authlib/integrations/sqla_oauth2/__init__.py", "amr", "Authlib", (1, 6, 0)),
    ("authlib/integrations/sqla_oauth2/__init__.py", "access_token_revoked_at", "Authlib", (1, 0, 0)),
    ("authlib/integrations/sqla_oauth2/__init__.py", "refresh_token_revoked_at", "Authlib", (1, 0, 0)),
];

/// Why a column of a mixin may not be there: it came later than the version that is pinned, or none is.
pub(super) fn why_not(path: &RepoPath, attribute: &str, versions: Versions) -> Option<String> {
    let below = path.strip_prefix(&RepoPath::new(ROOT))?;
    let (_, _, package, since) = LATER.iter().find(|(module, name, ..)| *module == below && *name == attribute)?;
    let used = match versions.authlib {
        Some(pinned) if pinned >= *since => return None,
        Some((major, minor, patch)) => format!("{major}.{minor}.{patch} is pinned"),
        None => "no version is pinned".to_owned(),
    };
    let (major, minor, patch) = since;
    Some(format!("the column {attribute} came with {package} {major}.{minor}.{patch}, and {used}"))
}

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

    fn excerpt_of(&self, path: &str) -> Option<(RepoPath, &'static str)> {
        let (_, file, name) = NAMES.iter().find(|(known, ..)| *known == path)?;
        Some((RepoPath::new(ROOT).join(file), name))
    }

    fn is_excerpt(&self, path: &RepoPath) -> bool {
        holds(path)
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
