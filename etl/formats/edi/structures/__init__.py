"""Transaction sets and messages as data: dictionary, places, loops, a partner's deviations."""
