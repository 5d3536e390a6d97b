"""Canonical addresses of posts, which reveal nothing about who shared them.

Only the first web address in a text is read. An address that redirects to another is resolved if it contains
that other address, never over the network. The platforms' rules (`data/addresses.toml`) give each post one
address. Two addresses that may lead to two posts never get the same canonical address: a rule applies only to
the shapes that its platform is known to use, on the hosts that it is known to serve. Where a platform's rule
applies, the parameters that it does not name are dropped. Elsewhere, those that may identify a post are kept.
Credentials are dropped. So are fragments, except a route of the page's own script, or one that may identify
a post or a comment.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated, Final, TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

from pydantic import BeforeValidator, Field, TypeAdapter

from bot.reports.addresses.parts import CONVERTERS
from bot.reports.addresses.text import first_addresses, prepared, web_addresses

FILE: Final = "addresses.toml"
OTHER: Final = "other"
ADDRESS_TEXT_LENGTH: Final = 8_000  # characters read in a text
LONGEST: Final = 1_000  # characters of a canonical address; browsers and proxies accept two thousand
_DEPTH: Final = 6  # nested addresses, at most
_SETTLES: Final = 6  # an address must stop changing within this many passes
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SAFE: Final = "-._~!$'()*+,;=:@"  # characters allowed unescaped in a path (RFC 3986, section 3.3)
_QUERY: Final = partial(urlencode, safe="-._~!$'()*,:@/", quote_via=quote, errors="surrogateescape")
_HOST: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9-]{2,}|\d+(?:\.\d+){3}")
_NOISE: Final = re.compile(
    r";jsessionid=[^/]*|/index\.(?:html?|php)$|/amp(?:\.html)?/?$|(?<=\w)\.amp(?=\.html?$|$)", re.IGNORECASE
)
_MAILBOX: Final = re.compile(r"(?<!@)\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_BY_SCRIPT: Final = re.compile(r"!?/[\w/.:~!@-]*|![\w/.-]+", re.ASCII)  # the route of a page's own script
_ANY: Final = re.compile(".*")
# Matches an address whose fragment names the same post as a parameter: « p=12#p12 ».
_NAMED: Final = re.compile(r"\bp(?:id|ost\w*)?=(\d+)\b[^#]*#p(?:id|ost)?[-_]?\1$", re.IGNORECASE)
_NUMBERED: Final = re.compile(r"[\w,.;:/-]*\d[\w,.;:/-]*", re.ASCII)  # a query without a name: « ?1234 »
_NOT_FOLDED: Final = re.compile("[ßς]")  # IDNA 2003 writes « ss » and « σ », which lead to another site
_SCRIPT: Final = re.compile(r"\.(?:php|aspx?|jsp|cfm|cgi|pl|do)\d?$", re.IGNORECASE)

_Pattern: TypeAlias = Annotated[
    re.Pattern[str], BeforeValidator(lambda text: re.compile(text, re.IGNORECASE))
]
# A pattern that may span several lines in the file.
_LongPattern: TypeAlias = Annotated[_Pattern, BeforeValidator(lambda text: "".join(text.split()))]


@dataclass(frozen=True, slots=True)
class PostAddress:
    """The address of a post: its platform (« facebook »… or « other ») and its canonical address."""

    platform: str
    canonical: str


@dataclass(frozen=True, slots=True)
class _Link:
    """A parsed address. `path` is decoded, without a trailing slash. `raw` is the encoded path."""

    host: str
    path: str
    raw: str
    search: str
    fragment: str
    port: str

    @property
    def query(self) -> Sequence[tuple[str, str]]:
        search = self.search if "=" in self.search else unquote(self.search)
        return parse_qsl(search, keep_blank_values=True, errors="surrogateescape")

    def parameters(self) -> dict[str, str]:
        """Return the first value of each parameter, by name.

        « # » is the whole fragment, and « #x » the parameter x in the fragment.
        """
        fragment = [("#", self.fragment), *((f"#{name}", value) for name, value in parse_qsl(self.fragment))]
        return dict(reversed([*self.query, *fragment]))


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule of `FILE`. The comment at the top of the file explains the keys."""

    path: _Pattern = _ANY
    sub: _Pattern | None = None
    host: _Pattern = _ANY
    need: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    to: str = ""
    unwrap: tuple[str, ...] = ()
    convert: str = ""
    whole: bool = False

    def values(
        self, link: _Link, sub: str, served: re.Pattern[str], parameters: Mapping[str, str]
    ) -> dict[str, str] | None:
        """Return a link's parameters and the groups that the rule captures, or None if it does not apply.

        `served`: the subdomains where the rule applies, unless it names its own.
        """
        more = (
            f"{link.search and '?'}{link.search}{link.fragment and '#'}{link.fragment}" if self.whole else ""
        )
        needed = ((pattern, parameters.get(name, "")) for name, pattern in self.need.items())
        parts = ((self.sub or served, sub), (self.host, _bare(link.host)), (self.path, link.path + more))
        captured: dict[str, str] = {}
        for pattern, part in chain(parts, needed):  # most rules fail at the first part
            if (match := pattern.fullmatch(part)) is None:
                return None
            captured |= {name: value for name, value in match.groupdict().items() if value is not None}
        values = {**parameters, **captured}
        if self.unwrap and not any(values.get(name) for name in self.unwrap):
            return None
        return values


