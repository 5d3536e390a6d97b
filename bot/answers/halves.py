"""Two questions in one text: where to cut the text, and whether the answers confirm the two questions."""

import re
from dataclasses import replace
from typing import Final

from bot.answers.engine.scores import ScoredClause
from bot.answers.questions import PolicyAnswer
from bot.policy.articles import Number
from bot.policy.library import Policy
from bot.policy.search import fold_accents

SHORTEST: Final = 3  # minimum words of a half
# maximum words of a text with at most one question mark; a longer one is a story with its question
LONGEST: Final = 40
# The kinds of evidence that a text is cut in the right place: only a verb (« … et publier des photos? »),
# question words, or two question marks. CONFIDENT: for each kind, the minimum likelihood of a half's clauses.
VERB, WORDS, MARKS = range(3)
CONFIDENT: Final = (0.8, 0.35, 0.35)
WHOLE: Final = 0.9  # a text whose clauses are at least this likely is a single question
BOTH_LIKELY: Final = 0.5  # minimum likelihood of each half in that case, with at most one question mark
DECLINED: Final = 0.7  # minimum likelihood of each half when the text as a whole is declined
# minimum likelihood of a half's other clauses, to keep them alone when the other half has the best clause
RIVAL: Final = 0.3

_ASKS = (
    r"(?:est-ce|es[- ]ce|esk|eske|est-il|est-elle|sont-|qui\b|ki\b|quoi\b|quel(?:le)?s?\b|"
    r"que (?:dit|faire|prevoit|doi|puis|risque|se passe|veut)|qu'(?:est|arrive|y|advient)|"
    r"comment|combien|pourquoi|quand\b|ou est|ou sont|a qui|de qui|a quel|dans quel|vers quel|jusqu'ou|"
    r"(?:c'est|cest|c'?) ?-?(?:quoi|koi|qui|ki|tu|permis|correct|ok)\b|"
    r"puis-je|peut-|peux-|peut on|dois-|doit-|doivent-|faut-|faut\b|ai-je|a-t-|suis-je|sommes-nous|"
    r"y a-t-|y'?a-?tu|[\w']+-tu\b|[\w']+ tu\b|\w+-(?:t-)?(?:il|elle|on|ils|elles|je|nous|vous)\b|"
    r"(?:si )?(?:je |j'|j|on )(?:peux?|dois?|ai|doit|peut|veux)\b|"
    r"can\b|could\b|may\b|do i|does|is\b|are\b|am i|what|who\b|when\b|where\b|how\b|why\b|should|will\b|must)"
)
# Words that make a sentence a question, wherever they are in it.
_ASKS_ANYWHERE = (
    r"(?:est[- ]ce que?|es[- ]ce que?|esk|eske|qu'est[- ]ce|c'?est (?:quoi|ki|qui)|combien|comment|pourquoi|"
    r"(?:fais|faire|dis|risque) (?:quoi|koi)\b|"
    r"(?!(?:que|si|est|et)-)\w+-(?:t-)?(?:tu|il|elle|on|ils|elles|je|nous|vous)\b|"
    r"(?!(?:que|quand|si|et|est)\b)[\w']+ tu\b(?! (?:as|es|peux|dois|vas|fais|dis|vois)\b)|"
    r"(?:a|de|devant|dans|vers|pour) (?:qui|quels?|quelles?)\b|(?<=, )quel(?:le)?s?\b|ou$)"
)
_LINK = r"(?:et|pis|puis|mais|and|but|ainsi que|par ailleurs|en passant|autre question|une autre|also|aussi)"
_START = re.compile(
    rf"(?:{_LINK}\b[\s,:]*)*(?:[\w'’]+[\s,]+){{0,2}}?{_ASKS}|"
    rf"(?:{_LINK}\b[\s,:]*)*(?:[\w'’-]+[\s,]+){{0,12}}?{_ASKS_ANYWHERE}|"
    rf"(?:{_LINK}\b[\s,:]*)+(?:meme |juste )?(?:si|quand|avec|dans|dedans|sur|pour)\b.*\?$"
)
# Words that announce two things, whatever their forms: « lequel des deux est permis ».
_BOTH = re.compile(r"\b(?:lequel|laquelle) des deux\b|\bles deux\W*$", re.IGNORECASE)
# « Deux points : … », and « … J'ai deux questions, désolé. »
_TWO_THINGS = r"(?:[\w'’]+\s+){0,3}(?:deux|2) (?:questions|choses|affaires|points)\b[^.?!:;\d]{0,60}"
_ANNOUNCED = re.compile(rf"^{_TWO_THINGS}[.:;]\s+|(?<=[?.!])\s+{_TWO_THINGS}[.!]?$", re.IGNORECASE)
# Words that introduce a question anywhere: « avant de publier, je me demande qui… ».
_WONDERS = (
    r"(?:je (?:me demande|veux savoir|voudrais savoir|sais pas|ne sais pas)|j'aimerais savoir|"
    r"dis[- ]moi|dites[- ]moi)"
)
_ASKING = re.compile(
    rf"(?:(?:^|[,:;(]\s*)(?:[\w'’]+[\s,]+){{0,3}}?|\b{_WONDERS}\s+(?:[\w'’]+[\s,]+)??){_ASKS}|{_ASKS_ANYWHERE}|\?$"
)
# The places where a text may be cut, best first: between two sentences or at a list's second number, then at
# a connector.
_CUTS = (
    re.compile(r"(?<=[?!])\s+|(?<=\w)\s*;\s*|(?<=\w)[\s,]+(?=2[).:])|(?<=[.])\s+"),
    re.compile(
        r"(?:,\s*|\s)(?=(?:et|pis|puis|mais|and|but|ainsi que|par ailleurs|une autre)\s)|"
        r",\s*(?=(?:aussi|also)\s)",
        re.IGNORECASE,
    ),
)
_VERB = re.compile(rf"(?:{_LINK}\s+)+(?:d[e']\s?)?[a-z]{{3,}}(?:er|ir|re)\b")
_SENTENCE = re.compile(r"[.?!…]\s+")
_LIST = re.compile(r"^\W*(?:[12][).:]|(?:bonjour|allo|hi|hello|svp|deux questions)\b)\W*", re.IGNORECASE)


