"""What follows a revision: questions, reminders, the ledger, the history, the way back, the files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.conversation.forms import Form
from bot.conversation.messages import File, Message
from bot.conversation.requests import Actor
from bot.onboarding.quiz import bank
from bot.outbox.routes import write_address
from bot.people import persons
from bot.platforms.contract import Destination
from bot.policy import articles
from bot.revision import audience, revisions
from bot.settings import SEED
from tests.kits.revision_commands import (
    ALEX,
    BLAISE,
    CAMILLE,
    CORRECTED,
    REVISED,
    TEXT,
    World,
    assemble,
    commands,
    words,
    world,
)

NEW = date(2026, 11, 20)
LATER = "2026-11-23"
OVERHAULED = re.sub(
    r"^- (\d+\.\d+) .*$", r"- \1 Le comité décide seul, chaque mois, du point \1.", TEXT, flags=re.MULTILINE
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


async def in_force(desk: World, text: str = REVISED, adopted: str = "2026-11-20") -> None:
    """Adopt a text, in force today, and let everyone be told."""
    await desk.approve(text, adopted, desk.today.isoformat())
    await desk.beat()


# --- Questions and reminders ------------------------------------------------------------------


async def test_up_to_three_questions_on_what_changed_come_before_attesting(tmp_path: Path) -> None:
    """The questions of 5.10 were reviewed beforehand: they are bound to its new words."""
    folder = tmp_path / "donnees" / "politique" / "pa20"
    folder.mkdir(parents=True)
    old = bank.load_bank(SEED / "politique/pa20/quiz.toml", _version(TEXT))
    reviewed = [question.id for question in old.questions if str(question.clause) == "5.10"]
    shipped = (SEED / "politique/pa20/quiz.toml").read_text(encoding="utf-8")
    (folder / "quiz.toml").write_text(bank.bind(shipped, _version(REVISED), again=reviewed), encoding="utf-8")
    with world(tmp_path) as desk:
        await desk.enters(ALEX)
        await desk.attests(ALEX)
        await in_force(desk)
        count = min(3, len(reviewed))
        assert any(f"répondez à {count} questions" in text for text in desk.arrived(ALEX))
        reply = await desk.press(await desk.ask(f"nouveautes pa20 {NEW}", ALEX), "J'ai lu", ALEX)
        assert f"Il reste {count} questions" in words(reply)
        assert "quiz" in commands(await desk.ask(f"nouveautes pa20 {NEW}", ALEX)), "the changes lead on"
        assert "Attester" not in str(commands(reply))
        assert "Répondre" in words(await desk.ask("accueil moi", ALEX))
        assert "Répondre" in words(await desk.ask("accueil attester", ALEX)), "not a form yet"
        assert await desk.answer_all(ALEX) == count
        assert "passed" in await desk.facts(ALEX, NEW)
        assert isinstance(await desk.ask("accueil attester", ALEX), Form)
        await desk.ask("accueil confirmer", ALEX, nom="Alex Tremblay")
        assert "attested" in await desk.facts(ALEX, NEW)


def _version(text: str) -> articles.Version:
    return articles.parse(text, policy="pa20", adopted=NEW)


async def reads(desk: World, actor: Actor) -> Message:
    """Open the changes and say that one has read them."""
    reply = await desk.press(await desk.ask(f"nouveautes pa20 {NEW}", actor), "J'ai lu", actor)
    assert isinstance(reply, Message)
    return reply


async def test_a_revision_without_a_question_says_so_where_questions_would_be(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await in_force(desk)
    none = "Il n'y a pas de question cette fois."
    assert [text for text in desk.arrived(ALEX) if "a été révisée" in text and none in text]
    assert "questions" not in desk.arrived(ALEX)[-1].replace(none, "")
    assert "à faire, s'il y en a" in await desk.said("accueil moi", ALEX)
    assert none in words(await reads(desk, ALEX))
    assert "il n'y en a pas cette fois" in await desk.said("accueil moi", ALEX)
    for _ in range(10):
        desk.clock.move(days=1)
        await desk.daily()
        await desk.beat()
    reminders = [text for text in desk.arrived(ALEX) if "vous attend" in text]
    assert reminders
    assert all(none in text for text in reminders)


async def test_one_says_that_one_has_read_under_the_changes_alone(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await in_force(desk)
    own = (await desk.last()).id
    for group in ("nothing", "changes", "whole"):
        assert "J'ai lu" not in await desk.said(f"revision avis {own} {group}")
    assert not [line for line in commands(await desk.ask("accueil moi", ALEX)) if " lu " in line]
    early = await desk.ask(f"nouveautes lu pa20 {NEW}", ALEX)  # the button of a notice sent long ago
    assert isinstance(early, Message)
    assert {quote.clause for quote in early.quotes()} == {"5.10"}
    assert "read" not in await desk.facts(ALEX, NEW)
    assert "C'est noté" in words(await desk.press(early, "J'ai lu", ALEX))
    assert "read" in await desk.facts(ALEX, NEW)
    again = await desk.ask("nouveautes", ALEX)
    assert "J'ai lu" not in str(again)
    assert "accueil attester" in commands(again)


async def test_nobody_attests_a_revision_before_saying_that_they_read_it(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await in_force(desk)
    await desk.ask("accueil confirmer", ALEX, nom="Alex Tremblay")
    assert "attested" not in await desk.facts(ALEX, NEW)
    await reads(desk, ALEX)
    await desk.ask("accueil confirmer", ALEX, nom="Alex Tremblay")
    assert "attested" in await desk.facts(ALEX, NEW)


async def test_a_revision_gives_a_date_of_its_own_to_those_who_have_something_to_read(desk: World) -> None:
    """Alex attested the former text; Camille was still reading it, with a date and a reminder asked for."""
    await desk.enters(ALEX, CAMILLE)
    await desk.attests(ALEX)
    await desk.beat()
    assert "Date visée\u00a0: le 8\u00a0décembre\u00a02026." in await desk.said("accueil moi", CAMILLE)
    await desk.ask("accueil rappeler lundi", CAMILLE)
    desk.clock.move(days=2)
    await in_force(desk)
    due = "Date visée\u00a0: le 10\u00a0décembre\u00a02026."
    for actor in (ALEX, CAMILLE):
        assert [due in text for text in desk.arrived(actor)][-1], desk.arrived(actor)
        assert due in await desk.said("accueil moi", actor)
    assert "Rappel demandé" not in await desk.said("accueil moi", CAMILLE)
    assert "je vous le rappellerai lundi, le 30\u00a0novembre\u00a02026" in await desk.said(
        "accueil rappeler lundi", ALEX
    )
    assert "Rappel demandé pour le 30\u00a0novembre\u00a02026" in await desk.said("accueil moi", ALEX)
    desk.clock.move(days=4)
    await desk.daily()
    await desk.beat()
    assert "il vous reste à lire, puis à attester votre lecture" in desk.arrived(ALEX)[-1]
    assert due in desk.arrived(ALEX)[-1]
    assert not [text for text in desk.arrived(CAMILLE) if "Le rappel que vous vouliez" in text]


async def test_a_correction_that_asks_for_nothing_gives_no_date(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await in_force(desk, CORRECTED)
    assert "rien ne vous est demandé" in desk.arrived(ALEX)[-1]
    assert "Date visée" not in desk.arrived(ALEX)[-1]
    assert "Date visée" not in await desk.said("accueil moi", ALEX)
    assert "Aucun accueil" in await desk.said("accueil rappeler demain", ALEX)


async def test_who_has_not_attested_is_reminded_as_for_the_quiz_and_then_no_more(desk: World) -> None:
    await desk.enters(ALEX, CAMILLE)
    await desk.attests(ALEX)
    await desk.attests(CAMILLE)
    await in_force(desk)
    await reads(desk, CAMILLE)
    await desk.ask("accueil confirmer", CAMILLE, nom="Camille Roy")
    for _ in range(30):
        desk.clock.move(days=1)
        await desk.daily()
        await desk.beat()
    reminded = [text for text in desk.arrived(ALEX) if "révisée vous attend" in text]
    assert len(reminded) == 3
    assert not [text for text in desk.arrived(CAMILLE) if "vous attend" in text]


async def test_what_was_under_way_is_carried_through_a_correction_of_form(desk: World) -> None:
    await desk.enters(BLAISE)
    await desk.beat()
    await desk.read_all(BLAISE)
    await desk.ask("quiz nouveau -", BLAISE)
    await desk.answer_all(BLAISE)
    await in_force(desk, CORRECTED)
    assert {"read", "passed"} <= await desk.facts(BLAISE, NEW)
    assert (await desk.ledger())["222"].opened_at is None, "it is carried, and the notice was not opened"
    await desk.ask("accueil confirmer", BLAISE, nom="Blaise Côté")
    assert "attested" in await desk.facts(BLAISE, NEW)


async def test_a_page_whose_words_changed_is_to_be_read_again_and_no_other(desk: World) -> None:
    await desk.enters(BLAISE)
    await desk.beat()
    await desk.read_all(BLAISE)
    await in_force(desk)
    shown = await desk.said("accueil moi", BLAISE)
    match = re.search(r"(\d+) pages? sur (\d+)", shown)
    assert match
    assert int(match[1]) == int(match[2]) - 1
    page = await desk.ask("accueil lire", BLAISE)
    assert isinstance(page, Message)
    assert "5.10" in {quote.clause for quote in page.quotes()}


async def test_whoever_missed_a_revision_is_asked_what_both_changed(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await in_force(desk)
    desk.clock.move(days=1)
    await in_force(desk, REVISED.replace("droit auteur", "droit d'auteur"), LATER)
    assert (await desk.ledger())["U1"].asked == "changes"
    shown = await desk.ask("nouveautes", ALEX)
    assert isinstance(shown, Message)
    assert {quote.clause for quote in shown.quotes()} >= {"5.10"}
    old = await desk.ask(f"nouveautes lu pa20 {NEW}", ALEX)
    assert "révisée de nouveau" in words(old)


# --- The ledger -------------------------------------------------------------------------------


async def test_the_ledger_says_of_each_what_became_of_the_notice(desk: World) -> None:
    await desk.enters(ALEX, BLAISE, CAMILLE)
    for one in (ALEX, BLAISE, CAMILLE):
        await desk.attests(one)
    await desk.beat()
    desk.posts["discord"].closed.add(write_address(Destination("discord", "", BLAISE.user)))
    await in_force(desk)
    await desk.ask("nouveautes", ALEX)
    ledger = await desk.ledger()
    assert {user: one.state for user, one in ledger.items()} == {
        "U1": "sent",
        "222": "failed",
        "U3": "sent",
    }
    assert [user for user, one in ledger.items() if one.opened_at] == ["U1"]
    own = (await desk.last()).id
    shown = await desk.said(f"revision registre {own}")
    assert "Ses messages privés sont fermés" in shown
    assert "Envoyé\u00a0: 2" in shown
    reply = await desk.ask(f"revision csv {own}")
    assert isinstance(reply, Message)
    [file] = [element for element in reply.elements if isinstance(element, File)]
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert {row["compte"]: row["etat"] for row in rows}["discord:222"] == "non remis"


async def test_a_delivery_of_unknown_outcome_is_listed_and_looked_up_before_it_is_sent_again(
    desk: World,
) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await desk.beat()
    before = len(desk.arrived(ALEX))
    desk.posts["slack"].script.append("acted-unknown")
    await in_force(desk)
    desk.clock.move(minutes=1)
    await desk.beat()
    assert len(desk.arrived(ALEX)) == before + 1
    assert desk.posts["slack"].looked
    assert (await desk.ledger())["U1"].state == "sent"


async def test_what_was_on_its_way_when_someone_left_is_not_said_again_when_they_are_back(
    desk: World,
) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await desk.beat()
    before = len(desk.arrived(ALEX))
    desk.posts["slack"].script.append("acted-unknown")
    await in_force(desk)
    await desk.leaves(ALEX)
    desk.clock.move(minutes=5)
    await desk.beat()
    assert (await desk.ledger())["U1"].state == "left"
    for _ in "12":
        desk.clock.move(days=1)
        await desk.enters(ALEX)
        await desk.beat()
    assert len(desk.arrived(ALEX)) == before + 1
    assert (await desk.ledger())["U1"].state == "sent"


async def test_linked_accounts_are_one_person_in_the_ledger(desk: World) -> None:
    await desk.enters(ALEX, BLAISE)
    await desk.attests(ALEX)
    await desk.attests(BLAISE)
    await in_force(desk)
    await desk.run(lambda db: persons.merge(db, persons.known(db, ALEX), persons.known(db, BLAISE)))
    [line] = (await desk.ledger()).values()
    assert line.state == "sent"


# --- The history ------------------------------------------------------------------------------


async def test_the_text_of_any_day_can_be_read_and_its_buttons_stay_in_it(desk: World) -> None:
    await in_force(desk)
    now = await desk.ask("politique 5.10", ALEX)
    then = await desk.ask("politique 5.10 --date 2020-01-01", ALEX)
    assert isinstance(now, Message)
    assert isinstance(then, Message)
    assert [one.quotes()[0].version for one in (now, then)] == ["2026-11-20", "2015-12-13"]
    assert all("--date 2020-01-01" in command for command in commands(then))
    assert "n'est pas une date" in await desk.said("politique 5.10 --date bientôt", ALEX)
    assert "Je n'ai aucune version" in await desk.said("politique 5.10 --date 2015-12-01", ALEX)


async def test_every_version_is_listed_with_when_it_was_in_force(desk: World) -> None:
    await in_force(desk)
    shown = await desk.press(await desk.ask("politique", ALEX), "Autres versions", ALEX)
    assert "en vigueur depuis le 24\u00a0novembre\u00a02026" in words(shown)
    assert "en vigueur du 13\u00a0décembre\u00a02015 au 23\u00a0novembre\u00a02026" in words(shown)
    form = await desk.press(shown, "À une autre date", ALEX)
    assert isinstance(form, Form)
    read = await desk.ask(form.command, ALEX, jour="2016-02-01", demande="5.10")
    assert isinstance(read, Message)
    assert read.quotes()[0].version == "2015-12-13"


async def test_withdrawing_a_revision_is_one_version_more_and_nothing_is_deleted(desk: World) -> None:
    await desk.enters(ALEX, CAMILLE)
    await desk.attests(ALEX)
    await in_force(desk)
    first = (await desk.last()).id
    desk.clock.move(days=1)
    sure = await desk.ask(f"revision retirer {first}")
    back = await desk.press(sure, "Retirer")
    assert desk.services.course.target().version == NEW, "nothing changes before it is approved"
    await desk.press(back, "Approuver", adoptee="2026-11-25", effet="2026-11-25")
    await desk.beat()
    assert desk.services.course.target().version == date(2026, 11, 25)
    shown = await desk.said("versions", ALEX)
    assert len(re.findall("Adoptée le", shown)) == 3
    ledger = await desk.ledger()
    assert ledger["U1"].asked == "nothing", "they attested these very words"
    assert ledger["U3"].asked == "whole"
    count = "SELECT count(*) FROM revisions WHERE policy = 'pa20'"
    texts = await desk.run(lambda db: db.conn.execute(count).fetchone())
    assert texts == (3,)


async def test_an_overhaul_taken_back_leaves_those_who_attested_before_it_with_what_else_changed(
    desk: World,
) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await in_force(desk, CORRECTED)
    desk.clock.move(days=1)
    await in_force(desk, OVERHAULED, LATER)
    assert (await desk.ledger())["U1"].asked == "whole"
    sure = await desk.ask(f"revision retirer {(await desk.last()).id}")
    desk.clock.move(days=1)
    back = await desk.press(sure, "Retirer")
    await desk.press(back, "Approuver", adoptee="2026-11-26", effet="2026-11-26")
    await desk.beat()
    assert (await desk.ledger())["U1"].asked == "nothing", "of what they attested, the form alone changed"
    desk.clock.move(days=1)
    await in_force(desk, REVISED.replace("droit auteur", "droit d'auteur"), "2026-11-27")
    assert (await desk.ledger())["U1"].asked == "changes", "one clause changed since what they attested"


async def test_whoever_attested_or_was_welcomed_once_is_not_welcomed_again_by_an_overhaul(
    desk: World,
) -> None:
    await desk.enters(ALEX, BLAISE)
    await desk.beat()
    await desk.attests(ALEX)
    await in_force(desk, OVERHAULED)
    desk.clock.move(days=1)
    await in_force(desk, REVISED, LATER)
    for actor in (ALEX, BLAISE):
        welcomes = [text for text in desk.arrived(actor) if "Bienvenue" in text]
        notices = [text for text in desk.arrived(actor) if "La PA20 a été révisée" in text]
        assert (len(welcomes), len(notices)) == (1, 2)


# --- The files --------------------------------------------------------------------------------


async def test_an_untouched_text_announces_nothing_however_often_the_bot_starts(desk: World) -> None:
    for _ in "123":
        assemble(desk.storage, desk.clock, desk.volume)
    assert await desk.run(lambda db: db.conn.execute("SELECT count(*) FROM outbox").fetchone()) == (0,)


async def test_a_file_that_changed_is_proposed_once_and_served_only_once_approved(desk: World) -> None:
    folder = desk.volume / "politique" / "pa20"
    folder.mkdir(parents=True)
    (folder / "2026-11-20.md").write_text(REVISED, encoding="utf-8")
    for _ in "123":
        again = assemble(desk.storage, desk.clock, desk.volume)
        again.posts = desk.posts
        assert again.services.course.target().version == date(2015, 12, 13)
        await again.beat()
    found = [text for text in desk.posts["slack"].all() if "un texte de la PA20" in text]
    assert len(found) == 2, "once to each of the administration"
    revision = await again.last()
    assert (revision.source, revision.adopted) == ("folder", NEW)
    reply = await again.ask(f"revision voir {revision.id}")
    await again.press(reply, "Approuver", adoptee="2026-11-20", effet="2026-11-24")
    await again.beat()
    assert again.services.course.target().version == NEW
    last = assemble(desk.storage, desk.clock, desk.volume)
    assert last.services.course.target().version == NEW


async def test_a_file_whose_text_was_refused_is_not_proposed_again(desk: World) -> None:
    folder = desk.volume / "politique" / "pa20"
    folder.mkdir(parents=True)
    (folder / "2026-11-20.md").write_text(REVISED, encoding="utf-8")
    again = assemble(desk.storage, desk.clock, desk.volume)
    await again.press(await again.ask(f"revision retirer {(await again.last()).id}"), "Retirer")
    for _ in "12":
        again = assemble(desk.storage, desk.clock, desk.volume)
    assert len(await again.run(lambda db: revisions.list_revisions(db, "pa20"))) == 1


async def test_what_is_scheduled_survives_a_restart_and_waits_for_its_day(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await desk.approve(REVISED, effective="2026-12-01")
    again = assemble(desk.storage, desk.clock, desk.volume)
    again.posts = desk.posts
    assert again.services.course.target().version == date(2015, 12, 13)
    desk.clock.set("2026-12-02T15:00:00Z")
    late = assemble(desk.storage, desk.clock, desk.volume)  # it was down on the day itself
    late.posts = desk.posts
    await late.beat()
    assert late.services.course.target().version == NEW
    own = (await late.last()).id
    count = len(desk.arrived(ALEX))
    await late.run(lambda db: late.archive.announce(db, {"revision": own}, desk.clock()))
    await late.beat()
    assert len(desk.arrived(ALEX)) == count


async def test_a_change_of_an_adopted_file_itself_waits_for_its_dates(desk: World) -> None:
    folder = desk.volume / "politique" / "pa20"
    folder.mkdir(parents=True)
    (folder / "2015-12-13.md").write_text(REVISED, encoding="utf-8")
    again = assemble(desk.storage, desk.clock, desk.volume)
    assert (await again.last()).adopted is None
    shown = await again.ask("politique 5.10")
    assert isinstance(shown, Message)
    paragraph = "".join(span.text for span in again.services.library.quote(shown.quotes()[0]).paragraphs[0])
    assert "vous invitons" in paragraph


async def test_a_change_of_spacing_alone_is_no_revision(desk: World) -> None:
    folder = desk.volume / "politique" / "pa20"
    folder.mkdir(parents=True)
    (folder / "2015-12-13.md").write_text(TEXT.replace("\n", "\r\n"), encoding="utf-8")
    assemble(desk.storage, desk.clock, desk.volume)
    assert await desk.run(lambda db: db.conn.execute("SELECT count(*) FROM outbox").fetchone()) == (0,)


async def test_an_adopted_text_is_written_in_the_association_s_folder(desk: World) -> None:
    await in_force(desk)
    assert (desk.volume / "politique/pa20/2026-11-20.md").read_text(encoding="utf-8") == REVISED


# --- The hour that changes --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "midnight", "nine"),
    [
        ("2027-03-14", "2027-03-14T05:00:00Z", "2027-03-15T13:00:00Z"),  # the hour goes forward that night
        ("2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T14:00:00Z"),  # and back, that one
    ],
)
async def test_a_night_when_the_hour_changes_delays_nothing(
    tmp_path: Path, day: str, midnight: str, nine: str
) -> None:
    with world(tmp_path, start="2026-10-20T15:00:00Z") as desk:
        await desk.enters(ALEX)
        await desk.attests(ALEX)
        await desk.beat()
        before = len(desk.arrived(ALEX))
        await desk.approve(REVISED, "2026-10-15", day)
        desk.clock.set(midnight)
        desk.clock.move(seconds=-1)
        await desk.beat()
        assert desk.services.course.target().version == date(2015, 12, 13)
        desk.clock.set(midnight)
        await desk.beat()
        assert desk.services.course.target().version == date(2026, 10, 15)
        desk.clock.set(nine)
        desk.clock.now -= timedelta(seconds=1)
        await desk.beat()
        assert len(desk.arrived(ALEX)) == before
        desk.clock.set(nine)
        await desk.beat()
        assert len(desk.arrived(ALEX)) == before + 1


# --- The hour of effect -----------------------------------------------------------------------


async def test_a_broken_file_at_the_hour_of_effect_puts_the_revision_off_until_it_is_mended(
    desk: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The former text is served meanwhile, and each person is told once, without a restart."""
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await desk.approve(REVISED, "2026-11-20", "2026-11-24")
    notes = desk.volume / "politique" / "pa20" / "annotations.toml"
    notes.parent.mkdir(parents=True, exist_ok=True)
    shipped = (SEED / "politique/pa20/annotations.toml").read_text("utf-8")
    notes.write_text(shipped.replace("[force]", "[force", 1), "utf-8")
    desk.clock.move(days=int((date(2026, 11, 24) - desk.today).days))
    for _ in range(3):
        caplog.clear()
        await desk.beat()
        lines = [record.getMessage() for record in caplog.records if "revision" in record.getMessage()]
        assert len(lines) == 1, lines
        assert "annotations.toml" in lines[0]
        assert "\n" not in lines[0]
        assert "nous vous invitons à vous abstenir" in _quoted(desk, await desk.ask("politique 5.10", ALEX))
        assert (await desk.last()).state == "scheduled"
        desk.clock.move(minutes=5)
    assert not _news(desk)
    notes.write_text(shipped, "utf-8")
    for _ in range(3):
        await desk.beat()
        desk.clock.move(hours=3)
    assert (await desk.last()).state == "announced"
    assert "abstenez-vous" in _quoted(desk, await desk.ask("politique 5.10", ALEX))
    assert len(_news(desk)) == 1


async def test_a_text_is_served_only_once_its_announcement_is_committed(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.approve(REVISED, "2026-11-20", "2026-11-24")
    desk.clock.move(days=int((date(2026, 11, 24) - desk.today).days))

    def breaks(*_: object) -> int:
        assert desk.services.library.default.versions[-1].key == "2015-12-13"
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(audience, "announce", breaks)
        await desk.beat()
    assert desk.services.library.default.versions[-1].key == "2015-12-13"
    desk.clock.move(minutes=5)
    await desk.beat()
    assert desk.services.library.default.versions[-1].key == "2026-11-20"


def _news(desk: World) -> list[str]:
    return [text for text in desk.arrived(ALEX) if not text.startswith("Votre reçu")]


def _quoted(desk: World, reply: object) -> str:
    """Return the policy's words in a reply."""
    assert isinstance(reply, Message)
    quotations = [desk.services.library.quote(quote) for quote in reply.quotes()]
    return "".join(span.text for quotation in quotations for spans in quotation.paragraphs for span in spans)
