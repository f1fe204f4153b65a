#!/bin/sh
# GitLab CI: the `script` of .gitlab-ci.yml with the variables of a merge request's pipeline.
. "$(dirname "$0")/../lib.sh"
machine
tar -xzf ../downloads/driftgate.tar.gz -C "$scratch/bin"
script=$(sed -n 's/^    - \(driftgate check .*\)$/\1/p' "$examples/gitlab-ci/.gitlab-ci.yml")

git init --quiet --initial-branch=main .
cp -R "$examples/prisma-postgres/." .
git add --all
git commit --quiet -m "Start from the sample"
git switch --quiet --create token-hash

# A pipeline of the merge request, in a clone as the runner makes it.
pipeline() {
  rm -rf "$scratch/job"
  git clone --quiet --branch token-hash "file://$work" "$scratch/job"
  cd "$scratch/job"
  git checkout --quiet --detach
  export GITLAB_CI=true CI_MERGE_REQUEST_IID=7 CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main NO_COLOR=1
  CI_MERGE_REQUEST_DIFF_BASE_SHA=$(git merge-base origin/main HEAD)
  export CI_MERGE_REQUEST_DIFF_BASE_SHA
  # The words of the script are its arguments.
  # shellcheck disable=SC2086
  show $script
  show cat gl-code-quality-report.json
  cd "$work"
}

echo '# A merge request with the schema alone: refused.'
cp "$examples/untracked-migration/change/prisma/schema.prisma" prisma/schema.prisma
git commit --quiet --all -m "Store a hash of refresh tokens"
pipeline
echo
echo '# With the migration: accepted.'
cp -R "$examples/untracked-migration/change/prisma/migrations" prisma
git add --all
git commit --quiet -m "Add the migration"
pipeline
