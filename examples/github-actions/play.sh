#!/bin/sh
# GitHub Actions: the action's own script with the event of a pull request, in clones as actions/checkout makes them.
. "$(dirname "$0")/../lib.sh"
machine
tar -xzf ../downloads/driftgate.tar.gz -C "$scratch/bin"
action=$(cd "$examples/.." && pwd)

git init --quiet --initial-branch=main .
cp -R "$examples/prisma-postgres/." .
git add --all
git commit --quiet -m "Start from the sample"
git switch --quiet --create token-hash

# The test merge that GitHub makes of the pull request, and the event of it.
propose() {
  git branch --quiet --force merge main
  git switch --quiet merge
  git merge --quiet --no-ff -m "Merge token-hash into main" token-hash
  printf '{"number": 7, "pull_request": {"head": {"sha": "%s"}, "base": {"sha": "%s"}}}\n' \
    "$(git rev-parse token-hash)" "$(git rev-parse main)" >"$scratch/event.json"
  git switch --quiet token-hash
}

# A job on the pull request: a shallow clone of one commit, and the step of examples/github-actions/driftgate.yml.
step() {
  printf '\n- uses: driftgate/driftgate@v0\n'
  rm -rf "$scratch/job"
  git clone --quiet --depth 1 --branch merge "file://$work" "$scratch/job" 2>/dev/null
  : >"$scratch/summary"
  : >"$scratch/outputs"
  code=0
  (
    cd "$scratch/job"
    env GITHUB_ACTIONS=true GITHUB_EVENT_NAME=pull_request GITHUB_EVENT_PATH="$scratch/event.json" \
      GITHUB_WORKSPACE="$scratch/job" GITHUB_OUTPUT="$scratch/outputs" GITHUB_STEP_SUMMARY="$scratch/summary" \
      RUNNER_TEMP="$scratch" RUNNER_OS=Linux RUNNER_ARCH=X64 NO_COLOR=1 DRIFTGATE_ACTION_VERSION=system \
      sh "$action/hooks/action/run.sh"
  ) >"$scratch/output" 2>&1 || code=$?
  sed "s|$scratch|~|g" "$scratch/output"
  printf '(exit code %s)\n' "$code"
  printf '\n# The outputs of the step, and the summary of the job.\n\n'
  sed "s|$scratch|~|g" "$scratch/outputs"
  echo
  cat "$scratch/summary"
}

echo '# A pull request with the schema alone: refused. The clone has one commit; the base is fetched.'
cp "$examples/untracked-migration/change/prisma/schema.prisma" prisma/schema.prisma
git commit --quiet --all -m "Store a hash of refresh tokens"
propose
step
echo
echo '# The author pushes the migration: accepted.'
cp -R "$examples/untracked-migration/change/prisma/migrations" prisma
git add --all
git commit --quiet -m "Add the migration"
propose
step
