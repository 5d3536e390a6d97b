"""`banque`: poorly answered questions, which the administration turns into lines of the question bank.

Stored questions are masked and do not identify the asker. A new line is added to the association's own bank,
and the model is then retrained (see `bot.answers.retraining`).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from bot.answers import bank as question_bank
from bot.answers import bank_review, retraining, unanswered
from bot.answers.bank import BankLine
from bot.answers.unanswered import Problem, SimilarQuestions
from bot.commands import politique
from bot.commands.passages import page_number, page_of
from bot.commands.verifier import gestion
from bot.conversation.forms import ChoiceField, Form, Reply, TextField, options
from bot.conversation.messages import (
    Button,
    Buttons,
    Element,
    Heading,
    Message,
    Note,
    Text,
    bold,
    capitalized,
    excerpt,
    turn_buttons,
)
from bot.conversation.requests import FieldsError, Request, UserError
from bot.language.masking import ADDRESS, LENGTH, LINK, MASKS, MENTION, NAME, NUMBER, WORDS
from bot.people import persons
from bot.people.office import Office, actor_of, in_private
from bot.policy import references
from bot.policy.addresses import listed
from bot.policy.articles import Number, PolicyError
from bot.policy.library import Library, Reading
from bot.posting.checks import Check
from bot.times import in_words

AUTHOR: Final = "association"
_PER_PAGE = 5
_SHOWN = 8  # similar questions listed in one group
_OUTDATED_SHOWN = 30
ANSWER_KIND = "answer"
_PROBLEMS: Mapping[Problem, str] = {
    "not_found": "sans réponse",
    "silent": "non précisé par la politique",
    "unhelpful": "réponse jugée pas utile",
}


@dataclass(frozen=True, slots=True)
class BankEditing:
    """The dependencies of this command.

    `shipped`: the folder of shipped data. `own`: the association's data folder, None if there is none.
    `checks`: returns the checks of texts to publish, by name.
    """

    library: Library
    office: Office
    shipped: Path
    own: Path | None
    checks: Callable[[], Mapping[str, Check]] = dict


def manage(bank: BankEditing, request: Request) -> Reply:
    """Show the groups of questions, one group or a form, or process a submitted form or a pressed button."""
    reading, text = politique.open_reading(bank.library, request.text)
    policy, (verb, _, rest) = reading.policy, text.partition(" ")
    rest = rest.strip()
    if verb in gestion.VERBS:
        return gestion.manage(bank.office, reading, bank.checks(), verb, rest)
    with bank.office.storage.transaction() as db:
        groups = unanswered.group_similar(unanswered.kept_questions(db, policy.id))
        group = next((g for g in groups if any(question.id == rest for question in g.questions)), None)
        if verb == "ligne":
            return _make_line(bank, db, reading, request, group)
        if verb == "voir" and group:
            return group_message(reading, group)
        if verb == "effacer" and group:
            _delete(bank, db, group)
            groups.remove(group)
        folders = (bank.shipped, bank.own) if bank.own else (bank.shipped,)
        lines = question_bank.load_readable_lines(question_bank.bank_files(folders, policy.id))
        outdated = bank_review.outdated_counts(policy, lines)
        if verb == "revoir":
            return outdated_message(reading, outdated)
        page = 1 if verb in {"voir", "effacer"} else page_number(rest)
        verdicts = unanswered.verdict_counts(db)
        return bank_overview(reading, groups, verdicts, outdated=sum(outdated.values()), page=page)


# --- Showing ----------------------------------------------------------------------------------


def bank_overview(
    reading: Reading,
    groups: Sequence[SimilarQuestions],
    verdicts: Mapping[str, int],
    *,
    outdated: int = 0,
    page: int = 1,
) -> Message:
    """Show one page of the groups of similar questions, largest first.

    `verdicts`: how many answers were rated each way. `outdated`: the number of bank lines to review.
    """
    on_page, page, pages = page_of(groups, page, _PER_PAGE)
    turns = turn_buttons(page, pages, lambda target: reading.command(f"page {target}", "banque"))
    if outdated:
        turns.append(Button(f"Lignes à revoir ({outdated})", reading.command("revoir", "banque")))
    if reading.policy.notes(reading.version).checks:
        turns.append(Button("Avant de publier", reading.command(gestion.TABLE, "banque")))
    note = f"Gardées {unanswered.DAYS_KEPT} jours au plus, sans le nom de qui les a posées."
    useful, useless = verdicts.get("useful", 0), verdicts.get("useless", 0)
    if useful or useless:
        note += f" Réponses jugées utiles\u00a0: {useful}; pas utiles\u00a0: {useless}."
    empty = "Aucune question n'attend. Celles auxquelles je n'ai pas su répondre viendront ici."
    elements: list[Element] = [] if on_page else [Text(empty)]
    for group in on_page:
        make_line, delete = _changes(reading, group)
        see = Button("Voir", reading.command(f"voir {group.first.id}", "banque"))
        elements.append(Text(bold(_quoted(group.first.question)), f"\n{_history(group)}"))
        elements.append(Buttons(make_line, see, delete))
    return Message(
        Heading(f"Les questions à améliorer\u00a0: {reading.policy.name}"),
        Note(note),
        *elements,
        Buttons(*turns, Button("Menu", "vigie")),
    )


def group_message(reading: Reading, group: SimilarQuestions) -> Message:
    """Show the questions of one group, each with the clauses of its answer."""
    lines = []
    for question in group.questions[:_SHOWN]:
        answered = f", réponse\u00a0: {question.clauses}" if question.clauses else ""
        lines.append(f"• {_quoted(question.question)}, {_PROBLEMS[question.problem]}{answered}")
    if len(group.questions) > _SHOWN:
        lines.append(f"• et {len(group.questions) - _SHOWN} de plus")
    return Message(
        Heading("Des questions semblables"),
        Text("\n".join(lines)),
        Note(_history(group)),
        Buttons(*_changes(reading, group), _all_questions(reading)),
    )


def _quoted(question: str) -> str:
    return f"«\u00a0{excerpt(question, 200)}\u00a0»"


def _history(group: SimilarQuestions) -> str:
    """Describe how often a question was asked and last asked, and what was wrong with the answers."""
    count = len(group.questions)
    times = f"Posée {count} fois" if count > 1 else "Posée une fois"
    counts = Counter(question.problem for question in group.questions)
    problems = ", ".join(f"{words}\u00a0: {counts[key]}" for key, words in _PROBLEMS.items() if counts[key])
    latest = in_words(unanswered.monday(group.latest))
    return f"{times} ({problems}), la dernière dans la semaine du {latest}."


def _changes(reading: Reading, group: SimilarQuestions) -> tuple[Button, Button]:
    return (
        Button("En faire une ligne", reading.command(f"ligne {group.first.id}", "banque"), "primary"),
        Button("Effacer", reading.command(f"effacer {group.first.id}", "banque"), "danger"),
    )


def _all_questions(reading: Reading) -> Button:
    return Button("Toutes les questions", reading.command("", "banque"))


def outdated_message(reading: Reading, counts: Mapping[Number, int]) -> Message:
    """List the clauses that the latest version changed, with the number of bank lines for each."""
    version = reading.policy.versions[-1]
    lines = [
        f"• {number}, {'nouvelle ou modifiée' if version.within(number) else 'retirée'}\u00a0: "
        + (f"{count} questions" if count > 1 else "une question")
        for number, count in [*counts.items()][:_OUTDATED_SHOWN]
    ]
    none = "Aucune ligne de la banque ne vise une clause que la dernière version a changée."
    return Message(
        Heading("Les lignes à revoir"),
        Text("\n".join(lines) or none),
        Note(
            f"Version du {in_words(version.adopted)}, comparée à celle pour laquelle chaque ligne a été "
            "écrite."
        ),
        Buttons(_all_questions(reading)),
    )


# --- Changing ---------------------------------------------------------------------------------


def _delete(bank: BankEditing, db: Database, group: SimilarQuestions) -> None:
    """Delete a group for good: restoring a backup does not bring it back."""
    identifiers = [question.id for question in group.questions]
    bank.office.remember("asked_questions", identifiers)
    unanswered.delete_questions(db, identifiers)


def _make_line(
    bank: BankEditing, db: Database, reading: Reading, request: Request, group: SimilarQuestions | None
) -> Reply:
    """Return the form to write a line or, once it is filled in, add the line and delete the group."""
    if bank.own is None:
        raise UserError(
            "Réglez d'abord VIGIE_DATA\u00a0: c'est le dossier où la banque de l'association s'écrit."
        )
    if not request.fields:
        return line_form(reading, group)
    line = _line_of_form(bank, reading, request.fields)
    actor = actor_of(request)
    person = persons.known(db, actor)
    account = str(persons.account(actor))
    if group:
        _delete(bank, db, group)
    retraining.plan_retraining(db, reading.policy.id, person, bank.office.clock(), account)
    # Last, so that a disk error rolls back the rest.
    question_bank.add_line(bank.own, reading.policy.id, line)
    return line_added(reading, line, in_private(request))


def _line_of_form(bank: BankEditing, reading: Reading, fields: Mapping[str, str]) -> BankLine:
    """Parse the form into a line. Raises `UserError` for inconsistent fields."""
    question = " ".join(fields.get("question", "").split())
    if any(mask in question for mask in MASKS):
        problem = "Remplacez ce qui est entre crochets par d'autres mots. Rien n'est ajouté."
        raise FieldsError({"question": problem})
    gold: tuple[Number, ...] = ()
    kind = fields.get("sorte", "direct")
    outcome = fields.get("issue", ANSWER_KIND)
    if outcome == ANSWER_KIND:
        gold = _clauses(reading, fields.get("clauses", ""))
    elif outcome == "silent":
        kind = "near_miss"
    else:
        kind, outcome = outcome, "out_of_scope"
    line = BankLine(question, kind, outcome, gold, author=AUTHOR, version=reading.version.key)
    try:
        question_bank.parse_bank_line(line.as_json(), ("", 0))
    except PolicyError as error:
        problem = str(error).partition("\u00a0: ")[2]  # without the file's name, since no file is written yet
        raise UserError(f"{capitalized(problem)} Rien n'est ajouté.") from error
    same = question_bank.normalized_question(question)
    paths = question_bank.bank_files((bank.shipped,), reading.policy.id)
    shipped = question_bank.load_readable_lines(paths)
    if any(question_bank.normalized_question(shipped_line.question) == same for shipped_line in shipped):
        raise FieldsError({"question": "Cette question est déjà dans la banque. Rien n'est ajouté."})
    return line


def _clauses(reading: Reading, text: str) -> tuple[Number, ...]:
    reference = references.reference_in(text, reading.version)
    exact = reference is not None and reference.exact
    clauses = reading.policy.select(reading.version, text) if exact else ()
    if not clauses:
        example = reading.policy.example(reading.version)
        problem = f"Donnez les numéros des clauses qui répondent, par exemple {example}. Rien n'est ajouté."
        raise FieldsError({"clauses": problem})
    return tuple(clause.number for clause in clauses)


def line_added(reading: Reading, line: BankLine, where: str) -> Message:
    """Confirm that a line was added, and that a message will report how the model's training went.

    `where`: see `in_private`.
    """
    clauses = f" ({listed(line.gold)})" if line.gold else ""
    return Message(
        Text(
            f"Ajoutée\u00a0: {_quoted(line.question)}{clauses}. Je m'exerce avec elle "
            f"dans une minute, et je vous dirai ce qu'il en est {where}."
        ),
        Buttons(_all_questions(reading)),
    )


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


def line_form(reading: Reading, group: SimilarQuestions | None) -> Form:
    """Return the form that turns a question into a bank line. Masks are replaced by neutral words."""
    identifier, question = (group.first.id, group.first.question) if group else ("", "")
    for mask, words in _NEUTRAL.items():
        question = question.replace(mask, words)
    name = reading.policy.name
    best = listed(clause.number for clause in reading.version.clauses()[:2])
    return Form(
        reading.command(f"ligne {identifier}".strip(), "banque"),
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
                "issue",
                excerpt(f"{name.The} y {name.agree('répond', 'répondent')}-{name.it}?", 45),
                options(_OUTCOMES),
                value=ANSWER_KIND,
            ),
            TextField(
                "clauses",
                "Les clauses qui répondent",
                hint=f"La meilleure d'abord\u00a0: {best}",
                required=False,
                max_length=60,
            ),
            ChoiceField("sorte", "Comment elle est posée", options(_KINDS), value="direct"),
        ),
        "Ajouter",
    )
