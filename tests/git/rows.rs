//! Statements that the database refuses for what is in it: rows of columns that are not there, and MySQL's foreign keys
//! that would be left without an index.

use crate::passes::{FIRST, SCHEMA, check, stopped_by};
use crate::support::TestRepo;

const NOTHING: [&str; 0] = [];

/// What stops a migration with this text on a project of this provider.
fn refused(provider: &str, schema: &str, first: &str, (wanted, text): (&str, &str)) -> Vec<String> {
    let repo = TestRepo::new();
    repo.write("prisma/schema.prisma", &schema.replace("postgresql", provider));
    repo.write("prisma/migrations/migration_lock.toml", &format!("provider = \"{provider}\"\n"));
    repo.write("prisma/migrations/20240101000000_init/migration.sql", first).commit("base");
    repo.write("prisma/schema.prisma", &wanted.replace("postgresql", provider));
    repo.write("prisma/migrations/20240102000000_next/migration.sql", text).add();
    stopped_by(&repo, &["--staged"])
}

#[test]
fn a_statement_that_names_a_column_which_is_not_there_is_stopped() {
    let rows = |text: &str| refused("postgresql", SCHEMA, FIRST, (SCHEMA, text));
    for text in [
        "INSERT INTO \"A\" (\"id\", \"gone\") VALUES (1, 2);",
        "UPDATE \"A\" SET \"gone\" = 2 WHERE \"id\" = 1;",
        "UPDATE \"A\" SET \"id\" = 2 WHERE \"gone\" IS NULL;",
        "DELETE FROM \"A\" WHERE \"id\" = 1 AND \"A\".\"gone\" = 1;",
        "DELETE FROM \"A\" WHERE \"id\" IN (SELECT \"id\" FROM elsewhere);",
        "INSERT INTO \"A\" (\"id\") SELECT \"gone\" FROM \"A\";",
        "SELECT a.\"id\", a.\"gone\" FROM \"A\" AS a;",
        "DELETE FROM \"A\" WHERE ID = 1;",
    ] {
        let expected: &[&str] = if text.contains("ID =") { &NOTHING } else { &["broken-history"] };
        assert_eq!(rows(text), expected, "{text}");
    }
    for text in [
        "INSERT INTO \"A\" (\"id\") VALUES (1) ON CONFLICT (\"id\") DO UPDATE SET \"id\" = excluded.\"id\";",
        "UPDATE \"A\" AS a SET \"id\" = a.\"id\" + 1 WHERE a.ctid IS NOT NULL AND xmin IS NOT NULL;",
        "DELETE FROM \"A\" WHERE \"A\" IS NOT NULL AND \"A\".\"id\" IN (SELECT \"id\" FROM \"A\");",
        "ALTER TABLE \"A\" ADD COLUMN \"t\" INTEGER;\nUPDATE \"A\" SET \"t\" = 1 WHERE \"t\" IS NULL;\nALTER TABLE \"A\" DROP \
         COLUMN \"t\";",
        "CREATE TEMP TABLE x AS SELECT 1 AS y;\nUPDATE x SET y = 2 WHERE z = 1;\nDROP TABLE x;",
    ] {
        assert_eq!(rows(text), NOTHING, "{text}");
    }
}

const KEYED: &str = "datasource db {\n  provider = \"postgresql\"\n}\nmodel A {\n  id Int @id\n  bs B[]\n}\nmodel B {\n  id \
    Int @id\n  aId Int\n  x Int?\n  a A @relation(fields: [aId], references: [id])\n  @@index([aId])\n}\n";
const KEYED_SQL: &str = "CREATE TABLE `A` (`id` INTEGER NOT NULL, PRIMARY KEY (`id`));\nCREATE TABLE `B` (`id` INTEGER NOT \
    NULL, `aId` INTEGER NOT NULL, `x` INTEGER NULL, INDEX `B_aId_idx`(`aId`), PRIMARY KEY (`id`));\nALTER TABLE `B` ADD \
    CONSTRAINT `B_aId_fkey` FOREIGN KEY (`aId`) REFERENCES `A`(`id`) ON DELETE RESTRICT ON UPDATE CASCADE;\n";

