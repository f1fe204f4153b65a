//! Operators and comparisons.

use std::cell::Cell;
use std::cmp::Ordering;
use std::rc::Rc;

use ruff_python_ast::{CmpOp, Operator, UnaryOp};

use super::dict::Key;
use super::exec::Frame;
use super::interpreter::{Eval, ITEMS, Interpreter, STRING, Stop};
use super::parse::ast;
use super::value::{Args, SymbolKind, Unknown, Value};
use crate::source::Place;

impl Interpreter<'_> {
    /// `left op right`. Chains like `a + b + c + …` are walked without recursion.
    pub(crate) fn eval_binary(&mut self, frame: &Frame, expr: &ast::ExprBinOp) -> Eval<Value> {
        let mut chain = vec![expr];
        while let ast::Expr::BinOp(left) = &*chain[chain.len() - 1].left {
            chain.push(left);
        }
        let mut value = match chain.last() {
            Some(innermost) => self.eval(frame, &innermost.left)?,
            None => return Ok(Value::None),
        };
        for node in chain.into_iter().rev() {
            let right = self.eval(frame, &node.right)?;
            value = self.binary(node.op, &value, &right, &frame.file.place(node))?;
            self.keep(&value)?;
        }
        Ok(value)
    }

    pub(crate) fn binary(&mut self, op: Operator, left: &Value, right: &Value, place: &Place) -> Eval<Value> {
        if let Some(value) = self.binary_known(op, left, right, place)? {
            return Ok(value);
        }
        // The text around an unknown part of a string is still worth knowing.
        if op == Operator::Add
            && let Some(unknown) = super::format::join_shapes(&[left, right])
        {
            return Ok(Value::Unknown(unknown));
        }
        // Nothing but a type has `| None`: that it takes `None` is known, whichever type it is.
        let optional = op == Operator::BitOr && (left.is_none() || right.is_none());
        for side in [left, right] {
            if let Value::Unknown(unknown) = side
                && !optional
            {
                return Ok(Value::Unknown(Rc::clone(unknown)));
            }
        }
        for (side, other, method) in [(left, right, dunder(op)), (right, left, reflected(op))] {
            if let Value::Instance(instance) = side
                && instance.class.lookup(method).is_some()
            {
                let bound = self.get_attribute(side, method, place)?;
                return self.call_value(&bound, Args::positional(vec![other.clone()]), place);
            }
        }
        let symbolic = |value: &Value| {
            matches!(value, Value::Symbol(_) | Value::Class(_) | Value::Instance(_) | Value::Function(_))
        };
        // `int | None` and `"Post" | None` are annotations.
        if symbolic(left) || symbolic(right) || op == Operator::BitOr {
            return Ok(Value::symbol(
                SymbolKind::Binary { operator: op.as_str(), left: left.clone(), right: right.clone() },
                Some(place.clone()),
            ));
        }
        Err(self.exception(
            "TypeError",
            &format!("unsupported operand types for {}: {} and {}", op.as_str(), left.type_name(), right.type_name()),
            place.clone(),
        ))
    }

    fn binary_known(&mut self, op: Operator, left: &Value, right: &Value, place: &Place) -> Eval<Option<Value>> {
        let zero = || self.exception("ZeroDivisionError", "division by zero", place.clone());
        let overflow = || Value::unknown("an integer of more than 64 bits", place.clone());
        Ok(Some(match (op, left, right) {
            (Operator::Mod, Value::Str(format), _) => return self.percent(format, right, place).map(Some),
            (Operator::Add, Value::List(a), Value::List(b)) => {
                let mut items = a.borrow().clone();
                items.extend(b.borrow().iter().cloned());
                self.hold(items.len())?;
                if items.len() > ITEMS {
                    return Err(Stop::Exhausted("longer lists than are evaluated"));
                }
                Value::list(items)
            }
            (Operator::Add, Value::Tuple(a), Value::Tuple(b)) => {
                self.hold(a.len() + b.len())?;
                if a.len() + b.len() > ITEMS {
                    return Err(Stop::Exhausted("longer lists than are evaluated"));
                }
                Value::tuple(a.iter().chain(b.iter()).cloned().collect())
            }
            (Operator::Mult, Value::List(items), n) | (Operator::Mult, n, Value::List(items))
                if n.as_int().is_some() =>
            {
                let items = self.repeat(&items.borrow(), n)?;
                Value::list(items)
            }
            (Operator::Mult, Value::Tuple(items), n) | (Operator::Mult, n, Value::Tuple(items))
                if n.as_int().is_some() =>
            {
                Value::tuple(self.repeat(items, n)?)
            }
            (Operator::BitOr, Value::Dict(a), Value::Dict(b)) => {
                let mut merged = a.borrow().clone();
                for (key, value) in b.borrow().iter() {
                    merged.insert(key.clone(), value.clone());
                }
                Value::Dict(Rc::new(std::cell::RefCell::new(merged)))
            }
            (Operator::BitOr | Operator::BitAnd | Operator::Sub | Operator::BitXor, Value::Set(a), Value::Set(b)) => {
                let (a, b) = (a.borrow(), b.borrow());
                let items: Vec<Value> = match op {
                    Operator::BitOr => a.keys().chain(b.keys()).cloned().collect(),
                    Operator::BitAnd => a.keys().filter(|key| b.contains(key)).cloned().collect(),
                    Operator::Sub => a.keys().filter(|key| !b.contains(key)).cloned().collect(),
                    _ => a
                        .keys()
                        .filter(|key| !b.contains(key))
                        .chain(b.keys().filter(|key| !a.contains(key)))
                        .cloned()
                        .collect(),
                };
                super::eval::set_of(items)
            }
            (_, Value::Float(_), Value::Float(_) | Value::Int(_) | Value::Bool(_))
            | (_, Value::Int(_) | Value::Bool(_), Value::Float(_)) => {
                let (a, b) = (as_float(left), as_float(right));
                Value::Float(match op {
                    Operator::Add => a + b,
                    Operator::Sub => a - b,
                    Operator::Mult => a * b,
                    Operator::Div | Operator::FloorDiv | Operator::Mod if b == 0.0 => return Err(zero()),
                    Operator::Div => a / b,
                    Operator::FloorDiv => (a / b).floor(),
                    Operator::Mod => a - b * (a / b).floor(),
                    Operator::Pow => a.powf(b),
                    _ => return Ok(None),
                })
            }
            _ => {
                if let (Operator::Add, Some(a), Some(b)) = (op, left.as_str(), right.as_str()) {
                    return self.text(format!("{a}{b}")).map(Some);
                }
                if op == Operator::Mult {
                    for (text, count) in [(left, right), (right, left)] {
                        if let (Some(text), Some(count)) = (text.as_str(), count.as_int()) {
                            let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
                            if text.len().saturating_mul(count) > STRING {
                                return Err(Stop::Exhausted("longer strings than are evaluated"));
                            }
                            return self.text(text.repeat(count)).map(Some);
                        }
                    }
                }
                let (Some(a), Some(b)) = (left.as_int(), right.as_int()) else { return Ok(None) };
                let both_bool = matches!((left, right), (Value::Bool(_), Value::Bool(_)));
                let number = match op {
                    Operator::Add => a.checked_add(b),
                    Operator::Sub => a.checked_sub(b),
                    Operator::Mult => a.checked_mul(b),
                    Operator::Div | Operator::FloorDiv | Operator::Mod if b == 0 => return Err(zero()),
                    Operator::Div => return Ok(Some(Value::Float(as_float(left) / as_float(right)))),
                    Operator::FloorDiv => a.checked_div_euclid(b).map(|q| {
                        // Euclid's quotient is not the floor where the divisor is negative.
                        if b < 0 && a.rem_euclid(b) != 0 { q - 1 } else { q }
                    }),
                    Operator::Mod => a.checked_rem(b).map(|r| if r != 0 && (r < 0) != (b < 0) { r + b } else { r }),
                    Operator::Pow => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
                    Operator::LShift => u32::try_from(b).ok().filter(|&b| b < 63).and_then(|b| a.checked_mul(1 << b)),
                    Operator::RShift => u32::try_from(b).ok().map(|b| a >> b.min(63)),
                    Operator::BitOr => Some(a | b),
                    Operator::BitXor => Some(a ^ b),
                    Operator::BitAnd => Some(a & b),
                    Operator::MatMult => return Ok(None),
                };
                match number {
                    Some(number)
                        if both_bool && matches!(op, Operator::BitOr | Operator::BitAnd | Operator::BitXor) =>
                    {
                        Value::Bool(number != 0)
                    }
                    Some(number) => Value::Int(number),
                    None => overflow(),
                }
            }
        }))
    }

    fn repeat(&mut self, items: &[Value], count: &Value) -> Eval<Vec<Value>> {
        let count = usize::try_from(count.as_int().unwrap_or(0).max(0)).unwrap_or(usize::MAX);
        if items.len().saturating_mul(count) > ITEMS {
            return Err(Stop::Exhausted("longer lists than are evaluated"));
        }
        self.hold(items.len() * count)?;
        let mut out = Vec::with_capacity(items.len() * count);
        for _ in 0..count {
            out.extend_from_slice(items);
        }
        self.grow(out.len())?;
        Ok(out)
    }

    pub(crate) fn unary(&mut self, op: UnaryOp, operand: &Value, place: &Place) -> Eval<Value> {
        if op == UnaryOp::Not
            && let Some(truth) = self.truth_of(operand)?
        {
            return Ok(Value::Bool(!truth));
        }
        Ok(match (op, operand) {
            (_, Value::Unknown(unknown)) => Value::Unknown(Rc::clone(unknown)),
            (UnaryOp::USub, Value::Float(number)) => Value::Float(-number),
            (UnaryOp::UAdd, Value::Float(number)) => Value::Float(*number),
            (UnaryOp::USub | UnaryOp::UAdd | UnaryOp::Invert, Value::Int(_) | Value::Bool(_)) => {
                let number = operand.as_int().unwrap_or(0);
                let result = match op {
                    UnaryOp::USub => number.checked_neg(),
                    UnaryOp::Invert => Some(!number),
                    _ => Some(number),
                };
                result.map_or_else(|| Value::unknown("an integer of more than 64 bits", place.clone()), Value::Int)
            }
            _ => Value::symbol(
                SymbolKind::Unary { operator: op.as_str(), operand: operand.clone() },
                Some(place.clone()),
            ),
        })
    }

    pub(crate) fn eval_compare(&mut self, frame: &Frame, expr: &ast::ExprCompare) -> Eval<Value> {
        let place = frame.file.place(expr);
        let mut left = self.eval(frame, &expr.left)?;
        let mut result = Value::Bool(true);
        for (op, right) in expr.ops.iter().zip(&expr.comparators) {
            let right = self.eval(frame, right)?;
            let step = self.compare(*op, &left, &right, &place)?;
            if step.as_bool() == Some(false) {
                return Ok(step);
            }
            if step.as_bool().is_none() {
                result = step;
            }
            left = right;
        }
        Ok(result)
    }

    pub(crate) fn compare(&mut self, op: CmpOp, left: &Value, right: &Value, place: &Place) -> Eval<Value> {
        let symbolic = || {
            for side in [left, right] {
                if let Value::Unknown(unknown) = side {
                    return Value::Unknown(Rc::clone(unknown));
                }
            }
            Value::symbol(
                SymbolKind::Binary { operator: op.as_str(), left: left.clone(), right: right.clone() },
                Some(place.clone()),
            )
        };
        let negate = matches!(op, CmpOp::NotEq | CmpOp::IsNot | CmpOp::NotIn);
        let truth = match op {
            CmpOp::Is | CmpOp::IsNot => identical(left, right),
            CmpOp::Eq | CmpOp::NotEq => {
                if let Value::Instance(instance) = left
                    && !instance.class.is_enum()
                    && instance.class.lookup("__eq__").is_some()
                {
                    let method = self.get_attribute(left, "__eq__", place)?;
                    let result = self.call_value(&method, Args::positional(vec![right.clone()]), place)?;
                    self.truth_of(&result)?
                } else {
                    equal(left, right)
                }
            }
            CmpOp::In | CmpOp::NotIn => self.contains(right, left, place)?,
            CmpOp::Lt | CmpOp::LtE | CmpOp::Gt | CmpOp::GtE => order(left, right).map(|ordering| match op {
                CmpOp::Lt => ordering == Ordering::Less,
                CmpOp::LtE => ordering != Ordering::Greater,
                CmpOp::Gt => ordering == Ordering::Greater,
                _ => ordering != Ordering::Less,
            }),
        };
        Ok(match truth {
            Some(truth) => Value::Bool(truth != negate),
            None => symbolic(),
        })
    }

    /// `item in container`.
    fn contains(&mut self, container: &Value, item: &Value, place: &Place) -> Eval<Option<bool>> {
        if let (Value::Str(text), Some(part)) = (container, item.as_str()) {
            return Ok(Some(text.contains(&*part)));
        }
        if let Value::Instance(instance) = container
            && instance.class.lookup("__contains__").is_some()
        {
            let method = self.get_attribute(container, "__contains__", place)?;
            let result = self.call_value(&method, Args::positional(vec![item.clone()]), place)?;
            return self.truth_of(&result);
        }
        if matches!(item, Value::Unknown(_)) {
            return Ok(None);
        }
        if let Value::Dict(items) | Value::Set(items) = container {
            let items = items.borrow();
            if items.contains(item) {
                return Ok(Some(true));
            }
            let unknown = items.more.is_some() || items.keys().any(|key| equal(key, item).is_none());
            return Ok(if unknown { None } else { Some(false) });
        }
        if matches!(container, Value::Str(_) | Value::Bytes(_)) {
            return Ok(None);
        }
        let Ok(items) = self.iterate(container, place)? else { return Ok(None) };
        let mut unknown = false;
        for candidate in &items {
            match equal(candidate, item) {
                Some(true) => return Ok(Some(true)),
                Some(false) => {}
                None => unknown = true,
            }
        }
        Ok(if unknown { None } else { Some(false) })
    }
}

