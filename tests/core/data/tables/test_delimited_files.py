"""Tables of text files: heads, types, what is missing, and what can't be read."""

import bz2
import gzip

import pandas as pd
import pytest

from cellrun.core import Dataset
from cellrun.core.data.tables.data_type import DataType
from cellrun.core.data.tables.delimited_files import DelimitedFiles
from cellrun.core.data.tables.headers import PromoteHeadersBehavior
from cellrun.core.errors import DatasetError
from tests.core.data.data_folders import put_file


@pytest.fixture
def table(store):
    """Return the frame of a text, or of several files; options are those of from_delimited_files."""

    def read(*contents, **options):
        for n, content in enumerate(contents):
            put_file(store, f"t/{n}.csv", content)
        return Dataset.Tabular.from_delimited_files((store, "t/*.csv"), **options).to_pandas_dataframe()

    return read


def kinds(frame):
    return {name: {"object": "str", "str": "str"}.get(str(kind), str(kind)) for name, kind in frame.dtypes.items()}


@pytest.mark.parametrize("head", ["a,b", "a,b\n", '\na,"b"', "a,b\r\n\r\n"])
def test_a_file_that_is_only_its_head_has_no_rows(table, head):
    assert table(head).to_dict("list") == {"a": [], "b": []}
    assert table(head, "a,b\n1,2").to_dict("list") == {"a": [1], "b": [2]}
    assert table(head, header=False).iloc[0].tolist() == ["a", "b"]


def test_types_are_told_by_the_values(table):
    frame = table(
        "id,x,flag,day,at,name,code,empty,long,hex\n"
        "1,1.5,true,2020-01-31,2020-01-31T10:00:00.25,ann,007x,,12345678901234567890,0x1F\n"
        "-2,,FALSE,,,,1,,1,1\n"
        "3,1e3,,2020-02-01 ,2020-01-31 10:00,b,2,,2,2\n"
    )
    assert kinds(frame) == {
        "id": "int64",
        "x": "float64",
        "flag": "str",  # truth values, and one that is missing: objects
        "day": "datetime64[ns]",
        "at": "datetime64[ns]",
        "name": "str",
        "code": "str",
        "empty": "float64",
        "long": "str",
        "hex": "str",
    }
    assert frame["flag"].tolist() == [True, False, None]
    assert frame["x"].tolist()[::2] == [1.5, 1000.0]
    assert frame.isna().sum().to_dict() | {"empty": 3} == frame.isna().sum().to_dict()
    assert frame["long"][0] == "12345678901234567890"
    assert frame["day"][2] == pd.Timestamp("2020-02-01")
    assert frame["at"][0] == pd.Timestamp("2020-01-31T10:00:00.25")


def test_times_with_a_zone_are_utc(table):
    frame = table("t\n2020-01-01T10:00:00Z\n2020-01-01T10:00:00+02:00\n")
    assert frame["t"].tolist() == [pd.Timestamp("2020-01-01 10:00"), pd.Timestamp("2020-01-01 08:00")]


def test_a_missing_whole_number_makes_them_decimals(table):
    assert kinds(table("a,b\n1,2\n,3\n")) == {"a": "float64", "b": "int64"}


def test_a_column_is_wider_where_a_later_value_asks_it(table, monkeypatch):
    monkeypatch.setattr("cellrun.core.data.tables.delimited_files._BLOCK_BYTES", 2_000)
    rows = 3_000
    text = "a,b,c,d\n" + "".join(f"{n:03},{n},true,{n}\n" for n in range(rows))
    frame = table(text + "x,1.5,maybe,\n")
    assert kinds(frame) == {"a": "str", "b": "float64", "c": "str", "d": "float64"}
    assert frame["a"].tolist()[:2] == ["000", "001"]  # as they stand in the file
    assert frame["c"].tolist()[0] == "true"
    assert frame["b"].tolist()[-2:] == [rows - 1, 1.5]


