"""Permissions and consents on both platforms: asked, discussed, given, certified, withdrawn, after a kill."""

from __future__ import annotations

import copy
import re
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import pytest

from bot.people.persons import Account
from tests.torture import life
from tests.torture.revision import PROGRAM
from tests.wire.bot_process import BotProcess
from tests.wire.brisk import brisk
from tests.wire.discord_people import Person
from tests.wire.discord_server import DiscordServer
from tests.wire.slack_server import ALICE, BOB, CAROL, SOCKET_MODE, TEAM, LocalSlack, workspace
from tests.wire.test_kept_wire import Kept
from tests.wire.test_quiz_wire import OnDiscord, OnSlack
from tests.wire.test_report_wire import appoint

SUBJECT: Final = "Une page pour les soirées du club"
QUESTION, ANSWER = "Qui répondra aux messages?", "Le comité, à tour de rôle."
PHOTO: Final = ("photo.png", b"\x89PNG\r\n\x1a\n" + b"pixels" * 100)
NO_PHOTO: Final = ("photo.png", b"GIF89a")
DAY: Final = "2030-06-30"
ASK, PICTURE = "Ouvrir une page", "Publier l'image de quelqu'un"
CERTIFICATE: Final = "Transmettez-le tel quel"
IMAGE: Final = {"objet": "La page du club", "image": "Deux personnes", "nom": "Alice Roy"}
PAPER: Final = {**IMAGE, "papier": "Zoé Côté"}


Platform = TypeVar("Platform", DiscordServer, LocalSlack)
Someone = TypeVar("Someone", OnDiscord, OnSlack)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def states(kept: Kept) -> list[tuple[str, str]]:
    """Return what was asked, with its state."""
    with closing(sqlite3.connect(kept.database)) as db:
        return db.execute("SELECT kind, state FROM permission_requests ORDER BY rowid").fetchall()


def check_that_no_picture_is_left(kept: Kept, bot: BotProcess) -> None:
    """Look for a picture, and for its name, in the files of the database and in the log."""
    held = b"".join(path.read_bytes() for path in kept.folder.glob("vigie.db*"))
    for trace in (b"pixelspixels", b"photo.png"):
        assert trace not in held
        assert trace.decode() not in bot.log


@dataclass(frozen=True)
class Circle(Generic[Platform, Someone]):
    """Who asks, who decides, and who is in a picture, with what the bot must be told."""

    platform: Platform
    settings: Mapping[str, str]
    asker: Someone
    decider: Someone
    friend: Someone


# --- Discord ----------------------------------------------------------------------------------


@asynccontextmanager
async def on_discord(kept: Kept) -> AsyncIterator[Circle[DiscordServer, OnDiscord]]:
    async with DiscordServer() as server:
        asker, decider, friend = (OnDiscord(Person(server, name)) for name in ("bob", "vera", "noe"))
        appoint(kept.database, vp_communications=Account("discord", "", str(decider.person.id)))
        known = {**server.environment, "VIGIE_DISCORD_SERVEUR": str(asker.person.guild.id)}
        settings = kept.settings(known, f"discord:{decider.person.id}")
        yield Circle(server, settings, asker, decider, friend)


