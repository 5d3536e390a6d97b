"""Messages and forms for the holders of a role that receives reports."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.commands.signalement.follow_messages import dialogue
from bot.commands.signalement.messages import labelled
from bot.conversation.forms import ChoiceField, Form, TextField, options
from bot.conversation.messages import (
    BUTTONS_PER_ROW,
    LABEL_LENGTH,
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
    button_rows,
    excerpt,
    turn_buttons,
    weight,
)
from bot.reports.cases import SETTABLE, Author, CaseLine, Filing, ReportCase
from bot.reports.filing import CLOSING_LENGTH, MESSAGE_LENGTH
from bot.reports.records import SEVERITIES, STATUSES, Status
from bot.times import in_words

COMMAND: Final = "signalements"
_FILING_DIGITS: Final = 16  # digits of a report's identifier in a form's command, which has little room
HOLD: Final = "oui"
_LISTED: Final = 10  # cases in one message
_ADDRESS_SHOWN: Final = 300  # maximum characters shown of a post's address
_CARD_WEIGHT: Final = 3_400  # maximum weight of a case's text; the rest of the message is for buttons
_SPEAKERS: Final[Mapping[Author, str]] = {"reporter": "Réponse", "holder": "Question"}
_ALL_CASES: Final = Button("Tous les signalements", COMMAND)


def _short(case_id: str) -> str:
    """Return the displayed name of a case: the start of its identifier, enough to tell cases apart."""
    return case_id[:6].upper()


# --- Lists ------------------------------------------------------------------------------------


def open_list(lines: Sequence[CaseLine]) -> Message:
    """List a holder's open cases."""
    foot = Buttons(Button("Les signalements clos", f"{COMMAND} clos"), Button("Menu", "vigie"))
    return _list("Les signalements", lines, "Aucun signalement ouvert n'est entre vos mains.", foot)


def closed_list(lines: Sequence[CaseLine], kept_days: int) -> Message:
    """List a holder's closed cases, which are destroyed after `kept_days` (`VIGIE_SIGNALEMENT_JOURS`)."""
    note = Note(f"Un signalement clos est détruit après {kept_days} jours, sauf si vous le gardez.")
    back = Buttons(Button("Les signalements ouverts", COMMAND))
    return _list("Les signalements clos", lines, "Il n'y en a aucun.", note, back)


def _list(title: str, lines: Sequence[CaseLine], empty: str, *foot: Element) -> Message:
    listed = lines[:_LISTED]
    more = len(lines) - _LISTED
    openers = _openers(listed)
    return Message(
        Heading(title),
        Text("\n".join(map(_summary, listed)) or empty),
        *([Note(f"Et {more} de plus, à voir quand ceux-ci seront clos.")] if more > 0 else []),
        *button_rows(openers),
        *foot,
    )


def _openers(lines: Sequence[CaseLine]) -> list[Button]:
    return [Button(f"Ouvrir {_short(line.id)}", f"{COMMAND} voir {line.id}") for line in lines]


def _summary(line: CaseLine) -> str:
    marks = [
        *(["urgent"] if line.urgent else []),
        STATUSES[line.status].lower(),
        *(["du nouveau"] if line.news and line.status != "received" else []),
        *([f"{line.reports} signalements de la même publication"] if line.reports > 1 else []),
        *(["gardé"] if line.hold else []),
    ]
    return f"{_short(line.id)}, du {in_words(line.since)}\u00a0: {', '.join(marks)}"


# --- One case ---------------------------------------------------------------------------------


