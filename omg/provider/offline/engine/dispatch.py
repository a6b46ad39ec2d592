"""From an intent to the work that serves it."""

from __future__ import annotations

from omg.provider.offline.engine import acts, files, reports, speech
from omg.provider.offline.engine.connect import connect
from omg.provider.offline.engine.conversation import Conversation
from omg.provider.offline.engine.intent import understand
from omg.provider.offline.engine.intents import (
    Connect,
    Create,
    Decline,
    Find,
    Help,
    Intent,
    ListFiles,
    Outline,
    Replace,
    Run,
    Several,
    Show,
    SumUp,
    Symbol,
    Words,
)
from omg.provider.offline.engine.symbols import look_up
from omg.provider.offline.engine.words import search_words
from omg.provider.offline.engine.work import Work


def work_for(conversation: Conversation) -> Work:
    """The work on a conversation's job."""
    intent = understand(
        conversation.job,
        new_reports=conversation.reports_are_new and bool(conversation.reports),
        any_reports=bool(conversation.reports),
    )
    return _work(intent, conversation)


def _work(intent: Intent, conversation: Conversation) -> Work:
    match intent:
        case Several(tasks, acts=acting):
            if acting or conversation.is_fork or "fork" not in conversation.offered:
                return reports.one_by_one(tasks, _alone)
            return reports.ask_forks(tasks, _alone)
        case SumUp():
            return _saying(reports.summary(conversation.reports))
        case _:
            return _plain(intent)


def _alone(task: str) -> Work:
    """The work on one task out of several; a list within it is not opened again."""
    intent = understand(task)
    return _plain(intent)


def _plain(intent: Intent) -> Work:
    match intent:
        case Run(""):
            return _saying(speech.RUN_WHAT)
        case Run(command):
            return acts.run(command)
        case Replace(path, old, new):
            return acts.replace(path, old, new)
        case Create(path, content):
            return acts.create(path, content)
        case Outline(path):
            return files.outline(path)
        case Show(path, first, last):
            return files.show(path, first, last)
        case ListFiles(pattern, path):
            return files.list_files(pattern, path)
        case Find(text):
            return files.find_text(text)
        case Symbol(names, aspect):
            return look_up(names, aspect)
        case Connect(first, second):
            return connect(first, second)
        case Words(words):
            return search_words(words)
        case Help():
            return _saying(speech.HELP)
        case Decline() | Several() | SumUp():
            return _saying(speech.DECLINE)


def _saying(text: str) -> Work:
    """Work that needs no tool."""
    yield from ()
    return text
