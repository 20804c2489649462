"""S3 as the server's catalogue tells it: every object and every role, so that a new table can't be forgotten."""

import contextlib

import psycopg2
import pytest

from tests.postgres.conftest import migrated_server

READERS = {"tally_reader", "tally_dashboard"}
# an entry without a list of rights has its owner's and, for functions, everybody's: acldefault spells that out
RELATION_RIGHTS = """
    SELECT c.relkind::text, c.relname, coalesce(r.rolname, 'PUBLIC'), a.privilege_type
    FROM pg_class AS c
    CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS a
    LEFT JOIN pg_roles AS r ON r.oid = a.grantee
    WHERE c.relnamespace = 'tally'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND a.grantee <> c.relowner
"""
FUNCTION_RIGHTS = """
    SELECT p.proname, coalesce(r.rolname, 'PUBLIC'), p.prosecdef, coalesce(array_to_string(p.proconfig, ' '), '')
    FROM pg_proc AS p
    CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
    LEFT JOIN pg_roles AS r ON r.oid = a.grantee
    WHERE p.pronamespace = 'tally'::regnamespace AND a.grantee <> p.proowner
"""
SCHEMA_RIGHTS_OF_PUBLIC = """
    SELECT n.nspname, a.privilege_type
    FROM pg_namespace AS n
    CROSS JOIN LATERAL aclexplode(n.nspacl) AS a
    WHERE a.grantee = 0 AND (n.nspname = 'tally' OR (n.nspname = 'public' AND a.privilege_type = 'CREATE'))
"""
OWNERS = """
    SELECT DISTINCT pg_get_userbyid(c.relowner) FROM pg_class AS c WHERE c.relnamespace = 'tally'::regnamespace
    UNION
    SELECT DISTINCT pg_get_userbyid(p.proowner) FROM pg_proc AS p WHERE p.pronamespace = 'tally'::regnamespace
"""
ATTRIBUTES = """
    SELECT
        rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolpassword LIKE 'SCRAM-SHA-256$%',
        (SELECT count(*) FROM pg_auth_members AS m WHERE m.member = a.oid)
    FROM pg_authid AS a
    WHERE rolcanlogin
"""


@pytest.fixture(scope="module")
def server():
    """A migrated server of this module's own."""
    with migrated_server() as started:
        yield started


@pytest.fixture(scope="module")
def ask(server):
    """Ask the product's database as the superuser."""
    address = server.url("postgres").rpartition("/")[0] + "/tally"
    with contextlib.closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:

        def rows(statement: str, *values: str) -> list[tuple]:
            cursor.execute(statement, values or None)  # without values, % is no placeholder
            return cursor.fetchall()

        yield rows


def test_readers_may_select_from_views_and_nothing_else(ask):
    rights = [(kind, right) for kind, _, role, right in ask(RELATION_RIGHTS) if role in READERS]
    assert set(rights) == {("v", "SELECT")}


def test_public_has_no_right_on_anything_of_ours(ask):
    assert [row for row in ask(RELATION_RIGHTS) if row[2] == "PUBLIC"] == []
    assert [row for row in ask(FUNCTION_RIGHTS) if row[1] == "PUBLIC"] == []
    assert ask(SCHEMA_RIGHTS_OF_PUBLIC) == []


def test_the_writer_owns_nothing_and_may_neither_truncate_nor_make_triggers(ask):
    assert ask(OWNERS) == [("tally_owner",)]
    rights = {right for _, _, role, right in ask(RELATION_RIGHTS) if role == "tally_writer"}
    assert rights <= {"SELECT", "INSERT", "UPDATE", "DELETE"} and "INSERT" in rights
    create = "SELECT has_schema_privilege('tally_writer', %s, 'CREATE')"
    assert [ask(create, schema) for schema in ("tally", "public")] == [[(False,)], [(False,)]]


def test_a_function_that_runs_with_its_owners_rights_can_not_be_led_to_other_tables(ask):
    found = {(name, config) for name, _, with_owners_rights, config in ask(FUNCTION_RIGHTS) if with_owners_rights}
    assert found, "the writer's way to close windows and make partitions"
    # pg_temp last: else a temporary table of the caller would stand for ours
    assert {name for name, config in found if "search_path=pg_catalog, pg_temp " not in config + " "} == set()


def test_no_role_is_more_than_it_must_be_and_each_password_is_kept_as_scram(ask):
    roles = {row[0]: row[1:] for row in ask(ATTRIBUTES)}
    assert set(roles) == {"postgres", "tally_owner", "tally_writer", *READERS}
    assert {name: row for name, row in roles.items() if name != "postgres" and row != (*[False] * 5, True, 0)} == {}
    assert roles["postgres"][5] is True


def test_the_server_takes_passwords_only_and_from_this_machine_only(ask):
    assert ask("SELECT type, address, netmask, auth_method, error FROM pg_hba_file_rules") == [
        ("host", "127.0.0.1", "255.255.255.255", "scram-sha-256", None)
    ]
    assert ask("SELECT current_setting('listen_addresses'), current_setting('unix_socket_directories')") == [
        ("127.0.0.1", "")
    ]


def test_no_password_is_the_roles_name_or_one_that_another_home_has(server):
    passwords = [path.read_text().strip() for path in (server.folder / "passwords").iterdir()]
    assert len(set(passwords)) == len(passwords) == 5
    assert min(map(len, passwords)) >= 24
    for guess in ("", "postgres", "tally_owner", "password"):
        with pytest.raises(psycopg2.OperationalError, match=r"password authentication failed|no password supplied"):
            psycopg2.connect(host="127.0.0.1", port=server.port, user="tally_owner", password=guess, dbname="tally")
