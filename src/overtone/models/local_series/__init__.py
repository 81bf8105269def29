"""Our generator of colour pictures: a grid of cells, each with the cosine series of its own tile."""
