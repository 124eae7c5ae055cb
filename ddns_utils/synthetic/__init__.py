"""A made-up Denmark with known truths, written as deliveries in the wire formats. Nobody in it is a real person."""

from ddns_utils.synthetic.denmark import synthesize

__all__ = ["synthesize"]
