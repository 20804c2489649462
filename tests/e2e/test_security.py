"""The running line from outside: loopback only, no secret anywhere, hostile texts as data from Kafka to page."""

import csv
import io
import ipaddress
import json
import mmap
import os
import re
import socket
import stat
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psutil
import psycopg2
import pytest
from psycopg2 import sql

from tests.dashboard.browser import executable, launched
from tests.line import TALLY

pytestmark = pytest.mark.e2e

PROCESSES = ("supervisor", "kafka", "postgres", "job", "archive", "inbox", "dashboard")
# what each has to listen on: Kafka's broker and controller, py4j's both ends, Flink's REST and file server
FEWEST_PORTS = {"kafka": 2, "postgres": 1, "job": 4, "dashboard": 1}
# the only files that may hold a password or the buyer key
KEEPERS = ("postgres/passwords/*", "run/database.json", "run/state.json", "run/*.pgpass", "run/buyer.key")
# the events themselves, as they came
RAW = ("kafka", "archive", "inbox")
CUSTOMER = "canary-of-customer-7f3d"
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
PRICE = 100_000_000_000
TEXTS = [
    "'); DROP TABLE tally.sales_10s; --",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    '=HYPERLINK("http://shop.example/steal","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "＝1＋1",
    "\u202etxt.exe\u2066 bidi \u2069",
    "back\\slash \\n \\u0000 ${topic} {0} %s %(sku)s $1",
    "a\r\nb,\"c\";'d'\t[link](javascript:alert(3)) **bold** :red[x]",
    "商" * 64 + "😀" * 64,
]


def secrets_of(home: Path) -> dict[str, str]:
    """Return every password and the buyer key by name."""
    found = {path.name: path.read_text().strip() for path in (home / "postgres" / "passwords").iterdir()}
    return found | {"buyer key": (home / "run" / "buyer.key").read_text().strip()}


def sale(number: int, text: str, at_ms: int) -> dict:
    """Return a sale whose every text is hostile, in a second of its own."""
    return {
        "event_id": f"{number}{text}"[:128], "event_type": "sale", "event_time": at_ms - 1_000 * number, "sku": text,
        "warehouse_id": text, "quantity": 10, "currency": "CNY", "order_id": text, "line_no": 1, "channel": text,
        "region": text, "unit_amount": PRICE, "customer_id": f"{CUSTOMER}-{number}",
    }  # fmt: skip


@pytest.fixture(scope="module")
def jndi():
    """A port where a text that is looked up instead of written would call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.fixture(scope="module")
def shop(line, jndi):
    """Publish hostile events, good and bad, through the inbox; return their texts once all of it is visible."""
    texts = [*TEXTS, f"${{jndi:ldap://127.0.0.1:{jndi.getsockname()[1]}/x}}"]
    assert [text for text in texts if not 1 <= len(text) <= 128] == []
    now_ms = round(time.time() * 1000)
    lines = [json.dumps(sale(number, text, now_ms)) for number, text in enumerate(texts, 1)]
    broken = [
        json.dumps({**sale(50 + number, text, now_ms), "quantity": 2.9}, ensure_ascii=False)
        for number, text in enumerate(texts)
    ]
    odd = [
        json.dumps({**sale(90, "odd", now_ms), "customer_id": [CUSTOMER]}),
        json.dumps({**sale(91, "odd", now_ms), "currency": texts[-1]}),
        f'{{"customer_id":"{CUSTOMER}","event_id":"cut',
        f"customer_id={CUSTOMER}",
        f'{{"custom\\u0065r_id" "{CUSTOMER}"}}',
    ]
    hidden = line.home / "inbox" / ".hostile.tmp"
    hidden.write_text("\n".join([*lines, *broken, *odd]))
    hidden.rename(line.home / "inbox" / "hostile.ndjson")
    line.tally("wait", "--timeout", "120s")
    return texts


@pytest.fixture(scope="module")
def read(line):
    """Read as the reader, over one connection."""
    with closing(psycopg2.connect(line.status()["database_url"])) as connection, connection.cursor() as cursor:

        def rows(statement: str, *values: str) -> list[tuple]:
            cursor.execute(statement, values)
            return cursor.fetchall()

        yield rows
        connection.rollback()


@pytest.fixture(scope="module")
def dashboard(line):
    return line.status()["dashboard_url"]


def flink_base(line) -> str:
    return re.findall(r"http://127\.0\.0\.1:\d+", (line.home / "logs" / "job.log").read_text())[-1]


def asked(address: str, data: bytes | None = None) -> tuple[int, str]:
    """Return the status and text of an answer, an error's too."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data), timeout=30) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")