#[expect(clippy::cast_precision_loss, reason = "Python's own conversion loses it too")]
fn as_float(value: &Value) -> f64 {
    match value {
        Value::Float(number) => *number,
        other => other.as_int().unwrap_or(0) as f64,
    }
}

/// `is`; none where it cannot be known.
fn identical(a: &Value, b: &Value) -> Option<bool> {
    if a.same(b) {
        return Some(true);
    }
    match (a, b) {
        (Value::Unknown(_) | Value::Deferred(_), _) | (_, Value::Unknown(_) | Value::Deferred(_)) => None,
        // An attribute or the result of a library's function may be None; what a constructor makes is not.
        (Value::Symbol(symbol), _) | (_, Value::Symbol(symbol)) => match &symbol.kind {
            SymbolKind::Call { callee, .. }
                if callee.path().is_some_and(|path| {
                    path.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_uppercase()))
                }) =>
            {
                Some(false)
            }
            SymbolKind::External(path) if path.starts_with("sqlalchemy.") || path.starts_with("builtins.") => {
                Some(false)
            }
            SymbolKind::Decorated { .. } => Some(false),
            _ => None,
        },
        _ => Some(false),
    }
}

/// `==` of values that have no method of their own for it; none where it cannot be known.
pub(crate) fn equal(a: &Value, b: &Value) -> Option<bool> {
    equal_to(a, b, 0, &Cell::new(COMPARED))
}

