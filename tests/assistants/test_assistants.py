"""What an assistant reads of the policies, over both transports, and what it cannot reach."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters
from mcp.types import INVALID_PARAMS, TextResourceContents

from bot import __version__
from bot.answers.engine.shelf import ModelShelf
from bot.assistants.server import PATH, TextSources, make_server
from bot.assistants.texts import AnsweredQuestion
from bot.cli import assistants
from bot.cli.assistants import _Shelf
from bot.commands import politique
from bot.conversation.requests import UserError
from bot.revision.revisions import TEXT_ROWS
from bot.settings import SEED
from bot.storage import database
from bot.storage.database import Storage, StorageError, reader
from tests.kits.cli import command_group, invoke, parts_over
from tests.kits.people import NOW
from tests.kits.questions import MODELS, learnt
from tests.kits.revision_commands import TEXT, world

__all__ = ["learnt"]  # a fixture

SECRET = "Xylophone"  # what someone asks, which must remain nowhere


@pytest.fixture
def two_versions(tmp_path: Path) -> Path:
    """A folder where PA20 was revised: 5.10 has other words, and what was 5.13 is 5.14."""
    folder = tmp_path / "data"
    policy = folder / "politique" / "pa20"
    policy.mkdir(parents=True)
    words = TEXT.replace("vous abstenir de commenter", "ne rien répondre")
    number = re.compile(r"(?<=5\.)1(3|4|5|6|7|8)(?= )")
    words = number.sub(lambda match: f"1{int(match[1]) + 1}", words)
    at = words.index("- 5.14")
    added = "- 5.13 Nommez toujours la personne qui a pris la photo que vous publiez.\n\n"
    (policy / "2026-01-15.md").write_text(words[:at] + added + words[at:], "utf-8")
    return folder


@asynccontextmanager
async def client_of(tmp_path: Path, **settings: str) -> AsyncIterator[Client]:
    """Yield the protocol's client over a server in this process, as `vigie mcp` makes it."""
    database = tmp_path / "vigie.db"
    Storage(database).close()
    parts = parts_over(database, NOW, **settings)
    parts.shelf = ModelShelf([SEED], MODELS)
    shelf = _Shelf(parts)
    with ThreadPoolExecutor(1) as thread:
        sources = TextSources(shelf.library, shelf.ask, shelf.examine, politique.why_none)
        server = make_server(sources, thread, association="AGE UQTR", version=__version__)
        try:
            async with Client(server) as client:
                yield client
        finally:
            thread.submit(shelf.close).result()


async def call(client: Client, tool: str, **arguments: object) -> Any:  # noqa: ANN401 — JSON
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def refusal(client: Client, tool: str, **arguments: object) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return str(getattr(result.content[0], "text", ""))


