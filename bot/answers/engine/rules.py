"""The rules that complete the model: clause numbers in a question, and follow-up questions."""

import re
from collections.abc import Callable, Sequence

from bot.answers.engine.scores import Scores
from bot.policy.articles import Number, Version
from bot.policy.references import Reference
from bot.policy.search import fold_accents

LOOKS_UP = -0.15  # lowest "article" score at which a question that names a clause asks to read it
CERTAIN = 0.3  # lowest margin for a clause to answer a question that names a missing number
CITED = 0.3  # added to the score of a clause named in the question
PRECEDING = (0.9, 0.5)  # added to the clauses of the last answer: the first, then the others
MINOR = 0.2  # factor of PRECEDING when the question makes sense by itself
NOTHING_SAID = 1.5  # factor of PRECEDING when it has no word of the policy: beats any score
ELSEWHERE = 0.4  # a question whose margin is below minus this is off topic: « et la météo? »
_SHORT = 8  # words; a longer question makes sense by itself

# The beginnings of follow-up questions, on folded text.
_FOLLOWS = re.compile(
    r"(?:et|pis|puis|ok|oui|mais|ben|d'accord|bon|alors|donc|and|but|so|ok)\b[\s,]*"
    r"(?:(?:pour|sur|avec|si|dans|a|au|aux|chez|quand|meme|une?|les?|la|l'|mon|ma|mes|what|if|on|for|with|how)\b|$)"
    r"|(?:pourquoi|why|comment ca|comment donc|how come|c'est-a-dire|explique|precise|meme chose|pareil|"
    r"la meme|what about|how about|et alors|so what|ca veut dire|meaning)\b"
)


def look_up(reference: Reference, version: Version, scores: Scores | None) -> tuple[Number, ...] | None:
    """Return the clauses that a question asks to read by number. An article stands for all its clauses.

    The result is empty when the number does not exist, and None when it is only mentioned (« congédié en
    vertu de l'article 7, a-t-on une indemnité? »), so that the question is answered like any other.
    """
    numbers: dict[Number, None] = {}
    for span in reference.spans:
        if span.first == span.last:
            numbers |= dict.fromkeys(clause.number for clause in version.within(span.first))
            continue
        for clause in version.clauses():  # a range, including the subclauses of both ends
            number = clause.number
            if span.first <= number <= span.last or number.within(span.first) or number.within(span.last):
                numbers[number] = None
    if reference.exact or scores is None:
        return tuple(numbers)
    if not numbers:
        return None if scores.margin > CERTAIN else ()
    diverted = scores.reason == "adversarial" and scores.margin < -ELSEWHERE
    return tuple(numbers) if scores.topics["article"] > LOOKS_UP and not diverted else None


def follows(question: str) -> bool:
    """Return whether a question only makes sense after another: « et pour TikTok? », « pourquoi? »."""
    folded = fold_accents(question).replace("’", "'").strip(" .!?…«»\"'")
    return len(folded.split()) <= _SHORT and bool(_FOLLOWS.match(folded))


def adjusted(
    scores: Scores,
    cited: Sequence[Number],
    question: str,
    previous: Sequence[Number],
    holds_any: Callable[[str], bool],
) -> Scores:
    """Return the scores, raised for the clauses that the question cites and for those in the last answer.

    `holds_any`: whether a question has a word of the policy. « Et pour TikTok? » has none. By itself, it asks
    which sites are covered. After another question, it asks the same about TikTok.
    """
    added = dict.fromkeys(cited, CITED)
    if previous and scores.margin > -ELSEWHERE and follows(question):
        weight = NOTHING_SAID
        if holds_any(question):
            weight = MINOR if scores.margin > CERTAIN else 1.0
        for at, number in enumerate(previous):
            added[number] = weight * PRECEDING[min(at, 1)]
    return scores.raised(added)
