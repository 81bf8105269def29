"""Fixed mathematics of the frequency domain: colour, blocks, transforms, scans, quantisers."""
