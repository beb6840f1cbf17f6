#!/bin/sh
# Makes the root file system of the machine (Debian bookworm: systemd 252, control groups of version 2) and takes its kernel:
#   root.sh FOLDER      FOLDER/root.img and FOLDER/vmlinuz
#
# It needs root and a Debian mirror. There is no initramfs: nvme and ext4 are built into Debian's cloud kernel, so the disk
# is an nvme one. Nothing of the project is in the image: boot.sh brings it as a tar file on a second disk.
set -eu
folder=${1:?folder}
tree=$folder/tree
kernel=$folder/kernel
rm -rf "$tree" "$kernel" "$folder/root.img"
mkdir -p "$tree" "$kernel"

# As a stream: a folder would keep files of mmdebstrap's own.
mmdebstrap --quiet --variant=minbase --aptopt='APT::Install-Recommends "false"' \
    --include=systemd,systemd-sysv,dbus,python3,procps,iproute2,kmod,mount,util-linux \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' bookworm - | tar -C "$tree" -x

# The kernel is unpacked and not installed, since its scripts would make an initramfs.
package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
(cd "$kernel" && apt-get download -qq -o APT::Sandbox::User=root "$package" && dpkg-deb -x ./*.deb files)
cp "$kernel"/files/boot/vmlinuz-* "$folder/vmlinuz"
cp -r "$kernel/files/lib/modules" "$tree/usr/lib/"
chroot "$tree" /sbin/depmod "$(ls "$kernel/files/lib/modules")"

# The only service: it runs what is on the second disk, and the machine ends with it.
units=$tree/etc/systemd/system
mkdir -p "$units/default.target.wants" "$tree/etc/systemd/journald.conf.d"
cat >"$units/job.service" <<'UNIT'
[Unit]
After=multi-user.target systemd-journald.service
FailureAction=poweroff-force
SuccessAction=poweroff-force

[Service]
Type=oneshot
StandardOutput=file:/dev/ttyS1
StandardError=inherit
TimeoutStartSec=infinity
Environment=LANG=C.UTF-8 HOME=/root
ExecStart=/bin/sh -c 'mkdir -p /job && tar -C /job -xf /dev/nvme1n1 && cd /job && sh ./run; echo "exit code $?"'
UNIT
ln -s ../job.service "$units/default.target.wants/job.service"
ln -sf /lib/systemd/system/multi-user.target "$units/default.target"
printf '[Journal]\nRateLimitIntervalSec=0\nStorage=volatile\n' >"$tree/etc/systemd/journald.conf.d/machine.conf"
# Nothing else wants the processor, which is emulated.
for unit in systemd-timesyncd.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_reap.service \
    fstrim.timer getty@tty1.service serial-getty@ttyS0.service serial-getty@ttyS1.service systemd-networkd.service \
    systemd-resolved.service; do
    ln -sf /dev/null "$units/$unit"
done
echo machine >"$tree/etc/hostname"
echo '127.0.0.1 localhost machine' >"$tree/etc/hosts"
echo '/dev/nvme0n1 / ext4 defaults 0 0' >"$tree/etc/fstab"
: >"$tree/etc/machine-id"

truncate -s 3G "$folder/root.img"
mke2fs -q -t ext4 -O ^has_journal -d "$tree" "$folder/root.img"
rm -rf "$tree" "$kernel"
