"""The receipt: a page that reads well by eye and by ear, and that nobody can change unseen."""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.policy.names import GenderedName
from bot.register import attestations, chain, receipt, sealed_pages, signing
from bot.register.attestations import Attestation, Issuer
from bot.register.sealed_pages import ReceiptError
from bot.typesetting import typeset
from tests.kits.register import PA20, SIGNER, attest, filled

TITLE = "Politique d'utilisation d'Internet et des médias sociaux"
ISSUER = Issuer("Association étudiante", lambda _: (GenderedName("PA20"), TITLE), ZoneInfo("America/Toronto"))
ZOE = "Zoë L'Écuyer-Trépanier"


@cache
def made(name: str = ZOE) -> bytes:
    return receipt.make_receipt(attest(filled(()), "U1", name), ISSUER, SIGNER)


def words(content: bytes, tmp_path: Path) -> str:
    """Return what a reader of PDF reads, by the system's own tool."""
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("pdftotext is not installed")
    file = tmp_path / "recu.pdf"
    file.write_bytes(content)
    done = subprocess.run([tool, str(file), "-"], capture_output=True, check=True)
    return " ".join(done.stdout.decode().replace("\u00a0", " ").split())


# --- The page ---------------------------------------------------------------------------------


def test_the_receipt_says_who_attested_what_and_when(tmp_path: Path) -> None:
    text = words(made(), tmp_path)
    assert "« J’atteste avoir lu la PA20, version révisée le 13 décembre 2015 »" in text
    assert ZOE in text
    assert "le 24 novembre 2026, 10 h 00 (UTC−5)" in text
    assert "2026-11-24T15:00:00Z" not in text, "nobody reads universal time"
    entry = receipt.verify_receipt(made(), SIGNER.ring).entry
    assert entry.digest in text.replace(" ", "")
    assert PA20.sha256 in text.replace(" ", "")
    assert "vigie registre verifier RECU.pdf" in text


def test_the_receipt_is_accessible() -> None:
    with pikepdf.open(io.BytesIO(made())) as pdf:
        assert len(pdf.pages) == 1
        assert str(pdf.Root.Lang) == "fr-CA"
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        meta = pdf.open_metadata()
        assert meta["dc:title"] == "Attestation de lecture de la PA20"
        assert meta["pdfuaid:part"] == "1"
        kinds = list(tags(pdf.Root.StructTreeRoot.K))
        assert [kind for kind in kinds if kind.startswith("H")] == ["H1", "H2", "H2"]
        assert kinds.count("LI") == 9
        for font in embedded(pdf):
            assert "/FontFile2" in font or "/FontFile3" in font


def tags(node: object) -> list[str]:
    if isinstance(node, pikepdf.Array):
        return [tag for child in node for tag in tags(child)]
    if isinstance(node, pikepdf.Dictionary) and "/S" in node:
        return [str(node["/S"])[1:], *tags(node.get("/K"))]
    return []


def embedded(pdf: pikepdf.Pdf) -> Sequence[pikepdf.Object]:
    found = [one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and "/FontName" in one]
    assert found
    return found


def test_readers_of_pdf_find_nothing_wrong_with_what_follows_the_page() -> None:
    with pikepdf.open(io.BytesIO(made())) as pdf:
        assert pdf.check_pdf_syntax() == []
    assert made().endswith(b"%%EOF\n")
    assert max(map(len, made().rpartition(receipt.RECEIPT.mark)[2].split(b"\n"))) <= 255


def test_an_association_and_a_policy_may_have_no_more_than_a_short_name() -> None:
    issuer = Issuer("", lambda policy: (GenderedName(policy), ""), ISSUER.zone)
    content = receipt.make_receipt(attest(filled(()), "U1", ZOE), issuer, SIGNER)
    assert receipt.verify_receipt(content, SIGNER.ring).name == ZOE


def test_the_same_receipt_is_made_again() -> None:
    attestation = attest(filled(()), "U1", ZOE)
    assert receipt.make_receipt(attestation, ISSUER, SIGNER) == receipt.make_receipt(
        attestation, ISSUER, SIGNER
    )


