"""Installs what a lock file names, every file checked against its hash, and says how much was downloaded."""

import re
import subprocess
import sys

SIZE = re.compile(r"^\s*(Downloading|Using cached) \S+ \(([\d.]+) ?(bytes|kB|MB|GB)")
UNITS = {"bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}


def main(lock: str) -> int:
    """Install the packages of `lock`; return pip's exit code, with all it said if it failed."""
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    options = ["--disable-pip-version-check", "--no-input", "--progress-bar=off", "--requirement", lock]
    said = []
    fetched = {"Downloading": 0.0, "Using cached": 0.0}
    print(f"Installing {lock} …", flush=True)
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            said.append(line)
            if found := SIZE.match(line):
                fetched[found[1]] += float(found[2]) * UNITS[found[3]]
    if pip.returncode != 0:
        print("".join(said[-30:]), file=sys.stderr)
        print(f"The packages of {lock} could not be installed; pip's last words are above.", file=sys.stderr)
        return pip.returncode
    print(f"  {fetched['Downloading'] / 1e6:.1f} MB downloaded, {fetched['Using cached'] / 1e6:.1f} MB from the cache")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
