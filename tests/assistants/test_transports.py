"""Both transports of the server for assistants: as they should be used, and as they should not."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from mcp import Client

from bot.assistants.server import PATH
from bot.cli import assistants
from bot.storage.database import Storage
from tests.assistants.client import SECRET, call, command, over_http
from tests.kits.cli import command_group, invoke, parts_over

ACCEPTS: Final = {"Accept": "application/json, text/event-stream"}


def asking(tool: str, arguments: object, number: int = 1) -> dict[str, Any]:
    """Return a call as it is on the wire."""
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


async def test_it_answers_over_standard_input_and_output_again_and_again() -> None:
    for _ in range(2):
        async with Client(command()) as client:
            assert (await call(client, "lire", numero="5.10"))["provisions"][0]["number"] == "5.10"


async def test_nothing_but_the_protocol_is_on_standard_output_whatever_is_on_standard_input() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command().args, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, limit=10**6,
    )  # fmt: skip
    greeting = {
        "protocolVersion": "1999-01-01",
        "capabilities": {},
        "clientInfo": {"name": "x", "version": "1"},
    }
    asked = [
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": greeting}),
        json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        "ce n'est pas du JSON", "", "[]", "\0", json.dumps([asking("lire", {}, 2)]),
        json.dumps(asking("lire", {"numero": "9" * 5_000_000}, 3)),
        json.dumps(asking("demander", {"question": "Qui doit lire la PA20?"}, 4)),
    ]  # fmt: skip
    assert process.stdin
    assert process.stdout
    process.stdin.write("".join(f"{line}\n" for line in asked).encode())
    answers = [json.loads(await process.stdout.readline()) for _ in range(3)]
    process.stdin.close()  # the client goes away
    rest, errors = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0
    assert rest == b""
    assert {answer["id"] for answer in answers} == {1, 3, 4}
    by_id = {answer["id"]: answer["result"] for answer in answers}
    assert by_id[1]["protocolVersion"] > "2025"  # the latest of those that it speaks
    assert by_id[3]["isError"]
    assert by_id[4]["structuredContent"]["outcome"]
    assert b"Traceback" not in errors


async def test_it_ends_when_its_client_goes_away_while_it_answers() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command().args, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    for number in range(20):
        process.stdin.write(json.dumps(asking("lire", {}, number)).encode() + b"\n")
    await process.stdin.drain()
    process.stdin.close()
    await process.stdout.readline()
    process.stdout._transport.close()  # type: ignore[attr-defined]
    await asyncio.wait_for(process.wait(), 120)
    assert process.stderr
    assert b"Traceback" not in await process.stderr.read()


async def test_over_http_it_answers_this_machine_and_no_web_page() -> None:
    async with over_http() as address:
        assert address.endswith(PATH)
        async with Client(address) as client:
            assert (await call(client, "chercher", mots="logo"))["provisions"][0]["number"] == "5.13"
        port = httpx2.URL(address).port
        async with httpx2.AsyncClient() as raw:
            cases: list[tuple[dict[str, str], int]] = [
                ({"Host": "vigie.example"}, 421),
                ({"Host": f"vigie.example:{port}"}, 421),  # a name that someone makes point to this machine
                ({"Host": f"127.0.0.1:{port}0"}, 421),
                ({"Origin": "https://pirate.example"}, 403),
                ({"Origin": f"http://pirate.example:{port}"}, 403),
                ({"Origin": "null"}, 403),
                ({"Origin": f"http://localhost:{port}"}, 200),
            ]
            for headers, status in cases:
                answer = await raw.post(address, json=asking("lire", {}), headers={**ACCEPTS, **headers})
                assert answer.status_code == status, headers
            browser = await raw.get(address)
            assert (browser.status_code, browser.text.partition("\u00a0")[0]) == (
                405, "Cette adresse se donne à un assistant",
            )  # fmt: skip
        # It listens on this address, and not on every one that this machine has.
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection("127.0.0.2", port)


async def test_what_is_not_the_protocol_is_refused_and_the_next_call_is_answered() -> None:
    nested = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"lire","arguments":{"numero":'
    async with over_http() as address, httpx2.AsyncClient(headers=ACCEPTS) as raw:
        json_type = {"Content-Type": "application/json"}
        for content in (
            b"{ce n'est pas du JSON",
            b"[]",
            json.dumps([asking("lire", {}), asking("lire", {}, 2)]).encode(),  # a batch, which is no more
            nested + b"[" * 50_000 + b"]" * 50_000 + b"}}}",
            nested + b'"\\ud800"}}}',
            nested + b'"\xe9"}}}',
            b"x" * 300_000,
        ):
            answer = await raw.post(address, content=content, headers=json_type)
            assert answer.status_code in {400, 413}, content[:80]
        unknown = {"MCP-Protocol-Version": "1999-01-01"}
        assert (await raw.post(address, json=asking("lire", {}), headers=unknown)).status_code == 400
        for wrong in (["5.10"], "5.10"):
            refused = (await raw.post(address, json=asking("lire", wrong))).json()["error"]["message"]
            assert refused.replace("\u00a0", " ").startswith("« tools/call » n'a pas la forme qu'il faut")
        absent = {"jsonrpc": "2.0", "id": 1, "method": "effacer", "params": {}}
        message = (await raw.post(address, json=absent)).json()["error"]["message"]
        assert message.startswith("Vigie n'a pas «\u00a0effacer\u00a0»")
        answer = await raw.post(address, json=asking("lire", {"numero": "5.10"}))
        assert answer.json()["result"]["structuredContent"]["provisions"][0]["number"] == "5.10"


async def test_slow_clients_keep_nobody_waiting_and_a_crowd_of_calls_is_answered() -> None:
    async with over_http() as address:
        url = httpx2.URL(address)
        slow = [await asyncio.open_connection(url.host, url.port) for _ in range(40)]
        for _, writer in slow:  # each begins a request, and says no more
            writer.write(f"POST {PATH} HTTP/1.1\r\nHost: {url.host}".encode())
            await writer.drain()
        limits = httpx2.Limits(max_connections=50)
        async with httpx2.AsyncClient(headers=ACCEPTS, limits=limits, timeout=120) as raw:
            answers = await asyncio.gather(
                *(raw.post(address, json=asking("lire", {"numero": "5.10"}, number)) for number in range(50))
            )
        assert [answer.json()["id"] for answer in answers] == [*range(50)]
        for _, writer in slow:
            writer.close()


async def test_clients_at_once_are_each_answered_and_those_that_leave_disturb_nobody() -> None:
    errors: list[bytes] = []
    async with over_http(errors) as address:
        url = httpx2.URL(address)
        params = {"name": "lire", "arguments": {"numero": SECRET}}
        asked = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json, text/event-stream\r\nContent-Length: {len(asked)}\r\n\r\n"
        ).encode()
        for sent in (head + asked[:30], head + asked):  # gone while asking, and while waiting
            _, writer = await asyncio.open_connection(url.host, url.port)
            writer.write(sent)
            await writer.drain()
            writer.close()
        numbers = ("5.10", "5.13", "5.1", "5.17")
        async with Client(address) as first, Client(address) as second:
            extracts = await asyncio.gather(
                *(call(client, "lire", numero=number) for number in numbers for client in (first, second))
            )
        assert [extract["provisions"][0]["number"] for extract in extracts[::2]] == [*numbers]
        assert extracts[::2] == extracts[1::2]
    assert b"ClientDisconnect" not in errors[0]
    assert SECRET.encode() not in errors[0]


async def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    async with over_http() as address:
        port = address.partition(":")[2].partition(":")[2].partition("/")[0]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command("--port", port).args, stderr=asyncio.subprocess.PIPE
        )
        _, errors = await process.communicate()
        assert process.returncode == 2
        assert f"le port {port} est déjà pris" in errors.decode()


def test_without_the_library_of_the_protocol_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    absent: Callable[[str], None] = lambda _name: None  # noqa: E731 — a function that finds nothing
    monkeypatch.setattr(assistants, "find_spec", absent)
    done = invoke(parts_over(tmp_path / "vigie.db"), command_group(*assistants.COMMANDS), "mcp")
    assert done.exit_code == 2
    assert "requirements-mcp.lock" in done.stderr


@pytest.mark.parametrize(
    ("spoil", "settings", "expected"),
    [
        ("absent", {}, "Il n'y a pas de base à"),
        ("text", {}, "n'est pas une base de Vigie. Vérifiez VIGIE_DB."),
        ("folder", {}, "est un dossier. Donnez un fichier"),
        ("locked", {}, "la base ne peut pas être lue pour le moment. Réessayez."),
        ("other", {}, "est la base d'un autre programme. Vérifiez VIGIE_DB."),
        ("sound", {"VIGIE_FUSEAU": "Ailleurs"}, "VIGIE_FUSEAU"),
        ("sound", {"DISCORD_TOKEN": "trop court"}, "DISCORD_TOKEN"),
    ],
)
def test_what_keeps_it_from_starting_is_one_line_of_french_and_no_answer(
    tmp_path: Path, spoil: str, settings: dict[str, str], expected: str
) -> None:
    path = tmp_path / "vigie.db"
    if spoil == "folder":
        path.mkdir()
    elif spoil == "text":
        path.write_bytes(b"chiffr\xe9" * 1_000)
    elif spoil == "other":
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE theirs (at)")
    elif spoil != "absent":
        Storage(path).close()
    with closing(sqlite3.connect(path if path.is_file() else ":memory:", isolation_level=None)) as other:
        if spoil == "locked":
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")
            other.execute("CREATE TABLE held (at)")
        started = command(VIGIE_DB=str(path), **{"DISCORD_TOKEN": "x", **settings})
        done = subprocess.run(
            [started.command, *started.args],
            env=started.env,
            input=b"",
            capture_output=True,
            check=False,
            timeout=120,
        )
    assert done.stdout == b""
    [line] = done.stderr.decode().splitlines()
    assert expected in line.replace("\u00a0", " ")
    assert done.returncode == (0 if spoil == "absent" else 2)
