"""A revision announced before its day, withdrawn before it or after: in chat, in channels and on the site."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any, NoReturn

import pytest

from bot.app import publication
from bot.app.publication import publish_site, quoter
from bot.assistants import texts
from bot.assistants.texts import Texts
from bot.conversation.messages import Message, Quotation
from bot.outbox import rows
from bot.people import persons, roles
from bot.settings import SEED
from bot.storage.database import PassingError
from tests.kits.registry import ADMIN
from tests.kits.revision_commands import (
    ALEX,
    CHANNEL,
    CORRECTED,
    REVISED,
    SECOND,
    World,
    assemble,
    command,
    commands,
    words,
    world,
)

ADDRESS = "https://politiques.exemple.ca"
SITE = "pa20/2026-11-20/5.10.html"
DAY = "1er\u00a0mars\u00a02027"
NEW_CLAUSE = f"{REVISED.rstrip()}\n\n- 7.4 Les images produites par un logiciel le disent.\n"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """Return the settings of a bot that publishes its policy."""
    own = tmp_path / "donnees"
    own.mkdir()
    profile = (SEED / "profil.toml").read_text("utf-8")
    (own / "profil.toml").write_text(f"{profile}\n[politiques.pa20]\npublique = true\n", "utf-8")
    return {
        "vigie_db": str(tmp_path / "vigie.db"),
        "vigie_site": str(tmp_path / "site"),
        "vigie_adresse_site": ADDRESS,
    }


@pytest.fixture
def desk(tmp_path: Path, settings: dict[str, Any]) -> Iterator[World]:
    with world(tmp_path, database=tmp_path / "vigie.db", **settings) as made:
        yield made


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site"


def page(site: Path, path: str) -> str:
    """Return what a page says."""
    html = re.sub(r"<[^>]+>", " ", (site / path).read_text("utf-8"))
    return " ".join(unescape(html).replace("\u00a0", " ").split())


def entries(site: Path) -> dict[str, tuple[str, str]]:
    """Return the entries of the feed by title, each with its day and its summary."""
    _, *entries = (site / "revisions.atom").read_text("utf-8").replace("\u00a0", " ").split("<entry>")
    tags = ("title", "updated", "summary")
    rows = [[entry.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0] for tag in tags] for entry in entries]
    return {title: (moment.partition("T")[0], summary) for title, moment, summary in rows}


def in_channel(desk: World) -> list[str]:
    """Return what the channel of announcements received."""
    return desk.posts["discord"].received.get(f"channel:{CHANNEL}", [])


async def beat(desk: World) -> None:
    """Let the clock and the outbox do what is due, and the site be published."""
    await desk.beat()
    await asyncio.gather(*desk.schedule._errands.values())


def pages(site: Path) -> set[str]:
    """Return the paths of the pages of the site."""
    return {path.relative_to(site).as_posix() for path in site.rglob("*.html")}


async def announced(desk: World, text: str = REVISED) -> Message:
    """Approve a text for the first of March, and announce it ahead."""
    approved = await desk.approve(text, effective="2027-03-01")
    asked = await desk.press(approved, "L'annoncer dès maintenant")
    assert "D'ici là, rien ne change." in words(asked), "one reads what the channel will"
    assert "Les avis à chaque personne et «\u00a0J'ai lu\u00a0» restent pour le" in words(asked)
    reply = await desk.press(asked, "L'annoncer")
    assert isinstance(reply, Message)
    await beat(desk)
    return reply


async def test_what_is_scheduled_is_the_administrations_alone(desk: World, site: Path) -> None:
    await desk.enters(ALEX)
    await desk.approve(REVISED, effective="2027-03-01")
    await desk.run(desk.archive.reread)
    await desk.schedule.work.errands["publication"]({}, desk.clock())
    assert not (site / SITE).exists()
    assert "2027" not in page(site, "pa20/versions.html")
    assert DAY not in await desk.said("versions", ALEX)
    assert DAY not in await desk.said("nouveautes", ALEX)
    read = await desk.ask("politique 5.10 --date 2027-04-01", ALEX)
    assert isinstance(read, Message)
    assert {quote.version for quote in read.quotes()} == {"2015-12-13"}
    library = desk.services.library_on(desk.today)
    known = Texts(library, lambda _: "")
    assert [each.status.value for each in texts.list_policies(known).policies[0].versions] == ["en vigueur"]
    assert "prend effet le 1er" in await desk.said(f"revision voir {(await desk.last()).id}")


async def test_once_announced_ahead_it_is_to_come_in_chat_and_nobody_is_asked_anything(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await beat(desk)
    before = len(desk.arrived(ALEX))
    assert "La révision est annoncée" in words(await announced(desk))
    [message] = in_channel(desk)
    assert f"La PA20 sera révisée le {DAY}" in message
    assert f"en vigueur à compter du {DAY}\u00a0: une clause modifiée." in message
    assert len(desk.arrived(ALEX)) == before
    news = await desk.ask("nouveautes", ALEX)
    assert f"À venir\u00a0: une révision, en vigueur à compter du {DAY}." in words(news)
    changes = await desk.press(news, "Ce qui changera", ALEX)
    assert "votre avis viendra ce jour-là" in words(changes)
    assert not any(" lu " in line for line in commands(changes))
    assert "ce qui changera" in words(await desk.ask("nouveautes lu pa20 2026-11-20", ALEX))
    assert f"prendra effet le {DAY}" in await desk.said("versions", ALEX)
    now = await desk.ask("politique 5.10", ALEX)
    assert isinstance(now, Message)
    assert {quote.version for quote in now.quotes()} == {"2015-12-13"}, "what is in force is still said"


async def test_its_words_are_quoted_as_to_come_and_lead_to_their_page(desk: World, site: Path) -> None:
    await announced(desk)
    shown = await desk.ask("nouveautes pa20 2026-11-20", ALEX)
    assert isinstance(shown, Message)
    own: list[Quotation] = [
        quoter(desk.services)(quote) for quote in shown.quotes() if quote.version != "2015-12-13"
    ]
    assert [each.caption.replace("\u00a0", " ") for each in own] == [
        "PA20, 5.10, à venir, à compter du 1er mars 2027"
    ]
    assert [each.address for each in own] == [f"{ADDRESS}/{SITE}"]
    assert "À venir, à compter du 1er mars 2027" in page(site, SITE)
    then = await desk.ask("politique 5.10 --date 2027-03-01", ALEX)
    assert isinstance(then, Message)
    assert {quote.version for quote in then.quotes()} == {"2026-11-20"}


async def test_it_is_on_the_site_at_once_with_the_day_of_its_announcement(desk: World, site: Path) -> None:
    await announced(desk)
    assert "Une version est à venir, à compter du 1er mars 2027" in page(site, "pa20/index.html")
    number = page(site, "pa20/5.10.html")
    assert "À compter du 1er mars 2027, 5.10 dira" in number
    assert "négatives… ( voir ce qui changera )." in number
    entry = entries(site)["PA20 : version du 20 novembre 2026"]
    assert entry == ("2026-11-24", "À venir, à compter du 1er mars 2027. Une clause modifiée.")
    assert "<updated>2026-11-24T12:00:00Z</updated>" in (site / "revisions.atom").read_text()
    calendar = (site / "calendrier.ics").read_text()
    assert "DTSTART;VALUE=DATE:20270301" in calendar
    assert "DTSTAMP:20261124" in calendar
    data = json.loads((site / "pa20/2026-11-20/texte.json").read_text())
    assert (data["status"], data["announced"]) == ("à venir", "2026-11-24")
    assert (site / "pa20/2026-11-20/texte.akn.xml").is_file()


async def test_an_assistant_reads_it_as_to_come(desk: World) -> None:
    await announced(desk)
    library = desk.services.library_on(desk.today)
    known = Texts(library, lambda _: "")
    assert [each.status.value for each in texts.list_policies(known).policies[0].versions] == [
        "en vigueur",
        "à venir",
    ]
    policy = library.default
    compared = texts.compare_versions(known, policy, desk.today, policy.coming[0].since)
    assert {after.status.value for change in compared.changes for after in change.after} == {"à venir"}


async def test_it_is_announced_once_however_often_one_presses_or_starts_again(
    desk: World, settings: dict[str, Any]
) -> None:
    await announced(desk)
    own = (await desk.last()).id
    assert "déjà annoncée" in await desk.said(f"revision annoncer {own}")
    assert "annoncée pour le" in await desk.said(f"revision voir {own}")
    assert "L'annoncer" not in str(await desk.ask(f"revision voir {own}"))
    again = assemble(desk.storage, desk.clock, desk.volume, **settings)
    again.posts = desk.posts
    await again.beat()
    assert len(in_channel(again)) == 1
    assert "Ce qui changera" in str(await again.ask("nouveautes", ALEX))
    assert not (desk.volume / "politique/pa20/2026-11-20.md").exists(), "a text to come is in no file"


async def test_on_its_day_it_is_in_force_and_each_person_is_told(desk: World, site: Path) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await announced(desk)
    desk.clock.set("2027-03-01T14:00:00Z")
    await beat(desk)
    assert any("La PA20 a été révisée" in text for text in desk.arrived(ALEX))
    assert [("sera révisée" in text, "a été révisée" in text) for text in in_channel(desk)] == [
        (True, False),
        (False, True),
    ]
    assert entries(site)["PA20 : version du 20 novembre 2026"][0] == "2027-03-01"
    assert "En vigueur depuis le 1er mars 2027" in page(site, "pa20/index.html")
    assert "À venir" not in await desk.said("nouveautes", ALEX)


# --- Withdrawn --------------------------------------------------------------------------------


async def withdrawn(desk: World) -> str:
    """Withdraw the last revision, and return what is answered."""
    asked = await desk.ask(f"revision retirer {(await desk.last()).id}")
    reply = words(await desk.press(asked, "Retirer"))
    await beat(desk)
    return f"{words(asked)}\n{reply}"


async def test_its_withdrawal_is_said_where_it_was_announced(desk: World, site: Path) -> None:
    await announced(desk, NEW_CLAUSE)
    published = pages(site)
    assert "pa20/7.4.html" in published
    desk.clock.move(days=3)
    assert "La retirer se dira là où elle l'a été" in await withdrawn(desk)
    assert f"La révision de la PA20 annoncée pour le {DAY} est retirée" in in_channel(desk)[-1]
    listed = entries(site)
    assert listed["PA20 : la version du 20 novembre 2026, à venir, est retirée"] == (
        "2026-11-27",
        "Annoncée le 24 novembre 2026 pour le 1er mars 2027, elle ne prendra pas effet.",
    )
    assert len(listed) == 2
    assert "Retirée le 27 novembre 2026, avant de prendre effet." in page(site, "pa20/versions.html")
    left = pages(site)
    assert published <= left, "no address is lost"
    for path in ("pa20/7.4.html", SITE, "pa20/id/2026-11-20/7.4.html", "pa20/2026-11-20/index.html"):
        assert "versions.html#retiree-2026-11-20" in (site / path).read_text(), path
    assert "à venir" not in page(site, "pa20/index.html")
    assert DAY not in await desk.said("versions", ALEX)
    assert "À venir" not in await desk.said("nouveautes pa20 2026-11-20", ALEX)
    old_button = await desk.ask("politique pa20@2026-11-20:5.10", ALEX)
    assert isinstance(old_button, Message)
    assert {quote.version for quote in old_button.quotes()} == {"2015-12-13"}


async def test_what_no_channel_was_told_yet_is_not_told_to_be_withdrawn(desk: World) -> None:
    desk.clock.set("2026-11-25T03:00:00Z")  # at night
    await announced(desk)
    assert in_channel(desk) == []
    await withdrawn(desk)
    desk.clock.set("2026-11-25T15:00:00Z")
    await beat(desk)
    assert in_channel(desk) == []


async def test_the_button_of_what_is_withdrawn_says_so_and_shows_no_other_as_if_it_were_it(
    desk: World,
) -> None:
    await announced(desk)
    await withdrawn(desk)
    old = "nouveautes pa20 2026-11-20"
    gone = f"La révision annoncée pour le {DAY} est retirée\u00a0: elle ne prendra pas effet."
    assert words(await desk.ask(old, ALEX)).startswith(gone)
    await desk.approve(CORRECTED, adopted="2026-11-21")
    await beat(desk)
    shown = words(await desk.ask(old, ALEX))
    assert shown.startswith(f"{gone} Voici la dernière qui l'a fait.")
    assert "5.12, corrigée" in shown
    assert gone not in await desk.said("nouveautes", ALEX)


async def test_what_nobody_was_told_yet_leaves_no_trace_when_it_is_withdrawn(desk: World, site: Path) -> None:
    approved = await desk.approve(REVISED, effective="2027-03-01")
    await desk.press(await desk.press(approved, "L'annoncer dès maintenant"), "L'annoncer")
    assert "Personne n'en a rien reçu" in await withdrawn(desk)
    await desk.schedule.work.errands["publication"]({}, desk.clock())
    assert in_channel(desk) == []
    assert set(entries(site)) == {"PA20 : version du 13 décembre 2015"}
    assert "2026" not in page(site, "pa20/versions.html")


async def test_what_was_published_by_hand_while_the_bot_was_stopped_keeps_its_addresses(
    desk: World, site: Path
) -> None:
    approved = await desk.approve(NEW_CLAUSE, effective="2027-03-01")
    await desk.press(await desk.press(approved, "L'annoncer dès maintenant"), "L'annoncer")
    for _ in range(2):  # no beat: the bot is stopped
        publish_site(desk.services, site)
    published = pages(site)
    assert SITE in published
    assert "C'est dit là où elle était annoncée." in await withdrawn(desk)
    left = pages(site)
    assert published <= left, "no address is lost"
    assert "versions.html#retiree-2026-11-20" in (site / SITE).read_text()
    assert in_channel(desk) == [], "no channel was told that it would come"


async def test_what_another_policy_publishes_is_no_announcement_of_one_that_is_not_public(
    settings: dict[str, Any], site: Path, tmp_path: Path
) -> None:
    own = tmp_path / "donnees"
    profile = (own / "profil.toml").read_text("utf-8").replace("[politiques.pa20]", "[politiques.club]")
    (own / "profil.toml").write_text(profile, "utf-8")
    (own / "politique/club").mkdir(parents=True)
    (own / "politique/club/2020-01-01.md").write_text("# Club\n\n## ARTICLE 1 : Nom\n\n1.1 Il a un nom.\n")
    with world(tmp_path, database=tmp_path / "vigie.db", **settings) as desk:
        approved = await desk.approve(NEW_CLAUSE, effective="2027-03-01")
        await desk.press(await desk.press(approved, "L'annoncer dès maintenant"), "L'annoncer")
        publish_site(desk.services, site)
        assert "Personne n'en a rien reçu" in await withdrawn(desk)


async def test_a_site_that_is_published_though_the_database_could_not_note_it_is_said_to_be(
    desk: World, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> NoReturn:
        raise PassingError("le disque est plein.")

    approved = await desk.approve(REVISED, effective="2027-03-01")
    await desk.press(await desk.press(approved, "L'annoncer dès maintenant"), "L'annoncer")
    monkeypatch.setattr(publication, "beside", full)
    with pytest.raises(PassingError, match=r"le site est publié, mais .* Publiez de nouveau .* plein"):
        publish_site(desk.services, site)
    assert SITE in pages(site)


async def test_a_channel_that_refused_the_announcement_is_not_told_of_the_withdrawal(desk: World) -> None:
    channels = desk.posts["discord"]
    channels.closed.add(f"channel:{CHANNEL}")
    await announced(desk)
    channels.closed.clear()
    await withdrawn(desk)
    assert in_channel(desk) == []


@pytest.mark.parametrize("became", ["given up", "dead", "cancelled", "queued", "failed again"])
async def test_a_channel_that_may_have_shown_it_is_told_of_the_withdrawal_though_it_never_said_so(
    desk: World, became: str
) -> None:
    channels = desk.posts["discord"]
    channels.forgetful = True
    channels.script.append("acted-unknown")
    channels.script.extend("unknown" for _ in range(rows.ATTEMPTS - 1))
    await announced(desk)
    while channels.script:
        desk.clock.move(hours=1)
        await beat(desk)
    if became != "given up":
        desk.clock.set("2026-11-25T15:00:00Z")  # in working hours
        await beat(desk)
        assert await desk.run(lambda db: rows.count_by_notice(db, "dead")) == {"revision-a-venir": 1}
        if became != "dead":
            now = desk.clock()
            await desk.run(lambda db: rows.settle_dead(db, now, send=became in {"queued", "failed again"}))
        if became == "failed again":
            channels.script.append("busy")
            await beat(desk)
            assert not channels.script, "it was sent again, and refused for now"
    await withdrawn(desk)
    desk.clock.set("2026-11-26T15:00:00Z")
    await beat(desk)
    assert f"La révision de la PA20 annoncée pour le {DAY} est retirée" in in_channel(desk)[-1]
    assert len(in_channel(desk)) == 2


async def test_what_is_corrected_under_the_same_date_leaves_no_address_behind(
    desk: World, site: Path
) -> None:
    await announced(desk, NEW_CLAUSE)
    published = pages(site)
    for _ in range(2):
        await withdrawn(desk)
        assert len(entries(site)) == 2, "a date is told once"
        await announced(desk)
        published |= pages(site)
        assert published == pages(site)
    assert "pa20/2026-11-20/index.html" in (site / "pa20/2026-11-20/7.4.html").read_text()
    await withdrawn(desk)
    assert published <= pages(site)
    assert "versions.html#retiree-2026-11-20" in (site / "pa20/2026-11-20/7.4.html").read_text()
    await desk.approve(CORRECTED)
    await beat(desk)
    assert published <= pages(site)


async def test_a_date_that_was_wrong_is_put_right_under_the_same_address(desk: World, site: Path) -> None:
    await announced(desk)
    await withdrawn(desk)
    desk.clock.move(days=1)
    approved = await desk.approve(REVISED, effective="2027-04-01")
    await desk.press(await desk.press(approved, "L'annoncer dès maintenant"), "L'annoncer")
    await beat(desk)
    assert entries(site)["PA20 : version du 20 novembre 2026"] == (
        "2026-11-25",
        "À venir, à compter du 1er avril 2027. Une clause modifiée.",
    )
    assert len(entries(site)) == 2
    assert "À venir, à compter du 1er avril 2027" in page(site, SITE)


async def test_the_withdrawal_of_a_version_in_force_is_published_by_itself(desk: World, site: Path) -> None:
    await desk.approve(REVISED)
    await beat(desk)
    assert "En vigueur depuis le 24 novembre 2026" in page(site, "pa20/index.html"), "by itself too"
    desk.clock.move(days=2)
    back = await desk.press(await desk.ask(f"revision retirer {(await desk.last()).id}"), "Retirer")
    await desk.press(back, "Approuver", adoptee="2026-11-25", effet="2026-11-26")
    await beat(desk)
    title = "PA20 : la version du 20 novembre 2026 est retirée par celle du 25 novembre 2026"
    assert entries(site)[title][0] == "2026-11-26"
    assert "Elle retire la version du 20 novembre 2026" in page(site, "pa20/versions.html")


# --- Two texts to come --------------------------------------------------------------------------


async def two_scheduled(desk: World) -> tuple[str, Message]:
    """Approve two texts that follow each other, and return the first one's id and the last answer."""
    await desk.approve(REVISED, adopted="2026-11-20", effective="2027-01-01")
    first = (await desk.last()).id
    approved = await desk.approve(NEW_CLAUSE, adopted="2026-11-21", effective="2027-03-01")
    assert isinstance(approved, Message)
    return first, approved


