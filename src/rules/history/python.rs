//! What a revision's text says, without what does not matter: comments, layout, annotations, imports.

use ruff_python_ast::comparable::{ComparableExpr, ComparableStmt};
use ruff_python_ast::visitor::transformer::{Transformer, walk_expr, walk_stmt};
use ruff_python_ast::{
    Expr, ExprStringLiteral, ModModule, Stmt, StringLiteral, StringLiteralFlags, StringLiteralValue,
};
use ruff_python_parser::parse_module;

/// How far two texts of a revision mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    /// In all that is run.
    Same,
    /// In all but `downgrade()`.
    SameUpgrade,
    /// They differ, or one of them does not parse.
    Different,
}

/// How far two texts of a revision mean the same.
pub(super) fn likeness(a: &str, b: &str) -> Likeness {
    let (Some(mut a), Some(mut b)) = (parse(a), parse(b)) else { return Likeness::Different };
    for module in [&mut a, &mut b] {
        Plain.visit_body(&mut module.body);
    }
    let (mut a, mut b) = (meaning(&a.body), meaning(&b.body));
    if a == b {
        return Likeness::Same;
    }
    for side in [&mut a, &mut b] {
        side.retain(|meaning| !matches!(meaning, Meaning::Function("downgrade", _)));
    }
    if a == b { Likeness::SameUpgrade } else { Likeness::Different }
}

fn parse(text: &str) -> Option<ModModule> {
    parse_module(text).ok().map(ruff_python_parser::Parsed::into_syntax)
}

/// Takes out what linters rewrite and nobody runs: what an exception is raised `from`, a template without a gap, `pass`.
struct Plain;

impl Transformer for Plain {
    fn visit_stmt(&self, statement: &mut Stmt) {
        if let Stmt::Raise(raise) = statement {
            raise.cause = None;
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&self, expression: &mut Expr) {
        walk_expr(self, expression);
        let Expr::FString(template) = expression else { return };
        let mut text = String::new();
        for element in template.value.elements() {
            let Some(literal) = element.as_literal() else { return };
            text.push_str(&literal.value);
        }
        // Plain texts beside it are no elements of it.
        if template.value.iter().any(|part| !part.is_f_string()) {
            return;
        }
        let literal = StringLiteral {
            range: template.range,
            node_index: template.node_index.clone(),
            value: text.into_boxed_str(),
            flags: StringLiteralFlags::empty(),
        };
        *expression = Expr::StringLiteral(ExprStringLiteral {
            range: literal.range,
            node_index: literal.node_index.clone(),
            value: StringLiteralValue::single(literal),
        });
    }
}

/// A statement of a module as far as it decides what a revision does.
#[derive(PartialEq, Eq)]
enum Meaning<'a> {
    /// A name that is set, annotated or not.
    Set(Vec<ComparableExpr<'a>>, ComparableExpr<'a>),
    /// A function, without decorators and annotations of what it returns.
    Function(&'a str, Vec<ComparableStmt<'a>>),
    /// A class, with what it derives from.
    Class(&'a str, Vec<ComparableExpr<'a>>, Vec<Meaning<'a>>),
    /// Anything else.
    Other(Box<ComparableStmt<'a>>),
}

fn meaning(statements: &[Stmt]) -> Vec<Meaning<'_>> {
    statements
        .iter()
        .filter_map(|statement| match statement {
            Stmt::Import(_) | Stmt::ImportFrom(_) => None,
            Stmt::Expr(expression) if expression.value.is_string_literal_expr() => None,
            Stmt::Assign(assign) => Some(Meaning::Set(
                assign.targets.iter().map(ComparableExpr::from).collect(),
                ComparableExpr::from(&*assign.value),
            )),
            Stmt::AnnAssign(assign) => assign
                .value
                .as_deref()
                .map(|value| Meaning::Set(vec![ComparableExpr::from(&*assign.target)], ComparableExpr::from(value))),
            Stmt::FunctionDef(function) => Some(Meaning::Function(
                function.name.as_str(),
                body(&function.body).map(ComparableStmt::from).collect(),
            )),
            Stmt::ClassDef(class) => Some(Meaning::Class(
                class.name.as_str(),
                class.bases().iter().map(ComparableExpr::from).collect(),
                meaning(&class.body),
            )),
            other => Some(Meaning::Other(Box::new(ComparableStmt::from(other)))),
        })
        .collect()
}

/// The statements of a function without its docstring, and without `pass`.
fn body(statements: &[Stmt]) -> impl Iterator<Item = &Stmt> {
    statements.iter().filter(|statement| match statement {
        Stmt::Expr(expression) => !expression.value.is_string_literal_expr(),
        other => !other.is_pass_stmt(),
    })
}

/// What a function of a revision amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Nothing {
    /// There is no such function.
    Absent,
    /// `pass`, `...`, a docstring.
    Empty,
    /// It raises, whatever comes.
    Raises,
}

