"""The pages of connections with everything that they show: the form, one connection, the question before revoking."""

import re

from flask import Response, request

from flowbuilder.accounts.access import visitor
from flowbuilder.accounts.own_paths import own_path
from flowbuilder.connections import queries, real_sales, signing, tools
from flowbuilder.connections.breakers import standing_of
from flowbuilder.connections.checks import say_secret
from flowbuilder.connections.described import delivery_methods, other_settings
from flowbuilder.connections.forms import (
    DELIVERY_WORDS,
    REASON_WORDS,
    ConnectionForm,
    RevokeForm,
    SecretForm,
    SigningForm,
)
from flowbuilder.connections.preview import Preview, preview
from flowbuilder.connections.taking import say_consent
from flowbuilder.connections.test_words import told
from flowbuilder.connections.written import show_rows
from flowbuilder.inbox import queries as inbox
from flowbuilder.leads.asked import COPY_WORDS
from flowbuilder.lists.queries import list_names
from flowbuilder.models import Connection, Credential
from flowbuilder.sources.posting import posted_keys
from flowbuilder.web import current
from flowbuilder.web.fragments import page

FLOW_IN_PATH = re.compile(r"/flows/(flo_\w+)/")


def stored_secrets(row: Connection) -> dict[str, Credential]:
    """Return the connection's secrets, sealed, by name."""
    return {credential.name: credential for credential in queries.credentials_of(current.session(), row)}


def form_page(
    form: ConnectionForm,
    row: Connection | None = None,
    *,
    status: int = 200,
    looked_at: Preview | None = None,
) -> Response:
    """Return the form of a new connection, or of one; `looked_at` is the request that it would make."""
    form.offer_ready(tools.ready_mappings(current.session(), visitor().account.id), _flow_that_asks())
    return page(
        "connections/form.html",
        status=status,
        form=form,
        connection=row,
        stored=stored_secrets(row) if row else {},
        known_fields=posted_keys(current.session(), visitor().account.id),
        other_settings=other_settings(row.destination) if row else [],
        answer_paths=tools.ANSWER_PATHS,
        stored_lists=list_names(current.session(), visitor().account.id),
        preview=looked_at,
    )


def _flow_that_asks() -> str:
    """Return the shown id of the flow from whose editor a new connection is asked for, "" from elsewhere."""
    found = FLOW_IN_PATH.match(own_path(request.args.get("next")))
    return found[1] if found else ""


def connection_page(
    row: Connection,
    *,
    status: int = 200,
    problem: str = "",
    secret_form: SecretForm | None = None,
    signing_form: SigningForm | None = None,
    new_signing_secret: str = "",
) -> Response:
    """Return the page of one connection; a new secret to sign with is on it this once."""
    session = current.session()
    return page(
        "connections/show.html",
        status=status,
        problem=problem,
        connection=row,
        destination=row.destination,
        rows=show_rows(row.destination.get("mapping", [])),
        shown=ConnectionForm.of(row.name, row.destination),
        secrets=queries.credentials_of(session, row),
        say_secret=say_secret,
        secret_form=secret_form or SecretForm(formdata=None),
        signing_form=signing_form or SigningForm(formdata=None),
        new_signing_secret=new_signing_secret,
        old_secret_until=signing.old_secret_until(row.destination),
        reason_words=REASON_WORDS,
        methods=delivery_methods(row.destination),
        stored_lists=list_names(session, row.account_id),
        consent=say_consent(row.destination),
        delivery_words=DELIVERY_WORDS,
        copy_words=COPY_WORDS,
        unread=inbox.unread(session, row),
        unheard=real_sales.doubted(session, row),
        failed_copies=queries.failed_copies(session, row),
        mail_leaves=bool(current.settings().smtp_url and current.settings().mail_from),
        breaker=standing_of(session, row, current.now()),
        preview=_preview(row),
        flows=queries.flows_with(session, row),
        tests=[(test, told(test, row, current.now())) for test in queries.last_tests(session, row)],
    )


def _preview(row: Connection) -> Preview:
    """Return the request that a recent lead, or a made-up one, would make."""
    session = current.session()
    lead, known = tools.sample_for(session, row), tools.fields_for(session, row)
    return preview(row.destination, lead, known=known, buyer=row.name, now=current.now())


def revoke_page(row: Connection, form: RevokeForm, *, status: int = 200) -> Response:
    """Return the question before revoking."""
    flows = queries.flows_with(current.session(), row)
    return page("connections/revoke.html", connection=row, form=form, flows=flows, status=status)
