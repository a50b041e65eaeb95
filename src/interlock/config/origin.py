"""Where a secret comes from: its variable, or the file that `<NAME>_FILE` names. Whoever mends it must know which."""

import re
from collections.abc import Mapping
from typing import Final

from interlock.config.settings import SECRETS

_NAMES: Final = "|".join(sorted(SECRETS))
# A name within a longer one, or within a path, is something else.
_NAMED: Final = re.compile(rf"(?<![\w/])(where )?({_NAMES})(?![\w/])( comes from)?")


def secret_files(env: Mapping[str, str]) -> dict[str, str]:
    """The paths of those secrets that are read from files, by their variables' names."""
    named = {name: env.get(f"{name}_FILE", "").strip() for name in sorted(SECRETS)}
    return {name: path for name, path in named.items() if path and not env.get(name, "").strip()}


def say_where(sentence: str, env: Mapping[str, str]) -> str:
    """The sentence with the file in place of each variable whose secret is read from one. Sentences are made where
    nobody knows of the environment; this is for those who show them.
    """
    files = secret_files(env)

    def place(found: re.Match[str]) -> str:
        name = found[2]
        if name not in files:
            return found[0]
        file = f"{files[name]} ({name}_FILE)"
        if found[1] and found[3]:
            return f"into {file}"
        begins = not found[1] and re.search(r"(?:^|\. )$", sentence[: found.start()])
        return f"{found[1] or ''}{'The' if begins else 'the'} text in {file}{found[3] or ''}"

    return _NAMED.sub(place, sentence)
