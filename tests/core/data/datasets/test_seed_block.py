"""The dataset block of the page that cellrun implements, word for word, on every kind of store that it may be on."""

import json

import pytest

from cellrun.core import Dataset, Experiment, OutputFileDatasetConfig, ScriptRunConfig
from tests.core.data.stores.test_stores import ENDS

pytestmark = [
    pytest.mark.filterwarnings("ignore:there is no system keyring here"),
    pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning"),  # azure-core's
]
SCRIPT = """
import argparse, json, os
parser = argparse.ArgumentParser()
parser.add_argument('--dataset')
parser.add_argument('--model')
args = parser.parse_args()
print(json.dumps(sorted(os.listdir(args.dataset))))
if args.model:
    open(os.path.join(args.model, 'model.pt'), 'w').write('weights')
"""


@pytest.fixture(params=["default", *(kind for kind in ENDS if kind != "s3_server")])
def workspace(request, ws):
    """A workspace whose default datastore has files below `path`; in_run/test_data_elsewhere.py does it with S3."""
    if request.param != "default":
        ENDS[request.param](request.getfixturevalue(request.param)).register(ws).set_as_default()
    filesystem = ws.get_default_datastore().filesystem()
    for name in ("a.csv", "b.csv"):
        filesystem.pipe_file(f"path/{name}", name.encode())
    return ws


@pytest.mark.parametrize("workspace", ["default"], indirect=True)  # elsewhere it is brought, as below
def test_a_dataset_is_mounted_where_the_script_can_read_it(workspace, here):
    ws = workspace
    (here / "script.py").write_text(SCRIPT)
    datastore = ws.get_default_datastore()
    dataset = Dataset.File.from_files(path=(datastore, "path"))
    config = ScriptRunConfig(
        source_directory=".",
        script="script.py",
        arguments=["--dataset", dataset.as_mount()],
    )
    run = Experiment(ws, "exp-name").submit(config)
    run.wait_for_completion()
    assert json.loads(run.layout.log.read_text()) == ["a.csv", "b.csv"]


def test_a_download_and_an_output_that_is_registered(workspace, here):
    ws = workspace
    (here / "script.py").write_text(SCRIPT)
    dataset = Dataset.File.from_files(path=(ws.get_default_datastore(), "path")).register(ws, "train")
    output = OutputFileDatasetConfig(name="model").as_mount().register_on_complete(name="best")
    named = dataset.as_named_input("train").as_download()
    config = ScriptRunConfig(".", "script.py", ["--dataset", named, "--model", output])
    run = Experiment(ws, "exp-name").submit(config)
    run.wait_for_completion()
    best = Dataset.get_by_name(ws, "best")
    assert best.to_path() == ["/model.pt"]
    assert best.download(here / "back")
    assert (here / "back" / "model.pt").read_text() == "weights"
    assert [each["dataset"]["name"] for each in run.get_details()["inputDatasets"]] == ["train"]
