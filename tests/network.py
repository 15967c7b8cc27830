"""A network of the test's own: hosts that share nothing but a wire, which can be cut.

Every host is a network namespace; between them stands another, the wire, that passes packets on.
`cut` makes it swallow what two hosts send to each other: neither is told, as when a cable is pulled
somewhere on the way. Nothing has a name: the kernel removes all of it once no process is left in
it, and a guard kills those that are, also when this process was killed. Linux, as root.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

_CLONE_NEWNET = 0x40000000
_OWN = "/proc/thread-self/ns/net"
_GUARD = """
import os, pathlib, signal, sys
inside = set(sys.stdin.read().split())
for process in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        if os.readlink(process / "ns" / "net") in inside:
            os.kill(int(process.name), signal.SIGKILL)
    except OSError:
        pass
"""
"""Is told of namespaces until whoever tells it ends."""


class Host:
    """A machine with an address; what is started `inside` sees the network from there."""

    def __init__(self, namespace: int, address: str) -> None:
        self._namespace = namespace
        self.address = address

    @contextmanager
    def inside(self) -> Iterator[None]:
        """This thread, and the processes that it starts, are on this host during the block."""
        with _inside(self._namespace):
            yield


class Network:
    """Hosts around one wire. Raises OSError or NoNetwork where the machine does not allow it."""

    addresses = "10.77.0.0/16"

    def __init__(self, held: ExitStack) -> None:
        self._held = held
        self._guard = subprocess.Popen(
            [sys.executable, "-S", "-c", _GUARD], stdin=subprocess.PIPE, start_new_session=True
        )
        held.enter_context(self._guard)
        self._wire = self._namespace()
        self._hosts = 0
        with _inside(self._wire):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")

    def host(self) -> Host:
        """A new host, on the wire."""
        self._hosts += 1
        address, gateway, link = (
            f"10.77.{self._hosts}.2", f"10.77.{self._hosts}.1", f"to{self._hosts}"
        )  # fmt: skip
        namespace = self._namespace()
        with _inside(self._wire):
            _ip(
                "link", "add", link, "type", "veth",
                "peer", "name", "wire", "netns", f"/proc/{os.getpid()}/fd/{namespace}",
            )  # fmt: skip
            _ip("address", "add", f"{gateway}/30", "dev", link)
            _ip("link", "set", link, "up")
        with _inside(namespace):
            _ip("address", "add", f"{address}/30", "dev", "wire")
            _ip("link", "set", "wire", "up")
            _ip("route", "add", "default", "via", gateway)
        return Host(namespace, address)

    def cut(self, one: Host, other: Host) -> None:
        """From now on what these two send to each other vanishes."""
        self._rule("add", one, other)

    def mend(self, one: Host, other: Host) -> None:
        """It arrives again."""
        self._rule("del", one, other)

    def _rule(self, action: str, one: Host, other: Host) -> None:
        with _inside(self._wire):
            for sender, receiver in ((one, other), (other, one)):
                _ip(
                    "rule", action,
                    "from", sender.address, "to", receiver.address, "blackhole",
                )  # fmt: skip

    def _namespace(self) -> int:
        """A new network namespace, which lives for as long as somebody holds it open."""
        before = os.open(_OWN, os.O_RDONLY)
        try:
            _system("unshare", _CLONE_NEWNET)
            try:
                made = os.open(_OWN, os.O_RDONLY)
                self._held.callback(os.close, made)
                self._tell_guard(str(Path(_OWN).readlink()))
                _ip("link", "set", "lo", "up")
            finally:
                _enter(before)
        finally:
            os.close(before)
        return made

    def _tell_guard(self, namespace: str) -> None:
        assert self._guard.stdin is not None
        self._guard.stdin.write(f"{namespace}\n".encode())
        self._guard.stdin.flush()


class NoNetwork(Exception):
    """The machine has no `ip`, or it may not do what it was asked; the text is what it said."""


@contextmanager
def network() -> Iterator[Network]:
    """Skips the test where no network can be made."""
    with ExitStack() as held:
        try:
            made = Network(held)
            made.cut(*(hosts := (made.host(), made.host())))
            made.mend(*hosts)
        except (OSError, NoNetwork) as error:
            pytest.skip(f"no network namespaces can be made here: {error}")
        yield made


@contextmanager
def _inside(namespace: int) -> Iterator[None]:
    before = os.open(_OWN, os.O_RDONLY)
    try:
        _enter(namespace)
        try:
            yield
        finally:
            _enter(before)
    finally:
        os.close(before)


def _enter(namespace: int) -> None:
    _system("setns", namespace, _CLONE_NEWNET)


def _system(call: str, *arguments: int) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), call)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoNetwork(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
