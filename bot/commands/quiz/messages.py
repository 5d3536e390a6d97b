"""The messages of the quiz."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.conversation.messages import (
    BUTTONS_PER_ROW,
    LABEL_LENGTH,
    MESSAGE_WEIGHT,
    Button,
    Buttons,
    Choice,
    Element,
    Heading,
    Message,
    Note,
    Text,
    bold,
    button_rows,
    capitalized,
    code,
    excerpt,
    weight,
)
from bot.onboarding.attempts import Attempt
from bot.onboarding.course import Course
from bot.onboarding.notices import ATTEST, MY_PROGRESS
from bot.onboarding.quiz import session
from bot.onboarding.quiz.bank import Question
from bot.onboarding.quiz.sentences import sentence_at_stake
from bot.onboarding.quiz.session import QuizAnswer, QuizTurn
from bot.register.attestations import Fact

TICK_FIRST = "Cochez au moins un choix, puis validez."
READ_FIRST = "Voici la question où vous en êtes. Répondez maintenant à celle-ci."
CHANGED = "Une question a été retirée ou modifiée entre-temps. Voici où vous en êtes."
ALREADY = "Vous aviez déjà répondu à cette question\u00a0: c'est votre première réponse qui compte."
_SHOWN = 8  # maximum clauses listed under a result
_ROOM = MESSAGE_WEIGHT - 250  # weight left for a quoted sentence and the bot's words, without the caption
_GOOD, _BAD = "✅", "❌"  # coloured on every platform, and always followed by a word


def introduction_message(course: Course, after: str = "-") -> Message:
    """Describe the quiz and offer to begin. `after`: the id of the person's last attempt, « - » for none."""
    size = course.size()
    size_words = (
        f"{size} questions, une à la fois, chacune expliquée." if size > 1 else "Une question, expliquée."
    )
    return Message(
        Heading(f"Le quiz sur {course.name.the}"),
        Text(
            f"{size_words} Il faut "
            f"{course.plan.pass_mark}\u00a0% de bonnes réponses du premier coup; vous pouvez recommencer "
            "autant de fois que vous le voulez."
        ),
        Note("Vos résultats ne sont vus que de vous et de l'administration."),
        Buttons(
            Button("Commencer le quiz", f"quiz nouveau {after}", "primary"),
            Button(f"Lire {course.name.the}", "accueil lire"),
        ),
    )


def which_message(quizzes: Sequence[Course]) -> Message:
    """Ask which of several quizzes the person wants."""
    buttons = [
        Button(excerpt(str(course.name), LABEL_LENGTH), f"quiz {course.policy.id}:") for course in quizzes
    ]
    first_rows = buttons[: 4 * BUTTONS_PER_ROW]
    return Message(
        Heading("Quel quiz?"),
        Text("J'en ai un sur chacune de ces politiques."),
        *button_rows(first_rows),
    )


def no_quiz_message(course: Course, quizzes: Sequence[Course]) -> Message:
    """Say that a policy has no quiz, and offer to read it or to take another quiz."""
    policy = course.policy
    buttons = [
        Button(excerpt(f"Le quiz sur {other.name.the}", LABEL_LENGTH), f"quiz {other.policy.id}:")
        for other in quizzes[: BUTTONS_PER_ROW - 1]
    ]
    return Message(
        Text(f"Il n'y a pas de quiz sur {policy.name.the}."),
        Buttons(Button(f"Lire {policy.name.the}", f"accueil {policy.id}: lire", "primary"), *buttons),
    )


def question_message(attempt: Attempt, question: Question, turn: QuizTurn, *, note: str = "") -> Message:
    """Show a question, with a button beside each choice."""
    key = f"quiz {attempt.id}.{turn.turn}.{turn.item.edition}"
    choices: list[Element] = []
    for letter, place in zip(turn.letters, turn.order, strict=True):
        button = Button(letter, f"{key}.{'+' * question.several}{letter}")
        if question.several and place in attempt.sitting.ticked:
            button = Button(f"{letter} (coché)", f"{key}.-{letter}", "primary")
        choices.append(Choice(f"{letter}. {question.choices[place].text}", button))
    if question.kind == "vrai-faux":  # short enough to be on the buttons
        places = zip(turn.letters, turn.order, strict=True)
        buttons = [Button(question.choices[place].text, f"{key}.{letter}") for letter, place in places]
        choices = [Buttons(*buttons)]
    last = [Button("Valider", f"{key}.ok", "primary")] if question.several else []
    last += [_stop(attempt)] if turn.turn == 0 else []
    where = session.progress(attempt.sitting)
    is_review = attempt.kind == "refresher" and where.number <= where.total
    return Message(
        *([Note(note)] if note else []),
        Heading(f"Révision, {where}" if is_review else capitalized(str(where))),
        *_progress(attempt),
        Text(question.text),
        *([Note("Plusieurs réponses\u00a0: cochez, puis validez.")] if question.several else []),
        *choices,
        *([Buttons(*last)] if last else []),
    )


