"""A posted lead as it is written down: what its row says, and how the key is taken that came with it."""

from uuid import UUID

FullKey = tuple[UUID, str]
"""A source, and a key that came with one of its posts."""

RECORD = """(id uuid, account_id uuid, flow_id uuid, source_id uuid, version integer, is_test boolean,
    test_outcome text, posted jsonb, fields jsonb, invalid text[], ignored text[], currency text,
    received_at timestamptz, answer_to text, key text, body_hash text, kind text)"""
"""The columns of a row that `make_entry` writes as JSON."""
COLUMNS = """id, account_id, flow_id, source_id, version, is_test, test_outcome, posted, fields, invalid, ignored,
    currency, received_at, answer_to"""
"""Those that are kept as they are."""
# Keys are inserted in one order by everybody, or two batches that share keys could wait for each other.
TAKE_KEYS = """
    INSERT INTO idempotency (source_id, key, lead_id, body_hash, created_at)
    SELECT source_id, key, id, decode(body_hash, 'hex'), received_at FROM posted
    WHERE key IS NOT NULL ORDER BY source_id, key
    ON CONFLICT DO NOTHING RETURNING lead_id
"""
