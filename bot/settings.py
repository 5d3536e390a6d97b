"""From the environment to a frozen `Settings`; everything that is wrong is reported at once."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.times import Calendar

_PACKAGE = Path(__file__).resolve().parent
# The policy and its data, as shipped: read only. A wheel has them in the package, a checkout beside it.
SEED = _PACKAGE / "data" if (_PACKAGE / "data").is_dir() else _PACKAGE.parent / "data"
SANDBOX_PORT = 8787
HEALTH_PORT = 8788
HIGHEST_PORT = 65_535


class SettingsError(Exception):
    """The configuration cannot be used; each problem is one French line that says what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _problem(text: str) -> PydanticCustomError:
    return PydanticCustomError("vigie", "{text}", {"text": text})


def _starts_with(prefix: str, where: str) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        if not secret.get_secret_value().startswith(prefix):
            raise _problem(f"doit commencer par «\u00a0{prefix}\u00a0». {where}")
        return secret

    return AfterValidator(check)


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
    """Tell whether `url` is a whole address, with a host, in one of `schemes`."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read for its check alone: it raises when the port is no port
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and not any(map(str.isspace, url))


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


def _written(form: str, example: str) -> AfterValidator:
    """Check that a setting is written in a form; where it is a list, each of what commas part."""
    pattern = re.compile(form)

    def check(text: str) -> str:
        for one in listed(text):
            if not pattern.fullmatch(one):
                raise _problem(f"«\u00a0{one}\u00a0» ne convient pas. Exemple\u00a0: {example}")
        return text

    return AfterValidator(check)


def listed(text: str) -> tuple[str, ...]:
    """Return what a list of a setting's holds, between its commas."""
    return tuple(one.strip() for one in text.split(",") if one.strip())


# Their lengths are not promised, so that only what cannot be one is refused.
_SLACK_TEAM, _SNOWFLAKE = r"[ET][A-Z0-9]{1,20}", r"[1-9][0-9]{0,19}"
# How the account of a person is written after its platform and a colon.
ACCOUNT_FORMS: Mapping[str, str] = {
    "slack": rf"{_SLACK_TEAM}/[UW][A-Z0-9]{{1,20}}",
    "discord": _SNOWFLAKE,
}
TEAM_FORMS: Mapping[str, str] = {"slack": _SLACK_TEAM, "discord": _SNOWFLAKE}
# A group of people: a user group or a channel of Slack, a role of Discord.
GROUP_FORMS: Mapping[str, str] = {"slack": r"[SCG][A-Z0-9]{1,20}", "discord": _SNOWFLAKE}
_ACCOUNT = "|".join(f"{platform}:{form}" for platform, form in ACCOUNT_FORMS.items())
_CHANNEL = rf"slack/{_SLACK_TEAM}/[CG][A-Z0-9]{{1,20}}|discord/{_SNOWFLAKE}/{_SNOWFLAKE}"

Url = Annotated[str, AfterValidator(_web_address)]
Port = Annotated[int, Field(ge=1, le=HIGHEST_PORT)]


