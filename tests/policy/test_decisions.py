"""What a person decided about a line: the outline follows it, loses nothing, and says it in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.policy.decisions import Decisions, line_key, line_words
from bot.policy.markdown import read_markdown, same_text, write_markdown
from bot.policy.outline import build_outline
from bot.policy.provisions import LineReading, Outline, Provision
from tests.policy.test_outline import MARKDOWN, words_of, words_of_blocks

RULES = """# Règlement du club

## Article 1 – Nom

1.1 Le club se nomme Les Grimpettes.

1.2 Son siège est au gymnase.

1.7 Le club a un fanion.

2.5 bis de la Loi sur les clubs le permet.

Dispositions diverses.

12 mois de congé

1.8 Le fanion est bleu.
"""


def decided(text: str, **lines: LineReading) -> Outline:
    """Return the outline of a text. `lines`: what the line that begins so is."""
    return build_outline(read_markdown(text), decisions_of(text, lines))


def decisions_of(text: str, lines: dict[str, LineReading]) -> Decisions:
    keys = [line_key(line_words(block)) for block in read_markdown(text)]
    return {next(key for key in keys if key.startswith(line_key(line))): lines[line] for line in lines}


def labels(outline: Outline) -> list[str]:
    return [provision.label or provision.title for provision in outline.walk()]


def texts(outline: Outline, label: str) -> list[str]:
    named = next(each for each in outline.walk() if label in {each.label, each.title})
    return [paragraph.text for paragraph in (*named.paragraphs, *named.closing)]


def test_a_line_that_is_not_a_provision_is_text_of_the_one_above() -> None:
    outline = decided(RULES, **{"1.7": LineReading.TEXT})
    assert "1.7" not in labels(outline)
    assert "1.7 Le club a un fanion." in texts(outline, "1.2")


def test_a_line_that_goes_on_with_the_one_above_is_one_paragraph_with_it() -> None:
    outline = decided(RULES, **{"1.7": LineReading.JOINED})
    assert texts(outline, "1.2")[0] == "Son siège est au gymnase. 1.7 Le club a un fanion."


COUNTED = """# Règlement du club

## Art. 16 Preuves

1 Les clubs donnent deux nombres au comité.

2 Si un club ne le fait pas, le comité estime.

3 Ces nombres servent au budget.

## Art. 17 Rabais

Le comité peut réduire la cotisation.
"""


@pytest.mark.parametrize(
    "reading",
    [reading for reading in LineReading if reading not in {LineReading.NUMBERED, LineReading.AS_READ}],
)
def test_what_is_decided_of_a_line_takes_no_number_from_the_others(reading: LineReading) -> None:
    assert labels(decided(COUNTED)) == ["16", "1", "2", "3", "17"]
    outline = decided(COUNTED, **{"2 Si un club": reading})
    numbers = [label for label in labels(outline) if label.isdecimal()]
    assert numbers == ["16", "1", "3", "17"]


def test_a_number_that_was_not_believed_is_one() -> None:
    outline = decided(RULES, **{"2.5 bis": LineReading.NUMBERED})
    assert "2.5 bis" in labels(outline)


@pytest.mark.parametrize("line", ["Dispositions diverses.", "12 mois de congé"])
def test_a_line_without_a_number_is_a_heading_whatever_ends_or_begins_it(line: str) -> None:
    outline = decided(RULES, **{line: LineReading.HEADING})
    assert line in labels(outline)


def test_a_heading_is_beside_the_one_above_it() -> None:
    outline = decided(RULES, Dispositions=LineReading.HEADING)
    assert [each.title for each in outline.provisions] == ["Nom", "Dispositions diverses."]
    plain = RULES.replace("## Article 1 – Nom", "ARTICLE 1 : NOM").replace("# ", "")
    outline = decided(plain, Dispositions=LineReading.HEADING)
    assert [each.title for each in outline.provisions] == ["NOM", "Dispositions diverses."]


STYLED = """# Statuts

## Les membres

Toute personne.

## L'admission

On écrit.

Les frais de la première année

Dix dollars.

### Les exceptions

Une par an.

## Le comité

