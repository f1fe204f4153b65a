use super::*;
use crate::rules::testing::Repository;

fn run(path: &str, text: &str) -> Vec<String> {
    let findings = Repository::alembic().added(path, text).run(RuleId::CreateAll);
    findings.into_iter().map(|finding| finding.message).collect()
}

#[test]
fn tables_made_at_startup_are_reported() {
    for text in [
        "Base.metadata.create_all(bind=engine)\n",
        "async def start():\n    async with engine.begin() as conn:\n        await conn.run_sync(Base.metadata.create_all)\n",
        "with app.app_context():\n    db.create_all()\n",
        "SQLModel.metadata.create_all(engine)\n",
        "metadata = MetaData()\nmetadata.create_all(engine)\n",
        "def other():\n    metadata = MetaData()\ndef start():\n    metadata.create_all(engine)\n",
        "if ENV != 'dev':\n    db.create_all()\n",
        "if ENV == 'dev':\n    pass\nelse:\n    db.create_all()\n",
    ] {
        assert_eq!(run("app/main.py", text).len(), 1, "{text}");
    }
    assert_eq!(
        run("app/main.py", "metadata.create_all(e)\n"),
        ["metadata.create_all makes tables that no revision knows of"]
    );
}

#[test]
fn tests_comments_and_other_things_of_that_name_are_left_alone() {
    let text = "Base.metadata.create_all(bind=engine)\n";
    for path in [
        "tests/conftest.py",
        "app/test_models.py",
        "app/testlib.py",
        "examples/app.py",
        "internal_docs/app.py",
        "scripts/perf/app.py",
        "app/notes.txt",
    ] {
        assert!(run(path, text).is_empty(), "{path}");
    }
    for text in [
        "# Base.metadata.create_all(bind=engine)\n",
        "print('Base.metadata.create_all()')\n",
        "widgets.create_all()\n",
        "db.create_all()\nstamp()\n",
        "Base.metadata.create_all(engine)\nalembic.command.stamp(config, 'head')\n",
        "@pytest.fixture\ndef tables():\n    Base.metadata.create_all(e)\n",
        "def rotate():\n    metadata = MetaData()\n    metadata.create_all(engine)\n",
        "if os.environ.get('ENV') == 'dev':\n    db.create_all()\nelse:\n    upgrade()\n",
        "db.create_all()\nfm_stamp()\n",
        "def (",
    ] {
        assert!(run("app/main.py", text).is_empty(), "{text}");
    }
}

#[test]
fn only_new_lines_count_in_a_change() {
    let before = "db.create_all()\n";
    let after = "import x\ndb.create_all()\n";
    assert!(Repository::alembic().changed("app/main.py", before, after).silent(RuleId::CreateAll));
    assert_eq!(
        Repository::alembic().whole_state().changed("app/main.py", before, after).run(RuleId::CreateAll).len(),
        1
    );
    assert!(Repository::prisma().added("app/main.py", before).silent(RuleId::CreateAll));
}

#[test]
fn what_moved_is_not_new() {
    let text =
        "from app import db, app\n\n\ndef make():\n    with app.app_context():\n        db.create_all()\n\n\nmake()\n";
    let edited = text.replace("make()\n", "make()\nprint('made')\n");
    let told = |gone: (&str, &str), added: &[(&str, &str)]| -> Vec<String> {
        let start = Repository::alembic().removed(gone.0, gone.1);
        let moved = added.iter().fold(start, |one, (path, text)| one.added(path, text));
        moved.run(RuleId::CreateAll).into_iter().map(|finding| finding.path.to_string()).collect()
    };
    let none: [&str; 0] = [];
    assert_eq!(told(("app/make.py", text), &[("make.py", text)]), none);
    assert_eq!(told(("app/make.py", text), &[("make.py", &edited)]), none);
    // Once: the other one is a copy. Another metadata than that which is gone.
    assert_eq!(told(("app/make.py", text), &[("a.py", text), ("b.py", text)]), ["b.py"]);
    assert_eq!(told(("app/make.py", text), &[("other.py", "import x\n\nx.db.create_all()\n")]), ["other.py"]);
    // A second call beside the one that moved.
    let more = text.replace("        db.create_all()\n", "        db.create_all()\n        db.create_all()\n");
    assert_eq!(told(("app/make.py", text), &[("make.py", &more)]), ["make.py"]);
    // What it was allowed to do where it was, it is not here.
    assert_eq!(told(("tests/make.py", text), &[("app/make.py", text)]), ["app/make.py"]);
    let stamped = format!("{text}stamp()\n");
    assert_eq!(told(("app/make.py", &stamped), &[("make.py", text)]), ["make.py"]);
    let tested = text.replace("def make", "def test_make");
    assert_eq!(told(("app/make.py", &tested), &[("make.py", text)]), ["make.py"]);
    // From one file that stays to another: git knows nothing of it.
    let kept = Repository::alembic().changed("app/make.py", text, "import x\n").added("make.py", text);
    assert_eq!(kept.run(RuleId::CreateAll).len(), 0);
    let copied = Repository::alembic().changed("app/make.py", text, &edited).added("make.py", text);
    assert_eq!(copied.run(RuleId::CreateAll).len(), 1, "it is made there as well");
}

