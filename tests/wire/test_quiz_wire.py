"""A new officer's way on both platforms: welcome, reading, quiz across a restart, attestation, receipt."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from simcord.backend.models import Message

from bot.onboarding.quiz import bank
from bot.onboarding.quiz.bank import Question
from bot.people import membership
from bot.platforms.slack.manifest import OPTIONAL
from bot.policy import loading
from bot.register import signing
from bot.schedule import clock
from bot.schedule.names import RECONCILE
from bot.settings import SEED
from bot.storage.database import Storage, beside
from tests.kits import forked_cli
from tests.kits.effort import PATIENCE
from tests.kits.platforms.slack_checks import shown
from tests.wire.bot_process import BOT, running
from tests.wire.brisk import brisk
from tests.wire.discord_people import Answer, Person, text_of, walk
from tests.wire.discord_server import DiscordServer
from tests.wire.slack_server import ALICE, BOB, OFFICERS, SOCKET_MODE, TEAM, LocalSlack, buttons, workspace
from tests.wire.test_kept_wire import Kept

Json = dict[str, Any]

POLICY = loading.load_library([SEED], "pa20", lambda: date(2026, 11, 24)).default
BANK = bank.load_bank(SEED / "politique" / "pa20" / "quiz.toml", POLICY.versions[-1])
STATEMENT: Final = "J'atteste avoir lu la PA20, version révisée le 13\u00a0décembre\u00a02015"
NAME: Final = "Béatrice Lévesque-Nguyễn"
RECEIPT: Final = "est au registre. Gardez ce fichier"
READ: Final = ("Suivant →", "Terminer la lecture")
ONWARD: Final = ("Question suivante", "Voir mon résultat")
KILLED_AFTER: Final = 5  # answers
UNFINISHED: Final = f"Le quiz sur la PA20, question {KILLED_AFTER + 1} sur 12"
DATE_AND_REMINDER: Final = re.compile(r"Date visée.: le .+\s\d{4}\W+Rappel demandé pour le .+\s\d{4}")
_CHOICE = re.compile(r"\*{0,2}([A-D])\.\*{0,2}\s+(.+?)(?:\s*\*{0,2}\(coché\)\*{0,2})?")


@dataclass(frozen=True)
class Seen:
    """A message as a person sees it: its words, the labels of its buttons, and the message itself."""

    words: str
    labels: tuple[str, ...]
    whole: Any

    def choices(self) -> dict[str, str]:
        """Return the choices of a question, by letter."""
        lines = (_CHOICE.fullmatch(line.strip()) for line in self.words.split("\n"))
        lettered = {line[1]: plain(line[2]) for line in lines if line}
        return lettered or {label: label for label in self.labels if label in {"Vrai", "Faux"}}

    def question(self) -> Question:
        """Return the question that is asked."""
        [found] = [question for question in BANK.questions if plain(question.text) in plain(self.words)]
        return found

    def answers(self, *, right: bool) -> list[str]:
        """Return the letters to press; of the wrong ones, the first."""
        asked, letters = self.question(), self.choices()
        assert len(letters) == len(asked.choices), self.words
        good = {plain(choice.text) for choice in asked.choices if choice.right}
        wanted = [letter for letter, text in letters.items() if (text in good) == right]
        return wanted if right else wanted[:1]


def plain(text: str) -> str:
    """Return words without what a platform adds to them so that they are read as they are."""
    return " ".join(re.sub(r"\\(?=\W)|[\u2060\u200b]", "", text).split())


Press = Callable[[Seen, str], Awaitable[Seen]]


async def read_to_the_end(page: Seen, press: Press) -> Seen:
    """Turn every page."""
    pages = 0
    while label := next((one for one in READ if one in page.labels), None):
        page = await press(page, label)
        pages += 1
    assert pages > len(READ)
    assert "Lecture terminée" in page.words
    return page


async def asks_for_a_reminder(welcome: Seen, press: Press) -> Seen:
    """Ask to be reminded, change one's mind, and begin to read all the same; return the first page."""
    assert "Date visée" in welcome.words
    where = welcome
    for label in ("Lundi", "Demain"):
        noted = await press(where, label)
        assert f"je vous le rappellerai {label.lower()}" in noted.words
        where = await press(noted, "Où j'en suis")
        assert "Rappel demandé" in where.words
        assert "Changer le rappel" in where.words
    return await press(where, "Commencer la lecture")


async def answer(asked: Seen, press: Press, *, right: bool = True) -> Seen:
    """Answer one question, and return what is said of it."""
    letters = asked.answers(right=right)
    if "Valider" not in asked.labels:
        return await press(asked, letters[0])
    for letter in letters:
        asked = await press(asked, letter)
        assert f"{letter} (coché)" in asked.labels
    return await press(asked, "Valider")


