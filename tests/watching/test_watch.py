"""From a text that changed at its source to the outline that an administrator corrects, or not."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from bot.app.tasks import Tasks
from bot.conversation.messages import Message
from bot.policy import articles
from bot.policy.articles import Version
from bot.revision import dropped_texts, revisions
from bot.schedule.names import WATCH
from bot.storage import state
from bot.watching.observed import check_source
from tests.kits.docx_files import policy_as_docx
from tests.kits.pdf_files import policy_as_pdf
from tests.kits.registry import ADMIN
from tests.kits.revision_commands import (
    ALEX,
    CORRECTED,
    REVISED,
    SECOND,
    TEXT,
    World,
    assemble,
    words,
    world,
)
from tests.watching.pages import markdown_as_html, on_a_site
from tests.watching.website import Website, opened

UNCERTAIN = """# Règlement du club

## ARTICLE 1 : LE CLUB

1.1 Le club se nomme Les Grimpettes.

1.2 Son siège est au gymnase.

1.5 Le fanion est bleu.
"""
CHANGED, BROKEN, MENDED = "À sa source", "ne se lit pas", "se lit de nouveau"


@pytest.fixture
async def site() -> AsyncIterator[Website]:
    async with opened() as made:
        made.content = TEXT.encode()
        yield made


@pytest.fixture
def desk(site: Website, tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, source=site.at()) as made:
        yield made


async def look(desk: World) -> None:
    """Do the day's look, then send what is to be sent, and go on to the next day."""
    day = desk.today.isoformat()
    await Tasks(desk.services, {}).work().errands[WATCH]({"day": day}, desk.clock())
    await desk.beat()
    desk.clock.move(days=1)


def told(desk: World) -> list[str]:
    """Return the titles of what an administrator received about the source."""
    titles = (text.splitlines()[0] for text in desk.arrived(ADMIN))
    return [title for title in titles if "source" in title]


async def kept(desk: World) -> list[str]:
    """Return the names of the files that wait to be corrected."""
    return [name for _, name in await desk.run(dropped_texts.waiting)]


async def test_a_text_that_changed_is_kept_and_told_once_to_the_administration(
    site: Website, desk: World
) -> None:
    await look(desk)
    assert told(desk) == []
    assert await kept(desk) == []
    site.content = REVISED.encode()
    await look(desk)
    await look(desk)
    assert [CHANGED in title for title in told(desk)] == [True]
    assert desk.arrived(SECOND)
    assert await kept(desk) == ["politique.md"]
    assert desk.arrived(ALEX) == []
    assert await desk.run(lambda db: revisions.list_revisions(db, "pa20")) == []
    library = desk.services.library
    assert library.current(library.default).markdown == TEXT


async def test_its_button_opens_the_outline_to_correct_then_to_propose(site: Website, desk: World) -> None:
    site.content = REVISED.encode()
    await look(desk)
    [(token, _)] = await desk.run(dropped_texts.waiting)
    reply = await desk.ask(f"revision lecture {token}")
    assert "ce que j'ai lu" in words(reply)
    for label in ("Tout le reste est bien lu", "C'est bien lu", "C'est juste"):
        if any(label in button.label for button in message(reply).buttons()):
            reply = await desk.press(reply, label)
    assert (await desk.last()).text == REVISED
    assert await kept(desk) == []
    await look(desk)
    assert len(told(desk)) == 1


def message(reply: object) -> Message:
    assert isinstance(reply, Message)
    return reply


async def test_a_member_cannot_open_it(site: Website, desk: World) -> None:
    site.content = REVISED.encode()
    await look(desk)
    [(token, _)] = await desk.run(dropped_texts.waiting)
    assert "ce que j'ai lu" not in await desk.said(f"revision lecture {token}", ALEX)


async def test_words_count_and_not_bytes(site: Website, desk: World) -> None:
    site.content = b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").replace("'", "\u2019").encode()
    await look(desk)
    site.content = TEXT.replace(" ", "  ", 20).encode()
    await look(desk)
    assert await kept(desk) == []


async def test_each_other_text_is_told_and_none_twice(site: Website, desk: World) -> None:
    for text in (REVISED, CORRECTED, REVISED, TEXT, CORRECTED):
        site.content = text.encode()
        await look(desk)
    assert len(told(desk)) == 2


async def test_a_text_that_someone_proposed_already_is_not_told(site: Website, desk: World) -> None:
    await desk.drop(REVISED)
    site.content = REVISED.encode()
    await look(desk)
    assert await kept(desk) == []
    assert told(desk) == []


async def test_a_text_that_was_thrown_away_does_not_come_back(site: Website, desk: World) -> None:
    site.content = REVISED.encode()
    await look(desk)
    [(token, _)] = await desk.run(dropped_texts.waiting)
    await desk.run(lambda db: dropped_texts.discard(db, token))
    await look(desk)
    assert await kept(desk) == []


