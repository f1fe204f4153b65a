//! SQL text to operations, per dialect; shared by both ecosystems.
//!
//! A text is cut into tokens ([`lexer`]), tokens into statements ([`split`]), and each statement is read by itself
//! ([`statement`] and its families): one that cannot be read becomes opaque and takes nothing else with it. Statements
//! that cannot touch a catalog are known as such. Blocks with a control flow ([`block`], [`tsql`]) become conditional
//! operations where their conditions ask for what a catalog knows ([`condition`]), and doubts otherwise.

mod actions;
mod alter;
mod alter_table;
mod attachment;
mod block;
mod column;
mod condition;
mod constraint;
mod copied;
mod create;
mod cursor;
mod data;
mod drop;
mod dynamic;
pub mod expression;
mod index;
mod lexer;
mod literal;
mod needs;
mod nulled;
mod object;
mod query;
mod routine;
mod session;
mod split;
mod statement;
mod syntax;
mod table;
mod transaction;
mod tsql;
pub mod types;

use std::sync::Arc;

use crate::catalog::Dialect;
use crate::catalog::operation::Operation;
use crate::source::{Place, Source};
pub(crate) use copied::copied_value;
use cursor::{Cursor, Origin};
pub(crate) use nulled::sets_null;
use session::Session;

pub use transaction::{LabelUse, postgres_label_uses, postgres_statements_outside, postgres_transaction_refusals};

/// A script that was read.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// What its statements do, in order.
    pub operations: Vec<Operation>,
    /// Why it cannot be read at all (conflict markers, an unterminated string), with the place; operations are those before it.
    pub error: Option<(Place, String)>,
}

/// Reads a script that is a file.
pub fn read(source: &Arc<Source>, dialect: Dialect) -> Script {
    script(source.text(), dialect, &Origin::File(Arc::clone(source)))
}

/// Reads a script that was found inside a file; every place in it is the one given.
pub fn read_text(text: &str, place: &Place, dialect: Dialect) -> Script {
    script(text, dialect, &Origin::Inside(place.clone()))
}

/// The texts of a script's statements.
pub(crate) fn statements(text: &str, dialect: Dialect) -> Vec<&str> {
    let (tokens, _) = lexer::tokenize(text, dialect);
    let statements = split::statements(text, &tokens, dialect);
    let span = |tokens: &[lexer::Token]| {
        let (first, last) = (tokens.first()?, tokens.last()?);
        text.get(first.span.range().start..last.span.range().end)
    };
    statements.into_iter().filter_map(span).collect()
}

fn script(text: &str, dialect: Dialect, origin: &Origin) -> Script {
    let (mut tokens, error) = lexer::tokenize(text, dialect);
    if error.is_some() {
        // The statement in which the text breaks off is not read: it may say the opposite of what it says so far.
        let whole = tokens.iter().rposition(|token| token.kind == lexer::TokenKind::Symbol(';'));
        tokens.truncate(whole.map_or(0, |last| last + 1));
    }
    let mut cursor = Cursor::new(text, &tokens, dialect, origin);
    let operations = statement::script(&mut cursor, &mut Session::default()).into_operations();
    Script { operations, error: error.map(|error| (origin.place(error.span), error.message.to_owned())) }
}

#[cfg(test)]
mod tests;