/// Values that one comparison looks at: containers that share their parts stand for far more than were ever made.
const COMPARED: usize = 200_000;

fn equal_to(a: &Value, b: &Value, depth: usize, left: &Cell<usize>) -> Option<bool> {
    if depth > 20 || left.get() == 0 {
        return None;
    }
    left.set(left.get() - 1);
    let all = |ours: &[Value], theirs: &[Value]| {
        if ours.len() != theirs.len() {
            let unsure = ours.iter().chain(theirs).any(|item| matches!(item, Value::Unknown(_)));
            return if unsure { None } else { Some(false) };
        }
        let mut result = Some(true);
        for (a, b) in ours.iter().zip(theirs) {
            match equal_to(a, b, depth + 1, left) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => result = None,
            }
        }
        result
    };
    match (a, b) {
        (Value::Unknown(_) | Value::Deferred(_), _) | (_, Value::Unknown(_) | Value::Deferred(_)) => None,
        (Value::Float(_), Value::Float(_) | Value::Int(_) | Value::Bool(_))
        | (Value::Int(_) | Value::Bool(_), Value::Float(_)) => order(a, b).map(|ordering| ordering == Ordering::Equal),
        (Value::List(x), Value::List(y)) => {
            if Rc::ptr_eq(x, y) {
                return Some(true);
            }
            all(&x.borrow(), &y.borrow())
        }
        (Value::Tuple(x), Value::Tuple(y)) => all(x, y),
        (Value::Dict(x), Value::Dict(y)) | (Value::Set(x), Value::Set(y)) => {
            if Rc::ptr_eq(x, y) {
                return Some(true);
            }
            let (x, y) = (x.borrow(), y.borrow());
            if x.more.is_some() || y.more.is_some() {
                return None;
            }
            if x.len() != y.len() {
                return Some(false);
            }
            let mut result = Some(true);
            for (key, value) in x.iter() {
                match y.get(key).map_or(Some(false), |other| equal_to(value, other, depth + 1, left)) {
                    Some(true) => {}
                    Some(false) => return Some(false),
                    None => result = None,
                }
            }
            result
        }
        (Value::Symbol(x), Value::Symbol(y))
            if matches!((&x.kind, &y.kind), (SymbolKind::External(_), SymbolKind::External(_))) =>
        {
            Some(a.same(b))
        }
        // A class of the repository is none of Python's own.
        (Value::Class(_), Value::Symbol(symbol)) | (Value::Symbol(symbol), Value::Class(_)) if matches!(&symbol.kind, SymbolKind::External(path) if path.starts_with("builtins.")) => {
            Some(false)
        }
        (Value::Symbol(_), _) | (_, Value::Symbol(_)) => {
            // `op.f("x")` is a string.
            match (a.as_str(), b.as_str()) {
                (Some(x), Some(y)) => Some(x == y),
                _ if a.same(b) => None,
                _ => None,
            }
        }
        (Value::Instance(_), _) | (_, Value::Instance(_)) => {
            if let (Some(x), Some(y)) = (a.as_str(), b.as_str()) {
                return Some(x == y);
            }
            if let (Some(x), Some(y)) = (a.as_int(), b.as_int()) {
                return Some(x == y);
            }
            Some(a.same(b))
        }
        _ => Some(Key::of(a) == Key::of(b)),
    }
}

