"""Caddy and nginx as deploiement/ sets them, on the loopback: what passes, what does not, what is left."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.deployment.tools import DEPLOYMENT, tool
from tests.kits.effort import PATIENCE
from tests.wire.bot_process import free_port, running
from tests.wire.slack_server import HTTP_MODE, SIGNING_SECRET, workspace

SLACK, FORM = "vigie.exemple.ca", "signaler.exemple.ca"
UPSTREAM = {SLACK: "127.0.0.1:3000", FORM: "127.0.0.1:8789"}
# What a visitor's browser and network say of them; the form's proxy passes none of it on.
TELLING = {
    "User-Agent": "Navigateur d'essai",
    "Referer": "https://exemple.ca/membres/alice",
    "Cookie": "session=alice",
    "X-Forwarded-For": "203.0.113.7",
    "Forwarded": "for=203.0.113.7",
}
VISITOR = "127.0.0.9"  # where a visitor's connections come from
PICTURE = b"\x89PNG of a visitor"
MOST = 24 * 1024 * 1024  # bytes: what the form's proxy accepts


@dataclass
class Echo:
    """An upstream that notes what reaches it, and what the proxy has written meanwhile, in its folder."""

    folder: Path
    port: int = 0
    written: list[Path] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        self.bodies.append(await request.read())
        self.written += [file for file in self.folder.rglob("*") if PICTURE in _content(file)]
        return web.Response(text="reçu")


def _content(file: Path) -> bytes:
    """Return what is in a file, nothing for a folder or a file that is gone."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


@asynccontextmanager
async def echoing(folder: Path) -> AsyncIterator[Echo]:
    echo = Echo(folder)
    app = web.Application(client_max_size=2 * MOST)
    app.router.add_route("*", "/{path:.*}", echo.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    echo.port = int(runner.addresses[0][1])
    yield echo
    await runner.cleanup()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for both names, and its key in the same file."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        [
            tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-keyout", str(file), "-out", f"{file}.crt", "-subj", "/CN=exemple",
            "-addext", f"subjectAltName=DNS:{SLACK},DNS:{FORM}",
        ],
        capture_output=True, check=True,
    )  # fmt: skip
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


