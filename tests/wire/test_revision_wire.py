"""A revision on both platforms: a file is dropped, approved; an officer is told, reads, answers, attests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.onboarding.course import open_course
from bot.onboarding.enrolment import OnboardingPlan, Onboardings
from bot.onboarding.quiz import bank
from bot.people import membership, persons
from bot.people.membership import BY_HAND
from bot.people.persons import Account
from bot.policy import loading
from bot.policy.articles import parse
from bot.register import attestations, heads, signing
from bot.register.attestations import Attesting
from bot.revision import archive
from bot.settings import SEED
from bot.storage.database import Storage, beside
from bot.times import in_words
from tests.kits.revision_commands import REVISED, TEXT
from tests.torture import life
from tests.torture.revision import PROGRAM
from tests.wire.brisk import brisk
from tests.wire.discord_people import Person, text_of
from tests.wire.discord_server import DiscordServer
from tests.wire.slack_server import ALICE, BOB, CHANNEL, SOCKET_MODE, TEAM, LocalSlack, workspace
from tests.wire.test_kept_wire import Kept
from tests.wire.test_quiz_wire import (
    ONWARD,
    OnDiscord,
    OnSlack,
    Press,
    Seen,
    answer,
    command_line,
    on_slack,
    plain,
)

TODAY = datetime.now(ZoneInfo("America/Toronto")).date()
DATES = {"adoptee": TODAY.isoformat(), "effet": TODAY.isoformat()}
NAME = "Béatrice Lévesque"
RULES = """# Règlement du club

## Article 1 – Nom

1.1 Le club se nomme Les Grimpettes.

1.4 Le fanion est bleu.

