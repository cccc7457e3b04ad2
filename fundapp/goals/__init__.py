"""Station 8 of 8. The plan: goal areas, objectives and boards, and what the granted money did for each."""
