"""The texts as JSON, whose schema is published with them (`schema.json`). Pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.policy.articles import Clause, Number, Version
from bot.policy.changes.comparison import compare
from bot.policy.changes.identities import name_parts
from bot.policy.changes.summary import count_changes
from bot.site.policy_pages import cancelled_anchor, version_standing
from bot.site.provision_pages import PolicyPages

TEXT = "texte.json"  # the name of a version's data file, in the version's folder


def policy_data(pages: PolicyPages) -> dict[str, Any]:
    """Return a policy's description, and its versions, oldest first, as JSON types."""
    time = pages.time
    versions = [_version(pages, version) for version in time.versions]
    return {
        "id": time.policy.id,
        "name": str(time.policy.name),
        "title": time.title_of_policy,
        "association": pages.facts.association,
        "address": pages.facts.url(pages.paths.index),
        "current": versions[time.versions.index(time.current)],
        "versions": versions,
        "cancelled": [
            {
                "version": text.adopted.isoformat(),
                "adopted": text.adopted.isoformat(),
                "effective": text.effective.isoformat(),
                "announced": text.announced.isoformat(),
                "withdrawn": text.withdrawn.isoformat(),
                "path": f"{pages.paths.versions}#{cancelled_anchor(version)}",
            }
            for text, version in time.listed_cancelled
        ],
    }


def _version(pages: PolicyPages, version: Version) -> dict[str, Any]:
    time, paths = pages.time, pages.paths
    former, until = version.former, time.until(version)
    announced = time.chronicle.announced.get(version.key)
    return {
        "version": version.key,
        "adopted": version.adopted.isoformat(),
        "effective": version.effective.isoformat() if version.effective else None,
        "since": version.since.isoformat(),
        "until": until.isoformat() if until else None,
        "announced": announced.isoformat() if announced else None,
        "status": time.standing(version).value,
        "standing": version_standing(time, version),
        "changes": count_changes(compare(former, version)) if former else "",
        "withdraws": time.chronicle.withdrawals.get(version.key),
        "sha256": version.sha256,
        "path": paths.whole(version),
        "data": paths.whole(version, TEXT),
        "comparison": paths.comparison(former, version) if former else None,
    }


def version_data(pages: PolicyPages, version: Version) -> dict[str, Any]:
    """Return a whole version as JSON types: each part with its identity, words and addresses."""
    time, paths = pages.time, pages.paths
    identities = name_parts(version)
    parts = []
    for number in version.parts():
        span = time.place(version, number)
        clause = version.clause(number)
        parts.append(
            {
                "identity": identities[number],
                "number": str(number),
                "label": version.label(number),
                "kind": str(version.kind(number)),
                "title": time.title(span),
                "within": [str(around) for around in version.around(number)],
                "force": time.policy.label(clause) if clause else "",
                "paragraphs": list(clause.paragraphs) if clause else [],
                "items": _items(clause, identities) if clause else [],
                "addresses": {
                    "provision": pages.facts.url(paths.provision(identities[number])),
                    "today": pages.facts.url(paths.number(number)),
                    "dated": pages.facts.url(pages.home(span)),
                },
            }
        )
    return {**_version(pages, version), "policy": time.policy.id, "provisions": parts}


def _items(clause: Clause, identities: Mapping[Number, str]) -> list[dict[str, str]]:
    return [
        {
            "identity": identities[item.number],
            "number": str(item.number),
            "text": clause.text[item.start : item.end],
        }
        for item in clause.items
    ]


def written(data: Mapping[str, Any]) -> bytes:
    """Encode data as JSON, always with the same bytes for the same data."""
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "surrogatepass")
