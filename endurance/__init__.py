"""Long runs that try to make voxpost lose something: kills, a soak, fuzzing."""
