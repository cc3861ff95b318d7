"""guide.py FILE... - guides name only what there is: each `vnetprobe` command in a
block of code is one that the program takes, each finding that is linked or named
has its section in docs/findings.md, each link leads somewhere. Prints what does
not hold; exit status 0, or 77 where commands cannot be tried.

Commands run in a network namespace that has nothing, for three seconds at most:
what matters is that none ends with status 2, "usage or configuration error".
"""
import os, re, shutil, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONFIG = os.path.join(ROOT, "deploy/bicep/vnetprobe.yaml")
IDS = set(re.findall(r"^### ([a-z0-9-]+)$", open(ROOT + "/docs/findings.md").read(), re.M))
FAMILIES = "dns tcp tls http leak egress capture state route proxy service".split()


def anchors(text):
    """Those that a page of Markdown gets for its headings."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.M):
        words = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
        found.add(words.strip().replace(" ", "-"))
    return found


def links(name, text):
    here = os.path.dirname(os.path.abspath(name))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            print(f"{name}: {target} is not of this tree")
            continue
        path, _, anchor = target.partition("#")
        path = os.path.join(here, path) if path else name
        if not os.path.exists(path):
            print(f"{name}: there is no {target}")
        elif anchor and anchor not in anchors(open(path).read()):
            print(f"{name}: {target} has no such section")


def ids(name, text):
    for word in re.findall(r"\[([a-z0-9]+(?:-[a-z0-9]+)+)\](?=\()|`([a-z0-9]+(?:-[a-z0-9]+)+)`", text):
        word = word[0] or word[1]
        if word.split("-")[0] in FAMILIES and word not in IDS:
            print(f"{name}: there is no finding {word}")


def commands(text):
    """Lines of code that start the program, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", text)
    code = re.findall(r"^ {4,}(.*)$", text, re.M)
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S):
        code += block.splitlines()
    for line in code:
        line = re.sub(r"^(?:\$ )?(?:sudo )?", "", line.strip())
        if line.startswith("vnetprobe "):
            yield line.replace("$name", "report")  # dated, for who follows the guide


def try_one(line, place):
    words = line.split()
    words = [place + "/etc.yaml" if w == "/etc/vnetprobe.yaml" else w for w in words]
    cwd = tempfile.mkdtemp(dir=place)
    for name in ("report", "jumpbox", "instance", "cluster", "node"):
        shutil.copy(ROOT + "/tests/golden/healthy.json", f"{cwd}/{name}.json")
    shutil.copy(ROOT + "/tests/captures/dns.pcap", cwd + "/night.pcap")
    shutil.copy(CONFIG, cwd + "/vnetprobe.yaml")
    env = dict(os.environ, PATH=place + "/bin:" + os.environ["PATH"])
    try:
        run = subprocess.run(words, cwd=cwd, env=env, timeout=3, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    except subprocess.TimeoutExpired:
        return None
    return f"{line}: {run.stderr.strip()}" if run.returncode == 2 else None


def main(files):
    if os.environ.get("VP_IN_NAMESPACE") != "yes":
        enter = subprocess.run(["unshare", "-Urn", "true"], stderr=subprocess.DEVNULL)
        if enter.returncode != 0:
            return 77
        os.environ["VP_IN_NAMESPACE"] = "yes"
        os.execvp("unshare", ["unshare", "-Urn", sys.executable, os.path.abspath(__file__)] + files)
    lines = []
    for name in files:
        text = open(name).read()
        links(name, text)
        ids(name, text)
        lines += [line for line in commands(text) if line not in lines]
    if not lines:
        print("no command was found")
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(4) as pool:
        os.mkdir(place + "/bin")
        os.symlink(os.environ["VNETPROBE"], place + "/bin/vnetprobe")
        os.symlink("/bin/true", place + "/bin/az")
        shutil.copy(CONFIG, place + "/etc.yaml")
        for problem in pool.map(lambda line: try_one(line, place), lines):
            if problem:
                print(problem)
    return 0


sys.exit(main(sys.argv[1:]))
