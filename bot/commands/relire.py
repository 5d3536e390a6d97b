"""`relire`: what was guessed from a policy's text, which the administration reads one draft at a time.

A draft is kept, corrected or thrown away; what is left for later stays in the folder of drafts (see
`bot.drafting.drafts`), so the reading resumes where it was, after any number of days.
"""

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from bot.answers import retraining
from bot.commands.passages import split_text
from bot.conversation.forms import ChoiceField, Form, Reply, TextField, options
from bot.conversation.messages import Button, Buttons, Element, Heading, Message, Note, Text, bold, excerpt
from bot.conversation.requests import FieldsError, Request, UserError
from bot.drafting import drafts as folder_of_drafts
from bot.drafting.drafts import Draft, DraftKind
from bot.drafting.questions import TO_FILL
from bot.people import persons
from bot.people.office import Office, actor_of
from bot.policy.annotations import FORCES
from bot.policy.articles import PolicyError, Version
from bot.policy.library import Library, Policy, Reading

_QUOTED: Final = 900  # weight of the clause's beginning, above its draft
_LABELS: Final[Mapping[DraftKind, str]] = {
    "title": "Le titre de l'article, pour la lecture",
    "force": "La force de la clause, affichée sous chaque citation",
    "subject": "De quoi elle parle, en quelques mots, pour les boutons",
    "topic": "Un mot qui mène à cette clause",
    "together": "Des clauses à lire ensemble",
    "question": "Une question que cette clause règle",
    "quiz": "Une question de quiz",
}
_RIGHT, _WRONG = "+", "-"  # what begins the line of a choice, in the form
_BAR: Final = "|"  # between a choice and its explanation


@dataclass(frozen=True, slots=True)
class DraftReview:
    """The dependencies of this command.

    `folders`: the data folders. `own`: the one where the association's files are written, if there is one.
    `reread` reads the policies' files again, once the transaction is committed.
    """

    library: Library
    office: Office
    folders: Sequence[Path]
    own: Path | None
    reread: Callable[[Database], None]


@dataclass(frozen=True, slots=True)
class PendingDrafts:
    """The drafts that remain of a policy. `reading`: it, in the version that they are about."""

    reading: Reading
    drafts: tuple[Draft, ...]

    def command(self, verb: str, draft: Draft) -> str:
        """Return the command of a button about a draft."""
        return f"relire {self.reading.policy.id}:{verb} {draft.id}"

    def of_clause(self, draft: Draft) -> tuple[Draft, ...]:
        """Return the drafts about the same clause that can serve as they are."""
        return tuple(other for other in self.drafts if other.clause == draft.clause and not other.unfilled)


def review(review: DraftReview, request: Request) -> Reply:
    """Show the first draft or, for a button or a form about one, do what it says and show the next."""
    library = review.library
    named, text = library.naming.split(request.text)
    policy = library.find(named) if named else _first_with_drafts(review)
    if review.own is None:
        raise UserError(
            "Réglez d'abord VIGIE_DATA\u00a0: c'est le dossier où les textes de l'association s'écrivent."
        )
    folder = _own_folder(review, review.own, policy.id)
    pending = PendingDrafts(Reading(policy, policy.origin), _read(folder, policy.origin))
    verb, _, identifier = text.partition(" ")
    at = next((at for at, draft in enumerate(pending.drafts) if draft.id == identifier.strip()), None)
    if at is None:
        return draft_message(pending, 0, "Cette ligne n'est plus à relire." if identifier else "")
    draft = pending.drafts[at]
    if verb == "corriger" and not request.fields:
        return draft_form(pending, draft)
    if verb not in {"corriger", "garder", "tout", "jeter"}:  # « apres », or what someone typed
        return draft_message(pending, (at + (verb == "apres")) % len(pending.drafts))
    decided = {"garder": (draft,), "tout": pending.of_clause(draft)}.get(verb, ())
    if verb == "corriger":
        decided = (corrected(draft, request.fields),)
    with review.office.storage.transaction() as db:
        if not decided:
            folder_of_drafts.discard(folder, draft, policy.origin)
        for each in decided:
            _keep(folder, draft if verb == "corriger" else each, each, policy.origin)
        _serve(review, db, request, policy, {each.kind for each in decided})
    remaining = PendingDrafts(pending.reading, _read(folder, policy.origin))
    done = {"jeter": "Jetée.", "tout": f"Gardées\u00a0: {len(decided)} lignes."}.get(verb, "Gardée.")
    return draft_message(remaining, min(at, max(len(remaining.drafts) - 1, 0)), done)


