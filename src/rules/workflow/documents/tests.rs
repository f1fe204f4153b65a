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
    case("Makefile", "build:\n\ndeploy: build ; npx prisma db push\n\n\n", "the target deploy", true, false, 3);
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
fn variables_that_hold_each_other_come_to_an_end() {
    let make: String = (0..60).map(|n| format!("V{n} = $(V{m}) $(V{m})\n", m = n + 1)).collect();
    let just: String = (0..60).map(|n| format!("v{n} := \"{{{{v{m}}}}} {{{{v{m}}}}}\"\n", m = n + 1)).collect();
    assert!(pushes("Makefile", &format!("{make}deploy:\n\t$(V0)\n\tnpx prisma db push\n")));
    assert!(pushes("justfile", &format!("{just}deploy:\n  {{{{v0}}}}\n  npx prisma db push\n")));
}

#[test]
fn further_files_that_deploy_give_their_commands() {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\nspec:\n  template:\n    spec:\n      containers:\n        - name: api\n          image: x\n";
    let k8s = |rest: &str| format!("{job}{rest}");
    for (path, text) in [
        ("Jenkinsfile", "pipeline {\n  stages {\n    stage('Ship') {\n      steps {\n        sh 'npx prisma db push'\n      }\n    }\n  }\n}\n".to_owned()),
        ("ci/Jenkinsfile.prod", "node {\n  sh \"\"\"\n    npm ci\n    npx prisma db push\n  \"\"\"\n}\n".to_owned()),
        ("Jenkinsfile", "def out = sh(returnStdout: true, script: 'npx prisma db push').trim()\n".to_owned()),
        ("Jenkinsfile", "bat 'call npx prisma db push'\n".to_owned()),
        ("justfile", "set shell := [\"bash\", \"-c\"]\n\n# ships it\ndeploy env='x': build\n    @npx prisma db push\n".to_owned()),
        ("justfile", "prisma := \"npx prisma\"\n\nrelease:\n  {{prisma}} db push\n".to_owned()),
        ("justfile", "release: db-sync\n\ndb-sync:\n  -npx prisma \\\n    db push\n".to_owned()),
        ("Taskfile.yml", "version: '3'\ntasks:\n  release:\n    desc: ships\n    cmds:\n      - npm ci\n      - npx prisma db push\n".to_owned()),
        ("Taskfile.yml", "tasks:\n  ship: npx prisma db push\n".to_owned()),
        ("Taskfile.yml", "tasks:\n  ship:\n    cmds:\n      - cmd: npx prisma db push\n        silent: true\n".to_owned()),
        ("Taskfile.yml", "tasks:\n  deploy:\n    cmds:\n      - task: db-push\n  db-push:\n    cmds: [npx prisma db push]\n".to_owned()),
        ("k8s/migrate.yaml", k8s("          command: [\"sh\", \"-c\", \"npx prisma db push && node .\"]\n")),
        ("k8s/migrate.yaml", k8s("          command:\n            - sh\n            - -c\n          args:\n            - |\n              set -e\n              npx prisma db push\n")),
        ("deploy/app.yml", k8s("          command: [\"npx\", \"prisma\"]\n          args: [\"db\", \"push\"]\n")),
        ("charts/app/templates/job.yaml", "apiVersion: batch/v1\nkind: Job\nspec:\n  {{- if .Values.hooks }}\n  containers:\n    - name: {{ .Chart.Name }}\n      {{- with .Values.x }}\n      command:\n        - npx\n        - prisma\n        - db\n        - push\n      {{- end }}\n  {{- end }}\n".to_owned()),
        ("helm/values.yaml", "migrate:\n  command: [\"npx\", \"prisma\", \"db\", \"push\"]\n".to_owned()),
        ("k8s/config.yaml", "apiVersion: v1\nkind: ConfigMap\ndata:\n  start.sh: |\n    #!/bin/sh\n    npx prisma db push\n".to_owned()),
        ("cloudbuild.yaml", "steps:\n  - name: node\n    entrypoint: npx\n    args: ['prisma', 'db', 'push']\n".to_owned()),
        ("scripts/release.ps1", "$ErrorActionPreference = \"Stop\"\n& npx prisma `\n  db push\n".to_owned()),
        ("scripts/release.ps1", "Invoke-Expression \"npx prisma db push\"\n".to_owned()),
        ("scripts/release.cmd", "@echo off\r\nif not exist x (\r\n  call npx prisma db push\r\n)\r\n".to_owned()),
        ("scripts/release.bat", "node_modules\\.bin\\prisma.cmd ^\n  db push\n".to_owned()),
        ("heroku.yml", "build:\n  docker:\n    web: Dockerfile\nrelease:\n  image: web\n  command:\n    - npx prisma db push\n".to_owned()),
        ("heroku.yml", "run:\n  web: npx prisma db push && node .\n".to_owned()),
        ("render.yaml", "services:\n  - type: web\n    name: api\n    preDeployCommand: npx prisma db push\n".to_owned()),
        ("render.yaml", "services:\n  - type: web\n    dockerCommand: npx prisma db push\n".to_owned()),
        (".do/app.yaml", "services:\n- name: api\n  run_command: npx prisma db push && node .\n".to_owned()),
        ("railway.toml", "[deploy]\npreDeployCommand = [\"npx prisma db push\"]\n".to_owned()),
        ("railpack.json", "{\"steps\": {\"build\": {\"commands\": [\"npx prisma db push\"]}}}".to_owned()),
        ("vercel.json", "{\"buildCommand\": \"prisma db push && next build\"}".to_owned()),
        ("netlify.toml", "[build]\ncommand = \"npx prisma db push && next build\"\n".to_owned()),
        ("fly.production.toml", "[deploy]\nrelease_command = \"npx prisma db push\"\n".to_owned()),
    ] {
        assert!(pushes(path, &text), "{path}: {text}");
    }
}

