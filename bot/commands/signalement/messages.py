"""What is said to someone who reports a post. Once they have their code: `signalement_follow_messages`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.conversation.forms import ChoiceField, Field, Form, Option, TextField
from bot.conversation.messages import (
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
from bot.reports.drafts import ReportDraft
from bot.reports.filing import NAME_LENGTH, SAYS_LENGTH
from bot.reports.identifying import Pointed
from bot.reports.records import SEVERITIES
from bot.reports.routing import RECIPIENTS

COMMAND: Final = "signalement"
OFFER: Final = Button("Signaler cette publication", COMMAND, "primary")  # what free text may lead to
_SHOWN_WHERE: Final = 350  # characters of an address
_SHOWN_GROUPS: Final = 5

# In the wording of the threat model, which is to stay honest.
LIMITS: Final = (
    "Le bot n'enregistre pas votre identité. Slack ou Discord, leurs administrateurs ou l'hébergeur du bot "
    "peuvent toutefois savoir que vous l'avez utilisé. Votre style peut vous trahir. Danger ou risque de "
    "représailles\u00a0: utilisez un autre canal."
)
EXCLUSION: Final = (
    "Elle ne le verra pas. Sinon, l'une et l'autre peuvent le lire\u00a0: s'il n'est pas ouvert à temps, ou "
    "si la publication est déjà signalée."
)
URGENCY: Final = (
    "Sans urgence, la personne qui le reçoit l'apprend aux heures de travail, après un délai tiré au hasard "
    "de 5 à 60 minutes, pour qu'on ne devine pas qui vient d'écrire. Urgent\u00a0: tout de suite, à toute "
    "heure; le moment peut alors en dire plus sur vous."
)


@dataclass(frozen=True, slots=True)
class ReportChoices:
    """What is chosen before the form. `token`: of the draft, "" when there is none yet."""

    recipient: str = RECIPIENTS[0]
    named: tuple[str, ...] = ()
    urgent: bool = False
    token: str = ""

    def written(self) -> str:
        """Return it as a button carries it."""
        who, whom = RECIPIENTS.index(self.recipient), _NAMED.index(self.named)
        return f"{who}{whom}{int(self.urgent)}" + (f".{self.token}" if self.token else "")

    @classmethod
    def read(cls, text: str) -> ReportChoices:
        """Read what `written` wrote; anything else is nothing chosen yet."""
        marks, _, token = text.partition(".")
        try:
            who, whom, urgent = (int(mark) for mark in marks)
            return cls(RECIPIENTS[who], _NAMED[whom], bool(urgent), token)
        except (ValueError, IndexError):
            return cls()

    @classmethod
    def of(cls, draft: ReportDraft, token: str) -> ReportChoices:
        """Return what was chosen for a draft."""
        return cls(draft.recipient, draft.named, draft.urgent, token)


_NAMED: Final[tuple[tuple[str, ...], ...]] = ((), RECIPIENTS[:1], RECIPIENTS[1:], RECIPIENTS)


# --- Before the form --------------------------------------------------------------------------


def first(
    clause: Quote | None, choices: ReportChoices, titles: Mapping[str, str], heir: str | None
) -> Message:
    """Say what to know first, and ask to whom it goes. `heir`: the role that it will go to."""
    reaches = (
        f"Il ira à\u00a0: {titles[heir]}."
        if heir
        else "Personne ne peut le recevoir aujourd'hui\u00a0: il sera remis dès que quelqu'un le pourra."
    )
    return Message(
        Heading("Signaler une publication"),
        Text(bold("D'abord\u00a0: "), "ne commentez pas la publication, et n'y répondez pas."),
        *([clause] if clause else []),
        Text(bold("Sans votre nom, à moins de le donner. "), LIMITS),
        Divider(),
        Text(bold("À qui le remettre?")),
        _recipients(choices, titles),
        Text(bold("L'une de ces personnes est-elle en cause?"), f" {EXCLUSION}"),
        _persons(choices, titles),
        Text(bold("Est-ce urgent?")),
        _urgency(choices),
        Note(f"{URGENCY}\n{reaches}"),
        Buttons(
            Button("Continuer", f"{COMMAND} remplir {choices.written()}", "primary"),
            Button("J'ai déjà un code", f"{COMMAND} code"),
            Button("Renoncer", f"{COMMAND} abandonner {choices.token}".strip()),
        ),
    )


def _choice(label: str, choices: ReportChoices, row: str, *, chosen: bool) -> Button:
    """Return one of a row's buttons; what is chosen is said by a sign, not by a colour alone."""
    shown = excerpt(f"✓ {label}" if chosen else label, 75)
    return Button(shown, f"{COMMAND} choix {choices.written()} {row}", "primary" if chosen else "plain")


def _recipients(choices: ReportChoices, titles: Mapping[str, str]) -> Buttons:
    return Buttons(
        *(
            _choice(titles[one], replace(choices, recipient=one), "a", chosen=one == choices.recipient)
            for one in RECIPIENTS
        )
    )


def _persons(choices: ReportChoices, titles: Mapping[str, str]) -> Buttons:
    labels = ("Ni l'une ni l'autre", *(titles[one] for one in RECIPIENTS), "Les deux")
    return Buttons(
        *(
            _choice(label, replace(choices, named=named), "b", chosen=named == choices.named)
            for label, named in zip(labels, _NAMED, strict=True)
        )
    )


