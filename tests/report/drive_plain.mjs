/* Opens pages that only show: those of weft report, cv and tune. See browser.mjs. */
import { drive } from "./browser.mjs";

drive(async (page) => {
  await page.check("there is a title", 'document.querySelector("h1").textContent.length > 3');
  await page.check("every table that is shown has rows",
    `[...document.querySelectorAll("table")].filter((t) => t.checkVisibility()).every((t) => t.querySelector("tbody tr"))`);
  await page.examine([1280, 390]);
});
