/* A page of weft's in Chromium, used as a reader would, by the browser's debugging protocol
 * over pipes: nothing need be installed.
 *
 *     import { drive } from "./browser.mjs";
 *     drive(async (page) => {
 *       await page.check("there is a table", 'document.querySelector("table")');
 *       await page.examine();
 *     });
 *
 * is a program: node it.mjs PAGE.html... [--shots FOLDER]. Each page is opened and used. It
 * ends with 0 when nothing was found, else with 1 and a line for each finding. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as look from "./look.mjs";

const PATIENCE = 60000; /* ms that something may take before it counts as never */
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

class Page {
  problems = [];
  requests = [];
  #waiting = new Map();
  #last = 0;
  #buffer = "";
  #browser;
  #profile = mkdtempSync(join(tmpdir(), "weft-chromium-"));
  #session;

  constructor(screenshots) {
    this.screenshots = screenshots;
    this.#browser = spawn("chromium", [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
      "--disable-dev-shm-usage", `--user-data-dir=${this.#profile}`, "--remote-debugging-pipe", "about:blank",
    ], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    this.gone = new Promise((done) => this.#browser.once("exit", done));
    this.gone.then(() => this.#waiting.forEach(({ failed }) => failed(new Error("the browser ended"))));
    this.#browser.stdio[3].on("error", () => {}); /* told by its end */
    this.#browser.stdio[4].setEncoding("utf8");
    this.#browser.stdio[4].on("data", (text) => {
      const parts = (this.#buffer + text).split("\0");
      this.#buffer = parts.pop();
      parts.forEach((part) => this.#receive(JSON.parse(part)));
    });
  }

  say(problem) {
    this.problems.push(`${this.file || "browser"}: ${problem}`);
  }

  send(method, params = {}) {
    const id = ++this.#last;
    this.#browser.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: this.#session })}\0`);
    return new Promise((done, failed) => this.#waiting.set(id, { done, failed, method }));
  }

  #receive(message) {
    if (message.id) {
      const { done, failed, method } = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error) failed(new Error(`${method}: ${message.error.message}`));
      else done(message.result);
    } else if (message.method === "Runtime.exceptionThrown") {
      const details = message.params.exceptionDetails;
      this.say(details.exception?.description || details.text);
    } else if (message.method === "Log.entryAdded" || message.method === "Runtime.consoleAPICalled") {
      const entry = message.params.entry || message.params;
      if (["error", "warning"].includes(entry.level || entry.type))
        this.say(entry.text || JSON.stringify(entry.args));
    } else if (message.method === "Network.requestWillBeSent") {
      this.requests.push(message.params.request.url);
    }
  }

  /* A tab of the browser, once it has one. */
  async start() {
    let target;
    for (const end = Date.now() + PATIENCE; !target && Date.now() < end; await pause(50))
      target = (await this.send("Target.getTargets")).targetInfos.find((t) => t.type === "page");
    if (!target) throw new Error("the browser has no page");
    ({ sessionId: this.#session } = await this.send("Target.attachToTarget", { targetId: target.targetId, flatten: true }));
    for (const domain of ["Runtime", "Log", "Network", "Page", "DOM", "Accessibility"]) await this.send(`${domain}.enable`);
  }

  async open(file) {
    this.file = file;
    await this.#size(1280, 900, "light");
    await this.send("Page.navigate", { url: pathToFileURL(resolve(file)).href });
    await this.until(`location.href.endsWith(${JSON.stringify(encodeURI(file.split("/").pop()))}) && document.documentElement?.dataset.ready === "yes"`);
    await this.settle();
  }

  async close() {
    if (this.#browser.exitCode === null) this.send("Browser.close").catch(() => {});
    const killer = setTimeout(() => this.#browser.kill("SIGKILL"), 10000);
    await this.gone;
    clearTimeout(killer);
    /* The browser's children may go on writing there for a moment. */
    for (let i = 0; i < 50 && existsSync(this.#profile); i++) {
      try { rmSync(this.#profile, { recursive: true, force: true }); } catch { await pause(100); }
    }
  }

  /* ---- asking ---- */

  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate",
      { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails)
      throw new Error(exceptionDetails.exception?.description || exceptionDetails.text);
    return result.value;
  }

  /* Waits until the expression is true. */
  async until(expression) {
    for (const end = Date.now() + PATIENCE; Date.now() < end; await pause(50))
      if (await this.evaluate(expression)) return;
    throw new Error(`never true: ${expression}`);
  }

  async check(what, expression) {
    if (!(await this.evaluate(expression))) this.say(what);
  }

  /* Runs a function of look.mjs, which returns findings, in the page. */
  async find(where, fn, ...args) {
    const found = await this.evaluate(`(${fn})(${args.map((a) => JSON.stringify(a)).join(",")})`);
    found.forEach((text) => this.say(`${where}: ${text}`));
  }

  /* ---- doing ---- */

  async #size(width, height, scheme) {
    await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 600 });
  }

  /* Until every chart has the width of its place. */
  async settle() {
    await this.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    await this.until(`(${look.chartsFit})()`);
  }

  async show(width, height, scheme) {
    await this.#size(width, height, scheme);
    await this.until(`innerWidth === ${width} && matchMedia("(prefers-color-scheme: ${scheme})").matches`);
    await this.settle();
  }

  async click(x, y) {
    for (const type of ["mouseMoved", "mousePressed", "mouseReleased"])
      await this.send("Input.dispatchMouseEvent", { type, x, y, button: type === "mouseMoved" ? "none" : "left", clickCount: 1 });
  }

  async press(key) {
    const text = { Enter: "\r", Space: " " }[key];
    for (const type of ["keyDown", "keyUp"])
      await this.send("Input.dispatchKeyEvent", { type, key: key === "Space" ? " " : key, code: key,
        windowsVirtualKeyCode: { Enter: 13, Tab: 9, Space: 32, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 }[key],
        text: type === "keyDown" ? text : undefined });
  }

  /* "cv/report.html" is "cv-report". */
  #stem() {
    return resolve(this.file).split("/").slice(-2).join("-").replace(/\.html$/, "");
  }

  async shoot(name) {
    if (!this.screenshots) return;
    await this.evaluate("scrollTo({ top: 0, behavior: 'instant' })");
    const [width, height] = await this.evaluate("[innerWidth, document.documentElement.scrollHeight]");
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true,
      clip: { x: 0, y: 0, width, height, scale: 1 } });
    writeFileSync(join(this.screenshots, `${this.#stem()}-${name}.png`), Buffer.from(data, "base64"));
  }

