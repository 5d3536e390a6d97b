"""Detection of web addresses in pasted text: in sentences, Markdown or Slack markup, encoded or wrapped."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

# The top-level domains accepted without a scheme. Otherwise, « hier.je » would be taken for an address.
_TLDS: Final = (
    "com|org|net|ca|quebec|fr|be|ch|io|co|info|eu|uk|us|app|gg|tv|me|news|blog|social|site|online|gl|ly|it|"
    "page|link|gd|edu|gov|dev|ai|im|to|cc|ws|in|de|es|lu|ma|sn|ht|xyz|club|pro|biz|live|world|space|zone|"
    "media|press|onion|am|st|fm|art|shop|store|wiki|email|group|vote|google|watch|ph|is|today|li|goog|new"
)
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
# The characters of an address, without the symbols and emoji that people put right after one.
_LETTER: Final = r"[^\s<>\"|«»“”„\x00-\x1f`\u2022\u2026\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"
# An address also ends where another begins, at an HTML entity, and at a semicolon followed by a word.
_BODY: Final = rf"(?:(?![,;|]h(?:tt|xx)ps?:|&(?:quot|[lg]t|apos|\#39|nbsp);|;[^\W\d_]+(?![\w=])){_LETTER})"
_FOUND: Final = re.compile(
    rf"""
    (?P<encoded>https?%3a(?:%2f){{2}}{_BODY}+)
  | (?P<whole>(?:h(?:tt|xx)ps?|discord|at)\ ?:(?:[/\\]|\\/){{1,3}}{_BODY}+)
  | (?P<relative>(?<![:/\w])//{_BODY}+)
  | (?P<bare>(?<![\w@.%/=&?-])(?:[^\W_](?:[\w-]*[^\W_])?\.)+(?P<tld>{_TLDS}|qc\.ca|xn--[\w-]+)\.?
      (?::\d{{2,5}})?(?![\w@-]|\.\w)(?P<rest>[/?#]{_BODY}*)?)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MARKDOWN: Final = re.compile(r"\[[^\[\]\n]*\]\(\s*<?([^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)>?[^()\n]*\)")
_SITE: Final = re.compile(r"[^\s/:?#]+")
_LAST: Final = frozenset(".,;:!?…»”’'\"*_~`]}>|\\^")
_WORDS: Final = frozenset(
    {"me", "to", "is", "it", "in", "am", "es", "ma", "be", "de", "ai", "st", "new", "as"}
)


def prepared(text: str) -> str:
    """Return a text without invisible characters, and without the brackets that defang an address."""
    return _INVISIBLE.sub("", text.replace("[.]", ".").replace("(.)", "."))


def first_addresses(text: str) -> Iterator[str]:
    """Yield the addresses in a text in order, each with its scheme and without surrounding characters.

    A Markdown link yields its target. A bare site name, as in « vu sur facebook.com », comes after full
    addresses.
    """
    text, sites = _MARKDOWN.sub(r" \1 ", prepared(text)), []
    for start, end, url in web_addresses(text):
        if _SITE.fullmatch(text, start, end):
            sites.append(url)
        else:
            yield url
    yield from sites


def web_addresses(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield each address in a `prepared` text: its start and end in the text, and the address itself."""
    for match in _FOUND.finditer(text):
        written = _trimmed(match[0])
        end = match.start() + len(written)
        if match["encoded"]:
            yield match.start(), end, _trimmed(_whole(unquote(match["encoded"].partition("&")[0])))
        elif match["whole"]:
            yield match.start(), end, _schemed(_whole(written))
        elif match["relative"]:
            yield match.start(), end, f"https:{_whole(written)}"
        elif match["rest"] or match["tld"].lower() not in _WORDS:
            yield match.start(), end, f"https://{_whole(written)}"


def _schemed(url: str) -> str:
    """Return an address with the scheme « https ». « discord: » and « at: » become their site's host."""
    scheme, _, rest = url.partition(":")
    rest = rest.replace("\\/", "/")
    head, mark, tail = re.sub(r"^[/\\]+", "", rest).partition("?")
    rest = head.replace("\\", "/") + mark + tail
    if scheme.strip().lower() == "discord":
        return f"https://discord.com/{re.sub(r'^(?:-|discord(?:app)?[.]com)?/', '', rest)}"
    if scheme.strip().lower() == "at":
        return f"https://bsky.app/profile/{rest}"
    return f"https://{rest}"


def _trimmed(url: str) -> str:
    """Return an address without trailing punctuation. A closing parenthesis stays if it has a match."""
    while url and (
        url[-1] in _LAST or url[-1] == "(" or (url[-1] == ")" and url.count(")") > url.count("("))
    ):
        url = url[:-1]
    return url


def _whole(url: str) -> str:
    """Return an address with « & » in place of « &amp; »."""
    return re.sub(r"&(?:amp;)+", "&", url)
