"""The life of a revision: dropped, looked at, approved, told, read, attested; through the dispatcher."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.conversation.forms import Form, Reply
from bot.conversation.messages import Message, Quote
from bot.conversation.requests import Actor
from bot.people import persons, roles
from tests.kits.registry import ADMIN, TEAMS
from tests.kits.revision_commands import (
    ALEX,
    BLAISE,
    CAMILLE,
    CORRECTED,
    REVISED,
    SECOND,
    TEXT,
    World,
    assemble,
    command,
    commands,
    filled,
    words,
    world,
)

NEW = date(2026, 11, 20)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


async def administers(desk: World, actor: Actor) -> None:
    """Have someone administer too, from today on."""

    def name(db: Database) -> None:
        roles.appoint(db, roles.ADMINISTRATION, persons.known(db, actor), desk.today, replacing=False)
        desk.services.office.registry_changed(db, str(persons.account(ADMIN)))

    await desk.run(name)


async def administers_no_more(desk: World, actor: Actor) -> None:
    """Have someone administer no more, from today on."""

    def dismiss(db: Database) -> None:
        roles.dismiss(db, roles.ADMINISTRATION, persons.known(db, actor), desk.today)
        desk.services.office.registry_changed(db, "")

    await desk.run(dismiss)


# --- Proposing and approving ------------------------------------------------------------------


async def test_a_file_that_the_administration_drops_is_shown_and_changes_nothing(desk: World) -> None:
    reply = await desk.drop(REVISED)
    assert "Une clause modifiée" in words(reply)
    assert "Rien ne change avant qu'elle soit approuvée" in words(reply)
    assert (
        "vous abstenir"
        in desk.services.library.quote(quoted(await desk.ask("politique 5.10"))).paragraphs[0][1].text
    )
    compared = await desk.press(reply, "Comparer")
    assert isinstance(compared, Message)
    quotes = [desk.services.library.quote(quote) for quote in compared.quotes()]
    styles = {
        (span.text.strip(), span.style) for quote in quotes for line in quote.paragraphs for span in line
    }
    assert ("abstenez", "added") in styles or ("abstenez-", "added") in styles, styles
    assert any(style == "removed" for _, style in styles)


def quoted(reply: Reply) -> Quote:
    """Return the first quotation of a message."""
    assert isinstance(reply, Message)
    return reply.quotes()[0]


async def test_a_file_is_taken_from_the_administration_only(desk: World) -> None:
    assert await desk.dispatcher.takes_file(ADMIN)
    assert not await desk.dispatcher.takes_file(ALEX)
    assert "Cela revient" in await desk.said("revision", ALEX)


def dates(form: Reply) -> list[str]:
    """Return what the fields of a form hold."""
    return [field.value for field in filled(form).fields]


async def test_the_date_of_effect_is_asked_and_never_invented(desk: World) -> None:
    reply = await desk.drop(REVISED)
    assert dates(await desk.press(reply, "Approuver")) == ["", ""]
    refused = await desk.press(reply, "Approuver", adoptee="2026-11-20", effet="bientôt")
    assert "n'est pas une date" in words(refused)
    assert "Rien n'est approuvé." in words(refused)
    assert "prend effet dans un instant" in words(
        await desk.press(reply, "Approuver", adoptee="2026-11-20", effet="2026-11-24")
    )


@pytest.mark.parametrize(
    ("adopted", "effective", "wrong"),
    [
        ("2026-11-20", "le 20 janvier | 2027", {"effet": "n'est pas une date"}),
        ("", "jamais", {"adoptee": "Il manque la date", "effet": "n'est pas une date"}),
        ("2026-11-20", "2026-11-10", {"effet": "précède celle de l'adoption"}),
        ("2099-01-01", "2099-01-01", {"adoptee": "est à venir"}),
        ("2015-12-13", "2026-11-24", {"adoptee": "celle-ci l'est après"}),
        ("04/03/2026", "1er décembre", {"adoptee": "le 4\u00a0mars\u00a02026 ou le 3\u00a0avril\u00a02026"}),
        ("jeudi 20 novembre 2026", "demain", {"adoptee": "est un vendredi, pas un jeudi"}),
    ],
)
async def test_dates_that_cannot_be_are_corrected_where_they_were_typed(
    desk: World, adopted: str, effective: str, wrong: dict[str, str]
) -> None:
    reply = await desk.drop(REVISED)
    refused = await desk.press(reply, "Approuver", adoptee=adopted, effet=effective)
    assert isinstance(refused, Message)
    assert refused.problems.keys() == wrong.keys()
    for name, why in wrong.items():
        assert why in refused.problems[name]
        assert why in words(refused)
    assert (await desk.last()).state == "proposed"
    form = filled(await desk.press(refused, "Corriger"))
    assert dates(form) == [adopted, effective]
    assert "Révision approuvée" in words(
        await desk.ask(form.command, adoptee="2026-11-20", effet="2026-11-24")
    )


async def test_dates_are_read_as_people_write_them_and_said_back_before_they_count(desk: World) -> None:
    reply = await desk.drop(REVISED)
    checked = await desk.press(reply, "Approuver", adoptee="vendredi dernier", effet="dans deux semaines")
    assert (
        "Adoptée le vendredi 20\u00a0novembre\u00a02026, en vigueur le mardi 8\u00a0décembre\u00a02026."
        in words(checked)
    )
    assert (await desk.last()).state == "proposed"
    assert dates(await desk.press(checked, "Corriger")) == ["2026-11-20", "2026-12-08"]
    typed = await desk.ask(command(checked, "Approuver"))  # not pressed
    assert isinstance(typed, Form), "a yes is pressed"
    assert "Elle prendra effet le 8\u00a0décembre\u00a02026" in words(await desk.press(checked, "Approuver"))


async def test_dates_written_in_full_are_not_asked_twice(desk: World) -> None:
    reply = await desk.drop(REVISED)
    approved = await desk.press(reply, "Approuver", adoptee="le 20 novembre 2026", effet="1er décembre 2026")
    assert "Elle prendra effet le 1er\u00a0décembre\u00a02026" in words(approved)


async def test_dates_that_the_text_says_are_offered_and_asked_all_the_same(desk: World) -> None:
    cover = "**Dernière révision : Conseil d’administration 390<sup>ème</sup> le 13-12-2015**"
    assert cover in REVISED
    expected = (
        "**Adoptée par le conseil d’administration le 20 novembre 2026, en vigueur le 1er janvier 2027.**"
    )
    form = await desk.press(await desk.drop(REVISED.replace(cover, expected)), "Approuver")
    assert dates(form) == ["2026-11-20", "2027-01-01"]
    assert all("vérifiez" in field.hint for field in filled(form).fields)
    assert (await desk.last()).state == "proposed"


@pytest.mark.parametrize(
    "said", ["Adoptée le 3 mars 2027.", "Adoptée le 3 mars 2014.", "Adoptée le 04/03/2026."]
)
async def test_a_date_that_cannot_be_or_is_not_sure_is_not_offered(desk: World, said: str) -> None:
    cover = "**Dernière révision : Conseil d’administration 390<sup>ème</sup> le 13-12-2015**"
    form = await desk.press(await desk.drop(REVISED.replace(cover, said)), "Approuver")
    assert dates(form) == ["", ""]


async def test_what_is_scheduled_is_in_force_and_told_on_its_day_and_not_before(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await desk.beat()
    before = len(desk.arrived(ALEX))
    assert "prendra effet le 1er\u00a0décembre\u00a02026" in words(
        await desk.approve(REVISED, effective="2026-12-01")
    )
    desk.clock.set("2026-12-01T04:59:50Z")
    await desk.beat()
    assert desk.services.course.target().version == date(2015, 12, 13)
    desk.clock.set("2026-12-01T05:00:00Z")  # midnight in Québec
    await desk.beat()
    assert desk.services.course.target().version == NEW
    assert len(desk.arrived(ALEX)) == before, "it is not said at night"
    desk.clock.set("2026-12-01T14:00:00Z")
    await desk.beat()
    [message] = desk.arrived(ALEX)[before:]
    assert "La PA20 a été révisée" in message
    assert "une clause modifiée" in message


async def test_two_persons_must_approve_if_the_setting_says_so(tmp_path: Path) -> None:
    with world(tmp_path, approvals=2) as desk:
        reply = await desk.approve(REVISED)
        assert "Une deuxième personne" in words(reply)
        own = (await desk.last()).id
        assert "Une deuxième personne" in await desk.said(f"revision accord {own}")
        assert (await desk.last()).state == "proposed"
        seen = await desk.ask(f"revision voir {own}", SECOND)
        assert "Révision approuvée" in words(await desk.press(seen, "Approuver ces dates", SECOND))
        assert (await desk.last()).state == "scheduled"


async def test_someone_named_after_a_proposal_does_not_approve_it(tmp_path: Path) -> None:
    other = Actor("discord", TEAMS["discord"], "123456789012345678")
    with world(tmp_path, approvals=2) as desk:
        await desk.approve(REVISED)
        own = (await desk.last()).id
        await administers(desk, other)
        reply = await desk.press(await desk.ask(f"revision voir {own}", other), "Approuver ces dates", other)
        assert "votre accord n'y compte pas" in words(reply)
        assert (await desk.last()).state == "proposed"
        for days, expected in ((0, "votre accord n'y compte pas"), (1, "Révision approuvée")):
            desk.clock.move(days=days)
            await desk.press(await desk.ask(f"revision retirer {own}", other), "Retirer", other)
            await desk.approve(REVISED)  # proposed anew, while they administer
            own = (await desk.last()).id
            seen = await desk.ask(f"revision voir {own}", other)
            assert expected in words(await desk.press(seen, "Approuver ces dates", other))


async def test_someone_named_that_day_does_not_propose_so_that_who_named_them_approves(
    tmp_path: Path,
) -> None:
    other = Actor("slack", TEAMS["slack"], "U0OTHER")
    with world(tmp_path, approvals=2) as desk:
        await administers(desk, other)
        reply = await desk.drop(REVISED, other)
        form = await desk.press(reply, "Approuver", other, adoptee="2026-11-20", effet="2026-11-24")
        assert "votre accord n'y compte pas" in words(form)
        own = (await desk.last()).id
        reply = await desk.ask(f"revision approuver {own}", adoptee="2026-11-20", effet="2026-11-24")
        assert "Une deuxième personne" in words(reply)
        assert (await desk.last()).state == "proposed"


async def test_who_was_dismissed_and_named_again_since_a_proposal_does_not_approve_it(tmp_path: Path) -> None:
    with world(tmp_path, approvals=2) as desk:
        await desk.approve(REVISED)
        own = (await desk.last()).id
        await administers_no_more(desk, SECOND)
        desk.clock.move(days=1)
        await administers(desk, SECOND)
        desk.clock.move(days=1)
        seen = await desk.ask(f"revision voir {own}", SECOND)
        assert "votre accord n'y compte pas" in words(await desk.press(seen, "Approuver ces dates", SECOND))
        assert (await desk.last()).state == "proposed"


async def test_the_approval_of_someone_who_no_longer_administers_does_not_count(tmp_path: Path) -> None:
    third = Actor("slack", TEAMS["slack"], "U0THIRD")
    with world(tmp_path, approvals=2) as desk:
        await administers(desk, third)
        desk.clock.move(days=1)
        await desk.approve(REVISED)  # proposes, and approves
        own = (await desk.last()).id
        await administers_no_more(desk, ADMIN)
        seen = await desk.ask(f"revision voir {own}", SECOND)
        assert "Une deuxième personne" in words(await desk.press(seen, "Approuver ces dates", SECOND))
        assert (await desk.last()).state == "proposed"
        seen = await desk.ask(f"revision voir {own}", third)
        assert "Révision approuvée" in words(await desk.press(seen, "Approuver ces dates", third))


async def test_other_dates_or_natures_than_those_approved_are_approved_anew(tmp_path: Path) -> None:
    with world(tmp_path, approvals=2) as desk:
        await desk.approve(REVISED)
        own = (await desk.last()).id
        await desk.ask(f"revision nature {own} 5.10 editoriale 1", SECOND)
        assert "Approuver ces dates" not in str(await desk.ask(f"revision voir {own}", SECOND))
        reply = await desk.ask(f"revision approuver {own}", SECOND, adoptee="2026-11-20", effet="2026-11-25")
        assert "Révision approuvée" in words(reply), (
            "the one who proposed it and the one who approves are two"
        )


async def test_the_administration_decides_of_each_change_whether_it_is_of_form(desk: World) -> None:
    reply = await desk.drop(REVISED)
    natures = await desk.press(reply, "Forme ou fond")
    assert "5.10, modifiée: de fond." in words(natures).replace("\u00a0", "")
    after = await desk.ask(command(natures, "5.10"))
    assert "5.10, corrigée: de forme." in words(after).replace("\u00a0", "")
    assert "de forme" in await desk.said(f"revision voir {(await desk.last()).id}")


async def test_no_quiz_is_promised_of_a_policy_that_has_none(desk: World) -> None:
    desk.archive.quizzed = lambda _policy: False
    await desk.enters(BLAISE)
    reply = await desk.drop(REVISED)
    assert "1 personne\u00a0: lire tout le texte, attester" in words(reply)
    seen = await desk.said(f"revision avis {(await desk.last()).id} whole")
    assert "Lisez le texte en entier, puis attestez" in seen
    assert "quiz" not in seen


async def test_the_notice_is_seen_before_it_goes_and_to_how_many(desk: World) -> None:
    await desk.enters(ALEX, BLAISE)
    await desk.attests(ALEX)
    reply = await desk.drop(REVISED)
    assert "l'avis irait à 2 personnes" in words(reply)
    assert "1 personne\u00a0: lire ce qui change" in words(reply)
    assert "1 personne\u00a0: lire tout le texte" in words(reply)
    shown = await desk.press(reply, "Voir l'avis")
    assert "La PA20 a été révisée" in words(shown)
    assert "[Voir ce qui a changé]" in words(shown)
    assert "J'ai lu" not in words(shown)
    given = await desk.press(shown, "Sur chaque plateforme")
    assert isinstance(given, Message)
    [page] = given.files()
    html = page.content.decode()
    assert html.count("<h3>Slack</h3>") == html.count("<h3>Discord</h3>") == 4
    assert "Rien ne vous est demandé" in html
    assert "que la forme" not in html, "what it changes is of substance"
    assert html.count("message public") == 1, "in the channel"


async def test_what_is_to_be_looked_at_again_is_said_before_approving(desk: World) -> None:
    assert "7 questions du quiz" in words(await desk.drop(REVISED))
    assert "À revoir" not in words(await desk.drop(CORRECTED))


async def test_the_notice_of_those_who_are_the_most_is_shown_first(desk: World) -> None:
    await desk.enters(ALEX, BLAISE)
    shown = await desk.press(await desk.drop(REVISED), "Voir l'avis")
    assert "[Commencer la lecture]" in words(shown)


async def test_the_notice_says_what_the_clauses_are_about_and_what_is_of_form_only(desk: World) -> None:
    shown = await desk.press(
        await desk.drop(REVISED.replace("droit auteur", "droit d'auteur")), "Voir l'avis"
    )
    assert "une clause modifiée, une corrigée" in words(shown)
    assert "5.10, modifiée (Ne pas agir à titre de porte-parole ou mandataire)" in words(shown)
    assert "5.12, corrigée (" in words(shown)


async def test_a_title_in_capitals_is_written_in_a_notice_as_it_is_everywhere_else(desk: World) -> None:
    shown = await desk.press(
        await desk.drop(TEXT.replace("vous demeurez responsable", "vous restez")), "Voir l'avis"
    )
    assert "7.3, modifiée (Non-respect de la présente politique)" in words(shown)


async def test_what_is_proposed_is_never_shown_as_the_text_in_force(desk: World) -> None:
    compared = await desk.press(await desk.drop(REVISED), "Comparer")
    assert isinstance(compared, Message)
    before, after = (desk.services.library.quote(quote).caption for quote in compared.quotes())
    assert "proposé" not in before
    assert after.endswith(", texte proposé")


async def test_in_the_sandbox_a_revision_is_told_at_night_too(desk: World) -> None:
    desk.services.archive.at_once = True
    await desk.enters(ALEX)
    desk.clock.set("2026-11-25T07:00:00Z")
    await desk.approve(REVISED, effective="2026-11-25")
    await desk.beat()
    assert any("a été révisée" in message or "Bienvenue" in message for message in desk.arrived(ALEX))


async def test_a_proposal_can_be_withdrawn_and_nobody_hears_of_it(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.approve(REVISED, effective="2026-12-01")
    own = (await desk.last()).id
    for typed in ("oui", "✓"):
        assert "Retirer cette révision?" in await desk.said(f"revision retirer {own} {typed}")
    sure = await desk.ask(f"revision retirer {own}")
    assert "est retirée" in words(await desk.press(sure, "Retirer"))
    desk.clock.set("2026-12-02T15:00:00Z")
    await desk.beat()
    assert desk.services.course.target().version == date(2015, 12, 13)
    assert not any("révisée" in text and "Bienvenue" not in text for text in desk.arrived(ALEX))


async def test_a_text_that_says_nothing_new_or_is_no_policy_is_refused_with_the_reason(desk: World) -> None:
    twice = TEXT.replace("5.11 ", "5.10 ")
    asked = await desk.press(await desk.drop_alone(twice), "Une révision de la PA20")
    assert "Le numéro 5.10 est déjà pris" in words(asked) or "était attendu" in words(asked)
    assert "déjà celui de la dernière version" in words(await desk.drop(TEXT))
    assert "aucun titre ni numéro" in words(await desk.drop("Bonjour"))
    assert "UTF-16" in words(await desk.drop(b"\xff\xfe\x00"))
    assert await desk.run(
        lambda db: db.conn.execute("SELECT count(*) FROM revisions WHERE state = 'proposed'").fetchone()
    ) == (0,)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"\x89PNG\r\n\x1a\n", "c'est une image"), (b"Bonjour", "aucun titre ni numéro")],
)
async def test_a_wrong_file_is_called_what_it_is_with_a_model_to_start_from(
    desk: World, content: bytes, kind: str
) -> None:
    reply = await desk.drop(content, name="affiche.png")
    assert kind in words(reply)
    sent = await desk.press(reply, "Partir d'un modèle")
    assert isinstance(sent, Message)
    [file] = sent.files()
    assert file.name == "modele-pa20.docx"
    as_it_is = words(await desk.drop(file.content, name=file.name))
    assert "aucune clause changée" in as_it_is.lower() or "rien n'y change" in as_it_is


async def test_the_model_changed_and_dropped_is_a_revision_of_that_alone(desk: World) -> None:
    sent = await desk.ask("revision modele")
    assert isinstance(sent, Message)
    changed = replaced_in_docx(sent.files()[0].content, "nous vous invitons à vous abstenir", "abstenez-vous")
    assert "Une clause modifiée" in words(await desk.drop(changed, name="pa20.docx"))


def replaced_in_docx(content: bytes, old: str, new: str) -> bytes:
    """Return a Word file in which some words are replaced."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as read, zipfile.ZipFile(output, "w") as written:
        for name in read.namelist():
            written.writestr(name, read.read(name).decode().replace(old, new))
    return output.getvalue()


