"""Several officials assess one case, each blind to the others until their own is sent; and a second pair of eyes."""
