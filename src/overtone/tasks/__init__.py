"""What a trained model is used for: new pictures, reconstructions, walks, balanced data."""
