"""The interpretation of a policy, as data beside its text: force of each clause, clauses to read together.

People write `annotations.toml`. It is checked against the text when loaded, so that every annotation refers
to an existing clause.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, TypeVar, get_args

from bot.policy.articles import Number, PolicyError, Version
from bot.policy.changes.identities import Fates, current_numbers
from bot.policy.changes.wording import normalized
from bot.policy.counts import counted
from bot.policy.names import GENDERS, NUMBERS, GenderedName
from bot.policy.references import resolved

Value = TypeVar("Value")

Force: TypeAlias = Literal[
    "interdiction", "directive", "permission", "invitation", "encouragement", "portée", "sanction"
]
FORCES: tuple[Force, ...] = get_args(Force)
# The permissions that people may need: for a page, the logo, speaking for the association, someone's image.
PermissionKind: TypeAlias = Literal["page", "logo", "parole", "image"]
PERMISSION_KINDS: tuple[PermissionKind, ...] = get_args(PermissionKind)


@dataclass(frozen=True, slots=True)
class Together:
    """Clauses to read together. `reason`: a French sentence. `gist`: their common meaning, in a few words."""

    clauses: tuple[Number, ...]
    reason: str
    gist: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """The person or body that the policy says to contact. `clause`: the clause that says so."""

    who: GenderedName
    clause: Number


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission that a policy requires.

    `decider`: the role that grants it, None when the policy names none.
    """

    clauses: tuple[Number, ...]
    decider: str | None = None


@dataclass(frozen=True, slots=True)
class Annotations:
    """The interpretation of one policy. `title`: its full title, or else its name.

    `forces`: for each clause, a single force or one per paragraph. `nuances`: words added to a clause's force
    label, « sauf autorisation ». `titles`: readable titles of articles, where the text has them in capitals.
    `topics`: words that people use, with the clauses that they refer to. `checks`: for each check of a post
    that the policy asks for (`data/posting.toml`), the clause that the post is about, then those to read with
    it. `joint_checks`: for some checks, other clauses that the post is about just as directly. `permissions`:
    the permissions that the policy requires, by kind (see `bot.permissions.kinds`). `version`: the adoption
    date of the annotated text, "" when the file does not give it. `stale`: the clauses whose meaning has
    changed since then.
    """

    name: GenderedName
    title: str
    aliases: tuple[str, ...]
    forces: Mapping[Number, tuple[Force, ...]]
    nuances: Mapping[Number, str]
    titles: Mapping[Number, str]
    together: tuple[Together, ...]
    topics: Mapping[str, tuple[Number, ...]]
    contact: Contact | None
    checks: Mapping[str, tuple[Number, ...]] = field(default_factory=dict)
    joint_checks: Mapping[str, tuple[Number, ...]] = field(default_factory=dict)
    permissions: Mapping[PermissionKind, Permission] = field(default_factory=dict)
    version: str = ""
    stale: frozenset[Number] = frozenset()

    def label(self, number: Number, *, nuanced: bool = True) -> str:
        """Return the label of a clause's force, « interdiction, sauf autorisation », or "" when unknown.

        Unless `nuanced`, return the force alone: « interdiction », « directive et interdiction ».
        """
        force = " et ".join(dict.fromkeys(self.forces.get(number, ())))
        nuance = self.nuances.get(number, "") if nuanced else ""
        return ", ".join(filter(None, (force, nuance)))

    def read_with(self, number: Number) -> Together | None:
        """Return the group of clauses to read together that contains a clause, if any."""
        return next((group for group in self.together if number in group.clauses), None)

    def companions(self, number: Number) -> frozenset[Number]:
        """Return a clause and the clauses to read together with it."""
        group = self.read_with(number)
        return frozenset([number, *(group.clauses if group else ())])


_TABLES = {
    *("policy", "force", "nuance", "title", "topic", "together", "contact"),
    *("check", "joint_check", "permission"),
}


def read_annotations(data: dict[str, Any], version: Version, source: str) -> Annotations:
    """Return the annotations in parsed TOML, checked against `version`.

    Raises `PolicyError`, naming `source`.
    """
    reader = AnnotationReader(source, version)
    reader.check_keys(data, _TABLES, "la table")
    policy = reader.table(data, "policy", {"name", "gender", "number", "title", "aliases", "version"})
    name = reader.name(policy, "name", "[policy]", version.policy.upper())
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
        checks={
            kind: reader.numbers(keys, f"check «\u00a0{kind}\u00a0»")
            for kind, keys in reader.table(data, "check").items()
        },
        joint_checks={
            kind: reader.numbers(keys, f"joint_check «\u00a0{kind}\u00a0»")
            for kind, keys in reader.table(data, "joint_check").items()
        },
        permissions=reader.permissions(data.get("permission", [])),
        version=reader.text(policy["version"], "[policy] version") if "version" in policy else "",
    )


