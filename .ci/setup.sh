#!/usr/bin/env bash
# Set up what `make run` and `make test` need, and nothing that is there already.
#
#   .ci/setup.sh run    the program: a virtual environment, and as root on Debian the engine and its tools
#   .ci/setup.sh dev    the same plus what tests and checks need
#   .ci/setup.sh kernel the same plus another kernel to try it on
#   .ci/setup.sh browser  the same plus Chromium without a window
#   .ci/setup.sh screenshots  the same plus what makes pictures
#   .ci/setup.sh venv   only the virtual environment, with the tools of `make check`
#
# YES=1 skips the one question; without a terminal nobody is asked. PYTHON=… chooses the interpreter.
set -Eeuo pipefail

readonly GOAL=${1:?run, dev, kernel, browser, screenshots or venv}
readonly ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
readonly VENV=$ROOT/.venv

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
is_root() { [ "$(id -u)" -eq 0 ]; }
is_debian() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# ---------------------------------------------------------------------------------------------- what is missing

# An interpreter must be new enough, and able to make virtual environments (Debian keeps that in a package of its own).
python_is_new() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
python_makes_venvs() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

find_python() {
    local candidate candidates=(python3 /usr/bin/python3 python3.14 python3.13 python3.12 python3.11)
    if [ -n "${PYTHON:-}" ]; then candidates=("$PYTHON"); fi
    for candidate in "${candidates[@]}"; do
        if python_is_new "$candidate" && python_makes_venvs "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
}

# Releases after Debian 12 have the `docker` command in a package of its own.
docker_command_package() {
    if ! command -v docker >/dev/null && apt-cache show docker-cli 2>/dev/null | grep -q '^Package:'; then
        echo docker-cli
    fi
}

# Programs may come from elsewhere (an engine of docker.com's, for example); then Debian's package is not wanted.
missing_packages() {
    local package
    if [ ! -x "$VENV/bin/python" ] && [ -z "$(find_python)" ]; then
        installed python3 || echo python3
        echo python3-venv
    fi
    [ "$GOAL" != venv ] || return 0
    command -v dockerd >/dev/null || echo docker.io
    docker_command_package
    command -v docker-registry >/dev/null || echo docker-registry
    for package in iptables nftables iproute2 busybox-static openssh-client bash-completion kmod procps curl util-linux; do
        installed "$package" || echo "$package"
    done
    # Makes the base image of the tests' containers where no image can be pulled.
    [ "$GOAL" != dev ] || command -v mmdebstrap >/dev/null || echo mmdebstrap
    # Gives ids to the nodes of somebody who is not root; root's own need none.
    if [ "$GOAL" = dev ] || ! is_root; then command -v newuidmap >/dev/null || echo uidmap; fi
    # Runs in the nodes that play machines of somebody's own.
    [ "$GOAL" != dev ] || [ -x /usr/sbin/sshd ] || echo openssh-server
    # A Linux that runs as an ordinary process.
    [ "$GOAL" != kernel ] || command -v linux.uml >/dev/null || echo user-mode-linux
    # Draws the SVGs of the screen, in a font whose signs are as wide as a cell.
    [ "$GOAL" != screenshots ] || command -v rsvg-convert >/dev/null || echo librsvg2-bin
    [ "$GOAL" != screenshots ] || installed fonts-dejavu-core || echo fonts-dejavu-core
    # Shows what is served to browsers.
    [ "$GOAL" != browser ] || command -v chromium-headless-shell chromium >/dev/null || echo chromium-headless-shell
}

# ------------------------------------------------------------------------------------------- the system packages

apt_get=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)

ask() {
    local answer
    [ "${YES:-}" != 1 ] || return 0
    if [ -n "${CI:-}" ] || [ ! -t 0 ] || [ ! -t 2 ]; then
        say "no terminal to ask at: going on without a question."
        return 0
    fi
    read -r -p "setup: install them now? [Y/n] " answer
    case "$answer" in '' | [yY]*) return 0 ;; *) return 1 ;; esac
}

# The services that come in with packages which are new to this machine, by what apt-get says it would do.
new_services() {
    local package service
    while read -r package service; do
        if grep -q "^Inst $package " <<<"$1" && ! installed "$package"; then echo "$service"; fi
    done <<'SERVICES'
docker.io docker
containerd containerd
docker-registry docker-registry
openssh-server ssh
SERVICES
}