def flink_answers(base: str) -> dict[str, str]:
    """Return what Flink tells about itself, its job, its workers and their logs, by path."""
    job = json.loads(asked(f"{base}/jobs/overview")[1])["jobs"][0]["jid"]
    worker = json.loads(asked(f"{base}/taskmanagers")[1])["taskmanagers"][0]["id"]
    vertices = [one["id"] for one in json.loads(asked(f"{base}/jobs/{job}")[1])["vertices"]]
    logs = [one["name"] for one in json.loads(asked(f"{base}/taskmanagers/{worker}/logs")[1])["logs"]]
    paths = [
        "/config", "/overview", "/jobmanager/config", "/jobmanager/environment", "/jobmanager/logs",
        "/jobmanager/thread-dump", "/jobs/overview", f"/taskmanagers/{worker}", f"/taskmanagers/{worker}/thread-dump",
        *(f"/taskmanagers/{worker}/logs/{name}" for name in logs),
        *(f"/jobs/{job}{part}" for part in ("", "/config", "/plan", "/exceptions", "/checkpoints", "/accumulators",
                                            "/checkpoints/config", "/jobmanager/config", "/jobmanager/environment")),
        *(f"/jobs/{job}/vertices/{one}{part}" for one in vertices for part in ("", "/accumulators", "/metrics")),
    ]  # fmt: skip
    return {path: asked(base + path)[1] for path in paths}


def files_with(home: Path, texts: list[str], leave_out: tuple[str, ...] = ()) -> set[Path]:
    """Return the files below a home, the database's too, that hold one of the texts."""
    found = set()
    folders = [home, (home / "postgres" / "data").resolve()]
    for folder in folders:
        for root, names, files in os.walk(folder):
            names[:] = [name for name in names if not (Path(root) == home and name in leave_out)]
            found |= {path for path in (Path(root) / name for name in files) if holds(path, texts)}
    return found


def holds(path: Path, texts: list[str]) -> bool:
    try:
        if not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size == 0:
            return False
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return any(content.find(text.encode()) >= 0 for text in texts)
    except FileNotFoundError:  # a checkpoint's file that was cleared away since
        return False


def everything(line) -> dict[str, list[psutil.Process]]:
    """Return every process of the line with all that it started, by the child's name."""
    found = {one["name"]: psutil.Process(one["pid"]) for one in line.status()["processes"]}
    assert set(found) >= set(PROCESSES)
    started = {name: [] if name == "supervisor" else one.children(recursive=True) for name, one in found.items()}
    return {name: [one, *started[name]] for name, one in found.items()}


def told(ask: Callable, *arguments: str) -> list:
    """Return what a process tells of itself, nothing once it has ended: Postgres's own workers come and go."""
    try:
        return ask(*arguments)
    except psutil.NoSuchProcess:
        return []


def listening(processes: list[psutil.Process]) -> list[str]:
    """Return the addresses on which processes take connections or datagrams."""
    sockets = [one for process in processes for one in told(process.net_connections, "inet")]
    return [
        one.laddr.ip
        for one in sockets
        if one.status == psutil.CONN_LISTEN or (one.type == socket.SOCK_DGRAM and not one.raddr)
    ]


def test_every_port_of_every_process_is_on_loopback(line):
    addresses = {name: listening(processes) for name, processes in everything(line).items()}
    outside = {name: [ip for ip in found if not is_loopback(ip)] for name, found in addresses.items()}
    assert outside == {name: [] for name in addresses}
    few = {name: addresses[name] for name, fewest in FEWEST_PORTS.items() if len(addresses[name]) < fewest}
    assert few == {}, "a port that the test does not see proves nothing"


def is_loopback(ip: str) -> bool:
    address = ipaddress.ip_address(ip)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


@pytest.mark.parametrize("path", ["/jars/upload", "/jars/x/run", "/jars"])
def test_flink_takes_no_code_over_its_rest_port(line, path):
    assert asked(flink_base(line) + path, None if path == "/jars" else b"x")[0] == 404


