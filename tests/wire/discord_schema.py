"""Discord's own description of its API, to check what we send against.

It lies beside the repository and is not copied into it; without it, its tests are skipped and say so.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

PATH = Path(__file__).resolve().parents[3] / "shared" / "schemas" / "discord_openapi.json"

needs_schema = pytest.mark.skipif(not PATH.exists(), reason=f"Discord's API description is not at {PATH}")


def problems(name: str, payload: Any) -> list[str]:  # noqa: ANN401 — JSON of any shape
    """Return what is wrong in `payload` as a `name` of Discord's schemas, one line each."""
    return _problems(_validator(f"#/components/schemas/{name}"), payload)


def request_problems(method: str, path: str, body: Any) -> list[str]:  # noqa: ANN401 — JSON of any shape
    """Return what is wrong in a request to Discord; nothing where the description is not at hand."""
    if body is None or not PATH.exists():
        return []
    templates = [template for template, pattern in _paths() if pattern.fullmatch(path)]
    if not templates:
        return [f"{method} {path}: no such path"]
    template = min(templates, key=lambda found: found.count("{"))
    pointer = template.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    where = f"#/paths/{pointer}/{method.lower()}/requestBody/content/application~1json/schema"
    return [f"{method} {template} {problem}" for problem in _problems(_validator(where), body)]


def _problems(validator: Draft202012Validator, payload: Any) -> list[str]:  # noqa: ANN401 — JSON of any shape
    return [f"{error.instance_path}: {error.message[:200]}" for error in validator.iter_errors(payload)]


@cache
def _description() -> dict[str, Any]:
    return dict(json.loads(PATH.read_text()))


@cache
def _paths() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (template, re.compile(re.sub(r"{\w+}", "[^/]+", template))) for template in _description()["paths"]
    ]


@cache
def _validator(reference: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": reference, **_description()})
