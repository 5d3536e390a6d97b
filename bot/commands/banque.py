"""`banque`: questions that were not well answered, for the administration to make lines of the bank of.

What is shown was masked when it was kept; nobody knows who asked. A line that is added is the
association's own, and has the model trained again (see `bot.answers.retraining`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from sqlite_utils import Database

from bot.answers import asked, bank_additions, retraining
from bot.answers import bank as question_bank
from bot.answers.asked import Alike, KeptQuestion
from bot.answers.bank import BankLine
from bot.commands import politique
from bot.conversation.forms import ChoiceField, Form, Option, Reply, TextField
from bot.conversation.messages import (
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
)
from bot.conversation.requests import Request, UserError
from bot.language.masking import ADDRESS, LENGTH, LINK, MASKS, MENTION, NAME, NUMBER, WORDS
from bot.people import persons
from bot.people.office import Office, actor_of
from bot.policy.articles import Number, PolicyError
from bot.policy.library import Library, Reading
from bot.times import in_words

AUTHOR: Final = "association"
_PER_PAGE = 5
_SHOWN = 8  # questions of one group; they resemble one another
_OUTDATED_SHOWN = 30
ANSWER_KIND = "answer"


@dataclass(frozen=True, slots=True)
class BankEditing:
    """What this command works with. `shipped`: the folder of what is shipped; `own`: the association's."""

    library: Library
    office: Office
    shipped: Path
    own: Path | None

    def files(self, policy: str) -> tuple[Path, ...]:
        """Return the banks of a policy that exist."""
        folders = (self.shipped, self.own) if self.own else (self.shipped,)
        return question_bank.files(folders, policy)


Action: TypeAlias = Callable[[BankEditing, Database, Reading, Request, str], Reply]


def manage(bank: BankEditing, request: Request) -> Reply:
    """Show the questions, one group of them, or a form to make a line; or do what a form or a button asks."""
    reading, text = politique.open_reading(bank.library, request.text)
    verb, _, rest = text.partition(" ")
    action = _ACTIONS.get(verb, _overview)
    with bank.office.storage.transaction() as db:
        return action(bank, db, reading, request, rest.strip())


# --- Showing ----------------------------------------------------------------------------------


def _overview(bank: BankEditing, db: Database, reading: Reading, _: Request, page: str) -> Message:
    groups = asked.alike(asked.kept(db, reading.policy.id))
    lines = bank_additions.readable(bank.files(reading.policy.id))
    outdated = sum(bank_additions.outdated(reading.policy, lines).values())
    wanted = int(page) if page.isdecimal() and len(page) < 4 else 1  # noqa: PLR2004 — no page has four figures
    return overview(reading, groups, asked.verdicts(db), outdated=outdated, page=wanted)


