"""The texts that an assistant may read: verified quotations, with their version, force and dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias
from urllib.parse import quote

from bot.assistants.models import (
    AnsweredQuestion,
    ExaminedText,
    Extract,
    Outcome,
    PolicyList,
    PolicySummary,
    ProvisionChange,
    QuotedProvision,
    TouchedProvision,
    VersionComparison,
    VersionSummary,
)
from bot.assistants.paging import page
from bot.conversation.messages import Quote, excerpt
from bot.conversation.requests import UserError
from bot.language.dates import DateError, read_date
from bot.language.other_words import say_other_words
from bot.policy.articles import Number, Version
from bot.policy.changes import identities, summary
from bot.policy.changes.comparison import Change, HeadingChange, compare
from bot.policy.library import Library, Policy, Reading, version_on
from bot.policy.standing import legal_standing
from bot.times import in_words

SCHEME: Final = "politique"
_YEAR: Final = re.compile(r"(?:en |in |(?:l'|l’)?année )?((?:19|20)\d\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Texts:
    """The policies. `online`: returns the address of a quotation on the Web, "" if it is not published."""

    library: Library
    online: Callable[[Quote], str]


# --- Answers before quotation -------------------------------------------


Cited: TypeAlias = tuple[Reading, Number]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question, with the fields of `AnsweredQuestion`, before its clauses are quoted."""

    outcome: Outcome
    sure: bool
    message: str
    provisions: Sequence[Cited]
    suggestions: Sequence[Cited]


@dataclass(frozen=True, slots=True)
class Touch:
    """A provision that a text touches, with the fields of `TouchedProvision`, before it is quoted."""

    provision: Cited
    concern: str
    certain: bool
    passages: Sequence[str]
    advice: str


# --- Provisions -------------------------------------------------------------------------------


def list_policies(texts: Texts, start: int = 0) -> PolicyList:
    """Return the policies, the default one first."""
    library = texts.library

    def summarized(policy: Policy) -> PolicySummary:
        return PolicySummary(
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
                for version in _announced(policy)
            ],
        )

    ranked = sorted(library.policies.values(), key=lambda policy: policy is not library.default)
    policies, following = page(ranked, start, summarized)
    return PolicyList(default=library.default.id, policies=policies, following=following)


def _announced(policy: Policy) -> tuple[Version, ...]:
    """Return the versions of a policy, including those announced but not yet in force."""
    return (*policy.versions, *policy.coming)


def find_policy(library: Library, name: str) -> Policy:
    """Return a policy by its identifier or a name that people use, the default one for "".

    Raises `UserError` for an unknown name.
    """
    identifier, _ = library.naming.split(name)
    return library.find(identifier or name.strip().lower()) if name.strip() else library.default


def read_day(policy: Policy, text: str, today: date) -> date | None:
    """Return the day written in a text, None for "". Raises `UserError`.

    A year alone stands for one of its days, if a single text was in force during that year.
    """
    if not text.strip():
        return None
    if year := _YEAR.fullmatch(text.strip()):
        return _day_in_year(policy, int(year[1]))
    try:
        return read_date(text, today, past=True).day
    except DateError as error:
        raise UserError(str(error)) from None


def _day_in_year(policy: Policy, year: int) -> date:
    first, last = date(year, 1, 1), date(year, 12, 31)
    before = next((version for version in reversed(_announced(policy)) if version.since <= first), None)
    later = [version for version in _announced(policy) if first < version.since <= last]
    versions = [before, *later] if before else later
    if len(versions) > 1:
        days = ", ".join(in_words(version.since) for version in versions)
        had = policy.name.agree("a eu", "ont eu")
        raise UserError(
            f"{policy.name.The} {had} plusieurs textes en {year}, depuis\u00a0: {days}. Donnez un jour."
        )
    return max(first, versions[0].since) if versions else last


def warn_of_other_words(reading: Reading, other: Reading) -> str:
    """Return a French warning that the policy has other words on the day of `other`, which someone named."""
    return f"{say_other_words(reading, other)} Lisez avec «\u00a0date\u00a0»."


def quote_provision(texts: Texts, cited: Cited) -> QuotedProvision:
    """Return a clause as quoted for an assistant. Raises `KeyError` if the library does not have it."""
    (reading, number), library = cited, texts.library
    policy, version = reading.policy, reading.version
    clause = version.clause(number)
    if clause is None or library.version(policy.id, version.key) is not version:
        raise KeyError(number)
    identity = identities.name_parts(version)[number]
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
        uri=f"{version_address(policy, version)}/{quote(str(number), safe='')}",
        permanent_uri=f"{SCHEME}://{policy.id}/dispositions/{quote(identity, safe='')}",
        web=texts.online(reading.quote(number)),
    )


def version_address(policy: Policy, version: Version) -> str:
    """Return the address of a version, whose words will never change."""
    return f"{SCHEME}://{policy.id}/versions/{version.adopted}"


def extract(
    texts: Texts, reading: Reading, numbers: Sequence[Number], start: int = 0, message: str = ""
) -> Extract:
    """Return as many provisions as an answer holds, from the index `start` on."""
    provisions, following = page(numbers, start, lambda number: quote_provision(texts, (reading, number)))
    on = reading.on or texts.library.today()
    return Extract(provisions=provisions, on=on, message=message, following=following)


