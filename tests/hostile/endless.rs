//! Python that runs without end.

use crate::harness::*;
use crate::projects::*;

#[test]
fn python_that_runs_without_end() {
    run_all(&[
        row("while True", |r| models(r, "while True:\n    pass"), 0, &["not judged"]),
        row("while True with work", |r| models(r, "x = []\nwhile True:\n    x.append(x)"), 0, &["not judged"]),
        row(
            "a name that grows",
            |r| models(r, "x = object\nfor i in range(90000):\n    x = x.a"),
            1,
            &["missing-migration"],
        ),
        row(
            "attributes without end",
            |r| models(r, "class A:\n    pass\nx = A()\nfor i in range(90000):\n    setattr(x, 'a%d' % i, 1)"),
            0,
            &["not judged"],
        ),
        row("range(10**9)", |r| models(r, "for i in range(10**9):\n    pass"), 0, &["not judged"]),
        row("list(range(10**9))", |r| models(r, "x = list(range(10**9))"), 0, &["not judged"]),
        row(
            "comprehensions in comprehensions",
            |r| models(r, "x = [a for a in range(9999) for b in range(9999) for c in range(9999)]"),
            0,
            &["not judged"],
        ),
        row(
            "loops in loops",
            |r| {
                models(
                    r,
                    &format!("{}pass", many(9, |n| format!("{}for i{n} in range(1000):\n", "    ".repeat(n))))
                        .replace("pass", &format!("{}pass", "    ".repeat(9))),
                );
            },
            0,
            &["not judged"],
        ),
        row("a function that calls itself", |r| models(r, "def f(n):\n    return f(n + 1)\nf(0)"), 0, &["not judged"]),
        row(
            "a function that calls itself twice",
            |r| models(r, "def f(n):\n    return f(n - 1) + f(n - 1) if n else 1\nf(60)"),
            0,
            &["not judged"],
        ),
        row(
            "functions that call each other",
            |r| models(r, "f = lambda n: g(n)\ng = lambda n: f(n)\nf(0)"),
            0,
            &["not judged"],
        ),
        row(
            "a property that asks itself",
            |r| models(r, "class A:\n    @property\n    def a(self):\n        return self.a\nA().a"),
            0,
            &["not judged"],
        ),
        row(
            "__getattr__ that asks itself",
            |r| models(r, "class A:\n    def __getattr__(self, n):\n        return getattr(self, n + 'x')\nA().a"),
            0,
            &["not judged"],
        ),
        row(
            "__init_subclass__ that makes subclasses",
            |r| {
                models(
                    r,
                    "class A:\n    def __init_subclass__(cls):\n        class B(A):\n            pass\nclass C(A):\n    pass",
                );
            },
            1,
            &[],
        ),
        row(
            "a generator without end",
            |r| models(r, "def g():\n    while True:\n        yield 1\nx = list(g())"),
            0,
            &["not judged"],
        ),
        row("a string times 10**9", |r| models(r, "x = 'a' * 10**9"), 0, &["not judged"]),
        row("a list times 10**9", |r| models(r, "x = [0] * 10**9"), 0, &["not judged"]),
        row(
            "lists times 10**5 in lists times 10**5",
            |r| models(r, "x = [[0] * 99999 for i in range(99999)]"),
            0,
            &["not judged"],
        ),
        row("a string that doubles", |r| models(r, "x = 'a'\nfor i in range(90):\n    x = x + x"), 0, &["not judged"]),
        row(
            "a string that doubles, kept",
            |r| models(r, "x = 'a' * 4000000\ny = []\nfor i in range(9000):\n    y.append(x + str(i))"),
            0,
            &["not judged"],
        ),
        row("a list that doubles", |r| models(r, "x = [1]\nfor i in range(90):\n    x += x"), 0, &["not judged"]),
        row(
            "a list within itself",
            |r| models(r, "x = []\nx.append(x)\ny = str(x)\nz = x == [x]\nw = sorted([x, x])"),
            1,
            &[],
        ),
        row(
            "a tuple of a tuple of a tuple",
            |r| {
                models(
                    r,
                    "x = ()\nfor i in range(99999):\n    x = (x,)\ny = str(x)\nz = x == x\nw = hash(x)\nd = {x: 1}",
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "a format width of 10**9",
            |r| {
                models(
                    r,
                    "x = f'{1:>1000000000}'\ny = '{:1000000000}'.format(1)\nz = '%1000000000d' % 1\nw = '%.*f' % (1000000000, 1.5)",
                );
            },
            1,
            &["nick"],
        ),
        row(
            "padding of 10**9",
            |r| {
                models(
                    r,
                    "x = 'a'.zfill(10**9)\ny = 'a'.ljust(10**9)\nz = 'a'.center(10**9)\nw = 'a\\t'.expandtabs(10**9)",
                );
            },
            1,
            &["nick"],
        ),
        row(
            "replacing that squares",
            |r| models(r, "x = 'a' * 100000\ny = x.replace('a', x)\nz = x.join([x] * 1000)\nw = x.translate({97: x})"),
            0,
            &["not judged"],
        ),
        row(
            "10**10**10",
            |r| models(r, "x = 10**10**10\ny = 1 << 10**10\nz = 2**-10**10\nw = (-1)**10**18"),
            1,
            &["nick"],
        ),
        row(
            "numbers of a million digits",
            |r| {
                models(
                    r,
                    &format!(
                        "x = {}\ny = int('{}')\nz = float('1e999999999')",
                        "9".repeat(1_000_000),
                        "9".repeat(1_000_000)
                    ),
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "ranges past every end",
            |r| {
                models(
                    r,
                    "x = range(-2**63, 2**63 - 1)\ny = len(x)\nz = x[-1]\nw = list(range(0, 2**63 - 1, 2**62))\nv = [1,2,3][::-2**63]\nu = 'abc'[2**63 - 1:-2**63:-1]\nt = -2**63 // -1\ns = -2**63 % -1\nq = abs(-2**63)",
                );
            },
            1,
            &["nick"],
        ),
        row(
            "regular expressions that explode",
            |r| {
                models(
                    r,
                    "import re\nx = re.match('(a+)+$', 'a' * 5000 + 'b')\ny = re.sub('(x*)*y', '', 'x' * 5000)\nz = re.match('(a?){500}a{500}', 'a' * 500)",
                );
            },
            1,
            &[],
        ),
        row(
            "a regular expression of great size",
            |r| {
                models(
                    r,
                    "import re\nx = re.compile('((((a{1000}){1000}){1000}){1000})')\ny = x.match('a' * 4000000)\nz = re.compile('(' * 100000)",
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "sorting by a function that never ends",
            |r| models(r, "def k(x):\n    while True:\n        pass\nx = sorted([1, 2], key=k)"),
            0,
            &["not judged"],
        ),
        row(
            "while True in a revision",
            |r| revision(r, "while True:\n    op.add_column('users', sa.Column('nick', sa.String()))"),
            1,
            &[],
        ),
        row(
            "a revision that adds columns without end",
            |r| revision(r, "for i in range(10**9):\n    op.add_column('users', sa.Column(f'c{i}', sa.String()))"),
            0,
            &["not judged"],
        ),
        sized(
            "a revision that makes tables without end",
            |r| {
                revision(
                    r,
                    "n = 0\nwhile True:\n    n += 1\n    op.create_table('t' * n, sa.Column('id', sa.Integer()))",
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "a revision that executes a bomb",
            |r| revision(r, "x = 'SELECT 1;'\nfor i in range(40):\n    x += x\nop.execute(x)"),
            0,
            &["not judged"],
        ),
        sized(
            "a revision that executes the same again and again",
            |r| revision(r, "x = 'SELECT 1;' * 100000\nfor i in range(100000):\n    op.execute(x)"),
            0,
            &["not judged"],
        ),
        row(
            "names that double",
            |r| revision(r, "n = 'x'\nfor i in range(100):\n    op.rename_table(n, n + n)\n    n = n + n"),
            1,
            &[],
        ),
        row(
            "tables of columns without end",
            |r| {
                models(
                    r,
                    "for i in range(10**6):\n    sa.Table(f't{i}', Base.metadata, *[sa.Column(f'c{j}', sa.Integer) for j in range(1000)])",
                );
            },
            0,
            &["not judged"],
        ),
        row(
            "classes without end",
            |r| {
                models(
                    r,
                    "for i in range(10**6):\n    type(f'C{i}', (Base,), {'__tablename__': f't{i}', 'id': sa.Column(sa.Integer, primary_key=True)})",
                );
            },
            0,
            &["not judged"],
        ),
    ]);
}
