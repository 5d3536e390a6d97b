"""Functions that convert part of an address to its platform's format, by the name that rules use."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Final
from urllib.parse import unquote
from uuid import UUID


def _from_base64(value: str, pattern: str) -> str:
    """Return the text captured by `pattern` in the decoded value, or the value itself if there is none."""
    try:
        decoded = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return value
    match = re.fullmatch(pattern, decoded)
    return match[1] if match else value


def _from_base58(value: str) -> int:
    """Return the number that a base-58 text represents. Flickr shortens identifiers this way."""
    return reduce(lambda number, character: number * 58 + _BASE58.index(character), value, 0)


def _uuid(value: str) -> str:
    """Return a UUID, in hexadecimal with hyphens, from that form or from base 58.

    Return the value itself if its number is too large for a UUID.
    """
    number = int(value.replace("-", ""), 16) if "-" in value else _from_base58(value)
    return str(UUID(int=number)) if number < 1 << 128 else value


_BASE58: Final = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
_URNS: Final = {
    urn.lower(): urn
    for urn in ("ugcPost", "groupPost", "linkedInArticle", "aggregatedShare", "sponsoredContentV2")
}
CONVERTERS: Final[Mapping[str, Callable[[str], str]]] = {
    "": str,
    "lower": str.lower,
    "handle": lambda value: value.removeprefix("@").lower(),
    "urn": lambda value: _URNS.get(value.lower(), value.lower()),
    "hex": lambda value: str(int(value, 16)),
    "base58": lambda value: str(_from_base58(value)),
    "uuid": _uuid,
    "comment": lambda value: _from_base64(value, r"comment:\d+_(\d+)(?:_\d+)?"),
    "highlight": lambda value: _from_base64(value, r"highlight:(\d+)"),
    # Proofpoint's second version writes « - » for « % » and « _ » for « / ».
    "proofpoint": lambda value: unquote(value.replace("-", "%").replace("_", "/")),
    "cache": lambda value: re.sub(r"^cache:(?:[\w-]{12}:)?|[\s+].*$", "", value),
}
