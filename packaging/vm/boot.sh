#!/bin/sh
# Boots the machine of root.sh with a folder as its job, prints what the job prints, and ends with the machine:
#   boot.sh MACHINE JOB      JOB/run is run as root; its exit code is the last line
#
# CPUS (2), MEMORY in MiB (2048), LIMIT in seconds (3000), CONSOLE: a file for what the kernel says.
# The processor is emulated: /dev/kvm may open on a machine that is a guest itself, and a kernel hangs on it.
# The image is never written to.
set -eu
machine=${1:?folder of root.sh} job=${2:?folder with a file `run`}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -C "$job" -cf "$work/job" .
# A disk is whole sectors.
truncate -s %1M "$work/job"
: >"$work/output"
timeout "${LIMIT:-3000}" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp "${CPUS:-2}" -m "${MEMORY:-2048}" \
    -machine q35 -display none -nodefaults -no-reboot -nic none \
    -kernel "$machine/vmlinuz" \
    -append "root=/dev/nvme0n1 rw console=ttyS0 quiet systemd.unified_cgroup_hierarchy=1 systemd.show_status=0 panic=-1" \
    -drive "file=$machine/root.img,format=raw,if=none,id=root,snapshot=on" -device nvme,drive=root,serial=root \
    -drive "file=$work/job,format=raw,if=none,id=job,snapshot=on" -device nvme,drive=job,serial=job \
    -serial "file:${CONSOLE:-/dev/null}" -serial "file:$work/output" -device virtio-rng-pci &
qemu=$!
# Line by line, as it comes.
tail -n +1 -f "$work/output" --pid "$qemu" | sed -u 's|\r$||'
wait "$qemu" || echo "qemu: exit code $?"