class Settings(BaseSettings):
    """Every setting, under the name of its environment variable in lower case.

    `.env.example` explains each in French; a test holds the two together.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    slack_bot_token: (
        Annotated[
            SecretStr,
            _starts_with(
                "xoxb-", "Il est à la page «\u00a0OAuth & Permissions\u00a0» de l'application Slack."
            ),
        ]
        | None
    ) = None
    slack_app_token: (
        Annotated[
            SecretStr,
            _starts_with(
                "xapp-",
                "Il est à la page «\u00a0Basic Information\u00a0», sous «\u00a0App-Level Tokens\u00a0».",
            ),
        ]
        | None
    ) = None
    slack_signing_secret: SecretStr | None = None
    slack_api_url: Url = "https://slack.com/api"
    discord_token: SecretStr | None = None
    discord_api_url: Url = "https://discord.com/api/v10"
    vigie_slack_equipe: Annotated[str, _written(_SLACK_TEAM, "T0123ABCD")] | None = None
    vigie_discord_serveur: Annotated[str, _written(_SNOWFLAKE, "123456789012345678")] | None = None
    vigie_admins: Annotated[
        str, _written(_ACCOUNT, "slack:T0123ABCD/U0123ABCD, discord:123456789012345678")
    ] = ""
    vigie_canaux_admin: Annotated[
        str, _written(_CHANNEL, "slack/T0123ABCD/C0123ABCD, discord/123456789012345678/123456789012345678")
    ] = ""
    vigie_canaux_annonces: Annotated[
        str, _written(_CHANNEL, "slack/T0123ABCD/C0123ABCD, discord/123456789012345678/123456789012345678")
    ] = ""
    vigie_revision_approbations: Annotated[int, Field(ge=1, le=2)] = 1
    vigie_discord_relais: Annotated[str, _written(_SNOWFLAKE, "123456789012345678")] = ""
    vigie_smtp: Annotated[SecretStr, AfterValidator(_smtp)] | None = None
    vigie_courriel_de: Annotated[str, AfterValidator(_sender)] | None = None
    vigie_data: Path | None = None
    vigie_db: Path | None = None
    vigie_cles: Path | None = None
    vigie_modeles: Path | None = None
    vigie_sauvegardes: Path | None = None
    vigie_sauvegardes_jours: Annotated[int, Field(ge=1, le=365)] = 30
    vigie_sante_port: Port = HEALTH_PORT
    vigie_politique: str = "pa20"
    vigie_association: str = "L'association"
    vigie_attestations_annees: Annotated[int, Field(ge=0, le=20)] = 3
    vigie_quiz_reussite: Annotated[int, Field(ge=1, le=100)] = 80
    vigie_quiz_revision: Annotated[int, Field(ge=0, le=365)] = 30
    vigie_signalement_rappel: Annotated[int, Field(ge=1, le=1_000)] = 4
    vigie_signalement_autre: Annotated[int, Field(ge=1, le=1_000)] = 24
    vigie_signalement_suppleance: Annotated[int, Field(ge=1, le=1_000)] = 72
    vigie_signalement_port: Port | None = None
    vigie_signalement_jours: Annotated[int, Field(ge=1, le=3_650)] = 90
    vigie_port: Port = SANDBOX_PORT
    vigie_slack_port: Port = 3000
    vigie_fuseau: Annotated[str, AfterValidator(_known_zone)] = "America/Toronto"
    vigie_journal: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    def today(self) -> date:
        """Return today's date where the association is."""
        return datetime.now(ZoneInfo(self.vigie_fuseau)).date()

    def calendar(self) -> Calendar:
        """Return the association's days and hours."""
        return Calendar(ZoneInfo(self.vigie_fuseau))

    def sandboxed(self) -> bool:
        """Tell whether no platform is configured, so that the sandbox opens."""
        return self.slack_bot_token is None and self.discord_token is None

    def database(self) -> Path:
        """Return where the database is; the sandbox has one of its own, so that it harms no other."""
        chosen = self.vigie_db or (self.vigie_data or Path()) / "vigie.db"
        return chosen.with_stem(f"{chosen.stem}-essai") if self.sandboxed() else chosen

    def keys(self) -> Path:
        """Return the folder of keys, which no copy holds; the sandbox has one of its own."""
        chosen = self.vigie_cles or self.database().parent / "cles"
        return chosen.parent / f"{chosen.name or 'cles'}-essai" if self.sandboxed() else chosen

    def copies(self) -> Path:
        """Return the folder of the nightly copies."""
        return self.vigie_sauvegardes or self.database().parent / "sauvegardes"

    def models(self) -> Path:
        """Return the folder of what is learnt from the banks of questions; it can be made again."""
        return self.vigie_modeles or self.database().parent / "modeles"

    def teams(self) -> dict[str, str]:
        """Return the association's own workspace and server, by platform, for those that are set."""
        own = {"slack": self.vigie_slack_equipe, "discord": self.vigie_discord_serveur}
        return {platform: team for platform, team in own.items() if team}

    def data_folders(self) -> tuple[Path, ...]:
        """Return the folders that hold policies: what is shipped, then what the association added."""
        return (SEED,) if self.vigie_data is None else (SEED, self.vigie_data)


def load(env_file: Path | None = None) -> Settings:
    """Read the environment, and `env_file` for what it does not set.

    Raises `SettingsError` with every problem found: lines that are no setting, unknown names, invalid
    values, and what does not go together. A file that cannot be read is the one problem told, since
    the others may only come from what it would have set.
    """
    written, problems = _read(env_file) if env_file else ({}, [])
    problems += _unknown_names(os.environ, ("VIGIE_",)) + _unknown_names(written, _PREFIXES)
    raw = _set(written) | _set(os.environ)
    try:
        # What is in the environment is here too, so that what is checked is what is used.
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        problems += [_in_french(detail) for detail in error.errors()]
        raise SettingsError(problems + _inconsistencies(raw)) from error
    problems += _inconsistencies(raw)
    if problems:
        raise SettingsError(problems)
    return settings


