"""The only way out by http: https to hosts on the list, no redirects, no private addresses, short times, small answers."""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import certifi
import urllib3
from urllib3.exceptions import HTTPError

LARGEST_ANSWER = 64 * 1024
LONGEST_WAIT = 3600
_LOOPBACK = ("localhost", "127.0.0.1")


class EgressError(Exception):
    """Nothing was sent because nothing may be; the message names the host, never the address."""


class Unreachable(Exception):
    """The receiver did not answer, or not in time."""


@dataclass(frozen=True)
class Answer:
    """What a receiver said: status, body, and after how many seconds it wants to be asked again."""

    status: int
    body: bytes
    wait: int | None = None


Resolve = Callable[[str, int], list[str]]


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system knows them."""
    return list(dict.fromkeys(str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


@dataclass(frozen=True)
class Egress:
    """Posts to allowed hosts alone; through `proxy` where there is one."""

    allow: tuple[str, ...]
    timeout: float = 10
    proxy: str = ""
    resolve: Resolve = resolved

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post to an address and return the answer; EgressError, Unreachable."""
        split = urlsplit(url)
        host, port = self._permitted(split.scheme, split.hostname or "", _port(url))
        path = f"{split.path or '/'}{f'?{split.query}' if split.query else ''}"
        try:
            pool, target = self._pool(split.scheme, host, port, path)
            answer: Any = pool.urlopen(
                "POST",
                target,
                body=body,
                headers={"Host": split.netloc.rpartition("@")[2], "User-Agent": "Warboard", **headers},
                redirect=False,
                retries=False,
                assert_same_host=False,
                preload_content=False,
                timeout=urllib3.Timeout(total=self.timeout),
            )
            with answer:
                return Answer(answer.status, answer.read(LARGEST_ANSWER), _wait(answer.headers.get("Retry-After")))
        except (HTTPError, OSError) as error:
            raise Unreachable(type(error).__name__) from None

    def _permitted(self, scheme: str, host: str, port: int) -> tuple[str, int]:
        if scheme != "https" and not (scheme == "http" and host in _LOOPBACK):
            raise EgressError("only https is sent to")
        if host.lower() not in self.allow and not self._allows_address(host):
            raise EgressError(f"{host} is not in messages.allow")
        return host, port

    def _pool(self, scheme: str, host: str, port: int, path: str) -> tuple[Any, str]:
        """Where to connect to and what to ask for there: the address that was checked is the one that is used."""
        if self.proxy:
            secured: dict[str, Any] = {"ssl_context": self._context} if scheme == "https" else {}
            return urllib3.ProxyManager(self.proxy, **secured), f"{scheme}://{host}:{port}{path}"
        address = self._address(host, port)
        if scheme == "http":
            return urllib3.HTTPConnectionPool(address, port), path
        pool = urllib3.HTTPSConnectionPool(
            address, port, ssl_context=self._context, server_hostname=host, assert_hostname=host
        )
        return pool, path

    def _address(self, host: str, port: int) -> str:
        found = self.resolve(host, port)
        for address in found:
            if not _is_public(address) and not self._allows_address(address):
                raise EgressError(f"{host} has a private address, which is not in messages.allow")
        return found[0]

    def _allows_address(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in self._networks if network.version == address.version)

    @cached_property
    def _networks(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        found = []
        for one in self.allow:
            try:
                found.append(ipaddress.ip_network(one))
            except ValueError:
                continue
        return found

    @cached_property
    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        return context


def _port(url: str) -> int:
    split = urlsplit(url)
    try:
        return split.port or (443 if split.scheme == "https" else 80)
    except ValueError:
        raise EgressError("the port of the address is no number") from None


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global and not (mapped or address).is_multicast


def _wait(header: str | None) -> int | None:
    return min(int(header), LONGEST_WAIT) if header is not None and header.isdecimal() and len(header) < 9 else None
