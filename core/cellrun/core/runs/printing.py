"""How runs, experiments and workspaces look in print: Azure ML's formats, all in one place.

Text is what `print` shows, with what a terminal would act on written out; HTML is what a notebook shows. Whatever a
user named is escaped in the HTML, where a link to the run's page stands only if that page has a public address: a
notebook is kept and passed on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cellrun.core.front_end import plain
from cellrun.core.resources import size_text

WEB_VIEW = "Web View: {page}"
"""Where a run's page is."""
OFFLINE_NOTICE = "This code runs outside a run: what it logs is kept in memory only, as run {run_id}."


def run_text(experiment: str, run_id: str, run_type: str | None, status: str, page: str | None = None) -> str:
    """Return `repr(run)`; `print(run)` with the address of its page, if there is one."""
    link = f",\n{WEB_VIEW.format(page=page)}" if page else ""
    told = f"Run(Experiment: {experiment},\nId: {run_id},\nType: {run_type},\nStatus: {status}{link})"
    return plain(told)


def run_html(  # noqa: PLR0913  # the columns of a row
    experiment: str, name: str, run_id: str, run_type: str | None, status: str, *, page: str | None = None
) -> str:
    """Return a run as a table of one row, with a link to its page if there is one."""
    row = {"Experiment": experiment, "Name": name, "Id": run_id, "Type": run_type or "", "Status": status}
    return _table(row, links={"Details Page": page} if page else {})


def experiment_text(name: str, workspace: str) -> str:
    """Return `print(experiment)`."""
    return plain(f"Experiment(Name: {name},\nWorkspace: {workspace})")


def experiment_html(name: str, workspace: str) -> str:
    """Return an experiment as a table of one row."""
    return _table({"Name": name, "Workspace": workspace})


def workspace_text(name: str, folder: str) -> str:
    """Return `print(workspace)`."""
    return plain(f"Workspace(Name: {name},\nFolder: {folder})")


def workspace_html(name: str, folder: str) -> str:
    """Return a workspace as a table of one row."""
    return _table({"Name": name, "Folder": folder})


def cleaning_text(leftovers: Iterable[tuple[str, int, int]], freed: str, note: str | None) -> str:
    """Return what cleaning a workspace has freed, in words, and what that was: kind, number and bytes."""
    lines = [f"{kind}: {count:,}, {size_text(size_bytes)}" for kind, count, size_bytes in leftovers]
    return "\n".join([freed, *lines, *filter(None, [note])])


def cleaning_html(leftovers: Iterable[tuple[str, int, int]], freed: str, note: str | None) -> str:
    """Return the same with a table, a kind a row."""
    rows = [{"What": kind, "Number": f"{count:,}", "Size": size_text(size)} for kind, count, size in leftovers]
    return f"<p>{freed}</p>{_table(*rows) if rows else ''}" + (f"<p>{note}</p>" if note else "")


def watch_header(run_id: str, page: str) -> str:
    """Return what `wait_for_completion(show_output=True)` prints first."""
    return f"RunId: {run_id}\n{WEB_VIEW.format(page=page)}\n"


def log_header(log_name: str) -> str:
    """Return what stands above a log."""
    return f"\nStreaming {log_name}\n{'=' * (len(log_name) + 10)}\n\n"


def watch_stopping(step: str) -> str:
    """Return what stands in the midst of a log when its run is being stopped."""
    return f"\nStopping, {step}\n"


def watch_waiting(status: str, reason: str) -> str:
    """Return what stands in the midst of a log while its run waits, or nobody hears of it."""
    return f"\n{status}: {reason}\n"


def watch_summary(run_id: str, page: str, warnings: Iterable[str] = ()) -> str:
    """Return what stands below the log of a run that ended."""
    listed = "".join(f"{warning}\n" for warning in warnings)
    summary = f"\nExecution Summary\n=================\n{watch_header(run_id, page)}"
    return summary + (f"\nWarnings:\n{listed}" if listed else "")


def watch_error(error: Mapping[str, Any]) -> str:
    """Return the end of a Failed run's summary where the failure isn't raised."""
    return f"\nError:\n{json.dumps(error, indent=4, ensure_ascii=False)}\n"


def offline_metric(kind: str, name: str, value: object) -> str:
    """Return what a run outside a run prints for a logged metric. `kind`: scalar, list, row, table or image."""
    return f"Attempted to log {kind} metric {name}:\n{value}"


def offline_tag(key: str, value: object) -> str:
    """Return what a run outside a run prints for a tag."""
    return f"Attempted to add tag {key} with value {value}"


def offline_file(name: str, path: object) -> str:
    """Return what a run outside a run prints for an uploaded file."""
    return f"Attempted to track file {name} at {path}"


def offline_start(run_id: str) -> str:
    """Return what a run outside a run prints at the beginning of its `with` block."""
    return f"[START] Run {run_id} context"


def _table(*rows: Mapping[str, str], links: Mapping[str, str] = {}) -> str:
    from html import escape  # noqa: PLC0415  # its table of entities is large, and a job shows no HTML

    head = "".join(f"<th>{escape(name)}</th>" for name in [*rows[0], *links])
    body = ["".join(f"<td>{escape(text)}</td>" for text in row.values()) for row in rows]
    body[0] += "".join(
        f'<td><a href="{escape(url)}" target="_blank" rel="noopener">Link to the page</a></td>'
        for url in links.values()
    )
    lines = "".join(f"<tr>{cells}</tr>" for cells in body)
    return f'<table style="width:100%"><tr>{head}</tr>{lines}</table>'
