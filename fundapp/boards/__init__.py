"""Every body of the municipality: the ones that decide and the ones that answer for the plan's objectives."""
