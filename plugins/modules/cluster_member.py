#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_member
short_description: One member of a stateful cluster on its host
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Holds a member of a cluster, such as one of Elasticsearch or ZooKeeper, on its host in one execution. A member is a standalone
    container, the directories and files of the host that are mounted into it, and an instance of the systemd unit
    C(quorate-member@.service), which starts the container at boot and whenever it has ended.
  - Where something differs, the image is pulled while the member still runs. Then the member is stopped within its
    O(container.stop_timeout), directories and files are written, the container is made anew if it differs, and the member is started.
  - Differences of which it takes no notice are mended without a restart, those in owners and modes, and in lines that
    O(files[].passing) names.
  - Files are written only while the member is stopped, so a run that was killed anywhere is simply repeated.
  - Refused before anything is changed are an image that can be neither found nor pulled, ports that somebody else has, more memory
    than the host or the container's limit has, addresses that are not the host's, networks that are missing or not attachable, mounts
    of what is not there, data of another owner, data that another container has, if that runs or is a member, and a container of
    that name which is no member, or a member of another name or cluster. A member that is as it is asked for is never refused.
  - A worker knows an overlay network only once something there uses it. Whether it can be used shows there when the container starts.
  - The engine knows a container's networks by their IDs, so a container whose network was made anew under its name is made anew, too.
  - Data is never deleted, but in directories that O(delete) names.
  - With O(files_only) it holds the directories and files alone, of a member that something else starts.
