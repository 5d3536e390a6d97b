"""The conversation of an installation: each question in turn, until its answer is accepted.

An installation resumes where it stopped: earlier answers are checked again, and only those that are refused
are asked again. This module depends on neither the questions nor the kind of terminal.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Protocol, TypeAlias

from bot.cli.installer.answers import Answers

# The style of a line: a question, its explanation, a step to follow, a success, a failure, a remark, or a
# text to copy unchanged.
Manner: TypeAlias = Literal["title", "text", "step", "good", "bad", "note", "copy"]


class InterviewStoppedError(Exception):
    """The person stopped (Ctrl-C, the end of the input). Accepted answers are already in the file."""


class Terminal(Protocol):
    """A terminal for the conversation: it shows texts and reads what the person types."""

    def show(self, text: str, manner: Manner = "text") -> None:
        """Show a text."""

    def ask(self, *, secret: bool = False) -> str:
        """Return what the person types. `secret`: do not show it. Raises `InterviewStoppedError`."""

    def working(self, text: str) -> AbstractContextManager[object]:
        """Show `text` while the context is open and work is in progress."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A valid answer. `values`: the settings to save, None for a setting to remove (see `Answers`).

    `text`: a French line about the answer, "" for none. `notes`: remarks for the person.
    """

    values: Mapping[str, str | None] = field(default_factory=dict)
    text: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused answer, and what to do.

    `choices`: the possible next answers, by value, instead of the question's own. `back_to`: the name of an
    earlier question to ask again. `copy`: a text to show unchanged. `manner`: the style of `text`.
    """

    text: str
    choices: Mapping[str, str] = field(default_factory=dict)
    back_to: str = ""
    copy: str = ""
    manner: Manner = "bad"


def always(_: Answers) -> bool:
    """Return True, for a question that is always asked."""
    return True


def no_steps(_: Answers) -> Sequence[str]:
    """Return no step, for a question without any."""
    return ()


def no_choices(_: Answers) -> Mapping[str, str]:
    """Return no choice, for a question whose answer is free text."""
    return {}


@dataclass(frozen=True, slots=True)
class InstallerQuestion:
    """A question.

    `name`: the name of its answer, a setting or a note (see `Answers`). `title`: its title in the list of
    answers. `ask`: the question. `why`: the explanation shown for « ? ». `check`: accepts or refuses an
    answer. `steps`: the steps to follow before answering. `choices`: the possible answers, by value, chosen
    by number. `when`: returns whether to ask the question. `usual`: the answer when the person presses Enter,
    "" for none. `secret`: whether the answer is hidden. `checking`: the line shown while the answer is
    checked, "" if it takes no time. `shown`: formats the answer for people. `apart`: the names of the answers
    to forget when this one changes.
    """

    name: str
    title: str
    ask: str
    why: str
    check: Callable[[str, Answers], Accepted | Refused]
    steps: Callable[[Answers], Sequence[str]] = no_steps
    choices: Callable[[Answers], Mapping[str, str]] = no_choices
    when: Callable[[Answers], bool] = always
    usual: str = ""
    secret: bool = False
    checking: str = ""
    shown: Callable[[str], str] = str
    apart: tuple[str, ...] = ()


BACK: Final = frozenset({"retour", "<"})
HELP: Final = frozenset({"?", "aide"})
STOP: Final = frozenset({"arrêter", "arreter", "quitter"})
YES: Final = {"oui": "Oui", "non": "Non"}
_WHY_REVIEW: Final = (
    "C'est le moment de corriger une réponse. Après Entrée, tout est vérifié ensemble, puis Vigie est prête."
)
_WORD: Final = re.compile(r"[^\W_]+")
_LETTERS: Final = {"o": "oui", "n": "non", "yes": "oui", "y": "oui", "no": "non"}


def interview(
    questions: Sequence[InstallerQuestion], answers: Answers, terminal: Terminal, *, again: str = ""
) -> None:
    """Ask every question that applies. `again`: the name of a question to ask even if it has an answer.

    Raises `InterviewStoppedError` if the person stops, `StorageError` if the file can no longer be written.
    """
    position = 0
    while position < len(questions):
        question = questions[position]
        if not question.when(answers) or (again != question.name and _holds(question, answers, terminal)):
            position += 1
            continue
        before = [other for other in questions[:position] if other.when(answers)]
        # the number of questions depends on the first answer
        total = f"/{sum(other.when(answers) for other in questions)}" if before else ""
        terminal.show(f"{len(before) + 1}{total}. {question.ask}", "title")
        back_to = before[-1].name if before else ""
        # Enter keeps a token: perhaps only the network prevented its check, and it is hard to find again.
        keeps = again == question.name or (question.secret and question.name in answers)
        again = _ask(question, answers, terminal, back_to=back_to, keeps=keeps)
        position = next((i for i, other in enumerate(questions) if other.name == again), position + 1)
        if again:
            answers.forget(*questions[position].apart)


def _holds(question: InstallerQuestion, answers: Answers, terminal: Terminal) -> bool:
    """Return whether a question already has an answer that is still accepted.

    Raises `InterviewStoppedError` if an environment variable sets a refused answer.
    """
    if question.name not in answers:
        return False
    verdict = _checked(question, answers[question.name], answers, terminal)
    if isinstance(verdict, Accepted):
        if learnt := {
            name: value for name, value in verdict.values.items() if answers[name] != (value or "")
        }:
            answers.save(learnt)  # the other settings that follow from an answer written by hand
        done = f"{question.title}\u00a0: c'est déjà fait."
        _tell(replace(verdict, text=verdict.text or done, notes=verdict.notes if learnt else ()), terminal)
        return True
    terminal.show(verdict.text, "bad")
    if answers.is_fixed(question.name):
        terminal.show(
            f"Cette réponse vient de l'environnement ({question.name})\u00a0: changez-la là.", "bad"
        )
        raise InterviewStoppedError
    return False


