"""Station 7 of 8. The project accounts for its money and its results; unused money goes back to the frame."""
