//! Which files of a repository `env.py` imports, directly or not, told from the text of import statements alone: cheap
//! enough to be done for every change.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::alembic::python::{Found, Modules, SnapshotModules, find_below, find_in, is_library};
use crate::git::{Snapshot, SnapshotError};
use crate::source::{Place, RepoPath, Source};

/// Files that are followed. The largest public project imports under 1,500 of its own.
const MAX_FILES: usize = 5000;

/// What tells that a file declares tables, in whichever style.
const TABLES: [&str; 8] = [
    "__tablename__",
    "__table_args__",
    "db.Model",
    "table=True",
    "Table(",
    "mapped_column(",
    "Column(",
    "DeclarativeBase",
];

/// What tells that a file gives a table its name, or leaves that to a base that does.
const NAMING: [&str; 4] = ["__tablename__", "db.Model", "table=True", "Table("];

/// What tells that a file declares what tables are made of: bases, types, enums.
const PARTS: [&str; 6] = ["declarative_base", "MetaData(", "TypeDecorator", "Enum)", "enum.", "SQLModel"];

/// Words of environments that import models under computed names.
const DYNAMIC: [&str; 9] = [
    "import_module",
    "pkgutil",
    "walk_packages",
    "iter_modules",
    "__import__",
    "importutils",
    "find_modules",
    "straight.plugin",
    "stevedore",
];

/// Words of packages that list their folder to name their modules.
const LISTINGS: [&str; 4] = ["glob", "listdir", "iterdir", "scandir"];

/// Whether a package names its modules in `__all__` as a listing of its folder gives them: `from package import *` imports
/// every one.
pub(crate) fn names_modules_by_listing(text: &str) -> bool {
    text.contains("__all__") && LISTINGS.iter().any(|word| text.contains(word))
}

/// Whether a text imports modules that it does not name: by computed names, or by what a folder holds.
fn imports_unnamed(text: &str) -> bool {
    DYNAMIC.iter().any(|word| text.contains(word)) || names_modules_by_listing(text)
}

/// Whether the text of a file declares tables.
pub(crate) fn declares_tables(text: &str) -> bool {
    has_mark(text, &TABLES)
}

fn has_mark(text: &str, marks: &[&str]) -> bool {
    // `model.__tablename__` asks a class for the name of its table.
    let is_asked =
        |at: usize, mark: &str| mark.starts_with('_') && text.get(..at).is_some_and(|text| text.ends_with('.'));
    marks.iter().any(|mark| text.match_indices(mark).any(|(at, mark)| !is_asked(at, mark)))
}

/// Whether the text of a file declares tables, or bases, types and enums that tables use.
pub(crate) fn declares(text: &str) -> bool {
    declares_tables(text) || PARTS.iter().any(|mark| text.contains(mark))
}

/// What a look at a text tells of a module: taken once for a text that several projects, both sides of a change or many commits
/// have in common.
pub(crate) struct Glance {
    imports: Vec<Import>,
    /// See [`imports_unnamed`].
    pub(crate) unnamed: bool,
    /// See [`declares_tables`].
    pub(crate) tables: bool,
    /// Whether it gives a table its name.
    pub(super) names_table: bool,
    /// See [`declares`].
    pub(crate) declares: bool,
}

impl Glance {
    fn of(text: &str) -> Self {
        let tables = declares_tables(text);
        let parts = || PARTS.iter().any(|mark| text.contains(mark));
        Self {
            imports: imports(text),
            unnamed: imports_unnamed(text),
            tables,
            names_table: has_mark(text, &NAMING),
            declares: tables || parts(),
        }
    }
}

/// What a look at a file's text tells.
pub(crate) fn glance(source: &Source) -> Arc<Glance> {
    source.note(Glance::of)
}

/// What was found.
#[derive(Default)]
pub(super) struct Reached {
    /// Every file that is imported, the first one left out.
    pub(super) files: BTreeSet<RepoPath>,
    /// Whether some file imports others under computed names.
    pub(super) dynamic: bool,
    /// Absolute imports of parts of packages that led to no file: those of libraries, for the most part.
    pub(super) absent: BTreeSet<Import>,
}

