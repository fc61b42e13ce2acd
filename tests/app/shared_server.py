"""``streamlit run app.py`` for one test after another: importing torch anew for each would take most of their time.

Each line of JSON on standard input is the environment of the next test; what the app remembers is forgotten, and a byte
on the pipe ``TLVIZ_TEST_READY`` says that this is done.
"""

from __future__ import annotations

import json
import os
import sys
import threading

import streamlit as st
from streamlit.web.cli import main

READY = "TLVIZ_TEST_READY"


def _listen(ready: int) -> None:
    for line in sys.stdin:
        wanted = json.loads(line)
        for name in set(os.environ) - set(wanted):
            del os.environ[name]
        os.environ.update(wanted)
        st.cache_data.clear()
        st.cache_resource.clear()
        os.write(ready, b".")
    os._exit(0)  # the tests have ended, however they did


if __name__ == "__main__":
    threading.Thread(target=_listen, args=(int(os.environ.pop(READY)),), daemon=True).start()
    main(["run", "app.py", *sys.argv[1:]])
