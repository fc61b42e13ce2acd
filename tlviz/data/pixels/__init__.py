"""From a picture file to pixels: opening, fitting, decoding once, and sampling."""
