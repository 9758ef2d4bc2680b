"""Each claim of SECURITY.md names a test that is there."""

import ast
import re

from tests.imports import ROOT

_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_each_claim_names_tests_that_are_there():
    text = (ROOT / "SECURITY.md").read_text()
    named = _NAMED.findall(text)
    assert len(named) > 30
    assert text.count("tests/") == len(named)  # none is written otherwise
    missing = [f"{file}::{test}" for file, test in named if test not in _tests(file)]
    assert missing == []


def test_each_section_of_what_is_protected_has_tests():
    _, *sections = re.split(r"^## ", (ROOT / "SECURITY.md").read_text(), flags=re.MULTILINE)
    without = [section.splitlines()[0] for section in sections if not _NAMED.search(section)]
    assert without == ["How to report", "What is not protected"]
    claims = [part for section in sections for part in section.split("\n\n") if part.startswith("**")]
    assert [claim.splitlines()[0] for claim in claims if not _NAMED.search(claim)] == []


def _tests(file: str) -> set[str]:
    path = ROOT / file
    tree = ast.parse(path.read_bytes()) if path.exists() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
