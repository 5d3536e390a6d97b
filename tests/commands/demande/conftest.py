"""The association of these tests, with who decides appointed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.people import persons, roles
from tests.commands.demande.people import COUNCIL, DECIDERS, VP
from tests.kits.people import COMMUNICATIONS_ROLE, COUNCIL_ROLE
from tests.kits.revision_commands import World, world


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, deciders=DECIDERS) as made:
        yield made


@pytest.fixture(autouse=True)
async def _staffed(desk: World) -> None:
    def appoint(db: Database) -> None:
        for role, actor in ((COMMUNICATIONS_ROLE, VP), (COUNCIL_ROLE, COUNCIL)):
            roles.appoint(db, role, persons.known(db, actor), desk.today, replacing=True)
        desk.services.office.registry_changed(db, "")

    await desk.run(appoint)