def no_such_choice(question: Question, turn: QuizTurn) -> str:
    """Return the line to show above a question when the person typed an answer that is not a choice."""
    if question.kind == "vrai-faux":
        return "Cette question se répond par «\u00a0vrai\u00a0» ou «\u00a0faux\u00a0»."
    many = "une lettre ou plusieurs" if question.several else "une seule lettre"
    how = f"Répondez par {many}, de A à {turn.letters[-1]}."
    return f"{how} Pour lire un article, écrivez «\u00a0article 2\u00a0»."


def _progress(attempt: Attempt) -> list[Note]:
    """Return the progress line « ●●●○○○ 2 bonnes sur 3 », or [] before the first answer."""
    score = session.score(attempt.sitting)
    answered = len(session.first_answers(attempt.sitting))
    if not answered:
        return []
    line = "●" * answered + "○" * (score.total - answered)
    plural = "s" * (score.right > 1)
    return [Note(f"{line}  {score.right} bonne{plural} sur {answered}")]


def _stop(attempt: Attempt) -> Button:
    return Button("Arrêter ici", f"quiz arret {attempt.id}")


def _start_again(attempt: Attempt) -> Button:
    return Button("Recommencer", f"quiz recommencer {attempt.id}")


def stopped_message(attempt: Attempt) -> Message:
    """Confirm that the answers are kept, and say how to resume the quiz."""
    return Message(
        Text(
            "C'est gardé. Vous reprendrez ici, quand vous voudrez, sur l'une ou l'autre plateforme, avec ",
            code("/quiz"),
            ".",
        ),
        Buttons(Button("Reprendre le quiz", f"quiz suite {attempt.id}"), MY_PROGRESS),
    )


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
    """Explain an answer, and quote the sentence of the clause that answers the question, if it fits.

    After a wrong answer, the question is repeated, since this message replaces it. The question and the
    quotation come below the buttons, so that a phone shows the buttons without scrolling.
    """
    parts: list[Element] = [
        *([Note(note)] if note else []),
        Heading(_verdict(question, answer)),
        *_progress(attempt),
        *_explanations(question, turn, answer),
    ]
    below: list[Element] = [] if answer.right else [Note(question.text)]
    reading, number = course.reading(), question.clause
    clause = reading.version.clause(number)
    used = sum(weight(text) for text in Message(*parts, *below).own_words())
    if clause:
        start, end = sentence_at_stake(clause.text, question)
        if used + weight(clause.text[start:end]) <= _ROOM:
            below.append(reading.quote(number, start=start, end=end))
    fresh = turn.turn == attempt.sitting.turn - 1  # the latest answer, rather than an earlier one shown again
    buttons = [Button("Question suivante", f"quiz suite {attempt.id}", "primary")]
    if attempt.finished_at or session.current(attempt.sitting) is None:
        buttons = [Button("Voir mon résultat", f"quiz resultat {attempt.id}", "primary")]
    elif fresh and _just_lost(course, attempt):
        parts.append(
            Text(
                f"Les {course.plan.pass_mark}\u00a0% sont hors de portée cette fois-ci\u00a0: ce n'est pas "
                "grave. Continuez pour apprendre, ou recommencez avec d'autres questions."
            )
        )
        buttons.append(_start_again(attempt))
    elif fresh and not answer.right:
        parts.append(Note("Cette question reviendra à la fin."))
        if attempt.kind == "quiz" and session.is_lost(attempt.sitting, course.plan.pass_mark):
            buttons.append(_start_again(attempt))
    buttons.append(Button(f"Lire {reading.named(number)}", reading.command(number)))
    half = attempt.kind == "quiz" and turn.turn + 1 == len(attempt.sitting.items) // 2
    if buttons[0].label == "Question suivante" and (half or not answer.right):
        buttons.append(_stop(attempt))
    return Message(*parts, Buttons(*buttons), *below)


def _just_lost(course: Course, attempt: Attempt) -> bool:
    """Return whether the last answer just put the pass mark out of reach."""
    sitting, mark = attempt.sitting, course.plan.pass_mark
    before = replace(sitting, answers=sitting.answers[:-1])
    return attempt.kind == "quiz" and session.is_lost(sitting, mark) and not session.is_lost(before, mark)


