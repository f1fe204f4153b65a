//! Tables that are copied from one metadata into another.

use super::edges::{env, read_models, revision};
use crate::catalog::Reach;

const MODELS: &str = "
from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table
from sqlalchemy.orm import declarative_base
main = MetaData()
Base = declarative_base()
class User(Base):
    __tablename__ = 'users'
    id = Column(Integer, primary_key=True)
class Note(Base):
    __tablename__ = 'notes'
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer, ForeignKey(User.id), index=True)
objects = MetaData()
thing = Table('things', objects, Column('id', Integer, primary_key=True))
";

const MADE: &str = "    op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))
    op.create_table('notes', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('user_id', sa.Integer(), sa.ForeignKey('users.id')))
    op.create_index('ix_notes_user_id', 'notes', ['user_id'])
    op.create_table('things', sa.Column('id', sa.Integer(), primary_key=True))
";

/// What differs, and whether the models are in doubt altogether.
fn gap_of(models: &str, made: &str, target: &str) -> (Vec<(String, bool)>, bool) {
    let (env, body) = (env("from models import *\nimport models", target), revision(made));
    let (_, declared, mut gap) = read_models(&env, models, &body, &[]);
    gap.sort();
    (gap, declared.catalog.doubts.iter().any(|doubt| doubt.reach == Reach::Everything))
}

fn gap(copies: &str, made: &str) -> (Vec<(String, bool)>, bool) {
    gap_of(&format!("{MODELS}{copies}"), made, "models.main")
}

/// Loops that copy every table.
const LOOPS: &[&str] = &[
    "for meta in (Base.metadata, objects):\n    for t in meta.tables.values():\n        t.to_metadata(main)\n",
    "for t in Base.metadata.tables.values():\n    t.tometadata(main)\nfor t in objects.sorted_tables:\n    t.to_metadata(metadata=main)\n",
    "for name, t in Base.metadata.tables.items():\n    t.to_metadata(main)\nfor name in objects.tables:\n    objects.tables[name].to_metadata(main)\n",
    "User.__table__.to_metadata(main)\nNote.__table__.to_metadata(main)\nthing.to_metadata(main)\n",
    "def merged(*metas):\n    found = MetaData()\n    for meta in metas:\n        for t in meta.tables.values():\n            t.to_metadata(found)\n    return found\nmain = merged(Base.metadata, objects)\n",
    "between = MetaData()\nfor t in Base.metadata.tables.values():\n    t.to_metadata(between)\nfor t in between.tables.values():\n    t.to_metadata(main)\nobjects.tables['things'].to_metadata(main)\n",
];

#[test]
fn tables_that_a_loop_copies_are_of_the_metadata_that_they_come_into() {
    for copies in LOOPS {
        assert_eq!(gap(copies, MADE), (vec![], false), "{copies}");
        let one_less = MADE.replace("    op.create_index('ix_notes_user_id', 'notes', ['user_id'])\n", "");
        assert_eq!(gap(copies, &one_less), (vec![("ix_notes_user_id".to_owned(), true)], false), "{copies}");
        let (one_less, _) = MADE.split_once("    op.create_table('things'").unwrap();
        assert_eq!(gap(copies, one_less), (vec![("things".to_owned(), true)], false), "{copies}");
        let loose = MADE.replace(", sa.ForeignKey('users.id')", "");
        assert_eq!(gap(copies, &loose).0.len(), 1, "{copies}");
    }
}

#[test]
fn a_table_that_is_not_copied_is_not_declared() {
    let things = vec![("things".to_owned(), true)];
    for copies in [
        "for t in Base.metadata.tables.values():\n    t.to_metadata(main)\n",
        "for t in Base.metadata.tables.values():\n    t.to_metadata(main)\nfor t in objects.tables.values():\n    t.to_metadata(MetaData())\n",
        "User.__table__.to_metadata(main)\nNote.__table__.to_metadata(main)\n",
    ] {
        assert_eq!(gap(copies, MADE), (things.clone(), false), "{copies}");
    }
    // What is declared after the loop was not there for it.
    let late = "for t in Base.metadata.tables.values():\n    t.to_metadata(main)\nfor t in objects.tables.values():\n    t.to_metadata(main)\n\
                late = Table('late', objects, Column('id', Integer, primary_key=True))\n";
    let made = format!("{MADE}    op.create_table('late', sa.Column('id', sa.Integer(), primary_key=True))\n");
    assert_eq!(gap(late, &made), (vec![("late".to_owned(), true)], false));
}

#[test]
fn a_copy_that_is_not_sure_is_a_doubt_of_its_tables() {
    let rest = "for t in Base.metadata.tables.values():\n    t.to_metadata(main)\n";
    let (made, _) = MADE.split_once("    op.create_table('things'").unwrap();
    for copies in [
        "for t in objects.tables.values():\n    if asks(t):\n        t.to_metadata(main)\n",
        "for t in objects.tables.values():\n    if asks(t):\n        continue\n    t.to_metadata(main)\n",
        "if asks():\n    for t in objects.tables.values():\n        t.to_metadata(main)\n",
        "for t in objects.tables.values():\n    t.to_metadata(asks())\n",
    ] {
        let copies = format!("from elsewhere import asks\n{rest}{copies}");
        assert_eq!(gap(&copies, MADE), (vec![], false), "{copies}");
        let missing = gap(&copies, made).0;
        assert!(missing.iter().all(|(name, certain)| name == "things" && !certain), "{copies}: {missing:?}");
    }
    for copies in [
        "for t in asks():\n    t.to_metadata(main)\n",
        "for t in objects.tables.values():\n    t.to_metadata(main, schema='other')\n",
        "for t in objects.tables.values():\n    t.to_metadata(main, name='x_' + t.name)\n",
    ] {
        let (_, doubted) = gap(&format!("from elsewhere import asks\n{rest}{copies}"), MADE);
        assert!(doubted, "{copies}");
    }
}
