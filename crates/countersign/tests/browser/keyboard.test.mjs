import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browsers from "./browser.mjs";
import * as pages from "./pages.mjs";
import * as worlds from "./world.mjs";

let world, browser, context, page;

before(async () => {
  world = await worlds.full();
  browser = await browsers.launch();
  const storageState = await browsers.signIn(browser, world);
  ({ context } = await browsers.open(browser, world, { storageState }));
  page = await context.newPage();
});

after(async () => {
  await browser?.close();
  await world?.stop();
});

/** Numbers what can be worked with, as it stands in the markup, and notes what gets the focus; the count of the former. */
const prepare = () =>
  page.evaluate(() => {
    const all = document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']");
    const groups = new Set();
    const workable = [...all].filter((each) => {
      if (each.disabled || !each.checkVisibility({ visibilityProperty: true })) return false;
      // One of a group of radio buttons stands for all.
      return each.type !== "radio" || (!groups.has(each.name) && groups.add(each.name));
    });
    window.workable = workable;
    window.focused = [];
    document.addEventListener("focusin", ({ target }) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(target);
      const seen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
      const nth = workable.findIndex((each) => each === target || (each.type === "radio" && each.name === target.name));
      window.focused.push({ nth, seen, what: target.outerHTML.slice(0, 120) });
    });
    return workable.length;
  });

/** What is wrong with the way of the Tab key through a page. */
const walk = async () => {
  const count = await prepare();
  const presses = Array.from({ length: count + 1 }, () => page.keyboard.press("Tab"));
  await Promise.all(presses);
  const [focused, workable] = await page.evaluate(() => [window.focused, window.workable.map((each) => each.outerHTML.slice(0, 120))]);
  const reached = focused.map(({ nth }) => nth).filter((nth) => nth >= 0);
  const back = focused.filter(({ nth }, place) => place > 0 && nth < focused[place - 1].nth && nth > 0);
  return [
    ...focused.filter(({ seen }) => !seen).map(({ what }) => `one does not see the focus: ${what}`),
    ...back.map(({ what }) => `comes later than it stands: ${what}`),
    ...workable.filter((_, nth) => !reached.includes(nth)).map((what) => `not reached: ${what}`),
  ];
};

test("the Tab key reaches everything that can be worked with, in the order of the page, and one sees where it is", async () => {
  const wrong = {};
  for (const path of await pages.every(page)) {
    await page.goto(path);
    const found = await walk();
    if (found.length > 0) wrong[path] = found;
  }
  assert.deepEqual(wrong, {});
});

test("the first thing that the Tab key reaches leads past the navigation", async () => {
  await page.goto("/");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.ok(await page.evaluate(() => document.activeElement.closest("main") !== null));
});

test("the menu of a small screen opens and closes by the keyboard", async () => {
  await page.setViewportSize({ width: 360, height: 780 });
  await page.goto("/");
  const [menu, pagesNav] = [page.getByRole("button", { name: "Menu" }), page.getByRole("navigation", { name: "Pages", exact: true })];
  assert.equal(await pagesNav.isVisible(), false);
  await menu.focus();
  await page.keyboard.press("Enter");
  await pagesNav.waitFor({ state: "visible" });
  assert.equal(await menu.getAttribute("aria-expanded"), "true");
  await page.keyboard.press("Enter");
  await pagesNav.waitFor({ state: "hidden" });
  assert.equal(await menu.getAttribute("aria-expanded"), "false");
});
