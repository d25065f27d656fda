"""ci-gate: stop behavioural regressions at the pull request by replaying real traffic.

Five words run through everything:

message     one whole thing one side says: an HTTP request with its body and trailers
exchange    one request message and its response, with times, connection and caller;
            inbound (something triggered the service) or outbound (the service called a dependency)
snapshot    a committed directory of exchanges plus what was learned about them
difference  one observed deviation: place, expected, actual, kind of change
verdict     pass, fail or inconclusive, with the reasons

record -> snapshot -> mocks + service + replay -> differences -> verdict -> report
"""

__version__ = "0.1.0"
