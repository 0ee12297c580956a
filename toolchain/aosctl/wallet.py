"""
Wallets: Arweave keys that sign data items. A key never leaves this module; the address does.

Two keys are built in for networks on this machine: the deployer's, with which `local` signs, and
the messenger's, which is the authority of its processes. They are public, so they prove nothing.
"""

from __future__ import annotations

from importlib import resources
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from aosctl.dataitem import KEY_BYTES, DataItem, address_of, decode_base64url, make_item
from aosctl.errors import DataItemError, WalletError
from aosctl.message import Tags

DevelopmentKey = Literal["deployer", "messenger"]
_EXPONENT = 65537


class _Jwk(msgspec.Struct):
    n: str
    d: str
    p: str
    q: str
    dp: str
    dq: str
    qi: str
    kty: Literal["RSA"] = "RSA"
    e: Literal["AQAB"] = "AQAB"


class Wallet:
    """
    One key. `address` is its address, `owner` its public key (512 bytes).

    With `salt` 0 the same item signed twice has the same id. Only the built-in keys sign so: local
    ids are then equal on every machine.
    """

    def __init__(self, key: rsa.RSAPrivateKey, *, salt: int = 32) -> None:
        self._key = key
        self._salt = salt
        self.owner = key.public_key().public_numbers().n.to_bytes(KEY_BYTES, "big")
        self.address = address_of(self.owner)

    def __repr__(self) -> str:
        return f"Wallet({self.address})"

    def sign_item(
        self, *, target: str | None, tags: Tags, data: bytes, anchor: bytes = b""
    ) -> DataItem:
        """Return a signed item; nothing is sent."""
        return make_item(
            owner=self.owner, sign=self._sign, target=target, anchor=anchor, tags=tags, data=data
        )

    def _sign(self, message: bytes) -> bytes:
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), self._salt)
        return self._key.sign(message, pss, hashes.SHA256())


def load_development_wallet(name: DevelopmentKey) -> Wallet:
    """Return a built-in wallet; it signs without salt."""
    text = resources.files("aosctl.development").joinpath(f"{name}.jwk.json").read_bytes()
    return Wallet(_make_key(text), salt=0)


def development_address(name: DevelopmentKey) -> str:
    """Return the address of a built-in wallet; no key is loaded for it."""
    text = resources.files("aosctl.development").joinpath(f"{name}.jwk.json").read_bytes()
    return address_of(decode_base64url(msgspec.json.decode(text, type=_Jwk).n))


def verify(item: DataItem) -> DataItem:
    """
    Return `item`, whose signature is its owner's, whatever the length of its salt.

    Raises:
        DataItemError: the signature is not valid.
    """
    key = rsa.RSAPublicNumbers(_EXPONENT, int.from_bytes(item.owner, "big")).public_key()
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
    try:
        key.verify(item.signature, item.message, pss, hashes.SHA256())
    except InvalidSignature as error:
        raise DataItemError(
            f"the signature of item {item.id} is not valid",
            hint="the bytes were changed after signing; sign the item again",
        ) from error
    return item


def _make_key(text: bytes) -> rsa.RSAPrivateKey:
    try:
        jwk = msgspec.json.decode(text, type=_Jwk)
        numbers = rsa.RSAPrivateNumbers(
            p=_integer(jwk.p),
            q=_integer(jwk.q),
            d=_integer(jwk.d),
            dmp1=_integer(jwk.dp),
            dmq1=_integer(jwk.dq),
            iqmp=_integer(jwk.qi),
            public_numbers=rsa.RSAPublicNumbers(_EXPONENT, _integer(jwk.n)),
        )
        # The built-in keys were checked when they were made; checking primes again costs 100 ms.
        return numbers.private_key(unsafe_skip_rsa_key_validation=True)
    except (msgspec.DecodeError, DataItemError, ValueError) as error:
        # The text of the error could quote the key: it is not passed on.
        raise WalletError("this is not an Arweave key file (a JWK of kind RSA)") from error


def _integer(text: str) -> int:
    return int.from_bytes(decode_base64url(text), "big")
