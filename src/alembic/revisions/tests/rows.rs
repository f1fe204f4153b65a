//! Statements about rows, and what a question about the catalog is answered.

use super::asking::{PG, TABLE, after};

#[test]
fn whichever_of_several_statements_about_rows_is_run_it_is_about_rows() {
    let run = |branches: &[&str]| {
        let mut body =
            "def upgrade():\n    bind = op.get_bind()\n    for row in bind.execute('SELECT * FROM t'):\n".to_owned();
        for (at, sql) in branches.iter().enumerate() {
            body.push_str(&format!("        if row.id == {at}:\n            sql = {sql}\n"));
        }
        body.push_str("        bind.execute(sql)");
        after(PG, &[TABLE, &body], &[])
    };
    for branches in [
        &["\"UPDATE t SET id = 1 WHERE id = '{}'\".format(row.id)", "f'UPDATE t SET id = 2 WHERE id = {row.id}'"][..],
        &["'DELETE FROM t WHERE id = 1'", "'DELETE FROM t WHERE id = 2;'", "f'DELETE FROM t WHERE id = {row.id}'"],
        &["'INSERT INTO t VALUES (1)'", "f'INSERT INTO t VALUES ({row.id})'"],
    ] {
        assert_eq!(run(branches), "t(id)", "{branches:?}");
    }
    // What is not about rows in each of them, writes every row in one, or holds more than one statement, is in doubt.
    for branches in [
        &["'UPDATE t SET id = 1 WHERE id = 1'", "'ALTER TABLE t ADD COLUMN b int'"][..],
        &["'UPDATE t SET id = 1'", "'UPDATE t SET id = 1 WHERE id = 2'"],
        &["'DELETE FROM t WHERE id = 1'", "'DELETE FROM t WHERE id = 2; DROP TABLE t'"],
        &["'UPDATE t SET id = 1 WHERE id = 1'", "row.sql"],
        &["'DROP TABLE t'", "'DROP TABLE u'"],
    ] {
        assert!(
            run(branches).contains("? a statement that is known only at run time"),
            "{branches:?}: {}",
            run(branches)
        );
    }
}

#[test]
fn the_row_of_a_question_is_asked_by_the_name_of_its_column() {
    let index = "def upgrade():\n    op.create_index('i', 't', ['id'])";
    let with = |query: &str, asked: &str| {
        let body = format!(
            "def upgrade():\n    row = op.get_bind().execute(\"{query}\").first()\n    if not {asked}:\n        op.add_column('t', sa.Column('b', sa.Integer()))"
        );
        after(PG, &[TABLE, index, &body], &[])
    };
    let query = |name: &str| format!("SELECT exists(SELECT 1 FROM pg_indexes WHERE indexname = '{name}') AS there");
    for asked in ["row.there", "row[0]", "row['there']", "row._mapping['there']"] {
        assert_eq!(with(&query("i"), asked), "t(id)", "{asked}");
        assert_eq!(with(&query("j"), asked), "t(id, b)", "{asked}");
    }
    // Which of two answers goes by a name, and what is made of one, is not read.
    let two = format!("{}, exists(SELECT 1 FROM pg_indexes WHERE indexname = 'j') AS other", query("i"));
    let negated = query("i").replacen("exists", "NOT EXISTS", 1);
    for query in [&two, &negated] {
        assert!(with(query, "row.there").contains('?'), "{query}: {}", with(query, "row.there"));
    }
}

#[test]
fn rows_of_a_table_that_is_reflected_are_rows() {
    let with = |lines: &str| {
        let body = format!(
            "def upgrade():\n    meta = sa.MetaData(bind=op.get_bind())\n    meta.reflect()\n    t = meta.tables['t']\n    {lines}"
        );
        after(PG, &[TABLE, &body], &[])
    };
    assert_eq!(with("op.execute(t.update().values({'id': t.c.id}).where(t.c.id == 1))"), "t(id)");
    assert_eq!(with("op.execute(meta.tables['public.t'].delete().where(t.c.id == None))"), "t(id)");
    assert!(with("op.execute(meta.tables['gone'].delete())").contains("the table gone does not exist"));
    assert!(with("op.execute(meta.tables[name()].delete())").contains('?'), "which table is not known");
    assert!(with("op.execute(meta.tables['t'].alter())").contains('?'));
    assert!(with("op.execute(other.tables['t'].update())").contains('?'), "no metadata");
}

#[test]
fn a_query_of_the_orm_makes_nothing() {
    let models = ("models.py", "from db import Base\nclass User(Base):\n    pass\n");
    let with = |lines: &str| {
        let body = format!(
            "from datetime import datetime\nfrom sqlalchemy.orm import Query, Session\nfrom models import User\nfrom elsewhere import Other, later\n\ndef upgrade():\n    session = Session(bind=op.get_bind())\n    {lines}"
        );
        after(PG, &[TABLE, &body], &[models])
    };
    for lines in [
        "session.query(User).filter(User.id < later()).all()",
        "session.execute(User.query.filter(User.until < datetime.utcnow()).with_entities(User.id).distinct().order_by(User.id))",
        "session.execute(Other.query.filter_by(id=later()).limit(3))",
        "session.execute(Query([User]).filter(User.id == later()))",
    ] {
        assert_eq!(with(lines), "t(id)", "{lines}");
    }
    // What is no query, or is handed to something that is not known, may do anything.
    for lines in [
        "session.execute(later())",
        "session.execute(later(User.query.filter(User.id == 1)))",
        "session.execute(User.query.filter(User.id == 1).rebuilt())",
        "session.execute(User.queries.filter(User.id == 1))",
        "session.execute(Other.make('x').filter(User.id == 1))",
    ] {
        assert!(with(lines).contains("? "), "{lines}: {}", with(lines));
    }
}