/// `<`, `==`, `>`; none where there is no order, or it cannot be known.
pub(crate) fn order(a: &Value, b: &Value) -> Option<Ordering> {
    order_to(a, b, 0)
}

fn order_to(a: &Value, b: &Value, depth: usize) -> Option<Ordering> {
    if depth > 20 {
        return None;
    }
    let all = |left: &[Value], right: &[Value]| {
        for (a, b) in left.iter().zip(right) {
            match order_to(a, b, depth + 1)? {
                Ordering::Equal => {}
                other => return Some(other),
            }
        }
        Some(left.len().cmp(&right.len()))
    };
    match (a, b) {
        (Value::Float(_), _) | (_, Value::Float(_)) => {
            let numeric = |value: &Value| matches!(value, Value::Float(_) | Value::Int(_) | Value::Bool(_));
            (numeric(a) && numeric(b)).then(|| as_float(a).partial_cmp(&as_float(b)))?
        }
        (Value::List(x), Value::List(y)) => all(&x.borrow(), &y.borrow()),
        (Value::Tuple(x), Value::Tuple(y)) => all(x, y),
        _ => {
            if let (Some(x), Some(y)) = (a.as_int(), b.as_int()) {
                return Some(x.cmp(&y));
            }
            Some(a.as_str()?.cmp(&b.as_str()?))
        }
    }
}

