"""What a logged document is shown as; labextension/tests/data/document.test.ts holds the front end to the same."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from cellrun.core.live.document import Heatmap, document_content

CASES = json.loads((Path(__file__).parents[2] / "data" / "documents.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_a_document_is_shown_as(case):
    content = document_content(case["document"])
    kind = "heatmap" if isinstance(content, Heatmap) else "table"
    assert (content and {"kind": kind, **asdict(content)}) == case["content"]


def test_lists_that_would_make_a_table_beyond_all_measure_are_shown_as_json():
    short = {f"c{number}": [] for number in range(3000)}
    document = {"schema_type": "residuals", "data": {"a": [1] * 20_000, **short}}  # a hundred kB, 60,000,000 cells
    assert document_content(document) is None


def test_a_whole_number_that_is_no_float_is_no_count():
    matrix = [[10**4000, 1.5], [1, 2]]
    assert document_content({"schema_type": "confusion_matrix", "data": {"matrix": matrix}}) is None
