//! `match` statements.

use std::rc::Rc;

use ruff_python_ast::{Pattern, Stmt};

use super::exec::{Flow, Frame};
use super::interpreter::{Eval, Interpreter};
use super::operators::equal;
use super::parse::ast;
use super::value::{Unknown, Value};

impl Interpreter<'_> {
    pub(crate) fn exec_match(&mut self, frame: &Frame, stmt: &ast::StmtMatch) -> Eval<Flow> {
        let subject = self.eval(frame, &stmt.subject)?;
        let mut branches: Vec<&[Stmt]> = Vec::new();
        let mut complete = false;
        for case in &stmt.cases {
            let mut matches = self.matches(frame, &case.pattern, &subject, 0)?;
            if matches == Some(true)
                && let Some(guard) = &case.guard
            {
                let guard = self.eval(frame, guard)?;
                matches = self.truth_of(&guard)?;
            }
            match matches {
                Some(false) => {}
                Some(true) => {
                    branches.push(&case.body);
                    complete = true;
                    break;
                }
                None => branches.push(&case.body),
            }
        }
        match (&branches[..], complete) {
            ([], _) => Ok(Flow::Next),
            ([body], true) => self.exec_block(frame, body),
            _ => {
                if !complete {
                    branches.push(&[]);
                }
                let place = frame.file.place(&*stmt.subject);
                let reason = match subject.as_unknown() {
                    Some(unknown) => format!("it depends on {}", unknown.reason),
                    None => "it depends on a value that is known only at run time".to_owned(),
                };
                self.exec_branches(frame, &branches, &Rc::new(Unknown { reason, place, shape: None }))
            }
        }
    }

    /// Whether a pattern matches, binding its names; none where that cannot be known.
    fn matches(&mut self, frame: &Frame, pattern: &Pattern, subject: &Value, depth: usize) -> Eval<Option<bool>> {
        self.step()?;
        if depth > 50 {
            return Ok(None);
        }
        Ok(match pattern {
            Pattern::MatchValue(pattern) => {
                let value = self.eval(frame, &pattern.value)?;
                equal(subject, &value)
            }
            Pattern::MatchSingleton(pattern) => {
                let value = match pattern.value {
                    ast::Singleton::None => Value::None,
                    ast::Singleton::True => Value::Bool(true),
                    ast::Singleton::False => Value::Bool(false),
                };
                match subject {
                    Value::Unknown(_) => None,
                    subject => Some(subject.same(&value)),
                }
            }
            Pattern::MatchAs(pattern) => {
                let matched = match &pattern.pattern {
                    Some(inner) => self.matches(frame, inner, subject, depth + 1)?,
                    None => Some(true),
                };
                if let Some(name) = &pattern.name
                    && matched != Some(false)
                {
                    let place = frame.file.place(name);
                    self.assign_name(frame, name.as_str(), subject.clone(), None, place);
                }
                matched
            }
            Pattern::MatchOr(pattern) => {
                let mut unknown = false;
                for alternative in &pattern.patterns {
                    match self.matches(frame, alternative, subject, depth + 1)? {
                        Some(true) => return Ok(Some(true)),
                        Some(false) => {}
                        None => unknown = true,
                    }
                }
                if unknown { None } else { Some(false) }
            }
            Pattern::MatchSequence(pattern) => {
                let items = match subject {
                    Value::List(items) => items.borrow().clone(),
                    Value::Tuple(items) => items.to_vec(),
                    Value::Unknown(_) | Value::Symbol(_) => return Ok(None),
                    _ => return Ok(Some(false)),
                };
                if pattern.patterns.iter().any(|part| matches!(part, Pattern::MatchStar(_))) {
                    return Ok(None);
                }
                if items.len() != pattern.patterns.len() {
                    return Ok(Some(false));
                }
                let mut result = Some(true);
                for (part, item) in pattern.patterns.iter().zip(&items) {
                    match self.matches(frame, part, item, depth + 1)? {
                        Some(true) => {}
                        Some(false) => return Ok(Some(false)),
                        None => result = None,
                    }
                }
                result
            }
            Pattern::MatchMapping(_) | Pattern::MatchClass(_) | Pattern::MatchStar(_) => None,
        })
    }
}
