# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps to a member of a cluster as it is wanted, in their order. No I/O.

Files are written only while the member is stopped, but those of which it takes no notice. So what runs always runs with what lies
there, wherever an earlier run was killed, and no note is needed of what is due.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.quorate.swarm.plugins.module_utils import container_spec, member_files
from ansible_collections.quorate.swarm.plugins.module_utils.member import ABSENT, SEEN, STARTED, STOPPED
from ansible_collections.quorate.swarm.plugins.module_utils.plan import Plan


@dataclass(frozen=True)
class Step:
    """C(kind) is the name of an effect in plugins/modules/cluster_member.py."""

    kind: str
    words: str
    subject: object = None

    def sentence(self):
        return self.words


@dataclass(frozen=True)
class Decision:
    """What differs, in sentences, and the plan that mends it."""

    plan: Plan
    differs: tuple = ()
    is_due: bool = False

    @property
    def interrupts(self):
        """Whether the member is stopped or started for it, or, where something else starts it, should be."""
        return self.is_due or any(step.kind in ("stop", "start") for step in self.plan.steps)


def decide(view, wanted):
    if wanted.files_only and wanted.state in (STARTED, SEEN):
        return _decide_files(view, wanted)
    if wanted.state == ABSENT:
        return _decide_absent(view, wanted)
    if wanted.state == STOPPED:
        return _decide_stopped(view, wanted)
    return _decide_started(view, wanted)


def _differences_of_files(view, wanted):
    return [
        difference
        for entry in sorted(wanted.directories, key=lambda entry: entry.path) + list(wanted.files)
        for difference in member_files.differences(entry, view.found[entry.path])
    ]


def _strays(view, wanted):
    return member_files.strays(wanted.directories + wanted.files, view.found)


def _decide_files(view, wanted):
    files, strays = _differences_of_files(view, wanted), _strays(view, wanted)
    before, after = {}, {}
    _compare_files(files, strays, before, after)
    return Decision(
        Plan(tuple(_file_steps(files, strays)), before, after),
        tuple(_file_sentences(files, strays)),
        any(difference.restarts for difference in files),
    )


def _decide_started(view, wanted):
    container = _container_differences(view, wanted)
    files, strays = _differences_of_files(view, wanted), _strays(view, wanted)
    is_made = container is None or bool(container)
    is_up = view.unit.is_active
    restarts = is_made or wanted.restarts or any(difference.restarts for difference in files)
    steps = []
    if is_made and wanted.spec and view.image is None:
        steps.append(Step("pull", "pull the image %s" % wanted.spec.body["Image"], wanted.spec.body["Image"]))
    if restarts and (is_up or view.is_running):
        steps.append(Step("stop", "stop the member"))
    steps += _file_steps(files, strays)
    if view.template != wanted.template:
        steps.append(Step("template", "write the systemd unit of members", wanted.template))
    # Enabling a unit has systemd read all of them again.
    if view.unit.is_enabled and (view.template != wanted.template or view.unit.is_outdated):
        steps.append(Step("reload", "have systemd read its units again"))
    if container:
        steps.append(Step("remove", "remove the container %s" % wanted.name, view.container["Id"]))
    if is_made and wanted.spec:
        steps.append(Step("create", "create the container %s" % wanted.name, wanted.spec))
    if not view.unit.is_enabled:
        steps.append(Step("enable", "have systemd start the member at boot"))
    if restarts or not is_up:
        steps.append(Step("start", "start the member"))
    differs = _sentences(view, wanted, container, _file_sentences(files, strays))
    return Decision(Plan(tuple(steps), *_compared(view, wanted, container, files, strays)), tuple(differs))


def _container_differences(view, wanted):
    """None where there is no container."""
    if view.container is None:
        return None
    if wanted.spec is None:
        return ()
    return container_spec.differences(view.container, view.image, view.made_of, wanted.spec, _host_lacks(view.info), view.networks)


def _host_lacks(info):
    """Limits to which this host's kernel cannot hold a container; the engine leaves them out."""
    if info.get("MemoryLimit") is False:
        return ("memory", "memory_swap")
    return ("memory_swap",) if info.get("SwapLimit") is False else ()


