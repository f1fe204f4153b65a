//! What both sides of a change have in common is unpacked once and parsed once.

use std::sync::Arc;

use driftgate::git::Snapshot;
use driftgate::prisma::Prisma;
use driftgate::project::Ecosystem as _;
use driftgate::source::RepoPath;

use crate::support::TestRepo;

#[test]
fn a_migration_of_both_sides_is_one_text_and_one_script() {
    let repo = TestRepo::new();
    let migration = |number: usize| format!("prisma/migrations/2024010100000{number}_m/migration.sql");
    repo.write(
        "prisma/schema.prisma",
        "datasource db {\n  provider = \"postgresql\"\n}\n\nmodel a {\n  id Int @id\n}\n",
    );
    repo.write("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
    repo.write(&migration(0), "CREATE TABLE a (id int PRIMARY KEY);\n");
    repo.write(&migration(1), "ALTER TABLE a ADD COLUMN b int;\n");
    repo.commit("base");
    repo.write(&migration(2), "ALTER TABLE a DROP COLUMN b;\n").add();

    let change = repo.staged();
    let projects = Prisma.discover(&*change.after, &[]).unwrap();
    let project = projects.first().unwrap();
    let before: &dyn Snapshot = &**change.before.as_ref().unwrap();
    let old = Prisma.history(project, before).unwrap();
    let new = Prisma.history(project, &*change.after).unwrap();

    assert_eq!((old.migrations.len(), new.migrations.len()), (2, 3));
    for (old, new) in old.migrations.iter().zip(&new.migrations) {
        assert!(Arc::ptr_eq(old.source.as_ref().unwrap(), new.source.as_ref().unwrap()), "{}: unpacked twice", old.id);
        assert!(Arc::ptr_eq(&old.script, &new.script), "{}: parsed twice", old.id);
    }
}

#[test]
fn a_text_that_nobody_holds_may_go_and_comes_back_the_same() {
    let repo = TestRepo::new();
    let path = |number: usize| RepoPath::new(format!("large/{number}.txt"));
    // More than is kept for nobody.
    for number in 0..4 {
        repo.write(path(number).as_str(), &format!("{number}\n").repeat(6 << 20));
    }
    repo.commit("large");
    let change = repo.staged();
    let held = change.after.read(&path(0)).unwrap().text().unwrap();
    for number in 1..4 {
        let text = change.after.read(&path(number)).unwrap().text().unwrap();
        assert!(text.text().starts_with(&format!("{number}\n")));
    }
    let again = change.after.read(&path(0)).unwrap().text().unwrap();
    assert!(Arc::ptr_eq(&held, &again), "what is held is not unpacked anew");
    assert!(change.after.read(&path(1)).unwrap().text().unwrap().text().starts_with("1\n"));
}
