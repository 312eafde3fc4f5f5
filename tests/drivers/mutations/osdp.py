"""Mistakes planted in what makes texts of OSDP cards and keys; each makes a test of it fail."""

from __future__ import annotations

_CARDS = "lockers/drivers/osdp/cards.py"
_READER = "lockers/drivers/osdp/reader.py"
_PROFILE = "lockers/drivers/osdp/profile.py"
_CARD = "test_osdp_cards.py::test_a_card_becomes_the_badge_that_the_server_knows"
_LEFT = "test_osdp_cards.py::test_what_a_reader_leaves_behind_the_last_bit_is_no_part_of_the_card"
_LENGTH = "test_osdp_cards.py::test_a_card_that_is_not_as_long_as_it_says_is_refused"
_CLEAR = "test_osdp_cards.py::test_digits_end_with_enter_and_begin_anew_with_clear"
_LATE = "test_osdp_cards.py::test_what_was_read_in_a_long_absence_is_late"

# File, what stands there once, what is put in its place, what that would do, and the test that
# sees it.
MUTATIONS: list[tuple[str, str, str, str, str]] = [
    (
        _CARDS,
        'int.from_bytes(data, "big")',
        'int.from_bytes(data, "little")',
        "byte order",
        _CARD,
    ),
    (_CARDS, 'to_bytes(size, "big")', 'to_bytes(size, "little")', "byte order", _CARD),
    (
        _CARDS,
        'frame = int.from_bytes(data, "big")',
        'frame = int("".join(f"{one:08b}"[::-1] for one in data), 2)',
        "bit order",
        _CARD,
    ),
    (_CARDS, ">> padding << padding", ">> padding", "the bits stand on the right", _CARD),
    (_CARDS, " >> padding << padding", "", "what stands behind the card is of it", _LEFT),
    (_CARDS, "8 * size - length", "8 * size - length + 1", "the last bit is lost", _CARD),
    (_CARDS, ".hex().upper()", ".hex()", "another text", _CARD),
    (_CARDS, "_BIT_FORMATS = (0, 1)", "_BIT_FORMATS = (0,)", "checked cards are refused", _CARD),
    (
        _CARDS,
        "_BIT_FORMATS = (0, 1)",
        "_BIT_FORMATS = (0, 1, 2)",
        "characters are bits",
        "test_osdp_cards.py::test_a_card_in_characters_is_refused",
    ),
    (_CARDS, "len(data) != size or", "", "half a card is one", _LENGTH),
    (
        _CARDS,
        " or (bits and length != bits)",
        "",
        "32 bits are a card of 26",
        "test_osdp_cards.py::test_a_longer_card_is_not_taken_for_a_shorter_one",
    ),
    (_CARDS, rb'b"#\r"'.decode(), 'b"*"', "Enter is none", _CLEAR),
    (_CARDS, "elif key in _CLEAR:", "elif False:", "Clear is none", _CLEAR),
    (_CARDS, rb'b"*\x7f", '.decode(), 'b"*", ', "Delete is no digit and no end", _CLEAR),
    (
        _CARDS,
        "if at > self._until:",
        "if False:",
        "half a PIN waits for the next one",
        "test_osdp_cards.py::test_half_a_pin_is_forgotten_after_a_while",
    ),
    (
        _CARDS,
        "(self._digits + chr(key))[: MAX_DIGITS + 1]",
        "(self._digits + chr(key))[:MAX_DIGITS]",
        "a PIN that is too long is cut to one",
        "test_osdp_cards.py::test_too_many_digits_are_no_pin",
    ),
    (_READER, "if not is_kept:", "if True:", "a door opens for who has left", _LATE),
    (
        _READER,
        "bits=self.profile.bits",
        "bits=0",
        "a card of another length is taken",
        "test_osdp_cards.py::test_a_reader_that_knows_its_cards_takes_no_others",
    ),
    (
        _PROFILE,
        "if profile.key == _DEFAULT_KEY:",
        "if False:",
        "everybody knows the key",
        "test_osdp_profile.py::test_a_bad_setting_is_refused_with_its_name",
    ),
    (
        _PROFILE,
        "bytes.fromhex(key), **options",
        "bytes.fromhex(key)[::-1], **options",
        "another key",
        "test_osdp_profile.py::test_a_key_is_taken_as_it_is_written",
    ),
]
