"""The whole line of one home: which processes there are, what each is told, and in which order they start."""

import signal
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

from tally.buyer_key import keep_buyer_key
from tally.child import Child, ChildSpec
from tally.child_environment import child_environment
from tally.database import has_row, save_urls
from tally.flink_cluster import cluster_specs
from tally.handing_over import hand_over
from tally.home import Home
from tally.jars import GROUPS, JarSet, ready_jars
from tally.jvm import Java, find_java
from tally.kafka import Broker, ensure_topics, is_answering
from tally.migrate import set_up
from tally.ports import LOOPBACK, KeptPorts
from tally.postgres import DatabaseUrls, EmbeddedPostgres
from tally.postgres_binaries import find_binaries, zone_folder
from tally.preparing import prepare_database, prepare_topics
from tally.processes import MARK
from tally.server_demands import check_server
from tally.settings import Settings
from tally.supervisor import Supervisor, python_command

ANSWER_SECONDS = 5
FRESH_SECONDS = 30.0
# on a cluster it waits for that, and for room in it, before it says so and ends
JOB_START_SECONDS = 240.0
JOB_CURE = (
    "mend what they say; if they speak of a checkpoint that does not fit, `tally rebuild` makes every result again "
    "from the log at the next start"
)
EVERYWHERE = ("0.0.0.0", "::", "")


@dataclass(frozen=True)
class Ground:
    """What must be there before the first process starts."""

    java: Java
    jars: dict[str, JarSet]
    kafka_ports: tuple[int, int]
    postgres_port: int
    dashboard_port: int
    # of the cluster that is started here: REST and RPC
    flink_ports: tuple[int, int] = (0, 0)


def prepare_ground(settings: Settings, home: Home) -> Ground:
    """Check and fetch what every process needs; raise a TallyError that names what is missing and the cure."""
    ports = KeptPorts(home.run / "ports.json")
    kafka_ports = (0, 0)
    if not settings.kafka:
        broker = ports.choose("kafka", settings.kafka_port, "Kafka", "TALLY_KAFKA_PORT")
        kafka_ports = (broker, ports.choose("kafka_controller", 0, "Kafka's controller", "TALLY_KAFKA_PORT"))
    postgres = 0
    if not settings.database_url:
        postgres = ports.choose("postgres", settings.postgres_port, "Postgres", "TALLY_POSTGRES_PORT")
    dashboard = settings.port
    if "dashboard" in settings.parts:
        dashboard = ports.choose("dashboard", settings.port, "the dashboard", "TALLY_PORT", settings.host)
    flink = (0, 0)
    if settings.cluster:
        rest = ports.choose("flink_rest", 0, "Flink's REST interface", "TALLY_CLUSTER")
        flink = (rest, ports.choose("flink_rpc", 0, "Flink's RPC service", "TALLY_CLUSTER"))
    # a Kafka of your own brings its jars itself
    groups = ("connectors",) if settings.kafka else GROUPS
    return Ground(find_java(), ready_jars(names=groups), kafka_ports, postgres, dashboard, flink)


