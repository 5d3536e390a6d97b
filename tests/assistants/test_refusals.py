"""What a model, or a client, asks wrongly: one French line says what to do, and the next call is answered."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from mcp import Client, MCPError
from mcp.types import INVALID_PARAMS

from bot.assistants.server import make_server
from bot.assistants.texts import Texts
from bot.assistants.tools import TextSources
from bot.commands import politique
from bot.conversation.requests import UserError
from tests.assistants.client import SECRET, call, client_of, refusal
from tests.kits.effort import PATIENCE

KNOWN = "politiques, lire, chercher, demander, comparer, relire"


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        ("lire", {"numero": "9" * 10_000}, "« numero » est trop long : 200 caractères au plus."),
        ("lire", {"numero": 5.1}, "« numero » se donne en texte. Le numéro, entre guillemets : « 5.10 »"),
        ("lire", {"numero": ["5.10"]}, "« numero » se donne en texte."),
        ("lire", {"numero": {"a": 1}}, "« numero » se donne en texte."),
        ("lire", {"numero": "\ud800"}, "« numero » se donne en texte."),
        ("lire", {"debut": -1}, "« debut » est un nombre entier, à partir de 0. Pour la suite"),
        ("lire", {"debut": "dix"}, "« debut » est un nombre entier, à partir de 0."),
        ("lire", {"debut": 1.5}, "« debut » est un nombre entier, à partir de 0."),
        ("lire", {"debut": 10**30}, "Rien ne vient si loin : il y en a 31, comptés de 0."),
        ("lire", {"jour": "2016"}, "« lire » ne prend pas « jour », mais : numero, politique, date, debut."),
        ("lire", {"numero": "le logo"}, "« le logo » n'est pas un numéro de la PA20. Pour des mots, prenez"),
        ("lire", {"politique": "PA2O"}, "Je ne connais pas la politique « pa2o ». Je connais : PA20."),
        ("lire", {"date": "x" * 61}, "« date » est trop long : 60 caractères au plus."),
        ("chercher", {"mots": ""}, "Il manque « mots ». Un ou quelques mots du texte."),
        ("chercher", {"mots": None}, "Il manque « mots »."),
        ("demander", {"question": " \n"}, "Il manque « question »."),
        ("demander", {"question": "x" * 3_000}, "« question » est trop long : 2 000 caractères au plus."),
        ("demander", {}, "Il manque « question »."),
        ("comparer", {"avant": ["2016"], "apres": 2026}, "« avant » se donne en texte."),
        ("relire", {"texte": "x" * 20_000}, "« texte » est trop long : 10 000 caractères au plus."),
        ("politiques", {"tout": True}, "« politiques » ne prend pas « tout », mais : debut."),
        ("effacer", {}, f"Il n'y a pas d'outil « effacer », mais : {KNOWN}."),
        ("effacer\n" * 1_000, {}, "Il n'y a pas d'outil « effacer"),
        (
            "lire",
            {f"a{number}": number for number in range(5_000)},
            "« lire » ne prend pas « a0, a1, a2 », mais",
        ),
    ],
)
async def test_a_wrong_call_is_explained_in_one_line_and_the_next_one_is_answered(
    tmp_path: Path, tool: str, arguments: dict[str, object], expected: str
) -> None:
    async with client_of(tmp_path) as client:
        problem = (await refusal(client, tool, **arguments)).replace("\u00a0", " ")
        assert problem.startswith(expected)
        assert problem.isprintable()
        assert len(problem) < 400
        assert (await call(client, "lire", numero="5.10"))["provisions"]


async def test_what_means_nothing_is_as_if_it_were_not_given(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        expected = await call(client, "lire", numero="5.10")
        for more in ({"date": None, "politique": "", "debut": ""}, {"debut": "0"}, {"politique": "PA20\x07"}):
            assert await call(client, "lire", numero="5.10\u202e\x00", **more) == expected


@pytest.mark.parametrize(
    ("prompt", "arguments", "expected"),
    [
        (
            "effacer",
            {},
            "Je ne connais pas « effacer ». Je connais : repondre, avant_de_publier, ce_qui_a_change.",
        ),
        ("repondre", {}, "Il manque à « repondre » : question, en texte."),
        ("repondre", {"question": " "}, "Il manque à « repondre » : question, en texte."),
        ("repondre", {"question": "?", "jour": "5"}, "« repondre » ne prend pas « jour », mais : question."),
        (
            "ce_qui_a_change",
            {"jour": "5"},
            "« ce_qui_a_change » ne prend pas « jour », mais : politique.",
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


@pytest.mark.parametrize("number", ["'; DROP TABLE revisions; --", "../../etc/passwd", "{0}", "%00"])
async def test_what_is_no_number_reads_nothing(tmp_path: Path, number: str) -> None:
    async with client_of(tmp_path) as client:
        assert "n'est pas un numéro de la PA20" in await refusal(client, "lire", numero=number)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "politique://pa20/versions/2015-12-13/5.99",
            "La PA20 n'a pas « 5.99 » dans la version du 2015-12-13.",
        ),
        (
            "politique://pa20/versions/2014-01-01/5.1",
            "La PA20 n'a pas de version du « 2014-01-01 », mais : 2015-12-13.",
        ),
        ("politique://pa20/versions/hier", "La PA20 n'a pas de version du « hier », mais : 2015-12-13."),
        (
            "politique://pa20/versions/2015-12-13?debut=99",
            "Rien ne vient si loin : il y en a 31, comptés de 0.",
        ),
        (
            "politique://pa20/versions/2015-12-13?debut=-1",
            "« politique://pa20/versions/2015-12-13?debut=-1 » n'est pas",
        ),
        ("politique://pa20/dispositions/rien", "La PA20 n'a aucune disposition à cette adresse."),
        ("politique://zz/versions/2015-12-13", "Je ne connais pas la politique « zz ». Je connais : PA20."),
        (
            "politique://pa20/../../etc/passwd",
            "« politique://pa20/../../etc/passwd » n'est pas une adresse de Vigie.",
        ),
        ("file:///etc/passwd", "« file:///etc/passwd » n'est pas une adresse de Vigie."),
        ("politique://pa20/versions/%2e%2e%2f\x00", "La PA20 n'a pas de version du « ../ », mais"),
        ("x" * 100_000, "« xxx"),
    ],
)
async def test_an_address_where_nothing_is_says_what_to_take_instead(
    tmp_path: Path, address: str, expected: str
) -> None:
    async with client_of(tmp_path) as client:
        with pytest.raises(MCPError) as refused:
            await client.read_resource(address)
        problem = str(refused.value).replace("\u00a0", " ")
        assert problem.startswith(expected)
        assert problem.isprintable()
        assert len(problem) < 300
        assert refused.value.code == INVALID_PARAMS


async def test_calls_that_would_wait_too_long_are_refused_and_those_before_are_answered() -> None:
    held, running = Event(), Event()

    def waiting() -> Texts:
        running.set()
        held.wait(PATIENCE)
        raise UserError("Attendu.")

    with ThreadPoolExecutor(1) as thread:
        sources = TextSources(waiting, waiting, waiting, waiting)  # type: ignore[arg-type]  # not asked
        server = make_server(sources, thread, association="AGE UQTR", version="1")
        async with Client(server) as client:
            calls = [asyncio.create_task(refusal(client, "lire")) for _ in range(250)]
            done, before = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            assert running.wait(PATIENCE)
            assert all(call.result().startswith("Trop de demandes attendent") for call in done)
            held.set()
            answered = await asyncio.gather(*before)
        assert answered.count("Attendu.") == 200


async def test_a_fault_is_told_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> Texts:
        raise ZeroDivisionError(SECRET)

    def refused(*_: object) -> Texts:
        raise UserError("Écrivez une question.")

    with ThreadPoolExecutor(1) as thread:
        for read, expected in ((broken, "Son journal dit pourquoi."), (refused, "Écrivez une question.")):
            sources = TextSources(read, broken, broken, politique.why_none)  # type: ignore[arg-type]  # not asked
            server = make_server(sources, thread, association="AGE UQTR", version="1")
            async with Client(server) as client:
                assert expected in await refusal(client, "demander", question=SECRET)
    assert "ZeroDivisionError" in caplog.text
    assert SECRET not in caplog.text
