"""Mail that comes back: reading bounces, and marking what they are of."""
