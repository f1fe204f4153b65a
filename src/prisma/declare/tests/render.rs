//! A catalog as the statements with which Prisma's engine would build it: a way to hold it against the engine's own.

use crate::catalog::Catalog;
use crate::prisma::compare::{CompareOptions, compare};
use crate::prisma::suggest;

/// What is suggested to make all of a catalog on an empty database, in the form of [`normalised`].
pub(crate) fn statements(catalog: &Catalog) -> Vec<String> {
    let empty = Catalog::new(catalog.dialect);
    let found = compare(catalog, &empty, &CompareOptions::default());
    normalised(&suggest::sql(&found, catalog, &empty).join("\n"))
}

/// The statements of a script of the engine, in the same form.
pub(crate) fn normalised(script: &str) -> Vec<String> {
    let lines: Vec<&str> = script.lines().filter(|line| !line.starts_with("--")).collect();
    let mut out: Vec<String> = lines
        .join("\n")
        .split(";\n")
        .map(|statement| one_spelling(statement.trim_end_matches([';', '\n'])))
        .filter(|statement| !statement.is_empty())
        // What a schema needs and does not declare, and extensions, which stand in no table.
        .filter(|statement| {
            !statement.starts_with("CREATE EXTENSION")
                && !statement.starts_with("CREATE SEQUENCE")
                && !statement.starts_with("CREATE SCHEMA IF NOT EXISTS \"public\"")
        })
        .collect();
    out.sort();
    out
}

/// What the catalog does not tell apart: blanks, operator classes that are the default, `BIT` and `BIT(1)`.
fn one_spelling(statement: &str) -> String {
    let words = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    words.replace(" int4_minmax_ops", "").replace(" text_ops", "").replace("BIT(1)", "BIT").replace("CHAR(1)", "CHAR")
}
