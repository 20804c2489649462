"""How a Kafka lets the job in: TLS and SASL, as Java's client wants them."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
# Java's client is inside the connector's jar under other names.
SHADED = "org.apache.flink.kafka.shaded.org.apache.kafka.common.security"
LOGIN_MODULES = {
    "PLAIN": f"{SHADED}.plain.PlainLoginModule",
    "SCRAM-SHA-256": f"{SHADED}.scram.ScramLoginModule",
    "SCRAM-SHA-512": f"{SHADED}.scram.ScramLoginModule",
}
# As pipeline/settings.py has it for everything that stands between the quotes of a statement.
PLAIN_PATH = re.compile(r"[\w.,:;/@%&?=+~ \[\]-]*", re.ASCII)
LOGIN = 'KafkaClient {{\n  {module} required\n  username="{user}"\n  password="{password}";\n}};\n'


class Reader(Protocol):
    """What reads variables and collects their faults (pipeline/settings.py)."""

    faults: list[str]

    def text(self, name: str, default: str | None) -> str:
        """Return a variable's value, or the default."""


@dataclass(frozen=True)
class KafkaAccess:
    """The protocol, and what it needs; files by path, the password in its file only."""

    protocol: str = "PLAINTEXT"
    mechanism: str = "SCRAM-SHA-512"
    user: str = ""
    password_file: str = ""
    ca_file: str = ""
    key_file: str = ""

    @classmethod
    def read(cls, read: Reader) -> "KafkaAccess":
        """Return what the variables say; what is wrong goes into the reader's faults."""
        found = cls(
            read.text("TALLY_KAFKA_SECURITY", "PLAINTEXT"),
            read.text("TALLY_KAFKA_MECHANISM", "SCRAM-SHA-512"),
            *(read.text(f"TALLY_KAFKA_{name}", "") for name in ("USER", "PASSWORD_FILE", "CA_FILE", "KEY_FILE")),
        )
        read.faults += found.faults()
        return found

    def faults(self) -> list[str]:
        """Return what is wrong: variable, what was found, what to do."""
        faults = []
        if self.protocol not in PROTOCOLS:
            faults.append(f"TALLY_KAFKA_SECURITY: {self.protocol!r} is not valid; give one of {', '.join(PROTOCOLS)}")
        if self.needs_login and self.mechanism not in LOGIN_MODULES:
            known = ", ".join(LOGIN_MODULES)
            faults.append(f"TALLY_KAFKA_MECHANISM: {self.mechanism!r} is not valid; give one of {known}")
        if self.needs_login and not self.user:
            faults.append("TALLY_KAFKA_USER: is not set; name the user of the log")
        needed = {"PASSWORD_FILE": self.needs_login, "CA_FILE": self.is_encrypted, "KEY_FILE": bool(self.key_file)}
        files = {"PASSWORD_FILE": self.password_file, "CA_FILE": self.ca_file, "KEY_FILE": self.key_file}
        for name, path in files.items():
            if needed[name] and not os.access(path, os.R_OK):
                faults.append(f"TALLY_KAFKA_{name}: {path!r} can't be read; name a file that this user may read")
            elif needed[name] and name != "PASSWORD_FILE" and not PLAIN_PATH.fullmatch(path):
                faults.append(
                    f"TALLY_KAFKA_{name}: {path!r} has a character that SQL would quote; move the file below folders "
                    "with plain names"
                )
        return faults

    @property
    def needs_login(self) -> bool:
        """Tell whether a user has to log in."""
        return self.protocol.startswith("SASL")

    @property
    def is_encrypted(self) -> bool:
        """Tell whether the connection is TLS."""
        return self.protocol.endswith("SSL")

    @property
    def statements(self) -> tuple[str, ...]:
        """Return the files of sql/flink/access that the source needs."""
        wanted = {"tls": self.is_encrypted, "client_certificate": bool(self.key_file), "login": self.needs_login}
        return tuple(name for name, is_wanted in wanted.items() if is_wanted)

    @property
    def values(self) -> dict[str, str]:
        """Return the values of those statements."""
        return {
            "kafka_security": self.protocol,
            "kafka_mechanism": self.mechanism,
            "kafka_ca_file": self.ca_file,
            "kafka_key_file": self.key_file,
        }

    def java_flags(self, login_file: Path) -> list[str]:
        """Write the login where Java's client looks for it, readable by us only; return the flag that names it.

        So no SQL text, no plan and no answer of Flink holds the password.
        """
        if not self.needs_login:
            return []
        password = Path(self.password_file).read_text("utf-8").strip()
        text = LOGIN.format(module=LOGIN_MODULES[self.mechanism], user=quoted(self.user), password=quoted(password))
        login_file.unlink(missing_ok=True)
        with open(os.open(login_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        return [f"-Djava.security.auth.login.config={login_file}"]


def quoted(text: str) -> str:
    """Return a text as a login file holds it between quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
