//! Details of statements that a schema hangs on: each row would be read otherwise if one condition of the reader were
//! turned round.

use super::*;
use Dialect::{MySql, PostgreSql, SqlServer};

/// What SQL is read to holds a text.
#[track_caller]
fn assert_read(dialect: Dialect, sql: &str, wanted: &str) {
    let shapes = shapes(sql, dialect);
    assert!(shapes.contains(wanted), "{sql}\n{shapes}\nwithout {wanted}");
}

#[test]
fn a_constraint_of_a_column_keeps_its_name() {
    let sql = "CREATE TABLE t (b int CONSTRAINT fk REFERENCES a (id))";
    assert_read(PostgreSql, sql, "foreign key fk(b) -> a(id)");
}

#[test]
fn the_word_key_behind_unique_makes_no_primary_key() {
    assert_eq!(
        shapes("CREATE TABLE t (b int UNIQUE KEY, c int)", MySql),
        shapes("CREATE TABLE t (b int UNIQUE, c int)", MySql)
    );
}

#[test]
fn a_part_of_an_index_has_one_operator_class() {
    assert_read(PostgreSql, "CREATE INDEX i ON t (a text_pattern_ops DESC)", "i(a ops=text_pattern_ops desc)");
    assert_read(PostgreSql, "CREATE INDEX i ON t (a text_pattern_ops more)", "opaque");
}

#[test]
fn an_action_that_cannot_be_read_to_its_end_does_nothing() {
    let shapes = shapes("ALTER TABLE t ADD COLUMN (a int, b int FROB FROB), DROP COLUMN c", MySql);
    assert!(shapes.contains("opaque") && shapes.contains("DropColumn"), "{shapes}");
    assert!(!shapes.contains("add column"), "half of a list was taken: {shapes}");
}

/// The catalog that statements build, or why one is refused.
fn built(dialect: Dialect, sql: &str) -> Result<crate::catalog::Catalog, String> {
    let mut catalog = crate::catalog::Catalog::new(dialect);
    for operation in ops(sql, dialect) {
        catalog.apply(&operation).map_err(|error| error.to_string())?;
    }
    Ok(catalog)
}

#[track_caller]
fn assert_refused(dialect: Dialect, sql: &str, wanted: &str) {
    let said = built(dialect, sql).err().unwrap_or_else(|| panic!("nothing is refused: {sql}"));
    assert!(said.contains(wanted), "{sql}: {said}");
}

#[test]
fn a_table_of_another_ones_rows_has_its_columns_and_nothing_else_of_it() {
    let base = "CREATE TABLE t (id serial PRIMARY KEY, name varchar(5) NOT NULL DEFAULT 'x', at timestamptz UNIQUE); CREATE VIEW v AS SELECT 1 AS a;";
    let columns = |query: &str| -> Result<Vec<String>, bool> {
        let catalog = built(PostgreSql, &format!("{base} CREATE TABLE u AS {query};")).expect("a table");
        let made = catalog.table(&crate::catalog::ObjectName { schema: None, name: "u".to_owned() }).expect("u");
        assert!(made.primary_key.is_none() && made.indexes.is_empty(), "{query}");
        let is_in_doubt = catalog.doubts.iter().any(|doubt| matches!(doubt.reach, crate::catalog::Reach::Table(_)));
        if is_in_doubt {
            return Err(made.columns.is_empty());
        }
        assert!(
            made.columns.iter().all(|c| c.nullable && c.default.is_none() && c.auto_increment.is_none()),
            "{query}"
        );
        Ok(made.columns.iter().map(|column| format!("{} {}", column.name, column.ty)).collect())
    };
    for query in [
        "TABLE t",
        "SELECT * FROM t",
        "SELECT * FROM ONLY public.t WHERE id > 1 ORDER BY id",
        "SELECT * FROM t WITH NO DATA",
    ] {
        let wanted = ["id integer", "name varchar(5)", "at timestamptz"].map(str::to_owned);
        assert_eq!(columns(query), Ok(wanted.to_vec()), "{query}");
    }
    // What else a query gives is not known, nor what the columns of a view are.
    for query in [
        "SELECT id FROM t",
        "SELECT *, 1 AS one FROM t",
        "SELECT * FROM t JOIN t b USING (id)",
        "SELECT * FROM t, t b",
        "SELECT * FROM t WHERE id > 1 UNION ALL SELECT * FROM t",
        "SELECT * FROM v",
        "TABLE v",
        "SELECT DISTINCT * FROM t",
    ] {
        assert_eq!(columns(query), Err(true), "{query}");
    }
    // Other databases carry more over.
    let other = built(Dialect::MySql, "CREATE TABLE t (id int NOT NULL DEFAULT 1); CREATE TABLE u AS SELECT * FROM t;");
    assert!(other.expect("a table").doubts.iter().any(|doubt| matches!(doubt.reach, crate::catalog::Reach::Table(_))));
}

