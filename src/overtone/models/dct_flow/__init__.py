"""The local cosine transform of a picture as continuous tokens, drawn by a flow."""
