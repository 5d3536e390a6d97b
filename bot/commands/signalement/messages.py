"""The messages to a person who reports a post. For a person with a code, see `follow_messages`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.conversation.forms import ChoiceField, Form, TextField, options
from bot.conversation.messages import (
    LABEL_LENGTH,
    Button,
    Buttons,
    Divider,
    Heading,
    Message,
    Note,
    Quote,
    Span,
    Text,
    bold,
    code,
    excerpt,
)
from bot.reports.addresses.addresses import LONGEST
from bot.reports.channels import Channel
from bot.reports.filing import NAME_LENGTH, SUMMARY_LENGTH, Report
from bot.reports.identifying import IdentifyingMark, by_label
from bot.reports.records import SEVERITIES

COMMAND: Final = "signalement"
OFFER: Final = Button("Signaler cette publication", COMMAND, "primary")  # shown below an answer
_ADDRESS_SHOWN: Final = 350  # maximum characters shown of a post's address
_KINDS_SHOWN: Final = 5

# The limits of anonymity. This text must promise no more than docs/menaces.md does.
LIMITS: Final = (
    "Le bot n'enregistre pas votre identité. Slack ou Discord, leurs administrateurs ou l'hébergeur du bot "
    "peuvent toutefois savoir que vous l'avez utilisé, et votre style peut vous trahir. Danger, crainte de "
    "représailles\u00a0: utilisez un autre canal."
)
URGENCY: Final = (
    "L'avis part aux heures de travail, après 5 à 60\u00a0minutes tirées au hasard, pour qu'on ne devine pas "
    "qui vient d'écrire. Urgent\u00a0: tout de suite, à toute heure; le moment peut en dire plus sur vous."
)


def _implicated(recipients: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the possible groups of implicated roles: none, each recipient alone, or all of them."""
    return [(), *((role,) for role in recipients), *([tuple(recipients)] if len(recipients) > 1 else [])]


def write_choices(report: Report, token: str, recipients: Sequence[str]) -> str:
    """Encode the choices made before the form for a button: three digits, then the token.

    `recipients`: the roles that receive reports, the default one first.
    """
    recipient = recipients.index(report.recipient) if report.recipient in recipients else 0
    roles = _implicated(recipients)
    implicated = roles.index(report.implicated) if report.implicated in roles else 0
    return f"{recipient}{implicated}{int(report.urgent)}" + (f".{token}" if token else "")


def read_choices(text: str, recipients: Sequence[str]) -> tuple[Report, str]:
    """Decode the text of a button into a report that has only its choices, and the token.

    Invalid text gives the default choices and no token. `recipients`: as for `write_choices`.
    """
    digits, _, token = text.partition(".")
    try:
        recipient, implicated, urgent = (int(digit) for digit in digits)
        report = Report(
            recipient=recipients[recipient],
            implicated=_implicated(recipients)[implicated],
            urgent=bool(urgent),
        )
    except (ValueError, IndexError):
        return Report(recipient=next(iter(recipients), "")), ""
    return report, token


@dataclass(frozen=True, slots=True)
class ReportAudience:
    """Who would receive a report today. Roles are given by id.

    `titles`: the titles of roles. `recipients`: the roles to choose from, the default one first. `heir`: the
    role that would receive the report after exclusions, None if nobody can. `readers`: a French sentence with
    the number of persons in each role that receives reports. `web_form`: the address of the web form, "" for
    none.
    """

    titles: Mapping[str, str]
    recipients: Sequence[str]
    heir: str | None
    readers: str
    web_form: str = ""


# For one, two or more recipients: the question, the consequence of the answer, and the labels that mean none
# and all of them.
_ASKED: Final = (
    ("Cette personne est-elle en cause?", "Elle ne le verra pas.", "Non", ""),
    (
        "L'une de ces personnes est-elle en cause?",
        "Elle ne le verra pas. Sinon, l'une et l'autre peuvent finir par le lire.",
        "Ni l'une ni l'autre",
        "Les deux",
    ),
    (
        "L'une de ces personnes est-elle en cause?",
        "Elle ne le verra pas. Les autres peuvent finir par le lire.",
        "Aucune",
        "Toutes",
    ),
)


# --- Before the form --------------------------------------------------------------------------


