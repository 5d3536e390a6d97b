"""The settings, read from the environment into a frozen `Settings`, with all errors reported together."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from bot.configuration import paths, places, profile, settings_file, values
from bot.configuration.profile import Profile
from bot.configuration.settings_file import SettingsError
from bot.configuration.values import listed
from bot.times import Calendar, system_clock

SEED: Final = profile.SEED  # the folder of the shipped policy and its data, read-only
BOT: Final = "Vigie"  # the program's name, which the shipped profile gives the bot too
UNNAMED: Final = "L'association"  # the association's name when neither a profile nor a setting gives one
SANDBOX_PORT: Final = 8787
HEALTH_PORT: Final = 8788
FORM_PORT: Final = 8789  # the web form's port in the sandbox; elsewhere it opens only on a port that is set


ASSOCIATION_LENGTH: Final = 80  # maximum characters of an association's name: a line of a receipt


class Settings(BaseModel):
    """All the settings, each named after its environment variable in lower case.

    `.env.example` explains each setting in French, and a test checks that none is missing there.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    slack_bot_token: values.SlackBotToken | None = None
    slack_app_token: values.SlackAppToken | None = None
    slack_signing_secret: values.SigningSecret | None = None
    slack_api_url: values.ApiUrl = "https://slack.com/api"
    discord_token: values.DiscordToken | None = None
    discord_api_url: values.ApiUrl = "https://discord.com/api/v10"
    vigie_slack_equipe: values.Team | None = None
    vigie_discord_serveur: values.Server | None = None
    vigie_admins: values.Accounts = ""
    vigie_canaux_admin: values.Channels = ""
    vigie_canaux_annonces: values.Channels = ""
    vigie_demandes: values.Deciders = ""
    vigie_revision_approbations: Annotated[int, Field(ge=1, le=2)] = 1
    vigie_discord_relais: values.Snowflakes = ""
    vigie_smtp: values.Smtp | None = None
    vigie_courriel_de: values.Sender | None = None
    vigie_data: values.OwnPath | None = None
    vigie_db: values.OwnPath | None = None
    vigie_cles: values.OwnPath | None = None
    vigie_modeles: values.OwnPath | None = None
    vigie_sauvegardes: values.OwnPath | None = None
    vigie_sauvegardes_jours: Annotated[int, Field(ge=1, le=365)] = 30
    vigie_sante_port: values.Port = HEALTH_PORT
    vigie_ping: values.PingUrl | None = None
    vigie_redacteur: values.ModelUrl | None = None
    vigie_redacteur_cle: SecretStr | None = None
    vigie_politique: str | None = None
    vigie_source: values.Source | None = None
    vigie_association: Annotated[values.Name, Field(max_length=ASSOCIATION_LENGTH)] | None = None
    vigie_nom: Annotated[values.Name, Field(max_length=profile.NAME_LENGTH)] | None = None
    vigie_attestations_annees: Annotated[int, Field(ge=0, le=20)] = 3
    vigie_accueil_jours: Annotated[int, Field(ge=0, le=365)] = 14
    vigie_quiz_reussite: Annotated[int, Field(ge=1, le=100)] = 80
    vigie_quiz_revision: Annotated[int, Field(ge=0, le=365)] = 30
    vigie_signalement_rappel: values.Hours = 4
    vigie_signalement_autre: values.Hours = 24
    vigie_signalement_suppleance: values.Hours = 72
    vigie_signalement_port: values.Port | None = None
    vigie_signalement_adresse: values.FormUrl | None = None
    vigie_signalement_jours: Annotated[int, Field(ge=1, le=3_650)] = 90
    vigie_rapport_roles: str = ""
    vigie_adresse_site: values.PublicUrl | None = None
    vigie_site: values.OwnPath | None = None
    vigie_site_port: values.Port | None = None
    vigie_port: values.Port = SANDBOX_PORT
    vigie_slack_port: values.Port = 3000
    vigie_annee: Annotated[int, Field(ge=1, le=12)] = 9
    vigie_fuseau: values.Zone = "America/Toronto"
    vigie_journal: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    def today(self) -> date:
        """Return today's date in the association's time zone."""
        return self.calendar().day(system_clock())

    def calendar(self) -> Calendar:
        """Return the association's calendar, in its time zone."""
        return Calendar(ZoneInfo(self.vigie_fuseau), holidays=self.profile.holidays)

    @cached_property
    def profile(self) -> Profile:
        """The association's profile, with the values that settings override.

        Raises `SettingsError`, with one French line for each mistake in the file.
        """
        loaded = profile.load_profile(self.data_folders())
        policy = self.vigie_politique or loaded.policy
        # The shipped profile names the association of the shipped policy, which is wrong for another policy.
        is_own = loaded.source.parent != SEED or policy == loaded.policy
        association = self.vigie_association or (loaded.association if is_own else UNNAMED)
        reports = loaded.reports if is_own or not loaded.reports else replace(loaded.reports, clause="")
        return replace(
            loaded,
            bot=self.vigie_nom or loaded.bot,
            association=association,
            policy=policy,
            reports=reports,
        )

    def unnamed(self) -> str:
        """Return what to do when the association has no name, "" when it has one."""
        if self.profile.association.strip().replace("’", "'") != UNNAMED:
            return ""
        return (
            f"l'association n'a pas de nom\u00a0: un reçu dirait «\u00a0{UNNAMED}\u00a0». Écrivez-le dans "
            f"{profile.FILE} (association), ou réglez VIGIE_ASSOCIATION."
        )

    def sandboxed(self) -> bool:
        """Return whether no platform is configured, so that the bot runs as a sandbox."""
        return self.slack_bot_token is None and self.discord_token is None

    def database(self) -> Path:
        """Return the path of the database. The sandbox has its own database."""
        chosen = self.real_database()
        return chosen.with_stem(f"{chosen.stem}-essai") if self.sandboxed() else chosen

    def real_database(self) -> Path:
        """Return the path of the association's database, which a sandbox never opens."""
        return self.vigie_db or (self.vigie_data or places.state_folder()) / "vigie.db"

    def keys(self) -> Path:
        """Return the folder of the keys, which backups never include. The sandbox has its own folder."""
        chosen = self.vigie_cles or self.database().parent / "cles"
        return chosen.parent / f"{chosen.name or 'cles'}-essai" if self.sandboxed() else chosen

    def own_data(self) -> Path | None:
        """Return the folder where the association's own question banks are written, if there is one.

        The sandbox has its own folder, emptied at each start, so that trials do not change the association's
        questions.
        """
        return self.database().parent / "donnees-essai" if self.sandboxed() else self.vigie_data

    def copies(self) -> Path:
        """Return the folder of the nightly copies."""
        return self.vigie_sauvegardes or self.database().parent / "sauvegardes"

    def site(self) -> Path | None:
        """Return the folder where the bot publishes the public site, None when it publishes none.

        A site that is served on a port but has no folder of its own goes beside the database.
        """
        return self.vigie_site or (self.database().parent / "site" if self.vigie_site_port else None)

    def ports(self) -> dict[str, int]:
        """Return the ports that the bot opens, by the name of their setting."""
        ports = {
            "VIGIE_SANTE_PORT": self.vigie_sante_port,
            "VIGIE_SIGNALEMENT_PORT": self.vigie_signalement_port,
            "VIGIE_SITE_PORT": self.vigie_site_port,
            "VIGIE_SLACK_PORT": self.vigie_slack_port if self.slack_signing_secret else None,
            "VIGIE_PORT": self.vigie_port if self.sandboxed() else None,
        }
        return {name: port for name, port in ports.items() if port is not None}

    def models(self) -> Path:
        """Return the folder of the models trained on the question banks. They can be rebuilt."""
        return self.vigie_modeles or self.database().parent / "modeles"

    def connected(self) -> tuple[str, ...]:
        """Return the chat platforms that have a token."""
        tokens = {"slack": self.slack_bot_token, "discord": self.discord_token}
        return tuple(name for name, token in tokens.items() if token)

    def teams(self) -> dict[str, str]:
        """Return the association's configured workspace and server, by platform."""
        teams = {"slack": self.vigie_slack_equipe, "discord": self.vigie_discord_serveur}
        return {platform: team for platform, team in teams.items() if team}

    def monthly_report_roles(self) -> tuple[str, ...]:
        """Return the ids of the roles that receive the monthly report, each once, in the setting's order."""
        return tuple(dict.fromkeys(listed(self.vigie_rapport_roles)))

    def deciders(self) -> Mapping[str, str]:
        """Return the roles that decide on requests for permission when the policy names none, by kind."""
        return dict(part.split("=", 1) for part in listed(self.vigie_demandes))

    def data_folders(self) -> tuple[Path, ...]:
        """Return the folders of policies: the shipped one, then the association's and the sandbox's own."""
        added = dict.fromkeys([self.vigie_data, self.own_data()])
        return (SEED, *(folder for folder in added if folder is not None))


