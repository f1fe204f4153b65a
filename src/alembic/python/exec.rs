//! Statements.
//!
//! A condition that cannot be known does not stop a function: every branch runs in *maybe* mode
//! ([`Interpreter::maybe`]), what the branches leave different becomes unknown, and what follows a possible `return` is
//! maybe too.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use ruff_python_ast::{Expr, Stmt};

use super::interpreter::{Eval, Interpreter, Raised, Stop};
use super::operators::equal;
use super::parse::{ParsedFile, ast};
use super::scope::{Module, Scope, ScopeKind};
use super::value::{Annotation, Args, Class, SymbolKind, Text, Unknown, Value};
use crate::source::Place;

/// Iterations of all loops that cannot end otherwise are bounded by steps; this bounds one `while`.
const WHILE: usize = 100_000;

/// Where code runs.
#[derive(Clone)]
pub(crate) struct Frame {
    pub(crate) scope: Rc<Scope>,
    pub(crate) module: Rc<Module>,
    pub(crate) file: Arc<ParsedFile>,
    /// In a class body: its attributes so far, without their values.
    pub(crate) body: Option<Rc<std::cell::RefCell<Vec<Slot>>>>,
    /// In a method: the class that defines it and the first argument.
    pub(crate) method: Option<(Rc<Class>, Value)>,
}

/// An attribute of a class body whose value is still in the scope.
pub(crate) struct Slot {
    pub(crate) name: Text,
    pub(crate) annotation: Option<Annotation>,
    pub(crate) place: Place,
}

/// How a block ends.
pub(crate) enum Flow {
    Next,
    Return(Value),
    Break,
    Continue,
    /// It may have been left, under an unknown condition.
    Maybe(Rc<Unknown>, Exit),
}

/// What may have been left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Loop,
    Function,
}

/// The variables of a scope at one moment.
type Variables = BTreeMap<Text, Value>;

