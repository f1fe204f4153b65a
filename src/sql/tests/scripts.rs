//! Control flow, dynamic SQL, and what PostgreSQL refuses.

use super::*;

#[test]
fn guards_in_do_blocks_are_conditions() {
    insta::assert_snapshot!(shapes(
        r#"DO $$ BEGIN
             CREATE TYPE mood AS ENUM ('a', 'b');
           EXCEPTION WHEN duplicate_object THEN null; END $$;
        DO $body$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'X') THEN CREATE TYPE "X" AS ENUM ('1'); END IF; END $body$ LANGUAGE plpgsql;
        DO 'BEGIN ALTER TABLE t ADD c text DEFAULT ''x''; END';
        DO $$ BEGIN
          IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema() AND table_name='t' AND column_name='old') THEN
            ALTER TABLE t RENAME COLUMN old TO new;
          ELSIF NOT EXISTS (SELECT FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid WHERE r.relname = 't' AND c.conname = 'k' AND contype = 'u') THEN
            ALTER TABLE t ADD COLUMN new int;
          ELSE
            RAISE NOTICE 'nothing';
          END IF;
          IF to_regclass('public.gone') IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pg_indexes WHERE indexname = 'i') THEN CREATE INDEX i ON gone (a); END IF;
          IF NOT EXISTS (SELECT 1 FROM pg_enum e JOIN pg_type t ON e.enumtypid = t.oid WHERE t.typname = 'mood' AND e.enumlabel = 'c') THEN ALTER TYPE mood ADD VALUE 'c'; END IF;
          IF (SELECT count(*) FROM information_schema.tables WHERE table_name = 'u') = 0 THEN CREATE TABLE u (a int); END IF;
          IF (SELECT data_type FROM information_schema.columns WHERE table_name = 't' AND column_name = 'c') = 'text' THEN ALTER TABLE t ALTER c TYPE int; END IF;
          IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 't' AND column_name = 'c' AND is_nullable = 'YES' AND data_type = 'character varying') THEN ALTER TABLE t ALTER c SET NOT NULL; END IF;
          IF EXISTS (SELECT 1 FROM t WHERE a > 1) THEN DROP TABLE maybe; END IF;
          IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'x') THEN GRANT SELECT ON t TO x; END IF;
        END $$;"#,
        Dialect::PostgreSql
    ));
}

#[test]
fn loops_variables_and_dynamic_text() {
    insta::assert_snapshot!(shapes(
        r"DO $$ DECLARE r record; n text := 'made'; found_it boolean; total int; BEGIN
          FOR r IN SELECT 1 LOOP ALTER TABLE t ADD COLUMN c int; UPDATE t SET a = 1 WHERE b; END LOOP;
          FOREACH n IN ARRAY ARRAY['a', 'b'] LOOP EXECUTE format('ALTER TABLE %I ADD COLUMN x int', n); END LOOP;
          EXECUTE 'DROP TABLE ' || quote_ident('gone') || ' CASCADE';
          EXECUTE format('ALTER TABLE t DROP CONSTRAINT %I', r.conname);
          EXECUTE 'CREATE POLICY p ON ' || r.name;
          EXECUTE r.command;
          SELECT EXISTS (SELECT 1 FROM pg_tables WHERE tablename = 'v') INTO found_it;
          IF NOT found_it THEN CREATE TABLE v (a int); END IF;
          SELECT count(*) INTO total FROM pg_constraint WHERE conname = 'w';
          IF total > 0 THEN ALTER TABLE t DROP CONSTRAINT w; END IF;
        END $$;
        DO $$ BEGIN
          IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'base') THEN RETURN; END IF;
          DROP TABLE base;
        END $$;
        CREATE FUNCTION up() RETURNS void AS $$ BEGIN DROP TABLE from_function; END $$ LANGUAGE plpgsql;
        CREATE FUNCTION plain() RETURNS void LANGUAGE sql AS 'DROP TABLE from_sql';
        CREATE FUNCTION arg(x text) RETURNS void AS $$ BEGIN EXECUTE 'DROP TABLE ' || x; END $$ LANGUAGE plpgsql;
        SELECT up(); SELECT plain(); SELECT arg('x'); SELECT other();",
        Dialect::PostgreSql
    ));
}

