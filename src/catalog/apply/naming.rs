//! The names that databases give to what a statement leaves unnamed.

use crate::catalog::{IndexOn, IndexPart, Table};

/// PostgreSQL's limit for identifiers, in bytes (`NAMEDATALEN - 1`).
const LIMIT: usize = 63;

/// Joins up to two names and a label with `_` and cuts the longer name until all fits, as PostgreSQL's
/// `makeObjectName` does (src/backend/commands/indexcmds.c).
pub(crate) fn object_name(first: &str, second: Option<&str>, label: &str) -> String {
    let overhead = label.len() + 1 + usize::from(second.is_some());
    let room = LIMIT.saturating_sub(overhead);
    let (mut one, mut two) = (first.len(), second.map_or(0, str::len));
    while one + two > room {
        if one > two {
            one -= 1;
        } else {
            two -= 1;
        }
    }
    let mut name = clip(first, one).to_owned();
    if let Some(second) = second {
        name.push('_');
        name.push_str(clip(second, two));
    }
    name.push('_');
    name.push_str(label);
    name
}

/// The first name of its row (`t_a_key`, `t_a_key1`, …) that is not taken, as `ChooseRelationName` finds it.
pub(crate) fn choose(first: &str, second: Option<&str>, label: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut name = object_name(first, second, label);
    let mut pass = 0_u32;
    while taken(&name) && pass < 10_000 {
        pass += 1;
        name = object_name(first, second, &format!("{label}{pass}"));
    }
    name
}

/// The columns of an index or key in a name, as `ChooseIndexNameAddition` joins them: it stops once an identifier is
/// full.
pub(crate) fn joined<'a>(columns: impl IntoIterator<Item = &'a str>) -> String {
    let mut name = String::new();
    for column in columns {
        if !name.is_empty() {
            name.push('_');
        }
        name.push_str(clip(column, LIMIT));
        if name.len() > LIMIT {
            break;
        }
    }
    name
}

/// What PostgreSQL calls the parts of an index in its name: a column by itself, a function call by the function, any
/// other expression `expr` (`ChooseIndexColumnNames`, `FigureIndexColname`).
pub(crate) fn part_names(parts: &[IndexPart]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(parts.len());
    for part in parts {
        let base = match &part.on {
            IndexOn::Column(column) => column.clone(),
            IndexOn::Expression(text) => {
                let word: String =
                    text.trim_start_matches('(').chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let called = text.trim_start_matches('(')[word.len()..].starts_with('(');
                if called && !word.is_empty() { word } else { "expr".to_owned() }
            }
        };
        let mut name = base.clone();
        let mut pass = 1_u32;
        while names.contains(&name) {
            name = format!("{base}{pass}");
            pass += 1;
        }
        names.push(name);
    }
    names
}

/// The name MySQL gives to an index without one: its first column's, then with `_2`, `_3`, …
/// (<https://dev.mysql.com/doc/refman/8.0/en/create-table.html>).
pub(crate) fn mysql_index(table: &Table, parts: &[IndexPart]) -> String {
    let column = parts.first().and_then(IndexPart::column).unwrap_or("functional_index");
    let taken = |name: &str| {
        name.eq_ignore_ascii_case("PRIMARY")
            || table
                .indexes
                .iter()
                .any(|index| index.name.as_deref().is_some_and(|other| other.eq_ignore_ascii_case(name)))
    };
    let mut name = column.to_owned();
    let mut pass = 2_u32;
    while taken(&name) && pass < 10_000 {
        name = format!("{column}_{pass}");
        pass += 1;
    }
    name
}

/// The name MySQL gives to a foreign key (`ibfk`) or check (`chk`) without one: numbered behind the highest of the
/// table's generated ones.
pub(crate) fn mysql_numbered<'a>(table: &str, label: &str, names: impl Iterator<Item = &'a str>) -> String {
    let prefix = format!("{table}_{label}_");
    let highest = names.filter_map(|name| name.strip_prefix(&prefix)?.parse::<u32>().ok()).max().unwrap_or(0);
    format!("{prefix}{}", highest.saturating_add(1))
}

/// At most `length` bytes of a text, cut at a character.
pub(crate) fn clip(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_as_postgresql_makes_them_fit() {
        assert_eq!(object_name("users", None, "pkey"), "users_pkey");
        assert_eq!(object_name("users", Some("email"), "key"), "users_email_key");
        // CREATE TABLE with a name of 63 bytes: the primary key's name is cut to 63 as well.
        let long = "a".repeat(63);
        let name = object_name(&long, None, "pkey");
        assert_eq!((name.len(), name.ends_with("a_pkey")), (63, true));
        let name = object_name(&long, Some(&"b".repeat(63)), "fkey");
        assert_eq!(name, format!("{}_{}_fkey", "a".repeat(29), "b".repeat(28)));
        let name = object_name(&format!("a{}", "é".repeat(31)), Some("ab"), "key");
        assert_eq!(name, format!("a{}_ab_key", "é".repeat(27)), "cut at a character");
    }

    #[test]
    fn taken_names_are_numbered() {
        let taken = ["t_a_key", "t_a_key1"];
        assert_eq!(choose("t", Some("a"), "key", |name| taken.contains(&name)), "t_a_key2");
    }

    #[test]
    fn parts_lend_their_names() {
        let parts = [
            IndexPart::named("a"),
            IndexPart::on(IndexOn::Expression("lower(a)".into())),
            IndexPart::on(IndexOn::Expression("(a || b)".into())),
            IndexPart::on(IndexOn::Expression("(b || a)".into())),
        ];
        assert_eq!(part_names(&parts), ["a", "lower", "expr", "expr1"]);
    }

    #[test]
    fn mysql_counts_on() {
        let mut table = Table::new(crate::catalog::Name::new("", "t"));
        assert_eq!(mysql_index(&table, &[IndexPart::named("a")]), "a");
        table.indexes.push(crate::catalog::Index::new(Some("A".into()), vec![IndexPart::named("a")], false));
        assert_eq!(mysql_index(&table, &[IndexPart::named("a")]), "a_2");
        assert_eq!(mysql_numbered("t", "ibfk", ["t_ibfk_3", "x"].into_iter()), "t_ibfk_4");
    }
}
