"""Reports on the disk: what a copy brings back, what is destroyed for good, and what a loss of keys does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlite_utils import Database

from bot.backup import copies, destroyed, restore
from bot.conversation.messages import Message
from bot.conversation.requests import Actor
from bot.outbox.notices import NoticeContext, Notices
from bot.people import appointments, persons, roles
from bot.privacy import personal_data
from bot.reports import cases as report_cases
from bot.reports import escalation, queue, reporter_access, retention
from bot.reports import filing as reports
from bot.reports import notices as report_notices
from bot.reports.checks import check_reports as checks
from bot.reports.figures import export as report_export
from bot.reports.figures import files
from bot.reports.ground import Ground
from bot.reports.keys import KEY_FILE, Keyring, load_keyring
from bot.reports.records import Records, ReportError, Session, any_report
from bot.storage.database import Storage, StorageError
from tests.kits.effort import calls
from tests.kits.fake_clock import FakeClock
from tests.kits.reports.records import CALENDAR, CONSEILLER, PLAN, VP, a_report

Result = TypeVar("Result")
SECRET = "un propos que nul autre ne tient"
ABOUT_CASES = """SELECT json_extract(arguments, '$.case') AS subject FROM outbox WHERE subject IS NOT NULL"""


class Home:
    """A database and its keys, on the disk, and who receives reports."""

    def __init__(self, folder: Path) -> None:
        self.database, self.keys, self.copy = folder / "vigie.db", folder / "cles", folder / "copie.db"
        self.clock = FakeClock()
        self.records = Records(
            self._ring, CALENDAR, PLAN, remember=partial(destroyed.record, self.keys), clock=self.clock
        )
        self.storage = Storage(self.database)
        self.vp = self.within(lambda session: self._appoint(session, VP, "U1"))
        self.advisor = self.within(lambda session: self._appoint(session, CONSEILLER, "U2"))

    def _ring(self, db: Database) -> Keyring:
        return load_keyring(self.keys, create=not any_report(db))

    @staticmethod
    def _appoint(session: Session, role: str, user: str) -> str:
        roles.seed(session.db)
        person = persons.known(session.db, Actor("slack", "T1", user))
        roles.appoint(session.db, role, person, session.today)
        appointments.follow(session.db, session.today - timedelta(1))
        return person

    def within(self, something: Callable[[Session], Result]) -> Result:
        """Do something with the records, in a transaction."""

        def work() -> Result:
            with self.storage.transaction() as db:
                return something(Session(db, self.records, self.clock()))

        return self.storage.executor.submit(work).result()

    def file(self, where: str = "https://www.facebook.com/spotted/posts/1", **more: object) -> str:
        """Report a post; return the code."""
        return self.within(
            lambda session: reports.file_report(session, a_report(where, **{"summary": SECRET, **more}))
        )

    def found(self, code: str) -> bool:
        """Tell whether a code opens something."""

        def look(session: Session) -> bool:
            try:
                reporter_access.follow(session, reporter_access.receipt_of(session, code))
            except ReportError:
                return False
            return True

        return self.within(look)

    def codes_that_open_nothing(self) -> tuple[dict[str, str], str]:
        """File forty reports and let them expire. Return codes, by what they are, and one that is unknown."""
        codes = [self.file(f"https://www.facebook.com/spotted/posts/{number}") for number in range(40)]
        self.clock.move(hours=2)
        self.within(escalation.beat)
        for case in self.cases():
            self.close(case)
        self.clock.move(days=100)
        unknown = " ".join(reversed(codes[1].split()))
        tried = {"wrong words": "z" * len(unknown), "unknown": unknown, "expired": codes[0]}
        return tried, codes[2][::-1]

    def work_of(self, code: str) -> int:
        """Return how many calls it takes to look a code up."""

        def look(session: Session) -> int:
            def follow() -> None:
                with suppress(ReportError):
                    reporter_access.follow(session, reporter_access.receipt_of(session, code))

            return calls(follow)

        return self.within(look)

    def withdraw(self, code: str) -> None:
        """Withdraw a report, as its reporter does."""

        def work(session: Session) -> None:
            reporter_access.withdraw(session, reporter_access.receipt_of(session, code))

        self.within(work)

    def cases(self) -> list[str]:
        """Return the cases."""
        return [str(one) for (one,) in self.rows("SELECT id FROM report_cases")]

    def close(self, case: str) -> None:
        """Close a case."""
        self.within(lambda session: report_cases.close_case(session, case, self.vp, "handled", ""))

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return what the database holds."""
        return self.within(lambda session: session.execute(query).fetchall())

    def restore(self) -> restore.Restored:
        """Bring the copy back."""
        self.storage.close()
        try:
            return restore.restore(
                self.copy, self.database, self.keys, escalation.NOTICES, self.clock(), in_clear=True
            )
        finally:
            self.storage = Storage(self.database)

    def bytes(self) -> bytes:
        """Return all that the database's files hold."""
        return b"".join(file.read_bytes() for file in sorted(self.database.parent.glob("vigie.db*")))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    it = Home(tmp_path)
    yield it
    it.storage.close()


