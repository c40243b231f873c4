"""The words of the service, as immutable pydantic values. They see no numpy and no pandas."""
