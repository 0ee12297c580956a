"""
ANS-104 data items: the signed bytes in which every write reaches AO.

    signature type 2 | signature 512 | owner 512 | target 1(+32) | anchor 1(+32)
    | tag count 8 | tag bytes 8 | tags (Avro) | data            (integers little-endian)

The signature covers the deep hash of eight byte strings, as deployed code makes it: not the nested
list of the standard's text (reference: ao-network, 1.3). The id is the hash of the signature.
PSS is randomised, so signing again makes another id; sending the same bytes again does not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable

import msgspec

from aosctl.errors import DataItemError
from aosctl.message import Tag, Tags, from_bytes, to_bytes

ARWEAVE = 1  # signature type: RSA-4096 with PSS
KEY_BYTES = 512  # of an RSA-4096 modulus, and of its signatures
_TO_URL = bytes.maketrans(b"+/", b"-_")
MAX_TAG_BYTES = 4096  # what every deployed verifier enforces on the Avro bytes
_HEADER = 2 + 2 * KEY_BYTES

Sign = Callable[[bytes], bytes]


class DataItem(msgspec.Struct, frozen=True, kw_only=True):
    """One signed item; `raw` is the whole of it, the rest is what `raw` says."""

    raw: bytes
    id: str
    owner: bytes
    target: str | None
    anchor: bytes
    tags: Tags
    data: bytes

    @property
    def address(self) -> str:
        """Return the signer's address: the hash of the public key."""
        return address_of(self.owner)

    @property
    def signature(self) -> bytes:
        """Return the signature's bytes."""
        return self.raw[2 : 2 + KEY_BYTES]

    @property
    def message(self) -> bytes:
        """Return the 48 bytes that the signature covers."""
        return _signed_hash(self.owner, self.target, self.anchor, self.tags, self.data)


def make_item(  # the fields of the format
    *,
    owner: bytes,
    sign: Sign,
    target: str | None = None,
    anchor: bytes = b"",
    tags: Tags = (),
    data: bytes = b"",
) -> DataItem:
    """
    Return a signed item; `sign` is given the 48 bytes to sign.

    Raises:
        DataItemError: the tags do not fit in 4,096 bytes, the anchor is not 32 bytes long, a tag
            is empty, or the target is no id.
    """
    if len(anchor) not in (0, 32):
        raise DataItemError(f"an anchor has 32 bytes or none, not {len(anchor)}")
    encoded = encode_tags(tags)
    signature = sign(_signed_hash(owner, target, anchor, tags, data))
    raw = b"".join(
        (
            ARWEAVE.to_bytes(2, "little"),
            signature,
            owner,
            _optional(_target_bytes(target)),
            _optional(anchor),
            len(tags).to_bytes(8, "little"),
            len(encoded).to_bytes(8, "little"),
            encoded,
            data,
        )
    )
    return DataItem(
        raw=raw,
        id=id_of(signature),
        owner=owner,
        target=target,
        anchor=anchor,
        tags=tags,
        data=data,
    )


def decode_item(raw: bytes) -> DataItem:
    """
    Return the item that `raw` holds; the signature is not checked here (see `wallet.verify`).

    Raises:
        DataItemError: a length runs past the end, a presence byte is neither 0 nor 1, the tags are
            not as many or as long as stated, or the signature type is not Arweave's.
    """
    reader = _Reader(raw)
    kind = int.from_bytes(reader.take(2, "the signature type"), "little")
    if kind != ARWEAVE:
        raise DataItemError(f"signature type {kind} is not Arweave's (1)")
    signature = reader.take(KEY_BYTES, "the signature")
    owner = reader.take(KEY_BYTES, "the owner")
    target = reader.optional("the target")
    anchor = reader.optional("the anchor")
    count = int.from_bytes(reader.take(8, "the number of tags"), "little")
    size = int.from_bytes(reader.take(8, "the number of tag bytes"), "little")
    tags = decode_tags(reader.take(size, "the tags"), count)
    return DataItem(
        raw=raw,
        id=id_of(signature),
        owner=owner,
        target=encode_base64url(target) if target else None,
        anchor=anchor,
        tags=tags,
        data=reader.rest(),
    )


def deep_hash(parts: list[bytes]) -> bytes:
    """Return the deep hash (SHA-384, 48 bytes) of a flat list of byte strings."""
    accumulated = _sha384(b"list" + str(len(parts)).encode())
    for part in parts:
        head = _sha384(b"blob" + str(len(part)).encode())
        accumulated = _sha384(accumulated + _sha384(head + _sha384(part)))
    return accumulated


