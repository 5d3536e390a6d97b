"""The rewording of drafts by a language model that the association chose, at any OpenAI-compatible address.

Only `vigie commencer` imports this module, and the running bot never does. Only the clauses of the document
and the instruction below are sent. The answers are checked, and a person must still review them.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from bot.answers.guidance import SUBJECT_LENGTH
from bot.drafting.drafts import Draft
from bot.drafting.guesses import is_rule
from bot.onboarding.quiz import bank as quiz_bank
from bot.onboarding.quiz.bank import clause_hash
from bot.policy.articles import Clause, Version
from bot.policy.search import fold_accents
from bot.revision.reading.lint import references

CALL_SECONDS: Final = 90.0
ALL_SECONDS: Final = 900.0
MOST_CALLS: Final = 60
LARGEST_ANSWER: Final = 256 * 1024  # maximum bytes of an answer
BATCH: Final = 6_000  # maximum characters of clauses in one call
_QUESTIONS: Final = 3
_QUIZ: Final = 2
_QUESTION_LENGTH: Final = 200
_FIGURE: Final = re.compile(r"\d+")
_QUOTED: Final = re.compile(r"[«\"“]\s*(.*?)\s*[»\"”]", re.DOTALL)

INSTRUCTION: Final = (
    "Tu reçois des clauses d'un texte adopté par une association, en JSON\u00a0: leur numéro et leurs "
    "mots. Pour chacune, rends, en français du Québec et au vouvoiement, ces champs\u00a0: subject, ce "
    "dont elle parle, en 40 caractères au plus; questions, trois questions que des membres "
    "poseraient dans leurs mots, et que cette clause règle; quiz, deux questions pour vérifier "
    "qu'on l'a comprise, chacune avec text, type (choix ou situation) et choice, de deux à quatre "
    "choix qui ont text, right (vrai pour un seul) et feedback. N'invente rien que la clause ne "
    "dise; ne cite entre guillemets que ses mots exacts; ne nomme aucun autre numéro. Rends "
    "seulement ceci\u00a0: "
    '{"clauses": [{"id": "…", "subject": "…", "questions": [], "quiz": []}]}'
)


class RedactorError(Exception):
    """The model returned nothing usable. The text is a French clause that ends a sentence."""


@dataclass(frozen=True, slots=True)
class Redactor:
    """A language model. `model`: its name, "" for the first model that the address lists.

    `key`: the secret of the account, "" if none.
    """

    address: str
    key: str
    model: str

    @classmethod
    def at(cls, address: str, key: str) -> "Redactor":
        """Return the redactor described by a setting: an address, then « # » and a model's name."""
        parts = urlsplit(address)
        return cls(parts._replace(fragment="").geturl().rstrip("/"), key, parts.fragment)

    @property
    def host(self) -> str:
        """The host that the document is sent to, with its port if any."""
        return urlsplit(self.address).netloc.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Rewording:
    """The result of rewording the drafts.

    `reworded`: how many drafts were reworded. `refused`: how many clauses had no answer that passed the
    checks. `problem`: a French clause on why some clauses had no answer, "" if all had one.
    """

    drafts: tuple[Draft, ...]
    reworded: int
    refused: int
    problem: str


def batches(version: Version) -> tuple[tuple[Clause, ...], ...]:
    """Group the clauses into calls of at most `BATCH` characters."""
    made: list[list[Clause]] = [[]]
    size = 0
    for clause in version.clauses():
        if made[-1] and size + len(clause.text) > BATCH:
            made.append([])
            size = 0
        made[-1].append(clause)
        size += len(clause.text)
    return tuple(tuple(batch) for batch in made if batch)


def sent(batch: Sequence[Clause]) -> str:
    """Return the clauses that one call sends, as JSON."""
    clauses = [{"id": str(clause.number), "heading": clause.heading, "text": clause.text} for clause in batch]
    return json.dumps({"clauses": clauses}, ensure_ascii=False)