def parse_toml(toml: str, source: str) -> dict[str, Any]:
    """Parse `toml`. Raises `PolicyError`, naming `source` and the line."""
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


def carry_annotations(annotations: Annotations, fates: Fates, old: Version, new: Version) -> Annotations:
    """Return the annotations of `old` moved to the clauses of `new` that correspond (see `identities`)."""

    def carry(table: Mapping[Number, Value]) -> dict[Number, Value]:
        return {now: value for number, value in table.items() for now in current_numbers(fates, [number])}

    forces: dict[Number, tuple[Force, ...]] = {}
    for number, values in annotations.forces.items():
        for now in current_numbers(fates, [number]):
            clause = new.clause(now)
            fits = clause is not None and len(values) in {1, len(clause.paragraphs)}
            merged = (*forces.get(now, ()), *values)
            forces[now] = merged if fits and now not in forces else tuple(dict.fromkeys(merged))
    # A readable title stays only if the article's title in the text is the same.
    before = {
        current_numbers(fates, [article.number]): normalized(article.title) for article in old.articles[::-1]
    }
    after = {article.number: normalized(article.title) for article in new.articles}
    contact = annotations.contact
    contacts = current_numbers(fates, [contact.clause]) if contact else ()
    together = []
    for group in annotations.together:  # a gist contains numbers, so it is valid only while nothing changed
        numbers = current_numbers(fates, group.clauses)
        same = numbers == group.clauses and all(fates[n].same for n in numbers if n in fates)
        together.append(replace(group, clauses=numbers, gist=group.gist if same else ""))
    topics = {word: current_numbers(fates, numbers) for word, numbers in annotations.topics.items()}
    checks = {kind: current_numbers(fates, numbers) for kind, numbers in annotations.checks.items()}
    return replace(
        annotations,
        forces=forces,
        nuances=carry(annotations.nuances),
        titles={
            number: title
            for number, title in carry(annotations.titles).items()
            if number in after and before.get((number,)) == after[number]
        },
        together=tuple(group for group in together if len(group.clauses) > 1),
        topics={word: numbers for word, numbers in topics.items() if numbers},
        contact=replace(contact, clause=contacts[0]) if contact and contacts else None,
        checks={kind: numbers for kind, numbers in checks.items() if numbers},
        joint_checks={
            kind: current_numbers(fates, numbers) for kind, numbers in annotations.joint_checks.items()
        },
        permissions={
            kind: replace(permission, clauses=numbers)
            for kind, permission in annotations.permissions.items()
            if (numbers := current_numbers(fates, permission.clauses))
        },
        stale=frozenset(
            now for number, fate in fates.items() if old.clause(number) and not fate.same for now in fate.now
        ),
    )


