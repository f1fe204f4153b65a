//! Where a script location and its version locations lie in a snapshot.
//!
//! Alembic takes relative paths from the working directory, and `package:folder` from the installed package
//! (<https://alembic.sqlalchemy.org/en/latest/tutorial.html#editing-the-ini-file>). A repository says neither, so the
//! folder of the settings and those above it are tried, and the one that holds an `env.py` wins.

use super::ini::HERE;
use crate::git::{FileList, Snapshot, SnapshotError};
use crate::source::RepoPath;

/// Folders that hold other people's code, or code that is no project of the repository's own.
const FOREIGN: [&str; 14] = [
    "site-packages",
    "dist-packages",
    "node_modules",
    "__pypackages__",
    ".venv",
    "venv",
    ".tox",
    ".nox",
    "tests",
    "test",
    "testing",
    "testdata",
    "fixtures",
    "{{cookiecutter.project_slug}}",
];

/// Whether a path lies in a folder that is passed over in discovery, or in a copy of a library that is kept in the repository
/// (`libs/sqlalchemy/orm`, `alembic/templates/async`).
pub(crate) fn is_foreign(path: &RepoPath) -> bool {
    let Some(dir) = path.parent() else { return false };
    let parts: Vec<&str> = dir.components().collect();
    parts.iter().any(|part| FOREIGN.contains(part) || part.contains("{{"))
        || parts.windows(2).any(|pair| {
            matches!(
                pair,
                ["alembic" | "flask_migrate", "templates"]
                    | ["alembic", "autogenerate" | "ddl" | "operations" | "runtime"]
                    | ["libs" | "lib" | "vendor" | "_vendor" | "third_party", "sqlalchemy" | "flask_sqlalchemy"]
                    | ["sqlalchemy", "dialects" | "engine"]
            )
        })
}

/// A location, and the folder from which it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The folder that holds `env.py`.
    pub(crate) dir: RepoPath,
    /// The folder that commands must be run from for it to be found.
    pub(crate) root: RepoPath,
}

/// Whether a folder is a script location: it holds `env.py`.
pub(crate) fn is_script_dir(files: &FileList, dir: &RepoPath) -> bool {
    files.get(&dir.join("env.py")).is_some()
}

/// Finds the script location that a settings file in `settings_dir` names.
pub(crate) fn script_location(files: &FileList, settings_dir: &RepoPath, value: &str) -> Option<Found> {
    let value = value.trim();
    if let Some(rest) = value.strip_prefix(HERE) {
        let dir = settings_dir.join(rest);
        return is_script_dir(files, &dir).then(|| Found { dir, root: settings_dir.clone() });
    }
    if value.starts_with('/') {
        return suffix_match(files, value.trim_start_matches('/'), settings_dir);
    }
    if let Some((package, folder)) = value.split_once(':') {
        let relative = RepoPath::new(package.replace('.', "/")).join(folder);
        for base in bases(settings_dir) {
            for dir in [base.join(relative.as_str()), base.join("src").join(relative.as_str())] {
                if is_script_dir(files, &dir) {
                    return Some(Found { dir, root: settings_dir.clone() });
                }
            }
        }
        return suffix_match(files, relative.as_str(), settings_dir);
    }
    for base in bases(settings_dir) {
        let dir = base.join(value);
        if is_script_dir(files, &dir) {
            return Some(Found { dir, root: base });
        }
    }
    None
}

/// The only folder whose path ends in `relative` and that holds `env.py`; the shortest where there are several.
fn suffix_match(files: &FileList, relative: &str, settings_dir: &RepoPath) -> Option<Found> {
    let wanted = format!("/{}/env.py", relative.trim_matches('/'));
    let dir = files
        .iter()
        .filter(|entry| entry.path.as_str().ends_with(&wanted) && !is_foreign(&entry.path))
        .filter_map(|entry| entry.path.parent())
        .min_by_key(|dir| (dir.as_str().len(), dir.clone()))?;
    Some(Found { dir, root: settings_dir.clone() })
}

/// A folder and those above it, nearest first.
pub(crate) fn bases(dir: &RepoPath) -> impl Iterator<Item = RepoPath> + use<> {
    std::iter::successors(Some(dir.clone()), RepoPath::parent)
}

/// The folder that commands are run from where the settings lie among the scripts: the one around the scripts, or, where
/// that holds no program (`db/migrations` beside the application), the first above it that does.
///
/// # Errors
/// Where the snapshot cannot be read.
pub(crate) fn above_scripts(snapshot: &dyn Snapshot, scripts: &RepoPath) -> Result<RepoPath, SnapshotError> {
    let files = snapshot.files()?;
    for dir in bases(scripts).skip(1) {
        let others = files
            .under(&dir)
            .map(|entry| &entry.path)
            .filter(|path| path.extension() == Some("py") && !path.is_under(scripts) && !is_foreign(path));
        for path in others {
            // What makes a folder a package and says nothing is no program.
            let is_marker = path.file_name() == "__init__.py"
                && snapshot.read(path)?.text().is_some_and(|source| source.text().trim().is_empty());
            if !is_marker {
                return Ok(dir);
            }
        }
    }
    Ok(scripts.parent().unwrap_or_default())
}