async def test_on_discord_a_page_is_asked_discussed_granted_and_certified(kept: Kept) -> None:
    async with on_discord(kept) as they:
        me, vp = they.asker, they.decider
        async with life.running(they.settings, program=brisk(PROGRAM)) as bot:
            form = await me.opens(await me.command("vigie", "demande"), ASK)
            refused = await me.person.submit(form, objet="  ", jusque="hier", nom="Bob Roy")
            assert "Dites ce que vous voulez faire" in refused.text
            assert "Cette date est passée" in refused.text
            form = await me.person.press(refused.message, "Corriger")
            confirm = await me.person.submit(form, objet=SUBJECT, jusque=DAY, nom="Bob Roy")
            assert "Est-ce bien" in confirm.text
            assert states(kept) == []
            before = copy.deepcopy(confirm.message)
            for _ in range(2):  # pressed twice, it is asked once
                assert "attend une réponse" in (await me.person.press(before, "Envoyer")).text
            notice = await vp.hears("Une demande à décider")
            await vp.person.submit(await vp.opens(notice, "Poser une question"), mots=QUESTION)
            asked = await me.hears(QUESTION)
            await bot.kill()
        async with life.running(they.settings, program=brisk(PROGRAM)) as bot:
            await me.person.submit(await me.opens(asked, "Répondre"), mots=ANSWER)  # the button of before
            await vp.hears("à tour de rôle")
            answer = await vp.opens(await vp.command("vigie", "demande"), "Répondre")
            form = await vp.person.press(answer.message, "Accorder")
            for _ in range(2):  # sent twice, it is granted once
                granted = await vp.person.submit(form, jusque=DAY, conditions="Relue", nom="Vera Roy")
                assert "accordée" in granted.text
            notice = await me.hears("Votre demande est accordée")
            assert "en message privé, sur Discord" in (await me.press(notice, "Le certificat")).words
            [page] = (await me.hears(CERTIFICATE)).whole.attachments
            assert (they.platform.backend.cdn.get(page["url"]) or b"").startswith(b"%PDF")
            assert "Une est en vigueur" in (await vp.command("vigie", "demande registre")).words
            assert "ne s'ouvre qu'aux" in (await me.command("vigie", "demande registre")).words
            assert await bot.stop() == 0
        assert states(kept) == [("page", "granted")]
        assert len(vp.told("Une demande à décider")) == 1


async def test_on_discord_a_consent_is_asked_accepted_and_withdrawn(kept: Kept) -> None:
    async with on_discord(kept) as they:
        me, friend = they.asker, they.friend
        async with life.running(they.settings, program=brisk(PROGRAM)) as bot:
            choice = await me.press(await me.command("vigie", "demande"), PICTURE)
            form = await me.opens(choice, "Oui, la choisir")
            them, myself = [str(friend.person.id)], [str(me.person.id)]
            wrong = await me.person.submit(form, fichier=NO_PHOTO, personne=them, **IMAGE)
            assert "PNG, JPEG ou WebP" in wrong.text
            form = await me.person.press(wrong.message, "Corriger")
            own = await me.person.submit(form, fichier=PHOTO, personne=myself, **IMAGE)
            assert "votre propre image" in own.text
            form = await me.person.press(own.message, "Corriger")
            confirm = await me.person.submit(form, fichier=PHOTO, personne=them, **IMAGE)
            assert "Empreinte" in confirm.text
            await me.person.press(confirm.message, "Envoyer")
            notice = await friend.hears("On vous demande votre consentement")
            form = await friend.opens(notice, "J'accepte")
            accepted = await friend.person.submit(form, jusque="", conditions="", nom="Noé Roy")
            assert "acceptée" in accepted.text
            asks = await friend.person.press(accepted.message, "Retirer mon consentement")
            assert states(kept) == [("image", "granted")]
            before = copy.deepcopy(asks.message)
            for _ in range(2):
                assert "retiré" in (await friend.person.press(before, "Retirer mon consentement")).text
            for person in (me, they.decider):
                await person.hears("Un consentement est retiré")
            assert await bot.stop() == 0
        assert states(kept) == [("image", "withdrawn")]
        check_that_no_picture_is_left(kept, bot)


async def test_on_discord_a_consent_on_paper_is_recorded_certified_and_withdrawn_by_the_role(
    kept: Kept,
) -> None:
    async with on_discord(kept) as they:
        me, vp = they.asker, they.decider
        async with life.running(they.settings, program=brisk(PROGRAM)) as bot:
            choice = await me.press(await me.command("vigie", "demande"), PICTURE)
            form = await me.opens(choice, "Non, sur papier")
            wrong = await me.person.submit(form, **{**PAPER, "papier": " "})
            assert "Écrivez le nom de la personne qui signera." in wrong.text
            confirm = await me.person.submit(await me.person.press(wrong.message, "Corriger"), **PAPER)
            assert "quand Zoé Côté aura signé un papier" in confirm.text
            await me.person.press(confirm.message, "Envoyer")
            form = await vp.opens(await vp.hears("Une demande à décider"), "Consigner le papier")
            recorded = await vp.person.submit(form, jusque="", conditions="", nom="Vera Roy")
            assert "Zoé Côté, qui a signé un papier" in recorded.text
            await me.press(await me.hears("Votre demande est accordée"), "Le certificat")
            [page] = (await me.hears(CERTIFICATE)).whole.attachments
            assert (they.platform.backend.cdn.get(page["url"]) or b"").startswith(b"%PDF")
            form = await vp.person.press(recorded.message, "Retirer le consentement")
            assert "retiré" in (await vp.person.submit(form, raison="Zoé ne veut plus.")).text
            await me.hears("Un consentement est retiré")
            assert await bot.stop() == 0
        assert states(kept) == [("image", "withdrawn")]


