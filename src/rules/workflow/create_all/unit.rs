//! What a file of Python makes and calls, function by function.

use std::collections::BTreeSet;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Decorator, Expr, ExprAttribute, ExprCall, Stmt, StmtFunctionDef, StmtIf};
use ruff_text_size::{Ranged, TextRange};

use super::super::{is_playground, words};
use super::condition::{Guard, guard, is_main, leaves};
use super::engine::{called, is_another, is_chosen, is_idle, is_own_base, makes_own_base, metadata};

/// One place that makes tables.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) start: usize,
    pub(super) end: usize,
    /// What `create_all` is asked of.
    pub(super) of: String,
}

/// When the statements of a unit are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// When the application starts, or is deployed.
    AtStart,
    /// When something calls it.
    Called,
    /// When a person asks for it.
    ByHand,
}

/// The statements of a module, of its `if __name__ == "__main__":`, or of one function.
#[derive(Debug)]
pub(super) struct Unit {
    /// What it is called by.
    pub(super) names: Vec<String>,
    pub(super) when: When,
    /// Whether it serves: it runs until the application is ended.
    pub(super) serves: bool,
    /// Whether it is for tests or development, whatever it does.
    pub(super) is_playground: bool,
    /// What it names.
    pub(super) refers: BTreeSet<String>,
    pub(super) made: Vec<Made>,
}

/// A file.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) units: Vec<Unit>,
    /// What it imports, and the parts of the modules' names that it imports from.
    pub(super) imports: BTreeSet<String>,
    /// Whether it enters the database as migrated, as Alembic's cookbook has it for a new one.
    /// <https://alembic.sqlalchemy.org/en/latest/cookbook.html#building-an-up-to-date-database-from-scratch>
    pub(super) stamps: bool,
}

/// Whether a name is one of a program or a function that a deployment runs, or the start of the application.
pub(super) fn is_start(name: &str) -> bool {
    const START: [&str; 12] = [
        "start",
        "startup",
        "started",
        "starting",
        "prestart",
        "lifespan",
        "boot",
        "deploy",
        "deployment",
        "serve",
        "runserver",
        "entrypoint",
    ];
    words(name).any(|word| START.contains(&word.as_str()))
}

/// Whether a name is one of a program that makes a database when a person runs it: `init_db`, `create_tables`, `seed`.
fn is_setup(stem: &str) -> bool {
    const ALONE: [&str; 6] = ["initdb", "dbinit", "createdb", "seed", "bootstrap", "populate"];
    const DOES: [&str; 11] =
        ["init", "initialize", "initialise", "create", "setup", "make", "reset", "recreate", "rebuild", "drop", "fill"];
    const TO: [&str; 10] = ["db", "database", "table", "tables", "schema", "data", "models", "all", "the", "initial"];
    let has = |known: &[&str]| words(stem).any(|word| known.contains(&word.as_str()));
    let is_known = |word: &str| [&ALONE[..], &DOES, &TO].iter().any(|known| known.contains(&word));
    (has(&ALONE) || has(&DOES) && has(&TO)) && words(stem).all(|word| is_known(&word))
}

/// Whether a function builds the application.
fn is_factory(name: &str) -> bool {
    const DOES: [&str; 8] = ["create", "make", "build", "get", "init", "setup", "configure", "register"];
    let all: Vec<String> = words(name).collect();
    all.first().is_some_and(|first| DOES.contains(&first.as_str()))
        && all.last().is_some_and(|last| matches!(last.as_str(), "app" | "application"))
}

/// Modules whose `main()` is the application.
const PROGRAMS: [&str; 9] = ["main", "app", "application", "server", "bot", "worker", "wsgi", "asgi", "api"];

/// Reads a file; none where it is not Python.
pub(super) fn read(text: &str, stem: &str, targets: &[&str]) -> Option<Module> {
    // A file that does not parse is told of elsewhere, or is none of ours.
    let parsed = ruff_python_parser::parse_module(text).ok()?;
    let body = &parsed.syntax().body;
    let when = if is_setup(stem) { When::Called } else { When::AtStart };
    let mut reader = Reader {
        text,
        stem,
        targets,
        own: BTreeSet::new(),
        idle: BTreeSet::new(),
        bases: BTreeSet::new(),
        class: None,
        open: vec![0],
        module: Module { units: vec![Unit::new(vec![], when)], imports: BTreeSet::new(), stamps: false },
    };
    reader.visit_body(body);
    Some(reader.module)
}

impl Unit {
    fn new(names: Vec<String>, when: When) -> Self {
        Self { names, when, serves: false, is_playground: false, refers: BTreeSet::new(), made: Vec::new() }
    }
}

struct Reader<'t> {
    text: &'t str,
    stem: &'t str,
    targets: &'t [&'t str],
    /// Names that hold a metadata which a function has made for itself: no revision is about its tables.
    own: BTreeSet<String>,
    /// Names that hold what makes no table of the database: see [`is_idle`].
    idle: BTreeSet<String>,
    /// Bases of models that the file declares, each with a metadata of its own.
    bases: BTreeSet<String>,
    /// The class whose methods are read.
    class: Option<String>,
    /// The units that are open, the innermost last.
    open: Vec<usize>,
    module: Module,
}