def caddy(folder: Path, port: int, certificate: Path, upstream: Mapping[str, int]) -> list[str]:
    """Write Caddy's file for these ports, and return the command that runs it."""
    text = (DEPLOYMENT / "Caddyfile").read_text("utf-8")
    text = text.replace("{\n\tlog", "{\n\tadmin off\n\tauto_https disable_redirects\n\tlog", 1)
    for name in (SLACK, FORM):
        secured = f"\nhttps://{name}:{port} {{\n\ttls {certificate} {certificate}\n"
        text = text.replace(f"\n{name} {{\n", secured)
    (folder / "Caddyfile").write_text(_led(text, upstream))
    return [tool("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def nginx(folder: Path, port: int, certificate: Path, upstream: Mapping[str, int]) -> list[str]:
    """Write nginx's file for these ports, and return the command that runs it."""
    text = (DEPLOYMENT / "nginx.conf").read_text("utf-8")
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;")
    text = re.sub(r"/etc/letsencrypt/\S+\.pem", str(certificate), text)
    temporary = "".join(
        f"{name}_temp_path {folder}/written;\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log {folder}/access.log;\n{temporary}\n{_led(text, upstream)}\n}}\n"
    )
    return [tool("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", f"{folder}/start.log"]


def _led(text: str, upstream: Mapping[str, int]) -> str:
    """Return the text with each name's upstream on the port that a test chose."""
    for name, port in upstream.items():
        assert UPSTREAM[name] in text
        text = text.replace(UPSTREAM[name], f"127.0.0.1:{port}")
    return text


Write = Callable[[Path, int, Path, Mapping[str, int]], list[str]]


@dataclass
class Proxy:
    """A proxy that runs. `folder`: all that it may write in."""

    port: int
    session: aiohttp.ClientSession
    folder: Path

    def url(self, name: str, path: str = "/") -> str:
        return f"https://{name}:{self.port}{path}"


class Local(aiohttp.abc.AbstractResolver):
    """Each name is this machine."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[aiohttp.abc.ResolveResult]:
        del family
        return [
            aiohttp.abc.ResolveResult(hostname=host, host="127.0.0.1", port=port, family=2, proto=0, flags=0)
        ]

    async def close(self) -> None:
        """Nothing is open."""


@asynccontextmanager
async def proxied(
    write: Write, folder: Path, certificate: Path, upstream: Mapping[str, int]
) -> AsyncIterator[Proxy]:
    port = free_port()
    command = write(folder, port, certificate, upstream)
    environment = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=folder,
        stdout=asyncio.subprocess.DEVNULL, stderr=(folder / "stderr.log").open("w"),
    )  # fmt: skip
    trusted = ssl.create_default_context(cafile=f"{certificate}.crt")
    connector = aiohttp.TCPConnector(ssl=trusted, resolver=Local(), local_addr=(VISITOR, 0))
    try:
        async with aiohttp.ClientSession(connector=connector) as session, asyncio.timeout(PATIENCE):
            while True:
                assert process.returncode is None, (folder / "stderr.log").read_text()
                try:
                    async with session.get(f"https://{SLACK}:{port}/ailleurs"):
                        break
                except aiohttp.ClientConnectorError:
                    await asyncio.sleep(0.05)  # another process, of which there is no event here
            yield Proxy(port, session, folder)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@pytest.fixture(params=[caddy, nginx], ids=["caddy", "nginx"])
def write(request: pytest.FixtureRequest) -> Write:
    tool(request.param.__name__)
    chosen: Write = request.param
    return chosen


async def test_nothing_of_a_visitor_reaches_the_form_or_stays_with_the_proxy(
    write: Write, tmp_path: Path, certificate: Path
) -> None:
    async with echoing(tmp_path) as echo, proxied(write, tmp_path, certificate, {FORM: echo.port}) as proxy:
        picture = PICTURE + bytes(8 * 1024 * 1024)
        async with proxy.session.post(proxy.url(FORM, "/?alice"), data=picture, headers=TELLING) as answer:
            assert (answer.status, await answer.text()) == (200, "reçu")
        assert echo.bodies == [picture]
        passed = str(echo.headers[0])
        for value in TELLING.values():
            assert value not in passed
        assert VISITOR not in passed
        async with proxy.session.post(proxy.url(FORM), data=bytes(MOST + 1)) as answer:
            assert answer.status in {413, 502}  # Caddy's word for it, once the upstream has been left
        assert len(echo.bodies) == 1
        assert echo.written == []
    for file in tmp_path.rglob("*"):  # noqa: ASYNC240 — nothing else runs
        for telling in (VISITOR.encode(), b"203.0.113.7", b"alice", PICTURE):
            assert telling not in _content(file), file


async def test_only_slacks_events_pass_and_as_they_were_signed(
    write: Write, tmp_path: Path, certificate: Path
) -> None:
    async with workspace(HTTP_MODE) as slack, running(slack.settings) as bot:
        await bot.until("Slack\u00a0: prêt")
        upstream = {SLACK: slack.bot_port}
        async with proxied(write, tmp_path, certificate, upstream) as proxy:
            body, moment = b'{"type":"url_verification","challenge":"abc"}', str(int(time.time()))
            signed = hmac.new(
                SIGNING_SECRET.encode(), b"v0:%b:%b" % (moment.encode(), body), hashlib.sha256
            ).hexdigest()
            headers = {
                "Content-Type": "application/json",
                "X-Slack-Request-Timestamp": moment,
                "X-Slack-Signature": f"v0={signed}",
            }
            url = proxy.url(SLACK, "/slack/events")
            async with proxy.session.post(url, data=body, headers=headers) as answer:
                assert answer.status == 200
                assert "abc" in await answer.text()
            async with proxy.session.post(url, data=body + b" ", headers=headers) as answer:
                assert answer.status == 401
            for method, path in (("GET", "/slack/events"), ("POST", "/"), ("POST", "/slack/events/x")):
                async with proxy.session.request(method, proxy.url(SLACK, path)) as answer:
                    assert answer.status in {403, 404}


async def test_the_form_works_through_the_proxy(write: Write, tmp_path: Path, certificate: Path) -> None:
    form = free_port()
    settings = {"VIGIE_PORT": str(free_port()), "VIGIE_SIGNALEMENT_PORT": str(form)}
    async with running(settings) as bot:
        await bot.until("Formulaire Web\u00a0: prêt")
        async with (
            proxied(write, tmp_path, certificate, {FORM: form}) as proxy,
            proxy.session.get(proxy.url(FORM)) as answer,
        ):
            assert answer.status == 200
            assert "Set-Cookie" not in answer.headers
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert "<form" in await answer.text()