/// Whether a function of a revision does nothing, and how. None where it does something or the text does not parse.
pub(in crate::rules) fn does_nothing(text: &str, function: &str) -> Option<Nothing> {
    let module = parse(text)?;
    let found = module.body.iter().rev().find_map(|statement| match statement {
        Stmt::FunctionDef(definition) if definition.name.as_str() == function => Some(definition),
        _ => None,
    });
    let Some(definition) = found else {
        // It may be imported or assigned: then it is there and cannot be judged.
        let named = text.contains(&format!("{function} =")) || text.contains(&format!("import {function}"));
        return (!named).then_some(Nothing::Absent);
    };
    let mut statements = body(&definition.body)
        .filter(|statement| match statement {
            Stmt::Pass(_) => false,
            Stmt::Expr(expression) => !matches!(&*expression.value, Expr::EllipsisLiteral(_)),
            Stmt::Return(returned) => returned.value.is_some(),
            _ => true,
        })
        .peekable();
    match statements.peek() {
        None => Some(Nothing::Empty),
        Some(Stmt::Raise(_)) => Some(Nothing::Raises),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_annotations_and_imports_do_not_matter() {
        let a = "\"\"\"Add.\n\nRevises: a\n\"\"\"\nfrom typing import Union\nfrom alembic import op\n\n\
                 down_revision: Union[str, None] = 'a1'\n\ndef upgrade() -> None:\n    \"\"\"Up.\"\"\"\n    op.drop_table('x')\n";
        let b = "from alembic import op\n\ndown_revision = \"a1\"  # parent\n\n\ndef upgrade():\n    op.drop_table(\n        \"x\"\n    )\n";
        assert_eq!(likeness(a, b), Likeness::Same);
        assert_eq!(likeness(a, &b.replace("a1", "b2")), Likeness::Different);
        assert_eq!(likeness(a, &b.replace("\"x\"", "\"y\"")), Likeness::Different);
        assert_eq!(likeness(a, &format!("{b}\n\ndef downgrade():\n    pass\n")), Likeness::SameUpgrade);
        assert_eq!(likeness(a, "def ("), Likeness::Different);
        let class = |kind: &str, value: u8| {
            format!("class T(Base):\n    x = {value}\n\n    def f(self, v: {kind}) -> {kind}:\n        return v\n")
        };
        assert_eq!(likeness(&class("Optional[int]", 1), &class("int | None", 1)), Likeness::Same);
        assert_eq!(likeness(&class("int", 1), &class("int", 2)), Likeness::Different);
    }

    #[test]
    fn what_linters_rewrite_does_not_matter() {
        let up = |body: &str| format!("def upgrade():\n    {body}\n");
        for (a, b) in [
            ("pass", "\"\"\"Up.\"\"\""),
            (
                "try:\n        f()\n    except E:\n        raise F('x')",
                "try:\n        f()\n    except E:\n        raise F('x') from None",
            ),
            ("op.drop_table(f'x')", "op.drop_table('x')"),
            ("op.execute(f'{a[\"b\"]}')", "op.execute(f\"{a['b']}\")"),
        ] {
            assert_eq!(likeness(&up(a), &up(b)), Likeness::Same, "{a}");
        }
        for (a, b) in [
            ("pass", "op.drop_table('x')"),
            ("raise F('x')", "raise F('y') from None"),
            ("raise F('x')", "pass"),
            ("op.drop_table(f'x')", "op.drop_table('y')"),
            ("op.drop_table(f'{x}')", "op.drop_table('{x}')"),
            ("op.drop_table('a' f'x')", "op.drop_table('x')"),
            ("op.drop_table(f'{x}')", "op.drop_table(f'{y}')"),
        ] {
            assert_eq!(likeness(&up(a), &up(b)), Likeness::Different, "{a}");
        }
    }

    #[test]
    fn functions_that_do_nothing_are_told() {
        assert_eq!(
            does_nothing("def downgrade():\n    \"\"\"No.\"\"\"\n    pass\n", "downgrade"),
            Some(Nothing::Empty)
        );
        assert_eq!(does_nothing("def downgrade(): ...\n", "downgrade"), Some(Nothing::Empty));
        assert_eq!(
            does_nothing("def downgrade():\n    raise NotImplementedError\n", "downgrade"),
            Some(Nothing::Raises)
        );
        assert_eq!(does_nothing("def upgrade(): pass\n", "downgrade"), Some(Nothing::Absent));
        assert_eq!(does_nothing("def downgrade():\n    op.drop_table('x')\n", "downgrade"), None);
        assert_eq!(does_nothing("from x import downgrade\n", "downgrade"), None);
        assert_eq!(does_nothing("def (", "downgrade"), None);
    }
}
