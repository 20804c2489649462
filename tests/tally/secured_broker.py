"""A real broker that lets in only whom it knows: TLS both ways, and a user with a password (SCRAM)."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from tally.home import Home
from tally.jars import ready_jars
from tally.jvm import find_java
from tally.kafka import MAX_MESSAGE_BYTES, SERVER_PROPERTIES, Broker
from tally.ports import LOOPBACK, free_port
from tests.tally.broker import wait_until_up

USER, PASSWORD, BROKERS_PASSWORD = "tally", "pass\\word of the shop", "the own one of the broker"
SECURED = """\
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.broker.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
username="broker" password="{password}";
ssl.keystore.type=PEM
ssl.keystore.location={keys}
ssl.truststore.type=PEM
ssl.truststore.location={authority}
ssl.client.auth=required
"""


@dataclass(frozen=True)
class Secured:
    """The broker's address, and the files with which a client is let in."""

    bootstrap: str
    password: Path
    authority: Path
    key: Path

    @property
    def variables(self) -> dict[str, str]:
        """Return the settings of a line that uses it."""
        return {
            "TALLY_KAFKA": self.bootstrap,
            "TALLY_KAFKA_SECURITY": "SASL_SSL",
            "TALLY_KAFKA_USER": USER,
            "TALLY_KAFKA_PASSWORD_FILE": str(self.password),
            "TALLY_KAFKA_CA_FILE": str(self.authority),
            "TALLY_KAFKA_KEY_FILE": str(self.key),
        }


def write_keys(authority: trustme.CA, name: str, path: Path) -> Path:
    """Write a key, in the only form that Java reads (PKCS 8), with its certificates."""
    issued = authority.issue_cert(name)
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + chain)
    return path


def prepare(broker: Broker, keys: Path, authority: Path) -> None:
    """Write the configuration and format the storage with the two users."""
    data = broker.home.kafka / "data"
    text = SERVER_PROPERTIES.format(
        host=LOOPBACK, port=broker.port, controller_port=broker.controller_port, data=data,
        max_message_bytes=MAX_MESSAGE_BYTES,
    ).replace("BROKER:PLAINTEXT", "BROKER:SASL_SSL")  # fmt: skip
    broker.properties.write_text(text + SECURED.format(password=BROKERS_PASSWORD, keys=keys, authority=authority))
    broker.properties.with_name("log4j2.xml").write_text("<Configuration/>")
    tool = ["kafka.tools.StorageTool", "format", "--standalone", "-t", "MkU3OEVBNTcwNTJENDM2Qk"]
    for user, password in ((USER, PASSWORD), ("broker", BROKERS_PASSWORD)):
        tool += ["--add-scram", f'SCRAM-SHA-512=[name={user},password="{password}"]']
    subprocess.run(broker.java_command(*tool, "-c", str(broker.properties)), check=True, capture_output=True)


@contextmanager
def secured_broker(folder: Path, allow) -> Iterator[Secured]:
    """Give a broker that runs while the block does; `allow` is called with its variables before it is asked."""
    home, authority = Home(folder), trustme.CA()
    home.prepare()
    files = [folder / name for name in ("ca.pem", "broker.pem", "client.pem", "password")]
    authority.cert_pem.write_to_path(str(files[0]))
    write_keys(authority, LOOPBACK, files[1])
    write_keys(authority, "tally.shop.example", files[2])
    files[3].write_text(PASSWORD + "\n")
    broker = Broker(home, find_java(), ready_jars()["broker"], free_port(), free_port())
    prepare(broker, files[1], files[0])
    secured = Secured(broker.bootstrap, files[3], files[0], files[2])
    allow(secured.variables)
    with (home.logs / "kafka.log").open("wb") as log:
        process = subprocess.Popen(broker.command(), stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_until_up(broker, process)
            yield secured
        finally:
            process.terminate()
            process.wait(30)
