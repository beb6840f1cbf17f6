#!/usr/bin/env bash
# Brings Pythons that are newer than this machine's into a folder, from Debian's packages, and leaves the system as it is:
#   pythons.sh FOLDER 3.14 3.15      interpreters at FOLDER/root/usr/bin/python3.X
#
# The packages come from a newer suite (SUITE, by default sid) through an apt with settings of its own, which checks their
# signatures. Each program is pointed at the C library that came with it, so that it runs outside a chroot, makes virtual
# environments, and loads wheels from PyPI. It needs apt, dpkg-deb and patchelf, and no root.
set -euo pipefail
folder=$(realpath -m "${1:?folder}")
shift
apt=$folder/apt
mkdir -p "$apt"/{etc/sources.list.d,etc/preferences.d,etc/apt.conf.d,state/lists/partial,cache/archives/partial}
mkdir -p "$folder/root"
: >>"$apt/state/status"
mirror=$(awk '/^URIs:/ {print $2; exit}' /etc/apt/sources.list.d/*.sources)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror ${SUITE:-sid} main" >"$apt/etc/sources.list"
cat >"$apt/apt.conf" <<END
Dir::Etc "$apt/etc";
Dir::Etc::sourcelist "$apt/etc/sources.list";
Dir::Etc::sourceparts "$apt/etc/sources.list.d";
Dir::State "$apt/state";
Dir::State::status "$apt/state/status";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
# A mirror's copy of a moving suite may be older than the suite's date of validity. Its signature is checked all the same.
Acquire::Check-Valid-Until "false";
END
export APT_CONFIG=$apt/apt.conf
apt-get -qq update
# `-venv` brings the interpreter and the wheel of pip.
packages=("${@/#/python}")
apt-get -qq install -y --download-only --no-install-recommends "${packages[@]/%/-venv}"
for package in "$apt"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$folder/root"
done
libraries=$(find "$folder/root" -name '*.so*' -printf '%h\n' | sort -u | grep -E '/lib/[a-z0-9_]+-linux-gnu$' | paste -sd:)
loader=$(find "$folder/root/" -name 'ld-linux*.so*' | head -1)
for version in "$@"; do
    program=$folder/root/usr/bin/python$version
    patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$libraries" "$program"
    "$program" -VV
done
