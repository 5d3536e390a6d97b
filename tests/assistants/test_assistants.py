"""What an assistant reads of the policies, over both transports, and what it cannot reach."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from mcp import MCPError
from mcp.types import TextResourceContents

from bot.assistants.paging import CHARACTERS, MOST
from bot.cli.assistants import _Shelf
from bot.revision.revisions import TEXT_ROWS
from bot.settings import SEED
from bot.storage import database
from bot.storage.database import StorageError, reader
from tests.assistants.client import SECRET, call, client_of, refusal
from tests.kits.cli import parts_over
from tests.kits.questions import learnt
from tests.kits.revision_commands import TEXT, world

__all__ = ["learnt"]  # a fixture


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
        [policy] = (await call(client, "politiques"))["policies"]
        [resource] = (await client.list_resources()).resources
        by_tool: list[dict[str, Any]] = []
        by_address: list[dict[str, Any]] = []
        following: int | None = 0
        while following is not None:
            piece = await call(client, "lire", debut=following)
            by_tool += piece["provisions"]
            [contents] = (await client.read_resource(f"{resource.uri}?debut={following}")).contents
            assert isinstance(contents, TextResourceContents)
            assert json.loads(contents.text) == piece
            assert len(contents.text) <= CHARACTERS + 200
            assert len(piece["provisions"]) <= MOST
            by_address += json.loads(contents.text)["provisions"]
            following = piece["following"]
    assert by_tool == by_address
    numbers = [provision["number"] for provision in by_tool]
    assert len(numbers) == len(set(numbers)) == policy["provisions"] == 31


@pytest.mark.parametrize(
    ("tool", "arguments", "lists"),
    [
        ("demander", {"question": "Que dit le club du local?"}, ("provisions", "suggestions")),
        ("chercher", {"mots": "local"}, ("provisions",)),
        ("comparer", {}, ("titles", "changes")),
        ("lire", {}, ("provisions",)),
    ],
)
async def test_every_answer_is_bounded_and_goes_on_where_it_stopped(
    tmp_path: Path, tool: str, arguments: dict[str, object], lists: tuple[str, ...]
) -> None:
    folder = tmp_path / "data" / "politique" / "club"
    folder.mkdir(parents=True)
    for year, words in ((2015, "ouvert"), (2020, "fermé")):
        clauses = "\n".join(
            f"1.{number} Le local {number} est {words}. {f'Voyez la clé {number}. ' * 300}\n"
            for number in range(1, 25)
        )
        text = f"# Club\n\n## ARTICLE 1 Du local {words}\n\n{clauses}"
        (folder / f"{year}-01-01.md").write_text(text, "utf-8")
    settings = {"vigie_data": str(tmp_path / "data"), "vigie_politique": "club"}
    async with client_of(tmp_path, **settings) as client:
        following: int | None = 0
        seen: list[str] = []
        while following is not None:
            piece = await call(client, tool, debut=following, **arguments)
            items = [item for name in lists for item in piece[name]]
            assert items
            assert len(items) == 1 or len(json.dumps(items, ensure_ascii=False)) <= CHARACTERS + 1_000
            seen += map(str, items)
            following = piece["following"]
            assert following is None or following == len(seen)
        assert len(seen) == len(set(seen)) > (2 if tool == "demander" else 10)
        past = await refusal(client, tool, debut=len(seen), **arguments)
        assert past.replace("\u00a0", " ").startswith("Rien ne vient si loin :")


async def test_a_day_is_read_as_people_write_it_and_never_guessed(tmp_path: Path, two_versions: Path) -> None:
    async with client_of(tmp_path, vigie_data=str(two_versions)) as client:
        for words, day in (
            ("hier", "2026-11-23"),
            ("1er mars 2016", "2016-03-01"),
            ("2016", "2016-01-01"),
            ("en 2015", "2015-12-13"),
            ("2027", "2027-01-01"),
            (" ", "2026-11-24"),
        ):
            extract = await call(client, "lire", numero="5.10", date=words)
            assert extract["on"] == day, words
            assert ("commenter" in extract["provisions"][0]["text"]) == (day < "2026-01-15")
        for words, expected in (
            ("2026", "La PA20 a eu plusieurs textes en 2026, depuis : 13 décembre 2015, 15 janvier 2026."),
            ("04/03/2017", "« 04/03/2017 » peut être le 4 mars 2017 ou le 3 avril 2017."),
            ("jadis", "« jadis » n'est pas une date que je lis."),
        ):
            assert (await refusal(client, "lire", date=words)).replace("\u00a0", " ").startswith(expected)
        compared = await call(client, "comparer", avant="2016", apres="hier")
        assert (compared["before"], compared["after"]) == ("2015-12-13", "2026-01-15")


async def test_words_that_are_published_have_their_address_on_the_web(
    tmp_path: Path, two_versions: Path
) -> None:
    profile = (SEED / "profil.toml").read_text("utf-8")
    settings = {"vigie_data": str(two_versions), "vigie_adresse_site": "https://politiques.exemple.ca/"}
    async with client_of(tmp_path, **settings) as client:
        assert [each["web"] for each in (await call(client, "lire", numero="5.13"))["provisions"]] == [""]
    (two_versions / "profil.toml").write_text(f"{profile}\n[politiques.pa20]\npublique = true\n", "utf-8")
    async with client_of(tmp_path, **settings) as client:
        for day, version in (("2016", "2015-12-13"), ("hier", "2026-01-15")):
            [provision] = (await call(client, "lire", numero="5.13", date=day))["provisions"]
            assert provision["web"] == f"https://politiques.exemple.ca/pa20/{version}/5.13.html"


async def test_a_revision_is_read_once_it_is_announced_and_not_before(tmp_path: Path) -> None:
    path, words = tmp_path / "vigie.db", "vous abstenir de commenter"
    with world(tmp_path, database=path) as bot:
        await bot.approve(TEXT.replace(words, "ne rien répondre"), effective="2026-12-01")
        async with client_of(tmp_path, vigie_data=str(bot.volume)) as client:
            extract = await call(client, "lire", numero="5.10", date="2 décembre 2026")
            assert words in extract["provisions"][0]["text"]
            assert len((await call(client, "politiques"))["policies"][0]["versions"]) == 1


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
        assert "Il manque «\u00a0texte\u00a0»." in await refusal(client, "relire", texte="")
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


async def test_what_only_the_chat_can_do_is_left_to_it_without_a_button_or_a_stray_quotation(
    tmp_path: Path,
) -> None:
    async with client_of(tmp_path) as client:
        report = await call(client, "demander", question="Je veux signaler une publication, comment je fais?")
        assert report["outcome"] == "help"
        assert report["message"].endswith("N'écrivez aucun signalement à un assistant.")
        assert "bouton" not in report["message"]
        elsewhere = await call(client, "demander", question="Quel est le salaire du président?")
        assert elsewhere["outcome"] == "out_of_scope"
        assert elsewhere["suggestions"] == []
        nothing = await call(client, "relire", texte="Bonne rentrée à toutes et à tous!")
        assert nothing["message"].startswith("Je n'ai rien vu, dans ce texte, qui touche la PA20.")


async def test_a_text_to_publish_is_told_what_it_touches_and_never_judged(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        text = "Au nom de l'AGE UQTR, je vous annonce que le logo de l'association est sur mon chandail!"
        examined = await call(client, "relire", texte=text)
        assert examined["touched"]
        for touched in examined["touched"]:
            assert all(passage in text for passage in touched["passages"])
        touched_text = " ".join(
            f"{touched['concern']} {touched['advice']}" for touched in examined["touched"]
        )
        assert not re.search(r"\b(interdit|conforme|permis)\b", f"{touched_text} {examined['message']}")


async def test_a_text_that_comes_into_force_is_read_at_the_next_call(tmp_path: Path) -> None:
    database = tmp_path / "vigie.db"
    with world(tmp_path, database=database) as bot:
        parts = parts_over(database, vigie_data=str(bot.volume))
        parts.clock = bot.clock
        shelf = _Shelf(parts)

        def in_force() -> str:
            library = shelf.texts().library
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
                shelf.texts()
            copy.write_bytes(content)
            library = shelf.texts().library
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
