#!/bin/sh
# Starts a Linux kernel as an ordinary process, in namespaces of its own, in which it has no network and can write to
# nothing but memory. Ends with the status of the kernel, whose console is the standard output.
#   boot.sh KERNEL MEMORY [WORD OF THE KERNEL'S COMMAND LINE]…
set -e
kernel=$1 memory=$2
shift 2
mount -t tmpfs -o size=100% tmpfs /run
mkdir /run/uml
mount -o remount,bind,ro / 2>/dev/null || true # where it is no mount, the kernel below reads it only all the same
export TMPDIR=/run/uml
"$kernel" "mem=$memory" root=/dev/root rootfstype=hostfs rootflags=/ ro umid=kernel uml_dir=/run/uml/ \
    con=null ssl=null con0=null,fd:1 console=tty0 quiet loglevel=1 panic=-1 "$@" </dev/null 2>&1
exit $?
