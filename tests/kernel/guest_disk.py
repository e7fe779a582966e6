"""A disk with a file system of its own, in memory, for the other kernel: pytest -p tests.kernel.guest_disk …

It takes everybody's marks (user.…), which memory itself does not before Linux 6.6, and has a kind of its own.
"""

import subprocess
from pathlib import Path

from tests.kernel.guest_steps import PATIENCE

PLACE = Path("/var/lib/swarmtutor")
"""Where root's playgrounds are; and the people of guest_rootless.py."""


def pytest_configure() -> None:
    """Mount it, before anything is put there."""
    image = "/run/disk"
    for command in (f"truncate -s 900M {image}", f"mkfs.ext4 -q {image}", f"mount -o loop {image} {PLACE}"):
        subprocess.run(command.split(), check=True, timeout=PATIENCE)