async def reword(
    redactor: Redactor,
    version: Version,
    drafts: Sequence[Draft],
    progress: Callable[[int, int], None] = lambda _done, _count: None,
) -> Rewording:
    """Return the drafts, reworded where the model's answer passes the checks.

    Never raises: an error is in `problem`. `progress`: called before each request to the model, with the
    number already made and the total.
    """
    calls = batches(version)
    better = dict[str, list[Draft]]()
    refused = 0
    problem = ""
    if len(calls) > MOST_CALLS:
        problem = f"le document est long, et seuls ses {MOST_CALLS} premiers envois ont été faits"
    with suppress(TimeoutError):
        async with asyncio.timeout(ALL_SECONDS), _session(redactor) as web:
            try:
                model = redactor.model or await _first_model(web, redactor)
                for at, batch in enumerate(calls[:MOST_CALLS]):
                    progress(at, len(calls))
                    answered = await _ask(web, redactor, model, batch)
                    for clause in batch:
                        made = _checked(answered.get(str(clause.number)), clause, version)
                        better[str(clause.number)] = made
                        refused += not made
            except RedactorError as error:
                problem = str(error)
            else:
                return _merged(drafts, better, refused, problem)
    return _merged(drafts, better, refused, problem or "il n'a pas répondu à temps")


def _session(redactor: Redactor) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
        headers={"Authorization": f"Bearer {redactor.key}"} if redactor.key else {},
        auto_decompress=True,
    )


async def _first_model(web: aiohttp.ClientSession, redactor: Redactor) -> str:
    listed = await _exchange(web, "GET", f"{redactor.address}/models", None)
    match listed:
        case {"data": [{"id": str(name)}, *_]}:
            return name
    raise RedactorError("il ne nomme aucun modèle\u00a0: ajoutez le sien à l'adresse, après un #")


async def _ask(
    web: aiohttp.ClientSession, redactor: Redactor, model: str, batch: Sequence[Clause]
) -> dict[str, Any]:
    """Return the model's answer about each clause, by number, unchecked."""
    messages = [{"role": "system", "content": INSTRUCTION}, {"role": "user", "content": sent(batch)}]
    body = {"model": model, "messages": messages, "temperature": 0.2, "stream": False}
    answered = await _exchange(web, "POST", f"{redactor.address}/chat/completions", body)
    match answered:
        case {"choices": [{"message": {"content": str(content)}}, *_]}:
            start, end = content.find("{"), content.rfind("}")
            with suppress(json.JSONDecodeError, RecursionError):
                match json.loads(content[start : end + 1]):
                    case {"clauses": [*entries]}:
                        return {str(entry.get("id")): entry for entry in entries if isinstance(entry, dict)}
    raise RedactorError("sa réponse n'a pas la forme demandée")


async def _exchange(web: aiohttp.ClientSession, method: str, address: str, body: object) -> object:
    """Send a request and return its JSON response. Raises `RedactorError`, without quoting the response."""
    try:
        async with web.request(method, address, json=body, allow_redirects=False) as answer:
            if answer.status != 200:  # noqa: PLR2004 — the only success of this protocol
                raise RedactorError(f"il a répondu {answer.status}")
            content = bytearray()
            async for chunk in answer.content.iter_chunked(16 * 1024):
                content += chunk
                if len(content) > LARGEST_ANSWER:
                    raise RedactorError("sa réponse est trop longue")
    except TimeoutError as error:
        raise RedactorError("il n'a pas répondu à temps") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise RedactorError("il ne répond pas") from error
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RedactorError("sa réponse n'est pas du JSON") from error


# --- Checks -----------------------------------------------------------------------------------


def _checked(entry: object, clause: Clause, version: Version) -> list[Draft]:
    """Return the drafts in the model's answer about a clause, except those that fail the checks."""
    if not isinstance(entry, dict):
        return []
    number = str(clause.number)
    drafts: list[Draft] = []
    subject = next(_texts([entry.get("subject")]), "")
    if 0 < len(subject) <= SUBJECT_LENGTH and _true(subject, clause, version):
        drafts.append(Draft("subject", number, number, subject))
    drafts += [
        Draft("question", number, "", {"question": text})
        for text in _texts(entry.get("questions"))
        if len(text) <= _QUESTION_LENGTH and _true(text, clause, version)
    ][:_QUESTIONS]
    tables = _tables(entry.get("quiz")) if is_rule(version, clause) else ()
    quiz = [draft for question in tables if (draft := _quiz(question, clause, version))]
    return [*drafts, *quiz[:_QUIZ]]


