"""The publication of the site in a folder: whole or not at all, and only what changed is made again."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Final

from bot.logs import ExplainedError
from bot.site import addresses, feeds, pieces, policy_pages
from bot.site.frame import SiteFacts
from bot.site.pieces import Piece
from bot.typesetting.typeset import TypesetError

RECORD: Final = ".vigie.json"  # what the folder holds, and what each file was made from
_EXCHANGE: Final = 2  # renameat2's flag: the two names swap what they name, at once
_HERE: Final = -100  # AT_FDCWD
# A host's account reads the site, whatever the mask under which everything else is kept private.
_FILE: Final = 0o644
_FOLDER: Final = 0o755


class PublicationError(ExplainedError):
    """The site cannot be published. The text is one French sentence; what was published has not changed."""


@dataclass(frozen=True, slots=True)
class PolicySource:
    """A policy to publish. `digest`: of all that its pages depend on. `pieces`: returns what makes them."""

    policy: str
    digest: str
    pieces: Callable[[], Sequence[Piece]]


@dataclass(slots=True)
class Publication:
    """What was done. `files`: how many the site has. `made`: how many of them were made again."""

    files: int = 0
    made: int = 0


@dataclass(slots=True)
class _Draft:
    """The new folder while it is made, beside the one that it replaces."""

    old: Path
    new: Path
    record: Mapping[str, Any]
    done: Publication = field(default_factory=Publication)
    folders: set[Path] = field(default_factory=set)

    def write(self, path: str, content: bytes) -> None:
        if self.record and _holds(self.old / path, content):
            self.keep(path)
            return
        target = self._place(path)
        target.write_bytes(content)
        target.chmod(_FILE)
        self.done.files += 1
        self.done.made += 1

    def keep(self, path: str) -> None:
        target = self._place(path)
        try:
            os.link(self.old / path, target)
        except OSError as error:
            if error.errno not in {errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EXDEV}:
                raise
            shutil.copyfile(self.old / path, target)
        self.done.files += 1

    def _place(self, path: str) -> Path:
        target = self.new / path
        if target.parent not in self.folders:
            target.parent.mkdir(parents=True, exist_ok=True)
            for folder in (target.parent, *target.parent.parents):
                if folder == self.new:
                    break
                folder.chmod(_FOLDER)
            self.folders.add(target.parent)
        return target


def _holds(path: Path, content: bytes) -> bool:
    """Return whether a file is there and has this content already."""
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def publish(folder: Path, facts: SiteFacts, sources: Sequence[PolicySource]) -> Publication:
    """Make the site in `folder`, or leave the folder as it was. Raises `PublicationError` and `PolicyError`.

    A folder that holds anything else is refused, except for files that were added beside ours.
    """
    folder = folder.absolute()
    record = _read_record(folder)
    new = folder.with_name(f".{folder.name}.partiel")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        new.chmod(_FOLDER)
        try:
            draft = _Draft(folder, new, record)
            _fill(draft, facts, sources)
            _swap(new, folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    except OSError as error:
        raise PublicationError(_why(error, folder)) from error
    except TypesetError as error:  # of a version's PDF
        raise PublicationError(str(error)) from error
    return draft.done


def _why(error: OSError, folder: Path) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"le disque est plein\u00a0: le site n'a pas changé dans {folder}. Faites de la place."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"{folder} ne peut pas être écrit\u00a0: le site n'a pas changé. Vérifiez vos droits."
    return f"{folder} ne peut pas être écrit\u00a0: le site n'a pas changé. Vérifiez ce dossier."


def _read_record(folder: Path) -> Mapping[str, Any]:
    """Return what a folder was made from, empty for a new one. Raises `PublicationError` for another's."""
    try:
        return dict(json.loads((folder / RECORD).read_bytes()))
    except FileNotFoundError:
        if folder.is_dir() and not any(folder.iterdir()):
            return {}
        if folder.exists():
            problem = f"{folder} contient autre chose qu'un site. Donnez un dossier vide, ou un nouveau nom."
            raise PublicationError(problem) from None
        return {}
    except (ValueError, TypeError):
        return {}  # damaged: everything is made again
    except OSError as error:
        raise PublicationError(_why(error, folder)) from error


