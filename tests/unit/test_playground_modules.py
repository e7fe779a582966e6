"""Which parts of the kernel are loaded before an engine looks for them."""

from tui.playground.providers.modules import needed_modules


def test_the_older_iptables_finds_its_tables() -> None:
    # A node may not load modules: where nobody has used a firewall yet, its engine would not start.
    assert {"ip_tables", "ip6_tables", "ip_vs", "overlay"} <= set(needed_modules("iptables v1.8.9 (legacy)"))


def test_the_newer_one_wants_none_of_them() -> None:
    wanted = needed_modules("iptables v1.8.9 (nf_tables)")
    assert "nf_tables" in wanted
    assert not {"ip_tables", "ip6_tables"} & set(wanted)