/// Follows the imports of one file.
///
/// # Errors
/// Where the snapshot cannot be read.
pub(super) fn from(snapshot: &dyn Snapshot, roots: &[RepoPath], start: &RepoPath) -> Result<Reached, SnapshotError> {
    let modules = SnapshotModules::new(snapshot, roots.to_vec())?;
    match snapshot.read(start)?.text() {
        Some(source) => follow(snapshot, &modules, start, &glance(&source), Followed::Every),
        None => Ok(Reached::default()),
    }
}

/// The files that the import statements of a text name, those that they import in turn left out.
pub(super) fn named_in(modules: &dyn Modules, start: &RepoPath, text: &str) -> BTreeSet<RepoPath> {
    let dir = start.parent().unwrap_or_default();
    imports(text).iter().flat_map(|import| import.files(modules, &dir)).collect()
}

/// The files that a piece of a file imports as it is run, directly or not. What the modules that it names import for
/// their annotations alone is none of it.
///
/// # Errors
/// Where the snapshot cannot be read.
pub(crate) fn imported_by(
    snapshot: &dyn Snapshot,
    modules: &dyn Modules,
    place: &Place,
) -> Result<BTreeSet<RepoPath>, SnapshotError> {
    follow(snapshot, modules, place.path(), &Glance::of(place.text()), Followed::Run).map(|reached| reached.files)
}

/// Which import statements are followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Followed {
    /// Every one.
    Every,
    /// Those that are run. In the text that is begun with, every one: a piece of a file does not tell how far it is indented.
    Run,
}

/// Follows the imports of a text that stands in a file.
fn follow(
    snapshot: &dyn Snapshot,
    modules: &dyn Modules,
    start: &RepoPath,
    seen_in: &Glance,
    followed: Followed,
) -> Result<Reached, SnapshotError> {
    let mut reached = Reached::default();
    let mut queue: Vec<RepoPath> = Vec::new();
    let mut seen = BTreeSet::from([start.clone()]);
    let mut read = |path: &RepoPath, module: &Glance, queue: &mut Vec<RepoPath>, followed: Followed| {
        reached.dynamic |= module.unnamed;
        let dir = path.parent().unwrap_or_default();
        for import in module.imports.iter().filter(|import| followed == Followed::Every || !import.typing) {
            let files = import.files(modules, &dir);
            if files.is_empty() && import.is_of_package() {
                reached.absent.insert(import.clone());
            }
            for found in files {
                if seen.len() < MAX_FILES && seen.insert(found.clone()) {
                    reached.files.insert(found.clone());
                    queue.push(found);
                }
            }
        }
    };
    read(start, seen_in, &mut queue, Followed::Every);
    while let Some(path) = queue.pop() {
        if let Some(source) = snapshot.read(&path)?.text() {
            read(&path, &glance(&source), &mut queue, followed);
        }
    }
    Ok(reached)
}

/// Whether a file imports another one by its name.
pub(crate) fn imports_file(source: &Source, modules: &dyn Modules, file: &RepoPath) -> bool {
    let stem = match file.file_name() {
        "__init__.py" => file.parent().unwrap_or_default(),
        _ => file.clone(),
    };
    let stem = stem.file_name().trim_end_matches(".py").to_owned();
    let dir = source.path().parent().unwrap_or_default();
    source.text().contains(&stem)
        && glance(source).imports.iter().any(|import| import.files(modules, &dir).contains(file))
}

/// One `import a.b` or `from ..a import b, c`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    /// Leading dots.
    level: usize,
    module: String,
    names: Vec<String>,
    /// Whether it stands under `if TYPE_CHECKING:`, where nothing is ever run.
    typing: bool,
}

