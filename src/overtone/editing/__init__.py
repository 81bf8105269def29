"""Pictures changed and measured in the frequency domain: bands, patterns, spectra."""
