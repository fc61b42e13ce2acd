"""``python -m tlviz``: the command line."""

import sys

from tlviz.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