/// The import statements of a text.
fn imports(text: &str) -> Vec<Import> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    // How far an `if TYPE_CHECKING:` is indented: what is indented further belongs to it.
    let mut block: Option<usize> = None;
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') && block.is_some_and(|outer| indent <= outer) {
            block = None;
        }
        let typing = block.is_some();
        if let Some(condition) =
            line.strip_prefix("if ").and_then(|rest| rest.split('#').next()?.trim_end().strip_suffix(':'))
            && matches!(condition.trim().rsplit('.').next(), Some("TYPE_CHECKING"))
            && condition.trim().chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
        {
            block.get_or_insert(indent);
        }
        if let Some(rest) = line.strip_prefix("import ") {
            for part in rest.split('#').next().unwrap_or_default().split(',') {
                let module = part.split_whitespace().next().unwrap_or_default();
                found.push(Import { level: 0, module: module.to_owned(), names: Vec::new(), typing });
            }
        } else if let Some((module, names)) = line.strip_prefix("from ").and_then(|rest| rest.split_once(" import")) {
            let mut names = names.split('#').next().unwrap_or_default().to_owned();
            // A list in parentheses, or continued by a backslash.
            while (names.contains('(') && !names.contains(')')) || names.trim_end().ends_with('\\') {
                let Some(more) = lines.next() else { break };
                names = names.trim_end().trim_end_matches('\\').to_owned();
                names.push(' ');
                names.push_str(more.split('#').next().unwrap_or_default());
            }
            let module = module.trim();
            let level = module.chars().take_while(|&c| c == '.').count();
            let names = names
                .split([',', '(', ')'])
                .filter_map(|name| name.split_whitespace().next())
                .map(str::to_owned)
                .collect();
            found.push(Import { level, module: module.get(level..).unwrap_or_default().to_owned(), names, typing });
        }
    }
    found
}

impl Import {
    /// The first part of what an absolute import names.
    pub(super) fn top(&self) -> &str {
        self.module.split('.').next().unwrap_or_default()
    }

    /// What it may mean: the module, and those that its names may be.
    pub(super) fn dotted(&self) -> Vec<String> {
        let names = self.names.iter().map(|name| format!("{}.{name}", self.module));
        std::iter::once(self.module.clone()).chain(names).filter(|dotted| dotted.contains('.')).collect()
    }

