"""The web form as someone uses it who has neither an account, nor cookies, nor scripts."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import html
import logging
import re
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import aiohttp
import pytest

from bot.platforms.contract import PlatformError
from bot.platforms.doorway import Doorway
from bot.policy.library import Library
from bot.reports import codes
from bot.reports.filing import MESSAGE_LENGTH, NAME_LENGTH, SUMMARY_LENGTH, Report, open_report
from bot.reports.intake import Reporting
from bot.reports.limits import REFUSAL
from bot.web import form
from bot.web.body import BODY_SIZE, PICTURE_SIZE
from bot.web.draft import DRAFT_SECONDS
from bot.web.form import HOST, WebForm
from tests.kits.effort import PATIENCE
from tests.kits.reports.chat import Chat, chatting
from tests.kits.reports.web import TYPED, Seen, Visitor, a_picture, served

PNG = a_picture()
PATHS = ("", "suivi", "style.css", "nulle-part", "relire", "envoyer")


@pytest.fixture
def chat(library: Library) -> Iterator[Chat]:
    with chatting(library) as chat:
        yield chat


@pytest.fixture
async def visitor(chat: Chat) -> AsyncIterator[Visitor]:
    async with served(chat.reporting) as (visitor, _):
        yield visitor


def filed(chat: Chat) -> list[tuple[Report, bytes | None]]:
    """Return the reports that were filed, each with its image."""

    def read() -> list[tuple[Report, bytes | None]]:
        with chat.reporting.session() as session:
            rows = session.execute("SELECT sealed, image FROM report_filings").fetchall()
            ring = session.ring
            return [(open_report(ring, sealed), image and ring.open(image)) for sealed, image in rows]

    return chat.storage.executor.submit(read).result()


def code_of(page: Seen) -> str:
    """Return the code that a page shows."""
    match = re.search(r'class="code">([^<]+)<', page.source)
    assert match
    return match[1]


def test_the_form_s_style_asks_for_nothing_elsewhere() -> None:
    css = (Path(form.__file__).parent / "form.css").read_text()
    assert "url(" not in css
    assert "@import" not in css


async def test_someone_reports_then_follows_answers_and_withdraws(visitor: Visitor, chat: Chat) -> None:
    first = await visitor.open()
    assert "Ne commentez pas la publication" in first.text
    assert "5.10" in first.text
    assert "utilisez un autre canal" in first.text
    reading = await visitor.fill({**TYPED, "named": ["conseiller-executif"], "urgent": "oui"}, PNG)
    assert reading.status == 200
    assert "Que vous étiez l'une des rares personnes au courant" in reading.text
    assert "<mark>J&#39;étais la seule</mark>" in reading.source
    assert "fbclid" not in reading.text
    assert filed(chat) == [], "nothing is sent before one says so"
    code = code_of(await visitor.press(reading, "envoyer"))
    [(report, image)] = filed(chat)
    assert (report.summary, report.urgent, report.implicated) == (
        TYPED["summary"],
        True,
        ("conseiller-executif",),
    )
    assert report.original == hashlib.sha256(PNG).hexdigest()
    assert image is not None
    assert image.startswith(b"\x89PNG")

    followed = await visitor.press(await visitor.open("suivi"), "suivi", code=code)
    assert "Reçu" in followed.text
    added = await visitor.press(followed, "ajouter", words="Elle est\r\nsupprimée.")
    assert "C'est ajouté" in added.text
    assert "Elle est<br>supprimée." in added.source
    gone = await visitor.press(added, "retirer")
    assert "retiré et détruit" in gone.text
    assert filed(chat) == []
    assert (await visitor.press(followed, "suivi")).status == 422


@pytest.mark.parametrize(
    ("named", "reached"),
    [
        (["vp-communications"], "Conseillère ou conseiller à l'exécutif"),
        (["vp-communications", "conseiller-executif"], "La suppléance"),
    ],
)
async def test_what_is_shown_once_more_says_to_whom_it_will_really_go(
    visitor: Visitor, named: list[str], reached: str
) -> None:
    reading = await visitor.fill({**TYPED, "recipient": "vp-communications", "named": named})
    after = reading.text.partition("À qui le transmettre")[2]
    assert after.strip().startswith(reached)


async def test_the_form_says_which_roles_receive_today_and_how_many_persons(
    visitor: Visitor, chat: Chat
) -> None:
    counted = (
        "Vice-présidence aux communications (1 personne), Conseillère ou conseiller à l'exécutif (1 pers"
    )
    page = await visitor.open()
    assert counted in html.unescape(page.source).replace("’", "'")
    for line in ("signalement", "signalement choix 001. c"):
        assert counted in await chat.said(line)
    assert "U0VP" not in page.source


async def test_what_is_added_is_shown_once_more_when_it_may_tell_who_writes(visitor: Visitor) -> None:
    code = code_of(await visitor.press(await visitor.fill(TYPED), "envoyer"))
    page = await visitor.press(await visitor.open("suivi"), "suivi", code=code)
    shown = await visitor.press(page, "ajouter", words="J'étais la seule\nà le savoir.")
    assert "<mark>J&#39;étais la seule</mark>" in shown.source
    assert "C'est ajouté" not in shown.text
    changed = await visitor.press(shown, "ajouter", words="Et J'étais la seule.")
    assert "C'est ajouté" not in changed.text, "it is not what was shown"
    added = await visitor.press(changed, "ajouter")
    assert "C'est ajouté" in added.text
    assert added.text.count("Et J'étais la seule.") == 1


async def test_every_text_has_room_in_the_browser_for_what_the_server_takes(visitor: Visitor) -> None:
    first = await visitor.open()
    lengths = dict(re.findall(r'name="(\w+)"[^>]*? maxlength="(\d+)"', first.source))
    assert lengths == {"address": "2000", "summary": str(SUMMARY_LENGTH), "name": str(NAME_LENGTH)}
    asking = await visitor.open("suivi")
    assert int(dict(re.findall(r'name="(\w+)"[^>]*? maxlength="(\d+)"', asking.source))["code"]) >= 200
    code = code_of(await visitor.press(await visitor.fill(TYPED), "envoyer"))
    page = await visitor.press(asking, "suivi", code=code)
    assert f'maxlength="{MESSAGE_LENGTH}"' in page.source


async def test_sent_twice_it_is_one_report_and_the_same_code(visitor: Visitor, chat: Chat) -> None:
    reading = await visitor.fill(TYPED)
    once, again = await asyncio.gather(visitor.press(reading, "envoyer"), visitor.press(reading, "envoyer"))
    assert once.text == again.text
    assert len(filed(chat)) == 1


async def number(visitor: Visitor) -> dict[str, str]:
    """Open the form, and return the number that it holds, as a browser sends it."""
    fields = dict((await visitor.open()).forms[0]["fields"])
    return {"draft": fields["draft"]}


@pytest.mark.parametrize("picture", [None, PNG], ids=["words", "picture"])
async def test_one_who_goes_back_and_sends_again_sends_the_same_report(
    visitor: Visitor, chat: Chat, picture: bytes | None
) -> None:
    """A browser's Back, then Reload, fills the form in again with the same values."""
    typed = {**TYPED, **await number(visitor)}
    once = await visitor.press(await visitor.fill(typed, picture), "envoyer")
    again = await visitor.press(await visitor.fill(typed, picture), "envoyer")
    assert code_of(again) == code_of(once)
    assert len(filed(chat)) == 1


