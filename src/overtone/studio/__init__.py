"""A page in the browser, served from this machine: compare codecs, edit frequencies, draw."""
