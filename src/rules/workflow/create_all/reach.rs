//! What runs when an application starts: followed from there through the files of a change.

use std::collections::{BTreeMap, BTreeSet};

use super::unit::{self, Made, Module, Unit, When};
use crate::source::{RepoPath, Source};

/// How many calls are followed one behind the other.
const MOST_CALLS: usize = 32;

/// The files of one side of a change that make tables, or name a function that does.
pub(super) struct Program<'a> {
    files: Vec<(&'a RepoPath, Module)>,
}

impl<'a> Program<'a> {
    /// `targets`: what holds the metadata that is compared, of each project; empty where one does not say.
    pub(super) fn of(texts: impl Iterator<Item = (&'a RepoPath, &'a Source)> + Clone, targets: &[&str]) -> Self {
        let read =
            |path: &'a RepoPath, source: &Source| Some((path, unit::read(source.text(), super::stem(path), targets)?));
        let (makers, others): (Vec<_>, Vec<_>) = texts.partition(|(_, source)| source.text().contains("create_all"));
        let mut files: Vec<(&RepoPath, Module)> =
            makers.into_iter().filter_map(|(path, source)| read(path, source)).collect();
        // What waits for a call may be called in another file.
        let waiting: Vec<String> = files.iter().flat_map(|(path, module)| waiting(path, module)).collect();
        let calls = |source: &Source| waiting.iter().any(|name| source.text().contains(name.as_str()));
        files.extend(
            others.into_iter().filter(|(_, source)| calls(source)).filter_map(|(path, source)| read(path, source)),
        );
        Self { files }
    }

    /// What is made at the start, by file.
    pub(super) fn made(mut self) -> BTreeMap<RepoPath, Vec<Made>> {
        for (_, module) in &mut self.files {
            serve(module);
        }
        for _ in 0..MOST_CALLS {
            let reached = self.next();
            if reached.is_empty() {
                break;
            }
            for (file, unit) in reached {
                if let Some(unit) = self.files.get_mut(file).and_then(|(_, module)| module.units.get_mut(unit)) {
                    unit.when = When::AtStart;
                }
            }
        }
        let of = |module: Module| {
            let stamps = module.stamps;
            let mut made: Vec<Made> = module
                .units
                .into_iter()
                .filter(|unit| unit.when == When::AtStart && !stamps)
                .flat_map(|unit| unit.made)
                .collect();
            made.sort_by_key(|made| made.start);
            made
        };
        self.files.into_iter().map(|(path, module)| (path.clone(), of(module))).collect()
    }

    /// Units that wait for a call, and are called by one that runs at the start.
    fn next(&self) -> Vec<(usize, usize)> {
        let starting = |unit: &&Unit| unit.when == When::AtStart;
        let refers = |module: &Module| -> BTreeSet<String> {
            let starts = module.units.iter().filter(|_| !module.stamps).filter(starting);
            starts.flat_map(|unit| unit.refers.iter().cloned()).collect()
        };
        let callers: Vec<(&Module, BTreeSet<String>)> =
            self.files.iter().map(|(_, module)| (module, refers(module))).collect();
        let mut found = Vec::new();
        for (to, (path, callee)) in self.files.iter().enumerate() {
            for (at, unit) in callee.units.iter().enumerate().filter(|(_, unit)| unit.when == When::Called) {
                let called = callers.iter().enumerate().any(|(from, (caller, refers))| {
                    // A module of its own is run by whoever imports it.
                    let run = at == 0 && from != to && !caller.stamps && caller.imports.contains(super::stem(path));
                    run || (unit.names.iter().any(|name| refers.contains(name))
                        && (from == to || imports(caller, path, &unit.names)))
                });
                if called {
                    found.push((to, at));
                }
            }
        }
        found
    }
}

/// The names by which what waits in a file is called: of a module of its own, that of the file.
fn waiting(path: &RepoPath, module: &Module) -> Vec<String> {
    let all = module.units.iter().enumerate().filter(|(_, unit)| unit.when == When::Called);
    let names = all.flat_map(|(at, unit)| match at {
        0 => vec![super::stem(path).to_owned()],
        _ => unit.names.clone(),
    });
    names.filter(|name| !name.starts_with("__")).collect()
}

/// Whether a file imports what another declares: the module, or one of these names.
fn imports(caller: &Module, path: &RepoPath, names: &[String]) -> bool {
    let stem = super::stem(path);
    let package = path.parent();
    let module = match &package {
        Some(package) if stem == "__init__" => package.file_name(),
        _ => stem,
    };
    caller.imports.contains(module) || names.iter().any(|name| caller.imports.contains(name))
}

/// What serves, itself or by a function of the same file that it calls, is run when the application starts, also where it is
/// a command.
fn serve(module: &mut Module) {
    for _ in 0..MOST_CALLS {
        let serving: BTreeSet<String> =
            module.units.iter().filter(|unit| unit.serves).flat_map(|unit| unit.names.clone()).collect();
        let mut changed = false;
        for unit in module.units.iter_mut().filter(|unit| !unit.serves) {
            unit.serves = unit.refers.iter().any(|name| serving.contains(name));
            changed |= unit.serves;
        }
        if !changed {
            break;
        }
    }
    for unit in module.units.iter_mut().filter(|unit| unit.serves && !unit.is_playground) {
        unit.when = When::AtStart;
    }
}