async def test_what_is_announced_ahead_shows_no_word_of_one_that_is_not(desk: World) -> None:
    first, approved = await two_scheduled(desk)
    own = (await desk.last()).id
    refusal = (
        "celle qui la précède, adoptée le 20\u00a0novembre\u00a02026, n'est pas encore annoncée".capitalize()
    )
    assert refusal in words(await desk.press(approved, "L'annoncer dès maintenant"))
    assert refusal in words(await desk.press(await desk.ask(f"revision voir {own}"), "L'annoncer"))
    await beat(desk)
    assert in_channel(desk) == []
    assert "À venir" not in await desk.said("nouveautes pa20 2026-11-21", ALEX)
    for each in (first, own):
        await desk.press(await desk.ask(f"revision annoncer {each}"), "L'annoncer")
    await beat(desk)
    assert len(in_channel(desk)) == 2
    shown = await desk.ask("nouveautes pa20 2026-11-21", ALEX)
    assert isinstance(shown, Message)
    assert {quoter(desk.services)(quote).address for quote in shown.quotes()} == {
        f"{ADDRESS}/pa20/2026-11-21/7.4.html"
    }


async def test_a_text_that_another_starts_from_is_not_withdrawn_before_it(desk: World) -> None:
    first, _ = await two_scheduled(desk)
    second = (await desk.last()).id
    refused = words(await desk.press(await desk.ask(f"revision retirer {first}"), "Retirer"))
    assert "La version adoptée le 21\u00a0novembre\u00a02026, approuvée ensuite, part de celle-ci" in refused
    assert "Une clause ajoutée" in await desk.said(f"revision voir {second}"), (
        "it is still compared with the first"
    )
    for each in (second, first):
        assert "est retirée" in words(await desk.press(await desk.ask(f"revision retirer {each}"), "Retirer"))


