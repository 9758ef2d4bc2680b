"""What remains of a working folder, whoever made it."""

import shutil

from cellrun.core import Run
from cellrun.core.supervision.process_file import ProcessFile


def test_nothing_is_removed_where_a_working_folder_leads_that_is_a_link(runs, tmp_path, until):
    """As in a workspace that came from somebody else, who has seen size and time of a file."""
    mine = tmp_path / "mine"
    (mine / "__pycache__").mkdir(parents=True)
    (mine / "thesis.tex").write_text("mine")
    shutil.copy2(mine / "thesis.tex", runs.source)
    layout = runs.script("pass")
    runs.end(layout)
    assert not (layout.work / "thesis.tex").exists()  # an unchanged copy goes
    supervisor = ProcessFile(layout).read().supervisor
    until(lambda: not supervisor.is_alive(), "the supervisor's end")
    for path in sorted(layout.statuses.iterdir())[3:]:  # it seems to be under way
        path.unlink()
    shutil.rmtree(layout.work)
    layout.work.symlink_to(mine)
    assert Run.get(runs.workspace, layout.run_id).get_status() == "Failed"
    assert (mine / "thesis.tex").read_text() == "mine"
    assert (mine / "__pycache__").exists()
