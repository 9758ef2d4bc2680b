"""Confusion matrices and their kin: JSON documents in Azure ML's schemas."""

import json
import warnings

import numpy as np
import pytest

from cellrun.core import Run, UserErrorException
from cellrun.core.live.run_poller import RunPoller
from cellrun.core.runs.logged_document import DOCUMENT_MIME

MATRIX = {
    "schema_type": "confusion_matrix",
    "schema_version": "v1",
    "data": {"class_labels": ["cat", "dog"], "matrix": [[3, 1], [0, 4]]},
}
VERBS = {
    "accuracy_table": Run.log_accuracy_table,
    "confusion_matrix": Run.log_confusion_matrix,
    "predictions": Run.log_predictions,
    "residuals": Run.log_residuals,
}


@pytest.mark.parametrize("given", [MATRIX, json.dumps(MATRIX)], ids=["dict", "text"])
def test_a_document_is_a_file_of_the_metrics_name(exp, tmp_path, given):
    with exp.start_logging() as run:
        run.log_confusion_matrix("pets", given)
    assert "pets" in run.get_file_names()
    assert run.get_metrics() == {"pets": f"aml://artifactId/ExperimentRun/dcid.{run.id}/pets"}
    assert run.get_metrics("pets", populate=True) == {"pets": MATRIX}
    run.download_file("pets", tmp_path / "pets.json")
    assert json.loads((tmp_path / "pets.json").read_text()) == MATRIX


@pytest.mark.parametrize("schema", VERBS)
def test_each_schema_is_told_to_the_views(exp, schema):
    with exp.start_logging() as run:
        VERBS[schema](run, "m", {"schema_type": schema, "schema_version": "v1", "data": {}})
    (image,) = RunPoller(run.layout).poll().images
    assert (image.name, image.path, image.mime) == ("m", "m", DOCUMENT_MIME)


def test_numbers_of_numpy_become_json_and_what_is_no_number_null(exp):
    with exp.start_logging() as run:
        run.log_confusion_matrix("m", {"data": {"matrix": np.array([[1, 2], [3, 4]]), "scale": np.float32(0.5)}})
        run.log_residuals("r", {"data": {"bin_counts": [1, float("nan")]}})
    found = run.get_metrics(populate=True)
    assert found["m"]["data"] == {"matrix": [[1, 2], [3, 4]], "scale": 0.5}
    assert found["r"] == {"schema_type": "residuals", "schema_version": "v1", "data": {"bin_counts": [1, None]}}


def test_what_is_no_json_and_no_dict_is_refused_and_nothing_kept(exp):
    with exp.start_logging() as run:
        with pytest.raises(UserErrorException, match="Invalid JSON provided"):
            run.log_predictions("m", "{no")
        with pytest.raises(UserErrorException, match="takes a dict"):
            run.log_accuracy_table("m", [1])
    assert run.get_metrics() == {}
    assert run.get_file_names() == ["user_logs/std_log.txt"]


def test_one_name_twice_is_two_documents_and_a_name_that_no_file_has_another_file(exp):
    with exp.start_logging() as run:
        run.log_confusion_matrix("m", MATRIX)
        run.log_confusion_matrix("m", MATRIX)
        run.log_confusion_matrix("outputs", MATRIX)
        run.log_confusion_matrix("../up", MATRIX)
    assert run.get_file_names() == ["m", "m-1", "outputs.json", "up.json", "user_logs/std_log.txt"]
    assert run.get_metrics("m", populate=True) == {"m": [MATRIX, MATRIX]}


def test_an_images_content_is_its_bytes(exp):
    from matplotlib.figure import Figure  # noqa: PLC0415  # each process of the tests reads this file

    with exp.start_logging() as run:
        run.log_image("plot", plot=Figure())
    assert run.get_metrics(populate=True)["plot"].startswith(b"\x89PNG")


def test_an_offline_run_prints_and_remembers_it(capsys):
    run = Run.get_context()
    run.log_confusion_matrix("pets", MATRIX)
    assert "Attempted to log confusion matrix metric pets:" in capsys.readouterr().out
    assert run.get_metrics(populate=True) == {"pets": MATRIX}


def test_a_file_of_somebody_elses_that_is_json_is_no_document(exp, tmp_path):
    (tmp_path / "a.json").write_text('{"schema": 1}')
    with exp.start_logging() as run, warnings.catch_warnings():
        warnings.simplefilter("error")
        run.upload_file("a.json", tmp_path / "a.json")
    assert run.get_metrics() == {}
