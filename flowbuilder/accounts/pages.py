"""The pages of a person: signing in and out, name and look, the password, and the browsers signed in."""

from datetime import timedelta
from math import ceil
from uuid import UUID

from flask import Blueprint, Response, abort, request, url_for
from flask import session as form_cookie

from flowbuilder.accounts import browsers, cookies, operations, passwords, queries, sessions, throttle
from flowbuilder.accounts.access import public, signed_in, somebody, visitor
from flowbuilder.accounts.forms import KeysForm, LookForm, NameForm, PasswordForm, SignInForm
from flowbuilder.accounts.own_paths import own_path
from flowbuilder.web import current
from flowbuilder.web.fragments import go_to, nothing_new, page, wants_fragment

bp = Blueprint("accounts", __name__)

WRONG = "The email address or the password is not right."


@bp.get("/sign-in")
@public("it is where people sign in")
def sign_in() -> Response:
    """Show the sign-in form, or go on when the person is signed in already."""
    if somebody():
        return go_to(own_path(request.args.get("next")))
    return _sign_in_page(SignInForm())


@bp.post("/sign-in")
@public("it is where people sign in")
def check_sign_in() -> Response:
    """Check what was typed; a right password opens a session and leads on to the page asked for."""
    if not cookies.may_sign_in(current.settings()):
        abort(403)
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form, status=422)
    answer = operations.sign_in(session=current.session(), attempt=_attempt(form), now=current.now())
    if answer.token is None:
        return _refused(form, answer.wait)
    form_cookie.clear()
    response = go_to(own_path(request.args.get("next")))
    cookies.give(response, answer.token)
    return response


@bp.post("/sign-out")
@signed_in()
def sign_out() -> Response:
    """End the session and show the sign-in page."""
    operations.sign_out(session=current.session(), visitor=visitor())
    form_cookie.clear()
    response = go_to(url_for("accounts.sign_in"))
    cookies.take_back(response)
    return response


@bp.get("/account")
@signed_in()
def show() -> Response:
    """Show the person's name, look, password and browsers."""
    return _account_page()


@bp.post("/account/look")
@signed_in()
def change_look() -> Response:
    """Keep how the app shall look."""
    form = LookForm()
    if not form.validate():
        return _account_page(look=form, status=422)
    operations.change_look(session=current.session(), person=visitor().person, theme=form.theme.data)
    return go_to(url_for("accounts.show"))


@bp.post("/account/keys")
@signed_in()
def change_keys() -> Response:
    """Keep whether the person uses the keys of the editor; the list of keys there asks for it in passing."""
    uses_keys = KeysForm().uses_keys.data
    operations.change_keys(session=current.session(), person=visitor().person, uses_keys=uses_keys)
    return nothing_new() if wants_fragment() else go_to(url_for("accounts.show"))


@bp.post("/account/name")
@signed_in()
def change_name() -> Response:
    """Keep what others in the account call the person."""
    form = NameForm()
    if not form.validate():
        return _account_page(name=form, status=422)
    operations.change_name(session=current.session(), person=visitor().person, name=form.name.data)
    return go_to(url_for("accounts.show"))


@bp.post("/account/password")
@signed_in()
def change_password() -> Response:
    """Keep a new password, if the one of now is right."""
    form = PasswordForm()
    if not form.validate():
        return _account_page(password=form, status=422)
    subjects = _subjects(visitor().person.email)
    wait = throttle.take_attempt(session=current.session(), subjects=subjects, now=current.now())
    current.session().commit()
    if wait is not None:
        form.current.errors = [_wait_text(wait)]
        return _account_page(password=form, status=429)
    if not passwords.is_password(visitor().person.password_hash, form.current.data):
        form.current.errors = ["That is not your password."]
        return _account_page(password=form, status=422)
    throttle.forgive(session=current.session(), subjects=subjects)
    operations.change_password(session=current.session(), visitor=visitor(), new=form.new.data, now=current.now())
    return go_to(url_for("accounts.show", changed="password"))


@bp.post("/account/switch/<any_id:account_id>")
@signed_in()
def change_account(account_id: UUID) -> Response:
    """Work for another account that the person belongs to; others are not found."""
    if not operations.change_account(session=current.session(), visitor=visitor(), account_id=account_id):
        abort(404)
    return go_to(url_for("home.index"))


@bp.post("/account/sessions/end")
@signed_in()
def end_session() -> Response:
    """End the session of another browser; one of somebody else is not found."""
    try:
        id_hash = bytes.fromhex(request.form.get("session", ""))
    except ValueError:
        abort(404)
    if not sessions.end(session=current.session(), person_id=visitor().person.id, id_hash=id_hash):
        abort(404)
    current.session().commit()
    return go_to(url_for("accounts.show"))


def _sign_in_page(form: SignInForm, *, status: int = 200, problem: str = "") -> Response:
    return page(
        "accounts/sign_in.html",
        status=status,
        form=form,
        problem=problem,
        next_path=own_path(request.args.get("next")),
        may_sign_in=cookies.may_sign_in(current.settings()),
    )


def _refused(form: SignInForm, wait: timedelta | None) -> Response:
    if wait is None:
        return _sign_in_page(form, status=422, problem=WRONG)
    response = _sign_in_page(form, status=429, problem=_wait_text(wait))
    response.headers["Retry-After"] = str(ceil(wait.total_seconds()))
    return response


def _wait_text(wait: timedelta) -> str:
    minutes = ceil(wait.total_seconds() / 60)
    return f"That was wrong too often from here. Try again in {minutes} minute{'s' if minutes > 1 else ''}."


def _attempt(form: SignInForm) -> operations.Attempt:
    email = form.email.data
    return operations.Attempt(email, form.password.data, _subjects(email), request.user_agent.string)


def _subjects(email: str) -> tuple[throttle.Subject, ...]:
    return throttle.subjects_of(current.settings().secret_key, email, request.remote_addr or "")


def _account_page(
    *,
    name: NameForm | None = None,
    look: LookForm | None = None,
    password: PasswordForm | None = None,
    status: int = 200,
) -> Response:
    person = visitor().person
    return page(
        "accounts/show.html",
        status=status,
        name=name or NameForm(formdata=None, name=person.name),
        look=look or LookForm(formdata=None, theme=person.theme),
        keys=KeysForm(formdata=None, uses_keys=person.uses_keys),
        password=password or PasswordForm(formdata=None),
        accounts=queries.accounts_of(current.session(), person.id),
        sessions=queries.open_sessions(current.session(), person.id, current.now()),
        browser_name=browsers.name_of,
        changed=request.args.get("changed"),
    )