@dataclass(frozen=True, slots=True)
class _Extra:
    name: Annotated[str, Field(alias="from")]
    written: Annotated[str, Field(alias="as")]
    find: _Pattern | None = None
    convert: str = ""


@dataclass(frozen=True, slots=True)
class _Platform:
    name: str
    home: str
    hosts: tuple[str, ...]
    opaque: tuple[str, ...]
    rules: tuple[_Rule, ...]
    mirrors: tuple[str, ...] = ()
    host: _Pattern | None = None
    keep: frozenset[str] = frozenset()
    fold: bool = False
    partial: bool = False
    extra: tuple[_Extra, ...] = ()

    def sub(self, host: str) -> str | None:
        """Return the subdomain of the platform's host ("" if none), or None for a host of another site."""
        for domain in (*self.hosts, *self.mirrors):
            if _is_under(host, domain):
                return _bare(host[: -len(domain)].rstrip("."))
        if self.host and self.host.fullmatch(host):
            return _bare(host.split(".google.", 1)[0] if ".google." in host else "")
        return None


@dataclass(frozen=True, slots=True)
class _OtherSites:
    tracking: _LongPattern
    telling: _LongPattern
    views: _LongPattern
    served: _LongPattern
    nowhere: _LongPattern
    shorteners: frozenset[str]
    mobile: frozenset[str]
    shapes: tuple[_Rule, ...]

    def canonical(self, link: _Link, inner: Callable[[str], str]) -> str:
        """Return the canonical address of a page on a site without rules.

        `inner`: makes an address found in a parameter canonical, or returns "" if it cannot.
        """
        plain, link = link, self.shaped(link)
        host = _bare(link.host)
        port = f":{link.port}" if link.port else ""
        while link is plain and (label := host.partition("."))[0] in self.mobile and "." in label[2]:
            host = label[2]
        host = re.sub(r"^([^.]+)\.m\.((?:wik\w+|fandom)\.(?:org|com))$", r"\1.\2", host)
        path = re.sub(_NOISE, "", link.raw).rstrip("/")
        script = not path or _SCRIPT.search(link.path) is not None
        if host in self.shorteners and not script:
            return f"https://{host}{path}"
        query = self.selecting(link.query, inner, script=script)
        route, _, more = link.fragment.partition("?")
        if _BY_SCRIPT.fullmatch(route) and route not in {"!", "/", "!/"}:
            chosen = self.selecting(parse_qsl(more, keep_blank_values=True), inner, script=False)
            fragment = f"#{route}{'?' + chosen if chosen else ''}"
        else:
            fragment = self.place(link.fragment, query)
        return f"https://{host}{port}{path}{'?' + query if query else ''}{fragment}"

    def shaped(self, link: _Link) -> _Link:
        """Return a link rewritten by the first shape that applies, or unchanged if none applies.

        The parameters that the shape does not name are kept.
        """
        parameters = link.parameters()
        for shape in self.shapes:
            values = shape.values(link, "", self.served, parameters)
            filled = _filled(shape.to, values) if values is not None else ""
            new = filled and _parsed(urljoin(f"https://{link.host}/", filled))
            if new:
                rest = [pair for pair in link.query if not shape.whole and pair[0] not in shape.need]
                fragment = new.fragment or ("" if shape.whole or "#" in shape.need else link.fragment)
                return replace(new, search=_QUERY([*new.query, *rest]), fragment=fragment, port=link.port)
        return link

    def place(self, fragment: str, query: str) -> str:
        """Return the parts of a fragment that may identify a post in its page, with « # ».

        Return "" if there are none, or if `query` already identifies the same post.
        """
        place = "&".join(
            _written(_decoded(piece))
            for piece in fragment.partition(":~:")[0].split("&")
            if re.search(r"\d", piece) and not self.tracking.fullmatch(piece.partition("=")[0])
            if not self.nowhere.fullmatch(piece) and not _MAILBOX.search(unquote(piece))
        )
        return f"#{place}" if place and not _NAMED.search(f"{query}#{place}") else ""

    def selecting(
        self, pairs: Iterable[tuple[str, str]], inner: Callable[[str], str], *, script: bool
    ) -> str:
        """Return the parameters that may identify a post, sorted, as a query string.

        `script`: whether a script makes the page; if so, all but trackers and e-mail addresses are kept.
        """
        chosen = set()
        for name, value in pairs:
            bare = re.sub(r"^.*\[([^\[\]]+)\]$", r"\1", name).replace("-", "_")  # tx_news_pi1[news], post-id
            if self.tracking.fullmatch(bare) or _MAILBOX.search(unquote(value)):
                continue
            if re.match(r"(?i)https?://", value):
                chosen.add((name, inner(value)))
            elif script or self.telling.fullmatch(bare) or (not value and _NUMBERED.fullmatch(name)):
                chosen.add((name, value))
        return _QUERY(sorted(chosen))