#[test]
fn comments_prose_and_development_in_further_files_are_left_alone() {
    for (path, text) in [
        (
            "Jenkinsfile",
            "// sh 'npx prisma db push'\n/* sh 'npx prisma db push' */\necho 'sh npx prisma db push'\nsh 'npm ci'\n",
        ),
        ("Jenkinsfile", "stage('Test') { steps { sh 'npx prisma db push' } }\n"),
        ("Jenkinsfile", "description 'npx prisma db push'\nsh \"echo 'npx prisma db push'\"\n"),
        ("Jenkinsfile", "docker.image('postgres:16').withRun { sh 'npx prisma db push' }\n"),
        (
            "justfile",
            "# npx prisma db push\ndeploy: # npx prisma db push\n  # npx prisma db push\n  @echo npx prisma db push\n",
        ),
        ("justfile", "db-push:\n  npx prisma db push\n\ndev:\n  npx prisma db push\n  next dev\n"),
        ("justfile", "notes:\n  #!/usr/bin/env python3\n  prisma db push\n"),
        (
            "Taskfile.yml",
            "tasks:\n  release:\n    desc: npx prisma db push\n    # - npx prisma db push\n    summary: |\n      npx prisma db push\n    cmds: [echo npx prisma db push]\n",
        ),
        ("Taskfile.yml", "tasks:\n  db-push: npx prisma db push\n  test:\n    cmds:\n      - npx prisma db push\n"),
        (
            "k8s/a.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n    note: npx prisma db push\nspec:\n  containers:\n    - name: a\n      # command: [npx, prisma, db, push]\n      env:\n        - name: HINT\n          value: npx prisma db push\n",
        ),
        ("k8s/notes.yaml", "command: [npx, prisma, db, push]\n"),
        (
            "k8s/overlays/dev/a.yaml",
            "apiVersion: v1\nspec:\n  containers:\n    - name: a\n      command: [npx, prisma, db, push]\n",
        ),
        (
            "k8s/a.yaml",
            "apiVersion: v1\nspec:\n  containers:\n    - name: a\n      command: [npx, prisma]\n    - name: b\n      args: [db, push]\n",
        ),
        ("docs/app.yaml.md", "command: [npx, prisma, db, push]\n"),
        (
            "scripts/release.ps1",
            "<#\n npx prisma db push\n#>\n# npx prisma db push\nWrite-Host \"npx prisma db push\"\n$help = @\"\nnpx prisma db push\n\"@\n",
        ),
        ("scripts/release.bat", "REM npx prisma db push\n:: npx prisma db push\necho npx prisma db push\nrem it's\n"),
        ("scripts/dev.cmd", "npx prisma db push\n"),
        ("heroku.yml", "setup:\n  addons:\n    - plan: npx prisma db push\n# run:\n#   web: npx prisma db push\n"),
        (
            "render.yaml",
            "services:\n  - name: npx prisma db push\n    buildCommand: npm run build # npx prisma db push\n",
        ),
        ("vercel.json", "{\"comment\": \"npx prisma db push\"}"),
        ("railway.toml", "# startCommand = \"npx prisma db push\"\n"),
    ] {
        if let Some(kind) = Kind::of(&path.into()) {
            let source = Source::new(path.into(), text);
            let found = find(kind, &source);
            let push = |found: &Found| !found.playground && found.command.find(&["prisma", "db", "push"]).is_some();
            assert!(!found.iter().any(push), "{path}: {text}");
        }
    }
}

