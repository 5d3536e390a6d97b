"""Rebuilding an image from its pixels, in a process of its own, from the standard input to the output.

Run by path, isolated, with nothing of Vigie: what decodes hostile bytes knows no secret, opens no file and
cannot grow. What is written first is a line of JSON, « {"kind", "width", "height"} », then the new image.
It ends with a word on the standard error output when the image cannot be taken: « truncated », « large ».
"""

from __future__ import annotations

import io
import json
import math
import resource
import struct
import sys
import warnings
from typing import Any, NoReturn

MOST_PIXELS = 50_000_000  # of the original: a telephone's largest photograph has 48
KEPT_PIXELS = 8_000_000  # of the clean image: a screen is read, a sensor's own noise goes
MOST_BYTES = 3_500_000  # of the clean image: a PNG that is larger is written as JPEG, then less finely
QUALITIES = (88, 75, 50)
MEMORY = 1 << 30
PROCESSOR_SECONDS = 20


def main() -> None:
    """Clean the image of the standard input; the first argument is its format."""
    _limit(int(sys.argv[2]) if len(sys.argv) > 2 else MEMORY)  # noqa: PLR2004 — the second argument, for tests
    kind, original = sys.argv[1], sys.stdin.buffer.read()
    if not _whole(kind, original):
        _end("truncated")
    try:
        written, content, size = _cleaned(kind, original)
    except (MemoryError, OverflowError):
        _end("large")
    except (OSError, SyntaxError, ValueError, struct.error, EOFError, IndexError, KeyError, TypeError):
        _end("truncated")  # whatever Pillow raises of bytes that are no image
    head = {"kind": written, "width": size[0], "height": size[1]}
    sys.stdout.buffer.write(json.dumps(head).encode("ascii") + b"\n" + content)


def _limit(memory: int) -> None:
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_CORE, 0),  # a crash leaves nothing of the image on the disk
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _end(why: str) -> NoReturn:
    sys.stderr.write(why)
    raise SystemExit(3)


def _whole(kind: str, content: bytes) -> bool:
    """Tell whether a file's own structure goes to its end; what follows the end does not matter."""
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


def _cleaned(kind: str, original: bytes) -> tuple[str, bytes, tuple[int, int]]:
    from PIL import Image, ImageOps  # noqa: PLC0415 — after the limits

    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = None  # ours is checked first, and says why
    image: Any = Image.open(io.BytesIO(original), formats=[kind])
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise MemoryError
    if kind == "JPEG":
        share = _share(width, height)
        image.draft("RGB", (round(width * share), round(height * share)))  # decoded smaller, when it can be
    image.seek(0)  # of an animation, the first
    image.load()
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    image = _opaque(_in_srgb(image, profile))
    share = _share(image.width, image.height)
    if share < 1:
        smaller = (max(1, round(image.width * share)), max(1, round(image.height * share)))
        image = image.resize(smaller, Image.Resampling.LANCZOS)
    rebuilt = Image.frombytes("RGB", image.size, image.tobytes())
    if kind != "JPEG":
        content = _saved(rebuilt, "PNG", optimize=False, compress_level=6)
        if len(content) <= MOST_BYTES:
            return "png", content, rebuilt.size
    for quality in QUALITIES:
        content = _saved(rebuilt, "JPEG", quality=quality, subsampling=0 if quality == QUALITIES[0] else 2)
        if len(content) <= MOST_BYTES:
            break
    return "jpeg", content, rebuilt.size


def _share(width: int, height: int) -> float:
    """Return by how much to multiply an image's sides so that it has no more pixels than are kept."""
    return min(1.0, math.sqrt(KEPT_PIXELS / max(1, width * height)))


def _saved(image: Any, kind: str, **how: Any) -> bytes:  # noqa: ANN401 — Pillow's own types are not imported yet
    written = io.BytesIO()
    image.save(written, kind, **how)
    return written.getvalue()


def _in_srgb(image: Any, profile: bytes | None) -> Any:  # noqa: ANN401 — same
    """Return an image whose colours are right without the profile that it came with."""
    from PIL import ImageCms  # noqa: PLC0415 — after the limits

    if not profile or image.mode not in {"RGB", "RGBA", "CMYK", "L"}:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):  # a profile that is not one: colours as they come
        return image


def _opaque(image: Any) -> Any:  # noqa: ANN401 — same
    """Return an image on white: what transparency hides is not sent."""
    from PIL import Image  # noqa: PLC0415 — after the limits

    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    return image.convert("RGB")


if __name__ == "__main__":
    main()
