"""fake_azure.py [--imds ADDRESS:PORT] [--msi ADDRESS:PORT] [--arm ADDRESS:PORT]
                 [--sink ADDRESS] [--cert PEM --key PEM] --state DIR

Azure's metadata, the token agent of a compute instance, and Azure Resource
Manager, with the shapes that they have (docs/sources.md: A1, R1, G44314). How
each of them behaves is read from DIR/mode at every request:

    SERVICE HOW [PATH-PART]

one to a line; SERVICE is imds, token, or arm; PATH-PART limits it to requests
whose path contains it. HOW: status-NNN, throttle (429 once, then as usual),
throttled (429 always), big (100 MB), headers (no end of them), header (one
without end), drip (a byte a second), redirect, bomb (gzip), utf8, deep, text,
empty, echo (what was sent, in an error's text), echo-code, echo-name (the token
as names in a resource), shifted, hextoken (the same, packed), next-elsewhere,
cut, silent, no-identity, paging, other-region, other-dns.

Requests go to DIR/log: "SERVICE METHOD HOST PATH, headers that matter". The sink
is whoever nothing may be sent to; it logs that something was.
"""

import argparse
import base64
import gzip
import hashlib
import json
import os
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SUB = "00000000-0000-0000-0000-000000000001"
RG = f"/subscriptions/{SUB}/resourceGroups/rg-lab"
GUID = "3f8a2c1e-5b7d-4e9f-8a6b-1c2d3e4f5a6b"
NETWORK = "/providers/Microsoft.Network"
WORKSPACE = f"{RG}/providers/Microsoft.MachineLearningServices/workspaces/mlw-lab"
STORAGE = f"{RG}/providers/Microsoft.Storage/storageAccounts/stlab"
# ids differ in case from place to place, as the real ones do
VAULT = f"/subscriptions/{SUB}/resourcegroups/RG-LAB/providers/Microsoft.Keyvault/vaults/kv-lab"
REGISTRY = f"{RG}/providers/Microsoft.ContainerRegistry/registries/crlab"
VNET = f"{RG}{NETWORK}/virtualNetworks/vnet-lab"
SPOKE = f"{RG}{NETWORK}/virtualNetworks/vnet-spoke"
SUBNET = f"{VNET}/subnets/snet-pe"
NOTEBOOK = f"ml-mlw-lab-eastus-{GUID}.eastus.notebooks.azure.net"
# base64url of no meaning, as long as real ones are, and of no period
TOKEN = ("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9." + base64.urlsafe_b64encode(
    b"BearerTokenOfTheLab" + b"".join(hashlib.sha256(bytes([i])).digest() for i in range(30))).decode().rstrip("=") +
    ".c2lnbmF0dXJl")
SECRET = "SecretOfTheAgentOnTheInstance42"

ENDPOINTS = {  # name: service, [(member, address, names)]
    "pe-mlw": (WORKSPACE, [
        ("default", "10.20.2.4", [f"{GUID}.workspace.eastus.api.azureml.ms",
                                  f"{GUID}.workspace.eastus.cert.api.azureml.ms",
                                  "*.eastus.instances.azureml.ms"]),
        ("notebook", "10.20.2.5", [NOTEBOOK]),
        ("inference", "10.20.2.6", ["*.eastus.inference.ml.azure.com"])]),
    "pe-blob": (STORAGE, [("blob", "10.20.2.7", ["stlab.blob.core.windows.net"])]),
    "pe-file": (STORAGE, [("file", "10.20.2.8", ["stlab.file.core.windows.net"])]),
    "pe-kv": (VAULT, [("default", "10.20.2.9", ["kv-lab.vault.azure.net"])]),
    "pe-cr": (REGISTRY, [("registry", "10.20.2.10", ["crlab.azurecr.io"]),
                         ("registry_data_eastus", "10.20.2.11", ["crlab.eastus.data.azurecr.io"])]),
}
GROUPS = {"pe-mlw": "amlworkspace", "pe-blob": "blob", "pe-file": "file", "pe-kv": "vault",
          "pe-cr": "registry"}


def pe_id(name):
    return f"{RG}{NETWORK}/privateEndpoints/{name}"


def connections(service):
    return [{"properties": {"privateEndpoint": {"id": pe_id(n)},
                            "privateLinkServiceConnectionState": {"status": "Approved"}}}
            for n, (s, _) in ENDPOINTS.items() if s == service]


def workspace():
    return {
        "id": WORKSPACE, "name": "mlw-lab", "kind": "Default", "location": "eastus",
        "type": "Microsoft.MachineLearningServices/workspaces",
        "properties": {
            "workspaceId": GUID, "storageAccount": STORAGE, "keyVault": VAULT,
            "containerRegistry": REGISTRY, "publicNetworkAccess": "Disabled",
            "discoveryUrl": "https://eastus.api.azureml.ms/discovery",
            "mlFlowTrackingUri": f"azureml://eastus.api.azureml.ms/mlflow/v1.0{WORKSPACE}",
            "notebookInfo": {"fqdn": NOTEBOOK, "isPrivateLinkEnabled": False},
            "privateEndpointConnections": connections(WORKSPACE),
            "provisioningState": "Succeeded"}}


