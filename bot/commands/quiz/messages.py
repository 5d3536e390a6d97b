"""The messages of the quiz."""

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
from bot.onboarding.notices import ATTEST, MY_PROGRESS
from bot.onboarding.quiz import session
from bot.onboarding.quiz.bank import Question
from bot.onboarding.quiz.session import QuizAnswer, QuizTurn
from bot.register.attestations import Fact

TICK_FIRST = "Cochez au moins un choix, puis validez."
READ_FIRST = "Voici la question où vous en êtes. Répondez-y par sa lettre."
CHANGED = "Une question a été retirée ou modifiée entre-temps. Voici où vous en êtes."
ALREADY = "Vous aviez déjà répondu à cette question\u00a0: c'est votre première réponse qui compte."
_STOP = "Vous pouvez vous arrêter et reprendre plus tard, ici ou sur l'autre plateforme."
_SHOWN = 8  # missed clauses to list under a result
_ROOM = MESSAGE_WEIGHT - 250  # for a clause's words and the bot's; the rest is for the caption


def introduction_message(course: Course, after: str = "-") -> Message:
    """Describe the quiz and offer to begin. `after`: the last attempt's identifier, or « - » if none."""
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


def question_message(attempt: Attempt, question: Question, turn: QuizTurn, *, note: str = "") -> Message:
    """Show a question, with a button for the letter of each choice."""
    key = f"quiz {attempt.id}.{turn.turn}.{turn.item.edition}"
    choices: list[Span | str] = []
    buttons: list[Button] = []
    for letter, place in zip(turn.letters, turn.order, strict=True):
        choices += ["\n" if choices else "", bold(f"{letter}."), f" {question.choices[place].text}"]
        if question.several and place in attempt.sitting.ticked:
            choices.append(bold(" (coché)"))
            buttons.append(Button(f"{letter} (coché)", f"{key}.-{letter}", "primary"))
        else:
            buttons.append(Button(letter, f"{key}.{'+' * question.several}{letter}"))
    hint = ""
    if question.several:
        hint = "Plusieurs choix sont bons\u00a0: cochez, puis validez. "
        buttons.append(Button("Valider", f"{key}.ok", "primary"))
    return Message(
        *([Note(note)] if note else []),
        Heading(_place(attempt)),
        Text(question.text),
        Text(*choices),
        Buttons(*buttons),
        Note(f"{hint}{_STOP}"),
    )


def _place(attempt: Attempt) -> str:
    where = session.progress(attempt.sitting)
    name = "Révision, question" if attempt.kind == "refresher" else "Question"
    if where.number <= where.total:
        return f"{name} {where.number} sur {where.total}"
    return "À revoir\u00a0: une question" if where.again == 1 else f"À revoir\u00a0: {where.again} questions"


# --- After an answer --------------------------------------------------------------------------


def feedback_message(
    course: Course,
    attempt: Attempt,
    question: Question,
    turn: QuizTurn,
    answer: QuizAnswer,
    *,
    note: str = "",
) -> Message:
    """Explain an answer, with the words of the clause if the message can hold them."""
    parts: list[Element] = [
        *([Note(note)] if note else []),
        Heading(_verdict(question, answer)),
        Text(question.text),
        *_explanations(question, turn, answer),
    ]
    reading, number = course.reading(), question.clause
    clause = reading.version.clause(number)
    own = sum(weight(text) for text in Message(*parts).own_words())
    if clause and own + weight(clause.text) <= _ROOM:
        parts.append(reading.quote(number))
    if session.current(attempt.sitting) is None:
        onward = Button("Voir mon résultat", f"quiz resultat {attempt.id}", "primary")
        closing = "C'était la dernière question."
    else:
        onward = Button("Question suivante", f"quiz suite {attempt.id}", "primary")
        comes_back = not answer.right and turn.turn == attempt.sitting.turn - 1
        closing = f"Cette question reviendra. {_STOP}" if comes_back else _STOP
    name = f"l'article {number}" if len(number.parts) == 1 else str(number)
    reread = Button(f"Lire {name} dans la {course.name}", reading.command(number))
    return Message(*parts, Buttons(onward, reread), Note(closing))


