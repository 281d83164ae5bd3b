"""Setting the settings of a step; turning it off and on; a whole document in the place of another."""

from collections.abc import Mapping
from typing import Any

from rules.differences.base import same
from rules.editing.edited import Document, Edit, Edited, Gone, Overlap
from rules.editing.naming import changed_keys, settings_called, step_called
from rules.editing.tree import FIXED, GONE, copy_of, kind_of, row_in, settings_of, step_in
from rules.places import END

OVERLAP = "The same setting was changed meanwhile."


def set_settings(key: str, settings: Mapping[str, Any], said: str = "") -> Edit:
    """Give a step these settings; those of `intake` are all of the document but its steps and its fallback.

    Where something is `said` of it, it is undone by itself.
    """

    def edit(document: Document) -> Edited:
        before = settings_of(document, key)
        if before is None:
            raise Gone(GONE)
        changed = changed_keys(before, settings)
        called = step_called(document, key)
        if changed == ["off"]:
            name = f"turn {called} {'off' if settings.get('off') else 'on'}"
        else:
            name = f"change the {settings_called(changed)} of {called}"
        after = with_settings(document, key, settings)
        return Edited(after, name, key, said, joins="" if said else f"{key}:{','.join(changed)}")

    return edit


def settle(key: str, base: Mapping[str, Any], mine: Mapping[str, Any], said: str = "") -> Edit:
    """Give a step what somebody made of its settings when they were `base`; what changed meanwhile stays as it is now.

    `said` is what they are told of it. Raises Overlap where a setting was changed by both, and not to the same value.
    """

    def edit(document: Document) -> Edited:
        theirs = settings_of(document, key)
        if theirs is None:
            raise Gone(GONE)
        if same(theirs, base):
            return set_settings(key, mine, said)(document)
        ours, meanwhile = changed_keys(base, mine), changed_keys(base, theirs)
        if any(not same(mine.get(name), theirs.get(name)) for name in ours if name in meanwhile):
            raise Overlap(OVERLAP)
        merged = {name: value for name, value in theirs.items() if name not in ours or name in mine}
        mixed = {**merged, **{name: mine[name] for name in ours if name in mine}}
        return set_settings(key, mixed, said)(document)

    return edit


def turn(key: str, *, off: bool) -> Edit:
    """Turn a step or a row off, or on again."""

    def edit(document: Document) -> Edited:
        settings = settings_of(document, key)
        if settings is None or kind_of(document, key) in ("intake", "fallback"):
            raise Gone(GONE)
        if off:
            settings["off"] = True
        else:
            settings.pop("off", None)
        called, word = step_called(document, key), "off" if off else "on"
        said = f"{called.capitalize()} is turned {word}."
        return Edited(with_settings(document, key, settings), f"turn {called} {word}", key, said)

    return edit


def replace_document(new: Mapping[str, Any], name: str = "import a document") -> Edit:
    """Put a whole document in the place of the draft."""
    return lambda _: Edited(copy_of(new), name)


def with_settings(document: Document, key: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with these settings for what a key names; raises NotPossible when it is not there."""
    changed, own = copy_of(document), copy_of(settings)
    match kind_of(changed, key):
        case None:
            raise Gone(GONE)
        case "intake":
            return _with_door(changed, own)
        case "fallback":
            changed[END] = own
        case "row":
            found = row_in(changed, key)
            if found:
                found[0].settings["buyers"][found[1]] = own
        case _:
            step = step_in(changed, key)
            step.holder[step.position] = {step.kind: own}
    return changed


def _with_door(document: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with the settings of its first card; every key keeps its place where it has one."""
    kept = {key: own.get(key, value) for key, value in document.items() if key in own or key in FIXED}
    new = {key: value for key, value in own.items() if key not in kept and key not in FIXED}
    fixed = {key: kept.pop(key) for key in FIXED if key in kept}
    return {**kept, **new, **fixed}
