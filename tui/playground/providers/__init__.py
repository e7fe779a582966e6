"""The providers: how machines are made."""

import os
import sys
from typing import TYPE_CHECKING

from tui.errors import ExitCode, UserError

if TYPE_CHECKING:
    from tui.playground.card import Wanted
    from tui.playground.providers.containers import ContainersProvider
    from tui.playground.providers.hosts import HostsProvider
    from tui.playground.providers.namespaces import NamespacesProvider

    AnyProvider = NamespacesProvider | ContainersProvider | HostsProvider

__all__ = ["HOSTS", "PROVIDERS", "choose_provider", "provider_named"]

PROVIDERS = ("namespaces", "containers")
"""In the order in which `auto` tries them."""

HOSTS = "hosts"
"""The provider that is never taken by itself: it needs a card."""


def provider_named(name: str) -> "AnyProvider":
    """The provider of that name, whether it can work here or not. Raises UserError for an unknown name."""
    # Programs inside the nodes import their modules from this package too, and start the faster without the rest.
    if name == HOSTS:
        from tui.playground.providers.hosts import HostsProvider

        return HostsProvider()
    if name == "containers":
        from tui.playground.providers.containers import ContainersProvider

        return ContainersProvider()
    if name == "namespaces":
        if sys.platform != "linux":
            raise UserError(
                "Nodes out of namespaces need Linux.",
                "Use the provider `containers`.",
                exit_code=ExitCode.UNSUPPORTED,
            )
        from tui.playground.providers.namespaces import NamespacesProvider

        return NamespacesProvider()
    raise UserError(
        f"There is no provider “{name}”.", f"Known: auto, {', '.join((*PROVIDERS, HOSTS))}.", exit_code=ExitCode.USAGE
    )


def choose_provider(name: "Wanted" = None) -> "AnyProvider":
    """The provider of that name, or the one for that card; for `auto` the first that can work here.

    Without a name the environment's SWARMTUTOR_PROVIDER counts, then `auto`. Raises UserError for an unknown name, and
    when no provider can work, with the reasons.
    """
    if name is not None and not isinstance(name, str):
        from tui.playground.providers.hosts import HostsProvider

        return HostsProvider(name)
    name = name or os.environ.get("SWARMTUTOR_PROVIDER") or "auto"
    if name != "auto":
        return provider_named(name)
    reasons: list[str] = []
    mends: list[str] = []
    for each in PROVIDERS:
        try:
            provider = provider_named(each)
            missing = [need for need in provider.requirements() if not need.met]
        except UserError as error:
            reasons.append(f"{each}: {error.what}")
            continue
        if not missing:
            return provider
        reasons.append(f"{each}: " + "; ".join(f"{need.what}: {need.found}" for need in missing))
        mends += [f"{each}: {mend}" for mend in dict.fromkeys(need.mend for need in missing if need.mend)]
    raise UserError(
        "No playground can be made on this machine.\n" + "\n".join(reasons),
        "\n".join(mends),
        exit_code=ExitCode.UNSUPPORTED,
    )
