//! Conditions under which tables are made for tests or development, or because there are no migrations.

use ruff_python_ast::{Expr, Stmt};

use super::super::{is_playground, words};

/// What the body of an `if` is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// Tests and development, or a database that is not migrated: `if app.config["TESTING"]`.
    Playground,
    /// The database that is migrated: `if ENV == "production"`. What comes else is for the others.
    Migrated,
    /// Neither is said.
    Unknown,
}

/// Further words that speak of tests and development where a condition says them.
const PLAY: [&str; 6] = ["debug", "debugging", "sqlite", "memory", "demo", "devel"];

/// Words of a switch that somebody turns on to have tables made: `if settings.create_tables`.
const SWITCH: [&str; 9] =
    ["create", "recreate", "init", "initialize", "reset", "drop", "bootstrap", "createdb", "initdb"];

/// Words of the database that is migrated.
const MIGRATED: [&str; 8] =
    ["prod", "production", "alembic", "migrate", "migration", "migrations", "migrated", "upgrade"];

/// Words that turn a condition round.
const TURNED: [&str; 6] = ["not", "no", "skip", "without", "disable", "disabled"];

/// What a condition says, by its words.
pub(super) fn guard(condition: &str) -> Guard {
    let condition = condition.replace(" is not None", "");
    let turns =
        condition.matches("!=").count() + words(&condition).filter(|word| TURNED.contains(&word.as_str())).count();
    let turned = turns % 2 == 1;
    let says = |known: &[&str]| words(&condition).any(|word| known.contains(&word.as_str()));
    let play = is_playground(&condition) || says(&PLAY);
    match (play, says(&MIGRATED), turned) {
        (true, false, false) | (false, true, true) => Guard::Playground,
        (true, false, true) | (false, true, false) => Guard::Migrated,
        (false, false, false) if says(&SWITCH) => Guard::Playground,
        _ => Guard::Unknown,
    }
}

/// Whether nothing behind these statements is run: the last leaves the function or the program.
pub(super) fn leaves(body: &[Stmt]) -> bool {
    match body.last() {
        Some(Stmt::Return(_) | Stmt::Raise(_)) => true,
        Some(Stmt::Expr(last)) => matches!(&*last.value, Expr::Call(call)
            if matches!(&*call.func, Expr::Attribute(attribute) if attribute.attr.as_str() == "exit")),
        _ => false,
    }
}

/// `if __name__ == "__main__"`
pub(super) fn is_main(condition: &str) -> bool {
    condition.contains("__name__") && condition.contains("__main__")
}
