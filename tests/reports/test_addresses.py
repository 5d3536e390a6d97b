"""One post, one address: what is pasted is recognised, and nothing is left of who shares it."""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reports.addresses import addresses
from bot.reports.addresses.addresses import LONGEST, PostAddress
from bot.settings import SEED
from tests.kits.effort import figure, times_as_much
from tests.kits.measures import Check, Figure, at_least, at_most

DATA = Path(__file__).resolve().parents[1] / "data"
READER = addresses.load_addresses(SEED)
PAIRS = {
    name: [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]
    for name in ("addresses.jsonl", "addresses_unseen.jsonl")
}
CLOSE = [json.loads(line) for line in (DATA / "addresses_close.jsonl").read_text("utf-8").splitlines()]
TEXTS = sorted({pair[side] for pairs in (*PAIRS.values(), CLOSE) for pair in pairs for side in ("a", "b")})
NAMES = {
    "facebook", "instagram", "tiktok", "x", "reddit", "youtube", "linkedin", "snapchat", "discord", "threads",
    "bluesky", "google", "other",
}  # fmt: skip
TRACKING = (
    "fbclid",
    "igsh",
    "igshid",
    "si",
    "gclid",
    "utm_source",
    "utm_x",
    "mibextid",
    "__tn__",
    "share_id",
    "rcm",
    "mc_eid",
    "sender_web_id",
    "xmt",
    "token",
    "email",
    "user",
    "sid",
    "PHPSESSID",
    "ref_src",
    "notif_id",
)


def canonical(text: str) -> str | None:
    result = READER.find(text)
    return result.canonical if result else None


@pytest.fixture(scope="module")
def clean() -> list[str]:
    """What is kept of all the addresses: each only once, however many are written for it."""
    addresses = {canonical(text) for text in TEXTS}
    return sorted(address for address in addresses if address)


def found(pairs: Sequence[dict[str, Any]]) -> Counter[tuple[bool, bool]]:
    """Count the pairs that are one post or two, and are found to be one or two."""
    return Counter((pair["same"], canonical(pair["a"]) == canonical(pair["b"]) is not None) for pair in pairs)


@pytest.mark.attack("Deux publications prises pour une")
@pytest.mark.parametrize("name", PAIRS)
def test_two_addresses_of_one_post_are_found_to_be_so_and_no_others(name: str, check: Check) -> None:
    pairs = found(PAIRS[name])
    right = pairs[True, True]
    check(Figure("paires", pairs.total()))
    check(Figure("précision", right / (right + pairs[False, True]), at_least(0.99)))
    check(Figure("rappel", right / (right + pairs[True, False]), at_least(0.95)))


@pytest.mark.attack("Deux publications prises pour une")
def test_of_300_pairs_of_two_posts_as_close_as_can_be_one_at_most_is_taken_for_one(check: Check) -> None:
    pairs = found(CLOSE)
    apart = pairs[False, False] + pairs[False, True]
    check(Figure("paires de deux publications proches", apart, at_least(300)))
    check(Figure("paires proches réunies à tort", pairs[False, True], at_most(1)))


@pytest.mark.parametrize("pair", CLOSE, ids=lambda pair: pair["b"])
def test_what_is_as_close_as_can_be_is_one_only_if_the_platform_says_so(pair: dict[str, Any]) -> None:
    """A comment, a reply, a tab, another capital, another instance: each is a post of its own."""
    assert (canonical(pair["a"]) == canonical(pair["b"])) == pair["same"]


def test_the_pairs_are_many_and_of_every_platform() -> None:
    assert len(PAIRS["addresses.jsonl"]) >= 400
    assert len(PAIRS["addresses_unseen.jsonl"]) >= 120
    for pairs in PAIRS.values():
        assert {pair["platform"] for pair in pairs} == NAMES
        assert {pair["same"] for pair in pairs} == {True, False}


def test_the_platform_is_recognised() -> None:
    for pair in (pair for pairs in PAIRS.values() for pair in pairs):
        result = READER.find(pair["a"])
        assert result, pair["a"]
        assert result.platform == pair["platform"], pair["a"]


