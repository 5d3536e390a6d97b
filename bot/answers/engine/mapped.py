"""Arrays mapped from a file: its pages are loaded when used, and shared by all the bots on a machine.

The file is an uncompressed `.npz`. Each array begins at a multiple of 64 bytes, since numpy copies a
misaligned array before it multiplies it. A file is always replaced and never rewritten: if a mapped file is
truncated, the system kills the process that uses it.
"""

from __future__ import annotations

import ctypes
import gc
import struct
import sys
from collections.abc import Mapping
from mmap import ACCESS_READ, MADV_DONTNEED, PAGESIZE, mmap
from typing import IO, Any, Final
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

_ALIGNMENT: Final = npy.ARRAY_ALIGN
_NAME_LENGTH: Final = 26  # offset of the lengths of the name and extra field in a header (APPNOTE.TXT, 4.3.7)
_HEADER: Final = 30  # bytes of a header before its name and extra field
_PADDING: Final = 0xD935  # the id of the extra field with which Android's zipalign pads


def save_arrays(file: IO[bytes], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays to an empty file. The same arrays always give the same bytes."""
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = ZipInfo(f"{name}.npy")
            beginning = file.tell() + _HEADER + len(member.filename.encode()) + struct.calcsize("<HH")
            padding = -beginning % _ALIGNMENT
            member.extra = struct.pack("<HH", _PADDING, padding) + bytes(padding)
            with archive.open(member, "w") as stream:
                npy.write_array(stream, np.asanyarray(array, order="C"), allow_pickle=False)


def map_arrays(file: IO[bytes]) -> dict[str, NDArray[Any]]:
    """Return the arrays in a file, read-only. The file may then be closed.

    The whole file is read once to verify its checksums. Raises `OSError`, and `BadZipFile` or `ValueError`
    for a file that is damaged or that `save_arrays` did not write.
    """
    arrays = {}
    try:
        with ZipFile(file) as archive:
            members = archive.infolist()
            if any(member.compress_type != ZIP_STORED for member in members) or archive.testzip():
                raise BadZipFile
            pages = mmap(file.fileno(), 0, access=ACCESS_READ)
    except (EOFError, RuntimeError) as error:  # raised when the structure of the archive is damaged
        raise BadZipFile from error
    for member in members:
        lengths = struct.unpack_from("<HH", pages, member.header_offset + _NAME_LENGTH)
        file.seek(member.header_offset + _HEADER + sum(lengths))
        if npy.read_magic(file) != (1, 0):
            raise BadZipFile
        shape, _, dtype = npy.read_array_header_1_0(file)
        if dtype.hasobject:  # Python objects would be addresses, or code for pickle to run
            raise BadZipFile
        arrays[member.filename.removesuffix(".npy")] = np.ndarray(shape, dtype, pages, file.tell())
    return arrays


def release_pages(array: NDArray[Any]) -> None:
    """Release the pages of a mapped array, which stay in the system's cache. Ignore any other array."""
    pages = array.base
    if sys.platform == "linux" and isinstance(pages, mmap):
        start = array.ctypes.data - np.frombuffer(pages, np.uint8).ctypes.data
        pages.madvise(MADV_DONTNEED, start - start % PAGESIZE, array.nbytes)


def return_memory() -> None:
    """Return freed memory to the system, since glibc would keep it for the process."""
    gc.collect()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
