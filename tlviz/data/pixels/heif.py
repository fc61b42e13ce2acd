"""HEIC and HEIF pictures, as phones take them: pi-heif teaches Pillow the format."""

from __future__ import annotations

import threading

_lock = threading.Lock()
_is_ready = False


def register() -> None:
    """Make Pillow open HEIF files; costs nothing before the first of them is met."""
    global _is_ready
    with _lock:
        if not _is_ready:
            from pi_heif import register_heif_opener

            register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
            _is_ready = True
