"""How a bridge gets its access list: what it has, what does not count any more, what is new.

The bridge tells the hashes of its buckets (ListStands), the server asks what is in those that
differ (ListAsk, ListHas). Then it tells first what counts no more (ListDeny), which is so at once;
then what is new or other (ListPut), which waits for the end (ListSigned): the bridge takes it all
if the digest of what it then has is the signed one, and says so (ListKept). If it is not, it says
that it has nothing, and gets everything.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from kiosk.bridge.protocol.values import Bytes32, Message, Number, Text

Key = Annotated[Text, msgspec.Meta(max_length=200)]
Bucket = Annotated[int, msgspec.Meta(ge=0, le=255)]


class ListStands(Message, frozen=True, tag="list_stands"):
    """Which list a bridge has; version 0 and no hashes: none that is good."""

    version: Number
    buckets: list[Bytes32] = []


class ListHas(Message, frozen=True, tag="list_has"):
    """The fingerprints of entries by their keys; more follow unless it ``is_last``."""

    entries: dict[Key, Bytes32]
    is_last: bool = True


class ListKept(Message, frozen=True, tag="list_kept"):
    """The list of this version is on the disk, and counts."""

    version: Number


class ListAsk(Message, frozen=True, tag="list_ask"):
    buckets: list[Bucket]


class ListDeny(Message, frozen=True, tag="list_deny"):
    """What does not count any more; what does not come again with the rest is gone."""

    keys: list[Key]


class ListPut(Message, frozen=True, tag="list_put"):
    """Entries as they are written, by their keys."""

    entries: dict[Key, msgspec.Raw]


class ListSigned(Message, frozen=True, tag="list_signed"):
    """The end; ``is_whole`` says that everything came, and what is older is gone."""

    version: Number
    digest: Bytes32
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
    is_whole: bool = False
