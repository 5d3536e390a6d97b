"""The checks of a new text before it is adopted. Problems are reported, and never corrected.

Wording that is unchanged from the previous version is not reported, since it was adopted that way.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from bot.policy import search
from bot.policy.addresses import counted
from bot.policy.articles import Clause, Number, Version
from bot.policy.changes.comparison import Comparison
from bot.policy.changes.identities import clause_trail
from bot.policy.changes.wording import normalized
from bot.policy.references import resolved
from bot.revision.reading.clashes import Clash, find_clashes
from bot.revision.reading.findings import LintFinding, NamedRole

_FEWEST_COMPARED: Final = 5  # clauses of either text, below which nothing is told from how many are kept
_LEAST_KEPT: Final = 0.1


def lint(
    comparison: Comparison, offices: Iterable[NamedRole] | None, clashes: Iterable[Clash], unit: str
) -> tuple[LintFinding, ...]:
    """Return the findings about the new version, in the order of the text.

    `offices`: the roles, None if they are unknown. `clashes`: the clashes of the new document. `unit`: what
    their line numbers count, such as « Page ».
    """
    version = comparison.new
    before = {clause.text for clause in comparison.old.clauses()}
    # A clash that the old version already had is not reported, even under its new number.
    labels = {
        old.label: version.part(now).label
        for number, now in comparison.parts.items()
        if (old := comparison.old.provision(number)) and version.provision(now)
    }
    adopted = {
        (clash.doubt.code, label)
        for clash in find_clashes(comparison.old.outline)
        for label in (clash.label, labels.get(clash.label, ""))
    }
    begin_again = not before or any(code == "repeated_number" for code, _ in adopted)
    findings = [
        LintFinding(clash.doubt.code, clash.label, clash.doubt.placed(unit))
        for clash in clashes
        if (clash.doubt.code, clash.label) not in adopted
        and not (clash.doubt.code == "repeated_number" and begin_again)
    ]
    findings += _other_text(comparison)
    adopted_so = set(_number_findings(comparison.old))
    findings += [finding for finding in _number_findings(version) if finding not in adopted_so]
    findings += _reference_findings(comparison)
    for clause in version.clauses():
        for code, find_problem, message in _CHECKS if clause.text not in before else ():
            if problem := find_problem(clause.text):
                around = ""
                if isinstance(problem, re.Match):
                    start = clause.text.rfind(" ", 0, max(problem.start() - 8, 0)) + 1
                    end = clause.text.find(" ", problem.end() + 8)
                    words = clause.text[start : end if end != -1 else None].strip()
                    around = f"«\u00a0{words}\u00a0».".replace("\n", " ")
                findings.append(LintFinding(code, str(clause.number), message.format(around)))
    if offices is not None:
        findings += _office_findings(version, tuple(offices))
    order = {str(clause.number): at for at, clause in enumerate(version.clauses())}
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: order.get(finding.clause, -1)))


def _other_text(comparison: Comparison) -> Iterator[LintFinding]:
    """Yield a finding when the new text keeps so little of the old one that it may be another policy's."""
    old = comparison.old.clauses()
    retained = sum(clause.number in comparison.parts for clause in old)
    fewest = min(len(old), len(comparison.new.clauses()))
    if fewest >= _FEWEST_COMPARED and retained / len(old) < _LEAST_KEPT:
        share = f"{retained} clause{'s' * (retained > 1)} sur {len(old)}"
        message = f"Presque rien n'y vient du texte en vigueur ({share})\u00a0: est-ce la bonne politique?"
        yield LintFinding("other_text", "", message)


def _number_findings(version: Version) -> Iterator[LintFinding]:
    """Yield findings about skipped numbers and numbers out of order."""
    numbers = [n for n in version.numbers() if (provision := version.provision(n)) and provision.label]
    highest: dict[str, int] = {}
    for number in numbers:
        # « 2.1.7 » continues its series in any part, whereas « 7 » restarts in each part.
        label = version.part(number).label
        above, last = counted(label if "." in label else str(number))
        if last is None:
            continue
        before = highest.get(above, 0)
        for part in range(before + 1, last):
            missing = resolved(f"{above}{part}", version)
            if missing not in numbers:
                message = f"Le numéro {missing} manque\u00a0: le texte passe à {number}."
                yield LintFinding("missing_number", str(missing), message)
        if last < before:
            message = f"Le numéro {number} vient après un plus grand que lui."
            yield LintFinding("unordered_number", str(number), message)
        highest[above] = max(before, last)


# --- References -------------------------------------------------------------------------------