@dataclass(frozen=True, slots=True)
class Addresses:
    """The rules of `FILE`."""

    platforms: Annotated[tuple[_Platform, ...], Field(alias="platform")]
    wrappers: Annotated[tuple[_Rule, ...], Field(alias="wrapper")]
    other: _OtherSites

    def find(self, text: str) -> PostAddress | None:
        """Return the post that the first usable web address of a text leads to, if any."""
        post = self._first(_SURROGATE.sub("\ufffd", text[:ADDRESS_TEXT_LENGTH]))
        for _ in range(_SETTLES):
            again = self._first(post.canonical) if post else None
            if again == post:
                return post
            post = again  # read once more, the address lost an end that looks like punctuation
        return None

    def cleaned(self, text: str) -> str:
        """Return a text with its web addresses made canonical, so that none reveals who shared it.

        An address that cannot be made canonical becomes an ellipsis.
        """
        text = prepared(_SURROGATE.sub("\ufffd", text))
        pieces, end = [], 0
        for start, stop, url in web_addresses(text):
            post = self.find(url)
            pieces += [text[end:start], post.canonical if post else "…"]
            end = stop
        return "".join([*pieces, text[end:]])

    def _first(self, text: str) -> PostAddress | None:
        posts = (self._canonical(url, _DEPTH) for url in first_addresses(text))
        return next((post for post in posts if post and len(post.canonical) <= LONGEST), None)

    def _canonical(self, url: str, depth: int) -> PostAddress | None:
        link = _parsed(url)
        if link is None:
            return None
        if inner := self._unwrapped(link, self.wrappers, "", url, depth):
            return inner
        for platform in self.platforms if not link.port else ():
            if _bare(link.host) in platform.opaque and link.path:
                return PostAddress(platform.name, f"https://{_bare(link.host)}{_written(link.path)}")
            sub = platform.sub(link.host)
            if sub is not None:
                return self._known(platform, sub, _routed(link), url, depth)
        return PostAddress(OTHER, self.other.canonical(link, partial(self._inner, depth=depth)))

    def _inner(self, url: str, depth: int) -> str:
        post = self._canonical(url, depth - 1) if depth else None
        return post.canonical if post else ""

    def _unwrapped(
        self, link: _Link, rules: Iterable[_Rule], sub: str, url: str, depth: int
    ) -> PostAddress | None:
        """Return the post at the address nested in a link, if a rule finds one."""
        nesting = [rule for rule in rules if rule.unwrap] if depth else []
        parameters = link.parameters() if nesting else {}
        for rule in nesting:
            if values := rule.values(link, sub, _ANY, parameters):
                inner = next(values[name] for name in rule.unwrap if values.get(name))
                return self._canonical(_absolute(CONVERTERS[rule.convert](inner), url), depth - 1)
        return None

    def _known(self, platform: _Platform, sub: str, link: _Link, url: str, depth: int) -> PostAddress:
        """Return the canonical address of a link on a platform."""
        if inner := self._unwrapped(link, platform.rules, sub, url, depth):
            return inner
        parameters = link.parameters()
        for rule in platform.rules:
            values = rule.values(link, sub, self.other.served, parameters) if rule.to else None
            if values is not None:
                filled = _filled(rule.to, values)
                address = filled if filled.startswith("https:") else f"https://{platform.home}{filled}"
                return PostAddress(platform.name, address + _extra(platform, parameters, "?" in filled))
        canonical = partial(self._inner, depth=depth)
        if platform.partial or not any(_is_under(link.host, domain) for domain in platform.hosts):
            name = OTHER if platform.partial else platform.name
            return PostAddress(name, self.other.canonical(link, canonical))
        # A profile, or another page of the platform.
        home = platform.home if self.other.views.fullmatch(sub) else link.host
        path = link.path
        if platform.fold:
            name, slash, rest = path.lstrip("/").partition("/")
            path = f"/{name.lower()}{slash}{rest}" if name else ""
        # A platform may use a one-letter parameter to identify the person who shares.
        pairs = [(name, value) for name, value in link.query if len(name) > 1 or name in platform.keep]
        query = self.other.selecting(pairs, canonical, script=False)
        return PostAddress(platform.name, f"https://{home}{_written(path)}{'/?' + query if query else ''}")


