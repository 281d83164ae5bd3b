"""What a browser posts from a form that nobody touches."""

from lxml import html
from werkzeug.datastructures import MultiDict


def untouched(page: str, form: str = "") -> MultiDict[str, str]:
    """Return the fields of a page's form, by the form's id, or of a piece of one, with the values that they have."""
    tree = html.fromstring(page if form else f"<div>{page}</div>")
    tree = tree.get_element_by_id(form) if form else tree
    posted: MultiDict[str, str] = MultiDict()
    for field in tree.xpath(".//*[self::input or self::select or self::textarea][@name][not(@disabled)]"):
        for value in _values(field):
            posted.add(field.get("name"), value)
    return posted


def _values(field: html.HtmlElement) -> list[str]:
    if field.tag == "textarea":
        # Browsers leave out the first line break, and send the others as lines of the network.
        return [(field.text or "").removeprefix("\n").replace("\n", "\r\n")]
    if field.tag == "select":
        options = field.xpath(".//option")
        chosen = [option for option in options if option.get("selected") is not None] or options[:1]
        return [option.get("value", option.text_content()) for option in chosen]
    if field.get("type") in ("checkbox", "radio"):
        return [] if field.get("checked") is None else [field.get("value", "on")]
    return [] if field.get("type") in ("submit", "button") else [field.get("value", "")]