impl Interpreter<'_> {
    /// Runs a module's statements.
    pub(crate) fn run_body(&mut self, module: &Rc<Module>, file: &Arc<ParsedFile>) -> Eval<()> {
        let frame = Frame {
            scope: Rc::clone(&module.scope),
            module: Rc::clone(module),
            file: Arc::clone(file),
            body: None,
            method: None,
        };
        if self.through.as_ref() == Some(&module.path) {
            return self.run_through(&frame, file);
        }
        self.exec_block(&frame, file.body()).map(|_| ())
    }

    pub(crate) fn exec_block(&mut self, frame: &Frame, body: &[Stmt]) -> Eval<Flow> {
        if let Err(stop) = self.enter() {
            self.skip(frame, body, &stop);
            return Err(stop);
        }
        let depth = self.maybe.len();
        let mut left: Option<(Rc<Unknown>, Exit)> = None;
        let mut result = Ok(Flow::Next);
        for (at, stmt) in body.iter().enumerate() {
            match self.exec(frame, stmt) {
                Ok(Flow::Next) => {}
                Ok(Flow::Maybe(unknown, exit)) => {
                    self.maybe.push(Rc::clone(&unknown));
                    left = Some(match left {
                        Some((first, Exit::Function)) => (first, Exit::Function),
                        _ => (unknown, exit),
                    });
                }
                other => {
                    if let Err(stop) = &other {
                        self.skip(frame, &body[at..], stop);
                    }
                    result = other;
                    break;
                }
            }
        }
        self.maybe.truncate(depth);
        self.leave();
        let Some((unknown, exit)) = left else { return result };
        match result {
            // It returns anyway, or it returned before this was reached: only the value is in doubt.
            Ok(Flow::Return(_)) | Err(Stop::Raise(_)) if exit == Exit::Function => {
                Ok(Flow::Return(Value::Unknown(unknown)))
            }
            Ok(Flow::Return(_)) => Ok(Flow::Maybe(unknown, Exit::Function)),
            Err(stop) => Err(stop),
            Ok(_) => Ok(Flow::Maybe(unknown, exit)),
        }
    }

    fn exec(&mut self, frame: &Frame, stmt: &Stmt) -> Eval<Flow> {
        self.step()?;
        match stmt {
            Stmt::Expr(stmt) => self.eval(frame, &stmt.value).map(|_| Flow::Next),
            Stmt::Assign(stmt) => {
                let value = self.eval(frame, &stmt.value)?;
                for target in &stmt.targets {
                    self.assign(frame, target, value.clone(), stmt)?;
                }
                Ok(Flow::Next)
            }
            Stmt::AnnAssign(stmt) => self.exec_annotated(frame, stmt),
            Stmt::AugAssign(stmt) => self.exec_augmented(frame, stmt),
            Stmt::If(stmt) => self.exec_if(frame, stmt),
            Stmt::For(stmt) => self.exec_for(frame, stmt),
            Stmt::While(stmt) => self.exec_while(frame, stmt),
            Stmt::With(stmt) => self.exec_with(frame, stmt),
            Stmt::Try(stmt) => self.exec_try(frame, stmt),
            Stmt::Match(stmt) => self.exec_match(frame, stmt),
            Stmt::Return(stmt) => match &stmt.value {
                Some(value) => self.eval(frame, value).map(Flow::Return),
                None => Ok(Flow::Return(Value::None)),
            },
            Stmt::FunctionDef(stmt) => {
                let value = self.define_function(frame, stmt)?;
                self.assign_name(frame, stmt.name.as_str(), value, None, frame.file.place(&stmt.name));
                Ok(Flow::Next)
            }
            Stmt::ClassDef(stmt) => {
                let value = self.define_class(frame, stmt)?;
                self.assign_name(frame, stmt.name.as_str(), value, None, frame.file.place(&stmt.name));
                Ok(Flow::Next)
            }
            Stmt::Import(stmt) => {
                let place = frame.file.place(stmt);
                self.exec_import(stmt, &frame.scope, &place).map(|()| Flow::Next)
            }
            Stmt::ImportFrom(stmt) => {
                let place = frame.file.place(stmt);
                self.exec_import_from(stmt, &frame.scope, &frame.module, &place).map(|()| Flow::Next)
            }
            Stmt::Raise(stmt) => self.exec_raise(frame, stmt),
            Stmt::Assert(stmt) => {
                let test = self.eval(frame, &stmt.test)?;
                if self.truth_of(&test)? == Some(false) {
                    return Err(self.exception("AssertionError", "", frame.file.place(stmt)));
                }
                Ok(Flow::Next)
            }
            Stmt::Delete(stmt) => {
                for target in &stmt.targets {
                    self.delete(frame, target)?;
                }
                Ok(Flow::Next)
            }
            Stmt::Global(stmt) => {
                frame.scope.globals.borrow_mut().extend(stmt.names.iter().map(|name| Rc::from(name.as_str())));
                Ok(Flow::Next)
            }
            Stmt::Nonlocal(stmt) => {
                frame.scope.nonlocals.borrow_mut().extend(stmt.names.iter().map(|name| Rc::from(name.as_str())));
                Ok(Flow::Next)
            }
            Stmt::TypeAlias(stmt) => {
                let place = frame.file.place(stmt);
                // Python evaluates it when it is first asked for (PEP 695), so it may hold itself. The alias is an object
                // of its own.
                self.assign(frame, &stmt.name, Value::external("typing.Any"), stmt)?;
                let value = match self.eval(frame, &stmt.value) {
                    Ok(value) => value,
                    Err(Stop::Raise(_)) => Value::unknown("a type alias that cannot be evaluated", place.clone()),
                    Err(stop) => return Err(stop),
                };
                let args = Args::positional(vec![Value::str(frame.file.place(&*stmt.name).text()), value]);
                let callee = Value::external("typing.TypeAliasType");
                let alias = Value::symbol(SymbolKind::Call { callee, args }, Some(place));
                self.assign(frame, &stmt.name, alias, stmt)?;
                Ok(Flow::Next)
            }
            Stmt::Break(_) => Ok(Flow::Break),
            Stmt::Continue(_) => Ok(Flow::Continue),
            Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => Ok(Flow::Next),
        }
    }

    /// An exception of the built-in class of that name.
    #[expect(clippy::unused_self, reason = "reads as one of the interpreter's ways to stop")]
    pub(crate) fn exception(&self, class: &str, message: &str, place: Place) -> Stop {
        let path = if class.contains('.') { class.to_owned() } else { format!("builtins.{class}") };
        let value = Value::symbol(
            SymbolKind::Call { callee: Value::external(path), args: Args::positional(vec![Value::str(message)]) },
            Some(place.clone()),
        );
        Stop::Raise(Raised { value, place })
    }

    fn exec_raise(&mut self, frame: &Frame, stmt: &ast::StmtRaise) -> Eval<Flow> {
        let place = frame.file.place(stmt);
        let value = match &stmt.exc {
            Some(exc) => self.eval(frame, exc)?,
            None => match self.handling.last() {
                Some(raised) => return Err(Stop::Raise(raised.clone())),
                None => Value::external("builtins.RuntimeError"),
            },
        };
        Err(Stop::Raise(Raised { value, place }))
    }

    /// The unknown condition of a test.
    fn condition(frame: &Frame, test: &Expr, value: &Value) -> Rc<Unknown> {
        let place = frame.file.place(test);
        if let Value::Unknown(unknown) = value {
            let on = unknown.reason.strip_prefix("it depends on ").unwrap_or(&unknown.reason);
            return Rc::new(Unknown { reason: format!("it depends on {on}"), place, shape: None });
        }
        let mut text: String = place.text().split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((cut, _)) = text.char_indices().nth(60) {
            text.truncate(cut);
            text.push('…');
        }
        Rc::new(Unknown { reason: format!("it depends on `{text}`"), place, shape: None })
    }

    fn exec_if(&mut self, frame: &Frame, stmt: &ast::StmtIf) -> Eval<Flow> {
        let clauses = std::iter::once((Some(&*stmt.test), &*stmt.body))
            .chain(stmt.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &*clause.body)));
        let mut unknown: Option<Rc<Unknown>> = None;
        let mut branches: Vec<&[Stmt]> = Vec::new();
        let mut complete = false;
        for (test, body) in clauses {
            let truth = match test {
                None => Some(true),
                Some(test) => {
                    let value = self.eval(frame, test)?;
                    let truth = self.truth_of_condition(&value, test)?;
                    if truth.is_none() && unknown.is_none() {
                        unknown = Some(Self::condition(frame, test, &value));
                    }
                    truth
                }
            };
            match truth {
                Some(false) => {}
                Some(true) => {
                    branches.push(body);
                    complete = true;
                    break;
                }
                None => branches.push(body),
            }
        }
        if !complete {
            branches.push(&[]);
        }
        match unknown {
            None => branches.first().map_or(Ok(Flow::Next), |body| self.exec_block(frame, body)),
            Some(unknown) => self.exec_branches(frame, &branches, &unknown),
        }
    }

    /// Runs alternatives of which one happens, none knows which.
    pub(crate) fn exec_branches(&mut self, frame: &Frame, branches: &[&[Stmt]], unknown: &Rc<Unknown>) -> Eval<Flow> {
        // A branch that only raises is the one that a migration which works does not take.
        let alive: Vec<&[Stmt]> = branches.iter().filter(|body| !only_raises(body)).copied().collect();
        if let ([body], true) = (&alive[..], branches.len() > 1) {
            return self.exec_block(frame, body);
        }
        let before: Variables = frame.scope.vars.borrow().clone();
        let mut ends: Vec<(Variables, Flow)> = Vec::new();
        let mut raised: Option<Stop> = None;
        for body in &alive {
            frame.scope.vars.borrow_mut().clone_from(&before);
            self.maybe.push(Rc::clone(unknown));
            let result = self.exec_block(frame, body);
            self.maybe.pop();
            match result {
                Ok(flow) => ends.push((frame.scope.vars.borrow().clone(), flow)),
                Err(stop @ Stop::Raise(_)) => raised = raised.or(Some(stop)),
                Err(stop) => return Err(stop),
            }
        }
        if ends.is_empty() {
            return match raised {
                Some(stop) => Err(stop),
                None => self.exec_block(frame, branches.first().copied().unwrap_or_default()),
            };
        }
        let going: Vec<&Variables> =
            ends.iter().filter(|(_, flow)| !matches!(flow, Flow::Return(_))).map(|(vars, _)| vars).collect();
        if !going.is_empty() {
            *frame.scope.vars.borrow_mut() = merge(&going, unknown);
        }
        Ok(Self::join_flows(ends.into_iter().map(|(_, flow)| flow).collect(), unknown))
    }

    fn join_flows(flows: Vec<Flow>, unknown: &Rc<Unknown>) -> Flow {
        if flows.iter().all(|flow| matches!(flow, Flow::Next)) {
            return Flow::Next;
        }
        let mut returns =
            flows.iter().filter_map(|flow| if let Flow::Return(value) = flow { Some(value) } else { None });
        if flows.iter().all(|flow| matches!(flow, Flow::Return(_))) {
            let first = returns.next().cloned().unwrap_or(Value::None);
            let same = returns.all(|value| equal(value, &first) == Some(true));
            return Flow::Return(if same { first } else { Value::Unknown(Rc::clone(unknown)) });
        }
        let function = flows.iter().any(|flow| matches!(flow, Flow::Return(_) | Flow::Maybe(_, Exit::Function)));
        Flow::Maybe(Rc::clone(unknown), if function { Exit::Function } else { Exit::Loop })
    }

    fn exec_for(&mut self, frame: &Frame, stmt: &ast::StmtFor) -> Eval<Flow> {
        let place = frame.file.place(&*stmt.iter);
        let iterable = self.eval(frame, &stmt.iter)?;
        let items = match self.iterate(&iterable, &place)? {
            Ok(items) => items,
            Err(unknown) => {
                // Once, with an unknown item, or not at all.
                let item = match &iterable {
                    Value::Symbol(_) => Value::symbol(
                        SymbolKind::Subscript { base: iterable.clone(), index: Value::Ellipsis },
                        Some(place.clone()),
                    ),
                    _ => Value::Unknown(Rc::clone(&unknown)),
                };
                self.keep(&item)?;
                self.assign(frame, &stmt.target, item, &*stmt.target)?;
                let flow = self.exec_branches(frame, &[&stmt.body, &[]], &unknown)?;
                let flow = Self::after_loop(flow);
                return match flow {
                    Flow::Next => self.exec_block(frame, &stmt.orelse),
                    other => Ok(other),
                };
            }
        };
        let depth = self.maybe.len();
        let mut left: Option<(Rc<Unknown>, Exit)> = None;
        let mut result = Ok(Flow::Next);
        let mut broken = false;
        for item in items {
            if let Err(stop) = self.step().and_then(|()| self.assign(frame, &stmt.target, item, &*stmt.target)) {
                result = Err(stop);
                break;
            }
            match self.exec_block(frame, &stmt.body) {
                Ok(Flow::Next | Flow::Continue) => {}
                Ok(Flow::Break) => {
                    broken = true;
                    break;
                }
                Ok(Flow::Maybe(unknown, exit)) => {
                    self.maybe.push(Rc::clone(&unknown));
                    if !matches!(left, Some((_, Exit::Function))) {
                        left = Some((unknown, exit));
                    }
                }
                other => {
                    result = other;
                    break;
                }
            }
        }
        self.maybe.truncate(depth);
        match (result?, left) {
            (Flow::Return(value), None) => Ok(Flow::Return(value)),
            (Flow::Return(_), Some((unknown, _))) => Ok(Flow::Maybe(unknown, Exit::Function)),
            (_, Some((unknown, Exit::Function))) => Ok(Flow::Maybe(unknown, Exit::Function)),
            _ if broken => Ok(Flow::Next),
            _ => self.exec_block(frame, &stmt.orelse),
        }
    }

    /// What the end of a loop's body means for the code behind the loop.
    fn after_loop(flow: Flow) -> Flow {
        match flow {
            Flow::Break | Flow::Continue | Flow::Maybe(_, Exit::Loop) => Flow::Next,
            other => other,
        }
    }

    fn exec_while(&mut self, frame: &Frame, stmt: &ast::StmtWhile) -> Eval<Flow> {
        for _ in 0..WHILE {
            self.step()?;
            let test = self.eval(frame, &stmt.test)?;
            match self.truth_of(&test)? {
                Some(false) => return self.exec_block(frame, &stmt.orelse),
                Some(true) => match self.exec_block(frame, &stmt.body)? {
                    Flow::Next | Flow::Continue => {}
                    Flow::Break => return Ok(Flow::Next),
                    Flow::Maybe(unknown, exit) => {
                        // Whether it goes round again is not known either.
                        return Ok(Self::after_loop(Flow::Maybe(unknown, exit)));
                    }
                    other @ Flow::Return(_) => return Ok(other),
                },
                None => {
                    let unknown = Self::condition(frame, &stmt.test, &test);
                    let flow = self.exec_branches(frame, &[&stmt.body, &[]], &unknown)?;
                    return Ok(Self::after_loop(flow));
                }
            }
        }
        Err(Stop::Exhausted("a loop that goes on longer than is evaluated"))
    }

    fn exec_with(&mut self, frame: &Frame, stmt: &ast::StmtWith) -> Eval<Flow> {
        let mut managers: Vec<(Value, Place)> = Vec::new();
        let mut suppress = false;
        for item in &stmt.items {
            let place = frame.file.place(&item.context_expr);
            let manager = self.eval(frame, &item.context_expr)?;
            if matches!(manager.call_of(), Some(("contextlib.suppress", _))) {
                suppress = true;
            }
            let entered = match &manager {
                Value::Symbol(_) => {
                    let host = self.host;
                    host.enter(self, &manager, &place).unwrap_or_else(|| manager.clone())
                }
                Value::Instance(instance) if instance.class.lookup("__enter__").is_some() => {
                    let enter = self.get_attribute(&manager, "__enter__", &place)?;
                    self.call_value(&enter, Args::default(), &place)?
                }
                // What a generator under `@contextmanager` yields.
                Value::List(items) => items.borrow().first().cloned().unwrap_or(Value::None),
                other => other.clone(),
            };
            if let Some(target) = &item.optional_vars {
                self.assign(frame, target, entered, &**target)?;
            }
            managers.push((manager, place));
        }
        self.catching += usize::from(suppress);
        let result = self.exec_block(frame, &stmt.body);
        self.catching -= usize::from(suppress);
        for (manager, place) in managers.iter().rev() {
            match manager {
                Value::Symbol(_) => {
                    let host = self.host;
                    host.exit(self, manager, place);
                }
                Value::Instance(instance) if instance.class.lookup("__exit__").is_some() => {
                    let exit = self.get_attribute(manager, "__exit__", place)?;
                    self.call_value(&exit, Args::positional(vec![Value::None, Value::None, Value::None]), place)?;
                }
                _ => {}
            }
        }
        match result {
            Err(Stop::Raise(_)) if suppress => Ok(Flow::Next),
            other => other,
        }
    }

    fn exec_try(&mut self, frame: &Frame, stmt: &ast::StmtTry) -> Eval<Flow> {
        let catches = usize::from(!stmt.handlers.is_empty());
        self.catching += catches;
        let result = self.exec_block(frame, &stmt.body);
        self.catching -= catches;
        let result = match result {
            Ok(Flow::Next) => self.exec_block(frame, &stmt.orelse),
            Err(Stop::Raise(raised)) => self.exec_handlers(frame, stmt, raised),
            other => other,
        };
        if stmt.finalbody.is_empty() {
            return result;
        }
        match self.exec_block(frame, &stmt.finalbody)? {
            Flow::Next => result,
            other => Ok(other),
        }
    }

    fn exec_handlers(&mut self, frame: &Frame, stmt: &ast::StmtTry, raised: Raised) -> Eval<Flow> {
        for ast::ExceptHandler::ExceptHandler(handler) in &stmt.handlers {
            let matches = match &handler.type_ {
                None => Some(true),
                Some(kind) => {
                    let kind = self.eval(frame, kind)?;
                    self.exception_matches(&raised.value, &kind)
                }
            };
            if matches == Some(false) {
                continue;
            }
            if let Some(name) = &handler.name {
                let place = frame.file.place(name);
                self.assign_name(frame, name.as_str(), raised.value.clone(), None, place);
            }
            self.handling.push(raised.clone());
            let result = if matches.is_none() {
                let unknown = Rc::new(Unknown {
                    reason: "it depends on the class of an exception".to_owned(),
                    place: frame.file.place(handler),
                    shape: None,
                });
                self.exec_branches(frame, &[&handler.body, &[]], &unknown)
            } else {
                self.exec_block(frame, &handler.body)
            };
            self.handling.pop();
            return result;
        }
        Err(Stop::Raise(raised))
    }

    /// Whether a handler for `kind` takes the exception; none where that cannot be known.
    #[allow(clippy::self_only_used_in_recursion, reason = "it reads as the interpreter's question")]
    fn exception_matches(&mut self, raised: &Value, kind: &Value) -> Option<bool> {
        if let Value::Tuple(kinds) = kind {
            let mut unknown = false;
            for kind in kinds.iter() {
                match self.exception_matches(raised, kind) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => unknown = true,
                }
            }
            return if unknown { None } else { Some(false) };
        }
        let wanted = match kind {
            Value::Class(class) => {
                return match raised {
                    Value::Instance(instance) => Some(instance.class.mro().iter().any(|c| Rc::ptr_eq(c, class))),
                    Value::Class(raised) => Some(raised.mro().iter().any(|c| Rc::ptr_eq(c, class))),
                    Value::Symbol(_) => Some(false),
                    _ => None,
                };
            }
            other => other.path()?,
        };
        if matches!(&*wanted, "builtins.Exception" | "builtins.BaseException") {
            return Some(true);
        }
        let classes: Vec<Text> = match raised {
            Value::Instance(instance) => instance.class.external_bases().iter().filter_map(Value::path).collect(),
            Value::Class(class) => class.external_bases().iter().filter_map(Value::path).collect(),
            other => match other.call_of() {
                Some((path, _)) => vec![Rc::from(path)],
                None => other.path().into_iter().collect(),
            },
        };
        if classes.is_empty() {
            return None;
        }
        Some(classes.iter().any(|class| super::kinds::is_exception(class, &wanted)))
    }

    /// A new scope for a function body or comprehension inside `frame`.
    pub(crate) fn inner_frame(&mut self, frame: &Frame) -> Frame {
        let scope = self.scope(ScopeKind::Function, Some(Rc::clone(&frame.scope)));
        Frame { scope, body: None, ..frame.clone() }
    }
}

