"""What tabular datasets do, held against pandas."""

import json
import pickle
from datetime import datetime, timedelta, timezone

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellrun.core import Dataset
from cellrun.core.data.tables.data_type import DataType
from cellrun.core.errors import DatasetError, DatasetTimestampMissingError, NotSupportedError, UserErrorException
from tests.core.data.data_folders import put_file

ROWS = 500


@pytest.fixture
def frame():
    """Return what the dataset holds."""
    return pd.DataFrame(
        {
            "id": range(ROWS),
            "x": [n / 7 for n in range(ROWS)],
            "name": [f"name {n % 13}" for n in range(ROWS)],
            "day": pd.date_range("2020-01-01", periods=ROWS, freq="D"),
        }
    )


@pytest.fixture
def csv(store, frame):
    """Return a dataset of two files, which are read in many blocks."""
    put_file(store, "t/0.csv", frame[:300].to_csv(index=False))
    put_file(store, "t/1.csv", frame[300:].to_csv(index=False))
    return Dataset.Tabular.from_delimited_files((store, "t/*.csv"))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr("cellrun.core.data.tables.delimited_files._BLOCK_BYTES", 1_500)
    monkeypatch.setattr("cellrun.core.data.tables.json_lines_files._BLOCK_BYTES", 1_500)
    monkeypatch.setattr("cellrun.core.data.tables.parquet_files._BLOCK_ROWS", 70)


def at(*parts):
    return datetime(*parts)  # noqa: DTZ001  # the column has no zone


def same(dataset, frame):
    found = dataset.to_pandas_dataframe()
    pd.testing.assert_frame_equal(found, frame.reset_index(drop=True), check_dtype=False)


def test_texts_are_objects_whatever_pandas_makes_of_them(store):
    store.filesystem().pipe_file("texts.csv", b"name,count\nada,1\n,2\n")
    found = Dataset.Tabular.from_delimited_files((store, "texts.csv")).to_pandas_dataframe()
    assert (found["name"].dtype == "object", found["name"].tolist()) == (True, ["ada", None])
    assert list(found.select_dtypes("object").columns) == ["name"]


def test_all_of_it(csv, frame):
    same(csv, frame)
    assert csv.columns == ["id", "x", "name", "day"]
    assert csv.to_arrow_table().num_rows == ROWS


STEPS = st.one_of(
    st.tuples(st.just("skip"), st.integers(0, 600)),
    st.tuples(st.just("take"), st.integers(0, 600)),
    st.tuples(st.just("keep"), st.permutations(["id", "x", "name", "day"]).map(lambda names: ["id", *names[:2]])),
    st.tuples(st.just("drop"), st.sampled_from(["x", "name", "day"])),
    st.tuples(st.just("filter"), st.integers(-1, 600)),
    st.tuples(st.just("split"), st.tuples(st.floats(0, 1), st.integers(0, 2**40), st.sampled_from([0, 1]))),
    st.tuples(st.just("sample"), st.tuples(st.floats(0, 1), st.integers(0, 2**40))),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=6))
def test_steps_do_what_pandas_does(csv, frame, steps):
    dataset, expected = csv, frame
    for kind, what in steps:
        if kind == "skip":
            dataset, expected = dataset.skip(what), expected[what:]
        elif kind == "take":
            dataset, expected = dataset.take(what), expected[:what]
        elif kind == "keep":
            names = list(dict.fromkeys(name for name in what if name in expected))
            dataset, expected = dataset.keep_columns(names), expected[names]
        elif kind == "drop" and what in expected:
            dataset, expected = dataset.drop_columns(what), expected.drop(columns=what)
        elif kind == "filter":
            dataset = dataset.filter((dataset["id"] > what) | (dataset["id"] == 3))
            expected = expected[(expected["id"] > what) | (expected["id"] == 3)]
        elif kind == "split":
            share, seed, side = what
            both = dataset.random_split(share, seed=seed)
            kept = [each.to_pandas_dataframe()["id"].tolist() for each in both]
            assert sorted(kept[0] + kept[1]) == expected["id"].tolist()
            dataset, expected = both[side], expected[expected["id"].isin(kept[side])]
        elif kind == "sample":
            dataset = dataset.take_sample(*what)
            expected = expected[expected["id"].isin(dataset.to_pandas_dataframe()["id"])]
    same(dataset, expected)


