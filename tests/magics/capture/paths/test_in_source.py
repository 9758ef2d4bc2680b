"""Paths that code puts together, folders that it enters, environment variables: from the source alone."""

import ast
from pathlib import Path, PurePath

import pytest

from cellrun.magics.capture.paths.expressions import path_of
from cellrun.magics.capture.paths.in_source import outside_of, outside_of_code
from cellrun.magics.capture.paths.shipment import cell_folder, placed

NAMES = {
    "ROOT": Path(".."),
    "name": "x",
    "n": 3,
    "DATA": "../data",
    "config.DATA": "../conf",
    "TEMPLATE": "../data/part-%d/x",
    "flag": True,
    "frame": object(),
}


def paths(source):
    return [path_of(each.pieces, NAMES.get) for each in outside_of(ast.parse(source).body).paths]


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("Path('..') / 'data' / 'x.csv'", "../data/x.csv"),
        ("ROOT / 'x.csv'", "../x.csv"),
        ("ROOT / f'{name}.csv'", "../x.csv"),
        ("ROOT.joinpath('a', 'b')", "../a/b"),
        ("os.path.join(DATA, name + '.csv')", "../data/x.csv"),
        ("os.path.join('..', 'part', str(n))", "../part/3"),
        ("f'{DATA}/part-{n}/{name}'", "../data/part-3/x"),
        ("f'../data/{unknown}.csv'", "../data"),
        ("ROOT / 'data' / unknown / 'x'", "../data"),
        ("f'../data/{n:03d}.csv'", "../data"),
        ("Path.cwd() / 'a'", "./a"),
        ("Path().absolute().parent / 'a'", "./../a"),
        ("Path.cwd().parents[1] / 'a'", "./../../a"),
        ("os.path.dirname(os.getcwd()) + '/a'", "./../a"),
        ("(ROOT / 'a').resolve()", "../a"),
        ("str(ROOT / 'a')", "../a"),
        ("frame / 'a'", ""),
        ("flag / n", ""),
        ("ROOT / '/etc/x'", "/etc/x"),
        ("'../data/part-%d.csv' % i", "../data"),
        ("'../data/{}/x.csv'.format(i)", "../data"),
        ("(ROOT / 'data' / 'x.csv').as_posix().format(i)", "../data/x.csv"),
        ("TEMPLATE % i", "../data"),
        ("TEMPLATE.format(i)", "../data/part-%d/x"),
        ("n % 2", "3"),
        ("config.DATA + '/x'", "../conf/x"),
    ],
)
def test_a_path_is_put_together_once(source, path):
    assert paths(source) == [path]


@pytest.mark.parametrize(
    "source",
    [
        "'value: ' + open(ROOT / 'x').read()",
        "'value: %s' % open(ROOT / 'x').read()",
        "'value: %s' % (ROOT / 'x')",
        "'value: {}'.format(ROOT / 'x')",
        "f'value: {open(ROOT / name).read()}'",
    ],
)
def test_what_stands_in_another_text_is_a_path_of_its_own(source):
    assert "../x" in paths(source)


def test_folders_that_are_listed():
    source = "os.listdir()\nos.walk(ROOT)\nPath('a').iterdir()\n[].iterdir()\nos.scandir(unknown())"
    listed = [each for each in outside_of(ast.parse(source).body).paths if each.is_listed]
    assert [path_of(each.pieces, NAMES.get) for each in listed] == [".", "..", "a"]


@pytest.mark.parametrize(
    ("call", "lists"),
    [
        ("system('ls')", True),
        ("system('ls -l --all .')", True),
        ("getoutput('find . -name x')", False),
        ("system('ls data')", False),
        ("system('lsof')", False),
        ("run_line_magic('ls', '-l')", True),
        ("run_line_magic('lsmagic', '')", False),
        ("display('ls')", False),
    ],
)
def test_commands_that_list_the_current_folder(call, lists):
    found = outside_of(ast.parse(f"get_ipython().{call}").body).paths
    assert any(each.is_listed for each in found) is lists


def test_names_of_the_source_itself_come_first():
    assert paths("DATA = Path('..') / 'other'\nDATA / 'x'") == ["../other", "../other/x"]
    assert paths("for name in names:\n    ROOT / name") == [".."]
    assert paths("name = read()\nROOT / name") == [".."]


def test_a_function_is_found_by_its_code():
    source = "x = 1\n\n@cached\ndef load(a):\n    return ROOT / 'a'\n\nget = lambda: ROOT / 'b'\n"
    namespace = {"cached": lambda function: function}
    exec(source, namespace)
    for name, path in (("load", "../a"), ("get", "../b")):
        outside = outside_of_code(namespace[name].__code__, source)
        assert [path_of(each.pieces, NAMES.get) for each in outside.paths] == [path]
    assert outside_of_code(namespace["load"].__code__, "something else").paths == ()
    assert outside_of_code(namespace["load"].__code__, "no python (").paths == ()


@pytest.mark.parametrize(
    ("source", "folder"),
    [
        ("os.chdir('..')", ".."),
        ("os.chdir(ROOT / 'a')", "../a"),
        ("get_ipython().run_line_magic('cd', '-q ../a')", "../a"),
    ],
)
def test_folders_that_are_entered(source, folder):
    entered = [each for each in outside_of(ast.parse(source).body).paths if each.is_entered]
    assert [path_of(each.pieces, NAMES.get) for each in entered] == [folder]


def test_folders_that_are_added_to_the_path():
    source = "sys.path.append('..')\nsys.path.insert(0, str(ROOT / 'a'))\nsys.path.append(unknown())\nrows.append('b')"
    searched = [each for each in outside_of(ast.parse(source).body).paths if each.is_searched]
    assert [path_of(each.pieces, NAMES.get) for each in searched] == ["..", "../a"]