@pytest.mark.parametrize(
    "name",
    [
        '#panic("x") #import "@preview/x:1.0.0"',
        "$ x _a_ *b* `c` <d> @e \\ // /* ] [ } {",
        '"}, "statement": "J\'atteste autre chose',
        "%%EOF",
        "张伟 🎉 محمد 👩‍👩‍👧",
        "W" * 500,
        "Z" + "\u0335\u0489" * 60,
        "",
        "\ud800",
    ],
)
def test_any_name_gives_one_page_that_verifies(name: str) -> None:
    content = made(name)
    assert receipt.verify_receipt(content, SIGNER.ring).name == chain.tidy(name)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert len(pdf.pages) == 1


def test_a_long_name_is_cut_after_a_hyphen_and_not_inside_a_word(tmp_path: Path) -> None:
    name = "Jean-Baptiste Alexandre de la Rochefoucauld-Montmorency de Saint-Hyacinthe-sur-Richelieu"
    assert "Hyacinthe-sur-Richelieu" in words(made(name), tmp_path).replace("\u200b", "")


def test_the_receipt_does_not_say_that_the_name_was_verified(tmp_path: Path) -> None:
    assert "sous le nom que la personne a écrit" in words(made(), tmp_path)


def test_what_cannot_be_printed_is_said_to_be_replaced(tmp_path: Path) -> None:
    text = words(made("张伟 Zoé"), tmp_path)
    assert "□□ Zoé" in text
    assert "remplacés par □" in text
    assert "remplacés" not in words(made(), tmp_path)
    assert "#panic" in words(made('#panic("x") #import "@preview/x:1.0.0"'), tmp_path)


def test_there_is_no_receipt_of_someone_who_was_erased() -> None:
    db = filled(("Zoé",))
    attestations.erase_identity(db, 1, lambda _, __: None)
    with pytest.raises(ReceiptError, match="effacé"):
        receipt.make_receipt(next(attestations.all_attestations(db)), ISSUER, SIGNER)


def test_a_page_that_cannot_be_made_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    attestation = attest(filled(()), "U1", ZOE)
    broken = tmp_path / "page.py"
    broken.write_text("raise SystemExit(3)")
    monkeypatch.setattr(typeset, "_PAGE", broken)
    with pytest.raises(ReceiptError, match="composé"):
        receipt.make_receipt(attestation, ISSUER, SIGNER)
    broken.write_text("while True: pass")
    monkeypatch.setattr(typeset, "SECONDS", 1)
    with pytest.raises(ReceiptError, match="composé"):
        receipt.make_receipt(attestation, ISSUER, SIGNER)


@pytest.mark.parametrize(
    ("moment", "zone", "read"),
    [
        ("2026-07-01T16:05:00Z", "America/Toronto", "1er\u00a0juillet\u00a02026, 12\u00a0h\u00a005 (UTC−4)"),
        (
            "2026-07-01T16:05:00Z",
            "America/St_Johns",
            "1er\u00a0juillet\u00a02026, 13\u00a0h\u00a035 (UTC−2:30)",
        ),
        ("2026-07-01T16:05:00Z", "UTC", "1er\u00a0juillet\u00a02026, 16\u00a0h\u00a005 (UTC)"),
        ("2026-07-01T16:05:00Z", "Europe/Paris", "1er\u00a0juillet\u00a02026, 18\u00a0h\u00a005 (UTC+2)"),
    ],
)
def test_times_are_those_of_the_association(moment: str, zone: str, read: str) -> None:
    assert receipt.local_time(moment, ZoneInfo(zone)) == read


# --- Forgery ----------------------------------------------------------------------------------


def test_a_receipt_verifies_with_the_public_key_alone() -> None:
    assert receipt.verify_receipt(made(), {SIGNER.id: SIGNER.public}).name == ZOE


@given(st.data())
@settings(deadline=None, max_examples=300)
def test_a_changed_byte_is_refused(data: st.DataObject) -> None:
    content = bytearray(made())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ReceiptError):
        receipt.verify_receipt(bytes(content), SIGNER.ring)


@given(st.binary(min_size=1, max_size=40))
@settings(deadline=None)
def test_a_receipt_with_something_before_or_after_is_refused(more: bytes) -> None:
    for content in (made() + more, more + made(), made()[: -len(more)]):
        with pytest.raises(ReceiptError):
            receipt.verify_receipt(content, SIGNER.ring)


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_anything_else_is_no_receipt(content: bytes) -> None:
    for whole in (
        content,
        receipt.RECEIPT.mark + content,
        b"startxref\n1\n%%EOF\n" + receipt.RECEIPT.mark + b"%\n" + content,
    ):
        with pytest.raises(ReceiptError):
            receipt.verify_receipt(whole, SIGNER.ring)


