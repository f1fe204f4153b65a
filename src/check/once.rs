//! What both sides of a change, and the commits of a walk, have in common is parsed once: counted, over real git.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::walk::{self, Bounds};
use super::{Options, check};
use crate::alembic::python::PARSED;
use crate::git::{Change, Env, Repository, Scope, ScopeRequest};
use crate::policy::Policy;

/// A project of Alembic: `env.py` takes its models from two modules, which share a third, and a revision imports a helper.
const PROJECT: [(&str, &str); 9] = [
    ("alembic.ini", "[alembic]\nscript_location = alembic\nsqlalchemy.url = postgresql://localhost/x\n"),
    (
        "alembic/env.py",
        "from alembic import context\nfrom app import tag, user\nfrom app.base import Base\n\n\
         context.configure(connection=None, target_metadata=Base.metadata)\n",
    ),
    ("alembic/script.py.mako", ""),
    (
        "alembic/versions/a1_users.py",
        "revision = 'a1'\ndown_revision = None\n\nfrom alembic import op\nimport sqlalchemy as sa\n\n\ndef upgrade():\n    op.create_table('user', sa.Column('id', sa.Integer(), primary_key=True))\n",
    ),
    (
        "alembic/versions/b2_tags.py",
        "revision = 'b2'\ndown_revision = 'a1'\n\nfrom app.helper import tags\n\n\ndef upgrade():\n    tags()\n",
    ),
    (
        "app/base.py",
        "import sqlalchemy as sa\nfrom sqlalchemy.orm import declarative_base\n\n\
         Base = declarative_base(metadata=sa.MetaData(naming_convention={'pk': 'pk_%(table_name)s'}))\n",
    ),
    (
        "app/helper.py",
        "import sqlalchemy as sa\nfrom alembic import op\n\n\ndef tags():\n    op.create_table('tag', sa.Column('id', sa.Integer(), primary_key=True))\n",
    ),
    (
        "app/tag.py",
        "import sqlalchemy as sa\nfrom .base import Base\n\n\nclass Tag(Base):\n    __tablename__ = 'tag'\n    id = sa.Column(sa.Integer, primary_key=True)\n",
    ),
    ("app/user.py", USER),
];

const USER: &str = "import sqlalchemy as sa\nfrom .base import Base\n\n\nclass User(Base):\n    __tablename__ = 'user'\n    id = sa.Column(sa.Integer, primary_key=True)\n";

/// The same project a column later.
fn next() -> [(&'static str, String); 2] {
    let model = format!("{USER}    name = sa.Column(sa.String(40))\n");
    let revision = "revision = 'c3'\ndown_revision = 'b2'\n\nfrom alembic import op\nimport sqlalchemy as sa\n\n\ndef upgrade():\n    op.add_column('user', sa.Column('name', sa.String(40)))\n";
    [("app/user.py", model), ("alembic/versions/c3_name.py", revision.to_owned())]
}

fn git(root: &Path, args: &[&str]) {
    let configuration = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(configuration).args(args).current_dir(root).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn write<'a>(root: &Path, files: impl IntoIterator<Item = (&'a str, &'a str)>) {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    git(root, &["add", "--all"]);
}

fn repository() -> (tempfile::TempDir, std::path::PathBuf, Env) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    git(&root, &["init", "--quiet", "--initial-branch=main"]);
    write(&root, PROJECT);
    git(&root, &["commit", "--quiet", "--message", "base"]);
    let env = Env::new([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")]);
    (dir, root, env)
}

/// How often each text of each file was parsed while something ran, and what that gave.
fn parses<T>(run: impl FnOnce() -> T) -> (BTreeMap<String, usize>, T) {
    PARSED.with(|parsed| parsed.borrow_mut().clear());
    let answer = run();
    let mut counts = BTreeMap::new();
    for source in PARSED.with(std::cell::RefCell::take) {
        *counts.entry(format!("{}, {} bytes", source.0, source.1)).or_default() += 1;
    }
    (counts, answer)
}

fn assert_once(counts: &BTreeMap<String, usize>, texts: usize) {
    let twice: Vec<_> = counts.iter().filter(|&(_, &count)| count != 1).collect();
    assert!(twice.is_empty(), "parsed more than once: {twice:?}");
    assert_eq!(counts.len(), texts, "{counts:?}");
}

#[test]
fn a_change_parses_what_its_sides_share_once() {
    let (_dir, root, env) = repository();
    write(&root, next().iter().map(|(path, text)| (*path, text.as_str())));
    let change = Change::load(ScopeRequest::Given(Scope::Staged), &root, &env).unwrap();
    let (counts, report) = parses(|| check(&change, &Policy::default(), Options::default()).unwrap());
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    // Seven files of Python at first, then a model edited and a revision added.
    assert_once(&counts, 9);
}

#[test]
fn a_walk_parses_what_its_commits_share_once() {
    let (_dir, root, env) = repository();
    for column in ["x", "y", "z"] {
        write(&root, [("app/user.py", format!("{USER}    {column} = sa.Column(sa.Integer)\n").as_str())]);
        git(&root, &["commit", "--quiet", "--message", column]);
    }
    write(&root, next().iter().map(|(path, text)| (*path, text.as_str())));
    git(&root, &["commit", "--quiet", "--message", "name"]);
    let repository = Repository::open(&root, &env).unwrap();
    let walk =
        || walk::walk(&repository, "HEAD", &Bounds::default(), &Policy::default(), None, &mut |_, _| {}).unwrap();
    let (counts, record) = parses(walk);
    assert_eq!(record.projects.len(), 1);
    // x, y and z have texts of one length: they are one line of the count, parsed three times.
    let thrice = format!("app/user.py, {} bytes", USER.len() + "    x = sa.Column(sa.Integer)\n".len());
    let mut counts = counts;
    assert_eq!(counts.remove(&thrice), Some(3));
    assert_once(&counts, 9);
}