def encode_tags(tags: Tags) -> bytes:
    """
    Return the Avro bytes of `tags`: one block, nothing at all where there is no tag.

    Raises:
        DataItemError: a name or a value is empty, or all are over 4,096 bytes.
    """
    if not tags:
        return b""
    parts = [_encode_long(len(tags))]
    for tag in tags:
        if not tag.name or not tag.value:
            raise DataItemError(
                f"tag {tag.name or '(without a name)'!r} is empty",
                hint="the standard forbids empty names and values: leave the tag out",
            )
        for text in (tag.name, tag.value):
            raw = to_bytes(text)
            parts += (_encode_long(len(raw)), raw)
    encoded = b"".join((*parts, b"\0"))
    if len(encoded) > MAX_TAG_BYTES:
        raise DataItemError(
            f"the tags take {len(encoded)} bytes; an item carries at most {MAX_TAG_BYTES}",
            hint="move long values into the data",
        )
    return encoded


def decode_tags(raw: bytes, count: int) -> Tags:
    """
    Return the tags of Avro bytes that must hold exactly `count` of them.

    Raises:
        DataItemError: they do not, or bytes are left over.
    """
    if not raw:
        if count:
            raise DataItemError(f"{count} tags are stated and none is there")
        return ()
    reader = _Reader(raw)
    tags: list[Tag] = []
    while size := reader.long():
        if size < 0:  # Avro: a negative count is followed by the block's length in bytes
            reader.long()
        for _ in range(abs(size)):
            tags.append(Tag(reader.text(), reader.text()))
            if len(tags) > count:
                raise DataItemError(f"more than the stated {count} tags are there")
    if len(tags) != count or reader.rest():
        raise DataItemError(f"{count} tags are stated, {len(tags)} are there")
    return tuple(tags)


def id_of(signature: bytes) -> str:
    """Return the id of the item with this signature: 43 characters."""
    return encode_base64url(hashlib.sha256(signature).digest())


def address_of(owner: bytes) -> str:
    """Return the Arweave address of a public key: 43 characters."""
    return encode_base64url(hashlib.sha256(owner).digest())


def encode_base64url(raw: bytes) -> str:
    """Return base64url without padding."""
    # Three times as fast as base64.urlsafe_b64encode, and every message has several ids.
    return binascii.b2a_base64(raw, newline=False).translate(_TO_URL, b"=").decode()


def decode_base64url(text: str) -> bytes:
    """
    Return the bytes of base64url without padding.

    Raises:
        DataItemError: `text` is something else.
    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise DataItemError(f"{text[:60]!r} is not base64url") from error


def _signed_hash(owner: bytes, target: str | None, anchor: bytes, tags: Tags, data: bytes) -> bytes:
    parts = [b"dataitem", b"1", str(ARWEAVE).encode(), owner, _target_bytes(target), anchor]
    return deep_hash([*parts, encode_tags(tags), data])


def _target_bytes(target: str | None) -> bytes:
    if not target:
        return b""
    raw = decode_base64url(target)
    if len(raw) != 32:  # noqa: PLR2004 - an id is a SHA-256
        raise DataItemError(f"target {target!r} is not an id of 43 characters")
    return raw


def _optional(raw: bytes) -> bytes:
    return b"\1" + raw if raw else b"\0"


def _sha384(raw: bytes) -> bytes:
    return hashlib.sha384(raw).digest()


def _encode_long(number: int) -> bytes:
    zigzag = number << 1  # lengths are never negative
    encoded = bytearray()
    while zigzag > 0x7F:  # noqa: PLR2004 - seven bits a byte
        encoded.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    encoded.append(zigzag)
    return bytes(encoded)


class _Reader:
    """Takes an item apart and never reads past its end."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    def take(self, size: int, what: str) -> bytes:
        if size < 0 or self._at + size > len(self._raw):
            raise DataItemError(f"the item ends inside {what} (byte {len(self._raw)})")
        self._at += size
        return self._raw[self._at - size : self._at]

    def optional(self, what: str) -> bytes:
        flag = self.take(1, what)
        if flag == b"\0":
            return b""
        if flag != b"\1":
            raise DataItemError(f"the presence byte of {what} is {flag[0]}, neither 0 nor 1")
        return self.take(32, what)

    def long(self) -> int:
        number = shift = 0
        while True:
            byte = self.take(1, "a tag")[0]
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:  # noqa: PLR2004 - the high bit says that more follows
                return (number >> 1) ^ -(number & 1)
            if shift > 63:  # noqa: PLR2004 - Avro longs have 64 bits
                raise DataItemError("a length in the tags has more than 64 bits")

    def text(self) -> str:
        return from_bytes(self.take(self.long(), "a tag"))

    def rest(self) -> bytes:
        rest = self._raw[self._at :]
        self._at = len(self._raw)
        return rest
