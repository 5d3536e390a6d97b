"""Asking for a permission or a consent, answering, writing about it, ending it: through the dispatcher."""

from __future__ import annotations

import hashlib

import pytest
from sqlite_utils import Database

from bot.commands.demande.drafts import KEPT
from bot.conversation.forms import Form
from bot.conversation.messages import Message
from bot.conversation.requests import Actor, Received
from bot.people import persons, roles
from bot.permissions import requests
from tests.commands.demande.people import (
    ASKER,
    COUNCIL,
    FRIEND,
    IMAGE,
    PAGE,
    PAPER,
    PIXELS,
    VP,
    ask,
    fill,
    grant,
    identifier,
    pressed,
    restarted,
)
from tests.kits.people import COMMUNICATIONS_ROLE
from tests.kits.registry import ADMIN
from tests.kits.revision_commands import SECOND, World, command, commands, filled, words
from tests.platforms.test_hostile_text import HOSTILE, check_everywhere
from tests.posting.scripted import scripted


async def stored(desk: World) -> list[tuple[str, str]]:
    """Return what is asked, with its state."""
    return await desk.run(
        lambda db: db.conn.execute("SELECT kind, state FROM permission_requests ORDER BY rowid").fetchall()
    )


# --- Asking -------------------------------------------------------------------------------------


async def test_a_page_is_asked_answered_discussed_granted_and_withdrawn(desk: World) -> None:
    home = await desk.ask("demande", ASKER)
    form = filled(await desk.press(home, "Ouvrir une page", ASKER))
    assert [field.label for field in form.fields] == [
        "Quelle page, et pour quoi", "Jusqu'à quand", "Votre nom",
    ]  # fmt: skip
    confirm = await fill(desk, form.command, ASKER, **PAGE)
    assert "club d'échecs" in words(confirm)
    assert "30\u00a0juin\u00a02027" in words(confirm)
    assert "«\u00a0Vice-présidence aux communications\u00a0»" in words(confirm)
    assert await stored(desk) == []
    sent = await pressed(desk, confirm, "Envoyer", ASKER)
    assert "C'est envoyé" in words(sent)
    assert await stored(desk) == [("page", "asked")]

    waiting = await desk.ask("demande", VP)
    assert "Vous avez à répondre" in words(waiting)
    shown = await pressed(desk, waiting, "Répondre", VP)
    assert "club d'échecs" in words(shown)
    assert [quote.clause for quote in shown.quotes()] == ["5.16"]
    assert "La demande attend votre réponse" in words(shown)
    asked = await fill(desk, command(shown, "Poser une question"), VP, mots="Qui la tiendra à jour?")
    assert "Qui la tiendra à jour?" in words(asked)
    assert "Votre question attend une réponse" in words(asked)
    mine = filled_message(await desk.ask(f"demande voir {identifier(sent)}", ASKER))
    assert "Qui la tiendra à jour?" in words(mine)
    await fill(desk, command(mine, "Répondre"), ASKER, mots="Le comité, chaque semaine.")
    shown = filled_message(await desk.ask(f"demande voir {identifier(sent)}", VP))
    assert "Le comité, chaque semaine." in words(shown)
    assert "La demande attend votre réponse" in words(shown)
    assert "Le nom de qui demande, au certificat\u00a0: Alex Roy" in words(shown)
    form = filled(await desk.press(shown, "Accorder", VP))
    assert "Le nom de qui demande, au certificat\u00a0: «\u00a0Alex Roy\u00a0»." in form.introduction
    assert form.fields[0].value == "2027-06-30"
    answer = {"jusque": "31 mai 2027", "conditions": "Une relecture par mois", "nom": "Blaise Gagnon"}
    granted = await fill(desk, form.command, VP, **answer)
    assert await stored(desk) == [("page", "granted")]
    assert "jusqu'au 31\u00a0mai\u00a02027" in words(granted)
    mine = filled_message(await desk.ask(f"demande voir {identifier(sent)}", ASKER))
    assert "Une relecture par mois" in words(mine)
    assert "Le certificat" in [button.label for button in mine.buttons()]

    form = filled(await desk.press(granted, "Retirer l'autorisation", VP))
    assert list((await fill(desk, form.command, VP, raison=" ")).problems) == ["raison"]
    assert await stored(desk) == [("page", "granted")]
    await fill(desk, form.command, VP, raison="La page n'est plus tenue")
    assert await stored(desk) == [("page", "withdrawn")]
    assert "La page n'est plus tenue" in words(await desk.ask(f"demande voir {identifier(sent)}", ASKER))


