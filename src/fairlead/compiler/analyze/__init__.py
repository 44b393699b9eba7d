"""What is wrong with a set of objects, or with what is there of what they are about. Pure."""
