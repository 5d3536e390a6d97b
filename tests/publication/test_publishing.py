"""Publication: whole or not at all, the same bytes for the same texts, and nothing that may not be public."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from urllib.parse import urldefrag
from xml.etree import ElementTree as ET

import html5lib
import jsonschema_rs
import pikepdf
import pypdfium2
import pytest
from lxml import html as lxml_html

from bot.policy.changes.comparison import Nature
from bot.revision import revisions
from bot.revision.revisions import Dates, Proposal
from bot.site import publishing
from bot.site.frame import SiteFacts
from bot.site.pieces import Piece
from bot.site.publishing import WORTH_WORKERS, PolicySource, publish
from bot.storage.database import Storage, beside
from tests.kits.effort import PATIENCE
from tests.kits.people import NOW
from tests.kits.revision_commands import REVISED
from tests.publication.publisher import ADDRESS, CLUB, THIRD, Publisher, shipped

HOSTILE = """# Code \\<style>*{display:none}\\</style> \\<script>alert(1)\\</script>

## ARTICLE 1 : \\<img src=x onerror=alert(1)> & "guillemets" ]]>

1.1 \\</blockquote>\\</main>\\<script>alert(2)\\</script>« \\</script> » désigne \\<b>gras\\</b>.

1.2 javascript:alert(3) {{ 7*7 }} \\<!-- --> \u202e \ud800 \x00 \x1b[31m\\</script> et \\<iframe src="https://mal.exemple">.

| \\<td> | a&b |
|---|---|
| "x" | 'y' |
"""


def public(folder: Path, **texts: dict[str, str]) -> Publisher:
    return Publisher(folder, dict(texts), public=set(texts))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    made = public(
        tmp_path_factory.mktemp("trois"),
        pa20=shipped("pa20"),
        club=CLUB,
        hostile={"2020-01-01": HOSTILE, "2021-01-01": HOSTILE.replace("gras", "GRAS<i>")},
    )
    made.publish()
    return made


def pages(published: Publisher) -> dict[str, str]:
    return {path: text.decode() for path, text in published.files().items() if path.endswith(".html")}


# --- What a page may hold ---------------------------------------------------------------------


def test_every_page_is_html_that_no_browser_has_to_guess_at(three: Publisher) -> None:
    for path, text in pages(three).items():
        html5lib.HTMLParser(strict=True).parse(text)
        tree = lxml_html.document_fromstring(text.encode())
        identifiers = tree.xpath("//@id")
        assert len(identifiers) == len(set(identifiers)), path
        assert len(tree.xpath("//h1")) == 1, path
        assert tree.get("lang") == "fr-CA"
        assert tree.xpath("string(//title)").strip(), path


def test_every_link_leads_to_a_page_and_to_a_place_in_it(three: Publisher) -> None:
    places = {
        path: set(lxml_html.fromstring(text.encode()).xpath("//@id")) for path, text in pages(three).items()
    }
    files = set(three.files())
    for path, text in pages(three).items():
        for link in lxml_html.fromstring(text.encode()).xpath("//@href | //@src"):
            if link.startswith(ADDRESS):
                target, anchor = urldefrag(link.removeprefix(ADDRESS).lstrip("/") or "index.html")
                target = f"{target}index.html" if target.endswith("/") else target
            else:
                written, anchor = urldefrag(link)
                target = os.path.normpath(Path(path).parent / written) if written else path
            assert target in files, f"{path}: {link}"
            assert not anchor or anchor in places[target], f"{path}: {link}"


def test_nothing_comes_from_elsewhere_and_nothing_is_kept(three: Publisher) -> None:
    for path, text in three.files().items():
        if path.endswith(".pdf"):
            continue
        content = text.decode()
        for address in (
            re.findall(r"(?:src|href)=[\"']?(https?://[^\"' >]+)", content) if path.endswith("html") else ()
        ):
            assert address.startswith((ADDRESS, "https://politiques")), path
        assert "cookie" not in content.lower().replace("cookies", ""), path
        assert "localStorage" not in content


def test_pages_stay_under_60_kb_but_for_whole_texts(three: Publisher) -> None:
    for path, text in pages(three).items():
        if not path.endswith("index.html"):
            assert len(text.encode()) < 60_000, path


def test_a_text_that_holds_html_is_only_text(three: Publisher) -> None:
    for path, text in pages(three).items():
        tree = lxml_html.fromstring(text.encode())
        assert tree.xpath("//iframe | //img | //style | //b") == [], path
        for script in tree.xpath("//script"):
            assert script.get("src") or script.get("type") == "application/ld+json", path
            if not script.get("src"):
                json.loads(script.text)
    assert "<script>alert(2)</script>" in lxml_html.fromstring(three.files()["hostile/1.1.html"]).xpath(
        "string(//blockquote)"
    )


def test_the_words_are_those_of_the_text_one_by_one(three: Publisher) -> None:
    data = json.loads(three.page("pa20/2015-12-13/texte.json"))
    for part in data["provisions"]:
        if part["paragraphs"]:
            path = part["addresses"]["dated"].removeprefix(f"{ADDRESS}/")
            quoted = lxml_html.fromstring(three.files()[path]).xpath("//article/blockquote")[0]
            shown = [each.text_content() for each in quoted.xpath(".//p | .//li | .//tr")]
            assert shown == part["paragraphs"], path


def test_each_version_is_a_tagged_pdf_too(three: Publisher) -> None:
    with pikepdf.open(three.site / "club/2018-09-10/texte.pdf") as pdf:
        assert "/StructTreeRoot" in pdf.Root
        assert pdf.Root.Lang == "fr-CA"
    words = pypdfium2.PdfDocument(three.site / "club/2018-09-10/texte.pdf")[0].get_textpage().get_text_range()
    assert "Les photos du local sont permises." in words
    assert "version révisée le 10" in words


def test_a_force_is_not_set_on_another_page_than_its_clause(three: Publisher) -> None:
    texts = pypdfium2.PdfDocument(three.site / "pa20/2015-12-13/texte.pdf")
    foot = re.compile(r".*version (révisée|adoptée) le .*|\d+\W(de|sur|/)\W\d+|\s*")
    sheets = [sheet.get_textpage().get_text_range().splitlines() for sheet in texts]
    last = [[line for line in lines if not foot.fullmatch(line)][-1] for lines in sheets]
    assert len(last) > 3
    assert not {"Interdiction", "Directive", "Invitation", "Portée", "Sanction"} & {
        line.strip() for line in last
    }


# --- Data and feeds ---------------------------------------------------------------------------


def test_the_data_follow_the_published_schema(three: Publisher) -> None:
    validator = jsonschema_rs.validator_for(json.loads(three.page("schema.json")))
    data = [
        path
        for path in three.files()
        if path.endswith((".json",)) and not path.startswith(("schema", ".vigie"))
    ]
    assert len(data) == 3 + 1 + 4 + 2
    for path in data:
        errors = [str(error.message) for error in validator.iter_errors(json.loads(three.page(path)))]
        assert errors == [], path
    assert not validator.is_valid({"id": "club"})


def test_the_feed_tells_every_version_the_latest_first(three: Publisher) -> None:
    feed = ET.fromstring(three.page("revisions.atom"))  # noqa: S314 — our own
    atom = "{http://www.w3.org/2005/Atom}"
    titles = [entry.findtext(f"{atom}title") or "" for entry in feed.iter(f"{atom}entry")]
    assert titles[0].replace("\u00a0", " ") == "CLUB : version du 1er mars 2027"
    assert len(titles) == len(set(titles)) == 7
    assert len({entry.findtext(f"{atom}id") for entry in feed.iter(f"{atom}entry")}) == 7


def test_no_moment_of_the_feed_nor_of_the_calendar_is_to_come(three: Publisher) -> None:
    moments = re.findall("(?<=<updated>)[^<]+", three.page("revisions.atom"))
    stamps = re.findall("(?<=DTSTAMP:)[^\r]+", three.files()["calendrier.ics"].decode())
    assert len(moments) == len(stamps) + 1 == 8
    assert max(moments) < three.today.isoformat()
    assert max(stamps) < three.today.strftime("%Y%m%d")


def test_the_calendar_has_the_days_on_which_a_version_takes_effect(three: Publisher) -> None:
    lines = three.files()["calendrier.ics"].split(b"\r\n")
    assert b"DTSTART;VALUE=DATE:20270301" in lines
    assert max(map(len, lines)) <= 75
    assert lines.count(b"BEGIN:VEVENT") == lines.count(b"END:VEVENT") == 7


def test_the_map_of_the_site_names_pages_that_are_there(three: Publisher) -> None:
    addresses = re.findall("<loc>([^<]+)</loc>", three.page("sitemap.xml"))
    paths = [each.removeprefix(f"{ADDRESS}/") for each in addresses]
    assert {f"{path}index.html" if path.endswith("/") or not path else path for path in paths} <= set(
        three.files()
    )
    assert f"{ADDRESS}/club/2.2.html" in addresses


# --- The same bytes ---------------------------------------------------------------------------


def test_the_same_texts_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = public(tmp_path / "a", club=CLUB), public(tmp_path / "b", club=CLUB)
    first.publish()
    second.publish()
    assert first.files() == second.files()
    before = {path: (first.site / path).stat().st_mtime_ns for path in first.files()}
    first.publish()
    assert first.files() == second.files()
    assert {path: (first.site / path).stat().st_mtime_ns for path in before} == before, (
        "nothing was made again"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made.texts["club"].update({"2024-02-01": THIRD.replace("photos", "images")}),
        lambda made: made.texts["club"].pop("2018-09-10"),
        lambda made: made.texts.pop("pa20"),
        lambda made: made.texts.update({"autre": {"2020-02-02": THIRD}}) or made.public.add("autre"),
        lambda made: setattr(made, "today", date(2027, 4, 1)),
        lambda made: made.annotations.update({"club": '[policy]\nname = "Règles"\n'}),
        lambda made: made.settings.update({"vigie_adresse_site": "https://ailleurs.exemple.ca"}),
    ],
    ids=["one clause", "a version less", "a policy less", "one more", "a day", "a name", "an address"],
)
def test_making_only_what_changed_gives_what_making_everything_would(
    tmp_path: Path, change: Callable[[Publisher], object]
) -> None:
    made, whole = (public(tmp_path / name, club=dict(CLUB), pa20=shipped("pa20")) for name in "ab")
    made.publish()
    for each in (made, whole):
        change(each)
        each.public &= each.texts.keys()
    made.publish()
    whole.publish()
    assert made.files() == whole.files()


def numbered(count: int) -> dict[str, dict[str, str]]:
    return {f"p{at}": {"2020-02-02": THIRD.replace("photos", f"photos {at}")} for at in range(count)}


def test_many_policies_made_at_once_are_those_made_one_by_one(tmp_path: Path) -> None:
    at_once, one_by_one = (public(tmp_path / name) for name in ("ensemble", "une"))
    at_once.texts, at_once.public = numbered(WORTH_WORKERS), set(numbered(WORTH_WORKERS))
    at_once.publish()
    for count in range(1, WORTH_WORKERS + 1):
        one_by_one.texts = numbered(count)
        one_by_one.public = set(one_by_one.texts)
        one_by_one.publish()
    assert at_once.files() == one_by_one.files()


def test_a_text_that_cannot_be_read_among_many_is_named_and_changes_nothing(tmp_path: Path) -> None:
    made = public(tmp_path, **numbered(WORTH_WORKERS))
    made.texts["p2"]["2020-02-02"] = "rien"
    result = made.run()
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "p2/2020-02-02.md" in result.stderr
    assert not made.site.exists()


STOPPED_WHILE_PUBLISHING = """
import os
import sys
import time
from functools import partial
from pathlib import Path
from threading import Thread

from bot.site.frame import SiteFacts
from bot.site.publishing import PolicySource, publish


def pieces(begun):
    with open(begun, "a") as line:
        line.write("x")
    time.sleep(0.05)
    return ()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    os.mkfifo(folder / "first")
    first = PolicySource("p0", "new", partial(pieces, folder / "first"))
    others = [PolicySource(f"p{at}", "new", partial(pieces, folder / "begun")) for at in range(1, 60)]
    work = partial(publish, folder / "site", SiteFacts("", "", ""), [first, *others])
    Thread(target=work, daemon=True).start()
    (folder / "first").read_text()  # once a policy is being made, the program ends
"""


def test_a_program_that_ends_while_it_publishes_does_not_make_the_policies_that_are_left(
    tmp_path: Path,
) -> None:
    script = tmp_path / "stopped.py"
    script.write_text(STOPPED_WHILE_PUBLISHING)
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True, timeout=50)
    marker = tmp_path / "begun"
    assert not marker.exists() or len(marker.read_text()) < 20


def test_what_is_printed_counts_only_what_was_made_again(tmp_path: Path) -> None:
    made = public(tmp_path, club=dict(CLUB))
    assert made.publish().endswith(" fichiers, tous faits.\n")
    assert made.publish().endswith(" fichiers, aucun à refaire.\n")
    (made.site / "style.css").unlink()
    assert made.publish().endswith(" fichiers, dont un refait.\n")


def test_one_clause_that_changes_remakes_neither_other_policies_nor_other_comparisons(tmp_path: Path) -> None:
    made = public(tmp_path, club=dict(CLUB), pa20=shipped("pa20"))
    made.publish()
    before = {path: (made.site / path).stat().st_ino for path in made.files()}
    made.texts["club"]["2027-03-01"] += "\n3.3 Fin.\n"
    made.publish()
    untouched = {path for path, inode in before.items() if (made.site / path).stat().st_ino == inode}
    assert {path for path in before if path.startswith("pa20/")} <= untouched
    assert "club/comparaison/2015-05-04_2018-09-10.html" in untouched
    assert "club/3.3.html" in made.files()


# --- Whole or not at all ----------------------------------------------------------------------


def test_a_full_disk_is_said_in_one_line_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = public(tmp_path, club=dict(CLUB))
    made.publish()
    before = made.files()
    made.texts["club"]["2027-03-01"] += "\n3.3 Fin.\n"
    write, room = Path.write_bytes, iter(range(3))

    def fill(path: Path, content: bytes) -> int:
        if ".site.partiel" in path.parts and next(room, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", fill)
    result = made.run()
    monkeypatch.undo()
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "le disque est plein" in result.stderr
    assert made.files() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".site")] == []


def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    made = public(tmp_path, club=dict(CLUB))
    (tmp_path / "fichier").write_text("x")
    result = made.run(tmp_path / "fichier" / "site")
    assert result.exit_code == 2
    assert re.fullmatch(r"vigie\u00a0: .*ne peut pas être écrit.*\n", result.stderr)


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    made = public(tmp_path, club=dict(CLUB))
    made.site.mkdir()
    (made.site / "thèse.txt").write_text("x")
    result = made.run()
    assert (result.exit_code, made.files()) == (2, {"thèse.txt": b"x"})
    assert "contient autre chose qu'un site" in result.stderr


def test_a_link_to_the_folder_of_the_site_stays_and_what_it_leads_to_is_published(tmp_path: Path) -> None:
    made = public(tmp_path, club=dict(CLUB))
    made.publish()
    link = tmp_path / "lien"
    link.symlink_to("site")
    made.texts["club"]["2027-03-01"] += "\n3.3 Fin.\n"
    assert made.run(link).exit_code == 0
    assert link.is_symlink()
    assert "club/3.3.html" in made.files()
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".partiel")] == []


def test_of_two_publications_of_a_folder_at_once_the_second_waits_for_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = public(tmp_path, club=dict(CLUB))
    published.publish()
    content = published.page("club/politique.json").encode()
    site, lock = tmp_path / "autre", fcntl.flock
    first_asks, second_asks = threading.Event(), threading.Event()

    def ask(place: int, how: int) -> None:
        (second_asks if first_asks.is_set() else first_asks).set()
        lock(place, how)

    def make(*, waits: bool) -> list[Piece]:
        assert not waits or second_asks.wait(PATIENCE), "the second one asks for its turn meanwhile"
        assert site.exists() is not waits, "the first one is whole before the second one begins"
        return [Piece("data", str(waits), lambda: {"club/politique.json": content})]

    monkeypatch.setattr(fcntl, "flock", ask)
    works = [
        partial(
            publish,
            site,
            SiteFacts("", "", ""),
            [PolicySource("club", str(waits), partial(make, waits=waits))],
        )
        for waits in (True, False)
    ]
    with ThreadPoolExecutor() as threads:
        first = threads.submit(works[0])
        assert first_asks.wait(PATIENCE)
        second = threads.submit(works[1])
        assert first.result().made == first.result().files
        assert second.result().made == 1, "of what the first one made, only the record changed"


def test_a_publication_that_never_ends_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = public(tmp_path, club=dict(CLUB))
    published.publish()
    before = published.files()
    monkeypatch.setattr(publishing, "PATIENCE", 0.0)
    place = os.open(published.site.parent, os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        refused = published.run()
    finally:
        os.close(place)
    assert refused.exit_code == 2
    [line] = refused.stderr.splitlines()
    assert f"un autre programme publie dans {published.site.parent} depuis cinq minutes" in line
    assert line.endswith("puis réessayez.")
    assert published.files() == before
    published.publish()


def test_a_host_can_read_the_site_whatever_the_mask_of_the_program(tmp_path: Path) -> None:
    published = public(tmp_path, club=CLUB)
    mask = os.umask(0o077)
    try:
        published.publish()
        published.publish()  # the files that did not change are those of before
    finally:
        os.umask(mask)
    modes = {path.stat().st_mode & 0o777 for path in published.site.rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in (published.site, *published.site.rglob("*/"))}
    assert (modes, folders) == ({0o644}, {0o755})


def test_what_a_host_needs_beside_the_pages_stays(tmp_path: Path) -> None:
    made = public(tmp_path, club=dict(CLUB))
    made.publish()
    (made.site / "CNAME").write_text("politiques.exemple.ca")
    made.publish()
    assert made.files()["CNAME"] == b"politiques.exemple.ca"


def test_without_an_address_the_pages_work_from_a_folder(tmp_path: Path) -> None:
    made = public(tmp_path, club=dict(CLUB))
    made.settings = {}
    made.publish()
    assert "sitemap.xml" not in made.files()
    assert 'rel="canonical" href="../club/2.2.html"' in made.page("club/2.2.html")


# --- Only what is public ----------------------------------------------------------------------


def test_only_policies_that_the_profile_calls_public_are_published(tmp_path: Path) -> None:
    made = public(tmp_path, club=dict(CLUB))
    made.texts["secret"] = {"2020-01-01": "# Secret\n\n## ARTICLE 1 : Rien\n\nDes mots cachés.\n"}
    made.publish()
    assert not any(b"cach" in content for content in made.files().values())
    assert not any("secret" in path for path in made.files())


def test_without_a_public_policy_what_to_write_is_said(tmp_path: Path) -> None:
    made = public(tmp_path, club=dict(CLUB))
    made.public = set()
    result = made.run()
    assert result.exit_code == 2
    assert "aucune politique n'est publique. Dans profil.toml, ajoutez publique = true" in result.stderr


def test_what_is_proposed_or_approved_and_not_announced_yet_is_never_published(tmp_path: Path) -> None:
    made = public(tmp_path, pa20=shipped("pa20"))
    today = date(2026, 11, 27)
    Storage(tmp_path / "vigie.db").close()
    with beside(tmp_path / "vigie.db") as db:
        revisions.originate(db, "pa20", date(2015, 12, 13), shipped("pa20")["2015-12-13"], today)
        draft = revisions.propose(db, Proposal("pa20", REVISED, "file", "2015-12-13"), today)
    made.publish()
    before = made.files()
    assert "pa20/2015-12-13/5.10.html" in before
    with beside(tmp_path / "vigie.db") as db:
        revisions.approve(db, draft, None, Dates(date(2026, 11, 20), date(2026, 12, 24)), today)
    made.publish()
    assert made.files() == before
    with beside(tmp_path / "vigie.db") as db:
        scheduled = revisions.find_revision(db, draft.id)
        assert scheduled is not None
        revisions.mark_announced(db, scheduled, Nature.SUBSTANTIVE, NOW)
    made.publish()
    assert "pa20/2026-11-20/5.10.html" in made.files()
