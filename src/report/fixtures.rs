//! Findings that every format is tested on: the plain case, a wall of differences, hostile names, findings without a
//! place, uncertain ones.

use super::{NotJudged, ProjectSummary, Range, Report};
use crate::catalog::difference::{Aspect, Difference, Side};
use crate::catalog::{Dialect, Name};
use crate::finding::{Finding, Level};
use crate::git::{Change, MemorySnapshot, Scope};
use crate::project::EcosystemKind;
use crate::rules::RuleId;
use crate::source::{Place, RepoPath, Source, Span};

/// The piece of a source that reads `text`, at its first occurrence.
fn place(source: &std::sync::Arc<Source>, text: &str) -> Place {
    let start = source.text().find(text).unwrap_or_else(|| panic!("{text:?} is not in {source:?}"));
    Place::new(source, Span::new(start, start + text.len()))
}

const SCHEMA: &str = "datasource db {
  provider = \"postgresql\"
}

model User {
  id        Int      @id
  email     String   @unique
  poseLimit Int?     @map(\"pose_limit\")
  createdAt DateTime @default(now())

  @@map(\"users\")
}

model Token {
  id   Int    @id
  hash String
  @@map(\"refresh_tokens\")
}
";

const MIGRATION: &str = "-- AlterTable
ALTER TABLE \"users\" ADD COLUMN \"email\" VARCHAR(255) NOT NULL;
";

const OLD_MIGRATION: &str = "
\tCREATE INDEX \"users_old_idx\" ON \"users\"(\"old\");\r
";

fn missing(aspect: Aspect, table: &str, name: &str, declared: &str) -> Difference {
    let mut difference = Difference::new(Side::Missing, aspect, Some(Name::new("public", table)), name);
    difference.declared = Some(declared.to_owned()).filter(|text| !text.is_empty());
    difference
}

/// A single column that no migration adds.
fn uncovered() -> Finding {
    let schema = Source::new("backend/prisma/schema.prisma".into(), SCHEMA);
    let migration = Source::new("backend/prisma/migrations/20260105093000_email/migration.sql".into(), MIGRATION);
    let at = place(&schema, "poseLimit Int?     @map(\"pose_limit\")");
    let mut difference = missing(Aspect::Column, "users", "pose_limit", "integer");
    difference.declared_at = Some(at.clone());
    difference.sql = vec!["ALTER TABLE \"users\" ADD COLUMN \"pose_limit\" INTEGER".to_owned()];
    let mut finding = Finding::new(
        RuleId::UncoveredChange,
        at.path().clone(),
        "the column users.pose_limit is declared but no migration adds it",
        "npx prisma migrate dev --name add_pose_limit",
    )
    .at(&at)
    .related(
        &place(&migration, "ALTER TABLE \"users\" ADD COLUMN \"email\" VARCHAR(255) NOT NULL;"),
        "the change's only migration",
    )
    .about("users.pose_limit")
    .because(
        "A deployment applies the migrations alone: the code that reads this column would fail on its first query.",
    );
    finding.project = Some("backend".to_owned());
    finding.differences = vec![difference];
    finding
}

/// Many differences in one finding.
fn wall() -> Finding {
    let schema = Source::new("backend/prisma/schema.prisma".into(), SCHEMA);
    let at = place(&schema, "model Token {");
    let mut table = missing(Aspect::Table, "refresh_tokens", "refresh_tokens", "");
    table.declared_at = Some(at.clone());
    let mut changed = missing(Aspect::Type, "users", "email", "text");
    changed.kind.side = Side::Changed;
    changed.replayed = Some("varchar(255)".to_owned());
    changed.declared_at = Some(place(&schema, "email     String   @unique"));
    changed.sql = vec!["ALTER TABLE \"users\" ALTER COLUMN \"email\" SET DATA TYPE TEXT;".to_owned()];
    let mut extra = missing(Aspect::Index, "users", "users_old_idx", "");
    extra.kind.side = Side::Extra;
    extra.beyond_engine = true;
    let made = Source::new("backend/prisma/migrations/20240101000000_old/migration.sql".into(), OLD_MIGRATION);
    extra.migrated_at = Some(place(&made, "CREATE INDEX \"users_old_idx\" ON \"users\"(\"old\")"));
    let mut differences = vec![table, changed, extra];
    for number in 1..=20 {
        let mut column =
            missing(Aspect::Column, "users", &format!("setting_{number}"), "boolean not null default false");
        column.certain = number % 7 != 0;
        differences.push(column);
    }
    let mut finding = Finding::new(
        RuleId::UncoveredChange,
        at.path().clone(),
        "the migrations of this change lack 23 of the things it declares, the table refresh_tokens among them",
        "npx prisma migrate dev --name describe_the_change\nthen: git add backend/prisma/migrations",
    )
    .at(&at)
    .about("refresh_tokens");
    finding.project = Some("backend".to_owned());
    finding.differences = differences;
    finding
}

/// Names and texts that try to get out of where they are printed.
fn hostile() -> Finding {
    let long = "x".repeat(400);
    let text = format!("class User:\n\tname = \"\u{1b}[2J\u{202e}evil\u{7}\"  # {long}\n");
    let path = RepoPath::from_bytes(b"app/mod\xe9ls,a:b|`<b>\x1b[31m\n::error::x.py");
    let models = Source::new(path.clone(), text);
    let at = place(&models, "\"\u{1b}[2J\u{202e}evil\u{7}\"");
    let mut finding = Finding::new(
        RuleId::UncoveredChange,
        path,
        "the column users.\u{1b}]0;pwned\u{7}\n::stop-commands::x %0A::error::y | `rm` <img src=x> @everyone **b**",
        "alembic revision --autogenerate -m \"\u{202e}\u{1b}[31mred\"",
    )
    .at(&at)
    .related_file("alembic/versions\u{2028}/\u{9b}31m.py".into(), "a `name` with | and \r\n::warning::z")
    .because("because \u{1b}[5mof\u{1b}[0m </details><script>")
    .about("users.\u{1b}[31mname");
    finding.project = Some("app\u{1b}[1m".to_owned());
    finding.level = Level::Warning;
    finding
}

/// A finding about a file as a whole.
fn whole_file() -> Finding {
    let mut finding = Finding::new(
        RuleId::UncoveredChange,
        "backend/prisma/migrations/migration_lock.toml".into(),
        "migration_lock.toml names sqlite, the schema postgresql",
        "write provider = \"postgresql\" into it",
    );
    finding.level = Level::Note;
    finding
}

fn project(name: &str, touched: bool) -> ProjectSummary {
    ProjectSummary {
        name: name.to_owned(),
        ecosystem: EcosystemKind::Prisma,
        provider: Some(Dialect::PostgreSql),
        schema: vec![format!("{name}/prisma/schema.prisma").as_str().into()],
        migrations: vec![format!("{name}/prisma/migrations").as_str().into()],
        touched,
    }
}

/// A staged change.
fn change() -> Change {
    let nothing = || MemorySnapshot::new(Vec::<(&str, &str)>::new());
    Change {
        scope: Scope::Staged,
        before: Some(Box::new(nothing())),
        after: Box::new(nothing()),
        base_tip: None,
        changed: Vec::new(),
        worktree: None,
        resolved_by: "what is staged: HEAD → index".to_owned(),
    }
}

pub(super) fn report(
    projects: Vec<ProjectSummary>,
    findings: Vec<Finding>,
    not_judged: Vec<NotJudged>,
    allowed: usize,
) -> Report {
    let mut report = Report::new(&change(), projects, findings, not_judged, allowed);
    report.range = Range {
        kind: "staged",
        before: Some("1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d".to_owned()),
        after: "index".to_owned(),
    };
    report
}

/// One finding: what most people ever see.
pub(super) fn one() -> Report {
    report(vec![project("backend", true)], vec![uncovered()], Vec::new(), 0)
}

/// Two tables that one migration makes, and a third thing.
pub(super) fn mended_at_once() -> Report {
    let help = "write the migration and commit it with the schema:\n  npx prisma migrate dev --name change_a_and_b";
    let table = |name: &str| {
        let mut finding = Finding::new(
            RuleId::MissingMigration,
            "backend/prisma/schema.prisma".into(),
            format!("the table {name} is declared but no migration creates it"),
            help,
        );
        finding.project = Some("backend".to_owned());
        finding
    };
    report(vec![project("backend", true)], vec![table("a"), table("b"), whole_file()], Vec::new(), 0)
}

/// All of them, in no order.
pub(super) fn many() -> Report {
    let not_judged = (1..=7)
        .map(|line| NotJudged {
            project: "backend".to_owned(),
            path: "backend/prisma/migrations/2_x/migration.sql".into(),
            line: Some(line),
            reason: format!("a DO block with dynamic SQL\u{1b}[3{line}m"),
        })
        .collect();
    let findings = vec![whole_file(), hostile(), wall(), uncovered()];
    report(vec![project("web", false), project("backend", true)], findings, not_judged, 2)
}

/// A touched project and nothing to say about it.
pub(super) fn clean() -> Report {
    report(vec![project("backend", true)], Vec::new(), Vec::new(), 1)
}

/// No touched project.
pub(super) fn irrelevant() -> Report {
    report(vec![project("backend", false)], Vec::new(), Vec::new(), 0)
}

/// More findings than an annotation can be made of.
pub(super) fn crowd(count: usize) -> Report {
    let findings = (0..count)
        .map(|number| {
            let mut finding = whole_file();
            finding.level = Level::Error;
            finding.object = Some(format!("object {number:03}"));
            finding
        })
        .collect();
    report(vec![project("backend", true)], findings, Vec::new(), 0)
}

/// Differences for `diff`.
pub(super) fn differences() -> Vec<Difference> {
    wall().differences.into_iter().take(5).chain(uncovered().differences).collect()
}
