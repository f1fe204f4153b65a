//! The schema language: text to blocks, and what the engine refuses.

pub(crate) mod ast;
pub(crate) mod lexer;
pub(crate) mod parser;
pub(crate) mod resolve;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::project::SourceProblem;
use crate::source::Source;

/// Reads the files of one schema.
pub(crate) fn parse(sources: &[Arc<Source>]) -> ast::Schema {
    let mut schema = ast::Schema::default();
    for source in sources {
        if source.path().file_name() == "contract.prisma" {
            schema.problems.push(SourceProblem {
                path: source.path().clone(),
                place: None,
                message: "contracts of Prisma 8 are not supported".to_owned(),
                help: "leave the project out in driftgate.toml".to_owned(),
            });
            continue;
        }
        parser::parse_into(source, &mut schema);
    }
    schema
}
