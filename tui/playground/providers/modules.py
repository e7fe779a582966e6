"""The parts of the kernel that an engine uses and that may have to be loaded first: a node may not load any itself."""

import asyncio
from pathlib import Path

from tui.playground.providers.tools import look_up

__all__ = ["load_modules", "needed_modules"]

_SECONDS = 30.0
_ALWAYS = ("overlay", "br_netfilter", "ip_vs", "ip_vs_rr", "vxlan", "xt_ipvs", "veth", "bridge")


def needed_modules(iptables_version: str) -> tuple[str, ...]:
    """The modules to load, by what `iptables --version` says.

    What the kernel loads by itself when somebody uses it (the tables and matches of a firewall) is not among them;
    `ip_tables` is what the program of the older kind wants to load itself, and a node's engine does not start without.
    """
    if "legacy" in iptables_version:
        return (*_ALWAYS, "ip_tables", "ip6_tables")
    return (*_ALWAYS, "nf_tables")


async def _output(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(_SECONDS):
            stdout, _ = await process.communicate()
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    return stdout.decode(errors="replace")


async def load_modules() -> None:
    """Load what this machine has of them. A kernel that has them built in, or lacks some, is no error here."""
    modprobe, iptables = look_up("modprobe"), look_up("iptables")
    if modprobe is None or not Path("/lib/modules").is_dir():
        return
    version = await _output(iptables, "--version") if iptables is not None else ""
    await _output(modprobe, "-q", "-a", *needed_modules(version))