def answer_question(texts: Texts, answer: Answer, start: int) -> AnsweredQuestion:
    """Return an answer with its clauses and the suggested clauses quoted, from the index `start` on."""
    cited = [*answer.provisions, *answer.suggestions]
    quoted, following = page(cited, start, lambda citation: quote_provision(texts, citation))
    answering = max(len(answer.provisions) - start, 0)
    return AnsweredQuestion(
        outcome=answer.outcome,
        sure=answer.sure,
        message=answer.message,
        provisions=quoted[:answering],
        suggestions=quoted[answering:],
        following=following,
    )


def show_touched(texts: Texts, touched: Sequence[Touch], message: str, start: int) -> ExaminedText:
    """Return the provisions that a text touches, quoted, from the index `start` on."""

    def quoted(touch: Touch) -> TouchedProvision:
        return TouchedProvision(
            provision=quote_provision(texts, touch.provision),
            concern=touch.concern,
            certain=touch.certain,
            passages=list(touch.passages),
            advice=touch.advice,
        )

    pieces, following = page(touched, start, quoted)
    return ExaminedText(touched=pieces, message=message, following=following)


# --- Addresses --------------------------------------------------------------------------------


def read_version(texts: Texts, policy: Policy, adopted: str, number: str, start: int) -> Extract:
    """Return the clauses of a version under a number, or all its clauses for "". Raises `UserError`."""
    version = next((version for version in _announced(policy) if version.key == adopted), None)
    no = policy.name.agree("n'a", "n'ont")
    if version is None:
        keys = ", ".join(version.key for version in _announced(policy))
        raise UserError(
            f"{policy.name.The} {no} pas de version du «\u00a0{excerpt(adopted, 20)}\u00a0», mais\u00a0: "
            f"{keys}."
        )
    clauses = version.within(Number(number)) if number else version.clauses()
    if not clauses:
        raise UserError(
            f"{policy.name.The} {no} pas «\u00a0{excerpt(number, 60)}\u00a0» dans la version du {adopted}. "
            "Prenez une adresse que «\u00a0lire\u00a0» donne."
        )
    on = None if version is policy.in_force(texts.library.today()) else version.since
    return extract(texts, Reading(policy, version, on=on), [clause.number for clause in clauses], start)


def read_identity(texts: Texts, policy: Policy, identity: str, start: int) -> Extract:
    """Return a provision by its permanent identity, from the latest version that has it.

    A version to come is used only for a provision that no earlier version has. Raises `UserError` when no
    version has it.
    """
    today = texts.library.today()
    served = [version for version in policy.versions if version.since <= today]
    coming = [version for version in _announced(policy) if version not in served]
    for version in (*reversed(served), *coming):
        for number, name in identities.name_parts(version).items():
            if name == identity:
                clause_or_item = version.item(number)
                within = clause_or_item[0].number if clause_or_item else number
                extracted = read_version(texts, policy, version.key, str(within), start)
                if version in coming or version is served[-1]:
                    return extracted  # needs no message: each provision says whether it is in force
                gone = f"Cette disposition n'est plus en vigueur. Voici ses derniers mots, de {within}."
                return extracted.model_copy(update={"message": gone})
    no = policy.name.agree("n'a", "n'ont")
    raise UserError(
        f"{policy.name.The} {no} aucune disposition à cette adresse. Prenez une de celles que "
        "«\u00a0lire\u00a0» donne."
    )


# --- Comparison -------------------------------------------------------------------------------


def compare_versions(
    texts: Texts, policy: Policy, before: date | None, after: date | None, start: int = 0
) -> VersionComparison:
    """Compare the versions in force on two days. By default, compare today's version with the one before.

    Raises `UserError` when a day is before the first version, or when there is no other version to compare.
    """
    new = version_on(policy, after or max(texts.library.today(), policy.versions[0].since))
    old = version_on(policy, before) if before else new.former
    if old is None or old is new:
        raise UserError(
            f"Je n'ai qu'une version {policy.name.of} à ces dates, et rien à y comparer. Les jours des "
            "autres, s'il y en a, sont dans «\u00a0politiques\u00a0»."
        )
    if old.since > new.since:
        old, new = new, old
    comparison = compare(old, new)

    def described(difference: HeadingChange | Change) -> str | ProvisionChange:
        if isinstance(difference, HeadingChange):
            return summary.describe_heading(comparison, difference)
        return ProvisionChange(
            kind=difference.kind,
            nature=difference.nature,
            description=summary.describe_change(comparison, difference),
            before=_side(texts, policy, old, difference.old),
            after=_side(texts, policy, new, difference.new),
        )

    differences: list[HeadingChange | Change] = [*comparison.headings, *comparison.changes]
    pieces, following = page(differences, start, described)
    return VersionComparison(
        policy=policy.id,
        before=old.adopted,
        after=new.adopted,
        summary=summary.count_changes(comparison),
        titles=[piece for piece in pieces if isinstance(piece, str)],
        changes=[piece for piece in pieces if not isinstance(piece, str)],
        following=following,
    )


def _side(texts: Texts, policy: Policy, version: Version, numbers: Sequence[str]) -> list[QuotedProvision]:
    return [quote_provision(texts, (Reading(policy, version), Number(number))) for number in numbers]