  /* ---- what every page of weft's must hold ---- */

  async #names() {
    const { nodes } = await this.send("Accessibility.getFullAXTree");
    const named = ["button", "link", "radio", "checkbox", "combobox", "textbox", "slider", "img", "image", "region",
      "grid", "table", "heading", "navigation", "radiogroup", "DisclosureTriangle"];
    for (const { ignored, role, name, backendDOMNodeId } of nodes)
      if (!ignored && named.includes(role?.value) && !name?.value?.trim()) {
        const markup = await this.#markup(backendDOMNodeId);
        if (markup) this.say(`a ${role.value} has no accessible name: ${markup}`);
      }
  }

  /* The element's beginning; "" for a table within a region, whose name it bears. */
  async #markup(backendNodeId) {
    const { object } = await this.send("DOM.resolveNode", { backendNodeId });
    const { result } = await this.send("Runtime.callFunctionOn", { objectId: object.objectId, returnByValue: true,
      functionDeclaration: `function () {
        return this.matches("table") && this.closest("[role=region][aria-label]") ? "" : this.outerHTML.slice(0, 160);
      }` });
    return result.value;
  }

  /* Charts, names, contrast, widths, print and the network. Leaves the page wide and light. */
  async examine(widths = [1280, 768, 390, 360]) {
    await this.find("page", look.charts);
    await this.find("page", look.headings);
    await this.#names();
    for (const width of widths)
      for (const scheme of ["light", "dark"]) {
        await this.show(width, width > 600 ? 900 : 800, scheme);
        const where = `${width} px, ${scheme}`;
        await this.find(where, look.outside);
        await this.find(where, look.contrast);
        await this.shoot(`${width}-${scheme}`);
      }
    await this.show(1280, 900, "light");
    const { data } = await this.send("Page.printToPDF", { printBackground: false });
    if (this.screenshots) writeFileSync(join(this.screenshots, `${this.#stem()}-print.pdf`), Buffer.from(data, "base64"));
    await this.settle();
    const foreign = this.requests.filter((url) => !/^(file|data|blob):/.test(url));
    if (foreign.length) this.say(`asked the network for ${foreign.join(", ")}`);
  }
}

export async function drive(use) {
  const words = process.argv.slice(2), at = words.indexOf("--shots");
  const shots = at < 0 ? undefined : words.splice(at, 2)[1];
  const missing = words.filter((file) => !existsSync(file));
  if (!words.length || missing.length) {
    console.error(`not there: ${missing.join(", ") || "a page to open"}`);
    process.exit(2);
  }
  const page = new Page(shots);
  const alarm = setTimeout(() => {
    page.say("the browser does not answer");
    page.close();
  }, 5 * PATIENCE);
  try {
    await page.start();
    for (const file of words) {
      await page.open(file);
      await use(page);
    }
  } catch (error) {
    page.say(error.message);
  }
  clearTimeout(alarm);
  await page.close();
  [...new Set(page.problems)].forEach((problem) => console.error(problem));
  process.exit(page.problems.length ? 1 : 0);
}
