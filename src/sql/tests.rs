//! Statements of every family, by what they are read to.

mod details;
mod dialects;
mod needs;
mod postgres;
mod scripts;

use super::*;
use crate::catalog::ColumnDefault;
use crate::catalog::operation::{Constraint, Guard, Mention, NewColumn, OperationKind as K, Reads};
use crate::source::RepoPath;

fn ops(sql: &str, dialect: Dialect) -> Vec<Operation> {
    let script = read(&Source::new(RepoPath::new("m.sql"), sql), dialect);
    assert!(script.error.is_none(), "{:?}", script.error);
    script.operations
}

fn default(default: &ColumnDefault) -> String {
    match default {
        ColumnDefault::Number(text) | ColumnDefault::Expression(text) => text.clone(),
        ColumnDefault::Text(text) => format!("'{text}'"),
        ColumnDefault::List(list) => format!("{{{}}}", list.iter().map(self::default).collect::<Vec<_>>().join(",")),
        ColumnDefault::NextVal(name) => format!("nextval({name})"),
        ColumnDefault::Now(precision) => format!("now({})", precision.map(|p| p.to_string()).unwrap_or_default()),
        other => format!("{other:?}"),
    }
}

fn index(index: &crate::catalog::Index) -> String {
    let mut text = format!("{}{}", if index.unique { "unique " } else { "" }, index.name.as_deref().unwrap_or("-"));
    let parts: Vec<String> = index
        .parts
        .iter()
        .map(|part| {
            let mut text = match &part.on {
                crate::catalog::IndexOn::Column(name) => name.clone(),
                crate::catalog::IndexOn::Expression(text) => format!("<{text}>"),
            };
            for (word, value) in [("collate", &part.collation), ("ops", &part.operator_class)] {
                text.extend(value.iter().map(|value| format!(" {word}={value}")));
            }
            text.extend(part.length.map(|length| format!(" length={length}")));
            text.push_str(if part.descending { " desc" } else { "" });
            text.extend(part.nulls_first.map(|first| if first { " nulls-first" } else { " nulls-last" }));
            text
        })
        .collect();
    text.push_str(&format!("({})", parts.join(", ")));
    text.extend(index.method.iter().map(|method| format!(" using {method}")));
    text.extend(index.predicate.iter().map(|predicate| format!(" where {predicate}")));
    if !index.include.is_empty() {
        text.push_str(&format!(" include {}", index.include.join(",")));
    }
    text.push_str(if index.nulls_not_distinct { " nulls-not-distinct" } else { "" });
    text.push_str(if index.constraint { " constraint" } else { "" });
    text.extend(index.clustered.map(|clustered| if clustered { " clustered" } else { " nonclustered" }));
    text
}

fn constraint(constraint: &Constraint) -> String {
    match constraint {
        Constraint::PrimaryKey(key) => {
            let mut parts = crate::catalog::Index::new(key.name.clone(), key.columns.clone(), false);
            parts.clustered = key.clustered;
            format!("primary key {}", index(&parts))
        }
        Constraint::UsingIndex { name, index, primary } => format!("using index {index} {name:?} primary={primary}"),
        Constraint::Index(found) => index(found),
        Constraint::ForeignKey(key) => {
            let (target, key) = (&key.target, &key.key);
            format!(
                "foreign key {}({}) -> {target}({}) {}/{}{}{}",
                key.name.as_deref().unwrap_or("-"),
                key.columns.join(","),
                key.target_columns.join(","),
                key.on_delete.as_sql(),
                key.on_update.as_sql(),
                if key.not_valid { " not-valid" } else { "" },
                if key.initially_deferred { " deferred" } else { "" },
            )
        }
        Constraint::Check(check) => format!(
            "check {} {}{}",
            check.name.as_deref().unwrap_or("-"),
            check.expression.as_deref().unwrap_or("?"),
            if check.not_valid { " not-valid" } else { "" }
        ),
        Constraint::Exclude(name) => format!("exclude {}", name.as_deref().unwrap_or("-")),
    }
}

