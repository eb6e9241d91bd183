#!/usr/bin/env bash
# Runs the sandbox's tests of cgroups, and `herald doctor`, in a kernel that has cgroups of version 2 only: Debian's, booted by
# qemu (emulated: not every machine lends KVM) on the files of this one, read-only. As root, as root with a container's capabilities
# and a cgroup tree that is shown read-only, and as an ordinary user to whom a cgroup was delegated.
# Needs Debian's qemu-system-x86, busybox-static, cpio and jq, and apt-get to fetch a kernel (kept in target/cgroup-v2).
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in qemu-system-x86_64 busybox cpio jq apt-get; do
  command -v "$tool" > /dev/null || { echo "test-cgroup-v2 needs qemu-system-x86, busybox-static, cpio, jq and apt-get: $tool is missing" >&2; exit 69; }
done
KERNEL=$(apt-cache depends linux-image-amd64 | awk '/Depends:/ { print $2; exit }')
PATIENCE=900
kept=$PWD/target/cgroup-v2
work=$(mktemp -d "${TMPDIR:-/tmp}/herald-v2-XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 0755 "$work"

kernel() { # unpacked once
  [ ! -e "$kept/$KERNEL/boot" ] || return 0
  mkdir -p "$kept/$KERNEL"
  (cd "$work" && apt-get -qq download "$KERNEL" 2> /dev/null && dpkg-deb -x "$KERNEL"_*.deb "$kept/$KERNEL")
}
programs() { # where every user may read them
  cargo build --quiet --package herald --bin herald
  local test
  test=$(cargo test --quiet --package herald-sandbox --test it --no-run --message-format=json 2> /dev/null \
    | jq -r 'select(.executable != null and .target.name == "it") | .executable' | tail -1)
  strip -o "$work/it" "$test"
  strip -o "$work/herald" target/debug/herald
  chmod 0755 "$work/it" "$work/herald"
}
# Everything below the first process; each part says how it ended.
guest() {
  cat << 'SH'
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run
mkdir -m 0777 /run/user && cp WORK/it WORK/herald /run/ && cd /run
cat > /run/languages.toml << 'TOML'
[[language]]
id = "c"
name = "C"
source_name = "main.c"
extensions = ["c"]
tool = ["/usr/bin/gcc"]
version = ["{tool}", "--version"]
probe = """
#include <stdio.h>
int main(void) { puts("ok"); return 0; }
"""
[language.compile]
argv = ["{tool}", "-o", "{binary}", "{sources}"]
[language.run]
argv = ["{binary}"]
TOML
part() { # NAME COMMAND…
  local name=$1 code=0; shift
  echo "== $name"
  "$@" 2>&1 || code=$?
  echo "PART $name: $code"
}
as_user() { setpriv --reuid 60999 --regid 60999 --clear-groups --inh-caps -all -- env TMPDIR=/run/user HOME=/run/user "$@"; }
containers=0
as_container() { # COMMAND…: with what docker-compose.yml gives the worker, in a group of its own whose tree is read-only
  local group
  containers=$((containers + 1)); group=/sys/fs/cgroup/container-$containers
  mkdir "$group"
  sh -c 'echo $$ > "$0/cgroup.procs" && exec unshare -m -C "$@"' "$group" sh -c '
    umount /sys/fs/cgroup && mount -t cgroup2 cgroup /sys/fs/cgroup && mount -o remount,bind,ro /sys/fs/cgroup &&
    exec setpriv --bounding-set -all,+sys_admin,+setuid,+setgid --inh-caps -all -- "$@"' sh "$@"
}
delegated() { # COMMAND…: in a group that belongs to the user
  sh -c 'echo $$ > /sys/fs/cgroup/judge/worker/cgroup.procs && exec "$@"' sh setpriv --reuid 60999 --regid 60999 \
    --clear-groups --inh-caps -all -- env TMPDIR=/run/user HOME=/run/user "$@"
}
# Not those that measure CPU time: an emulated processor is too slow for them.
TESTS='a_run_without cgroups_go required without_cgroups memory_of_a_dead_child all_of_a_run every_layer nothing_starts self_attack'
DOCTOR="/run/herald doctor --languages /run/languages.toml"
echo '+memory +pids' > /sys/fs/cgroup/cgroup.subtree_control
uname -r; grep cgroup /proc/filesystems; mount | grep cgroup
part 'doctor as root' $DOCTOR --data /run/data
part 'tests as root' /run/it --as-container $TESTS
# The first needs the right to kill what others run, which the worker of a container does not have.
part 'tests as a container' as_container /run/it --as-container ${TESTS#* }
part 'doctor as a container' as_container $DOCTOR --data /run/data
part 'doctor as a user without a cgroup' as_user $DOCTOR --data /run/user/data
mkdir /sys/fs/cgroup/judge && mkdir /sys/fs/cgroup/judge/worker
chown -R 60999:60999 /sys/fs/cgroup/judge
part 'doctor as a user with a delegated cgroup' delegated $DOCTOR --data /run/user/data --sandbox-cgroup-parent /sys/fs/cgroup/judge
part 'tests as a user with a delegated cgroup' delegated env HERALD_TEST_CGROUP_PARENT=/sys/fs/cgroup/judge /run/it --as-ordinary-user $TESTS
part 'groups that are left' sh -c 'find /sys/fs/cgroup -name "herald-run-*" | grep . && exit 1; exit 0'
echo THE END
SH
}
initramfs() {
  local modules=$kept/$KERNEL/lib/modules/${KERNEL#linux-image-}/kernel root=$work/initramfs module
  mkdir -p "$root/bin" "$root/new"
  cp "$(command -v busybox)" "$root/bin/"
  cat > "$root/init" << 'SH'
#!/bin/busybox sh
busybox mkdir -p /proc && busybox mount -t proc proc /proc
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci netfs fscache 9pnet 9pnet_virtio 9p; do
  [ -e /$module.ko ] && busybox insmod /$module.ko
done
busybox mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose host /new || busybox poweroff -f
busybox mount -t proc proc /new/proc && busybox mount -t sysfs sysfs /new/sys && busybox mount -t devtmpfs dev /new/dev
busybox mount -t tmpfs -o mode=0755 run /new/run && busybox mount -t cgroup2 -o nsdelegate cgroup /new/sys/fs/cgroup
busybox mount -t securityfs securityfs /new/sys/kernel/security
busybox cp /bin/busybox /new/run/busybox
exec busybox switch_root /new /run/busybox sh -c 'bash WORK/guest; /run/busybox poweroff -f'
SH
  sed -i "s|WORK|$work|" "$root/init"
  chmod 0755 "$root/init"
  for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci netfs fscache 9pnet 9pnet_virtio 9p; do
    find "$modules" -name "$module.ko" -exec cp {} "$root/" \;
  done
  guest | sed "s|WORK|$work|g" > "$work/guest"
  (cd "$root" && find . | cpio --quiet -o -H newc > "$work/initrd")
}

kernel
programs
initramfs
timeout "$PATIENCE" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 3072 -nographic -no-reboot -nic none \
  -kernel "$kept/$KERNEL/boot/vmlinuz-${KERNEL#linux-image-}" -initrd "$work/initrd" \
  -append "console=ttyS0 loglevel=1 panic=-1 systemd.unified_cgroup_hierarchy=1" \
  -fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap -device virtio-9p-pci,fsdev=host,mount_tag=host \
  < /dev/null 2>&1 | tr -d '\r' | tee "$work/console"

# A user without a cgroup is not safe to run strangers' programs: there, and only there, doctor has to say so.
wrong=$(grep '^PART ' "$work/console" | grep -v ': 0$' | grep -v '^PART doctor as a user without a cgroup: 1$' || true)
parts=$(grep -c '^PART ' "$work/console" || true)
if [ -n "$wrong" ] || [ "$parts" != 8 ] || ! grep -q '^THE END' "$work/console"; then
  echo "test-cgroup-v2: $parts of 8 parts came to an end; not well: ${wrong:-none}" >&2
  exit 1
fi
echo "cgroups of version 2: $(grep -c '^test .* ok$' "$work/console") tests, five times doctor, in $SECONDS s"
