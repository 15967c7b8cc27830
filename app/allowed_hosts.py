"""The hosts that may be reached although their addresses are not public: a setting's value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

FORMS = "host names, addresses or networks with commas between, each with a :port if need be"

_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)*[a-z0-9_][a-z0-9_-]{0,62}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_WITH_PORT = re.compile(r"(?:\[(?P<six>[^\[\]]+)\]|(?P<host>[^:\[\]]+))(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """Host names and networks, each for one port or, with None, for all."""

    names: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[tuple[Network, int | None], ...] = ()

    @classmethod
    def parse(cls, text: str) -> AllowedHosts:
        """`media.example, 10.1.2.3:9000, 10.0.0.0/8, fd00::/8, [fd00::1]:9000`.

        A name stands for whatever it resolves to, and for itself alone, not for names below it.
        Raises ValueError, whose text says what is allowed.
        """
        names: set[tuple[str, int | None]] = set()
        networks: list[tuple[Network, int | None]] = []
        for entry in filter(None, (part.strip() for part in text.split(","))):
            host, port = _split_port(entry)
            if (network := _network(host)) is not None:
                networks.append((network, port))
            elif (name := _name(host)) is not None:
                names.add((name, port))
            else:
                raise _unusable(entry)
        return cls(frozenset(names), tuple(networks))

    def allow(self, host: str, address: Address, port: int) -> bool:
        """Whether `address`, to which `host` has been resolved, may be reached at `port`."""
        name = host.lower().removesuffix(".")
        return not self.names.isdisjoint({(name, None), (name, port)}) or any(
            address in network and only_port in (None, port) for network, only_port in self.networks
        )


def is_host_name(text: str) -> bool:
    """Whether `text` has the form of a host name; all that look it up read it the same way."""
    return _NAME.fullmatch(text.lower().removesuffix(".")) is not None


def _split_port(entry: str) -> tuple[str, int | None]:
    if _network(entry) is not None:  # fd00::1 has colons and no port
        return entry, None
    match = _WITH_PORT.fullmatch(entry)
    if match is None:
        raise _unusable(entry)
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 1 <= port <= 65535:
        raise _unusable(entry)
    return match["six"] or match["host"], port


def _network(text: str) -> Network | None:
    try:
        return ip_network(text)
    except ValueError:
        return None


def _name(text: str) -> str | None:
    """`text` as host names are compared; None for what is none, or an address oddly written."""
    if not text.isascii():
        import idna  # it is large, and rarely needed

        try:
            text = idna.encode(text.lower()).decode()
        except idna.IDNAError:
            return None
    name = text.lower().removesuffix(".")
    is_number = _NUMBER.fullmatch(name.rpartition(".")[2])
    return name if is_host_name(name) and not is_number else None


def _unusable(entry: str) -> ValueError:
    return ValueError(f"{FORMS}; {entry!r} is none")
