#!/bin/sh
# A model gets a column, and no revision adds it. Alembic is content: the database is at its head, and only the first
# query of the new column shows that it is not there.
. "$(dirname "$0")/../lib.sh"
start sqlalchemy-postgres

cp -R "$examples/token-hash/change/app/." app
echo '# The model alone is staged: refused, with the column, the model'"'"'s line and the command.'
show git commit --quiet -a -m "Store a hash of refresh tokens"
echo
echo '# The revision is generated and forgotten: refused, and the file that was left behind is named.'
cp "$examples"/token-hash/change/alembic/versions/*.py alembic/versions
show git commit --quiet -a -m "Store a hash of refresh tokens"
echo
echo '# A pull request that was made without the hook: refused against its base.'
git switch --quiet --create token-hash
git commit --quiet --no-verify -a -m "Store a hash of refresh tokens"
show "$DRIFTGATE" check --base main
echo
echo '# With the revision: accepted, and the pull request as a whole is in order.'
show git add alembic/versions
show git commit --quiet -m "Add the revision"
show "$DRIFTGATE" check --base main