#[test]
fn further_files_say_where_a_command_stands() {
    let job = "apiVersion: v1\nmetadata:\n  name: api\nspec:\n  initContainers:\n    - command: [sh, -c]\n      args:\n        - npm ci && npx prisma db push\n      name: migrate\n";
    for (path, text, within, deploys, line) in [
        ("k8s/a.yaml", job, "the container migrate", true, 8),
        ("Jenkinsfile", "stage('Deploy it') {\n  sh 'npx prisma db push'\n}\n", "the stage Deploy it", true, 2),
        (
            "Jenkinsfile",
            "stage('Deploy') {\n}\nstage('Build') {\n  sh 'npx prisma db push'\n}\n",
            "the stage Build",
            false,
            4,
        ),
        ("justfile", "a:\n  ls\ndeploy:\n  ls\n  npx prisma db push\n", "the recipe deploy", true, 5),
        (
            "Taskfile.yml",
            "tasks:\n  deploy:\n    cmds:\n      - ls\n      - npx prisma db push\n",
            "the task deploy",
            true,
            5,
        ),
        ("deploy.ps1", "<# a\n b #>\nnpx prisma db push\n", "the script deploy.ps1", true, 3),
        ("deploy.bat", "rem a\nnpx prisma db push\n", "the script deploy.bat", true, 2),
        ("heroku.yml", "run:\n  web: npx prisma db push\n", "the process web", true, 2),
        (
            "cloudbuild.yaml",
            "steps:\n  - id: deploy\n    entrypoint: npx\n    args: [prisma, db, push]\n",
            "the step deploy",
            true,
            3,
        ),
    ] {
        assert_eq!(push(path, text), Some((within.to_owned(), deploys, false, line)), "{path}: {text}");
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
    fn no_text_is_too_strange(text in "\\PC{0,60}|[-a:|>#\"' \n\\\\<\t\u{e9}]{0,60}|(sh|stage| |\\(|'|\"|@|`|\\^|\\{|\\}|\n|:|#|/|\\*|<|>|script|\u{e9}|-|command|args|name|\\[|\\]|apiVersion:|tasks:|\\\\){0,40}") {
        for path in ["Jenkinsfile", "justfile", "Taskfile.yml", "k8s/a.yaml", "a.ps1", "a.bat", "heroku.yml", "cloudbuild.yaml", "package.json", "Dockerfile", "compose.yml", ".github/workflows/a.yml", "Procfile", "Makefile", "a.sh", "fly.toml"] {
            for found in found(path, &text) {
                found.place.text();
            }
        }
    }
}
