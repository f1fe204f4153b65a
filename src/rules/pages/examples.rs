//! The examples of the pages, run: the first must be found, the repaired one must be clean.

use std::collections::BTreeMap;

use crate::check::{Options, check};
use crate::finding::{Finding, Level};
use crate::git::{
    Change, ChangedPath, Leftover, LeftoverKind, MemorySnapshot, ObjectId, Scope, Snapshot, SnapshotError, Worktree,
};
use crate::policy::Policy;
use crate::project::{ECOSYSTEMS, EcosystemKind};
use crate::rules::{RuleId, RuleScope};
use crate::source::RepoPath;

/// 2026-01-12T12:00:00Z, behind every stamp of the examples.
const NOW: u64 = 1_768_219_200;

type Files = BTreeMap<String, String>;

/// The project that examples of Prisma start from.
const PRISMA: [(&str, &str); 5] = [
    ("package.json", "{ \"prisma\": { \"schema\": \"prisma\" } }\n"),
    (
        "prisma/schema.prisma",
        "datasource db {\n  provider = \"postgresql\"\n  url      = env(\"DATABASE_URL\")\n}\n\ngenerator client {\n  provider \
         = \"prisma-client-js\"\n}\n",
    ),
    ("prisma/user.prisma", "model User {\n  id    Int    @id @default(autoincrement())\n  email String @unique\n}\n"),
    ("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n"),
    (
        "prisma/migrations/20260105093000_create_users/migration.sql",
        "CREATE TABLE \"User\" (\n    \"id\" SERIAL NOT NULL,\n    \"email\" TEXT NOT NULL,\n\n    CONSTRAINT \"User_pkey\" \
         PRIMARY KEY (\"id\")\n);\n\nCREATE UNIQUE INDEX \"User_email_key\" ON \"User\"(\"email\");\n",
    ),
];

/// The project that examples of Alembic start from.
const ALEMBIC: [(&str, &str); 6] = [
    ("alembic.ini", "[alembic]\nscript_location = alembic\nsqlalchemy.url = postgresql://localhost/app\n"),
    (
        "alembic/env.py",
        "from alembic import context\n\nfrom app.models import Base\n\ntarget_metadata = Base.metadata\n",
    ),
    ("app/__init__.py", ""),
    ("app/db.py", "from sqlalchemy import create_engine\n\nengine = create_engine(\"postgresql://localhost/app\")\n"),
    (
        "app/models.py",
        "from sqlalchemy import Text\nfrom sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\n\n\
         class Base(DeclarativeBase):\n    pass\n\n\nclass User(Base):\n    __tablename__ = \"users\"\n\n    id: Mapped[int] = \
         mapped_column(primary_key=True)\n    email: Mapped[str] = mapped_column(Text)\n",
    ),
    (
        "alembic/versions/1a2b3c4d5e6f_create_users.py",
        "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"1a2b3c4d5e6f\"\ndown_revision = None\n\n\n\
         def upgrade():\n    op.create_table(\n        \"users\",\n        sa.Column(\"id\", sa.Integer(), nullable=False),\n        \
         sa.Column(\"email\", sa.Text(), nullable=False),\n        sa.PrimaryKeyConstraint(\"id\"),\n    )\n\n\n\
         def downgrade():\n    op.drop_table(\"users\")\n",
    ),
];

/// A fenced block that is a file.
struct Block {
    path: String,
    text: String,
    /// What stands behind the title: `before`, `base`, `untracked`, `deleted`, or nothing.
    mark: String,
}

/// The blocks of one chapter of a page.
fn blocks(page: &str, heading: &str) -> Vec<Block> {
    let chapter = page.split("\n## ").find(|chapter| chapter.starts_with(heading)).expect("the chapter");
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in chapter.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some("")) => blocks.extend(open.take().filter(|block| !block.path.is_empty())),
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, Some(info)) => {
                let (path, mark) =
                    info.split_once("title=\"").and_then(|(_, rest)| rest.split_once('"')).unwrap_or_default();
                open = Some(Block { path: path.to_owned(), text: String::new(), mark: mark.trim().to_owned() });
            }
            (None, None) => {}
        }
    }
    blocks
}

/// One of the two states of an example.
struct Play {
    before: Files,
    after: Files,
    base: Option<Files>,
    worktree: Files,
}

fn lay(files: &mut Files, block: &Block) {
    if block.mark == "deleted" {
        files.remove(&block.path);
    } else {
        files.insert(block.path.clone(), block.text.clone());
    }
}

