//! `create-all`.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprAttribute, ExprCall, Stmt};
use ruff_text_size::Ranged;

use super::{NewLines, line_at};
use crate::finding::Finding;
use crate::project::EcosystemKind;
use crate::rules::repository::{ChangedFile, RepositoryChange, RepositoryProject};
use crate::rules::{RuleId, RuleSettings};
use crate::source::{Place, RepoPath, Source, Span};

page! {
    /// ## What it stops
    ///
    /// `metadata.create_all()` or `db.create_all()` outside tests, in a repository that has Alembic revisions. Of a change
    /// only new lines are looked at; what moved with a file that was renamed is not new. Tests, fixtures and examples may
    /// make their tables as they like.
    ///
    /// ## Why it matters
    ///
    /// It makes the tables that are missing, in their newest form, and says nothing to Alembic. The revision that would
    /// have made them fails on every deployment ([filaops#516](https://github.com/BLB3DPrinting/filaops/issues/516):
    /// "`create_all()` at startup races Alembic migrations — DuplicateTable on every upgrade"), and columns that later
    /// revisions add are missing wherever it ran first.
    ///
    /// ## Example that fails
    ///
    /// ```python title="app/main.py"
    /// from app.db import engine
    /// from app.models import Base
    ///
    /// Base.metadata.create_all(bind=engine)
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```python title="app/main.py"
    /// from alembic import command
    /// from alembic.config import Config
    ///
    /// command.upgrade(Config("alembic.ini"), "head")
    /// ```
    ///
    /// ## How to allow it
    ///
    /// On the line or above it:
    ///
    /// ```python
    /// # driftgate: allow create-all: a cache in memory that no revision knows
    /// CacheBase.metadata.create_all(bind=memory)
    /// ```
}

/// Parts of a path under which tables may be made by hand.
const MATERIAL: [&str; 14] = [
    "testlib",
    "tests",
    "test",
    "testing",
    "fixtures",
    "examples",
    "example",
    "docs",
    "conftest",
    "notebooks",
    "benchmarks",
    "perf",
    "site-packages",
    "node_modules",
];

/// Whether the rule wants a file's text.
pub(super) fn reads(path: &RepoPath) -> bool {
    path.extension() == Some("py") && !is_material(path)
}

fn is_material(path: &RepoPath) -> bool {
    let stem = path.file_name().trim_end_matches(".py");
    stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.starts_with("conftest")
        || MATERIAL.contains(&stem.to_ascii_lowercase().as_str())
        || path.components().any(|part| {
            let part = part.to_ascii_lowercase();
            MATERIAL.contains(&part.as_str()) || part.ends_with("_docs")
        })
}

pub(in crate::rules) fn check(change: &RepositoryChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    // Where no revision is in git, none would make the tables: they are written where the program runs, if at all. Which folder
    // they are in may be set at run time.
    let has_revisions =
        |one: &RepositoryProject<'_>| one.project.ecosystem == EcosystemKind::Alembic && one.keeps_migrations;
    if !change.projects.iter().any(has_revisions) {
        return Vec::new();
    }
    change.files.iter().filter(|file| reads(&file.path)).flat_map(|file| of_file(change, file)).collect()
}

fn of_file(change: &RepositoryChange<'_>, file: &ChangedFile) -> Vec<Finding> {
    let Some(source) = file.after.as_ref() else { return Vec::new() };
    let found = places(source);
    if found.is_empty() {
        return Vec::new();
    }
    let mut new = NewLines::of(change, file);
    // Of a file that was moved, what made tables before it was is not new.
    let mut moved: Vec<&str> = moved_from(change, file)
        .into_iter()
        .flat_map(|before| places(before).into_iter().map(|(start, _, _)| line_at(before.text(), start).trim()))
        .collect();
    found
        .into_iter()
        .filter(|(start, _, _)| new.take(line_at(source.text(), *start)))
        .filter(|(start, _, _)| {
            let line = line_at(source.text(), *start).trim();
            let known = moved.iter().position(|known| *known == line);
            known.map(|at| moved.swap_remove(at)).is_none()
        })
        .map(|(start, end, name)| {
            let message = format!("{name}.create_all makes tables that no revision knows of");
            let help = "leave the tables to the revisions: alembic upgrade head";
            Finding::new(RuleId::CreateAll, file.path.clone(), message, help)
                .at(&Place::new(source, Span::new(start, end)))
                .because("the revision that would make them fails afterwards, and later ones do not find their columns")
        })
        .collect()
}

