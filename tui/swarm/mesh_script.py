"""The shell script that brings one node's nftables in line with what `tui.swarm.mesh` wants. Pure."""

import shlex

from tui.swarm.mesh import TABLE, NodeRules

__all__ = ["NO_SANDBOX", "OK", "apply_script"]

OK = "in force"
"""What the script prints when the rules are in force."""

NO_SANDBOX = "no sandbox"
"""What it prints while the node has no ingress sandbox (yet): Docker makes it some time after a node has joined."""

_COMMENT = "swarmtutor-mesh"

_COMMON = """\
sandbox_ns=/run/docker/netns/ingress_sbox
inside() {{ nsenter --net="$sandbox_ns" "$@"; }}
forget() {{
  iptables -w 2 -S DOCKER-USER 2>/dev/null | sed -n '/{comment}/s/^-A/-D/p' | while read -r rule; do
    eval "iptables -w 2 $rule"
  done
}}
"""

# Few programs are started, because three nodes run this at once whenever a task begins or ends.
_APPLY = """\
set -eu
{common}
if nft list chain ip {table} {mark} >/dev/null 2>&1 && inside nft list chain ip {table} {mark} >/dev/null 2>&1; then
  echo {ok}; exit 0
fi
# The sandbox's way out leads over docker_gwbridge: its address there is where this node hands requests over.
way=$(inside sh -c '
  ip -4 route get 192.0.2.1 2>/dev/null || exit 0
  echo 1 > /proc/sys/net/ipv4/ip_forward
  nft -f - || echo failed
' <<'RULES'
{sandbox_rules}RULES
) || way=
case $way in
  *failed*) exit 1 ;;
  *' src '*) sandbox=${{way##* src }}; sandbox=${{sandbox%% *}} ;;
  *) echo {no_sandbox}; exit 0 ;;
esac
# DOCKER-USER is Docker's chain for rules that it leaves alone; further down it would drop what we hand over.
if ! iptables -w 2 -C DOCKER-USER -s "$sandbox" -m comment --comment {comment} -j ACCEPT 2>/dev/null; then
  forget
  iptables -w 2 -I DOCKER-USER -d "$sandbox" -m comment --comment {comment} -j ACCEPT
  iptables -w 2 -I DOCKER-USER -s "$sandbox" -m comment --comment {comment} -j ACCEPT
fi
# Lets 127.0.0.1 reach the sandbox as well.
echo 1 > /proc/sys/net/ipv4/conf/docker_gwbridge/route_localnet
# Last, because the mark in here tells the next run that all of it is done.
nft -D sandbox="$sandbox" -f - <<'RULES'
{node_rules}RULES
echo {ok}
"""

_REMOVE = """\
set -u
{common}
if nft list table ip {table} >/dev/null 2>&1; then nft delete table ip {table} || exit 1; fi
if inside nft list table ip {table} >/dev/null 2>&1; then inside nft delete table ip {table} || exit 1; fi
forget
echo {ok}
"""


def apply_script(rules: NodeRules) -> str:
    """A POSIX shell script for root on a node. It changes nothing where the rules are in force already.

    Its last line of output is `OK` or `NO_SANDBOX`; it fails where nft or iptables fail.
    """
    words = {"table": TABLE, "comment": _COMMENT, "ok": shlex.quote(OK), "no_sandbox": shlex.quote(NO_SANDBOX)}
    common = _COMMON.format(**words)
    if rules.empty:
        return _REMOVE.format(common=common, **words)
    return _APPLY.format(common=common, mark=rules.mark, sandbox_rules=rules.sandbox, node_rules=rules.node, **words)
