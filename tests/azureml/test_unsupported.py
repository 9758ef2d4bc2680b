"""What of the old SDK isn't done: it imports, and says when it is used what there is instead."""

import importlib
import importlib.util
from contextlib import suppress

import pytest

from cellrun.azureml import unsupported
from cellrun.core import CellrunError, NotSupportedError, UserErrorException


def name_of(row):
    return row.names[0] if row.names else "Anything"


@pytest.mark.parametrize("row", unsupported.TABLE, ids=lambda row: f"{row.module}:{name_of(row)}")
def test_every_name_of_the_table_imports_and_fails_by_name_when_it_is_used(row):
    module, name = importlib.import_module(row.module), name_of(row)
    value = getattr(module, name)
    assert value is getattr(module, name)
    assert not hasattr(value, "something")
    for use in (value, lambda: value.something):
        with pytest.raises(NotSupportedError) as caught:
            use()
        error = caught.value
        assert error.what.startswith(f"{row.module}.{name}")
        assert (error.why, error.instead) == (row.why, row.instead)
        assert isinstance(error, UserErrorException)
        assert isinstance(error, AttributeError)


def test_a_name_is_a_base_class_an_annotation_and_an_exception_to_catch():
    from azureml.automl.core.shared.exceptions import ClientException
    from azureml.train.automl import AutoMLConfig

    class Mine(AutoMLConfig):
        x = 1

        def f(self, config: AutoMLConfig | None = None, other: "AutoMLConfig | None" = None) -> AutoMLConfig: ...

    assert not isinstance(3, AutoMLConfig)
    with pytest.raises(NotSupportedError, match="AutoMLConfig isn't supported"):
        Mine(task="classification")
    assert repr(AutoMLConfig) == "<class 'azureml.train.automl.AutoMLConfig'>"
    assert issubclass(ClientException, CellrunError)
    with suppress(ClientException):  # an except clause takes it
        pass


def test_any_module_below_an_unsupported_one_can_be_imported():
    import azureml.opendatasets as open_datasets
    from azureml.automl.runtime.onnx_convert import OnnxConverter
    from azureml.core import Webservice as Same
    from azureml.core import webservice
    from azureml.core.webservice import AciWebservice, Webservice

    with pytest.raises(NotSupportedError, match=r"webservice\.AciWebservice\.deploy_configuration isn't supported"):
        AciWebservice.deploy_configuration(cpu_cores=1)
    assert Webservice is webservice.Webservice
    for each in (OnnxConverter, Same, open_datasets.MNIST):
        with pytest.raises(NotSupportedError):
            each()


def test_no_module_of_the_table_is_a_file_of_ours():
    """It would be found first, and the row would be of no use."""
    assert [row.module for row in unsupported.TABLE if not row.names and _file(row.module)] == []


def _file(module):
    spec = importlib.util.find_spec(f"cellrun.{module}")
    return spec and spec.origin
