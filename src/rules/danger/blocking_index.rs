//! `blocking-index`.

use super::blocking::{self, Blocking};
use crate::catalog::apply::Effect;
use crate::catalog::operation::{Constraint, OperationKind};
use crate::finding::Finding;
use crate::project::{EcosystemKind, ProjectChange};
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// PostgreSQL: an index, or a unique constraint that builds one, without `CONCURRENTLY` on a table that existed. The
    /// rule is off until the policy turns it on.
    ///
    /// ## Why it matters
    ///
    /// Building an index the plain way lets nobody write to the table until it is done: seconds for a small table, hours
    /// for a large one ("Building Indexes Concurrently" in
    /// [PostgreSQL's manual](https://www.postgresql.org/docs/current/sql-createindex.html)). `CONCURRENTLY` may not stand in a
    /// transaction, so in Prisma it needs a migration of its own
    /// ([prisma/orm#14456](https://github.com/prisma/orm/issues/14456)), and in Alembic an `autocommit_block()`.
    ///
    /// ## Example that fails
    ///
    /// ```toml title="driftgate.toml" before
    /// [rules]
    /// blocking-index = "error"
    /// ```
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///
    ///   @@index([email, id])
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_index_users/migration.sql"
    /// CREATE INDEX "User_email_id_idx" ON "User"("email", "id");
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260112090000_index_users/migration.sql"
    /// CREATE INDEX CONCURRENTLY "User_email_id_idx" ON "User"("email", "id");
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```sql
    /// -- driftgate: allow blocking-index: a table of 40 rows
    /// CREATE INDEX "Setting_key_idx" ON "Setting"("key");
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let ecosystem = change.project.ecosystem;
    blocking::findings(change, RuleId::BlockingIndex, |deed| {
        let Effect::IndexAdded { table, index, concurrently: false } = &deed.effect else { return None };
        let constraint = match &deed.operation.as_ref()?.kind {
            OperationKind::CreateIndex { .. } => false,
            OperationKind::AddConstraint { constraint: Constraint::Index(_), .. } => true,
            // An index that is there already, or one on a column that is added with it.
            _ => return None,
        };
        let help = match (ecosystem, constraint) {
            (_, true) => "build the index with CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … USING INDEX",
            (EcosystemKind::Prisma, false) => "write CREATE INDEX CONCURRENTLY, alone in a migration of its own",
            (EcosystemKind::Alembic, false) => {
                "give it postgresql_concurrently=True, inside with op.get_context().autocommit_block()"
            }
        };
        let name = index.name.as_deref();
        Some(Blocking {
            table,
            name,
            message: Box::new(move |_| {
                let name = name.unwrap_or("without a name");
                format!("building the index {name} lets nobody write to {table} until it is done")
            }),
            help: help.to_owned(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Dialect;
    use crate::rules::testing::World;

    fn run(world: World, sql: &str) -> Vec<Finding> {
        let id = world.new_id();
        world.new_migration(id, sql).run(RuleId::BlockingIndex)
    }

    #[test]
    fn a_plain_index_on_a_table_that_existed_is_reported() {
        for world in World::both() {
            let findings = run(world, "CREATE INDEX i ON users (name);");
            assert_eq!(findings[0].message, "building the index i lets nobody write to users until it is done");
        }
        let findings = run(World::prisma(), "ALTER TABLE users ADD CONSTRAINT u UNIQUE (name);");
        assert!(findings[0].help.contains("USING INDEX"), "{}", findings[0].help);
    }

    #[test]
    fn concurrent_builds_and_new_tables_are_fine() {
        assert!(run(World::prisma(), "CREATE INDEX CONCURRENTLY i ON users (name);").is_empty());
        assert!(run(World::prisma(), "CREATE TABLE a (id INT); CREATE INDEX i ON a (id);").is_empty());
        assert!(run(World::prisma(), "ALTER TABLE users ADD COLUMN a INT UNIQUE;").is_empty());
    }

    #[test]
    fn other_databases_and_the_default_policy_do_not_know_it() {
        assert!(run(World::prisma().on(Dialect::MySql), "CREATE INDEX i ON users (id);").is_empty());
        assert_eq!(RuleId::BlockingIndex.default_level(), None);
    }
}
