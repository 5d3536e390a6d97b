"""The settings, read from the environment into a frozen `Settings`, with all errors reported together."""

import os
import re
from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import PydanticCustomError

from bot import places, settings_file
from bot.settings_file import SettingsError
from bot.times import Calendar, system_clock

# The folder of the shipped policy and its data, read-only.
SEED = (places.PACKAGE if places.INSTALLED else places.PACKAGE.parent) / "data"
BOT: Final = "Vigie"  # the name that the bot gives itself, unless VIGIE_NOM says another
SANDBOX_PORT: Final = 8787
HEALTH_PORT: Final = 8788
FORM_PORT: Final = (
    8789  # of the web form, in the sandbox alone: elsewhere it opens only on a port that is set
)
HIGHEST_PORT: Final = 65_535


def _problem(text: str) -> PydanticCustomError:
    return PydanticCustomError("vigie", "{text}", {"text": text})


def _starts_with(prefix: str, where: str) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        if not secret.get_secret_value().startswith(prefix):
            raise _problem(f"doit commencer par «\u00a0{prefix}\u00a0». {where}")
        return secret

    return AfterValidator(check)


def _written(form: str, example: str) -> AfterValidator:
    """Return a validator that requires each comma-separated part to match the regular expression `form`."""
    pattern = re.compile(form)

    def check(text: str) -> str:
        for part in listed(text):
            if not pattern.fullmatch(part):
                raise _problem(f"«\u00a0{part}\u00a0» ne convient pas. Exemple\u00a0: {example}")
        return text

    return AfterValidator(check)


def listed(text: str) -> tuple[str, ...]:
    """Return the stripped, non-empty parts of a comma-separated list."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise _problem("n'est pas un fuseau horaire connu. Exemple\u00a0: America/Toronto") from error
    return name


def _web_address(url: str) -> str:
    if not is_web_address(url):
        raise _problem("doit être une adresse complète, qui commence par http:// ou https://")
    return url.rstrip("/")


def is_web_address(url: str, schemes: tuple[str, ...] = ("http", "https")) -> bool:
    """Return whether `url` is a full address, with a host and one of `schemes`."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises `ValueError` for an invalid port
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and not any(map(str.isspace, url))


def _bare_address(url: str) -> str:
    """Check an address that everyone is given: nothing in it may tell one person from another."""
    parts = urlsplit(_web_address(url))
    if parts.query or parts.fragment or parts.username:
        raise _problem(
            "doit être l'adresse nue du formulaire, sans «\u00a0?\u00a0», «\u00a0#\u00a0» ni «\u00a0@\u00a0»"
        )
    return parts.geturl()


def _ping(address: SecretStr) -> SecretStr:
    url = address.get_secret_value()
    host = (urlsplit(url).hostname or "") if is_web_address(url) else ""
    if not (is_web_address(url, ("https",)) or _is_loopback(host)):
        raise _problem("doit être une adresse https complète, ou une adresse http de cette machine")
    return address


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _smtp(address: SecretStr) -> SecretStr:
    if not is_web_address(address.get_secret_value(), ("smtp", "smtps")):
        raise _problem("doit ressembler à smtps://utilisateur:motdepasse@courriel.exemple.ca:465")
    try:
        (urlsplit(address.get_secret_value()).hostname or "").encode("idna")
    except UnicodeError as error:
        raise _problem("n'a pas un nom de serveur valable, comme courriel.exemple.ca") from error
    return address


def _sender(text: str) -> str:
    _, address = parseaddr(text)
    local, at, domain = address.rpartition("@")
    plain = len(text.splitlines()) == 1 and not any(map(str.isspace, address))
    if not (local and at and "." in domain.strip(".") and plain):
        raise _problem("doit ressembler à Vigie <vigie@exemple.ca>")
    return text


# The platforms do not guarantee the lengths of identifiers, so these patterns are loose.
_SLACK_TEAM, _SNOWFLAKE = r"[ET][A-Z0-9]{1,20}", r"[1-9][0-9]{0,19}"
# The format of a person's account, after its platform and a colon.
ACCOUNT_FORMS: Mapping[str, str] = {
    "slack": rf"{_SLACK_TEAM}/[UW][A-Z0-9]{{1,20}}",
    "discord": _SNOWFLAKE,
}
TEAM_FORMS: Mapping[str, str] = {"slack": _SLACK_TEAM, "discord": _SNOWFLAKE}
# The format of a group's identifier: a Slack user group or channel, a Discord role.
GROUP_FORMS: Mapping[str, str] = {"slack": r"[SCG][A-Z0-9]{1,20}", "discord": _SNOWFLAKE}
_ACCOUNT = "|".join(f"{platform}:{form}" for platform, form in ACCOUNT_FORMS.items())
_CHANNEL = rf"slack/{_SLACK_TEAM}/[CG][A-Z0-9]{{1,20}}|discord/{_SNOWFLAKE}/{_SNOWFLAKE}"

