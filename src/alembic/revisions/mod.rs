//! Alembic's revisions: found, read, ordered, and run against a catalog.

mod answers;
mod batch;
mod bind;
mod columns;
mod ddl;
mod execute;
mod handed;
mod header;
mod host;
mod imports;
mod keys;
mod ops;
mod queries;
mod script;
mod tables;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::alembic::discover;
use crate::alembic::graph::{self, Node};
use crate::alembic::items::Convention;
use crate::alembic::models;
use crate::alembic::python::{
    Args, CallSite, Eval, Host, Imports, Interpreter, MAX_ALL_TOKENS, Modules as _, ParsedFile, SnapshotModules, Value,
};
use crate::git::snapshot::FileText;
use crate::git::{Snapshot, SnapshotError};
use crate::history::{History, HistoryProblem, HistoryProblemKind, Migration};
use crate::project::Project;
use crate::source::{Place, RepoPath};

use handed::Handed;
use header::Header;
use imports::Store;
use script::{Revision, Settings};

/// Reads the revisions of a project.
///
/// # Errors
/// Where the snapshot cannot be read.
pub(crate) fn history(project: &Project, snapshot: &dyn Snapshot) -> Result<History, SnapshotError> {
    let mut history = History { may_have_base: true, ..History::default() };
    let mut headers: Vec<(Header, Arc<ParsedFile>)> = Vec::new();
    let roots = imports::roots(project, snapshot.files()?);
    let modules = SnapshotModules::new(snapshot, roots.clone())?;
    let mut tokens = 0;
    for path in files(project, snapshot)? {
        let text = if tokens > MAX_ALL_TOKENS {
            FileText::Unreadable("the revisions have more text than is read".to_owned())
        } else {
            snapshot.read(&path)?
        };
        let file = match text {
            FileText::Text(source) => ParsedFile::parse(&source),
            FileText::Unreadable(reason) => {
                history.problems.push(HistoryProblem {
                    kind: HistoryProblemKind::Unreadable,
                    place: None,
                    path,
                    message: reason,
                });
                continue;
            }
            FileText::Absent => continue,
        };
        tokens += file.tokens();
        if let Some(error) = file.errors().first() {
            let complaint = file.complaint().unwrap_or_default();
            let (kind, message) = if file.is_old() {
                (HistoryProblemKind::Outdated, complaint)
            } else {
                (HistoryProblemKind::Unreadable, format!("the revision does not parse: {complaint}"))
            };
            let place = Some(Place::new(file.source(), error.span));
            history.problems.push(HistoryProblem { kind, place, path: path.clone(), message });
        }
        match header::read(&file, &modules) {
            Ok(header) => {
                if header.computed {
                    history.problems.push(HistoryProblem {
                        kind: HistoryProblemKind::ComputedParent,
                        place: header.node.parents_place.clone(),
                        path: path.clone(),
                        message: format!("the down_revision of {} is computed and cannot be read", header.node.id),
                    });
                }
                headers.push((header, file));
            }
            Err(refusal) if file.errors().is_empty() || file.is_old() => history.problems.push(HistoryProblem {
                kind: HistoryProblemKind::NotARevision,
                place: refusal.place,
                path,
                message: refusal.message,
            }),
            Err(_) => {}
        }
    }
    let nodes: Vec<Node> = headers.iter().map(|(header, _)| header.node.clone()).collect();
    let arranged = graph::arrange(&nodes);
    history.problems.extend(arranged.problems);
    let Environment { convention, handed, patched } = environment(project, snapshot, &modules);
    let convention = match convention {
        Some(convention) => convention,
        None => models::convention(project, snapshot)?,
    };
    let mut files: Vec<Arc<ParsedFile>> = headers.iter().map(|(_, file)| Arc::clone(file)).collect();
    files.extend(patched.iter().filter_map(|patch| modules.file(&patch.file)));
    let mut store = Store::new(&modules, snapshot.files()?, roots, &files);
    store.read_texts(snapshot, snapshot.files()?);
    let store = Arc::new(store);
    let patched = patched.into_iter().map(|patch| (store.fingerprint(&patch.file), patch)).collect();
    let options = crate::alembic::env::options(project);
    let mut schemas: Vec<String> = project
        .facts
        .get(crate::alembic::env::SCHEMAS)
        .map(|schemas| schemas.lines().map(str::to_owned).collect())
        .unwrap_or_default();
    let computed = schemas.iter().any(|schema| schema == "*");
    let made = files.iter().any(|file| crate::alembic::env::makes_schemas(file));
    // Alembic's own table is made before the first revision runs.
    schemas.extend(options.version_table_schema.clone());
    let settings = Arc::new(Settings {
        dialect: project.dialect(),
        supposed: project.dialect.is_none(),
        convention,
        version_table: options.version_table,
        version_table_schema: options.version_table_schema,
        version_table_computed: project
            .facts
            .get(crate::alembic::env::VERSION_TABLE_SCHEMA)
            .is_some_and(|schema| schema == crate::alembic::env::COMPUTED),
        schemas,
        expects_schemas: computed || !made,
        handed,
        patched,
        checks_labels: discover::version(snapshot, &project.root, "sqlalchemy")?
            .is_some_and(|(major, minor, _)| (major, minor) < (1, 4)),
    });
    let mut missing = BTreeMap::new();
    for at in arranged.order {
        let (header, file) = &headers[at];
        let node = &header.node;
        let behind = missing_behind(&headers[at], &headers, &mut missing);
        let script = Revision::new(Arc::clone(file), Arc::clone(&store), Arc::clone(&settings), behind);
        history.migrations.push(Migration {
            id: node.id.clone(),
            name: file.source().path().file_name().trim_end_matches(".py").to_owned(),
            path: node.path.clone(),
            source: Some(Arc::clone(file.source())),
            script: Arc::new(script),
            parents: node.parents.clone(),
            depends_on: node.depends_on.clone(),
            labels: node.labels.clone(),
            message: header.message.clone(),
            place: node.place.clone(),
            parents_place: node.parents_place.clone(),
        });
    }
    match modules.into_error() {
        Some(error) => Err(error),
        None => Ok(history),
    }
}

