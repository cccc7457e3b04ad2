"""Who sits in a body, as what, and from when until when."""
