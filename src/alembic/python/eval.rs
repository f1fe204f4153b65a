//! Expressions.

use std::rc::Rc;
use std::sync::Arc;

use ruff_python_ast::{Expr, Number};

use super::access::Index;
use super::exec::Frame;
use super::interpreter::{Eval, ITEMS, Interpreter, Stop};

use super::parse::{ast, parse_expression};
use super::scope::{Module, Scope, ScopeKind};
use super::value::{Annotation, Args, Code, Function, SymbolKind, Text, Unknown, Value};
use crate::source::Place;

/// Items, or why they cannot be known.
pub(crate) type Items = Result<Vec<Value>, Rc<Unknown>>;

impl Interpreter<'_> {
    /// Evaluates an expression.
    pub(crate) fn eval(&mut self, frame: &Frame, expr: &Expr) -> Eval<Value> {
        self.step()?;
        match expr {
            Expr::StringLiteral(text) => return Ok(Value::str(text.value.to_str())),
            Expr::NumberLiteral(number) => {
                return Ok(match &number.value {
                    Number::Int(int) => match int.as_i64() {
                        Some(int) => Value::Int(int),
                        None => Value::unknown("an integer of more than 64 bits", frame.file.place(number)),
                    },
                    Number::Float(float) => Value::Float(*float),
                    Number::Complex { .. } => Value::unknown("a complex number", frame.file.place(number)),
                });
            }
            Expr::BooleanLiteral(truth) => return Ok(Value::Bool(truth.value)),
            Expr::NoneLiteral(_) => return Ok(Value::None),
            Expr::EllipsisLiteral(_) => return Ok(Value::Ellipsis),
            Expr::Name(name) => return self.load_name(frame, name),
            _ => {}
        }
        self.enter()?;
        let value = self.eval_compound(frame, expr);
        self.leave();
        let value = value?;
        self.keep(&value)?;
        Ok(value)
    }

    fn load_name(&mut self, frame: &Frame, name: &ast::ExprName) -> Eval<Value> {
        let id = name.id.as_str();
        if let Some((scope, value)) = frame.scope.lookup(id) {
            let Value::Deferred(deferred) = value else { return Ok(value) };
            let value = match self.resolve(&deferred) {
                Some(value) => value,
                None => {
                    return Ok(Value::unknown(self.not_found(id, &deferred.module), frame.file.place(name)));
                }
            };
            scope.set(id, value.clone());
            return Ok(value);
        }
        if super::builtins::is_builtin(id) {
            return Ok(Value::external(format!("builtins.{id}")));
        }
        if let Some(value) = Self::starred(&frame.scope, id) {
            return Ok(value);
        }
        if self.catching > 0 {
            return Err(self.exception("NameError", id, frame.file.place(name)));
        }
        if super::builtins::is_of_python_2(id) {
            // Whether that is what runs it is nowhere certain: a doubt, and neither a failure nor what Python 3 has for it.
            return Ok(Value::unknown(format!("`{id}` is a name of Python 2"), frame.file.place(name)));
        }
        if self.maybe.is_empty() && !self.may_be_defined(frame, id) {
            self.undefined.push((id.to_owned(), frame.file.place(name)));
        }
        Ok(Value::unknown(format!("the name `{id}` is not known"), frame.file.place(name)))
    }

    /// Whether a name that was not found may be there all the same: a module that is imported with `*` could not be
    /// read, or code that is run as text may make it.
    fn may_be_defined(&self, frame: &Frame, id: &str) -> bool {
        (id.starts_with("__") && id.ends_with("__"))
            || frame.scope.module().get(super::import::STAR).is_some()
            || frame.file.makes_names()
    }

    fn eval_compound(&mut self, frame: &Frame, expr: &Expr) -> Eval<Value> {
        match expr {
            Expr::Call(call) => self.eval_call(frame, call),
            Expr::Attribute(attribute) => {
                let base = self.eval(frame, &attribute.value)?;
                let place = frame.file.place(attribute);
                self.get_attribute(&base, attribute.attr.as_str(), &place)
            }
            Expr::Tuple(tuple) => Ok(Value::tuple(self.eval_all(frame, &tuple.elts)?)),
            Expr::List(list) => Ok(Value::list(self.eval_all(frame, &list.elts)?)),
            Expr::Set(set) => {
                let items = self.eval_all(frame, &set.elts)?;
                Ok(set_of(items))
            }
            Expr::Dict(dict) => self.eval_dict(frame, dict),
            Expr::FString(text) => self.eval_fstring(frame, text),
            Expr::BinOp(binary) => self.eval_binary(frame, binary),
            Expr::UnaryOp(unary) => {
                let operand = self.eval(frame, &unary.operand)?;
                self.unary(unary.op, &operand, &frame.file.place(unary))
            }
            Expr::BoolOp(boolean) => self.eval_boolean(frame, boolean),
            Expr::Compare(compare) => self.eval_compare(frame, compare),
            Expr::If(conditional) => self.eval_conditional(frame, conditional),
            Expr::Subscript(subscript) => {
                let base = self.eval(frame, &subscript.value)?;
                let index = self.eval_index(frame, &subscript.slice)?;
                self.get_item(&base, index, &frame.file.place(subscript))
            }
            Expr::Slice(_) => self.eval_index(frame, expr).map(|index| match index {
                Index::Value(value) => value,
                Index::Slice(..) => Value::unknown("a slice", frame.file.place(expr)),
            }),
            Expr::Lambda(lambda) => self.define_lambda(frame, lambda),
            Expr::Named(named) => {
                let value = self.eval(frame, &named.value)?;
                self.assign(frame, &named.target, value.clone(), named)?;
                Ok(value)
            }
            Expr::ListComp(comp) => {
                let (items, _) = self.comprehend(frame, &comp.generators, &comp.elt, None)?;
                Ok(Value::list(items))
            }
            Expr::Generator(comp) => {
                let (items, _) = self.comprehend(frame, &comp.generators, &comp.elt, None)?;
                Ok(Value::list(items))
            }
            Expr::SetComp(comp) => {
                let (items, _) = self.comprehend(frame, &comp.generators, &comp.elt, None)?;
                Ok(set_of(items))
            }
            Expr::DictComp(comp) => {
                let Some(key) = &comp.key else {
                    return Ok(Value::unknown("an unpacking comprehension", frame.file.place(comp)));
                };
                let (values, keys) = self.comprehend(frame, &comp.generators, &comp.value, Some(key))?;
                Ok(Value::dict(keys.into_iter().zip(values)))
            }
            Expr::Starred(starred) => self.eval(frame, &starred.value),
            Expr::Await(awaited) => self.eval(frame, &awaited.value),
            Expr::Yield(yielded) => {
                let value = match &yielded.value {
                    Some(value) => self.eval(frame, value)?,
                    None => Value::None,
                };
                if let Some(yields) = self.yields.last_mut() {
                    yields.push(value);
                }
                Ok(Value::unknown("what is sent to a generator", frame.file.place(yielded)))
            }
            Expr::YieldFrom(yielded) => {
                let value = self.eval(frame, &yielded.value)?;
                let place = frame.file.place(yielded);
                let items = self.iterate(&value, &place)?.unwrap_or_else(|unknown| vec![Value::Unknown(unknown)]);
                if let Some(yields) = self.yields.last_mut() {
                    yields.extend(items);
                }
                Ok(Value::None)
            }
            Expr::BytesLiteral(bytes) => Ok(Value::Bytes(bytes.value.bytes().collect())),
            Expr::TString(text) => Ok(Value::unknown("a template string", frame.file.place(text))),
            Expr::IpyEscapeCommand(command) => Ok(Value::unknown("a notebook command", frame.file.place(command))),
            // Evaluated without a level of its own.
            Expr::StringLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::Name(_) => self.eval(frame, expr),
        }
    }

    /// Evaluates the items of a display, stars expanded.
    fn eval_all(&mut self, frame: &Frame, exprs: &[Expr]) -> Eval<Vec<Value>> {
        let mut values = Vec::with_capacity(exprs.len().min(1000));
        for expr in exprs {
            match expr {
                Expr::Starred(starred) => {
                    let value = self.eval(frame, &starred.value)?;
                    match self.iterate(&value, &frame.file.place(starred))? {
                        Ok(items) => values.extend(items),
                        Err(unknown) => values.push(Value::Unknown(unknown)),
                    }
                }
                expr => values.push(self.eval(frame, expr)?),
            }
            if values.len() > ITEMS {
                return Err(Stop::Exhausted("longer lists than are evaluated"));
            }
        }
        Ok(values)
    }

    fn eval_dict(&mut self, frame: &Frame, dict: &ast::ExprDict) -> Eval<Value> {
        let mut entries = super::dict::Dict::default();
        for item in &dict.items {
            let value = self.eval(frame, &item.value)?;
            match &item.key {
                Some(key) => {
                    let key = self.eval(frame, key)?;
                    entries.insert(key, value);
                }
                None => match &value {
                    Value::Dict(other) => {
                        for (key, value) in other.borrow().iter() {
                            entries.insert(key.clone(), value.clone());
                        }
                        entries.more = entries.more.take().or_else(|| other.borrow().more.clone());
                    }
                    other => {
                        let place = frame.file.place(&item.value);
                        if let Value::Unknown(unknown) = Self::unknown_like(other, "an unpacked mapping", &place) {
                            entries.more = Some(unknown);
                        }
                    }
                },
            }
        }
        Ok(Value::Dict(Rc::new(std::cell::RefCell::new(entries))))
    }

    fn eval_boolean(&mut self, frame: &Frame, boolean: &ast::ExprBoolOp) -> Eval<Value> {
        let stops_on = boolean.op == ast::BoolOp::Or;
        let mut unknown: Option<Value> = None;
        let mut last = Value::None;
        for expr in &boolean.values {
            last = self.eval(frame, expr)?;
            match self.truth_of(&last)? {
                Some(truth) if truth == stops_on => match unknown {
                    None => return Ok(last),
                    // `unknown and False` is false, `unknown or True` is true, whatever the unknown is.
                    Some(_) if matches!(last, Value::Bool(_)) => return Ok(last),
                    // `unknown or 'public'` is true as well, but it may be the unknown.
                    Some(_) => break,
                },
                Some(_) => {}
                None => unknown = unknown.or_else(|| Some(last.clone())),
            }
        }
        Ok(match unknown {
            None => last,
            Some(value) if boolean.values.len() == 1 => value,
            Some(Value::Unknown(unknown)) => Value::Unknown(unknown),
            Some(value) => Value::symbol(
                SymbolKind::Binary { operator: if stops_on { "or" } else { "and" }, left: value, right: last },
                Some(frame.file.place(boolean)),
            ),
        })
    }

    fn eval_conditional(&mut self, frame: &Frame, conditional: &ast::ExprIf) -> Eval<Value> {
        let test = self.eval(frame, &conditional.test)?;
        match self.truth_of_condition(&test, &conditional.test)? {
            Some(true) => self.eval(frame, &conditional.body),
            Some(false) => self.eval(frame, &conditional.orelse),
            None => {
                let place = frame.file.place(conditional);
                let unknown = Self::unknown_like(&test, "a condition that is known only at run time", &place);
                let Value::Unknown(reason) = &unknown else { return Ok(unknown) };
                self.maybe.push(Rc::clone(reason));
                let yes = self.eval(frame, &conditional.body);
                let no = self.eval(frame, &conditional.orelse);
                self.maybe.pop();
                let (yes, no) = (yes?, no?);
                Ok(if super::operators::equal(&yes, &no) == Some(true) { yes } else { unknown })
            }
        }
    }

    pub(crate) fn eval_index(&mut self, frame: &Frame, expr: &Expr) -> Eval<Index> {
        let Expr::Slice(slice) = expr else { return self.eval(frame, expr).map(Index::Value) };
        let mut bound = |expr: &Option<Box<Expr>>| -> Eval<Value> {
            match expr {
                Some(expr) => self.eval(frame, expr),
                None => Ok(Value::None),
            }
        };
        Ok(Index::Slice(bound(&slice.lower)?, bound(&slice.upper)?, bound(&slice.step)?))
    }

    /// Runs the clauses of a comprehension. Returns the values, and the keys where there is a key expression.
    fn comprehend(
        &mut self,
        frame: &Frame,
        generators: &[ast::Comprehension],
        element: &Expr,
        key: Option<&Expr>,
    ) -> Eval<(Vec<Value>, Vec<Value>)> {
        let inner = self.inner_frame(frame);
        let mut out = (Vec::new(), Vec::new());
        self.comprehend_from(&inner, generators, element, key, &mut out)?;
        Ok(out)
    }

    fn comprehend_from(
        &mut self,
        frame: &Frame,
        generators: &[ast::Comprehension],
        element: &Expr,
        key: Option<&Expr>,
        out: &mut (Vec<Value>, Vec<Value>),
    ) -> Eval<()> {
        let Some((first, rest)) = generators.split_first() else {
            let value = self.eval(frame, element)?;
            if let Some(key) = key {
                out.1.push(self.eval(frame, key)?);
            }
            out.0.push(value);
            if out.0.len() > ITEMS {
                return Err(Stop::Exhausted("longer lists than are evaluated"));
            }
            return Ok(());
        };
        let place = frame.file.place(&first.iter);
        let iterable = self.eval(frame, &first.iter)?;
        let items = match self.iterate(&iterable, &place)? {
            Ok(items) => items,
            Err(unknown) => {
                out.0.push(Value::Unknown(Rc::clone(&unknown)));
                if key.is_some() {
                    out.1.push(Value::Unknown(unknown));
                }
                return Ok(());
            }
        };
        'items: for item in items {
            self.step()?;
            self.assign(frame, &first.target, item, &first.target)?;
            for condition in &first.ifs {
                let test = self.eval(frame, condition)?;
                match self.truth_of(&test)? {
                    Some(true) => {}
                    Some(false) => continue 'items,
                    None => {
                        let place = frame.file.place(condition);
                        let unknown = Self::unknown_like(&test, "a filter that is known only at run time", &place);
                        if key.is_some() {
                            out.1.push(unknown.clone());
                        }
                        out.0.push(unknown);
                        continue 'items;
                    }
                }
            }
            self.comprehend_from(frame, rest, element, key, out)?;
        }
        Ok(())
    }

    /// A value that is unknown because `cause` is: its reason where it has one.
    pub(crate) fn unknown_like(cause: &Value, otherwise: &str, place: &Place) -> Value {
        match cause {
            Value::Unknown(unknown) => Value::Unknown(Rc::clone(unknown)),
            _ => Value::unknown(otherwise, place.clone()),
        }
    }

    /// Whether a value counts as true.
    pub(crate) fn truth_of(&mut self, value: &Value) -> Eval<Option<bool>> {
        Ok(match value {
            Value::None => Some(false),
            Value::Ellipsis | Value::Function(_) | Value::Bound(_) | Value::Class(_) | Value::Module(_) => Some(true),
            Value::Bool(truth) => Some(*truth),
            Value::Int(number) => Some(*number != 0),
            Value::Float(number) => Some(*number != 0.0),
            Value::Str(text) => Some(!text.is_empty()),
            Value::Bytes(bytes) => Some(!bytes.is_empty()),
            Value::List(items) => {
                let items = items.borrow();
                match &items[..] {
                    [] => Some(false),
                    // Items that may or may not be there.
                    items => items.iter().any(|item| !matches!(item, Value::Unknown(_))).then_some(true),
                }
            }
            Value::Tuple(items) => Some(!items.is_empty()),
            Value::Dict(items) | Value::Set(items) => {
                let items = items.borrow();
                if items.is_empty() && items.more.is_some() { None } else { Some(!items.is_empty()) }
            }
            Value::Instance(instance) => {
                if let Some(text) = value.as_str() {
                    return Ok(Some(!text.is_empty()));
                }
                if instance.class.lookup("__bool__").is_some() {
                    let place = instance.place.clone().unwrap_or_else(|| instance.class.place.clone());
                    let method = self.get_attribute(value, "__bool__", &place)?;
                    let result = self.call_value(&method, Args::default(), &place)?;
                    return Ok(result.as_bool());
                }
                if instance.class.lookup("__len__").is_some() { None } else { Some(true) }
            }
            Value::Symbol(symbol) => {
                let host = self.host;
                if let Some(truth) = host.truth(value) {
                    return Ok(Some(truth));
                }
                match &symbol.kind {
                    SymbolKind::External(path) => {
                        // Functions, classes and objects of libraries are true; what an object says of itself
                        // (`alembic.dialect.supports_comments`) is not known.
                        let known = ["sqlalchemy.", "builtins.", "sqlmodel.", "typing."];
                        let object = path.strip_prefix("alembic.").is_some_and(|rest| {
                            !rest.contains('.')
                                || rest.starts_with("op.")
                                || rest.rsplit('.').next().is_some_and(|n| n.starts_with(|c: char| c.is_uppercase()))
                        });
                        (object || known.iter().any(|prefix| path.starts_with(prefix))).then_some(true)
                    }
                    SymbolKind::Decorated { .. } => Some(true),
                    // SQLAlchemy's columns, types and tables are true.
                    SymbolKind::Call { callee, .. } => {
                        let made = callee.path().is_some_and(|path| {
                            path.starts_with("sqlalchemy.")
                                && path
                                    .rsplit('.')
                                    .next()
                                    .is_some_and(|n| n.starts_with(|c: char| c.is_ascii_uppercase()))
                        });
                        made.then_some(true)
                    }
                    SymbolKind::Unary { operator: "not", operand } => {
                        let operand = operand.clone();
                        self.truth_of(&operand)?.map(|truth| !truth)
                    }
                    SymbolKind::Binary { operator: operator @ ("or" | "and"), right, .. } => {
                        let decides = *operator == "or";
                        self.truth_of(&right.clone())?.filter(|truth| *truth == decides)
                    }
                    _ => None,
                }
            }
            Value::Unknown(_) | Value::Deferred(_) => None,
        })
    }

    /// Whether a condition holds; where its value does not tell, the host may know by what it is called.
    pub(crate) fn truth_of_condition(&mut self, value: &Value, test: &Expr) -> Eval<Option<bool>> {
        if let Some(truth) = self.truth_of(value)? {
            return Ok(Some(truth));
        }
        let (mut test, mut negated) = (test, false);
        loop {
            let name = match test {
                Expr::UnaryOp(unary) if unary.op == ast::UnaryOp::Not => {
                    (test, negated) = (&unary.operand, !negated);
                    continue;
                }
                Expr::Call(call) => {
                    test = &call.func;
                    continue;
                }
                Expr::Name(name) => name.id.as_str(),
                Expr::Attribute(attribute) => attribute.attr.as_str(),
                _ => return Ok(None),
            };
            return Ok(self.host.truth_of_name(name).map(|truth| truth != negated));
        }
    }

    /// The items of an iterable.
    pub(crate) fn iterate(&mut self, value: &Value, place: &Place) -> Eval<Items> {
        let items = match value {
            Value::Str(text) => text.chars().take(ITEMS).map(|c| Value::str(c.encode_utf8(&mut [0; 4]))).collect(),
            Value::Bytes(bytes) => bytes.iter().take(ITEMS).map(|&byte| Value::Int(i64::from(byte))).collect(),
            Value::Dict(items) if items.borrow().more.is_some() => {
                let more = items.borrow().more.clone();
                let mut keys: Vec<Value> = items.borrow().keys().cloned().collect();
                keys.extend(more.map(Value::Unknown));
                keys
            }
            Value::Instance(instance) => {
                if instance.class.lookup("__iter__").is_some() {
                    let method = self.get_attribute(value, "__iter__", place)?;
                    let result = self.call_value(&method, Args::default(), place)?;
                    if !matches!(result, Value::Instance(_)) {
                        return self.iterate(&result, place);
                    }
                } else if let Some(text) = value.as_str() {
                    return self.iterate(&Value::Str(text), place);
                }
                return Ok(Err(unknown_items(value, place)));
            }
            other => match other.items().map(Ok).or_else(|| self.listed(other, place)) {
                Some(Ok(items)) => items,
                Some(Err(unknown)) => return Ok(Err(unknown)),
                None => return Ok(Err(unknown_items(other, place))),
            },
        };
        self.hold(items.len())?;
        Ok(Ok(items))
    }

    /// Evaluates an annotation, text in quotes as the expression it stands for.
    pub(crate) fn evaluate_annotation(
        &mut self,
        scope: &Rc<Scope>,
        module: &Rc<Module>,
        annotation: &Annotation,
    ) -> Eval<Value> {
        let scope = self.scope(ScopeKind::Function, Some(Rc::clone(scope)));
        // The class body is an annotation's own scope, which a function in it would not see.
        if let Some(class) = scope.parent.clone().filter(|parent| parent.kind == ScopeKind::Class) {
            let vars = class.vars.borrow().clone();
            scope.vars.borrow_mut().extend(vars);
        }
        let frame =
            Frame { scope, module: Rc::clone(module), file: Arc::clone(&annotation.file), body: None, method: None };
        let value = self.eval(&frame, &annotation.expression)?;
        self.unquote(&frame, value, 0)
    }

    /// Replaces strings in an annotation by what they stand for.
    fn unquote(&mut self, frame: &Frame, value: Value, depth: usize) -> Eval<Value> {
        if depth > 10 {
            return Ok(value);
        }
        match &value {
            Value::Str(text) => match parse_expression(text) {
                Some(expression) => {
                    // The nodes of the text have places of their own: a frame over it keeps them from being mixed up.
                    let source = crate::source::Source::new(frame.file.source().path().clone(), &**text);
                    let file = super::parse::ParsedFile::parse(&source);
                    let frame = Frame { file, ..frame.clone() };
                    let value = self.eval(&frame, &expression)?;
                    self.unquote(&frame, value, depth + 1)
                }
                None => Ok(value),
            },
            Value::Symbol(symbol) => match &symbol.kind {
                // The text in `Literal["a"]` is a text; in `Annotated` only the first item is a type.
                SymbolKind::Subscript { base, .. }
                    if matches!(base.path().as_deref(), Some("typing.Literal" | "typing.Annotated")) =>
                {
                    Ok(value)
                }
                SymbolKind::Subscript { base, index } => {
                    let base = base.clone();
                    let index = match index {
                        Value::Tuple(items) => {
                            let mut parts = Vec::with_capacity(items.len());
                            for item in items.iter() {
                                parts.push(self.unquote(frame, item.clone(), depth + 1)?);
                            }
                            Value::tuple(parts)
                        }
                        index => self.unquote(frame, index.clone(), depth + 1)?,
                    };
                    Ok(Value::symbol(SymbolKind::Subscript { base, index }, symbol.place.clone()))
                }
                SymbolKind::Binary { operator, left, right } => {
                    let left = self.unquote(frame, left.clone(), depth + 1)?;
                    let right = self.unquote(frame, right.clone(), depth + 1)?;
                    Ok(Value::symbol(SymbolKind::Binary { operator, left, right }, symbol.place.clone()))
                }
                _ => Ok(value),
            },
            _ => Ok(value),
        }
    }

    /// A lambda.
    fn define_lambda(&mut self, frame: &Frame, lambda: &ast::ExprLambda) -> Eval<Value> {
        let defaults = match &lambda.parameters {
            Some(parameters) => self.eval_defaults(frame, parameters)?,
            None => Vec::new(),
        };
        Ok(Value::Function(Rc::new(Function {
            name: Text::from("<lambda>"),
            place: frame.file.place(lambda),
            code: Code::Lambda(Arc::clone(&frame.file), Rc::new(lambda.clone())),
            defaults,
            scope: Rc::clone(&frame.scope),
            module: Rc::clone(&frame.module),
            class: std::cell::RefCell::new(None),
            generator: false,
        })))
    }

    /// The values of parameters' defaults.
    pub(crate) fn eval_defaults(&mut self, frame: &Frame, parameters: &ast::Parameters) -> Eval<Vec<(Text, Value)>> {
        let mut defaults = Vec::new();
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                let value = self.eval(frame, default)?;
                defaults.push((Rc::from(parameter.parameter.name.as_str()), value));
            }
        }
        Ok(defaults)
    }
}

/// A set.
pub(crate) fn set_of(items: impl IntoIterator<Item = Value>) -> Value {
    let mut set = super::dict::Dict::default();
    for item in items {
        set.insert(item, Value::None);
    }
    Value::Set(Rc::new(std::cell::RefCell::new(set)))
}

/// Why a value's items cannot be known.
fn unknown_items(value: &Value, place: &Place) -> Rc<Unknown> {
    match value {
        Value::Unknown(unknown) => Rc::clone(unknown),
        other => {
            let mut what = super::format::repr(other);
            if let Some((cut, _)) = what.char_indices().nth(60) {
                what.truncate(cut);
                what.push('…');
            }
            Rc::new(Unknown {
                reason: format!("the items of `{what}` are known only at run time"),
                place: place.clone(),
                shape: None,
            })
        }
    }
}