async def test_a_file_that_someone_corrects_keeps_what_was_decided(site: Website, desk: World) -> None:
    reply = await desk.drop_alone(UNCERTAIN, name="politique.md")
    await desk.press(await desk.press(reply, "Une révision de la PA20"), "Suite de la ligne")
    [(token, _)] = await desk.run(dropped_texts.waiting)
    before = await desk.run(lambda db: dropped_texts.find(db, token))
    assert before
    assert before.decisions
    site.content = UNCERTAIN.encode()
    await look(desk)
    assert len(told(desk)) == 1
    assert await desk.run(lambda db: dropped_texts.find(db, token)) == before


@pytest.mark.parametrize("made", [partial(policy_as_docx, way="styles"), policy_as_pdf], ids=["Word", "PDF"])
async def test_word_and_pdf_are_read_by_their_content(
    site: Website, desk: World, made: Callable[[Version], bytes]
) -> None:
    site.content = made(desk.services.library.version("pa20", "2015-12-13"))
    await look(desk)
    assert told(desk) == []
    revised = articles.parse(REVISED, policy="pa20", adopted=date(2026, 11, 20))
    site.content = made(revised)
    await look(desk)
    assert len(told(desk)) == 1


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/statuts", {"ETag": '"v1"'}),
        ("/statuts.php", {"Last-Modified": "Sun, 01 Nov 2026 12:00:00 GMT"}),
        ("/statuts.pdf", {"Content-Type": "application/pdf; charset=utf-7"}),
        ("/par-morceaux", {}),
    ],
    ids=["ETag", "Last-Modified", "wrong type", "chunked, and neither"],
)
async def test_a_page_of_a_site_is_proposed_once_for_its_text(
    site: Website, tmp_path: Path, path: str, headers: dict[str, str]
) -> None:
    site.headers = headers
    with world(tmp_path, source=site.at(path)) as desk:
        for text, day, expected in ((TEXT, "1", 0), (TEXT, "2", 0), (REVISED, "3", 1), (REVISED, "4", 1)):
            site.content = on_a_site(markdown_as_html(text), f"le {day} mai").encode()
            site.headers = {name: value.replace("1", day) for name, value in headers.items()}
            await look(desk)
            assert len(told(desk)) == expected
        assert await kept(desk) == [path[1:]]
        [(token, _)] = await desk.run(dropped_texts.waiting)
        dropped = await desk.run(lambda db: dropped_texts.find(db, token))
        assert dropped
        assert "Aller au contenu" not in dropped.document.markdown
        assert "Merci!" not in dropped.document.markdown


async def test_a_page_is_read_in_the_encoding_that_its_server_names(site: Website, desk: World) -> None:
    page = on_a_site(markdown_as_html(TEXT)).replace("UTF-8", "x-inconnu")
    site.content = page.encode("windows-1252")
    site.headers = {"Content-Type": "text/html; charset=ISO-8859-1"}
    await look(desk)
    assert told(desk) == []


async def test_a_page_that_is_no_policy_any_more_is_told_once(site: Website, desk: World) -> None:
    site.content = on_a_site("<h1>Page introuvable</h1><p>Elle a été déplacée.</p>").encode()
    for _ in range(2):
        await look(desk)
    assert [BROKEN in title for title in told(desk)] == [True]
    assert "ni article ni numéro" in desk.arrived(ADMIN)[-1]


# --- What prevents it -------------------------------------------------------------------------


async def test_an_outage_is_told_once_and_its_end_once(site: Website, desk: World) -> None:
    site.status = 404
    for _ in range(3):
        await look(desk)
    assert [BROKEN in title for title in told(desk)] == [True]
    assert "404" in desk.arrived(ADMIN)[-1]
    site.status = 200
    for _ in range(2):
        await look(desk)
    assert [MENDED in title for title in told(desk)] == [False, True]


async def test_a_failure_that_passes_is_told_the_second_day(site: Website, desk: World) -> None:
    for status in (500, 200, 500):
        site.status = status
        await look(desk)
    assert told(desk) == []
    await look(desk)
    assert [BROKEN in title for title in told(desk)] == [True]


