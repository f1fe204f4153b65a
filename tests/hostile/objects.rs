//! Objects of git itself: what is small in the repository and large once unpacked, and what git would not write.

use crate::harness::*;
use crate::projects::*;
use crate::support::TestRepo;

/// Runs a script of the shell in the repository; what it prints.
fn shell(repo: &TestRepo, script: &str) -> String {
    let output = repo.run_in(repo.root(), "sh", &["-ec", script]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Puts a blob of so many megabytes of zeros, which takes next to no room packed, in place of a file in the index.
fn bomb(repo: &TestRepo, megabytes: usize, path: &str) {
    let id = shell(
        repo,
        &format!(
            "head -c {megabytes}M /dev/zero | git -c core.compression=1 -c core.bigFileThreshold=1m hash-object -w --stdin"
        ),
    );
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{id},{path}")]);
}

/// Commits a tree whose folder `bomb` holds ten folders of ten folders of … one file: ten to the power of `depth` paths.
fn tree_bomb(repo: &TestRepo, depth: usize) {
    prisma_schema(repo, DRIFTED);
    repo.commit("drift");
    shell(
        repo,
        &format!(
            "blob=$(git hash-object -w prisma/schema.prisma)
             tree=$(for n in 0 1 2 3 4 5 6 7 8 9; do printf '100644 blob %s\\tf%s\\n' $blob $n; done | git mktree)
             for level in $(seq {depth}); do
                 tree=$(for n in 0 1 2 3 4 5 6 7 8 9; do printf '040000 tree %s\\td%s\\n' $tree $n; done | git mktree)
             done
             root=$( (git ls-tree HEAD; printf '040000 tree %s\\tbomb\\n' $tree) | git mktree)
             git reset --quiet --soft $(git commit-tree -p HEAD -m bomb $root)"
        ),
    );
}

#[test]
fn objects() {
    run_all(&[
        sized(
            "a schema that unpacks to 300 MB",
            |r| {
                prisma_schema(r, DRIFTED);
                bomb(r, 300, "prisma/schema.prisma");
            },
            1,
            &["schema.prisma"],
        ),
        sized(
            "a migration that unpacks to 300 MB",
            |r| {
                prisma_schema(r, DRIFTED);
                bomb(r, 300, "prisma/migrations/20240102000000_next/migration.sql");
            },
            1,
            &["migration.sql"],
        ),
        sized(
            "a policy that unpacks to 300 MB",
            |r| {
                prisma_schema(r, DRIFTED);
                bomb(r, 300, "driftgate.toml");
            },
            2,
            &["driftgate.toml"],
        ),
        sized(
            "a revision that unpacks to 300 MB",
            |r| {
                revision(r, "pass");
                bomb(r, 300, "migrations/versions/0002_next.py");
            },
            1,
            &["0002_next.py"],
        ),
        sized(
            "twenty migrations that unpack to 30 MB",
            |r| {
                prisma_schema(r, DRIFTED);
                for n in 0..20 {
                    bomb(r, 30, &format!("prisma/migrations/202402010000{n:02}_m/migration.sql"));
                }
            },
            1,
            &["migration.sql"],
        ),
        sized("ten thousand million paths in one commit", |r| tree_bomb(r, 9), 2, &[]).asked(&["check", "--from", "HEAD~2", "--to", "HEAD"]),
        sized("a million paths in one commit", |r| tree_bomb(r, 5), 2, &["300000"]).asked(&["check", "--from", "HEAD~2", "--to", "HEAD"]),
        sized("ten thousand million paths: the whole state", |r| tree_bomb(r, 9), 2, &[]).asked(&["check", "--all", "--at", "HEAD"]),
        sized("ten thousand million paths: staged after it", |r| tree_bomb(r, 9), 2, &[]).asked(&["check", "--staged"]),
        sized("ten thousand million paths: the history", |r| tree_bomb(r, 9), 2, &[]).asked(&["history"]),
        sized(
            "three hundred thousand files",
            |r| {
                prisma_schema(r, DRIFTED);
                let blob = r.git(&["hash-object", "-w", "prisma/schema.prisma"]);
                let lines = many(300_000, |n| format!("100644 {blob}\tfiles/d{}/x{n}.py\n", n / 1_000));
                std::fs::write(r.beside("lines"), lines).unwrap();
                shell(r, "git update-index --index-info < ../lines");
            },
            2,
            &["300000"],
        ),
        row(
            "a commit whose tree is a blob",
            |r| {
                prisma_base(r);
                shell(
                    r,
                    "blob=$(git hash-object -w prisma/schema.prisma)
                     commit=$(printf 'tree %s\\nauthor a <a> 0 +0000\\ncommitter a <a> 0 +0000\\n\\nx\\n' $blob | git hash-object -t commit -w --stdin --literally)
                     printf '%s\\n' $commit > .git/refs/heads/odd",
                );
            },
            2,
            &[],
        )
        .asked(&["check", "--from", "main", "--to", "odd"]),
        row(
            "a tree that names .git and ..",
            |r| {
                prisma_schema(r, DRIFTED);
                r.commit("drift");
                shell(
                    r,
                    "blob=$(git hash-object -w prisma/schema.prisma)
                     inner=$(printf '100644 blob %s\\tconfig\\n' $blob | git mktree)
                     raw=$(printf '%s' $inner | sed 's/../\\\\x&/g')
                     odd=$(printf \"40000 ..\\\\0$raw\" | git hash-object -t tree -w --stdin --literally)
                     root=$( (git ls-tree HEAD; printf '040000 tree %s\\tzz\\n' $odd) | git mktree)
                     git reset --quiet --soft $(git commit-tree -p HEAD -m odd $root)",
                );
            },
            1,
            &[],
        )
        .asked(&["check", "--from", "HEAD~2", "--to", "HEAD"]),
    ]);
}

#[test]
fn walks() {
    run_all(&[
        sized(
            "a commit of two hundred parents, asked for its history",
            |r| {
                prisma_schema(r, DRIFTED);
                r.commit("drift");
                shell(
                    r,
                    "tree=$(git rev-parse HEAD^{tree}); parents=
                     for n in $(seq 200); do parents=\"$parents -p $(git commit-tree -p HEAD -m $n $tree)\"; done
                     git reset --quiet --soft $(git commit-tree $parents -m all $tree)",
                );
            },
            1,
            &[],
        )
        .asked(&["check", "--from", "HEAD~3", "--to", "HEAD"]),
        row(
            "a message and an author that command terminals",
            |r| {
                prisma_schema(r, DRIFTED);
                shell(
                    r,
                    "git -c user.name=x commit --quiet --author \"$(printf 'a\\033[2J\\342\\200\\256 <x@y>')\" -m \"$(printf '::add-mask::x\\n\\033]0;t\\007 %%0A::error::\\342\\200\\256')\"",
                );
            },
            1,
            &[],
        )
        .asked(&["history"]),
    ]);
}
