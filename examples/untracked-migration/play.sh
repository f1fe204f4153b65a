#!/bin/sh
# The schema is committed, the migration that was generated with it is forgotten: it lies untracked in the working
# directory, so everything works on this machine and nowhere else.
. "$(dirname "$0")/../lib.sh"
start prisma-postgres

cp -R "$examples/untracked-migration/change/." .
show git status --short
echo
echo '# The schema alone is staged: refused, and the migration that was left behind is named.'
git add prisma/schema.prisma
show git commit --quiet -m "Store a hash of refresh tokens"
echo
echo '# `git commit -a` stages what is tracked and does not take the migration along: refused.'
show git commit --quiet -a -m "Store a hash of refresh tokens"
echo
echo '# A pull request that was made without the hook: refused against its base.'
git switch --quiet --create token-hash
show git commit --quiet --no-verify -m "Store a hash of refresh tokens"
show "$DRIFTGATE" check --base main
echo
echo '# With the migration: accepted, and the pull request as a whole is in order.'
show git add prisma/migrations/20260212101500_add_token_hash
show git commit --quiet -m "Add the migration"
show "$DRIFTGATE" check --base main
