"""The command line: help, documentation, and what each command says when nothing runs."""

import json
import os
import pwd
import re
import shutil
import socket
import tempfile
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tally.check_lock import only_one
from tally.cli import main
from tally.home import Home

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"
COMMANDS = (
    *("demo", "run", "prepare", "submit", "generate", "wait", "status", "sql", "audit"),
    *("doctor", "logs", "stop", "reset", "rebuild", "upgrade", "version"),
)


def call(tmp_path, *arguments, **environment):
    variables = {"TALLY_HOME": str(tmp_path / "home"), **environment}
    result = CliRunner().invoke(main, list(arguments), env=variables)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_every_command_of_the_design_is_there():
    assert tuple(main.commands) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_each_help_ends_with_an_example_of_that_command(name):
    command = main.commands[name]
    head, _, example = command.help.partition("Example:\n")
    assert head.strip()
    assert re.search(rf"^\s+(.* )?tally {name}\b", example, re.MULTILINE), example


def documented_options():
    """Return {command: {option text: help}} as docs/cli.md tells them."""
    found = {}
    for section in re.split(r"^## ", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        name = re.match(r"`tally ([a-z]+)", section)
        if name:
            found[name[1]] = dict(re.findall(r"^\| `(.+?)` \| (.+) \|$", section, re.MULTILINE))
    return found


def declared_options(command):
    """Return {option text: help} as click knows them."""
    context = click.Context(command)
    records = [
        parameter.get_help_record(context) for parameter in command.params if isinstance(parameter, click.Option)
    ]
    return {" ".join(text.split()): " ".join(meaning.split()) for text, meaning in records}


def test_commands_and_options_are_documented():
    expected = {name: declared_options(command) for name, command in main.commands.items()}
    assert documented_options() == expected


@pytest.mark.parametrize("name", COMMANDS)
def test_the_documented_examples_are_those_of_the_help(name):
    section = re.search(
        rf"^## `tally {name}\b.*?(?=^## |\Z)", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )[0]
    example = main.commands[name].help.partition("Example:\n")[2]
    shown = re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1]
    assert shown.split() == example.split()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["wait"],
            "Tallystream does not run in {home}; found no living supervisor; start it: tally demo, or tally run",
        ),
        (["sql", "SELECT 1"], "there is no database yet in {home}; found no address of one; start it: tally demo"),
        (["logs", "job"], "there is no log of 'job'; found none in {home}/logs; name one of those"),
    ],
)
def test_what_needs_a_running_line_says_so(tmp_path, arguments, text):
    result = call(tmp_path, *arguments)
    assert f"tally: {text.format(home=tmp_path / 'home')}" in result.stderr
    assert result.exit_code == 1


def test_an_audit_without_a_running_line_could_not_run(tmp_path):
    result = call(tmp_path, "audit")
    assert "Tallystream does not run in" in result.stderr
    assert result.exit_code == 2


