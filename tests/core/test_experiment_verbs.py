"""What users do with an experiment as a whole, under the names of Azure ML's first SDK."""

import threading

import pytest

from cellrun.core import Experiment, UserErrorException, WorkspaceException


def test_tags_and_the_description_are_kept(ws):
    experiment = Experiment(ws, "digits", _create_in_cloud=True)
    experiment.tag("team", 7)
    experiment.set_tags({"stage": "first", "seen": None})
    experiment.description = "which digit is it"
    again = Experiment(ws, "digits")
    assert again.tags == {"team": "7", "stage": "first", "seen": None}
    assert again.description == "which digit is it"
    again.remove_tags(["stage", "absent"])
    again.remove_tags("seen")
    assert experiment.tags == {"team": "7"}


def test_of_several_who_tag_at_once_none_is_lost(ws):
    experiment = Experiment(ws, "digits")
    threads = [threading.Thread(target=experiment.tag, args=(f"t{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(experiment.tags) == [f"t{number}" for number in range(8)]


def test_one_that_is_put_away_is_in_no_list_until_it_is_taken_back(ws):
    experiment, other = Experiment(ws, "old"), Experiment(ws, "new")
    experiment.archive()
    when = experiment.archived_time
    experiment.archive()
    assert experiment.archived_time == when is not None
    assert [each.name for each in Experiment.list(ws)] == ["new"]
    assert [each.name for each in Experiment.list(ws, view_type="ArchivedOnly")] == ["old"]
    assert [each.name for each in Experiment.list(ws, view_type="All")] == ["new", "old"]
    with pytest.raises(UserErrorException, match="can't be called 'newer'"):
        experiment.reactivate("newer")
    experiment.reactivate("old")
    experiment.refresh()
    assert experiment.archived_time is other.archived_time is None
    with pytest.raises(UserErrorException, match="got 'Some'"):
        Experiment.list(ws, view_type="Some")


def test_experiments_are_found_by_name_and_tags(ws):
    Experiment(ws, "a").set_tags({"x": "1", "y": "2"})
    Experiment(ws, "b").set_tags({"x": "2"})
    for tags, names in (("x", "ab"), (["x", "y"], "a"), ({"x": "2"}, "b"), ({"z": None}, ""), (None, "ab")):
        assert "".join(each.name for each in Experiment.list(ws, tags=tags)) == names
    assert [each.name for each in Experiment.list(ws, "b")] == ["b"]


def test_an_id_says_which_one_it_is(ws):
    experiment = Experiment(ws, "digits")
    assert experiment.id == experiment.identity == Experiment(ws, "digits").id != Experiment(ws, "other").id
    assert experiment.workspace_object is ws


def test_only_an_empty_one_is_deleted(ws):
    experiment, empty = Experiment(ws, "digits"), Experiment(ws, "empty")
    run = experiment.start_logging()
    run.complete()
    with pytest.raises(UserErrorException, match="has 1 run, and only an empty one can be deleted"):
        Experiment.delete(ws, experiment.id)
    run.delete()
    Experiment.delete(ws, experiment.id)
    Experiment.delete(ws, empty.name)
    assert ws.experiments == {}
    with pytest.raises(UserErrorException, match="has no experiment"):
        Experiment.delete(ws, experiment.id)
    assert Experiment(ws, "digits").start_logging().number == 1


def test_the_experiment_of_a_folder(ws, tmp_path):
    (tmp_path / "my project").mkdir()
    assert Experiment.from_directory(tmp_path / "my project").name == "my-project"


def test_what_is_damaged_is_nothing(ws):
    experiment = Experiment(ws, "digits")
    (ws.layout.experiment("digits") / "about.json").write_text("[")
    assert (experiment.tags, experiment.description, experiment.archived_time) == ({}, None, None)


@pytest.mark.parametrize("name", ["", ".about.lock"])
def test_nothing_is_written_where_a_link_in_the_place_of_an_experiment_leads(ws, tmp_path, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "thesis.tex").write_text("years of work")
    place = ws.layout.experiment("theirs") / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(outside / "thesis.tex" if name else outside)
    with pytest.raises(WorkspaceException):
        Experiment(ws, "theirs").tag("a", "b")
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"thesis.tex": "years of work"}
