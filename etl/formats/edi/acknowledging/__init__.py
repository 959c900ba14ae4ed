"""What a partner is told of what it sent: TA1, 997, 999, 824, CONTRL, APERAK."""