def test_a_page_drawn_over_is_refused() -> None:
    """The usual way to change a PDF: a new part at the end, that readers show in the place of the former."""
    saved = io.BytesIO()
    with pikepdf.open(io.BytesIO(made())) as pdf:
        pdf.Root.Lang = pikepdf.String("en")
        pdf.save(saved)
    with pytest.raises(ReceiptError, match="de nouveau"):
        receipt.verify_receipt(saved.getvalue(), SIGNER.ring)


def test_the_page_of_one_with_the_proof_of_another_is_refused() -> None:
    page = made("Blaise").rpartition(receipt.RECEIPT.mark)[0]
    proof = made().rpartition(receipt.RECEIPT.mark)[2]
    with pytest.raises(ReceiptError, match="modifié"):
        receipt.verify_receipt(page + receipt.RECEIPT.mark + proof, SIGNER.ring)


def test_the_page_and_seal_of_one_with_the_data_of_another_are_refused() -> None:
    page, _, proof = made("Blaise").rpartition(receipt.RECEIPT.mark)
    *_, seal, start, at, end, last = proof.split(b"\n")
    *data, _, _, _, _, _ = made().rpartition(receipt.RECEIPT.mark)[2].split(b"\n")
    mixed = b"\n".join((*data, seal, start, at, end, last)).replace(at, proof.split(b"\n")[-3])
    with pytest.raises(ReceiptError, match="modifié"):
        receipt.verify_receipt(page + receipt.RECEIPT.mark + mixed, SIGNER.ring)


def test_a_receipt_signed_by_someone_else_is_refused() -> None:
    forger = signing.new_signer()
    attestation = attest(filled(()), "U1", ZOE, forger)
    with pytest.raises(ReceiptError, match="inconnue"):
        receipt.verify_receipt(receipt.make_receipt(attestation, ISSUER, forger), SIGNER.ring)


@pytest.mark.parametrize("part", ["name", "salt", "statement", "attested_at"])
def test_a_sealed_page_does_not_save_an_entry_that_was_changed(part: str) -> None:
    """Even who holds the key of the receipts' seal must show an entry as the register has it."""
    attestation = attest(filled(()), "U1", ZOE)
    entry = asdict(attestation.entry)
    content = {"entry": entry, "name": attestation.name, "salt": attestation.name_salt}
    (entry if part in entry else content)[part] = "autre"
    page = made().rpartition(receipt.RECEIPT.mark)[0]
    with pytest.raises(ReceiptError, match="pas valable"):
        receipt.verify_receipt(sealed_pages.seal(page, content, SIGNER, receipt.RECEIPT), SIGNER.ring)


def test_data_that_is_signed_and_makes_no_sense_is_refused() -> None:
    page = made().rpartition(receipt.RECEIPT.mark)[0]
    with pytest.raises(ReceiptError):
        receipt.verify_receipt(sealed_pages.seal(page, {"entry": {}}, SIGNER, receipt.RECEIPT), SIGNER.ring)


def test_a_receipt_made_after_a_change_of_key_needs_both_keys(tmp_path: Path) -> None:
    attestation = attest(filled(()), "U1", ZOE, signing.load_signer(tmp_path, create=True))
    former = signing.load_ring(tmp_path)
    content = receipt.make_receipt(attestation, ISSUER, signing.renew(tmp_path))
    assert receipt.verify_receipt(content, signing.load_ring(tmp_path)).name == ZOE
    with pytest.raises(ReceiptError, match="inconnue"):
        receipt.verify_receipt(content, former)


def test_a_receipt_tells_nothing_of_the_account() -> None:
    data = made().rpartition(receipt.RECEIPT.mark)[2].split(b"\n%")
    content = json.loads(base64.b64decode(b"".join(made_lines(data))))
    assert set(content) == {"entry", "name", "salt"}
    assert "U1" not in json.dumps(content | {"entry": {}})


def made_lines(lines: list[bytes]) -> list[bytes]:
    return [line.removeprefix(b"%") for line in lines[:-1] if b"\n" not in line]


def test_no_name_is_said_to_be_missing() -> None:
    entry = attest(filled(()), "U1", "").entry
    assert receipt.page_data(Attestation(entry, "", None), ISSUER)["name"] == "Nom non précisé"
    assert (
        receipt.page_data(Attestation(replace(entry, platform="x"), "Zoé", None), ISSUER)["platform"] == "x"
    )
