"""The text that declines a question: the reason, and the person to ask. It is the same on every channel."""

from typing import Final

from bot.answers.guidance import Guidance
from bot.answers.questions import PolicyAnswer
from bot.language.voice import FRENCH, Voice
from bot.policy.articles import Version
from bot.policy.library import Policy, Reading
from bot.times import in_english, in_words

# in a sentence of `answers.toml`, replaced with the result of `in_force`
VERSION: Final = "{version}"


def refusal(
    reading: Reading, guidance: Guidance, answer: PolicyAnswer, question: str, voice: Voice = FRENCH
) -> str:
    """Return the sentences that decline a question."""
    policy, name = reading.policy, reading.policy.name
    if answer.foreign:
        return (
            "Je comprends seulement le français et l'anglais. Écrivez-moi dans l'une de ces langues\u00a0: "
            f"je vous citerai {name.the}, en français."
        )
    if answer.unkind:  # insults, attempts to divert the bot and gibberish get a calm reply
        return voice(
            "Je cite {name.the}, et rien d'autre. Si vous avez une question à son sujet, "
            "posez-la\u00a0: elle est la bienvenue.",
            name=name,
        )
    if answer.outcome == "silent":
        return f"{unsaid(reading, guidance, answer, question, voice)} {whom_to_ask(policy, voice)}".strip()
    if answer.outcome != "out_of_scope":
        found_nothing = voice("Je n'ai pas trouvé de réponse fiable.")
        return f"{found_nothing} {whom_to_ask(policy, voice)}".strip()
    referral, contact = guidance.referral(question), policy.annotations.contact
    ask = voice(referral.says) if referral else ""
    if not ask and contact:
        ask = voice(
            "Si cela touche l'association, {contact.the} peut vous orienter.",
            contact=contact.who,
            who=voice(contact.who),
        )
    beside = (
        voice("Ce n'est pas le sujet {name.of}, qui traite {scope}.", name=name, scope=voice(guidance.scope))
        if guidance.scope
        else voice("Ce n'est pas le sujet {name.of}.", name=name)
    )
    return f"{beside} {ask}".strip()


def unsaid(
    reading: Reading, guidance: Guidance, answer: PolicyAnswer, question: str, voice: Voice = FRENCH
) -> str:
    """Return the sentence for a question that is on the policy's subject, but that the policy leaves open."""
    case = guidance.silence(question, answer.ranked)
    if case is None:
        name = reading.policy.name
        says = name.agree("précise", "précisent")
        return voice("{name.The} ne le {says} pas.", name=name, says=says)
    says, version = voice(case.says), reading.version
    for field, value in (
        (VERSION, in_force(version, voice)),
        ("{articles}", str(len(version.articles))),
        ("{clauses}", str(len(version.clauses()))),
    ):
        says = says.replace(field, value)
    return says


def in_force(version: Version, voice: Voice = FRENCH) -> str:
    """Return the sentence that gives the date of the version in force, and since when it applies."""
    later = version.since != version.adopted
    if voice.english is not None:
        done = "revised" if version.adoption == "révisé" else "adopted"
        since = in_english(version.since) if later else "that day"
        return f"The version in force, {done} on {in_english(version.adopted)}, has applied since {since}."
    since = f"le {in_words(version.since)}" if later else "ce jour"
    return f"La version en vigueur, {version.adoption}e le {in_words(version.adopted)}, vaut depuis {since}."


def whom_to_ask(policy: Policy, voice: Voice = FRENCH) -> str:
    """Return the sentence that names the person to ask, or "" when the policy names nobody."""
    contact = policy.annotations.contact
    if contact is None:
        return ""
    return voice(
        "Vous pouvez vous adresser {contact.to} ({clause}).",
        contact=contact.who,
        who=voice(contact.who),
        clause=policy.versions[-1].cited(contact.clause),
    )
