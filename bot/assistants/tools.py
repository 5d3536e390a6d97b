"""The tools and the addresses: functions that return texts for the arguments of a call or for an address.

They all run on one thread.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import unquote

from pydantic import BaseModel

from bot.assistants import arguments, texts
from bot.assistants.arguments import Arguments, parse_arguments
from bot.assistants.models import (
    AnsweredQuestion,
    ExaminedText,
    Extract,
    PolicyList,
    VersionComparison,
)
from bot.assistants.texts import SCHEME, Answer, Texts, Touch
from bot.conversation.messages import excerpt
from bot.conversation.requests import UserError
from bot.language.other_words import other_words
from bot.policy import references
from bot.policy.library import Policy, Reading, version_on

_ADDRESS: Final = re.compile(
    rf"{SCHEME}://(?P<policy>[^/?#]+)/"
    r"(?:versions/(?P<version>[^/?#]+)(?:/(?P<number>[^/?#]+))?|dispositions/(?P<identity>[^/?#]+))"
    r"(?:\?debut=(?P<start>\d{1,9}))?"
)
_LONGEST: Final = 500  # maximum characters of an address


@dataclass(frozen=True, slots=True)
class TextSources:
    """The functions that the server answers with. Each may raise `UserError`.

    `texts`: returns today's policies, which the other functions then use until its next call. `ask`: answers
    a question about one policy, or about all of them for None. `examine`: from a text to publish, its
    picture's description and a policy, returns the provisions that the text touches, and a French line on
    what was not examined. `why_none`: says in French why no clause of a policy matches a text on a day.
    """

    texts: Callable[[], Texts]
    ask: Callable[[str, Policy | None], Answer]
    examine: Callable[[str, str, Policy], tuple[Sequence[Touch], str]]
    why_none: Callable[[Policy, date, str], str]


@dataclass(frozen=True, slots=True)
class ToolReading:
    """A tool: the types of its arguments and of its result, and the function from one to the other."""

    arguments: type[Arguments]
    result: type[BaseModel]
    read: Callable[[TextSources, Any], BaseModel]


def call_tool(sources: TextSources, name: str, values: Mapping[str, object]) -> BaseModel:
    """Return a tool's result. Raises `UserError` for a problem that the caller can correct."""
    tool = TOOLS.get(name)
    if tool is None:
        raise UserError(
            f"Il n'y a pas d'outil «\u00a0{excerpt(name, 60)}\u00a0», mais\u00a0: {', '.join(TOOLS)}."
        )
    return tool.read(sources, parse_arguments(name, tool.arguments, values))


def read_address(sources: TextSources, address: str) -> Extract:
    """Return the text at an address. Raises `UserError` when there is none."""
    match = _ADDRESS.fullmatch(address) if len(address) <= _LONGEST else None
    if match is None:
        raise UserError(
            f"«\u00a0{excerpt(address, 60)}\u00a0» n'est pas une adresse de Vigie. Prenez telle quelle celle "
            "d'une disposition\u00a0: «\u00a0uri\u00a0» ou «\u00a0permanent_uri\u00a0»."
        )
    parts = {name: unquote(part or "") for name, part in match.groupdict().items()}
    known, start = sources.texts(), int(parts["start"] or 0)
    policy = texts.find_policy(known.library, parts["policy"])
    if parts["identity"]:
        return texts.read_identity(known, policy, parts["identity"], start)
    return texts.read_version(known, policy, parts["version"], parts["number"], start)


def _policies(sources: TextSources, asked: arguments.PoliciesToList) -> PolicyList:
    return texts.list_policies(sources.texts(), asked.debut)


def _read(sources: TextSources, asked: arguments.ProvisionsToRead) -> Extract:
    known, reading = _reading(sources, asked.politique, asked.date)
    text = known.library.naming.unaddressed(asked.numero)
    if text and references.reference_in(text, reading.version) is None:
        raise UserError(
            f"«\u00a0{excerpt(text, 60)}\u00a0» n'est pas un numéro {reading.policy.name.of}. Pour des mots, "
            "prenez «\u00a0chercher\u00a0»; pour tout le texte, ne donnez pas de numéro."
        )
    if other := other_words(reading, text):
        raise UserError(texts.warn_of_other_words(reading, other))
    clauses = reading.policy.select(reading.version, text)
    message = "" if clauses else _why_none(sources, known, reading, text)
    return texts.extract(known, reading, [clause.number for clause in clauses], asked.debut, message)


def _search(sources: TextSources, asked: arguments.WordsToFind) -> Extract:
    known, reading = _reading(sources, asked.politique, asked.date)
    index = reading.policy.index(reading.version)
    hits, message = index.search(asked.mots), ""
    if not hits:
        message = _why_none(sources, known, reading, asked.mots)
        if meant := index.did_you_mean(asked.mots):
            message += f" Cherchez peut-être «\u00a0{meant}\u00a0»."
    return texts.extract(known, reading, [hit.clause.number for hit in hits], asked.debut, message)


def _ask(sources: TextSources, asked: arguments.QuestionToAnswer) -> AnsweredQuestion:
    known = sources.texts()
    policy = texts.find_policy(known.library, asked.politique) if asked.politique else None
    return texts.answer_question(known, sources.ask(asked.question, policy), asked.debut)


def _compare(sources: TextSources, asked: arguments.VersionsToCompare) -> VersionComparison:
    known = sources.texts()
    policy, today = texts.find_policy(known.library, asked.politique), known.library.today()
    before, after = (texts.read_day(policy, day, today) for day in (asked.avant, asked.apres))
    return texts.compare_versions(known, policy, before, after, asked.debut)


def _examine(sources: TextSources, asked: arguments.PostToExamine) -> ExaminedText:
    known = sources.texts()
    policy = texts.find_policy(known.library, asked.politique)
    touched, message = sources.examine(asked.texte, asked.image, policy)
    return texts.show_touched(known, touched, message, asked.debut)


TOOLS: Final[Mapping[str, ToolReading]] = {
    "politiques": ToolReading(arguments.PoliciesToList, PolicyList, _policies),
    "lire": ToolReading(arguments.ProvisionsToRead, Extract, _read),
    "chercher": ToolReading(arguments.WordsToFind, Extract, _search),
    "demander": ToolReading(arguments.QuestionToAnswer, AnsweredQuestion, _ask),
    "comparer": ToolReading(arguments.VersionsToCompare, VersionComparison, _compare),
    "relire": ToolReading(arguments.PostToExamine, ExaminedText, _examine),
}


def _reading(sources: TextSources, name: str, day: str) -> tuple[Texts, Reading]:
    known = sources.texts()
    library = known.library
    policy = texts.find_policy(library, name)
    on = texts.read_day(policy, day, library.today())
    version = version_on(policy, on) if on else library.current(policy)
    return known, Reading(policy, version, on=on, default=policy is library.default)


def _why_none(sources: TextSources, known: Texts, reading: Reading, text: str) -> str:
    return sources.why_none(reading.policy, reading.on or known.library.today(), text)
