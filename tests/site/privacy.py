"""What is held about people, from the categories, the tables and the constants, as pages say it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from bot.answers import memory, unanswered
from bot.backup import destroyed
from bot.commands.demande import drafts as requests
from bot.conversation import dispatcher, once_a_day
from bot.dashboard import boards
from bot.onboarding import retention as onboarding
from bot.people import persons
from bot.permissions import retention as permissions
from bot.posting import counts as checks
from bot.posting import drafts as posts
from bot.privacy import incidents, personal_data
from bot.privacy.personal_data import CATEGORIES
from bot.reports import drafts
from bot.revision import dropped_texts
from bot.schedule import inbound
from bot.settings import Settings
from bot.storage.schema.migrations import migrations
from tests.site.markdown import code, sentence, table

TABLES: Final = Path(__file__).with_name("tables.toml")
YEAR: Final = 365
INCIDENTS: Final = "confidentiality_incidents"  # in a file of its own
OWN: Final = "_sqlite_migrations"  # of sqlite-utils: which tables were made
WHO: Final = {
    "personne": "personnel",
    "scellé": "personnel, scellé",
    "masqué": "masqué",
    "aucun": "non personnel",
}
_NUMBERS: Final = {1: "un", 2: "deux", 3: "trois", 4: "quatre", 5: "cinq", 10: "dix", 24: "vingt-quatre"}


@dataclass(frozen=True, slots=True)
class Duration:
    """How long something is kept: what it is, in French, the value, and the setting that changes it."""

    what: str
    value: timedelta
    setting: str = ""


def _default(setting: str) -> int:
    return int(Settings.model_fields[setting.lower()].default)


DURATIONS: Final[Mapping[str, Duration]] = {
    "former_member": Duration(
        "Appartenance, après le départ", timedelta(days=personal_data.FORMER_MEMBER_DAYS)
    ),
    "former_holder": Duration(
        "Rôle, après qu'il a pris fin", timedelta(days=personal_data.FORMER_HOLDER_DAYS)
    ),
    "onboarding": Duration("Accueil et quiz, après le mandat", timedelta(days=onboarding.FORMER_DAYS)),
    "attestation": Duration(
        "Nom de qui a attesté, après le mandat",
        timedelta(days=YEAR * _default("VIGIE_ATTESTATIONS_ANNEES")),
        "VIGIE_ATTESTATIONS_ANNEES",
    ),
    "closed_request": Duration("Demande refusée ou annulée", timedelta(days=permissions.CLOSED_DAYS)),
    "permission": Duration(
        "Autorisation, après sa fin",
        timedelta(days=YEAR * _default("VIGIE_ATTESTATIONS_ANNEES")),
        "VIGIE_ATTESTATIONS_ANNEES",
    ),
    "sent": Duration("Message, après l'envoi", timedelta(days=personal_data.SENT_DAYS)),
    "question": Duration("Question mal répondue, sans son auteur", timedelta(days=unanswered.DAYS_KEPT)),
    "report": Duration(
        "Signalement, après avoir été clos",
        timedelta(days=_default("VIGIE_SIGNALEMENT_JOURS")),
        "VIGIE_SIGNALEMENT_JOURS",
    ),
    "copy": Duration(
        "Copie chiffrée de la nuit",
        timedelta(days=_default("VIGIE_SAUVEGARDES_JOURS")),
        "VIGIE_SAUVEGARDES_JOURS",
    ),
    "destroyed": Duration("Empreinte de ce qui a été détruit", destroyed.KEPT),
    "incident": Duration("Incident de confidentialité", timedelta(days=YEAR * incidents.YEARS_KEPT)),
    "event": Duration("Empreinte d'un événement de Slack, au moins", inbound.KEPT_FOR),
    "link_code": Duration("Code pour lier deux comptes", timedelta(minutes=persons.CODE_MINUTES)),
    "draft": Duration("Brouillon d'un signalement, en mémoire vive", drafts.KEPT),
    "dropped": Duration("Fichier déposé, pas encore proposé", timedelta(days=dropped_texts.DAYS_KEPT)),
    "typed": Duration("Formulaire refusé, en mémoire vive", dispatcher.TYPED),
    "post": Duration("Texte relu avant d'être publié, en mémoire vive", posts.KEPT),
    "request": Duration("Demande pas encore envoyée, en mémoire vive", requests.KEPT),
    "contact_code": Duration(
        "Code à donner, pour qu'on demande un consentement, en mémoire vive", requests.CODE_KEPT
    ),
    "counted": Duration(
        "Empreinte de qui a été compté dans la journée, en mémoire vive", once_a_day.REMEMBERED
    ),
    "check_count": Duration("Compte des vérifications, par mois, sans personne", checks.KEPT),
    "figures": Duration(
        "Nombres du tableau de bord, par tranches de cinq", timedelta(days=YEAR * boards.KEPT_YEARS)
    ),
    "followed": Duration("Clauses de la réponse précédente, en mémoire vive", memory.FOLLOWED),
    "judged": Duration("Réponse qu'on peut juger, en mémoire vive", memory.JUDGED),
}
# The duration behind what each category says of its retention.
BEHIND: Final[Mapping[str, str]] = {
    "roles": "former_holder",
    "appartenance": "former_member",
    "parcours": "onboarding",
    "lecture": "onboarding",
    "quiz": "onboarding",
    "attestations": "attestation",
    "demandes": "permission",
    "liaison": "link_code",
    "messages": "sent",
}


def in_words(value: timedelta) -> str:
    """Return a duration as it is read: « deux ans », « 90 jours », « dix minutes »."""
    units = (("an", timedelta(days=YEAR)), ("jour", timedelta(days=1)), ("heure", timedelta(hours=1)))
    for unit, length in (*units, ("minute", timedelta(minutes=1))):
        count, rest = divmod(value, length)
        if count and not rest:
            written = "une" if count == 1 and unit in {"heure", "minute"} else _NUMBERS.get(count, str(count))
            return f"{written} {unit}{'s' if count > 1 else ''}"
    raise ValueError(value)


def notice() -> str:
    """Return what is held about a person, why and for how long, as `/vigie mesdonnees` says it."""
    rows = [
        (category.title, sentence(category.purpose), sentence(category.retention)) for category in CATEGORIES
    ]
    return table(("Ce qui est gardé", "Pourquoi", "Combien de temps"), rows)


def duties() -> str:
    """Return what an erasure leaves, and why."""
    return "\n".join(f"- {category.title} : {category.duty}." for category in CATEGORIES if category.duty)


def described() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Return what is written of each table, by subject and by its name."""
    tables: dict[str, Any] = tomllib.loads(TABLES.read_text("utf-8"))
    return tables


