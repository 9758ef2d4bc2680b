"""Where a link may lead."""

import pytest

from cellrun.server.private.private_pages import is_own_page


@pytest.mark.parametrize(
    "target",
    [
        "/cellrun/",
        "/cellrun/workspaces/0a1b/runs/digits_1_2",
        "/cellrun/workspaces/w/compare?run=a&run=b",
        "/cellrun/?workspace=w&experiment=my%20one",
    ],
)
def test_pages_of_ours_are_own_pages(target):
    assert is_own_page(target, "/")
    assert is_own_page(f"/user/ada{target}", "/user/ada/")


@pytest.mark.parametrize(
    "target",
    [
        "",
        "/",
        "cellrun/",
        "/cellrun",
        "/cellrunx/",
        "/login",
        "//evil.com/cellrun/",
        "///evil.com",
        "/\\evil.com",
        "/cellrun/\\evil.com",
        "/cellrun//evil.com",
        "/cellrun/../login",
        "/cellrun/..",
        "/cellrun/./../login",
        "/cellrun/%2e%2e/login",
        "/cellrun/.%2E/login",
        "https://evil.com/cellrun/",
        "javascript:alert(1)",
        "/cellrun/\r\nSet-Cookie: a=b",
        "/cellrun/\t",
        "/cellrun/@evil.com",
        "/cellrun/#x",
        "/cellrun/\u202e",
        "\x00/cellrun/",
        " /cellrun/",
    ],
)
def test_nothing_else_is(target):
    assert not is_own_page(target, "/")


def test_a_page_below_another_base_is_not_own():
    assert not is_own_page("/cellrun/", "/user/ada/")
    assert not is_own_page("/user/bob/cellrun/", "/user/ada/")
