"""What is said to the bot about itself, as a person says it: through the dispatcher."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from bot.app.build import Bot
from bot.conversation.messages import Button, Message
from bot.conversation.requests import Actor, Place
from bot.onboarding.quiz.files import FILE
from bot.people import appointments, persons, roles
from bot.policy.library import Library
from bot.policy.loading import load_library
from bot.settings import SEED, Settings
from tests.kits.answers import OFFICER, Counter, answer, clauses, counter, labels, words
from tests.kits.office import built
from tests.kits.people import COMMUNICATIONS_ROLE
from tests.kits.registry import ADMIN


@pytest.fixture
def desk(library: Library, tmp_path: Path) -> Iterator[Counter]:
    with counter(library, tmp_path) as made:
        yield made


def pressed(reply: Message) -> list[str]:
    return [button.command for button in reply.buttons() if isinstance(button, Button)]


@pytest.mark.parametrize(
    ("text", "said", "command"),
    [
        ("je veux arrêter", "votre place et vos réponses sont gardées", "quiz"),
        ("reprendre le quiz", "le quiz reprend à la question où vous étiez", "quiz"),
        ("où est mon reçu?", "De quel reçu s'agit-il?", "accueil recu"),
        ("t'es qui?", "Je suis Vigie, le bot de l'association.", "aide"),
        ("merci!", "Avec plaisir!", "vigie"),
        ("👍", "Tant mieux!", "accueil"),
        ("un humain svp", "Vous pouvez vous adresser au conseil exécutif (article\u00a01).", "signalement"),
        ("retirer mon signalement", "avec votre code de suivi", "signalement code"),
        ("comment on fait une demande ici", "je porte votre demande à qui peut dire oui", "demande"),
        ("quoi de neuf?", "révisée le 13\u00a0décembre\u00a02015, vaut depuis ce jour", "versions"),
        ("👍👍", "Tant mieux!", "accueil"),
    ],
)
@pytest.mark.parametrize("place", ["direct", "channel"])
async def test_what_is_said_to_the_bot_is_answered_with_the_button_that_does_it(
    desk: Counter, text: str, said: str, command: str, place: Place
) -> None:
    reply = await desk.say(text, place=place)
    assert said in words(reply)
    assert command in pressed(reply)
    assert "{" not in words(reply)
    assert clauses(reply) == []
    assert desk.engine.asked == []
    assert desk.rows("SELECT * FROM asked_questions") == []


async def test_a_receipt_is_asked_about_and_no_report_is_looked_for(desk: Counter) -> None:
    reply = await desk.say("mon reçu", place="channel")
    assert labels(reply)[:2] == ["Mon attestation", "Suivre un signalement"]


async def test_a_greeting_before_a_question_is_a_question(desk: Counter) -> None:
    text = "Bonjour, puis-je mettre le logo sur mes chandails?"
    desk.engine.answers[text] = answer("5.13")
    assert clauses(await desk.say(text)) == ["5.13"]


async def test_where_everyone_reads_nothing_about_the_person_is_said(desk: Counter) -> None:
    reply = await desk.say("retirer mon signalement", place="open")
    assert (
        words(reply)
        == "Je n'ai pas de clause à citer ici. Écrivez-moi en message privé, ou tapez /politique."
    )
    assert labels(reply) == []


@pytest.mark.parametrize(
    "text",
    [
        "on me harcèle sur Facebook et je veux mourir",
        "Des gens m'insultent en ligne, j’ai envie de mourir.",
        "je veux mourir à cause des commentaires sur Instagram",
        "Bonjour, je veux me tuer. Est-ce que je peux utiliser le logo?",
        f"{'Ils ont encore publié une photo de moi. ' * 15}Je ne veux plus vivre.",
    ],
)
async def test_distress_is_heard_whatever_is_said_with_it(desk: Counter, text: str) -> None:
    reply = await desk.say(text)
    assert "9-8-8" in words(reply)
    assert not clauses(reply)


@pytest.mark.parametrize("text", ["je file mal", "ça va pas bien", "j'en peux plus", "😭😭", "I'm not okay"])
async def test_who_is_unwell_is_heard_and_told_who_listens(desk: Counter, text: str) -> None:
    assert "811" in words(await desk.say(text))


async def test_a_negative_post_is_never_taken_for_something_said_to_the_bot(desk: Counter) -> None:
    reply = await desk.say("Ils disent sur Facebook que l'AGE est une gang de crosseurs, quel bot de marde!")
    assert "Signaler cette publication" in labels(reply)


async def test_what_only_a_policy_speaks_of_is_asked_of_it(library: Library, tmp_path: Path) -> None:
    question = "comment on quitte l'anec"
    with counter(library, tmp_path) as desk:
        assert "quiz" in pressed(await desk.say(question)), "it sounds like leaving the quiz"
    written = "# Statuts de l'ANEC\n\n## Article 1 – Sortie\n\n1.1 On quitte l'ANEC par écrit.\n"
    folder = tmp_path / "politique" / "statuts"
    folder.mkdir(parents=True)
    (folder / "2024-05-01.md").write_text(written, "utf-8")
    others = load_library([SEED, tmp_path], "pa20", lambda: date(2026, 11, 24))
    with counter(others, tmp_path / "banque") as desk:
        desk.engine.others["statuts", question] = answer("1.1")
        assert clauses(await desk.say(question)) == ["1.1"]


VP = Actor("slack", "T1", "U1VP")


@pytest.mark.parametrize("text", ["est-ce que j'ai des signalements à lire?", "mes signalements"])
async def test_reports_are_those_received_too_for_whoever_receives_them_and_nobody_else(
    desk: Counter, text: str
) -> None:
    storage = desk.desk.office.storage

    def appoint() -> None:
        with storage.transaction() as db:
            roles.appoint(db, COMMUNICATIONS_ROLE, persons.known(db, VP), desk.clock().date())
            appointments.follow(db, desk.clock().date())

    storage.executor.submit(appoint).result()
    desk.clock.move(days=3)
    assert ("Signalements reçus", "signalements") in made(await desk.say(text, VP, "direct"))
    assert "signalement code" in pressed(await desk.say(text, VP, "direct")), "one may also have reported"
    for nobody in (OFFICER, ADMIN):
        assert "signalements" not in pressed(await desk.say(text, nobody, "direct"))


@pytest.mark.parametrize(
    ("text", "button"),
    [
        ("qui a fini son accueil?", ("Les accueils", "accueil gestion")),
        ("je veux modifier la politique", ("Révisions", "revision")),
        ("qui est rendu où?", ("Les accueils", "accueil gestion")),
        ("je veux nommer quelqu'un à la vice-présidence", ("Rôles", "roles")),
        ("il y a des messages qui n'ont pas été remis", ("Messages non remis", "lettres")),
    ],
)
async def test_the_administration_is_led_to_its_duties_and_nobody_else(
    desk: Counter, text: str, button: tuple[str, str]
) -> None:
    assert button in made(await desk.say(text, ADMIN, "direct"))
    assert button not in made(await desk.say(text, OFFICER, "direct"))


@pytest.mark.parametrize("text", ["qui est rendu où?", "je veux nommer quelqu'un à la vice-présidence"])
async def test_who_may_not_do_it_is_told_whom_to_ask(desk: Counter, text: str) -> None:
    refused = words(await desk.say(text, OFFICER, "direct"))
    assert "«\u00a0Administration\u00a0»" in refused
    assert "qui le tient" in refused
    assert "qui le tient" not in words(await desk.say(text, ADMIN, "direct"))


async def reply_to(bot: Bot, line: str, *, press: bool = False) -> Message:
    """Return the answer to what an officer writes in private, or to a button that they press."""
    officer = Actor("local", "", "officier")
    request = bot.dispatcher.from_text(line, actor=officer, place="direct", pressed=press)
    reply = await bot.dispatcher.handle(request)
    assert isinstance(reply, Message)
    return reply


@pytest.mark.parametrize(
    "text", ["je comprends rien", "un humain svp", "annule", "👍", "merci", "z", "ça marche pas", "t'es nul"]
)
async def test_who_speaks_of_something_else_in_the_middle_of_a_quiz_is_led_back_to_it(text: str) -> None:
    with built(Settings()) as bot:
        send = partial(reply_to, bot)
        await send("bonjour")
        assert "Revenir au quiz" not in labels(await send("je comprends rien"))
        await send(next(line for line in pressed(await send("quiz")) if "nouveau" in line), press=True)
        assert "Revenir au quiz" in labels(await send(text))


async def test_nobody_is_led_back_to_a_quiz_that_has_too_few_questions_left(tmp_path: Path) -> None:
    with built(Settings(vigie_data=tmp_path)) as bot:
        send = partial(reply_to, bot)
        await send(next(line for line in pressed(await send("quiz")) if "nouveau" in line), press=True)
        assert "Revenir au quiz" in labels(await send("je comprends rien"))
        own = tmp_path / "politique" / "pa20" / FILE
        own.parent.mkdir(parents=True)
        own.write_bytes((Path(__file__).parents[1] / "data" / "quiz.toml").read_bytes())
        assert "Revenir au quiz" not in labels(await send("je comprends rien"))
        assert "pas de quiz" in words(await send("quiz"))


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [([], [], ""), (["5.10"], [], ""), ([], ["5.10"], "5.11"), ([], ["merci", "que dit 5.10?"], "5.11")],
)
async def test_the_next_one_is_the_next_of_what_was_shown_last(
    before: list[str], after: list[str], shown: str
) -> None:
    with built(Settings()) as bot:
        send = partial(reply_to, bot)
        reply = await send(
            next(line for line in pressed(await send("quiz")) if "nouveau" in line), press=True
        )
        for line in before:
            await send(line)
        reply = await send(next(line for line in pressed(reply) if line.endswith((".A", ".+A"))), press=True)
        if "Question suivante" not in labels(reply):  # several choices may be right: they are only ticked
            reply = await send(next(line for line in pressed(reply) if line.endswith(".ok")), press=True)
        assert "Question suivante" in labels(reply)
        for line in after:
            await send(line)
        reply = await send("la suivante")
        assert clauses(reply) == ([shown] if shown else [])
        assert words(reply).startswith("Question 2 sur 12") == (not shown)


def made(reply: Message) -> list[tuple[str, str]]:
    return [(button.label, button.command) for button in reply.buttons() if isinstance(button, Button)]
