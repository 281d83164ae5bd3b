"""Taking steps and buyers out of a document."""

from rules.editing.edited import Document, Edit, Edited, Gone, NotPossible
from rules.editing.naming import step_called
from rules.editing.tree import GONE, copy_of, kind_of, row_in, step_in, walk

FIXED_ENDS = "The first and the last card cannot be deleted: every lead arrives, and ends somewhere."


def delete(key: str) -> Edit:
    """Take a step out, with everything in its lanes, or a buyer out of its group."""

    def edit(document: Document) -> Edited:
        kind = kind_of(document, key)
        if kind is None:
            raise Gone(GONE)
        if kind in ("intake", "fallback"):
            raise NotPossible(FIXED_ENDS)
        called, changed = step_called(document, key), copy_of(document)
        if kind == "row":
            _take_row(changed, key)
        else:
            step = step_in(changed, key)
            del step.holder[step.position]
        within = 0 if kind == "row" else len(list(walk(document))) - len(list(walk(changed))) - 1
        if within:
            called += f" with {within} step{'' if within == 1 else 's'} in its lanes"
        return Edited(changed, f"delete {called}", key, f"{called[0].upper()}{called[1:]} deleted.")

    return edit


def _take_row(changed: Document, key: str) -> None:
    found = row_in(changed, key)
    if found:
        del found[0].settings["buyers"][found[1]]