def _file_steps(differences, strays):
    """One step for each path: what is written gets its owner and mode with it."""
    steps, seen = [], set()
    for difference in sorted(differences, key=lambda difference: not difference.writes):
        entry = difference.wanted
        if entry.path in seen:
            continue
        seen.add(entry.path)
        if entry.is_directory:
            made = "make the directory %s" if difference.writes else "set owner and mode of %s"
            steps.append(Step("make" if difference.writes else "own", made % entry.path, entry))
        else:
            written = "write %s" if difference.writes else "set owner and mode of %s"
            steps.append(Step("write" if difference.writes else "own", written % entry.path, entry))
    steps.sort(key=lambda step: not step.subject.is_directory)
    return steps + [Step("delete_file", "remove %s" % path, path) for path in strays]


def _file_sentences(differences, strays):
    return [difference.sentence() for difference in differences] + ["%s is not asked for" % path for path in strays]


def _sentences(view, wanted, container, file_sentences):
    if container is None:
        yield "the container is missing"
    else:
        yield from ("container: %s" % difference.sentence() for difference in container)
    yield from file_sentences
    if view.template != wanted.template:
        yield "the systemd unit of members %s" % ("is missing" if view.template is None else "is another one")
    elif view.unit.is_outdated:
        yield "systemd has not read the unit of members since it was written"
    if not view.unit.is_enabled:
        yield "systemd does not start the member at boot"
    if not view.unit.is_active:
        yield "the member is not started"
    if wanted.restarts:
        yield "a restart is asked for"


def _compared(view, wanted, container, files, strays):
    before, after = {}, {}
    if container is None:
        before["container"], after["container"] = None, wanted.spec.body["Image"] if wanted.spec else None
    elif container:
        before["container"] = {difference.what: difference.before() for difference in container}
        after["container"] = {difference.what: difference.after() for difference in container}
    _compare_files(files, strays, before, after)
    if view.template != wanted.template:
        before["systemd unit of members"], after["systemd unit of members"] = _lines(view.template), _lines(wanted.template)
    elif view.unit.is_outdated:
        before["units read"], after["units read"] = False, True
    for name, now in (("enabled", view.unit.is_enabled), ("started", view.unit.is_active)):
        if not now:
            before[name], after[name] = False, True
    return before, after


def _compare_files(files, strays, before, after):
    for path in strays:
        before[path], after[path] = "there", None
    for difference in files:
        path = difference.wanted.path
        for side, told in ((before, difference.before), (after, difference.after)):
            side[path] = dict(side.get(path) or {}, **told) if told is not None else side.get(path)


def _lines(text):
    return None if text is None else text.splitlines()


def _decide_stopped(view, wanted):
    steps, before, after, differs = _end(view, wanted)
    return Decision(Plan(tuple(steps), before, after), tuple(differs))


def _end(view, wanted):
    steps, before, after, differs = [], {}, {}, []
    if view.unit.is_active or view.is_running:
        steps.append(Step("stop", "stop the member"))
        differs.append("the member is started")
        before["started"], after["started"] = True, False
    if view.unit.is_enabled:
        steps.append(Step("disable", "have systemd start the member no more at boot"))
        differs.append("systemd starts the member at boot")
        before["enabled"], after["enabled"] = True, False
    return steps, before, after, differs


def remains(view, wanted):
    """What its removal would take away, in sentences."""
    return list(_decide_absent(view, wanted).differs)


def _decide_absent(view, wanted):
    steps, before, after, differs = ([], {}, {}, []) if wanted.files_only else _end(view, wanted)

    def gone(kind, words, subject, name):
        steps.append(Step(kind, words, subject))
        differs.append("%s is there" % name)
        before[name], after[name] = "there", None

    if view.container is not None and not wanted.files_only:
        gone("remove", "remove the container %s" % wanted.name, view.container["Id"], "the container")
    files, whole, empty = member_files.left_over(wanted.directories, wanted.files, view.found, wanted.delete)
    for path in files:
        gone("delete_file", "remove %s" % path, path, path)
    for path in whole:
        gone("delete_directory", "delete %s and all that is in it" % path, path, path)
    for path in empty:
        gone("remove_directory", "remove the empty directory %s" % path, path, path)
    if view.template is not None and not view.others and not wanted.files_only:
        gone("remove_template", "remove the systemd unit of members", None, "the systemd unit of members")
    return Decision(Plan(tuple(steps), before, after), tuple(differs))
