//! What the copy of a table's rows gives a column: `INSERT INTO new (a, b) SELECT a, coalesce(b, 0) AS b FROM old`.

use super::cursor::{Cursor, Origin};
use super::lexer::tokenize;
use super::needs;
use crate::catalog::Dialect;

/// The expression that an INSERT of one plain query over one table gives a column; none where it cannot be told.
pub(crate) fn copied_value(insert: &str, column: &str, dialect: Dialect) -> Option<String> {
    let (tokens, error) = tokenize(insert, dialect);
    let origin = Origin::nowhere();
    let mut cursor = Cursor::new(insert, &tokens, dialect, &origin);
    if error.is_some() || !cursor.eat("insert into") {
        return None;
    }
    cursor.object_name().ok()?;
    let columns = needs::inserted(&cursor);
    let wanted = columns.iter().position(|name| dialect.same_column(name, column))?;
    cursor.parentheses().ok()?;
    if !cursor.eat("select") {
        return None;
    }
    let mut values = Vec::new();
    loop {
        let start = cursor.position();
        cursor.skip_until(&["as", ",", "from"]);
        values.push(cursor.slice(start, cursor.position()));
        cursor.skip_until(&[",", "from"]);
        if !cursor.eat_symbol(',') {
            break;
        }
    }
    cursor.expect("from").ok()?;
    cursor.object_name().ok()?;
    cursor.eat_symbol(';');
    if !cursor.at_end() && !cursor.is_word(0, "where") {
        return None;
    }
    // Another query behind brings rows of its own.
    cursor.skip_until(&["union", "except", "intersect"]);
    (cursor.at_end() && values.len() == columns.len())
        .then(|| values.get(wanted).map(|value| (*value).to_owned()))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_says_what_it_gives_each_column() {
        let value = |query: &str| {
            let insert = format!("INSERT INTO \"new_T\" (\"id\", \"m\") {query}");
            copied_value(&insert, "m", Dialect::Sqlite)
        };
        assert_eq!(
            value("SELECT \"id\", coalesce(\"m\", CURRENT_TIMESTAMP) AS \"m\" FROM \"T\";").as_deref(),
            Some("coalesce(\"m\", CURRENT_TIMESTAMP)")
        );
        assert_eq!(value("SELECT \"id\", \"m\" FROM \"T\" WHERE id > 1").as_deref(), Some("\"m\""));
        assert_eq!(value("SELECT id, cast(m as text) FROM t").as_deref(), Some("cast(m as text)"));
        for other in [
            "SELECT id, coalesce(m, 1) FROM t UNION SELECT id, m FROM t",
            "SELECT id, coalesce(m, 1) FROM t WHERE id > 1 UNION SELECT id, m FROM t",
            "SELECT coalesce(m, 1) FROM t",
            "SELECT * FROM t",
            "SELECT id, 1 FROM t LEFT JOIN u ON u.id = t.id",
            "VALUES (1, 2)",
        ] {
            assert_eq!(value(other), None, "{other}");
        }
    }
}