def case_message(
    case: ReportCase,
    number: int,
    titles: Mapping[str, str],
    outcomes: Mapping[str, str],
    *,
    same_post: Sequence[CaseLine] = (),
    undo: Button | None = None,
) -> Message:
    """Show a case to its holder: one of its reports, by its number from 1, and the available actions.

    `same_post`: the other cases about the same post that this holder may know of. `undo`: the button that
    undoes the press that led here.
    """
    line = case.line
    count = len(case.filings)
    others = same_post[:BUTTONS_PER_ROW]
    filing = case.filings[number - 1] if case.filings else None
    head = [
        ("État", STATUSES[line.status] + (f" ({outcomes[case.outcome]})" if case.outcome else "")),
        *([("Ce que vous en avez dit", case.explanation)] if case.explanation else []),
        ("Entre les mains de", titles[line.role]),
        *([("La même publication", "; ".join(map(_summary, others)))] if others else []),
    ]
    position = Text(bold(f"Signalement {number} de {count}, de la même publication"))
    card: list[Element] = [
        Heading(f"Signalement {_short(line.id)}{' · urgent' if line.urgent else ''}"),
        Text(*labelled(head)),
        *([position] if count > 1 else []),
        _report_text(filing, titles) if filing else Text("Il n'y a plus rien à y lire."),
    ]
    talk = dialogue(filing.dialogue, _SPEAKERS) if filing else []
    words = [*Message(*card).own_words(), *(Message(*talk).own_words() if talk else ())]
    fits = sum(map(weight, words)) <= _CARD_WEIGHT
    labels = ("Le précédent", "Le suivant")
    turns = turn_buttons(number, count, lambda turn: f"{COMMAND} voir {line.id} {turn}", labels)
    if not fits and talk:
        turns.append(Button("Lire les échanges", f"{COMMAND} echanges {line.id} {number}"))
    address = filing.report.address if filing and filing.report.canonical else ""
    is_link = address.startswith(("https://", "http://")) and len(address) <= URL_LENGTH
    return Message(
        *card,
        *(talk if fits else []),
        _main_actions(line, filing, number),
        *([Buttons(undo)] if undo else []),
        *([Buttons(*turns)] if turns else []),
        *([Buttons(*_openers(others))] if others else []),
        Buttons(
            *([Link("Ouvrir la publication", address)] if is_link else []),
            _ALL_CASES,
        ),
        Note("N'y répondez pas en public, et n'en copiez rien ici\u00a0: la plateforme le garderait."),
    )


def _report_text(filing: Filing, titles: Mapping[str, str]) -> Text:
    report = filing.report
    fields = [
        ("Remis", f"le {in_words(filing.day)}"),
        ("Publication", excerpt(report.address, _ADDRESS_SHOWN)),
        ("Ce qu'elle dit", report.summary),
        ("Gravité", SEVERITIES[report.severity].partition("\u00a0: ")[0]),
        ("Nom donné", f"{report.name} (que personne n'a vérifié)" if report.name else "aucun"),
        *([("En cause", ", ".join(map(titles.__getitem__, report.implicated)))] if report.implicated else []),
        *([("Image", "jointe, dans le PDF")] if filing.image else []),
    ]
    return Text(*labelled(fields))


def _main_actions(line: CaseLine, filing: Filing | None, number: int) -> Buttons:
    """Return the buttons for the most frequent actions. One button leads to the others (see `more`)."""
    others = Button("Plus…", f"{COMMAND} plus {line.id} {number}")
    if line.status == "closed":
        return Buttons(Button("Rouvrir", f"{COMMAND} rendre {line.id} taken"), others)
    return Buttons(
        Button("Changer l'état", f"{COMMAND} etat {line.id}")
        if _is_taken(line)
        else Button("Prendre en charge", f"{COMMAND} prendre {line.id}", "primary"),
        *([Button("Poser une question", f"{COMMAND} demander {line.id} {filing.id}")] if filing else []),
        Button("Clore", f"{COMMAND} clore {line.id}"),
        others,
    )


def _is_taken(line: CaseLine) -> bool:
    return line.status not in {"received", "read"}


def more(case: ReportCase, number: int, kept_days: int) -> Message:
    """Show the less frequent actions on a case. `number`: the number of the report to return to."""
    line = case.line
    label, answer = ("Ne plus le garder", "non") if line.hold else ("Garder au-delà du terme", HOLD)
    opened = line.status != "closed"
    return Message(
        Heading(f"Signalement {_short(line.id)}\u00a0: plus"),
        Text(
            "Il est gardé au-delà de son terme."
            if line.hold
            else f"Une fois clos, il est détruit après {kept_days} jours, sauf si vous le gardez."
        ),
        Buttons(
            *(
                []
                if not opened or _is_taken(line)
                else [Button("Changer l'état", f"{COMMAND} etat {line.id}")]
            ),
            *([Button("Confier à un autre rôle", f"{COMMAND} confier {line.id}")] if opened else []),
            *([Button("Joindre à un autre", f"{COMMAND} joindre {line.id}")] if opened else []),
            Button(label, f"{COMMAND} garder {line.id} {answer}"),
            Button("Exporter en PDF", f"{COMMAND} exporter {line.id}"),
        ),
        Buttons(Button("Revenir", f"{COMMAND} voir {line.id} {number}")),
    )