def load(env_file: Path | None = None) -> Settings:
    """Return the settings in the environment, and in `env_file` for those that the environment lacks.

    Raises `SettingsError` with every problem: malformed lines, unknown names, invalid values, and settings
    that contradict each other. An unreadable file is reported alone, since it may explain the other problems.
    """
    names = [name.upper() for name in Settings.model_fields]
    from_file, problems = settings_file.read(env_file, _SECRETS) if env_file else ({}, [])
    problems += settings_file.unknown_names(os.environ, names, ("VIGIE_",))
    problems += settings_file.unknown_names(from_file, names)
    raw = {
        name.lower(): value
        for name, value in (*from_file.items(), *os.environ.items())
        if value and name.lower() in Settings.model_fields  # an empty value counts as no value
    }
    mistyped = {name: problem for name, value in raw.items() if (problem := values.typing_problem(value))}
    problems += [f"{name.upper()}\u00a0: {problem}" for name, problem in mistyped.items()]
    valid = {name: value for name, value in raw.items() if name not in mistyped}
    settings, refused = None, set(mistyped)
    try:
        # `raw` includes the environment: the values checked are the values used.
        settings = Settings.model_validate(valid)
    except ValidationError as error:
        for detail in error.errors():
            name = str(detail["loc"][0])
            refused.add(name)
            problems.append(f"{name.upper()}\u00a0: {_explained(detail)}")
    problems += _inconsistencies(raw)
    accepted = {name: value for name, value in raw.items() if name not in refused}
    problems += [*paths.misplaced(accepted, env_file), *paths.openable(accepted)]
    if settings is not None:
        problems += _contradictions(settings)
        problems += _published(settings)
        if not problems:  # otherwise a wrong folder would be reported twice
            try:
                problems += _unknown_roles(settings)
            except SettingsError as error:
                problems += error.problems
    if settings is None or problems:
        raise SettingsError(problems)
    return settings


