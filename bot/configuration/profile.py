"""The association's profile, `profil.toml`: names, who must read, roles, who receives reports, holidays.

The file is in a data folder. The association's own file replaces the shipped one as a whole, so that nothing
of another association remains. Each mistake is one French line: the file, the key, what to do.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from bot import times
from bot.configuration import places
from bot.configuration.settings_file import SettingsError

SEED: Final = (places.PACKAGE if places.INSTALLED else places.PACKAGE.parent) / "data"
FILE: Final = "profil.toml"
EXAMPLE: Final = "profil.exemple.toml"  # a profile to complete, not read until it is renamed `FILE`
ADMINISTRATION: Final = "administration"
NAME_LENGTH: Final = 32  # maximum characters of a Slack command, and of a bot's name on each platform
TITLE_LENGTH: Final = 60  # maximum characters of a role's title, which fits on a button after a verb
MOST_ROLES: Final = 24  # the list of a form holds 25 options, one of which is « Aucune »
MOST_RECIPIENTS: Final = 3  # each has a button, beside « aucune » and « toutes », on a row of five

Gender: TypeAlias = Literal["féminin", "masculin"]
Kind: TypeAlias = Literal["officer", "employee"]
# The profile's tables of those who must read, by kind of person, with each kind's identifier in the database.
KINDS: Final[Mapping[str, Kind]] = {"elus": "officer", "equipe": "employee"}
# The other commands of the catalogue. The command of the menu may not have their names.
TAKEN: Final = frozenset(
    {
        "accueil",
        "aide",
        "attente",
        "banque",
        "chercher",
        "demande",
        "lettres",
        "lier",
        "lire",
        "membres",
        "mesdonnees",
        "nouveautes",
        "partager",
        "pause",
        "plus",
        "politique",
        "question",
        "quiz",
        "relire",
        "remise",
        "retour",
        "revision",
        "roles",
        "signalement",
        "signalements",
        "tableau",
        "verifier",
        "versions",
        "viser",
    }
)
_COMMAND = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class RoleProfile:
    """A role as the profile describes it. `reader`: whether its holders must read the policy."""

    id: str
    title: str
    fallback: str | None = None
    reader: bool = False


@dataclass(frozen=True, slots=True)
class ReportsProfile:
    """Who receives reports, and under which clause.

    `clause`: the number of the default policy's clause about reports, in its annotated version; "" for the
    clause that the policy's guidance quotes for a negative post. `recipients`: ids of roles, the default one
    first. `alternate`: the id of the role that receives reports when no recipient can, before its own
    fallbacks, or None.
    """

    clause: str
    recipients: tuple[str, ...]
    alternate: str | None = None


@dataclass(frozen=True, slots=True)
class KindWords:
    """The names of a kind of person: « officière ou officier », « Officières et officiers »."""

    single: str
    several: str


@dataclass(frozen=True, slots=True)
class ReaderWords:
    """The names of the persons who must read, together and by kind.

    `single`: « officière, officier ou membre du personnel ». `several`: « officières, officiers et membres du
    personnel ». `kinds`: at least one.
    """

    single: str
    several: str
    kinds: Mapping[Kind, KindWords]


@dataclass(frozen=True, slots=True)
class PolicyWords:
    """The profile's words for a policy: short name, gender, number, title.

    `public`: whether it is on the public site.
    """

    name: str = ""
    gender: Gender = "féminin"
    plural: bool = False
    title: str = ""
    public: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """An association's profile. `command`: the slash command of the menu. `policy`: the default policy's id.

    `holidays`: « CA-QC », « FR », or "" for none. `source`: the file. `authorisers`: when a clause requires
    an authorisation without saying from whom, the role that gives it. The key is the clause's number in the
    annotated version of the default policy.
    """

    source: Path
    bot: str
    command: str
    association: str
    policy: str
    readers: ReaderWords
    roles: tuple[RoleProfile, ...]
    reports: ReportsProfile | None = None
    holidays: str = ""
    policies: Mapping[str, PolicyWords] = field(default_factory=dict)
    authorisers: Mapping[str, str] = field(default_factory=dict)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The roles that receive reports, empty when there are no reports."""
        return self.reports.recipients if self.reports else ()

    def role(self, role_id: str | None) -> RoleProfile:
        """Return a role by its identifier, or the first role when no role has that identifier."""
        return next((role for role in self.roles if role.id == role_id), self.roles[0])

    def typed(self, line: str) -> str:
        """Return a line as people type it, with the menu's command in front: « /vigie roles »."""
        return f"/{self.command} {line}"

    def describe(self) -> str:
        """Return one French line for the diagnostic."""
        reports = f"signalements ({self.reports.clause})" if self.reports else "pas de signalements"
        return (
            f"{self.source}\u00a0: {self.bot} (/{self.command}), {self.association}, "
            f"politique {self.policy}, {len(self.roles)} rôles, {reports}, "
            f"jours fériés\u00a0: {self.holidays or 'aucun'}."
        )


