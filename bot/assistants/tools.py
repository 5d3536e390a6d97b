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
    """A tool: the types of its arguments and of its result, and the function that makes the result."""

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
    served = sources.texts()
    start = int(parts["start"] or 0)
    policy = texts.find_policy(served.library, parts["policy"])
    if parts["identity"]:
        return texts.read_identity(served, policy, parts["identity"], start)
    return texts.read_version(served, policy, parts["version"], parts["number"], start)


def _policies(sources: TextSources, call: arguments.PoliciesToList) -> PolicyList:
    return texts.list_policies(sources.texts(), call.debut)


def _read(sources: TextSources, call: arguments.ProvisionsToRead) -> Extract:
    served, reading = _reading(sources, call.politique, call.date)
    text = served.library.naming.unaddressed(call.numero)
    if text and references.reference_in(text, reading.version) is None:
        raise UserError(
            f"«\u00a0{excerpt(text, 60)}\u00a0» n'est pas un numéro {reading.policy.name.of}. Pour des mots, "
            "prenez «\u00a0chercher\u00a0»; pour tout le texte, ne donnez pas de numéro."
        )
    if other := other_words(reading, text):
        raise UserError(texts.warn_of_other_words(reading, other))
    clauses = reading.policy.select(reading.version, text)
    message = "" if clauses else _why_none(sources, served, reading, text)
    return texts.extract(served, reading, [clause.number for clause in clauses], call.debut, message)


def _search(sources: TextSources, call: arguments.WordsToFind) -> Extract:
    served, reading = _reading(sources, call.politique, call.date)
    index = reading.policy.index(reading.version)
    hits, message = index.search(call.mots), ""
    if not hits:
        message = _why_none(sources, served, reading, call.mots)
        if meant := index.did_you_mean(call.mots):
            message += f" Cherchez peut-être «\u00a0{meant}\u00a0»."
    return texts.extract(served, reading, [hit.clause.number for hit in hits], call.debut, message)


def _ask(sources: TextSources, call: arguments.QuestionToAnswer) -> AnsweredQuestion:
    served = sources.texts()
    policy = texts.find_policy(served.library, call.politique) if call.politique else None
    return texts.answer_question(served, sources.ask(call.question, policy), call.debut)


def _compare(sources: TextSources, call: arguments.VersionsToCompare) -> VersionComparison:
    served = sources.texts()
    policy = texts.find_policy(served.library, call.politique)
    today = served.library.today()
    before, after = (texts.read_day(policy, day, today) for day in (call.avant, call.apres))
    return texts.compare_versions(served, policy, before, after, call.debut)


def _examine(sources: TextSources, call: arguments.PostToExamine) -> ExaminedText:
    served = sources.texts()
    policy = texts.find_policy(served.library, call.politique)
    touched, message = sources.examine(call.texte, call.image, policy)
    return texts.show_touched(served, touched, message, call.debut)


TOOLS: Final[Mapping[str, ToolReading]] = {
    "politiques": ToolReading(arguments.PoliciesToList, PolicyList, _policies),
    "lire": ToolReading(arguments.ProvisionsToRead, Extract, _read),
    "chercher": ToolReading(arguments.WordsToFind, Extract, _search),
    "demander": ToolReading(arguments.QuestionToAnswer, AnsweredQuestion, _ask),
    "comparer": ToolReading(arguments.VersionsToCompare, VersionComparison, _compare),
    "relire": ToolReading(arguments.PostToExamine, ExaminedText, _examine),
}


def _reading(sources: TextSources, name: str, day: str) -> tuple[Texts, Reading]:
    served = sources.texts()
    library = served.library
    policy = texts.find_policy(library, name)
    on = texts.read_day(policy, day, library.today())
    version = version_on(policy, on) if on else library.current(policy)
    return served, Reading(policy, version, on=on, default=policy is library.default)


def _why_none(sources: TextSources, served: Texts, reading: Reading, text: str) -> str:
    return sources.why_none(reading.policy, reading.on or served.library.today(), text)