Cinq personnes.
"""
PLAIN = re.sub("(?m)^##+ (.*)$", r"**\1**", STYLED).removeprefix("# Statuts\n\n")


def depths(outline: Outline) -> list[str]:
    """Return the titles of a text, each after a dash for each heading that holds it."""

    def lines(provisions: Iterable[Provision], depth: int) -> Iterator[str]:
        for each in provisions:
            yield f"{'-' * depth}{each.title}"
            yield from lines(each.children, depth + 1)

    return list(lines(outline.provisions, 0))


@pytest.mark.parametrize("text", [STYLED, PLAIN], ids=["styles", "gras"])
def test_a_heading_goes_beside_under_or_above_the_one_before_it_whatever_its_style(text: str) -> None:
    under = decided(text, **{"L'admission": LineReading.ONE_DEEPER})
    assert depths(under)[:2] == ["Les membres", "-L'admission"]
    assert "Le comité" in depths(under), "what nobody decided stays where it was"
    twice = decided(text, **{"L'admission": LineReading.ONE_DEEPER, "Les frais": LineReading.ONE_DEEPER})
    assert depths(twice)[:3] == ["Les membres", "-L'admission", "--Les frais de la première année"]
    back = decided(
        text,
        **{
            "L'admission": LineReading.ONE_DEEPER,
            "Les frais": LineReading.ONE_DEEPER,
            "Les exceptions": LineReading.SAME_LEVEL,
            "Le comité": LineReading.ONE_HIGHER,
        },
    )
    assert depths(back) == [
        "Les membres",
        "-L'admission",
        "--Les frais de la première année",
        "--Les exceptions",
        "-Le comité",
    ]
    higher = decided(text, **{"Les exceptions": LineReading.ONE_HIGHER})
    assert "Les exceptions" in depths(higher)
    for outline in (under, twice, back, higher):
        assert same_text(build_outline(read_markdown(write_markdown(outline))), outline)


def test_a_heading_keeps_its_number() -> None:
    outline = decided("**1. Nom**\n\nLe club.\n\n2. Les membres du club, dont le comité;\n\nIls paient.",
                      **{"2.": LineReading.HEADING})  # fmt: skip
    assert [(each.label, each.title) for each in outline.provisions] == [
        ("1", "Nom"), ("2", "Les membres du club, dont le comité;"),
    ]  # fmt: skip


def test_what_was_decided_is_not_doubted_and_the_rest_is() -> None:
    before = [doubt.words for doubt in build_outline(read_markdown(RULES)).doubts]
    assert [words[:3] for words in before] == ["1.7", "2.5"]
    for reading in LineReading:
        doubts = decided(RULES, **{"1.7": reading}).doubts
        assert [doubt.words[:3] for doubt in doubts if doubt.words[:3] != "1.8"] == ["2.5"]


def test_a_line_that_is_well_read_stays_as_it_is_when_its_neighbours_go() -> None:
    whole = decided(RULES, **{"1.7": LineReading.NUMBERED})
    assert same_text(whole, build_outline(read_markdown(RULES)))


def test_a_decision_about_a_line_that_is_gone_says_nothing() -> None:
    decisions = decisions_of(RULES, {"2.5 bis": LineReading.TEXT, "1.7": LineReading.NUMBERED})
    shorter = RULES.replace("2.5 bis de la Loi sur les clubs le permet.\n\n", "")
    assert [doubt.code for doubt in build_outline(read_markdown(shorter), decisions).doubts] == []


def test_a_decision_about_a_line_whose_words_changed_is_asked_again() -> None:
    decisions = decisions_of(RULES, {"Dispositions": LineReading.HEADING, "1.7": LineReading.NUMBERED,
                                     "2.5 bis": LineReading.TEXT})  # fmt: skip
    changed = RULES.replace("Dispositions diverses.", "Des dispositions diverses.")
    outline = build_outline(read_markdown(changed), decisions)
    assert [(doubt.code, doubt.words) for doubt in outline.doubts] == [
        ("changed_line", "Des dispositions diverses.")
    ]
    assert "un titre" in outline.doubts[0].message
    again = {**decisions, outline.doubts[0].key: LineReading.AS_READ}
    assert build_outline(read_markdown(changed), again).doubts == ()


def test_a_table_of_contents_that_is_none_is_text() -> None:
    text = "# R\n\nSommaire\n\n1. Nom .... 2\n\n2. But .... 3\n\n## 1. Nom\n\nLe club.\n\n## 2. But\n\nJouer."
    [doubt] = build_outline(read_markdown(text)).doubts
    assert doubt.code == doubt.key == "contents_left_out"
    rebuilt = build_outline(read_markdown(text), {doubt.key: LineReading.TEXT})
    left = build_outline(read_markdown(text), {doubt.key: LineReading.AS_READ})
    assert rebuilt.doubts == left.doubts == ()
    assert words_of(rebuilt) == words_of_blocks(read_markdown(text))
    assert "Sommaire" not in str(left)


@settings(max_examples=300, deadline=None)
@given(MARKDOWN, st.lists(st.sampled_from(LineReading), min_size=1))
@example("Le club | \\\nLe bureau", [LineReading.AS_READ, LineReading.JOINED])  # after an empty cell
def test_whatever_is_decided_no_word_is_lost_and_the_text_says_it(
    markdown: str, readings: list[LineReading]
) -> None:
    blocks = read_markdown(markdown)
    lines = [line_key(line_words(block)) for block in blocks]
    decisions = {line: readings[at % len(readings)] for at, line in enumerate(lines)}
    outline = build_outline(blocks, decisions)
    if not any(doubt.code.endswith("_left_out") for doubt in outline.doubts):
        assert words_of(outline) == words_of_blocks(blocks)
    assert same_text(build_outline(read_markdown(write_markdown(outline))), outline)
    assert {doubt.code for doubt in outline.doubts} <= {
        "no_provision", "contents_left_out", "pages_left_out",
    }  # fmt: skip