_NUMBERS: Final = r"\d{1,3}(?:\.\d{1,3})*(?:(?:\s*,\s+|\s*(?:et|ou|à|-|–)\s*)\d{1,3}(?:\.\d{1,3})*)*"
_REFERENCE: Final = re.compile(
    rf"(?<!\w)(?:(?:articles?|art\.|clauses?|points?|paragraphes?|par\.|alinéas?|voir)\s+|§+\s*)(?P<numbers>{_NUMBERS})"
    rf"(?!\s?[%$€]|\w|[.,]\d)(?:,?\s*(?:al\.|alinéa|§)\s*(?P<inner>\d{{1,2}})(?!\w))?|\((?:voir\s+)?(?P<alone>\d{{1,3}}(?:\.\d{{1,3}})+)\)",
    re.IGNORECASE,
)
_RELATIVE: Final = re.compile(r"alinéa|paragraphe|par\.|§", re.IGNORECASE)
# « l'article 12 de la Loi sur l'instruction publique », « art. 7 let. c des statuts » refer to another text.
_ELSEWHERE: Final = re.compile(
    r"(?:\s*,?\s*(?:al|let|ch|lettre|alinéa)\b\.?\s*\w{1,3}\)?)*"
    r"\s*,?\s*(?:et\s+(?:suivant\w*|ss\.?)\s+)?(?:de la|de l['’]|du|des|de)\s*(?!présent|cette|ce\b)"
    r"(?:code|loi|ordonnance|décret|arrêté|constitution|charte|statuts?|règlements?|règle|politique|convention|lettres|directive|procédure|annexe|"
    r"(?-i:[A-Z]{2,})|manuel|guide|contrat|entente)",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"\d{1,3}(?:\.\d{1,3})*")


def references(clause: Clause, version: Version, *, relative: bool = True) -> Iterator[Number]:
    """Yield the clauses and articles of a version that one of its clauses refers to.

    « alinéa 2 » means an item of the clause's own article, or a paragraph without a number. `relative`:
    whether to yield such items, whose meaning does not depend on the article's number.
    """
    text = clause.text.replace("\u00a0", " ")
    for match in _REFERENCE.finditer(text):
        if _ELSEWHERE.match(text, match.end()):
            continue
        near = _RELATIVE.match(match[0])
        for typed in _NUMBER.findall(match["numbers"] or match["alone"]):
            inner = f"{clause.article}, {typed}" if near else f"{typed}, {match['inner']}"
            if version.within(Number(inner)):
                if relative or not near:
                    yield Number(inner)
            elif not near or "." in typed:
                yield resolved(typed, version)


def _reference_findings(comparison: Comparison) -> Iterator[LintFinding]:
    """Yield findings about references to missing clauses, or to the old number of a moved clause."""
    new, parts = comparison.new, comparison.parts
    trail = {str(old): (str(now),) for old, now in parts.items()} | dict(clause_trail(comparison))
    before = {normalized(clause.text) for clause in comparison.old.clauses()}
    for clause in new.clauses():
        same = normalized(clause.text) in before
        for number in references(clause, new, relative=False):
            name = new.named(number)
            place = str(number) if name.startswith("clause ") else name.the
            now = trail.get(str(number), ())
            if new.kind(number) is None:
                if same and comparison.old.kind(number) is None:
                    continue  # the old version already had this reference
                message = f"Le texte renvoie à {place}, qui n'existe pas dans cette version."
                yield LintFinding("unknown_reference", str(clause.number), message)
            elif same and now and str(number) not in now:
                message = f"Le texte renvoie toujours à {place}, qui est devenu{name.e} {' et '.join(now)}."
                yield LintFinding("stale_reference", str(clause.number), message)


# --- Wording ----------------------------------------------------------------------------------

_LIGATURES: Final = re.compile("[\ufb00-\ufb06]")
_MOJIBAKE: Final = re.compile("\ufffd|Ã[\u0080-\u00bf©¨ªàâ´®]|â€[™œ\u009d“\u201d¦]|Â[\u00a0«»°]")
_GLUED: Final = re.compile(r"(?<=[a-zà-ÿ]{2})[.!?;:](?=[A-ZÀ-Ý][a-zà-ÿ])|(?<=[a-zà-ÿ]),(?=[a-zà-ÿ]{2})")
_LOOSE: Final = re.compile(r"[^\S\n]+[,.](?=\s|$)|\(\s|\s\)")
_BREAKABLE: Final = re.compile(r"(?<=\w)[ ]?:(?=\s)|«(?![\u00a0\u202f])|(?<![\u00a0\u202f])»")
_STRAIGHT: Final = re.compile(r'"|\u201c|\u201d|\u201e|<<|>>')