def _fill(draft: _Draft, facts: SiteFacts, sources: Sequence[PolicySource]) -> None:
    record: dict[str, Any] = {"policies": {}}
    described: list[Mapping[str, Any]] = []
    for source in sorted(sources, key=lambda each: each.policy):
        before = draft.record.get("policies", {}).get(source.policy, {})
        entry = _kept_whole(draft, source, before) or _made(draft, source, before)
        record["policies"][source.policy] = entry
        path = f"{source.policy}/{addresses.POLICY_DATA}"
        described.append(json.loads((draft.new / path).read_bytes()))
    own = {**pieces.site_files(), **dict(_whole_site(facts, described, record))}
    for path, content in own.items():
        draft.write(path, content)
    record["own"] = sorted(own)
    for path in _added_by_hand(draft):
        draft.keep(path)
    draft.write(RECORD, (json.dumps(record, indent=0) + "\n").encode())


def _kept_whole(draft: _Draft, source: PolicySource, before: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Keep all the files of a policy that did not change, and return its entry. None if it changed."""
    if before.get("digest") != source.digest:
        return None
    files = [path for piece in before["pieces"].values() for path in piece["files"]]
    if not all((draft.old / path).is_file() for path in files):
        return None
    for path in files:
        draft.keep(path)
    return before


def _made(draft: _Draft, source: PolicySource, before: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make the files of a policy, but for the pieces that did not change. Return its entry."""
    entries: dict[str, Any] = {}
    stale: list[Piece] = []
    for piece in source.pieces():
        known = before.get("pieces", {}).get(piece.name, {})
        files = list(known.get("files", ()))
        if known.get("digest") == piece.digest and all((draft.old / path).is_file() for path in files):
            for path in files:
                draft.keep(path)
            entries[piece.name] = known
        else:
            stale.append(piece)
    with ThreadPoolExecutor(max_workers=1) as others:
        waiting = [(piece, others.submit(piece.make)) for piece in stale if piece.elsewhere]
        here = ((piece, piece.make()) for piece in stale if not piece.elsewhere)
        for piece, made in chain(here, ((piece, future.result()) for piece, future in waiting)):
            for path in sorted(made):
                draft.write(path, made[path])
            entries[piece.name] = {"digest": piece.digest, "files": sorted(made)}
    return {"digest": source.digest, "pieces": dict(sorted(entries.items()))}


def _whole_site(
    facts: SiteFacts, described: Sequence[Mapping[str, Any]], record: Mapping[str, Any]
) -> Iterator[tuple[str, bytes]]:
    """Yield the files that are about all the policies. `described`: each as its data say."""
    files = [
        path
        for entry in record["policies"].values()
        for piece in entry["pieces"].values()
        for path in piece["files"]
    ]
    yield addresses.HOME, policy_pages.home_page(facts, described)
    yield addresses.SEARCH, policy_pages.search_page(facts, described)
    yield addresses.FEED, feeds.atom(facts, described)
    yield addresses.CALENDAR, feeds.calendar(facts, described)
    listed = [path for path in sorted(files) if path.endswith(".html") and _is_listed(path)]
    if facts.address:
        yield addresses.SITEMAP, feeds.sitemap(facts, [addresses.HOME, *listed])
        yield "robots.txt", f"User-agent: *\nAllow: /\nSitemap: {facts.url(addresses.SITEMAP)}\n".encode()


def _is_listed(path: str) -> bool:
    """Return whether a page is in the map of the site: a policy, a number today, a whole version."""
    _, *within, name = path.split("/")
    return not within or (len(within) == 1 and name == "index.html")


def _added_by_hand(draft: _Draft) -> Iterator[str]:
    """Yield the files that someone put at the top of the site, such as a host's own."""
    ours = {*draft.record.get("own", ()), RECORD}
    if not draft.record:
        return
    for path in sorted(draft.old.iterdir()):
        if path.is_file() and path.name not in ours and not (draft.new / path.name).exists():
            yield path.name


def _swap(new: Path, folder: Path) -> None:
    """Put a folder in the place of another at once. What was there is then under the name `new`."""
    if not folder.exists():
        new.rename(folder)
        return
    try:
        exchange = ctypes.CDLL(None, use_errno=True).renameat2
        if exchange(_HERE, os.fsencode(new), _HERE, os.fsencode(folder), _EXCHANGE) == 0:
            return
    except AttributeError:
        pass  # not Linux
    # Where the system cannot do both at once, the site is away for the time of a rename.
    aside = folder.with_name(f".{folder.name}.ancien")
    shutil.rmtree(aside, ignore_errors=True)
    folder.rename(aside)
    try:
        new.rename(folder)
    except OSError:
        aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)
