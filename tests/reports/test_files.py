"""What holders receive of reports as files: the week's figures, a case as a PDF."""

from __future__ import annotations

import asyncio
import hashlib
import io
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.conversation.messages import Message, Text
from bot.conversation.requests import Actor
from bot.language.bands import BAND, Band
from bot.outbox import notices
from bot.people import persons, roles
from bot.register import chain
from bot.reports import cases, escalation
from bot.reports import filing as reports
from bot.reports.figures import digest as report_digest
from bot.reports.figures import export, files, statistics
from bot.reports.figures.digest import send_digests
from bot.reports.figures.export import TEMPLATE, send_case
from bot.reports.filing import Report
from bot.reports.keys import Keyring, new_keyring
from bot.reports.records import Records, Session
from bot.storage.database import Storage
from bot.typesetting.typeset import typeset
from tests.kits.fake_clock import FakeClock
from tests.kits.reports.records import CALENDAR, CONSEILLER, PLAN, VP, a_report


@dataclass
class Place:
    """Reports in a storage, with the holders of both roles."""

    storage: Storage = field(default_factory=Storage)
    ring: Keyring = field(default_factory=new_keyring)
    clock: FakeClock = field(default_factory=FakeClock)
    vp: str = ""
    conseiller: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def records(self) -> Records:
        return Records(lambda _: self.ring, CALENDAR, PLAN, chance=lambda: 0.5, clock=self.clock)

    @contextmanager
    def session(self) -> Iterator[Session]:
        with self.storage.transaction() as db:
            yield Session(db, self.records, self.clock())

    def begin(self) -> None:
        """Appoint the holders; on the storage thread, as all that follows."""
        with self.session() as session:
            roles.seed(session.db)
            self.vp, self.conseiller = (
                persons.known(session.db, Actor("slack", "T1", name)) for name in ("UVP", "UCONSEILLER")
            )
            roles.appoint(session.db, VP, self.vp, session.today)
            roles.appoint(session.db, CONSEILLER, self.conseiller, session.today)

    def report(self, count: int = 1, **more: object) -> None:
        """Report so many posts, and have holders told of them."""
        with self.session() as session:
            image = more.pop("image", None)
            for _ in range(count):
                post = a_report(f"https://exemple.ca/{next(self._numbers)}", **more)
                reports.file_report(session, post, image)  # type: ignore[arg-type]  # bytes or nothing
        self.clock.move(hours=2)
        with self.session() as session:
            escalation.beat(session)

    def case(self) -> str:
        with self.session() as session:
            [(found,)] = session.execute("SELECT id FROM report_cases").fetchall()
            return str(found)

    def waiting(self) -> list[tuple[str, Message]]:
        """Return what the outbox holds of these notices: for whom, and the message."""
        table = {
            builder.name: builder
            for module in (report_digest, export)
            for builder in module.notice_builders(self.records)
        }
        with self.session() as session:
            rows = session.execute(
                "SELECT recipient, notice, arguments FROM outbox ORDER BY rowid"
            ).fetchall()
            return [
                (recipient.removeprefix("person:"), message)
                for recipient, notice, arguments in rows
                if notice in table
                and isinstance(message := table[notice].build(
                    notices.NoticeContext(session.db, session.today, recipient), json.loads(arguments)
                ), Message)
            ]  # fmt: skip


@pytest.fixture
def place() -> Iterator[Place]:
    found = Place()
    try:
        found.storage.executor.submit(found.begin).result()
        yield found
    finally:
        found.storage.close()


async def digest(place: Place) -> list[tuple[str, Message]]:
    await send_digests(place.storage, place.records, {}, place.clock())
    return await place.storage.run(place.waiting)


# --- Figures


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_no_figure_says_more_than_a_band_of_five(counts: list[int]) -> None:
    for count in counts:
        shown = Band.of(count)
        assert shown.low <= count <= shown.high
        assert shown.high - shown.low == BAND - 1
        assert shown.words == ("moins de 5" if count < BAND else f"{shown.low} à {shown.high}")


