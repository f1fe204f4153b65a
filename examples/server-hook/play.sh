#!/bin/sh
# A bare repository that refuses pushes: nobody's own hooks are asked.
. "$(dirname "$0")/../lib.sh"
machine
tar -xzf ../downloads/driftgate.tar.gz -C "$scratch/bin"
git init --quiet --initial-branch=main .
cp -R "$examples/prisma-postgres/." .
git add --all
git commit --quiet -m "Start from the sample"
git clone --quiet --bare "file://$work" "$scratch/shop.git"
git remote add origin "file://$scratch/shop.git"
git fetch --quiet

echo '# On the server.'
cd "$scratch/shop.git"
show driftgate install
cd "$work"
echo
echo '# A branch with the schema alone, committed without hooks and pushed: refused.'
git switch --quiet --create token-hash
cp "$examples/untracked-migration/change/prisma/schema.prisma" prisma/schema.prisma
git commit --quiet --all -m "Store a hash of refresh tokens"
show git push --quiet origin token-hash
echo
echo '# With the migration: taken.'
cp -R "$examples/untracked-migration/change/prisma/migrations" prisma
git add --all
git commit --quiet -m "Add the migration"
show git push --quiet origin token-hash