#[test]
fn what_may_have_altered_a_table_is_a_doubt_about_its_copies() {
    use crate::catalog::operation::{Operation, OperationKind};
    use crate::catalog::{Catalog, ObjectName, Reach};
    for reach in [Reach::Everything, Reach::Table(ObjectName { schema: None, name: "t".to_owned() })] {
        let mut catalog = Catalog::new(PostgreSql);
        for operation in ops("CREATE TABLE t (id int, name text);", PostgreSql) {
            catalog.apply(&operation).expect("a table");
        }
        let source = crate::source::Source::new(crate::source::RepoPath::new("a.sql"), "x");
        let place = crate::source::Place::new(&source, crate::source::Span::default());
        let kind = OperationKind::Opaque { reason: "x".to_owned(), reach };
        catalog.apply(&Operation::new(kind, place)).expect("a doubt");
        for operation in ops("CREATE TABLE u AS TABLE t;", PostgreSql) {
            catalog.apply(&operation).expect("a table");
        }
        assert!(catalog.doubts.iter().any(|doubt| doubt.reason.contains("those of a query")), "{:?}", catalog.doubts);
    }
}

#[test]
fn no_moment_becomes_a_number_by_itself() {
    for moment in ["date", "timestamp", "timestamptz"] {
        let table = format!("CREATE TABLE t (d {moment});");
        assert_refused(PostgreSql, &format!("{table} ALTER TABLE t ALTER d TYPE int;"), "rows are not cast");
        assert!(built(PostgreSql, &format!("{table} ALTER TABLE t ALTER d TYPE text;")).is_ok());
    }
}