/// Whether a block does nothing but raise.
fn only_raises(body: &[Stmt]) -> bool {
    match body {
        [.., last] => {
            matches!(last, Stmt::Raise(_))
                && body[..body.len() - 1]
                    .iter()
                    .all(|stmt| matches!(stmt, Stmt::Assign(_) | Stmt::Expr(_) | Stmt::Pass(_)))
        }
        [] => false,
    }
}

/// The variables after alternatives: what differs is unknown.
fn merge(ends: &[&Variables], unknown: &Rc<Unknown>) -> Variables {
    let Some((first, rest)) = ends.split_first() else { return Variables::new() };
    if rest.is_empty() {
        return (*first).clone();
    }
    let mut merged = Variables::new();
    for name in ends.iter().flat_map(|vars| vars.keys()) {
        if merged.contains_key(name) {
            continue;
        }
        let values: Vec<Option<&Value>> = ends.iter().map(|vars| vars.get(name)).collect();
        let value = match values.first().copied().flatten() {
            Some(value)
                if values
                    .iter()
                    .all(|other| other.is_some_and(|other| value.same(other) || equal(value, other) == Some(true))) =>
            {
                value.clone()
            }
            // Defined in some of them only: that is the value, where it is used at all, if they agree.
            _ => match &values.iter().flatten().collect::<Vec<_>>()[..] {
                [only] if !matches!(only, Value::Unknown(_)) && values.iter().filter(|v| v.is_some()).count() == 1 => {
                    (**only).clone()
                }
                texts => {
                    Value::Unknown(super::format::rows_in_common(texts, unknown).unwrap_or_else(|| Rc::clone(unknown)))
                }
            },
        };
        merged.insert(Rc::clone(name), value);
    }
    merged
}
