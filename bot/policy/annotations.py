"""What interprets a policy, as data beside its text: the force of each clause, what to read together.

`annotations.toml` is written by people; everything in it is checked against the text when it is
loaded, so that an annotation never points to nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, TypeVar, get_args

from bot.policy.articles import Number, PolicyError, Version
from bot.policy.changes.identities import Fates, now
from bot.policy.changes.wording import form

Value = TypeVar("Value")

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
    """The interpretation of one policy. `title` is its whole title, or its name.

    `forces`: for each clause, one force for all of it or one for each of its paragraphs.
    `nuances`: words added to a clause's force label, « sauf autorisation ».
    `titles`: articles' titles for reading, where the text has them in capitals.
    `topics`: words that people use, and the clauses that they are about.
    `version`: the adoption of the text that all this is about, "" when it is not said. `stale`: the clauses
    that do not say any more what they said then.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    forces: Mapping[Number, tuple[Force, ...]]
    nuances: Mapping[Number, str]
    titles: Mapping[Number, str]
    together: tuple[Together, ...]
    topics: Mapping[str, tuple[Number, ...]]
    contact: Contact | None
    version: str = ""
    stale: frozenset[Number] = frozenset()

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
    data = parsed(toml, source)
    reader = Reader(source, version)
    reader.check_keys(data, _TABLES, "la table")
    policy = reader.table(data, "policy", {"name", "title", "aliases", "version"})
    name = reader.text(policy.get("name", version.policy.upper()), "[policy] name")
    return Annotations(
        name=name,
        title=reader.text(policy.get("title", name), "[policy] title"),
        aliases=reader.texts(policy.get("aliases", []), "[policy] aliases"),
        forces={
            reader.number(key, "force"): reader.forces(key, value)
            for key, value in reader.table(data, "force").items()
        },
        nuances={
            reader.number(key, "nuance"): reader.text(value, f"[nuance] {key}")
            for key, value in reader.table(data, "nuance").items()
        },
        titles={
            reader.article(key): reader.text(value, f"[title] {key}")
            for key, value in reader.table(data, "title").items()
        },
        together=reader.together(data.get("together", [])),
        topics={
            word: reader.numbers(keys, f"topic «\u00a0{word}\u00a0»")
            for word, keys in reader.table(data, "topic").items()
        },
        contact=reader.contact(data),
        version=reader.text(policy["version"], "[policy] version") if "version" in policy else "",
    )


def parsed(toml: str, source: str) -> dict[str, Any]:
    """Return what `toml` holds. Raises `PolicyError`, naming `source` and the line."""
    try:
        return tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise PolicyError(
            source,
            int(line[1]) if line else 0,
            "ce n'est pas du TOML valide. Vérifiez les guillemets, les crochets et les virgules, "
            "et que rien n'est écrit deux fois.",
        ) from error


def said_version(toml: str) -> str:
    """Return the adoption of the text that annotations say they are about, "" when they do not."""
    try:
        policy = tomllib.loads(toml).get("policy", {})
    except tomllib.TOMLDecodeError:
        return ""  # `read_annotations` tells where
    version = policy.get("version", "") if isinstance(policy, dict) else ""
    return str(version)


def carried(annotations: Annotations, found: Fates, old: Version, new: Version) -> Annotations:
    """Return annotations of `old` as they hold of `new`: each follows its clause (see `identities`)."""

    def spread(table: Mapping[Number, Value]) -> dict[Number, Value]:
        return {later: value for number, value in table.items() for later in now(found, [number])}

    forces: dict[Number, tuple[Force, ...]] = {}
    for number, force in annotations.forces.items():
        for later in now(found, [number]):
            merged = tuple(dict.fromkeys((*forces[later], *force))) if later in forces else force
            forces[later] = merged if _fits(merged, new, later) else tuple(dict.fromkeys(merged))
    contact = annotations.contact
    contacts = now(found, [contact.clause]) if contact else ()
    together = (replace(group, clauses=now(found, group.clauses)) for group in annotations.together)
    return replace(
        annotations,
        forces=forces,
        nuances=spread(annotations.nuances),
        titles={
            number: title
            for number, title in spread(annotations.titles).items()
            if _same_title(number, found, old, new)
        },
        together=tuple(group for group in together if len(group.clauses) > 1),
        topics={
            word: known for word, numbers in annotations.topics.items() if (known := now(found, numbers))
        },
        contact=replace(contact, clause=contacts[0]) if contact and contacts else None,
        stale=frozenset(
            later
            for number, fate in found.items()
            if old.clause(number) and not fate.same
            for later in fate.now
        ),
    )


def _fits(force: tuple[Force, ...], version: Version, number: Number) -> bool:
    clause = version.clause(number)
    return clause is not None and len(force) in {1, len(clause.paragraphs)}


def _same_title(number: Number, found: Fates, old: Version, new: Version) -> bool:
    """Tell whether an article is still titled as it was, so that its title for reading still stands."""
    before = next(
        (article.title for article in old.articles if now(found, [article.number]) == (number,)), None
    )
    after = next((article.title for article in new.articles if article.number == number), None)
    return before is not None and after is not None and form(before) == form(after)