def columns() -> Mapping[str, tuple[str, ...]]:
    """Return the columns of each table, by its name: those of a new database, and of the incidents' file."""
    db = Database(memory=True)
    migrations.apply(db)
    own = {name: tuple(db.table(name).columns_dict) for name in db.table_names() if name != OWN}
    return {**own, INCIDENTS: ("id", *incidents.LABELS)}


def tables() -> str:
    """Return every table: what it holds, whether that is personal, for how long, and its columns."""
    words = {name: in_words(duration.value) for name, duration in DURATIONS.items()}
    real = columns()
    parts: list[str] = []
    for subject, written in described().items():
        rows = [
            (
                f"{sentence(written[name]['holds'])}\n<small>{code(name)} : {', '.join(real[name])}</small>",
                sentence(WHO[written[name]["who"]]),
                sentence(written[name]["kept"].format(**words)),
            )
            for name in written
        ]
        parts += [f"### {subject}", table(("Ce qui est gardé", "Nature", "Combien de temps"), rows)]
    return "\n\n".join(parts)


def durations() -> str:
    """Return every duration, as the program has it."""
    rows = [
        (each.what, in_words(each.value), code(each.setting) if each.setting else "")
        for each in DURATIONS.values()
    ]
    return table(("Renseignement", "Durée", "Réglage qui la change"), rows)
