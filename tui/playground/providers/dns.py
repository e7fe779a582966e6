"""The playground's name server: knows the nodes, and says «no such name» to all else at once.

A machine without a network would wait 12 to 40 seconds for a name server that does not answer, in every pull and
every look-up of an image's digest.

Usage: python -m tui.playground.providers.dns ADDRESS NAME=ADDRESS…
"""

import ipaddress
import selectors
import socket
import struct
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

__all__ = ["answer", "main"]

_A, _ANY, _IN = 1, 255, 1
_NO_ERROR, _FORMAT_ERROR, _NO_SUCH_NAME, _NOT_IMPLEMENTED = 0, 1, 3, 4
_SECONDS_TO_LIVE = 5


def _read_name(message: bytes, offset: int) -> tuple[str, int]:
    """The name at `offset`, in lower case, and the offset behind it. Raises ValueError for a damaged message."""
    labels: list[str] = []
    while True:
        length = message[offset]
        offset += 1
        if length == 0:
            return ".".join(labels), offset
        if length > 63:
            raise ValueError("compressed name in a question")
        labels.append(message[offset : offset + length].decode("ascii", errors="replace").lower())
        offset += length


def _reply(query: bytes, code: int, question: bytes = b"", records: Sequence[bytes] = ()) -> bytes:
    # Response, authoritative, recursion desired as asked, recursion available.
    flags = 0x8000 | 0x0400 | 0x0080 | (struct.unpack_from("!H", query, 2)[0] & 0x7900) | code
    head = struct.pack("!HHHHHH", struct.unpack_from("!H", query)[0], flags, 1 if question else 0, len(records), 0, 0)
    return head + question + b"".join(records)


def answer(query: bytes, hosts: Mapping[str, str]) -> bytes | None:
    """The answer to one DNS message (RFC 1035); None for what deserves none. `hosts`: names to IPv4 addresses."""
    if len(query) < 12:
        return None
    flags, questions = struct.unpack_from("!HH", query, 2)
    if flags & 0x8000:
        return None
    if flags & 0x7800:
        return _reply(query, _NOT_IMPLEMENTED)
    if questions != 1:
        return _reply(query, _FORMAT_ERROR)
    try:
        name, end = _read_name(query, 12)
        kind, family = struct.unpack_from("!HH", query, end)
    except (ValueError, IndexError, struct.error):
        return _reply(query, _FORMAT_ERROR)
    question = query[12 : end + 4]
    address = hosts.get(name)
    if address is None:
        return _reply(query, _NO_SUCH_NAME, question)
    if kind not in (_A, _ANY) or family != _IN:
        return _reply(query, _NO_ERROR, question)
    record = struct.pack("!HHHIH", 0xC00C, _A, _IN, _SECONDS_TO_LIVE, 4) + ipaddress.IPv4Address(address).packed
    return _reply(query, _NO_ERROR, question, [record])


def _serve_datagram(server: socket.socket, hosts: Mapping[str, str]) -> None:
    query, client = server.recvfrom(4096)
    reply = answer(query, hosts)
    if reply is not None:
        server.sendto(reply, client)


def _serve_stream(server: socket.socket, hosts: Mapping[str, str]) -> None:
    connection, _ = server.accept()
    with connection:
        connection.settimeout(1.0)
        head = connection.recv(2)
        if len(head) < 2:
            return
        wanted = struct.unpack("!H", head)[0]
        query = b""
        while len(query) < wanted and (part := connection.recv(wanted - len(query))):
            query += part
        reply = answer(query, hosts)
        if reply is not None:
            connection.sendall(struct.pack("!H", len(reply)) + reply)


def main(arguments: Sequence[str]) -> int:
    """Serve until killed."""
    own, *entries = arguments
    hosts = dict(entry.split("=", 1) for entry in entries)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        socket.create_server((own, 53)) as streams,
        selectors.DefaultSelector() as selector,
    ):
        datagrams.bind((own, 53))
        selector.register(datagrams, selectors.EVENT_READ, _serve_datagram)
        selector.register(streams, selectors.EVENT_READ, _serve_stream)
        while True:
            for key, _ in selector.select():
                with suppress(OSError):  # a client that went away
                    key.data(key.fileobj, hosts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
