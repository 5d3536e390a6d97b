"""The messages of `relire`: a draft under its clause, and the form that corrects it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.commands.passages import PAGE_WEIGHT, packed_page, split_text
from bot.configuration import profile
from bot.conversation.forms import ChoiceField, Form, TextField, options
from bot.conversation.messages import (
    Button,
    Buttons,
    Element,
    Heading,
    Message,
    Note,
    Quote,
    Text,
    bold,
    capitalized,
    excerpt,
    weight,
)
from bot.conversation.requests import CONFIRMED, FieldsError
from bot.drafting.drafts import Draft, DraftKind
from bot.drafting.questions import TO_FILL
from bot.onboarding.quiz.bank import CHOICES, question_faults
from bot.onboarding.quiz.files import FEWEST
from bot.policy.addresses import listed
from bot.policy.annotations import FORCES
from bot.policy.articles import Clause, Number, Version
from bot.policy.library import Reading
from bot.policy.references import parse_reference

PROFILE_LEFT: Final = (
    f"Sur la machine, {profile.EXAMPLE} dit qui vous êtes (l'association, ses rôles, qui doit lire)\u00a0: "
    f"corrigez-le, puis nommez-le {profile.FILE}."
)
_QUOTED: Final = 900  # maximum weight of the clause quoted above its draft; a longer clause is shortened
_LISTED: Final = PAGE_WEIGHT - _QUOTED - 300  # maximum weight of the drafts shown together
_LABELS: Final[Mapping[DraftKind, str]] = {
    "title": "Le titre de l'article, pour la lecture",
    "force": "La force de la clause, affichée sous chaque citation",
    "subject": "De quoi elle parle, en quelques mots, pour les boutons",
    "topic": "Un mot qui mène à cette clause",
    "together": "Des clauses à lire ensemble",
    "question": "Une question que cette clause règle",
    "quiz": "Une question de quiz",
}
_RIGHT, _WRONG = "+", "-"  # how the line of a choice begins, in the form
_BAR: Final = "|"  # between a choice and its explanation


@dataclass(frozen=True, slots=True)
class PendingDrafts:
    """The drafts of a policy left to review. `reading`: the policy, in the version that they are about.

    `preparable`: whether drafts can be guessed from the policy and never were.
    """

    reading: Reading
    drafts: tuple[Draft, ...]
    preparable: bool = False

    def command(self, verb: str, draft: Draft) -> str:
        """Return the command of a button about a draft."""
        return f"relire {self.reading.policy.id}:{verb} {draft.id}"

    def of_clause(self, draft: Draft) -> tuple[Draft, ...]:
        """Return the drafts about the same clause that have no blanks and fit together in one message."""
        ready = ((other, _weight(other)) for other in self.drafts if other.clause == draft.clause)
        return tuple(packed_page((pair for pair in ready if not pair[0].unfilled), 1, _LISTED)[0])

    def shown(self, draft: Draft) -> str:
        """Return a short hash of the drafts of `of_clause`, so that a button acts only on these drafts."""
        ids = " ".join(other.id for other in self.of_clause(draft))
        return hashlib.sha256(ids.encode()).hexdigest()[:8]

    def unfilled(self) -> tuple[Draft, ...]:
        """Return the drafts that still have a blank."""
        return tuple(draft for draft in self.drafts if draft.unfilled)


# --- Showing ----------------------------------------------------------------------------------


def _preparing(reading: Reading) -> tuple[Element, ...]:
    return (
        Text(
            "Je peux deviner, du texte seul, la force de chaque clause, son sujet, et des questions pour la "
            "banque et le quiz. Rien n'en sert avant que vous l'ayez relu."
        ),
        Buttons(Button("Préparer les brouillons", f"relire {reading.policy.id}:preparer", "primary")),
    )


def draft_message(pending: PendingDrafts, at: int, done: str = "") -> Message:
    """Show a draft under its clause, and how many are left. `done`: a line about the last decision, or ""."""
    reading = pending.reading
    noted = [Note(done)] if done else []
    if not pending.drafts:
        return Message(
            Heading(f"{'Tout est relu' if done else 'Rien à relire'}\u00a0: {reading.policy.name}"),
            *noted,
            Text(
                "Rien de ce que j'ai deviné n'attend plus. Ce que vous avez gardé sert déjà."
                if done
                else "Aucun brouillon n'attend."
            ),
            *(_preparing(reading) if pending.preparable else ()),
            Buttons(Button("Menu", "vigie")),
        )
    draft = pending.drafts[at]
    place, progress = _progress(pending, draft)
    decide = [
        *([] if draft.unfilled else [Button("Garder", pending.command("garder", draft), "primary")]),
        Button("Corriger", pending.command("corriger", draft)),
        Button("Jeter", pending.command("jeter", draft), "danger"),
        *([Button("Plus tard", pending.command("apres", draft))] if len(pending.drafts) > 1 else []),
    ]
    whole = pending.of_clause(draft)
    more = (
        [Button(f"Voir les {len(whole)} de cette clause", pending.command("tout", draft))]
        if len(whole) > 1
        else []
    )
    return Message(
        Heading(f"À relire\u00a0: {reading.policy.name}"),
        *noted,
        progress,
        _quoted(reading, reading.version.clauses()[place - 1]),
        *_shown(draft),
        Buttons(*decide),
        Buttons(*more, *_emptying(pending, draft), Button("Menu", "vigie")),
    )


def _progress(pending: PendingDrafts, draft: Draft) -> tuple[int, Note]:
    """Return the rank of a draft's clause, from 1, and the line that says it and how many drafts are left."""
    clauses = pending.reading.version.clauses()
    count = len(pending.drafts)
    unfilled = len(pending.unfilled())
    place = next((place for place, clause in enumerate(clauses, 1) if str(clause.number) == draft.clause), 1)
    left = f"encore {count} lignes" if count > 1 else "la dernière ligne"
    left += f", dont {unfilled} à remplir" if unfilled > 1 else ""
    return place, Note(f"Clause {place} sur {len(clauses)}; {left}.")


