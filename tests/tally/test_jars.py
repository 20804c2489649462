"""Jars: fetched once, checked always, refused when they are not the locked ones."""

import hashlib
import http.server
import threading

import pytest

from tally import jars
from tally.jars import GROUPS, JarError, cache_dir, jar_sets, read_lock, ready_jars

CONTENT = {"one": b"first jar", "two": b"second jar"}


class Repository(http.server.BaseHTTPRequestHandler):
    """A Maven repository that counts what it is asked for."""

    def do_GET(self):
        self.server.asked.append(self.path)
        data = self.server.files.get(self.path)
        self.send_response(200 if data is not None else 404)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *arguments):
        pass


@pytest.fixture
def repository():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Repository)
    server.asked = []
    server.files = {f"/org/shop/{name}/1.0/{name}-1.0.jar": data for name, data in CONTENT.items()}
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def lock(tmp_path):
    path = tmp_path / "jars.lock"
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in CONTENT.items()}
    path.write_text(
        f"# a comment\n[broker]\norg.shop:one:1.0 {digests['one']}\n\n[connectors]\norg.shop:two:1.0 {digests['two']}\n"
    )
    return path


@pytest.fixture
def environment(tmp_path, repository):
    return {"TALLY_CACHE": str(tmp_path / "cache"), "MAVEN_REPO_URL": repository.url}


def test_jars_are_fetched_from_the_mirror_and_then_nothing_is_asked_for(environment, lock, repository):
    sets = ready_jars(environment, lock)
    (one,) = sets["broker"].jars
    assert sets["broker"].path(one).read_bytes() == CONTENT["one"]
    assert sets["broker"].folder != sets["connectors"].folder
    assert [path for path in repository.asked if path.endswith(".jar")] != []
    repository.asked.clear()
    ready_jars(environment, lock)
    assert repository.asked == []


def test_nothing_half_fetched_stays_in_the_cache(environment, lock, tmp_path):
    ready_jars(environment, lock)
    assert sorted(path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()) == [
        "one-1.0.jar",
        "two-1.0.jar",
    ]
    assert [path for path in (tmp_path / "cache" / "jars").iterdir() if path.name.startswith(".")] == []


def test_a_jar_that_is_not_the_locked_one_is_refused(environment, lock, repository, tmp_path):
    repository.files["/org/shop/one/1.0/one-1.0.jar"] = b"something else"
    found, wanted = hashlib.sha256(b"something else").hexdigest(), hashlib.sha256(CONTENT["one"]).hexdigest()
    with pytest.raises(JarError) as caught:
        ready_jars(environment, lock)
    assert str(caught.value) == (
        f"org.shop:one:1.0 is refused; found SHA-256 {found} from {repository.url} instead of {wanted} of "
        "tally/jars.lock; name a repository that serves the original: MAVEN_REPO_URL=…"
    )
    assert not list(tmp_path.rglob("one-1.0.jar"))


def test_a_jar_changed_in_the_cache_is_refused(environment, lock):
    sets = ready_jars(environment, lock)
    path = sets["connectors"].path(sets["connectors"].jars[0])
    path.write_bytes(b"second jaR")
    with pytest.raises(JarError) as caught:
        ready_jars(environment, lock)
    assert str(caught.value) == (
        f"{path} is not the jar that tally/jars.lock names; found SHA-256 {hashlib.sha256(b'second jaR').hexdigest()} "
        f"instead of {hashlib.sha256(CONTENT['two']).hexdigest()} for org.shop:two:1.0; delete the file and run "
        "`make setup` to fetch it again"
    )


def test_a_failed_fetch_says_what_from_where_and_what_to_do(environment, lock, repository):
    repository.files.clear()
    with pytest.raises(JarError) as caught:
        ready_jars(environment, lock)
    first, second = str(caught.value).splitlines()
    assert first.startswith(f"org.shop:one:1.0 could not be fetched; asked {repository.url}: ")
    assert second.startswith(f"org.shop:two:1.0 could not be fetched; asked {repository.url}: ")
    assert first.endswith(
        "; check the network or proxy, or name a mirror (MAVEN_REPO_URL=…), and run `make setup` again: "
        "what was fetched is kept"
    )


def test_what_was_fetched_before_a_failure_is_kept(environment, lock, repository):
    missing = repository.files.pop("/org/shop/two/1.0/two-1.0.jar")
    with pytest.raises(JarError, match=r"org\.shop:two:1\.0"):
        ready_jars(environment, lock)
    repository.files["/org/shop/two/1.0/two-1.0.jar"] = missing
    repository.asked.clear()
    ready_jars(environment, lock)
    assert {path.split("/")[3] for path in repository.asked} == {"two"}


def test_an_address_where_nothing_answers_is_named(lock, tmp_path):
    environment = {"TALLY_CACHE": str(tmp_path), "MAVEN_REPO_URL": "http://127.0.0.1:9"}
    with pytest.raises(JarError, match=r"org.shop:one:1.0 could not be fetched; asked http://127.0.0.1:9: .*refused"):
        ready_jars(environment, lock)


def test_a_cache_that_can_not_be_made_is_said(lock, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        JarError, match=r"the jar cache can't be written; found .*file/jars: Not a directory; make it writable"
    ):
        ready_jars({"TALLY_CACHE": str(tmp_path / "file")}, lock)


def test_another_lock_has_another_folder(environment, lock):
    before = jar_sets(environment, lock)["broker"].folder
    lock.write_text(lock.read_text().replace("one:1.0", "one:1.1"))
    assert jar_sets(environment, lock)["broker"].folder != before


def test_a_line_that_names_no_jar_is_said(lock):
    lock.write_text("[broker]\norg.shop:one 12\n")
    with pytest.raises(JarError) as caught:
        read_lock(lock)
    assert str(caught.value) == (
        f"{lock}, line 2: no jar; found 'org.shop:one 12'; write group:artifact:version and its SHA-256"
    )


def test_the_projects_lock_names_broker_and_connectors_once_each():
    groups = read_lock()
    assert tuple(groups) == GROUPS
    assert sorted(jar.coordinates for jar in groups["connectors"]) == [
        "org.apache.flink:flink-connector-jdbc-core:4.0.0-2.0",
        "org.apache.flink:flink-connector-jdbc-postgres:4.0.0-2.0",
        "org.apache.flink:flink-sql-connector-kafka:5.0.0-2.2",
        "org.postgresql:postgresql:42.7.13",
    ]
    names = [f"{jar.group_id}:{jar.artifact_id}" for jar in groups["broker"]]
    assert len(names) == len(set(names))


def test_the_cache_is_the_variables_then_the_users():
    assert str(cache_dir({"TALLY_CACHE": "/c"})) == "/c/jars"
    assert cache_dir({}).parts[-2:] == ("tallystream", "jars")


def test_a_failed_fetch_ends_make_setup_with_one_line(monkeypatch, capsys, tmp_path, lock):
    monkeypatch.setenv("TALLY_CACHE", str(tmp_path))
    monkeypatch.setenv("MAVEN_REPO_URL", "http://127.0.0.1:9")
    assert jars.main() == 1
    assert capsys.readouterr().err.startswith("setup: ")
