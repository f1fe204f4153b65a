//! Schemas and migrations that are symbolic links: what they lead to is what is judged.

use crate::passes::{FIRST, SCHEMA, SECOND, SECOND_PATH, check, project, stopped_by, wider};
use crate::support::TestRepo;

fn link(repo: &TestRepo, target: &str, path: &str) {
    let place = repo.root().join(path);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    if place.symlink_metadata().is_ok() {
        std::fs::remove_file(&place).unwrap();
    }
    std::os::unix::fs::symlink(target, place).unwrap();
}

/// A project whose schema is a link to `shared/schema.prisma`.
fn linked() -> TestRepo {
    let repo = project();
    repo.write("shared/schema.prisma", SCHEMA);
    link(&repo, "../shared/schema.prisma", "prisma/schema.prisma");
    repo.commit("link");
    repo
}

#[test]
fn a_schema_that_is_edited_behind_its_link_is_stopped() {
    let repo = linked();
    assert_eq!(stopped_by(&repo, &["--all"]), [""; 0]);
    repo.write("shared/schema.prisma", &wider()).add();
    assert_eq!(stopped_by(&repo, &["--staged"]), ["missing-migration"]);
    assert_eq!(stopped_by(&repo, &["--worktree"]), ["missing-migration"]);
    repo.write(SECOND_PATH, SECOND).add();
    assert_eq!(stopped_by(&repo, &["--staged"]), [""; 0]);
}

#[test]
fn links_are_followed_one_after_the_other() {
    let repo = linked();
    link(&repo, "schema.prisma", "shared/other.prisma");
    link(&repo, "../shared/other.prisma", "prisma/schema.prisma");
    let base = repo.commit("two links");
    repo.write("shared/schema.prisma", &wider()).commit("drift");
    assert_eq!(stopped_by(&repo, &["--from", &base, "--to", "HEAD"]), ["missing-migration"]);
}

#[test]
fn a_link_to_another_schema_is_a_change_of_the_schema() {
    let repo = linked();
    repo.write("shared/wide.prisma", &wider()).commit("another");
    link(&repo, "../shared/wide.prisma", "prisma/schema.prisma");
    repo.add();
    assert!(stopped_by(&repo, &["--staged"]).contains(&"missing-migration".to_owned()));
}

#[test]
fn a_schema_that_becomes_a_link_to_itself_elsewhere_is_no_change() {
    let repo = project();
    repo.write("shared/schema.prisma", SCHEMA);
    link(&repo, "../shared/schema.prisma", "prisma/schema.prisma");
    repo.add();
    assert_eq!(stopped_by(&repo, &["--staged"]), [""; 0]);
}

#[test]
fn migrations_behind_a_link_are_the_projects_own() {
    let repo = TestRepo::new();
    repo.write("prisma/schema.prisma", SCHEMA);
    repo.write("db/all/migration_lock.toml", "provider = \"postgresql\"\n");
    repo.write("db/all/20240101000000_init/migration.sql", FIRST);
    link(&repo, "../db/all", "prisma/migrations");
    repo.commit("base");
    repo.write("prisma/schema.prisma", &wider()).add();
    assert_eq!(stopped_by(&repo, &["--staged"]), ["missing-migration"]);
    repo.write("db/all/20240102000000_nick/migration.sql", SECOND).add();
    assert_eq!(stopped_by(&repo, &["--staged"]), [""; 0]);
}

#[test]
fn what_is_edited_behind_a_link_that_is_not_followed_is_told() {
    let repo = project();
    repo.write("sql/nick.sql", SECOND);
    link(&repo, "../../../sql/nick.sql", SECOND_PATH);
    repo.commit("base");
    repo.write("sql/nick.sql", "-- nothing\n").write("sql/other.sql", "-- nothing\n").add();
    let output = check(&repo, &["--staged"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("the change edits sql/nick.sql, which the project reads as prisma/migrations"), "{text}");
    assert!(!text.contains("sql/other.sql"), "{text}");
}

#[test]
fn a_link_that_leaves_the_tree_or_goes_round_is_unreadable() {
    for target in ["../../elsewhere/schema.prisma", "/etc/passwd", "schema.prisma"] {
        let repo = linked();
        link(&repo, target, "prisma/schema.prisma");
        repo.add();
        assert!(stopped_by(&repo, &["--staged"]).contains(&"unreadable-source".to_owned()), "{target}");
    }
}
