//! The schema language.

use crate::harness::*;
use crate::projects::*;

#[test]
fn schema_language() {
    run_all(&[
        row(
            "lists in lists",
            |r| {
                prisma_schema(
                    r,
                    &DRIFTED.replace("String?", &format!("String? @default({})", nested(200_000, "[", "1", "]"))),
                );
            },
            1,
            &[],
        ),
        row(
            "calls in calls",
            |r| {
                prisma_schema(
                    r,
                    &DRIFTED.replace("String?", &format!("String? @default({})", nested(200_000, "f(", "1", ")"))),
                );
            },
            1,
            &[],
        ),
        row(
            "blocks in blocks",
            |r| prisma_schema(r, &format!("{DRIFTED}{}", nested(200_000, "model A {\n", "", "}\n"))),
            1,
            &[],
        ),
        row(
            "one line of 20 MB",
            |r| prisma_schema(r, &format!("// {}\n{DRIFTED}", "x".repeat(20 << 20))),
            1,
            &["nick"],
        ),
        sized("one name of 20 MB", |r| prisma_schema(r, &DRIFTED.replace("nick ", &"n".repeat(20 << 20))), 1, &[]),
        row(
            "a file of 33 MB",
            |r| prisma_schema(r, &format!("{}{DRIFTED}", "// x\n".repeat(7_000_000))),
            1,
            &["schema.prisma"],
        ),
        row(
            "attributes without end",
            |r| prisma_schema(r, &DRIFTED.replace("String?", &format!("String? {}", "@x".repeat(500_000)))),
            1,
            &[],
        ),
        row(
            "twenty thousand models",
            |r| {
                prisma_schema(
                    r,
                    &format!("{DRIFTED}{}", many(20_000, |n| format!("model M{n} {{\n  id Int @id\n}}\n"))),
                );
            },
            1,
            &["nick"],
        ),
        row(
            "one model twenty thousand times",
            |r| prisma_schema(r, &format!("{DRIFTED}{}", "model M {\n  id Int @id\n}\n".repeat(20_000))),
            1,
            &[],
        ),
        sized(
            "twenty thousand relations of two models",
            |r| {
                prisma_schema(
                    r,
                    &format!(
                        "{DRIFTED}model A {{\n  id Int @id\n{}}}\nmodel B {{\n  id Int @id\n{}}}\n",
                        many(5_000, |n| format!("  b{n} B @relation(\"r{n}\", fields: [id], references: [id])\n")),
                        many(5_000, |n| format!("  a{n} A[] @relation(\"r{n}\")\n"))
                    ),
                );
            },
            1,
            &[],
        ),
        row(
            "an enum of a hundred thousand values",
            |r| prisma_schema(r, &format!("{DRIFTED}enum E {{\n{}}}\n", many(100_000, |n| format!("  V{n}\n")))),
            1,
            &["nick"],
        ),
        row("zero bytes", |r| prisma_schema(r, &format!("\0\0{DRIFTED}")), 1, &[]),
        row(
            "names that command terminals",
            |r| prisma_schema(r, &DRIFTED.replace("nick ", "nick\u{1b}]0;x\u{7}\u{202e}\r ")),
            1,
            &[],
        ),
        row(
            "mapped names that command workflows",
            |r| {
                prisma_schema(
                    r,
                    &DRIFTED.replace("String?", "String? @map(\"x\\n::add-mask::y\\u001b[2J%0A::error::\\u202e\")"),
                );
            },
            1,
            &[],
        )
        .asked(&["check", "--format", "github"]),
    ]);
}