options:
  name:
    description: Name of the container, and of the instance of the systemd unit.
    type: str
    required: true
  state:
    description:
      - V(started) makes the member as it is asked for, has systemd start it at boot, and waits until its container runs. That a cluster
        has taken it in is for the health modules to say.
      - V(stopped) stops it in its grace, and has systemd not start it at boot. Nothing else is touched.
      - V(absent) stops it, and removes its container, its O(files), those of its O(directories) that are empty then and have no data, and
        those that O(delete) names. The last member of a host takes the systemd unit with it.
      - V(seen) only looks, and never changes anything. What V(started) would refuse is in RV(member.refusals), and does not fail the task,
        so that somebody can decide with all members in view.
    type: str
    choices: [started, stopped, absent, seen]
    default: started
  image:
    description:
      - Image of the container, with its tag or digest. It is pulled where the engine does not have it.
      - A container of an image that had the same name earlier is another one. Needed for O(state=started).
    type: str
  container:
    description:
      - What the container is given. What is left out has the engine's default, and a container that was given it earlier is made anew.
      - The engine's own restart policy is always V(no), since it does not bring back a container whose network was not there at first.
      - Two labels are added, C(quorate.member) with the name and C(quorate.options) with the names of what it was given.
    type: dict
    default: {}
    suboptions:
      command:
        description: Command, word by word. It is told in results, so it is no place for secrets.
        type: list
        elements: str
      entrypoint:
        description: Entrypoint in place of the image's, word by word. The image's command is not used then.
        type: list
        elements: str
      user:
        description: User as whom it runs, as C(uid), C(uid:gid) or a name of the image.
        type: str
      hostname:
        description: Host name inside of the container.
        type: str
      env:
        description:
          - Environment. Values are text or whole numbers, all others need quotes.
          - Values whose names speak of a password, secret, token, key or credential, and not of a file, are masked in all output.
        type: dict
        default: {}
      labels:
        description: Labels. Values as those of O(container.env), but never masked.
        type: dict
        default: {}
      mounts:
        description: What is mounted. Exactly one of O(container.mounts[].source) and O(container.mounts[].volume) is needed.
        type: list
        elements: dict
        default: []
        suboptions:
          source:
            description: Path on the host. It must be there, or be among O(directories) and O(files).
            type: str
          volume:
            description: Name of a volume. It is created where there is none.
            type: str
          target:
            description: Path inside of the container.
            type: str
            required: true
          read_only:
            description: Whether the container can only read it.
            type: bool
            default: false
      networks:
        description: Networks to which it is attached before it starts. Not together with O(container.network_mode).
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name of the network. An overlay must be attachable.
            type: str
            required: true
          id:
            description: ID that the network has now. A container that is attached to an earlier network of this name is made anew.
            type: str
          aliases:
            description: Further names that the container has there.
            type: list
            elements: str
            default: []
          ipv4_address:
            description: Static address there. The network needs a subnet of its own for that.
            type: str
          links:
            description: Other containers and the names by which this one calls them, as C(container:name).
            type: list
            elements: str
            default: []
      network_mode:
        description: V(host), V(none), V(bridge) or V(container:NAME). Without it and without networks it is the engine's own bridge.
        type: str
      ports:
        description: Ports of the host that lead to the container's.
        type: list
        elements: dict
        default: []
        suboptions:
          published:
            description: Port of the host.
            type: int
            required: true
          target:
            description: Port of the container.
            type: int
            required: true
          protocol:
            description: Transport protocol.
            type: str
            choices: [tcp, udp]
            default: tcp
          address:
            description: Address of the host at which the port is published; the default means all of IPv4.
            type: str
            default: 0.0.0.0
      memory:
        description: Memory limit, as V(512M) or V(2G).
        type: str
      memory_swap:
        description: Limit of memory and swap together, as V(4G); V(-1) for none. It cannot be had where the kernel does not count swap.
        type: str
      memory_swappiness:
        description: How readily memory is swapped out, 0 to 100. It cannot be had with cgroup v2, and is no difference there.
        type: int
      cpus:
        description: Number of CPUs whose time it may use, also in part.
        type: float
      shm_size:
        description: Size of /dev/shm, as V(64M).
        type: str
      ulimits:
        description: Limits of its processes.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name, such as V(nofile) or V(memlock).
            type: str
            required: true
          soft:
            description: Soft limit, V(-1) for none.
            type: int
            required: true
          hard:
            description: Hard limit, the soft one unless given.
            type: int
      sysctls:
        description: Kernel parameters inside of the container. Only those that have a namespace of their own can be given.
        type: dict
        default: {}
      cap_add:
        description: Capabilities that it has beside the engine's default ones.
        type: list
        elements: str
        default: []
      cap_drop:
        description: Capabilities that it does without.
        type: list
        elements: str
        default: []
      extra_hosts:
        description: Names to addresses, for its C(/etc/hosts).
        type: dict
        default: {}
      tmpfs:
        description: Paths inside of the container to the options with which memory is mounted there, which may be empty.
        type: dict
        default: {}
      init:
        description: Whether an init process reaps what its processes leave behind.
        type: bool
      read_only:
        description: Whether its root file system can only be read.
        type: bool
      stop_signal:
        description: Signal that asks it to end.
        type: str
      stop_timeout:
        description: Seconds until it is killed when it is stopped, 10 unless the image says otherwise; at most 1700.
        type: int
      log_driver:
        description: Driver of its logs. Last lines can be told only where the driver keeps them on the host.
        type: str
      log_options:
        description: Options of that driver.
        type: dict
        default: {}
      healthcheck:
        description: Check by which the engine tells whether it is healthy. Nothing waits for it.
        type: dict
        suboptions:
          test:
            description: Command with C(CMD) or C(CMD-SHELL) before it, or just C(NONE).
            type: list
            elements: str
            required: true
          interval:
            description: Time between two checks, such as V(30s).
            type: str
          timeout:
            description: Time until a check has failed, such as V(10s).
            type: str
          start_period:
            description: Time for its start, such as V(1m), in which failed checks do not count.
            type: str
          retries:
            description: Number of failures in a row that make it unhealthy.
            type: int
  cluster:
    description:
      - Name of the cluster to which the member belongs, kept as the label C(quorate.cluster) of its container. A container of this name
        that has another one there is refused, so that two clusters on the same hosts do not take each other's members for their own.
      - A container without that label is no other cluster's, and the label alone is no reason to make it anew.
    type: str
  directories:
    description:
      - Directories of the host. Those above them that are missing are made for root, and readable by all.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Path on the host.
        type: str
        required: true
      owner:
        description: Number of a user, which need not be known on the host, or a name that is.
        type: str
        default: "0"
      group:
        description: Number or name of a group, by default that of the owner.
        type: str
      mode:
        description: Mode as quoted octal digits with a leading 0, by default V('0755').
        type: str
      data:
        description:
          - Whether the member keeps its data here. It is never deleted unless O(delete) names the directory.
          - Entries of another owner are refused, and are not given away. C(lost+found) does not count.
        type: bool
        default: false
      exclusive:
        description: >-
          Whether it holds nothing but what O(directories) and O(files) name. What else lies in it is removed, as a secret of before.
        type: bool
        default: false
  files:
    description: Files of the host, each replaced in one step.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Path on the host.
        type: str
        required: true
      content:
        description: The whole text. Exactly one of it and O(files[].content_base64) is needed.
        type: str
      content_base64:
        description: All bytes of what is no text, in base64, as the lookup P(quorate.swarm.binary_file#lookup) returns them.
        type: str
      owner:
        description: Number of a user, which need not be known on the host, or a name that is.
        type: str
        default: "0"
      group:
        description: Number or name of a group, by default that of the owner.
        type: str
      mode:
        description: Mode as quoted octal digits with a leading 0, by default V('0644'), or V('0400') of a secret one.
        type: str
      secret:
        description: Whether its content is in no output and no difference.
        type: bool
        default: false
      once:
        description: Whether it is written only where it is missing, and left alone after that, as files that the server writes itself.
        type: bool
        default: false
      passing:
        description:
          - Regular expression. A difference in lines alone in which it is found is written without a restart, and takes effect
            at the next one, as of settings that matter only for the first start.
        type: str
      any_order:
        description: Whether lines in another order are no difference, as in files that the server writes anew itself.
        type: bool
        default: false
      kept:
        description:
          - Regular expression. Lines in which it is found are those of the file that is there, if it has any, and else those of
            O(files[].content), as of settings that the server writes itself.
        type: str
  listens:
    description:
      - Ports that a container with O(container.network_mode=host) listens on, such as V(9300) or V(9300/udp).
      - While such a container runs, all of them count as its own.
    type: list
    elements: str
    default: []
  needs_memory:
    description: Memory that the member needs, as V(4G). Neither the host nor O(container.memory) may have less.
    type: str
  needs_sysctls:
    description: Kernel parameters of the host and the least whole numbers that they should have. What is lower is told and not refused.
    type: dict
    default: {}
  foretold_networks:
    description:
      - Networks that something makes before this task, such as the role quorate.swarm.overlay. In check mode it has not, and one of them
        that is missing is in RV(member.networks_foretold) instead of being refused. Without effect outside of check mode.
    type: list
    elements: str
    default: []
  evidence:
    description:
      - Names to paths on the host, of which the beginning is read, such as C(data/version-2/currentEpoch).
      - A path with C(*) stands for the last of those that fit, longer names after shorter ones, as of files that are numbered.
      - Up to 64 KiB of a file, or up to 100 names in a directory.
      - In place of a path a mapping of C(path) and C(matches), a regular expression with one group. What the group finds in the first
        MiB of the file is told, each once and up to 100 of them, and nothing else of a file that may hold secrets.
    type: dict
    default: {}
  delete:
    description: Those of O(directories) that O(state=absent) deletes with all that is in them.
    type: list
    elements: str
    default: []
  adopt:
    description:
      - Whether a container of this name that was made by hand, or is a member of another O(cluster), is replaced by the member. What it has
        outside of mounts is lost with it.
      - A task of a service is never replaced.
    type: bool
    default: false
  files_only:
    description:
      - Whether only O(directories) and O(files) are held here, since something else starts the member, such as a service of the swarm
        with its O(name) (M(quorate.swarm.member_services)) or a compose file. There is no container, unit or pull of an image then.
      - Files are written in whatever state the member is, so whoever starts it stops it before, where RV(member.restart_needed) says so.
      - A task of the service O(name) on this host, or a container O(name), is the member, so ports that it has are its own.
      - Not together with O(state=stopped), O(adopt) or O(restart).
    type: bool
    default: false
  restart:
    description: Whether the member is restarted where nothing differs, too. It is each time that it is asked for.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds until the container must run.
      - A container that has ended three times is not waited for any longer. What it said last is in the error.
    type: int
    default: 120
  run_time:
    description:
      - Seconds for which the container must have run then, without an end in between. A server that dies of its configuration mostly
        does so within moments.
      - V(0) suits a caller that waits for the member itself next, with O(quorate.swarm.zookeeper_health#module:wait_ends) or the like.
    type: int
    default: 2
attributes:
  idempotent:
    support: partial
    description: When run twice in a row, the second time changes nothing, but for O(restart=true).
extends_documentation_fragment:
  - quorate.swarm.connection
  - quorate.swarm.attributes
requirements:
  - systemd on the host
  - the program docker on the host, for O(state=started)
seealso:
  - module: quorate.swarm.overlay_networks
  - module: community.docker.docker_container
"""

EXAMPLES = r"""
- name: Hold a member of a ZooKeeper ensemble
  quorate.swarm.cluster_member:
    name: zoo1
    image: zookeeper:3.8
    container:
      networks:
        - name: demo
          aliases: [zoo1]
      mounts:
        - {source: /srv/zoo1/conf, target: /conf, read_only: true}
        - {source: /srv/zoo1/data, target: /data}
        - {source: /srv/zoo1/datalog, target: /datalog}
      memory: 512M
      stop_timeout: 60
    directories:
      - {path: /srv/zoo1/conf}
      - {path: /srv/zoo1/data, owner: "1000", data: true}
      - {path: /srv/zoo1/datalog, owner: "1000", data: true}
    files:
      - path: /srv/zoo1/conf/zoo.cfg
        content: "{{ lookup('ansible.builtin.template', 'zoo.cfg.j2') }}"
      - path: /srv/zoo1/data/myid
        content: "1\n"
        owner: "1000"
        once: true

- name: See what there is of a member, whatever it is asked to be
  quorate.swarm.cluster_member:
    name: zoo1
    state: seen
    directories:
      - {path: /srv/zoo1/data, owner: "1000", data: true}
    evidence:
      epoch: /srv/zoo1/data/version-2/currentEpoch
  register: look

- name: Remove a member for good, with its data
  quorate.swarm.cluster_member:
    name: zoo1
    state: absent
    directories:
      - {path: /srv/zoo1/data, data: true}
    delete: [/srv/zoo1/data]
"""

RETURN = r"""
member:
  description: The member after the task; in check mode as it is.
  returned: success
  type: dict
  contains:
    exists:
      description: Whether there is a container of the name, or with O(files_only) one that is a task of its service.
      type: bool
      sample: true
    running:
      description: Whether it runs.
      type: bool
      sample: true
    cut_off:
      description: Whether it runs without the network that it was created with, as after its host has left the swarm.
      type: bool
      sample: false
    healthy:
      description: What its health check says; none where it has no check, or the check has not said yet.
      type: bool
      sample: null
    unit_active:
      description: Whether systemd keeps it running, or is about to start it once more.
      type: bool
      sample: true
    unit_enabled:
      description: Whether systemd starts it at boot.
      type: bool
      sample: true
    container_id:
      description: ID of the container, none where there is none.
      type: str
      sample: 4fa6e0f0c6786287e131c3852c58a2e01cc697a68231826813597e4994f1d6e2
    other_cluster:
      description: The cluster of the container that is there, where it is another one than O(cluster); none otherwise.
      type: str
      sample: null
    image:
      description: Image by the name with which the container was created.
      type: str
      sample: zookeeper:3.8
    image_present:
      description: Whether the engine has O(image). What it does not have it would pull, and only that tells whether it can.
      type: bool
      sample: true
    started_at:
      description: When the container was last started, none where it never was.
      type: str
      sample: "2026-11-21T14:03:40.123456789Z"
    exit_code:
      description: With which code the container ended, where it was started and does not run.
      type: int
      sample: null
    restarts:
      description: How often systemd had to start it again since it was last asked to.
      type: int
      sample: 0
    differs:
      description: What differs from what is asked for, in sentences; empty where nothing is to be done.
      type: list
      elements: str
      sample: ["/srv/zoo1/conf/zoo.cfg differs", "container: memory is 268435456, not 536870912"]
    restart_needed:
      description: Whether the member would be stopped or started for that.
      type: bool
      sample: true
    remains:
      description: What O(state=absent) would take away, in sentences; also after a removal that was killed.
      type: list
      elements: str
      sample: ["the container is there"]
    refusals:
      description: Why that would be refused, in sentences; empty where nothing is in the way, or nothing is to be done.
      type: list
      elements: str
      sample: []
    removal_refusals:
      description: Why O(state=absent) would be refused, in sentences.
      type: list
      elements: str
      sample: []
    data:
      description: For each directory with data whether it is C(missing), C(empty) or C(filled).
      type: dict
      sample: {"/srv/zoo1/data": "filled"}
    ports_taken:
      description: The ports that it needs and somebody else has, as C(port), and C(by) whom as far as it is known.
      type: list
      elements: dict
      sample: []
    sysctls_low:
      description: Those of O(needs_sysctls) that are too low, with what was C(found), none where there is none, and what is C(needed).
      type: dict
      sample: {"vm.max_map_count": {"found": 65530, "needed": 262144}}
    networks_foretold:
      description: Those of O(foretold_networks) that the member needs and that are missing, in check mode.
      type: list
      elements: str
      sample: []
    node_id:
      description: ID of this host's node in its swarm, none where it is in none.
      type: str
      sample: 3b4mbhoz6dwqrvz9b6ynkz8lc
    memory:
      description: Memory of the host in bytes.
      type: int
      sample: 4112756736
    evidence:
      description:
        - What O(evidence) asked for, by name. Text of a file, a list of names in a directory, none where there is nothing.
        - What is no UTF-8 text, or has a zero in it, is a mapping with the one key C(base64).
        - With C(matches) a list of such texts, empty where the file has none of them.
      type: dict
      sample: {"epoch": "4"}
refusals:
  description: Why the task is refused, in the same sentences as the error, one each.
  returned: failure, where that is why
  type: list
  elements: str
  sample: ["Port 2181/tcp of this host is taken by the container web. Stop that, or give the member another port."]
actions:
  description: What was done, or would be done in check mode, in order; nothing with O(state=seen).
  returned: success
  type: list
  elements: str
  sample: ["stop the member", "write /srv/zoo1/conf/zoo.cfg", "start the member"]
"""

import base64
import codecs
import dataclasses
import glob
import os
import re
import shutil
import socket

from ansible_collections.quorate.swarm.plugins.module_utils import (
    container_spec,
    host_files,
    member,
    member_files,
    member_refusals,
    member_steps,
    member_summary,
    member_unit,
    units,
)
from ansible_collections.quorate.swarm.plugins.module_utils.container_options import CONTAINER, MAPPING, TEXTS
from ansible_collections.quorate.swarm.plugins.module_utils.errors import EngineError, QuorateError, Refusal
from ansible_collections.quorate.swarm.plugins.module_utils.frame import Outcome, run_module
from ansible_collections.quorate.swarm.plugins.module_utils.ports_in_use import sockets_in_use
from ansible_collections.quorate.swarm.plugins.module_utils.waiting import look_until

KERNEL = "/proc/sys"
# Not what one login or another has in its PATH, or each would find another unit.
PROGRAMS = "/usr/bin:/usr/local/bin:/bin:/snap/bin"
EVIDENCE_BYTES = 1 << 16
EVIDENCE_NAMES = 100
SEARCHED_BYTES = 1 << 20
LOG_LINES = 10
LONGEST_LINE = 500
# Longer than an end takes beyond the container's own time for it
STOP_MARGIN = 120
ATTEMPTS = 3


def execute(engine, params, check_mode):
    wanted = wanted_of(params, check_mode)
    view = look(engine, wanted, params)
    decision = member_steps.decide(view, wanted)
    in_the_way = member_refusals.refusals(view, wanted) if decision.plan.steps or member.may_start_elsewhere(view, wanted) else []
    if wanted.state == member.SEEN:
        return Outcome(facts={"member": told(view, wanted, decision, params, in_the_way)})
    if in_the_way:
        raise Refusal("%s Nothing was changed." % " ".join(in_the_way), refusals=in_the_way)
    plan, warnings, decision_now = decision.plan, [], decision
    if not check_mode:
        warnings += carry_out(engine, wanted, plan)
        if wanted.state == member.STARTED and not wanted.files_only and (decision.interrupts or not view.is_running):
            try:
                await_running(engine, wanted.name, params["wait_timeout"], params["run_time"])
            except NetworkGone:
                further = decide_again(look(engine, wanted, params), wanted).plan
                if not further.steps:
                    raise
                plan = plan.followed_by(further)
                warnings += carry_out(engine, wanted, further)
                await_running(engine, wanted.name, params["wait_timeout"], params["run_time"])
        if plan.steps:
            view = look(engine, wanted, params)
            decision_now = decide_again(view, wanted)
    outcome = Outcome.of(plan, member=told(view, wanted, decision_now, params))
    outcome.warnings += warnings
    return outcome


def decide_again(view, wanted):
    return member_steps.decide(view, dataclasses.replace(wanted, restarts=False))


def carry_out(engine, wanted, plan):
    """The warnings of all steps."""
    return [warning for step in plan.steps for warning in STEPS[step.kind](engine, wanted, step.subject) or []]


# What is asked for


def wanted_of(params, check_mode):
    if params["files_only"] and (params["state"] == member.STOPPED or params["adopt"] or params["restart"]):
        raise Refusal("With files_only something else starts and stops the member, so state=stopped, adopt and restart are not for it.")
    directories = tuple(member_files.directory(option, host_files.uid_of, host_files.gid_of) for option in params["directories"])
    files = tuple(member_files.file(option, host_files.uid_of, host_files.gid_of) for option in params["files"])
    member_files.refuse_twice(directories + files)
    delete = tuple(os.path.normpath(path) for path in params["delete"])
    member_files.refuse_deletion(directories, delete)
    docker = shutil.which("docker", path=PROGRAMS)
    spec = container_spec.spec_of(params["name"], params["image"], params["container"], params["cluster"])
    return member.Wanted(
        name=params["name"],
        state=params["state"],
        spec=spec if params["image"] else None,
        directories=directories,
        files=files,
        ports=tuple(container_spec.wanted_ports(params["container"], params["listens"])),
        memory=container_spec.size(params["needs_memory"], "needs_memory") if params["needs_memory"] else 0,
        sysctls={name: whole_number(name, least) for name, least in params["needs_sysctls"].items()},
        delete=delete,
        restarts=params["restart"] and params["state"] == member.STARTED,
        adopts=params["adopt"],
        files_only=params["files_only"],
        template=member_unit.text(docker) if docker else "",
        cluster=params["cluster"],
        foretold=frozenset(params["foretold_networks"] if check_mode else ()),
    )


def whole_number(name, text):
    try:
        return int(text)
    except (TypeError, ValueError) as exc:
        raise Refusal("The least value %s of %s in needs_sysctls is no whole number." % (text, name)) from exc


# What there is


def look(engine, wanted, params):
    container = engine.container(wanted.name)
    image = engine.image(params["image"]) if params["image"] else None
    containers = engine.containers()
    return member.View(
        info=engine.info(),
        unit=look_at_unit(wanted.name),
        template=template_on_disk(),
        container=container,
        image=image,
        made_of=made_of(engine, container, image),
        found={entry.path: host_files.look(entry.path) for entry in wanted.directories + wanted.files},
        containers=tuple(containers),
        networks=tuple(engine.networks()) if params["container"]["networks"] else (),
        missing=tuple(path for path in member.sources(wanted) if not os.path.lexists(path)),
        sockets=frozenset(sockets_in_use()) if wanted.ports else frozenset(),
        strange=tuple(address for address in sorted({address for address, _port, _protocol in wanted.ports}) if not has_address(address)),
        sysctls={name: sysctl(name) for name in wanted.sysctls},
        others=tuple(sorted(others(containers) - {wanted.name})),
    )


def has_address(address):
    """What the engine will do with it, tried with a port that the kernel chooses."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.bind((address, 0))
    except OSError:
        return False
    return True


def look_at_unit(name):
    return member_unit.unit_of(units.show(member_unit.instance(name), member_unit.PROPERTIES))


def template_on_disk():
    seen = host_files.look(units.path_of(member_unit.TEMPLATE))
    return seen.content.decode("utf-8", "replace") if seen.kind == host_files.FILE else None


def made_of(engine, container, image):
    """The image of the container that is there, which may have lost its name to another one."""
    if container is None or (image and image["Id"] == container["Image"]):
        return image
    return engine.image(container["Image"])


def others(containers):
    labelled = {(container.get("Labels") or {}).get(container_spec.MEMBER_LABEL) for container in containers}
    return (labelled | {member_unit.member_of(unit) for unit in units.enabled()}) - {None, ""}


def sysctl(name):
    try:
        with open(os.path.join(KERNEL, name.replace(".", "/")), encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def told(view, wanted, decision, params, in_the_way=()):
    evidence = {name: evidence_of(name, asked) for name, asked in params["evidence"].items()}
    return dict(member_summary.summary(view, wanted, decision, in_the_way), evidence=evidence)


def evidence_of(name, asked):
    if isinstance(asked, dict):
        return matches_in(last_of(str(asked.get("path"))), expression(name, asked))
    seen = host_files.beginning(last_of(str(asked)), EVIDENCE_BYTES)
    if not isinstance(seen, bytes):
        return seen[:EVIDENCE_NAMES] if seen is not None else None
    return told_as(seen, is_cut=len(seen) >= EVIDENCE_BYTES)


def last_of(path):
    return max(glob.glob(path), key=lambda found: (len(found), found), default=path) if "*" in path else path


def expression(name, asked):
    try:
        found = re.compile(str(asked["matches"]).encode(), re.DOTALL)
    except (KeyError, re.error) as exc:
        raise Refusal("The evidence %s has no regular expression in matches: %s." % (name, exc)) from exc
    if set(asked) != {"path", "matches"} or found.groups != 1:
        raise Refusal("The evidence %s is to be a path, or a path and matches, a regular expression with one group." % name)
    return found


def matches_in(path, wanted):
    seen = host_files.beginning(path, SEARCHED_BYTES)
    if not isinstance(seen, bytes):
        return None
    found = list(dict.fromkeys(match for match in wanted.findall(seen)))
    return [told_as(match) for match in found[:EVIDENCE_NAMES]]


def told_as(seen, is_cut=False):
    try:
        # the last letter may be cut off
        text = codecs.getincrementaldecoder("utf-8")().decode(seen, final=not is_cut)
    except UnicodeDecodeError:
        text = "\0"
    return {"base64": base64.b64encode(seen).decode("ascii")} if "\0" in text else text


# The effects


def pull(engine, wanted, image):
    try:
        engine.pull(image)
    except EngineError as exc:
        raise Refusal("The image %s can be neither found nor pulled. %s Nothing was changed." % (image, exc)) from exc


def stop(engine, wanted, _subject):
    container = engine.container(wanted.name)
    grace = container_spec.grace({"stop_timeout": container["Config"].get("StopTimeout")} if container else None)
    if look_at_unit(wanted.name).is_active:
        units.stop(member_unit.instance(wanted.name), grace + STOP_MARGIN)
        container = engine.container(wanted.name)
    if member.is_running(container):
        engine.container_stop(container["Id"], grace)


def make(_engine, _wanted, entry):
    host_files.make_directory(entry.path)
    own(None, None, entry)


def own(_engine, _wanted, entry):
    host_files.own(entry.path, entry.uid, entry.gid, entry.mode)


def write(_engine, _wanted, entry):
    host_files.write(entry.path, entry.content, entry.uid, entry.gid, entry.mode)


def template(_engine, _wanted, text):
    host_files.write(units.path_of(member_unit.TEMPLATE), text.encode("utf-8"), os.geteuid(), os.getegid(), 0o644)


def reload(_engine, _wanted, _subject):
    units.reload()


def create(engine, wanted, spec):
    warnings = engine.container_create(wanted.name, spec.body)
    for network, endpoint in spec.others:
        engine.container_connect(network, wanted.name, endpoint)
    return ["The engine says of the container %s: %s" % (wanted.name, warning) for warning in warnings]


def remove(engine, _wanted, container_id):
    engine.container_remove(container_id)


def enable(_engine, wanted, _subject):
    units.enable(member_unit.instance(wanted.name))


def disable(_engine, wanted, _subject):
    units.disable(member_unit.instance(wanted.name))


def start(_engine, wanted, _subject):
    units.start(member_unit.instance(wanted.name))


def delete_file(_engine, _wanted, path):
    host_files.remove(path)


def delete_directory(_engine, _wanted, path):
    host_files.remove_directory(path, with_content=True)


def remove_directory(_engine, _wanted, path):
    host_files.remove_directory(path)


def remove_template(_engine, _wanted, _subject):
    host_files.remove(units.path_of(member_unit.TEMPLATE))
    units.reload()


STEPS = {
    "pull": pull,
    "stop": stop,
    "make": make,
    "own": own,
    "write": write,
    "template": template,
    "reload": reload,
    "remove": remove,
    "create": create,
    "enable": enable,
    "disable": disable,
    "start": start,
    "delete_file": delete_file,
    "delete_directory": delete_directory,
    "remove_directory": remove_directory,
    "remove_template": remove_template,
}


class NetworkGone(QuorateError):
    """The container's network is not there any more; another one of its name may be."""


def await_running(engine, name, limit, run_time):
    """Until the container has run for a while. One that ends is started again by systemd, since what it needs may come late."""
    # not none right after a start, where systemd was stopped between two tries
    restarts = look_at_unit(name).restarts

    def observe():
        return engine.container(name)

    def has_failed():
        return look_at_unit(name).restarts - restarts >= ATTEMPTS - 1

    def is_decided(container):
        return (
            member.is_running(container)
            or has_lost_network(container)
            or (not member_summary.lacks_network(container) and has_failed())
        )

    for _attempt in range(ATTEMPTS):
        container = look_until(observe, is_decided, limit)
        if not member.is_running(container):
            break
        has_ended = has_ended_since(container["State"]["StartedAt"])
        if not has_ended(look_until(observe, has_ended, run_time)):
            return
        if has_failed():
            break
    container = engine.container(name)
    if container is None:
        raise QuorateError("The container %s is gone: somebody else has removed it just now. Run again." % name)
    lines = [line[:LONGEST_LINE] for line in engine.container_log(container["Id"], LOG_LINES)]
    raise (NetworkGone if has_lost_network(container) else QuorateError)(
        "%s Mend that and run again; until then systemd goes on trying, and 'systemctl stop %s' ends it."
        % (member_summary.why_it_ended(container, lines), member_unit.instance(name))
    )


def has_lost_network(container):
    return container is not None and container_spec.network_is_gone(container)


def has_ended_since(begun):
    return lambda container: not member.is_running(container) or container["State"]["StartedAt"] != begun


# The options


def owned(**further):
    return dict(
        {
            "path": {"type": "str", "required": True},
            "owner": {"type": "str", "default": "0"},
            "group": {"type": "str"},
            "mode": {"type": "str"},
        },
        **further,
    )


DIRECTORY = owned(data={"type": "bool", "default": False}, exclusive={"type": "bool", "default": False})

ARGUMENTS = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["started", "stopped", "absent", "seen"], "default": "started"},
    "image": {"type": "str"},
    "container": {"type": "dict", "default": {}, "options": CONTAINER},
    "cluster": {"type": "str"},
    "directories": {"type": "list", "elements": "dict", "default": [], "options": DIRECTORY},
    "files": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "mutually_exclusive": [("content", "content_base64")],
        "required_one_of": [("content", "content_base64")],
        "options": owned(
            content={"type": "str"},
            content_base64={"type": "str"},
            secret={"type": "bool", "default": False},
            once={"type": "bool", "default": False},
            passing={"type": "str", "no_log": False},
            kept={"type": "str", "no_log": False},
            any_order={"type": "bool", "default": False},
        ),
    },
    "listens": dict(TEXTS, default=[]),
    "needs_memory": {"type": "str"},
    "needs_sysctls": MAPPING,
    "foretold_networks": dict(TEXTS, default=[]),
    "evidence": MAPPING,
    "delete": dict(TEXTS, default=[]),
    "adopt": {"type": "bool", "default": False},
    "files_only": {"type": "bool", "default": False},
    "restart": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 120},
    "run_time": {"type": "int", "default": 2},
}


def secrets(params):
    return member_files.secrets(params["files"]) | container_spec.secrets(params["container"])


def main():
    run_module(
        execute,
        ARGUMENTS,
        required_if=[("state", "started", ("image",))],
        secrets=secrets,
        # or the host's log would have the options as they were given
        no_log=True,
    )


if __name__ == "__main__":
    main()
