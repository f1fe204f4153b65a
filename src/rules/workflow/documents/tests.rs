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

/// Whether `prisma db push` is found in a file, and not in a playground.
fn pushes(path: &str, text: &str) -> bool {
    found(path, text).iter().any(|found| !found.playground && found.command.find(&["prisma", "db", "push"]).is_some())
}

const DEPLOY: &str = ".github/workflows/deploy.yml";

#[test]
fn commands_are_found_however_they_are_written() {
    for (path, text) in [
        (
            "package.json",
            "{ \"scripts\": { \"db:sync\": \"prisma db push\", \"start\": \"npm run db:sync && node .\" } }",
        ),
        (
            DEPLOY,
            "jobs:\n  publish:\n    services:\n      db:\n        image: postgres\n    env:\n      DATABASE_URL: ${{ secrets.URL }}\n    steps:\n      - run: npx prisma db push\n",
        ),
        ("Dockerfile", "FROM node\nRUN <<EOF\nnpm ci\nnpx prisma db push\nEOF\n"),
        ("Dockerfile", "FROM node\nRUN <<-\"EOT\" bash\n\tset -e\n\tnpx prisma db push\nEOT\nCMD node .\n"),
        ("Dockerfile", "FROM node\nCOPY <<'EOF' /start.sh\n#!/bin/sh\nnpx prisma db push\nEOF\n"),
        ("Dockerfile", "FROM node\nONBUILD RUN npx prisma db push\n"),
        (
            "docker-compose.yml",
            "services:\n  api:\n    command:\n      - npx\n      - prisma\n      - db\n      - push\n",
        ),
        (
            "docker-compose.yml",
            "services:\n  api:\n    command: [\n      \"npx\", \"prisma\",\n      \"db\", \"push\"\n    ]\n",
        ),
        (
            "docker-compose.yml",
            "services:\n  api:\n    command:\n    - sh\n    - -c\n    - |\n      npx prisma db push\n      node .\n",
        ),
        ("compose.yaml", "services:\n  api:\n    command: sh -c \"npx prisma db push\n      && node .\"\n"),
        (DEPLOY, "jobs:\n  a:\n    steps:\n      - run: >-\n          npx prisma\n          db push\n"),
        (DEPLOY, "jobs:\n  a:\n    steps:\n      - {name: go, run: \"npx prisma db push\"}\n"),
        (DEPLOY, "jobs:\n  a:\n    steps:\n      - run: | # why\n          npx prisma db push\n"),
        (
            DEPLOY,
            "jobs:\n  a:\n    steps:\n      - run: |\n          ssh host <<EOF\n          npx prisma db push\n          EOF\n",
        ),
        (".github/actions/deploy/action.yml", "runs:\n  using: composite\n  steps:\n    - run: npx prisma db push\n"),
        (".gitlab-ci.yml", "deploy:\n  script: [\"echo hi\", \"npx prisma db push\"]\n"),
        (
            ".circleci/config.yml",
            "jobs:\n  ship:\n    steps:\n      - run:\n          name: x\n          command: npx prisma db push\n",
        ),
        (".drone.yml", "steps:\n- name: deploy\n  commands:\n  - npx prisma db push\n"),
        (".woodpecker.yml", "steps:\n  deploy:\n    commands:\n      - npx prisma db push\n"),
        ("fly.toml", "[processes]\n  app = \"npx prisma db push && node .\"\n"),
        ("railway.json", "{\"deploy\": {\"startCommand\": \"npx prisma db push && node .\"}}"),
        ("nixpacks.toml", "[phases.build]\ncmds = [\n  \"npm ci\",\n  \"npx prisma db push\",\n]\n"),
        ("app.json", "{\"scripts\": {\"postdeploy\": \"npx prisma db push\"}}"),
        ("Makefile", "deploy:\n\tnpm ci && \\\n\tnpx prisma \\\n\t  db push\n"),
        ("Makefile", "PRISMA := npx prisma\ndeploy:\n\t$(PRISMA) db push\n"),
        ("Makefile", "deploy: build ; npx prisma db push\n"),
        ("build/deploy.mk", "deploy:\n\tnpx prisma db push\n"),
        ("scripts/deploy.sh", "migrate() {\n  npx prisma db push || true\n}\n"),
        ("scripts/deploy.sh", "x=$((1<<3))\nnpx prisma db push\n"),
    ] {
        assert!(pushes(path, text), "{path}: {text}");
    }
}

#[test]
fn what_is_said_kept_or_thrown_away_is_left_alone() {
    for (path, text) in [
        ("package.json", "{ \"scripts\": { \"pretest\": \"prisma db push\", \"predev\": \"prisma db push\" } }"),
        ("package.json", "{ \"scripts\": { \"//\": \"prisma db push\" } }"),
        ("Dockerfile", "FROM node\nCOPY <<EOF /notes.txt\nRUN npx prisma db push\nEOF\n"),
        ("Dockerfile", "FROM node\nRUN cat <<EOF > notes\nnpx prisma db push\nEOF\n"),
        ("docker-compose.override.yml", "services:\n  api:\n    command: npx prisma db push\n"),
        (
            "docker-compose.yml",
            "services:\n  api:\n    command:\n      - sh\n      - -c\n      - npx prisma db push && npm run dev\n",
        ),
        (
            DEPLOY,
            "jobs:\n  a:\n    steps:\n      - run: |\n          cat > note <<EOF\n          npx prisma db push\n          EOF\n",
        ),
        (".circleci/config.yml", "jobs:\n  test:\n    steps:\n      - run: npx prisma db push\n"),
        (
            ".github/workflows/ci.yml",
            "jobs:\n  build:\n    services:\n      db:\n        image: postgres:16\n    steps:\n      - run: npx prisma db push\n",
        ),
        ("package.json", "{ \"scripts\": { \"db:sync\": \"prisma db push\", \"start\": \"node .\" } }"),
        (
            DEPLOY,
            "jobs:\n  publish:\n    services:\n      db:\n        image: postgres\n    steps:\n      - run: npx prisma db push\n",
        ),
        ("Makefile", "deploy: ## first; npx prisma db push\n\tnpm start\n"),
        ("scripts/deploy.sh", "usage() {\n  echo \"usage:\n  npx prisma db push\n\"\n}\n"),
        ("scripts/deploy.sh", "MESSAGE=\"run npx prisma db push\"\nlog \"no prisma db push\"\n"),
        ("scripts/deploy.sh", "cat <<< \"npx prisma db push\"\n"),
    ] {
        assert!(!pushes(path, text), "{path}: {text}");
    }
}

#[test]
fn a_job_deploys_by_what_stands_behind_it_too() {
    for (path, text) in [
        (".gitlab-ci.yml", "go:\n  script:\n    - npx prisma db push\n  environment:\n    name: production\n"),
        (".circleci/config.yml", "jobs:\n  deploy:\n    steps:\n      - run: npx prisma db push\n"),
        (
            "bitbucket-pipelines.yml",
            "pipelines:\n  default:\n    - step:\n        script:\n          - npx prisma db push\n        name: Deploy\n",
        ),
    ] {
        assert_eq!(
            push(path, text).map(|(_, deploys, playground, _)| (deploys, playground)),
            Some((true, false)),
            "{text}"
        );
    }
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