/// A revision that another names as its parent, and that is not there.
#[derive(Debug, Clone)]
pub(crate) struct Missing {
    /// Its id.
    id: String,
    /// Where it is named.
    place: Place,
}

/// The revision that is missing among the ancestors of one, if one is; `known` has the answer for those that come before it.
fn missing_behind(
    (header, file): &(Header, Arc<ParsedFile>),
    headers: &[(Header, Arc<ParsedFile>)],
    known: &mut BTreeMap<String, Option<Missing>>,
) -> Option<Missing> {
    let node = &header.node;
    let of_parent = |parent: &String| match known.get(parent) {
        Some(behind) => behind.clone(),
        None if headers.iter().any(|(other, _)| other.node.id == *parent) => None,
        None => {
            let place = node.parents_place.clone().unwrap_or_else(|| Place::start_of(file.source()));
            Some(Missing { id: parent.clone(), place })
        }
    };
    let found = node.parents.iter().find_map(of_parent);
    known.insert(node.id.clone(), found.clone());
    found
}

/// The files that Alembic takes for revisions, in its order: by location, by folder, by name
/// (`alembic/script/base.py`, `_only_source_rev_file`).
fn files(project: &Project, snapshot: &dyn Snapshot) -> Result<Vec<RepoPath>, SnapshotError> {
    let list = snapshot.files()?;
    let recursive = project.facts.get(discover::RECURSIVE).is_some_and(|value| value == "true");
    let mut found: Vec<RepoPath> = Vec::new();
    for location in &project.migrations {
        let mut here: Vec<&RepoPath> = list
            .under(location)
            .map(|entry| &entry.path)
            .filter(|path| {
                let name = path.file_name();
                let below = path.strip_prefix(location).unwrap_or_default();
                name.ends_with(".py")
                    && !name.starts_with("__init__")
                    && !name.starts_with(".#")
                    && (recursive || !below.contains('/'))
                    && !below.contains("__pycache__/")
            })
            .collect();
        here.sort_by_key(|path| (path.parent(), (*path).clone()));
        for path in here {
            if !found.contains(path) {
                found.push(path.clone());
            }
        }
    }
    Ok(found)
}

