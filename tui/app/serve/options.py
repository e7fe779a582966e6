"""The options of `swarmtutor serve`. Read with every command, so nothing is imported for them."""

import argparse

__all__ = ["DEFAULT_PORT", "KEPT", "TOKEN_VARIABLE", "add_serve_options"]

DEFAULT_PORT = 8000
KEPT = ""
"""What `--token` means without a file: the one in the state folder."""
TOKEN_VARIABLE = "SWARMTUTOR_TOKEN"


def add_serve_options(sub: argparse.ArgumentParser) -> None:
    """The options of the command that are its own."""
    sub.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
    sub.add_argument("--port", type=int, default=None, help=f"the port (default: {DEFAULT_PORT}, or the next free one)")
    sub.add_argument(
        "--token",
        nargs="?",
        const=KEPT,
        default=None,
        metavar="FILE",
        help="let nobody in without a token; it is made once and kept in FILE (or in the state folder). "
        f"${TOKEN_VARIABLE} sets one, too",
    )
    sub.add_argument(
        "--known-as", metavar="NAME", action="append", default=[], help="with a token: a name of this machine"
    )
