"""Guesses from a policy's text alone: forces, short titles, defined terms, clauses to read together.

A guess is a draft for a person to review. No guess is made from words that are not clear.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bot.answers.guidance import SUBJECT_LENGTH
from bot.conversation.messages import capitalized
from bot.policy.annotations import Force
from bot.policy.articles import Clause, Number, Version
from bot.policy.placing import PREAMBLE
from bot.policy.provisions import Kind
from bot.policy.search import fold_accents, search_words
from bot.policy.sentences import begins_note, gives_reason, split_note
from bot.revision.reading.lint import references

_NOT: Final = r"(?:pas|point|jamais|aucunement|nullement|en aucun cas|sous aucun prétexte)"
# The words of each force, strongest first: a clause has the first force that any of its sentences has.
_WORDS: Final[Mapping[Force, tuple[str, ...]]] = {
    "sanction": (
        r"passibles?\b|sanctions?\b|sanctionnée?s?\b|mesures? disciplinaires?\b|congédi|amendes?\b",
        r"radiée?s?\b|radiation|exclue?s?\b|(?<!demande d['’])exclusion|expulsi|destitu",
        r"(?:est|sont|être|sera|seront) suspendue?s?\b",
        r"violations? [^.;]{0,60}entraîner\b",
    ),
    "interdiction": (
        r"interdit|prohibée?s?\b|défendue?s?\b|proscrit|nul ne (?:peut|doit)\b|évit(?:er|ez) (?:de|d['’])",
        r"s['’]abst(?:enir|ient|iennent|iendra|iendront) (?:de|d['’])|abstenez-vous (?:de|d['’])",
        r"aucun\w* [^.;]{0,60}\bne (?:peut|doit|peuvent|doivent)\b",
        rf"ne (?:devr\w+|pouvez|devez) (?:\w+ )?{_NOT}\b",
        # « ne peut être vue sans… », « ne doit donner lieu à aucun débat »
        r"ne (?:peut|peuvent|doit|doivent|saurai\w+|pourr(?:a|ont))(?! (?:\w+ )?être (?:\w+ )?tenue?s?\b)\b",
        rf"ne [^\W\d_]+ez {_NOT}\b|de ne {_NOT}\b",
        rf"n['’](?:est|êtes|sont) {_NOT} (?:\w+ )?(?:permis|autorisé|admis)",
    ),
    "directive": (
        r"doi(?:t|vent)\b|dev(?:ez|ra|ront|ons)\b|tenue?s? de\b",
        r"(?:est|sont) (?:tenue?s?|requise?s?|chargée?s?)\b",
        r"il faut\b|obligatoire|obligée?s? de\b|assurez-vous\b|veille(?:r|z|nt)? à\b|il incombe\b",
        r"(?:a|ont) l['’]obligation d",
        r"a pour (?:mandat|fonction|devoir|tâche)\b|s['’]engage",
        r"(?<![^\n])(?!Rappelez|N['’]hésitez|Veuillez)[^\W\d_]+ez(?:-vous)?\b",
    ),
    "permission": (
        r"(?<!se )(?<!ne )peu(?:t|vent) (?!entraîner|faire|parfois|avoir|causer)|pouvez\b",
        r"(?:a|ont|réserve|réservent) le droit\b",
        r"(?:est|sont) permise?s?\b|autorisée?s? à\b|facultati|il est (?:possible|loisible)\b",
    ),
    "encouragement": (
        r"encourag|recommand|souhaitable|(?<!où il )(?<!où elle )devrai(?:t|ent)\b|favoris|préférable",
    ),
    "invitation": (r"invit(?:e|ons|ez|ée?s?|ent)\b|n['’]hésitez pas|prié\w* de\b|veuillez\b",),
    "portée": (
        r"désigne|signifie|s['’]entend|on entend par|s['’]appliqu|vise(?:nt)?\b|au sens d|comprend\b|demeure",
        r"a pour (?:but|objet|objectif)|(?:est|sont) considérée?s?\b|garde(?:r|z)? en tête",
        r"se compose|(?:est|sont) (?:composée?s?|formée?s?)\b",
    ),
}
_FORCES: Final = {
    force: re.compile(rf"\b(?:{'|'.join(words)})", re.IGNORECASE) for force, words in _WORDS.items()
}
_SENTENCE: Final = re.compile(r"(?<=[.;!?])\s+(?=[A-ZÀ-Ý«])|\n+")
# Words that only link a sentence to the one before.
LINK: Final = re.compile(
    r"(?:En effet|Ainsi|Toutefois|De plus|Par conséquent|Cependant|En outre|Enfin|Or|Donc|Également|"
    r"Par ailleurs|Néanmoins|À cet effet|À cette fin|Dans ce cas|Le cas échéant|S['’]il y a lieu|"
    r"Au besoin|De même|En aucun cas|En tout temps|Pour ce faire),?\s+"
)
# abbreviations, whose full stop ends no sentence
_SHORTENED: Final = frozenset(("art.", "al.", "let.", "ch.", "par.", "no."))
# Words that cannot end a short subject, because they need a complement.
_DANGLING: Final = frozenset(
    (
        *("peut", "peuvent", "doit", "doivent", "pourra", "pourront", "devra", "devront", "est", "sont", "a"),
        *("ont", "sera", "seront", "ne", "etre", "dument", "tout", "tous", "toute", "toutes", "notamment"),
        "comme",
    )
)
_LEAST_WORDS: Final = 3  # words of a text without an end, below which it only names its clause
_ENDS: Final = (".", ";", "!", "?")
_WORD: Final = re.compile(r"[^\W\d_]+")
_CAPITALS: Final = re.compile(r"[A-ZÀ-Ý]{2}")


def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a clause's text, without the white space around them.

    A note such as « (Modifié par la résolution 12) » is not a sentence.
    """
    pieces = (split_note(piece.strip())[0] for piece in _SENTENCE.split(text))
    return tuple(piece for piece in pieces if piece and not begins_note(piece))


