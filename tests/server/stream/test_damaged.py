"""Damaged runs over the live stream: each is told of or refused in words, and the others go on."""

import pytest

from cellrun.core import Experiment, Workspace
from tests.damage import FILES, KINDS, put
from tests.server.live_server import Page


@pytest.fixture
def page(serving):
    """Return a page of a server of the test's own."""
    with serving() as server:
        made = Page(server)
        yield made
        made.close()


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_run_is_followed_or_refused_and_holds_nobody_up(page, workspace, name):
    exp = Experiment(Workspace.from_config(), "digits")
    page.list(channel=99).until(lambda: page.texts)  # and now tells what changes
    made = {}
    for kind in (None, *KINDS):
        run = exp.start_logging()
        run.log("loss", 0.5)
        run.complete()
        if kind:
            put(run.layout, name, kind)
        made[kind] = run.layout
    channels = dict(enumerate(made))
    for channel, kind in channels.items():
        page.follow(made[kind], channel=channel)
    page.until(lambda: {*page.views, *errors(page)} >= channels.keys())
    assert page.points(channel=0) == [0.5]
    refused = {channels[channel]: error for channel, error in errors(page).items()}
    assert None not in refused
    for kind, error in refused.items():
        assert error["status"] in {404, 409}, (kind, error)
        assert made[kind].run_id in error["message"]
    page.until(lambda: listed(page) == {layout.run_id for layout in made.values()})


def errors(page):
    """Return what was refused, by channel."""
    return {text["channel"]: text for text in page.texts if text["type"] == "error"}


def listed(page):
    """Return the ids of all rows that came."""
    return {row["id"] for text in page.texts if text["type"] == "rows" for row in text["rows"]}
