"""Swarmtutor: learn Docker Swarm in one terminal window, on a real three-node swarm of your own."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("swarmtutor")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
