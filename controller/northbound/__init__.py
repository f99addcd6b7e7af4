"""REST over the engine, and YAML files."""
