"""Mistakes planted in the driver of KERONG boards; each makes a test of the driver fail."""

from __future__ import annotations

_FRAMES = "lockers/drivers/kerong_cu16/frames.py"
_BOARD = "lockers/drivers/kerong_cu16/board.py"

# File, what stands there once, what is put in its place, what that would do, and the test that
# sees it.
MUTATIONS: list[tuple[str, str, str, str, str]] = [
    (
        _FRAMES,
        "_UNLOCK = 0x31",
        "_UNLOCK = 0x33",
        "one door is asked for and all spring open",
        "test_kerong_cu16_frames.py::test_every_published_frame_is_found_and_said_the_same",
    ),
    (
        _FRAMES,
        "_READ_STATE = 0x30",
        "_READ_STATE = 0x32",
        "all boards answer at once",
        "test_kerong_cu16_frames.py::test_every_published_frame_is_found_and_said_the_same",
    ),
    (
        _FRAMES,
        "_TIME = 0x38\n",
        "_TIME = 0x3A\n",
        "a busy board stays deaf",
        "test_kerong_cu16_frames.py::test_the_unlock_time_is_set_in_hundredths_of_a_second_high_byte_first",
    ),
    (
        _FRAMES,
        "sum(data) & 0xFF",
        "sum(data) + 1 & 0xFF",
        "the check byte is another one",
        "test_kerong_cu16_frames.py::test_every_published_frame_is_found_and_said_the_same",
    ),
    (
        _FRAMES,
        "and kept[length - 1] == _sum(kept[: length - 1])",
        "and True",
        "a broken frame is believed",
        "test_kerong_cu16_frames.py::test_a_frame_that_broke_off_does_not_cost_the_next_one",
    ),
    (
        _FRAMES,
        "return board << 4 | lock",
        "return lock << 4 | board",
        "the halves change places",
        "test_kerong_cu16_frames.py::test_every_published_frame_is_found_and_said_the_same",
    ),
    (
        _FRAMES,
        "if data[1] not in (_address(board, 0), _address(board, lock)):",
        "if False:",
        "the state of another board is taken for this one's",
        "test_kerong_cu16_frames.py::test_every_published_frame_is_found_and_said_the_same",
    ),
    (
        _FRAMES,
        'State(int.from_bytes(data[3:5], "little")',
        'State(int.from_bytes(data[3:5], "big")',
        "lock 9 is taken for lock 1",
        "test_kerong_cu16_frames.py::test_every_published_frame_is_found_and_said_the_same",
    ),
    (
        _FRAMES,
        'int.from_bytes(data[5:7], "little"))',
        'int.from_bytes(data[3:5], "little"))',
        "a hook is taken for an item",
        "test_kerong_cu16_frames.py::test_every_published_frame_is_found_and_said_the_same",
    ),
    (
        _FRAMES,
        '(pulse_ms // TIME_STEP_MS).to_bytes(2, "big")',
        '(pulse_ms // TIME_STEP_MS).to_bytes(2, "little")',
        "half a second becomes two minutes of current",
        "test_kerong_cu16_frames.py::test_the_unlock_time_is_set_in_hundredths_of_a_second_high_byte_first",
    ),
    (
        _FRAMES,
        "TIME_STEP_MS = 10\n",
        "TIME_STEP_MS = 1\n",
        "the pulse is ten times too long",
        "test_kerong_cu16_frames.py::test_the_unlock_time_is_set_in_hundredths_of_a_second_high_byte_first",
    ),
    (
        _FRAMES,
        "                length = 1\n",
        "                length = len(kept)\n",
        "noise swallows the frame behind it",
        "test_kerong_cu16_frames.py::test_however_a_stream_is_split_its_frames_are_the_same",
    ),
    (
        _BOARD,
        "== self._profile.closed_level",
        "!= self._profile.closed_level",
        "open doors are shown as closed",
        "test_kerong_cu16.py::test_an_answer_to_an_unlock_that_nobody_expected_does_no_harm",
    ),
    (
        _BOARD,
        "== self._profile.closed_level",
        "== 1",
        "the polarity of the profile is ignored",
        "test_kerong_cu16.py::test_which_bit_means_closed_is_a_setting",
    ),
    (
        _BOARD,
        "            error.may_have_fired = True\n",
        "            pass\n",
        "a pulse that was sent is repeated",
        "test_kerong_cu16.py::test_a_board_that_shows_no_sign_of_life_may_have_fired",
    ),
    (
        _BOARD,
        "            self.items = self._set_ms = None\n",
        "",
        "items are shown that nobody sees any more",
        "test_kerong_cu16.py::test_a_board_that_was_away_is_told_its_time_again",
    ),
    (
        _BOARD,
        "if told.pulse_ms != pulse_ms:",
        "if False:",
        "a board that keeps another time is unlocked all the same",
        "test_kerong_cu16.py::test_a_board_that_keeps_another_time_than_it_was_told_is_not_unlocked",
    ),
    (
        _BOARD,
        'if self._profile.after_unlock == "end_busy":',
        "if True:",
        "0x38 is sent to boards that never asked for it",
        "test_kerong_cu16.py::test_an_unlock_is_followed_by_a_question_because_most_boards_do_not_answer_it",
    ),
    (
        _BOARD,
        'if self._profile.unlock_reply == "none":',
        "if False:",
        "a board that is not there is said to have unlocked",
        "test_kerong_cu16.py::test_an_unlock_is_followed_by_a_question_because_most_boards_do_not_answer_it",
    ),
    (
        _BOARD,
        "            if pulse_ms != kept_ms:\n",
        "            if False:\n",
        "a pulse is promised that the board does not make",
        "test_kerong_cu16.py::test_a_board_that_keeps_its_unlock_time_makes_that_pulse_and_no_other",
    ),
]
