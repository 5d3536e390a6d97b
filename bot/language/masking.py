"""Masking of the details that could identify someone in a question, before it is stored.

Addresses of all kinds, links, mentions, numbers in figures or words, quoted texts and names are masked. These
words count as names: a known first or family name; a capitalized word inside a sentence; an unknown
capitalized word at the start of a sentence; and an unknown word after a title, « s'appelle » or another name.
When in doubt, a word is masked, because people will read the stored text.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NewType

from bot.conversation.messages import clean, excerpt
from bot.policy.library import Library
from bot.policy.search import fold_accents

Masked = NewType("Masked", str)

LENGTH: Final = 300  # characters stored at most; more would reveal too much about someone
UNMASKED_LENGTH: Final = 1_000  # maximum characters of a question that are read and masked
NAME = "[nom]"
NUMBER = "[nombre]"
ADDRESS = "[adresse]"
LINK = "[lien]"
MENTION = "[mention]"
WORDS = "[texte]"  # mask of a quoted text, such as a post or a draft
MASKS: Final = (NAME, NUMBER, ADDRESS, LINK, MENTION, WORDS)

_HELD = "|".join(map(re.escape, MASKS))
_FIGURE = r"\d\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2089\u2150-\u218b\u2460-\u24ff"
_SPOKEN = (
    r"(?:z[eé]ro|une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|"
    r"vingt|trente|quarante|cinquante|soixante|cents?)"
)
_TOKEN = re.compile(
    rf"""
    (?P<held>{_HELD})
  | (?P<mention><[@#!][^<>\n]{{0,80}}> | (?<![\w.])[@\uff20][\w.-]+ | \w*_[\w_]*)
  | (?P<email>[^\s<>@,;()«»]+@[^\s<>@,;()«»]+)
  | (?P<link><?\b[a-z][a-z0-9+.-]*://\S+ | \bwww\.\S+ | \bmailto:\S+
      | \b[\w-]+(?:\.[\w-]+)*\.[a-z]{{2,}}\b(?:/\S*)?)
  | (?P<street>(?:[{_FIGURE}]+[a-z]?\s*,?\s*)?
      \b(?:rue|avenue|av\.|boul(?:evard|\.)?|chemin|rang)(?:\s+(?:de\ la|des|du|de)\b)?
      (?:\s+(?:[ld]['’])?[^\W\d_]+(?:-[^\W\d_]+)*){{1,3}})
  | (?P<spoken>\b{_SPOKEN}(?:[\s,-]+(?:et\s+)?{_SPOKEN}\b){{3,}})
  | (?P<number>[^\s{_FIGURE}]*[{_FIGURE}]\S*)
  | (?P<word>[^\W\d_]+(?:[-\u2010\u2011][^\W\d_]+)*)
  | (?P<other>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_MASK_OF = {
    "mention": MENTION,
    "email": ADDRESS,
    "link": LINK,
    "street": ADDRESS,
    "spoken": NUMBER,
    "number": NUMBER,
}
_REPEATED = re.compile(rf"({_HELD})(?:[\s,.-]*\1)+")
_QUOTED = re.compile(r"«[^«»]{25,}(?:»|$)|“[^“”]{25,}(?:”|$)|\"[^\"]{25,}(?:\"|$)")
_BEGINS = frozenset('.!?…\n«»"“”(:;•')
_CUES = frozenset(
    # A list of words reads better as one string.
    "m mr mrs ms mme mlle madame monsieur mademoiselle docteur dr appelle nomme nommee surnomme".split()  # noqa: SIM905
)
# Words that are often capitalized but are not people's names. `Masker.proper` has the association's own.
_PROPER = frozenset(
    "association ca vp internet facebook fb insta instagram tiktok tik tok snap snapchat "  # noqa: SIM905 — as above
    "linkedin discord slack twitter x youtube reddit twitch messenger whatsapp teams zoom google meta "
    "tinder threads bluesky quebec spotted reel reels story stories wifi wi fi ia dm dms pdf rh loi i".split()
)
_WORD = re.compile(r"[^\W\d_]+")
_LOUD = 0.6  # share of capitals above which a whole text is in capitals, so that a capital marks no name


@dataclass(frozen=True)
class Masker:
    """Masks personal details, with lists of words in lower case and without accents.

    `names`: words that are only names. `ordinary`: names that are also ordinary words, masked when
    capitalized. `known`: ordinary words. `proper`: words that are never masked, from the names of policies,
    of the association and of its roles.
    """

    names: frozenset[str]
    ordinary: frozenset[str]
    known: frozenset[str]
    proper: frozenset[str]

    def mask(self, text: str) -> Masked:
        """Return a question as it may be stored: masked, on one line of at most `LENGTH` characters."""
        text = clean(text[:UNMASKED_LENGTH])
        letters = [character for character in text if character.isalpha()]
        if letters and sum(map(str.isupper, letters)) > _LOUD * len(letters):
            text = text.lower()
        pieces = (mask or match[0] for match, mask in self._tokens(_QUOTED.sub(WORDS, text)))
        short = excerpt(_REPEATED.sub(r"\1", "".join(pieces)), LENGTH)
        at = short.rfind("[")
        if at != -1 and "]" not in short[at:] and short.endswith("…"):  # the text was cut inside a mask
            short = short[:at].rstrip() + "…"
        return Masked(short)

    def marks(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield the start, end (excluded) and mask of each detail that could identify someone.

        Positions are in characters. Each word of a name is yielded separately. Unlike `mask`, this does not
        treat a text in capitals differently, and does not mask a quoted text as a whole.
        """
        for match, mask in self._tokens(text):
            if mask:
                yield *match.span(), mask

    def _tokens(self, text: str) -> Iterator[tuple[re.Match[str], str]]:
        """Yield every piece of a text, in order, with its mask, or "" when the piece is kept."""
        # `start`: the next word begins a sentence. `exposed`: it follows a title or a name.
        start, exposed = True, False
        for match in _TOKEN.finditer(text):
            piece = match[0]
            kind = match.lastgroup or "other"
            mask = ""
            if kind == "word":
                mask = NAME if self._is_name(piece, start=start, exposed=exposed) else ""
                start = False
                exposed = bool(mask) or fold_accents(piece) in _CUES
            elif kind in _MASK_OF:
                start, exposed = False, False
                proper = kind == "number" and fold_accents(piece.strip(".,;:!?«»()\"'")) in self.proper
                mask = "" if proper else _MASK_OF[kind]
            elif kind == "held":
                start, exposed = False, piece == NAME
            else:
                start = start or piece in _BEGINS
                exposed = exposed and (piece.isspace() or piece in ".-'’")
            yield match, mask

    def _is_name(self, word: str, *, start: bool, exposed: bool) -> bool:
        folded = fold_accents(word)
        parts = _WORD.findall(folded)
        capital = any(part[:1].isupper() for part in _WORD.findall(word))
        proper = _PROPER | self.proper
        if folded in proper or all(part in proper or len(part) == 1 for part in parts):
            return False
        if any(part in self.names for part in parts):
            return True
        if capital and (not start or any(part in self.ordinary for part in parts)):
            return True
        return (capital or exposed) and not all(part in self.known or len(part) == 1 for part in parts)


def load_masker(folders: Iterable[Path], library: Library, called: Iterable[str]) -> Masker:
    """Return a masker with the shipped lists of names.

    The words of the policies and the shipped question banks count as ordinary words. `folders`: the data
    folders, the shipped one first. `called`: the names of the association and its roles. Their words are
    never masked, except those that are also people's names. Raises `OSError` when the list of names cannot be
    read.
    """
    shipped = next(iter(folders))
    lists = tomllib.loads((shipped / "names.toml").read_text("utf-8"))
    texts = [
        clause.text
        for policy in library.policies.values()
        for version in policy.versions
        for clause in version.clauses()
    ]
    # The shipped banks only: names may slip into lines that the association adds in a hurry.
    for bank in (shipped / "politique").glob("*/questions.jsonl"):
        texts += [str(json.loads(line)["question"]) for line in bank.read_text("utf-8").splitlines()]
    words = {word for text in texts for word in _WORD.findall(text)}
    lower_case = {fold_accents(word) for word in words if word.islower()}
    proper = {fold_accents(name) for policy in library.policies.values() for name in policy.names()}
    names, ordinary = (frozenset(lists[key].split()) for key in ("names", "ordinary"))
    parts = {fold_accents(word) for name in called for word in _WORD.findall(name)}
    return Masker(
        names, ordinary, frozenset(lower_case - names), frozenset(proper | parts - names - ordinary)
    )
