"""What is said to a question: the clauses, quoted, and what to do next; or which kind of no, and why.

Never a bare yes or no, never the asker's own words, the same calm whatever they were. Where all can
read, the dispatcher shows only quotations and buttons: no message needs the rest to be true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.answers import refusals
from bot.answers.guidance import Guidance
from bot.answers.questions import Outcome, PolicyAnswer, Topic
from bot.commands.passages import PAGE_WEIGHT, parts
from bot.commands.signalement.messages import OFFER
from bot.conversation.messages import (
    COMMAND_LENGTH,
    Button,
    Buttons,
    Element,
    Heading,
    Message,
    Note,
    Text,
    bold,
    code,
    excerpt,
    weight,
    within_sentence,
)
from bot.conversation.requests import Place
from bot.people import roles
from bot.people.office import Office
from bot.people.roles import RoleError
from bot.policy.articles import Clause, Number
from bot.policy.library import Policy, Reading

MOST: Final = 5  # clauses in one answer, those to be read together included
CHOICES: Final = 3
_ENGLISH = "PA20 exists in French only: its own words are quoted below."
_LEARNING = (
    "J'apprends encore à comprendre les questions, ce qui prend une minute ou deux. "
    "Reposez-moi la vôtre un peu plus tard\u00a0: la réponse sera meilleure."
)
_ENGLISH_NO = "I understood your question; my answers are in French, the language of the policy."


@dataclass(frozen=True, slots=True)
class Telling:
    """What it takes to put an answer into words: the text, what is known of it, the roles, and where."""

    reading: Reading
    guidance: Guidance
    office: Office
    place: Place

    def clause(self, number: Number) -> Clause | None:
        """Return a clause of the version that is read."""
        return self.reading.version.clause(number)

    def existing(self, numbers: Iterable[Number]) -> tuple[Number, ...]:
        """Return those of these clauses that the version has, each once."""
        return tuple(dict.fromkeys(number for number in numbers if self.clause(number)))

    def subject(self, number: Number) -> str:
        """Return what a clause is about, for a button: « 5.13 · L'usage du logo »."""
        clause = self.clause(number)
        about = self.guidance.subjects.get(number) or (clause.heading if clause else "")
        return excerpt(f"{number} · {about}" if about else f"Clause {number}", 75)

    @property
    def policy(self) -> Policy:
        """The policy that is read."""
        return self.reading.policy


@dataclass(frozen=True, slots=True)
class Judged:
    """Under which identifier an answer can be judged."""

    id: str


def put(telling: Telling, answer: PolicyAnswer, question: str, judged: Judged | None) -> Message:
    """Put an answer into words. `judged` None: it is not to be judged, and leaves no trace."""
    message = _put(telling, answer, question, judged)
    return Message(*message.elements, Note(_LEARNING)) if answer.learning else message


def _put(telling: Telling, answer: PolicyAnswer, question: str, judged: Judged | None) -> Message:
    if answer.foreign:
        return foreign(telling)
    if answer.unkind and not answer.answered and answer.topic == "question":
        return calm(telling)  # rough words in what one reports or would publish are no attack on the bot
    if answer.topic != "question":
        return _OTHER_TOPICS[answer.topic](telling, answer)
    numbers = telling.existing(found.number for found in answer.clauses)
    if not answer.answered or not numbers:  # none of them is in the version that is read
        return _NO.get(answer.outcome, not_found)(telling, answer, question, judged)
    if answer.outcome == "clarify":
        return choice(telling, numbers, judged, english=answer.english)
    return given(telling, numbers, judged, english=answer.english)


# --- An answer --------------------------------------------------------------------------------


def given(
    telling: Telling,
    numbers: Sequence[Number],
    judged: Judged | None = None,
    *,
    english: bool = False,
    lead: str = "",
) -> Message:
    """Return clauses, best first, those to be read together presented so, and what to do next.

    `numbers`: clauses that exist, one at least.
    """
    every = tuple(numbers)[:MOST]
    quotes, shown = _quotes(telling, every)
    return Message(
        *([Note(_ENGLISH)] if english else []),
        Text(lead or f"Voici ce que dit la {telling.reading.policy.name}."),
        *quotes,
        *_next(telling, shown),
        Note(f"{telling.reading.place(shown[0])}\n{telling.reading.revised()}"),
        Buttons(*_around(telling, every, shown)),
        *_judging(telling, judged, shown),
    )


