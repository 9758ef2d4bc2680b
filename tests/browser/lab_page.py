"""JupyterLab as a user works with it: open a notebook, run cells, look at the view below one."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Error, Locator, Page, WebSocket, expect

from tests.browser.lab_server import TOKEN, LabServer
from tests.browser.run_view_page import RunViewPage
from tests.browser.screenshots import screenshot


class KernelWire:
    """What comes over a page's connections to kernels, in bytes."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        self._page = page
        self._messages: list[bytes] = []
        page.on("websocket", self._listen)

    def close(self) -> None:
        """Listen to no more connections."""
        self._page.remove_listener("websocket", self._listen)

    def bytes_of(self, kind: str) -> int:
        """Return the bytes of the messages of a widget that have this type."""
        return sum(len(message) for message in self._messages if f'"type": "{kind}"'.encode() in message)

    def _listen(self, socket: WebSocket) -> None:
        if "/api/kernels/" in socket.url:
            socket.on("framereceived", self._take)

    def _take(self, message: str | bytes) -> None:
        data = message.encode() if isinstance(message, str) else message
        self.bytes += len(data)
        self._messages.append(data)


class LabPage:
    """One browser page with JupyterLab in it."""

    def __init__(self, page: Page, server: LabServer) -> None:
        self.page = page
        self.problems: list[str] = []
        self._server = server
        self._wires: list[KernelWire] = []
        self._dialog = page.locator(".jp-Dialog")
        page.on("pageerror", self._note)

    def open(self, name: str, cells: Sequence[str] | None = None, source: Path | None = None) -> None:
        """Open a notebook made of these cells, or a copy of `source`, in a fresh layout with a fresh kernel."""
        if cells is not None:
            (self._server.folder / name).write_text(json.dumps(_notebook(cells)))
        elif source is not None:
            (self._server.folder / name).write_bytes(source.read_bytes())
        if self._close_documents():
            self.command("docmanager:open", path=name)
        else:
            self.page.goto(f"{self._server.url}/lab/tree/{name}?reset&token={TOKEN}")
        self._wait_until_open()
        self.use_theme("light")

    def forget(self) -> None:
        """Leave JupyterLab, so that the next notebook has to load it again."""
        if self._close_documents():
            self.page.evaluate("sessionStorage.clear()")
            self.page.goto("about:blank")

    def leave(self) -> None:
        """Let the page, empty, to another test."""
        self.page.remove_listener("pageerror", self._note)
        for wire in self._wires:
            wire.close()
        self.page.unroute_all()
        self.page.remove_locator_handler(self._dialog)
        self._close_documents()
        self.shut_down()

    def _note(self, error: Error) -> None:
        self.problems.append(str(error))

    def _close_documents(self) -> bool:
        """Close all documents, unsaved ones too, and what Lab has to say of them; return whether there is a Lab."""
        return bool(
            self.page.evaluate(
                """async () => {
                    const app = window.jupyterapp;
                    if (!app) return false;
                    for (const area of ['main', 'down'])
                        for (const widget of [...app.shell.widgets(area)]) widget.dispose();
                    await app.commands.execute('apputils:dismiss-notification');
                    if (app.shell.leftCollapsed === false) app.shell.collapseLeft();
                    return true;
                }"""
            )
        )

    def reload(self) -> None:
        """Load the page again, as F5 does.

        Lab opens once more what the URL names, beside the layout that it restores: that is done before this returns.
        """
        self.page.reload()
        self._wait_until_open()
        self.page.evaluate(
            """async () => {
                const { commands, shell } = window.jupyterapp;
                const path = shell.currentWidget.context.path;
                await commands.execute('filebrowser:open-path', { path, dontShowBrowser: true });
            }"""
        )

    def _wait_until_open(self) -> None:
        self.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext", timeout=60_000)
        self.page.evaluate(
            """async () => {
                const app = window.jupyterapp;
                await app.restored;
                const panel = app.shell.currentWidget;
                await panel.context.ready;
                await panel.sessionContext.ready;
                if (app.shell.leftCollapsed === false) app.shell.collapseLeft();
            }"""
        )
        self.page.wait_for_function("() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel")

    def run_all(self) -> None:
        """Run all cells, without waiting for them."""
        self.command("notebook:run-all-cells")

    def run_cell(self, index: int) -> None:
        """Run one cell, without waiting for it."""
        self.page.evaluate("i => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i; }", index)
        self.command("notebook:run-cell")

    def command(self, command_id: str, **arguments: object) -> None:
        """Execute one of Lab's commands, without waiting for its end."""
        self.page.evaluate(
            "([id, args]) => { void window.jupyterapp.commands.execute(id, args); }", [command_id, arguments]
        )

    def restart_kernel(self) -> None:
        """Restart the kernel as the menu does, without its question."""
        self.page.evaluate(
            "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
        )

    def save(self) -> None:
        """Save the notebook, and wait until that is done."""
        self.page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")

    def cell(self, index: int) -> Locator:
        """Return a cell's element."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def is_running(self, index: int) -> bool:
        """Whether a cell's prompt shows a star."""
        return self.cell(index).locator(".jp-InputPrompt").inner_text().startswith("[*]")

    def wait_until_done(self, index: int, timeout_s: float = 60) -> None:
        """Wait until a cell has an execution count."""
        prompt = self.cell(index).locator(".jp-InputPrompt")
        expect(prompt).to_have_text(re.compile(r"\[\d+\]"), timeout=timeout_s * 1000)

    def view(self, index: int) -> RunViewPage:
        """Return the live view in a cell's output."""
        return self._view_in(self.cell(index))

    def _view_in(self, around: Locator) -> RunViewPage:
        view = around.locator(".cellrun[role='region']").first
        return RunViewPage(self.page, view, around.locator(".cellrun-output, .cellrun").first)

    def use_theme(self, theme: str) -> None:
        """Switch to Lab's `light` or `dark` theme and wait for it."""
        light = "true" if theme == "light" else "false"
        is_light = "light => document.body.dataset.jpThemeLight === light"
        if self.page.evaluate(is_light, light):
            return
        self.command("apputils:change-theme", theme=f"JupyterLab {theme.capitalize()}")
        self.page.wait_for_function(is_light, arg=light)
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)

    def resize(self, width: int) -> None:
        """Make the page so many pixels wide."""
        self.page.set_viewport_size({"width": width, "height": 900})

    def screenshot(self, name: str) -> None:
        """Save what the page shows as `<name>-<theme>.png`, if that is wanted."""
        theme = "light" if self.page.evaluate("document.body.dataset.jpThemeLight") == "true" else "dark"
        screenshot(self.page, f"{name}-{theme}")

    def linked_output(self, index: int) -> RunViewPage:
        """Show a cell's output once more, in a tab beside the notebook; return the view there."""
        self.page.evaluate("i => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i; }", index)
        self.command("notebook:create-output-view")
        return self._view_in(self.page.locator(".jp-LinkedOutputView"))

    def run_in_console(self, code: str) -> RunViewPage:
        """Open a console of the notebook's kernel and run code there; return the view that it shows."""
        self.command("notebook:create-console")
        self.page.locator(".jp-CodeConsole-input .cm-content").click()
        self.page.keyboard.type(code)
        self.page.keyboard.press("Shift+Enter")
        return self._view_in(self.page.locator(".jp-CodeConsole-content"))

    def kernel_wire(self) -> KernelWire:
        """Count from now on what the server sends to the page on behalf of kernels."""
        self._wires.append(KernelWire(self.page))
        return self._wires[-1]

    def dismiss_dialogs(self) -> None:
        """From now on, until the page is left, close what Lab says in a dialog as soon as it is in the way."""

        def dismiss() -> None:
            self._dialog.locator("button").first.click()

        self.page.add_locator_handler(self._dialog, dismiss)

    def shut_down(self, name: str = "") -> None:
        """End a notebook's kernel, or else all kernels of the server."""
        headers = {"Authorization": f"token {TOKEN}"}
        listed = urllib.request.Request(f"{self._server.url}/api/sessions", headers=headers)
        with urllib.request.urlopen(listed) as answer:
            sessions = json.load(answer)
        ended = [session for session in sessions if name in ("", session["path"])]
        assert ended or not name, f"no kernel of {name} among {sessions}"
        for session in ended:
            address = f"{self._server.url}/api/sessions/{session['id']}"
            urllib.request.urlopen(urllib.request.Request(address, headers=headers, method="DELETE")).close()

    def open_lab(self) -> None:
        """Open JupyterLab without a document, in a fresh layout."""
        if not self._close_documents():
            self.page.goto(f"{self._server.url}/lab?reset&token={TOKEN}")
            self.page.wait_for_function("() => window.jupyterapp?.shell", timeout=60_000)
            self.page.evaluate("async () => { await window.jupyterapp.restored; }")
        self.use_theme("light")


def _notebook(cells: Sequence[str]) -> dict[str, object]:
    empty: dict[str, object] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    listed = [{**empty, "id": f"cell-{number}", "source": source} for number, source in enumerate(cells)]
    return {"cells": listed, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
