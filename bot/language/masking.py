"""Taking out of a question what could tell whom it is about, before it is kept.

Masked: addresses of all kinds, links, mentions, numbers whether in figures or dictated, and names: every
word with a capital inside a sentence that is not a known one, every known first or family name, what
follows a title or « s'appelle », and the unknown word that follows a name; and what someone said or
wrote, between quotation marks. It leans towards masking too much: what is lost is a word, and what is
kept is seen by people.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NewType

from bot.conversation.messages import clean, excerpt
from bot.policy.library import Library
from bot.policy.search import fold

Masked = NewType("Masked", str)

LENGTH: Final = 300  # of what is kept; a story that is longer tells too much of someone
READ: Final = 1_000  # of what is read to make it
NAME, NUMBER, ADDRESS, LINK, MENTION = "[nom]", "[nombre]", "[adresse]", "[lien]", "[mention]"
WORDS = "[texte]"  # someone's own words between quotation marks: a post, a draft
MASKS: Final = (NAME, NUMBER, ADDRESS, LINK, MENTION, WORDS)

_FIGURE = r"\d\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2089\u2150-\u218b\u2460-\u24ff"
_SPOKEN = (
    r"(?:z[eé]ro|une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|"
    r"vingt|trente|quarante|cinquante|soixante|cents?)"
)
_TOKEN = re.compile(
    rf"""
    (?P<held>\[(?:nom|nombre|adresse|lien|mention|texte)\])
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
_REPEATED = re.compile(r"(\[(?:nom|nombre|adresse|lien|mention|texte)\])(?:[\s,.-]*\1)+")
_QUOTED = re.compile(r"«[^«»]{25,}(?:»|$)|“[^“”]{25,}(?:”|$)|\"[^\"]{25,}(?:\"|$)")
_BEGINS = frozenset('.!?…\n«»"“”(:;•')
_CUES = frozenset(
    # One list of words, which reads better as a line.
    "m mr mrs ms mme mlle madame monsieur mademoiselle docteur dr appelle nomme nommee surnomme".split()  # noqa: SIM905
)
# What has a capital and names nobody, beside the policies' own names.
_PROPER = frozenset(
    "age association uqtr ca vp internet facebook fb insta instagram tiktok tik tok snap snapchat "  # noqa: SIM905 — same
    "linkedin discord slack twitter x youtube reddit twitch messenger whatsapp teams zoom google meta "
    "tinder threads bluesky quebec spotted reel reels story stories wifi wi fi ia dm dms pdf rh loi i".split()
)
_WORD = re.compile(r"[^\W\d_]+")
_LOUD = 0.6  # share of capitals above which a text is shouted, so that capitals tell nothing


@dataclass(frozen=True)
class Masker:
    """What is known of words.

    `names`: those that are names and nothing else; `ordinary`: names that are words too, masked when they
    have a capital; `known`: ordinary words; `proper`: the policies' own names.
    """

    names: frozenset[str]
    ordinary: frozenset[str]
    known: frozenset[str]
    proper: frozenset[str]

    def mask(self, text: str) -> Masked:
        """Return what may be kept of a question: at most `LENGTH` characters, on one line."""
        text = clean(text[:READ])
        letters = [character for character in text if character.isalpha()]
        if letters and sum(map(str.isupper, letters)) > _LOUD * len(letters):
            text = text.lower()
        masked = "".join(self._pieces(_QUOTED.sub(WORDS, text)))
        return Masked(_whole(excerpt(_REPEATED.sub(r"\1", masked), LENGTH)))

    def marks(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield where a text holds what could tell of someone: from, to, and the mask that stands for it.

        Each word of a name is one. Unlike `mask`, it takes the text as it is, capitals included.
        """
        for match, mask in self._tokens(text):
            if mask:
                yield *match.span(), mask

    def _pieces(self, text: str) -> Iterator[str]:
        return (mask or match[0] for match, mask in self._tokens(text))

    def _tokens(self, text: str) -> Iterator[tuple[re.Match[str], str]]:
        """Yield the pieces of a text, each with its mask, "" for what stays."""
        start, exposed = True, False  # at a sentence's beginning; after a title or a name
        for match in _TOKEN.finditer(text):
            piece, kind = match[0], match.lastgroup or "other"
            if kind == "word":
                name = self._is_name(piece, start=start, exposed=exposed)
                start, exposed = False, name or fold(piece) in _CUES
                yield match, NAME if name else ""
            elif kind in _MASK_OF:
                start, exposed = False, False
                kept = kind == "number" and fold(piece.strip(".,;:!?«»()\"'")) in self.proper
                yield match, "" if kept else _MASK_OF[kind]
            elif kind == "held":
                start, exposed = False, piece == NAME
                yield match, ""
            else:
                start = start or piece in _BEGINS
                exposed = exposed and (piece.isspace() or piece in ".-'’")
                yield match, ""

    def _is_name(self, word: str, *, start: bool, exposed: bool) -> bool:
        parts = _WORD.findall(fold(word))
        capital = any(part[:1].isupper() for part in _WORD.findall(word))
        if fold(word) in self.proper or all(part in _PROPER or len(part) == 1 for part in parts):
            return False
        if any(part in self.names for part in parts):
            return True
        if capital and (not start or any(part in self.ordinary for part in parts)):
            return True
        return (capital or exposed) and not all(part in self.known or len(part) == 1 for part in parts)


def _whole(text: str) -> str:
    """Return `text` without the mask that shortening cut at its end."""
    at = text.rfind("[")
    return text[:at].rstrip() + "…" if at != -1 and "]" not in text[at:] and text.endswith("…") else text


def load(folders: Iterable[Path], library: Library) -> Masker:
    """Read the names, and take the words of the policies and of their banks for ordinary ones.

    Raises `OSError` when the list of names, which is shipped, cannot be read.
    """
    folders = tuple(folders)
    lists = tomllib.loads((folders[0] / "names.toml").read_text("utf-8"))
    texts = [
        clause.text
        for policy in library.policies.values()
        for version in policy.versions
        for clause in version.clauses()
    ]
    # Words of the banks that are shipped only: the association's own lines are added by people in a hurry.
    texts += [text for bank in (folders[0] / "politique").glob("*/questions.jsonl") for text in _asked(bank)]
    known = {
        fold(word) for word in {word for text in texts for word in _WORD.findall(text)} if word.islower()
    }
    named = {fold(name) for policy in library.policies.values() for name in policy.names()}
    names, ordinary = (frozenset(lists[key].split()) for key in ("names", "ordinary"))
    return Masker(names, ordinary, frozenset(known - names), frozenset(named))


def _asked(bank: Path) -> Iterator[str]:
    for line in bank.read_text("utf-8").splitlines():
        yield str(json.loads(line)["question"])