def _quotes(telling: Telling, numbers: Sequence[Number]) -> tuple[list[Element], tuple[Number, ...]]:
    """Quote the clauses for which there is room, the first one always, in part if it is very long."""
    reading, room = telling.reading, PAGE_WEIGHT - 900  # what is said around them
    group = reading.policy.annotations.read_with(numbers[0])
    together = [number for number in numbers if group and number in group.clauses]
    others = [number for number in numbers if number not in together]
    order = [*together, *others] if len(together) > 1 else list(numbers)
    elements: list[Element] = []
    shown: list[Number] = []
    for number in order:
        clause = telling.clause(number)
        text = clause.text if clause else ""
        need = weight(text) + 100
        if shown and need > room:
            break
        if number == order[0] and group and len(together) > 1:
            elements.append(Text(bold("À lire ensemble."), f" {group.reason}"))
        if len(together) > 1 and others and number == others[0]:
            elements.append(Text(bold("Voyez aussi")))
        end = next(parts(text, room))[1] if need > room else len(text)
        elements.append(reading.quote(number, end=None if end == len(text) else end))
        shown.append(number)
        room -= need
    return elements, tuple(shown)


def _next(telling: Telling, numbers: Sequence[Number]) -> Iterator[Element]:
    """Say what the policy says to do next about the first clause, and about those read with it."""
    together = telling.reading.policy.annotations.read_with(numbers[0])
    about = [n for n in numbers if n == numbers[0] or (together and n in together.clauses)]
    steps = dict.fromkeys(step for n in about if (step := telling.guidance.step(n)))
    lines = [_step(telling, step.says, step.contact) for step in steps]
    if lines:
        yield Text(bold("Et ensuite?"), "\n" + "\n".join(lines))


def _step(telling: Telling, says: str, contact: Sequence[str]) -> str:
    """Return one step, with the titles that the roles have today, never who holds them."""
    if not contact:
        return says
    titles = []
    with telling.office.storage.transaction() as db:
        for role in contact:
            try:
                titles.append(roles.title(db, role))
            except RoleError:  # taken out of the registry: the quotation still says whom
                continue
    joined = ", ou ".join([*titles[:1], *map(within_sentence, titles[1:])])
    return f"{says} À joindre\u00a0: {joined}." if titles else says


def _around(telling: Telling, every: Sequence[Number], shown: Sequence[Number]) -> Iterator[Button]:
    """Offer to read around the clauses, to see those that there was no room for, and to share."""
    for number in every[:4]:
        named = f"l'article {number}" if number == number.article else str(number)
        label = f"Lire autour de {named}" if number in shown else f"Lire aussi {named}"
        yield Button(label, telling.reading.command(number))
    if telling.place == "channel":
        yield Button("Partager ici", telling.reading.command(", ".join(map(str, shown)), "partager"))


def _judging(telling: Telling, judged: Judged | None, shown: Sequence[Number] = ()) -> Iterator[Buttons]:
    """Offer to judge the answer. The buttons hold what was answered, never what was asked."""
    if judged is None:
        return
    given = telling.reading.command(" et ".join(map(str, shown)), "").strip() if shown else ""
    lines = [f"retour {verdict} {judged.id} {given}".strip() for verdict in ("oui", "non")]
    lines = [line if len(line) <= COMMAND_LENGTH else line.rpartition(" ")[0] for line in lines]
    yield Buttons(Button("Utile", lines[0]), Button("Pas utile", lines[1]))


def choice(
    telling: Telling, numbers: Sequence[Number], judged: Judged | None, *, english: bool = False
) -> Message:
    """Ask which of two or three readings is meant; where all can read, show the clauses themselves."""
    numbers = numbers[:CHOICES]
    if len(numbers) == 1 or telling.place == "open":  # nothing to choose, or nobody to ask
        return given(telling, numbers, judged, english=english)
    count, neither = _COUNTS[len(numbers)]
    buttons = [Button(telling.subject(number), _choosing(telling, number, judged)) for number in numbers]
    if judged:
        buttons.append(Button(neither, f"retour non {judged.id}"))
    return Message(
        *([Note(_ENGLISH_NO)] if english else []),
        Text(f"Votre question peut se comprendre de {count} façons. De quoi s'agit-il?"),
        Buttons(*buttons),
    )


def _choosing(telling: Telling, number: Number, judged: Judged | None) -> str:
    """Return the command of a button that chooses a reading; it holds no word of the question."""
    if judged is None:
        return telling.reading.command(number, "question")
    return f"retour choix {judged.id} {telling.reading.command(number, '').strip()}"


_COUNTS = {2: ("deux", "Ni l'une ni l'autre"), 3: ("trois", "Aucune des trois")}


# --- Two other topics -------------------------------------------------------------------------