def _emptying(pending: PendingDrafts, draft: Draft) -> Iterator[Button]:
    """Yield the button that discards the drafts with blanks, if there are several."""
    if (unfilled := len(pending.unfilled())) > 1:
        yield Button(f"Jeter les {unfilled} à remplir…", pending.command("vider", draft))


def _quoted(reading: Reading, clause: Clause) -> Quote:
    _, end = next(split_text(clause.text, _QUOTED))
    return reading.quote(clause.number, (), 0, None if end == len(clause.text) else end)


def next_clause_message(pending: PendingDrafts, at: int, done: str = "") -> Message:
    """Show together the drafts of the next clause that has several ready, from the draft at an index on.

    When no clause has, show that draft. `done`: as in `draft_message`.
    """
    draft = _next_of_several(pending, at)
    return clause_message(pending, draft, done) if draft else draft_message(pending, at, done)


def _next_of_several(pending: PendingDrafts, at: int) -> Draft | None:
    following = (*pending.drafts[at:], *pending.drafts[:at])
    return next((draft for draft in following if len(pending.of_clause(draft)) > 1), None)


def clause_message(pending: PendingDrafts, draft: Draft, done: str = "", *, changed: bool = False) -> Message:
    """Show a clause's drafts together, with a button to keep all those shown and one to discard them.

    `done`: as in `draft_message`. `changed`: whether the button just pressed did nothing, because the drafts
    changed after its message was sent.
    """
    whole, reading = pending.of_clause(draft), pending.reading
    noted = "Rien n'est encore fait\u00a0: voici ce qui reste de cette clause." if changed else done
    if len(whole) < 2:  # noqa: PLR2004 — a single draft is shown as usual
        return draft_message(pending, pending.drafts.index(whole[0] if whole else draft), noted)
    confirmed = f"{pending.shown(draft)} {CONFIRMED}"
    clause = reading.version.clause(Number(draft.clause))
    last = max(at for at, each in enumerate(pending.drafts) if each.clause == draft.clause)
    after = _next_of_several(pending, last + 1)
    return Message(
        Heading(f"Les {len(whole)} lignes\u00a0: {draft.clause}"),
        *([Note(noted)] if noted else []),
        _progress(pending, draft)[1],
        *([_quoted(reading, clause)] if clause else []),
        *(element for item in whole for element in _shown(item)),
        Buttons(
            Button(f"Garder les {len(whole)}", f"{pending.command('tout', draft)} {confirmed}", "primary"),
            Button(f"Jeter les {len(whole)}", f"{pending.command('oter', draft)} {confirmed}", "danger"),
            Button("Une à la fois", pending.command("voir", draft)),
            *(
                [Button("Plus tard", pending.command("tout", after))]
                if after and after.clause != draft.clause
                else []
            ),
        ),
        Buttons(*_emptying(pending, draft), Button("Menu", "vigie")),
    )


def done(what: str, count: int) -> str:
    """Return the line about `count` kept or discarded drafts: « Gardée. », « Jetées : 4 lignes. »."""
    return f"{what}s\u00a0: {count} lignes." if count > 1 else f"{what}."


def quiz_opening(before: int, after: int) -> str:
    """Return a sentence: how many questions the quiz lacks, or that it has just opened, else "".

    `before`, `after`: how many questions the quiz had and has.
    """
    if after < FEWEST:
        lacks = f"il en manque {FEWEST - after}"
        return f" Le quiz s'ouvre à {FEWEST} questions\u00a0: {lacks}."
    return " Le quiz est ouvert." if before < FEWEST else ""


def discarding(pending: PendingDrafts, draft: Draft) -> Message:
    """Ask for confirmation before discarding the drafts that still have a blank."""
    count = len(pending.unfilled())
    return Message(
        Heading(f"Jeter les {count} lignes à remplir?"),
        Text(
            "Ce sont des questions de quiz dont il reste à écrire la situation et les choix. Les autres "
            "lignes restent à relire, et le quiz se passe de celles-ci."
        ),
        Buttons(
            Button(f"Jeter les {count}", f"{pending.command('vider', draft)} {CONFIRMED}", "danger"),
            Button("Ne pas les jeter", pending.command("voir", draft)),
        ),
    )