@given(st.lists(st.integers(0, 30), min_size=2, max_size=2), st.integers(0, 4), st.data())
def test_what_is_hidden_cannot_be_had_by_subtracting(parts: list[int], few: int, data: st.DataObject) -> None:
    """Of the three severities and of what is open and closed, whose sums are the same."""
    whole = sum(parts) + few
    opened = data.draw(st.integers(0, whole))
    total = [Band.of(opened), Band.of(whole - opened)]
    others = [Band.of(part) for part in parts]
    totals = range(sum(one.low for one in total), sum(one.high for one in total) + 1)
    rests = range(sum(other.low for other in others), sum(other.high for other in others) + 1)
    possible = {one for one in range(BAND) if any(rest + one in totals for rest in rests)}
    assert few in possible
    assert len(possible) >= 3


async def test_the_week_is_told_to_each_holder_with_a_picture_and_the_same_figures(place: Place) -> None:
    await place.storage.run(lambda: place.report(7, platform="facebook", severity="grave"))
    await place.storage.run(lambda: place.report(2, platform="tiktok", severity="light"))
    [(person, message)] = await digest(place)
    assert person == place.vp
    words = "\n".join(message.own_words())
    assert "Facebook, 5 à 9" in words
    assert "TikTok" not in words, "there are under five"
    [file] = message.files()
    with Image.open(io.BytesIO(file.content)) as picture:
        assert picture.format == "PNG"
    assert file.name == "signalements-2026-s48.png"


async def test_the_week_is_told_once_and_again_the_next_week(place: Place) -> None:
    await place.storage.run(lambda: place.report(1))
    assert len(await digest(place)) == 1
    assert len(await digest(place)) == 1
    place.clock.move(days=7)
    assert len(await digest(place)) == 2


async def test_nobody_is_told_of_a_case_that_names_them_not_even_in_a_figure(place: Place) -> None:
    await place.storage.run(lambda: place.report(6))
    before = dict(await digest(place))
    place.clock.move(days=7)
    await place.storage.run(lambda: place.report(6, implicated=(VP,)))
    after = dict(await digest(place))
    assert "\n".join(after[place.vp].own_words()) == "\n".join(before[place.vp].own_words())
    assert "signalements reçus, 5 à 9" in "\n".join(after[place.conseiller].own_words())


async def test_who_has_nothing_to_see_is_told_nothing(place: Place) -> None:
    assert await digest(place) == []
    await place.storage.run(lambda: place.report(1, implicated=(VP, CONSEILLER)))
    assert await digest(place) == []


async def test_figures_do_not_reach_who_has_left_the_role(place: Place) -> None:
    await place.storage.run(lambda: place.report(1))
    await digest(place)

    def leave() -> None:
        with place.session() as session:
            roles.dismiss(session.db, VP, place.vp, session.today)

    await place.storage.run(leave)
    assert await place.storage.run(place.waiting) == []


async def test_the_first_reading_is_counted_in_hours(place: Place) -> None:
    await place.storage.run(lambda: place.report(5))

    def read() -> list[str]:
        with place.session() as session:
            for line in cases.list_cases(session, place.vp):
                cases.open_case(session, line.id, place.vp)
            found = statistics.tables(session, statistics.visible(session))
            return [f"{figure.label}, {figure.band.words}" for figure in found[-1].figures if figure.band.low]

    assert await place.storage.run(read) == ["En moins de 4\u00a0h, 5 à 9"]


# --- A case as a PDF


def picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (60, 40), (200, 30, 30)).save(written, "PNG")
    return written.getvalue()


async def ask(place: Place, person: str) -> list[tuple[str, Message]]:
    case = await place.storage.run(place.case)
    arguments = {"case": case, "person": person, "id": "1"}
    await send_case(place.storage, place.records, "AGE d'essai", arguments, place.clock())
    return await place.storage.run(place.waiting)


