#!/bin/sh
# Process number 1 of the kernel under test: makes a machine of this one's files, which can only be read, and of memory.
#   init.sh CONTROL_GROUPS CHECKOUT COMMAND [WORD]…
# CONTROL_GROUPS: v2; v1; hybrid; or leaf: v2 as in a container, where the group of all processes is not the topmost one.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb
modules=/usr/lib/uml/modules/$(uname -r)
end() { busybox poweroff -f; }

if [ "$0" != /run/init.sh ]; then
    # First, a root that can be written to. One overlay may lie upon another, and no third: a node's own is the second.
    mount -t tmpfs tmpfs /run
    insmod "$modules/kernel/fs/overlayfs/overlay.ko"
    mkdir /run/upper /run/work /run/root
    mount -t overlay overlay -o lowerdir=/,upperdir=/run/upper,workdir=/run/work /run/root
    cd /run/root || end
    mkdir -p "lib/modules/$(uname -r)" mnt
    mount --bind "$modules" "lib/modules/$(uname -r)"
    mount -t tmpfs tmpfs run
    cat "$0" >run/init.sh
    pivot_root . mnt
    exec sh /run/init.sh "$@"
fi

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm /var/lib/swarmtutor
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /var/lib/swarmtutor
umount -l /mnt
ip link set lo up
hostname other-kernel
modprobe loop # block devices, which this machine has none of
ulimit -n 65536
# This kernel has the older kind of tables only.
update-alternatives --set iptables "$(command -v iptables-legacy)" >/dev/null

# Go's programs are slow here, where a page fault and a signal cost fifty times as much: they are told to make fewer.
for program in dockerd docker; do
    real=$(command -v "$program")
    printf '#!/bin/sh\nexport GODEBUG=asyncpreemptoff=1 GOGC=400\nexec %s "$@"\n' "$real" >"/run/$program"
    chmod 755 "/run/$program"
    mv "/run/$program" "/usr/local/sbin/$program"
done

control_groups=$1 checkout=$2
shift 2
groups=/sys/fs/cgroup
case $control_groups in
v1 | hybrid)
    mount -t tmpfs tmpfs $groups
    for controller in cpu cpuacct memory devices freezer pids blkio; do
        mkdir "$groups/$controller"
        mount -t cgroup -o "$controller" cgroup "$groups/$controller" || rmdir "$groups/$controller"
    done
    mkdir $groups/systemd
    mount -t cgroup -o none,name=systemd cgroup $groups/systemd
    if [ "$control_groups" = hybrid ]; then
        mkdir $groups/unified
        mount -t cgroup2 cgroup2 $groups/unified
    fi
    ;;
*) mount -t cgroup2 cgroup2 $groups ;;
esac
cd "$checkout" || end
if [ "$control_groups" = leaf ]; then
    mkdir $groups/machine
    echo $$ >$groups/machine/cgroup.procs
    unshare -C -m sh -c "umount $groups && mount -t cgroup2 cgroup2 $groups && exec \"\$@\"" sh "$@"
else
    "$@"
fi </dev/null
echo "exit status $?"
end
