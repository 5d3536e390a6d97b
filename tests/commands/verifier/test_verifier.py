"""Having a text examined before publishing it: the window, private messages, one's own message, buttons."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlite_utils import Database

from bot.answers.engine.scores import ScoredClause
from bot.answers.questions import PolicyAnswer
from bot.app.tasks import Tasks
from bot.commands.verifier.examples import verifier_examples
from bot.conversation.dispatcher import LINE_LENGTH
from bot.conversation.forms import Form, Reply, TextField
from bot.conversation.messages import Button, Message
from bot.conversation.requests import Actor, Request
from bot.people import persons
from bot.policy import loading
from bot.policy.articles import Number
from bot.policy.library import Policy
from bot.posting import counts
from bot.posting.counts import FEWEST
from bot.posting.drafts import KEPT
from bot.posting.posts import LONGEST, Concern, Post
from bot.schedule.names import REMIND, RETENTION
from bot.settings import SEED
from tests.conftest import TEST_DATA
from tests.house.words import own_words
from tests.kits.registry import ADMIN
from tests.kits.revision_commands import ALEX, BLAISE, CAMILLE, World, command, commands, filled, words, world
from tests.platforms.test_hostile_text import HOSTILE, check_everywhere
from tests.posting.scripted import scripted

TWO = "Samedi, l'asso dénonce la hausse, avec le logo en grand!"
FIVE = "le logo, l'asso dénonce, une photo, je vais te casser, ma job est plate"
VERDICT = re.compile(
    r"\b(?:permis|interdit|conforme|autorisée?s?|illégal|infraction|violation)", re.IGNORECASE
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        scripted(made.services)
        yield made


async def examined(desk: World, text: str, actor: Actor = ALEX, **fields: str) -> Message:
    """Fill in the form."""
    reply = await desk.ask("verifier", actor, texte=text, **fields)
    assert isinstance(reply, Message)
    return reply


async def pressed(desk: World, line: str, actor: Actor) -> Reply:
    """Press a button whose message was sent before."""
    return await desk.dispatcher.handle(desk.dispatcher.from_command(line, actor=actor, pressed=True))


def titles(reply: Reply) -> list[str]:
    return re.findall(r"^(?:Touche|Peut-être)\u00a0: .*$", words(reply), re.MULTILINE)


def labels(reply: Reply) -> list[str]:
    assert isinstance(reply, Message)
    return [button.label for button in reply.buttons()]


# --- What is shown ----------------------------------------------------------------------------


async def test_each_finding_has_the_person_s_words_the_clause_and_what_would_settle_it(desk: World) -> None:
    reply = await examined(desk, TWO)
    assert titles(reply) == [
        "Touche\u00a0: le logo de l'association",
        "Touche\u00a0: parler au nom de l'association",
    ]
    assert [quote.clause for quote in reply.quotes()] == ["5.13", "5.9"]
    shown = words(reply)
    assert "Vos mots\u00a0: «\u00a0le logo\u00a0»" in shown
    assert "Demandez l'autorisation de l'employer, ou publiez sans lui." in shown
    assert "Je ne vois pas l'image elle-même, ni qui pourra lire ce texte." in shown
    assert not reply.public


async def test_three_are_shown_the_surest_first_and_the_others_are_a_press_away(desk: World) -> None:
    reply = await examined(desk, FIVE)
    assert len(titles(reply)) == 3
    assert titles(reply)[2] == "Peut-être\u00a0: l'image d'autres personnes"
    assert words(reply).startswith("Avant de publier\n5 points à regarder, les plus sûrs d'abord.")
    others = await desk.press(reply, "Voir les autres (2)", ALEX)
    assert titles(others) == [
        "Peut-être\u00a0: une menace",
        "Peut-être\u00a0: des propos négatifs sur votre milieu, ou sur un concurrent",
    ]
    assert titles(await desk.press(others, "Revenir", ALEX)) == titles(reply)


async def test_a_clause_is_quoted_once_and_its_words_are_the_policy_s_own(desk: World) -> None:
    reply = await examined(desk, "une photo, et ma job est plate")
    assert [quote.clause for quote in reply.quotes()] == ["5.5"]
    assert "La même clause, 5.5, est citée plus haut." in words(reply)
    assert command(reply, "Lire 5.5").startswith("politique pa20:5.5")


async def test_what_the_picture_shows_is_told_apart(desk: World) -> None:
    reply = await examined(desk, "Venez donc samedi soir", image="on y voit le logo", lieu="page")
    assert "Dans la description de l'image\u00a0: «\u00a0le logo\u00a0»" in words(reply)


async def test_a_picture_s_description_alone_is_examined(desk: World) -> None:
    form = await desk.ask("verifier", ALEX)
    assert isinstance(form, Form)
    assert not any(isinstance(field, TextField) and field.required for field in form.fields)
    reply = await examined(desk, "", image="on y voit le logo")
    assert titles(reply) == ["Touche\u00a0: le logo de l'association"]
    assert "dans cette description" in words(await examined(desk, " ", image="une table et des chaises"))


async def test_what_would_settle_it_is_said_of_where_it_is_to_appear(desk: World) -> None:
    text = "Et l'asso dénonce la hausse"
    assert "Écrivez «\u00a0je\u00a0»" in words(await examined(desk, text, lieu="personnel"))
    assert "faites-le approuver d'abord" in words(await examined(desk, text, lieu="page"))


async def test_nothing_found_is_said_with_what_was_not_looked_at(desk: World) -> None:
    reply = await examined(desk, "Un souper spaghetti, samedi, au local")
    assert words(reply).startswith("Je n'ai rien vu, dans ce texte, qui touche la PA20.")
    assert "ni les faits, ni les lois" in words(reply)
    assert titles(reply) == []


async def test_what_the_administration_has_switched_off_is_said_not_to_be_looked_for(desk: World) -> None:
    stopped = "L'administration m'a demandé de ne plus chercher ceci\u00a0:"
    reply = await examined(desk, TWO)
    assert stopped not in words(await examined(desk, "Un souper spaghetti"))
    for name in ("logo", "speaking_for", "threat"):
        await desk.ask(f"banque arreter {name}", ADMIN)
    token = commands(reply)[0].split()[2]
    again = words(await pressed(desk, f"verifier lire {token}", ALEX))
    assert again.startswith("Je n'ai rien vu, dans ce texte")
    assert f"{stopped} parler au nom de l'association; le logo de l'association." in again, "no grave check"


def test_no_message_is_a_verdict(desk: World) -> None:
    bot = desk.services
    for name, reply in verifier_examples(bot.library, bot.examiner).items():
        assert not VERDICT.search(own_words(reply)), name
    for check in bot.examiner.checks.values():
        assert not VERDICT.search(f"{check.title} {check.settles} {check.request}"), check.name


async def test_whom_to_ask_is_the_policy_s_role_or_is_said_to_be_unsaid(desk: World, tmp_path: Path) -> None:
    unsaid = "La PA20 ne dit pas à qui le demander. Vous pouvez vous adresser au conseil exécutif (article"
    assert unsaid in words(await examined(desk, "avec le logo en grand"))
    office = desk.services.office
    profile = replace(office.profile, authorisers={"5.13": "vp-communications"})
    desk.services.office = replace(office, profile=profile)
    with world(tmp_path) as other:
        other.services.office = replace(other.services.office, profile=profile)
        del other.services.__dict__["commands"], other.services.__dict__["dispatcher"]
        other.dispatcher = other.services.dispatcher
        scripted(other.services)
        shown = words(await examined(other, "avec le logo en grand"))
    assert "À joindre\u00a0: Vice-présidence aux communications." in shown
    assert unsaid not in shown


async def test_the_request_is_ready_to_send_with_the_draft_and_is_not_sent(desk: World) -> None:
    reply = await examined(desk, TWO)
    request = await desk.press(reply, "Préparer la demande", ALEX)
    shown = words(request)
    assert "J'aimerais employer le logo" in shown or "j'aimerais employer le logo" in shown
    assert TWO in shown
    assert "je n'envoie rien moi-même" in shown
    assert titles(await desk.press(request, "Revenir", ALEX)) == titles(reply)


# --- What a person does of it -----------------------------------------------------------------


async def test_what_is_waved_away_is_hidden_and_can_be_seen_again(desk: World) -> None:
    reply = await examined(desk, TWO)
    left = await desk.press(reply, "Ce n'est pas le cas", ALEX)
    assert titles(left) == titles(reply)[1:]
    none = await desk.press(left, "Ce n'est pas le cas", ALEX)
    assert "vous avez écarté les 2 points que j'avais vus" in words(none)
    assert titles(await desk.press(none, "Revoir les 2 points", ALEX)) == titles(reply)


async def test_two_presses_at_once_hide_both(desk: World) -> None:
    reply = await examined(desk, FIVE)
    lines = [line for line in commands(reply) if line.startswith("verifier ecarter")]
    await asyncio.gather(*(pressed(desk, line, ALEX) for line in lines))
    assert labels(await pressed(desk, lines[0], ALEX))[-1] == "Revoir les 3 points écartés"


async def while_examined(desk: World, first: Request, second: Request) -> tuple[Reply, Reply]:
    """Handle a request, and another that arrives while the text of the first is still being examined."""
    examiner, began, ends = desk.services.examiner, threading.Event(), threading.Event()
    examine = examiner.examine

    def slowly(post: Post, asked: Sequence[Mapping[str, tuple[Number, ...]]]) -> list[tuple[Concern, ...]]:
        began.set()
        assert ends.wait(10)
        return examine(post, asked)

    with patch.object(type(examiner), "examine", staticmethod(slowly)):
        handled = [asyncio.ensure_future(desk.dispatcher.handle(first))]
        await asyncio.to_thread(began.wait, 10)
        handled.append(asyncio.ensure_future(desk.dispatcher.handle(second)))
        for _ in range(10):  # the second request is read, and waits for its turn
            await desk.run(lambda _: None)
        ends.set()
        earlier, later = await asyncio.gather(*handled)
    return earlier, later


def request_of(desk: World, line: str, **fields: str) -> Request:
    request = desk.dispatcher.from_command(line, actor=ALEX, pressed=not fields)
    return replace(request, fields=fields)


@pytest.mark.parametrize("label", ["Ce n'est pas le cas", "Voir les autres", "Préparer la demande"])
@pytest.mark.parametrize("corrected_first", [True, False])
async def test_a_text_corrected_while_a_button_is_pressed_stays_corrected(
    desk: World, label: str, corrected_first: bool
) -> None:
    reply = await examined(desk, f"{FIVE}, l'affiche")
    line = command(reply, "Corriger le texte")
    corrected = request_of(desk, line, texte=f"{TWO} Merci!", lieu="page")
    both = [corrected, request_of(desk, command(reply, label))]
    await while_examined(desk, *(both if corrected_first else reversed(both)))
    form = filled(await pressed(desk, line, ALEX))
    assert [field.value for field in form.fields] == [f"{TWO} Merci!", "", "page"]


async def test_what_is_waved_away_while_its_text_is_corrected_or_read_stays_so(desk: World) -> None:
    for line, fields in (("Corriger le texte", {"texte": f"{FIVE}!"}), ("Voir les autres", {})):
        reply = await examined(desk, FIVE)
        waved = request_of(desk, command(reply, "Ce n'est pas le cas"))
        _, later = await while_examined(desk, waved, request_of(desk, command(reply, line), **fields))
        assert "Revoir le point écarté" in labels(later), line


async def test_what_someone_has_not_seen_of_their_corrected_text_is_not_waved_away(tmp_path: Path) -> None:
    with world(tmp_path) as desk:
        scripted(desk.services, {"logo": ("logo", 0.9, True), "emblème": ("logo", 0.9, True)})
        reply = await examined(desk, "Le logo")
        corrected = request_of(desk, command(reply, "Corriger le texte"), texte="L'emblème")
        waved = request_of(desk, command(reply, "Ce n'est pas le cas"))
        _, later = await while_examined(desk, corrected, waved)
        assert len(titles(later)) == 1
        assert await counted(desk) == {"logo": (1, 0)}


async def test_a_corrected_text_is_examined_again_and_what_was_waved_away_stays_so(desk: World) -> None:
    left = await desk.press(await examined(desk, TWO, lieu="page"), "Ce n'est pas le cas", ALEX)
    form = filled(await desk.press(left, "Corriger le texte", ALEX))
    assert [field.value for field in form.fields] == [TWO, "", "page"]
    again = await desk.ask(form.command, ALEX, texte="Je dénonce la hausse, avec le logo")
    assert "vous avez écarté le seul point" in words(again)
    assert "rien vu" not in words(again)
    put = await desk.ask(form.command, ALEX, texte="avec le logo, et ma job est plate")
    assert titles(put) == ["Peut-être\u00a0: des propos négatifs sur votre milieu, ou sur un concurrent"]


async def test_other_words_for_what_was_waved_away_are_shown(tmp_path: Path) -> None:
    with world(tmp_path) as desk:
        scripted(desk.services, {"logo": ("logo", 0.9, True), "emblème": ("logo", 0.9, True)})
        left = await desk.press(await examined(desk, "Le logo"), "Ce n'est pas le cas", ALEX)
        line = command(left, "Corriger le texte")
        assert titles(await desk.ask(line, ALEX, texte="Notre logo")) == []
        assert len(titles(await desk.ask(line, ALEX, texte="Notre emblème"))) == 1


async def test_a_draft_is_its_author_s_alone_and_lasts_ten_minutes(desk: World) -> None:
    reply = await examined(desk, TWO)
    for line in (each for each in commands(reply) if each.startswith("verifier")):
        assert "Ce texte n'est plus là" in words(await pressed(desk, line, BLAISE))
    desk.clock.move(seconds=KEPT.total_seconds() - 1)
    assert titles(await desk.press(reply, "Ce n'est pas le cas", ALEX))
    desk.clock.move(seconds=KEPT.total_seconds())
    late = await desk.press(reply, "Corriger le texte", ALEX)
    assert words(late).startswith("Ce texte n'est plus là\u00a0: dix minutes ont passé, ou j'ai redémarré.")
    assert labels(late) == ["Relire un texte"]


async def test_what_is_typed_outlives_the_draft_that_it_corrects(desk: World) -> None:
    form = filled(await desk.press(await examined(desk, TWO), "Corriger le texte", ALEX))
    desk.clock.move(minutes=11)
    assert len(titles(await desk.ask(form.command, ALEX, texte="avec le logo"))) == 1


# --- In private, and on one's own message -----------------------------------------------------


async def written(desk: World, text: str, actor: Actor = ALEX) -> Reply:
    return await desk.dispatcher.handle(desk.dispatcher.from_text(text, actor=actor, place="direct"))


async def test_what_looks_like_a_draft_is_offered_to_be_examined(desk: World) -> None:
    offer = await written(desk, TWO)
    assert words(offer).startswith("Voulez-vous que je relise ce texte?")
    assert titles(await desk.press(offer, "Oui, relire", ALEX)) == titles(await examined(desk, TWO))


async def test_who_says_no_is_answered_as_ever(desk: World) -> None:
    text = "Que dit 5.13 pour samedi"
    scripted(desk.services, posts="????")
    as_ever = await written(desk, text)
    scripted(desk.services, posts="samedi")
    offer = await written(desk, text)
    assert words(offer).startswith("Voulez-vous")
    answer = await desk.press(offer, "Non, répondre", ALEX)
    assert isinstance(answer, Message)
    assert isinstance(as_ever, Message)
    assert (
        [quote.clause for quote in answer.quotes()]
        == [quote.clause for quote in as_ever.quotes()]
        == ["5.13"]
    )


@pytest.mark.parametrize("line", ["/vigie vérifier", "/vigie Vérifier", "/vigie verifier", "vérifier"])
async def test_its_name_is_understood_with_its_accent(desk: World, line: str) -> None:
    assert isinstance(await written(desk, line), Form)
    assert len(titles(await written(desk, f"/vigie vérifier {TWO}"))) == 2


@pytest.mark.parametrize("text", ["samedi", "5.10 samedi", "bonjour"])
async def test_a_few_words_are_never_taken_for_a_draft(desk: World, text: str) -> None:
    assert "Voulez-vous que je relise" not in words(await written(desk, text))


async def test_what_is_too_long_for_a_question_is_offered_to_be_examined(desk: World) -> None:
    text = "avec le logo " * 200
    offer = await written(desk, text)
    assert words(offer).startswith("Voulez-vous que je relise ce texte?")
    assert titles(await desk.press(offer, "Oui, relire", ALEX)) == ["Touche\u00a0: le logo de l'association"]
    assert "Non, répondre" not in labels(offer), "no button leads to a refusal"
    assert "posez-la en 2\u00a0000 caractères au plus" in words(offer)


async def test_what_follows_who_said_they_have_a_draft_is_offered_to_be_examined(desk: World) -> None:
    scripted(desk.services, posts="????")
    text = "Voici le logo, les amis"
    assert "Voulez-vous" not in words(await written(desk, text))
    assert "Collez-moi votre texte en privé" in words(await written(desk, "peux-tu relire mon texte?"))
    assert "Voulez-vous" not in words(await written(desk, text, BLAISE))
    assert words(await written(desk, text)).startswith("Voulez-vous que je relise ce texte?")
    assert "Voulez-vous" not in words(await written(desk, text)), "once"
    await written(desk, "peux-tu relire mon texte?")
    desk.clock.move(minutes=11)
    assert "Voulez-vous" not in words(await written(desk, text))


async def test_the_code_of_a_report_is_never_kept_as_a_draft(desk: World) -> None:
    from bot.reports import codes  # noqa: PLC0415 — only here

    code = codes.new_code()
    scripted(desk.services, posts="")
    assert "Voulez-vous que je relise" not in words(await written(desk, code))
    typed = [await written(desk, f"/{line} {code}") for line in ("verifier", "vigie verifier")]
    filled_in = [await examined(desk, code), await examined(desk, "Bonjour", image=code)]
    for reply in (*typed, *filled_in):
        assert words(reply).startswith("Cela ressemble à un code de suivi.")
        assert not any(line.startswith("verifier") for line in commands(reply))


async def test_where_everyone_reads_nothing_is_examined(desk: World) -> None:
    request = desk.dispatcher.from_text(f"/verifier {TWO}", actor=BLAISE, place="open")
    reply = await desk.dispatcher.handle(request)
    assert "Écrivez-moi en message privé" in words(reply)


async def test_an_entry_of_a_message_s_menu_examines_one_s_own_message(desk: World) -> None:
    viser = desk.dispatcher.command("viser")
    assert viser is not None
    own = desk.dispatcher.from_command(viser.line(TWO, own=True), actor=ALEX, place="channel")
    assert len(titles(await desk.dispatcher.handle(own))) == 2
    assert viser.line(TWO, own=False) == f"viser {TWO}"


async def test_a_text_said_to_be_a_draft_keeps_its_answer_and_can_be_examined(tmp_path: Path) -> None:
    clause = (ScoredClause(Number("5.13"), 0.9),)
    text = "Puis-je publier ceci : Venez voir le logo samedi"
    with world(tmp_path) as desk:
        scripted(desk.services, {"le logo": ("logo", 0.9, True)})
        answer = PolicyAnswer("answer", "draft", clause, clause)
        desk.services.engine.answer = lambda *_, **__: answer  # type: ignore[method-assign]
        reply = await desk.ask(f"question {text}", ALEX)
        assert "Voici les clauses que ce texte touche." in words(reply)
        assert titles(await desk.press(reply, "Relire ce texte", ALEX)) == [
            "Touche\u00a0: le logo de l'association"
        ]


# --- What is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("   \n ", "Il n'y a rien à relire."),
        ("The president lies to everybody and we should all know about it", "pas en français"),
    ],
)
async def test_what_cannot_be_examined_is_said_and_can_be_corrected(
    tmp_path: Path, text: str, says: str
) -> None:
    with world(tmp_path) as desk:
        refused = await examined(desk, text)
        assert says in words(refused)
        form = filled(await desk.press(refused, "Corriger", ALEX))
        assert isinstance(form.fields[0], TextField)


async def test_a_text_that_is_too_long_is_said_so_and_not_cut(tmp_path: Path) -> None:
    assert LONGEST + len("/vigie verifier ") < LINE_LENGTH
    with world(tmp_path) as desk:
        long = "J'ai brodé le logo de l'AGE sur des tuques! " * 400
        for line in (f"verifier {long[: LONGEST + 1]}", f"verifier {long}"):
            assert "plus de 10\u00a0000 caractères" in words(await desk.ask(line, ALEX))
        reply = await desk.ask(f"verifier {long[:LONGEST]}", ALEX)
        assert "Pour le corriger, collez-le-moi de nouveau." in words(reply)
        assert not any(label.startswith("Corriger") for label in labels(reply))


@pytest.mark.parametrize("text", HOSTILE)
async def test_any_text_is_examined_or_refused_and_shown_as_it_is(tmp_path: Path, text: str) -> None:
    with world(tmp_path) as desk:
        scripted(desk.services, {text[:400]: ("logo", 0.9, True), "e": ("speaking_for", 0.5, False)})
        reply = await examined(desk, text)
        check_everywhere(reply, desk.services.library.quote)
        for button in reply.buttons():
            if isinstance(button, Button) and button.command.startswith("verifier"):
                answer = await desk.press(reply, button.label, ALEX)
                check_everywhere(answer, desk.services.library.quote)


async def test_the_heaviest_words_and_clauses_fit_in_a_message(tmp_path: Path) -> None:
    with world(tmp_path) as desk:
        heavy = {"*" * 200 + str(at): at for at in range(9)}
        names = (
            "criticism",
            "working_hours",
            "speaking_for",
            "personal_information",
            "answering_attack",
            "affairs",
        )
        scripted(desk.services, {words: (names[at % 6], 0.9 - at / 100, True) for words, at in heavy.items()})
        reply = await examined(desk, "\n".join([*heavy, *heavy]), image=" ".join([*heavy, *heavy]))
        for page in (reply, await desk.press(reply, "Voir les autres", ALEX)):
            check_everywhere(page, desk.services.library.quote)
            assert len(titles(page)) == 3


async def test_a_button_reads_as_many_of_a_check_s_clauses_as_it_can_name(desk: World) -> None:
    policy = desk.services.library.default
    numbers = tuple(clause.number for clause in policy.origin.clauses())
    checked = replace(policy, written=replace(policy.written, checks={"logo": numbers}))
    desk.services.library.replace({policy.id: checked})
    reply = await examined(desk, "avec le logo")
    [line] = [line for line in commands(reply) if line.startswith("politique")]
    assert line.startswith(f"politique pa20:{' et '.join(map(str, numbers[:3]))}")


async def test_formatting_in_a_draft_is_literal(tmp_path: Path) -> None:
    text = "**gras** <!channel> @everyone [x](y) `z`"
    with world(tmp_path) as desk:
        scripted(desk.services, {text: ("logo", 0.9, True)})
        assert f"«\u00a0{text}\u00a0»" in words(await examined(desk, text))


# --- Counting ---------------------------------------------------------------------------------


async def counted(desk: World) -> dict[str, tuple[int, int]]:
    rows = await desk.run(
        lambda db: db.conn.execute(
            "SELECT check_name, sum(shown), sum(waved) FROM check_counts GROUP BY 1"
        ).fetchall()
    )
    return {name: (shown, waved) for name, shown, waved in rows}


async def test_it_counts_once_a_day_for_each_person_and_check_by_month(desk: World) -> None:
    for _ in range(3):
        await desk.press(await examined(desk, "avec le logo"), "Ce n'est pas le cas", ALEX)
    assert await counted(desk) == {"logo": (1, 1)}
    await examined(desk, "avec le logo", BLAISE)
    assert await counted(desk) == {"logo": (2, 1)}
    desk.clock.move(hours=24)
    await examined(desk, "avec le logo, une photo")
    assert await counted(desk) == {"logo": (3, 1), "image_of_others": (1, 0)}
    months = await desk.run(lambda db: db.conn.execute("SELECT DISTINCT month FROM check_counts").fetchall())
    assert months == [("2026-11",)]


async def test_a_person_who_goes_from_one_account_to_the_other_counts_once_a_day(desk: World) -> None:
    other = Actor("discord", "900", "999")

    def link(db: Database) -> None:
        persons.link(db, persons.account(ALEX), persons.account(other))

    await desk.run(link)
    for actor in (ALEX, other, ALEX):
        await desk.ask("lier ici", actor)
        await desk.press(await examined(desk, "avec le logo", actor), "Ce n'est pas le cas", actor)
    assert await counted(desk) == {"logo": (1, 1)}


async def test_what_is_a_press_away_was_not_shown(desk: World) -> None:
    await examined(desk, FIVE)
    assert set(await counted(desk)) == {"logo", "speaking_for", "image_of_others"}


async def wave(desk: World, text: str, people: int, *, away: int) -> None:
    for number in range(people):
        actor = Actor("slack", "T1", f"U9{number:03}")
        reply = await examined(desk, text, actor)
        if number < away:
            await desk.press(reply, "Ce n'est pas le cas", actor)


async def do_daily(desk: World, task: str) -> None:
    """Do what the clock does once a day."""
    work = Tasks(desk.services, {}).work().tasks[task]
    await desk.run(lambda db: work(db, {}, desk.clock()))
    await desk.beat()


async def test_a_check_that_most_wave_away_is_proposed_once_until_it_is_reviewed(desk: World) -> None:
    await wave(desk, "avec le logo", FEWEST - 1, away=FEWEST - 1)
    await do_daily(desk, REMIND)
    assert not any("écartée" in text for text in desk.arrived(ADMIN))
    await examined(desk, "avec le logo", CAMILLE)
    await do_daily(desk, REMIND)
    await do_daily(desk, REMIND)
    [notice] = [text for text in desk.arrived(ADMIN) if "Une vérification souvent écartée" in text]
    assert "montrée 20 à 24 fois, écartée 15 à 19 fois" in notice
    shown = await desk.ask("banque pa20:verification logo")
    assert "à revoir" in words(shown)
    await desk.press(shown, "C'est revu")
    assert await counted(desk) == {}
    await do_daily(desk, REMIND)
    assert sum("Une vérification souvent écartée" in text for text in desk.arrived(ADMIN)) == 1


async def test_half_is_not_most_and_grave_checks_are_never_proposed(desk: World) -> None:
    await wave(desk, "avec le logo", FEWEST, away=FEWEST // 2)
    await wave(desk, "je vais te casser", FEWEST, away=FEWEST)
    assert await counted(desk) == {"logo": (20, 10), "threat": (20, 20)}
    await do_daily(desk, REMIND)
    assert not any("écartée" in text for text in desk.arrived(ADMIN))


async def test_only_the_administration_switches_a_check_off_and_never_a_grave_one(desk: World) -> None:
    overview = await desk.ask("banque")
    table = await desk.press(overview, "Avant de publier")
    assert "Le logo de l'association" in words(table) or "Suivante" in "".join(labels(table))
    off = await desk.press(await desk.ask("banque pa20:verification logo"), "L'arrêter")
    assert "arrêtée" in words(off)
    assert titles(await examined(desk, TWO)) == ["Touche\u00a0: parler au nom de l'association"]
    await desk.press(off, "La reprendre")
    assert len(titles(await examined(desk, TWO))) == 2
    grave = await desk.ask("banque pa20:verification threat")
    assert "toujours cherchée" in words(grave)
    assert "L'arrêter" not in labels(grave)
    await desk.ask("banque pa20:arreter threat")
    assert len(titles(await examined(desk, "je vais te casser"))) == 1
    assert "Cela revient" in words(await desk.ask("banque pa20:arreter logo", ALEX))


async def test_a_notice_that_leaves_after_its_counts_are_gone_is_still_said(desk: World) -> None:
    await wave(desk, "avec le logo", FEWEST, away=FEWEST)
    work = Tasks(desk.services, {}).work().tasks[REMIND]
    await desk.run(lambda db: work(db, {}, desk.clock()))
    await desk.run(lambda db: counts.expire_counts(db, date(2028, 1, 1)))
    await desk.beat()
    assert any("Une vérification souvent écartée" in text for text in desk.arrived(ADMIN))


async def test_counts_are_kept_a_year(desk: World) -> None:
    await examined(desk, "avec le logo")
    desk.clock.set("2027-10-31T15:00:00Z")
    await do_daily(desk, RETENTION)
    assert await counted(desk)
    desk.clock.set("2027-11-30T15:00:00Z")
    await do_daily(desk, RETENTION)
    assert not await counted(desk)


# --- What is left of a draft ------------------------------------------------------------------

MARKER = "Zorglub-du-camion-rouge"


async def test_nothing_of_a_draft_is_stored_or_logged(desk: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    text = f"{TWO} {MARKER}, une photo"
    reply = await examined(desk, text, image=MARKER)
    for label in ("Préparer la demande", "Ce n'est pas le cas", "Corriger le texte"):
        await desk.press(reply, label, ALEX)
    offer = await written(desk, text)
    await desk.press(offer, "Oui, relire", ALEX)
    await desk.ask(f"verifier {text}", ALEX)
    await examined(desk, f"{MARKER} is what everybody should know about the whole thing")
    held = await desk.run(lambda db: "\n".join(db.conn.iterdump()))
    assert "check_counts" in held
    assert MARKER not in held
    assert MARKER not in caplog.text
    assert MARKER not in repr(desk.services.posts)
    assert not desk.services.answer_memory.previous(ALEX, "pa20")


async def test_a_restart_forgets_drafts_and_says_so(tmp_path: Path) -> None:
    from tests.kits.revision_commands import assemble  # noqa: PLC0415 — only here

    with world(tmp_path) as desk:
        scripted(desk.services)
        reply = await examined(desk, TWO)
        again = assemble(desk.storage, desk.clock, desk.volume)
        scripted(again.services)
        for line in (each for each in commands(reply) if each.startswith("verifier")):
            assert "Ce texte n'est plus là" in words(await pressed(again, line, ALEX))


# --- Another policy ---------------------------------------------------------------------------


def with_another_policy(desk: World) -> Policy:
    """Serve another policy beside the default one, which asks for the check of logos. Return it."""
    library = desk.services.library
    both = loading.load_library([SEED, TEST_DATA], "pa20", library.today)
    other = next(policy for policy in both.policies.values() if policy.id != "pa20")
    number = other.origin.clauses()[0].number
    checked = replace(other, written=replace(other.written, checks={"logo": (number,)}))
    library.replace({"pa20": library.default, other.id: checked})
    return checked


async def test_each_policy_has_the_checks_that_its_annotations_name(desk: World) -> None:
    other = with_another_policy(desk)
    reply = await examined(desk, TWO)
    assert [(quote.policy, quote.clause) for quote in reply.quotes()] == [
        ("pa20", "5.13"), (other.id, str(other.origin.clauses()[0].number)), ("pa20", "5.9"),
    ]  # fmt: skip
    left = await desk.press(reply, "Ce n'est pas le cas", ALEX)
    assert [quote.policy for quote in left.quotes()] == ["pa20"]  # type: ignore[union-attr]
    assert await counted(desk) == {"logo": (2, 2), "speaking_for": (1, 0)}


async def test_a_policy_whose_checks_are_off_is_not_said_to_be_untouched(desk: World) -> None:
    other = with_another_policy(desk)
    assert other.name.the in words(await examined(desk, "Samedi, on mange ensemble au local."))
    await desk.ask(f"banque {other.id}:arreter logo")
    assert other.name.the not in words(await examined(desk, "Samedi, on mange ensemble au local."))


async def test_without_a_check_in_any_policy_it_is_not_offered(desk: World) -> None:
    policy = desk.services.library.default
    bare = replace(policy, written=replace(policy.written, checks={}))
    desk.services.library.replace({policy.id: bare})
    for line in ("verifier", f"verifier {TWO}"):
        assert "La PA20 ne me dit pas quoi relire" in words(await desk.ask(line, ALEX))
    assert "Relire un texte" not in labels(await desk.ask("plus", ALEX))
    assert "Voulez-vous" not in words(await written(desk, TWO))
    viser = desk.dispatcher.command("viser")
    assert viser is not None
    assert viser.line("x", own=True) == "viser x"
