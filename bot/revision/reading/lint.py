"""What to look at in the text of a revision before it is adopted: nothing here is corrected, all is said.

Wording that stands as it is in the former version is not remarked upon: it was adopted so.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.policy import search
from bot.policy.articles import Clause, Misplaced, Number, Version
from bot.policy.changes.comparison import Comparison
from bot.policy.changes.identities import follow
from bot.policy.changes.wording import form

# Findings with which a text cannot be adopted: its clauses could not be told from one another.
BLOCKING: Final = frozenset({"duplicate_number", "misplaced_number", "empty_article"})


@dataclass(frozen=True, slots=True)
class LintFinding:
    """Something to look at: what it is, in which clause (its number, "" for none), and a French sentence."""

    code: str
    clause: str
    message: str


@dataclass(frozen=True, slots=True)
class NamedRole:
    """A role as the text may name it, and whether somebody holds it."""

    title: str
    held: bool


def lint(
    comparison: Comparison,
    misplaced: Sequence[Misplaced] = (),
    offices: Iterable[NamedRole] | None = None,
) -> tuple[LintFinding, ...]:
    """Return what is to be looked at in the new version, in the order of the text.

    `misplaced`: what was passed over while it was read. `offices`: the roles; None: they are not known.
    """
    version = comparison.new
    before = {clause.text for clause in comparison.old.clauses()}
    found = [
        *(LintFinding(one.code, one.clause, f"Ligne {one.line}\u00a0: {one.problem}") for one in misplaced),
        *_missing(version),
        *_references(comparison),
        *(
            finding
            for clause in version.clauses()
            if clause.text not in before
            for finding in _wording(clause)
        ),
        *(_offices(version, tuple(offices)) if offices is not None else ()),
    ]
    order = {str(clause.number): at for at, clause in enumerate(version.clauses())}
    return tuple(sorted(dict.fromkeys(found), key=lambda one: order.get(one.clause, -1)))


def blocking(findings: Iterable[LintFinding]) -> bool:
    """Tell whether a text in which this was found cannot be adopted."""
    return any(one.code in BLOCKING for one in findings)


# --- Numbers ----------------------------------------------------------------------------------


def _missing(version: Version) -> Iterator[LintFinding]:
    """Yield the numbers that are skipped, and those that come before their time."""
    numbers = [number for article in version.articles for number in _numbers(article.number, article.clauses)]
    last: dict[tuple[int, ...], int] = {}
    for number in numbers:
        above, at = number.parts[:-1], number.parts[-1]
        before = last.get(above, 0)
        for skipped in range(before + 1, at):
            missing = Number((*above, skipped))
            if missing not in numbers:
                yield LintFinding(
                    "missing_number", str(missing), _SKIPPED.format(missing=missing, number=number)
                )
        if at < before:
            yield LintFinding(
                "unordered_number", str(number), f"Le numéro {number} vient après un plus grand que lui."
            )
        last[above] = max(before, at)


def _numbers(article: Number, clauses: Iterable[Clause]) -> Iterator[Number]:
    yield article
    yield from (clause.number for clause in clauses if clause.number != article)


_SKIPPED: Final = "Le numéro {missing} manque\u00a0: le texte passe à {number}."


# --- References -------------------------------------------------------------------------------

_NUMBERS: Final = r"\d{1,3}(?:\.\d{1,3})*(?:(?:\s*,\s+|\s*(?:et|ou|à|-|–)\s*)\d{1,3}(?:\.\d{1,3})*)*"
_REFERENCE: Final = re.compile(
    rf"(?<!\w)(?:(?:articles?|art\.|clauses?|points?|paragraphes?|par\.|alinéas?|voir)\s+|§+\s*)(?P<numbers>{_NUMBERS})"
    rf"(?!\s?[%$€]|\w|[.,]\d)|\((?:voir\s+)?(?P<alone>\d{{1,3}}(?:\.\d{{1,3}})+)\)",
    re.IGNORECASE,
)
# « l'article 12 de la Loi sur l'instruction publique » is in another text.
_ELSEWHERE: Final = re.compile(
    r"\s*,?\s*(?:de la|de l['’]|du|des|de)\s*(?!présent|cette|ce\b)"
    r"(?:code|loi|charte|statuts?|règlements?|règle|politique|convention|lettres|directive|procédure|annexe|"
    r"(?-i:[A-Z]{2,})|manuel|guide|contrat|entente)",
    re.IGNORECASE,
)
_ONE: Final = re.compile(r"\d{1,3}(?:\.\d{1,3})*")


def references(text: str) -> Iterator[Number]:
    """Yield the numbers of clauses and articles of the same policy that a text refers to."""
    for match in _REFERENCE.finditer(text.replace("\u00a0", " ")):
        if not _ELSEWHERE.match(text.replace("\u00a0", " "), match.end()):
            yield from map(Number.parse, _ONE.findall(match["numbers"] or match["alone"]))


def _references(comparison: Comparison) -> Iterator[LintFinding]:
    """Yield the references to what does not exist, and those that did not follow their clause."""
    old, new = comparison.old, comparison.new
    trail = follow(comparison)
    before = {form(clause.text) for clause in old.clauses()}
    known = {article.number for article in new.articles}
    for clause in new.clauses():
        for number in references(clause.text):
            if not new.within(number) and number not in known:
                yield LintFinding(
                    "unknown_reference",
                    str(clause.number),
                    f"Le texte renvoie à {_place(number)}, qui n'existe pas dans cette version.",
                )
            elif form(clause.text) in before and (now := trail.get(str(number))) and str(number) not in now:
                yield LintFinding(
                    "stale_reference",
                    str(clause.number),
                    f"Le texte renvoie toujours à {_place(number)}, qui est devenu {' et '.join(now)}.",
                )


def _place(number: Number) -> str:
    return f"l'article {number}" if len(number.parts) == 1 else str(number)


# --- Wording ----------------------------------------------------------------------------------

_LIGATURES: Final = re.compile("[\ufb00-\ufb06]")
_MOJIBAKE: Final = re.compile("Ã[\u0080-\u00bf©¨ªàâ´®]|â€[™œ\u009d“\u201d¦]|Â[\u00a0«»°]")
_GLUED: Final = re.compile(r"(?<=[a-zà-ÿ]{2})[.!?;:](?=[A-ZÀ-Ý][a-zà-ÿ])|(?<=[a-zà-ÿ]),(?=[a-zà-ÿ]{2})")
_LOOSE: Final = re.compile(r"[^\S\n]+[,.](?=\s|$)|\(\s|\s\)")
_BREAKABLE: Final = re.compile(r"(?<=\w)[ ]?:(?=\s)|«(?![\u00a0\u202f])|(?<![\u00a0\u202f])»")
_STRAIGHT: Final = re.compile(r'"|\u201c|\u201d|\u201e|<<|>>')


def _wording(clause: Clause) -> Iterator[LintFinding]:
    """Yield what a conversion may have broken in a clause."""
    text, number = clause.text, str(clause.number)
    if "\ufffd" in text or _MOJIBAKE.search(text):
        yield LintFinding("lost_character", number, "Un caractère s'est perdu dans la conversion.")
    if any(unicodedata.category(one) in {"Co", "Cn"} for one in text):
        yield LintFinding(
            "lost_character", number, "Un caractère n'a pas de sens hors de la police du document."
        )
    if _LIGATURES.search(text):
        yield LintFinding(
            "ligature", number, "Des lettres liées (ﬁ, ﬂ) sont restées telles qu'à l'impression."
        )
    if _STRAIGHT.search(text):
        yield LintFinding(
            "quotation_marks", number, "Des guillemets ne sont pas français\u00a0: «\u00a0 et \u00a0»."
        )
    if not _balanced(text):
        yield LintFinding("quotation_marks", number, "Un guillemet est ouvert sans être fermé, ou l'inverse.")
    if _GLUED.search(text):
        yield LintFinding("spacing", number, f"Deux mots se touchent\u00a0: {_around(text, _GLUED)}")
    if _LOOSE.search(text):
        yield LintFinding("spacing", number, f"Une espace est de trop\u00a0: {_around(text, _LOOSE)}")
    if _BREAKABLE.search(text):
        yield LintFinding(
            "spacing",
            number,
            "Une espace insécable manque avant un deux-points ou à l'intérieur de guillemets.",
        )


def _around(text: str, pattern: re.Pattern[str]) -> str:
    """Return the few words around what was found, and a point."""
    found = pattern.search(text)
    if found is None:
        return ""
    start = text.rfind(" ", 0, max(found.start() - 8, 0)) + 1
    end = text.find(" ", found.end() + 8)
    return f"«\u00a0{text[start : end if end != -1 else None].strip()}\u00a0».".replace("\n", " ")


def _balanced(text: str) -> bool:
    depth = 0
    for one in text:
        depth += (one == "«") - (one == "»")
        if depth < 0:
            return False
    return depth == 0


# --- Roles ------------------------------------------------------------------------------------

_OFFICE: Final = re.compile(
    r"(?<!\w)(?P<office>(?:vice-)?(?:présidence|présidente?)|secrétariat|secrétaire|trésorerie|trésorier|trésorière|"
    r"conseill(?:er|ère)|direction|direct(?:eur|rice)|coordination|coordonnat(?:eur|rice)|déléguée?)"
    r"\s+(?P<link>à l['’]|à la|aux?|de la|de l['’]|du|des|d['’]|à|de)\s*"
    r"(?P<first>[^\W\d_]+)(?:\s+(?P<second>[^\W\d_]+))?",
    re.IGNORECASE,
)
# Those that are an office without saying of what; « le président d'assemblée » is read above.
_ALONE: Final = re.compile(
    r"(?<![\w-])(?P<office>(?:vice-)?(?:présidence|présidente?)|secrétariat|secrétaire|trésorerie|trésorier|"
    r"trésorière)(?:\s+(?P<second>général(?:e)?))?(?!\w|\s+(?:à|aux?|de|des|du|d['’])(?:\s|\w))",
    re.IGNORECASE,
)


def _offices(version: Version, offices: Sequence[NamedRole]) -> Iterator[LintFinding]:
    """Yield the roles that the text names and nobody holds."""
    for clause in version.clauses():
        for match in _OFFICE.finditer(clause.text.replace("\u00a0", " ")):
            titles = [office for office in offices if _names(match, office.title)]
            if not titles:
                message = f"Aucun rôle du registre ne se nomme «\u00a0{_named(match)}\u00a0»."
            elif not any(office.held for office in titles):
                message = f"Personne ne tient le rôle «\u00a0{titles[0].title}\u00a0»."
            else:
                continue
            yield LintFinding("unheld_role", str(clause.number), message)
        for match in _ALONE.finditer(clause.text.replace("\u00a0", " ")):
            yield from _alone(match, str(clause.number), offices)


def _alone(match: re.Match[str], clause: str, offices: Sequence[NamedRole]) -> Iterator[LintFinding]:
    """Yield that nobody holds the office that is named without a complement, « le trésorier »."""
    wanted = _stems(match["office"])
    titles = [
        one
        for one in offices
        if wanted <= (stems := _stems(one.title)) and ("vice" in stems) is ("vice" in wanted)
    ]
    if not titles:
        yield LintFinding(
            "unheld_role", clause, f"Aucun rôle du registre ne se nomme «\u00a0{match[0]}\u00a0»."
        )
    elif not any(one.held for one in titles):
        yield LintFinding(
            "unheld_role", clause, f"Personne ne tient le rôle «\u00a0{titles[0].title}\u00a0»."
        )


def _stems(text: str) -> set[str]:
    return {_neutral(search.fold(word)) for word in re.findall(r"[^\W\d_]{3,}", text)}


def _neutral(word: str) -> str:
    """Return what a title shares between genders, and between the person and the office."""
    for ending, neutral in _ENDINGS:
        if word.endswith(ending):
            return word.removesuffix(ending) + neutral
    return word.removesuffix("s")


_ENDINGS: Final = (
    ("presidence", "president"),
    ("presidente", "president"),
    ("tresorerie", "tresorier"),
    ("tresoriere", "tresorier"),
    ("secretariat", "secretaire"),
    ("conseillere", "conseiller"),
    ("direction", "directeur"),
    ("directrice", "directeur"),
    ("coordination", "coordonnateur"),
    ("coordonnatrice", "coordonnateur"),
    ("deleguee", "delegue"),
)


def _names(match: re.Match[str], title: str) -> bool:
    return _stems(f"{match['office']} {match['first']}") <= _stems(title)


def _named(match: re.Match[str]) -> str:
    """Return a role as the text names it: « vice-présidence aux affaires externes »."""
    first, second = match["first"], match["second"]
    joint = "" if match["link"].endswith(("'", "’")) else " "
    tail = f" {second}" if second and first.endswith("s") and second.endswith("s") else ""
    return f"{match['office']} {match['link']}{joint}{first}{tail}"


# --- What a conversion lost -------------------------------------------------------------------

_WORD: Final = re.compile(r"\w+")


def lost(version: Version, whole: Iterable[str]) -> tuple[LintFinding, ...]:
    """Return the words of a file, read in another way, that its text does not hold.

    `whole`: every word that the second reading found. Numbers are left out: automatic ones are in no file.
    """
    kept = _counted(version.pieces())
    gone = _counted(whole) - kept
    if not gone:
        return ()
    shown = ", ".join(f"«\u00a0{word}\u00a0»" for word, _ in gone.most_common(5))
    more = "…" if len(gone) > 5 else ""  # noqa: PLR2004 — those that are shown
    count = gone.total()
    said = "Un mot du fichier n'est pas" if count == 1 else f"{count} mots du fichier ne sont pas"
    return (LintFinding("lost_text", "", f"{said} dans le texte lu\u00a0: {shown}{more}."),)


def _counted(texts: Iterable[str]) -> Counter[str]:
    return Counter(
        word
        for text in texts
        for word in _WORD.findall(unicodedata.normalize("NFKC", text).replace("\u00ad", "").casefold())
        if not word[0].isdigit()
    )
