/* Uses the report of a comparison as a reader would: see browser.mjs.
 *
 *     node drive.mjs report.html [--shots FOLDER] */
import { drive } from "./browser.mjs";

/* The cell off the diagonal with most pictures: [row, column, pictures]. */
const WORST = `(() => {
  let best = [0, 1, -1];
  JSON.parse(document.getElementById("payload").textContent).results.classifiers[0].evaluation.confusion_matrix
    .forEach((row, i) => row.forEach((v, j) => { if (i !== j && v > best[2]) best = [i, j, v]; }));
  return best;
})()`;

async function showsCell(page, how, n, most) {
  await page.until('document.querySelector("#cell p")');
  await page.check(`${how} a confusion cell shows its pictures`,
    `document.querySelectorAll("#cell .pic").length === ${Math.min(n, most)}`);
  await page.check(`${how}: the cell's sentence has its number`,
    `document.querySelector("#cell p").textContent.includes(" ${n.toLocaleString("en-US")} ")`);
}

async function clickCell(page) {
  const [i, j, n] = await page.evaluate(WORST);
  const at = await page.evaluate(`(() => {
    const cell = document.querySelector('#confusion [data-cell="${i}-${j}"]');
    cell.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    const box = cell.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  })()`);
  await page.click(...at);
  await showsCell(page, "a click on", n, 12);
}

/* By keys alone: Tab enters the matrix, arrows move, Enter shows, Tab leaves. */
async function reachCell(page) {
  await page.evaluate(`document.querySelector("#report thead button").focus()`);
  const inside = 'document.activeElement.closest("#confusion [role=grid]")';
  for (let i = 0; i < 40 && !(await page.evaluate(`!!${inside}`)); i++) await page.press("Tab");
  await page.check("Tab reaches the confusion matrix", `!!${inside}`);
  const cell = "document.activeElement.dataset.cell";
  const [row, column] = (await page.evaluate(cell)).split("-").map(Number);
  for (const key of ["ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowUp"]) await page.press(key);
  await page.check("arrow keys move between cells", `${cell} === "${row + 1}-${column}"`);
  await page.check("the focused cell can be seen to be", `getComputedStyle(document.activeElement).outlineStyle !== "none"`);
  await page.press("ArrowUp");
  const n = await page.evaluate(`(([i, j]) => JSON.parse(document.getElementById("payload").textContent)
    .results.classifiers[Number(document.querySelector("#chooser input:checked").value)].evaluation.confusion_matrix[i][j])(${cell}.split("-"))`);
  await page.press("Enter");
  await showsCell(page, "Enter on", n, row === column ? 6 : 12);
  await page.press("Tab");
  await page.check("Tab leaves the matrix", `!${inside}`);
}

drive(async (page) => {
  await page.check("the first row is the best classifier",
    `document.querySelector("#leaderboard tbody th").textContent.startsWith(
       JSON.parse(document.getElementById("payload").textContent).results.classifiers[0].name)`);
  await page.check("names are text, not markup", '!document.querySelector("main b b, main script")');
  await page.check("the title is ours", 'document.title.endsWith(" · weft")');
  await page.check("pictures are drawn",
    `(() => { const s = getComputedStyle(document.querySelector("#samples .pic"));
       return s.backgroundImage.startsWith("url(\\"data:image/png") && parseFloat(s.width) > 10; })()`);
  await page.check("every class has a row in the table of F1",
    `document.querySelectorAll("#f1 details tbody tr").length ===
       JSON.parse(document.getElementById("payload").textContent).results.data.classes.length`);

  await page.evaluate(`[...document.querySelectorAll("#leaderboard th button")]
    .find((b) => b.textContent === "Classifier").click()`);
  await page.check("a heading sorts",
    `(() => { const names = [...document.querySelectorAll("#leaderboard .name")].map((n) => n.dataset.name);
       return names.every((n, i) => i === 0 || names[i - 1].localeCompare(n) <= 0); })()`);
  await clickCell(page);
  await page.evaluate('document.querySelectorAll("#chooser input")[1]?.click()');
  await page.check("another classifier can be chosen", `document.querySelector("#report-title").textContent.includes(
    document.querySelector("#chooser input:checked + span").textContent)`);
  await page.check("choosing clears the cell", 'document.querySelector("#cell").childElementCount === 0');
  await reachCell(page);
  await page.examine();
  await page.show(1280, 900, "dark");
  await page.check("charts follow the dark scheme",
    'document.querySelector("#f1 .ytick text").style.fill === "rgb(233, 231, 226)"');
});
