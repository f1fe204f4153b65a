//! `environment-specific`.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprAttribute};
use ruff_text_size::Ranged;

use super::{allow, finding};
use crate::catalog::operation::OperationKind;
use crate::finding::Finding;
use crate::history::Migration;
use crate::project::{EcosystemKind, ProjectChange};
use crate::rules::history::identity::truly_new;
use crate::rules::{RuleId, RuleSettings};
use crate::source::{Place, Span};

page! {
    /// ## What it stops
    ///
    /// A statement in a new migration that holds only on one server: `CREATE DATABASE`, `CREATE ROLE`, `OWNER TO`, a `GRANT`
    /// to a role by name, `\connect`, a host or an address; in a revision, reading the environment or the host's name.
    ///
    /// ## Why it matters
    ///
    /// A dump that was pasted into a migration brings its owner along, and fails wherever that role does not exist: on a
    /// colleague's machine, in a preview, at the next provider. A revision that asks the environment does different
    /// things in different places, and the histories part. Squawk and GitLab forbid both in their migrations; the
    /// question behind [prisma/orm#28215](https://github.com/prisma/orm/issues/28215) is answered by files, not by where
    /// they run.
    ///
    /// ## Example that fails
    ///
    /// ```sql title="prisma/migrations/20260112090000_own_users/migration.sql"
    /// ALTER TABLE "User" OWNER TO app_production;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260112090000_own_users/migration.sql"
    /// COMMENT ON TABLE "User" IS 'Everyone who may sign in.';
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```sql
    /// -- driftgate: allow environment-specific: the role is made on every server
    /// GRANT SELECT ON "User" TO reporting;
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let new = truly_new(change);
    let mut findings = Vec::new();
    for replayed in &change.after.replay.migrations {
        let Some(migration) = new.iter().find(|migration| migration.id == replayed.id) else { continue };
        for step in &replayed.steps {
            if let OperationKind::Environment(what) = &step.operation.kind {
                findings.push(report(change, migration, &step.operation.place, what));
            }
        }
    }
    if change.project.ecosystem == EcosystemKind::Alembic {
        for migration in new {
            for (place, what) in questions(migration) {
                // The reader of revisions may have met it as well.
                let known = |finding: &Finding| {
                    finding
                        .place
                        .as_ref()
                        .is_some_and(|other| other.path() == place.path() && other.start().0 == place.start().0)
                };
                if !findings.iter().any(known) {
                    findings.push(report(change, migration, &place, &what));
                }
            }
        }
    }
    findings
}

fn report(change: &ProjectChange<'_>, migration: &Migration, place: &Place, what: &str) -> Finding {
    let message = format!("the migration {} depends on where it runs: {what}", migration.name);
    let help = format!(
        "leave it to the set-up of the server, or say why every server is the same:\n  {}",
        allow(change, RuleId::EnvironmentSpecific)
    );
    finding(RuleId::EnvironmentSpecific, place, migration.name.clone(), message, help)
        .because("where the server differs it fails, or does something else")
}

/// Where a revision asks for the environment or the host.
fn questions(migration: &Migration) -> Vec<(Place, String)> {
    let Some(source) = &migration.source else { return Vec::new() };
    let Ok(parsed) = ruff_python_parser::parse_module(source.text()) else { return Vec::new() };
    let mut search = Search::default();
    search.visit_body(&parsed.syntax().body);
    search
        .found
        .into_iter()
        .map(|(start, end, what)| (Place::new(source, Span::new(start, end)), format!("it reads {what}")))
        .collect()
}

#[derive(Default)]
struct Search {
    found: Vec<(usize, usize, String)>,
}

impl<'a> Visitor<'a> for Search {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Attribute(attribute) = expression
            && let Some(what) = asks(attribute)
        {
            let range = expression.range();
            self.found.push((range.start().to_usize(), range.end().to_usize(), what.to_owned()));
            return;
        }
        if let Expr::Call(call) = expression
            && let Expr::Name(name) = &*call.func
            && matches!(name.id.as_str(), "getenv" | "gethostname")
        {
            let range = expression.range();
            self.found.push((range.start().to_usize(), range.end().to_usize(), format!("{}()", name.id)));
        }
        walk_expr(self, expression);
    }
}

/// What an attribute asks of the machine.
fn asks(attribute: &ExprAttribute) -> Option<&'static str> {
    let Expr::Name(module) = &*attribute.value else { return None };
    Some(match (module.id.as_str(), attribute.attr.as_str()) {
        ("os", "environ") => "os.environ",
        ("os", "getenv") => "os.getenv",
        ("os", "uname") => "os.uname",
        ("socket", "gethostname" | "getfqdn") | ("platform", "node" | "uname") => "the host's name",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    #[test]
    fn statements_about_one_server_are_reported() {
        for world in World::both() {
            let id = world.new_id();
            let findings = world.new_migration(id, "ALTER TABLE users OWNER TO app;").run(RuleId::EnvironmentSpecific);
            assert_eq!(findings.len(), 1);
            assert!(findings[0].message.contains("depends on where it runs"), "{}", findings[0].message);
        }
    }

    #[test]
    fn questions_of_a_revision_are_reported() {
        let text = "import os\n\ndef upgrade():\n    if os.environ.get('STAGE') == 'prod':\n        op.drop_table('x')\n    socket.gethostname()\n";
        let findings = World::alembic().migration_text("b2_x", text).run(RuleId::EnvironmentSpecific);
        let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "the migration b2_x depends on where it runs: it reads os.environ",
                "the migration b2_x depends on where it runs: it reads the host's name"
            ]
        );
        assert_eq!(findings[0].place.as_ref().map(|place| place.start().0), Some(4));
    }

    #[test]
    fn ordinary_statements_are_fine() {
        let world = World::prisma().new_migration("20260112090000_x", "ALTER TABLE users ADD COLUMN os_environ TEXT;");
        assert!(world.silent(RuleId::EnvironmentSpecific));
        let text = "import os\n\ndef upgrade():\n    os.path.join('a', 'b')\n";
        assert!(World::alembic().migration_text("b2_x", text).silent(RuleId::EnvironmentSpecific));
    }
}