fn dunder(op: Operator) -> &'static str {
    match op {
        Operator::Add => "__add__",
        Operator::Sub => "__sub__",
        Operator::Mult => "__mul__",
        Operator::MatMult => "__matmul__",
        Operator::Div => "__truediv__",
        Operator::Mod => "__mod__",
        Operator::Pow => "__pow__",
        Operator::LShift => "__lshift__",
        Operator::RShift => "__rshift__",
        Operator::BitOr => "__or__",
        Operator::BitXor => "__xor__",
        Operator::BitAnd => "__and__",
        Operator::FloorDiv => "__floordiv__",
    }
}

fn reflected(op: Operator) -> &'static str {
    match op {
        Operator::Add => "__radd__",
        Operator::Sub => "__rsub__",
        Operator::Mult => "__rmul__",
        Operator::MatMult => "__rmatmul__",
        Operator::Div => "__rtruediv__",
        Operator::Mod => "__rmod__",
        Operator::Pow => "__rpow__",
        Operator::LShift => "__rlshift__",
        Operator::RShift => "__rrshift__",
        Operator::BitOr => "__ror__",
        Operator::BitXor => "__rxor__",
        Operator::BitAnd => "__rand__",
        Operator::FloorDiv => "__rfloordiv__",
    }
}

/// An unknown value with another shape.
pub(crate) fn reshaped(unknown: &Unknown, shape: String) -> Rc<Unknown> {
    Rc::new(Unknown { reason: unknown.reason.clone(), place: unknown.place.clone(), shape: Some(Rc::from(shape)) })
}
