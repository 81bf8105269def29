"""The DCTransformer: an image as a list of DCT triples, written by stacked decoders."""
