//! Assignments: to names, attributes, items and patterns of them; `del`.

use std::rc::Rc;
use std::sync::Arc;

use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use super::exec::{Flow, Frame, Slot};
use super::interpreter::{Eval, Interpreter};
use super::parse::ast;
use super::value::{Annotation, SymbolKind, Value};
use crate::source::Place;

impl Interpreter<'_> {
    pub(super) fn exec_annotated(&mut self, frame: &Frame, stmt: &ast::StmtAnnAssign) -> Eval<Flow> {
        let value = stmt.value.as_ref().map(|value| self.eval(frame, value)).transpose()?;
        match &*stmt.target {
            Expr::Name(name) => {
                let annotation =
                    Annotation { expression: Rc::new((*stmt.annotation).clone()), file: Arc::clone(&frame.file) };
                let place = frame.file.place(stmt);
                match value {
                    Some(value) => self.assign_name(frame, name.id.as_str(), value, Some(annotation), place),
                    None => Self::declare(frame, name.id.as_str(), Some(annotation), place),
                }
            }
            target => {
                if let Some(value) = value {
                    self.assign(frame, target, value, stmt)?;
                }
            }
        }
        Ok(Flow::Next)
    }

    /// Notes an attribute of a class body.
    fn declare(frame: &Frame, name: &str, annotation: Option<Annotation>, place: Place) {
        let Some(body) = &frame.body else { return };
        let mut slots = body.borrow_mut();
        match slots.iter_mut().find(|slot| &*slot.name == name) {
            Some(slot) => {
                slot.place = place;
                if annotation.is_some() {
                    slot.annotation = annotation;
                }
            }
            None => slots.push(Slot { name: Rc::from(name), annotation, place }),
        }
    }

    pub(crate) fn assign_name(
        &mut self,
        frame: &Frame,
        name: &str,
        value: Value,
        annotation: Option<Annotation>,
        place: Place,
    ) {
        Self::declare(frame, name, annotation, place);
        frame.scope.target(name).set(name, value);
    }

    pub(super) fn exec_augmented(&mut self, frame: &Frame, stmt: &ast::StmtAugAssign) -> Eval<Flow> {
        let place = frame.file.place(stmt);
        let old = self.eval(frame, &stmt.target)?;
        let right = self.eval(frame, &stmt.value)?;
        // A list grows in place, so that its other names see it.
        if let (Value::List(items), ast::Operator::Add) = (&old, stmt.op) {
            let added = self.iterate(&right, &place)?;
            self.extend_list(items, added, &place)?;
            return Ok(Flow::Next);
        }
        let value = self.binary(stmt.op, &old, &right, &place)?;
        self.keep(&value)?;
        self.assign(frame, &stmt.target, value, stmt)?;
        Ok(Flow::Next)
    }

    /// Assigns to any target.
    pub(crate) fn assign(&mut self, frame: &Frame, target: &Expr, value: Value, at: &impl Ranged) -> Eval<()> {
        match target {
            Expr::Name(name) => {
                self.assign_name(frame, name.id.as_str(), value, None, frame.file.place(at));
                Ok(())
            }
            Expr::Tuple(target) => self.unpack(frame, &target.elts, &value, at),
            Expr::List(target) => self.unpack(frame, &target.elts, &value, at),
            Expr::Starred(target) => self.assign(frame, &target.value, value, at),
            Expr::Attribute(target) => {
                let base = self.eval(frame, &target.value)?;
                self.set_attribute(&base, target.attr.as_str(), value, &frame.file.place(at));
                Ok(())
            }
            Expr::Subscript(target) => {
                let base = self.eval(frame, &target.value)?;
                let index = self.eval(frame, &target.slice)?;
                self.set_item(&base, index, value, &frame.file.place(at))
            }
            _ => Ok(()),
        }
    }

    fn unpack(&mut self, frame: &Frame, targets: &[Expr], value: &Value, at: &impl Ranged) -> Eval<()> {
        let place = frame.file.place(at);
        let items = self.iterate(value, &place)?;
        let Ok(items) = items else {
            for target in targets {
                let part = match value {
                    Value::Symbol(_) => Value::symbol(
                        SymbolKind::Subscript { base: value.clone(), index: Value::Ellipsis },
                        Some(place.clone()),
                    ),
                    _ => Self::unknown_like(value, "a value that is unpacked", &place),
                };
                self.assign(frame, target, part, at)?;
            }
            return Ok(());
        };
        let star = targets.iter().position(|target| matches!(target, Expr::Starred(_)));
        match star {
            Some(star) if items.len() + 1 >= targets.len() => {
                let tail = targets.len() - star - 1;
                let middle = items.len() - tail;
                for (target, item) in targets[..star].iter().zip(&items) {
                    self.assign(frame, target, item.clone(), at)?;
                }
                self.assign(frame, &targets[star], Value::list(items[star..middle].to_vec()), at)?;
                for (target, item) in targets[star + 1..].iter().zip(&items[middle..]) {
                    self.assign(frame, target, item.clone(), at)?;
                }
                Ok(())
            }
            None if items.len() == targets.len() => {
                for (target, item) in targets.iter().zip(items) {
                    self.assign(frame, target, item, at)?;
                }
                Ok(())
            }
            _ => Err(self.exception("ValueError", "wrong number of values to unpack", place)),
        }
    }

    pub(super) fn delete(&mut self, frame: &Frame, target: &Expr) -> Eval<()> {
        match target {
            Expr::Name(name) => {
                frame.scope.target(name.id.as_str()).vars.borrow_mut().remove(name.id.as_str());
                if let Some(body) = &frame.body {
                    body.borrow_mut().retain(|slot| *slot.name != *name.id.as_str());
                }
            }
            Expr::Subscript(target) => {
                let base = self.eval(frame, &target.value)?;
                let index = self.eval(frame, &target.slice)?;
                match &base {
                    Value::Dict(items) => {
                        items.borrow_mut().remove(&index);
                    }
                    Value::List(items) => {
                        if let Some(at) = index.as_int() {
                            let mut items = items.borrow_mut();
                            if let Some(at) = super::access::position(at, items.len()) {
                                items.remove(at);
                            }
                        }
                    }
                    _ => {}
                }
            }
            Expr::Attribute(target) => {
                let base = self.eval(frame, &target.value)?;
                match &base {
                    Value::Instance(instance) => {
                        instance.attributes.borrow_mut().retain(|(name, _)| **name != *target.attr.as_str());
                    }
                    Value::Class(class) => {
                        class.attributes.borrow_mut().retain(|a| *a.name != *target.attr.as_str());
                    }
                    _ => {}
                }
            }
            Expr::Tuple(target) => {
                for target in &target.elts {
                    self.delete(frame, target)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}
