"""Configuration files of models, as Hugging Face repositories have them, and what they say about a model."""
