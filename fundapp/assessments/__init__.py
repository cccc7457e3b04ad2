"""Station 3 of 8. An official examines: formal check, completion, assessment, goal links, officer's report."""