#[test]
fn an_index_that_a_foreign_key_needs_goes_only_beside_one_that_serves_it() {
    let rows = |index: &str, text: &str| refused("mysql", KEYED, KEYED_SQL, (&KEYED.replace("[aId])\n}", index), text));
    let other = "ALTER TABLE `B` DROP INDEX `B_aId_idx`, ADD INDEX `B_x_idx`(`x`);";
    assert!(rows("[x])\n}", other).contains(&"broken-history".to_owned()));
    let behind = "ALTER TABLE `B` ADD INDEX `B_x_aId_idx`(`x`, `aId`), DROP INDEX `B_aId_idx`;";
    assert!(rows("[x, aId])\n}", behind).contains(&"broken-history".to_owned()));
    let serving = "ALTER TABLE `B` DROP INDEX `B_aId_idx`, ADD INDEX `B_aId_x_idx`(`aId`, `x`);";
    assert_eq!(rows("[aId, x])\n}", serving), NOTHING);
}

/// The columns that a revision is said to demand of rows that are there, which drops the table `a`, makes it anew with
/// `columns`, and writes rows into it.
fn demanded(url: &str, columns: &str, writes: &str) -> Vec<String> {
    let repo = TestRepo::new();
    let revision = |id: &str, down: &str, body: &str| {
        format!(
            "from alembic import op\nimport sqlalchemy as sa\nrevision = '{id}'\ndown_revision = {down}\n\
             def upgrade():\n{body}\ndef downgrade():\n    pass\n"
        )
    };
    repo.write("alembic.ini", &format!("[alembic]\nscript_location = alembic\nsqlalchemy.url = {url}\n"));
    repo.write("alembic/env.py", "from alembic import context\ncontext.configure(target_metadata=None)\n");
    repo.write("alembic/script.py.mako", "x");
    let first = "    op.create_table('a', sa.Column('email', sa.Text(), primary_key=True))\n";
    repo.write("alembic/versions/aaaa.py", &revision("aaaa", "None", first)).commit("base");
    let second = format!(
        "    rows = op.get_bind().execute(sa.text('SELECT email FROM a')).fetchall()\n    op.drop_table('a')\n    \
         a = op.create_table('a', sa.Column('email', sa.Text(), nullable=False), {columns})\n    {writes}\n"
    );
    repo.write("alembic/versions/bbbb.py", &revision("bbbb", "'aaaa'", &second)).add();
    let report: serde_json::Value = serde_json::from_slice(&check(&repo, &["--staged"]).stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let own = findings.filter(|finding| finding["rule"] == "required-column");
    own.map(|finding| finding["message"].as_str().unwrap().split(' ').nth(2).unwrap().to_owned()).collect()
}

#[test]
fn a_table_that_is_made_when_the_old_one_has_gone_has_no_rows() {
    let key = "sa.Column('key', sa.Integer(), autoincrement=True, nullable=False), sa.PrimaryKeyConstraint('key')";
    let kind = "sa.Column('kind', sa.Integer(), nullable=False)";
    for url in ["sqlite:///x.db", "postgresql://x/y"] {
        let told = |columns: &str, writes: &str| demanded(url, columns, writes);
        let rows = "op.bulk_insert(a, [{'email': row[0]} for row in rows])";
        assert_eq!(told(key, rows), NOTHING, "{url}");
        assert_eq!(told(kind, "op.bulk_insert(a, [{'email': row[0], 'kind': 1} for row in rows])"), NOTHING, "{url}");
        assert_eq!(told(kind, "op.bulk_insert(a, made(rows))"), NOTHING, "{url}");
        // What is written into it needs a value all the same.
        assert_eq!(told(kind, rows), ["a.kind"], "{url}");
        assert_eq!(told(kind, "op.execute(\"INSERT INTO a (email) VALUES ('x')\")"), ["a.kind"], "{url}");
        assert_eq!(told(key, "op.execute(\"INSERT INTO a (email) VALUES ('x')\")"), NOTHING, "{url}");
    }
}
