//! Revisions that read the files of a folder.

use super::asking::{PG, after};

const FILES: [(&str, &str); 4] = [
    ("alembic/versions/sql/02_add.sql", "ALTER TABLE t ADD COLUMN b integer;"),
    ("alembic/versions/sql/01_make.sql", "CREATE TABLE t (a integer);"),
    ("alembic/versions/sql/10_add.sql", "ALTER TABLE t ADD COLUMN c integer;"),
    ("alembic/versions/sql/notes.txt", "DROP TABLE t;"),
];

fn read(loop_: &str) -> String {
    let body = format!(
        "import glob\nimport os\nfrom os.path import dirname, join\nfrom pathlib import Path\nHERE = Path(__file__).parent\n\
         DIR = os.path.join(os.path.dirname(__file__), 'sql')\ndef upgrade():\n{loop_}"
    );
    after(PG, &[&body], &FILES)
}

#[test]
fn files_that_a_sorted_listing_gives_are_read_in_its_order() {
    for text in [
        "    for path in sorted((HERE / 'sql').glob('*.sql')):\n        op.execute(path.read_text())",
        "    for path in sorted(HERE.joinpath('sql').iterdir()):\n        if path.suffix == '.sql':\n            op.execute(path.read_text())",
        "    for path in sorted(p for p in (HERE / 'sql').iterdir() if p.name.endswith('.sql')):\n        with path.open() as file:\n            op.execute(file.read())",
        "    for path in sorted((HERE / 'sql').glob('*_*.sql'), key=lambda p: int(p.stem.split('_')[0])):\n        op.execute(path.read_text())",
        "    for path in sorted(glob.glob(join(dirname(__file__), 'sql', '*.sql'))):\n        with open(path) as file:\n            op.execute(file.read())",
        "    files = glob.glob(f'{DIR}/*.sql')\n    for path in sorted(files):\n        op.execute(open(path).read())",
        "    for name in sorted(os.listdir(DIR)):\n        if not name.endswith('.sql'):\n            continue\n        with open(os.path.join(DIR, name)) as file:\n            op.execute(file.read())",
        "    for name in sorted([n for n in os.listdir(DIR) if n.endswith('.sql')]):\n        op.execute(open(join(DIR, name)).read())",
    ] {
        assert_eq!(read(text), "t(a, b, c)", "{text}");
    }
    let one = "    for path in (HERE / 'sql').glob('01*'):\n        op.execute(path.read_text())";
    assert_eq!(read(one), "t(a)", "one file has no order");
}

/// What is read in another order, or is not known, is told.
#[test]
fn a_listing_in_no_known_order_is_a_doubt() {
    let backwards =
        "    for path in sorted((HERE / 'sql').glob('*.sql'), reverse=True):\n        op.execute(path.read_text())";
    assert!(read(backwards).contains("the table t does not exist"), "{}", read(backwards));
    for text in [
        "    for path in (HERE / 'sql').glob('*.sql'):\n        op.execute(path.read_text())",
        "    for name in os.listdir(DIR):\n        op.execute(open(join(DIR, name)).read())",
        "    for path in sorted(Path('/etc/sql').glob('*.sql')):\n        op.execute(path.read_text())",
        "    for path in sorted((HERE / 'sql').glob('[0-9]*.sql')):\n        op.execute(path.read_text())",
    ] {
        let told = read(text);
        assert!(told.contains("? ") && !told.contains("! "), "{text}: {told}");
    }
}
