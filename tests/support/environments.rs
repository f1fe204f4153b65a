//! Repositories with Alembic in memory: what is found in them, and what is said of the difference.

#![allow(dead_code, reason = "each test binary uses what it needs")]

use driftgate::alembic::Alembic;
use driftgate::git::MemorySnapshot;
use driftgate::history::replay;
use driftgate::project::Ecosystem as _;

/// What is found: for each environment its name, the tables of its models, those of its revisions, then differences
/// (`*` what Alembic does not see, `?` what is not certain), failures (`!`) and doubts.
pub(crate) fn told(files: &[(&str, &str)]) -> Vec<String> {
    let snapshot = MemorySnapshot::new(files.iter().map(|(path, text)| (*path, (*text).to_owned())));
    let mut lines = Vec::new();
    for project in Alembic.discover(&snapshot, &[]).unwrap() {
        let history = Alembic.history(&project, &snapshot).unwrap();
        let replayed = replay(&history, project.dialect());
        let declared = Alembic.declared(&project, &snapshot).unwrap();
        let names = |catalog: &driftgate::catalog::Catalog| {
            let mut names: Vec<String> = catalog.tables.keys().map(|name| name.name.clone()).collect();
            names.sort();
            names.join(" ")
        };
        lines.push(format!("{}: {} | {}", project.name, names(&declared.catalog), names(&replayed.catalog)));
        for difference in Alembic.compare(&project, &declared.catalog, &replayed.catalog) {
            let sure = if difference.certain { "" } else { "? " };
            let seen = if difference.beyond_engine { "* " } else { "" };
            lines.push(format!("  {sure}{seen}{} {}", difference.kind, difference.object()));
        }
        for failure in replayed.migrations.iter().flat_map(|migration| &migration.failures) {
            lines.push(format!("  !{} {}", if failure.certain { "" } else { "?" }, failure.error));
        }
        for doubt in declared.catalog.doubts.iter().chain(&replayed.catalog.doubts) {
            lines.push(format!("  {} ({:?})", doubt.reason, doubt.reach));
        }
        lines.extend(history.problems.iter().map(|problem| format!("  problem: {}", problem.message)));
    }
    lines
}

pub(crate) const MODELS: &str = "from sqlalchemy import Column, Index, Integer, String\nfrom sqlalchemy.orm import declarative_base\n\
    Base = declarative_base()\n\n\nclass A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n";
pub(crate) const ENV: &str = "from alembic import context\nfrom models import Base\n\ntarget_metadata = Base.metadata\n\n\n\
    def run():\n    context.configure(connection=None, target_metadata=target_metadata)\n\n\nrun()\n";
pub(crate) const INI: &str =
    "[alembic]\nscript_location = alembic\nprepend_sys_path = .\nsqlalchemy.url = postgresql:///x\n";

/// A revision: its header and the statements of its `upgrade()`.
pub(crate) fn revision(id: &str, down: &str, body: &str) -> String {
    let body: String = body.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "from alembic import op\nimport sqlalchemy as sa\n\nrevision = '{id}'\ndown_revision = {down}\n\n\ndef upgrade():\n{body}"
    )
}

pub(crate) fn makes(table: &str) -> String {
    format!("op.create_table('{table}', sa.Column('id', sa.Integer(), primary_key=True))")
}

/// The plain layout with other models, another `env.py` or another body of the only revision.
pub(crate) fn plain(models: &str, env: &str, body: &str) -> Vec<String> {
    let revision = revision("1", "None", body);
    told(&[("alembic.ini", INI), ("alembic/env.py", env), ("alembic/versions/1.py", &revision), ("models.py", models)])
}