def _urgency(choices: ReportChoices) -> Buttons:
    return Buttons(
        *(
            _choice(label, replace(choices, urgent=urgent), "c", chosen=urgent == choices.urgent)
            for label, urgent in (("Cela peut attendre", False), ("Urgent", True))
        )
    )


def form(choices: ReportChoices, draft: ReportDraft | None = None) -> Form:
    """Return the form of four fields, filled in with a draft if there is one."""
    command = f"{COMMAND} revoir {choices.written()}"
    return Form(command, "Signaler une publication", _fields(draft or ReportDraft()), "Relire")


def _fields(kept: ReportDraft) -> tuple[Field, ...]:
    return (
        TextField(
            "adresse",
            "L'adresse de la publication",
            hint="Ou, sans adresse, où elle se trouve. Ce qui sert à suivre les gens en est retiré.",
            value=kept.where[:LONGEST],
            max_length=LONGEST,
        ),
        TextField(
            "propos",
            "Ce qu'elle dit, en bref",
            hint="Quelques mots suffisent. Évitez ce qui dirait qui vous êtes.",
            value=kept.says,
            lines=4,
            max_length=SAYS_LENGTH,
        ),
        ChoiceField(
            "gravite",
            "La gravité",
            tuple(Option(label, value) for value, label in SEVERITIES.items()),
            value=kept.severity,
        ),
        TextField(
            "nom",
            "Votre nom",
            hint="Laissez vide pour rester sans nom. Il n'est ni vérifié ni retenu d'une fois à l'autre.",
            value=kept.name,
            required=False,
            max_length=NAME_LENGTH,
        ),
    )


# --- Before sending ---------------------------------------------------------------------------


def review(
    draft: ReportDraft, token: str, phrases: Sequence[Pointed], titles: Mapping[str, str], heir: str | None
) -> Message:
    """Show what was typed once more, with what may tell who wrote it. `heir`: the role that it will go to."""
    named = ", ".join(titles[one] for one in draft.named)
    unseen = "il ne leur sera pas montré" if len(draft.named) > 1 else "il ne lui sera pas montré"
    lines = [
        ("Publication", excerpt(draft.where, _SHOWN_WHERE)),
        ("Ce qu'elle dit", draft.says),
        ("Gravité", SEVERITIES[draft.severity]),
        ("Nom", draft.name or "aucun"),
        ("À", titles[heir] if heir else "qui pourra le recevoir; personne aujourd'hui"),
        *([("En cause", f"{named}; {unseen}")] if named else []),
        ("Urgent", "oui" if draft.urgent else "non"),
    ]
    return Message(
        Heading("Relisez avant d'envoyer"),
        Text(*labelled(lines)),
        *pointed(phrases),
        Note("Rien n'est envoyé ni enregistré encore. Ce brouillon s'efface dans dix minutes."),
        Buttons(
            Button("Envoyer", f"{COMMAND} envoyer {token}", "primary"),
            Button("Corriger", f"{COMMAND} remplir {ReportChoices.of(draft, token).written()}"),
            Button("Abandonner", f"{COMMAND} abandonner {token}", "danger"),
        ),
    )


def labelled(lines: Iterable[tuple[str, str]]) -> Iterator[Span | str]:
    """Yield each value on a line of its own, after its label in bold."""
    for number, (label, value) in enumerate(lines):
        yield bold(f"{chr(10) if number else ''}{label}\u00a0: ")
        yield value


def pointed(groups: Sequence[Pointed]) -> list[Text]:
    """Point out what may tell who wrote a text, or names someone; nothing when there is nothing."""
    if not groups:
        return []
    lines = [
        f"{label}\u00a0: {excerpt(', '.join(passages), 60)}" for label, passages in groups[:_SHOWN_GROUPS]
    ]
    if len(groups) > _SHOWN_GROUPS:
        lines.append("et autre chose encore")
    shown = "\n".join(f"• {line}" for line in lines)
    return [Text(bold("À revoir? "), f"Ceci peut dire qui vous êtes, ou nomme quelqu'un\u00a0:\n{shown}")]


def sent(words: str) -> Message:
    """Give the code, this once."""
    return Message(
        Heading("C'est envoyé"),
        Text(
            "Voici votre code de suivi. ",
            bold("Notez-le maintenant"),
            "\u00a0: je ne le montre qu'une fois, et personne ne peut le retrouver.",
        ),
        Text(code(words)),
        Text(
            "Tapez ",
            code(f"/{COMMAND}"),
            ", puis pressez «\u00a0J'ai déjà un code\u00a0», pour voir où en est votre signalement, lire ce "
            "qu'on vous demande, répondre, ajouter quelque chose ou le retirer.",
        ),
        Note("Je ne vous écrirai pas de moi-même\u00a0: il faudrait que je sache qui vous êtes."),
    )


GIVEN_UP: Final = Message(Text("C'est abandonné. Je n'ai rien gardé."))
TOO_LATE: Final = Message(
    Text(
        "Ce brouillon n'est plus là\u00a0: il a été envoyé ou abandonné, ou il a plus de dix minutes. "
        "Rien n'en est gardé."
    ),
    Buttons(Button("Recommencer", COMMAND, "primary")),
)


def incomplete(choices: ReportChoices, what: str) -> Message:
    """Say what a form lacks, and open it again."""
    return Message(
        Text(f"{what} Rien n'est envoyé."),
        Buttons(Button("Reprendre", f"{COMMAND} remplir {choices.written()}", "primary")),
    )