def _is_unbalanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "«") - (character == "»")
        if depth < 0:
            return True
    return depth > 0


# A code, a function that finds the problem, and the message, where {} is replaced by the surrounding words.
_CHECKS: Final[tuple[tuple[str, Callable[[str], object], str], ...]] = (
    ("lost_character", _MOJIBAKE.search, "Un caractère s'est perdu dans la conversion."),
    (
        "lost_character",
        lambda text: any(unicodedata.category(character) in {"Co", "Cn"} for character in text),
        "Un caractère n'a pas de sens hors de la police du document.",
    ),
    ("ligature", _LIGATURES.search, "Des lettres liées (ﬁ, ﬂ) sont restées telles qu'à l'impression."),
    ("quotation_marks", _STRAIGHT.search, "Des guillemets ne sont pas français\u00a0: «\u00a0 et \u00a0»."),
    ("quotation_marks", _is_unbalanced, "Un guillemet est ouvert sans être fermé, ou l'inverse."),
    ("spacing", _GLUED.search, "Deux mots se touchent\u00a0: {}"),
    ("spacing", _LOOSE.search, "Une espace est de trop\u00a0: {}"),
    (
        "spacing",
        _BREAKABLE.search,
        "Une espace insécable manque avant un deux-points ou à l'intérieur de guillemets.",
    ),
)


# --- Roles ------------------------------------------------------------------------------------

_OFFICE: Final = re.compile(
    r"(?<!\w)(?P<office>(?:vice-)?(?:présidence|présidente?)|secrétariat|secrétaire|trésorerie|trésorier|trésorière|"
    r"conseill(?:er|ère)|direction|direct(?:eur|rice)|coordination|coordonnat(?:eur|rice)|déléguée?)"
    r"\s+(?P<link>à l['’]|à la|aux?|de la|de l['’]|du|des|d['’]|à|de)\s*"
    r"(?P<first>[^\W\d_]+)(?:\s+(?P<second>[^\W\d_]+))?",
    re.IGNORECASE,
)
# Offices without a complement, such as « le trésorier ». `_OFFICE` matches « le président d'assemblée ».
_ALONE: Final = re.compile(
    r"(?<![\w-])(?P<office>(?:vice-)?(?:présidence|présidente?)|secrétariat|secrétaire|trésorerie|trésorier|"
    r"trésorière)(?:\s+(?P<second>général(?:e)?))?(?!\w|\s+(?:à|aux?|de|des|du|d['’])(?:\s|\w))",
    re.IGNORECASE,
)


# Complements that are not part of a title. « le président du conseil » is the president. Someone who chairs a
# meeting, or heads a service of another body, has no role here. « au secrétaire de procéder » only continues
# the sentence.
_ORGANS: Final = frozenset([
    "conseil", "comité", "bureau", "exécutif", "association", "organisme", "club", "cercle", "syndicat",
    "coopérative", "société", "fédération", "regroupement", "corporation", "section",
])  # fmt: skip
_MEETINGS: Final = frozenset(
    ["assemblée", "séance", "réunion", "rencontre", "scrutin", "vote", "élection", "élections", "débat"]
)
_INFINITIVE: Final = re.compile(r"[a-zà-ÿ]{2,}(?:er|ir|oir|dre|tre|ire)")
_NO_INFINITIVES: Final = frozenset(
    ["trésorier", "premier", "ministre", "entier", "dernier", "registre", "papier", "atelier"]
)
_BY_ITSELF: Final = re.compile(r"(?:vice-)?présiden|secrétair|trésor", re.IGNORECASE)
_OF_PERSONS: Final = re.compile(r"vice-|conseill|délégué|coordonnat|direct(?:eur|rice)", re.IGNORECASE)

# Maps feminine and plural endings, and names of offices, to the masculine singular name of the holder.
_ENDINGS: Final = {
    "presidence": "president",
    "presidente": "president",
    "tresorerie": "tresorier",
    "tresoriere": "tresorier",
    "secretariat": "secretaire",
    "conseillere": "conseiller",
    "direction": "directeur",
    "directrice": "directeur",
    "coordination": "coordonnateur",
    "coordonnatrice": "coordonnateur",
    "deleguee": "delegue",
    "s": "",
}