/// What revisions take from `env.py`.
#[derive(Default)]
struct Environment {
    /// The naming convention of the metadata that it targets, as `op.create_table` and its kin name constraints by it; none where
    /// it takes the metadata of an application, which is not followed here.
    convention: Option<Convention>,
    /// What it hands to every `upgrade()`.
    handed: Handed,
    /// What it puts into SQLAlchemy's modules.
    patched: Vec<Patch>,
}

/// A class of the repository that `env.py` puts into a module of SQLAlchemy (`sa.GUID = GUID`).
#[derive(Debug)]
pub(crate) struct Patch {
    /// The path under which it is found then (`sqlalchemy.GUID`).
    path: String,
    /// The file that defines it.
    file: RepoPath,
    /// Its name there.
    name: String,
}

fn environment(project: &Project, snapshot: &dyn Snapshot, modules: &SnapshotModules<'_>) -> Environment {
    let Some(env) = project.facts.get(discover::ENV).map(RepoPath::new) else { return Environment::default() };
    let Ok(FileText::Text(source)) = snapshot.read(&env) else { return Environment::default() };
    let listener = Listener::default();
    let mut interpreter = Interpreter::new(modules, &listener, Imports::Lazy);
    let Some(module) = interpreter.load(&env) else { return Environment::default() };
    let file = ParsedFile::parse(&source);
    let handed = Handed::read(&mut interpreter, &module, Some(&file), &listener.runs.take());
    let target = listener.target.take().or_else(|| interpreter.global(&module, "target_metadata"));
    let convention = match target {
        None | Some(Value::Unknown(_)) => None,
        Some(target) => {
            let found = listener.conventions.of(&target);
            let from_application = project.facts.contains_key(discover::FLASK) && found.is_none();
            (!from_application).then(|| found.unwrap_or_default())
        }
    };
    let patched = interpreter.patched.iter().filter_map(|(path, value)| match value {
        Value::Class(class) => {
            Some(Patch { path: path.clone(), file: class.home.path.clone(), name: class.name.to_string() })
        }
        Value::Deferred(deferred) => {
            Some(Patch { path: path.clone(), file: deferred.module.path.clone(), name: deferred.name.to_string() })
        }
        _ => None,
    });
    Environment { convention, handed, patched: patched.collect() }
}

/// Hears which metadata `env.py` hands to `context.configure`, which is what Alembic goes by, and what to each revision.
#[derive(Default)]
struct Listener {
    target: RefCell<Option<Value>>,
    conventions: models::Conventions,
    /// The arguments of `context.run_migrations`.
    runs: RefCell<Vec<Args>>,
}

impl Host for Listener {
    fn assigned(&self, interpreter: &Interpreter<'_>, base: &Value, name: &str, value: &Value) {
        self.conventions.hear(interpreter, 0, (base, name, value));
    }

    fn call(&self, interpreter: &mut Interpreter<'_>, call: &CallSite<'_>) -> Option<Eval<Value>> {
        if let Some((_, name)) = call.method() {
            // `connection.run_sync(do_run_migrations)`.
            let mut args = call.args.clone();
            if name != "run_sync" || args.positional.is_empty() {
                return None;
            }
            let function = args.positional.remove(0);
            args.positional.insert(0, Value::external("sqlalchemy.engine.Connection"));
            return Some(interpreter.call(&function, args, call.place));
        }
        match call.path.as_deref()? {
            "alembic.context.is_offline_mode" => Some(Ok(Value::Bool(false))),
            "alembic.context.configure" => {
                if let Some(target) = call.args.keyword("target_metadata") {
                    *self.target.borrow_mut() = Some(target.clone());
                }
                Some(Ok(Value::None))
            }
            // Also through `EnvironmentContext` and `MigrationContext`, whatever they are called.
            path if path.ends_with(".run_migrations") => {
                self.runs.borrow_mut().push(call.args.clone());
                Some(Ok(Value::None))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
