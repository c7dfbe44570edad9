"""Certificates made by the openssl command in a folder of the test."""
import os
import subprocess


class Authority:
    def __init__(self, folder, name="Test Authority"):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.file = self.path("ca.crt")
        self.key = self.new_key("ca")
        self.openssl("req", "-x509", "-new", "-key", self.key, "-subj", f"/CN={name}", "-days", "2", "-out", self.file)

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *words):
        done = subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr

    def new_key(self, name):
        path = self.path(f"{name}.key")
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
        os.chmod(path, 0o600)
        return path

    def issue(self, name, *hosts, days=2):
        """A certificate for these hosts ("DNS:..." or "IP:..."): the paths of it and of its key. days=-1: it is over."""
        key, request, extensions, path = self.new_key(name), *(self.path(name + end) for end in (".csr", ".ext", ".crt"))
        with open(extensions, "w", encoding="utf-8") as file:
            file.write(f"subjectAltName={','.join(hosts)}\n" if hosts else "basicConstraints=CA:FALSE\n")
        self.openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
        self.openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.key, "-days", str(days),
                     "-extfile", extensions, "-out", path)
        return path, key
