#!/bin/sh
# Runs a command that installs packages in such a way that the services they bring are neither started nor left enabled.
#
#   quietly.sh "SERVICE …" COMMAND [ARGUMENT …]
#
# It goes on to its end whatever becomes of the program that started it: a package must not be left half installed.
trap '' HUP INT PIPE TERM
services=$1
shift

policy=/usr/sbin/policy-rc.d
saved=$policy.before-swarmtutor
mark='# Written by Swarmtutor for the time of one installation.'

put_back() {
    if grep -qsF "$mark" "$policy"; then rm -f "$policy"; fi
    if [ -e "$saved" ] || [ -L "$saved" ]; then mv -f "$saved" "$policy"; fi
}

trap put_back EXIT
put_back # what a machine that went down half way has left
if [ -n "$services" ]; then
    if [ -e "$policy" ] || [ -L "$policy" ]; then mv "$policy" "$saved"; fi
    {
        echo '#!/bin/sh'
        echo "$mark"
        for service in $services; do echo "case \"\$1\" in $service|$service.*) exit 101 ;; esac"; done
        echo "[ ! -x $saved ] || exec $saved \"\$@\""
        echo 'exit 0'
    } >"$policy"
    chmod 755 "$policy"
fi

"$@"
status=$?

for service in $services; do
    for unit in "$service.socket" "$service.service"; do
        [ -e "/lib/systemd/system/$unit" ] || continue
        if command -v systemctl >/dev/null; then systemctl disable --quiet "$unit"; else DPKG_MAINTSCRIPT_PACKAGE=$service deb-systemd-helper disable "$unit"; fi
    done
    if [ -e "/etc/init.d/$service" ]; then update-rc.d "$service" disable; fi
done
exit $status
