"""tlviz: start it with ``streamlit run app.py``.  The page table is ``PAGES`` in ``tlviz/ui/frame.py``."""

from tlviz.ui.frame import open_frame

open_frame().run()
