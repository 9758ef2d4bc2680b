"""Requirements files, as pip reads them."""

import hashlib

import pytest

from cellrun.core.environments.sources.requirements import spec_of_packages, spec_of_requirements
from cellrun.core.errors import UserErrorException


@pytest.fixture
def write(tmp_path):
    def write(text, name="requirements.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_comments_and_blank_lines_are_no_packages(write):
    path = write("# what we need\n\nnumpy\n   \nscikit-learn==0.24.2  # the last for 3.6\n\t# pandas\n")
    assert spec_of_requirements(path).packages == ("numpy", "scikit-learn==0.24.2")


def test_a_line_may_go_on(write):
    path = write("scikit-learn \\\n   >=0.24,\\\n <2\n# not \\\nnumpy\npandas\\\n")
    assert spec_of_requirements(path).packages == ("scikit-learn >=0.24, <2", "numpy", "pandas")


def test_extras_markers_and_addresses_stay(write):
    lines = [
        "ray[tune,rllib]==1.2",
        "dataclasses; python_version < '3.7'",
        "ours @ https://packages.example/ours-1.0.zip",
    ]
    assert spec_of_requirements(write("\n".join(lines))).packages == (
        "ray[tune,rllib]==1.2",
        "dataclasses; python_version < '3.7'",
        "ours @ https://packages.example/ours-1.0.zip",
    )


def test_hashes_stay_with_their_line(write):
    path = write("six==1.16.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n--require-hashes\n")
    spec = spec_of_requirements(path)
    assert [line.split() for line in spec.packages] == [["six==1.16.0", "--hash=sha256:aa", "--hash=sha256:bb"]]
    assert spec.options == ("--require-hashes",)


def test_other_files_are_read_relative_to_the_one_that_names_them(write):
    write("-r more/base.txt\n", "base.txt")
    write("numpy\n--requirement=deep.txt\n", "more/base.txt")
    write("scipy\n-r ../base.txt", "more/deep.txt")  # in a circle
    write("numpy<2\n-c more/limits.txt", "limits.txt")
    write("scipy<1.14", "more/limits.txt")
    spec = spec_of_requirements(write("pandas\n-rbase.txt\n-c limits.txt\n"))
    assert spec.packages == ("pandas", "numpy", "scipy")
    assert spec.constraints == ("numpy<2", "scipy<1.14")


def test_where_to_look_is_kept_in_long_names(write, tmp_path):
    (tmp_path / "wheels").mkdir()
    path = write(
        "-i https://a.example/simple\n--extra-index-url=https://b.example/simple --trusted-host b.example\n"
        "-f wheels\n--find-links https://c.example/torch.html\n--no-index\n--pre\n--no-binary :all:\n--prefer-binary\n"
    )
    assert spec_of_requirements(path).options == (
        "--index-url https://a.example/simple",
        "--extra-index-url https://b.example/simple",
        "--allow-insecure-host b.example",
        f"--find-links {tmp_path / 'wheels'}",
        "--find-links https://c.example/torch.html",
        "--no-index",
        "--prerelease allow",
        "--no-binary :all:",
    )


def test_an_address_gets_the_name_that_it_says(write):
    path = write(
        "git+https://git.example/a/tools.git@v1#egg=tools\n"
        "-e git+https://git.example/a/more.git#egg=more[fast]&subdirectory=py\n"
        "https://packages.example/our_pkg-1.0-py3-none-any.whl\n"
        "a@https://packages.example/a-1.0.tar.gz\n"
        "b @https://packages.example/b-1.0-py3-none-any.whl\n"
    )
    assert spec_of_requirements(path).packages == (
        "tools @ git+https://git.example/a/tools.git@v1",
        "more[fast] @ git+https://git.example/a/more.git&subdirectory=py",
        "our-pkg @ https://packages.example/our_pkg-1.0-py3-none-any.whl",
        "a@https://packages.example/a-1.0.tar.gz",
        "b @https://packages.example/b-1.0-py3-none-any.whl",
    )


def test_a_wheel_of_this_machine_is_known_by_its_content(write, tmp_path):
    wheel = tmp_path / "wheels" / "tiny-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.write_bytes(b"one")
    path = write("./wheels/tiny-1.0-py3-none-any.whl[plot] ; python_version > '3'\n")
    spec = spec_of_requirements(path)
    for other in (f"{wheel.as_uri()}", f"tiny @ {wheel.as_uri()}"):
        assert spec_of_packages([other]).packages[0].startswith(f"tiny @ {wheel.as_uri()}#sha256=")
    mark = hashlib.sha256(b"one").hexdigest()
    assert spec.packages == (f"tiny[plot] @ {wheel.as_uri()}#sha256={mark} ; python_version > '3'",)
    assert "another one hasn't got it" in spec.notices[0]
    wheel.write_bytes(b"two")
    assert spec_of_requirements(path).digest != spec.digest


@pytest.mark.parametrize("line", ["-e .[dev]", "./[dev]", "--editable=.[dev]"])
def test_a_folder_is_used_where_it_is_and_that_is_said(write, tmp_path, line):
    spec = spec_of_requirements(write(f"{line}\n"))
    assert spec.packages == ()
    assert spec.options == (f"--editable {tmp_path}[dev]",)
    assert spec.notices == (f"{tmp_path} is used where it is: another machine hasn't got it",)


@pytest.mark.parametrize(
    "data",
    [b"\xef\xbb\xbfnumpy\r\npandas\r\n", "numpy\npandas".encode("utf-16"), b"numpy\rpandas"],
    ids=["utf-8 with a mark", "utf-16", "old Mac"],
)
def test_whatever_encoding_windows_chose_is_read(write, data):
    assert spec_of_requirements(write(data)).packages == ("numpy", "pandas")


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("numpy\nscikit learn\n", ["requirements.txt, line 2", "'scikit learn'", "expected a name"]),
        ("numpy\n\nscipy>=1.0,<1.2.*", ["line 3", "1.2.*"]),
        ("--frobnicate 3", ["line 1", "--frobnicate", "known: ", "--extra-index-url"]),
        ("--index-url", ["line 1", "--index-url needs a value"]),
        ("-r gone.txt", ["line 1", "gone.txt can't be read: no such file"]),
        ("-r https://a.example/r.txt", ["isn't fetched", "download it"]),
        ("./gone.whl", ["./gone.whl isn't there", "relative to"]),
        ("https://a.example/thing", ["doesn't say which package it is", "name @ address"]),
        ("-f 'wheels", ["line 1", "no closing quotation"]),
    ],
)
def test_what_cant_be_read_is_refused_with_its_line(write, text, facts):
    with pytest.raises(UserErrorException) as caught:
        spec_of_requirements(write(text))
    assert [fact for fact in facts if fact not in str(caught.value)] == []


def test_what_is_no_text_and_what_isnt_there_is_refused(write, tmp_path):
    with pytest.raises(UserErrorException, match=r"is no text in UTF-8"):
        spec_of_requirements(write(b"numpy\xff\xfe\xfa"))
    with pytest.raises(UserErrorException, match=r"can't be read: no such file"):
        spec_of_requirements(tmp_path / "gone.txt")
    with pytest.raises(UserErrorException, match=r"can't be read: is a directory"):
        spec_of_requirements(tmp_path)


def test_a_password_is_refused_and_a_variable_taken(write):
    with pytest.raises(UserErrorException, match=r"has a password in it") as caught:
        spec_of_requirements(write("--extra-index-url https://me:s3cret@a.example/simple\n"))
    assert "s3cret" not in str(caught.value)
    option = "--extra-index-url https://me:${TOKEN}@a.example/simple"
    assert spec_of_requirements(write(option)).options == (option,)


def test_packages_may_be_given_one_by_one():
    assert spec_of_packages(["scikit-learn==1.5", " numpy "]).packages == ("scikit-learn==1.5", "numpy")
    with pytest.raises(UserErrorException, match=r"'scikit-learn=1\.5' can't be read"):
        spec_of_packages(["scikit-learn=1.5"])