def _serve(
    review: DraftReview, db: Database, request: Request, policy: Policy, kinds: Collection[DraftKind]
) -> None:
    """Have what was kept serve: questions once they are learnt, the rest at once."""
    if "question" in kinds:
        actor = actor_of(request)
        person, account = persons.known(db, actor), str(persons.account(actor))
        retraining.plan_retraining(db, policy.id, person, review.office.clock(), account)
    if set(kinds) - {"question"}:
        review.reread(db)


def _first_with_drafts(review: DraftReview) -> Policy:
    """Return the first policy that has a folder of drafts, or the default one."""
    for policy in review.library.policies.values():
        folders = (each / "politique" / policy.id / folder_of_drafts.FOLDER for each in review.folders)
        if any(folder.is_dir() for folder in folders):
            return policy
    return review.library.default


def _own_folder(review: DraftReview, own: Path, policy: str) -> Path:
    """Return the policy's folder among the association's, with the drafts of another folder if need be."""
    folder = own / "politique" / policy
    if not (folder / folder_of_drafts.FOLDER).is_dir():
        for each in review.folders:
            source = each / "politique" / policy
            if source != folder and (source / folder_of_drafts.FOLDER).is_dir():
                shutil.copytree(source, folder, dirs_exist_ok=True)
    return folder


def _read(folder: Path, version: Version) -> tuple[Draft, ...]:
    try:
        return folder_of_drafts.read_drafts(folder, version)
    except PolicyError as error:
        raise UserError(f"Ce dossier ne se lit pas\u00a0: {error}") from error


def _keep(folder: Path, draft: Draft, decided: Draft, version: Version) -> None:
    try:
        folder_of_drafts.keep(folder, draft, decided, version)
    except PolicyError as error:
        problem = error.problem[:1].upper() + error.problem[1:]
        raise UserError(f"{problem} Cette ligne n'est pas gardée\u00a0: corrigez-la ou jetez-la.") from error


# --- Showing ----------------------------------------------------------------------------------


def draft_message(pending: PendingDrafts, at: int, done: str = "") -> Message:
    """Show a draft under its clause, and how much remains. `done`: what was just done, "" for nothing."""
    reading = pending.reading
    noted = [Note(done)] if done else []
    if not pending.drafts:
        return Message(
            Heading(f"Tout est relu\u00a0: {reading.policy.name}"),
            *noted,
            Text("Rien de ce que j'ai deviné n'attend plus. Ce que vous avez gardé sert déjà."),
            Buttons(Button("Menu", "vigie")),
        )
    draft = pending.drafts[at]
    clauses = reading.version.clauses()
    place = next((place for place, each in enumerate(clauses, 1) if str(each.number) == draft.clause), 1)
    clause = clauses[place - 1]
    _, end = next(split_text(clause.text, _QUOTED))
    decide = [
        *([] if draft.unfilled else [Button("Garder", pending.command("garder", draft), "primary")]),
        Button("Corriger", pending.command("corriger", draft)),
        Button("Jeter", pending.command("jeter", draft), "danger"),
        *([Button("Plus tard", pending.command("apres", draft))] if len(pending.drafts) > 1 else []),
    ]
    whole = pending.of_clause(draft)
    more = (
        [Button(f"Garder les {len(whole)} de cette clause", pending.command("tout", draft))]
        if len(whole) > 1
        else []
    )
    count = len(pending.drafts)
    left = f"encore {count} lignes" if count > 1 else "la dernière ligne"
    return Message(
        Heading(f"À relire\u00a0: {reading.policy.name}"),
        *noted,
        Note(f"Clause {place} sur {len(clauses)}; {left}."),
        reading.quote(clause.number, (), 0, None if end == len(clause.text) else end),
        *_shown(draft),
        Buttons(*decide),
        Buttons(*more, Button("Menu", "vigie")),
    )


def _shown(draft: Draft) -> Sequence[Element]:
    label, value = bold(f"{_LABELS[draft.kind]}\u00a0:"), draft.value
    match draft.kind:
        case "topic":
            return [Text(label, f" «\u00a0{draft.key}\u00a0»")]
        case "together":
            return [Text(label, f" {', '.join(value['clauses'])}\n{value['reason']}")]
        case "question":
            return [Text(label, f" «\u00a0{value['question']}\u00a0»")]
        case "quiz":
            choices = [
                f"{'✓' if choice.get('right') else '✗'} {choice['text']}\n   {choice['feedback']}"
                for choice in value["choice"]
            ]
            missing = [Note("Une partie est à remplir avant qu'elle serve.")] if draft.unfilled else []
            return [Text(label, f"\n{value['text']}"), Text("\n".join(choices)), *missing]
    return [Text(label, f" {value}")]