@pytest.mark.parametrize(
    ("window", "fields", "name", "problem"),
    [
        ("page", {"objet": "  "}, "objet", "Dites ce que vous voulez faire"),
        ("page", {"jusque": "hier"}, "jusque", "passée"),
        ("page", {"jusque": "31 février 2027"}, "jusque", ""),
        ("page", {"jusque": "04/03/2027"}, "jusque", "peut être"),
        ("page", {"nom": "\u202e "}, "nom", "Écrivez votre nom"),
        ("page", {"objet": "x" * 1_001}, "objet", "1\u00a0000"),
        ("personne", {"image": ""}, "image", "Décrivez"),
        ("personne", {"personne": ""}, "personne", "Choisissez"),
        ("personne", {"personne": ASKER.user}, "personne", "votre propre image"),
        ("papier", {"papier": " "}, "papier", "Écrivez le nom"),
    ],
)
async def test_what_is_missing_or_impossible_is_said_beside_its_field(
    desk: World, window: str, fields: dict[str, str], name: str, problem: str
) -> None:
    await desk.run(lambda db: persons.known(db, ASKER))
    known = {"page": PAGE, "personne": IMAGE, "papier": PAPER}[window]
    refused = await fill(desk, f"demande {window}", ASKER, **{**known, **fields})
    assert list(refused.problems) == [name]
    assert problem in refused.problems[name]
    assert await stored(desk) == []


async def test_all_that_is_wrong_is_said_at_once(desk: World) -> None:
    refused = await fill(desk, "demande page", ASKER, objet="", jusque="hier", nom="")
    assert set(refused.problems) == {"objet", "jusque", "nom"}
    again = filled(await desk.press(refused, "Corriger", ASKER))
    assert again.fields[1].value == "hier"


async def test_a_form_is_corrected_before_it_is_sent_and_can_be_given_up(desk: World) -> None:
    confirm = await fill(desk, "demande page", ASKER, **PAGE)
    form = filled(await desk.press(confirm, "Corriger", ASKER))
    assert [field.value for field in form.fields] == [PAGE["objet"], "2027-06-30", PAGE["nom"]]
    confirm = await fill(desk, form.command, ASKER, **{**PAGE, "objet": "Une autre page", "jusque": ""})
    assert "Une autre page" in words(confirm)
    assert "2027" not in words(confirm)
    assert "oublié" in words(await pressed(desk, confirm, "Ne pas envoyer", ASKER))
    assert "n'est plus là" in words(await pressed(desk, confirm, "Envoyer", ASKER))
    assert await stored(desk) == []


async def test_what_is_not_confirmed_is_forgotten_in_ten_minutes_and_by_a_restart(desk: World) -> None:
    confirm = await fill(desk, "demande page", ASKER, **PAGE)
    desk.clock.move(minutes=KEPT.total_seconds() / 60 + 1)
    assert "n'est plus là" in words(await pressed(desk, confirm, "Envoyer", ASKER))
    form = filled(await desk.press(confirm, "Corriger", ASKER))
    assert form.fields[0].value == ""
    confirm = await fill(desk, "demande page", ASKER, **PAGE)
    again = restarted(desk)
    assert "n'est plus là" in words(await pressed(again, confirm, "Envoyer", ASKER))
    assert await stored(desk) == []


async def test_a_yes_is_pressed_never_typed_and_pressed_twice_it_asks_once(desk: World) -> None:
    confirm = await fill(desk, "demande page", ASKER, **PAGE)
    line = command(confirm, "Envoyer")
    await desk.ask(line, ASKER)
    assert await stored(desk) == []
    for _ in range(2):
        assert "attend une réponse" in words(await pressed(desk, confirm, "Envoyer", ASKER))
    again = restarted(desk)
    assert "attend une réponse" in words(await pressed(again, confirm, "Envoyer", ASKER))
    assert await stored(desk) == [("page", "asked")]


async def test_another_s_draft_is_not_sent(desk: World) -> None:
    confirm = await fill(desk, "demande page", ASKER, **PAGE)
    assert "n'est plus là" in words(await pressed(desk, confirm, "Envoyer", COUNCIL))
    assert await stored(desk) == []