/// The folders of the revisions: those that `version_locations` names, or `versions` in the script location.
///
/// A location that does not exist (yet) is kept where its place is certain, as a revision may be added in it.
pub(crate) fn version_locations(
    files: &FileList,
    settings_dir: &RepoPath,
    script: &Found,
    values: &[String],
) -> Vec<RepoPath> {
    let mut locations: Vec<RepoPath> = Vec::new();
    for value in values {
        let value = value.trim();
        let location = if let Some(rest) = value.strip_prefix(HERE) {
            settings_dir.join(rest)
        } else if let Some((package, folder)) = value.split_once(':') {
            let relative = RepoPath::new(package.replace('.', "/")).join(folder);
            match bases(settings_dir)
                .flat_map(|base| [base.join(relative.as_str()), base.join("src").join(relative.as_str())])
                .find(|dir| files.has_dir(dir))
            {
                Some(dir) => dir,
                None => continue,
            }
        } else if value.is_empty() || value.starts_with('/') {
            continue;
        } else {
            let from_root = script.root.join(value);
            bases(settings_dir).map(|base| base.join(value)).find(|dir| files.has_dir(dir)).unwrap_or(from_root)
        };
        if !locations.contains(&location) {
            locations.push(location);
        }
    }
    if locations.is_empty() {
        locations.push(script.dir.join("versions"));
    }
    locations
}

/// Splits `version_locations` as the settings say: `path_separator`, its old name `version_path_separator`, or the
/// legacy rule, blanks and commas. Words behind the separator's own are taken for a comment, as old templates wrote one.
pub(crate) fn split_paths(value: &str, separator: Option<&str>) -> Vec<String> {
    let separator = separator.and_then(|word| word.split_whitespace().next());
    let parts: Vec<&str> = match separator {
        Some("newline") => value.split('\n').collect(),
        Some("space") => value.split(' ').collect(),
        Some(";") => value.split(';').collect(),
        // `os` is `:` here and `;` on Windows; `package:folder` cannot stand in a list that `:` splits.
        Some(":") => value.split(':').collect(),
        Some("os") if value.contains(';') => value.split(';').collect(),
        Some("os") => value.split([':', '\n']).collect(),
        _ => value.split([' ', ',', '\n']).collect(),
    };
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::MemorySnapshot;

    fn found(paths: &[&str], settings: &str, value: &str) -> Option<(String, String)> {
        let snapshot = MemorySnapshot::new(paths.iter().map(|path| (*path, "")));
        let files = snapshot.files().ok()?;
        script_location(files, &RepoPath::new(settings), value)
            .map(|found| (found.dir.to_string(), found.root.to_string()))
    }

    fn pair(dir: &str, root: &str) -> Option<(String, String)> {
        Some((dir.to_owned(), root.to_owned()))
    }

    #[test]
    fn locations_are_taken_from_the_settings_and_from_above() {
        assert_eq!(found(&["a/migrations/env.py"], "a", "migrations"), pair("a/migrations", "a"));
        assert_eq!(found(&["h/migrations/env.py"], "conf", "h/migrations"), pair("h/migrations", ""));
        assert_eq!(found(&["m/env.py"], "m", "."), pair("m", "m"));
        assert_eq!(found(&["a/db/env.py"], "a", &format!("{HERE}/db")), pair("a/db", "a"));
        assert_eq!(found(&["a/db/script.py.mako"], "a", "db"), None);
    }

    #[test]
    fn packages_are_found_where_they_stand() {
        assert_eq!(found(&["src/shop/db/rev/env.py"], "src/shop", "shop:db/rev"), pair("src/shop/db/rev", "src/shop"));
        assert_eq!(found(&["src/shop/db/env.py"], "", "shop.db:"), pair("src/shop/db", ""));
        assert_eq!(found(&["lib/x/shop/m/env.py"], "conf", "shop:m"), pair("lib/x/shop/m", "conf"));
    }

    #[test]
    fn paths_are_split_as_the_settings_say() {
        assert_eq!(split_paths("a b, c", None), ["a", "b", "c"]);
        assert_eq!(split_paths("a:b", Some("os  # the default")), ["a", "b"]);
        assert_eq!(split_paths("p:a\np:b", Some("newline")), ["p:a", "p:b"]);
        assert_eq!(split_paths("p:a p:b", Some("space")), ["p:a", "p:b"]);
    }

    #[test]
    fn foreign_folders_are_known() {
        assert!(is_foreign(&"lib/site-packages/a/env.py".into()));
        assert!(is_foreign(&"{{cookiecutter.name}}/alembic.ini".into()));
        assert!(is_foreign(&"libs/alembic/templates/async/env.py".into()));
        assert!(is_foreign(&"libs/sqlalchemy/orm/decl_api.py".into()));
        assert!(!is_foreign(&"app/alembic/versions/a.py".into()));
        assert!(!is_foreign(&"contest/alembic.ini".into()));
        assert!(!is_foreign(&"tests".into()));
    }
}