@dataclass(frozen=True, slots=True)
class AnnotationReader:
    """Checks and converts the values of an annotations file. `PolicyError` says where a problem is."""

    source: str
    version: Version

    def fail(self, problem: str) -> PolicyError:
        """Return the exception to raise for a problem in this file."""
        return PolicyError(self.source, 0, problem)

    def check_keys(self, data: Mapping[str, object], allowed: set[str], what: str) -> None:
        """Raise `PolicyError` for an unknown key. `what`: the words before the key in the message."""
        for key in data:
            if key not in allowed:
                names = ", ".join(sorted(allowed))
                raise self.fail(f"{what} «\u00a0{key}\u00a0» n'existe pas; il y a\u00a0: {names}.")

    def table(
        self, data: Mapping[str, object], name: str, allowed: set[str] | None = None
    ) -> Mapping[str, object]:
        """Return the table `name`, or an empty one. `allowed`: the allowed keys, None for any."""
        table = data.get(name, {})
        if not isinstance(table, dict):
            raise self.fail(f"[{name}] écrivez [{name}] seul sur sa ligne, puis ce qu'il contient dessous.")
        for key, value in table.items():
            if isinstance(value, dict):
                # In TOML, 5.10 without quotation marks is the key 10 of a table 5.
                path, inner = [key], value
                while isinstance(inner, dict) and inner:
                    part, inner = next(iter(inner.items()))
                    path.append(part)
                kind = "le numéro" if key.isdecimal() else "le nom"
                key_path = ".".join(path)
                raise self.fail(
                    f'[{name}] {key_path}\u00a0: mettez {kind} entre guillemets, comme "{key_path}".'
                )
        if allowed is not None:
            self.check_keys(table, allowed, f"[{name}] la clé")
        return table

    def text(self, value: object, where: str) -> str:
        """Return a value that must be a string."""
        if not isinstance(value, str) or not value.strip():
            raise self.fail(f"{where}\u00a0: il faut un texte entre guillemets.")
        return value

    def name(
        self, table: Mapping[str, object], key: str, where: str, default: str | None = None
    ) -> GenderedName:
        """Return the name under `key`, with the grammatical gender and number given in the same table."""
        gender = next((gender for gender in GENDERS if gender == table.get("gender", GENDERS[0])), None)
        if gender is None:
            raise self.fail(f"{where} gender\u00a0: {' ou '.join(GENDERS)}, entre guillemets.")
        number = table.get("number", NUMBERS[0])
        if number not in NUMBERS:
            raise self.fail(f"{where} number\u00a0: {' ou '.join(NUMBERS)}, entre guillemets.")
        return GenderedName(
            self.text(table.get(key, default), f"{where} {key}"), gender, plural=number == NUMBERS[1]
        )

    def texts(self, values: object, where: str) -> tuple[str, ...]:
        """Return a value that must be a list of strings."""
        if not isinstance(values, list):
            raise self.fail(f'{where}\u00a0: il faut une liste de textes, comme ["PA 20", "PA-20"].')
        return tuple(self.text(value, where) for value in values)

    def number(self, text: str, where: str) -> Number:
        """Return the clause number written in `text`. The clause must exist."""
        number = resolved(text, self.version)
        if self.version.clause(number) is None:
            raise self.fail(
                f"[{where}] la clause {text} n'existe pas dans la version du {self.version.adopted}."
            )
        return number

    def numbers(self, texts: object, where: str) -> tuple[Number, ...]:
        """Return the clause numbers written in a list, which must not be empty. The clauses must exist."""
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            raise self.fail(
                f'[{where}] il faut une liste de numéros entre guillemets, comme ["5.10", "5.11"].'
            )
        return tuple(self.number(text, where) for text in texts)

    def article(self, text: str) -> Number:
        """Return the article number written in `text`. The article must exist."""
        number = resolved(text, self.version)
        if number in {part.number for part in self.version.divisions}:
            return number
        raise self.fail(f"[title] l'article {text} n'existe pas.")

    def forces(self, key: str, value: object) -> tuple[Force, ...]:
        """Return the force of a clause, or one force per paragraph."""
        forces: list[Force] = []
        for name in value if isinstance(value, list) else [value]:
            force = next((force for force in FORCES if force == name), None)
            if force is None:
                names = ", ".join(FORCES)
                raise self.fail(
                    f"[force] {key}\u00a0: «\u00a0{name}\u00a0» n'est pas une force; il y a\u00a0: {names}."
                )
            forces.append(force)
        clause = self.version.clause(self.number(key, "force"))
        if clause is not None and len(forces) not in {1, len(clause.paragraphs)}:
            raise self.fail(
                f"[force] {key}\u00a0: {counted(len(forces), 'force')} pour "
                f"{counted(len(clause.paragraphs), 'paragraphe')}; "
                "donnez-en une seule, ou une par paragraphe."
            )
        return tuple(forces)

    def together(self, groups: object) -> tuple[Together, ...]:
        """Return the groups of clauses to read together."""
        if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
            raise self.fail("[[together]] écrivez [[together]] seul sur sa ligne, puis clauses et reason.")
        for group in groups:
            self.check_keys(group, {"clauses", "reason", "gist"}, "[[together]] la clé")
        return tuple(
            Together(
                self.numbers(group.get("clauses"), "together"),
                self.text(group.get("reason"), "[[together]] reason"),
                self.text(group["gist"], "[[together]] gist") if "gist" in group else "",
            )
            for group in groups
        )

    def permissions(self, tables: object) -> dict[PermissionKind, Permission]:
        """Return the permissions that the policy requires, by kind."""
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self.fail("[[permission]] écrivez [[permission]] seul sur sa ligne, puis kind et clauses.")
        permissions: dict[PermissionKind, Permission] = {}
        for table in tables:
            self.check_keys(table, {"kind", "clauses", "decider"}, "[[permission]] la clé")
            name = self.text(table.get("kind"), "[[permission]] kind")
            kind = next((kind for kind in PERMISSION_KINDS if kind == name), None)
            if kind is None:
                names = ", ".join(PERMISSION_KINDS)
                raise self.fail(f"[[permission]] «\u00a0{name}\u00a0» n'existe pas; il y a\u00a0: {names}.")
            if kind in permissions:
                raise self.fail(f"[[permission]] «\u00a0{kind}\u00a0» est écrit deux fois.")
            permissions[kind] = Permission(
                self.numbers(table.get("clauses"), f"permission «\u00a0{kind}\u00a0»"),
                self.text(table["decider"], "[[permission]] decider") if "decider" in table else None,
            )
        return permissions

    def contact(self, data: Mapping[str, object]) -> Contact | None:
        """Return the contact that the policy names, if any."""
        if "contact" not in data:
            return None
        contact = self.table(data, "contact", {"who", "gender", "clause"})
        who = self.name(contact, "who", "[contact]")
        return Contact(who, self.number(self.text(contact.get("clause"), "[contact] clause"), "contact"))
