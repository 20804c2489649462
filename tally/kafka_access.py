"""How a Kafka lets us in: TLS and SASL, as librdkafka wants them. Every client of ours is made with these options."""

import os
from collections.abc import Mapping
from pathlib import Path

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


def client_options(bootstrap: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return a client's first options: the servers, and what TALLY_KAFKA_SECURITY and its companions ask for.

    Raise OSError when the password's file can't be read.
    """
    told = {name: environment.get(f"TALLY_KAFKA_{name}", "") for name in VARIABLES}
    protocol = told["SECURITY"] or "PLAINTEXT"
    options = {"bootstrap.servers": bootstrap, "security.protocol": protocol}
    if protocol.startswith("SASL"):
        options |= {
            "sasl.mechanism": told["MECHANISM"] or "SCRAM-SHA-512",
            "sasl.username": told["USER"],
            "sasl.password": Path(told["PASSWORD_FILE"]).read_text("utf-8").strip(),
        }
    if protocol.endswith("SSL"):
        options["ssl.ca.location"] = told["CA_FILE"]
        if told["KEY_FILE"]:
            # one PEM file holds the key and its chain
            options |= dict.fromkeys(("ssl.key.location", "ssl.certificate.location"), told["KEY_FILE"])
    return options


VARIABLES = ("SECURITY", "MECHANISM", "USER", "PASSWORD_FILE", "CA_FILE", "KEY_FILE")


def access_faults(protocol: str, user: str, files: Mapping[str, str]) -> list[str]:
    """Return what is missing for a protocol; `files` are the settings that name one, by name."""
    needs_login, is_encrypted = protocol.startswith("SASL"), protocol.endswith("SSL")
    faults = []
    if needs_login and not user:
        faults.append("kafka_user is missing; found none with kafka_security " + protocol + "; name the log's user")
    needed = {"kafka_password_file": needs_login, "kafka_ca_file": is_encrypted, "kafka_key_file": False}
    for name, path in files.items():
        if (path or needed[name]) and not os.access(path, os.R_OK):
            faults.append(
                f"{name} can't be read; found {path!r} with kafka_security {protocol}; name a file that this user may "
                "read"
            )
    return faults