@cache
def shipped() -> Profile:
    """Return the profile that comes with the program, which is used when no other is set."""
    return load_profile([SEED])


def load_profile(folders: Iterable[Path]) -> Profile:
    """Return the profile in the last of `folders` that has one.

    Raises `SettingsError`, with one French line for each mistake.
    """
    files = [folder / FILE for folder in folders if (folder / FILE).is_file()]
    path = files[-1] if files else SEED / FILE
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SettingsError(
            [f"{path}\u00a0: ce fichier n'est pas en UTF-8. Enregistrez-le en UTF-8."]
        ) from error
    except OSError as error:
        raise SettingsError(
            [f"{path}\u00a0: ce fichier ne peut pas être lu. Vérifiez ses droits."]
        ) from error
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"line (\d+)", str(error))
        line = f", ligne {where[1]}" if where else ""
        problem = (
            "n'est pas du TOML. Les textes sont entre guillemets droits, et une clé ne vient qu'une fois."
        )
        raise SettingsError([f"{path}{line}\u00a0: ce fichier {problem}"]) from error
    reader = _Reader(path)
    profile = reader.profile(data)
    if reader.problems:
        raise SettingsError(reader.problems)
    return profile


def _is_calendar(code: str) -> bool:
    try:
        # Importing the library of holidays takes time, and the code of the shipped profile is known.
        return code == times.QUEBEC or times.public_holidays(code) is not None
    except times.UnknownHolidaysError:
        return False


def example(policy: str, name: str, gender: str, number: str) -> str:
    """Return a commented profile to complete, for an association whose policy is `policy`."""
    values = {"politique": policy, "nom": name, "genre": gender, "nombre": number}
    text = (SEED / EXAMPLE).read_text("utf-8").replace("@dossier@", policy)
    for key, value in values.items():
        text = text.replace(f"@{key}@", json.dumps(value, ensure_ascii=False))
    return text