def first(clause: Quote | None, report: Report, token: str, audience: ReportAudience) -> Message:
    """Show the advice before reporting, and ask whether a recipient of reports is implicated.

    That question has no safe default. The recipient and the urgency have defaults, which the message shows
    with buttons to change them. `report`: has the choices made so far. `token`: the draft's, "" if there is
    no draft yet.
    """
    titles = audience.titles
    heir = audience.heir
    recipients = audience.recipients
    if heir is None:
        reaches = "Personne ne peut le recevoir aujourd'hui\u00a0: il attendra d'être confié à quelqu'un.\n"
    else:  # the next line names the default recipient first
        reaches = "" if heir == recipients[0] else f"Il ira à\u00a0: {titles[heir]}.\n"
    question, exclusion, nobody, everyone = _ASKED[min(len(recipients), len(_ASKED)) - 1]
    labels = [nobody, *(titles[role] for role in recipients), everyone]
    implicated = [
        (label, replace(report, implicated=roles))
        for label, roles in zip(labels, _implicated(recipients), strict=False)
    ]
    changing = Button(
        "Changer de destinataire", f"{COMMAND} destinataire {write_choices(report, token, recipients)}"
    )
    urgency = replace(report, urgent=not report.urgent)
    return Message(
        Heading("Signaler une publication"),
        Text(bold("D'abord\u00a0: "), "ne la commentez pas, n'y répondez pas."),
        *([clause] if clause else []),
        Text(bold("Sans votre nom, sauf si vous le donnez. "), LIMITS),
        Divider(),
        Text(bold(question), f" {exclusion}"),
        _choices("b", implicated, report, token, recipients),
        Note(f"{URGENCY}\n{reaches}{audience.readers}"),
        *picture_note(audience.web_form),
        Buttons(
            Button("Continuer", f"{COMMAND} remplir {write_choices(report, token, recipients)}", "primary"),
            Button(
                "✓ Urgent" if report.urgent else "Urgent",
                f"{COMMAND} choix {write_choices(urgency, token, recipients)} c",
            ),
            *([changing] if len(recipients) > 1 else []),
        ),
        Buttons(
            Button("J'ai déjà un code", f"{COMMAND} code"),
            Button("Autres canaux", f"{COMMAND} ailleurs"),
            Button("Annuler", f"{COMMAND} abandonner {token}".strip()),
        ),
    )


def recipient_question(report: Report, token: str, audience: ReportAudience) -> Message:
    """Ask who should receive a report, instead of its default recipient."""
    recipients = audience.recipients
    choices = [(audience.titles[role], replace(report, recipient=role)) for role in recipients]
    return Message(
        Heading("À qui le remettre?"),
        _choices("a", choices, report, token, recipients),
        Buttons(Button("Revenir", f"{COMMAND} choix {write_choices(report, token, recipients)}")),
    )


def picture_note(web_form: str) -> list[Note]:
    """Explain how to attach a picture, with the bare address of the web form.

    The address is the same for everyone and contains nothing of the draft. It is not a link, because the
    platform would see the clicks.
    """
    if not web_form:
        return []
    return [
        Note(
            f"Pour joindre une image, ouvrez ce formulaire Web\u00a0: {web_form} (la même adresse pour tout "
            "le monde; rien d'ici n'y est repris)."
        )
    ]


def other_channels(channels: Iterable[Channel]) -> Message:
    """List the other channels for someone who is in danger or fears reprisals."""
    lines = (
        line for channel in channels for line in (bold(f"\n• {channel.name}"), f"\u00a0: {channel.described}")
    )
    return Message(
        Heading("Utiliser un autre canal"),
        Text(
            "En danger, ou par crainte de représailles, adressez-vous ailleurs\u00a0:",
            *lines,
        ),
        Note("Rien ne leur est transmis d'ici."),
        Buttons(Button("Revenir", COMMAND)),
    )


def _choices(
    row: str, options: Iterable[tuple[str, Report]], chosen: Report, token: str, recipients: Sequence[str]
) -> Buttons:
    """Return a row of buttons. The chosen one has a check mark as well as a colour."""
    return Buttons(
        *(
            Button(
                excerpt(f"✓ {label}" if option == chosen else label, LABEL_LENGTH),
                f"{COMMAND} choix {write_choices(option, token, recipients)} {row}",
                "primary" if option == chosen else "plain",
            )
            for label, option in options
        )
    )


def form(choices: str, draft: Report) -> Form:
    """Return the report form, filled in from a draft. `choices`: see `write_choices`."""
    fields = (
        TextField(
            "adresse",
            "L'adresse de la publication",
            hint="Sans adresse, dites où elle se trouve. Ce qui sert à pister en est retiré.",
            value=draft.address[:LONGEST],
            max_length=LONGEST,
        ),
        TextField(
            "propos",
            "Ce qu'elle dit, en bref",
            hint="Évitez ce qui dirait qui vous êtes.",
            value=draft.summary,
            lines=4,
            max_length=SUMMARY_LENGTH,
        ),
        ChoiceField("gravite", "La gravité", options(SEVERITIES), value=draft.severity),
        TextField(
            "nom",
            "Votre nom, si vous y tenez",
            hint="Il n'est ni vérifié ni retenu d'une fois à l'autre.",
            value=draft.name,
            required=False,
            max_length=NAME_LENGTH,
        ),
    )
    return Form(f"{COMMAND} revoir {choices}", "Signaler une publication", fields, "Relire")


