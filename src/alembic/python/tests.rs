//! The interpreter on small programs.

use proptest::prelude::*;

use super::*;
use crate::git::MemorySnapshot;
use crate::source::RepoPath;

/// Runs `main.py` of a small repository, and shows one of its globals.
fn run(files: &[(&str, &str)], name: &str) -> String {
    let snapshot = MemorySnapshot::new(files.iter().copied());
    let modules = SnapshotModules::new(&snapshot, vec![RepoPath::root(), RepoPath::new("src")]).unwrap();
    let mut interpreter = Interpreter::new(&modules, &Silent, Imports::Eager);
    let module = interpreter.load(&RepoPath::new("main.py")).unwrap();
    interpreter.global(&module, name).map_or_else(|| "<nothing>".to_owned(), |value| format!("{value:?}"))
}

fn x(program: &str) -> String {
    run(&[("main.py", program)], "x")
}

#[test]
fn expressions() {
    let table = [
        ("x = 'a' 'b' + f'{1 + 1}-{\"q\"!r}'", "\"ab2-'q'\""),
        ("x = '%s has %d' % ('a', 3)", "'a has 3'"),
        ("x = '%(a)s' % {'a': 1}", "'1'"),
        ("x = '{} {b} {0}'.format('z', b=2)[:5]", "'z 2 z'"),
        ("x = [i * 2 for i in range(5) if i % 2]", "[2, 6]"),
        ("x = {k: v for k, v in zip('ab', (1, 2))}", "{'a': 1, 'b': 2}"),
        ("x = sorted({'b', 'a'})", "['a', 'b']"),
        ("x = [*range(2), *(3, 4)][-1]", "4"),
        ("x = 7 // -2, -7 % 3, 2 ** 10, 1 / 2", "(-4, 2, 1024, 0.5)"),
        ("x = 1 if not [] and 'a' in 'abc' else 2", "1"),
        ("x = (lambda a, *b, c=3, **d: (a, b, c, d))(1, 2, e=4)", "(1, (2,), 3, {'e': 4})"),
        ("x = 'a,b'.split(',')[1].upper().join(['1', '2'])", "'1B2'"),
        ("x = max([3, 1, 2], key=lambda v: -v)", "1"),
        ("x = any(v > 2 for v in [1, 2, 3]) and all([])", "True"),
        ("x = [y := 5, y + 1]", "[5, 6]"),
        ("x = 1 < 2 < 3 != 4 is not None", "True"),
        ("x = f'{3:>4}|{\"a\":<3}|{7:03d}'", "'   3|a  |007'"),
        ("x = dict(a=1, **{'b': 2}) | {'c': 3}", "{'a': 1, 'b': 2, 'c': 3}"),
        ("x = list(enumerate('ab', 1))", "[(1, 'a'), (2, 'b')]"),
        ("x = 'abc'[::-1]", "'cba'"),
    ];
    for (program, wanted) in table {
        assert_eq!(x(program), wanted, "{program}");
    }
}

#[test]
fn a_library_with_the_name_of_a_module_beside_stays_one() {
    let import = |text: &str| {
        let files =
            [("main.py", "from pkg.tasks import x"), ("pkg/tasks.py", text), ("pkg/celery.py", "app = 1\nmade=2")];
        run(&files, "x")
    };
    assert_eq!(import("from celery import Celery as x"), "celery.Celery");
    assert_eq!(import("from celery import app as x"), "1");
    assert_eq!(import("from celery import app, Celery as x"), "celery.Celery");
    assert_eq!(import("from celery import Celery as x\nprint 1"), "celery.Celery");
}

#[test]
fn a_recursion_that_only_an_unknown_condition_ends_is_cut() {
    let merge = "import somewhere\ndef merge(src, dest):\n  for key, value in src.items():\n    if isinstance(value, dict):\n      merge(value, dest.setdefault(key, {}))\n    else:\n      dest[key] = value\n  return dest\n";
    let after = x(&format!("{merge}y = merge(somewhere.state, {{}})\nx = 1"));
    assert_eq!(after, "1", "what follows is run");
    assert_eq!(
        x(&format!("{merge}x = merge({{'a': {{'b': 1}}, 'c': 2}}, {{'a': {{'d': 3}}}})")),
        "{'a': {'d': 3, 'b': 1}, 'c': 2}"
    );
    let deep = "def f(n):\n  return n if n > 30 else f(n + 1)\nx = f(0)";
    assert_eq!(x(deep), "31", "a condition that is known ends it");
    let tree = "import somewhere\ndef names(of):\n  found = set()\n  for name, inner in of.fields.items():\n    if issubclass(inner, somewhere.Base):\n      found.update(names(inner))\n    else:\n      found.add(name)\n  return found\nx = 'a' in names(somewhere.Settings)";
    assert!(x(tree).contains("<unknown"), "{}", x(tree));
    let proxy = "import wrapt\nclass P(wrapt.ObjectProxy):\n  def __getattr__(self, name):\n    return getattr(self.__wrapped__, name)\nP(1).mkdir()\nx = 2";
    assert_eq!(x(proxy), "2");
}