async def test_another_report_from_the_same_form_is_another(visitor: Visitor, chat: Chat) -> None:
    reading = await visitor.fill({**TYPED, **await number(visitor)})
    once = await visitor.press(reading, "envoyer")
    corrected = await visitor.press(reading, "corriger")
    fields = {**TYPED, **dict(corrected.forms[0]["fields"]), "summary": "Autre chose."}
    other = await visitor.press(await visitor.fill(fields), "envoyer")
    assert code_of(other) != code_of(once)
    assert len(filed(chat)) == 2


async def test_the_code_is_pressed_once_to_be_selected_printed_alone_and_followed(visitor: Visitor) -> None:
    sent = await visitor.press(await visitor.fill(TYPED), "envoyer")
    style = (await visitor.open("style.css")).source
    assert "user-select: all" in re.search(r"\n\.code \{([^}]*)\}", style)[1]  # type: ignore[index]
    printed = style.partition("@media print")[2]
    assert "margin: 0" in printed, "a browser prints the hour and the address in the margin"
    assert re.search(r"nav,\s+\.screen \{\s+display: none", printed)
    followed = await visitor.press(sent, "suivi")
    assert "Reçu" in followed.text


async def test_other_channels_are_in_the_form_s_page(visitor: Visitor) -> None:
    page = await visitor.open()
    assert re.search(r"<details><summary>Autres canaux</summary>.*CNESST.*ombudsman", page.source, re.DOTALL)


