"""A file with a new text, dropped in chat: its policy, its outline, and decisions about its lines.

The text is proposed only once someone says that the outline is right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlite_utils import Database

from bot.commands.passages import page_number
from bot.commands.revision import messages as say
from bot.commands.revision import outline_messages as outlines
from bot.commands.revision.outline_messages import OutlineReading
from bot.conversation.forms import Reply
from bot.conversation.messages import Message, clean
from bot.conversation.requests import FieldsError, Request
from bot.people.office import Office
from bot.policy.decisions import Decisions, line_key, line_words
from bot.policy.labels import read_markers
from bot.policy.names import Gender, GenderedName, guess_gender
from bot.policy.provisions import LineReading, Outline
from bot.policy.search import fold_accents
from bot.revision import dropped_texts, revisions
from bot.revision.archive import Archive
from bot.revision.dropped_texts import DroppedText
from bot.revision.reading.document import Document


@dataclass(frozen=True, slots=True)
class DroppedRequest:
    """A request about a dropped file, within a transaction.

    `propose`: proposes the text of a file whose outline is right, given the name of its policy.
    """

    office: Office
    archive: Archive
    db: Database
    request: Request
    propose: Callable[[DroppedText, GenderedName], Message]

    def ask_policy(self, name: str, document: Document) -> Reply:
        """Store a file, and ask which policy it is about: an existing one or a new one."""
        dropped = dropped_texts.store(self.db, name, document, self.office.today())
        return self._show(dropped)

    def place(self, token: str, policy: str) -> Reply:
        """Record which policy a file is about, by its id or `say.NEW`, and show the outline."""
        dropped = dropped_texts.find(self.db, token)
        if dropped is None:
            return outlines.GONE
        if policy == say.NEW:
            if not self.request.fields:
                gender, plural = guess_gender(dropped.document.markdown) or ("masculin", False)
                return say.new_policy_form(token, gender, plural=plural)
            called = self._new_name()
            self._move(dropped, _identifier(called), called)
        elif name := self._coming().get(policy):
            self._move(dropped, policy, name)
        elif dropped.policy != (policy_id := self.archive.library.find(policy).id):
            self._move(dropped, policy_id)
        return self._again(token)

    def _move(self, dropped: DroppedText, policy: str, called: GenderedName | None = None) -> None:
        adopted, former = self._adopted(policy), self._adopted(dropped.policy)
        dropped_texts.place(self.db, dropped, policy, called, adopted=adopted, former=former)

    def _coming(self) -> Mapping[str, GenderedName]:
        """Return the names of the policies whose first text is proposed or approved for later, by id."""
        coming = {
            policy: revisions.policy_name(self.db, policy)
            for policy in revisions.policies(self.db)
            if policy not in self.archive.library.policies
            and any(
                text.state in {"proposed", "scheduled"} for text in revisions.list_revisions(self.db, policy)
            )
        }
        return {policy: name for policy, name in coming.items() if name}

    def _new_name(self) -> GenderedName:
        """Return the name that the form gives to a new policy. Raises `FieldsError`."""
        library, fields = self.archive.library, self.request.fields
        name = " ".join(clean(fields.get(say.NAME, "")).split())
        policy = _identifier(name)
        taken = any(policy in map(str.lower, other.names()) for other in library.policies.values())
        if taken or library.naming.split(name)[0]:
            problem = f"«\u00a0{name}\u00a0» nomme déjà une politique. Prenez un autre nom."
            raise FieldsError({say.NAME: problem})
        if not re.match(r"[a-z][a-z0-9]", policy) or len(name) > say.NAME_LENGTH:
            problem = "Écrivez un nom court, qui commence par deux lettres ou plus\u00a0: «\u00a0RG\u00a0»."
            raise FieldsError({say.NAME: problem})
        chosen, _, plural = fields.get(say.GENDER, "").partition(" ")
        gender: Gender = "masculin" if chosen == "masculin" else "féminin"
        return GenderedName(name, gender, plural=bool(plural))

    def read(self, token: str, rest: str) -> Reply:
        """Show a file's outline, or handle a button or a form about it. `rest`: the text after the id."""
        dropped = dropped_texts.find(self.db, token)
        if dropped is None:
            return outlines.GONE
        verb, words = [*rest.split(maxsplit=1), "", ""][:2]
        if verb == outlines.CANCEL:
            if not self.request.confirmed:
                return outlines.cancelling(dropped)
            dropped_texts.discard(self.db, token)
            return outlines.CANCELLED
        if verb == outlines.OTHER:
            return self._ask(dropped)
        action = _ACTIONS.get(verb)
        return (
            action(self, self._reading(dropped), words) if action and dropped.policy else self._show(dropped)
        )

    def _reading(self, dropped: DroppedText) -> OutlineReading:
        name = dropped.called or revisions.policy_name(self.db, dropped.policy)
        name = name or self.archive.library.find(dropped.policy).name
        return outlines.read_outline(dropped, name, self._adopted(dropped.policy))

    def _adopted(self, policy: str) -> Outline | None:
        """Return the outline of the last approved text of a policy, if any."""
        latest = revisions.latest_approved(self.db, policy)
        return self.archive.version(latest).outline if latest else None

    def _show(self, dropped: DroppedText, done: str = "") -> Reply:
        return (
            outlines.outline_message(self._reading(dropped), done) if dropped.policy else self._ask(dropped)
        )

    def _ask(self, dropped: DroppedText) -> Message:
        return say.which_policy(dropped.id, list(self.archive.library.policies.values()), self._coming())

    def _again(self, token: str, done: str = "") -> Reply:
        dropped = dropped_texts.find(self.db, token)
        return self._show(dropped, done) if dropped else outlines.GONE

    # Deciding

    def plan(self, reading: OutlineReading, rest: str) -> Reply:
        """Show a page of the whole outline."""
        return outlines.plan_message(reading, page_number(rest))

    def decide(self, reading: OutlineReading, rest: str) -> Reply:
        """Record a decision about a line. `rest`: « CODE READING », from a button."""
        code, _, choice = rest.partition(" ")
        lines = _lines(reading)
        doubts = {doubt.key: doubt for doubt in reading.doubts}
        groups = {key: doubt.words for key, doubt in doubts.items() if key not in lines}
        every = {**lines, **groups}
        key = next((key for key in every if outlines.line_code(reading, key) == code), None)
        kind = next((option for option in LineReading if option == choice), None)
        if key is None or kind is None:
            return self._again(reading.dropped.id, "Cette ligne n'est plus à voir.")
        if kind is LineReading.AS_READ and key in doubts:
            kind = outlines.WELL_READ.get(doubts[key].code, kind)
        return self._decide(reading, {key: kind}, outlines.decided(kind, every[key]))

    def accept_rest(self, reading: OutlineReading, _rest: str) -> Reply:
        """Record that all the lines still uncertain were read correctly."""
        well = {
            doubt.key: outlines.WELL_READ.get(doubt.code, LineReading.AS_READ) for doubt in reading.doubts
        }
        s = "s" * (len(well) > 1)
        return self._decide(reading, well, f"C'est noté\u00a0: {len(well)} ligne{s} bien lue{s}.")

    def correct(self, reading: OutlineReading, _rest: str) -> Reply:
        """Open the form to correct any line or, once it is filled in, record the decision."""
        fields = self.request.fields
        if not fields:
            return outlines.line_form(reading)
        lines = _lines(reading)
        key = _find_line(lines, fields.get(outlines.WORDS, ""))
        choice = fields.get(outlines.READING, "")
        kind = next((decision for decision in LineReading if decision == choice), LineReading.SAME_LEVEL)
        if kind is LineReading.NUMBERED and not read_markers(lines[key]):
            raise FieldsError({outlines.READING: "Cette ligne ne commence par aucun numéro."})
        note = outlines.decided(kind, lines[key])
        if kind is LineReading.AS_READ:
            others = {line: decision for line, decision in reading.dropped.decisions.items() if line != key}
            dropped_texts.decide(self.db, reading.dropped.id, others)
            return self._again(reading.dropped.id, note)
        return self._decide(reading, {key: kind}, note)

    def _decide(self, reading: OutlineReading, more: Decisions, note: str) -> Reply:
        dropped_texts.decide(self.db, reading.dropped.id, {**reading.dropped.decisions, **more})
        return self._again(reading.dropped.id, note)

    def accept(self, reading: OutlineReading, _rest: str) -> Reply:
        """Propose the text of the file, or show the lines that are still uncertain."""
        return (
            outlines.outline_message(reading)
            if reading.doubts
            else self.propose(reading.dropped, reading.name)
        )


