"""`python -m tui` is `swarmtutor`."""

from tui.cli import main

if __name__ == "__main__":
    main()
