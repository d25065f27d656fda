"""`python -m ci_gate` is `ci-gate`."""

from ci_gate.cli.main import main

if __name__ == "__main__":
    main()