def load_addresses(folder: Path) -> Addresses:
    """Return the rules read from `FILE` in a data folder. Raises `OSError`."""
    return TypeAdapter(Addresses).validate_python(tomllib.loads((folder / FILE).read_text("utf-8")))


# --- Parsing and writing addresses ------------------------------------------------------------


def _parsed(url: str) -> _Link | None:
    """Parse an address. Return None if its host cannot be on the web."""
    try:
        parts = urlsplit(url)
        labels = (parts.hostname or "").rstrip(".").split(".")
        host = ".".join(
            f"xn--{label.encode('punycode').decode('ascii')}"
            if _NOT_FOLDED.search(label)
            else label.encode("idna").decode("ascii").lower()
            for label in labels
        )
        port = parts.port
    except (ValueError, UnicodeError):
        return None
    if not _HOST.fullmatch(host):
        return None
    path = urlsplit(urljoin("https://a.b/", "./" + parts.path.lstrip("/"))).path
    path = re.sub(r"/{2,}", "/", path)
    return _Link(
        host,
        _decoded(path).rstrip("/"),
        _written(_decoded(path)) if "%2f" not in path.lower() else quote(path, safe=_SAFE + "/%"),
        parts.query,
        parts.fragment,
        "" if port in (None, 80, 443) else str(port),
    )


def _routed(link: _Link) -> _Link:
    """Return a link with the route after « #! », used by platforms around 2011, as its path."""
    route = re.match(r"!?(/[^?]+)\??(.*)", link.fragment) if not link.path else None
    if not route:
        return link
    return replace(link, path=unquote(route[1]).rstrip("/"), search=route[2] or link.search, fragment="")


def _decoded(path: str) -> str:
    return unquote(path, errors="surrogateescape")  # bytes that are not UTF-8 are preserved


def _written(path: str) -> str:
    return quote(path, safe=_SAFE + "/", errors="surrogateescape")


def _is_under(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _bare(host: str) -> str:
    return host.removeprefix("www.") if host != "www" else ""


def _absolute(inner: str, outer: str) -> str:
    """Return `inner`, a nested address, as an absolute one. A path is resolved against `outer`."""
    for _ in range(2):
        if re.match(r"(?i)https?%3a", inner) or inner.startswith("%2F"):
            inner = unquote(inner)
    if inner.startswith("/"):
        return urljoin(outer, inner)
    inner = re.sub(r"(?i)^(https?):/+(?=[^/])", r"\1://", inner)
    return inner if re.match(r"(?i)https?://", inner) else f"https://{inner}"


def _filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template such as « /{name:lower}/posts/{post} », filled with converted values."""

    def value(match: re.Match[str]) -> str:
        return quote(CONVERTERS[match[2] or ""](values[match[1]]), safe=_SAFE + "/", errors="surrogateescape")

    return re.sub(r"\{(\w+)(?::(\w+))?\}", value, template)


def _extra(platform: _Platform, parameters: Mapping[str, str], continued: bool) -> str:
    """Return the parameters that identify a comment, as a query string, "" if there are none.

    `continued`: whether the address already has parameters.
    """
    comment: dict[str, str] = {}
    for extra in platform.extra:
        value = CONVERTERS[extra.convert](parameters.get(extra.name, ""))
        if extra.find:
            match = extra.find.fullmatch(value)
            value = match[1] if match else ""
        if re.fullmatch(r"[\w.-]{1,100}", value, re.ASCII):
            comment.setdefault(extra.written, value)
    written = "&".join(f"{name}={value}" for name, value in comment.items())
    return f"{'&' if continued else '?'}{written}" if written else ""