async def test_two_people_who_type_the_same_have_a_code_each(visitor: Visitor) -> None:
    typed = [{**TYPED, **await number(visitor)}, {**TYPED, **await number(visitor)}, TYPED, TYPED]
    codes = {code_of(await visitor.press(await visitor.fill(each), "envoyer")) for each in typed}
    assert len(codes) == len(typed)


async def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(visitor: Visitor) -> None:
    back = await visitor.fill({**TYPED, "address": " ", "summary": "Deux\nlignes"})
    assert back.status == 422
    assert back.text.count("Donnez l'adresse de la publication") == 2, "at the top, and beside the field"
    assert 'aria-describedby="address-aide address-erreur"' in back.source
    fields = dict(back.forms[0]["fields"])
    assert (fields["address"], fields["summary"]) == ("", "Deux\nlignes")
    assert fields["severity"] == "serious"


async def test_what_has_a_default_is_folded_until_it_is_changed(visitor: Visitor) -> None:
    folded = re.compile(r"<details( open)?><summary>Par défaut.*?</details>", re.DOTALL)
    for values, shown in ((TYPED, None), ({**TYPED, "urgent": "oui"}, " open")):
        back = await visitor.press(await visitor.fill(values), "corriger")
        fold = folded.search(back.source)
        assert fold
        assert fold[1] == shown
        assert all(f'name="{name}"' in fold[0] for name in ("recipient", "urgent", "name"))
        assert 'name="named"' not in fold[0], "who is implicated has no safe default"


async def test_one_goes_back_to_correct_and_finds_everything_there(visitor: Visitor) -> None:
    reading = await visitor.fill({**TYPED, "named": ["vp-communications"], "urgent": "oui"})
    back = await visitor.press(reading, "corriger")
    assert ("named", "vp-communications") in back.forms[0]["fields"]
    fields = dict(back.forms[0]["fields"])
    assert fields["summary"] == TYPED["summary"]
    assert fields["urgent"] == "oui"


async def test_a_draft_that_is_too_old_is_read_again_before_it_is_sent(visitor: Visitor, chat: Chat) -> None:
    reading = await visitor.fill(TYPED, PNG)
    chat.clock.move(seconds=DRAFT_SECONDS + 1)
    late = await visitor.press(reading, "envoyer")
    assert "Si vous avez déjà vu vos neuf mots, c'est reçu" in late.text
    assert filed(chat) == []
    assert "Signalement reçu" in (await visitor.press(late, "envoyer")).text


@pytest.mark.parametrize("seal", ["", "AAAA", "é", "A" * 500])
async def test_a_draft_whose_seal_was_touched_is_read_again(visitor: Visitor, chat: Chat, seal: str) -> None:
    reading = await visitor.fill(TYPED)
    again = await visitor.press(reading, "envoyer", seal=seal)
    assert "relisez" in again.text
    assert filed(chat) == []


async def test_a_limit_is_said_to_all_in_the_same_words(visitor: Visitor, chat: Chat) -> None:
    while chat.reporting.limiter.take_from_web():
        pass
    refused = await visitor.press(await visitor.fill(TYPED), "envoyer")
    assert refused.status == 429
    assert " ".join(REFUSAL.split()) in refused.text


UNKNOWN = "académie élargir zoologie abaisser unanime ozone bénéfice fragile imbiber"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("", "j'en lis 0"),
        ("un deux trois", "un » n'en est pas"),
        ("x" * 5_000, "trop long"),
        ("\x00\u202e<script>", "script » n'en est pas"),
        (UNKNOWN.replace("ozone", "ozzone"), "ozzone » n'en est pas (peut-être « ozone »)"),
        (UNKNOWN.rpartition(" ")[0], "j'en lis 8"),
    ],
)
async def test_of_what_is_no_code_it_is_said_why_without_a_search_and_what_was_typed_stays(
    visitor: Visitor, chat: Chat, monkeypatch: pytest.MonkeyPatch, code: str, why: str
) -> None:
    def searched(*_: object) -> None:
        raise AssertionError("the storage was asked")

    page = await visitor.open("suivi")
    monkeypatch.setattr(chat.storage, "run", searched)
    wrong = await visitor.press(page, "suivi", code=code)
    assert wrong.status == 422
    assert why in wrong.text.replace("\u00a0", " ")
    typed = dict(wrong.forms[0]["fields"])["code"]
    assert typed == code.replace("\x00", "").replace("\u202e", "")[: codes.TYPED_CODE_LENGTH]


