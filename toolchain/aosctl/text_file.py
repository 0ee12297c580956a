"""
Text files: read whole, or refused in words, with the line where the bytes are no text.
"""

from __future__ import annotations

from pathlib import Path

from aosctl.errors import AosctlError


def read_text(
    path: Path, *, shown: str, kind: type[AosctlError] = AosctlError, hint: str | None = None
) -> str:
    """
    Return the text of a file that messages call `shown`.

    Raises:
        AosctlError: of the given kind. It cannot be read, or is no UTF-8.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise kind(f"cannot read '{shown}': {said(error)}", where=shown, hint=hint) from error
    return decode_text(raw, shown=shown, kind=kind)


def decode_text(raw: bytes, *, shown: str, kind: type[AosctlError]) -> str:
    """
    Return the text that `raw` is.

    Raises:
        AosctlError: of the given kind. It is no UTF-8; `where` is the line.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise kind(
            f"cannot read '{shown}': byte {raw[error.start]:#04x} in line {line} is no UTF-8 text",
            where=f"{shown}:{line}",
            hint="Save the file as UTF-8.",
        ) from error


def said(error: OSError) -> str:
    """Return what the operating system says, as the middle of a sentence."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]
