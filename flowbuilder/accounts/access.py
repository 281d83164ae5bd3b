"""Who may open a route: declared beside each view, enforced in one place before any view runs.

Flask-Login carries who is signed in through a request; that somebody is, only our sessions in the database say.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from flask import Flask, Request, abort, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user

from flowbuilder.accounts import cookies, own_paths, sessions
from flowbuilder.accounts.sessions import Visitor
from flowbuilder.audit import Actor
from flowbuilder.web import current, fragments
from flowbuilder.web.security import allow_upload, protect_from_other_sites

Role = Literal["owner", "editor", "publisher", "analyst"]
View = TypeVar("View", bound=Callable[..., Any])

NO_COOKIE = ";"
"""A name that no cookie can have: nobody is remembered beyond their session."""

login = LoginManager()
login.session_protection = None


class UndeclaredRoute(RuntimeError):
    """A route whose view does not say who may open it."""


@dataclass(frozen=True)
class Access:
    """Who may open a route: anybody, the holder of a key, or people signed in with one of `roles` (empty: any role).

    `most_bytes` is how much they may send to it at once, 0 for what any page takes.
    """

    kind: Literal["public", "keyed", "signed in"]
    roles: tuple[Role, ...] = ()
    why: str = ""
    most_bytes: int = 0


def signed_in(*roles: Role, most_bytes: int = 0) -> Callable[[View], View]:
    """Declare that people who are signed in may open this route; with `roles`, only those."""
    return _declare(Access("signed in", roles, most_bytes=most_bytes))


def public(why: str) -> Callable[[View], View]:
    """Declare that anybody may open this route, and why."""
    return _declare(Access("public", why=why))


def keyed(view: View) -> View:
    """Declare that this route reads a key itself: it takes no cookies and needs no form token."""
    return _declare(Access("keyed"))(view)


def visitor() -> Visitor:
    """Return who is signed in; only for views declared with `signed_in`."""
    return cast(Visitor, current_user._get_current_object())  # noqa: SLF001 - how a proxy's object is had


def actor() -> Actor:
    """Return on whose behalf operations run that the visitor asks for."""
    return Actor(account_id=visitor().account.id, person_id=visitor().person.id)


def somebody() -> Visitor | None:
    """Return who is signed in, if anybody is; nobody once `forget` was called."""
    return None if "is_forgotten" in g or not current_user.is_authenticated else visitor()


def forget() -> None:
    """Show the rest of this request to nobody: the database does not say who it is, and must not be asked again."""
    g.is_forgotten = True


def declared_access(app: Flask, endpoint: str) -> Access:
    """Return who may open an endpoint; raises UndeclaredRoute."""
    access = getattr(app.view_functions[endpoint], "access", None)
    if not isinstance(access, Access):
        raise UndeclaredRoute(f"{endpoint}: declare signed_in(…), public(why) or keyed on its view.")
    return access


def init_app(app: Flask) -> None:
    """Enforce the declarations before every view; raises UndeclaredRoute when a route has none."""
    check_declarations(app)
    # Not by `login.init_app`: that would read the form cookie after every request, also of files and leads, to look
    # after a cookie that remembers people.
    app.login_manager = login  # type: ignore[attr-defined]
    app.config["REMEMBER_COOKIE_NAME"] = NO_COOKIE
    app.before_request(_enforce)
    app.context_processor(_who)


def check_declarations(app: Flask) -> None:
    """Raise UndeclaredRoute when a view of an app does not say who may open it."""
    for endpoint in app.view_functions:
        declared_access(app, endpoint)


def _enforce() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None
    access = declared_access(current_app, request.endpoint)
    if access.kind == "keyed":
        return None
    if access.most_bytes and current_user.is_authenticated:
        allow_upload(access.most_bytes)
    protect_from_other_sites()
    if access.kind == "public":
        return None
    if not current_user.is_authenticated:
        return fragments.go_to(own_paths.sign_in_then())
    if access.roles and visitor().role not in access.roles:
        abort(403)
    return None


def _who() -> dict[str, Any]:
    seen = somebody()
    is_warned = seen is not None and seen.role == "owner" and cookies.is_exposed(current.settings())
    return {"visitor": seen, "warns_of_http": is_warned}


@login.request_loader  # type: ignore[untyped-decorator]
def _recognise(_request: Request) -> Visitor | None:
    token = cookies.read()
    if token is None:
        return None
    return sessions.recognise(current.session(), token, current.now(), is_use=not fragments.is_fetched_by_page())


def _declare(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return mark