_SECRETS = frozenset(
    name.upper() for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)
)
_TYPES: Mapping[str, str] = {
    "int_parsing": "doit être un nombre entier, comme {example}.",
    "int_parsing_size": "doit être un nombre entier, comme {example}.",
    "int_from_float": "doit être un nombre entier, comme {example}.",
    "greater_than_equal": "doit être au moins {ge}.",
    "less_than_equal": "doit être au plus {le}.",
    "literal_error": "doit être l'une de ces valeurs\u00a0: {expected}.",
    "too_long": "doit avoir au plus {max_length} caractères. Raccourcissez-le.",
}


def _explained(detail: ErrorDetails) -> str:
    """Return what is wrong with a value, and what to write."""
    context = detail.get("ctx", {})
    if detail["type"] == "literal_error":
        expected = str(context["expected"]).replace("'", "").replace(" or ", " ou ")
        close = get_close_matches(str(detail["input"]).upper(), re.findall("[A-Z]+", expected), n=1)
        hint = f" Vouliez-vous écrire {close[0]}?" if close else ""
        return _TYPES["literal_error"].format(expected=expected) + hint
    example = Settings.model_fields[str(detail["loc"][0])].default or FORM_PORT
    return str(context.get("text") or _TYPES[detail["type"]].format(example=example, **context))


