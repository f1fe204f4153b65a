//! Short names for projects: the folder they live in, by as much of its path as tells them apart.

use crate::project::Project;
use crate::source::RepoPath;

/// The folder that holds Prisma's own: `packages/db` for `packages/db/prisma/schema`.
pub(super) fn base(folder: &RepoPath) -> RepoPath {
    let mut folder = folder.clone();
    while matches!(folder.file_name(), "prisma" | "schema" | "schemas") {
        folder = folder.parent().unwrap_or_default();
    }
    folder
}

/// Names projects that have no name yet.
pub(super) fn name(projects: &mut [Project]) {
    let roots: Vec<RepoPath> = projects.iter().map(|project| project.root.clone()).collect();
    let is_alone = |root: &RepoPath| !root.is_root() && roots.iter().filter(|other| *other == root).count() == 1;
    let paths: Vec<Vec<String>> = projects
        .iter()
        .map(|project| {
            // A package with one schema is known by its own folder.
            if is_alone(&project.root) { words(&project.root) } else { path_of(project) }
        })
        .collect();
    let same_folder = |path: &Vec<String>| paths.iter().filter(|other| *other == path).count() > 1;
    let full: Vec<Vec<String>> = projects
        .iter()
        .zip(&paths)
        .map(|(project, path)| {
            let mut path = path.clone();
            if same_folder(&path) {
                path.push(stem(project));
            }
            path
        })
        .collect();
    for (at, project) in projects.iter_mut().enumerate() {
        let Some(own) = full.get(at) else { continue };
        if own.is_empty() {
            ".".clone_into(&mut project.name);
            continue;
        }
        let suffix = |path: &[String], length: usize| path[path.len().saturating_sub(length)..].join("/");
        let length = (1..=own.len())
            .find(|&length| {
                let mine = suffix(own, length);
                full.iter().enumerate().all(|(other, path)| other == at || suffix(path, length) != mine)
            })
            .unwrap_or(own.len());
        project.name = suffix(own, length);
    }
}

fn path_of(project: &Project) -> Vec<String> {
    let folder = project.schema.first().and_then(RepoPath::parent).unwrap_or_default();
    let folder = project.schema.iter().fold(folder, |folder, path| {
        let mut folder = folder;
        while !path.is_under(&folder) {
            folder = folder.parent().unwrap_or_default();
        }
        folder
    });
    let words = words(&base(&folder));
    // `libs/back/prisma/src` is `back`'s: a folder of sources says nothing.
    let meaningful = words.iter().rposition(|word| !matches!(word.as_str(), "src" | "prisma")).map_or(0, |at| at + 1);
    words[..meaningful].to_vec()
}

fn words(path: &RepoPath) -> Vec<String> {
    path.components().map(str::to_owned).collect()
}

/// What tells schemas of one folder apart: the file's name without its usual words.
fn stem(project: &Project) -> String {
    let name = project.schema.first().map(RepoPath::file_name).unwrap_or_default();
    let name = name.trim_end_matches(".prisma");
    let words: Vec<&str> =
        name.split(['-', '_', '.']).filter(|word| !matches!(*word, "" | "schema" | "prisma")).collect();
    if words.is_empty() { name.to_owned() } else { words.join("-") }
}
