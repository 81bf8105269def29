"""What trained models are for: new pictures, others' pictures again, and ways between them."""
