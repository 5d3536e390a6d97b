"""The types of settings, with their checks. Each refusal is one French line that says what to do."""

import os
import re
import string
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

HIGHEST_PORT: Final = 65_535
_SMTPS_PORT: Final = 465  # TLS from the first byte (RFC 8314); ports 587 and 25 begin without encryption
_TEAM_EXAMPLE, _SNOWFLAKE_EXAMPLE = "T0123ABCD", "123456789012345678"
_CHANNELS_EXAMPLE = "slack/T0123ABCD/C0123ABCD, discord/123456789012345678/123456789012345678"
_ACCOUNTS_EXAMPLE = "slack:T0123ABCD/U0123ABCD, discord:123456789012345678"
_DECIDERS_EXAMPLE = "logo=administration, parole=administration"
_SMTP_EXAMPLE = "smtps://utilisateur:motdepasse@courriel.exemple.ca:465"
_SIGNS: Final = {" ": "une espace"}  # names of invisible characters
_QUOTES: Final = "“”„«»‘’"  # quotation marks that a word processor puts in


def _problem(text: str) -> PydanticCustomError:
    return PydanticCustomError("vigie", "{text}", {"text": text})


def listed(text: str) -> tuple[str, ...]:
    """Return the stripped, non-empty parts of a comma-separated list."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def typing_problem(value: str) -> str:
    """Return a French line about how a value was typed, "" if nothing is wrong.

    These mistakes are possible in any setting: extra quotation marks or signs, or an example left as it was.
    """
    if value[0] in _QUOTES or value[-1] in _QUOTES:
        return "enlevez les guillemets typographiques\u00a0: seuls \" et ' entourent une valeur."
    if value[0] == "=":
        return "un seul signe = suffit. Enlevez l'autre."
    if value[0] in "\"'" and value[0] == value[-1]:
        return "il y a deux paires de guillemets. Enlevez-en une."
    example = next((part for part in listed(value) if part in _EXAMPLES), "")
    return f"«\u00a0{example}\u00a0» est l'exemple. Mettez le vôtre." if example else ""


# The sample values in .env.example.
_EXAMPLES = {
    part
    for example in (_TEAM_EXAMPLE, _SNOWFLAKE_EXAMPLE, _CHANNELS_EXAMPLE, _ACCOUNTS_EXAMPLE, _SMTP_EXAMPLE)
    for part in listed(example)
}

# The setting of each kind of token, by the token's prefix.
_TOKENS: Mapping[str, str] = {"xoxb-": "SLACK_BOT_TOKEN", "xapp-": "SLACK_APP_TOKEN"}
_DISCORD_TOKEN = re.compile(r"[\w-]{20,}\.[\w-]{6,}\.[\w-]{20,}")
_NOT_DISCORDS = re.compile(r"\d{15,}|[0-9a-f]{64}|[\w-]{32}")  # an application's id, key or secret
# The other values shown beside Slack's signing secret: two identifiers, and an older kind of token.
_NOT_SIGNING = re.compile(r"\d+\.\d+|A[A-Z0-9]{8,12}|[A-Za-z0-9]{24}")
_CREDENTIALS = "Il est à la page «\u00a0Basic Information\u00a0», sous «\u00a0App Credentials\u00a0»."
_APP_LEVEL = "Il est à la page «\u00a0Basic Information\u00a0», sous «\u00a0App-Level Tokens\u00a0»."
_PERMISSIONS = "Il est à la page «\u00a0OAuth & Permissions\u00a0» de l'application Slack."
_BOT_PAGE = "Il est à la page «\u00a0Bot\u00a0» de l'application Discord."


def is_cut(token: str, prefix: str = "") -> bool:
    """Return whether a token stops right after its prefix, or has a character that no token has."""
    rest = token.removeprefix(prefix or next(filter(token.startswith, _TOKENS), ""))
    return re.fullmatch(r"[A-Za-z0-9_.-]+", rest) is None


def _token(setting: str, where: str, prefix: str = "") -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        value = secret.get_secret_value()
        kind = next((name for start, name in _TOKENS.items() if value.startswith(start)), "")
        if not kind and _DISCORD_TOKEN.fullmatch(value):
            kind = "DISCORD_TOKEN"
        if kind and kind != setting:
            raise _problem(f"c'est un autre jeton. Mettez-le à {kind}. {where.replace('Il', 'Celui-ci', 1)}")
        if not value.startswith(prefix):
            raise _problem(f"doit commencer par «\u00a0{prefix}\u00a0». {where}")
        if setting == "DISCORD_TOKEN" and value.lower().startswith("bot "):
            raise _problem("écrivez-le sans le mot «\u00a0Bot\u00a0».")
        if setting == "DISCORD_TOKEN" and _NOT_DISCORDS.fullmatch(value):
            raise _problem(
                f"c'est l'identifiant, la clé ou le secret de l'application. Mettez le jeton. {where}"
            )
        if setting == "SLACK_SIGNING_SECRET" and _NOT_SIGNING.fullmatch(value):
            other = "c'est un identifiant de l'application, ou son jeton de vérification."
            raise _problem(f"{other} Mettez le «\u00a0Signing Secret\u00a0». {where}")
        if is_cut(value, prefix):
            raise _problem(f"est incomplet, ou contient un signe de trop. Copiez-le de nouveau. {where}")
        return secret

    return AfterValidator(check)


def _one_identifier(form: str, example: str) -> AfterValidator:
    """Return a validator that accepts one identifier, which must match the regular expression `form`."""

    def check(text: str) -> str:
        if not re.fullmatch(form, text):
            alone = "Il en faut un seul. " if re.search(r"[,;\s]", text) else ""
            raise _problem(f"«\u00a0{text}\u00a0» ne convient pas. {alone}Exemple\u00a0: {example}")
        return text

    return AfterValidator(check)


def _written(form: str, example: str) -> AfterValidator:
    """Return a validator that accepts a comma-separated list, each part of which must match `form`."""
    pattern = re.compile(form)

    def check(text: str) -> str:
        for part in listed(text):
            if not pattern.fullmatch(part):
                advice = "Séparez par des virgules. " if re.search(r"[;\s]", part) else ""
                if pattern.fullmatch(re.sub(r"\s*([:=/])\s*", r"\1", part)):
                    advice = "Enlevez les espaces. "
                raise _problem(f"«\u00a0{part}\u00a0» ne convient pas. {advice}Exemple\u00a0: {example}")
        return text

    return AfterValidator(check)


def _deciders(text: str) -> str:
    kinds = [part.partition("=")[0] for part in listed(text)]
    if twice := next((kind for kind in kinds if kinds.count(kind) > 1), ""):
        raise _problem(f"«\u00a0{twice}\u00a0» y est deux fois. Gardez un seul rôle pour chaque demande.")
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        close = _closest_zone(name)
        advice = f"Vouliez-vous écrire {close}?" if close else "Exemple\u00a0: America/Toronto"
        raise _problem(f"n'est pas un fuseau horaire connu. {advice}") from error
    if name.startswith("Etc/") or ("/" not in name and name != "UTC"):
        raise _problem("n'est pas le nom d'un lieu, qui dit l'heure d'été. Exemple\u00a0: America/Toronto")
    return name


def _closest_zone(name: str) -> str | None:
    """Return the time zone of the city whose name is closest to `name`, if any."""
    zones = (zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    cities = {zone.rpartition("/")[2].lower(): zone for zone in zones}
    bare = "".join(
        letter for letter in unicodedata.normalize("NFD", name) if not unicodedata.combining(letter)
    )
    city = bare.rpartition("/")[2].strip().lower().replace(" ", "_")
    close = get_close_matches(city, cities, n=1, cutoff=0.87)
    return cities[close[0]] if close else None


def _web_address(url: str) -> str:
    if not is_web_address(url):
        raise _problem("doit être une adresse complète, qui commence par http:// ou https://")
    return url.rstrip("/")


def is_web_address(url: str, schemes: tuple[str, ...] = ("http", "https")) -> bool:
    """Return whether `url` is a full address, with a host and one of `schemes`."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises `ValueError` for an invalid port
        (parts.hostname or "").encode("idna")  # raises a `UnicodeError` for an invalid host name
    except ValueError:
        return False
    # « <votre-code> » is a placeholder from the instructions.
    return parts.scheme in schemes and bool(parts.hostname) and not re.search(r"[\s<>]", url)