def bracketed(host: str) -> str:
    """Return a host as an address holds it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def is_fresh(path: Path, now: Callable[[], float] = time.time) -> bool:
    """Tell whether a file was written within the last seconds."""
    try:
        return now() - path.stat().st_mtime < FRESH_SECONDS
    except FileNotFoundError:
        return False


@dataclass
class Line:
    """Starts the processes of one home under a supervisor."""

    settings: Settings
    home: Home
    ground: Ground
    supervisor: Supervisor
    kafka: str = ""
    urls: DatabaseUrls | None = None
    children: dict[str, Child] = field(default_factory=dict)

    @property
    def dashboard_url(self) -> str:
        """Return the one address to open."""
        host = LOOPBACK if self.settings.host in EVERYWHERE else self.settings.host
        return f"http://{bracketed(host)}:{self.ground.dashboard_port}"

    @property
    def flink(self) -> str:
        """Return the address of the cluster that the job runs on, empty where Flink is in the job's own process."""
        return f"{LOOPBACK}:{self.ground.flink_ports[0]}" if self.settings.cluster else self.settings.flink

    def has(self, part: str) -> bool:
        """Tell whether this home runs a part."""
        return part in self.settings.parts

    def start_services(self, progress: Callable[[str], None]) -> None:
        """Start Kafka and Postgres side by side, then bring topics, roles, tables and views into place.

        Where the job runs elsewhere, all of it was brought into place there.
        """
        if not self.has("job"):
            progress("waiting for Kafka and tables")
            self.use_what_is_prepared()
            return
        if not self.settings.kafka:
            progress("starting Kafka and Postgres")
            broker = self.prepare_broker()
            self.start(
                ChildSpec("kafka", tuple(broker.command()), self.environment(), lambda: is_answering(self.kafka))
            )
        server = None if self.settings.database_url else self.start_postgres()
        for name in ("kafka", "postgres"):
            if name in self.children:
                self.supervisor.wait_up(self.children[name])
        progress("preparing topics and tables")
        self.prepare_topics()
        self.prepare_database(server)

    def use_what_is_prepared(self) -> None:
        """Take the given addresses as they are: the database's is that of the writer's role."""
        url = self.settings.database_url
        self.kafka, self.urls = self.settings.kafka, DatabaseUrls(owner=url, writer=url, reader="", dashboard=url)
        save_urls(self.home, self.urls)
        address = self.dashboard_url if self.has("dashboard") else ""
        self.supervisor.describe(kafka=self.kafka, topic=self.settings.topic, dashboard_url=address)

    def prepare_broker(self) -> Broker:
        """Write the embedded broker's configuration; format its storage the first time."""
        ports = self.ground.kafka_ports
        broker = Broker(self.home, self.ground.java, self.ground.jars["broker"], *ports, self.settings.log_level)
        broker.prepare()
        self.kafka = broker.bootstrap
        return broker

    def start_postgres(self) -> EmbeddedPostgres:
        """Start the embedded Postgres."""
        server = EmbeddedPostgres(self.home.root, self.ground.postgres_port)
        spec = ChildSpec(
            "postgres",
            server.command(),
            self.environment(),
            server.is_ready,
            # fast shutdown: connections are cut, data is written
            stop_signal=signal.SIGINT,
        )
        self.start(spec)
        return server

    def prepare_topics(self) -> None:
        """Create or check the topics; raise KafkaError when your own Kafka does not answer."""
        self.kafka = self.settings.kafka or self.kafka
        if self.settings.kafka:
            prepare_topics(self.settings)
        else:
            ensure_topics(self.kafka, self.settings.topic, self.settings.partitions)

    def prepare_database(self, server: EmbeddedPostgres | None) -> None:
        """Migrate the database, check that it fits, and keep its addresses; raise DemandError when it does not fit."""
        self.urls = (
            prepare_database(self.settings, self.home, self.supervisor.say)
            if server is None
            else self.prepare_embedded(server)
        )
        address = self.dashboard_url if self.has("dashboard") else ""
        self.supervisor.describe(
            kafka=self.kafka, topic=self.settings.topic, database_url=self.urls.reader, dashboard_url=address
        )

    def prepare_embedded(self, server: EmbeddedPostgres) -> DatabaseUrls:
        """Migrate the embedded database, and keep its addresses."""
        for note in set_up(server).notes:
            self.supervisor.say(note)
        urls = server.urls()
        check_server(urls.writer, self.settings)
        save_urls(self.home, urls)
        return urls

    def start_parts(self) -> None:
        """Start the job with its cluster, archive, inbox and dashboard side by side."""
        hand_over(self.urls, keep_buyer_key(self.home))
        for spec in self.part_specs():
            self.start(spec)

    def start_generator(self, arguments: Sequence[str]) -> None:
        """Start the demo's generator."""
        spec = ChildSpec(
            "generator",
            python_command("generator", *arguments),
            self.environment(),
            # it writes its progress every second
            lambda: is_fresh(self.home.generator / "progress.json"),
            endings={0: "the generator has ended"},
        )
        self.start(spec)

    def part_specs(self) -> list[ChildSpec]:
        """Return how our own parts are run."""
        writer = self.environment(DATABASE_URL=self.urls.writer)
        dashboard = self.environment(DATABASE_URL=self.urls.dashboard, TALLY_PORT=str(self.ground.dashboard_port))
        # what an earlier start left in the tables is no sign of life
        start = {"since": datetime.now(UTC)}
        signs = {name: partial(has_row, self.urls.writer, f"{name}_is_alive", start) for name in ("job", "archive")}
        specs = [
            ChildSpec(
                "job", python_command("pipeline"), writer, signs["job"], start_seconds=JOB_START_SECONDS, cure=JOB_CURE
            ),
            ChildSpec("archive", python_command("tally.archive"), writer, signs["archive"]),
            ChildSpec("inbox", python_command("tally.inbox"), self.environment()),
            ChildSpec("dashboard", python_command("dashboard"), dashboard, self.dashboard_answers),
        ]
        cluster = cluster_specs(self) if self.settings.cluster and self.has("job") else []
        return [*cluster, *(spec for spec in specs if self.has(spec.name))]

    def start(self, spec: ChildSpec) -> None:
        """Start a child under its name."""
        self.children[spec.name] = self.supervisor.start(spec)

    def dashboard_answers(self) -> bool:
        """Tell whether the dashboard serves."""
        address = f"{self.dashboard_url}/_stcore/health"
        # straight to our own process, whatever proxy the environment names
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(address, timeout=ANSWER_SECONDS) as answer:
                return answer.status == 200
        except OSError:
            return False

    def environment(self, **more: str) -> dict[str, str]:
        """Return a child's whole environment; the mark tells the next start whose it was."""
        common = child_environment(self.settings, self.home, self.ground.java, self.ground.jars)
        address = {"TALLY_KAFKA": self.kafka} if self.kafka else {}
        address |= {"TALLY_FLINK": self.flink} if self.flink else {}
        return {**common, MARK: str(self.home.root), **self.zone_files, **address, **more}

    @cached_property
    def zone_files(self) -> dict[str, str]:
        """Return what lets every Python child read the embedded Postgres's zone files: they differ between versions."""
        folder = None if self.settings.database_url else zone_folder(find_binaries())
        return {} if folder is None else {"PYTHONTZPATH": str(folder)}
