"""``python -m creditcalc``."""

from creditcalc.cli import main

if __name__ == "__main__":
    main()