def test_status_without_a_running_line_ends_with_1_and_still_is_json(tmp_path):
    result = call(tmp_path, "status", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (found["running"], found["processes"], found["database_url"], found["lag_seconds"]) == (
        False,
        [],
        None,
        None,
    )
    assert found["inbox"] == {"folder": str(tmp_path / "home" / "inbox"), "waiting": 0, "done": 0, "failed": 0}


def test_every_fault_of_the_settings_is_told_before_anything_starts(tmp_path):
    for command in ("demo", "run"):
        result = call(tmp_path, command, TALLY_CURRENCY="yuan", TALLY_PORT="no", TALLY_STORE_ZONE="Mars")
        assert result.stderr.splitlines() == [
            "tally: 3 settings are wrong; docs/settings.md lists them all:",
            "  TALLY_CURRENCY: must be an ISO 4217 code such as CNY; found 'yuan'",
            "  TALLY_PORT: must be a whole number from 0 to 65535; found 'no'",
            "  TALLY_STORE_ZONE: must be an IANA time zone such as Asia/Shanghai; found 'Mars'",
        ]
        assert result.exit_code == 1
    assert not (tmp_path / "home").exists()


def test_a_home_that_can_not_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(main, ["--home", str(tmp_path / "file" / "home"), "run"])
    assert result.stderr.startswith("tally: the home folder can't be written; found ")
    assert "Not a directory" in result.stderr
    assert "name another folder: tally --home DIR (or TALLY_HOME)" in result.stderr
    assert result.exit_code == 1


@pytest.fixture
def closed_folder():
    """A folder that any user may enter (pytest's are closed), and this test may not write, not even as root."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    yield folder
    os.seteuid(user)
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_home_without_write_permission_is_told(closed_folder):
    result = CliRunner().invoke(main, ["--home", str(closed_folder / "home"), "run"])
    assert result.stderr == (
        f"tally: the home folder can't be written; found {closed_folder / 'home'}: Permission denied (user id "
        f"{os.geteuid()}); give this user write permission, or name another folder: tally --home DIR (or TALLY_HOME)\n"
    )
    assert result.exit_code == 1


def test_a_taken_port_is_told_before_anything_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = call(tmp_path, "run", TALLY_PORT=str(port), TALLY_POSTGRES_PORT="0")
    assert result.stderr.startswith(f"tally: port {port} for the dashboard is taken; found process {os.getpid()} (")
    assert "stop that, or choose another: TALLY_PORT=" in result.stderr
    assert result.exit_code == 1
    assert not (tmp_path / "home" / "kafka" / "data").exists()


@pytest.mark.parametrize("text", ["0", "-3s", "ten", "5x", "nan", ""])
def test_a_length_of_time_that_is_none_is_told(tmp_path, text):
    result = call(tmp_path, "wait", "--timeout", text)
    assert f"no length of time; found {text!r}; write 90s, 10m or 2h" in result.stderr
    assert result.exit_code == 2


def test_the_last_lines_of_logs_are_shown(tmp_path):
    logs = tmp_path / "home" / "logs"
    logs.mkdir(parents=True)
    (logs / "job.log").write_text("".join(f"line {number}\n" for number in range(100)))
    (logs / "inbox.log").write_text("watching\n")
    assert call(tmp_path, "logs", "job", "-n", "2").stdout == "line 98\nline 99\n"
    assert call(tmp_path, "logs", "-n", "1").stdout == "== inbox\nwatching\n== job\nline 99\n"


def test_stop_says_when_nothing_runs(tmp_path):
    (tmp_path / "home" / "run").mkdir(parents=True)
    result = call(tmp_path, "stop")
    assert (result.stdout, result.exit_code) == (f"nothing runs in {tmp_path / 'home'}\n", 0)


def test_reset_asks_and_keeps_settings_and_the_users_files(tmp_path):
    home = tmp_path / "home"
    for name in (
        "inbox/done/a.ndjson",
        "inbox/b.ndjson",
        "kafka/data/x",
        "archive/y",
        "plans/plan-1.json",
        "tally.toml",
        "products.ndjson",
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("")
    (home / "run").mkdir()
    refused = CliRunner().invoke(main, ["--home", str(home), "reset"], input="n\n")
    assert refused.exit_code == 1
    assert (home / "kafka" / "data" / "x").exists()
    assert call(tmp_path, "reset", "--yes").stdout == f"deleted the state in {home}\n"
    left = sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())
    assert left == ["inbox/b.ndjson", "inbox/done/a.ndjson", "products.ndjson", "tally.toml"]


def test_a_rebuild_of_what_does_not_run_waits_for_the_next_start(tmp_path):
    result = call(tmp_path, "rebuild")
    assert result.stdout == "the results are rebuilt at the next start: tally demo, or tally run\n"
    assert (tmp_path / "home" / "run" / "rebuild.request").exists()


def test_a_check_without_a_running_line_could_not_run(tmp_path):
    result = call(tmp_path, "rebuild", "--check")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("tally: Tallystream does not run in ")


def test_a_rebuild_is_refused_beside_a_check(tmp_path):
    home = Home(tmp_path / "home")
    home.prepare()
    with only_one(home):
        result = call(tmp_path, "rebuild")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"tally: a check goes on in this home; found {home.check_lock} locked; wait ")
    assert not home.rebuild_request.exists()


def test_a_demo_does_not_mix_its_events_with_a_real_shop(tmp_path):
    (tmp_path / "home" / "kafka" / "data").mkdir(parents=True)
    result = call(tmp_path, "demo")
    assert result.stderr == (
        f"tally: a demo would mix simulated events with yours; found the log of a `tally run` in {tmp_path / 'home'}; "
        "give the demo a folder of its own: tally --home DIR demo\n"
    )


@pytest.mark.parametrize("arguments", [("rebuild",), ("rebuild", "--check")])
def test_nothing_is_rebuilt_on_a_cluster_that_runs_only_its_own_job(tmp_path, arguments):
    result = call(tmp_path, *arguments, TALLY_FLINK="flink:8081", TALLY_SUBMIT="off")
    assert result.exit_code == 1
    assert (
        "a rebuild needs a second job, and the cluster runs only its own; found TALLY_SUBMIT=off; stop it, and rebuild "
        "with a cluster that takes jobs (TALLY_SUBMIT=on), or in one process without TALLY_FLINK"
    ) in result.stderr
    assert not (tmp_path / "home" / "run" / "rebuild.request").exists()
