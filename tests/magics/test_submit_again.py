"""A submitted cell once more, whatever has become of its notebook."""

from tests.magics.notebook_shell import log


def values(run):
    """The values of the workspace, by name, with the time of their writing."""
    folder = run.layout.workspace.values
    return {path.name: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_a_cell_has_again_what_it_had_and_no_value_is_written_twice(notebook):
    notebook.run("import math\ndata = list(range(10))\ndef total(values):\n    return math.fsum(values)")
    first = notebook.submit("print(total(data))")
    assert log(first) == "45.0\n"
    kept = values(first)
    notebook.run("data = None\ndel total")
    second = first.submit_again()
    second.wait_for_completion()
    assert log(second) == "45.0\n"
    assert values(second) == kept
    cells = [run.layout.record.read_text() for run in (first, second)]
    assert first.id in cells[1]
    assert first.id not in second.layout.launch.read_text()
    assert [text.count("print(total(data))") for text in cells] == [1, 1]
    assert (second.layout.snapshot / "cell.py").read_bytes() == (first.layout.snapshot / "cell.py").read_bytes()
