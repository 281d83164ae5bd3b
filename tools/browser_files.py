"""Copies what the browser loads from node_modules to static/vendor, each under a name that holds its hash.

`static/vendor/manifest.json` tells the name to ask for from the plain one: {"htmx.js": "htmx.0a1b2c3d4e5f.js", …}.
"""

import hashlib
import json
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
FONT = MODULES / "@fontsource-variable" / "atkinson-hyperlegible-next"

SCRIPTS = {
    "htmx.js": MODULES / "htmx.org" / "dist" / "htmx.min.js",
    "idiomorph.js": MODULES / "idiomorph" / "dist" / "idiomorph-ext.min.js",
    "sortable.js": MODULES / "sortablejs" / "Sortable.min.js",
}


def main() -> None:
    """Write static/vendor afresh."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    names = {name: put(name, source.read_bytes()) for name, source in SCRIPTS.items()}
    names |= put_font()
    (VENDOR / "manifest.json").write_text(json.dumps(names, indent=2, sort_keys=True) + "\n")


def put(name: str, content: bytes) -> str:
    """Write one file and return the name it got."""
    path = Path(name)
    hashed = f"{path.stem}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
    (VENDOR / hashed).write_bytes(content)
    return hashed


def put_font() -> dict[str, str]:
    """Write the upright font and the style sheet that declares it; return their names."""
    sheet = (FONT / "wght.css").read_text()
    names = {}
    for name in re.findall(r"url\(\./files/([^)]+)\)", sheet):
        names[name] = put(name, (FONT / "files" / name).read_bytes())
        sheet = sheet.replace(f"./files/{name}", names[name])
    return names | {"font.css": put("font.css", sheet.encode())}


if __name__ == "__main__":
    main()
