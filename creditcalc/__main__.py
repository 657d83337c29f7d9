"""``python -m creditcalc``."""

from creditcalc.cli.main import main

if __name__ == "__main__":
    main()
