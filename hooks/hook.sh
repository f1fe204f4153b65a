#!/bin/sh
@MARKER@
# Written by `driftgate install`. `driftgate uninstall` removes it and puts back the hook that was here before.
# That hook lies beside this one as @HOOK@.legacy and still runs first.

hook=@HOOK@
legacy=$(dirname -- "$0")/$hook.legacy

# What git says to the hook, one update a line; kept, because two programs want to read it.
case $hook in
    pre-push | pre-receive) input=$(cat) ;;
    update) input="$2 $3 $1" ;;
    *) input= ;;
esac

if [ -x "$legacy" ]; then
    case $hook in
        pre-push | pre-receive)
            if [ -n "$input" ]; then printf '%s\n' "$input"; fi | "$legacy" "$@" || exit $?
            ;;
        *) "$legacy" "$@" || exit $? ;;
    esac
fi

case ${DRIFTGATE_SKIP:-0} in
    0) ;;
    *)
        echo "driftgate: skipped $hook because DRIFTGATE_SKIP is set" >&2
        exit 0
        ;;
esac

driftgate=@BINARY@
if [ ! -x "$driftgate" ]; then
    driftgate=$(command -v driftgate) || {
        echo "driftgate: not found, neither at @BINARY_SHOWN@ nor on the PATH; nothing was checked" >&2
        echo "driftgate: install it (cargo install driftgate) and run \`driftgate install\` again," >&2
        echo "driftgate: or pass this once with DRIFTGATE_SKIP=1" >&2
        exit @MISSING@
    }
fi

# Judges a range; the worst exit code wins.
status=0
check() {
    code=0
    "$driftgate" check "$@" </dev/null || code=$?
    if [ "$code" -gt "$status" ]; then status=$code; fi
}

is_zero() {
    case $1 in
        *[!0]*) return 1 ;;
        *) return 0 ;;
    esac
}

is_here() {
    git cat-file -e "$1^{commit}" 2>/dev/null
}

# Judges an update of a branch from $1 to $2; further arguments name what a new branch may have come from.
check_update() {
    old=$1
    new=$2
    shift 2
    if ! is_zero "$old" && is_here "$old"; then
        check --from "$old" --to "$new"
        return
    fi
    for base in "$@"; do
        if is_here "$base"; then
            check --from "$base" --to "$new"
            return
        fi
    done
    check --all --at "$new"
}

case $hook in
    pre-commit | pre-merge-commit)
        exec "$driftgate" check --staged
        ;;
    pre-push)
        remote=refs/remotes/$1
        while read -r _ new ref old; do
            case $ref in '' | refs/tags/* | refs/notes/*) continue ;; esac
            if is_zero "$new"; then continue; fi
            check_update "$old" "$new" "$remote/HEAD" "$remote/main" "$remote/master"
        done <<LINES
$input
LINES
        ;;
    pre-receive | update)
        while read -r old new ref; do
            case $ref in refs/heads/*) ;; *) continue ;; esac
            if is_zero "$new"; then continue; fi
            check_update "$old" "$new" HEAD
        done <<LINES
$input
LINES
        ;;
esac
exit "$status"
