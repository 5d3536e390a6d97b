"""The register of confidentiality incidents, for the person responsible: apart from everything else.

A file of its own: only the command line writes in it, and of it the bot only deletes, each day, what was
kept long enough. Its fields are those that
the Règlement sur les incidents de confidentialité (P-39.1, r. 3.1) asks for, a. 7; it is kept five years
at least after the association learnt of the incident, a. 8. No one's name belongs in it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from bot.backup import destroyed
from bot.storage import files
from bot.storage.database import explained

YEARS_KEPT: Final = 5
SUFFIX: Final = ".incidents"  # after the name of the bot's own database

_TABLE = """CREATE TABLE IF NOT EXISTS confidentiality_incidents (
  id INTEGER PRIMARY KEY,
  information TEXT NOT NULL,
  circumstances TEXT NOT NULL,
  happened TEXT NOT NULL,
  known_on TEXT NOT NULL,
  persons TEXT NOT NULL,
  serious_risk INTEGER NOT NULL,
  reasons TEXT NOT NULL,
  commission_told_on TEXT,
  persons_told_on TEXT,
  public_notice TEXT,
  measures TEXT NOT NULL) STRICT"""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident.

    `happened`: the day or the period, in words where only that is known. `persons`: how many, or about,
    and how many of them reside in Québec. `reasons`: why there is, or is not, a risk of serious injury:
    how sensitive, what it could be used for, what could follow, how likely.
    """

    information: str
    circumstances: str
    happened: str
    known_on: date
    persons: str
    serious_risk: bool
    reasons: str
    measures: str
    commission_told_on: date | None = None
    persons_told_on: date | None = None
    public_notice: str = ""


# What each field is called, in the order of the Regulation.
LABELS: Final[Mapping[str, str]] = {
    "information": "Renseignements personnels visés (ou pourquoi on ne peut le dire)",
    "circumstances": "Circonstances de l'incident, en bref",
    "happened": "Date ou période de l'incident",
    "known_on": "Date à laquelle l'association en a pris connaissance",
    "persons": "Nombre de personnes concernées, et combien résident au Québec",
    "serious_risk": "Risque qu'un préjudice sérieux soit causé",
    "reasons": "Éléments qui amènent à le conclure",
    "commission_told_on": "Date de l'avis à la Commission d'accès à l'information",
    "persons_told_on": "Date des avis aux personnes concernées",
    "public_notice": "Avis publics, et pourquoi",
    "measures": "Mesures prises pour diminuer les risques",
}


@contextmanager
def register(database: Path) -> Iterator[sqlite3.Connection]:
    """Open the register that is beside the bot's database, made at its first use for its owner only.

    Raises `StorageError` when it cannot be opened, read or written.
    """
    path = beside(database)
    with files.explained(path):
        if not path.exists():
            path.touch(mode=0o600)
    with explained(path), closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA secure_delete = ON")
        conn.execute("PRAGMA synchronous = FULL")
        conn.execute(_TABLE)
        yield conn


def beside(database: Path) -> Path:
    """Return where the register of that database is."""
    real = database.resolve()
    return real.with_name(real.name + SUFFIX)


def add(conn: sqlite3.Connection, incident: Incident) -> int:
    """Write an incident in the register and return its number. Raises `ValueError` for what is missing."""
    row = {name: _written(value) for name, value in asdict(incident).items()}
    missing = [LABELS[name] for name in _REQUIRED if row[name] in {None, ""}]
    if incident.serious_risk and incident.commission_told_on is None:
        missing.append(LABELS["commission_told_on"])
    if missing:
        raise ValueError(f"il manque\u00a0: {'; '.join(missing)}")
    names = ", ".join(row)
    cursor = conn.execute(
        f"INSERT INTO confidentiality_incidents ({names}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608 — field names
        tuple(row.values()),
    )
    return int(cursor.lastrowid or 0)


def incidents(conn: sqlite3.Connection) -> list[tuple[int, Incident]]:
    """Return the incidents with their numbers, oldest first."""
    names = [field.name for field in fields(Incident)]
    rows = conn.execute(f"SELECT id, {', '.join(names)} FROM confidentiality_incidents ORDER BY id")  # noqa: S608 — field names
    return [(int(row[0]), _read(dict(zip(names, row[1:], strict=True)))) for row in rows.fetchall()]


def enforce(db: Database, database: Path, today: date) -> int:
    """Destroy what is no longer to be kept, and certify it in the bot's own database; return how many.

    Raises `StorageError`.
    """
    if not beside(database).exists():
        return 0
    limit = date(today.year - YEARS_KEPT, today.month, min(today.day, 28)).isoformat()
    with register(database) as conn:
        done = conn.execute("DELETE FROM confidentiality_incidents WHERE known_on < ?", (limit,)).rowcount
    destroyed.certify(db, today, {"incidents": done})
    return done


_REQUIRED = ("information", "circumstances", "happened", "known_on", "persons", "reasons", "measures")
_DATES = frozenset({"known_on", "commission_told_on", "persons_told_on"})


def _written(value: object) -> str | int | None:
    match value:
        case date():
            return value.isoformat()
        case bool():
            return int(value)
        case None:
            return None
        case _:
            return str(value).strip()


def _read(row: dict[str, object]) -> Incident:
    known: dict[str, object] = {
        name: date.fromisoformat(str(value)) if name in _DATES and value else value
        for name, value in row.items()
    }
    known["serious_risk"] = bool(row["serious_risk"])
    known["public_notice"] = row["public_notice"] or ""
    return Incident(**known)  # type: ignore[arg-type]  # the columns are the fields, of the same types