# --- What is asked of each --------------------------------------------------------------------


async def told(desk: World) -> None:
    """Let the notices leave, in working hours."""
    await desk.beat()


async def test_an_editorial_revision_asks_nothing(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await desk.approve(CORRECTED)
    await told(desk)
    assert any("rien ne vous est demandé" in text for text in desk.arrived(ALEX))
    reply = await desk.ask("nouveautes", ALEX)
    assert "J'ai lu" not in str(commands(reply))
    assert "Rien d'autre ne vous est demandé" in await desk.said(f"nouveautes lu pa20 {NEW}", ALEX)
    line = (await desk.ledger())["U1"]
    assert (line.asked, line.state, line.opened_at is not None) == ("nothing", "sent", True)
    assert "Aucun accueil" in await desk.said("accueil moi", ALEX)


async def test_a_substantive_revision_asks_to_read_answer_and_attest_the_new_version(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await desk.approve(REVISED)
    await told(desk)
    changed = await desk.ask(f"nouveautes pa20 {NEW}", ALEX)
    after = await desk.press(changed, "J'ai lu", ALEX)
    assert "C'est noté" in words(after)
    assert await desk.answer_all(ALEX) <= 3
    assert "C'est attesté" in words(await desk.ask("accueil confirmer", ALEX, nom="Alex Tremblay"))
    assert "attested" in await desk.facts(ALEX, NEW)
    line = (await desk.ledger())["U1"]
    assert line.attested_at is not None


async def test_who_never_attested_reads_the_whole_and_keeps_what_did_not_change(desk: World) -> None:
    await desk.enters(BLAISE)
    await desk.beat()
    assert len(desk.arrived(BLAISE)) == 1
    reply = await desk.ask("accueil lire", BLAISE)
    await desk.ask(commands(reply)[0], BLAISE)
    await desk.approve(REVISED)
    await told(desk)
    [welcome, notice] = desk.arrived(BLAISE)
    assert "Bienvenue" in welcome
    assert "Lisez le texte en entier" in notice
    assert "1 page sur" in await desk.said("accueil moi", BLAISE)
    assert (await desk.ledger())["222"].opened_at is None
    await desk.ask("accueil lire", BLAISE)
    assert (await desk.ledger())["222"].opened_at, "to begin to read is to open"
    await desk.attests(BLAISE)
    assert "attested" in await desk.facts(BLAISE, NEW)


async def test_a_welcome_that_had_not_left_is_that_of_the_new_version(desk: World) -> None:
    desk.clock.set("2026-11-25T02:00:00Z")  # at night: nothing is said
    await desk.enters(CAMILLE)
    await desk.run(lambda db: db.conn.execute("UPDATE outbox SET urgent = 0"))
    await desk.approve(REVISED)
    await desk.beat()
    desk.clock.set("2026-11-25T15:00:00Z")
    await desk.beat()
    [only] = desk.arrived(CAMILLE)
    assert "Bienvenue" in only
    assert "20\u00a0novembre\u00a02026" in only
    assert (await desk.ledger())["U3"].state == "sent"


async def test_who_enters_between_adoption_and_notice_is_welcomed_to_the_version_in_force(
    desk: World,
) -> None:
    await desk.approve(REVISED)
    await told(desk)
    await desk.enters(CAMILLE)
    await desk.beat()
    [only] = desk.arrived(CAMILLE)
    assert "20\u00a0novembre\u00a02026" in only
    assert "U3" not in await desk.ledger()


async def test_who_leaves_before_the_notice_gets_nothing_and_who_comes_back_is_told(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await desk.beat()
    before = len(desk.arrived(ALEX))
    desk.clock.set("2026-11-25T02:00:00Z")
    await desk.approve(REVISED)
    await desk.schedule.tick()
    await desk.leaves(ALEX)
    desk.clock.set("2026-11-25T15:00:00Z")
    await desk.beat()
    assert len(desk.arrived(ALEX)) == before
    assert (await desk.ledger())["U1"].state == "left"
    for _ in "12":
        await desk.enters(ALEX)
        await desk.beat()
    [only] = desk.arrived(ALEX)[before:]
    assert "La PA20 a été révisée" in only
    assert (await desk.ledger())["U1"].state == "sent"


async def test_nobody_is_told_twice_however_often_it_starts_again(desk: World) -> None:
    await desk.enters(ALEX, BLAISE)
    await desk.attests(ALEX)
    await desk.approve(REVISED)
    await told(desk)
    counts = len(desk.arrived(ALEX)), len(desk.arrived(BLAISE))
    posts = desk.posts
    for _ in "123":
        again = assemble(desk.storage, desk.clock, desk.volume)
        again.posts = posts
        await again.beat()
        assert again.services.course.target().version == NEW
    assert (len(desk.arrived(ALEX)), len(desk.arrived(BLAISE))) == counts


async def test_an_effective_date_that_is_past_is_said_before_it_is_approved(desk: World) -> None:
    shown = await desk.drop(REVISED)
    asked = await desk.press(shown, "Approuver", adoptee="2026-11-20", effet="2026-11-21")
    assert "La date d'effet est déjà passée" in words(asked)
    assert (await desk.last()).state == "proposed"
    assert "prend effet dans un instant" in words(await desk.press(asked, "Approuver"))
    assert (await desk.last()).state == "scheduled"
