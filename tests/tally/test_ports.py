"""Ports: a fixed one must be free, a free one is kept."""

import os
import socket
from random import Random

import pytest

from tally.ports import FIRST_PORT, LAST_PORT, KeptPorts, PortError, free_port, is_free, require_free


def test_a_taken_port_names_itself_its_holder_and_the_cure():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortError) as caught:
            require_free(port, "the dashboard", "TALLY_PORT")
    text = str(caught.value)
    assert text.startswith(f"port {port} for the dashboard is taken; found process {os.getpid()} (")
    assert "; stop that, or choose another: TALLY_PORT=" in text
    assert text.endswith(" (0 takes any free one)")


def test_a_chosen_port_is_kept_while_it_is_free(tmp_path):
    ports = KeptPorts(tmp_path / "ports.json")
    first = ports.choose("kafka", 0, "Kafka", "TALLY_KAFKA_PORT")
    assert KeptPorts(tmp_path / "ports.json").choose("kafka", 0, "Kafka", "TALLY_KAFKA_PORT") == first
    with socket.create_server(("127.0.0.1", first)):
        other = ports.choose("kafka", 0, "Kafka", "TALLY_KAFKA_PORT")
    assert other != first
    assert ports.read() == {"kafka": other}


def test_a_broken_file_of_kept_ports_counts_as_none(tmp_path):
    path = tmp_path / "ports.json"
    for text in ("", "[1]", '{"kafka": "x"}'):
        path.write_text(text)
        assert is_free(KeptPorts(path).choose("kafka", 0, "Kafka", "TALLY_KAFKA_PORT"))


def test_a_port_just_left_by_a_server_is_free():
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as server:
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()
        client.close()
    assert is_free(port)


def test_a_chosen_port_is_none_that_an_outgoing_connection_is_given_by_default():
    # Linux: Documentation/networking/ip-sysctl.rst, ip_local_port_range; the other systems begin higher
    assert FIRST_PORT <= free_port() <= LAST_PORT < 32_768


def test_a_promised_port_is_not_chosen_again_and_none_left_says_so():
    promised = set(range(FIRST_PORT, LAST_PORT))
    assert free_port(promised=promised) == LAST_PORT
    with pytest.raises(PortError) as caught:
        free_port(promised={*promised, LAST_PORT})
    assert str(caught.value) == (
        "no free port; found every one from 20000 to 29999 of 127.0.0.1 taken; "
        "stop what holds them, or name a port instead of 0"
    )


def test_the_same_dice_choose_the_same_port():
    assert free_port(dice=Random(7)) == free_port(dice=Random(7))