_PREFIXES = ("VIGIE_", "SLACK_", "DISCORD_")  # the names in a settings file that can only be ours


def _read(env_file: Path) -> tuple[Mapping[str, str | None], list[str]]:
    """Return what a settings file sets, and a problem for each of its lines that cannot be understood.

    It is read once, since it may be a pipe. Raises `SettingsError` when it cannot be read.
    """
    try:
        content = env_file.read_bytes()
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _unreadable(env_file, f"n'est pas en UTF-8 (ligne {line}). Enregistrez-le en UTF-8.") from error
    except FileNotFoundError as error:
        raise _unreadable(env_file, "n'existe pas.") from error
    except OSError as error:
        why = "est un dossier." if env_file.is_dir() else "ne peut pas être lu. Vérifiez ses permissions."
        raise _unreadable(env_file, why) from error
    bindings = list(parse_stream(io.StringIO(text)))
    problems = [
        f"{env_file}, ligne {binding.original.line}\u00a0: il faut un nom, le signe = et une valeur."
        for binding in bindings
        if binding.error
    ]
    understood = "".join(binding.original.string for binding in bindings if not binding.error)
    return dotenv_values(stream=io.StringIO(understood)), problems


def _unreadable(env_file: Path, why: str) -> SettingsError:
    return SettingsError([f"Le fichier de réglages «\u00a0{env_file}\u00a0» {why}"])


def _set(variables: Mapping[str, str | None]) -> dict[str, str]:
    """Return the settings among `variables`, by field name; an empty value sets nothing."""
    return {
        name.lower(): value
        for name, value in variables.items()
        if value and name.lower() in Settings.model_fields
    }


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
    """Return the setting whose name is close to `name`: what they all begin with makes no two alike."""
    own = name.removeprefix("VIGIE_")
    start = next((one for one in _PREFIXES if own.startswith(one)), "")
    rest = {one.removeprefix("VIGIE_"): one for one in known}
    rest = {key.removeprefix(start): one for key, one in rest.items() if key.startswith(start)}
    close = get_close_matches(own.removeprefix(start), rest, n=1)
    return rest[close[0]] if close else None


def _inconsistencies(raw: Mapping[str, str]) -> list[str]:
    """Return what does not go together, among values that may be invalid otherwise."""
    problems = []
    has_bot_token = "slack_bot_token" in raw
    has_other = "slack_app_token" in raw or "slack_signing_secret" in raw
    if has_bot_token and not has_other:
        problems.append(
            "SLACK_BOT_TOKEN\u00a0: il faut aussi SLACK_APP_TOKEN (mode Socket, le plus simple) "
            "ou SLACK_SIGNING_SECRET (mode HTTP)."
        )
    if has_other and not has_bot_token:
        problems.append(
            "SLACK_BOT_TOKEN\u00a0: il manque. "
            "Il est à la page «\u00a0OAuth & Permissions\u00a0» de l'application."
        )
    if ("vigie_smtp" in raw) != ("vigie_courriel_de" in raw):
        problems.append("VIGIE_SMTP et VIGIE_COURRIEL_DE vont ensemble\u00a0: réglez les deux, ou aucun.")
    if "vigie_data" in raw and not Path(raw["vigie_data"]).is_dir():
        problems.append(
            f"VIGIE_DATA\u00a0: le dossier «\u00a0{raw['vigie_data']}\u00a0» n'existe pas. Créez-le."
        )
    return problems


_TYPES: Mapping[str, str] = {
    "int_parsing": "doit être un nombre entier.",
    "greater_than_equal": "doit être au moins {ge}.",
    "less_than_equal": "doit être au plus {le}.",
    "literal_error": "doit être l'une de ces valeurs\u00a0: {expected}.",
}


def _in_french(detail: ErrorDetails) -> str:
    name = str(detail["loc"][0]).upper()
    context = detail.get("ctx", {})
    text = context.get("text") or _TYPES.get(detail["type"], "n'est pas valide.").format(**context)
    return f"{name}\u00a0: {text}"