def _texts(value: object) -> Iterator[str]:
    for text in value if isinstance(value, list) else []:
        if isinstance(text, str) and text.strip():
            yield " ".join(text.split())


def _tables(value: object) -> Iterator[dict[str, Any]]:
    for table in value if isinstance(value, list) else []:
        if isinstance(table, dict):
            yield table


def _true(text: str, clause: Clause, version: Version) -> bool:
    """Return whether a text's citations are right, and all its numbers are in the clause."""
    figures = {*_FIGURE.findall(clause.text), *_FIGURE.findall(str(clause.number))}
    return _cites(text, clause, version) and figures.issuperset(_FIGURE.findall(text))


def _cites(text: str, clause: Clause, version: Version) -> bool:
    """Return whether the quotations in a text are in the clause, and the clauses that it names exist."""
    words = _spaced(clause.text)
    quoted = all(_spaced(match[1]) in words for match in _QUOTED.finditer(text))
    cited = references(replace(clause, paragraphs=(text,)), version)
    return quoted and all(map(version.within, cited))


def _spaced(text: str) -> str:
    return " ".join(text.replace("’", "'").split())


def _quiz(question: dict[str, Any], clause: Clause, version: Version) -> Draft | None:
    """Return a quiz question as a draft, or None if the bank's parser or our checks refuse it."""
    choices = [
        {key: choice[key] for key in ("text", "right", "feedback") if key in choice}
        for choice in _tables(question.get("choice"))
    ]
    number = str(clause.number)
    table = {
        "id": "x",  # replaced later by the id of the draft that it rewords
        "clause": number,
        "hash": clause_hash(clause),
        "type": question.get("type"),
        "text": question.get("text"),
        "choice": choices,
    }
    if any(quiz_bank.question_faults(table)):
        return None
    wrong = [choice["text"] for choice in choices if not choice.get("right")]
    claims = [question["text"], *(choice["feedback"] for choice in choices)]
    claims += [choice["text"] for choice in choices if choice.get("right")]
    if not all(_true(text, clause, version) for text in claims):
        return None
    return Draft("quiz", number, "", table) if all(_cites(text, clause, version) for text in wrong) else None


def _wording(draft: Draft) -> str:
    """Return the folded words of a draft, by which duplicates are detected."""
    match draft.kind:
        case "question":
            text = draft.value["question"]
        case "quiz":
            choices = (choice["text"] for choice in draft.value["choice"])
            text = " ".join((draft.value["text"], *choices))
        case _:
            text = draft.value
    return fold_accents(" ".join(str(text).split()))


def _merged(drafts: Sequence[Draft], better: dict[str, list[Draft]], refused: int, problem: str) -> Rewording:
    """Replace drafts with those of the model, by clause and kind."""
    merged: list[Draft] = []
    reworded = 0
    waiting: dict[tuple[str, str], list[Draft]] = {}
    wordings = Counter((draft.kind, _wording(draft)) for made in better.values() for draft in made)
    for made in better.values():
        for draft in made:
            if wordings[draft.kind, _wording(draft)] == 1:  # the same words for two clauses fit neither
                waiting.setdefault((draft.clause, draft.kind), []).append(draft)
    for draft in drafts:
        replacements = waiting.get((draft.clause, draft.kind), [])
        if not replacements:
            merged.append(draft)
            continue
        new = replacements.pop(0)
        reworded += 1
        match draft.kind:
            case "question":
                new = replace(draft, value=draft.value | new.value)
            case "quiz":
                new = replace(new, value=new.value | {"id": draft.value["id"]})
        merged.append(new)
    return Rewording(tuple(merged), reworded, refused, problem)
