"""The feeds of changes: an Atom feed (RFC 4287), a calendar (RFC 5545) and the sitemap. Pure functions.

They do not contain the hour of publication, so the same texts give the same bytes.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from xml.etree import ElementTree as ET

from bot.conversation.messages import capitalized
from bot.policy.standing import LegalStanding
from bot.site import addresses
from bot.site.frame import SiteFacts
from bot.times import in_words

_ATOM: Final = "http://www.w3.org/2005/Atom"
_SITEMAP: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NEVER: Final = "1970-01-01"
_LINE: Final = 75  # maximum bytes of a line of a calendar


def _entries(policies: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Return every version with its policy, the latest version first."""
    pairs = [(policy, version) for policy in policies for version in policy["versions"]]
    return sorted(pairs, key=lambda pair: (pair[1]["since"], pair[1]["version"], pair[0]["id"]), reverse=True)


@dataclass(frozen=True, slots=True)
class _Item:
    """An entry of the feed. `name`: its permanent identifier. `day`: the day of its last change."""

    name: str
    day: str
    title: str
    path: str
    summary: str


def _items(policies: Sequence[Mapping[str, Any]]) -> Iterator[_Item]:
    """Yield the entries: the texts withdrawn before they took effect, then the versions, latest first."""
    for policy in policies:
        for text in policy["cancelled"]:
            adopted, effective, announced = (
                in_words(date.fromisoformat(text[field])) for field in ("adopted", "effective", "announced")
            )
            yield _Item(
                f"{policy['id']}@{text['version']}",
                text["withdrawn"],
                f"{policy['name']}\u00a0: la version du {adopted}, à venir, est retirée",
                text["path"],
                f"Annoncée le {announced} pour le {effective}, elle ne prendra pas effet.",
            )
    for policy, version in _entries(policies):
        changes = f" {capitalized(version['changes'])}." if version["changes"] else ""
        yield _Item(
            f"{policy['id']}@{version['version']}",
            _last_changed(policy, version),
            _headline(policy, version),
            version["comparison"] or version["path"],
            f"{version['standing']}.{changes}",
        )


def _headline(policy: Mapping[str, Any], version: Mapping[str, Any]) -> str:
    day = in_words(date.fromisoformat(version["adopted"]))
    if version["withdraws"]:
        withdrawn = in_words(date.fromisoformat(version["withdraws"]))
        return f"{policy['name']}\u00a0: la version du {withdrawn} est retirée par celle du {day}"
    return f"{policy['name']}\u00a0: version du {day}"


def _last_changed(policy: Mapping[str, Any], version: Mapping[str, Any]) -> str:
    """Return the day on which a version was announced or, failing that, adopted: never a day in the future.

    A version that is not in force yet and was never announced gets the day of the version in force.
    """
    if version["announced"] or version["status"] != LegalStanding.COMING:
        return str(version["announced"] or version["adopted"])
    latest = policy["current"]
    return str(latest["adopted"]) if latest["status"] == LegalStanding.IN_FORCE else _NEVER


def _noon(day: str) -> str:
    return f"{day}T12:00:00Z"


def atom(facts: SiteFacts, policies: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the Atom feed of revisions, which includes withdrawals."""
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "fr-CA"})
    items = list(_items(policies))

    def add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
        element = ET.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
        element.text = xml_text(text) or None
        return element

    add(feed, "id", _urn(facts.association))
    add(feed, "title", f"Les politiques, {facts.association}\u00a0: ce qui change")
    add(feed, "updated", _noon(max((item.day for item in items), default=_NEVER)))
    add(add(feed, "author"), "name", facts.association)
    if facts.address:
        add(feed, "link", rel="self", href=facts.url(addresses.FEED))
    add(feed, "link", rel="alternate", href=facts.url(addresses.HOME))
    for item in items:
        entry = add(feed, "entry")
        add(entry, "id", _urn(item.name))
        add(entry, "title", item.title)
        add(entry, "updated", _noon(item.day))
        add(entry, "link", rel="alternate", href=facts.url(item.path))
        add(entry, "summary", item.summary)
    return document(feed)


def _urn(name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}"


def xml_text(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return "".join(
        c
        for c in text
        if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )


def calendar(facts: SiteFacts, policies: Sequence[Mapping[str, Any]]) -> bytes:
    """Return an iCalendar file of the days on which a version takes effect."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Vigie//Politiques//FR",
        f"X-WR-CALNAME:{_ics_text(f'Politiques, {facts.association}')}",
    ]
    for policy, version in reversed(_entries(policies)):
        since = date.fromisoformat(version["since"])
        lines += [
            "BEGIN:VEVENT",
            f"UID:{policy['id']}-{version['version']}@politiques.invalid",
            f"DTSTAMP:{re.sub('[-:]', '', _noon(_last_changed(policy, version)))}",
            f"DTSTART;VALUE=DATE:{since:%Y%m%d}",
            f"DTEND;VALUE=DATE:{since + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_ics_text(_headline(policy, version))}",
            f"DESCRIPTION:{_ics_text(facts.url(version['path']))}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{piece}\r\n" for line in lines for piece in _folded(line)).encode()


def _ics_text(text: str) -> str:
    plain = " ".join(xml_text(text).split("\n"))
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> Iterator[str]:
    """Yield a line in pieces of at most 75 bytes. Each piece but the first begins with a space."""
    piece, size = "", 0
    for character in line:
        length = len(character.encode())
        if size + length > _LINE:
            yield piece
            piece, size = " ", 1
        piece += character
        size += length
    yield piece


def sitemap(facts: SiteFacts, paths: Sequence[str]) -> bytes:
    """Return the sitemap. `paths`: the paths of the site's pages, sorted."""
    ET.register_namespace("", _SITEMAP)
    root = ET.Element(f"{{{_SITEMAP}}}urlset")
    for path in paths:
        ET.SubElement(ET.SubElement(root, f"{{{_SITEMAP}}}url"), f"{{{_SITEMAP}}}loc").text = facts.url(path)
    return document(root)


def document(root: ET.Element) -> bytes:
    """Return an XML document as bytes, with its elements indented."""
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"
