"""Our generator of colour pictures: a grid of cells, each with a cosine series of its own."""