def test_a_canonical_address_is_its_own_canonical_address() -> None:
    for text in TEXTS:
        first = READER.find(text)
        assert first, text
        assert READER.find(first.canonical) == first
        assert READER.find(f"Voyez {first.canonical}, c'est tout.") == first
        assert first.canonical.isascii()
        assert len(first.canonical) <= LONGEST


# What the report needs: the sharer is nowhere in what is kept.


@pytest.mark.parametrize("name", TRACKING)
def test_no_tracking_parameter_survives(name: str, clean: list[str]) -> None:
    for address in clean:
        base, mark, route = address.partition("#")
        tracked = f"{base}{'&' if '?' in base else '?'}{name}=JeanneTremblay42{mark}{route}"
        assert canonical(tracked) == address, tracked


@pytest.mark.parametrize(
    "text",
    [
        "https://jeanne:motdepasse@www.exemple.org/a/b",
        "https://www.exemple.org/a/b#jeanne",
        "https://www.exemple.org/a/b?partage_par=jeanne",
        "https://www.exemple.org/a/b?id_visite=jeanne@exemple.ca",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.exemple.org%2Fa%2Fb&h=jeanne&c[0]=jeanne",
        "https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexemple.org%2Fa%2Fb&data=05%7Cjeanne%40uqtr.ca",
        "https://www.exemple.org/a/b;jsessionid=jeanne",
        "jeanne a vu http://exemple.org/a/b, jeanne@exemple.org aussi",
    ],
)
def test_who_shares_goes_with_what_is_dropped(text: str) -> None:
    assert canonical(text) == "https://exemple.org/a/b"


def test_of_the_addresses_within_a_text_nothing_says_who_shares_them_either() -> None:
    text = "Vu sur https://www.instagram.com/reel/AbCdEf/?igsh=jeanne (et youtu.be/AbCdEfGhIjK?si=jeanne)."
    assert READER.cleaned(text) == (
        "Vu sur https://www.instagram.com/p/AbCdEf (et https://www.youtube.com/watch?v=AbCdEfGhIjK)."
    )
    assert READER.cleaned("Rien ici.\n5.10, jeanne@exemple.ca") == "Rien ici.\n5.10, jeanne@exemple.ca"
    assert READER.cleaned("https://intranet/?jeanne=1, voilà") == "…, voilà"


@given(st.lists(st.sampled_from(TEXTS), max_size=3).map(" et ".join))
def test_a_cleaned_text_is_clean(text: str) -> None:
    clean = READER.cleaned(text)
    assert not re.search(r"(?i)fbclid=|igsh(?:id)?=|utm_|[?&]si=|mibextid=", clean)
    assert READER.cleaned(clean) == clean


def test_a_comment_is_not_the_post_it_is_under() -> None:
    post = "https://www.facebook.com/page/posts/1"
    comment = canonical(f"{post}?comment_id=22&__tn__=R")
    assert comment == f"{post}?comment_id=22"
    assert canonical(f"{post}?comment_id=Y29tbWVudDoxXzIy") == comment, "a number, also in base64"
    assert canonical(post) == post


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rien",
        "Je l'ai vu hier.je crois",
        "écrivez à age@uqtr.ca",
        "5.10",
        "https://",
        "http:///x",
        "x.y.z",
        "https://intranet/page",
        "@spotted",
        "fichier.pdf",
        "https://..",
        "h ttps://a",
        "version 1.2.3/4",
        "e.g./x",
    ],
)
def test_a_text_without_a_web_address_gives_nothing(text: str) -> None:
    assert READER.find(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "https://www.youtube.com/watch?v=AbCdEfGhIjK",
        "(youtu.be/AbCdEfGhIjK)",
        "<https://youtu.be/AbCdEfGhIjK|ici>",
        "[https://youtu.be/AbC…](https://youtu.be/AbCdEfGhIjK)",
        "**youtu.be/AbCdEfGhIjK**",
        "lien\u00a0:\u200bhttps://youtu.be/AbCdEfGhIjK\u200b.",
        "«\u00a0youtu.be/AbCdEfGhIjK\u00a0»",
        "HTTPS://YOUTU.BE/AbCdEfGhIjK",
        "https:\\/\\/youtu.be\\/AbCdEfGhIjK",
        "youtu[.]be/AbCdEfGhIjK",
        "Vu sur facebook.com: youtu.be/AbCdEfGhIjK",
        "https://www.youtube.com/?v=AbCdEfGhIjK",
        "vu\nhttps://youtu.be/AbCdEfGhIjK\net https://youtu.be/00000000000",
    ],
)
def test_the_first_address_is_found_in_what_is_pasted(text: str) -> None:
    assert READER.find(text) == PostAddress("youtube", "https://www.youtube.com/watch?v=AbCdEfGhIjK")