def _verdict(question: Question, answer: QuizAnswer) -> str:
    """Return the verdict in French: right, wrong or, if only some right choices are missing, how many."""
    if answer.right:
        return f"{_GOOD} Bonne réponse"
    if answer.chosen <= question.right:
        return f"{_BAD} Presque\u00a0: il manquait {len(question.right - answer.chosen)} choix"
    return f"{_BAD} Ce n'est pas la bonne réponse"


def _explanations(question: Question, turn: QuizTurn, answer: QuizAnswer) -> Iterator[Text]:
    """Yield the choices that the person made and the right choices, each with its letter and feedback.

    If a question has several right choices, those that the person did not make have no feedback: four
    explanations would fill a phone's screen.
    """
    for letter, place in zip(turn.letters, turn.order, strict=True):
        choice = question.choices[place]
        if choice.right:
            label = "Votre choix" if place in answer.chosen else "La bonne réponse"
            label = f"{_GOOD} {'Bon aussi' if question.several and label != 'Votre choix' else label}"
        elif place in answer.chosen:
            label = f"{_BAD} Votre choix"
        else:
            continue
        why = "" if question.several and place not in answer.chosen else f"\n{choice.feedback}"
        named = choice.text if question.kind == "vrai-faux" else f"{letter}. {choice.text}"
        yield Text(f"{label}\u00a0: ", bold(named), why)


# --- The end ----------------------------------------------------------------------------------


def result_message(
    course: Course, attempt: Attempt, steps: Mapping[Fact, datetime], *, expected: bool = True
) -> Message:
    """Show the result of an attempt of any kind, and the next step.

    `steps`: the completed steps of the onboarding. `expected`: whether the person must still attest.
    """
    score = session.score(attempt.sitting)
    words, buttons = _next_step(course, steps, expected=expected)
    figures = (
        f"{score.right} bonne{'s' * (score.right > 1)} réponse{'s' * (score.right > 1)} sur {score.total}"
    )
    if attempt.kind == "refresher":
        title = "Révision terminée"
        buttons = [Button(f"Lire {course.name.the}", "politique")]
        text = f"{figures}. Merci d'avoir pris ces quelques minutes!"
    elif attempt.kind == "revision":
        title, text = "Questions terminées", f"{figures}. {words}"
        buttons.append(MY_PROGRESS)
    elif score.reaches(course.plan.pass_mark):
        title = "🎉 Quiz réussi"
        text = f"Bravo! {figures}. {words}"
        buttons.append(Button("Refaire le quiz", f"quiz nouveau {attempt.id}"))
    else:
        title = "Quiz terminé"
        text = (
            f"{figures}\u00a0: il faut {course.plan.pass_mark}\u00a0% du premier coup. Vous connaissez "
            "maintenant ces réponses; les prochaines questions seront différentes."
        )
        buttons = [Button("Recommencer", f"quiz nouveau {attempt.id}", "primary")]
    return Message(Heading(title), Text(text), Buttons(*buttons), *_to_reread(course, attempt))


def _next_step(course: Course, steps: Mapping[Fact, datetime], *, expected: bool) -> tuple[str, list[Button]]:
    """Return the sentence and the buttons for the next step after a passed quiz."""
    if "attested" in steps:
        return "Votre attestation est déjà au registre.", []
    if not expected:
        unread = [] if "read" in steps else [Button(f"Lire {course.name.the}", "accueil lire")]
        return "Rien d'autre ne vous est demandé.", unread
    if "read" in steps:
        return "Il vous reste à attester votre lecture.", [ATTEST]
    read = Button(f"Lire {course.name.the}", "accueil lire", "primary")
    return f"Il vous reste à lire {course.name.the}, puis à attester votre lecture.", [read]


def _to_reread(course: Course, attempt: Attempt) -> list[Element]:
    """Return buttons to the clauses of the missed questions that are still in the bank."""
    reading = course.reading()
    missed = filter(None, map(course.bank().question, session.missed(attempt.sitting)))
    numbers = list(dict.fromkeys(question.clause for question in missed))[:_SHOWN]
    buttons = [Button(reading.version.label(number), reading.command(number)) for number in numbers]
    return [Text(bold("À relire")), *button_rows(buttons)] if buttons else []


NOTHING_MISSED = Message(Text("Il n'y a rien à réviser\u00a0: vous n'avez manqué aucune question."))