async def test_nothing_is_stored_of_anyone_before_it_is_confirmed(desk: World) -> None:
    before = await desk.run(lambda db: db.conn.execute("SELECT * FROM accounts").fetchall())
    confirm = await fill(desk, "demande personne", ASKER, **IMAGE)
    after = await desk.run(lambda db: db.conn.execute("SELECT * FROM accounts").fetchall())
    assert [row for row in after if FRIEND.user in row] == []
    assert len(before) == len([row for row in after if ASKER.user not in row])
    await pressed(desk, confirm, "Envoyer", ASKER)
    assert await desk.run(lambda db: persons.person_of(db, FRIEND))


@pytest.mark.parametrize("text", HOSTILE)
async def test_any_text_is_shown_safely_everywhere(desk: World, text: str) -> None:
    subject = text.replace("\ud800", "")[:1_000].strip() or "x"
    fields = {"objet": subject, "image": subject[:500], "nom": subject[:80], "papier": subject[:80]}
    reply = await fill(desk, "demande papier", ASKER, **fields)
    quote = desk.services.library.quote
    check_everywhere(reply, quote)
    if reply.problems:
        return
    sent = await pressed(desk, reply, "Envoyer", ASKER)
    for _ in range(3):
        await fill(desk, command(sent, "Ajouter un mot"), ASKER, mots=subject)
        await fill(desk, f"demande ecrire {identifier(sent)}", VP, mots=f"Et {subject}"[:1_000])
    for line in (f"demande voir {identifier(sent)} {page}" for page in range(1, 9)):
        check_everywhere(await desk.ask(line, VP), quote)
    for actor in (ASKER, VP):
        check_everywhere(await desk.ask("demande", actor), quote)
    check_everywhere(await desk.ask(f"demande accorder {identifier(sent)}", VP), quote)


# --- The picture -----------------------------------------------------------------------------------


async def test_a_picture_leaves_its_fingerprint_alone(desk: World) -> None:
    confirm = await fill(desk, "demande personne", ASKER, Received("photo.png", PIXELS), **IMAGE)
    digest = hashlib.sha256(PIXELS).hexdigest()
    assert digest[:16] in words(confirm)
    form = filled(await desk.press(confirm, "Corriger", ASKER))  # the file is not asked again
    confirm = await fill(desk, form.command, ASKER, **IMAGE)
    await pressed(desk, confirm, "Envoyer", ASKER)
    [dump] = await desk.run(lambda db: ["\n".join(db.conn.iterdump())])
    assert digest in dump
    assert PIXELS.hex().upper() not in dump.upper()
    assert "photo.png" not in dump


@pytest.mark.parametrize("start", [PIXELS, b"\xff\xd8\xff\xe0" + bytes(9), b"RIFF\x00\x00\x00\x00WEBPVP8 "])
async def test_png_jpeg_and_webp_are_known_by_their_content(desk: World, start: bytes) -> None:
    confirm = await fill(desk, "demande personne", ASKER, Received("x.txt", start), **IMAGE)
    assert "Empreinte" in words(confirm)


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        (Received("photo.png", b"GIF89a"), "PNG, JPEG ou WebP"),
        (Received("photo.png", b""), "PNG, JPEG ou WebP"),
        (Received("photo.png", b"<svg/>" + PIXELS), "PNG, JPEG ou WebP"),
        (Received("photo.png", b"", "Ce fichier dépasse 8\u00a0Mo."), "dépasse"),
    ],
)
async def test_what_is_no_picture_or_too_large_is_refused_beside_its_field(
    desk: World, file: Received, problem: str
) -> None:
    refused = await fill(desk, "demande personne", ASKER, file, **IMAGE)
    assert list(refused.problems) == ["fichier"]
    assert problem in refused.problems["fichier"]


# --- Consents ---------------------------------------------------------------------------------------


async def test_a_consent_is_asked_accepted_and_withdrawn_by_the_person_in_the_picture(desk: World) -> None:
    sent = await ask(desk, "personne")
    shown = await pressed(desk, await desk.ask("demande", FRIEND), "Répondre", FRIEND)
    assert "votre silence n'est pas un oui" in words(shown)
    form = filled(await desk.press(shown, "J'accepte", FRIEND))
    accepted = await fill(desk, form.command, FRIEND, nom="Noé Lavoie", jusque="", conditions="Sans mon nom")
    assert await stored(desk) == [("image", "granted")]
    assert "Sans mon nom" in words(await desk.ask(f"demande voir {identifier(sent)}", ASKER))
    asked = await pressed(desk, accepted, "Retirer mon consentement", FRIEND)
    assert await stored(desk) == [("image", "granted")]
    await desk.ask(command(asked, "Retirer mon consentement"), FRIEND)  # typed, it only asks again
    assert await stored(desk) == [("image", "granted")]
    for _ in range(2):
        done = await pressed(desk, asked, "Retirer mon consentement", FRIEND)
        assert "retiré" in words(done)
    assert await stored(desk) == [("image", "withdrawn")]


