//! Policies, workflows and other documents.

use crate::harness::*;
use crate::projects::*;
use crate::support::TestRepo;

/// A change that drifts, under a policy.
fn policy(repo: &TestRepo, text: &str) {
    prisma_schema(repo, DRIFTED);
    repo.write("driftgate.toml", text).add();
}

#[test]
fn policies_and_documents() {
    run_all(&[
        row("policy: a regex that explodes", |r| policy(r, "[naming]\npattern = '^((a+)+)+$'\n"), 1, &["nick"]),
        row(
            "policy: a regex of great size",
            |r| policy(r, "[naming]\npattern = '((((a{1000}){1000}){1000}){1000})'\n"),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: a regex that nests",
            |r| policy(r, &format!("[naming]\npattern = '{}'\n", nested(100_000, "(", "a", ")"))),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: a glob that explodes",
            |r| policy(r, &format!("exclude = ['{}x']\n", "**/*a*".repeat(100))),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: a glob of alternatives",
            |r| policy(r, &format!("exclude = ['{}']\n", "{a,b,c}".repeat(100))),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: a glob that nests",
            |r| policy(r, &format!("exclude = ['{}']\n", nested(100_000, "{a,", "b", "}"))),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: ten thousand globs",
            |r| policy(r, &format!("exclude = [{}]\n", many(10_000, |n| format!("'**/a{n}/**/*b*',")))),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: arrays in arrays",
            |r| policy(r, &format!("exclude = {}\n", nested(100_000, "[", "1", "]"))),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: tables in tables",
            |r| policy(r, &format!("rules = {}\n", nested(100_000, "{a = ", "1", "}"))),
            2,
            &["driftgate.toml"],
        ),
        row(
            "policy: a key of a hundred thousand parts",
            |r| policy(r, &format!("a{} = 1\n", ".a".repeat(100_000))),
            2,
            &["driftgate.toml"],
        ),
        sized(
            "policy: a hundred thousand allowances",
            |r| {
                policy(
                    r,
                    &"[[allow]]\nrule = 'uncovered-change'\nreason = 'a reason that is long'\nuntil = 2020-01-01\n"
                        .repeat(100_000),
                );
            },
            2,
            &["driftgate.toml"],
        ),
        row("policy: of 33 MB", |r| policy(r, &"#   x\n".repeat(7_000_000)), 2, &["driftgate.toml"]),
        row(
            "policy: a link out of the tree",
            |r| {
                prisma_schema(r, DRIFTED);
                std::os::unix::fs::symlink("/etc/passwd", r.root().join("driftgate.toml")).unwrap();
                r.add();
            },
            2,
            &["driftgate.toml"],
        ),
        row(
            "workflows: lists in lists",
            |r| {
                prisma_schema(r, DRIFTED);
                r.write(".github/workflows/a.yml", &format!("jobs:\n  a: {}\n", nested(200_000, "[", "x", "]")));
                r.write(".github/workflows/b.yml", &many(3_000, |n| format!("{}a:\n", " ".repeat(n)))).add();
            },
            1,
            &["nick"],
        ),
        row(
            "workflows: aliases of aliases",
            |r| {
                prisma_schema(r, DRIFTED);
                r.write(
                    ".github/workflows/a.yml",
                    &format!(
                        "a0: &a0 prisma db push\n{}",
                        many(60, |n| format!("a{}: &a{} [*a{n}, *a{n}]\n", n + 1, n + 1))
                    ),
                )
                .add();
            },
            1,
            &["nick"],
        ),
        row(
            "package.json: objects in objects",
            |r| {
                prisma_schema(r, DRIFTED);
                r.write("package.json", &format!("{{\"prisma\": {}}}", nested(200_000, "{\"a\": ", "1", "}"))).add();
            },
            1,
            &["nick"],
        ),
        row(
            "package.json: a schema out of the tree",
            |r| {
                prisma_schema(r, DRIFTED);
                r.write("package.json", "{\"prisma\": {\"schema\": \"../../../../etc/passwd\"}}").add();
            },
            1,
            &[],
        ),
        row(
            ".gitignore: patterns that explode",
            |r| {
                prisma_schema(r, DRIFTED);
                r.write(".gitignore", &format!("{}b\n", "**/*a*".repeat(200)));
                r.write(
                    "prisma/migrations/20240103000000_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/x",
                    "",
                );
                r.git(&["add", "prisma/schema.prisma"]);
            },
            1,
            &["nick"],
        ),
        row(
            ".gitattributes and .gitmodules that are folders",
            |r| {
                prisma_schema(r, DRIFTED);
                r.write(".gitattributes/x", "").write(".gitmodules2/x", "").add();
            },
            1,
            &["nick"],
        ),
    ]);
}
