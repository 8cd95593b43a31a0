"""The window's frame: session, transport, commands as actions, menus, messages, files."""