def _inconsistencies(raw: Mapping[str, str]) -> list[str]:
    """Return one French line for each contradiction in `raw`, the settings as text, not yet validated."""
    bot_token = "slack_bot_token" in raw
    other_slack = "slack_app_token" in raw or "slack_signing_secret" in raw
    page = "Il est à la page «\u00a0OAuth & Permissions\u00a0» de l'application."
    needed = "SLACK_APP_TOKEN (mode Socket, le plus simple) ou SLACK_SIGNING_SECRET (mode HTTP)"
    problems = []
    if bot_token and not other_slack:
        problems.append(f"SLACK_BOT_TOKEN\u00a0: il faut aussi {needed}.")
    if other_slack and not bot_token:
        problems.append(f"SLACK_BOT_TOKEN\u00a0: il manque. {page}")
    if ("vigie_smtp" in raw) != ("vigie_courriel_de" in raw):
        problems.append("VIGIE_SMTP et VIGIE_COURRIEL_DE vont ensemble\u00a0: réglez les deux, ou aucun.")
    if "vigie_redacteur_cle" in raw and "vigie_redacteur" not in raw:
        problems.append("VIGIE_REDACTEUR\u00a0: il manque. Réglez-le, ou enlevez VIGIE_REDACTEUR_CLE.")
    return problems


def _contradictions(settings: Settings) -> Iterator[str]:
    """Yield one French line for each valid setting that contradicts another one, or this machine."""
    for (name, port), (other, same) in combinations(settings.ports().items(), 2):
        if port == same:
            yield f"{name} et {other} sont le même port, {port}. Donnez-en un autre à l'un des deux."
    teams = settings.teams()
    named = {
        "VIGIE_ADMINS": [account.replace(":", "/") for account in listed(settings.vigie_admins)],
        "VIGIE_CANAUX_ADMIN": listed(settings.vigie_canaux_admin),
        "VIGIE_CANAUX_ANNONCES": listed(settings.vigie_canaux_annonces),
    }
    for name, places_named in named.items():
        for place in places_named:
            platform, team, *rest = place.split("/")
            if rest and teams.get(platform, team) != team:
                setting = "VIGIE_SLACK_EQUIPE" if platform == "slack" else "VIGIE_DISCORD_SERVEUR"
                where = f"n'est pas de {setting} ({teams[platform]})"
                yield f"{name}\u00a0: «\u00a0{place}\u00a0» {where}. Corrigez l'un ou l'autre."
    hours = [
        settings.vigie_signalement_rappel,
        settings.vigie_signalement_autre,
        settings.vigie_signalement_suppleance,
    ]
    if hours != sorted(hours):
        yield (
            "VIGIE_SIGNALEMENT_RAPPEL, VIGIE_SIGNALEMENT_AUTRE et VIGIE_SIGNALEMENT_SUPPLEANCE doivent aller "
            f"en croissant, comme 4, 24 et 72; ici {hours[0]}, {hours[1]} et {hours[2]}."
        )


def _unknown_roles(settings: Settings) -> Iterator[str]:
    """Yield one French line for each role that a setting names and that the profile lacks.

    Raises `SettingsError` for the mistakes of the profile.
    """
    role_ids = [role.id for role in settings.profile.roles]
    named = [("VIGIE_RAPPORT_ROLES", role) for role in settings.monthly_report_roles()]
    named += [(f"VIGIE_DEMANDES, {kind}", role) for kind, role in settings.deciders().items()]
    for where, role in named:
        if role not in role_ids:
            close = get_close_matches(role.lower(), role_ids, n=1)
            listing = f"Écrivez l'un de ceux du profil\u00a0: {', '.join(role_ids)}."
            hint = f"Vouliez-vous écrire {close[0]}?" if close else listing
            if len(several := re.split(r"[;\s]+", role)) > 1 and set(several) <= set(role_ids):
                hint = "Séparez par des virgules."
            yield f"{where}\u00a0: aucun rôle n'a l'identifiant «\u00a0{role[:40]}\u00a0». {hint}"


def _published(settings: Settings) -> Iterator[str]:
    """Yield a French line if the public site's folder contains private files or is inside their folder."""
    site = settings.vigie_site.resolve() if settings.vigie_site else None
    private = {"VIGIE_CLES": settings.vigie_cles or settings.keys(), "VIGIE_SAUVEGARDES": settings.copies()}
    kept_places = {"VIGIE_DB": settings.real_database(), **private, "VIGIE_DATA": settings.vigie_data}
    for name, path in kept_places.items():
        place = path.resolve() if site and path else None
        if site is None or place is None:
            continue
        where = "contient" if place.is_relative_to(site) else ""
        if name in private and site.is_relative_to(place):
            where = "est dans"
        if where:
            only = "Donnez-lui un dossier qui ne serve qu'à lui."
            yield f"VIGIE_SITE {where} {name} ({path})\u00a0: ce dossier est public. {only}"
            return
