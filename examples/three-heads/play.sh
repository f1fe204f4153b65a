#!/bin/sh
# Three branches leave one revision and add one each. They are merged on the forge, where git sees no conflict, and
# `alembic upgrade head` refuses to run. Then the repair goes wrong twice.
. "$(dirname "$0")/../lib.sh"
start sqlalchemy-postgres

# revision ID SLUG PARENT BODY: writes a revision; PARENT is written as it stands.
revision() {
  cat > "alembic/versions/$1_$2.py" <<PYTHON
"""$(echo "$2" | tr _ ' ')

Revision ID: $1
Create Date: 2026-02-12 10:15:00.000000

"""

import sqlalchemy as sa
from alembic import op

revision: str = "$1"
down_revision: str | tuple[str, ...] | None = $3


def upgrade() -> None:
    $4


def downgrade() -> None:
    $5
PYTHON
}

# branch NAME ID TABLE COLUMN: a branch off main whose one commit adds a column and its revision. The hook lets it pass:
# on its own it has one head.
branch() {
  git switch --quiet --create "$1" main
  awk -v table="\"$3\"" -v line="    $4: Mapped[str | None] = mapped_column(String(80))" \
    '{ print } $1 == "__tablename__" && $3 == table { print ""; print line }' app/models.py > models.new
  mv models.new app/models.py
  revision "$2" "add_$4" '"8b52e0c4a619"' \
    "op.add_column(\"$3\", sa.Column(\"$4\", sa.String(length=80), nullable=True))" "op.drop_column(\"$3\", \"$4\")"
  git add --all
  show git commit --quiet -m "Add $3.$4"
}

echo '# Each branch has one head: accepted.'
branch display-name a1f0c3d5e7b9 users display_name
branch locale b2e1d4c6f8a0 users locale
branch user-agent c3d2e5b7a9f1 refresh_tokens user_agent

echo
echo '# The first is merged. The second is judged with what main has become: refused before there are two heads.'
git switch --quiet main
git merge --quiet --no-edit display-name >/dev/null
show "$DRIFTGATE" check --from main --to locale
echo
echo '# Where a merge is committed with the hook installed, it is refused as well.'
show git merge --quiet --no-edit user-agent
git merge --abort
echo
echo '# Both are merged all the same, where no hook runs: three heads.'
for name in locale user-agent; do
  git merge --quiet --no-edit --no-verify "$name" >/dev/null 2>&1 || {
    # Both sides added a line at one place of the model: keep both.
    grep -v -e '^<<<<<<<' -e '^=======' -e '^>>>>>>>' app/models.py > models.new
    mv models.new app/models.py
    git add --all
    git commit --quiet --no-verify --no-edit
  }
done
show "$DRIFTGATE" check --all
echo
echo '# The first repair: a merge revision that says it comes after nothing.'
revision d4c3f6a8b0e2 merge_three_branches None pass pass
git add --all
show git commit --quiet -m "Merge the heads"
echo
echo '# The second: it joins two of the three.'
revision d4c3f6a8b0e2 merge_three_branches '("a1f0c3d5e7b9", "b2e1d4c6f8a0")' pass pass
git add --all
show git commit --quiet -m "Merge the heads"
echo
echo '# All three: accepted.'
revision d4c3f6a8b0e2 merge_three_branches '("a1f0c3d5e7b9", "b2e1d4c6f8a0", "c3d2e5b7a9f1")' pass pass
git add --all
show git commit --quiet -m "Merge the heads"
show "$DRIFTGATE" graph
