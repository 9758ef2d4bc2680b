"""What a still shows of logged documents."""

import json
from dataclasses import replace

import pytest

from cellrun.core import Experiment, Workspace
from cellrun.core.live.frame import ImagePart
from cellrun.core.runs.logged_document import DOCUMENT_MIME
from cellrun.widgets.still.documents import document_tables
from cellrun.widgets.still.html import still_html
from cellrun.widgets.still.picture import Picture
from cellrun.widgets.still.still import Still

PETS = {"data": {"class_labels": ["cat", "<b>dog"], "matrix": [[3, 1], [0, 4]]}}


def part(name, schema, data, mime=DOCUMENT_MIME):
    """A document as a frame has it."""
    content = json.dumps({"schema_type": schema, "data": data}).encode()
    return ImagePart(name, name, mime, len(content), content)


def test_a_small_confusion_matrix_is_whole_and_shaded(home):
    with Experiment(Workspace.from_config(), "pets").start_logging(outputs=False) as run:
        run.log_confusion_matrix("pets", {"data": {"matrix": [[9]]}})
        run.log_confusion_matrix("pets", PETS)
        run.log("loss", 0.5)
    still = Still.of(run.layout)
    (table,) = still.tables
    assert table.columns == ["true ↓ predicted →", "cat", "<b>dog"]
    assert table.rows == [["cat", "3", "1"], ["<b>dog", "0", "4"]]
    assert (table.rest, table.shares) == ("7 of 8 on the diagonal", [[0, 0.75, 0.25], [0, 0, 1]])
    html = still_html(still, None)
    assert "background:rgba(25,118,210,0.34)" in html
    assert "<b>dog" not in html
    assert {"cat", "7 of 8 on the diagonal"} <= {text.line for text in Picture(still).canvas.texts}


def test_of_a_large_one_it_is_said_what_is_confused_most():
    matrix = [[9 if i == j else 0 for j in range(100)] for i in range(100)]
    matrix[3][5], matrix[7][1] = 7, 8
    ((title, columns, rows, rest, shares),) = document_tables([part("m", "confusion_matrix", {"matrix": matrix})])
    assert (title, columns, rows) == ("m", ["true", "predicted", "count"], [["7", "1", "8"], ["3", "5", "7"]])
    assert (rest, shares) == ("100 classes, 900 of 915 on the diagonal; most confused", ())


def test_of_others_the_first_rows_and_nothing_of_what_is_none():
    counts = list(range(9))
    parts = [
        part("r", "residuals", {"bin_edges": [*counts, 9.5], "bin_counts": counts}),
        part("n", "confusion_matrix", {"matrix": 1}),
        part("i", "residuals", {}, mime="image/png"),
    ]
    ((title, columns, rows, rest, shares),) = document_tables(parts)
    assert (title, columns, rest, shares) == ("r", ["from", "to", "bin_counts"], "first 5 of 9 rows", ())
    assert rows[0] == ["0", "1", "0"]


@pytest.mark.parametrize("data", ["[" * 100_000, '{"matrix": [[1' + "0" * 4000 + ", 1.5], [1, 2]]}"])
def test_a_document_that_is_made_to_fail_takes_no_other_along(data):
    text = f'{{"schema_type":"confusion_matrix","schema_version":"v1","data":{data}'
    bad = replace(part("bad", "confusion_matrix", {}), data=f"{text}}}".encode())
    found = document_tables([bad, part("pets", "confusion_matrix", PETS["data"])])
    assert [title for title, *_ in found] == ["pets"]