def is_rule(version: Version, clause: Clause) -> bool:
    """Return whether a clause states a rule.

    Preambles, recitals (« Attendu que… »), repealed clauses and those that are only named do not.
    """
    around = [version.part(number) for number in (clause.number, *version.around(clause.number))]
    if any(part.kind is Kind.PREAMBLE or PREAMBLE.match(part.title) for part in around):
        return False
    first, *others = [*sentences(clause.text), ""]
    named = not any(others) and len(first.split()) < _LEAST_WORDS and first[-1:] not in _ENDS
    return bool(first) and not named and not gives_reason(first)


def guess_force(text: str) -> Force | None:
    """Return the strongest force that a clause's words express, or None if they express none."""
    pieces = sentences(text)
    return next((force for force, pattern in _FORCES.items() if any(map(pattern.search, pieces))), None)


def guess_subjects(version: Version, titles: Mapping[Number, str]) -> Mapping[Number, str]:
    """Return the subject of each clause, in at most `SUBJECT_LENGTH` characters.

    It is the clause's own title, even if others have it too, or else what no other has: its heading, the
    title of its article for the article's own text, or its first words.
    """
    subjects: dict[Number, str] = {}
    for clause in version.clauses():
        clause_title = version.part(clause.number).title
        if not sentences(clause.text):  # the clause is repealed, or has only notes on its history
            continue
        title = titles.get(clause.number, clause_title) if clause.number == clause.article else ""
        heading = clause.heading.rpartition(" › ")[2]  # the nearest heading is the most specific
        whole = [LINK.sub("", text, count=1) for text in sentences(clause.text)[:1]]
        for text in filter(None, (heading, title, _only_title(version, clause), *whole)):
            subject = _beginning(text)
            if subject and (subject not in subjects.values() or text in {clause_title, title}):
                subjects[clause.number] = subject
                break
    return subjects


def _beginning(text: str) -> str:
    """Return the first whole words of a text, up to a punctuation mark, without small words at the end."""
    words: list[str] = []
    for word in text.replace("«\u00a0", "").replace("\u00a0»", "").split():
        if len(" ".join([*words, word])) > SUBJECT_LENGTH:
            break
        words.append(word)
        if word[-1] in ".;:," and word.lower() not in _SHORTENED:
            break
    while len(words) > 1 and (fold_accents(words[-1]) in _DANGLING or not any(search_words(words[-1]))):
        words.pop()
    return capitalized(" ".join(words).strip(" .;:,«»–—-"))


def _only_title(version: Version, clause: Clause) -> str:
    """Return the title of the article that begins with this clause, "" if the clause begins none."""
    if clause.number == clause.article or version.clause(clause.article):
        return ""
    first, *_ = version.within(clause.article)
    return version.part(clause.article).title if first is clause else ""


def readable_titles(version: Version) -> Iterator[tuple[Number, str]]:
    """Yield the articles whose title is in capitals, each with the same title in upper and lower case."""
    written: dict[str, str] = {}
    for clause in version.clauses():
        for word in _WORD.findall(clause.text):
            # Lower case prevails, since a capital may only begin a sentence.
            if word not in written.values() and (word.islower() or word.upper() not in written):
                written[word.upper()] = word
    for article in version.articles:
        title = article.title
        if title != title.upper() or not _CAPITALS.search(title):
            continue
        lowered = _WORD.sub(lambda match: written.get(match[0], match[0].lower()), title)
        yield article.number, capitalized(lowered)


def citations(version: Version) -> Mapping[Number, Sequence[Number]]:
    """Return the clauses that each clause cites in the same text.

    A citation of a section or article with several clauses is left out.
    """
    cited: dict[Number, list[Number]] = {}
    for clause in version.clauses():
        for number in dict.fromkeys(references(clause, version)):
            others = version.within(number)
            if len(others) == 1 and clause not in others:
                cited.setdefault(clause.number, []).append(others[0].number)
    return cited
