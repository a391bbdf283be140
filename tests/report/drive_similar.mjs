/* Uses the page of weft similar as a reader would: see browser.mjs.
 *
 *     node drive_similar.mjs similar.html... [--shots FOLDER] */
import { drive } from "./browser.mjs";

const PAYLOAD = 'JSON.parse(document.getElementById("payload").textContent)';
const ROWS = 'document.querySelectorAll("#items > li").length';

drive(async (page) => {
  const [items, own] = await page.evaluate(`[${PAYLOAD}.items.length, ${PAYLOAD}.results.own]`);
  await page.check("items are shown", `${ROWS} === Math.min(20, ${items})`);
  await page.check("names are text, not markup", '!document.querySelector("main b b, main script")');
  await page.check("pictures are drawn", `(() => { const s = getComputedStyle(document.querySelector("#items .pic"));
    return s.backgroundImage.startsWith("url(\\"data:image/png") && parseFloat(s.width) > 10; })()`);
  await page.check("each has what is like it", `[...document.querySelectorAll("#items > li")].every((li) => li.querySelector(".alike li .pic"))`);

  if (items > 20) {
    const first = await page.evaluate('document.querySelector("#items > li").id');
    await page.evaluate(`[...document.querySelectorAll("#pager button")].find((b) => b.textContent === "Next").focus()`);
    await page.press("Enter");
    await page.check("a key turns the page", `document.querySelector("#items > li").id !== ${JSON.stringify(first)} &&
      document.getElementById("range").textContent.startsWith("Items 21 ")`);
    await page.evaluate(`document.querySelector("#pager button").click()`);
  }
  if (own && (await page.evaluate('!!document.querySelector(".alike button")'))) {
    await page.evaluate('document.querySelector(".alike button").focus()');
    const name = await page.evaluate('document.activeElement.querySelector(".pic").title');
    await page.press("Enter");
    await page.check("a picture leads to its own item", `document.activeElement.id.startsWith("item-") &&
      document.activeElement.querySelector(".query .pic").title === ${JSON.stringify(name)}`);
  }
  if (await page.evaluate('!!document.getElementById("kind")')) {
    await page.evaluate(`(() => { const k = document.getElementById("kind"); k.selectedIndex = 1; k.dispatchEvent(new Event("change")); })()`);
    await page.check("a class can be chosen", `[...document.querySelectorAll("#items .query b")].every((b) =>
      b.textContent === document.getElementById("kind").selectedOptions[0].textContent)`);
  }
  await page.evaluate(`(() => { const n = document.getElementById("name"); n.value = "no such name"; n.dispatchEvent(new Event("input")); })()`);
  await page.check("what fits nothing is told", `${ROWS} === 0 && document.getElementById("range").textContent === "No item fits."`);
  await page.evaluate(`(() => { const n = document.getElementById("name"); n.value = ""; n.dispatchEvent(new Event("input")); })()`);
  await page.examine();
});
