"""tlviz: start it with ``streamlit run app.py``.  The page table is ``PAGES`` in ``tlviz/ui/frame.py``."""

if __name__ == "__main__":  # a page is drawn
    from tlviz.ui.frame import open_frame

    open_frame().run()
else:  # the server is started, which Streamlit looks for under this name
    from streamlit import App

    from tlviz.ui.server import guards

    app = App(__file__, middleware=guards())
