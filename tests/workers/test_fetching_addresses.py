"""Only public addresses are reached, however an address is written, and those that are allowed."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from app.allowed_hosts import AllowedHosts
from tests.workers.fetching_scene import (
    PUBLIC,
    Detour,
    MediaServer,
    Names,
    answer,
    failure,
    fetch,
    redirect,
    serving,
)
from workers.public_addresses import is_public

SETTING = "BACKSCROLL_MEDIA_ALLOW_HOSTS"

LOOPBACK = [
    # as numbers, of one to four parts, in any base
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0X7F000001",
    "017700000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "0177.1",
    "127.0x0.0.01",
    "0",
    "0x0",
    "0.0.0.0",
    # as names
    "localhost",
    "LocalHost",
    "localhost.",
    "media.internal",
    "MEDIA.internal.",
    # with a user before it
    "user@127.0.0.1",
    "example.com@127.0.0.1",
    "example.com:80@127.0.0.1",
    "example.com%2f@127.0.0.1",
    "a@b@127.0.0.1",
    "example.com\\@127.0.0.1",
    # as IPv6, alone or around an IPv4 address
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::127.0.0.1]",
    "[2002:7f00:1::1]",
    "[2001:0:7f00:1::]",
    "[::1%25lo]",
    # with other letters and dots, which IDNA turns into ASCII
    "127\u30020\u30020\u30021",
    "127\uff0e0\uff0e0\uff0e1",
]  # fmt: skip

ELSEWHERE = [
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "0xA9FEA9FE",
    "2852039166",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "metadata.internal",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
    "[2001:db8::1]",
    "[2002:a00:1::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[2606:4700::1%25eth0]",
]

NOT_VALID = [
    "0177.0.0.1",
    "0251.0376.0251.0376",
    "127.000.000.001",
    "127.0.0.01",
    "256.1.1.1",
    "\uff11\uff12\uff17.\uff10.\uff10.\uff11",
    "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460",
    "\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54",
    "%31%32%37.0.0.1",
    "127.0.0.1%00.example.com",
    "127.0.0.1%20",
    "127.0.0.1\t",
    "127.0.0.1\n.example.com",
    "localhost\u200b",
    "[127.0.0.1]",
    "[::1",
    "[v1.::1]",
    "::1",
    "*",
    "local host",
    "x" * 64 + ".example.com",
    "a..example.com",
    "",
    ".",
]


@pytest.fixture
def server() -> Iterator[MediaServer]:
    with serving() as server:
        server.scripts["/a"] = answer(b"reached")
        yield server


def names() -> Names:
    return Names(
        localhost=["127.0.0.1", "::1"],
        LocalHost=["127.0.0.1", "::1"],
        media_internal=["10.1.2.3"],
        metadata_internal=["169.254.169.254"],
        media_example=[PUBLIC],
        both_example=[PUBLIC, "10.1.2.3"],
        both6_example=["2606:4700::1", "::1"],
        mapped_example=["::ffff:10.1.2.3"],
        scoped_example=["fe80::1%2"],
        two_example=["2606:4700::1", PUBLIC],
        none_example=[],
        other_example=["93.184.216.35"],
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", LOOPBACK)
def test_this_machine_is_refused_without_a_connection(
    server: MediaServer, host: str, scheme: str
) -> None:
    network = Detour(server)

    failed = failure(f"{scheme}://{host}:{server.port}/a", resolve=names(), network=network)

    assert failed.code == "download_failed"
    assert SETTING in failed.message
    assert network.attempts == []
    assert server.accepted() == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "localhost"])
def test_this_machine_is_refused_by_the_real_network_too(server: MediaServer, host: str) -> None:
    failed = failure(f"http://{host}:{server.port}/a", resolve=names())

    assert SETTING in failed.message
    assert server.accepted() == 0


@pytest.mark.parametrize("host", ELSEWHERE)
def test_what_is_not_public_is_refused_without_a_connection(server: MediaServer, host: str) -> None:
    network = Detour(server)

    failed = failure(f"http://{host}/a", resolve=names(), network=network)

    assert failed.code == "download_failed"
    assert SETTING in failed.message
    assert network.attempts == []


@pytest.mark.parametrize("host", NOT_VALID)
def test_what_is_no_host_is_refused_without_a_connection(server: MediaServer, host: str) -> None:
    network = Detour(server)

    failed = failure(f"http://{host}:{server.port}/a", resolve=names(), network=network)

    assert failed.code == "download_failed"
    assert network.attempts == []
    assert server.accepted() == 0


@pytest.mark.parametrize("host", [PUBLIC, "[2606:4700::1]", "media.example", "media.example.",
                                  "[64:ff9b::5db8:d822]", "1572395042"])  # fmt: skip
def test_public_hosts_are_reached(server: MediaServer, host: str) -> None:
    assert fetch(f"http://{host}/a", resolve=names(), network=Detour(server)) == b"reached"


@pytest.mark.parametrize("port", ["0", "65536", "99999", "-1", "x", "9" * 5000])
def test_ports_that_do_not_exist_are_refused(server: MediaServer, port: str) -> None:
    network = Detour(server)

    assert failure(f"http://{PUBLIC}:{port}/a", network=network).code == "download_failed"
    assert network.attempts == []


@pytest.mark.parametrize(
    "host", ["both.example", "both6.example", "mapped.example", "scoped.example"]
)
def test_a_host_with_one_address_that_is_not_public_is_refused(
    server: MediaServer, host: str
) -> None:
    network = Detour(server)

    failed = failure(f"http://{host}/a", resolve=names(), network=network)

    assert SETTING in failed.message
    assert network.attempts == []


def test_a_refusal_does_not_tell_what_a_name_resolves_to(server: MediaServer) -> None:
    failed = failure("http://user:secret@media.internal/a", resolve=names())

    assert failed.message == (
        "could not be fetched: media.internal is not on the public internet;"
        f" to reach it all the same, name it in {SETTING}"
    )


def test_the_connection_goes_to_the_address_that_was_checked(server: MediaServer) -> None:
    turncoat = Names(media_example=[[PUBLIC], ["127.0.0.1"]])
    network = Detour(server)

    fetched = fetch("http://media.example/a", resolve=turncoat, network=network)

    assert fetched == b"reached"
    assert turncoat.asked == ["media.example"]
    assert network.attempts == [PUBLIC]


def test_a_redirect_to_the_same_name_is_checked_again(server: MediaServer) -> None:
    turncoat = Names(media_example=[[PUBLIC], ["127.0.0.1"]])
    server.scripts["/again"] = redirect("/a")
    network = Detour(server)

    failed = failure("http://media.example/again", resolve=turncoat, network=network)

    assert SETTING in failed.message
    assert network.attempts == [PUBLIC]


def test_the_addresses_of_a_host_are_tried_in_turn(server: MediaServer) -> None:
    network = Detour(server, dead=["2606:4700::1"])

    assert fetch("http://two.example/a", resolve=names(), network=network) == b"reached"
    assert network.attempts == ["2606:4700::1", PUBLIC]


@pytest.mark.parametrize("host", ["none.example", "unknown.example"])
def test_a_host_without_an_address_is_a_failed_download(server: MediaServer, host: str) -> None:
    failed = failure(f"http://{host}/a", resolve=names(), network=Detour(server))

    assert failed.code == "download_failed"
    assert host in failed.message


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/a",
        "http://2130706433:{port}/a",
        "//127.0.0.1:{port}/a",
        "http://localhost:{port}/a",
        "http://user@media.internal:{port}/a",
        "https://[::ffff:127.0.0.1]:{port}/a",
        "http://169.254.169.254/latest/meta-data/",
        "http://both.example/a",
        "http://[::1",
        "http://127。0。0。1/a",
        "file:///etc/passwd",
        "ftp://media.example/a",
        "s3://bucket/key",
        "gopher://127.0.0.1:{port}/_a",
        "data:text/plain,a",
        "javascript:alert(1)",
    ],
)
def test_a_redirect_to_what_may_not_be_reached_is_refused(
    server: MediaServer, location: str
) -> None:
    server.scripts["/first"] = redirect(location.format(port=server.port))
    server.scripts["/a"] = answer(b"this must not be fetched")
    network = Detour(server)

    failed = failure("http://media.example/first", resolve=names(), network=network)

    assert failed.code == "download_failed"
    assert network.attempts == [PUBLIC]
    assert server.accepted() == 1


@pytest.mark.parametrize("location", ["///127.0.0.1:1/a", "http:127.0.0.1/a", "http://", "", "#"])
def test_a_redirect_without_a_host_stays_where_it_is(server: MediaServer, location: str) -> None:
    server.scripts["/first"] = redirect(location)
    network = Detour(server)

    failed = failure("http://media.example/first", resolve=names(), network=network)

    assert failed.code == "download_failed"
    assert set(network.attempts) == {PUBLIC}


@pytest.mark.parametrize("location", ["/a", "a", "?b", "//other.example/a",
                                      "http://other.example/a"])  # fmt: skip
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temp", "308 Perm"])
def test_a_redirect_to_a_public_host_is_followed(
    server: MediaServer, location: str, status: str
) -> None:
    server.scripts["/first"] = answer(status=status, location=location)
    server.scripts["/first?b"] = answer(b"reached")
    network = Detour(server)

    fetched = fetch("http://media.example/first", resolve=names(), network=network)

    assert fetched == b"reached"


@pytest.mark.parametrize(
    ("allow", "host"),
    [
        ("media.internal", "media.internal"),
        ("Media.Internal.", "media.internal"),
        ("media.internal", "media.internal."),
        ("media.internal:{port}", "media.internal"),
        (" a.example ,, media.internal ", "media.internal"),
        ("10.1.2.3", "media.internal"),
        ("10.1.2.3", "10.1.2.3"),
        ("10.1.2.3:{port}", "10.1.2.3"),
        ("10.0.0.0/8", "media.internal"),
        ("10.0.0.0/8:{port}", "0xa.66051"),
        ("0.0.0.0/0,::/0", "127.0.0.1"),
        ("0.0.0.0/0,::/0", "localhost"),
        ("::1", "[::1]"),
        ("[::1]", "[0:0::1]"),
        ("[::1]:{port}", "[::1]"),
        ("fd00::/8", "[fd00::5]"),
        ("[fd00::/8]:{port}", "[fd00::5]"),
        ("10.1.2.3", "both.example"),
        ("both.example", "both.example"),
    ],
)
def test_allowed_hosts_are_reached(server: MediaServer, allow: str, host: str) -> None:
    fetched = fetch(
        f"http://{host}:{server.port}/a",
        allow=allow.format(port=server.port),
        resolve=names(),
        network=Detour(server),
    )

    assert fetched == b"reached"


@pytest.mark.parametrize(
    ("allow", "host"),
    [
        ("internal", "media.internal"),
        ("media.internal", "10.1.2.3"),
        ("media.internal:1", "media.internal"),
        ("10.1.2.3:1", "10.1.2.3"),
        ("10.1.2.4", "10.1.2.3"),
        ("10.0.0.0/16", "media.internal"),
        ("127.0.0.1", "[::ffff:127.0.0.1]"),
        ("127.0.0.1", "localhost"),
        ("0.0.0.0/0", "[::1]"),
        ("[::1]:1", "[::1]"),
    ],
)
def test_what_the_allow_list_does_not_name_stays_refused(
    server: MediaServer, allow: str, host: str
) -> None:
    network = Detour(server)

    failed = failure(
        f"http://{host}:{server.port}/a", allow=allow, resolve=names(), network=network
    )

    assert SETTING in failed.message
    assert network.attempts == []


def test_a_redirect_from_an_allowed_host_does_not_lend_its_permission(server: MediaServer) -> None:
    server.scripts["/first"] = redirect("http://127.0.0.1:1/a")

    failed = failure(f"{server.url}/first", allow=f"127.0.0.1:{server.port}")

    assert SETTING in failed.message


def test_an_allowed_host_is_reached_by_the_real_network(server: MediaServer) -> None:
    assert fetch(f"{server.url}/a", allow="127.0.0.1") == b"reached"
    assert server.accepted() == 1


def test_proxy_variables_are_ignored(server: MediaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as proxy:
        for variable in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(variable, proxy.url)

        assert fetch(f"{server.url}/a", allow="127.0.0.1") == b"reached"
        assert proxy.accepted() == 0


@pytest.mark.parametrize(
    "text",
    [
        "http://media.example",
        "media.example/path",
        "*.example",
        "user@media.example",
        "media.example:0",
        "media.example:65536",
        "media.example:x",
        "media.example:",
        "10.0.0.0/33",
        "10.0.0.5/8",
        "127.1",
        "2130706433",
        "0x7f.1",
        "[::1",
        "[::1]x",
        "a b",
        "a..b",
    ],
)
def test_an_allow_list_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="host names, addresses or networks"):
        AllowedHosts.parse(text)


def test_names_in_other_letters_are_allowed_as_they_are_looked_up(server: MediaServer) -> None:
    known = Names(**{"xn--mller-kva_example": ["10.1.2.3"]})

    fetched = fetch(
        "http://Müller.example/a", allow="müller.example", resolve=known, network=Detour(server)
    )

    assert fetched == b"reached"


def test_an_empty_allow_list_allows_nothing() -> None:
    assert not AllowedHosts.parse(" , ").allow("localhost", ip_address("127.0.0.1"), 80)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("10.0.0.0", "10.255.255.255"),
        ("100.64.0.0", "100.127.255.255"),
        ("127.0.0.0", "127.255.255.255"),
        ("169.254.0.0", "169.254.255.255"),
        ("172.16.0.0", "172.31.255.255"),
        ("192.168.0.0", "192.168.255.255"),
        ("198.18.0.0", "198.19.255.255"),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ],
)
def test_the_borders_of_what_is_public_are_exact(first: str, last: str) -> None:
    before, after = ip_address(first) - 1, ip_address(last) + 1

    assert [is_public(ip_address(text)) for text in (first, last)] == [False, False]
    assert [is_public(address) for address in (before, after)] == [True, True]


def test_nothing_that_python_knows_to_be_private_is_public() -> None:
    for first in range(256):
        for second in range(256):
            address = ip_address(f"{first}.{second}.7.7")
            if is_public(address):
                assert address.is_global
                assert not address.is_multicast