impl<'a> Visitor<'a> for Reader<'_> {
    fn visit_body(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            self.visit_stmt(stmt);
            if let Stmt::If(branch) = stmt
                && branch.elif_else_clauses.is_empty()
                && leaves(&branch.body)
                && guard(self.text_of(branch.test.range())) == Guard::Migrated
            {
                break;
            }
        }
    }

    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) if class.name.starts_with("Test") => {}
            Stmt::ClassDef(class) => {
                if is_own_base(class) {
                    self.bases.insert(class.name.to_string());
                }
                let outer = self.class.replace(class.name.to_string());
                self.visit_body(&class.body);
                self.class = outer;
            }
            Stmt::If(branch) => self.branch(branch),
            Stmt::Import(import) => {
                for alias in &import.names {
                    self.import(alias.name.as_str());
                }
            }
            Stmt::ImportFrom(import) => {
                self.import(import.module.as_ref().map_or("", |module| module.as_str()));
                self.module.imports.extend(import.names.iter().map(|alias| alias.name.to_string()));
            }
            Stmt::Assign(assign) => {
                if let [Expr::Name(name)] = assign.targets.as_slice() {
                    if self.open.len() > 1 && is_call_of(&assign.value, "MetaData") {
                        self.own.insert(name.id.to_string());
                    }
                    if makes_own_base(&assign.value) {
                        self.bases.insert(name.id.to_string());
                    }
                    self.bind(name.id.as_str(), &assign.value);
                }
                walk_stmt(self, statement);
            }
            Stmt::With(with) => {
                for item in &with.items {
                    if let Some(Expr::Name(name)) = item.optional_vars.as_deref() {
                        self.bind(name.id.as_str(), &item.context_expr);
                    }
                }
                walk_stmt(self, statement);
            }
            other => walk_stmt(self, other),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Call(call) if self.is_passed_over(call) => return,
            Expr::Call(call) => self.call(call),
            Expr::StringLiteral(text) => {
                let text = text.value.to_str();
                self.module.stamps |= text == "stamp"
                    || text.contains("alembic stamp")
                    || text.to_lowercase().contains("insert into alembic_version");
            }
            Expr::Attribute(attribute) => {
                self.refer(attribute.attr.as_str());
                self.make(attribute, expression.range());
            }
            Expr::Name(name) => self.refer(name.id.as_str()),
            _ => {}
        }
        walk_expr(self, expression);
    }
}