def incident(telling: Telling, answer: PolicyAnswer) -> Message:
    """Answer someone who describes a negative post: what the policy asks to do, and how to report it.

    It is not to be judged, and nothing is kept of what was described.
    """
    found = (found.number for found in answer.clauses)
    numbers = telling.existing((*telling.guidance.incident_clauses, *found))
    if not numbers:
        return not_found(telling, answer, "", None)
    message = given(telling, numbers, english=answer.english, lead=telling.guidance.incident)
    return Message(*message.elements, Buttons(OFFER))


def draft(telling: Telling, answer: PolicyAnswer) -> Message:
    """Answer someone who shows what they want to publish: the clauses it touches. Not to be judged."""
    numbers = telling.existing(found.number for found in (answer.clauses or answer.ranked))
    if not numbers:
        return not_found(telling, answer, "", None)
    return given(telling, numbers, english=answer.english, lead=telling.guidance.draft)


_OTHER_TOPICS: Mapping[Topic, Callable[[Telling, PolicyAnswer], Message]] = {
    "incident": incident,
    "draft": draft,
}


# --- Three kinds of no ------------------------------------------------------------------------


def not_found(telling: Telling, answer: PolicyAnswer, _question: str, judged: Judged | None) -> Message:
    """Say that nothing reliable was found, whom to ask, and which clauses come closest."""
    near = telling.existing(found.number for found in answer.nearby)[:CHOICES]
    return _no(telling, answer, refusals.not_found(telling.policy), judged, near)


def silent(telling: Telling, answer: PolicyAnswer, question: str, judged: Judged | None) -> Message:
    """Say what the policy does not specify, and what it says that is closest."""
    case, who = telling.guidance.silence(question), refusals.contact(telling.policy)
    says = refusals.unsaid(telling.policy, telling.guidance, question)
    closest = telling.existing(case.clauses) if case else ()
    if not closest or telling.place == "open":  # alone, the quotation would pass for an answer
        near = telling.existing(found.number for found in answer.nearby)[:CHOICES]
        return _no(telling, answer, f"{says} {who}".strip(), judged, closest or near)
    quotes, shown = _quotes(telling, closest)
    return Message(
        *([Note(_ENGLISH_NO)] if answer.english else []),
        Text(f"{says} Ce qu'elle dit de plus proche\u00a0:"),
        *quotes,
        *([Text(f"Pour en savoir plus\u00a0: {who[0].lower()}{who[1:]}")] if who else []),
        Note(telling.reading.revised()),
        Buttons(*_around(telling, shown, shown)),
        *_judging(telling, judged),
    )


def elsewhere(telling: Telling, answer: PolicyAnswer, question: str, judged: Judged | None) -> Message:
    """Say that it is not this policy's subject, and whom to ask."""
    return _no(telling, answer, refusals.elsewhere(telling.policy, telling.guidance, question), judged, ())


_NO: Mapping[Outcome, Callable[[Telling, PolicyAnswer, str, Judged | None], Message]] = {
    "not_found": not_found,
    "silent": silent,
    "out_of_scope": elsewhere,
}


def calm(telling: Telling) -> Message:
    """Answer an insult, an attempt to divert the bot or gibberish, with the same calm as the rest."""
    return Message(
        Text(refusals.calm(telling.policy)),
        Buttons(Button("Table des matières", telling.reading.command(""))),
    )


def foreign(telling: Telling) -> Message:
    """Decline a language that is neither French nor English, with courtesy."""
    return Message(
        Text(refusals.foreign(telling.policy)),
        Buttons(Button("Table des matières", telling.reading.command(""))),
    )


def _no(
    telling: Telling, answer: PolicyAnswer, text: str, judged: Judged | None, near: Sequence[Number]
) -> Message:
    buttons = [Button(telling.subject(number), telling.reading.command(number)) for number in near]
    return Message(
        *([Note(_ENGLISH_NO)] if answer.english else []),
        Text(text),
        *([Note("Ces clauses s'en approchent peut-être.")] if near else []),
        Buttons(*buttons, Button("Table des matières", telling.reading.command(""))),
        *_judging(telling, judged),
    )


def invitation(reading: Reading) -> Message:
    """Say how to ask, to someone who wrote nothing."""
    return Message(
        Heading("Posez votre question"),
        Text(
            "Écrivez-la dans vos mots, après la commande\u00a0: je réponds en citant la "
            f"{reading.policy.name}. Exemple\u00a0: ",
            code("/vigie question Qui doit lire cette politique?"),
        ),
        Buttons(Button("Table des matières", reading.command(""))),
    )
