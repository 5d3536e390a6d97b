"""The picture of the progress: a real PNG, drawn elsewhere, sent once by the outbox."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from PIL import Image
from sqlite_utils import Database

from bot.app.tasks import Tasks
from bot.conversation.messages import Message
from bot.onboarding import notices
from bot.onboarding.enrolment import STEPS, DueDates, OnboardingPlan
from bot.onboarding.progress import Numbers, draw_progress, send_progress
from bot.outbox.notices import Built, NoticeContext, Notices
from bot.schedule.names import PROGRESS, RETENTION
from bot.storage.database import Storage
from bot.typesetting import typeset
from bot.typesetting.typeset import TypesetError
from tests.kits.onboarding import LIBRARY
from tests.kits.people import NOW
from tests.kits.registry import CALENDAR
from tests.kits.revision_commands import ALEX, world

DAY = date(2026, 11, 24)
BLUE, VERMILION = (0, 114, 178), (213, 94, 0)  # Okabe and Ito, « Color Universal Design », 2008


def numbers(total: int, *counts: int, late: int = 0) -> Numbers:
    return Numbers(total, tuple(zip(STEPS, counts, strict=True)), late)


def widths(png: bytes, colour: tuple[int, int, int]) -> list[int]:
    """Return how wide each bar of a colour is, from top to bottom."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    found: list[int] = []
    before = 0
    for y in range(image.height):
        row = sum(image.getpixel((x, y)) == colour for x in range(image.width))
        if row and not before:
            found.append(row)
        elif row:
            found[-1] = max(found[-1], row)
        before = row
    return found


def test_each_bar_is_as_long_as_its_number() -> None:
    png = draw_progress(numbers(8, 8, 6, 4, 2, 1, late=2), "Les accueils", DAY)
    bars = widths(png, BLUE)
    assert [round(8 * bar / bars[0]) for bar in bars] == [8, 6, 4, 2, 1]
    assert [round(8 * bar / bars[0]) for bar in widths(png, VERMILION)] == [2]


@pytest.mark.parametrize(
    "found", [numbers(0, 0, 0, 0, 0, 0), numbers(1, 1, 1, 1, 1, 1), numbers(12_345, *[9_999] * 5)]
)
def test_any_numbers_can_be_drawn(found: Numbers) -> None:
    image = Image.open(io.BytesIO(draw_progress(found, "L'été « ~ # $x$ \\ »", DAY)))
    assert image.format == "PNG"
    assert image.width > 600


def test_a_drawing_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset, "_PAGE", typeset._PAGE.with_name("absent.py"))
    with pytest.raises(TypesetError, match="mise en page"):
        draw_progress(numbers(0, 0, 0, 0, 0, 0), "x", DAY)
    monkeypatch.setattr(sys, "executable", "/nowhere")
    with pytest.raises(TypesetError):
        draw_progress(numbers(0, 0, 0, 0, 0, 0), "x", DAY)


@pytest.fixture
def storage() -> Iterator[Storage]:
    opened = Storage()
    yield opened
    opened.close()


async def test_the_errand_has_the_picture_sent_once_to_whoever_asked(storage: Storage) -> None:
    found = numbers(4, 4, 3, 2, 1, 1)
    for _ in range(2):  # a crash came before it was struck off
        await send_progress(
            storage,
            {"person": "p1", "id": "i1"},
            NOW,
            title="Les accueils",
            count=lambda _: found,
            calendar=CALENDAR,
        )

    def message() -> tuple[list[tuple[str, ...]], Built]:
        with storage.transaction() as db:
            rows = db.conn.execute("SELECT recipient, notice FROM outbox").fetchall()
            table = Notices(lambda: notices.notice_builders(LIBRARY, DueDates(OnboardingPlan(), CALENDAR)))
            return rows, table.build(NoticeContext(db, DAY), notices.PICTURE.name, {"id": "i1"})

    rows, sent = await storage.run(message)
    assert rows == [("person:p1", "accueil-image")]
    assert isinstance(sent, Message)
    assert sent.files()[0].name == "accueils-2026-11-24.png"
    assert "Quiz réussi\u00a0: 1 sur 4" in "\n".join(sent.own_words())


async def test_a_picture_that_was_asked_for_stays_through_its_day_and_not_the_next(tmp_path: Path) -> None:
    with world(tmp_path) as desk:
        await desk.enters(ALEX)
        assert "Lecture attestée" in await desk.said("accueil image")
        work = Tasks(desk.services, {}).work()

        def asked(db: Database) -> dict[str, str]:
            [(arguments,)] = db.conn.execute("SELECT arguments FROM due_tasks WHERE task = ?", (PROGRESS,))
            return dict(json.loads(arguments))

        def spend_the_night(db: Database) -> int:
            work.tasks[RETENTION](db, {}, desk.clock())
            return int(db["progress_pictures"].count)

        await work.errands[PROGRESS](await desk.run(asked), desk.clock())
        assert await desk.run(spend_the_night) == 1
        desk.clock.move(days=1)
        assert await desk.run(spend_the_night) == 0
