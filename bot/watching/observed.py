"""The state of the source after the last look, stored in the database for the next day's look."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from pydantic import TypeAdapter
from sqlite_utils import Database

from bot.conversation.findings import Finding, fine, note, wrong
from bot.storage import state
from bot.times import in_words

MOST_TEXTS: Final = 200  # maximum reported texts that are remembered, so that none is reported twice

_NAME: Final = "source"  # the name of the stored value and of the findings


@dataclass(frozen=True, slots=True)
class Validators:
    """The ETag and Last-Modified of a document, each "" if it has none. They change with the document.

    For a file of a folder, `etag` is its name, modification time and size.
    """

    etag: str = ""
    modified: str = ""

    def headers(self) -> Mapping[str, str]:
        """Return the headers of a conditional request."""
        conditions = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in conditions.items() if value}


@dataclass(frozen=True, slots=True)
class Observed:
    """The state of the source at the last look. `source`: a hash of the setting, which may hold a secret.

    `validators`: by policy, the validators of the last document read. `texts`: hashes of the words of the
    texts already reported. `day`: the date of the last look. `problem`: why the last look failed, "" if it
    succeeded. `failures`: how many looks failed in a row. `announced`: the day of the notice that the source
    fails, once it is queued.
    """

    source: str = ""
    validators: Mapping[str, Validators] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    day: date | None = None
    problem: str = ""
    failures: int = 0
    announced: date | None = None


_OBSERVED: Final = TypeAdapter(Observed)


def read(db: Database) -> Observed:
    """Return the stored state."""
    stored = state.read_value(db, _NAME)
    return _OBSERVED.validate_json(stored) if stored else Observed()


def write(db: Database, observed: Observed) -> None:
    """Store the state, in the caller's transaction."""
    state.write_value(db, _NAME, _OBSERVED.dump_json(observed).decode())


def source_key(place: str) -> str:
    """Return a hash of the source's setting. The setting may hold a secret, so only the hash is stored."""
    return hashlib.sha256(place.encode()).hexdigest()[:16]


def check_source(db: Database, place: str | None) -> Iterator[Finding]:
    """Yield the diagnostic's finding on the last look at the source. `place`: the setting's value."""
    if place is None:
        return
    observed = read(db)
    if observed.day is None or observed.source != source_key(place):
        yield note(_NAME, "pas encore regardée\u00a0: elle le sera la nuit prochaine.")
    elif observed.problem:
        yield wrong(_NAME, f"le {in_words(observed.day)}, {observed.problem}")
    else:
        yield fine(_NAME, f"regardée le {in_words(observed.day)}.")