#[test]
fn mysql_dynamic_statements() {
    insta::assert_snapshot!(shapes(
        r"SET @sql = IF((SELECT COUNT(*) FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 't' AND COLUMN_NAME = 'c') = 0,
             'ALTER TABLE t ADD COLUMN c INT', 'SELECT 1');
        PREPARE stmt FROM @sql; EXECUTE stmt; DEALLOCATE PREPARE stmt;
        SET @there := (SELECT COUNT(*) FROM information_schema.statistics WHERE table_name = 't' AND index_name = 'i');
        SELECT IF(@there > 0, 'DROP INDEX i ON t', 'SELECT 1') INTO @drop; PREPARE s FROM @drop; EXECUTE s;
        SET @name = (SELECT constraint_name FROM information_schema.key_column_usage WHERE table_name = 't');
        SET @q = CONCAT('ALTER TABLE t DROP FOREIGN KEY ', @name); PREPARE s FROM @q; EXECUTE s;
        DELIMITER //
        CREATE PROCEDURE add_it()
        BEGIN
          DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;
          IF NOT EXISTS (SELECT 1 FROM information_schema.tables WHERE table_name = 'n') THEN
            CREATE TABLE n (a INT);
          END IF;
        END //
        DELIMITER ;
        CALL add_it(); DROP PROCEDURE add_it;",
        Dialect::MySql
    ));
}

#[test]
fn a_file_of_prisma_is_one_transaction() {
    let refused = |sql: &str| {
        let operations = ops(sql, Dialect::PostgreSql);
        postgres_transaction_refusals(&operations)
            .into_iter()
            .map(|(place, _)| place.text().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(refused("CREATE INDEX CONCURRENTLY i ON t (a);"), [""; 0]);
    assert_eq!(refused("CREATE INDEX CONCURRENTLY i ON t (a); SELECT 1"), ["CREATE INDEX CONCURRENTLY i ON t (a)"]);
    assert_eq!(refused("SELECT 1; DROP INDEX CONCURRENTLY i"), ["DROP INDEX CONCURRENTLY i"]);
    let outside = |sql: &str| {
        let operations = ops(sql, Dialect::PostgreSql);
        crate::sql::postgres_statements_outside(&operations).len()
    };
    for (comment, told) in [
        ("-- RUN_OUTSIDE_TRANSACTION", 1),
        ("-- no-transaction\n-- Builds the index.", 1),
        ("-- Must run outside a transaction.", 0),
        ("-- transaction", 0),
        ("-- no_transaction\nSELECT 2;", 0),
    ] {
        let sql = format!("SELECT 1;\n{comment}\nDROP INDEX CONCURRENTLY i");
        assert_eq!((outside(&sql), refused(&sql).len()), (told, 1 - told), "{comment}");
    }
    assert_eq!(outside("-- no-transaction\nDROP INDEX CONCURRENTLY i"), 0, "alone it needs none");
    let used_by = |sql: &str| {
        let operations = ops(sql, Dialect::PostgreSql);
        crate::sql::postgres_label_uses(&operations)
            .into_iter()
            .map(|found| found.place.text().to_owned())
            .collect::<Vec<_>>()
    };
    let used = "ALTER TABLE t ALTER c SET DEFAULT 'x'";
    assert_eq!(used_by(&format!("ALTER TYPE m ADD VALUE 'x'; {used}")), [used]);
    assert_eq!(used_by(&format!("CREATE TYPE m AS ENUM ('a'); ALTER TYPE m ADD VALUE 'x'; {used}")), [""; 0]);
    assert_eq!(used_by(&format!("ALTER TYPE m ADD VALUE 'x'; COMMIT; {used}")), [""; 0]);
    assert_eq!(used_by("ALTER TYPE m ADD VALUE 'x'; UPDATE t SET c = 'x'"), ["UPDATE t SET c = 'x'"]);
    assert_eq!(used_by("ALTER TYPE m ADD VALUE 'x'; ALTER TYPE m ADD VALUE 'y' AFTER 'x'"), [""; 0]);
}

#[test]
fn functions_of_extensions_that_change_a_table_are_a_doubt_about_it() {
    for (sql, tables) in [
        ("SELECT create_hypertable('reading', 'at', if_not_exists => true)", vec!["reading"]),
        ("SELECT public.create_hypertable('s.\"Reading\"', by_range('at'))", vec!["s.Reading"]),
        ("SELECT AddGeometryColumn('s', 'place', 'at', 4326, 'POINT', 2)", vec!["s", "place"]),
        ("SELECT AddGeometryColumn('Place', 'at', 4326, 'POINT', 2)", vec!["Place", "at"]),
        ("SELECT setval('reading_id_seq', 5)", vec![]),
    ] {
        let doubts: Vec<String> = ops(sql, Dialect::PostgreSql)
            .iter()
            .filter_map(|operation| match &operation.kind {
                K::Opaque { reach: crate::catalog::Reach::Table(table), .. } => Some(table.to_string()),
                _ => None,
            })
            .collect();
        assert_eq!(doubts, tables, "{sql}");
    }
}
