"""Messages with the outline of a dropped file and its uncertain lines, and the form to correct lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.commands.passages import page_of
from bot.conversation.forms import ChoiceField, Form, TextField, options
from bot.conversation.messages import (
    Button,
    Buttons,
    Element,
    Heading,
    Message,
    Note,
    Text,
    bold,
    excerpt,
    turn_buttons,
)
from bot.conversation.requests import CONFIRMED
from bot.policy.counts import count_parts
from bot.policy.decisions import NAMES, line_key, line_words
from bot.policy.labels import read_markers
from bot.policy.names import GenderedName
from bot.policy.outline import build_outline
from bot.policy.provisions import Doubt, LineReading, Outline, Provision
from bot.revision.dropped_texts import DAYS_KEPT, DroppedText
from bot.revision.reading.clashes import CODES, find_clashes, unsettled

OUTLINE_VERB: Final = (
    "lecture"  # the verb of a button about a dropped file, before its id and one of those below
)
LINE, REST, CORRECT = "ligne", "reste", "corriger"
PLAN = "plan"
PROPOSE = "proposer"
CANCEL = "annuler"
OTHER = "politique"
WORDS, READING = "ligne", "lecture"  # the fields of the form
WORDS_LENGTH: Final = 300

_SHOWN: Final = 6  # maximum lines of the outline that fit on a phone
_FEWEST: Final = 3  # minimum lines to show; with fewer, the next level of the outline is shown too
_LEVELS: Final = 4
_PAGE: Final = 15  # lines per page of the whole outline
_LINE: Final = 70  # maximum characters of a line of the whole outline
_GLANCE: Final = 44  # maximum characters of a line that fits on a phone
_QUOTED: Final = 220  # maximum characters of an uncertain line
_ABOVE: Final = 60  # maximum characters quoted from the end of the line above an uncertain line

_LABELS: Final[Mapping[LineReading, str]] = {
    LineReading.NUMBERED: "C'est une disposition",
    LineReading.HEADING: "C'est un titre",
    LineReading.JOINED: "Suite de la ligne au-dessus",
    LineReading.TEXT: "Ce n'est pas une disposition",
    LineReading.AS_READ: "C'est bien lu",
}
# How a line was read, by the code of the doubt about it. Confirming the line records this reading for later
# files that contain the line. For other doubts, `LineReading.AS_READ` is recorded.
WELL_READ: Final[Mapping[str, LineReading]] = {
    "uncertain_number": LineReading.NUMBERED,
    "not_a_number": LineReading.TEXT,
    "unread_number": LineReading.HEADING,
}
_OF_SEVERAL: Final = ("contents_left_out", "pages_left_out")  # doubts about many lines at once
_CHOICES: Final[Mapping[LineReading, str]] = {
    LineReading.SAME_LEVEL: "Un titre, du même niveau que celui au-dessus",
    LineReading.ONE_DEEPER: "Un titre, sous celui au-dessus",
    LineReading.ONE_HIGHER: "Un titre, un niveau plus haut que celui au-dessus",
    LineReading.JOINED: "La suite de la ligne au-dessus",
    LineReading.TEXT: "Du texte, et non une disposition",
    LineReading.NUMBERED: "Une disposition, qui commence par son numéro",
    LineReading.AS_READ: "Comme je l'avais lue d'abord",
}


@dataclass(frozen=True, slots=True)
class OutlineReading:
    """A dropped file and its outline, after people's decisions about its lines. `name`: its policy's name.

    `adopted`: the codes and numbers of the clashes that the policy's last adopted text already has.
    """

    dropped: DroppedText
    name: GenderedName
    outline: Outline
    adopted: frozenset[tuple[str, str]] = frozenset()

    @property
    def doubts(self) -> list[Doubt]:
        """The doubts that await a decision, one per line: those of the outline, then clashing numbers."""
        blocks = self.dropped.document.blocks
        decisions = self.dropped.decisions
        clashes = unsettled(self.outline, blocks, decisions)
        every = [*self.outline.doubts]
        every += [
            clash.doubt
            for clash in clashes
            if clash.doubt.code in CODES and (clash.doubt.code, clash.label) not in self.adopted
        ]
        by_line: dict[str, Doubt] = {}
        for doubt in every:
            by_line.setdefault(doubt.key, doubt)
        return [doubt for key, doubt in by_line.items() if key]

    def command(self, *words: str) -> str:
        """Return the command of a button about the file."""
        return " ".join(("revision", OUTLINE_VERB, self.dropped.id, *words))


def read_outline(dropped: DroppedText, name: GenderedName, adopted: Outline | None = None) -> OutlineReading:
    """Return a dropped file with its outline. `adopted`: the outline of its policy's last adopted text."""
    outline = build_outline(dropped.document.blocks, dropped.decisions)
    adopted_doubts = (
        {(clash.doubt.code, clash.label) for clash in find_clashes(adopted)} if adopted else set()
    )
    return OutlineReading(dropped, name, outline, frozenset(adopted_doubts))


