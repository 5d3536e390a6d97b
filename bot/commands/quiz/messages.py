"""What the quiz says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.conversation.messages import (
    MESSAGE_WEIGHT,
    Button,
    Buttons,
    Element,
    Heading,
    Message,
    Note,
    Span,
    Text,
    bold,
    code,
    weight,
)
from bot.onboarding.attempts import Attempt
from bot.onboarding.course import Course
from bot.onboarding.quiz import session
from bot.onboarding.quiz.bank import Question, QuizChoice
from bot.onboarding.quiz.session import QuizAnswer, QuizTurn
from bot.register.attestations import Fact

TICK_FIRST = "Cochez au moins un choix, puis validez."
READ_FIRST = "Voici la question où vous en êtes. Répondez-y par sa lettre."
CHANGED = "Une question a été retirée ou modifiée entre-temps. Voici où vous en êtes."
ALREADY = "Vous aviez déjà répondu à cette question\u00a0: c'est votre première réponse qui compte."
_STOP = "Vous pouvez vous arrêter et reprendre plus tard, ici ou sur l'autre plateforme."
_SHOWN = 8  # missed questions listed under a result
_ROOM = MESSAGE_WEIGHT - 250  # for a clause's words beside ours; the rest is for its caption


def introduction(course: Course, after: str = "-") -> Message:
    """Say what the quiz is, and offer to begin."""
    return Message(
        Heading(f"Le quiz sur la {course.name}"),
        Text(
            f"{session.SIZE} questions, une à la fois. Chaque réponse est expliquée par la clause. Ce que "
            f"vous manquez revient à la fin. Il faut {course.plan.pass_mark}\u00a0% de bonnes réponses du "
            "premier coup; vous pouvez recommencer autant de fois que vous le voulez, avec d'autres "
            "questions."
        ),
        Note("Vos résultats ne sont vus que de vous et de l'administration."),
        Buttons(
            Button("Commencer le quiz", f"quiz nouveau {after}", "primary"),
            Button(f"Lire la {course.name}", "accueil lire"),
        ),
    )


def question(attempt: Attempt, asked_of: Question, asked: QuizTurn, *, note: str = "") -> Message:
    """Ask a question, its choices lettered, a button for each letter."""
    ticked = attempt.sitting.ticked if asked_of.several else frozenset()
    hint = "Plusieurs choix sont bons\u00a0: cochez, puis validez. " if asked_of.several else ""
    key = f"quiz {attempt.id}.{asked.turn}.{asked.item.edition}"
    return Message(
        *([Note(note)] if note else []),
        Heading(_place(attempt)),
        Text(asked_of.text),
        Text(*_lettered(asked_of, asked, ticked)),
        Buttons(*_letters(key, asked_of, asked, ticked)),
        Note(f"{hint}{_STOP}"),
    )


def _place(attempt: Attempt) -> str:
    where = session.progress(attempt.sitting)
    name = "Révision, question" if attempt.kind == "refresher" else "Question"
    if where.number <= where.total:
        return f"{name} {where.number} sur {where.total}"
    return "À revoir\u00a0: une question" if where.again == 1 else f"À revoir\u00a0: {where.again} questions"


def _lettered(asked_of: Question, asked: QuizTurn, ticked: frozenset[int]) -> Iterator[Span | str]:
    for letter, place in zip(asked.letters, asked.order, strict=True):
        yield "" if letter == "A" else "\n"
        yield bold(f"{letter}.")
        yield f" {asked_of.choices[place].text}"
        if place in ticked:
            yield bold(" (coché)")


def _letters(key: str, asked_of: Question, asked: QuizTurn, ticked: frozenset[int]) -> Iterator[Button]:
    for letter, place in zip(asked.letters, asked.order, strict=True):
        if not asked_of.several:
            yield Button(letter, f"{key}.{letter}")
        elif place in ticked:
            yield Button(f"{letter} (coché)", f"{key}.-{letter}", "primary")
        else:
            yield Button(letter, f"{key}.+{letter}")
    if asked_of.several:
        yield Button("Valider", f"{key}.ok", "primary")


# --- After an answer --------------------------------------------------------------------------


def feedback(
    course: Course,
    attempt: Attempt,
    asked_of: Question,
    asked: QuizTurn,
    answer: QuizAnswer,
    *,
    note: str = "",
) -> Message:
    """Say whether an answer is right, why, and quote the clause."""
    parts: list[Element] = [
        *([Note(note)] if note else []),
        Heading(_verdict(asked_of, answer)),
        Text(asked_of.text),
        *_explained(asked_of, asked, answer),
    ]
    clause = course.reading().version.clause(asked_of.clause)
    own = sum(weight(text) for text in Message(*parts).own_words())
    if clause and own + weight(clause.text) <= _ROOM:
        parts.append(course.reading().quote(asked_of.clause))
    over = session.current(attempt.sitting) is None
    onward = (
        Button("Voir mon résultat", f"quiz resultat {attempt.id}", "primary")
        if over
        else Button("Question suivante", f"quiz suite {attempt.id}", "primary")
    )
    name = _named(asked_of)
    reread = Button(f"Lire {name} dans la {course.name}", course.reading().command(asked_of.clause))
    return Message(*parts, Buttons(onward, reread), Note(_after(attempt, asked, answer)))


def _verdict(asked_of: Question, answer: QuizAnswer) -> str:
    """Tell what was left out from what was wrong, where several choices are right."""
    if answer.right:
        return "C'est la bonne réponse."
    left_out = len(asked_of.right - answer.chosen)
    if answer.chosen <= asked_of.right:
        return f"Presque\u00a0: il manquait {left_out} choix."
    return "Ce n'est pas la bonne réponse."


def _named(asked_of: Question) -> str:
    number = asked_of.clause
    return f"l'article {number}" if len(number.parts) == 1 else str(number)


def _explained(asked_of: Question, asked: QuizTurn, answer: QuizAnswer) -> Iterator[Text]:
    """Yield what was chosen and what is right, each with its letter and its own words."""
    for letter, place in zip(asked.letters, asked.order, strict=True):
        choice = asked_of.choices[place]
        if place in answer.chosen or choice.right:
            label = _label(choice, chosen=place in answer.chosen, several=asked_of.several)
            yield Text(bold(f"{letter}. {choice.text}"), f"\n{label}. {choice.feedback}")


def _label(choice: QuizChoice, *, chosen: bool, several: bool) -> str:
    if choice.right and not chosen:
        return "Celui-ci était bon aussi" if several else "C'était la bonne réponse"
    if choice.right:
        return "Vous l'avez choisi, et c'est bon"
    return "Vous l'avez choisi, et ce n'est pas bon"


def _after(attempt: Attempt, asked: QuizTurn, answer: QuizAnswer) -> str:
    if session.current(attempt.sitting) is None:
        return "C'était la dernière question."
    if not answer.right and asked.turn == attempt.sitting.turn - 1:
        return f"Cette question reviendra. {_STOP}"
    return _STOP


# --- The end ----------------------------------------------------------------------------------


def result(course: Course, attempt: Attempt, steps: Mapping[Fact, datetime]) -> Message:
    """Say how an attempt ended, and what comes next."""
    score = session.score(attempt.sitting)
    passes = score.reaches(course.plan.pass_mark)
    again = Button("Recommencer avec d'autres questions", f"quiz nouveau {attempt.id}")
    figures = f"{score.right} bonnes réponses du premier coup sur {score.total}, soit {score.percent}\u00a0%"
    if not passes:
        return Message(
            Heading("Quiz terminé"),
            Text(
                f"{figures}. Il en faut {course.plan.pass_mark}\u00a0%. Vous connaissez maintenant les "
                "bonnes réponses\u00a0: recommencez quand vous voulez, les questions seront différentes."
            ),
            *_missed(course, attempt),
            Buttons(again),
        )
    return Message(
        Heading("Quiz réussi"),
        Text(f"{figures}. {_next_words(course, steps)}"),
        *_missed(course, attempt),
        Buttons(*_next(course, steps), again),
    )


def _next_words(course: Course, steps: Mapping[Fact, datetime]) -> str:
    if "attested" in steps:
        return "Votre attestation est déjà au registre."
    if "read" not in steps:
        return f"Il vous reste à lire la {course.name}, puis à attester votre lecture."
    return "Il vous reste à attester votre lecture."


def _next(course: Course, steps: Mapping[Fact, datetime]) -> Iterator[Button]:
    if "attested" in steps:
        return
    if "read" not in steps:
        yield Button(f"Lire la {course.name}", "accueil lire", "primary")
    else:
        yield Button("Attester ma lecture", "accueil attester", "primary")


def _missed(course: Course, attempt: Attempt) -> list[Element]:
    """Return the clauses to read again, those whose question is still there."""
    found = [course.bank().question(name) for name in session.missed(attempt.sitting)]
    clauses = list(dict.fromkeys(str(one.clause) for one in found if one))[:_SHOWN]
    if not clauses:
        return []
    return [
        Text(bold("À relire"), f"\u00a0: {', '.join(clauses)}. Tapez ", code(f"/politique {clauses[0]}"), ".")
    ]


def refreshed(course: Course, attempt: Attempt) -> Message:
    """Say that the refresher is done."""
    score = session.score(attempt.sitting)
    return Message(
        Heading("Révision terminée"),
        Text(
            f"{score.right} sur {score.total} du premier coup. Merci d'avoir pris ces quelques minutes; rien "
            "d'autre ne vous est demandé."
        ),
        *_missed(course, attempt),
        Buttons(Button(f"Lire la {course.name}", "politique")),
    )


def reviewed(course: Course, attempt: Attempt, steps: Mapping[Fact, datetime]) -> Message:
    """Say that the questions on what a revision changed are done, and what comes next."""
    score = session.score(attempt.sitting)
    return Message(
        Heading("Questions terminées"),
        Text(f"{score.right} sur {score.total} du premier coup. {_next_words(course, steps)}"),
        *_missed(course, attempt),
        Buttons(*_next(course, steps), Button("Où j'en suis", "accueil moi")),
    )


def nothing_to_refresh() -> Message:
    """Say that nothing was missed."""
    return Message(Text("Il n'y a rien à réviser\u00a0: vous n'avez manqué aucune question."))
