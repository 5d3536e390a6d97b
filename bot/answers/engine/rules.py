"""The rules that complete the model: clause numbers in a question, and follow-up questions."""

import re
from collections.abc import Callable, Sequence

from bot.answers.engine.scores import Scores
from bot.policy.articles import Number, Version
from bot.policy.references import Reference
from bot.policy.search import fold_accents, search_words

LOOKS_UP = -0.15  # lowest "article" score at which a question that names a clause asks to read it
CERTAIN_MARGIN = 0.3  # lowest margin for a clause to answer a question that names a missing number
CITED = 0.3  # added to the score of a clause named in the question
PRECEDING = (0.9, 0.5)  # added to the previous answer's clauses: the first, then the others
MINOR = 0.2  # factor of PRECEDING when the question makes sense by itself
NOTHING_SAID = 1.5  # factor of PRECEDING when the question has no word of the policy; outweighs any score
ELSEWHERE = 0.4  # a question whose margin is below -ELSEWHERE is off topic: « et la météo? »
# maximum words, and maximum likelihood of the best clause, of a question that may follow another
BRIEF, LIKELY = 12, 0.5
CONTEXT = 0.7  # as `scores.IN_CONTEXT`, for a model trained without follow-ups
# Maximum words of a follow-up: of any form, with a word that refers back, and with a linking word first.
_TINY, _SHORT, _LINKED = 4, 8, 16

# On folded text: words that link a question to the previous one, and beginnings of follow-ups.
_LINK = (
    r"(?:(?:et|pis|puis(?!-)|mais|ok|okay|oui|ouais|ouin|non|ben|bon|alors|donc|faque|fak|merci|attends|"
    r"ah|oh|oups|hein|euh|bref|d'accord|and|but|so|yes|no|wait|well)\b[\s,.:!…]*)"
)
_LINKED_START = re.compile(
    rf"{_LINK}*(?:et|pis|puis(?!-)|mais|faque|fak|meme|mettons|and|but|even|what about)\b"
)
_FOLLOWS = re.compile(
    rf"{_LINK}*(?:$|(?:meme|aussi|sinon|sauf|si|quand|qui|ki|a qui|ou|comment|combien|pourquoi|pk|pkoi|pq|"
    r"quoi|koi|quels?|quelles?|a quels?|a quelles?|avec|sans|pendant|avant|apres|jusqu|c'est|c'etait|cest|c|"
    r"ce n'est|ca|cela|est-ce(?: que)? (?:c'est|ca|cela|la meme|pareil|obligat|permis|interd|vrai)|faut|"
    r"mettons|genre|par exemple|vraiment|toujours|pareil|explique|precise|"
    r"la meme|depuis|pour|dans|chez|sur|juste|seulement|why|who|when|where|how|what|which|even|also|if|"
    r"is it|is that|does it|does that|can it|same|during|meaning|for how|to whom|on|in|at|with|without|"
    r"only)\b)"
)
_REFERS = re.compile(
    r"\b(?:ca|cela|celui|celle|ceux|celles|elles?|eux autres|aussi|egalement|itou|non plus|quand meme|"
    r"la-dessus|dans ce cas|lequel|laquelle|lesquel(?:le)?s|ce(?:t|tte|s)? [\w']+(?:-la| la$)|"
    r"it|that|them|they|too|as well|also)\b"
)
# Questions about a clause itself: its reason, its meaning, its force, its place.
_ABOUT_IT = re.compile(
    rf"{_LINK}*(?:pourquoi(?: ca| donc)?|pk|pkoi|why(?: is that| not)?|how come|comment (?:ca|donc)|et alors|"
    r"(?:explique|precise)[\w\s-]{,20}|(?:ca|qu'est-ce que ca) veut dire(?: quoi)?|"
    r"what does (?:it|that) mean|meaning|c'est-a-dire|"
    r"(?:c'est|est-ce(?: que c'est)?|is it|is that) "
    r"(?:(?:une?|juste une?|a|an|just a|vraiment|really) )?"
    r"(?:obligat|interd|permis|defend|order|rule|regle|ordre|mandatory|required|forbidden|suggestion|"
    r"recommand|conseil|encourag|grave)[\w\s]{,40}|"
    r"(?:c'est |est-ce )?(?:ecrit |dit )?(?:ou|dans quelle? (?:clause|article|point|page))"
    r"(?: ca| que c'est| c'est)?(?: ecrit| dit)?)"
)
_SAME = re.compile(rf"^{_LINK}*(?:meme|aussi|also|even|same)\b|\b(?:aussi|egalement|itou|too|as well)$")
# A question about everything that a policy says on a subject. The policy's name was masked as « politique ».
_SAID_ABOUT = re.compile(
    r"(?:(?:que|quoi que) (?:dit|prevoit) (?:la )?politique|"
    r"qu'est-ce (?:que (?:la )?politique (?:dit|prevoit)|qu'il y a dans (?:la )?politique)|"
    r"(?:est-ce que )?(?:la )?politique (?:parle|dit|prevoit)(?:-t-elle)?(?: quelque chose)?|"
    r"quelles? (?:est|sont) (?:la|les) regles?(?: de (?:la )?politique)?|"
    r"what does (?:the )?(?:politique|policy) say)"
    r"(?: (?:sur|au sujet|a propos|concernant|about|on))?"
    r" (?:(?:de la|du|des|de|la|les|le|une|un|the) |de l'|d'|l')?(?P<subject>[\w' -]+)"
)
# The words of a question about a policy as a whole, and those that ask to read it.
_ASKS_WHAT = frozenset(("quoi", "quel", "quelle", "sert", "contient", "dit", "parle", "connaitre", "est-ce"))
_ABOUT_WHOLE = _ASKS_WHAT.union(
    ("politique", "reglement", "statuts", "charte", "texte", "document", "la", "le", "les", "l", "de", "du"),
    ("des", "d", "ce", "cet", "cette", "est", "c", "qu", "que", "ca", "cela", "servir", "veut", "dire", "a"),
    ("au", "en", "elle", "il", "t", "juste", "donc", "comment"),
)
_ASKS_WHERE = frozenset(("lire", "trouver", "voir", "consulter"))
_TO_READ = _ASKS_WHERE.union(("ou", "je", "on", "peut", "puis", "peux", "me", "moi"))
_SUBJECT = 4  # maximum words of such a subject; a longer one is a question in itself
_SUPPOSES = re.compile(rf"{_LINK}*(?:si|s'|meme|aussi|mettons|if|even|also|what if)\b")


