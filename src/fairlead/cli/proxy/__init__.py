"""An Envoy that runs below a command of ours."""
