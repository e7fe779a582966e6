"""Swarmtutor: learn Docker Swarm in one terminal window, on a real three-node swarm of your own."""

__all__ = ["__version__"]

__version__: str


def __getattr__(name: str) -> str:
    """Look the version up when it is asked for: that costs 40 ms, which no node and no first frame should pay."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("swarmtutor")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "0+unknown"
