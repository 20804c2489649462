"""A Kafka of your own that asks for TLS, a certificate and a user, through every part of the line."""

import json
import subprocess

import psutil
import pytest

from tests.chaos.account import prove_exact
from tests.e2e.test_security import files_with
from tests.line import TALLY, home_of_its_own, line_environment, running_line
from tests.tally.secured_broker import PASSWORD, secured_broker

pytestmark = [pytest.mark.e2e, pytest.mark.cluster]
CHILDREN = ("job", "archive", "inbox", "dashboard")


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    """A broker that knows one user; this process's own clients are let in, too."""
    with pytest.MonkeyPatch.context() as patch:

        def allow(variables: dict[str, str]) -> None:
            for name, value in variables.items():
                patch.setenv(name, value)

        with secured_broker(tmp_path_factory.mktemp("secured-kafka"), allow) as one:
            yield one


def arguments_of(pid: int) -> str:
    """Return a process's command line."""
    return " ".join(psutil.Process(pid).cmdline())


@pytest.mark.parametrize("cluster", ["0", "1"])
def test_every_part_is_let_in_and_every_row_is_exact(secured, cluster):
    settings = {**secured.variables, "TALLY_CLUSTER": cluster, "TALLY_TOPIC": f"secured-{cluster}"}
    with running_line("secured", **settings) as line:
        line.tally("generate", "--to", "kafka", "--events", "2000", "--scenario", "messy", "--seed", "5")
        hidden = line.home / "inbox" / ".own.tmp"
        event = {
            "event_id": "own-1", "event_type": "restock", "event_time": 1_795_312_987_000, "sku": "A",
            "warehouse_id": "W", "quantity": 5, "currency": "CNY",
        }  # fmt: skip
        hidden.write_text(json.dumps(event) + "\n")
        hidden.rename(line.home / "inbox" / "own.ndjson")
        assert prove_exact(line)["records"] == 2001
        # the login file of Java holds it quoted; the file that was named lies elsewhere
        assert files_with(line.home, [PASSWORD]) == set()
        assert [told for told in (arguments_of(line.pid(name)) for name in CHILDREN) if "of the shop" in told] == []


def test_a_wrong_password_is_told_as_what_it_is(secured, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong\n")
    refused = {**secured.variables, "TALLY_KAFKA_PASSWORD_FILE": str(wrong)}
    told = pytest.raises(AssertionError, match=r"Kafka does not let us in; asked .* found: .*Authentication failed")
    with told, running_line("refused", **refused):
        pass


def test_settings_that_lack_something_say_what(secured):
    lacking = {**secured.variables, "TALLY_KAFKA_USER": "", "TALLY_KAFKA_CA_FILE": "/nowhere"}
    with home_of_its_own("lacking") as home:
        environment = {**line_environment(home), **lacking}
        done = subprocess.run([TALLY, "run"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.splitlines()[1:] == [
        "  kafka_user is missing; found none with kafka_security SASL_SSL; name the log's user",
        "  kafka_ca_file can't be read; found '/nowhere' with kafka_security SASL_SSL; name a file that this user "
        "may read",
    ]


def test_a_password_with_quotes_and_backslashes_is_written_as_java_reads_it():
    from pipeline.kafka_access import quoted

    assert quoted('a"b\\c') == 'a\\"b\\\\c'
