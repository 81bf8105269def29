"""The codec `sparse-dct`: the quantised coefficients of a JPEG file, coded coarse to fine."""
