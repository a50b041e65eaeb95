"""`make audit`: known weaknesses of what `requirements.lock` pins, as pip-audit finds them.

Exit codes: 0 none; 1 some; 3 not all could be looked up, so nothing is known. pip-audit itself ends with 0 where its
service answers that it knows none of the packages, as an index mirror without that service does. Arguments are passed
on to pip-audit: `--vulnerability-service osv --osv-url …` asks a service of your own.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

LOCK: Final = Path(__file__).parents[1] / "requirements.lock"
WEAK, UNKNOWN = 1, 3
LONGEST: Final = 300
MEND: Final = (
    "Run it on a machine that reaches the service (through a proxy: HTTPS_PROXY), or ask one of your own: "
    "make audit AUDIT='--vulnerability-service osv --osv-url URL'"
)


def main(arguments: Sequence[str]) -> int:
    """Prints what is found, and returns the exit code."""
    program = str(Path(sys.executable).with_name("pip-audit"))
    what = ["--requirement", str(LOCK), "--require-hashes", "--disable-pip", "--format", "json"]
    run = subprocess.run(  # noqa: S603 the program of our own lock
        [program, *what, "--progress-spinner", "off", *arguments], capture_output=True, text=True, check=False
    )
    try:
        report = json.loads(run.stdout)
    except ValueError:
        why = (run.stderr.strip().splitlines() or ["it said nothing"])[-1]
        told = f"The vulnerability service can't be asked from here, so nothing is known: {why[:LONGEST]}"
        print(told, MEND, sep="\n")  # noqa: T201 a program for the terminal
        return UNKNOWN
    lines, code = judge(report)
    print("\n".join(lines))  # noqa: T201 as above
    return code


def judge(report: Mapping[str, Any]) -> tuple[list[str], int]:
    """What a report of pip-audit's says, line by line, and the exit code."""
    packages = report["dependencies"]
    weak = [each for each in packages if each.get("vulns")]
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    lines = [_line(each, found) for each in weak for found in each["vulns"]]
    if skipped:
        names = ", ".join(skipped[:3]) + (" …" if len(skipped) > 3 else "")  # noqa: PLR2004 enough to see which
        lines.append(
            f"{len(skipped)} of {len(packages)} packages could not be looked up ({names}): the vulnerability service "
            "can't be reached from here, or is no such service. Nothing is known of them."
        )
        lines.append(MEND)
    if weak:
        return [*lines, "Raise these in pyproject.toml, then: make lock, make test."], WEAK
    if skipped or not packages:
        return lines or ["There was nothing to look up."], UNKNOWN
    return [f"{len(packages)} packages, no known weakness."], 0


def _line(package: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    mended = ", ".join(found.get("fix_versions", ())) or "no version yet"
    names = " ".join([found["id"], *found.get("aliases", ())])
    return f"{package['name']} {package['version']}: {names}, mended in {mended}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
