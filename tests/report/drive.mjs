/* Opens a report in Chromium and uses it as a reader would.
 *
 *     node drive.mjs report.html [screenshots-folder]
 *
 * Speaks the browser's debugging protocol over pipes, so that nothing need be installed. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [file, screenshots] = process.argv.slice(2);
if (!existsSync(file)) {
  console.error(`${file}: not there`);
  process.exit(2);
}
const profile = mkdtempSync(join(tmpdir(), "weft-chromium-"));
const browser = spawn("chromium", [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--disable-dev-shm-usage", `--user-data-dir=${profile}`, "--remote-debugging-pipe", "about:blank",
], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });

const problems = [];
const requests = [];
const waiting = new Map();
let last = 0, session, buffer = "";

function send(method, params = {}) {
  const id = ++last;
  browser.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: session })}\0`);
  return new Promise((done, failed) => waiting.set(id, { done, failed, method }));
}

function receive(message) {
  if (message.id) {
    const { done, failed, method } = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error) failed(new Error(`${method}: ${message.error.message}`));
    else done(message.result);
  } else if (message.method === "Runtime.exceptionThrown") {
    const details = message.params.exceptionDetails;
    problems.push(details.exception?.description || details.text);
  } else if (message.method === "Log.entryAdded" || message.method === "Runtime.consoleAPICalled") {
    const entry = message.params.entry || message.params;
    if (["error", "warning"].includes(entry.level || entry.type))
      problems.push(entry.text || JSON.stringify(entry.args));
  } else if (message.method === "Network.requestWillBeSent") {
    requests.push(message.params.request.url);
  }
}

browser.stdio[4].setEncoding("utf8");
browser.stdio[4].on("data", (text) => {
  const parts = (buffer + text).split("\0");
  buffer = parts.pop();
  parts.forEach((part) => receive(JSON.parse(part)));
});

async function evaluate(expression) {
  const { result, exceptionDetails } = await send("Runtime.evaluate",
    { expression, returnByValue: true, awaitPromise: true });
  if (exceptionDetails)
    throw new Error(exceptionDetails.exception?.description || exceptionDetails.text);
  return result.value;
}

/* Waits until the expression is true. */
async function until(expression) {
  for (let i = 0; i < 200; i++) {
    if (await evaluate(expression)) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`never true: ${expression}`);
}

async function check(what, expression) {
  if (!(await evaluate(expression))) problems.push(what);
}

async function show(width, height, scheme) {
  await send("Emulation.setEmulatedMedia",
    { features: [{ name: "prefers-color-scheme", value: scheme }] });
  await send("Emulation.setDeviceMetricsOverride",
    { width, height, deviceScaleFactor: 1, mobile: width < 600 });
  await evaluate("new Promise((done) => setTimeout(done, 250))");
}

async function shoot(name, width) {
  if (!screenshots) return;
  await evaluate("scrollTo({ top: 0, behavior: 'instant' })");
  const height = await evaluate("document.documentElement.scrollHeight");
  const { data } = await send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true,
    clip: { x: 0, y: 0, width, height, scale: 1 } });
  writeFileSync(join(screenshots, `${name}.png`), Buffer.from(data, "base64"));
}

/* A press in the middle of a cell of the confusion matrix that holds pictures. */
async function pressConfusion() {
  const at = await evaluate(`(() => {
    const plot = document.querySelector("#confusion .js-plotly-plot");
    plot.scrollIntoView({ block: "center", behavior: "instant" });
    const matrix = plot.data[0].customdata;
    let best = [0, 0];
    matrix.forEach((row, i) => row.forEach((v, j) => {
      if (i !== j && v > matrix[best[0]][best[1]] * (best[0] !== best[1])) best = [i, j]; }));
    const box = plot.getBoundingClientRect(), size = plot._fullLayout._size;
    const { xaxis, yaxis } = plot._fullLayout;
    return { i: best[0], j: best[1], n: matrix[best[0]][best[1]],
      x: box.x + xaxis._offset + xaxis.d2p(best[1]), y: box.y + yaxis._offset + yaxis.d2p(best[0]) };
  })()`);
  for (const type of ["mouseMoved", "mousePressed", "mouseReleased"])
    await send("Input.dispatchMouseEvent",
      { type, x: at.x, y: at.y, button: type === "mouseMoved" ? "none" : "left", clickCount: 1 });
  await until('document.querySelectorAll("#cell .pic").length > 0');
  await check("a press on a confusion cell shows its pictures",
    `document.querySelectorAll("#cell .pic").length === ${Math.min(at.n, 12)}`);
  await check("the cell's sentence has its number",
    `document.querySelector("#cell p").textContent.includes(" ${at.n} picture")`);
}