async def test_one_may_say_no_without_a_reason(desk: World) -> None:
    await ask(desk, "personne")
    shown = await pressed(desk, await desk.ask("demande", FRIEND), "Répondre", FRIEND)
    form = filled(await desk.press(shown, "Je refuse", FRIEND))
    assert not form.fields[0].required
    await fill(desk, form.command, FRIEND, raison="")
    assert await stored(desk) == [("image", "refused")]


async def test_a_consent_is_nobody_else_s_to_give_or_to_see(desk: World) -> None:
    sent = await ask(desk, "personne")
    for line in ("voir", "accorder", "refuser", "ecrire", "annuler", "retirer", "certificat", "prolonger"):
        for actor in (VP, COUNCIL, ADMIN):
            reply = await desk.ask(f"demande {line} {identifier(sent)}", actor)
            assert "ne vous concerne pas" in words(reply), (line, actor)
    assert "Répondre" not in [b.label for b in filled_message(await desk.ask("demande", VP)).buttons()]


async def test_a_consent_on_paper_is_recorded_by_the_role(desk: World) -> None:
    choice = await desk.ask("demande image", ASKER)
    form = filled(await desk.press(choice, "Non, sur papier", ASKER))
    confirm = await fill(desk, form.command, ASKER, **PAPER)
    assert "Zoé Côté" in words(confirm)
    await pressed(desk, confirm, "Envoyer", ASKER)
    shown = await pressed(desk, await desk.ask("demande", VP), "Répondre", VP)
    assert "Zoé Côté" in words(shown)
    form = filled(await desk.press(shown, "Consigner le papier", VP))
    assert "papier signé par Zoé Côté" in form.introduction
    assert "Zoé Côté, qui signe sur papier" in words(shown)
    granted = await fill(desk, form.command, VP, nom="Blaise Gagnon", jusque="", conditions="")
    assert "Zoé Côté, qui a signé un papier" in words(granted)
    assert await stored(desk) == [("image", "granted")]


async def test_a_consent_on_paper_that_the_role_withdraws_is_called_a_consent_throughout(desk: World) -> None:
    sent = await pressed(desk, await fill(desk, "demande papier", ASKER, **PAPER), "Envoyer", ASKER)
    granted = await fill(
        desk, f"demande accorder {identifier(sent)}", VP, nom="Blaise Gagnon", jusque="", conditions=""
    )
    form = filled(await desk.press(granted, "Retirer le consentement", VP))
    assert form.title == "Retirer le consentement"
    done = words(await fill(desk, form.command, VP, raison="Zoé ne veut plus"))
    await desk.beat()
    [notice] = [text for text in desk.arrived(ASKER) if "Un consentement est retiré" in text]
    mine = words(await desk.ask(f"demande voir {identifier(sent)}", ASKER))
    for text in (done, notice, mine):
        assert "e consentement a été retiré" in text
        assert "L'autorisation" not in text


async def test_a_name_that_ends_with_a_full_stop_has_no_other_after_it(desk: World) -> None:
    names = {"nom": "Alex R.", "papier": "Zoé C."}
    confirm = await fill(desk, "demande papier", ASKER, **{**PAPER, **names})
    sent = await pressed(desk, confirm, "Envoyer", ASKER)
    shown = await pressed(desk, await desk.ask("demande", VP), "Répondre", VP)
    form = filled(await desk.press(shown, "Consigner le papier", VP))
    granted = await fill(desk, form.command, VP, nom="Blaise G.", jusque="", conditions="")
    for text in (words(confirm), words(sent), words(shown), form.introduction, words(granted)):
        assert ".." not in text


async def test_one_asks_for_a_permission_and_not_that_who_decides_should_act(desk: World) -> None:
    assert "la permission de tenir une page" in words(await ask(desk))
    assert "la permission de publier l'image" in words(await ask(desk, "personne"))


