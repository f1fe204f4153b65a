//! Batches that rebuild their table.

use super::asking::{PG, after};

const WITH_INDEX: &str = "\
def upgrade():
    op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('a', sa.Integer()), sa.Column('b', sa.Integer()), sa.UniqueConstraint('a', 'b', name='uq_ab'))
    op.create_index('ix_t_a', 't', ['a'])";

#[test]
fn a_batch_that_rebuilds_the_table_drops_a_column_and_its_index_in_either_order() {
    let batch = |head: &str, lines: &[&str]| {
        let lines: String = lines.iter().map(|line| format!("        b.{line}\n")).collect();
        format!("def upgrade():\n    with op.batch_alter_table('t'{head}) as b:\n{lines}")
    };
    let lite = "sqlite:///app.db";
    let drops = ["drop_column('a')", "drop_index('ix_t_a')"];
    assert_eq!(after(lite, &[WITH_INDEX, &batch("", &drops)], &[]), "t(id, b)");
    let all = ["drop_column('a')", "drop_constraint('uq_ab', type_='unique')", "drop_index('ix_t_a')"];
    assert_eq!(after(lite, &[WITH_INDEX, &batch("", &all)], &[]), "t(id, b)");
    // One that is not there, and one that is dropped twice.
    let other = after(lite, &[WITH_INDEX, &batch("", &["drop_column('b')", "drop_index('ix_t_b')"])], &[]);
    assert!(other.contains("! the index ix_t_b does not exist"), "{other}");
    let twice = [drops[0], drops[1], drops[1]];
    let twice = after(lite, &[WITH_INDEX, &batch("", &twice)], &[]);
    assert!(twice.contains("! the index ix_t_a does not exist"), "{twice}");
    // An index that is left on the column cannot be made anew.
    let left = after(lite, &[WITH_INDEX, &batch("", &drops[..1])], &[]);
    assert!(left.contains("! the index ix_t_a is on the column a"), "{left}");
    // PostgreSQL runs the statements as they stand, unless the table is rebuilt there too.
    let direct = after(PG, &[WITH_INDEX, &batch("", &drops)], &[]);
    assert!(direct.contains("! the index ix_t_a does not exist"), "{direct}");
    assert_eq!(after(PG, &[WITH_INDEX, &batch(", recreate='always'", &drops)], &[]), "t(id, b)");
}