async def play(asked: Seen, press: Press, count: int) -> Seen:
    """Answer so many questions, the second of them wrong, and return the next."""
    for number in range(1, count + 1):
        assert f"Question {number} sur 12" in asked.words
        reply = await answer(asked, press, right=number != 2)
        assert ("Ce n'est pas la bonne réponse" in reply.words) == (number == 2)
        asked = await press(reply, "Question suivante")
    return asked


async def play_to_the_end(asked: Seen, press: Press) -> Seen:
    """Answer what is left, what was missed included, and return the result."""
    again = 0
    while "Quiz réussi" not in asked.words:
        again += "À revoir" in asked.words
        reply = await answer(asked, press)
        asked = await press(reply, next(one for one in ONWARD if one in reply.labels))
    assert again == 1
    assert "11 bonnes réponses sur 12" in asked.words
    return asked


def begin_following(kept: Kept, source: membership.SourceType, group: str, *, team: str) -> None:
    """Have a group say who is an officer, and be read at the first occasion."""
    platform = source.partition("_")[0]
    Storage(kept.database).close()
    with beside(kept.database) as db:
        membership.add_source(db, "officer", source, group, platform=platform, team=team)
        clock.plan(db, "lecture", RECONCILE, datetime.now(UTC))


async def command_line(kept: Kept | None, *arguments: str) -> tuple[int, str]:
    """Run `vigie`, on what a bot kept or, with None, where there is neither database nor key."""
    where = str(kept.database) if kept else "/proc/vigie.db"  # a folder where nobody can write
    whole = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**whole, "VIGIE_DB": where, "DISCORD_TOKEN": "x"}
    done = await asyncio.to_thread(forked_cli.run, arguments, environment)
    return done.returncode, (done.stdout + done.stderr).rstrip("\n")


async def check_what_is_proved(kept: Kept, receipt: bytes, platform: str) -> None:
    """Check the register and the receipt as someone does who has the public keys and nothing else."""
    folder = kept.folder
    good, bad, keys = folder / "recu.pdf", folder / "faux.pdf", folder / "cles.json"
    good.write_bytes(receipt)
    bad.write_bytes(receipt.replace(b"%PDF-1.7", b"%PDF-1.6", 1))
    assert bad.read_bytes() != receipt
    code, register = await command_line(kept, "registre", "verifier")
    assert (code, register) == (0, "Le registre est intact\u00a0: 1 inscription.")
    code, written = await command_line(kept, "registre", "cle")
    assert code == 0
    keys.write_text(written, encoding="utf-8")
    for _ in "12":
        code, output = await command_line(
            None, "registre", "verifier", str(good), "--cles", str(keys), "--json"
        )
        entry = json.loads(output)
        assert (code, entry["ok"], entry["name"]) == (0, True, NAME)
        assert (entry["statement"], entry["platform"]) == (STATEMENT, platform)
        assert entry["text_sha256"]
        code, output = await command_line(None, "registre", "verifier", str(bad), "--cles", str(keys))
        assert code == 1
        assert "a été modifié" in output
    code, output = await command_line(None, "registre", "verifier", str(keys), "--cles", str(keys))
    assert code == 1
    assert "n'est pas un reçu" in output
    code, output = await command_line(kept, "registre", "recu", "1", "--sortie", str(good), "--json")
    assert (code, json.loads(output)["ok"]) == (0, True)
    assert good.read_bytes() == receipt, "made again, it is the same"
    code, output = await command_line(kept, "accueil", "lister", "--json")
    [person] = [person for person in json.loads(output)["people"] if person["state"] == "done"]
    assert all(person[step] for step in ("delivered", "opened", "read", "passed", "attested"))


async def until_the_end_is_noted(kept: Kept) -> None:
    """Wait until what says how the register ends is beside the keys, which is done at the next beat."""
    async with asyncio.timeout(PATIENCE):
        while not (kept.folder / "cles" / signing.ATTESTATIONS.name).exists():  # noqa: ASYNC110 — another process writes: there is no event
            await asyncio.sleep(0.1)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


# --- Discord ----------------------------------------------------------------------------------


def on_discord(message: Message) -> Seen:
    labels = tuple(part["label"] for part in walk(message.components) if part.get("label"))
    return Seen(text_of(message), labels, message)


@dataclass(frozen=True)
class OnDiscord:
    """Someone in their private conversation with the bot."""

    person: Person

    async def press(self, seen: Seen, label: str) -> Seen:
        return on_discord((await self.person.press(seen.whole, label)).message)

    async def opens(self, seen: Seen, label: str) -> Answer:
        return await self.person.press(seen.whole, label)

    async def command(self, name: str, text: str | None = None) -> Seen:
        return on_discord((await self.person.slash(name, text, direct=True)).message)

    async def write(self, text: str) -> Seen:
        return on_discord(await self.person.write(text, direct=True))

    def told(self, words: str) -> list[Seen]:
        """Return what the bot said in private that has these words."""
        messages = map(on_discord, self.person.said(self.person.direct))
        return [message for message in messages if words in message.words]

    async def hears(self, words: str) -> Seen:
        [found] = await self.person.server.until(lambda: self.told(words))
        return found