def line_code(reading: OutlineReading, key: str) -> str:
    """Return the short code that identifies a line on a button."""
    return hashlib.sha256(f"{reading.dropped.id} {key}".encode()).hexdigest()[:12]


# --- Showing ----------------------------------------------------------------------------------


def outline_message(reading: OutlineReading, done: str = "") -> Message:
    """Show the outline and the first uncertain line.

    `done`: a sentence about the latest decision, "" at first. After the first decision, the outline is hidden
    until no line is uncertain.
    """
    doubts = reading.doubts
    elements: list[Element] = [Heading(excerpt(f"{reading.name}\u00a0: ce que j'ai lu", 150))]
    if done:
        elements.append(Note(done))
    if not (done and doubts):
        lines = _glance(reading.outline)
        limit = len(lines) if len(lines) == _SHOWN + 1 else _SHOWN  # « et 1 de plus » would take a line too
        more = f"\n… et {len(lines) - limit} de plus" if len(lines) > limit else ""
        elements.append(
            Text(bold(count_parts(reading.outline).capitalize()), "\n", "\n".join(lines[:limit]), more)
        )
    elements += [Text(doubt.message) for doubt in reading.outline.doubts if not doubt.key]
    if doubts:
        elements += _asked(reading, doubts)
    else:
        elements.append(
            Note(
                "Rien n'est proposé tant que vous ne dites pas que c'est juste. «\u00a0Tout le plan\u00a0» "
                "le montre en entier."
            )
        )
    rest = (
        [Button("Tout le reste est bien lu", reading.command(REST))]
        if len(doubts) > 1
        else []
        if doubts
        else [Button("C'est juste\u00a0: proposer", reading.command(PROPOSE), "primary")]
    )
    elements.append(Buttons(*rest, *_others(reading)))
    return Message(*elements)


def _others(reading: OutlineReading) -> Iterator[Button]:
    yield Button("Corriger une ligne…", reading.command(CORRECT))
    yield Button("Tout le plan", reading.command(PLAN, "1"))
    yield Button("Une autre politique…", reading.command(OTHER))
    yield Button("Annuler…", reading.command(CANCEL), "danger")


def _asked(reading: OutlineReading, doubts: Sequence[Doubt]) -> Iterator[Element]:
    """Yield a doubt, in the document's words, and a button for each possible reading of its line."""
    doubt, document = doubts[0], reading.dropped.document
    lines = [words.replace("\t", " · ") for block in document.blocks if (words := line_words(block))]
    at = next((at for at, line in enumerate(lines) if line_key(line) == line_key(doubt.key)), None)
    place = f", {document.unit.lower()} {doubt.line}" if doubt.line else ""
    words = excerpt(doubt.words if at is None else lines[at], _QUOTED)
    yield Text(bold(f"Pas sûr{place}"), f"\u00a0: «\u00a0{words}\u00a0»\n{doubt.reason}")
    decided = len(reading.dropped.decisions)
    counts = [f"{decided} décidées" if decided > 1 else "une décidée"] if decided else []
    counts.append(f"encore {len(doubts)} lignes à voir" if len(doubts) > 1 else "la dernière ligne à voir")
    above = f" La ligne au-dessus finit par «\u00a0{_end(lines[at - 1])}\u00a0»." if at else ""
    yield Note(f"{', '.join(counts)}.".capitalize(), above)
    code = line_code(reading, doubt.key)
    yield Buttons(
        *(
            Button(
                label,
                reading.command(LINE, code, choice),
                "primary" if choice is LineReading.AS_READ else "plain",
            )
            for choice, label in _offered(doubt)
        )
    )


def _end(line: str) -> str:
    return line if len(line) <= _ABOVE else "…" + line[-_ABOVE:].partition(" ")[2]


def _offered(doubt: Doubt) -> Iterator[tuple[LineReading, str]]:
    """Yield the possible readings of a doubt's lines, the current one first, with button labels."""
    yield LineReading.AS_READ, _LABELS[LineReading.AS_READ]
    if doubt.code in _OF_SEVERAL:
        yield LineReading.TEXT, "C'est du texte\u00a0: gardez-le"
        return
    if doubt.code != "uncertain_number" and read_markers(doubt.words):
        yield LineReading.NUMBERED, _LABELS[LineReading.NUMBERED]
    for choice in (LineReading.HEADING, LineReading.JOINED, LineReading.TEXT):
        if choice is not WELL_READ.get(doubt.code):
            yield choice, _LABELS[choice]