def cut(text: str) -> tuple[str, str, int] | None:
    """Return the best way to cut a text into two questions: the halves, and the evidence for the cut.

    Return None when the text has only one question.
    """
    ways = []
    text = _ANNOUNCED.sub("", text)
    both = _BOTH.search(text)
    story = len(text.split()) > LONGEST
    for pattern in _CUTS:
        for match in pattern.finditer(text):
            first = text[: match.start()].strip(" ,;")
            second = text[match.end() :].strip()
            if min(len(first.split()), len(second.split())) < SHORTEST:
                continue
            halves = _LIST.sub("", first), _LIST.sub("", second)
            if first.endswith("?") and "?" in second:
                ways.append((*halves, MARKS))
            elif story:
                continue
            elif _ASKING.search(_SENTENCE.split(_folded(first))[-1]) and _START.match(_folded(second)):
                ways.append((*halves, WORDS))
            elif pattern is _CUTS[1] and (both or _VERB.match(_folded(second))):
                ways.append((*halves, VERB))
    # « J'ai publié des photos. Est-ce permis, et que puis-je risquer? » is not cut after the statement.
    return max(ways, key=lambda way: (way[2], not way[0].endswith(".")), default=None)


def _folded(text: str) -> str:
    return _LIST.sub("", fold_accents(text).replace("’", "'"))


def strength(policy: Policy, answer: PolicyAnswer) -> float:
    """Return the total likelihood of an answer's best clause and the clauses to read with it, or 0.0."""
    if not (answer.answered and answer.clauses):
        return 0.0
    companions = policy.annotations.companions(answer.clauses[0].number)
    return sum(clause.score for clause in answer.clauses if clause.number in companions)