async def test_an_outage_that_ends_before_it_is_told_is_not_told_to_be_over(
    site: Website, desk: World
) -> None:
    desk.clock.set("2026-11-28T09:00:00Z")  # a Saturday, when nobody is told anything
    site.status = 404
    await look(desk)
    site.status = 200
    await look(desk)
    assert desk.today == date(2026, 11, 30)
    await look(desk)
    desk.clock.move(hours=10)
    await desk.beat()
    assert told(desk) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<!doctype html><html><body><p>Politique</p></body></html>", "page Web"),
        (b"\x89PNG\r\n\x1a\n0000", "image"),
        (b"", "vide"),
        (b"%PDF-1.7 \x00\x00", "PDF"),
        (b"PK\x03\x04 \x00", "abîmé"),
    ],
)
async def test_what_is_no_document_is_told_once_until_it_is_one(
    site: Website, desk: World, content: bytes, reason: str
) -> None:
    site.headers, site.content = {"ETag": '"mauvais"'}, content
    await look(desk)
    await look(desk)
    assert [BROKEN in title for title in told(desk)] == [True]
    assert reason in desk.arrived(ADMIN)[-1]
    assert await kept(desk) == []
    site.headers, site.content = {"ETag": '"bon"'}, TEXT.encode()
    await look(desk)
    assert len(told(desk)) == 2


async def test_the_diagnostic_tells_how_the_last_look_went(site: Website, desk: World) -> None:
    async def findings() -> list[tuple[str, str]]:
        seen = await desk.run(lambda db: list(check_source(db, site.at())))
        return [(finding.level, finding.text) for finding in seen]

    assert [level for level, _ in await findings()] == ["avis"]
    await look(desk)
    assert await findings() == [("ok", "regardée le 24\u00a0novembre\u00a02026.")]
    site.status = 404
    await look(desk)
    [(level, text)] = await findings()
    assert level == "erreur"
    assert "404" in text
    assert await desk.run(lambda db: list(check_source(db, None))) == []


# --- A restart, a restored copy ---------------------------------------------------------------


async def test_a_restart_tells_nothing_twice(site: Website, tmp_path: Path) -> None:
    with world(tmp_path, source=site.at(), database=tmp_path / "v.db") as desk:
        site.content = REVISED.encode()
        await look(desk)
        site.status = 404
        await look(desk)
        assert len(told(desk)) == 2
        again = assemble(desk.storage, desk.clock, desk.volume, source=site.at())
        await look(again)
        site.status = 200
        await look(again)
        assert [MENDED in title for title in told(again)] == [True]


async def test_what_a_restored_copy_may_have_told_is_held(site: Website, desk: World) -> None:
    site.content = REVISED.encode()
    await desk.run(lambda db: state.hoist(db, state.RESTORED, desk.clock()))
    desk.clock.move(days=-1)  # the look that was due before the restoration
    await look(desk)
    assert told(desk) == []
    held = await desk.run(
        lambda db: db.conn.execute("SELECT count(*) FROM outbox WHERE state = 'held'").fetchone()[0]
    )
    assert held > 0


async def test_another_source_begins_again_but_for_the_texts_that_were_told(
    site: Website, desk: World
) -> None:
    site.headers, site.content = {"ETag": '"v1"'}, REVISED.encode()
    await look(desk)
    site.path = "/documents/pa20.md"
    moved = assemble(desk.storage, desk.clock, desk.volume, source=site.at())
    await look(moved)
    assert "If-None-Match" not in site.asked[-1][1]
    assert told(moved) == []


# --- A folder ---------------------------------------------------------------------------------


def put(folder: Path, name: str, text: str, hour: int) -> None:
    """Write a file that was modified at that hour."""
    (folder / name).write_text(text, "utf-8")
    os.utime(folder / name, (hour * 3600, hour * 3600))


async def test_the_latest_file_of_a_folder_counts(tmp_path: Path) -> None:
    folder = tmp_path / "textes"
    folder.mkdir()
    put(folder, "ancien.html", on_a_site(markdown_as_html(CORRECTED)), 1)
    put(folder, "nouveau.md", TEXT, 2)
    put(folder, "~$nouveau.md", "x", 3)
    (folder / "archives").mkdir()
    with world(tmp_path, source=str(folder)) as desk:
        await look(desk)
        assert await kept(desk) == []
        put(folder, "PA20_2026.html", on_a_site(markdown_as_html(REVISED)), 4)
        await look(desk)
        await look(desk)
        assert await kept(desk) == ["PA20_2026.html"]
        assert len(told(desk)) == 1


async def test_a_folder_that_is_away_is_told_once(tmp_path: Path) -> None:
    with world(tmp_path, source=str(tmp_path / "textes")) as desk:
        await look(desk)
        await look(desk)
        assert [BROKEN in title for title in told(desk)] == [True]
        (tmp_path / "textes").mkdir()
        await look(desk)
        assert [MENDED in title for title in told(desk)] == [False, True]


async def test_without_the_setting_nothing_is_looked_at(site: Website, tmp_path: Path) -> None:
    with world(tmp_path) as desk:
        await look(desk)
    assert site.asked == []
