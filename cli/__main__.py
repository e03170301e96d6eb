"""`python -m cli` is `voxpost`."""

from cli.main import main

if __name__ == "__main__":
    main()
