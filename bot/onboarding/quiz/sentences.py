"""Finds the sentence of a clause that a quiz question is about."""

import re
from collections import Counter

from bot.onboarding.quiz.bank import Question
from bot.policy.search import search_words, word_keys

_SHORT = 240  # characters; a clause up to this length is quoted whole
# The end of a paragraph, or of a sentence if a capital follows: the dots of « c.-à-d. » end no sentence.
_END = re.compile(r"\n\n|(?<=[.!?])\s+(?=[«A-ZÀÂÇÉÈÊÎÔ])")


def sentence_at_stake(text: str, question: Question) -> tuple[int, int]:
    """Return the start and end, in a clause's `text`, of the sentence closest to a question.

    This sentence shares the most words with the question and, counted twice, with the right choices and their
    feedback. Words that are rare in the clause count more. A short clause is returned whole.
    """
    if len(text) <= _SHORT:
        return 0, len(text)
    breaks = list(_END.finditer(text))
    starts = [0, *(pause.end() for pause in breaks)]
    ends = [*(pause.start() for pause in breaks), len(text)]
    sentences = list(zip(starts, ends, strict=True))
    keys = [_keys(text[start:end]) for start, end in sentences]
    rarity = Counter(key for sentence in keys for key in sentence)
    right = _keys(" ".join(f"{choice.text} {choice.feedback}" for choice in question.choices if choice.right))
    about = _keys(question.text)
    scores = [
        sum((2 * (key in right) + (key in about)) / rarity[key] for key in sentence) for sentence in keys
    ]
    return sentences[scores.index(max(scores))]


def _keys(text: str) -> set[str]:
    return {key for word in search_words(text) for key in word_keys(word[0])}
