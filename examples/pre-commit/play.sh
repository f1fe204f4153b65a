#!/bin/sh
# The pre-commit framework, from a machine without driftgate to a refused and then accepted commit. Needs `pre-commit`.
. "$(dirname "$0")/../lib.sh"
machine
export PRE_COMMIT_HOME="$scratch/cache" PRE_COMMIT_COLOR=never

# pre-commit clones what the configuration names; git finds it in this copy of the repository.
git init --quiet --initial-branch=main "$scratch/driftgate"
cp "$examples/../.pre-commit-hooks.yaml" "$scratch/driftgate"
git -C "$scratch/driftgate" add --all
git -C "$scratch/driftgate" commit --quiet -m "The hooks"
git -C "$scratch/driftgate" tag v0.1.0
unset GIT_CONFIG_GLOBAL
git config --global "url.file://$scratch/driftgate.insteadOf" https://github.com/driftgate/driftgate

echo '# The hook driftgate-system takes the driftgate on the PATH; driftgate-bin installs a wheel, driftgate builds it.'
show tar -xzf ../downloads/driftgate.tar.gz -C "$scratch/bin"
git init --quiet --initial-branch=main .
cp -R "$examples/prisma-postgres/." .
cp "$examples/pre-commit/.pre-commit-config.yaml" .
show cat .pre-commit-config.yaml
show pre-commit install
git add --all
show git commit --quiet -m "Start from the sample"
echo
echo '# A column is declared; its migration was generated and not added: refused.'
cp -R "$examples/untracked-migration/change/." .
git add prisma/schema.prisma
show git commit --quiet -m "Store a hash of refresh tokens"
echo
echo '# With the migration: accepted.'
show git add prisma/migrations/20260212101500_add_token_hash
show git commit --quiet -m "Store a hash of refresh tokens"
