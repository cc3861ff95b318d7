"""manifests.py KIND FILE... - what the manifests and templates of deploy/ promise,
held against what they say. Prints each thing that is otherwise; exit status 0
always. KIND: pods, json (all documents as one JSON array), config (the YAML of
the ConfigMap), job, bicep, cloud-config (of the Bicep file, as a VM gets it).

The validators of others do not know our promises, and the schema that
kubernetes-models has lets keys pass that it does not know: those stand here.
"""
import base64, json, re, sys
import yaml

POD_KEYS = set("""serviceAccountName automountServiceAccountToken enableServiceLinks
    hostNetwork dnsPolicy terminationGracePeriodSeconds nodeSelector tolerations
    securityContext containers volumes restartPolicy""".split())
CONTAINER_KEYS = set("""name image command args securityContext resources
    volumeMounts""".split())
SECURITY = {
    "privileged": False,
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsUser": 0,
    "runAsGroup": 0,
    "capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]},
}
METRICS = "/var/lib/node_exporter/textfile_collector"


def documents(files):
    for name in files:
        with open(name) as f:
            yield from yaml.safe_load_all(f)


def unknown(where, got, keys):
    for key in sorted(set(got) - keys):
        print(f"{where}: key {key} is not known here")


def container(where, c, pod):
    unknown(where, c, CONTAINER_KEYS)
    if c.get("securityContext") != SECURITY:
        print(f"{where}: securityContext is {c.get('securityContext')}")
    for part in ("requests", "limits"):
        if set(c.get("resources", {}).get(part, {})) != {"cpu", "memory"}:
            print(f"{where}: no {part} of cpu and memory")
    volumes = {v["name"] for v in pod.get("volumes", [])}
    mounts = c.get("volumeMounts", [])
    for m in mounts:
        unknown(where, m, {"name", "mountPath", "readOnly"})
        if m["name"] not in volumes:
            print(f"{where}: no volume {m['name']}")
    if "/var/lib/vnetprobe" not in [m["mountPath"] for m in mounts]:
        print(f"{where}: nowhere to write reports to")


def pod(where, p, host_network):
    unknown(where, p, POD_KEYS)
    for key, want in (("automountServiceAccountToken", False), ("enableServiceLinks", False)):
        if p.get(key) is not want:
            print(f"{where}: {key} is {p.get(key)}")
    if p.get("hostNetwork", False) is not host_network:
        print(f"{where}: hostNetwork is {p.get('hostNetwork')}")
    if p.get("securityContext") != {"seccompProfile": {"type": "RuntimeDefault"}}:
        print(f"{where}: no seccomp profile")
    for v in p.get("volumes", []):
        unknown(where, v, {"name", "configMap", "emptyDir", "hostPath"})
        if "hostPath" in v and v["hostPath"]["path"] != METRICS:
            print(f"{where}: {v['hostPath']['path']} of the host")
    for c in p["containers"]:
        container(f"{where}/{c['name']}", c, p)


def pods(files):
    policies = {}
    for d in documents(files):
        kind = d["kind"]
        where = f"{kind} {d['metadata']['name']}"
        if kind == "ServiceAccount" and d.get("automountServiceAccountToken") is not False:
            print(f"{where}: its token is mounted")
        if kind in ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"):
            print(f"{where}: rights that nobody needs")
        if kind not in ("DaemonSet", "Job"):
            continue
        spec = d["spec"]["template"]["spec"]
        pod(where, spec, kind == "DaemonSet")
        policies.setdefault(kind, set()).add(spec.get("dnsPolicy"))
        if kind == "DaemonSet":
            labels = d["spec"]["template"]["metadata"]["labels"]
            if d["spec"]["selector"]["matchLabels"] != labels:
                print(f"{where}: does not select its own pods")
            if spec.get("tolerations") != [{"operator": "Exists"}]:
                print(f"{where}: not on every node")
        else:
            for key in ("backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"):
                if key not in d["spec"]:
                    print(f"{where}: no {key}")
    want = {"DaemonSet": {"ClusterFirstWithHostNet", "Default"}, "Job": {"ClusterFirst", "Default"}}
    if policies != want:
        print(f"DNS policies are {policies}, not {want}")


def job(files):
    keys = set("""$schema type display_name experiment_name description code command
        environment compute outputs limits""".split())
    for d in documents(files):
        unknown("the job", d, keys)
        for key in ("type", "command", "environment", "compute"):
            if not isinstance(d.get(key), str):
                print(f"the job has no {key}")
        for name in re.findall(r"\$\{\{outputs\.(\w+)\}\}", d["command"]):
            if name not in d["outputs"]:
                print(f"there is no output {name}")
        if d["outputs"]["report"] != {"type": "uri_folder", "mode": "upload"}:
            print("the report is not uploaded")


def without_strings(text):
    """Comments and strings cut out; what stands in ${...} stays."""
    text = re.sub(r"'''.*?'''", "''", text, flags=re.S)
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r"'((?:[^'\\\n]|\\.)*)'", lambda m: " ".join(re.findall(r"\$\{([^}]*)\}", m[1])), text)


def bicep(files):
    """What can be told without its compiler: balance, names, promises."""
    for name in files:
        with open(name) as f:
            text = f.read()
        code = without_strings(text)
        stack = []
        for c in code:
            if c in "([{":
                stack.append(")]}"["([{".index(c)])
            elif c in ")]}" and (not stack or stack.pop() != c):
                print(f"{name}: {c} closes nothing")
                return
        if stack:
            print(f"{name}: {stack[-1]} is missing")
        declared = set(re.findall(r"^(?:param|var|resource|module) (\w+)", code, re.M))
        for symbol in re.findall(r"^param (\w+)", code, re.M):
            if len(re.findall(rf"\b{symbol}\b", code)) < 2:
                print(f"{name}: {symbol} is used by nothing")
        used = re.findall(r"(?<![.\w'])([a-z]\w*)\b(?=\.(?:id|properties|identity|name)\b)", code)
        for symbol in used:
            if symbol not in declared:
                print(f"{name}: there is no {symbol}")
        for kind in re.findall(r"^resource \w+ '([^']*)'", text, re.M):
            if not re.fullmatch(r"Microsoft\.\w+/\w+@20\d\d-\d\d-\d\d", kind):
                print(f"{name}: {kind} has no API version of form")
        for file in re.findall(r"(?:loadTextContent\(|^module \w+ )'([^']*)'", text, re.M):
            try:
                open(name.rsplit("/", 1)[0] + "/" + file).close()
            except OSError as e:
                print(f"{name}: {e}")
        nic = re.search(r"^resource nic .*?^}", text, re.M | re.S)
        if nic and "publicIPAddress" in nic[0]:
            print(f"{name}: the VM has a public address")
        if nic and "disablePasswordAuthentication: true" not in text:
            print(f"{name}: passwords are taken")


def cloud_config(files):
    with open(files[0]) as f:
        text = re.search(r"var cloudConfig = '''\n(.*?)'''", f.read(), re.S)[1]
    values = [base64.b64encode(v.encode()).decode() for v in ("vnet: []\n", "", "00")]
    print(text.format(*values), end="")


kind, files = sys.argv[1], sys.argv[2:]
if kind == "json":
    print(json.dumps(list(documents(files))))
elif kind == "config":
    for d in documents(files):
        if d["kind"] == "ConfigMap":
            print(d["data"]["vnetprobe.yaml"], end="")
else:
    {"pods": pods, "job": job, "bicep": bicep, "cloud-config": cloud_config}[kind](files)
