#!/usr/bin/env bash
# What the first installation of the hook costs on a machine that has cargo and nothing else of driftgate: what
# `language: rust` of pre-commit does, with the CPU time and the disk it takes. The figures of docs/first-install.md.
#
#     packaging/first-install.sh [COMMIT]
#
# pre-commit keeps its clone, with the folder `target` in it, and cargo keeps what it downloaded: both are counted.
set -euo pipefail
cd "$(dirname "$0")/.."
commit=${1:-HEAD}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/clone"
git archive "$commit" | tar -x -C "$dir/clone"

export CARGO_HOME=$dir/cargo CARGO_TERM_COLOR=never
unset CARGO_TARGET_DIR CARGO_INCREMENTAL RUSTFLAGS
cd "$dir/clone"
# A pipe would be another shell, which has no children to count.
times >"$dir/before"
cargo install --quiet --bins --root "$dir/env" --path . >&2
times >"$dir/after"
before=$(tail -n 1 "$dir/before")
after=$(tail -n 1 "$dir/after")

# `times` prints minutes and seconds of all children, user and system: 1m2.345s 0m6.789s.
seconds() {
    echo "$1 $2" | awk '{
        for (i = 1; i <= 4; i++) { split($i, t, /[ms]/); s[i] = t[1] * 60 + t[2] }
        printf "%.0f", s[3] + s[4] - s[1] - s[2]
    }'
}
megabytes() { du -sm "$@" | awk '{ sum += $1 } END { print sum }'; }

printf 'CPU time         %5s s\n' "$(seconds "$before" "$after")"
printf 'disk in all      %5s MB\n' "$(megabytes "$dir/clone" "$dir/env" "$CARGO_HOME")"
printf '  target         %5s MB\n' "$(megabytes target)"
printf '  cargo registry %5s MB\n' "$(megabytes "$CARGO_HOME")"
printf '  clone, binary  %5s MB\n' "$(($(megabytes "$dir/clone" "$dir/env") - $(megabytes target)))"
printf 'crates           %5s\n' "$(find "$CARGO_HOME/registry/src" -mindepth 2 -maxdepth 2 -type d | wc -l)"
