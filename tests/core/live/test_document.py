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
