"""Fingerprints of a list, and the server's signature under them.

Entries are put into 256 buckets by their keys. A list's digest is the hash of its buckets' hashes,
and a bucket's the hash of its entries' in order: it does not matter in which order a list came
together, and a change costs its bucket alone. (A sum of hashes would be shorter to keep, but two
lists with one sum can be found: nothing that is signed should rest on it.)
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

BUCKETS = 256
_SIGNED = b"lockwright access list 1\0"


def fingerprint(key: str, text: bytes) -> bytes:
    """Return the hash of an entry under its key."""
    return hashlib.sha256(key.encode() + b"\0" + text).digest()


def bucket_of(key: str) -> int:
    """Return the bucket that a key belongs to."""
    return hashlib.sha256(key.encode()).digest()[0]


def of_bucket(fingerprints: Iterable[bytes]) -> bytes:
    """Return the hash of a bucket with these entries."""
    return hashlib.sha256(b"".join(sorted(fingerprints))).digest()


def of_buckets(fingerprints: Mapping[str, bytes]) -> list[bytes]:
    """Return the hashes of the buckets of a list: fingerprints by key."""
    found: defaultdict[int, list[bytes]] = defaultdict(list)
    for key, one in fingerprints.items():
        found[bucket_of(key)].append(one)
    return [of_bucket(found[place]) for place in range(BUCKETS)]


def digest(buckets: Sequence[bytes]) -> bytes:
    """Return the hash of a whole list."""
    return hashlib.sha256(b"".join(buckets)).digest()


def sign(private: bytes, *, bridge_id: int, version: int, digest: bytes) -> bytes:
    """Sign a list for one bridge."""
    key = Ed25519PrivateKey.from_private_bytes(private)
    return key.sign(_covered(bridge_id, version, digest))


def is_signed(
    signature: bytes, public: Sequence[bytes], *, bridge_id: int, version: int, digest: bytes
) -> bool:
    """Say whether one of these keys signed a list for one bridge."""
    covered = _covered(bridge_id, version, digest)
    for key in public:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, covered)
        except InvalidSignature:
            continue
        return True
    return False


def _covered(bridge_id: int, version: int, digest: bytes) -> bytes:
    return _SIGNED + bridge_id.to_bytes(8) + version.to_bytes(8) + digest
