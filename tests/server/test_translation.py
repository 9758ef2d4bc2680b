"""JupyterLab's translation: the catalogue that is built from the bundle's, and that Lab's server finds it."""

from __future__ import annotations

import json
from pathlib import Path

from jupyterlab_server.translation_utils import get_language_pack

from cellrun import server

SOURCES = Path(__file__).parents[2] / "labextension" / "src" / "i18n" / "ja"
CATALOGUE = Path(server.__file__).parent / "locale" / "ja_JP" / "LC_MESSAGES" / "cellrun.json"


def sources() -> dict[str, str]:
    texts: dict[str, str] = {}
    for path in sorted(SOURCES.glob("*.json")):
        texts.update(json.loads(path.read_text()))
    return texts


def test_the_catalogue_has_each_text_of_the_bundle():
    built = json.loads(CATALOGUE.read_text())
    header = built.pop("")
    assert header["language"] == "ja-JP"
    assert {english: [text.replace("%%", "%%%%")] for english, text in sources().items()} == built


def test_jupyterlab_server_hands_it_out_beside_the_other_packages():
    data, message = get_language_pack("ja_JP")
    assert message == ""
    assert data["cellrun"]["Clear the filter"] == [sources()["Clear the filter"]]
    assert "jupyterlab" in data
