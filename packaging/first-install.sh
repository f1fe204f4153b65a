#!/usr/bin/env bash
# What the first installation of the hook `driftgate` (`language: rust`) costs on a machine that has pre-commit, cargo and
# nothing else of driftgate, in CPU time and in disk; and whether what was installed judges. The figures of
# docs/first-install.md.
#
#     packaging/first-install.sh [COMMIT]
#
# pre-commit itself does it; `.ci/oracles` installs one, else the one on the PATH is taken. It keeps its clone, with the
# folder `target` in it, and cargo keeps what it downloaded: both are counted.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$(pwd)
commit=$(git rev-parse --verify "${1:-HEAD}^{commit}")
pre_commit=$root/target/oracles/pre-commit/bin/pre-commit
[ -x "$pre_commit" ] || pre_commit=$(command -v pre-commit) || { echo "pre-commit is not here: run .ci/oracles" >&2; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

export PRE_COMMIT_HOME=$dir/pre-commit PRE_COMMIT_COLOR=never CARGO_HOME=$dir/cargo CARGO_TERM_COLOR=never
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_AUTHOR_NAME=dev GIT_AUTHOR_EMAIL=dev@example.com
export GIT_COMMITTER_NAME=dev GIT_COMMITTER_EMAIL=dev@example.com
unset CARGO_TARGET_DIR CARGO_INCREMENTAL RUSTFLAGS
git init --quiet "$dir/repo"
cd "$dir/repo"
cp -R "$root/examples/prisma-postgres/." .
printf 'repos:\n  - repo: file://%s\n    rev: %s\n    hooks:\n      - id: driftgate\n' "$root" "$commit" >.pre-commit-config.yaml
git add --all
git commit --quiet --message "Start"

# A pipe would be another shell, which has no children to count.
times >"$dir/before"
"$pre_commit" install-hooks >&2
times >"$dir/after"
before=$(tail -n 1 "$dir/before")
after=$(tail -n 1 "$dir/after")

cp -R "$root/examples/untracked-migration/change/." .
git add prisma/schema.prisma
if "$pre_commit" run >"$dir/refused"; then echo "the hook let a change pass" >&2; exit 1; fi
grep -q unstaged-migration "$dir/refused" || { cat "$dir/refused" >&2; exit 1; }
git add --all
"$pre_commit" run >"$dir/accepted" || { cat "$dir/accepted" >&2; exit 1; }

# `times` prints minutes and seconds of all children, user and system: 1m2.345s 0m6.789s.
seconds() {
    echo "$1 $2" | awk '{
        for (i = 1; i <= 4; i++) { split($i, t, /[ms]/); s[i] = t[1] * 60 + t[2] }
        printf "%.0f", s[3] + s[4] - s[1] - s[2]
    }'
}
megabytes() { du -sm "$@" | awk '{ sum += $1 } END { print sum }'; }
target=$(megabytes "$PRE_COMMIT_HOME"/repo*/target)

printf 'CPU time         %5s s\n' "$(seconds "$before" "$after")"
printf 'disk in all      %5s MB\n' "$(megabytes "$PRE_COMMIT_HOME" "$CARGO_HOME")"
printf '  target         %5s MB\n' "$target"
printf '  cargo registry %5s MB\n' "$(megabytes "$CARGO_HOME")"
printf '  clone, binary  %5s MB\n' "$(($(megabytes "$PRE_COMMIT_HOME") - target))"
printf 'crates           %5s\n' "$(find "$CARGO_HOME/registry/src" -mindepth 2 -maxdepth 2 -type d | wc -l)"
echo "a change without its migration was refused, and accepted with it"
