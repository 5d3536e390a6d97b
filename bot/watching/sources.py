"""The source, an address or a folder: which of its documents may have changed since the last look."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from stat import S_ISREG
from typing import Final

from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.conversation.deferred import aside
from bot.policy.library import Library
from bot.watching import fetching
from bot.watching.fetching import MOST_BYTES, SOURCE_TOO_LARGE, Fetched, SourceError
from bot.watching.observed import Validators

_UNREADABLE: Final = "le dossier ne se lit pas. Vérifiez qu'il existe, et que je peux y lire."


@dataclass(frozen=True, slots=True)
class WatchedSource:
    """The source of the association's texts. `place`: an address or a folder, from the setting.

    A document belongs to the policy that its file name names, or else to the default policy. In a folder,
    only the most recently modified file of each policy is read. `resolver`, `seconds`: as for `fetch`.
    """

    place: str
    library: Library
    resolver: AbstractResolver | None = None
    seconds: float = fetching.SECONDS

    async def look(self, stamps: Mapping[str, Validators]) -> Mapping[str, Fetched]:
        """Return the documents that may have changed, by policy. Raises `SourceError`.

        `stamps`: by policy, the validators of the last document read.
        """
        if "://" not in self.place:
            return await aside(partial(self._look_in_folder, stamps))
        policy = self._policy_of(URL(self.place).name)
        validators = stamps.get(policy, Validators())
        fetched = await fetching.fetch(self.place, validators, resolver=self.resolver, seconds=self.seconds)
        return {policy: fetched} if fetched else {}

    def _policy_of(self, name: str) -> str:
        policy, _ = self.library.naming.split(re.sub(r"[_\-.]+", " ", Path(name).stem))
        return self.library.policies.get(policy or "", self.library.default).id

    def _look_in_folder(self, validators: Mapping[str, Validators]) -> Mapping[str, Fetched]:
        try:
            # The files are oldest first, so the latest of each policy remains.
            latest = {self._policy_of(path.name): (path, marks) for path, marks in _files(Path(self.place))}
            return {
                policy: Fetched(_read(path), path.name, marks)
                for policy, (path, marks) in latest.items()
                if validators.get(policy) != marks
            }
        except OSError as error:
            raise SourceError(_UNREADABLE) from error


def _files(folder: Path) -> Iterator[tuple[Path, Validators]]:
    """Yield the files of a folder, oldest first, with validators. Raises `OSError`."""
    # Word and other editors keep a lock file, « ~$texte.docx », beside an open document.
    visible = [(path, path.stat()) for path in folder.iterdir() if not path.name.startswith((".", "~"))]
    files = [
        (facts.st_mtime_ns, path.name, facts.st_size) for path, facts in visible if S_ISREG(facts.st_mode)
    ]
    for modified, name, size in sorted(files):
        yield folder / name, Validators(f"{name} {modified} {size}")


def _read(path: Path) -> bytes:
    """Return the bytes of a file. Raises `OSError`, and `SourceError` for a file that is too large."""
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise SourceError(SOURCE_TOO_LARGE)
    return content