async def test_on_discord_an_officer_by_a_role_goes_from_the_welcome_to_the_receipt(kept: Kept) -> None:
    async with DiscordServer() as server:
        alice, bob = Person(server, "alice"), Person(server, "bob")
        guild = alice.guild.id
        role = server.backend.create_role(guild, name="Officiers")
        begin_following(kept, "discord_role", str(role.id), team=str(guild))
        own = {**server.environment, "VIGIE_DISCORD_SERVEUR": str(guild)}
        settings = kept.settings(own, f"discord:{alice.id}")
        me, other = OnDiscord(bob), OnDiscord(alice)
        async with running(settings, program=brisk(BOT)) as bot:
            await bot.until("Discord\u00a0: prêt.")
            for _ in "12":  # given twice, it is had once
                server.backend.add_member_role(guild, bob.id, role.id)
                await kept.until_officers({str(bob.id)})
            welcome = await me.hears("Bienvenue!")
            over = await read_to_the_end(await asks_for_a_reminder(welcome, me.press), me.press)
            asked = await me.press(over, "Passer au quiz")
            asked = await play(await me.press(asked, "Commencer le quiz"), me.press, KILLED_AFTER)
            stolen = pressed_by(asked.whole)
            assert "n'est pas celui de ce compte" in (await other.command("quiz", stolen)).words
            await bot.kill()
        async with running(settings, program=brisk(BOT)) as bot:
            await bot.until("Discord\u00a0: prêt.")
            where = await me.command("accueil", "moi")
            assert DATE_AND_REMINDER.search(where.words), where.words
            assert UNFINISHED in (await me.command("vigie")).words
            assert "Le quiz sur" not in (await other.command("vigie")).words, "it is someone else's"
            again = await me.command("quiz")
            assert (again.question(), again.choices()) == (asked.question(), asked.choices())
            reply = await answer(asked, me.press)  # by the buttons of before the restart
            asked = await me.press(reply, "Question suivante")
            reply = await me.write(" et ".join(asked.answers(right=True)).lower())
            assert "✅ Bonne réponse" in reply.words
            passed = await play_to_the_end(await me.press(reply, "Question suivante"), me.press)
            late = await me.press(again, again.answers(right=False)[0])  # the first answer holds
            assert "✅ Bonne réponse" in late.words
            assert all(
                plain(choice.text) in plain(late.words) for choice in again.question().choices if choice.right
            )
            await attests_on_discord(me, passed)
            [receipt] = (await me.hears(RECEIPT)).whole.attachments
            coming = await me.press(await me.command("accueil", "moi"), "Redemander mon reçu")
            assert "arrive dans un instant" in coming.words
            await server.until(lambda: len(me.told(RECEIPT)) == 2)
            await until_the_end_is_noted(kept)
            assert await bot.stop() == 0
        assert not me.told("Bienvenue!"), "the reading took the place of the one welcome"
        assert len(me.told(RECEIPT)) == 2
        content = server.backend.cdn.get(receipt["url"])
        assert content is not None
        await check_what_is_proved(kept, content, "discord")


def pressed_by(message: Message) -> str:
    """Return what the first button of a question says to the command, as someone else might type it."""
    [first, *_] = [part["custom_id"] for part in walk(message.components) if "custom_id" in part]
    return str(first).partition("quiz ")[2]


async def attests_on_discord(me: OnDiscord, passed: Seen) -> None:
    """Attest: with no name first, then for good, then once more."""
    form = await me.opens(passed, "Attester ma lecture")
    assert repr(STATEMENT)[1:-1] in str(form)
    refused = await me.person.submit(form, nom="   ")
    assert "Rien n'est encore attesté" in refused.text
    form = await me.opens(passed, "Attester ma lecture")
    assert "C'est attesté" in (await me.person.submit(form, nom=f"  {NAME} ")).text
    twice = await me.opens(passed, "Attester ma lecture")
    assert "Tout est fait" in twice.text


# --- Slack ------------------------------------------------------------------------------------


def on_slack(message: Json) -> Seen:
    blocks = message.get("blocks") or []
    beside = [block["accessory"] for block in blocks if "accessory" in block]  # these are labels, not words
    words = "\n".join(shown([part for part in block.values() if part not in beside]) for block in blocks)
    labels = tuple(button["text"]["text"] for button in buttons(blocks))
    return Seen(words, labels, message)


