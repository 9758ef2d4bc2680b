"""Paths of datastores before it is said how a run finds them."""

import pytest

from cellrun.core import DataReference, UserErrorException
from cellrun.core.data.stores.data_path import DataPath, DataPathComputeBinding


def test_a_data_path_becomes_a_reference_as_its_binding_says(store):
    place = DataPath(store, "a/b", name="mine")
    mounted = place.create_data_reference()
    assert (str(mounted), mounted.mode, mounted.path_on_datastore) == ("$AZUREML_DATAREFERENCE_mine", "mount", "a/b")
    binding = DataPathComputeBinding(mode="download", path_on_compute="here")
    for made in (
        DataReference.create("other", place, binding),
        binding.create_data_reference("other", place),
        place.create_data_reference(data_reference_name="other", datapath_compute_binding=binding),
    ):
        assert (made.data_reference_name, made.mode, made.path_on_compute) == ("other", "download", "here")
    assert (place.datastore_name, repr(place)) == (store.name, "DataPath('workspaceblobstore', 'a/b')")


def test_what_is_no_data_path_is_refused():
    with pytest.raises(UserErrorException, match="without a datastore"):
        DataPath(path_on_datastore="a").create_data_reference("x")
    with pytest.raises(UserErrorException, match="give a Datastore"):
        DataPath("workspaceblobstore", "a")
    with pytest.raises(UserErrorException, match="'mount', 'download' or 'upload'"):
        DataPathComputeBinding("link")
    with pytest.raises(UserErrorException, match="give a DataPath"):
        DataReference.create("x")