# --- Slack ------------------------------------------------------------------------------------


@asynccontextmanager
async def on_slack(kept: Kept) -> AsyncIterator[Circle[LocalSlack, OnSlack]]:
    async with workspace(SOCKET_MODE) as slack:
        appoint(kept.database, vp_communications=Account("slack", TEAM, BOB))
        settings = kept.settings({**slack.settings, "VIGIE_SLACK_EQUIPE": TEAM}, f"slack:{TEAM}/{BOB}")
        heard: list[dict[str, Any]] = []
        people = [OnSlack(slack, user, await slack.direct(user), heard) for user in (ALICE, BOB, CAROL)]
        yield Circle(slack, settings, *people)


def day(written: str | None) -> dict[str, Any]:
    """Return what Slack tells of a calendar."""
    return {"jusque": {"type": "datepicker", "selected_date": written}}


async def test_on_slack_a_page_is_asked_discussed_granted_and_certified(kept: Kept) -> None:
    async with on_slack(kept) as they:
        slack, me, vp = they.platform, they.asker, they.decider
        async with life.running(they.settings, program=brisk(PROGRAM)) as bot:
            await slack.proxy.socket_opened()
            await me.opens(await me.command("/vigie", "demande", "Demander avant"), ASK)
            typed = {"objet": SUBJECT, "nom": "Alice Roy"}
            await slack.submit(typed, states=day("2020-01-01"))
            assert "passée" in (await slack.refusal())["jusque"]
            await slack.submit(typed, states=day(DAY))
            confirm = await me.hears("Est-ce bien")
            assert states(kept) == []
            assert "attend une réponse" in (await me.press(confirm, "Envoyer")).words
            notice = await vp.hears("Une demande à décider")
            await vp.opens(notice, "Poser une question")
            slack.proxy.act_then_fail("chat.postMessage")
            await slack.submit({"mots": QUESTION}, user=BOB)
            asked = await me.hears(QUESTION)
            await bot.kill()
        async with life.running(they.settings, program=brisk(PROGRAM)) as bot:
            await slack.proxy.socket_opened()
            await me.opens(asked, "Répondre")  # the button of before
            await slack.submit({"mots": ANSWER})
            await vp.hears("à tour de rôle")
            await vp.opens(notice, "Accorder")
            await slack.submit({"conditions": "Relue", "nom": "Bob Roy"}, user=BOB, states=day(DAY))
            notice = await me.hears("Votre demande est accordée")
            await slack.press(notice.whole, "Le certificat", user=ALICE)
            file = await me.next(lambda message: bool(message.get("files")))
            assert (await slack.download(file)).startswith(b"%PDF")
            await vp.command("/vigie", "demande registre", "Une est en vigueur")
            assert await bot.stop() == 0
        assert states(kept) == [("page", "granted")]
        assert slack.proxy.calls.count("/api/conversations.history") >= 1, "what was denied was looked for"
        assert slack.proxy.repeated() == [], "nobody was told twice"


async def begin_consent(asker: OnSlack, choice: str) -> None:
    """Open the window of a request for consent, to be given by someone chosen on Slack or on paper."""
    menu = await asker.command("/vigie", "demande", "Demander avant")
    await asker.opens(await asker.press(menu, PICTURE), choice)