def test_no_secret_is_in_a_file_but_those_that_keep_it_for_this_user_only(line, shop):
    keepers = {path for pattern in KEEPERS for path in line.home.glob(pattern)}
    found = files_with(line.home, list(secrets_of(line.home).values()))
    assert found - keepers == set()
    assert {str(path): oct(path.stat().st_mode & 0o777) for path in keepers if path.stat().st_mode & 0o077} == {}
    assert {"job.pgpass", "buyer.key", "database.json", "tally_writer"} <= {path.name for path in found}


def test_no_secret_is_in_the_arguments_of_a_process(line):
    secrets = secrets_of(line.home)
    each = [(name, process) for name, processes in everything(line).items() for process in processes]
    arguments = {f"{name} {process.pid}": " ".join(told(process.cmdline)) for name, process in each}
    assert {who.split()[0] for who, text in arguments.items() if text} >= set(PROCESSES)
    assert [(who, name) for who, text in arguments.items() for name, secret in secrets.items() if secret in text] == []


def test_no_secret_is_in_what_flink_tells(line, shop):
    answers = flink_answers(flink_base(line))
    assert any("jdbc:postgresql" in text or "sales_10s" in text for text in answers.values())
    secrets = {**secrets_of(line.home), "customer": CUSTOMER}
    assert [(path, name) for path, text in answers.items() for name, one in secrets.items() if one in text] == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("doctor",), None), (("sql", "SELEC 1"), 1), (("sql", "DROP VIEW tally.sales_today"), 1),
     (("audit", "--json"), 0)],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)  # fmt: skip
def test_no_secret_is_in_what_a_command_says(line, shop, arguments, code):
    done = subprocess.run([TALLY, *arguments], env=line.environment, capture_output=True, text=True, timeout=300)
    assert code is None or done.returncode == code, done.stderr
    said = done.stdout + done.stderr
    assert said and [name for name, secret in secrets_of(line.home).items() if secret in said] == []


@pytest.mark.parametrize("arguments", [("status",), ("status", "--json")], ids=" ".join)
def test_the_only_password_that_status_shows_is_the_readers(line, arguments):
    said = line.tally(*arguments)
    assert [name for name, secret in secrets_of(line.home).items() if secret in said] == ["tally_reader"]


def test_a_customers_id_is_in_no_table_and_no_file_but_the_raw_events(line, shop):
    address = (
        f"postgresql://postgres:{secrets_of(line.home)['postgres']}@" + line.status()["database_url"].split("@")[1]
    )
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'tally'::regnamespace AND relkind = 'r'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        counted = {}
        for name in tables:
            query = sql.SQL("SELECT count(*), count(*) FILTER (WHERE strpos(t::text, %s) > 0) FROM {} AS t")
            cursor.execute(query.format(sql.Identifier("tally", name)), [CUSTOMER])
            counted[name] = cursor.fetchone()
    assert {name: rows for name, rows in counted.items() if rows[1]} == {}
    assert counted["rejected_records"][0] >= len(shop) + 5 and counted["day_buyers"][0] > 0
    assert files_with(line.home, [CUSTOMER], RAW) == set()


COUNTED = {
    "SELECT sum(units), sum(gross_amount) FROM product_sales_by_day WHERE sku = %s": (10, 10 * PRICE),
    "SELECT sum(units) FROM sales_by_day WHERE channel = %s": (10,),
    "SELECT sum(units) FROM sales_by_hour WHERE region = %s": (10,),
    "SELECT sum(sold) FROM stock_flow_by_day WHERE warehouse_id = %s": (10,),
    "SELECT sum(available) FROM stock_on_hand WHERE sku = %s": (-10,),
    "SELECT count(*) FROM latest_orders WHERE order_id = %s": (1,),
}


@pytest.mark.parametrize("statement", COUNTED, ids=lambda statement: statement.split(" FROM ")[1].split()[0])
def test_each_hostile_text_is_counted_under_its_own_name(read, shop, statement):
    assert {text: read(statement, text) for text in shop} == {text: [COUNTED[statement]] for text in shop}


