"""What ``pyproject.toml`` cannot say: the app beside the package is installed inside it, as ``tlviz/_app``.

``app.py``, ``pages/``, ``assets/`` and ``.streamlit/`` stand at the top of a checkout.  The top of a wheel is shared by
all that is installed, so there the same files stand in ``tlviz/_app``; ``tlviz/home.py`` finds them in either place.
"""

from setuptools import find_packages, setup

APP = "tlviz._app"

setup(
    script_name="setup.py",  # so that it is known as no module of the package at the top
    packages=[*find_packages(include=["tlviz", "tlviz.*"]), APP],
    package_dir={APP: "."},
    package_data={
        "tlviz": ["py.typed", "__init__.pyi"],
        "tlviz.export": ["templates/*", "templates/demo/*", "assets/*"],
        "tlviz.learn": ["templates/*"],
        "tlviz.models": ["table.json"],
        "tlviz.ui.widgets": ["static/*"],
        APP: [
            ".streamlit/config.toml",
            "pages/*.py",
            "assets/SOURCES.md",
            "assets/datasets/**/*",
            "assets/learn/**/*",
            "assets/pictures/icon.png",  # the others are the README's
            "assets/texts/*",
            "assets/weights/*",
            "assets/weights/**/*",
        ],
    },
)