#[test]
fn another_form_of_the_same_line_is_not_new() {
    let before = "Base.metadata.create_all(engine)\n";
    let told = |after: &str| Repository::alembic().changed("app/main.py", before, after).run(RuleId::CreateAll).len();
    assert_eq!(told("if ready:\n    Base.metadata.create_all(bind=engine)\n"), 0);
    assert_eq!(told("async def startup():\n    await conn.run_sync(Base.metadata.create_all)\n"), 0);
    assert_eq!(told("Base.metadata.create_all(engine)\ndb.create_all()\n"), 1);
    // Where it was for tests, and is for all now, it is.
    let guarded = "if TESTING:\n    db.create_all()\n";
    let freed = Repository::alembic().changed("app/main.py", guarded, "if ready:\n    db.create_all()\n");
    assert_eq!(freed.run(RuleId::CreateAll).len(), 1);
}

/// How many findings a text has in a module of the application.
fn count(text: &str) -> usize {
    run("app/db.py", text).len()
}

#[test]
fn what_the_start_calls_is_reported() {
    let made = "def init_db():\n    Base.metadata.create_all(engine)\n";
    for start in [
        "init_db()\n",
        "@app.on_event('startup')\ndef up():\n    init_db()\n",
        "@asynccontextmanager\nasync def life(app):\n    init_db()\n    yield\n",
        "def create_app():\n    init_db()\n    return app\n",
        "app.add_event_handler('startup', init_db)\n",
        "app = FastAPI(on_startup=[init_db])\n",
        "def prepare():\n    init_db()\nasync def lifespan(app):\n    prepare()\n",
        "if __name__ == '__main__':\n    init_db()\n    app.run()\n",
        "def main():\n    init_db()\n    asyncio.run(bot.start_polling())\n",
        "def poll():\n    bot.start_polling()\ndef main():\n    init_db()\n    poll()\n",
        "@click.command()\ndef run():\n    init_db()\n    uvicorn.run(app)\n",
        "@cli.command()\ndef deploy():\n    upgrade()\n    init_db()\n",
    ] {
        assert_eq!(count(&format!("{made}{start}")), 1, "{start}");
    }
    let class = "class Store:\n    def __init__(self, engine):\n        Base.metadata.create_all(engine)\n";
    assert_eq!(count(&format!("{class}store = Store(engine)\n")), 1);
    assert_eq!(count(class), 0);
}

#[test]
fn what_a_person_runs_is_left_alone() {
    let made = "def init_db():\n    Base.metadata.create_all(engine)\n";
    for by_hand in [
        "",
        "if __name__ == '__main__':\n    init_db()\n",
        "def main():\n    init_db()\nif __name__ == '__main__':\n    main()\n",
        "@app.cli.command('init-db')\ndef init():\n    init_db()\n",
        "@click.command()\n@with_appcontext\ndef bootstrap():\n    init_db()\n",
        "def create_app():\n    @app.cli.command()\n    def seed():\n        init_db()\n",
        "def create_app():\n    app.cli.add_command(init_db)\n",
        "def setup_test_db():\n    init_db()\nsetup_test_db\n",
        "def setup_testdb():\n    init_db()\nsetup_testdb()\n",
        "def dev_server():\n    init_db()\n    app.run()\n",
    ] {
        assert_eq!(count(&format!("{made}{by_hand}")), 0, "{by_hand}");
    }
    let text = "Base.metadata.create_all(engine)\n";
    for path in
        ["scripts/make.py", "bin/tables.py", "tools/db.py", "app/init_db.py", "create_tables.py", "notebooks/a.py"]
    {
        assert!(run(path, text).is_empty(), "{path}");
    }
    for path in ["scripts/entrypoint.py", "scripts/prestart.py", "app/models.py", "app/tools.py", "app/init_loop.py"] {
        assert_eq!(run(path, text).len(), 1, "{path}");
    }
    let script = "if __name__ == '__main__':\n    db.create_all()\n";
    assert!(run("app/main.py", script).is_empty());
    assert_eq!(run("docker/entrypoint.py", script).len(), 1);
    assert_eq!(run("app/main.py", "async def main():\n    db.create_all()\n").len(), 1, "the application's own");
}