/// The failing and the repaired state of a page.
fn plays(page: &str, kind: EcosystemKind) -> (Play, Play) {
    let start = match kind {
        EcosystemKind::Prisma => &PRISMA[..],
        EcosystemKind::Alembic => &ALEMBIC[..],
    };
    let mut before: Files = start.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect();
    let example = blocks(page, "Example that fails");
    for block in example.iter().filter(|block| block.mark == "before") {
        lay(&mut before, block);
    }
    let mut base = before.clone();
    let mut after = before.clone();
    let mut worktree = before.clone();
    for block in &example {
        match block.mark.as_str() {
            "before" => {}
            "base" => lay(&mut base, block),
            "untracked" => lay(&mut worktree, block),
            _ => {
                lay(&mut after, block);
                lay(&mut worktree, block);
            }
        }
    }
    let base = example.iter().any(|block| block.mark == "base").then_some(base);
    let mut repaired = after.clone();
    for block in blocks(page, "The same repaired") {
        lay(&mut repaired, &block);
    }
    (
        Play { before: before.clone(), after, base: base.clone(), worktree },
        Play { before, worktree: repaired.clone(), after: repaired, base },
    )
}

fn snapshot(files: &Files) -> MemorySnapshot {
    MemorySnapshot::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
}

/// A working directory made of texts.
struct Directory {
    snapshot: MemorySnapshot,
    leftovers: Vec<Leftover>,
}

impl Worktree for Directory {
    fn leftovers(&self, dirs: &[RepoPath]) -> Result<Vec<Leftover>, SnapshotError> {
        let below = |leftover: &&Leftover| dirs.iter().any(|dir| leftover.path.is_under(dir));
        Ok(self.leftovers.iter().filter(below).cloned().collect())
    }

    fn snapshot(&self) -> &dyn Snapshot {
        &self.snapshot
    }
}

/// What a check of the state finds.
fn findings(rule: RuleId, play: &Play) -> Vec<Finding> {
    let whole_state = rule.scope() == RuleScope::State || rule == RuleId::ExpiredAllowance;
    let after = snapshot(&play.after);
    let policy = Policy::load(&after).expect("a valid policy");
    let ids = |files: &Files| -> BTreeMap<RepoPath, ObjectId> {
        let snapshot = snapshot(files);
        snapshot.files().expect("files").iter().map(|entry| (entry.path.clone(), entry.id)).collect()
    };
    let old = if whole_state { BTreeMap::new() } else { ids(&play.before) };
    let new = ids(&play.after);
    let mut changed: Vec<ChangedPath> = old
        .keys()
        .chain(new.keys())
        .map(|path| ChangedPath { path: path.clone(), before: old.get(path).copied(), after: new.get(path).copied() })
        .filter(|changed| changed.before != changed.after)
        .collect();
    changed.sort_by(|a, b| a.path.cmp(&b.path));
    changed.dedup();
    let left = play.worktree.iter().filter(|(path, text)| play.after.get(*path) != Some(*text));
    let leftovers = left.map(|(path, _)| Leftover {
        path: RepoPath::new(path),
        kind: if play.after.contains_key(path) { LeftoverKind::Unstaged } else { LeftoverKind::Untracked },
    });
    let worktree = Directory { snapshot: snapshot(&play.worktree), leftovers: leftovers.collect() };
    let scope = match (&play.base, whole_state) {
        (_, true) => Scope::All { at: None },
        (Some(_), _) => Scope::Base { reference: "main".to_owned() },
        (None, _) => Scope::Staged,
    };
    let change = Change {
        scope,
        before: (!whole_state).then(|| Box::new(snapshot(&play.before)) as Box<dyn Snapshot>),
        after: Box::new(after),
        base_tip: play.base.as_ref().map(|files| Box::new(snapshot(files)) as Box<dyn Snapshot>),
        changed,
        worktree: Some(Box::new(worktree)),
        resolved_by: String::new(),
    };
    check(&change, &policy, Options { project: None, now: Some(NOW) }).expect("a report").findings
}

fn kind_of(rule: RuleId) -> EcosystemKind {
    let python = |block: &Block| RepoPath::new(&block.path).extension() == Some("py");
    let only_alembic = rule.ecosystems() == [EcosystemKind::Alembic];
    if only_alembic || blocks(&rule.page(), "Example that fails").iter().any(python) {
        EcosystemKind::Alembic
    } else {
        EcosystemKind::Prisma
    }
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{} {}: {}", finding.level.as_str(), finding.rule, finding.message)).collect()
}

#[test]
fn every_example_fails_by_its_rule_and_is_clean_when_repaired() {
    let mut wrong = Vec::new();
    for &rule in RuleId::ALL {
        let kind = kind_of(rule);
        if !ECOSYSTEMS.iter().any(|ecosystem| ecosystem.kind() == kind) {
            continue;
        }
        let (failing, repaired) = plays(&rule.page(), kind);
        let found = findings(rule, &failing);
        if !found.iter().any(|finding| finding.rule == rule) {
            wrong.push(format!("{rule}: the example is not found, but {:?}", told(&found)));
        }
        let left: Vec<Finding> = findings(rule, &repaired)
            .into_iter()
            .filter(|finding| finding.rule == rule || finding.level == Level::Error)
            .collect();
        if !left.is_empty() {
            wrong.push(format!("{rule}: the repaired example is not clean: {:?}", told(&left)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