def review(questions: Sequence[InstallerQuestion], answers: Answers, terminal: Terminal) -> None:
    """Show all answers and let the person change any. Raises `InterviewStoppedError` and `StorageError`."""
    while True:
        listed = [question for question in questions if question.when(answers) and question.name in answers]
        terminal.show("Voici vos réponses.", "title")
        for number, question in enumerate(listed, 1):
            terminal.show(f"{number}. {question.title}\u00a0: {_shown(question, answers)}", "step")
        terminal.show(
            "Tout est bon? Appuyez sur Entrée. Sinon, tapez le numéro de ce que vous voulez changer."
        )
        typed = _typed(terminal)
        if not typed or typed.lower() in {"oui", "o"}:
            return
        # « retour » also works here, and asks the last question again.
        by_number = {str(number): question for number, question in enumerate(listed, 1)}
        chosen = listed[-1] if typed.lower() in BACK else by_number.get(typed)
        if typed.lower() in HELP:
            terminal.show(_WHY_REVIEW, "note")
        elif chosen is None:
            terminal.show(f"Tapez l'un des numéros, de 1 à {len(listed)}, ou Entrée.", "bad")
        elif answers.is_fixed(chosen.name):
            terminal.show(
                f"Cette réponse vient de l'environnement ({chosen.name})\u00a0: changez-la là.", "bad"
            )
        else:
            answers.forget(*chosen.apart)
            interview(questions, answers, terminal, again=chosen.name)


def _ask(
    question: InstallerQuestion, answers: Answers, terminal: Terminal, *, back_to: str, keeps: bool
) -> str:
    """Ask until an answer is accepted, and save it. Return "", or the name of the question to go back to.

    `back_to`: the previous question, "" if there is none. `keeps`: whether Enter keeps the former answer.
    """
    former = answers[question.name] if keeps and not question.usual else ""
    steps = question.steps(answers)
    for number, step in enumerate(steps, 1):
        terminal.show(f"{number}. {step}" if len(steps) > 1 else step, "step")
    choices = question.choices(answers)
    while True:
        for number, label in enumerate(choices.values(), 1):
            terminal.show(f"{number}. {label}", "step")
        if former:
            terminal.show(f"Pour garder votre réponse ({_shown(question, answers)}), appuyez sur Entrée.")
        typed = _typed(terminal, secret=question.secret) or former
        if typed.lower() in BACK and back_to:
            return back_to
        verdict: Accepted | Refused | str = _understood(typed, question, choices)
        if isinstance(verdict, str):
            verdict = _checked(question, verdict, answers, terminal)
        if isinstance(verdict, Accepted):
            answers.save(verdict.values)
        _tell(verdict, terminal)
        if isinstance(verdict, Accepted) or verdict.back_to:
            return "" if isinstance(verdict, Accepted) else verdict.back_to
        choices = verdict.choices or choices


def _tell(verdict: Accepted | Refused, terminal: Terminal) -> None:
    if isinstance(verdict, Accepted):
        if verdict.text:
            terminal.show(verdict.text, "good")
        for text in verdict.notes:
            terminal.show(text, "note")
    else:
        if verdict.copy:
            terminal.show(verdict.copy, "copy")
        terminal.show(verdict.text, verdict.manner)


def _understood(typed: str, question: InstallerQuestion, choices: Mapping[str, str]) -> str | Refused:
    """Return the answer to check or, for a line that is not an answer, the reply to it."""
    if typed.lower() in HELP:
        return Refused(question.why, manner="note")
    if typed.lower() in BACK:
        return Refused("C'est la première question\u00a0: il n'y a rien avant.", manner="note")
    if choices:
        chosen = _choice(typed, choices)
        two = len(choices) == 2  # noqa: PLR2004 — two choices are not shown as « de 1 à 2 »
        return chosen or Refused(
            "Tapez 1 ou 2." if two else f"Tapez l'un des numéros, de 1 à {len(choices)}."
        )
    return (
        typed
        or question.usual
        or Refused("Il faut une réponse ici. Tapez «\u00a0?\u00a0» pour savoir pourquoi.")
    )


def _checked(
    question: InstallerQuestion, answer: str, answers: Answers, terminal: Terminal
) -> Accepted | Refused:
    if not question.checking:
        return question.check(answer, answers)
    with terminal.working(question.checking):
        return question.check(answer, answers)


def _typed(terminal: Terminal, *, secret: bool = False) -> str:
    spaced = " ".join(terminal.ask(secret=secret).split())  # including no-break spaces
    typed = "".join(character for character in spaced if character.isprintable())
    if typed.lower() in STOP:
        raise InterviewStoppedError
    return typed


def _choice(typed: str, choices: Mapping[str, str]) -> str | None:
    """Return the value of the choice typed as a number, a value or a label, None if there is no such choice.

    « slack et discord » means « slack, discord »: the order of the words does not matter.
    """
    by_number = {str(number): value for number, value in enumerate(choices, 1)}
    if typed in by_number:
        return by_number[typed]
    words = _words(_LETTERS.get(typed.lower(), typed) if "oui" in choices else typed)
    return next((value for value, label in choices.items() if words in (_words(value), _words(label))), None)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower())) - {"et"}


def _shown(question: InstallerQuestion, answers: Answers) -> str:
    """Return an answer as shown to people. Only the last characters of a secret are shown."""
    answer = answers[question.name]
    shown = (
        f"…{answer[-4:]}"
        if question.secret
        else question.choices(answers).get(answer) or question.shown(answer)
    )
    return f"{shown} (environnement)" if answers.is_fixed(question.name) else shown