async def test_codes_that_open_nothing_are_answered_alike(visitor: Visitor) -> None:
    code = code_of(await visitor.press(await visitor.fill(TYPED), "envoyer"))
    page = await visitor.open("suivi")
    await visitor.press(await visitor.press(page, "suivi", code=code), "retirer")
    gone = await visitor.press(page, "suivi", code=code)
    unknown = await visitor.press(page, "suivi", code=UNKNOWN)
    assert gone.status == unknown.status == 422
    assert gone.source.replace(code, "") == unknown.source.replace(UNKNOWN, "")
    assert dict(unknown.forms[0]["fields"])["code"] == UNKNOWN


async def test_an_image_that_cannot_be_taken_costs_nothing_that_was_typed(visitor: Visitor) -> None:
    for picture in (b"GIF89a", PNG + bytes(PICTURE_SIZE)):
        back = await visitor.fill(TYPED, picture)
        assert back.status == 422
        assert dict(back.forms[0]["fields"])["summary"] == TYPED["summary"]
        assert "image" in back.text
    assert (await visitor.fill(TYPED, bytes(BODY_SIZE + 1))).status == 413


async def test_an_image_is_never_on_the_disk(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    reading = await visitor.fill(TYPED, a_picture((900, 700)))
    assert "Signalement reçu" in (await visitor.press(reading, "envoyer")).text


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)> & </textarea> \u202e \x00'


async def test_what_is_typed_is_only_ever_text(visitor: Visitor) -> None:
    typed = dict.fromkeys(TYPED, f"https://x.ca/ {HOSTILE}")
    for page in (
        await visitor.fill(typed),
        await visitor.fill({**typed, "address": HOSTILE}),
        await visitor.press(await visitor.fill(typed), "corriger"),
    ):
        assert "<script" not in page.source
        assert "<img" not in page.source
        assert "\u202e" not in page.source


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_is_protected_and_sets_nothing(visitor: Visitor, path: str) -> None:
    page = await visitor.open(path)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "script" not in policy
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Server"] == "vigie"
    assert "Set-Cookie" not in page.headers
    assert "Access-Control-Allow-Origin" not in page.headers
    assert "<script" not in page.source
    assert not re.search(r"""(?:href|src|action)=["']?(?:https?:)?//""", page.source)


async def test_it_serves_its_own_routes_and_no_others(visitor: Visitor) -> None:
    for path in (
        "metrics",
        "healthz",
        "slack/events",
        "api/say",
        "static/base.css",
        "%2e%2e/form.py",
        "suivi/x",
    ):
        assert (await visitor.open(path)).status == 404
    assert (await visitor.open("envoyer")).status == 405


def without_number(page: Seen) -> str:
    """Return the source of a form, but for the number drawn for it."""
    return re.sub('name="draft" value="[^"]*"', "", page.source)


async def test_whatever_host_is_named_the_page_is_the_same(visitor: Visitor) -> None:
    own = without_number(await visitor.open())
    for host in ("signaler.exemple.ca", "abcdef.onion", "evil.example:1", "localhost"):
        other = await visitor.open(Host=host)
        assert (other.status, without_number(other)) == (200, own)
        assert host not in str(other.headers)


async def test_what_another_site_has_a_browser_send_is_refused(visitor: Visitor) -> None:
    assert (await visitor.fill(TYPED, headers={"Sec-Fetch-Site": "cross-site"})).status == 403
    for own in ("same-origin", "none", ""):
        assert (await visitor.fill(TYPED, headers={"Sec-Fetch-Site": own})).status == 200


