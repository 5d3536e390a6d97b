"""Of an image that is joined to a report, only what it shows is left (T7)."""

from __future__ import annotations

import hashlib
import io
import random
import re
import resource
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from bot.typesetting import image_cleaning, image_cleaning_page, isolated
from bot.typesetting.image_cleaning import LARGEST, Cleaned, ImageError, clean
from tests.kits.measures import Check, Figure, at_most

pytestmark = pytest.mark.attack("Images piégées")

FORMATS = ("PNG", "JPEG", "WEBP")
AUTHOR, COMMENT, TRAILER = "Auteur-Plante-7731", "Commentaire-Plante-8842", "Trainee-Plante-9953"
GPS_IFD, ARTIST, DESCRIPTION, ORIENTATION = 0x8825, 0x013B, 0x010E, 0x0112
LATITUDE = (46.0, 20.0, 47.3125)
XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:creator>{AUTHOR}</dc:creator><rdf>{COMMENT}</rdf></x:xmpmeta>'


def picture(size: tuple[int, int] = (48, 32), seed: int = 1) -> Image.Image:
    return Image.frombytes("RGB", size, random.Random(seed).randbytes(size[0] * size[1] * 3))  # noqa: S311


def planted(kind: str, image: Image.Image | None = None, orientation: int = 1) -> bytes:
    """Return an image that holds a place, an author and a comment wherever its format can, and a trailer."""
    exif = Image.Exif()
    exif[ARTIST], exif[DESCRIPTION], exif[ORIENTATION] = AUTHOR, COMMENT, orientation
    exif.get_ifd(GPS_IFD).update({1: "N", 2: LATITUDE, 3: "W", 4: (72.0, 34.0, 35.5)})
    how: dict[str, Any] = {"exif": exif, "xmp": XMP.encode()}
    if kind == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Author", AUTHOR)
        texts.add_text("Comment", COMMENT, zip=True)
        texts.add_itxt("XML:com.adobe.xmp", XMP)
        how |= {"pnginfo": texts}
    elif kind == "JPEG":
        how |= {"comment": COMMENT, "quality": 95, "subsampling": 0}
    else:
        how |= {"lossless": True}
    how |= {"icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()}
    written = io.BytesIO()
    (image or picture()).save(written, kind, **how)
    return written.getvalue() + TRAILER.encode()


def size(cleaned: Cleaned) -> tuple[int, int]:
    return Image.open(io.BytesIO(cleaned.content)).size


def encodings(text: str) -> Iterator[bytes]:
    yield text.encode()
    yield text.encode("utf-16-le")
    yield text.encode("utf-16-be")
    yield text.encode().hex().encode()


def inflated(content: bytes) -> bytes:
    """Return a PNG's compressed texts too, which hide what they hold."""
    found = b""
    for at in range(len(content) - 2):
        if content[at] == 0x78:
            try:
                found += zlib.decompressobj().decompress(content[at:], 100_000)
            except zlib.error:
                continue
    return found


def segments(content: bytes) -> list[str]:
    """Return the kinds of parts that an image file is made of, and fail if anything is outside them."""
    kinds: list[str] = []
    if content.startswith(b"\x89PNG"):
        at = 8
        while at < len(content):
            length, name = struct.unpack(">I4s", content[at : at + 8])
            kinds.append(name.decode())
            at += 12 + length
        assert at == len(content)
        return kinds
    at = 2
    while content[at + 1] != 0xDA:
        kinds.append(f"{content[at + 1]:02X}")
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    assert content.endswith(b"\xff\xd9")
    assert re.findall(rb"\xff[^\x00\xd0-\xd7]", content[at + 2 :]) == [b"\xff\xd9"]
    return kinds


@pytest.mark.parametrize("kind", FORMATS)
def test_of_what_is_planted_nothing_remains(kind: str) -> None:
    original = planted(kind)
    there = original + inflated(original)
    for planted_text in (AUTHOR, COMMENT, TRAILER):
        assert any(encoding in there for encoding in encodings(planted_text)), (
            "what is looked for was planted"
        )
    assert Image.open(io.BytesIO(original)).getexif().get_ifd(GPS_IFD)

    cleaned = clean(original)

    left = cleaned.content + inflated(cleaned.content)
    for planted_text in (AUTHOR, COMMENT, TRAILER):
        assert not any(encoding in left for encoding in encodings(planted_text))
    again = Image.open(io.BytesIO(cleaned.content))
    assert not again.getexif()
    assert set(again.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert set(segments(cleaned.content)) <= {"IHDR", "IDAT", "IEND", "E0", "DB", "C0", "C4"}


@pytest.mark.parametrize("kind", FORMATS)
def test_what_it_shows_stays(kind: str) -> None:
    image = Image.linear_gradient("L").convert("RGB").resize((64, 40))
    cleaned = clean(planted(kind, image))
    shown = Image.open(io.BytesIO(cleaned.content)).convert("RGB")
    assert shown.size == image.size
    apart = [abs(a - b) for a, b in zip(shown.tobytes(), image.tobytes(), strict=True)]
    assert max(apart) <= (6 if kind == "JPEG" else 1)


@pytest.mark.parametrize("kind", FORMATS)
def test_what_it_is_and_the_originals_fingerprint_are_told(kind: str) -> None:
    original = planted(kind)
    cleaned = clean(original)
    assert cleaned.original_sha256 == hashlib.sha256(original).hexdigest()
    assert cleaned.media_type == ("image/jpeg" if kind == "JPEG" else "image/png")


@pytest.mark.parametrize("kind", FORMATS)
def test_it_is_turned_as_it_was_shown_before_what_says_so_is_lost(kind: str) -> None:
    image = Image.new("RGB", (60, 30), "white")
    image.paste("red", (0, 0, 20, 30))  # on the left of the file: at the top of what is shown
    cleaned = clean(planted(kind, image, orientation=6))
    shown = Image.open(io.BytesIO(cleaned.content)).convert("RGB")
    assert shown.size == (30, 60)
    red, green, blue = shown.getpixel((15, 5))  # type: ignore[misc]
    assert red > 200
    assert max(green, blue) < 60
    assert min(shown.getpixel((15, 50))) > 200  # type: ignore[arg-type]


def test_what_transparency_hides_is_not_sent() -> None:
    image = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    written = io.BytesIO()
    image.save(written, "PNG")
    shown = Image.open(io.BytesIO(clean(written.getvalue()).content))
    assert shown.mode == "RGB"
    assert shown.getcolors() == [(400, (255, 255, 255))]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_the_first_image_is_kept(kind: str) -> None:
    first, second = Image.new("RGB", (16, 16), "blue"), Image.new("RGB", (16, 16), "red")
    written = io.BytesIO()
    first.save(written, kind, save_all=True, append_images=[second], duration=100, lossless=True)
    shown = Image.open(io.BytesIO(clean(written.getvalue()).content))
    assert getattr(shown, "n_frames", 1) == 1
    assert shown.convert("RGB").getcolors() == [(256, (0, 0, 255))]


def test_colours_are_right_without_the_profile_that_they_came_with() -> None:
    swapped = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (b"not a profile", swapped):
        written = io.BytesIO()
        Image.new("RGB", (4, 4), (10, 200, 30)).save(written, "PNG", icc_profile=profile)
        assert Image.open(io.BytesIO(clean(written.getvalue()).content)).getpixel((0, 0)) == (10, 200, 30)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_pixel_is_taken(mode: str) -> None:
    written = io.BytesIO()
    Image.new(mode, (9, 7)).save(written, "JPEG" if mode == "CMYK" else "PNG")
    assert size(clean(written.getvalue())) == (9, 7)


def test_a_large_photograph_is_made_smaller() -> None:
    written = io.BytesIO()
    Image.effect_noise((4_800, 3_600), 20).convert("RGB").save(written, "JPEG", quality=30)
    width, height = size(clean(written.getvalue()))
    assert width * height <= image_cleaning_page.KEPT_PIXELS
    assert width / height == pytest.approx(4 / 3, rel=0.01)


# What is refused, and why.


def png(width: int, height: int) -> bytes:
    """Return the beginning of a PNG that says it is of that size, and an end."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (50_000_001, 1)])
def test_a_bomb_is_refused_at_once(size: tuple[int, int], check: Check) -> None:
    def spent() -> float:
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime

    began = spent()
    clean(png(64, 64))
    ordinary, began = spent() - began, spent()
    with pytest.raises(ImageError, match=r"trop de pixels|abîmée"):
        clean(png(*size))
    check(
        Figure(
            "travail d'une bombe, à côté d'une petite image", (spent() - began) / ordinary, at_most(3), "fois"
        )
    )


def test_what_is_too_heavy_is_not_even_looked_at() -> None:
    with pytest.raises(ImageError, match="dépasse 8 Mo"):
        clean(b"\x89PNG\r\n\x1a\n" + bytes(LARGEST))


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_a_file_that_was_cut_is_refused(kind: str, share: float) -> None:
    whole = planted(kind).removesuffix(TRAILER.encode())
    with pytest.raises(ImageError, match=r"incomplète ou abîmée|seuls les formats"):
        clean(whole[: int(len(whole) * share)])


def archive() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        file.writestr("a.txt", "a")
    return written.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "added",
    [archive(), b"<script>alert(1)</script>", b"<?PHP echo 1;", b"<!DOCTYPE html>", b"Rar!\x1a\x07\x00"],
)
def test_an_image_that_is_also_something_else_is_refused(kind: str, added: bytes) -> None:
    with pytest.raises(ImageError, match="pas seulement une image"):
        clean(planted(kind) + added)


def test_an_image_that_is_also_a_document_is_refused() -> None:
    written = io.BytesIO()
    picture().save(written, "JPEG", comment=b"%PDF-1.7 1 0 obj")
    with pytest.raises(ImageError, match="pas seulement une image"):
        clean(written.getvalue())


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "PNG, JPEG et WebP"), (b"GIF89a" + bytes(50), "PNG, JPEG et WebP"), (b"BM" + bytes(50), "PNG"),
     (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "PNG"), (b"%PDF-1.7", "PNG"), (b"\x7fELF", "PNG"),
     (b"\0\0\0\x18ftypheic" + bytes(50), "HEIC"), (b"\0\0\0\x18ftypavif" + bytes(50), "HEIC"),
     (b"\x89PNG\r\n\x1a\n", "abîmée"), (b"\xff\xd8\xff\xd9", "abîmée"), (b"RIFF\0\0\0\0WEBP", "abîmée")],
)  # fmt: skip
def test_what_is_not_an_image_that_is_accepted_is_refused_with_the_reason(
    content: bytes, reason: str
) -> None:
    with pytest.raises(ImageError, match=reason):
        clean(content)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(FORMATS), st.integers(0), st.binary(min_size=1, max_size=40))
def test_bytes_that_were_altered_are_cleaned_or_refused_and_nothing_else(
    kind: str, at: int, change: bytes
) -> None:
    original = bytearray(planted(kind))
    at %= len(original)
    original[at : at + len(change)] = change
    try:
        cleaned = clean(bytes(original))
    except ImageError:
        return
    assert not any(encoding in cleaned.content for text in (AUTHOR, COMMENT) for encoding in encodings(text))


# The process that does it.


def slow(folder: Path, what: str) -> Path:
    page = folder / "page.py"
    page.write_text(what)
    return page


@pytest.mark.parametrize(
    ("what", "reason"),
    [("import time; time.sleep(60)", "trop de pixels"), ("import os; os.abort()", "trop de pixels"),
     ("raise RuntimeError", "abîmée")],
)  # fmt: skip
def test_one_that_does_not_end_well_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str, reason: str
) -> None:
    monkeypatch.setattr(image_cleaning, "SECONDS", 2.0)
    monkeypatch.setattr(image_cleaning, "_PAGE", slow(tmp_path, what))
    with pytest.raises(ImageError, match=reason):
        clean(planted("PNG"))


def page(*arguments: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
    program = Path(image_cleaning_page.__file__)
    return subprocess.run(
        [sys.executable, "-I", str(program), *arguments], input=given, capture_output=True, check=False
    )


def of_pixels(kind: str, side: int, mode: str = "RGBA", **how: Any) -> bytes:  # noqa: ANN401 — as Pillow takes it
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    written = io.BytesIO()
    colour = (1, 2, 3, 128)[: len(mode)]
    Image.new(mode, (side, side), colour).save(written, kind, icc_profile=profile, **how)
    return written.getvalue()


@pytest.mark.parametrize(
    ("kind", "side", "mode"), [("PNG", 4_890, "RGBA"), ("JPEG", 7_000, "RGB"), ("WEBP", 4_000, "RGB")]
)
def test_the_largest_image_fits_in_its_memory_and_in_no_less(kind: str, side: int, mode: str) -> None:
    largest = of_pixels(kind, side, mode)
    assert size(clean(largest)) == (2_828, 2_828)
    done = page(kind, str(100 << 20), given=largest)
    assert done.returncode
    with pytest.raises(ImageError, match="trop de pixels"):
        clean(of_pixels(kind, side + 100, mode))


def test_pixels_that_are_only_declared_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError

    content = of_pixels("PNG", 7_071, "RGB", compress_level=9)
    assert len(content) < 256 * 1024
    monkeypatch.setattr(image_cleaning, "read_isolated", refused)
    with pytest.raises(ImageError, match="trop de pixels"):
        clean(content)


def test_images_are_cleaned_few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    run, lock = isolated.run_isolated, Lock()
    under_way, most = 0, 0

    def counted(*words: Any, **how: Any) -> subprocess.CompletedProcess[bytes]:  # noqa: ANN401 — as it is called
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        try:
            return run(*words, **how)
        finally:
            with lock:
                under_way -= 1

    monkeypatch.setattr(isolated, "run_isolated", counted)
    with ThreadPoolExecutor(8) as threads:
        assert len(list(threads.map(clean, [planted("PNG")] * 8))) == 8
    assert most == isolated.AT_ONCE


def test_nothing_is_written_to_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run: Callable[..., subprocess.CompletedProcess[bytes]] = subprocess.run
    seen: list[dict[str, Any]] = []

    def watched(*words: Any, **how: Any) -> subprocess.CompletedProcess[bytes]:  # noqa: ANN401 — as it is called
        seen.append(how)
        return run(*words, cwd=tmp_path, **how)

    monkeypatch.setattr(subprocess, "run", watched)
    clean(planted("PNG"))
    assert seen[0]["env"] == {}, "no secret of the bot is there"
    assert not list(tmp_path.iterdir())
