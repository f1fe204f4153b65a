use super::*;

fn found(path: &str, text: &str) -> Vec<Found> {
    let source = Source::new(path.into(), text);
    find(Kind::of(source.path()).expect("a kind"), &source)
}

fn push(path: &str, text: &str) -> Option<(String, bool, bool, usize)> {
    found(path, text)
        .into_iter()
        .find(|found| found.command.find(&["prisma", "db", "push"]).is_some())
        .map(|found| (found.within, found.deploys, found.playground, found.place.start().0))
}

#[test]
fn each_sort_of_file_gives_its_commands() {
    let case = |path: &str, text: &str, within: &str, deploys: bool, playground: bool, line: usize| {
        assert_eq!(push(path, text), Some((within.to_owned(), deploys, playground, line)), "{path}");
    };
    case(
        "package.json",
        "{\n  \"scripts\": {\n    \"build\": \"prisma db push && next build\"\n  }\n}",
        "the script build",
        true,
        false,
        3,
    );
    case(
        "package.json",
        "{ \"scripts\": { \"test:e2e\": \"prisma db push\" } }",
        "the script test:e2e",
        false,
        true,
        1,
    );
    case("Dockerfile", "FROM node AS app\n# no\nRUN npm ci \\\n  && npx prisma db push\n", "RUN", true, false, 4);
    case("docker/dev.Dockerfile", "FROM node\nCMD [\"npx\", \"prisma\", \"db\", \"push\"]\n", "CMD", true, true, 2);
    case(
        "docker-compose.yml",
        "services:\n  api:\n    command: sh -c \"npx prisma db push && node .\"\n",
        "the service api",
        true,
        false,
        3,
    );
    case(
        ".github/workflows/deploy.yml",
        "jobs:\n  ship:\n    steps:\n      - run: |\n          npx prisma db push\n",
        "the job ship",
        true,
        false,
        5,
    );
    case(".gitlab-ci.yml", "unit-tests:\n  script:\n    - npx prisma db push\n", "the job unit-tests", false, true, 3);
    case("Procfile", "release: npx prisma db push\n", "the process release", true, false, 1);
    case("Makefile", "deploy: build\n\t@npx prisma db push\n", "the target deploy", true, false, 2);
    case("scripts/start.sh", "#!/bin/sh\nset -e\nnpx prisma db push\n", "the script start.sh", true, false, 3);
    case(
        "fly.toml",
        "[deploy]\nrelease_command = \"npx prisma db push\"\n",
        "the setting release_command",
        true,
        false,
        2,
    );
}

#[test]
fn comments_prose_and_texts_are_no_commands() {
    assert_eq!(push("Dockerfile", "FROM node\n# RUN npx prisma db push\n"), None);
    assert_eq!(
        push("scripts/start.sh", "# npx prisma db push\necho 'prisma db push'\ncat <<EOF\nprisma db push\nEOF\n"),
        None
    );
    assert_eq!(
        push(
            ".github/workflows/ci.yml",
            "jobs:\n  a:\n    steps:\n      # - run: prisma db push\n      - name: prisma db push\n"
        ),
        None
    );
    assert_eq!(push("package.json", "{ \"description\": \"prisma db push\" }"), None);
    assert_eq!(Kind::of(&"README.md".into()), None);
    assert_eq!(Kind::of(&"node_modules/x/package.json".into()), None);
}

#[test]
fn the_command_itself_may_say_whose_database_it_means() {
    let text = "{ \"scripts\": { \"db:setup\": \"dotenv -e .env.test -- prisma db push\" } }";
    assert_eq!(push("package.json", text).map(|found| found.2), Some(true));
    let text = "services:\n  api:\n    command: sh -c \"npx prisma db push && npm run dev\"\n";
    assert_eq!(push("docker-compose.yml", text).map(|found| found.2), Some(true));
}

#[test]
fn documents_of_the_policy_are_read_by_their_fences() {
    let source = Source::new("docs/deploy.md".into(), "Run prisma db push:\n\n```sh\n$ npx prisma db push\n```\n");
    let found = find(Kind::Prose, &source);
    assert_eq!(found.iter().filter(|found| found.command.find(&["prisma", "db", "push"]).is_some()).count(), 1);
    assert_eq!(Kind::named_or_document(source.path(), true), Some(Kind::Prose));
    assert_eq!(Kind::named_or_document(source.path(), false), None);
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,60}|[-a:|>#\"' \n\\\\<\t\u{e9}]{0,60}") {
        for path in ["package.json", "Dockerfile", "compose.yml", ".github/workflows/a.yml", "Procfile", "Makefile", "a.sh", "fly.toml"] {
            for found in found(path, &text) {
                found.place.text();
            }
        }
    }
}