Dispositions finales
""".encode()
NEW, SEQUEL, FORM, RIGHT = (
    *("Une nouvelle politique", "Suite de la ligne au-dessus", "Corriger une ligne…"),
    "C'est juste\u00a0: proposer",
)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def prepare(kept: Kept, account: Account) -> Mapping[str, str]:
    """Make of someone an officer who attested the former text; review the questions of 5.10 beforehand.

    Returns what the bot must be told of it.
    """
    volume = kept.folder / "donnees"
    questions = volume / "politique" / "pa20" / "quiz.toml"
    questions.parent.mkdir(parents=True)
    shipped = (SEED / "politique/pa20/quiz.toml").read_text(encoding="utf-8")
    before, after = (parse(text, policy="pa20", adopted=TODAY) for text in (TEXT, REVISED))
    again = [
        question.id
        for question in bank.parse_bank(shipped, before).questions
        if str(question.clause) == "5.10"
    ]
    questions.write_text(bank.bind(shipped, after, again=again), encoding="utf-8")
    storage, now = Storage(kept.database), datetime.now(UTC)
    try:
        with storage.transaction() as db:
            library = loading.load_library(
                [SEED], "pa20", lambda: TODAY, archive.approved(db, [SEED], "pa20", TODAY)
            )
            target = open_course(library, [SEED], lambda _db, _asked: None, OnboardingPlan()).target()
            person = persons.known(db, account)
            membership.enter(db, person, "officer", BY_HAND, TODAY - timedelta(days=60))
            Onboardings(db, target).place(person, now)
            signer = signing.load_signer(kept.folder / "cles", create=True)
            heads.note_beginning(db, kept.folder / "cles", signer)
            attestations.attest(db, Attesting(person, NAME, account, target, now), signer)
    finally:
        storage.close()
    return {"VIGIE_DATA": str(volume), "VIGIE_CLES": str(kept.folder / "cles")}


async def answer_to_the_end(asked: Seen, press: Press) -> Seen:
    """Answer what is asked, right, and return what is said at the end."""
    count = 0
    while "Questions terminées" not in asked.words:
        reply = await answer(asked, press)
        asked = await press(reply, next(one for one in ONWARD if one in reply.labels))
        count += 1
    assert 1 <= count <= 3
    return asked


async def check_the_register(kept: Kept) -> None:
    """Check that the new version is attested, and that the ledger and the history say so."""
    code, output = await command_line(kept, "registre", "verifier")
    assert (code, "intact" in output) == (0, True), output
    code, output = await command_line(kept, "revisions", "registre", "--json")
    [line] = json.loads(output)["people"]
    assert (code, line["asked"], line["state"]) == (0, "changes", "sent")
    assert line["opened_at"]
    assert line["attested_at"]
    code, output = await command_line(kept, "politique", "5.10", "--date", "2020-01-01")
    assert (code, "vous invitons" in output) == (0, True)


async def begins_a_policy_on_discord(alice: Person) -> None:
    """Drop a text that is not served yet, correct two of its lines, and propose it."""
    asked = await alice.drop("reglement.md", RULES)
    form = await alice.press(asked, NEW)
    outline = await alice.submit(form, nom="RG", genre=["masculin"])
    assert "Pas sûr" in outline.text
    assert "1.4 Le fanion est bleu." in outline.text
    read = await alice.press(outline.message, SEQUEL)
    assert "est la suite de la ligne au-dessus" in read.text
    form = await alice.press(read.message, FORM)
    read = await alice.submit(form, ligne="dispositions", lecture=["titre"])
    assert "est un titre" in read.text
    assert "RG, première version proposée" in (await alice.press(read.message, RIGHT)).text


async def begins_a_policy_on_slack(slack: LocalSlack, admin: OnSlack) -> None:
    """Do the same there; a line that is not found is said in the window that stays open."""
    await slack.proxy.drops(ALICE, admin.channel, TEAM, ("reglement.md", RULES), "1764043200.000400")
    await admin.opens(await admin.hears("Quelle politique?"), NEW)
    await slack.submit({"nom": "RG", "genre": "masculin"}, user=ALICE, chosen="genre")
    outline = await admin.hears("Pas sûr")
    read = await admin.press(outline, SEQUEL)
    assert "est la suite de la ligne au-dessus" in read.words
    await admin.opens(read, FORM)
    await slack.submit({"ligne": "le trésor", "lecture": "titre"}, user=ALICE, chosen="lecture")
    assert "Aucune ligne du document" in (await slack.refusal())["ligne"]
    await slack.submit({"ligne": "dispositions", "lecture": "titre"}, user=ALICE, chosen="lecture")
    read = await admin.hears("est un titre")
    shown = await admin.press(read, RIGHT)
    assert "RG, première version proposée" in shown.words


async def test_on_discord_a_revision_goes_from_the_file_to_the_register(kept: Kept) -> None:
    async with DiscordServer() as server:
        alice, bob = Person(server, "alice"), Person(server, "bob")
        own = prepare(kept, Account("discord", "", str(bob.id)))
        known = {**server.environment, **own, "VIGIE_DISCORD_SERVEUR": str(alice.guild.id)}
        settings = kept.settings(known, f"discord:{alice.id}")
        me = OnDiscord(bob)
        async with life.running(settings, program=brisk(PROGRAM)) as bot:
            await bot.until("Discord\u00a0: prêt.")
            await begins_a_policy_on_discord(alice)
            asked = await alice.drop("pa20.md", REVISED.encode())
            outline = (await alice.press(asked, "Une révision de la PA20")).message
            assert "31 clauses, 11 titres" in OnDiscord(alice).told("ce que j'ai lu")[-1].words
            shown = (await alice.press(outline, RIGHT)).message
            assert "Une clause modifiée" in OnDiscord(alice).told("Une clause modifiée")[-1].words
            form = await alice.press(shown, "Approuver…")
            refused = await alice.submit(form, adoptee="04/03/2026", effet="aujourd'hui")
            assert "peut être le 4\u00a0mars\u00a02026 ou le 3\u00a0avril\u00a02026" in refused.text
            again = await alice.press(refused.message, "Corriger")
            assert [part["component"]["value"] for part in again.form["components"]] == [
                "04/03/2026",
                "aujourd'hui",
            ]
            checked = await alice.submit(again, adoptee="aujourd'hui", effet="aujourd'hui")
            assert "Est-ce bien cela?" in checked.text
            assert "Révision approuvée" in (await alice.press(checked.message, "Approuver")).text
            notice = await me.hears("La PA20 a été révisée")
            page = await me.press(notice, "Voir ce qui a changé")
            assert "abstenez" in plain(page.words)
            assert "~~" in page.words
            noted = await me.press(page, "J'ai lu")
            assert "C'est noté" in noted.words
            done = await answer_to_the_end(await me.press(noted, "Répondre"), me.press)
            opened = await me.opens(done, "Attester ma lecture")
            assert "C'est attesté" in (await bob.submit(opened, nom=NAME)).text
            ledger = await alice.slash("vigie", "revision")
            assert "en vigueur" in ledger.text
            await me.hears("est au registre. Gardez ce fichier")
            assert await bob.drop("pa20.md", TEXT.encode())
            assert "Les révisions" not in OnDiscord(bob).told("")[-1].words
            assert await bot.stop() == 0
        await check_the_register(kept)


async def test_on_slack_a_revision_goes_from_the_file_to_the_register(kept: Kept) -> None:
    async with workspace(SOCKET_MODE) as slack:
        own = prepare(kept, Account("slack", TEAM, BOB))
        known = {**slack.settings, **own, "VIGIE_SLACK_EQUIPE": TEAM}
        settings = kept.settings(known, f"slack:{TEAM}/{ALICE}")
        heard: list[dict[str, object]] = []
        admin = OnSlack(slack, ALICE, await slack.direct(ALICE), heard)
        me = OnSlack(slack, BOB, await slack.direct(BOB), heard)
        async with life.running(settings, program=brisk(PROGRAM)) as bot:
            await bot.until("Slack\u00a0: prêt.")
            await slack.proxy.socket_opened()
            await begins_a_policy_on_slack(slack, admin)
            file = ("pa20.md", REVISED.encode())
            await slack.proxy.drops(ALICE, admin.channel, TEAM, file, "1764043200.000200")
            asked = await admin.hears("Quelle politique?")
            outline = await admin.press(asked, "Une révision de la PA20")
            assert "ce que j'ai lu" in outline.words
            shown = await admin.press(outline, RIGHT)
            assert "Une clause modifiée" in shown.words
            window = await admin.opens(shown, "Approuver…")
            assert "Date d'effet" in json.dumps(window, ensure_ascii=False)
            assert json.dumps(window).count('"datepicker"') == len(DATES)
            await slack.submit({**DATES, "effet": "2015-01-01"}, user=ALICE, picked=True)
            assert "précède celle de l'adoption" in (await slack.refusal())["effet"]
            await slack.submit(DATES, user=ALICE, picked=True)
            await admin.hears("Révision approuvée")
            notice = await me.hears("La PA20 a été révisée")
            page = await me.press(notice, "Voir ce qui a changé")
            assert '"strike": true' in json.dumps(page.whole["blocks"])
            noted = await me.press(page, "J'ai lu")
            assert "C'est noté" in noted.words
            done = await answer_to_the_end(await me.press(noted, "Répondre"), me.press)
            await me.opens(done, "Attester ma lecture")
            await slack.submit({"nom": NAME}, user=BOB)
            await me.hears("C'est attesté")
            await me.next(lambda one: bool(one.get("files")))
            fetched = slack.proxy.calls.count("/files-pri/1764043200.000300/pa20.md")
            await slack.proxy.drops(BOB, me.channel, TEAM, file, "1764043200.000300")
            menu = on_slack(await me.next(lambda one: not one.get("changed")))
            assert "Une clause modifiée" not in menu.words
            assert slack.proxy.calls.count("/files-pri/1764043200.000300/pa20.md") == fetched == 0
            assert await bot.stop() == 0
        await check_the_register(kept)


async def test_a_receipt_comes_where_it_was_asked_for_and_the_sentence_says_where(kept: Kept) -> None:
    async with workspace(SOCKET_MODE) as slack, DiscordServer() as server:
        person = Person(server, "bob")
        own = prepare(kept, Account("slack", TEAM, BOB))
        with beside(kept.database) as db:
            known, linked = persons.known(db, Account("slack", TEAM, BOB)), str(person.id)
            db.table("accounts").insert(
                {"platform": "discord", "team": "", "user": linked, "person_id": known}
            )
        both = {**slack.settings, **server.environment, "VIGIE_DISCORD_SERVEUR": str(person.guild.id)}
        settings = kept.settings({**both, **own, "VIGIE_SLACK_EQUIPE": TEAM}, f"slack:{TEAM}/{ALICE}")
        me = OnSlack(slack, BOB, await slack.direct(BOB), [])
        async with life.running(settings, program=brisk(PROGRAM)) as bot:
            for name in ("Slack", "Discord"):
                await bot.until(f"{name}\u00a0: prêt.")
            await slack.write("/vigie accueil recu", user=BOB, channel=me.channel)
            await me.hears("arrive dans un instant, en message privé, sur Slack")
            await me.next(lambda message: bool(message.get("files")))
            reply = await person.slash("vigie", "accueil recu")
            assert "en message privé, sur Discord" in reply.text
            await OnDiscord(person).hears("est au registre. Gardez ce fichier")
            assert await bot.stop() == 0


# --- Announced before its day ------------------------------------------------------------------

AHEAD, ANNOUNCE, WITHDRAW = "L'annoncer dès maintenant…", "L'annoncer", "Retirer"
LATER = TODAY + timedelta(days=40)
COMING = f"PA20, révision annoncée pour le {in_words(LATER)}"
TO_COME = f"La PA20 sera révisée le {in_words(LATER)}"


async def test_on_discord_what_is_announced_ahead_is_told_in_its_channel_then_withdrawn_there(
    kept: Kept,
) -> None:
    async with DiscordServer() as server:
        alice, bob = Person(server, "alice"), Person(server, "bob")
        channel = f"discord/{alice.guild.id}/{bob.channel}"
        known = {**server.environment, "VIGIE_DISCORD_SERVEUR": str(alice.guild.id)}
        settings = {**kept.settings(known, f"discord:{alice.id}"), "VIGIE_CANAUX_ANNONCES": channel}

        def told(words: str) -> list[str]:
            """Return what the channel received that has these words."""
            return [text for each in bob.said(bob.channel) if words in (text := text_of(each))]

        async with life.running(settings, program=brisk(PROGRAM)) as bot:
            await bot.until("Discord\u00a0: prêt.")
            outline = (
                await alice.press(await alice.drop("pa20.md", REVISED.encode()), "Une révision de la PA20")
            ).message
            shown = (await alice.press(outline, RIGHT)).message
            form = await alice.press(shown, "Approuver…")
            approved = await alice.submit(form, adoptee=TODAY.isoformat(), effet=LATER.isoformat())
            if "Est-ce bien cela?" in approved.text:
                approved = await alice.press(approved.message, "Approuver")
            asked = await alice.press(approved.message, AHEAD)
            assert TO_COME in asked.text, "one reads what the channel will"
            assert told("PA20") == []
            assert "n'a pas été révisée" in (await bob.slash("vigie", "nouveautes")).text
            assert "La révision est annoncée" in (await alice.press(asked.message, ANNOUNCE)).text
            [notice] = await server.until(lambda: told(TO_COME))
            assert "une clause modifiée" in notice
            assert "À venir" in (await bob.slash("vigie", "nouveautes")).text
            seen = await alice.press((await alice.slash("vigie", "revision")).message, COMING)
            sure = await alice.press(seen.message, f"{WITHDRAW}…")
            assert "se dira là où elle l'a été" in sure.text
            await alice.press(sure.message, WITHDRAW)
            await server.until(lambda: told("est retirée"))
            assert len(told(TO_COME)) == 1
            assert await bot.stop() == 0


async def test_on_slack_what_is_announced_ahead_is_told_in_its_channel_then_withdrawn_there(
    kept: Kept,
) -> None:
    async with workspace(SOCKET_MODE) as slack:
        known = {**slack.settings, "VIGIE_SLACK_EQUIPE": TEAM}
        channel = f"slack/{TEAM}/{CHANNEL}"
        settings = {**kept.settings(known, f"slack:{TEAM}/{ALICE}"), "VIGIE_CANAUX_ANNONCES": channel}
        heard: list[dict[str, object]] = []
        admin = OnSlack(slack, ALICE, await slack.direct(ALICE), heard)
        everyone = OnSlack(slack, BOB, CHANNEL, heard)
        async with life.running(settings, program=brisk(PROGRAM)) as bot:
            await bot.until("Slack\u00a0: prêt.")
            await slack.proxy.socket_opened()
            file = ("pa20.md", REVISED.encode())
            await slack.proxy.drops(ALICE, admin.channel, TEAM, file, "1764043200.000200")
            outline = await admin.press(await admin.hears("Quelle politique?"), "Une révision de la PA20")
            await admin.opens(await admin.press(outline, RIGHT), "Approuver…")
            await slack.submit({**DATES, "effet": LATER.isoformat()}, user=ALICE, picked=True)
            approved = await admin.hears("Révision approuvée")
            asked = await admin.press(approved, AHEAD)
            assert TO_COME in asked.words
            assert "La révision est annoncée" in (await admin.press(asked, ANNOUNCE)).words
            assert "une clause modifiée" in (await everyone.hears(TO_COME)).words
            seen = await admin.press(await admin.command("/vigie", "revision", COMING), COMING)
            sure = await admin.press(seen, f"{WITHDRAW}…")
            assert "se dira là où elle l'a été" in sure.words
            await admin.press(sure, WITHDRAW)
            await everyone.hears("est retirée")
            assert await bot.stop() == 0
