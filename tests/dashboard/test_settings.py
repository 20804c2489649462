"""The dashboard's settings: defaults, and every fault at once."""

import pytest

from dashboard.pool import connect_options
from dashboard.settings import DashboardSettings, SettingsError

URL = "postgresql://tally_dashboard:p%40ss%2Fword@127.0.0.1:5433/tally?sslmode=disable"


def test_defaults_listen_on_loopback():
    settings = DashboardSettings.from_env({"DATABASE_URL": URL})
    assert (settings.host, settings.port, settings.stale_seconds) == ("127.0.0.1", 8600, 10)


def test_a_url_is_split_into_its_parts():
    settings = DashboardSettings.from_env({"DATABASE_URL": URL})
    assert dict(settings.connection) == {
        "host": "127.0.0.1",
        "port": "5433",
        "dbname": "tally",
        "user": "tally_dashboard",
        "password": "p@ss/word",
        "sslmode": "disable",
    }


def test_all_faults_are_told_at_once():
    env = {
        "TALLY_HOST": "http://x",
        "TALLY_PORT": "80000",
        "TALLY_STALE_SECONDS": "soon",
        "DATABASE_URL": "mysql://root:secret@h/d",
    }
    with pytest.raises(SettingsError) as caught:
        DashboardSettings.from_env(env)
    assert str(caught.value).splitlines() == [
        "the dashboard can't start; these settings are wrong:",
        "  TALLY_HOST: not a host name or address; found 'http://x'; "
        "use 127.0.0.1, or 0.0.0.0 to be seen by other machines",
        "  TALLY_PORT: not a whole number from 0 to 65535; found '80000'; change it or unset it for the default",
        "  DATABASE_URL: not a Postgres URL; it begins with 'mysql'; "
        "use postgresql://tally_dashboard:PASSWORD@127.0.0.1:5432/tally",
        "  TALLY_STALE_SECONDS: not a whole number from 2 to 3600; found 'soon'; change it or unset it for the default",
    ]


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "DATABASE_URL: missing; the environment has none"),
        ("postgresql://u:secret@h:99999/d", "DATABASE_URL: the port is not a number from 1 to 65535"),
        ("postgresql://u:secret@h", "DATABASE_URL: names no database; nothing follows the host"),
    ],
)
def test_a_wrong_url_says_what_to_do_and_never_its_password(url, fault):
    with pytest.raises(SettingsError) as caught:
        DashboardSettings.from_env({"DATABASE_URL": url})
    assert fault in str(caught.value)
    assert "secret" not in str(caught.value)


def test_sessions_are_read_only_and_bounded_in_time():
    options = connect_options(
        DashboardSettings.from_env({"DATABASE_URL": URL + "&options=-c%20tally.now%3D2026-11-22"})
    )
    assert options["application_name"] == "tally dashboard"
    assert options["connect_timeout"] == 3
    assert options["options"].split(" -c ") == [
        "-c statement_timeout=10000",
        "default_transaction_read_only=on",
        "timezone=UTC",
        "tally.now=2026-11-22",
    ]


def test_on_loopback_only_its_own_names_are_known():
    assert DashboardSettings.from_env({"DATABASE_URL": URL}).names == {"localhost", "127.0.0.1", "::1"}
    assert DashboardSettings.from_env({"DATABASE_URL": URL, "TALLY_HOST": "0.0.0.0"}).names == frozenset()
    proxied = {"DATABASE_URL": URL, "TALLY_DASHBOARD_NAMES": "Sales.Shop, 127.0.0.1"}
    assert DashboardSettings.from_env(proxied).names == {"sales.shop", "127.0.0.1"}
