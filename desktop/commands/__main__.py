"""Print the key sheet."""

from desktop.commands import COMMANDS, keys_markdown

if __name__ == "__main__":
    print(keys_markdown(COMMANDS), end="")