def sealed_of(home: Home) -> bytes:
    [(sealed,)] = home.rows("SELECT sealed FROM report_filings")
    assert isinstance(sealed, bytes)
    return sealed


def test_after_a_withdrawal_and_the_nights_purge_no_byte_of_it_remains(home: Home) -> None:
    code = home.file()
    sealed = sealed_of(home)
    [(filing, case, receipt)] = home.rows("SELECT id, case_id, receipt FROM report_filings")
    assert sealed[100:140] in home.bytes()
    home.withdraw(code)
    assert home.storage.executor.submit(home.storage.purge).result()
    left = home.bytes()
    for gone in (sealed[100:140], str(filing).encode(), str(case).encode(), str(receipt).encode()):
        assert gone not in left


def test_after_its_time_and_the_nights_purge_no_byte_of_a_case_remains(home: Home) -> None:
    home.file()
    sealed = sealed_of(home)
    [(case,)] = home.rows("SELECT id FROM report_cases")
    home.clock.move(hours=2)
    home.within(escalation.beat)
    [(filing,)] = home.rows("SELECT id FROM report_filings")
    home.within(
        lambda session: report_cases.ask_question(session, str(case), home.vp, str(filing), "Où donc?")
    )
    [(asked,)] = home.rows("SELECT sealed FROM report_messages")
    assert isinstance(asked, bytes)
    home.within(
        lambda session: report_cases.close_case(session, str(case), home.vp, "handled", "C'est fait.")
    )
    home.clock.move(days=91)
    remember = home.records.remember
    gone = home.within(lambda session: retention.enforce(session.db, session.today, 90, remember))
    assert gone == 1
    assert home.storage.executor.submit(home.storage.purge).result()
    left = home.bytes()
    for one in (sealed[100:140], asked[100:140], str(case).encode()):
        assert one not in left


@pytest.mark.parametrize("how", ["withdrawn", "expired"])
def test_an_older_copy_brings_nothing_destroyed_back(home: Home, how: str) -> None:
    code, other = home.file(), home.file("https://www.facebook.com/spotted/posts/2")
    home.clock.move(hours=2)
    home.within(escalation.beat)
    copies.save(home.database, home.copy)
    if how == "withdrawn":
        home.withdraw(code)
    else:
        home.close(home.cases()[0])
        home.clock.move(days=91)
        home.within(lambda session: retention.enforce(session.db, session.today, 90, home.records.remember))
    left = [home.found(one) for one in (code, other)]
    assert sum(left) == 1
    assert home.rows(ABOUT_CASES) != []
    assert home.restore().destroyed >= 1
    assert [home.found(one) for one in (code, other)] == left
    assert {case for (case,) in home.rows(ABOUT_CASES)} == set(home.cases())


async def export(home: Home) -> tuple[str, bytes]:
    """Have the only case made into a PDF for whoever handles it; return its file's name and sealed bytes."""
    [case] = home.cases()
    arguments = {"case": case, "person": home.vp, "id": "1"}
    await report_export.send_case(home.storage, home.records, "AGE d'essai", arguments, home.clock())
    [(identifier, sealed)] = home.rows("SELECT id, sealed FROM report_files")
    assert isinstance(sealed, bytes)
    return str(identifier), sealed


def waiting_file(home: Home) -> Message | None:
    """Return the message that would give the PDF that waits to be sent, None when there is nothing to say."""
    [notice] = report_export.notice_builders(home.records)

    def build(session: Session) -> Message | None:
        row = session.execute(
            "SELECT json(arguments), recipient FROM outbox WHERE notice = ?", (notice.name,)
        ).fetchone()
        if row is None:
            return None
        arguments, recipient = row
        context = NoticeContext(session.db, session.today, recipient)
        built = notice.build(context, json.loads(arguments))
        assert built is None or isinstance(built, Message)
        return built

    return home.within(build)


