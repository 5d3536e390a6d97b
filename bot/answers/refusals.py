"""The text that declines a question: the reason, and the person to ask. Every channel uses it."""

from bot.answers.guidance import Guidance
from bot.answers.questions import PolicyAnswer
from bot.policy.library import Policy


def refusal(policy: Policy, guidance: Guidance, answer: PolicyAnswer, question: str) -> str:
    """Return the sentences that decline a question."""
    if answer.foreign:
        return (
            "Je comprends seulement le français et l'anglais. Écrivez-moi dans l'une de ces langues\u00a0: "
            f"je vous citerai {policy.name.the}, en français."
        )
    if answer.unkind:  # insults, attempts to divert the bot and gibberish get a calm reply
        return (
            f"Je cite {policy.name.the}, et rien d'autre. Si vous avez une question à son sujet, "
            "posez-la\u00a0: elle est la bienvenue."
        )
    if answer.outcome == "silent":
        return f"{unsaid(policy, guidance, answer, question)} {whom_to_ask(policy)}".strip()
    if answer.outcome != "out_of_scope":
        return f"Je n'ai pas trouvé de réponse fiable. {whom_to_ask(policy)}".strip()
    referral, contact = guidance.referral(question), policy.annotations.contact
    ask = referral.says if referral else ""
    if not ask and contact:
        ask = f"Si cela touche l'association, {contact.who.the} peut vous orienter."
    about = f", qui traite {guidance.scope}" if guidance.scope else ""
    return f"Ce n'est pas le sujet {policy.name.of}{about}. {ask}".strip()


def unsaid(policy: Policy, guidance: Guidance, answer: PolicyAnswer, question: str) -> str:
    """Return the sentence for a question on the policy's own subject that it leaves open."""
    case = guidance.silence(question, answer.ranked)
    return case.says if case else f"{policy.name.The} ne le précise pas."


def whom_to_ask(policy: Policy) -> str:
    """Return the sentence that names the person to ask, or "" when the policy names nobody."""
    contact = policy.annotations.contact
    return f"Vous pouvez vous adresser {contact.who.to} (article\u00a0{contact.clause})." if contact else ""
