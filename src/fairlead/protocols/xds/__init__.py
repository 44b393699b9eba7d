"""Envoy's wire: ADS, as Envoy and stock gRPC libraries speak it. Needs ``fairlead[grpc]``."""
