"""The model at work: what is counted in a text, how it is scored and corrected, where models are kept."""
