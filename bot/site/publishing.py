"""The publication of the site in a folder: whole or not at all, rebuilding only the files that changed."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import time as clocks
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

from bot.logs import ExplainedError
from bot.site import addresses, feeds, pieces, policy_pages
from bot.site.frame import SiteFacts
from bot.site.pieces import Piece
from bot.typesetting.typeset import TypesetError

RECORD: Final = ".vigie.json"  # the file that records the folder's files and the digest of each piece
_EXCHANGE: Final = 2  # renameat2's RENAME_EXCHANGE flag: swap two names atomically
_HERE: Final = -100  # AT_FDCWD
# The Web server's account must be able to read the site, whatever the process's file mask.
_FILE: Final = 0o644
_FOLDER: Final = 0o755
# From this number of policies to make, worker processes are used. Starting one takes as long as making a
# policy.
WORTH_WORKERS: Final = 4
MOST_WORKERS: Final = 2  # each process takes a hundred megabytes, and another hundred for a PDF
# seconds to wait for another publication: several times the duration for thirty policies
PATIENCE: Final = 300.0
_PAUSE: Final = 0.2  # seconds between two tries
_STOPPED: Final = "la fabrication des pages a été arrêtée\u00a0: la mémoire manque-t-elle? Réessayez."
_BUSY: Final = (
    "un autre programme publie dans {parent} depuis cinq minutes\u00a0: le site n'a pas changé. "
    "Attendez qu'il finisse, ou arrêtez-le, puis réessayez."
)

# A piece's name, its digest, and its files by path, or None instead of the files if they did not change.
MadePiece: TypeAlias = tuple[str, str, Mapping[str, bytes] | None]


class PublicationError(ExplainedError):
    """The site cannot be published. The text is one French sentence. The published site is unchanged."""


@dataclass(frozen=True, slots=True)
class PolicySource:
    """A policy to publish. `digest`: a hash of everything that its pages depend on.

    `pieces`: returns the pieces. It may run in another process, so it must be picklable: a module's function
    and its arguments.
    """

    policy: str
    digest: str
    pieces: Callable[[], Sequence[Piece]]


@dataclass(slots=True)
class Publication:
    """The result of a publication.

    `files`: the number of files of the site. `made`: how many of them were rebuilt.
    """

    files: int = 0
    made: int = 0


@dataclass(slots=True)
class _Draft:
    """The new folder while it is made, next to the folder that it will replace.

    A site has tens of thousands of files, so paths are joined as text: making a `Path` takes longer than
    making a link.
    """

    old: Path
    new: Path
    record: Mapping[str, Any]
    done: Publication = field(default_factory=Publication)
    folders: set[str] = field(default_factory=set)

    def write(self, path: str, content: bytes) -> None:
        if self.record and _holds(self.old / path, content):
            self.keep(path)
            return
        target = Path(self._place(path))
        target.write_bytes(content)
        target.chmod(_FILE)
        self.done.files += 1
        self.done.made += 1

    def keep(self, path: str) -> None:
        former, target = f"{self.old}/{path}", self._place(path)
        try:
            os.link(former, target)
        except OSError as error:
            if error.errno not in {errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EXDEV}:
                raise
            shutil.copyfile(former, target)
        self.done.files += 1

    def has(self, piece: Mapping[str, Any]) -> bool:
        """Return whether the folder to be replaced has all the files of a piece."""
        return all(os.path.isfile(f"{self.old}/{path}") for path in piece["files"])  # noqa: PTH113 — as above

    def _place(self, path: str) -> str:
        folder = path.rpartition("/")[0]
        if folder not in self.folders:
            place = self.new / folder
            place.mkdir(parents=True, exist_ok=True)
            for directory in (place, *place.parents):
                if directory == self.new:
                    break
                directory.chmod(_FOLDER)
            self.folders.add(folder)
        return f"{self.new}/{path}"


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def publish(folder: Path, facts: SiteFacts, sources: Sequence[PolicySource]) -> Publication:
    """Make the site in `folder`, or leave the folder as it was. Raises `PublicationError` and `PolicyError`.

    A folder that is not empty and is not a published site is refused. Files that were added by hand at the
    top of a site are kept.
    """
    folder = Path(os.path.realpath(folder))  # a symbolic link is kept, and its target is replaced
    new = folder.with_name(f".{folder.name}.partiel")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder.parent):
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            new.chmod(_FOLDER)
            try:
                draft = _Draft(folder, new, _read_record(folder))
                _fill(draft, facts, sources)
                _swap(new, folder)
            finally:
                shutil.rmtree(new, ignore_errors=True)
    except OSError as error:
        raise PublicationError(_why(error, folder)) from error
    except TypesetError as error:  # from a version's PDF
        raise PublicationError(str(error)) from error
    return draft.done


def folder_problem(folder: Path) -> str:
    """Return why the site cannot be published in a folder, as one French sentence, "" if it can be."""
    folder = Path(os.path.realpath(folder))
    try:
        _read_record(folder)
    except PublicationError as error:
        return str(error)
    try:
        above = next(place for place in folder.parents if place.exists())
        tempfile.TemporaryDirectory(prefix=".vigie-", dir=above).cleanup()
    except OSError as error:
        return _why(error, folder)
    return ""


@contextmanager
def _alone(parent: Path) -> Iterator[None]:
    """Wait until no other process or task is publishing in a folder of the same parent.

    Raises `PublicationError` if the other publication is not done in time.
    """
    with ExitStack() as cleanup:
        place = os.open(parent, os.O_RDONLY)
        cleanup.callback(os.close, place)
        end = clocks.monotonic() + PATIENCE
        with suppress(OSError):  # the file system has no locks; two publications at once are unlikely
            while not _locked(place):
                if clocks.monotonic() >= end:
                    raise PublicationError(_BUSY.format(parent=parent))
                clocks.sleep(_PAUSE)
        yield


def _locked(place: int) -> bool:
    """Lock a folder. Return False if another process has locked it. Raises `OSError`."""
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _why(error: OSError, folder: Path) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"le disque est plein\u00a0: le site n'a pas changé dans {folder}. Faites de la place."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"{folder} ne peut pas être écrit\u00a0: le site n'a pas changé. Vérifiez vos droits."
    return f"{folder} ne peut pas être écrit\u00a0: le site n'a pas changé. Vérifiez ce dossier."


def _read_record(folder: Path) -> Mapping[str, Any]:
    """Return the record of a folder, which is empty for a new folder.

    Raises `PublicationError` for a folder that is not a site.
    """
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
        return {}  # a damaged record: everything is made again
    except OSError as error:
        raise PublicationError(_why(error, folder)) from error


def _fill(draft: _Draft, facts: SiteFacts, sources: Sequence[PolicySource]) -> None:
    former: Mapping[str, Any] = draft.record.get("policies", {})
    entries: dict[str, Mapping[str, Any]] = {}
    stale: list[tuple[PolicySource, Mapping[str, str]]] = []
    for source in sources:
        entry = former.get(source.policy, {"digest": "", "pieces": {}})
        reusable = {name: piece for name, piece in entry["pieces"].items() if draft.has(piece)}
        if entry["digest"] == source.digest and len(reusable) == len(entry["pieces"]):
            entries[source.policy] = entry
            for piece in reusable.values():
                _keep_all(draft, piece)
        else:
            stale.append((source, {name: piece["digest"] for name, piece in reusable.items()}))
    for (source, _), made in zip(stale, _made(stale), strict=True):
        pieces_before = former.get(source.policy, {}).get("pieces", {})
        entries[source.policy] = {"digest": source.digest, "pieces": _placed(draft, made, pieces_before)}
    record: dict[str, Any] = {"policies": dict(sorted(entries.items()))}
    described = [
        json.loads((draft.new / policy / addresses.POLICY_DATA).read_bytes()) for policy in record["policies"]
    ]
    shared_files = {**pieces.site_files(), **dict(_whole_site(facts, described, record))}
    for path, content in shared_files.items():
        draft.write(path, content)
    record["own"] = sorted(shared_files)
    for path in _added_by_hand(draft):
        draft.keep(path)
    draft.write(RECORD, (json.dumps(record) + "\n").encode())


def _keep_all(draft: _Draft, piece: Mapping[str, Any]) -> None:
    for path in piece["files"]:
        draft.keep(path)


def _placed(draft: _Draft, made: Iterable[MadePiece], before: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write the pieces that were made, and link the unchanged ones. Return the new record."""
    entries: dict[str, Any] = {}
    for name, digest, files in made:
        if files is None:
            _keep_all(draft, before[name])
            entries[name] = before[name]
            continue
        for path in sorted(files):
            draft.write(path, files[path])
        entries[name] = {"digest": digest, "files": sorted(files)}
    return dict(sorted(entries.items()))


