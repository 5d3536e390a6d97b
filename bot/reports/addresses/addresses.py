"""One post, one address: what people paste, made canonical, with nothing of who shares it.

The first web address of a text is read, whatever is around it; addresses that lead to another are
followed when they hold it, never on the network; what the platforms' rules (`data/addresses.toml`) know
is written one way. Parameters that a rule does not name are dropped on the platforms that have rules;
elsewhere, those that say who shares and how. Credentials and fragments go, but for a page's own route.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

from bot.reports.addresses.parts import CONVERTERS
from bot.reports.addresses.text import first_addresses, prepared, web_addresses

FILE: Final = "addresses.toml"
OTHER: Final = "other"
READ: Final = 8_000  # characters of a text
LONGEST: Final = 1_000  # of a canonical address; browsers and proxies stop at two thousand
_DEPTH: Final = 6  # addresses within one another
_SETTLES: Final = 6  # times that it may change before it is refused
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SAFE: Final = "-._~!$'()*+,;=:@"  # what a path may hold as it is (RFC 3986, section 3.3)
_IN_QUERY: Final = "-._~!$'()*,:@/"
_NOISE: Final = re.compile(
    r";jsessionid=[^/]*|/index\.(?:html?|php)$|/amp(?:\.html)?/?$|(?<=\w)\.amp(?=\.html?$|$)", re.IGNORECASE
)
_SCRIPT: Final = re.compile(r"\.(?:php|aspx?|jsp|cfm|cgi|pl|do)\d?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PostAddress:
    """Where a post is: the platform's name, « other » for other sites, and its one address."""

    platform: str
    canonical: str