async def test_nothing_is_logged_of_who_asks_nor_of_what_they_write(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    forwarded = {"X-Forwarded-For": "203.0.113.7", "User-Agent": "Navigateur-unique/7"}
    await visitor.open(**forwarded)
    await visitor.fill({**TYPED, "name": "Zéphirine"}, headers=forwarded)

    def broken(_: Reporting, typed: Report, _recipients: Sequence[str]) -> None:
        raise RuntimeError(typed.summary)

    monkeypatch.setattr(Reporting, "review", broken)
    answer = await visitor.fill({**TYPED, "summary": "secret-de-Zéphirine"}, headers=forwarded)
    assert (answer.status, "Rien n'a été enregistré" in answer.text) == (500, True)
    written = "\n".join(record.getMessage() + str(record.exc_info) for record in caplog.records)
    for unwanted in ("203.0.113.7", "Navigateur-unique", "Zéphirine", "facebook", "secret-de"):
        assert unwanted not in written
    assert "RuntimeError at" in written


async def test_it_listens_on_this_machine_only_and_says_when_its_port_is_taken(chat: Chat) -> None:
    async with served(chat.reporting) as (_, form):
        assert form.address.startswith(f"http://{HOST}:")
        second = WebForm(chat.reporting, port=int(form.address[:-1].rpartition(":")[2]))
        with pytest.raises(PlatformError, match="VIGIE_SIGNALEMENT_PORT"):
            await second.start()


# --- Connections that say nothing, or too slowly


async def _hello(_: aiohttp.web.Request) -> aiohttp.web.Response:
    return aiohttp.web.Response(text="bonjour")


async def _slowly(port: int, first: bytes) -> bytes:
    """Connect, say `first`, then nothing; return what came before the connection was closed."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(first)
    try:
        async with asyncio.timeout(PATIENCE):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("first", [b"GET /\x00 HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"])
async def test_what_is_not_a_request_leaves_no_line_in_the_log(
    first: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    app = aiohttp.web.Application()
    door = Doorway(app, HOST, 0, head=1)
    await door.open("VIGIE_SIGNALEMENT_PORT")
    try:
        with caplog.at_level(logging.DEBUG):
            answered = await _slowly(door.port, first)
    finally:
        await door.close()
    assert b" 400 " in answered
    assert not [record for record in caplog.records if record.name.startswith("aiohttp")]
    assert "request" not in caplog.text.lower()


@pytest.mark.attack("Connexions tenues ouvertes")
@pytest.mark.parametrize(
    "first", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"]
)
async def test_a_connection_that_is_too_slow_is_closed(first: bytes) -> None:
    app = aiohttp.web.Application()

    async def swallow(request: aiohttp.web.Request) -> aiohttp.web.Response:
        await request.read()
        return aiohttp.web.Response()

    app.router.add_post("/", swallow)
    door = Doorway(app, HOST, 0, head=0.1, whole=0.3)
    await door.open("VIGIE_SIGNALEMENT_PORT")
    try:
        assert b"200" not in await _slowly(door.port, first)
    finally:
        await door.close()


@pytest.mark.attack("Connexions tenues ouvertes")
async def test_who_is_slow_to_ask_is_not_dropped_for_those_who_ask_nothing() -> None:
    app = aiohttp.web.Application()
    app.router.add_get("/", _hello)
    door = Doorway(app, HOST, 0, connections=4, head=3_600, whole=3_600)
    await door.open("VIGIE_SIGNALEMENT_PORT")
    try:
        reader, writer = await asyncio.open_connection(HOST, door.port)
        writer.write(b"GET / HTTP/1.1\r\nX: ")
        await writer.drain()
        silent = [await asyncio.open_connection(HOST, door.port) for _ in range(12)]
        async with asyncio.timeout(PATIENCE):
            for reader_of_one, _ in silent[:10]:
                with contextlib.suppress(ConnectionError):
                    assert await reader_of_one.read() == b"", "the first of those who ask nothing make room"
            writer.write(b"x\r\nHost: x\r\n\r\n")
            assert b"200" in await reader.readline()
        for _, one in (*silent, (reader, writer)):
            one.close()
    finally:
        await door.close()


@pytest.mark.attack("Connexions tenues ouvertes")
async def test_one_connection_more_than_allowed_takes_the_place_of_the_slowest() -> None:
    app = aiohttp.web.Application()
    app.router.add_get("/", _hello)
    door = Doorway(app, HOST, 0, connections=4, head=3_600, whole=3_600)
    await door.open("VIGIE_SIGNALEMENT_PORT")
    try:
        held = []
        for sent in (b"GET / HTTP/1.1\r\nX: " + b"x" * 7_000 + b"\r\n", b"GET"):
            reader, writer = await asyncio.open_connection(HOST, door.port)
            writer.write(sent)
            held.append((reader, writer))
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
            async with session.get(f"http://{HOST}:{door.port}/") as answer:
                assert await answer.text() == "bonjour"
            with contextlib.suppress(ConnectionError):
                assert await held[1][0].read() == b"", "the one that said the least made room"
            held[0][1].write(b"Host: x\r\n\r\n")
            assert b"200" in await held[0][0].readline()
        for _, writer in held:
            writer.close()
    finally:
        await door.close()
