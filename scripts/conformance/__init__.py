"""Contract tests: schemathesis makes the cases, the generated client sends them.

`target` is the server, `probing` asks it once whether a run makes sense, `endpoints` and
`expressing` turn a case into a call of the client, `sending` carries calls out and keeps what
went over the wire, `transport` puts that beneath schemathesis, `agreement` holds the client to
what was sent and answered, `running` drives the phases, `machine` and `model` the long way
through the links, and `console` and `reports` tell what came of it.
"""
