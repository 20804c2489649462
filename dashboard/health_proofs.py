"""The two panels of the Health page that prove the numbers: where every event went, and the newest audit."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import streamlit as st

from dashboard import markup
from dashboard.downloads import address
from dashboard.formats import count, percent
from dashboard.panels import Head, panel
from dashboard.shaping import health as shape
from dashboard.shaping.health import Account
from dashboard.viewer import Viewer

FLOW_HEIGHT = 330
AUDIT_HEIGHT = 330
LENS_LEAST = Fraction(2, 1000)  # of the bar: what the lens shows is never thinner on the bar above it
REASONS_SHOWN = 5


def account(viewer: Viewer) -> None:
    """Draw where every event went; the log is counted by the archive, so the difference can be other than 0."""
    t = viewer.locale.t
    counts, reasons = viewer.read("event_account"), viewer.read("reject_reasons")
    row = (counts.value or [None])[0]
    head = Head(
        "flow", t("flow"), FLOW_HEIGHT, t("flownote"), ("event_counts_by_day", "records"), address("reject_reasons")
    )
    is_empty = not row or not row["in_log"]
    with panel(viewer, head, [counts, reasons], is_empty, (t("flowempty_t"), t("empty_b"))) as draws:
        if draws:
            sums = Account(
                **{
                    name: int(row[name])
                    for name in ("in_log", "counted", "duplicates", "rejected", "late", "difference", "transit")
                }
            )
            st.html(equation_html(viewer, sums) + lens_html(viewer, sums) + difference_html(viewer, sums))
            st.html(reasons_html(viewer, reasons.value or []))


def equation_html(viewer: Viewer, sums: Account) -> str:
    """Return in the log = counted + duplicates + rejected."""
    t = viewer.locale.t

    def part(css: str, word: str, value: int, note: str = "") -> str:
        return f'<div class="{css}"><span>{t(word)}</span><b>{count(value)}</b><small>{note}</small></div>'

    counted = part("c", "counted", sums.counted, t("late", n=count(sums.late)))
    repeats = part("d", "dup", sums.duplicates, percent(sums.share(sums.duplicates), 3))
    rejected = part("x", "rejected", sums.rejected, percent(sums.share(sums.rejected), 3))
    log = part("p", "inlog", sums.in_log)
    return f'<div class="ts-equation">{log}<i>=</i>{counted}<i>+</i>{repeats}<i>+</i>{rejected}</div>'


def lens_html(viewer: Viewer, sums: Account) -> str:
    """Return the bar to scale, with a lens on the small part that was not counted."""
    t, share = viewer.locale.t, percent(sums.share(sums.counted), 2)
    words = f"{t('counted')} {share}"
    if not sums.small:
        return f'<div class="ts-lens"><div class="whole">{segment("c", "1", words)}</div></div>'
    cut = markup.share_of(1 - max(sums.share(sums.small), LENS_LEAST))
    whole = segment("c", f"0 0 calc({cut} - 1px)", words) + segment("r", "1")
    zoom = segment("d", str(sums.duplicates)) + segment("x", str(sums.rejected))
    key = "".join(f"<span>{t(k)} {count(n)}</span>" for k, n in (("dup", sums.duplicates), ("rejected", sums.rejected)))
    return (
        f'<div class="ts-lens" role="img" aria-label="{words}"><div class="whole">{whole}</div>'
        f'<div class="beam" style="--from:{cut}"></div><div class="zoom">{zoom}</div><div class="key">{key}</div></div>'
    )


def segment(css: str, flex: str, words: str = "") -> str:
    """Return one part of a bar."""
    return f'<i class="{css}" style="flex:{flex}">{words}</i>'


def difference_html(viewer: Viewer, sums: Account) -> str:
    """Return the difference, in red when it is not 0; records on their way are named beside it."""
    t = viewer.locale.t
    text = t("diff", n=count(sums.difference))
    if sums.transit:
        text += f" · {t('transit', n=count(sums.transit))}"
    return markup.proof(text, sums.difference == 0)


def reasons_html(viewer: Viewer, rows: list[dict[str, Any]]) -> str:
    """Return why records were rejected, the most frequent first."""
    t = viewer.locale.t
    title = f'<h3 class="ts-sub">{t("reasons")}</h3>'
    if not rows:
        return title + f'<p class="ts-dim">{t("noreject")}</p>'
    lines = [[markup.cell(viewer.locale.reason(row["reason"])), count(row["records"])] for row in rows[:REASONS_SHOWN]]
    return title + markup.table([("", "l"), ("", "r")], lines, "ts-plain ts-reasons")


def audit(viewer: Viewer) -> None:
    """Draw the newest audit's verdict, its tables and the last 24 hours."""
    t = viewer.locale.t
    newest, runs = viewer.read("audit_newest"), viewer.read("audit_ticks")
    rows = newest.value or []
    row = rows[0] if rows else None
    note = ""
    if row:
        took = viewer.locale.duration((row["finished_at"] - row["started_at"]).total_seconds())
        note = t("auditnote", t=audit_time(viewer, row), s=took)
    head = Head("audit", t("audit"), AUDIT_HEIGHT, note, ("audit_runs", "verdict"))
    with panel(viewer, head, [newest, runs], not row, (t("auditempty_t"), t("auditempty_b"))) as draws:
        if draws:
            st.html(verdict_html(viewer, rows) + audit_tables_html(viewer, rows) + ticks_html(viewer, runs.value or []))