    /// Whether it names a part of a package by an absolute name, and the package is no well-known library.
    fn is_of_package(&self) -> bool {
        self.level == 0
            && !self.typing
            && !is_library(self.top())
            && (self.module.contains('.') || !self.names.is_empty())
    }
    /// The files that it runs: packages on the way, the module, submodules among the names.
    fn files(&self, modules: &dyn Modules, dir: &RepoPath) -> Vec<RepoPath> {
        let mut files = Vec::new();
        let parts: Vec<&str> = self.module.split('.').filter(|part| !part.is_empty()).collect();
        let base = (1..self.level).fold(dir.clone(), |dir, _| dir.parent().unwrap_or_default());
        // A module beside this one, as Python 2 has it: one too many is reached where the name is a library's.
        if let Some(Found::File(path)) = (self.level == 0 && !parts.is_empty() && !is_library(self.top()))
            .then(|| find_in(modules, dir, &self.module))
            .flatten()
        {
            files.push(path);
        }
        let mut look = |dotted: &str| -> bool {
            let found = if self.level > 0 { find_below(modules, &base, dotted) } else { modules.find(dotted) };
            match found {
                Some(Found::File(path)) => {
                    files.push(path);
                    true
                }
                Some(Found::Namespace(_)) => true,
                None => false,
            }
        };
        for end in 1..=parts.len() {
            if !look(&parts[..end].join(".")) {
                return files;
            }
        }
        if parts.is_empty() && self.level > 0 {
            look("");
        }
        for name in &self.names {
            let dotted = if parts.is_empty() { name.clone() } else { format!("{}.{name}", self.module) };
            look(&dotted);
        }
        files
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::MemorySnapshot;
    use proptest::prelude::*;

    #[test]
    fn imports_are_followed_through_packages() -> Result<(), SnapshotError> {
        let snapshot = MemorySnapshot::new([
            (
                "app/alembic/env.py",
                "from alembic import context\nfrom app.models import (\n  Base,  # x\n  user,\n)\nimport os, app.extra as e\n",
            ),
            ("app/__init__.py", ""),
            ("app/models/__init__.py", "from .base import Base\nfrom . import tag\n"),
            ("app/models/base.py", "from ..settings import X"),
            ("app/models/user.py", ""),
            ("app/models/tag.py", "import importlib\nimportlib.import_module(x)"),
            ("app/models/lost.py", ""),
            ("app/extra.py", ""),
            ("app/settings.py", ""),
        ]);
        let reached = from(&snapshot, &[RepoPath::root()], &"app/alembic/env.py".into())?;
        let files: Vec<&str> = reached.files.iter().map(RepoPath::as_str).collect();
        assert_eq!(
            files,
            [
                "app/__init__.py",
                "app/extra.py",
                "app/models/__init__.py",
                "app/models/base.py",
                "app/models/tag.py",
                "app/models/user.py",
                "app/settings.py"
            ]
        );
        assert!(reached.dynamic);
        Ok(())
    }

    #[test]
    fn what_is_imported_for_annotations_alone_is_not_run() -> Result<(), SnapshotError> {
        let behind = |helper: &str, piece: &str| -> Result<Vec<String>, SnapshotError> {
            let snapshot =
                MemorySnapshot::new([("start.py", piece), ("helper.py", helper), ("models.py", ""), ("other.py", "")]);
            let modules = SnapshotModules::new(&snapshot, vec![RepoPath::root()])?;
            let source = Source::new(RepoPath::new("start.py"), piece);
            let end = u32::try_from(piece.len()).unwrap_or(u32::MAX);
            let place = Place::new(&source, crate::source::Span { start: 0, end });
            let files = imported_by(&snapshot, &modules, &place)?;
            Ok(files.iter().map(|path| path.as_str().to_owned()).collect())
        };
        let start = "from helper import x\n";
        for typing in [
            "if TYPE_CHECKING:\n    from models import A\n",
            "if typing.TYPE_CHECKING:  # for annotations\n    import os\n\n# here\n    from models import (\n        A,\n    )\n",
            "def f():\n    if TYPE_CHECKING:\n        import models\n    return 1\n",
        ] {
            assert_eq!(behind(typing, start)?, ["helper.py"], "{typing}");
            let after = format!("{typing}import other\n");
            assert_eq!(behind(&after, start)?, ["helper.py", "other.py"], "{after}");
        }
        for run in [
            "if not TYPE_CHECKING:\n    from models import A\n",
            "if TYPE_CHECKING:\n    pass\nelse:\n    from models import A\n",
            "if TYPE_CHECKING or x:\n    from models import A\n",
            "if TYPE_CHECKING:\n    from models import A\nimport models\n",
            "if x:\n    if TYPE_CHECKING:\n        pass\n    import models\n",
        ] {
            assert_eq!(behind(run, start)?, ["helper.py", "models.py"], "{run}");
        }
        // The piece itself may begin in the middle of a line.
        assert_eq!(behind("", "if TYPE_CHECKING:\n        pass\n    import models\n")?, ["models.py"]);
        Ok(())
    }

    #[test]
    fn a_package_that_lists_its_folder_reaches_what_no_import_names() -> Result<(), SnapshotError> {
        for (init, wanted) in [
            ("from glob import glob\n__all__ = [p[:-3] for p in glob('*.py')]", true),
            ("import os\n__all__ = [p for p in os.listdir('.')]", true),
            ("__all__ = ['user']", false),
            ("import glob", false),
        ] {
            let snapshot = MemorySnapshot::new([("env.py", "from models import *"), ("models/__init__.py", init)]);
            assert_eq!(from(&snapshot, &[RepoPath::root()], &"env.py".into())?.dynamic, wanted, "{init}");
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(from|import| |\\.|a|,|\\(|\\)|\n|\\\\|#){0,60}") {
            prop_assert!(imports(&text).len() <= text.len());
        }
    }
}
