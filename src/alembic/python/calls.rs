//! Calls.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;

use super::exec::{Flow, Frame};
use super::host::CallSite;
use super::interpreter::{Eval, ITEMS, Interpreter, Stop};
use super::parse::ast;
use super::scope::ScopeKind;
use super::value::{Args, Code, Function, SymbolKind, Text, Value};
use crate::source::Place;

impl Interpreter<'_> {
    pub(crate) fn eval_call(&mut self, frame: &Frame, call: &ast::ExprCall) -> Eval<Value> {
        let place = frame.file.place(call);
        if let Expr::Name(name) = &*call.func
            && let Some(value) = self.frame_builtin(frame, name.id.as_str(), call, &place)?
        {
            return Ok(value);
        }
        let callee = self.eval(frame, &call.func)?;
        // What is listed for `sorted(…)` may be listed in any order.
        let sorts = usize::from(callee.path().as_deref() == Some("builtins.sorted"));
        self.sorting += sorts;
        let args = self.eval_args(frame, &call.arguments);
        self.sorting -= sorts;
        let args = args?;
        if let (Value::Unknown(unknown), Expr::Attribute(method)) = (&callee, &*call.func) {
            self.host.lost_call(&method.attr, &args, &unknown.reason, &place);
        }
        self.call_value(&callee, args, &place)
    }

    /// Built-in functions that look at the scope they are called in.
    fn frame_builtin(&mut self, frame: &Frame, name: &str, call: &ast::ExprCall, place: &Place) -> Eval<Option<Value>> {
        if !matches!(name, "super" | "locals" | "globals" | "vars" | "dir") || frame.scope.lookup(name).is_some() {
            return Ok(None);
        }
        let variables = |scope: &Rc<super::scope::Scope>| {
            let items: Vec<(Value, Value)> =
                scope.vars.borrow().iter().map(|(name, value)| (Value::Str(Rc::clone(name)), value.clone())).collect();
            Value::dict(items)
        };
        Ok(match name {
            "super" if call.arguments.is_empty() => {
                let Some((class, receiver)) = frame.method.clone() else {
                    return Ok(Some(Value::unknown("super() outside a method", place.clone())));
                };
                Some(Value::symbol(
                    SymbolKind::Call {
                        callee: Value::external("builtins.super"),
                        args: Args::positional(vec![Value::Class(class), receiver]),
                    },
                    Some(place.clone()),
                ))
            }
            "locals" => Some(variables(&frame.scope)),
            "globals" => Some(variables(&frame.module.scope)),
            _ => None,
        })
    }

    pub(crate) fn eval_args(&mut self, frame: &Frame, arguments: &ast::Arguments) -> Eval<Args> {
        let mut args = Args::default();
        for expr in &arguments.args {
            match expr {
                Expr::Starred(starred) => {
                    let value = self.eval(frame, &starred.value)?;
                    match self.iterate(&value, &frame.file.place(starred))? {
                        Ok(items) => args.positional.extend(items),
                        Err(unknown) => args.more = Some(unknown),
                    }
                }
                expr => {
                    let value = self.eval(frame, expr)?;
                    args.positional.push(value);
                }
            }
            if args.positional.len() > ITEMS {
                return Err(Stop::Exhausted("longer lists than are evaluated"));
            }
        }
        for keyword in &arguments.keywords {
            let value = self.eval(frame, &keyword.value)?;
            match &keyword.arg {
                Some(name) => args.keyword.push((Rc::from(name.as_str()), value)),
                None => match &value {
                    Value::Dict(items) => {
                        let items = items.borrow();
                        for (key, value) in items.iter() {
                            if let Some(key) = key.as_str() {
                                args.keyword.push((key, value.clone()));
                            }
                        }
                        if let Some(more) = &items.more {
                            args.more = Some(Rc::clone(more));
                        }
                    }
                    Value::None => {}
                    other => {
                        let place = frame.file.place(&keyword.value);
                        if let Value::Unknown(unknown) = Self::unknown_like(other, "an unpacked mapping", &place) {
                            args.more = Some(unknown);
                        }
                    }
                },
            }
        }
        Ok(args)
    }

    /// Calls a value.
    pub(crate) fn call_value(&mut self, callee: &Value, args: Args, place: &Place) -> Eval<Value> {
        self.enter()?;
        let result = self.call_any(callee, args, place);
        self.leave();
        let value = result?;
        self.keep(&value)?;
        Ok(value)
    }

    fn call_any(&mut self, callee: &Value, mut args: Args, place: &Place) -> Eval<Value> {
        match callee {
            Value::Function(function) => self.call_function(function, args, place),
            Value::Bound(bound) => {
                args.positional.insert(0, bound.receiver.clone());
                self.call_function(&bound.function, args, place)
            }
            Value::Class(class) => self.instantiate(class, args, place),
            Value::Instance(instance) if instance.class.lookup("__call__").is_some() => {
                let method = self.get_attribute(callee, "__call__", place)?;
                self.call_value(&method, args, place)
            }
            Value::Symbol(symbol) => {
                match &symbol.kind {
                    SymbolKind::Attribute { base, name }
                        if !matches!(base, Value::Symbol(_) | Value::Class(_) | Value::Instance(_)) =>
                    {
                        let (base, name) = (base.clone(), Rc::clone(name));
                        return self.call_method(&base, &name, args, place);
                    }
                    SymbolKind::Decorated { inner, .. } => {
                        let inner = inner.clone();
                        return self.call_value(&inner, args, place);
                    }
                    SymbolKind::Call { callee: made_by, args: first }
                        if made_by.path().as_deref() == Some("functools.partial") =>
                    {
                        let mut all = first.clone();
                        if all.positional.is_empty() {
                            return Ok(Value::unknown("a partial of nothing", place.clone()));
                        }
                        let function = all.positional.remove(0);
                        all.positional.extend(args.positional);
                        all.keyword.extend(args.keyword);
                        all.more = all.more.or(args.more);
                        return self.call_value(&function, all, place);
                    }
                    // `UserId(5)` of a `NewType` gives what it is called with.
                    SymbolKind::Call { callee: made_by, .. }
                        if made_by.path().as_deref() == Some("typing.NewType") && args.positional.len() == 1 =>
                    {
                        return Ok(args.positional.remove(0));
                    }
                    SymbolKind::Attribute { base, name }
                        if &**name == "__init__" && matches!(base.call_of(), Some(("builtins.super", _))) =>
                    {
                        if let Some((_, of)) = base.call_of()
                            && let Some(Value::Instance(receiver)) = of.positional.get(1)
                        {
                            Self::note_init(receiver, callee, args, place);
                        }
                        return Ok(Value::None);
                    }
                    // `Column.__init__(self, …)`.
                    SymbolKind::External(path)
                        if let Some(base) = path.strip_suffix(".__init__")
                            && let Some(Value::Instance(receiver)) = args.positional.first()
                            && receiver.class.inherits(base) =>
                    {
                        let receiver = Rc::clone(receiver);
                        args.positional.remove(0);
                        Self::note_init(&receiver, callee, args, place);
                        return Ok(Value::None);
                    }
                    _ => {}
                }
                let path = callee.path();
                let host = self.host;
                let site = CallSite { callee, path: path.clone(), args: &args, place };
                if let Some(answer) = host.call(self, &site) {
                    self.answered += 1;
                    return answer;
                }
                if let SymbolKind::Attribute { base, name } = &symbol.kind {
                    if let Some(text) = self.read_file(base, name, &args) {
                        return Ok(text);
                    }
                    // `column.copy()`, `column._copy()`: another object that says the same.
                    if matches!(&**name, "copy" | "_copy")
                        && let Some((path, of)) = base.call_of()
                        && path.starts_with("sqlalchemy.")
                    {
                        let kind = SymbolKind::Call { callee: Value::external(path), args: of.clone() };
                        return Ok(Value::symbol(kind, base.place()));
                    }
                }
                if let Some(path) = &path
                    && let Some(value) = self.call_library(path, &args, place)?
                {
                    return Ok(value);
                }
                // Methods of compiled patterns and of matches.
                if let SymbolKind::Attribute { base: base @ Value::Symbol(_), name } = &symbol.kind {
                    if matches!(base.call_of(), Some(("re.compile", _)))
                        && args.keyword.is_empty()
                        && args.more.is_none()
                        && let Some(value) = self.call_regex(name, base, &args.positional, place)?
                    {
                        return Ok(value);
                    }
                    if let Some(value) = super::regex::match_method(base, name, &args.positional) {
                        return Ok(value);
                    }
                }
                // A string method of a member of a string enum.
                if let SymbolKind::Attribute { base: base @ Value::Instance(_), name } = &symbol.kind
                    && let Some(text) = base.as_str()
                {
                    return self.call_method(&Value::Str(text), name, args, place);
                }
                Ok(Value::symbol(SymbolKind::Call { callee: callee.clone(), args }, Some(place.clone())))
            }
            Value::Instance(_) => {
                Ok(Value::symbol(SymbolKind::Call { callee: callee.clone(), args }, Some(place.clone())))
            }
            Value::Unknown(unknown) => Ok(Value::Unknown(Rc::clone(unknown))),
            other => Err(self.exception(
                "TypeError",
                &format!("'{}' object is not callable", other.type_name()),
                place.clone(),
            )),
        }
    }

    fn call_function(&mut self, function: &Rc<Function>, args: Args, place: &Place) -> Eval<Value> {
        self.step()?;
        if let Some(value) = self.cut(function, &args, place)? {
            return Ok(value);
        }
        self.begin(function);
        let result = self.run_function(function, args, place);
        self.end();
        result
    }

    fn run_function(&mut self, function: &Rc<Function>, args: Args, place: &Place) -> Eval<Value> {
        let scope = self.scope(ScopeKind::Function, Some(Rc::clone(&function.scope)));
        let receiver = args.positional.first().cloned();
        let method = match (&*function.class.borrow(), receiver) {
            (Some(class), Some(receiver)) => Some((Rc::clone(class), receiver)),
            _ => None,
        };
        match &function.code {
            Code::Lambda(file, lambda) => {
                let (file, lambda) = (Arc::clone(file), Rc::clone(lambda));
                let frame = Frame { scope, module: Rc::clone(&function.module), file, body: None, method };
                if let Some(parameters) = &lambda.parameters {
                    self.bind_parameters(&frame, function, parameters, args, place)?;
                }
                self.eval(&frame, &lambda.body)
            }
            Code::Def(file, range) => {
                let file = Arc::clone(file);
                let Some(def) = file.function(*range) else {
                    return Ok(Value::unknown("a function that is not found again", place.clone()));
                };
                let frame =
                    Frame { scope, module: Rc::clone(&function.module), file: Arc::clone(&file), body: None, method };
                self.bind_parameters(&frame, function, &def.parameters, args, place)?;
                if function.generator {
                    self.yields.push(Vec::new());
                }
                let result = self.exec_block(&frame, &def.body);
                let yields = if function.generator { self.yields.pop() } else { None };
                let value = match result? {
                    Flow::Return(value) => value,
                    Flow::Maybe(unknown, _) => Value::Unknown(unknown),
                    _ => Value::None,
                };
                Ok(yields.map_or(value, Value::list))
            }
        }
    }

    fn bind_parameters(
        &mut self,
        frame: &Frame,
        function: &Rc<Function>,
        parameters: &ast::Parameters,
        args: Args,
        place: &Place,
    ) -> Eval<()> {
        let Args { positional, keyword, more } = args;
        let mut keyword: Vec<Option<(Text, Value)>> = keyword.into_iter().map(Some).collect();
        let mut take = |name: &str| {
            keyword
                .iter_mut()
                .rev()
                .find(|slot| slot.as_ref().is_some_and(|(key, _)| &**key == name))
                .and_then(Option::take)
                .map(|(_, value)| value)
        };
        let mut positional = positional.into_iter();
        let named = parameters.posonlyargs.iter().chain(&parameters.args).map(|parameter| (parameter, true));
        for (parameter, by_position) in named.chain(parameters.kwonlyargs.iter().map(|parameter| (parameter, false))) {
            let name = parameter.parameter.name.as_str();
            let given = if by_position { positional.next() } else { None };
            let value = given.or_else(|| take(name)).or_else(|| match &more {
                Some(unknown) => Some(Value::Unknown(Rc::clone(unknown))),
                None => function.defaults.iter().find(|(key, _)| &**key == name).map(|(_, value)| value.clone()),
            });
            match value {
                Some(value) => frame.scope.set(name, value),
                None => {
                    return Err(self.exception(
                        "TypeError",
                        &format!("{}() missing the argument '{name}'", function.name),
                        place.clone(),
                    ));
                }
            }
        }
        if let Some(vararg) = &parameters.vararg {
            let mut rest: Vec<Value> = positional.collect();
            rest.extend(more.clone().map(Value::Unknown));
            frame.scope.set(vararg.name.as_str(), Value::tuple(rest));
        } else if positional.next().is_some() {
            return Err(self.exception(
                "TypeError",
                &format!("{}() takes fewer positional arguments", function.name),
                place.clone(),
            ));
        }
        if let Some(kwarg) = &parameters.kwarg {
            let mut rest = super::dict::Dict::default();
            for (name, value) in keyword.into_iter().flatten() {
                rest.insert(Value::Str(name), value);
            }
            rest.more = more;
            frame.scope.set(kwarg.name.as_str(), Value::Dict(Rc::new(RefCell::new(rest))));
        } else if let Some((name, _)) = keyword.into_iter().flatten().next() {
            return Err(self.exception(
                "TypeError",
                &format!("{}() got an unexpected keyword argument '{name}'", function.name),
                place.clone(),
            ));
        }
        Ok(())
    }

    pub(crate) fn define_function(&mut self, frame: &Frame, stmt: &ast::StmtFunctionDef) -> Eval<Value> {
        let mut decorators = Vec::new();
        for decorator in &stmt.decorator_list {
            let value = self.eval(frame, &decorator.expression)?;
            decorators.push((value, frame.file.place(decorator)));
        }
        let defaults = self.eval_defaults(frame, &stmt.parameters)?;
        let generator = frame
            .file
            .source()
            .text()
            .get(super::parse::span(stmt.range()).range())
            .is_some_and(|text| text.contains("yield"))
            && has_yield(&stmt.body);
        let function = Value::Function(Rc::new(Function {
            name: Rc::from(stmt.name.as_str()),
            place: frame.file.place(&stmt.name),
            code: Code::Def(Arc::clone(&frame.file), stmt.range()),
            defaults,
            scope: Rc::clone(&frame.scope),
            module: Rc::clone(&frame.module),
            class: RefCell::new(None),
            generator,
        }));
        self.keep(&function)?;
        let mut value = function;
        for (decorator, place) in decorators.into_iter().rev() {
            value = self.decorate(decorator, value, &place)?;
        }
        Ok(value)
    }

    /// Applies a decorator: the repository's own are called, others are remembered.
    pub(crate) fn decorate(&mut self, decorator: Value, inner: Value, place: &Place) -> Eval<Value> {
        match &decorator {
            Value::Function(_) | Value::Bound(_) | Value::Instance(_) => {
                let result = self.call_value(&decorator, Args::positional(vec![inner.clone()]), place)?;
                return Ok(match result {
                    // A decorator that cannot be followed leaves the function as it is.
                    Value::Unknown(_) | Value::None => inner,
                    other => other,
                });
            }
            Value::Unknown(_) => return Ok(inner),
            _ => {}
        }
        let transparent = |path: &str| {
            matches!(
                path,
                "functools.wraps"
                    | "functools.lru_cache"
                    | "functools.cache"
                    | "typing.no_type_check"
                    | "typing.override"
                    | "typing.final"
                    | "typing.overload"
                    | "abc.abstractmethod"
                    | "typing.runtime_checkable"
                    | "sqlalchemy.orm.declarative_mixin"
                    | "enum.unique"
                    | "functools.total_ordering"
            )
        };
        let path = decorator.path().or_else(|| decorator.call_of().map(|(path, _)| Rc::from(path)));
        if path.is_some_and(|path| transparent(&path)) {
            return Ok(inner);
        }
        let value = Value::symbol(SymbolKind::Decorated { decorator, inner }, Some(place.clone()));
        self.keep(&value)?;
        Ok(value)
    }
}

/// Whether a function's own body yields.
fn has_yield(body: &[Stmt]) -> bool {
    struct Finder {
        found: bool,
        depth: usize,
    }
    impl<'a> Visitor<'a> for Finder {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            if !matches!(stmt, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) && !self.found && self.depth < 200 {
                self.depth += 1;
                walk_stmt(self, stmt);
                self.depth -= 1;
            }
        }

        fn visit_expr(&mut self, expr: &'a Expr) {
            match expr {
                Expr::Yield(_) | Expr::YieldFrom(_) => self.found = true,
                Expr::Lambda(_) => {}
                _ if self.found || self.depth >= 200 => {}
                _ => {
                    self.depth += 1;
                    walk_expr(self, expr);
                    self.depth -= 1;
                }
            }
        }
    }
    let mut finder = Finder { found: false, depth: 0 };
    for stmt in body {
        finder.visit_stmt(stmt);
    }
    finder.found
}
