"""The command line: what to generate, how fast, and where to."""

import os
import signal
import sys
import time
from pathlib import Path

import click

from generator.answer_key import AnswerKey
from generator.catalogue_files import is_ours, mark_as_ours, write_catalogue
from generator.kafka_sink import KafkaSettings, KafkaSink, SettingsError
from generator.options import Duration, Moment, Rate, read_moment
from generator.replay import replay as replay_corpus
from generator.run import SHOP_RATE, Plant, Run, RunSettings, build_plant, execute
from generator.scenarios import ScenarioError, find_scenario, scenario_help, with_rates
from generator.shop import Shop, ShopError, load_shop, zone_of
from generator.sinks import FolderSink, Sink, SinkError, StreamSink
from generator.state import StateError

FAULTS = (ShopError, ScenarioError, SettingsError, SinkError, StateError)
SHARE = click.FloatRange(0, 0.5)
ABOVE_ZERO = click.FloatRange(0, min_open=True)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--to", "target", metavar="DIR|-|kafka", help="Folder for NDJSON files, - for stdout, or kafka.")
@click.option("--events", type=click.IntRange(min=1), help="Stop after this many records.")
@click.option("--for", "span", type=Duration(), help="Stop after this much of the shop's time: 60s, 10m, 8d.")
@click.option("--rate", type=Rate(), help="Mean events per second in real time, or max.  [default: max; --demo: 2]")
@click.option(
    "--shop-rate",
    type=ABOVE_ZERO,
    default=SHOP_RATE,
    show_default=True,
    help="With --rate max: mean events per second of the shop's own time.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed and start give the same bytes.")
@click.option("--scenario", default="normal", show_default=True, help="What happens; help lists them.")
@click.option("--start", type=Moment(), help="First moment: ISO 8601 (store's zone without offset) or epoch ms.")
@click.option("--answer-key", type=click.Path(dir_okay=False, path_type=Path), help="Write the right totals here.")
@click.option("--shop", default="china", show_default=True, help="A bundled shop (china, germany) or a TOML file.")
@click.option("--products", type=click.IntRange(1, 200_000), default=2000, show_default=True, help="Catalogue size.")
@click.option(
    "--catalogue",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for products, stock policy and warehouses.  [default: DIR, or TALLY_HOME for kafka]",
)
@click.option("--duplicates", type=SHARE, help="Share of records sent again, in place of the scenario's.")
@click.option("--malformed", type=SHARE, help="Share of records with a malformed line beside.")
@click.option("--late", type=SHARE, help="Share of records that are late.")
@click.option("--unusual", type=SHARE, help="Share of records in a valid but unusual spelling.")
@click.option("--shipments/--no-shipments", default=None, help="Send shipments.  [default: as the shop says]")
@click.option("--replay", type=click.Path(exists=True, path_type=Path), help="Send a saved file or folder again.")
@click.option(
    "--demo", "--live", "live", is_flag=True, help="Eight days of history, then live; goes on with the same shop."
)
@click.option("--home", type=click.Path(file_okay=False, path_type=Path), envvar="TALLY_HOME", help="The demo's state.")
@click.option("--progress", type=click.Path(dir_okay=False, path_type=Path), help="Write the demo's progress here.")
@click.option("--history-days", type=click.IntRange(0, 60), default=8, show_default=True, help="Demo: days of history.")
@click.option(
    "--history-rate", type=ABOVE_ZERO, default=6000, show_default=True, help="Demo: history's events per second."
)
@click.pass_context
def main(context: click.Context, **options):
    """Simulate a shop and send its sales and stock movements.

    \b
    Example:
      python -m generator --to - --events 1000 --seed 7
    """
    if options["scenario"] == "help":
        click.echo(scenario_help())
        return
    try:
        if options["live"]:
            run_demo(options)
        elif options["replay"]:
            run_replay(context, options)
        else:
            run_generate(options)
    except FAULTS as error:
        click.echo(f"generator: {error}", err=True)
        context.exit(1)
    except BrokenPipeError:
        # the reader has seen enough; keep the interpreter from flushing into the closed pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run_generate(options: dict) -> None:
    """Generate as the options say. Raise one of FAULTS."""
    rate = float("inf") if options["rate"] is None else options["rate"]
    settings = run_settings(options, rate)
    if not options["target"]:
        raise SettingsError("no target; give --to DIR for files, --to - for stdout, or --to kafka")
    if rate == float("inf") and settings.horizon_ms is None:
        raise SettingsError("--rate max has no end; give --events N or --for DURATION, or a rate in events per second")
    plant = build_plant(settings, round(time.time() * 1000), null_values=options["target"] == "kafka")
    sink = open_sink(options["target"], plant.shop, plant.prefix)
    save_catalogue(options, plant)
    key = AnswerKey(plant.shop, plant.catalogue, plant.simulation.curves) if options["answer_key"] else None
    run = Run(plant, sink, key)
    stop_on_signals(run.stop)
    begun = time.monotonic()
    execute(run, settings, options["answer_key"])
    report(run.sent, time.monotonic() - begun, options["target"])