@dataclass(frozen=True, slots=True)
class _Link:
    """An address taken apart: `path` is decoded, without its last slash; « # » names a fragment's."""

    host: str
    path: str
    raw: str
    search: str
    fragment: str
    port: str

    @property
    def query(self) -> Sequence[tuple[str, str]]:
        search = self.search if "=" in self.search else unquote(self.search)
        return parse_qsl(search, keep_blank_values=True)

    def parameters(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in (*self.query, *((f"#{n}", v) for n, v in parse_qsl(self.fragment))):
            found.setdefault(name, value)
        return found


@dataclass(frozen=True, slots=True)
class _Rule:
    path: re.Pattern[str]
    sub: re.Pattern[str] | None
    host: re.Pattern[str] | None
    need: Mapping[str, re.Pattern[str]]
    to: str
    unwrap: tuple[str, ...]
    convert: str
    whole: bool

    def values(self, link: _Link, sub: str, parameters: Mapping[str, str]) -> dict[str, str] | None:
        """Return what the rule takes from a link; None when it does not apply."""
        if self.sub and not self.sub.fullmatch(sub):
            return None
        if self.host and not self.host.fullmatch(_bare(link.host)):
            return None
        more = f"?{link.search}" if self.whole and link.search else ""
        matched = self.path.fullmatch(link.path + more)
        if not matched:
            return None
        found = dict(parameters) | _groups(matched)
        for name, pattern in self.need.items():
            needed = pattern.fullmatch(parameters.get(name, ""))
            if not needed:
                return None
            found |= _groups(needed)
        if self.unwrap and not any(found.get(name) for name in self.unwrap):
            return None
        return found


@dataclass(frozen=True, slots=True)
class _Extra:
    name: str
    written: str
    find: re.Pattern[str] | None
    convert: str


@dataclass(frozen=True, slots=True)
class _Platform:
    name: str
    home: str
    hosts: tuple[str, ...]
    host: re.Pattern[str] | None
    opaque: tuple[str, ...]
    keep: frozenset[str]
    fold: bool
    partial: bool
    extra: tuple[_Extra, ...]
    rules: tuple[_Rule, ...]

    def sub(self, host: str) -> str | None:
        """Return what is before the platform's host, "" for nothing; None when it is another's."""
        for own in self.hosts:
            if host == own or host.endswith(f".{own}"):
                return _bare(host[: -len(own)].rstrip("."))
        if self.host and self.host.fullmatch(host):
            return _bare(host.split(".google.", 1)[0] if ".google." in host else "")
        return None


@dataclass(frozen=True, slots=True)
class Addresses:
    """The rules, ready to be used."""

    platforms: tuple[_Platform, ...]
    wrappers: tuple[_Rule, ...]
    tracking: re.Pattern[str]
    telling: re.Pattern[str]
    views: re.Pattern[str]
    shorteners: frozenset[str]
    mobile: frozenset[str]

    def find(self, text: str) -> PostAddress | None:
        """Return where the first web address of a text leads; None when it holds none that can be kept."""
        found = self._first(_SURROGATE.sub("\ufffd", text[:READ]))
        for _ in range(_SETTLES):
            again = self._first(found.canonical) if found else None
            if again == found:
                return found
            found = again  # what it ended with is also what may follow an address
        return None

    def cleaned(self, text: str) -> str:
        """Return a text whose web addresses are canonical, so that none says who shares it.

        An address that cannot be kept becomes an ellipsis.
        """
        text = prepared(_SURROGATE.sub("\ufffd", text))
        written, end = "", 0
        for start, stop, url in web_addresses(text):
            found = self.find(url)
            written += text[end:start] + (found.canonical if found else "…")
            end = stop
        return written + text[end:]

    def _first(self, text: str) -> PostAddress | None:
        for url in first_addresses(text):
            found = self._canonical(url, _DEPTH)
            if found and len(found.canonical) <= LONGEST:
                return found
        return None

    def _canonical(self, url: str, depth: int) -> PostAddress | None:
        link = _parsed(url)
        if link is None:
            return None
        inner = self._inner(link, self.wrappers, "", url) if depth else None
        if inner and (found := self._canonical(inner, depth - 1)):
            return found
        for platform in self.platforms:
            if link.host in platform.opaque or _bare(link.host) in platform.opaque:
                return PostAddress(platform.name, f"https://{_bare(link.host)}{_written(link.path)}")
            sub = platform.sub(link.host)
            if sub is not None:
                return self._known(platform, sub, _routed(link), url, depth)
        return PostAddress(OTHER, self._other(link))

    def _inner(self, link: _Link, rules: Iterable[_Rule], sub: str, url: str) -> str | None:
        """Return the address that a link leads to, if a rule finds it there."""
        parameters = link.parameters()
        for rule in rules:
            values = rule.unwrap and rule.values(link, sub, parameters)
            if values:
                inner = next(values[name] for name in rule.unwrap if values.get(name))
                return _led(CONVERTERS[rule.convert](inner), url)
        return None

    def _known(self, platform: _Platform, sub: str, link: _Link, url: str, depth: int) -> PostAddress | None:
        inner = self._inner(link, platform.rules, sub, url) if depth else None
        if inner and (found := self._canonical(inner, depth - 1)):
            return found
        parameters = link.parameters()
        for rule in platform.rules:
            values = rule.values(link, sub, parameters) if rule.to else None
            if values is not None:
                made = _filled(rule.to, values)
                address = made if made.startswith("https:") else f"https://{platform.home}{made}"
                return PostAddress(platform.name, address + _extra(platform, parameters, "?" in made))
        if platform.partial:
            return PostAddress(OTHER, self._other(link))
        home = platform.home if self.views.fullmatch(sub) else link.host
        return PostAddress(platform.name, _unruled(platform, home, link))

    def _other(self, link: _Link) -> str:
        """Return the address of a page on a site that no rule knows."""
        host = link.host
        while (label := host.partition("."))[0] in self.mobile and "." in label[2]:
            host = label[2]
        first, _, rest = host.partition(".")
        if rest.startswith("m.") and rest.count(".") > 1:  # fr.m.wikipedia.org
            host = f"{first}.{rest[2:]}"
        path = re.sub(_NOISE, "", re.sub(r"^(/@[^/]+/\d+)/embed$", r"\1", link.raw)).rstrip("/")
        if host in self.shorteners:
            return f"https://{host}{path}"
        script = not path or _SCRIPT.search(link.path)
        kept = sorted(
            (name, value)
            for name, value in set(link.query)
            if not self.tracking.fullmatch(name)
            and (script or self.telling.fullmatch(name))
            and "@" not in unquote(value)
        )
        query = "&".join(f"{quote(n, safe=_IN_QUERY)}={quote(v, safe=_IN_QUERY)}" for n, v in kept)
        route = link.fragment if re.fullmatch(r"!?/[\w/-]+", link.fragment, re.ASCII) else ""
        port = f":{link.port}" if link.port else ""
        return f"https://{host}{port}{path}{'?' + query if query else ''}{'#' + route if route else ''}"


def load_addresses(folder: Path) -> Addresses:
    """Read the rules, which are shipped. Raises `OSError` when they cannot be read."""
    data = tomllib.loads((folder / FILE).read_text("utf-8"))
    other = data["other"]
    return Addresses(
        tuple(_platform(one) for one in data["platform"]),
        tuple(_rule(one) for one in data["wrapper"]),
        _spaced(other["tracking"]),
        _spaced(other["telling"]),
        _spaced(other["views"]),
        frozenset(other["shorteners"]),
        frozenset(other["mobile"]),
    )


def _spaced(text: str) -> re.Pattern[str]:
    return re.compile("".join(text.split()), re.IGNORECASE)


def _platform(table: Mapping[str, Any]) -> _Platform:
    return _Platform(
        table["name"],
        table["home"],
        tuple(table["hosts"]),
        _pattern(table.get("host")),
        tuple(table["opaque"]),
        frozenset(table.get("keep", ())),
        table.get("fold", False),
        table.get("partial", False),
        tuple(
            _Extra(one["from"], one["as"], _pattern(one.get("find")), one.get("convert", ""))
            for one in table.get("extra", ())
        ),
        tuple(_rule(one) for one in table["rules"]),
    )


def _rule(table: Mapping[str, Any]) -> _Rule:
    return _Rule(
        re.compile(table.get("path", ".*"), re.IGNORECASE),
        _pattern(table.get("sub")),
        _pattern(table.get("host")),
        {name: re.compile(one) for name, one in table.get("need", {}).items()},
        table.get("to", ""),
        tuple(table.get("unwrap", ())),
        table.get("convert", ""),
        table.get("whole", False),
    )


def _pattern(text: str | None) -> re.Pattern[str] | None:
    return re.compile(text, re.IGNORECASE) if text else None


# --- Taking an address apart, and writing one -------------------------------------------------


def _parsed(url: str) -> _Link | None:
    """Return an address taken apart; None when it has no host that can be on the web."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii").lower()
        port = parts.port
    except (ValueError, UnicodeError):
        return None
    if not re.fullmatch(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9-]{2,}|\d+(?:\.\d+){3}", host):
        return None
    path = parts.path
    path = re.sub(r"/{2,}", "/", urlsplit(urljoin("https://a.b/", "./" + path.lstrip("/"))).path)
    decoded = unquote(path).rstrip("/")
    return _Link(
        host,
        decoded,
        _written(unquote(path)) if "%2f" not in path.lower() else quote(path, safe=_SAFE + "/%"),
        parts.query,
        parts.fragment,
        "" if port in (None, 80, 443) else str(port),
    )


def _routed(link: _Link) -> _Link:
    """Return a link whose page was written behind « #! », as platforms did in 2011, without it."""
    found = re.match(r"!?(/[^?]+)\??(.*)", link.fragment) if not link.path else None
    if not found:
        return link
    return replace(link, path=unquote(found[1]).rstrip("/"), search=found[2] or link.search, fragment="")


def _written(path: str) -> str:
    return quote(path, safe=_SAFE + "/", errors="replace")


def _bare(host: str) -> str:
    return host.removeprefix("www.") if host != "www" else ""


def _groups(matched: re.Match[str]) -> dict[str, str]:
    return {name: value for name, value in matched.groupdict().items() if value is not None}


def _led(inner: str, outer: str) -> str:
    """Return an address that was held in another, whole."""
    for _ in range(2):
        if re.match(r"(?i)https?%3a", inner) or inner.startswith("%2F"):
            inner = unquote(inner)
    if inner.startswith("/"):
        return urljoin(outer, inner)
    inner = re.sub(r"(?i)^(https?):/+(?=[^/])", r"\1://", inner)
    return inner if re.match(r"(?i)https?://", inner) else f"https://{inner}"


def _filled(template: str, values: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return quote(CONVERTERS[match[2] or ""](values[match[1]]), safe=_SAFE, errors="replace")

    return re.sub(r"\{(\w+)(?::(\w+))?\}", value, template)


def _extra(platform: _Platform, parameters: Mapping[str, str], continued: bool) -> str:
    """Return the parameters that single out a comment."""
    found: dict[str, str] = {}
    for one in platform.extra:
        value = CONVERTERS[one.convert](parameters.get(one.name, ""))
        matched = one.find.fullmatch(value) if one.find else None
        value = matched[1] if matched else "" if one.find else value
        if re.fullmatch(r"[\w.-]{1,100}", value, re.ASCII):
            found.setdefault(one.written, value)
    written = "&".join(f"{name}={value}" for name, value in found.items())
    return f"{'&' if continued else '?'}{written}" if written else ""


def _unruled(platform: _Platform, home: str, link: _Link) -> str:
    """Return an address of a platform for which there is no rule: a profile, a page of its own."""
    path = link.path
    if platform.fold:
        name, slash, rest = path.lstrip("/").partition("/")
        path = f"/{name.lower()}{slash}{rest}" if name else ""
    kept = sorted((name, value) for name, value in set(link.query) if name in platform.keep and value)
    query = "&".join(f"{quote(n, safe=_IN_QUERY)}={quote(v, safe=_IN_QUERY)}" for n, v in kept)
    return f"https://{home}{_written(path)}{'/?' + query if query else ''}"
