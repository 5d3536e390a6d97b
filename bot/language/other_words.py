"""The version of a policy on a past or future day that a question names: « Que disait 5.13 en 2016? »."""

from dataclasses import replace

from bot.language.voice import FRENCH, Voice
from bot.policy.library import Reading


def other_words(reading: Reading, text: str) -> Reading | None:
    """Return the policy as of a day that `text` names, if another version is in force on that day.

    Questions are answered from the text in force today, so a person who names another day must be told when
    its text differs. Return None if `reading` is already as of a day that the person asked for.
    """
    from bot.language.dates import days_named  # noqa: PLC0415 — needed only for a policy with several versions

    policy = reading.policy
    if reading.on:
        return None
    for first, last in days_named(text):
        begins = (version.since for version in policy.versions if first < version.since <= last)
        for day in sorted({first, *begins}, reverse=True):
            version = policy.in_force(day)
            if version not in {None, reading.version}:
                return replace(reading, version=version, on=day, moved=None)
    return None


def say_other_words(reading: Reading, other: Reading, voice: Voice = FRENCH) -> str:
    """Return a sentence saying that a policy had, or will have, other words. `other`: from `other_words`."""
    name = reading.policy.name
    year = other.on.year if other.on else other.version.since.year
    if other.version.since > reading.version.since:
        will_have = name.agree("aura", "auront")
        return voice(
            "{name.The} {will_have} d'autres mots en {year}.", name=name, will_have=will_have, year=year
        )
    had = name.agree("avait", "avaient")
    return voice("{name.The} {had} d'autres mots en {year}.", name=name, had=had, year=year)