def test_a_split_is_about_its_share_and_the_same_for_a_seed(csv):
    first, second = csv.random_split(percentage=0.8, seed=223)
    assert 0.74 < len(first.to_pandas_dataframe()) / ROWS < 0.86
    again = csv.random_split(0.8, seed=223)
    assert [one.to_pandas_dataframe()["id"].tolist() for one in (first, second)] == [
        one.to_pandas_dataframe()["id"].tolist() for one in again
    ]
    assert csv.sample("top_n", {"n": 3}).to_pandas_dataframe()["id"].tolist() == [0, 1, 2]
    assert len(csv.sample("simple_random", {"probability": 0.1, "seed": 1}).to_pandas_dataframe()) in range(20, 90)
    with pytest.raises(DatasetError, match="stratified"):
        csv.sample("stratified", {})


@pytest.mark.parametrize(
    "condition",
    [
        lambda d: d["x"] < 3,
        lambda d: (d["id"] >= 10) & (d["id"] <= 20),
        lambda d: (d["name"] == "name 3") | ~(d["id"] != 7),
        lambda d: d["x"] > d["id"],
    ],
)
def test_conditions_are_those_of_pandas(csv, frame, condition):
    same(csv.filter(condition(csv)), frame[condition(frame)])


def test_conditions_over_texts_times_and_what_is_missing(csv, frame, store):
    same(csv.filter(csv["name"].startswith("name 1")), frame[frame["name"].str.startswith("name 1")])
    same(csv.filter(csv["name"].endswith("2")), frame[frame["name"].str.endswith("2")])
    same(csv.filter(csv["name"].contains("me 1")), frame[frame["name"].str.contains("me 1")])
    same(csv.filter(csv["day"] > at(2021, 1, 1)), frame[frame["day"] > at(2021, 1, 1)])
    east = timezone(timedelta(hours=1))
    same(csv.filter(csv["day"] >= at(2021, 1, 1, 1).replace(tzinfo=east)), frame[frame["day"] >= "2021-01-01"])
    put_file(store, "n.csv", "a,b\n1,x\n,y\n3,\n")
    missing = Dataset.Tabular.from_delimited_files((store, "n.csv"))
    assert missing.filter(missing["a"].is_null()).to_pandas_dataframe()["b"].tolist() == ["y"]
    assert missing.filter(~missing["b"].is_null() & (missing["a"] != 2)).to_pandas_dataframe()["a"].tolist() == [1]


def test_what_is_no_condition_is_refused(csv):
    for wrong in (csv["x"], True, "x > 3", None, lambda: 1):
        with pytest.raises(DatasetError, match="condition"):
            csv.filter(wrong)
    with pytest.raises(DatasetError, match="join two"):
        csv.filter((csv["x"] > 3) and (csv["id"] > 3))
    with pytest.raises(DatasetError, match="is_null"):
        csv["x"] == None  # noqa: B015, E711
    with pytest.raises(DatasetError, match="compared with"):
        csv["x"] == [1]  # noqa: B015
    with pytest.raises(DatasetError, match=r"dataset\['name'\] > 3.*string.*set_column_types"):
        csv.filter(csv["name"] > 3).to_pandas_dataframe()
    with pytest.raises(DatasetError, match="'name'"):
        csv[["name"]]


def test_an_unknown_column_says_which_there_are(csv):
    for dataset in (
        csv.keep_columns(["nam"]),
        csv.drop_columns("nam"),
        csv.filter(csv["nam"] == 1),
        csv.keep_columns(["name", "nam"]),
    ):
        with pytest.raises(DatasetError, match=r"no column 'nam'; there are: id, x, name, day; did you mean 'name'"):
            dataset.to_pandas_dataframe()
    with pytest.raises(DatasetError, match="'nam'"):
        csv.keep_columns("nam", validate=True)
    with pytest.raises(DatasetError, match="no column 'x'"):
        csv.drop_columns("x").keep_columns("x").to_pandas_dataframe()
    for wrong in ([], None, [1], {}):
        with pytest.raises(DatasetError, match="columns are given"):
            csv.keep_columns(wrong)