@pytest.mark.parametrize(
    ("source", "pattern"),
    [
        ("glob.glob('*')", "*"),
        ("glob.iglob('data/*.csv')", "data/*.csv"),
        ("glob(DATA + '/*')", "../data/*"),
        ("PATTERN = 'a*'\nglob.glob(PATTERN)", "a*"),
        ("Path('data').glob('*.csv')", "data/*.csv"),
        ("ROOT.rglob('part-*')", "../**/part-*"),
        ("get_ipython().system('wc -l *.txt')", "*.txt"),
        ("get_ipython().run_cell_magic('bash', '', 'for f in data/*; do cat $f; done')", "data/*"),
        ("os.system('ls *  # but not what? this')", "*"),
        ("subprocess.run('wc *', shell=True)", "*"),
    ],
)
def test_patterns_that_are_looked_for(source, pattern):
    globbed = [each for each in outside_of(ast.parse(source).body).paths if each.is_globbed]
    assert [path_of(each.pieces, NAMES.get) for each in globbed] == [pattern]


@pytest.mark.parametrize(
    "source",
    [
        "print('*' * 40)",
        "re.findall('.*', s)",
        "get_ipython().run_line_magic('sql', 'select * from t')",
        "get_ipython().run_line_magic('timeit', 'a * b')",
        "get_ipython().run_cell_magic('html', '', '<p> * </p>')",
        "get_ipython().system('find . -name \"*\"')",
        "get_ipython().system('expr 2 \\\\* 3')",
    ],
)
def test_no_pattern_is_looked_for(source):
    assert not [each for each in outside_of(ast.parse(source).body).paths if each.is_globbed]


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("get_ipython().system('echo hi > big.bin')", "big.bin"),
        ("get_ipython().system('dd of={name}.bin')", "x.bin"),
        ("get_ipython().system('cp $name/a $DATA')", "../data"),
        ("get_ipython().run_cell_magic('bash', '', 'cd a\\nrm big.bin')", "big.bin"),
        ("get_ipython().run_cell_magic('time', '', '%%capture\\n%%bash\\nrm big.bin')", "big.bin"),
        ("os.system(f'gzip {name}')", "x"),
        ("os.system('gzip ' + name)", "x"),
        ("subprocess.run(['truncate', '-s0', 'big.bin'])", "big.bin"),
        ("subprocess.check_call('python tool.py --out=big.bin', shell=True)", "big.bin"),
        ("torch.save(model, 'model.pt')", "model.pt"),
        ("frame.to_parquet(f'{name}.parquet')", "x.parquet"),
        ("pq.write_table(t, where='t.parquet')", "t.parquet"),
        ("h5py.File('big.h5', 'a')", "big.h5"),
        ("netCDF4.Dataset('big.nc', mode='r+')", "big.nc"),
    ],
)
def test_what_may_be_changed_without_python_telling(source, path):
    changed = [each for each in outside_of(ast.parse(source).body).paths if each.is_changed]
    assert path in [path_of(each.pieces, NAMES.get) for each in changed]


@pytest.mark.parametrize("source", ["open('big.bin', 'r+')", "h5py.File('big.h5', 'r')", "run('big.bin')"])
def test_what_changes_nothing_unseen(source):
    assert not [each for each in outside_of(ast.parse(source).body).paths if each.is_changed]


def test_a_bare_cd_enters_nothing():
    assert outside_of(ast.parse("get_ipython().run_line_magic('cd', '')").body).paths == ()


@pytest.mark.parametrize(
    ("source", "variables"),
    [
        ("os.environ['A']", [("A", True)]),
        ("os.environ.get('A'); os.getenv('B', 1); 'C' in environ", [("A", False), ("B", False), ("C", False)]),
        ("os.environ['A'] = 1", []),
        ("os.environ['A'] = 1\nos.environ['A']", []),
        ("Path(os.environ['A']) / 'x'", [("A", True)]),
        ("os.environ[a]", []),
        ("get_ipython().system('echo $A ${B} $$C')", [("A", False), ("B", False)]),
        ("get_ipython().run_cell_magic('bash', '', 'echo $A')", [("A", False)]),
    ],
)
def test_environment_variables(source, variables):
    assert [(each.name, each.is_required) for each in outside_of(ast.parse(source).body).variables] == variables


NOTEBOOK = Path("/home/me/project/notebooks/deep")


@pytest.mark.parametrize(
    ("steps", "files", "modules", "folder"),
    [
        (0, ["a.txt"], [], "."),
        (1, ["../data/x.csv"], [], "deep"),
        (2, ["../../data/x.csv", "a.txt"], ["helper.py"], "notebooks/deep"),
        (1, ["../outputs/x"], [], "notebooks/deep"),
        (2, ["../../cell.py"], [], "project/notebooks/deep"),
        (1, ["../helper.py"], ["helper.py"], "notebooks/deep"),
        (1, ["outputs/x", "../a"], [], "deep"),
    ],
)
def test_a_cell_runs_as_deep_as_its_paths_need(steps, files, modules, folder):
    assert cell_folder(NOTEBOOK, steps, files, modules) == PurePath(folder)


def test_files_stand_where_the_cells_paths_lead():
    assert placed(PurePath("notebooks/deep"), "../../data/x") == "data/x"
    assert placed(PurePath("notebooks/deep"), "x") == "notebooks/deep/x"
    assert placed(PurePath("notebooks/deep"), "outputs/x") == "outputs/x"
    assert placed(PurePath(), "x") == "x"