async def test_a_case_is_given_as_a_tagged_pdf_with_the_hash_of_what_it_holds(place: Place) -> None:
    await place.storage.run(
        lambda: place.report(
            1, summary="Un propos\n#reconnaissable 漢", name="Camille *Exemple*", image=picture()
        )
    )
    [(person, message)] = await ask(place, place.vp)
    assert person == place.vp
    [file] = message.files()
    words = "".join(
        "".join(span.text for span in element.spans)
        for element in message.elements
        if isinstance(element, Text)
    )
    assert hashlib.sha256(file.content).hexdigest() in words

    def hashed() -> str:
        with place.session() as session:
            case = cases.read_case(session, _only(session))
            images = {case.filings[0].id: picture()}
            return hashlib.sha256(chain.canonical(export.content(case, images))).hexdigest()

    assert await place.storage.run(hashed) in words
    with pikepdf.open(io.BytesIO(file.content)) as pdf:
        assert pdf.Root.Lang == "fr-CA"
        assert pdf.Root.MarkInfo.Marked
    text = await _text(file.content)
    for expected in ("Un propos", "#reconnaissable □", "Camille *Exemple* (non vérifié)", "exemple.ca/1"):
        assert expected in text
    identifier = await place.storage.run(place.case)
    drawn = hashlib.sha256(picture()).hexdigest()
    assert identifier in text, "it can be copied: nothing unseen is in it"
    assert drawn in text


@pytest.mark.parametrize(
    ("post", "platform"),
    [
        ({"platform": "facebook"}, "Facebook"),
        ({"platform": "other"}, "Autre site"),
        ({"platform": "", "canonical": False}, "Sans adresse"),
    ],
)
async def test_a_case_names_roles_as_they_are_called_today_and_where_the_post_is(
    place: Place, post: dict[str, object], platform: str
) -> None:
    def read() -> list[tuple[str, str]]:
        place.report(1, implicated=(CONSEILLER,), **post)
        with place.session() as session:
            roles.change(
                session.db, replace(roles.role(session.db, CONSEILLER), title="Coordination générale")
            )
            [filing] = export.export(session, _only(session), "AGE")["filings"]
            return filing["facts"]  # type: ignore[no-any-return]

    facts = dict(await place.storage.run(read))
    assert facts["Destinataires en cause"] == "Coordination générale"
    assert facts["Plateforme"] == platform


def dumped(report: Report) -> bytes:
    return json.dumps(asdict(report)).encode()


def _only(session: Session) -> str:
    [(found,)] = session.execute("SELECT id FROM report_cases").fetchall()
    return str(found)


async def _text(pdf: bytes) -> str:
    process = await asyncio.create_subprocess_exec(
        "pdftotext", "-layout", "-", "-", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate(pdf)
    return output.decode()


async def test_the_same_case_makes_the_same_file(place: Place) -> None:
    await place.storage.run(lambda: place.report(1, image=picture()))
    case = await place.storage.run(place.case)

    def made() -> bytes:
        with place.session() as session:
            return typeset(TEMPLATE, export.export(session, case, "AGE"), "pdf")

    assert await place.storage.run(made) == await place.storage.run(made)


async def test_no_hash_of_a_case_tells_from_which_file_its_picture_came(place: Place) -> None:
    """Whoever finds the same file elsewhere could try it, since they know all the rest of the case."""

    def hashed(original: str) -> str:
        with place.session() as session:
            report = a_report("https://exemple.ca/1", original=original)
            session.execute("UPDATE report_filings SET sealed = ?", (session.ring.seal(dumped(report)),))
            return str(export.export(session, _only(session), "AGE")["digest"])

    await place.storage.run(lambda: place.report(1, image=picture()))
    first = await place.storage.run(lambda: hashed("c" * 64))
    assert first == await place.storage.run(lambda: hashed("d" * 64))


async def test_a_case_is_given_to_nobody_whom_it_is_not_for(place: Place) -> None:
    await place.storage.run(lambda: place.report(1, implicated=(CONSEILLER,)))
    assert await ask(place, place.conseiller) == []
    assert await ask(place, "inconnue") == []


async def test_what_waits_to_be_sent_is_sealed_and_gone_the_next_day(place: Place) -> None:
    await place.storage.run(lambda: place.report(1, summary="Un propos reconnaissable"))
    await ask(place, place.vp)

    def held() -> bytes:
        with place.session() as session:
            sealed = b"".join(row[0] for row in session.execute("SELECT sealed FROM report_files"))
            files.expire_files(session.db, session.today)
            assert session.execute("SELECT count(*) FROM report_files").fetchone() == (1,)
        place.clock.move(days=1)
        with place.session() as session:
            assert files.expire_files(session.db, session.today) == 1
        return sealed

    assert b"%PDF" not in await place.storage.run(held)
    assert await place.storage.run(place.waiting) == []
