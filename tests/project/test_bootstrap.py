"""make setup: what it asks of the machine, in words."""

import subprocess
import sys
from pathlib import Path

import pytest

from tally import bootstrap

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("version", [(3, 10), (3, 13), (3, 14)])
def test_another_python_is_refused_with_the_cure(version):
    with pytest.raises(bootstrap.SetupError) as error:
        bootstrap.check_python(version, has_venv=True)
    assert str(error.value) == (
        f"Tallystream needs Python 3.11 or 3.12; found 3.{version[1]} (streamlit needs 3.11 or later, apache-flink has "
        "no wheel after 3.12); install python3.12, or name one: make setup PYTHON=/path/to/python3.12"
    )


def test_a_python_without_venv_is_refused_with_the_cure():
    with pytest.raises(bootstrap.SetupError, match=r"sudo apt-get install python3\.12-venv"):
        bootstrap.check_python((3, 12), has_venv=False)


@pytest.mark.parametrize("version", [(3, 11), (3, 12)])
def test_a_fitting_python_passes(version):
    assert bootstrap.check_python(version, has_venv=True) is None


def test_a_failed_step_is_named_with_what_to_do(capfd):
    told = r"the step 'the impossible' ended with code 3, .* run `make setup` again"
    with pytest.raises(bootstrap.SetupError, match=told):
        bootstrap.run("the impossible", sys.executable, "-c", "raise SystemExit(3)")
    assert "setup: the impossible" in capfd.readouterr().out


def test_the_stamp_follows_the_lock_file(tmp_path):
    for name in bootstrap.INPUTS:
        (tmp_path / name).write_text("one")
    before = bootstrap.fingerprint(tmp_path)
    (tmp_path / "requirements.lock").write_text("two")
    assert bootstrap.fingerprint(tmp_path) != before


def test_make_refuses_a_machine_without_a_fitting_python(tmp_path):
    (tmp_path / "python3").write_text('#!/bin/sh\ntest "$1" = --version && echo Python 3.9.2 && exit 0\nexit 1\n')
    (tmp_path / "python3").chmod(0o755)
    for tool in ("sh", "make", "echo"):
        (tmp_path / tool).symlink_to(subprocess.run(["which", tool], capture_output=True, text=True).stdout.strip())
    done = subprocess.run(["make", "setup"], cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode != 0
    assert "Tallystream needs Python 3.11 or 3.12; found Python 3.9.2; install python3.12" in done.stderr