@pytest.mark.parametrize("since", ["the report was withdrawn", "nothing was destroyed"])
async def test_the_pdf_of_a_report_does_not_come_back_with_a_copy(home: Home, since: str) -> None:
    """Nothing tells which reports a file shows, so none comes back; it can be asked for again."""
    code = home.file()
    home.clock.move(hours=2)
    home.within(escalation.beat)
    identifier, sealed = await export(home)
    assert waiting_file(home)
    copies.save(home.database, home.copy)
    assert sealed[100:140] in home.copy.read_bytes()
    if since == "the report was withdrawn":
        home.withdraw(code)
    home.restore()
    assert home.found(code) == (since == "nothing was destroyed")
    assert home.rows("SELECT count(*) FROM report_files") == [(0,)]
    assert home.within(lambda session: files.load_file(session, identifier)) is None
    assert sealed[100:140] not in home.database.read_bytes()
    assert waiting_file(home) is None


async def test_a_report_that_is_destroyed_is_given_to_nobody_as_a_pdf_made_before(home: Home) -> None:
    code = home.file()
    home.clock.move(hours=2)
    home.within(escalation.beat)
    await export(home)
    home.withdraw(code)
    assert waiting_file(home) is None


async def test_a_pdf_that_waits_to_be_sent_goes_with_one_of_the_reports_that_it_shows(home: Home) -> None:
    code = home.file()
    home.file()
    home.clock.move(hours=2)
    home.within(escalation.beat)
    await export(home)
    home.withdraw(code)
    assert waiting_file(home) is None
    assert home.rows("SELECT count(*) FROM report_files") == [(0,)]
    assert home.rows("SELECT count(*) FROM report_filings") == [(1,)]


async def test_a_report_withdrawn_while_its_pdf_is_made_is_not_in_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = [home.file(), home.file()]
    home.clock.move(hours=2)
    home.within(escalation.beat)
    made: list[int] = []

    def typeset(_template: Path, data: dict[str, Any], _form: str) -> bytes:
        made.append(len(data["filings"]))
        if len(made) < 3:
            home.withdraw(codes.pop())
        return b"%PDF-"

    monkeypatch.setattr(report_export, "typeset", typeset)
    [case] = home.cases()
    arguments = {"case": case, "person": home.vp, "id": "1"}
    await report_export.send_case(home.storage, home.records, "AGE d'essai", arguments, home.clock())
    assert made == [2, 1], "the second time the case is gone"
    assert home.rows("SELECT count(*) FROM report_files") == [(0,)]


def test_a_copy_from_before_two_cases_were_made_one_still_holds_both_reports(home: Home) -> None:
    codes = [home.file(), home.file("https://www.facebook.com/spotted/posts/2")]
    home.clock.move(hours=2)
    home.within(escalation.beat)
    copies.save(home.database, home.copy)
    one, other = home.cases()
    home.within(lambda session: report_cases.merge_cases(session, one, other, home.vp))
    home.restore()
    assert [home.found(code) for code in codes] == [True, True]


def test_after_a_restoration_an_alert_is_said_again_marked_as_perhaps_repeated(home: Home) -> None:
    home.file()
    home.clock.move(hours=2)
    home.within(escalation.beat)
    copies.save(home.database, home.copy)
    home.clock.move(minutes=5)
    assert home.restore().repeated == 1
    table = Notices(lambda: report_notices.notice_builders(home.records))

    def built(session: Session) -> str:
        name, arguments, recipient = session.execute(
            "SELECT notice, json(arguments), recipient FROM outbox WHERE state = 'queued'"
        ).fetchone()
        context = NoticeContext(session.db, session.today, recipient)
        message = table.build(context, name, json.loads(arguments))
        assert isinstance(message, Message)
        return "\n".join(message.own_words())

    messages = home.within(built)
    assert "peut-être déjà parvenu" in messages
    assert "Un nouveau signalement" in messages


def test_lost_keys_are_refused_aloud_and_never_made_again_while_a_report_needs_them(home: Home) -> None:
    home.file()
    (home.keys / KEY_FILE).unlink()
    with pytest.raises(StorageError, match="il manque les clés des signalements"):
        home.file("https://www.facebook.com/spotted/posts/2")
    assert not (home.keys / KEY_FILE).exists()

    def told(session: Session) -> list[str]:
        return [
            check.text
            for check in checks(session.db, home.keys, session.today, Ground())
            if check.level == "erreur"
        ]

    assert any("il manque les clés" in text for text in home.within(told))


def test_the_queue_is_told_in_numbers_without_a_content_or_a_name(home: Home) -> None:
    home.file(urgent=True)
    home.file("https://www.facebook.com/spotted/posts/2")
    found = home.within(lambda session: queue.read_queue(session.db, session.today))
    assert (found.open, found.urgent, found.waiting, found.dead, found.vacant) == (2, 1, 2, 0, ())
    assert found.sound