def audit_time(viewer: Viewer, row: dict[str, Any]) -> str:
    """Return when an audit ended, with its day where that is not today."""
    ended = viewer.locale.local(row["finished_at"])
    day = "" if ended.date() == viewer.now.date() else f"{viewer.locale.day(ended.date())} "
    return f"{day}{ended:%H:%M:%S}"


def verdict_html(viewer: Viewer, rows: list[dict[str, Any]]) -> str:
    """Return the verdict in words and colour."""
    t, row = viewer.locale.t, rows[0]
    differing = sum(one[column] or 0 for one in rows for column in ("missing", "extra", "wrong"))
    if row["verdict"] == "equal":
        mark, css, text, below = markup.CHECK, "", t("equal"), t("auditsub")
    elif row["verdict"] == "differs":
        mark, css, below = markup.CROSS, " ts-fault", row["message"] or t("auditsub")
        text = t("differs_1") if differing == 1 else t("differs", n=count(differing))
    else:
        mark, css, text, below = markup.CROSS, " ts-fault", t("audit_failed"), row["message"] or ""
    words = f"<b>{text}</b><span>{markup.escape(below)}</span>"
    return f'<div class="ts-verdict{css}"><i aria-hidden="true">{mark}</i><div>{words}</div></div>'


def audit_tables_html(viewer: Viewer, rows: list[dict[str, Any]]) -> str:
    """Return what the newest audit found, per table."""
    t = viewer.locale.t

    def found(value: int) -> str:
        return f'<span class="ts-fault-text">{count(value)}</span>' if value else "0"

    lines = [
        [
            f"<code>{markup.escape(r['table_name'])}</code>",
            count(r["compared"]),
            found(r["missing"]),
            found(r["extra"]),
            found(r["wrong"]),
        ]
        for r in rows
        if r["table_name"]
    ]
    names = [(t("table"), "l"), (t("rows"), "r"), (t("missing"), "r"), (t("extra"), "r"), (t("wrong"), "r")]
    return markup.table(names, lines, "ts-wide-table") if lines else ""


def ticks_html(viewer: Viewer, rows: list[dict[str, Any]]) -> str:
    """Return one tick for each of the last 24 hours, and how many of all their audits found every row equal."""
    t, zone = viewer.locale.t, viewer.locale.zone
    equal = sum(row["verdict"] == "equal" for row in rows)
    # none of none equal would be no proof
    words = t("audits_n", n=equal, all=len(rows)) if rows else t("audits_0")
    ticks, marks = shape.audit_ticks(rows, viewer.now, zone), []
    for ago, verdict in zip(range(len(ticks) - 1, -1, -1), ticks, strict=True):
        hour = (shape.hour_of(viewer.now, zone) - timedelta(hours=ago)).astimezone(zone)
        marks.append(f'<i class="{verdict or ""}" title="{hour:%H:%M} {t("tick_" + (verdict or "none"))}"></i>')
    title = f'<h3 class="ts-sub">{t("audits")}</h3>'
    return f'{title}<div class="ts-ticks" role="img" aria-label="{words}">{"".join(marks)}</div>' + markup.proof(
        words, 0 < equal == len(rows)
    )