def _made(stale: Sequence[tuple[PolicySource, Mapping[str, str]]]) -> Iterator[Sequence[MadePiece]]:
    """Yield the result of `make_pieces` for each policy, in order. Several processes make many policies."""
    workers = min(os.cpu_count() or 1, MOST_WORKERS, len(stale))
    if len(stale) < WORTH_WORKERS or workers == 1:
        yield from (make_pieces(*arguments) for arguments in stale)
        return
    context = multiprocessing.get_context("spawn")  # the bot has threads, which a fork would break
    with ProcessPoolExecutor(workers, context, initializer=_follow_parent) as pool:
        left = iter(stale)
        try:
            # Only a few are submitted ahead: the program cannot end before all submitted work is done, and
            # finished pages stay in memory until they are written.
            ahead = deque(pool.submit(make_pieces, *arguments) for arguments in islice(left, 2 * workers))
            while ahead:
                yield ahead.popleft().result()
                ahead.extend(pool.submit(make_pieces, *arguments) for arguments in islice(left, 1))
        except BrokenExecutor:
            raise PublicationError(_STOPPED) from None


def _follow_parent() -> None:
    """Ignore interruptions, which the parent handles, and end when the parent ends, even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def make_pieces(source: PolicySource, digests: Mapping[str, str]) -> Sequence[MadePiece]:
    """Make the changed pieces of a policy. `digests`: the digests of the published pieces, by name.

    Return each piece's name and digest with its files, or with None if the piece did not change.
    """
    pieces = source.pieces()
    stale = [piece for piece in pieces if digests.get(piece.name) != piece.digest]
    with ThreadPoolExecutor(max_workers=1) as others:
        waiting = {piece.name: others.submit(piece.make) for piece in stale if piece.elsewhere}
        files = {piece.name: piece.make() for piece in stale if not piece.elsewhere}
        files.update((name, future.result()) for name, future in waiting.items())
    return [(piece.name, piece.digest, files.get(piece.name)) for piece in pieces]


def _whole_site(
    facts: SiteFacts, described: Sequence[Mapping[str, Any]], record: Mapping[str, Any]
) -> Iterator[tuple[str, bytes]]:
    """Yield the files about all the policies. `described`: each policy's data (see `data.policy_data`)."""
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
    """Return whether the sitemap lists a page: that of a policy, of a number today or of a version."""
    _, *within, name = path.split("/")
    return not within or (len(within) == 1 and name == "index.html")


def _added_by_hand(draft: _Draft) -> Iterator[str]:
    """Yield the files that someone else added at the top of the site, such as the host."""
    ours = {*draft.record.get("own", ()), RECORD}
    if not draft.record:
        return
    for path in sorted(draft.old.iterdir()):
        if path.is_file() and path.name not in ours and not (draft.new / path.name).exists():
            yield path.name


def _swap(new: Path, folder: Path) -> None:
    """Swap two folders atomically. The former site then has the name `new`."""
    if not folder.exists():
        new.rename(folder)
        return
    try:
        exchange = ctypes.CDLL(None, use_errno=True).renameat2
        if exchange(_HERE, os.fsencode(new), _HERE, os.fsencode(folder), _EXCHANGE) == 0:
            return
    except AttributeError:
        pass  # not Linux
    # Without an atomic swap, the site is missing between two renames.
    aside = folder.with_name(f".{folder.name}.ancien")
    shutil.rmtree(aside, ignore_errors=True)
    folder.rename(aside)
    try:
        new.rename(folder)
    except OSError:
        aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)
