#!/bin/sh
# The GitHub Action: gets driftgate, deepens a shallow clone as far as the check needs, checks, and hands on what was found.
# Everything it is told comes in variables, so that no input is ever read as a command:
#
#   DRIFTGATE_ACTION_VERSION   latest, X.Y.Z, source (built with cargo) or system (from the PATH)
#   DRIFTGATE_ACTION_FROM, _TO, _PROJECT, _CONFIG, _FAIL_ON, _SARIF_FILE      options of `driftgate check`, if not empty
#   DRIFTGATE_ACTION_DEEPEN    true or false
#   GITHUB_ACTION_PATH, GITHUB_OUTPUT, GITHUB_STEP_SUMMARY, RUNNER_TEMP, RUNNER_OS, RUNNER_ARCH      set by the runner
set -eu
# Backquotes in messages are Markdown.
# shellcheck disable=SC2016

die() {
    printf '::error title=driftgate::%s. Nothing was checked\n' "$1"
    output exit-code 2
    exit 2
}

output() {
    printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:-/dev/null}"
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
temp=$(mktemp -d "${RUNNER_TEMP:-/tmp}/driftgate.XXXXXX")
trap 'rm -rf "$temp"' EXIT

# ---------------------------------------------------------------------------------------------------------- the binary

# The platform as Rust names it.
target() {
    case "${RUNNER_OS:-}-${RUNNER_ARCH:-}" in
        Linux-X64) echo x86_64-unknown-linux-musl ;;
        Linux-ARM64) echo aarch64-unknown-linux-musl ;;
        macOS-X64) echo x86_64-apple-darwin ;;
        macOS-ARM64) echo aarch64-apple-darwin ;;
        Windows-X64) echo x86_64-pc-windows-msvc ;;
        Windows-ARM64) echo aarch64-pc-windows-msvc ;;
        *) return 1 ;;
    esac
}

sha256() {
    if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# The version of the first release that checksums.txt lists; it lists the newest first.
newest() {
    sed -n 's/^[0-9a-f]\{64\}  driftgate-\([0-9]*\.[0-9]*\.[0-9]*\)-.*/\1/p' "$here/checksums.txt" | head -n 1
}

# Downloads a release. What it must be is known here beforehand: a version that checksums.txt does not list is refused.
download() {
    target=$(target) || die "there is no release for ${RUNNER_OS:-this system} on ${RUNNER_ARCH:-this processor}: use \`version: source\`"
    case $target in *windows*) archive=driftgate-$1-$target.zip ;; *) archive=driftgate-$1-$target.tar.gz ;; esac
    wanted=$(awk -v name="$archive" '$2 == name { print $1; exit }' "$here/checksums.txt")
    [ -n "$wanted" ] || die "no checksum of $archive is known to this revision of the action: use one that knows it, or \`version: latest\`"
    curl --proto '=https' --tlsv1.2 --fail --silent --show-error --location --retry 3 --max-filesize 100000000 \
        --output "$temp/$archive" "https://github.com/driftgate/driftgate/releases/download/v$1/$archive" ||
        die "$archive could not be downloaded"
    found=$(sha256 "$temp/$archive")
    [ "$found" = "$wanted" ] || die "$archive has the checksum $found, and $wanted was expected"
    mkdir "$temp/bin"
    case $archive in
        *.zip) unzip -q "$temp/$archive" -d "$temp/bin" ;;
        *) tar -xzf "$temp/$archive" -C "$temp/bin" ;;
    esac || die "$archive could not be unpacked"
    driftgate=$temp/bin/driftgate
    case $target in *windows*) driftgate=$driftgate.exe ;; esac
}

build() {
    command -v cargo >/dev/null 2>&1 || die "\`version: source\` needs cargo, and none was found on the PATH"
    cargo install --locked --quiet --path "${GITHUB_ACTION_PATH:-$here/../..}" --root "$temp" || die "driftgate could not be built"
    driftgate=$temp/bin/driftgate
}