def test_times(csv, frame):
    timed = csv.with_timestamp_columns("day", validate=True)
    start, end = at(2020, 3, 1), at(2020, 4, 1)
    day = frame["day"]
    assert (timed.timestamp_columns, csv.timestamp_columns) == (("day", None), (None, None))
    same(timed.time_before(end), frame[day <= end])
    same(timed.time_before(end, include_boundary=False), frame[day < end])
    same(timed.time_after(start), frame[day >= start])
    same(timed.time_after(start.replace(tzinfo=timezone.utc), include_boundary=False), frame[day > start])
    same(timed.time_between(start, end), frame[(day >= start) & (day <= end)])
    age = datetime.now(timezone.utc) - at(2021, 5, 1).replace(tzinfo=timezone.utc)
    assert 0 < len(timed.time_recent(age).to_pandas_dataframe()) < 20
    assert timed.drop_columns("day").timestamp_columns == (None, None)
    same(timed.time_after(start).keep_columns("id"), frame[day >= start][["id"]])


def test_times_that_cant_be_asked(csv):
    timed = csv.with_timestamp_columns("day")
    for without in (csv, timed.keep_columns("id"), timed.drop_columns("day")):
        with pytest.raises(DatasetTimestampMissingError, match="with_timestamp_columns"):
            without.time_before(at(2020, 1, 1))
    timed = csv.with_timestamp_columns("name")
    with pytest.raises(DatasetError, match=r"'name' holds string.*DataType.to_datetime"):
        timed.time_before(at(2020, 1, 1))
    with pytest.raises(DatasetError, match="no column 'days'"):
        csv.with_timestamp_columns("days", validate=True)
    for wrong in ("2020-01-01", 3, None):
        with pytest.raises(DatasetError, match="datetime"):
            timed.time_after(wrong)
    with pytest.raises(DatasetError, match="timedelta"):
        timed.time_recent(3)
    with pytest.raises(DatasetError, match="start comes first"):
        timed.time_between(at(2021, 1, 1), at(2020, 1, 1))