Url = Annotated[str, AfterValidator(_web_address)]
Port = Annotated[int, Field(ge=1, le=HIGHEST_PORT)]
Hours = Annotated[int, Field(ge=1, le=1_000)]
Snowflake = Annotated[str, _written(_SNOWFLAKE, "123456789012345678")]
Channels = Annotated[
    str, _written(_CHANNEL, "slack/T0123ABCD/C0123ABCD, discord/123456789012345678/123456789012345678")
]
Accounts = Annotated[str, _written(_ACCOUNT, "slack:T0123ABCD/U0123ABCD, discord:123456789012345678")]
BotToken = Annotated[
    SecretStr,
    _starts_with("xoxb-", "Il est à la page «\u00a0OAuth & Permissions\u00a0» de l'application Slack."),
]
_BASIC_INFORMATION = "Il est à la page «\u00a0Basic Information\u00a0», sous «\u00a0App-Level Tokens\u00a0»."


class Settings(BaseModel):
    """All the settings, each named after its environment variable in lower case.

    `.env.example` explains each one in French, and a test checks that none is missing there.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    slack_bot_token: BotToken | None = None
    slack_app_token: Annotated[SecretStr, _starts_with("xapp-", _BASIC_INFORMATION)] | None = None
    slack_signing_secret: SecretStr | None = None
    slack_api_url: Url = "https://slack.com/api"
    discord_token: SecretStr | None = None
    discord_api_url: Url = "https://discord.com/api/v10"
    vigie_slack_equipe: Annotated[str, _written(_SLACK_TEAM, "T0123ABCD")] | None = None
    vigie_discord_serveur: Snowflake | None = None
    vigie_admins: Accounts = ""
    vigie_canaux_admin: Channels = ""
    vigie_canaux_annonces: Channels = ""
    vigie_revision_approbations: Annotated[int, Field(ge=1, le=2)] = 1
    vigie_discord_relais: Snowflake = ""
    vigie_smtp: Annotated[SecretStr, AfterValidator(_smtp)] | None = None
    vigie_courriel_de: Annotated[str, AfterValidator(_sender)] | None = None
    vigie_data: Path | None = None
    vigie_db: Path | None = None
    vigie_cles: Path | None = None
    vigie_modeles: Path | None = None
    vigie_sauvegardes: Path | None = None
    vigie_sauvegardes_jours: Annotated[int, Field(ge=1, le=365)] = 30
    vigie_sante_port: Port = HEALTH_PORT
    vigie_ping: Annotated[SecretStr, AfterValidator(_ping)] | None = None
    vigie_politique: str = "pa20"
    vigie_association: str = "L'association"
    vigie_nom: Annotated[str, Field(min_length=1, max_length=32)] = BOT
    vigie_attestations_annees: Annotated[int, Field(ge=0, le=20)] = 3
    vigie_accueil_jours: Annotated[int, Field(ge=0, le=365)] = 14
    vigie_quiz_reussite: Annotated[int, Field(ge=1, le=100)] = 80
    vigie_quiz_revision: Annotated[int, Field(ge=0, le=365)] = 30
    vigie_signalement_rappel: Hours = 4
    vigie_signalement_autre: Hours = 24
    vigie_signalement_suppleance: Hours = 72
    vigie_signalement_port: Port | None = None
    vigie_signalement_adresse: Annotated[str, AfterValidator(_bare_address)] | None = None
    vigie_signalement_jours: Annotated[int, Field(ge=1, le=3_650)] = 90
    vigie_port: Port = SANDBOX_PORT
    vigie_slack_port: Port = 3000
    vigie_fuseau: Annotated[str, AfterValidator(_known_zone)] = "America/Toronto"
    vigie_journal: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    def today(self) -> date:
        """Return today's date in the association's time zone."""
        return self.calendar().day(system_clock())

    def calendar(self) -> Calendar:
        """Return the association's calendar, in its time zone."""
        return Calendar(ZoneInfo(self.vigie_fuseau))

    def sandboxed(self) -> bool:
        """Return whether no platform is configured, so that the bot runs as a sandbox."""
        return self.slack_bot_token is None and self.discord_token is None

    def database(self) -> Path:
        """Return the path of the database. The sandbox has a separate one."""
        chosen = self.vigie_db or (self.vigie_data or places.state_folder()) / "vigie.db"
        return chosen.with_stem(f"{chosen.stem}-essai") if self.sandboxed() else chosen

    def keys(self) -> Path:
        """Return the folder of the keys, which backups never include. The sandbox has its own."""
        chosen = self.vigie_cles or self.database().parent / "cles"
        return chosen.parent / f"{chosen.name or 'cles'}-essai" if self.sandboxed() else chosen

    def own_data(self) -> Path | None:
        """Return the folder where the association's own questions are written, if there is one.

        The sandbox has its own, which each start empties: what is tried there changes nothing of the
        association's.
        """
        return self.database().parent / "donnees-essai" if self.sandboxed() else self.vigie_data

    def copies(self) -> Path:
        """Return the folder of the nightly copies."""
        return self.vigie_sauvegardes or self.database().parent / "sauvegardes"

    def models(self) -> Path:
        """Return the folder of the models trained on the question banks. They can be rebuilt."""
        return self.vigie_modeles or self.database().parent / "modeles"

    def teams(self) -> dict[str, str]:
        """Return the association's configured workspace and server, by platform."""
        own = {"slack": self.vigie_slack_equipe, "discord": self.vigie_discord_serveur}
        return {platform: team for platform, team in own.items() if team}

    def data_folders(self) -> tuple[Path, ...]:
        """Return the folders of policies: the shipped one, then the association's and the sandbox's own."""
        own = dict.fromkeys([self.vigie_data, self.own_data()])
        return (SEED, *(folder for folder in own if folder is not None))


