"""The sentences of a no: which of the three kinds it is, and whom to ask. The same wherever it is said."""

from __future__ import annotations

from bot.answers.guidance import Guidance
from bot.answers.questions import PolicyAnswer
from bot.policy.library import Policy


def said(policy: Policy, guidance: Guidance, answer: PolicyAnswer, question: str) -> str:
    """Return what to say to a question that is declined, whole."""
    if answer.foreign:
        return foreign(policy)
    if answer.unkind:
        return calm(policy)
    if answer.outcome == "silent":
        return f"{unsaid(policy, guidance, question)} {contact(policy)}".strip()
    return elsewhere(policy, guidance, question) if answer.outcome == "out_of_scope" else not_found(policy)


def contact(policy: Policy) -> str:
    """Say whom to ask, "" when the policy names nobody."""
    named = policy.annotations.contact
    return f"Vous pouvez vous adresser au {named.who} (article {named.clause})." if named else ""


def not_found(policy: Policy) -> str:
    """Say that nothing reliable was found, and whom to ask."""
    return f"Je n'ai pas trouvé de réponse fiable. {contact(policy)}".strip()


def unsaid(policy: Policy, guidance: Guidance, question: str) -> str:
    """Say what the policy, whose subject it is, does not specify."""
    case = guidance.silence(question)
    if case:
        return case.says
    return f"La {policy.name} touche à ce sujet, mais ne précise pas ce que vous demandez."


def elsewhere(policy: Policy, guidance: Guidance, question: str) -> str:
    """Say that it is not this policy's subject, and whom to ask."""
    case, named = guidance.other(question), policy.annotations.contact
    ask = case.says if case else ""
    if not ask and named:
        ask = f"Si cela touche l'association, son {named.who} peut vous orienter."
    about = f", qui traite {guidance.scope}" if guidance.scope else ""
    return f"Ce n'est pas le sujet de la {policy.name}{about}. {ask}".strip()


def calm(policy: Policy) -> str:
    """Answer an insult, an attempt to divert the bot or gibberish."""
    return (
        f"Je cite la {policy.name}, et rien d'autre. Si vous avez une question à son sujet, posez-la\u00a0: "
        "elle est la bienvenue."
    )


def foreign(policy: Policy) -> str:
    """Decline a language that is neither French nor English."""
    return (
        "Je comprends seulement le français et l'anglais. Écrivez-moi dans l'une de ces langues\u00a0: "
        f"je vous citerai la {policy.name}, en français."
    )
