# -*- coding: utf-8 -*-
# Copyright (c) Quorate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: binary_file
short_description: Read files of the controller that are no text
version_added: 0.1.0
author:
  - Quorate contributors (@quorate)
description:
  - Returns all bytes of a file in base64. A file that C(ansible-vault) has encrypted is decrypted.
  - Ansible's own lookups return text, and are to refuse all else from ansible-core 2.23 on.
options:
  _terms:
    description: Paths of files. Relative ones are looked for where C(ansible.builtin.file) looks, such as in C(files) beside the playbook.
    type: list
    elements: str
    required: true
seealso:
  - plugin: ansible.builtin.unvault
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Give a member a file that is no text
  quorate.swarm.cluster_member:
    name: elastic1
    image: elasticsearch:7.17.29
    files:
      - path: /srv/elasticsearch/config/secrets/elasticsearch.keystore
        content_base64: "{{ lookup('quorate.swarm.binary_file', 'elasticsearch.keystore') }}"
        secret: true
"""

RETURN = r"""
_raw:
  description: The bytes of each file, in base64 without line ends.
  type: list
  elements: str
  sample: [P9dsFxZlbGFzdGljc2VhcmNoLmtleXN0b3Jl]
"""

import base64

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        return [self._encoded(term, variables) for term in terms]

    def _encoded(self, term, variables):
        path = self.find_file_in_search_path(variables, "files", term, ignore_missing=True)
        if not path:
            raise AnsibleError("There is no file %s on the controller. Give its full path, or put it in files beside the playbook." % term)
        readable = self._loader.get_real_file(path)
        try:
            with open(readable, "rb") as file:
                return base64.b64encode(file.read()).decode("ascii")
        except OSError as exc:
            raise AnsibleError("The controller could not read %s: %s." % (path, exc.strerror)) from exc
        finally:
            # a copy on the disk, where it was encrypted
            self._loader.cleanup_tmp_file(readable)