impl Reader<'_> {
    fn text_of(&self, range: TextRange) -> &str {
        self.text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default()
    }

    /// The unit that is read.
    fn unit(&mut self) -> Option<&mut Unit> {
        let at = *self.open.last()?;
        self.module.units.get_mut(at)
    }

    fn refer(&mut self, name: &str) {
        if let Some(unit) = self.unit()
            && !unit.refers.contains(name)
        {
            unit.refers.insert(name.to_owned());
        }
    }

    fn import(&mut self, module: &str) {
        self.module.imports.extend(module.split('.').map(str::to_owned));
    }

    fn bind(&mut self, name: &str, value: &Expr) {
        if is_idle(value, &self.idle) {
            self.idle.insert(name.to_owned());
        } else {
            self.idle.remove(name);
        }
    }

    /// Reads statements as a unit of their own.
    fn within(&mut self, unit: Unit, body: &[Stmt]) {
        let outside = (self.own.clone(), self.idle.clone(), self.class.take());
        self.open.push(self.module.units.len());
        self.module.units.push(unit);
        self.visit_body(body);
        self.open.pop();
        (self.own, self.idle, self.class) = outside;
    }

    fn function(&mut self, function: &StmtFunctionDef) {
        let name = function.name.as_str();
        if name.starts_with("test") || is_fixture(&function.decorator_list) {
            return;
        }
        let mut names = vec![name.to_owned()];
        if matches!(name, "__init__" | "__aenter__" | "__enter__" | "__post_init__") {
            names.extend(self.class.clone());
        }
        let is_playground = is_playground(name) || words(name).any(|word| word.starts_with("test"));
        let when = if is_playground { When::ByHand } else { self.when(function) };
        self.within(Unit { is_playground, ..Unit::new(names, when) }, &function.body);
    }

    fn when(&self, function: &StmtFunctionDef) -> When {
        let name = function.name.as_str();
        let starts = |decorator: &Decorator| {
            const EVENTS: [&str; 6] =
                ["startup", "lifespan", "server_start", "on_start", "before_first_request", "before_serving"];
            let text = self.text_of(decorator.range());
            EVENTS.iter().any(|event| text.contains(event))
        };
        if is_start(name) || is_factory(name) || self.stem == "env" || function.decorator_list.iter().any(starts) {
            return When::AtStart;
        }
        // `lifespan` of another name: <https://fastapi.tiangolo.com/advanced/events/#lifespan>
        let takes_app = function.parameters.iter().any(|parameter| parameter.name().as_str() == "app");
        let decorated = |names: &[&str]| {
            let named = |decorator: &Decorator| decorator_name(decorator).is_some_and(|name| names.contains(&name));
            function.decorator_list.iter().any(named)
        };
        if takes_app && decorated(&["asynccontextmanager"]) {
            return When::AtStart;
        }
        if decorated(&["command", "group", "option", "argument", "cli_command", "shell_context_processor"]) {
            return When::ByHand;
        }
        let is_program = PROGRAMS.contains(&self.stem) || is_start(self.stem);
        if name == "main" && is_program { When::AtStart } else { When::Called }
    }

    fn branch(&mut self, branch: &StmtIf) {
        let condition = self.text_of(branch.test.range()).to_owned();
        if is_main(&condition) {
            let when = if is_start(self.stem) { When::AtStart } else { When::Called };
            self.within(Unit::new(vec![], when), &branch.body);
            for clause in &branch.elif_else_clauses {
                self.visit_body(&clause.body);
            }
            return;
        }
        self.visit_expr(&branch.test);
        let first = guard(&condition);
        if first != Guard::Playground {
            self.visit_body(&branch.body);
        }
        // What comes behind a condition of the migrated database is for the others.
        let mut others = first == Guard::Migrated;
        for clause in &branch.elif_else_clauses {
            let own = clause.test.as_ref().map_or(Guard::Unknown, |test| guard(self.text_of(test.range())));
            if own != Guard::Playground && !others {
                self.visit_body(&clause.body);
            }
            others |= own == Guard::Migrated;
        }
    }

    /// Whether a call makes no table that counts, or hands commands over that a person runs.
    fn is_passed_over(&self, call: &ExprCall) -> bool {
        let text = self.text_of(call.arguments.range());
        match &*call.func {
            Expr::Attribute(attribute) if attribute.attr.as_str() == "create_all" => {
                is_chosen(call, text)
                    || call.arguments.find_argument_value("bind", 0).is_some_and(|bind| is_idle(bind, &self.idle))
            }
            Expr::Attribute(attribute) if attribute.attr.as_str() == "run_sync" => {
                is_idle(&attribute.value, &self.idle) || is_chosen(call, text)
            }
            Expr::Attribute(attribute) => attribute.attr.as_str() == "add_command",
            _ => false,
        }
    }

    fn call(&mut self, call: &ExprCall) {
        let Some(name) = called(call) else { return };
        self.module.stamps |= words(name).last().is_some_and(|word| word == "stamp");
        let serves = serves(call);
        if let Some(unit) = self.unit() {
            unit.serves |= serves;
        }
    }

    fn make(&mut self, attribute: &ExprAttribute, range: TextRange) {
        if attribute.attr.as_str() != "create_all" {
            return;
        }
        let of =
            metadata(attribute).filter(|name| !self.own.contains(name) && !is_another(name, &self.bases, self.targets));
        if let (Some(of), Some(unit)) = (of, self.unit()) {
            unit.made.push(Made { start: range.start().to_usize(), end: range.end().to_usize(), of });
        }
    }
}

/// Whether a call runs until the application is ended: `app.run()`, `uvicorn.run(app)`, `bot.start_polling()`.
fn serves(call: &ExprCall) -> bool {
    const ALWAYS: [&str; 8] = [
        "serve",
        "serve_forever",
        "run_app",
        "run_polling",
        "start_polling",
        "infinity_polling",
        "run_until_disconnected",
        "run_webhook",
    ];
    const SERVERS: [&str; 14] = [
        "app",
        "application",
        "uvicorn",
        "hypercorn",
        "server",
        "bot",
        "client",
        "socketio",
        "api",
        "web",
        "waitress",
        "dispatcher",
        "worker",
        "mcp",
    ];
    let Some(name) = called(call) else { return false };
    let Expr::Attribute(attribute) = &*call.func else { return ALWAYS.contains(&name) };
    let receiver = match &*attribute.value {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(inner) => inner.attr.as_str(),
        _ => "",
    };
    let is_server = || words(receiver).any(|word| SERVERS.contains(&word.as_str()));
    ALWAYS.contains(&name) || (matches!(name, "run" | "start" | "listen") && is_server())
}

/// `MetaData()`, `sa.MetaData()`
fn is_call_of(value: &Expr, wanted: &str) -> bool {
    matches!(value, Expr::Call(call) if called(call) == Some(wanted))
}

fn decorator_name(decorator: &Decorator) -> Option<&str> {
    let expression = match &decorator.expression {
        Expr::Call(call) => &*call.func,
        other => other,
    };
    match expression {
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        Expr::Name(name) => Some(name.id.as_str()),
        _ => None,
    }
}

fn is_fixture(decorators: &[Decorator]) -> bool {
    decorators.iter().any(|decorator| decorator_name(decorator).is_some_and(|name| name.ends_with("fixture")))
}
