"""A copy that is brought back: what was erased stays so, and nobody is told twice."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.backup import destroyed, restore
from bot.people import roles
from bot.permissions import daily, requests
from bot.permissions.requests import Ruling
from bot.privacy import personal_data
from tests.backup.test_destroyed import REPORTS, Home
from tests.kits.people import COMMUNICATIONS_ROLE, DAY, day, person
from tests.permissions.desks import a_desk, asked, at, granted


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    home.within(lambda db: roles.appoint(db, COMMUNICATIONS_ROLE, person(db, "VP"), day(-9)))
    yield home
    home.storage.close()


def unsent(db: Database) -> dict[str, str]:
    """Return the state of each notice about requests that has not left."""
    rows = db.conn.execute("SELECT notice, state FROM outbox WHERE state NOT IN ('sent', 'cancelled')")
    return {str(notice): str(state) for notice, state in rows}


def send(db: Database) -> None:
    db.conn.execute("UPDATE outbox SET state = 'sent', sent_day = ?", (DAY.isoformat(),))


def late_day(db: Database) -> None:
    """Do a day's work that was due when the copy was brought back, as the clock does."""
    (before,) = db.conn.execute("SELECT coalesce(max(rowid), 0) FROM outbox").fetchone()
    daily.daily(at(db, 3))
    restore.hold(db, REPORTS, before)


def test_a_consent_stays_withdrawn_and_is_told_once_after_a_copy_is_brought_back(home: Home) -> None:
    remember = partial(destroyed.record, home.keys)
    me = home.within(lambda db: person(db, "U2"))
    home.within(lambda db: granted(at(db), by="U2", kind="image", image="Un kiosque", consenter=me))
    home.within(send)
    home.save()

    def leave(db: Database) -> None:
        requests.leave(at(db, 1, a_desk(remember=remember)), me)
        personal_data.erase(db, me, DAY, remember)

    home.within(leave)
    home.within(lambda db: destroyed.settle(db, home.keys))
    home.within(send)  # who asked was told
    home.restore()
    home.within(late_day)
    (request,) = home.within(requests.register)
    assert (request.state, request.closed_by, request.image) == ("withdrawn", "consenter", "")
    assert home.within(unsent) == {"demande-retiree": "held"}


def test_a_decision_that_the_copy_lacks_is_not_reminded_of_before_someone_says_so(home: Home) -> None:
    request = home.within(lambda db: asked(at(db)))
    home.within(send)
    home.save()
    yes = Ruling(granted=True)
    home.within(lambda db: requests.decide(at(db, 1), request.id, person(db, "VP"), yes))
    home.within(send)
    home.restore()
    home.within(late_day)
    assert home.within(unsent) == {"demande-rappel": "held"}
    home.within(lambda db: requests.decide(at(db, 3), request.id, person(db, "VP"), yes))
    assert home.within(unsent)["demande-decidee"] == "queued"  # decided anew: who asked is told
