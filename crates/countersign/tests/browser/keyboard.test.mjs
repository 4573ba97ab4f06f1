import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browsers from "./browser.mjs";
import * as worlds from "./world.mjs";

let world, browser, context, page;

before(async () => {
  world = await worlds.empty();
  browser = await browsers.launch();
  const storageState = await browsers.signIn(browser, world);
  ({ context } = await browsers.open(browser, world, { storageState }));
  page = await context.newPage();
});

after(async () => {
  await browser?.close();
  await world?.stop();
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
