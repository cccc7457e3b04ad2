"""What reaches the municipality otherwise than through the form: on paper, by telephone, twice, or to be corrected."""
