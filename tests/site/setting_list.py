"""The settings as a page shows them: what `.env.example` says of each, and what `bot/settings.py` accepts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from bot.settings import Settings
from tests.site.markdown import code

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"
_SECTION = re.compile(r"^# -{3} (.+?) -+$")
_SETTING = re.compile(r"^#? ?([A-Z_]+)=(.*)$")


@dataclass(frozen=True, slots=True)
class Explained:
    """A setting of the example file: its section, its name, what is said of it, and the value it shows."""

    section: str
    name: str
    words: str
    example: str


def explained(text: str) -> Iterator[Explained]:
    """Yield the settings of an example file. Those in a row share what is said of the first."""
    section, words, done = "", [""], False
    for line in text.splitlines():
        if title_match := _SECTION.match(line):
            section, words = title_match[1], []
        elif setting := _SETTING.match(line):
            yield Explained(section, setting[1], " ".join(words), setting[2])
            done = True
        elif line.startswith("# "):
            words = [*([] if done else words), line.removeprefix("# ")]
            done = False
        else:
            words, done = [], False


def settings_list() -> str:
    """Return every setting, by section."""
    parts: list[str] = []
    section = ""
    for each in explained(EXAMPLE.read_text("utf-8")):
        if each.section != section:
            section = each.section
            parts.append(f"## {section}")
        parts.append("\n\n".join([f"### {each.name}", each.words, " · ".join(_facts(each))]))
    return "\n\n".join(parts)


def _facts(each: Explained) -> Iterator[str]:
    field = Settings.model_fields[each.name.lower()]
    limits = _metadata(field)
    low = next((limit.ge for limit in limits if isinstance(limit, Ge)), None)
    high = next((limit.le for limit in limits if isinstance(limit, Le)), None)
    if "SecretStr" in str(field.annotation):
        yield "**Secret**"
    if low is not None:
        yield f"De {low} à {high}"
    if get_origin(field.annotation) is Literal:
        yield f"Une de ces valeurs : {', '.join(code(str(value)) for value in get_args(field.annotation))}"
    if field.default not in {None, ""}:
        yield f"Par défaut : {code(str(field.default))}"
    elif each.example:
        yield f"Exemple : {code(each.example)}"


def _metadata(field: FieldInfo) -> list[object]:
    """Return what limits a value, which an optional setting holds one level deeper."""
    inner = [part for part in get_args(field.annotation) if hasattr(part, "__metadata__")]
    limits = [*field.metadata, *(limit for part in inner for limit in part.__metadata__)]
    return [
        bound for limit in limits for bound in (limit.metadata if isinstance(limit, FieldInfo) else [limit])
    ]