def _public_address(url: str) -> str:
    """Check an address that everyone gets. Nothing in it may identify a person."""
    parts = urlsplit(_web_address(url))
    if parts.query or parts.fragment or parts.username:
        raise _problem("doit être une adresse nue, sans «\u00a0?\u00a0», «\u00a0#\u00a0» ni «\u00a0@\u00a0»")
    if _is_local(parts.hostname or "") or parts.hostname in {"0.0.0.0", "::"}:  # noqa: S104 — which is refused
        raise _problem("mène à la machine de qui la lit. Donnez l'adresse publique.")
    return parts.geturl()


def _api_address(url: str) -> str:
    """Check an address that receives a token. The connection must be encrypted."""
    url = _web_address(url)
    if not (is_web_address(url, ("https",)) or _is_local(urlsplit(url).hostname or "")):
        raise _problem("doit être une adresse https complète, ou une adresse http de cette machine")
    return url


def _form_address(url: str) -> str:
    """Check the address of the form for reports. The connection must be encrypted."""
    parts = urlsplit(_public_address(url))
    if parts.scheme != "https" and not (parts.hostname or "").endswith(".onion"):
        raise _problem("les signalements y passeraient en clair. Donnez une adresse https://")
    return parts.geturl()


def _source(text: str) -> str:
    if "://" not in text:
        if re.match(r"[\w-]+(\.[\w-]+)+/", text) and not Path(text).exists():
            raise _problem("écrivez une adresse avec son https://, ou le chemin entier d'un dossier.")
        return str(_path(text))
    if urlsplit(_web_address(text)).username:
        raise _problem("enlevez le nom et le mot de passe, avant «\u00a0@\u00a0».")
    return text


