"""The published folder served by the bot: read-only, apart from the form, and made again by itself."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.app import unpublished
from bot.app.build import Bot
from bot.app.platforms import public_site
from bot.app.tasks import Tasks
from bot.configuration.settings_file import SettingsError
from bot.platforms.contract import PlatformError
from bot.policy.library import Library
from bot.schedule import names
from bot.settings import Settings, load
from bot.site import version_pdf
from bot.site.serving import PublicSite
from bot.typesetting.typeset import TypesetError
from tests.kits.people import NOW
from tests.kits.reports.chat import chatting
from tests.kits.reports.web import served
from tests.publication.publisher import Publisher, association

ROOT = Path(__file__).parents[2]
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


@pytest.mark.parametrize("path", ["club", "club/2024-02-01"])
async def test_an_address_typed_without_its_final_slash_leads_on(published: Path, path: str) -> None:
    async with serving(published) as (session, address):
        async with session.get(address + path, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (301, f"{path.rpartition('/')[2]}/")
        async with session.get(address + path) as answer:
            assert str(answer.url) == f"{address}{path}/"
            assert await answer.read() == (published / path / "index.html").read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "nulle-part",
        "/mal.exemple",
        "club/id",
        "nulle-part.html",
        ".vigie.json",
        ".nojekyll",
        "../secret.txt",
        "%2e%2e/secret.txt",
        "club/%2e%2e/%2e%2e/secret.txt",
        "lien.txt",
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


def test_a_folder_where_nothing_is_published_yet_is_not_said_to_hold_the_site(tmp_path: Path) -> None:
    [found] = unpublished.check_site(tmp_path / "public", tmp_path / "vigie.db")
    assert found.level == "ok"
    assert f"se publie dans {tmp_path / 'public'}, chaque nuit" in found.text


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


def night(folder: Path, site: Path, date: str, *before: str) -> list[str]:
    """Publish in a process of its own, as after a restart. Return what the administration is told so far."""
    words = [*before, sys.executable, "-m", "tests.publication.night", str(folder), str(site), date]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return list(json.loads(done.stdout))


def test_what_prevents_it_is_told_once_until_it_works_again_and_changes_nothing(tmp_path: Path) -> None:
    site = occupied(tmp_path / "public")
    first = night(tmp_path, site, "2026-11-24")
    assert len(first) == 1
    assert f"{site} contient autre chose qu'un site." in first[0]
    assert night(tmp_path, site, "2026-11-25") == first, "each night fails, and one message says so"
    assert held(site) == ["autre.txt"]
    (site / "autre.txt").unlink()
    assert night(tmp_path, site, "2026-11-26") == [""], "what was not sent yet has nothing to say any more"
    assert (site / "club/2.2.html").is_file()
    (site / ".vigie.json").unlink()
    assert len(night(tmp_path, site, "2026-11-27")) == 2


def test_a_folder_that_nobody_may_write_in_is_told_once_and_keeps_its_site(tmp_path: Path) -> None:
    place = tmp_path / "public"
    place.mkdir()
    demoted = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    assert night(tmp_path, place / "site", "2026-11-24") == []
    before = held(place / "site")
    place.chmod(0o500)
    try:
        first = night(tmp_path, place / "site", "2026-11-25", *demoted)
        assert len(first) == 1
        assert "ne peut pas être écrit" in first[0]
        assert "Vérifiez vos droits." in first[0]
        assert night(tmp_path, place / "site", "2026-11-26", *demoted) == first
    finally:
        place.chmod(0o700)
    assert (held(place), held(place / "site")) == (["site"], before)
    assert night(tmp_path, place / "site", "2026-11-27") == [""]


APART = ("/usr/bin/unshare", "-rm")  # where one may mount a disk
SMALL_DISK = """
set -e
mount -t tmpfs -o size={size} none {place}
{night} 2026-11-24; {night} 2026-11-25; ls -A {place}
mount -o remount,size=64m {place}
{night} 2026-11-26; ls {place}/site/club/2.2.html
"""


def test_a_disk_that_is_full_is_told_once_and_published_on_when_there_is_room(tmp_path: Path) -> None:
    """On a small disk of its own, where the machine lets one mount it."""
    if subprocess.run([*APART, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a disk")
    place = tmp_path / "petit"
    place.mkdir()
    command = f"{sys.executable} -m tests.publication.night {tmp_path} {place}/site"
    script = SMALL_DISK.format(size="200k", place=place, night=command)
    done = subprocess.run(
        [*APART, "sh", "-c", script],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    first, second, third, published = done.stdout.splitlines()  # nothing is left on the disk meanwhile
    assert "le disque est plein" in first
    assert len(json.loads(first)) == 1
    assert second == first
    assert (json.loads(third), published) == ([""], f"{place}/site/club/2.2.html")


def test_with_a_port_alone_the_folder_is_beside_the_database(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"vigie_db": str(tmp_path / "v.db"), "vigie_site_port": 8801, "discord_token": "x"}
    )
    assert settings.site() == tmp_path / "site"
