"""The questions an investigator asks, each as a Query and as the rows of its answer."""