#[test]
fn what_another_file_of_the_change_calls_at_the_start_is_reported() {
    let made = "def init_db():\n    Base.metadata.create_all(engine)\n";
    let told = |path: &str, text: &str| {
        Repository::alembic().added("app/database.py", made).added(path, text).run(RuleId::CreateAll).len()
    };
    let start = "from app.database import init_db\nasync def lifespan(app):\n    await init_db()\n";
    assert_eq!(told("app/main.py", start), 1);
    assert_eq!(told("app/main.py", "from app import database\n\ndatabase.init_db()\n"), 1);
    assert_eq!(told("app/main.py", "import other\n\nother.init_db()\n"), 0, "another function of that name");
    assert_eq!(told("app/main.py", "from app.database import init_db\n"), 0);
    assert_eq!(told("tests/main.py", start), 0);
    assert_eq!(told("scripts/make.py", &start.replace("lifespan", "main")), 0);
    assert_eq!(told("app/main.py", &format!("{start}    stamp(config, 'head')\n")), 0);
    // A module of its own that the application imports.
    let told = |text: &str| {
        let made = Repository::alembic().added("app/init_db.py", "db.create_all()\n");
        made.added("app/main.py", text).run(RuleId::CreateAll).len()
    };
    assert_eq!(told("import app.init_db\n"), 1);
    assert_eq!(told("init_db = 1\n"), 0);
}

#[test]
fn conditions_of_tests_and_of_migrations_are_read() {
    for (text, found) in [
        ("if settings.TESTING:\n    db.create_all()\n", 0),
        ("if app.config['TESTING']:\n    db.create_all()\n", 0),
        ("if app.config['DEBUG']:\n    db.create_all()\n", 0),
        ("if not migrations:\n    db.create_all()\n", 0),
        ("if url.startswith('sqlite'):\n    db.create_all()\n", 0),
        ("if settings.create_tables:\n    db.create_all()\n", 0),
        ("if ENV == 'production':\n    upgrade()\nelse:\n    db.create_all()\n", 0),
        ("if ENV != 'production':\n    db.create_all()\n", 0),
        ("def startup():\n    if ENV == 'production':\n        return\n    db.create_all()\n", 0),
        ("def startup():\n    if not settings.debug:\n        return\n    db.create_all()\n", 0),
        ("def startup():\n    if settings.debug:\n        return\n    db.create_all()\n", 1),
        ("if not settings.TESTING:\n    db.create_all()\n", 1),
        ("if migrations:\n    db.create_all()\n", 1),
        ("if ENV == 'production':\n    db.create_all()\n", 1),
        ("if ready:\n    db.create_all()\n", 1),
        ("if not created:\n    db.create_all()\n", 1),
        ("if TEST_URL is not None:\n    db.create_all()\n", 0),
    ] {
        assert_eq!(count(text), found, "{text}");
    }
}

#[test]
fn a_database_in_memory_holds_nothing_of_the_revisions() {
    for (text, found) in [
        ("engine = create_engine('sqlite://')\nBase.metadata.create_all(engine)\n", 0),
        ("engine = create_engine('sqlite:///:memory:', echo=True)\nBase.metadata.create_all(bind=engine)\n", 0),
        (
            "URL = 'sqlite+aiosqlite://'\nengine = create_async_engine(URL)\nasync def startup():\n    async with engine.begin() as c:\n        await c.run_sync(Base.metadata.create_all)\n",
            0,
        ),
        ("Base.metadata.create_all(create_engine('sqlite://'))\n", 0),
        ("Base.metadata.create_all(test_engine)\n", 0),
        ("engine = create_engine('sqlite:///app.db')\nBase.metadata.create_all(engine)\n", 1),
        ("engine = create_engine('postgresql://')\nBase.metadata.create_all(engine)\n", 1),
        ("engine = create_engine('sqlite://')\nengine = create_engine(url)\nBase.metadata.create_all(engine)\n", 1),
    ] {
        assert_eq!(count(text), found, "{text}");
    }
}

