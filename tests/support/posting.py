"""What a browser posts of a form, read from the page that it stands on."""

from html.parser import HTMLParser

from werkzeug.datastructures import MultiDict


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.name = ""
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        name, value = has.get("name") or "", has.get("value") or ""
        if tag == "input" and name and (has.get("type") not in ("checkbox", "radio") or "checked" in has):
            self.found.append((name, value))
        if tag in ("select", "textarea"):
            self.name, self.text = name, ""
        if tag == "option" and self.name and "selected" in has:
            self.found.append((self.name, value))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.found.append((self.name, self.text))
        if tag in ("select", "textarea"):
            self.name = ""


def posted_of(html: str) -> MultiDict[str, str]:
    """Return the fields of a page's forms as they stand there, without the buttons."""
    inputs = _Inputs()
    inputs.feed(html)
    return MultiDict(inputs.found)
