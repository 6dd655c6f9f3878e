"""The only place that wires: it picks the backends and joins the stages into one platform."""
