"""Every public name of the old SDK is counted, and the page that says what each is here is current."""

import json
from collections import Counter

import pytest

from tests.azureml import surface


@pytest.fixture(scope="module", name="found")
def _found():
    """All names, looked at once; not when the tests are collected, which every process of them does."""
    return list(surface.names())


def test_every_name_of_the_surface_is_in_the_table_once(found):
    given = [(title.removesuffix(surface.MODULE), name) for title, names in surface.SURFACE.items() for name in names]
    assert [(each.holder, each.name) for each in found] == given
    assert len(given) == sum(map(len, json.loads((surface.HERE / "azure_v1_surface.json").read_text()).values()))


def test_the_page_is_current(found):
    """`python -m tests.azureml.surface --write` makes it so."""
    assert surface.PAGE.read_text() == surface.page(surface.PAGE.read_text(), found)


def test_what_is_there_is_told_from_what_is_not(found):
    by_name = {f"{each.holder}.{each.name}": each for each in found}
    assert by_name["azureml.core.Workspace.resource_group"].state == "same"
    assert by_name["azureml.core.Run.log"].state == "better"
    assert by_name["azureml.core.Run.log"].parameters == ("name", "value", "description", "step")
    webservices = by_name["azureml.core.Workspace.webservices"]
    assert (webservices.state, webservices.is_clouds_own) == ("unsupported", True)
    assert by_name["azureml.core.Workspace.get_mlflow_tracking_uri"].told.startswith("it comes later")
    assert by_name["azureml.core.Webservice"].is_clouds_own
    assert by_name["azureml.data.TabularDataset.mount"].state == "unsupported"  # of its instances alone
    assert by_name["azureml.core.Dataset.head"].state == "same"  # of what its verbs return
    assert by_name["azureml.core.Dataset.to_spark_dataframe"].state == "unsupported"


def test_all_that_is_said_to_be_better_is_there(found):
    spoken = {f"{each.holder.rpartition('.')[2]}.{each.name}" for each in found if each.state == "better"}
    classes = {name.partition(".")[0] for name in spoken}
    assert {name for name in surface.BETTER if name not in spoken and name not in classes} == set()


@pytest.mark.parametrize("kind", ["(self, a, b=<X.y: 'z'>, _c=None, *args, d: str = 'x', **kwargs)"])
def test_parameters_are_read_from_a_signature(kind):
    assert surface._parameters(kind) == ("a", "b", "d")
    assert surface._parameters("property") == ()


def test_counts_leave_the_clouds_own_aside():
    one = surface.Name("m", "n", "same", "", False, ("a", "b"), ("b",))
    counted = surface.counts([one, one._replace(is_clouds_own=True)])
    assert counted == (Counter(same=1), Counter(taken=1, missing=1), 1)
