"""Settings: the file, the variables on top of it, and every fault at once."""

import dataclasses
import re
from pathlib import Path

import pytest

from tally.settings import Settings, SettingsError, as_text, fields, variable

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def write_toml(home, text):
    (home / "tally.toml").write_text(text, encoding="utf-8")


def test_without_a_file_the_defaults_hold(tmp_path):
    settings = Settings.load(tmp_path, {})
    assert (settings.currency, settings.store_zone, settings.port, settings.shipments) == (
        "CNY",
        "Asia/Shanghai",
        8600,
        False,
    )
    assert settings.home == tmp_path


def test_a_variable_overrides_the_file(tmp_path):
    write_toml(tmp_path, 'currency = "EUR"\nstore_zone = "Europe/Berlin"\nshipments = true\nmilestones = [100, 200]\n')
    settings = Settings.load(tmp_path, {"TALLY_CURRENCY": "USD", "TALLY_SHIPMENTS": "off"})
    assert (settings.currency, settings.store_zone, settings.shipments) == ("USD", "Europe/Berlin", False)
    assert settings.milestones == (100, 200)


def test_an_empty_variable_is_no_variable(tmp_path):
    write_toml(tmp_path, 'currency = "EUR"\n')
    assert Settings.load(tmp_path, {"TALLY_CURRENCY": ""}).currency == "EUR"


def test_the_home_is_the_option_then_the_variable_then_the_users_folder(tmp_path):
    assert Settings.load(tmp_path / "a", {"TALLY_HOME": str(tmp_path / "b")}).home == tmp_path / "a"
    assert Settings.load(None, {"TALLY_HOME": str(tmp_path / "b")}).home == tmp_path / "b"
    assert Settings.load(None, {}).home == Path.home() / ".tallystream"


def test_all_faults_are_reported_at_once_with_their_origin(tmp_path):
    write_toml(
        tmp_path, 'curency = "EUR"\nstore_zone = "Asia/Shangai"\nparallelism = "two"\nport = true\nshipments = 3\n'
    )
    environment = {
        "TALLY_CURRENCY": "yuan",
        "TALLY_DEDUP_HOURS": "24",
        "TALLY_MILESTONES": "500,100",
        "TALLY_TARGET": "1.50",
        "TALLY_PARTITONS": "3",
        "DATABASE_URL": "mysql://user:secret@host/shop",
    }
    with pytest.raises(SettingsError) as caught:
        Settings.load(tmp_path, environment)
    toml = tmp_path / "tally.toml"
    assert str(caught.value) == "\n".join(
        [
            "11 settings are wrong; docs/settings.md lists them all:",
            f"  curency in {toml} is no setting (did you mean currency?); remove or correct it",
            "  TALLY_PARTITONS in the environment is no setting (did you mean TALLY_PARTITIONS?); remove or correct it",
            f"  store_zone in {toml}: must be an IANA time zone such as Asia/Shanghai (did you mean Asia/Shanghai?); "
            "found 'Asia/Shangai'",
            f"  shipments in {toml}: must be on or off; found 3",
            f"  port in {toml}: must be a whole number from 0 to 65535; found True",
            f"  parallelism in {toml}: must be a whole number from 1 to 1000; found 'two'",
            "  DATABASE_URL: must look like postgresql://user:password@host:5432/database; found ***",
            "  TALLY_CURRENCY: must be an ISO 4217 code such as CNY; found 'yuan'",
            "  TALLY_DEDUP_HOURS: must be a whole number from 48 to 2160; found '24'",
            "  TALLY_MILESTONES: must be ascending whole amounts in minor units, such as 2500000000,5000000000; "
            "found '500,100'",
            "  TALLY_TARGET: must be a whole number from 0 to 1000000000000000000; found '1.50'",
        ]
    )


def test_a_file_that_is_no_toml_says_where(tmp_path):
    write_toml(tmp_path, "currency = \n")
    with pytest.raises(SettingsError, match=r"tally\.toml can't be read: .+line 1.+; mend it, or delete it"):
        Settings.load(tmp_path, {})


def test_variables_of_other_parts_are_no_faults(tmp_path):
    Settings.load(tmp_path, {"TALLY_DASHBOARD_CONNECTIONS": "4", "TALLY_JAR_DIR": "/jars", "TALLY_CACHE": "/cache"})


@pytest.mark.parametrize("url", ["postgres://h/d", "postgresql://u:p%40w@h:5432/d?sslmode=require", ""])
def test_database_addresses_that_are_taken(tmp_path, url):
    assert Settings.load(tmp_path, {"DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize("url", ["postgresql://h", "postgresql://h:99999/d", "host=h dbname=d", "http://h/d"])
def test_database_addresses_that_are_none(tmp_path, url):
    with pytest.raises(SettingsError, match="postgresql://user:password@host:5432/database; found \\*\\*\\*"):
        Settings.load(tmp_path, {"DATABASE_URL": url})


def test_children_are_told_every_setting_by_its_variable_and_read_back_the_same(tmp_path):
    settings = Settings.load(tmp_path, {"TALLY_MILESTONES": "5,7", "TALLY_DEDUP": "no", "TALLY_LOG_LEVEL": "debug"})
    told = settings.child_environment()
    assert told["TALLY_MILESTONES"] == "5,7"
    assert told["TALLY_DEDUP"] == "off"
    assert "DATABASE_URL" not in told
    assert Settings.load(None, told) == settings


def test_settings_are_documented_with_their_variable_default_and_meaning():
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.*?) \| (.+) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    expected = [
        (
            field.name,
            variable(field.name),
            f"`{as_text(field.default)}`" if as_text(field.default) else "empty",
            field.metadata["meaning"],
        )
        for field in fields()
    ]
    assert rows == expected


def test_settings_are_frozen(tmp_path):
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings.load(tmp_path, {}).port = 1
