"""What an assistant may read of the policies: verified quotations, with their version, force and dates.

Each model is the JSON that a tool returns, whose schema the protocol publishes. Days are ISO dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, Literal, TypeAlias
from urllib.parse import quote

from pydantic import BaseModel, Field

from bot.conversation.requests import UserError
from bot.language.other_words import say_other_words
from bot.policy.articles import Number, Version
from bot.policy.changes import identities, summary
from bot.policy.changes.comparison import ChangeKind, Nature, compare
from bot.policy.library import Library, Policy, Reading, version_on
from bot.policy.standing import VersionStanding, legal_standing

SCHEME: Final = "politique"
_PROVISIONS: Final = 10  # in one answer
_CHARACTERS: Final = 12_000  # of quotations in one answer, but for a single longer one


class QuotedProvision(BaseModel):
    """A provision, word for word."""

    policy: str = Field(description="L'identifiant de la politique, «\u00a0pa20\u00a0».")
    number: str = Field(description="Son numéro dans cette version, «\u00a05.10\u00a0».")
    cited: str = Field(description="Comment la citer, «\u00a0PA20, 5.10\u00a0».")
    place: str = Field(description="Où elle se trouve\u00a0: article, titre, sous-titre.")
    force: str = Field(
        description="Sa force\u00a0: interdiction, obligation, encouragement… Vide si non précisée."
    )
    text: str = Field(description="Ses mots exacts. Ne les changez pas, ne les complétez pas.")
    version: date = Field(description="Le jour où cette version a été adoptée ou révisée.")
    since: date = Field(description="Depuis quand cette version est en vigueur, ou le sera.")
    status: VersionStanding = Field(
        description="«\u00a0remplacée\u00a0»\u00a0: ces mots ne sont plus ceux en vigueur."
    )
    uri: str = Field(
        description="L'adresse de ces mots, dans cette version\u00a0: ils n'y changeront jamais."
    )
    permanent_uri: str = Field(description="L'adresse de la disposition, quel que soit son numéro un jour.")


class Extract(BaseModel):
    """Provisions that were asked for."""

    provisions: list[QuotedProvision]
    message: str = Field(
        "", description="Ce qu'il faut dire à la personne, s'il n'y a rien, ou avant les mots."
    )
    following: int | None = Field(
        None, description="Il en reste\u00a0: redemandez avec «\u00a0debut\u00a0» à ce nombre."
    )


class VersionSummary(BaseModel):
    """One version of a policy."""

    version: date
    since: date
    status: VersionStanding


class PolicySummary(BaseModel):
    """A policy that can be read."""

    policy: str
    name: str
    title: str
    provisions: int = Field(description="Combien de dispositions se citent, dans la version en vigueur.")
    versions: list[VersionSummary] = Field(description="De la plus ancienne à la plus récente.")


class PolicyList(BaseModel):
    """Every policy. `default`: the one that is meant when none is named."""

    default: str
    policies: list[PolicySummary]


class ProvisionChange(BaseModel):
    """One difference between two versions."""

    kind: ChangeKind
    nature: Nature = Field(description="«\u00a0editoriale\u00a0»\u00a0: le sens n'a pas changé.")
    description: str
    before: list[QuotedProvision]
    after: list[QuotedProvision]


class VersionComparison(BaseModel):
    """What differs between two versions of a policy."""

    policy: str
    before: date
    after: date
    summary: str
    titles: list[str] = Field(description="Les titres et les numéros de chapitres qui ont changé.")
    changes: list[ProvisionChange]
    following: int | None = Field(
        None, description="Il en reste\u00a0: redemandez avec «\u00a0debut\u00a0» à ce nombre."
    )


Outcome: TypeAlias = Literal["answer", "clarify", "lookup", "help", "not_found", "silent", "out_of_scope"]


class AnsweredQuestion(BaseModel):
    """The answer to a question: provisions, or one of the three ways of saying no."""

    outcome: Outcome = Field(
        description="answer, lookup\u00a0: les dispositions répondent. clarify\u00a0: à choisir entre elles. "
        "silent\u00a0: la politique ne le précise pas. not_found\u00a0: pas de réponse fiable. "
        "out_of_scope\u00a0: un autre sujet. help\u00a0: la question porte sur Vigie."
    )
    sure: bool = Field(description="Faux\u00a0: dites «\u00a0peut-être\u00a0», et laissez la personne lire.")
    message: str = Field(description="Ce que Vigie dirait avant les mots de la politique, ou à leur place.")
    provisions: list[QuotedProvision]
    suggestions: list[QuotedProvision] = Field(description="À lire aussi, sans que ce soit une réponse.")


class TouchedProvision(BaseModel):
    """A provision that a text to publish touches."""

    provision: QuotedProvision
    concern: str = Field(description="Ce qui est touché, en quelques mots.")
    certain: bool = Field(description="Faux\u00a0: «\u00a0peut-être\u00a0».")
    passages: list[str] = Field(description="Les mots du texte qui le font dire.")
    advice: str = Field(description="Ce qui le réglerait.")


class ExaminedText(BaseModel):
    """What a text to publish touches. It is never a verdict."""

    touched: list[TouchedProvision]
    message: str = Field(description="Ce qui n'a pas été regardé, à dire avec la réponse.")


# --- Provisions -------------------------------------------------------------------------------


def list_policies(library: Library) -> PolicyList:
    """Return the policies, the default one first."""
    policies = sorted(library.policies.values(), key=lambda policy: policy is not library.default)
    return PolicyList(
        default=library.default.id,
        policies=[
            PolicySummary(
                policy=policy.id,
                name=policy.name,
                title=policy.written.title,
                provisions=len(library.current(policy).clauses()),
                versions=[
                    VersionSummary(
                        version=version.adopted,
                        since=version.since,
                        status=legal_standing(policy, version, library.today()),
                    )
                    for version in (*policy.versions, *policy.coming)
                ],
            )
            for policy in policies
        ],
    )


def find_policy(library: Library, name: str) -> Policy:
    """Return a policy by its identifier or a name that people use, the default one for "".

    Raises `UserError` for an unknown name.
    """
    known, _ = library.naming.split(name)
    return library.find(known or name.strip().lower()) if name.strip() else library.default


def warn_of_other_words(reading: Reading, other: Reading) -> str:
    """Return a French warning that what is read is not the text of a day that was named."""
    return f"{say_other_words(reading, other)} Lisez avec «\u00a0date\u00a0»."


def quote_provision(library: Library, reading: Reading, number: Number) -> QuotedProvision:
    """Return the words of a clause, from the only source that has them. Raises KeyError."""
    policy, version = reading.policy, reading.version
    clause = version.clause(number)
    if clause is None or library.version(policy.id, version.key) is not version:
        raise KeyError(number)
    address, identity = quote(str(number), safe=""), identities.name_parts(version)[number]
    return QuotedProvision(
        policy=policy.id,
        number=str(number),
        cited=f"{policy.name}, {clause.cited}",
        place=reading.place(number),
        force=policy.label(clause),
        text=clause.text,
        version=version.adopted,
        since=version.since,
        status=legal_standing(policy, version, library.today()),
        uri=f"{SCHEME}://{policy.id}/versions/{version.adopted}/{address}",
        permanent_uri=f"{SCHEME}://{policy.id}/dispositions/{quote(identity, safe='')}",
    )


def extract(
    library: Library, reading: Reading, numbers: Sequence[Number], start: int = 0, message: str = ""
) -> Extract:
    """Return the provisions from the `start`th on, as many as an answer holds."""
    quoted = list(_fitting(library, reading, numbers[start:]))
    end = start + len(quoted)
    return Extract(provisions=quoted, message=message, following=end if end < len(numbers) else None)


def _fitting(library: Library, reading: Reading, numbers: Sequence[Number]) -> Iterator[QuotedProvision]:
    length = 0
    for number in numbers[:_PROVISIONS]:
        provision = quote_provision(library, reading, number)
        if length and length + len(provision.text) > _CHARACTERS:
            return
        length += len(provision.text)
        yield provision


def read_number(library: Library, policy: Policy, version: Version, number: Number) -> Extract:
    """Return the clauses of a part of a version, by its number. Raises KeyError."""
    clauses = version.within(number)
    if not clauses:
        raise KeyError(number)
    return extract(library, Reading(policy, version), [clause.number for clause in clauses])


def read_identity(library: Library, policy: Policy, identity: str) -> Extract:
    """Return a provision by its permanent identity, in its latest version or one to come. Raises KeyError."""
    served = [version for version in policy.versions if version.since <= library.today()]
    coming = [version for version in (*policy.versions, *policy.coming) if version not in served]
    for version in (*reversed(served), *coming):
        for number, known in identities.name_parts(version).items():
            if known == identity:
                clause_or_item = version.item(number)
                within = clause_or_item[0].number if clause_or_item else number
                extracted = read_number(library, policy, version, within)
                if version in coming or version is served[-1]:
                    return extracted  # each provision says whether it is in force
                gone = f"Cette disposition n'est plus en vigueur. Voici ses derniers mots, de {within}."
                return extracted.model_copy(update={"message": gone})
    raise KeyError(identity)


# --- Comparison -------------------------------------------------------------------------------


def compare_versions(
    library: Library, policy: Policy, before: date | None, after: date | None, start: int = 0
) -> VersionComparison:
    """Compare the versions in force on two days; by default, the one in force today and the one before.

    Raises `UserError` for a day before the first version, or a policy that has one version only.
    """
    new = version_on(policy, after or max(library.today(), policy.versions[0].since))
    old = version_on(policy, before) if before else new.former
    if old is None or old is new:
        raise UserError(f"Je n'ai qu'une version {policy.name.of} à ces dates, et rien à y comparer.")
    if old.since > new.since:
        old, new = new, old
    comparison = compare(old, new)
    changes = [
        ProvisionChange(
            kind=change.kind,
            nature=change.nature,
            description=summary.describe_change(comparison, change),
            before=_side(library, policy, comparison.old, change.old),
            after=_side(library, policy, comparison.new, change.new),
        )
        for change in comparison.changes[start : start + _PROVISIONS]
    ]
    end = start + len(changes)
    return VersionComparison(
        policy=policy.id,
        before=old.adopted,
        after=new.adopted,
        summary=summary.count_changes(comparison),
        titles=[]
        if start
        else [summary.describe_heading(comparison, heading) for heading in comparison.headings],
        changes=changes,
        following=end if end < len(comparison.changes) else None,
    )


def _side(
    library: Library, policy: Policy, version: Version, numbers: Sequence[str]
) -> list[QuotedProvision]:
    return [quote_provision(library, Reading(policy, version), Number(number)) for number in numbers]
