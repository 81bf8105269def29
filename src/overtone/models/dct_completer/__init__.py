"""Missing cosine coefficients of a picture given the rest: their mean, then a drawn residual."""