/// Where a file makes tables: start, end, and what `create_all` is asked of.
fn places(source: &Source) -> Vec<(usize, usize, String)> {
    if !source.text().contains("create_all") {
        return Vec::new();
    }
    // A file that does not parse is told of elsewhere, or is none of ours.
    let Ok(parsed) = ruff_python_parser::parse_module(source.text()) else { return Vec::new() };
    let mut search = Search { text: source.text(), ..Search::default() };
    search.visit_body(&parsed.syntax().body);
    if search.stamps { Vec::new() } else { search.found }
}

/// The text that a file of another name had which this one is now: git's rule, half of it is the same. One that could make
/// tables by hand where it was makes them anew here, and one file is moved to one.
fn moved_from<'a>(change: &RepositoryChange<'a>, file: &ChangedFile) -> Option<&'a Source> {
    let is_added = |file: &ChangedFile| file.before.is_none() && file.after.is_some();
    if change.whole_state || !is_added(file) {
        return None;
    }
    let after = file.after.as_ref()?;
    let alike =
        |gone: &Source, after: &Source| Some(similarity(gone.text(), after.text())).filter(|share| *share >= 50);
    let gone = change.files.iter().filter(|other| other.after.is_none() && reads(&other.path));
    let (share, before) = gone
        .filter_map(|other| other.before.as_deref())
        .filter_map(|before| Some((alike(before, after)?, before)))
        .max_by_key(|(share, _)| *share)?;
    let nearer = change
        .files
        .iter()
        .filter(|other| is_added(other) && other.path != file.path && reads(&other.path))
        .filter_map(|other| Some((other, other.after.as_deref().filter(|text| text.text().contains("create_all"))?)))
        .filter_map(|(other, text)| Some((alike(before, text)?, &other.path)))
        .any(|(other, path)| other > share || (other == share && *path < file.path));
    (!nearer).then_some(before)
}

/// How much of the longer of two texts the other has as well, by whole lines, in hundredths.
fn similarity(a: &str, b: &str) -> usize {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for line in a.split_inclusive('\n') {
        *lines.entry(line).or_insert(0) += 1;
    }
    let mut same = 0_usize;
    for line in b.split_inclusive('\n') {
        if let Some(left) = lines.get_mut(line).filter(|left| **left > 0) {
            *left -= 1;
            same += line.len();
        }
    }
    (same * 100).checked_div(a.len().max(b.len())).unwrap_or(0)
}

#[derive(Default)]
struct Search<'t> {
    text: &'t str,
    /// Names that hold a metadata which a function has made for itself: no revision is about its tables.
    own: BTreeSet<String>,
    /// Names that hold an engine which executes nothing: what is made with it is handed to a function, to be printed.
    mocks: BTreeSet<String>,
    /// How many functions are open.
    functions: usize,
    /// Start, end, and what `create_all` is asked of.
    found: Vec<(usize, usize, String)>,
    /// Whether `stamp` is called: what is made is entered as migrated, as Alembic's cookbook has it for a new database.
    /// <https://alembic.sqlalchemy.org/en/latest/cookbook.html#building-an-up-to-date-database-from-scratch>
    stamps: bool,
}

impl<'a> Visitor<'a> for Search<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function)
                if function.name.starts_with("test") || is_fixture(&function.decorator_list) => {}
            Stmt::FunctionDef(_) => {
                let outside = (self.own.clone(), self.mocks.clone());
                self.functions += 1;
                walk_stmt(self, statement);
                self.functions -= 1;
                (self.own, self.mocks) = outside;
            }
            Stmt::ClassDef(class) if class.name.starts_with("Test") => {}
            Stmt::If(branch) if self.is_playground(&branch.test) => {
                for clause in &branch.elif_else_clauses {
                    self.visit_body(&clause.body);
                }
            }
            Stmt::Assign(assign) => {
                if let [Expr::Name(name)] = assign.targets.as_slice() {
                    if self.functions > 0 && is_call_of(&assign.value, "MetaData") {
                        self.own.insert(name.id.to_string());
                    }
                    if is_call_of(&assign.value, "create_mock_engine") {
                        self.mocks.insert(name.id.to_string());
                    } else {
                        self.mocks.remove(name.id.as_str());
                    }
                }
                walk_stmt(self, statement);
            }
            other => walk_stmt(self, other),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression {
            self.stamps |= match &*call.func {
                Expr::Attribute(attribute) => attribute.attr.ends_with("stamp"),
                Expr::Name(name) => name.id.ends_with("stamp"),
                _ => false,
            };
            if self.is_printed(call) {
                return;
            }
        }
        if let Expr::Attribute(attribute) = expression
            && attribute.attr.as_str() == "create_all"
            && let Some(name) = metadata(attribute).filter(|name| !self.own.contains(name))
        {
            let range = expression.range();
            self.found.push((range.start().to_usize(), range.end().to_usize(), name));
        }
        walk_expr(self, expression);
    }
}

