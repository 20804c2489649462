"""A Kafka and a Postgres of the user's brought to where the line can begin: topics, roles, tables, views, keys."""

from collections.abc import Callable

from tally.buyer_key import keep_buyer_key
from tally.database import save_urls
from tally.handing_over import hand_over
from tally.home import Home
from tally.kafka import KafkaError, ensure_topics, is_answering
from tally.migrate import set_up_outside
from tally.postgres import DatabaseUrls
from tally.server_demands import check_server
from tally.settings import Settings, SettingsError

OUTSIDE_KAFKA_SECONDS = 15.0


def prepare_services(settings: Settings, say: Callable[[str], None]) -> DatabaseUrls:
    """Make topics, roles, tables and views, hand over what others need, and return the database's addresses.

    Raise a TallyError when one of the two is not named, does not answer or does not fit.
    """
    if not (settings.kafka and settings.database_url):
        raise SettingsError(["there is nothing to prepare; found no Kafka or Postgres of your own named; set "
                             "TALLY_KAFKA and DATABASE_URL (or DATABASE_URL_FILE)"])  # fmt: skip
    home = Home(settings.home)
    home.prepare()
    prepare_topics(settings)
    urls = prepare_database(settings, home, say)
    hand_over(urls, keep_buyer_key(home))
    say("topics, roles, tables and views are there")
    return urls


def prepare_topics(settings: Settings) -> None:
    """Create or check the topics on the user's Kafka. Raise KafkaError when it does not answer."""
    demand_answer(settings.kafka)
    ensure_topics(settings.kafka, settings.topic, settings.partitions)


def prepare_database(settings: Settings, home: Home, say: Callable[[str], None]) -> DatabaseUrls:
    """Migrate the user's Postgres, check that it fits, and keep its addresses. Raise DemandError when it does not."""
    urls, report = set_up_outside(settings.database_url, home.root)
    for note in report.notes:
        say(note)
    check_server(urls.writer, settings)
    save_urls(home, urls)
    return urls


def demand_answer(kafka: str) -> None:
    """Return when a Kafka of the user's answers; raise KafkaError when it does not."""
    refusals: list[str] = []
    if is_answering(kafka, OUTSIDE_KAFKA_SECONDS, refusals):
        return
    if refusals:
        raise KafkaError(
            f"Kafka does not let us in; asked {kafka} (TALLY_KAFKA), found: {refusals[-1]}; correct kafka_security and "
            "the settings below it (docs/settings.md)"
        )
    raise KafkaError(
        f"Kafka does not answer; asked {kafka} (TALLY_KAFKA) for {OUTSIDE_KAFKA_SECONDS:.0f} s; start it, "
        "correct the address, or unset TALLY_KAFKA to use the embedded one"
    )
