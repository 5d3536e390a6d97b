"""The register of confidentiality incidents, for the person responsible for personal information.

The register is a separate file. Incidents are added only by the command line, and deleted each day by the bot
once they have expired. The Regulation respecting confidentiality incidents (A-2.1, r. 3.1) prescribes the
fields (s. 7), and requires that incidents be kept for at least five years after the association learned of
them (s. 8). The register must not name anyone.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints

from pydantic import TypeAdapter
from sqlite_utils import Database

from bot.backup import destroyed
from bot.storage import files
from bot.storage.database import explained

YEARS_KEPT: Final = 5
SUFFIX: Final = ".incidents"  # added to the file name of the bot's database

_NAME = "confidentiality_incidents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident: the fields that the Regulation prescribes, in its order, each with its French label.

    `happened`: the day or the period, described in words if it is only approximate. `persons`: how many
    people are concerned, exactly or approximately, and how many of them live in Québec. `reasons`: why there
    is, or is not, a risk of serious injury: the sensitivity of the information, its possible uses, the
    possible consequences and their likelihood.
    """

    information: Annotated[str, "Renseignements personnels visés (ou pourquoi on ne peut le dire)"]
    circumstances: Annotated[str, "Circonstances de l'incident, en bref"]
    happened: Annotated[str, "Date ou période de l'incident"]
    known_on: Annotated[date, "Date à laquelle l'association en a pris connaissance"]
    persons: Annotated[str, "Nombre de personnes concernées, et combien résident au Québec"]
    serious_risk: Annotated[bool, "Risque qu'un préjudice sérieux soit causé"]
    reasons: Annotated[str, "Éléments qui amènent à le conclure"]
    commission_told_on: Annotated[date | None, "Date de l'avis à la Commission d'accès à l'information"] = (
        None
    )
    persons_told_on: Annotated[date | None, "Date des avis aux personnes concernées"]
    public_notice: Annotated[str, "Avis publics, et pourquoi"]
    measures: Annotated[str, "Mesures prises pour diminuer les risques"]


LABELS: Final[Mapping[str, str]] = {
    name: hint.__metadata__[0] for name, hint in get_type_hints(Incident, include_extras=True).items()
}
_OPTIONAL = {"commission_told_on", "persons_told_on", "public_notice"}
_COLUMNS = {"id": int, **dict.fromkeys(LABELS, str), "serious_risk": int}


@contextmanager
def open_register(database: Path) -> Iterator[Database]:
    """Yield the register beside the bot's database. Create it if needed, readable by its owner only.

    Raises `StorageError` when the register cannot be opened, read or written.
    """
    path = register_path(database)
    with files.explained(path):
        if not path.exists():
            path.touch(mode=0o600)
    with explained(path), closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA secure_delete = ON")
        conn.execute("PRAGMA synchronous = FULL")
        register = Database(conn, strict=True)
        register.table(_NAME).create(_COLUMNS, pk="id", not_null={*LABELS} - _OPTIONAL, if_not_exists=True)
        yield register


def register_path(database: Path) -> Path:
    """Return the path of the register that belongs to a database."""
    real = database.resolve()
    return real.with_name(real.name + SUFFIX)


def add(register: Database, incident: Incident) -> int:
    """Write an incident to the register and return its number.

    Raises `ValueError`, in French, when required fields are missing.
    """
    values: dict[str, Any] = TypeAdapter(Incident).dump_python(incident, mode="json")  # days as text
    row = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    required = [name for name in row if name not in _OPTIONAL]
    if incident.serious_risk:
        required.append("commission_told_on")
    if missing := [LABELS[name] for name in required if row[name] in {None, ""}]:
        raise ValueError(f"il manque\u00a0: {'; '.join(missing)}")
    return int(register.table(_NAME).insert(row).last_pk or 0)


def incidents(register: Database) -> list[tuple[int, Incident]]:
    """Return the incidents with their numbers, oldest first."""
    read = TypeAdapter(Incident).validate_python
    return [(row.pop("id"), read(row)) for row in register.table(_NAME).rows_where(order_by="id")]


def enforce(db: Database, database: Path, today: date) -> None:
    """Destroy expired incidents, and certify their destruction in `db`, the bot's own database.

    Raises `StorageError`.
    """
    if register_path(database).exists():
        limit = date(today.year - YEARS_KEPT, today.month, min(today.day, 28)).isoformat()
        with open_register(database) as opened:
            done = opened.conn.execute(f"DELETE FROM {_NAME} WHERE known_on < ?", (limit,))  # noqa: S608 — a constant
        destroyed.certify(db, today, {"incidents": done.rowcount})