# --- Correcting -------------------------------------------------------------------------------


def draft_form(pending: PendingDrafts, draft: Draft) -> Form:
    """Return the form that corrects a draft, filled in with what was guessed."""
    value = draft.value
    hint = "Leurs numéros\u00a0: 5.10, 5.11"
    clauses = TextField("clauses", "Les clauses", hint=hint, value=_numbers(draft), max_length=100)
    match draft.kind:
        case "force":
            forces = options({force: force.capitalize() for force in FORCES})
            fields: tuple[TextField | ChoiceField, ...] = (
                ChoiceField("texte", "La force", forces, value=value),
            )
        case "title" | "subject":
            fields = (TextField("texte", "Le texte", value=value[:300], max_length=300),)
        case "topic":
            fields = (TextField("texte", "Le mot", value=draft.key[:60], max_length=60), clauses)
        case "together":
            fields = (TextField("texte", "Pourquoi, en une phrase", value=value["reason"], lines=3), clauses)
        case "question":
            fields = (
                TextField("texte", "La question", value=value["question"][:600], lines=3, max_length=600),
                clauses,
            )
        case "quiz":
            fields = (
                TextField("texte", "La question", value=value["text"], lines=4, max_length=600),
                TextField(
                    "choix",
                    "Les choix, un par ligne",
                    hint="+ le bon choix | l'explication, - un mauvais choix | l'explication",
                    value=_choice_lines(value["choice"]),
                    lines=8,
                    max_length=3_000,
                ),
            )
    return Form(pending.command("corriger", draft), excerpt(f"Corriger {draft.clause}", 24), fields, "Garder")


def _numbers(draft: Draft) -> str:
    match draft.kind:
        case "topic":
            numbers = draft.value
        case "together":
            numbers = draft.value["clauses"]
        case "question":
            numbers = draft.value["gold"]
        case _:
            numbers = [draft.clause]
    return ", ".join(numbers)


def _choice_lines(choices: Sequence[Mapping[str, Any]]) -> str:
    lines = (
        f"{_RIGHT if choice.get('right') else _WRONG} {choice['text']} {_BAR} {choice['feedback']}"
        for choice in choices
    )
    return "\n".join(lines)


def corrected(draft: Draft, fields: Mapping[str, str]) -> Draft:
    """Return a draft with the answers of its form. Raises `FieldsError`."""
    text = " ".join(fields.get("texte", "").split())
    if not text:
        raise FieldsError({"texte": "Écrivez un texte, ou jetez la ligne."})
    numbers = [number.strip() for number in fields.get("clauses", "").split(",") if number.strip()]
    if draft.kind in {"topic", "together", "question"} and not numbers:
        raise FieldsError({"clauses": "Donnez au moins un numéro de clause."})
    match draft.kind:
        case "topic":
            return replace(draft, key=text.lower(), value=numbers)
        case "together":
            return replace(draft, value={"clauses": numbers, "reason": text})
        case "question":
            return replace(draft, value=draft.value | {"question": text, "gold": numbers, "also_ok": []})
        case "quiz":
            choices = _choices(fields.get("choix", ""))
            return replace(draft, value=draft.value | {"text": text, "choice": choices})
    return replace(draft, value=text)


def _choices(text: str) -> list[dict[str, Any]]:
    choices: list[dict[str, Any]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        sign, (said, bar, feedback) = line[0], line[1:].partition(_BAR)
        if sign not in {_RIGHT, _WRONG} or not bar:
            problem = (
                f"Chaque ligne commence par {_RIGHT} ou {_WRONG}, et a {_BAR} avant l'explication\u00a0: "
                f"«\u00a0{excerpt(line, 40)}\u00a0»."
            )
            raise FieldsError({"choix": problem})
        choices.append({"text": said.strip(), "right": sign == _RIGHT, "feedback": feedback.strip()})
    if any(TO_FILL in choice["text"] for choice in choices):
        raise FieldsError({"choix": f"Remplacez ce qui commence par «\u00a0{TO_FILL}\u00a0»."})
    return choices
