"""The choice of a network, and the names that a playground's parts have on the machine."""

import pytest

from tui.errors import ExitCode, UserError
from tui.playground.providers.network import Addresses, Names, Network, choose_subnet, used_networks


def test_the_first_free_network_is_taken() -> None:
    assert str(choose_subnet([])) == "10.77.0.0/24"
    used = [Network("10.77.0.0/24"), Network("10.77.1.128/25"), Network("192.168.1.0/24")]
    assert str(choose_subnet(used)) == "10.77.2.0/24"


def test_a_route_to_everywhere_is_no_obstacle() -> None:
    assert str(choose_subnet([Network("0.0.0.0/0")])) == "10.77.0.0/24"
    # A VPN that takes all traffic without touching the default route (OpenVPN's `redirect-gateway def1`).
    assert str(choose_subnet([Network("0.0.0.0/1"), Network("128.0.0.0/1")])) == "10.77.0.0/24"


def test_a_tunnel_that_claims_private_networks_is_avoided() -> None:
    private = [Network("10.0.0.0/8"), Network("172.16.0.0/12"), Network("192.168.0.0/16")]
    assert str(choose_subnet(private)) == "198.18.0.0/24"


def test_no_free_network_is_said() -> None:
    with pytest.raises(UserError) as caught:
        choose_subnet(map(Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15")))
    assert caught.value.exit_code == ExitCode.BUSY
    assert "No private network is free" in caught.value.what


def test_networks_are_read_from_routes_and_addresses() -> None:
    routes = [{"dst": "default"}, {"dst": "192.0.2.0/24"}, {"dst": "10.1.2.3"}, {"dst": "fd00::/64"}, {}]
    addresses = [
        {"addr_info": [{"family": "inet", "local": "10.77.0.1", "prefixlen": 24}, {"family": "inet6", "local": "::1"}]},
        {},
    ]
    assert [str(network) for network in used_networks(routes, addresses)] == [
        "192.0.2.0/24",
        "10.1.2.3/32",
        "10.77.0.0/24",
    ]


def test_addresses_follow_the_network() -> None:
    addresses = Addresses(Network("10.77.4.0/24"))
    assert (addresses.host, addresses.hub) == ("10.77.4.1", "10.77.4.2")
    assert [addresses.node(node) for node in ("node1", "node2", "node3")] == ["10.77.4.11", "10.77.4.12", "10.77.4.13"]
    assert (addresses.hardware("hub"), addresses.hardware("node1")) == ("02:53:0a:4d:04:02", "02:53:0a:4d:04:0b")


@pytest.mark.parametrize("name", ["lab", "a-much-longer-name-of-24"])
def test_a_link_s_name_is_short_enough_for_the_kernel_and_differs_per_playground(name: str) -> None:
    link = Names(f"swarmtutor-{name}").host_link
    assert len(link) <= 15
    assert link != Names("swarmtutor-other").host_link
