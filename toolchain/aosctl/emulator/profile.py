"""
Profile: whose rules hold in a process, as settings that the Lua side reads.

There is one aos surface (`aos/*.lua`); each row of the table of versions is one field here
(reference: aos-runtime, section 14). `hyper` is ours and makes no claim about any node: the surface
of 2.0.6 where an error undoes nothing, so that processes are tried under both kinds of error.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace

from aosctl.errors import UsageError
from aosctl.message import to_bytes


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """
    One set of rules; the defaults are those of aos 2.0.6.

    `version` is what the module says of itself, in its prompt. `names` is what becomes of the
    names of root keys and tags that come in.
    """

    name: str
    version: str
    names: Literal["title", "lower", "as sent"] = "title"
    ignores_case: bool = True  # text patterns
    matches_tags: bool = True  # a spec looks at msg.Tags too, not at msg alone
    answers_untrusted: bool = False
    splits_authorities: bool = True  # and reads them with every message, not once
    owned_at_spawn: bool = True  # and not by whoever sends the first message
    boots_at_spawn: bool = True  # `_boot` is there for that message, not for every one
    hides_read_only: bool = True  # a tag Read-Only does not overwrite the envelope's
    warns_of_gaps: bool = False  # in nonces
    has_normalize: bool = True
    keeps_errors: bool = False  # an error keeps state and outbox
    counts_seconds: bool = False
    follows_reply_to: bool = True
    receives: bool = True

    def settings(self) -> dict[bytes, bytes | bool]:
        """Return the fields as the Lua side names them: `ignoresCase`."""
        return {
            _camel_case(name): to_bytes(value) if isinstance(value, str) else value
            for name, value in msgspec.structs.asdict(self).items()
        }


AOS = Profile(name="2.0.6", version="2.0.4")  # the module was built from a tree that said so
AOS_2_0_4 = replace(
    AOS,
    name="2.0.4",
    names="as sent",
    ignores_case=False,
    answers_untrusted=True,
    splits_authorities=False,
    warns_of_gaps=True,
    has_normalize=False,
)
AOS_2_0_3 = replace(AOS_2_0_4, name="2.0.3", version="2.0.3", warns_of_gaps=False)
AOS_2_0_1 = replace(
    AOS_2_0_3,
    name="2.0.1",
    version="2.0.1",
    matches_tags=False,
    owned_at_spawn=False,
    boots_at_spawn=False,
    hides_read_only=False,
)
HYPER = replace(
    AOS,
    name="hyper",
    names="lower",
    keeps_errors=True,
    counts_seconds=True,
    follows_reply_to=False,
    receives=False,
)

PROFILES = {
    "aos": AOS,
    **{known.name: known for known in (AOS_2_0_1, AOS_2_0_3, AOS_2_0_4, AOS, HYPER)},
}
AOS_MODULE = "ISShJH1ij-hPPt9St5UFFr_8Ys3Kj5cyg7zrMGt7H9s"  # aos 2.0.6, ao-network 4.8
_MODULES = {AOS_MODULE: AOS}


def find_profile(name: str) -> Profile:
    """
    Return the profile of this name: a version, `hyper`, or `aos` for the version that is usual.

    Raises:
        UsageError: there is none.
    """
    if name not in PROFILES:
        raise UsageError(
            f"there is no profile '{name}'", hint=f"Those there are: {', '.join(PROFILES)}."
        )
    return PROFILES[name]


def profile_of_module(module: str) -> Profile | None:
    """Return the profile of the module with this id, or None if the id is not known."""
    return _MODULES.get(module)


def _camel_case(name: str) -> bytes:
    first, *rest = name.split("_")
    return "".join((first, *map(str.capitalize, rest))).encode()
