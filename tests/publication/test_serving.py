"""The published folder served by the bot: read-only, apart from the form, and made again by itself."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.app.build import Bot
from bot.app.platforms import public_site
from bot.app.tasks import Tasks
from bot.configuration.settings_file import SettingsError
from bot.outbox.notices import NoticeContext
from bot.platforms.contract import PlatformError
from bot.policy.library import Library
from bot.schedule import names
from bot.settings import Settings, load
from bot.site import version_pdf
from bot.site.serving import PublicSite
from bot.storage.database import Storage
from bot.times import system_clock
from bot.typesetting.typeset import TypesetError
from tests.kits.people import NOW
from tests.kits.reports.chat import chatting
from tests.kits.reports.web import served
from tests.publication.publisher import CLUB, PROFILE, Publisher

FORM_PATHS = ("suivi", "relire", "envoyer", "corriger", "ajouter", "retirer")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Publisher(tmp_path_factory.mktemp("site"))
    made.publish()
    (made.folder / "secret.txt").write_text("secret")
    (made.site / "lien.txt").symlink_to(made.folder / "secret.txt")
    return made.site


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    site = PublicSite(folder, port=0)
    await site.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield session, site.address
    finally:
        await site.close()


async def test_pages_are_served_as_a_host_of_static_pages_does(published: Path) -> None:
    async with serving(published) as (session, address):
        for path, kind in {
            "": "text/html; charset=utf-8",
            "club/": "text/html; charset=utf-8",
            "club/2.2.html": "text/html; charset=utf-8",
            "club/2024-02-01/texte.json": "application/json; charset=utf-8",
            "club/2024-02-01/texte.pdf": "application/pdf",
            "revisions.atom": "application/atom+xml; charset=utf-8",
            "recherche.js": "text/javascript; charset=utf-8",
        }.items():
            async with session.get(address + path) as answer:
                name = f"{path}index.html" if path.endswith("/") or not path else path
                assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
                assert await answer.read() == (published / name).read_bytes()
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert "Set-Cookie" not in answer.headers
                etag = answer.headers["ETag"]
            async with session.get(address + path, headers={"If-None-Match": etag}) as again:
                assert again.status == 304


@pytest.mark.parametrize(
    "path",
    [
        "nulle-part.html",
        ".vigie.json",
        ".nojekyll",
        "../secret.txt",
        "%2e%2e/secret.txt",
        "club/%2e%2e/%2e%2e/secret.txt",
        "lien.txt",
        "club",
        "club/2.2.html/",
        "%00",
        "..%5csecret.txt",
    ],
)
async def test_nothing_else_is_reached(published: Path, path: str) -> None:
    async with serving(published) as (_, address):
        host, port = address.removeprefix("http://").strip("/").split(":")
        request = f"GET /{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request.encode())
        answer = await reader.read()
        writer.close()
    assert b"secret" not in answer
    assert answer.split(b" ")[1] in {b"400", b"404"}


async def test_it_only_reads(published: Path) -> None:
    async with serving(published) as (session, address):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            async with session.request(method, f"{address}club/2.2.html", data=b"x") as answer:
                assert answer.status == 405


async def test_neither_the_site_nor_the_form_reaches_the_other(published: Path, library: Library) -> None:
    with chatting(library) as chat:
        async with served(chat.reporting) as (visitor, _), serving(published) as (session, address):
            form = str(visitor.address)
            assert form.rstrip("/") != address.rstrip("/")
            for path in FORM_PATHS:
                async with session.get(address + path) as answer:
                    assert answer.status == 404
                async with session.post(address + path, data={"summary": "x"}) as answer:
                    assert answer.status == 405
            async with session.get(address) as page:
                assert "multipart/form-data" not in await page.text()
            for path in ("club/2.2.html", "recherche.html", "revisions.atom", "club/politique.json"):
                async with session.get(form.rstrip("/") + "/" + path) as answer:
                    assert answer.status == 404


def test_they_cannot_have_the_same_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_SITE_PORT", "8801")
    monkeypatch.setenv("VIGIE_SIGNALEMENT_PORT", "8801")
    with pytest.raises(SettingsError, match="VIGIE_SIGNALEMENT_PORT et VIGIE_SITE_PORT sont le même port"):
        load()


async def test_a_port_that_is_taken_is_said_by_its_setting(published: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        site = PublicSite(published, port=taken.getsockname()[1])
        with pytest.raises(PlatformError, match="VIGIE_SITE_PORT"):
            await site.start()


# --- By itself --------------------------------------------------------------------------------


def association(folder: Path, **settings: object) -> Bot:
    own = folder / "donnees"
    for day, text in CLUB.items():
        path = own / f"politique/club/{day}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (own / "profil.toml").write_text(
        PROFILE.format(default="club") + "\n[politiques.club]\npublique = true\n"
    )
    config = {"vigie_data": str(own), "vigie_db": str(folder / "vigie.db"), "discord_token": "x", **settings}
    return Bot(Settings.model_validate(config), Storage(), system_clock)


def occupied(folder: Path) -> Path:
    """Return a folder that holds something else than a site."""
    folder.mkdir()
    (folder / "autre.txt").write_text("x")
    return folder


def held(folder: Path) -> list[str]:
    """Return the names of what a folder holds."""
    return sorted(path.name for path in folder.iterdir())


async def queued_notices(bot: Bot) -> list[str]:
    """Return the names of the notices that wait."""

    def queued() -> list[str]:
        with bot.storage.transaction() as db:
            return [str(row["notice"]) for row in db.query("SELECT notice FROM outbox")]

    return await bot.storage.run(queued)


async def test_the_errand_publishes_in_the_folder_of_the_settings(tmp_path: Path) -> None:
    bot = association(tmp_path, vigie_site=str(tmp_path / "public"))
    await Tasks(bot, {}).work().errands[names.PUBLISH]({}, NOW)
    assert (tmp_path / "public/club/2.2.html").is_file()
    assert public_site(bot) is None, "without a port, another host serves it"
    bot.storage.close()


async def test_without_a_folder_the_errand_does_nothing(tmp_path: Path) -> None:
    bot = association(tmp_path)
    await Tasks(bot, {}).work().errands[names.PUBLISH]({}, NOW)
    assert held(tmp_path) == ["donnees"]
    bot.storage.close()


async def test_a_pdf_that_cannot_be_made_is_told_too_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> bytes:
        raise TypesetError("la mise en page a échoué.")

    monkeypatch.setattr(version_pdf, "typeset", fails)
    bot = association(tmp_path, vigie_site=str(tmp_path / "public"))
    await Tasks(bot, {}).work().errands[names.PUBLISH]({}, NOW)
    assert await queued_notices(bot) == ["site-non-publie"]
    assert held(tmp_path) == ["donnees"]
    bot.storage.close()


async def test_a_profile_that_was_broken_since_the_start_is_told_too(tmp_path: Path) -> None:
    bot = association(tmp_path, vigie_site=str(tmp_path / "public"))
    publish = Tasks(bot, {}).work().errands[names.PUBLISH]
    (tmp_path / "donnees" / "profil.toml").write_text("[", "utf-8")
    await publish({}, NOW)
    assert await queued_notices(bot) == ["site-non-publie"]
    assert held(tmp_path) == ["donnees"]
    bot.storage.close()


async def test_what_prevents_it_is_told_once_until_it_works_again_and_changes_nothing(tmp_path: Path) -> None:
    site = occupied(tmp_path / "public")
    bot = association(tmp_path, vigie_site=str(site))
    publish, now = Tasks(bot, {}).work().errands[names.PUBLISH], NOW

    async def told() -> list[str]:
        """Publish the next night, and return what the administration is told since the start."""
        nonlocal now
        now += timedelta(days=1)
        await publish({}, now)

        def messages() -> list[str]:
            with bot.storage.transaction() as db:
                context = NoticeContext(db, now.date())
                queued = db.query("SELECT recipient, notice, arguments FROM outbox ORDER BY due_at")
                built = [
                    bot.notices.build(context, row["notice"], json.loads(row["arguments"]))
                    for row in queued
                    if row["recipient"] == "role:administration"
                ]
            return ["" if message is None else str(message) for message in built]

        return await bot.storage.run(messages)

    first = await told()
    assert len(first) == 1
    assert f"{site} contient autre chose qu'un site." in first[0]
    assert await told() == first, "each night fails, and one message says so"
    assert held(site) == ["autre.txt"]
    (site / "autre.txt").unlink()
    assert await told() == [""], "what was not sent yet has nothing to say any more"
    assert (site / "club/2.2.html").is_file()
    (site / ".vigie.json").unlink()
    assert len(await told()) == 2
    bot.storage.close()


def test_with_a_port_alone_the_folder_is_beside_the_database(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"vigie_db": str(tmp_path / "v.db"), "vigie_site_port": 8801, "discord_token": "x"}
    )
    assert settings.site() == tmp_path / "site"