def undo(case_id: str, status: Status) -> Button:
    """Return the button that gives a case back the status that it had before a press."""
    return Button(
        excerpt(f"Annuler\u00a0: revenir à «\u00a0{STATUSES[status]}\u00a0»", LABEL_LENGTH),
        f"{COMMAND} rendre {case_id} {status}",
    )


def dialogue_message(case: ReportCase, number: int) -> Message:
    """Show the messages about one report, when they do not fit in the case's message."""
    back = Button("Revenir", f"{COMMAND} voir {case.line.id} {number}")
    talk = dialogue(case.filings[number - 1].dialogue, _SPEAKERS) if case.filings else []
    return Message(Heading(f"Signalement {_short(case.line.id)}\u00a0: les échanges"), *talk, Buttons(back))


def reassigned(title: str, *, to_self: bool) -> Message:
    """Confirm that a case was entrusted to a role. `to_self`: whether the holder has this role."""
    rest = (
        "Vous le verrez encore."
        if to_self
        else "Ce signalement n'est plus entre vos mains\u00a0: seul ce rôle peut vous le rendre."
    )
    return Message(Text(f"C'est confié\u00a0: {title}. {rest}"), Buttons(_ALL_CASES))


NO_OTHER: Final = Message(
    Text("Aucun autre signalement ouvert entre vos mains ne met en cause les mêmes personnes."),
    Buttons(_ALL_CASES),
)
NO_HEIR: Final = Message(
    Text("Aucun autre rôle ne peut recevoir ce signalement aujourd'hui."), Buttons(_ALL_CASES)
)


# --- Forms ------------------------------------------------------------------------------------


def question_form(case_id: str, filing_id: str) -> Form:
    """Return the form to ask a question about one report."""
    field = TextField(
        "texte",
        "Votre question",
        hint="Seule la personne qui a fait ce signalement la lira. Ne demandez pas qui elle est.",
        lines=4,
        max_length=MESSAGE_LENGTH,
    )
    command = f"{COMMAND} demander {case_id} {filing_id[:_FILING_DIGITS]}"
    return Form(command, "Poser une question", (field,), "Poser")


def status_form(case_id: str) -> Form:
    """Return the form to set the status of a case."""
    statuses = options({status: STATUSES[status] for status in SETTABLE})
    field = ChoiceField("etat", "L'état", statuses, hint="Toute personne qui a fait ce signalement le lira.")
    return Form(f"{COMMAND} etat {case_id}", "Changer l'état", (field,), "Changer")


def closing_form(case_id: str, outcomes: Mapping[str, str]) -> Form:
    """Return the form to close a case. `outcomes`: see `cases.outcomes`."""
    explanation = TextField(
        "texte",
        "Pourquoi, en quelques mots",
        hint="Toute personne qui a signalé cette publication le lira\u00a0: n'y dites rien des autres.",
        lines=4,
        max_length=CLOSING_LENGTH,
    )
    return Form(
        f"{COMMAND} clore {case_id}",
        "Clore le signalement",
        (ChoiceField("issue", "Comment il se termine", options(outcomes)), explanation),
        "Clore",
    )


def merge_form(case_id: str, others: Sequence[CaseLine]) -> Form:
    """Return the form to merge a case into another."""
    labels = {line.id: excerpt(_summary(line), LABEL_LENGTH) for line in others[:25]}
    hint = "Seuls sont proposés ceux qui mettent en cause les mêmes personnes."
    field = ChoiceField("autre", "Est la même affaire que", options(labels), hint=hint)
    return Form(f"{COMMAND} joindre {case_id}", "Joindre à un autre", (field,), "Joindre")


def heir_form(case_id: str, heirs: Sequence[str], titles: Mapping[str, str]) -> Form:
    """Return the form to entrust a case to one of the roles in `heirs`."""
    labels = {role: excerpt(titles[role], LABEL_LENGTH) for role in heirs[:25]}
    hint = "Vous ne le verrez plus, à moins de tenir ce rôle. Les personnes en cause ne sont pas proposées."
    field = ChoiceField("role", "À qui", options(labels), hint=hint)
    return Form(f"{COMMAND} confier {case_id}", "Confier le signalement", (field,), "Confier")
