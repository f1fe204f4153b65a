//! Globs over paths of the repository.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::git::FileList;
use crate::source::RepoPath;

/// The longest glob, in bytes.
const LONGEST: usize = 1_000;

/// Compiles a glob: `*` and `?` stop at `/`, `**` does not. The error is one line.
fn compile(pattern: &str) -> Result<Glob, String> {
    if pattern.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    GlobBuilder::new(trim(pattern))
        .literal_separator(true)
        .backslash_escape(true)
        .empty_alternates(true)
        .build()
        .map_err(|error| error.kind().to_string())
}

/// A glob without the leading `./` or `/` and the trailing `/` that people write.
fn trim(pattern: &str) -> &str {
    pattern.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/')
}

/// A set of globs; a glob that matches a folder matches everything in it.
#[derive(Debug, Clone, Default)]
pub struct PathSet {
    set: GlobSet,
}

impl PathSet {
    /// A set of one or more globs.
    ///
    /// # Errors
    /// In the engine's words, on one line.
    pub(super) fn new<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Result<Self, String> {
        let mut builder = GlobSetBuilder::new();
        for pattern in patterns {
            builder.add(compile(pattern)?);
        }
        builder.build().map(|set| Self { set }).map_err(|error| error.kind().to_string())
    }

    /// Whether there is no glob in it.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// Whether a path or a folder above it is matched.
    pub fn matches(&self, path: &RepoPath) -> bool {
        if self.is_empty() {
            return false;
        }
        let text = path.as_str();
        let folders = text.match_indices('/').map(|(at, _)| &text[..at]);
        folders.chain(std::iter::once(text)).any(|part| self.set.is_match(part))
    }

    /// Whether any file is matched.
    pub(super) fn matches_any(&self, files: &FileList) -> bool {
        files.iter().any(|entry| self.matches(&entry.path))
    }
}

/// Whether a name matches a pattern in which `*` stands for anything (`users.*`).
pub(super) fn name_matches(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_stop_at_folders_and_take_them_whole() {
        let set = PathSet::new(["vendor/", "**/*.generated.sql", "./apps/*/old"]).expect("compiles");
        let cases = [
            ("vendor/a/b.sql", true),
            ("vendor", true),
            ("vendors/a.sql", false),
            ("x/y.generated.sql", true),
            ("apps/web/old/schema.prisma", true),
            ("apps/web/deep/old/schema.prisma", false),
        ];
        for (path, expected) in cases {
            assert_eq!(set.matches(&path.into()), expected, "{path}");
        }
        assert!(PathSet::new(["a[".to_owned().as_str()]).is_err());
        assert!(PathSet::new(["a".repeat(1_001).as_str()]).is_err());
    }

    #[test]
    fn stars_in_names() {
        for (pattern, name, expected) in [
            ("users.age", "users.age", true),
            ("users.*", "users.age", true),
            ("users.*", "users", false),
            ("*_old", "users_old", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(name_matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