def told_apart(
    policy: Policy, whole: PolicyAnswer, halves: tuple[PolicyAnswer, PolicyAnswer], shown_by: int
) -> tuple[PolicyAnswer, ...]:
    """Return the answer to each half of a text, or () if the answers do not confirm two questions.

    `whole`: the answer to the whole text. Its best clause is always among those returned, and `whole`
    replaces the answer of a half that has none. `shown_by`: the evidence returned by `cut`.
    """
    if any(half.topic == "draft" or half.foreign or half.unkind for half in halves):
        return ()
    halves = _beside(policy, *halves), _beside(policy, *reversed(halves))
    certain = strength(policy, whole) >= WHOLE
    least = max(
        CONFIDENT[shown_by], DECLINED * (not whole.answered), BOTH_LIKELY * (certain and shown_by < MARKS)
    )
    answered = [half for half in halves if half.answered and half.clauses]
    if not answered or any(strength(policy, half) < least for half in answered):
        return ()
    best = [half.clauses[0].number for half in answered]
    if len(answered) == 2:  # noqa: PLR2004 — both halves
        two = not _alike(policy, *answered) and (not whole.answered or whole.clauses[0].number in best)
        return halves if two else ()
    if shown_by == VERB or (certain and shown_by < MARKS):
        return ()
    if strength(policy, whole) >= least and not _alike(policy, whole, answered[0]):
        return (answered[0], whole) if halves[0] is answered[0] else (whole, answered[0])
    left = halves[halves[0] is answered[0]]
    same = not whole.answered or whole.clauses[0].number == best[0]
    return halves if same and left.outcome in {"silent", "out_of_scope"} else ()


def _beside(policy: Policy, half: PolicyAnswer, other: PolicyAnswer) -> PolicyAnswer:
    """Return a half's answer without the clauses that the other half answers better, if any clause remains.

    In « Qui autorise la page où mettre le logo, et faut-il un accord pour le logo? », the first half names
    the subjects of both.
    """
    if not (half.answered and other.answered and half.clauses and other.clauses):
        return half
    if half.sure and strength(policy, half) >= strength(policy, other):
        return half
    beside = policy.annotations.companions(other.clauses[0].number)
    left = 1 - sum(clause.score for clause in half.clauses if clause.number in beside)
    rest = tuple(
        clause._replace(score=clause.score / max(clause.score, left))
        for clause in half.clauses
        if clause.number not in beside and clause.score >= RIVAL
    )
    return replace(half, outcome="answer", clauses=rest) if rest and _alike(policy, other, half) else half


def _alike(policy: Policy, answer: PolicyAnswer, next_answer: PolicyAnswer) -> bool:
    """Return whether the best clauses of two answers are the same, or are to be read together."""
    return next_answer.clauses[0].number in policy.annotations.companions(answer.clauses[0].number)


def joined(whole: PolicyAnswer, halves: tuple[PolicyAnswer, ...]) -> PolicyAnswer:
    """Combine the answers to two questions. Their best clauses come first, that of `whole` at the head."""
    answered = [half for half in halves if half.answered]
    if whole.answered and whole.clauses[0].number == answered[-1].clauses[0].number:
        answered.reverse()
    firsts = [half.clauses[0] for half in answered]
    rest = [clause for half in answered for clause in half.clauses[1:]]
    clauses: dict[Number, ScoredClause] = {}
    for clause in (*firsts, *rest):
        clauses.setdefault(clause.number, clause)
    incident = any(half.topic == "incident" for half in halves)
    return PolicyAnswer(
        "answer",
        "incident" if incident else whole.topic,
        tuple(clauses.values()),
        tuple(clauses.values()),
        sure=len(answered) == len(halves) and all(half.sure for half in halves),
        english=whole.english,
        halves=halves,
    )
