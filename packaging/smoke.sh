#!/bin/sh
# What an installed ferricorn must do wherever its wheel goes: serve, recycle and reload without loss, stop with 0.
#   smoke.sh      in a folder with an application `main:app`, with `ferricorn` and `python` on the PATH
set -eu
log=$(mktemp)
ferricorn main:app --bind 127.0.0.1:8123 --workers 2 --max-requests 100 --reload-probation 0 >"$log" 2>&1 &
master=$!
trap 'kill -9 "$master" 2>/dev/null || true; cat "$log"' EXIT
python - "$master" <<'PYTHON'
import os, signal, sys, time, urllib.request

def get():
    with urllib.request.urlopen("http://127.0.0.1:8123/", timeout=60) as answer:
        assert answer.status == 200
        answer.read()

until = time.monotonic() + 120
while True:
    try:
        get()
        break
    except OSError:
        assert time.monotonic() < until, "it does not serve"
        time.sleep(0.1)
for number in range(600):
    get()
    if number == 300:
        os.kill(int(sys.argv[1]), signal.SIGHUP)
print("601 requests over recycles and a reload: all answered")
PYTHON
kill -TERM "$master"
wait "$master"
trap - EXIT
grep -q 'reason=max-requests' "$log" && grep -q 'reason=reload' "$log" || { cat "$log"; echo "nothing was recycled or reloaded"; exit 1; }
echo "stopped with exit code 0"