def run_settings(options: dict, rate: float) -> RunSettings:
    """Return the settings of a run. Raise one of FAULTS."""
    scenario = find_scenario(options["scenario"])
    shop, _ = load_shop(options["shop"])
    given = {name: options[name] for name in ("duplicates", "malformed", "late", "unusual")}
    return RunSettings(
        seed=options["seed"],
        scenario=scenario.name,
        delivery=with_rates(scenario.rates, **given),
        rate=rate,
        shop=options["shop"],
        products=options["products"],
        shop_rate=options["shop_rate"],
        events=options["events"],
        span_ms=None if options["span"] is None else round(options["span"] * 1000),
        start=None if options["start"] is None else read_moment(options["start"], zone_of(shop)),
        shipments=options["shipments"],
    )


def run_replay(context: click.Context, options: dict) -> None:
    """Send a corpus again. Raise one of FAULTS."""
    simulated = (
        "seed",
        "scenario",
        "start",
        "answer_key",
        "rate",
        "span",
        "duplicates",
        "malformed",
        "late",
        "unusual",
    )
    given = [n for n in simulated if context.get_parameter_source(n) is click.core.ParameterSource.COMMANDLINE]
    if given:
        names = ", ".join("--for" if n == "span" else "--" + n.replace("_", "-") for n in given)
        raise SettingsError(f"--replay sends a file as it is, at full speed; leave out {names}")
    if not options["target"]:
        raise SettingsError("no target; give --to DIR for files, --to - for stdout, or --to kafka")
    sink = open_sink(options["target"], None, options["replay"].name.split(".")[0] + "-replay")
    begun = time.monotonic()
    sent = replay_corpus(options["replay"], sink, options["events"])
    report(sent, time.monotonic() - begun, options["target"])


def run_demo(options: dict) -> None:
    """Run the demo. Raise one of FAULTS."""
    from generator.demo import DemoSettings, run_live

    if options["home"] is None:
        raise SettingsError("no home for the demo; set TALLY_HOME or give --home DIR")
    scenario = find_scenario(options["scenario"])
    shop, _ = load_shop(options["shop"])
    check_deployment(shop)
    given = {name: options[name] for name in ("duplicates", "malformed", "late", "unusual")}
    rate = options["rate"] or SHOP_RATE
    if rate == float("inf"):
        raise SettingsError("a demo runs in real time; give --rate in events per second, such as 2")
    settings = DemoSettings(
        home=options["home"],
        seed=options["seed"],
        scenario=scenario.name,
        delivery=with_rates(scenario.rates, **given),
        rate=rate,
        shop=options["shop"],
        products=options["products"],
        shipments=options["shipments"],
        seconds=options["span"],
        progress=options["progress"] or options["home"] / "generator" / "progress.json",
        history_days=options["history_days"],
        history_rate=options["history_rate"],
        lag_file=Path(os.environ.get("TALLY_LAG_FILE") or options["home"] / "run" / "lag.json"),
        catalogue=options["catalogue"] or options["home"],
    )
    run_live(settings, KafkaSettings.from_env())


def check_deployment(shop: Shop) -> None:
    """Raise SettingsError where the shop does not fit the deployment's currency or store zone."""
    faults = []
    for name, own in (("TALLY_CURRENCY", shop.currency), ("TALLY_STORE_ZONE", shop.zone)):
        wanted = os.environ.get(name, own)
        if wanted != own:
            faults.append(
                f"shop {shop.name!r} has {own}, but {name} is {wanted}; set {name}={own} or give another --shop"
            )
    if faults:
        raise SettingsError("\n".join(faults))


def open_sink(target: str, shop: Shop | None, stem: str) -> Sink:
    """Open where the records go. Raise one of FAULTS."""
    if target == "-":
        return StreamSink()
    if target == "kafka":
        if shop:
            check_deployment(shop)
        return KafkaSink(KafkaSettings.from_env())
    return FolderSink(Path(target), f"events-{stem}")


def catalogue_folder(options: dict) -> Path | None:
    """Return where products, stock policy and warehouses go: never into an inbox, which would publish them."""
    if options["catalogue"]:
        return options["catalogue"]
    if options["target"] == "kafka":
        return options["home"]
    if options["target"] == "-":
        return None
    folder = Path(options["target"])
    return folder.parent if folder.name == "inbox" else folder


def save_catalogue(options: dict, plant: Plant) -> None:
    """Write the catalogue's files, but never over files that someone else wrote."""
    folder = catalogue_folder(options)
    if folder is None:
        return
    if options["catalogue"] is None and not is_ours(folder):
        click.echo(f"generator: left products.ndjson in {folder} as it is, it is not the generator's; --catalogue DIR "
                   "writes the generated one elsewhere", err=True)  # fmt: skip
        return
    write_catalogue(folder, plant.shop, plant.catalogue, plant.simulation.policy)
    if options["target"] == "kafka" and options["catalogue"] is None:
        mark_as_ours(folder)


def stop_on_signals(stop) -> None:
    """Let SIGTERM and Ctrl-C end the run with everything written."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())


def report(sent: int, seconds: float, target: str) -> None:
    """Say on stderr what was written."""
    where = {"-": "stdout"}.get(target, target)
    rate = f" ({sent / seconds:,.0f}/s)" if seconds > 0 else ""
    click.echo(f"generator: {sent:,} records to {where} in {seconds:.1f} s{rate}", err=True)