fn column(new: &NewColumn) -> String {
    let column = &new.column;
    let mut text = format!("{} {}", column.name, column.ty);
    text.push_str(if column.nullable { "" } else { " not null" });
    text.extend(column.default.iter().map(|value| format!(" = {}", default(value))));
    text.extend(column.auto_increment.map(|auto| format!(" {auto:?}")));
    text.extend(
        column
            .generated
            .as_ref()
            .map(|g| format!(" generated<{}>{}", g.expression, if g.stored { " stored" } else { "" })),
    );
    text.extend(column.on_update.iter().map(|update| format!(" on-update {update}")));
    text.extend(column.collation.iter().map(|collation| format!(" collate {collation}")));
    text.extend(column.comment.iter().map(|comment| format!(" comment '{comment}'")));
    text.extend(new.constraints.iter().map(|found| format!(" [{}]", constraint(found))));
    text.extend(new.position.iter().map(|position| format!(" {position:?}")));
    text
}

/// An operation as a line of text (several for a table or a condition), without its place.
fn shape(operation: &Operation) -> String {
    let text = match &operation.kind {
        K::CreateTable(table) => {
            let mut text = format!("create {:?} table {}", table.kind, table.name).to_lowercase().replace("plain ", "");
            text = text.replace(&table.name.to_string().to_lowercase(), &table.name.to_string());
            text.extend(table.columns.iter().map(|new| format!("\n  {}", column(new))));
            text.extend(table.constraints.iter().map(|found| format!("\n  {}", constraint(found))));
            text.extend(table.source.iter().map(|source| format!("\n  from {source:?}")));
            text.extend(table.comment.iter().map(|comment| format!("\n  comment '{comment}'")));
            text
        }
        K::AddColumn { table, column: new, if_absent } => {
            format!("add column {table}: {}{}", column(new), if *if_absent { " if-absent" } else { "" })
        }
        K::AlterColumn { table, column: name, change } => match change {
            crate::catalog::operation::ColumnChange::Redefine(new) => {
                format!("redefine {table}.{name}: {}", column(new))
            }
            crate::catalog::operation::ColumnChange::SetDefault(value) => {
                format!("alter {table}.{name}: default {}", default(value))
            }
            crate::catalog::operation::ColumnChange::Type { ty, using, collation } => {
                format!("alter {table}.{name}: type {ty}{} {collation:?}", if using.is_some() { " using" } else { "" })
            }
            change => format!("alter {table}.{name}: {change:?}"),
        },
        K::AddConstraint { table, constraint: found } => format!("add to {table}: {}", constraint(found)),
        K::CreateIndex { table, index: found, concurrently } => {
            format!("index on {table}: {}{}", index(found), if *concurrently { " concurrently" } else { "" })
        }
        K::When { condition, then, otherwise } => {
            let lines = |list: &[Operation]| {
                list.iter().map(|one| format!("\n  {}", shape(one).replace('\n', "\n  "))).collect::<String>()
            };
            let condition = format!("{condition:?}").replace("ObjectName { schema: None, name: ", "{ ");
            format!("when {condition}{}\nelse{}", lines(then), lines(otherwise))
        }
        K::Opaque { reason, reach } => format!("opaque ({reason}) {reach:?}"),
        K::Harmless(what) => format!("harmless ({what})"),
        K::Query(found) => format!("reads {}", reads(found)),
        other => format!("{other:?}").replace("ObjectName { schema: None, name: ", "{ "),
    };
    match operation.guard {
        Guard::None => text,
        guard => format!("{text} | {guard:?}"),
    }
}

/// Relations, then columns with the relation that they can only be of.
fn reads(reads: &Reads) -> String {
    let column = |mention: &Mention| {
        let of: Vec<String> = mention.of.scopes().flatten().map(ToString::to_string).collect();
        format!("{}.{}", of.join("|"), mention.column.as_deref().unwrap_or("*"))
    };
    let relations = reads.relations.iter().map(ToString::to_string);
    relations.chain(reads.mentions.iter().map(column)).collect::<Vec<_>>().join(" ")
}

