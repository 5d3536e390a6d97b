"""The register of confidentiality incidents: complete, apart, kept five years."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.privacy import incidents, personal_data
from bot.privacy.incidents import Incident
from bot.storage.database import StorageError
from tests.kits.people import fresh

INCIDENT = Incident(
    information="Adresses de courriel",
    circumstances="Un fichier envoyé au mauvais canal",
    happened="vers le 20\u00a0novembre\u00a02026",
    known_on=date(2026, 11, 24),
    persons="12, dont 12 au Québec",
    serious_risk=False,
    reasons="Peu sensibles, vues par trois personnes tenues au secret",
    commission_told_on=None,
    persons_told_on=None,
    public_notice="",
    measures="Message retiré, procédure revue",
)


def test_an_incident_is_written_and_read_back_from_a_file_of_its_own(tmp_path: Path) -> None:
    database = tmp_path / "vigie.db"
    with incidents.open_register(database) as conn:
        assert incidents.add(conn, INCIDENT) == 1
    with incidents.open_register(database) as conn:
        assert incidents.incidents(conn) == [(1, INCIDENT)]
    assert not database.exists()
    assert (tmp_path / "vigie.db.incidents").stat().st_mode & 0o077 == 0


def test_a_serious_risk_asks_for_the_notice_to_the_commission(tmp_path: Path) -> None:
    serious = replace(INCIDENT, serious_risk=True)
    with incidents.open_register(tmp_path / "v") as conn:
        with pytest.raises(ValueError, match="Commission d'accès"):
            incidents.add(conn, serious)
        incidents.add(conn, replace(serious, commission_told_on=date(2026, 11, 25)))
        with pytest.raises(ValueError, match="Mesures"):
            incidents.add(conn, replace(INCIDENT, measures="  "))


def test_an_incident_is_destroyed_after_five_years_and_not_before_and_that_is_certified(
    tmp_path: Path,
) -> None:
    database, db = tmp_path / "v", fresh()
    incidents.enforce(db, database, date(2031, 11, 24))
    assert not incidents.register_path(database).exists()
    with incidents.open_register(database) as register:
        incidents.add(register, INCIDENT)
    incidents.enforce(db, database, date(2031, 11, 24))
    with incidents.open_register(database) as register:
        assert incidents.incidents(register) == [(1, INCIDENT)]
    incidents.enforce(db, database, date(2031, 11, 25))
    with incidents.open_register(database) as register:
        assert incidents.incidents(register) == []
    assert personal_data.certificate(db, date(2031, 1, 1)) == [("2031-11-25", "incidents", 1)]


def test_a_register_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageError, match=r"n'existe pas\. Créez-le"),
        incidents.open_register(tmp_path / "absent" / "vigie.db"),
    ):
        pass
    (tmp_path / "vigie.db.incidents").write_bytes(b"ceci n'est pas une base de donn\xe9es" * 20)
    with pytest.raises(StorageError), incidents.open_register(tmp_path / "vigie.db"):
        pass
