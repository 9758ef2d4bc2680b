"""Every code block of the page that the project was asked to implement, with real runs.

The blocks are run as they stand, but for their placeholders and the page's own typo. What they take for given, `ws`,
`target` or `model`, the tests give them.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__)
TEXT = (HERE.parent / "seed_blocks.md").read_text()
BLOCKS = re.findall(r"^```(\w+)[^\n]*\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
PLACES = {
    "<experiment-name>": "seed",
    "<exp-name>": "seed",
    "<path/to/source_directory>": "code",
    "<path/to/code>": "code",
    "<path/on/datastore>": "rows",
    "argparse.Argparser": "argparse.ArgumentParser",  # the page's own typo
}
GIVEN = """
from azureml.core import Dataset, Environment, Experiment, Run, ScriptRunConfig, Workspace
ws = Workspace.from_config()
exp = Experiment(ws, 'seed')
target = compute_target = 'local'
env = environment = Environment('seed')
"""
TELL = """
import json, os, sys
from azureml.core import Run
Run.get_context().tag("told", json.dumps([*sys.argv[1:], os.environ.get("RANK")]))
"""


def block(number: int, **places: str) -> str:
    """Return a block of the page, its placeholders filled in."""
    text = BLOCKS[number][1]
    for place, value in {**PLACES, **places}.items():
        text = text.replace(place, value)
    return text


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the page takes for given: names, and a folder with a script that tells its run what it sees."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CELLRUN_PUBLIC_URL", "https://portal.example.org/")  # no server is started for a link
    Path("code").mkdir()
    for folder in (".", "code"):
        Path(folder, "script.py").write_text(TELL)
    names: dict[str, Any] = {}
    exec(GIVEN, names)
    return names


def submitted(page: dict[str, Any]) -> list[Any]:
    """Submit the page's config as the page does, and return what the script has told."""
    exec(block(3), page)
    return json.loads(page["run"].get_tags()["told"])


def by_hand(console: str) -> list[str]:
    """Return the arguments that a script has which is started as the page shows it."""
    Path("shown.py").write_text("import sys; print(*sys.argv[1:], sep='\\n')")
    command = console.removeprefix("$ python script.py").split()
    return subprocess.check_output([sys.executable, "shown.py", *command], text=True).split()


def test_every_block_of_the_page_is_run():
    used = {int(number) for number in re.findall(r"\bblock\((\d+)", HERE.read_text())}
    assert used == set(range(len(BLOCKS))) == set(range(22))


def test_an_experiment_and_a_script_run_config(page, capsys):
    exec(block(0), page)
    layout = re.findall(r"\w+\.py", block(1))
    assert layout == ["script.py", "module1.py", "script.py"]
    Path("code", "script.py").write_text("import module1" + TELL)
    Path("code", "module1.py").touch()
    exec(block(2), page)
    assert submitted(page) == ["--learning_rate", "0.001", "--momentum", "0.9", None]
    shown = capsys.readouterr().out
    assert shown.startswith("Run(Experiment: seed,\nId: seed_")
    for part in ("RunId: ", "Web View: ", "Execution Summary"):
        assert part in shown


def test_arguments_are_words_whatever_they_are(page):
    exec(block(4, **{", ...": ""}), page | {"first": 1, "second": "two", "third": 0.5}, page)
    exec(block(8).partition("config")[2].join(("config", "")), page)
    assert submitted(page) == [*by_hand(block(5, first="1", second="two", third="0.5").replace("...", "")), None]
    given = {"first_val": 1, "second_val": "two"}
    exec(block(6, **{", ...": ""}), page | given, page)
    assert page["arguments"] == ["--first_arg", 1, "--second_arg", "two"]


@pytest.mark.parametrize(
    ("console", "config", "script"), [(block(7), block(8), block(9)), (block(10), block(11), block(12))]
)
def test_both_ways_to_read_arguments(page, console, config, script):
    Path("script.py").write_text(
        script + TELL + "Run.get_context().log('both', float(learning_rate) + float(momentum))"
    )
    exec(config, page)
    assert submitted(page) == [*by_hand(console), None]
    assert page["run"].get_metrics() == {"both": 0.901}


def test_a_command_is_run_by_a_shell(page):
    Path("code", "setup.py").write_text("open('made', 'w').close()")
    exec(block(13), page)
    assert submitted(page) == [None]
    config = block(13).partition("config")[2].join(("config", ""))
    for line, rank in ((block(14), None), (block(15), "3"), (block(16), None)):
        exec(line, page | {"rank": 3}, page)
        exec(config, page)
        assert submitted(page) == [rank]
    assert "made" in page["run"].get_details()["filesWritten"]


def test_a_dataset_is_a_path_to_its_files(page):
    Path("rows").mkdir()
    Path("rows", "one.csv").write_text("a,b\n1,2\n")
    page["ws"].get_default_datastore().upload("rows", "rows")
    Path("script.py").write_text("import os, sys\nsys.argv[2:] = sorted(os.listdir(sys.argv[2]))" + TELL)
    exec(block(17), page)
    assert submitted(page) == ["--dataset", "one.csv", None]


def test_an_interactive_run(page, capsys):
    exec(block(18), page)
    assert page["run"].get_status() == "Running"
    page["run"].complete()
    exec(block(19), page)
    assert capsys.readouterr().out.startswith("https://portal.example.org/cellrun/")
    sine = page["run"].get_metrics()["sine"]
    assert (len(sine["x"]), len(sine["y"]), page["run"].get_status()) == (50, 50, "Completed")


def test_code_in_a_run_reaches_it(page):
    Path("train.py").write_text(
        "class model:\n    train = staticmethod(print)\n    evaluate = staticmethod(lambda: 0.5)\nn_epochs = 3\n"
        + block(21)
    )
    run = page["exp"].submit(page["ScriptRunConfig"](".", "train.py"))
    run.wait_for_completion()
    assert run.get_metrics() == {"validation": [0.5, 0.5, 0.5]}
    exec(block(20), page)
    assert page["run"].id.startswith("OfflineRun_")
    assert "AZUREML_RUN_ID" not in os.environ