def test_types_may_be_left_or_given(table):
    text = 'a,b,c,d,e,f\n1,2,3,01/02/2020,1,"1.234,5"\nx,2.7,,2020.02.03,yes,"2,5"\n'
    assert set(kinds(table(text, infer_column_types=False)).values()) == {"str"}
    given = {
        "a": DataType.to_long(),
        "b": DataType.to_string(),
        "c": DataType.to_float(),
        "d": DataType.to_datetime(["%d/%m/%Y", "%Y.%m.%d"]),
        "e": DataType.to_bool(),
        "f": DataType.to_float(decimal_mark=","),
    }
    with pytest.warns(UserWarning, match=r"missing: 1 of 'a', 1 of 'e'"):
        frame = table(text, set_column_types=given)
    assert frame["a"].tolist()[0] == 1
    assert frame["b"].tolist() == ["2", "2.7"]
    assert frame["d"].tolist() == [pd.Timestamp("2020-02-01"), pd.Timestamp("2020-02-03")]
    assert frame["e"].tolist() == [True, None]
    assert frame["f"].tolist() == [1234.5, 2.5]


def test_values_that_arent_of_a_given_type_can_be_refused(store):
    put_file(store, "x.csv", "a\n1\nx\n")
    dataset = Dataset.Tabular.from_delimited_files((store, "x.csv"), set_column_types={"a": DataType.to_long()})
    with pytest.raises(DatasetError, match="1 of 'a'"):
        dataset.to_pandas_dataframe(on_error="fail")
    with pytest.raises(DatasetError, match="on_error"):
        dataset.to_pandas_dataframe(on_error="ignore")


def test_times_out_of_pandas_range_are_missing_or_refused(store):
    put_file(store, "x.csv", "t\n1066-10-14\n2020-01-01\n\n2300-01-01\n")
    dataset = Dataset.Tabular.from_delimited_files((store, "x.csv"))
    assert dataset.to_pandas_dataframe()["t"].isna().tolist() == [True, False, True]
    with pytest.raises(DatasetError, match=r"'t' has 1066-10-14"):
        dataset.to_pandas_dataframe(out_of_range_datetime="error")


def test_empty_fields_may_be_texts(table):
    assert table('a,b\nx,\n"",y\n', empty_as_string=True)["a"].tolist() == ["x", ""]


@pytest.mark.parametrize(
    ("options", "columns"),
    [
        ({}, ["a", "a_1", "Column3", "b"]),
        ({"header": False}, ["Column1", "Column2", "Column3", "Column4"]),
        ({"header": PromoteHeadersBehavior.NO_HEADERS}, ["Column1", "Column2", "Column3", "Column4"]),
    ],
)
def test_heads_name_columns(table, options, columns):
    frame = table("a,a,, b \n1,2,3,4\n", **options)
    assert list(frame.columns) == columns
    assert len(frame) == (1 if not options else 2)


def test_heads_of_several_files(table):
    one, other = "a,b\n1,2\n", "b,a\n3,4\n"
    assert table(one, other).to_dict("list") == {"a": [1, 4], "b": [2, 3]}
    only_first = table(one, other, header=PromoteHeadersBehavior.ONLY_FIRST_FILE_HAS_HEADERS)
    assert only_first.to_dict("list") == {"a": ["1", "b", "3"], "b": ["2", "a", "4"]}
    combined = table(one, "b,c\n3,4\n", header=PromoteHeadersBehavior.COMBINE_ALL_FILES_HEADERS)
    assert combined.fillna(-1).to_dict("list") == {"a": [1, -1], "b": [2, 3], "c": [-1, 4]}
    with pytest.raises(DatasetError, match=r"1\.csv.*lacks 'a'.*has 'c'.*COMBINE_ALL_FILES_HEADERS"):
        table(one, "b,c\n3,4\n")
    with pytest.raises(DatasetError, match="header"):
        table(one, header="first")


def test_empty_files_and_lines_have_no_rows(table):
    assert table("", "\n\na,b\n\n1,2\n\n", "").to_dict("list") == {"a": [1], "b": [2]}
    assert table("a,b\n", "", "").to_dict("list") == {"a": [], "b": []}