def test_an_order_keeps_all_of_its_hostile_texts_apart(read, shop):
    rows = read("SELECT order_id, sku, channel, region FROM latest_orders WHERE amount = %s", 10 * PRICE)
    assert sorted(rows) == sorted((text,) * 4 for text in shop)


def test_each_broken_hostile_line_is_kept_with_its_reason_and_without_its_customer(read, shop):
    rows = read("SELECT file_line, reason, line FROM rejected_events WHERE file = %s ORDER BY 1", "hostile.ndjson")
    assert [row[0] for row in rows] == list(range(len(shop) + 1, 2 * len(shop) + 6))
    assert {row[1] for row in rows[: len(shop)]} == {"quantity is not an integer: 2.9"}
    assert [json.loads(row[2])["sku"] for row in rows[: len(shop)]] == shop
    assert {json.loads(row[2])["customer_id"] for row in rows[: len(shop) + 2]} == {"***"}


def test_nothing_called_the_address_in_a_text(line, shop, jndi):
    with pytest.raises(BlockingIOError):
        jndi.accept()


def test_the_job_went_on_through_it(line, shop):
    assert line.status()["job"]["state"] == "RUNNING"
    assert json.loads(line.tally("audit", "--json"))["verdict"] == "equal"


@pytest.mark.parametrize(
    ("name", "column"),
    [("latest_orders", "order_id"), ("latest_orders", "sku"), ("top_products_today", "sku"),
     ("regions_today", "region"), ("channels_today", "channel")],
)  # fmt: skip
def test_a_csv_holds_each_text_and_no_formula(dashboard, shop, name, column):
    rows = downloaded(dashboard, name)
    cells = [cell for row in rows for cell in row.values()]
    numbers = re.compile(r"-?[\d.]+(E[+-]?\d+)?")
    assert [cell for cell in cells if cell.startswith(FORMULA) and not numbers.fullmatch(cell)] == []
    found = {row[column] for row in rows}
    expected = {f"'{text}" if text.startswith(FORMULA) else text for text in shop}
    assert len(found & expected) >= min(len(rows), len(expected), 10)


def test_a_hostile_text_in_an_address_is_a_filter_and_nothing_else(dashboard, shop):
    for text in shop:
        (row,) = downloaded(dashboard, "stock_exceptions", warehouse=text, state="oversold")
        assert row["warehouse_id"] == (f"'{text}" if text.startswith(FORMULA) else text)
    assert downloaded(dashboard, "stock_exceptions", warehouse="' OR '1'='1") == []


def downloaded(dashboard: str, name: str, **parameters: str) -> list[dict[str, str]]:
    """Return a panel's CSV as a spreadsheet reads it, once the page's store has the newest rows."""
    address = f"{dashboard}/csv/{name}.csv?{urlencode(parameters)}"
    status, text = asked(address)
    deadline = time.monotonic() + 30
    while status == 503 and time.monotonic() < deadline:
        time.sleep(0.2)
        status, text = asked(address)
    assert status == 200, text
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/", "/inventory", "/health", "/wall"])
def test_a_page_shows_the_texts_and_runs_none(dashboard, shop, path):
    browser_path = executable()
    if browser_path is None and not os.environ.get("CI"):
        pytest.skip("no Chromium is installed; looked for chromium, chromium-browser, google-chrome; install one")
    with launched(browser_path) as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 2000})
        dialogs, hosts = [], set()
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname or "inline"))
        page.goto(dashboard + path)
        page.wait_for_function(
            "document.querySelector('.ts-head, .ts-wallh') && !document.querySelector('.ts-skel')", timeout=60_000
        )
        if path in ("/", "/wall"):
            page.wait_for_function("text => document.body.innerText.includes(text)", arg=shop[0], timeout=60_000)
            assert page.locator("text=<img src=x onerror").count() > 0, "it is text"
        assert page.locator("img[onerror], a[href^='javascript:']").count() == 0
        if path == "/inventory":
            page.locator("[data-testid=stDataFrame]").first.hover()
            page.wait_for_selector("[data-testid=stElementToolbar] [aria-label='Search']", state="visible")
            # Streamlit's own download quotes no formula: it is there, and hidden
            its_own = page.locator("[aria-label='Download as CSV']")
            assert its_own.count() == 1 and not its_own.is_visible()
        assert (dialogs, hosts - {"127.0.0.1", "inline"}) == ([], set())
