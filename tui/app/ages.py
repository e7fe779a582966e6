"""How long ago, in the CLI's words, but coarse: a line that says the same is a line that need not be drawn again."""

__all__ = ["ago", "duration"]


def duration(seconds: float) -> str:
    """A length of time: seconds in steps of five, then minutes, hours, days."""
    if seconds < 5:
        return "a moment"
    if seconds < 60:
        return f"{int(seconds // 5) * 5} seconds"
    minutes = int(seconds // 60)
    if minutes == 1:
        return "about a minute"
    if minutes < 60:
        return f"{minutes} minutes"
    hours = minutes // 60
    if hours == 1:
        return "about an hour"
    if hours < 48:
        return f"{hours} hours"
    return f"{hours // 24} days"


def ago(seconds: float) -> str:
    """As `duration`, seen from now."""
    return f"{duration(seconds)} ago"
