"""The door, the error pages, and what every template needs; knows nothing of any station."""