#[test]
fn statements() {
    let table = [
        ("def f(n):\n  return 1 if n < 2 else n * f(n - 1)\nx = f(5)", "120"),
        ("x = 0\nfor i in range(10):\n  if i == 3: continue\n  if i > 5: break\n  x += i\nelse:\n  x = -1", "12"),
        ("try:\n  {}['a']\nexcept KeyError as e:\n  x = 'caught'\nfinally:\n  y = 1", "'caught'"),
        ("x = []\nwhile len(x) < 3:\n  x.append(len(x))", "[0, 1, 2]"),
        ("(a, *b), c = (1, 2, 3), 4\nx = [a, b, c]", "[1, [2, 3], 4]"),
        ("x = 1\ndef f():\n  global x\n  x = 2\nf()", "2"),
        ("def f():\n  n = 0\n  def g():\n    nonlocal n\n    n += 1\n  g(); g()\n  return n\nx = f()", "2"),
        ("match ('a', 1):\n  case ('b', _): x = 1\n  case ('a', n): x = n + 10", "11"),
        ("def g():\n  yield 1\n  yield from [2, 3]\nx = list(g())", "[1, 2, 3]"),
        (
            "class A:\n  y = 1\n  def f(self): return self.y\nclass B(A):\n  y = 2\n  def f(self): return super().f() + 1\nx = B().f()",
            "3",
        ),
        (
            "from dataclasses import dataclass\n@dataclass\nclass P:\n  a: int\n  b: str = 'z'\nx = (P(1).a, P(2, b='q').b, P(3).b)",
            "(1, 'q', 'z')",
        ),
        (
            "from enum import Enum, auto\nclass C(str, Enum):\n  R = 'red'\n  G = 'green'\nx = [C.R.value, C('green').name, [c.value for c in C], C['R'] == 'red', list(C.__members__)]",
            "['red', 'G', ['red', 'green'], True, ['R', 'G']]",
        ),
        ("import enum\nclass C(enum.IntEnum):\n  A = enum.auto()\n  B = enum.auto()\nx = C.B + 1", "3"),
        ("try:\n  from nowhere.at_all import y\nexcept ImportError:\n  y = None\nx = y", "nowhere.at_all.y"),
        ("from functools import partial\nx = partial(max, 3)(1, 2)", "3"),
        (
            "class A:\n  @property\n  def p(self): return 1\n  @staticmethod\n  def s(a): return a\n  @classmethod\n  def c(cls): return cls.__name__\nx = (A().p, A.s(2), A.c())",
            "(1, 2, 'A')",
        ),
    ];
    for (program, wanted) in table {
        assert_eq!(x(program), wanted, "{program}");
    }
}

#[test]
fn an_item_of_what_holds_an_unknown_number_is_unknown() {
    for ends in ["tuple(i for i in f())[2]", "[i for i in f()][1]", "[1, *f()][3]"] {
        let program =
            format!("from colorsys import hsv_to_rgb as f\ntry:\n    x = {ends}\nexcept IndexError:\n    x = 'none'");
        assert!(!x(&program).contains("none"), "{ends}: {}", x(&program));
    }
    assert_eq!(x("try:\n    x = (1, 2)[2]\nexcept IndexError:\n    x = 'none'"), "'none'");
}

