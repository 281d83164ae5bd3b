"""The first tables: accounts, flows, connections, sources, leads with their journal, caps and claims.

Each migration works with the code before it too: add first, use later, drop in a release of its own.
It never imports the app's models, which change when it must not.
"""

from alembic import op

revision = "0001"
down_revision = None

ACCOUNTS = """
CREATE TABLE account (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('seller', 'buyer', 'supplier', 'operator')),
    name text NOT NULL,
    time_zone text NOT NULL DEFAULT 'America/New_York',
    currency text NOT NULL DEFAULT 'USD',
    created_at timestamptz NOT NULL
);
CREATE TABLE person (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE CHECK (email = lower(email)),
    name text NOT NULL DEFAULT '',
    password_hash text,
    theme text NOT NULL DEFAULT 'system' CHECK (theme IN ('system', 'light', 'dark')),
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);
CREATE TABLE membership (
    account_id uuid NOT NULL REFERENCES account,
    person_id uuid NOT NULL REFERENCES person,
    role text NOT NULL CHECK (role IN ('owner', 'editor', 'publisher', 'analyst')),
    PRIMARY KEY (account_id, person_id)
);
CREATE INDEX membership_person ON membership (person_id);
CREATE TABLE web_session (
    id_hash bytea PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    account_id uuid NOT NULL REFERENCES account,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    user_agent text NOT NULL DEFAULT ''
);
CREATE INDEX web_session_person ON web_session (person_id);
CREATE TABLE sign_in_throttle (
    subject_hash bytea PRIMARY KEY,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL,
    blocked_until timestamptz
);
CREATE TABLE api_key (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account,
    name text NOT NULL,
    secret_hash bytea NOT NULL,
    hint text NOT NULL,
    scopes text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_key_account ON api_key (account_id);
CREATE TABLE audit (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account,
    person_id uuid REFERENCES person,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    at timestamptz NOT NULL
);
CREATE INDEX audit_account ON audit (account_id, id);
"""

FLOWS = """
CREATE TABLE flow (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account,
    key text NOT NULL UNIQUE,
    name text NOT NULL,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
    draft json NOT NULL,
    draft_revision integer NOT NULL DEFAULT 1,
    live_version integer,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX flow_account ON flow (account_id, id);
CREATE TABLE flow_version (
    flow_id uuid NOT NULL REFERENCES flow,
    number integer NOT NULL,
    document json NOT NULL,
    note text NOT NULL DEFAULT '',
    published_by uuid REFERENCES person,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (flow_id, number)
);
CREATE TABLE connection (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account,
    name text NOT NULL,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'revoked')),
    destination json NOT NULL,
    time_zone text,
    concurrency integer NOT NULL DEFAULT 256 CHECK (concurrency BETWEEN 1 AND 256),
    tested_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX connection_account ON connection (account_id, id);
CREATE TABLE credential (
    connection_id uuid NOT NULL REFERENCES connection,
    name text NOT NULL,
    sealed text NOT NULL,
    hint text NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (connection_id, name)
);
CREATE TABLE connection_test (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account,
    connection_id uuid NOT NULL REFERENCES connection,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'done')),
    fields jsonb NOT NULL DEFAULT '{}',
    request jsonb,
    reply jsonb,
    answer jsonb,
    created_at timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE INDEX connection_test_connection ON connection_test (connection_id, id);
CREATE TABLE source (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account,
    flow_id uuid NOT NULL REFERENCES flow,
    key text NOT NULL,
    name text NOT NULL,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
    needs_key boolean NOT NULL DEFAULT true,
    cost json,
    caps json,
    accept_if json,
    created_at timestamptz NOT NULL,
    UNIQUE (flow_id, key)
);
CREATE INDEX source_account ON source (account_id, id);
CREATE TABLE source_key (
    id uuid PRIMARY KEY,
    source_id uuid NOT NULL REFERENCES source,
    mode text NOT NULL CHECK (mode IN ('live', 'test')),
    secret_hash bytea NOT NULL,
    hint text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX source_key_source ON source_key (source_id);
"""

