"""From the environment to a frozen `Settings`; everything that is wrong is reported at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

SEED = Path(__file__).resolve().parent.parent / "data"  # the policy and its data, as shipped: read only
SANDBOX_PORT = 8787


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
            raise _problem(f"doit commencer par « {prefix} ». {where}")
        return secret

    return AfterValidator(check)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise _problem("n'est pas un fuseau horaire connu. Exemple\u00a0: America/Toronto") from error
    return name


def _web_address(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise _problem("doit être une adresse qui commence par http:// ou https://")
    return url.rstrip("/")


Url = Annotated[str, AfterValidator(_web_address)]
Port = Annotated[int, Field(ge=1, le=65_535)]


class Settings(BaseSettings):
    """Every setting, under the name of its environment variable in lower case.

    `.env.example` explains each in French; a test holds the two together.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    slack_bot_token: (
        Annotated[
            SecretStr,
            _starts_with("xoxb-", "Il est à la page « OAuth & Permissions » de l'application Slack."),
        ]
        | None
    ) = None
    slack_app_token: (
        Annotated[
            SecretStr,
            _starts_with("xapp-", "Il est à la page « Basic Information », sous « App-Level Tokens »."),
        ]
        | None
    ) = None
    slack_signing_secret: SecretStr | None = None
    slack_api_url: Url = "https://slack.com/api"
    discord_token: SecretStr | None = None
    discord_api_url: Url = "https://discord.com/api/v10"
    vigie_data: Path | None = None
    vigie_politique: str = "pa20"
    vigie_port: Port = SANDBOX_PORT
    vigie_slack_port: Port = 3000
    vigie_fuseau: Annotated[str, AfterValidator(_known_zone)] = "America/Toronto"
    vigie_journal: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    def today(self) -> date:
        """Return today's date where the association is."""
        return datetime.now(ZoneInfo(self.vigie_fuseau)).date()

    def data_folders(self) -> tuple[Path, ...]:
        """Return the folders that hold policies: what is shipped, then what the association added."""
        return (SEED,) if self.vigie_data is None else (SEED, self.vigie_data)


def load(env_file: Path | None = None) -> Settings:
    """Read the environment, and `env_file` for what it does not set.

    Raises `SettingsError` with every problem found, unknown `VIGIE_` names included.
    """
    problems = _unknown_names(os.environ)
    try:
        settings = Settings(_env_file=env_file)
    except ValidationError as error:
        raise SettingsError(problems + [_in_french(detail) for detail in error.errors()]) from error
    problems += _inconsistencies(settings)
    if problems:
        raise SettingsError(problems)
    return settings


def _unknown_names(names: Iterable[str]) -> list[str]:
    known = [name.upper() for name in Settings.model_fields]
    problems = []
    for name in sorted(set(names)):
        if name.startswith("VIGIE_") and name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f" Vouliez-vous écrire {close[0]}?" if close else " Voyez .env.example."
            problems.append(f"{name}\u00a0: ce réglage n'existe pas.{hint}")
    return problems


def _inconsistencies(settings: Settings) -> list[str]:
    problems = []
    if settings.slack_bot_token and not (settings.slack_app_token or settings.slack_signing_secret):
        problems.append(
            "SLACK_BOT_TOKEN\u00a0: il faut aussi SLACK_APP_TOKEN (mode Socket, le plus simple) "
            "ou SLACK_SIGNING_SECRET (mode HTTP)."
        )
    if not settings.slack_bot_token and (settings.slack_app_token or settings.slack_signing_secret):
        problems.append(
            "SLACK_BOT_TOKEN\u00a0: il manque. Il est à la page « OAuth & Permissions » de l'application."
        )
    if settings.vigie_data is not None and not settings.vigie_data.is_dir():
        problems.append(f"VIGIE_DATA\u00a0: le dossier « {settings.vigie_data} » n'existe pas. Créez-le.")
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
