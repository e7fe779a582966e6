"""When two image names mean the same image."""

from tui.labs.model import Scalar

__all__ = ["same_image"]


def same_image(wanted: Scalar, seen: Scalar) -> bool:
    """Whether a seen name is the wanted image. Without a tag any tag is meant; a digest does not matter."""
    wanted_name, wanted_tag = _split(str(wanted))
    seen_name, seen_tag = _split(str(seen))
    return wanted_name == seen_name and wanted_tag in ("", seen_tag or "latest")


def _split(image: str) -> tuple[str, str]:
    """Name and tag; the registry and `library/` of the Docker Hub are left out, as the CLI does."""
    name = image.split("@", 1)[0].removeprefix("docker.io/").removeprefix("library/")
    slash = name.rfind("/")
    colon = name.rfind(":")
    return (name[:colon], name[colon + 1 :]) if colon > slash else (name, "")
