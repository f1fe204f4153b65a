//! Revisions on labelled cases, and one operation at a time.

mod labelled;
mod operations;

use crate::alembic::discover;
use crate::catalog::Dialect;
use crate::git::MemorySnapshot;
use crate::history::{History, Replay, replay};
use crate::project::{EcosystemKind, Project};
use crate::source::RepoPath;

/// A project whose revisions stand in `alembic/versions`.
fn project(dialect: Dialect) -> Project {
    Project {
        name: "test".to_owned(),
        ecosystem: EcosystemKind::Alembic,
        dialect: Some(dialect),
        root: RepoPath::root(),
        schema: Vec::new(),
        migrations: vec![RepoPath::new("alembic/versions")],
        settings: Vec::new(),
        command: "alembic".to_owned(),
        facts: [(discover::SCRIPT_LOCATION, "alembic".to_owned()), (discover::ENV, "alembic/env.py".to_owned())].into(),
    }
}

fn run(files: &[(&str, &str)], dialect: Dialect) -> (History, Replay) {
    let snapshot = MemorySnapshot::new(files.iter().copied());
    let history = super::history(&project(dialect), &snapshot).unwrap();
    let replay = replay(&history, dialect);
    (history, replay)
}

/// One revision with that body of `upgrade()`, and what stands before it.
fn upgrade(head: &str, body: &str, dialect: Dialect) -> Replay {
    let body: String = body.lines().map(|line| format!("    {line}\n")).collect();
    let text = format!(
        "from alembic import op\nimport sqlalchemy as sa\nfrom sqlalchemy.dialects import postgresql\nrevision = 'a1'\ndown_revision = None\n{head}\ndef upgrade():\n{body}    pass\n"
    );
    run(&[("alembic/env.py", ""), ("alembic/versions/a1_x.py", &text)], dialect).1
}

/// A catalog as lines, sorted: what tests compare.
fn show(replay: &Replay) -> Vec<String> {
    let mut lines = Vec::new();
    for table in replay.catalog.tables.values() {
        let name = &table.name;
        for column in &table.columns {
            let mut line = format!("{name}.{} {}", column.name, column.ty);
            if !column.nullable {
                line.push_str(" not null");
            }
            if let Some(default) = &column.default {
                line.push_str(&format!(" default {default:?}"));
            }
            if let Some(generated) = &column.generated {
                line.push_str(&format!(" as {}", generated.expression));
            }
            if let Some(comment) = &column.comment {
                line.push_str(&format!(" comment {comment}"));
            }
            lines.push(line);
        }
        let parts = |parts: &[crate::catalog::IndexPart]| {
            parts
                .iter()
                .map(|part| {
                    let on = match &part.on {
                        crate::catalog::IndexOn::Column(column) => column.clone(),
                        crate::catalog::IndexOn::Expression(text) => format!("({text})"),
                    };
                    if part.descending { format!("{on} desc") } else { on }
                })
                .collect::<Vec<_>>()
                .join(",")
        };
        if let Some(key) = &table.primary_key {
            lines.push(format!("{name} pk {} ({})", key.name.as_deref().unwrap_or("-"), parts(&key.columns)));
        }
        for index in &table.indexes {
            let what = if index.constraint {
                "unique constraint"
            } else if index.unique {
                "unique index"
            } else {
                "index"
            };
            let mut line = format!("{name} {what} {} ({})", index.name.as_deref().unwrap_or("-"), parts(&index.parts));
            if let Some(predicate) = &index.predicate {
                line.push_str(&format!(" where {predicate}"));
            }
            if let Some(method) = &index.method {
                line.push_str(&format!(" using {method}"));
            }
            lines.push(line);
        }
        for key in &table.foreign_keys {
            lines.push(format!(
                "{name} fk {} ({}) -> {} ({}) {}",
                key.name.as_deref().unwrap_or("-"),
                key.columns.join(","),
                key.target,
                key.target_columns.join(","),
                key.on_delete.as_sql()
            ));
        }
        for check in &table.checks {
            lines.push(format!(
                "{name} check {} {}",
                check.name.as_deref().unwrap_or("-"),
                check.expression.as_deref().unwrap_or("?")
            ));
        }
    }
    lines.extend(replay.catalog.enums.values().map(|one| format!("enum {} {}", one.name, one.labels.join(","))));
    for migration in &replay.migrations {
        lines.extend(migration.failures.iter().map(|failure| format!("failure {}", failure.error)));
    }
    lines.extend(replay.catalog.doubts.iter().map(|doubt| format!("doubt {} {:?}", doubt.reason, doubt.reach)));
    lines.sort();
    lines
}
