//! What is run to find the models: `env.py` and what it imports, or the files of the project.

use std::collections::BTreeSet;

use ruff_python_ast::Stmt;

use super::Reading;
use super::host::Recorder;
use super::target::{Target, any_tables, has_tables, several_metadata, targets};
use crate::alembic::discover;
use crate::alembic::python::{Interpreter, Modules, ParsedFile, SnapshotModules, Value, is_library, parse};
use crate::catalog::{Opaque, Reach};
use crate::git::{FileList, Snapshot, SnapshotError};
use crate::project::Project;
use crate::source::{Place, RepoPath};

impl Reading<'_> {
    /// Runs `env.py`, or the models that the policy names, and finds the metadata to compare.
    pub(super) fn run(
        &mut self,
        interpreter: &mut Interpreter<'_>,
        recorder: &Recorder<'_>,
    ) -> Result<Target, SnapshotError> {
        let fact = |key: &str| self.project.facts.get(key);
        if let Some(models) = fact(discover::MODELS) {
            for path in models.lines().map(RepoPath::new) {
                if self.files.get(&path).is_some() {
                    interpreter.load(&path);
                } else {
                    for file in discover::below(self.project, self.files, &path) {
                        interpreter.load(&file);
                    }
                }
            }
            self.imported = interpreter.modules().map(|module| module.path.clone()).collect();
            return Ok(Target::All);
        }
        let Some(env) = fact(discover::ENV).map(RepoPath::new) else { return Ok(Target::All) };
        let module = interpreter.load(&env);
        self.imported = interpreter.modules().map(|module| module.path.clone()).collect();
        if fact(discover::FLASK).is_some() {
            for path in self.first {
                interpreter.load(path);
            }
            for path in model_files(self.project, self.snapshot, self.files)? {
                interpreter.load(&path);
            }
            let text = self.snapshot.read(&env)?.text();
            let several = text.is_some_and(|source| source.text().contains("bind_names"));
            return Ok(if several { Target::Binds } else { Target::All });
        }
        if module.is_none() {
            // The `env.py` is a package's own: it takes the models of the application, and its naming convention.
            if self.uses_flask_alembic()? {
                let reason = "Flask-Alembic takes the models of the application; every module with models is taken";
                self.doubts.push(Opaque {
                    place: self.start_place(),
                    reason: reason.to_owned(),
                    reach: Reach::Nothing,
                });
            } else {
                self.nothing_named("there is no env.py here: what it hands to Alembic is not known");
            }
            for path in model_files(self.project, self.snapshot, self.files)? {
                interpreter.load(&path);
            }
            return Ok(Target::All);
        }
        let configured: Vec<Value> =
            recorder.configured.borrow().iter().filter_map(|args| args.keyword("target_metadata").cloned()).collect();
        let value = match configured.last() {
            Some(value) => Some(value.clone()),
            None => module.and_then(|module| interpreter.global(&module, "target_metadata")),
        };
        // Autogenerate refuses to run where `configure()` is not told what to compare with.
        let told_nothing = |args: &crate::alembic::python::Args| args.more.is_none();
        let target = match value {
            Some(value) => targets(&value),
            None if recorder.configured.borrow().last().is_some_and(told_nothing) => Target::None,
            None => Target::All,
        };
        // Settings that a program makes are a program's, and it is that which imports the models before it runs Alembic. And
        // metadata without any table is never what autogenerate was run with: revisions are written by hand there.
        if let Target::Keys(keys) = &target
            && !has_tables(interpreter, recorder, keys)
        {
            self.seen = Some(interpreter.classes().len()).filter(|_| !discover::is_programmatic(self.project));
            for path in model_files(self.project, self.snapshot, self.files)? {
                interpreter.load(&path);
            }
            if self.seen.is_some() && has_tables(interpreter, recorder, keys) {
                self.doubts.push(Opaque {
                    place: self.start_place(),
                    reason:
                        "env.py imports no model, and autogenerate would drop every table; every module with models is \
                             taken"
                            .to_owned(),
                    reach: Reach::Nothing,
                });
            }
        }
        // Nor is what it takes from elsewhere, under no name that is known, ever nothing. What stands behind a place where
        // it stops is told there.
        let stops = interpreter.doubts().iter().any(|doubt| *doubt.place.path() == env);
        if matches!(target, Target::All) && !stops && !any_tables(interpreter, recorder) {
            for path in model_files(self.project, self.snapshot, self.files)? {
                interpreter.load(&path);
            }
            if any_tables(interpreter, recorder) {
                self.doubts.push(Opaque {
                    place: self.start_place(),
                    reason:
                        "what env.py compares is not known, and it imports no model; every module with models is taken"
                            .to_owned(),
                    reach: Reach::Everything,
                });
            }
        }
        let unfollowed = recorder.unfollowed.borrow().clone();
        if !unfollowed.is_empty() {
            // Which modules are imported is not known: then it is every one that declares models.
            for path in model_files(self.project, self.snapshot, self.files)? {
                interpreter.load(&path);
            }
        }
        for place in unfollowed {
            self.doubts.push(Opaque {
                place,
                reason: "modules that are imported under computed names; every module with models is taken".to_owned(),
                reach: Reach::Nothing,
            });
        }
        // With every module that was loaded: those that nothing names by itself bring metadata of their own.
        if matches!(target, Target::All) && several_metadata(interpreter) {
            self.doubts.push(Opaque {
                place: self.start_place(),
                reason: "which of several metadata env.py compares".to_owned(),
                reach: Reach::Everything,
            });
        }
        Ok(target)
    }

    /// Whether something of the project may import a file: by its name, or by one that is computed. A file that nothing
    /// imports is read where every module is taken, and is none of the application's.
    pub(super) fn may_be_imported(&self, modules: &dyn Modules, file: &RepoPath) -> bool {
        let own = self.project.facts.get(discover::ENV).map(RepoPath::new).and_then(|env| env.parent());
        let folders = [Some(self.project.root.clone()), own];
        let imports = |path: &RepoPath| match self.snapshot.read(path).map(crate::git::snapshot::FileText::text) {
            Ok(Some(source)) => discover::glance(&source).unnamed || discover::imports_file(&source, modules, file),
            // What cannot be read may import it.
            _ => true,
        };
        folders.iter().flatten().any(|dir| {
            let paths = self.files.under(dir).map(|entry| &entry.path);
            paths.filter(|path| path.extension() == Some("py") && *path != file && !is_test(path)).any(imports)
        })
    }

    /// Whether the application uses Flask-Alembic, which hands `db.metadata` to Alembic (`flask_alembic/extension.py`).
    fn uses_flask_alembic(&self) -> Result<bool, SnapshotError> {
        for path in discover::below(self.project, self.files, &self.project.root) {
            if self.snapshot.read(&path)?.text().is_some_and(|source| source.text().contains("flask_alembic")) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The import by which `env.py` takes models, or the metadata itself, from a package that is not in the repository:
    /// whatever tables that declares are registered with those of the project.
    pub(super) fn models_of_packages(
        &self,
        interpreter: &mut Interpreter<'_>,
    ) -> Result<Option<(Place, String)>, SnapshotError> {
        let Some(env) = self.project.facts.get(discover::ENV).map(RepoPath::new) else { return Ok(None) };
        let Some(source) = self.snapshot.read(&env)?.text() else { return Ok(None) };
        let file = ParsedFile::parse(&source);
        for stmt in file.body() {
            let Stmt::ImportFrom(import) = stmt else { continue };
            let module = import.module.as_ref().filter(|_| import.level == 0);
            let Some(dotted) = module.map(ruff_python_ast::Identifier::as_str) else {
                continue;
            };
            let top = dotted.split('.').next().unwrap_or(dotted);
            let named =
                import.names.iter().any(|alias| matches!(alias.name.as_str(), "SQLModel" | "Base" | "metadata" | "db"));
            let models = dotted.split('.').any(|part| part.starts_with("model"));
            if (named || models) && !is_library(top) && interpreter.module(dotted).is_none() {
                return Ok(Some((Place::new(&source, parse::span(import.range)), top.to_owned())));
            }
        }
        Ok(None)
    }
}

/// Reads the models in the order in which the application imports them. Flask-Migrate's `env.py` asks the application for its
/// metadata, so nothing in the files says which module is imported first: it is read in the order of their names, and, where
/// that meets an import that Python refuses (a name of a module that is not through yet), once more with the modules first
/// that make `Migrate(…)` and `SQLAlchemy(…)`.
///
/// # Errors
/// Where the snapshot cannot be read.
pub(super) fn in_order<T>(
    project: &Project,
    snapshot: &dyn Snapshot,
    read: impl Fn(&[RepoPath]) -> Result<(T, usize), SnapshotError>,
) -> Result<T, SnapshotError> {
    let (by_name, missed) = read(&[])?;
    if missed == 0 || !project.facts.contains_key(discover::FLASK) {
        return Ok(by_name);
    }
    let files = snapshot.files()?;
    let mut makers = [Vec::new(), Vec::new()];
    for path in discover::below(project, files, &project.root).into_iter().filter(is_importable) {
        let Some(source) = snapshot.read(&path)?.text() else { continue };
        let made = ["Migrate(", "SQLAlchemy("].iter().position(|call| source.text().contains(call));
        if let Some(of_call) = made.filter(|_| !is_test(&path)).and_then(|made| makers.get_mut(made)) {
            of_call.push(path);
        }
    }
    let first = makers.concat();
    if first.is_empty() {
        return Ok(by_name);
    }
    let (by_makers, left) = read(&first)?;
    Ok(if left < missed { by_makers } else { by_name })
}

/// Files below the project's root that declare tables, its migrations apart.
pub(super) fn model_files(
    project: &Project,
    snapshot: &dyn Snapshot,
    files: &FileList,
) -> Result<Vec<RepoPath>, SnapshotError> {
    model_files_below(project, snapshot, files, std::slice::from_ref(&project.root))
}

/// The same with those of the packages that the models of the project lie in: an Alembic that is kept in a folder of the
/// application (`app/alembic/alembic.ini`) has the models beside it.
pub(super) fn all_model_files(
    project: &Project,
    snapshot: &dyn Snapshot,
    files: &FileList,
) -> Result<Vec<RepoPath>, SnapshotError> {
    let mut roots = vec![project.root.clone()];
    for path in &project.schema {
        let Some(package) = package_of(path, files) else { continue };
        if !roots.iter().any(|root| package.is_under(root)) {
            roots.push(package);
        }
    }
    // A package may hold the project's own folder.
    let outer: Vec<RepoPath> = roots
        .iter()
        .filter(|root| !roots.iter().any(|other| other != *root && root.is_under(other)))
        .cloned()
        .collect();
    model_files_below(project, snapshot, files, &outer)
}

/// The outermost package that a module lies in.
fn package_of(path: &RepoPath, files: &FileList) -> Option<RepoPath> {
    let is_package = |dir: &RepoPath| !dir.is_root() && files.get(&dir.join("__init__.py")).is_some();
    std::iter::successors(path.parent(), RepoPath::parent).take_while(is_package).last()
}

/// The name by which a module of a package is imported.
pub(super) fn imported_as(path: &RepoPath, files: &FileList) -> Option<String> {
    let root = package_of(path, files)?.parent().unwrap_or_default();
    let below = path.strip_prefix(&root)?;
    let dotted = below.strip_suffix(".py")?.replace('/', ".");
    Some(dotted.strip_suffix(".__init__").unwrap_or(&dotted).to_owned())
}

fn model_files_below(
    project: &Project,
    snapshot: &dyn Snapshot,
    files: &FileList,
    roots: &[RepoPath],
) -> Result<Vec<RepoPath>, SnapshotError> {
    let mut found = Vec::new();
    for root in roots {
        for path in discover::below(project, files, root).into_iter().filter(is_importable) {
            if let Some(source) = snapshot.read(&path)?.text()
                && discover::glance(&source).tables
            {
                found.push(path);
            }
        }
    }
    if found.iter().any(is_called_test) {
        let modules = SnapshotModules::new(snapshot, discover::python_roots(project, files))?;
        let of_tests = of_tests_alone(&modules, roots, snapshot, files, &found)?;
        found.retain(|path| !of_tests.contains(path));
    }
    Ok(found)
}

/// Of some files those that are called after tests, and that nothing but tests imports: a library for tests has tables
/// that no database of the application gets.
fn of_tests_alone(
    modules: &SnapshotModules<'_>,
    roots: &[RepoPath],
    snapshot: &dyn Snapshot,
    files: &FileList,
    found: &[RepoPath],
) -> Result<BTreeSet<RepoPath>, SnapshotError> {
    let mut by_tests: BTreeSet<RepoPath> = BTreeSet::new();
    let mut by_others: BTreeSet<RepoPath> = BTreeSet::new();
    for entry in roots.iter().flat_map(|root| files.under(root)).filter(|entry| entry.path.extension() == Some("py")) {
        let Some(source) = snapshot.read(&entry.path)?.text() else { continue };
        for path in found.iter().filter(|path| **path != entry.path && is_called_test(path)) {
            if discover::imports_file(&source, modules, path) {
                if is_test(&entry.path) { &mut by_tests } else { &mut by_others }.insert(path.clone());
            }
        }
    }
    Ok(by_tests.difference(&by_others).cloned().collect())
}

/// Whether a file is a test, or helps tests alone.
fn is_test(path: &RepoPath) -> bool {
    let name = path.file_name();
    discover::is_foreign(path) || name.starts_with("test_") || name.ends_with("_test.py") || name == "conftest.py"
}

/// Whether a file, or a folder that it is in, has a name that begins or ends with the word.
fn is_called_test(path: &RepoPath) -> bool {
    let is_word = |word: &str| matches!(word, "test" | "tests" | "testing" | "conftest");
    path.components().any(|part| {
        let part = part.trim_end_matches(".py").to_ascii_lowercase();
        let mut words = part.split(['_', '-', '.']);
        words.next().is_some_and(is_word) || words.next_back().is_some_and(is_word)
    })
}

/// Whether an `import` can name a file: a program called `migrate-users.py` is no module, whatever tables it declares.
fn is_importable(path: &RepoPath) -> bool {
    let name = path.file_name().trim_end_matches(".py");
    !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}