impl Search<'_> {
    /// Whether tables are made with an engine of `create_mock_engine()`: SQLAlchemy's way to print their DDL.
    /// <https://docs.sqlalchemy.org/en/20/faq/metadata_schema.html#how-can-i-get-the-create-table-drop-table-output-as-a-string>
    fn is_printed(&self, call: &ExprCall) -> bool {
        let Expr::Attribute(attribute) = &*call.func else { return false };
        let bind = call.arguments.find_argument_value("bind", 0);
        attribute.attr.as_str() == "create_all"
            && matches!(bind, Some(Expr::Name(name)) if self.mocks.contains(name.id.as_str()))
    }

    /// Whether a condition holds for tests and development only: `if ENV == "dev"`.
    fn is_playground(&self, condition: &Expr) -> bool {
        let range = condition.range();
        let text = self.text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
        let turned = text.contains("!=") || text.split_whitespace().any(|word| word == "not");
        !turned && super::is_playground(text)
    }
}

/// `MetaData()`, `sa.MetaData()`
fn is_call_of(value: &Expr, wanted: &str) -> bool {
    let Expr::Call(call) = value else { return false };
    match &*call.func {
        Expr::Name(name) => name.id.as_str() == wanted,
        Expr::Attribute(attribute) => attribute.attr.as_str() == wanted,
        _ => false,
    }
}

/// The name of what makes the tables, where it is a metadata or Flask-SQLAlchemy's `db`.
fn metadata(attribute: &ExprAttribute) -> Option<String> {
    match &*attribute.value {
        Expr::Name(name) if name.id.as_str() == "db" || name.id.to_lowercase().ends_with("metadata") => {
            Some(name.id.to_string())
        }
        Expr::Attribute(inner) if inner.attr.as_str() == "db" || inner.attr.to_lowercase().ends_with("metadata") => {
            match &*inner.value {
                Expr::Name(name) => Some(format!("{}.{}", name.id, inner.attr)),
                _ => Some(inner.attr.to_string()),
            }
        }
        _ => None,
    }
}

