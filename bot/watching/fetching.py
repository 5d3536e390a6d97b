"""Conditional requests to the association's site, sent only to machines on the public Internet.

The IP address is checked when the socket is opened, so neither the DNS nor a redirection can lead to a
private machine. No proxy, cookie or credential is used.
"""

import asyncio
import ipaddress
import re
import socket
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.watching.observed import Validators

MOST_BYTES: Final = 20 * 1024 * 1024  # maximum bytes of a document, once decompressed
SECONDS: Final = 30.0  # time limit for everything, redirections included
MOST_REDIRECTIONS: Final = 3

_CHUNK: Final = 64 * 1024
_VALIDATOR: Final = re.compile(r"[\x20-\x7e]{1,300}")  # an ETag or Last-Modified that is safe to send back
_CHARSET: Final = re.compile(r"[\w-]{1,40}", re.ASCII)
_REDIRECTIONS: Final = frozenset({301, 302, 303, 307, 308})

_PRIVATE: Final = (
    "son adresse est celle d'une machine privée. Je n'y vais que si VIGIE_SOURCE la donne en chiffres."
)
_ELSEWHERE: Final = "elle mène à une adresse qui n'est pas du Web. Donnez celle du document."
_TOO_FAR: Final = "elle mène à une autre adresse plus de trois fois de suite. Donnez celle du document."
_CERTIFICATE: Final = "le certificat du serveur n'est pas valable. Vérifiez l'adresse."
_SILENT: Final = "le serveur ne répond pas."
_SLOW: Final = f"le document n'est pas arrivé en {SECONDS:.0f} secondes."
_CUT: Final = "le document est arrivé incomplet."
_ENCODED: Final = "le serveur compresse le document d'une manière que je ne lis pas."
SOURCE_TOO_LARGE: Final = (
    f"le document dépasse {MOST_BYTES // 1024 // 1024}\u00a0Mo. Mettez-y le document sans ses images."
)

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_SocketMaker: TypeAlias = Callable[[aiohttp.AddrInfoType], socket.socket]

# Unicast IPv6 addresses, and those among them that are refused: the addresses that embed an IPv4 address
# (Teredo, 6to4) and those reserved for documentation.
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_NOT_UNICAST: Final = tuple(
    map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")  # its last 32 bits are an IPv4 address


class SourceError(Exception):
    """A source cannot be read. The text says why, in French.

    `passing`: whether the problem may disappear by the next day without anyone acting.
    """

    def __init__(self, problem: str, *, passing: bool = False) -> None:
        super().__init__(problem)
        self.problem, self.passing = problem, passing


class PrivateAddressError(OSError):
    """The address to connect to is not on the public Internet."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document read from the source. `name`: the file name in its path or address, "" if none.

    `charset`: the encoding that the server declares, "" if none.
    """

    content: bytes
    name: str
    validators: Validators
    charset: str = ""


async def fetch(
    address: str,
    validators: Validators,
    *,
    resolver: AbstractResolver | None = None,
    seconds: float = SECONDS,
) -> Fetched | None:
    """Return the document at an address, None if it did not change. Raises `SourceError`.

    `validators`: those of the last document read. `resolver`: resolves host names, by default the system's.
    The IP addresses that it returns are checked.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _follow(URL(address), validators, resolver)
    except TimeoutError as error:
        raise SourceError(_SLOW, passing=True) from error
    except aiohttp.ClientSSLError as error:
        raise SourceError(_CERTIFICATE) from error
    except (aiohttp.ClientPayloadError, zlib.error) as error:
        raise SourceError(_CUT, passing=True) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if isinstance(error, aiohttp.ClientConnectorError) and isinstance(
            error.os_error, PrivateAddressError
        ):
            raise SourceError(_PRIVATE) from error
        raise SourceError(_SILENT, passing=True) from error


async def _follow(address: URL, validators: Validators, resolver: AbstractResolver | None) -> Fetched | None:
    target = address
    for _ in range(MOST_REDIRECTIONS + 1):
        allowed = _written_address(target.host or "") if target.host == address.host else None
        connector = aiohttp.TCPConnector(resolver=resolver, socket_factory=_checked_socket(allowed))
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(),  # none here: `fetch` limits the whole request
                auto_decompress=False,
            ) as web,
            web.get(
                target,
                allow_redirects=False,
                headers={**validators.headers(), "Accept-Encoding": "identity", "User-Agent": "Vigie"},
            ) as answer,
        ):
            if answer.status in _REDIRECTIONS:
                target = _led_to(answer)
                continue
            if answer.status == HTTPStatus.NOT_MODIFIED and validators.headers():
                return None
            if answer.status != HTTPStatus.OK:
                passing = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
                problem = f"le serveur répond par le code {answer.status}. Vérifiez l'adresse."
                raise SourceError(problem, passing=passing)
            content = await _read(answer)
            etag, modified = (
                text if _VALIDATOR.fullmatch(text := answer.headers.get(name, "")) else ""
                for name in ("ETag", "Last-Modified")
            )
            return Fetched(content, target.name, Validators(etag, modified), _charset(answer))
    raise SourceError(_TOO_FAR)


def _led_to(answer: aiohttp.ClientResponse) -> URL:
    """Return the address that a redirection leads to, without credentials. Raises `SourceError`."""
    try:
        address = answer.url.join(URL(answer.headers["Location"]))
        if address.scheme in {"http", "https"} and address.host:
            return address.with_user(None)
    except (KeyError, ValueError) as error:
        raise SourceError(_ELSEWHERE) from error
    raise SourceError(_ELSEWHERE)


def _charset(answer: aiohttp.ClientResponse) -> str:
    """Return the encoding that the server declares, "" if there is none or if it is not a plain name."""
    charset = answer.charset or ""
    return charset if _CHARSET.fullmatch(charset) else ""


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """Return a document, decompressed if needed. Raises `SourceError` beyond `MOST_BYTES`."""
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    chunks: AsyncIterator[bytes] = answer.content.iter_chunked(_CHUNK)
    if encoding in {"gzip", "x-gzip"}:
        chunks = _unzipped(chunks)
    elif encoding not in {"identity", ""}:
        raise SourceError(_ENCODED)
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > MOST_BYTES:
            raise SourceError(SOURCE_TOO_LARGE)
    return bytes(content)


async def _unzipped(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Decompress gzip, in pieces of bounded size. Raises `zlib.error`."""
    decoder = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    async for chunk in chunks:
        left = chunk
        while left:
            yield decoder.decompress(left, _CHUNK)
            left = decoder.unconsumed_tail
    if not decoder.eof:
        raise zlib.error


# --- Allowed addresses ---------------------------------------------------------


def is_public(text: str) -> bool:
    """Return whether an IP address is on the public Internet."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)))
        if address not in _UNICAST or any(address in network for network in _NOT_UNICAST):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _written_address(host: str) -> _Address | None:
    """Return a host as an IP address, None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _checked_socket(allowed: _Address | None) -> _SocketMaker:
    """Return a socket factory for public addresses and `allowed`. Others raise `PrivateAddressError`."""

    def make(place: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, (host, *_) = place
        if not is_public(str(host)) and ipaddress.ip_address(str(host)) != allowed:
            raise PrivateAddressError
        return socket.socket(family, kind, protocol)

    return make