def test_a_holder_who_is_erased_leaves_the_case_to_the_role(home: Home) -> None:
    home.file(urgent=True)
    home.within(escalation.beat)
    [(recipient,)] = home.rows("SELECT recipient FROM outbox")
    assert recipient == f"role:{VP}/{home.vp}"

    def hand_over(session: Session) -> str:
        heir = home._appoint(session, VP, "U9")
        personal_data.erase(session.db, home.vp, session.today, home.records.remember)
        return heir

    heir = home.within(hand_over)
    home.within(escalation.beat)
    home.within(escalation.beat)
    recipients = {str(one).partition("/")[2] for (one,) in home.rows("SELECT recipient FROM outbox")}
    assert home.advisor in recipients  # who could read it when it was filed
    assert not {heir, home.vp} & recipients
    [(case,)] = home.rows("SELECT id FROM report_cases")
    home.within(lambda session: report_cases.reassign(session, str(case), home.advisor, VP))
    home.within(escalation.beat)
    assert home.within(lambda session: report_cases.open_case(session, str(case), heir)).filings


# --- What the rows tell -----------------------------------------------------------------------


def shape(home: Home) -> list[tuple[object, ...]]:
    """Return what the tables of reports hold, but for what is drawn at random or sealed."""
    return [
        *home.rows(
            """SELECT role, status, urgent, round, length(address), opened_on, delivered_at, read_after,
                 closed_on, hold, length(sealed), length(id) FROM report_cases ORDER BY 5"""
        ),
        *home.rows("SELECT status, seen, length(receipt), length(sealed), image FROM report_filings"),
        *home.rows("SELECT round, level, role, state FROM report_alerts"),
    ]


def test_the_same_report_by_two_people_leaves_the_same_but_for_what_is_drawn(tmp_path: Path) -> None:
    """T3: there is nothing else that could tell them apart, sizes included."""
    shapes = []
    for name, says in (("a", "court"), ("b", "bien plus long " * 30)):
        (tmp_path / name).mkdir()
        it = Home(tmp_path / name)
        try:
            it.file(summary=says)
            shapes.append(shape(it))
        finally:
            it.storage.close()
    assert shapes[0] == shapes[1]


def test_rows_are_in_no_order_of_arrival_and_have_no_number(home: Home) -> None:
    """T4: two reports of one person are no nearer to one another than to those of anyone else."""
    for number in range(12):
        home.file(f"https://www.facebook.com/spotted/posts/{number}")
    for table in ("report_cases", "report_filings", "report_messages", "report_alerts"):
        with pytest.raises(Exception, match="rowid"):
            home.rows(f"SELECT rowid FROM {table}")  # noqa: S608 — the test's own words
        stored = [str(row[0]) for row in home.rows(f"SELECT * FROM {table} NOT INDEXED")]  # noqa: S608 — as above
        assert stored == sorted(stored)
    assert home.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert home.rows("SELECT count(*) FROM due_tasks") == [(0,)]


@pytest.mark.attack("Codes essayés au hasard")
@pytest.mark.parametrize("typed", ["wrong words", "unknown", "expired"])
def test_codes_that_open_nothing_take_the_same_work(home: Home, typed: str) -> None:
    """T8: each is looked up beside one of the same length that is unknown; `make attaque` times them."""
    codes, unknown = home.codes_that_open_nothing()
    assert not home.found(codes[typed])
    assert 0.5 < home.work_of(codes[typed]) / home.work_of(unknown) < 2


def test_once_the_file_is_written_anew_nothing_in_it_is_in_the_order_of_arrival(home: Home) -> None:
    contents, known = [], set[object]()
    for number in range(24):
        home.file(f"https://www.facebook.com/spotted/posts/{number}")
        rows = home.rows("SELECT id, sealed FROM report_filings")
        [(one, sealed)] = [row for row in rows if row[0] not in known]
        known.add(one)
        contents.append(sealed)

    def places() -> list[int]:
        home.storage.executor.submit(home.storage.purge).result()
        written = home.database.read_bytes()
        return [written.index(content[-60:]) for content in contents if isinstance(content, bytes)]

    assert places() == sorted(places()), "as they come, contents lie one after another"
    home.storage.executor.submit(home.storage.scatter).result()
    order = [number for _, number in sorted(zip(places(), range(24), strict=True))]
    ids = [str(one) for (one,) in home.rows("SELECT id FROM report_filings ORDER BY id")]
    assert order != sorted(order)
    assert len(ids) == len(order)
