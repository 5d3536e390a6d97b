"""Arrays in a file whose pages are read when they are used, and are the same for all the bots of a machine.

The file is an uncompressed `.npz`, in which each array begins at a multiple of 64 bytes, as in memory:
numpy would copy any other before it multiplies it. Such a file is replaced by another, never rewritten: a
process whose mapped file is cut short is killed by the system.
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
_NAME_LENGTH: Final = 26  # where a header has it, then that of the extra field (APPNOTE.TXT, 4.3.7)
_HEADER: Final = 30  # bytes, before both
_PADDING: Final = 0xD935  # the extra field of Android's zipalign


def save_arrays(file: IO[bytes], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays to an empty file. The same arrays make the same bytes."""
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = ZipInfo(f"{name}.npy")
            beginning = file.tell() + _HEADER + len(member.filename.encode()) + struct.calcsize("<HH")
            padding = -beginning % _ALIGNMENT
            member.extra = struct.pack("<HH", _PADDING, padding) + bytes(padding)
            with archive.open(member, "w") as stream:
                npy.write_array(stream, np.asanyarray(array, order="C"), allow_pickle=False)


def map_arrays(file: IO[bytes]) -> dict[str, NDArray[Any]]:
    """Return the arrays in a file, which may then be closed. They are read-only.

    Everything is read once, through the system's cache, to check its sums. Raises `OSError`, and `BadZipFile`
    or `ValueError` for a file that is damaged or that `save_arrays` did not write.
    """
    arrays = {}
    try:
        with ZipFile(file) as archive:
            members = archive.infolist()
            if any(member.compress_type != ZIP_STORED for member in members) or archive.testzip():
                raise BadZipFile
            pages = mmap(file.fileno(), 0, access=ACCESS_READ)
    except (EOFError, RuntimeError) as error:  # of `zipfile`, when what is damaged is the archive's own
        raise BadZipFile from error
    for member in members:
        lengths = struct.unpack_from("<HH", pages, member.header_offset + _NAME_LENGTH)
        file.seek(member.header_offset + _HEADER + sum(lengths))
        if npy.read_magic(file) != (1, 0):
            raise BadZipFile
        shape, _, dtype = npy.read_array_header_1_0(file)
        if dtype.hasobject:  # addresses, or what pickle would run
            raise BadZipFile
        arrays[member.filename.removesuffix(".npy")] = np.ndarray(shape, dtype, pages, file.tell())
    return arrays


def release_pages(array: NDArray[Any]) -> None:
    """Let go of a mapped array's pages, which stay in the system's cache. Any other array is left alone."""
    pages = array.base
    if sys.platform == "linux" and isinstance(pages, mmap):
        start = array.ctypes.data - np.frombuffer(pages, np.uint8).ctypes.data
        pages.madvise(MADV_DONTNEED, start - start % PAGESIZE, array.nbytes)


def return_memory() -> None:
    """Return to the system the memory of what is no longer used, which glibc would keep for itself."""
    gc.collect()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
