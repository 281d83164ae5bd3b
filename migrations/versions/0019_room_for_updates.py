"""Room in the pages of offers for the updates that each of them gets.

A row that is updated in its own page leaves the indexes alone: of an auction of twenty those were some 120 entries.
"""

from alembic import op

revision = "0019"
down_revision = "0018"

PARTITIONS = """
CREATE OR REPLACE FUNCTION ensure_partitions(moment timestamptz, months integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    first date := date_trunc('month', moment AT TIME ZONE 'UTC')::date;
    month date;
BEGIN
    FOR step IN 0..months LOOP
        month := first + make_interval(months => step);
        FOREACH parent IN ARRAY ARRAY['lead', 'lead_event', 'offer', 'attempt'] LOOP
            EXECUTE format(
                'CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = %s)',
                parent || to_char(month, '_YYYY_MM'), parent,
                first_id_at(month::timestamp AT TIME ZONE 'UTC'),
                first_id_at((month + interval '1 month')::timestamp AT TIME ZONE 'UTC'),
                CASE parent WHEN 'offer' THEN 50 ELSE 100 END);
        END LOOP;
    END LOOP;
END $$;
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN
        SELECT inhrelid FROM pg_inherits
         WHERE inhparent = 'offer'::regclass
           AND inhrelid::regclass::text >= 'offer' || to_char(now() AT TIME ZONE 'UTC', '_YYYY_MM')
    LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 50)', part);
    END LOOP;
END $$;
"""


def upgrade() -> None:
    """Leave room in the tables of this month and of those to come."""
    op.execute(PARTITIONS)
