"""A day that a text names, « Que disait 5.13 en 2016? », when a policy had or will have other words."""

from dataclasses import replace

from bot.language.voice import FRENCH, Voice
from bot.policy.library import Reading


def other_words(reading: Reading, text: str) -> Reading | None:
    """Return the policy on a day that `text` names and on which other words are in force, if there is one.

    A question about the past is answered from the text in force, which may differ. None if `reading` is
    already as of a day that was asked for.
    """
    from bot.language.dates import days_named  # noqa: PLC0415 — asked only of a policy with several versions

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
    """Return the sentence that says that a policy had other words, or will have some.

    `other`: the reading as of the day with the other words.
    """
    name, year = reading.policy.name, other.on.year if other.on else other.version.since.year
    if other.version.since > reading.version.since:
        will_have = name.agree("aura", "auront")
        return voice(
            "{name.The} {will_have} d'autres mots en {year}.", name=name, will_have=will_have, year=year
        )
    had = name.agree("avait", "avaient")
    return voice("{name.The} {had} d'autres mots en {year}.", name=name, had=had, year=year)
