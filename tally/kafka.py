"""The log: one embedded KRaft broker, or yours; its topics with the settings that exactness needs."""

import subprocess
import sys
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tally.errors import TallyError
from tally.home import Home, write_atomically
from tally.jars import JarSet
from tally.jvm import Java
from tally.kafka_access import client_options
from tally.ports import LOOPBACK

MAX_MESSAGE_BYTES = 2 * 1024 * 1024
LEDGER_PARTITIONS = 1
ANSWER_SECONDS = 5.0
CREATE_SECONDS = 30.0
RETRY_SECONDS = 0.1
FORMAT_SECONDS = 120
# All of it at once: a heap that grows by a step hours after the start looks like a leak (`make soak`).
HEAP = ("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch")

# Topics hold their own settings too; these are for what the broker makes itself. One node: every factor is 1.
SERVER_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={host}:{controller_port}
listeners=BROKER://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=BROKER://{host}:{port},CONTROLLER://{host}:{controller_port}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
log.retention.ms=-1
log.retention.bytes=-1
log.segment.bytes=268435456
message.max.bytes={max_message_bytes}
log.flush.interval.ms=1000
log.flush.scheduler.interval.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=1000
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
offsets.retention.minutes=5256000
group.initial.rebalance.delay.ms=0
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
transaction.max.timeout.ms=3600000
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
"""

LOG4J = """\
<Configuration status="WARN">
  <Appenders>
    <Console name="out">
      <PatternLayout pattern="%d{{yyyy-MM-dd'T'HH:mm:ss.SSS'Z'}}{{UTC}} %-5p %m (%c{{1}})%n"/>
    </Console>
  </Appenders>
  <Loggers><Root level="{level}"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
"""


class KafkaError(TallyError):
    """The log can't be reached, formatted or used."""


@dataclass(frozen=True)
class Broker:
    """The embedded broker of one home: where it keeps its data and on which loopback ports it listens."""

    home: Home
    java: Java
    jars: JarSet
    port: int
    controller_port: int
    log_level: str = "INFO"

    @property
    def bootstrap(self) -> str:
        """Return the address for clients."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def properties(self) -> Path:
        """Return the path of the broker's configuration."""
        return self.home.kafka / "server.properties"

    def prepare(self) -> None:
        """Write the configuration and format the storage once; raise KafkaError when that fails."""
        text = SERVER_PROPERTIES.format(
            host=LOOPBACK,
            port=self.port,
            controller_port=self.controller_port,
            data=self.home.kafka / "data",
            max_message_bytes=MAX_MESSAGE_BYTES,
        )
        write_atomically(self.properties, text)
        # Kafka's own INFO is chatter
        level = "INFO" if self.log_level == "DEBUG" else "WARN"
        write_atomically(self.home.kafka / "log4j2.xml", LOG4J.format(level=level))
        if not (self.home.kafka / "data" / "meta.properties").exists():
            self.format_storage()

    def format_storage(self) -> None:
        """Make the storage of a new one-node cluster."""
        cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # StorageTool would take an id that begins with a dash for an option
        cluster_id = "t" + cluster_id[1:]
        tool = ("kafka.tools.StorageTool", "format", "--standalone", "-t", cluster_id, "-c", str(self.properties))
        done = subprocess.run(
            self.java_command(*tool), capture_output=True, text=True, timeout=FORMAT_SECONDS, check=False
        )
        if done.returncode:
            raise KafkaError(
                f"Kafka's storage can't be formatted; found: {(done.stderr or done.stdout).strip()[-500:]}; "
                f"check space and permissions of {self.home.kafka}"
            )

    def command(self) -> list[str]:
        """Return the command line of the broker process."""
        return self.java_command("kafka.Kafka", str(self.properties))

    def java_command(self, *arguments: str) -> list[str]:
        """Return a Java command line with the broker's classpath and logging."""
        logging = f"-Dlog4j2.configurationFile={self.home.kafka / 'log4j2.xml'}"
        flags = [*HEAP, "-Duser.timezone=UTC", logging]
        return [str(self.java.executable), *flags, "-cp", self.jars.classpath(), *arguments]


def admin_client(bootstrap: str, on_error: Callable = lambda error: None):
    """Return an AdminClient; keep a reference to it while its futures are open, they fail without it."""
    from confluent_kafka.admin import AdminClient

    options = {"log_level": 0, "socket.timeout.ms": 10_000, "error_cb": on_error}
    return AdminClient({**client_options(bootstrap), **options})


def is_answering(bootstrap: str, seconds: float = ANSWER_SECONDS, refusals: list[str] | None = None) -> bool:
    """Tell whether a broker answers a metadata request in time; why it lets us not in goes into `refusals`."""
    from confluent_kafka import KafkaError as Code
    from confluent_kafka import KafkaException

    def note(error) -> None:
        if refusals is not None and error.code() in (Code._AUTHENTICATION, Code._SSL):
            refusals.append(error.str())

    admin = admin_client(bootstrap, note)
    try:
        return bool(admin.list_topics(timeout=seconds).brokers)
    except KafkaException:
        # errors are told to those who poll
        admin.poll(0)
        return False


