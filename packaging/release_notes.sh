#!/bin/sh
# Prints what CHANGELOG.md says of a version, for its page, and fails unless that is the version of Cargo.toml.
#   release_notes.sh 1.2.3
set -eu
version=${1:?version}
root=$(cd "$(dirname "$0")/.." && pwd)
if ! grep -qx "version = \"$version\"" "$root/Cargo.toml"; then
    echo "Cargo.toml does not have the version $version" >&2
    exit 1
fi
notes=$(awk -v heading="## $version" '
    index($0, "## ") == 1 { found = index($0, heading) == 1; next }
    found { print }
' "$root/CHANGELOG.md")
if [ -z "$notes" ]; then
    echo "CHANGELOG.md has no section \"## $version\"" >&2
    exit 1
fi
printf '%s\n' "$notes"
