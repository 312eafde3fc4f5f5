"""Mistakes planted in the driver of Modbus relay boards; each makes a test of it fail.

The check bytes are the library's own; no code of this project makes or looks at them.
"""

from __future__ import annotations

_FRAMES = "lockers/drivers/modbus_relay/frames.py"
_BOARD = "lockers/drivers/modbus_relay/board.py"
_BUS = "lockers/drivers/modbus_relay/bus.py"
_PROFILE = "lockers/drivers/modbus_relay/profile.py"

# File, what stands there once, what is put in its place, what that would do, and the test that
# sees it.
MUTATIONS: list[tuple[str, str, str, str, str]] = [
    (
        _FRAMES,
        "    function_code = 5\n",
        "    function_code = 6\n",
        "a register, not a relay",
        "test_modbus_frames.py::test_published_frames_are_what_is_sent",
    ),
    (
        _FRAMES,
        "FLASH_BASE = 0x0200",
        "FLASH_BASE = 0x0400",
        "a pulse that switches off",
        "test_modbus_frames.py::test_published_frames_are_what_is_sent",
    ),
    (
        _FRAMES,
        "FLASH_STEP_MS = 100",
        "FLASH_STEP_MS = 10",
        "ten times the current",
        "test_modbus_frames.py::test_published_frames_are_what_is_sent",
    ),
    (
        _FRAMES,
        "ALL_RELAYS = 0x00FF",
        "ALL_RELAYS = 0x0000",
        "only one relay is switched off",
        "test_modbus_frames.py::test_published_frames_are_what_is_sent",
    ),
    (
        _FRAMES,
        "ON = 0xFF00",
        "ON = 0x00FF",
        "byte order of ON",
        "test_modbus_frames.py::test_published_frames_are_what_is_sent",
    ),
    (
        _FRAMES,
        "OFF = 0x0000",
        "OFF = 0xFF00",
        "a relay stays on",
        "test_modbus_frames.py::test_published_frames_are_what_is_sent",
    ),
    (
        _FRAMES,
        'return struct.pack(">HH"',
        'return struct.pack("<HH"',
        "byte order of address and value",
        "test_modbus_frames.py::test_published_frames_are_what_is_sent",
    ),
    (
        _FRAMES,
        "steps = -(-pulse_ms // FLASH_STEP_MS)",
        "steps = pulse_ms // FLASH_STEP_MS",
        "short",
        "test_modbus_frames.py::test_published_frames_are_what_is_sent",
    ),
    (
        _FRAMES,
        "FLASH_BASE + channel, value",
        "FLASH_BASE + channel + 1, value",
        "the lock beside",
        "test_modbus_frames.py::test_published_frames_are_what_is_sent",
    ),
    (
        _FRAMES,
        "bits=[False] * channels",
        "bits=[True] * channels",
        "everything is switched on",
        "test_modbus_frames.py::test_a_software_pulse_switches_off_at_the_start_after_the_pulse_and_at_the_end",
    ),
    (
        _BOARD,
        "if level is closed else",
        "if level is not closed else",
        "polarity",
        "test_modbus_frames.py::test_published_frames_are_what_is_sent",
    ),
    (
        _PROFILE,
        "closed_level: Literal[0, 1] = 1",
        "closed_level: Literal[0, 1] = 0",
        "polarity",
        "test_modbus_frames.py::test_published_frames_are_what_is_sent",
    ),
    (
        _BOARD,
        "            request.address,\n            request.value,\n        ):",
        "            request.address,\n            reply.value,\n        ):",
        "another pulse is acknowledged",
        "test_modbus_faults.py::test_an_open_that_goes_wrong_says_whether_it_may_have_fired",
    ),
    (
        _BOARD,
        "            request.address,\n            request.value,\n        ):",
        "            reply.address,\n            request.value,\n        ):",
        "another lock is acknowledged",
        "test_modbus_faults.py::test_an_open_that_goes_wrong_says_whether_it_may_have_fired",
    ),
    (
        _BOARD,
        "            moves_lock=True,\n",
        "",
        "a silent lock is told not to have moved",
        "test_modbus_log.py::test_an_echo_acknowledges_no_open",
    ),
    (
        _BOARD,
        '_is_known_safe = profile.pulse == "waveshare_flash"',
        "_is_known_safe = True",
        "what an earlier process left energised stays so",
        "test_modbus_frames.py::test_a_software_pulse_switches_off_at_the_start_after_the_pulse_and_at_the_end",
    ),
    (
        _BOARD,
        "        except asyncio.CancelledError:\n            self._start_switching_off(channel)\n",
        "        except asyncio.CancelledError:\n",
        "who loses interest leaves the coil energised",
        "test_modbus_faults.py::test_a_cancelled_software_pulse_is_still_switched_off",
    ),
    (
        _BOARD,
        "        if not self.capabilities.hardware_pulse:\n            with contextlib",
        "        if False:\n            with contextlib",
        "relays may stay on at the end",
        "test_modbus_frames.py::test_a_software_pulse_switches_off_at_the_start_after_the_pulse_and_at_the_end",
    ),
    (
        _BOARD,
        "                self._check_echo(request, reply)\n                return\n",
        "                return\n",
        "OFF is not confirmed",
        "test_modbus_faults.py::test_switching_off_is_tried_until_the_board_confirms",
    ),
    (
        _BOARD,
        "if len(reply.bits) != -(-request.count // 8) * 8:",
        "if False:",
        "wrong number",
        "test_modbus_faults.py::test_contacts_in_the_wrong_number_are_not_believed",
    ),
    (
        _BUS,
        "_DID_NOTHING = frozenset({1, 2, 3, 6, 0x0A})",
        "_DID_NOTHING = frozenset(range(9))",
        "a board that failed half-way is believed to have done nothing",
        "test_modbus_faults.py::test_an_open_that_goes_wrong_says_whether_it_may_have_fired",
    ),
    (
        _BUS,
        "if reply.exception_code == _GATEWAY_SILENT:",
        "if False:",
        "a silent board refused",
        "test_modbus_faults.py::test_an_open_that_goes_wrong_says_whether_it_may_have_fired",
    ),
    (
        _BUS,
        "if reply.function_code != request.function_code:",
        "if False:",
        "another function",
        "test_modbus_faults.py::test_contacts_in_the_wrong_number_are_not_believed",
    ),
    (
        _BUS,
        "        if asyncio.get_running_loop().time() >= self._not_after:",
        "        if False:",
        "a late pulse",
        "test_modbus_faults.py::test_a_stalled_program_does_not_write_after_the_deadline",
    ),
    (
        _BUS,
        '        self._note_noise()\n        self._note("end"',
        '        self._note("end"',
        "a frame that broke is not in the log",
        "test_modbus_log.py::test_what_stands_behind_a_frame_is_noise",
    ),
    (
        _BUS,
        "        self._raw = before\n        self._note_noise()\n",
        "",
        "noise is not in the log",
        "test_modbus_log.py::test_over_tcp_the_answer_to_an_earlier_question_is_noise",
    ),
    (
        _BUS,
        "            self.counts.timeouts += 1\n",
        "",
        "timeouts are not counted",
        "test_modbus_log.py::test_a_frame_with_wrong_check_bytes_is_noise",
    ),
    (
        _BUS,
        "self.line[-1] and self._was_sent",
        "self._was_sent",
        "echoes that never were",
        "test_modbus_log.py::test_an_exchange_is_what_was_sent_and_the_frame_that_answered",
    ),
]
