"""Azure ML's formats, letter by letter, and nothing of a user's that a notebook would take for HTML."""

import pytest

from cellrun.core import ScriptRunConfig
from cellrun.core.runs import printing

EVIL = "<script>alert('x')</script>&\""


def test_a_submitted_run(exp, here):
    (here / "train.py").write_text("")
    run = exp.submit(ScriptRunConfig(here, "train.py"))
    run.wait_for_completion()
    assert (
        str(run) == repr(run) == f"Run(Experiment: digits,\nId: {run.id},\nType: azureml.scriptrun,\nStatus: Completed)"
    )


def test_an_interactive_run(exp):
    run = exp.start_logging()
    assert str(run) == f"Run(Experiment: digits,\nId: {run.id},\nType: None,\nStatus: Running)"
    html = run._repr_html_()
    assert "<th>Experiment</th><th>Name</th><th>Id</th><th>Type</th><th>Status</th>" in html
    assert f"<td>digits</td><td>digits-1</td><td>{run.id}</td><td></td><td>Running</td>" in html
    assert "href" not in html  # there is no page to link to


@pytest.mark.parametrize(
    "html",
    [
        printing.run_html(EVIL, EVIL, EVIL, EVIL, EVIL),
        printing.experiment_html(EVIL, EVIL),
        printing.workspace_html(EVIL, EVIL),
    ],
)
def test_html_is_escaped(html):
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;&quot;") == html.count("<td>")


def test_what_waiting_prints():
    assert printing.watch_header("r1", "https://x/r1") == "RunId: r1\nWeb View: https://x/r1\n"
    assert printing.log_header("user_logs/std_log.txt") == (
        "\nStreaming user_logs/std_log.txt\n===============================\n\n"
    )
    summary = "\nExecution Summary\n=================\nRunId: r1\nWeb View: https://x/r1\n"
    assert printing.watch_summary("r1", "https://x/r1") == summary
    assert printing.watch_summary("r1", "https://x/r1", ["one", "two"]) == f"{summary}\nWarnings:\none\ntwo\n"
    assert printing.watch_error({"error": {"message": "x"}}) == (
        '\nError:\n{\n    "error": {\n        "message": "x"\n    }\n}\n'
    )


def test_what_an_offline_run_prints():
    assert printing.offline_metric("scalar", "a", 1) == "Attempted to log scalar metric a:\n1"
    assert printing.offline_tag("k", "v") == "Attempted to add tag k with value v"
    assert printing.offline_file("n", "p") == "Attempted to track file n at p"
    assert printing.offline_start("r1") == "[START] Run r1 context"
