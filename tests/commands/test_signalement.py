"""Reporting a post, coming back with the code, and handling what was reported, as people do it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.fading import MOST
from bot.conversation.forms import Form, Reply
from bot.conversation.messages import Button, Message
from bot.conversation.requests import Actor, Answer, Request
from bot.people import roles
from bot.policy.library import Library
from bot.reports import codes
from bot.reports.drafts import KEPT
from bot.reports.filing import Report
from bot.reports.limits import GUARANTEED, PER_PERSON, REFUSAL
from tests.kits.people import ADVISER_ROLE, COMMUNICATIONS_ROLE
from tests.kits.reports.chat import (
    CONSEILLER,
    FIELDS,
    REPORTER,
    SOMEONE_ELSE,
    SUPPLEANT,
    VP,
    Chat,
    chatting,
    code_in,
    pressed,
    words,
)
from tests.platforms.test_hostile_text import check_everywhere


@pytest.fixture
def chat(library: Library) -> Iterator[Chat]:
    with chatting(library) as it:
        yield it


async def opened(chat: Chat, actor: Actor = VP) -> Message:
    """Open the only case that someone has."""
    listed = await chat.ask("signalements", actor)
    case = await chat.ask(pressed(listed, "Ouvrir"), actor)
    assert isinstance(case, Message)
    return case


# --- Reporting --------------------------------------------------------------------------------


async def test_first_come_the_reminder_the_limits_of_anonymity_and_the_choices(chat: Chat) -> None:
    first = await chat.ask("signalement")
    assert isinstance(first, Message)
    assert [quote.clause for quote in first.quotes()] == ["5.10"]
    reply_words = words(first)
    assert "ne la commentez pas, n'y répondez pas" in reply_words
    assert "Le bot n'enregistre pas votre identité. Slack ou Discord, leurs administrateurs" in reply_words
    assert "dans l'ordre\u00a0: Vice-présidence aux communications (1 personne)" in reply_words
    assert not first.public


async def test_one_question_is_asked_and_what_has_a_default_is_told_and_can_be_changed(chat: Chat) -> None:
    first = await chat.ask("signalement")
    reply_words = words(first)
    assert reply_words.count("?") == 1
    assert "dans l'ordre\u00a0: Vice-présidence aux communications (1 personne)" in reply_words
    asked = await chat.ask(pressed(first, "Changer de destinataire"))
    assert words(asked).count("?") == 1
    chosen = await chat.ask(pressed(asked, "Conseillère"))
    assert "Il ira à\u00a0: Conseillère ou conseiller à l'exécutif." in words(chosen)
    urgent = await chat.ask(pressed(chosen, "Urgent"))
    assert pressed(urgent, "✓ Urgent")
    form = await chat.ask(pressed(urgent, "Continuer"))
    assert isinstance(form, Form)
    review = await chat.said(form.command, **FIELDS)
    assert "À\u00a0: Conseillère ou conseiller à l'exécutif" in review
    assert "Urgent\u00a0: oui" in review


async def test_whoever_is_named_does_not_receive_it(chat: Chat) -> None:
    first = await chat.ask("signalement")
    named = await chat.ask(
        next(
            button.command
            for button in first.buttons()  # type: ignore[union-attr]
            if isinstance(button, Button)
            and button.label == "Vice-présidence aux communications"
            and " b" in button.command
        )
    )
    assert "Il ira à\u00a0: Conseillère ou conseiller à l'exécutif." in words(named)
    both = await chat.ask(pressed(named, "Les deux"))
    assert "Il ira à\u00a0: Suppléance" in words(both)
    form = await chat.ask(pressed(both, "Continuer"))
    assert isinstance(form, Form)
    review = await chat.ask(form.command, **FIELDS)
    await chat.ask(pressed(review, "Envoyer"))
    chat.wait(hours=2)
    chat.wait()
    for actor in (VP, CONSEILLER):
        assert "Aucun signalement ouvert" in await chat.said("signalements", actor)
    case = words(await opened(chat, SUPPLEANT))
    assert "vole ses membres" in case
    assert "En cause\u00a0: Vice-présidence aux communications, Conseillère ou conseiller" in case
    await chat.storage.run(lambda: renamed(chat, ADVISER_ROLE, "Coordination générale"))
    case = words(await opened(chat, SUPPLEANT))
    assert "En cause\u00a0: Vice-présidence aux communications, Coordination générale" in case


def renamed(chat: Chat, role: str, title: str) -> None:
    """Have a role be called otherwise."""
    with chat.storage.transaction() as db:
        roles.change(db, replace(roles.role(db, role), title=title))


async def test_a_report_is_read_by_its_recipient_and_followed_with_its_code(chat: Chat) -> None:
    code = await chat.report(nom="Camille Exemple")
    chat.wait(hours=2)
    case = await opened(chat)
    case_words = words(case)
    assert "vole ses membres" in case_words
    assert "Camille Exemple (que personne n'a vérifié)" in case_words
    assert "fbclid" not in case_words
    assert "État\u00a0: Lu" in words(await chat.follow(code.upper()))
    taken = await chat.ask(pressed(case, "Prendre en charge"), VP)
    assert "État\u00a0: Pris en charge" in words(await chat.follow(code))
    form = await chat.ask(pressed(taken, "Poser une question"), VP)
    assert isinstance(form, Form)
    await chat.ask(form.command, VP, texte="De quelle page s'agit-il?")
    page = await chat.follow(code)
    assert "On vous demande" in words(page)
    answer = await chat.ask(pressed(page, "Répondre"))
    assert isinstance(answer, Form)
    review = await chat.ask(answer.command, texte="De la page principale.")
    assert "C'est ajouté" in await chat.said(pressed(review, "Envoyer"))
    chat.wait(hours=2)
    case = await opened(chat)
    assert "De la page principale." in words(case)
    form = await chat.ask(pressed(case, "Clore"), VP)
    assert isinstance(form, Form)
    await chat.ask(form.command, VP, issue="handled", texte="La publication a été retirée.")
    ended = words(await chat.follow(code))
    assert "Traité" in ended
    assert "La publication a été retirée." in ended


async def test_nothing_is_sent_before_it_was_shown_once_more(chat: Chat) -> None:
    review = await chat.review()
    assert "Relisez avant d'envoyer" in words(review)
    assert chat.rows("SELECT count(*) FROM report_filings") == [(0,)]
    await chat.ask(pressed(review, "Annuler"))
    assert "n'est plus là" in await chat.said(pressed(review, "Envoyer"))
    assert chat.rows("SELECT count(*) FROM report_filings") == [(0,)]


async def test_what_may_tell_who_writes_is_pointed_out_before_it_is_sent(chat: Chat) -> None:
    review = await chat.review(propos="J'étais la seule dans mon bureau; appelez-moi au 819 555-0123.")
    assert "Ceci peut dire qui vous êtes" in words(review)
    assert "819 555-0123" in words(review)
    plain = await chat.review(propos="On y dit du mal de l'association.")
    assert "Ceci peut dire" not in words(plain)


async def test_no_address_of_what_is_said_tells_who_shares_it(chat: Chat) -> None:
    review = await chat.review(propos="Le même texte: https://www.instagram.com/p/AbCdEf12345/?igsh=jeanne")
    assert "https://www.instagram.com/p/AbCdEf12345" in words(review)
    assert "jeanne" not in words(review)


async def test_what_was_typed_can_be_corrected(chat: Chat) -> None:
    review = await chat.review(propos="Une premiere version")
    form = await chat.ask(pressed(review, "Corriger"))
    assert isinstance(form, Form)
    assert {field.name: field.value for field in form.fields}["propos"] == "Une premiere version"
    again = await chat.ask(form.command, **{**FIELDS, "propos": "Une deuxième version"})
    assert "Une deuxième version" in words(again)
    code_in(await chat.ask(pressed(again, "Envoyer")))
    chat.wait(hours=2)
    assert "Une deuxième version" in words(await opened(chat))


async def test_what_is_shown_once_more_says_to_whom_it_will_really_go(chat: Chat) -> None:
    first = await chat.ask("signalement")
    asked = await chat.ask(pressed(first, "Changer de destinataire"))
    chosen = await chat.ask(pressed(asked, "Vice-présidence aux communications"))
    named = await chat.ask(pressed(chosen, "Vice-présidence aux communications"))
    form = await chat.ask(pressed(named, "Continuer"))
    assert isinstance(form, Form)
    reply = await chat.said(form.command, **FIELDS)
    assert "À\u00a0: Conseillère ou conseiller à l'exécutif" in reply
    assert "En cause\u00a0: Vice-présidence aux communications; il ne lui sera pas montré" in reply


async def test_a_draft_is_gone_after_ten_minutes(chat: Chat) -> None:
    review = await chat.review()
    chat.clock.now += KEPT
    gone = await chat.said(pressed(review, "Envoyer"))
    assert "plus de dix minutes, ou j'ai redémarré depuis" in gone
    assert "Si vous n'avez pas vu de code, recommencez" in gone


async def test_a_button_pressed_twice_shows_the_same_code_and_makes_one_report(chat: Chat) -> None:
    review = await chat.review()
    first, second = [code_in(await chat.ask(pressed(review, "Envoyer"))) for _ in range(2)]
    assert first == second
    assert chat.rows("SELECT count(*) FROM report_filings") == [(1,)]
    chat.clock.move(minutes=2)
    assert "n'est plus là" in await chat.said(pressed(review, "Envoyer")), "it is shown once"


async def test_a_button_pressed_twice_at_once_makes_one_report_that_counts_once(chat: Chat) -> None:
    for number in range(PER_PERSON[0]):
        send = pressed(await chat.review(adresse=f"https://exemple.ca/{number}"), "Envoyer")
        asked = chat.dispatcher.from_command(send, actor=REPORTER, place="channel", pressed=True)
        admitted = [chat.dispatcher.admit(asked) for _ in range(2)]  # before either is answered
        assert [admission.refusal for admission in admitted] == [None, None]
        first, second = [await chat.dispatcher.handle(admission.request) for admission in admitted]
        assert code_in(first) == code_in(second)
    assert chat.rows("SELECT count(*) FROM report_filings") == [(PER_PERSON[0],)]


async def test_once_noted_the_code_is_shown_no_more(chat: Chat) -> None:
    review = await chat.review()
    sent = await chat.ask(pressed(review, "Envoyer"))
    code = code_in(sent)
    noted = words(await chat.ask(pressed(sent, "Je l'ai noté")))
    assert code not in noted
    assert "n'est plus là" in await chat.said(pressed(review, "Envoyer"))


async def test_right_after_sending_one_follows_without_typing_the_code(chat: Chat) -> None:
    sent = await chat.ask(pressed(await chat.review(), "Envoyer"))
    follow = pressed(sent, "Suivre")
    assert "État\u00a0: Reçu" in await chat.said(follow)
    chat.clock.now += KEPT
    assert "s'est fermée" in await chat.said(follow)


async def test_other_channels_are_named_with_what_they_are_for(chat: Chat) -> None:
    listed = words(await chat.ask(pressed(await chat.ask("signalement"), "Autres canaux")))
    for name in ("La police", "Info-Social", "CNESST", "Commission d'accès à l'information", "ombudsman"):
        assert name in listed
    assert "()" not in listed, "what the administration has not filled in is not shown as missing"


async def test_to_join_a_picture_everyone_is_given_the_same_bare_address(chat: Chat) -> None:
    assert "image" not in await chat.said("signalement")
    address = "https://signaler.exemple.ca"
    object.__setattr__(chat.reporting, "web_form", address)
    notes = [
        await chat.said(line, actor)
        for actor in (REPORTER, SOMEONE_ELSE)
        for line in ("signalement", "signalement https://www.facebook.com/spotted/posts/123")
    ]
    lines = {line for text in notes for line in text.splitlines() if address in line}
    assert len(lines) == 1
    assert f"\u00a0: {address} (la même adresse pour tout le monde" in lines.pop()


async def test_an_answer_whose_button_is_pressed_twice_is_added_once_and_said_to_be(chat: Chat) -> None:
    page = await chat.follow(await chat.report())
    form = await chat.ask(pressed(page, "Ajouter"))
    assert isinstance(form, Form)
    send = pressed(await chat.ask(form.command, texte="Elle a été retirée."), "Envoyer")
    first, second = await chat.said(send), await chat.said(send)
    assert "C'est ajouté" in first
    assert second == first
    assert chat.rows("SELECT count(*) FROM report_messages") == [(1,)]
    chat.clock.move(minutes=2)
    assert "s'est fermée" in await chat.said(send)


async def test_a_withdrawal_whose_button_is_pressed_twice_is_said_to_be_done(chat: Chat) -> None:
    sure = await chat.press(await chat.follow(await chat.report()), "Retirer")
    first, second = [words(await chat.press(sure, "Le retirer")) for _ in range(2)]
    assert "retiré et détruit" in first
    assert second == first


async def test_a_question_whose_form_is_sent_twice_is_asked_once(chat: Chat) -> None:
    code = await chat.report()
    chat.wait(hours=2)
    form = await chat.ask(pressed(await opened(chat), "Poser une question"), VP)
    assert isinstance(form, Form)
    for _ in range(2):
        assert "De quelle page" in await chat.said(form.command, VP, texte="De quelle page s'agit-il?")
    assert words(await chat.follow(code)).count("De quelle page") == 1


async def test_asking_the_same_again_does_not_tell_that_an_answer_is_on_its_way(chat: Chat) -> None:
    code = await chat.report()
    chat.wait(hours=2)
    form = await chat.ask(pressed(await opened(chat), "Poser une question"), VP)
    assert isinstance(form, Form)
    before = await chat.said(form.command, VP, texte="De quelle page s'agit-il?")
    answer = await chat.ask(pressed(await chat.follow(code), "Répondre"))
    assert isinstance(answer, Form)
    await chat.ask(pressed(await chat.ask(answer.command, texte="De la principale."), "Envoyer"))
    assert await chat.said(form.command, VP, texte="De quelle page s'agit-il?") == before


@pytest.mark.parametrize("lacking", ["adresse", "propos"])
async def test_what_is_missing_is_asked_for_again_and_the_rest_is_kept(chat: Chat, lacking: str) -> None:
    reply = await chat.review(**{lacking: "  "})
    assert "Rien n'est envoyé" in words(reply)
    assert set(reply.problems) == {lacking}, "it is shown in the window, where the window stays open"
    form = await chat.press(reply, "Corriger")
    assert isinstance(form, Form)
    values = {field.name: field.value for field in form.fields if field.value}
    assert set(values) == {"adresse", "propos", "gravite"} - {lacking}
    assert "AbC" not in str(form), "what tells who shares a post is taken out before anything is kept"
    assert "Relisez avant d'envoyer" in await chat.said(form.command, **{**FIELDS, **values, lacking: "Ici"})


async def test_of_a_message_only_the_address_is_taken_over(chat: Chat) -> None:
    command = chat.dispatcher.command("signalement")
    assert command is not None
    text = "Regardez ce qu'Alex écrit: <https://m.facebook.com/spotted/posts/123?fbclid=x|ici> c'est honteux"
    taken = command.takes(text)
    assert taken == "https://www.facebook.com/spotted/posts/123"
    assert command.takes("Rien à voir ici.") == ""
    form = await chat.ask(pressed(await chat.ask(f"signalement {taken}"), "Continuer"))
    assert isinstance(form, Form)
    assert {field.name: field.value for field in form.fields if field.value} == {
        "adresse": taken,
        "gravite": "serious",
    }


async def test_a_post_without_an_address_is_told_in_words(chat: Chat) -> None:
    await chat.report(adresse="Une affiche au pavillon")
    chat.wait(hours=2)
    assert "Une affiche au pavillon" in words(await opened(chat))


# --- The code ---------------------------------------------------------------------------------


async def test_codes_that_open_nothing_are_all_answered_the_same(chat: Chat) -> None:
    code = await chat.report()
    unknown = " ".join(reversed(code.split()))
    withdrawn = await chat.report(adresse="https://www.facebook.com/spotted/posts/456")
    page = await chat.follow(withdrawn)
    sure = await chat.press(page, "Retirer")
    assert "Retirer ce signalement?" in await chat.said(pressed(sure, "Le retirer"))  # typed, it asks again
    await chat.press(sure, "Le retirer")
    answers = {words(await chat.follow(typed)) for typed in (unknown, withdrawn)}
    assert len(answers) == 1
    assert "n'ouvre aucun signalement" in answers.pop()
    form = await chat.press(await chat.follow(unknown), "Corriger")
    assert isinstance(form, Form)
    assert form.fields[0].value == unknown
    assert "Reçu" in words(await chat.follow(code))


@pytest.mark.parametrize("typed", ["n'importe quoi", "", "a" * 900, "académie " * 8])
async def test_what_is_no_code_is_answered_without_a_search_and_can_be_corrected(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    def searched(*_: object) -> None:
        raise AssertionError("the reports were searched")

    monkeypatch.setattr("bot.reports.reporter_access.receipt_of", searched)
    wrong = await chat.follow(typed)
    assert wrong.problems == {"code": codes.misreading(typed)}
    assert codes.misreading(typed) in words(wrong)
    form = await chat.press(wrong, "Corriger")
    assert isinstance(form, Form)
    assert form.fields[0].value == typed[: codes.TYPED_CODE_LENGTH]


async def test_a_code_to_correct_is_forgotten_after_ten_minutes(chat: Chat) -> None:
    wrong = await chat.follow("abeile abolir")
    chat.clock.now += KEPT
    form = await chat.press(wrong, "Corriger")
    assert isinstance(form, Form)
    assert form.fields[0].value == ""


async def test_a_page_opened_with_a_code_closes_by_itself(chat: Chat) -> None:
    page = await chat.follow(await chat.report())
    chat.clock.now += KEPT
    assert "s'est fermée" in await chat.said(pressed(page, "Actualiser"))


async def test_a_code_written_in_a_conversation_is_neither_answered_nor_kept(chat: Chat) -> None:
    code = await chat.report()
    asked = chat.dispatcher.from_text(code, actor=REPORTER)
    reply = await chat.dispatcher.handle(asked)
    assert "ressemble à un code" in words(reply)
    assert chat.rows("SELECT count(*) FROM asked_questions") == [(0,)]


# --- Limits -----------------------------------------------------------------------------------


async def flood(chat: Chat, actor: Actor = REPORTER) -> tuple[str, str]:
    """Report until it is refused. Return the button of the last report that left, and of the refused one."""
    last, send = "", ""
    for number in range(PER_PERSON[-1] + 1):
        review = await chat.review(actor, adresse=f"https://www.facebook.com/spotted/posts/{number}")
        last, send = send, pressed(review, "Envoyer")
        if await chat.said(send, actor) == REFUSAL:
            assert number >= GUARANTEED
            return last, send
    raise AssertionError("there is no limit")


async def test_the_last_report_pressed_twice_shows_its_code_again(chat: Chat) -> None:
    last, _ = await flood(chat)
    assert code_in(await chat.ask(last))


async def test_a_draft_that_is_gone_counts_for_nothing(chat: Chat) -> None:
    send = pressed(await chat.review(), "Envoyer")
    chat.clock.move(minutes=KEPT.total_seconds() / 60 + 1)
    for _ in range(5):
        assert "n'est plus là" in await chat.said(send)
    assert await chat.report()


async def test_reports_that_could_not_be_kept_count_for_none(chat: Chat) -> None:
    chat.rows("CREATE TRIGGER full BEFORE INSERT ON report_filings BEGIN SELECT RAISE(ABORT, 'full'); END")
    for number in range(PER_PERSON[-1] + 1):
        review = await chat.review(adresse=f"https://www.facebook.com/spotted/posts/{number}")
        for _ in range(2):
            assert await chat.said(pressed(review, "Envoyer")) != REFUSAL
    chat.rows("DROP TRIGGER full")
    assert code_in(await chat.ask(pressed(review, "Envoyer")))
    assert await chat.report(adresse="https://www.facebook.com/spotted/posts/99")


async def test_a_report_beyond_the_limit_is_refused_and_its_draft_stays(chat: Chat) -> None:
    _, send = await flood(chat)
    assert code_in(await chat.ask(send, SOMEONE_ELSE))


async def test_whatever_four_accounts_do_anyone_else_reports_twice(chat: Chat) -> None:
    for number in range(4):
        await flood(chat, Actor("slack", "T1", f"U0JUNK{number}"))
    for number in range(GUARANTEED):
        assert await chat.report(adresse=f"https://www.facebook.com/spotted/posts/9{number}")


async def test_two_thousand_drafts_of_someone_drop_their_own_only(chat: Chat) -> None:
    send = pressed(await chat.review(), "Envoyer")
    for number in range(MOST + 1):
        await chat.ask(f"signalement https://www.facebook.com/spotted/posts/{number}", SOMEONE_ELSE)
    assert len(chat.reporting.drafts.reports._entries) == MOST
    assert code_in(await chat.ask(send))


# --- Anonymity --------------------------------------------------------------------------------


async def test_no_request_of_a_reporter_holds_who_asks(chat: Chat) -> None:
    code = await chat.report()
    await chat.follow(code)
    assert {request.command for request in chat.requests} == {"signalement"}
    assert {request.actor for request in chat.requests} == {None}


async def test_even_handed_to_the_dispatcher_with_someone_in_it_a_command_never_sees_them(chat: Chat) -> None:
    seen: list[Request] = []
    command = chat.dispatcher.command("signalement")
    assert command is not None
    before = command.run

    def spied(request: Request) -> Answer:
        seen.append(request)
        return before(request)

    object.__setattr__(command, "run", spied)
    await chat.dispatcher.handle(Request("signalement", actor=REPORTER))
    assert [one.actor for one in seen] == [None]


async def test_nothing_at_all_is_kept_of_who_reported(chat: Chat) -> None:
    before = chat.rows("SELECT * FROM accounts"), chat.rows("SELECT * FROM people")
    await chat.follow(await chat.report())
    assert before == (chat.rows("SELECT * FROM accounts"), chat.rows("SELECT * FROM people"))
    assert chat.rows("SELECT count(*) FROM outbox") == [(0,)], "not even that something is to be said"


async def test_what_is_written_in_a_conversation_does_not_run_it(chat: Chat) -> None:
    for text in (
        "signalement",
        "signalement hier quelqu'un a publié ma photo sans permission",
        "Signalement, est-ce que je peux dénoncer ma gérante ici?",
        "signalement:Alex a publié ma photo",
        "«\u00a0SIGNALEMENT\u00a0» Alex a publié ma photo",
        "/signalement:Alex a publié ma photo",
        "/vigie signalement, Alex a publié ma photo",
        "/signalement",
        "/signalement https://www.facebook.com/a/posts/1",
    ):
        asked = chat.dispatcher.from_text(text, actor=REPORTER)
        refusal = chat.dispatcher.admit(asked, written=True).refusal
        assert refusal is not None
        assert "rien n'en restera" in words(refusal)
        assert pressed(refusal, "Continuer") == "signalement"


async def test_a_name_is_given_only_by_typing_it_and_never_remembered(chat: Chat) -> None:
    """T9: identified mode is impossible without its own field."""
    await chat.report(nom="Camille Exemple", adresse="https://www.facebook.com/spotted/posts/1")
    form = await chat.ask(pressed(await chat.ask("signalement"), "Continuer"))
    assert isinstance(form, Form)
    assert next(field for field in form.fields if field.name == "nom").value == ""
    await chat.report(adresse="https://www.facebook.com/spotted/posts/2")
    chat.wait(hours=2)
    listed = await chat.ask("signalements", VP)
    assert isinstance(listed, Message)
    cards = [
        words(await chat.ask(button.command, VP))
        for button in listed.buttons()
        if isinstance(button, Button) and button.label.startswith("Ouvrir")
    ]
    assert sum("Camille Exemple" in card for card in cards) == 1
    assert sum("Nom donné\u00a0: aucun" in card for card in cards) == 1


async def test_an_error_is_logged_without_a_word_of_what_was_typed_nor_the_name_of_the_command(
    chat: Chat, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = await chat.review(propos="un secret bien gardé")

    def broken(*_: object) -> None:
        raise RuntimeError("un secret bien gardé U0REPORTER")

    monkeypatch.setattr("bot.reports.filing.file_report", broken)
    sorry = await chat.said(pressed(review, "Envoyer"))
    assert "Pardon" in sorry
    assert "référence" not in sorry, "whoever brought it to the administration would make themselves known"
    assert "secret" not in caplog.text
    assert "U0REPORTER" not in caplog.text
    assert "in /vigie" in caplog.text


# --- Handling ---------------------------------------------------------------------------------


async def test_only_those_who_receive_reports_have_the_command(chat: Chat) -> None:
    assert "Seules les personnes" in await chat.said("signalements", REPORTER)
    menu = await chat.ask("vigie", REPORTER)
    assert "Signalements reçus" not in [button.label for button in menu.buttons()]  # type: ignore[union-attr]
    assert pressed(await chat.ask("vigie", VP), "Signalements reçus") == "signalements"
    assert pressed(menu, "Signaler") == "signalement"


async def test_a_case_is_shown_to_nobody_else_whatever_they_press(chat: Chat) -> None:
    await chat.report()
    chat.wait(hours=2)
    case = await opened(chat)
    for button in case.buttons():
        if isinstance(button, Button) and " " in button.command:
            reply = await chat.said(button.command, CONSEILLER)
            assert "vole ses membres" not in reply
            form = await chat.ask(
                button.command, CONSEILLER, texte="a", etat="taken", issue="handled", role="x"
            )
            assert "n'est plus, entre vos mains" in words(form)


async def test_a_case_can_be_passed_on_kept_and_joined_to_another(chat: Chat) -> None:
    await chat.report(adresse="https://www.facebook.com/spotted/posts/1")
    chat.wait(hours=2)
    await chat.report(adresse="https://www.instagram.com/p/AbCdEf12345/")
    chat.wait(hours=2)
    case = await opened(chat)
    form = await chat.ask(pressed(await chat.ask(pressed(case, "Plus…"), VP), "Joindre"), VP)
    assert isinstance(form, Form)
    other = form.fields[0].options[0].value  # type: ignore[union-attr]
    joined = await chat.ask(form.command, VP, autre=other)
    assert "Signalement 1 de 2" in words(joined)
    assert "Signalement 2 de 2" in words(await chat.ask(pressed(joined, "Le suivant"), VP))
    reply = await chat.ask(pressed(await chat.ask(pressed(joined, "Plus…"), VP), "Garder au-delà"), VP)
    assert pressed(reply, "Ne plus le garder")
    form = await chat.ask(pressed(reply, "Confier"), VP)
    assert isinstance(form, Form)
    assert "C'est confié" in await chat.said(form.command, VP, role="conseiller-executif")
    chat.wait()
    assert "Aucun signalement ouvert" in await chat.said("signalements", VP)
    assert "Signalement 1 de 2" in words(await opened(chat, CONSEILLER))


async def joining(chat: Chat, case: Reply, actor: Actor) -> str:
    """Return the button that joins a case to another."""
    return pressed(await chat.ask(pressed(case, "Plus…"), actor), "Joindre")


async def test_a_case_says_the_day_it_was_delivered_and_nothing_finer(chat: Chat) -> None:
    chat.wait(hours=2)
    await chat.report()
    chat.wait(hours=2)
    card = words(await opened(chat))
    assert re.search(r"^Remis\u00a0: le \d{1,2}(er)?\u00a0\w+\u00a020\d\d$", card, re.MULTILINE)
    assert not re.search(r"\d\s?(h|:)\s?\d", card)


async def test_three_buttons_come_first_and_the_rest_is_a_press_away(chat: Chat) -> None:
    await chat.report()
    chat.wait(hours=2)
    case = await opened(chat)
    labels = [button.label for button in case.buttons()]
    assert labels[:4] == ["Prendre en charge", "Poser une question", "Clore", "Plus…"]
    more = await chat.ask(pressed(case, "Plus…"), VP)
    assert isinstance(more, Message)
    assert [button.label for button in more.buttons()] == [
        "Changer l'état", "Confier à un autre rôle", "Joindre à un autre", "Garder au-delà du terme",
        "Exporter en PDF", "Revenir",
    ]  # fmt: skip
    assert "vole ses membres" in await chat.said(pressed(more, "Revenir"), VP)


async def test_the_last_press_can_be_taken_back(chat: Chat) -> None:
    code = await chat.report()
    chat.wait(hours=2)
    taken = await chat.ask(pressed(await opened(chat), "Prendre en charge"), VP)
    assert "État\u00a0: Pris en charge" in words(await chat.follow(code))
    back = await chat.ask(pressed(taken, "Annuler"), VP)
    assert "État\u00a0: Lu" in words(back)
    assert "État\u00a0: Lu" in words(await chat.follow(code))
    assert pressed(back, "Prendre en charge")


async def test_a_closed_case_can_be_opened_again(chat: Chat) -> None:
    code = await chat.report()
    chat.wait(hours=2)
    form = await chat.ask(pressed(await opened(chat), "Clore"), VP)
    assert isinstance(form, Form)
    closed = await chat.ask(form.command, VP, issue="handled", texte="Retirée.")
    assert "Retirée." in words(await chat.follow(code))
    again = await chat.ask(pressed(closed, "Rouvrir"), VP)
    assert "État\u00a0: Pris en charge" in words(again)
    page = await chat.follow(code)
    assert "État\u00a0: Pris en charge" in words(page)
    assert "Retirée." not in words(page)
    assert pressed(page, "Ajouter")
    assert chat.rows("SELECT closed_on FROM report_cases") == [(None,)]


async def test_the_state_follows_an_answer_once_holders_can_see_it_and_not_before(chat: Chat) -> None:
    code = await chat.report()
    chat.wait(hours=2)
    form = await chat.ask(pressed(await opened(chat), "Poser une question"), VP)
    assert isinstance(form, Form)
    await chat.ask(form.command, VP, texte="De quelle page s'agit-il?")
    before = await chat.said("signalements", VP), words(await opened(chat))
    assert "Des précisions sont attendues" in before[1]
    answer = await chat.ask(pressed(await chat.follow(code), "Répondre"))
    assert isinstance(answer, Form)
    await chat.ask(pressed(await chat.ask(answer.command, texte="De la principale."), "Envoyer"))
    assert (await chat.said("signalements", VP), words(await opened(chat))) == before
    assert "État\u00a0: Pris en charge" in words(await chat.follow(code)), "whoever answered sees it at once"
    chat.wait(hours=2)
    assert "pris en charge, du nouveau" in await chat.said("signalements", VP)
    assert "État\u00a0: Pris en charge" in words(await opened(chat))


async def test_taking_back_a_closing_asks_again_only_those_who_have_not_answered(chat: Chat) -> None:
    """The author of one report does not learn that another was asked a question."""
    asked, other = await chat.report(), await chat.report()
    chat.wait(hours=2)
    case = await opened(chat)
    form = await chat.ask(pressed(case, "Poser une question"), VP)
    assert isinstance(form, Form)
    await chat.ask(form.command, VP, texte="De quelle page s'agit-il?")
    form = await chat.ask(pressed(await opened(chat), "Changer l'état"), VP)
    assert isinstance(form, Form)
    acting = await chat.ask(form.command, VP, etat="acting")
    await chat.ask(pressed(acting, "Annuler"), VP)
    states = {words(await chat.follow(code)).splitlines()[1] for code in (asked, other)}
    assert states == {"État\u00a0: Des précisions sont attendues", "État\u00a0: Pris en charge"}


async def test_cases_of_one_post_that_name_others_stay_two_and_whoever_reads_both_sees_it(chat: Chat) -> None:
    """Whoever is named in one of them is shown, and offered, nothing of it."""
    await chat.report(REPORTER, Report(recipient=ADVISER_ROLE))
    await chat.report(REPORTER, Report(implicated=(COMMUNICATIONS_ROLE,)))
    await chat.report()
    chat.wait(hours=2)
    chat.wait()
    alone = await opened(chat)
    assert "La même publication" not in words(alone)
    assert "ne met en cause les mêmes personnes" in await chat.said(await joining(chat, alone, VP), VP)
    listed = await chat.ask("signalements", CONSEILLER)
    openers = [button.command for button in listed.buttons() if button.label.startswith("Ouvrir")]  # type: ignore[union-attr]
    assert len(openers) == 2
    for this, other in (openers, reversed(openers)):
        case = await chat.ask(this, CONSEILLER)
        assert "La même publication\u00a0: " in words(case)
        assert pressed(case, "Ouvrir ") == other
        line = await joining(chat, case, CONSEILLER)
        assert "ne met en cause les mêmes personnes" in await chat.said(line, CONSEILLER)
        forged = {"autre": other.rpartition(" ")[2]}
        assert "Traitez-les côte à côte" in await chat.said(line, CONSEILLER, **forged)
        assert "n'est plus, entre vos mains" in await chat.said(line, VP, **forged)


@pytest.mark.parametrize(
    "text", ["y'a un gars qui nous plante sur Spotted", "quelqu'un dit n'importe quoi sur l'AGE sur Facebook"]
)
async def test_a_description_of_such_a_post_is_offered_an_empty_form_and_kept_nowhere(
    chat: Chat, text: str
) -> None:
    reply = await chat.dispatcher.handle(chat.dispatcher.from_text(text, actor=REPORTER))
    assert isinstance(reply, Message)
    assert reply.quotes()[0].clause == "5.10"
    assert "Mieux vaut ne pas commenter" in words(reply)
    assert pressed(reply, "Signaler cette publication") == "signalement"
    assert chat.rows("SELECT count(*) FROM asked_questions") == [(0,)]


# --- Whatever people type ---------------------------------------------------------------------

HOSTILE = st.one_of(st.text(max_size=400), st.text(alphabet="*_~`|\\<>[]#@: \n", max_size=700))


@settings(max_examples=30)
@given(adresse=HOSTILE, propos=HOSTILE, nom=HOSTILE, texte=HOSTILE)
async def test_whatever_is_typed_can_be_shown_everywhere(
    library: Library, adresse: str, propos: str, nom: str, texte: str
) -> None:
    with chatting(library) as chat:
        review = await chat.review(adresse=adresse, propos=propos, nom=nom)
        check_everywhere(review, library.quote)
        if "Relisez" not in words(review):
            return
        code = code_in(await chat.ask(pressed(review, "Envoyer")))
        chat.wait(hours=2)
        case = await opened(chat)
        check_everywhere(case, library.quote)
        form = await chat.ask(pressed(case, "Poser une question"), VP)
        assert isinstance(form, Form)
        for _ in range(3):
            check_everywhere(await chat.ask(form.command, VP, texte=texte), library.quote)
        check_everywhere(await chat.follow(code), library.quote)
        form = await chat.ask(pressed(case, "Clore"), VP)
        assert isinstance(form, Form)
        closed = await chat.ask(form.command, VP, issue="no_action", texte=texte[:500])
        check_everywhere(closed, library.quote)
        check_everywhere(await chat.follow(code), library.quote)
