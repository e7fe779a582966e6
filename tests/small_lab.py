"""The front matter of the small labs that tests write."""

__all__ = ["front_matter"]


def front_matter(lab_id: str, *, title: str = "A lab for tests", more: str = "") -> str:
    """What stands above the first section. `more`: further lines, such as what the lab needs."""
    lines = [
        "format: 1",
        f"id: {lab_id}",
        f"title: {title}",
        "summary: For tests.",
        "difficulty: beginner",
        "minutes: 1",
        "start: no-swarm",
        *more.splitlines(),
    ]
    return "\n".join(["---", *lines, "---", ""])
