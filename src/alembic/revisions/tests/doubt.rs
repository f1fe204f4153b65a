//! What is not certain since something before it is not.

use super::asking::{PG, after};

#[test]
fn a_type_is_held_back_for_certain_only_by_columns_that_are_surely_of_it() {
    let body = |more: &str| {
        format!(
            "\
def upgrade():
    op.execute(\"CREATE TYPE ct AS ENUM ('a')\")
    for name in ['t', 'u']:
        op.create_table(name, sa.Column('id', sa.Integer()), sa.Column('c', postgresql.ENUM(name='ct', create_type=False)))
    values = [f\"'{{value}}'\" for value in [row[0] for row in op.get_bind().execute('SELECT unnest(enum_range(NULL::ct))').fetchall()] + ['b']]
    values.sort()
    op.execute('ALTER TYPE ct RENAME TO ct_old')
    op.execute(f\"CREATE TYPE ct AS ENUM ({{', '.join(set(values))}})\")
{more}    op.execute('DROP TYPE ct_old')"
        )
    };
    let alter =
        |table: &str| format!("    op.execute('ALTER TABLE {table} ALTER COLUMN c TYPE ct USING c::text::ct')\n");
    let both = after(PG, &[&body(&[alter("t"), alter("u")].concat())], &[]);
    assert!(both.contains("!? the type ct_old cannot be dropped"), "{both}");
    let one = after(PG, &[&body(&alter("t"))], &[]);
    assert!(one.contains("! the type ct_old cannot be dropped"), "u.c is of it still: {one}");
}
