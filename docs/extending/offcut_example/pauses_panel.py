"""The panel of the feature "pauses"; it is imported when the user opens it."""

from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from engine.core.wording import counted


class PausesPanel(QWidget):
    """Counts the tightened pauses of the open document, and finds more."""

    def __init__(self, shell):
        super().__init__()
        self.shell, self.count, self.find = shell, QLabel(), QPushButton("Find long pauses")
        layout = QVBoxLayout(self)
        layout.addWidget(self.count)
        layout.addWidget(self.find)
        self.find.clicked.connect(lambda: shell.commands.run("pauses.find"))
        shell.session.replaced.connect(self.show_count)
        shell.session.changed.connect(lambda _change: self.show_count())
        self.show_count()

    def show_count(self):
        state = self.shell.session.state
        number = sum(one.kind == "tighten" for one in state.proposals.values())
        self.count.setText(f"{counted(number, 'pause')} in the queue")