# Runs in a subshell, so that leaving it in any way removes the log.
install_packages() {
    local packages=("$@") plan removed services
    exec 9</var/lib/dpkg # one setup at a time
    flock 9
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    trap 'exit 130' INT TERM HUP
    say "reading the package lists"
    "${apt_get[@]}" update >"$log" 2>&1 || { cat "$log" >&2; die "apt-get update failed (see above)."; }
    case " ${packages[*]} " in
    *' docker-cli '*) ;;
    *' docker.io '*) mapfile -t -O ${#packages[@]} packages < <(docker_command_package) ;;
    esac
    plan=$("${apt_get[@]}" install --simulate --no-install-recommends "${packages[@]}" 2>"$log") ||
        { cat "$log" >&2; die "apt-get cannot install these packages (see above)."; }
    removed=$(sed -n 's/^Remv \([^ ]*\).*/\1/p' <<<"$plan" | sort -u)
    case "$removed" in
    '') ;;
    busybox) say "busybox makes way for busybox-static, which can do all that it does." ;;
    *) die "apt-get would remove $(tr '\n' ' ' <<<"$removed")for them, so nothing was installed." ;;
    esac
    mapfile -t services < <(new_services "$plan")
    say "installing $(grep -c '^Inst ' <<<"$plan") packages"
    # An engine of the distribution would start by itself. Whatever was there before is not touched.
    sh "$ROOT/tui/tutor/quietly.sh" "${services[*]}" \
        "${apt_get[@]}" install -y --no-install-recommends "${packages[@]}" >"$log" 2>&1 ||
        { tail -n 40 "$log" >&2; die "apt-get install failed (see above)."; }
    [ ${#services[@]} -eq 0 ] ||
        say "neither started nor enabled (Swarmtutor runs engines of its own): ${services[*]}"
}

set_up_system() {
    local packages
    mapfile -t packages < <(missing_packages)
    [ ${#packages[@]} -gt 0 ] || return 0
    if ! is_debian; then
        say "this is no Debian, so nothing can be installed from here; a Docker Engine, docker-registry, iptables," \
            "nftables, iproute2, a static busybox, an ssh client, kmod, procps and curl are needed to make nodes."
        return
    fi
    say "these Debian packages are missing: ${packages[*]}"
    if ! is_root; then
        say "only root can install them; to do it, run this again with sudo."
    elif ! ask; then
        say "nothing was installed; to do it later: apt-get install --no-install-recommends ${packages[*]}"
    else
        (install_packages "${packages[@]}") || say "going on without them."
        hash -r
    fi
}

# --------------------------------------------------------------------------------------- the virtual environment

# What the environment was made from: a change of any of these makes it anew or brings it up to date.
fingerprint() { { echo "$ROOT $1"; "$VENV/bin/python" -V; cat "$ROOT/pyproject.toml"; } | sha256sum; }

same_version() { [ "$("$1" -V 2>/dev/null)" = "$("$2" -V 2>/dev/null)" ]; }

venv_is_usable() {
    if [ -n "${PYTHON:-}" ] && ! same_version "$PYTHON" "$VENV/bin/python"; then return 1; fi
    python_is_new "$VENV/bin/python" &&
        head -n 3 "$VENV/bin/pip" | grep -qF "$VENV/bin/python" # a moved checkout: scripts point elsewhere
}

set_up_venv() {
    local kind=$1 extras=$2 python stamp=$VENV/.set-up-for-$1
    if [ -f "$stamp" ] && venv_is_usable && [ "$(cat "$stamp")" = "$(fingerprint "$kind" 2>/dev/null)" ]; then return 0; fi
    exec 8<"$ROOT"
    flock 8
    if ! venv_is_usable; then
        python=$(find_python)
        [ -n "$python" ] || die "no Python 3.11 or newer that can make virtual environments was found;" \
            "install it (on Debian: apt-get install python3-venv) and try again."
        say "making a virtual environment in .venv with $("$python" -V)"
        rm -rf "$VENV"
        "$python" -m venv "$VENV" || die "the virtual environment could not be made (see above)."
    fi
    say "installing the Python packages (up to a minute, once)"
    "$VENV/bin/python" -m pip install --quiet --quiet --disable-pip-version-check --no-input --editable "$ROOT$extras" >&2 ||
        die "pip could not install what Swarmtutor needs (see above); is a Python package index in reach?"
    fingerprint "$kind" >"$stamp"
    flock -u 8
}

if [ -n "${PYTHON:-}" ] && ! python_is_new "$PYTHON"; then die "PYTHON=$PYTHON is no Python 3.11 or newer."; fi
case "$GOAL" in
run)
    set_up_system
    if [ -f "$VENV/.set-up-for-dev" ]; then set_up_venv dev '[dev]'; else set_up_venv run '[serve]'; fi
    ;;
dev | kernel | browser | screenshots | venv)
    set_up_system
    set_up_venv dev '[dev]'
    ;;
*) die "unknown goal «$GOAL»: run, dev, kernel, browser, screenshots or venv" ;;
esac
