import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browsers from "./browser.mjs";
import * as worlds from "./world.mjs";

let world, browser, context, page;

before(async () => {
  world = await worlds.full();
  browser = await browsers.launch();
  const storageState = await browsers.signIn(browser, world, { javaScriptEnabled: false });
  ({ context } = await browsers.open(browser, world, { storageState, javaScriptEnabled: false }));
  page = await context.newPage();
});

after(async () => {
  await browser?.close();
  await world?.stop();
});

test("without scripts an event is found in the navigation and read", async () => {
  await page.goto("/");
  assert.equal(await page.getByRole("button", { name: "Menu" }).isVisible(), false);
  await page.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name: "Overview" }).click();
  await page.getByRole("main").getByRole("link", { name: "on_version_created" }).first().click();
  await page.getByRole("heading", { name: /Waiting for never-answering until/ }).waitFor();
});

test("without scripts a list is paged through, and an event is found by its id", async () => {
  await page.goto("/events");
  const newest = await page.locator("#events a.title").first().getAttribute("href");
  await page.getByRole("link", { name: "Older" }).click();
  await page.waitForURL(/cursor=/);
  assert.notEqual(await page.locator("#events a.title").first().getAttribute("href"), newest);

  await page.getByRole("searchbox").first().fill(newest.split("/").at(-1));
  await page.keyboard.press("Enter");
  await page.getByRole("main").getByText(newest.split("/").at(-1)).first().waitFor();
});

test("without scripts one signs out", async () => {
  await page.goto("/");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: /session|sign in/i }).waitFor();
  assert.equal((await context.cookies()).some(({ name }) => name === "countersign_session"), false);
});