async function drive() {
  const { targetInfos } = await send("Target.getTargets");
  const { targetId } = targetInfos.find((t) => t.type === "page");
  ({ sessionId: session } = await send("Target.attachToTarget", { targetId, flatten: true }));
  for (const domain of ["Runtime", "Log", "Network", "Page"]) await send(`${domain}.enable`);
  await show(1280, 900, "light");
  await send("Page.navigate", { url: pathToFileURL(resolve(file)).href });
  await until('document.documentElement?.dataset.ready === "yes"');

  await check("every chart is drawn",
    `[...document.querySelectorAll("figure[id]")].filter((f) => !f.closest("[hidden]") && !f.hidden)
       .every((f) => f.querySelector(".main-svg .plot, .main-svg .heatmaplayer image, .main-svg .cartesianlayer .trace"))`);
  await check("every chart has its data in a table",
    `[...document.querySelectorAll("figure[id]")].filter((f) => !f.closest("[hidden]") && !f.hidden)
       .every((f) => f.querySelectorAll("details table tbody tr").length > 0)`);
  await check("every chart and picture says what it shows",
    `[...document.querySelectorAll("[role=img], [role=region]")].every((e) => e.getAttribute("aria-label"))`);
  await check("the first row is the best classifier",
    `document.querySelector("#leaderboard tbody th").textContent.startsWith(
       JSON.parse(document.getElementById("payload").textContent).results.classifiers[0].name)`);
  await check("names are text, not markup", '!document.querySelector("main b b, main script")');
  await check("the title is ours", 'document.title.endsWith(" · weft")');
  await check("pictures are drawn",
    `(() => { const s = getComputedStyle(document.querySelector("#samples .pic"));
       return s.backgroundImage.startsWith("url(\\"data:image/png") && parseFloat(s.width) > 10; })()`);
  await shoot("wide-light", 1280);

  await evaluate(`[...document.querySelectorAll("#leaderboard th button")]
    .find((b) => b.textContent === "Classifier").click()`);
  await check("a heading sorts",
    `(() => { const names = [...document.querySelectorAll("#leaderboard .name")].map((n) => n.firstChild.data);
       return names.every((n, i) => i === 0 || names[i - 1].localeCompare(n) <= 0); })()`);
  await pressConfusion();
  await evaluate('document.querySelectorAll("#chooser input")[1]?.click()');
  await check("another classifier can be chosen", `document.querySelector("#report-title").textContent.includes(
    document.querySelector("#chooser input:checked + span").textContent)`);
  await check("choosing clears the cell", 'document.querySelector("#cell").childElementCount === 0');
  await evaluate('document.querySelector("#confusion details button[data-cell]").click()');
  await check("the table's cells show pictures too", 'document.querySelectorAll("#cell .pic").length > 0');

  for (const [name, width] of [["middle", 768], ["narrow", 390], ["least", 360]])
    for (const scheme of ["light", "dark"]) {
      await show(width, 800, scheme);
      const outside = await evaluate(`document.documentElement.scrollWidth <= ${width} ? "" :
        [...document.querySelectorAll("body *")].filter((e) => !e.closest(".scroll, .plot, .contents, .chooser") &&
          e.getBoundingClientRect().right > ${width}).map((e) => e.outerHTML.slice(0, 120)).join("; ")`);
      if (outside) problems.push(`stands out sideways at ${width} px: ${outside}`);
      await check(`charts keep their size at ${width} px`,
        `[...document.querySelectorAll(".js-plotly-plot")].every((plot) =>
           Math.abs(plot.querySelector(".main-svg").clientWidth - plot.clientWidth) <= 1 &&
           plot.querySelector(".main-svg").clientHeight >= 200)`);
      await shoot(`${name}-${scheme}`, width);
    }
  await show(1280, 900, "dark");
  await check("charts follow the dark scheme",
    `document.querySelector("#f1 .ytick text").style.fill === "rgb(233, 231, 226)"`);
  await shoot("wide-dark", 1280);
  const foreign = requests.filter((url) => !url.startsWith("file:") && !url.startsWith("data:") && !url.startsWith("blob:"));
  if (foreign.length) problems.push(`asked the network for ${foreign.join(", ")}`);
}

const alarm = setTimeout(() => { console.error("the browser does not answer"); browser.kill("SIGKILL"); process.exit(1); }, 120000);
try {
  await drive();
} catch (error) {
  problems.push(error.message);
}
clearTimeout(alarm);
browser.kill();
browser.once("exit", () => {
  /* Its children may still be writing there. */
  try { rmSync(profile, { recursive: true, force: true, maxRetries: 5 }); } catch { /* in /tmp */ }
  for (const problem of problems) console.error(`report: ${problem}`);
  process.exit(problems.length ? 1 : 0);
});
