/* Uses the page of an exploration as a reader would: see tests/report/browser.mjs.
 *
 *     node drive.mjs explore.html [screenshots-folder] */
import { drive } from "../report/browser.mjs";

/* Whether a canvas has anything in it. */
const INKED = (id) => `(() => {
  const c = document.querySelector("#${id} canvas");
  return c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v) => v > 0);
})()`;
const LOOK = (id) => `document.querySelector("#${id} canvas").toDataURL()`;

async function pointAt(page, id) {
  const box = await page.evaluate(`(() => {
    const c = document.querySelector("#${id} canvas");
    c.scrollIntoView({ block: "center", behavior: "instant" });
    const { x, y, width, height } = c.getBoundingClientRect();
    return { x, y, width, height };
  })()`);
  for (let i = 0; i < 900; i++) {
    const x = box.x + box.width * (0.1 + 0.8 * ((i * 7) % 30) / 30), y = box.y + box.height * (0.1 + 0.8 * ((i * 11) % 31) / 31);
    await page.send("Input.dispatchMouseEvent", { type: "mouseMoved", x, y, button: "none" });
    if (await page.evaluate(`!document.querySelector("#${id} .tip").hidden`)) break;
  }
  await page.check(`pointing at a point of #${id} shows its picture`,
    `(() => { const p = document.querySelector("#${id} .tip .pic");
       return p && getComputedStyle(p).backgroundImage.startsWith("url(\\"data:image/png") && p.clientWidth > 10; })()`);
}

drive(async (page) => {
  for (const id of ["plane", "room"]) {
    await page.check(`#${id} is drawn`, INKED(id));
    await pointAt(page, id);
  }
  await page.evaluate('document.querySelector("#plane canvas").focus()');
  await page.press("ArrowRight");
  await page.check("an arrow key shows a picture of the plane", '!!document.querySelector("#plane .tip:not([hidden]) .pic")');
  await page.evaluate('document.querySelector("#room canvas").focus()');
  const before = await page.evaluate(LOOK("room"));
  await page.press("ArrowLeft");
  await page.check("an arrow key turns the room", `${LOOK("room")} !== ${JSON.stringify(before)}`);
  const whole = await page.evaluate(LOOK("plane"));
  await page.evaluate('document.querySelector("#plane .legend button").click()');
  await page.check("a class can be hidden", `${LOOK("plane")} !== ${JSON.stringify(whole)} &&
    document.querySelector("#plane .legend button").getAttribute("aria-pressed") === "false"`);
  await page.check("samples of every class", `document.querySelectorAll("#samples .sample").length ===
    JSON.parse(document.getElementById("payload").textContent).results.data.classes.length`);
  const first = await page.evaluate('document.querySelector("#samples").innerHTML');
  await page.evaluate('document.querySelectorAll("#which input")[1].click()');
  await page.check("random pictures can be chosen", `document.querySelector("#samples").innerHTML !== ${JSON.stringify(first)}`);
  await page.examine();
});