def _office_findings(version: Version, offices: Sequence[NamedRole]) -> Iterator[LintFinding]:
    """Yield findings about roles that the text names but nobody holds, each where it is first named."""
    stems = {role: _stems(role.title) for role in offices}
    reported: set[frozenset[str]] = set()
    for clause in version.clauses():
        for name, words in _offices(clause.text.replace("\u00a0", " ")):
            alone = len(words - {"vice"}) == 1
            matching = [
                role
                for role in offices
                if words <= stems[role] and (not alone or ("vice" in stems[role]) is ("vice" in words))
            ]
            if any(role.held for role in matching) or words in reported:
                continue
            reported.add(words)
            message = f"Aucun rôle du registre ne se nomme «\u00a0{name}\u00a0»."
            if matching:
                message = f"Personne ne tient le rôle «\u00a0{matching[0].title}\u00a0»."
            yield LintFinding("unheld_role", str(clause.number), message)


def _offices(text: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the roles that a text names, each as written, with the stems of its words."""
    for match in _OFFICE.finditer(text):
        office, link, first, second = match.group("office", "link", "first", "second")
        noun = first.lower()
        if noun in _MEETINGS:
            continue
        if not _is_title(office, link.lower(), noun):
            goes_on = link.lower() in {"de", "à"} and _is_infinitive(noun)
            if _BY_ITSELF.match(office) and (noun in _ORGANS or goes_on):
                yield office, frozenset(_stems(office))
            continue
        joint = "" if link.endswith(("'", "’")) else " "
        tail = f" {second}" if second and first.endswith("s") and second.endswith("s") else ""
        yield f"{office} {link}{joint}{first}{tail}", frozenset(_stems(f"{office} {first}"))
    for match in _ALONE.finditer(text):
        yield match[0], frozenset(_stems(match["office"]))


def _is_title(office: str, link: str, noun: str) -> bool:
    """Return whether the words after an office complete its title, as in « aux communications »."""
    if noun in _ORGANS and not link.startswith("à"):
        return False
    if _is_infinitive(noun):
        return False
    if link in {"aux", "des"}:
        return noun.endswith(("s", "x"))
    return link.startswith("à") and _OF_PERSONS.match(office) is not None


def _is_infinitive(word: str) -> bool:
    return word not in _NO_INFINITIVES and _INFINITIVE.fullmatch(word) is not None


def _stems(text: str) -> set[str]:
    """Return the stems of a title's words, the same for an office and its holder, in any gender or number."""
    stems = set()
    for word in re.findall(r"[^\W\d_]{3,}", text):
        folded = search.fold_accents(word)
        ending = next((ending for ending in _ENDINGS if folded.endswith(ending)), "")
        stems.add(folded.removesuffix(ending) + _ENDINGS.get(ending, ""))
    return stems


# --- Text lost in conversion ------------------------------------------------------------------

_WORD: Final = re.compile(r"\w+")
_MARKS: Final = re.compile(
    r"<!--.*?-->|</?[a-z][^<>]*>|(?<=\])\([^()\s]*\)|\\(?=[^\w\s])|^[ \t]*o[ \t]+|(?<!\w)_|_(?!\w)",
    re.DOTALL | re.MULTILINE,
)
_SHOWN: Final = 5  # lost words listed in the message


def lost(version: Version, whole: Iterable[str]) -> tuple[LintFinding, ...]:
    """Return a finding about words found by a second reading of a file but missing from the version.

    `whole`: every word of the second reading. Numbers are ignored, since automatic numbers are not in files.
    """
    message = count_lost(version.pieces(), whole)
    return (LintFinding("lost_text", "", message),) if message else ()


def source_words(markdown: str) -> tuple[str, ...]:
    """Return the words of Markdown, without its marks, by other rules than those of `read_markdown`."""
    return tuple(_MARKS.sub("", markdown).split())


def count_lost(texts: Iterable[str], whole: Iterable[str]) -> str:
    """Return in French which words of `whole` are not in `texts`, "" when all are. Numbers are ignored."""
    gone = _count_words(whole) - _count_words(texts)
    if not gone:
        return ""
    quoted = ", ".join(f"«\u00a0{word}\u00a0»" for word, _ in gone.most_common(_SHOWN))
    more = "…" if len(gone) > _SHOWN else ""
    count = gone.total()
    subject = "Un mot du fichier n'est pas" if count == 1 else f"{count} mots du fichier ne sont pas"
    return f"{subject} dans le texte lu\u00a0: {quoted}{more}."


def _count_words(texts: Iterable[str]) -> Counter[str]:
    return Counter(
        word
        for text in texts
        for word in _WORD.findall(unicodedata.normalize("NFKC", text).replace("\u00ad", "").casefold())
        if not word[0].isdigit()
    )
