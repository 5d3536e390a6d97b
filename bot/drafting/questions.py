"""Draft questions in a clause's own words: three for the bank, two for the quiz.

They add nothing to the text. A person is expected to reword them as people would ask.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from bot.answers.bank import BankLine
from bot.drafting.guesses import LINK, is_rule, sentences
from bot.onboarding.quiz.bank import CHOICE_LENGTH, FEEDBACK_LENGTH, TEXT_LENGTH, clause_hash
from bot.policy.annotations import Force
from bot.policy.articles import Clause, Number, Version
from bot.policy.search import fold_accents, indexed_keys, search_words

AUTHOR: Final = "brouillon"
TO_FILL: Final = "[à remplir"  # begins a blank that a person must fill in before the draft can be used
_LONGEST: Final = 220  # maximum characters of a sentence quoted in a question
_LEAST_WORDS: Final = 4  # minimum words of such a sentence
_OPEN: Final = (":", ",")  # the last characters of a sentence that only introduces a list
_KEYWORDS: Final = 3  # maximum words in a bank line of the rarest words
_LINES: Final = 3  # maximum bank lines for a clause
_CHOICES: Final = 4  # choices of a quiz question
_IMPERATIVE: Final = re.compile(r"(?:N['’]|Ne )?[^\W\d_]+ez\b", re.IGNORECASE)
# The beginning of a sentence that stands alone, unlike a list's item or a table's row.
_STATES: Final = re.compile(
    r"(?:L['’]|D['’]|N['’]|S['’]|C['’]|Qu['’]|[A-ZÀ-Ý][^\W\d_]*\b|«)(?![.)°]\s)(?=[^|\t]*$)", re.DOTALL
)
_SUBJECT: Final = re.compile(
    r"(?:L['’]|(?:Le|La|Les|Un|Une|Des|Ce|Cette|Ces|Chaque|Tout|Toute|Tous|Toutes)\b)"
)
# For each modal verb or phrase, the replacement that reverses the meaning of a sentence.
_TURNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), contrary)
    for pattern, contrary in (
        (r"\bne peut pas\b", "peut"),
        (r"\bne peuvent pas\b", "peuvent"),
        (r"\bne doit pas\b", "doit"),
        (r"\bne doivent pas\b", "doivent"),
        (r"\bn['’]est pas permis(e?)\b", r"est permis\1"),
        (r"\bn['’]est pas autorisé(e?)\b", r"est autorisé\1"),
        (r"\best (?:\w+ement )?interdit(e?)\b", r"est permis\1"),
        (r"\bsont (?:\w+ement )?interdit(e?s)\b", r"sont permis\1"),
        (r"(?<!ne )(?<!que )\bdoit\b(?! pas)", "n'a pas à"),
        (r"(?<!ne )(?<!que )\bdoivent\b(?! pas)", "n'ont pas à"),
        (r"(?<!ne )(?<!que )(?<!se )\bpeut\b(?! pas)", "ne peut pas"),
        (r"(?<!ne )(?<!que )\bpeuvent\b(?! pas)", "ne peuvent pas"),
        (r"\best permis(e?)\b", r"n'est pas permis\1"),
        (r"\best obligatoire\b", "n'est pas obligatoire"),
    )
)

# A second verb that depends on the same modal: « …, et ne comporter que », « ou le remettre ».
_SECOND_VERB: Final = re.compile(
    r"(?:[,;]|\b(?:et|ou|mais|puis|ni))\s+(?:(?:ne|se|les?|la|lui|leur|y|en|pas)\s+|[nsl]['’])*"
    r"[^\W\d_]{2,}(?:er|ir|[aeio]ndre|[ae]ttre|[aê]tre|aître|oudre|ire|ivre|lure)\b",
    re.IGNORECASE,
)


def bank_drafts(version: Version, subjects: Mapping[Number, str]) -> Iterator[tuple[Number, BankLine]]:
    """Yield up to three lines per clause that states a rule, from its subject, rarest words and sentences.

    No line names the policy, since the association may rename it later. `subjects`: the subject of each
    clause, in a few words.
    """
    known: set[str] = set()
    spread = Counter(  # how many clauses contain each word, by its key
        key
        for clause in version.clauses()
        for key in {key for match in search_words(clause.text) for key in indexed_keys(match[0])}
    )
    for clause in version.clauses():
        if not is_rule(version, clause):
            continue
        whole = sentences(clause.text)
        subject = subjects.get(clause.number, "").strip()
        rules = [*filter(None, map(_asked, whole)), *filter(None, map(_confirmed, whole))]
        rarest = _rarest(clause, spread)
        about = f"Que dit la politique à propos de ceci\u00a0: {_lowered(subject)}?" if subject else ""
        where = f"Où est-il question de ces mots\u00a0: {', '.join(rarest)}?" if rarest else ""
        ruled = [(rule, "direct") for rule in dict.fromkeys(rules)]
        lines = ((about, "direct"), (" ".join(rarest), "keyword"), *ruled, (where, "direct"))
        fresh = [(text, kind) for text, kind in lines if text and fold_accents(text) not in known][:_LINES]
        known.update(fold_accents(text) for text, _ in fresh)
        for text, kind in fresh:
            yield clause.number, BankLine(text, kind, "answer", (clause.number,), author=AUTHOR)


def _asked(sentence: str) -> str:
    """Return a sentence as a question, « Est-ce que le président doit …? », or "" if it states no rule."""
    if not _rules(sentence) or not sentence[:1].isalpha() or _IMPERATIVE.match(sentence):
        return ""
    return _question(sentence)


def _confirmed(sentence: str) -> str:
    """Return a sentence as a question, « Est-ce que les cotisations sont …? », or "" if it states no fact."""
    plain = LINK.sub("", sentence, count=1)
    stated = _states(plain) and _SUBJECT.match(plain) is not None and len(plain) <= _LONGEST
    return _question(sentence) if stated else ""


def _states(sentence: str) -> bool:
    """Return whether a sentence stands alone: not an item, a row or the introduction of a list."""
    return _STATES.match(sentence) is not None and sentence.rstrip("\u00a0» ")[-1:] in {".", "!"}


def _question(sentence: str) -> str:
    lowered = _lowered(LINK.sub("", sentence, count=1).rstrip(" .;:"))
    elided = "'" if fold_accents(lowered[:1]) in set("aeiou") else "e "
    return f"Est-ce qu{elided}{lowered}?"


def _rules(sentence: str) -> bool:
    whole = not sentence.rstrip().endswith(_OPEN)
    enough = whole and len(sentence.split()) >= _LEAST_WORDS and len(sentence) <= _LONGEST
    return enough and any(pattern.search(sentence) for pattern, _ in _TURNS)


def _lowered(text: str) -> str:
    """Return a sentence with its first letter in lower case, unless it begins with an acronym."""
    first = re.match(r"(?:L['’]|D['’]|N['’]|S['’]|[A-ZÀ-Ý](?:[a-zà-ÿ]+|\b))", text)
    return text[:1].lower() + text[1:] if first else text


def _rarest(clause: Clause, spread: Mapping[str, int]) -> Sequence[str]:
    """Return the words of a clause that are in the fewest other clauses, in the order of its text."""

    def rarity(word: str) -> tuple[int, int]:
        return min(spread[key] for key in indexed_keys(word)), -len(word)

    text = "\n".join(sentences(clause.text))
    words = dict.fromkeys(match[0].lower() for match in search_words(text) if match[0].isalpha())
    chosen = sorted(words, key=rarity)[:_KEYWORDS]
    return [word for word in words if word in chosen]


# --- The quiz ---------------------------------------------------------------------------------


def quiz_drafts(
    version: Version, forces: Mapping[Number, Force], subjects: Mapping[Number, str]
) -> Iterator[tuple[Number, dict[str, Any]]]:
    """Yield two questions for each clause that states a rule, in the format of `quiz.toml`.

    They are the first two that the clause allows among these: is a sentence true, its meaning being reversed
    for every other clause; what does the clause forbid; which clause contains a sentence; what to do in a
    situation that a person still has to write.
    """
    clauses = [clause for clause in version.clauses() if is_rule(version, clause)]
    for at, clause in enumerate(clauses):
        others = [*clauses[at + 1 :], *clauses[:at]]
        forbidden = [other for other in others if forces.get(other.number) == "interdiction"]
        makers = (
            lambda clause=clause, at=at: _true_or_false(clause, changed=at % 2 == 1),
            lambda clause=clause, forbidden=forbidden: _forbids(clause, forces, forbidden),
            lambda clause=clause, others=others: _which_clause(version, clause, others, subjects),
            lambda clause=clause: _situation(clause),
        )
        questions = [question for make in makers if (question := make())][:2]
        for letter, question in zip("ab", questions, strict=False):
            if question["type"] != "vrai-faux":  # rotate, so that the right choice is not always the first
                turn = (at + (letter == "b")) % len(question["choice"])
                question["choice"] = question["choice"][turn:] + question["choice"][:turn]
            slug = re.sub(r"[^0-9a-z.]+", "-", fold_accents(str(clause.number))).strip("-.")[:28]
            bound = {"id": f"{slug}-{letter}", "clause": str(clause.number), "hash": clause_hash(clause)}
            yield clause.number, bound | question


def _choice(text: str, feedback: str, *, right: bool = False) -> dict[str, Any]:
    return {"text": text, "right": right, "feedback": feedback}


def _true_or_false(clause: Clause, *, changed: bool) -> dict[str, Any] | None:
    for sentence in sentences(clause.text):
        if not (_rules(sentence) and _STATES.match(sentence)):  # an item of a list says nothing by itself
            continue
        pattern, contrary = next(turn for turn in _TURNS if turn[0].search(sentence))
        if changed and _SECOND_VERB.search(sentence):  # the replacement would not reverse the second verb
            continue
        stated = pattern.sub(contrary, sentence, count=1) if changed else sentence
        source = f"Le texte dit\u00a0: «\u00a0{sentence}\u00a0»"
        return {
            "type": "vrai-faux",
            "text": f"Vrai ou faux? {stated}",
            "choice": [
                _choice("Vrai", source, right=not changed),
                _choice("Faux", source, right=changed),
            ],
        }
    return None


def _forbids(
    clause: Clause, forces: Mapping[Number, Force], others: Sequence[Clause]
) -> dict[str, Any] | None:
    if forces.get(clause.number) != "interdiction":
        return None
    right = _short(clause)
    wrong = [(other, text) for other in others if (text := _short(other))]
    if not right or len(wrong) < _CHOICES - 1:
        return None
    return {
        "type": "choix",
        "text": f"Que dit {clause.number}, parmi ces interdictions?",
        "choice": [
            _choice(right, f"C'est bien ce que dit {clause.number}.", right=True),
            *(_choice(text, f"C'est {other.number} qui le dit.") for other, text in wrong[: _CHOICES - 1]),
        ],
    }


def _short(clause: Clause) -> str:
    return next((text for text in sentences(clause.text) if len(text) <= CHOICE_LENGTH and _states(text)), "")


def _which_clause(
    version: Version, clause: Clause, others: Sequence[Clause], subjects: Mapping[Number, str]
) -> dict[str, Any] | None:
    """Return a question that asks which clause contains a sentence, among clauses named by their subjects.

    A subject may be the sentence's first words, which would give the answer away. Another sentence is then
    quoted or, when there is none, each clause is named by the heading above it.
    """
    stated = [text for text in sentences(clause.text) if _states(text) and len(text.split()) > _LEAST_WORDS]
    subject = fold_accents(subjects.get(clause.number, ""))
    telling = [text for text in stated if not (subject and _opens(text, subject))]
    sentence = next(iter(telling or stated), "")
    names = (
        subjects
        if telling
        else {candidate.number: _heading(version, candidate) for candidate in (clause, *others)}
    )
    clause_subject = names.get(clause.number)
    wrong = [other for other in others if names.get(other.number) != clause_subject]
    if not sentence or len(sentence) > TEXT_LENGTH - 60 or len(wrong) < _CHOICES - 1:
        return None

    quoted = sentence if "«" in sentence else f"«\u00a0{sentence}\u00a0»"

    def named(candidate: Clause) -> str:
        name = names.get(candidate.number, "")
        return f"{candidate.number}\u00a0: {name}"[:CHOICE_LENGTH] if name else str(candidate.number)

    return {
        "type": "choix",
        "text": f"Où lit-on ceci? {quoted}",
        "choice": [
            _choice(named(clause), f"C'est bien là qu'on le lit\u00a0: {clause.number}.", right=True),
            *(
                _choice(named(other), f"On le lit ailleurs\u00a0: {clause.number}.")
                for other in wrong[: _CHOICES - 1]
            ),
        ],
    }


def _opens(sentence: str, subject: str) -> bool:
    return fold_accents(LINK.sub("", sentence, count=1).lstrip("«\u00a0 ")).startswith(subject)


def _heading(version: Version, clause: Clause) -> str:
    return clause.heading.rpartition(" › ")[2] or version.part(clause.article).title


def _situation(clause: Clause) -> dict[str, Any]:
    source = f"Relisez {clause.number}."[:FEEDBACK_LENGTH]
    return {
        "type": "situation",
        "text": f"{TO_FILL}\u00a0: une situation que règle {clause.number}] Que faites-vous?",
        "choice": [
            _choice(f"{TO_FILL}\u00a0: ce que le texte demande]", source, right=True),
            _choice(f"{TO_FILL}\u00a0: ce qu'on ferait à tort]", source),
        ],
    }