def load(env_file: Path | None = None) -> Settings:
    """Return the settings in the environment, and in `env_file` for those that the environment lacks.

    Raises `SettingsError` with every problem: malformed lines, unknown names, invalid values, and
    inconsistent settings. An unreadable file is reported alone, since it may explain the other problems.
    """
    written, problems = settings_file.read(env_file, _SECRETS) if env_file else ({}, [])
    problems += _unknown_names(os.environ, ("VIGIE_",)) + _unknown_names(written, _PREFIXES)
    raw = {
        name.lower(): value
        for name, value in (*written.items(), *os.environ.items())
        if value and name.lower() in Settings.model_fields  # an empty value sets nothing
    }
    settings = None
    try:
        # `raw` includes the environment, so that the values checked are the values used.
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        for detail in error.errors():
            context = detail.get("ctx", {})
            text = context.get("text") or _TYPES.get(detail["type"], "n'est pas valide.").format(**context)
            problems.append(f"{str(detail['loc'][0]).upper()}\u00a0: {text}")
    problems += _inconsistencies(raw)
    if settings is None or problems:
        raise SettingsError(problems)
    return settings


_SECRETS = frozenset(
    name.upper() for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)
)
_TYPES: Mapping[str, str] = {
    "int_parsing": "doit être un nombre entier.",
    "greater_than_equal": "doit être au moins {ge}.",
    "less_than_equal": "doit être au plus {le}.",
    "literal_error": "doit être l'une de ces valeurs\u00a0: {expected}.",
}
_PREFIXES = ("VIGIE_", "SLACK_", "DISCORD_")  # in a settings file, such names can only be meant for Vigie


def _unknown_names(names: Iterable[str], prefixes: tuple[str, ...]) -> list[str]:
    known = [name.upper() for name in Settings.model_fields]
    problems = []
    for name in sorted(names):
        if name.upper().startswith(prefixes) and name.upper() not in known:
            close = _closest(name.upper(), known)
            hint = f" Vouliez-vous écrire {close}?" if close else " Voyez .env.example."
            problems.append(f"{name}\u00a0: ce réglage n'existe pas.{hint}")
    return problems


def _closest(name: str, known: Iterable[str]) -> str | None:
    """Return the name in `known` that is closest to `name`, compared without prefixes, or None."""
    own = name.removeprefix("VIGIE_")
    start = next((prefix for prefix in _PREFIXES if own.startswith(prefix)), "")
    rest = {setting.removeprefix("VIGIE_"): setting for setting in known}
    rest = {key.removeprefix(start): setting for key, setting in rest.items() if key.startswith(start)}
    close = get_close_matches(own.removeprefix(start), rest, n=1)
    return rest[close[0]] if close else None


def _inconsistencies(raw: Mapping[str, str]) -> list[str]:
    """Return one French line for each inconsistency. `raw`: the settings as text, not yet checked."""
    bot_token, data = "slack_bot_token" in raw, raw.get("vigie_data")
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
    if data is not None and not Path(data).is_dir():
        problems.append(f"VIGIE_DATA\u00a0: le dossier «\u00a0{data}\u00a0» n'existe pas. Créez-le.")
    return problems