def resource(rid, kind):
    return {"id": rid, "name": rid.rsplit("/", 1)[1], "location": "eastus", "type": kind,
            "properties": {"privateEndpointConnections": connections(rid)}}


def endpoint(name):
    service, members = ENDPOINTS[name]
    subnet = f"{SPOKE}/subnets/s" if SPOKES.get(name) else SUBNET
    return {
        "id": pe_id(name), "name": name, "location": "eastus",
        "properties": {
            "subnet": {"id": subnet},
            "networkInterfaces": [{"id": f"{RG}{NETWORK}/networkInterfaces/{name}.nic"}],
            "privateLinkServiceConnections": [{"name": name, "properties": {
                "privateLinkServiceId": service, "groupIds": [GROUPS[name]],
                "privateLinkServiceConnectionState": {"status": "Approved"}}}],
            "manualPrivateLinkServiceConnections": [],
            "customDnsConfigs": []}}  # it has a zone group


def interface(name):
    service, members = ENDPOINTS[name]
    return {
        "id": f"{RG}{NETWORK}/networkInterfaces/{name}.nic", "name": f"{name}.nic",
        "properties": {
            "privateEndpoint": {"id": pe_id(name)},
            "ipConfigurations": [{"name": m, "properties": {
                "privateIPAddress": a, "subnet": {"id": SUBNET},
                "privateLinkConnectionProperties": {
                    "groupId": "x", "requiredMemberName": m, "fqdns": names}}}
                for m, a, names in members]}}


def vnet(rid, other, dns):
    return {
        "id": rid, "name": rid.rsplit("/", 1)[1], "location": "eastus",
        "properties": {
            "addressSpace": {"addressPrefixes":
                             ["10.20.0.0/16", "fd20::/48"] if rid == VNET else ["10.21.0.0/16"]},
            "dhcpOptions": {"dnsServers": dns},
            "virtualNetworkPeerings": [{"name": "p", "properties": {
                "peeringState": STATE["peering"],
                "remoteVirtualNetwork": {"id": other}}}] if STATE["peering"] else []}}


SPOKES = {}  # private endpoints that are in the spoke
STATE = {"peering": "", "region": "eastus", "dns": ["10.20.0.53", "10.20.0.54"]}


def instance():
    return {
        "id": f"{WORKSPACE}/computes/ci-one", "name": "ci-one", "location": "eastus",
        "properties": {
            "computeType": "ComputeInstance", "computeLocation": STATE["region"],
            "properties": {
                "vmSize": "STANDARD_DS3_V2", "subnet": {"id": f"{VNET}/subnets/snet-ml"},
                "applications": [{"displayName": "Jupyter",
                                  "endpointUri": "https://ci-one.eastus.instances.azureml.ms"}],
                "connectivityEndpoints": {"privateIpAddress": "10.20.1.4"}}}}


VM = "/subscriptions/99999999-0000-0000-0000-000000000000/resourceGroups/rg-microsofts" \
    "/providers/Microsoft.Compute/virtualMachines/vm-ci-one"
VM_NIC = f"{RG}{NETWORK}/networkInterfaces/vm-nic"


def machine():
    return {"id": VM, "name": "vm-ci-one", "location": "eastus",
            "properties": {"networkProfile": {"networkInterfaces": [{"id": VM_NIC}]}}}


def machine_interface():
    return {"id": VM_NIC, "name": "vm-nic", "properties": {"ipConfigurations": [{
        "name": "ipconfig1", "properties": {"privateIPAddress": "10.20.1.4",
                                            "subnet": {"id": f"{VNET}/subnets/snet-jump"}}}]}}


def arm(path):
    """The object at a path, or None."""
    at = path.split("?")[0].lower()
    table = {
        WORKSPACE.lower(): workspace,
        STORAGE.lower(): lambda: resource(STORAGE, "Microsoft.Storage/storageAccounts"),
        VAULT.lower(): lambda: resource(VAULT, "Microsoft.KeyVault/vaults"),
        REGISTRY.lower(): lambda: resource(REGISTRY, "Microsoft.ContainerRegistry/registries"),
        VNET.lower(): lambda: vnet(VNET, SPOKE, STATE["dns"]),
        SPOKE.lower(): lambda: vnet(SPOKE, VNET, []),
        f"{WORKSPACE}/computes/ci-one".lower(): instance,
        VM.lower(): machine,
        VM_NIC.lower(): machine_interface,
        f"{RG}{NETWORK}/privateEndpoints".lower():
            lambda: {"value": [endpoint(n) for n in ENDPOINTS]},
    }
    for name in ENDPOINTS:
        table[pe_id(name).lower()] = lambda n=name: endpoint(n)
        table[f"{RG}{NETWORK}/networkInterfaces/{name}.nic".lower()] = lambda n=name: interface(n)
    make = table.get(at)
    return make() if make else None


