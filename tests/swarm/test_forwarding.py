"""Network namespaces of an engine, in which forwarding is switched on: made here as an engine makes them."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.engines

# The program runs beside this; a namespace is made, shown at a file, looked at, and made anew at the same file.
SCRIPT = """
set -e
mount -t tmpfs tmpfs /mnt
echo 0 >/proc/sys/net/ipv4/ip_forward
"$0" -m tui.playground.forwarding /mnt/netns &
program=$!
trap 'kill $program' EXIT
setting=/proc/sys/net/ipv4/ip_forward
here() { nsenter --net="$1" cat $setting; }
until_on() {
    for look in $(seq 300); do
        [ "$(here "$1")" = 0 ] || break
        sleep 0.1
    done
    echo "$1 $(here "$1")"
}
mkdir /mnt/netns
touch /mnt/netns/no-namespace-yet
for time in first second; do
    touch /mnt/netns/ingress_sbox
    unshare -n sh -c "echo 0 >$setting && mount --bind /proc/self/ns/net /mnt/netns/ingress_sbox"
    until_on /mnt/netns/ingress_sbox
    umount /mnt/netns/ingress_sbox
done
echo "its own $(cat $setting)"
[ "$(readlink /proc/$program/ns/net)" = "$(readlink /proc/$$/ns/net)" ] && echo "it stays where it was"
"""


def test_every_namespace_of_the_engine_passes_packets_on() -> None:
    done = subprocess.run(
        ["unshare", "--mount", "--net", "sh", "-c", SCRIPT, sys.executable],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout.splitlines(), done.stderr, done.returncode) == (
        [
            "/mnt/netns/ingress_sbox 1",
            "/mnt/netns/ingress_sbox 1",
            "its own 0",
            "it stays where it was",
        ],
        "",
        0,
    )
