"""PA20 reads as it always has: what is stored, signed and pressed refers to these words and numbers."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from bot.commands import politique
from bot.conversation.messages import Button, Heading, Message, Note, Text
from bot.conversation.requests import Request
from bot.onboarding.quiz.bank import clause_hash
from bot.policy.articles import Article, Version
from bot.policy.library import Library, Reading
from tests.conftest import TEST_DATA

LOOKED_UP = (
    *("", "5.10", "5,10", "art. 5.10", "l'article cinq point dix", "article premier", "1er article", "5 10"),
    *("5.1 à 5.4", "5.1 à 10", "5.4 à 5.1", "5 à 6", "5.9 et 5.10", "article 5 page 2", "alinéa 2 de 5.5"),
    *("5.19", "8", "article 12", "999", "5.1O", "artcile 5", "entre 5.1 et 5.3", "que dit la 5.10?", "5-10"),
    *("511", "5.10.1", "05.10", "5.01", "deux", "§ 7", "#7.2", "7.1 et 7.3, 6.2"),
    "la clause 5.10 de la PA20",
)


def digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def shown(library: Library, text: str) -> dict[str, Any]:
    message = politique.show(library, Request("politique", text, place="channel"))
    assert isinstance(message, Message)
    elements = [e for e in message.elements if isinstance(e, Heading | Note | Text)]
    return {
        "quotes": [f"{q.policy} {q.version} {q.clause} {q.start} {q.end}" for q in message.quotes()],
        "buttons": [[b.label, b.command] for b in message.buttons() if isinstance(b, Button)],
        "says": [e.text if isinstance(e, Heading) else "".join(s.text for s in e.spans) for e in elements],
    }


def opening_of(version: Version, article: Article) -> str:
    provision = version.provision(article.number)
    return provision.opening if provision else ""


def described(library: Library) -> dict[str, Any]:
    policy = library.default
    version = policy.versions[0]
    reading = Reading(policy, version)
    clauses = []
    for clause in version.clauses():
        quotation = library.quote(reading.quote(clause.number))
        spans = [f"{span.style}{span.text}" for paragraph in quotation.paragraphs for span in paragraph]
        clauses.append(
            {
                "number": str(clause.number),
                "heading": clause.heading,
                "paragraphs": [digest([paragraph]) for paragraph in clause.paragraphs],
                "hash": clause_hash(clause),
                "caption": quotation.caption,
                "quotation": digest(spans),
                "place": reading.place(clause.number),
            }
        )
    articles = [
        [str(a.number), opening_of(version, a), a.title, [str(c.number) for c in a.clauses]]
        for a in version.articles
    ]
    texts = [
        *LOOKED_UP,
        *(str(clause.number) for clause in version.clauses()),
        *(str(a.number) for a in version.articles),
    ]
    return {
        "cover": list(version.cover),
        "pieces": digest(version.pieces()),
        "articles": articles,
        "clauses": clauses,
        "shown": {text: shown(library, text) for text in texts},
    }


def test_pa20_reads_as_it_always_has(library: Library) -> None:
    frozen = json.loads((TEST_DATA / "pa20.json").read_text("utf-8"))
    read = json.loads(json.dumps(described(library)))
    for part in frozen:
        assert read[part] == frozen[part], part