@pytest.mark.parametrize(
    "host", ["facebook.com.exemple.org", "notfacebook.com", "fаcebook.com", "facebook.co"]
)
def test_a_host_that_looks_like_another_is_not_it(host: str) -> None:
    result = READER.find(f"https://{host}/page/posts/1")
    assert result
    assert result.platform == "other"
    assert result.canonical != "https://www.facebook.com/page/posts/1"


def test_the_network_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> NoReturn:
        raise AssertionError("the network was asked")

    for name in ("socket", "getaddrinfo", "create_connection", "gethostbyname"):
        monkeypatch.setattr(socket, name, refused)
    assert all(READER.find(text) for text in TEXTS)


# Whatever is typed.

PIECES = st.sampled_from(
    [
        "https://",
        "http://",
        "www.",
        "m.",
        "facebook.com",
        "x.com",
        "youtu.be",
        "reddit.com",
        "l.facebook.com",
        "google.ca",
        "exemple.org",
        "/",
        "//",
        "/posts/",
        "/status/",
        "/watch",
        "?",
        "&",
        "=",
        "#",
        "#!/",
        "v=",
        "u=",
        "url=",
        "https%3A%2F%2F",
        "%2F",
        "%25",
        "%",
        "%E9",
        "é",
        "1",
        "abc",
        "@",
        ":",
        ":80",
        ":99999",
        ".",
        ")",
        "(",
        " ",
        "|",
        "<",
        ">",
        "[",
        "](",
        "\\",
        "\ud800",
        "\u200b",
        "\0",
        "🎉",
        "data=!1s0xA:0xB",
        "cid=1",
        "..",
        "xn--",
    ]
)
TYPED = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=25).map("".join))


@settings(max_examples=600)
@given(TYPED)
def test_nothing_that_is_typed_raises_and_what_is_found_is_stable(text: str) -> None:
    result = READER.find(text)
    if result:
        assert result.platform in NAMES
        assert re.fullmatch(r"https://[!-~]+", result.canonical)
        assert len(result.canonical) <= LONGEST
        assert READER.find(result.canonical) == result


@settings(max_examples=300)
@given(st.sampled_from(TEXTS), st.text(alphabet="abc ÉDÉ\n,;:!?«»…", max_size=30))
def test_what_is_written_around_changes_nothing(text: str, around: str) -> None:
    assert canonical(f"{around} {text} {around}") == canonical(text)


@pytest.mark.attack("Textes lents")
@pytest.mark.parametrize(
    "text",
    [
        "https://" + "a." * 4_000,
        "https://facebook.com/" + "a/" * 4_000,
        "https://exemple.org/?" + "a=1&" * 2_000,
        "https://www.linkedin.com/posts/" + "activity-" * 900,
        "https://exemple.org/" + "%" * 8_000,
        "https://l.facebook.com/l.php?u=" * 250,
        "[" * 8_000,
        "(https://a.ca/" + "(" * 7_000,
        "a." * 4_000,
        "https://www.google.com/maps/" + "!1s0x1" * 1_200,
        "https://exemple.org/" + "é" * 2_000,
        "." * 8_000,
    ],
)
def test_what_is_made_to_be_slow_is_not(text: str, check: Check) -> None:
    ordinary = "https://www.facebook.com/spotted/posts/123?fbclid=AbC "
    check(figure(times_as_much(READER.find, text, ordinary)))
    result = READER.find(text)
    assert result is None or len(result.canonical) <= LONGEST