def _glance(outline: Outline) -> list[str]:
    """Return the lines of an outline down to the depth that fits on a phone."""
    levels = [
        list(_outline_lines(outline.provisions, deepest=deepest, length=_GLANCE))
        for deepest in range(_LEVELS)
    ]
    fitting = sum(len(lines) <= _SHOWN for lines in levels)  # each level has the lines above it too
    enough = fitting and len(levels[fitting - 1]) >= _FEWEST
    return levels[fitting - 1 if enough else min(fitting, _LEVELS - 1)]


def _outline_lines(
    provisions: Sequence[Provision], depth: int = 0, *, deepest: int = 99, length: int = _LINE
) -> Iterator[str]:
    for provision in provisions:
        text = " ".join(paragraph.text.replace("\t", " · ") for paragraph in provision.paragraphs)
        named = f"{provision.opening} {provision.title}".strip()
        colon = "\u00a0:" if provision.title and text else ""
        whole = f"{named}{colon} {text}"
        below = sum(1 for _ in provision.walk()) - 1
        count = f" ({below} partie{'s' * (below > 1)})" if below and depth == deepest else ""
        beginning = excerpt(whole.strip() if depth or not named else named, length)
        yield f"{'– ' * depth}{beginning or '(sans titre)'}{count}"
        if depth < deepest:
            yield from _outline_lines(provision.children, depth + 1, deepest=deepest, length=length)


def plan_message(reading: OutlineReading, page: int) -> Message:
    """Show a page of the whole outline."""
    on_page, at, pages = page_of(list(_outline_lines(reading.outline.provisions)), page, _PAGE)
    turns = turn_buttons(at, pages, lambda target: reading.command(PLAN, str(target)))
    return Message(
        Heading(excerpt(f"{reading.name}\u00a0: tout le plan", 150)),
        Text("\n".join(on_page) or "Rien n'a été lu."),
        Note(f"Page {at} sur {pages}."),
        Buttons(
            *turns,
            Button("Corriger une ligne…", reading.command(CORRECT)),
            Button("Retour", reading.command()),
        ),
    )


# --- Correcting -------------------------------------------------------------------------------


def line_form(reading: OutlineReading) -> Form:
    """Return the form to decide the reading of any line, found by its words."""
    return Form(
        reading.command(CORRECT),
        "Corriger une ligne",
        (
            TextField(
                WORDS,
                "Les premiers mots de la ligne",
                hint="Tels que le document les écrit, numéro compris",
                max_length=WORDS_LENGTH,
            ),
            ChoiceField(READING, "Ce qu'elle est", options=options(_CHOICES), value=LineReading.SAME_LEVEL),
        ),
        "Corriger",
    )


def several_lines(lines: Sequence[str]) -> str:
    """Return the refusal to show when several lines begin with the typed words, or contain them."""
    quoted = ", ".join(f"«\u00a0{excerpt(line, 50)}\u00a0»" for line in lines[:3])
    return f"{len(lines)} lignes ont ces mots\u00a0: {quoted}. Écrivez-en davantage."


def decided(choice: LineReading, words: str) -> str:
    """Return a sentence that says which decision was just recorded. `words`: the words of the line."""
    line = excerpt(words, 50)
    if choice is LineReading.AS_READ:
        return f"C'est noté\u00a0: «\u00a0{line}\u00a0» est comme je l'avais lu."
    return f"C'est noté\u00a0: «\u00a0{line}\u00a0» est {NAMES[choice]}."


# --- Cancelling -------------------------------------------------------------------------------

GONE: Final = Message(
    Text(
        f"Ce fichier n'est plus là\u00a0: il a été proposé ou annulé, ou {DAYS_KEPT} jours ont passé. "
        "Déposez-le de nouveau, s'il le faut."
    ),
    Buttons(Button("Toutes les révisions", "revision")),
)
CANCELLED: Final = Message(
    Text("C'est annulé. Rien n'a été proposé, et le fichier est effacé."),
    Buttons(Button("Toutes les révisions", "revision")),
)


def cancelling(dropped: DroppedText) -> Message:
    """Ask for confirmation before a file and the decisions about it are deleted."""
    command = f"revision {OUTLINE_VERB} {dropped.id}"
    return Message(
        Heading("Annuler?"),
        Text(f"{excerpt(dropped.name, 60)} et ce que vous avez décidé de ses lignes seront effacés."),
        Buttons(
            Button("Annuler et effacer", f"{command} {CANCEL} {CONFIRMED}", "danger"),
            Button("Continuer", command),
        ),
    )
