#!/bin/sh
# Makes the context of the image: FOLDER/amd64/ferricorn and FOLDER/arm64/ferricorn, linked statically against musl.
#   programs.sh FOLDER
# It takes them out of the wheels for musl, so that the image and the wheel hold the same bytes: `cargo dev wheel --all` first.
set -eu
folder=${1:?folder}
root=$(cd "$(dirname "$0")/../.." && pwd)
for pair in x86_64:amd64 aarch64:arm64; do
    machine=${pair%:*} name=${pair#*:}
    # The newest one, should there be several versions.
    wheel=$(ls -t "$root"/target/wheels/ferricorn-*-musllinux_*_"$machine".whl 2>/dev/null | head -1)
    [ -n "$wheel" ] || { echo "no wheel for musl on $machine in target/wheels: run cargo dev wheel --all" >&2; exit 1; }
    mkdir -p "$folder/$name"
    python3 - "$wheel" "$folder/$name/ferricorn" <<'PYTHON'
import pathlib, sys, zipfile

with zipfile.ZipFile(sys.argv[1]) as wheel:
    name = next(name for name in wheel.namelist() if name.endswith("/scripts/ferricorn"))
    pathlib.Path(sys.argv[2]).write_bytes(wheel.read(name))
PYTHON
    chmod 755 "$folder/$name/ferricorn"
    # A program that names a loader is not static: it would not start in an empty image.
    if grep -aq 'ld-musl-\|ld-linux' "$folder/$name/ferricorn"; then
        echo "the program for $machine is not linked statically" >&2
        exit 1
    fi
done