# --- Before sending ---------------------------------------------------------------------------


def review(draft: Report, token: str, marks: Sequence[IdentifyingMark], audience: ReportAudience) -> Message:
    """Show a draft for review, with the words in it that may identify its author."""
    titles, heir = audience.titles, audience.heir
    implicated = ", ".join(titles[role] for role in draft.implicated)
    unseen = "il ne leur sera pas montré" if len(draft.implicated) > 1 else "il ne lui sera pas montré"
    lines = [
        ("Publication", excerpt(draft.address, _ADDRESS_SHOWN)),
        ("Ce qu'elle dit", draft.summary),
        ("Gravité", SEVERITIES[draft.severity].partition("\u00a0: ")[0]),
        ("Nom", draft.name or "aucun"),
        ("À", titles[heir] if heir else "qui pourra le recevoir; personne aujourd'hui"),
        *([("En cause", f"{implicated}; {unseen}")] if implicated else []),
        *([("Urgent", "oui")] if draft.urgent else []),
    ]
    return Message(
        Heading("Relisez avant d'envoyer"),
        Text(*labelled(lines)),
        *warning(marks),
        Note("Rien n'est encore envoyé ni enregistré. Ce brouillon s'efface dans dix minutes."),
        Buttons(
            Button("Envoyer", f"{COMMAND} envoyer {token}", "primary"),
            Button("Corriger", f"{COMMAND} remplir {write_choices(draft, token, audience.recipients)}"),
            Button("Annuler", f"{COMMAND} abandonner {token}", "danger"),
        ),
    )


def labelled(lines: Iterable[tuple[str, str]]) -> Iterator[Span | str]:
    """Yield lines, each made of a bold label and a value."""
    for number, (label, value) in enumerate(lines):
        yield bold(f"{chr(10) if number else ''}{label}\u00a0: ")
        yield value


def warning(marks: Sequence[IdentifyingMark]) -> list[Text]:
    """Warn about words that may identify a text's author or someone else. Return [] if there are none."""
    passages = by_label(marks)
    if not passages:
        return []
    lines = [
        f"{label}\u00a0: «\u00a0{excerpt(', '.join(texts), 60)}\u00a0»" for label, texts in passages.items()
    ]
    if len(lines) > _KINDS_SHOWN:
        lines = [*lines[:_KINDS_SHOWN], "et autre chose encore"]
    problems = "\n".join(f"• {line}" for line in lines)
    return [Text(bold("À revoir? "), f"Ceci peut dire qui vous êtes, ou nomme quelqu'un\u00a0:\n{problems}")]


def sent(report_code: str, token: str, page: str) -> Message:
    """Show the code of a report just sent. No later message shows it.

    `token`: the token on the button that sent the report. `page`: the token of the report's page.
    """
    return Message(
        Heading("C'est envoyé"),
        Text(
            bold("Notez votre code maintenant"),
            "\u00a0: je ne le montre qu'une fois, et personne ne peut le retrouver.",
        ),
        Text(code(report_code)),
        Text(
            "Il ouvre votre signalement (",
            code(f"/{COMMAND}"),
            ", «\u00a0J'ai déjà un code\u00a0»)\u00a0: suivre, répondre, ajouter, retirer. Je ne vous "
            "écrirai pas\u00a0: j'ignore qui vous êtes.",
        ),
        Buttons(
            Button("Je l'ai noté", f"{COMMAND} note {token}", "primary"),
            Button("Suivre", f"{COMMAND} suivi {page}"),
        ),
    )


NOTED: Final = Message(
    Text(
        "Très bien\u00a0: je n'affiche plus ce code. Gardez-le à part, et ne commentez pas la publication. "
        "Merci de l'avoir signalée."
    )
)
GIVEN_UP: Final = Message(Text("C'est annulé. Rien n'est enregistré."))
TOO_LATE: Final = Message(
    Text(
        "Ce brouillon n'est plus là\u00a0: il a été envoyé ou annulé, il a plus de dix minutes, ou j'ai "
        "redémarré depuis. Si vous n'avez pas vu de code, recommencez."
    ),
    Buttons(Button("Recommencer", COMMAND, "primary")),
)
