"""A browser for tests: headless Chromium through chromedriver and plain HTTP on the loopback address."""
import base64
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request

ARGUMENTS = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
             "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--no-first-run",
             "--window-size=1280,1000"]


def missing():
    """What is not installed, or None."""
    for name in ("chromium", "chromedriver"):
        if shutil.which(name) is None:
            return f"{name} is not installed (Debian: chromium, chromium-driver)"
    return None


class Browser:
    def __init__(self, folder):
        self.log = open(os.path.join(folder, "chromedriver.log"), "w+")
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=self.log, stderr=subprocess.STDOUT)
        self.address = f"http://127.0.0.1:{self._port()}"
        options = {"binary": shutil.which("chromium"),
                   "args": ARGUMENTS + [f"--user-data-dir={os.path.join(folder, 'profile')}"]
                   + (["--no-sandbox"] if os.geteuid() == 0 else [])}
        capabilities = {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}
        self.session = ""
        self.session = "/session/" + self._post("/session", {"capabilities": capabilities})["sessionId"]

    def _port(self):
        """chromedriver picks a free port and says which."""
        for _ in range(300):
            with open(self.log.name) as log:
                for line in log:
                    if "on port " in line and "successfully" in line:
                        return int(line.split("on port ")[1].split(".")[0])
            time.sleep(0.1)
        raise RuntimeError("chromedriver does not start; see " + self.log.name)

    def _post(self, path, body, method="POST"):
        request = urllib.request.Request(self.address + self.session + path, json.dumps(body).encode(),
                                         {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def open(self, path):
        self._post("/url", {"url": "file://" + os.path.abspath(path)})

    def run(self, script, *arguments):
        """The body of a function; what it returns."""
        return self._post("/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, css):
        return next(iter(self._post("/element", {"using": "css selector", "value": css}).values()))

    def click(self, css):
        element = self.find(css)
        self.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", css)
        self._post(f"/element/{element}/click", {})

    def keys(self, css, text):
        self._post(f"/element/{self.find(css)}/value", {"text": text})

    def text(self, css):
        return self.run("return document.querySelector(arguments[0]).textContent", css)

    def move_to(self, css, x, y):
        """The pointer to (x, y) from the upper left corner of an element."""
        self.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", css)
        box = self.run("const b = document.querySelector(arguments[0]).getBoundingClientRect(); return [b.x, b.y]", css)
        moves = [{"type": "pointerMove", "duration": 0, "x": int(box[0] + x), "y": int(box[1] + y)}]
        self._post("/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": moves}]})

    def devtools(self, command, **parameters):
        return self._post("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def media(self, scheme, medium=""):
        self.devtools("Emulation.setEmulatedMedia", media=medium,
                      features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self, path, whole=True):
        picture = self.devtools("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture))

    def whole_page(self, path):
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        picture = self.devtools("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture))

    def pdf(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._post("/print", {"background": True})))

    def errors(self):
        """Messages of the console that are errors, and of the page's policy."""
        return [entry["message"] for entry in self._post("/se/log", {"type": "browser"})
                if entry["level"] == "SEVERE"]

    def close(self):
        try:
            self._post("", {}, method="DELETE")
        finally:
            self.driver.terminate()
            self.driver.wait()
            self.log.close()