def _ping(secret: SecretStr) -> SecretStr:
    url = secret.get_secret_value()
    host = (urlsplit(url).hostname or "") if is_web_address(url) else ""
    if not (is_web_address(url, ("https",)) or _is_local(host)):
        raise _problem("doit être une adresse https complète, ou une adresse http de cette machine")
    # the address of the monitor's Web page, or a truncated address
    if re.match(r"https://(healthchecks\.io/|hc-ping\.com/?$)", url):
        raise _problem(
            "n'est pas l'adresse à joindre. Copiez celle qui est sous «\u00a0How to Ping\u00a0», comme "
            "https://hc-ping.com/01234567-89ab-cdef-0123-456789abcdef"
        )
    return secret


def _model(url: str) -> str:
    host = (urlsplit(url).hostname or "") if is_web_address(url) else ""
    if not (is_web_address(url, ("https",)) or _is_local(host)):
        raise _problem("doit être une adresse https complète, ou une adresse http de cette machine")
    if urlsplit(url).username:
        raise _problem("ne doit pas avoir de clé avant «\u00a0@\u00a0». Mettez-la à VIGIE_REDACTEUR_CLE")
    return url


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _smtp(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    _, _, rest = text.partition("://")
    person, _, _ = rest.rpartition("@")
    misread = [sign for sign in "#/? " if sign in person]
    misread += ["%"] if re.search(r"%(?![0-9A-Fa-f]{2})", person) else []
    if misread:
        misread += ["@"] if "@" in person.partition(":")[2] else []
        codes = ", ".join(f"%{ord(sign):02X} pour {_SIGNS.get(sign, sign)}" for sign in misread)
        raise _problem(f"dans le nom et le mot de passe, écrivez {codes}.")
    example = _problem(f"doit ressembler à {_SMTP_EXAMPLE}")
    try:
        parts = urlsplit(text)
        (parts.hostname or "").encode("idna")
    except UnicodeError as error:
        raise _problem("n'a pas un nom de serveur valable, comme courriel.exemple.ca") from error
    except ValueError as error:
        raise example from error
    if not is_web_address(text, ("smtp", "smtps")):
        raise example
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise _problem(f"ne doit avoir rien après le port, comme {_SMTP_EXAMPLE}")
    if parts.port is not None and (parts.port == _SMTPS_PORT) != (parts.scheme == "smtps"):
        standard = {_SMTPS_PORT, 587, 25}
        if parts.port in standard:
            raise _problem("smtps:// va avec le port 465, smtp:// avec 587 ou 25. Changez l'un ou l'autre.")
    if parts.username and parts.password is None:
        raise _problem(f"il y manque le mot de passe, comme dans {_SMTP_EXAMPLE}")
    if parts.password and not parts.username:
        raise _problem(f"il y manque le nom d'utilisateur, comme dans {_SMTP_EXAMPLE}")
    return secret


def _sender(text: str) -> str:
    match = re.fullmatch(r'(?:(?:"[^"]*"|[^<>",;:@]*)<(?P<named>[^<>]+)>|(?P<bare>[^<>]+))', text)
    address = (match["named"] or match["bare"]).strip() if match else ""
    if len(re.findall("@", address)) > 1 and re.search("[,;]", address):
        raise _problem("il en faut une seule. Exemple\u00a0: Vigie <vigie@exemple.ca>")
    local, at, domain = address.rpartition("@")
    plain = len(text.splitlines()) == 1 and local.isascii() and not re.search(r"[\s,;:]", address)
    if not (local and at and "." in domain.strip(".") and plain):
        raise _problem("doit ressembler à Vigie <vigie@exemple.ca>")
    return text


def _one_line(text: str) -> str:
    if not text.strip():
        raise _problem("ne peut pas être vide. Enlevez la ligne, ou écrivez un nom.")
    if "${" in text:
        raise _problem("une variable n'est pas comprise ici. Écrivez le nom au complet.")
    if not text.isprintable():
        raise _problem("doit tenir sur une ligne, sans signe invisible. Tapez-le de nouveau.")
    return text


def _path(value: object) -> object:
    """Refuse a path that only a shell or another system understands."""
    text = str(value)
    if text.startswith("~"):
        raise _problem(f"le signe ~ n'est pas compris ici. Écrivez {os.path.expanduser(text)}")  # noqa: PTH111 — it never fails
    if "$" in text or re.search(r"%\w+%", text):
        raise _problem("une variable n'est pas comprise ici. Écrivez le chemin au complet.")
    if "\\" in text or (text[1:2] == ":" and text[0] in string.ascii_letters):
        raise _problem("c'est un chemin de Windows. Écrivez-le comme ici, avec des /.")
    if ":" in text.partition("/")[0]:  # « file:///… », « s3://… », « :memory: »
        raise _problem("n'est pas un chemin de cette machine. Donnez-en un, comme /var/lib/vigie")
    return value


# The platforms do not document the lengths of identifiers, so these patterns are loose.
_SLACK_TEAM, _SNOWFLAKE = r"[ET][A-Z0-9]{1,20}", r"[1-9][0-9]{0,19}"
# The format of a person's account, after the platform's name and a colon.
ACCOUNT_FORMS: Mapping[str, str] = {
    "slack": rf"{_SLACK_TEAM}/[UW][A-Z0-9]{{1,20}}",
    "discord": _SNOWFLAKE,
}
TEAM_FORMS: Mapping[str, str] = {"slack": _SLACK_TEAM, "discord": _SNOWFLAKE}
# The format of a group's identifier: a Slack user group or channel, a Discord role.
GROUP_FORMS: Mapping[str, str] = {"slack": r"[SCG][A-Z0-9]{1,20}", "discord": _SNOWFLAKE}
_ACCOUNT = "|".join(f"{platform}:{form}" for platform, form in ACCOUNT_FORMS.items())
_CHANNEL = rf"slack/{_SLACK_TEAM}/[CG][A-Z0-9]{{1,20}}|discord/{_SNOWFLAKE}/{_SNOWFLAKE}"

ApiUrl = Annotated[str, AfterValidator(_api_address)]
FormUrl = Annotated[str, AfterValidator(_form_address)]
PublicUrl = Annotated[str, AfterValidator(_public_address)]
Port = Annotated[int, Field(ge=1, le=HIGHEST_PORT)]
Hours = Annotated[int, Field(ge=1, le=1_000)]
Team = Annotated[str, _one_identifier(_SLACK_TEAM, _TEAM_EXAMPLE)]
Server = Annotated[str, _one_identifier(_SNOWFLAKE, _SNOWFLAKE_EXAMPLE)]
Snowflakes = Annotated[str, _written(_SNOWFLAKE, _SNOWFLAKE_EXAMPLE)]
Deciders = Annotated[
    str,
    _written(r"(page|logo|parole|image)=[a-z0-9-]+", _DECIDERS_EXAMPLE),
    AfterValidator(_deciders),
]
Channels = Annotated[str, _written(_CHANNEL, _CHANNELS_EXAMPLE)]
Accounts = Annotated[str, _written(_ACCOUNT, _ACCOUNTS_EXAMPLE)]
SlackBotToken = Annotated[SecretStr, _token("SLACK_BOT_TOKEN", _PERMISSIONS, "xoxb-")]
SlackAppToken = Annotated[SecretStr, _token("SLACK_APP_TOKEN", _APP_LEVEL, "xapp-")]
SigningSecret = Annotated[SecretStr, _token("SLACK_SIGNING_SECRET", _CREDENTIALS)]
DiscordToken = Annotated[SecretStr, _token("DISCORD_TOKEN", _BOT_PAGE)]
Smtp = Annotated[SecretStr, AfterValidator(_smtp)]
ModelUrl = Annotated[str, AfterValidator(_model)]
PingUrl = Annotated[SecretStr, AfterValidator(_ping)]
Source = Annotated[str, AfterValidator(_source)]
Sender = Annotated[str, AfterValidator(_sender)]
Zone = Annotated[str, AfterValidator(_zone)]
Name = Annotated[str, AfterValidator(_one_line)]
OwnPath = Annotated[Path, BeforeValidator(_path)]
