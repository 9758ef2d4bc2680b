"""What file datasets do: parts of them, and that they travel by reference."""

import pickle
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellrun.core import Dataset
from cellrun.core.data.files.sampling import Draws
from cellrun.core.errors import DatasetError, UserErrorException
from tests.core.data.data_folders import put_file


@pytest.fixture
def hundred(store):
    for n in range(100):
        put_file(store, f"many/{n:02}.txt", str(n))
    return Dataset.File.from_files((store, "many"))


def test_parts_of_it_are_datasets(hundred):
    assert hundred.take(2).to_path() == ["/00.txt", "/01.txt"]
    assert hundred.skip(98).to_path() == ["/98.txt", "/99.txt"]
    assert hundred.skip(3).take(2).to_path() == ["/03.txt", "/04.txt"]
    assert hundred.take(0).to_path() == []


def test_a_split_has_each_file_once_and_is_the_same_for_a_seed(hundred):
    first, second = hundred.random_split(0.7, seed=3)
    assert sorted([*first.to_path(), *second.to_path()]) == hundred.to_path()
    assert 55 < len(first.to_path()) < 85
    assert hundred.random_split(0.7, seed=3)[0].to_path() == first.to_path()
    assert hundred.random_split(0.7, seed=4)[0].to_path() != first.to_path()
    unseeded, rest = hundred.random_split(0.5)
    assert unseeded.to_path() == unseeded.to_path()
    assert sorted([*unseeded.to_path(), *rest.to_path()]) == hundred.to_path()
    again, rest = first.random_split(0.5, seed=3)  # the same seed twice in a row is no second look at the same numbers
    assert 0.25 < len(again.to_path()) / len(first.to_path()) < 0.75
    sample = hundred.take_sample(0.3, seed=1)
    assert sample.to_path() == hundred.take_sample(0.3, seed=1).to_path()
    assert 15 < len(sample.to_path()) < 45


def test_a_seeds_numbers_are_the_same_everywhere():
    assert Draws(3, 0).below(0.5, 8).tolist() == [True, True, False, False, True, True, True, True]


@given(st.integers(), st.integers(0, 9), st.lists(st.integers(0, 50), max_size=9))
def test_numbers_dont_depend_on_how_many_are_drawn_at_once(seed, place, counts):
    draws = Draws(seed, place)
    parts = [value for count in counts for value in draws.below(0.4, count).tolist()]
    assert parts == Draws(seed, place).below(0.4, sum(counts)).tolist()


@pytest.mark.parametrize("wrong", [-0.1, 1.1, "0.5", True, None, float("nan")])
def test_what_is_no_share_is_refused(hundred, wrong):
    for verb in (hundred.random_split, hundred.take_sample):
        with pytest.raises(DatasetError, match="from 0 to 1"):
            verb(wrong)
    with pytest.raises(DatasetError, match="seed"):
        hundred.random_split(0.5, seed="x")


@pytest.mark.parametrize("wrong", [-1, 1.5, "1", True, None])
def test_what_is_no_count_is_refused(hundred, wrong):
    for verb in (hundred.skip, hundred.take):
        with pytest.raises(DatasetError, match="whole number"):
            verb(wrong)


def test_when_its_data_changed(animals):
    dataset = Dataset.File.from_files((animals, "animals"))
    assert dataset.data_changed_time == datetime.fromtimestamp(1_700_000_000, timezone.utc)


def test_it_travels_by_reference(ws, hundred):
    for dataset in (hundred.take(2), hundred.register(ws, "hundred")):
        data = pickle.dumps(dataset)
        assert len(data) < 2000
        copy = pickle.loads(data)
        assert (copy, copy.to_path(), copy.name) == (dataset, dataset.to_path(), dataset.name)


@pytest.mark.parametrize("query", ["sv=1&sig=abc", "X-Amz-Signature=1", "access_token=1", "apikey=1", "key=1"])
def test_a_key_in_an_address_is_kept_nowhere(ws, query):
    signed = Dataset.File.from_files(f"https://example.org/x.csv?{query}", validate=False)
    for keep in (
        lambda: signed.register(ws, "signed"),
        lambda: pickle.dumps(signed),
        lambda: signed.as_mount().run_data(),
    ):
        with pytest.raises(DatasetError, match=r"looks like a key.*register a datastore"):
            keep()
    assert "abc" not in repr(signed)
    assert ws.datasets == {}
    plain = Dataset.File.from_files("https://example.org/x.csv?version=2&monkey=1", validate=False)
    assert pickle.loads(pickle.dumps(plain)) == plain


def test_the_id_of_one_that_isnt_registered_is_of_what_it_is(hundred):
    assert hundred.id == Dataset.File.from_files((hundred.workspace.get_default_datastore(), "many")).id
    assert hundred.id != hundred.take(2).id


def test_it_goes_into_a_run_by_a_name(ws, hundred):
    mounted = hundred.as_named_input("numbers").as_mount().run_data()
    assert (mounted.name, mounted.mode, mounted.dataset, mounted.dataset_id) == (
        "numbers",
        "mount",
        hundred.to_json(),
        hundred.id,
    )
    registered = hundred.register(ws, "hundred").as_download("/tmp/x").run_data()
    assert (registered.dataset_name, registered.dataset_version, registered.mode) == ("hundred", 1, "download")
    assert registered.path_on_compute == "/tmp/x"
    assert hundred.as_mount().run_data().name.startswith("input_")
    with pytest.raises(UserErrorException, match="as_mount"):
        hundred.as_hdfs()


def test_files_are_chosen_by_what_is_known_of_them(animals):
    dataset = Dataset.File.from_files((animals, "animals"), partition_format="{kind}/*.jpg", validate=False)
    large = dataset.filter(dataset.file_metadata("Size") > 2)
    assert large.to_path() == ["/dog/2.jpg"]
    jpg = dataset.filter(dataset.file_metadata("Extension") == ".jpg")
    assert len(jpg.to_path()) == 3
    assert jpg.filter(jpg["kind"] == "dog").to_path() == ["/dog/1.jpg", "/dog/2.jpg"]
    old = jpg.filter(jpg.file_metadata("LastModifiedTime") < datetime(2024, 1, 1, tzinfo=timezone.utc))
    assert len(old.to_path()) == 3
    assert jpg.filter(~(jpg.file_metadata("Extension").contains("jp") | jpg["kind"].is_null())).to_path() == []
    assert dataset.partition_keys == ["kind"]
    with pytest.raises(DatasetError, match=r"/animals/notes.txt isn't of the partition format"):
        dataset.get_partition_key_values()
    jpgs = Dataset.File.from_files((animals, "animals/*/*.jpg"), partition_format="{kind}/*.jpg")
    assert jpgs.get_partition_key_values() == [{"kind": "cat"}, {"kind": "dog"}]
    for refused in (
        lambda: dataset.file_metadata("Colour"),
        lambda: dataset["size"],
        lambda: dataset.filter(dataset.file_metadata("Size")),
        lambda: dataset.filter(dataset.file_metadata("Size") > "x").to_path(),
        lambda: jpgs.get_partition_key_values(["size"]),
        lambda: Dataset.File.from_files((animals, "animals"), partition_format="kind"),
    ):
        with pytest.raises(DatasetError):
            refused()
