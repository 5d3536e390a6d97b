"""What Slack accepts, as far as can be known without it.

Limits come from `slack_sdk.models`. Structure comes from the JSON schema made of Slack's own types,
which is not in this repository: see `schema`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft7Validator
from slack_sdk.models.blocks import Block, BlockElement
from slack_sdk.models.views import View

SCHEMAS = Path(__file__).resolve().parents[4] / "shared" / "schemas"
_BLOCK_KIT = "slack_blockkit_types.schema.json"

Json = dict[str, Any]


@cache
def schema(name: str) -> Json:
    """Return a schema, or skip the test: the schemas are not ours to ship."""
    path = SCHEMAS / name
    if not path.is_file():
        pytest.skip(f"schéma absent\u00a0: {name} (à placer dans ../shared/schemas)")
    parsed: Json = json.loads(path.read_text(encoding="utf-8"))
    return parsed


def check_structure(payload: object, definition: str) -> None:
    """Check `payload` against one definition of Slack's own types; skips without the schema."""
    _validator(definition).validate(payload)


@cache
def _validator(definition: str) -> Draft7Validator:
    return Draft7Validator({**schema(_BLOCK_KIT), "$ref": f"#/definitions/{definition}"})


def check_message(blocks: list[Json]) -> None:
    """Check the blocks of a message against the limits of Slack."""
    assert len(blocks) <= 50
    assert len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) <= 13_000
    _check_blocks(blocks)


def check_view(surface: Json) -> None:
    """Check a modal or an App Home tab against the limits of Slack."""
    view = View(**surface)
    view.validate_json()
    assert view.to_dict() == surface, "the SDK does not know a part of this view"
    assert 1 <= len(surface["blocks"]) <= 100
    assert len(json.dumps(surface).encode()) <= 250_000
    _check_blocks(surface["blocks"])


def _check_blocks(blocks: list[Json]) -> None:
    names = []
    for block in blocks:
        parsed = Block.parse(block)
        assert parsed is not None
        assert parsed.to_dict() == block, "the SDK does not know a part of this block"
        parsed.validate_json()
        for part in _parts(block):
            element = BlockElement.parse(part)
            assert element is not None, f"the SDK does not know {part['type']}"
            element.validate_json()
            assert part.get("text") != "", "Slack refuses an empty text"
            names += [(block.get("block_id"), part["action_id"])] if "action_id" in part else []
    assert len(names) == len(set(names)), "two elements have the same action_id"


def _parts(block: object) -> Iterator[Json]:
    """Yield every element and text object under `block`."""
    inner = block.values() if isinstance(block, Mapping) else block if isinstance(block, list) else ()
    for value in inner:
        if isinstance(value, dict) and "type" in value:
            yield value
        yield from _parts(value)


def shown(payload: object) -> str:
    """Return every text that a payload shows, one after another."""
    if isinstance(payload, Mapping):
        own = payload.get("text")
        here = own if isinstance(own, str) else ""
        return here + "".join(shown(value) for value in payload.values())
    return "".join(map(shown, payload)) if isinstance(payload, list) else ""