async def test_a_provision_is_given_word_for_word_with_its_force_version_and_dates(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        [provision] = (await call(client, "lire", numero="5.13"))["provisions"]
        assert provision["text"] in TEXT
        assert provision["cited"] == "PA20, 5.13"
        assert provision["force"] == "interdiction, sauf autorisation"
        assert (provision["version"], provision["status"]) == ("2015-12-13", "en vigueur")
        for uri in (provision["uri"], provision["permanent_uri"]):
            contents = (await client.read_resource(uri)).contents[0]
            assert provision["text"] in str(getattr(contents, "text", ""))


async def test_every_tool_says_that_it_only_reads(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == {
            "politiques", "lire", "chercher", "demander", "comparer", "relire",
        }  # fmt: skip
        for tool in tools:
            hints = tool.annotations
            assert hints
            assert hints.read_only_hint
            assert hints.idempotent_hint
            assert hints.destructive_hint is False
            assert hints.open_world_hint is False
            assert tool.output_schema
            assert "\u00a0" not in tool.name


async def test_a_whole_text_comes_in_pieces_and_nothing_is_lost(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        numbers: list[str] = []
        following: int | None = 0
        while following is not None:
            piece = await call(client, "lire", numero="", debut=following)
            numbers += [provision["number"] for provision in piece["provisions"]]
            following = piece["following"]
        [policy] = (await call(client, "politiques"))["policies"]
        assert len(numbers) == len(set(numbers)) == policy["provisions"] == 31


async def test_what_does_not_exist_is_said_and_nothing_is_made_up(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        nothing = await call(client, "lire", numero="5.99")
        assert nothing["provisions"] == []
        assert nothing["message"].startswith("La clause 5.99 n'existe pas dans la PA20.")
        assert "aucune version" in await refusal(client, "lire", numero="5.1", date="2001-01-01")
        assert "Je connais" in await refusal(client, "lire", numero="5.1", politique="xyz9")
        assert "n'est pas un numéro" in await refusal(client, "lire", numero="le logo")
        assert (await call(client, "chercher", mots="zzzz"))["provisions"] == []
        assert "qu'une version" in await refusal(client, "comparer")
        assert "rien à relire" in await refusal(client, "relire", texte="")
        for uri in ("politique://pa20/versions/2015-12-13/5.99", "politique://pa20/dispositions/rien"):
            with pytest.raises(MCPError, match="PA20"):
                await client.read_resource(uri)


async def test_a_number_that_is_gone_says_since_when(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "politique" / "club"
    folder.mkdir(parents=True)
    first = "# Club\n\n## ARTICLE 1\n\n1.1 Le club lit.\n"
    for day, text in (("2015", first), ("2018", f"{first}\n1.2 Il écrit.\n"), ("2020", first)):
        (folder / f"{day}-01-01.md").write_text(text, "utf-8")
    async with client_of(tmp_path, vigie_data=str(tmp_path / "data")) as client:
        for day, expected in (
            ("2016-01-01", "La clause 1.2 n'existe pas dans la CLUB."),
            ("2020-01-01", "La clause 1.2 n'existe plus dans la CLUB depuis le 1er janvier 2020."),
        ):
            extract = await call(client, "lire", numero="1.2", politique="club", date=day)
            assert extract["provisions"] == []
            assert extract["message"].replace("\u00a0", " ").startswith(expected)
        assert (await call(client, "lire", numero="1.2", politique="club", date="2019-12-31"))["provisions"]


async def test_a_policy_that_is_to_come_has_its_permanent_addresses_already(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "politique" / "club"
    folder.mkdir(parents=True)
    (folder / "2030-01-01.md").write_text("# Club\n\n## ARTICLE 1\n\n1.1 Le club lit.\n", "utf-8")
    async with client_of(tmp_path, vigie_data=str(tmp_path / "data")) as client:
        (provision,) = (await call(client, "lire", numero="1.1", politique="club"))["provisions"]
        assert provision["status"] == "à venir"
        (content,) = (await client.read_resource(provision["permanent_uri"])).contents
    assert isinstance(content, TextResourceContents)
    assert json.loads(content.text)["provisions"] == [provision]


async def test_a_question_is_answered_by_quotations_or_by_a_no_that_says_which(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        answer = await call(client, "demander", question="Qui doit lire la PA20?")
        assert answer["outcome"] in {"answer", "clarify", "lookup"}
        assert answer["provisions"]
        off_topic = await call(client, "demander", question="Combien coûte une pizza aux champignons?")
        assert off_topic["outcome"] in {"out_of_scope", "not_found"}
        assert off_topic["provisions"] == []
        assert off_topic["message"]


async def test_a_text_to_publish_is_told_what_it_touches_and_never_judged(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        text = "Au nom de l'AGE UQTR, je vous annonce que le logo de l'association est sur mon chandail!"
        examined = await call(client, "relire", texte=text)
        assert examined["touched"]
        for touched in examined["touched"]:
            assert all(passage in text for passage in touched["passages"])
        said = " ".join(f"{touched['concern']} {touched['advice']}" for touched in examined["touched"])
        assert not re.search(r"\b(interdit|conforme|permis)\b", f"{said} {examined['message']}")


async def test_a_text_that_comes_into_force_is_read_at_the_next_call(tmp_path: Path) -> None:
    database = tmp_path / "vigie.db"
    with world(tmp_path, database=database) as bot:
        parts = parts_over(database, vigie_data=str(bot.volume))
        parts.clock = bot.clock
        shelf = _Shelf(parts)

        def in_force() -> str:
            library = shelf.library(None)
            return library.current(library.default).key

        with closing(shelf):
            assert in_force() == "2015-12-13"
            await bot.approve(TEXT.replace("vous abstenir de commenter", "ne rien répondre"))
            await bot.beat()
            assert in_force() == "2026-11-20"


async def test_former_words_are_not_given_when_the_database_cannot_be_read(tmp_path: Path) -> None:
    database, copy = tmp_path / "vigie.db", tmp_path / "copie.db"
    with world(tmp_path, database=database) as bot:
        await bot.approve(TEXT.replace("vous abstenir de commenter", "ne rien répondre"))
        await bot.beat()
        with closing(sqlite3.connect(database)) as opened:
            opened.execute("VACUUM INTO ?", (str(copy),))
        parts = parts_over(copy, vigie_data=str(bot.volume))
        parts.clock = bot.clock
        with closing(_Shelf(parts)) as shelf:
            content = copy.read_bytes()
            copy.write_bytes(b"x" * len(content))
            with pytest.raises(StorageError):
                shelf.library(None)
            copy.write_bytes(content)
            library = shelf.library(None)
            assert library.current(library.default).key == "2026-11-20"


async def test_a_database_that_is_busy_is_said_and_the_next_call_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 10)
    async with client_of(tmp_path) as client:
        with closing(sqlite3.connect(tmp_path / "vigie.db", isolation_level=None)) as other:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")
            other.execute("CREATE TABLE held (at)")
            problem = await refusal(client, "lire", numero="5.10")
            assert problem.endswith("La base ne peut pas être lue pour le moment. Réessayez.")
            assert str(tmp_path) not in problem
            other.execute("ROLLBACK")
        assert (await call(client, "lire", numero="5.10"))["provisions"]


async def test_two_versions_are_compared_with_the_words_of_each(tmp_path: Path, two_versions: Path) -> None:
    async with client_of(tmp_path, vigie_data=str(two_versions)) as client:
        compared = await call(client, "comparer")
        assert (compared["before"], compared["after"]) == ("2015-12-13", "2026-01-15")
        by_kind = {change["kind"]: change for change in compared["changes"]}
        assert "commenter" in by_kind["changed"]["before"][0]["text"]
        assert "ne rien répondre" in by_kind["changed"]["after"][0]["text"]
        assert by_kind["added"]["after"][0]["number"] == "5.13"
        # The permanent address of what was 5.13 gives what bears its words today, under its new number.
        [before] = (await call(client, "lire", numero="5.13", date="2016-01-01"))["provisions"]
        assert before["status"] == "remplacée"
        contents = (await client.read_resource(before["permanent_uri"])).contents[0]
        assert '"number":"5.14"' in str(getattr(contents, "text", ""))
        assert "5.13" in str((await client.read_resource(before["uri"])).contents[0])


async def test_todays_words_are_never_given_for_those_of_another_year(
    tmp_path: Path, two_versions: Path
) -> None:
    async with client_of(tmp_path, vigie_data=str(two_versions)) as client:
        assert "d'autres mots en 2016" in await refusal(client, "lire", numero="5.10 en 2016")
        answer = await call(client, "demander", question="Que disait 5.10 en 2016?")
        assert answer["message"].startswith("La PA20 avait d'autres mots en 2016")
        assert not answer["sure"]
        today = await call(client, "demander", question="Que dit 5.10 en novembre 2027?")
        assert "autres mots" not in today["message"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("lire", {"numero": "9" * 10_000}),
        ("lire", {"numero": "5.10", "date": "hier"}),
        ("lire", {"numero": "5.10", "debut": -1}),
        ("lire", {"numero": ["5.10"]}),
        ("lire", {}),
        ("chercher", {"mots": ""}),
        ("demander", {"question": "x" * 3_000}),
        ("relire", {"texte": "x" * 20_000}),
        ("effacer", {}),
    ],
)
async def test_hostile_arguments_are_refused_and_the_next_call_is_answered(
    tmp_path: Path, tool: str, arguments: dict[str, object]
) -> None:
    async with client_of(tmp_path) as client:
        result = await client.call_tool(tool, arguments)
        assert result.is_error
        assert (await call(client, "lire", numero="5.10"))["provisions"]


@pytest.mark.parametrize(
    ("prompt", "arguments", "expected"),
    [
        (
            "effacer",
            {},
            "Je ne connais pas « effacer ». Je connais : repondre, avant_de_publier, ce_qui_a_change.",
        ),
        ("repondre", {}, "« repondre » se demande avec « question », en texte, et rien d'autre."),
        (
            "ce_qui_a_change",
            {"jour": "5"},
            "« ce_qui_a_change » se demande avec « politique », en texte, et rien d'autre.",
        ),
    ],
)
async def test_a_prompt_that_cannot_be_made_is_explained_in_french(
    tmp_path: Path, prompt: str, arguments: dict[str, str], expected: str
) -> None:
    async with client_of(tmp_path) as client:
        with pytest.raises(MCPError) as refused:
            await client.get_prompt(prompt, arguments)
        assert str(refused.value).replace("\u00a0", " ") == expected
        assert refused.value.code == INVALID_PARAMS
        assert (await client.get_prompt("repondre", {"question": "{logo}"})).messages


@pytest.mark.parametrize(
    "number", ["'; DROP TABLE revisions; --", "../../etc/passwd", "\x00", "5.10\u202e", "{0}"]
)
async def test_what_is_no_number_finds_nothing(tmp_path: Path, number: str) -> None:
    async with client_of(tmp_path) as client:
        result = await client.call_tool("lire", {"numero": number})
        assert result.is_error or result.structured_content["provisions"][0]["number"] == "5.10"


async def test_nothing_that_is_asked_is_stored_or_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    async with client_of(tmp_path) as client:
        question = f"Est-ce que {SECRET} peut publier mon dossier médical?"
        for tool, arguments in (
            ("demander", {"question": question}),
            ("relire", {"texte": f"{question} Voici sa photo, prise sans lui dire."}),
            ("chercher", {"mots": SECRET}),
            ("lire", {"numero": SECRET}),
            ("lire", {"numero": "1", "politique": SECRET}),
        ):
            await client.call_tool(tool, arguments)
    assert SECRET not in caplog.text
    for file in filter(Path.is_file, tmp_path.rglob("*")):  # noqa: ASYNC240 — nothing else runs
        assert SECRET.encode() not in file.read_bytes()


async def test_a_fault_is_told_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> AnsweredQuestion:
        raise ZeroDivisionError(SECRET)

    def refused(*_: object) -> AnsweredQuestion:
        raise UserError("Écrivez une question.")

    with ThreadPoolExecutor(1) as thread:
        for ask, expected in ((broken, "Son journal dit pourquoi."), (refused, "Écrivez une question.")):
            sources = TextSources(broken, ask, broken, politique.why_none)  # type: ignore[arg-type]  # not asked
            server = make_server(sources, thread, association="AGE UQTR", version="1")
            async with Client(server) as client:
                assert expected in await refusal(client, "demander", question=SECRET)
    assert "ZeroDivisionError" in caplog.text
    assert SECRET not in caplog.text


async def test_only_the_texts_in_force_can_be_read_of_the_database(tmp_path: Path) -> None:
    path, words = tmp_path / "vigie.db", "vous abstenir de commenter"
    with world(tmp_path, database=path) as bot:
        await bot.approve(TEXT.replace(words, "ne rien répondre"))
        await bot.beat()
        await bot.drop(TEXT.replace(words, "répondre sans réfléchir"))
        with closing(reader(path, TEXT_ROWS).conn) as texts, closing(sqlite3.connect(path)) as whole:
            assert "répondre sans réfléchir" in str(whole.execute("SELECT * FROM revisions").fetchall())
            tables = {
                name for (name,) in whole.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
            for table in tables:
                every = f"SELECT * FROM {f'main.{table}' if table in TEXT_ROWS else table}"  # noqa: S608 — names of ours
                for query in (every, f"WITH state AS ({every}) SELECT * FROM state"):  # noqa: S608 — as above
                    with pytest.raises(sqlite3.DatabaseError, match=r"prohibited|not authorized"):
                        texts.execute(query)
            # Of the tables that hold texts: neither drafts, nor who proposed them, nor the bot's own state.
            rows = {table: texts.execute(f"SELECT * FROM {table}").fetchall() for table in TEXT_ROWS}  # noqa: S608 — as above
            assert "ne rien répondre" in str(rows["revisions"])
            assert "répondre sans réfléchir" not in str(rows)
            assert rows["state"] == []
            assert rows["provisions"]
            for statement in (
                "DELETE FROM revisions",
                "ATTACH ':memory:' AS other",
                "PRAGMA user_version = 1",
            ):
                with pytest.raises(sqlite3.Error):
                    texts.execute(statement)


# --- Over the wire ----------------------------------------------------------------------------


def command(*words: str) -> StdioServerParameters:
    environment = {**os.environ, "LANG": "C.UTF-8"}
    arguments = ["-m", "bot", "--reglages", "/dev/null", "mcp", *words]
    return StdioServerParameters(command=sys.executable, args=arguments, env=environment)


async def test_it_answers_over_standard_input_and_output_again_and_again() -> None:
    for _ in range(2):
        async with Client(command()) as client:
            assert (await call(client, "lire", numero="5.10"))["provisions"][0]["number"] == "5.10"


async def test_it_ends_when_its_client_goes_away() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command().args, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin
    process.stdin.write(b"ce n'est pas du JSON\n")
    process.stdin.close()
    _, errors = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0
    assert b"Traceback" not in errors


@asynccontextmanager
async def over_http(errors: list[bytes] | None = None) -> AsyncIterator[str]:
    """Yield the address of a server that `vigie mcp --port 0` started. `errors`: receives what it logs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command("--port", "0").args, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stderr
        while not (match := re.search(rb"http://\S+", await process.stderr.readline())):
            pass
        yield match[0].decode()
    finally:
        process.send_signal(signal.SIGINT)
        _, logged = await asyncio.wait_for(process.communicate(), 60)
        if errors is not None:
            errors.append(logged)


async def test_over_http_it_answers_this_machine_and_no_web_page() -> None:
    async with over_http() as address:
        assert address.endswith(PATH)
        async with Client(address) as client:
            assert (await call(client, "chercher", mots="logo"))["provisions"][0]["number"] == "5.13"
        ping = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        accepts = {"Accept": "application/json, text/event-stream"}
        async with httpx2.AsyncClient() as raw:
            cases: list[tuple[dict[str, str], int]] = [
                ({"Host": "vigie.example"}, 421),
                ({"Origin": "https://pirate.example"}, 403),
                ({"Origin": "null"}, 403),
            ]
            for headers, status in cases:
                answer = await raw.post(address, json=ping, headers={**accepts, **headers})
                assert answer.status_code == status
            assert (await raw.post(address, content=b"x" * 300_000, headers=accepts)).status_code in {
                400,
                413,
            }
        async with Client(address) as client:
            assert (await call(client, "lire", numero="1"))["provisions"]


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
