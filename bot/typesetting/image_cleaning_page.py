"""The program that rebuilds an image from its pixels, from standard input to standard output.

It is run by path in Python's isolated mode and does not import Vigie, so that the code that decodes hostile
bytes holds no secret, writes no file and has bounded memory. It outputs « png » or « jpeg », a newline, then
the new image. When it refuses the image, it writes one word to standard error, « truncated » or « large »,
and exits with status 3.
"""

import io
import math
import resource
import struct
import sys
from typing import Any

# Limits for the original, in pixels. The limit for JPEG admits a phone's photo of 48 million pixels: it is
# higher because only a JPEG can be decoded at a reduced size.
MOST_PIXELS = {"JPEG": 50_000_000, "PNG": 24_000_000, "WEBP": 16_000_000}
# pixels of the clean image: a screenshot stays readable, and a sensor's noise pattern disappears
KEPT_PIXELS = 8_000_000
# bytes of the clean image: a larger PNG becomes a JPEG, at the first quality that fits
MOST_BYTES = 3_500_000
QUALITIES = (88, 75, 50)  # JPEG qualities, out of 100; the last one is used even if it does not fit
MEMORY = 400 << 20  # maximum bytes of memory
PROCESSOR_SECONDS = 20


def main() -> None:
    """Clean the image on standard input. The arguments are its format and, for tests, a memory limit."""
    for limit, most in (
        (resource.RLIMIT_AS, int(sys.argv[2]) if len(sys.argv) > 2 else MEMORY),  # noqa: PLR2004 — the optional limit
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_CORE, 0),  # a crash leaves no part of the image on the disk
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    kind = sys.argv[1]
    original = sys.stdin.buffer.read()
    try:
        if not _whole(kind, original):
            raise ValueError
        extension, content = _cleaned(kind, original)
    except (MemoryError, OverflowError, *_NO_IMAGE) as error:
        sys.stderr.write("large" if isinstance(error, MemoryError | OverflowError) else "truncated")
        raise SystemExit(3) from error
    sys.stdout.buffer.write(extension.encode("ascii") + b"\n" + content)


# The errors that Pillow raises for bytes that are not an image.
_NO_IMAGE = (OSError, SyntaxError, ValueError, struct.error, EOFError, LookupError, TypeError)


def _whole(kind: str, content: bytes) -> bool:
    """Return whether an image file is complete, as its format marks the end. Later bytes are ignored."""
    if kind == "JPEG":
        return b"\xff\xd9" in content
    if kind == "WEBP":
        return len(content) >= 8 + int.from_bytes(content[4:8], "little")
    at = 8
    while at + 12 <= len(content):
        length, name = struct.unpack(">I4s", content[at : at + 8])
        at += 12 + length
        if name == b"IEND":
            return bool(at <= len(content))
    return False


def _cleaned(kind: str, original: bytes) -> tuple[str, bytes]:
    """Return « png » or « jpeg », and the rebuilt image. Raises `MemoryError` if it has too many pixels."""
    from PIL import Image, ImageOps  # noqa: PLC0415 — after the limits

    Image.MAX_IMAGE_PIXELS = None  # our own limit applies instead, and gives the reason
    image: Any = Image.open(io.BytesIO(original), formats=[kind])
    if image.width * image.height > MOST_PIXELS[kind]:
        raise MemoryError
    if kind == "JPEG":
        image.draft("RGB", _reduced(image.size))  # decoded at a smaller size, when possible
    image.seek(0)  # the first image of an animation
    image.load()
    profile = image.info.get("icc_profile")
    ImageOps.exif_transpose(image, in_place=True)
    image = _opaque(_in_srgb(image, profile))
    if _reduced(image.size) != image.size:
        image = image.resize(_reduced(image.size), Image.Resampling.LANCZOS)
    rebuilt = Image.frombytes("RGB", image.size, image.tobytes())
    if kind != "JPEG":
        content = _saved(rebuilt, "PNG", optimize=False, compress_level=6)
        if len(content) <= MOST_BYTES:
            return "png", content
    for quality in QUALITIES:
        content = _saved(rebuilt, "JPEG", quality=quality, subsampling=0 if quality == QUALITIES[0] else 2)
        if len(content) <= MOST_BYTES:
            break
    return "jpeg", content


def _reduced(size: tuple[int, int]) -> tuple[int, int]:
    """Return a size with the same proportions and at most `KEPT_PIXELS`."""
    width, height = size
    share = min(1.0, math.sqrt(KEPT_PIXELS / max(1, width * height)))
    return max(1, round(width * share)), max(1, round(height * share))


def _saved(image: Any, kind: str, **how: Any) -> bytes:  # noqa: ANN401 — Pillow's own types are not imported yet
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def _in_srgb(image: Any, profile: bytes | None) -> Any:  # noqa: ANN401 — Pillow is not imported yet
    """Return an image converted to sRGB, so that its colours do not change when its profile is removed."""
    from PIL import ImageCms  # noqa: PLC0415 — after the limits

    if not profile or image.mode not in {"RGB", "RGBA", "CMYK", "L"}:
        return image
    try:
        profiles = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        if image.mode in {"RGB", "RGBA"}:  # in place, without a second copy
            ImageCms.profileToProfile(image, *profiles, inPlace=True)
            return image
        return ImageCms.profileToProfile(image, *profiles, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):  # not a valid profile: keep the colours as they are
        return image


def _opaque(image: Any) -> Any:  # noqa: ANN401 — Pillow is not imported yet
    """Return an image in RGB, on a white background, without the pixels that transparency hides."""
    from PIL import Image  # noqa: PLC0415 — after the limits

    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    return image.convert("RGB")


if __name__ == "__main__":
    main()
