"""The providers: how machines are made."""

from typing import TYPE_CHECKING

from tui.errors import ExitCode, UserError

if TYPE_CHECKING:
    from tui.playground.providers.namespaces import NamespacesProvider

__all__ = ["PROVIDERS", "choose_provider"]

PROVIDERS = ("namespaces",)


def choose_provider(name: str | None = None) -> "NamespacesProvider":
    """The provider of that name; without a name the one that can work here.

    Raises UserError for an unknown name, and when no provider can work, with the reasons.
    """
    if name not in (None, "auto", *PROVIDERS):
        raise UserError(
            f"There is no provider “{name}”.", f"Known: auto, {', '.join(PROVIDERS)}.", exit_code=ExitCode.USAGE
        )
    # Programs inside the nodes import their modules from this package too, and start the faster without the rest.
    from tui.playground.providers.namespaces import NamespacesProvider

    provider = NamespacesProvider()
    missing = [requirement for requirement in provider.requirements() if not requirement.met]
    if missing and name in (None, "auto"):
        raise UserError(
            "No playground can be made on this machine: " + "; ".join(f"{need.what}: {need.found}" for need in missing),
            "\n".join(dict.fromkeys(need.mend for need in missing if need.mend)),
            exit_code=ExitCode.UNSUPPORTED,
        )
    return provider
