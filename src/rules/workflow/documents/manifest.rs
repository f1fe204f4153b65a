//! What containers run by manifests: Kubernetes, Helm, Cloud Build. A command is a list of words in `command` (or
//! `entrypoint`) and goes on in `args`.

use std::collections::BTreeMap;

use super::{Piece, Said, develops, is_deployment_job, is_playground, starts_development, words};
use crate::rules::workflow::command::{Word, commands_of_words};
use crate::rules::workflow::yaml::{Scalar, scalars};
use crate::source::RepoPath;

/// Words of folders that hold manifests.
const FOLDERS: [&str; 20] = [
    "k8s",
    "kubernetes",
    "kube",
    "manifest",
    "manifests",
    "helm",
    "chart",
    "charts",
    "deploy",
    "deployment",
    "deployments",
    "infra",
    "infrastructure",
    "ops",
    "gitops",
    "kustomize",
    "overlays",
    "cluster",
    "clusters",
    "openshift",
];

/// Whether a YAML file may be a manifest, by the folders that hold it; whether it is one says its text.
pub(super) fn may_be(path: &RepoPath) -> bool {
    let folder = path.parent();
    folder.iter().flat_map(RepoPath::components).flat_map(words).any(|word| FOLDERS.contains(&word.as_str()))
}

/// Cloud Build's steps are containers that run one after the other.
pub(super) fn is_build(name: &str) -> bool {
    name.starts_with("cloudbuild")
}

/// One container's command, in the order in which its words are put together.
#[derive(Default)]
struct Run {
    words: [Vec<Word>; 3],
    name: String,
}

pub(super) fn pieces(path: &RepoPath, text: &str) -> Vec<Piece> {
    let file = path.file_name();
    let is_build = is_build(file);
    // A chart's values are no manifest themselves, and give the commands of some.
    let is_manifest =
        is_build || file.starts_with("values") || text.lines().any(|line| line.starts_with("apiVersion:"));
    if !is_manifest {
        return Vec::new();
    }
    let text = without_templates(text);
    let all = scalars(&text);
    let names: BTreeMap<&[usize], &str> = all
        .iter()
        .filter(|scalar| !scalar.is_item && !scalar.items.is_empty())
        .filter(|scalar| scalar.keys.last().is_some_and(|key| key == if is_build { "id" } else { "name" }))
        .map(|scalar| (scalar.items.as_slice(), scalar.text.as_str()))
        .collect();
    let in_playground =
        path.parent().iter().flat_map(RepoPath::components).any(is_playground) || is_playground(path.file_name());
    let mut object = "";
    let mut pieces = Vec::new();
    let mut runs: Vec<Run> = Vec::new();
    let mut known: BTreeMap<(&[usize], &[String]), usize> = BTreeMap::new();
    for scalar in &all {
        let Some((key, above)) = scalar.keys.split_last() else { continue };
        if scalar.items.is_empty() && scalar.keys == ["metadata", "name"] {
            object = &scalar.text;
        }
        let holder = holder(scalar);
        let name = names.get(holder).copied().unwrap_or(object);
        let shell = |pieces: &mut Vec<Piece>| {
            let said = Said::Shell(scalar.text.clone(), scalar.start);
            pieces.push(piece(said, name, is_build, in_playground || starts_development(&scalar.text)));
        };
        match key.as_str() {
            "command" | "entrypoint" | "args" if scalar.is_item || (is_build && key == "entrypoint") => {
                let at = *known.entry((holder, above)).or_insert_with(|| {
                    runs.push(Run { name: name.to_owned(), ..Run::default() });
                    runs.len() - 1
                });
                let part = ["entrypoint", "command", "args"].iter().position(|part| part == key).unwrap_or_default();
                runs[at].words[part].push(Word::new(&scalar.text, scalar.start));
            }
            "command" | "script" => shell(&mut pieces),
            // A script that is kept in a ConfigMap.
            key if key.ends_with(".sh") && !scalar.is_item => shell(&mut pieces),
            _ => {}
        }
    }
    for run in runs {
        let words: Vec<Word> = run.words.into_iter().flatten().collect();
        let playground = in_playground || develops(&commands_of_words(words.clone()));
        pieces.push(piece(Said::Words(words), &run.name, is_build, playground));
    }
    pieces
}

fn piece(said: Said, name: &str, is_build: bool, playground: bool) -> Piece {
    let playground = playground || is_playground(name);
    let within = match (is_build, name) {
        (true, "") => "the build".to_owned(),
        (true, name) => format!("the step {name}"),
        (false, "") => "the manifest".to_owned(),
        (false, name) => format!("the container {name}"),
    };
    // What runs in a cluster is there for its users; a build says so where it deploys.
    Piece { said, within, deploys: !playground && (!is_build || is_deployment_job(name)), playground }
}

/// The list items around a scalar, without the one that it is itself.
fn holder(scalar: &Scalar) -> &[usize] {
    match scalar.items.split_last() {
        Some((_, around)) if scalar.is_item => around,
        _ => &scalar.items,
    }
}

/// The text with the lines that are Helm's alone blanked.
fn without_templates(text: &str) -> String {
    if !text.contains("{{") {
        return text.to_owned();
    }
    let blank = |line: &str| {
        let trimmed = line.trim();
        let end = line.trim_end_matches(['\n', '\r']).len();
        if trimmed.starts_with("{{") && trimmed.ends_with("}}") {
            " ".repeat(end) + &line[end..]
        } else {
            line.to_owned()
        }
    };
    text.split_inclusive('\n').map(blank).collect()
}