async def test_on_slack_a_consent_is_asked_accepted_and_withdrawn(kept: Kept) -> None:
    async with on_slack(kept) as they:
        slack, me, friend = they.platform, they.asker, they.friend
        async with life.running(they.settings, program=brisk(PROGRAM)) as bot:
            await slack.proxy.socket_opened()
            await begin_consent(me, "Oui, la choisir")
            person = {"personne": {"type": "users_select", "selected_user": CAROL}}
            await slack.submit(IMAGE, states={**person, "fichier": slack.joined(*NO_PHOTO)})
            assert "PNG, JPEG ou WebP" in (await slack.refusal())["fichier"]
            await slack.submit(IMAGE, states={**person, "fichier": slack.joined(*PHOTO)})
            await me.press(await me.hears("Empreinte de l'image"), "Envoyer")
            notice = await friend.hears("On vous demande votre consentement")
            await friend.opens(notice, "J'accepte")
            await slack.submit({"conditions": "", "nom": "Carol Roy"}, user=CAROL, states=day(None))
            accepted = await friend.hears("acceptée")
            asks = await friend.press(accepted, "Retirer mon consentement")
            assert states(kept) == [("image", "granted")]
            await friend.press(asks, "Retirer mon consentement")
            await me.hears("Un consentement est retiré")
            assert await bot.stop() == 0
        assert states(kept) == [("image", "withdrawn")]
        check_that_no_picture_is_left(kept, bot)


async def test_on_slack_a_consent_on_paper_is_recorded_and_certified_by_the_role(kept: Kept) -> None:
    async with on_slack(kept) as they:
        slack, me, vp = they.platform, they.asker, they.decider
        async with life.running(they.settings, program=brisk(PROGRAM)) as bot:
            await slack.proxy.socket_opened()
            await begin_consent(me, "Non, sur papier")
            joined = {"fichier": slack.joined(*PHOTO)}
            await slack.submit({**PAPER, "papier": " "}, states=joined)
            assert "Écrivez le nom" in (await slack.refusal())["papier"]
            await slack.submit(PAPER, states=joined)
            await me.press(await me.hears("Empreinte de l'image"), "Envoyer")
            await vp.opens(await vp.hears("Une demande à décider"), "Consigner le papier")
            await slack.submit({"conditions": "", "nom": "Bob Roy"}, user=BOB, states=day(None))
            granted = await me.hears("Votre demande est accordée")
            await slack.press(granted.whole, "Le certificat", user=ALICE)
            file = await me.next(lambda message: bool(message.get("files")))
            assert (await slack.download(file)).startswith(b"%PDF")
            assert await bot.stop() == 0
        assert states(kept) == [("image", "granted")]
        check_that_no_picture_is_left(kept, bot)


# --- From one to the other ----------------------------------------------------------------------


async def test_a_consent_asked_on_slack_is_given_on_discord_by_who_gave_their_code(kept: Kept) -> None:
    async with on_slack(kept) as they, DiscordServer() as server:
        slack, me, friend = they.platform, they.asker, OnDiscord(Person(server, "noe"))
        discord = {**server.environment, "VIGIE_DISCORD_SERVEUR": str(friend.person.guild.id)}
        async with life.running({**discord, **they.settings}, program=brisk(PROGRAM)) as bot:
            await slack.proxy.socket_opened()
            await bot.until("Discord\u00a0: prêt.")
            shown = await friend.command("vigie", "demande code")
            code = re.search(r"\b\w{5}-\w{5}\b", shown.words)
            assert code
            await begin_consent(me, "Oui, par son code")
            await slack.submit({**IMAGE, "code": "K7PMQ-3TXDW"}, states={"fichier": slack.joined(*PHOTO)})
            assert "n'est pas bon" in (await slack.refusal())["code"]
            await slack.submit({**IMAGE, "code": code[0]}, states={"fichier": slack.joined(*PHOTO)})
            await me.press(await me.hears("Est-ce bien"), "Envoyer")
            notice = await friend.hears("On vous demande votre consentement")
            form = await friend.opens(notice, "J'accepte")
            accepted = await friend.person.submit(form, jusque="", conditions="", nom="Noé Roy")
            await me.hears("Le consentement est donné")
            assert states(kept) == [("image", "granted")]
            asks = await friend.person.press(accepted.message, "Retirer mon consentement")
            assert "retiré" in (await friend.person.press(asks.message, "Retirer mon consentement")).text
            await me.hears("Un consentement est retiré")
            assert await bot.stop() == 0
        assert states(kept) == [("image", "withdrawn")]
