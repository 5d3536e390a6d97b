"""`mesdonnees`: what Vigie holds about the person who asks, as text and as a file, and its erasure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from bot.conversation.messages import (
    Button,
    Buttons,
    Divider,
    Element,
    File,
    Heading,
    Message,
    Note,
    Text,
    bold,
    code,
    excerpt,
    weight,
)
from bot.conversation.requests import Request
from bot.people.office import Office, asker
from bot.people.roles import ADMINISTRATION, role
from bot.privacy import personal_data
from bot.privacy.personal_data import CATEGORIES, Category, Held
from bot.times import in_words

_FILE = "fichier"
_ERASE = "effacer"
_SURE = "effacer oui"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ACCENTED = {
    "a_titre_de": "à titre de",
    "etat": "état",
    "role": "rôle",
    "avis_vu": "version de l'avis vue",
}  # names in the file are ASCII
_PLATFORMS = {"slack": "Slack", "discord": "Discord", "local": "bac à sable"}
_FACTS_WEIGHT = 2_400  # what is left of a message once its frame is drawn
_ANONYMOUS = "Un signalement anonyme n'est lié à personne\u00a0: je ne peux pas savoir s'il est de vous."


def my_data(office: Office, request: Request) -> Message:
    """Show what is held; give it as a file (« fichier »); ask before erasing (« effacer »), then erase."""
    today = office.today()
    with office.storage.transaction() as db:
        person = asker(db, request)
        contact = role(db, ADMINISTRATION).email
        if person is None:
            return nothing(contact)
        if request.text == _FILE:
            return exported(personal_data.export(db, person, today), today)
        duties = personal_data.duties(db, person, today)
        if request.text == _ERASE:
            return confirmation(duties)
        if request.text != _SURE:
            return shown(personal_data.held(db, person), contact)
        personal_data.erase(db, person, today, office.remember)
    with office.storage.transaction() as db:
        office.settled(db)
    office.storage.purge()
    return erased(duties)


# --- The notice -------------------------------------------------------------------------------

NOTICE = (
    Text(
        bold("Vos renseignements personnels. "),
        "Je recueille l'identifiant de votre compte, vos rôles et votre parcours ici, à seule fin de faire "
        "connaître la politique.\n"
        "Seules les personnes dont les fonctions l'exigent y ont accès, et je les détruis au terme de leur "
        "durée de conservation.\n"
        "Tapez ",
        code("/vigie mesdonnees"),
        " pour les consulter, les faire rectifier ou effacer, ou retirer votre consentement.",
    ),
)


def notice(office: Office, request: Request) -> Sequence[Element]:
    """Return the privacy notice if the one who asks has yet to see this version of it, else nothing."""
    if request.actor is None:
        return ()
    with office.storage.transaction() as db:
        return NOTICE if personal_data.notice_due(db, request.actor) else ()


def noticed(office: Office, request: Request) -> None:
    """Note that the one who asks has been shown the notice."""
    if request.actor is not None:
        with office.storage.transaction() as db:
            personal_data.notice_shown(db, request.actor)


# --- The messages -----------------------------------------------------------------------------


def nothing(contact: str | None) -> Message:
    """Say that nothing is held, and what would be; nothing is noted of who asks."""
    return Message(
        Heading("Vos renseignements personnels"),
        Text(f"Je ne conserve rien à votre sujet. {_ANONYMOUS}"),
        Note(_rights(contact)),
        Divider(),
        *NOTICE,
    )


def shown(held: Sequence[Held], contact: str | None) -> Message:
    """Show what is held, what for and for how long; what does not fit is in the file."""
    parts: list[Element] = []
    room = _FACTS_WEIGHT
    for one in held:
        lines = _described(one)
        need = weight(lines) + weight(one.category.title)
        if need > room:
            parts.append(Note("Le reste est dans le fichier."))
            break
        parts.append(Text(bold(one.category.title), f"\n{lines}"))
        room -= need
    return Message(
        Heading("Vos renseignements personnels"),
        *parts,
        Note(f"{_ANONYMOUS}\n{_rights(contact)}"),
        Buttons(
            Button("Recevoir le fichier", f"mesdonnees {_FILE}", "primary"),
            Button("Effacer…", f"mesdonnees {_ERASE}", "danger"),
        ),
    )


def _described(held: Held) -> str:
    lines = [f"• {', '.join(_values(fact))}" for fact in map(dict, held.facts[:8])]
    if len(held.facts) > len(lines):
        lines.append(f"• et {len(held.facts) - len(lines)} de plus, dans le fichier")
    return "\n".join(
        [*lines, f"Pourquoi\u00a0: {held.category.purpose}.", f"Durée\u00a0: {held.category.retention}."]
    )


def _values(fact: dict[str, object]) -> Iterator[str]:
    for name, value in fact.items():
        if value not in {None, ""}:
            label = _ACCENTED.get(name, name).replace("_", " ")
            yield f"{label}\u00a0: {excerpt(_readable(name, str(value)), 60)}"


def _readable(name: str, value: str) -> str:
    """Return a day in words, a platform by its name, and anything else as it is."""
    if name == "plateforme":
        return _PLATFORMS.get(value, value)
    return in_words(date.fromisoformat(value)) if _DAY.fullmatch(value) else value


def _rights(contact: str | None) -> str:
    address = f" ({contact})" if contact else ""
    return (
        "Pour faire rectifier un renseignement, retirer votre consentement ou porter plainte, écrivez à la "
        f"personne responsable de leur protection{address}. Vous pouvez aussi vous adresser à la Commission "
        "d'accès à l'information."
    )


def exported(content: bytes, today: date) -> Message:
    """Give all of it as a file that a program can read."""
    return Message(
        Text(
            "Voici tout ce que je conserve à votre sujet, dans un format que d'autres programmes savent lire."
        ),
        File(f"mes-donnees-{today.isoformat()}.json", content, "Vos renseignements personnels"),
    )


def confirmation(duties: Sequence[str]) -> Message:
    """Say what would be destroyed and what would not, and ask."""
    kept = _kept(duties)
    text = (
        "Je détruirai ce qui n'a pas à être conservé. Le reste le sera à la fin de sa durée de conservation."
        if kept
        else "Je détruirai tout ce que je conserve à votre sujet, messages en attente compris."
    )
    return Message(
        Heading("Effacer vos renseignements?"),
        Text(f"{text} C'est sans retour."),
        *([Text(bold("Ce qui reste, et pourquoi"), f"\n{kept}")] if kept else []),
        Buttons(Button("Effacer", f"mesdonnees {_SURE}", "danger"), Button("Garder", "mesdonnees")),
    )


def erased(duties: Sequence[str]) -> Message:
    """Say that it is done, and what remains."""
    kept = _kept(duties)
    return Message(
        Text("C'est fait\u00a0: " + ("ce qui pouvait l'être est détruit." if kept else "tout est détruit.")),
        *([Text(bold("Ce qui reste, et pourquoi"), f"\n{kept}")] if kept else []),
        Note("Les copies de sauvegarde expirent d'elles-mêmes, et ce qui est détruit n'en revient pas."),
    )


def _kept(duties: Sequence[str]) -> str:
    found: list[Category] = [one for one in CATEGORIES if one.id in duties]
    lines = [f"• {one.title}\u00a0: {one.kept}." for one in found]
    if found:
        lines.append("• Vos comptes et vos messages\u00a0: ils servent à ce qui précède.")
    return "\n".join(lines)