def overview(
    reading: Reading,
    groups: Sequence[Alike],
    verdicts: Mapping[str, int],
    *,
    outdated: int = 0,
    page: int = 1,
) -> Message:
    """Return one page of the groups, the largest first."""
    pages = max(1, -(-len(groups) // _PER_PAGE))
    page = min(max(page, 1), pages)
    turns = [
        Button(label, reading.command(f"page {target}", "banque"))
        for label, target in (("← Page précédente", page - 1), ("Page suivante →", page + 1))
        if 1 <= target <= pages
    ]
    if outdated:
        turns.append(Button(f"Lignes à revoir ({outdated})", reading.command("revoir", "banque")))
    shown = groups[(page - 1) * _PER_PAGE :][:_PER_PAGE]
    empty = "Aucune question n'attend. Celles que je n'ai pas su répondre viendront ici."
    return Message(
        Heading(f"Les questions à améliorer\u00a0: {reading.policy.name}"),
        Note(_judged(verdicts)),
        *(element for group in shown for element in _group(reading, group)),
        *([] if shown else [Text(empty)]),
        Buttons(*turns, Button("Menu", "vigie")),
    )


def _judged(verdicts: Mapping[str, int]) -> str:
    useful, useless = verdicts.get("useful", 0), verdicts.get("useless", 0)
    kept = f"Gardées {asked.DAYS_KEPT} jours au plus, sans le nom de qui les a posées."
    if not useful and not useless:
        return kept
    return f"{kept} Réponses jugées utiles\u00a0: {useful}; pas utiles\u00a0: {useless}."


def _group(reading: Reading, group: Alike) -> Iterator[Element]:
    yield Text(bold(_quoted(group.first)), f"\n{_told(group)}")
    yield Buttons(
        Button("En faire une ligne", reading.command(f"ligne {group.first.id}", "banque"), "primary"),
        Button("Voir", reading.command(f"voir {group.first.id}", "banque")),
        Button("Effacer", reading.command(f"effacer {group.first.id}", "banque"), "danger"),
    )


def _quoted(one: KeptQuestion) -> str:
    return f"«\u00a0{excerpt(one.question, 200)}\u00a0»"


def _told(group: Alike) -> str:
    """Say how many times it was asked, what was wrong, and when it last was."""
    count = len(group.questions)
    times = f"Posée {count} fois" if count > 1 else "Posée une fois"
    problems = [f"{words}\u00a0: {n}" for problem, words in _PROBLEMS.items() if (n := group.count(problem))]
    latest = in_words(asked.monday(group.latest))
    return f"{times} ({', '.join(problems)}), la dernière dans la semaine du {latest}."


_PROBLEMS: Mapping[asked.Problem, str] = {
    "not_found": "sans réponse",
    "silent": "non précisé par la politique",
    "unhelpful": "réponse jugée pas utile",
}


def _see(bank: BankEditing, db: Database, reading: Reading, request: Request, identifier: str) -> Message:
    group = asked.with_id(asked.alike(asked.kept(db, reading.policy.id)), identifier)
    return seen(reading, group) if group else _overview(bank, db, reading, request, "")


def seen(reading: Reading, group: Alike) -> Message:
    """Return the questions of one group, each with what it was answered with."""
    lines = []
    for one in group.questions[:_SHOWN]:
        answered = f", répondue par {one.clauses}" if one.clauses else ""
        lines.append(f"• {_quoted(one)}, {_PROBLEMS[one.problem]}{answered}")
    if len(group.questions) > _SHOWN:
        lines.append(f"• et {len(group.questions) - _SHOWN} de plus")
    return Message(
        Heading("Des questions semblables"),
        Text("\n".join(lines)),
        Note(_told(group)),
        Buttons(
            Button("En faire une ligne", reading.command(f"ligne {group.first.id}", "banque"), "primary"),
            Button("Effacer", reading.command(f"effacer {group.first.id}", "banque"), "danger"),
            Button("Toutes les questions", reading.command("", "banque")),
        ),
    )


def _review(bank: BankEditing, _db: Database, reading: Reading, _request: Request, _: str) -> Message:
    lines = bank_additions.readable(bank.files(reading.policy.id))
    return outdated_lines(reading, bank_additions.outdated(reading.policy, lines))


def outdated_lines(reading: Reading, counts: Mapping[Number, int]) -> Message:
    """Say which clauses the latest version changed, and how many lines of the bank point to each."""
    version = reading.policy.versions[-1]
    if not counts:
        said = "Aucune ligne de la banque ne vise une clause que la dernière version a changée."
    else:
        shown = list(counts.items())[:_OUTDATED_SHOWN]
        said = "\n".join(
            f"• {number}, {'nouvelle ou modifiée' if version.within(number) else 'retirée'}\u00a0: "
            + (f"{count} questions" if count > 1 else "une question")
            for number, count in shown
        )
    return Message(
        Heading("Les lignes à revoir"),
        Text(said),
        Note(
            f"Version du {in_words(version.adopted)}, comparée à celle pour laquelle chaque ligne a "
            "été écrite. Les lignes sont dans ",
            code(f"politique/{reading.policy.id}/{question_bank.BANK}"),
            ".",
        ),
        Buttons(Button("Toutes les questions", reading.command("", "banque"))),
    )


# --- Changing ---------------------------------------------------------------------------------


def _erase(bank: BankEditing, db: Database, reading: Reading, request: Request, identifier: str) -> Message:
    """Delete a group. Pressed twice, it changes nothing more."""
    _forget(bank, db, reading, identifier)
    return _overview(bank, db, reading, request, "")


def _forget(bank: BankEditing, db: Database, reading: Reading, identifier: str) -> None:
    group = asked.with_id(asked.alike(asked.kept(db, reading.policy.id)), identifier)
    if group:
        identifiers = [one.id for one in group.questions]
        bank.office.remember("asked_questions", identifiers)
        asked.delete(db, identifiers)


def _line(bank: BankEditing, db: Database, reading: Reading, request: Request, identifier: str) -> Reply:
    """Make a line of a group, which is then no longer kept; the form is the first answer."""
    if bank.own is None:
        raise UserError(
            "Réglez d'abord VIGIE_DATA\u00a0: c'est le dossier où la banque de l'association s'écrit."
        )
    if not request.fields:
        group = asked.with_id(asked.alike(asked.kept(db, reading.policy.id)), identifier)
        return form(reading, identifier, group.first.question if group else "")
    line = _read(bank, reading, request.fields)
    person = persons.known(db, actor_of(request))
    _forget(bank, db, reading, identifier)
    retraining.plan(db, reading.policy.id, person, bank.office.clock())
    # Last, so that what the disk refuses undoes the rest.
    bank_additions.add(bank.own, reading.policy.id, line)
    return added(reading, line)


def _read(bank: BankEditing, reading: Reading, fields: Mapping[str, str]) -> BankLine:
    """Read the form. Raises `UserError` for what does not hold together."""
    question = " ".join(fields.get("question", "").split())
    if any(mask in question for mask in MASKS):
        raise UserError("Remplacez ce qui est entre crochets par d'autres mots. Rien n'est ajouté.")
    outcome, now = fields.get("issue", ANSWER_KIND), reading.version.key
    gold = _clauses(reading, fields.get("clauses", "")) if outcome == ANSWER_KIND else ()
    if outcome == ANSWER_KIND:
        line = BankLine(question, fields.get("sorte", "direct"), ANSWER_KIND, gold, (), AUTHOR, now)
    elif outcome == "silent":
        line = BankLine(question, "near_miss", "silent", (), (), AUTHOR, now)
    else:
        line = BankLine(question, outcome, "out_of_scope", (), (), AUTHOR, now)
    try:
        question_bank.read_json(line.written(), ("", 0), reading.version)
    except PolicyError as error:
        problem = str(error).partition("\u00a0: ")[2]  # without the file, which is not written yet
        raise UserError(f"{problem[:1].upper()}{problem[1:]} Rien n'est ajouté.") from error
    shipped = bank_additions.readable(question_bank.files((bank.shipped,), reading.policy.id))
    if any(question_bank.same(other.question) == question_bank.same(question) for other in shipped):
        raise UserError("Cette question est déjà dans la banque. Rien n'est ajouté.")
    return line


def _clauses(reading: Reading, text: str) -> tuple[Number, ...]:
    reference = politique.reference_in(text, reading.version)
    found = politique.select(reading.policy, reading.version, text) if reference and reference.exact else ()
    if not found:
        raise UserError(
            "Donnez les numéros des clauses qui répondent, par exemple "
            f"{reading.policy.example(reading.version)}. Rien n'est ajouté."
        )
    return tuple(clause.number for clause in found)


def added(reading: Reading, line: BankLine) -> Message:
    """Say that a line was added, and that what comes of it will be told."""
    where = f" ({', '.join(map(str, line.gold))})" if line.gold else ""
    return Message(
        Text(
            f"Ajoutée\u00a0: «\u00a0{excerpt(line.question, 200)}\u00a0»{where}. Je m'exerce avec elle "
            "dans une minute, et je vous écrirai ce qu'il en est."
        ),
        Buttons(Button("Toutes les questions", reading.command("", "banque"))),
    )


_ACTIONS: Mapping[str, Action] = {
    "page": _overview,
    "voir": _see,
    "ligne": _line,
    "effacer": _erase,
    "revoir": _review,
}


# --- The form ---------------------------------------------------------------------------------

_NEUTRAL: Mapping[str, str] = {
    NAME: "quelqu'un",
    NUMBER: "un nombre",
    ADDRESS: "une adresse",
    LINK: "un lien",
    MENTION: "quelqu'un",
    WORDS: "un texte",
}
_OUTCOMES: Mapping[str, str] = {
    ANSWER_KIND: "Oui\u00a0: voici les clauses",
    "silent": "Non\u00a0: elle en traite, sans le préciser",
    "near_miss": "Non\u00a0: c'est un sujet voisin",
    "off_topic": "Non\u00a0: c'est un tout autre sujet",
}
_KINDS: Mapping[str, str] = {
    "direct": "Directe",
    "paraphrase": "En d'autres mots",
    "colloquial": "Familière",
    "scenario": "Une situation racontée",
    "typo": "Avec des fautes de frappe",
    "keyword": "Des mots-clés",
    "english": "En anglais",
}


def form(reading: Reading, identifier: str, question: str) -> Form:
    """Return the form that makes a line of a question, what was masked being in neutral words."""
    for mask, words in _NEUTRAL.items():
        question = question.replace(mask, words)
    name = reading.policy.name
    return Form(
        reading.command(f"ligne {identifier}", "banque"),
        "Une ligne de la banque",
        (
            TextField(
                "question",
                "La question",
                hint="Telle que les gens la posent, sans nom ni numéro de personne",
                value=question[:LENGTH],
                lines=3,
                max_length=LENGTH,
            ),
            ChoiceField(
                "issue", excerpt(f"La {name} y répond-elle?", 45), _options(_OUTCOMES), value=ANSWER_KIND
            ),
            TextField(
                "clauses",
                "Les clauses qui répondent",
                hint="La meilleure d'abord\u00a0: 5.10, 5.11",
                required=False,
                max_length=60,
            ),
            ChoiceField("sorte", "Comment elle est posée", _options(_KINDS), value="direct"),
        ),
        "Ajouter",
    )


def _options(labels: Mapping[str, str]) -> tuple[Option, ...]:
    return tuple(Option(label, value) for value, label in labels.items())
