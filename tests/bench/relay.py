"""`python -m tests.bench.relay PLAYGROUND NODE`: this terminal on a node by asyncssh and nothing else: a baseline."""

import asyncio
import os
import sys
import tty

import asyncssh

from tui.playground.record import PlaygroundPaths, load_record

__all__ = ["main"]

_CHUNK = 16_384


async def _relay(playground: str, node_name: str) -> None:
    record = load_record(playground)
    if record is None:
        raise SystemExit(f"there is no playground {playground}")
    node = next(entry for entry in record.nodes if entry.name == node_name)
    async with asyncssh.connect(
        node.address,
        node.port,
        username="docker",
        client_keys=[str(PlaygroundPaths.of(playground).client_key)],
        known_hosts=asyncssh.import_known_hosts(f"{node.address} {node.host_key}\n"),
        agent_path=None,
        config=[],
        compression_algs=None,
    ) as connection:
        process = await connection.create_process(term_type="xterm-256color", term_size=(80, 24), encoding=None)
        asyncio.get_running_loop().add_reader(0, lambda: process.stdin.write(os.read(0, _CHUNK)))
        while data := await process.stdout.read(_CHUNK):
            os.write(1, data)


def main() -> None:
    """Relay until the shell ends."""
    tty.setraw(0)
    asyncio.run(_relay(sys.argv[1], sys.argv[2]))


if __name__ == "__main__":
    main()
