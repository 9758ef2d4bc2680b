"""The sign-in of the private server: a code gets a log-in, all else a page that says how to get one."""

from __future__ import annotations

import os
import re
from html import escape
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.identity import IdentityProvider, User
from tornado import web

from cellrun.core.disk.ownership import user
from cellrun.core.portal.private_server import Codes
from cellrun.server.json_errors import QuietHandler
from cellrun.server.private.peer import other_user

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>cellrun</title>
<style>:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 36em; margin: 4em auto; padding: 0 1em }}
code {{ font-family: ui-monospace, monospace }}</style></head>
<body><h1>{title}</h1><p>{text}</p>
{hint}
</body></html>
"""
_NEW_ONE = "<p>In Python, <code>print(run.get_portal_url())</code> makes a new one.</p>"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class PrivateIdentity(IdentityProvider):
    """Knows who came in by a code, by the cookie given then. No token is taken, wherever it stands.

    A browser gives a cookie of 127.0.0.1 to every port there, whoever listens at it: another user of the machine who
    brings one isn't let in.
    """

    logout_available = False  # Jupyter's is an address that another site's page may send a browser to

    def get_user(self, handler: web.RequestHandler) -> Any:
        """Return the user of a request's cookie; None without one, and where another user of the machine brings it."""
        found = self.get_user_cookie(handler)
        return found if found is not None and other_user(handler.request) is None else None

    def sign_in(self, handler: web.RequestHandler) -> None:
        """Give the browser its cookie, until it is closed or the server ends."""
        self.set_login_cookie(handler, User("portal"))


class SignInPage(QuietHandler):
    """A page for those who aren't in yet."""

    @property
    def content_security_policy(self) -> str:
        """What the page may do: nothing."""
        return _POLICY

    def set_default_headers(self) -> None:
        """Set the headers of a page whose address holds a code: nobody is to be told it."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")

    async def refuse(self, title: str, text: str, hint: str = _NEW_ONE) -> None:
        """Answer with why not, and what to do; the hint is HTML."""
        self.set_status(403)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        await self.finish(_PAGE.format(title=escape(title), text=escape(text), hint=hint))


class SignInHandler(SignInPage):
    """Turns a code into a log-in, and goes on to the page that the link is for."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Let in who brings a valid code. Who is in already needs none; another user of the machine leaves it valid."""
        codes: Codes = self.settings["cellrun_codes"]
        identity: PrivateIdentity = self.settings["identity_provider"]
        target = self.get_query_argument("next", f"{self.base_url}cellrun/")
        if not is_own_page(target, self.base_url):
            await self.refuse("This link leads elsewhere", "A link opens pages of cellrun alone.")
        elif (uid := other_user(self.request)) is not None:
            text = (
                f"It is for {user(os.geteuid())}, and was opened by another user of this machine: {user(uid)}. "
                "That didn't use it up."
            )
            await self.refuse("This link is for another user", text, hint="")
        elif codes.take(self.get_query_argument("code", "")):
            identity.sign_in(self)
            self.redirect(target)
        elif self.current_user:
            self.redirect(target)
        else:
            text = "Each link opens one browser once, while its run goes on and for ten minutes after."
            await self.refuse("This link is used up", text)


class NoSignInHandler(SignInPage):
    """Where Jupyter sends who isn't logged in: there is nothing to log in with, but a link."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Say how to come in."""
        await self.refuse("This page needs a link", "Runs are shown to whoever comes by a link of their own.")


def is_own_page(target: str, base_url: str) -> bool:
    r"""Return whether an address is a path of cellrun's pages, which no browser can take for another site.

    Browsers drop control characters, and take `\` for `/`: neither is in a path of ours, nor is `..` or a second `//`.
    """
    path, _, query = target.partition("?")
    if not path.startswith(f"{base_url}cellrun/"):
        return False
    plain = re.fullmatch(r"[\w/.~%-]*", path, re.ASCII) and re.fullmatch(r"[\w/.~%&=+-]*", query, re.ASCII)
    *steps, last = path.lower().replace("%2e", ".").split("/")[1:]
    return bool(plain) and "" not in steps and not {".", ".."} & {*steps, last}
