"""What those who receive reports see of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bot.commands.signalement.follow_messages import dialogue
from bot.commands.signalement.messages import labelled
from bot.conversation.forms import ChoiceField, Form, Option, TextField
from bot.conversation.messages import (
    URL_LENGTH,
    Button,
    Buttons,
    Element,
    Heading,
    Link,
    Message,
    Note,
    Text,
    bold,
    excerpt,
    weight,
)
from bot.reports.cases import (
    OUTCOMES,
    SETTABLE,
    Author,
    CaseLine,
    Filing,
    ReportCase,
)
from bot.reports.filing import CLOSING_LENGTH, MESSAGE_LENGTH
from bot.reports.records import SEVERITIES, STATUSES
from bot.times import in_words

COMMAND: Final = "signalements"
KEEP: Final = "oui"
_LISTED: Final = 10  # cases in one message
_WHERE: Final = 300  # characters of an address
_ROOM: Final = 3_400  # of a card: what is left is for its frame
_NAMES: Final[Mapping[Author, str]] = {"reporter": "Réponse", "holder": "Question"}


def short(case_id: str) -> str:
    """Return how a case is called between people: enough of its identifier to tell it from the others."""
    return case_id[:6].upper()


# --- The list ---------------------------------------------------------------------------------


def listed(lines: Sequence[CaseLine]) -> Message:
    """Show the open cases of the one who asks."""
    closed = Button("Les signalements clos", f"{COMMAND} clos")
    if not lines:
        return Message(
            Heading("Les signalements"),
            Text("Aucun signalement ouvert n'est entre vos mains."),
            Buttons(closed, Button("Menu", "vigie")),
        )
    return Message(
        Heading("Les signalements"),
        Text("\n".join(_summary(one) for one in lines[:_LISTED])),
        *_rest(lines),
        *_openers(lines),
        Buttons(closed, Button("Menu", "vigie")),
    )


def listed_closed(lines: Sequence[CaseLine], kept_days: int) -> Message:
    """Show the closed cases of the one who asks, for as long as they are kept."""
    back = Buttons(Button("Les signalements ouverts", COMMAND))
    note = Note(f"Un signalement clos est détruit après {kept_days} jours, sauf si vous le gardez.")
    if not lines:
        return Message(Heading("Les signalements clos"), Text("Il n'y en a aucun."), note, back)
    return Message(
        Heading("Les signalements clos"),
        Text("\n".join(_summary(one) for one in lines[:_LISTED])),
        *_rest(lines),
        *_openers(lines),
        note,
        back,
    )


def _summary(line: CaseLine) -> str:
    marks = [
        *(["urgent"] if line.urgent else []),
        STATUSES[line.status].lower(),
        *(["du nouveau"] if line.news and line.status != "received" else []),
        *([f"{line.reports} signalements de la même publication"] if line.reports > 1 else []),
        *(["gardé"] if line.hold else []),
    ]
    return f"{short(line.id)}, du {in_words(line.since)}\u00a0: {', '.join(marks)}"


def _rest(lines: Sequence[CaseLine]) -> list[Element]:
    more = len(lines) - _LISTED
    return [Note(f"Et {more} de plus, à voir quand ceux-ci seront clos.")] if more > 0 else []


def _openers(lines: Sequence[CaseLine]) -> Iterator[Buttons]:
    buttons = [Button(f"Ouvrir {short(one.id)}", f"{COMMAND} voir {one.id}") for one in lines[:_LISTED]]
    for at in range(0, len(buttons), 5):
        yield Buttons(*buttons[at : at + 5])


# --- One case ---------------------------------------------------------------------------------


def opened(case: ReportCase, number: int, titles: Mapping[str, str]) -> Message:
    """Show a case to whoever handles it: one of its reports, by its number, and what can be done."""
    line = case.line
    filing = case.filings[number - 1] if case.filings else None
    head = [
        ("État", STATUSES[line.status] + (f" ({OUTCOMES[case.outcome]})" if case.outcome else "")),
        *([("Ce que vous en avez dit", case.explanation)] if case.explanation else []),
        ("Entre les mains de", titles[line.role]),
    ]
    gone = [Text("Il n'y a plus rien à y lire.")]
    report = _filing(filing, number, len(case.filings), titles) if filing else gone
    card = Message(
        Heading(f"Signalement {short(line.id)}{' · urgent' if line.urgent else ''}"),
        Text(*labelled(head)),
        *report,
    )
    said = dialogue(filing.dialogue, _NAMES) if filing else []
    fits = sum(map(weight, [*card.own_words(), *(Message(*said).own_words() if said else ())])) <= _ROOM
    return Message(
        *card.elements,
        *(said if fits else []),
        *_actions(line, filing),
        *_pages(case, number, exchanges=bool(said) and not fits),
        Buttons(
            *_links(filing),
            Button("Exporter en PDF", f"{COMMAND} exporter {line.id}"),
            Button("Tous les signalements", COMMAND),
        ),
        Note("N'y répondez pas en public, et n'en copiez rien ici\u00a0: la plateforme le garderait."),
    )


def _filing(filing: Filing, number: int, count: int, titles: Mapping[str, str]) -> list[Element]:
    entry = filing.report
    fields = [
        ("Publication", excerpt(entry.address, _WHERE)),
        ("Ce qu'elle dit", entry.summary),
        ("Gravité", SEVERITIES[entry.severity]),
        ("Nom donné", f"{entry.name} (que personne n'a vérifié)" if entry.name else "aucun"),
        *([("En cause", ", ".join(titles[one] for one in entry.implicated))] if entry.implicated else []),
        *([("Image", "jointe, dans le PDF")] if filing.image else []),
    ]
    title = [Text(bold(f"Signalement {number} de {count}, de la même publication"))] if count > 1 else []
    return [*title, Text(*labelled(fields))]


def exchanges(case: ReportCase, number: int) -> Message:
    """Show what was said about one report of a case, where its card has no room for it."""
    back = Button("Revenir", f"{COMMAND} voir {case.line.id} {number}")
    said = dialogue(case.filings[number - 1].dialogue, _NAMES) if case.filings else []
    return Message(Heading(f"Signalement {short(case.line.id)}\u00a0: les échanges"), *said, Buttons(back))


def _actions(line: CaseLine, filing: Filing | None) -> Iterator[Buttons]:
    keep = (
        Button("Ne plus le garder", f"{COMMAND} garder {line.id} non")
        if line.hold
        else Button("Garder au-delà du terme", f"{COMMAND} garder {line.id} {KEEP}")
    )
    if line.status == "closed":
        yield Buttons(keep)
        return
    taken = line.status not in {"received", "read"}
    yield Buttons(
        *([] if taken else [Button("Prendre en charge", f"{COMMAND} prendre {line.id}", "primary")]),
        *([Button("Poser une question", f"{COMMAND} demander {line.id} {filing.id}")] if filing else []),
        Button("Changer l'état", f"{COMMAND} etat {line.id}"),
        Button("Clore", f"{COMMAND} clore {line.id}"),
    )
    yield Buttons(
        Button("Confier à un autre rôle", f"{COMMAND} confier {line.id}"),
        Button("Joindre à un autre", f"{COMMAND} joindre {line.id}"),
        keep,
    )


def _pages(case: ReportCase, number: int, *, exchanges: bool) -> list[Buttons]:
    turns = [
        Button(label, f"{COMMAND} voir {case.line.id} {at}")
        for label, at in (("Le précédent", number - 1), ("Le suivant", number + 1))
        if 1 <= at <= len(case.filings)
    ]
    if exchanges:
        turns.append(Button("Lire les échanges", f"{COMMAND} echanges {case.line.id} {number}"))
    return [Buttons(*turns)] if turns else []


def _links(filing: Filing | None) -> list[Link]:
    """Offer to open the post; nobody but the one who presses goes there."""
    where = filing.report.address if filing and filing.report.canonical else ""
    is_one = where.startswith(("https://", "http://")) and len(where) <= URL_LENGTH
    return [Link("Ouvrir la publication", where)] if is_one else []


def reassigned(title: str) -> Message:
    """Say that a case is in other hands."""
    return Message(
        Text(f"C'est confié\u00a0: {title}. Ce signalement n'est plus entre vos mains."),
        Buttons(Button("Tous les signalements", COMMAND)),
    )


NO_OTHER: Final = Message(
    Text("Aucun autre signalement ouvert n'est entre vos mains."),
    Buttons(Button("Tous les signalements", COMMAND)),
)
NO_HEIR: Final = Message(
    Text("Aucun autre rôle ne peut recevoir ce signalement aujourd'hui."),
    Buttons(Button("Tous les signalements", COMMAND)),
)


# --- Forms ------------------------------------------------------------------------------------


def question_form(case_id: str, filing_id: str) -> Form:
    """Ask what to ask of whoever made one report."""
    field = TextField(
        "texte",
        "Votre question",
        hint="Seule la personne qui a fait ce signalement la lira. Ne demandez pas qui elle est.",
        lines=4,
        max_length=MESSAGE_LENGTH,
    )
    return Form(f"{COMMAND} demander {case_id} {filing_id}", "Poser une question", (field,), "Poser")


def status_form(case_id: str) -> Form:
    """Ask how a case is."""
    options = tuple(Option(STATUSES[one], one) for one in SETTABLE)
    field = ChoiceField("etat", "L'état", options, hint="Toute personne qui a fait ce signalement le lira.")
    return Form(f"{COMMAND} etat {case_id}", "Changer l'état", (field,), "Changer")


def closing_form(case_id: str) -> Form:
    """Ask how a case ends."""
    options = tuple(Option(label, value) for value, label in OUTCOMES.items())
    words = TextField(
        "texte",
        "Pourquoi, en quelques mots",
        hint="Toute personne qui a signalé cette publication le lira\u00a0: n'y dites rien des autres.",
        lines=4,
        max_length=CLOSING_LENGTH,
    )
    return Form(
        f"{COMMAND} clore {case_id}",
        "Clore le signalement",
        (ChoiceField("issue", "Comment il se termine", options), words),
        "Clore",
    )


def merge_form(case_id: str, others: Sequence[CaseLine]) -> Form:
    """Ask which case is about the same post."""
    options = tuple(Option(excerpt(_summary(one), 75), one.id) for one in others[:25])
    field = ChoiceField("autre", "Est la même affaire que", options)
    return Form(f"{COMMAND} joindre {case_id}", "Joindre à un autre", (field,), "Joindre")


def heir_form(case_id: str, heirs: Sequence[str], titles: Mapping[str, str]) -> Form:
    """Ask to which role a case is entrusted."""
    options = tuple(Option(excerpt(titles[one], 75), one) for one in heirs[:25])
    hint = "Vous ne le verrez plus. Les personnes en cause ne sont pas proposées."
    field = ChoiceField("role", "À qui", options, hint=hint)
    return Form(f"{COMMAND} confier {case_id}", "Confier le signalement", (field,), "Confier")