fn shapes(sql: &str, dialect: Dialect) -> String {
    ops(sql, dialect).iter().map(shape).collect::<Vec<_>>().join("\n")
}

/// Asserts that every statement of a text changes no catalog and is known.
#[track_caller]
fn assert_harmless(statements: &[&str], dialect: Dialect) {
    for statement in statements {
        for operation in ops(statement, dialect) {
            assert!(!operation.changes_catalog(), "{statement}: {}", shape(&operation));
        }
    }
}

#[test]
fn places_are_those_of_the_statement() {
    let operations = ops("SELECT 1;\n  ALTER TABLE a ADD b int, DROP c;\n", Dialect::PostgreSql);
    let texts: Vec<&str> = operations.iter().map(|operation| operation.place.text()).collect();
    assert_eq!(texts, ["SELECT 1", "ALTER TABLE a ADD b int, DROP c", "ALTER TABLE a ADD b int, DROP c"]);
    let operations = ops("DO $$ BEGIN\n  CREATE TYPE a AS ENUM ('b');\nEND $$;", Dialect::PostgreSql);
    assert_eq!(operations[0].place.text(), "CREATE TYPE a AS ENUM ('b')");
    assert_eq!(operations[0].place.start(), (2, 3));
}

#[test]
fn places_of_text_inside_a_file_are_the_one_given() {
    let source = Source::new(RepoPath::new("a.py"), "op.execute('DROP TABLE a; DROP TABLE b')");
    let place = Place::new(&source, crate::source::Span::new(11, 39));
    let script = read_text("DROP TABLE a; DO $$ BEGIN DROP TABLE b; END $$", &place, Dialect::PostgreSql);
    assert_eq!(script.operations.len(), 2);
    assert!(script.operations.iter().all(|operation| operation.place == place));
    let broken = read_text("DROP TABLE 'a", &place, Dialect::PostgreSql);
    assert_eq!(broken.error.map(|(at, _)| at), Some(place));
}

#[test]
fn conflict_markers_and_open_strings_are_errors() {
    let read = |sql: &str| {
        let script = read(&Source::new(RepoPath::new("m.sql"), sql), Dialect::PostgreSql);
        (script.operations.len(), script.error.map(|(_, why)| why))
    };
    let error = |operations: usize, why: &str| (operations, Some(why.to_owned()));
    assert_eq!(read("DROP TABLE a;\n<<<<<<< HEAD\nSELECT 2;"), error(1, "this line is a conflict marker"));
    assert_eq!(read("DROP TABLE a;\nSELECT 1\n=======\n;"), error(1, "this line is a conflict marker"));
    assert_eq!(read("DROP TABLE a; SELECT 'a"), error(1, "this string is never closed"));
    assert_eq!(read("SELECT 1 /* a"), error(0, "this comment is never closed"));
    assert_eq!(read("DO $x$ BEGIN"), error(0, "this dollar-quoted text is never closed"));
    assert_eq!(read("SELECT \"a"), error(0, "this name is never closed"));
    assert_eq!(read("-- <<<<<<< HEAD\nSELECT '\n<<<<<<< HEAD';"), (1, None));
}

#[test]
fn a_statement_that_cannot_be_read_takes_nothing_with_it() {
    insta::assert_snapshot!(shapes(
        "CREATE TABLE a (b int;
         ALTER TABLE ONLY s.t FROB x, ADD COLUMN d int, ALTER COLUMN e FROB;
         CREATE INDEX i ON t USING;
         CREATE FROB x; ALTER TYPE mood FROB; FROB;
         CREATE TABLE c (d text);",
        Dialect::PostgreSql
    ));
}