# --- Who, and when ----------------------------------------------------------------------------


async def test_only_the_administration_announces_ahead_what_is_approved_for_later(desk: World) -> None:
    proposed = await desk.drop(REVISED)
    own = (await desk.last()).id
    assert "n'est pas encore approuvée" in await desk.said(f"revision annoncer {own}")
    assert "L'annoncer" not in str(proposed)
    await desk.press(proposed, "Approuver", adoptee="2026-11-20", effet="2026-11-24")
    assert "prend effet maintenant" in await desk.said(f"revision annoncer {own}")
    assert "Cela revient" in await desk.said(f"revision annoncer {own}", ALEX)


async def test_where_two_must_approve_one_announces_what_both_did(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    with world(tmp_path, approvals=2, database=tmp_path / "vigie.db", **settings) as desk:
        await desk.run(
            lambda db: roles.appoint(
                db, roles.ADMINISTRATION, persons.known(db, SECOND), desk.today, replacing=False
            )
        )
        desk.clock.move(days=2)
        await desk.approve(REVISED, effective="2027-03-01")
        own = (await desk.last()).id
        assert "n'est pas encore approuvée" in await desk.said(f"revision annoncer {own}", SECOND)
        agreed = await desk.ask(f"revision accord {own}", SECOND)
        asked = await desk.press(agreed, "L'annoncer dès maintenant", ADMIN)
        assert command(asked, "Attendre le")
        assert "La révision est annoncée" in words(await desk.press(asked, "L'annoncer", ADMIN))