def look_up(reference: Reference, version: Version, scores: Scores | None) -> tuple[Number, ...] | None:
    """Return the clauses that a question asks to read by number. An article stands for all its clauses.

    The result is empty when the number does not exist. It is None when the question only mentions the number
    (« congédié en vertu de l'article 7, a-t-on une indemnité? »). The question is then answered like any
    other.
    """
    numbers: dict[Number, None] = {}
    for span in reference.spans:
        numbers |= dict.fromkeys(clause.number for clause in version.between(span.first, span.last))
    if reference.exact or scores is None:
        return tuple(numbers)
    if not numbers:
        return None if scores.margin > CERTAIN_MARGIN else ()
    diverted = scores.reason == "adversarial" and scores.margin < -ELSEWHERE
    return tuple(numbers) if scores.topics["article"] > LOOKS_UP and not diverted else None


def follows(question: str) -> bool:
    """Return whether a question only makes sense after another: « et pour TikTok? », « même à deux? »."""
    folded = _folded(question)
    words = len(folded.split())
    if words > _LINKED or not words:
        return False
    if _LINKED_START.match(folded):
        return True
    if words <= _TINY and ("?" in question or len([*search_words(folded)]) < words):
        return True  # « vie privée » alone is a new search
    return words <= _SHORT and _refers_back(question)


def may_follow(question: str, scores: Scores) -> bool:
    """Return whether a question is a follow-up, or is short and has no likely answer of its own."""
    brief = len(question.split()) <= BRIEF and bool(scores.values.size) and scores.chances().right < LIKELY
    return brief or follows(question)


def is_beside(scores: Scores) -> bool:
    """Return whether a question is clearly not about the policy: « et la météo? »."""
    return scores.margin <= -ELSEWHERE and scores.reason in {"off_topic", "adversarial"}


def _refers_back(question: str) -> bool:
    folded = _folded(question)
    return bool(_FOLLOWS.match(folded) or _REFERS.search(folded))


def supposes(question: str) -> bool:
    """Return whether a follow-up varies the previous question (« même si… ») rather than asking a new one."""
    return bool(_SUPPOSES.match(_folded(question)))


def _folded(question: str) -> str:
    return fold_accents(question).replace("’", "'").strip(" .!?…«»\"'")


def subject_asked(question: str) -> str:
    """Return the subject when a question asks for everything that the policy says on it, or else "".

    « Que dit la politique sur le logo? » gives « logo ». The words are folded.
    """
    match = _SAID_ABOUT.fullmatch(" ".join(_folded(question).split()))
    subject = match["subject"].strip() if match else ""
    return subject if len(subject.split()) <= _SUBJECT and any(search_words(subject)) else ""


def is_about_whole(question: str, *, answered: bool) -> bool:
    """Return whether a question only asks what a policy is or where to read it: « c'est quoi, le RG? ».

    `question`: with « politique » for the policy's name. `answered`: whether clauses may answer it, in which
    case a question about reading it is left to them.
    """
    words = set(re.findall(r"[\w-]+", _folded(question).replace("'", " ")))
    known = _ABOUT_WHOLE if answered else _ABOUT_WHOLE | _TO_READ
    return "politique" in words and words <= known and not words.isdisjoint(_ASKS_WHAT | _ASKS_WHERE)


def adjusted(
    scores: Scores,
    cited: Sequence[Number],
    question: str,
    *,
    previous: Sequence[Number],
    holds_any: Callable[[str], bool],
    in_context: Callable[[], Scores] | None,
) -> Scores:
    """Return the scores, adjusted for the clauses cited in the question or given in the previous answer.

    `holds_any`: returns whether a question has a word of the policy. « Et pour TikTok? » has none. Alone, it
    asks which sites are covered. After another question, it asks the same thing about TikTok. `in_context`:
    scores the question again with the subject of the previous answer added, since « quand? » means little by
    itself. These scores prevail when the question has no sure answer of its own, or only varies the previous
    question (« même… », « aussi »). It is None if the previous answer has no subject.
    """
    added = dict.fromkeys(cited, CITED)
    if not previous or is_beside(scores) or not follows(question):
        return scores.raised(added)
    weight = MINOR
    if scores.margin > CERTAIN_MARGIN and not holds_any(question):
        weight = NOTHING_SAID if _refers_back(question) else MINOR  # « porte-parole » makes sense by itself
    elif in_context is None:
        weight = MINOR if scores.margin > CERTAIN_MARGIN else 1.0
    elif scores.margin <= CERTAIN_MARGIN or _SAME.search(_folded(question)):
        scores, weight = scores.mixed(in_context(), CONTEXT), 0.0
    if _ABOUT_IT.fullmatch(_folded(question)):
        weight = NOTHING_SAID
    for at, number in enumerate(previous):
        added[number] = weight * PRECEDING[min(at, 1)]
    return scores.raised(added)
