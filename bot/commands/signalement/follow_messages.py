"""The messages to a person who returns to their report with its code, and may have questions to answer."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from bot.commands.signalement.messages import COMMAND, warning
from bot.conversation.forms import Form, TextField
from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Text, bold, weight
from bot.conversation.requests import CONFIRMED
from bot.reports import codes, reporter_access
from bot.reports.cases import Author, DialogueMessage
from bot.reports.filing import MESSAGE_LENGTH
from bot.reports.identifying import IdentifyingMark
from bot.reports.reporter_access import Followup
from bot.times import in_words

DIALOGUE_WEIGHT: Final = 2_200  # maximum weight of the dialogue; the bot's own words take the rest

CODE_SEEN: Final = Message(
    Text(
        "Cela ressemble à un code de suivi. Je n'en garde rien, mais ce message reste dans notre "
        "conversation\u00a0: effacez-le, puis entrez votre code ici."
    ),
    Buttons(Button("Entrer mon code", f"{COMMAND} code", "primary")),
)


def code_form() -> Form:
    """Return the form for the code, which would stay in the conversation if typed in a message."""
    field = TextField(
        "code",
        "Votre code de suivi",
        hint="Neuf mots; accents et majuscules au choix",
        lines=2,
        max_length=codes.TYPED_CODE_LENGTH,
    )
    return Form(f"{COMMAND} suivi", "Suivre un signalement", (field,), "Voir")


def followed(followup: Followup, token: str) -> Message:
    """Show a report to its author."""
    outcome = [Text(bold("Comment il se termine\u00a0: "), followup.outcome)] if followup.outcome else []
    label = "Répondre" if followup.awaits_answer else "Ajouter quelque chose"
    return Message(
        Heading("Votre signalement"),
        Text(bold("État\u00a0: "), followup.status),
        *outcome,
        *([Text(followup.explanation)] if followup.explanation else []),
        *dialogue(followup.dialogue, {"reporter": "Vous", "holder": "On vous demande"}),
        Buttons(
            *([] if followup.closed else [Button(label, f"{COMMAND} repondre {token}", "primary")]),
            Button("Actualiser", f"{COMMAND} suivi {token}"),
            Button("Retirer mon signalement", f"{COMMAND} retirer {token}", "danger"),
        ),
        Note("Cette page se ferme dans dix minutes. Votre code, lui, reste bon."),
    )


def dialogue(messages: Sequence[DialogueMessage], names: Mapping[Author, str]) -> list[Text]:
    """Return the messages in order, or only the latest if they are too long for one reply."""
    texts: list[Text] = []
    room = DIALOGUE_WEIGHT
    for message in reversed(messages):
        head = f"{names[message.author]}, le {in_words(date.fromisoformat(message.day))}\u00a0: "
        room -= weight(message.text) + len(head)
        if room < 0 and texts:
            texts.append(Text("…"))
            break
        texts.append(Text(bold(head), message.text))
    return texts[::-1]


def answer_form(token: str) -> Form:
    """Return the form to answer a question about the report."""
    field = TextField("texte", "Votre réponse", lines=5, max_length=MESSAGE_LENGTH)
    return Form(f"{COMMAND} relire {token}", "Répondre ou ajouter", (field,), "Relire")


def answer_review(text: str, token: str, back: str, marks: Sequence[IdentifyingMark]) -> Message:
    """Show an answer for review before it is sent. `back`: the token of the report's page."""
    return Message(
        Heading("Relisez avant d'envoyer"),
        Text(text),
        *warning(marks),
        Buttons(
            Button("Envoyer", f"{COMMAND} ajouter {token}", "primary"),
            Button("Écrire autrement", f"{COMMAND} repondre {back}"),
            Button("Revenir", f"{COMMAND} suivi {back}"),
        ),
    )


def added(back: str) -> Message:
    """Confirm that an answer was sent. `back`: the token of the report's page."""
    return Message(
        Text(
            "C'est ajouté. La personne qui traite votre signalement le lira dans l'heure qui vient, au mieux."
        ),
        Buttons(Button("Revenir à mon signalement", f"{COMMAND} suivi {back}")),
    )


def withdrawal(token: str) -> Message:
    """Ask for confirmation before destroying a report."""
    return Message(
        Heading("Retirer ce signalement?"),
        Text(
            "Il sera détruit tout de suite, et votre code n'ouvrira plus rien. Ce que quelqu'un en a déjà lu "
            "ne peut pas l'être, et qui le traite peut remarquer à quel moment il disparaît."
        ),
        Buttons(
            Button("Le retirer", f"{COMMAND} retirer {token} {CONFIRMED}", "danger"),
            Button("Le garder", f"{COMMAND} suivi {token}"),
        ),
    )


WITHDRAWN: Final = Message(Text(reporter_access.WITHDRAWN))
_AGAIN: Final = Buttons(Button("Entrer mon code", f"{COMMAND} code", "primary"))
CLOSED_PAGE: Final = Message(Text("Cette page s'est fermée. Tapez votre code de nouveau."), _AGAIN)
