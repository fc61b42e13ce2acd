"""``tlviz`` and ``python -m tlviz``: the command line."""

import io
import sys

from tlviz.cli import main


def console() -> int:
    """Run the command that was typed and return its exit status.

    A character that the terminal or a pipe cannot write (Windows has such) becomes a question mark, not a traceback.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(console())
