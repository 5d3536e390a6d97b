"""The pieces of the site: groups of files made from the same inputs, by pure functions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Final

from bot.policy.articles import Version
from bot.policy.changes.identities import name_parts
from bot.site import (
    addresses,
    akoma_ntoso,
    comparison_pages,
    data,
    frame,
    policy_pages,
    provision_pages,
    search_index,
    version_pdf,
)
from bot.site.addresses import policy_paths
from bot.site.frame import SiteFacts
from bot.site.provision_pages import PolicyPages
from bot.site.timeline import Timeline
from bot.site.words import item_anchor
from bot.times import in_words

# The other formats of a version: their French names and their files in its folder.
FORMS: Final = (("PDF", version_pdf.TEXT), ("Données (JSON)", data.TEXT), ("Akoma Ntoso", akoma_ntoso.TEXT))

_ROOM: Final = Path(__file__).parent
_PROGRAM: Final = _ROOM.parent


@dataclass(frozen=True, slots=True)
class Piece:
    """A group of files. `digest`: a hash of all its inputs. `make`: returns the files, by path.

    `elsewhere`: whether `make` waits for another process, so that other pieces can be made meanwhile.
    """

    name: str
    digest: str
    make: Callable[[], Mapping[str, bytes]]
    elsewhere: bool = False


@cache
def program_digest() -> str:
    """Return the hash of the code that makes the pages. A new version of the program rebuilds every page."""
    made_of = {".css", ".js", ".json", ".py", ".toml", ".typ"}
    files = (path for path in sorted(_PROGRAM.rglob("*.*")) if path.suffix in made_of)
    return digest(*(path.read_bytes() for path in files if path.relative_to(_PROGRAM).parts[0] != "data"))


def digest(*inputs: object) -> str:
    """Return the hash of `inputs`. Each input's `repr` must describe it fully."""
    total = hashlib.sha256()
    for value in inputs:
        content = value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass")
        total.update(len(content).to_bytes(8, "big") + content)
    return total.hexdigest()


def policy_pieces(facts: SiteFacts, time: Timeline, source: str) -> Iterator[Piece]:
    """Yield the pieces of a policy. `source`: the hash of its texts and of which one is in force."""
    pages = PolicyPages(facts, time, policy_paths(time.policy, time.cancelled))
    made_from = program_digest(), facts, source
    yield Piece("pages", digest(*made_from), partial(_pages, pages))
    for old, new in comparison_pages.compared_pairs(time):
        texts = [(side.sha256, side.adopted, name_parts(side).items()) for side in (old, new)]
        inputs = digest(
            program_digest(),
            facts,
            time.policy.name,
            [(sha, day, sorted(map(str, named))) for sha, day, named in texts],
        )
        yield Piece(f"comparaison {old.key} {new.key}", inputs, partial(_comparison, pages, old, new))
    for version in time.versions:
        inputs = digest(program_digest(), version_pdf.page_data(pages, version))
        yield Piece(f"pdf {version.key}", inputs, partial(_pdf, pages, version), elsewhere=True)
    yield Piece("recherche", digest(*made_from), partial(_index, pages))
    yield Piece("data", digest(*made_from), partial(_data, pages))


def _pages(pages: PolicyPages) -> dict[str, bytes]:
    time = pages.time
    paths = pages.paths
    facts = pages.facts
    files = {paths.index: policy_pages.whole_page(pages, time.current, today=True)}
    files[paths.versions] = policy_pages.versions_page(pages, FORMS)
    for span in time.spans:
        files[pages.home(span)] = provision_pages.dated_page(pages, span)
        for version in span.versions[1:]:
            path = paths.dated(version, span.number)
            name = f"{span.label}, {pages.name}"
            files[path] = frame.moved(facts, path, pages.home(span), name)
    for number in time.by_number:
        files[paths.number(number)] = provision_pages.number_page(pages, number)
    for identity in time.by_identity:
        files[paths.provision(identity)] = provision_pages.provision_page(pages, identity)
    for version in time.versions:
        files[paths.whole(version)] = policy_pages.whole_page(pages, version, today=False)
    files.update(_items(pages))
    files.update((path, file) for path, file in _cancelled(pages) if path not in files)
    return files