def _identifier(name: str) -> str:
    """Return the id to give to a new policy with this name."""
    return re.sub(r"[^a-z0-9]+", "-", fold_accents(name)).strip("-")[:31].rstrip("-")


def _lines(reading: OutlineReading) -> Mapping[str, str]:
    """Return the words of every line of a document, by the key that decisions use for the line."""
    words = map(line_words, reading.dropped.document.blocks)
    return {key: line for line in words if (key := line_key(line))}


def _find_line(lines: Mapping[str, str], typed: str) -> str:
    """Return the key of the line that begins with the typed words or, if none does, contains them.

    Raises `FieldsError` if there is no such line, or several.
    """
    wanted = line_key(clean(typed)).strip("«»…. ")
    if not wanted:
        raise FieldsError({outlines.WORDS: "Écrivez les premiers mots de la ligne."})
    matching = [key for key in lines if key.startswith(wanted)] or [key for key in lines if wanted in key]
    exact = [key for key in matching if key.strip("«»…. ") == wanted]
    if not matching:
        problem = "Aucune ligne du document n'a ces mots. Copiez-les du document."
        raise FieldsError({outlines.WORDS: problem})
    if len(exact or matching) > 1:
        raise FieldsError({outlines.WORDS: outlines.several_lines([lines[key] for key in matching])})
    return (exact or matching)[0]


_ACTIONS: Mapping[str, Callable[[DroppedRequest, OutlineReading, str], Reply]] = {
    outlines.PLAN: DroppedRequest.plan,
    outlines.LINE: DroppedRequest.decide,
    outlines.REST: DroppedRequest.accept_rest,
    outlines.CORRECT: DroppedRequest.correct,
    outlines.PROPOSE: DroppedRequest.accept,
}
