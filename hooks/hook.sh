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

# So that nothing is said where there is nothing to judge, and a refusal says how to go on.
export DRIFTGATE_HOOK="$hook"

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

# The newest commit of $1's history that a branch under one of the other names has as well; nothing where none has.
fork_point() {
    tip=$1
    shift
    # One id a word.
    # shellcheck disable=SC2046
    set -- $(git for-each-ref --format='%(objectname)' "$@" 2>/dev/null)
    if [ $# -gt 0 ]; then git merge-base "$tip" "$@" 2>/dev/null | head -n 1; fi
}

# Judges an update of the branch $3 from $1 to $2. A new one is judged from the first of the further arguments that is
# here, else from where it left any branch that is known here; where there is none, it is judged as a whole, which is said.
check_update() {
    old=$1
    new=$2
    branch=$3
    shift 3
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
    base=$(fork_point "$new" "$branches")
    if [ -z "$base" ] && [ "$hook" = pre-push ]; then base=$(fork_point "$new" refs/remotes); fi
    if [ -n "$base" ]; then
        check --from "$base" --to "$new"
        return
    fi
    echo "driftgate: $branch shares no history with a branch known here: its whole state is judged, old drift too" >&2
    check --all --at "$new"
}

case $hook in
    pre-commit | pre-merge-commit)
        exec "$driftgate" check --staged
        ;;
    pre-push)
        branches=refs/remotes/$1
        while read -r _ new ref old; do
            case $ref in '' | refs/tags/* | refs/notes/*) continue ;; esac
            if is_zero "$new"; then continue; fi
            check_update "$old" "$new" "$ref" "$branches/HEAD" "$branches/main" "$branches/master"
        done <<LINES
$input
LINES
        ;;
    pre-receive | update)
        branches=refs/heads
        while read -r old new ref; do
            case $ref in refs/heads/*) ;; *) continue ;; esac
            if is_zero "$new"; then continue; fi
            check_update "$old" "$new" "$ref" HEAD
        done <<LINES
$input
LINES
        ;;
esac
exit "$status"
