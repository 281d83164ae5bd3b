"""Which edits of drafts are kept: those of a month, and whatever undo and redo can still reach."""

from datetime import timedelta

from sqlalchemy import text

KEPT_FOR = timedelta(days=30)
"""An edit is kept so long whether it can be undone or not: open pages and their conflicts are told from it."""
FEW = 250
"""As many old edits of one flow are not looked through; undo and redo need up to 200 of them."""

# Reached are the edits that undo and redo would act on one after another, and those that their groups start with. What
# people do meanwhile reaches none that is not reached from here: only newer ones, which are kept for their age.
PRUNE = text(f"""
    WITH RECURSIVE old AS (
        SELECT flow_id FROM draft_edit WHERE at < :before GROUP BY flow_id HAVING count(*) > {FEW}
    ), reached AS (
        SELECT e.flow_id, e.revision, e.starts, e.next_undo AS undo, e.next_redo AS redo, e.depth
          FROM old JOIN flow f ON f.id = old.flow_id
          JOIN draft_edit e ON e.flow_id = f.id AND e.revision = f.draft_revision
         UNION ALL
        SELECT e.flow_id, e.revision, e.starts, CASE e.revision WHEN r.undo THEN e.under END,
               CASE e.revision WHEN r.redo THEN e.over END, r.depth - 1
          FROM reached r
          JOIN draft_edit e ON e.flow_id = r.flow_id AND e.revision IN (CASE WHEN r.depth > 0 THEN r.undo END, r.redo)
    )
    DELETE FROM draft_edit d USING old
     WHERE d.flow_id = old.flow_id AND d.at < :before
       AND NOT EXISTS (SELECT FROM reached r WHERE r.flow_id = d.flow_id AND d.revision IN (r.revision, r.starts))
""")  # noqa: S608  (a constant)