# --- Deciding ---------------------------------------------------------------------------------------


async def test_a_refusal_from_a_role_has_a_reason(desk: World) -> None:
    sent = await ask(desk)
    refused = await fill(desk, f"demande refuser {identifier(sent)}", VP, raison=" ")
    assert list(refused.problems) == ["raison"]
    await fill(desk, f"demande refuser {identifier(sent)}", VP, raison="Elle existe déjà")
    mine = words(await desk.ask(f"demande voir {identifier(sent)}", ASKER))
    assert "refusée" in mine
    assert "Elle existe déjà" in mine
    assert "certificat" not in mine


async def test_what_was_answered_is_not_answered_again(desk: World) -> None:
    sent = await ask(desk)
    form = filled(await desk.ask(f"demande accorder {identifier(sent)}", VP))
    answer = {"nom": "Blaise", "jusque": "", "conditions": ""}
    for _ in range(2):
        assert "accordée" in words(await fill(desk, form.command, VP, **answer))
    late = await fill(desk, f"demande refuser {identifier(sent)}", VP, raison="Finalement, non")
    assert "Trop tard" in words(late)
    assert "Réponse de" in words(late)
    assert isinstance(await desk.ask(f"demande accorder {identifier(sent)}", VP), Message)
    cancelled = await desk.ask(f"demande annuler {identifier(sent)}", ASKER)
    assert "trop tard" in words(cancelled)
    assert await stored(desk) == [("page", "granted")]


async def test_one_does_not_decide_of_one_s_own_request(desk: World) -> None:
    sent = await ask(desk, "page", VP)
    assert "annuler" in " ".join(commands(sent))
    own = await grant(desk, sent)
    assert await stored(desk) == [("page", "asked")]
    assert "accordée" not in words(own)


async def test_one_is_told_who_acts_for_a_role_that_nobody_else_holds(desk: World) -> None:
    confirm = words(await fill(desk, "demande page", VP, **PAGE))
    assert "qui prend la relève du rôle «\u00a0Vice-présidence aux communications\u00a0»" in confirm
    assert "qui prend la relève" not in words(await fill(desk, "demande page", ASKER, **PAGE))


async def test_who_lost_the_role_no_longer_sees_nor_decides(desk: World) -> None:
    sent = await ask(desk)
    form = filled(await desk.ask(f"demande accorder {identifier(sent)}", VP))

    def replace_vp(db: Database) -> None:
        roles.appoint(db, COMMUNICATIONS_ROLE, persons.known(db, SECOND), desk.today, replacing=True)

    await desk.run(replace_vp)
    desk.clock.move(hours=24)
    late = await fill(desk, form.command, VP, nom="Blaise", jusque="", conditions="")
    assert "ne vous concerne pas" in words(late)
    assert await stored(desk) == [("page", "asked")]
    assert "Vous avez à répondre" not in words(await desk.ask("demande", VP))
    assert "Vous avez à répondre" in words(await desk.ask("demande", SECOND))


async def test_one_cancels_before_the_answer_and_renounces_after(desk: World) -> None:
    first = await ask(desk)
    asked = await pressed(desk, first, "Annuler la demande", ASKER)
    for _ in range(2):
        assert "annulée" in words(await pressed(desk, asked, "Annuler la demande", ASKER))
    sent = await ask(desk)
    await grant(desk, sent)
    mine = filled_message(await desk.ask(f"demande voir {identifier(sent)}", ASKER))
    asked = await pressed(desk, mine, "Renoncer", ASKER)
    assert "renoncé" in words(await pressed(desk, asked, "Renoncer", ASKER))
    assert await stored(desk) == [("page", "cancelled"), ("page", "withdrawn")]


async def test_a_permission_is_asked_again_from_the_former_one(desk: World) -> None:
    sent = await ask(desk)
    await grant(desk, sent, jusque="30 juin 2027")
    mine = filled_message(await desk.ask(f"demande voir {identifier(sent)}", ASKER))
    form = filled(await desk.press(mine, "Demander de prolonger", ASKER))
    assert [field.value for field in form.fields] == [PAGE["objet"], "", PAGE["nom"]]
    confirm = await fill(desk, form.command, ASKER, **{**PAGE, "jusque": "30 juin 2028"})
    await pressed(desk, confirm, "Envoyer", ASKER)
    assert await stored(desk) == [("page", "granted"), ("page", "asked")]
    assert "ne vous concerne pas" in words(await desk.ask(f"demande prolonger {identifier(sent)}", COUNCIL))
    assert "Seule la personne qui" in words(await desk.ask(f"demande prolonger {identifier(sent)}", VP))


