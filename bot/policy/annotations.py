"""What interprets a policy, as data beside its text: the force of each clause, what to read together.

`annotations.toml` is written by people; everything in it is checked against the text when it is
loaded, so that an annotation never points to nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

from bot.policy.articles import Number, PolicyError, Version

Force: TypeAlias = Literal[
    "interdiction", "directive", "permission", "invitation", "encouragement", "portée", "sanction"
]
FORCES: tuple[Force, ...] = get_args(Force)


@dataclass(frozen=True, slots=True)
class Together:
    """Clauses that are to be read together, and why, in one French sentence."""

    clauses: tuple[Number, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom the policy says to ask, and the clause that says so."""

    who: str
    clause: Number


@dataclass(frozen=True, slots=True)
class Annotations:
    """The interpretation of one policy.

    `forces`: for each clause, one force for all of it or one for each of its paragraphs.
    `nuances`: words added to a clause's force label, « sauf autorisation ».
    `titles`: articles' titles for reading, where the text has them in capitals.
    `topics`: words that people use, and the clauses that they are about.
    """

    name: str
    aliases: tuple[str, ...]
    forces: Mapping[Number, tuple[Force, ...]]
    nuances: Mapping[Number, str]
    titles: Mapping[Number, str]
    together: tuple[Together, ...]
    topics: Mapping[str, tuple[Number, ...]]
    contact: Contact | None

    def force(self, number: Number) -> str:
        """Return the label of a clause's force, « directive et interdiction », "" when unknown."""
        return " et ".join(dict.fromkeys(self.forces.get(number, ())))

    def label(self, number: Number) -> str:
        """Return the force with its nuance, « interdiction, sauf autorisation »."""
        return ", ".join(filter(None, (self.force(number), self.nuances.get(number, ""))))

    def read_with(self, number: Number) -> Together | None:
        """Return the group that a clause is to be read with."""
        return next((group for group in self.together if number in group.clauses), None)


_TABLES = {"policy", "force", "nuance", "title", "topic", "together", "contact"}


def read_annotations(toml: str, version: Version, source: str) -> Annotations:
    """Read `toml` and check it against `version`. Raises `PolicyError`, naming `source`."""
    try:
        data = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(source, 0, f"ce n'est pas du TOML valide ({error}).") from error
    reader = _Reader(source, version)
    reader.check_keys(data, _TABLES)
    policy = data.get("policy", {})
    return Annotations(
        name=policy.get("name", version.policy.upper()),
        aliases=tuple(policy.get("aliases", ())),
        forces={
            reader.number(key, "force"): reader.forces(key, value)
            for key, value in data.get("force", {}).items()
        },
        nuances={reader.number(key, "nuance"): str(value) for key, value in data.get("nuance", {}).items()},
        titles={reader.article(key): str(value) for key, value in data.get("title", {}).items()},
        together=tuple(
            Together(reader.numbers(group.get("clauses", ()), "together"), group.get("reason", ""))
            for group in data.get("together", ())
        ),
        topics={
            word: reader.numbers(keys, f"topic « {word} »") for word, keys in data.get("topic", {}).items()
        },
        contact=reader.contact(data.get("contact")),
    )


def no_annotations(version: Version) -> Annotations:
    """Return the annotations of a policy that has none."""
    return read_annotations("", version, version.policy)


@dataclass(frozen=True, slots=True)
class _Reader:
    source: str
    version: Version

    def fail(self, problem: str) -> PolicyError:
        return PolicyError(self.source, 0, problem)

    def check_keys(self, data: Mapping[str, object], known: set[str]) -> None:
        for key in data:
            if key not in known:
                raise self.fail(
                    f"la table « {key} » n'existe pas; tables connues\u00a0: {', '.join(sorted(known))}."
                )

    def number(self, text: str, where: str) -> Number:
        try:
            number = Number.parse(text)
        except ValueError as error:
            raise self.fail(f"[{where}] « {text} » n'est pas un numéro de clause.") from error
        if self.version.clause(number) is None:
            raise self.fail(
                f"[{where}] la clause {text} n'existe pas dans la version du {self.version.adopted}."
            )
        return number

    def numbers(self, texts: object, where: str) -> tuple[Number, ...]:
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise self.fail(
                f'[{where}] il faut une liste de numéros entre guillemets, comme ["5.10", "5.11"].'
            )
        return tuple(self.number(text, where) for text in texts)

    def article(self, text: str) -> Number:
        number = Number.parse(text) if text.isdecimal() else None
        if number is None or self.version.article(number) is None:
            raise self.fail(f"[title] l'article {text} n'existe pas.")
        return number

    def forces(self, key: str, value: object) -> tuple[Force, ...]:
        forces = value if isinstance(value, list) else [value]
        for force in forces:
            if force not in FORCES:
                known = ", ".join(FORCES)
                raise self.fail(
                    f"[force] {key}\u00a0: « {force} » n'est pas une force; il y a\u00a0: {known}."
                )
        clause = self.version.clause(self.number(key, "force"))
        if clause is not None and len(forces) not in {1, len(clause.paragraphs)}:
            raise self.fail(
                f"[force] {key}\u00a0: {len(forces)} forces pour {len(clause.paragraphs)} paragraphe(s); "
                "donnez-en une seule, ou une par paragraphe."
            )
        return tuple(cast("list[Force]", forces))

    def contact(self, data: Mapping[str, str] | None) -> Contact | None:
        return Contact(data["who"], self.number(data["clause"], "contact")) if data else None
