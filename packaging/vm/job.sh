#!/bin/sh
# Makes the folder of a job: the checks for the machine, and end-to-end tests of some names.
#   job.sh REPOSITORY PROGRAM TESTS PACKAGES JOB [CHECK ...]
# PROGRAM and TESTS are what cargo has built, PACKAGES a folder of Python packages for Debian's 3.11.
# E2E: the names of end-to-end tests to run (`control_groups:: systemd::`), or nothing.
set -eu
repository=${1:?} program=${2:?} tests=${3:?} packages=${4:?} job=${5:?}
shift 5
rm -rf "$job"
mkdir -p "$job/repository" "$job/inside"
# The test program knows the path that it was built at: the files that it reads are put there, inside the machine.
git -C "$repository" ls-files -z | tar -C "$repository" --null -T - -cf - | tar -C "$job/repository" -xf -
cp "$repository"/packaging/vm/inside/*.py "$job/inside/"
mkdir -p "$job/repository/target/debug"
strip -o "$job/repository/target/debug/ferricorn" "$program"
strip -o "$job/tests" "$tests"

mkdir -p "$job/venv/bin" "$job/venv/lib/python3.11"
printf 'home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.2\n' >"$job/venv/pyvenv.cfg"
ln -s /usr/bin/python3 "$job/venv/bin/python3"
ln -s python3 "$job/venv/bin/python"
cp -r "$packages" "$job/venv/lib/python3.11/site-packages"

cat >"$job/run" <<RUN
mkdir -p /srv/shop '$repository'
cp -r repository/. '$repository'
cp inside/app.py /srv/shop/main.py
cp -r venv /srv/shop/.venv
cp '$repository/target/debug/ferricorn' /srv/shop/.venv/bin/
cp '$repository'/examples/systemd/ferricorn.* /srv/shop/
code=0
python3 -u inside/run.py $* || code=1
if [ -n '${E2E:-}' ]; then
    export FERRICORN_TEST_PYTHON=/srv/shop/.venv/bin/python
    cd '$repository/crates/ferricorn'
    /job/tests ${E2E:-} --test-threads 1 || code=1
fi
exit \$code
RUN
