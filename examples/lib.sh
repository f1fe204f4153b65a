# What the plays share: a throw-away repository, and a way to show a command with its output and its exit code.
# Sourced by each play.sh; `DRIFTGATE` names the binary, `driftgate` from PATH by default.
set -eu
DRIFTGATE=${DRIFTGATE:-driftgate}
command -v "$DRIFTGATE" >/dev/null 2>&1 || {
  echo "$DRIFTGATE is not on the PATH; cargo installs to ~/.cargo/bin: export PATH=\"\$HOME/.cargo/bin:\$PATH\"" >&2
  exit 2
}
examples=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(cd "$(mktemp -d)" && pwd -P)
work=$scratch/shop
mkdir "$work"
trap 'rm -rf "$scratch"' EXIT
cd "$work"

# The repository is nobody's but the play's: no configuration of the machine gets in, dates are fixed.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=dev GIT_AUTHOR_EMAIL=dev@example.com GIT_COMMITTER_NAME=dev GIT_COMMITTER_EMAIL=dev@example.com
export GIT_AUTHOR_DATE='2026-02-12T10:15:00Z' GIT_COMMITTER_DATE='2026-02-12T10:15:00Z'
unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE GIT_PREFIX 2>/dev/null || true

# show COMMAND…: prints the command, runs it, prints its exit code where that is not 0. Never stops the play. The
# throw-away folder is printed as ~.
show() {
  line=
  for word in "$@"; do
    case $word in
      *[!-A-Za-z0-9_./:=@^,+]*) line="$line '$word'" ;;
      *) line="$line $word" ;;
    esac
  done
  printf '\n$%s\n' "$line" | sed "s|$scratch|~|g"
  code=0
  "$@" >"$scratch/output" 2>&1 || code=$?
  sed "s|$scratch|~|g; s/ *$//" "$scratch/output"
  [ "$code" -eq 0 ] || printf '(exit code %s)\n' "$code"
}

# start SAMPLE: a repository whose first commit is the sample, with the hook installed.
start() {
  git init --quiet --initial-branch=main .
  cp -R "$examples/$1/." .
  git add --all
  git commit --quiet -m "Start from the sample"
  "$DRIFTGATE" install >/dev/null
}

# machine: a machine with git and nothing of driftgate but the archive of a release, as it was downloaded.
machine() {
  mkdir -p "$scratch/bin" "$scratch/downloads" "$scratch/unpacked"
  cp "$(command -v "$DRIFTGATE")" "$scratch/unpacked/driftgate"
  tar -czf "$scratch/downloads/driftgate.tar.gz" -C "$scratch/unpacked" driftgate
  rm -r "$scratch/unpacked"
  HOME=$scratch PATH=$scratch/bin:$PATH
  export HOME PATH
  DRIFTGATE=driftgate
}
