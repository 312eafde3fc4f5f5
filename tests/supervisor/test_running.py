"""Starting, ending and starting again."""

from __future__ import annotations

import json
import signal
import socket
import stat

import pytest

from config.postgres import place
from config.supervisor import folder, ports
from tests.processes import command_of
from tests.supervisor import stand_in
from tests.supervisor.conftest import ALL, Stage, await_that, end


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_everything_it_started(stage: Stage, how: signal.Signals) -> None:
    supervisor, printed = stage.start_ready()
    names = {process.name() for process in stage.running()}

    said = end(supervisor, how)

    assert "Some line before." in printed
    assert "  Starts  1\n" in printed
    assert "postgres" in names
    assert "Stopping" in said
    assert "Traceback" not in said
    assert supervisor.returncode == 0
    assert stage.running() == []


def test_a_signal_in_the_middle_of_a_printed_line_ends_it_as_well(stage: Stage) -> None:
    supervisor = stage.start(INTERRUPTED_LINE="1")

    said, _none = supervisor.communicate(timeout=40)

    assert "Stopping" in said
    assert "Traceback" not in said
    assert supervisor.returncode == 0
    assert stage.running() == []


def test_a_second_start_keeps_data_and_secrets_and_takes_less_than_five_seconds(
    stage: Stage,
) -> None:
    first, _printed = stage.start_ready()
    end(first)
    before = folder.keys(stage.var)

    second, printed = stage.start_ready()
    end(second)

    assert "  Starts  2\n" in printed
    assert folder.keys(stage.var) == before
    assert stat.S_IMODE((stage.var / "secrets.json").stat().st_mode) == 0o600
    (ready,) = [line for line in printed.splitlines() if line.startswith("Ready in")]
    assert float(ready.split()[2]) < 5


def test_a_second_start_while_one_runs_is_refused_and_harms_nothing(stage: Stage) -> None:
    first, _printed = stage.start_ready()

    said, _none = stage.start().communicate(timeout=20)

    assert stage.started[-1].returncode == 1
    assert said.startswith("A demonstration of this checkout is running already.")
    with pytest.raises(folder.AlreadyRunning):
        folder.reset(stage.var)
    assert first.poll() is None
    assert ports.answers(stage.port)


def test_a_taken_port_is_named_before_anything_starts(stage: Stage) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", stage.port + 3))
        taken.listen()

        said, _none = stage.start().communicate(timeout=20)

    assert stage.started[-1].returncode == 1
    assert said.startswith(f"Port {stage.port + 3} is taken by another program.")
    assert "Choose another: make demo PORT=" in said
    assert not (stage.var / "postgres").exists()


def test_a_boards_taken_port_is_named_before_anything_listens(stage: Stage) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        said, _none = stage.start(DEVICES=json.dumps([port])).communicate(timeout=20)

    assert f"Port {port} is taken by another program." in said
    assert stage.running() == []


@pytest.mark.parametrize("text", ["80", "65001", "eight", "-1", "8000 ", "²"])
def test_a_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ports.PortError, match="is not a port. Choose a number from 1024 to 65000"):
        ports.parse(text)


def test_what_prepare_said_is_shown_when_it_fails(stage: Stage) -> None:
    program = "import sys; print('The tables'); print('are odd.', file=sys.stderr); sys.exit(3)"

    said, _none = stage.start(PREPARE=program).communicate(timeout=20)

    assert stage.started[-1].returncode == 1
    assert said == "The demonstration could not be prepared:\nThe tables\nare odd.\n"
    assert stage.running() == []


def test_ctrl_c_while_it_prepares_ends_at_once(stage: Stage) -> None:
    supervisor = stage.start(PREPARE="import time; print('preparing'); time.sleep(600)")
    await_that(
        lambda: any("preparing" in " ".join(command_of(p)) for p in stage.running()), "start"
    )

    end(supervisor)

    assert supervisor.returncode == 0
    assert stage.running() == []


def test_whatever_ends_by_itself_starts_again(stage: Stage) -> None:
    supervisor, _printed = stage.start_ready()
    web, database = stage.one(stand_in.WEB), stage.one("postgres")

    web.kill()
    database.kill()
    await_that(
        lambda: (
            {web.pid, database.pid}.isdisjoint(p.pid for p in stage.running())
            and len(stage.running()) == ALL
            and ports.answers(stage.port)
        ),
        "the web server and the database are back",
    )

    said = end(supervisor)
    assert "web ended with -9 and starts again" in said
    assert "The database ended and starts again" in said


def test_starting_over_forgets_everything(stage: Stage) -> None:
    first, _printed = stage.start_ready()
    end(first)

    folder.reset(stage.var)

    assert [path.name for path in stage.var.rglob("*")] == ["run", folder.LOCK]
    second, printed = stage.start_ready()
    end(second)
    assert "  Starts  1\n" in printed


def test_the_data_lies_where_its_user_can_go(stage: Stage) -> None:
    supervisor, _printed = stage.start_ready()

    user = place.runner()

    assert stage.one("postgres").uids().effective == user.uid != 0
    end(supervisor)