async def test_everything_holds_after_a_restart(desk: World) -> None:
    sent = await ask(desk)
    again = restarted(desk)
    shown = await pressed(again, await again.ask("demande", VP), "Répondre", VP)
    await fill(again, command(shown, "Poser une question"), VP, mots="Qui?")
    again = restarted(desk)
    assert "Qui?" in words(await again.ask(f"demande voir {identifier(sent)}", ASKER))
    form = filled(await again.press(shown, "Accorder", VP))
    assert "accordée" in words(await fill(again, form.command, VP, nom="B", jusque="", conditions=""))


async def test_a_request_is_filled_from_the_text_that_is_being_examined(desk: World) -> None:
    scripted(desk.services)
    examined = await fill(
        desk, "verifier", ASKER, texte="Voyez le logo et une photo", image="Deux personnes", lieu="page"
    )
    [logo] = [line for line in commands(examined) if line.startswith("demande") and line.endswith("logo")]
    form = filled(await desk.ask(logo, ASKER))
    assert form.fields[0].value == (
        "Publier ce texte sur une page de l'association\u00a0: Voyez le logo et une photo"
    )
    confirm = await fill(desk, form.command, ASKER, **PAGE)
    await pressed(desk, confirm, "Envoyer", ASKER)
    assert await stored(desk) == [("logo", "asked")]
    [image] = [line for line in commands(examined) if line.startswith("demande") and line.endswith("image")]
    choice = await desk.ask(image, ASKER)
    form = filled(await desk.press(choice, "Oui, la choisir", ASKER))
    assert form.fields[1].value == "Deux personnes"
    assert form.command == "demande personne"
    other = filled(await desk.ask(logo, COUNCIL))  # the draft is its author's
    assert other.fields[0].value == ""
    desk.clock.move(minutes=KEPT.total_seconds() / 60 + 1)
    assert filled(await desk.ask(logo, ASKER)).fields[0].value == ""


# --- Lists ------------------------------------------------------------------------------------------


async def test_each_sees_what_concerns_them_by_pages(desk: World) -> None:
    for number in range(8):
        await ask(desk, objet=f"La page {number}")
    first = await desk.ask("demande", ASKER)
    assert "La page 7" in words(first)
    assert "La page 0" not in words(first)
    second = await pressed(desk, first, "Page suivante", ASKER)
    assert "La page 0" in words(second)
    assert "La page" not in words(await desk.ask("demande", FRIEND))


async def test_a_person_has_only_so_many_requests_waiting(desk: World) -> None:
    for number in range(requests.MOST_WAITING):
        await ask(desk, objet=f"La page {number}")
    refused = await fill(desk, "demande page", ASKER, **PAGE)
    assert "sans réponse" in words(refused)


async def test_a_kind_that_nobody_decides_of_is_not_offered_and_the_administration_is_told(
    desk: World,
) -> None:
    """The setting names who decides of the logo, and nobody who lets one speak for the association."""
    labels = [button.label for button in filled_message(await desk.ask("demande", ASKER)).buttons()]
    assert "Employer le logo" in labels
    assert "Parler au nom de l'association" not in labels
    assert "ne se demande pas" in words(await desk.ask("demande parole", ASKER))
    assert "VIGIE_DEMANDES" not in words(await desk.ask("demande", ASKER))
    assert "VIGIE_DEMANDES" in words(await desk.ask("demande", ADMIN))


@pytest.mark.parametrize(("until", "soon"), [("8 décembre 2026", True), ("9 décembre 2026", False)])
async def test_the_register_is_for_who_decides_and_the_administration(
    desk: World, until: str, soon: bool
) -> None:
    sent = await ask(desk)
    await ask(desk, "logo")
    await grant(desk, sent, jusque=until)
    for actor in (ASKER, FRIEND):
        assert "ne s'ouvre qu'aux" in words(await desk.ask("demande registre", actor))
    for actor in (VP, COUNCIL, ADMIN):
        shown = await desk.ask("demande registre", actor)
        assert "Une est en vigueur" in words(shown)
        assert ("C'est bientôt" in words(shown)) == soon
        assert "échecs" not in words(shown)
        opens = any(line.startswith("demande voir") for line in commands(shown))
        assert opens == (actor == VP)


