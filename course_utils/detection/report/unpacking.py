"""From bytes to text: packed or not, and in which encoding, by the bytes themselves."""

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable

PARQUET = b"PAR1"
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_NO_TEXTS = (
    (b"PK\x03\x04", "a zip archive (or a spreadsheet)"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "an image"),
    (b"SQLite format 3", "a database"),
)
_HALF = "\ud800"  # stands where the last character is cut off
_DEEPEST = 3  # how often a file may be packed
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x7f]")
_MOST_CONTROL = 0.02  # of all characters, in a text


def unpacked(data: bytes, name: str) -> bytes:
    """`data` without its gzip, zstd, bzip2 or xz.

    Raises ValueError where it is damaged, and for zstd where zstandard isn't installed.
    """
    for _ in range(_DEEPEST):
        found = [entry for entry in _PACKERS if data.startswith(entry[0])]
        if not found:
            break
        _, kind, unpack = found[0]
        try:
            data = unpack(data)
        except ModuleNotFoundError:
            raise ValueError(
                f"{name} is packed with zstd, which needs the package zstandard; "
                "install it or unpack the file"
            ) from None
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            raise ValueError(
                f"{name} is a {kind} file that is damaged or cut off ({error})"
            ) from None
    return data


def decoded(data: bytes, name: str, encoding: str | None = None) -> str:
    """`data` as text: by its byte-order mark, else UTF-8, or in a named `encoding`.

    Raises ValueError for what is no text, and for text in another encoding.
    """
    for magic, kind in _NO_TEXTS:
        if data.startswith(magic):
            raise ValueError(f"{name} is {kind}, not a file of texts")
    marked = next((e for mark, e in _BYTE_ORDER_MARKS if data.startswith(mark)), None)
    text = _decode(data, name, encoding or marked or _without_mark(data))
    text = text.removeprefix("\ufeff")
    if "\0" in text or len(_CONTROL.findall(text)) > _MOST_CONTROL * len(text):
        raise ValueError(
            f"{name} holds binary data, not texts; allowed are text, JSON, tables and "
            "parquet, also packed with gzip or zstd"
        )
    return text


def _decode(data: bytes, name: str, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except LookupError:
        raise ValueError(f"encoding is {encoding!r}, which is not known") from None
    except UnicodeError:
        pass
    if encoding == "utf-8" and not data.count(b"\0"):
        try:
            return data.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            if error.end == len(data) and error.reason == "unexpected end of data":
                text = data[: error.start].decode("utf-8", "surrogatepass")
                return text + _HALF
            line = data.count(b"\n", 0, error.start) + 1
            where = f" (byte 0x{data[error.start]:02x} in line {line})"
    else:
        where = ""
    raise ValueError(
        f"{name} is not text in {encoding.upper()}{where}; save it as UTF-8 or name "
        "its encoding"
    )


def _without_mark(data: bytes) -> str:
    """UTF-16 without a mark has zeros at every second place; all else is UTF-8."""
    head = data[:2000]
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros = head[start::2].count(0)
        if zeros > 0.7 * len(head) / 2 and not head[1 - start :: 2].count(0):
            return encoding
    return "utf-8"


def _unpack_zstd(data: bytes) -> bytes:
    import zstandard

    stream = io.BytesIO(data)
    unpacker = zstandard.ZstdDecompressor()
    try:
        with unpacker.stream_reader(stream, read_across_frames=True) as reader:
            return reader.read()
    except zstandard.ZstdError as error:
        raise OSError(error) from None


_PACKERS: tuple[tuple[bytes, str, Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b", "gzip", gzip.decompress),
    (b"\x28\xb5\x2f\xfd", "zstd", _unpack_zstd),
    (b"BZh", "bzip2", bz2.decompress),
    (b"\xfd7zXZ\x00", "xz", lzma.decompress),
)