def _cancelled(pages: PolicyPages) -> Iterator[tuple[str, bytes]]:
    """Yield a page for each address of a withdrawn version. It redirects to the list of versions."""
    time, paths = pages.time, pages.paths
    versions = {version.key for version in time.versions}
    compared = {paths.comparison(*pair) for pair in comparison_pages.compared_pairs(time)}
    for version in time.cancelled:
        identities = name_parts(version)
        numbers = list(version.parts())
        earlier = [other for other in time.versions if other.adopted < version.adopted]
        written_paths = [
            paths.whole(version),
            *(paths.number(number) for number in numbers),
            *(paths.dated(version, number) for number in numbers),
            *(paths.provision(identity) for identity in identities.values()),
            *({paths.comparison(other, version) for other in earlier} - compared),
        ]
        target = paths.whole(version)
        name = f"Version du {in_words(version.adopted)}, {pages.name}"
        if version.key not in versions:  # otherwise, another text has the same adoption date
            target = f"{paths.versions}#{policy_pages.cancelled_anchor(version)}"
            name = f"Version du {in_words(version.adopted)}, retirée, {pages.name}"
        for path in written_paths:
            yield path, frame.moved(pages.facts, path, target, name)


def _items(pages: PolicyPages) -> Iterator[tuple[str, bytes]]:
    """Yield a page for each item of a clause, by identity. It redirects to the item in its clause's page."""
    time, paths = pages.time, pages.paths
    places: dict[str, tuple[str, str]] = {}
    for version in time.versions:
        if version.since > time.today and version is not time.current:
            continue
        for number, identity in name_parts(version).items():
            if pair := version.item(number):
                clause, item = pair
                target = f"{paths.number(clause.number)}#{item_anchor(item.number)}"
                places[identity] = target, f"{clause.number} {item.mark}, {pages.name}"
    for identity, (target, name) in places.items():
        path = paths.provision(identity)
        yield path, frame.moved(pages.facts, path, target, name)


def _comparison(pages: PolicyPages, old: Version, new: Version) -> dict[str, bytes]:
    return {pages.paths.comparison(old, new): comparison_pages.comparison_page(pages, old, new)}


def _pdf(pages: PolicyPages, version: Version) -> dict[str, bytes]:
    return {pages.paths.whole(version, version_pdf.TEXT): version_pdf.make_version_pdf(pages, version)}


def _index(pages: PolicyPages) -> dict[str, bytes]:
    return {pages.paths.search: search_index.search_index(pages)}


def _data(pages: PolicyPages) -> dict[str, bytes]:
    """Return the files for other programs: JSON for the policy and its versions, and Akoma Ntoso."""
    versions = {
        pages.paths.whole(version, data.TEXT): data.written(data.version_data(pages, version))
        for version in pages.time.versions
    }
    exchanged = {
        pages.paths.whole(version, akoma_ntoso.TEXT): akoma_ntoso.akoma_ntoso(pages, version)
        for version in pages.time.versions
    }
    return {pages.paths.data: data.written(data.policy_data(pages)), **versions, **exchanged}


def site_files() -> dict[str, bytes]:
    """Return the files that every site has, whatever its texts."""
    return {
        addresses.STYLE: (_ROOM / "site.css").read_bytes(),
        addresses.SCRIPT: (_ROOM / "site.js").read_bytes(),
        addresses.SEARCHER: (_ROOM / "recherche.js").read_bytes(),
        addresses.SCHEMA: (_ROOM / "schema.json").read_bytes(),
        ".nojekyll": b"",  # without it, GitHub Pages omits files whose names begin with a dot
    }
