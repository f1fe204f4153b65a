//! Which major version of Prisma writes a project's migrations.

use std::sync::LazyLock;

use regex::Regex;

use super::settings::{locked_major, major};
use super::{LOCK_FILE, NEWEST_VERSION, RepoPath, Snapshot, SnapshotError, Survey, nearest};
use crate::prisma::schema::ast::Schema;

/// The major version: of the nearest package that settles it, else of the nearest lock file, else of a client in another
/// language, else what the lock file of the migrations gives away. None where nothing says it.
///
/// `bun.lockb` is no text, and a table of its own kind for each version of Bun: it is not read. Where there is no other
/// lock file beside it and no range settles the version, the policy may (`prisma-version`).
pub(super) fn of(
    snapshot: &dyn Snapshot,
    survey: &Survey,
    schema: &Schema,
    folder: &RepoPath,
    migrations: &RepoPath,
) -> Result<Option<u32>, SnapshotError> {
    let is_client = |test: &dyn Fn(&str) -> bool| {
        schema.generators.iter().any(|generator| generator.texts("provider").into_iter().any(test))
    };
    // The client of the previews of Prisma 2 was called Photon: later versions know none of that name.
    if is_client(&|provider| provider == "photonjs") {
        return Ok(Some(2));
    }
    if let Some(version) = of_packages(snapshot, survey, folder)? {
        return Ok(Some(version));
    }
    let client = if is_client(&|provider| provider.contains("prisma-client-go")) {
        of_client(snapshot, folder, |name| name == "go.mod", go_client)?
    } else if is_client(&|provider| provider.contains("prisma-client-py")) {
        let lists_packages = |name: &str| {
            name == "pyproject.toml"
                || name.contains("requirements") && (name.ends_with(".txt") || name.ends_with(".in"))
        };
        of_client(snapshot, folder, lists_packages, python_client)?
    } else {
        None
    };
    if client.is_some() {
        return Ok(client);
    }
    // Since 6.6 the command line writes this file itself, anew with each migration, and in other words than the engine did
    // (`packages/migrate/src/utils/createMigration.ts`). The engine's words may be older than what is used now.
    let lock_file = snapshot.read(&migrations.join(LOCK_FILE))?.text();
    let is_recent = lock_file.is_some_and(|source| source.text().contains("version-control system (e.g., Git)"));
    Ok(is_recent.then_some(NEWEST_VERSION))
}

/// The version that packages of Node.js say.
fn of_packages(snapshot: &dyn Snapshot, survey: &Survey, folder: &RepoPath) -> Result<Option<u32>, SnapshotError> {
    for here in above(folder) {
        let range = survey.packages.get(&here).and_then(|package| package.range.as_deref());
        if let Some(major) = range.and_then(major) {
            return Ok(Some(major));
        }
    }
    for here in above(folder) {
        for name in ["pnpm-workspace.yaml", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"] {
            let path = here.join(name);
            if snapshot.files()?.get(&path).is_none() {
                continue;
            }
            // The lock file speaks of packages: the nearest one is the project's.
            let package = nearest(folder, |dir| survey.packages.contains_key(dir)).unwrap_or_default();
            let package = package.strip_prefix(&here).unwrap_or_default();
            if let Some(major) = snapshot.read(&path)?.text().and_then(|source| locked_major(source.text(), package)) {
                return Ok(Some(major));
            }
        }
    }
    Ok(None)
}

/// The version that a client in another language brings along, by the nearest file of that name that lists it.
fn of_client(
    snapshot: &dyn Snapshot,
    folder: &RepoPath,
    is_list: impl Fn(&str) -> bool,
    read: fn(&str) -> Option<u32>,
) -> Result<Option<u32>, SnapshotError> {
    for here in above(folder) {
        let beside = snapshot.files()?.under(&here).map(|entry| &entry.path);
        for path in beside.filter(|path| path.parent().as_ref() == Some(&here) && is_list(path.file_name())) {
            if let Some(version) = snapshot.read(path)?.text().and_then(|source| read(source.text())) {
                return Ok(Some(version));
            }
        }
    }
    Ok(None)
}

/// A folder and those above it.
fn above(folder: &RepoPath) -> impl Iterator<Item = RepoPath> {
    std::iter::successors(Some(folder.clone()), RepoPath::parent)
}

/// Prisma's version by that of Prisma Client Go in `go.mod` (`binaries/version.go` at each of its tags).
fn go_client(text: &str) -> Option<u32> {
    static GO: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?m)^[^/\n]*github\.com/steebchen/prisma-client-go\s+v0\.(\d+)\.").ok());
    Some(match GO.as_ref()?.captures(text)?[1].parse::<u32>().ok()? {
        45.. => 6,
        20.. => 5,
        18.. => 4,
        12.. => 3,
        _ => return None,
    })
}

/// Prisma's version by that of Prisma Client Python in a list of packages (`prisma_version` in its `_config.py`). Its last
/// release is 0.15, of Prisma 5: that is what a range leads to which does not name its second number.
fn python_client(text: &str) -> Option<u32> {
    static PYTHON: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"(?m)^\s*["']?prisma(?:\[[^\]\n]*\])?["']?\s*"#,
            r#"(?:=\s*(?:\{[^}\n]*?\bversion\s*=\s*)?["']|$|["',;#]|([=~<>!]=?=?))\s*([=~^<>!]*)\s*(?:0\.(\d+))?"#,
        ))
        .ok()
    });
    let found = PYTHON.as_ref()?.captures(text)?;
    let operator = found.get(1).or(found.get(2)).map_or("", |operator| operator.as_str());
    let minor = found.get(3).and_then(|minor| minor.as_str().parse::<u32>().ok());
    match minor.filter(|_| !matches!(operator, ">=" | ">" | "!=")) {
        None | Some(11..) => Some(5),
        Some(8..) => Some(4),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{go_client, python_client};

    #[test]
    fn a_client_of_another_language_brings_a_version_of_prisma() {
        let go = |version: &str| {
            go_client(&format!("module x\n\nrequire (\n\tgithub.com/steebchen/prisma-client-go {version}\n)\n"))
        };
        assert_eq!(go("v0.31.4-0.20231228102837-d2b2373128a2"), Some(5));
        assert_eq!(go("v0.44.0"), Some(5));
        assert_eq!(go("v0.45.0"), Some(6));
        assert_eq!(go("v0.19.0"), Some(4));
        assert_eq!(go("v0.5.0"), None);
        assert_eq!(go_client("require github.com/steebchen/prisma-client-go v0.20.0\n"), Some(5));
        assert_eq!(go_client("module x\n"), None);
        for (line, version) in [
            ("prisma==0.15.0", Some(5)),
            ("prisma == 0.9.1  # the client", Some(4)),
            ("prisma[dev]~=0.13", Some(5)),
            ("prisma>=0.8", Some(5)),
            ("prisma", Some(5)),
            ("prisma ; python_version > '3.8'", Some(5)),
            ("prisma==0.4.0", None),
            ("prisma = \"^0.10.0\"", Some(4)),
            ("prisma = {version = \"^0.12.0\", extras = [\"dev\"]}", Some(5)),
            ("    \"prisma>=0.11.0\",", Some(5)),
            ("    \"prisma==0.10.0\",", Some(4)),
            ("prismatic==0.15.0", None),
            ("prisma-extra==0.15.0", None),
            ("[tool.prisma]", None),
        ] {
            assert_eq!(python_client(&format!("fastapi==0.1\n{line}\nuvicorn==1.0\n")), version, "{line}");
        }
    }
}