def pages(path):
    """The subscription's workspaces, ten to a page, ours on the last."""
    page = int(path.split("skip=")[1].split("&")[0]) if "skip=" in path else 0
    others = [{"id": f"{RG}/providers/Microsoft.MachineLearningServices/workspaces/ws{page}{i}",
               "name": f"ws{page}{i}", "location": "westus",
               "properties": {"workspaceId": f"{page:08x}-{i:04x}-0000-0000-000000000000"}}
              for i in range(10)]
    if page == 2:
        return {"value": others + [workspace()]}
    return {"value": others,
            "nextLink": f"https://management.azure.com/subscriptions/{SUB}/providers/"
                        f"Microsoft.MachineLearningServices/workspaces?api-version=2022-10-01&skip={page + 1}"}


METADATA = {
    "compute": {
        "azEnvironment": "AZUREPUBLICCLOUD", "location": "eastus", "name": "vm-ci-one",
        "resourceGroupName": "rg-microsofts", "subscriptionId": "99999999-0000-0000-0000-000000000000",
        "resourceId": VM,
        "vmId": "5c08b38e-4d57-4c23-ac45-aca61037f084", "vmSize": "Standard_DS3_v2",
        "vmScaleSetName": "", "tagsList": [], "isHostCompatibilityLayerVm": "false"},
    "network": {"interface": [{
        "ipv4": {"ipAddress": [{"privateIpAddress": "10.20.1.4", "publicIpAddress": ""}],
                 "subnet": [{"address": "10.20.1.0", "prefix": "24"}]},
        "ipv6": {"ipAddress": []}, "macAddress": "000D3AF806EC"}]},
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service = "?"

    def log_message(self, *args):
        pass

    def note(self, text):
        with open(os.path.join(STATE["dir"], "log"), "a", encoding="ascii", errors="replace") as log:
            log.write(f"{self.service} {text}\n")

    def how(self):
        hows = set()
        try:
            with open(os.path.join(STATE["dir"], "mode"), encoding="ascii") as f:
                lines = f.read().splitlines()
        except OSError:
            lines = []
        SPOKES.clear()
        STATE.update(peering="", region="eastus", dns=["10.20.0.53", "10.20.0.54"])
        for line in lines:
            words = line.split()
            if words and words[0] == "world":
                self.world(words[1:])
            elif len(words) > 1 and words[0] == self.kind() and \
                    (len(words) < 3 or words[2].lower() in self.path.lower()):
                hows.add(words[1])
        return hows

    @staticmethod
    def world(words):
        """world spoke pe-blob | world peering Connected | world region westus"""
        if words[0] == "spoke":
            SPOKES[words[1]] = True
        else:
            STATE[words[0]] = words[1]

    def kind(self):
        if self.service != "arm" and ("/identity/" in self.path or "/MSI/" in self.path):
            return "token"
        return self.service

    def answer(self, status, body, headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def error(self, status, code, message, headers=()):
        self.answer(status, {"error": {"code": code, "message": message}}, headers)

    def stream(self, chunk, pause=0.0, size=100_000_000):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        sent = 0
        while sent < size:
            self.wfile.write(chunk)
            self.wfile.flush()
            sent += len(chunk)
            time.sleep(pause)

    def hostile(self, hows):
        """True: that was the answer."""
        sent = self.headers.get("Authorization") or self.headers.get("secret") or "nothing"
        bare = sent.replace("Bearer ", "")
        for how in hows:
            if how.startswith("status-"):
                self.error(int(how[7:]), "AuthorizationFailed", "The client does not have authorization.")
            elif how == "throttle":
                if (self.service, self.path) in STATE["throttled"]:
                    continue
                STATE["throttled"].add((self.service, self.path))
                self.error(429, "TooManyRequests", "Later.", [("Retry-After", "1")])
            elif how == "throttled":
                self.error(429, "TooManyRequests", "Later.", [("Retry-After", "1")])
            elif how == "big":
                self.stream(b'{"a": "' + b"x" * 65536)
            elif how == "drip":
                self.stream(b"{", 1.0)
            elif how == "headers":
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                while True:
                    self.wfile.write(b"X-More: " + b"and so on " * 80 + b"\r\n")
            elif how == "header":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-More: ")
                while True:
                    self.wfile.write(b"and so on " * 800)
            elif how == "redirect":
                scheme = "https" if self.service == "arm" else "http"
                self.answer(302, {}, [("Location", f"{scheme}://203.0.113.40/stolen")])
            elif how == "bomb":
                self.answer(200, gzip.compress(b"0" * 50_000_000), [("Content-Encoding", "gzip")])
            elif how == "utf8":
                self.answer(200, b'{"name": "\xff\xfe\xc0\x80", "compute": {"name": "\xc3\x28"}}')
            elif how == "deep":
                self.answer(200, b"[" * 200_000)
            elif how == "text":
                self.answer(200, b"<html>Sign in</html>")
            elif how == "empty":
                self.answer(200, b"")
            elif how == "echo":
                self.error(400, "BadRequest", f"You sent {sent}")
            elif how == "echo-code":
                self.error(400, bare[:60], "")
            elif how == "echo-name":
                w = workspace()
                w["properties"]["keyVault"] = VAULT.replace("kv-lab", bare[60:80])
                w["properties"]["containerRegistry"] = REGISTRY.replace("crlab", bare[80:120])
                self.answer(200, w)
            elif how == "next-elsewhere":
                self.answer(200, {"value": [], "nextLink": "https://203.0.113.40/stolen"})
            elif how == "cut":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b'{"a": 1')
                self.close_connection = True
            elif how == "shifted":  # the token from a place of its own, in names
                w = workspace()
                w["properties"]["keyVault"] = VAULT.replace("kv-lab", bare[49:70])
                self.answer(200, w)
            elif how == "hextoken":
                w = workspace()
                w["properties"]["keyVault"] = VAULT.replace("kv-lab", bare.encode().hex()[102:142])
                self.answer(200, w)
            elif how == "silent":
                time.sleep(30)
            elif how == "no-identity":
                self.answer(400, {"error": "invalid_request", "error_description": "Identity not found"})
            else:
                continue
            return True
        return False

    def do_GET(self):
        auth = self.headers.get("Authorization")
        words = [f"metadata={self.headers.get('Metadata')}"]
        words += ["authorized"] if auth == f"Bearer {TOKEN}" else [] if auth is None else ["bad-token"]
        words += ["secret"] if self.headers.get("secret") == SECRET else []
        self.note(f"{self.command} {self.headers.get('Host')} {self.path} {' '.join(words)}")
        try:
            hows = self.how()
            if self.service == "sink":
                self.answer(200, {})
            elif not self.hostile(hows):
                getattr(self, f"do_{self.kind()}")(hows)
        except OSError:
            self.close_connection = True  # the client has had enough

    def do_imds(self, _):
        if self.headers.get("Metadata") != "true":
            self.answer(400, {"error": "bad_request_102", "error_description": "Required metadata header not specified"})
        elif self.path.startswith("/metadata/instance"):
            self.answer(200, METADATA)
        else:
            self.answer(404, {"error": "Not found"})

    def do_token(self, _):
        if self.service == "msi" and self.headers.get("secret") != SECRET:
            self.answer(401, {"error": "invalid_secret"})
        elif self.service == "imds" and self.headers.get("Metadata") != "true":
            self.answer(400, {"error": "bad_request_102"})
        else:
            self.answer(200, {"access_token": TOKEN, "expires_on": "1900000000", "token_type": "Bearer",
                              "resource": "https://management.azure.com/"})

    do_msi = do_token

    def do_arm(self, hows):
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.error(401, "InvalidAuthenticationToken", "The access token is invalid.")
        if "api-version=" not in self.path:
            return self.error(400, "MissingApiVersionParameter", "")
        at = self.path.split("?")[0].lower()
        if at == f"/subscriptions/{SUB}/providers/microsoft.machinelearningservices/workspaces":
            return self.answer(200, pages(self.path))
        found = arm(self.path)
        if found is None:
            return self.error(404, "ResourceNotFound", f"The Resource '{at}' was not found.")
        return self.answer(200, found)


def serve(service, where, context=None):
    address, port = where.rsplit(":", 1)
    handler = type(service, (Handler,), {"service": service})

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request, client_address):
            pass

        def get_request(self):
            raw, client = super().get_request()
            if context is not None:
                raw.settimeout(10)
                raw = context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
            return raw, client

    server = Server((address, int(port)), handler, bind_and_activate=False)
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.server_bind()
    server.server_activate()
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    parser = argparse.ArgumentParser()
    for name in ("imds", "msi", "arm", "sink", "cert", "key", "state"):
        parser.add_argument(f"--{name}")
    options = parser.parse_args()
    STATE.update(dir=options.state, throttled=set())
    for service in ("imds", "msi"):
        if getattr(options, service):
            serve(service, getattr(options, service))
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
        if options.arm:
            serve("arm", options.arm, context)
        if options.sink:
            serve("sink", f"{options.sink}:443", context)
            serve("sink", f"{options.sink}:80")
    print("ready", flush=True)
    threading.Event().wait()


main()
