"""Episodes: every signal planted by a short script, its near misses, and the noise of ordinary days."""