# No foreign key leads to or from the four partitioned tables: on the hot path each costs a look-up per row.
LEADS = """
CREATE TABLE lead (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    flow_id uuid NOT NULL,
    source_id uuid NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL DEFAULT 'post' CHECK (kind IN ('post', 'ping')),
    is_test boolean NOT NULL DEFAULT false,
    test_outcome text,
    state text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'working', 'waiting', 'done')),
    outcome text CHECK (outcome IN ('sold', 'rejected', 'duplicate', 'error')),
    waiting_for text CHECK (waiting_for IN ('retry', 'cap', 'hours', 'answer', 'post', 'person')),
    reason_code text,
    reason text,
    run integer NOT NULL DEFAULT 1,
    asked_before jsonb NOT NULL DEFAULT '{}',
    posted jsonb NOT NULL,
    fields jsonb NOT NULL,
    invalid text[] NOT NULL DEFAULT '{}',
    ignored text[] NOT NULL DEFAULT '{}',
    currency text NOT NULL,
    revenue bigint NOT NULL DEFAULT 0,
    cost bigint NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL,
    finished_at timestamptz,
    due_at timestamptz NOT NULL,
    lease_token bigint NOT NULL DEFAULT 0,
    crashes smallint NOT NULL DEFAULT 0,
    last_step text,
    answer_to text,
    PRIMARY KEY (id),
    CHECK ((state = 'done') = (outcome IS NOT NULL)),
    CHECK ((state = 'waiting') = (waiting_for IS NOT NULL))
) PARTITION BY RANGE (id);
CREATE INDEX lead_due ON lead (due_at) WHERE state <> 'done';
CREATE INDEX lead_account ON lead (account_id, id);

CREATE TABLE lead_event (
    lead_id uuid NOT NULL,
    run integer NOT NULL,
    seq integer NOT NULL,
    effect text NOT NULL,
    step text NOT NULL,
    path text,
    asks jsonb NOT NULL,
    result jsonb,
    outcome text,
    reason text,
    detail jsonb,
    at timestamptz NOT NULL,
    done_at timestamptz,
    PRIMARY KEY (lead_id, run, seq)
) PARTITION BY RANGE (lead_id);

CREATE TABLE offer (
    lead_id uuid NOT NULL,
    offer_no integer NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    run integer NOT NULL,
    round integer NOT NULL,
    step text NOT NULL,
    buyer text NOT NULL,
    phase text NOT NULL DEFAULT 'post',
    state text NOT NULL CHECK
        (state IN ('reserved', 'sending', 'accepted', 'declined', 'error', 'unknown', 'cancelled')),
    is_winner boolean NOT NULL DEFAULT false,
    slot smallint NOT NULL DEFAULT 1,
    lost_reason text,
    reason text,
    reference text,
    bid bigint,
    winning_bid bigint,
    cascade_position integer,
    delivery_method text NOT NULL DEFAULT 'webhook',
    price bigint NOT NULL,
    places jsonb NOT NULL DEFAULT '[]',
    attempts smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (lead_id, offer_no),
    UNIQUE (lead_id, run, round, step, buyer)
) PARTITION BY RANGE (lead_id);
CREATE UNIQUE INDEX offer_winner ON offer (lead_id, slot) WHERE is_winner;
CREATE INDEX offer_connection ON offer (connection_id, lead_id);

CREATE TABLE attempt (
    lead_id uuid NOT NULL,
    offer_no integer NOT NULL,
    attempt_no integer NOT NULL,
    state text NOT NULL CHECK (state IN ('sending', 'ok', 'declined', 'error', 'ambiguous', 'blocked')),
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    ms integer,
    status smallint,
    error text,
    request jsonb,
    reply jsonb,
    PRIMARY KEY (lead_id, offer_no, attempt_no)
) PARTITION BY RANGE (lead_id);
"""

LIMITED = """
CREATE TABLE cap_window (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cap text NOT NULL,
    bucket text NOT NULL DEFAULT '',
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    used bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
    UNIQUE (cap, bucket, starts_at)
);
CREATE TABLE claim (
    scope text NOT NULL,
    kind text NOT NULL,
    hash bytea NOT NULL,
    lead_id uuid NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (scope, kind, hash)
);
CREATE TABLE idempotency (
    source_id uuid NOT NULL,
    key text NOT NULL,
    lead_id uuid NOT NULL,
    body_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (source_id, key)
);
CREATE INDEX idempotency_created ON idempotency (created_at);
CREATE TABLE intake_refusal (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    flow_id uuid NOT NULL,
    source_id uuid NOT NULL,
    status smallint NOT NULL,
    codes text[] NOT NULL,
    fields text[] NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX intake_refusal_source ON intake_refusal (source_id, id);
CREATE INDEX intake_refusal_account ON intake_refusal (account_id, id);
CREATE TABLE worker (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);
"""

# Monthly ranges of time-ordered ids: the first 48 bits of a UUIDv7 are the milliseconds since 1970 (RFC 9562).
PARTITIONS = """
CREATE FUNCTION first_id_at(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;
CREATE FUNCTION ensure_partitions(moment timestamptz, months integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    first date := date_trunc('month', moment AT TIME ZONE 'UTC')::date;
    month date;
BEGIN
    FOR step IN 0..months LOOP
        month := first + make_interval(months => step);
        FOREACH parent IN ARRAY ARRAY['lead', 'lead_event', 'offer', 'attempt'] LOOP
            EXECUTE format(
                'CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                parent || to_char(month, '_YYYY_MM'), parent,
                first_id_at(month::timestamp AT TIME ZONE 'UTC'),
                first_id_at((month + interval '1 month')::timestamp AT TIME ZONE 'UTC'));
        END LOOP;
    END LOOP;
END $$;
SELECT ensure_partitions(now(), 2);
"""


def upgrade() -> None:
    """Create every table, and the partitions of this month and the two after it."""
    for statements in (ACCOUNTS, FLOWS, LEADS, LIMITED, PARTITIONS):
        op.execute(statements)