def _shown(draft: Draft) -> Sequence[Element]:
    label = bold(f"{_LABELS[draft.kind]}\u00a0:")
    value = draft.value
    match draft.kind:
        case "topic":
            return [Text(label, f" «\u00a0{draft.key}\u00a0»")]
        case "together":
            return [Text(label, f" {listed(value['clauses'])}\n{value['reason']}")]
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


def _weight(draft: Draft) -> int:
    return sum(weight(words) + 10 for words in Message(*_shown(draft)).own_words())


# --- Correcting -------------------------------------------------------------------------------


def draft_form(pending: PendingDrafts, draft: Draft) -> Form:
    """Return the form that corrects a draft, filled in with the guess."""
    value = draft.value
    best = listed(clause.number for clause in pending.reading.version.clauses()[:2])
    hint = f"Leurs numéros\u00a0: {best}"
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
    return listed(numbers)


def _choice_lines(choices: Sequence[Mapping[str, Any]]) -> str:
    lines = (
        f"{_RIGHT if choice.get('right') else _WRONG} {choice['text']} {_BAR} {choice['feedback']}"
        for choice in choices
    )
    return "\n".join(lines)


def _read_numbers(text: str, version: Version) -> Iterator[str]:
    """Yield the numbers in a typed list: « 5.1, 5.2 », « 9, 1; 12, 3 »."""
    for part in map(str.strip, text.split(";")):
        reference = parse_reference(part, version) if part else None
        spans = reference.spans if reference and reference.exact else ()
        if spans and all(span.first == span.last and version.within(span.first) for span in spans):
            yield from (str(span.first) for span in spans)
        else:
            yield from filter(None, map(str.strip, part.split(",")))


def corrected(draft: Draft, fields: Mapping[str, str], version: Version) -> Draft:
    """Return a draft with the corrections typed in its form, `fields`. Raises `FieldsError`."""
    text = " ".join(fields.get("texte", "").split())
    if not text:
        raise FieldsError({"texte": "Écrivez un texte, ou jetez la ligne."})
    if not any(map(str.isalnum, text)):
        raise FieldsError({"texte": "Écrivez des mots, ou jetez la ligne."})
    numbers = list(_read_numbers(fields.get("clauses", ""), version))
    if draft.kind in {"topic", "together", "question"} and not numbers:
        raise FieldsError({"clauses": "Donnez au moins un numéro de clause."})
    if absent := [number for number in numbers if not version.within(Number(number))]:
        raise FieldsError({"clauses": f"Ce texte n'a pas {listed(absent)}. Écrivez des numéros qu'il a."})
    match draft.kind:
        case "topic":
            return replace(draft, key=text.lower(), value=numbers)
        case "together":
            return replace(draft, value={"clauses": numbers, "reason": text})
        case "question":
            return replace(draft, value=draft.value | {"question": text, "gold": numbers, "also_ok": []})
        case "quiz":
            choices = _choices(fields.get("choix", ""))
            question = draft.value | {"text": text, "choice": choices}
            for key, problem, at in question_faults(question):
                about_question = key == "text" and at is None
                raise FieldsError({"texte" if about_question else "choix": _in_the_form(key, problem, at)})
            return replace(draft, value=question)
    return replace(draft, value=text)


def _in_the_form(key: str, problem: str, choice: int | None) -> str:
    """Reword a problem of a question's TOML for the form, which shows neither keys nor tables."""
    if key == "choice":
        return f"Écrivez de {CHOICES[0]} à {CHOICES[-1]} choix, un par ligne."
    which = f" {choice + 1}" if choice is not None else ""
    what = {
        "feedback": f"L'explication du choix{which}",
        "text": f"Le choix{which}" if which else "La question",
    }
    if key not in what:  # about the whole question: « choix : un choix est bon, et un seul »
        rule = problem.partition("\u00a0: ")[2] or problem
        return f"{capitalized(rule)} Le bon commence par {_RIGHT}."
    _, quoted, rest = problem.rpartition("\u00a0»")
    if not quoted:
        return f"{what[key]}\u00a0: {problem}"
    return f"{what[key]} manque." if "obligatoire" in rest else f"{what[key]}{rest}"


def _choices(text: str) -> list[dict[str, Any]]:
    choices: list[dict[str, Any]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        sign, (words, bar, feedback) = line[0], line[1:].partition(_BAR)
        if sign not in {_RIGHT, _WRONG} or not bar:
            problem = (
                f"Chaque ligne commence par {_RIGHT} ou {_WRONG}, et a {_BAR} avant l'explication\u00a0: "
                f"«\u00a0{excerpt(line, 40)}\u00a0»."
            )
            raise FieldsError({"choix": problem})
        choices.append({"text": words.strip(), "right": sign == _RIGHT, "feedback": feedback.strip()})
    if any(TO_FILL in choice["text"] for choice in choices):
        raise FieldsError({"choix": f"Remplacez ce qui commence par «\u00a0{TO_FILL}\u00a0»."})
    return choices
