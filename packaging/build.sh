#!/usr/bin/env bash
# Builds everything of a release for one platform: the program, its archive, the wheel, the npm package.
#
#     packaging/build.sh TARGET PROFILE OUT [HOST]
#
# TARGET is one of targets.json. HOST is what is really compiled for, where that is another: a machine without musl tries
# the packages with the program of its own C library. Needs cargo, node and maturin (packaging/python/requirements.txt).
set -euo pipefail
target=$1 profile=$2 host=${4:-$1}
mkdir -p "$3"
out=$(cd "$3" && pwd)
cd "$(dirname "$0")/.."
root=$(pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}

# The field of a target in targets.json; nothing where it has none.
field() {
    node -p 'const [target, field] = process.argv.slice(1);
        require("./packaging/targets.json").find((t) => t.target === target)[field] ?? ""' "$target" "$1"
}

version=$(cargo pkgid | sed 's/.*[#@]//')
case $profile in dev) folder=debug ;; *) folder=$profile ;; esac
exe=
case $target in *windows*) exe=.exe ;; esac
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

# maturin compiles; the archive and the npm package take the same program.
mkdir "$temp/wheel"
compile=(--locked --profile "$profile" --out "$temp/wheel" --compatibility off)
if [ "$host" = "$target" ]; then
    compile+=(--target "$target")
    binary=$CARGO_TARGET_DIR/$target/$folder/driftgate$exe
else
    binary=$CARGO_TARGET_DIR/$folder/driftgate$exe
fi
(cd packaging/python && maturin build "${compile[@]}")
wheel=$(echo "$temp"/wheel/*.whl)
# A program without a C library of its own runs on every Linux.
tags=$(field wheel)
if [ -n "$tags" ] && [ "$host" = "$target" ]; then
    wheel=$temp/wheel/$(cd "$temp/wheel" && python3 -m wheel tags --remove --platform-tag "$tags" ./*.whl | tail -n 1)
fi
cp "$wheel" "$out/"

archive=driftgate-$version-$target.$(field archive)
mkdir "$temp/archive"
cp "$binary" README.md LICENSE-MIT LICENSE-APACHE "$temp/archive/"
chmod 755 "$temp/archive/driftgate$exe"
rm -f "$out/$archive"
case $archive in
    *.zip) (cd "$temp/archive" && 7z a -bd -tzip "$out/$archive" ./* >/dev/null) ;;
    *) tar -czf "$out/$archive" -C "$temp/archive" "driftgate$exe" README.md LICENSE-MIT LICENSE-APACHE ;;
esac

node packaging/npm/pack.mjs "$target" "$binary" "$out"