@dataclass
class OnSlack:
    """Someone in their private conversation with the bot. `heard`: what nobody has looked at yet."""

    slack: LocalSlack
    user: str
    channel: str
    heard: list[Json]

    async def next(self, wanted: Callable[[Json], bool]) -> Json:
        """Return the next message that is wanted, in this conversation; the others are left for later."""
        for _ in range(50):
            found = next((one for one in self.heard if one["channel"] == self.channel and wanted(one)), None)
            if found is not None:
                self.heard.remove(found)
                return found
            self.heard.append(await self.slack.message())
        raise AssertionError([on_slack(one).words for one in self.heard])

    async def press(self, seen: Seen, label: str) -> Seen:
        await self.slack.press(seen.whole, label, user=self.user)
        return on_slack(await self.next(lambda one: one["changed"] and one["ts"] == seen.whole["ts"]))

    async def opens(self, seen: Seen, label: str) -> Json:
        await self.slack.press(seen.whole, label, user=self.user)
        while (window := await self.slack.window()) is None:  # the one before it closes
            pass
        return window

    async def hears(self, words: str) -> Seen:
        return on_slack(await self.next(lambda one: words in shown(one.get("blocks") or [])))

    async def command(self, name: str, text: str, words: str) -> Seen:
        await self.slack.command(name, text, user=self.user, channel=self.channel)
        return await self.hears(words)


async def test_on_slack_an_officer_by_a_private_channel_goes_from_the_welcome_to_the_receipt(
    kept: Kept,
) -> None:
    async with workspace(SOCKET_MODE) as slack:
        begin_following(kept, "slack_channel", OFFICERS, team=TEAM)
        slack.proxy.rules.granted.add(OPTIONAL["slack_channel"].scope)
        own = {**slack.settings, "VIGIE_SLACK_EQUIPE": TEAM}
        settings: Mapping[str, str] = kept.settings(own, f"slack:{TEAM}/{ALICE}")
        heard: list[Json] = []
        me = OnSlack(slack, BOB, await slack.direct(BOB), heard)
        async with running(settings, program=brisk(BOT)) as bot:
            await bot.until("Slack\u00a0: prêt.")
            await kept.until_officers({ALICE})  # who was there before
            for _ in "12":  # told twice, it is once
                await slack.enter(OFFICERS, user=BOB)
                await kept.until_officers({ALICE, BOB})
            welcome = await me.hears("Bienvenue!")
            over = await read_to_the_end(await asks_for_a_reminder(welcome, me.press), me.press)
            asked = await me.press(over, "Passer au quiz")
            asked = await play(await me.press(asked, "Commencer le quiz"), me.press, KILLED_AFTER)
            await bot.kill()
        async with running(settings, program=brisk(BOT)) as bot:
            await bot.until("Slack\u00a0: prêt.")
            where = await me.command("/accueil", "moi", "Date visée")
            assert DATE_AND_REMINDER.search(where.words), where.words
            await slack.open_home(user=BOB)
            assert UNFINISHED in shown((await slack.home())["blocks"])
            await slack.open_home(user=ALICE)
            theirs = shown((await slack.home())["blocks"])
            assert "La lecture de la PA20" in theirs
            assert "Le quiz sur" not in theirs, "it is someone else's"
            again = await me.command("/quiz", "", "Question 6 sur 12")
            assert (again.question(), again.choices()) == (asked.question(), asked.choices())
            passed = await play_to_the_end(asked, me.press)  # by the buttons of before the restart
            await me.press(again, again.labels[0])
            await attests_on_slack(me, passed)
            file = await me.next(lambda one: bool(one.get("files")))
            await me.hears(RECEIPT)
            where = await me.command("/accueil", "moi", "Tout est fait")
            await me.slack.press(where.whole, "Redemander mon reçu", user=BOB)
            await me.hears(RECEIPT)
            await until_the_end_is_noted(kept)
            while "Ce qui vous attend" in shown((await slack.home())["blocks"]):
                pass  # his Home, which is open, follows at each beat
            assert await bot.stop() == 0
        assert not [
            one for one in heard if one["channel"] == me.channel and "Bienvenue!" in on_slack(one).words
        ]
        await check_what_is_proved(kept, await slack.download(file), "slack")


async def attests_on_slack(me: OnSlack, passed: Seen) -> None:
    """Attest: with no name first, then for good, then once more."""
    window = await me.opens(passed, "Attester ma lecture")
    assert STATEMENT in shown(window)
    assert "Votre nom" in shown(window)
    await me.slack.submit({"nom": "   "}, user=me.user)
    assert "nom" in await me.slack.refusals.get()  # the window stays, with what is wrong
    await me.slack.submit({"nom": f"  {NAME} "}, user=me.user)
    await me.hears("C'est attesté")
    twice = await me.press(passed, "Attester ma lecture")
    assert "Tout est fait" in twice.words