def _verdict(question: Question, answer: QuizAnswer) -> str:
    """Return the verdict. With several right choices, it distinguishes missing from wrong choices."""
    if answer.right:
        return "C'est la bonne réponse."
    if answer.chosen <= question.right:
        return f"Presque\u00a0: il manquait {len(question.right - answer.chosen)} choix."
    return "Ce n'est pas la bonne réponse."


def _explanations(question: Question, turn: QuizTurn, answer: QuizAnswer) -> Iterator[Text]:
    """Yield the selected choices and the right ones, each with its letter and feedback."""
    for letter, place in zip(turn.letters, turn.order, strict=True):
        choice = question.choices[place]
        if place in answer.chosen:
            verdict = "c'est" if choice.right else "ce n'est pas"
            label = f"Vous l'avez choisi, et {verdict} bon"
        elif choice.right:
            label = "Celui-ci était bon aussi" if question.several else "C'était la bonne réponse"
        else:
            continue
        yield Text(bold(f"{letter}. {choice.text}"), f"\n{label}. {choice.feedback}")


# --- The end ----------------------------------------------------------------------------------


def result_message(course: Course, attempt: Attempt, steps: Mapping[Fact, datetime]) -> Message:
    """Show the result of an attempt of any kind, and the next step."""
    score = session.score(attempt.sitting)
    words, buttons = _next_step(course, steps)
    first = f"{score.right} sur {score.total} du premier coup."
    if attempt.kind == "refresher":
        title, buttons = "Révision terminée", [Button(f"Lire la {course.name}", "politique")]
        text = f"{first} Merci d'avoir pris ces quelques minutes; rien d'autre ne vous est demandé."
    elif attempt.kind == "revision":
        title, text = "Questions terminées", f"{first} {words}"
        buttons.append(MY_PROGRESS)
    else:
        right = f"{score.right} bonnes réponses du premier coup sur {score.total}"
        figures = f"{right}, soit {score.percent}\u00a0%"
        title, text = "Quiz réussi", f"{figures}. {words}"
        if not score.reaches(course.plan.pass_mark):
            title, buttons = "Quiz terminé", []
            text = (
                f"{figures}. Il en faut {course.plan.pass_mark}\u00a0%. Vous connaissez maintenant les "
                "bonnes réponses\u00a0: recommencez quand vous voulez, les questions seront différentes."
            )
        buttons.append(Button("Recommencer avec d'autres questions", f"quiz nouveau {attempt.id}"))
    return Message(Heading(title), Text(text), *_to_reread(course, attempt), Buttons(*buttons))


def _next_step(course: Course, steps: Mapping[Fact, datetime]) -> tuple[str, list[Button]]:
    """Return the sentence and the buttons for the next step after a passed quiz."""
    if "attested" in steps:
        return "Votre attestation est déjà au registre.", []
    if "read" in steps:
        return "Il vous reste à attester votre lecture.", [ATTEST]
    read = Button(f"Lire la {course.name}", "accueil lire", "primary")
    return f"Il vous reste à lire la {course.name}, puis à attester votre lecture.", [read]


def _to_reread(course: Course, attempt: Attempt) -> list[Text]:
    """Return the clauses of the missed questions, except questions no longer in the bank."""
    missed = filter(None, map(course.bank().question, session.missed(attempt.sitting)))
    clauses = list(dict.fromkeys(str(question.clause) for question in missed))[:_SHOWN]
    if not clauses:
        return []
    return [
        Text(bold("À relire"), f"\u00a0: {', '.join(clauses)}. Tapez ", code(f"/politique {clauses[0]}"), ".")
    ]


NOTHING_MISSED = Message(Text("Il n'y a rien à réviser\u00a0: vous n'avez manqué aucune question."))
