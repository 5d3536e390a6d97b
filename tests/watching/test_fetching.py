"""A conditional request to a real server of this machine, and the addresses that are never connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.watching.fetching import MOST_BYTES, SourceError, fetch, is_public
from bot.watching.observed import Validators
from tests.watching.website import HOME, Names, Website, gzipped, opened

TEXT = "# Règlement du club\n\n1.1 Le club se nomme Les Grimpettes.\n".encode()
MODIFIED = "Tue, 24 Nov 2026 12:00:00 GMT"
NONE = Validators()


@pytest.fixture
async def site() -> AsyncIterator[Website]:
    async with opened() as made:
        made.content = TEXT
        yield made


async def problem(address: str, *addresses: str, seconds: float = 30.0) -> SourceError:
    """Return what prevents reading an address. `addresses`: those of every name, by the system if none."""
    with pytest.raises(SourceError) as raised:
        await fetch(address, NONE, resolver=Names(*addresses) if addresses else None, seconds=seconds)
    return raised.value


@pytest.mark.parametrize(
    ("headers", "header"),
    [({"ETag": '"v1"'}, "If-None-Match"), ({"Last-Modified": MODIFIED}, "If-Modified-Since")],
)
async def test_a_document_that_did_not_change_is_not_sent_again(
    site: Website, headers: dict[str, str], header: str
) -> None:
    site.headers = headers
    first = await fetch(site.at(), NONE)
    assert first
    assert (first.content, first.name) == (TEXT, "politique.md")
    assert await fetch(site.at(), first.validators) is None
    assert site.asked[1][1][header] in headers.values()
    site.headers = dict.fromkeys(headers, MODIFIED.replace("24", "25"))
    assert await fetch(site.at(), first.validators)


async def test_without_validators_it_is_asked_for_whole_each_time(site: Website) -> None:
    first = await fetch(site.at(), NONE)
    assert first
    assert first.validators == NONE
    assert await fetch(site.at(), first.validators) == first
    assert not {"If-None-Match", "If-Modified-Since", "Cookie"} & {*site.asked[1][1]}


async def test_a_validator_that_is_no_plain_text_is_not_kept(site: Website) -> None:
    site.headers = {"ETag": '"é"'}
    fetched = await fetch(site.at(), NONE)
    assert fetched
    assert fetched.validators == NONE


async def test_a_body_in_chunks_is_read_whole(site: Website) -> None:
    fetched = await fetch(site.at("/par-morceaux"), NONE)
    assert fetched
    assert fetched.content == TEXT


async def test_a_compressed_body_is_read_within_the_limit(site: Website) -> None:
    site.headers, site.content = {"Content-Encoding": "gzip"}, gzipped(TEXT)
    fetched = await fetch(site.at(), NONE)
    assert fetched
    assert fetched.content == TEXT
    site.content = gzipped(TEXT)[:-9]
    assert "incomplet" in (await problem(site.at())).problem
    site.content = gzipped(bytes(4 * MOST_BYTES))
    assert len(site.content) < MOST_BYTES / 100
    assert "20\u00a0Mo" in (await problem(site.at())).problem
    site.headers = {"Content-Encoding": "br"}
    assert "que je ne lis pas" in (await problem(site.at())).problem


async def test_a_body_without_end_is_left_at_the_limit(site: Website) -> None:
    assert "20\u00a0Mo" in (await problem(site.at("/sans-fin"))).problem
    site.content = bytes(MOST_BYTES)
    fetched = await fetch(site.at(), NONE)
    assert fetched
    assert len(fetched.content) == MOST_BYTES


async def test_a_body_that_does_not_come_is_left_in_time(site: Website) -> None:
    slow = await problem(site.at("/lent"), seconds=0.2)
    assert "30 secondes" in slow.problem
    assert slow.passing


@pytest.mark.parametrize(
    ("status", "passing"), [(404, False), (410, False), (304, False), (204, False), (500, True), (503, True)]
)
async def test_a_refusal_is_told_by_its_code(site: Website, status: int, passing: bool) -> None:
    site.status = status
    refused = await problem(site.at())
    assert f"le code {status}" in refused.problem
    assert refused.passing is passing


async def test_a_server_that_is_away_may_come_back() -> None:
    async with opened() as site:
        address = site.at()
    assert (await problem(address)).passing


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path / "site.pem"))
    received: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(10))
        writer.close()

    server = await asyncio.start_server(talk, HOME, 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        refused = await problem(f"https://{HOME}:{port}/politique.md")
    assert "certificat" in refused.problem
    assert received == []


def certificate(path: Path) -> Path:
    """Write a certificate that signs itself, and its key."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOME)]),
    )
    since = datetime.now(UTC) - timedelta(days=1)
    host = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOME))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=2))
        .add_extension(host, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


# --- Where it leads ---------------------------------------------------------------------------


async def test_three_redirections_are_followed_and_no_more(site: Website) -> None:
    site.redirections = 3
    fetched = await fetch(site.at("/encore"), NONE)
    assert fetched
    assert fetched.content == TEXT
    site.redirections = 4
    assert "plus de trois fois" in (await problem(site.at("/encore"))).problem


async def test_a_loop_of_redirections_is_left(site: Website) -> None:
    site.redirections = 1_000
    site.asked.clear()
    assert "plus de trois fois" in (await problem(site.at("/encore"))).problem
    assert len(site.asked) == 4


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://exemple.ca/a", "javascript:1", "http://[::1"])
async def test_it_leads_to_the_web_only(site: Website, place: str) -> None:
    refused = await problem(f"{site.at('/vers')}?lieu={place}")
    assert [path for path, _ in site.asked] == ["/vers"]
    assert "pas du Web" in refused.problem


# Each is written in a redirection, then what a name resolves to.
PRIVATE = [
    "127.0.0.2", "0.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
    "fe80::1", "fec0::1", "fd00::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::",
    "2001:0:7f00:1::", "2001:db8::1", "100::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
async def test_no_private_address_is_connected_to(site: Website, address: str) -> None:
    assert not is_public(address)
    host = f"[{address}]" if ":" in address else address
    written = await problem(f"{site.at('/vers')}?lieu=http://{host}:{site.port}/")
    named = await problem(site.at(host="politiques.exemple.ca"), address)
    assert "machine privée" in written.problem
    assert "machine privée" in named.problem
    assert [path for path, _ in site.asked] == ["/vers"]


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07::1", "64:ff9b::808:808", "2a00::1"]
)
def test_a_public_address_is_connected_to(address: str) -> None:
    assert is_public(address)


async def test_a_name_never_leads_inside_even_to_the_machine_that_the_setting_names(site: Website) -> None:
    names = Names(HOME)
    with pytest.raises(SourceError, match="machine privée"):
        await fetch(f"{site.at('/vers')}?lieu={site.at(host='interne.exemple.ca')}", NONE, resolver=names)
    assert names.asked == ["interne.exemple.ca"]
    assert [path for path, _ in site.asked] == ["/vers"]


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "127.1", "017700000001"])
async def test_another_way_to_write_this_machine_is_refused(site: Website, host: str) -> None:
    await problem(site.at(host=host))
    assert site.asked == []


async def test_a_redirection_stays_allowed_on_the_machine_that_the_setting_names(site: Website) -> None:
    assert await fetch(f"{site.at('/vers')}?lieu={site.at()}", NONE)
    assert "machine privée" in (await problem(f"{site.at('/vers')}?lieu={site.at(host='127.0.0.2')}")).problem