proptest::proptest! {
    #[test]
    fn reading_never_panics(text in r#"(?s)(CREATE|ALTER|TABLE|\(|\)|'|\"|`|\$\$|\$|;|[a-z]|é|--|/\*|\*/|\[|\]|,| |\n|DO|BEGIN|END|IF|EXISTS|THEN|ELSE|SELECT|FROM|WHERE|EXECUTE|EXEC|DECLARE|LOOP|FOR|IN|DEFAULT|CHECK|::|\|\||=|@|\\|[0-9]|\.|GO|CASE|WHEN|SET|PREPARE|FUNCTION|AS|DELIMITER|UNIQUE|INDEX|ON|TYPE){0,80}"#) {
        for dialect in Dialect::ALL {
            let source = Source::new(RepoPath::new("m.sql"), text.clone());
            for operation in read(&source, dialect).operations {
                proptest::prop_assert!(source.text().get(operation.place.span.range()).is_some());
            }
            let spaced = text.replace(')', " ) ").replace('(', " ( ");
            read(&Source::new(RepoPath::new("m.sql"), spaced), dialect);
            expression::canonical(&text, dialect);
            expression::default(&text, dialect);
            types::parse(&text, dialect);
        }
    }

    #[test]
    fn words_in_any_order_never_panic(words in proptest::collection::vec(proptest::sample::select(vec![
        "CREATE", "ALTER", "DROP", "TABLE", "INDEX", "TYPE", "IF", "NOT", "EXISTS", "(", ")", ",", ";", "a", "\"b\"", "'c'",
        "DO", "$$ BEGIN", "END $$", "BEGIN", "END", "THEN", "ELSE", "END IF", "LOOP", "FOR", "x", "IN", "SELECT", "count(*)",
        "INTO", "FROM", "pg_type", "WHERE", "typname", "=", "EXECUTE", "format(", "'%I'", "DECLARE", ":=", "EXCEPTION",
        "WHEN", "others", "RETURN", "EXEC", "sp_rename", "@a", "SET", "PREPARE", "CALL", "f()", "CASE", "WHILE", "REPEAT",
        "UNTIL", "DELIMITER //", "//", "GO", "\n", "BEGIN TRY", "END TRY", "1", "::", "text", "[]", "ARRAY[", "]", "CONSTRAINT",
    ]), 0..60)) {
        let text = words.join(" ");
        for dialect in Dialect::ALL {
            let source = Source::new(RepoPath::new("m.sql"), text.clone());
            for operation in read(&source, dialect).operations {
                proptest::prop_assert!(source.text().get(operation.place.span.range()).is_some());
            }
        }
    }
}

/// What fuzzing met.
#[test]
fn a_block_without_a_word_in_it_does_nothing() {
    for dialect in Dialect::ALL {
        let source = Source::new(RepoPath::new("m.sql"), "DO $$$$;");
        for operation in read(&source, dialect).operations {
            assert!(source.text().get(operation.place.span.range()).is_some(), "{dialect:?}");
        }
    }
}

#[test]
fn time_is_linear_in_the_text() {
    let started = std::time::Instant::now();
    let rows = "(1,'x',2),".repeat(400_000);
    for dialect in [Dialect::PostgreSql, Dialect::MySql, Dialect::SqlServer, Dialect::Sqlite] {
        assert_eq!(ops(&format!("INSERT INTO t VALUES {rows}(1);"), dialect).len(), 1);
        let many = "ALTER TABLE a ADD b int; go ; IF a SELECT 1;".repeat(10_000);
        assert!(!ops(&many, dialect).is_empty());
        let parens = format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000));
        assert_eq!(ops(&parens, dialect).len(), 1);
    }
    let columns = (0..20_000).map(|at| format!("c{at} int default (1 + {at}) not null")).collect::<Vec<_>>().join(",");
    assert_eq!(ops(&format!("CREATE TABLE t ({columns})"), Dialect::PostgreSql).len(), 1);
    let actions = (0..20_000).map(|at| format!("add c{at} int")).collect::<Vec<_>>().join(",");
    assert_eq!(ops(&format!("ALTER TABLE t {actions}"), Dialect::PostgreSql).len(), 20_000);
    // An unoptimised build on a busy machine needs a few seconds; anything quadratic needs minutes.
    assert!(started.elapsed() < std::time::Duration::from_mins(1), "{:?}", started.elapsed());
}