def test_columns_of_paths(store):
    for shop in ("north", "south"):
        for month in (1, 2):
            put_file(store, f"sales/{shop}/2020/{month:02}/day.csv", f"sold\n{month}\n")
    made = Dataset.Tabular.from_delimited_files(
        (store, "sales"), include_path=True, partition_format="{shop}/{month:yyyy/MM}/*.csv"
    )
    frame = made.to_pandas_dataframe()
    assert list(frame.columns) == ["Path", "shop", "month", "sold"]
    assert frame["shop"].tolist() == ["north", "north", "south", "south"]
    assert frame["month"].tolist() == [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-02-01")] * 2
    assert frame["Path"][3] == "/south/2020/02/day.csv"
    assert made.partition_keys == ["shop", "month"]
    timed = made.with_timestamp_columns(partition_timestamp="month").time_after(at(2020, 2, 1))
    assert timed.keep_columns(["shop", "sold"]).to_pandas_dataframe().to_dict("list") == {
        "shop": ["north", "south"],
        "sold": [2, 2],
    }
    with pytest.raises(DatasetError, match="isn't of the partition format"):
        Dataset.Tabular.from_delimited_files((store, "sales"), partition_format="{a}/{b}/{c}/{d}/{e}/{f}.csv")
    with pytest.raises(DatasetError, match="partition format"):
        Dataset.Tabular.from_delimited_files((store, "sales"), partition_format="shop")


def test_parquet_files(store, frame):
    (store.local_root / "p").mkdir(parents=True)
    typed = frame.assign(kind=pd.Categorical(frame["name"]), small=frame["id"].astype("int16"))
    typed[:300].to_parquet(store.local_root / "p" / "0.parquet")
    typed[300:].assign(more=1.5).to_parquet(store.local_root / "p" / "1.parquet")
    dataset = Dataset.Tabular.from_parquet_files((store, "p/*.parquet"))
    found = dataset.to_pandas_dataframe()
    assert found["id"].tolist() == frame["id"].tolist()
    assert found["kind"].tolist() == frame["name"].tolist()
    assert found["more"].isna().sum() == 300
    assert str(found["day"].dtype) == "datetime64[ns]"
    same(dataset.keep_columns(["day", "id"]).filter(dataset["id"] > 290), frame[frame["id"] > 290][["day", "id"]])
    with pytest.raises(DatasetError, match="no column 'mor'; there are: id, x"):
        dataset.keep_columns("mor").to_pandas_dataframe()
    with pytest.raises(DatasetError, match="no column 'mor'"):
        dataset.filter(dataset["mor"] > 1).to_pandas_dataframe()
    put_file(store, "bad.parquet", "no parquet")
    with pytest.raises(DatasetError, match=r"bad\.parquet can't be read as Parquet"):
        Dataset.Tabular.from_parquet_files((store, "bad.parquet"))


def test_parquet_columns_that_dont_go_together(store):
    (store.local_root / "p").mkdir(parents=True)
    pq.write_table(pa.table({"a": [1], "b": [[1]]}), store.local_root / "p" / "0.parquet")
    pq.write_table(pa.table({"a": ["x"], "b": [2]}), store.local_root / "p" / "1.parquet")
    dataset = Dataset.Tabular.from_parquet_files((store, "p/*.parquet"))
    assert dataset.keep_columns("a").to_pandas_dataframe()["a"].tolist() == ["1", "x"]
    with pytest.raises(DatasetError, match=r"'b' holds list.*and int64"):
        dataset.to_pandas_dataframe()


def test_json_lines(store, frame):
    lines = [json.dumps({"id": n, "name": name}) for n, name in enumerate(frame["name"])]
    put_file(store, "x.jsonl", "\n".join(lines))
    dataset = Dataset.Tabular.from_json_lines_files((store, "x.jsonl"))
    same(dataset, frame[["id", "name"]])
    put_file(store, "x.jsonl", "\n".join([*lines, '{"id": 1.5, "late": true}', '{"id": 2, "name": 3}', ""]))
    found = dataset.to_pandas_dataframe()
    assert (len(found), found["late"].notna().sum(), found["name"].tolist()[-1]) == (ROWS + 2, 1, "3")
    assert found["id"].dtype == "float64"
    put_file(store, "x.jsonl", "\n".join([*lines, "{nonsense", "[1]"]))
    with pytest.raises(
        DatasetError, match=rf"line {ROWS + 1} of .*x\.jsonl isn't JSON.*nonsense.*invalid_lines='drop'"
    ):
        dataset.to_pandas_dataframe()
    dropped = Dataset.Tabular.from_json_lines_files((store, "x.jsonl"), invalid_lines="drop")
    assert len(dropped.to_pandas_dataframe()) == ROWS
    with pytest.raises(DatasetError, match="no column 'x'"):
        dropped.keep_columns("x").to_pandas_dataframe()
    with pytest.raises(DatasetError, match="invalid_lines"):
        Dataset.Tabular.from_json_lines_files((store, "x.jsonl"), invalid_lines="ignore")
    put_file(store, "u.jsonl", '{"t": "2020-01-01T00:00:00", "w": "Zoë"}\n{"t": null}\n'.encode("utf16"))
    read = Dataset.Tabular.from_json_lines_files((store, "u.jsonl"), encoding="utf16").to_pandas_dataframe()
    assert read.iloc[0].tolist() == [pd.Timestamp("2020-01-01"), "Zoë"]


def test_types_are_checked_when_they_are_given(store, csv):
    path = (store, "t/*.csv")
    with pytest.raises(DatasetError, match=r"no column 'idd'.*did you mean 'id'"):
        Dataset.Tabular.from_delimited_files(path, set_column_types={"idd": DataType.to_long()})
    for wrong in ({"id": int}, [DataType.to_long()], "long"):
        with pytest.raises(DatasetError, match="DataType"):
            Dataset.Tabular.from_delimited_files(path, set_column_types=wrong)
    with pytest.raises(DatasetError, match="formats"):
        DataType.to_datetime("day")
    typed = Dataset.Tabular.from_delimited_files(path, set_column_types={"id": DataType.to_string()})
    assert typed.to_pandas_dataframe()["id"].tolist()[:2] == ["0", "1"]


def test_what_isnt_offered_says_what_is(csv):
    for name in ("to_spark_dataframe", "get_profile", "mount"):
        assert not hasattr(csv, name)
        with pytest.raises(NotSupportedError, match=name):
            getattr(csv, name)
    for refuse in (
        Dataset.Tabular.from_sql_query,
        Dataset.Tabular.register_spark_dataframe,
        Dataset.Tabular.register_dask_dataframe,
    ):
        with pytest.raises(UserErrorException, match="aren't supported"):
            refuse("x", 1, y=2)


def test_it_is_registered_and_travels_with_its_steps(ws, csv, frame):
    part = csv.filter(csv["id"] < 10).keep_columns("name")
    part.register(ws, "part")
    same(Dataset.get_by_name(ws, "part"), frame[:10][["name"]])
    assert len(pickle.dumps(part)) < 3000
    same(pickle.loads(pickle.dumps(part)), frame[:10][["name"]])
    assert "KeepColumns" in repr(part)
    taken = part.as_named_input("part").run_data()
    assert (taken.mode, taken.dataset["steps"][1]) == ("direct", ["keep_columns", ["name"]])
