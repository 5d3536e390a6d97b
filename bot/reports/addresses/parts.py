"""How a part of an address is written the way of its platform, by the names that the rules give."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import unquote


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _comment(value: str) -> str:
    """Return a comment's number, also out of « comment:1234_5678 » in base64."""
    found = re.fullmatch(r"comment:\d+_(\d+)(?:_\d+)?", _decoded(value))
    return found[1] if found else value


def _highlight(value: str) -> str:
    found = re.fullmatch(r"highlight:(\d+)", _decoded(value))
    return found[1] if found else value


def _decimal(value: str) -> str:
    return str(int(value, 16))


def _proofpoint(value: str) -> str:
    """Return what Proofpoint's second version wrote with « - » for « % » and « _ » for « / »."""
    return unquote(value.replace("-", "%").replace("_", "/"))


def _cache(value: str) -> str:
    return re.sub(r"^cache:(?:[\w-]{12}:)?|[\s+].*$", "", value)


_URNS: Final = {
    one.lower(): one
    for one in ("ugcPost", "groupPost", "linkedInArticle", "aggregatedShare", "sponsoredContentV2")
}
CONVERTERS: Final[Mapping[str, Callable[[str], str]]] = {
    "": str,
    "lower": str.lower,
    "handle": lambda value: value.removeprefix("@").lower(),
    "urn": lambda value: _URNS.get(value.lower(), value.lower()),
    "hex": _decimal,
    "comment": _comment,
    "highlight": _highlight,
    "proofpoint": _proofpoint,
    "cache": _cache,
}