#[test]
fn a_renamed_schema_takes_along_what_its_columns_name() {
    let columns = |sql: &str| {
        let catalog = built(PostgreSql, sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
        let columns = catalog.tables.values().flat_map(|table| &table.columns);
        columns.map(|column| format!("{} {} {:?}", column.name, column.ty, column.default)).collect::<Vec<_>>()
    };
    let made = |schema: &str| {
        format!(
            "CREATE SCHEMA {schema}; CREATE TYPE {schema}.mood AS ENUM ('x'); CREATE SEQUENCE {schema}.s;\n\
             CREATE TABLE {schema}.t (m {schema}.mood, n int DEFAULT nextval('{schema}.s'));"
        )
    };
    assert_eq!(columns(&format!("{} ALTER SCHEMA a RENAME TO b;", made("a"))), columns(&made("b")));
}

#[test]
fn a_query_costs_as_much_as_it_names() {
    let catalog = built(PostgreSql, "CREATE TABLE t (a int, b int); CREATE TABLE u (c int);").unwrap();
    let cost = |sql: &str| ops(sql, PostgreSql).iter().map(|operation| catalog.cost(operation)).sum::<u64>();
    for kind in ["", "CREATE VIEW v AS "] {
        let costs = ["SELECT 1 FROM t", "SELECT t.a FROM t", "SELECT t.a, t.b FROM t", "SELECT t.a, t.b, c FROM t, u"]
            .map(|sql| cost(&format!("{kind}{sql}")));
        assert!(costs.is_sorted_by(|one, next| one < next), "{kind}{costs:?}");
    }
}

#[test]
fn a_policy_or_a_trigger_is_dropped_by_its_name() {
    let made = "CREATE TABLE t (a int);\n\
                CREATE POLICY p ON t USING (true); CREATE POLICY q ON t USING (true);\n\
                CREATE TRIGGER r AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();";
    let left = |sql: &str| {
        let catalog = built(PostgreSql, &format!("{made} {sql}")).unwrap_or_else(|error| panic!("{error}: {sql}"));
        let attached = catalog.tables.values().flat_map(|table| &table.attachments);
        attached.map(|one| one.name.as_str()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(left(""), "p q r");
    assert_eq!(left("DROP POLICY p ON t;"), "q r");
    assert_eq!(left("DROP POLICY q ON t; DROP TRIGGER r ON t;"), "p");
    assert_refused(PostgreSql, &format!("{made} DROP POLICY r ON t;"), "r of t");
    assert_refused(PostgreSql, &format!("{made} DROP TRIGGER p ON t;"), "p of t");
    assert_eq!(left("DROP POLICY IF EXISTS r ON t;"), "p q r");
}

#[test]
fn an_index_is_on_no_rowid() {
    // SQLite has one in each table, and indexes none: "no such column: rowid".
    for dialect in [PostgreSql, MySql, SqlServer, Dialect::Sqlite] {
        for name in ["rowid", "oid", "_rowid_"] {
            let sql = format!("CREATE TABLE t (a int); CREATE INDEX i ON t ({name});");
            assert_refused(dialect, &sql, &format!("the column t.{name}"));
        }
    }
}

#[test]
fn a_check_goes_with_a_column_that_it_names() {
    let sql = "CREATE TABLE t (a int, b int, CONSTRAINT of_a CHECK (a > 0), CONSTRAINT of_b CHECK (b > 0),\n\
               CONSTRAINT of_both CHECK (a > b)); ALTER TABLE t DROP COLUMN a;";
    let catalog = built(PostgreSql, sql).unwrap();
    let checks = catalog.tables.values().flat_map(|table| &table.checks);
    assert_eq!(checks.map(|check| check.name.as_deref()).collect::<Vec<_>>(), [Some("of_b")]);
}

#[test]
fn a_foreign_key_follows_a_column_that_is_changed_to_another_name() {
    let sql = "CREATE TABLE a (id int PRIMARY KEY, n int, UNIQUE KEY u (n));\n\
               CREATE TABLE b (a_id int, n int, FOREIGN KEY (a_id) REFERENCES a (id), FOREIGN KEY (n) REFERENCES a (n));\n\
               CREATE TABLE c (id int, CONSTRAINT other FOREIGN KEY (id) REFERENCES d (id));";
    let sql = format!("CREATE TABLE d (id int PRIMARY KEY); {sql} ALTER TABLE a CHANGE id number int;");
    let catalog = built(MySql, &sql).unwrap();
    let keys = catalog.tables.values().flat_map(|table| &table.foreign_keys);
    let keys: Vec<_> = keys.map(|key| format!("{}.{}", key.target, key.target_columns.join(","))).collect();
    assert_eq!(keys, ["a.number", "a.n", "d.id"]);
}

#[test]
fn a_known_extension_brings_no_type_but_its_own() {
    let with = |extension: &str, ty: &str| format!("CREATE EXTENSION {extension}; CREATE TABLE t (a {ty});");
    for extension in ["vector", "hstore", "pgcrypto"] {
        assert_refused(PostgreSql, &with(extension, "frob"), "the type frob");
    }
    for (extension, ty) in [("vector", "vector"), ("hstore", "hstore"), ("frobs", "frob")] {
        assert_eq!(built(PostgreSql, &with(extension, ty)).err(), None, "{extension}");
    }
}

#[test]
fn a_view_is_dropped_as_what_it_is() {
    for (made, other) in [("", "MATERIALIZED"), ("MATERIALIZED", "")] {
        let with = |dropped: &str| format!("CREATE {made} VIEW v AS SELECT 1 AS a; DROP {dropped} VIEW v;");
        assert_refused(PostgreSql, &with(other), "materialized view");
        assert_eq!(built(PostgreSql, &with(made)).err(), None, "{made}");
    }
}

#[test]
fn a_column_that_counts_by_itself_has_no_default_of_its_own() {
    for column in [
        "a serial DEFAULT 1",
        "a int GENERATED ALWAYS AS IDENTITY DEFAULT 1",
        "a int DEFAULT 1 GENERATED BY DEFAULT AS IDENTITY",
    ] {
        assert_refused(PostgreSql, &format!("CREATE TABLE t ({column});"), "it has a default");
    }
    for column in ["a serial", "a int GENERATED ALWAYS AS IDENTITY", "a int DEFAULT 1"] {
        assert_eq!(built(PostgreSql, &format!("CREATE TABLE t ({column});")).err(), None, "{column}");
    }
}

#[test]
fn a_view_and_a_policy_hold_a_column_under_its_new_name() {
    for reader in ["CREATE VIEW v AS SELECT x FROM t", "CREATE POLICY p ON t USING (x > 0)"] {
        let made = format!("CREATE TABLE t (x int, y int, z int); {reader}; ALTER TABLE t RENAME x TO w;");
        assert_refused(PostgreSql, &format!("{made} ALTER TABLE t DROP w;"), "reads it");
        let others = "ALTER TABLE t RENAME y TO x; ALTER TABLE t DROP x; ALTER TABLE t DROP z;";
        assert_eq!(built(PostgreSql, &format!("{made} {others}")).err(), None, "{reader}");
    }
}

#[test]
fn a_schema_goes_only_when_nothing_is_in_it() {
    for object in [
        "TABLE {}.o (a int)",
        "TYPE {}.o AS ENUM ('x')",
        "TYPE {}.o AS (a int)",
        "SEQUENCE {}.o",
        "VIEW {}.o AS SELECT 1 AS a",
    ] {
        let with = |schema: &str| {
            format!("CREATE SCHEMA a; CREATE SCHEMA b; CREATE {}; DROP SCHEMA a;", object.replace("{}", schema))
        };
        assert_refused(PostgreSql, &with("a"), "is not empty");
        assert_eq!(built(PostgreSql, &with("b")).err(), None, "{object}");
    }
}

#[test]
fn a_type_that_postgresql_cannot_guard_is_refused_and_read_to_its_end() {
    let shapes = shapes("CREATE TYPE IF NOT EXISTS mood AS ENUM ('a')", PostgreSql);
    assert!(shapes.contains("Invalid") && !shapes.contains("opaque"), "{shapes}");
}

#[test]
fn words_of_an_index_before_another_object_are_its_own() {
    for sql in ["CREATE FULLTEXT CATALOG c", "CREATE FULLTEXT STOPLIST s"] {
        assert_harmless(&[sql], SqlServer);
        assert!(!shapes(sql, SqlServer).contains("opaque"), "{sql}: {}", shapes(sql, SqlServer));
    }
}

#[test]
fn a_table_of_mysql_gets_its_new_name_when_all_else_is_done() {
    let catalog =
        built(MySql, "CREATE TABLE t (a int, b int); ALTER TABLE t RENAME TO u, ADD UNIQUE k (a), DROP b").unwrap();
    let table = catalog.tables.values().next().unwrap();
    assert_eq!((table.name.name.as_str(), table.columns.len(), table.indexes.len()), ("u", 1, 1));
}

#[test]
fn a_view_holds_the_columns_that_it_names_in_parentheses() {
    let made = "CREATE TABLE t (x int, y int); CREATE VIEW v AS SELECT (x + 1) AS z FROM t;";
    assert_refused(PostgreSql, &format!("{made} ALTER TABLE t DROP x;"), "v");
    assert_eq!(built(PostgreSql, &format!("{made} ALTER TABLE t DROP y;")).err(), None);
}

#[test]
fn a_variable_is_filled_by_a_strict_query_as_by_any() {
    let with = |strict: &str| {
        let block =
            format!("DO $$ DECLARE n text; BEGIN SELECT 'gone' INTO {strict} n; EXECUTE 'DROP TABLE ' || n; END $$;");
        shapes(&block, PostgreSql)
    };
    assert_eq!(with("STRICT"), with(""));
    assert!(with("").contains("gone"), "{}", with(""));
}

#[test]
fn a_name_of_a_policy_is_taken_once_on_each_table() {
    let policies = |one: &str, other: &str| {
        format!(
            "CREATE TABLE t (a int); CREATE TABLE u (a int);\n\
             CREATE POLICY {one} USING (true); CREATE POLICY {other} USING (true);"
        )
    };
    assert_refused(PostgreSql, &policies("p ON t", "p ON t"), "p of t");
    for (one, other) in [("p ON t", "q ON t"), ("p ON t", "p ON u")] {
        assert_eq!(built(PostgreSql, &policies(one, other)).err(), None, "{one}, {other}");
    }
}

#[test]
fn the_rows_of_a_partition_go_with_it() {
    assert_read(MySql, "ALTER TABLE t DROP PARTITION p0", "Delete");
}

#[test]
fn a_block_whose_failure_is_caught_is_taken_back_as_a_whole() {
    let block = "DO $$ BEGIN CREATE TABLE a (x int); CREATE TYPE b AS ENUM ('x');\n\
                 EXCEPTION WHEN duplicate_object THEN null; END $$;";
    let tables = |before: &str| built(PostgreSql, &format!("{before} {block}")).unwrap().tables.len();
    assert_eq!(tables(""), 1);
    assert_eq!(tables("CREATE TYPE b AS ENUM ('y');"), 0);
}

#[test]
fn constraints_that_sql_server_named_go_by_names_of_its_making() {
    let table = "CREATE TABLE t (a int NOT NULL PRIMARY KEY, b int UNIQUE);";
    for (name, left) in [("PK__t__3BD0198E93D8C1A1", (false, 1)), ("UQ__t__3BD019AF0B1A8F6C", (true, 0))] {
        let catalog = built(SqlServer, &format!("{table} ALTER TABLE t DROP CONSTRAINT {name};")).unwrap();
        let table = catalog.tables.values().next().unwrap();
        assert_eq!((table.primary_key.is_some(), table.indexes.len()), left, "{name}");
    }
}

#[test]
fn two_signs_are_never_written_as_a_comment() {
    let text = format!("{:?}", expression::canonical("-(-a)", PostgreSql));
    assert!(text.contains("-(-a)"), "{text}");
}

#[test]
fn what_sqlite_cannot_do_no_guard_allows() {
    let drop = |guard: &str| shapes(&format!("ALTER TABLE t DROP CONSTRAINT {guard} c"), Dialect::Sqlite);
    assert_eq!(drop("IF EXISTS"), drop(""));
}

#[test]
fn a_table_has_the_columns_that_it_inherits() {
    let catalog =
        built(PostgreSql, "CREATE TABLE p (a int, b int); CREATE TABLE c (a int, d int) INHERITS (p);").unwrap();
    let child = catalog.tables.values().find(|table| table.name.name == "c").unwrap();
    let mut columns: Vec<&str> = child.columns.iter().map(|column| column.name.as_str()).collect();
    columns.sort_unstable();
    assert_eq!(columns, ["a", "b", "d"]);
}

#[test]
fn rows_that_a_named_query_deletes_are_told_however_it_is_made() {
    let with =
        |how: &str| shapes(&format!("WITH gone AS {how} (DELETE FROM t RETURNING a) SELECT a FROM gone"), PostgreSql);
    assert!(with("").contains("Delete"), "{}", with(""));
    for how in ["MATERIALIZED", "NOT MATERIALIZED"] {
        assert_eq!(with(how), with(""));
    }
}

#[test]
fn a_default_takes_its_values_from_a_sequence_that_is_there() {
    let table = |sequence: &str| format!("CREATE SCHEMA a; CREATE TABLE t (n int DEFAULT nextval('{sequence}'));");
    assert_refused(PostgreSql, &table("a.s"), "the sequence a.s");
    assert_eq!(built(PostgreSql, &table("elsewhere.s")).err(), None, "a schema that no migration makes");
    assert_eq!(
        built(PostgreSql, "CREATE SCHEMA a; CREATE SEQUENCE a.s; CREATE TABLE t (n int DEFAULT nextval('a.s'));").err(),
        None
    );
}

#[test]
fn an_update_of_several_tables_is_told_of_the_first() {
    let sql = "UPDATE users, orders SET users.x = 1";
    let tables: Vec<_> = ops(sql, MySql).iter().filter_map(|one| one.table().map(ToString::to_string)).collect();
    assert_eq!(tables, ["users"]);
}

#[test]
fn nothing_is_done_of_a_function_that_cannot_be_read() {
    let sql =
        "CREATE FUNCTION f() RETURNS void AS $$ BEGIN DROP TABLE gone; IF true THEN $$ LANGUAGE plpgsql; SELECT f();";
    let shapes = shapes(sql, PostgreSql);
    assert!(shapes.contains("opaque") && !shapes.contains("gone"), "{shapes}");
}

#[test]
fn a_schema_takes_its_own_views_with_it() {
    let sql = "CREATE SCHEMA a; CREATE SCHEMA b; CREATE VIEW a.v AS SELECT 1 AS x; CREATE VIEW b.w AS SELECT 1 AS x;\n\
               DROP SCHEMA a CASCADE;";
    let catalog = built(PostgreSql, sql).unwrap();
    assert_eq!(catalog.views.keys().map(|view| view.name.as_str()).collect::<Vec<_>>(), ["w"]);
}

#[test]
fn a_block_with_a_label_is_read_as_one_without() {
    let with =
        |label: &str| shapes(&format!("DO $$ {label} DECLARE n int; BEGIN DROP TABLE gone; END $$;"), PostgreSql);
    assert!(with("").contains("gone"), "{}", with(""));
    assert_eq!(with("<<outermost>>"), with(""));
}

#[test]
fn only_postgresql_renames_an_index_as_a_table() {
    let sql = "CREATE TABLE t (a int); CREATE INDEX i ON t (a); ALTER TABLE i RENAME TO j;";
    assert_eq!(built(PostgreSql, sql).err(), None);
    assert_refused(Dialect::Sqlite, sql, "the table i");
}

#[test]
fn words_behind_an_index_that_change_nothing_are_passed_over() {
    for (dialect, words) in [
        (PostgreSql, "NULLS DISTINCT"),
        (MySql, "VISIBLE"),
        (MySql, "INVISIBLE"),
        (Dialect::CockroachDb, "USING HASH"),
        (Dialect::CockroachDb, "NOT VISIBLE"),
    ] {
        let with = |words: &str| shapes(&format!("CREATE UNIQUE INDEX i ON t (a) {words}"), dialect);
        assert_eq!(with(words), with(""), "{words}");
    }
}

#[test]
fn an_index_that_is_renamed_to_its_own_name_is_refused_by_postgresql_alone() {
    let table = "CREATE TABLE t (a int); CREATE INDEX i ON t (a);";
    assert_refused(PostgreSql, &format!("{table} ALTER INDEX i RENAME TO i;"), "i");
    assert_eq!(built(MySql, &format!("{table} ALTER TABLE t RENAME INDEX i TO i;")).err(), None);
}

#[test]
fn an_index_of_a_view_is_found_in_a_renamed_schema() {
    let sql = "CREATE SCHEMA a; CREATE MATERIALIZED VIEW a.v AS SELECT 1 AS x; CREATE INDEX i ON a.v (x);\n\
               ALTER SCHEMA a RENAME TO b; DROP INDEX b.i;";
    assert_eq!(built(PostgreSql, sql).err(), None);
}

#[test]
fn a_routine_of_mysql_may_be_one_statement() {
    assert_read(MySql, "CREATE PROCEDURE p() DROP TABLE gone; CALL p();", "DropTable");
}

#[test]
fn a_parenthesis_that_closes_nothing_holds_nobody_up() {
    let shapes = shapes("ALTER TABLE t ADD COLUMN a int ) , DROP COLUMN b", PostgreSql);
    assert!(shapes.contains("opaque") && shapes.contains("DropColumn"), "{shapes}");
}

#[test]
fn a_handler_that_raises_the_error_again_catches_nothing() {
    let with = |then: &str| {
        let sql =
            format!("DO $$ BEGIN CREATE TYPE mood AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN {then}; END $$;");
        shapes(&sql, PostgreSql)
    };
    for quiet in
        ["null", "RAISE NOTICE 'it is there'", "RAISE WARNING 'it is there'", "PERFORM 1; RAISE INFO 'it is there'"]
    {
        assert!(with(quiet).contains("Catches(Existing)"), "{quiet}");
    }
    for again in ["RAISE", "RAISE EXCEPTION 'no'", "PERFORM 1; RAISE"] {
        assert!(!with(again).contains("Catches"), "{again}");
    }
}

#[test]
fn a_label_of_an_enum_is_a_string() {
    assert_read(PostgreSql, "ALTER TYPE e ADD VALUE new_label", "opaque");
}

#[test]
fn a_guard_that_create_type_does_not_have_is_all_that_is_told() {
    let shapes = shapes("CREATE TYPE IF NOT EXISTS e AS ENUM ('a')", PostgreSql);
    assert!(shapes.contains("no CREATE TYPE IF NOT EXISTS") && shapes.lines().count() == 1, "{shapes}");
}

#[test]
fn a_routine_that_cannot_be_read_to_its_end_does_nothing_that_is_known() {
    let read = shapes("CREATE PROCEDURE p() BEGIN ALTER TABLE t ADD COLUMN a int; IF x THEN; END; CALL p();", MySql);
    assert!(!read.contains("add column"), "{read}");
}

#[test]
fn what_stands_behind_an_index_is_read_word_by_word() {
    for (dialect, words) in [
        (PostgreSql, "NULLS DISTINCT"),
        (PostgreSql, "NULLS DISTINCT WITH (fillfactor = 70)"),
        (MySql, "USING HASH"),
        (MySql, "VISIBLE"),
        (MySql, "INVISIBLE"),
    ] {
        let plain = shapes("CREATE UNIQUE INDEX i ON t (a)", dialect);
        assert_eq!(shapes(&format!("CREATE UNIQUE INDEX i ON t (a) {words}"), dialect), plain, "{words}");
    }
}

#[test]
fn when_a_key_is_checked_changes_nothing() {
    let key = "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES b (id)";
    for words in ["NOT DEFERRABLE", "INITIALLY IMMEDIATE", "NOT DEFERRABLE INITIALLY IMMEDIATE"] {
        assert_eq!(shapes(&format!("{key} {words}"), PostgreSql), shapes(key, PostgreSql), "{words}");
    }
}

#[test]
fn a_view_with_names_for_its_columns_reads_what_its_query_reads() {
    let base = "CREATE TABLE t (id int, name text); CREATE VIEW v (a) AS SELECT name FROM t;";
    assert_refused(PostgreSql, &format!("{base} ALTER TABLE t DROP COLUMN name;"), "the view v");
    assert!(built(PostgreSql, &format!("{base} ALTER TABLE t DROP COLUMN id;")).is_ok());
}

#[test]
fn what_one_database_calls_the_moment_is_a_function_of_others() {
    use crate::sql::expression::canonical;
    assert_eq!(canonical("getdate()", SqlServer), canonical("CURRENT_TIMESTAMP", SqlServer));
    assert_ne!(canonical("getdate()", PostgreSql), canonical("CURRENT_TIMESTAMP", PostgreSql));
}

#[test]
fn an_index_within_a_table_may_be_unique() {
    assert_read(SqlServer, "CREATE TABLE t (a int, INDEX i UNIQUE (a))", "unique i(a)");
    assert_ne!(
        shapes("CREATE TABLE t (a int, INDEX i UNIQUE (a))", SqlServer),
        shapes("CREATE TABLE t (a int, INDEX i (a))", SqlServer)
    );
}

#[test]
fn a_text_that_is_more_than_a_type_is_none() {
    use crate::catalog::ColumnType;
    use crate::sql::types::parse;
    assert_eq!(parse("integer frobnicated", PostgreSql), ColumnType::unknown());
    assert_eq!(parse("varchar(10)'", PostgreSql), ColumnType::unknown());
    assert_eq!(parse("int signed", MySql), parse("int", MySql));
    assert_ne!(parse("int signed", MySql), ColumnType::unknown());
}

#[test]
fn an_identity_needs_no_numbers() {
    assert_eq!(
        shapes("CREATE TABLE t (id int IDENTITY, b int)", SqlServer),
        shapes("CREATE TABLE t (id int IDENTITY(1, 1), b int)", SqlServer)
    );
}

#[test]
fn an_object_of_any_kind_is_asked_for_by_its_name_alone() {
    let sql = "IF OBJECT_ID('t') IS NULL CREATE TABLE t (id int);";
    let mut catalog = built(SqlServer, sql).expect("the table is not there");
    assert_eq!(catalog.tables.len(), 1);
    for operation in ops(sql, SqlServer) {
        catalog.apply(&operation).expect("it is there now");
    }
}
