//! Names that command terminals and workflows.

use std::os::unix::ffi::OsStrExt as _;

use crate::harness::*;
use crate::projects::*;
use crate::support::TestRepo;

/// Names that no one should print as they are; git takes them all.
const NAMES: [&[u8]; 8] = [
    b"20240102000000_a\nb",
    b"20240102000001_\x1b]0;title\x07\x1b[2J",
    b"20240102000002_%0A::add-mask::secret",
    b"20240102000003_\n::add-mask::secret",
    "20240102000004_\u{202e}gpj\u{2066}".as_bytes(),
    b"20240102000005_\xff\xfe\xc3",
    b"20240102000006_<script>|`**[x](y)",
    b"20240102000007_\r\t\x7f",
];

fn wild_names(repo: &TestRepo) {
    prisma_base(repo);
    repo.write("prisma/schema.prisma", &format!("{DATASOURCE}{DRIFTED}"));
    for name in NAMES {
        let dir = repo.root().join("prisma/migrations").join(std::ffi::OsStr::from_bytes(name));
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("migration.sql"), "DROP TABLE nothing;\nSELEC 1;\n").unwrap();
    }
    repo.add();
    // One more that is not staged.
    let dir = repo
        .root()
        .join("prisma/migrations")
        .join(std::ffi::OsStr::from_bytes(b"20240103000000_\n::stop-commands::x\x1b[31m"));
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("migration.sql"), "").unwrap();
}

#[test]
fn names() {
    run_all(&[
        row("names: full", wild_names, 1, &["20240102000000_a"]),
        row("names: concise", wild_names, 1, &["20240102000000_a"]).asked(&["check", "--format", "concise"]),
        row("names: github", wild_names, 1, &["::error"]).asked(&["check", "--format", "github"]),
        row("names: gitlab", wild_names, 1, &["fingerprint"]).asked(&["check", "--format", "gitlab"]),
        row("names: json", wild_names, 1, &["20240102000000_a"]).asked(&["check", "--format", "json"]),
        row("names: sarif", wild_names, 1, &["20240102000000_a"]).asked(&["check", "--format", "sarif"]),
        row("names: markdown", wild_names, 1, &["nick"]).asked(&["check", "--format", "markdown"]),
        row("names: graph", wild_names, 0, &["20240102000000_a"]).asked(&["graph"]),
        row("names: diff", wild_names, 2, &["does not exist"]).asked(&["diff"]),
    ]);
}