def test_other_separators_quotes_and_line_breaks(table):
    assert table("a\tb\n1\t2\n", separator="\t").to_dict("list") == {"a": [1], "b": [2]}
    text = 'a,b\r\n"x ""y"", z","two\nlines"\r\n'
    assert table(text, support_multi_line=True).to_dict("list") == {"a": ['x "y", z'], "b": ["two\nlines"]}
    for wrong in ("", "::", '"', "\n", None, "·"):
        with pytest.raises(DatasetError, match="separator"):
            table(text, separator=wrong)


@pytest.mark.parametrize(
    "name", ["latin1", "iso88591", "windows1252", "utf16", "utf32", "utf8", "utf8bom", "shift_jis"]
)
def test_other_encodings(table, name):
    word = "日本" if name == "shift_jis" else "Zoë"
    codec = {"iso88591": "latin1", "windows1252": "cp1252", "utf8bom": "utf-8-sig"}.get(name, name)
    frame = table(
        f"näme,x\n{word},1\n".encode(codec) if name != "shift_jis" else f"n,x\n{word},1\n".encode(codec), encoding=name
    )
    assert frame.iloc[0].tolist() == [word, 1]


def test_a_wrong_encoding_says_so(table):
    for content in ("a\nZoë\n".encode("latin1"), "Zoë\n1\n".encode("latin1")):
        with pytest.raises(DatasetError, match=r"0\.csv isn't utf8.*encoding='latin1'"):
            table(content)
    with pytest.raises(DatasetError, match="no encoding 'utf9'"):
        table("a\n1\n", encoding="utf9")


@pytest.mark.parametrize("row", ["3", "3,4,5"])
def test_a_ragged_row_is_shown(table, row):
    with pytest.raises(DatasetError) as error:
        table(f"a,b\n1,2\n{row}\n")
    assert [
        t for t in ("0.csv", f"{row.count(',') + 1} fields", "2 are expected", repr(row)) if t not in str(error.value)
    ] == []


def test_packed_files(store):
    put_file(store, "x.csv.gz", gzip.compress(b"a\n1\n"))
    put_file(store, "y.csv.bz2", bz2.compress(b"a\n2\n"))
    frame = Dataset.Tabular.from_delimited_files([(store, "x.csv.gz"), (store, "y.csv.bz2")]).to_pandas_dataframe()
    assert frame["a"].tolist() == [1, 2]
    put_file(store, "z.csv.gz", b"a\n1\n")
    with pytest.raises(DatasetError, match=r"z\.csv\.gz can't be read"):
        Dataset.Tabular.from_delimited_files((store, "z.csv.gz"))


def test_only_what_is_needed_is_read(store, monkeypatch):
    monkeypatch.setattr("cellrun.core.data.tables.delimited_files._BLOCK_BYTES", 10_000)
    for n in range(3):
        put_file(store, f"t/{n}.csv", "a,b\n" + "".join(f"{row},{row}\n" for row in range(100_000)))
    dataset = Dataset.Tabular.from_delimited_files((store, "t"), validate=False)
    read = []
    batches = DelimitedFiles.batches

    def counted(self, file, columns, as_text):
        for batch in batches(self, file, columns, as_text):
            read.append((file.path, batch.num_rows, batch.schema.names))
            yield batch

    monkeypatch.setattr(DelimitedFiles, "batches", counted)
    assert dataset.take(5).keep_columns("b").to_pandas_dataframe()["b"].tolist() == [0, 1, 2, 3, 4]
    assert len(read) == 1
    assert read[0][1] < 5_000
    assert read[0][2] == ["b"]
    read.clear()
    assert len(dataset.filter(dataset["a"] >= 99_999).drop_columns("a").to_pandas_dataframe()) == 3
    assert sum(count for _, count, _ in read) == 300_000


def test_nothing_is_read_before_it_is_needed(store):
    put_file(store, "x.csv", b"\xff\xfe\x00")
    dataset = Dataset.Tabular.from_delimited_files((store, "x.csv"), validate=False).take(1).keep_columns("a")
    with pytest.raises(DatasetError):
        dataset.to_pandas_dataframe()
