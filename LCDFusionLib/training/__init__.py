"""Training: loss, data, trainer. Uses fusion's neighbours `network`, `images` and `metrics`; no host imports it but the command line."""