fn is_fixture(decorators: &[ruff_python_ast::Decorator]) -> bool {
    decorators.iter().any(|decorator| {
        let expression = match &decorator.expression {
            Expr::Call(call) => &*call.func,
            other => other,
        };
        matches!(expression, Expr::Attribute(attribute) if attribute.attr.as_str().ends_with("fixture"))
            || matches!(expression, Expr::Name(name) if name.id.as_str().ends_with("fixture"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Repository;

    fn run(path: &str, text: &str) -> Vec<String> {
        let findings = Repository::alembic().added(path, text).run(RuleId::CreateAll);
        findings.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn tables_made_at_startup_are_reported() {
        for text in [
            "Base.metadata.create_all(bind=engine)\n",
            "async def start():\n    async with engine.begin() as conn:\n        await conn.run_sync(Base.metadata.create_all)\n",
            "with app.app_context():\n    db.create_all()\n",
            "SQLModel.metadata.create_all(engine)\n",
            "metadata = MetaData()\nmetadata.create_all(engine)\n",
            "def other():\n    metadata = MetaData()\ndef start():\n    metadata.create_all(engine)\n",
            "if ENV != 'dev':\n    db.create_all()\n",
            "if ENV == 'dev':\n    pass\nelse:\n    db.create_all()\n",
        ] {
            assert_eq!(run("app/main.py", text).len(), 1, "{text}");
        }
        assert_eq!(
            run("app/main.py", "metadata.create_all(e)\n"),
            ["metadata.create_all makes tables that no revision knows of"]
        );
    }

    #[test]
    fn tests_comments_and_other_things_of_that_name_are_left_alone() {
        let text = "Base.metadata.create_all(bind=engine)\n";
        for path in [
            "tests/conftest.py",
            "app/test_models.py",
            "app/testlib.py",
            "examples/app.py",
            "internal_docs/app.py",
            "scripts/perf/app.py",
            "app/notes.txt",
        ] {
            assert!(run(path, text).is_empty(), "{path}");
        }
        for text in [
            "# Base.metadata.create_all(bind=engine)\n",
            "print('Base.metadata.create_all()')\n",
            "widgets.create_all()\n",
            "db.create_all()\nstamp()\n",
            "Base.metadata.create_all(engine)\nalembic.command.stamp(config, 'head')\n",
            "@pytest.fixture\ndef tables():\n    Base.metadata.create_all(e)\n",
            "def rotate():\n    metadata = MetaData()\n    metadata.create_all(engine)\n",
            "if os.environ.get('ENV') == 'dev':\n    db.create_all()\nelse:\n    upgrade()\n",
            "db.create_all()\nfm_stamp()\n",
            "def (",
        ] {
            assert!(run("app/main.py", text).is_empty(), "{text}");
        }
    }

    #[test]
    fn only_new_lines_count_in_a_change() {
        let before = "db.create_all()\n";
        let after = "import x\ndb.create_all()\n";
        assert!(Repository::alembic().changed("app/main.py", before, after).silent(RuleId::CreateAll));
        assert_eq!(
            Repository::alembic().whole_state().changed("app/main.py", before, after).run(RuleId::CreateAll).len(),
            1
        );
        assert!(Repository::prisma().added("app/main.py", before).silent(RuleId::CreateAll));
    }

    #[test]
    fn what_moved_with_its_file_is_not_new() {
        let text = "from app import db, app\n\n\ndef make():\n    with app.app_context():\n        db.create_all()\n\n\nmake()\n";
        let edited = text.replace("make()\n", "make()\nprint('made')\n");
        let told = |gone: (&str, &str), added: &[(&str, &str)]| -> Vec<String> {
            let start = Repository::alembic().removed(gone.0, gone.1);
            let moved = added.iter().fold(start, |one, (path, text)| one.added(path, text));
            moved.run(RuleId::CreateAll).into_iter().map(|finding| finding.path.to_string()).collect()
        };
        let none: [&str; 0] = [];
        assert_eq!(told(("app/make.py", text), &[("make.py", text)]), none);
        assert_eq!(told(("app/make.py", text), &[("make.py", &edited)]), none);
        // Once: the other one is a copy. Another file than that which is gone.
        assert_eq!(told(("app/make.py", text), &[("b.py", text), ("a.py", text)]), ["b.py"]);
        assert_eq!(told(("app/make.py", text), &[("b.py", text), ("a.py", &edited)]), ["a.py"]);
        assert_eq!(told(("app/make.py", text), &[("other.py", "import x\n\nx.db.create_all()\n")]), ["other.py"]);
        // A second call beside the one that moved.
        let more = text.replace("        db.create_all()\n", "        db.create_all()\n        db.create_all(app)\n");
        assert_eq!(told(("app/make.py", text), &[("make.py", &more)]), ["make.py"]);
        let twice = format!("{text}db.create_all()\n");
        assert_eq!(told(("app/make.py", text), &[("make.py", &twice)]), ["make.py"]);
        // What it was allowed to do where it was, it is not here.
        assert_eq!(told(("tests/make.py", text), &[("app/make.py", text)]), ["app/make.py"]);
        let stamped = format!("{text}stamp()\n");
        assert_eq!(told(("app/make.py", &stamped), &[("make.py", text)]), ["make.py"]);
        let tested = text.replace("def make", "def test_make");
        assert_eq!(told(("app/make.py", &tested), &[("make.py", text)]), ["make.py"]);
        let kept = Repository::alembic().changed("app/make.py", text, "import x\n").added("make.py", text);
        assert_eq!(kept.run(RuleId::CreateAll).len(), 1, "the file is still there");
    }

    #[test]
    fn where_no_revision_is_kept_none_is_overtaken() {
        let text = "db.create_all()\n";
        assert!(Repository::alembic().without_migrations().added("app/main.py", text).silent(RuleId::CreateAll));
        assert_eq!(Repository::alembic().added("app/main.py", text).run(RuleId::CreateAll).len(), 1);
    }

    #[test]
    fn what_is_printed_makes_no_tables() {
        let printed = "def dump(url):\n    engine = create_mock_engine(url, print)\n    Base.metadata.create_all(engine, checkfirst=False)\n";
        assert!(run("app/database.py", printed).is_empty());
        assert!(run("app/database.py", &printed.replace("engine, check", "bind=engine, check")).is_empty());
        for text in [
            printed.replace("create_mock_engine(url, print)", "create_engine(url)"),
            printed.replace("    Base", "    engine = create_engine(url)\n    Base"),
            printed.replace("create_all(engine", "create_all(other"),
            format!("{printed}def start(engine):\n    Base.metadata.create_all(engine)\n"),
        ] {
            assert_eq!(run("app/database.py", &text).len(), 1, "{text}");
        }
    }
}
