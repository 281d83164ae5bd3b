"""Beginning a flow that has no steps yet with those of a starter."""

from rules.editing.edited import Document, Edit, Edited, NotPossible
from rules.starters import STATE, Starter


def begin_with(starter: Starter) -> Edit:
    """Give a flow without steps those of a starter, and the field that they ask for."""

    def edit(document: Document) -> Edited:
        if document.get("steps"):
            raise NotPossible("The flow has steps already. Look at them, then add what is missing.")
        fields = document.get("fields")
        listed = list(fields) if isinstance(fields, list) else []
        has_state = any(isinstance(field, dict) and field.get("key") == STATE["key"] for field in listed)
        if starter.needs_state and not has_state:
            listed.append(dict(STATE))
        after = {**document, "fields": listed, "steps": starter.make()}
        name = f"begin with “{starter.name}”"
        return Edited(after, name, said=f"The flow begins with “{starter.name}”.", opens="s1")

    return edit
