"""The accessibility statement, and what people tell us that they cannot use."""
