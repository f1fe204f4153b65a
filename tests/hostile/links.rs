//! Links and odd files.

use crate::harness::*;
use crate::projects::*;
use crate::support::TestRepo;

fn link(repo: &TestRepo, target: &str, path: &str) {
    let place = repo.root().join(path);
    if place.symlink_metadata().is_ok_and(|found| found.is_file()) {
        std::fs::remove_file(&place).unwrap();
    }
    std::os::unix::fs::symlink(target, place).unwrap();
}

#[test]
fn links_and_odd_files() {
    run_all(&[
        row(
            "links: a schema that is a link to itself",
            |r| {
                prisma_base(r);
                link(r, "schema.prisma", "prisma/schema.prisma");
                r.add();
            },
            1,
            &["schema.prisma"],
        ),
        row(
            "links: a schema out of the tree",
            |r| {
                prisma_base(r);
                link(r, "/etc/passwd", "prisma/schema.prisma");
                r.add();
            },
            1,
            &["schema.prisma"],
        ),
        row(
            "links: migrations that lead back",
            |r| {
                prisma_schema(r, DRIFTED);
                link(r, "..", "prisma/migrations/20240102000000_up");
                link(r, "20240103000000_round", "prisma/migrations/20240103000000_round");
                r.add();
            },
            1,
            &["nick"],
        ),
        row(
            "links: a migration out of the tree",
            |r| {
                prisma_sql(r, "");
                link(r, "/dev/zero", "prisma/migrations/20240102000000_next/migration.sql");
                r.add();
            },
            1,
            &[],
        ),
        row(
            "links: models that are a link",
            |r| {
                alembic_base(r);
                link(r, "/dev/zero", "app/models.py");
                r.add();
            },
            1,
            &[],
        ),
        row(
            "a pipe among the migrations",
            |r| {
                prisma_schema(r, DRIFTED);
                r.git(&["status", "--short"]);
                let made = r.run_in(r.root(), "mkfifo", &["prisma/migrations/pipe", ".gitignore"]);
                assert!(made.status.success());
            },
            1,
            &["nick"],
        ),
        row(
            "a pipe in place of a tracked file",
            |r| {
                prisma_schema(r, DRIFTED);
                let sql = "prisma/migrations/20240101000000_init/migration.sql";
                r.remove(sql);
                assert!(r.run_in(r.root(), "mkfifo", &[sql]).status.success());
            },
            1,
            &["nick"],
        ),
        row(
            "folders two thousand deep",
            |r| {
                prisma_schema(r, DRIFTED);
                // The index alone: the file system has no path as long as this.
                let blob = r.git(&["hash-object", "-w", "prisma/schema.prisma"]);
                let path = format!("{}schema.prisma", "a/".repeat(1_500));
                r.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")]);
            },
            2,
            &["1024"],
        ),
        sized(
            "thirty thousand files in one folder",
            |r| {
                prisma_schema(r, DRIFTED);
                let blob = r.git(&["hash-object", "-w", "prisma/schema.prisma"]);
                let lines = many(30_000, |n| format!("100644 {blob}\tprisma/migrations/x{n}\n"));
                std::fs::write(r.beside("lines"), lines).unwrap();
                let made = r.run_in(r.root(), "sh", &["-c", "git update-index --index-info < ../lines"]);
                assert!(made.status.success());
            },
            1,
            &["nick"],
        ),
    ]);
}