#[test]
fn chosen_tables_and_another_metadata_are_left_alone() {
    for (text, found) in [
        ("Base.metadata.create_all(engine, tables=[Cache.__table__])\n", 0),
        ("Base.metadata.create_all(engine, [Cache.__table__])\n", 0),
        ("db.create_all(bind_key='cache')\n", 0),
        ("Base.metadata.create_all(engine, tables=None)\n", 1),
        ("Base.metadata.create_all(engine, checkfirst=True)\n", 1),
        ("db.create_all(bind_key='__all__')\n", 1),
    ] {
        assert_eq!(count(text), found, "{text}");
    }
    let own = "CacheBase = declarative_base()\nCacheBase.metadata.create_all(engine)\n";
    let told = |text: &str, compared: &str| {
        let one = Repository::alembic().with_fact(crate::project::COMPARED, compared);
        one.added("app/cache.py", text).run(RuleId::CreateAll).len()
    };
    assert_eq!(told(own, "Base"), 0);
    assert_eq!(told(own, "Base\nCacheBase"), 1);
    assert_eq!(told(own, "User"), 1, "a model of any base");
    assert_eq!(count(own), 1, "what is compared is not known");
    assert_eq!(told(&own.replace("base()", "base(metadata=metadata)"), "Base"), 1);
    let class = "class CacheBase(DeclarativeBase):\n    pass\nCacheBase.metadata.create_all(engine)\n";
    assert_eq!(told(class, "Base"), 0);
    assert_eq!(told(&class.replace("pass", "metadata = shared"), "Base"), 1);
    assert_eq!(told(&class.replace("DeclarativeBase", "Base"), "Base"), 1);
}

#[test]
fn a_revision_belongs_to_the_replay_and_env_to_the_start() {
    let text = "def upgrade():\n    Base.metadata.create_all(op.get_bind())\nupgrade()\n";
    assert!(run("alembic/versions/b2c3d4e5f6a7_x.py", text).is_empty());
    assert_eq!(run("alembic/env.py", "def run_migrations_online():\n    Base.metadata.create_all(engine)\n").len(), 1);
}

#[test]
fn only_a_stamp_is_one() {
    let text = "db.create_all()\n";
    for (stamp, found) in [
        ("command.stamp(config, 'head')\n", 0),
        ("subprocess.run(['alembic', 'stamp', 'head'])\n", 0),
        ("os.system('alembic stamp head')\n", 0),
        ("now = datetime.now().timestamp()\n", 1),
        ("command.upgrade(config, 'head')\n", 1),
    ] {
        assert_eq!(count(&format!("{text}{stamp}")), found, "{stamp}");
    }
}

#[test]
fn where_no_revision_is_kept_none_is_overtaken() {
    let text = "db.create_all()\n";
    assert!(Repository::alembic().without_migrations().added("app/main.py", text).silent(RuleId::CreateAll));
    assert_eq!(Repository::alembic().added("app/main.py", text).run(RuleId::CreateAll).len(), 1);
}

#[test]
fn what_is_printed_makes_no_tables() {
    let printed = "def startup(url):\n    engine = create_mock_engine(url, print)\n    Base.metadata.create_all(engine, checkfirst=False)\n";
    assert!(run("app/database.py", printed).is_empty());
    assert!(run("app/database.py", &printed.replace("engine, check", "bind=engine, check")).is_empty());
    for text in [
        printed.replace("create_mock_engine(url, print)", "create_engine(url)"),
        printed.replace("    Base", "    engine = create_engine(url)\n    Base"),
        printed.replace("create_all(engine", "create_all(other"),
        format!("{printed}def start(engine):\n    Base.metadata.create_all(engine)\n"),
    ] {
        assert_eq!(run("app/database.py", &text).len(), 1, "{text}");
    }
}
