"""Better words for drafts, from a server that speaks the protocol: honest, wrong, slow, lying, broken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.drafting import drafts, redactor
from bot.drafting.redactor import Redactor
from bot.policy.names import GenderedName
from tests.drafting.club import club

NAME = GenderedName("règlement du club", "masculin")
PLAIN = drafts.guess(club())
KEY = "une-cle"
Answer = Callable[[Mapping[str, Any]], Awaitable[web.StreamResponse]]


@dataclass
class Model:
    """A language model's server. `received`: what each call sent. `answer`: what it does with a call."""

    answer: Answer
    received: list[tuple[Mapping[str, str], Mapping[str, Any]]] = field(default_factory=list)
    address: str = ""

    async def complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.received.append((dict(request.headers), body))
        return await self.answer(body)

    async def models(self, _request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "petit"}]})

    async def reword(self) -> redactor.Rewording:
        return await redactor.reword(Redactor.at(self.address, KEY), club(), PLAIN)


def about(number: str, text: str) -> dict[str, Any]:
    """What an honest model says of a clause."""
    choices = [
        {"text": "Oui", "right": True, "feedback": f"Le texte dit «\u00a0{text[:20]}\u00a0»."},
        {"text": "Non", "right": False, "feedback": "Relisez la clause."},
    ]
    quiz = [
        {"text": f"Est-ce {way} ce que dit la règle {number}?", "type": "choix", "choice": choices}
        for way in ("bien", "vraiment")
    ]
    questions = [f"{asked} {number}?" for asked in ("Une question sur", "Puis-je faire", "Qui s'occupe de")]
    return {"id": number, "subject": f"Un sujet mieux dit, {number}", "questions": questions, "quiz": quiz}


def completion(content: str) -> web.Response:
    return web.json_response({"choices": [{"message": {"role": "assistant", "content": content}}]})


def saying(change: Callable[[dict[str, Any]], dict[str, Any]] = lambda entry: entry) -> Answer:
    """Return what an honest model does, once `change` has made it less so."""

    async def answer(body: Mapping[str, Any]) -> web.Response:
        clauses = json.loads(body["messages"][-1]["content"])["clauses"]
        entries = [change(about(clause["id"], clause["text"])) for clause in clauses]
        return completion(json.dumps({"clauses": entries}))

    return answer


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    made = Model(saying())
    app = web.Application()
    app.router.add_post("/v1/chat/completions", made.complete)
    app.router.add_get("/v1/models", made.models)
    async with TestServer(app) as server:
        made.address = str(server.make_url("/v1"))
        yield made


async def test_drafts_are_better_worded_and_as_many(model: Model) -> None:
    result = await model.reword()
    assert (result.problem, result.refused) == ("", 0)
    assert len(result.drafts) == len(PLAIN)
    subjects = [draft.value for draft in result.drafts if draft.kind == "subject"]
    assert all(subject.startswith("Un sujet mieux dit") for subject in subjects)
    assert len({draft.value["id"] for draft in result.drafts if draft.kind == "quiz"}) == 18
    assert result.reworded > len(PLAIN) / 2


async def test_what_is_said_of_two_clauses_is_said_of_neither(model: Model) -> None:
    model.answer = saying(lie(subject="Un sujet", questions=["Qui s'en occupe?", "Puis-je le faire?"]))
    result = await model.reword()
    kinds = {draft.kind for draft in result.drafts if draft not in PLAIN}
    assert kinds == {"quiz"}, "the plain questions and subjects stay"
    assert result.problem == ""


async def test_the_document_and_nothing_else_is_sent(model: Model) -> None:
    await model.reword()
    [(headers, body)] = model.received
    assert body["model"] == "petit"
    assert headers["Authorization"] == f"Bearer {KEY}"
    system, user = body["messages"]
    assert system["content"] == redactor.INSTRUCTION
    assert json.loads(user["content"]) == {
        "clauses": [
            {"id": str(clause.number), "heading": clause.heading, "text": clause.text}
            for clause in club().clauses()
        ]
    }


def lie(**changes: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda entry: entry | changes


QUIZ = {"text": "?", "type": "choix"}


@pytest.mark.parametrize(
    "change",
    [
        lie(subject="Ce que dit l'article 99", questions=[], quiz=[]),
        lie(subject="« des mots inventés »", questions=["Est-ce écrit « jamais de la vie »?"], quiz=[]),
        lie(subject="x" * 41, questions=["y" * 300, 3, None], quiz="non"),
        lie(subject=["un"], questions={"a": 1}, quiz=[QUIZ, {**QUIZ, "choice": [{"text": "Oui"}]}, 4]),
        lie(subject="", questions=["Faut-il payer 250 $?"], quiz=[]),
        lambda _entry: {"id": "99.9", "subject": "Ailleurs"},
    ],
)
async def test_what_the_text_does_not_say_is_left_out(
    model: Model, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    model.answer = saying(change)
    result = await model.reword()
    assert result.drafts == PLAIN
    assert result.refused == len(club().clauses())
    assert result.problem == ""


async def _slow(_body: Mapping[str, Any]) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


async def _moved(_body: Mapping[str, Any]) -> web.Response:
    raise web.HTTPTemporaryRedirect("http://127.0.0.1:9/v1/chat/completions")


async def _refused(_body: Mapping[str, Any]) -> web.Response:
    return web.json_response({"error": {"message": f"bad key {KEY}"}}, status=401)


async def _endless(_body: Mapping[str, Any]) -> web.Response:
    return web.Response(body=b" " * (redactor.LARGEST_ANSWER + 1))


async def _cut(_body: Mapping[str, Any]) -> web.Response:
    return web.Response(text='{"choices": [{"message": {"content": "{')


async def _prose(_body: Mapping[str, Any]) -> web.Response:
    return completion("Bien sûr! Voici ce que j'en pense.")


async def _nested(_body: Mapping[str, Any]) -> web.Response:
    return web.Response(text="[" * 100_000)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (_slow, "pas répondu à temps"),
        (_moved, "a répondu 307"),
        (_refused, "a répondu 401"),
        (_endless, "trop longue"),
        (_cut, "n'est pas du JSON"),
        (_prose, "n'a pas la forme"),
        (_nested, "n'est pas du JSON"),
    ],
)
async def test_a_model_that_fails_leaves_the_plain_drafts_and_says_why(
    model: Model, answer: Answer, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redactor, "CALL_SECONDS", 1.0)
    model.answer = answer
    result = await model.reword()
    assert result.drafts == PLAIN
    assert says in result.problem
    assert KEY not in result.problem
    assert len(model.received) == 1


async def test_nobody_at_that_address_is_said_and_changes_nothing() -> None:
    result = await redactor.reword(Redactor.at("http://127.0.0.1:9/v1", ""), club(), PLAIN)
    assert result.drafts == PLAIN
    assert result.problem == "il ne répond pas"


async def test_a_long_document_is_sent_in_parts_and_bounded(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redactor, "BATCH", 100)
    monkeypatch.setattr(redactor, "MOST_CALLS", 2)
    result = await model.reword()
    assert len(model.received) == 2
    assert "2 premiers envois" in result.problem
    assert 0 < result.reworded < len(PLAIN) / 2


def test_the_name_of_a_model_follows_the_address() -> None:
    named = Redactor.at("https://modele.exemple.ca/v1/#grand", KEY)
    assert (named.address, named.model, named.host) == (
        "https://modele.exemple.ca/v1",
        "grand",
        "modele.exemple.ca",
    )