#[test]
fn libraries_stay_symbolic_under_one_name() {
    let program = "import sqlalchemy as sa\nfrom sqlalchemy.types import String as S\nfrom sqlalchemy.dialects import postgresql\n";
    assert_eq!(
        x(&format!("{program}x = sa.Column('a', S(length=5), nullable=False)")),
        "sqlalchemy.Column('a', sqlalchemy.String(length=5), nullable=False)"
    );
    assert_eq!(x(&format!("{program}x = postgresql.JSONB()")), "sqlalchemy.dialects.postgresql.JSONB()");
    assert_eq!(x(&format!("{program}x = sa.func.now()")), "sqlalchemy.func.now()");
    assert_eq!(
        x("from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\nx = db.Column(db.String(3))"),
        "sqlalchemy.Column(sqlalchemy.String(3))"
    );
    assert_eq!(x("from sqlalchemy import *\nx = Integer"), "sqlalchemy.Integer");
}

#[test]
fn modules_of_the_repository() {
    let files = [
        (
            "main.py",
            "from app import models\nfrom app.models.user import *\nimport app.util as u\nx = (models.NAME, User, u.f(2), hidden if False else 1)",
        ),
        ("src/app/__init__.py", ""),
        ("src/app/models/__init__.py", "from .base import NAME\nfrom . import user"),
        ("src/app/models/base.py", "NAME = 'base'"),
        ("src/app/models/user.py", "from ..util import f\n__all__ = ['User']\nUser = f(20)\nhidden = 1"),
        ("src/app/util.py", "from app.models.base import NAME\ndef f(n): return n + 1"),
    ];
    assert_eq!(run(&files, "x"), "('base', 21, 3, 1)");
}

#[test]
fn cycles_end() {
    let files = [
        ("main.py", "import a\nx = a.X"),
        ("a.py", "from b import Y\nX = 1"),
        ("b.py", "from a import X\nY = 2\ndef f(): return X"),
    ];
    assert_eq!(run(&files, "x"), "1");
    let files = [("main.py", "from a import X as x"), ("a.py", "from b import X"), ("b.py", "from a import X")];
    assert!(run(&files, "x").contains("unknown") || run(&files, "x") == "<nothing>");
}

#[test]
fn what_is_known_only_at_run_time_says_why() {
    assert_eq!(x("import os\nx = os.getenv('A')"), "<unknown: the environment variable A>");
    assert!(
        x("import os\nif os.environ.get('A'):\n  x = 1\nelse:\n  x = 2")
            .starts_with("<unknown: it depends on the environment")
    );
    assert_eq!(x("import os\nif os.environ.get('A'):\n  x = 1\nelse:\n  raise ValueError"), "1");
    assert_eq!(
        x("import os\ndef f():\n  if os.getenv('A'): return 1\n  return 1\nx = f()"),
        "<unknown: it depends on the environment variable A>"
    );
    assert_eq!(
        x("import os\nx = []\nif os.getenv('A'):\n  x.append(1)"),
        "[<unknown: it depends on the environment variable A>]"
    );
}

#[test]
fn what_stands_in_for_a_value_may_be_the_value() {
    assert_eq!(x("import os\nx = os.getenv('A') or 'public'"), "<unknown: the environment variable A>");
    assert_eq!(x("import os\nx = os.getenv('A') and ''"), "<unknown: the environment variable A>");
    let symbol = x("from shop import settings\nx = settings['A'] or 'public'");
    assert!(symbol.contains("or") && symbol != "True", "{symbol}");
    // As a condition it is known all the same.
    let chosen = "from shop import settings\nx = 1 if settings['A'] or 'public' else 2";
    assert_eq!(x(chosen), "1");
    assert_eq!(x("from shop import settings\nx = 1 if settings['A'] and '' else 2"), "2");
    assert!(x("from shop import settings\nx = 1 if settings['A'] or '' else 2").starts_with("<unknown"));
    assert_eq!(x("import os\nx = os.getenv('A') or True"), "True");
}

#[test]
fn annotations_are_evaluated_when_asked_for() {
    let program = "from typing import Optional, List\nfrom sqlalchemy.orm import Mapped\nclass A:\n  b: 'Mapped[Optional[B]]'\n  c: Mapped[int | None] = 1\nclass B: pass";
    let snapshot = MemorySnapshot::new([("main.py", program)]);
    let modules = SnapshotModules::new(&snapshot, vec![RepoPath::root()]).unwrap();
    let mut interpreter = Interpreter::new(&modules, &Silent, Imports::Eager);
    let module = interpreter.load(&RepoPath::new("main.py")).unwrap();
    let Some(Value::Class(class)) = interpreter.global(&module, "A") else { panic!("A is a class") };
    let shown: Vec<String> = ["b", "c"]
        .iter()
        .map(|name| {
            let attribute = class.own(name).unwrap();
            format!("{:?}", interpreter.annotation(&class, &attribute.annotation.unwrap()))
        })
        .collect();
    assert_eq!(
        shown,
        ["sqlalchemy.orm.Mapped[typing.Optional[<class main.B>]]", "sqlalchemy.orm.Mapped[builtins.int | None]"]
    );
}