bad_version='`version` must be latest, X.Y.Z, source or system'
version=${DRIFTGATE_ACTION_VERSION:-latest}
if [ "$version" = latest ]; then
    version=$(newest)
    # A revision of the action from before the first release: it knows its own source.
    [ -n "$version" ] || version=source
fi
case $version in
    source) build ;;
    system) driftgate=$(command -v driftgate) || die "\`version: system\` wants driftgate on the PATH, and it is not there" ;;
    *)
        # The first test alone sees lines that the second would take one by one.
        case $version in *[!0-9.]*) die "$bad_version" ;; esac
        printf '%s\n' "$version" | grep -Eqx '[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}' || die "$bad_version"
        download "$version"
        ;;
esac

# ------------------------------------------------------------------------------------------------------------ the check

sarif=${DRIFTGATE_ACTION_SARIF_FILE:-}
[ -n "$sarif" ] || sarif=${RUNNER_TEMP:-/tmp}/driftgate.sarif
case $sarif in *"
"*) die '`sarif-file` must be one line' ;; esac
rm -f -- "$sarif"

set -- check --format full --format sarif --output-file "$sarif"
if [ -n "${DRIFTGATE_ACTION_FROM:-}" ]; then
    set -- "$@" "--from=$DRIFTGATE_ACTION_FROM" "--to=${DRIFTGATE_ACTION_TO:-HEAD}"
elif [ -n "${DRIFTGATE_ACTION_TO:-}" ]; then
    die '`to` needs `from`'
fi
[ -z "${DRIFTGATE_ACTION_PROJECT:-}" ] || set -- "$@" "--project=$DRIFTGATE_ACTION_PROJECT"
[ -z "${DRIFTGATE_ACTION_CONFIG:-}" ] || set -- "$@" "--config=$DRIFTGATE_ACTION_CONFIG"
[ -z "${DRIFTGATE_ACTION_FAIL_ON:-}" ] || set -- "$@" "--fail-on=$DRIFTGATE_ACTION_FAIL_ON"

# Judges once; what it says is kept until it is known whether it could look.
judge() {
    code=0
    "$driftgate" "$@" >"$temp/stdout" 2>"$temp/stderr" || code=$?
}

# Whether the check failed for want of commits that a deeper clone has.
wants_more() {
    [ "$code" -eq 2 ] && [ "${DRIFTGATE_ACTION_DEEPEN:-true}" = true ] || return 1
    grep -q 'in this clone' "$temp/stderr"
}

fetch() {
    echo "driftgate: the base is not in this clone: git fetch $*" >&2
    git fetch --quiet --no-tags --no-recurse-submodules "$@" >&2
}

judge "$@"
if wants_more; then
    # One more commit is all that a pull request's merge needs; fifty are most pushes; the rest is the whole history.
    head=$(git rev-parse --verify --quiet HEAD)
    for depth in 1 50 all; do
        if [ "$depth" = all ]; then
            # Fifty commits may have been all there are: then only the branches are missing.
            shallow=$(git rev-parse --is-shallow-repository 2>/dev/null)
            [ "$shallow" != true ] || fetch --unshallow origin "$head" || break
            fetch origin '+refs/heads/*:refs/remotes/origin/*' || break
        else
            fetch --deepen="$depth" origin "$head" || break
        fi
        judge "$@"
        wants_more || break
    done
fi

cat "$temp/stdout"
cat "$temp/stderr" >&2

# Few open the log of a step that failed: what could not be checked is said where findings are. `%0A` is a line end.
if [ "$code" -eq 2 ]; then
    escape=$(printf '\033')
    said=$(sed -e "s/$escape\[[0-9;]*m//g" -e 's/%/%25/g' "$temp/stderr" | awk '{ printf "%s%s", end, $0; end = "%0A" }')
    printf '::error title=driftgate::%s\n' "$said"
fi

output exit-code "$code"
if [ -f "$sarif" ]; then
    # A quotation mark inside a text is escaped there, so only results have this key.
    output findings "$(grep -o '"ruleId"' "$sarif" | grep -c . || true)"
    output sarif-file "$sarif"
fi
exit "$code"