def filled_message(reply: Message | Form) -> Message:
    assert isinstance(reply, Message)
    return reply


# --- What is sent ---------------------------------------------------------------------------------


async def test_each_is_told_in_private_of_what_awaits_or_concerns_them(desk: World) -> None:
    sent = await ask(desk)
    await desk.beat()
    assert any("Une demande à décider" in text for text in desk.arrived(VP))
    await fill(desk, f"demande ecrire {identifier(sent)}", VP, mots="Qui la tiendra?")
    await desk.beat()
    assert any("Qui la tiendra?" in text for text in desk.arrived(ASKER))
    await grant(desk, sent)
    for _ in range(2):
        await desk.beat()
    assert sum("Votre demande est accordée" in text for text in desk.arrived(ASKER)) == 1


async def test_a_certificate_is_sent_in_private_to_who_asks_for_it_while_it_holds(desk: World) -> None:
    sent = await ask(desk)
    await grant(desk, sent)
    mine = await desk.ask(f"demande voir {identifier(sent)}", ASKER)
    for _ in range(2):
        assert "en message privé, sur Slack" in words(await pressed(desk, mine, "Le certificat", ASKER))
    await desk.beat()
    assert sum("Il dit qu'il est permis" in text for text in desk.arrived(ASKER)) == 1
    await fill(desk, f"demande retirer {identifier(sent)}", VP, raison="Fini")
    assert "retirée" in words(await pressed(desk, mine, "Le certificat", ASKER))


async def test_who_erases_themselves_withdraws_their_consents(desk: World) -> None:
    """The asker reads that it is withdrawn, and no longer what it was about. The old buttons do nothing."""
    sent = await ask(desk, "personne")
    shown = await pressed(desk, await desk.ask("demande", FRIEND), "Répondre", FRIEND)
    accepted = await fill(desk, command(shown, "J'accepte"), FRIEND, nom="Noé", jusque="", conditions="")
    asked = await desk.ask("mesdonnees effacer", FRIEND)
    await pressed(desk, asked, "Effacer", FRIEND)
    assert await stored(desk) == [("image", "withdrawn")]
    mine = words(await desk.ask(f"demande voir {identifier(sent)}", ASKER))
    assert "retiré" in mine
    assert "échiquier" not in mine
    assert "Noé" not in mine
    for label in ("Retirer mon consentement", "Écrire", "Le certificat"):
        assert "ne vous concerne pas" in words(await desk.press(accepted, label, FRIEND))
    await desk.beat()
    assert any("Un consentement est retiré" in text for text in desk.arrived(ASKER))
    assert "Vos demandes et vos consentements" not in words(await desk.ask("demande", FRIEND))


async def test_who_has_a_permission_in_force_renounces_it_before_being_erased(desk: World) -> None:
    sent = await ask(desk)
    await grant(desk, sent)
    assert "renoncez-y d'abord" in words(await desk.ask("mesdonnees effacer", ASKER))
    assert await stored(desk) == [("page", "granted")]
    mine = await desk.ask(f"demande voir {identifier(sent)}", ASKER)
    await pressed(desk, await pressed(desk, mine, "Renoncer", ASKER), "Renoncer", ASKER)
    asked = await desk.ask("mesdonnees effacer", ASKER)
    await pressed(desk, asked, "Effacer", ASKER)
    assert "ne vous concerne pas" in words(await desk.ask(f"demande voir {identifier(sent)}", ASKER))
    assert "Vous avez à répondre" not in words(await desk.ask("demande", VP))


async def test_a_consent_asked_on_slack_is_given_on_discord_by_who_linked_their_accounts(desk: World) -> None:
    other = Actor("discord", "900", "999")

    def link(db: Database) -> None:
        db.table("accounts").insert(
            {"platform": "discord", "team": "", "user": other.user, "person_id": persons.known(db, FRIEND)}
        )

    await desk.run(link)
    sent = await ask(desk, "personne")
    shown = await pressed(desk, await desk.ask("demande", other), "Répondre", other)
    await fill(desk, command(shown, "J'accepte"), other, nom="Noé", jusque="", conditions="")
    assert await stored(desk) == [("image", "granted")]
    assert "acceptée" in words(await desk.ask(f"demande voir {identifier(sent)}", ASKER))