#[test]
fn bounds_hold() {
    for program in [
        "x = 1\nwhile True: x = x + 1",
        "def f(): return f()\nx = f()",
        "x = 'a'\nwhile True: x = x + x",
        "x = [1]\nwhile True: x = x + x",
        "x = []\nfor i in range(90000): x = [x]",
        "x = []\ny = x\nfor i in range(90000):\n  z = []\n  y.append(z)\n  y = z",
        "x = object\nfor i in range(90000): x = x.a",
        "x = {}\nx['a'] = x\ny = str(x)",
        "x = 10 ** 100 ** 100",
        "x = 'a' * 10 ** 18",
        "class A(A): pass",
        "x = [0] * 10 ** 9",
        "from main import *\nfrom main import x",
        "def f(n):\n  for i in range(10): f(n + 1)\nf(0)",
        "x = ['%s' % i for i in range(1000) for j in range(1000)]",
        "class B: pass\nx = B()\nfor i in range(90000): setattr(x, 'a%d' % i, 1)",
    ] {
        x(program);
    }
    x(&format!("x = {}1{}", "(".repeat(5000), ")".repeat(5000)));
    x(&format!("x = {}1", "-".repeat(5000)));
    x(&format!("x = {}", vec!["1"; 5000].join(" + ")));
    x(&format!("x = a{}", ".b".repeat(5000)));
    x(&format!("x = [{}]", "[".repeat(3000)));
}

#[test]
fn no_name_grows_without_end() {
    let long = x("x = object\nfor i in range(90000): x = x.a");
    assert!(long.contains("a longer name than is followed"), "{long}");
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "\\PC{0,300}") {
        x(&text);
    }

    #[test]
    fn any_program_of_likely_pieces_is_survived(pieces in prop::collection::vec(prop::sample::select(vec![
        "x", "y", " = ", "\n", "\n  ", "if ", "else", ":", "def f(", "):", "(", ")", "[", "]", "{", "}", ", ", "for ", " in ",
        "class A(", "import x", "from . import *", "lambda a: ", "'a'", "f'{x}'", "1", "-", "+", " * ", "**", "%", " and ", " not ",
        "return ", "yield ", "while True", "try:", "except:", "with ", " as ", "self", ".b", "sa.Column", "*args", "None", "super()",
        "'%s' % ", ".format(", "range(", "enum.Enum", "raise ", "match x:", "case ", "del ", "global x", "@", "assert ", "is",
    ]), 0..60)) {
        x(&pieces.concat());
    }
}

#[test]
fn what_a_class_says_of_itself() {
    let program = |expression: &str| {
        x(&format!(
            "import lib\nclass A: pass\nclass B(A): pass\nclass O(object): pass\nclass L(lib.X): pass\nclass M(metaclass=A): pass\nx = {expression}"
        ))
    };
    for truth in [
        "A.__bases__ == (object,)",
        "O.__bases__ == (object,)",
        "B.__bases__ == (A,)",
        "A.__base__ is object",
        "B.__base__ is A",
        "A.__mro__ == (A, object)",
        "O.__mro__ == (O, object)",
        "B.__mro__ == (B, A, object)",
        "A.__class__ is type",
        "type(A) is type",
        "type(B()) is B",
        "M.__class__ is A",
        "issubclass(B, A) and issubclass(A, object) and not issubclass(A, B)",
        "isinstance(B(), A) and isinstance(B(), object) and isinstance(B, type)",
        "type(A()) in A.__mro__",
    ] {
        assert_eq!(program(truth), "True", "{truth}");
    }
    for falsehood in
        ["A.__bases__ != (object,)", "B.__bases__ == (object,)", "B.__base__ is object", "A.__class__ is not type"]
    {
        assert_eq!(program(falsehood), "False", "{falsehood}");
    }
    for unknown in ["L.__mro__", "L.__class__", "L.__bases__ == (object,)"] {
        assert!(program(unknown).starts_with("<unknown") || program(unknown) == "False", "{unknown}");
    }
}
