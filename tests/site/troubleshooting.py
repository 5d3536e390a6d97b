"""What to do about each message that the program can say: the page of them, and which lack advice."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from tests.site.markdown import sentence, table
from tests.site.messages import SourceMessage, messages

ADVICE: Final = Path(__file__).with_name("troubleshooting.toml")
# What a message says when it tells what to do: an imperative, a command, what is expected.
TELLS: Final = re.compile(
    r"\b(?!avez\b|assez\b|chez\b)\w+ez\b|\brefai(?:s|tes)\b|\bvigie [a-z]+|chmod|/invite|\bil faut\b"
    r"|\bdoi(?:t|vent) (?:être|aller|s'écrire|ressembler|commencer)|\bExemple\b|\bIl est à la page\b",
    re.IGNORECASE,
)
# The places where a message is read, by what says it.
PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "Les réglages": ("_TYPES", "_problem", "_unreadable", "problems.append", "yield"),
    "Au démarrage, et pendant que Vigie marche": (
        "say",
        "tell",
        "lines.append",
        "PlatformError",
        "ModelError",
    ),
    "Ce que dit vigie diagnostic": ("wrong", "note"),
    "La base, les copies et les clés": ("StorageError", "LockedError", "Keepsake", "SealError"),
    "Les textes et les données d'une politique": ("PolicyError", "fail"),
    "Dans le journal, au niveau ERROR": ("error",),
    "En ligne de commande": (),  # whatever is said elsewhere
}
SAME: Final = "Ces messages disent eux-mêmes quoi faire :"


@cache
def advice() -> Mapping[str, str]:
    """Return what to do, by message."""
    tables = tomllib.loads(ADVICE.read_text("utf-8"))
    return {**tables["announces"], **tables["advice"]}


def lacking(collected: Iterable[SourceMessage]) -> list[SourceMessage]:
    """Return the messages that neither tell what to do nor have advice."""
    return [
        message for message in collected if message.text not in advice() and not TELLS.search(message.text)
    ]


def unused(collected: Iterable[SourceMessage]) -> list[str]:
    """Return the advice about messages that nothing says any more."""
    return sorted({*advice()} - {message.text for message in collected})


def page() -> str:
    """Return every message with what to do, by the place where it is read."""
    parts, elsewhere = [], {sayer for sayers in PLACES.values() for sayer in sayers}
    for place, sayers in PLACES.items():
        here = [
            message
            for message in messages()
            if message.sayer in sayers or not (sayers or message.sayer in elsewhere)
        ]
        texts = sorted({message.text for message in here}, key=_alphabetical)
        rows = [(_shown(text), advice()[text]) for text in texts if text in advice()]
        alone = [f"- {_shown(text)}" for text in texts if text not in advice()]
        parts.append(f"## {place}")
        parts += [table(("Vigie dit", "Quoi faire"), rows)] if rows else []
        parts += [SAME, "\n".join(alone)] if alone else []
    return "\n\n".join(parts)


def _shown(text: str) -> str:
    """Return a message as the page shows it: what Markdown would take for something else is escaped."""
    return re.sub(r"([*<>\[\]`])", r"\\\1", sentence(text))


def _alphabetical(text: str) -> str:
    return re.sub(r"^\W+", "", text).lower()
