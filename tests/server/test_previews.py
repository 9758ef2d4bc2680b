"""What is shown of files: tables and arrays read without running anything in them, bounded, each hostile file alone."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellrun.core import Experiment, Run
from cellrun.server.previews import WHOLE_BYTES, preview_of
from tests.server.jupyter_process import Client


@pytest.fixture
def run(exp: Experiment) -> Run:
    made = exp.start_logging()
    made.layout.outputs.mkdir(parents=True, exist_ok=True)
    return made


@pytest.fixture
def outputs(run: Run) -> Path:
    return run.layout.outputs


@pytest.fixture
def files(run: Run, at: str) -> str:
    return f"{at}/runs/{run.id}/outputs"


def tables(api: Client, files: str, name: str) -> list[dict[str, Any]]:
    return api.get(f"{files}/outputs/{name}?preview=true")["tables"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("a.PNG", "image"), ("a.svg", "svg"), ("a.html", "page"), ("a.pdf", "pdf"), ("a.md", "markdown")),
        *(("a.json", "json"), ("a.ipynb", "json"), ("a.csv", "table"), ("a.tsv", "table"), ("a.npy", "table")),
        *(("curve_1.plotly.json", "figure"), ("displayed/latex_1.tex", "latex"), ("outputs/paper.tex", "text")),
        *(("a.npz", "table"), ("a.py", "text"), ("Makefile", "text"), ("a.pkl", None), ("a.xhtml", None)),
    ],
)
def test_a_name_says_what_a_file_is_shown_as(name: str, kind: str | None) -> None:
    assert preview_of(name) == kind
    if kind in WHOLE_BYTES:
        assert preview_of(name, WHOLE_BYTES[kind] + 1) is None


@pytest.mark.parametrize("name", ["report.html", "drawing.svg", "paper.pdf"])
def test_what_a_browser_would_run_is_a_download_also_as_a_preview(
    api: Client, outputs: Path, files: str, name: str
) -> None:
    """F9: the page makes a frame of the bytes; their address opens nothing."""
    (outputs / name).write_text("<script>alert(1)</script>")
    answer = api.ask("GET", f"{files}/outputs/{name}?preview=true")
    assert answer.text == "<script>alert(1)</script>"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'name,loss\n"a, ""b""\nc",0.5\nd,1e-05\n'),
        ("a.csv", '\ufeffname;loss\n"a, ""b""\nc";0.5\nd;1e-05\n'),
        ("a.tsv", 'name\tloss\n"a, ""b""\nc"\t0.5\nd\t1e-05\n'),
    ],
)
def test_texts_of_columns_are_tables(api: Client, outputs: Path, files: str, name: str, text: str) -> None:
    (outputs / name).write_text(text)
    assert tables(api, files, name) == [
        {
            "title": "",
            "columns": ["name", "loss"],
            "numeric": [False, True],
            "rows": [['a, "b"\nc', "0.5"], ["d", "1e-05"]],
            "rows_total": 2,
            "columns_total": 2,
        }
    ]


def test_of_a_large_table_the_first_rows_are_read(api: Client, outputs: Path, files: str) -> None:
    (outputs / "a.csv").write_text("x" + ",y" * 99 + "\n" + ("1" + ",2" * 99 + "\n") * 5000)
    [table] = tables(api, files, "a.csv")
    assert (len(table["columns"]), len(table["rows"]), len(table["rows"][0])) == (50, 200, 50)
    assert (table["columns_total"], table["rows_total"]) == (100, None)


@pytest.mark.parametrize("text", ["", "\n\n", "\0\0", '"' * 300_000, "a" * 300_000, ",\n,,,\n", "\udcff\udcfe"])
def test_an_odd_table_is_shown_as_far_as_it_goes(api: Client, outputs: Path, files: str, text: str) -> None:
    (outputs / "a.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    [table] = tables(api, files, "a.csv")
    assert all(len(cell) <= 201 for row in [table["columns"], *table["rows"]] for cell in row)


@pytest.mark.parametrize(
    ("array", "columns", "first", "rows_total"),
    [
        (np.arange(6, dtype="int16").reshape(2, 3), ["0", "1", "2"], ["0", "1", "2"], 2),
        (np.asfortranarray(np.arange(6).reshape(2, 3)), ["0", "1", "2"], ["0", "1", "2"], 2),
        (np.array([0.1, 1e-5], "float32"), ["0"], ["0.1"], 2),
        (np.array(2.5), ["0"], ["2.5"], 1),
        (np.array([(1, b"x")], [("n", int), ("s", "S1")]), ["n", "s"], ["1", "b'x'"], 1),
        (np.arange(24).reshape(2, 3, 4), ["0", "1", "2", "3"], ["0", "1", "2", "3"], 3),
        (np.zeros((3, 0)), [], [], 3),
        (np.ones((2, 1_000_000)), [str(n) for n in range(50)], ["1.0"] * 50, 2),
        (np.ones((1_000_000, 2)), ["0", "1"], ["1.0", "1.0"], 1_000_000),
    ],
)
def test_an_array_says_its_shape_and_its_first_values(
    api: Client, outputs: Path, files: str, array: Any, columns: list[str], first: list[str], rows_total: int
) -> None:
    np.save(outputs / "a.npy", array)
    np.savez_compressed(outputs / "a.npz", weights=array, bias=np.array([1]))
    [alone] = tables(api, files, "a.npy")
    assert (alone["shape"], alone["dtype"]) == (list(array.shape), str(array.dtype))
    assert (alone["columns"], alone["rows_total"]) == (columns, rows_total)
    assert not first or alone["rows"][0] == first
    weights, bias = tables(api, files, "a.npz")
    assert weights == {**alone, "title": "weights"}
    assert (bias["title"], bias["rows"]) == ("bias", [["1"]])


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return Path.touch, (self.marker,)


def test_an_array_of_objects_is_not_loaded(api: Client, outputs: Path, files: str, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    np.save(outputs / "a.npy", np.array([Evil(marker)], dtype=object), allow_pickle=True)
    (outputs / "raw.npy").write_bytes(pickle.dumps(Evil(marker)))
    [table] = tables(api, files, "a.npy")
    assert (table["why"], table["shape"], table["rows"]) == ("objects", [1], [])
    assert tables(api, files, "raw.npy")[0]["why"] == "damaged"
    assert not marker.exists()


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\x93NUMPY", header("{"), header("__import__('os')"), header("(" * 60_000)),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 5)}"),
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (9" + "0" * 30 + ",)}"),
        header("{'descr': '|V0', 'fortran_order': False, 'shape': (9,)}"),
        header("{'descr': '|V999999999', 'fortran_order': False, 'shape': (9,)}"),
    ],
)
def test_a_damaged_array_shows_nothing_and_harms_nobody(api: Client, outputs: Path, files: str, content: bytes) -> None:
    (outputs / "a.npy").write_bytes(content)
    with zipfile.ZipFile(outputs / "a.npz", "w") as archive:
        archive.writestr("a.npy", content)
    assert tables(api, files, "a.npy")[0]["rows"] == tables(api, files, "a.npz")[0]["rows"] == []


def test_an_archive_that_unpacks_to_much_more_is_read_no_further(api: Client, outputs: Path, files: str) -> None:
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "<f8", "fortran_order": False, "shape": (250_000_000,)})
    with (
        zipfile.ZipFile(outputs / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npy", "w", force_zip64=True) as member,
    ):
        member.write(content.getvalue() + bytes(100_000_000))
    [table] = tables(api, files, "a.npz")
    assert (table["shape"], len(table["rows"])) == ([250_000_000], 200)


@pytest.mark.parametrize("name", ["a.npz", "a.parquet"])
def test_a_file_that_is_none_of_its_kind_is_refused_in_words(api: Client, outputs: Path, files: str, name: str) -> None:
    if name == "a.parquet":
        pytest.importorskip("pyarrow")
    (outputs / name).write_bytes(b"PAR1" * 1000)
    refused = api.get(f"{files}/outputs/{name}?preview=true", expect=415)
    assert "can't be shown as a table" in refused["message"]
    assert "download it" in refused["message"]


def test_a_parquet_file_is_a_table(api: Client, outputs: Path, files: str) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    many = {"id": list(range(5000)), "name": [None, "é"] * 2500, "loss": [0.1] * 5000}
    parquet.write_table(pyarrow.table(many), outputs / "a.parquet")
    [table] = tables(api, files, "a.parquet")
    assert (table["columns"], table["numeric"]) == (["id", "name", "loss"], [True, False, True])
    assert (len(table["rows"]), table["rows"][1], table["rows_total"]) == (200, ["1", "é", "0.1"], 5000)
    assert table["rows"][0][1] is None
