from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aosctl.dataitem import (
    ARWEAVE,
    DataItem,
    address_of,
    decode_base64url,
    decode_item,
    decode_tags,
    encode_base64url,
    encode_tags,
)
from aosctl.errors import DataItemError
from aosctl.message import Tag, Tags, make_tags
from aosctl.wallet import load_development_wallet, verify

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/ans104.json").read_text())
ARWEAVE_ITEMS = [item for item in VECTORS["good"] if item["signature_type"] == ARWEAVE]
MALFORMED = VECTORS["malformed"]


def name_of(vector: dict[str, Any]) -> str:
    return str(vector["name"])


@pytest.mark.parametrize("vector", ARWEAVE_ITEMS, ids=name_of)
def test_items_of_the_reference_library_are_read_and_their_signatures_hold(
    vector: dict[str, Any],
) -> None:
    expected = vector["expect"]
    item = verify(decode_item(decode_base64url(vector["item_b64url"])))
    assert item.id == expected["id"]
    assert encode_base64url(item.owner) == expected["owner"]
    assert item.address == expected["address_sha256_of_owner"]
    assert item.message.hex() == expected["deep_hash_hex"]
    assert [(tag.name, tag.value) for tag in item.tags] == [
        (tag["name"], tag["value"]) for tag in expected["tags"]
    ]
    assert encode_tags(item.tags).hex() == expected["tags_raw_hex"]


@pytest.mark.parametrize("vector", MALFORMED, ids=name_of)
def test_malformed_items_are_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(DataItemError):
        verify(decode_item(decode_base64url(vector["item_b64url"])))


def sign(tags: Tags = (), data: bytes = b"", anchor: bytes = b"") -> DataItem:
    return load_development_wallet("deployer").sign_item(
        target=None, tags=tags, data=data, anchor=anchor
    )


def test_an_item_signed_with_a_built_in_key_always_has_the_same_id() -> None:
    tags = make_tags({"Action": "Info"})
    assert sign(tags, b"x").id == sign(tags, b"x").id
    assert sign(tags, b"x").id != sign(tags, b"y").id


def test_a_signed_item_survives_the_way_through_its_bytes() -> None:
    item = sign(make_tags({"Action": "Info", "Größe": "π"}), bytes(range(256)), b"a" * 32)
    assert verify(decode_item(item.raw)) == item
    assert item.address == address_of(item.owner)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=9), st.text(min_size=1, max_size=9))))
def test_tags_survive_the_way_through_avro(pairs: list[tuple[str, str]]) -> None:
    tags = make_tags((a, b) for a, b in pairs if _encodable(a + b))
    assert decode_tags(encode_tags(tags), len(tags)) == tags


def _encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def test_avro_blocks_with_a_byte_size_are_read() -> None:
    one = b"\x02a\x02b"
    assert decode_tags(b"\x01" + b"\x08" + one + b"\x02" + one + b"\x00", 2) == (
        Tag("a", "b"),
        Tag("a", "b"),
    )


@pytest.mark.parametrize(
    ("tags", "anchor", "text"),
    [
        (make_tags({"Note": ""}), b"", "'Note' is empty"),
        (make_tags({"Note": "x" * 4096}), b"", "at most 4096"),
        ((), b"short", "32 bytes or none"),
    ],
)
def test_what_no_verifier_would_accept_is_not_signed(tags: Tags, anchor: bytes, text: str) -> None:
    with pytest.raises(DataItemError, match=text):
        sign(tags, b"", anchor)


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(raw: bytes) -> None:
    with pytest.raises(DataItemError):
        decode_item(b"\x01\x00" + raw)


def test_a_wallet_never_shows_its_key() -> None:
    wallet = load_development_wallet("messenger")
    assert repr(wallet) == f"Wallet({wallet.address})"
    assert wallet.address != load_development_wallet("deployer").address
