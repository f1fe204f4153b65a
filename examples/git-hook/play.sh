#!/bin/sh
# The git hook, from a machine without driftgate to a refused and then accepted commit.
. "$(dirname "$0")/../lib.sh"
machine

echo '# The archive of a release was downloaded. It holds one program, which needs nothing else.'
show tar -xzf ../downloads/driftgate.tar.gz -C "$scratch/bin"
echo
echo '# A repository with a Prisma schema and its migrations.'
git init --quiet --initial-branch=main .
cp -R "$examples/prisma-postgres/." .
git add --all
git commit --quiet -m "Start from the sample"
show driftgate init
show driftgate install
git add --all
show git commit --quiet -m "Let driftgate judge every commit"
echo
echo '# A column is declared and the schema committed without a migration: refused.'
cp "$examples/untracked-migration/change/prisma/schema.prisma" prisma/schema.prisma
show git commit --quiet --all -m "Store a hash of refresh tokens"
echo
echo '# `npx prisma migrate dev` has written the migration; it is not added yet: refused, and it is named.'
cp -R "$examples/untracked-migration/change/prisma/migrations" prisma
show git commit --quiet --all -m "Store a hash of refresh tokens"
echo
echo '# With the migration: accepted.'
show git add prisma/migrations/20260212101500_add_token_hash
show git commit --quiet --all -m "Store a hash of refresh tokens"
echo
echo '# A commit that has nothing to do with the schema: silence.'
echo shop >README.md
git add README.md
show git commit --quiet -m "Describe it"
show driftgate uninstall
