"""`mesdonnees`: the data held about the sender, as text or as a file, and its erasure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Final

from bot.conversation.messages import (
    Button,
    Buttons,
    Choice,
    Divider,
    Element,
    File,
    Heading,
    Message,
    Note,
    Text,
    bold,
    capitalized,
    excerpt,
    weight,
)
from bot.conversation.requests import CONFIRMED, Actor, Request
from bot.onboarding import team
from bot.onboarding.notices import TEAM_TOLD
from bot.outbox.notices import Notices
from bot.people.office import Office, actor_of, asker
from bot.people.roles import ADMINISTRATION, role
from bot.policy.library import Library
from bot.privacy import personal_data
from bot.privacy.personal_data import CATEGORIES, Fact, Held
from bot.times import Calendar, in_words, utc

_FILE = "fichier"
_ERASE = "effacer"
_NOTICE = "avis"
_WHY = "raisons"
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T.*)?")
# The phrase for each column of a fact, in this order; the other columns are only in the file. `{}` is the
# value, such as a day in words. A plural « s » is removed after 0 or 1.
_PHRASES: Final = {
    "plateforme": "{}",
    "role": "{}",
    "a_titre_de": "{}",
    "demande": "{}",
    "decision": "{}",
    "etape": "{}",
    "sujet": "{}",
    "politique": "{}",
    "version": "version du {}",
    "avis_vu": "avis de confidentialité vu",
    "ecrire_la": "je vous y écris d'abord ({})",
    "peut_lire": "peut lire\u00a0: {}",
    "depuis": "depuis le {}",
    "jusque": "jusqu'au {}",
    "etat": "{}",
    "demandee_le": "demandée le {}",
    "decidee_le": "décidée le {}",
    "objet": "«\u00a0{}\u00a0»",
    "image": "image\u00a0: «\u00a0{}\u00a0»",
    "mot": "«\u00a0{}\u00a0»",
    "commence_le": "commencé le {}",
    "termine_le": "terminé le {}",
    "date_visee": "à faire d'ici le {}",
    "rappels": "{} rappels",
    "rappel_demande_pour": "rappel demandé pour le {}",
    "arrete_le": "arrêté le {}",
    "pages": "{} pages",
    "derniere_le": "la dernière le {}",
    "reponses": "{} réponses",
    "bonnes": "{} bonnes",
    "attestee_le": "attestée le {}",
    "nom": "sous le nom de {}",
    "annoncee_le": "annoncée le {}",
    "envoyee_le": "envoyée le {}",
    "ouverte_le": "ouverte le {}",
    "le": "le {}",
    "fin": "le {}",
    "expire": "le {}",
    "jour": "le {}",
}
_PLATFORMS = {"slack": "Slack", "discord": "Discord", "local": "bac à sable"}
_FACTS_WEIGHT = 2_400  # the weight left in a message for the data itself
_TITLE = "Vos renseignements personnels"
_ANONYMOUS = "Un signalement n'est lié à personne\u00a0: je ne sais pas s'il est de vous."


def my_data(office: Office, library: Library, outbox: Notices, request: Request) -> Message:  # noqa: PLR0911 — one return for each verb
    """Show, export or erase the data held about the sender, or show why it is held or the privacy notice."""
    today = office.today()
    with office.storage.transaction() as db:
        if request.text == _NOTICE:
            return notice_message(shared=team.is_shared(db))
        person = asker(db, request)
        contact = role(db, ADMINISTRATION).email
        if person is None:
            return nothing(office, contact, personal_data.outliving(db, actor_of(request)))
        if request.text == _FILE:
            return exported(personal_data.export(db, person, today), today)
        data = personal_data.held(db, person)
        if request.text == _WHY:
            return reasons(data, contact)
        duties = personal_data.duties(db, person, today)
        if request.text.partition(" ")[0] != _ERASE:
            names = {policy.id: str(policy.name) for policy in library.policies.values()}
            return shown(office, data, names, outbox.title)
        if not request.confirmed:
            return confirmation(duties)
        office.leaving(db, person)
        personal_data.erase(db, person, today, office.remember)
    with office.storage.transaction() as db:
        office.settled(db)
    office.storage.purge()
    return erased(duties)


# --- The notice -------------------------------------------------------------------------------

NOTICE = Text(
    bold("Vos renseignements personnels. "),
    "Je recueille l'identifiant de votre compte, vos rôles, votre parcours et vos demandes d'autorisation, "
    "pour faire connaître la politique et donner suite à ces demandes.\n"
    "Seules les personnes dont les fonctions l'exigent y ont accès, et je les détruis au terme de leur "
    "durée de conservation.\n"
    "Écrivez-moi «\u00a0mes données\u00a0» pour les consulter, les faire rectifier ou effacer, ou retirer "
    "votre consentement.",
)
# The line with the button that opens the notice, under someone's first answer.
NOTICE_LINE: Final = (
    Choice("Ce que je garde de vous\u00a0:", Button("Lire l'avis", f"mesdonnees {_NOTICE}")),
)


def notice(office: Office, request: Request) -> Sequence[Element]:
    """Return the button of the privacy notice if the sender has not seen its current version, else ()."""
    if request.actor is None:
        return ()
    with office.storage.transaction() as db:
        return NOTICE_LINE if personal_data.notice_due(db, request.actor) else ()


def noticed(office: Office, actors: Iterable[Actor]) -> None:
    """Record that these people have seen the notice."""
    with office.storage.transaction() as db:
        for actor in actors:
            personal_data.notice_shown(db, actor)


# --- The messages -----------------------------------------------------------------------------


def notice_message(*, shared: bool = False) -> Message:
    """Show the privacy notice. `shared`: whether the team is told how many have finished the onboarding."""
    about_the_team = [Text(TEAM_TOLD)] if shared else []
    return Message(
        NOTICE, *about_the_team, Buttons(Button("Mes renseignements", "mesdonnees"), Button("Menu", "vigie"))
    )


def nothing(office: Office, contact: str | None, outliving: Held = MappingProxyType({})) -> Message:
    """Reply that nothing is held about the sender, with the privacy notice.

    `outliving`: the facts that their account's erasure leaves (see `personal_data.outliving`).
    """
    about_reports = [f" {_ANONYMOUS}"] if office.reports else []
    else_ = " d'autre" if outliving else ""
    lasting = [Note("Cette inscription-là ne s'efface pas.")] if outliving else []
    return Message(
        Heading(_TITLE),
        *_categories(outliving, {}, str, office.calendar),
        *lasting,
        Text(f"Je ne conserve rien{else_} à votre sujet.", *about_reports),
        Note(_rights(contact)),
        Divider(),
        NOTICE,
    )


def shown(office: Office, data: Held, policies: Mapping[str, str], title: Callable[[str], str]) -> Message:
    """Show the data held, as sentences. Only the exported file has the data that does not fit.

    `policies`: the policies' names, by identifier. `title`: returns a notice's title, from its name.
    """
    return Message(
        Heading(_TITLE),
        *_categories(data, policies, title, office.calendar),
        *([Note(_ANONYMOUS)] if office.reports else []),
        Buttons(
            Button("Pourquoi, et jusqu'à quand", f"mesdonnees {_WHY}", "primary"),
            Button("Recevoir le fichier", f"mesdonnees {_FILE}"),
            Button("Effacer…", f"mesdonnees {_ERASE}", "danger"),
        ),
    )


def _categories(
    data: Held, policies: Mapping[str, str], title: Callable[[str], str], calendar: Calendar
) -> list[Element]:
    parts: list[Element] = []
    room = _FACTS_WEIGHT
    for category, facts in data.items():
        lines = [f"• {_phrase(fact, policies, title, calendar)}" for fact in facts[:8]]
        if len(facts) > len(lines):
            lines.append(f"• et {len(facts) - len(lines)} de plus, dans le fichier")
        text = "\n".join(lines)
        room -= weight(text) + weight(category.title)
        if room < 0:
            parts.append(Note("Le reste est dans le fichier."))
            break
        parts.append(Text(bold(category.title), f"\n{text}"))
    return parts


def _phrase(fact: Fact, policies: Mapping[str, str], title: Callable[[str], str], calendar: Calendar) -> str:
    """Return a fact as people read it: « PA20, version du 13 décembre 2015, commencé le 2 mai 2026 »."""
    phrases = []
    for column, plural in _PHRASES.items():
        value = fact.get(column)
        if value in {None, ""} or (column, value) == ("rappels", 0):
            continue
        text = str(value)
        if column == "plateforme":
            text = _PLATFORMS.get(text, text)
        elif column == "politique":
            text = policies.get(text, text)
        elif column == "sujet":
            text = title(text)
        elif day := _DAY.fullmatch(text):
            text = in_words(calendar.day(utc(text)) if day[2] else date.fromisoformat(text))
        phrase = plural.removesuffix("s") if value in {0, 1} else plural
        phrases.append(phrase.format(excerpt(text, 60)))
    line = ", ".join(phrases)
    return capitalized(line)


def reasons(data: Held, contact: str | None) -> Message:
    """Say why each kind of data is held and for how long, and what people may do about it."""
    lines = [
        Text(
            bold(category.title), f"\nPourquoi\u00a0: {category.purpose}. Durée\u00a0: {category.retention}."
        )
        for category in data
    ]
    return Message(
        Heading("Pourquoi, et jusqu'à quand"),
        *lines,
        Note(_rights(contact)),
        Buttons(Button("Mes renseignements", "mesdonnees")),
    )


def _rights(contact: str | None) -> str:
    address = f" ({contact})" if contact else ""
    return (
        "Pour faire rectifier un renseignement, retirer votre consentement ou porter plainte, écrivez à la "
        f"personne responsable de leur protection{address}. Vous pouvez aussi vous adresser à la Commission "
        "d'accès à l'information."
    )


def exported(content: bytes, today: date) -> Message:
    """Return a message with all the data held, as a machine-readable file."""
    return Message(
        Text("Voici ce que je conserve à votre sujet, dans un format que d'autres programmes savent lire."),
        File(f"mes-donnees-{today.isoformat()}.json", content, "Vos renseignements personnels"),
    )


def confirmation(duties: Sequence[str]) -> Message:
    """List the data to destroy and the data to keep, and ask for confirmation."""
    text = (
        "Je détruirai ce qui n'a pas à être conservé. Le reste le sera à la fin de sa durée de conservation."
        if duties
        else "Je détruirai ce que je conserve à votre sujet, messages en attente compris."
    )
    return Message(
        Heading("Effacer vos renseignements?"),
        Text(f"{text} C'est sans retour."),
        *_remaining(duties),
        Buttons(
            Button("Effacer", f"mesdonnees {_ERASE} {CONFIRMED}", "danger"), Button("Garder", "mesdonnees")
        ),
    )


def erased(duties: Sequence[str]) -> Message:
    """Confirm the erasure, and list the data that is kept."""
    part = "ce qui pouvait l'être" if duties else "tout"
    return Message(
        Text(f"C'est fait\u00a0: {part} est détruit."),
        *_remaining(duties),
        Note("Les copies de sauvegarde expirent d'elles-mêmes, et ce qui est détruit n'en revient pas."),
    )


def _remaining(duties: Sequence[str]) -> list[Text]:
    """Return the categories of data that are kept and the reasons, or [] if nothing is kept."""
    if not duties:
        return []
    lines = [
        f"• {category.title}\u00a0: {category.duty}." for category in CATEGORIES if category.id in duties
    ]
    if personal_data.keeps_accounts(duties):
        lines.append("• Vos comptes et vos messages\u00a0: ils servent à ce qui précède.")
    return [Text(bold("Ce qui reste, et pourquoi"), "\n" + "\n".join(lines))]