def ledger_topic(topic: str) -> str:
    """Return the name of the inbox's ledger of a log; what is in one log says nothing about another."""
    return f"{topic}-inbox-ledger"


def topic_settings() -> dict[str, str]:
    """Return the settings of the log's topic."""
    return {
        "message.timestamp.type": "LogAppendTime",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
    }


def ensure_topics(bootstrap: str, topic: str, partitions: int) -> None:
    """Create the log's topic and the inbox's ledger where they are missing, and check the settings of both.

    Raise KafkaError when the broker refuses, or when an existing topic would make totals wrong.
    """
    from confluent_kafka import KafkaException

    admin = admin_client(bootstrap)
    try:
        create_missing(admin, topic, partitions)
        check_topic(admin, topic)
        check_ledger(admin, ledger_topic(topic))
    except KafkaException as error:
        raise KafkaError(
            f"the topics can't be created or read; found at {bootstrap}: {error.args[0]}; check that Kafka runs there "
            "and lets this client create topics"
        ) from error


def create_missing(admin, topic: str, partitions: int) -> None:
    """Create the two topics unless they exist."""
    from confluent_kafka import KafkaError as Code
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import NewTopic

    existing = admin.list_topics(timeout=CREATE_SECONDS).topics
    log = NewTopic(topic, partitions, config=topic_settings())
    ledger = NewTopic(ledger_topic(topic), LEDGER_PARTITIONS, config={"cleanup.policy": "compact"})
    missing = [one for one in (log, ledger) if one.topic not in existing]
    futures = admin.create_topics(missing, operation_timeout=CREATE_SECONDS) if missing else {}
    for future in futures.values():
        try:
            future.result(CREATE_SECONDS)
        except KafkaException as error:
            if error.args[0].code() != Code.TOPIC_ALREADY_EXISTS:
                raise
    for one in missing:
        await_leaders(admin, one.topic, one.num_partitions)


def await_leaders(admin, topic: str, partitions: int) -> None:
    """Wait until every partition of a topic that was just made has a leader; raise KafkaError when that takes long."""
    deadline = time.monotonic() + CREATE_SECONDS
    while True:
        found = admin.list_topics(topic, CREATE_SECONDS).topics[topic].partitions.values()
        if sum(one.leader >= 0 for one in found) >= partitions:
            return
        if time.monotonic() > deadline:
            raise KafkaError(
                f"the topic {topic} was made but can't be used; found no leader for some of its partitions after "
                f"{CREATE_SECONDS:.0f} s; see Kafka's log: tally logs kafka"
            )
        time.sleep(RETRY_SECONDS)


def describe_topic(admin, topic: str) -> dict[str, str | None]:
    """Return a topic's settings; one that was just made may be unknown to the broker for a moment."""
    from confluent_kafka import KafkaError as Code
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import ConfigResource

    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    deadline = time.monotonic() + CREATE_SECONDS
    while True:
        try:
            entries = admin.describe_configs([resource])[resource].result(CREATE_SECONDS)
            return {name: entry.value for name, entry in entries.items()}
        except KafkaException as error:
            if error.args[0].code() != Code.UNKNOWN_TOPIC_OR_PART or time.monotonic() > deadline:
                raise
        time.sleep(RETRY_SECONDS)


def check_topic(admin, topic: str) -> None:
    """Raise KafkaError when the topic of the log has settings under which totals could become wrong."""
    found = describe_topic(admin, topic)
    wrong = [
        f"{name} is {found.get(name)} and must be {value}"
        for name, value in topic_settings().items()
        if name in ("message.timestamp.type", "retention.ms", "retention.bytes") and found.get(name) != value
    ]
    if int(found.get("max.message.bytes") or 0) < MAX_MESSAGE_BYTES:
        wrong.append(f"max.message.bytes is {found.get('max.message.bytes')} and must be at least {MAX_MESSAGE_BYTES}")
    if "compact" in found.get("cleanup.policy", ""):
        wrong.append("cleanup.policy holds compact and must be delete")
    refuse(topic, "the log", wrong)


def check_ledger(admin, ledger: str) -> None:
    """Raise KafkaError when the inbox's ledger could forget what was published."""
    policy = describe_topic(admin, ledger).get("cleanup.policy")
    partitions = len(admin.list_topics(ledger, CREATE_SECONDS).topics[ledger].partitions)
    wrong = [] if policy == "compact" else [f"cleanup.policy is {policy} and must be compact"]
    if partitions != LEDGER_PARTITIONS:
        wrong.append(f"it has {partitions} partitions and must have {LEDGER_PARTITIONS}")
    refuse(ledger, "the inbox's ledger", wrong)


def refuse(topic: str, role: str, wrong: list[str]) -> None:
    """Raise KafkaError when something is wrong with a topic."""
    if wrong:
        raise KafkaError(
            f"the topic {topic} can't be {role}; found {'; '.join(wrong)}; alter the topic "
            "(kafka-configs.sh --alter), or name another log: TALLY_TOPIC=…"
        )


def main() -> int:
    """Tell whether the broker named on the command line answers (for scripts and health checks)."""
    return 0 if is_answering(sys.argv[1]) else 1


if __name__ == "__main__":
    sys.exit(main())
