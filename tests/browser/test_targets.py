"""The page of targets in a real JupyterLab and in the portal: attached with a test, examined, detached."""

import json

import pytest
from playwright.sync_api import expect

from cellrun.core import Workspace
from tests.browser.panel_page import PanelPage
from tests.browser.targets_page import TargetsPage

pytestmark = pytest.mark.timeout(600)


def test_a_target_is_tested_attached_and_detached_in_a_tab_of_jupyterlab(shared_lab, server, server_home, tmp_path):
    lab, workspace = shared_lab, Workspace.from_config()
    before = list(workspace.compute_targets)  # another test's in this Lab
    lab.open_lab()
    panel = PanelPage(lab)
    panel.show("default")
    lab.page.get_by_role("button", name="More actions").click()
    lab.page.get_by_role("menuitem", name="Targets").click()
    targets = TargetsPage(lab.page)
    targets.expect_state("local", "answers")
    expect(targets.card("local")).to_contain_text("this machine")

    form = targets.open_form()
    form.get_by_label("Name").fill("elsewhere")
    form.get_by_label("Kind").select_option("fake")
    form.get_by_label("transport").select_option("push")
    form.get_by_label("folder").fill(str(tmp_path / "far side"))
    form.get_by_role("button", name="Test").click()
    expect(form.get_by_role("alert").filter(has_text="transport='push' needs server=")).to_be_visible()
    expect(form.get_by_role("button", name="Attach", exact=True)).to_be_disabled()
    form.get_by_label("transport").select_option("")
    form.get_by_label("folder").press("Enter")
    expect(form).to_contain_text("All is well.")
    assert list(workspace.compute_targets) == before
    form.get_by_role("button", name="Attach", exact=True).click()
    targets.expect_state("elsewhere", "answers")
    expect(targets.card("elsewhere")).to_contain_text("All is well.")
    assert workspace.compute_targets["elsewhere"].settings == {"folder": str(tmp_path / "far side")}
    for theme in ("dark", "light"):
        lab.use_theme(theme)
        expect(targets.root).to_have_attribute("data-theme", theme)
        lab.screenshot("targets-lab")
        assert targets.accessibility_problems() == []

    lab.page.goto(f"{server.url}/lab")
    targets.expect_state("elsewhere", "answers")  # it is there again
    targets.button("Detach elsewhere").click()
    lab.page.get_by_role("dialog").get_by_role("button", name="Detach").click()
    expect(targets.card("elsewhere")).to_have_count(0)
    assert list(workspace.compute_targets) == before
    assert lab.problems == []


def test_in_the_portal_all_that_may_be_amiss_is_told_in_any_width(portal, page, tmp_path):
    workspace = Workspace.create("with targets")
    with pytest.warns(UserWarning, match="can't be used yet"):
        workspace.attach("far", "ssh", host="nowhere.invalid")
    workspace.attach("lent", "fake", folder=tmp_path / "far side")
    (workspace.layout.targets / "lent.sig").unlink()
    (workspace.layout.targets / "broken.json").write_text(json.dumps({"kind": "moon", "settings": {}}))
    portal.open(f"workspaces/{workspace.id}/targets")
    expect(page).to_have_title("Targets")
    targets = TargetsPage(page)
    targets.expect_state("local", "answers")
    targets.expect_state("lent", "attached by another user")
    targets.expect_state("broken", "can't be used here")
    targets.expect_state("far", "doesn't answer")
    expect(targets.card("far")).to_contain_text("nowhere.invalid")
    targets.button("Test far").click()
    expect(targets.card("far").locator(".cellrun-findings")).to_contain_text("nowhere.invalid")
    for theme in ("dark", "light"):
        portal.use_theme(theme)
        portal.screenshot("portal-targets")
        assert targets.accessibility_problems() == []
    for width in (1200, 700, 250):
        page.set_viewport_size({"width": width, "height": 900})
        portal.screenshot(f"portal-targets-{width}")
        assert not targets.overflows()

    targets.button("Look at it: lent, which another user attached").click()
    form = targets.root.get_by_role("form")
    expect(form).to_contain_text("go on only if you trust whoever attached it")
    form.get_by_role("button", name="Test").click()
    form.get_by_role("button", name="Trust and attach").click()
    targets.expect_state("lent", "answers")
    targets.button("Detach broken").click()
    page.get_by_role("dialog").get_by_role("button", name="Detach").click()
    expect(targets.card("broken")).to_have_count(0)
    assert portal.problems == []