@dataclass(frozen=True, slots=True)
class Reader:
    """Checks what people write, type by type; each problem is a `PolicyError` that says where it is."""

    source: str
    version: Version

    def fail(self, problem: str) -> PolicyError:
        """Return the problem, with where it is."""
        return PolicyError(self.source, 0, problem)

    def check_keys(self, data: Mapping[str, object], known: set[str], what: str) -> None:
        """Raise `PolicyError` for a key that is not known."""
        for key in data:
            if key not in known:
                names = ", ".join(sorted(known))
                raise self.fail(f"{what} «\u00a0{key}\u00a0» n'existe pas; il y a\u00a0: {names}.")

    def table(
        self, data: Mapping[str, object], name: str, known: set[str] | None = None
    ) -> Mapping[str, object]:
        """Return the table `name`, empty when there is none; `known` are the keys that it may have."""
        table = data.get(name, {})
        if not isinstance(table, dict):
            raise self.fail(f"[{name}] écrivez [{name}] seul sur sa ligne, puis ce qu'il contient dessous.")
        for key, value in table.items():
            if isinstance(value, dict):
                raise self.fail(_unquoted(name, key, value))
        if known is not None:
            self.check_keys(table, known, f"[{name}] la clé")
        return table

    def text(self, value: object, where: str) -> str:
        """Return a text."""
        if not isinstance(value, str) or not value.strip():
            raise self.fail(f"{where}\u00a0: il faut un texte entre guillemets.")
        return value

    def texts(self, values: object, where: str) -> tuple[str, ...]:
        """Return a list of texts."""
        if not isinstance(values, list):
            raise self.fail(f'{where}\u00a0: il faut une liste de textes, comme ["PA 20", "PA-20"].')
        return tuple(self.text(value, where) for value in values)

    def number(self, text: str, where: str) -> Number:
        """Return a clause's number."""
        try:
            number = Number.parse(text)
        except ValueError as error:
            raise self.fail(f"[{where}] «\u00a0{text}\u00a0» n'est pas un numéro de clause.") from error
        if self.version.clause(number) is None:
            raise self.fail(
                f"[{where}] la clause {text} n'existe pas dans la version du {self.version.adopted}."
            )
        return number

    def numbers(self, texts: object, where: str) -> tuple[Number, ...]:
        """Return a list of clauses' numbers."""
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            raise self.fail(
                f'[{where}] il faut une liste de numéros entre guillemets, comme ["5.10", "5.11"].'
            )
        return tuple(self.number(text, where) for text in texts)

    def article(self, text: str) -> Number:
        """Return an article's number."""
        for article in self.version.articles:
            if str(article.number) == text:
                return article.number
        raise self.fail(f"[title] l'article {text} n'existe pas.")

    def forces(self, key: str, value: object) -> tuple[Force, ...]:
        """Return the forces of a clause's paragraphs."""
        forces = tuple(self._force(key, one) for one in (value if isinstance(value, list) else [value]))
        clause = self.version.clause(self.number(key, "force"))
        if clause is not None and len(forces) not in {1, len(clause.paragraphs)}:
            raise self.fail(
                f"[force] {key}\u00a0: {len(forces)} forces pour {len(clause.paragraphs)} paragraphe(s); "
                "donnez-en une seule, ou une par paragraphe."
            )
        return forces

    def _force(self, key: str, value: object) -> Force:
        for force in FORCES:
            if value == force:
                return force
        known = ", ".join(FORCES)
        raise self.fail(
            f"[force] {key}\u00a0: «\u00a0{value}\u00a0» n'est pas une force; il y a\u00a0: {known}."
        )

    def together(self, groups: object) -> tuple[Together, ...]:
        """Return the groups of clauses to be read together."""
        if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
            raise self.fail("[[together]] écrivez [[together]] seul sur sa ligne, puis clauses et reason.")
        for group in groups:
            self.check_keys(group, {"clauses", "reason"}, "[[together]] la clé")
        return tuple(
            Together(
                self.numbers(group.get("clauses"), "together"),
                self.text(group.get("reason"), "[[together]] reason"),
            )
            for group in groups
        )

    def contact(self, data: Mapping[str, object]) -> Contact | None:
        """Return whom the policy says to ask."""
        if "contact" not in data:
            return None
        contact = self.table(data, "contact", {"who", "clause"})
        who = self.text(contact.get("who"), "[contact] who")
        return Contact(who, self.number(self.text(contact.get("clause"), "[contact] clause"), "contact"))


def _unquoted(table: str, key: str, value: object) -> str:
    """Say that 5.10 without quotation marks is, in TOML, 10 in a table 5."""
    path = [key]
    while isinstance(value, dict) and value:
        inner, value = next(iter(value.items()))
        path.append(inner)
    what = "le numéro" if key.isdecimal() else "le nom"
    written = ".".join(path)
    return f'[{table}] {written}\u00a0: mettez {what} entre guillemets, comme "{written}".'
