//! Python that nests, and what holds it.

use crate::harness::*;
use crate::projects::*;

#[test]
fn python_that_nests() {
    run_all(&[
        row("parentheses", |r| models(r, &format!("x = {}", nested(100_000, "(", "1", ")"))), 1, &[]),
        row("lists", |r| models(r, &format!("x = {}", nested(100_000, "[", "1", "]"))), 0, &["not judged"]),
        row("dictionaries", |r| models(r, &format!("x = {}", nested(100_000, "{1: ", "1", "}"))), 0, &["not judged"]),
        row("calls", |r| models(r, &format!("x = {}", nested(100_000, "f(", "1", ")"))), 0, &["not judged"]),
        row("lambdas", |r| models(r, &format!("x = {}1", "lambda: ".repeat(100_000))), 0, &["not judged"]),
        row("not", |r| models(r, &format!("x = {}1", "not ".repeat(100_000))), 0, &["not judged"]),
        row("minus", |r| models(r, &format!("x = {}1", "-".repeat(100_000))), 0, &["not judged"]),
        row("a sum", |r| models(r, &format!("x = 1{}", "+1".repeat(100_000))), 1, &[]),
        row("powers", |r| models(r, &format!("x = 1{}", "**1".repeat(100_000))), 0, &["not judged"]),
        row("conditions", |r| models(r, &format!("x = {}1", "1 if 0 else ".repeat(100_000))), 0, &["not judged"]),
        row("attributes", |r| models(r, &format!("x = sa{}", ".a".repeat(100_000))), 0, &["not judged"]),
        row("subscripts", |r| models(r, &format!("x = sa{}", "[0]".repeat(100_000))), 0, &["not judged"]),
        row("calls of calls", |r| models(r, &format!("x = sa{}", "()".repeat(100_000))), 0, &["not judged"]),
        row("f-strings", |r| models(r, &format!("x = {}", nested(200, "f'{", "1", "}'"))), 1, &[]),
        row("walruses", |r| models(r, &format!("x = {}", nested(50_000, "(y := ", "1", ")"))), 0, &["not judged"]),
        row(
            "blocks",
            |r| {
                models(
                    r,
                    &format!("{}{}pass", many(2_000, |n| format!("{}if 1:\n", " ".repeat(n))), " ".repeat(2_000)),
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "functions",
            |r| {
                models(
                    r,
                    &format!("{}{}pass", many(2_000, |n| format!("{}def f():\n", " ".repeat(n))), " ".repeat(2_000)),
                );
            },
            1,
            &[],
        ),
        row("elif", |r| models(r, &format!("if 0:\n    pass\n{}", "elif 0:\n    pass\n".repeat(50_000))), 1, &[]),
        row("decorators", |r| models(r, &format!("{}def f():\n    pass", "@a\n".repeat(50_000))), 1, &[]),
        row(
            "patterns",
            |r| models(r, &format!("match 1:\n    case {}:\n        pass", nested(50_000, "[", "1", "]"))),
            1,
            &[],
        ),
        sized(
            "classes of classes",
            |r| {
                models(
                    r,
                    &format!(
                        "class C0:\n    pass\n{}",
                        many(3_000, |n| format!("class C{}(C{n}):\n    pass\n", n + 1))
                    ),
                );
            },
            1,
            &["nick"],
        ),
        row(
            "diamonds of classes",
            |r| {
                models(
                    r,
                    &format!(
                        "class A0: pass\n{}",
                        many(60, |n| format!(
                            "class B{n}(A{n}): pass\nclass C{n}(A{n}): pass\nclass A{}(B{n}, C{n}): pass\n",
                            n + 1
                        ))
                    ),
                );
            },
            1,
            &["nick"],
        ),
        row(
            "annotations",
            |r| {
                models(
                    r,
                    &format!(
                        "class M(Base):\n    __tablename__ = 'm'\n    id: {} = 1",
                        nested(50_000, "Mapped[", "int", "]")
                    ),
                );
            },
            1,
            &[],
        ),
        row(
            "a quoted annotation of quotes",
            |r| {
                models(
                    r,
                    &format!(
                        "class M(Base):\n    __tablename__ = 'm'\n    id: '{}' = 1",
                        nested(50_000, "Mapped[", "int", "]")
                    ),
                );
            },
            1,
            &[],
        ),
        row(
            "types of types",
            |r| {
                models(
                    r,
                    &format!(
                        "class M(Base):\n    __tablename__ = 'm'\n    id = sa.Column({}, primary_key=True)",
                        nested(5_000, "sa.ARRAY(", "sa.Integer", ")")
                    ),
                );
            },
            1,
            &[],
        ),
        row(
            "modules that import each other",
            |r| {
                models(r, "from app.a import *");
                r.write("app/a.py", "from app.b import *\nfrom app.models import Base")
                    .write("app/b.py", "from app.a import *\nimport app.models")
                    .add();
            },
            1,
            &["nick"],
        ),
        row(
            "a chain of three thousand modules",
            |r| {
                models(r, "from app import m0");
                for n in 0..3_000 {
                    r.write(
                        &format!("app/m{n}.py"),
                        &format!("from app import m{}\nfrom app.models import Base\n", n + 1),
                    );
                }
                r.add();
            },
            1,
            &[],
        ),
        row("one line of 20 MB", |r| models(r, &format!("x = '{}'", "x".repeat(20 << 20))), 1, &["models.py"]),
        sized("three million lines", |r| models(r, &"x=1\n".repeat(900_000)), 1, &[]),
        row("a file of 33 MB", |r| models(r, &"#  x\n".repeat(7_000_000)), 1, &["models.py"]),
        row("zero bytes", |r| models(r, "x = '\0'\n\0"), 1, &[]),
        row(
            "a revision that comes after itself",
            |r| {
                revision(r, "pass");
                r.write(
                    "migrations/versions/0003.py",
                    "revision = '0003'\ndown_revision = ('0003', '0002', '0004')\ndef upgrade(): pass\n",
                );
                r.write(
                    "migrations/versions/0004.py",
                    "revision = '0004'\ndown_revision = '0003'\ndef upgrade(): pass\n",
                )
                .add();
            },
            1,
            &["cycle"],
        ),
        row(
            "revisions that branch and merge sixty times",
            |r| {
                alembic_base(r);
                let mut last = "0001".to_owned();
                for n in 0..60 {
                    for side in ["a", "b"] {
                        r.write(
                            &format!("migrations/versions/{side}{n}.py"),
                            &format!("revision = '{side}{n}'\ndown_revision = '{last}'\ndef upgrade(): pass\n"),
                        );
                    }
                    r.write(
                        &format!("migrations/versions/m{n}.py"),
                        &format!("revision = 'm{n}'\ndown_revision = ('a{n}', 'b{n}')\ndef upgrade(): pass\n"),
                    );
                    last = format!("m{n}");
                }
                r.write("app/models.py", &format!("{MODELS}{NICK}")).add();
            },
            1,
            &["nick"],
        ),
        row(
            "an ini file that grows",
            |r| {
                models(r, "");
                let lines = many(60, |n| format!("a{} = %(a{n})s%(a{n})s\n", n + 1));
                r.write("alembic.ini", &format!("[alembic]\na0 = x\n{lines}script_location = migrations\nversion_locations = %(a60)s\nprepend_sys_path = .\nsqlalchemy.url = postgresql://x/x\n")).add();
            },
            1,
            &[],
        ),
    ]);
}