class _Reader:
    """A reader of one profile file. It records each mistake and continues."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []

    def profile(self, data: dict[str, Any]) -> Profile:
        allowed = (
            "nom",
            "commande",
            "association",
            "politique",
            "jours-feries",
            "lecture",
            "roles",
            "signalements",
            "autorisations",
            "politiques",
        )
        self.keys(data, allowed, "")
        roles = self.roles(data.get("roles", []))
        command = self.text(data, "commande", "", default="vigie", length=NAME_LENGTH - 1)
        if not _COMMAND.fullmatch(command):
            self.add(
                "commande",
                "n'a que des minuscules sans accent, des chiffres et des tirets, comme guide.",
            )
        if command in TAKEN:
            self.add("commande", f"«\u00a0{command}\u00a0» est déjà une commande. Choisissez un autre mot.")
        holidays = self.text(data, "jours-feries", "", default="")
        if holidays and not _is_calendar(holidays):
            self.add(
                "jours-feries",
                f"«\u00a0{holidays}\u00a0» n'est pas un calendrier. Écrivez un pays, comme FR, "
                'ou un pays et sa région, comme CA-QC; "" pour aucun.',
            )
        return Profile(
            self.path,
            self.text(data, "nom", "", length=NAME_LENGTH),
            command,
            self.text(data, "association", ""),
            self.text(data, "politique", "", length=40),
            self.readers(data.get("lecture")),
            roles,
            self.reports(data["signalements"], [role.id for role in roles])
            if "signalements" in data
            else None,
            holidays,
            self.policies(data.get("politiques", {})),
            self.authorisers(data.get("autorisations", {}), [role.id for role in roles]),
        )

    def readers(self, data: object) -> ReaderWords:
        if not isinstance(data, dict):
            self.add(
                "[lecture]",
                "manque. Dites-y comment on appelle qui doit lire la politique, une et plusieurs.",
            )
            return ReaderWords("", "", {})
        self.keys(data, ("une", "plusieurs", *KINDS), "[lecture] ")
        kinds = {}
        for table, kind in KINDS.items():
            words = data.get(table)
            if isinstance(words, dict):
                where = f"[lecture.{table}] "
                self.keys(words, ("une", "plusieurs"), where)
                kinds[kind] = KindWords(self.text(words, "une", where), self.text(words, "plusieurs", where))
        if not kinds:
            self.add(
                "[lecture]",
                "ne nomme personne. Ajoutez [lecture.equipe] ou [lecture.elus], avec une et plusieurs.",
            )
        return ReaderWords(
            self.text(data, "une", "[lecture] "), self.text(data, "plusieurs", "[lecture] "), kinds
        )

    def roles(self, data: object) -> tuple[RoleProfile, ...]:
        tables = data if isinstance(data, list) and all(isinstance(table, dict) for table in data) else None
        if tables is None:
            self.add(
                "roles", "est une suite de tables. Écrivez chaque rôle sous [[roles]], avec id et titre."
            )
            return ()
        roles: list[RoleProfile] = []
        for number, table in enumerate(tables, 1):
            where = f"[[roles]] {number}, "
            self.keys(table, ("id", "titre", "releve", "lit"), where)
            identifier = self.text(table, "id", where)
            if identifier and not _IDENTIFIER.fullmatch(identifier):
                self.add(
                    f"{where}id",
                    "n'a que des minuscules sans accent, des chiffres et des tirets, comme tresorerie.",
                )
            if identifier in [role.id for role in roles]:
                self.add(f"{where}id", f"«\u00a0{identifier}\u00a0» est déjà pris. Donnez-en un autre.")
            title = self.text(table, "titre", where, length=TITLE_LENGTH)
            fallback = self.text(table, "releve", where, default="") or None
            reader = table.get("lit", False)
            if not isinstance(reader, bool):
                self.add(f"{where}lit", "est true ou false, sans guillemets.")
            # A title may begin a line or a button.
            roles.append(RoleProfile(identifier, title[:1].upper() + title[1:], fallback, reader is True))
        if ADMINISTRATION not in [role.id for role in roles]:
            roles.append(RoleProfile(ADMINISTRATION, "Administration"))
        if len(roles) > MOST_ROLES:
            self.add("roles", f"au plus {MOST_ROLES} rôles; ici {len(roles)}. Enlevez-en.")
        self.fallbacks(roles)
        return tuple(roles)

    def fallbacks(self, roles: Sequence[RoleProfile]) -> None:
        by_id = {role.id: role for role in roles}
        for role in roles:
            if role.fallback and role.fallback not in by_id:
                self.unknown_role(f"[[roles]] «\u00a0{role.id}\u00a0» releve", role.fallback, list(by_id))
            seen, following = {role.id}, role.fallback
            while following in by_id and following not in seen:
                seen.add(following)
                following = by_id[following].fallback
            if following == role.id:
                self.add(
                    f"[[roles]] «\u00a0{role.id}\u00a0» releve",
                    "tourne en rond\u00a0: ce rôle finit par se remplacer. Enlevez-en une.",
                )

    def reports(self, data: object, roles: Sequence[str]) -> ReportsProfile:
        where = "[signalements] "
        if not isinstance(data, dict):
            self.add(
                "signalements",
                "est une table. Écrivez [signalements], puis clause et destinataires.",
            )
            return ReportsProfile("", ())
        self.keys(data, ("clause", "destinataires", "suppleance"), where)
        named = data.get("destinataires")
        recipients = (
            tuple(named) if isinstance(named, list) and all(isinstance(role, str) for role in named) else ()
        )
        if not 1 <= len(set(recipients)) == len(recipients) <= MOST_RECIPIENTS:
            self.add(
                f"{where}destinataires",
                f"est une liste de 1 à {MOST_RECIPIENTS} rôles différents, entre guillemets, comme "
                '["secretariat"].',
            )
        alternate = self.text(data, "suppleance", where, default="") or None
        for key, role in [
            *(("destinataires", role) for role in recipients),
            *([("suppleance", alternate)] if alternate else []),
        ]:
            if role not in roles:
                self.unknown_role(f"{where}{key}", role, roles)
            elif role == ADMINISTRATION:
                self.add(
                    f"{where}{key}", "l'administration ne reçoit aucun signalement. Nommez un autre rôle."
                )
        if alternate in recipients:
            self.add(
                f"{where}suppleance",
                f"«\u00a0{alternate}\u00a0» est déjà destinataire. Nommez un autre rôle, ou enlevez la clé.",
            )
        return ReportsProfile(
            self.text(
                data,
                "clause",
                where,
                hint="Donnez le numéro de la clause, entre guillemets; sans clause, enlevez [signalements].",
            ),
            recipients,
            alternate,
        )

    def authorisers(self, data: object, roles: Sequence[str]) -> dict[str, str]:
        if not isinstance(data, dict) or not all(isinstance(role, str) for role in data.values()):
            self.add(
                "autorisations",
                "est une table. Écrivez [autorisations], puis une clause et un rôle, entre guillemets, "
                'comme "3.2" = "presidence".',
            )
            return {}
        for clause, role in data.items():
            if role not in roles:
                self.unknown_role(f"[autorisations] {clause}", role, roles)
        return data

    def policies(self, data: object) -> dict[str, PolicyWords]:
        if not isinstance(data, dict) or not all(isinstance(table, dict) for table in data.values()):
            self.add(
                "politiques",
                "est une table par politique. Écrivez [politiques.NOM], avec nom, genre et nombre.",
            )
            return {}
        policies = {}
        for name, table in data.items():
            where = f"[politiques.{name}] "
            self.keys(table, ("nom", "genre", "nombre", "titre", "publique"), where)
            genre = self.choice(table, "genre", get_args(Gender), where)
            gender: Gender = "masculin" if genre == "masculin" else "féminin"
            number = self.choice(table, "nombre", ("singulier", "pluriel"), where)
            title = self.text(table, "titre", where, default="")
            public = table.get("publique", False)
            if not isinstance(public, bool):
                self.add(f"{where}publique", "est true ou false, sans guillemets.")
            # A table may say only that the policy is public. Its name is then the one in its annotations.
            unnamed = {"default": ""} if table.keys() == {"publique"} else {}
            short = self.text(table, "nom", where, length=40, **unnamed)
            policies[name] = PolicyWords(short, gender, number == "pluriel", title, public is True)
        return policies

    # --- Values

    def keys(self, table: Mapping[str, Any], allowed: Sequence[str], where: str) -> None:
        for key in table:
            if key not in allowed:
                close = get_close_matches(key, allowed, n=1)
                hint = (
                    f"Vouliez-vous écrire «\u00a0{close[0]}\u00a0»?"
                    if close
                    else f"Les clés sont\u00a0: {', '.join(allowed)}."
                )
                self.add(f"{where}{key}", f"cette clé n'existe pas. {hint}")

    def text(
        self,
        table: Mapping[str, Any],
        key: str,
        where: str,
        *,
        default: str | None = None,
        length: int = 200,
        hint: str = "Écrivez un texte entre guillemets.",
    ) -> str:
        value = table.get(key, default)
        if value is None:
            self.add(f"{where}{key}", f"manque. {hint}")
        elif not isinstance(value, str):
            self.add(f"{where}{key}", f"n'est pas un texte. {hint}")
        elif value != default and (not value.strip() or not value.isprintable()):
            self.add(f"{where}{key}", f"est vide, ou n'est pas sur une ligne. {hint}")
        elif len(value) > length:
            self.add(f"{where}{key}", f"a plus de {length} caractères. Raccourcissez-le.")
        else:
            return value.strip()
        return ""

    def choice(self, table: Mapping[str, Any], key: str, choices: tuple[str, str], where: str) -> str:
        value = table.get(key, choices[0])
        if value not in choices:
            self.add(f"{where}{key}", f"est «\u00a0{choices[0]}\u00a0» ou «\u00a0{choices[1]}\u00a0».")
        return str(value)

    def unknown_role(self, where: str, role: str, role_ids: Sequence[str]) -> None:
        close = get_close_matches(role, role_ids, n=1)
        hint = (
            f"Vouliez-vous écrire «\u00a0{close[0]}\u00a0»?"
            if close
            else "Ajoutez-le sous [[roles]], ou corrigez-le."
        )
        self.add(where, f"aucun rôle n'a l'identifiant «\u00a0{role[:40]}\u00a0». {hint}")

    def add(self, key: str, problem: str) -> None:
        self.problems.append(f"{self.path}, {key}\u00a0: {problem}")
