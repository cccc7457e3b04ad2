"""Make fundapp/factors/data/often.bin of a list of passwords that are often used: `python -m tools.often FILE`.

The list is one password a line, the most used first; those shorter than ours may be are left out. What is kept is five
bytes of a hash of each, in order: nobody reads other people's passwords, or obscenities, in our repository, and one of
44 000 is found in microseconds. That another password is taken for one of them happens once in 25 million.
"""

import sys
from pathlib import Path

from fundapp.factors import rules


def made(lines: list[str]) -> bytes:
    """The signs of the lines that are long enough, in order, each once."""
    words = (line.rstrip("\r\n") for line in lines)
    return b"".join(sorted({rules.sign_of(word) for word in words if len(word) >= rules.SHORTEST}))


def main(words: list[str]) -> int:
    if len(words) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    with Path(words[0]).open(encoding="utf-8", errors="replace") as lines:
        rules.OFTEN.write_bytes(made(list(lines)))
    sys.stdout.write(f"{rules.OFTEN.stat().st_size // rules.SIGN} passwords\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
