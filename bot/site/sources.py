"""The texts to publish: those in force or announced, of the policies that the profile makes public."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path

from sqlite_utils import Database

from bot.configuration.profile import Profile, load_profile
from bot.policy import loading
from bot.policy.loading import Adopted
from bot.revision import revisions
from bot.site.frame import SiteFacts
from bot.site.pieces import Piece, digest, policy_pieces, program_digest
from bot.site.publishing import PolicySource, PublicationError
from bot.site.timeline import CancelledText, Chronicle, timeline
from bot.times import Calendar


def public_policies(
    db: Database | None,
    *,
    folders: Sequence[Path],
    profile: Profile,
    facts: SiteFacts,
    now: datetime,
    calendar: Calendar,
) -> list[PolicySource]:
    """Return the policies to publish. `db`: the database, None when there is none yet.

    A text is published once it is announced, which may be before it takes effect. Texts that are only
    proposed, or approved but not announced, are left out. Raises `PublicationError` when no policy is public,
    `PolicyError`, and `SettingsError` for a mistake in the profile.
    """
    public = sorted(name for name, words in profile.policies.items() if words.public)
    approved = revisions.adopted_texts(db) if db else {}
    if not public:
        raise PublicationError(
            "aucune politique n'est publique. Dans profil.toml, ajoutez publique = true sous "
            f"[politiques.{profile.policy}]."
        )
    texts = (
        _Texts(name, approved.get(name, ()), chronicle(db, name, calendar) if db else Chronicle())
        for name in public
    )
    return [_source(folders, facts, calendar.day(now), text) for text in texts]


@dataclass(frozen=True, slots=True)
class _Texts:
    """The announced texts of a policy, and their history."""

    policy: str
    announced: Sequence[Adopted]
    chronicle: Chronicle


def _source(folders: Sequence[Path], facts: SiteFacts, today: date, texts: _Texts) -> PolicySource:
    name = texts.policy
    files = loading.policy_files(folders, name)
    words = load_profile(folders).policies.get(name)
    days = [text.effective or text.adopted for text in texts.announced] or list(_days(files))
    # the number of versions that took effect: the pages depend on the day through it alone
    in_force_count = sum(day <= today for day in days)
    made_from = digest(sorted(files.values()), words, texts, in_force_count)

    pieces = partial(_pieces, folders, facts, today, texts, made_from)
    return PolicySource(name, digest(program_digest(), facts, made_from), pieces)


def _pieces(
    folders: Sequence[Path], facts: SiteFacts, today: date, texts: _Texts, made_from: str
) -> Sequence[Piece]:
    """Return the pieces of a policy. `made_from`: the hash of its texts and of which one is in force."""
    # Here versions to come are ordinary versions, because the page shows which one is in force.
    versions = [replace(text, coming=False) for text in texts.announced]
    policy = loading.read_policy(folders, texts.policy, versions)
    return tuple(policy_pieces(facts, timeline(policy, today, texts.chronicle), made_from))


def _days(files: Mapping[str, bytes]) -> Iterator[date]:
    """Yield the adoption dates in the names of text files."""
    for path in files:
        try:
            yield date.fromisoformat(Path(path).stem)
        except ValueError:
            continue


def chronicle(db: Database, policy: str, calendar: Calendar) -> Chronicle:
    """Return the history of a policy's texts: announcements and withdrawals."""
    texts = {text.id: text for text in revisions.list_texts(db, policy)}
    announced = {
        text.version: calendar.day(text.announced_at) if text.announced_at else text.ahead_on
        for text in texts.values()
        if text.state == "announced" or text.is_coming
    }
    taken = {*announced, *(text.version for text in texts.values() if text.state == "origin")}
    cancelled = []
    for text in revisions.cancelled_ahead(db, policy):
        if text.adopted and text.effective and text.ahead_on and text.withdrawn_on:
            days = text.adopted, text.effective
            replaced = text.version in taken
            cancelled.append(
                CancelledText(*days, text.text, text.ahead_on, text.withdrawn_on, replaced=replaced)
            )
            taken.add(text.version)
    return Chronicle(
        {key: day for key, day in announced.items() if day},
        {
            text.version: texts[text.withdraws].version
            for text in texts.values()
            if text.adopted
            and text.version in announced
            and text.withdraws in texts
            and texts[text.withdraws].adopted
        },
        tuple(cancelled),
    )
